/** Callbacks of fit, with Keras 3's rules (https://keras.io/api/callbacks/). */
import { MemcellError } from '../errors.js';
import type { Settings } from './fingerprint.js';
import type { Logs, TrainingParams } from './history.js';
import type { Optimizer } from './optimizers.js';
import { complete } from './options.js';
import type { TrainingState } from './runner.js';

/** What a callback can see and do. */
export interface TrainingContext {
  readonly params: TrainingParams;
  readonly optimizer: Optimizer;
  /** Set it to true and fit stops: in onBatchEnd after the batch, in onEpochEnd after the epoch. */
  stopTraining: boolean;
  /** Copies of all weights and the optimizer's slots. */
  capture(): TrainingState;
  restore(state: TrainingState): void;
  /** Saves the model as it is now. */
  save(folder: string): Promise<void>;
  /** Whether more or less of a logged number is better, where that is known. */
  directionOf(key: string): 'up' | 'down' | undefined;
  /** Writes a line where fit's own output goes. */
  print(line: string): void;
}

type Done = void | Promise<void>;

/** Any of these, sync or async; fit waits for a promise. Epochs and batches count from 0. */
export interface Callback {
  onTrainBegin?(context: TrainingContext): Done;
  onEpochBegin?(epoch: number, context: TrainingContext): Done;
  onBatchBegin?(batch: number, context: TrainingContext): Done;
  /** logs are the epoch's running means so far. */
  onBatchEnd?(batch: number, logs: Logs, context: TrainingContext): Done;
  /** logs go into the history after all callbacks; one may add a key. */
  onEpochEnd?(epoch: number, logs: Logs, context: TrainingContext): Done;
  /** Also after an early stop or an interruption, but not after an error. */
  onTrainEnd?(logs: Logs, context: TrainingContext): Done;
  /** What fit's backup keeps of the callback, as it is between two batches or epochs. */
  saveState?(): CallbackState;
  /** Takes it back in a resumed fit: after onTrainBegin, and within an epoch after its onEpochBegin. */
  loadState?(state: CallbackState): void;
}

export interface CallbackState {
  /** What the callback was made with: a resumed fit must be given the same. */
  options?: { [name: string]: Settings };
  /** Plain JSON; numbers may be infinite or NaN. */
  values: { [name: string]: Settings };
  arrays?: readonly Float32Array[];
}

/** A function stands for { onEpochEnd }. */
export type CallbackIdentifier = Callback | NonNullable<Callback['onEpochEnd']>;

export function getCallback(identifier: CallbackIdentifier): Callback {
  return typeof identifier === 'function' ? { onEpochEnd: identifier } : identifier;
}

export type MonitorMode = 'auto' | 'min' | 'max';

/** Compares a logged number with the best so far. */
class Monitor {
  best: number | undefined;
  private sign: 1 | -1 = -1;

  constructor(
    private readonly owner: string,
    readonly key: string,
    private readonly mode: MonitorMode,
    private readonly minDelta = 0,
  ) {
    if (!['auto', 'min', 'max'].includes(mode))
      throw usage(`${owner}: mode must be auto, min or max; got ${JSON.stringify(mode)}`);
  }

  begin(context: TrainingContext, best?: number): void {
    this.best = best;
    const { key, mode, owner } = this;
    if (key.startsWith('val_') && context.params.validationSamples === 0)
      throw usage(
        `${owner} monitors ${key}, but there is no validation data; give validationSplit or validationData, or monitor '${key.slice(4)}'`,
      );
    const direction = mode === 'auto' ? context.directionOf(key) : mode === 'max' ? 'up' : 'down';
    if (direction === undefined)
      throw usage(`${owner}: whether more or less ${key} is better is not known; give mode 'min' or 'max'`);
    this.sign = direction === 'up' ? 1 : -1;
  }

  /** The monitored number, or undefined in an epoch without validation. */
  value(logs: Logs): number | undefined {
    const { key } = this;
    if (key in logs || key.startsWith('val_')) return logs[key];
    throw usage(`${this.owner} monitors ${key}, which is not logged; logged are ${Object.keys(logs).join(', ')}`);
  }

  /** Whether the value is better than the reference by more than minDelta; with no reference, it is. */
  improves(value: number, reference: number | undefined = this.best): boolean {
    return reference === undefined || this.sign * (value - reference) > this.minDelta;
  }
}

const MONITORED = { monitor: 'string', mode: 'other', minDelta: 'notNegative', verbose: 'other' } as const;

export interface EarlyStoppingOptions {
  /** Default 'val_loss'. */
  monitor?: string;
  /** An improvement must be larger than this. Default 0. */
  minDelta?: number;
  /** Epochs without improvement after which training stops. Default 0. */
  patience?: number;
  mode?: MonitorMode;
  /** Patience starts anew only with values better than this. */
  baseline?: number | null;
  /** Ends with the weights of the best epoch, whether stopped early or not. Default false. */
  restoreBestWeights?: boolean;
  /** The first epoch that counts. Default 0. */
  startFromEpoch?: number;
  verbose?: 0 | 1;
}

/** Stops when a logged number no longer improves. The state is that of one fit: it can be used again. */
export class EarlyStopping implements Callback {
  /** The epoch with the best value, and where training stopped; undefined before. */
  bestEpoch: number | undefined;
  stoppedEpoch: number | undefined;
  private readonly options: Required<EarlyStoppingOptions>;
  private readonly monitor: Monitor;
  private wait = 0;
  private bestState: TrainingState | undefined;

  constructor(options: EarlyStoppingOptions = {}) {
    const defaults = {
      monitor: 'val_loss',
      minDelta: 0,
      patience: 0,
      mode: 'auto' as MonitorMode,
      baseline: null as number | null,
      restoreBestWeights: false,
      startFromEpoch: 0,
      verbose: 0 as 0 | 1,
    };
    this.options = complete('EarlyStopping', defaults, options, {
      ...MONITORED,
      patience: 'count',
      baseline: 'number?',
      restoreBestWeights: 'boolean',
      startFromEpoch: 'count',
    });
    this.monitor = new Monitor('EarlyStopping', this.options.monitor, this.options.mode, this.options.minDelta);
  }

  onTrainBegin(context: TrainingContext): void {
    this.wait = 0;
    this.bestEpoch = undefined;
    this.stoppedEpoch = undefined;
    this.bestState = undefined;
    this.monitor.begin(context);
  }

  onEpochEnd(epoch: number, logs: Logs, context: TrainingContext): void {
    const { monitor, options } = this;
    const value = monitor.value(logs);
    if (value === undefined || epoch < options.startFromEpoch) return;
    this.wait++;
    if (monitor.improves(value)) {
      monitor.best = value;
      this.bestEpoch = epoch;
      if (options.restoreBestWeights) this.bestState = { weights: context.capture().weights };
      if (options.baseline === null || monitor.improves(value, options.baseline)) this.wait = 0;
      return;
    }
    if (this.wait >= options.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      context.stopTraining = true;
    }
  }

  saveState(): CallbackState {
    const { wait, bestEpoch, stoppedEpoch, bestState, monitor } = this;
    return {
      options: { ...this.options },
      values: { wait, bestEpoch, stoppedEpoch, best: monitor.best },
      arrays: bestState?.weights ?? [],
    };
  }

  loadState({ values, arrays = [] }: CallbackState): void {
    this.wait = Number(values.wait);
    this.bestEpoch = numberOrNone(values.bestEpoch);
    this.stoppedEpoch = numberOrNone(values.stoppedEpoch);
    this.monitor.best = numberOrNone(values.best);
    this.bestState = arrays.length > 0 ? { weights: [...arrays] } : undefined;
  }

  onTrainEnd(_logs: Logs, context: TrainingContext): void {
    const { options, bestState, bestEpoch, stoppedEpoch } = this;
    if (bestState) context.restore(bestState);
    if (options.verbose === 0) return;
    if (stoppedEpoch !== undefined) context.print(`Epoch ${stoppedEpoch + 1}: early stopping`);
    if (bestState && bestEpoch !== undefined)
      context.print(`Weights are those of epoch ${bestEpoch + 1}, the best one`);
  }
}

export interface ReduceLROnPlateauOptions {
  /** Default 'val_loss'. */
  monitor?: string;
  /** The rate is multiplied by this. Default 0.1. */
  factor?: number;
  /** Epochs without improvement after which it is. Default 10. */
  patience?: number;
  mode?: MonitorMode;
  /** Default 1e-4. */
  minDelta?: number;
  /** Epochs to wait after a reduction before counting again. Default 0. */
  cooldown?: number;
  /** Default 0. */
  minLr?: number;
  verbose?: 0 | 1;
}

/** Lowers the learning rate when a logged number no longer improves. Logs learning_rate. */
export class ReduceLROnPlateau implements Callback {
  private readonly options: Required<ReduceLROnPlateauOptions>;
  private readonly monitor: Monitor;
  private wait = 0;
  private cooldown = 0;

  constructor(options: ReduceLROnPlateauOptions = {}) {
    const defaults = {
      monitor: 'val_loss',
      factor: 0.1,
      patience: 10,
      mode: 'auto' as MonitorMode,
      minDelta: 1e-4,
      cooldown: 0,
      minLr: 0,
      verbose: 0 as 0 | 1,
    };
    this.options = complete('ReduceLROnPlateau', defaults, options, {
      ...MONITORED,
      factor: 'belowOne',
      patience: 'count',
      cooldown: 'count',
      minLr: 'notNegative',
    });
    this.monitor = new Monitor('ReduceLROnPlateau', this.options.monitor, this.options.mode, this.options.minDelta);
  }

  onTrainBegin(context: TrainingContext): void {
    this.wait = 0;
    this.cooldown = 0;
    this.monitor.begin(context);
  }

  onEpochEnd(epoch: number, logs: Logs, context: TrainingContext): void {
    const { monitor, options } = this;
    const { optimizer } = context;
    logs.learning_rate = optimizer.learningRate;
    const value = monitor.value(logs);
    if (value === undefined) return;
    if (this.cooldown > 0) {
      this.cooldown--;
      this.wait = 0;
    }
    if (monitor.improves(value)) {
      monitor.best = value;
      this.wait = 0;
      return;
    }
    if (this.cooldown > 0 || ++this.wait < options.patience || optimizer.learningRate <= options.minLr) return;
    optimizer.learningRate = Math.max(optimizer.learningRate * options.factor, options.minLr);
    this.cooldown = options.cooldown;
    this.wait = 0;
    if (options.verbose) context.print(`Epoch ${epoch + 1}: learning rate reduced to ${optimizer.learningRate}`);
  }

  saveState(): CallbackState {
    const { wait, cooldown, monitor } = this;
    return { options: { ...this.options }, values: { wait, cooldown, best: monitor.best } };
  }

  loadState({ values }: CallbackState): void {
    this.wait = Number(values.wait);
    this.cooldown = Number(values.cooldown);
    this.monitor.best = numberOrNone(values.best);
  }
}

/** Sets the learning rate at the start of each epoch to schedule(epoch, current rate). Logs learning_rate. */
export class LearningRateScheduler implements Callback {
  constructor(private readonly schedule: (epoch: number, learningRate: number) => number) {
    if (typeof schedule !== 'function') throw usage('LearningRateScheduler takes a function of (epoch, learningRate)');
  }

  onEpochBegin(epoch: number, { optimizer }: TrainingContext): void {
    optimizer.learningRate = this.schedule(epoch, optimizer.learningRate);
  }

  onEpochEnd(_epoch: number, logs: Logs, { optimizer }: TrainingContext): void {
    logs.learning_rate = optimizer.learningRate;
  }
}

export interface ModelCheckpointOptions {
  /** The folder to save in; {epoch}, {epoch:02d}, {val_loss:.2f} stand for numbers, epochs counted from 1. */
  filepath: string;
  /** Default 'val_loss'. */
  monitor?: string;
  mode?: MonitorMode;
  /** Saves only when the monitored number is the best so far. Default false. */
  saveBestOnly?: boolean;
  /** 'epoch', or a number of batches. Default 'epoch'. */
  saveFreq?: 'epoch' | number;
  /** With saveBestOnly, the value to beat at first. */
  initialValueThreshold?: number | null;
  verbose?: 0 | 1;
}

/** Saves the model during training. */
export class ModelCheckpoint implements Callback {
  private readonly options: Required<ModelCheckpointOptions>;
  private readonly monitor: Monitor;
  private epoch = 0;
  private batches = 0;

  constructor(options: ModelCheckpointOptions) {
    const defaults = {
      monitor: 'val_loss',
      mode: 'auto' as MonitorMode,
      saveBestOnly: false,
      saveFreq: 'epoch' as 'epoch' | number,
      initialValueThreshold: null as number | null,
      verbose: 0 as 0 | 1,
    };
    this.options = complete('ModelCheckpoint', defaults, options, {
      filepath: 'string',
      monitor: 'string',
      mode: 'other',
      saveBestOnly: 'boolean',
      saveFreq: 'other',
      initialValueThreshold: 'number?',
      verbose: 'other',
    });
    const { saveFreq } = this.options;
    if (saveFreq !== 'epoch' && !(Number.isInteger(saveFreq) && saveFreq > 0))
      throw usage(`ModelCheckpoint: saveFreq must be 'epoch' or a number of batches; got ${JSON.stringify(saveFreq)}`);
    this.monitor = new Monitor('ModelCheckpoint', this.options.monitor, this.options.mode);
  }

  onTrainBegin(context: TrainingContext): void {
    this.batches = 0;
    if (this.options.saveBestOnly) this.monitor.begin(context, this.options.initialValueThreshold ?? undefined);
  }

  onEpochBegin(epoch: number): void {
    this.epoch = epoch;
  }

  onBatchEnd(_batch: number, logs: Logs, context: TrainingContext): Done {
    const { saveFreq } = this.options;
    if (saveFreq !== 'epoch' && ++this.batches % saveFreq === 0) return this.save(logs, context);
  }

  onEpochEnd(_epoch: number, logs: Logs, context: TrainingContext): Done {
    if (this.options.saveFreq === 'epoch') return this.save(logs, context);
  }

  private async save(logs: Logs, context: TrainingContext): Promise<void> {
    const { monitor, options } = this;
    if (options.saveBestOnly) {
      const value = monitor.value(logs);
      if (value === undefined || !monitor.improves(value)) return;
      monitor.best = value;
    }
    const folder = formatted(options.filepath, { ...logs, epoch: this.epoch + 1 });
    await context.save(folder);
    if (options.verbose) context.print(`Epoch ${this.epoch + 1}: model saved to ${folder}`);
  }

  saveState(): CallbackState {
    const { epoch, batches, monitor } = this;
    return { options: { ...this.options }, values: { epoch, batches, best: monitor.best } };
  }

  loadState({ values }: CallbackState): void {
    this.epoch = Number(values.epoch);
    this.batches = Number(values.batches);
    this.monitor.best = numberOrNone(values.best);
  }
}

function numberOrNone(value: Settings): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Fills in {key}, {key:03d} and {key:.2f}. */
function formatted(path: string, values: Logs): string {
  return path.replace(/\{(\w+)(?::(?:0?(\d*)d|\.(\d+)f))?\}/g, (_, key: string, width?: string, digits?: string) => {
    const value = values[key];
    if (value === undefined)
      throw usage(`ModelCheckpoint: no '${key}' to put into '${path}'; there are ${Object.keys(values).join(', ')}`);
    if (digits !== undefined) return value.toFixed(Number(digits));
    return width ? String(value).padStart(Number(width), '0') : String(value);
  });
}

function usage(message: string): MemcellError {
  return new MemcellError(message, { code: 'usage' });
}
