/**
 * NumPy's .npy files. After the signature stand a version, the header's length and a Python dictionary of type, order and shape;
 * then the numbers (numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 */
import { elements, type NdArray } from '../data/array.js';
import { MemcellError } from '../errors.js';
import { floatOfHalf } from '../formats/halves.js';
import { type Inflation, tooLarge } from '../formats/inflation.js';

const SIGNATURE = '\x93NUMPY';
const MOST_HEADER = 2 ** 16;
const MOST_AXES = 32;
/** numpy.save begins the numbers at a multiple of this. */
const ALIGNMENT = 64;

export function isNpy(bytes: Uint8Array): boolean {
  return bytes.length >= 10 && String.fromCharCode(...bytes.subarray(0, 6)) === SIGNATURE;
}

type Read = (view: DataView, at: number, little: boolean) => number;

/** The types of numbers by NumPy's letters, without the order of bytes. */
const types: Readonly<Record<string, { size: number; whole: boolean; read: Read }>> = {
  f2: { size: 2, whole: false, read: (view, at, little) => floatOfHalf(view.getUint16(at, little)) },
  f4: { size: 4, whole: false, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { size: 8, whole: false, read: (view, at, little) => view.getFloat64(at, little) },
  b1: { size: 1, whole: true, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
  i1: { size: 1, whole: true, read: (view, at) => view.getInt8(at) },
  i2: { size: 2, whole: true, read: (view, at, little) => view.getInt16(at, little) },
  i4: { size: 4, whole: true, read: (view, at, little) => view.getInt32(at, little) },
  i8: { size: 8, whole: true, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u1: { size: 1, whole: true, read: (view, at) => view.getUint8(at) },
  u2: { size: 2, whole: true, read: (view, at, little) => view.getUint16(at, little) },
  u4: { size: 4, whole: true, read: (view, at, little) => view.getUint32(at, little) },
  u8: { size: 8, whole: true, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
};

/**
 * An array in row order, whatever the file's. Whole numbers come as int32, all others as float32.
 * @param limit of the numbers, where they were compressed
 * @throws MemcellError 'data' for another type than numbers, a shape that does not fit the bytes, and whole numbers that
 *   are no int32
 */
export function readNpy(bytes: Uint8Array, where: string, limit?: Inflation): NdArray {
  const { descr, fortran, shape, from } = headerOf(bytes, where);
  const [, order, name] = /^([<>|=])(\w\d+)$/.exec(descr) ?? [];
  const type = name !== undefined && Object.hasOwn(types, name) ? types[name] : undefined;
  if (!type) {
    const pickled = descr.includes('O') ? ' (Python objects, which are never run)' : '';
    throw new MemcellError(
      `${where}: holds the type ${shown(descr)}${pickled}; save numbers, as array.astype("float32")`,
    );
  }
  const count = elements(shape);
  const found = bytes.length - from;
  if (count * type.size !== found) {
    throw new MemcellError(
      `${where}: its shape (${shape.join(', ')}) of ${descr} is ${count * type.size} bytes, but ${found} follow; cut off or damaged`,
    );
  }
  if (limit && 4 * count > limit.most) throw new MemcellError(`${where}: ${tooLarge(4 * count, found, limit)}`);
  const little = order !== '>';
  const place = bytes.byteOffset + from;
  if (little && !fortran && name === 'f4' && place % 4 === 0) {
    return { data: new Float32Array(bytes.buffer, place, count), shape };
  }
  const view = new DataView(bytes.buffer, place, found);
  const data = type.whole ? new Int32Array(count) : new Float32Array(count);
  const inColumns = fortran ? columnOrder(shape) : undefined;
  for (let i = 0; i < count; i++) {
    const value = type.read(view, (inColumns ? inColumns() : i) * type.size, little);
    data[i] = value;
    if (type.whole && data[i] !== value) {
      const beyond =
        value > 0
          ? 'above the whole numbers that memcell takes (2³¹ − 1)'
          : 'below the whole numbers that memcell takes (−2³¹)';
      throw new MemcellError(`${where}: holds ${value}, ${beyond}`);
    }
  }
  return { data, shape };
}

interface Header {
  descr: string;
  fortran: boolean;
  shape: number[];
  /** Where the numbers begin. */
  from: number;
}

function headerOf(bytes: Uint8Array, where: string): Header {
  const damaged = (what: string) => new MemcellError(`${where}: a damaged .npy file: ${what}`);
  if (!isNpy(bytes)) throw damaged('it does not begin as one');
  const major = bytes[6];
  if (major < 1 || major > 3) throw damaged(`version ${major} of the format; 1 to 3 are known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw damaged('it ends in its header');
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MOST_HEADER || start + length > bytes.length) throw damaged(`its header of ${length} bytes`);
  const from = start + length;
  const text = new TextDecoder('latin1').decode(bytes.subarray(start, from)).trim();
  const descr = /['"]descr['"]\s*:\s*(?:['"]([^'"]{1,64})['"]|(\[.*?\]))\s*[,}]/.exec(text);
  const fortran = /['"]fortran_order['"]\s*:\s*(True|False)\s*[,}]/.exec(text)?.[1];
  const sizes = /['"]shape['"]\s*:\s*\(([\d\s,L]*)\)\s*[,}]/.exec(text)?.[1];
  if (!descr || fortran === undefined || sizes === undefined) throw damaged(`its header ${shown(text)}`);
  const shape = sizes
    .split(',')
    .map((size) => size.trim().replace(/L$/, ''))
    .filter((size) => size !== '')
    .map(Number);
  const count = elements(shape);
  if (shape.length > MOST_AXES || !shape.every(Number.isSafeInteger) || !Number.isSafeInteger(count)) {
    throw damaged(`its shape (${shown(sizes)})`);
  }
  return { descr: descr[1] ?? descr[2], fortran: fortran === 'True', shape, from };
}

/** Where each next element in row order stands in column order. */
function columnOrder(shape: readonly number[]): () => number {
  const axes = shape
    .map((size, axis) => ({ size, stride: elements(shape.slice(0, axis)), at: 0 }))
    .filter(({ size }) => size > 1)
    .reverse();
  let next = 0;
  return () => {
    const place = next;
    for (const axis of axes) {
      next += axis.stride;
      if (++axis.at < axis.size) break;
      next -= axis.stride * axis.size;
      axis.at = 0;
    }
    return place;
  };
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

/** As numpy.save writes it: version 1, little-endian, row order. */
export function writeNpy({ data, shape }: NdArray): Uint8Array {
  const descr = data instanceof Int32Array ? '<i4' : '<f4';
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(length + 4 * data.length);
  const view = new DataView(bytes.buffer);
  const head = `${SIGNATURE}\x01\x00`;
  for (let i = 0; i < head.length; i++) bytes[i] = head.charCodeAt(i);
  view.setUint16(8, length - 10, true);
  bytes.fill(0x20, 10, length - 1);
  bytes[length - 1] = 0x0a;
  for (let i = 0; i < text.length; i++) bytes[10 + i] = text.charCodeAt(i);
  for (let i = 0; i < data.length; i++) {
    if (data instanceof Int32Array) view.setInt32(length + 4 * i, data[i], true);
    else view.setFloat32(length + 4 * i, data[i], true);
  }
  return bytes;
}
