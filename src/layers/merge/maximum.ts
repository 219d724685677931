import { MergeId } from '../../kernels/mergeIds.js';
import type { EitherSpelling } from '../../spelling.js';
import * as tf from '../../tf.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction } from '../define.js';
import { broadcastShape, merging, repeated } from './merging.js';
import { elementwise } from './planned.js';

const maximum = computedLayer({
  class: 'Maximum',
  positional: [],
  schema: common,
  ...merging,
  engine: elementwise(MergeId.maximum),
  shape: (_, inputs) => broadcastShape(inputs),
  call: ({ inputs }) => repeated(inputs).reduce((most, input) => tf.maximum(most, input)),
});

/** The largest of its inputs, element by element. */
export const Maximum = layerFunction(maximum, (options?: EitherSpelling<LayerOptions>) => [[], options]);
