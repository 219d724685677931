/** Random models with convolutions and pooling over windows of steps. */
import fc from 'fast-check';
import * as l from '../../src/layers/index.js';
import { ending, named, optimizer, type Sample, size } from './models.js';

interface Window {
  kind: 'convolution' | 'average' | 'max';
  size: number;
  stride: number;
  dilation: number;
  padding: 'valid' | 'same' | 'causal';
  filters: number;
  groups: number;
  activation: 'linear' | 'tanh' | 'relu' | 'silu';
  useBias: boolean;
  regularized: boolean;
}

const window: fc.Arbitrary<Window> = fc
  .record({
    kind: fc.constantFrom<Window['kind'][]>('convolution', 'convolution', 'average', 'max'),
    size: fc.constantFrom(1, 2, 3, 5),
    apart: fc.constantFrom([1, 1], [1, 1], [2, 1], [3, 1], [1, 2], [1, 3]),
    padding: fc.constantFrom<Window['padding'][]>('valid', 'same', 'causal'),
    filters: size,
    groups: fc.constantFrom(1, 1, 2, 3),
    activation: fc.constantFrom<Window['activation'][]>('linear', 'tanh', 'relu', 'silu'),
    useBias: fc.boolean(),
    regularized: fc.boolean(),
  })
  .map(({ apart: [stride, dilation], kind, padding, ...rest }) =>
    kind === 'convolution'
      ? { ...rest, kind, stride, dilation, padding }
      : { ...rest, kind, stride, dilation: 1, padding: padding === 'causal' ? 'same' : padding },
  );

function layerOf({ kind, size: steps, stride, dilation, ...rest }: Window): l.Layer {
  const { padding, filters, groups, activation, useBias, regularized } = rest;
  const strides = stride;
  if (kind === 'convolution')
    return l.Conv1D(filters * groups, steps, {
      strides,
      dilationRate: dilation,
      padding,
      groups,
      activation,
      useBias,
      ...(regularized && { kernelRegularizer: 'l1l2' }),
    });
  const pooling = { poolSize: steps, strides, padding: padding === 'valid' ? padding : ('same' as const) };
  return kind === 'max' ? l.MaxPooling1D(pooling) : l.AveragePooling1D(pooling);
}

/** Steps that are left after the windows, none below 1. */
function stepsAfter(steps: number, windows: readonly Window[]): number {
  return windows.reduce((left, { size: n, stride, dilation, padding }) => {
    const span = (n - 1) * dilation + 1;
    return left < 1 ? 0 : Math.ceil((padding === 'valid' ? left - span + 1 : left) / stride);
  }, steps);
}

/** Up to three of them, closed by a layer that takes sequences or single rows. */
export const windowSample: fc.Arbitrary<Sample> = fc
  .record({
    steps: fc.constantFrom(4, 7, 11, 20),
    features: size,
    windows: fc.array(window, { minLength: 1, maxLength: 3 }),
    close: fc.constantFrom('flatten', 'max', 'lstm', 'sequence'),
    ending,
    optimizer,
    batch: fc.constantFrom(1, 2, 3, 5, 8),
    weighted: fc.constantFrom<Sample['weighted'][]>('no', 'samples', 'alternately'),
    seed: fc.nat(1e6),
  })
  .filter(({ steps, windows }) => stepsAfter(steps, windows) >= 1)
  .map(({ steps, features, windows, close, ending: end, ...rest }) => {
    const layers = () => {
      let width = features;
      const out = windows.map((window) => {
        const groups = width % window.groups === 0 ? window.groups : 1;
        if (window.kind === 'convolution') width = window.filters * groups;
        return layerOf({ ...window, groups });
      });
      if (close === 'flatten') out.push(l.Flatten());
      if (close === 'max') out.push(l.GlobalMaxPooling1D());
      if (close === 'lstm') out.push(l.LSTM(5));
      const last = l.Dense(end.units, end.final ?? 'linear');
      out.push(close === 'sequence' ? l.TimeDistributed(last) : last);
      return out;
    };
    return named({ ...rest, layers, inputShape: [steps, features], loss: end.loss, vocabulary: 0, zeroSteps: false });
  });
