/**
 * A model's folder on disk: model.json and weights.bin, read and replaced as one. For Node; reached by a dynamic import.
 *
 * A save writes both files under their names + '.new', syncs them, then renames model.json.new, then weights.bin.new.
 * The first rename is the moment at which the new model holds. Cut short before it, the old files are untouched; cut short
 * after it, model.json names the SHA-256 of its weights, weights.bin does not have it and weights.bin.new does: loading (or
 * the next save) does the second rename.
 */
import { promises as fs } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MemcellError } from '../errors.js';
import { sha256 } from './checksum.js';
import { invalid, isRecord, reasonOf, type WeightGroup } from './modelJson.js';

const modelFile = 'model.json';
const weightsFile = 'weights.bin';

/** A larger model.json is refused unread; a vocabulary and a long history take well under a megabyte. */
const mostJsonBytes = 2 ** 28;

/** The folder that a user's `models/digits`, `models/digits/model.json` or `file:///…` means. */
export function modelFolder(name: string): string {
  const path = name.startsWith('file://') ? fileURLToPath(name) : name;
  return basename(path) === modelFile ? dirname(path) : path;
}

/** The text of the folder's model.json. */
export async function readModelJson(folder: string): Promise<{ text: string; where: string }> {
  const where = join(folder, modelFile);
  const size = await fileSize(where).catch(async (cause) => {
    const found = await fs.stat(folder).catch(() => undefined);
    if (!found) throw invalid(folder, 'no such model folder', cause);
    if (!found.isDirectory())
      throw invalid(folder, 'not a model folder but a file; give the folder that holds model.json', cause);
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
export async function readWeights(folder: string, group: WeightGroup): Promise<ArrayBuffer> {
  let paths = group.paths.map((path) => join(folder, path));
  let sizes: number[];
  try {
    if (await isWaiting(folder, group)) paths = [await completed(`${paths[0]}.new`, paths[0])];
    sizes = await Promise.all(paths.map(fileSize));
  } catch (cause) {
    throw ioError(group.paths.length === 1 ? paths[0] : folder, 'the weights cannot be read', cause);
  }
  const where = paths.join(', ');
  const size = sizes.reduce((sum, bytes) => sum + bytes, 0);
  if (size !== group.bytes) {
    const how = size < group.bytes ? 'truncated' : 'too long';
    throw invalid(where, `${how}: ${size} bytes, but the weights in model.json are ${group.bytes}`);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const [index, path] of paths.entries()) {
    const part = await fs.readFile(path).catch((cause) => Promise.reject(ioError(path, 'cannot be read', cause)));
    if (part.byteLength !== sizes[index]) throw invalid(path, 'changed while it was read; load it again');
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  if (group.sha256 !== undefined && (await sha256(bytes.buffer)) !== group.sha256) {
    throw invalid(where, 'damaged: its SHA-256 is not the one in model.json; save the model again');
  }
  return bytes.buffer;
}

/**
 * Replaces the model in `folder`, made if it is not there. A crash at any moment leaves the old model or the new one, whole;
 * an error leaves the old one and no other files.
 * @throws MemcellError 'io': no permission, no space, a file in the way
 */
export async function writeModel(folder: string, json: string, weights: ArrayBuffer): Promise<void> {
  const [target, newModel] = [join(folder, modelFile), join(folder, `${modelFile}.new`)];
  const [weightsTarget, newWeights] = [join(folder, weightsFile), join(folder, `${weightsFile}.new`)];
  let made: string | undefined;
  let writes = false;
  let holds = false;
  try {
    made = await makeFolder(folder);
    for (const path of [target, weightsTarget]) await refuseFolder(path);
    await finishInterruptedSave(folder);
    writes = true;
    await writeSynced(newWeights, new Uint8Array(weights));
    await writeSynced(newModel, json);
    await syncFolder(folder);
    await fs.rename(newModel, target);
    holds = true;
    await syncFolder(folder);
    await renameWeights(newWeights, weightsTarget);
    await syncFolder(folder);
  } catch (cause) {
    if (holds)
      throw ioError(
        folder,
        `the model is saved, but ${weightsFile}.new could not be renamed; load it once more`,
        cause,
      );
    for (const path of writes ? [newModel, newWeights] : []) await fs.rm(path, { force: true }).catch(() => undefined);
    if (made) await removeEmpty(folder, made);
    throw ioError(folder, 'the model cannot be saved', cause);
  }
}

/**
 * Tries whether a model could be saved in `folder`, and leaves no trace.
 * @throws MemcellError 'io' when it could not
 */
export async function checkWritable(folder: string): Promise<void> {
  const probe = join(folder, `${modelFile}.new`);
  let made: string | undefined;
  try {
    made = await makeFolder(folder);
    for (const name of [modelFile, weightsFile]) await refuseFolder(join(folder, name));
    await (await fs.open(probe, 'w')).close();
    await fs.rm(probe);
  } catch (cause) {
    throw ioError(folder, 'a model cannot be saved here', cause);
  } finally {
    if (made) await removeEmpty(folder, made);
  }
}

/**
 * Makes a folder and those above it; gives the topmost that was not there. One by one: where nothing can be made but
 * missing parents are reported (/proc), Node's recursive mkdir never returns.
 */
async function makeFolder(folder: string): Promise<string | undefined> {
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
  if (!found.isFile()) throw new MemcellError(`${path}: not a file`, { code: 'model' });
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

/** Another process that loads the model at this moment may have done the rename already. */
async function renameWeights(from: string, to: string): Promise<void> {
  try {
    await fs.rename(from, to);
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw cause;
  }
}

/** Does a save's second rename where the folder can be written; gives the name under which the weights are then. */
async function completed(from: string, to: string): Promise<string> {
  return renameWeights(from, to).then(
    () => to,
    () => from,
  );
}

/** Before a save overwrites weights.bin.new: the model there may still need it. */
async function finishInterruptedSave(folder: string): Promise<void> {
  const waiting = join(folder, `${weightsFile}.new`);
  if (!(await exists(waiting))) return;
  let manifest: unknown;
  try {
    manifest = JSON.parse(await fs.readFile(join(folder, modelFile), 'utf8')).weightsManifest;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return;
    throw error;
  }
  const [group] = Array.isArray(manifest) ? manifest : [];
  if (isRecord(group) && (await isWaiting(folder, group))) await renameWeights(waiting, join(folder, weightsFile));
}

/** Whether a save was cut short between its two renames: weights.bin.new is what model.json describes, weights.bin is not. */
async function isWaiting(folder: string, { paths, sha256 }: { paths?: unknown; sha256?: unknown }): Promise<boolean> {
  if (sha256 === undefined || !Array.isArray(paths) || paths.join() !== weightsFile) return false;
  if ((await sumOf(join(folder, `${weightsFile}.new`))) !== sha256) return false;
  return (await sumOf(join(folder, weightsFile))) !== sha256;
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

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** "where: what: no space left on device (ENOSPC)". */
function ioError(where: string, what: string, cause: unknown): MemcellError {
  if (cause instanceof MemcellError) return cause;
  const message = reasonOf(cause);
  const [, code, reason] = message.match(/^([A-Z0-9]+): ([^,]*)/) ?? ['', '', message];
  return new MemcellError(`${where}: ${what}: ${reason}${code && ` (${code})`}`, { code: 'io', cause });
}
