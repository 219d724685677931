/** Options and layers where two of them meet: fits, weights and predictions of the engine and of TensorFlow.js, side by side. */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { Input, Model } from '../../src/index.js';
import * as l from '../../src/layers/index.js';
import { statefulLayers } from '../../src/model/walk.js';
import type { CompileOptions } from '../../src/training/compile.js';
import { expectNear } from './compare.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Tensor = ReturnType<typeof Input>;

interface Case {
  /** (B, 5, 3), or with `words` whole numbers below 7, (B, 5), which occur several times. */
  words?: boolean;
  graph(x: Tensor): Tensor | Tensor[];
  options?: Partial<CompileOptions>;
  batchSize?: number;
  /** Runs between two predictions. */
  between?(model: Model): void;
  /** What is compared is not trained. */
  predictsAlone?: boolean;
}

const one = (layer: l.Layer, ...inputs: Tensor[]): Tensor => all(layer, ...inputs)[0];
const all = (layer: l.Layer, ...inputs: Tensor[]): Tensor[] =>
  [layer.apply((inputs.length === 1 ? inputs[0] : inputs) as never)].flat() as Tensor[];
const stack = (x: Tensor, ...layers: l.Layer[]): Tensor => layers.reduce((y, layer) => one(layer, y), x);

const SAMPLES = 8;
const STEPS = 5;
const WORDS = [1, 1, 2, 1, 3, 3, 6, 6, 0, 1, 5, 4, 4, 4, 2, 2, 6, 1, 3, 0];

async function run({ words, graph, options, batchSize = 4, between, predictsAlone }: Case, engine?: 'tfjs') {
  const x = Input({ shape: words ? [STEPS] : [STEPS, 3], batchSize });
  const made = [graph(x)].flat();
  const model = new Model({ inputs: [x], outputs: made });
  const optimizer = { name: 'sgd', config: { learningRate: 0.1 } } as const;
  const restored = model.getWeights().map(({ shape }, w) => {
    const size = shape.reduce((product, n) => product * n, 1);
    return { shape, data: Float32Array.from({ length: size }, (_, i) => 0.4 * Math.sin(1 + 2.3 * i + w)) };
  });
  model.setWeights(restored);
  model.compile({ optimizer, loss: 'meanSquaredError', ...options, ...(engine && { engine }) });
  const data = words
    ? Float32Array.from({ length: SAMPLES * STEPS }, (_, i) => WORDS[i % WORDS.length])
    : Float32Array.from({ length: SAMPLES * STEPS * 3 }, (_, i) => Math.sin(1.7 * i));
  // Steps that a Masking leaves out: the last ones of two samples, and one in the middle of another.
  if (!words)
    for (const [from, to] of [
      [9, 15],
      [36, 45],
      [48, 51],
    ])
      data.fill(0, from, to);
  const given = { data, shape: words ? [SAMPLES, STEPS] : [SAMPLES, STEPS, 3] };
  const predictions = async () =>
    [(await model.predict(given, { batchSize })) as unknown].flat() as { data: Float32Array; shape: number[] }[];
  const first = await predictions();
  between?.(model);
  const second = await predictions();
  const targets = first.map(({ data: seen, shape }) => ({
    shape,
    data: seen.map((_, i) => Math.cos(0.7 * i)),
  }));
  if (predictsAlone) {
    const { kind } = model.engine;
    model.dispose();
    return { kind, first, second, losses: [], weights: [] };
  }
  const { history } = await model.fit(given, targets.length === 1 ? targets[0] : targets, {
    epochs: 2,
    batchSize,
    shuffle: false,
    verbose: 0,
  });
  const { kind } = model.engine;
  const weights = model.getWeights().map(({ data: values }) => values);
  model.dispose();
  return { kind, first, second, losses: history.loss, weights };
}

async function compare(one: Case): Promise<void> {
  const [ours, theirs] = [await run(one), await run(one, 'tfjs')];
  expect([ours.kind, theirs.kind]).toEqual(['memcell', 'tfjs']);
  for (const when of ['first', 'second'] as const) {
    expect(ours[when].map(({ shape }) => shape)).toEqual(theirs[when].map(({ shape }) => shape));
    ours[when].forEach(({ data }, i) => {
      expectNear(data, theirs[when][i].data, 1e-5, `${when} predictions, output ${i}`, 1e-5);
    });
  }
  expectNear(ours.losses, theirs.losses, 1e-6, 'losses', 1e-4);
  ours.weights.forEach((values, i) => {
    expectNear(values, theirs.weights[i], 1e-4, `weight ${i}`, 1e-4);
  });
}

const penalty = { activityRegularizer: { l1: 0.03, l2: 0.05 } };
const sequences = { returnSequences: true };

const PENALISED: Record<string, () => l.Layer> = {
  MultiHeadAttention: () => l.MultiHeadAttention(2, 3, penalty),
  'MultiHeadAttention without biases': () => l.MultiHeadAttention(2, 3, { ...penalty, useBias: false, outputShape: 2 }),
  Dense: () => l.Dense(4, 'tanh', penalty),
  Conv1D: () => l.Conv1D(4, 2, { ...penalty, activation: 'relu' }),
  SeparableConv1D: () => l.SeparableConv1D(4, 2, penalty),
  DepthwiseConv1D: () => l.DepthwiseConv1D(2, penalty),
  LSTM: () => l.LSTM(3, { ...penalty, ...sequences }),
  MinLSTM: () => l.MinLSTM(3, { ...penalty, ...sequences }),
  SLSTM: () => l.SLSTM(4, { ...penalty, ...sequences, heads: 2 }),
};

const CONSTRAINTS: [string, () => l.Layer][] = (
  [
    ['unitNorm', 'unitNorm'],
    ['unitNorm over the other axis', { className: 'UnitNorm', config: { axis: 1 } }],
    ['maxNorm', { className: 'MaxNorm', config: { maxValue: 0.5 } }],
    ['maxNorm with its default', 'maxNorm'],
    ['minMaxNorm', { className: 'MinMaxNorm', config: { minValue: 0.6, maxValue: 0.7, rate: 0.5 } }],
    ['minMaxNorm with its defaults', 'minMaxNorm'],
    ['nonNeg', 'nonNeg'],
    ['unitNorm over the last axis', { className: 'UnitNorm', config: { axis: -1 } }],
    ['maxNorm over the last axis', { className: 'MaxNorm', config: { maxValue: 0.5, axis: -1 } }],
    ['minMaxNorm from below alone', { className: 'MinMaxNorm', config: { minValue: 0.9, maxValue: 9 } }],
  ] as const
).flatMap(([name, constraint]): [string, () => l.Layer][] => [
  [`${name} of a Dense`, () => l.Dense(4, { kernelConstraint: constraint, biasConstraint: 'nonNeg' })],
  [
    `${name} of an LSTM`,
    () => l.LSTM(4, { kernelConstraint: constraint, recurrentConstraint: constraint, biasConstraint: 'nonNeg' }),
  ],
]);

const RULES = ['sgd', 'adam', 'adamw', 'rmsprop', 'adagrad', 'adamax', 'nadam', 'lion'] as const;
const CLIPS: [string, object][] = [
  ['no limit', {}],
  ['clipvalue', { clipvalue: 0.01 }],
  ['clipnorm', { clipnorm: 0.02 }],
  ['globalClipnorm', { globalClipnorm: 0.03 }],
  ['clipvalue over two batches', { clipvalue: 0.01, gradientAccumulationSteps: 2 }],
];

/** One table of vectors that two places read, and another of one. */
function tables(x: Tensor): Tensor {
  const shared = l.Embedding(7, 3);
  const read = one(shared, x);
  const again = one(l.Reshape([5, 3]), one(shared, x));
  const other = one(l.Embedding(7, 3), x);
  return stack(one(l.Concatenate(), one(l.Dense(3, 'tanh'), read), again, other), l.Flatten(), l.Dense(2));
}

const inBoth = (layer: () => l.Layer, mergeMode: 'concat' | null) => (x: Tensor) =>
  all(l.Bidirectional(layer(), { mergeMode }), one(l.Masking(), x));
const states = { ...sequences, returnState: true };

const setStates = (from: number) => (model: Model) => {
  for (const layer of statefulLayers(model.tf).slice(from))
    layer.resetStates(layer.states.map(({ shape }, i) => tf.fill(shape, 0.1 * (i + 1)) as tf.Tensor));
};
const lastStates = setStates(1);
const stateful = { stateful: true };
const CARRYING: Record<string, (x: Tensor) => Tensor> = {
  'LSTM and GRU': (x) => stack(x, l.LSTM(3, { ...stateful, ...sequences }), l.GRU(2, stateful)),
  'stacked LSTM cells and an LSTM': (x) =>
    stack(x, l.RNN([l.LSTMCell(3), l.LSTMCell(2)], { ...stateful, ...sequences }), l.LSTM(2, stateful)),
  'stacked cells of several kinds and a SLSTM': (x) =>
    stack(
      x,
      l.RNN([l.GRUCell(3), l.LSTMCell(2), l.SimpleRNNCell(4)], { ...stateful, ...sequences }),
      l.SLSTM(2, stateful),
    ),
};

const frozen = { trainable: false };
const named = (name: string, options = {}) => l.Dense(4, 'tanh', { name, ...options });
const decaying = (excludeFromWeightDecay: string[]) => ({
  optimizer: { name: 'sgd' as const, config: { learningRate: 0.1, weightDecay: 0.2, excludeFromWeightDecay } },
});

/** A layer that is not trained before one that is, where it could take part in what is done to the other. */
const STILL: Record<string, Pick<Case, 'graph' | 'options'>> = {
  'its penalty': {
    graph: (x) => stack(x, named('still', { ...frozen, kernelRegularizer: { l1: 0.1, l2: 0.2 } }), l.LSTM(2)),
  },
  'its penalty, and that of what is trained': {
    graph: (x) =>
      stack(
        x,
        named('still', { ...frozen, kernelRegularizer: 'l2' }),
        l.LSTM(2, { recurrentRegularizer: { l2: 0.2 } }),
      ),
  },
  'its constraint': { graph: (x) => stack(x, named('still', { ...frozen, kernelConstraint: 'nonNeg' }), l.LSTM(2)) },
  ...Object.fromEntries(
    [{ clipnorm: 0.05 }, { globalClipnorm: 0.05 }, { clipvalue: 0.01 }].map((limit) => [
      `a limit, ${JSON.stringify(limit)}`,
      {
        graph: (x: Tensor) => stack(x, l.LSTM(3, { ...frozen, ...sequences }), l.Dense(2), l.Flatten(), l.Dense(2)),
        options: { optimizer: { name: 'adam' as const, config: { learningRate: 0.02, ...limit } } },
      },
    ]),
  ),
  ...Object.fromEntries(
    [['still'], ['moves'], ['still', 'moves'], ['last'], ['bias'], ['nobody']].map((names) => [
      `a decay of weights but for ${names.join(' and ')}`,
      {
        graph: (x: Tensor) => stack(x, named('still', frozen), named('moves'), l.Flatten(), named('last')),
        options: decaying(names),
      },
    ]),
  ),
  ...Object.fromEntries(
    [{}, { emaOverwriteFrequency: 1 }, { emaOverwriteFrequency: 2 }, { emaOverwriteFrequency: 3 }].flatMap((every) =>
      [{}, { gradientAccumulationSteps: 2 }, { gradientAccumulationSteps: 3 }].map((batches) => [
        `averages, ${JSON.stringify({ ...every, ...batches })}`,
        {
          graph: (x: Tensor) => stack(x, named('still', frozen), l.LSTM(3)),
          options: {
            optimizer: {
              name: 'sgd' as const,
              config: { learningRate: 0.1, momentum: 0.5, useEma: true, emaMomentum: 0.6, ...every, ...batches },
            },
          },
        },
      ]),
    ),
  ),
};

const table: [string, Case][] = [
  ...Object.entries(PENALISED).map(([name, layer]): [string, Case] => [
    `a penalty on what ${name} gives`,
    { graph: (x) => stack(x, layer(), l.Flatten(), l.Dense(2)) },
  ]),
  ...CONSTRAINTS.map(([name, layer]): [string, Case] => [name, { graph: (x) => stack(x, layer()) }]),
  ...RULES.flatMap((name) =>
    CLIPS.filter(([limit]) => limit === 'no limit' || name === 'sgd' || name === 'adam').map(
      ([limit, config]): [string, Case] => [
        `vectors of words that occur several times, ${name}, ${limit}`,
        {
          words: true,
          graph: tables,
          options: { optimizer: { name, config: { ...config, learningRate: 0.02 } } },
        },
      ],
    ),
  ),
  ...(['concat', null] as const).flatMap((mergeMode) =>
    [
      ['LSTM', () => l.LSTM(5, states)] as const,
      ['GRU', () => l.GRU(5, states)] as const,
      ['LSTM that goes backwards', () => l.LSTM(3, { ...states, goBackwards: true })] as const,
    ].map(([name, layer]): [string, Case] => [
      `${name} in both directions, masked, sequences and states, ${mergeMode}`,
      { graph: inBoth(layer, mergeMode), predictsAlone: true },
    ]),
  ),
  ...Object.entries(CARRYING).flatMap(([name, graph]): [string, Case][] => [
    [`states of ${name}`, { graph }],
    [`states of ${name}, the later ones set`, { graph, between: lastStates }],
    [`states of ${name}, all of them set`, { graph, between: setStates(0) }],
  ]),
  ...Object.entries(STILL).map(([name, given]): [string, Case] => [
    `a layer that is not trained, and ${name}`,
    { ...given, batchSize: 2 },
  ]),
  ['stacked cells give all their states', { graph: (x) => all(l.RNN([l.LSTMCell(3), l.GRUCell(2)], states), x) }],
];

test.each(table)('%s', async (_, one) => compare(one));
