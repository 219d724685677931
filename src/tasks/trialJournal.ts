/** The trials of a search that are done, on disk, so that a search that was killed or stopped goes on with them. For Node; reached by a dynamic import. */
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { modelError, usageError } from '../errors.js';
import { counted } from '../format.js';
import { readState, removeUnfinished, writeState } from '../formats/stateFile.js';
import { differences, type Settings } from '../training/fingerprint.js';
import type { Outcome, TrialRecords } from './search.js';

export interface TrialJournalOptions {
  folder: string;
  /** Whether to go on with what the folder has. */
  resume: boolean;
  /** Data and settings of the search. */
  settings: Settings;
  /** Takes what must not be silent. */
  say(line: string): void;
}

const file = 'trials.state';
const isOwn = (name: string) => name === file;

export class TrialJournal implements TrialRecords {
  private failed = false;

  private constructor(
    private readonly options: TrialJournalOptions,
    private readonly outcomes: Outcome[],
  ) {}

  /** @throws MemcellError 'usage' that shows the differences where the folder is of another search, 'model' for a damaged file */
  static async open(options: TrialJournalOptions): Promise<TrialJournal> {
    const { folder, resume, settings, say } = options;
    const there = (await fs.readdir(folder).catch((): string[] => [])).includes(file);
    if (!there) {
      if (resume) say(`there is nothing to resume in ${folder}; starting anew`);
      return new TrialJournal(options, []);
    }
    if (!resume) {
      say(`${folder} has trials of a search that was not finished; starting anew (--resume goes on with them)`);
      return new TrialJournal(options, []);
    }
    const path = join(folder, file);
    const { values } = await readState(path);
    if (!isStored(values)) throw modelError(`${path}: not the trials of a search; remove it`);
    const wrong = differences(values.search, settings);
    if (wrong.length > 0) {
      throw usageError(
        `${folder} is of another search: ${wrong.slice(0, 4).join('; ')}; go on with what it was, or leave out --resume to start anew`,
      );
    }
    say(`resuming from ${folder}: ${counted(values.outcomes.length, 'trial is', 'trials are')} done`);
    return new TrialJournal(options, values.outcomes);
  }

  get folder(): string {
    return this.options.folder;
  }

  /** Whether there are trials on disk that a later search could go on with. */
  get isKept(): boolean {
    return this.outcomes.length > 0 && !this.failed;
  }

  get spent(): number {
    return this.outcomes.reduce((sum, { seconds }) => sum + seconds, 0);
  }

  find(trial: number): Outcome | undefined {
    return this.outcomes[trial - 1];
  }

  async add(trial: number, outcome: Outcome): Promise<void> {
    this.outcomes[trial - 1] = outcome;
    if (this.failed) return;
    const { folder, settings, say } = this.options;
    try {
      await writeState(folder, file, { values: { search: settings, outcomes: this.outcomes }, arrays: [] });
    } catch (error) {
      this.failed = true;
      const reason = error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error);
      say(`${folder}: cannot be written (${reason}); this search cannot be resumed later`);
    }
  }

  /** The search is over, and its model saved. */
  async clear(): Promise<void> {
    const { folder } = this.options;
    await fs.rm(join(folder, file), { force: true });
    await removeUnfinished(folder, isOwn);
    await fs.rmdir(folder).catch(() => undefined);
  }
}

function isStored(values: object): values is { search: Settings; outcomes: Outcome[] } {
  if (!('search' in values && 'outcomes' in values && Array.isArray(values.outcomes))) return false;
  return values.outcomes.every(isOutcome);
}

function isOutcome(value: unknown): value is Outcome {
  if (typeof value !== 'object' || value === null) return false;
  const { metric, samples, layers, seconds, error, failed }: Partial<Record<keyof Outcome, unknown>> = value;
  const result = typeof error === 'number' ? Number.isFinite(error) : typeof failed === 'string';
  return (
    result && typeof metric === 'string' && typeof layers === 'string' && [samples, seconds].every(Number.isFinite)
  );
}
