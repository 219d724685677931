/** Operators that move the axes of a signal, or choose of it what Keras's layers choose: a direction, the last step. */

import { chosenFeatures } from './heads.js';
import type { NodeReader } from './nodeReader.js';
import { lastStep, settle, settleHeads, withDirections } from './settle.js';
import type { Value } from './signals.js';
import { type Axis, describe, isOnly, put, regroup, type Signal, sizeOf } from './signals.js';
import { isAll } from './tensors.js';

/** What such a graph is, and what to do. */
export const unrolled =
  'the exporter has unrolled a recurrent layer for a fixed number of steps; export it with its operator (PyTorch: dynamo=False)';

type Move = (node: NodeReader, signal: Signal) => Signal | Signal[];

function reshape(node: NodeReader, signal: Signal, shape: number[]): Signal {
  const axes = regroup(signal.axes, shape);
  if (axes) return { ...signal, axes };
  const [batch, steps, features] = shape;
  const flat = signal.axes.length === 2 && isOnly(signal.axes[0], 'batch') && isOnly(signal.axes[1], 'feature');
  if (flat && shape.length === 3 && batch === sizeOf(signal.axes[0])) {
    const settled = settle(signal, node);
    const stack = put(settled.stack, 'Reshape', { target_shape: [steps, features] });
    const made: Axis[] = [signal.axes[0], [{ role: 'time', size: steps }], [{ role: 'feature', size: features }]];
    return { kind: 'signal', axes: made, stack };
  }
  const apart = settleHeads(signal, node);
  const heads = regroup(apart.axes, shape, true);
  if (heads) return { ...apart, axes: heads };
  throw node.error(`it cuts through an axis: ${describe(signal.axes)} to shape [${shape}]`);
}

function squeeze(node: NodeReader, signal: Signal): Signal {
  const sizes = signal.axes.map(sizeOf);
  const axes = node.axes(1, sizes.length) ?? sizes.flatMap((size, axis) => (size === 1 ? [axis] : []));
  let made = signal;
  for (const axis of axes) {
    if (sizes[axis] !== 1) throw node.damaged(`axis ${axis} of ${describe(signal.axes)} is not of size 1`);
    if (isOnly(signal.axes[axis], 'time')) made = lastStep(node, made, axis, 'last', true);
    else if (signal.axes[axis].some(({ role }) => role === 'time')) throw node.error('it drops the steps');
  }
  return { ...made, axes: made.axes.filter((_, axis) => !axes.includes(axis)) };
}

/** One element of an axis, which is kept with size 1 or dropped. */
function pick(node: NodeReader, signal: Signal, axis: number, index: number, keep: boolean): Signal {
  const { axes } = signal;
  const size = sizeOf(axes[axis]);
  const place = index < 0 ? index + size : index;
  if (!(Number.isInteger(place) && place >= 0 && place < size)) throw node.damaged(`index ${index} is none of ${size}`);
  const without = {
    ...signal,
    axes: keep ? axes.map((each, at) => (at === axis ? [] : each)) : axes.filter((_, at) => at !== axis),
  };
  if (isOnly(axes[axis], 'direction')) return withDirections(without, [place], node);
  if (isOnly(axes[axis], 'time')) {
    if (place !== 0 && place !== size - 1) {
      throw node.error(`it takes step ${place} alone, neither the first nor the last`, unrolled);
    }
    return lastStep(node, signal, axis, place === size - 1 ? 'last' : 'first', keep);
  }
  if (size === 1) return without;
  if (isOnly(axes[axis], 'head') || isOnly(axes[axis], 'feature')) {
    const made = chosenFeatures(node, signal, axis, place, 1);
    return keep ? made : { ...made, axes: made.axes.filter((_, at) => at !== axis) };
  }
  throw node.error(`it takes one element of ${describe([axes[axis]])}`);
}

function gather(node: NodeReader, signal: Signal): Signal {
  const indices = node.constant(1, 'index');
  const axis = node.axis('axis', signal.axes.length, 0);
  const index = indices.data?.[0] ?? indices.fill;
  const keep = indices.shape.length > 0;
  if (keep && (indices.shape.length !== 1 || indices.shape[0] !== 1))
    throw node.error('it takes several elements by number');
  return pick(node, signal, axis, index, keep);
}

function slice(node: NodeReader, signal: Signal): Signal {
  let made = signal;
  for (const { axis, start, step, count } of node.slices(signal.axes.map(sizeOf))) {
    const atoms = made.axes[axis];
    const size = sizeOf(atoms);
    if (isOnly(atoms, 'time') && step === -1 && count === size && start === size - 1) {
      const turned: Axis = [{ ...atoms[0], reversed: !atoms[0].reversed }];
      made = { ...made, axes: made.axes.map((each, at) => (at === axis ? turned : each)) };
    } else if (count === 1) {
      made = pick(node, made, axis, start, true);
    } else if (isOnly(atoms, 'direction') && count > 0) {
      made = chosen(
        made,
        axis,
        Array.from({ length: count }, (_, at) => start + at * step),
        node,
      );
    } else if (step === 1 && isOneDirection(atoms, start, count)) {
      const axes = made.axes.map((each, at) => (at === axis ? atoms.slice(1) : each));
      made = withDirections({ ...made, axes }, [start / count], node);
    } else if (step === 1 && count > 0 && (isOnly(atoms, 'feature') || isOnly(atoms, 'head'))) {
      made = chosenFeatures(node, made, axis, start, count);
    } else {
      throw node.error(`it takes ${count} of the ${size} elements of ${describe([atoms])}`);
    }
  }
  return made;
}

/** Whether a part of directions side by side is all that one of them gives. */
function isOneDirection([direction, feature]: Axis, start: number, count: number): boolean {
  return (
    direction?.role === 'direction' && feature?.role === 'feature' && count === feature.size && start % count === 0
  );
}

/** Some of the directions. */
function chosen(signal: Signal, axis: number, places: number[], node: NodeReader): Signal {
  const left: Axis = places.length === 1 ? [] : [{ role: 'direction', size: places.length }];
  const axes = signal.axes.map((each, at) => (at === axis ? left : each));
  return withDirections({ ...signal, axes }, places, node);
}

function split(node: NodeReader, signal: Signal): Signal[] {
  const axis = node.axis('axis', signal.axes.length, 0);
  const directions = isOnly(signal.axes[axis], 'direction');
  if (!directions && !isOnly(signal.axes[axis], 'head') && !isOnly(signal.axes[axis], 'feature'))
    throw node.error(`it splits ${describe([signal.axes[axis]])}`);
  let start = 0;
  return node.splits(sizeOf(signal.axes[axis])).map((size) => {
    const places = Array.from({ length: size }, (_, at) => start + at);
    start += size;
    if (!directions) return chosenFeatures(node, signal, axis, places[0], size);
    return chosen(signal, axis, places, node);
  });
}

/** All steps the other way round; TensorFlow's Reverse. */
function reverseSequence(node: NodeReader, signal: Signal): Signal {
  const { axes } = signal;
  const [time, batch] = [node.axis('time_axis', axes.length, 0), node.axis('batch_axis', axes.length, 1)];
  const lengths = node.constant(1, 'sequence_lens');
  const size = sizeOf(axes[time]);
  if (!isOnly(axes[time], 'time') || !isOnly(axes[batch], 'batch') || !isAll(lengths, size)) {
    throw node.error(`it turns round a part of ${describe(axes)}, not all steps of it`);
  }
  const turned: Axis = [{ ...axes[time][0], reversed: !axes[time][0].reversed }];
  return { ...signal, axes: axes.map((each, at) => (at === time ? turned : each)) };
}

const moves: Record<string, Move> = {
  Identity: (_, signal) => signal,
  Cast: (_, signal) => signal,
  Dropout: (_, signal) => signal,
  Transpose: (node, signal) => ({ ...signal, axes: node.perm(signal.axes.length).map((axis) => signal.axes[axis]) }),
  Reshape: (node, signal) => reshape(node, signal, node.reshaped(signal.axes.map(sizeOf))),
  Flatten: (node, signal) => reshape(node, signal, node.flattened(signal.axes.map(sizeOf))),
  Squeeze: squeeze,
  Unsqueeze: (node, signal) => ({ ...signal, axes: node.unsqueezed<Axis>(signal.axes, []) }),
  Gather: gather,
  Slice: slice,
  Split: split,
  ReverseSequence: reverseSequence,
};

/** Undefined for an operator that is not one of these. */
export function move(node: NodeReader): Value[] | undefined {
  const [first] = node.inputs;
  if (first?.kind !== 'signal' || !Object.hasOwn(moves, node.opType)) return undefined;
  const made = moves[node.opType](node, first);
  return Array.isArray(made) ? made : [made];
}
