import { activation, activity } from '../../plan/activation.js';
import { NONE } from '../../plan/layerPlan.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, features, type LayerOptions, layerFunction, penalty, sequence } from '../define.js';
import * as kind from '../schema.js';
import { depthwise, plannedDepthwise } from './depthwise.js';
import { windowOptions } from './windowOptions.js';
import { windowsOf, windowsShape } from './windows.js';

const own = {
  /** 'same' puts steps before and after, so that there are as many windows as steps where strides is 1. Default 'valid'. */
  padding: kind.defaulted(kind.oneOf('valid', 'same'), 'valid'),
  /** Outputs of each feature before they are mixed. Default 1. */
  depthMultiplier: kind.defaulted(kind.units, 1),
  /** Default 'linear'. */
  activation: kind.defaulted(kind.activation, 'linear'),
  /** Default true. */
  useBias: kind.defaulted(kind.flag, true),
  /** Default 'glorotUniform'. */
  depthwiseInitializer: kind.defaulted(kind.initializer, 'glorotUniform'),
  /** Default 'glorotUniform'. */
  pointwiseInitializer: kind.defaulted(kind.initializer, 'glorotUniform'),
  /** Default 'zeros'. */
  biasInitializer: kind.defaulted(kind.initializer, 'zeros'),
  depthwiseRegularizer: kind.optional(kind.regularizer),
  pointwiseRegularizer: kind.optional(kind.regularizer),
  biasRegularizer: kind.optional(kind.regularizer),
  ...penalty,
  depthwiseConstraint: kind.optional(kind.constraint),
  pointwiseConstraint: kind.optional(kind.constraint),
  biasConstraint: kind.optional(kind.constraint),
};

export interface SeparableConv1DOptions
  extends LayerOptions,
    Omit<kind.OptionsOf<typeof windowOptions>, 'padding'>,
    kind.OptionsOf<typeof own> {}

const separableConv1D = computedLayer({
  class: 'SeparableConv1D',
  positional: ['filters', 'kernelSize', 'strides', 'padding'],
  schema: {
    ...common,
    filters: kind.required(kind.units),
    kernelSize: kind.required(kind.single(kind.units)),
    ...windowOptions,
    ...own,
    dataFormat: kind.defaulted(kind.dataFormat, 'channelsLast'),
  },
  rank: sequence,
  mask: 'end',
  engine: (planning) => {
    const { flow, settings } = planning;
    const { filters: units } = settings;
    const [depthKernel, kernel, bias = NONE] = planning.claim('depthwise', 'pointwise', 'bias');
    const each = plannedDepthwise(planning, windowsOf(settings), { kernel: depthKernel, bias: NONE });
    flow.width = units;
    return [
      each,
      { kind: 'dense', inputs: each.filters, units, kernel, bias },
      ...activation(planning, settings.activation, true),
      ...activity(planning),
    ];
  },
  weights: (settings, [input]) => {
    const { filters, kernelSize, depthMultiplier, useBias } = settings;
    const size = features(input);
    return [
      {
        name: 'depthwise_kernel',
        shape: [kernelSize, size, depthMultiplier],
        initializer: settings.depthwiseInitializer,
        regularizer: settings.depthwiseRegularizer,
        constraint: settings.depthwiseConstraint,
      },
      {
        name: 'pointwise_kernel',
        shape: [1, size * depthMultiplier, filters],
        initializer: settings.pointwiseInitializer,
        regularizer: settings.pointwiseRegularizer,
        constraint: settings.pointwiseConstraint,
      },
      ...(useBias
        ? [
            {
              name: 'bias',
              shape: [filters],
              initializer: settings.biasInitializer,
              regularizer: settings.biasRegularizer,
              constraint: settings.biasConstraint,
            },
          ]
        : []),
    ];
  },
  shape: (settings, [input]) => windowsShape(windowsOf(settings), input, settings.filters),
  call: ({ tf, x, weight, settings, activate }) => {
    const { filters, useBias } = settings;
    const each = depthwise(tf, x, weight('depthwise_kernel'), windowsOf(settings));
    const [batch, count, inner = 0] = each.shape;
    const mixing = tf.reshape(weight('pointwise_kernel'), [inner, filters]);
    const mixed = tf.reshape(tf.matMul(tf.reshape(each, [-1, inner]), mixing), [batch, count, filters]);
    return activate(useBias ? tf.add(mixed, weight('bias')) : mixed);
  },
});

/** Each feature convolved by itself, then all mixed at every step: W (K,I,M), P (1,I·M,F), b (F): (B,T,I) → (B,T',F). */
export const SeparableConv1D = layerFunction(
  separableConv1D,
  (filters: number, kernelSize: number, options?: EitherSpelling<SeparableConv1DOptions>) => [
    [filters, kernelSize],
    options,
  ],
);
