/**
 * A graph is read by following its signal: what flows from the input to the output, with what each of its axes means and the
 * layers that it has gone through. Operators that only move axes about change the one, those that compute add to the other.
 */
import type { Config } from './calls.js';
import type { RecurrentClass } from './gates.js';
import type { Constant } from './tensors.js';

/** Stands for a free number of steps: a prime, so that products tell it apart from numbers of features. */
export const freeSteps = 10_007;

export interface Atom {
  role: 'batch' | 'time' | 'feature' | 'direction';
  size: number;
  /** Of a time axis: whether it runs against the output of the layer below. */
  reversed?: boolean;
}

/** What an axis is made of, the slowest first: nothing for an axis of size 1, several after a reshape that joined axes. */
export type Axis = Atom[];

export interface ReadLayer {
  className: string;
  config: Config;
  weights: { name: string; shape: number[]; data: Float32Array }[];
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

/** What a value is that could not be read: an error only if the model's output needs it. */
export interface Failure {
  kind: 'failure';
  error: Error;
}

export type Value = Constant | Signal | Failure;

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
  const names = { batch: 'batch', time: 'steps', feature: 'features', direction: 'directions' };
  return `[${axes.map((axis) => axis.map(({ role }) => names[role]).join('·') || '1').join(', ')}]`;
}

/** The axes in another grouping, in the same order of elements; undefined where that cuts through an axis. */
export function regroup(axes: readonly Axis[], shape: readonly number[]): Axis[] | undefined {
  const atoms = axes.flat();
  let next = 0;
  const made = shape.map((size) => {
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
    return product === size ? axis : undefined;
  });
  if (made.includes(undefined) || atoms.slice(next).some(({ size }) => size !== 1)) return undefined;
  const whole = made as Axis[];
  whole.at(-1)?.push(...atoms.slice(next));
  return whole;
}

export function put(stack: Stack, className: string, config: Config, weights: ReadLayer['weights'] = []): Stack {
  return { layer: { className, config, weights }, below: stack };
}

/** The layers from the input up. */
export function layersOf(stack: Stack): ReadLayer[] {
  const layers: ReadLayer[] = [];
  for (let each = stack; each; each = each.below) layers.push(each.layer);
  return layers.reverse();
}
