import { normals } from '../../random.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, type LayerOptions, layerFunction } from '../define.js';
import * as kind from '../schema.js';

const gaussianNoise = computedLayer({
  class: 'GaussianNoise',
  positional: ['stddev'],
  schema: { ...common, stddev: kind.required(kind.notNegative) },
  rank: anyRank,
  perStep: true,
  noise: true,
  engine: ({ settings: { stddev: deviation }, path }) => [{ kind: 'noise', multiplies: false, deviation, path }],
  call: ({ tf, x, training, draw, settings: { stddev } }) =>
    training && stddev > 0 ? tf.add(x, tf.mul(tf.tensor(normals(draw('input'), x.size), x.shape), stddev)) : x,
});

/** In training, adds normal noise of the deviation `stddev`. */
export const GaussianNoise = layerFunction(gaussianNoise, (stddev: number, options?: EitherSpelling<LayerOptions>) => [
  [stddev],
  options,
]);
