/** What is said of files that hold no model, or a damaged one: whole lines, with the places and names in them. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BackupFolder } from '../../src/formats/backupFolder.js';
import { fittingState } from '../../src/formats/contents.js';
import { writeModelFile } from '../../src/formats/file.js';
import { checkReplaceable } from '../../src/formats/folder.js';
import { withLock } from '../../src/formats/folderLock.js';
import { parseModelJson } from '../../src/formats/modelJson.js';
import { buildTopology } from '../../src/formats/topology.js';
import { assignWeights } from '../../src/formats/weights.js';
import { loadModel, sequential } from '../../src/index.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { loadPredictor } from '../../src/predict.js';
import { refusal as refusalOf } from '../refusal.js';
import { temporaryFolder } from './models.js';

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

const root = temporaryFolder();
beforeAll(async () => {
  await prepareBackend();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const refusal = (run: () => unknown) =>
  refusalOf(run, (message) => message.replaceAll(root, 'R').replace(/\.\d{6,}'$/, "'"));
function place(name: string, files: Record<string, string> = {}): string {
  const path = join(root, name);
  mkdirSync(path, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  return path;
}
const weight = (more: object) => ({ name: 'a/kernel', shape: [2, 3], dtype: 'float32', ...more });
const json = (weights: unknown, more: object = {}) =>
  JSON.stringify({
    format: 'layers-model',
    modelTopology: {},
    weightsManifest: [
      { paths: ['weights.bin'], weights: [weight({ name: 'first' })] },
      { paths: ['more.bin'], weights },
    ],
    ...more,
  });
const entry = (more: object) => () => parseModelJson(json([weight({ name: 'b' }), weight(more)]), 'm.json');
const group = (more: object) => () =>
  parseModelJson(json([], { weightsManifest: [{ paths: ['w.bin'], weights: [weight({})], ...more }] }), 'm.json');
const topology = (value: object) => () => buildTopology(value as Any, 100, 'm.json');
const layers = (...list: object[]) => topology({ class_name: 'Sequential', config: { name: 's', layers: list } });
const dense = (config: object) => ({
  class_name: 'Dense',
  config: { name: 'd', units: 2, batch_input_shape: [null, 3], ...config },
});
const place2 = 'm.json: weightsManifest[1].weights[1]';

describe('model.json', () => {
  test.each<[string, () => unknown]>([
    [
      'model: m.json: not JSON: Unexpected token \'h\', "hello" is not valid JSON',
      () => parseModelJson('hello', 'm.json'),
    ],
    ['model: m.json: not a JSON object', () => parseModelJson('[1]', 'm.json')],
    ['model: m.json: modelTopology is missing or not an object', () => parseModelJson('{}', 'm.json')],
    ['model: m.json: weightsManifest is missing or not a list', () => parseModelJson('{"modelTopology":{}}', 'm.json')],
    ['model: m.json: weightsManifest[0]: weights is missing or not a list', group({ weights: 3 })],
    ['model: m.json: weightsManifest[0]: paths is missing or empty', group({ paths: [] })],
    ['model: m.json: weightsManifest[0]: sha256 is not 64 hexadecimal digits', group({ sha256: 'abc' })],
    ['model: m.json: weightsManifest[0]: path "" is not a file name', group({ paths: [''] })],
    [
      `model: m.json: weightsManifest[0]: path "../w" does not stay inside the model's folder`,
      group({ paths: ['../w'] }),
    ],
    [`model: ${place2}: name is missing`, entry({ name: '' })],
    [`model: ${place2} ("a/kernel"): shape [0,3] is not a list of positive whole numbers`, entry({ shape: [0, 3] })],
    [
      `model: ${place2} ("a/kernel"): shape missing is not a list of positive whole numbers`,
      entry({ shape: undefined }),
    ],
    [`model: ${place2} ("a/kernel"): dtype "string"; a weight is float32, int32 or bool`, entry({ dtype: 'string' })],
    [`model: ${place2} ("a/kernel"): dtype missing; a weight is float32, int32 or bool`, entry({ dtype: undefined })],
    [`model: ${place2} ("a/kernel"): group "x"; known are 'model' and 'optimizer'`, entry({ group: 'x' })],
    [
      `model: ${place2} ("a/kernel"): shape [65536,16385] is 1073807360 elements; the most is 2^30`,
      entry({ shape: [65_536, 16_385] }),
    ],
    ['model: m.json: 1073741836 weight elements; the most is 2^30', entry({ shape: [32_768, 32_768] })],
    ['model: m.json: weight "b" is listed twice', entry({ name: 'b' })],
    [`model: ${place2} ("a/kernel"): quantization is not an object`, entry({ quantization: 3 })],
    [
      `model: ${place2} ("a/kernel"): quantization of bool as "uint8"; known are uint8, uint16 and float16`,
      entry({ dtype: 'bool', quantization: { dtype: 'uint8' } }),
    ],
    [
      `model: ${place2} ("a/kernel"): quantization as uint16 needs the numbers scale and min`,
      entry({ quantization: { dtype: 'uint16', scale: 1 } }),
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });
});

describe('a topology', () => {
  test.each<[string, () => unknown]>([
    ['model: m.json: modelTopology: class_name is missing', topology({})],
    [
      'model: m.json: modelTopology: class "Dense" is not a model; known are Sequential, Functional, Model',
      topology({ class_name: 'Dense', config: {} }),
    ],
    ['model: m.json: modelTopology: Sequential has no config', topology({ class_name: 'Sequential' })],
    [
      'model: m.json: modelTopology.config.layers[1]: Dense has no config',
      layers(dense({}), { class_name: 'Dense', config: null }),
    ],
    [
      'model: m.json: modelTopology.config.layers[0].config: batch_input_shape [null,0] is not a list of positive whole numbers or null',
      layers(dense({ batch_input_shape: [null, 0] })),
    ],
    [
      'model: m.json: modelTopology.config.layers[0].config: batch_input_shape [100000,3] is too large',
      layers(dense({ batch_input_shape: [100_000, 3] })),
    ],
    [
      'model: m.json: modelTopology gives no input shape, so the model cannot be built',
      topology({ class_name: 'Model', config: { name: 'f', layers: [], input_layers: [], output_layers: [] } }),
    ],
    [
      'model: m.json: layer d needs kernel of shape [3, 40], more than the 100 weights in the file',
      layers(dense({ units: 40 })),
    ],
    [
      'model: m.json: modelTopology does not build: Expected units to be a positive integer, but got -1.',
      layers(dense({ units: -1 })),
    ],
    [
      'model: m.json: modelTopology does not build: an option of a layer, or what joins two of them, is not as Keras and tfjs write it',
      topology({
        class_name: 'Model',
        config: { name: 'f', layers: [{ ...dense({}), inbound_nodes: 3 }], input_layers: 4, output_layers: 5 },
      }),
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });
});

describe('weights', () => {
  const bytes = (count: number) => new Float32Array(count).buffer;
  const assigned =
    (entries: object[], count: number, values = bytes(count)) =>
    async () => {
      const model = sequential('Dense(2, name=d)', { inputShape: [3], seed: 1 });
      const all = entries.map((one) => ({ elements: 1, bytes: 4, dtype: 'float32', ...one }));
      assignWeights(
        model.tf,
        [{ group: { paths: [], weights: all, bytes: 4 * count }, data: values }] as Any,
        'm.json',
      );
    };
  const kernel = { name: 'd/kernel', shape: [3, 2], elements: 6, bytes: 24 };
  const bias = { name: 'd/bias', shape: [2], elements: 2, bytes: 8 };
  test.each<[string, () => unknown]>([
    ['model: m.json: weight d/bias of shape [2] is not in weightsManifest', assigned([kernel], 6)],
    [
      "model: m.json: weight d/kernel is int32, but the model's is float32",
      assigned([{ ...kernel, dtype: 'int32' }, bias], 8),
    ],
    [
      "model: m.json: weight d/kernel has shape [2,3], but the model's topology makes it [3,2]",
      assigned([{ ...kernel, shape: [2, 3] }, bias], 8),
    ],
    [
      "model: m.json: weight e/bias belongs to no layer of the model's topology",
      assigned([kernel, bias, { ...bias, name: 'e/bias' }], 10),
    ],
    [
      'model: m.json: weight d/bias is not finite at element 1',
      assigned([kernel, bias], 8, Float32Array.of(0, 0, 0, 0, 0, 0, 1, Number.NaN).buffer),
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });

  test('the state of an optimizer that is of other weights, or not finite, is left', () => {
    const state = (...arrays: number[][]) => ({
      iterations: 3,
      slots: { m: arrays.map((one) => Float32Array.from(one)) },
    });
    const left = (own: ReturnType<typeof state>) => {
      const lost: string[] = [];
      return [fittingState(own, [2, 1], lost) === own, lost];
    };
    const said = ["the optimizer's state is of other weights, or not finite; it starts anew"];
    expect(left(state([1, 2], [3]))).toEqual([true, []]);
    expect(left(state([1, 2]))).toEqual([false, said]);
    expect(left(state([1], [3]))).toEqual([false, said]);
    expect(left(state([1, Number.NaN], [3]))).toEqual([false, said]);
  });
});

describe('places', () => {
  test.each<[string, () => unknown]>([
    [
      "io: R/none/m.keras: the model cannot be saved: ENOENT: no such file or directory, open 'R/none/m.keras'",
      () => writeModelFile(join(root, 'none/m.keras'), new Uint8Array(3)),
    ],
    [
      'model: R/folder/model.json: not a file',
      () => {
        place('folder/model.json');
        return loadModel(join(root, 'folder'));
      },
    ],
    [
      'usage: R/foreign: holds other files (a.txt) and no model that memcell train saved; give --out a folder of its own',
      () => checkReplaceable(place('foreign', { 'a.txt': '' }), 'text', true),
    ],
    [
      'usage: R/foreigners: holds other files (a.txt, …) and no model that memcell train saved; give --out a folder of its own',
      () => checkReplaceable(place('foreigners', { 'a.txt': '', 'b.txt': '' }), 'text', true),
    ],
    [
      'usage: R/model: holds a model that is no backup; give backup a folder of its own',
      () => new BackupFolder({ folder: place('model', { 'model.json': '{}' }) } as Any, async () => {}).newest(),
    ],
    [
      'io: R/locked/model.json.lock: another save has held this lock for 0.05 s; if none is running, remove the file',
      async () => {
        const folder = place('locked');
        await withLock(folder, 'one', () => withLock(folder, 'two', async () => {}, 50));
      },
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });
});

describe('what the engine cannot run alone is told to who loads a model to predict with', () => {
  const saved = async (change: (model: Any) => void) => {
    const folder = place(`saved${Math.random()}`);
    await sequential('Dense(2, name=d)', { inputShape: [3], seed: 1 }).save(folder);
    const path = join(folder, 'model.json');
    const model = JSON.parse(readFileSync(path, 'utf8'));
    change(model.weightsManifest[0].weights);
    writeFileSync(path, JSON.stringify(model));
    return (await refusal(() => loadPredictor(folder))).replaceAll(folder.replace(root, 'R'), 'F');
  };
  const only = (reason: string) => `usage: F: only TensorFlow.js runs this model (${reason}); load it with loadModel`;

  test.each<[string, string, (weights: Any) => void]>([
    [
      'names that are of no layer',
      'its weights are not named after its layers',
      (weights) => {
        weights[1].name = 'e/bias';
      },
    ],
    [
      'whole numbers',
      'it has weights that are whole numbers, or not finite',
      (weights) => {
        weights[1].dtype = 'int32';
      },
    ],
  ])('%s', async (_, reason, change) => {
    expect(await saved(change)).toBe(only(reason));
  });
});
