import type { NdArray } from '../../data/array.js';
import { argMax, classIndices, classNames } from '../../data/labels.js';
import { type Scaling, StandardScaler } from '../../data/scaler.js';
import { type Group, groupRows, padGroups, rowsToSteps, stepSize } from '../../data/sequences.js';
import { list } from '../../data/suggest.js';
import type { Table } from '../../data/table.js';
import { MemcellError, usageError } from '../../errors.js';
import { majority } from '../accuracy.js';
import type { EvaluateOptions } from '../definition.js';
import { checkOutputShape, type Predictor, type Samples } from '../prepared.js';
import { checkCount, trainingCount } from '../settings.js';
import type { Answer, ClassifyInput } from './answer.js';
import type { ClassifyArtefact } from './artefact.js';
import { type ClassifyEvaluation, ClassScoring } from './evaluation.js';
import { checkRows, featureColumns, matrix } from './plainColumns.js';
import { take } from './samples.js';
import { maskValue } from './scaling.js';
import { showClasses } from './shown.js';

/** What is saved beside the weights; see ClassifyArtefact. */
export interface PlainArtefact {
  kind: 'classify';
  label: string;
  features: string[];
  /** Class names in the order of the model's outputs. */
  classes: string[];
  /** The class that most training samples have. */
  majority: number;
  steps: number;
  /** The column whose values group rows to sequences; absent: each row is a sequence. */
  group?: string;
  /** Of a step's features. */
  scaling: Scaling;
}

/** Whether a model was trained plainly, or before tables were understood. */
export function isPlain(artefact: ClassifyArtefact): artefact is ClassifyArtefact & PlainArtefact {
  return artefact.reading === undefined;
}

/** Data made ready for training. */
export interface PlainPrepared {
  artefact: PlainArtefact;
  /** The shape of one sample. */
  inputShape: number[];
  /** The layers that are used when none are given. */
  layers: string;
  /** Whether there are padded steps, which a Masking layer in front is to leave out. */
  padded?: boolean;
  loss: string;
  metrics: string[];
  /** What is odd about the data but no reason to stop: one line each. */
  warnings: string[];
  /**
   * The samples, with targets in the shape of a model's output.
   * @param outputShape the model's output shape, the batch first
   * @throws MemcellError (usage) when that is no shape for this task.
   */
  samples(outputShape: readonly (number | null)[]): { train: Samples; validation?: Samples };
  /** The trained model on the held-out part; on the training part when nothing is held out. */
  evaluate(model: Predictor, shown?: EvaluateOptions['shown']): Promise<ClassifyEvaluation>;
}

export interface PlainOptions {
  /** The column that holds the class. */
  label: string;
  /** Each row is a sequence of this many steps, its columns step after step: 1. */
  steps?: number;
  /** Instead: the rows that are equal in this column are one sequence. */
  group?: string;
  /** The columns that go in: all columns of numbers, but for label and group. */
  features?: string[];
}

export const classifyDefaults = { epochs: 30, batchSize: 32, learningRate: 0.001, validationSplit: 0.2 };

/**
 * Rows, or groups of rows, to sequences with one class each. The last ones in the file's order are held out; the scaling
 * is fitted on those before them. Model: (B, steps, features per step) → (B, classes), probabilities.
 * @param before of the model that training starts from
 * @throws MemcellError for one class only, a group of several classes, numbers that are no classes, and bad columns.
 */
export function prepareClassify(
  table: Table,
  options: PlainOptions,
  validationSplit: number,
  before?: { scaling: Scaling; names(found: string[]): string[] },
): PlainPrepared {
  checkRows(table);
  const { label, group } = options;
  if (group !== undefined && options.steps !== undefined) {
    throw usageError('--steps and --group exclude each other: a sequence is one row, or one group of rows');
  }
  const labels = table.texts(label);
  const features = featureColumns(table, options.features, group === undefined ? [label] : [label, group]);
  if (features.includes(label)) throw usageError(`--features: ${label} is the class itself`);
  const found = classNames(labels);
  const classes = before?.names(found) ?? found;
  checkClasses(table, label, classes);

  const groups = sequences(table, group);
  const cells = groups.map((one) => labelOf(table, label, labels, one));
  const indices = classIndices(cells, classes);
  const edge = trainingCount(groups.length, validationSplit);
  checkTrainingClasses(table, label, indices.subarray(0, edge), classes);

  const values = matrix(table, features);
  const fitted = gather(values, features.length, groups.slice(0, edge));
  const longest = groups.reduce((most, { rows }) => Math.max(most, rows.length), 0);
  const steps = group === undefined ? checkCount(options.steps ?? 1, 'steps') : longest;
  const channels = group === undefined ? stepSize(features.length, steps) : features.length;
  const scaler = before
    ? scalerFrom(before.scaling, channels)
    : fitScaler(fitted, channels, group === undefined && steps > 1);
  const artefact: PlainArtefact = {
    kind: 'classify',
    label,
    features,
    classes,
    majority: majority(indices.subarray(0, edge), classes.length),
    steps,
    ...(group !== undefined && { group }),
    scaling: scaler.toJSON(),
  };
  const x = toSequences(artefact, scaler.transform(values), groups, table);
  const part = (from: number, to: number) => {
    const size = x.shape[1] * x.shape[2];
    return {
      x: { data: x.data.subarray(from * size, to * size), shape: [to - from, x.shape[1], x.shape[2]] },
      y: { data: indices.subarray(from, to), shape: [to - from] },
    };
  };
  return {
    artefact,
    inputShape: x.shape.slice(1),
    layers: `LSTM(64), Dense(${classes.length}, softmax)`,
    padded: group !== undefined && groups.some(({ rows }) => rows.length < longest),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    warnings: orderWarnings(label, indices, edge, classes),
    samples: (outputShape) => {
      checkOutputShape(outputShape, [[classes.length]], `end the layers with Dense(${classes.length}, softmax)`);
      const train = part(0, edge);
      return edge < groups.length ? { train, validation: part(edge, groups.length) } : { train };
    },
    evaluate: async (model, shown) => {
      const from = edge < groups.length ? edge : 0;
      const held = { ...part(from, groups.length), indices: indices.subarray(from), groups: groups.slice(from) };
      const scoring = new ClassScoring({ ...artefact, balanced: false });
      await scoreSequences(model, artefact, held, { scoring, ...(shown && { shown }) });
      return scoring.evaluation();
    },
  };
}

/**
 * Scores the model on a table's sequences.
 * @param placeOf the row of the whole, from 0, that a row of the table is
 * @throws MemcellError for a class that the model does not know, and for bad columns.
 */
export async function scorePlain(
  model: Predictor,
  artefact: PlainArtefact,
  table: Table,
  to: { scoring: ClassScoring; shown?: EvaluateOptions['shown']; placeOf(row: number): number },
): Promise<void> {
  const { label, classes, group } = artefact;
  const labels = table.texts(label);
  const unknown = labels.findIndex((cell) => !classes.includes(cell));
  if (unknown >= 0) {
    throw new MemcellError(
      `${table.where(unknown, label)}: '${labels[unknown]}' is no class of this model; its classes: ${list(classes)}`,
    );
  }
  const groups = sequences(table, group, to.placeOf);
  const indices = classIndices(
    groups.map((one) => labelOf(table, label, labels, one)),
    classes,
  );
  await scoreSequences(model, artefact, { x: encode(artefact, table, groups), indices, groups }, to);
}

/** The class of each row, or of each group of rows, of a table: it needs the features (and the group), not the label. */
export async function predictPlain(
  model: Predictor,
  artefact: PlainArtefact,
  table: Table,
  placeOf: (row: number) => number,
): Promise<Answer[]> {
  const { classes, group } = artefact;
  const groups = sequences(table, group, placeOf);
  const { data } = await model.predict(encode(artefact, table, groups));
  return groups.map(({ key, rows }, i) => ({
    row: placeOf(rows[0]) + 1,
    ...(group !== undefined && { group: key }),
    label: classes[argMax(data, i, classes.length)],
    probabilities: Array.from(data.subarray(i * classes.length, (i + 1) * classes.length)),
  }));
}

/** The samples of a table, each as the network sees it. */
export function plainSample(
  artefact: PlainArtefact,
  table: Table,
  placeOf: (row: number) => number,
): { count: number; input(sample: number): ClassifyInput } {
  const groups = sequences(table, artefact.group, placeOf);
  return {
    count: groups.length,
    input: (sample) => ({
      x: take(encode(artefact, table, groups), Int32Array.of(sample)),
      name: `${artefact.group ?? 'row'} ${groups[sample].key}`,
      ...(artefact.group !== undefined && { features: [...artefact.features] }),
    }),
  };
}

/** Which rows each sequence is made of. */
function sequences(table: Table, group: string | undefined, placeOf = (row: number) => row): Group[] {
  if (group !== undefined) return groupRows(table.texts(group));
  return Array.from({ length: table.rows }, (_, row) => ({ key: String(placeOf(row) + 1), rows: [row] }));
}

function encode(artefact: PlainArtefact, table: Table, groups: Group[]): NdArray {
  const scaler = new StandardScaler(artefact.scaling.mean, artefact.scaling.std);
  return toSequences(artefact, scaler.transform(matrix(table, artefact.features)), groups, table);
}

function toSequences(artefact: PlainArtefact, z: Float32Array, groups: Group[], table: Table): NdArray {
  const { features, steps, group } = artefact;
  if (group === undefined) return rowsToSteps(z, features.length, steps);
  const tooLong = groups.find(({ rows }) => rows.length > steps);
  if (tooLong !== undefined) {
    throw new MemcellError(
      `${table.where(tooLong.rows[steps], group)}: ${tooLong.key} has ${tooLong.rows.length} rows; this model takes up to ${steps}`,
    );
  }
  return padGroups(z, features.length, groups, steps, maskValue);
}

async function scoreSequences(
  model: Predictor,
  artefact: PlainArtefact,
  { x, indices, groups }: { x: NdArray; indices: Int32Array; groups: readonly Group[] },
  { scoring, shown }: { scoring: ClassScoring; shown?: EvaluateOptions['shown'] },
): Promise<void> {
  const { data } = await model.predict(x);
  const { classes, group, features, scaling } = artefact;
  const name = (i: number) => (group === undefined ? `row ${groups[i].key}` : groups[i].key);
  const inputs = group === undefined && x.shape[1] > 1 ? [] : features;
  shown?.(showClasses(classes, indices, data, { name, inputs, x, scaling }));
  scoring.add(indices, data);
}

/**
 * One scale for each of a step's features, over all steps. One for all of them when rows are steps of features whose
 * ranges are within a factor of ten: pixels, or samples of one signal, whose different spreads are information.
 */
function fitScaler(values: Float64Array, features: number, rowsAreSteps: boolean): StandardScaler {
  if (rowsAreSteps) {
    const ranges = Array.from({ length: features }, (_, feature) => range(values, feature, features));
    const varying = ranges.filter((one) => one > 0);
    if (varying.length > 0 && Math.max(...varying) <= 10 * Math.min(...varying)) {
      const { mean, std } = StandardScaler.fit(values, 1, values.length);
      return new StandardScaler(new Array(features).fill(mean[0]), new Array(features).fill(std[0]));
    }
  }
  return StandardScaler.fit(values, features, values.length / features);
}

/** @throws MemcellError (usage) for a scaling of another number of inputs */
function scalerFrom({ mean, std }: Scaling, channels: number): StandardScaler {
  if (mean.length === channels) return new StandardScaler(mean, std);
  throw usageError(
    `from: the model takes ${mean.length} numbers a step, and this data has ${channels}; start from a model of such data`,
  );
}

/** The largest less the smallest of every `stride`-th value. */
function range(values: Float64Array, first: number, stride: number): number {
  let [least, most] = [values[first], values[first]];
  for (let i = first; i < values.length; i += stride) {
    least = Math.min(least, values[i]);
    most = Math.max(most, values[i]);
  }
  return most - least;
}

/** The one class of a sequence's rows. */
function labelOf(table: Table, label: string, labels: readonly string[], { key, rows }: Group): string {
  const other = rows.find((row) => labels[row] !== labels[rows[0]]);
  if (other === undefined) return labels[rows[0]];
  throw new MemcellError(
    `${table.where(other, label)}: group ${key} is '${labels[rows[0]]}' before and '${labels[other]}' here; a group has one class`,
  );
}

/** The rows of some groups, row-major. */
function gather(values: Float64Array, features: number, groups: readonly Group[]): Float64Array {
  const rows = groups.flatMap((group) => group.rows);
  const gathered = new Float64Array(rows.length * features);
  for (const [i, row] of rows.entries()) {
    gathered.set(values.subarray(row * features, (row + 1) * features), i * features);
  }
  return gathered;
}

function checkClasses(table: Table, label: string, classes: readonly string[]): void {
  const place = `${table.name}, column ${label}`;
  if (classes.length < 2) {
    throw new MemcellError(`${place}: every row is '${classes[0]}'; there must be at least two classes`);
  }
  if (classes.length > Math.max(2, table.rows / 2)) {
    throw new MemcellError(
      `${place}: ${classes.length} different values in ${table.rows} rows are no classes; choose another column, or forecast this one`,
    );
  }
}

function checkTrainingClasses(table: Table, label: string, indices: Int32Array, classes: readonly string[]): void {
  if (indices.some((index) => index !== indices[0])) return;
  const found = indices.length === 0 ? 'nothing' : `only '${classes[indices[0]]}'`;
  throw new MemcellError(
    `${table.name}, column ${label}: ${found} is left to train on without the part held out; shuffle the rows or hold out less`,
  );
}

function orderWarnings(label: string, indices: Int32Array, edge: number, classes: readonly string[]): string[] {
  const trained = new Set(indices.subarray(0, edge));
  const unseen = classes.filter((_, index) => !trained.has(index));
  if (unseen.length > 0) {
    return [`${label}: ${list(unseen)} occurs only in the part held out; the model cannot learn it; shuffle the rows`];
  }
  const changes = indices.filter((index, i) => i > 0 && index !== indices[i - 1]).length;
  const sorted = changes === classes.length - 1 && edge < indices.length && indices.length > 2 * classes.length;
  return sorted ? [`the rows are sorted by ${label}, so the part held out is not like the rest; shuffle the rows`] : [];
}
