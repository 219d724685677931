import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import type * as tf from '../../tf.js';
import { anyRank, common, defineLayer, features, type LayerOptions, layerFunction, ownClass } from '../define.js';
import { registeredLayer } from '../registered.js';
import * as kind from '../schema.js';
import { claimScaled, rankOf } from './planned.js';

/** What this file uses of tfjs's LayerNormalization, once it is built. */
interface Normalization extends tf.layers.Layer {
  axis: number[];
  epsilon: number;
  gamma: tf.LayerVariable | null;
  beta: tf.LayerVariable | null;
}

/** y = γ∘(x − mean)/√(variance + ε) + β over the layer's axes. tfjs has no gradient for it without γ or β. */
const ownLayerNormalization = ownClass(
  (tf) =>
    class OwnLayerNormalization extends registeredLayer<Normalization>('LayerNormalization') {
      static className = 'LayerNormalization';

      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return tf.tidy(() => {
          const x = Array.isArray(inputs) ? inputs[0] : inputs;
          const { mean, variance } = tf.moments(x, this.axis, true);
          const shape = x.shape.map((size, axis) => (this.axis.includes(axis) ? size : 1));
          let y: tf.Tensor = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, this.epsilon)));
          if (this.gamma) y = tf.mul(y, tf.reshape(this.gamma.read(), shape));
          if (this.beta) y = tf.add(y, tf.reshape(this.beta.read(), shape));
          return y;
        });
      }
    },
);

const own = {
  /** Added to the variance. Default 1e-3. */
  epsilon: kind.defaulted(kind.notNegative, 1e-3),
  /** Add a learned offset. Default true. */
  center: kind.defaulted(kind.flag, true),
  /** Multiply by a learned factor. Default true. */
  scale: kind.defaulted(kind.flag, true),
};

export interface LayerNormalizationOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const layerNormalization = defineLayer({
  class: 'LayerNormalization',
  positional: [],
  schema: { ...common, ...own },
  rank: anyRank,
  perStep: true,
  engine: (planning) => {
    const { axis = -1 } = planning.config;
    const axes = [axis].flat();
    if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== rankOf(planning) - 1))
      throw unsupported(planning, `normalises axis ${axes}, not the last`);
    const { epsilon } = planning.settings;
    const { gamma, beta } = claimScaled(planning);
    return [{ kind: 'layerNormalization', width: planning.flow.width, epsilon, gamma, beta }];
  },
  make: (settings, tf) => new (ownLayerNormalization(tf))(settings),
  own: ownLayerNormalization,
  weights: ({ center, scale }, input) => [
    ...(scale ? [{ name: 'gamma', shape: [features(input)] }] : []),
    ...(center ? [{ name: 'beta', shape: [features(input)] }] : []),
  ],
});

/** y = γ∘(x − mean)/√(variance + ε) + β over the last axis. γ, β (I). */
export const LayerNormalization = layerFunction(
  layerNormalization,
  (options?: EitherSpelling<LayerNormalizationOptions>) => [[], options],
);
