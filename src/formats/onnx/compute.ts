import { close, elementwise } from './activations.js';
import { add, divide, multiply, subtract } from './affine.js';
import { projected } from './attend.js';
import { transposed } from './fold.js';
import { floats, perFeature, single } from './given.js';
import { concat, merged } from './joins.js';
import { embedding, oneHot } from './lookups.js';
import type { NodeReader } from './nodeReader.js';
import { type Settled, settle, withFeatures } from './settle.js';
import {
  type Axis,
  axisOf,
  describe,
  isOnly,
  type Merge,
  put,
  type ReadLayer,
  type Signal,
  sizeOf,
  type Value,
} from './signals.js';
import { type Compute, conv, globalPool, pool } from './windows.js';

function applied(signal: Settled, name: string): Settled {
  return { ...signal, stack: put(signal.stack, 'Activation', { activation: name }) };
}

const activation =
  (name: string): Compute =>
  (node) =>
    applied(settle(node.signal(0), node), name);

/** An activation that Keras has with these settings only. */
const withNumbers =
  (name: string, settings: (node: NodeReader) => boolean): Compute =>
  (node) => {
    if (!settings(node)) throw node.error(`memcell has no ${name} with these settings`);
    return activation(name)(node);
  };

function softmax(name: string): Compute {
  return (node) => {
    const signal = node.signal(0);
    const axis = node.axis('axis', signal.axes.length, node.opset < 13 ? 1 : -1);
    if (
      name === 'softmax' &&
      isOnly(signal.axes[axis], 'time') &&
      (node.opset >= 13 || axis === signal.axes.length - 1)
    ) {
      const settled = settle(signal, node);
      return { ...settled, stack: put(settled.stack, 'Softmax', { axis: 1 }) };
    }
    if (node.opset < 13 && axis !== signal.axes.length - 1) throw node.error(`axis ${axis} is not its last`);
    return applied(withFeatures(signal, axis, node), name);
  };
}

/** A Dense layer over the last axis: W (I,U). */
function product(
  node: NodeReader,
  signal: Signal,
  kernel: Float32Array,
  [inputs, units]: number[],
  bias?: Float32Array,
): Settled {
  const axis = signal.axes.length - 1;
  const settled = withFeatures(signal, axis, node);
  if (sizeOf(settled.axes[axis]) !== inputs) {
    throw node.damaged(`its weights are for ${inputs} features and ${sizeOf(settled.axes[axis])} come in`);
  }
  const weights: ReadLayer['weights'] = [{ name: 'kernel', shape: [inputs, units], data: kernel }];
  if (bias) weights.push({ name: 'bias', shape: [units], data: bias });
  const config = { units, activation: 'linear', use_bias: bias !== undefined };
  const axes: Axis[] = [...settled.axes.slice(0, -1), [{ role: 'feature', size: units }]];
  const { stack } = settled;
  if (stack?.layer.unprojected) {
    return { ...settled, axes, stack: { ...stack, layer: projected(stack.layer, kernel, units, bias) } };
  }
  return { ...settled, axes, stack: put(settled.stack, 'Dense', config, weights) };
}

function matMul(node: NodeReader): Signal {
  const W = node.constant(1, 'second factor');
  if (W.shape.length !== 2) throw node.error(`its second factor has shape [${W.shape}], not two axes`);
  return product(node, node.signal(0), floats(W, node), W.shape);
}

function gemm(node: NodeReader): Signal {
  if (node.int('transA', 0) !== 0) throw node.error('transA: it turns its input round');
  const given = node.constant(1, 'weights');
  if (given.shape.length !== 2) throw node.error(`its weights have shape [${given.shape}], not two axes`);
  const W = node.int('transB', 0) !== 0 ? transposed(node, given, [1, 0]) : given;
  const C = node.optional(2, 'bias');
  const [alpha, beta] = [node.float('alpha', 1), node.float('beta', 1)];
  const kernel = floats(W, node);
  if (alpha !== 1) for (let i = 0; i < kernel.length; i++) kernel[i] *= alpha;
  const bias = C && perFeature(C, W.shape[1], node).map((value) => value * beta);
  return product(node, node.signal(0), kernel, W.shape, bias);
}

function layerNormalization(node: NodeReader): Signal {
  const signal = node.signal(0);
  const axis = node.axis('axis', signal.axes.length, -1);
  if (axis !== signal.axes.length - 1) throw node.error(`axis ${axis} is not its last`);
  const settled = withFeatures(signal, axis, node);
  const features = sizeOf(settled.axes[axis]);
  const [gamma, beta] = [node.optional(1, 'scale'), node.optional(2, 'bias')];
  const weights: ReadLayer['weights'] = [];
  if (gamma) weights.push({ name: 'gamma', shape: [features], data: perFeature(gamma, features, node) });
  if (beta) weights.push({ name: 'beta', shape: [features], data: perFeature(beta, features, node) });
  const config = {
    axis: -1,
    epsilon: node.float('epsilon', 1e-5),
    center: beta !== undefined,
    scale: gamma !== undefined,
  };
  return { ...settled, stack: put(settled.stack, 'LayerNormalization', config, weights) };
}

function batchNormalization(node: NodeReader): Signal {
  const settled = withFeatures(node.signal(0), 1, node);
  const features = sizeOf(settled.axes[1]);
  const names = ['gamma', 'beta', 'moving_mean', 'moving_variance'];
  const weights = names.map((name, at) => ({
    name,
    shape: [features],
    data: perFeature(node.constant(at + 1, name), features, node),
  }));
  const config = { axis: -1, epsilon: node.float('epsilon', 1e-5), center: true, scale: true };
  return { ...settled, stack: put(settled.stack, 'BatchNormalization', config, weights) };
}

/** A reduction: of the directions of a recurrent layer, or of all steps. */
function reduce(merge: Merge | undefined, pooling: string | undefined): Compute {
  return (node) => {
    const signal = node.signal(0);
    const axes = node.axes(1, signal.axes.length) ?? [];
    const [axis] = axes;
    if (axes.length !== 1) throw node.error('it reduces other than one axis');
    const keep = node.int('keepdims', 1) === 1;
    const without = (all: readonly Axis[]) =>
      keep ? all.map((each, at) => (at === axis ? [] : each)) : all.filter((_, at) => at !== axis);
    if (isOnly(signal.axes[axis], 'direction') && merge && signal.pending) {
      return { ...signal, axes: without(signal.axes), pending: { ...signal.pending, merge } };
    }
    const settled = settle(signal, node);
    if (!pooling || !isOnly(settled.axes[axis], 'time') || axisOf(settled.axes, 'feature') < 0) {
      throw node.error(`it reduces ${describe([signal.axes[axis]])} of ${describe(signal.axes)}`);
    }
    return { ...settled, axes: without(settled.axes), stack: put(settled.stack, pooling, {}) };
  };
}

function clip(node: NodeReader): Signal {
  const bound = (input: number, name: string, otherwise: number) => {
    const given = node.optional(input, name);
    return given ? single(given) : node.float(name, otherwise);
  };
  const [low, high] = [bound(1, 'min', Number.NEGATIVE_INFINITY), bound(2, 'max', Number.POSITIVE_INFINITY)];
  if (low === 0 && high === 6) return activation('relu6')(node);
  if (low === -1 && high === 1) return activation('hard_tanh')(node);
  throw node.error(`memcell has no activation that clips to ${low} … ${high}`);
}

function hardSigmoid(node: NodeReader): Signal {
  const [alpha, beta] = [node.float('alpha', 0.2), node.float('beta', 0.5)];
  const known = { hard_sigmoid: 0.2, hard_sigmoid_keras3: 1 / 6, sparse_sigmoid: 0.5 };
  const name = Object.entries(known).find(([, slope]) => close(slope, alpha) && beta === 0.5)?.[0];
  if (name === undefined) throw node.error(`memcell has no HardSigmoid of alpha ${alpha} and beta ${beta}`);
  return activation(name)(node);
}

function shrink(node: NodeReader): Signal {
  const [lambd, bias] = [node.float('lambd', 0.5), node.float('bias', 0)];
  if (lambd === 0.5 && bias === 0) return activation('hard_shrink')(node);
  if (lambd === 0.5 && bias === 0.5) return activation('soft_shrink')(node);
  throw node.error(`memcell has no Shrink of lambd ${lambd} and bias ${bias}`);
}

function leakyRelu(node: NodeReader): Signal {
  const settled = settle(node.signal(0), node);
  return { ...settled, stack: put(settled.stack, 'LeakyReLU', { alpha: node.float('alpha', 0.01) }) };
}

function elu(node: NodeReader): Signal {
  const alpha = node.float('alpha', 1);
  if (alpha === 1) return activation('elu')(node);
  const settled = settle(node.signal(0), node);
  return { ...settled, stack: put(settled.stack, 'ELU', { alpha }) };
}

/** α·(e^(x/α) − 1) below 0: for α = 1 an ELU. */
function celu(node: NodeReader): Signal {
  const alpha = node.float('alpha', 1);
  if (alpha === 1) return activation('elu')(node);
  throw node.error(`memcell has no Celu of alpha ${alpha}`);
}

/** A slope for each feature, or for all, the same at every step. */
function prelu(node: NodeReader): Signal {
  const signal = node.signal(0);
  const last = signal.axes.length - 1;
  const settled = withFeatures(signal, last, node);
  const features = sizeOf(settled.axes[last]);
  const shared = Array.from({ length: last - 1 }, (_, i) => i + 1);
  const shape = [...shared.map(() => 1), features];
  const alpha = { name: 'alpha', shape, data: perFeature(node.constant(1, 'slope'), features, node) };
  return { ...settled, stack: put(settled.stack, 'PReLU', { shared_axes: shared }, [alpha]) };
}

/** One vector at n steps: an axis of 1 in the place of the steps, repeated. */
function repeat(node: NodeReader): Signal {
  const signal = node.signal(0);
  const joined = signal.axes.length === 3 && signal.axes[2].length > 1;
  const settled = joined ? withFeatures(signal, 2, node) : settle(signal, node);
  const { axes } = settled;
  const given = node.list(1, 'shape') ?? [];
  const shape = node.opType === 'Tile' ? given.map((times, axis) => times * sizeOf(axes[axis] ?? [])) : given;
  const same = (axis: number) => shape[axis] === 1 || shape[axis] === sizeOf(axes[axis]);
  if (shape.length === axes.length && shape.every((_, axis) => same(axis))) return settled;
  const fits = axes.length === 3 && isOnly(axes[0], 'batch') && axes[1].length === 0 && isOnly(axes[2], 'feature');
  if (!fits || shape.length !== 3 || !same(0) || !same(2) || !(shape[1] > 1)) {
    throw node.error(`it repeats ${describe(axes)} to shape [${shape}]`);
  }
  const n = shape[1];
  return {
    ...settled,
    axes: [axes[0], [{ role: 'time', size: n }], axes[2]],
    stack: put(settled.stack, 'RepeatVector', { n }),
  };
}

const operators: Record<string, (node: NodeReader) => Value> = {
  MatMul: matMul,
  Gemm: gemm,
  Add: add,
  Sub: subtract,
  Mul: multiply,
  Div: divide,
  Sum: (node) =>
    merged(
      node,
      node.inputs.map((_, at) => node.signal(at)),
      'sum',
    ),
  Mean: (node) =>
    merged(
      node,
      node.inputs.map((_, at) => node.signal(at)),
      'ave',
    ),
  Concat: concat,
  Gather: embedding,
  OneHot: oneHot,
  ...Object.fromEntries(Object.entries(elementwise).map(([type, name]) => [type, activation(name)])),
  Softmax: softmax('softmax'),
  LogSoftmax: softmax('log_softmax'),
  HardSwish: activation('hard_silu'),
  Gelu: withNumbers('gelu', (node) => node.text('approximate', 'none') === 'none'),
  ThresholdedRelu: withNumbers('relu', (node) => node.float('alpha', 1) === 0),
  Clip: clip,
  Shrink: shrink,
  HardSigmoid: hardSigmoid,
  LeakyRelu: leakyRelu,
  Elu: elu,
  Celu: celu,
  PRelu: prelu,
  LayerNormalization: layerNormalization,
  BatchNormalization: batchNormalization,
  Conv: conv,
  MaxPool: pool('MaxPooling1D'),
  AveragePool: pool('AveragePooling1D'),
  GlobalMaxPool: globalPool('GlobalMaxPooling1D'),
  GlobalAveragePool: globalPool('GlobalAveragePooling1D'),
  ReduceSum: reduce('sum', undefined),
  ReduceProd: reduce('mul', undefined),
  ReduceMean: reduce('ave', 'GlobalAveragePooling1D'),
  ReduceMax: reduce(undefined, 'GlobalMaxPooling1D'),
  Expand: repeat,
  Tile: repeat,
};

/** @throws MemcellError 'model' that names the node and what it cannot be read as */
export function compute(node: NodeReader): Value {
  if (Object.hasOwn(operators, node.opType)) return operators[node.opType](node);
  throw node.error('memcell reads no such operator');
}
