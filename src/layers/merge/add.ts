import { MergeId } from '../../kernels/mergeIds.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction } from '../define.js';
import { aligned, broadcastShape, merging } from './merging.js';
import { elementwise } from './planned.js';

const add = computedLayer({
  class: 'Add',
  positional: [],
  schema: common,
  ...merging,
  engine: elementwise(MergeId.sum),
  shape: (_, inputs) => broadcastShape(inputs),
  call: ({ tf, inputs }) => aligned(tf, inputs).reduce((sum, input) => tf.add(sum, input)),
});

/** The sum of its inputs, element by element. */
export const Add = layerFunction(add, (options?: EitherSpelling<LayerOptions>) => [[], options]);
