/** Arrays in files: .npy, .npz, JSON of nested lists, and tables of numbers; the content tells which. */
import type { NdArray } from '../data/array.js';
import { collect, openBytes } from '../data/bytes.js';
import { jsonForm } from '../data/read.js';
import { openSource } from '../data/source.js';
import type { Table } from '../data/table.js';
import { MemcellError, usageError } from '../errors.js';
import { isRecord } from '../fields.js';
import { arraysInflation } from '../formats/inflation.js';
import { isZip, readZip, writeZip } from '../formats/zip.js';
import { type NestedArray, readArray } from '../model/inputs.js';
import { isNpy, readNpy, writeNpy } from './npy.js';

/** Larger files are not read. */
const MOST_BYTES = 2 ** 31 - 1;
const MOST_AXES = 32;

/** What a file holds: one array, several by name, or a table. */
export type ArrayFile =
  | { kind: 'one'; name: string; array: NdArray }
  | { kind: 'named'; name: string; arrays: ReadonlyMap<string, NdArray> }
  | { kind: 'table'; name: string; table: Table };

/**
 * Reads a file, or standard input for '-'.
 * @throws MemcellError 'io', or 'data' that says what is wrong in the file
 */
export async function readArrayFile(path: string): Promise<ArrayFile> {
  const { name, size, stream } = await openBytes(path);
  if (size > MOST_BYTES) throw new MemcellError(`${name}: ${size} bytes; arrays of up to 2 GiB are read`);
  const bytes = await collect(stream(), name, 'predict it in parts', MOST_BYTES);
  if (isNpy(bytes)) return { kind: 'one', name, array: readNpy(bytes, name) };
  if (isZip(bytes)) return { kind: 'named', name, arrays: await readNpz(bytes, name) };
  const source = openSource({ name, bytes });
  const json = await nestedJson(bytes, name);
  return json ?? { kind: 'table', name, table: await source.table() };
}

async function readNpz(bytes: Uint8Array, where: string): Promise<Map<string, NdArray>> {
  const arrays = new Map<string, NdArray>();
  const limit = arraysInflation(bytes.length);
  for (const [file, content] of await readZip(bytes, limit, where)) {
    if (!file.endsWith('.npy')) {
      const remedy = 'an .npz holds .npy files alone; of an Excel workbook save the sheet as CSV';
      throw new MemcellError(`${where}: has ${JSON.stringify(file.slice(0, 80))} in it; ${remedy}`);
    }
    arrays.set(file.replace(/\.npy$/, ''), readNpy(content, `${where}: ${file}`, limit));
  }
  if (arrays.size === 0) throw new MemcellError(`${where}: has no arrays in it`);
  return arrays;
}

/** JSON that is lists of numbers, or an object of such; undefined for what is a table, if anything. */
async function nestedJson(bytes: Uint8Array, name: string): Promise<ArrayFile | undefined> {
  const first = bytes.find((byte) => !' \t\r\n\xef\xbb\xbf'.includes(String.fromCharCode(byte)));
  if (first !== 0x5b && first !== 0x7b) return undefined;
  const text = new TextDecoder().decode(bytes);
  if (jsonForm(text) !== 'whole') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // the table's reader says what is wrong, or mends it
  }
  if (isNested(value)) return { kind: 'one', name, array: arrayOf(value, name) };
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value);
  if (entries.length === 0 || !entries.every(([, each]) => isNested(each))) return undefined;
  return {
    kind: 'named',
    name,
    arrays: new Map(entries.map(([key, each]) => [key, arrayOf(each, `${name}: ${key.slice(0, 80)}`)])),
  };
}

/** Whether the first of all lists in it holds numbers. */
function isNested(value: unknown): value is NestedArray {
  let level = value;
  let axes = 0;
  for (; Array.isArray(level) && level.length > 0 && axes <= MOST_AXES; axes++) [level] = level;
  return axes > 0 && typeof level === 'number';
}

function arrayOf(value: unknown, what: string): NdArray {
  return readArray(value as NestedArray, what).array;
}

/** In which form a file of this name holds arrays; undefined: as a table. */
export function arrayForm(path: string): 'npy' | 'npz' | 'json' | undefined {
  const ending = /\.(npy|npz|json)$/i.exec(path)?.[1].toLowerCase();
  return ending === 'npy' || ending === 'npz' || ending === 'json' ? ending : undefined;
}

/**
 * Arrays by name as the bytes of a file of this form.
 * @throws MemcellError 'usage' for several arrays in an .npy
 */
export async function encodeArrays(
  arrays: ReadonlyMap<string, NdArray>,
  form: 'npy' | 'npz' | 'json',
): Promise<string | Uint8Array> {
  const all = [...arrays];
  if (form === 'npz') return writeZip(Object.fromEntries(all.map(([name, array]) => [`${name}.npy`, writeNpy(array)])));
  const [[, only], ...others] = all;
  if (form === 'json') {
    const value =
      others.length === 0 ? nested(only) : Object.fromEntries(all.map(([name, one]) => [name, nested(one)]));
    return `${JSON.stringify(value)}\n`;
  }
  if (others.length === 0) return writeNpy(only);
  const names = all.map(([name]) => name).join(', ');
  throw usageError(`an .npy holds one array, and the model gives ${all.length} (${names}); write an .npz`);
}

/** Lists in lists, each number with the nine digits that tell float32 apart. */
export function nested({ data, shape }: NdArray): NestedArray {
  if (shape.length === 0) return exact(data[0]);
  const [rows, ...rest] = shape;
  const size = data.length / Math.max(1, rows);
  if (rest.length === 0) return Array.from(data, exact);
  return Array.from({ length: rows }, (_, i) => nested({ data: data.subarray(i * size, (i + 1) * size), shape: rest }));
}

function exact(value: number): number {
  return Number(value.toPrecision(9));
}
