/** evaluate, predict and trainOnBatch over a runner. */

import { allFinite, elements, type NdArray } from '../data/array.js';
import { partsOf, sideBySide } from '../data/sideBySide.js';
import { MemcellError, usageError } from '../errors.js';
import { EventLoop } from '../eventLoop.js';
import { counted } from '../format.js';
import { Batches, rowRange, type Samples } from './batches.js';
import type { Compiled, CompiledOutput } from './compile.js';
import type { Logs } from './history.js';
import { Meter } from './meter.js';
import { complete } from './options.js';
import { Progress, type ProgressOptions, type Verbosity } from './progress.js';
import type { Runner } from './runner.js';
import {
  combinedWeight,
  prepareTargets,
  type SampleWeightArrays,
  sideBySideWeights,
  type WeightOptions,
} from './targets.js';

export interface EvaluateOptions extends Partial<ProgressOptions> {
  /** Default 32; with stateful layers, the size that they are for. */
  batchSize?: number;
  /** One weight for each sample, or for each sample and step. */
  sampleWeight?: SampleWeightArrays;
}

export interface PredictOptions extends Partial<ProgressOptions> {
  /** Default 32; with stateful layers, the size that they are for. */
  batchSize?: number;
}

/** Keras's default, where nobody says more. */
const DEFAULT_BATCH_SIZE = 32;

const DEFAULTS = {
  batchSize: undefined as number | undefined,
  verbose: 0 as Verbosity,
  write: undefined as ProgressOptions['write'],
};
const KINDS = { batchSize: 'positiveCount?', verbose: 'verbosity', write: 'function?' } as const;

/**
 * The batch size to go by: what was asked for, else a stateful model's own, else Keras's default.
 *
 * @throws MemcellError ('usage', 'data') where a stateful model can't take it, or so many samples
 */
export function batchSizeFor(
  { batch }: Pick<Runner, 'batch'>,
  asked: number | null | undefined,
  samples: number,
  of = '',
  option = 'batchSize',
): number {
  if (batch === undefined) return asked ?? DEFAULT_BATCH_SIZE;
  if (asked != null && asked !== batch)
    throw usageError(
      `${option} is ${asked}; this model has stateful layers for batches of ${batch}; leave ${option} out`,
    );
  if (samples % batch !== 0)
    throw new MemcellError(
      `${of}x has ${counted(samples, 'sample')}; this model has stateful layers for batches of ${batch}, so give it a multiple of that`,
    );
  return batch;
}

/** Samples that are to be one batch. */
function checkOneBatch({ batch }: Pick<Runner, 'batch'>, samples: number): void {
  if (batch === undefined || samples === batch) return;
  throw new MemcellError(`x has ${counted(samples, 'sample')}; this model has stateful layers for batches of ${batch}`);
}

/**
 * Targets and weights checked against samples, ready for batches.
 *
 * @throws MemcellError ('data') for what does not fit
 */
export function prepareSamples(compiled: Compiled, x: NdArray, y: NdArray, weighting: WeightOptions, of = ''): Samples {
  const samples = x.shape[0];
  if (y.shape[0] !== samples)
    throw new MemcellError(
      `${of}x has ${counted(samples, 'sample')} and ${of}y has ${y.shape[0] ?? 'no'}; they must have as many as each other`,
    );
  const targets = compiled.outputs
    ? prepareParts(compiled.outputs, y, of)
    : prepareTargets(compiled.loss, y, compiled.outputShape, `${of}y`);
  if (compiled.outputs && weighting.classWeight) {
    throw usageError('classWeight is for a model with one output; use sampleWeight');
  }
  const what = `${of}sampleWeight`;
  const { sampleWeight } = weighting;
  const weights =
    compiled.outputs && sampleWeight
      ? sideBySideWeights(compiled.outputs, partsOf(targets), sampleWeight, what)
      : combinedWeight(compiled.loss, targets, weighting, what);
  return weights ? { x, y: targets, weights } : { x, y: targets };
}

/** The targets of several outputs that lie side by side. */
function prepareParts(outputs: readonly CompiledOutput[], y: NdArray, of: string): NdArray {
  const parts = partsOf(y);
  return sideBySide(
    outputs.map(({ loss, shape, name }, i) => prepareTargets(loss, parts[i], shape, `${of}y (${name})`)),
  );
}

/** Runs over all samples once; leaves loss and metrics in the meter. */
export async function evaluateBatches(
  runner: Runner,
  meter: Meter,
  batches: Batches,
  loop: EventLoop,
  afterBatch?: (done: number) => void,
): Promise<void> {
  meter.reset();
  for (let i = 0; i < batches.count; i++) {
    const samples = batches.batch(i);
    const late = runner.evaluateInTurns(samples, (result) => meter.add(result, samples));
    if (late) await late;
    afterBatch?.(i + 1);
    if (loop.waits) await loop.turn();
  }
}

/**
 * Loss and metrics on samples, as Keras's evaluate(returnDict): { loss, accuracy, … }.
 *
 * @throws MemcellError ('data') for targets that do not fit, ('usage') for an unknown option
 */
export async function evaluate(
  runner: Runner,
  compiled: Compiled,
  x: NdArray,
  y: NdArray,
  options: EvaluateOptions = {},
): Promise<Logs> {
  const { batchSize, verbose, write, sampleWeight } = complete('evaluate', DEFAULTS, options, {
    ...KINDS,
    sampleWeight: 'other',
  });
  const samples = prepareSamples(compiled, x, y, { sampleWeight });
  const batches = new Batches(samples, batchSizeFor(runner, batchSize, x.shape[0]));
  const meter = new Meter(compiled);
  const progress = new Progress(verbose, write);
  progress.begin();
  await evaluateBatches(runner, meter, batches, new EventLoop(), (done) => {
    if (progress.wantsBatches) progress.batch('', done, batches.count, meter.logs());
  });
  const logs = meter.logs();
  if (!Number.isFinite(logs.loss)) throw notFinite(`the loss is ${logs.loss}`);
  progress.end('', batches.count, logs);
  return logs;
}

function notFinite(what: string): MemcellError {
  return new MemcellError(`${what}: the model's weights or its inputs are too large for 32-bit numbers`, {
    code: 'numeric',
  });
}

/**
 * The model's output for every sample, (n, …).
 *
 * @throws MemcellError ('numeric') for an output that is not finite, naming the sample
 */
export async function predict(runner: Runner, x: NdArray, options: PredictOptions = {}): Promise<NdArray> {
  const { batchSize: asked, verbose, write } = complete('predict', DEFAULTS, options, KINDS);
  const samples = x.shape[0];
  const batchSize = batchSizeFor(runner, asked, samples);
  const loop = new EventLoop();
  const progress = new Progress(verbose, write);
  const steps = Math.ceil(samples / batchSize);
  let output: (NdArray & { data: Float32Array }) | undefined;
  progress.begin();
  for (let from = 0; from < samples; from += batchSize) {
    const batch = rowRange(x, from, Math.min(from + batchSize, samples));
    const late = runner.predictInTurns(batch, ({ data, shape: [, ...rest], parts }) => {
      output ??= {
        data: new Float32Array(samples * elements(rest)),
        shape: [samples, ...rest],
        ...(parts && { parts }),
      };
      output.data.set(data, from * elements(rest));
    });
    if (late) await late;
    if (progress.wantsBatches) progress.batch('', from / batchSize + 1, steps, {});
    if (loop.waits) await loop.turn();
  }
  progress.end('', steps, {});
  if (!output) throw new MemcellError('x has no samples');
  if (!allFinite(output.data)) {
    const at = output.data.findIndex((value) => !Number.isFinite(value));
    const sample = Math.floor(at / (output.data.length / samples));
    throw notFinite(`the prediction of sample ${sample + 1} is ${output.data[at]}`);
  }
  return output;
}

/**
 * One training step on one batch: its loss before the step, and its metrics.
 *
 * @throws MemcellError ('numeric') for a loss that is not finite; the weights are then as before
 */
export async function trainOnBatch(
  runner: Runner,
  compiled: Compiled,
  x: NdArray,
  y: NdArray,
  weighting: WeightOptions = {},
): Promise<Logs> {
  const samples = prepareSamples(compiled, x, y, weighting);
  checkOneBatch(runner, x.shape[0]);
  const meter = new Meter(compiled);
  await runner.trainInTurns(samples, (result) => {
    if (!Number.isFinite(result.loss))
      throw new MemcellError(
        `the loss of this batch is ${result.loss}; the weights are unchanged; try a lower learning rate (now ${runner.optimizer.learningRate}) or clipnorm`,
        { code: 'numeric' },
      );
    meter.add(result, samples);
  });
  return meter.logs();
}
