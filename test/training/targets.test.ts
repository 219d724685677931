import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import type { NdArray } from '../../src/data/array.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { buildModel } from '../../src/model/build.js';
import { parseSpec } from '../../src/model/spec.js';
import { type CompileOptions, compileTraining } from '../../src/training/compile.js';
import { trainOnBatch } from '../../src/training/evaluate.js';
import { fit as train } from '../../src/training/fit.js';
import type { FitOptions } from '../../src/training/fitSettings.js';
import { getLoss } from '../../src/training/losses.js';
import { combinedWeight, prepareTargets } from '../../src/training/targets.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';

beforeAll(async () => {
  await prepareBackend();
  await tf.setBackend('cpu');
});

const array = (data: number[], shape: number[]): NdArray => ({ data: Float32Array.from(data), shape });
const zeros = (...shape: number[]) => array(Array(shape.reduce((product, n) => product * n, 1)).fill(0), shape);
const x = zeros(10, 3);
const y = zeros(10, 2);

const labels = (...data: number[]): NdArray => ({ data: Float32Array.from(data), shape: [data.length] });
const cases: [string, Partial<CompileOptions>, NdArray, FitOptions, string][] = [
  ['other sizes', {}, zeros(9, 2), {}, 'x has 10 samples and y has 9; they must have as many as each other'],
  [
    'a shape',
    {},
    zeros(10, 3),
    {},
    "y: shape (10, 3) does not fit the model's output (n, 2); meanSquaredError takes (n, 2)",
  ],
  [
    'labels for one-hot',
    { loss: 'categoricalCrossentropy' },
    labels(...Array(10).fill(0)),
    {},
    'for class numbers use sparseCategoricalCrossentropy',
  ],
  [
    'one-hot for labels',
    { loss: 'sparseCategoricalCrossentropy' },
    { data: new Float32Array(20), shape: [10, 2] },
    {},
    'for one-hot targets use categoricalCrossentropy',
  ],
  [
    'a label out of range',
    { loss: 'sparseCategoricalCrossentropy' },
    labels(0, 1, 0, 2, 0, 0, 0, 0, 0, 0),
    {},
    "y[3] is 2; labels must be whole numbers from 0 to 1, one per unit of the model's last layer",
  ],
  [
    'half a label',
    { loss: 'sparseCategoricalCrossentropy' },
    labels(0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0),
    {},
    'y[1] is 0.5; labels must be whole numbers',
  ],
  [
    'no probability',
    { loss: 'binaryCrossentropy' },
    { data: new Float32Array(20).fill(2), shape: [10, 2] },
    {},
    'y[0, 0] is 2; binaryCrossentropy takes targets from 0 to 1',
  ],
  ['NaN', {}, { data: new Float32Array(20).fill(Number.NaN, 7, 8), shape: [10, 2] }, {}, 'y[3, 1] is NaN'],
  ['epochs', {}, y, { epochs: 1.5 }, 'fit: epochs must be a whole number of at least 0, not 1.5'],
  ['batch size', {}, y, { batchSize: 0 }, 'fit: batchSize must be a whole number of at least 1, or null, not 0'],
  ['a typo', {}, y, { batchsize: 4 } as FitOptions, "fit: unknown option 'batchsize'; did you mean batchSize?"],
  ['verbose', {}, y, { verbose: 3 as 2 }, 'fit: verbose must be one of 0, 1, 2, not 3'],
  ['an empty split', {}, y, { validationSplit: 0.99 }, 'validationSplit 0.99 of 10 samples leaves 0 to train and 10'],
  [
    'too few weights',
    {},
    y,
    { sampleWeight: Float32Array.of(1) },
    'sampleWeight: shape (1,); expected one weight for each sample, (10,)',
  ],
  [
    'negative weights',
    {},
    y,
    { sampleWeight: new Float32Array(10).fill(-1) },
    'sampleWeight[0] is -1; weights must be at least 0',
  ],
  [
    'both weights',
    {},
    y,
    { sampleWeight: new Float32Array(10), classWeight: {} },
    'sampleWeight and classWeight are both given',
  ],
  [
    'class weights',
    {},
    y,
    { classWeight: { a: 1 } as Record<number, number> },
    'classWeight: { a: 1 }; expected class numbers',
  ],
  [
    'validation data',
    {},
    y,
    { validationData: { x: zeros(2, 3), y: zeros(3, 2) } },
    'validationData: x has 2 samples and validationData: y has 3',
  ],
];
test.each(cases)('fit refuses %s, and changes nothing', async (_, compile, targets, options, message) => {
  const model = buildModel(parseSpec('Input((3,)), Dense(2, softmax)'), { seed: 5 });
  const compiled = compileTraining(model, { loss: 'mse', ...compile });
  const runner = createTfjsRunner(model, compiled);
  const before = runner.capture();
  await expect(train(runner, compiled, x, targets, { verbose: 0, ...options })).rejects.toThrow(message);
  expect(runner.capture()).toEqual(before);
});

test('refuses two metrics of one name, no loss, a cross-entropy over one class', async () => {
  const model = buildModel(parseSpec('Input((3,)), Dense(1)'), { seed: 5 });
  const compiled = compileTraining(model, { loss: 'categoricalCrossentropy' });
  const runner = createTfjsRunner(model, compiled);
  await expect(trainOnBatch(runner, compiled, x, zeros(10, 1))).rejects.toThrow('use binaryCrossentropy');
  expect(() => compileTraining(model, { loss: 'mse', metrics: ['mae', 'mae'] })).toThrow(
    "two metrics are called 'mae'",
  );
  expect(() => compileTraining(model, {} as CompileOptions)).toThrow('compile needs a loss');
});

test.each<[string, number[], (number | null)[], number[]]>([
  ['mse', [4, 2], [null, 2], [4, 2]],
  ['mse', [4], [null, 1], [4, 1]],
  ['mse', [4, 5], [null, 5, 1], [4, 5, 1]],
  ['mse', [4, 5, 2], [null, null, 2], [4, 5, 2]],
  ['sparseCategoricalCrossentropy', [4], [null, 3], [4]],
  ['sparseCategoricalCrossentropy', [4, 1], [null, 3], [4]],
  ['sparseCategoricalCrossentropy', [4, 5], [null, 5, 3], [4, 5]],
  ['sparseCategoricalCrossentropy', [4, 5, 1], [null, null, 3], [4, 5]],
])('%s takes targets of shape %j for the output %j, as %j', (loss, shape, output, expected) => {
  expect(prepareTargets(getLoss(loss), zeros(...shape), output).shape).toEqual(expected);
});

test('whole numbers are weights like others', () => {
  const sampleWeight = { data: Int32Array.of(1, 0, 3), shape: [3] };
  expect(combinedWeight(getLoss('mse'), zeros(3, 2), { sampleWeight })).toEqual(Float32Array.of(1, 0, 3));
});

test('a class that classWeight does not name weighs 1, of numbers and of one-hot rows', () => {
  const numbers = { data: Int32Array.of(0, 1, 2), shape: [3] };
  const rows = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] };
  expect(combinedWeight(getLoss('sparseCategoricalCrossentropy'), numbers, { classWeight: { 1: 3 } })).toEqual(
    Float32Array.of(1, 3, 1),
  );
  expect(combinedWeight(getLoss('categoricalCrossentropy'), rows, { classWeight: { 0: 2 } })).toEqual(
    Float32Array.of(2, 1),
  );
});
