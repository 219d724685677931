/**
 * Backups of a running fit: all that it needs to go on to the bit as if it had never stopped. Shuffling and dropout are functions of
 * (seed, epoch) and (seed, step), so that their state is the seed, the epoch and the optimizer's steps.
 */
import { usageError } from '../errors.js';
import type { Callback, CallbackState } from './callbacks.js';
import { differences, type Settings } from './fingerprint.js';
import type { History, Logs } from './history.js';
import type { MeterState } from './meter.js';
import { complete } from './options.js';
import type { Runner, TrainingState } from './runner.js';
import { readBackup, storedBackup } from './storedBackup.js';

export interface BackupOptions {
  /** Where the backups are: state files, and the model as it was then (`loadModel(folder)`). */
  folder: string;
  /** A backup after every so many epochs. Default 1, unless steps or minutes are given. */
  epochs?: number;
  /** A backup after every so many batches, counted through all epochs. */
  steps?: number;
  /** A backup after a batch, or an epoch, when so many minutes have gone since the last one. */
  minutes?: number;
  /** How many of the newest are kept; an older one is taken where a newer one is damaged. Default 1. */
  keep?: number;
  /** Removes the backups when the training has come to its end. Default true. */
  deleteCheckpoint?: boolean;
}

/** A backup as it is kept: plain JSON (with numbers that are not finite), and arrays. */
export interface StoredBackup {
  values: object;
  arrays: readonly Float32Array[];
  /** What must be said of reading it. */
  note?: string;
}

/** Within a fit; where somebody has stopped it; of its end. */
export type BackupKind = 'running' | 'interrupted' | 'end';

/** Where backups of one fit are kept. */
export interface BackupStore {
  /** When to write one. */
  readonly every: { epochs?: number | undefined; steps?: number | undefined; minutes?: number | undefined };
  /** What to say in errors: the folder. */
  readonly name: string;
  /** Whether a backup of the end of a training is kept. */
  readonly keepsEnd: boolean;
  /** Told what is different where a backup of another run is passed over; left out, that is an error. */
  startAnew?(differences: readonly string[]): void;
  newest(): Promise<StoredBackup | undefined>;
  write(backup: StoredBackup, kind: BackupKind): Promise<void>;
  /** The training has come to its end. */
  clear(): Promise<void>;
}

const CHECKED = {
  folder: 'string',
  epochs: 'positiveCount?',
  steps: 'positiveCount?',
  minutes: 'notNegative?',
  keep: 'positiveCount',
  deleteCheckpoint: 'boolean',
} as const;

/**
 * The backup that fit is to keep, by its option or a BackupAndRestore.
 * @throws MemcellError 'usage' for an unknown option, or one out of its range, or two of them
 */
export function backupWanted(
  given: string | BackupOptions | BackupStore | undefined,
  callbacks: readonly Callback[],
): ReturnType<typeof backupOptions> | BackupStore | undefined {
  const [wanted, ...more] = [given, ...callbacks.map((one) => one.backup)].filter((one) => one !== undefined);
  if (more.length > 0) throw usageError('fit can keep one backup; two are asked for');
  if (wanted === undefined || (typeof wanted === 'object' && 'newest' in wanted)) return wanted;
  return backupOptions(wanted);
}

function backupOptions(given: string | BackupOptions): BackupOptions & { keep: number; deleteCheckpoint: boolean } {
  const options = typeof given === 'string' ? { folder: given } : given;
  return complete('backup', { keep: 1, deleteCheckpoint: true }, options, CHECKED);
}

/** All that a training has changed. */
export interface Whole extends Required<TrainingState> {
  /** What stateful layers carry, as the runner has it. */
  states: Float32Array[];
}

/** Where a fit is, and what it has. */
export interface Position {
  epoch: number;
  /** Batches done in the epoch. */
  batch: number;
  /** Whether onEpochBegin of the epoch was called. */
  begun: boolean;
  seed: number;
  /** Undefined where a schedule governs it. */
  learningRate: number | undefined;
  history: Pick<History, 'epoch' | 'history' | 'stopped'>;
  /** What the last finished epoch logged. */
  logs: Logs;
  /** Of an epoch that is not finished. */
  meter: MeterState | undefined;
  /** The fit is over; with the error that ended it. */
  end: { error?: string } | undefined;
}

/** A fit's state at one moment. */
export interface Backup extends Position {
  now: Whole;
  /** After the last good epoch, where that is not now. */
  good: Whole | undefined;
  callbacks: (CallbackState | undefined)[];
  note?: string;
}

/** Copies of all that the runner has. */
export function wholeState(runner: Runner): Whole {
  const { weights, optimizer } = runner.capture();
  // Only stateful layers carry any.
  const states = runner.batch === undefined ? [] : runner.checkpoint().states;
  const { iterations } = runner.optimizer;
  return { weights, optimizer: optimizer ?? { iterations, state: [] }, states };
}

/** Puts it back. */
export function putBack(runner: Runner, { weights, optimizer, states }: Whole): void {
  runner.restore({ weights, optimizer });
  if (runner.batch !== undefined) runner.goBack({ ...runner.checkpoint(), states });
}

function sameBits(a: Whole, b: Whole): boolean {
  const all = ({ weights, optimizer, states }: Whole) => [...weights, ...optimizer.state, ...states];
  const [ours, theirs] = [all(a), all(b)];
  if (a.optimizer.iterations !== b.optimizer.iterations || ours.length !== theirs.length) return false;
  return ours.every((array, i) => array.every((value, at) => Object.is(value, theirs[i][at])));
}

/** The backups of one fit: when, what, and whether what is there is of this run. */
export class Backups {
  private lastAt = performance.now();

  constructor(
    private readonly store: BackupStore,
    private readonly runner: Runner,
    private readonly callbacks: readonly Callback[],
    /** Data and settings of the run. */
    private readonly settings: Settings,
  ) {}

  /** Whether a backup is due where so many epochs and batches of all are done; `whole`: at the end of an epoch. */
  due(epochs: number, steps: number, whole: boolean): boolean {
    const { epochs: everyEpochs, steps: everySteps, minutes } = this.store.every;
    if (whole && everyEpochs != null && epochs % everyEpochs === 0) return true;
    if (everySteps != null && steps % everySteps === 0) return true;
    return minutes != null && performance.now() - this.lastAt >= 60_000 * minutes;
  }

  /** Whether there may be backups within an epoch. */
  get withinEpochs(): boolean {
    return this.store.every.steps != null || this.store.every.minutes != null;
  }

  /** @param good the state after the last good epoch */
  async write(position: Position, good: Whole): Promise<void> {
    const now = wholeState(this.runner);
    const callbacks = this.callbacks.map((callback) => callback.saveState?.());
    const backup = { ...position, now, good: sameBits(now, good) ? undefined : good, callbacks };
    const { end, history } = position;
    const kind = end ? 'end' : history.stopped?.reason === 'interrupted' ? 'interrupted' : 'running';
    await this.store.write(storedBackup(backup, this.settings), kind);
    this.lastAt = performance.now();
  }

  /** The training is over. */
  async end(position: Position, good: Whole): Promise<void> {
    if (this.store.keepsEnd) await this.write(position, good);
    else await this.store.clear();
  }

  /**
   * The backup to go on from, if there is one.
   * @throws MemcellError 'usage' that shows the differences where it is of another run
   */
  async newest(): Promise<Backup | undefined> {
    const found = await this.store.newest();
    if (!found) return undefined;
    const { name } = this.store;
    const { backup, settings } = readBackup(found, wholeState(this.runner), name);
    const wrong = differences(settings, this.settings);
    if (wrong.length === 0) return { ...backup, ...(found.note !== undefined && { note: found.note }) };
    if (this.store.startAnew) {
      this.store.startAnew(wrong);
      return undefined;
    }
    const more = wrong.length > 4 ? `; and ${wrong.length - 4} more` : '';
    throw usageError(
      `${name} is the backup of another run: ${wrong.slice(0, 4).join('; ')}${more}; go on with what it was, or remove it to start anew`,
    );
  }

  /** Gives the callbacks what they had. */
  restoreCallbacks({ callbacks }: Backup): void {
    this.callbacks.forEach((callback, i) => {
      const state = callbacks[i];
      if (state) callback.loadState?.(state);
    });
  }
}

/** What the callbacks that keep a state were made with. */
export function settingsOfCallbacks(callbacks: readonly Callback[]): Settings {
  return callbacks.flatMap((callback) =>
    callback.saveState ? [{ callback: callback.constructor.name, ...callback.saveState().options }] : [],
  );
}
