/** `.safetensors`: named arrays behind a header of JSON. Nothing in it is code, and every size is checked before it is used. */
import { elements } from '../../data/array.js';
import { floatOfBfloat16, floatOfHalf } from '../halves.js';
import { invalid, isJsonObject, isNestedDeeper, type Json, reasonOf } from '../modelJson.js';

export interface NamedArray {
  name: string;
  shape: number[];
  data: Float32Array;
}

/** A longer header is refused, as the format's own reader does. */
const mostHeader = 100_000_000;

/** Bytes of a number, and its value from them. */
const types: Record<string, { size: number; read(view: DataView, offset: number): number }> = {
  F64: { size: 8, read: (view, offset) => view.getFloat64(offset, true) },
  F32: { size: 4, read: (view, offset) => view.getFloat32(offset, true) },
  F16: { size: 2, read: (view, offset) => floatOfHalf(view.getUint16(offset, true)) },
  BF16: { size: 2, read: (view, offset) => floatOfBfloat16(view.getUint16(offset, true)) },
  I64: { size: 8, read: (view, offset) => Number(view.getBigInt64(offset, true)) },
  I32: { size: 4, read: (view, offset) => view.getInt32(offset, true) },
  I16: { size: 2, read: (view, offset) => view.getInt16(offset, true) },
  I8: { size: 1, read: (view, offset) => view.getInt8(offset) },
  U8: { size: 1, read: (view, offset) => view.getUint8(offset) },
  BOOL: { size: 1, read: (view, offset) => view.getUint8(offset) },
};

/** Whether these bytes begin as a safetensors file does: the header's length, then an object of JSON. */
export function isSafetensors(bytes: Uint8Array): boolean {
  const length = headerLength(bytes);
  return length >= 2 && length <= mostHeader && length <= bytes.length - 8 && bytes[8] === 0x7b;
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 10) return -1;
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
}

/**
 * All arrays of a file, in the order of its header, as 32-bit floats.
 * @throws MemcellError 'model' that names the array
 */
export function readSafetensors(bytes: Uint8Array, where: string): NamedArray[] {
  if (!isSafetensors(bytes)) throw invalid(where, 'not a safetensors file, or cut short');
  const start = 8 + headerLength(bytes);
  const header = parseHeader(bytes.subarray(8, start), where);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start);
  let left = view.byteLength;
  return Object.entries(header).flatMap(([name, entry]) => {
    if (name === '__metadata__') return [];
    const what = `${where}: ${JSON.stringify(name.slice(0, 100))}`;
    const { type, shape, from, to } = parseEntry(entry, what);
    if (to > view.byteLength) throw invalid(what, `it ends at byte ${to} of ${view.byteLength}`);
    left -= to - from;
    // Arrays over one another would make more numbers than the file has.
    if (left < 0) throw invalid(where, 'its arrays lie over one another');
    const data = new Float32Array(elements(shape));
    for (let index = 0; index < data.length; index++) data[index] = type.read(view, from + index * type.size);
    return [{ name, shape, data }];
  });
}

function parseHeader(bytes: Uint8Array, where: string): { [key: string]: Json } {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid(where, `its header is not JSON: ${reasonOf(cause)}`, cause);
  }
  if (!isJsonObject(header) || isNestedDeeper(header, 4)) throw invalid(where, 'its header does not list arrays');
  return header;
}

function parseEntry(entry: Json, what: string) {
  if (!isJsonObject(entry)) throw invalid(what, 'its entry in the header is not an object');
  const { dtype, shape, data_offsets: offsets } = entry;
  const type = typeof dtype === 'string' && Object.hasOwn(types, dtype) ? types[dtype] : undefined;
  if (!type)
    throw invalid(what, `dtype ${JSON.stringify(dtype) ?? 'missing'}; memcell reads ${Object.keys(types).join(', ')}`);
  if (!isWholeNumbers(shape) || shape.length > 8)
    throw invalid(what, `shape ${JSON.stringify(shape) ?? 'missing'} is none`);
  if (!isWholeNumbers(offsets) || offsets.length !== 2)
    throw invalid(what, `data_offsets ${JSON.stringify(offsets) ?? 'missing'}`);
  const [from, to] = offsets;
  if (to - from !== elements(shape) * type.size) {
    throw invalid(
      what,
      `shape [${shape}] of ${dtype} is ${elements(shape) * type.size} bytes, but ${to - from} are there`,
    );
  }
  return { type, shape, from, to };
}

function isWholeNumbers(value: Json | undefined): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && Number(each) >= 0);
}
