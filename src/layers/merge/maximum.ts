import { MergeId } from '../../kernels/mergeIds.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction } from '../define.js';
import { broadcastShape, merging, repeated, selected } from './merging.js';
import { elementwise } from './planned.js';

const maximum = computedLayer({
  class: 'Maximum',
  positional: [],
  schema: common,
  ...merging,
  engine: elementwise(MergeId.maximum),
  shape: (_, inputs) => broadcastShape(inputs),
  call: ({ tf, inputs, masks }) => selected(tf, repeated(tf, inputs), masks, (one, other) => tf.maximum(one, other)),
});

/** The largest of its inputs, element by element: of those that are not masked there, or the first where all are. */
export const Maximum = layerFunction(maximum, (options?: EitherSpelling<LayerOptions>) => [[], options]);
