import * as tf from '@tensorflow/tfjs';
import { didYouMean } from '../data/suggest.js';
import { MemcellError } from '../errors.js';
import { camelCase } from './names.js';

/** Keras's activation functions that memcell knows, in camelCase. */
export const activationNames = [
  'linear',
  'tanh',
  'sigmoid',
  'hardSigmoid',
  'softmax',
  'logSoftmax',
  'relu',
  'relu6',
  'elu',
  'selu',
  'gelu',
  'softplus',
  'softsign',
  'swish',
  'silu',
  'mish',
] as const;

/** An activation's name; Keras's snake_case spelling ('hard_sigmoid') is accepted too. */
export type Activation = (typeof activationNames)[number] | (string & {});

/**
 * Keras 3's hard sigmoid: y = min(1, max(0, x/6 + 1/2)).
 *
 * TensorFlow.js's own 'hardSigmoid' is Keras 2's 0.2·x + 1/2, so this one has another name in saved models: TensorFlow.js
 * without memcell then refuses the file instead of computing something else.
 */
class HardSigmoid extends tf.serialization.Serializable {
  static className = 'hardSigmoidKeras3';

  apply(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => tf.clipByValue(tf.add(tf.mul(x, 1 / 6), 0.5), 0, 1));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {};
  }
}

/** Makes Keras 3's hard sigmoid known to tfjs, which builds layers from names. Safe to call any number of times. */
export function registerHardSigmoid(): string {
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  if (!(HardSigmoid.className in known)) tf.serialization.registerClass(HardSigmoid);
  return HardSigmoid.className;
}

/**
 * The name under which tfjs knows an activation.
 * @throws MemcellError 'model' when there is no such activation
 */
export function tfjsActivation(name: string, what: string): string {
  const camel = camelCase(name);
  const known = activationNames.find((one) => one.toLowerCase() === camel.toLowerCase());
  if (known === undefined) {
    const remedy = didYouMean(camel, activationNames) || `; known are ${activationNames.join(', ')}`;
    throw new MemcellError(`${what}: unknown activation '${name}'${remedy}`, { code: 'model' });
  }
  if (known === 'hardSigmoid') return registerHardSigmoid();
  return known === 'silu' ? 'swish' : known;
}
