/**
 * A file of plain JSON and arrays: magic, length of the JSON, the JSON (UTF-8, padded to 4 bytes), the arrays as little-endian
 * float32 one after the other, and the SHA-256 of all before it. For Node; reached by a dynamic import.
 */

import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../fields.js';
import type { StoredBackup } from '../training/backup.js';
import { makeFolder } from './folder.js';
import { invalid } from './modelJson.js';

const MAGIC = 0x4d434c53;
const DIGEST = 32;

/** Numbers that JSON has no words for. */
const odd: Record<string, number> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': -Infinity,
  '-0': -0,
};

function written(_key: string, value: unknown): unknown {
  if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return { $number: Object.is(value, -0) ? '-0' : String(value) };
}

function revived(_key: string, value: unknown): unknown {
  return isRecord(value) && typeof value.$number === 'string' ? odd[value.$number] : value;
}

/** @throws MemcellError 'model' for what is no such file, or a damaged one; else what reading a file throws */
export async function readState(path: string): Promise<StoredBackup> {
  return decodeState(await fs.readFile(path), path);
}

/** Writes a file of a folder, which is made if it is not there, whole or not at all. */
export async function writeState(folder: string, file: string, state: StoredBackup): Promise<void> {
  await makeFolder(folder);
  const { default: writeFileAtomic } = await import('write-file-atomic');
  await writeFileAtomic(join(folder, file), Buffer.from(encodeState(state).buffer));
}

/** Removes what killed writes of such files have left in a folder. */
export async function removeUnfinished(folder: string, isOwn: (file: string) => boolean): Promise<void> {
  for (const file of await fs.readdir(folder).catch((): string[] => [])) {
    if (isUnfinished(file, isOwn)) await fs.rm(join(folder, file), { force: true });
  }
}

/** Whether a file is what a killed write of a state file has left: its name with a number after it. */
export function isUnfinished(file: string, isOwn: (file: string) => boolean): boolean {
  const [, whole] = /^(.*)\.\d+$/.exec(file) ?? [];
  return whole !== undefined && isOwn(whole);
}

export function encodeState({ values, arrays }: StoredBackup): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify({ values, sizes: arrays.map(({ length }) => length) }, written));
  const start = 8 + 4 * Math.ceil(json.length / 4);
  const size = arrays.reduce((sum, { length }) => sum + 4 * length, start);
  const bytes = new Uint8Array(size + DIGEST);
  const head = new DataView(bytes.buffer);
  head.setUint32(0, MAGIC);
  head.setUint32(4, json.length, true);
  bytes.set(json, 8);
  let at = start;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  bytes.set(digestOf(bytes.subarray(0, size)), size);
  return bytes;
}

/** @throws MemcellError 'model' for what is no such file, or a damaged one */
export function decodeState(bytes: Uint8Array, where: string): StoredBackup {
  const damaged = (cause?: unknown) => invalid(where, 'not a backup, or a damaged one', cause);
  const size = bytes.length - DIGEST;
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size < 8 || head.getUint32(0) !== MAGIC) throw damaged();
  if (!digestOf(bytes.subarray(0, size)).equals(bytes.subarray(size))) throw damaged();
  const length = head.getUint32(4, true);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)), revived);
  } catch (cause) {
    throw damaged(cause);
  }
  if (!isRecord(json) || !Array.isArray(json.sizes) || !isRecord(json.values)) throw damaged();
  let at = 8 + 4 * Math.ceil(length / 4);
  const arrays = json.sizes.map((count: unknown) => {
    const end = at + 4 * Number(count);
    if (!(end >= at && end <= size)) throw damaged();
    const array = new Float32Array(new Uint8Array(bytes.subarray(at, end)).buffer);
    at = end;
    return array;
  });
  return { values: json.values, arrays };
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
