/** Settings of initializers, and layers under older names, through Keras's files. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { unzipSync, zipSync } from 'fflate';
import { Dense, GRU, LSTM, loadModel, Sequential } from '../../src/index.js';
import { temporaryFolder } from './models.js';

const root = temporaryFolder('in memory');

test.each<[string, object]>([
  ['Orthogonal', { gain: 0.7 }],
  ['Constant', { value: 0.3 }],
  ['RandomUniform', { minval: -0.3, maxval: 0.4 }],
  ['RandomNormal', { mean: 0.1, stddev: 0.2 }],
  ['TruncatedNormal', { mean: 0.1, stddev: 0.2 }],
  ['VarianceScaling', { scale: 0.5, mode: 'fanOut', distribution: 'uniform' }],
  ['Identity', { gain: 2 }],
])('%s keeps %j', async (className, config) => {
  const initializer = { className, config } as never;
  const model = new Sequential([Dense(4, { kernelInitializer: initializer, inputShape: [4] })], { seed: 1 });
  const path = join(root, `${className}.keras`);
  await model.save(path);
  const again = await loadModel(path);
  const of = ({ layers }: Sequential) => layers[0].getConfig().kernelInitializer;
  expect(of(model)).toMatchObject({ className, config });
  expect(of(again as Sequential)).toMatchObject({ className, config });
  expect(again.lost).toEqual([]);
  model.dispose();
  again.dispose();
});

test.each<[string, () => Sequential]>([
  ['UnifiedLSTM', () => new Sequential([LSTM(3)], { inputShape: [4, 2], seed: 1 })],
  ['UnifiedGRU', () => new Sequential([GRU(3)], { inputShape: [4, 2], seed: 1 })],
])('%s of older files is read', async (older, make) => {
  const model = make();
  const path = join(root, `${older}.keras`);
  await model.save(path);
  const files = unzipSync(readFileSync(path));
  const text = new TextDecoder().decode(files['config.json']);
  const renamed = text
    .replaceAll(`"class_name":"${older.slice(7)}"`, `"class_name":"${older}"`)
    .replaceAll(`"class_name": "${older.slice(7)}"`, `"class_name": "${older}"`);
  expect(renamed).not.toBe(text);
  writeFileSync(path, zipSync({ ...files, 'config.json': new TextEncoder().encode(renamed) }));
  const again = await loadModel(path);
  const x = { data: Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)), shape: [2, 4, 2] };
  expect(await again.predict(x)).toEqual(await model.predict(x));
  model.dispose();
  again.dispose();
});

test('layers that stand as activations of several others become a layer behind each', async () => {
  const model = new Sequential([Dense(3, 'relu'), Dense(2, 'relu'), Dense(1, 'relu')], { inputShape: [2], seed: 1 });
  const path = join(root, 'apart.keras');
  await model.save(path);
  const files = unzipSync(readFileSync(path));
  const leaky =
    '{"module":"keras.layers","class_name":"LeakyReLU","config":{"name":"leaky","negative_slope":0.2},"registered_name":null}';
  const text = new TextDecoder()
    .decode(files['config.json'])
    .replaceAll(/"activation": ?"relu"/g, `"activation":${leaky}`);
  writeFileSync(path, zipSync({ ...files, 'config.json': new TextEncoder().encode(text) }));
  const again = await loadModel(path);
  const classes = again.layers.map((layer) => layer.getClassName());
  expect(classes).toEqual(['Dense', 'LeakyReLU', 'Dense', 'LeakyReLU', 'Dense', 'LeakyReLU']);
  const names = model.layers.map(({ name }) => name);
  expect(again.layers.map(({ name }) => name)).toEqual(names.flatMap((name) => [name, `${name}_leaky_re_lu`]));
  model.dispose();
  again.dispose();
});
