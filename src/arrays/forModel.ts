/** What a file holds, as a model's inputs and targets. */
import { elements, type NdArray } from '../data/array.js';
import { list } from '../data/suggest.js';
import type { Table } from '../data/table.js';
import { MemcellError, usageError } from '../errors.js';
import { counted } from '../format.js';
import type { ModelEnd } from '../model/ends.js';
import type { ArrayFile } from './arrayFile.js';

/** The names that arrays for training have in Keras. */
const X = 'x';
const Y = 'y';

/** Arrays for a model, one for each of its inputs or outputs in their order, and what was not plain about them. */
export interface ModelArrays {
  arrays: NdArray[];
  notes: string[];
}

/**
 * The inputs in a file: an array for each, by name where there are several; of one input also the array named x, or the only one; or
 * the columns of a table.
 * @param columns of a table: those that go in, in this order; default all
 * @throws MemcellError 'data' or 'usage' for what does not fit, in one line
 */
export function inputsFrom(file: ArrayFile, inputs: readonly ModelEnd[], columns?: readonly string[]): ModelArrays {
  if (file.kind === 'table') {
    const [input, ...others] = inputs;
    if (others.length > 0) throw severalNeeded(file.name, inputs, 'inputs');
    return rowsAsSamples(file.table, columns ?? file.table.columns.map(({ name }) => name), input);
  }
  if (columns !== undefined) {
    throw usageError(`${file.name}: --features names columns of a table, and this file holds arrays`);
  }
  const arrays = file.kind === 'one' ? oneOf(file, inputs, 'inputs') : byName(file, inputs, X, 'inputs');
  return { arrays: arrays.map((array, i) => withAxis(array, inputs[i])), notes: [] };
}

/**
 * The targets in a file, by the same rules, with y for x.
 * @throws MemcellError
 */
export function targetsFrom(file: ArrayFile, outputs: readonly ModelEnd[], columns?: readonly string[]): NdArray[] {
  if (file.kind !== 'table') {
    return file.kind === 'one' ? oneOf(file, outputs, 'outputs') : byName(file, outputs, Y, 'outputs');
  }
  const [output, ...others] = outputs;
  if (others.length > 0) throw severalNeeded(file.name, outputs, 'outputs');
  const { table } = file;
  const array = rowsOf(table, columns ?? table.columns.map(({ name }) => name));
  const [rows, width] = array.shape;
  const sample = output.shape.slice(1).map((size) => size ?? 0);
  // A sequence's values in one row; else the loss says what shape it takes.
  return [sample.length > 1 && elements(sample) === width ? { ...array, shape: [rows, ...sample] } : array];
}

/** Whether a file holds targets beside inputs. */
export function hasTargets(file: ArrayFile, outputs: readonly ModelEnd[]): boolean {
  if (file.kind !== 'named') return false;
  const { arrays } = file;
  return outputs.every(({ name }) => arrays.has(name)) || (outputs.length === 1 && arrays.has(Y));
}

type Kind = 'inputs' | 'outputs';

function oneOf(file: Extract<ArrayFile, { kind: 'one' }>, ends: readonly ModelEnd[], kind: Kind): NdArray[] {
  if (ends.length > 1) throw severalNeeded(file.name, ends, kind);
  return [file.array];
}

function severalNeeded(name: string, ends: readonly ModelEnd[], kind: Kind): MemcellError {
  const names = ends.map((end) => end.name).join(', ');
  return new MemcellError(
    `${name}: holds one array, and the model has ${ends.length} ${kind} (${names}); give a JSON object or an .npz with an array for each`,
  );
}

function byName(
  { name: file, arrays }: Extract<ArrayFile, { kind: 'named' }>,
  ends: readonly ModelEnd[],
  short: string,
  kind: Kind,
): NdArray[] {
  const only =
    ends.length === 1 ? (arrays.get(short) ?? (arrays.size === 1 ? [...arrays.values()][0] : undefined)) : undefined;
  return ends.map(({ name }) => {
    const array = arrays.get(name) ?? only;
    if (array) return array;
    const wanted = ends.length === 1 ? `${name} or ${short}` : name;
    throw new MemcellError(
      `${file}: has no array ${wanted} for the model's ${kind}; it has ${list([...arrays.keys()])}`,
    );
  });
}

/** Numbers one by one for an input of one feature: (n) as (n,1). */
function withAxis(array: NdArray, { shape }: ModelEnd): NdArray {
  const missing = shape.at(-1) === 1 && array.shape.length === shape.length - 1;
  return missing ? { ...array, shape: [...array.shape, 1] } : array;
}

function rowsOf(table: Table, columns: readonly string[]): NdArray & { data: Float32Array } {
  const data = new Float32Array(table.rows * columns.length);
  for (const [c, name] of columns.entries()) {
    const numbers = table.numbers(name);
    for (let row = 0; row < table.rows; row++) data[row * columns.length + c] = numbers[row];
  }
  return { data, shape: [table.rows, columns.length] };
}

/**
 * The rows of a table as samples. A row of as many numbers as a sample has is one; where samples are sequences of (T, F) and rows have
 * F numbers, all rows are the steps of one sequence.
 */
function rowsAsSamples(table: Table, columns: readonly string[], { shape }: ModelEnd): ModelArrays {
  const array = rowsOf(table, columns);
  const [rows, width] = array.shape;
  const sample = shape.slice(1);
  const given = `${table.name}: ${counted(rows, 'row')} of ${counted(width, 'number')}`;
  const as = (shaped: number[]): ModelArrays => ({
    arrays: [{ ...array, shape: shaped }],
    notes: [...table.notes, `${given}, read as ${counted(shaped[0], 'sample')} of (${shaped.slice(1).join(', ')})`],
  });
  if (sample.length === 1 && (sample[0] === null || sample[0] === width))
    return { arrays: [array], notes: [...table.notes] };
  const [steps, ...rest] = sample;
  const features = elements(rest.map((size) => size ?? 0));
  if (sample.length === 2 && features === width && (steps === null || steps === rows)) return as([1, rows, width]);
  if (sample.length > 1 && features > 0 && width % features === 0) {
    const fitting = steps ?? width / features;
    if (fitting * features === width) return as([rows, fitting, ...rest.map(Number)]);
  }
  const wanted = `(${sample.map((size) => size ?? 'any').join(', ')})`;
  const remedies = [
    ...(sample.length === 2 && features === width
      ? [`give an array (samples, ${wanted.slice(1)} as JSON or .npy`]
      : []),
    `choose columns with --features (of ${list(table.columns.map(({ name }) => name))})`,
  ];
  throw new MemcellError(`${given}, but a sample of the model has the shape ${wanted}; ${remedies.join(', or ')}`);
}
