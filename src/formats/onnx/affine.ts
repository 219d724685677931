/** Sums, products and quotients: parts of the layer below, or a layer of their own; of two signals, a layer that joins them. */
import { elements } from '../../data/array.js';
import { weighted } from './attend.js';
import { floats, perFeature, single } from './given.js';
import { timesNumber } from './heads.js';
import { merged } from './joins.js';
import type { NodeReader } from './nodeReader.js';
import { type Settled, settle, withFeatures } from './settle.js';
import { axisOf, describe, freeSteps, hasHeads, put, type Signal, sizeOf, type Value } from './signals.js';
import type { Constant } from './tensors.js';

/** The two inputs of an operator on pairs, as the signal and the numbers of the file that meet in it; or two signals. */
function pair(node: NodeReader): { signal: Signal; constant: Constant; first: boolean } | [Signal, Signal] {
  const [a, b] = node.inputs;
  if (a?.kind === 'signal' && b?.kind === 'constant') return { signal: a, constant: b, first: true };
  if (a?.kind === 'constant' && b?.kind === 'signal') return { signal: b, constant: a, first: false };
  return [node.signal(0), node.signal(1)];
}

/** y = x·scale + offset, feature by feature: part of the layer below where that has weights to take it, else one of its own. */
function affine(
  node: NodeReader,
  signal: Signal,
  scale: (features: number) => Float32Array | undefined,
  offset: (features: number) => Float32Array | undefined,
): Signal {
  const axis = axisOf(signal.axes, 'feature') < 0 ? signal.axes.length - 1 : axisOf(signal.axes, 'feature');
  const settled = withFeatures(signal, axis, node);
  if (axis !== settled.axes.length - 1)
    throw node.error(`it adds to ${describe(settled.axes)}, where features are not the last axis`);
  const features = sizeOf(settled.axes[axis]);
  const [factor, term] = [scale(features), offset(features)];
  const { stack } = settled;
  const top = stack?.layer;
  if (stack && top?.className === 'MultiHeadAttention' && !top.unprojected && term && !factor) {
    const bias = top.weights[top.weights.length - 1];
    const data = bias.data.map((value, u) => value + term[u]);
    const weights = [...top.weights.slice(0, -1), { ...bias, data }];
    return { ...settled, stack: { ...stack, layer: { ...top, weights } } };
  }
  if (stack && top && (top.className === 'Dense' || top.className === 'Conv1D') && top.config.activation === 'linear') {
    const [kernel, bias] = top.weights;
    const scaled = factor ? kernel.data.map((value, index) => value * factor[index % features]) : kernel.data;
    const moved = new Float32Array(features).map(
      (_, u) => (bias?.data[u] ?? 0) * (factor?.[u] ?? 1) + (term?.[u] ?? 0),
    );
    const weights = [
      { ...kernel, data: scaled },
      { name: 'bias', shape: [features], data: moved },
    ];
    return { ...settled, stack: put(stack.below, top.className, { ...top.config, use_bias: true }, weights) };
  }
  const size = [features];
  const constantOf = (value: number) => new Float32Array(features).fill(value);
  const weights = [
    { name: 'gamma', shape: size, data: factor ?? constantOf(1) },
    { name: 'beta', shape: size, data: term ?? constantOf(0) },
    { name: 'moving_mean', shape: size, data: constantOf(0) },
    { name: 'moving_variance', shape: size, data: constantOf(1) },
  ];
  const config = { axis: -1, epsilon: 0, center: true, scale: true };
  return { ...settled, stack: put(stack, 'BatchNormalization', config, weights) };
}

/** Another vector for each place: numbers of steps and features. */
function withPositions(node: NodeReader, signal: Signal, constant: Constant): Settled | undefined {
  const { axes } = signal;
  const { shape } = constant;
  const sizes = axes.map((_, at) => shape[at - axes.length + shape.length] ?? 1);
  const [time, feature] = [axisOf(axes, 'time'), axisOf(axes, 'feature')];
  if (time < 0 || feature < time || shape.length > axes.length) return undefined;
  const [places, features] = [sizes[time], sizes[feature]];
  const [{ size }] = axes[time];
  const fits = features === sizeOf(axes[feature]) && (size === places || (size === freeSteps && places > 1));
  if (!fits || places === 1 || elements(shape) !== places * features) return undefined;
  const settled = settle(signal, node);
  const table = floats(constant, node);
  // Steps that stand the other way round have their places so too.
  const { reversed } = settled.axes[axisOf(settled.axes, 'time')][0];
  const row = (place: number) => table.subarray(place * features, (place + 1) * features);
  const data = reversed ? new Float32Array(table.length) : table;
  if (reversed) for (let place = 0; place < places; place++) data.set(row(places - 1 - place), place * features);
  const weights = [{ name: 'position_embeddings', shape: [places, features], data }];
  return { ...settled, stack: put(settled.stack, 'PositionEmbedding', { sequence_length: places }, weights) };
}

export function add(node: NodeReader): Signal {
  const operands = pair(node);
  if (Array.isArray(operands)) return merged(node, operands, 'sum');
  const { signal, constant } = operands;
  const positions = withPositions(node, signal, constant);
  if (positions) return positions;
  return affine(
    node,
    signal,
    () => undefined,
    (features) => perFeature(constant, features, node),
  );
}

export function subtract(node: NodeReader): Signal {
  const operands = pair(node);
  if (Array.isArray(operands) || !operands.first) throw node.error('it subtracts what comes from the input');
  const { signal, constant } = operands;
  return affine(
    node,
    signal,
    () => undefined,
    (features) => perFeature(constant, features, node).map((value) => -value),
  );
}

/** A number that stands for all features, of a signal whose features are parted or do not come last. */
function apartBy(signal: Signal, constant: Constant): number | undefined {
  const plain = !hasHeads(signal.axes) && axisOf(signal.axes, 'feature') === signal.axes.length - 1;
  return plain || elements(constant.shape) !== 1 ? undefined : single(constant);
}

export function multiply(node: NodeReader): Value {
  const operands = pair(node);
  if (!Array.isArray(operands)) {
    const { signal, constant } = operands;
    const number = apartBy(signal, constant);
    if (number !== undefined) return timesNumber(node, signal, number);
    return affine(
      node,
      signal,
      (features) => perFeature(constant, features, node),
      () => undefined,
    );
  }
  return (
    gated(operands) ?? gated([operands[1], operands[0]]) ?? weighted(node, operands) ?? merged(node, operands, 'mul')
  );
}

export function divide(node: NodeReader): Signal {
  const operands = pair(node);
  if (Array.isArray(operands) || !operands.first) throw node.error('it divides by what comes from the input');
  const { signal, constant } = operands;
  const number = apartBy(signal, constant);
  if (number !== undefined) return timesNumber(node, signal, 1 / number);
  return affine(
    node,
    signal,
    (features) => perFeature(constant, features, node).map((value) => 1 / value),
    () => undefined,
  );
}

/** Activations that are x·f(x). */
const gates: Record<string, string> = { sigmoid: 'swish', hard_sigmoid_keras3: 'hard_silu' };

function gated([x, y]: [Signal, Signal]): Signal | undefined {
  const top = y.stack?.layer;
  if (top?.className !== 'Activation' || x.pending || y.pending || y.stack?.below !== x.stack) return undefined;
  const name = String(top.config.activation);
  return Object.hasOwn(gates, name)
    ? { kind: 'signal', axes: x.axes, stack: put(x.stack, 'Activation', { activation: gates[name] }) }
    : undefined;
}
