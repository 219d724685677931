import type { EitherSpelling } from '../../spelling.js';
import * as tf from '../../tf.js';
import { common, defineLayer, type LayerOptions, layerFunction, tfjsLayer } from '../define.js';

const flatten = defineLayer({
  class: 'Flatten',
  positional: [],
  schema: common,
  rank: { atLeast: 3 },
  make: tfjsLayer(tf.layers.flatten),
});

/** (B,…) → (B, product of the others). */
export const Flatten = layerFunction(flatten, (options?: EitherSpelling<LayerOptions>) => [[], options]);
