import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { MemcellError } from '../../src/errors.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import * as layers from '../../src/layers/index.js';
import { addLayer, buildModel } from '../../src/model/build.js';
import { initialise, weightsInOrder } from '../../src/model/initialise.js';
import { parseSpec } from '../../src/model/spec.js';
import { summaryText } from '../../src/model/summary.js';

const { LSTM, GRU, Dense, Dropout, Embedding, Bidirectional, TimeDistributed, RepeatVector, Flatten } = layers;

beforeAll(async () => {
  await prepareBackend();
});

function problem(spec: string, inputShape?: (number | null)[]): string {
  const before = tf.memory().numTensors;
  try {
    buildModel(parseSpec(spec), { inputShape, seed: 1 });
  } catch (error) {
    expect(tf.memory().numTensors).toBe(before);
    if (error instanceof MemcellError) return error.message;
    throw error;
  }
  return 'no error';
}

function values(model: tf.LayersModel): number[][] {
  return weightsInOrder(model).map((weight) => Array.from(weight.read().dataSync()));
}

test("Keras 3's defaults", () => {
  expect(LSTM(4).getConfig()).toMatchObject({
    activation: 'tanh',
    recurrentActivation: 'sigmoid',
    useBias: true,
    unitForgetBias: true,
    kernelInitializer: { className: 'VarianceScaling', config: { scale: 1, mode: 'fanAvg', distribution: 'uniform' } },
    recurrentInitializer: { className: 'Orthogonal', config: { gain: 1 } },
    biasInitializer: { className: 'Zeros' },
    dropout: 0,
    recurrentDropout: 0,
    returnSequences: false,
    goBackwards: false,
  });
  expect(GRU(4).getConfig()).toMatchObject({ recurrentActivation: 'sigmoid', resetAfter: true });
  expect(layers.SimpleRNN(4).getConfig()).toMatchObject({ activation: 'tanh' });
  expect(Dense(4).getConfig()).toMatchObject({
    activation: 'linear',
    kernelInitializer: { className: 'VarianceScaling', config: { mode: 'fanAvg', distribution: 'uniform' } },
  });
  expect(Embedding(4, 2).getConfig()).toMatchObject({
    embeddingsInitializer: { className: 'RandomUniform', config: { minval: -0.05, maxval: 0.05 } },
    maskZero: false,
  });
  expect(layers.LayerNormalization().getConfig()).toMatchObject({ epsilon: 1e-3, center: true, scale: true });
  expect(Bidirectional(LSTM(3)).getConfig()).toMatchObject({ mergeMode: 'concat' });
  expect(layers.Masking().getConfig()).toMatchObject({ maskValue: 0 });
});

test('layer functions check their options', () => {
  const wrong = { returnSequence: true } as object;
  expect(() => LSTM(50, wrong)).toThrow("LSTM: unknown option 'returnSequence'; did you mean returnSequences?");
  expect(LSTM(50, { return_sequences: true }).getConfig().returnSequences).toBe(true);
  expect(() => LSTM(50, { return_sequences: true, returnSequences: true })).toThrow('returnSequences is given twice');
  expect(() => LSTM(0)).toThrow('LSTM: units must be a whole number from 1 to 65536, not 0');
  // @ts-expect-error no such activation
  expect(() => Dense(2, 'sofmax')).toThrow("Dense: activation: unknown activation 'sofmax'; did you mean softmax?");
  // @ts-expect-error no such initializer
  expect(() => LSTM(2, { kernelInitializer: 'glorot' })).toThrow(
    "LSTM: kernelInitializer: unknown initializer 'glorot'; known are glorotUniform",
  );
  expect(() => Dropout(1)).toThrow('Dropout: rate must be a number of at least 0 and below 1, not 1');
  expect(() => LSTM(2, { name: 'a b' })).toThrow('LSTM: name must be a name of letters');
});

test('activations are accepted in both spellings, with their options or without', () => {
  expect(Dense(2, 'softmax').getConfig().activation).toBe('softmax');
  expect(Dense(2, { activation: 'softmax' }).getConfig().activation).toBe('softmax');
  expect(Dense(2, 'relu', { useBias: false }).getConfig()).toMatchObject({ activation: 'relu', useBias: false });
  expect(Dense(2, 'log_softmax').getConfig().activation).toBe('logSoftmax');
  expect(Dense(2, 'silu').getConfig().activation).toBe('swish');
  expect(LSTM(2, { recurrentActivation: 'hard_sigmoid' }).getConfig().recurrentActivation).toBe('hardSigmoidKeras3');
});

test('layers that do not fit each other', () => {
  expect(problem('LSTM(64), LSTM(32), Dense(1)', [30, 4])).toMatchInlineSnapshot(
    `"layer 2 (LSTM) needs every step's output, but layer 1 (LSTM) gives only the last; write return_sequences=true in layer 1 (LSTM) (in code returnSequences: true)"`,
  );
  expect(problem('Bidirectional(GRU(64)), TimeDistributed(Dense(1))', [30, 4])).toMatchInlineSnapshot(
    `"layer 2 (TimeDistributed) needs every step's output, but layer 1 (Bidirectional) gives only the last; write return_sequences=true in layer 1 (Bidirectional) (in code returnSequences: true)"`,
  );
  expect(problem('LSTM(8)', [30])).toMatchInlineSnapshot(
    `"layer 1 (LSTM) needs (samples, steps, features), but its input is (None, 30)"`,
  );
  expect(problem('Dense(8), Flatten, LSTM(3)', [30, 4])).toMatchInlineSnapshot(
    `"layer 3 (LSTM) needs (samples, steps, features), but layer 2 (Flatten) gives (None, 240)"`,
  );
  expect(problem('LSTM(8, return_sequences=true), RepeatVector(3)', [30, 4])).toMatchInlineSnapshot(
    `"layer 2 (RepeatVector) needs (samples, features), but layer 1 (LSTM) gives (None, 30, 8)"`,
  );
  expect(problem('LSTM(8)', [30, null])).toMatchInlineSnapshot(
    `"layer 1 (LSTM) needs a fixed number of features, but gets (None, 30, None)"`,
  );
  expect(problem('LSTM(8, return_state=true)', [30, 4])).toMatchInlineSnapshot(
    `"layer 1 (LSTM) has 3 outputs, but a Sequential passes on one; leave returnState out"`,
  );
  expect(problem('LSTM(4, return_sequences=true), Flatten', [null, 4])).toMatchInlineSnapshot(
    `"layer 2 (Flatten) needs a fixed number of steps, but gets (None, None, 4)"`,
  );
  expect(problem('TimeDistributed(LSTM(4))', [30, 4])).toMatchInlineSnapshot(
    `"layer 1 (TimeDistributed of LSTM) needs (samples, steps, features), but its input is (None, 4)"`,
  );
});

test('an input shape that is missing, wrong, or given twice', () => {
  expect(problem('LSTM(50), Dense(10)')).toMatchInlineSnapshot(
    `"the model's input shape is not known; give its first layer (LSTM) an inputShape, such as [steps, features]"`,
  );
  expect(problem('LSTM(50)', [0, 4])).toMatchInlineSnapshot(
    `"inputShape must be a list of whole numbers above 0 (null where any number of steps will do), such as [30, 4], not [0,4]"`,
  );
  expect(problem('LSTM(50, input_shape=(3, 4))', [3, 5])).toMatchInlineSnapshot(
    `"inputShape (3, 5) does not fit the first layer's (3, 4); give only one"`,
  );
  expect(problem('LSTM(50, input_shape=(None, 4))', [3, 4])).toBe('no error');
});

test('models that no memory holds are refused before anything is allocated', () => {
  expect(problem('LSTM(65536)', [1, 1])).toMatchInlineSnapshot(
    `"layer 1 (LSTM) brings the model to 17180393472 weights; the most is 268435456, since training needs 16 bytes for each and WebAssembly's memory ends at 4 GiB; use fewer units"`,
  );
  expect(problem('Dense(60000), Dense(60000)', [4])).toMatch(
    /^layer 2 \(Dense\) brings the model to 3600360000 weights/,
  );
  expect(problem('Bidirectional(LSTM(60000))', [4, 4])).toMatch(/^layer 1 \(Bidirectional\) brings/);
  expect(problem('Embedding(16000000, 60000)', [4])).toMatch(/^layer 1 \(Embedding\) brings/);
});

test('a layer has one place in one model', () => {
  const layer = Dense(3, { inputShape: [3] });
  expect(() => buildModel([layer, layer], { seed: 1 })).toThrow('layer 2 (Dense) is already in a model');
  const model = buildModel([layer], { seed: 1 });
  expect(() => buildModel([layer], { seed: 1 })).toThrow('layer 1 (Dense) is already in a model');
  model.dispose();
  expect(() => buildModel([], { seed: 1 })).toThrow('the model has no layers; add one first');
  const named = () => Dense(3, { name: 'a' });
  expect(() => buildModel([named(), named()], { inputShape: [3], seed: 1 })).toThrow('two layers are called a');
});

test("layers and weights have Keras's names, in every model anew", () => {
  const make = () =>
    buildModel(
      parseSpec(
        'GRU(2, return_sequences=true), Bidirectional(LSTM(2)), RepeatVector(2), GRU(3), Dense(1, name=answer)',
      ),
      {
        inputShape: [3, 2],
        seed: 1,
      },
    );
  make().dispose();
  const model = make();
  expect(model.layers.map(({ name }) => name)).toEqual(['gru', 'bidirectional', 'repeat_vector', 'gru_1', 'answer']);
  expect(weightsInOrder(model).map(({ originalName }) => originalName)).toEqual([
    'gru/kernel',
    'gru/recurrent_kernel',
    'gru/bias',
    'bidirectional/forward_lstm/kernel',
    'bidirectional/forward_lstm/recurrent_kernel',
    'bidirectional/forward_lstm/bias',
    'bidirectional/backward_lstm/kernel',
    'bidirectional/backward_lstm/recurrent_kernel',
    'bidirectional/backward_lstm/bias',
    'gru_1/kernel',
    'gru_1/recurrent_kernel',
    'gru_1/bias',
    'answer/kernel',
    'answer/bias',
  ]);
  model.dispose();
});

test('the same seed gives the same bits, another seed others', () => {
  const spec = 'Embedding(9, 4), Bidirectional(LSTM(3, return_sequences=true)), GRU(3), LayerNormalization(), Dense(2)';
  const build = (seed: number) => buildModel(parseSpec(spec), { inputShape: [5], seed });
  const [one, same, other] = [build(7), build(7), build(8)];
  expect(values(same)).toEqual(values(one));
  expect(values(other)).not.toEqual(values(one));
  initialise(other, 7);
  expect(values(other)).toEqual(values(one));
  const [, forward, , , backward] = values(one);
  expect(forward).not.toEqual(backward);
  for (const model of [one, same, other]) model.dispose();
});

test('a layer added later starts as if it had been there', () => {
  const whole = buildModel([LSTM(4), Dense(3), Dense(2)], { inputShape: [2, 3], seed: 5 });
  const grown = buildModel([LSTM(4)], { inputShape: [2, 3], seed: 5 });
  const first = values(grown);
  addLayer(grown, Dense(3), 5);
  addLayer(grown, Dense(2), 5);
  expect(values(grown)).toEqual(values(whole));
  expect(values(grown).slice(0, 3)).toEqual(first);
  expect(grown.predict(tf.zeros([1, 2, 3]))).toMatchObject({ shape: [1, 2] });
  expect(() => addLayer(grown, LSTM(3), 5)).toThrow(
    /^layer 4 \(LSTM\) needs \(samples, steps, features\), but layer 3/,
  );
  whole.dispose();
  grown.dispose();
});

test("the forget gate's bias starts at 1, the other biases at 0", () => {
  const model = buildModel([LSTM(2, { returnSequences: true }), LSTM(2, { unitForgetBias: false }), Dense(1)], {
    inputShape: [3, 2],
    seed: 1,
  });
  const biases = weightsInOrder(model).filter(({ originalName }) => originalName.endsWith('bias'));
  expect(biases.map((bias) => Array.from(bias.read().dataSync()))).toEqual([
    [0, 0, 1, 1, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0],
  ]);
  model.dispose();
});

test("the forget gate's bias of a cell starts at 1, too, in a list of cells and alone", () => {
  const model = buildModel(
    [
      layers.RNN([layers.LSTMCell(1), layers.GRUCell(1), layers.LSTMCell(1, { unitForgetBias: false })], {
        returnSequences: true,
      }),
      Bidirectional(layers.RNN(layers.LSTMCell(1))),
    ],
    { inputShape: [3, 2], seed: 1 },
  );
  const biases = weightsInOrder(model).filter(({ originalName }) => originalName.endsWith('bias'));
  expect(biases.map((bias) => Array.from(bias.read().dataSync()))).toEqual([
    [0, 1, 0, 0],
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 1, 0, 0],
  ]);
  model.dispose();
});

test('layers that are not trained', () => {
  const model = buildModel(
    [
      Embedding(5, 2, { trainable: false }),
      Bidirectional(LSTM(2), { trainable: false }),
      Dense(2, { trainable: false }),
      Dense(1),
    ],
    { inputShape: [3], seed: 1 },
  );
  expect(model.trainableWeights.map(({ originalName }) => originalName)).toEqual(['dense_1/kernel', 'dense_1/bias']);
  expect(weightsInOrder(model)).toHaveLength(11);
  expect(summaryText(model)).toMatch(/Trainable params: 3 .*\n Non-trainable params: \d\d/);
  model.dispose();
});

test("tfjs's own layers are taken too", () => {
  const own = tf.layers.batchNormalization();
  const given = tf.layers.dense({ units: 1, weights: [tf.tensor2d([[1], [2]]), tf.tensor1d([3])] });
  const model = buildModel([tf.layers.dense({ units: 2, inputShape: [3] }), own, given], { seed: 2 });
  expect(values(model).slice(2)).toEqual([[1, 1], [0, 0], [0, 0], [1, 1], [1, 2], [3]]);
  expect(values(model)[0].some((value) => value !== 0)).toBe(true);
  model.dispose();
});

test("the summary is Keras's, with the path of every layer", () => {
  const model = buildModel(
    [
      LSTM(50, { returnSequences: true }),
      Dropout(0.2),
      Bidirectional(LSTM(8, { returnSequences: true }), { mergeMode: 'sum' }),
      GRU(300, { returnSequences: true }),
      LSTM(4, { recurrentActivation: 'hardSigmoid', returnSequences: true }),
      TimeDistributed(Dense(3)),
      Flatten(),
      RepeatVector(2),
    ],
    { inputShape: [6, 1], seed: 1, name: 'example' },
  );
  expect(`\n${summaryText(model)}\n`).toMatchInlineSnapshot(`
"
Model: "example"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                       ┃ Output Shape           ┃       Param # ┃ Path                                                               ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┩
│ lstm (LSTM)                        │ (None, 6, 50)          │        10,400 │ fused kernel                                                       │
├────────────────────────────────────┼────────────────────────┼───────────────┼────────────────────────────────────────────────────────────────────┤
│ dropout (Dropout)                  │ (None, 6, 50)          │             0 │ tfjs                                                               │
├────────────────────────────────────┼────────────────────────┼───────────────┼────────────────────────────────────────────────────────────────────┤
│ bidirectional (Bidirectional)      │ (None, 6, 8)           │         3,776 │ fused kernel                                                       │
├────────────────────────────────────┼────────────────────────┼───────────────┼────────────────────────────────────────────────────────────────────┤
│ gru (GRU)                          │ (None, 6, 300)         │       279,000 │ tfjs: GRU has no fused kernel                                      │
├────────────────────────────────────┼────────────────────────┼───────────────┼────────────────────────────────────────────────────────────────────┤
│ lstm_1 (LSTM)                      │ (None, 6, 4)           │         4,880 │ tfjs: recurrentActivation hardSigmoid; the kernel has sigmoid only │
├────────────────────────────────────┼────────────────────────┼───────────────┼────────────────────────────────────────────────────────────────────┤
│ time_distributed (TimeDistributed) │ (None, 6, 3)           │            15 │ tfjs                                                               │
├────────────────────────────────────┼────────────────────────┼───────────────┼────────────────────────────────────────────────────────────────────┤
│ flatten (Flatten)                  │ (None, 18)             │             0 │ tfjs                                                               │
├────────────────────────────────────┼────────────────────────┼───────────────┼────────────────────────────────────────────────────────────────────┤
│ repeat_vector (RepeatVector)       │ (None, 2, 18)          │             0 │ tfjs                                                               │
└────────────────────────────────────┴────────────────────────┴───────────────┴────────────────────────────────────────────────────────────────────┘
 Total params: 298,071 (1.14 MB)
 Trainable params: 298,071 (1.14 MB)
 Non-trainable params: 0 (0.00 B)
"
`);
  model.dispose();
});
