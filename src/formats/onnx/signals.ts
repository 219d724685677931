/**
 * A graph is read by following its signal: what flows from the input to the output, with what each of its axes means and the
 * layers that it has gone through. Operators that only move axes about change the one, those that compute add to the other.
 */
import type { Config } from './calls.js';
import type { RecurrentClass } from './gates.js';
import type { Constant } from './tensors.js';

/** Stands for a free number of steps: a prime, so that products tell it apart from numbers of features. */
export const freeSteps = 10_007;

/** Stands for the free number of rows: a prime, as `freeSteps` is. */
export const freeBatch = 1009;

export interface Atom {
  /** 'head': features in groups, of which 'feature' is one; 'query' and 'key': the steps whose products are scores of an attention. */
  role: 'batch' | 'time' | 'feature' | 'direction' | 'head' | 'query' | 'key';
  size: number;
  /** Of a time axis: whether it runs against the output of the layer below. */
  reversed?: boolean;
  /** Of rows: whether they stand in the order of their lengths. */
  sorted?: boolean;
  /** Of heads: how many features further the next one stands. */
  stride?: number;
}

/** What an axis is made of, the slowest first: nothing for an axis of size 1, several after a reshape that joined axes. */
export type Axis = Atom[];

export interface ReadLayer {
  className: string;
  config: Config;
  weights: { name: string; shape: number[]; data: Float32Array }[];
  /** Of an attention whose outputs go through no matrix yet: how wide each head's are. */
  unprojected?: number;
}

/** A layer on what it reads. */
export interface Made {
  layer: ReadLayer;
  below: Stack;
  /** What it reads beside: the other inputs of one that joins, the first states of a recurrent one. */
  beside?: Stack[];
  /** Of a recurrent layer: which of its outputs this is, and of which operator, so that several of them are of one layer. */
  output?: Pending['output'];
  origin?: Direction;
}

/** Layers from the input up; the empty stack is the model's first input itself. */
export type Stack = Made | undefined;

/** One direction of a recurrent operator, before it is known which of its outputs is read. */
export interface Direction {
  below: Stack;
  className: RecurrentClass;
  /** Without those settings that are not known yet. */
  config: Config;
  weights: ReadLayer['weights'];
  /** Whether it reads the output of the layer below from its end. */
  backwards: boolean;
  /** Where it starts from, if not from zeros: h, and c of an LSTM. */
  states: Stack[];
  /** Whether it leaves out the padding behind the end of each sequence. */
  padded?: true;
  /** Of an input of the model that holds states: one of those, which is `below`. */
  given?: true;
}

export type Merge = 'concat' | 'sum' | 'ave' | 'mul';

/** What comes out of recurrent operators and is not a layer yet. */
export interface Pending {
  output: 'sequence' | 'last' | 'cell';
  directions: Direction[];
  merge: Merge;
  /** The operator, for errors. */
  where: string;
}

export interface Signal {
  kind: 'signal';
  axes: Axis[];
  stack: Stack;
  pending?: Pending;
}

/** Numbers of rows: how many steps each has, or in which order they stand by that. */
export interface Rows {
  kind: 'rows';
  is: 'lengths' | 'order' | 'order back';
  /** Whether the lengths stand in the order of their size. */
  sorted: boolean;
}

/** What a value is that could not be read: an error only if the model's output needs it. */
export interface Failure {
  kind: 'failure';
  error: Error;
}

/** Products of queries and keys, which are a layer's when they have met its values. */
export interface Scores {
  kind: 'scores';
  axes: Axis[];
  /** What the products are of. Which of them is asked for is known from the softmax. */
  query: Side;
  key: Side;
  scale: number;
  causal: boolean;
  /** Whether they are shares: through the softmax over the key's steps. */
  shares: boolean;
}

export interface Side {
  stack: Stack;
  /** Undefined for one that has no steps. */
  steps: Atom | undefined;
  heads: number;
  width: number;
}

/** Steps times their weights, of which the sum is a layer. */
export interface Weighted {
  kind: 'weighted';
  axes: Axis[];
  weights: Stack;
  stack: Stack;
}

/** The place of the largest feature: known at the end of a graph alone. */
export interface Largest {
  kind: 'largest';
  of: Signal;
  where: string;
}

export type Value = Constant | Signal | Scores | Weighted | Largest | Rows | Failure;

export function sizeOf(axis: Axis): number {
  return axis.reduce((product, { size }) => product * size, 1);
}

export function isOnly(axis: Axis | undefined, role: Atom['role']): boolean {
  return axis?.length === 1 && axis[0].role === role;
}

/** The place of the axis that is this and nothing else, or -1. */
export function axisOf(axes: readonly Axis[], role: Atom['role']): number {
  return axes.findIndex((axis) => isOnly(axis, role));
}

export function describe(axes: readonly Axis[]): string {
  const names = {
    ...{ batch: 'batch', time: 'steps', feature: 'features', direction: 'directions' },
    ...{ head: 'heads', query: 'steps', key: 'steps' },
  };
  return `[${axes.map((axis) => axis.map(({ role }) => names[role]).join('·') || '1').join(', ')}]`;
}

/**
 * The axes in another grouping, in the same order of elements; undefined where that cuts through an axis. With `heads`, features may be
 * parted into heads.
 */
export function regroup(axes: readonly Axis[], shape: readonly number[], heads = false): Axis[] | undefined {
  const atoms = axes.flat();
  let next = 0;
  const made = shape.map((size, at) => {
    const axis: Axis = [];
    if (size === 1) {
      if (next < atoms.length && atoms[next].size === 1) axis.push(atoms[next++]);
      return axis;
    }
    let product = 1;
    while (product !== size && next < atoms.length && product * atoms[next].size <= size) {
      product *= atoms[next].size;
      axis.push(atoms[next++]);
    }
    const atom = atoms[next];
    const part = size / product;
    if (heads && product !== size && atom?.role === 'feature' && Number.isInteger(part) && atom.size % part === 0) {
      const stride = atom.size / part;
      axis.push({ role: 'head', size: part, stride });
      atoms[next] = { role: 'feature', size: stride };
      product = size;
    }
    // One row stands with what comes before it, not with the features behind it.
    while (atoms[next]?.size === 1 && at + 1 < shape.length && shape[at + 1] !== 1) axis.push(atoms[next++]);
    return product === size ? axis : undefined;
  });
  if (made.includes(undefined) || atoms.slice(next).some(({ size }) => size !== 1)) return undefined;
  const whole = made as Axis[];
  whole.at(-1)?.push(...atoms.slice(next));
  return whole.map(rejoined);
}

/** Heads beside their features, in one axis, are features again. */
function rejoined(axis: Axis): Axis {
  const made: Axis = [];
  for (const atom of axis.toReversed()) {
    const [inner] = made;
    const joins = atom.role === 'head' && inner?.role === 'feature' && atom.stride === inner.size;
    if (joins) made[0] = { role: 'feature', size: atom.size * inner.size };
    else made.unshift(atom);
  }
  return made;
}

export function hasHeads(axes: readonly Axis[]): boolean {
  return axes.some((axis) => axis.some(({ role }) => role === 'head'));
}

export function put(stack: Stack, className: string, config: Config, weights: ReadLayer['weights'] = []): Stack {
  return { layer: { className, config, weights }, below: stack };
}

/** Layers that act on every step alone, so that they may as well come after a step is chosen. */
export const perStep = new Set([
  'Dense',
  'Activation',
  'LayerNormalization',
  'BatchNormalization',
  'LeakyReLU',
  'ELU',
  'Dropout',
]);

/** The layers from the input up. */
export function layersOf(stack: Stack): ReadLayer[] {
  const layers: ReadLayer[] = [];
  for (let each = stack; each; each = each.below) layers.push(each.layer);
  return layers.reverse();
}
