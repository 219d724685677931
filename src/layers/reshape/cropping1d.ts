import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction, sequence } from '../define.js';
import * as kind from '../schema.js';

const own = {
  /** Steps to leave out at the beginning and at the end, one number for both. Default 1. */
  cropping: kind.defaulted(kind.pair, 1),
};

export interface Cropping1DOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const cropping1D = computedLayer({
  class: 'Cropping1D',
  positional: ['cropping'],
  schema: { ...common, ...own },
  rank: sequence,
  mask: 'end',
  engine: ({ name, settings: { cropping } }) => [{ kind: 'padding', before: -cropping[0], after: -cropping[1], name }],
  shape: ({ cropping: [before, after] }, [[batch, steps, features]]) => {
    if (steps !== null && steps <= before + after) throw new Error(`of ${steps} steps none is left`);
    return [batch, steps === null ? null : steps - before - after, features];
  },
  call: ({ tf, x, settings: { cropping } }) => {
    const [batch, steps = 0, features] = x.shape;
    return tf.slice(x, [0, cropping[0], 0], [batch, steps - cropping[0] - cropping[1], features]);
  },
});

/** Without the first and the last steps: (B,T,I) → (B,T−before−after,I). */
export const Cropping1D = layerFunction(cropping1D, (options?: EitherSpelling<Cropping1DOptions>) => [[], options]);
