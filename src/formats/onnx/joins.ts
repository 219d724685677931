/** Operators that join signals: the two directions of a recurrent layer, or the outputs of several layers. */
import type { NodeReader } from './nodeReader.js';
import { type Settled, settle } from './settle.js';
import { type Axis, axisOf, describe, isOnly, type Merge, type ReadLayer, type Signal, sizeOf } from './signals.js';

const JOINING: Record<Merge, string> = { concat: 'Concatenate', sum: 'Add', ave: 'Average', mul: 'Multiply' };

/** Outputs of several layers, joined by one. */
function joined(node: NodeReader, signals: Signal[], merge: Merge): Settled {
  const [first, ...others] = signals.map((signal) => settle(signal, node));
  const plain = ({ axes }: Settled) => describe(axes).replaceAll('1, ', '');
  const steps = ({ axes }: Settled) => JSON.stringify(axes.flat().filter(({ role }) => role === 'time'));
  const sizes = ({ axes }: Settled) => sizeOf(axes[axisOf(axes, 'feature')] ?? []);
  const fits = others.every(
    (other) =>
      plain(other) === plain(first) &&
      steps(other) === steps(first) &&
      (merge === 'concat' || sizes(other) === sizes(first)),
  );
  if (!fits || axisOf(first.axes, 'feature') < 0) {
    throw node.error(`it joins ${[first, ...others].map(({ axes }) => describe(axes)).join(' and ')}`);
  }
  const layer: ReadLayer = { className: JOINING[merge], config: {}, weights: [] };
  const stack = { layer, below: first.stack, beside: others.map((other) => other.stack) };
  if (merge !== 'concat') return { ...first, stack };
  const size = [first, ...others].reduce((sum, one) => sum + sizes(one), 0);
  const axes = first.axes.map((axis): Axis => (isOnly(axis, 'feature') ? [{ role: 'feature', size }] : axis));
  return { ...first, axes, stack };
}

/** Two directions of a recurrent layer, added, averaged or multiplied; else two layers' outputs. */
export function merged(node: NodeReader, signals: Signal[], merge: Merge): Signal {
  const [first, ...others] = signals;
  const one = (signal: Signal) =>
    signal.pending?.directions.length === 1 && signal.pending.output === first.pending?.output;
  const alike = signals.every((signal) => one(signal) && describe(signal.axes) === describe(first.axes));
  if (!first.pending || !alike || !areOneLayers(signals)) return joined(node, signals, merge);
  const directions = [first, ...others].flatMap(({ pending }) => pending?.directions ?? []);
  return { ...first, pending: { ...first.pending, directions, merge } };
}

/** Whether all these come from the two directions of one recurrent operator, or of two over the same. */
function areOneLayers(signals: readonly Signal[]): boolean {
  const directions = signals.flatMap(({ pending }) => pending?.directions ?? []);
  const [first] = directions;
  return (
    directions.every(({ below, given }) => below === first.below && given === first.given) && directions.length === 2
  );
}

export function concat(node: NodeReader): Signal {
  const signals = node.inputs.map((_, index) => node.signal(index));
  const [first] = signals;
  const axis = node.axis('axis', first.axes.length, undefined);
  if (signals.length === 1) return first;
  const alike = signals.every(
    ({ axes, pending }) =>
      pending?.output === first.pending?.output && pending !== undefined && describe(axes) === describe(first.axes),
  );
  const { pending } = first;
  const features = isOnly(first.axes[axis], 'feature');
  if (features && !(alike && areOneLayers(signals))) return joined(node, signals, 'concat');
  if (!pending || !alike) throw node.error(`it joins outputs along ${describe([first.axes[axis]])}`);
  const directions = signals.flatMap((signal) => signal.pending?.directions ?? []);
  const all: Axis = [{ role: 'direction', size: directions.length }];
  const atoms = first.axes[axis];
  const side =
    isOnly(atoms, 'feature') && signals.every((each) => each.pending?.directions.length === 1)
      ? [...all, ...atoms]
      : all;
  if (side === all && atoms.length > 0 && !isOnly(atoms, 'direction')) {
    throw node.error(`it joins outputs along ${describe([atoms])}`);
  }
  const axes = first.axes.map((each, at) => (at === axis ? side : each));
  return { ...first, axes, pending: { ...pending, directions } };
}
