import type { EitherSpelling } from '../../spelling.js';
import type * as tf from '../../tf.js';
import { computedLayer } from '../computed.js';
import { plannedWindows } from '../convolution/plannedWindows.js';
import { windowSteps, windowsShape } from '../convolution/windows.js';
import { features, layerFunction, sequence } from '../define.js';
import { type PoolingOptions, pooling, poolsOf } from './options.js';

const averagePooling1D = computedLayer({
  class: 'AveragePooling1D',
  positional: ['poolSize', 'strides', 'padding'],
  schema: pooling,
  rank: sequence,
  mask: 'end',
  engine: (planning) => [{ kind: 'averageWindows', ...plannedWindows(planning, poolsOf(planning.settings)) }],
  shape: (settings, [input]) => windowsShape(poolsOf(settings), input, features(input)),
  call: ({ tf, x, settings }) => {
    const windows = poolsOf(settings);
    const sum = (of: tf.Tensor) => windowSteps(tf, of, windows).reduce((all, step) => tf.add(all, step));
    return tf.div(sum(x), sum(tf.ones([1, x.shape[1] ?? 0, 1])));
  },
});

/** The mean of each feature in windows of steps, of those that there are: (B,T,I) → (B,T',I). */
export const AveragePooling1D = layerFunction(averagePooling1D, (options?: EitherSpelling<PoolingOptions>) => [
  [],
  options,
]);
