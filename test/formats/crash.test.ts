/** Saves that are killed, that fail, and that run beside each other: real processes, real kills. */
import { execFile } from 'node:child_process';
import { cpSync, promises as fs, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { checkWritable, writeModel } from '../../src/formats/folder.js';
import { openModel } from '../../src/formats/open.js';
import { saveTfjs } from '../../src/formats/tfjs.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { predict, smallModel, temporaryFolder } from './models.js';
import { modelOf, nameIn } from './saver.mjs';

// Thousands of fsyncs are slow on a busy disk.
const root = temporaryFolder('in memory');
const folder = join(root, 'deep/model');
const program = fileURLToPath(new URL('./saver.mjs', import.meta.url));
let oldFiles: Files;

const save = (name: string, to = folder) => writeModel(to, modelOf(name).json, modelOf(name).weights);
const contents = (of = folder): Files =>
  Object.fromEntries(readdirSync(of).map((name) => [name, readFileSync(join(of, name))]));

function restore(files: Files | undefined) {
  rmSync(join(root, 'deep'), { recursive: true, force: true });
  if (!files) return;
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
}

/** Runs saver.mjs; gives what it prints, or 'killed'. */
function run(...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...words], (error, stdout, stderr) => {
      if (error?.signal === 'SIGKILL') resolve('killed');
      else if (error) reject(new Error(stderr));
      else resolve(stdout.trim());
    });
  });
}

const kill = (operation: number, half: boolean, name: string, to: string) =>
  run('kill', to, name, String(operation), half ? 'after' : 'before');

type Files = Record<string, Buffer>;

/** What the files are, whoever wrote them. */
const stateOf = (files: Files) =>
  Object.entries(files)
    .map(
      ([name, bytes]) =>
        `${name.replace(/\.\w+\.\d+\.[0-9a-f]+/, '')} ${bytes.length} ${bytes.toString('base64', 0, 300)}`,
    )
    .sort()
    .join('\n');

/** What saves of the model 'new' over the old one leave that are killed at operation 0, 1, …: one of each kind of file left. */
const killed: Record<'before' | 'after', Files[]> = { before: [], after: [] };
let differing: Files[];

/** Kills a save at every operation, each in a folder of its own. */
async function killEverywhere(half: boolean): Promise<Files[]> {
  const left: Files[] = [];
  for (let first = 0; ; first += 4) {
    const copies = [0, 1, 2, 3].map((i) => join(root, `copy${i}`));
    for (const copy of copies) await save('old', copy);
    const ends = await Promise.all(copies.map((copy, i) => kill(first + i, half, 'new', copy)));
    left.push(...copies.filter((_, i) => ends[i] === 'killed').map(contents));
    for (const copy of copies) rmSync(copy, { recursive: true });
    if (ends.includes('saved')) return left;
  }
}

beforeAll(async () => {
  await save('old');
  oldFiles = contents();
  killed.before = await killEverywhere(false);
  killed.after = await killEverywhere(true);
  differing = [...new Map([...killed.before, ...killed.after].map((files) => [stateOf(files), files])).values()];
}, 600_000);

beforeEach(() => restore(oldFiles));
afterEach(() => {
  jest.restoreAllMocks();
});

describe('a save over an old model that is killed', () => {
  it.each(['before', 'after'] as const)(
    '%s any operation leaves the old model or the new one, whole, and the next save leaves two files',
    async (when) => {
      const seen: string[] = [];
      let finished = 0;
      for (const left of killed[when]) {
        restore(left);
        seen.push(await nameIn(folder));
        const completed = !left['weights.bin'].equals(readFileSync(join(folder, 'weights.bin')));
        if (completed) expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
        finished += Number(completed);
        expect(await nameIn(folder)).toBe(seen.at(-1));
        await save('next');
        expect(await nameIn(folder)).toBe('next');
        expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
      }
      // How often the kills struck: in all, with something to clean up, before and after the new model held, between its renames.
      expect(seen.length).toBeGreaterThan(15);
      expect(killed[when].filter((left) => Object.keys(left).length > 2).length).toBeGreaterThan(8);
      expect(seen).toEqual([...seen].sort().reverse());
      expect(seen.filter((name) => name === 'old').length).toBeGreaterThan(8);
      expect(seen.filter((name) => name === 'new').length).toBeGreaterThan(4);
      expect(finished).toBeGreaterThanOrEqual(when === 'after' ? 3 : 2);
    },
  );

  it('twice over, at any of these and every fifteenth other operation, leaves a whole model', async () => {
    const names: string[] = [];
    expect(differing.length).toBeGreaterThan(5);
    for (const [first, left] of differing.entries()) {
      for (let second = first % 15, saved = false; !saved; second += 30) {
        const folders = [0, 15].map((more) => ({ more, copy: join(root, `copy${more}`) }));
        restore(left);
        for (const { copy } of folders) cpSync(folder, copy, { recursive: true });
        const ends = await Promise.all(folders.map(({ more, copy }) => kill(second + more, true, 'second', copy)));
        for (const { copy } of folders) {
          names.push(await nameIn(copy));
          rmSync(copy, { recursive: true });
        }
        saved = ends.includes('saved');
      }
    }
    expect(names.length).toBeGreaterThan(30);
    expect(new Set(names)).toEqual(new Set(['old', 'new', 'second']));
  }, 600_000);

  it('leaves no model or the whole one where there was none', async () => {
    const seen: string[] = [];
    for (let operation = 0; ; operation += 2) {
      restore(undefined);
      if ((await kill(operation, false, 'new', folder)) === 'saved') break;
      seen.push(await nameIn(folder).catch((error: Error) => error.message.replace(folder, 'F')));
    }
    expect([...new Set(seen)]).toEqual(['F: no such model folder', 'F: no model.json in this folder', 'new']);
    expect(seen.filter((name) => name === 'new').length).toBeGreaterThan(2);
  }, 600_000);

  it('leaves what another machine may still be writing, and what it has left for a day no longer', async () => {
    const names = ['weights.bin.other.1.ab.new', 'model.json.other.1.ab.new', 'weights.bin.new'];
    for (const name of names) writeFileSync(join(folder, name), 'x');
    const old = new Date(Date.now() - 25 * 3_600_000);
    await fs.utimes(join(folder, names[1]), old, old);
    await save('new');
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin', names[0]]);
    expect(await nameIn(folder)).toBe('new');
  });

  it('is finished with its own weights, whatever other saves have left', async () => {
    const old = new Date(Date.now() - 25 * 3_600_000);
    writeFileSync(join(folder, 'model.json'), modelOf('new').json);
    for (const [saver, name] of [
      ['1.ab', 'newer'],
      ['2.cd', 'new'],
      ['3.ef', 'newest'],
    ]) {
      const path = join(folder, `weights.bin.other.${saver}.new`);
      writeFileSync(path, new Uint8Array(modelOf(name).weights));
      await fs.utimes(path, old, old);
    }
    for (let read = 0; read < 2; read++) expect(await nameIn(folder)).toBe('new');
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
  });
});

describe('saves at the same moment', () => {
  it('of which one has lost its lock to another: it waits, and saves then', async () => {
    const lock = join(folder, 'model.json.lock');
    let before: string | undefined;
    const readdir = fs.readdir.bind(fs);
    jest.spyOn(fs, 'readdir').mockImplementationOnce((async (path: string) => {
      writeFileSync(lock, 'other.1.ab');
      setTimeout(() => {
        before = readFileSync(join(folder, 'model.json'), 'utf8');
        rmSync(lock);
      }, 200);
      return readdir(path);
    }) as typeof fs.readdir);
    await save('new');
    expect(before).toBe(modelOf('old').json);
    expect(await nameIn(folder)).toBe('new');
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
  });

  it('by three processes: every one succeeds, readers see one or another, two files are left', async () => {
    const end = join(root, 'end');
    const savers = ['aa', 'bbb', 'cccc'].map((name) => run('loop', folder, name, '50', end));
    const readers = Promise.all([run('read', folder, '100'), run('read', folder, '100')]);
    const seen = await readers.finally(() => writeFileSync(end, ''));
    await Promise.all(savers);
    rmSync(end);
    for (const text of seen) {
      const names = Object.keys(JSON.parse(text));
      expect(names.length).toBeGreaterThan(1);
      expect(['old', 'aa', 'bbb', 'cccc']).toEqual(expect.arrayContaining(names));
    }
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
  }, 600_000);

  it('by one process, to a folder that is not there yet and that others try to save to', async () => {
    for (let round = 0; round < 20; round++) {
      restore(undefined);
      const names = ['a', 'bb', 'ccc', 'dddd'];
      await Promise.all([...names.map((name) => save(name)), checkWritable(folder), checkWritable(folder)]);
      expect(names).toContain(await nameIn(folder));
      expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
    }
  });

  it('beside readers in the same process, of models with the same and with other sizes and without a checksum', async () => {
    const [a, b] = ['ab', 'ba'].map(modelOf);
    const plain = (json: string) => json.replace(/,"sha256":"\w+"/, '');
    let done = false;
    const saving = (async () => {
      for (let i = 0; i < 60; i++) {
        await save(i % 2 ? 'new' : 'newer');
        await writeModel(folder, plain(i % 2 ? a.json : b.json), i % 2 ? a.weights : b.weights);
      }
      done = true;
    })();
    let reads = 0;
    for (; !done; reads++) await nameIn(folder);
    await saving;
    expect(reads).toBeGreaterThan(10);
  }, 600_000);
});

it('a file that its first save puts in place while it is looked for is read', async () => {
  const path = fileURLToPath(new URL('../fixtures/keras3/constraints.keras', import.meta.url));
  jest.spyOn(fs, 'stat').mockRejectedValueOnce(Object.assign(new Error('not yet'), { code: 'ENOENT' }));
  const { model } = await openModel(path);
  expect(model.weights.length).toBeGreaterThan(0);
  model.dispose();
});

describe('a save that fails', () => {
  type Operation = (...args: unknown[]) => Promise<unknown>;

  /** Saves with one file-system operation failing, as a full disk would make it. */
  async function saveFailing(
    stop: number,
    saves = 'new',
  ): Promise<{ message?: string; code?: string; failed?: string }> {
    let count = 0;
    let failed: string | undefined;
    const intercept = (name: string, real: Operation, receiver: object): Operation => {
      return async (...args) => {
        if (count++ === stop) {
          failed = name;
          throw Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: 'ENOSPC' });
        }
        const result = await Reflect.apply(real, receiver, args);
        if (name === 'open') {
          const handle = result as Record<string, Operation>;
          for (const method of ['writeFile', 'sync', 'close'])
            handle[method] = intercept(method, handle[method], handle);
        }
        return result;
      };
    };
    const table = fs as unknown as Record<string, Operation>;
    for (const name of ['mkdir', 'open', 'rename', 'rm', 'rmdir', 'readdir']) {
      const real = table[name];
      jest.spyOn(table, name).mockImplementation(intercept(name, real, fs));
    }
    const error: { message?: string; code?: string } = await save(saves).then(
      () => ({}),
      (reason) => reason,
    );
    jest.restoreAllMocks();
    return { message: error.message, code: error.code, failed };
  }

  it.each([
    ['over an old model', true],
    ['to a new folder', false],
  ])('%s, at any operation, says why and leaves everything as it was', async (_, over) => {
    const failures: string[] = [];
    let saved = 0;
    for (let stop = 0; ; stop++) {
      restore(over ? oldFiles : undefined);
      const { message, code, failed } = await saveFailing(stop);
      if (!failed) break;
      failures.push(failed);
      const already = message?.startsWith(`${folder}: the model is saved, but weights.bin.`);
      if (already || message === undefined) {
        // Only giving the lock back may fail unsaid: it is tried again.
        if (message === undefined) expect(failed).toBe('rm');
        saved++;
        expect(await nameIn(folder)).toBe('new');
        await save('next');
        expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
      } else {
        expect({ message, code }).toEqual({
          message: `${folder}: the model cannot be saved: no space left on device (ENOSPC)`,
          code: 'io',
        });
        if (over) expect(contents()).toEqual(oldFiles);
        else expect(readdirSync(root)).toEqual([]);
      }
    }
    expect(failures.length).toBeGreaterThan(15);
    expect(saved).toBeGreaterThan(2);
    expect(new Set(failures)).toEqual(
      new Set([...(over ? [] : ['mkdir']), 'open', 'writeFile', 'sync', 'close', 'readdir', 'rename', 'rm']),
    );
  });

  it('over a model whose save was killed, at every third operation, loses no model', async () => {
    let failures = 0;
    for (const [first, files] of differing.entries()) {
      for (let second = first % 3; ; second += 3) {
        restore(files);
        const { failed } = await saveFailing(second, 'second');
        expect(['old', 'new', 'second']).toContain(await nameIn(folder));
        if (!failed) break;
        failures++;
      }
    }
    expect(failures).toBeGreaterThan(100);
  }, 600_000);

  it('for want of a folder that can be made or written to', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    for (const to of [file, join(file, 'model'), join(root, 'name\0'), join(root, 'n'.repeat(300))]) {
      await expect(save('new', to)).rejects.toMatchObject({ code: 'io' });
    }
    await expect(save('new', file)).rejects.toThrow(`${file}: a file is in the way; give a folder`);
    expect(readFileSync(file, 'utf8')).toBe('');
    rmSync(file);
    for (const name of ['model.json', 'weights.bin']) {
      const inTheWay = join(root, 'in-the-way');
      mkdirSync(join(inTheWay, name), { recursive: true });
      await expect(save('new', inTheWay)).rejects.toThrow(`${join(inTheWay, name)}: a folder is in the way`);
      expect(readdirSync(inTheWay)).toEqual([name]);
      rmSync(inTheWay, { recursive: true });
    }
  });
});

describe('both files of a model', () => {
  it('are on the disk before the first is renamed', async () => {
    const calls: string[] = [];
    const { open, rename } = fs;
    jest.spyOn(fs, 'open').mockImplementation(async (path, ...rest) => {
      const handle = await open(path, ...rest);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        calls.push(`sync ${String(path).match(/(model\.json|weights\.bin)\..*\.new$/)?.[1] ?? 'folder'}`);
        await sync();
      };
      return handle;
    });
    jest.spyOn(fs, 'rename').mockImplementation(async (from, to) => {
      calls.push(`rename ${String(to).match(/(model\.json|weights\.bin)$/)?.[1]}`);
      await rename(from, to);
    });
    await save('new');
    expect(calls).toEqual([
      'sync weights.bin',
      'sync model.json',
      'sync folder',
      'rename model.json',
      'sync folder',
      'rename weights.bin',
      'sync folder',
    ]);
  });
});

it('two saves of models at the same moment: both succeed, and what is loaded is one of them', async () => {
  await prepareBackend();
  const models = [smallModel(1), smallModel(2, 5)];
  const predictions = models.map((model) => predict(model));
  for (let round = 0; round < 20; round++) {
    const [, , loaded] = await Promise.all([
      saveTfjs(models[0], folder, { name: 0 }),
      saveTfjs(models[1], folder, { name: 1 }),
      round > 0 ? openModel(folder) : undefined,
    ]);
    for (const { model, metadata } of [loaded, await openModel(folder)].filter((one) => one !== undefined)) {
      expect(predict(model)).toEqual(predictions[Number(metadata.name)]);
      model.dispose();
    }
  }
});
