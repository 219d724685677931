/** memcell on all its threads, memcell on one, and stock TensorFlow.js, as a user calls them: verified, then timed. */
import { MemcellError, modelError } from '../errors.js';
import type { Sequential } from '../sequential.js';
import * as tf from '../tf.js';
import {
  documentSamples,
  drawSamples,
  memcellModel,
  memcellResults,
  type Samples,
  type Shape,
  stockModel,
  stockPredict,
  stockResults,
  type Verification,
  verify,
} from './cases.js';
import { shortest } from './measure.js';

/** Milliseconds. */
export interface Times {
  /** One step of fit: forward, loss, backward, Adam, accuracy; fit over several batches, divided by their number. */
  train: number;
  /** One predict of a whole batch. */
  predict: number;
  /** The document's training, 1000 steps of batch size 1 in one fit; only for its shape, 1,1,1,50. */
  document?: number;
}

export interface Row extends Shape {
  /** memcell's results against TensorFlow.js's, on all threads and on one, the larger difference. */
  verified?: Verification;
  memcell: Times;
  oneThread: Times;
  tfjs?: Times;
  /** The training step's matrix products on one thread, as a share of that thread's limit: 0 to 1. */
  shareOfPeak: number;
}

export interface CompareOptions {
  /** One thread's limit, from measurePeak(). */
  gigaflops: number;
  /** Leaves TensorFlow.js out, and with it the verification. */
  withoutTfjs?: boolean;
  /** Times one figure for about so long. Default 1. */
  seconds?: number;
  onProgress?: (text: string) => void;
}

/** Batches in a timed fit, and in one whose batches take so long that what fit itself does is nothing beside them. */
const BATCHES = 20;
const FEWER_BATCHES = 5;
const LONG_MILLISECONDS = 5;

/** The document's 100 epochs over the ten digits. */
const EPOCHS = 100;

/**
 * Measures one shape.
 * @throws MemcellError 'numeric' when memcell and TensorFlow.js do not give the same; nothing is timed then
 */
export async function compareShape(shape: Shape, options: CompareOptions): Promise<Row> {
  const { gigaflops, withoutTfjs = false, seconds = 1, onProgress = () => {} } = options;
  const models = { memcell: memcellModel(shape), oneThread: memcellModel(shape, 1) };
  try {
    const engine = models.memcell.engine;
    if (engine.kind !== 'memcell') throw modelError(`bench: memcell's engine does not run: ${engine.why}`);
    const other = withoutTfjs ? undefined : await besideTfjs(shape, models, seconds, onProgress);
    onProgress('memcell');
    const memcell = await timeMemcell(models.memcell, shape, seconds);
    onProgress('memcell on one thread');
    const oneThread = await timeMemcell(models.oneThread, shape, seconds);
    return { ...shape, ...other, memcell, oneThread, shareOfPeak: flops(shape) / 1e6 / oneThread.train / gigaflops };
  } finally {
    models.memcell.dispose();
    models.oneThread.dispose();
  }
}

/** Floating-point operations of a training step's matrix products: forward, dW and dh. Nobody asks for dx. */
function flops({ batch, steps, inputs, units }: Shape): number {
  return 2 * batch * steps * 4 * units * (2 * (inputs + units) + units);
}

async function besideTfjs(
  shape: Shape,
  models: { memcell: Sequential; oneThread: Sequential },
  seconds: number,
  onProgress: (text: string) => void,
): Promise<{ verified: Verification; tfjs: Times }> {
  onProgress('verifying');
  const samples = drawSamples(shape);
  const weights = models.memcell.getWeights();
  const model = stockModel(shape, weights);
  try {
    const expected = await stockResults(model, weights, samples);
    const threads = verify(await memcellResults(models.memcell, samples), expected);
    const one = verify(await memcellResults(models.oneThread, samples), expected);
    const verified = {
      forward: Math.max(threads.forward, one.forward),
      gradient: Math.max(threads.gradient, one.gradient),
      passed: threads.passed && one.passed,
    };
    if (!verified.passed) {
      const { forward, gradient } = verified;
      throw new MemcellError(
        `bench: memcell and TensorFlow.js differ at ${Object.values(shape)}: outputs by ${forward}, gradients by ${gradient}; run memcell check`,
        { code: 'numeric' },
      );
    }
    onProgress('TensorFlow.js');
    return { verified, tfjs: await timeStock(model, shape, seconds) };
  } finally {
    model.dispose();
  }
}

async function timeMemcell(model: Sequential, shape: Shape, seconds: number): Promise<Times> {
  const { x } = drawSamples(shape);
  const predict = await shortest(() => model.predict(x, { batchSize: shape.batch }), { seconds });
  const trainOn = (samples: Samples, epochs: number, shuffle: boolean) =>
    model.fit(samples.x, samples.y, { batchSize: shape.batch, epochs, shuffle, verbose: 0 });
  const train = await timeFit(shape, (samples) => trainOn(samples, 1, false), seconds);
  if (!isDocument(shape)) return { train, predict };
  const samples = documentSamples();
  return { train, predict, document: await shortest(() => trainOn(samples, EPOCHS, true), { seconds }) };
}

async function timeStock(model: tf.LayersModel, shape: Shape, seconds: number): Promise<Times> {
  const samples = drawSamples(shape);
  const x = tf.tensor(samples.x.data, samples.x.shape);
  // Verifying has run everything once.
  const few = { seconds, least: 1, warmUp: 0 };
  const predict = await shortest(() => stockPredict(model, x), few);
  x.dispose();
  const start = performance.now();
  await stockFit(model, samples, shape.batch, 1, false)();
  const once = performance.now() - start;
  const train = once > 1000 * seconds ? once : await timeFit(shape, stockFitOnce(model, shape.batch), seconds);
  if (!isDocument(shape)) return { train, predict };
  return { train, predict, document: await shortest(stockFit(model, documentSamples(), 1, EPOCHS, true), few) };
}

function stockFitOnce(model: tf.LayersModel, batchSize: number) {
  return (samples: Samples) => stockFit(model, samples, batchSize, 1, false)();
}

function stockFit(model: tf.LayersModel, { x, y }: Samples, batchSize: number, epochs: number, shuffle: boolean) {
  return async () => {
    const tensors = [tf.tensor(x.data, x.shape), tf.tensor(y.data, y.shape)];
    await model.fit(tensors[0], tensors[1], { batchSize, epochs, shuffle, verbose: 0 });
    tf.dispose(tensors);
  };
}

/** Milliseconds of one step in a fit over several batches. */
async function timeFit(
  shape: Shape,
  trainOn: (samples: Samples) => Promise<unknown>,
  seconds: number,
): Promise<number> {
  const few = drawSamples(shape, FEWER_BATCHES);
  const start = performance.now();
  await trainOn(few);
  const once = performance.now() - start;
  const batches = once > LONG_MILLISECONDS * FEWER_BATCHES ? FEWER_BATCHES : BATCHES;
  const samples = batches === FEWER_BATCHES ? few : drawSamples(shape, batches);
  return (await shortest(() => trainOn(samples), { seconds: 2 * seconds, warmUp: 0.2 * seconds })) / batches;
}

function isDocument({ batch, steps, inputs, units }: Shape): boolean {
  return batch === 1 && steps === 1 && inputs === 1 && units === 50;
}
