import { MergeId } from '../../kernels/mergeIds.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction } from '../define.js';
import { aligned, broadcastShape, merging, pair } from './merging.js';
import { elementwise } from './planned.js';

const subtract = computedLayer({
  class: 'Subtract',
  positional: [],
  schema: common,
  ...merging,

  engine: elementwise(MergeId.subtract),
  shape: (_, inputs) => broadcastShape(pair(inputs)),
  call: ({ tf, inputs }) => {
    const [one, other] = aligned(tf, inputs);
    return tf.sub(one, other);
  },
});

/** The first of two inputs without the second, element by element. */
export const Subtract = layerFunction(subtract, (options?: EitherSpelling<LayerOptions>) => [[], options]);
