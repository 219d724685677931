/** Operators whose window goes over the steps: convolutions and pooling. */
import { shownName } from '../../format.js';
import { transposed } from './fold.js';
import { floats, perFeature } from './given.js';
import type { NodeReader } from './nodeReader.js';
import { type Settled, settle } from './settle.js';
import { type Axis, describe, isOnly, put, type ReadLayer, type Signal, type Stack, sizeOf } from './signals.js';

export type Compute = (node: NodeReader) => Signal;

/** A signal as operators over steps read it: batch, features, steps; of an image of height or width 1 too, as TensorFlow has it. */
interface OverSteps {
  settled: Settled;
  time: Axis[number];
  features: number;
  /** The place of the steps among the axes that a window goes over, and how many those are. */
  place: number;
  rank: number;
}

function overSteps(node: NodeReader): OverSteps {
  const settled = settle(node.signal(0), node);
  const { axes } = settled;
  const place = axes.slice(2).findIndex((axis) => isOnly(axis, 'time'));
  const fits =
    place >= 0 &&
    isOnly(axes[0], 'batch') &&
    isOnly(axes[1], 'feature') &&
    axes.slice(2).every((axis, at) => at === place || axis.length === 0);
  const [time] = axes[2 + place] ?? [];
  if (!fits || time.reversed) throw node.error(`it reads ${describe(axes)}, where [batch, features, steps] should be`);
  return { settled, time, features: sizeOf(axes[1]), place, rank: axes.length - 2 };
}

/** What an attribute says of the steps; of the other axes it must say `other`. */
function alongSteps(node: NodeReader, name: string, { place, rank }: OverSteps, other = 1): number {
  const given = node.ints(name) ?? new Array<number>(rank).fill(other);
  if (given.length !== rank || given.some((value, axis) => axis !== place && value !== other)) {
    throw node.error(`${name} [${given.slice(0, 8)}]`);
  }
  return given[place];
}

/** Keras's padding, for a window that reaches over `reach` steps. */
function paddingOf(
  node: NodeReader,
  { place, rank }: OverSteps,
  reach: number,
  stride: number,
): { padding: string; steps(from: number): number } {
  const auto = node.text('auto_pad', 'NOTSET');
  const all = node.ints('pads') ?? new Array<number>(2 * rank).fill(0);
  if (all.length !== 2 * rank || all.some((value, at) => at % rank !== place && value !== 0)) {
    throw node.error(`pads [${all.slice(0, 8)}]`);
  }
  const pads = [all[place], all[place + rank]];
  const padded = (from: number) => Math.ceil(from / stride);
  if (auto === 'SAME_UPPER') return { padding: 'same', steps: padded };
  if (auto !== 'NOTSET' && auto !== 'VALID') throw node.error(`auto_pad ${shownName(auto)}`);
  const total = reach - 1;
  const are = (left: number, right: number) => pads.length === 2 && pads[0] === left && pads[1] === right;
  if (are(0, 0)) return { padding: 'valid', steps: (from) => Math.floor((from - reach) / stride) + 1 };
  if (stride === 1 && are(Math.floor(total / 2), Math.ceil(total / 2))) return { padding: 'same', steps: padded };
  if (stride === 1 && are(total, 0)) return { padding: 'causal', steps: padded };
  throw node.error(`pads [${pads.slice(0, 4)}] with strides ${stride} are none of Keras's: valid, same, causal`);
}

export function conv(node: NodeReader): Signal {
  const over = overSteps(node);
  const { settled, time, place, rank } = over;
  const given = node.constant(1, 'kernel');
  const [filters, features, ...window] = given.shape;
  if (window.length !== rank || window.some((size, axis) => axis !== place && size !== 1)) {
    throw node.error(`its kernel has shape [${given.shape}], which reaches over other axes than the steps`);
  }
  const size = window[place];
  const W = { ...given, shape: [filters, features, size] };
  if (node.int('group', 1) !== 1) throw node.error('group: its channels are convolved in groups');
  if (features !== over.features) throw node.damaged(`its kernel is for ${features} features`);
  const [stride, dilation] = [alongSteps(node, 'strides', over), alongSteps(node, 'dilations', over)];
  if (!(stride > 0 && dilation > 0)) throw node.damaged(`strides ${stride}, dilations ${dilation}`);
  const reach = dilation * (size - 1) + 1;
  const { padding, steps } = paddingOf(node, over, reach, stride);
  const kernel = floats(transposed(node, W, [2, 1, 0]), node);
  const bias = node.optional(2, 'bias');
  const weights: ReadLayer['weights'] = [{ name: 'kernel', shape: [size, features, filters], data: kernel }];
  if (bias) weights.push({ name: 'bias', shape: [filters], data: perFeature(bias, filters, node) });
  const config = {
    filters,
    kernel_size: [size],
    strides: [stride],
    dilation_rate: [dilation],
    padding,
    activation: 'linear',
    use_bias: bias !== undefined,
  };
  return overOtherSteps(node, over, steps(time.size), filters, put(settled.stack, 'Conv1D', config, weights));
}

function overOtherSteps(node: NodeReader, over: OverSteps, steps: number, features: number, stack: Stack): Signal {
  if (!(steps >= 1)) throw node.damaged('its window is longer than the sequence');
  const { settled, place } = over;
  const axes = settled.axes.map((axis, at): Axis => {
    if (at === 1) return [{ role: 'feature', size: features }];
    return at === 2 + place ? [{ role: 'time', size: steps }] : axis;
  });
  return { ...settled, axes, stack };
}

export function pool(className: string): Compute {
  return (node) => {
    const over = overSteps(node);
    const { settled, time } = over;
    const [size, stride] = [alongSteps(node, 'kernel_shape', over), alongSteps(node, 'strides', over)];
    if (!(size > 0 && stride > 0)) throw node.damaged(`kernel_shape ${size}, strides ${stride}`);
    const { padding, steps } = paddingOf(node, over, size, stride);
    if (node.int('ceil_mode', 0) !== 0 || alongSteps(node, 'dilations', over) !== 1)
      throw node.error('ceil_mode or dilations');
    if (padding !== 'valid' && className === 'AveragePooling1D' && node.int('count_include_pad', 0) !== 0) {
      throw node.error('count_include_pad');
    }
    if (padding === 'causal') throw node.error('pads: Keras has no causal pooling');
    const stack = put(settled.stack, className, { pool_size: [size], strides: [stride], padding });
    return overOtherSteps(node, over, steps(time.size), over.features, stack);
  };
}

export function globalPool(pooling: string): Compute {
  return (node) => {
    const { settled } = overSteps(node);
    const axes = settled.axes.map((axis, at) => (at < 2 ? axis : []));
    return { ...settled, axes, stack: put(settled.stack, pooling, {}) };
  };
}
