import { dropoutMask } from '../../random.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction, sequence } from '../define.js';
import * as kind from '../schema.js';

const spatialDropout1D = computedLayer({
  class: 'SpatialDropout1D',
  positional: ['rate'],
  schema: { ...common, rate: kind.required(kind.rate) },
  rank: sequence,
  noise: true,
  engine: ({ settings: { rate }, path }) => [{ kind: 'dropout', rate, spatial: true, path }],
  call: ({ tf, x, training, draw, settings: { rate } }) => {
    if (!training || rate === 0) return x;
    const [batch = 0, , features = 0] = x.shape;
    return tf.mul(x, tf.tensor(dropoutMask(draw('input'), batch * features, rate), [batch, 1, features]));
  },
});

/** In training, sets a share `rate` of the features to 0 at all steps of a sample and divides the others by 1 − rate. */
export const SpatialDropout1D = layerFunction(
  spatialDropout1D,
  (rate: number, options?: EitherSpelling<LayerOptions>) => [[rate], options],
);
