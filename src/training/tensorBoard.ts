import { usageError } from '../errors.js';
import { isRecord } from '../fields.js';
import type { EitherSpelling } from '../spelling.js';
import { mustBe } from '../valueKinds.js';
import type { Callback, CallbackState, TrainingContext } from './callbacks.js';
import type { Logs } from './history.js';
import { LogFile } from './logFile.js';
import { complete } from './options.js';

export interface TensorBoardOptions {
  /** Default 'logs'. */
  logDir?: string;
  /** 'epoch', 'batch', or a number of batches after which the running means are written, too. Default 'epoch'. */
  updateFreq?: 'epoch' | 'batch' | number;
}

/** Training's numbers, and those of the validation without their val_. */
const PARTS = ['train', 'validation'] as const;
type Part = (typeof PARTS)[number];

interface Opened {
  name: string;
  file: LogFile;
}

/**
 * Writes event files that TensorBoard shows (`tensorboard --logdir logs`), with Keras's folders and names: `epoch_loss`, … by epoch in
 * train/ and validation/, `batch_loss`, … by step.
 */
export class TensorBoard implements Callback {
  private readonly options: Required<TensorBoardOptions>;
  private files: { [part in Part]?: Opened } = {};
  private resumed: { [part in Part]?: { name: string; bytes: number } } = {};
  private epoch = 0;

  constructor(options: EitherSpelling<TensorBoardOptions> = {}) {
    const defaults = { logDir: 'logs', updateFreq: 'epoch' as 'epoch' | 'batch' | number };
    this.options = complete('TensorBoard', defaults, options, { logDir: 'string', updateFreq: 'other' });
    const { updateFreq } = this.options;
    if (updateFreq !== 'epoch' && updateFreq !== 'batch' && !(Number.isInteger(updateFreq) && updateFreq > 0))
      throw usageError(mustBe('TensorBoard: updateFreq', `'epoch', 'batch' or a number of batches`, updateFreq));
  }

  onTrainBegin(): void {
    this.files = {};
    this.resumed = {};
  }

  onEpochBegin(epoch: number): void {
    this.epoch = epoch;
  }

  async onBatchEnd(batch: number, logs: Logs, context: TrainingContext): Promise<void> {
    const { updateFreq } = this.options;
    if (updateFreq === 'epoch') return;
    const step = this.epoch * context.params.steps + batch + 1;
    if (step % (updateFreq === 'batch' ? 1 : updateFreq) === 0)
      await this.write('train', 'batch_', step, logs, context);
  }

  async onEpochEnd(epoch: number, logs: Logs, context: TrainingContext): Promise<void> {
    const own: Logs = {};
    const held: Logs = {};
    for (const [key, value] of Object.entries(logs)) {
      if (key.startsWith('val_')) held[key.slice(4)] = value;
      else own[key] = value;
    }
    own.learning_rate ??= context.optimizer.learningRate;
    await this.write('train', 'epoch_', epoch, own, context);
    if (Object.keys(held).length > 0) await this.write('validation', 'epoch_', epoch, held, context);
  }

  saveState(): CallbackState {
    const values: CallbackState['values'] = {};
    for (const part of PARTS) {
      const opened = this.files[part];
      const known = opened ? { name: opened.name, bytes: opened.file.size } : this.resumed[part];
      if (known) values[part] = { ...known };
    }
    return { options: { ...this.options }, values };
  }

  loadState({ values }: CallbackState): void {
    for (const part of PARTS) {
      const known = values[part];
      if (!isRecord(known)) continue;
      this.resumed[part] = { name: String(known.name), bytes: Number(known.bytes) };
    }
  }

  private async write(part: Part, prefix: string, step: number, logs: Logs, context: TrainingContext): Promise<void> {
    const { scalarsRecord } = await import('./eventFile.js');
    const opened = this.files[part] ?? (await this.open(part, context));
    this.files[part] = opened;
    const scalars = Object.fromEntries(Object.entries(logs).map(([key, value]) => [prefix + key, value]));
    await opened.file.append(scalarsRecord(Date.now() / 1000, step, scalars));
  }

  private async open(part: Part, { print }: TrainingContext): Promise<Opened> {
    const { join } = await import('node:path');
    const { hostname } = await import('node:os');
    const { versionRecord } = await import('./eventFile.js');
    const now = Date.now();
    const known = this.resumed[part];
    // TensorBoard takes files in the order of their names.
    const name =
      known?.name ?? `events.out.tfevents.${Math.floor(now / 1000)}.${hostname()}.${process.pid}.${now % 1000}`;
    const path = join(this.options.logDir, part, name);
    const file = new LogFile(path);
    const whole = await file.begin(known?.bytes ?? 0);
    if (!whole) print(`${path}: events are missing that were there when the backup was written`);
    if (file.size === 0) await file.append(versionRecord(now / 1000));
    return { name, file };
  }
}
