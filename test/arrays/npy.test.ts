import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { readArrayFile } from '../../src/arrays/arrayFile.js';
import { readNpy, writeNpy } from '../../src/arrays/npy.js';
import { MemcellError } from '../../src/errors.js';
import { temporaryFolder } from '../formats/models.js';

const folder = fileURLToPath(new URL('../fixtures/npy', import.meta.url));
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
const counting = Array.from({ length: 24 }, (_, i) => i);
const eighths = counting.map((value) => value / 8 - 1);

describe('what NumPy wrote', () => {
  test.each([
    ['float32.npy', eighths],
    ['float64-columns.npy', eighths],
    ['float32-big.npy', eighths],
    ['float16.npy', eighths],
    ['int64.npy', counting.map((value) => value - 12)],
    ['uint8.npy', counting],
    ['bool.npy', counting.map((value) => (value % 3 === 0 ? 1 : 0))],
  ])('%s comes in row order', (name, values) => {
    const { data, shape } = readNpy(bytesOf(name), name);
    expect(shape).toEqual([2, 3, 4]);
    expect([...data]).toEqual(values);
  });

  it('may have no axis', () => {
    expect(readNpy(bytesOf('scalar.npy'), 's')).toEqual({ data: new Float32Array([1.5]), shape: [] });
  });

  test.each([
    ['objects.npy', 'o: holds the type "|O" (Python objects, which are never run)'],
    ['text.npy', 'o: holds the type "<U1"'],
    ['records.npy', "o: holds the type \"[('a', '<f4'), ('b', '<i4')]\""],
    ['large.npy', 'o: holds 1099511627776, above the whole numbers'],
  ])('%s is refused', (name, message) => {
    expect(() => readNpy(bytesOf(name), 'o')).toThrow(message);
  });

  it('is read from an .npz by name', async () => {
    const file = await readArrayFile(join(folder, 'pair.npz'));
    if (file.kind !== 'named') throw new Error(file.kind);
    expect([...file.arrays].map(([name, { shape }]) => [name, shape])).toEqual([
      ['x', [2, 3, 4]],
      ['y', [2, 1]],
    ]);
    expect([...(file.arrays.get('y')?.data ?? [])]).toEqual([0, 12]);
  });
});

it('is written as NumPy writes it, to the byte', () => {
  const data = Float32Array.from(eighths);
  expect(writeNpy({ data, shape: [2, 3, 4] })).toEqual(bytesOf('float32.npy'));
});

describe('damaged and hostile files', () => {
  const whole = bytesOf('float32.npy');
  const withHeader = (text: string, numbers = 0) => {
    const bytes = new Uint8Array(10 + text.length + numbers);
    bytes.set(whole.subarray(0, 8));
    new DataView(bytes.buffer).setUint16(8, text.length, true);
    bytes.set(new TextEncoder().encode(text), 10);
    return bytes;
  };

  test.each([
    [whole.subarray(0, -1), 'its shape (2, 3, 4) of <f4 is 96 bytes, but 95 follow'],
    [whole.subarray(0, 40), 'a damaged .npy file: its header of 118 bytes'],
    [withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }"), 'its shape ('],
    [withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }"), '4000000000000 bytes, but 0'],
    [withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 99999999), }"), undefined],
    [withHeader("{'descr': '<f4', 'shape': (1,), }", 4), 'a damaged .npy file: its header'],
    [withHeader('__import__("os").system("true")'), 'a damaged .npy file: its header'],
    [Uint8Array.of(...whole.subarray(0, 6), 9, ...whole.subarray(7)), 'version 9 of the format'],
  ])('%#', (bytes, message) => {
    if (message === undefined) expect(readNpy(bytes, 'f').data).toHaveLength(0);
    else expect(() => readNpy(bytes, 'f')).toThrow(message);
  });

  it('end in a right array or an error of memcell, whichever byte is another', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const bytes = whole.slice();
        bytes[at] = value;
        try {
          const { data, shape } = readNpy(bytes, 'f');
          expect(data).toHaveLength(shape.reduce((product, size) => product * size, 1));
        } catch (error) {
          expect(error).toBeInstanceOf(MemcellError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a compressed .npz', () => {
  const folder = temporaryFolder();
  const zeros = (descr: string, bytes: number, size: number) => {
    const header = `{'descr': '${descr}', 'fortran_order': True, 'shape': (${bytes / size},), }\n`.padEnd(118);
    const file = new Uint8Array(128 + bytes);
    file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
    file.set(new TextEncoder().encode(header), 10);
    return file;
  };
  const written = (name: string, file: Uint8Array, level: 0 | 6) => {
    const path = join(folder, name);
    writeFileSync(path, zipSync({ 'x.npy': file }, { level }));
    return path;
  };

  it('of zeros is read up to 32 MiB', async () => {
    const file = await readArrayFile(written('small.npz', zeros('<f4', 2 ** 25 - 2 ** 12, 4), 6));
    expect(file.kind === 'named' && file.arrays.get('x')?.shape).toEqual([2 ** 23 - 2 ** 10]);
  });

  it('that comes to far more is refused with what to do, and read where it is only stored', async () => {
    const many = zeros('<f4', 5 * 2 ** 23, 4);
    const message = expect.stringMatching(
      /^\S+large\.npz: \d+ bytes that come to 41943168 or more, .*; save it without compression \(numpy\.savez\)$/,
    );
    await expect(readArrayFile(written('large.npz', many, 6))).rejects.toMatchObject({ message });
    const stored = await readArrayFile(written('stored.npz', many, 0));
    expect(stored.kind === 'named' && stored.arrays.get('x')?.shape).toEqual([5 * 2 ** 21]);
  });

  it('is refused by what its numbers come to in memory', async () => {
    const path = written('bytes.npz', zeros('|b1', 2 ** 24, 1), 6);
    await expect(readArrayFile(path)).rejects.toThrow(/x\.npy: 16777216 bytes that come to 67108864 or more/);
  });
});

it('an array in columns with axes of 1 comes in row order', () => {
  const bytes = bytesOf('float64-columns.npy');
  const text = new TextDecoder('latin1').decode(bytes).replace('(2, 3, 4), }      ', '(1, 2, 1, 3, 4), }');
  const shaped = readNpy(
    Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
    'f',
  );
  expect(shaped).toEqual({ data: Float32Array.from(eighths), shape: [1, 2, 1, 3, 4] });
});

test('bytes without a sign go to 255, those with one to -128', () => {
  const file = (descr: string) => {
    const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (2,), }\n`;
    const head = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0);
    return Uint8Array.of(...head, ...new TextEncoder().encode(header), 200, 128);
  };
  expect(readNpy(file('|u1'), 'a').data).toEqual(Int32Array.of(200, 128));
  expect(readNpy(file('|i1'), 'a').data).toEqual(Int32Array.of(-56, -128));
});
