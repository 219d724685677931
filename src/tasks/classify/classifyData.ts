import type { Frame } from '../../data/frame.js';
import { list } from '../../data/suggest.js';
import { type UnderstandOptions, understand } from '../../data/understanding/understand.js';
import { quoted } from '../../data/understanding/wording.js';
import { MemcellError, usageError } from '../../errors.js';
import { counted } from '../../format.js';
import { majority } from '../accuracy.js';
import type { Run } from '../definition.js';
import { type ClassifyArtefact, inputShapeOf } from './artefact.js';
import { copyWarnings } from './copies.js';
import type { DrawnTable } from './drawnSamples.js';
import { balancedWeights, takeRows } from './network.js';
import type { ClassifyOptions } from './options.js';
import type { Problem } from './recipes.js';
import {
  canonicalOrder,
  checksum,
  classNamesOf,
  type Encoding,
  type Samples,
  sampleClasses,
  tableSamples,
  textSamples,
} from './samples.js';
import { namesFrom } from './startFrom.js';
import { holdOut } from './strata.js';

const defaultSplit = 0.2;

/** A table understood as samples with classes, in an order that the file's order has no part in. */
export interface ClassifyData {
  frame: Frame;
  options: ClassifyOptions;
  samples: Samples;
  classes: string[];
  /** Of each sample, its class. */
  actual: Int32Array;
  /** All samples, in the order that follows from what is in them. */
  order: Int32Array;
  features: string[];
  warnings: string[];
  /** Samples that are no part of a random sample of the whole table: trained on, and never held out. */
  added?: ReadonlySet<number>;
  /** Of the long table that samples are drawn from. */
  drawnFrom?: string;
}

/** Samples divided into those that are trained on and those that are held out. */
export interface Division {
  train: Int32Array;
  held: Int32Array;
  /** How they were divided, where that is not by chance. */
  note?: string;
  /** Whether a sample is of before those that are held out, where these are the newest. */
  before?(sample: number): boolean;
}

/**
 * Understands a table for classifying.
 * @param before of the model that training starts from: how columns are read, scaled and numbered
 * @throws MemcellError for options that exclude each other, one class only, too many of them, and nothing to learn from
 */
export function readClasses(
  drawn: DrawnTable,
  options: ClassifyOptions,
  run: Run,
  before?: ClassifyArtefact,
): ClassifyData {
  const { label, steps, group, textColumn, features, drop, time, missing, decimal, dates, fill } = options;
  const kinds = [
    ['--steps', steps],
    ['--group', group],
    ['--text-column', textColumn],
  ].filter(([, value]) => value !== undefined);
  if (kinds.length > 1) {
    throw usageError(
      `${kinds[0][0]} and ${kinds[1][0]} exclude each other: a sample is one row, one group of rows, or one text`,
    );
  }
  if (features?.includes(label)) throw usageError(`--features: ${label} is the class itself`);
  if (textColumn === label) throw usageError(`--text-column: ${label} is the class itself`);
  if (textColumn !== undefined && features !== undefined) {
    throw usageError('--text-column and --features exclude each other: a text is classified by itself');
  }
  if (options.tokens !== undefined && textColumn === undefined)
    throw usageError('--tokens belongs to --text-column; give both');
  const own: UnderstandOptions = {
    label,
    ...(time && { time }),
    ...(group && { group }),
    ...(textColumn !== undefined ? { features: [textColumn] } : features && { features }),
    ...(drop && { drop }),
    ...(missing && { missing }),
    ...(decimal && { decimal }),
    ...(dates && { dates }),
    ...(fill && { fill }),
    ...(group === undefined && { timeless: true }),
    ...(steps !== undefined && { whole: true }),
  };
  const like = before?.reading && { like: before.reading, ...(group === undefined && { timeless: true }) };
  const understood = understand(drawn.table, like ?? own);
  const frame = withDrawing(understood, drawn);
  const inputs = before?.features ?? frame.columns.filter(isInput).map(({ name }) => name);
  const used = textColumn !== undefined ? [textColumn] : inputs;
  const names = namesFrom(before, classNamesOf(frame, label), run.from);
  checkClasses(frame, label, names, group === undefined ? frame.rows : frame.series.length);
  if (used.length === 0) throw nothingToLearnFrom(frame, label);
  const flat = steps === undefined && group === undefined && run.layers !== undefined && !takeRows(run.layers);
  const made =
    textColumn !== undefined
      ? textSamples(frame, textColumn, options.tokens)
      : tableSamples(frame, { features: used, steps: flat ? 1 : steps, grouped: group !== undefined });
  const samples = before ? { ...made, learn: (train: Int32Array) => made.learn(train, before) } : made;
  const actual = sampleClasses(frame, label, samples, names);
  return {
    frame,
    options,
    samples,
    classes: names,
    actual,
    order: canonicalOrder(samples, actual),
    features: used,
    warnings: [
      ...fewWarnings(label, names, actual),
      ...(textColumn === undefined ? copyWarnings(frame, label, used) : []),
    ],
    ...(drawn.checksum !== undefined && { drawnFrom: drawn.checksum }),
    ...(drawn.added.size > 0 && { added: addedSamples(frame, samples, drawn.added) }),
  };
}

/** A frame whose account is of the whole table. */
function withDrawing(frame: Frame, { of, notes }: DrawnTable): Frame {
  if (of === undefined) return frame;
  const { account } = frame;
  return { ...frame, account: { ...account, read: of, notes: [...notes, ...account.notes] } };
}

function addedSamples({ origins }: Frame, { rows }: Samples, added: ReadonlySet<number>): Set<number> {
  const found = new Set<number>();
  for (const [sample, row] of rows.entries()) if (added.has(origins[row])) found.add(sample);
  return found;
}

function isInput({ use }: Frame['columns'][number]): boolean {
  return use === 'feature' || use === 'known';
}

/** Which samples are held out: the newest rows where rows have a time, else of each class its share at random. */
export function divide(data: ClassifyData, run: Run): Division {
  const outer = divideOnce(data, run);
  return run.purpose === 'choose' ? divideOnce({ ...data, order: outer.train }, run) : outer;
}

function divideOnce(data: ClassifyData, run: Run): Division {
  const { added } = data;
  if (added === undefined) return divideAll(data, run);
  const drawn = divideAll({ ...data, order: data.order.filter((sample) => !added.has(sample)) }, run);
  const train = new Set(drawn.train);
  const { before = () => true } = drawn;
  return { ...drawn, train: data.order.filter((sample) => train.has(sample) || (added.has(sample) && before(sample))) };
}

function divideAll({ frame, samples, actual, order, options }: ClassifyData, run: Run): Division {
  const share = run.settings.validationSplit ?? defaultSplit;
  if (share === 0) return { train: order, held: new Int32Array(0) };
  // Rows that are merely numbered have no newest part: they may stand in the order of their classes.
  const numbered = frame.reading.time?.notation === 'number' && options.time === undefined;
  if (frame.time !== undefined && !numbered && samples.names === undefined) {
    const { times, columns } = frame.time;
    const byTime = order.slice().sort((a, b) => times[samples.rows[a]] - times[samples.rows[b]]);
    const edge = Math.floor(byTime.length * (1 - share) + 1e-9);
    const train = new Set(byTime.subarray(0, edge));
    const several = new Set(Array.from(train, (sample) => actual[sample])).size > 1;
    if (several) {
      const note = `held out: the newest rows by ${columns.join(', ')}`;
      const newest = times[samples.rows[byTime[edge]]];
      return {
        train: order.filter((one) => train.has(one)),
        held: order.filter((one) => !train.has(one)),
        note,
        before: (sample) => times[samples.rows[sample]] < newest,
      };
    }
    const note = `held out: rows at random, since the oldest rows by ${columns.join(', ')} are of one class`;
    return { ...holdOut(actual, order, share, run.seed), note };
  }
  return holdOut(actual, order, share, run.seed);
}

export function problemOf(
  { actual, classes }: ClassifyData,
  train: Int32Array,
  encoding: Encoding,
  { classWeights }: ClassifyOptions,
): Problem {
  const y = Int32Array.from(train, (sample) => actual[sample]);
  return {
    samples: train.length,
    inputShape: inputShapeOf(encoding),
    classes: classes.length,
    encoding,
    ...(classWeights === 'balanced' && { weights: balancedWeights(y, classes.length) }),
  };
}

/** What is saved, from the samples that the model was trained on. */
export function artefactOf(data: ClassifyData, train: Int32Array, encoding: Encoding): ClassifyArtefact {
  const { frame, options, features, classes, actual, samples } = data;
  return {
    kind: 'classify',
    label: options.label,
    features,
    classes,
    majority: majorityOf(data, train),
    ...(options.group && { groups: options.group }),
    ...encoding,
    reading: frame.reading,
    ...(options.classWeights && { classWeights: options.classWeights }),
    checksum: checksum(samples, actual),
    ...(data.drawnFrom !== undefined && { drawnFrom: data.drawnFrom }),
  };
}

/** The class that most of some samples have. */
export function majorityOf({ actual, classes }: ClassifyData, samples: Int32Array): number {
  return majority(
    Int32Array.from(samples, (sample) => actual[sample]),
    classes.length,
  );
}

/** How to learn from the first column of sentences, which is left out of a table of single values. */
export function textRemedy({ columns }: Frame, words: number): string | undefined {
  const found = columns.find(
    ({ texts, cells }) => texts && cells.slice(0, 9).every((cell) => cell === '' || cell.split(' ').length >= words),
  );
  return found && `--text-column ${quoted(found.name)} tells the class from what it says`;
}

function nothingToLearnFrom(frame: Frame, label: string): MemcellError {
  const { name, account } = frame;
  const reasons = account.columns.flatMap(({ name: column, use, why }) =>
    use === 'out' || use === 'time' ? [`${column} (${use === 'time' ? 'the time' : why})`] : [],
  );
  const others = reasons.length === 0 ? '' : `; left out: ${list(reasons)}`;
  const remedy = textRemedy(frame, 2);
  const texts = remedy === undefined ? '' : `; ${remedy}`;
  return new MemcellError(`${name}: has no column to learn from beside ${label}${others}${texts}`);
}

/** More classes are identifiers or numbers: their outputs would not fit a model, and few of them have samples enough. */
const mostClasses = 1000;

function checkClasses(frame: Frame, label: string, names: readonly string[], count: number): void {
  const place = `${frame.name}, column ${label}`;
  if (count < 2) throw new MemcellError(`${frame.name}: has ${counted(count, 'sample')}; training needs at least two`);
  if (names.length < 2) {
    throw new MemcellError(`${place}: every row is '${names[0]}'; there must be at least two classes`);
  }
  if (names.length > mostClasses) {
    throw new MemcellError(
      `${place}: ${names.length} classes are more than the ${mostClasses} that a model tells apart; choose another column, join rare classes into one, or forecast it if it is a number`,
    );
  }
  if (names.length > Math.max(2, count / 2)) {
    throw new MemcellError(
      `${place}: ${names.length} different values in ${count} samples are no classes; choose another column, or forecast this one`,
    );
  }
}

function fewWarnings(label: string, names: readonly string[], actual: Int32Array): string[] {
  const counts = new Int32Array(names.length);
  for (const c of actual) counts[c]++;
  const single = names.filter((_, c) => counts[c] === 1);
  return single.length === 0
    ? []
    : [`${label}: ${list(single)} has one sample only; nothing tells how well it is told`];
}
