import type { EitherSpelling } from '../../spelling.js';
import type * as tf from '../../tf.js';
import { common, defineLayer, type LayerOptions, layerFunction, ownClass, sequence } from '../define.js';
import { registeredLayer } from '../registered.js';

type Tensors = tf.Tensor | tf.Tensor[];

/** x (B,T,F) → (B,F), the largest of all steps. Steps that share it share its gradient; tfjs would give each the whole of it. */
const ownGlobalMaxPooling1D = ownClass(
  (tf) =>
    class OwnGlobalMaxPooling1D extends registeredLayer<tf.layers.Layer>('GlobalMaxPooling1D') {
      static className = 'GlobalMaxPooling1D';

      override call(inputs: Tensors): Tensors {
        return tf.tidy(() => {
          const largest = tf.customGrad((...args) => {
            const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
            // tfjs's own maximum passes over NaN.
            const value = tf.where(tf.any(tf.isNaN(x), 1), Number.NaN, tf.max(x, 1));
            save([x, value]);
            const gradFunc = (dy: tf.Tensor, [from, to]: tf.Tensor[]) => {
              const hits = tf.cast(tf.equal(from, tf.expandDims(to, 1)), 'float32');
              return tf.mul(hits, tf.expandDims(tf.div(dy, tf.sum(hits, 1)), 1));
            };
            return { value, gradFunc };
          });
          return largest(Array.isArray(inputs) ? inputs[0] : inputs);
        });
      }
    },
);

const globalMaxPooling1D = defineLayer({
  class: 'GlobalMaxPooling1D',
  positional: [],
  schema: common,
  rank: sequence,
  engine: ({ flow }) => {
    flow.sequence = false;
    return [{ kind: 'maxPooling' }];
  },
  shape: (_, [[batch, , features]]) => [batch, features],
  make: (settings, tf) => new (ownGlobalMaxPooling1D(tf))(settings),
  own: ownGlobalMaxPooling1D,
});

/** The largest value of each feature over all steps: (B,T,I) → (B,I). */
export const GlobalMaxPooling1D = layerFunction(globalMaxPooling1D, (options?: EitherSpelling<LayerOptions>) => [
  [],
  options,
]);
