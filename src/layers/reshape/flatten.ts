import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import { common, defineLayer, type LayerOptions, layerFunction, tfjsLayer } from '../define.js';
import { knownSize } from './knownSize.js';

const flatten = defineLayer({
  class: 'Flatten',
  positional: [],
  schema: common,
  rank: { atLeast: 3 },
  engine: (planning) => {
    const { flow } = planning;
    if (!flow.sequence) return [];
    if (planning.config.dataFormat === 'channelsFirst') throw unsupported(planning, 'flattens channelsFirst');
    flow.width = knownSize(planning, 1, 'flattens an open number of steps');
    flow.sequence = false;
    return [{ kind: 'flatten' }];
  },
  shape: (_, [[batch, ...sizes]]) => [
    batch,
    sizes.reduce<number | null>((size, one) => (size === null || one === null ? null : size * one), 1),
  ],
  make: tfjsLayer((tf) => tf.layers.flatten),
});

/** (B,…) → (B, product of the others). */
export const Flatten = layerFunction(flatten, (options?: EitherSpelling<LayerOptions>) => [[], options]);
