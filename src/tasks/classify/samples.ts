import type { NdArray } from '../../data/array.js';
import type { Frame, FrameColumn } from '../../data/frame.js';
import { rowsToSteps, stepSize } from '../../data/sequences.js';
import { list } from '../../data/suggest.js';
import { encode } from '../../data/understanding/encode.js';
import { naturally } from '../../data/understanding/series.js';
import { MemcellError } from '../../errors.js';
import { bitsAt, deriveKey } from '../../random.js';
import type { ClassifyArtefact } from './artefact.js';
import { fitScaling, maskValue } from './scaling.js';
import { encodeTexts, learnTokens, padding, type TextCounts, type TextTokens, type TokenKind } from './texts.js';

/** What is learnt of inputs before a network sees them, and the shape that they come in. */
export type Encoding = Pick<ClassifyArtefact, 'scaling' | 'steps' | 'padded' | 'text'>;

/** Samples that are predicted at once. */
export const predictBatch = 512;

/** A table's rows, groups of rows or texts as samples, before scaling. */
export interface Samples {
  count: number;
  /** Names of the groups; undefined when samples are rows. */
  names?: string[];
  /** The frame's first row of each sample, which is never one that was filled in. */
  rows: Int32Array;
  /** What the inputs of a step are called: the encoded columns. Empty for texts, and where one row is several steps. */
  inputs: readonly string[];
  /**
   * A whole number per sample that follows from its inputs alone: samples in the order of these are in an order that the
   * file's order has no part in.
   */
  contents: Uint32Array;
  /**
   * From the samples that are trained on.
   * @param known scaling and tokens that are not learnt anew
   */
  learn(train: Int32Array, known?: Pick<Encoding, 'scaling' | 'text'>): Encoding;
  /** All samples: (samples, features), (samples, steps, features) or ids (samples, steps). */
  encode(encoding: Encoding): NdArray;
  /** Of texts, how much of them is read with an encoding. */
  read?(encoding: Encoding): TextCounts;
}

export interface TableInputs {
  features: readonly string[];
  steps?: number;
  grouped: boolean;
}

/**
 * Rows, or groups of rows, as samples. A step's inputs are the encoded features: a number is one, a category one for each of
 * its values.
 * @throws MemcellError for steps that do not divide the inputs
 */
export function tableSamples(frame: Frame, { features, steps, grouped }: TableInputs): Samples {
  const columns = features.map((name) => frame.column(name));
  const { names, data, width, plain } = encodeColumns(frame, columns);
  const ranges = grouped ? frame.series : undefined;
  const channels = steps === undefined ? width : stepSize(width, steps);
  const count = ranges?.length ?? frame.rows;
  const rows = Int32Array.from({ length: count }, (_, i) => ranges?.[i].from ?? i);
  const end = (sample: number) => ranges?.[sample].to ?? sample + 1;
  const lengths = Array.from(rows, (from, sample) => end(sample) - from);
  const of = (sample: number) => data.subarray(rows[sample] * width, end(sample) * width);
  return {
    count,
    ...(ranges && { names: ranges.map(({ name }) => name) }),
    rows,
    inputs: channels === width ? names : [],
    contents: Uint32Array.from(rows, (_, sample) => contentOf(of(sample))),
    learn: (train, known) => {
      const parts = Array.from(train, of);
      const alike = steps !== undefined && steps > 1;
      const isPlain = (channel: number) => plain.every((one, column) => one || column % channels !== channel);
      const scaling = known?.scaling ?? fitScaling(parts, channels, alike, isPlain);
      if (!grouped) return { scaling, ...(steps !== undefined && { steps }) };
      const most = longest(lengths);
      return { scaling, steps: most, ...(lengths.some((length) => length < most) && { padded: 'end' }) };
    },
    encode: (encoding) => {
      const z = standardise(data, encoding.scaling);
      if (!grouped) {
        return encoding.steps === undefined
          ? { data: z, shape: [count, width] }
          : rowsToSteps(z, width, encoding.steps);
      }
      return padSteps(z, width, rows, lengths, encoding.steps ?? 1);
    },
  };
}

/** Columns side by side, (rows, width), and which of them are 0 or 1 already, so that scaling has nothing to do. */
function encodeColumns(
  frame: Frame,
  columns: readonly FrameColumn[],
): { names: string[]; data: Float64Array; width: number; plain: boolean[] } {
  const { names, widths, data } = encode(
    frame,
    columns.map(({ name }) => name),
  );
  const plain = columns.flatMap(({ reading }, i) => new Array<boolean>(widths[i]).fill(reading.kind !== 'number'));
  return { names, data, width: names.length, plain };
}

/** z = (x − mean) / std; what is missing becomes 0, the mean. */
function standardise(data: Float64Array, { mean, std }: Encoding['scaling']): Float32Array {
  const z = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const c = i % mean.length;
    z[i] = Number.isNaN(data[i]) ? 0 : (data[i] - mean[c]) / std[c];
  }
  return z;
}

/** (samples, steps, width), filled up with maskValue at the end. */
function padSteps(z: Float32Array, width: number, rows: Int32Array, lengths: number[], steps: number): NdArray {
  const data = new Float32Array(rows.length * steps * width).fill(maskValue);
  for (const [sample, from] of rows.entries()) {
    data.set(z.subarray(from * width, (from + lengths[sample]) * width), sample * steps * width);
  }
  return { data, shape: [rows.length, steps, width] };
}

const noTokens: TextTokens = { kind: 'words', known: [] };

/** The texts of a column as samples: ids of words or characters, filled up at the end. */
export function textSamples(frame: Frame, name: string, kind: TokenKind | undefined): Samples {
  const { cells } = frame.column(name);
  return {
    count: cells.length,
    rows: Int32Array.from(cells, (_, row) => row),
    inputs: [],
    contents: Uint32Array.from(cells, (cell) => deriveKey(0, cell.normalize('NFC')) >>> 0),
    learn: (train, known) => {
      const texts = Array.from(train, (sample) => cells[sample]);
      const text = known?.text ?? learnTokens(texts, kind, `${frame.name}, column ${name}`);
      const steps = longest(encodeTexts(text, cells).ids.map(({ length }) => length));
      return { scaling: { mean: [], std: [] }, steps, text };
    },
    encode: ({ text = noTokens, steps = 1 }) => {
      const { ids } = encodeTexts(text, cells);
      const data = new Int32Array(cells.length * steps).fill(padding);
      for (const [sample, own] of ids.entries()) data.set(own.subarray(0, steps), sample * steps);
      return { data, shape: [cells.length, steps] };
    },
    read: ({ text = noTokens }) => encodeTexts(text, cells).counts,
  };
}

function longest(lengths: readonly number[]): number {
  return lengths.reduce((most, length) => Math.max(most, length), 1);
}

/** Mixes the bits of numbers to 32: equal for equal numbers, whatever is around them. */
function contentOf(values: Float64Array): number {
  const bits = new Int32Array(values.slice().buffer);
  let mixed = values.length;
  for (let i = 0; i < bits.length; i++) mixed = bitsAt(mixed, bits[i]);
  return mixed;
}

/** The samples in an order that follows from what is in them and their classes. */
export function canonicalOrder({ count, contents, names }: Samples, classes: Int32Array): Int32Array {
  const order = allOf({ count });
  const byName = (a: number, b: number) => (names && names[a] !== names[b] ? (names[a] < names[b] ? -1 : 1) : 0);
  return order.sort((a, b) => contents[a] - contents[b] || classes[a] - classes[b] || byName(a, b));
}

/** Of a set of samples with classes: equal for the same samples, in whatever order. */
export function checksum({ contents }: Samples, classes: Int32Array): string {
  const sum = new Checksum();
  for (const [sample, content] of contents.entries()) sum.add(content, classes[sample]);
  return sum.text;
}

/** Of pairs of whole numbers, in whatever order: equal for the same pairs. */
export class Checksum {
  private count = 0;
  private a = 0;
  private b = 0;

  add(content: number, other: number): void {
    this.a = (this.a + bitsAt(content, other)) >>> 0;
    this.b = (this.b + bitsAt(other + 1, content)) >>> 0;
    this.count++;
  }

  get text(): string {
    const hex = (part: number) => part.toString(16).padStart(8, '0');
    return `${this.count}-${hex(this.a)}${hex(this.b)}`;
  }
}

/** All samples. */
export function allOf({ count }: Pick<Samples, 'count'>): Int32Array {
  return Int32Array.from({ length: count }, (_, sample) => sample);
}

/** Some of all samples, in the order given. */
export function take({ data, shape }: NdArray, samples: Int32Array): NdArray {
  const size = data.length / shape[0];
  const taken =
    data instanceof Int32Array ? new Int32Array(samples.length * size) : new Float32Array(samples.length * size);
  for (const [i, sample] of samples.entries()) taken.set(data.subarray(sample * size, (sample + 1) * size), i * size);
  return { data: taken, shape: [samples.length, ...shape.slice(1)] };
}

/** The classes that a column holds, in natural order: numbers by size, also within texts, so that week 2 is before 10. */
export function classNamesOf(frame: Frame, label: string): string[] {
  const found = new Set(frame.column(label).cells);
  // A row that was filled in between two others has no class of its own.
  found.delete('');
  return [...found].sort(naturally);
}

/**
 * The class of each sample; a group's rows have one.
 * @throws MemcellError for a group of several classes, and a class that is not among the names
 */
export function sampleClasses(frame: Frame, label: string, samples: Samples, names: readonly string[]): Int32Array {
  const { cells } = frame.column(label);
  const index = new Map(names.map((name, i) => [name, i]));
  return Int32Array.from(samples.rows, (first, sample) => {
    const name = cells[first];
    const end = samples.names ? frame.series[sample].to : first + 1;
    for (let row = first + 1; row < end; row++) {
      if (cells[row] === name || cells[row] === '') continue;
      throw new MemcellError(
        `${frame.where(row, label)}: group ${samples.names?.[sample]} is '${name}' before and '${cells[row]}' here; a group has one class`,
      );
    }
    const found = index.get(name);
    if (found !== undefined) return found;
    throw new MemcellError(
      `${frame.where(first, label)}: '${name}' is no class of this model; its classes: ${list(names)}; remove these rows`,
    );
  });
}
