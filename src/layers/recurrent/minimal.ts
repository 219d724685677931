/** What MinGRU and MinLSTM have in common, and sLSTM with them. */
import * as tf from '../../tf.js';
import * as kind from '../schema.js';
import type { ScanOptions } from './scanOptions.js';

/** Of MinGRU and MinLSTM. */
export const candidate = {
  /** Of the candidate h̃. Default 'linear'. */
  activation: kind.defaulted(kind.activation, 'linear'),
};

export interface MinimalOptions extends ScanOptions, kind.OptionsOf<typeof candidate> {}

/** x·W + b of a step, in `parts` parts. */
export function gatesOf(
  parts: number,
  { x, weight, settings }: { x: tf.Tensor; weight(name: string): tf.Tensor; settings: { useBias: boolean } },
): tf.Tensor[] {
  const product = tf.matMul(x as tf.Tensor2D, weight('kernel') as tf.Tensor2D);
  return tf.split(settings.useBias ? tf.add(product, weight('bias')) : product, parts, 1);
}
