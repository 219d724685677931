import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { MemcellError } from '../../src/errors.js';
import { parseJsonText } from '../../src/formats/modelJson.js';
import { openModel } from '../../src/formats/open.js';
import { saveTfjs } from '../../src/formats/tfjs.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { smallModel, temporaryFolder } from './models.js';

interface Entry {
  [key: string]: unknown;
  name: string;
  shape: number[];
}

interface Layer {
  class_name: string;
  config: { [key: string]: unknown };
}

interface ModelFile {
  [key: string]: unknown;
  modelTopology: { class_name: string; config: { layers: Layer[] } };
  weightsManifest: { paths: string[]; weights: Entry[]; sha256?: string }[];
}

const folder = join(temporaryFolder(), 'model');
const file = join(folder, 'model.json');
const weights = join(folder, 'weights.bin');

let text: string;
let bytes: Buffer;

beforeAll(async () => {
  await prepareBackend();
  await saveTfjs(smallModel(), folder, { kind: 'classify' });
  text = readFileSync(file, 'utf8');
  bytes = readFileSync(weights);
});

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(file, text);
  writeFileSync(weights, bytes);
});

/** Loads the folder, expects the error, and expects that no tensor is left and that a good model still loads. */
async function refuses(message: string | RegExp, code = 'model') {
  const tensors = tf.memory().numTensors;
  const error = await openModel(folder).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MemcellError);
  const refused = error as MemcellError;
  if (typeof message === 'string') expect(refused.message.replaceAll(folder, 'F')).toBe(message);
  else expect(refused.message.replaceAll(folder, 'F')).toMatch(message);
  expect(refused.message).not.toContain('\n');
  expect(refused.code).toBe(code);
  expect(tf.memory().numTensors).toBe(tensors);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(file, text);
  writeFileSync(weights, bytes);
  (await openModel(folder)).model.dispose();
}

function edit(change: (json: ModelFile) => void) {
  const json = JSON.parse(text) as ModelFile;
  change(json);
  writeFileSync(file, JSON.stringify(json));
}

/** JSON as it stands in a regular expression. */
const literally = (value: unknown) => (JSON.stringify(value) ?? 'missing').replace(/[[\]{}.]/g, '\\$&');

const entry = (json: ModelFile, index = 0) => json.weightsManifest[0].weights[index];
const layer = (json: ModelFile, index = 0) => json.modelTopology.config.layers[index];

describe('the files', () => {
  it('no folder', async () => {
    rmSync(folder, { recursive: true });
    await refuses('F: no such model folder');
  });
  it('a file in place of the folder', async () => {
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'a,b\n1,2\n');
    await refuses(/^F: not a model: neither a folder with model.json nor, by its content, one of \.keras/);
  });
  it('no model.json', async () => {
    rmSync(file);
    await refuses('F: no model.json in this folder');
  });
  it('model.json is a folder', async () => {
    rmSync(file);
    mkdirSync(file);
    await refuses('F/model.json: not a file');
  });
  it('no weights.bin', async () => {
    rmSync(weights);
    await refuses('F/weights.bin: the weights cannot be read: no such file or directory (ENOENT)', 'io');
  });
  it('weights.bin is a folder', async () => {
    rmSync(weights);
    mkdirSync(weights);
    await refuses('F/weights.bin: not a file');
  });
  it('a symbolic link to itself', async () => {
    rmSync(weights);
    symlinkSync(weights, weights);
    await refuses(/^F\/weights.bin: the weights cannot be read: too many symbolic links encountered \(ELOOP\)$/, 'io');
  });
  it.each([0, 1, 4, 319])('weights.bin truncated to %d bytes', async (size) => {
    writeFileSync(weights, bytes.subarray(0, size));
    await refuses(`F/weights.bin: truncated: ${size} bytes, but the weights in model.json are 320`);
  });
  it('weights.bin one byte too long', async () => {
    writeFileSync(weights, Buffer.concat([bytes, Buffer.from([0])]));
    await refuses('F/weights.bin: too long: 321 bytes, but the weights in model.json are 320');
  });
  it('one bit of weights.bin flipped', async () => {
    const damaged = Buffer.from(bytes);
    damaged[100] ^= 1;
    writeFileSync(weights, damaged);
    await refuses('F/weights.bin: damaged: its SHA-256 is not the one in model.json; save the model again');
  });
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('a weight of %d', async (value) => {
    const broken = Buffer.from(bytes);
    broken.writeFloatLE(value, 4 * 25);
    writeFileSync(weights, broken);
    edit((json) => {
      delete json.weightsManifest[0].sha256;
    });
    await refuses(/^F\/model.json: weight .*\/recurrent_kernel is not finite at element 1$/);
  });
});

describe('model.json', () => {
  it.each([
    ['empty', '', /^F\/model.json: not JSON: /],
    ['text', 'hello', /^F\/model.json: not JSON: /],
    ['cut short', '{"format": "layers-model", "modelTop', /^F\/model.json: not JSON: /],
    ['several lines of something else', '{\n  "a": 1,\n  b\n}', /^F\/model.json: not JSON: /],
    ['a number', '3', 'F/model.json: not a JSON object'],
    ['a list', '[]', 'F/model.json: not a JSON object'],
    ['null', 'null', 'F/model.json: not a JSON object'],
    ['an empty object', '{}', 'F/model.json: modelTopology is missing or not an object'],
  ])('%s', async (_, content, message) => {
    writeFileSync(file, content);
    await refuses(message);
  });

  const wrong: [string, (json: ModelFile) => void, string | RegExp][] = [
    [
      'another format',
      (json) => Object.assign(json, { format: 'onnx' }),
      `F/model.json: format is "onnx", not 'layers-model'`,
    ],
    [
      'a graph model',
      (json) => Object.assign(json, { format: 'graph-model' }),
      "F/model.json: a tfjs GraphModel; memcell reads layers models (format 'layers-model')",
    ],
    [
      'no topology',
      (json) => Object.assign(json, { modelTopology: null }),
      'F/model.json: modelTopology is missing or not an object',
    ],
    [
      'no manifest',
      (json) => Object.assign(json, { weightsManifest: {} }),
      'F/model.json: weightsManifest is missing or not a list',
    ],
    [
      'metadata that is a string',
      (json) => Object.assign(json, { userDefinedMetadata: 'x' }),
      'F/model.json: userDefinedMetadata is not an object',
    ],
    [
      "memcell's metadata a list",
      (json) => Object.assign(json, { userDefinedMetadata: { memcell: [] } }),
      'F/model.json: userDefinedMetadata.memcell is not an object',
    ],
    [
      'metadata without a version',
      (json) => Object.assign(json, { userDefinedMetadata: { memcell: {} } }),
      'F/model.json: userDefinedMetadata.memcell.version is missing',
    ],
    [
      'metadata of a later version',
      (json) => Object.assign(json, { userDefinedMetadata: { memcell: { version: 2 } } }),
      'F/model.json: saved by a newer memcell (metadata version 2); update memcell to load it',
    ],
  ];
  it.each(wrong)('%s', async (_, change, message) => {
    edit(change);
    await refuses(message);
  });
});

describe('weightsManifest', () => {
  const at = 'F/model.json: weightsManifest[0]';
  const wrong: [string, (json: ModelFile) => void, string | RegExp][] = [
    ['a group that is no object', (json) => Object.assign(json, { weightsManifest: [7] }), `${at}: not an object`],
    ['no paths', (json) => Object.assign(json.weightsManifest[0], { paths: [] }), `${at}: paths is missing or empty`],
    [
      'no weights',
      (json) => Object.assign(json.weightsManifest[0], { weights: null }),
      `${at}: weights is missing or not a list`,
    ],
    [
      'a bad checksum',
      (json) => Object.assign(json.weightsManifest[0], { sha256: 'x' }),
      `${at}: sha256 is not 64 hexadecimal digits`,
    ],
    [
      'a path that is a number',
      (json) => Object.assign(json.weightsManifest[0], { paths: [1] }),
      `${at}: path 1 is not a file name`,
    ],
    ...[
      '../weights.bin',
      'a/../../weights.bin',
      '/etc/passwd',
      'a//b',
      './.',
      '..',
      'C:\\w.bin',
      'a\\..\\b',
      'https://example.org/w.bin',
      'w\0.bin',
    ].map((path): [string, (json: ModelFile) => void, string] => [
      `the path ${JSON.stringify(path)}`,
      (json) => Object.assign(json.weightsManifest[0], { paths: [path] }),
      `${at}: path ${JSON.stringify(path)} does not stay inside the model's folder`,
    ]),
    [
      'an entry that is no object',
      (json) => Object.assign(json.weightsManifest[0].weights, ['x']),
      `${at}.weights[0]: not an object`,
    ],
    ['no name', (json) => Object.assign(entry(json), { name: '' }), `${at}.weights[0]: name is missing`],
    ...[undefined, null, 'x', [2.5], [-1, 4], [0], ['4'], [Number.NaN]].map(
      (shape): [string, (json: ModelFile) => void, RegExp] => [
        `the shape ${JSON.stringify(shape)}`,
        (json) => Object.assign(entry(json), { shape }),
        new RegExp(
          `^F/model.json: weightsManifest\\[0\\].weights\\[0\\] \\(".*/kernel"\\): shape ${literally(shape)} is not a list of positive whole numbers$`,
        ),
      ],
    ),
    [
      '1e9 elements',
      (json) => Object.assign(entry(json), { shape: [100_000, 100_000] }),
      /is 10000000000 elements; the most is 2\^30$/,
    ],
    [
      'small weights that together are too many',
      (json) =>
        json.weightsManifest[0].weights.push(
          ...['a', 'b', 'c'].map((name) => ({ name, shape: [5e8], dtype: 'float32' })),
        ),
      /^F\/model.json: 15000000\d\d weight elements; the most is 2\^30$/,
    ],
    [
      'a string weight',
      (json) => Object.assign(entry(json), { dtype: 'string' }),
      /dtype "string"; a weight is float32, int32 or bool$/,
    ],
    [
      'no dtype',
      (json) => Object.assign(entry(json), { dtype: undefined }),
      /dtype missing; a weight is float32, int32 or bool$/,
    ],
    [
      'an unknown group',
      (json) => Object.assign(entry(json), { group: 'x' }),
      /group "x"; known are 'model' and 'optimizer'$/,
    ],
    [
      'quantization that is no object',
      (json) => Object.assign(entry(json), { quantization: 8 }),
      /quantization is not an object$/,
    ],
    [
      'an unknown quantization',
      (json) => Object.assign(entry(json), { quantization: { dtype: 'int4' } }),
      /quantization of float32 as "int4"; known are uint8, uint16 and float16$/,
    ],
    [
      'a quantization without its scale',
      (json) => Object.assign(entry(json), { quantization: { dtype: 'uint8', min: 0 } }),
      /quantization as uint8 needs the numbers scale and min$/,
    ],
    [
      'a weight twice',
      (json) => Object.assign(entry(json, 1), { name: entry(json).name }),
      /^F\/model.json: weight ".*\/kernel" is listed twice$/,
    ],
    [
      'a file that is not there',
      (json) => json.weightsManifest[0].paths.push('more.bin'),
      'F: the weights cannot be read: no such file or directory (ENOENT)',
    ],
  ];
  it.each(wrong)('%s', async (_, change, message) => {
    edit(change);
    await refuses(message, String(message).includes('ENOENT') ? 'io' : 'model');
  });
});

test('a shape that is said to be none is no shape', async () => {
  edit((json) => {
    layer(json, 1).config.batch_input_shape = null;
  });
  (await openModel(folder)).model.dispose();
});

test('a text longer than any model’s', () => {
  expect(() => parseJsonText('x'.repeat(2 ** 26 + 1), 'F')).toThrow(
    expect.objectContaining({ code: 'model', message: "F: 67108865 characters, more than any model's" }),
  );
});

describe('the topology against the weights', () => {
  const wrong: [string, (json: ModelFile) => void, string | RegExp][] = [
    [
      'a shape with its axes swapped',
      (json) => entry(json).shape.reverse(),
      /weight .*\/kernel has shape \[12,2\], but the model's topology makes it \[2,12\]$/,
    ],
    [
      'a weight of another name',
      (json) => Object.assign(entry(json), { name: 'x/kernel' }),
      /weight .*\/kernel of shape \[2,12\] is not in weightsManifest$/,
    ],
    [
      'a weight of another dtype',
      (json) => Object.assign(entry(json), { dtype: 'int32' }),
      /weight .*\/kernel is int32, but the model's is float32$/,
    ],
    [
      'a weight too many',
      (json) => {
        entry(json, 3).shape = [2, 2];
        json.weightsManifest[0].weights.push({ name: 'x/bias', shape: [2], dtype: 'float32' });
        json.modelTopology.config.layers[1].config.units = 2;
      },
      /weight .* has shape \[2,2\], but the model's topology makes it \[3,2\]$/,
    ],
    [
      'a weight of no layer',
      (json) => {
        json.modelTopology.config.layers.pop();
      },
      /weight .*\/kernel belongs to no layer of the model's topology$/,
    ],
    [
      'units of a billion in the LSTM',
      (json) => Object.assign(layer(json).config, { units: 1e9 }),
      /^F\/model.json: layer .* needs kernel of shape \[2, 4000000000\], more than the 80 weights in the file$/,
    ],
    [
      'units of a billion in the Dense',
      (json) => Object.assign(layer(json, 1).config, { units: 1e9 }),
      /^F\/model.json: layer .* needs kernel of shape \[3, 1000000000\], more than the 80 weights in the file$/,
    ],
    [
      'units one too many',
      (json) => Object.assign(layer(json).config, { units: 4 }),
      /needs recurrent_kernel of shape \[4, 16\], more than the 80/,
    ],
    [
      'units of 0',
      (json) => Object.assign(layer(json).config, { units: 0 }),
      /^F\/model.json: modelTopology does not build: .*units/,
    ],
    [
      'units of "3"',
      (json) => Object.assign(layer(json).config, { units: '3' }),
      /^F\/model.json: modelTopology does not build: .*units/,
    ],
    [
      'a stateful layer with a batch of a billion',
      (json) => Object.assign(layer(json).config, { stateful: true, batch_input_shape: [1e9, 4, 2] }),
      /layers\[0\]\.config: batch_input_shape \[1000000000,4,2\] is too large$/,
    ],
    [
      'a billion steps of a billion numbers',
      (json) => Object.assign(layer(json).config, { batch_input_shape: [null, 1e9, 1e9] }),
      /batch_input_shape \[null,1000000000,1000000000\] is too large$/,
    ],
    [
      'an input shape that is no shape',
      (json) => Object.assign(layer(json).config, { batch_input_shape: [null, -4, 2.5] }),
      /batch_input_shape \[null,-4,2.5\] is not a list of positive whole numbers or null$/,
    ],
    [
      'no input shape',
      (json) => {
        delete layer(json).config.batch_input_shape;
      },
      /^F\/model.json: modelTopology (does not build|gives no input shape)/,
    ],
    [
      'an output repeated a billion times',
      (json) => json.modelTopology.config.layers.push({ class_name: 'RepeatVector', config: { name: 'r', n: 1e9 } }),
      'F/model.json: layer r gives [1000000000, 2] values a sample, which is too large',
    ],
    [
      'an unknown layer',
      (json) => Object.assign(layer(json), { class_name: 'LTSM' }),
      /^F\/model.json: modelTopology.config.layers\[0\]: layer "lstm_LSTM\d+": unknown class "LTSM"; nothing here runs it; build the model without it, or of layers that are known \(docs\/keras.md\)$/,
    ],
    [
      'a class name that is a property of every object',
      (json) => Object.assign(layer(json), { class_name: 'constructor' }),
      /^F\/model.json: modelTopology.config.layers\[0\]: layer "lstm_LSTM\d+": unknown class "constructor"; nothing here runs it; build the model without it, or of layers that are known \(docs\/keras.md\)$/,
    ],
    [
      'an unknown activation',
      (json) => Object.assign(layer(json).config, { activation: 'best' }),
      /^F\/model.json: layer ".*" \(LSTM\): activation: unknown activation 'best'/,
    ],
    [
      'a layer without its configuration',
      (json) => Object.assign(layer(json), { config: null }),
      'F/model.json: modelTopology.config.layers[0]: LSTM has no config',
    ],
    [
      'a class name that is no string',
      (json) => Object.assign(layer(json), { class_name: 7 }),
      'F/model.json: modelTopology.config.layers[0]: class_name is missing',
    ],
    [
      'a layer in place of a model',
      (json) => Object.assign(json.modelTopology, { class_name: 'Dense' }),
      'F/model.json: modelTopology: class "Dense" is not a model; known are Sequential, Functional, Model',
    ],
    ['no layers', (json) => Object.assign(json.modelTopology.config, { layers: [] }), /^F\/model.json: modelTopology /],
    [
      'layers that are no list',
      (json) => Object.assign(json.modelTopology.config, { layers: 7 }),
      'F/model.json: modelTopology.config.layers: missing or not a list',
    ],
    [
      'null for a layer',
      (json) => Object.assign(json.modelTopology.config, { layers: [null] }),
      'F/model.json: modelTopology.config.layers[0]: not an object',
    ],
    [
      'two layers of one name',
      (json) => {
        layer(json, 1).config.name = layer(json).config.name;
      },
      /^F\/model.json: /,
    ],
  ];
  it.each(wrong)('%s', async (_, change, message) => {
    edit((json) => {
      delete json.weightsManifest[0].sha256;
      change(json);
    });
    await refuses(message);
  });

  it('leaves out and tells what no prediction needs', async () => {
    edit((json) =>
      Object.assign(layer(json).config, {
        kernel_initializer: { class_name: 'Best', config: {} },
        bias_constraint: { class_name: 'Orthogonal', config: { gain: 'x' } },
      }),
    );
    const { model, lost } = await openModel(folder);
    expect(lost.map((line) => line.replace(/^layer "[^"]*" /, ''))).toEqual([
      '(LSTM): kernel_initializer is not applied',
      '(LSTM): bias_constraint is not applied',
    ]);
    model.dispose();
  });

  it.each([
    ['the topology', (json: ModelFile, nested: unknown) => Object.assign(layer(json).config, { nested })],
    ['the metadata', (json: ModelFile, nested: unknown) => Object.assign(json, { userDefinedMetadata: nested })],
    [
      "memcell's metadata",
      (json: ModelFile, nested: unknown) => {
        Object.assign(json, { userDefinedMetadata: { memcell: { version: 1, nested } } });
      },
    ],
    ['the format', (json: ModelFile, nested: unknown) => Object.assign(json, { format: nested })],
    ['a path', (json: ModelFile, nested: unknown) => Object.assign(json.weightsManifest[0], { paths: [nested] })],
    ['a shape', (json: ModelFile, nested: unknown) => Object.assign(entry(json), { shape: nested })],
    ['something unknown', (json: ModelFile, nested: unknown) => Object.assign(json, { nested })],
  ])('%s nested 9,000 and 100,000 deep', async (_, change) => {
    for (const depth of [9000, 100_000]) {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
      ]) {
        edit((json) => change(json, '@'));
        const whole = readFileSync(file, 'utf8');
        writeFileSync(file, whole.replace('"@"', `${open.repeat(depth)}0${close.repeat(depth)}`));
        await refuses('F/model.json: nested too deeply');
      }
    }
  });

  it('nested a thousand deep', async () => {
    edit((json) => {
      let nested: Layer = layer(json);
      for (let depth = 0; depth < 1000; depth++) nested = { class_name: 'Bidirectional', config: { layer: nested } };
      json.modelTopology.config.layers[0] = nested;
    });
    await refuses(/: nested too deeply$/);
  });
});
