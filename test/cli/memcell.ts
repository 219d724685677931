import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { run } from '../../src/cli/main.js';

export const root = new URL('../..', import.meta.url).pathname;
export const data = (name: string) => join(root, 'test/fixtures/data', name);

/** A folder of this test file's own, removed at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'memcell-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the command line in this process. */
export async function memcell(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const texts = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof texts) => ({
    write: (text: string) => {
      texts[name] += text;
    },
  });
  const code = await run(argv, { stdout: stream('stdout'), stderr: stream('stderr') });
  return { code, ...texts };
}

/** Writes a table: one line an item. */
export function writeLines(folder: string, name: string, lines: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** A sine wave with a trend, `rows` days of it. */
export function wave(rows: number): string[] {
  const day = (index: number) => new Date(Date.UTC(2020, 0, 1 + index)).toISOString().slice(0, 10);
  const row = (_: unknown, i: number) => `${day(i)},${(10 + 5 * Math.sin(i / 4)).toFixed(3)},${(i % 7) / 2}`;
  return ['day,level,wind', ...Array.from({ length: rows }, row)];
}
