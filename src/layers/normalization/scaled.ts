/** The learned factor γ and offset β of normalizations. */
import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import type { ComputedWeight } from '../computed.js';
import type { SettingsOf } from '../schema.js';
import type { scaled } from './scaledOptions.js';

type Settings = SettingsOf<typeof scaled>;

/** γ and β of `size` features, those that there are. */
export function scaledWeights(settings: Settings, size: number): ComputedWeight[] {
  const { gammaInitializer, gammaRegularizer, gammaConstraint } = settings;
  const { betaInitializer, betaRegularizer, betaConstraint } = settings;
  const gamma = { initializer: gammaInitializer, regularizer: gammaRegularizer, constraint: gammaConstraint };
  const beta = { initializer: betaInitializer, regularizer: betaRegularizer, constraint: betaConstraint };
  return [
    ...(settings.scale ? [{ name: 'gamma', shape: [size], ...gamma }] : []),
    ...(settings.center ? [{ name: 'beta', shape: [size], ...beta }] : []),
  ];
}

/** γ∘x + β with the two in `shape`. */
export function scaleAndCenter(
  tf: TensorFlow,
  x: tf.Tensor,
  { center, scale }: Pick<Settings, 'center' | 'scale'>,
  weight: (name: string) => tf.Tensor,
  shape: number[],
): tf.Tensor {
  const factored: tf.Tensor = scale ? tf.mul(x, tf.reshape(weight('gamma'), shape)) : x;
  return center ? tf.add(factored, tf.reshape(weight('beta'), shape)) : factored;
}
