import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction, sequence } from '../define.js';
import * as kind from '../schema.js';

const own = {
  /** How often each step comes. Default 2. */
  size: kind.defaulted(kind.units, 2),
};

export interface UpSampling1DOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const upSampling1D = computedLayer({
  class: 'UpSampling1D',
  positional: ['size'],
  schema: { ...common, ...own },
  rank: sequence,
  mask: 'end',
  engine: ({ settings: { size } }) => [{ kind: 'upSampling', times: size }],
  shape: ({ size }, [[batch, steps, features]]) => [batch, steps === null ? null : steps * size, features],
  call: ({ tf, x, settings: { size } }) => {
    const [batch, steps = 0, features] = x.shape;
    return tf.reshape(tf.tile(tf.expandDims(x, 2), [1, 1, size, 1]), [batch, steps * size, features]);
  },
});

/** Every step `size` times: (B,T,I) → (B,size·T,I). */
export const UpSampling1D = layerFunction(upSampling1D, (options?: EitherSpelling<UpSampling1DOptions>) => [
  [],
  options,
]);
