/**
 * What a task's training has fitted so far, on disk, so that a run that was killed can be resumed: all else of a task is worked out
 * again, which takes no chance and little time, and each network's fit, one after the other, is found here: those that were over with
 * their end, the last one at its newest backup. For Node; reached by a dynamic import.
 */
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import type { Source } from '../data/source.js';
import { modelError, usageError } from '../errors.js';
import { readState, removeUnfinished, writeState } from '../formats/stateFile.js';
import type { BackupKind, BackupStore, StoredBackup } from '../training/backup.js';
import { differences, type Settings } from '../training/fingerprint.js';
import { version } from '../version.js';
import type { FitRecords } from './definition.js';

/** When the journal is written. */
export interface CheckpointTimes {
  /** Seconds after which what is new is written, at the end of a batch. */
  seconds?: number;
  /** Or epochs. */
  epochs?: number;
}

export interface JournalOptions {
  folder: string;
  every: CheckpointTimes;
  /** Whether to go on with what the folder has. */
  resume: boolean;
  /** Data and settings of the run: asked for when they are first needed. */
  settings(): Promise<Settings>;
  /** What one does to start anew where the folder is of another run. */
  anew: string;
  /** Takes what must not be silent. */
  say(line: string): void;
}

/** What a run was given, and of what data, as JSON has it: by this a run that is resumed knows that it is the same. */
export async function settingsOf(given: object, source: Pick<Source, 'name' | 'digests'>): Promise<Settings> {
  const data = (await source.digests?.()) ?? source.name;
  return JSON.parse(JSON.stringify({ memcell: version, ...given, data }));
}

/** A fit by its number in the run, at its end or where it was. */
interface Entry {
  fit: number;
  backup: StoredBackup;
}

const runningFile = 'running.state';
const endedFile = /^ended-(\d{6})\.state$/;
const isOwn = (file: string) => file === runningFile || endedFile.test(file);

export class FitJournal implements FitRecords {
  /** Fits that were over, and how far the one was that ran. */
  readonly found: { ended: number; running: boolean };
  /** Seconds that were spent before. */
  spent = 0;
  private readonly started = performance.now();
  private count = 0;
  private waiting: Entry[] = [];
  private writtenAt = performance.now();
  private written = 0;
  private frozen = false;
  private failed = false;
  private settings: Settings | undefined;

  private constructor(
    private readonly options: JournalOptions,
    private ended: readonly StoredBackup[],
    private running: Entry | undefined,
    /** The folder holds what is not of this run. */
    private stale: boolean,
  ) {
    this.found = { ended: ended.length, running: running !== undefined };
  }

  /**
   * @throws MemcellError 'usage' that shows the differences where the folder is of another run, 'io', 'model' for a damaged file
   */
  static async open(options: JournalOptions): Promise<FitJournal> {
    const { folder, resume } = options;
    const files = await fs.readdir(folder).catch((): string[] => []);
    const there = files.filter(isOwn).sort();
    if (!resume || there.length === 0) {
      if (there.length > 0) {
        options.say(`${folder} has the state of a run that was not finished; starting anew (--resume goes on with it)`);
      }
      return new FitJournal(options, [], undefined, there.length > 0);
    }
    const ended: StoredBackup[] = [];
    let running: Entry | undefined;
    let spent = 0;
    const is = await options.settings();
    for (const file of there) {
      const path = join(folder, file);
      const { run, seconds, entries } = entriesOf(await readState(path), path);
      const wrong = differences(run, is);
      if (wrong.length > 0) {
        throw usageError(
          `${folder} is of another run: ${wrong.slice(0, 4).join('; ')}; go on with what it was, or ${options.anew} to start anew`,
        );
      }
      spent = Math.max(spent, seconds);
      for (const entry of entries) {
        if (file === runningFile) running = entry;
        else if (entry.fit === ended.length) ended.push(entry.backup);
      }
    }
    const journal = new FitJournal(options, ended, running?.fit === ended.length ? running : undefined, false);
    journal.spent = spent;
    journal.settings = is;
    journal.written = there.filter((file) => endedFile.test(file)).length;
    return journal;
  }

  /** Where the next fit's backups are. */
  next(): BackupStore {
    const fit = this.count++;
    const { seconds, epochs } = this.options.every;
    return {
      name: this.options.folder,
      every: { epochs, minutes: seconds === undefined ? undefined : seconds / 60 },
      keepsEnd: true,
      startAnew: (wrong) =>
        this.options.say(`network ${fit + 1} of the resumed run is fitted anew: ${wrong.slice(0, 2).join('; ')}`),
      newest: async () => this.newest(fit),
      write: (backup, kind) => this.write({ fit, backup }, kind),
      clear: async () => {},
    };
  }

  get folder(): string {
    return this.options.folder;
  }

  /** Whether there is something on disk to go on from. */
  get isKept(): boolean {
    return this.settings !== undefined && !this.failed;
  }

  /** The run is over, and its model saved. */
  async clear(): Promise<void> {
    const { folder } = this.options;
    const files = await fs.readdir(folder).catch((): string[] => []);
    // The fits that were over last: without them the running one is of no use.
    for (const file of files.filter(isOwn).sort().reverse()) await fs.rm(join(folder, file), { force: true });
    await removeUnfinished(folder, isOwn);
    await fs.rmdir(folder).catch(() => undefined);
  }

  private newest(fit: number): StoredBackup | undefined {
    const { ended, running } = this;
    if (fit < ended.length) return ended[fit];
    return running?.fit === fit ? running.backup : undefined;
  }

  private async write(entry: Entry, kind: BackupKind): Promise<void> {
    if (this.frozen) return;
    try {
      this.forget(entry.fit);
      if (kind === 'end') {
        this.waiting.push(entry);
        const { seconds } = this.options.every;
        const late = seconds === undefined || performance.now() - this.writtenAt >= 1000 * seconds;
        if (late) await this.flush();
        return;
      }
      await this.flush();
      await this.save(runningFile, [entry]);
      // Those that come after an interruption have not really begun.
      if (kind === 'interrupted') this.frozen = true;
    } catch (error) {
      this.frozen = true;
      this.failed = true;
      const reason = error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error);
      this.options.say(`${this.options.folder}: cannot be written (${reason}); this run cannot be resumed later`);
    }
  }

  /** A fit that was trained anew, since it was not given the same: what was found of it and of those after it is of no use. */
  private forget(fit: number): void {
    if (fit < this.ended.length) {
      this.ended = this.ended.slice(0, fit);
      this.stale = true;
    }
  }

  /** Before the first write: removes what is not of this run. */
  private async begin(): Promise<void> {
    this.settings ??= await this.options.settings();
    if (!this.stale) return;
    await this.clear();
    this.stale = false;
    this.written = 0;
    this.waiting = [...this.ended.map((backup, fit) => ({ fit, backup })), ...this.waiting];
  }

  private async flush(): Promise<void> {
    await this.begin();
    if (this.waiting.length === 0) return;
    await this.save(`ended-${String(this.written + 1).padStart(6, '0')}.state`, this.waiting);
    this.written++;
    this.waiting = [];
  }

  private async save(file: string, entries: readonly Entry[]): Promise<void> {
    const { folder } = this.options;
    const seconds = this.spent + (performance.now() - this.started) / 1000;
    const stored = {
      values: {
        run: this.settings,
        seconds,
        entries: entries.map(({ fit, backup }) => ({ fit, values: backup.values, arrays: backup.arrays.length })),
      },
      arrays: entries.flatMap(({ backup }) => backup.arrays),
    };
    await writeState(folder, file, stored);
    this.writtenAt = performance.now();
    await removeUnfinished(folder, isOwn);
  }
}

interface Stored {
  run: Settings;
  seconds: number;
  entries: { fit: number; values: object; arrays: number }[];
}

function entriesOf({ values, arrays }: StoredBackup, where: string) {
  if (!isStored(values)) throw modelError(`${where}: not the state of a run; remove it`);
  let at = 0;
  const entries = values.entries.map(({ fit, values: own, arrays: count }): Entry => {
    at += count;
    return { fit, backup: { values: own, arrays: arrays.slice(at - count, at) } };
  });
  return { run: values.run, seconds: values.seconds, entries };
}

function isStored(values: object): values is Stored {
  if (!('run' in values && 'entries' in values && 'seconds' in values)) return false;
  const { entries, seconds } = values;
  return Array.isArray(entries) && entries.every(isEntry) && typeof seconds === 'number';
}

function isEntry(entry: unknown): entry is Stored['entries'][number] {
  if (typeof entry !== 'object' || entry === null || !('fit' in entry && 'values' in entry && 'arrays' in entry))
    return false;
  const counts = [entry.fit, entry.arrays];
  return (
    counts.every((count) => Number.isSafeInteger(count) && Number(count) >= 0) &&
    typeof entry.values === 'object' &&
    entry.values !== null
  );
}
