import type { Source } from '../../data/source.js';
import type { Table } from '../../data/table.js';
import { readTime } from '../../data/understanding/timeText.js';
import { usageError } from '../../errors.js';
import type { EvaluateOptions, Loaded } from '../definition.js';
import type { Shown, ShownClasses } from '../shown.js';
import type { ClassifyArtefact } from './artefact.js';
import { LabelSum } from './drawnSamples.js';
import { type ClassifyEvaluation, ClassScoring } from './evaluation.js';
import { isPlain, type PlainArtefact, scorePlain } from './plain.js';
import { type ReadPart, readParts } from './readParts.js';
import { allOf, Checksum, predictBatch, sampleClasses, take } from './samples.js';
import { joinShown, showClasses, shownSamples } from './shown.js';
import { tableParts } from './tableParts.js';

/**
 * How often the model is right on a table, beside always answering the most frequent class; a table that is too long to be held
 * goes through in parts.
 * @throws MemcellError for a table that is not as the model's, and when nothing begins at `from` or later
 */
export async function evaluateClasses(
  loaded: Loaded<ClassifyArtefact>,
  source: Source,
  { from, shown }: EvaluateOptions,
): Promise<ClassifyEvaluation> {
  const { artefact } = loaded;
  const scoring = new ClassScoring({
    ...artefact,
    balanced: !isPlain(artefact) && artefact.classWeights === 'balanced',
  });
  const pictures = shown && new JoinedPictures();
  let notes: string[];
  if (!isPlain(artefact)) notes = await scoreParts(loaded, source, scoring, from, pictures);
  else if (from === undefined) notes = await scorePlainParts({ ...loaded, artefact }, source, scoring, pictures);
  else throw usageError('from: a plain model scores all rows; leave it out');
  if (pictures?.joined) shown?.(pictures.joined);
  return scoring.evaluation(notes);
}

class JoinedPictures {
  joined: ShownClasses | undefined;

  readonly add = (part: Shown): void => {
    if (part.kind === 'classify') this.joined = this.joined ? joinShown(this.joined, part) : part;
  };
}

/** @returns what is to be known about the scores */
async function scoreParts(
  { artefact, model }: Loaded<ClassifyArtefact>,
  source: Source,
  scoring: ClassScoring,
  from: string | undefined,
  pictures: JoinedPictures | undefined,
): Promise<string[]> {
  const { classes, label } = artefact;
  const read = await readParts(source, artefact);
  const sum = new Checksum();
  const labels = new LabelSum();
  for await (const part of read.parts) {
    const { frame, samples } = part;
    const actual = sampleClasses(frame, label, samples, classes);
    for (const [sample, content] of samples.contents.entries()) sum.add(content, actual[sample]);
    addLabels(labels, part.table, label, part.placeOf);
    const scored = from === undefined ? allOf(samples) : samplesFrom(from, part);
    if (scored.length === 0) continue;
    const { data } = await model.predict(take(samples.encode(artefact), scored), { batchSize: predictBatch });
    const told = Int32Array.from(scored, (sample) => actual[sample]);
    const of = { frame, samples, encoding: artefact, rowOf: part.rowOf };
    pictures?.add(showClasses(classes, told, data, shownSamples(of, scored)));
    scoring.add(told, data);
  }
  if (scoring.samples === 0) {
    throw usageError(`from: nothing of ${source.name} begins at ${from} or later`);
  }
  return [...trainedOn(artefact, sum, labels), ...read.notes()];
}

function trainedOn({ checksum, drawnFrom }: ClassifyArtefact, sum: Checksum, labels: LabelSum): string[] {
  if (checksum !== undefined && checksum === sum.text) {
    return ['these are the samples that the model was trained on: the figures say how well it remembers them'];
  }
  if (drawnFrom === undefined || drawnFrom !== labels.text) return [];
  return ['the model was trained on rows drawn from this table: the figures say in part how well it remembers them'];
}

function addLabels(labels: LabelSum, table: Table, label: string, placeOf: (row: number) => number): void {
  const { numbers, times, cells } = table.column(label);
  const values = numbers ?? times ?? cells;
  for (let row = 0; row < table.rows; row++) labels.addLabel(values[row], placeOf(row));
}

async function scorePlainParts(
  { artefact, model }: Loaded<ClassifyArtefact & PlainArtefact>,
  source: Source,
  scoring: ClassScoring,
  pictures: JoinedPictures | undefined,
): Promise<string[]> {
  const { group, steps } = artefact;
  const { parts, notes } = await tableParts(source, { ...(group !== undefined && { group: [group] }), longest: steps });
  for await (const { table, placeOf } of parts) {
    await scorePlain(model, artefact, table, { scoring, shown: pictures?.add, placeOf });
  }
  return notes;
}

/**
 * The samples of a part that begin at a row of the whole, counted from 1, or at a time, or later.
 * @throws MemcellError (usage) when it is neither
 */
function samplesFrom(from: string, { frame, samples, rowOf }: ReadPart): Int32Array {
  const { time: reading } = frame.reading;
  const row = /^\s*\d+\s*$/.test(from) ? Number(from) : undefined;
  if (row !== undefined) return allOf(samples).filter((sample) => rowOf(sample) >= row - 1);
  const { time } = frame;
  if (reading === undefined || time === undefined) {
    throw usageError(`from: '${from}' is not a row, counted from 1`);
  }
  const at = readTime(reading, from);
  return allOf(samples).filter((sample) => time.times[samples.rows[sample]] >= at);
}
