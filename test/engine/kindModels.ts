/** Random models with rectifiers, normalizations and noise as layers, over rows, sequences and masked sequences. */
import fc from 'fast-check';
import * as l from '../../src/layers/index.js';
import { ending, named, optimizer, type Sample, size } from './models.js';

interface Kind {
  of:
    | 'relu'
    | 'leaky'
    | 'elu'
    | 'prelu'
    | 'softmax'
    | 'rms'
    | 'unit'
    | 'group'
    | 'standard'
    | 'learnt'
    | 'spatial'
    | 'gaussian'
    | 'dense';
  /** Picks among the layer's options. */
  option: number;
  units: number;
}

const kind: fc.Arbitrary<Kind> = fc.record({
  of: fc.constantFrom<Kind['of'][]>(
    'relu',
    'leaky',
    'elu',
    'prelu',
    'softmax',
    'rms',
    'unit',
    'group',
    'standard',
    'learnt',
    'spatial',
    'gaussian',
    'dense',
  ),
  option: fc.nat(3),
  units: size,
});

/** Over the features, the steps, or both. */
function axesOf(isSequence: boolean, option: number): number | number[] {
  return isSequence ? [-1, 1, [1, 2], 2][option] : -1;
}

function layerOf({ of, option, units }: Kind, width: number, isSequence: boolean): l.Layer[] {
  const axis = axesOf(isSequence, option);
  switch (of) {
    case 'relu':
      return [
        l.ReLU(
          [{}, { maxValue: 0.6, negativeSlope: 0.1, threshold: 0.2 }, { maxValue: 1 }, { negativeSlope: 0.2 }][option],
        ),
      ];
    case 'leaky':
      return [l.LeakyReLU([{}, { negativeSlope: 0.1 }, { alpha: 0.4 }, { negativeSlope: 0 }][option])];
    case 'elu':
      return [l.ELU(option === 0 ? {} : { alpha: option / 2 })];
    case 'prelu':
      return [
        l.PReLU({
          alphaInitializer: 'glorotUniform',
          ...(option % 2 === 0 && isSequence ? { sharedAxes: [1] } : {}),
          ...(option === 1 ? { alphaRegularizer: { l2: 0.02 } } : {}),
        }),
      ];
    case 'softmax':
      return [l.Softmax({ axis })];
    case 'rms':
      return [l.RMSNormalization({ axis, epsilon: 0.1 })];
    case 'unit':
      // Away from 0, where it has a slope of 10¹².
      return [l.Dense(width, { biasInitializer: 'ones' }), l.Activation('sigmoid'), l.UnitNormalization({ axis })];
    case 'group': {
      const groups = [1, -1, width % 2 === 0 ? 2 : 1, width % 3 === 0 ? 3 : -1][option];
      return [l.GroupNormalization({ groups, epsilon: 0.1, scale: option !== 1, center: option < 2 })];
    }
    case 'standard':
      return [
        l.Normalization(
          option % 2 === 0
            ? { axis: null, mean: 0.4, variance: 2.25, invert: option === 2 }
            : { mean: Array(width).fill(0.2), variance: Array(width).fill(0.5), invert: option === 3 },
        ),
      ];
    case 'learnt':
      return [l.Normalization({ invert: option > 1 })];
    case 'spatial':
      return [isSequence ? l.SpatialDropout1D(0.3) : l.Dropout(0.3)];
    case 'gaussian':
      return [option > 1 ? l.GaussianDropout(0.2) : l.GaussianNoise(option / 4)];
    case 'dense':
      return [l.Dense(units, 'tanh')];
  }
}

export const kindsSample: fc.Arbitrary<Sample> = fc
  .record({
    steps: fc.constantFrom(0, 1, 2, 5),
    features: size,
    masked: fc.boolean(),
    kinds: fc.array(kind, { minLength: 1, maxLength: 4 }),
    close: fc.constantFrom('lstm', 'max', 'sequence'),
    ending,
    optimizer,
    batch: fc.constantFrom(1, 2, 3, 5),
    weighted: fc.constantFrom<Sample['weighted'][]>('no', 'samples', 'alternately'),
    seed: fc.nat(1e6),
  })
  .map(({ steps, features, masked, kinds, close, ending: end, ...rest }) => {
    const isSequence = steps > 0;
    const layers = () => {
      const out: l.Layer[] = isSequence && masked ? [l.Masking()] : [];
      let width: number = features;
      for (const one of kinds) {
        out.push(...layerOf(one, width, isSequence));
        if (one.of === 'dense') width = one.units;
      }
      if (isSequence && close === 'lstm') out.push(l.LSTM(4));
      if (isSequence && close === 'max') out.push(l.GlobalMaxPooling1D());
      const last = l.Dense(end.units, end.final ?? 'linear');
      out.push(isSequence && close === 'sequence' ? l.TimeDistributed(last) : last);
      return out;
    };
    const inputShape = isSequence ? [steps, features] : [features];
    return named({ ...rest, layers, inputShape, loss: end.loss, vocabulary: 0, zeroSteps: true });
  });
