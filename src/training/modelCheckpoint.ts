import { usageError } from '../errors.js';
import type { EitherSpelling } from '../spelling.js';
import { mustBe } from '../valueKinds.js';
import type { Callback, CallbackState, TrainingContext } from './callbacks.js';
import type { Logs } from './history.js';
import { MODES, Monitor, type Monitored, type MonitorMode, numberOrNone } from './monitor.js';
import { complete } from './options.js';

export interface ModelCheckpointOptions {
  /** The folder to save in; {epoch}, {epoch:02d}, {val_loss:.2f} stand for numbers, epochs counted from 1. */
  filepath: string;
  /** Default 'val_loss'. */
  monitor?: Monitored;
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

  constructor(options: EitherSpelling<ModelCheckpointOptions>) {
    const defaults = {
      monitor: 'val_loss' as Monitored,
      mode: 'auto' as MonitorMode,
      saveBestOnly: false,
      saveFreq: 'epoch' as 'epoch' | number,
      initialValueThreshold: null as number | null,
      verbose: 0 as 0 | 1,
    };
    this.options = complete('ModelCheckpoint', defaults, options, {
      filepath: 'string',
      monitor: 'string',
      mode: MODES,
      saveBestOnly: 'boolean',
      saveFreq: 'other',
      initialValueThreshold: 'number?',
      verbose: 'verbosity',
    });
    const { saveFreq } = this.options;
    if (saveFreq !== 'epoch' && !(Number.isInteger(saveFreq) && saveFreq > 0))
      throw usageError(mustBe('ModelCheckpoint: saveFreq', `'epoch' or a number of batches`, saveFreq));
    this.monitor = new Monitor('ModelCheckpoint', this.options.monitor, this.options.mode);
  }

  onTrainBegin(context: TrainingContext): void {
    this.batches = 0;
    if (this.options.saveBestOnly) this.monitor.begin(context, this.options.initialValueThreshold ?? undefined);
  }

  onEpochBegin(epoch: number): void {
    this.epoch = epoch;
  }

  onBatchEnd(_batch: number, logs: Logs, context: TrainingContext): Promise<void> | undefined {
    const { saveFreq } = this.options;
    if (saveFreq !== 'epoch' && ++this.batches % saveFreq === 0) return this.save(logs, context);
  }

  onEpochEnd(_epoch: number, logs: Logs, context: TrainingContext): Promise<void> | undefined {
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

/** Fills in {key}, {key:03d} and {key:.2f}. */
function formatted(path: string, values: Logs): string {
  return path.replace(/\{(\w+)(?::(?:0?(\d*)d|\.(\d+)f))?\}/g, (_, key: string, width?: string, digits?: string) => {
    const value = values[key];
    if (value === undefined)
      throw usageError(
        `ModelCheckpoint: no '${key}' to put into '${path}'; there are ${Object.keys(values).join(', ')}`,
      );
    if (digits !== undefined) return value.toFixed(Number(digits));
    return width ? String(value).padStart(Number(width), '0') : String(value);
  });
}
