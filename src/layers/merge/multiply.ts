import { MergeId } from '../../kernels/mergeIds.js';
import type { EitherSpelling } from '../../spelling.js';
import * as tf from '../../tf.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction } from '../define.js';
import { aligned, broadcastShape, merging } from './merging.js';
import { elementwise } from './planned.js';

const multiply = computedLayer({
  class: 'Multiply',
  positional: [],
  schema: common,
  ...merging,
  engine: elementwise(MergeId.mul),
  shape: (_, inputs) => broadcastShape(inputs),
  call: ({ inputs }) => aligned(inputs).reduce((product, input) => tf.mul(product, input)),
});

/** The product of its inputs, element by element. */
export const Multiply = layerFunction(multiply, (options?: EitherSpelling<LayerOptions>) => [[], options]);
