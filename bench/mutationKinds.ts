/** The formats whose files bench/mutations.ts damages: how one of each is damaged, and how it is opened. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { readArrayFile } from '../src/arrays/arrayFile.js';
import { decodeModel, encodeModel } from '../src/formats/onnx/proto.js';
import { decodeState, encodeState } from '../src/formats/stateFile.js';
import { Dense, Embedding, GRU, type Layer, LSTM, loadModel, loadTask, Sequential } from '../src/index.js';
import type { Random } from '../src/random.js';
import {
  damagedAddresses,
  damagedBytes,
  damagedJson,
  damagedJsonText,
  damagedNear,
  damagedProtobuf,
  damagedValue,
  damagedZip,
  zipBomb,
} from './damage.js';

/** A model's files by their names. */
export type Files = { [name: string]: Uint8Array };

export interface Kind {
  prepare?(): Promise<void>;
  damaged(random: Random, index: number): Files;
  /** Opens what was damaged, and predicts with it. */
  open(files: Files, folder: string): Promise<void>;
}

const fixtures = 'test/fixtures';
const read = (path: string) => Uint8Array.from(readFileSync(path));
const paths = (folder: string, ending: string) =>
  readdirSync(join(fixtures, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(fixtures, folder, name));
const one = <Item>(items: readonly Item[], random: Random) => items[random.integer(items.length)];
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** JSON with other values in it, or text that is hardly JSON any more. */
function damagedJsonBytes(value: unknown, random: Random): Uint8Array {
  if (random.integer(4) > 0) return bytesOf(damagedJson(value, random));
  return new TextEncoder().encode(damagedJsonText(JSON.stringify(value), random));
}

/** Rows of zeros for each input; large ones are left alone. */
async function predict(model: Awaited<ReturnType<typeof loadModel>>): Promise<void> {
  const arrays = model.inputs.map(({ shape }) => {
    const sizes = shape.map((size, axis) => (axis === 0 ? 2 : (size ?? 3)));
    return { shape: sizes, count: sizes.reduce((a, b) => a * b, 1) };
  });
  if (arrays.some(({ count }) => count > 1e5)) return;
  const x = arrays.map(({ shape, count }) => ({ data: new Float32Array(count), shape }));
  await model.predict(x.length === 1 ? x[0] : x);
}

async function openModel(from: string | Uint8Array): Promise<void> {
  const model = await loadModel(from);
  try {
    await predict(model);
    model.summary();
  } finally {
    model.dispose();
  }
}

/** A file that is opened from its bytes. */
function fileKind(files: readonly string[], damage: (bytes: Uint8Array, random: Random) => Uint8Array): Kind {
  const seeds = files.map(read);
  return {
    prepare: () => openModel(seeds[0]),
    damaged: (random, index) => ({ file: damage(seeds[index % seeds.length], random) }),
    open: ({ file }) => openModel(file),
  };
}

/** A folder of model.json and weights, damaged in one of them. */
function folderKind(folders: readonly string[], open: (folder: string) => Promise<void>): Kind {
  const seeds = folders.map((folder) =>
    Object.fromEntries(readdirSync(folder).map((name) => [name, read(join(folder, name))])),
  );
  return {
    damaged(random, index) {
      const files: Files = { ...seeds[index % seeds.length] };
      const json: unknown = JSON.parse(text(files['model.json']));
      const how = random.integer(8);
      if (how === 0) files['model.json'] = damagedBytes(files['model.json'], random);
      else if (how === 1) {
        const name = one(
          Object.keys(files).filter((name) => name !== 'model.json'),
          random,
        );
        files[name] = damagedBytes(files[name], random);
        files['model.json'] = bytesOf(
          JSON.parse(JSON.stringify(json), (key, value) => (key === 'sha256' ? undefined : value)),
        );
      } else files['model.json'] = damagedJsonBytes(json, random);
      return files;
    },
    async open(files, folder) {
      for (const old of readdirSync(folder)) rmSync(join(folder, old), { recursive: true });
      for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
      await open(folder);
    },
  };
}

function damagedKeras(bytes: Uint8Array, random: Random): Uint8Array {
  const how = random.integer(8);
  if (how === 0) return damagedBytes(bytes, random);
  if (how === 6) return damagedZip(bytes, random);
  if (how === 7 && random.integer(8) === 0) return zipBomb(one(['config.json', 'model.weights.h5'], random), random);
  const files: Files = unzipSync(bytes);
  if (how < 4) files['config.json'] = damagedJsonBytes(JSON.parse(text(files['config.json'])), random);
  else if (how === 4) files['metadata.json'] = damagedJsonBytes(JSON.parse(text(files['metadata.json'])), random);
  else files['model.weights.h5'] = damagedHdf5(files['model.weights.h5'], random);
  return zipSync(files, { level: 0 });
}

const structures = [
  '\x89HDF',
  'TREE',
  'SNOD',
  'HEAP',
  'GCOL',
  'OHDR',
  'FRHP',
  'BTHD',
  'weight_names',
  'layer_names',
  'model_config',
];

function damagedHdf5(bytes: Uint8Array, random: Random): Uint8Array {
  const how = random.integer(6);
  if (how < 2) return damagedBytes(bytes, random);
  return how < 4 ? damagedNear(bytes, structures, 160, random) : damagedAddresses(bytes, random);
}

function damagedOnnx(bytes: Uint8Array, random: Random): Uint8Array {
  const how = random.integer(6);
  if (how < 2) return damagedBytes(bytes, random);
  if (how < 4) return damagedProtobuf(bytes, random);
  const model = decodeModel(bytes);
  for (let i = 0; i <= random.integer(3); i++) damagedValue(model, random);
  try {
    const made = encodeModel(model);
    // An object where a text belongs is no damage of a file.
    if (!Buffer.from(made).includes('[object Object]')) return made;
  } catch {
    // What no file can hold.
  }
  return damagedBytes(bytes, random);
}

function damagedSafetensors(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.integer(3) === 0) return damagedBytes(bytes, random);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = damagedJsonBytes(JSON.parse(text(bytes.subarray(8, 8 + length))), random);
  const made = new Uint8Array(bytes.length - length + header.length);
  new DataView(made.buffer).setBigUint64(0, BigInt(header.length), true);
  made.set(header, 8);
  made.set(bytes.subarray(8 + length), 8 + header.length);
  return made;
}

function damagedNpy(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.integer(3) === 0) return damagedBytes(bytes, random);
  if (bytes[0] === 0x50) {
    const how = random.integer(3);
    if (how === 0) return random.integer(16) === 0 ? zipBomb('x.npy', random) : damagedZip(bytes, random);
    const files: Files = unzipSync(bytes);
    const name = one(Object.keys(files), random);
    files[name] = damagedNpy(files[name], random);
    return zipSync(files, { level: random.integer(2) === 0 ? 0 : 6 });
  }
  return damagedNear(bytes, ['descr', 'shape', 'order'], 40, random);
}

const sequences = [
  'no-format',
  'keras3-sequential',
  'keras3-functional',
  'keras3-gru',
  'two-inputs',
  'two-outputs',
  'conv1d-lstm',
  'batchnorm',
  'stateful',
  'hard-sigmoid-functional',
];

const networks: { [file: string]: () => Layer[] } = {
  'lstm2-linear': () => [LSTM(5, { inputShape: [7, 3], returnSequences: true }), LSTM(5), Dense(2)],
  'embedding-gru-text': () => [Embedding(11, 4, { inputLength: 6 }), GRU(5, { returnSequences: true }), Dense(11)],
};

function safetensorsKind(): Kind {
  const names = Object.keys(networks);
  const seeds = names.map((name) => read(join(fixtures, 'torch', `${name}.safetensors`)));
  const models: Sequential[] = [];
  return {
    async prepare() {
      for (const name of names) models.push(new Sequential(networks[name](), { seed: 1 }));
    },
    damaged: (random, index) => ({ [names[index % 2]]: damagedSafetensors(seeds[index % 2], random) }),
    async open(files) {
      const [[name, bytes]] = Object.entries(files);
      const model = models[names.indexOf(name)];
      await model.loadWeights(bytes);
      await predict(model);
    },
  };
}

/** A fit that goes on from a damaged backup. */
function backupKind(): Kind {
  const x = { data: Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)), shape: [8, 4, 1] };
  const y = { data: Float32Array.from({ length: 8 }, (_, i) => Math.cos(i)), shape: [8, 1] };
  const train = async (folder: string, keep: number) => {
    const model = new Sequential([LSTM(2, { inputShape: [4, 1] }), Dense(1)], { seed: 1 });
    try {
      model.compile({ optimizer: 'adam', loss: 'mse' });
      await model.fit(x, y, {
        epochs: 2,
        batchSize: 4,
        verbose: 0,
        backup: { folder, keep, steps: 1, deleteCheckpoint: false },
      });
    } finally {
      model.dispose();
    }
  };
  const seed = join('build', 'mutations-backup');
  const file = 'backup-000001.state';
  let whole: Uint8Array | undefined;
  return {
    async prepare() {
      rmSync(seed, { recursive: true, force: true });
      await train(seed, 9);
    },
    damaged(random) {
      whole ??= read(join(seed, 'backup-000003.state'));
      if (random.integer(4) === 0) return { [file]: damagedBytes(whole, random) };
      const { values, arrays } = decodeState(whole, file);
      if (random.integer(4) === 0) {
        const less = arrays
          .filter(() => random.integer(5) > 0)
          .map((array) => array.slice(0, array.length - random.integer(2)));
        return { [file]: encodeState({ values, arrays: less }) };
      }
      const position = Object.fromEntries(Object.entries(values).filter(([name]) => name !== 'settings'));
      const other = damagedJson(random.integer(8) === 0 ? values : position, random);
      return { [file]: encodeState({ values: { ...values, ...(typeof other === 'object' && other) }, arrays }) };
    },
    async open(files, folder) {
      for (const old of readdirSync(folder)) rmSync(join(folder, old), { recursive: true });
      for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
      await train(folder, 1);
    },
  };
}

function arraysKind(): Kind {
  const seeds = [...paths('npy', '.npy'), ...paths('npy', '.npz')].map(read).filter(({ length }) => length < 1e5);
  return {
    damaged: (random, index) => ({ file: damagedNpy(seeds[index % seeds.length], random) }),
    async open({ file }, folder) {
      const path = join(folder, 'arrays');
      writeFileSync(path, file);
      await readArrayFile(path);
    },
  };
}

export const kinds: { [name: string]: Kind } = {
  tfjs: folderKind(
    sequences.map((name) => join(fixtures, 'savedModels', name)),
    openModel,
  ),
  task: folderKind(
    ['digits', 'weather'].map((name) => join('models', name)),
    async (folder) => {
      const task = await loadTask(folder);
      try {
        if (task.kind === 'forecast') await task.predict();
        if (task.kind === 'symbols') await task.predict([3], { steps: 3 });
      } finally {
        task.dispose();
      }
    },
  ),
  keras: fileKind(paths('keras3', '.keras'), damagedKeras),
  h5: fileKind([...paths('keras3', '.h5'), ...paths('keras2', '.h5')], damagedHdf5),
  onnx: fileKind(
    [...paths('onnx', '.onnx'), ...paths('tf2onnx', '.onnx'), ...paths('onnxGraphs', '.onnx')],
    damagedOnnx,
  ),
  safetensors: safetensorsKind(),
  arrays: arraysKind(),
  backup: backupKind(),
};
