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
  /** Outputs of each feature. Default 1. */
  depthMultiplier: kind.defaulted(kind.units, 1),
  /** Default 'linear'. */
  activation: kind.defaulted(kind.activation, 'linear'),
  /** Default true. */
  useBias: kind.defaulted(kind.flag, true),
  /** Default 'glorotUniform'. */
  depthwiseInitializer: kind.defaulted(kind.initializer, 'glorotUniform'),
  /** Default 'zeros'. */
  biasInitializer: kind.defaulted(kind.initializer, 'zeros'),
  depthwiseRegularizer: kind.optional(kind.regularizer),
  biasRegularizer: kind.optional(kind.regularizer),
  ...penalty,
  depthwiseConstraint: kind.optional(kind.constraint),
  biasConstraint: kind.optional(kind.constraint),
};

export interface DepthwiseConv1DOptions
  extends LayerOptions,
    Omit<kind.OptionsOf<typeof windowOptions>, 'padding'>,
    kind.OptionsOf<typeof own> {}

const depthwiseConv1D = computedLayer({
  class: 'DepthwiseConv1D',
  positional: ['kernelSize', 'strides', 'padding'],
  schema: {
    ...common,
    kernelSize: kind.required(kind.single(kind.units)),
    ...windowOptions,
    ...own,
    dataFormat: kind.defaulted(kind.dataFormat, 'channelsLast'),
  },
  rank: sequence,
  mask: 'end',
  engine: (planning) => {
    const { flow, settings } = planning;
    const [kernel, bias = NONE] = planning.claim('depthwise', 'bias');
    const each = plannedDepthwise(planning, windowsOf(settings), { kernel, bias });
    flow.width = each.filters;
    return [each, ...activation(planning, settings.activation, true), ...activity(planning)];
  },
  weights: (settings, [input]) => {
    const { kernelSize, depthMultiplier, useBias } = settings;
    const {
      depthwiseInitializer: initializer,
      depthwiseRegularizer: regularizer,
      depthwiseConstraint: constraint,
    } = settings;
    const size = features(input);
    const bias = {
      initializer: settings.biasInitializer,
      regularizer: settings.biasRegularizer,
      constraint: settings.biasConstraint,
    };
    return [
      { name: 'kernel', shape: [kernelSize, size, depthMultiplier], initializer, regularizer, constraint },
      ...(useBias ? [{ name: 'bias', shape: [size * depthMultiplier], ...bias }] : []),
    ];
  },
  shape: (settings, [input]) => windowsShape(windowsOf(settings), input, features(input) * settings.depthMultiplier),
  call: ({ tf, x, weight, settings, activate }) => {
    const y = depthwise(tf, x, weight('kernel'), windowsOf(settings));
    return activate(settings.useBias ? tf.add(y, weight('bias')) : y);
  },
});

/** Each feature convolved by itself: x (B,T,I), W (K,I,M), b (I·M) → (B,T',I·M), M outputs of each feature. */
export const DepthwiseConv1D = layerFunction(
  depthwiseConv1D,
  (kernelSize: number, options?: EitherSpelling<DepthwiseConv1DOptions>) => [[kernelSize], options],
);
