/** fit: the training loop over a runner. */
import type { NdArray } from '../data/array.js';
import { MemcellError } from '../errors.js';
import { deriveKey, Random } from '../random.js';
import { Batches, EventLoop, type Samples, sampleRange } from './batches.js';
import { type Callback, type Callbacks, getCallbacks, type TrainingContext } from './callbacks.js';
import type { Compiled } from './compile.js';
import { batchSizeFor, evaluateBatches, prepareSamples } from './evaluate.js';
import type { History, Logs, Stopped } from './history.js';
import { Meter } from './meter.js';
import { complete } from './options.js';
import { Progress, type ProgressOptions, type Verbosity } from './progress.js';
import type { BatchResult, Checkpoint, Runner } from './runner.js';

export interface ValidationData {
  x: NdArray;
  y: NdArray;
  sampleWeight?: NdArray | Float32Array;
}

export interface FitOptions<Data = ValidationData, Weights = NdArray | Float32Array> extends Partial<ProgressOptions> {
  /** Default 32; with stateful layers, the size that they are for. The last batch of an epoch may be smaller. */
  batchSize?: number;
  /** The epoch to stop before; with an initialEpoch, only the difference is trained. Default 1. */
  epochs?: number;
  initialEpoch?: number;
  /** One or a list, called in this order. */
  callbacks?: Callbacks;
  /** The part of the samples, from the end and before shuffling, to validate on and not to train on. */
  validationSplit?: number;
  /** Samples to validate on; goes before validationSplit. */
  validationData?: Data;
  /** Default: batchSize. */
  validationBatchSize?: number;
  /** Validate after every so many epochs. Default 1. */
  validationFreq?: number;
  /** A new order for each epoch, a function of (seed, epoch). Default true. */
  shuffle?: boolean;
  /** Weights by class number. */
  classWeight?: Readonly<Record<number, number>>;
  /** One weight for each sample, or for each sample and step. */
  sampleWeight?: Weights;
  /** Governs shuffling and dropout. Default: drawn at random, and told in history.params. */
  seed?: number;
  /** Aborting it stops after the batch; the weights stay and the history says so. */
  signal?: AbortSignal;
}

/** What the owner of the model lends to callbacks. */
export interface FitHost {
  /** Saves the model as it is, for ModelCheckpoint. */
  save?(folder: string): Promise<void>;
  /** Asked after every batch and epoch, beside context.stopTraining. */
  stopRequested?(): boolean;
}

const DEFAULTS = {
  batchSize: undefined as number | undefined,
  epochs: 1,
  initialEpoch: 0,
  callbacks: [] as Callbacks,
  validationSplit: 0,
  validationFreq: 1,
  shuffle: true,
  verbose: 1 as Verbosity,
};

/**
 * Trains, as Keras's fit. Resolves to the history of the epochs that were finished.
 *
 * @param x (n, …), already checked against the model's input
 * @param y (n, …), checked here against the loss and the model's output
 * @throws MemcellError ('data', 'usage') before anything changes; ('numeric') when a loss or a weight is no longer
 *   finite, and then weights and optimizer are those after the last good epoch
 */
export async function fit(
  runner: Runner,
  compiled: Compiled,
  x: NdArray,
  y: NdArray,
  options: FitOptions = {},
  host: FitHost = {},
): Promise<History> {
  const run = new Run(runner, compiled, x, y, options, host);
  try {
    return await run.train();
  } finally {
    runner.sync();
  }
}

type Settings = FitOptions & typeof DEFAULTS;

class Run {
  private readonly settings: Settings;
  private readonly batches: Batches;
  private readonly validation: Batches | undefined;
  private readonly order: Int32Array | undefined;
  private readonly callbacks: Callback[];
  private watchesBatches = false;
  private readonly context: TrainingContext;
  private readonly history: History;
  private readonly meter: Meter;
  private readonly progress: Progress;
  private readonly loop = new EventLoop();
  /** The state after the last good epoch, and the arrays that the next one is copied to. */
  private good: Checkpoint;
  private spare: Checkpoint | undefined;
  /** What the last finished epoch logged. */
  private lastLogs: Logs = {};

  constructor(
    private readonly runner: Runner,
    compiled: Compiled,
    x: NdArray,
    y: NdArray,
    options: FitOptions,
    private readonly host: FitHost,
  ) {
    const settings = checkedSettings(options);
    this.settings = settings;
    const { train, validation } = split(compiled, x, y, settings);
    const samples = train.x.shape[0];
    const batchSize = batchSizeFor(runner, settings.batchSize, samples);
    const validationSize = settings.validationBatchSize ?? batchSize;
    this.batches = new Batches(train, batchSize);
    this.validation =
      validation &&
      new Batches(validation, batchSizeFor(runner, validationSize, validation.x.shape[0], 'validation: '));
    this.order = settings.shuffle ? new Int32Array(samples) : undefined;
    this.callbacks = getCallbacks(settings.callbacks);
    this.meter = new Meter(compiled);
    this.progress = new Progress(settings.verbose, settings.write);
    const seed = settings.seed ?? Math.floor(Math.random() * 2 ** 31);
    runner.seed = seed;
    this.history = {
      epoch: [],
      history: {},
      params: {
        epochs: settings.epochs,
        initialEpoch: settings.initialEpoch,
        batchSize,
        steps: this.batches.count,
        samples,
        validationSamples: validation?.x.shape[0] ?? 0,
        seed,
      },
    };
    this.context = this.makeContext(compiled);
    this.good = runner.checkpoint();
  }

  async train(): Promise<History> {
    const { settings, context, history } = this;
    const { initialEpoch, epochs } = settings;
    await this.each((callback) => callback.onTrainBegin?.(context));
    this.watchesBatches = this.callbacks.some(({ onBatchBegin, onBatchEnd }) => onBatchBegin || onBatchEnd);
    for (let epoch = initialEpoch; epoch < epochs && !history.stopped; epoch++) await this.epoch(epoch);
    await this.each((callback) => callback.onTrainEnd?.(this.lastLogs, context));
    return history;
  }

  private async epoch(epoch: number): Promise<void> {
    const { batches, context, history, meter, order, progress, settings } = this;
    const title = settings.epochs > 1 ? `Epoch ${epoch + 1}/${settings.epochs} - ` : '';
    await this.each((callback) => callback.onEpochBegin?.(epoch, context));
    if (order) this.shuffle(order, epoch);
    meter.reset();
    progress.begin();
    let done = 0;
    while (done < batches.count && !(done > 0 && this.stopsNow())) {
      if (settings.signal?.aborted) return this.stop('interrupted', epoch, done);
      // Waiting for nothing would cost a tenth of a small step.
      if (this.watchesBatches) await this.batch(epoch, done++);
      else {
        const step = this.step(epoch, done++);
        if (step) await step;
      }
      if (progress.wantsBatches) progress.batch(title, done, batches.count, meter.logs());
      if (this.loop.waits) await this.loop.turn();
    }
    if (settings.signal?.aborted) return this.stop('interrupted', epoch, done);
    const logs = await this.endOfEpoch(epoch);
    await this.each((callback) => callback.onEpochEnd?.(epoch, logs, context));
    progress.end(title, batches.count, logs);
    history.epoch.push(epoch);
    for (const [key, value] of Object.entries(logs)) {
      history.history[key] ??= [];
      history.history[key].push(value);
    }
    this.lastLogs = logs;
    if (epoch + 1 === settings.epochs && done === batches.count) return;
    if (settings.signal?.aborted) this.stop('interrupted', epoch, done);
    else if (this.stopsNow()) this.stop('callback', epoch, done);
  }

  private async batch(epoch: number, index: number): Promise<void> {
    const { callbacks, context, meter } = this;
    for (const callback of callbacks) if (callback.onBatchBegin) await callback.onBatchBegin(index, context);
    await this.step(epoch, index);
    let logs: Logs | undefined;
    for (const callback of callbacks)
      if (callback.onBatchEnd) {
        logs ??= meter.logs();
        await callback.onBatchEnd(index, logs, context);
      }
  }

  private step(epoch: number, index: number): undefined | Promise<void> {
    const samples = this.batches.batch(index, this.order);
    const result = this.runner.trainInTurns(samples.x, samples.y, samples.weights);
    if (result instanceof Promise) return result.then((late) => this.addResult(late, samples, epoch, index));
    this.addResult(result, samples, epoch, index);
    return undefined;
  }

  private addResult(result: BatchResult, { y, weights }: Samples, epoch: number, index: number): void {
    const { batches, meter } = this;
    if (!Number.isFinite(result.loss))
      throw this.backToGood(`the loss is ${result.loss} in epoch ${epoch + 1}, batch ${index + 1} of ${batches.count}`);
    meter.add(result, y, weights);
  }

  /** Validates, and keeps the state if all is finite. Gives the epoch's logs. */
  private async endOfEpoch(epoch: number): Promise<Logs> {
    const { meter, runner, validation } = this;
    const logs = meter.logs();
    if (!runner.weightsAreFinite()) throw this.backToGood(`a weight is no longer finite after epoch ${epoch + 1}`);
    const state = runner.checkpoint(this.spare);
    if (validation && (epoch + 1) % this.settings.validationFreq === 0) {
      await evaluateBatches(runner, meter, validation, this.loop);
      Object.assign(logs, meter.logs('val_'));
      if (!Number.isFinite(logs.val_loss))
        throw this.backToGood(`val_loss is ${logs.val_loss} after epoch ${epoch + 1}`);
    }
    this.spare = this.good;
    this.good = state;
    return logs;
  }

  private backToGood(what: string): MemcellError {
    this.runner.goBack(this.good);
    const rate = this.runner.optimizer.learningRate;
    return new MemcellError(
      `${what}; stopped with the weights after the last good epoch; try a lower learning rate (now ${rate}), clipnorm, or scaled data`,
      { code: 'numeric' },
    );
  }

  private shuffle(order: Int32Array, epoch: number): void {
    for (let i = 0; i < order.length; i++) order[i] = i;
    new Random(deriveKey(this.history.params.seed, 'shuffle', epoch)).shuffle(order);
  }

  private stop(reason: Stopped['reason'], epoch: number, batch: number): void {
    this.history.stopped = { reason, epoch, batch };
  }

  private stopsNow(): boolean {
    return this.context.stopTraining || this.host.stopRequested?.() === true;
  }

  private async each(call: (callback: Callback) => void | Promise<void>): Promise<void> {
    for (const callback of this.callbacks) await call(callback);
  }

  private makeContext(compiled: Compiled): TrainingContext {
    const { history, host, progress, runner } = this;
    const metrics = [...compiled.metrics, ...compiled.weightedMetrics];
    return {
      params: history.params,
      optimizer: runner.optimizer,
      stopTraining: false,
      capture: () => runner.capture(),
      restore: (state) => runner.restore(state),
      save: async (folder) => {
        if (!host.save) throw new MemcellError('this model cannot be saved during training', { code: 'usage' });
        runner.sync();
        await host.save(folder);
      },
      directionOf: (key) => {
        const name = key.replace(/^val_/, '');
        return name === 'loss' ? 'down' : metrics.find((metric) => metric.name === name)?.direction;
      },
      print: (line) => progress.line(line),
    };
  }
}

function checkedSettings(options: FitOptions): Settings {
  const settings = complete('fit', DEFAULTS, options, {
    batchSize: 'positiveCount?',
    epochs: 'count',
    initialEpoch: 'count',
    callbacks: 'other',
    validationSplit: 'belowOne',
    validationData: 'other',
    validationBatchSize: 'positiveCount?',
    validationFreq: 'positiveCount',
    shuffle: 'boolean',
    classWeight: 'record?',
    sampleWeight: 'other',
    seed: 'integer?',
    signal: 'signal?',
    verbose: 'verbosity',
    write: 'function?',
  });
  return settings;
}

/** Training and validation samples, checked. */
function split(
  compiled: Compiled,
  x: NdArray,
  y: NdArray,
  settings: Settings,
): { train: Samples; validation?: Samples } {
  const { validationData, validationSplit, sampleWeight, classWeight } = settings;
  if (validationData) {
    const { x: vx, y: vy, sampleWeight: weight } = validationData;
    return {
      train: prepareSamples(compiled, x, y, { sampleWeight, classWeight }),
      validation: prepareSamples(compiled, vx, vy, { sampleWeight: weight }, 'validationData: '),
    };
  }
  const all = prepareSamples(compiled, x, y, { sampleWeight, classWeight });
  if (validationSplit === 0) return { train: all };
  const samples = x.shape[0];
  const at = Math.floor(samples * (1 - validationSplit));
  if (at === 0 || at === samples)
    throw new MemcellError(
      `validationSplit ${validationSplit} of ${samples} samples leaves ${at} to train and ${samples - at} to validate on; both need at least one`,
    );
  const held = sampleRange(all, at, samples);
  return { train: sampleRange(all, 0, at), validation: classWeight ? { x: held.x, y: held.y } : held };
}
