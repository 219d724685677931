import { elements } from '../../data/array.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, fromFirst, type LayerOptions, layerFunction } from '../define.js';
import { initializerConfig } from '../initializers.js';
import * as kind from '../schema.js';
import { overAxes } from './planned.js';

const own = {
  /** Axis, or axes, over which the mean of squares is taken. Default -1. */
  axis: kind.defaulted(kind.axes, -1),
  /** Added to the mean of squares. Default 1e-6. */
  epsilon: kind.defaulted(kind.notNegative, 1e-6),
};

export interface RMSNormalizationOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const sorted = (axis: number | number[], rank: number) => fromFirst(axis, rank).sort((a, b) => a - b);

const rmsNormalization = computedLayer({
  class: 'RMSNormalization',
  positional: ['axis', 'epsilon'],
  schema: { ...common, ...own },
  rank: anyRank,
  mask: 'end',
  engine: (planning) => {
    const { axis, epsilon } = planning.settings;
    const width = elements([...planning.weightShapes[0]]);
    const [gamma] = planning.claim('scale');
    return overAxes(planning, axis, { kind: 'rmsNormalization', unit: false, keepsMask: false, width, epsilon, gamma });
  },
  weights: ({ axis }, [input]) => [
    {
      name: 'scale',
      shape: sorted(axis, input.length).map((one) => input[one] ?? 0),
      initializer: initializerConfig('ones', 'scale'),
    },
  ],
  call: ({ tf, x, weight, settings: { axis, epsilon } }) => {
    const axes = sorted(axis, x.rank);
    const shape = x.shape.map((size, i) => (axes.includes(i) ? size : 1));
    const factor = tf.rsqrt(tf.add(tf.mean(tf.square(x), axes, true), epsilon));
    return tf.mul(tf.mul(x, factor), tf.reshape(weight('scale'), shape));
  },
});

/** y = γ∘x/√(mean of x² + ε) over an axis (Zhang & Sennrich 2019). γ (I). */
export const RMSNormalization = layerFunction(rmsNormalization, (options?: EitherSpelling<RMSNormalizationOptions>) => [
  [],
  options,
]);
