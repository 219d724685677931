/**
 * HDF5 files as every public Keras file is written: superblock 0 or 1, object headers of version 1, groups as trees of symbols,
 * datasets in one piece, texts in global heaps (HDF5 File Format Specification 3.0, sections II to IV). Every address, count and size is
 * checked against the file and against a budget before it is used, so that no file leads in a circle.
 */
import type { Hdf5Attribute, Hdf5Contents, Hdf5Dataset } from './contents.js';
import { bigEndian, type NumberType, numbersAt, type Type, typeOf } from './types.js';

/** What is wrong with a file; any other error is the library's. */
export class Hdf5Problem extends Error {}

/** The file has a form that is read by the library. */
class OtherForm extends Error {}

export const MOST_OBJECTS = 10_000;
export const DEEPEST = 40;
/** Of messages, nodes of trees and texts together. */
const MOST_STEPS = 300_000;
/** Of a tree. */
const MOST_LEVELS = 20;

const SUPERBLOCK = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const UNDEFINED = 0xffff_ffff_ffff_ffffn;

const DATASPACE = 0x1;
const LINK_INFO = 0x2;
const DATATYPE = 0x3;
const LINK = 0x6;
const LAYOUT = 0x8;
const FILTERS = 0xb;
const ATTRIBUTE = 0xc;
const CONTINUATION = 0x10;
const SYMBOLS = 0x11;
const ATTRIBUTE_INFO = 0x15;
const SHARED_FLAG = 2;

/** A message of an object's header: where its data lie. */
interface Message {
  type: number;
  at: number;
  size: number;
}

/**
 * All groups' attributes and all datasets of numbers; undefined for a form that only the library reads.
 * @throws Hdf5Problem
 */
export function readPlain(bytes: Uint8Array): Hdf5Contents | undefined {
  try {
    return new PlainReader(bytes).read();
  } catch (error) {
    if (error instanceof OtherForm) return undefined;
    throw error;
  }
}

class PlainReader {
  private readonly view: DataView;
  private readonly contents: Hdf5Contents = { attributes: new Map(), datasets: new Map() };
  private steps = 0;
  private objects = 0;
  /** Of numbers, and of texts: there cannot be more than the file has. */
  private numberBytes = 0;
  private textBytes = 0;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): Hdf5Contents {
    const { bytes } = this;
    // A user's block before it moves all addresses.
    if (!SUPERBLOCK.every((byte, i) => bytes[i] === byte)) throw new OtherForm();
    const version = this.byte(8);
    if (version === 2 || version === 3) throw new OtherForm();
    if (version > 3) throw new Hdf5Problem(`an HDF5 file of version ${version}`);
    const odd = [this.byte(13), this.byte(14)].find((length) => length !== 8);
    if (odd !== undefined) throw new Hdf5Problem(`an HDF5 file with lengths of ${odd} bytes; files of Keras have 8`);
    const base = version === 0 ? 24 : 28;
    if (this.address(base) !== 0) throw new OtherForm();
    this.group(this.address(base + 40), '', 0);
    return this.contents;
  }

  private byte(at: number): number {
    this.within(at, 1);
    return this.bytes[at];
  }

  private count(at: number): number {
    this.within(at, 2);
    return this.view.getUint16(at, true);
  }

  private size(at: number): number {
    this.within(at, 4);
    return this.view.getUint32(at, true);
  }

  /** An address or a length, which is one in this file. */
  private address(at: number): number {
    this.within(at, 8);
    const value = Number(this.view.getBigUint64(at, true));
    if (!(value <= this.bytes.length)) throw this.damaged(at, `says ${value}, beyond its end`);
    return value;
  }

  private isUndefined(at: number): boolean {
    this.within(at, 8);
    return this.view.getBigUint64(at, true) === UNDEFINED;
  }

  private within(at: number, size: number): void {
    if (!(at >= 0 && size >= 0 && at + size <= this.bytes.length)) throw this.damaged(at, 'is beyond its end');
  }

  private step(at: number): void {
    if (++this.steps > MOST_STEPS) throw this.damaged(at, 'leads in a circle');
  }

  private damaged(at: number, what: string): Hdf5Problem {
    return new Hdf5Problem(`a damaged HDF5 file: byte ${at} ${what}`);
  }

  private signature(at: number, letters: string): void {
    this.within(at, 4);
    for (let i = 0; i < 4; i++) {
      if (this.bytes[at + i] !== letters.charCodeAt(i)) throw this.damaged(at, `is no ${letters}`);
    }
  }

  private group(at: number, path: string, depth: number): void {
    if (depth > DEEPEST) throw new Hdf5Problem(`${path.slice(0, 80)}…: groups in groups, more than ${DEEPEST} deep`);
    const messages = this.messages(at);
    const symbols = messages.find(({ type }) => type === SYMBOLS);
    if (!symbols) throw this.damaged(at, 'is no group');
    this.attributes(messages, path);
    const heap = this.address(symbols.at + 8);
    for (const [name, object] of this.members(this.address(symbols.at), heap)) {
      if (++this.objects > MOST_OBJECTS) throw new Hdf5Problem(`more than ${MOST_OBJECTS} objects`);
      const inner = path === '' ? name : `${path}/${name}`;
      const own = this.messages(object);
      if (own.some(({ type }) => type === SYMBOLS)) this.group(object, inner, depth + 1);
      else {
        const dataset = this.dataset(own, inner);
        if (dataset) this.contents.datasets.set(inner, dataset);
      }
    }
  }

  /** The messages of an object's header, and of its continuations. */
  private messages(at: number): Message[] {
    this.within(at, 16);
    const version = this.byte(at);
    // "OHDR": an object of version 2.
    if (version === 0x4f) throw new OtherForm();
    if (version !== 1) throw this.damaged(at, 'is no object');
    const found: Message[] = [];
    const blocks: [from: number, size: number][] = [[at + 16, this.size(at + 8)]];
    for (const [from, size] of blocks) {
      this.within(from, size);
      for (let next = from; next + 8 <= from + size; ) {
        this.step(next);
        const message = { type: this.count(next), at: next + 8, size: this.count(next + 2) };
        if (message.at + message.size > from + size) throw this.damaged(next, 'is a message beyond its block');
        if ([LINK_INFO, LINK, FILTERS].includes(message.type)) throw new OtherForm();
        if (message.type === ATTRIBUTE_INFO) throw new OtherForm();
        const isUsed = [DATASPACE, DATATYPE, LAYOUT, ATTRIBUTE, SYMBOLS].includes(message.type);
        if (isUsed && (this.byte(next + 4) & SHARED_FLAG) !== 0) throw new OtherForm();
        if (message.type === CONTINUATION) blocks.push([this.address(message.at), this.address(message.at + 8)]);
        found.push(message);
        next = message.at + message.size;
      }
    }
    return found;
  }

  /** The names and addresses in a group's tree of symbols. */
  private members(root: number, heap: number): [name: string, object: number][] {
    this.signature(heap, 'HEAP');
    const names = { at: this.address(heap + 24), size: this.address(heap + 8) };
    this.within(names.at, names.size);
    const found: [string, number][] = [];
    const taken = new Set<string>();
    const visit = (at: number, level: number | undefined) => {
      this.step(at);
      this.signature(at, 'TREE');
      const own = this.byte(at + 5);
      if (this.byte(at + 4) !== 0 || own !== (level ?? own) || own > MOST_LEVELS)
        throw this.damaged(at, 'is no tree of a group');
      const count = this.count(at + 6);
      this.within(at + 24, 8 + 16 * count);
      for (let i = 0; i < count; i++) {
        const child = this.address(at + 32 + 16 * i);
        if (own > 0) visit(child, own - 1);
        else this.symbols(child, names, found, taken);
      }
    };
    visit(root, undefined);
    return found;
  }

  private symbols(
    at: number,
    names: { at: number; size: number },
    found: [string, number][],
    taken: Set<string>,
  ): void {
    this.step(at);
    this.signature(at, 'SNOD');
    const count = this.count(at + 6);
    for (let i = 0; i < count; i++) {
      const entry = at + 8 + 40 * i;
      this.step(entry);
      const offset = this.address(entry);
      if (offset >= names.size) throw this.damaged(entry, 'has a name that is not there');
      const start = names.at + offset;
      const end = this.bytes.indexOf(0, start);
      const name = this.text(start, (end === -1 ? this.bytes.length : Math.min(end, names.at + names.size)) - start);
      if (name === '' || name.includes('/') || taken.has(name)) throw this.damaged(entry, 'has no name of its own');
      taken.add(name);
      // A symbolic link has no object, and files of models have none.
      if (this.size(entry + 16) === 2) throw new OtherForm();
      found.push([name, this.address(entry + 8)]);
    }
  }

  private text(at: number, size: number): string {
    this.within(at, size);
    this.textBytes += size;
    if (this.textBytes > 2 * this.bytes.length) throw this.damaged(at, 'is a text that stands there again and again');
    return new TextDecoder().decode(this.bytes.subarray(at, at + size));
  }

  private attributes(messages: readonly Message[], path: string): void {
    const found = new Map<string, Hdf5Attribute>();
    for (const message of messages) {
      if (message.type !== ATTRIBUTE) continue;
      const [name, value] = this.attribute(message);
      if (value !== undefined) found.set(name, value);
    }
    if (found.size > 0) this.contents.attributes.set(path, found);
  }

  private attribute({ at, size }: Message): [name: string, value: Hdf5Attribute | undefined] {
    const version = this.byte(at);
    if (version < 1 || version > 3) throw this.damaged(at, 'is an attribute of no version that there is');
    if (version > 1 && (this.byte(at + 1) & 3) !== 0) throw new OtherForm();
    const sizes = [this.count(at + 2), this.count(at + 4), this.count(at + 6)];
    const filled = (one: number) => (version === 1 ? 8 * Math.ceil(one / 8) : one);
    const nameAt = at + (version === 3 ? 9 : 8);
    const typeAt = nameAt + filled(sizes[0]);
    const spaceAt = typeAt + filled(sizes[1]);
    const dataAt = spaceAt + filled(sizes[2]);
    const room = at + size - dataAt;
    if (room < 0) throw this.damaged(at, 'is an attribute beyond its message');
    const name = this.text(nameAt, sizes[0]).replace(/\0.*$/s, '');
    const shape = this.shape({ type: DATASPACE, at: spaceAt, size: sizes[2] });
    if (!shape) return [name, undefined];
    const count = shape.reduce((product, one) => product * one, 1);
    if (!(count <= MOST_OBJECTS)) throw new Hdf5Problem(`attribute ${name} has ${count} values`);
    const type = this.type({ type: DATATYPE, at: typeAt, size: sizes[1] });
    if (!type) return [name, undefined];
    if (count * type.size > room) throw this.damaged(at, `is attribute ${name}, whose values are not all there`);
    if (type.kind === 'number') {
      const values = shape.length === 0 ? numbersAt(this.view, dataAt, 1, type) : undefined;
      return [name, values && Number(values[0])];
    }
    const texts = Array.from({ length: count }, (_, i) => this.textOf(type, dataAt + i * type.size));
    return [name, shape.length === 0 ? texts[0] : texts];
  }

  /** A text in its place, or in a global heap. */
  private textOf(type: Type, at: number): string {
    this.step(at);
    if (type.kind === 'text') return this.text(at, type.size).replace(/\0.*$/s, '').trimEnd();
    const length = this.size(at);
    if (length === 0) return '';
    const heap = this.address(at + 4);
    const wanted = this.size(at + 12);
    this.signature(heap, 'GCOL');
    const end = heap + this.address(heap + 8);
    this.within(heap, end - heap);
    for (let next = heap + 16; next + 16 <= end; ) {
      this.step(next);
      const index = this.count(next);
      const size = this.address(next + 8);
      if (index === 0) break;
      if (next + 16 + size > end) throw this.damaged(next, 'is a text beyond its heap');
      if (index === wanted) {
        if (length > size) throw this.damaged(at, 'is longer than its text');
        return this.text(next + 16, length).replace(/\0+$/, '');
      }
      next += 16 + 8 * Math.ceil(size / 8);
    }
    throw this.damaged(at, 'has a text that is not there');
  }

  /** The sizes of a dataspace; undefined for one of nothing. */
  private shape({ at, size }: Message): number[] | undefined {
    const version = this.byte(at);
    const rank = this.byte(at + 1);
    const start = version === 1 ? 8 : 4;
    if ((version !== 1 && version !== 2) || rank > 32 || start + 8 * rank > size) throw this.damaged(at, 'is no shape');
    if (version === 2 && this.byte(at + 3) === 2) return undefined;
    return Array.from({ length: rank }, (_, i) => {
      const axis = Number(this.view.getBigUint64(at + start + 8 * i, true));
      if (!Number.isSafeInteger(axis)) throw this.damaged(at, 'is no shape');
      return axis;
    });
  }

  /** The type of numbers or texts; undefined for any other. */
  private type({ at, size }: Message): Type | undefined {
    this.within(at, size);
    if (size < 8) throw this.damaged(at, 'is no type');
    const type = typeOf(this.view, at, size);
    if (type === 'damaged') throw this.damaged(at, 'is no type');
    return type;
  }

  private dataset(messages: readonly Message[], path: string): Hdf5Dataset | undefined {
    const [space, kind, layout] = [DATASPACE, DATATYPE, LAYOUT].map((wanted) =>
      messages.find(({ type }) => type === wanted),
    );
    // A named type is neither a group nor a dataset.
    if (!space || !kind || !layout) return undefined;
    const type = this.type(kind);
    const shape = this.shape(space);
    if (type?.kind !== 'number' || !shape) return undefined;
    const count = shape.reduce((product, one) => product * one, 1);
    this.numberBytes += count * type.size;
    if (!(this.numberBytes <= this.bytes.length))
      throw new Hdf5Problem(`${path}: its shape [${shape.join(', ')}] is larger than the file can hold`);
    const at = count === 0 ? 0 : this.placeOf(layout, count * type.size, path);
    return { shape, ...valuesOf(this.view, at, count, type) };
  }

  private placeOf({ at, size }: Message, bytes: number, path: string): number {
    const version = this.byte(at);
    const kind = this.byte(at + 1);
    if ([1, 2, 4].includes(version) || (version === 3 && kind === 2)) throw new OtherForm();
    if (version !== 3 || kind > 2) throw this.damaged(at, 'says nowhere where its numbers are');
    const compact = kind === 0;
    // Numbers that nobody has written.
    if (!compact && this.isUndefined(at + 2)) throw new OtherForm();
    const place = compact ? at + 4 : this.address(at + 2);
    const there = compact ? Math.min(this.count(at + 2), size - 4) : this.address(at + 10);
    if (there < bytes) throw new Hdf5Problem(`${path}: ${there} bytes of the ${bytes} that its shape needs`);
    this.within(place, bytes);
    return place;
  }
}

function valuesOf(view: DataView, at: number, count: number, type: NumberType): Pick<Hdf5Dataset, 'type' | 'data'> {
  if (type.float && type.size === 4 && !type.bigEndian && !bigEndian) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, 4 * count);
    return { type: 'float32', data: new Float32Array(bytes.slice().buffer) };
  }
  const numbers = numbersAt(view, at, count, type);
  if (type.float) return { type: 'float32', data: Float32Array.from(numbers, Number) };
  if (type.size > 4) return { type: 'int64', data: Float64Array.from(numbers, Number) };
  return { type: 'int32', data: Int32Array.from(numbers, Number) };
}
