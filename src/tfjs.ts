/** `import 'memcell/tfjs'`: tensors, layers and models in memcell's signatures have TensorFlow.js's own types. */
import type * as tf from './tf.js';

declare module './tfjsTypes.js' {
  interface Tfjs {
    Tensor: tf.Tensor;
    Layer: tf.layers.Layer;
    LayersModel: tf.LayersModel;
    IOHandler: tf.io.IOHandler;
    TensorFlow: typeof tf;
  }
}
