/**
 * Attention as exporters write it: scores query·keyᵀ, their softmax, and its product with the values, for all features or for each head
 * (Vaswani et al. 2017, arXiv:1706.03762); and steps that are weighted and summed.
 */
import { elements } from '../../data/array.js';
import { featuresIn, linearDense } from './heads.js';
import type { NodeReader } from './nodeReader.js';
import { type Settled, settle, settleHeads } from './settle.js';
import {
  type Atom,
  type Axis,
  axisOf,
  describe,
  isOnly,
  put,
  type ReadLayer,
  regroup,
  type Scores,
  type Side,
  type Signal,
  type Stack,
  sizeOf,
  type Value,
  type Weighted,
} from './signals.js';
import { type Constant, isAll } from './tensors.js';

/** Scores from here down count as none: what exporters write for −∞. */
const NONE = -1e4;

/** The product of two values along the last axis of the one and the last but one of the other; other axes are the same in both. */
export function meet(node: NodeReader, a: Value | undefined, b: Value | undefined): Signal | Scores {
  if (a?.kind === 'scores' && b?.kind === 'signal') return attended(node, a, b, false);
  if (a?.kind === 'signal' && b?.kind === 'scores') return attended(node, b, a, true);
  if (a?.kind !== 'signal' || b?.kind !== 'signal') throw node.error('its factors are not outputs of layers');
  const [one, other] = [a, b].map((each) => rowApart(settleHeads(each, node)));
  const rank = one.axes.length;
  const [left, right] = [one.axes[rank - 1], other.axes[rank - 2]];
  if (rank < 3 || rank !== other.axes.length || !alike(one.axes.slice(0, -2), other.axes.slice(0, -2)))
    throw node.error(`it multiplies ${describe(one.axes)} and ${describe(other.axes)}`);
  if (isOnly(left, 'feature') && isOnly(right, 'feature') && sizeOf(left) === sizeOf(right)) {
    const [rows, columns] = [stepsOf(one.axes[rank - 2]), stepsOf(other.axes[rank - 1])];
    if (rows && columns) {
      const lead = one.axes.slice(0, -2);
      const width = sizeOf(left);
      const sides: [Side, Side] = [side(node, one, rows.atom, width), side(node, other, columns.atom, width)];
      const axes = [...lead, axisOfSteps('query', rows.atom), axisOfSteps('key', columns.atom)];
      return { kind: 'scores', axes, query: sides[0], key: sides[1], scale: 1, causal: false, shares: false };
    }
  }
  if (isOnly(left, 'time') && isOnly(right, 'time') && featuresIn(one.axes.slice(0, -2)) === 1) {
    // (B,1,T)·(B,T,U), or (B,U,T)·(B,T,1)
    const [weights, of] = one.axes[rank - 2].length === 0 ? [one, other] : [other, one];
    const rest = of === one ? one.axes[rank - 2] : other.axes[rank - 1];
    const single = weights === one ? one.axes[rank - 2] : other.axes[rank - 1];
    if (single.length === 0 && (isOnly(rest, 'feature') || rest.length === 0)) {
      const axes = [...one.axes.slice(0, -2), one.axes[rank - 2], other.axes[rank - 1]];
      return summed(node, { kind: 'weighted', axes, weights: weights.stack, stack: of.stack }, left, right);
    }
  }
  throw node.error(`it multiplies ${describe(one.axes)} and ${describe(other.axes)}`);
}

/** A single row that stands beside something else, in an axis of its own where one is free. */
function rowApart(signal: Settled): Settled {
  const at = signal.axes.findIndex(
    (axis) => axis.length > 1 && axis.some(({ role, size }) => role === 'batch' && size === 1),
  );
  const free = signal.axes.findIndex((axis) => axis.length === 0);
  if (at < 0 || free < 0) return signal;
  const [row] = signal.axes[at].filter(({ role }) => role === 'batch');
  const axes = signal.axes.map((axis, place) => {
    if (place === free) return [row];
    return place === at ? axis.filter((atom) => atom !== row) : axis;
  });
  return { ...signal, axes };
}

function alike(one: readonly Axis[], other: readonly Axis[]): boolean {
  const plain = (axes: readonly Axis[]) =>
    JSON.stringify(axes.map((axis) => axis.map(({ role, size }) => [role, size])));
  return plain(one) === plain(other);
}

/** The steps of an axis, or none for one of size 1. */
function stepsOf(axis: Axis): { atom: Atom | undefined } | undefined {
  if (axis.length === 0) return { atom: undefined };
  return isOnly(axis, 'time') ? { atom: axis[0] } : undefined;
}

function axisOfSteps(role: 'query' | 'key', steps: Atom | undefined): Axis {
  return steps ? [{ role, size: steps.size }] : [];
}

function side(node: NodeReader, { axes, stack }: Settled, steps: Atom | undefined, width: number): Side {
  const heads = axes.flat().filter(({ role }) => role === 'head');
  if (heads.length > 1 || heads.some(({ stride }) => stride !== width))
    throw node.error(`it multiplies ${describe(axes)}, where the heads are not parts side by side`);
  return { stack, steps, heads: heads[0]?.size ?? 1, width };
}

/** Operators on scores before they meet the values. */
export function onScores(node: NodeReader, scores: Scores): Value {
  const { opType } = node;
  if (opType === 'Identity' || opType === 'Cast' || opType === 'Dropout') return scores;
  if (opType === 'Reshape') {
    const axes = regroup(scores.axes, node.reshaped(scores.axes.map(sizeOf)));
    if (axes) return { ...scores, axes };
  }
  if (opType === 'Squeeze') {
    const axes = node.axes(1, scores.axes.length) ?? [];
    if (axes.length > 0 && axes.every((axis) => scores.axes[axis].length === 0))
      return { ...scores, axes: scores.axes.filter((_, axis) => !axes.includes(axis)) };
  }
  if (opType === 'Unsqueeze') return { ...scores, axes: node.unsqueezed<Axis>(scores.axes, []) };
  if (opType === 'Transpose')
    return { ...scores, axes: node.perm(scores.axes.length).map((axis) => scores.axes[axis]) };
  if (opType === 'Softmax') return softmaxed(node, scores);
  if (!scores.shares) {
    const other = node.inputs.find((value) => value?.kind === 'constant') as Constant | undefined;
    const first = node.inputs[0] === scores;
    const number =
      other && !other.triangle && elements(other.shape) === 1 ? (other.data?.[0] ?? other.fill) : undefined;
    if (number !== undefined && opType === 'Mul') return { ...scores, scale: scores.scale * number };
    if (number !== undefined && opType === 'Div' && first) return { ...scores, scale: scores.scale / number };
    if (number === 0 && opType === 'Add') return scores;
    if (other && opType === 'Add') return masked(node, scores, other);
  }
  throw node.error(
    `it computes with ${scores.shares ? 'shares' : 'scores'} of an attention what none of memcell's layers does`,
  );
}

function softmaxed(node: NodeReader, scores: Scores): Scores {
  const axis = node.axis('axis', scores.axes.length, node.opset < 13 ? 1 : -1);
  if (node.opset < 13 && axis !== scores.axes.length - 1) throw node.error(`axis ${axis} is not its last`);
  if (scores.shares) throw node.error('it is a softmax of a softmax');
  if (isOnly(scores.axes[axis], 'key')) return { ...scores, shares: true };
  if (!isOnly(scores.axes[axis], 'query')) throw node.error(`it reads ${describe(scores.axes)} along axis ${axis}`);
  if (scores.causal) throw node.error('its mask lets keys look at queries');
  const turn = { query: 'key', key: 'query' } as const;
  const turned = (atom: Atom): Atom =>
    atom.role === 'query' || atom.role === 'key' ? { ...atom, role: turn[atom.role] } : atom;
  const axes = scores.axes.map((each) => each.map(turned));
  return { ...scores, axes, query: scores.key, key: scores.query, shares: true };
}

/** Scores plus 0 where a query may look and −∞ where it may not: causal, or nothing. */
function masked(node: NodeReader, scores: Scores, mask: Constant): Scores {
  const { shape, data, triangle } = mask;
  const { axes } = scores;
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const square = rows === columns && elements(shape) === rows * columns;
  const onSteps =
    isOnly(axes.at(-2), 'query') &&
    isOnly(axes.at(-1), 'key') &&
    sizeOf(axes[axes.length - 2]) === sizeOf(axes[axes.length - 1]);
  if (square && onSteps && !scores.query.steps?.reversed && !scores.key.steps?.reversed) {
    if (triangle && triangle.below === 0 && triangle.above <= NONE) return { ...scores, causal: true };
    const causal = data?.every((value, at) => (at % columns <= Math.floor(at / columns) ? value === 0 : value <= NONE));
    if (causal) return { ...scores, causal: true };
  }
  if (!triangle && isAll(mask, 0)) return scores;
  throw node.error('its mask is none of those that memcell knows: none, or causal');
}

/** What a value's steps are in the shares of an attention: its layer. */
function attended(node: NodeReader, scores: Scores, given: Signal, turned: boolean): Signal {
  const { query, key, axes } = scores;
  const value = rowApart(settleHeads(given, node));
  const [keys, asking] = [axes.at(turned ? -2 : -1), axes.at(turned ? -1 : -2)];
  const [steps, features] = [value.axes.at(turned ? -1 : -2), value.axes.at(turned ? -2 : -1)];
  const lead = value.axes.slice(0, -2);
  const [time] = steps ?? [];
  const fits =
    scores.shares &&
    value.axes.length === axes.length &&
    alike(lead, axes.slice(0, -2)) &&
    isOnly(keys, 'key') &&
    (asking?.length === 0 || isOnly(asking, 'query')) &&
    isOnly(steps, 'time') &&
    time.size === key.steps?.size &&
    time.reversed === key.steps?.reversed &&
    isOnly(features, 'feature');
  if (!fits) throw node.error(`it multiplies ${describe(axes)} of an attention and ${describe(value.axes)}`);
  const from = side(node, value, time, sizeOf(features ?? []));
  const asked = query.steps
    ? query.stack
    : put(query.stack, 'Reshape', { target_shape: [1, query.heads * query.width] });
  const made = attention(node, { ...scores, query: { ...query, stack: asked } }, from);
  const rows: Axis = query.steps ? [query.steps] : [];
  const stack = query.steps ? made : put(made, 'Flatten', {});
  return { kind: 'signal', axes: [...lead, ...(turned ? [features ?? [], rows] : [rows, features ?? []])], stack };
}

function attention(node: NodeReader, { query, key, scale, causal }: Scores, value: Side): Stack {
  const sides = [query, key, value];
  if (query.heads === 1 && !sides.every(({ stack }) => linearDense(stack))) {
    const scaled = Math.abs(scale - 1) > 1e-6;
    const config = { use_scale: scaled, score_mode: 'dot', dropout: 0, use_causal_mask: causal };
    const weights = scaled ? [{ name: 'scale', shape: [], data: Float32Array.of(scale) }] : [];
    const beside = key.stack === value.stack ? [value.stack] : [value.stack, key.stack];
    return { layer: { className: 'Attention', config, weights }, below: query.stack, beside };
  }
  const factor = scale * Math.sqrt(query.width);
  const [q, k, v] = sides.map((each, at) => projection(node, each, at === 0 ? factor : 1));
  const { heads } = query;
  const named = (name: string, { kernel, bias, inputs, width }: ReturnType<typeof projection>) => [
    { name: `${name}_kernel`, shape: [inputs, heads, width], data: kernel },
    { name: `${name}_bias`, shape: [heads, width], data: bias },
  ];
  const output = heads * value.width;
  node.spend(output * output);
  const identity = new Float32Array(output * output);
  for (let i = 0; i < output; i++) identity[i * output + i] = 1;
  const layer: ReadLayer = {
    className: 'MultiHeadAttention',
    config: {
      num_heads: heads,
      key_dim: query.width,
      value_dim: value.width,
      dropout: 0,
      use_bias: true,
      output_shape: [output],
      use_causal_mask: causal,
    },
    weights: [
      ...named('query', q),
      ...named('key', k),
      ...named('value', v),
      { name: 'output_kernel', shape: [heads, value.width, output], data: identity },
      { name: 'output_bias', shape: [output], data: new Float32Array(output) },
    ],
    unprojected: value.width,
  };
  const one = q.below === k.below && q.below === v.below;
  const beside = k.below === v.below ? [v.below] : [v.below, k.below];
  return { layer, below: q.below, ...(!one && { beside }) };
}

/** The matrix before the heads: a Dense layer's, else the unit matrix. */
function projection(node: NodeReader, { stack, heads, width }: Side, factor: number) {
  const units = heads * width;
  const dense = linearDense(stack);
  if (stack && dense) {
    const [kernel, bias] = dense.weights;
    const times = (data: Float32Array) => (factor === 1 ? data : data.map((value) => value * factor));
    const inputs = kernel.shape[0];
    return {
      kernel: times(kernel.data),
      bias: times(bias?.data ?? new Float32Array(units)),
      inputs,
      width,
      below: stack.below,
    };
  }
  node.spend(units * units);
  const kernel = new Float32Array(units * units);
  for (let i = 0; i < units; i++) kernel[i * units + i] = factor;
  return { kernel, bias: new Float32Array(units), inputs: units, width, below: stack };
}

/** An attention's outputs through a matrix, W (I,U): its own. */
export function projected(layer: ReadLayer, kernel: Float32Array, units: number, bias?: Float32Array): ReadLayer {
  const shape = [Number(layer.config.num_heads), layer.unprojected ?? 0, units];
  const weights = [
    ...layer.weights.slice(0, -2),
    { name: 'output_kernel', shape, data: kernel },
    { name: 'output_bias', shape: [units], data: bias ?? new Float32Array(units) },
  ];
  const config = { ...layer.config, output_shape: [units] };
  return { className: layer.className, config, weights };
}

/** Weights of steps (B,T,1) times what the steps are (B,T,U): their sum, if one follows, is a layer. */
export function weighted(node: NodeReader, signals: [Signal, Signal]): Weighted | undefined {
  const [a, b] = signals.map((signal) => ({ signal, width: featuresIn(signal.axes) }));
  const [weights, of] = a.width === 1 ? [a.signal, b.signal] : [b.signal, a.signal];
  const at = axisOf(of.axes, 'time');
  const same = weights.axes.length === of.axes.length && at >= 0 && isOnly(weights.axes[at], 'time');
  if (Math.min(a.width, b.width) !== 1 || a.width === b.width || !same) return undefined;
  const [one, other] = [settle(weights, node), settle(of, node)];
  if (JSON.stringify(one.axes[at]) !== JSON.stringify(other.axes[at])) return undefined;
  return { kind: 'weighted', axes: other.axes, weights: one.stack, stack: other.stack };
}

/** Steps times their weights, summed over the steps. */
export function onWeighted(node: NodeReader, value: Weighted): Value {
  const axes = node.opType === 'ReduceSum' ? (node.axes(1, value.axes.length) ?? []) : [];
  const [axis] = axes;
  if (axes.length !== 1 || !isOnly(value.axes[axis], 'time'))
    throw node.error('it reads steps times their weights, of which memcell knows the sum over all steps alone');
  const keep = node.int('keepdims', 1) === 1;
  const left = value.axes.flatMap((each, at) => (at === axis ? (keep ? [[]] : []) : [each]));
  return summed(node, { ...value, axes: left }, value.axes[axis], value.axes[axis]);
}

function summed(node: NodeReader, { axes, weights, stack }: Weighted, one?: Axis, other?: Axis): Signal {
  if (JSON.stringify(one) !== JSON.stringify(other)) throw node.error('its steps and their weights do not run alike');
  const layer: ReadLayer = { className: 'Dot', config: { axes: [1, 1], normalize: false }, weights: [] };
  const product: Stack = { layer, below: weights, beside: [stack] };
  return { kind: 'signal', axes, stack: put(product, 'Flatten', {}) };
}

/** A product of two signals along letters, as MatMul has it in other orders of axes. */
export function einsum(node: NodeReader): Value {
  const equation = node.text('equation', '').replaceAll(' ', '');
  const [, a = '', b = '', out = ''] = /^([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)$/.exec(equation) ?? [];
  const contracted = [...a].filter((letter) => b.includes(letter) && !out.includes(letter));
  const shared = [...out].filter((letter) => a.includes(letter) && b.includes(letter));
  const [ofA, ofB] = [[...a].filter((l) => !b.includes(l)), [...b].filter((l) => !a.includes(l))];
  const known = new Set(a).size === a.length && new Set(b).size === b.length;
  const fits = known && contracted.length === 1 && ofA.length <= 1 && ofB.length <= 1;
  if (!fits || out.length !== shared.length + ofA.length + ofB.length)
    throw node.error(`equation ${JSON.stringify(equation.slice(0, 80))}: memcell knows products along one letter`);
  const turned = (index: number, letters: string, order: (string | undefined)[]): Value => {
    const value = node.inputs[index];
    if (value?.kind !== 'signal' && value?.kind !== 'scores')
      throw node.error(`its input ${index} is no output of a layer`);
    if (value.axes.length !== letters.length)
      throw node.damaged(`equation ${equation}: its input ${index} has ${value.axes.length} axes`);
    return { ...value, axes: order.map((letter) => (letter === undefined ? [] : value.axes[letters.indexOf(letter)])) };
  };
  const made = meet(
    node,
    turned(0, a, [...shared, ofA[0], contracted[0]]),
    turned(1, b, [...shared, contracted[0], ofB[0]]),
  );
  const letters = [...shared, ofA[0], ofB[0]];
  return { ...made, axes: [...out].map((letter) => made.axes[letters.indexOf(letter)]) };
}
