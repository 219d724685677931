/** A process that may open few files, or has little address space: real limits on real processes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const predict = 'node bin/memcell.js predict models/weather test/fixtures/data/seattle-weather.csv --json';

function limited(limit: string, command: string) {
  const { stdout, stderr, status } = spawnSync('sh', ['-c', `ulimit ${limit} && ${command}`], {
    cwd: root,
    encoding: 'utf8',
  });
  return { stdout, stderr, status };
}

test.each([30, 40, 50])('%d open files: one line that says what to raise', (files) => {
  const { stderr, status } = limited(`-n ${files}`, predict);
  expect(stderr).toBe('memcell: too many open files (EMFILE): close some, or raise the limit (ulimit -n)\n');
  expect(status).toBe(1);
});

test('no address space for WebAssembly: tfjs runs the model, the numbers are the same, and nothing else is printed', () => {
  const usual = JSON.parse(limited('-v unlimited', predict).stdout);
  const { stdout, stderr, status } = limited('-v 4000000', predict);
  expect(status).toBe(0);
  expect(stderr).toBe('');
  const numbers = (text: string) => (text.match(/\d+\.\d+/g) ?? []).map((number) => Number(number).toFixed(2));
  expect(numbers(stdout).length).toBeGreaterThan(0);
  expect(numbers(stdout)).toEqual(numbers(JSON.stringify(usual)));
  const program = `import('memcell').then(async ({ loadModel }) => {
    const model = await loadModel('models/digits');
    console.log(model.engine.kind, model.engine.why);
  })`;
  const { stdout: engine } = limited('-v 4000000', `node -e "${program}"`);
  expect(engine).toMatch(/^tfjs no address space for WebAssembly's memory; raise the limit \(ulimit -v\) \(.*\)\n$/);
});

test('240,000 rows are told their classes in a heap of 80 MB, which does not hold them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'memcell-shortage-'));
  try {
    const rows = (count: number) =>
      Array.from(
        { length: count },
        (_, i) => `${Math.sin(i).toFixed(5)},${Math.cos(i).toFixed(5)},${i % 2 ? 'x' : 'y'}`,
      );
    const table = (name: string, count: number) =>
      writeFileSync(join(folder, name), ['a,b,kind', ...rows(count), ''].join('\n'));
    table('few.csv', 200);
    table('many.csv', 240_000);
    const memcell = (heap: string, command: string) =>
      limited('-v unlimited', `node ${heap} bin/memcell.js ${command}`.replaceAll('@', `${folder}/`));
    expect(memcell('', "train @few.csv --classify kind --layers 'Dense(2, softmax)' --epochs 1 --out @m").status).toBe(
      0,
    );
    expect(memcell('--max-old-space-size=80', 'predict @m @many.csv --out @told.csv').status).toBe(0);
    expect(readFileSync(join(folder, 'told.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(240_001);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
