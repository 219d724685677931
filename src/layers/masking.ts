import { unsupported } from '../plan/unsupported.js';
import type { EitherSpelling } from '../spelling.js';
import type * as tf from '../tf.js';
import { common, defineLayer, type LayerOptions, layerFunction, ownClass, sequence } from './define.js';
import { registeredLayer } from './registered.js';
import * as kind from './schema.js';

type Tensors = tf.Tensor | tf.Tensor[];

const one = (inputs: Tensors) => (Array.isArray(inputs) ? inputs[0] : inputs);

interface MaskingLayer extends tf.layers.Layer {
  maskValue: number;
}

/** Zeros where all features of a step equal maskValue, and the mask of the others. tfjs has no gradient for it. */
const ownMasking = ownClass(
  (tf) =>
    class OwnMasking extends registeredLayer<MaskingLayer>('Masking') {
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
    },
);

const own = {
  /** Default 0. */
  maskValue: kind.defaulted(kind.finite, 0),
};

export interface MaskingOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const masking = defineLayer({
  class: 'Masking',
  positional: ['maskValue'],
  schema: { ...common, ...own },
  rank: sequence,
  engine: (planning) => {
    if (!planning.flow.sequence) throw unsupported(planning, 'has an input without steps');
    return [{ kind: 'masking', value: planning.settings.maskValue }];
  },
  make: (settings, tf) => new (ownMasking(tf))(settings),
  own: ownMasking,
});

/** Marks steps whose features all equal maskValue, for the layers after it to skip: (B,T,I) → (B,T,I). */
export const Masking = layerFunction(masking, (options?: EitherSpelling<MaskingOptions>) => [[], options]);
