import { MergeId } from '../../kernels/mergeIds.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction } from '../define.js';
import { broadcastShape, merging, repeated, selected } from './merging.js';
import { elementwise } from './planned.js';

const minimum = computedLayer({
  class: 'Minimum',
  positional: [],
  schema: common,
  ...merging,
  engine: elementwise(MergeId.minimum),
  shape: (_, inputs) => broadcastShape(inputs),
  call: ({ tf, inputs, masks }) => selected(tf, repeated(tf, inputs), masks, (one, other) => tf.minimum(one, other)),
});

/** The smallest of its inputs, element by element: of those that are not masked there, or the first where all are. */
export const Minimum = layerFunction(minimum, (options?: EitherSpelling<LayerOptions>) => [[], options]);
