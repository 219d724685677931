/** Operations of Keras 3's graphs that are layers here: what they give is what Keras gave; others are refused by name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import type { NdArray } from '../../src/data/array.js';
import { withoutOperations } from '../../src/formats/keras/operations.js';
import type { Json } from '../../src/formats/modelJson.js';
import { loadModel } from '../../src/sequential.js';

const fixtures = fileURLToPath(new URL('../fixtures/keras3/operations', import.meta.url));

const layersOf: Record<string, string[]> = {
  times: ['Rescaling'],
  plus: ['Rescaling'],
  minus: ['Rescaling'],
  less: ['Rescaling'],
  by: ['Rescaling'],
  negative: ['Rescaling'],
  relu: ['Activation'],
  leaky: ['LeakyReLU'],
  chain: ['Activation', 'Rescaling', 'Activation', 'Activation'],
  softmax: ['Softmax'],
  mean: ['GlobalAveragePooling1D'],
  max: ['GlobalMaxPooling1D'],
};

test.each(readdirSync(fixtures).filter((name) => !name.endsWith('.json')))('%s', async (file) => {
  const [name] = file.split('.');
  const model = await loadModel(join(fixtures, file));
  expect(model.layers.slice(2).map((layer) => layer.getClassName())).toEqual(layersOf[name]);
  expect([model.engine, model.lost]).toEqual([{ kind: 'memcell' }, []]);
  const { x, y } = JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8'));
  const made = await model.predict<NdArray>({ shape: x[0].shape, data: Float32Array.from(x[0].data) });
  expect(made.shape).toEqual(y[0].shape);
  for (const [i, value] of Array.from(made.data).entries()) expect(Math.abs(value - y[0].data[i])).toBeLessThan(1e-6);
  model.dispose();
});

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

test.each<[what: string, left: Json]>([
  ['a number over a value', operation('Divide', [1, tensor()])],
  ['a value over nothing', operation('Divide', [tensor(), 0])],
  ['two values', operation('Multiply', [tensor(), tensor()])],
  ['a mean over features', operation('Mean', [tensor()], { axis: -1 })],
  ['a mean over steps and features', operation('Mean', [tensor()], { axis: [1, 2] })],
  ['a mean that keeps the axis', operation('Mean', [tensor()], { axis: 1, keepdims: true })],
  ['a mean over what is no sequence', operation('Mean', [tensor([null, 3])], { axis: 1 })],
  ['another operation', operation('Sin', [tensor()])],
  ['a layer of the name', operation('Multiply', [tensor(), 2], {}, 'keras.layers')],
])('%s stays what it is', (_, left) => {
  expect(withoutOperations([left])).toEqual([left]);
});

test('a mean over steps stays what it is beside masks, which Keras leaves aside there and the layer for it does not', () => {
  const mean = operation('Mean', [tensor()], { axis: 1, keepdims: false });
  const masking = { class_name: 'Masking', config: { name: 'm' }, inbound_nodes: [] };
  const embedding = { class_name: 'Embedding', config: { name: 'e', mask_zero: true }, inbound_nodes: [] };
  for (const one of [masking, embedding]) expect(withoutOperations([one, mean])).toEqual([one, mean]);
  expect(withoutOperations([mean])).toMatchObject([{ class_name: 'GlobalAveragePooling1D', config: { name: 'o' } }]);
});
