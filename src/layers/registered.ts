import * as tf from '../tf.js';

/**
 * The functions that make these layers. They are named so that a bundler runs the modules in which tfjs registers the classes
 * before they are looked up: it may leave out, or run later, what nothing names.
 */
const makers = {
  BatchNormalization: tf.layers.batchNormalization,
  Bidirectional: tf.layers.bidirectional,
  Conv1D: tf.layers.conv1d,
  GRUCell: tf.layers.gruCell,
  GlobalAveragePooling1D: tf.layers.globalAveragePooling1d,
  GlobalMaxPooling1D: tf.layers.globalMaxPooling1d,
  LayerNormalization: tf.layers.layerNormalization,
  Masking: tf.layers.masking,
  RepeatVector: tf.layers.repeatVector,
  TimeDistributed: tf.layers.timeDistributed,
};

/** A tfjs layer class by its registered name; tfjs exports functions that make layers, but not their classes. */
export function registeredLayer<L extends tf.layers.Layer>(className: keyof typeof makers): new (config: object) => L {
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  if (makers[className] === undefined || known[className] === undefined) throw new Error(`tfjs has no ${className}`);
  return known[className][0] as unknown as new (
    config: object,
  ) => L;
}
