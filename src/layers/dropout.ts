import { unsupported } from '../plan/unsupported.js';
import type { EitherSpelling } from '../spelling.js';
import { anyRank, common, defineLayer, type LayerOptions, layerFunction, tfjsLayer } from './define.js';
import * as kind from './schema.js';

const dropout = defineLayer({
  class: 'Dropout',
  positional: ['rate'],
  schema: { ...common, rate: kind.required(kind.rate) },
  rank: anyRank,
  perStep: true,
  noise: true,
  engine: (planning) => {
    const { noiseShape = null } = planning.config;
    if (noiseShape !== null) throw unsupported(planning, 'has a noiseShape');
    return [{ kind: 'dropout', rate: planning.settings.rate, spatial: false, path: planning.path }];
  },
  make: tfjsLayer((tf) => tf.layers.dropout),
});

/** In training, sets a share `rate` of the inputs to 0 and divides the others by 1 − rate. */
export const Dropout = layerFunction(dropout, (rate: number, options?: EitherSpelling<LayerOptions>) => [
  [rate],
  options,
]);
