/** Which layers are those that memcell knows, by their class and not by its name. */
import { isBuiltIn } from '../kernels/tfjs/builtIn.js';
import { definitionOf } from '../layers/table.js';
import { tensorFlow } from '../tensorflow.js';
import type * as tf from '../tf.js';

/** Whether a layer is tfjs's or memcell's, and not a user's own class under one of their names. */
export function isKnownLayer(layer: tf.layers.Layer): boolean {
  return isBuiltIn(layer) || definitionOf(layer.getClassName())?.own?.(tensorFlow()) === layer.constructor;
}
