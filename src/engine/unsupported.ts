import type * as tf from '../tf.js';

/** What the engine does not run; the message is the reason that the user sees. */
export class Unsupported extends Error {}

export function unsupported(layer: tf.layers.Layer, what: string): Unsupported {
  return new Unsupported(`layer ${layer.name} (${layer.getClassName()}) ${what}`);
}
