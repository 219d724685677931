import { NONE } from '../../plan/layerPlan.js';
import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, features, type LayerOptions, layerFunction } from '../define.js';
import * as kind from '../schema.js';

const own = {
  /** β, one number or one of each feature. Default 0. */
  offset: kind.defaulted(kind.numbers, 0),
};

export interface RescalingOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const rescaling = computedLayer({
  class: 'Rescaling',
  positional: ['scale', 'offset'],
  schema: { ...common, scale: kind.required(kind.numbers), ...own },
  rank: anyRank,
  perStep: true,
  engine: (planning) => {
    const { flow, settings } = planning;
    const { width } = flow;
    const each = (given: number | readonly number[]) => {
      const [first, ...others] = [given].flat();
      return others.length > 0 ? [first, ...others] : Array<number>(width).fill(first);
    };
    const constants = { gamma: each(settings.scale), beta: each(settings.offset) };
    if (Object.values(constants).some(({ length }) => length !== width))
      throw unsupported(planning, `has no scale and offset of each of its ${width} features`);
    return [{ kind: 'scale', width, gamma: NONE, beta: NONE, constants }];
  },
  shape: ({ scale, offset }, [input]) => {
    for (const [name, given] of Object.entries({ scale, offset }))
      if (Array.isArray(given) && given.length !== 1 && given.length !== features(input))
        throw new Error(`${name} has ${given.length} numbers for ${features(input)} features`);
    return input;
  },
  call: ({ tf, x, settings: { scale, offset } }) => tf.add(tf.mul(x, scale), offset),
});

/** y = scale∘x + offset: (B,…,F) → (B,…,F), with one number or one of each feature. Nothing of it is trained. */
export const Rescaling = layerFunction(
  rescaling,
  (scale: number | readonly number[], options?: EitherSpelling<RescalingOptions>) => [[scale], options],
);
