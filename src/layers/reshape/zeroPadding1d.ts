import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction, sequence } from '../define.js';
import * as kind from '../schema.js';

const own = {
  /** Steps of zeros before and after, one number for both. Default 1. */
  padding: kind.defaulted(kind.pair, 1),
  dataFormat: kind.defaulted(kind.dataFormat, 'channelsLast'),
};

export interface ZeroPadding1DOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const zeroPadding1D = computedLayer({
  class: 'ZeroPadding1D',
  positional: ['padding'],
  schema: { ...common, ...own },
  rank: sequence,
  mask: 'end',
  engine: (planning) => {
    const { padding, dataFormat } = planning.settings;
    if (dataFormat === 'channelsFirst') throw unsupported(planning, 'reads channelsFirst');
    return [{ kind: 'padding', before: padding[0], after: padding[1], name: planning.name }];
  },
  shape: ({ padding: [before, after] }, [[batch, steps, features]]) => [
    batch,
    steps === null ? null : steps + before + after,
    features,
  ],
  call: ({ tf, x, settings: { padding } }) => tf.pad(x, [[0, 0], padding, [0, 0]]),
});

/** Zeros before and after the steps: (B,T,I) → (B,T+before+after,I). */
export const ZeroPadding1D = layerFunction(zeroPadding1D, (options?: EitherSpelling<ZeroPadding1DOptions>) => [
  [],
  options,
]);
