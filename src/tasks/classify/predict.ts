import type { Frame } from '../../data/frame.js';
import { argMax } from '../../data/labels.js';
import type { Source } from '../../data/source.js';
import { readTime } from '../../data/understanding/timeText.js';
import { understand } from '../../data/understanding/understand.js';
import { MemcellError } from '../../errors.js';
import { formatTable } from '../../format.js';
import type { EvaluateOptions, Loaded, Prediction } from '../definition.js';
import type { ClassifyArtefact } from './artefact.js';
import { type ClassifyEvaluation, percent, scoreClasses } from './evaluation.js';
import { evaluateClassify, predictClassify } from './plain.js';
import { isPlain } from './plainTask.js';
import { checksum, type Samples, sampleClasses, tableSamples, take, textSamples } from './samples.js';
import { showClasses, shownSamples } from './shown.js';
import { predictBatch } from './trainClasses.js';

/** Answers that are shown to people one by one. */
const mostRows = 40;

export interface Classification {
  classes: string[];
  /** One per row, or per group, in the table's order. */
  rows: { row: number; group?: string; label: string; probabilities: number[] }[];
}

/** How often the model is right on a table, beside always answering the most frequent class. */
export async function evaluateClasses(
  loaded: Loaded<ClassifyArtefact>,
  source: Source,
  { from, shown }: EvaluateOptions,
): Promise<ClassifyEvaluation> {
  const { artefact, model } = loaded;
  const table = await source.table();
  if (isPlain(artefact)) {
    if (from === undefined) return evaluateClassify(model, artefact, table, shown);
    throw new MemcellError('from: a plain model scores all rows; leave it out', { code: 'usage' });
  }
  const { classes, label } = artefact;
  const frame = understand(table, { like: artefact.reading, ...timeless(artefact) });
  const samples = samplesOf(frame, artefact);
  const actual = sampleClasses(frame, label, samples, classes);
  const scored = from === undefined ? allOf(samples) : samplesFrom(from, frame, samples);
  const { data } = await model.predict(take(samples.encode(artefact), scored), { batchSize: predictBatch });
  const same = artefact.checksum !== undefined && checksum(samples, actual) === artefact.checksum;
  const known = 'these are the samples that the model was trained on: the figures say how well it remembers them';
  const told = Int32Array.from(scored, (sample) => actual[sample]);
  shown?.(showClasses(classes, told, data, shownSamples({ frame, samples, encoding: artefact }, scored)));
  return scoreClasses(told, data, { ...artefact, balanced: artefact.classWeights === 'balanced' }, [
    ...(same ? [known] : []),
    ...samples.notes(artefact),
  ]);
}

/** The class of each row, group of rows or text, with the probability of each class; the class column is not needed. */
export async function predictClasses(
  loaded: Loaded<ClassifyArtefact>,
  source: Source | undefined,
): Promise<Prediction<Classification>> {
  const { artefact, model, name } = loaded;
  if (source === undefined) {
    throw new MemcellError(`${name}: give the DATA whose rows are to be classified`, { code: 'usage' });
  }
  const table = await source.table();
  if (isPlain(artefact)) return predictionOf(artefact, await predictClassify(model, artefact, table), []);
  const frame = understand(table, { like: artefact.reading, only: ['feature', 'known'], ...timeless(artefact) });
  const samples = samplesOf(frame, artefact);
  const { data } = await model.predict(samples.encode(artefact), { batchSize: predictBatch });
  const { classes } = artefact;
  const origin = (sample: number) => frame.origins[samples.rows[sample]];
  const order = samples.names ? allOf(samples) : allOf(samples).sort((a, b) => origin(a) - origin(b));
  const rows = Array.from(order, (i) => ({
    row: origin(i) + 1,
    ...(samples.names && { group: samples.names[i] }),
    label: classes[argMax(data, i, classes.length)],
    probabilities: Array.from(data.subarray(i * classes.length, (i + 1) * classes.length)),
  }));
  return predictionOf(artefact, { classes: [...classes], rows }, [...frame.account.notes, ...samples.notes(artefact)]);
}

function allOf({ count }: Pick<Samples, 'count'>): Int32Array {
  return Int32Array.from({ length: count }, (_, sample) => sample);
}

/**
 * The samples that begin at a row, counted from 1, or at a time, or later.
 * @throws MemcellError (usage) when it is neither, or nothing is left
 */
function samplesFrom(from: string, frame: Frame, { rows, count }: Samples): Int32Array {
  const { time: reading } = frame.reading;
  const row = /^\s*\d+\s*$/.test(from) ? Number(from) : undefined;
  if (row === undefined && (reading === undefined || frame.time === undefined)) {
    throw new MemcellError(`from: '${from}' is not a row, counted from 1`, { code: 'usage' });
  }
  const at = row === undefined && reading ? readTime(reading, from) : 0;
  const later = (sample: number) =>
    row === undefined ? (frame.time?.times[rows[sample]] ?? 0) >= at : frame.origins[rows[sample]] >= row - 1;
  const found = allOf({ count }).filter(later);
  if (found.length > 0) return found;
  throw new MemcellError(`from: nothing of ${frame.name} begins at ${from} or later`, { code: 'usage' });
}

/** Single rows have nothing to do with each other. */
function timeless({ groups }: ClassifyArtefact): { timeless?: true } {
  return groups === undefined ? { timeless: true } : {};
}

/**
 * A table read as the one that the model was trained on.
 * @throws MemcellError for groups longer than the model takes
 */
function samplesOf(frame: Frame, artefact: ClassifyArtefact): Samples {
  const { features, groups, steps, text } = artefact;
  if (text) return textSamples(frame, features[0], text.kind);
  if (groups === undefined)
    return tableSamples(frame, { features, grouped: false, ...(steps !== undefined && { steps }) });
  const long = frame.series.find(({ from, to }) => to - from > (steps ?? 1));
  if (long) {
    throw new MemcellError(
      `${frame.where(long.from + (steps ?? 1))}: ${long.name} has ${long.to - long.from} rows; this model takes up to ${steps}`,
    );
  }
  return tableSamples(frame, { features, grouped: true });
}

function predictionOf(
  artefact: ClassifyArtefact,
  { classes, rows }: Classification,
  notes: string[],
): Prediction<Classification> {
  const group = artefact.group ?? artefact.groups?.join(' / ');
  const head = [group ?? 'row', artefact.label];
  const shown = rows
    .slice(0, mostRows)
    .map(({ row, group: name, label, probabilities }) => [
      name ?? String(row),
      label,
      percent(Math.max(...probabilities)),
    ]);
  const rest = rows.length - shown.length;
  return {
    head: [...head, ...classes.map((name) => `p(${name})`)],
    rows: rows.map(({ row, group: name, label, probabilities }) => [name ?? String(row), label, ...probabilities]),
    result: { classes, rows },
    text:
      formatTable([...head, 'probability'], shown) +
      (rest > 0 ? `\n… ${rest} more rows; --out FILE or --json gives all` : ''),
    notes,
  };
}
