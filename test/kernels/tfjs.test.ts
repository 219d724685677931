import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { startBackend } from '../../src/kernels/backend.js';
import { lstm } from '../../src/kernels/tfjs/lstm.js';
import { Random } from '../../src/random.js';
import { expectClose, normal, useBackend } from './twins.js';

type Layers = () => tf.layers.Layer[];

/** Models whose training needs more of the wasm backend than tfjs brings, and others that must stay as they are. */
const models: Record<string, Layers> = {
  Embedding: () => [
    tf.layers.embedding({ inputDim: 7, outputDim: 3, inputLength: 4 }),
    tf.layers.flatten(),
    tf.layers.dense({ units: 2 }),
  ],
  'Embedding with a mask into an LSTM': () => [
    tf.layers.embedding({ inputDim: 7, outputDim: 3, inputLength: 4, maskZero: true }),
    tf.layers.lstm({ units: 3 }),
  ],
  'GRU of GRU': () => [
    tf.layers.gru({ units: 3, returnSequences: true, inputShape: [4, 3] }),
    tf.layers.gru({ units: 3, recurrentActivation: 'sigmoid', goBackwards: true }),
  ],
  'GRU of GRU, one step': () => [
    tf.layers.gru({ units: 3, returnSequences: true, inputShape: [1, 3] }),
    tf.layers.gru({ units: 3 }),
  ],
  SimpleRNN: () => [
    tf.layers.simpleRNN({ units: 3, returnSequences: true, inputShape: [4, 3] }),
    tf.layers.simpleRNN({ units: 3, activation: 'relu' }),
  ],
  'LSTM with hardSigmoid': () => [tf.layers.lstm({ units: 3, inputShape: [4, 3] })],
  LayerNormalization: () => [
    tf.layers.dense({ units: 4, inputShape: [4, 3] }),
    tf.layers.layerNormalization(),
    tf.layers.dense({ units: 2, activation: 'softmax' }),
  ],
  'Bidirectional of GRU': () => [
    tf.layers.bidirectional({
      layer: tf.layers.gru({ units: 3, returnSequences: true }),
      mergeMode: 'concat',
      inputShape: [4, 3],
    }),
    tf.layers.bidirectional({ layer: tf.layers.simpleRNN({ units: 3 }), mergeMode: 'mul' }),
  ],
  GlobalAveragePooling1D: () => [
    tf.layers.dense({ units: 4, inputShape: [4, 3] }),
    tf.layers.globalAveragePooling1d({}),
    tf.layers.dense({ units: 2 }),
  ],
  GlobalMaxPooling1D: () => [
    tf.layers.dense({ units: 4, inputShape: [4, 3] }),
    tf.layers.globalMaxPooling1d({}),
    tf.layers.dense({ units: 2 }),
  ],
  RepeatVector: () => [
    tf.layers.dense({ units: 4, inputShape: [3] }),
    tf.layers.repeatVector({ n: 4 }),
    tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 2, activation: 'elu' }) }),
  ],
};

/** The gradients of a model's weights on a backend; all numbers are functions of their positions. */
async function gradientsOn(backend: string, layers: Layers): Promise<Float32Array[]> {
  await startBackend(backend);
  const model = tf.sequential({ layers: layers() });
  const gradients = tf.tidy(() => {
    const random = new Random(7);
    model.setWeights(model.getWeights().map(({ shape }) => normal(random, shape, 0.5)));
    const shape = model.inputs[0].shape.map((size) => size ?? 2);
    const x =
      model.layers[0].getClassName() === 'Embedding'
        ? tf.tensor([0, 1, 2, 3, 3, 3, 0, 6], [2, 4])
        : normal(random, shape);
    const weights = model.trainableWeights.map((weight) => weight.read());
    const loss = () => {
      const y = model.apply(x, { training: true }) as tf.Tensor;
      return tf.sum(tf.mul(y, normal(new Random(8), y.shape))) as tf.Scalar;
    };
    return tf
      .grads(loss)(weights)
      .map((gradient) => gradient.dataSync<'float32'>());
  });
  model.dispose();
  return gradients;
}

test.each(Object.entries(models))('%s trains on wasm as on cpu, gradients within 1e-5', async (_, layers) => {
  const expected = await gradientsOn('cpu', layers);
  const actual = await gradientsOn('wasm', layers);
  expect(actual).toHaveLength(expected.length);
  expect(expected.every((values) => values.every((value) => value === 0))).toBe(false);
  for (const [k, values] of expected.entries()) expectClose(actual[k], values, 1e-5);
});

describe("mending tfjs's wasm backend", () => {
  useBackend('wasm');

  test('UnsortedSegmentSum sums rows by their ids and leaves out ids out of range', () => {
    fc.assert(
      fc.property(
        fc.record({
          ids: fc.array(fc.integer({ min: -2, max: 6 }), { minLength: 1, maxLength: 20 }),
          width: fc.integer({ min: 1, max: 5 }),
          numSegments: fc.integer({ min: 1, max: 5 }),
          dtype: fc.constantFrom('float32' as const, 'int32' as const),
        }),
        ({ ids, width, numSegments, dtype }) => {
          const values = Array.from({ length: ids.length * width }, (_, k) => ((k * 7) % 11) - 5);
          const expected = new Array(numSegments * width).fill(0);
          values.forEach((value, k) => {
            const id = ids[Math.floor(k / width)];
            if (id >= 0 && id < numSegments) expected[id * width + (k % width)] += value;
          });
          const found = tf.tidy(() => {
            const x = tf.tensor(values, [ids.length, width], dtype);
            return tf.unsortedSegmentSum(x, tf.tensor1d(ids, 'int32'), numSegments);
          });
          expect(found.shape).toEqual([numSegments, width]);
          expect(found.dtype).toBe(dtype);
          expect([...found.dataSync()]).toEqual(expected);
          found.dispose();
        },
      ),
    );
  });

  test('a clone shares the data, and lives on when the original is gone', () => {
    const original = tf.tensor([1, 2, 3]);
    const before = tf.memory();
    const clone = original.clone();
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    original.dispose();
    expect([...clone.dataSync()]).toEqual([1, 2, 3]);
    const filler = tf.tensor([7, 8, 9]);
    expect([...clone.dataSync()]).toEqual([1, 2, 3]);
    tf.dispose([clone, filler]);
  });

  test('a variable does not change with the tensor it was assigned from', () => {
    const value = tf.tensor([1, 2]);
    const variable = tf.variable(value);
    const copy = variable.clone();
    const next = tf.tensor([3, 4]);
    variable.assign(next);
    expect([[...copy.dataSync()], [...variable.dataSync()]]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    tf.dispose([value, variable, copy, next]);
  });

  test('strings clone', () => {
    const original = tf.tensor(['a', 'b']);
    const clone = original.clone();
    expect(clone.arraySync()).toEqual(['a', 'b']);
    tf.dispose([original, clone]);
  });
});

describe('lstm', () => {
  beforeAll(async () => {
    await startBackend('wasm');
  });

  test('shapes and types that do not belong together are refused, by name', () => {
    tf.tidy(() => {
      const good = { x: tf.ones([2, 3, 4]), kernel: tf.ones([4, 20]), recurrentKernel: tf.ones([5, 20]) };
      expect(lstm(good).map(({ shape }) => shape)).toEqual([[2, 5]]);
      expect(() => lstm({ ...good, x: tf.ones([2, 3]) })).toThrow(
        'LSTM: x has 2 dimensions; it needs 3: batch, steps, inputs',
      );
      expect(() => lstm({ ...good, kernel: tf.ones([5, 20]) })).toThrow(
        'LSTM: kernel is float32 [5,20]; it needs to be float32 [4,20]',
      );
      expect(() => lstm({ ...good, bias: tf.ones([5]) })).toThrow(
        'LSTM: bias is float32 [5]; it needs to be float32 [20]',
      );
      expect(() => lstm({ ...good, mask: tf.ones([2, 3]) })).toThrow(
        'LSTM: mask is float32 [2,3]; it needs to be bool [2,3]',
      );
      expect(() => lstm({ ...good, initialState: [tf.ones([2, 5]), tf.ones([3, 5])] })).toThrow(/initialState\[1\] is/);
    });
  });

  test('the gradient of a mask is zero', () => {
    tf.tidy(() => {
      const [x, kernel, recurrentKernel] = [tf.ones([1, 3, 2]), tf.ones([2, 4]), tf.ones([1, 4])];
      const gradient = tf.grad((m) => tf.sum(lstm({ x, kernel, recurrentKernel, mask: tf.cast(m, 'bool') })[0]));
      expect([...gradient(tf.tensor([[1, 0, 1]])).dataSync()]).toEqual([0, 0, 0]);
    });
  });

  test('a sequence of the states: the kernel is asked for h and C only where they are wanted', () => {
    tf.tidy(() => {
      const random = new Random(1);
      const tensors = {
        x: normal(random, [2, 3, 4]),
        kernel: normal(random, [4, 20]),
        recurrentKernel: normal(random, [5, 20]),
      };
      const [y, h, c] = lstm(tensors, { returnSequences: true, returnState: true });
      expect([y, h, c].map(({ shape }) => shape)).toEqual([
        [2, 3, 5],
        [2, 5],
        [2, 5],
      ]);
      const last = tf.slice(y, [0, 2, 0], [2, 1, 5]).dataSync<'float32'>();
      expect(h.dataSync()).toEqual(last);
      expect(lstm(tensors)[0].dataSync()).toEqual(last);
    });
  });

  test.each([
    ['outputs', {}],
    ['sequences and states', { returnSequences: true, returnState: true }],
    ['outputs and states', { returnState: true }],
  ])('forward and backward with %s leave no data behind in the backend', (_, options) => {
    const { backend } = tf.engine();
    const random = new Random(1);
    const run = () =>
      tf.tidy(() => {
        const x = normal(random, [2, 3, 4]);
        const [kernel, recurrentKernel] = [normal(random, [4, 20]), normal(random, [5, 20])];
        const loss = (...[k, r]: tf.Tensor[]) =>
          tf.addN(lstm({ x, kernel: k, recurrentKernel: r }, options).map((output) => tf.sum(output))).asScalar();
        return tf
          .grads(loss)([kernel, recurrentKernel])
          .map((gradient) => gradient.shape);
      });
    run();
    const before = backend.numDataIds();
    for (let i = 0; i < 3; i++)
      expect(run()).toEqual([
        [4, 20],
        [5, 20],
      ]);
    expect(backend.numDataIds()).toBe(before);
  });
});
