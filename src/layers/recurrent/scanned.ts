/** Weights and gates of MinGRU, MinLSTM and sLSTM. */
import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import { features, type Shape } from '../define.js';
import type { SettingsOf } from '../schema.js';
import type { CellWeight } from './ownCell.js';
import type { scanned } from './scanOptions.js';

/** Kernel (I,gU) and bias (gU) of g gates of U units over I inputs, and what comes between them. */
export function scanWeights(
  gates: number,
  { units, useBias, kernelInitializer, biasInitializer }: SettingsOf<typeof scanned>,
  input: Shape,
  between: readonly CellWeight[] = [],
): CellWeight[] {
  const columns = gates * units;
  return [
    { name: 'kernel', shape: [features(input), columns], initializer: kernelInitializer },
    ...between,
    ...(useBias ? [{ name: 'bias', shape: [columns], initializer: biasInitializer }] : []),
  ];
}

/** x·W + b of a step, in `parts` parts. */
export function gatesOf(
  parts: number,
  {
    tf,
    x,
    weight,
    settings,
  }: { tf: TensorFlow; x: tf.Tensor; weight(name: string): tf.Tensor; settings: { useBias: boolean } },
): tf.Tensor[] {
  const product = tf.matMul(x as tf.Tensor2D, weight('kernel') as tf.Tensor2D);
  return tf.split(settings.useBias ? tf.add(product, weight('bias')) : product, parts, 1);
}
