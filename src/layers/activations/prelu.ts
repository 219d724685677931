import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, type LayerOptions, layerFunction } from '../define.js';
import * as kind from '../schema.js';
import { rectifier } from './rectifier.js';

const own = {
  /** Default 'zeros'. */
  alphaInitializer: kind.defaulted(kind.initializer, 'zeros'),
  alphaRegularizer: kind.optional(kind.regularizer),
  alphaConstraint: kind.optional(kind.constraint),
  /** Axes along which a factor is shared: [1] for the same at every step. */
  sharedAxes: kind.defaulted(kind.nullable(kind.listOf(kind.count, 0)), null),
};

export interface PReLUOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const pReLU = computedLayer({
  class: 'PReLU',
  positional: [],
  schema: { ...common, ...own },
  rank: anyRank,
  engine: (planning) => {
    const { width } = planning.flow;
    const [shape] = planning.weightShapes;
    if (shape.at(-1) !== width) throw unsupported(planning, 'shares its factors between features');
    const [alpha] = planning.claim('alpha');
    return [rectifier(width, { alpha, rows: shape.length > 1 ? shape[0] : 1 })];
  },
  weights: ({ alphaInitializer, alphaRegularizer, alphaConstraint, sharedAxes }, [[, ...sample]]) => [
    {
      name: 'alpha',
      shape: sample.map((size, i) => (sharedAxes?.includes(i + 1) ? 1 : (size ?? 0))),
      initializer: alphaInitializer,
      regularizer: alphaRegularizer,
      constraint: alphaConstraint,
    },
  ],
  call: ({ tf, x, weight }) => tf.sub(tf.relu(x), tf.mul(weight('alpha'), tf.relu(tf.neg(x)))),
});

/** x, or α∘x below 0, α learnt, of one sample's shape (He et al. 2015). */
export const PReLU = layerFunction(pReLU, (options?: EitherSpelling<PReLUOptions>) => [[], options]);
