/** What is told of files that are no model's, by their bytes and by their names; and of models too large to be meant. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { zipSync } from 'fflate';
import { foreignKind, SAVED_MODEL } from '../../src/formats/foreign.js';
import { buildTopology } from '../../src/formats/topology.js';
import { loadModel } from '../../src/index.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { temporaryFolder } from './models.js';

const folder = temporaryFolder('in memory');

const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const told = (text: string, where = 'f') => foreignKind(latin(text), where)?.split(/[;,]/)[0];

test.each<[name: string, told: string | undefined]>([
  ['a.pb', 'a graph of TensorFlow'],
  ['a.PB', 'a graph of TensorFlow'],
  ['a.pb.onnx', undefined],
  ['apb', undefined],
  ['a.pbtxt', 'a graph of TensorFlow as text'],
  ['a.pbtxt.h5', undefined],
  ['m.index', 'part of a checkpoint of TensorFlow'],
  ['m.index.h5', undefined],
  ['m.ckpt.meta', 'part of a checkpoint of TensorFlow'],
  ['m.ckpt-12.META', 'part of a checkpoint of TensorFlow'],
  ['m.meta', undefined],
  ['m.data-00000-of-00001', 'part of a checkpoint of TensorFlow'],
  ['m.data-of-1', undefined],
])('%s', (name, expected) => {
  expect(told('x', name)).toBe(expected);
});

test('a file is told by its name where it is opened', async () => {
  const path = join(folder, 'graph.pb');
  writeFileSync(path, 'x');
  await expect(loadModel(path)).rejects.toMatchObject({
    code: 'model',
    message: `${path}: a graph of TensorFlow, or ${SAVED_MODEL}`,
  });
});

test('files are told by their first bytes, each at its place', () => {
  const starts: [start: string, told: string | undefined][] = [
    ['\x80\x01', undefined],
    ['\x80\x02', 'a file of pickle or torch.save: pickled Python'],
    ['\x80\x05', 'a file of pickle or torch.save: pickled Python'],
    ['\x80\x06', undefined],
    ['\x81\x02', undefined],
    ['1234TFL3', 'a model of TensorFlow Lite'],
    ['TFL3', undefined],
    ['model_checkpoint_path: "x"', 'part of a checkpoint of TensorFlow'],
    [' model_checkpoint_path: "x"', undefined],
    ['\x93NUMPY', 'an array (.npy)'],
    ['x\x93NUMPY', undefined],
    ['\x1f\x8b', 'compressed by gzip'],
    ['x\x1f\x8b', undefined],
    [`${'x'.repeat(257)}ustar`, 'a tar archive'],
    [`${'x'.repeat(256)}ustar`, undefined],
    [`${'x'.repeat(258)}ustar`, undefined],
    ['GGUF', 'a language model in GGUF'],
    ['xGGUF', undefined],
    ['version https://git-lfs.github.com', 'a pointer of Git LFS and not the file'],
    ['the version https://git-lfs', undefined],
    ['  <!DOCTYPE html>', 'a page of HTML and not the file'],
    ['x <html>', undefined],
    ['', 'the file is empty'],
  ];
  for (const [start, expected] of starts) expect([start, told(start)]).toEqual([start, expected]);
});

test('a zip is told by the names at its end, whatever the bytes before them say', () => {
  const zip = (content: string, ...names: string[]) =>
    foreignKind(zipSync(Object.fromEntries(names.map((name) => [name, latin(content)])), { level: 0 }), 'f.pb');
  const words = 'x.npy/data.pkl archive_version';
  const long = words + ' '.repeat(66_000);
  expect(zip('', 'x')).toBeUndefined();
  expect(zip(long, 'x')).toBeUndefined();
  expect(zip('', 'x.npy')).toBe('arrays (.npz), not a model');
  expect(zip(long, 'a/data.pkl', 'x.npy')).toMatch(/^a file of torch.save: pickled/);
  expect(zip(long, 'a/data.pkl', 'a/archive_version')).toMatch(/^a program of torch.export;/);
  expect(zip('', 'config.json', 'a/data.pkl')).toBeUndefined();
  for (const config of ['my_config.json', 'aconfig.json', 'a/config.json'])
    expect(zip('', config, 'x.npy')).toMatch(/^arrays/);
});

test('a model whose layers give more than 2²⁸ values for one sample is refused before it is built', async () => {
  await prepareBackend();
  const of = (sizes: number[], times: number) => {
    const flat = { class_name: 'Flatten', config: { name: 'flat', batch_input_shape: [null, ...sizes] } };
    const repeat = { class_name: 'RepeatVector', config: { name: 'again', n: times } };
    return buildTopology({ class_name: 'Sequential', config: { name: 's', layers: [flat, repeat] } }, 0, 'F');
  };
  (await of([2 ** 14, 2 ** 14], 1)).dispose();
  (await of([2 ** 14, 2], 2 ** 13)).dispose();
  await expect(of([2 ** 14, 2 ** 14 + 1], 1)).rejects.toThrow(/^F: .* \[null,16384,16385\] is too large$/);
  await expect(of([2 ** 14, 2], 2 ** 13 + 1)).rejects.toThrow(
    'F: layer again gives [8193, 32768] values a sample, which is too large',
  );
});
