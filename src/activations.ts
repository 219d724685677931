import { didYouMean } from './data/suggest.js';
import { modelError } from './errors.js';
import { isBuiltIn } from './kernels/tfjs/builtIn.js';
import { camelCase, type SnakeName, short } from './spelling.js';
import { type TensorFlow, tensorFlow } from './tensorflow.js';
import type * as tf from './tf.js';

/** Keras's activation functions that TensorFlow.js has too, by its names for them. */
const TFJS_ACTIVATIONS = {
  linear: 'linear',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  softmax: 'softmax',
  logSoftmax: 'logSoftmax',
  relu: 'relu',
  relu6: 'relu6',
  elu: 'elu',
  celu: 'elu',
  selu: 'selu',
  gelu: 'gelu',
  softplus: 'softplus',
  softsign: 'softsign',
  swish: 'swish',
  silu: 'swish',
  mish: 'mish',
} as const;

/** a·x + 1/2, clipped to [0, 1] */
const ramp = (tf: TensorFlow, x: tf.Tensor, slope: number) => tf.clipByValue(tf.add(tf.mul(x, slope), 0.5), 0, 1);

/** Those that it has not, with Keras 3's default arguments. */
const OWN_ACTIVATIONS = {
  exponential: (x: tf.Tensor, tf: TensorFlow) => tf.exp(x),
  /** x, or 0.2·x below 0 */
  leakyRelu: (x: tf.Tensor, tf: TensorFlow) => tf.leakyRelu(x, 0.2),
  /** min(1, max(0, x/6 + 1/2)); TensorFlow.js's own 'hardSigmoid' is Keras 2's, with 0.2·x. */
  hardSigmoid: (x: tf.Tensor, tf: TensorFlow) => ramp(tf, x, 1 / 6),
  /** x·hardSigmoid(x) */
  hardSilu: (x: tf.Tensor, tf: TensorFlow) => tf.mul(x, ramp(tf, x, 1 / 6)),
  hardTanh: (x: tf.Tensor, tf: TensorFlow) => tf.clipByValue(x, -1, 1),
  /** x, or 0 for |x| ≤ 1/2 */
  hardShrink: (x: tf.Tensor, tf: TensorFlow) => tf.mul(x, tf.step(tf.sub(tf.abs(x), 0.5))),
  /** x moved by 1/2 towards 0, or 0 for |x| ≤ 1/2 */
  softShrink: (x: tf.Tensor, tf: TensorFlow) => tf.sub(x, tf.clipByValue(x, -0.5, 0.5)),
  tanhShrink: (x: tf.Tensor, tf: TensorFlow) => tf.sub(x, tf.tanh(x)),
  /** ln σ(x) */
  logSigmoid: (x: tf.Tensor, tf: TensorFlow) => tf.neg(tf.softplus(tf.neg(x))),
  /** 0 below −1, x above 1, between them (x + 1)²/4 */
  sparsePlus: (x: tf.Tensor, tf: TensorFlow) =>
    tf.add(tf.mul(tf.square(tf.clipByValue(tf.add(x, 1), 0, 2)), 0.25), tf.relu(tf.sub(x, 1))),
  /** min(1, max(0, x/2 + 1/2)) */
  sparseSigmoid: (x: tf.Tensor, tf: TensorFlow) => ramp(tf, x, 0.5),
  /** (x + √(x² + 4))/2 */
  squareplus: (x: tf.Tensor, tf: TensorFlow) => tf.mul(tf.add(x, tf.sqrt(tf.add(tf.square(x), 4))), 0.5),
} as const;

type OwnActivation = keyof typeof OWN_ACTIVATIONS;

/**
 * Keras's activation functions that memcell knows, in camelCase: all but glu, which halves its input, threshold, which has no
 * defaults, and sparsemax.
 */
export const activationNames = [
  ...(Object.keys(TFJS_ACTIVATIONS) as (keyof typeof TFJS_ACTIVATIONS)[]),
  ...(Object.keys(OWN_ACTIVATIONS) as OwnActivation[]),
  'hardSwish',
] as const;

/** An activation's name, in camelCase or as Keras spells it: 'hardSigmoid', 'hard_sigmoid'. */
export type Activation = (typeof activationNames)[number] | SnakeName<(typeof activationNames)[number]>;

/** tfjs's hardSigmoid is another function, so this one has a name of its own: tfjs without memcell refuses it rather than computing something else. */
const CLASS_NAMES: Partial<Record<OwnActivation, string>> = { hardSigmoid: 'hardSigmoidKeras3' };

function classNameOf(name: OwnActivation): string {
  return CLASS_NAMES[name] ?? name;
}

/** Tells memcell's classes from a user's own of the same name, whichever copy of memcell made them. */
const MADE_HERE = Symbol.for('memcell.activation');

/** An activation as tfjs keeps them: a class whose name stands in saved models. */
function activationClass(tf: TensorFlow, name: OwnActivation) {
  return class extends tf.serialization.Serializable {
    static className = classNameOf(name);
    static [MADE_HERE] = classNameOf(name);

    apply(x: tf.Tensor): tf.Tensor {
      return tf.tidy(() => OWN_ACTIVATIONS[name](x, tf));
    }

    override getConfig(): tf.serialization.ConfigDict {
      return {};
    }
  };
}

/** Whether an activation is tfjs's or memcell's, and not a user's own class under one of their names. */
export function isKnownActivation(activation: { getClassName(): string }): boolean {
  return isBuiltIn(activation) || Reflect.get(activation.constructor, MADE_HERE) === activation.getClassName();
}

/** Makes Keras's activations known to tfjs, which builds layers from names. Safe to call any number of times. */
export function registerActivations(): void {
  const tf = tensorFlow();
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  for (const name of Object.keys(OWN_ACTIVATIONS) as OwnActivation[])
    if (!(classNameOf(name) in known)) tf.serialization.registerClass(activationClass(tf, name));
}

/**
 * The name under which tfjs knows an activation.
 * @throws MemcellError 'model' when there is no such activation
 */
export function tfjsActivation(name: string, what: string): string {
  const camel = camelCase(name);
  // Keras 2's hard sigmoid, which files of it have and layers written as text must be able to say.
  if (camel === 'hardSigmoidKeras2') return 'hardSigmoid';
  const known = activationNames.find((one) => one.toLowerCase() === camel.toLowerCase());
  if (known === undefined) {
    const remedy = didYouMean(camel, activationNames) || `; known are ${activationNames.join(', ')}`;
    throw modelError(`${what}: unknown activation '${short(name)}'${remedy}`);
  }
  if (known in TFJS_ACTIVATIONS) return TFJS_ACTIVATIONS[known as keyof typeof TFJS_ACTIVATIONS];
  registerActivations();
  return classNameOf(known === 'hardSwish' ? 'hardSilu' : (known as OwnActivation));
}
