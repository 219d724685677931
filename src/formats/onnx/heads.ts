/** Features in groups, as attention parts them into queries, keys, values and heads: which of a layer's outputs each is. */
import type { NodeReader } from './nodeReader.js';
import { type Settled, settleHeads } from './settle.js';
import { type Atom, type Axis, put, type ReadLayer, type Signal, type Stack } from './signals.js';

/** How many features all these axes have, in however many groups. */
export function featuresIn(axes: readonly Axis[]): number {
  return axes
    .flat()
    .filter(({ role }) => role === 'feature' || role === 'head')
    .reduce((product, { size }) => product * size, 1);
}

/** The Dense layer without an activation that a stack ends in. */
export function linearDense(stack: Stack): ReadLayer | undefined {
  const layer = stack?.layer;
  return layer?.className === 'Dense' && layer.config.activation === 'linear' ? layer : undefined;
}

/**
 * `count` of an axis of features or heads from `start` on. A Dense layer below keeps only the columns that are taken; else one of 0 and 1
 * takes them.
 */
export function chosenFeatures(node: NodeReader, signal: Signal, axis: number, start: number, count: number): Settled {
  const settled = settleHeads(signal, node);
  const [atom] = settled.axes[axis];
  const total = featuresIn(settled.axes);
  const { stride = 1, size } = atom;
  const columns = Array.from({ length: total }, (_, at) => at).filter((at) => {
    const place = Math.floor(at / stride) % size;
    return place >= start && place < start + count;
  });
  const nearer = (other: Atom): Atom =>
    other.stride !== undefined && other.stride > stride ? { ...other, stride: (other.stride * count) / size } : other;
  const left: Axis = count === 1 ? [] : [{ ...atom, size: count }];
  const axes = settled.axes.map((each, at) => (at === axis ? left : each.map(nearer)));
  return { ...settled, axes, stack: withColumns(node, settled.stack, total, columns) };
}

function withColumns(node: NodeReader, stack: Stack, total: number, columns: number[]): Stack {
  const units = columns.length;
  const dense = linearDense(stack);
  if (stack && dense) {
    const [kernel, bias] = dense.weights;
    const [inputs] = kernel.shape;
    node.spend((inputs + 1) * units);
    const data = new Float32Array(inputs * units);
    for (let i = 0; i < inputs; i++)
      for (let u = 0; u < units; u++) data[i * units + u] = kernel.data[i * total + columns[u]];
    const weights = [{ ...kernel, shape: [inputs, units], data }];
    if (bias) weights.push({ ...bias, shape: [units], data: Float32Array.from(columns, (at) => bias.data[at]) });
    return { ...stack, layer: { ...dense, config: { ...dense.config, units }, weights } };
  }
  node.spend(total * units);
  const data = new Float32Array(total * units);
  for (const [u, from] of columns.entries()) data[from * units + u] = 1;
  const config = { units, activation: 'linear', use_bias: false, trainable: false };
  return put(stack, 'Dense', config, [{ name: 'kernel', shape: [total, units], data }]);
}

/** All features times one number, whatever groups they stand in. */
export function timesNumber(node: NodeReader, signal: Signal, factor: number): Settled {
  const settled = settleHeads(signal, node);
  const { stack, axes } = settled;
  const dense = linearDense(stack);
  if (stack && dense) {
    const weights = dense.weights.map((weight) => ({ ...weight, data: weight.data.map((value) => value * factor) }));
    return { ...settled, stack: { ...stack, layer: { ...dense, weights } } };
  }
  const features = featuresIn(axes);
  const all = (value: number) => ({ shape: [features], data: new Float32Array(features).fill(value) });
  const weights = [
    { name: 'gamma', ...all(factor) },
    { name: 'beta', ...all(0) },
    { name: 'moving_mean', ...all(0) },
    { name: 'moving_variance', ...all(1) },
  ];
  const config = { axis: -1, epsilon: 0, center: true, scale: true };
  return { ...settled, stack: put(stack, 'BatchNormalization', config, weights) };
}
