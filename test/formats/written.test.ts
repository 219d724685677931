import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { attributeOf } from '../../src/formats/hdf5/contents.js';
import { readHdf5File } from '../../src/formats/hdf5/hdf5.js';
import { Dense, LSTM, loadModel, Sequential } from '../../src/index.js';
import { temporaryFolder } from './models.js';

/** model.json as others wrote it: the same model, by turns in each of their ways, predicts the same. */

const root = temporaryFolder('in memory');
const x = { data: Float32Array.from({ length: 24 }, (_, i) => Math.cos(i)), shape: [3, 4, 2] };

type Config = { [key: string]: unknown };
interface Layer {
  class_name: string;
  config: Config;
}
interface Written {
  modelTopology: {
    class_name: string;
    config: { name: string; layers: Layer[]; [key: string]: unknown };
    [key: string]: unknown;
  };
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[] }[]; sha256?: string }[];
  format?: string;
}

const saved = join(root, 'saved');
let expected: number[];

beforeAll(async () => {
  const model = new Sequential(
    [
      LSTM(3, { inputShape: [4, 2], recurrentActivation: 'hardSigmoid', returnSequences: true }),
      LSTM(2),
      Dense(3, { activation: 'relu' }),
    ],
    { seed: 5 },
  );
  await model.save(saved);
  // Keras 2's hard sigmoid, by which all but Keras 3 computes.
  rewrite(saved, saved, (json) => {
    json.modelTopology.config.layers[0].config.recurrent_activation = 'hard_sigmoid';
  });
  expected = await outputs(saved);
  model.dispose();
});

function rewrite(from: string, to: string, change: (json: Written, bytes: Buffer) => unknown): void {
  const json: Written = JSON.parse(readFileSync(join(from, 'model.json'), 'utf8'));
  const bytes = readFileSync(join(from, 'weights.bin'));
  delete json.weightsManifest[0].sha256;
  mkdirSync(to, { recursive: true });
  const other = change(json, bytes);
  writeFileSync(join(to, 'model.json'), typeof other === 'string' ? other : JSON.stringify(json));
  writeFileSync(join(to, 'weights.bin'), bytes);
}

async function outputs(from: string): Promise<number[]> {
  const model = await loadModel(from);
  const { data } = await model.predict(x);
  model.dispose();
  return Array.from(data);
}

const ways: Record<string, (json: Written, bytes: Buffer) => unknown> = {
  'with a mark of its byte order': (json) => `\uFEFF${JSON.stringify(json)}`,
  'with a group for each layer, one without weights and files': (json) => {
    json.weightsManifest.unshift({ paths: [], weights: [] });
  },
  'with the layers of the first tf.keras with version 2': (json) => {
    for (const layer of json.modelTopology.config.layers)
      if (layer.class_name === 'LSTM') layer.class_name = 'UnifiedLSTM';
  },
  'with shapes as tf.keras 2.3 writes them, the first beside the layers': ({ modelTopology: { config } }) => {
    const { batch_input_shape, ...others } = config.layers[0].config;
    config.layers[0].config = others;
    config.build_input_shape = { class_name: 'TensorShape', items: batch_input_shape };
  },
  'with the modules of Keras 2.15, whose hard sigmoid is still its own': ({ modelTopology }) => {
    modelTopology.keras_version = '2.15.0';
    Object.assign(modelTopology, { module: 'keras', registered_name: null });
  },
  'with an activation that is a layer': ({ modelTopology: { config } }) => {
    const options = {
      name: 'own',
      trainable: true,
      dtype: 'float32',
      max_value: null,
      negative_slope: 0,
      threshold: 0,
    };
    config.layers[2].config.activation = { class_name: 'ReLU', config: options };
  },
  'with sequences in a sequence that have no names': ({ modelTopology }) => {
    const { layers } = modelTopology.config;
    const [first, second, third] = layers.map((layer) => ({ class_name: 'Sequential', config: [layer] }));
    second.config[0].config.batch_input_shape = [null, 4, 3];
    third.config[0].config.batch_input_shape = [null, 2];
    Object.assign(modelTopology, { config: [first, second, third] });
  },
  "with cuDNN's layers": (json, bytes) => {
    const lstm = json.modelTopology.config.layers[1];
    const { activation: _, recurrent_activation: __, use_bias: ___, ...config } = lstm.config;
    Object.assign(lstm, { class_name: 'CuDNNLSTM', config });
    const weights = json.weightsManifest[0].weights;
    let offset = 0;
    for (const { name, shape } of weights) {
      const size = shape.reduce((product, one) => product * one, 1);
      const values = Float32Array.from({ length: size }, (_, i) => bytes.readFloatLE(offset + 4 * i));
      if (name.startsWith(`${config.name}/`) && shape.length === 2) {
        const [inputs, width] = shape;
        const units = width / 4;
        for (let gate = 0; gate < 4; gate++) {
          for (let i = 0; i < inputs; i++) {
            for (let u = 0; u < units; u++) {
              const place = u * inputs + i;
              const to = Math.floor(place / units) * width + gate * units + (place % units);
              bytes.writeFloatLE(values[i * width + gate * units + u], offset + 4 * to);
            }
          }
        }
      }
      offset += 4 * size;
    }
  },
};

describe('model.json of others', () => {
  it.each(Object.entries(ways).filter(([way]) => !way.includes('cuDNN')))('opens %s', async (way, change) => {
    const folder = join(root, way);
    rewrite(saved, folder, change);
    expect(await outputs(folder)).toEqual(expected);
  });

  it("opens with cuDNN's layers, whose biases are two", async () => {
    const folder = join(root, 'cudnn');
    rewrite(saved, folder, (json, bytes) => {
      ways["with cuDNN's layers"](json, bytes);
    });
    const json: Written = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
    const bytes = readFileSync(join(folder, 'weights.bin'));
    const { weights } = json.weightsManifest[0];
    const at = weights.findIndex(({ name }, i) => i > 3 && name.endsWith('bias'));
    const sizes = weights.map(({ shape }) => 4 * shape.reduce((product, one) => product * one, 1));
    const end = sizes.slice(0, at + 1).reduce((sum, one) => sum + one, 0);
    weights[at].shape = [2 * weights[at].shape[0]];
    writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
    const second = Buffer.alloc(sizes[at]);
    for (let place = 0; place < sizes[at]; place += 4) {
      const part = Math.sin(place);
      const first = end - sizes[at] + place;
      bytes.writeFloatLE(bytes.readFloatLE(first) - part, first);
      second.writeFloatLE(part, place);
    }
    writeFileSync(join(folder, 'weights.bin'), Buffer.concat([bytes.subarray(0, end), second, bytes.subarray(end)]));
    const plain = join(root, 'plain');
    rewrite(saved, plain, (written) => {
      written.modelTopology.config.layers[1].config.recurrent_activation = 'sigmoid';
    });
    const want = await outputs(plain);
    const got = await outputs(folder);
    for (const [i, value] of got.entries()) expect(value).toBeCloseTo(want[i], 6);
  });

  it('opens under any name, its weights beside it', async () => {
    const folder = join(root, 'named');
    rewrite(saved, folder, (json) => {
      json.weightsManifest[0].paths = ['./mine.weights.bin'];
    });
    renameSync(join(folder, 'model.json'), join(folder, 'mine.json'));
    renameSync(join(folder, 'weights.bin'), join(folder, 'mine.weights.bin'));
    expect(await outputs(join(folder, 'mine.json'))).toEqual(expected);
  });

  it("opens as Keras's description with a file of weights beside it", async () => {
    const fixtures = new URL('../fixtures/keras2/', import.meta.url).pathname;
    const whole = join(fixtures, 'lstm.h5');
    const contents = await readHdf5File(new Uint8Array(readFileSync(whole)), whole);
    const folder = join(root, 'described');
    mkdirSync(folder);
    const description = join(folder, 'net.json');
    writeFileSync(description, String(attributeOf(contents, '', 'model_config')));
    await expect(loadModel(description)).rejects.toThrow(
      /net\.json: Keras's description of a model, without its weights; put them beside it as net\.h5 or net\.weights\.h5$/,
    );
    const inputs = { data: Float32Array.from({ length: 42 }, (_, i) => Math.sin(i)), shape: [2, 7, 3] };
    const same = await loadModel(whole);
    const expected = await same.predict(inputs);
    for (const name of ['net', 'net.weights', 'net_weights', 'weights'])
      for (const ending of ['.h5', '.hdf5']) {
        const beside = join(folder, name + ending);
        copyFileSync(join(fixtures, 'lstm.weights-only.h5'), beside);
        const model = await loadModel(description);
        expect(await model.predict(inputs)).toEqual(expected);
        model.dispose();
        rmSync(beside);
      }
    same.dispose();
  });
});
