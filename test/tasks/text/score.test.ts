import { expect, test } from '@jest/globals';
import { type Network, predictWindows } from '../../../src/tasks/text/score.js';

test('every window is predicted once, in order, however many there are', async () => {
  /** Doubles what it is given. */
  const network: Network = {
    predict: async ({ data, shape }) => ({ data: Float32Array.from(data, (value) => 2 * value), shape: [...shape] }),
  };
  for (const rows of [1, 63, 64, 65, 300]) {
    const x = Int32Array.from({ length: 3 * rows }, (_, i) => i);
    const seen: number[] = [];
    await predictWindows(network, x, 3, (row, output) => {
      expect(row).toBe(seen.length / 3);
      seen.push(...output);
    });
    expect(seen).toEqual(Array.from(x, (value) => 2 * value));
  }
});
