/** Layers written in the notation: the text that they were read of, or the line that says what text cannot say. */
import { expect, test } from '@jest/globals';
import * as l from '../../src/index.js';
import { writeLayer } from '../../src/model/writeSpec.js';
import { Sequential } from '../../src/sequential.js';

const written = (text: string, inputShape: (number | null)[]) => {
  const model = new Sequential(l.parseSpec(text), { inputShape, seed: 1 });
  model.build();
  const told = model.layers.map(writeLayer).join(', ');
  model.dispose();
  return told;
};

test.each([
  'Reshape([8, 3])',
  'Reshape([-1, 2])',
  'Permute([2, 1])',
  'Flatten, RepeatVector(3), LSTM(2)',
  'GetItem(-1)',
  'GetItem([1, null])',
  'GetItem([null, null, -1])',
  'GetItem([0, 2], axis=-1)',
  'Flatten, Dense(2, softmax)',
  'UpSampling1D(3), Cropping1D([1, 2]), ZeroPadding1D([2, 1])',
  'Conv1D(4, 3, dilation_rate=2, groups=2), GlobalMaxPooling1D',
  'DepthwiseConv1D(2, depth_multiplier=3), AveragePooling1D(3, 1, same), GlobalAveragePooling1D',
  'SeparableConv1D(4, 2, depth_multiplier=2, pointwise_constraint=nonNeg)',
  'Activation(hard_sigmoid), Activation(hard_sigmoid_keras2), Activation(elu)',
  'LeakyReLU(0.2), ELU(0.5), ReLU(6, 0.1), Softmax, PReLU',
  'Dropout(0.2), SpatialDropout1D(0.1), GaussianDropout(0.3), GaussianNoise(0.4), ActivityRegularization(0.1, 0.2)',
  'BatchNormalization(epsilon=0.01, center=false), LayerNormalization(scale=false), UnitNormalization',
  'GroupNormalization(2), RMSNormalization, Rescaling(0.5, 1)',
  'Rescaling([0.5, 2, 1, 3])',
  'Masking(-1), LSTM(2, return_sequences=true, go_backwards=true)',
  'PositionEmbedding(6), SinePositionEncoding(100)',
  'MultiHeadAttention(2, 3, use_bias=false)',
  'Dense(3, bias_regularizer=l1L2(l1=0.5, l2=0.25), kernel_constraint=maxNorm(max_value=2, axis=0), activity_regularizer=l1L2(l1=0, l2=0.01))',
  'MinLSTM(3, return_sequences=true), MinGRU(2, return_sequences=true), SLSTM(2)',
  'TimeDistributed(Dense(3, relu)), Bidirectional(GRU(2, reset_after=false), mul)',
  'RNN(LSTMCell(2, dropout=0.1), return_sequences=true), RNN([SimpleRNNCell(2, relu), GRUCell(2)])',
])('%s', (text) => {
  expect(written(text, [6, 4])).toBe(text);
});

test('what text cannot say is told with the layer, its kind and what it is', () => {
  const refused = (layer: Parameters<typeof writeLayer>[0]) => {
    try {
      return writeLayer(layer);
    } catch (error) {
      const { code, message, cause } = error as l.MemcellError;
      const said = message.replace(': training cannot start from one with', '');
      expect(said).not.toBe(message);
      return [code, said, cause instanceof Error ? cause.message : cause];
    }
  };
  const changed = (text: string, config: object) => {
    const [layer] = l.parseSpec(text);
    const whole = layer.getConfig();
    layer.getConfig = () => ({ ...whole, ...config }) as ReturnType<typeof layer.getConfig>;
    return layer;
  };
  expect(refused(l.Add({ name: 'sum' }) as never)).toEqual([
    'model',
    'layer sum (Add) no notation: it is no layer of a stack',
    undefined,
  ]);
  expect(refused(changed('Dense(3, name=d)', { units: 'three' }))).toEqual([
    'model',
    'layer d (Dense) Dense(units=three)',
    expect.stringMatching(/^layers: Dense: units must be a whole number/),
  ]);
  expect(refused(changed('Dense(3, name=d)', { kernelConstraint: { a: 1 } }))).toEqual([
    'model',
    'layer d (Dense) Dense(3, kernel_constraint={"a":1})',
    expect.stringContaining('layers: '),
  ]);
  expect(refused(changed('Dense(3, name=d)', { secret: [1, 'x'] }))).toEqual([
    'model',
    expect.stringMatching(/^layer d \(Dense\) secret /),
    undefined,
  ]);
  // What says how weights begin, or changes nothing here, is left out.
  expect(
    refused(changed('Dense(3, name=d)', { dtype: 'int32', seed: 7, secret: null, kernelInitializer: 'zeros' })),
  ).toBe('Dense(3)');
  expect(refused(changed('Conv1D(3, 2)', { dataFormat: 'channelsLast', other: 'channelsLast' }))).toBe('Conv1D(3, 2)');
  expect(refused(changed('Conv1D(3, 2)', { other: 'channelsFirst' }))).toEqual([
    'model',
    expect.stringMatching(/^layer conv1d\S* \(Conv1D\) other /),
    undefined,
  ]);
});
