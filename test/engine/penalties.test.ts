/** Penalties on outputs, where steps may be masked: the engine and TensorFlow.js, side by side. */
import { expect, test } from '@jest/globals';
import {
  Bidirectional,
  Dense,
  GlobalAveragePooling1D,
  GRU,
  type Layer,
  LSTM,
  Masking,
  Sequential,
} from '../../src/index.js';

const penalty = { activityRegularizer: { l1: 0.03, l2: 0.05 } };
const layers: Record<string, (options: object) => Layer> = {
  LSTM: (options) => LSTM(3, { ...penalty, ...options }),
  'LSTM in both directions': (options) => Bidirectional(LSTM(3, { ...penalty, ...options })),
  'GRU in both directions, added': (options) => Bidirectional(GRU(3, { ...penalty, ...options }), { mergeMode: 'sum' }),
};
const cases = Object.keys(layers).flatMap((name) =>
  [false, true].flatMap((returnSequences) =>
    [false, true].flatMap((masked) =>
      (name.includes('both') ? [false] : [false, true]).map((goBackwards) => ({
        name,
        returnSequences,
        masked,
        goBackwards,
      })),
    ),
  ),
);

test.each(cases)(
  '$name, sequences $returnSequences, masked $masked, backwards $goBackwards: losses to 1e-5',
  async (one) => {
    const { name, masked, ...options } = one;
    const data = Float32Array.from({ length: 4 * 5 * 2 }, (_, i) => Math.sin(1.7 * i));
    // Padding at the end of two rows, and a step in the middle of another.
    if (masked)
      for (const [from, to] of [
        [6, 10],
        [14, 20],
        [24, 26],
      ])
        data.fill(0, from, to);
    const y = { data: Float32Array.of(0.1, -0.2, 0.4, 0.3), shape: [4, 1] };
    const run = async (engine?: 'tfjs') => {
      const stack = [
        ...(masked ? [Masking()] : []),
        layers[name](options),
        ...(options.returnSequences ? [GlobalAveragePooling1D()] : []),
        Dense(1),
      ];
      const model = new Sequential(stack, { inputShape: [5, 2], seed: 3 });
      model.compile({ loss: 'mse', optimizer: 'sgd', ...(engine && { engine }) });
      const { history } = await model.fit({ data, shape: [4, 5, 2] }, y, {
        epochs: 2,
        batchSize: 2,
        verbose: 0,
        shuffle: false,
      });
      const { kind } = model.engine;
      model.dispose();
      return { kind, losses: history.loss };
    };
    const [ours, theirs] = [await run(), await run('tfjs')];
    expect([ours.kind, theirs.kind]).toEqual(['memcell', 'tfjs']);
    expect(ours.losses).toEqual(theirs.losses.map((loss) => expect.closeTo(loss, 5)));
  },
);
