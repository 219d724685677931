/** Making layers from a description, for which TensorFlow.js has to be there. */
import '../tf.js';

export { LayerError, makeLayer } from '../layers/make.js';
