/** Operations of Keras 3's graphs that are layers here: what they give is what Keras gave; others are refused by name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import type { NdArray } from '../../src/data/array.js';
import { tensorsIn } from '../../src/formats/keras/nodes.js';
import { withoutOperations } from '../../src/formats/keras/operations.js';
import type { Json } from '../../src/formats/modelJson.js';
import { openPredictor, Predictor } from '../../src/predictor.js';
import { loadModel, type Sequential } from '../../src/sequential.js';
import { temporaryFolder } from './models.js';

const fixtures = fileURLToPath(new URL('../fixtures/keras3/operations', import.meta.url));

const folder = temporaryFolder('in memory');

const layersOf: Record<string, string[]> = {
  times: ['Rescaling'],
  plus: ['Rescaling'],
  minus: ['Rescaling'],
  less: ['Rescaling'],
  by: ['Rescaling'],
  negative: ['Rescaling'],
  relu: ['Activation'],
  leaky: ['LeakyReLU'],
  elu: ['ELU'],
  chain: ['Activation', 'Rescaling', 'Activation', 'Activation'],
  softmax: ['Softmax'],
  mean: ['GlobalAveragePooling1D'],
  mean_kept: ['GlobalAveragePooling1D', 'RepeatVector'],
  mean_features: ['Permute', 'GlobalAveragePooling1D'],
  sum: ['GlobalAveragePooling1D', 'Rescaling'],
  sum_features: ['Permute', 'GlobalAveragePooling1D', 'Rescaling', 'RepeatVector', 'Permute'],
  min: ['Rescaling', 'GlobalMaxPooling1D', 'Rescaling'],
  max: ['GlobalMaxPooling1D'],
  last: ['GetItem'],
  first: ['GetItem'],
  range: ['GetItem'],
  backwards: ['GetItem'],
  features: ['GetItem'],
  feature: ['GetItem'],
  both_axes: ['GetItem', 'GetItem'],
  step_and_features: ['GetItem', 'GetItem'],
  new_axis: ['GetItem', 'Reshape'],
  expanded: ['Reshape', 'Reshape'],
  expanded_steps: ['GetItem', 'Reshape'],
  reshaped: ['Reshape'],
  flat: ['Reshape'],
  transposed: ['Permute'],
  swapped: ['Permute'],
  moved: ['Permute'],
  stacked: ['GetItem', 'GetItem', 'GetItem', 'Reshape', 'Concatenate'],
  stacked_features: ['GetItem', 'GetItem', 'Reshape', 'Concatenate'],
  joined_steps: ['GetItem', 'Concatenate'],
  product: ['Permute', 'Dot'],
  einsum: ['Dot'],
  mask_sum: ['Dense', 'Permute', 'Permute', 'Add', 'LSTM'],
  mask_inner: ['Model', 'LSTM', 'Permute', 'GlobalAveragePooling1D'],
  mask_mean: ['Permute', 'GlobalAveragePooling1D'],
  mask_larger: ['Dense', 'Permute', 'Permute', 'Maximum', 'GRU'],
  mask_states: ['GetItem', 'GetItem', 'Permute', 'Dense', 'Dense', 'LSTM'],
};

/** What the engine leaves to TensorFlow.js: samples of three axes. */
const ONLY_TFJS = ['expanded'];

interface Samples {
  x: NdArray[];
  y: NdArray[];
}

async function expectThatItGives(model: Sequential | Predictor, { x, y }: Samples): Promise<void> {
  const made = await model.predict<NdArray>({ shape: x[0].shape, data: Float32Array.from(x[0].data) });
  expect(made.shape).toEqual(y[0].shape);
  for (const [i, value] of Array.from(made.data).entries()) expect(Math.abs(value - y[0].data[i])).toBeLessThan(1e-5);
}

test.each(readdirSync(fixtures).filter((name) => !name.endsWith('.json')))(
  '%s gives what Keras gives to 1e-5, on the engine, on TensorFlow.js, by memcell/predict and written again',
  async (file) => {
    const [name] = file.split('.');
    const samples: Samples = JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8'));
    const model = await loadModel(join(fixtures, file));
    expect(
      model.layers
        .slice(2)
        .map((layer) => layer.getClassName())
        .sort(),
    ).toEqual([...layersOf[name]].sort());
    expect([model.engine.kind, model.lost]).toEqual([ONLY_TFJS.includes(name) ? 'tfjs' : 'memcell', []]);
    await expectThatItGives(model, samples);
    model.compile({ loss: 'mse', engine: 'tfjs' });
    expect(model.engine.kind).toBe('tfjs');
    await expectThatItGives(model, samples);
    for (const ending of ['.keras', '.h5', '']) {
      const to = join(folder, `${file}-again${ending}`);
      if (ending === '.h5' && name === 'backwards') {
        await expect(model.save(to)).rejects.toThrow('save the model as .keras instead');
        continue;
      }
      await model.save(to);
      const again = await loadModel(to);
      await expectThatItGives(again, samples);
      again.dispose();
    }
    model.dispose();
    const predictor = await openPredictor(join(fixtures, file));
    if (!(predictor instanceof Predictor)) return expect(ONLY_TFJS).toContain(name);
    await expectThatItGives(predictor, samples);
    predictor.dispose();
  },
);

const tensor = (shape: Json = [null, 3, 2]): Json => ({
  class_name: '__keras_tensor__',
  config: { shape, keras_history: ['x', 0, 0] },
});
const operation = (class_name: string, args: Json[], config = {}, module = 'keras.src.ops.numpy'): Json => ({
  module,
  class_name,
  name: 'o',
  config: { name: 'o', ...config },
  inbound_nodes: [{ args, kwargs: {} }],
});

const slice = (start: Json = null, stop: Json = null, step: Json = null): Json => ({
  class_name: '__slice__',
  config: { start, stop, step },
});

test.each<[what: string, refused: Json, why: string]>([
  ['a number over a value', operation('Divide', [1, tensor()]), 'divides by a value, or by 0'],
  ['a value over nothing', operation('Divide', [tensor(), 0]), 'divides by a value, or by 0'],
  ['a value over a value', operation('Divide', [tensor(), tensor()]), 'is none that a layer does'],
  ['a sum over open steps', operation('Sum', [tensor([null, null, 2])], { axis: 1 }), 'sums an open number of steps'],
  ['a mean over all', operation('Mean', [tensor()], { axis: null }), 'goes over other axes than the steps'],
  ['a mean over both', operation('Mean', [tensor()], { axis: [1, 2] }), 'goes over other axes than the steps'],
  ['a mean of no sequence', operation('Mean', [tensor([null, 3])], { axis: 1 }), 'goes over other axes than the steps'],
  ['a largest with a least', operation('Max', [tensor()], { axis: 1, initial: 0 }), 'begins with a number of its own'],
  ['a softmax over all', operation('Softmax', [tensor()], { axis: null }), 'goes over all values at once'],
  ['two new axes', operation('ExpandDims', [tensor()], { axis: [1, 2] }), 'puts in several axes at once'],
  ['an axis too many', operation('Squeeze', [tensor()], { axis: 9 }), 'takes axis 9 of a value that has 3'],
  ['an axis too few', operation('Moveaxis', [tensor()], { source: -4, destination: 1 }), 'takes axis -4 of a value'],
  ['unlike axes', operation('Add', [tensor(), tensor([null, 2])]), 'joins values of unlike numbers of axes'],
  ['another operation', operation('Sin', [tensor()]), 'is none that a layer does'],
  ['one of a name that a layer has', operation('Average', [tensor()], { axis: 1 }), 'is none that a layer does'],
  [
    'a value and an array',
    operation('Multiply', [tensor(), { class_name: '__tensor__', config: { value: [1, 2] } }]),
    'takes an array that is not computed',
  ],
  ['one without a value', operation('Relu', [2]), 'is called without a value'],
  ['x[0]', operation('GetItem', [tensor(), [0]]), 'picks samples'],
  ['x[1:]', operation('GetItem', [tensor(), [slice(1)]]), 'picks samples'],
  ['x[None]', operation('GetItem', [tensor(), [null]]), 'puts an axis before that of the samples'],
  ['x[:, y]', operation('GetItem', [tensor(), [slice(), tensor()]]), 'picks by other values than numbers'],
  ['x[:, y:]', operation('GetItem', [tensor(), [slice(), slice(tensor())]]), 'picks by other values than numbers'],
  ['x[:, 1] of two axes', operation('GetItem', [tensor([null, 3]), [slice(), 1]]), 'leaves no axis but that of the'],
  ['expand_dims(x, 0)', operation('ExpandDims', [tensor()], { axis: 0 }), 'puts an axis before that of the samples'],
  ['squeeze(x, 0)', operation('Squeeze', [tensor()], { axis: 0 }), 'takes away the axis of the samples'],
  ['reshape over samples', operation('Reshape', [tensor()], { newshape: [-1, 3] }), 'moves values from one sample'],
  [
    'reshape of open steps',
    operation('Reshape', [tensor([null, null, 4])], { newshape: [-1, 4] }),
    'moves values from',
  ],
  [
    'expand_dims of two open sizes',
    operation('ExpandDims', [tensor([null, null, null, 4])], { axis: 1 }),
    'gives a shape of several open sizes',
  ],
  ['transpose of all axes', operation('Transpose', [tensor()], { axes: null }), 'moves the axis of the samples'],
  ['swapaxes of samples', operation('Swapaxes', [tensor()], { axis1: 0, axis2: 1 }), 'moves the axis of the samples'],
  ['concatenate of samples', operation('Concatenate', [[tensor(), tensor()]], { axis: 0 }), 'joins samples'],
  [
    'stack of samples',
    operation('Stack', [[tensor(), tensor()]], { axis: 0 }),
    'puts an axis before that of the samples',
  ],
  [
    'stack of unlike values',
    operation('Stack', [[tensor(), tensor([null, 2])]], { axis: 1 }),
    'joins values of unlike',
  ],
  ['matmul of two axes', operation('Matmul', [tensor([null, 3]), tensor([3, 2])]), 'multiplies others than two values'],
  ['dot', operation('Dot', [tensor(), tensor()]), 'is none that a layer does'],
  [
    'einsum of samples',
    operation('Einsum', [tensor(), tensor()], { subscripts: 'bti,csi->bcts' }),
    'computes bti,csi->bcts',
  ],
])('%s is refused in one line that names it', (_, refused, why) => {
  expect(() => withoutOperations([refused], 'file')).toThrow(
    `file: operation "o" (${String((refused as { class_name: string }).class_name)}) ${why}`,
  );
  expect(() => withoutOperations([refused], 'file')).toThrow(
    /; nothing here runs that: make it of layers, and save the model again$/,
  );
});

test('a layer of the name of an operation stays what it is, and so do operations of masks', () => {
  const layer = operation('Multiply', [tensor(), 2], {}, 'keras.layers');
  const mask = operation('NotEqual', [tensor(), 0]);
  expect(withoutOperations([layer, mask], 'file')).toEqual([layer, mask]);
});

test('an operation that is called twice is as many calls of its layers', () => {
  const key = [slice(), slice(1), 0];
  const twice = {
    ...(operation('GetItem', []) as object),
    inbound_nodes: [1, 2].map(() => ({ args: [tensor(), key], kwargs: {} })),
  };
  const [part, last] = withoutOperations([twice], 'file') as { name: string; inbound_nodes: Json[] }[];
  expect([part.name, part.inbound_nodes.length, last.name]).toEqual(['o_part_1', 2, 'o']);
  expect(last.inbound_nodes.map(tensorsIn)).toEqual([[['o_part_1', 0, 0]], [['o_part_1', 1, 0]]]);
});

/** What an operation becomes: the classes of its layers and their options. */
const standsOf = (given: Json) =>
  (withoutOperations([given], 'file') as { class_name: string; config: { name: string } }[]).map(
    ({ class_name, config: { name: _, ...options } }) => [class_name, options],
  );
const rescaled = (scale: number, offset = 0) => ['Rescaling', { scale, offset }];
const turned = ['Permute', { dims: [2, 1] }];
const mean = ['GlobalAveragePooling1D', {}];
const kept = ['RepeatVector', { n: 1 }];
const shaped = (...target_shape: number[]) => ['Reshape', { target_shape }];
const picks = (item: unknown, axis: number) => ['GetItem', { item, axis }];
const asItIs = ['Activation', { activation: 'linear' }];
const ellipsis: Json = { class_name: '__ellipsis__', config: {} };
const four = [null, 3, 4, 5];

test.each<[what: string, given: Json, stands: unknown[]]>([
  ['x + 2', operation('Add', [tensor(), 2]), [rescaled(1, 2)]],
  ['3 * x', operation('Multiply', [3, tensor()]), [rescaled(3)]],
  ['x - 2', operation('Subtract', [tensor(), 2]), [rescaled(1, -2)]],
  ['2 - x', operation('Subtract', [2, tensor()]), [rescaled(-1, 2)]],
  ['x / 4', operation('Divide', [tensor(), 4]), [rescaled(0.25)]],
  ['x / 4, true', operation('TrueDivide', [tensor(), 4]), [rescaled(0.25)]],
  ['-x', operation('Negative', [tensor()]), [rescaled(-1)]],
  ['x + y', operation('Add', [tensor(), tensor()]), [['Add', {}]]],
  ['minimum(x, y)', operation('Minimum', [tensor(), tensor()]), [['Minimum', {}]]],
  ['silu', operation('Silu', [tensor()], {}, 'keras.src.ops.nn'), [['Activation', { activation: 'silu' }]]],
  ['log_sigmoid', operation('LogSigmoid', [tensor()]), [['Activation', { activation: 'log_sigmoid' }]]],
  ['leaky_relu', operation('LeakyRelu', [tensor()]), [['LeakyReLU', { negative_slope: 0.2 }]]],
  [
    'leaky_relu of 0',
    operation('LeakyRelu', [tensor()], { negative_slope: 0 }),
    [['LeakyReLU', { negative_slope: 0 }]],
  ],
  ['elu', operation('Elu', [tensor()]), [['ELU', { alpha: 1 }]]],
  ['elu of 0', operation('Elu', [tensor()], { alpha: 0 }), [['ELU', { alpha: 0 }]]],
  ['softmax', operation('Softmax', [tensor()]), [['Softmax', { axis: -1 }]]],
  ['softmax over steps', operation('Softmax', [tensor()], { axis: 1 }), [['Softmax', { axis: 1 }]]],
  ['mean', operation('Mean', [tensor()], { axis: -2 }), [mean]],
  ['mean, kept', operation('Mean', [tensor()], { axis: [1], keepdims: true }), [mean, kept]],
  ['mean of features', operation('Mean', [tensor()], { axis: 2 }), [turned, mean]],
  ['mean of features, kept', operation('Mean', [tensor()], { axis: 2, keepdims: true }), [turned, mean, kept, turned]],
  ['sum', operation('Sum', [tensor()], { axis: 1, initial: null }), [mean, rescaled(3)]],
  ['sum of features', operation('Sum', [tensor()], { axis: -1 }), [turned, mean, rescaled(2)]],
  ['max', operation('Max', [tensor()], { axis: 1 }), [['GlobalMaxPooling1D', {}]]],
  ['min', operation('Min', [tensor()], { axis: 1 }), [rescaled(-1), ['GlobalMaxPooling1D', {}], rescaled(-1)]],
  ['x[:, 1]', operation('GetItem', [tensor(), [slice(), 1]]), [picks(1, 1)]],
  ['x[:, 1:]', operation('GetItem', [tensor(), [slice(), slice(1)]]), [picks([1, null], 1)]],
  ['x[:, :2:1]', operation('GetItem', [tensor(), [slice(), slice(null, 2, 1)]]), [picks([null, 2], 1)]],
  ['x[:, ::-1]', operation('GetItem', [tensor(), [slice(), slice(null, null, -1)]]), [picks([null, null, -1], 1)]],
  ['x[..., -1]', operation('GetItem', [tensor(), [ellipsis, -1]]), [picks(-1, 2)]],
  ['x[:, ..., 0]', operation('GetItem', [tensor(four), [slice(), ellipsis, 0]]), [picks(0, 3)]],
  [
    'x[:, 0, :, 1:]',
    operation('GetItem', [tensor(four), [slice(0), 0, slice(), slice(1)]]),
    [picks([1, null], 3), picks(0, 1)],
  ],
  ['x[:]', operation('GetItem', [tensor(), [slice()]]), [['Permute', { dims: [1, 2] }]]],
  ['x[:] of numbers', operation('GetItem', [tensor([null, 3]), slice()]), [asItIs]],
  ['x[:, None]', operation('GetItem', [tensor(), [slice(), null]]), [shaped(1, 3, 2)]],
  [
    'x[:, 1:, None]',
    operation('GetItem', [tensor(), [slice(), slice(1), null]]),
    [picks([1, null], 1), shaped(2, 1, 2)],
  ],
  [
    'x[:, 5:, None]',
    operation('GetItem', [tensor(), [slice(), slice(5), null]]),
    [picks([5, null], 1), shaped(0, 1, 2)],
  ],
  [
    'x[:, 1, None] of open steps',
    operation('GetItem', [tensor([null, null, 2]), [slice(), 1, null]]),
    [picks(1, 1), shaped(1, 2)],
  ],
  [
    'x[:, 1:, None] of open steps',
    operation('GetItem', [tensor([null, null, 2]), [slice(), slice(1), null]]),
    [picks([1, null], 1), shaped(-1, 1, 2)],
  ],
  ['expand_dims', operation('ExpandDims', [tensor()], { axis: 1 }), [shaped(1, 3, 2)]],
  ['expand_dims at the end', operation('ExpandDims', [tensor()], { axis: -1 }), [shaped(3, 2, 1)]],
  ['squeeze', operation('Squeeze', [tensor([1, 1, 3, 1])], { axis: null }), [shaped(3)]],
  ['squeeze of one axis', operation('Squeeze', [tensor([null, 1, 3, 1])], { axis: [1] }), [shaped(3, 1)]],
  ['reshape', operation('Reshape', [tensor()], { newshape: [-1, 6] }), [shaped(6)]],
  [
    'reshape of samples as many as they are',
    operation('Reshape', [tensor()], { newshape: [null, 2, 3] }),
    [shaped(2, 3)],
  ],
  ['reshape of steps to be found', operation('Reshape', [tensor()], { newshape: [-1, -1, 1] }), [shaped(-1, 1)]],
  ['reshape of five samples', operation('Reshape', [tensor([5, 3, 2])], { newshape: [5, 6] }), [shaped(6)]],
  ['transpose', operation('Transpose', [tensor()], { axes: [0, -1, 1] }), [turned]],
  ['swapaxes', operation('Swapaxes', [tensor()], { axis1: 1, axis2: -1 }), [turned]],
  [
    'moveaxis',
    operation('Moveaxis', [tensor(four)], { source: 1, destination: 3 }),
    [['Permute', { dims: [2, 3, 1] }]],
  ],
  [
    'moveaxis of two',
    operation('Moveaxis', [tensor(four)], { source: [1, 2], destination: [3, 1] }),
    [['Permute', { dims: [2, 3, 1] }]],
  ],
  [
    'moveaxis of three',
    operation('Moveaxis', [tensor(four)], { source: [3, 2, 1], destination: [2, 1, 3] }),
    [['Permute', { dims: [2, 3, 1] }]],
  ],
  [
    'moveaxis of all, turned round',
    operation('Moveaxis', [tensor(four)], { source: [1, 2, 3], destination: [3, 2, 1] }),
    [['Permute', { dims: [3, 2, 1] }]],
  ],
  ['concatenate', operation('Concatenate', [[tensor(), tensor()]], { axis: -1 }), [['Concatenate', { axis: -1 }]]],
  ['stack', operation('Stack', [[tensor(), tensor()]], { axis: -1 }), [shaped(3, 2, 1), ['Concatenate', { axis: 3 }]]],
  ['matmul', operation('Matmul', [tensor(), tensor([null, 2, 4])]), [['Dot', { axes: [2, 1] }]]],
  ['einsum', operation('Einsum', [tensor(), tensor()], { subscripts: 'bti, bsi -> bts' }), [['Dot', { axes: [2, 2] }]]],
  [
    'einsum over steps',
    operation('Einsum', [tensor(), tensor()], { subscripts: 'bti,btj->bij' }),
    [['Dot', { axes: [1, 1] }]],
  ],
  [
    'einsum of numbers',
    operation('Einsum', [tensor([null, 3]), tensor()], { subscripts: 'bt,bti->bi' }),
    [['Dot', { axes: [1, 1] }]],
  ],
])('%s is its layers', (_, given, stands) => {
  expect(standsOf(given)).toEqual(stands);
});

test.each<[what: string, refused: Json, why: string]>([
  [
    'reshape to one value',
    operation('Reshape', [tensor([null, 1])], { newshape: [-1] }),
    'leaves no axis but that of the samples;',
  ],
  [
    'squeeze to one value',
    operation('Squeeze', [tensor([null, 1])], { axis: 1 }),
    'leaves no axis but that of the samples;',
  ],
  [
    'reshape to other samples',
    operation('Reshape', [tensor([5, 3, 2])], { newshape: [3, 10] }),
    'moves values from one sample to another',
  ],
  ['reshape to no sizes', operation('Reshape', [tensor()], { newshape: 6 }), 'moves values from one sample to another'],
  ['einsum of one', operation('Einsum', [tensor()], { subscripts: 'bti->bit' }), 'computes bti->bit, which is no Dot'],
  ...['bti,bti->b', 'bti,csi->bts', 'bti,bsi->bst', 'bti,bsj->btisj', 'bii,bsi->bs', 'bt,bt->'].map(
    (subscripts): [string, Json, string] => [
      subscripts,
      operation('Einsum', [tensor(), tensor()], { subscripts }),
      `computes ${subscripts}, which is no Dot`,
    ],
  ),
  [
    'two calls of unlike steps',
    {
      ...(operation('Sum', [], { axis: 1 }) as object),
      inbound_nodes: [3, 4].map((steps) => ({ args: [tensor([null, steps, 2])], kwargs: {} })),
    },
    'is called several times with values of unlike shapes',
  ],
  ['half an axis', operation('Swapaxes', [tensor()], { axis1: 0.5, axis2: 1 }), 'takes axis 0.5 of a value that has 3'],
])('%s is none', (_, refused, why) => {
  expect(() => withoutOperations([refused], 'file')).toThrow(why);
});

test('stacks of two calls read each call’s values, and what is called of nothing is left', () => {
  const at = (name: string) => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, 2], keras_history: [name, 0, 0] },
  });
  const twice = {
    ...(operation('Stack', [], { axis: 1 }) as object),
    inbound_nodes: ['ab', 'cd'].map((pair) => ({ args: [[...pair].map(at)], kwargs: {} })),
  };
  const [part, last] = withoutOperations([twice], 'file') as { name: string; inbound_nodes: Json[] }[];
  expect(part.inbound_nodes.flatMap(tensorsIn)).toEqual([...'abcd'].map((name) => [name, 0, 0]));
  expect(last.inbound_nodes.map(tensorsIn)).toEqual(
    [0, 2].map((from) => [from, from + 1].map((call) => ['o_part_1', call, 0])),
  );
  for (const inbound_nodes of [[], 'x', [[['x', 0, 0, {}]]]]) {
    const uncalled = { ...(operation('Relu', []) as object), inbound_nodes } as Json;
    expect(withoutOperations([uncalled, 7], 'file')).toEqual([uncalled, 7]);
  }
  // In .h5 there are no modules: an operation has neither a dtype nor layers nor a word on its training.
  const legacy = (config: object) =>
    withoutOperations(
      [{ ...(operation('Relu', [tensor()]) as object), module: null, config: { name: 'o', ...config } } as Json],
      'file',
    )[0];
  expect(legacy({})).toMatchObject({ class_name: 'Activation' });
  for (const config of [{ dtype: 'float32' }, { trainable: false }, { layers: [] }])
    expect(legacy(config)).toMatchObject({ class_name: 'Relu' });
});
