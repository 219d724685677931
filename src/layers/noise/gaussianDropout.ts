import { normals } from '../../random.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, type LayerOptions, layerFunction } from '../define.js';
import * as kind from '../schema.js';

const deviationOf = (rate: number) => Math.sqrt(rate / (1 - rate));

const gaussianDropout = computedLayer({
  class: 'GaussianDropout',
  positional: ['rate'],
  schema: { ...common, rate: kind.required(kind.rate) },
  rank: anyRank,
  perStep: true,
  noise: true,
  engine: ({ settings: { rate }, path }) => [{ kind: 'noise', multiplies: true, deviation: deviationOf(rate), path }],
  call: ({ tf, x, training, draw, settings: { rate } }) => {
    if (!training || rate === 0) return x;
    return tf.mul(x, tf.add(tf.mul(tf.tensor(normals(draw('input'), x.size), x.shape), deviationOf(rate)), 1));
  },
});

/** In training, multiplies by normal noise around 1 of the deviation √(rate/(1 − rate)) (Srivastava et al. 2014). */
export const GaussianDropout = layerFunction(
  gaussianDropout,
  (rate: number, options?: EitherSpelling<LayerOptions>) => [[rate], options],
);
