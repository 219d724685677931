/** Callbacks of fit, with Keras 3's rules (https://keras.io/api/callbacks/). */
import { usageError } from '../errors.js';
import { camelCase, type EitherSpelling, shown } from '../spelling.js';
import { callable, mustBe } from '../valueKinds.js';
import type { BackupOptions } from './backup.js';
import type { Settings } from './fingerprint.js';
import type { Logs, TrainingParams } from './history.js';
import { MONITORED, Monitor, type Monitored, type MonitorMode, numberOrNone } from './monitor.js';
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

export type Done = void | Promise<void>;

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
  /** The backups that fit is to keep, where it has no option of its own. */
  readonly backup?: BackupOptions;
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

export type Callbacks = CallbackIdentifier | readonly CallbackIdentifier[];

/** All that fit calls. */
export const HOOKS = [
  'onTrainBegin',
  'onEpochBegin',
  'onBatchBegin',
  'onBatchEnd',
  'onEpochEnd',
  'onTrainEnd',
  'saveState',
  'loadState',
] as const satisfies (keyof Callback)[];

/** @throws MemcellError 'usage' for what is no callback, and for one whose hooks are spelt otherwise, which nothing would call */
export function getCallbacks(given: Callbacks | null): Callback[] {
  if (given === null) return [];
  return (isList(given) ? given : [given]).map(getCallback);
}

function isList(given: Callbacks): given is readonly CallbackIdentifier[] {
  return Array.isArray(given);
}

function getCallback(identifier: CallbackIdentifier): Callback {
  if (typeof identifier === 'function') return { onEpochEnd: identifier };
  if (typeof identifier !== 'object' || identifier === null)
    throw usageError(
      `callbacks: ${shown(identifier)} is no callback; give an object such as { onEpochEnd(epoch, logs) { … } }`,
    );
  for (const hook of HOOKS)
    if (identifier[hook] !== undefined && !callable.check(identifier[hook]))
      throw usageError(mustBe(`callbacks: ${hook}`, callable.what, identifier[hook]));
  for (const name of Object.keys(identifier)) {
    const hook = HOOKS.find((known) => known !== name && known === camelCase(name));
    if (hook) throw usageError(`callbacks: ${name} is never called here; it is spelt ${hook}`);
  }
  return identifier;
}

export interface EarlyStoppingOptions {
  /** Default 'val_loss'. */
  monitor?: Monitored;
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

  constructor(options: EitherSpelling<EarlyStoppingOptions> = {}) {
    const defaults = {
      monitor: 'val_loss' as Monitored,
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
    if (this.wait >= options.patience) {
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
  monitor?: Monitored;
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

  constructor(options: EitherSpelling<ReduceLROnPlateauOptions> = {}) {
    const defaults = {
      monitor: 'val_loss' as Monitored,
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
    if (typeof schedule !== 'function')
      throw usageError('LearningRateScheduler takes a function of (epoch, learningRate)');
  }

  onEpochBegin(epoch: number, { optimizer }: TrainingContext): void {
    optimizer.learningRate = this.schedule(epoch, optimizer.learningRate);
  }

  onEpochEnd(_epoch: number, logs: Logs, { optimizer }: TrainingContext): void {
    logs.learning_rate = optimizer.learningRate;
  }
}
