import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from '@jest/globals';
import { unzipSync, zipSync } from 'fflate';
import { MemcellError } from '../../src/errors.js';
import { endlessHeap } from '../../src/formats/hdf5/heaps.js';
import { normalTopology } from '../../src/formats/keras/topology.js';
import { Dense } from '../../src/layers/index.js';
import { Random } from '../../src/random.js';
import { loadModel, Sequential } from '../../src/sequential.js';
import { temporaryFolder } from './models.js';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(fixtures, name)));

/** A damaged copy: some bytes changed, a part left out or doubled, or the end cut off. */
function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  const below = (n: number) => Math.floor(random.uniform() * n);
  const copy = bytes.slice();
  const kind = below(4);
  if (kind === 0) return copy.subarray(0, below(copy.length));
  if (kind === 1) {
    const from = below(copy.length);
    copy.copyWithin(from, below(copy.length), below(copy.length));
    return copy;
  }
  for (let i = 0; i <= below(8); i++) copy[below(copy.length)] = kind === 2 ? below(256) : [0, 0xff, 0x80, 1][below(4)];
  return copy;
}

test.each(['keras3/text.keras', 'keras3/text.h5', 'keras2/lstm.h5'])(
  '%s damaged is an error, or loads',
  async (name) => {
    const bytes = bytesOf(name);
    const random = new Random(11);
    let refused = 0;
    for (let i = 0; i < 100; i++) {
      try {
        (await loadModel(damaged(bytes, random))).dispose();
      } catch (error) {
        expect(error).toBeInstanceOf(MemcellError);
        expect(String(error)).not.toContain('\n');
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(20);
  },
);

it('refuses a zip of a few kB that inflates to more than weights can', async () => {
  const bomb = zipSync({ 'config.json': new Uint8Array(2 ** 26) });
  expect(bomb.length).toBeLessThan(2 ** 17);
  const message = expect.stringMatching(
    / bytes that come to 67108864 or more, above the \d+ .*; trained weights do not/,
  );
  await expect(loadModel(bomb)).rejects.toMatchObject({ code: 'model', message });
});

it('a class that is not known is said before that the weights fit no layer', async () => {
  const whole = unzipSync(bytesOf('keras3/text.keras'));
  const called = (name: string) => {
    const config = new TextDecoder()
      .decode(whole['config.json'])
      .replaceAll('"class_name": "Dense"', `"class_name": "${name}"`);
    return loadModel(zipSync({ ...whole, 'config.json': new TextEncoder().encode(config) }));
  };
  await expect(called('Thick')).rejects.toThrow(/layer "out": unknown class "Thick"; nothing here runs it/);
  await expect(called('Flatten')).rejects.toThrow('the weights in layers/dense belong to no layer of the model');
});

describe('files of other kinds are refused by what they are, with what to do', () => {
  const folder = temporaryFolder();

  it('the beginning of the names of a checkpoint’s files', async () => {
    for (const ending of ['index', 'data-00000-of-00001']) writeFileSync(join(folder, `net.${ending}`), 'x');
    for (const name of ['net', 'net.index', 'net.data-00000-of-00001']) {
      await expect(loadModel(join(folder, name))).rejects.toThrow(
        `${name}: part of a checkpoint of TensorFlow; in Python`,
      );
    }
  });

  const text = (start: string) => Uint8Array.from(start, (letter) => letter.charCodeAt(0));
  const pickled =
    'pickled Python, which is code and is not run; save its weights in Python with safetensors.torch.save_file(model.state_dict(), path) and read them with loadWeights, or export the model with torch.onnx.export';
  const zipOf = (...names: string[]) => zipSync(Object.fromEntries(names.map((name) => [name, text('x')])));
  it.each<[kind: string, bytes: Uint8Array, message: string]>([
    ['pickle', text('\x80\x02}q\x00.'), `a file of pickle or torch.save: ${pickled}`],
    ['pickle of the newest kind', text('\x80\x05}q\x00.'), `a file of pickle or torch.save: ${pickled}`],
    ['torch.save', zipOf('a/data.pkl', 'a/data/0'), `a file of torch.save: ${pickled}`],
    [
      'torch.export',
      zipOf('a/models/model.json', 'a/b'),
      'a program of torch.export; export the model with torch.onnx.export',
    ],
    [
      'torch.export of another version',
      zipOf('a/archive_version'),
      'a program of torch.export; export the model with torch.onnx.export',
    ],
    ['arrays', zipOf('x.npy'), 'arrays (.npz), not a model'],
    ['an array', text('\x93NUMPY\x01\x00'), 'an array (.npy), not a model'],
    [
      'TensorFlow Lite',
      text('\x1c\x00\x00\x00TFL3'),
      'a model of TensorFlow Lite, which memcell does not read; save the model that it was made of as .keras, .h5 or .onnx',
    ],
    ['gzip', text('\x1f\x8b\x08'), 'compressed by gzip; unpack it first (gunzip)'],
    ['tar', text(`${'\0'.repeat(257)}ustar`), 'a tar archive; unpack it first'],
    ['GGUF', text('GGUF\x03'), 'a language model in GGUF, which memcell does not read'],
    [
      'Git LFS',
      text('version https://git-lfs.github.com/spec/v1\noid'),
      'a pointer of Git LFS and not the file; fetch it with git lfs pull',
    ],
    ...['<!DOCTYPE html><html>', '\n <HTML>'].map((start): [string, Uint8Array, string] => [
      'a page',
      text(start),
      'a page of HTML and not the file; download the file itself (a raw link)',
    ]),
    ['nothing', new Uint8Array(), 'the file is empty; save or download it again'],
  ])('%s', async (_, bytes, message) => {
    await expect(loadModel(bytes)).rejects.toMatchObject({ code: 'model', message: `the model: ${message}` });
  });

  it('a SavedModel, graphs and checkpoints of TensorFlow, and weights in several files', async () => {
    const refuse = (path: string, message: string) =>
      expect(loadModel(path)).rejects.toMatchObject({ code: 'model', message: expect.stringContaining(message) });
    writeFileSync(join(folder, 'saved_model.pbtxt'), 'node { name: "x" }');
    writeFileSync(join(folder, 'checkpoint'), 'model_checkpoint_path: "m.ckpt-3"');
    writeFileSync(join(folder, 'm.ckpt-3.index'), 'x');
    writeFileSync(join(folder, 'saved_model.pb'), '\x08\x01\x12');
    writeFileSync(
      join(folder, 'm.weights.json'),
      '{"metadata":{},"weight_map":{"/layers/dense/vars":"m_0.weights.h5"}}',
    );
    await refuse(folder, 'a SavedModel of TensorFlow; in Python, save the model of Keras');
    await refuse(join(folder, 'saved_model.pb'), 'a graph of TensorFlow, or a SavedModel');
    await refuse(join(folder, 'saved_model.pbtxt'), 'a graph of TensorFlow as text, or a SavedModel');
    await refuse(join(folder, 'checkpoint'), 'part of a checkpoint of TensorFlow');
    await refuse(join(folder, 'm.ckpt-3.index'), 'part of a checkpoint of TensorFlow');
    const built = new Sequential([Dense(1, { inputShape: [2] })]);
    await expect(built.loadWeights(folder)).rejects.toThrow('a SavedModel of TensorFlow; in Python, save the model');
    await refuse(join(folder, 'm.weights.json'), 'save them as one file, in Python without max_shard_size');
  });
});

describe('Rescaling', () => {
  const whole = unzipSync(bytesOf('keras3/rescaling.keras'));
  const config = new TextDecoder().decode(whole['config.json']);
  const openedWith = (scale: string) => {
    const changed = config.replace('"scale": 2.0', scale);
    expect(changed).not.toBe(config);
    return loadModel(zipSync({ ...whole, 'config.json': new TextEncoder().encode(changed) }));
  };

  it.each(['"scale": null', '"scale": []', '"scale": [2.0, null]', '"scale": "2"', '"scal": 2.0', '"scale": {"a": 1}'])(
    '%s is refused when the file is read',
    async (scale) => {
      await expect(openedWith(scale)).rejects.toThrow(/Rescaling: scale.* (must be a|is missing)/);
    },
  );

  it('a scale for other features than there are is refused', async () => {
    await expect(openedWith('"scale": [1.0, 2.0]')).rejects.toThrow('scale has 2 numbers for 3 features');
  });
});

describe('HDF5 that the library would read for ever', () => {
  const bytes = bytesOf('hdf5/latest.h5');
  const heap = Buffer.from(bytes).indexOf('GCOL');
  const withSize = (at: number, size: bigint) => {
    const copy = bytes.slice();
    new DataView(copy.buffer).setBigUint64(at, size, true);
    return copy;
  };
  const refuse = (damaged: Uint8Array) =>
    expect(loadModel(damaged)).rejects.toThrow(`the model: a damaged HDF5 file: its texts at byte ${heap} have no end`);

  it('is refused before: free space of size 0 among its texts, sizes beyond their end or the file’s', async () => {
    // The first object, made free space.
    const free = withSize(heap + 24, 0n);
    new DataView(free.buffer).setUint16(heap + 16, 0, true);
    await refuse(free);
    await refuse(withSize(heap + 24, 1n << 40n));
    await refuse(withSize(heap + 24, 0xffff_ffff_ffff_fff0n));
    await refuse(withSize(heap + 8, BigInt(bytes.length)));
    await refuse(withSize(heap + 8, 8n));
  });

  it('is no file that only says the word', () => {
    expect(endlessHeap(bytes)).toBeUndefined();
    expect(endlessHeap(new TextEncoder().encode('{"name": "GCOL", "GCOL": 1}'))).toBeUndefined();
  });

  it('is refused where its lengths are not those of Keras', async () => {
    const copy = bytesOf('keras3/text.h5');
    copy[14] = 4;
    await expect(loadModel(copy)).rejects.toThrow('an HDF5 file with lengths of 4 bytes; files of Keras have 8');
  });
});

describe('a topology', () => {
  type Json = Parameters<typeof normalTopology>[0];
  const layer = (class_name: string, config: object = {}, more: object = {}) => ({
    class_name,
    config: { name: class_name.toLowerCase(), ...config },
    ...more,
  });
  const chain = (...layers: object[]): Json =>
    JSON.parse(JSON.stringify({ class_name: 'Sequential', config: { name: 's', layers } }));
  const graph = (layers: object[], config: object = {}): Json =>
    JSON.parse(
      JSON.stringify({
        class_name: 'Functional',
        config: { layers, input_layers: [['inputlayer', 0, 0]], output_layers: [['dense', 0, 0]], ...config },
      }),
    );
  const input = layer('InputLayer', { batch_shape: [32, 4, 2] }, { inbound_nodes: [] });

  it("with Python's code, in a circle or of layers that are not there is refused by name", () => {
    const refuse = (given: Json, message: string) => expect(() => normalTopology(given, 'F')).toThrow(message);
    refuse(
      chain(layer('Lambda', { function: ['4wEAAA==', null, null] })),
      'layer "lambda" is a Lambda: it holds Python code',
    );
    refuse(
      chain(layer('Dense', { activation: { class_name: '__lambda__', config: {} } })),
      'layer "dense" is a Lambda: it holds Python code',
    );
    refuse(
      chain(layer('Mine', {}, { module: 'my.layers', registered_name: 'my>Mine' })),
      'layer "mine" is of my>Mine, a class of its own: Python code, which is not run',
    );
    const policy = { class_name: 'QuantizedDTypePolicy', config: { mode: 'int8', source_name: 'float32' } };
    refuse(chain(layer('Dense', { units: 1, dtype: policy })), 'layer "dense" is quantized (int8)');
    refuse(chain(layer('CategoryEncoding', { num_tokens: 3 })), '(CategoryEncoding) prepares inputs');
    const self = layer('Dense', { units: 1 }, { inbound_nodes: [[['dense', 0, 0, {}]]] });
    refuse(graph([input, self]), 'layer "dense" waits for its own output');
    const lost = layer('Dense', { units: 1 }, { inbound_nodes: [[['nothing', 0, 0, {}]]] });
    refuse(graph([input, lost]), 'there is no layer "nothing", whose output is used');
    refuse(
      chain(layer('LSTM', { time_major: true })),
      'layer "lstm" (LSTM): time_major is true; nothing here runs such a layer',
    );
  });

  it.each([
    ['float32', 'float32'],
    ['float16', 'float32'],
    ['bfloat16', 'float32'],
    ['int64', 'int32'],
    ['uint8', 'int32'],
    ['uint32', 'int32'],
    ['bool', 'bool'],
    [null, 'float32'],
    [{ class_name: 'DTypePolicy', config: { name: 'uint16' } }, 'int32'],
  ])('with an input of type %p has one of %s', (dtype, expected) => {
    const typed = layer('InputLayer', { batch_shape: [null, 4, 2], dtype }, { inbound_nodes: [] });
    const dense = layer('Dense', { units: 1 }, { inbound_nodes: [[['inputlayer', 0, 0, {}]]] });
    const made = normalTopology(graph([typed, dense]), 'F');
    expect(JSON.stringify(made)).toContain(`"dtype":"${expected}"`);
  });

  it('called as in evaluation only is read, and that is said', () => {
    const dense = (training: boolean) =>
      layer('Dense', { units: 1 }, { inbound_nodes: [[['inputlayer', 0, 0, { training }]]] });
    const lost = (training: boolean) => normalTopology(graph([input, dense(training)]), 'F').lost;
    expect(lost(false)).toEqual([expect.stringContaining('training=False of its call is not applied')]);
    expect(() => lost(true)).toThrow('Dense is called with training');
  });

  it('of Keras 1 and of cuDNN comes out as Keras 2 has it, its batch free', () => {
    const { topology } = normalTopology(
      chain(
        layer('InputLayer', { batch_input_shape: [32, 4, 2] }),
        layer('LSTM', { output_dim: 3, inner_activation: 'hard_sigmoid', forget_bias_init: 'one', dropout_W: 0.5 }),
        layer('CuDNNGRU', { units: 2 }),
        layer('Dropout', { p: 0.25 }),
      ),
      'F',
      '1.2.0',
    );
    expect(topology.config).toEqual({
      name: 's',
      layers: [
        {
          class_name: 'LSTM',
          config: {
            name: 'lstm',
            units: 3,
            recurrent_activation: 'hard_sigmoid',
            unit_forget_bias: true,
            dropout: 0.5,
            batch_input_shape: [null, 4, 2],
            dtype: 'float32',
          },
        },
        {
          class_name: 'GRU',
          config: {
            name: 'cudnngru',
            activation: 'tanh',
            recurrent_activation: 'sigmoid',
            reset_after: true,
            units: 2,
          },
        },
        { class_name: 'Dropout', config: { name: 'dropout', rate: 0.25 } },
      ],
    });
  });
});
