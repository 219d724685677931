/** Which layers are those that memcell knows, by their class and not by its name. */

import { definitionOf } from '../layers/byName.js';
import { classOf } from '../layers/penalised.js';
import { builtInClasses, tensorFlow } from '../tensorflow.js';
import type * as tf from '../tf.js';

/** Whether a layer is tfjs's or memcell's, and not a user's own class under one of their names. */
export function isKnownLayer(layer: tf.layers.Layer): boolean {
  const name = layer.getClassName();
  const known = [builtInClasses[name]?.[0], definitionOf(name)?.own?.(tensorFlow())];
  return known.includes(classOf(layer));
}
