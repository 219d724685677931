/** Random models and data for comparing the engine with tfjs. */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { NdArray } from '../../src/data/array.js';
import * as l from '../../src/layers/index.js';
import { deriveKey, Random } from '../../src/random.js';
import type { LossIdentifier } from '../../src/training/losses.js';
import {
  adagrad,
  adam,
  adamax,
  adamw,
  nadam,
  type Optimizer,
  type OptimizerOptions,
  rmsprop,
  sgd,
} from '../../src/training/optimizers.js';
import { exponentialDecay } from '../../src/training/schedules.js';

export interface Sample {
  layers: () => l.Layer[];
  inputShape: number[];
  loss: LossIdentifier;
  optimizer: () => Optimizer;
  batch: number;
  /** Whole numbers below this; 0 for real numbers. */
  vocabulary: number;
  /** Some steps are all zero. */
  zeroSteps: boolean;
  /** alternately: every other batch has weights. */
  weighted: 'no' | 'samples' | 'steps' | 'alternately';
  seed: number;
}

/** The sample in words, for a failing test. */
export function named<T extends Sample>(sample: T): T {
  const text = () => {
    const layers = sample.layers().map((layer) => {
      const shown = Object.entries(layer.getConfig()).filter(
        ([name, value]) => value !== null && !/nitializer|^name$|trainable|Bias$/.test(name),
      );
      return `${layer.getClassName()} ${JSON.stringify(Object.fromEntries(shown))}`;
    });
    const { name, config } = sample.optimizer();
    const { inputShape, loss, batch, weighted, seed } = sample;
    return JSON.stringify({ layers, name, config, inputShape, loss, batch, weighted, seed }, null, 1);
  };
  return Object.assign(sample, { [fc.toStringMethod]: text });
}

/** Sizes below, at and above 4, 8 and 16. */
export const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20, 33);

export const activations = [
  'linear',
  'tanh',
  'sigmoid',
  'relu',
  'gelu',
  'silu',
  'elu',
  'softplus',
  'hardSigmoid',
] as const;

const regularizer = fc.constantFrom(undefined, { l2: 0.02 }, { l1: 0.01 }, { l1: 0.01, l2: 0.03 });

export const optimizer: fc.Arbitrary<() => Optimizer> = fc
  .record({
    rule: fc.constantFrom(
      'sgd',
      'momentum',
      'nesterov',
      'rmsprop',
      'centered',
      'adam',
      'amsgrad',
      'adamw',
      'scheduled',
      'adagrad',
      'adamax',
      'nadam',
    ),
    clip: fc.constantFrom<OptimizerOptions[]>({}, {}, { clipnorm: 0.1 }, { clipvalue: 0.02 }, { globalClipnorm: 0.2 }),
    decay: fc.constantFrom<OptimizerOptions[]>(
      {},
      {},
      { weightDecay: 0.05 },
      { weightDecay: 0.05, excludeFromWeightDecay: ['bias'] },
    ),
  })
  .map(({ rule, clip, decay }) => {
    const common = { ...clip, ...decay };
    const made: Record<typeof rule, () => Optimizer> = {
      sgd: () => sgd({ ...common, learningRate: 0.05 }),
      momentum: () => sgd({ ...common, learningRate: 0.02, momentum: 0.8 }),
      nesterov: () => sgd({ ...common, learningRate: 0.02, momentum: 0.8, nesterov: true }),
      rmsprop: () => rmsprop({ ...common, learningRate: 0.002, momentum: 0.3, epsilon: 1e-3 }),
      centered: () => rmsprop({ ...common, learningRate: 0.002, centered: true, epsilon: 1e-3 }),
      // Large epsilons: where the gradient is rounding alone, Adam would make a full step of it.
      adam: () => adam({ ...common, learningRate: 0.005, epsilon: 1e-3 }),
      amsgrad: () => adam({ ...common, learningRate: 0.005, amsgrad: true, epsilon: 1e-3 }),
      adagrad: () => adagrad({ ...common, learningRate: 0.02, epsilon: 1e-3 }),
      adamax: () => adamax({ ...common, learningRate: 0.005, epsilon: 1e-3 }),
      nadam: () => nadam({ ...common, learningRate: 0.005, epsilon: 1e-3 }),
      adamw: () => adamw({ ...clip, learningRate: 0.005, epsilon: 1e-3 }),
      scheduled: () =>
        adam({
          ...common,
          epsilon: 1e-3,
          learningRate: exponentialDecay({ initialLearningRate: 0.01, decaySteps: 3, decayRate: 0.5 }),
        }),
    };
    return made[rule];
  });

/** Layers that keep (samples, steps, features) as it is. */
const between: fc.Arbitrary<() => l.Layer> = fc.oneof(
  fc.tuple(size, fc.constantFrom(...activations), regularizer, fc.boolean()).map(
    ([units, activation, kernelRegularizer, useBias]) =>
      () =>
        l.Dense(units, { activation, useBias, ...(kernelRegularizer ? { kernelRegularizer } : {}) }),
  ),
  fc.constantFrom(0, 0.3).map((rate) => () => l.Dropout(rate)),
  fc.constantFrom(...activations).map((activation) => () => l.Activation(activation)),
  fc
    .constantFrom({}, { center: false }, { scale: false })
    .map((options) => () => l.LayerNormalization({ epsilon: 0.1, ...options })),
);

type Losses = { loss: LossIdentifier; final?: 'softmax' | 'sigmoid'; units: number };

export const ending: fc.Arbitrary<Losses> = fc.tuple(size, fc.integer({ min: 0, max: 9 })).map(([units, which]) => {
  const many = Math.max(2, units);
  const endings: Losses[] = [
    { loss: 'meanSquaredError', units },
    { loss: 'meanAbsoluteError', units },
    { loss: { name: 'huber', config: { delta: 0.4 } }, units },
    { loss: 'categoricalCrossentropy', final: 'softmax', units: many },
    { loss: { name: 'categoricalCrossentropy', config: { labelSmoothing: 0.1 } }, final: 'softmax', units: many },
    { loss: 'sparseCategoricalCrossentropy', final: 'softmax', units: many },
    { loss: 'binaryCrossentropy', final: 'sigmoid', units },
    { loss: { name: 'sparseCategoricalCrossentropy', config: { fromLogits: true } }, units: many },
    // Probabilities that are not logits' and keep away from 0 and 1, where 1/p makes any rounding large.
    { loss: { name: 'binaryCrossentropy', config: { labelSmoothing: 0.2 } }, final: 'softmax', units: many },
    { loss: 'meanSquaredError', final: 'softmax', units },
  ];
  return endings[which];
});

/** Everything that is not recurrent. */
export const plainSample: fc.Arbitrary<Sample> = fc
  .record({
    steps: fc.constantFrom(0, 1, 2, 5),
    features: size,
    start: fc.constantFrom('plain', 'embedding', 'masked embedding', 'masking'),
    middle: fc.array(between, { maxLength: 3 }),
    close: fc.constantFrom('flatten', 'average', 'max', 'sequence'),
    ending,
    optimizer,
    batch: fc.constantFrom(1, 2, 3, 5, 8, 16),
    weighted: fc.constantFrom<Sample['weighted']>('no', 'samples', 'steps', 'alternately'),
    seed: fc.nat(1e6),
  })
  .map(({ steps, features, start, middle, close, ending: end, ...rest }) => {
    const isSequence = steps > 0;
    const embeds = isSequence && start.endsWith('embedding');
    const layers = () => {
      const out: l.Layer[] = [];
      if (embeds) out.push(l.Embedding(7, features, { maskZero: start.startsWith('masked') }));
      if (isSequence && start === 'masking') out.push(l.Masking());
      out.push(...middle.map((make) => make()));
      if (isSequence && close === 'flatten') out.push(l.Flatten());
      if (isSequence && close === 'average') out.push(l.GlobalAveragePooling1D());
      if (isSequence && close === 'max') out.push(l.GlobalMaxPooling1D());
      const last = l.Dense(end.units, end.final ?? 'linear');
      out.push(isSequence && close === 'sequence' ? l.TimeDistributed(last) : last);
      return out;
    };
    const inputShape = embeds ? [steps] : isSequence ? [steps, features] : [features];
    const { loss } = end;
    return named({ ...rest, layers, inputShape, loss, vocabulary: embeds ? 7 : 0, zeroSteps: true });
  });

/** x for a batch: some steps all zero, for Masking; some zeros among whole numbers. */
export function inputOf(sample: Sample, batch: number, seed: number): NdArray {
  const random = new Random(deriveKey(sample.seed, 'x', seed));
  const { inputShape, vocabulary } = sample;
  const length = inputShape.reduce((product, n) => product * n, batch);
  if (vocabulary > 0)
    return {
      data: Int32Array.from({ length }, () => random.integer(vocabulary)),
      shape: [batch, ...inputShape],
    };
  const data = Float32Array.from({ length }, () => random.normal());
  const row = inputShape[inputShape.length - 1];
  if (inputShape.length === 2 && sample.zeroSteps)
    for (let r = 0; r < length / row; r++)
      if (r % inputShape[0] > 0 && r % 4 === 2) data.fill(0, r * row, (r + 1) * row);
  return { data, shape: [batch, ...inputShape] };
}

/** y that the loss takes, in the shape of the output. */
export function targetOf(sample: Sample, shape: readonly number[], seed: number): NdArray {
  const random = new Random(deriveKey(sample.seed, 'y', seed));
  const name = typeof sample.loss === 'string' ? sample.loss : 'name' in sample.loss ? sample.loss.name : '';
  const width = shape[shape.length - 1];
  const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
  if (name === 'sparseCategoricalCrossentropy')
    return { data: Int32Array.from({ length: rows }, () => random.integer(width)), shape: shape.slice(0, -1) };
  const data = Float32Array.from({ length: rows * width }, () => random.normal());
  // Away from 0, which meanAbsolutePercentageError divides by, and above it, as counts are.
  if (['poisson', 'meanSquaredLogarithmicError', 'meanAbsolutePercentageError'].includes(name))
    for (let i = 0; i < data.length; i++) data[i] = 0.1 + Math.abs(data[i]);
  if (name === 'kullbackLeiblerDivergence') for (let i = 0; i < data.length; i++) data[i] = 1 / (1 + Math.exp(data[i]));
  if (name.startsWith('binary')) for (let i = 0; i < data.length; i++) data[i] = data[i] > 0 ? 1 : 0;
  if (['categoricalCrossentropy', 'categoricalFocalCrossentropy'].includes(name)) {
    data.fill(0);
    for (let row = 0; row < rows; row++) data[row * width + random.integer(width)] = 1;
  }
  return { data, shape: [...shape] };
}

export function weightsOf(sample: Sample, shape: readonly number[], seed: number): Float32Array | undefined {
  const random = new Random(deriveKey(sample.seed, 'weights', seed));
  const [batch] = shape;
  const steps = shape.length > 2 ? shape[1] : 1;
  if (sample.weighted === 'no' || (sample.weighted === 'alternately' && seed % 2 === 1)) return undefined;
  const length = sample.weighted === 'steps' ? batch * steps : batch;
  return Float32Array.from({ length }, () => random.uniform() * 2);
}

export function tensorCount(): number {
  return tf.memory().numTensors;
}
