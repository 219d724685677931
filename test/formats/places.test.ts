/** Folders, locks and files of weights: what is said of each, in whole lines, and how old what others have left may be. */
import { createHash } from 'node:crypto';
import { existsSync, promises as fs, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { zipSync } from 'fflate';
import type { MemcellError } from '../../src/errors.js';
import { BackupFolder } from '../../src/formats/backupFolder.js';
import { openBackups } from '../../src/formats/backups.js';
import { checkReplaceable, checkWritable, readModel } from '../../src/formats/folder.js';
import { beginSaver, endSaver, unfinishedFiles, withLock } from '../../src/formats/folderLock.js';
import { writeHdf5File } from '../../src/formats/hdf5/hdf5.js';
import { hasEnding, isAddress, isFolder } from '../../src/formats/location.js';
import { formatFor, openModel, openWeights, weightsFor } from '../../src/formats/open.js';
import { readSaved } from '../../src/formats/savedModel.js';
import { decodeState, encodeState } from '../../src/formats/stateFile.js';
import { assignStored } from '../../src/formats/weights.js';
import { isZip, readZip } from '../../src/formats/zip.js';
import { Dense, Dropout, Flatten } from '../../src/layers/index.js';
import { Sequential, sequential } from '../../src/sequential.js';
import { temporaryFolder } from './models.js';

const root = temporaryFolder('in memory');
const told = (job: Promise<unknown>): Promise<string> =>
  job.then(
    () => 'nothing',
    (error: MemcellError) => `${error.code}: ${error.message.replaceAll(root, '')}`,
  );
const place = (name: string, files: Record<string, string | Uint8Array> = {}): string => {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  return folder;
};
const file = join(place('one'), 'file');
writeFileSync(file, 'x');

test('what stands where a model should be', async () => {
  const model = sequential('Dense(1)', { inputShape: [2] });
  const folders = place('folders');
  mkdirSync(join(folders, 'model.json'));
  expect(await told(openModel(join(file, 'model.json')))).toBe(
    'model: /one/file: not a model folder but a file; give the folder that holds model.json',
  );
  expect(await told(model.save(join(file, 'model')))).toBe(
    'io: /one/file/model: the model cannot be saved: not a directory (ENOTDIR)',
  );
  expect(await told(model.save(file))).toBe('io: /one/file: a file is in the way; give a folder');
  expect(await told(model.save(folders))).toBe('io: /folders/model.json: a folder is in the way');
  expect(await told(checkWritable(join(file, 'model')))).toBe(
    'io: /one/file/model: a model cannot be saved here: not a directory (ENOTDIR)',
  );
  expect(await told(checkWritable(folders))).toBe('io: /folders/model.json: a folder is in the way');
  const sharded =
    'a list of the files that weights are spread over; save them as one file, in Python without max_shard_size';
  for (const [name, message] of [
    ['none', 'no such file of weights'],
    ['none.keras', 'no such file of weights'],
    ['m.weights.json', sharded],
    ['m.INDEX.json', sharded],
    ['m.index', 'no such file of weights'],
  ])
    expect(await told(model.loadWeights(join(root, name)))).toBe(`model: /${name}: ${message}`);
  expect(await told(model.loadWeights(new Uint8Array(9)))).toBe(
    'model: the weights: not a model: neither a folder with model.json nor, by its content, one of .keras, .h5, .hdf5, .onnx, .safetensors',
  );
  model.dispose();
});

test('whether a model could be saved is tried without a trace', async () => {
  await checkWritable(join(root, 'new/and/deep'));
  expect(existsSync(join(root, 'new'))).toBe(false);
  const kept = place('kept', { 'notes.txt': '' });
  await checkWritable(kept);
  await checkWritable(join(kept, 'deeper'));
  expect(readdirSync(kept)).toEqual(['notes.txt']);
  await checkWritable(place('empty'));
  expect(readdirSync(join(root, 'empty'))).toEqual([]);
});

test('a task’s model takes no place of what is not its own', async () => {
  const of = (task?: string) =>
    JSON.stringify({ userDefinedMetadata: { memcell: task === undefined ? {} : { task: { kind: task } } } });
  const cases: [files: Record<string, string>, force: boolean, message: string][] = [
    [
      { 'a.csv': '' },
      true,
      'holds other files (a.csv) and no model that memcell train saved; give --out a folder of its own',
    ],
    [
      { 'a.csv': '', 'weights.bin': '' },
      true,
      'holds other files (a.csv, …) and no model that memcell train saved; give --out a folder of its own',
    ],
    // What saves leave for a moment, and what other programs call weights.
    [
      { '.hidden': '', 'group1-shard1of2.bin': '', 'group12-shard1of1': '', 'model.json.lock': '', 'x.new': '' },
      false,
      '',
    ],
    [
      { 'model.json': of('text') },
      false,
      'holds a model for text; give --out another folder, or --force to replace it',
    ],
    [{ 'model.json': of('text'), 'notes.txt': '' }, true, ''],
    [{ 'model.json': of('forecast'), 'notes.txt': '' }, false, ''],
    [
      { 'model.json': of() },
      false,
      'holds a model that memcell train did not save; give --out another folder, or --force to replace it',
    ],
    [{ 'model.json': of() }, true, ''],
  ];
  for (const [at, [files, force, message]] of cases.entries()) {
    const folder = place(`task ${at}`, files);
    expect(await told(checkReplaceable(folder, 'forecast', force))).toBe(
      message === '' ? 'nothing' : `usage: /task ${at}: ${message}`,
    );
  }
});

describe('the lock of a folder', () => {
  const host = hostname().replace(/[^A-Za-z0-9]/g, '') || 'host';
  const folder = place('locked');
  const lock = join(folder, 'model.json.lock');
  const working = beginSaver();
  afterEach(() => endSaver(working));
  const dead = 2 ** 22 + 1;

  test.each<[what: string, holder: string, secondsAgo: number, held: boolean]>([
    ['of a save of this process that goes on', working, 3600, true],
    ['of a save of this process that has ended', beginSaver().replace(/[0-9a-f]+$/, (name) => `${name}00`), 0, false],
    ['of this process’s number in another thread', `${host}.${process.pid}.x0`, 29, true],
    ['of this process’s number, long ago', `${host}.${process.pid}.x0`, 31, false],
    ['of a process that runs', `${host}.${process.ppid}.ab0`, 29, true],
    ['of a process that runs, and whose save does not', `${host}.${process.ppid}.ab0`, 31, false],
    ['of a process that is gone', `${host}.${dead}.ab0`, 0, false],
    ['of another machine', `other.${dead}.ab0`, 29, true],
    ['of another machine, long ago', `other.${dead}.ab0`, 31, false],
    ['without a name', '', 0.05, true],
    ['without a name, a moment ago', '', 0.3, false],
  ])('%s', async (_, holder, secondsAgo, held) => {
    writeFileSync(lock, holder);
    const then = Date.now() / 1000 - secondsAgo;
    utimesSync(lock, then, then);
    const mine = beginSaver();
    const job = withLock(folder, mine, async (isMine) => [await isMine(), readFileSync(lock, 'utf8') === mine], 0);
    if (held) {
      expect(await told(job)).toBe(
        'io: /locked/model.json.lock: another save has held this lock for 0 s; if none is running, remove the file',
      );
      expect(readFileSync(lock, 'utf8')).toBe(holder);
      writeFileSync(lock, `${host}.${dead}.ab0`);
      await withLock(folder, mine, async () => undefined, 0);
    } else expect(await job).toEqual([true, true]);
    endSaver(mine);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is waited for as long as it is said, given back after a job that fails, and left to who took it', async () => {
    writeFileSync(lock, 'other.1.ab');
    expect(await told(withLock(folder, 'a.1.b', async () => 1, 40))).toBe(
      'io: /locked/model.json.lock: another save has held this lock for 0.04 s; if none is running, remove the file',
    );
    writeFileSync(lock, `${host}.${dead}.ab0`);
    await expect(withLock(folder, 'a.1.b', () => Promise.reject(new Error('failed')), 0)).rejects.toThrow('failed');
    expect(readdirSync(folder)).toEqual([]);
    await withLock(folder, 'a.1.b', async (isMine) => {
      writeFileSync(lock, 'other.1.ab');
      expect(await isMine()).toBe(false);
    });
    expect(readFileSync(lock, 'utf8')).toBe('other.1.ab');
  });
});

test('unfinished files are those of saves that nobody ends, or of the last day', async () => {
  const names: [name: string, hoursAgo: number, stray?: boolean][] = [
    ['weights.bin.other.1.ab.new', 23, false],
    ['weights.bin.other.2.ab.new', 25, true],
    ['model.json.other.3.ab.new', 0, false],
    ['weights.bin.new', 0, true],
    ['weights.bin.other.ab.new', 25],
    ['weights.bin.other.1.ab.newer', 25],
    ['other.bin.other.1.ab.new', 25],
    ['weights.bin', 25],
  ];
  const folder = place('unfinished', Object.fromEntries(names.map(([name]) => [name, 'xyz'])));
  mkdirSync(join(folder, 'weights.bin.other.9.ab.new'));
  for (const [name, hours] of names) {
    const then = Date.now() / 1000 - 3600 * hours;
    utimesSync(join(folder, name), then, then);
  }
  const found = await unfinishedFiles(folder, ['model.json', 'weights.bin']);
  const byName = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
  expect(found.sort(byName)).toEqual(
    names
      .flatMap(([name, , stray]) =>
        stray === undefined
          ? []
          : [{ path: join(folder, name), target: name.slice(0, name.startsWith('m') ? 10 : 11), bytes: 3, stray }],
      )
      .sort(byName),
  );
});

describe('a folder of backups', () => {
  const backups = async (folder: string, more: object = {}) => {
    const options = { folder, keep: 2, deleteCheckpoint: true, ...more };
    const store = await openBackups(options, async (path) => writeFileSync(join(path, 'model.json'), '{}'));
    expect(store).toBeInstanceOf(BackupFolder);
    return store as BackupFolder;
  };
  const state = (value: number) => ({ values: { value }, arrays: [Float32Array.of(value)] });

  test('numbers them on, keeps the newest, and is gone when it is cleared', async () => {
    const folder = place('backups', { 'backup-0001.state': 'x', 'backup-000000.state': 'x', 'notes.txt': '' });
    const store = await backups(folder);
    expect(store).toMatchObject({ every: { epochs: 1 }, name: folder, keepsEnd: false });
    for (const value of [1, 2, 3]) await store.write(state(value));
    const others = ['backup-000000.state', 'backup-0001.state', 'model.json', 'notes.txt'];
    expect(readdirSync(folder).sort()).toEqual([...others, 'backup-000002.state', 'backup-000003.state'].sort());
    expect(await store.newest()).toEqual(state(3));
    // Beyond six digits their order is that of the numbers, not of the names.
    writeFileSync(join(folder, 'backup-999999.state'), readFileSync(join(folder, 'backup-000002.state')));
    await store.write(state(4));
    expect(
      readdirSync(folder)
        .filter((name) => /\d{6}/.test(name))
        .sort(),
    ).toEqual(['backup-000000.state', 'backup-1000000.state', 'backup-999999.state']);
    expect(await store.newest()).toEqual(state(4));
    writeFileSync(join(folder, 'backup-000009.state.77'), 'half');
    await store.clear();
    expect(readdirSync(folder).sort()).toEqual(others.filter((name) => name !== 'model.json'));
    const own = await backups(join(root, 'own'));
    expect(await own.newest()).toBeUndefined();
    await own.write(state(1));
    await own.clear();
    expect(existsSync(join(root, 'own'))).toBe(false);
  });

  test('says when it is written, and what cannot be read, written or removed', async () => {
    const every = async (more: object) => (await backups(root, more)).every;
    expect(await every({ steps: 5 })).toEqual({ steps: 5 });
    expect(await every({ minutes: 1 })).toEqual({ minutes: 1 });
    expect(await every({ epochs: 2, steps: 5 })).toEqual({ epochs: 2, steps: 5 });
    expect((await backups(root, { deleteCheckpoint: false })).keepsEnd).toBe(true);

    const inTheWay = await backups(file);
    for (const job of [inTheWay.newest(), inTheWay.write(state(1)), inTheWay.clear()])
      expect(await told(job)).toMatch(/^io: \/one\/file: (cannot be read|the backups cannot be removed): ENOTDIR: /);
    const folders = place('folders of backups');
    for (const number of [1, 2]) mkdirSync(join(folders, `backup-00000${number}.state`));
    const store = await backups(folders, { keep: 1 });
    expect(await told(store.newest())).toMatch(/^io: \/folders of backups: cannot be read: EISDIR/);
    expect(await told(store.write(state(1)))).toMatch(
      /^io: \/folders of backups: the backup cannot be written: .*EISDIR/,
    );
    expect(await told(store.clear())).toMatch(/^io: \/folders of backups: the backups cannot be removed: .*EISDIR/);

    const model = place('a model', { 'model.json': '{}' });
    expect(await told((await backups(model)).newest())).toBe(
      'usage: /a model: holds a model that is no backup; give backup a folder of its own',
    );
    writeFileSync(join(model, 'backup-000001.state.5'), 'half');
    expect(await (await backups(model)).newest()).toBeUndefined();
    for (const [folder, message] of [
      [undefined, 'backup: folder is missing; give the folder that keeps the backups'],
      ['https://example.org/b', 'backup: "https://example.org/b" is no folder on a disk, which backups need'],
      [7, 'backup: 7 is no folder on a disk, which backups need'],
    ])
      expect(await told(backups(folder as string))).toBe(`usage: ${message}`);
    expect(await openBackups(store, async () => undefined)).toBe(store);
  });
});

test('weights that do not fit are told layer by layer, and nothing is set', async () => {
  const model = new Sequential(
    [Flatten({ inputShape: [1, 2], name: 'f' }), Dense(1, { name: 'd' }), Dropout(0.1, { name: 'o' })],
    { seed: 1 },
  );
  const before = model.getWeights();
  const weight = (layer: string, name: string, shape: number[], value = 1) => ({
    layer,
    name,
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(value),
  });
  const refusal = (...stored: ReturnType<typeof weight>[]) => {
    try {
      assignStored(model.tf, stored, 'F');
      return 'nothing';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(refusal(weight('f', 'k', [2]), weight('d', 'kernel', [2, 1]))).toBe(
    'F: layer d needs d/kernel [2,1], d/bias [1], and the file has kernel [2,1]; no layer f of the model takes k [2]',
  );
  expect(refusal(weight('d', 'k', [1, 2]), weight('d', 'b', [1]), weight('e', 'w', [3]), weight('e', 'v', [1]))).toBe(
    'F: weight k has shape [1,2], but layer d takes [2,1]; no layer e of the model takes w [3], v [1]',
  );
  expect(refusal()).toBe('F: layer d needs d/kernel [2,1], d/bias [1], and the file has none');
  expect(refusal(weight('d', 'k', [2, 1]), weight('d', 'b', [1], Number.NaN))).toBe(
    'F: weight b is not finite at element 0',
  );
  expect(model.getWeights()).toEqual(before);
  expect(refusal(weight('d', 'k', [2, 1], 3), weight('d', 'b', [1], 4))).toBe('nothing');
  expect(model.getWeights().map(({ data }) => [...data])).toEqual([[3, 3], [4]]);

  const empty = await writeHdf5File({
    attributes: new Map([['', new Map([['layer_names', []]])]]),
    datasets: new Map(),
  });
  expect(await told(weightsFor(model.tf, { bytes: empty, where: 'F' }))).toBe('model: F: has no weights in it');
  expect(await told(openWeights(model.tf, { bytes: empty, where: 'F' }))).toBe(
    'model: F: layer d needs d/kernel [2,1], d/bias [1], and the file has none',
  );
  model.dispose();
});

test('names of places are told apart: folders, files, addresses', async () => {
  const kinds: [name: string, folder: boolean, address: boolean][] = [
    ['models/a', true, true],
    ['C:\\models', true, true],
    ['file:///m', true, false],
    ['http://a/m', false, true],
    ['HTTPS://a/m', false, true],
    ['indexeddb://m', false, false],
    ['a.b+c-1://m', false, false],
    ['1://m', true, true],
  ];
  for (const [name, folder, address] of kinds)
    expect([name, isFolder(name), isAddress(name)]).toEqual([name, folder, address]);
  for (const [name, is] of [
    ['m.keras', true],
    ['M.KERAS', true],
    ['https://a/m.keras?key=1.h5', true],
    ['m.keras#x', true],
    ['m.keras/', false],
    ['m?x.keras', false],
  ] as const)
    expect([name, hasEnding(name, ['.h5', '.keras'])]).toEqual([name, is]);
  expect(
    ['m.keras', 'm.hdf5', 'm.onnx', 'm', 'https://a/m.keras', { load: undefined }].map(
      (name) => formatFor(name as string)?.name,
    ),
  ).toEqual(['keras', 'h5', 'onnx', undefined, undefined, undefined]);
  expect(await readSaved('indexeddb://m')).toEqual({ reason: 'it is where only TensorFlow.js reads from' });
  expect(await told(openModel('http://'))).toBe(
    'usage: http://: not an address; give a whole one, such as https://example.org/models/digits',
  );
});

test('a zip archive ends within 65535 bytes of its end, and what it packs is whole', async () => {
  const limit = { most: 1e6, remedy: 'less' };
  const packed = zipSync({ a: new TextEncoder().encode('abc '.repeat(900)) });
  const behind = (count: number) => {
    const bytes = new Uint8Array(packed.length + count);
    bytes.set(packed);
    return bytes;
  };
  expect([...(await readZip(behind(65_535), limit, 'F')).keys()]).toEqual(['a']);
  expect(await told(readZip(behind(65_536), limit, 'F'))).toBe('model: F: a zip archive without its end: truncated?');
  const broken = packed.slice();
  broken.fill(0xff, 31, 40);
  expect(await told(readZip(broken, limit, 'F'))).toMatch(/^model: F: "a": cannot be unpacked: \S/);
  expect(await readZip(zipSync({ 'folder/': new Uint8Array(), 'folder/b': Uint8Array.of(7) }), limit, 'F')).toEqual(
    new Map([['folder/b', Uint8Array.of(7)]]),
  );
  const none = zipSync({});
  expect([
    isZip(packed),
    isZip(none),
    isZip(none.subarray(0, 21)),
    isZip(Uint8Array.from(none, (byte, i) => (i === 2 ? 4 : byte))),
  ]).toEqual([true, true, false, false]);
  expect(await readZip(none, limit, 'F')).toEqual(new Map());
});

describe('a file that cannot be read, or not as it was seen', () => {
  const denied = Object.assign(new Error("EACCES: permission denied, open 'x'"), { code: 'EACCES' });
  const weights = new Uint8Array(20);
  const spec = (sha256?: string) => [
    { paths: ['weights.bin'], weights: [{ name: 'w', shape: [5], dtype: 'float32' }], ...(sha256 && { sha256 }) },
  ];
  const sumOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const json = (manifest: unknown) => JSON.stringify({ modelTopology: { a: 1 }, weightsManifest: manifest });
  const real = { readFile: fs.readFile, stat: fs.stat, rename: fs.rename };
  /** What `job` says while this function of the file system does another thing to paths that end so. */
  const toldWhile = async (
    name: keyof typeof real | 'readdir',
    end: string,
    other: (path: string) => unknown,
    job: () => Promise<unknown>,
  ) => {
    const original = fs[name] as (...args: unknown[]) => Promise<unknown>;
    const spy = jest
      .spyOn(fs, name as 'stat')
      .mockImplementation((async (path: string, ...rest: unknown[]) =>
        String(path).endsWith(end) ? await other(path) : original(path, ...rest)) as typeof fs.stat);
    try {
      return await told(job());
    } finally {
      spy.mockRestore();
    }
  };
  const refuse = () => Promise.reject(denied);

  test('model.json and its weights', async () => {
    const folder = place('denied', { 'model.json': json(spec()), 'weights.bin': weights });
    const read = () => readModel(folder);
    expect(await told(read())).toBe('nothing');
    for (const name of ['stat', 'readFile'] as const)
      expect(await toldWhile(name, 'model.json', refuse, read)).toBe(
        'io: /denied/model.json: cannot be read: permission denied (EACCES)',
      );
    expect(await toldWhile('stat', 'weights.bin', refuse, read)).toBe(
      'io: /denied/weights.bin: the weights cannot be read: permission denied (EACCES)',
    );
    expect(await toldWhile('readFile', 'weights.bin', refuse, read)).toBe(
      'io: /denied/weights.bin: cannot be read: permission denied (EACCES)',
    );
    expect(await toldWhile('readFile', 'weights.bin', () => weights.subarray(1), read)).toBe(
      'model: /denied/weights.bin: changed while it was read; load it again',
    );
    const stat = { isFile: () => true, size: 2 ** 26 + 1 };
    expect(await toldWhile('stat', 'model.json', () => stat, read)).toBe(
      'model: /denied/model.json: 67108865 bytes, more than any model.json',
    );
    expect(await toldWhile('stat', 'model.json', () => ({ ...stat, size: 2 ** 26 }), read)).toBe('nothing');
  });

  test('weights that an unfinished save has, or has not', async () => {
    const unfinished = 'weights.bin.other.1.ab.new';
    const folder = place('waiting', {
      'model.json': json(spec(sumOf(weights))),
      'weights.bin': new Uint8Array(20).fill(1),
    });
    const damaged =
      'model: /waiting/weights.bin: damaged: its SHA-256 is not the one in model.json; save the model again';
    const read = () => readModel(folder);
    expect(await told(read())).toBe(damaged);
    for (const [bytes, message] of [
      [new Uint8Array(20).fill(2), damaged],
      [new Uint8Array(21), damaged],
      [weights, 'nothing'],
    ] as const) {
      writeFileSync(join(folder, unfinished), bytes);
      expect(await told(read())).toBe(message);
    }
    expect(await toldWhile('readFile', unfinished, refuse, read)).toBe(damaged);
    expect(await toldWhile('readdir', 'waiting', refuse, read)).toBe(damaged);
    // One that is renamed between the list and its size is not there.
    const gone = () => Promise.reject(new Error('ENOENT: no such file'));
    expect(await toldWhile('stat', unfinished, gone, read)).toBe(damaged);
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin', unfinished]);
  });

  test('a save beside what a killed one has left, where model.json is none or cannot be read', async () => {
    const model = sequential('Dense(1)', { inputShape: [2] });
    const stray = 'weights.bin.new';
    const folder = place('beside', { 'model.json': '{', 'weights.bin': weights, [stray]: weights });
    const save = () => model.save(folder);
    expect(await toldWhile('readFile', 'model.json', refuse, save)).toBe(
      'io: /beside: the model cannot be saved: permission denied (EACCES)',
    );
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin', stray]);
    expect(await told(save())).toBe('nothing');
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
    for (const manifest of [{}, [], [1], spec(), [{ ...spec('x')[0], paths: ['other.bin'] }]]) {
      place('beside', { 'model.json': json(manifest), [stray]: 'new' });
      expect(await told(save())).toBe('nothing');
      expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
    }
    // Windows opens no folders.
    const opened = jest.spyOn(fs, 'open');
    const folders = () => opened.mock.calls.filter(([path]) => path === folder).length;
    await save();
    expect(folders()).toBe(3);
    const { platform } = process;
    Object.defineProperty(process, 'platform', { value: 'win32' });
    await save();
    Object.defineProperty(process, 'platform', { value: platform });
    expect(folders()).toBe(3);
    opened.mockRestore();
    model.dispose();
  });

  test('files of whole models, and of weights', async () => {
    const folder = place('whole', { 'm.keras': 'x' });
    const path = join(folder, 'm.keras');
    const read = () => openModel(path);
    const stat = (size: number) => () => ({ isFile: () => true, size });
    expect(await toldWhile('stat', 'm.keras', stat(2 ** 31), read)).toBe(
      'io: /whole/m.keras: 2147483648 bytes; the most is 2 GiB',
    );
    expect(await toldWhile('stat', 'm.keras', stat(2 ** 31 - 1), read)).toMatch(
      /^model: \/whole\/m.keras: not a model/,
    );
    expect(await toldWhile('readFile', 'm.keras', refuse, read)).toBe(
      "io: /whole/m.keras: cannot be read: EACCES: permission denied, open 'x'",
    );
    // Descriptions of Keras, which stand beside their weights.
    const described = place('described', {
      'model.json': '{"class_name": "Sequential", "config": {}}',
      'model.h5': 'x',
    });
    const open = () => openModel(described);
    for (const text of ['{"a": {"class_name": "A"}}', '{"class_name": 7, "config": {}}', '{"class_name": "A"}']) {
      writeFileSync(join(described, 'model.json'), text);
      expect(await told(open())).toMatch(/^model: \/described\/model.json: modelTopology is missing/);
    }
    writeFileSync(join(described, 'model.json'), '{"class_name": "Sequential", "config": {"layers": []}}');
    expect(await toldWhile('readFile', 'model.json', refuse, open)).toBe(
      'io: /described/model.json: cannot be read: permission denied (EACCES)',
    );
    let looks = 0;
    const once = async (path: string) => (looks++ === 0 ? await real.stat(path) : await refuse());
    expect(await toldWhile('stat', 'model.h5', once, open)).toBe('model: /described/model.h5: no such file of weights');
    expect(await told(openModel(new TextEncoder().encode('xyz').buffer as never))).toMatch(
      /^model: the model: not a model: /,
    );
  });

  test('a lock that another takes while it is removed is given back', async () => {
    const folder = place('taken');
    const lock = join(folder, 'model.json.lock');
    writeFileSync(lock, 'a.1.b');
    utimesSync(lock, 1, 1);
    const other = async (path: string) => {
      writeFileSync(path, 'new.1.a');
      await real.rename(path, `${path}.mine`);
    };
    const job = () => withLock(folder, 'mine', async () => undefined, 0);
    expect(await toldWhile('rename', 'model.json.lock', other, job)).toBe(
      'io: /taken/model.json.lock: another save has held this lock for 0 s; if none is running, remove the file',
    );
    expect(readdirSync(folder)).toEqual(['model.json.lock']);
    expect(readFileSync(lock, 'utf8')).toBe('new.1.a');
    utimesSync(lock, 1, 1);
    expect(await toldWhile('rename', 'model.json.lock', refuse, job)).toBe(
      "EACCES: EACCES: permission denied, open 'x'",
    );
    const gone = async (path: string) => {
      await fs.rm(path);
      throw Object.assign(new Error('gone'), { code: 'ENOENT' });
    };
    expect(await toldWhile('rename', 'model.json.lock', gone, job)).toBe('nothing');
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('of many backups the newest whole one is taken, however old, and the newest damage is told', async () => {
  const folder = place('damaged');
  const state = (epoch: number) => ({ values: { epoch }, arrays: [Float32Array.of(epoch)] });
  const store = new BackupFolder({ folder, keep: 6, deleteCheckpoint: true }, async () => {});
  for (const epoch of [1, 2, 3, 4, 5]) await store.write(state(epoch) as never);
  for (const number of [2, 3, 4, 5])
    writeFileSync(
      join(folder, `backup-00000${number}.state`),
      number === 5 ? 'newest' : encodeState(state(0) as never).fill(7, 9),
    );
  const found = await store.newest();
  expect({ ...found, note: found?.note?.replaceAll(root, '') }).toEqual({
    ...state(1),
    note: '/damaged/backup-000005.state: not a backup, or a damaged one; going on from /damaged/backup-000001.state',
  });
  writeFileSync(join(folder, 'backup-000001.state'), '');
  expect(await told(store.newest())).toBe('model: /damaged/backup-000005.state: not a backup, or a damaged one');
});

test('a backup is told from others, and from a damaged one', () => {
  const sealed = (json: string, numbers: number[] = [], magic = 0x4d434c53) => {
    const text = new TextEncoder().encode(json);
    const start = 8 + 4 * Math.ceil(text.length / 4);
    const bytes = new Uint8Array(start + 4 * numbers.length);
    new DataView(bytes.buffer).setUint32(0, magic);
    new DataView(bytes.buffer).setUint32(4, text.length, true);
    bytes.set(text, 8);
    bytes.set(new Uint8Array(Float32Array.from(numbers).buffer), start);
    return Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]);
  };
  const state = {
    values: { a: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1.5], text: 'ä' },
    arrays: [Float32Array.of(1, -2), new Float32Array(0), Float32Array.of(0.5)],
  };
  expect(decodeState(encodeState(state), 'F')).toEqual(state);
  // Parts of something larger, and a file's bytes in something larger.
  const parts = {
    values: {},
    arrays: [[1, 3] as const, [0, 1] as const].map(([from, to]) => Float32Array.of(4, 5, 6).subarray(from, to)),
  };
  const encoded = encodeState(parts);
  const around = new Uint8Array(encoded.length + 8);
  around.set(encoded, 4);
  expect(decodeState(around.subarray(4, 4 + encoded.length), 'F')).toEqual({
    values: {},
    arrays: [Float32Array.of(5, 6), Float32Array.of(4)],
  });
  expect(decodeState(sealed('{"values":{},"sizes":[1,2]}', [1, 2, 3]), 'F')).toEqual({
    values: {},
    arrays: [Float32Array.of(1), Float32Array.of(2, 3)],
  });
  for (const bytes of [
    sealed('{"values":{},"sizes":[]}', [], 0x4d434c54),
    sealed('{"values":{},"sizes":[]').fill(0, 3, 4),
    sealed('{"values":{},"sizes":[]'),
    sealed('[]'),
    sealed('{"values":{}}'),
    sealed('{"values":[],"sizes":[]}'),
    sealed('{"sizes":[]}'),
    sealed('{"values":{},"sizes":[4]}', [1, 2, 3]),
    sealed('{"values":{},"sizes":[-1]}', [1, 2, 3]),
    sealed('{"values":{},"sizes":["x"]}', [1, 2, 3]),
    sealed('').subarray(1),
  ])
    expect(() => decodeState(bytes, 'F')).toThrow('F: not a backup, or a damaged one');
  const whole = encodeState(state);
  whole[whole.length - 1] ^= 1;
  expect(() => decodeState(whole, 'F')).toThrow('F: not a backup, or a damaged one');
});
