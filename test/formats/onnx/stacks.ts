/** Random stacks of the layers that memcell has, for models that are written and read. */
import fc from 'fast-check';
import {
  Activation,
  Bidirectional,
  Dense,
  Dropout,
  Flatten,
  GlobalAveragePooling1D,
  GlobalMaxPooling1D,
  GRU,
  type Layer,
  LayerNormalization,
  LSTM,
  type RecurrentOptions,
  RepeatVector,
  SimpleRNN,
  TimeDistributed,
} from '../../../src/layers/index.js';
import { Sequential } from '../../../src/sequential.js';
import { draws, type Numbers } from './runtime.js';

const STEPS = 5;

/** Adds a layer to a stack; whether what it gives are sequences. */
type Add = (layers: Layer[], isFirst: object, sequence: boolean) => boolean;

const inRecurrent = fc.constantFrom(
  'tanh', 'sigmoid', 'relu', 'linear', 'softsign', 'softplus', 'elu', 'leakyRelu', 'hardSigmoid', 'sparseSigmoid',
); // biome-ignore format: a list
/** Those that are one operator, so that they are told from the graph. */
const anywhere = fc.constantFrom(
  'linear', 'tanh', 'softmax', 'logSoftmax', 'swish', 'relu6', 'elu', 'hardTanh', 'hardSilu', 'mish', 'selu',
  'softShrink', 'hardShrink',
); // biome-ignore format: a list
const units = fc.integer({ min: 1, max: 4 });

const recurrent = fc
  .record({
    units,
    kind: fc.constantFrom('LSTM', 'GRU', 'GRU before', 'SimpleRNN'),
    activation: inRecurrent,
    recurrentActivation: inRecurrent,
    returnSequences: fc.boolean(),
    goBackwards: fc.boolean(),
    useBias: fc.boolean(),
  })
  .map(
    ({ units: U, kind, recurrentActivation, ...options }): Add =>
      (layers, isFirst, sequence) => {
        if (!sequence) return false;
        const all = { ...options, ...isFirst };
        if (kind === 'SimpleRNN') layers.push(SimpleRNN(U, all));
        else if (kind === 'LSTM') layers.push(LSTM(U, { ...all, recurrentActivation }));
        else layers.push(GRU(U, { ...all, recurrentActivation, resetAfter: kind === 'GRU' }));
        return options.returnSequences;
      },
  );

const bidirectional = fc
  .record({
    units,
    kind: fc.constantFrom<((units: number, options: RecurrentOptions) => Layer)[]>(LSTM, GRU, SimpleRNN),
    activation: inRecurrent,
    mergeMode: fc.constantFrom<('concat' | 'sum' | 'ave' | 'mul')[]>('concat', 'sum', 'ave', 'mul'),
    returnSequences: fc.boolean(),
    useBias: fc.boolean(),
  })
  .map(
    ({ units: U, kind, mergeMode, ...options }): Add =>
      (layers, isFirst, sequence) => {
        if (!sequence) return false;
        layers.push(Bidirectional(kind(U, options), { mergeMode, ...isFirst }));
        return options.returnSequences;
      },
  );

const pointwise = fc.record({ units, activation: anywhere, kind: fc.integer({ min: 0, max: 5 }) }).map(
  ({ units: U, activation, kind }): Add =>
    (layers, isFirst, sequence) => {
      if (kind < 2 && sequence) layers.push(TimeDistributed(Dense(U, { activation, useBias: kind === 0 }), isFirst));
      else if (kind < 3) layers.push(Dense(U, { activation, ...isFirst }));
      else if (kind === 3) layers.push(Activation(activation, isFirst));
      else if (kind === 4)
        layers.push(LayerNormalization({ epsilon: 0.01, center: U > 2, scale: U % 2 === 0, ...isFirst }));
      else layers.push(Dropout(0.3, isFirst));
      return sequence;
    },
);

const shaping = fc.record({ kind: fc.integer({ min: 0, max: 2 }), n: fc.integer({ min: 2, max: 4 }) }).map(
  ({ kind, n }): Add =>
    (layers, _, sequence) => {
      if (layers.length === 0) return sequence;
      if (!sequence) {
        layers.push(RepeatVector(n));
        return true;
      }
      layers.push([Flatten, GlobalAveragePooling1D, GlobalMaxPooling1D][kind]());
      return false;
    },
);

/** Makes a stack with weights, and an input: with free steps where no layer needs their number. */
export const stacks = fc
  .record({
    features: fc.integer({ min: 1, max: 3 }),
    rows: fc.integer({ min: 1, max: 3 }),
    adds: fc.array(fc.oneof(recurrent, bidirectional, pointwise, shaping), { minLength: 1, maxLength: 4 }),
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
  })
  .map(({ features, rows, adds, seed }) => {
    const lay = (steps: number | null): Layer[] => {
      const layers: Layer[] = [];
      let sequence = true;
      for (const add of adds) {
        const isFirst = layers.length === 0 ? { inputShape: [steps, features] } : {};
        sequence = add(layers, isFirst, sequence);
      }
      return layers.length > 0 ? layers : [Dense(1, { inputShape: [steps, features] })];
    };
    const needsSteps = lay(STEPS).some((layer) => layer.getClassName() === 'Flatten');
    const layers = () => lay(needsSteps ? STEPS : null);
    const settings = () => layers().map((layer) => ({ class: layer.getClassName(), ...layer.getConfig() }));
    return {
      make() {
        const draw = draws(seed);
        const data = new Float32Array(rows * STEPS * features).map(() => draw(-1.5, 1.5));
        const x: Numbers = { shape: [rows, STEPS, features], data };
        return { model: randomised(new Sequential(layers(), { seed: 1 }), seed), x };
      },
      [fc.toStringMethod]: () => JSON.stringify({ rows, seed, layers: settings() }),
    };
  });

/** The model with weights all over the place, so that a gate or direction in another's stead shows. */
export function randomised(model: Sequential, seed: number): Sequential {
  const draw = draws(seed);
  model.build();
  model.setWeights(model.getWeights().map(({ data, shape }) => ({ shape, data: data.map(() => draw(-0.5, 0.6)) })));
  return model;
}
