import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { plannedWindows } from '../convolution/plannedWindows.js';
import { windowSteps, windowsShape } from '../convolution/windows.js';
import { features, layerFunction, sequence } from '../define.js';
import { type PoolingOptions, pooling, poolsOf } from './options.js';

/** Below all numbers that a network has; tfjs has no infinity to pad with on every backend. */
const lowest = -3.4e38;

const maxPooling1D = computedLayer({
  class: 'MaxPooling1D',
  positional: ['poolSize', 'strides', 'padding'],
  schema: pooling,
  rank: sequence,
  mask: 'end',
  engine: (planning) => [{ kind: 'maxWindows', ...plannedWindows(planning, poolsOf(planning.settings)) }],
  shape: (settings, [input]) => windowsShape(poolsOf(settings), input, features(input)),
  call: ({ tf, x, settings }) =>
    windowSteps(tf, x, poolsOf(settings), lowest).reduce((most, step) => tf.maximum(most, step)),
});

/** The largest value of each feature in windows of steps: (B,T,I) → (B,T',I). */
export const MaxPooling1D = layerFunction(maxPooling1D, (options?: EitherSpelling<PoolingOptions>) => [[], options]);
