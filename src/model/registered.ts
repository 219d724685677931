import * as tf from '../tf.js';

/** A tfjs layer class by its registered name; tfjs exports functions that make layers, but not their classes. */
export function registeredLayer<L extends tf.layers.Layer>(className: string): new (config: object) => L {
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  return known[className][0] as unknown as new (
    config: object,
  ) => L;
}
