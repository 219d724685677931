import { activation, activity } from '../../plan/activation.js';
import { NONE } from '../../plan/layerPlan.js';
import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import type * as tf from '../../tf.js';
import { computedLayer } from '../computed.js';
import { common, features, type KernelOptions, kernel, layerFunction, sequence } from '../define.js';
import * as kind from '../schema.js';
import { plannedWindows } from './plannedWindows.js';
import { windowOptions } from './windowOptions.js';
import { windowSteps, windowsOf, windowsShape } from './windows.js';

const own = {
  /** Parts of the input's features that are convolved each by itself, with filters / groups filters each. Default 1. */
  groups: kind.defaulted(kind.units, 1),
  /** Default 'linear'. */
  activation: kind.defaulted(kind.activation, 'linear'),
};

export interface Conv1DOptions
  extends KernelOptions,
    kind.OptionsOf<typeof windowOptions>,
    kind.OptionsOf<typeof own> {}

const conv1D = computedLayer({
  class: 'Conv1D',
  positional: ['filters', 'kernelSize', 'strides', 'padding'],
  schema: {
    ...common,
    ...kernel,
    filters: kind.required(kind.units),
    kernelSize: kind.required(kind.single(kind.units)),
    ...windowOptions,
    dataFormat: kind.defaulted(kind.dataFormat, 'channelsLast'),
    ...own,
  },
  rank: sequence,
  mask: 'end',
  engine: (planning) => {
    const { flow, settings } = planning;
    const windows = plannedWindows(planning, windowsOf(settings));
    if (windows.stride > 1 && windows.dilation > 1)
      throw unsupported(planning, 'has both strides and a dilationRate above 1');
    const [kernel, bias = NONE] = planning.claim('kernel', 'bias');
    const { filters, groups } = settings;
    const { width: inputs } = flow;
    flow.width = filters;
    return [
      { kind: 'convolution', ...windows, inputs, filters, groups, kernel, bias },
      ...activation(planning, settings.activation, true),
      ...activity(planning),
    ];
  },
  weights: (settings, [input]) => {
    const { filters, kernelSize, groups, useBias } = settings;
    const { kernelInitializer, kernelRegularizer, kernelConstraint } = settings;
    const { biasInitializer, biasRegularizer, biasConstraint } = settings;
    return [
      {
        name: 'kernel',
        shape: [kernelSize, features(input) / groups, filters],
        initializer: kernelInitializer,
        regularizer: kernelRegularizer,
        constraint: kernelConstraint,
      },
      ...(useBias
        ? [
            {
              name: 'bias',
              shape: [filters],
              initializer: biasInitializer,
              regularizer: biasRegularizer,
              constraint: biasConstraint,
            },
          ]
        : []),
    ];
  },
  shape: (settings, [input]) => {
    const { filters, groups } = settings;
    const size = features(input);
    if (filters % groups !== 0) throw new Error(`${filters} filters do not make ${groups} groups of one size`);
    if (size % groups !== 0) throw new Error(`${size} features do not make ${groups} groups of one size`);
    return windowsShape(windowsOf(settings), input, filters);
  },
  call: ({ tf, x, weight, settings, activate }) => {
    const { groups, filters, useBias } = settings;
    const steps = windowSteps(tf, x, windowsOf(settings));
    const whole = weight('kernel');
    const [batch, count] = steps[0].shape;
    const channels = whole.shape[1] ?? 0;
    const outputs = Array.from({ length: groups }, (_, g) => {
      const part = (at: tf.Tensor) =>
        groups === 1 ? at : tf.slice(at, [0, 0, g * channels], [batch, count, channels]);
      const rows = tf.reshape(tf.concat(steps.map(part), 2), [-1, steps.length * channels]);
      const own = groups === 1 ? whole : tf.slice(whole, [0, 0, (g * filters) / groups], [-1, -1, filters / groups]);
      return tf.matMul(rows as tf.Tensor2D, tf.reshape(own, [steps.length * channels, filters / groups]));
    });
    let y: tf.Tensor = groups === 1 ? outputs[0] : tf.concat(outputs, 1);
    if (useBias) y = tf.add(y, weight('bias'));
    return activate(tf.reshape(y, [batch, count, filters]));
  },
});

/**
 * y = activation(Σₖ x at step t·s + k·d times Wₖ + b): x (B,T,I), W (K,I/groups,F), b (F) → (B,T',F), with stride s and dilation d.
 * Zeros are put before and after the steps for padding 'same', before them alone for 'causal'.
 */
export const Conv1D = layerFunction(
  conv1D,
  (filters: number, kernelSize: number, options?: EitherSpelling<Conv1DOptions>) => [[filters, kernelSize], options],
);
