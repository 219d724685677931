/** tfjs layers that act on each step alone, whose gradients differ from Keras's or are missing, put right. Same settings, same weights. */
import * as tf from '../tf.js';
import { registeredLayer } from './registered.js';

type Tensors = tf.Tensor | tf.Tensor[];
type LayerVariable = tf.layers.Layer['weights'][number];

const one = (inputs: Tensors) => (Array.isArray(inputs) ? inputs[0] : inputs);

/** What this file uses of tfjs's LayerNormalization, once it is built. */
interface Normalization extends tf.layers.Layer {
  axis: number[];
  epsilon: number;
  gamma: LayerVariable | null;
  beta: LayerVariable | null;
}

/** y = γ∘(x − mean)/√(variance + ε) + β over the layer's axes. tfjs has no gradient for it without γ or β. */
export class LayerNormalization extends registeredLayer<Normalization>('LayerNormalization') {
  static className = 'LayerNormalization';

  override call(inputs: Tensors): tf.Tensor {
    return tf.tidy(() => {
      const x = one(inputs);
      const { mean, variance } = tf.moments(x, this.axis, true);
      const shape = x.shape.map((size, axis) => (this.axis.includes(axis) ? size : 1));
      let y: tf.Tensor = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, this.epsilon)));
      if (this.gamma) y = tf.mul(y, tf.reshape(this.gamma.read(), shape));
      if (this.beta) y = tf.add(y, tf.reshape(this.beta.read(), shape));
      return y;
    });
  }
}

interface MaskingLayer extends tf.layers.Layer {
  maskValue: number;
}

/** Zeros where all features of a step equal maskValue, and the mask of the others. tfjs has no gradient for it. */
export class Masking extends registeredLayer<MaskingLayer>('Masking') {
  static className = 'Masking';

  override call(inputs: Tensors): tf.Tensor {
    return tf.tidy(() => {
      const masked = tf.customGrad((...args) => {
        const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
        const steps = tf.cast(tf.any(tf.notEqual(x, this.maskValue), -1, true), 'float32');
        save([steps]);
        return { value: tf.mul(x, steps), gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.mul(dy, saved) };
      });
      return masked(one(inputs));
    });
  }

  override computeMask(inputs: Tensors): Tensors {
    return tf.tidy(() => {
      const steps = tf.customGrad((...args) => {
        const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
        save([x]);
        const value = tf.any(tf.notEqual(x, this.maskValue), -1);
        return { value, gradFunc: (_: tf.Tensor, [saved]: tf.Tensor[]) => tf.zerosLike(saved) };
      });
      return steps(one(inputs));
    });
  }
}
