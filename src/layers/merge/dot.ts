import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import { computedLayer } from '../computed.js';
import { common, fromFirst, type LayerOptions, layerFunction } from '../define.js';
import { unitLength } from '../normalization/unitLength.js';
import * as kind from '../schema.js';
import { merging, pair } from './merging.js';

const own = {
  /** Bring both to length 1 along the axis first, which makes the product their cosine. Default false. */
  normalize: kind.defaulted(kind.flag, false),
};

export interface DotOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

function axesOf(axes: number | readonly number[], ranks: readonly number[]): [number, number] {
  const [first, second = first] = [axes].flat();
  return [fromFirst(first, ranks[0])[0], fromFirst(second, ranks[1])[0]];
}

/** x with its axis `at` last: (B, product of the others, size). */
function asRows(tf: TensorFlow, x: tf.Tensor, at: number): { rows: tf.Tensor3D; others: number[] } {
  const order = [...x.shape.keys()].filter((i) => i !== at && i !== 0);
  const others = order.map((i) => x.shape[i]);
  const moved = tf.transpose(x, [0, ...order, at]);
  return { rows: tf.reshape(moved, [x.shape[0], -1, x.shape[at]]) as tf.Tensor3D, others };
}

const dot = computedLayer({
  class: 'Dot',
  positional: ['axes', 'normalize'],
  schema: { ...common, axes: kind.required(kind.axes), ...own },
  ...merging,
  mask: 'end',
  engine: (planning) => {
    const { inputs, shapes, flow, settings, name } = planning;
    const [one, other] = inputs;
    const axes = axesOf(
      settings.axes,
      inputs.map(({ sequence }) => (sequence ? 3 : 2)),
    );
    const overSteps = inputs.map(({ sequence }, i) => sequence && axes[i] === 1);
    /** How many numbers of an input are not summed over; of one without steps, one. */
    const left = inputs.map(({ sequence, width }, i) => (sequence ? (overSteps[i] ? width : shapes[i]?.[1]) : 1));
    flow.sequence = one.sequence && other.sequence;
    const size = flow.sequence ? left[1] : one.sequence ? left[0] : left[1];
    if (typeof size !== 'number')
      throw unsupported(planning, 'gives as many features as a sequence has steps, which is open');
    flow.width = size;
    return [{ kind: 'dot', overSteps: [overSteps[0], overSteps[1]], normalize: settings.normalize, name }];
  },
  shape: ({ axes }, inputs) => {
    const [one, other] = pair(inputs);
    const [first, second] = axesOf(axes, [one.length, other.length]);
    if (first === 0 || second === 0) throw new Error('axes may not be 0, the samples');
    if (one[first] !== other[second])
      throw new Error(`the sizes ${one[first]} and ${other[second]} along its axes differ`);
    const left = [...one.filter((_, i) => i !== first), ...other.filter((_, i) => i !== second && i !== 0)];
    return left.length === 1 ? [...left, 1] : left;
  },
  call: ({ tf, inputs: [one, other], settings: { axes, normalize } }) => {
    const [first, second] = axesOf(axes, [one.rank, other.rank]);
    const a = asRows(tf, normalize ? unitLength(tf, one, [first], 1e-7) : one, first);
    const b = asRows(tf, normalize ? unitLength(tf, other, [second], 1e-7) : other, second);
    const sizes = [...a.others, ...b.others];
    return tf.reshape(tf.matMul(a.rows, b.rows, false, true), [one.shape[0], ...(sizes.length > 0 ? sizes : [1])]);
  },
});

/** The product of two inputs along an axis of each, sample by sample: (B,T,I) and (B,S,I) → (B,T,S) with axes 2. */
export const Dot = layerFunction(
  dot,
  (axes: number | readonly [number, number], options?: EitherSpelling<DotOptions>) => [[axes], options],
);
