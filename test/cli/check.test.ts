/**
 * What memcell check says and answers when a comparison fails, which on a sound machine none does, and what it and memcell bench print
 * of numbers that are known.
 */
import { expect, jest, test } from '@jest/globals';
import type { BenchOptions, BenchReport } from '../../src/speed/bench.js';
import type { CheckReport, CheckRow } from '../../src/speed/check.js';

const real = await import('../../src/speed/check.js');
let failing = 0;
/** Rows in place of those that are found. */
let made: CheckRow[] | undefined;
jest.unstable_mockModule('../../src/speed/check.js', () => ({
  ...real,
  checkKernels: async (options: Parameters<typeof real.checkKernels>[0]): Promise<CheckReport> => {
    const report = made
      ? { speed: 'plain' as const, tolerance: real.defaultTolerance, rows: made }
      : await real.checkKernels({ ...options, onRow: () => {} });
    const rows = made ?? report.rows.map((row, i) => ({ ...row, passed: i >= failing }));
    for (const row of rows) options?.onRow?.(row);
    return { ...report, rows, passed: failing === 0 };
  },
}));
let asked: BenchOptions | undefined;
let measured: BenchReport | undefined;
jest.unstable_mockModule('../../src/speed/bench.js', () => ({
  runBench: async (options: BenchOptions) => {
    asked = options;
    options.onProgress?.('measuring');
    return measured;
  },
}));
const { memcell } = await import('./streams.js');

test.each([
  [0, 0, '6 comparisons, all within the tolerance'],
  [1, 1, '1 of 6 comparisons beyond the tolerance'],
  [2, 1, '2 of 6 comparisons beyond the tolerance'],
])('%d that fail: exit code %d', async (count, exit, last) => {
  failing = count;
  const { code, out, err } = await memcell('check', '--shape', '1,2,3,4');
  expect([code, err]).toEqual([exit, '']);
  const lines = out.trimEnd().split('\n');
  expect(lines.at(-1)).toBe(last);
  expect(lines.slice(2, -1).map((line) => line.split(/ +/).at(-1))).toEqual(
    Array.from({ length: 6 }, (_, i) => (i < count ? 'FAILED' : 'ok')),
  );
});

test('each difference stands under its name, and a reason beside what failed', async () => {
  const parts = ['forward', 'x', 'kernel', 'recurrentKernel', 'bias', 'initialH', 'initialC', 'training'] as const;
  const differences = Object.fromEntries(
    parts.map((part, i) => [part, { absolute: 99, scaled: (i + 1) / 10 ** i }]),
  ) as CheckRow['differences'];
  const sizes = { batch: 1, steps: 22, inputs: 333, units: 444 };
  const row: CheckRow = { cell: 'GRU, reset after', backend: 'wasm', ...sizes, differences, passed: true };
  made = [row, { ...row, passed: false }, { ...row, backend: 'cpu', passed: false, reason: 'out of order' }];
  try {
    const { out } = await memcell('check', '--shape', '1,2,3,4');
    const [, head, ...lines] = out.trimEnd().split('\n');
    const cells = (line: string) => line.split(/ {2,}|(?<=\d) (?=\d)| (?=drecurrent)/);
    const names = ['forward', 'dx', 'dkernel', 'drecurrent', 'dbias', 'dh0', 'dc0', 'trained'];
    const found = ['1.0e+0', '2.0e-1', '3.0e-2', '4.0e-3', '5.0e-4', '6.0e-5', '7.0e-6', '8.0e-7'];
    const shape = ['1', '22', '333', '444'];
    expect(cells(head)).toEqual(['cell', 'backend', 'B', 'T', 'I', 'U', ...names]);
    expect(lines.map(cells)).toEqual([
      ['GRU, reset after', 'wasm', ...shape, ...found, 'ok'],
      ['GRU, reset after', 'wasm', ...shape, ...found, 'FAILED'],
      ['GRU, reset after', 'cpu', ...shape, ...found, 'FAILED: out of order'],
      ['2 of 3 comparisons beyond the tolerance'],
    ]);
    // A number ends where its name does.
    const end = (line: string, text: string) => line.indexOf(text) + text.length;
    expect(names.map((name) => end(head, name))).toEqual(found.map((number) => end(lines[0], number)));
  } finally {
    made = undefined;
  }
});

test('figures of a machine stand by shape: all threads, one, of the limit, and beside TensorFlow.js', async () => {
  const row = { batch: 1, steps: 2, inputs: 3, units: 4, shareOfPeak: 0.456 };
  measured = {
    node: '99.1',
    backend: 'wasm',
    speed: 'wide',
    wide: { enabled: true, reason: 'so' },
    threads: 6,
    gigaflops: 123.456,
    rows: [
      {
        ...row,
        memcell: { train: 2, predict: 0.25, document: 40 },
        oneThread: { train: 3, predict: 0.5, document: 50 },
        tfjs: { train: 19.9, predict: 2.5, document: 4000 },
      },
      { ...row, batch: 32, shareOfPeak: 1, memcell: { train: 8, predict: 4 }, oneThread: { train: 16, predict: 5 } },
    ],
  };
  const { code, out, err } = await memcell('bench', '--shape', '1,2,3,4', '--shape', '32,2,3,4', '--seconds', '0.5');
  expect([code, err]).toEqual([0, 'measuring\n']);
  const [machine, ...lines] = out.replace(/ {2,}/g, ' | ').split('\n');
  expect(machine).toMatch(/, Node 99\.1, TensorFlow\.js on wasm$/);
  expect(lines).toEqual([
    'kernels: wide (wide on: so), up to 6 threads',
    'peak: 123.5 GFLOP/s on one thread',
    '',
    'one training step, ms | memcell | 1 thread | of peak | tfjs | tfjs / memcell',
    '1,2,3,4 | 2 | 3 | 46 % | 19.90 | 9.9',
    '32,2,3,4 | 8 | 16 | 100 % | – | –',
    '',
    'predicting a batch, ms | memcell | 1 thread | tfjs | tfjs / memcell',
    '1,2,3,4 | 0.2500 | 0.5000 | 2.500 | 10',
    '32,2,3,4 | 4 | 5 | – | –',
    '',
    "the document's 1000 steps, ms | memcell | 1 thread | tfjs | tfjs / memcell",
    '1,2,3,4 | 40 | 50 | 4000 | 100',
    '',
  ]);
  const { onProgress: _, ...options } = asked ?? {};
  const shapes = [1, 32].map((batch) => ({ batch, steps: 2, inputs: 3, units: 4 }));
  expect(options).toEqual({ shapes, withoutTfjs: false, seconds: 0.5 });
  measured.rows.shift();
  const plain = await memcell('bench', '--no-tfjs');
  expect(plain.out).not.toContain('document');
  expect(asked).toEqual({ withoutTfjs: true, seconds: 1, onProgress: expect.any(Function) });
  const json = await memcell('bench', '--json');
  expect(JSON.parse(json.out)).toEqual(measured);
});
