/** Every layer written down with its positional arguments is the layer with those options, of the shape that it predicts. */
import { expect, test } from '@jest/globals';
import * as l from '../../src/layers/index.js';
import { Sequential, sequential } from '../../src/sequential.js';

const pool = { poolSize: 3, strides: 2, padding: 'same' } as const;

/** As written, as made, what goes in and what comes out of a sample; Keras's documentation has the order of arguments. */
const layers: [string, () => l.Layer, number[], number[]][] = [
  ['LSTM(5, relu)', () => l.LSTM(5, { activation: 'relu' }), [6, 4], [5]],
  ['GRU(5, relu, returnSequences=true)', () => l.GRU(5, { activation: 'relu', returnSequences: true }), [6, 4], [6, 5]],
  ['SimpleRNN(5, relu)', () => l.SimpleRNN(5, { activation: 'relu' }), [6, 4], [5]],
  ['MinLSTM(5, relu)', () => l.MinLSTM(5, { activation: 'relu' }), [6, 4], [5]],
  [
    'MinGRU(5, relu, returnSequences=true)',
    () => l.MinGRU(5, { activation: 'relu', returnSequences: true }),
    [6, 4],
    [6, 5],
  ],
  ['SLSTM(6, 2)', () => l.SLSTM(6, { heads: 2 }), [6, 4], [6]],
  ['Bidirectional(LSTM(3), sum)', () => l.Bidirectional(l.LSTM(3), { mergeMode: 'sum' }), [6, 4], [3]],
  ['TimeDistributed(Dense(2))', () => l.TimeDistributed(l.Dense(2)), [6, 4], [6, 2]],
  ['Dense(7, softmax)', () => l.Dense(7, 'softmax'), [4], [7]],
  ['Conv1D(5, 3, 2, same)', () => l.Conv1D(5, 3, { strides: 2, padding: 'same' }), [6, 4], [3, 5]],
  ['DepthwiseConv1D(3, 2, same)', () => l.DepthwiseConv1D(3, { strides: 2, padding: 'same' }), [6, 4], [3, 4]],
  ['SeparableConv1D(5, 3, 2, same)', () => l.SeparableConv1D(5, 3, { strides: 2, padding: 'same' }), [6, 4], [3, 5]],
  ['MaxPooling1D(3, 2, same)', () => l.MaxPooling1D(pool), [7, 4], [4, 4]],
  ['AveragePooling1D(3, 2, valid)', () => l.AveragePooling1D({ ...pool, padding: 'valid' }), [7, 4], [3, 4]],
  ['GlobalMaxPooling1D', () => l.GlobalMaxPooling1D(), [7, 4], [4]],
  ['GlobalAveragePooling1D', () => l.GlobalAveragePooling1D(), [7, 4], [4]],
  ['Masking(3)', () => l.Masking({ maskValue: 3 }), [7, 4], [7, 4]],
  ['MultiHeadAttention(2, 3, 5)', () => l.MultiHeadAttention(2, 3, { valueDim: 5 }), [6, 4], [6, 4]],
  ['PositionEmbedding(9)', () => l.PositionEmbedding(9), [6, 4], [6, 4]],
  ['SinePositionEncoding(50)', () => l.SinePositionEncoding({ maxWavelength: 50 }), [6, 4], [6, 4]],
  ['Activation(elu)', () => l.Activation('elu'), [4], [4]],
  ['SpatialDropout1D(0.3)', () => l.SpatialDropout1D(0.3), [6, 4], [6, 4]],
  ['ActivityRegularization(0.1, 0.2)', () => l.ActivityRegularization({ l1: 0.1, l2: 0.2 }), [4], [4]],
  ['GaussianDropout(0.3)', () => l.GaussianDropout(0.3), [4], [4]],
  ['GaussianNoise(0.3)', () => l.GaussianNoise(0.3), [4], [4]],
  ['Dropout(0.3)', () => l.Dropout(0.3), [4], [4]],
  ['UnitNormalization(1)', () => l.UnitNormalization({ axis: 1 }), [6, 4], [6, 4]],
  ['GroupNormalization(2, 2)', () => l.GroupNormalization({ groups: 2, axis: 2 }), [6, 4], [6, 4]],
  ['RMSNormalization(-1, 0.01)', () => l.RMSNormalization({ axis: -1, epsilon: 0.01 }), [6, 4], [6, 4]],
  [
    'BatchNormalization(-1, 0.8, 0.01)',
    () => l.BatchNormalization({ axis: -1, momentum: 0.8, epsilon: 0.01 }),
    [4],
    [4],
  ],
  ['LayerNormalization', () => l.LayerNormalization(), [6, 4], [6, 4]],
  ['ReLU(2, 0.1, 0.2)', () => l.ReLU({ maxValue: 2, negativeSlope: 0.1, threshold: 0.2 }), [4], [4]],
  ['Softmax(1)', () => l.Softmax({ axis: 1 }), [6, 4], [6, 4]],
  ['PReLU', () => l.PReLU(), [4], [4]],
  ['LeakyReLU(0.4)', () => l.LeakyReLU({ negativeSlope: 0.4 }), [4], [4]],
  ['ELU(0.4)', () => l.ELU({ alpha: 0.4 }), [4], [4]],
  ['Cropping1D(2)', () => l.Cropping1D({ cropping: 2 }), [6, 4], [2, 4]],
  ['ZeroPadding1D(2)', () => l.ZeroPadding1D({ padding: 2 }), [6, 4], [10, 4]],
  ['UpSampling1D(3)', () => l.UpSampling1D({ size: 3 }), [6, 4], [18, 4]],
  ['RepeatVector(3)', () => l.RepeatVector(3), [4], [3, 4]],
  ['Flatten', () => l.Flatten(), [6, 4], [24]],
  ['Permute([2, 1])', () => l.Permute([2, 1]), [6, 4], [4, 6]],
  ['Reshape([8, 3])', () => l.Reshape([8, 3]), [6, 4], [8, 3]],
  ['GetItem(-1)', () => l.GetItem(-1), [6, 4], [4]],
  ['GetItem([-3, None])', () => l.GetItem([-3, null]), [6, 4], [3, 4]],
  ['GetItem([None, 1, -2], axis=-1)', () => l.GetItem([null, 1, -2], { axis: -1 }), [6, 4], [6, 1]],
  ['GetItem([0, 2])', () => l.GetItem([0, 2]), [4], [2]],
  ['GetItem(3, axis=2)', () => l.GetItem(3, { axis: 2 }), [6, 4, 5], [6, 5]],
  ['Rescaling(0.5, -1)', () => l.Rescaling(0.5, { offset: -1 }), [6, 4], [6, 4]],
  ['Rescaling([1, 2, 3, 4])', () => l.Rescaling([1, 2, 3, 4]), [4], [4]],
  ['Reshape([-1, 2])', () => l.Reshape([-1, 2]), [6, 4], [12, 2]],
];

test.each(layers)('%s', async (written, make, input, output) => {
  const [read, made] = [sequential(written, { inputShape: input }), new Sequential([make()], { inputShape: input })];
  const settings = (model: Sequential) => {
    const text = JSON.stringify(model.layers[0].getConfig());
    // Layers are numbered as they are made.
    return JSON.parse(text.replace(/"(name|layer_name)":"[^"]*",?/g, ''));
  };
  expect(settings(read)).toEqual(settings(made));
  const data = Float32Array.from({ length: 3 * input.reduce((a, b) => a * b) }, (_, i) => Math.sin(i));
  const y = await made.predict({ data, shape: [3, ...input] });
  expect(y.shape).toEqual([3, ...output]);
  expect(made.outputs.map(({ shape }) => shape)).toEqual([[null, ...output]]);
  expect(made.layers[0].outputShape).toEqual([null, ...output]);
  read.dispose();
  made.dispose();
});

/** Keras writes what is one number a step as a list of it. */
const listed: [string, (one: <Value>(value: Value) => Value | [Value]) => l.Layer][] = [
  ['Conv1D', (one) => l.Conv1D(5, 3, { strides: one(2), padding: 'same' })],
  ['Conv1D, dilated', (one) => l.Conv1D(5, 2, { dilationRate: one(2) })],
  ['SeparableConv1D', (one) => l.SeparableConv1D(5, 2, { dilationRate: one(2) })],
  ['DepthwiseConv1D', (one) => l.DepthwiseConv1D(3, { strides: one(2) })],
  ['MaxPooling1D', (one) => l.MaxPooling1D({ poolSize: one(3), strides: one(1) })],
  ['AveragePooling1D', (one) => l.AveragePooling1D({ poolSize: one(3), strides: one(1) })],
  ['MultiHeadAttention', (one) => l.MultiHeadAttention(2, 3, { outputShape: one(5) })],
];

test.each(listed)('%s takes lists of one number', async (_, make) => {
  const [plain, inLists] = await Promise.all(
    [make((value) => value), make((value) => [value])].map(async (layer) => {
      const model = new Sequential([layer], { inputShape: [6, 4], seed: 3 });
      const y = await model.predict({
        data: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
        shape: [1, 6, 4],
      });
      model.dispose();
      return y;
    }),
  );
  expect(inLists).toEqual(plain);
});
