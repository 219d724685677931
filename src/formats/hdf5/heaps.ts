/**
 * Global heaps: where HDF5 keeps strings of variable length. A collection is "GCOL", version 1, its size, then objects, each with a
 * number, its references and its size; number 0 is the free space up to the end (HDF5 File Format Specification, III.E). The library
 * goes from object to object by their sizes, and for ever where one has none: such a file is refused before it sees it.
 */

const SIGNATURE = [0x47, 0x43, 0x4f, 0x4c];
const HEADER = 16;
/** Of an object: number 2, references 2, reserved 4, size 8. */
const OBJECT_HEADER = 16;

/**
 * Bytes of a length in this file: HDF5's superblock has them behind its signature and the bytes of an offset, at another place in
 * versions 0 and 1 than later. Undefined for what is no such file.
 */
export function bytesOfLengths(bytes: Uint8Array): number | undefined {
  for (let at = 0; at + 16 <= bytes.length; at = at === 0 ? 512 : 2 * at) {
    if (bytes[at] !== 0x89 || bytes[at + 1] !== 0x48) continue;
    return bytes[at + 8] < 2 ? bytes[at + 14] : bytes[at + 10];
  }
  return undefined;
}

/** Where the first collection begins that would be read for ever, or beyond the file's end; undefined: none. */
export function endlessHeap(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = bytes.indexOf(SIGNATURE[0]); at !== -1; at = bytes.indexOf(SIGNATURE[0], at + 1)) {
    if (isCollection(bytes, at) && isEndless(view, at)) return at;
  }
  return undefined;
}

/** The same four letters in a text or among numbers are none. */
function isCollection(bytes: Uint8Array, at: number): boolean {
  return at + HEADER <= bytes.length && SIGNATURE.every((byte, i) => bytes[at + i] === byte) && bytes[at + 4] === 1;
}

function isEndless(view: DataView, start: number): boolean {
  const size = Number(view.getBigUint64(start + 8, true));
  const end = start + size;
  if (!(size >= HEADER && end <= view.byteLength)) return true;
  let at = start + HEADER;
  while (at + OBJECT_HEADER <= end) {
    const number = view.getUint16(at, true);
    const own = Number(view.getBigUint64(at + 8, true));
    // Free space counts its own header; an object is filled up to a multiple of 8.
    const step = number === 0 ? own : OBJECT_HEADER + 8 * Math.ceil(own / 8);
    if (!(step > 0 && at + step <= end)) return true;
    at += step;
  }
  return false;
}
