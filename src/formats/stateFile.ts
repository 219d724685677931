/**
 * A file of plain JSON and arrays: magic, length of the JSON, the JSON (UTF-8, padded to 4 bytes), the arrays as little-endian
 * float32 one after the other, and the SHA-256 of all before it.
 */
import { MemcellError } from '../errors.js';
import type { StoredBackup } from '../training/backup.js';
import { invalid, isRecord } from './modelJson.js';

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

export async function encodeState({ values, arrays }: StoredBackup): Promise<Uint8Array> {
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
  bytes.set(await digestOf(bytes.subarray(0, size)), size);
  return bytes;
}

/** @throws MemcellError 'model' for what is no such file, or a damaged one */
export async function decodeState(bytes: Uint8Array, where: string): Promise<StoredBackup> {
  const damaged = () => invalid(where, 'not a backup, or a damaged one');
  const size = bytes.length - DIGEST;
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size < 8 || head.getUint32(0) !== MAGIC) throw damaged();
  const digest = await digestOf(bytes.subarray(0, size));
  if (digest.some((byte, i) => byte !== bytes[size + i])) throw damaged();
  const length = head.getUint32(4, true);
  const json: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)), revived);
  if (!isRecord(json) || !Array.isArray(json.sizes) || !isRecord(json.values)) throw damaged();
  let at = 8 + 4 * Math.ceil(length / 4);
  const arrays = json.sizes.map((count: unknown) => {
    const end = at + 4 * Number(count);
    if (!(end >= at && end <= size)) throw damaged();
    const array = new Float32Array(bytes.slice(at, end).buffer);
    at = end;
    return array;
  });
  return { values: json.values, arrays };
}

async function digestOf(bytes: Uint8Array<ArrayBuffer> | Uint8Array): Promise<Uint8Array> {
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle) throw new MemcellError('backups need SHA-256, which is not there on this platform', { code: 'io' });
  return new Uint8Array(await subtle.digest('SHA-256', new Uint8Array(bytes)));
}
