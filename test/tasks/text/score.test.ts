import { expect, test } from '@jest/globals';
import { Dense, Embedding, LSTM, Sequential } from '../../../src/index.js';
import { type Network, predictWindows, scoreNetwork } from '../../../src/tasks/text/score.js';

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

test.each(['stream', 'window'] as const)(
  'by %s, each token has the probability that the network gives it',
  async (context) => {
    const layers = [Embedding(4, 3), LSTM(5, { returnSequences: true }), Dense(4, 'softmax')];
    const network = new Sequential(layers, { inputShape: [null], seed: 2 });
    network.setWeights(network.getWeights().map(({ data, shape }) => ({ data: data.map((w) => 3 * w), shape })));
    const ids = Int32Array.of(0, 3, 1, 2, 2, 0, 1, 3, 3, 0, 2, 1);
    const whole = await network.predict<number[][][]>([Array.from(ids)]);
    const by = { context, window: ids.length - 1, least: 1 };
    const { first, to, p } = await scoreNetwork(network, 4, ids, { from: 3, to: 10 }, by);
    expect([first, to]).toEqual([3, 10]);
    for (let i = 0; i < p.length; i++) expect(p[i]).toBeCloseTo(whole[0][first + i - 1][ids[first + i]], 6);
    network.dispose();
  },
);
