import type * as tf from '../tf.js';

/** A layer that wraps one other, as TimeDistributed does. */
export interface WrapperLayer extends tf.layers.Layer {
  layer: tf.layers.Layer;
}

export interface BidirectionalLayer extends tf.layers.Layer {
  layer: tf.RNN;
  forwardLayer: tf.RNN;
  backwardLayer: tf.RNN;
  mergeMode: 'concat' | 'sum' | 'ave' | 'mul' | null;
  returnSequences: boolean;
  returnState: boolean;
}
