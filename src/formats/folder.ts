/**
 * A model's folder on disk: model.json and weights.bin, read and replaced as one. For Node; reached by a dynamic import.
 *
 * A save writes both files under names of its own, syncs them, and then, under the folder's lock, renames the one to
 * model.json and the other to weights.bin. The first rename is the moment at which the new model holds. Cut short before it,
 * the old files are untouched; cut short after it, model.json names the SHA-256 of its weights, weights.bin does not have it
 * and an unfinished file does: loading (or the next save) does the second rename. Who reads meanwhile gets the old model or
 * the new one.
 */

import { promises as fs } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { MemcellError, modelError, usageError } from '../errors.js';
import { isRecord } from '../fields.js';
import { sha256 } from './checksum.js';
import { filePath, holdsSavedModel } from './file.js';
import { beginSaver, endSaver, hasCode, unfinishedFiles, unfinishedPath, withLock } from './folderLock.js';
import { SAVED_MODEL } from './foreign.js';
import { invalid, mostJsonBytes, parseModelJson, reasonOf, type StoredModel, type WeightGroup } from './modelJson.js';

const modelFile = 'model.json';
const weightsFile = 'weights.bin';

/** How often a model is read anew because it was replaced meanwhile, and because its files do not fit each other. */
const MOST_READS = { replaced: 100, unfit: 3 };

/** The folder and the file in it that a user's `models/digits`, `models/digits/model.json`, `mine.json` or `file:///…` means. */
export async function modelPlace(name: string): Promise<{ folder: string; file: string }> {
  const path = filePath(name);
  const named = /\.json$/i.test(path) && (await fs.stat(path).catch(() => undefined))?.isFile();
  return named ? { folder: dirname(path), file: basename(path) } : { folder: modelFolder(path), file: modelFile };
}

/** The folder that a user's `models/digits`, `models/digits/model.json` or `file:///…` means. */
export function modelFolder(name: string): string {
  const path = filePath(name);
  return basename(path) === modelFile ? dirname(path) : path;
}

/**
 * The model in a folder, its model.json, or the file of another name, and its weights of one save.
 * @throws MemcellError 'model' or 'io' that names the file and what is wrong with it
 */
export async function readModel(folder: string, file = modelFile): Promise<StoredModel> {
  for (let reads = 1; ; reads++) {
    const { text, where } = await readModelJson(folder, file);
    const json = parseModelJson(text, where);
    const changed = async () => (await readModelJson(folder, file)).text !== text;
    try {
      const data: ArrayBuffer[] = [];
      for (const group of json.groups) data.push(await readWeights(folder, group));
      // Weights without a sum may be those of a save in between.
      const certain = json.groups.every(({ sha256 }) => sha256 !== undefined);
      if (certain || reads === MOST_READS.replaced || !(await changed())) return { json, where, data };
    } catch (error) {
      if (reads >= ((await changed()) ? MOST_READS.replaced : MOST_READS.unfit)) throw error;
      await new Promise((again) => setTimeout(again, 20 * Math.random()));
    }
  }
}

/** The text of the folder's model.json. */
async function readModelJson(folder: string, file: string): Promise<{ text: string; where: string }> {
  const where = join(folder, file);
  const size = await fileSize(where).catch(async (cause) => {
    const found = await fs.stat(folder).catch(() => undefined);
    if (!found) throw invalid(folder, 'no such model folder', cause);
    if (!found.isDirectory())
      throw invalid(folder, 'not a model folder but a file; give the folder that holds model.json', cause);
    if (await holdsSavedModel(folder)) throw invalid(folder, SAVED_MODEL, cause);
    if (hasCode(cause, 'ENOENT')) throw invalid(folder, 'no model.json in this folder', cause);
    throw ioError(where, 'cannot be read', cause);
  });
  if (size > mostJsonBytes) throw invalid(where, `${size} bytes, more than any model.json`);
  try {
    return { text: await fs.readFile(where, 'utf8'), where };
  } catch (cause) {
    throw ioError(where, 'cannot be read', cause);
  }
}

/** The bytes of a group's files, joined: exactly `group.bytes`, and of `group.sha256` when the group has one. */
async function readWeights(folder: string, group: WeightGroup): Promise<ArrayBuffer> {
  const paths = group.paths.map((path) => join(folder, path));
  if (group.sha256 === undefined) return readFiles(folder, paths, group);
  let failure: unknown;
  try {
    const bytes = await readFiles(folder, paths, group);
    if ((await sha256(bytes)) === group.sha256) return bytes;
    failure = invalid(paths.join(', '), 'damaged: its SHA-256 is not the one in model.json; save the model again');
  } catch (error) {
    failure = error;
  }
  const waiting = group.paths.join() === weightsFile ? await readWaiting(folder, group) : undefined;
  if (!waiting) throw failure;
  return waiting;
}

async function readFiles(folder: string, paths: readonly string[], { bytes: wanted }: WeightGroup) {
  let sizes: number[];
  try {
    sizes = await Promise.all(paths.map(fileSize));
  } catch (cause) {
    throw ioError(paths.length === 1 ? paths[0] : folder, 'the weights cannot be read', cause);
  }
  const size = sizes.reduce((sum, bytes) => sum + bytes, 0);
  if (size !== wanted) {
    const how = size < wanted ? 'truncated' : 'too long';
    throw invalid(paths.join(', '), `${how}: ${size} bytes, but the weights in model.json are ${wanted}`);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const [index, path] of paths.entries()) {
    const part = await fs.readFile(path).catch((cause) => Promise.reject(ioError(path, 'cannot be read', cause)));
    if (part.byteLength !== sizes[index]) throw invalid(path, 'changed while it was read; load it again');
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes.buffer;
}

/** The weights of a save that has not done its second rename; where nobody else will, does it. */
async function readWaiting(folder: string, group: WeightGroup): Promise<ArrayBuffer | undefined> {
  const files = await unfinishedFiles(folder, [weightsFile]).catch(() => []);
  for (const { path, bytes: size, stray } of files) {
    if (size !== group.bytes) continue;
    const bytes = await fs.readFile(path).catch(() => undefined);
    if (!bytes || (await sha256(new Uint8Array(bytes).buffer)) !== group.sha256) continue;
    if (stray) await tidy(folder);
    return new Uint8Array(bytes).buffer;
  }
  return undefined;
}

/** Finishes and removes what killed saves have left, unless someone saves now or the folder cannot be written. */
async function tidy(folder: string): Promise<void> {
  const saver = beginSaver();
  await withLock(folder, saver, () => finishStrays(folder), 0).catch(() => undefined);
  endSaver(saver);
}

/**
 * Replaces the model in `folder`, made if it is not there. A crash at any moment leaves the old model or the new one, whole;
 * an error leaves the old one and no other files. Of several saves at the same time the last one holds.
 * @throws MemcellError 'io': no permission, no space, a file in the way
 */
export async function writeModel(folder: string, json: string, weights: ArrayBuffer): Promise<void> {
  const saver = beginSaver();
  const newModel = unfinishedPath(folder, modelFile, saver);
  const newWeights = unfinishedPath(folder, weightsFile, saver);
  let made: string | undefined;
  const isMade = (top: string) => {
    made ??= top;
  };
  let holds = false;
  const commit = async (isMine: () => Promise<boolean>) => {
    await finishStrays(folder);
    await syncFolder(folder);
    if (!(await isMine())) return;
    await fs.rename(newModel, join(folder, modelFile));
    holds = true;
    await syncFolder(folder);
    await fs.rename(newWeights, join(folder, weightsFile));
    await syncFolder(folder);
  };
  try {
    await inFolder(folder, () => writeSynced(newWeights, new Uint8Array(weights)), isMade);
    await writeSynced(newModel, json);
    while (!holds) await withLock(folder, saver, commit);
  } catch (cause) {
    if (holds) {
      const what = `the model is saved, but ${basename(newWeights)} could not be renamed; load it once more`;
      throw ioError(folder, what, cause);
    }
    for (const path of [newModel, newWeights]) await fs.rm(path, { force: true }).catch(() => undefined);
    if (made) await removeEmpty(folder, made);
    throw ioError(folder, 'the model cannot be saved', cause);
  } finally {
    endSaver(saver);
  }
}

/** How a save's own files are named: the model, its weights, and what an unfinished save or its lock leaves for a moment. */
const ownFile = /^(model\.json|weights\.bin|group\d+-shard\d+of\d+(\.bin)?)$|^\.|\.(new|lock)$/;

/**
 * Whether a task's model may take the place of what is in `folder`: of nothing, or of a model of the same task; of another
 * model with `force`. Never of files that are no model's.
 * @throws MemcellError 'usage' that says what is there
 */
export async function checkReplaceable(folder: string, task: string, force: boolean): Promise<void> {
  const names: string[] = await fs.readdir(folder).catch(() => []);
  const json = names.includes(modelFile) ? await taskIn(join(folder, modelFile)) : undefined;
  if (json?.task === task) return;
  const foreign = names.find((name) => !ownFile.test(name));
  if (json?.task === undefined && foreign !== undefined) {
    throw usageError(
      `${folder}: holds other files (${foreign}${names.length > 1 ? ', …' : ''}) and no model that memcell train saved; give --out a folder of its own`,
    );
  }
  if (json === undefined || force) return;
  const what = json.task === undefined ? 'a model that memcell train did not save' : `a model for ${json.task}`;
  throw usageError(`${folder}: holds ${what}; give --out another folder, or --force to replace it`);
}

/** The task in a model.json that memcell train saved; none of one that another program wrote, or that is damaged. */
async function taskIn(path: string): Promise<{ task?: string }> {
  try {
    const json: unknown = JSON.parse(await fs.readFile(path, 'utf8'));
    const metadata =
      isRecord(json) && isRecord(json.userDefinedMetadata) ? json.userDefinedMetadata.memcell : undefined;
    const task = isRecord(metadata) && isRecord(metadata.task) ? metadata.task.kind : undefined;
    return typeof task === 'string' ? { task } : {};
  } catch {
    return {};
  }
}

/**
 * Tries whether a model could be saved in `folder`, and leaves no trace.
 * @throws MemcellError 'io' when it could not
 */
export async function checkWritable(folder: string): Promise<void> {
  const saver = beginSaver();
  const probe = unfinishedPath(folder, modelFile, saver);
  let made: string | undefined;
  const isMade = (top: string) => {
    made ??= top;
  };
  try {
    await inFolder(folder, async () => (await fs.open(probe, 'w')).close(), isMade);
    await fs.rm(probe);
  } catch (cause) {
    throw ioError(folder, 'a model cannot be saved here', cause);
  } finally {
    endSaver(saver);
    if (made) await removeEmpty(folder, made);
  }
}

/** Makes the folder, and does `first` in it; again where someone who has made it, too, has just removed it. */
async function inFolder(folder: string, first: () => Promise<void>, onMade: (top: string) => void): Promise<void> {
  for (let tries = 1; ; tries++) {
    const top = await makeFolder(folder);
    if (top !== undefined) onMade(top);
    for (const name of [modelFile, weightsFile]) await refuseFolder(join(folder, name));
    try {
      return await first();
    } catch (error) {
      if (tries === 3 || !hasCode(error, 'ENOENT')) throw error;
    }
  }
}

/**
 * Makes a folder and those above it; gives the topmost that was not there. One by one: where nothing can be made but
 * missing parents are reported (/proc), Node's recursive mkdir never returns.
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let path = resolve(folder); !(await exists(path)); path = dirname(path)) missing.unshift(path);
  for (const [index, path] of missing.entries()) {
    try {
      await fs.mkdir(path);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) continue;
      if (index > 0) await removeEmpty(missing[index - 1], missing[0]);
      throw error;
    }
  }
  if (!(await fs.stat(folder)).isDirectory()) {
    throw new MemcellError(`${folder}: a file is in the way; give a folder`, { code: 'io' });
  }
  return missing[0];
}

async function exists(path: string): Promise<boolean> {
  return fs.stat(path).then(
    () => true,
    (error) => {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    },
  );
}

async function fileSize(path: string): Promise<number> {
  const found = await fs.stat(path);
  if (!found.isFile()) throw modelError(`${path}: not a file`);
  return found.size;
}

async function refuseFolder(path: string): Promise<void> {
  const found = await fs.lstat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new MemcellError(`${path}: a folder is in the way`, { code: 'io' });
}

async function writeSynced(path: string, data: string | Uint8Array): Promise<void> {
  const handle = await fs.open(path, 'w');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the folder's names durable. Windows opens no folders; its renames are in its journal. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Does the second rename of a save that was cut short, and removes other files of killed saves. Under the lock: nobody else
 * is between two renames then.
 */
async function finishStrays(folder: string): Promise<void> {
  const strays = (await unfinishedFiles(folder, [modelFile, weightsFile])).filter(({ stray }) => stray);
  const target = join(folder, weightsFile);
  const sum = strays.length > 0 ? await sumInModelJson(folder) : undefined;
  if (sum !== undefined && (await sumOf(target)) !== sum) {
    for (const [index, { path, target: name }] of strays.entries()) {
      if (name !== weightsFile || (await sumOf(path)) !== sum) continue;
      await fs.rename(path, target);
      strays.splice(index, 1);
      break;
    }
  }
  for (const { path } of strays) await fs.rm(path, { force: true });
}

/** The SHA-256 that the folder's model.json has for weights.bin, if it has one. */
async function sumInModelJson(folder: string): Promise<unknown> {
  let manifest: unknown;
  try {
    manifest = JSON.parse(await fs.readFile(join(folder, modelFile), 'utf8')).weightsManifest;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  const [group] = Array.isArray(manifest) ? manifest : [];
  return isRecord(group) && String(group.paths) === weightsFile ? group.sha256 : undefined;
}

async function sumOf(path: string): Promise<string | undefined> {
  return (await exists(path)) ? sha256(new Uint8Array(await fs.readFile(path)).buffer) : undefined;
}

/** Removes `folder` and the folders above it up to `top`, as long as they are empty. */
async function removeEmpty(folder: string, top: string): Promise<void> {
  for (let path = resolve(folder); path.startsWith(resolve(top)); path = dirname(path)) {
    const removed = await fs.rmdir(path).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

/** "where: what: no space left on device (ENOSPC)". */
function ioError(where: string, what: string, cause: unknown): MemcellError {
  if (cause instanceof MemcellError) return cause;
  const message = reasonOf(cause);
  const [, code, reason] = message.match(/^([A-Z0-9]+): ([^,]*)/) ?? ['', '', message];
  return new MemcellError(`${where}: ${what}: ${reason}${code && ` (${code})`}`, { code: 'io', cause });
}
