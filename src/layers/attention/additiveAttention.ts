import { NONE } from '../../plan/layerPlan.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, features, type LayerOptions, layerFunction } from '../define.js';
import { initializerConfig } from '../initializers.js';
import * as kind from '../schema.js';
import { attend, attention, pairs } from './dotAttention.js';
import { attending } from './options.js';
import { planScored } from './planned.js';

const own = {
  /** Learn a factor of each feature. Default true. */
  useScale: kind.defaulted(kind.flag, true),
};

export interface AdditiveAttentionOptions
  extends LayerOptions,
    kind.OptionsOf<typeof own>,
    kind.OptionsOf<typeof attending> {}

const additiveAttention = computedLayer({
  class: 'AdditiveAttention',
  positional: ['useScale', 'dropout'],
  schema: { ...common, ...own, ...attending },
  ...attention,
  engine: (planning) => {
    const [coefficients = NONE] = planning.claim('scale');
    return planScored(planning, { additive: true, factor: NONE, coefficients, oneCoefficient: false });
  },
  weights: ({ useScale }, [query]) =>
    useScale
      ? [{ name: 'scale', shape: [features(query)], initializer: initializerConfig('glorotUniform', 'scale') }]
      : [],
  call: (call) =>
    attend(call, (query, key) => {
      const { tf } = call;
      const scores = tf.tanh(pairs(tf, query, key));
      return tf.sum(call.settings.useScale ? tf.mul(scores, call.weight('scale')) : scores, -1);
    }),
});

/** Bahdanau's attention: of inputs [query (B,T,I), value (B,S,I), key], softmax(Σ scale∘tanh(query + key))·value. */
export const AdditiveAttention = layerFunction(
  additiveAttention,
  (options?: EitherSpelling<AdditiveAttentionOptions>) => [[], options],
);
