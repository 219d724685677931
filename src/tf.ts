/** TensorFlow.js as all of memcell imports it: core, layers and the cpu backend, without its other backends, converter and data. */
import { giveTensorFlow } from './tensorflow.js';
import * as all from './tf.js';

export { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
export * from '@tensorflow/tfjs-core';
export * from '@tensorflow/tfjs-layers';

giveTensorFlow(all);
