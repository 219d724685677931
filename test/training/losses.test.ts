import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { prepareBackend } from '../../src/kernels/backend.js';
import { buildModel } from '../../src/model/build.js';
import { parseSpec } from '../../src/model/spec.js';
import { disposeModel } from '../../src/model/walk.js';
import { Random } from '../../src/random.js';
import { lossLogits, rowSums } from '../../src/training/forward.js';
import { getLoss, type LossIdentifier, weightedMean } from '../../src/training/losses.js';
import { difference, reference } from './reference.js';

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeAll(async () => {
    await prepareBackend();
    await tf.setBackend(backend);
  });

  test.each(
    reference.losses.map((entry) => [`${entry.name} ${JSON.stringify(entry.config)} (${entry.shape})`, entry] as const),
  )('%s: as Keras 3 to 2e-6, with sample weights, step weights and masks', (_, entry) => {
    const loss = getLoss({ name: entry.name, config: entry.config });
    tf.tidy(() => {
      const values = loss.positions(tf.tensor(entry.y, entry.yShape), tf.tensor(entry.p, entry.shape), false);
      expect(values.shape).toEqual(entry.shape.slice(0, -1));
      const weight = tf.tensor1d(entry.weight);
      const got = [weightedMean(values), weightedMean(values, weight)];
      const expected = [entry.loss, entry.weighted];
      if (entry.mask) {
        const mask = tf.tensor(entry.mask, values.shape, 'bool');
        got.push(weightedMean(values, undefined, mask), weightedMean(values, weight, mask));
        got.push(weightedMean(values, tf.tensor1d(entry.stepWeight)));
        expected.push(entry.masked, entry.maskedWeighted, entry.stepWeighted);
      }
      expect(
        difference(
          got.map((scalar) => scalar.dataSync()[0]),
          expected,
        ),
      ).toBeLessThan(2e-6);
    });
  });

  const differentiated: [LossIdentifier, 'numbers' | 'rates' | 'probabilities' | 'logits'][] = [
    ['mape', 'numbers'],
    ['msle', 'rates'],
    ['logCosh', 'numbers'],
    ['poisson', 'rates'],
    ['cosineSimilarity', 'numbers'],
    [{ name: 'quantile', config: { quantile: 0.8 } }, 'numbers'],
    ['gaussianLikelihood', 'numbers'],
    ['kullbackLeiblerDivergence', 'probabilities'],
    ['hinge', 'numbers'],
    ['categoricalHinge', 'numbers'],
    [{ name: 'binaryFocalCrossentropy', config: { applyClassBalancing: true, labelSmoothing: 0.1 } }, 'probabilities'],
    [{ name: 'binaryFocalCrossentropy', config: { fromLogits: true, gamma: 1.5 } }, 'logits'],
    ['categoricalFocalCrossentropy', 'probabilities'],
  ];
  test.each(differentiated)('%p: its gradient is that of finite differences', (id, kind) => {
    const loss = getLoss(id);
    const random = new Random(3);
    const draw = () => (kind === 'probabilities' ? 0.1 + 0.8 * random.uniform() : random.normal());
    const numbers = Float32Array.from({ length: 12 }, () => (kind === 'rates' ? Math.exp(draw()) : draw()));
    const one = kind === 'numbers' ? random.normal() : 1;
    const targets = Float32Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? one : kind === 'numbers' ? 0.7 : 0));
    const shape: [number, number] = loss.name === 'gaussianLikelihood' ? [6, 2] : [4, 3];
    const y = tf.tensor2d(targets, shape);
    const value = (x: tf.Tensor) => weightedMean(loss.positions(y, x, false));
    const at = (values: Float32Array) => tf.tidy(() => value(tf.tensor2d(values, shape)).dataSync()[0]);
    const gradient = tf.tidy(() => tf.grad(value)(tf.tensor2d(numbers, shape)).dataSync().slice());
    const h = 2 ** -9;
    const expected = numbers.map((_, i) => {
      const moved = (by: number) => at(numbers.map((x, j) => (i === j ? x + by : x)));
      return (moved(h) - moved(-h)) / (2 * h);
    });
    expect(gradient.some((g) => Math.abs(g) > 1e-3)).toBe(true);
    gradient.forEach((g, i) => {
      expect(Math.abs(g - expected[i])).toBeLessThan(2e-3 + 0.01 * Math.abs(expected[i]));
    });
    y.dispose();
  });

  test('the closed form of a normal likelihood, and of a quantile', () => {
    const first = (loss: LossIdentifier, y: number[], p: number[]) =>
      tf.tidy(
        () =>
          getLoss(loss)
            .positions(tf.tensor2d([y]), tf.tensor2d([p]), false)
            .dataSync()[0],
      );
    expect(first('gaussianLikelihood', [3, 0], [1, Math.log(4)])).toBeCloseTo(0.5 * Math.log(2 * Math.PI * 4) + 0.5, 6);
    expect(first({ name: 'quantile', config: { quantile: 0.9 } }, [3, 1], [1, 3])).toBeCloseTo(
      (0.9 * 2 + 0.1 * 2) / 2,
      6,
    );
    expect(() => first('gaussianLikelihood', [3], [1])).toThrow(/end the model with Dense\(2\)/);
  });

  test('a normal likelihood of steps is that of each step', () => {
    tf.tidy(() => {
      const [y, p] = [0, 1].map((k) => Float32Array.from({ length: 12 }, (_, i) => Math.sin(5 * i + k)));
      const of = (...shape: number[]) =>
        getLoss('gaussianLikelihood').positions(tf.tensor(y, shape), tf.tensor(p, shape), false);
      const [steps, rows] = [of(2, 3, 2), of(6, 2)];
      expect(steps.shape).toEqual([2, 3]);
      expect([...steps.dataSync()]).toEqual([...rows.dataSync()]);
    });
  });

  const fromLogits: [LossIdentifier, (shape: number[]) => tf.Tensor, number[]][] = [
    ['categoricalCrossentropy', (shape) => tf.oneHot(tf.tensor1d([1, 0, 2], 'int32'), shape[1]), [3, 4]],
    ['sparseCategoricalCrossentropy', () => tf.tensor1d([1, 0, 2]), [3, 4]],
    ['binaryCrossentropy', (shape) => tf.oneHot(tf.tensor1d([1, 0, 2], 'int32'), shape[1]), [3, 4]],
    [{ name: 'categoricalCrossentropy', config: { labelSmoothing: 0.3 } }, (s) => tf.ones(s).div(s[1]), [3, 4]],
  ];
  test.each(fromLogits)(
    '%p from logits: the value and the gradient of the way round by probabilities',
    (id, y, shape) => {
      const loss = getLoss(id);
      fc.assert(
        fc.property(
          fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 12, maxLength: 12 }),
          (numbers) => {
            tf.tidy(() => {
              const z = tf.tensor(numbers, shape);
              const probabilities = (x: tf.Tensor) => (loss.logitsOf === 'softmax' ? tf.softmax(x) : tf.sigmoid(x));
              const direct = (x: tf.Tensor) => weightedMean(loss.positions(y(shape), x, true));
              const around = (x: tf.Tensor) => weightedMean(loss.positions(y(shape), probabilities(x), false));
              expect(difference(direct(z).dataSync(), around(z).dataSync())).toBeLessThan(1e-5);
              expect(difference(tf.grad(direct)(z).dataSync(), tf.grad(around)(z).dataSync())).toBeLessThan(1e-5);
            });
          },
        ),
        { numRuns: 20 },
      );
    },
  );

  test('logits of any size give finite losses and gradients; at 0 the gradient is σ(0) - y', () => {
    tf.tidy(() => {
      const z = tf.tensor2d([[1000], [-1000], [0], [0]]);
      const y = tf.tensor2d([[0], [1], [0], [1]]);
      const binary = getLoss('binaryCrossentropy');
      const value = (x: tf.Tensor) => tf.sum(binary.positions(y, x, true)).asScalar();
      expect([...binary.positions(y, z, true).dataSync()]).toEqual([
        1000,
        1000,
        Math.fround(Math.LN2),
        Math.fround(Math.LN2),
      ]);
      expect([...tf.grad(value)(z).dataSync()]).toEqual([1, -1, 0.5, -0.5]);
      const wide = tf.tensor2d([[500, -500, 0]]);
      const sparse = getLoss('sparseCategoricalCrossentropy');
      expect(sparse.positions(tf.tensor1d([1]), wide, true).dataSync()[0]).toBeCloseTo(1000, 3);
    });
  });

  test('gradients of mse, mae and huber against finite differences', () => {
    for (const id of ['mse', 'mae', 'huber']) {
      const loss = getLoss(id);
      const y = [0.3, -1.2, 2.5, 0.1];
      const p = [0.9, -1.5, -0.4, 1.9];
      const at = (values: number[]) =>
        tf.tidy(
          () => weightedMean(loss.positions(tf.tensor2d(y, [2, 2]), tf.tensor2d(values, [2, 2]), false)).dataSync()[0],
        );
      const gradient = tf.tidy(() =>
        tf
          .grad((x) => weightedMean(loss.positions(tf.tensor2d(y, [2, 2]), x, false)))(tf.tensor2d(p, [2, 2]))
          .dataSync(),
      );
      const step = 1e-2;
      const numeric = p.map((_, i) => {
        const moved = (d: number) => at(p.map((v, j) => (i === j ? v + d : v)));
        return (moved(step) - moved(-step)) / (2 * step);
      });
      expect(difference(gradient, numeric)).toBeLessThan(1e-3);
    }
  });

  test("agrees with tfjs's own where the definitions agree", () => {
    tf.tidy(() => {
      const y = tf.tensor2d([0.1, 0.9, -2, 4], [2, 2]);
      const p = tf.tensor2d([0.4, 0.2, 1.5, 0.5], [2, 2]);
      const own = (id: string) => weightedMean(getLoss(id).positions(y, p, false)).dataSync()[0];
      expect(own('mse')).toBeCloseTo(tf.losses.meanSquaredError(y, p).dataSync()[0], 6);
      expect(own('mae')).toBeCloseTo(tf.losses.absoluteDifference(y, p).dataSync()[0], 6);
      expect(own('huber')).toBeCloseTo(tf.losses.huberLoss(y, p).dataSync()[0], 6);
    });
  });
});

test.each(['mae', 'mape', 'huber', 'logCosh', 'mse'])('%s has no slope where nothing is wrong', (id) => {
  tf.tidy(() => {
    const y = tf.tensor2d([0, 0, 2, -3], [2, 2]);
    const slope = tf.grad((p) => tf.sum(getLoss(id).positions(y, p, false)))(y.clone());
    expect(Array.from(slope.dataSync(), Math.abs)).toEqual([0, 0, 0, 0]);
  });
});

test('a whole mask of zeros makes the loss 0, not NaN', () => {
  tf.tidy(() => {
    expect(weightedMean(tf.ones([2, 3]), undefined, tf.zeros([2, 3])).dataSync()[0]).toBe(0);
  });
});

test('what a loss gives for a batch, a sample or a step takes the weights that fit it', () => {
  const mean = (values: tf.Tensor, weight?: tf.Tensor, mask?: tf.Tensor) =>
    tf.tidy(() => {
      const { rank, dtype, size } = weightedMean(values, weight, mask);
      expect([rank, dtype, size]).toEqual([0, 'float32', 1]);
      return weightedMean(values, weight, mask).dataSync()[0];
    });
  const steps = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
  const samples = tf.tensor1d([1, 3]);
  expect(mean(tf.scalar(7))).toBe(7);
  expect(mean(samples)).toBe(2);
  expect(mean(samples, tf.tensor1d([2, 4]))).toBe((2 * 1 + 4 * 3) / 2);
  // Weights of steps, of which a loss that gives a number for each sample takes the mean.
  expect(mean(samples, steps)).toBe((2 * 1 + 5 * 3) / 2);
  expect(mean(steps, samples)).toBe((1 * (1 + 2 + 3) + 3 * (4 + 5 + 6)) / 6);
  expect(mean(steps, steps)).toBeCloseTo((1 + 4 + 9 + 16 + 25 + 36) / 6, 5);
  const mask = tf.tensor2d([1, 0, 0, 1, 1, 0], [2, 3], 'bool');
  expect(mean(steps, undefined, mask)).toBeCloseTo((1 + 4 + 5) / 3, 5);
  expect(mean(steps, samples, mask)).toBeCloseTo((1 + 3 * (4 + 5)) / 3, 5);
  // A mask of steps says nothing of what has none.
  expect(mean(samples, undefined, mask)).toBe(2);
  const message =
    'the loss function gives one number for the batch, so sample weights and masks cannot apply; let it give one per sample';
  expect(() => weightedMean(tf.scalar(1), samples)).toThrow(expect.objectContaining({ code: 'usage', message }));
  expect(() => weightedMean(tf.scalar(1), undefined, mask)).toThrow(message);
});

test('what uses add to rows of a table is kept within the limit, then summed; a use without a gradient adds nothing', () => {
  tf.tidy(() => {
    const layer = tf.layers.embedding({ inputDim: 3, outputDim: 2 });
    const used = (rows: number[], gradient?: number[]) => ({
      layer,
      indices: tf.tensor2d(rows, [1, rows.length], 'int32'),
      ...(gradient && { gradient: tf.tensor3d(gradient, [1, rows.length, 2]) }),
    });
    const uses = [used([1, 1, 0], [1, -3, 2, 5, 0.5, 0]), used([2, 1]), used([1], [-7, 1])];
    expect(rowSums(uses, 6, 4)).toEqual({
      gradient: Float32Array.of(0.5, 0, 1 + 2 - 4, -3 + 4 + 1, 0, 0),
      squares: Float32Array.of(0.25, 0, 1 + 4 + 16, 9 + 16 + 1, 0, 0),
    });
  });
});

test('the logits that a loss takes are those of the last call of a layer that is called once', () => {
  const loss = getLoss('categoricalCrossentropy');
  const dense = tf.layers.dense({ units: 3, activation: 'softmax' });
  const inputs = [tf.input({ shape: [2] }), tf.input({ shape: [2] })];
  const once = tf.model({ inputs: inputs[0], outputs: dense.apply(inputs[0]) as tf.SymbolicTensor });
  expect(lossLogits(once, loss)).toEqual({ layer: dense, activation: 'softmax', evaluationOnly: false });
  const outputs = inputs.map((input) => dense.apply(input) as tf.SymbolicTensor);
  const twice = tf.model({ inputs, outputs });
  expect([lossLogits(twice, loss, 0), lossLogits(twice, loss, 1)]).toEqual([undefined, undefined]);
  for (const [spec, evaluationOnly] of [
    ['Dense(3, softmax), Dropout(0.5)', true],
    ['Dense(3, softmax), Dropout(0)', false],
    ['Dense(3, softmax), GaussianNoise(0.1)', true],
    ['Dense(3), Softmax(), Activation(linear)', false],
  ] as const) {
    const model = buildModel(parseSpec(spec), { inputShape: [2], seed: 1 });
    expect([spec, lossLogits(model, loss)?.evaluationOnly]).toEqual([spec, evaluationOnly]);
    model.dispose();
  }
  for (const spec of ['Dense(3, softmax), Dense(3)', 'Dense(3, relu)', 'Activation(linear)', 'Dropout(0.5)']) {
    const model = buildModel(parseSpec(spec), { inputShape: [3], seed: 1 });
    expect([spec, lossLogits(model, loss)]).toEqual([spec, undefined]);
    model.dispose();
  }
  for (const model of [once, twice]) disposeModel(model);
});

test.each(['mean_squared_error', 'MSE', 'MeanSquaredError', 'meanSquaredError', 'mse'])(
  '%s is meanSquaredError',
  (name) => {
    expect(getLoss(name).name).toBe('meanSquaredError');
  },
);

test('refuses unknown names and options', () => {
  expect(() => getLoss('categorical_crossentrop')).toThrow('did you mean categoricalCrossentropy?');
  expect(() => getLoss('nonsense')).toThrow('the losses are meanSquaredError');
  expect(() => getLoss({ name: 'huber', config: { delta: 0 } })).toThrow(
    'huber: delta must be a number above 0, not 0',
  );
  expect(() => getLoss({ name: 'huber', config: { delta: 1, size: 2 } })).toThrow("huber: unknown option 'size'");
});
