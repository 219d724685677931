import { expect, test } from '@jest/globals';
import {
  Conv1D,
  Dense,
  Flatten,
  GlobalAveragePooling1D,
  Masking,
  MaxPooling1D,
  Normalization,
  RMSNormalization,
  Sequential,
  sgd,
} from '../../src/index.js';
import { regularizer } from '../../src/layers/schema.js';

test("a regularizer's name alone is 0.01 of what it names, a new object each time", () => {
  const all = (['l1', 'l2', 'l1l2'] as const).map((name) => Dense(1, { kernelRegularizer: name }).getConfig());
  expect(all.map(({ kernelRegularizer }) => kernelRegularizer)).toEqual([
    { className: 'L1L2', config: { l1: expect.closeTo(0.01, 6), l2: 0 } },
    { className: 'L1L2', config: { l1: 0, l2: expect.closeTo(0.01, 6) } },
    { className: 'L1L2', config: { l1: expect.closeTo(0.01, 6), l2: expect.closeTo(0.01, 6) } },
  ]);
  const [one, other] = [regularizer('l2', 'a'), regularizer('l2', 'b')];
  expect(one).toEqual(other);
  expect(one).not.toBe(other);
  if (one && other && 'config' in one && 'config' in other) expect(one.config).not.toBe(other.config);
});

test('the factors of RMSNormalization over several axes are in the order of the axes, however they are given', async () => {
  for (const axis of [
    [1, 2],
    [2, 1],
    [-1, -2],
  ]) {
    const model = new Sequential([RMSNormalization({ axis })], { inputShape: [2, 3] });
    expect(model.getWeights().map(({ shape }) => shape)).toEqual([[2, 3]]);
    model.setWeights([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    const [rows] = await model.predict<number[][][]>([
      [
        [1, 1, 1],
        [1, 1, 1],
      ],
    ]);
    expect(rows.flat()).toEqual([1, 2, 3, 4, 5, 6].map((value) => expect.closeTo(value, 4)));
    model.dispose();
  }
});

test('Normalization of a feature that does not vary gives its distance from the mean, not infinity', async () => {
  for (const engine of [undefined, 'tfjs'] as const) {
    const model = new Sequential([Normalization({ mean: [1, 2], variance: [0, 4] })], { inputShape: [2] });
    model.compile({ loss: 'mse', optimizer: 'sgd', ...(engine && { engine }) });
    expect(model.engine.kind).toBe(engine ?? 'memcell');
    expect(await model.predict([[1, 6]])).toEqual([[0, 2]]);
    expect((await model.predict([[1.5, 6]])).flat().every(Number.isFinite)).toBe(true);
    model.dispose();
  }
});

test('a mask ends at a convolution, on the engine and on tfjs', async () => {
  const x = [[[1], [2], [0], [3]]];
  const outputs = [];
  for (const engine of [undefined, 'tfjs'] as const) {
    const model = new Sequential([Masking(), Conv1D(1, 1, { useBias: false }), GlobalAveragePooling1D()], {
      inputShape: [4, 1],
    });
    model.compile({ loss: 'mse', optimizer: 'sgd', ...(engine && { engine }) });
    expect(model.engine.kind).toBe(engine ?? 'memcell');
    model.setWeights([[[[2]]]]);
    outputs.push(await model.predict(x));
    model.dispose();
  }
  // (2 + 4 + 0 + 6) / 4: all four steps count.
  expect(outputs).toEqual([[[3]], [[3]]]);
});

test('of equal steps in a window the first is the largest: it alone gets the gradient, on the engine and on tfjs', async () => {
  for (const engine of [undefined, 'tfjs'] as const) {
    const model = new Sequential(
      [
        Conv1D(1, 1, { useBias: false }),
        MaxPooling1D({ poolSize: 2 }),
        Flatten(),
        Dense(1, { useBias: false, trainable: false }),
      ],
      { inputShape: [2, 2] },
    );
    model.compile({ loss: 'mse', optimizer: sgd({ learningRate: 1 }), ...(engine && { engine }) });
    model.setWeights([[[[1], [1]]], [[1]]]);
    // Both steps give 3, of other features; the gradient of (3 - 2)² is 2.
    await model.trainOnBatch(
      [
        [
          [1, 2],
          [2, 1],
        ],
      ],
      [[2]],
    );
    expect(Array.from(model.getWeights()[0].data)).toEqual([-1, -3]);
    model.dispose();
  }
});
