/**
 * What is measured: LSTM(U) → Dense(10, softmax), categorical cross-entropy, in memcell and as stock TensorFlow.js, with the same
 * weights and data, and the check that both compute the same.
 */
import { Dense, LSTM } from '../layers/index.js';
import { deriveKey, Random } from '../random.js';
import { Sequential } from '../sequential.js';
import * as tf from '../tf.js';
import { sgd } from '../training/optimizers.js';

export interface Shape {
  batch: number;
  steps: number;
  inputs: number;
  units: number;
}

/** From the document's own job to what fills a machine. */
export const defaultShapes: readonly Shape[] = [
  { batch: 1, steps: 1, inputs: 1, units: 50 },
  { batch: 1, steps: 100, inputs: 8, units: 64 },
  { batch: 32, steps: 50, inputs: 16, units: 64 },
  { batch: 50, steps: 50, inputs: 65, units: 128 },
  { batch: 64, steps: 100, inputs: 64, units: 256 },
  { batch: 128, steps: 50, inputs: 128, units: 512 },
];

const CLASSES = 10;

/** Largest differences allowed: of outputs, and of gradients as a share of the largest value of their tensor (at least 1). */
export const tolerance = { forward: 1e-5, gradient: 1e-4 };

export interface Samples {
  /** (n, T, I) */
  x: { data: Float32Array; shape: number[] };
  /** (n, 10), one 1 in each row */
  y: { data: Float32Array; shape: number[] };
}

/** `batches` batches of drawn samples; all the same batch, so that what is timed does not depend on their number. */
export function drawSamples({ batch, steps, inputs, units }: Shape, batches = 1): Samples {
  const random = new Random(deriveKey(1, 'bench', batch, steps, inputs, units));
  const size = batch * steps * inputs;
  const x = new Float32Array(batches * size);
  const y = new Float32Array(batches * batch * CLASSES);
  for (let i = 0; i < size; i++) x[i] = random.normal();
  for (let i = 0; i < batch; i++) y[i * CLASSES + random.integer(CLASSES)] = 1;
  for (let n = 1; n < batches; n++) {
    x.copyWithin(n * size, 0, size);
    y.copyWithin(n * batch * CLASSES, 0, batch * CLASSES);
  }
  return {
    x: { data: x, shape: [batches * batch, steps, inputs] },
    y: { data: y, shape: [batches * batch, CLASSES] },
  };
}

/** The model in memcell, compiled with Adam; the same weights for the same shape. */
export function memcellModel({ steps, inputs, units }: Shape, threads?: number): Sequential {
  const model = new Sequential([LSTM(units), Dense(CLASSES, 'softmax')], { inputShape: [steps, inputs], seed: 1 });
  model.threads = threads;
  compileMemcell(model, 'adam');
  return model;
}

/** The same in TensorFlow.js alone, its own layers, optimizer and fit, with the given weights. */
export function stockModel({ steps, inputs, units }: Shape, weights: Values): tf.LayersModel {
  const initializers = { kernelInitializer: 'zeros', recurrentInitializer: 'zeros' } as const;
  const model = tf.sequential({
    layers: [
      tf.layers.lstm({ units, recurrentActivation: 'sigmoid', inputShape: [steps, inputs], ...initializers }),
      tf.layers.dense({ units: CLASSES, activation: 'softmax' }),
    ],
  });
  setStockWeights(model, weights);
  return model;
}

/** The digits 0…9 and the one that follows each, as samples of one step and one input. */
export function documentSamples(): Samples {
  const data = Float32Array.from({ length: CLASSES }, (_, i) => i / CLASSES);
  const y = new Float32Array(CLASSES * CLASSES);
  for (let i = 0; i < CLASSES; i++) y[i * CLASSES + ((i + 1) % CLASSES)] = 1;
  return { x: { data, shape: [CLASSES, 1, 1] }, y: { data: y, shape: [CLASSES, CLASSES] } };
}

export type Values = { data: Float32Array; shape: number[] }[];

function compileMemcell(model: Sequential, optimizer: 'adam' | 'gradient'): void {
  const loss = 'categoricalCrossentropy';
  model.compile({ optimizer: optimizer === 'adam' ? 'adam' : sgd({ learningRate: 1 }), loss, metrics: ['accuracy'] });
}

function setStockWeights(model: tf.LayersModel, weights: Values): void {
  tf.tidy(() => model.setWeights(weights.map(({ data, shape }) => tf.tensor(data, shape))));
}

/** Outputs, and the gradients of one step: what gradient descent with a learning rate of 1 takes from the weights. */
export interface Results {
  output: Float32Array;
  gradients: Float32Array[];
}

/** Leaves the model with its weights as they were, compiled with Adam. */
export async function memcellResults(model: Sequential, { x, y }: Samples): Promise<Results> {
  const weights = model.getWeights();
  const { data: output } = await model.predict(x, { batchSize: x.shape[0] });
  compileMemcell(model, 'gradient');
  await model.trainOnBatch(x, y);
  const gradients = differences(weights, model.getWeights());
  model.setWeights(weights);
  compileMemcell(model, 'adam');
  return { output, gradients };
}

/** The same for the stock model. */
export async function stockResults(model: tf.LayersModel, weights: Values, samples: Samples): Promise<Results> {
  const x = tf.tensor(samples.x.data, samples.x.shape);
  const y = tf.tensor(samples.y.data, samples.y.shape);
  const output = stockPredict(model, x);
  const descent = tf.train.sgd(1);
  model.compile({ optimizer: descent, loss: 'categoricalCrossentropy' });
  await model.trainOnBatch(x, y);
  const after = model.getWeights().map((weight) => ({ data: weight.dataSync<'float32'>(), shape: weight.shape }));
  setStockWeights(model, weights);
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  descent.dispose();
  tf.dispose([x, y]);
  return { output, gradients: differences(weights, after) };
}

/** All samples in one batch. */
export function stockPredict(model: tf.LayersModel, x: tf.Tensor): Float32Array {
  const output = model.predict(x, { batchSize: x.shape[0] }) as tf.Tensor;
  const values = output.dataSync<'float32'>().slice();
  output.dispose();
  return values;
}

function differences(before: Values, after: Values): Float32Array[] {
  return before.map(({ data }, i) => data.map((value, j) => value - after[i].data[j]));
}

export interface Verification {
  forward: number;
  gradient: number;
  passed: boolean;
}

/** The largest differences of two results; NaN, which fails, where lengths differ or a value is not finite. */
export function verify(actual: Results, expected: Results): Verification {
  const forward = scaledDifference(actual.output, expected.output);
  let gradient = actual.gradients.length === expected.gradients.length ? 0 : Number.NaN;
  expected.gradients.forEach((values, i) => {
    gradient = Math.max(gradient, scaledDifference(actual.gradients[i], values));
  });
  return { forward, gradient, passed: forward <= tolerance.forward && gradient <= tolerance.gradient };
}

/** max |a − b| / max(1, max |b|) */
export function scaledDifference(actual: Float32Array | undefined, expected: Float32Array): number {
  let largest = 1;
  let difference = actual?.length === expected.length ? 0 : Number.NaN;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    difference = Math.max(difference, Math.abs((actual?.[i] ?? Number.NaN) - expected[i])); // Math.max keeps NaN
  }
  return difference / largest;
}
