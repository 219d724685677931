import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { Dense, forecast, Sequential } from 'memcell';
import { checkReplaceable } from '../../dist/formats/folder.js';

const folder = mkdtempSync(join(tmpdir(), 'memcell-formats-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What is said for a forecast that is to take the place of what is in a folder. */
async function told(path: string, force = false): Promise<string | undefined> {
  return checkReplaceable(path, 'forecast', force).then(
    () => undefined,
    ({ message }: Error) => message.slice(path.length),
  );
}

function madeFolder(name: string, files: Record<string, string> = {}): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  return path;
}

test('no folder, an empty one, and one of a model of the same task may be written', async () => {
  const rows = Array.from({ length: 20 }, (_, i) => ({ y: i % 3 }));
  const model = await forecast(rows, { target: 'y', plain: true, epochs: 1, window: 2 });
  await model.save(join(folder, 'same'));
  expect(await told(join(folder, 'none'))).toBeUndefined();
  expect(await told(madeFolder('empty'))).toBeUndefined();
  expect(await told(join(folder, 'same'))).toBeUndefined();
  expect(await checkReplaceable(join(folder, 'same'), 'text', true)).toBeUndefined();
  await expect(checkReplaceable(join(folder, 'same'), 'text', false)).rejects.toThrow(
    'holds a model for forecast; give --out another folder, or --force to replace it',
  );
});

test('a model that no task saved, or a damaged one, only by force', async () => {
  const plain = new Sequential([Dense(1)], { inputShape: [2] });
  await plain.save(join(folder, 'plain'));
  const damaged = madeFolder('damaged', { 'model.json': '{"format":' });
  for (const path of [join(folder, 'plain'), damaged]) {
    expect(await told(path)).toBe(
      ': holds a model that memcell train did not save; give --out another folder, or --force to replace it',
    );
    expect(await told(path, true)).toBeUndefined();
  }
});

test("other people's files never, nor beside a model that no task saved", async () => {
  const files = madeFolder('files', { 'thesis.doc': 'all of it' });
  await new Sequential([Dense(1)], { inputShape: [2] }).save(join(folder, 'beside'));
  writeFileSync(join(folder, 'beside', 'notes.txt'), '');
  for (const path of [files, join(folder, 'beside')]) {
    for (const force of [false, true]) expect(await told(path, force)).toMatch(/^: holds other files \((thesis|notes)/);
  }
  expect(readFileSync(join(files, 'thesis.doc'), 'utf8')).toBe('all of it');
});
