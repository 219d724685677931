import { normals } from '../../random.js';
import type { EitherSpelling } from '../../spelling.js';
import * as tf from '../../tf.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, type LayerOptions, layerFunction } from '../define.js';
import * as kind from '../schema.js';

const gaussianDropout = computedLayer({
  class: 'GaussianDropout',
  positional: ['rate'],
  schema: { ...common, rate: kind.required(kind.rate) },
  rank: anyRank,
  perStep: true,
  call: ({ x, training, draw, settings: { rate } }) => {
    if (!training || rate === 0) return x;
    const deviation = Math.sqrt(rate / (1 - rate));
    return tf.mul(x, tf.add(tf.mul(tf.tensor(normals(draw('input'), x.size), x.shape), deviation), 1));
  },
});

/** In training, multiplies by normal noise around 1 of the deviation √(rate/(1 − rate)) (Srivastava et al. 2014). */
export const GaussianDropout = layerFunction(
  gaussianDropout,
  (rate: number, options?: EitherSpelling<LayerOptions>) => [[rate], options],
);
