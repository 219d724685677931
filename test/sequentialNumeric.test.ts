/** Weights that are finite, but too large to compute with. */
import { expect, test } from '@jest/globals';
import { Dense, LSTM, Sequential } from 'memcell';

/** Outputs 3e38·(x + x) for x of 1. */
function huge(engine?: 'tfjs'): Sequential {
  const model = new Sequential([LSTM(2, { useBias: false }), Dense(1)], { inputShape: [1, 1], seed: 1 });
  model.compile({ loss: 'meanSquaredError', ...(engine ? { engine } : {}) });
  model.setWeights([[Array(8).fill(9)], Array.from({ length: 2 }, () => Array(8).fill(9)), [[3e38], [3e38]], [0]]);
  return model;
}

test.each([undefined, 'tfjs'] as const)(
  'predict and evaluate say that the result is not finite (%s)',
  async (engine) => {
    const model = huge(engine);
    await expect(model.predict([[[0]], [[1]], [[1]]])).rejects.toMatchObject({
      name: 'MemcellError',
      code: 'numeric',
      message:
        "the prediction of sample 2 is Infinity: the model's weights or its inputs are too large for 32-bit numbers",
    });
    await expect(model.evaluate([[[1]]], [[1]])).rejects.toMatchObject({ code: 'numeric' });
    expect(await model.predict([[[0]]])).toEqual([[0]]);
  },
);

test('push says so', () => {
  const stream = huge().stream();
  expect(stream.push(0)).toEqual([0]);
  expect(() => stream.push(1)).toThrow(/^push: the output is not finite/);
  stream.reset();
  expect(stream.push(0)).toEqual([0]);
});
