import { MergeId } from '../../kernels/mergeIds.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction } from '../define.js';
import { aligned, anyMask, broadcastShape, merging } from './merging.js';
import { elementwise } from './planned.js';

const multiply = computedLayer({
  class: 'Multiply',
  positional: [],
  schema: common,
  ...merging,
  engine: elementwise(MergeId.mul),
  shape: (_, inputs) => broadcastShape(inputs),
  call: ({ tf, inputs, masks }) => {
    const counts = masks.map((mask) => mask && tf.expandDims(mask, -1));
    const factors = aligned(tf, inputs).map((input, i) => {
      const counted = counts[i];
      return counted ? tf.where(counted, input, tf.scalar(1)) : input;
    });
    const product = factors.reduce((all, factor) => tf.mul(all, factor));
    const any = anyMask({ tf, masks: counts });
    return any ? tf.where(any, product, tf.scalar(0)) : product;
  },
});

/** The product of its inputs, element by element. Steps of an input that are masked are ones, and zeros where all are, as in Keras. */
export const Multiply = layerFunction(multiply, (options?: EitherSpelling<LayerOptions>) => [[], options]);
