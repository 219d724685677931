/** Recurrent operators become layers when it is seen which of their outputs is read, in which directions, joined how. */
import type { Config } from './calls.js';
import type { NodeReader } from './nodeReader.js';
import { hasPaddedSteps } from './packed.js';
import {
  type Axis,
  axisOf,
  type Direction,
  describe,
  hasHeads,
  isOnly,
  type Merge,
  perStep,
  put,
  type Signal,
  type Stack,
} from './signals.js';

/** A signal that is the output of a layer or of the input: none of a recurrent operator's that is not a layer yet. */
export interface Settled extends Signal {
  pending?: undefined;
}

/** Keeps some of the directions of a recurrent operator's output. */
export function withDirections(signal: Signal, places: number[], node: NodeReader): Signal {
  if (!signal.pending) throw node.error('it chooses a direction of what has none');
  const directions = places.map((place) => signal.pending!.directions[place]);
  return { ...signal, pending: { ...signal.pending, directions } };
}

/** @throws MemcellError 'model' where no layer of Keras gives this output */
export function settle(signal: Signal, node: Pick<NodeReader, 'error'>): Settled {
  if (hasHeads(signal.axes)) throw node.error(`it reads ${describe(signal.axes)}: heads of an attention one by one`);
  return settleHeads(signal, node);
}

/** Of a signal whose features may be parted into heads. */
export function settleHeads(signal: Signal, node: Pick<NodeReader, 'error'>): Settled {
  const { pending, axes, stack } = signal;
  if (!pending) return { kind: 'signal', axes, stack };
  const { directions, output, merge } = pending;
  const sequence = output === 'sequence';
  const [first] = directions;
  if (directions.length === 1 && first.given) return { kind: 'signal', axes, stack: first.below };
  if (directions.length === 1) {
    const settings = { ...first.config, return_sequences: sequence, go_backwards: first.backwards };
    const layer = { className: first.className, config: settings, weights: first.weights };
    const made: Stack = { layer, below: first.below, beside: first.states, output, origin: first };
    // The outputs of a layer that goes backwards stand in the order in which it makes them.
    return { kind: 'signal', axes: first.backwards ? turned(axes) : axes, stack: made };
  }
  if (output === 'cell') {
    throw node.error(
      `it reads the cell states of both directions of ${pending.where}, which no layer of Keras gives as one`,
      'take one direction after the other in the model that is exported',
    );
  }
  return {
    kind: 'signal',
    axes: joinedAxes(axes, merge, node),
    stack: bidirectional(directions, merge, sequence, node),
  };
}

/** Time axes the other way round. */
function turned(axes: readonly Axis[]): Axis[] {
  return axes.map((axis) => axis.map((atom) => (atom.role === 'time' ? { ...atom, reversed: !atom.reversed } : atom)));
}

/** The axes of two directions' outputs, side by side as features. */
function joinedAxes(axes: readonly Axis[], merge: Merge, node: Pick<NodeReader, 'error'>): Axis[] {
  if (merge !== 'concat') return [...axes];
  return axes.map((axis) => {
    const at = axis.findIndex(({ role }) => role === 'direction');
    if (at < 0) return axis;
    const [direction, feature] = axis.slice(at);
    if (feature?.role !== 'feature')
      throw node.error(`the directions are not joined with the features: ${describe(axes)}`);
    return [...axis.slice(0, at), { role: 'feature', size: direction.size * feature.size }, ...axis.slice(at + 2)];
  });
}

function bidirectional(
  directions: Direction[],
  merge: Merge,
  sequence: boolean,
  node: Pick<NodeReader, 'error'>,
): Stack {
  const [forward, backward] = directions;
  const same =
    directions.length === 2 &&
    forward.below === backward.below &&
    forward.className === backward.className &&
    !forward.backwards &&
    backward.backwards &&
    JSON.stringify(forward.config) === JSON.stringify(backward.config);
  if (!same) throw node.error('it joins outputs of recurrent operators that are not the two directions of one layer');
  const inner = { ...forward.config, return_sequences: sequence, go_backwards: false };
  const config: Config = { layer: { class_name: forward.className, config: inner }, merge_mode: merge };
  const weights = [
    ...forward.weights.map((weight) => ({ ...weight, name: `forward/${weight.name}` })),
    ...backward.weights.map((weight) => ({ ...weight, name: `backward/${weight.name}` })),
  ];
  const layer = { className: 'Bidirectional', config, weights };
  const output = sequence ? 'sequence' : 'last';
  return { layer, below: forward.below, beside: directions.flatMap(({ states }) => states), output, origin: forward };
}

/** One step of a sequence, the first or the last as the signal's axis runs: what a recurrent layer gives without its sequence. */
export function lastStep(
  node: NodeReader,
  signal: Signal,
  axis: number,
  which: 'first' | 'last',
  keep: boolean,
): Signal {
  if (hasPaddedSteps(signal))
    throw node.error(
      'it takes one step of padded sequences, behind the end of most',
      'take the final state in its place',
    );
  const [time] = signal.axes[axis];
  const atEnd = (which === 'last') !== (time.reversed === true);
  const without = keep
    ? signal.axes.map((each, at) => (at === axis ? [] : each))
    : signal.axes.filter((_, at) => at !== axis);
  const { pending } = signal;
  if (pending?.directions.length === 1 && pending.output === 'sequence' && pending.directions[0].backwards !== atEnd) {
    return { ...signal, axes: without, pending: { ...pending, output: 'last' } };
  }
  const settled = settle(signal, node);
  // Settling may have turned the axis.
  const end = (which === 'last') !== (settled.axes[axis][0].reversed === true);
  const axes = keep
    ? settled.axes.map((each, at) => (at === axis ? [] : each))
    : settled.axes.filter((_, at) => at !== axis);
  const shorter = end ? lastOnly(settled.stack) : undefined;
  return { kind: 'signal', axes, stack: shorter ?? chosenStep(node, settled, end) };
}

/** The layers with the recurrent one below those that act on each step giving its last output only; undefined if there is none. */
function lastOnly(stack: Stack): Stack {
  if (!stack) return undefined;
  const { layer, below } = stack;
  if (isSequence(layer.className) && layer.config.return_sequences === true) {
    return { ...stack, layer: { ...layer, config: { ...layer.config, return_sequences: false } }, output: 'last' };
  }
  if (!perStep.has(layer.className)) return undefined;
  const made = lastOnly(below);
  return made && { layer, below: made };
}

function isSequence(className: string): boolean {
  return className === 'LSTM' || className === 'GRU' || className === 'SimpleRNN';
}

/**
 * The last step, or the first, of any sequence: h_t = x_t·1 + h_(t−1)·0, a recurrent layer that gives what it last read.
 * With `sequence`, and from the end, it turns a sequence round.
 */
export function carry(stack: Stack, size: number, backwards: boolean, sequence: boolean): Stack {
  const one = new Float32Array(size * size);
  for (let i = 0; i < size; i++) one[i * size + i] = 1;
  const config = {
    units: size,
    activation: 'linear',
    use_bias: false,
    trainable: false,
    return_sequences: sequence,
    go_backwards: backwards,
  };
  return put(stack, 'SimpleRNN', config, [
    { name: 'kernel', shape: [size, size], data: one },
    { name: 'recurrent_kernel', shape: [size, size], data: new Float32Array(size * size) },
  ]);
}

function chosenStep(node: NodeReader, { axes, stack }: Settled, end: boolean): Stack {
  const feature = axes[axisOf(axes, 'feature')];
  if (!feature || axisOf(axes, 'batch') < 0) throw node.error(`it takes a step of ${describe(axes)}`);
  node.spend(2 * feature[0].size ** 2);
  return carry(stack, feature[0].size, !end, false);
}

/** A signal as layers over features read it: an axis of features alone, at `axis`; steps and features that were joined are flattened. */
export function withFeatures(signal: Signal, axis: number, node: Pick<NodeReader, 'error'>): Settled {
  const settled = settle(signal, node);
  const { axes, stack } = settled;
  if (isOnly(axes[axis], 'feature')) return settled;
  const [outer, inner] = axes[axis] ?? [];
  const alone = axes.every((each, at) => at === axis || each.length === 0 || isOnly(each, 'batch'));
  if (alone && axes[axis]?.length === 2 && !outer.reversed && !inner.reversed) {
    const flat = axes.map((each, at): Axis => {
      return at === axis ? [{ role: 'feature', size: outer.size * inner.size }] : each;
    });
    const roles = `${outer.role} ${inner.role}`;
    if (roles === 'time feature') return { ...settled, axes: flat, stack: put(stack, 'Flatten', {}) };
    const turnedRound = put(stack, 'Permute', { dims: [2, 1] });
    if (roles === 'feature time') return { ...settled, axes: flat, stack: put(turnedRound, 'Flatten', {}) };
  }
  throw node.error(`it reads ${describe(axes)} with the features on axis ${axis}`);
}
