/** What memcell check says and answers when a comparison fails, which on a sound machine none does. */
import { expect, jest, test } from '@jest/globals';
import type { CheckReport } from '../../src/speed/check.js';

const real = await import('../../src/speed/check.js');
let failing = 0;
jest.unstable_mockModule('../../src/speed/check.js', () => ({
  ...real,
  checkKernels: async (options: Parameters<typeof real.checkKernels>[0]): Promise<CheckReport> => {
    const report = await real.checkKernels({ ...options, onRow: () => {} });
    const rows = report.rows.map((row, i) => ({ ...row, passed: i >= failing }));
    for (const row of rows) options?.onRow?.(row);
    return { ...report, rows, passed: failing === 0 };
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
