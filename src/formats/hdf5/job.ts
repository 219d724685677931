/** Reads and writes HDF5 with h5wasm, wherever it is run: in a worker on Node. What a file claims is checked before it is used. */
import type * as H5 from 'h5wasm';
import { weightsInflation } from '../inflation.js';
import type { Hdf5Attribute, Hdf5Contents, Hdf5Dataset } from './contents.js';
import { bytesOfLengths, endlessHeap } from './heaps.js';
import { DEEPEST, Hdf5Problem, MOST_OBJECTS } from './plain.js';

const MOST_ELEMENTS = 2 ** 30;
/** deflate, shuffle, fletcher32: those that the library has. For others it gives what lies in the file as it is. */
const FILTERS = new Set([1, 2, 3]);
/** Numbers of HDF5's own for kinds of types. */
const INTEGER = 0;
const FLOAT = 1;

let count = 0;

async function library(): Promise<{ h5: typeof H5; fs: NonNullable<typeof H5.FS> }> {
  const h5 = await import('h5wasm');
  const { FS: fs } = await h5.ready;
  return { h5, fs };
}

export async function prepare(): Promise<void> {
  await library();
}

export async function readHdf5(bytes: Uint8Array): Promise<Hdf5Contents> {
  const lengths = bytesOfLengths(bytes);
  if (lengths !== 8) throw new Hdf5Problem(`an HDF5 file with lengths of ${lengths} bytes; files of Keras have 8`);
  const heap = endlessHeap(bytes);
  if (heap !== undefined) throw new Hdf5Problem(`a damaged HDF5 file: its texts at byte ${heap} have no end`);
  const { h5, fs } = await library();
  // A name used before may give what was there then.
  const name = `/read${count++}.h5`;
  fs.writeFile(name, bytes);
  try {
    const file = new h5.File(name, 'r');
    if (file.file_id < 0n) throw new Hdf5Problem('not an HDF5 file, or a damaged one');
    try {
      return new Reader(h5, bytes.length).read(file);
    } finally {
      file.close();
    }
  } finally {
    fs.unlink(name);
  }
}

class Reader {
  private readonly contents: Hdf5Contents = { attributes: new Map(), datasets: new Map() };
  private objects = 0;
  private bytes = 0;

  constructor(
    private readonly h5: typeof H5,
    private readonly size: number,
  ) {}

  read(file: H5.Group): Hdf5Contents {
    this.group(file, '', 0);
    return this.contents;
  }

  private group(group: H5.Group, path: string, depth: number): void {
    if (depth > DEEPEST) throw new Hdf5Problem(`${path.slice(0, 80)}…: groups in groups, more than ${DEEPEST} deep`);
    this.attributes(group, path);
    for (const key of group.keys()) {
      if (++this.objects > MOST_OBJECTS) throw new Hdf5Problem(`more than ${MOST_OBJECTS} objects`);
      const inner = path === '' ? key : `${path}/${key}`;
      const entity = group.get(key);
      if (entity instanceof this.h5.Group) this.group(entity, inner, depth + 1);
      else if (entity instanceof this.h5.Dataset) {
        const dataset = this.dataset(entity, inner);
        if (dataset) this.contents.datasets.set(inner, dataset);
      }
    }
  }

  private attributes(group: H5.Group, path: string): void {
    const found = new Map<string, Hdf5Attribute>();
    for (const [name, attribute] of Object.entries(group.attrs)) {
      const size = (attribute.shape ?? []).reduce((product, one) => product * one, 1);
      if (!(size <= MOST_OBJECTS)) throw new Hdf5Problem(`attribute ${name} has ${size} values`);
      const { value } = attribute;
      if (typeof value === 'string') found.set(name, inUnicode(value));
      else if (typeof value === 'number') found.set(name, value);
      else if (typeof value === 'bigint') found.set(name, Number(value));
      else if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
        found.set(name, value.map(inUnicode));
    }
    if (found.size > 0) this.contents.attributes.set(path, found);
  }

  private dataset(dataset: H5.Dataset, path: string): Hdf5Dataset | undefined {
    const { metadata } = dataset;
    const { type, size, vlen } = metadata;
    if ((type !== INTEGER && type !== FLOAT) || vlen) return undefined;
    const shape = (metadata.shape ?? []).map(Number);
    const elements = shape.reduce((product, one) => product * one, 1);
    const filters = dataset.filters.map(({ id }) => id);
    const most = filters.length > 0 ? weightsInflation(this.size).most : this.size;
    this.bytes += elements * size;
    if (!(elements <= MOST_ELEMENTS && this.bytes <= most)) {
      throw new Hdf5Problem(`${path}: its shape [${shape.join(', ')}] is larger than the file can hold`);
    }
    const other = filters.find((id) => !FILTERS.has(id));
    if (other !== undefined)
      throw new Hdf5Problem(`${path} is compressed by the filter ${other}, which is not known here`);
    if (type === FLOAT && size !== 4 && size !== 8) throw new Hdf5Problem(`${path} has floats of ${size} bytes`);
    const { value } = dataset;
    const numbers = typeof value === 'number' || typeof value === 'bigint' ? [value] : value;
    if (!isNumbers(numbers) || numbers.length !== elements) throw new Hdf5Problem(`${path} cannot be read`);
    if (type === FLOAT) return { shape, type: 'float32', data: Float32Array.from(numbers, Number) };
    if (size > 4) return { shape, type: 'int64', data: Float64Array.from(numbers, Number) };
    return { shape, type: 'int32', data: Int32Array.from(numbers, Number) };
  }
}

/** Texts of UTF-8 that the file calls ASCII, as h5py's bytes are, come from the library as a letter for each byte. */
function inUnicode(text: string): string {
  const letters = Array.from(text, (letter) => letter.codePointAt(0) ?? 0);
  if (letters.every((code) => code < 128) || letters.some((code) => code > 255)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(letters));
  } catch {
    return text;
  }
}

function isNumbers(value: unknown): value is ArrayLike<number | bigint> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
}

/** Datasets contiguous, strings of variable length, and the oldest form of all else, as Keras writes them. */
export async function writeHdf5({ attributes, datasets }: Hdf5Contents): Promise<Uint8Array> {
  const { h5, fs } = await library();
  const name = `/write${count++}.h5`;
  const file = new h5.File(name, 'w', { libver: ['earliest', 'latest'] });
  try {
    const groups = new Map<string, H5.Group>([['', file]]);
    const groupAt = (path: string): H5.Group => {
      const known = groups.get(path);
      if (known) return known;
      const [parent, own] = split(path);
      const made = groupAt(parent).create_group(own);
      groups.set(path, made);
      return made;
    };
    for (const [path, values] of attributes) {
      const group = groupAt(path);
      for (const [key, value] of values) {
        if (Array.isArray(value) && value.length === 0) group.create_attribute(key, new Float64Array(0), [0], '<d');
        else if (typeof value === 'number') group.create_attribute(key, value, [], '<d');
        else group.create_attribute(key, value);
      }
    }
    for (const [path, { shape, type, data }] of datasets) {
      const [parent, own] = split(path);
      const dtype = { float32: '<f', int32: '<i', int64: '<q' }[type];
      const values = type === 'int64' ? BigInt64Array.from(Array.from(data, (value) => BigInt(value))) : data;
      groupAt(parent).create_dataset({ name: own, data: values, shape, dtype });
    }
    file.flush();
  } finally {
    file.close();
  }
  const bytes = fs.readFile(name);
  fs.unlink(name);
  return bytes;
}

function split(path: string): [parent: string, own: string] {
  const at = path.lastIndexOf('/');
  return at === -1 ? ['', path] : [path.slice(0, at), path.slice(at + 1)];
}
