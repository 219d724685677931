import { MergeId } from '../../kernels/mergeIds.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction } from '../define.js';
import { aligned, broadcastShape, merging } from './merging.js';
import { elementwise } from './planned.js';

const average = computedLayer({
  class: 'Average',
  positional: [],
  schema: common,
  ...merging,
  engine: elementwise(MergeId.ave),
  shape: (_, inputs) => broadcastShape(inputs),
  call: ({ tf, inputs }) =>
    tf.div(
      aligned(tf, inputs).reduce((sum, input) => tf.add(sum, input)),
      inputs.length,
    ),
});

/** The mean of its inputs, element by element. */
export const Average = layerFunction(average, (options?: EitherSpelling<LayerOptions>) => [[], options]);
