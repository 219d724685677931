/** Backups of a task that is trained in code: what `memcell train --resume` does on the command line. */
import type { DataInput, Source } from '../data/source.js';
import { usageError } from '../errors.js';
import { checkBackupFolder } from '../formats/backups.js';
import { shown } from '../spelling.js';
import { fingerprintOf } from '../training/fingerprint.js';
import type { FitJournal } from './fitJournal.js';
import { checkKinds, count, positive, text } from './options.js';

/** Where a task's training keeps what it has fitted so far, and how often. */
export interface TaskBackup {
  /** The same call with the same data goes on from what is there, to the same model; it is empty again when the training is over. */
  folder: string;
  /** A backup after a batch, when so many minutes have gone since the last one. Default 1, unless epochs are given. */
  minutes?: number;
  /** A backup after every so many epochs. */
  epochs?: number;
}

const kinds = { folder: text, minutes: positive, epochs: count };

/**
 * @param settings of the run, without its data
 * @throws MemcellError 'usage' for a folder that is of another run, with the difference, and in a page, which has no folders
 */
export async function openBackup(
  given: string | TaskBackup,
  settings: object,
  source: Source,
  data: DataInput,
  say: (line: string) => void,
): Promise<FitJournal> {
  const wanted = typeof given === 'string' ? { folder: given } : given;
  if (typeof wanted !== 'object' || wanted === null) {
    throw usageError(`backup must be a folder or { folder, minutes, epochs }, not ${shown(given)}`);
  }
  const { folder, minutes, epochs } = checkKinds(kinds, { ...wanted }, 'backup');
  checkBackupFolder(folder);
  const { FitJournal, settingsOf } = await import('./fitJournal.js');
  const seconds = minutes === undefined ? (epochs === undefined ? 60 : undefined) : 60 * minutes;
  const of = source.digests ? source : { name: digestOf(data) };
  return FitJournal.open({
    folder,
    every: { ...(seconds !== undefined && { seconds }), ...(epochs !== undefined && { epochs }) },
    resume: true,
    settings: () => settingsOf(settings, of),
    anew: 'remove the folder',
    say,
  });
}

/** Of data as a program has it: its length as JSON, and a fingerprint of that. */
function digestOf(data: DataInput): string {
  const plain = (_: string, value: unknown) => (ArrayBuffer.isView(value) ? [...numbersIn(value)] : value);
  const written = JSON.stringify(data, plain);
  const letters = Int32Array.from({ length: written.length }, (_, at) => written.charCodeAt(at));
  return `${written.length} letters of JSON, ${fingerprintOf({ data: letters, shape: [letters.length] })}`;
}

function numbersIn(view: ArrayBufferView): Iterable<unknown> {
  return Symbol.iterator in view ? (view as Iterable<unknown> & ArrayBufferView) : new Uint8Array(view.buffer);
}
