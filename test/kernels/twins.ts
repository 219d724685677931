/** A tfjs model beside its accelerated twin, and how they are compared. */
import { afterAll, beforeAll, expect } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { accelerate } from '../../src/engine/accelerate.js';
import { startBackend } from '../../src/kernels/backend.js';
import { disposeModel } from '../../src/model/walk.js';
import { Random } from '../../src/random.js';

/** The backends that have the kernel; tfjs-node's only where the environment asks for it, with MEMCELL_BACKEND=tensorflow. */
export const backends = ['cpu', 'wasm', ...(process.env.MEMCELL_BACKEND === 'tensorflow' ? ['tensorflow'] : [])];

export const FORWARD = 1e-5;
const GRADIENT = 1e-4;

type Build = () => tf.LayersModel;
type Values = Float32Array;

export function normal(random: Random, shape: number[], scale = 1): tf.Tensor {
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * random.normal()),
    shape,
  );
}

/** The same model twice, with the same random weights: as tfjs made it, and accelerated. */
export function twins(build: Build, seed = 1): { plain: tf.LayersModel; fast: tf.LayersModel } {
  const plain = build();
  const fast = accelerate(build());
  tf.tidy(() => {
    const random = new Random(seed);
    const weights = plain.getWeights().map(({ shape }) => normal(random, shape, 0.5));
    plain.setWeights(weights);
    fast.setWeights(weights);
  });
  return { plain, fast };
}

export function expectClose(actual: Values, expected: Values, tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  let largest = 1;
  let error = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    error = Math.max(error, Math.abs(actual[i] - expected[i]));
  }
  expect(error).toBeLessThanOrEqual(tolerance * largest); // NaN fails
}

export interface Results {
  outputs: Values[];
  gradients: Values[];
}

/** Outputs, and gradients of inputs (but masked ones, whose mask tfjs cannot differentiate) and weights. */
export function results(
  model: tf.LayersModel,
  inputs: tf.Tensor[],
  settings: { training?: boolean; inputGradients?: boolean } = {},
): Results {
  const { training = false, inputGradients = true } = settings;
  let found: Results = { outputs: [], gradients: [] };
  tf.tidy(() => {
    const apply = () => [model.apply(inputs, { training })].flat() as tf.Tensor[];
    const random = new Random(5);
    const outputs = apply();
    const directions = outputs.map(({ shape }) => normal(random, shape));
    const loss = () => tf.addN(apply().map((output, k) => tf.sum(tf.mul(output, directions[k])))) as tf.Scalar;
    const weights = model.trainableWeights.map((weight) => weight.read());
    const gradients = tf.grads(loss)([...(inputGradients ? inputs : []), ...weights]);
    found = {
      outputs: outputs.map((y) => y.dataSync<'float32'>()),
      gradients: gradients.map((g) => g.dataSync<'float32'>()),
    };
  }); // not returned from tidy(), which would look for tensors among the numbers
  return found;
}

export function expectSame(actual: Results, expected: Results): void {
  expect(actual.outputs).toHaveLength(expected.outputs.length);
  for (const [k, values] of expected.outputs.entries()) expectClose(actual.outputs[k], values, FORWARD);
  for (const [k, values] of expected.gradients.entries()) expectClose(actual.gradients[k], values, GRADIENT);
}

/** Every kernel that tfjs runs for a call, in order. */
export async function kernelNames(call: () => unknown): Promise<string[]> {
  return (await kernelsOf(call)).map(({ name }) => name);
}

export async function kernelsOf(call: () => unknown): Promise<{ name: string; inputShapes: number[][] }[]> {
  const { kernels } = await tf.profile(() => {
    tf.tidy(() => void call());
    return [];
  });
  return kernels;
}

/** Settings that the kernel takes; tfjs's default is hardSigmoid. */
export const sigmoid = { recurrentActivation: 'sigmoid' } as const;

/**
 * Checks that both models agree, that the kernel ran and tfjs's cell did not, and that no tensor is left over. tfjs calls a
 * layer once for each of its outputs, so `kernels` is a least number.
 */
export async function expectTwins(
  build: Build,
  makeInputs: (random: Random) => tf.Tensor[],
  settings: { kernels: number; cells?: boolean; training?: boolean; inputGradients?: boolean },
): Promise<void> {
  const { plain, fast } = twins(build);
  const inputs = makeInputs(new Random(3));
  const before = tf.memory();
  expectSame(results(fast, inputs, settings), results(plain, inputs, settings));
  const names = await kernelNames(() => fast.apply(inputs));
  expect(names.filter((name) => name === 'MemcellLSTM').length).toBeGreaterThanOrEqual(settings.kernels);
  // A cell's steps are no operations of tfjs.
  if (settings.cells) expect(names.filter((name) => /MatMul|MemcellLSTM/.test(name))).toEqual([]);
  if (settings.kernels > 0) expect(names.filter((name) => name === 'Sigmoid' || name === 'Tanh')).toEqual([]);
  expect(tf.memory().numTensors).toBe(before.numTensors);
  expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
  tf.dispose(inputs);
  // tfjs keeps the weights of layers that are called twice.
  for (const model of [plain, fast]) disposeModel(model);
}

/** Runs the tests of a describe block on a tfjs backend, and checks that they leave no tensor behind. */
export function useBackend(backend: string): void {
  let tensorsBefore: number;

  beforeAll(async () => {
    expect(await startBackend(backend)).toBeUndefined();
    tensorsBefore = tf.memory().numTensors;
  });

  afterAll(() => {
    expect(tf.memory().numTensors).toBe(tensorsBefore);
  });
}
