import { EventEmitter } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, jest, test } from '@jest/globals';
import { unzipSync } from 'fflate';
import * as h5 from 'h5wasm';
import type { Hdf5Contents } from '../../src/formats/hdf5/contents.js';
import { readHdf5File, writeHdf5File } from '../../src/formats/hdf5/hdf5.js';
import { readHdf5, writeHdf5 } from '../../src/formats/hdf5/job.js';
import { Hdf5Problem, readPlain } from '../../src/formats/hdf5/plain.js';
import { loadModel } from '../../src/sequential.js';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const bytesOf = (path: string): Uint8Array => {
  const bytes = Uint8Array.from(readFileSync(join(fixtures, path)));
  return path.endsWith('.keras') ? unzipSync(bytes)['model.weights.h5'] : bytes;
};

const files = ['keras3', 'keras2'].flatMap((folder) =>
  readdirSync(join(fixtures, folder))
    // bfloat16, which the library does not give; texts of many letters, for which h5py takes newer forms, which the library reads.
    .filter((name) => /\.(keras|h5)$/.test(name) && !/^half\.|^names\.h5$/.test(name))
    .map((name) => `${folder}/${name}`),
);

/** Without the order in which things stand in the file. */
const sorted = ({ attributes, datasets }: Hdf5Contents) => ({
  attributes: [...attributes].map(([path, values]) => [path, [...values].sort()]).sort(),
  datasets: [...datasets].sort(),
});

test.each(files)('%s is read as the HDF5 library reads it', async (file) => {
  const bytes = bytesOf(file);
  const own = readPlain(bytes);
  expect(own?.datasets.size).toBeGreaterThan(0);
  expect(own && sorted(own)).toEqual(sorted(await readHdf5(bytes)));
});

test.each(['gzip.h5', 'latest.h5'])('%s, which the library alone reads, is the model that it was', async (file) => {
  const bytes = bytesOf(`hdf5/${file}`);
  expect(readPlain(bytes)).toBeUndefined();
  expect(sorted(await readHdf5File(bytes, file))).toEqual(
    sorted(await readHdf5File(bytesOf('keras3/text.h5'), 'text')),
  );
  const model = await loadModel(bytes);
  expect(model.countParams()).toBe(462);
  model.dispose();
});

test('what is written is read without the library', async () => {
  const contents: Hdf5Contents = {
    attributes: new Map([
      [
        '',
        new Map<string, string | number | string[]>([
          ['text', 'änderung\n'],
          ['number', 2.5],
          ['names', ['one', 'three']],
        ]),
      ],
      ['group/inner', new Map([['names', ['a/b']]])],
    ]),
    datasets: new Map([
      ['group/inner/w', { shape: [2, 3], type: 'float32', data: Float32Array.of(1, -2, 3.5, 0, 1e-20, 7) }],
      ['steps', { shape: [], type: 'int64', data: Float64Array.of(2 ** 40) }],
      ['ids', { shape: [3], type: 'int32', data: Int32Array.of(-1, 0, 9) }],
    ]),
  };
  for (let i = 0; i < 40; i++)
    contents.datasets.set(`many/weight${i}`, { shape: [1], type: 'float32', data: Float32Array.of(i) });
  const own = readPlain(await writeHdf5File(contents));
  expect(own && sorted(own)).toEqual(sorted(contents));

  const created = jest.spyOn(h5.Group.prototype, 'create_group');
  await writeHdf5(contents);
  expect(created.mock.calls.map(([name]) => name)).toEqual(['group', 'inner', 'many']);
  created.mockRestore();
});

describe('a damaged file', () => {
  const bytes = bytesOf('keras3/text.h5');
  const buffer = Buffer.from(bytes);
  /** A copy with 8 bytes, or fewer, changed. */
  const changed = (at: number, value: bigint | number[]) => {
    const copy = bytes.slice();
    if (typeof value === 'bigint') new DataView(copy.buffer).setBigUint64(at, value, true);
    else copy.set(value, at);
    return copy;
  };
  const refuse = (damaged: Uint8Array, message: RegExp | string) => {
    expect(() => readPlain(damaged)).toThrow(Hdf5Problem);
    expect(() => readPlain(damaged)).toThrow(message);
  };
  const tree = buffer.indexOf('TREE');
  const heap = buffer.indexOf('HEAP');
  const symbols = buffer.indexOf('SNOD');
  const texts = buffer.indexOf('GCOL');

  it('is refused where a tree, a heap or a table of symbols is not what it says', () => {
    refuse(changed(tree + 5, [1]), 'is no TREE');
    refuse(changed(tree + 5, [99]), 'is no tree of a group');
    refuse(changed(tree + 4, [1]), 'is no tree of a group');
    refuse(changed(tree + 6, [0xff, 0xff]), 'beyond its end');
    refuse(changed(tree + 32, BigInt(tree)), 'is no SNOD');
    refuse(changed(heap + 24, 1n << 50n), 'beyond its end');
    refuse(changed(heap + 8, 0n), 'has a name that is not there');
    refuse(changed(symbols + 8, 0n), 'has no name of its own');
    refuse(changed(symbols + 16, BigInt(symbols)), 'is no object');
    refuse(bytes.subarray(0, 600), 'beyond its end');
  });

  it('is refused where texts lead nowhere or have no end, and where groups are in themselves', () => {
    refuse(changed(texts + 24, 1n << 40n), 'beyond its end');
    refuse(changed(texts + 8, 8n), 'is not there');
    refuse(changed(texts + 24, 0n), 'is longer than its text');
    const root = Number(new DataView(bytes.buffer).getBigUint64(64, true));
    refuse(changed(symbols + 16, BigInt(root)), /more than 40 deep|leads in a circle|again and again/);
  });
});

describe('the library’s thread', () => {
  type Answer = { kind: string; contents?: unknown; bytes?: unknown; message?: string; problem?: boolean };
  type Reply = Answer | 'error' | 'exit' | 'silence';
  let [started, ended, options] = [0, 0, {}];
  /** A thread that gives these replies, the first one when it starts. */
  const threadOf = (...replies: Reply[]) =>
    class extends EventEmitter {
      private readonly replies = [...replies];
      constructor(url: URL, given: object) {
        super();
        started++;
        options = { ...given, file: url.pathname.slice(url.pathname.lastIndexOf('/') + 1) };
        this.postMessage();
      }
      postMessage(): void {
        const reply = this.replies.shift() ?? 'silence';
        queueMicrotask(() => {
          if (reply === 'error') this.emit('error', new Error('out of\nmemory'));
          else if (reply === 'exit') this.emit('exit', 1);
          else if (reply !== 'silence') this.emit('message', reply);
        });
      }
      terminate(): void {
        ended++;
      }
      ref(): void {}
      unref(): void {}
    };
  const withThreads = async (Worker?: object) => {
    jest.resetModules();
    jest.unstable_mockModule('node:worker_threads', () => (Worker ? { Worker } : {}));
    [started, ended] = [0, 0];
    return await import('../../src/formats/hdf5/hdf5.js');
  };
  const ready = { kind: 'ready' };
  const made: Hdf5Contents = {
    attributes: new Map(),
    datasets: new Map([['w', { shape: [1], type: 'float32', data: Float32Array.of(7) }]]),
  };
  const latest = bytesOf('hdf5/latest.h5');
  const told = (job: Promise<unknown>) =>
    job.then(
      () => 'nothing',
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    );

  it('is not needed: where none starts, the library is called', async () => {
    const contents = sorted(await readHdf5(latest));
    let files = await withThreads();
    expect(sorted(await files.readHdf5File(latest, 'F'))).toEqual(contents);
    expect(readPlain(await files.writeHdf5File(made))).toEqual(made);
    const silent = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const short = latest.slice(0, 60);
    expect(await told(files.readHdf5File(short, 'F'))).toBe('model: F: not an HDF5 file, or a damaged one');
    silent.mockRestore();
    made.datasets.set('steps', { shape: [1], type: 'int64', data: Float64Array.of(0.5) });
    expect(await told(files.writeHdf5File(made))).toMatch(/^io: the HDF5 file cannot be written: .*0\.5 .*BigInt/);
    made.datasets.delete('steps');

    jest.unstable_mockModule('../../src/formats/hdf5/job.js', () => ({
      readHdf5: async () => made,
      writeHdf5: () => Promise.reject(new Error('no\nroom')),
    }));
    for (const reply of ['error', 'exit', ready] as const) {
      files = await withThreads(reply === ready ? threadOf({ ...ready, kind: 'failed' }) : threadOf(reply));
      expect(await files.readHdf5File(latest, 'F')).toBe(made);
      expect(await told(files.writeHdf5File(made))).toBe('io: the HDF5 file cannot be written: no room');
      expect([started, ended]).toEqual([2, 2]);
    }
  });

  it('does one job after the other, and is ended behind a file that was read', async () => {
    const read = { kind: 'read', contents: made };
    const files = await withThreads(threadOf(ready, { kind: 'written', bytes: 'bytes' }, read));
    const jobs = [files.writeHdf5File(made), files.readHdf5File(latest, 'F'), files.writeHdf5File(made)];
    expect(await Promise.all(jobs)).toEqual(['bytes', made, 'bytes']);
    expect([started, ended]).toEqual([2, 1]);
    expect(options).toEqual({
      execArgv: [],
      name: 'memcell-hdf5',
      stdout: true,
      stderr: true,
      file: 'memcellHdf5Worker.js',
    });
  });

  it('that fails is an error in one line, and the next one is another thread', async () => {
    const failed = (problem: boolean) => ({ kind: 'failed', message: 'odd\n  bytes', problem });
    for (const [reply, reading, writing] of [
      ['error', 'a damaged HDF5 file: out of memory', 'out of memory'],
      ['exit', 'a damaged HDF5 file: its thread ended', 'its thread ended'],
      [failed(true), 'odd\n  bytes', 'odd\n  bytes'],
      [failed(false), 'a damaged HDF5 file: odd bytes', 'odd\n  bytes'],
    ] as const) {
      const files = await withThreads(threadOf(ready, reply));
      for (const count of [1, 2]) {
        expect(await told(files.readHdf5File(latest, 'F'))).toBe(`model: F: ${reading}`);
        expect([started, ended]).toEqual([count, count]);
      }
      expect(await told(files.writeHdf5File(made))).toBe(`io: the HDF5 file cannot be written: ${writing}`);
    }
    const files = await withThreads(threadOf(ready, ready));
    expect(await told(files.readHdf5File(latest, 'F'))).toBe('model: F: cannot be read as HDF5');
    expect(await told(files.writeHdf5File(made))).toBe('io: the HDF5 file cannot be written');
  });

  it('has 4 seconds for a file, and 4 more for each MiB of it', async () => {
    const waited = async (bytes: Uint8Array, seconds: number) => {
      const files = await withThreads(threadOf(ready));
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
      let answer = 'none yet';
      const job = told(files.readHdf5File(bytes, 'F')).then((text) => {
        answer = text;
      });
      while (jest.getTimerCount() === 0 || started === 0) await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      await jest.advanceTimersByTimeAsync(1000 * seconds - 100);
      expect(answer).toBe('none yet');
      await jest.advanceTimersByTimeAsync(200);
      await job;
      jest.useRealTimers();
      expect(ended).toBe(1);
      return answer;
    };
    const circle = (seconds: number) =>
      `model: F: a damaged HDF5 file: it is not read after ${seconds} s, so it must lead in a circle`;
    expect(await waited(latest, 4 + (4 * latest.length) / 2 ** 20)).toBe(circle(4));
    const large = new Uint8Array(2 ** 21);
    large.set(latest);
    expect(await waited(large, 12)).toBe(circle(12));
  });
});
