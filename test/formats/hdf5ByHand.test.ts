/** HDF5 files by hand, byte for byte as the specification has them (3.0, sections II to IV): read as they are, up to their last byte. */
import { describe, expect, jest, test } from '@jest/globals';
import * as h5 from 'h5wasm';
import type { Hdf5Contents } from '../../src/formats/hdf5/contents.js';
import { isHdf5, writeHdf5File } from '../../src/formats/hdf5/hdf5.js';
import { bytesOfLengths } from '../../src/formats/hdf5/heaps.js';
import { readHdf5 } from '../../src/formats/hdf5/job.js';
import { Hdf5Problem, readPlain } from '../../src/formats/hdf5/plain.js';

const little = (bytes: number) => (value: number | bigint) =>
  Array.from({ length: bytes }, (_, i) => Number((BigInt.asUintN(64, BigInt(value)) >> BigInt(8 * i)) & 255n));
const [u16, u32, u64] = [2, 4, 8].map(little);
const letters = (text: string) => [...new TextEncoder().encode(text)];
const zeros = (count: number) => new Array<number>(count).fill(0);
const filled = (bytes: number[]) => [...bytes, ...zeros((8 - (bytes.length % 8)) % 8)];
const NOWHERE = u64(-1);

const message = (type: number, data: number[], flags = 0) => [
  ...u16(type),
  ...u16(data.length),
  flags,
  0,
  0,
  0,
  ...data,
];
const object = (...messages: number[][]) => {
  const all = messages.flat();
  return [1, 0, ...u16(messages.length), ...u32(1), ...u32(all.length), ...zeros(4), ...all];
};

/** Dataspaces of version 1. */
const space = (...sizes: number[]) => message(0x1, [1, sizes.length, 0, 0, ...zeros(4), ...sizes.flatMap(u64)]);
const float32 = [0x11, 0x20, 31, 0, ...u32(4), ...u16(0), ...u16(32), 23, 8, 0, 23, ...u32(127)];
const type = (bytes: number[]) => message(0x3, filled(bytes));
/** Numbers in one piece elsewhere. */
const contiguous = (at: number | number[], size: number) =>
  message(0x8, filled([3, 1, ...(Array.isArray(at) ? at : u64(at)), ...u64(size)]));
/** Numbers in the object itself. */
const compact = (data: number[], size = data.length) => message(0x8, filled([3, 0, ...u16(size), ...data]));

const text = (size: number) => [0x13, 0, 0, 0, ...u32(size)];
const textInHeap = [0x19, 1, 0, 0, ...u32(16), ...text(1)];
const attribute = (name: string, of: number[], sizes: number[], data: number[]) => {
  const [own, shape] = [letters(`${name}\0`), [1, sizes.length, 0, 0, ...zeros(4), ...sizes.flatMap(u64)]];
  const lengths = [...u16(own.length), ...u16(of.length), ...u16(shape.length)];
  return message(0xc, filled([1, 0, ...lengths, ...filled(own), ...filled(of), ...filled(shape), ...data]));
};

const PIECES = ['root', 'tree', 'heap', 'names', 'symbols', 'dataset', 'numbers', 'texts'] as const;
type Piece = (typeof PIECES)[number];
type At = Readonly<Record<Piece, number>>;

interface Made {
  /** The object that the only name is of. */
  dataset?: (at: At) => number[];
  numbers?: number[];
  /** Of the root, beside its symbols. */
  attributes?: (at: At) => number[][];
  names?: string[];
  /** What stands at the file's end. */
  last?: Piece;
}

const VALUES = [1.5, -2, 3.25];
const floats = (values: readonly number[]) => [...new Uint8Array(Float32Array.from(values).buffer)];

/** A file of one group, whose names are all of one dataset, and of one text in a heap. */
function fileOf({
  dataset = (at) => object(space(3), type(float32), contiguous(at.numbers, 12)),
  numbers = floats(VALUES),
  attributes = (at) => [attribute('text', textInHeap, [], [...u32(4), ...u64(at.texts), ...u32(1)])],
  names = ['w'],
  last = 'texts',
}: Made = {}): Uint8Array {
  const joined = names.map((name) => letters(`${name}\0`));
  const offsets = joined.map((_, i) => 8 + joined.slice(0, i).reduce((sum, { length }) => sum + length, 0));
  const size = 8 + joined.flat().length;
  const parts = (at: At): Record<Piece, number[]> => ({
    root: object(message(0x11, [...u64(at.tree), ...u64(at.heap)]), ...attributes(at)),
    tree: [
      ...letters('TREE'),
      0,
      0,
      ...u16(1),
      ...NOWHERE,
      ...NOWHERE,
      ...u64(0),
      ...u64(at.symbols),
      ...u64(offsets[offsets.length - 1]),
    ],
    heap: [...letters('HEAP'), ...zeros(4), ...u64(size), ...u64(1), ...u64(at.names)],
    names: [...zeros(8), ...joined.flat()],
    symbols: [
      ...letters('SNOD'),
      1,
      0,
      ...u16(names.length),
      ...offsets.flatMap((offset) => [...u64(offset), ...u64(at.dataset), ...zeros(24)]),
    ],
    dataset: dataset(at),
    numbers,
    // One text of four letters, number 1.
    texts: [
      ...letters('GCOL'),
      1,
      0,
      0,
      0,
      ...u64(40),
      ...u16(1),
      ...u16(1),
      ...u32(0),
      ...u64(4),
      ...filled(letters('Äöü').slice(0, 4)),
    ],
  });
  const nowhere = Object.fromEntries(PIECES.map((piece) => [piece, 0])) as Record<Piece, number>;
  const sizes = parts(nowhere);
  let end = 96;
  for (const piece of [...PIECES.filter((one) => one !== last), last]) {
    nowhere[piece] = end;
    end += sizes[piece].length;
  }
  const made = parts(nowhere);
  const bytes = new Uint8Array(end);
  bytes.set([0x89, ...letters('HDF\r\n'), 0x1a, 0x0a, ...zeros(5), 8, 8, 0, ...u16(4), ...u16(16), ...zeros(4)]);
  bytes.set([...u64(0), ...NOWHERE, ...u64(end), ...NOWHERE, ...u64(0), ...u64(nowhere.root)], 24);
  for (const piece of PIECES) bytes.set(made[piece], nowhere[piece]);
  return bytes;
}

/** As the library reads it: whole pages for trees and tables of symbols, though the most of them is empty. */
function pagesOf(bytes: Uint8Array, symbols = 8): Uint8Array {
  const pages = new Uint8Array(bytes.length + 600 + 40 * symbols);
  pages.set(bytes);
  pages.set(u16(Math.ceil(symbols / 2)), 16);
  pages.set(u64(pages.length), 40);
  return pages;
}

const w = (bytes: Uint8Array) => readPlain(bytes)?.datasets.get('w');
const refusal = (bytes: Uint8Array): string => {
  try {
    readPlain(bytes);
  } catch (error) {
    if (error instanceof Hdf5Problem) return error.message;
    throw error;
  }
  return 'nothing';
};

test.each(PIECES)('a file that ends with its %s is read whole, and not without its last byte', (last) => {
  const bytes = fileOf({ last });
  expect(readPlain(bytes)).toEqual({
    attributes: new Map([['', new Map([['text', 'Äö']])]]),
    datasets: new Map([['w', { shape: [3], type: 'float32', data: Float32Array.from(VALUES) }]]),
  });
  // Of a table of symbols the last bytes say nothing: whether the name is a link stands 20 bytes before.
  const read = last === 'symbols' ? 20 : 0;
  expect(w(bytes.subarray(0, bytes.length - read))).toBeDefined();
  expect(refusal(bytes.subarray(0, bytes.length - read - 1))).toMatch(
    /^a damaged HDF5 file: byte \d+ (is|says \d+,) beyond its end$/,
  );
});

describe('numbers', () => {
  const integer = (size: number, flags: number) => [0x10, flags, 0, 0, ...u32(size), ...u16(0), ...u16(8 * size)];
  const half = [0x11, 0x20, 15, 0, ...u32(2), ...u16(0), ...u16(16), 10, 5, 0, 10, ...u32(15)];
  const double = [0x11, 0x20, 63, 0, ...u32(8), ...u16(0), ...u16(64), 52, 11, 0, 52, ...u32(1023)];
  const SIGNED = 8;
  const kinds: [string, number[], number[], string, number[]][] = [
    ['int8', integer(1, SIGNED), [0xfe, 0x7f], 'int32', [-2, 127]],
    ['uint8', integer(1, 0), [0xfe, 0x7f], 'int32', [254, 127]],
    ['int16', integer(2, SIGNED), [...u16(-2), ...u16(300)], 'int32', [-2, 300]],
    ['uint16', integer(2, 0), [...u16(-2), ...u16(300)], 'int32', [65534, 300]],
    ['int16, the highest byte first', integer(2, SIGNED | 1), [0xff, 0xfe, 1, 0x2c], 'int32', [-2, 300]],
    ['int32', integer(4, SIGNED), [...u32(-2), ...u32(70_000)], 'int32', [-2, 70_000]],
    ['int64', integer(8, SIGNED), [...u64(-2), ...u64(2 ** 40)], 'int64', [-2, 2 ** 40]],
    ['uint64', integer(8, 0), [...u64(9), ...u64(2 ** 52)], 'int64', [9, 2 ** 52]],
    ['float16', half, [...u16(0x3e00), ...u16(0xc000)], 'float32', [1.5, -2]],
    ['float32', float32, floats([1.5, -2]), 'float32', [1.5, -2]],
    [
      'float32, the highest byte first',
      [0x11, 0x21, ...float32.slice(2)],
      floats([1.5, -2]).reverse(),
      'float32',
      [-2, 1.5],
    ],
    ['float64', double, [...new Uint8Array(Float64Array.of(0.1, -2).buffer)], 'float32', [Math.fround(0.1), -2]],
  ];
  test.each(kinds)('%s', async (_, of, numbers, kind, values) => {
    // The library reads texts from heaps of a page at least.
    const attributes = () => [];
    const elsewhere = fileOf({
      dataset: (at) => object(space(2, 1), type(of), contiguous(at.numbers, numbers.length)),
      numbers,
      attributes,
    });
    const inside = fileOf({ dataset: () => object(space(2, 1), type(of), compact(numbers)), attributes });
    for (const bytes of [elsewhere, inside]) {
      const read = w(bytes);
      expect([read?.shape, read?.type, Array.from(read?.data ?? [])]).toEqual([[2, 1], kind, values]);
      const library = readHdf5(pagesOf(bytes)).then(({ datasets }) => datasets.get('w'));
      if (of === half) await expect(library).rejects.toThrow(new Hdf5Problem('w has floats of 2 bytes'));
      else expect(await library).toEqual(read);
    }
  });

  test('of no axis, and of none at all', () => {
    expect(w(fileOf({ dataset: () => object(space(), type(float32), compact(floats([7]))) }))).toEqual({
      shape: [],
      type: 'float32',
      data: Float32Array.of(7),
    });
    expect(w(fileOf({ dataset: () => object(space(2, 0), type(float32), contiguous(0, 0)) }))).toEqual({
      shape: [2, 0],
      type: 'float32',
      data: new Float32Array(0),
    });
    // A dataspace of version 2 that holds nothing.
    expect(
      w(fileOf({ dataset: () => object(message(0x1, [2, 0, 0, 2, ...zeros(4)]), type(float32), compact([])) })),
    ).toBeUndefined();
    // A named type is no dataset.
    expect(w(fileOf({ dataset: () => object(type(float32)) }))).toBeUndefined();
  });
});

/** The same file with a link, of kind 2, in the place of its only name's object. */
function linked(): Uint8Array {
  const bytes = fileOf();
  const symbols = new TextDecoder('latin1').decode(bytes).indexOf('SNOD');
  bytes.set([...NOWHERE, ...u32(2)], symbols + 16);
  return bytes;
}

describe('what the library alone reads', () => {
  const of = (...messages: number[][]) => fileOf({ dataset: () => object(...messages) });
  const plain = [space(1), type(float32)];
  const layout = (...bytes: number[]) => message(0x8, filled([...bytes, ...zeros(16)]));
  test.each<[string, Uint8Array]>([
    ...[1, 2, 4].map((version): [string, Uint8Array] => [
      `a layout of version ${version}`,
      of(...plain, layout(version, 1)),
    ]),
    ['chunks', of(...plain, layout(3, 2))],
    ['numbers that nobody has written', of(...plain, contiguous(NOWHERE, 4))],
    ['filters', of(...plain, compact(floats([1])), message(0xb, zeros(8)))],
    ['links', of(...plain, compact(floats([1])), message(0x6, zeros(8)))],
    ['a symbolic link, which has no object', linked()],
    ['a table of links', of(...plain, compact(floats([1])), message(0x2, zeros(8)))],
    ['a table of attributes', of(...plain, compact(floats([1])), message(0x15, zeros(8)))],
    ['a shared type', of(space(1), message(0x3, filled(float32), 2), compact(floats([1])))],
    ['an object of version 2', fileOf({ dataset: () => [...letters('OHDR'), ...zeros(12)] })],
    // At the very end of the file, where no size follows the address.
    [
      'numbers that nobody has written, at the end',
      fileOf({ dataset: () => object(...plain, message(0x8, [3, 1, ...NOWHERE])), last: 'dataset' }),
    ],
  ])('%s', (_, bytes) => {
    expect(readPlain(bytes)).toBeUndefined();
  });
});

describe('what is refused', () => {
  const of = (...messages: number[][]) => refusal(fileOf({ dataset: () => object(...messages) }));
  const at = (what: string) => expect.stringMatching(new RegExp(`^a damaged HDF5 file: byte \\d+ ${what}$`));

  test('datasets whose sizes, types and places do not fit', () => {
    const one = compact(floats([1]));
    expect(of(space(2), type(float32), one)).toBe('w: 4 bytes of the 8 that its shape needs');
    expect(of(space(2), type(float32), compact(floats([1]), 8))).toBe('w: 4 bytes of the 8 that its shape needs');
    expect(of(space(2), type(float32), contiguous(96, 7))).toBe('w: 7 bytes of the 8 that its shape needs');
    expect(of(space(2 ** 20, 2 ** 9), type(float32), one)).toBe(
      'w: its shape [1048576, 512] is larger than the file can hold',
    );
    expect(of(message(0x1, [1, 33, ...zeros(6 + 8 * 33)]), type(float32), one)).toEqual(at('is no shape'));
    expect(of(message(0x1, [3, 0, ...zeros(6)]), type(float32), one)).toEqual(at('is no shape'));
    expect(of(message(0x1, [1, 2, ...zeros(14)]), type(float32), one)).toEqual(at('is no shape'));
    expect(of(message(0x1, [1, 1, ...zeros(6), ...NOWHERE]), type(float32), one)).toEqual(at('is no shape'));
    for (const layout of [
      [5, 1],
      [3, 3],
      [0, 1],
    ])
      expect(of(space(1), type(float32), message(0x8, filled([...layout, ...zeros(16)])))).toEqual(
        at('says nowhere where its numbers are'),
      );
    const odd: number[][] = [
      [0x01, ...float32.slice(1)],
      [0x41, ...float32.slice(1)],
      [0x1b, ...float32.slice(1)],
      [...float32.slice(0, 4), ...u32(0), ...float32.slice(8)],
      [...float32.slice(0, 8), 1, ...float32.slice(9)],
      [...float32.slice(0, 10), 31, ...float32.slice(11)],
      [...float32.slice(0, 12), 22, ...float32.slice(13)],
      [...float32.slice(0, 16), ...u32(126)],
      [0x10, 0, 0, 0, ...u32(3), ...u16(0), ...u16(24)],
    ];
    for (const one of odd) expect(of(space(1), type(one), compact(zeros(8)))).toEqual(at('is no type'));
    expect(of(space(1), message(0x3, float32.slice(0, 4)), one)).toEqual(at('is no type'));
    expect(of(space(1), message(0x3, float32.slice(0, 16)), one)).toEqual(at('is no type'));
  });

  test('attributes whose values are not there', () => {
    const root = (made: number[]) => refusal(fileOf({ attributes: () => [made] }));
    expect(root(attribute('a', float32, [10_000], []))).toEqual(at('is attribute a, whose values are not all there'));
    expect(root(attribute('a', float32, [10_001], []))).toBe('attribute a has 10001 values');
    expect(root(attribute('a', float32, [100, 101], []))).toBe('attribute a has 10100 values');
    expect(root(attribute('a', text(9), [1], letters('12345678')))).toEqual(
      at('is attribute a, whose values are not all there'),
    );
    expect(root(message(0xc, [0, ...zeros(15)]))).toEqual(at('is an attribute of no version that there is'));
    expect(root(message(0xc, [4, ...zeros(15)]))).toEqual(at('is an attribute of no version that there is'));
    expect(root(message(0xc, [1, 0, ...u16(9), ...u16(0), ...u16(0)]))).toEqual(
      at('is an attribute beyond its message'),
    );
  });

  test('more objects than 10000, and groups more than 40 deep', async () => {
    const names = Array.from({ length: 10_001 }, (_, i) => `w${i}`);
    const dataset = () => object(space(), type(float32), compact(floats([7])));
    expect(readPlain(fileOf({ names: names.slice(1), dataset }))?.datasets.size).toBe(10_000);
    expect(refusal(fileOf({ names, dataset }))).toBe('more than 10000 objects');

    const deep = (groups: number): Hdf5Contents => ({
      attributes: new Map(),
      datasets: new Map([[`${'g/'.repeat(groups)}w`, { shape: [1], type: 'float32', data: Float32Array.of(7) }]]),
    });
    const [whole, beyond] = [await writeHdf5File(deep(40)), await writeHdf5File(deep(41))];
    const told = `${'g/'.repeat(40)}…: groups in groups, more than 40 deep`;
    expect(readPlain(whole)).toEqual(deep(40));
    expect(await readHdf5(whole)).toEqual(deep(40));
    expect(refusal(beyond)).toBe(told);
    await expect(readHdf5(beyond)).rejects.toThrow(told);
  });
});

test('attributes of every kind, texts filled up or not', () => {
  const attributes = (at: At) => [
    attribute('number', float32, [], floats([2.5])),
    attribute('numbers', float32, [2], floats([2.5, 3])),
    attribute('fixed', text(6), [], letters('abc\0\0\0')),
    attribute('spaces', text(6), [], letters('abc   ')),
    attribute('names', text(3), [2], letters('ab\0cde')),
    attribute('none', text(3), [0], []),
    attribute('empty', textInHeap, [], zeros(16)),
    attribute(
      'in a heap',
      textInHeap,
      [2],
      [...u32(2), ...u64(at.texts), ...u32(1), ...u32(4), ...u64(at.texts), ...u32(1)],
    ),
  ];
  expect(readPlain(fileOf({ attributes }))?.attributes.get('')).toEqual(
    new Map<string, unknown>([
      ['number', 2.5],
      ['fixed', 'abc'],
      ['spaces', 'abc'],
      ['names', ['ab', 'cde']],
      ['none', []],
      ['empty', ''],
      ['in a heap', ['Ä', 'Äö']],
    ]),
  );
});

/** Where a piece begins in a file that is not told otherwise. */
const placeOf = (letters: string) => Buffer.from(fileOf()).indexOf(letters);
const [TREE, HEAP, SNOD, GCOL] = ['TREE', 'HEAP', 'SNOD', 'GCOL'].map(placeOf);
const ROOT = 96;
const patched = (at: number, values: number[], made: Made = {}) => {
  const bytes = fileOf(made);
  bytes.set(values, at);
  return bytes;
};

test.each<[what: string, Uint8Array, message: string]>([
  ['another version', patched(8, [4]), 'an HDF5 file of version 4'],
  ['short addresses', patched(13, [4]), 'an HDF5 file with lengths of 4 bytes; files of Keras have 8'],
  ['short lengths', patched(14, [4]), 'an HDF5 file with lengths of 4 bytes; files of Keras have 8'],
  ['a root without a table', patched(ROOT + 16, u16(0)), `byte ${ROOT} is no group`],
  ['a root that is no object', patched(ROOT, [2]), `byte ${ROOT} is no object`],
  ['a long message', patched(ROOT + 18, u16(999)), `byte ${ROOT + 16} is a message beyond its block`],
  ['a tree elsewhere', patched(ROOT + 24, u64(9999)), `byte ${ROOT + 24} says 9999, beyond its end`],
  ['no tree', patched(TREE, letters('FREE')), `byte ${TREE} is no TREE`],
  ['no heap', patched(HEAP + 3, letters('D')), `byte ${HEAP} is no HEAP`],
  ['no table of symbols', patched(SNOD + 1, letters('X')), `byte ${SNOD} is no SNOD`],
  ['no heap of texts', patched(GCOL + 2, letters('X')), `byte ${GCOL} is no GCOL`],
  ['a tree of chunks', patched(TREE + 4, [1]), `byte ${TREE} is no tree of a group`],
  ['a tree of 21 levels', patched(TREE + 5, [21]), `byte ${TREE} is no tree of a group`],
  [
    'a tree in itself',
    patched(TREE + 5, [1, ...u16(1), ...zeros(24), ...u64(TREE)]),
    `byte ${TREE} is no tree of a group`,
  ],
  ['a name elsewhere', patched(SNOD + 8, u64(10)), `byte ${SNOD + 8} has a name that is not there`],
  ['an empty name', fileOf({ names: [''] }), `byte ${SNOD + 7} has no name of its own`],
  ['a path for a name', fileOf({ names: ['w/w'] }), `byte ${SNOD + 10} has no name of its own`],
  ['a name twice', fileOf({ names: ['w', 'w'] }), `byte ${SNOD + 50} has no name of its own`],
  ['a text longer than its heap', patched(GCOL + 24, u64(5000)), `byte ${GCOL + 24} says 5000, beyond its end`],
  ['a text that leaves its heap', patched(GCOL + 24, u64(9)), `byte ${GCOL + 16} is a text beyond its heap`],
  ['a text longer than its place', patched(GCOL + 24, u64(3)), 'is longer than its text'],
  ['a text of another number', patched(GCOL + 16, u16(2)), 'has a text that is not there'],
  ['a text behind the free space', patched(GCOL + 16, u16(0)), 'has a text that is not there'],
  [
    'continuations in a circle',
    fileOf({ attributes: () => [message(0x10, [...u64(ROOT + 16), ...u64(48)])] }),
    `byte ${ROOT + 16} leads in a circle`,
  ],
])('%s is refused', (_, bytes, message) => {
  const told = refusal(bytes);
  if (message.startsWith('byte')) expect(told).toBe(`a damaged HDF5 file: ${message}`);
  else if (message.startsWith('an HDF5')) expect(told).toBe(message);
  else expect(told).toMatch(new RegExp(`^a damaged HDF5 file: byte \\d+ ${message}$`));
});

test('one long text that every attribute names again is refused', () => {
  const refs = (count: number) => {
    const made: Made = {
      attributes: (at) => [
        attribute(
          'a',
          textInHeap,
          [count],
          Array.from({ length: count }, () => [...u32(900), ...u64(at.texts), ...u32(1)]).flat(),
        ),
      ],
    };
    const short = fileOf(made);
    const bytes = new Uint8Array(short.length + 900);
    bytes.set(short);
    const at = Buffer.from(bytes).indexOf('GCOL');
    bytes.set(u64(932), at + 8);
    bytes.set(u64(900), at + 24);
    return bytes;
  };
  expect(refusal(refs(2))).toBe('nothing');
  expect(refusal(refs(30))).toMatch(/^a damaged HDF5 file: byte \d+ is a text that stands there again and again$/);
});

test('a file of version 1, and forms that are left to the library', () => {
  const first = fileOf();
  first.copyWithin(28, 24, 92);
  first[8] = 1;
  expect(w(first)?.data).toEqual(Float32Array.from(VALUES));
  for (const [at, values] of [
    [0, [0x88]],
    [8, [2]],
    [8, [3]],
    [24, u64(1)],
    [SNOD + 8 + 16, u32(2)],
  ] as const)
    expect(readPlain(patched(at, [...values]))).toBeUndefined();
});

test('attributes of all versions, and those that hold neither numbers nor texts', () => {
  const of = (version: number, flags = 0) => {
    const name = [...letters('n'), 0];
    const [own, shape] = [
      [0x10, 8, 0, 0, ...u32(2), ...u16(0), ...u16(16)],
      [1, 0, 0, 0, ...zeros(4)],
    ];
    const lengths = [...u16(name.length), ...u16(own.length), ...u16(shape.length)];
    const fill = version === 1 ? filled : (bytes: number[]) => bytes;
    return message(
      0xc,
      filled([
        version,
        flags,
        ...lengths,
        ...(version === 3 ? [0] : []),
        ...fill(name),
        ...fill(own),
        ...fill(shape),
        ...u16(-300),
      ]),
    );
  };
  const read = (made: number[]) => readPlain(fileOf({ attributes: () => [made] }))?.attributes;
  for (const version of [1, 2, 3]) expect(read(of(version))).toEqual(new Map([['', new Map([['n', -300]])]]));
  // Flags are of versions 2 and 3.
  expect(read(of(1, 1))).toEqual(new Map([['', new Map([['n', -300]])]]));
  for (const flags of [1, 2]) expect(read(of(2, flags))).toBeUndefined();
  // A list of variable length, a compound, bytes that say nothing; of two bytes the last are a bfloat16.
  for (const odd of [
    [0x19, 0, 0, 0, ...u32(16), ...text(1)],
    [0x16, 0, 0, 0, ...u32(4), ...zeros(8)],
    [0x15, 0, 0, 0, ...u32(4), ...zeros(8)],
  ])
    expect(read(attribute('n', odd, [], zeros(16)))).toEqual(new Map());
  expect(read(attribute('n', [0x15, 0, 0, 0, ...u32(2), ...zeros(8)], [], u16(0xbfc0)))).toEqual(
    new Map([['', new Map([['n', -1.5]])]]),
  );
  expect(
    refusal(fileOf({ attributes: () => [attribute('n', [0x19, 1, 0, 0, ...u32(12), ...text(1)], [], zeros(16))] })),
  ).toMatch(/is no type$/);
});

test('bytes of a length are those of the first superblock at a place that one may have', () => {
  const at = (start: number, ...bytes: number[]) => {
    const made = new Uint8Array(start + 16);
    made.set([0x89, 0x48, ...zeros(6), ...bytes], start);
    return bytesOfLengths(made);
  };
  for (const version of [0, 1]) expect(at(0, version, 1, 2, 3, 4, 5, 6)).toBe(6);
  for (const start of [0, 512, 1024]) expect(at(start, 2, 1, 7)).toBe(7);
  expect(at(256, 2, 1, 7)).toBeUndefined();
  expect(at(1536, 2, 1, 7)).toBeUndefined();
  expect(bytesOfLengths(Uint8Array.of(0x89, 0x48, ...zeros(13)))).toBeUndefined();
});

test('what the library is given is looked at before', async () => {
  const told = (bytes: Uint8Array) =>
    readHdf5(bytes).then(
      () => 'nothing',
      (error: Error) => error.message,
    );
  expect(await told(patched(14, [4]))).toBe('an HDF5 file with lengths of 4 bytes; files of Keras have 8');
  // From version 2 on they stand four bytes earlier.
  const later = patched(8, [2, 8, 4]);
  expect(await told(later)).toBe('an HDF5 file with lengths of 4 bytes; files of Keras have 8');
  const moved = new Uint8Array(512 + later.length);
  moved.set(later, 512);
  expect(await told(moved)).toBe('an HDF5 file with lengths of 4 bytes; files of Keras have 8');
  // The library tells the console, too.
  const silent = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  expect(await told(fileOf().subarray(0, 40))).toBe('not an HDF5 file, or a damaged one');
  silent.mockRestore();
  for (const [at, values] of [
    [GCOL + 8, u64(41)],
    [GCOL + 8, u64(15)],
    [GCOL + 24, u64(9)],
  ] as const)
    expect(await told(patched(at, [...values]))).toBe(`a damaged HDF5 file: its texts at byte ${GCOL} have no end`);
});

test('an attribute without a value, and a text in Latin letters that the file calls ASCII', async () => {
  const none = [2, 0, 0, 2];
  const empty = message(0xc, [
    ...[1, 0, ...u16(2), ...u16(float32.length), ...u16(none.length)],
    ...[letters('n\0'), float32, none].flatMap(filled),
  ]);
  const number = attribute('number', float32, [], floats([2.5]));
  expect(readPlain(fileOf({ attributes: () => [empty, number] }))?.attributes).toEqual(
    new Map([['', new Map([['number', 2.5]])]]),
  );
  const latin = attribute('n', text(2), [], [0x61, 0xe9]);
  const { attributes } = await readHdf5(pagesOf(fileOf({ attributes: () => [latin] })));
  expect(attributes.get('')).toEqual(new Map([['n', 'aé']]));
});

describe('the library’s reader', () => {
  const told = (made: Made) =>
    readHdf5(pagesOf(fileOf(made), Math.max(8, made.names?.length ?? 0))).then(
      () => 'nothing',
      (error: Error) => {
        expect(error).toBeInstanceOf(Hdf5Problem);
        return error.message;
      },
    );
  const of = (...messages: number[][]): Made => ({ dataset: () => object(...messages), attributes: () => [] });

  test('takes the numbers and texts of attributes, and no others', async () => {
    const integer = (size: number) => [0x10, 8, 0, 0, ...u32(size), ...u16(0), ...u16(8 * size)];
    const made: Made = {
      attributes: () => [
        attribute('float', float32, [], floats([2.5])),
        attribute('int', integer(4), [], u32(-3)),
        attribute('long', integer(8), [], u64(-(2 ** 40))),
        attribute('list', float32, [2], floats([2.5, 3])),
        attribute('fixed', text(6), [], letters('abc\0\0\0')),
        attribute('names', text(3), [2], letters('ab\0cde')),
      ],
    };
    expect((await readHdf5(pagesOf(fileOf(made)))).attributes.get('')).toEqual(
      new Map<string, unknown>([
        ['float', 2.5],
        ['int', -3],
        ['long', -(2 ** 40)],
        ['fixed', 'abc'],
        ['names', ['ab', 'cde']],
      ]),
    );
    const many = (...sizes: number[]): Made => ({
      attributes: () => [attribute('a', text(1), sizes, new Array<number>(sizes.reduce((a, b) => a * b)).fill(65))],
    });
    expect((await readHdf5(pagesOf(fileOf(many(100, 100))))).attributes.get('')?.get('a')).toHaveLength(10_000);
    expect(await told(many(100, 101))).toBe('attribute a has 10100 values');
  });

  test('takes numbers alone, as many as the file can hold, by filters that it knows', async () => {
    const chunks = () => message(0x8, filled([3, 2, 2, ...NOWHERE, ...u32(4), ...u32(4)]));
    const zero = message(0x5, filled([2, 2, 2, 1, ...u32(0)]));
    const filter = (id: number) =>
      message(0xb, [1, 1, ...zeros(6), ...u16(id), ...zeros(4), ...u16(1), ...u32(6), ...zeros(4)]);
    // Chunks that nobody has written hold zeros.
    for (const made of [
      of(space(4), type(float32), zero, chunks()),
      of(space(4), type(float32), zero, chunks(), filter(1)),
    ])
      expect((await readHdf5(pagesOf(fileOf(made)))).datasets.get('w')).toEqual({
        shape: [4],
        type: 'float32',
        data: new Float32Array(4),
      });
    const size = pagesOf(fileOf(of(space(1), type(float32), chunks()))).length;
    const most = Math.floor(size / 4);
    expect(await told(of(space(most), type(float32), chunks()))).toBe('nothing');
    const shape = (...sizes: number[]) => `w: its shape [${sizes.join(', ')}] is larger than the file can hold`;
    expect(await told(of(space(most + 1), type(float32), chunks()))).toBe(shape(most + 1));
    expect(await told({ ...of(space(most), type(float32), chunks()), names: ['v', 'w'] })).toBe(shape(most));
    // What is compressed may be many times as large, not without end.
    expect(await told(of(space(most + 1), type(float32), chunks(), filter(1)))).toBe('nothing');
    expect(await told(of(space(2 ** 30), type(float32), chunks(), filter(1)))).toBe(shape(2 ** 30));
    expect(await told(of(space(4), type(float32), chunks(), filter(32_000)))).toBe(
      'w is compressed by the filter 32000, which is not known here',
    );
    expect(await told(of(message(0x1, [2, 0, 0, 2, ...zeros(4)]), type(float32), compact([])))).toBe(
      'w cannot be read',
    );
    for (const words of [
      of(space(1), type(text(4)), compact(letters('abcd'))),
      of(space(1), type(textInHeap), compact(zeros(16))),
    ])
      expect((await readHdf5(pagesOf(fileOf(words)))).datasets.size).toBe(0);

    const names = Array.from({ length: 10_001 }, (_, i) => `w${i}`);
    const none = jest.spyOn(h5.Group.prototype, 'get').mockReturnValue(null);
    const keys = jest.spyOn(h5.Group.prototype, 'keys').mockReturnValue(names);
    expect(await told({ attributes: () => [] })).toBe('more than 10000 objects');
    keys.mockReturnValue(names.slice(1));
    expect(await told({ attributes: () => [] })).toBe('nothing');
    for (const mock of [none, keys]) mock.mockRestore();
  });
});

test('HDF5 is known at its beginning, or behind a block of 512 bytes and its doubles', () => {
  const signature = fileOf().subarray(0, 8);
  const at = (place: number) => {
    const bytes = new Uint8Array(place + 8);
    bytes.set(signature, place);
    return bytes;
  };
  expect([0, 256, 512, 1024, 1536, 2048, 4096].map((place) => isHdf5(at(place)))).toEqual([
    true,
    false,
    true,
    true,
    false,
    true,
    true,
  ]);
  expect(isHdf5(signature.subarray(0, 7))).toBe(false);
  expect(isHdf5(at(512).subarray(0, 519))).toBe(false);
});
