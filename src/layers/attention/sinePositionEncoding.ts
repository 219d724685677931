import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, features, type LayerOptions, layerFunction, sequence } from '../define.js';
import * as kind from '../schema.js';
import { requireSteps } from './planned.js';

const own = {
  /** The longest wave is 2π times it. Default 10000. */
  maxWavelength: kind.defaulted(kind.positive, 10_000),
};

export interface SinePositionEncodingOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const sinePositionEncoding = computedLayer({
  class: 'SinePositionEncoding',
  positional: ['maxWavelength'],
  schema: { ...common, ...own },
  rank: sequence,
  keras: false,
  engine: (planning) => {
    requireSteps(planning);
    const of = { kind: 'waves', longest: planning.settings.maxWavelength } as const;
    return [{ kind: 'positions', width: planning.flow.width, of, name: planning.name }];
  },
  call: ({ tf, x, settings: { maxWavelength } }) => {
    const steps = x.shape[1] ?? 0;
    const size = features(x.shape);
    const waves = Float32Array.from({ length: steps * size }, (_, at) => {
      const [t, i] = [Math.floor(at / size), at % size];
      const angle = t / maxWavelength ** ((i - (i % 2)) / size);
      return i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    });
    return tf.add(x, tf.tensor(waves, [1, steps, size]));
  },
});

/**
 * Adds sine and cosine waves of rising length to the features (Vaswani et al. 2017): at step t to feature 2i sin(t/maxWavelength^(2i/I)), to
 * feature 2i + 1 the cosine of the same.
 */
export const SinePositionEncoding = layerFunction(
  sinePositionEncoding,
  (options?: EitherSpelling<SinePositionEncodingOptions>) => [[], options],
);
