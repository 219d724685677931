/** tfjs's BatchNormalization as Keras 3 has it: with masks, frozen when it is not trainable, and without γ or β. */
import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import { anyRank, common, defineLayer, fromFirst, type LayerOptions, layerFunction, ownClass } from '../define.js';
import { registeredLayer } from '../registered.js';
import * as kind from '../schema.js';
import { claimScaled, rankOf } from './planned.js';
import { scaled } from './scaledOptions.js';

interface Normalization extends tf.layers.Layer {
  axis: number;
  momentum: number;
  epsilon: number;
  gamma: tf.LayerVariable | null;
  beta: tf.LayerVariable | null;
  movingMean: tf.LayerVariable;
  movingVariance: tf.LayerVariable;
}

/**
 * y = γ∘(x − mean)/√(variance + ε) + β for each feature of `axis`. In training mean and variance are the batch's, over all that
 * is not masked, and the moving ones follow: m ← momentum·m + (1 − momentum)·mean. Otherwise they are the moving ones.
 */
const ownBatchNormalization = ownClass(
  (tf) =>
    class OwnBatchNormalization extends registeredLayer<Normalization>('BatchNormalization') {
      static className = 'BatchNormalization';

      override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Parameters<tf.layers.Layer['call']>[1]): tf.Tensor {
        const x = Array.isArray(inputs) ? inputs[0] : inputs;
        const [axis] = fromFirst(this.axis, x.rank);
        const shape = x.shape.map((size, i) => (i === axis ? size : 1));
        return tf.tidy(() => {
          const training = kwargs?.training === true && this.trainable;
          const { mean, variance } = training
            ? moments(tf, x, axis, kwargs?.mask)
            : {
                mean: tf.reshape(this.movingMean.read(), shape),
                variance: tf.reshape(this.movingVariance.read(), shape),
              };
          if (training) {
            this.follow(this.movingMean, mean);
            this.follow(this.movingVariance, variance);
          }
          let y: tf.Tensor = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, this.epsilon)));
          if (this.gamma) y = tf.mul(y, tf.reshape(this.gamma.read(), shape));
          if (this.beta) y = tf.add(y, tf.reshape(this.beta.read(), shape));
          return y;
        });
      }

      private follow(moving: tf.LayerVariable, batch: tf.Tensor): void {
        const old = moving.read();
        const now = batch.dataSync();
        const { momentum } = this;
        const next = Float32Array.from(old.dataSync(), (value, i) => value * momentum + now[i] * (1 - momentum));
        const tensor = tf.tensor(next, old.shape);
        moving.write(tensor);
        tensor.dispose();
      }
    },
);

/** Mean and variance of each feature, over the steps that count, with as many axes as x. */
function moments(
  tf: TensorFlow,
  x: tf.Tensor,
  axis: number,
  mask: tf.Tensor | undefined,
): { mean: tf.Tensor; variance: tf.Tensor } {
  const axes = x.shape.map((_, i) => i).filter((i) => i !== axis);
  if (!mask || mask.rank >= x.rank) return tf.moments(x, axes, true);
  const weights = tf.reshape(tf.cast(mask, 'float32'), [...mask.shape, ...x.shape.slice(mask.rank).map(() => 1)]);
  const counted = tf.add(
    tf.mul(
      tf.sum(weights),
      x.shape.slice(mask.rank).reduce((n, size, i) => (i + mask.rank === axis ? n : n * size), 1),
    ),
    1e-8,
  );
  const mean = tf.div(tf.sum(tf.mul(x, weights), axes, true), counted);
  const variance = tf.div(tf.sum(tf.mul(tf.square(tf.sub(x, mean)), weights), axes, true), counted);
  return { mean, variance };
}

const own = {
  /** The features' axis. Default -1. */
  axis: kind.defaulted(kind.oneAxis, -1),
  /** How much of the moving mean and variance stays at each step. Default 0.99. */
  momentum: kind.defaulted(kind.finite, 0.99),
  /** Default 'zeros'. */
  movingMeanInitializer: kind.defaulted(kind.initializer, 'zeros'),
  /** Default 'ones'. */
  movingVarianceInitializer: kind.defaulted(kind.initializer, 'ones'),
};

export interface BatchNormalizationOptions
  extends LayerOptions,
    kind.OptionsOf<typeof scaled>,
    kind.OptionsOf<typeof own> {}

const batchNormalization = defineLayer({
  class: 'BatchNormalization',
  positional: ['axis', 'momentum', 'epsilon'],
  schema: { ...common, ...own, ...scaled },
  rank: anyRank,
  engine: (planning) => {
    const { axis, epsilon, momentum } = planning.settings;
    if (fromFirst(axis, rankOf(planning))[0] !== rankOf(planning) - 1)
      throw unsupported(planning, `normalises axis ${axis}, not the last`);
    const { gamma, beta, others } = claimScaled(planning, 'movingMean', 'movingVariance');
    const [movingMean, movingVariance] = others;
    const moving = { momentum, movingMean, movingVariance, trained: planning.trainable };
    return [{ kind: 'batchNormalization', width: planning.flow.width, epsilon, gamma, beta, ...moving }];
  },
  make: (settings, tf) => new (ownBatchNormalization(tf))(settings),
  own: ownBatchNormalization,
  weights: ({ axis, center, scale }, input) => {
    const size = input[fromFirst(axis, input.length)[0]] ?? 0;
    const names = [...(scale ? ['gamma'] : []), ...(center ? ['beta'] : []), 'moving_mean', 'moving_variance'];
    return names.map((name) => ({ name, shape: [size] }));
  },
});

/**
 * y = γ∘(x − mean)/√(variance + ε) + β of each feature (Ioffe & Szegedy 2015): in training of the batch's mean and variance, which
 * the moving ones follow; otherwise of the moving ones. γ, β and the two (I).
 */
export const BatchNormalization = layerFunction(
  batchNormalization,
  (options?: EitherSpelling<BatchNormalizationOptions>) => [[], options],
);
