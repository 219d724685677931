import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { prepareBackend, startBackend } from '../../src/kernels/backend.js';
import { buildModel } from '../../src/model/build.js';
import { weightsInOrder } from '../../src/model/initialise.js';
import { parseSpec } from '../../src/model/spec.js';
import { forward } from '../../src/training/forward.js';

const build = (spec: string, inputShape: (number | null)[], seed = 1) =>
  buildModel(parseSpec(spec), { inputShape, seed });

const run = (model: tf.LayersModel, x: tf.Tensor) =>
  tf.tidy(() => forward(model, [x], false).outputs[0].value.arraySync());

beforeAll(async () => {
  await prepareBackend();
});

/** Copies weights by order. */
function copyWeights(from: tf.LayersModel, to: tf.LayersModel): void {
  const weights = weightsInOrder(from);
  for (const [i, weight] of weightsInOrder(to).entries()) weight.write(weights[i].read());
}

describe('masks at the end of a sequence are as if the steps were not there', () => {
  const kinds = [
    'LSTM(3, return_sequences=true)',
    'GRU(3, return_sequences=true)',
    'SimpleRNN(3, return_sequences=true)',
  ];
  const merges = ['concat', 'sum', 'ave', 'mul'];

  test('Bidirectional with sequences: the outputs of the shorter sequence, then zeros (Keras)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.constantFrom(...merges),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 100 }),
        (kind, merge, length, seed) => {
          const steps = 5;
          const layer = `Bidirectional(${kind}, merge_mode=${merge})`;
          const masked = build(`Masking(0), ${layer}`, [null, 2], seed);
          const plain = build(layer, [null, 2], seed + 1);
          copyWeights(masked, plain);
          tf.tidy(() => {
            const sequence = tf.add(tf.abs(tf.sin(tf.reshape(tf.range(seed, seed + 2 * length), [1, length, 2]))), 0.1);
            const padded = tf.pad(sequence, [
              [0, 0],
              [0, steps - length],
              [0, 0],
            ]);
            const expected = tf.pad(tf.tensor(run(plain, sequence) as tf.TensorLike), [
              [0, 0],
              [0, steps - length],
              [0, 0],
            ]);
            const [actual] = forward(masked, [padded], false).outputs;
            expect(tf.max(tf.abs(tf.sub(actual.value, expected))).dataSync()[0]).toBeLessThan(1e-6);
            expect(actual.mask?.shape).toEqual([1, steps]);
          });
          masked.dispose();
          plain.dispose();
        },
      ),
      { numRuns: 40 },
    );
  });

  test('GlobalAveragePooling1D takes the mean of the steps that count', () => {
    const model = build('Masking(0), GlobalAveragePooling1D', [3, 1]);
    expect(
      run(
        model,
        tf.tensor3d([
          [[2], [4], [0]],
          [[3], [6], [9]],
        ]),
      ),
    ).toEqual([[3], [6]]);
    model.dispose();
  });

  test('RepeatVector ends a mask, in tfjs too', () => {
    const model = build('Masking(0), LSTM(3), RepeatVector(7), LSTM(2)', [4, 2]);
    const plain = build('LSTM(3), RepeatVector(7), LSTM(2)', [4, 2]);
    copyWeights(model, plain);
    const x = tf.fill([2, 4, 2], 0.5);
    expect((model.predict(x) as tf.Tensor).arraySync()).toEqual((plain.predict(x) as tf.Tensor).arraySync());
    model.dispose();
    plain.dispose();
    tf.disposeVariables();
  });
});

test('TimeDistributed is the layer at every step', () => {
  const model = build('TimeDistributed(Dense(3, relu))', [4, 2]);
  const dense = build('Dense(3, relu)', [2]);
  copyWeights(model, dense);
  const x = tf.sin(tf.range(0, 24)).reshape([3, 4, 2]);
  const perStep = x.unstack(1).map((step) => run(dense, step));
  const together = run(model, x) as number[][][];
  for (const [t, expected] of perStep.entries()) expect(together.map((sample) => sample[t])).toEqual(expected);
  model.dispose();
  dense.dispose();
});

test('Bidirectional takes GRU with resetAfter: both directions, own weights, saved as it is', () => {
  const model = build('Bidirectional(GRU(3)), Dense(1)', [4, 2]);
  expect(weightsInOrder(model).map(({ shape }) => shape)).toEqual([
    [2, 9],
    [3, 9],
    [2, 9],
    [2, 9],
    [3, 9],
    [2, 9],
    [6, 1],
    [1],
  ]);
  expect(model.layers[0].getConfig()).toMatchObject({
    mergeMode: 'concat',
    layer: { className: 'GRU', config: { units: 3, resetAfter: true, goBackwards: false } },
  });
  const reversed = build('GRU(3, go_backwards=true)', [4, 2]);
  const backward = weightsInOrder(model).slice(3, 6);
  for (const [i, weight] of weightsInOrder(reversed).entries()) weight.write(backward[i].read());
  const x = tf.sin(tf.range(0, 8)).reshape([1, 4, 2]);
  const both = tf.tidy(() => (model.layers[0].apply(x) as tf.Tensor2D).arraySync());
  expect(both[0].slice(3)).toEqual((run(reversed, x) as number[][])[0]);
  model.dispose();
  reversed.dispose();
});

test.each([
  'linear',
  'tanh',
  'sigmoid',
  'hard_sigmoid',
  'softmax',
  'log_softmax',
  'relu',
  'relu6',
  'elu',
  'selu',
  'gelu',
  'softplus',
  'softsign',
  'swish',
  'silu',
  'mish',
])('%s: values and gradients on wasm as on cpu, to 1e-5', async (activation) => {
  const model = build(`Dense(3, ${activation})`, [2]);
  const results: number[][] = [];
  for (const backend of ['cpu', 'wasm']) {
    await startBackend(backend);
    tf.tidy(() => {
      const x = tf.tensor2d([
        [-4, 1],
        [0.3, -0.2],
        [2, 5],
      ]);
      const { value, grads } = tf.variableGrads(
        () => tf.sum(tf.square(forward(model, [x], true).outputs[0].value)) as tf.Scalar,
      );
      results.push([...value.dataSync(), ...Object.values(grads).flatMap((grad) => [...grad.dataSync()])]);
    });
  }
  for (const [i, value] of results[0].entries())
    expect(Math.abs(value - results[1][i])).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
  model.dispose();
});

test("hard_sigmoid is Keras 3's, x/6 + 1/2 between 0 and 1", () => {
  const model = build('Activation(hard_sigmoid)', [5]);
  const [output] = run(model, tf.tensor2d([[-4, -3, 0, 1.5, 7]])) as number[][];
  for (const [i, expected] of [0, 0, 0.5, 0.75, 1].entries()) expect(output[i]).toBeCloseTo(expected, 6);
  expect(model.toJSON(null, true)).toContain('"activation":"hard_sigmoid_keras3"');
  model.dispose();
});
