/** What files of arrays hold, whole, or the whole line that refuses them. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { zipSync } from 'fflate';
import { arrayForm, encodeArrays, readArrayFile } from '../../src/arrays/arrayFile.js';
import { isNpy, readNpy, writeNpy } from '../../src/arrays/npy.js';
import type { NdArray } from '../../src/data/array.js';
import { MemcellError } from '../../src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'memcell-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

const shown = ({ data, shape }: NdArray) =>
  `${data instanceof Int32Array ? 'int' : 'float'} (${shape.join()}) ${data.join()}`;

/** What a file of this name and content holds, a line for each array or column; or the message. */
async function held(name: string, content: string | Uint8Array): Promise<string[]> {
  writeFileSync(join(folder, name), content);
  try {
    const file = await readArrayFile(join(folder, name));
    expect(file.name).toBe(join(folder, name));
    if (file.kind === 'one') return [shown(file.array)];
    if (file.kind === 'named') return [...file.arrays].map(([key, array]) => `${key}: ${shown(array)}`);
    return file.table.columns.map((column) => `column ${column.name}: ${column.cells.join()}`);
  } catch (error) {
    if (error instanceof MemcellError) return [`${error.code}: ${error.message.replaceAll(`${folder}/`, '')}`];
    throw error;
  }
}

test.each<[string, string[]]>([
  ['[1,2,3]', ['float (3) 1,2,3']],
  [' \n\t[[1,2],[3,4.5]]', ['float (2,2) 1,2,3,4.5']],
  ['\uFEFF[1]', ['float (1) 1']],
  ['{"x":[1,2],"y":[[0.5]]}', ['x: float (2) 1,2', 'y: float (1,1) 0.5']],
  [
    `{"x":[1],"${'y'.repeat(90)}":[[1],[2,3]]}`,
    [`data: f.json: ${'y'.repeat(80)}[1] has 2 values, but f.json: ${'y'.repeat(80)}[0] has 1; all must be alike`],
  ],
  ['[[1,2],[3]]', ['data: f.json[1] has 1 value, but f.json[0] has 2; all must be alike']],
  ['[1,"a"]', ['data: f.json[1] is "a"; it must be a number']],
  // Tables.
  ['{"x":[1,2],"y":"s"}', ['column x: 1,2']],
  ['[{"a":1},{"a":2}]', ['column a: 1,2']],
  ['["a","b"]', ['column c1: a,b']],
  ['[1,NaN]', ['column c1: 1,']],
  ['[1]\n[2]\n', ['column c1: 1,2']],
  ['{}', ['data: f.json: must be an array of objects, one per row, or an object of columns']],
  ['[[]]', ['data: f.json: holds no rows; it must hold data']],
])('%j', async (text, expected) => {
  expect(await held('f.json', text)).toEqual(expected);
});

test('JSON that cannot be read is left to the reader of tables, and a file of 2 GiB is refused by its size alone', async () => {
  expect(await held('f.json', '[1,2,]')).toEqual([expect.stringMatching(/^data: f\.json/)]);
  writeFileSync(join(folder, 'large.npy'), '');
  truncateSync(join(folder, 'large.npy'), 2 ** 31);
  await expect(readArrayFile(join(folder, 'large.npy'))).rejects.toMatchObject({
    code: 'data',
    message: `${join(folder, 'large.npy')}: 2147483648 bytes; arrays of up to 2 GiB are read`,
  });
});

test('a table of values is one, whatever it begins with', async () => {
  expect(await held('f.csv', 'a,b\n1,2\n3,4\n')).toEqual(['column a: 1,3', 'column b: 2,4']);
  expect(await held('f', '[a],b\n1,2\n3,4\n')).toEqual(['column [a]: 1,3', 'column b: 2,4']);
});

test('a file of more than 2 GiB is refused before it is read', async () => {
  const path = join(folder, 'long.npy');
  // All of it is a hole.
  writeFileSync(path, '');
  truncateSync(path, 2 ** 31 + 1);
  await expect(readArrayFile(path)).rejects.toThrow(`${path}: 2147483649 bytes; arrays of up to 2 GiB are read`);
  rmSync(path);
});

test('archives', async () => {
  const file = writeNpy({ data: Int32Array.of(3, -1), shape: [2, 1] });
  expect(await held('f.npz', zipSync({ 'a.npy': file, 'b.npy.npy': file }))).toEqual([
    'a: int (2,1) 3,-1',
    'b.npy: int (2,1) 3,-1',
  ]);
  expect(await held('f.npz', zipSync({}))).toEqual(['data: f.npz: has no arrays in it']);
  expect(await held('f.npz', zipSync({ 'a.npy': file, ['b'.repeat(90)]: file }))).toEqual([
    `data: f.npz: has "${'b'.repeat(80)}" in it; an .npz holds .npy files alone; of an Excel workbook save the sheet as CSV`,
  ]);
  expect(await held('f.npz', zipSync({ 'a.npy': file.subarray(0, 9) }))).toEqual([
    'data: f.npz: a.npy: a damaged .npy file: it does not begin as one',
  ]);
});

describe('.npy', () => {
  /** A file of a version, with this header and these bytes of numbers. */
  const npy = (header: string, numbers: number[] = [], version = 1) => {
    const length =
      version === 1 ? [header.length & 255, header.length >> 8] : [header.length & 255, header.length >> 8, 0, 0];
    return Uint8Array.of(0x93, ...Buffer.from('NUMPY'), version, 0, ...length, ...Buffer.from(header), ...numbers);
  };
  const header = (descr: string, shape: string, order = 'False') =>
    `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape}), }\n`;
  const axes = (count: number) => Array<number>(count).fill(1).join(',');

  test.each<[string, Uint8Array, string]>([
    ['one axis', npy(header('<i2', '2,'), [1, 0, 255, 255]), 'int (2) 1,-1'],
    ['no axis', npy(header('|u1', ''), [7]), 'int () 7'],
    ['sizes of Python 2', npy(header('|u1', '1L, 2L'), [7, 8]), 'int (1,2) 7,8'],
    ['columns', npy(header('|u1', '2, 3', 'True'), [1, 2, 3, 4, 5, 6]), 'int (2,3) 1,3,5,2,4,6'],
    ['big-endian', npy(header('>i2', '2,'), [0, 1, 1, 0]), 'int (2) 1,256'],
    ['the order of this machine', npy(header('=i2', '1,'), [1, 2]), 'int (1) 513'],
    [
      'double quotes, in another order',
      npy(`{"shape":(2,),"fortran_order":False,"descr":"|b1"}`, [0, 9]),
      'int (2) 0,1',
    ],
    ['version 2', npy(header('|u1', '1,'), [7], 2), 'int (1) 7'],
    ['version 3', npy(header('|u1', '1,'), [7], 3), 'int (1) 7'],
    ['nothing', npy(header('<f4', '0, 5')), 'float (0,5) '],
    ['32 axes', npy(header('|u1', axes(32)), [7]), `int (${axes(32)}) 7`],
    ['33 axes', npy(header('|u1', axes(33)), [7]), `f: a damaged .npy file: its shape ("${axes(33)}")`],
    [
      'version 0',
      npy(header('|u1', '1,'), [7], 0),
      'f: a damaged .npy file: version 0 of the format; 1 to 3 are known',
    ],
    [
      'version 4',
      npy(header('|u1', '1,'), [7], 4),
      'f: a damaged .npy file: version 4 of the format; 1 to 3 are known',
    ],
    ['a beginning', npy('', [], 2).subarray(0, 11), 'f: a damaged .npy file: it ends in its header'],
    ['too little', npy(header('|u1', '1,')).subarray(0, 20), 'f: a damaged .npy file: its header of 58 bytes'],
    [
      'no order',
      npy("{'descr': '|u1', 'shape': (1,), }"),
      `f: a damaged .npy file: its header "{'descr': '|u1', 'shape': (1,), }"`,
    ],
    [
      'no shape',
      npy("{'descr': '|u1', 'fortran_order': False, }"),
      `f: a damaged .npy file: its header "{'descr': '|u1', 'fortran_order': False, }"`,
    ],
    [
      'no type',
      npy(`{'fortran_order': False, 'shape': (1,)}${' '.repeat(60)}x`),
      `f: a damaged .npy file: its header "{'fortran_order': False, 'shape': (1,)}${' '.repeat(41)}"`,
    ],
    [
      'numbers that are too large',
      npy(header('<u4', '2,'), [0, 0, 0, 0, 0, 0, 0, 128]),
      'f: holds 2147483648, above the whole numbers that memcell takes (2³¹ − 1)',
    ],
    [
      'numbers that are too small',
      npy(header('<i8', '2,'), [0, 0, 0, 128, 255, 255, 255, 255, 255, 255, 255, 127, 255, 255, 255, 255]),
      'f: holds -2147483649, below the whole numbers that memcell takes (−2³¹)',
    ],
    ['the least', npy(header('<i8', '1,'), [0, 0, 0, 128, 255, 255, 255, 255]), 'int (1) -2147483648'],
  ])('%s', (_, bytes, expected) => {
    let told: string;
    try {
      told = shown(readNpy(bytes, 'f'));
    } catch (error) {
      if (!(error instanceof MemcellError)) throw error;
      told = error.message;
    }
    expect(told).toBe(expected);
  });

  test('a shape is written as Python’s tuple, of one axis with its comma', () => {
    const written = (shape: number[], data: Float32Array | Int32Array) =>
      Buffer.from(writeNpy({ data, shape })).subarray(10).toString('latin1').split('}')[0];
    const text = (descr: string, shape: string) => `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, `;
    expect(written([3], new Float32Array(3))).toBe(text('<f4', '(3,)'));
    expect(written([], new Float32Array(1))).toBe(text('<f4', '()'));
    expect(written([2, 0], new Int32Array(0))).toBe(text('<i4', '(2, 0)'));
  });

  test('is told by its signature and ten bytes', () => {
    const bytes = npy('');
    expect([isNpy(bytes), isNpy(bytes.subarray(0, 9)), isNpy(Uint8Array.of(0, ...bytes))]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('numbers that lie anywhere in memory are read, and those in place are not copied', () => {
    const file = writeNpy({ data: Float32Array.of(0.5, -2), shape: [2] });
    for (const shift of [0, 1, 2, 4]) {
      const memory = new Uint8Array(shift + file.length);
      memory.set(file, shift);
      const { data } = readNpy(memory.subarray(shift), 'f');
      expect([...data]).toEqual([0.5, -2]);
      expect(data.buffer === memory.buffer).toBe(shift % 4 === 0);
    }
  });
});

test('numbers are written in JSON with the nine digits that tell float32 apart, whole ones exactly', async () => {
  const json = (arrays: Record<string, NdArray>) => encodeArrays(new Map(Object.entries(arrays)), 'json');
  expect(await json({ a: { data: Float32Array.of(0.1, 1e-8, 16_777_216), shape: [3] } })).toBe(
    '[0.100000001,9.99999994e-9,16777216]\n',
  );
  expect(
    await json({
      a: { data: Float32Array.of(7), shape: [] },
      b: { data: Int32Array.of(16_777_217, 2), shape: [1, 2, 1] },
      c: { data: new Float32Array(0), shape: [2, 0] },
      d: { data: new Float32Array(0), shape: [0, 2] },
    }),
  ).toBe('{"a":7,"b":[[[16777217],[2]]],"c":[[],[]],"d":[]}\n');
});

test('forms by the ending of a name', () => {
  expect(['a.npy', 'a.NPZ', 'a.Json', 'a.jsonl', 'npy', 'a.npy.csv', 'json'].map(arrayForm)).toEqual([
    'npy',
    'npz',
    'json',
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
