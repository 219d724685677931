import type { EitherSpelling } from '../../spelling.js';
import type * as tf from '../../tf.js';
import { common, defineLayer, type LayerOptions, layerFunction, ownClass, sequence } from '../define.js';
import { registeredLayer } from '../registered.js';

type Kwargs = Parameters<tf.layers.Layer['call']>[1];
type Tensors = tf.Tensor | tf.Tensor[];

/** x (B,T,F) → (B,F), the mean over the steps that are not masked; 0 where all are, which are NaN in Keras. */
const ownGlobalAveragePooling1D = ownClass(
  (tf) =>
    class OwnGlobalAveragePooling1D extends registeredLayer<tf.layers.Layer>('GlobalAveragePooling1D') {
      static className = 'GlobalAveragePooling1D';

      override call(inputs: Tensors, kwargs: Kwargs): Tensors {
        const mask: tf.Tensor | undefined = kwargs.mask;
        if (!mask) return super.call(inputs, kwargs);
        return tf.tidy(() => {
          const x = Array.isArray(inputs) ? inputs[0] : inputs;
          const steps = tf.expandDims(tf.cast(mask, 'bool'), -1);
          const counted = tf.maximum(tf.sum(tf.cast(steps, 'float32'), 1), 1);
          return tf.div(tf.sum(tf.where(steps, x, tf.zerosLike(x)), 1), counted);
        });
      }
    },
);

const globalAveragePooling1D = defineLayer({
  class: 'GlobalAveragePooling1D',
  positional: [],
  schema: common,
  rank: sequence,
  engine: ({ flow }) => {
    flow.sequence = false;
    return [{ kind: 'averagePooling' }];
  },
  shape: (_, [[batch, , features]]) => [batch, features],
  make: (settings, tf) => new (ownGlobalAveragePooling1D(tf))(settings),
  own: ownGlobalAveragePooling1D,
});

/** The mean over the steps that are not masked: (B,T,I) → (B,I). */
export const GlobalAveragePooling1D = layerFunction(
  globalAveragePooling1D,
  (options?: EitherSpelling<LayerOptions>) => [[], options],
);
