/** Models in models, once or several times, as inputs and outputs of each other: as Keras 3 computes and writes them, both ways. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { unzipSync } from 'fflate';
import type { NdArray } from '../../src/data/array.js';
import { attributeOf } from '../../src/formats/hdf5/contents.js';
import { readHdf5File } from '../../src/formats/hdf5/hdf5.js';
import { Input, Model } from '../../src/functional.js';
import { Concatenate, Embedding, LSTM } from '../../src/layers/index.js';
import { openPredictor, Predictor } from '../../src/predictor.js';
import { loadModel } from '../../src/sequential.js';
import { temporaryFolder } from './models.js';

const fixtures = fileURLToPath(new URL('../fixtures/keras3/models', import.meta.url));
const files = readdirSync(fixtures).filter((name) => !name.endsWith('.json'));
const folder = temporaryFolder('in memory');

/** The engine takes no samples of three axes, which TimeDistributed around a model of sequences reads. */
const ONLY_TFJS = /^per_step/;

interface Samples {
  x: NdArray[];
  y: NdArray[];
}

const samplesOf = (file: string): Samples => {
  const { x, y } = JSON.parse(readFileSync(join(fixtures, file.replace(/\.\w+$/, '.json')), 'utf8'));
  return { x: x.map(({ shape, data }: NdArray) => ({ shape, data: Float32Array.from(data) })), y };
};

async function expectThatItGives(model: { predict(x: never): Promise<unknown> }, { x, y }: Samples): Promise<void> {
  const made = [await model.predict((x.length === 1 ? x[0] : x) as never)].flat() as NdArray[];
  expect(made.map(({ shape }) => shape)).toEqual(y.map(({ shape }) => shape));
  for (const [i, { data }] of made.entries())
    for (const [j, value] of Array.from(data).entries()) expect(Math.abs(value - y[i].data[j])).toBeLessThan(1e-5);
}

/** The config of a model in a file. */
async function configIn(file: string): Promise<object> {
  const bytes = readFileSync(file);
  if (file.endsWith('.keras')) return JSON.parse(new TextDecoder().decode(unzipSync(bytes)['config.json']));
  return JSON.parse(String(attributeOf(await readHdf5File(bytes, file), '', 'model_config')));
}

/** How the layers of a model and of those in it are joined: which call of which layer each reads, and what each model gives. */
function joints(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(joints).filter((one) => one !== undefined);
  if (typeof value !== 'object' || value === null) return undefined;
  const { class_name, config, inbound_nodes } = value as {
    class_name?: unknown;
    config?: object;
    inbound_nodes?: unknown;
  };
  const read = JSON.stringify(inbound_nodes ?? []).match(/\["\w+",\d+,\d+\]/g) ?? [];
  const { name, layer, layers, output_layers } = {
    name: '',
    layer: undefined,
    layers: [],
    output_layers: [],
    ...config,
  };
  // A Sequential's input has no name of its own here.
  return {
    class_name,
    name: class_name === 'InputLayer' ? '' : name,
    read,
    ...(layer !== undefined && { around: joints(layer) }),
    layers: joints(layers),
    gives: output_layers,
  };
}

describe.each(files)('%s', (file) => {
  const path = join(fixtures, file);
  const samples = samplesOf(file);

  test('gives what Keras gives, on the engine, with TensorFlow.js and without', async () => {
    const model = await loadModel(path);
    expect([model.engine.kind, model.lost]).toEqual([ONLY_TFJS.test(file) ? 'tfjs' : 'memcell', []]);
    await expectThatItGives(model, samples);
    model.dispose();
    const predictor = await openPredictor(path);
    if (!(predictor instanceof Predictor)) return expect(file).toMatch(ONLY_TFJS);
    await expectThatItGives(predictor, samples);
    predictor.dispose();
  });

  test.each(['.keras', '.h5', ''])('is written (%s) with the same joints, and gives the same', async (ending) => {
    const model = await loadModel(path);
    const to = join(folder, `${file}-again${ending}`);
    expect(await model.save(to)).toEqual([]);
    model.dispose();
    const again = await loadModel(to);
    await expectThatItGives(again, samples);
    again.dispose();
    // tfjs numbers calls as it makes them.
    if (ending !== '' && !file.startsWith('reordered'))
      expect(joints(await configIn(to))).toEqual(joints(await configIn(path)));
  });
});

test('beside masks a layer has no name that Keras gives to what makes them', async () => {
  const words = Input({ shape: [4] });
  const [one, other] = [2, 3].map((width) => Embedding(5, width, { maskZero: true }).apply(words));
  const model = new Model({
    inputs: words,
    outputs: LSTM(2).apply(Concatenate({ name: 'concatenate_1' }).apply([one, other])),
  });
  for (const ending of ['.keras', '.h5']) {
    const to = join(folder, `masked${ending}`);
    expect(await model.save(to)).toEqual([
      'layer "concatenate_1" is called "concatenate_layer_1" in the file, where Keras gives that name to what makes a mask',
    ]);
    const again = await loadModel(to);
    expect(again.layers.map(({ name }) => name)).toContain('concatenate_layer_1');
    again.dispose();
  }
  model.dispose();
});
