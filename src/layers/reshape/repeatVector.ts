import type { EitherSpelling } from '../../spelling.js';
import type * as tf from '../../tf.js';
import { common, defineLayer, type LayerOptions, layerFunction, ownClass } from '../define.js';
import { registeredLayer } from '../registered.js';
import * as kind from '../schema.js';

type Kwargs = Parameters<tf.layers.Layer['call']>[1];
type Tensors = tf.Tensor | tf.Tensor[];

/** x (B,F) → (B,n,F). Its output has no mask: tfjs would go on handing the layers after it the mask from before. */
const ownRepeatVector = ownClass(
  () =>
    class OwnRepeatVector extends registeredLayer<tf.layers.Layer>('RepeatVector') {
      static className = 'RepeatVector';

      override call(inputs: Tensors, kwargs: Kwargs): Tensors {
        kwargs.mask = undefined;
        return super.call(inputs, kwargs);
      }
    },
);

const repeatVector = defineLayer({
  class: 'RepeatVector',
  positional: ['n'],
  schema: { ...common, n: kind.required(kind.units) },
  rank: { exactly: 2 },
  engine: ({ flow, settings: { n: times } }) => {
    flow.sequence = true;
    return [{ kind: 'repeat', times }];
  },
  shape: ({ n }, [[batch, features]]) => [batch, n, features],
  make: (settings, tf) => new (ownRepeatVector(tf))(settings),
  own: ownRepeatVector,
});

/** (B,I) → (B,n,I), for a decoder that reads its input again at every step. */
export const RepeatVector = layerFunction(repeatVector, (n: number, options?: EitherSpelling<LayerOptions>) => [
  [n],
  options,
]);
