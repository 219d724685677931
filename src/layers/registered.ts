import { builtInClasses } from '../tensorflow.js';
import type * as tf from '../tf.js';

/** A tfjs layer class by its registered name; tfjs exports functions that make layers, but not their classes. */
export function registeredLayer<L extends tf.layers.Layer>(className: string): new (config: object) => L {
  if (builtInClasses[className] === undefined) throw new Error(`TensorFlow.js has no ${className}`);
  return builtInClasses[className][0] as unknown as new (
    config: object,
  ) => L;
}
