/** Options of layers as every Keras spells them: all that becomes of them, and each line of what is left out. */
import { expect, test } from '@jest/globals';
import { activationsApart } from '../../src/formats/keras/activationLayers.js';
import { className, layerOptions } from '../../src/formats/keras/layerConfig.js';
import type { Json } from '../../src/formats/modelJson.js';

type Options = { [name: string]: Json };
const read = (layer: string, given: Options, keras3 = false) => {
  const lost: string[] = [];
  return { options: layerOptions(layer, given, 'a', { where: 'f', keras3, lost }), lost };
};
const described = (name: string, config: Options): Options => ({ class_name: name, config });

test.each<[string, Options, Options]>([
  [
    'Dense',
    { output_dim: 4, input_dim: 3, init: 'glorot_uniform', bias: true },
    { units: 4, kernel_initializer: described('GlorotUniform', {}), use_bias: true },
  ],
  [
    'Embedding',
    { input_dim: 9, output_dim: 4, init: 'uniform' },
    { input_dim: 9, output_dim: 4, embeddings_initializer: described('RandomUniform', {}) },
  ],
  [
    'LSTM',
    {
      inner_init: 'orthogonal',
      inner_activation: 'hard_sigmoid',
      forget_bias_init: 'one',
      dropout_W: 0.1,
      dropout_U: 0.2,
      consume_less: 'gpu',
    },
    {
      recurrent_initializer: described('Orthogonal', {}),
      recurrent_activation: 'hard_sigmoid',
      unit_forget_bias: true,
      dropout: 0.1,
      recurrent_dropout: 0.2,
    },
  ],
  ['LSTM', { forget_bias_init: 'zero', unit_forget_bias: true }, { unit_forget_bias: true }],
  [
    'Dense',
    {
      W_regularizer: 'l1',
      U_regularizer: 'l2',
      b_regularizer: 'l1_l2',
      W_constraint: 'non_neg',
      U_constraint: null,
      b_constraint: 'unit_norm',
    },
    {
      kernel_regularizer: described('L1L2', { l1: 0.01, l2: 0 }),
      recurrent_regularizer: described('L1L2', { l1: 0, l2: 0.01 }),
      bias_regularizer: described('L1L2', { l1: 0.01, l2: 0.01 }),
      kernel_constraint: described('NonNeg', {}),
      recurrent_constraint: null,
      bias_constraint: described('UnitNorm', {}),
    },
  ],
  ['Dropout', { p: 0.25 }, { rate: 0.25 }],
  [
    'Conv1D',
    { nb_filter: 8, filter_length: 3, subsample_length: 2, border_mode: 'same' },
    { filters: 8, kernel_size: 3, strides: 2, padding: 'same' },
  ],
  ['MaxPooling1D', { pool_length: 2, stride: 3 }, { pool_size: 2, strides: 3 }],
  [
    'Conv2D',
    { nb_row: 3, nb_col: 5, dim_ordering: 'th', subsample: [1, 2] },
    { kernel_size: [3, 5], data_format: 'channels_first', strides: [1, 2] },
  ],
  ['Conv2D', { dim_ordering: 'tf' }, { data_format: 'channels_last' }],
  ['LeakyReLU', { negative_slope: 0.2 }, { alpha: 0.2 }],
  ['GRU', { units: 2 }, { units: 2, reset_after: false }],
  ['GRU', { units: 2, reset_after: true }, { units: 2, reset_after: true }],
  ['Rescaling', { scale: [0.5, 2], offset: -1 }, { scale: [0.5, 2], offset: -1 }],
  ['Activation', {}, { activation: 'linear' }],
  ['BatchNormalization', { axis: [2], momentum: 0.9 }, { axis: 2, momentum: 0.9 }],
  ['BatchNormalization', { axis: [1, 2] }, { axis: [1, 2] }],
  ['LayerNormalization', { axis: [2] }, { axis: [2] }],
  [
    'Dense',
    { activation: null, recurrent_activation: { class_name: 'function', config: 'relu' } },
    { activation: 'linear', recurrent_activation: 'relu' },
  ],
  ['Dense', { activation: described('Softmax', {}) }, { activation: 'softmax' }],
  // How something is computed, and what no layer may be but as it is here, is no loss.
  [
    'Dense',
    {
      dtype: 'float32',
      seed: 7,
      unroll: true,
      implementation: 2,
      optional: false,
      lora_rank: null,
      lora_alpha: 3,
      autocast: true,
      use_cudnn: 'auto',
      threshold: 0,
      keepdims: false,
      groups: 1,
      negative_slope: null,
    },
    {},
  ],
])('%s: %j', (layer, given, options) => {
  expect(read(layer, given)).toEqual({ options, lost: [] });
});

test.each<[Json, Json]>([
  [null, null],
  ['zero', described('Zeros', {})],
  ['one', described('Ones', {})],
  ['normal', described('RandomNormal', {})],
  ['he_normal', described('HeNormal', {})],
  ['HeUniformV2', described('HeUniform', {})],
  ['lecun_normal', described('LeCunNormal', {})],
  ['lecun_uniform', described('LeCunUniform', {})],
  [described('OrthogonalInitializer', { gain: 2, seed: 3, other: 1 }), described('Orthogonal', { gain: 2, seed: 3 })],
  [
    described('RandomUniform', { minval: -1, maxval: 2, seed: { class_name: 'SeedGenerator' } }),
    described('RandomUniform', { minval: -1, maxval: 2, seed: null }),
  ],
  [
    described('VarianceScaling', { scale: 2, mode: 'fan_in', distribution: 'uniform' }),
    described('VarianceScaling', { scale: 2, mode: 'fan_in', distribution: 'uniform' }),
  ],
  [described('TruncatedNormal', { mean: 1, stddev: 2 }), described('TruncatedNormal', { mean: 1, stddev: 2 })],
  [
    { module: 'keras.initializers', class_name: 'Constant', config: { value: 5 }, registered_name: null },
    described('Constant', { value: 5 }),
  ],
])('the initializer %j', (written, made) => {
  expect(read('Dense', { kernel_initializer: written })).toEqual({ options: { kernel_initializer: made }, lost: [] });
});

test.each<[Json, Json]>([
  [null, null],
  [described('L1', { l1: 0.5 }), described('L1L2', { l1: 0.5, l2: 0 })],
  [described('L2', { l2: 0.5 }), described('L1L2', { l1: 0, l2: 0.5 })],
  [described('L1L2', { l1: 0.25 }), described('L1L2', { l1: 0.25, l2: 0 })],
  [described('WeightRegularizer', { l2: 0.25 }), described('L1L2', { l1: 0, l2: 0.25 })],
])('the regularizer %j', (written, made) => {
  expect(read('Dense', { bias_regularizer: written })).toEqual({ options: { bias_regularizer: made }, lost: [] });
});

test.each<[Json, Json]>([
  [described('MaxNorm', { max_value: 2, axis: 0, more: 1 }), described('MaxNorm', { max_value: 2, axis: 0 })],
  [
    described('MinMaxNorm', { min_value: 1, max_value: 2, rate: 0.5, axis: 1 }),
    described('MinMaxNorm', { min_value: 1, max_value: 2, rate: 0.5, axis: 1 }),
  ],
  [described('NonNeg', {}), described('NonNeg', {})],
  [described('UnitNorm', { axis: 1 }), described('UnitNorm', { axis: 1 })],
])('the constraint %j', (written, made) => {
  expect(read('Dense', { kernel_constraint: written })).toEqual({ options: { kernel_constraint: made }, lost: [] });
});

test('hard_sigmoid is another function in Keras 3', () => {
  expect([false, true].map((keras3) => read('LSTM', { recurrent_activation: 'hard_sigmoid' }, keras3).options)).toEqual(
    [{ recurrent_activation: 'hard_sigmoid' }, { recurrent_activation: 'hard_sigmoid_keras3' }],
  );
});

test.each<[Options, Options, string[]]>([
  [
    { kernel_initializer: 'mine' },
    { kernel_initializer: described('Zeros', {}) },
    ['kernel_initializer is not applied'],
  ],
  [{ kernel_regularizer: described('Mine', {}) }, { kernel_regularizer: null }, ['kernel_regularizer is not applied']],
  [{ kernel_constraint: 'mine' }, { kernel_constraint: null }, ['kernel_constraint is not applied']],
  [{ quantizer: 'int8', other: [], more: 0, none: null, off: false, text: '' }, {}, ['quantizer is not applied']],
  [{ lora_rank: 4 }, {}, ['its LoRA of rank 4, which is in its weights: all of them are trained here']],
])('what is left out is told: %j', (given, options, lost) => {
  expect(read('Dense', given)).toEqual({ options, lost: lost.map((what) => `layer "a" (Dense): ${what}`) });
});

test.each<[string, Options, string]>([
  ['Dropout', { renorm: true }, 'f: layer "a" (Dropout): renorm is true; nothing here runs such a layer'],
  [
    'Dropout',
    { zero_output_for_mask: true },
    'f: layer "a" (Dropout): zero_output_for_mask is true; nothing here runs such a layer',
  ],
  [
    'Dense',
    { activation: 7 },
    'f: layer "a" (Dense): activation: 7 is not the name of a function; nothing here runs it',
  ],
  [
    'Dense',
    { activation: described('LeakyReLU', { alpha: 1 }) },
    'f: layer "a" (Dense): activation: {"class_name":"LeakyReLU","config":{"alpha":1}} is not the name of a function; nothing here runs it',
  ],
  ['Dense', { activation: 'lambda_1' }, 'f: layer "a" (Dense): activation: a Lambda is Python code, which is not run'],
  ['Dense', { activation: '<lambda>' }, 'f: layer "a" (Dense): activation: a Lambda is Python code, which is not run'],
])('what nothing here does is refused: %s %j', (layer, given, message) => {
  expect(() => read(layer, given)).toThrow(expect.objectContaining({ code: 'model', message }));
});

test('an activation that is a layer stands behind the layer that has it, but in cells, which compute it at every step', () => {
  const leaky = described('LeakyReLU', { negative_slope: 0.5 });
  const classes = (class_name: string, config: Options = {}) =>
    activationsApart([described(class_name, { name: 'a', activation: leaky, ...config })]).layers.map(
      (layer) => (layer as { class_name: string }).class_name,
    );
  expect(['Dense', 'Conv1D'].map((name) => classes(name))).toEqual([
    ['Dense', 'LeakyReLU'],
    ['Conv1D', 'LeakyReLU'],
  ]);
  expect(['SimpleRNN', 'SimpleRNNCell'].map((name) => classes(name))).toEqual([['SimpleRNN'], ['SimpleRNNCell']]);
  expect(classes('LSTM', { recurrent_activation: 'sigmoid' })).toEqual(['LSTM']);
});

test('classes under older names', () => {
  const older =
    'CuDNNLSTM CuDNNGRU UnifiedLSTM UnifiedGRU Convolution1D Convolution2D Identity BatchNormalizationV1 BatchNormalizationV2 SyncBatchNormalization LSTM';
  expect(older.split(' ').map(className).join(' ')).toBe(
    'LSTM GRU LSTM GRU Conv1D Conv2D Activation BatchNormalization BatchNormalization BatchNormalization LSTM',
  );
});
