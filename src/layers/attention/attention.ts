import { NONE } from '../../plan/layerPlan.js';
import type { EitherSpelling } from '../../spelling.js';
import type * as tf from '../../tf.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction } from '../define.js';
import { initializerConfig } from '../initializers.js';
import * as kind from '../schema.js';
import { attend, attention as attentions, pairs } from './dotAttention.js';
import { attending } from './options.js';
import { planScored } from './planned.js';

const own = {
  /** Learn a factor of the scores. Default false. */
  useScale: kind.defaulted(kind.flag, false),
  /** 'dot': query·key; 'concat': Σ tanh(query + key) with a learnt factor. Default 'dot'. */
  scoreMode: kind.defaulted(kind.oneOf('dot', 'concat'), 'dot'),
};

export interface AttentionOptions extends LayerOptions, kind.OptionsOf<typeof own>, kind.OptionsOf<typeof attending> {}

const attention = computedLayer({
  class: 'Attention',
  positional: ['useScale', 'scoreMode', 'dropout'],
  schema: { ...common, ...own, ...attending },
  ...attentions,
  engine: (planning) => {
    const { useScale, scoreMode } = planning.settings;
    const additive = scoreMode === 'concat';
    const weights = planning.claim('scale', 'concat_score_weight');
    const [factor, coefficients = NONE] = useScale ? weights : [NONE, ...weights];
    return planScored(planning, { additive, factor, coefficients, oneCoefficient: true });
  },
  weights: ({ useScale, scoreMode }) => {
    const one = { shape: [], initializer: initializerConfig('ones', 'scale') };
    return [
      ...(useScale ? [{ name: 'scale', ...one }] : []),
      ...(scoreMode === 'concat' ? [{ name: 'concat_score_weight', ...one }] : []),
    ];
  },
  call: (call) => {
    const { tf } = call;
    const { useScale, scoreMode } = call.settings;
    const scaled = (x: tf.Tensor) => (useScale ? tf.mul(x, call.weight('scale')) : x);
    return attend(call, (query, key) =>
      scoreMode === 'dot'
        ? scaled(tf.matMul(query, key, false, true))
        : tf.mul(tf.sum(tf.tanh(scaled(pairs(tf, query, key))), -1), call.weight('concat_score_weight')),
    );
  },
});

/**
 * Luong's attention: of inputs [query (B,T,I), value (B,S,V), key (B,S,I)], the key being the value where it is left out, softmax(query·keyᵀ)·value
 * (B,T,V). Steps of the value that are masked are not looked at.
 */
export const Attention = layerFunction(attention, (options?: EitherSpelling<AttentionOptions>) => [[], options]);
