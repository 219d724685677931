/** HDF5's types of numbers and texts (HDF5 File Format Specification 3.0, IV.A.2.d). */

import { floatOfBfloat16, floatOfHalf } from '../halves.js';

export interface NumberType {
  kind: 'number';
  size: number;
  float: boolean;
  /** The upper half of a float32. */
  bfloat16?: true;
  signed: boolean;
  bigEndian: boolean;
}

/** 'text' stands in its place, 'texts' in a global heap. */
export type Type = NumberType | { kind: 'text' | 'heap'; size: number };

const INTEGER = 0;
const FLOAT = 1;
const TEXT = 3;
const OPAQUE = 5;
const VARIABLE = 9;

/** Length 4, address 8, index 4. */
const IN_HEAP = 16;

/** Whether this machine has the highest byte first. */
export const bigEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;

/** Exponent's place and bits, mantissa's bits, exponent's bias of IEEE 754. */
const IEEE: { [size: number]: readonly number[] } = { 2: [10, 5, 10, 15], 4: [23, 8, 23, 127], 8: [52, 11, 52, 1023] };

/** The type that a datatype message has; undefined for one of neither numbers nor texts. */
export function typeOf(view: DataView, at: number, room: number): Type | 'damaged' | undefined {
  const kind = view.getUint8(at) & 15;
  const version = view.getUint8(at) >> 4;
  const flags = view.getUint8(at + 1);
  const size = view.getUint32(at + 4, true);
  if (version < 1 || version > 3 || kind > 10 || size === 0) return 'damaged';
  if (kind === TEXT) return { kind: 'text', size };
  if (kind === VARIABLE) {
    if (size !== IN_HEAP) return 'damaged';
    return (flags & 15) === 1 ? { kind: 'heap', size } : undefined;
  }
  // HDF5 has no type for bfloat16; h5py, and so Keras, writes two bytes that it says nothing of.
  if (kind === OPAQUE && size === 2)
    return { kind: 'number', size, float: true, bfloat16: true, signed: true, bigEndian: false };
  if (kind !== INTEGER && kind !== FLOAT) return undefined;
  if (room < (kind === FLOAT ? 20 : 12)) return 'damaged';
  const wholeBytes = view.getUint16(at + 8, true) === 0 && view.getUint16(at + 10, true) === 8 * size;
  if (kind === FLOAT) {
    const [place, bits, , mantissa] = [12, 13, 14, 15].map((offset) => view.getUint8(at + offset));
    const given = [place, bits, mantissa, view.getUint32(at + 16, true)];
    const own = IEEE[size];
    if (!own?.every((value, i) => value === given[i]) || !wholeBytes) return 'damaged';
  } else if (![1, 2, 4, 8].includes(size) || !wholeBytes) return 'damaged';
  return { kind: 'number', size, float: kind === FLOAT, signed: (flags & 8) !== 0, bigEndian: (flags & 1) !== 0 };
}

/** Numbers one after the other. */
export function numbersAt(view: DataView, at: number, count: number, type: NumberType): (number | bigint)[] {
  const { size, float, signed } = type;
  const little = !type.bigEndian;
  const read = (place: number): number | bigint => {
    if (type.bfloat16) return floatOfBfloat16(view.getUint16(place, little));
    if (float && size === 2) return floatOfHalf(view.getUint16(place, little));
    if (float) return size === 4 ? view.getFloat32(place, little) : view.getFloat64(place, little);
    if (size === 1) return signed ? view.getInt8(place) : view.getUint8(place);
    if (size === 2) return signed ? view.getInt16(place, little) : view.getUint16(place, little);
    if (size === 4) return signed ? view.getInt32(place, little) : view.getUint32(place, little);
    return signed ? view.getBigInt64(place, little) : view.getBigUint64(place, little);
  };
  return Array.from({ length: count }, (_, i) => read(at + i * size));
}
