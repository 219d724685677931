import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { openModel } from '../../src/formats/open.js';
import { saveTfjs } from '../../src/formats/tfjs.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { input, inputShape, largestDifference, predict, smallModel, stock, temporaryFolder } from './models.js';

const root = temporaryFolder();
const readJson = (folder: string) => JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));

beforeAll(async () => {
  await prepareBackend();
});

describe('saveTfjs', () => {
  it('writes model.json and weights.bin as the tfjs file handler does', async () => {
    const folder = join(root, 'written');
    const model = smallModel();
    await saveTfjs(model, folder, { kind: 'classify', labels: ['a', 'ä'] });
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
    const { modelTopology, weightsManifest, ...rest } = readJson(folder);
    expect(rest).toEqual({
      format: 'layers-model',
      generatedBy: `TensorFlow.js tfjs-layers v${tf.version_layers}`,
      convertedBy: null,
      userDefinedMetadata: { memcell: { version: 1, kind: 'classify', labels: ['a', 'ä'] } },
    });
    expect(modelTopology.config.layers.map((layer: { class_name: string }) => layer.class_name)).toEqual([
      'LSTM',
      'Dense',
    ]);
    expect(weightsManifest).toHaveLength(1);
    expect(weightsManifest[0].paths).toEqual(['weights.bin']);
    expect(weightsManifest[0].weights).toEqual(
      model.weights.map(({ originalName, shape }) => ({ name: originalName, shape, dtype: 'float32' })),
    );
  });

  it('is loaded by stock tfjs in a process without memcell, predicting the same to 1e-5', async () => {
    const folder = join(root, 'for-stock');
    const model = smallModel();
    await saveTfjs(model, folder, { kind: 'forecast' });
    const { output, metadata } = stock('load', folder, { input, shape: inputShape });
    expect(largestDifference(output, predict(model))).toBeLessThanOrEqual(1e-5);
    expect(metadata).toEqual({ memcell: { version: 1, kind: 'forecast' } });
  });

  it('takes and gives a tfjs IOHandler', async () => {
    const model = smallModel();
    let kept: tf.io.ModelArtifacts | undefined;
    const save = tf.io.withSaveHandler(async (artifacts) => {
      kept = artifacts;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    });
    await saveTfjs(model, save, { window: 7 });
    const again = await openModel({ load: async () => kept! });
    expect(again.metadata).toEqual({ window: 7 });
    expect(predict(again.model)).toEqual(predict(model));
  });

  it('refuses metadata that could not be loaded again', async () => {
    const folder = join(root, 'deep');
    const circle: Record<string, unknown> = {};
    circle.itself = [circle, circle];
    let deep: object = {};
    for (let level = 0; level < 9000; level++) deep = { deep };
    for (const metadata of [circle, deep]) {
      await expect(saveTfjs(smallModel(), folder, metadata)).rejects.toThrow(
        'the metadata is nested too deeply, or in a circle; the model is not saved',
      );
    }
  });

  it('keeps metadata as deep as it is loaded again, and refuses them one level deeper', async () => {
    const folder = join(root, 'as-deep');
    const nested = (levels: number): Record<string, unknown> => (levels === 1 ? {} : { a: nested(levels - 1) });
    await saveTfjs(smallModel(), folder, nested(98));
    const { model, metadata } = await openModel(folder);
    expect(metadata).toEqual(nested(98));
    await expect(saveTfjs(model, folder, nested(99))).rejects.toThrow('the metadata is nested too deeply');
    model.dispose();
  });

  it('keeps what others have said of the model beside its own', async () => {
    const folder = join(root, 'of-others');
    const model = smallModel();
    model.setUserDefinedMetadata({ author: 'stock', memcell: { kind: 'older' } } as never);
    await saveTfjs(model, folder, { kind: 'text' });
    const all = { author: 'stock', memcell: { version: 1, kind: 'text' } };
    expect(readJson(folder).userDefinedMetadata).toEqual(all);
    const { model: again, metadata } = await openModel(folder);
    expect([again.getUserDefinedMetadata(), metadata]).toEqual([{ author: 'stock' }, { kind: 'text' }]);
    await saveTfjs(again, folder, metadata);
    expect(readJson(folder).userDefinedMetadata).toEqual(all);
  });

  it('refuses weights that are not finite and keeps the model that was there', async () => {
    const folder = join(root, 'kept');
    const model = smallModel();
    await saveTfjs(model, folder, {});
    const before = predict(model);
    model.weights[1].write(tf.fill([3, 12], Number.NaN));
    await expect(saveTfjs(model, folder, {})).rejects.toThrow(
      /^weight .*recurrent_kernel is not finite at element 0; the model is not saved$/,
    );
    expect(predict((await openModel(folder)).model)).toEqual(before);
  });
});

describe('openModel', () => {
  it('gives back the model bit for bit and the metadata, and keeps no tensor but the weights', async () => {
    const folder = join(root, 'round-trip');
    const metadata = { kind: 'text', version: 9, vocabulary: ['\n', '"', 'é', '𝄞'], history: { loss: [1.5, 0.25] } };
    const model = smallModel();
    await saveTfjs(model, folder, metadata);
    const tensors = tf.memory().numTensors;
    const again = await openModel(folder);
    expect(again.metadata).toEqual({ ...metadata, version: undefined });
    expect(tf.memory().numTensors - tensors).toBe(again.model.weights.length);
    expect(predict(again.model)).toEqual(predict(model));
    again.model.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('takes the path of model.json and a file: URL for the folder', async () => {
    const folder = join(root, 'spellings');
    await saveTfjs(smallModel(), folder, { horizon: 2 });
    for (const name of [join(folder, 'model.json'), `file://${folder}`, `${folder}/`]) {
      expect((await openModel(name)).metadata).toEqual({ horizon: 2 });
    }
  });

  it('loads what stock tfjs saved, with its optimizer state, predicting the same to 1e-5', async () => {
    const folder = join(root, 'from-stock');
    const { input, shape, output } = stock('save', folder);
    const { model, metadata } = await openModel(folder);
    expect(metadata).toEqual({});
    expect(model.getUserDefinedMetadata()).toEqual({ author: 'stock' });
    expect(largestDifference(predict(model, input, shape), output)).toBeLessThanOrEqual(1e-5);
  });

  it('loads what it saved after stock tfjs trained it further and saved it over', async () => {
    const folder = join(root, 'there-and-back');
    await saveTfjs(smallModel(), folder, { kind: 'forecast' });
    const json = readJson(folder);
    const weights = new Float32Array(new Uint8Array(readFileSync(join(folder, 'weights.bin'))).buffer).map(
      (w) => w / 2,
    );
    json.weightsManifest = [{ paths: ['weights.bin'], weights: json.weightsManifest[0].weights }];
    writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
    writeFileSync(join(folder, 'weights.bin'), weights);
    const { model, metadata } = await openModel(folder);
    expect(metadata).toEqual({ kind: 'forecast' });
    expect(Array.from(model.weights[0].read().dataSync())).toEqual(Array.from(weights.subarray(0, 24)));
  });

  it("passes over the state of an optimizer between the weights' bytes", async () => {
    const folder = join(root, 'optimizer-between');
    const model = smallModel();
    await saveTfjs(model, folder, {});
    const json = readJson(folder);
    const [{ weights }] = json.weightsManifest;
    const bytes = readFileSync(join(folder, 'weights.bin'));
    const state = (name: string, size: number) => ({ name, shape: [size], dtype: 'float32', group: 'optimizer' });
    const noise = (size: number) => Buffer.from(new Float32Array(size).fill(9).buffer);
    json.weightsManifest = [
      { paths: ['weights.bin'], weights: [state('adam/m', 3), weights[0], state('adam/v', 5), ...weights.slice(1)] },
    ];
    writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
    const first = 4 * 24;
    writeFileSync(
      join(folder, 'weights.bin'),
      Buffer.concat([noise(3), bytes.subarray(0, first), noise(5), bytes.subarray(first)]),
    );
    expect(predict((await openModel(folder)).model)).toEqual(predict(model));
  });

  it('loads several groups and shards cut anywhere, in subfolders too', async () => {
    const folder = join(root, 'shards');
    const model = smallModel();
    await saveTfjs(model, folder, {});
    const json = readJson(folder);
    const [{ weights }] = json.weightsManifest;
    const bytes = readFileSync(join(folder, 'weights.bin'));
    mkdirSync(join(folder, 'shard'));
    const first = 4 * (24 + 36);
    writeFileSync(join(folder, 'group1-shard1of2.bin'), bytes.subarray(0, 101));
    writeFileSync(join(folder, 'group1-shard2of2.bin'), bytes.subarray(101, first));
    writeFileSync(join(folder, 'shard/group2'), bytes.subarray(first));
    json.weightsManifest = [
      { paths: ['././group1-shard1of2.bin', './group1-shard2of2.bin'], weights: weights.slice(0, 2) },
      { paths: ['shard/group2'], weights: weights.slice(2) },
    ];
    writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
    expect(predict((await openModel(folder)).model)).toEqual(predict(model));
  });

  it('loads weights quantised to uint8, uint16 and float16 within their steps', async () => {
    const folder = join(root, 'quantised');
    const model = smallModel();
    await saveTfjs(model, folder, {});
    const json = readJson(folder);
    const bytes = new Uint8Array(readFileSync(join(folder, 'weights.bin')));
    const all = new Float32Array(bytes.buffer);
    const [kernel, recurrent] = [all.subarray(0, 24), all.subarray(24, 60)];
    const uint8 = Uint8Array.from(kernel, (w) => Math.round((w + 1) / (2 / 255)));
    const uint16 = Uint16Array.from(recurrent, (w) => Math.round((w + 1) / (2 / 65535)));
    const half = Uint16Array.from({ length: 12 }, (_, index) => 0x3c00 + index); // 1 + index · 2^-10
    const stored = [uint8, uint16, half, all.subarray(72)].map((a) =>
      Buffer.from(a.buffer, a.byteOffset, a.byteLength),
    );
    writeFileSync(join(folder, 'weights.bin'), Buffer.concat(stored));
    const { weights } = json.weightsManifest[0];
    weights[0].quantization = { dtype: 'uint8', scale: 2 / 255, min: -1, original_dtype: 'float32' };
    weights[1].quantization = { dtype: 'uint16', scale: 2 / 65535, min: -1 };
    weights[2].quantization = { dtype: 'float16' };
    json.weightsManifest = [{ paths: ['weights.bin'], weights }];
    writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
    const loaded = (await openModel(folder)).model.getWeights().map((tensor) => Array.from(tensor.dataSync()));
    expect(largestDifference(loaded[0], Array.from(kernel))).toBeLessThanOrEqual(1.001 / 255);
    expect(largestDifference(loaded[1], Array.from(recurrent))).toBeLessThanOrEqual(1.001 / 65535);
    expect(loaded[2]).toEqual(Array.from({ length: 12 }, (_, index) => 1 + index / 1024));
    expect(loaded[3]).toEqual(Array.from(all.subarray(72, 78)));
  });

  it("takes the weight names that Keras's converter writes, with the cell's name in them", async () => {
    const folder = join(root, 'converter');
    const model = smallModel();
    await saveTfjs(model, folder, {});
    const json = readJson(folder);
    for (const weight of json.weightsManifest[0].weights) weight.name = weight.name.replace('/', '/lstm_cell/');
    json.modelTopology = { keras_version: '2.15', model_config: json.modelTopology, training_config: {} };
    writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
    expect(predict((await openModel(folder)).model)).toEqual(predict(model));
  });

  it('takes names with two parts beside a weight’s own, and none with three', async () => {
    const folder = join(root, 'parts');
    const model = smallModel();
    await saveTfjs(model, folder, {});
    const json = readJson(folder);
    const named = (prefix: string) => {
      const [{ weights, ...group }] = json.weightsManifest;
      const renamed = weights.map((weight: { name: string }) => ({ ...weight, name: prefix + weight.name }));
      writeFileSync(
        join(folder, 'model.json'),
        JSON.stringify({ ...json, weightsManifest: [{ ...group, weights: renamed }] }),
      );
      return openModel(folder);
    };
    expect(predict((await named('a/b/')).model)).toEqual(predict(model));
    await expect(named('a/b/c/')).rejects.toThrow(/weight \S+\/kernel of shape \[2,12\] is not in weightsManifest$/);
  });

  it('takes what compile was told from beside the topology, or else from within', async () => {
    const folder = join(root, 'compiled');
    await saveTfjs(smallModel(), folder, {});
    const json = readJson(folder);
    const told = (loss: string) => ({
      loss,
      metrics: [],
      optimizer_config: { class_name: 'SGD', config: { lr: 0.5 } },
    });
    const training = async (within?: object, beside?: object) => {
      const modelTopology = { ...json.modelTopology, ...(within && { training_config: within }) };
      writeFileSync(join(folder, 'model.json'), JSON.stringify({ ...json, modelTopology, trainingConfig: beside }));
      const opened = await openModel(folder);
      opened.model.dispose();
      return opened.training;
    };
    const read = (loss: string) => ({
      loss,
      metrics: [],
      optimizer: { class_name: 'SGD', config: { learning_rate: 0.5 } },
    });
    expect(await training()).toBeUndefined();
    expect(await training(told('mae'))).toEqual(read('mae'));
    expect(await training(undefined, told('mse'))).toEqual(read('mse'));
    expect(await training(told('mae'), told('mse'))).toEqual(read('mse'));
  });

  it('takes of several names that hold a layer’s the one with the fewest parts beside it', async () => {
    const folder = join(root, 'nearest');
    const [near, far] = ['a', 'a/b'].map((name) => tf.layers.dense({ units: 2, useBias: false, name }));
    const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [2] }), near, far] });
    await saveTfjs(model, folder, {});
    const json = readJson(folder);
    const { weights } = json.weightsManifest[0];
    const bytes = readFileSync(join(folder, 'weights.bin'));
    expect(weights.map(({ name }: { name: string }) => name)).toEqual(['a/kernel', 'a/b/kernel']);
    for (const weight of weights) weight.name = `s/${weight.name}`;
    json.weightsManifest = [{ paths: ['weights.bin'], weights: weights.toReversed() }];
    writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
    writeFileSync(join(folder, 'weights.bin'), Buffer.concat([bytes.subarray(16), bytes.subarray(0, 16)]));
    const values = (of: tf.LayersModel) => of.getWeights().map((weight) => weight.arraySync());
    expect(values((await openModel(folder)).model)).toEqual(values(model));
  });
});

describe('places and handlers that do not do are refused, whole lines', () => {
  const refused = (made: Promise<unknown>, code: string, message: string) =>
    expect(made).rejects.toMatchObject({ name: 'MemcellError', code, message });
  const nowhere = (value: unknown) => `a folder, a file, an address or an IOHandler, not ${value}`;

  it.each<[place: unknown, shown: string]>([
    ['', '""'],
    [7, '7'],
    [null, 'null'],
    [[], '[]'],
  ])('%j', async (place, shown) => {
    await refused(saveTfjs(smallModel(), place as string, {}), 'usage', `a model is saved to ${nowhere(shown)}`);
    await refused(openModel(place as string), 'usage', `a model is loaded from ${nowhere(shown)}`);
  });

  it('addresses that nothing answers, and handlers of one direction', async () => {
    const address = 'gopher://a/b';
    await refused(
      saveTfjs(smallModel(), address, {}),
      'usage',
      `${address}: nothing here can save to this kind of address`,
    );
    await refused(openModel(address), 'usage', `${address}: nothing here can load from this kind of address`);
    const save = { save: async () => ({}) } as unknown as tf.io.IOHandler;
    const load = { load: async () => ({}) } as unknown as tf.io.IOHandler;
    await refused(saveTfjs(smallModel(), load, {}), 'usage', 'save: this IOHandler only loads');
    await refused(openModel(save), 'usage', 'load: this IOHandler only saves');
  });

  it('what a handler loads', async () => {
    let artifacts: Record<string, unknown> = {};
    const keep = tf.io.withSaveHandler(async (made) => {
      artifacts = { ...made };
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(made) };
    });
    await saveTfjs(smallModel(), keep, {});
    const loading = (change: Record<string, unknown>) =>
      openModel({ load: async () => ({ ...artifacts, ...change }) as tf.io.ModelArtifacts });
    (await loading({})).model.dispose();
    const [kernel] = artifacts.weightSpecs as { name: string; shape: number[] }[];
    const weight = `weightSpecs[0] (${JSON.stringify(kernel.name)})`;
    for (const [change, message] of [
      [{ format: 'graph-model' }, "a tfjs GraphModel; memcell reads layers models (format 'layers-model')"],
      [{ format: 'onnx' }, `format is "onnx", not 'layers-model'`],
      [{ modelTopology: undefined }, 'modelTopology is missing or not an object'],
      [{ weightData: undefined }, 'weightData is missing'],
      [{ weightData: new ArrayBuffer(316) }, 'weightData has 316 bytes, but weightSpecs describes 320'],
      [{ weightSpecs: undefined }, 'weightSpecs is missing or not a list'],
      [
        { weightSpecs: [{ ...kernel, dtype: 'string' }] },
        `${weight}: dtype "string"; a weight is float32, int32 or bool`,
      ],
      [{ weightSpecs: [kernel, kernel] }, `weight ${JSON.stringify(kernel.name)} is listed twice`],
      [{ userDefinedMetadata: [] }, 'userDefinedMetadata is not an object'],
      [
        { userDefinedMetadata: { memcell: { version: 2 } } },
        'saved by a newer memcell (metadata version 2); update memcell to load it',
      ],
      [{ userDefinedMetadata: { memcell: { version: 0 } } }, 'userDefinedMetadata.memcell.version is 0'],
      [{ userDefinedMetadata: { memcell: { version: 1.5 } } }, 'userDefinedMetadata.memcell.version is 1.5'],
    ] as [Record<string, unknown>, string][])
      await refused(loading(change), 'model', `model: ${message}`);
  });
});

it('a scheme of which TensorFlow.js has a handler is saved to and loaded from', async () => {
  const kept = new Map<string, tf.io.ModelArtifacts>();
  const router = (url: string | string[]): tf.io.IOHandler | null =>
    typeof url === 'string' && url.startsWith('kept://')
      ? {
          save: async (artifacts) => {
            kept.set(url, artifacts);
            return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
          },
          load: async () => kept.get(url) ?? {},
        }
      : null;
  tf.io.registerSaveRouter(router as never);
  tf.io.registerLoadRouter(router as never);
  const model = smallModel();
  await saveTfjs(model, 'kept://a', { window: 4 });
  expect([...kept.keys()]).toEqual(['kept://a']);
  const again = await openModel('kept://a');
  expect(again.metadata).toEqual({ window: 4 });
  expect(predict(again.model)).toEqual(predict(model));
  await expect(openModel('kept://b')).rejects.toThrow('kept://b: modelTopology is missing or not an object');
  const empty = { weights: [], save: (handler: tf.io.IOHandler) => handler.save?.({ modelTopology: {} }) };
  await expect(saveTfjs(empty as never, 'kept://b', {})).rejects.toMatchObject({
    code: 'model',
    message: 'this model has no weights to save',
  });
  for (const one of [model, again.model]) one.dispose();
});
