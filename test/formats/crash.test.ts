import { promises as fs, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { loadTfjs, saveTfjs } from '../../src/formats/tfjs.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { predict, smallModel, temporaryFolder } from './models.js';

/** The file-system operations that change something; a save uses no others to write. */
const operations = ['mkdir', 'open', 'rename', 'rm', 'rmdir', 'unlink', 'writeFile', 'truncate', 'copyFile'] as const;
const handleOperations = ['write', 'writeFile', 'writev', 'sync', 'datasync', 'truncate', 'close'] as const;

type Operation = (...args: unknown[]) => Promise<unknown>;

/**
 * Counts the operations of a save and lets `at` decide what becomes of each one: undefined lets it run; otherwise what it
 * returns is the result. Reading, and opening for reading, count as well.
 */
function onOperation(at: (count: number, name: string, run: () => Promise<unknown>) => Promise<unknown> | undefined) {
  let count = 0;
  const intercept = (name: string, real: Operation, receiver: object): Operation => {
    return async (...args) => {
      const run = () => Reflect.apply(real, receiver, args);
      const result = await (at(count++, name, run) ?? run());
      if (name === 'open') {
        const handle = result as Record<string, Operation>;
        for (const method of handleOperations) handle[method] = intercept(method, handle[method], handle);
      }
      return result;
    };
  };
  const table = fs as unknown as Record<string, Operation>;
  for (const name of operations) {
    const real = table[name];
    jest.spyOn(table, name).mockImplementation(intercept(name, real, fs));
  }
  return () => count;
}

const never = new Promise<never>(() => {});
const root = temporaryFolder();
const folder = join(root, 'deep/model');
const oldModel = { predicts: [] as number[], metadata: { name: 'old' } };
const newModel = { predicts: [] as number[], metadata: { name: 'new' } };
let oldFiles: Record<string, Buffer>;
let model: ReturnType<typeof smallModel>;

const contents = (): Record<string, Buffer> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));

/** Whether the folder was seen in this state before. */
function isKnown(seen: Set<string>, files: Record<string, Buffer>): boolean {
  const state = Object.entries(files).map(([name, bytes]) => `${name} ${bytes.toString('base64')}`);
  return seen.size === seen.add(state.sort().join('\n')).size;
}

function restore(files: Record<string, Buffer> | undefined) {
  rmSync(join(root, 'deep'), { recursive: true, force: true });
  if (!files) return;
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
}

/** Which model the folder holds, whole: 'old' or 'new'. */
async function held(): Promise<string> {
  const loaded = await loadTfjs(folder);
  const { name } = loaded.metadata;
  expect(predict(loaded.model)).toEqual(name === 'new' ? newModel.predicts : oldModel.predicts);
  loaded.model.dispose();
  return String(name);
}

beforeAll(async () => {
  await prepareBackend();
  const before = smallModel(1);
  model = smallModel(2, 5);
  oldModel.predicts = predict(before);
  newModel.predicts = predict(model);
  await saveTfjs(before, folder, oldModel.metadata);
  oldFiles = contents();
});

beforeEach(() => restore(oldFiles));
afterEach(() => {
  jest.restoreAllMocks();
});

/** Saves the new model and stops for good at operation `stop`, done by half if `half`; resolves when it has stopped. */
async function saveUntil(stop: number, half = false): Promise<'stopped' | 'saved'> {
  let stopped: () => void = () => {};
  const atStop = new Promise<'stopped'>((resolve) => {
    stopped = () => resolve('stopped');
  });
  onOperation((count, name, run) => {
    if (count < stop) return undefined;
    if (half && count === stop && name !== 'close') void run().then(stopped, stopped);
    else stopped();
    return never;
  });
  const result = await Promise.race([atStop, saveTfjs(model, folder, newModel.metadata).then(() => 'saved' as const)]);
  jest.restoreAllMocks();
  return result;
}

describe('a save over an old model that is cut short', () => {
  it.each([
    ['before', false],
    ['just after', true],
  ])('%s any operation leaves the old model or the new one, whole, and the next save works', async (_, half) => {
    const seen: string[] = [];
    for (let stop = 0; ; stop++) {
      restore(oldFiles);
      if ((await saveUntil(stop, half)) === 'saved') break;
      seen.push(await held());
      expect(await held()).toBe(seen.at(-1));
      await saveTfjs(model, folder, newModel.metadata);
      expect(await held()).toBe('new');
      expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
    }
    expect(seen.length).toBeGreaterThan(10);
    expect(seen).toEqual([...seen].sort().reverse());
    expect(new Set(seen)).toEqual(new Set(['old', 'new']));
  });

  it('with part of a file written leaves the old model', async () => {
    for (const name of ['weights.bin.new', 'model.json.new']) {
      restore(oldFiles);
      writeFileSync(join(folder, name), 'x'.repeat(100));
      expect(await held()).toBe('old');
    }
  });

  it('twice over, at any two operations, leaves a whole model', async () => {
    const seen = new Set<string>();
    for (let first = 0; ; first++) {
      restore(oldFiles);
      if ((await saveUntil(first)) === 'saved') break;
      const files = contents();
      if (isKnown(seen, files)) continue;
      for (let second = 0; ; second++) {
        restore(files);
        if ((await saveUntil(second, true)) === 'saved') break;
        await held();
      }
    }
  });

  it('is completed by loading: stock tfjs then finds the new model', async () => {
    for (let stop = 0; ; stop++) {
      restore(oldFiles);
      if ((await saveUntil(stop)) === 'saved')
        throw new Error('no stop left a renamed model.json beside weights.bin.new');
      if (readdirSync(folder).sort().join() !== 'model.json,weights.bin,weights.bin.new') continue;
      if (readFileSync(join(folder, 'model.json')).equals(oldFiles['model.json'])) continue;
      expect(await held()).toBe('new');
      expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
      return;
    }
  });
});

describe('a first save that is cut short', () => {
  it('leaves no model or the whole one', async () => {
    for (let stop = 0; ; stop++) {
      restore(undefined);
      if ((await saveUntil(stop)) === 'saved') break;
      const loaded = await loadTfjs(folder).then(
        ({ model }) => predict(model),
        (error: Error) => error.message,
      );
      if (typeof loaded === 'string') expect(loaded).toMatch(/no such model folder$|no model.json in this folder$/);
      else expect(loaded).toEqual(newModel.predicts);
    }
  });
});

describe('a save that fails', () => {
  /** Saves with operation `stop` failing, as a full disk would make it. */
  async function saveFailing(stop: number): Promise<{ message?: string; code?: string; failed?: string }> {
    let failed: string | undefined;
    onOperation((count, name) => {
      if (count !== stop) return undefined;
      failed = name;
      const error = Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: 'ENOSPC' });
      return Promise.reject(error);
    });
    const error: { message?: string; code?: string } = await saveTfjs(model, folder, newModel.metadata).then(
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
    let failures = 0;
    for (let stop = 0; ; stop++) {
      restore(over ? oldFiles : undefined);
      const { message, code, failed } = await saveFailing(stop);
      if (!failed) break;
      failures++;
      expect(code).toBe('io');
      if (message?.startsWith(`${folder}: the model is saved, but`)) {
        expect(await held()).toBe('new');
      } else {
        expect(message).toBe(`${folder}: the model cannot be saved: no space left on device (ENOSPC)`);
        if (over) expect(contents()).toEqual(oldFiles);
        else expect(readdirSync(root)).toEqual([]);
      }
    }
    expect(failures).toBeGreaterThan(10);
  });

  it('over a model whose save was cut short, at any operation, loses no model', async () => {
    const seen = new Set<string>();
    for (let first = 0; ; first++) {
      restore(oldFiles);
      if ((await saveUntil(first)) === 'saved') break;
      const files = contents();
      if (isKnown(seen, files)) continue;
      for (let second = 0; ; second++) {
        restore(files);
        const before = await held();
        restore(files);
        if (!(await saveFailing(second)).failed) break;
        expect([before, 'new']).toContain(await held());
      }
    }
  });

  it('for want of a folder that can be made or written to', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    for (const to of [file, join(file, 'model'), join(root, 'name\0'), join(root, 'n'.repeat(300))]) {
      await expect(saveTfjs(model, to, {})).rejects.toMatchObject({ code: 'io' });
    }
    await expect(saveTfjs(model, file, {})).rejects.toThrow(`${file}: a file is in the way; give a folder`);
    expect(readFileSync(file, 'utf8')).toBe('');
    rmSync(file);
    for (const name of ['model.json', 'weights.bin']) {
      const inTheWay = join(root, 'in-the-way');
      mkdirSync(join(inTheWay, name), { recursive: true });
      await expect(saveTfjs(model, inTheWay, {})).rejects.toThrow(`${join(inTheWay, name)}: a folder is in the way`);
      expect(readdirSync(inTheWay)).toEqual([name]);
      rmSync(inTheWay, { recursive: true });
    }
  });
});
