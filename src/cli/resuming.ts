import { InvalidArgumentError } from 'commander';
import type { Source } from '../data/source.js';
import type { CheckpointTimes, FitJournal } from '../tasks/fitJournal.js';
import type { TrialJournal } from '../tasks/trialJournal.js';
import type { Settings } from '../training/fingerprint.js';
import type { Asked, TrainingValues } from './choose.js';
import { trainingOf } from './choose.js';
import { parseDuration } from './values.js';

/** What a run keeps on disk so that it can be resumed is beside its model's folder. */
function resumeFolder(out: string): string {
  return `${out.replace(/[/\\]+$/, '')}.resume`;
}

/** 30s, 5min, or 10 epochs. */
export function parseCheckpoint(text: string): CheckpointTimes {
  const epochs = /^(\d+)\s*epochs?$/i.exec(text.trim());
  if (!epochs) return { seconds: parseDuration(text) };
  if (Number(epochs[1]) === 0) throw new InvalidArgumentError('It must be a time or some epochs above 0.');
  return { epochs: Number(epochs[1]) };
}

export interface Resuming {
  out: string;
  resume: boolean;
  every: CheckpointTimes | undefined;
  sql: string | undefined;
  /** Of the model that it starts from. */
  from: Settings;
}

/** The trials of a run of `memcell tune`: how many there are to be, and how long they may take, may change. */
export async function openTrials(
  { out, resume, sql }: Pick<Resuming, 'out' | 'resume' | 'sql'>,
  { kind, options }: Asked,
  values: TrainingValues,
  source: Source,
  say: (line: string) => void,
): Promise<TrialJournal> {
  const { TrialJournal } = await import('../tasks/trialJournal.js');
  const { settingsOf } = await import('../tasks/fitJournal.js');
  const { threads: _, budget: __, ...training } = trainingOf(values);
  const settings = await settingsOf({ task: kind, options, training, sql }, source);
  return TrialJournal.open({ folder: resumeFolder(out), resume, settings, say });
}

/** The journal of a run of `memcell train`. */
export async function openJournal(
  { out, resume, every = { seconds: 60 }, sql, from }: Resuming,
  { kind, options }: Asked,
  values: TrainingValues,
  source: Source,
  say: (line: string) => void,
): Promise<FitJournal> {
  const { FitJournal, settingsOf } = await import('../tasks/fitJournal.js');
  const { threads: _, ...training } = trainingOf(values);
  const settings = () => settingsOf({ task: kind, options, training, sql, from }, source);
  const anew = 'leave out --resume';
  const journal = await FitJournal.open({ folder: resumeFolder(out), every, resume, settings, anew, say });
  const { ended, running } = journal.found;
  if (resume && ended === 0 && !running) say(`there is nothing to resume in ${resumeFolder(out)}; starting anew`);
  else if (resume) {
    const count = `${ended} ${ended === 1 ? 'network was' : 'networks were'} trained`;
    say(`resuming from ${resumeFolder(out)}: ${count}${running ? ', one in part' : ''}`);
  }
  return journal;
}
