/** What layers have in common that make one output of several inputs. */
import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import { anyRank, type Shape } from '../define.js';

type Mask = tf.Tensor | undefined;

/** As in Keras: a step counts that counts in any of the inputs, if all have masks. */
export function anyMask({ tf, masks }: { tf: TensorFlow; masks: readonly Mask[] }): Mask {
  if (masks.length === 0 || masks.some((mask) => !mask)) return undefined;
  return masks.reduce((any, mask) => (any && mask ? tf.logicalOr(any, mask) : undefined));
}

export const merging = { rank: anyRank, joins: true, mask: anyMask } as const;

/** The two inputs of a layer that takes neither fewer nor more. @throws Error for others */
export function pair(inputs: readonly Shape[]): readonly [Shape, Shape] {
  const [one, other] = inputs;
  if (inputs.length !== 2) throw new Error(`it takes two inputs, not ${inputs.length}`);
  return [one, other];
}

/** The shape of inputs that are taken element by element, sizes of 1 repeated. @throws Error for shapes that do not fit */
export function broadcastShape(inputs: readonly Shape[]): Shape {
  return inputs.reduce((one, other) => {
    const [longer, shorter] = one.length >= other.length ? [one, other] : [other, one];
    const [batch, ...sizes] = longer;
    const missing = longer.length - shorter.length;
    const fitted = sizes.map((size, i) => {
      const second = i + 1 <= missing ? 1 : shorter[i + 1 - missing];
      if (size === second || second === 1) return size;
      if (size === 1) return second;
      if (size === null || second === null) return size ?? second;
      throw new Error(`inputs of the shapes ${JSON.stringify(one)} and ${JSON.stringify(other)} do not fit each other`);
    });
    return [batch ?? other[0], ...fitted];
  });
}

/** Inputs of as many axes, those that are missing put behind the samples: (B,I) beside (B,T,I) is (B,1,I). */
export function aligned(tf: TensorFlow, inputs: readonly tf.Tensor[]): tf.Tensor[] {
  const rank = Math.max(...inputs.map((input) => input.rank));
  return inputs.map((input) => {
    const [batch, ...sizes] = input.shape;
    return input.rank === rank
      ? input
      : tf.reshape(input, [batch, ...Array<number>(rank - input.rank).fill(1), ...sizes]);
  });
}

/** Inputs in one shape, sizes of 1 repeated: the gradients that tfjs has for maximum and minimum do not do that themselves. */
export function repeated(tf: TensorFlow, inputs: readonly tf.Tensor[]): tf.Tensor[] {
  const shape = broadcastShape(inputs.map((input) => input.shape)).map(Number);
  const size = shape.reduce((product, one) => product * one, 1);
  return aligned(tf, inputs).map((input) => (input.size === size ? input : tf.broadcastTo(input, shape)));
}

/** Inputs joined two by two, at each step those that count; where none does, the first. As Keras does, in its order. */
export function selected(
  tf: TensorFlow,
  inputs: readonly tf.Tensor[],
  masks: readonly Mask[],
  join: (one: tf.Tensor, other: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const counts = inputs.map((_, i) => masks[i] && tf.expandDims(masks[i], -1));
  let [output] = inputs;
  let [counted] = counts;
  for (const [i, input] of inputs.entries()) {
    if (i === 0) continue;
    const counting = counts[i];
    const other = counting ? tf.where(counting, input, output) : input;
    output = join(counted ? tf.where(counted, output, other) : output, other);
    counted = counted && counting && tf.logicalOr(counted, counting);
  }
  return output;
}
