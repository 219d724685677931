/** Arrays of every type and order as NumPy writes them, and drawn files as the inputs and targets of drawn models. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ArrayFile, arrayForm, encodeArrays, readArrayFile } from '../../src/arrays/arrayFile.js';
import { hasTargets, inputsFrom, targetsFrom } from '../../src/arrays/forModel.js';
import { readNpy, writeNpy } from '../../src/arrays/npy.js';
import type { NdArray } from '../../src/data/array.js';
import { Table } from '../../src/data/table.js';
import { MemcellError } from '../../src/errors.js';

const root = mkdtempSync(join(tmpdir(), 'memcell-arrays-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const product = (shape: readonly number[]) => shape.reduce((all, size) => all * size, 1);

test('every type, order of bytes and order of axes that NumPy writes', async () => {
  const file = await readArrayFile(fileURLToPath(new URL('../fixtures/npy/kinds.npz', import.meta.url)));
  if (file.kind !== 'named') throw new Error(file.kind);
  expect(file.arrays.size).toBe((9 * 2 + 3) * 2 * 5);
  for (const [name, { data, shape }] of file.arrays) {
    const [type, , , sizes] = name.split(' ');
    expect([name, shape]).toEqual([name, sizes.split('x').map(Number)]);
    const values = Array.from({ length: product(shape) }, (_, i) => {
      const value = ((i * 37 + shape.length) % 19) - ('ub'.includes(type[0]) ? 0 : 4);
      return type === 'b1' ? value % 2 : type[0] === 'f' ? value / 8 : value;
    });
    expect([name, [...data]]).toEqual([name, values]);
    expect(data).toBeInstanceOf(type[0] === 'f' ? Float32Array : Int32Array);
  }
});

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
const arrays = fc
  .tuple(shapes, fc.boolean(), fc.integer({ min: 0, max: 1000 }))
  .map(([shape, whole, from]): NdArray => {
    const numbers = Array.from({ length: product(shape) }, (_, i) => ((from + 1) * (i + 3) * 7919) % 1009);
    return { shape, data: whole ? Int32Array.from(numbers) : Float32Array.from(numbers, (value) => value / 7 - 50) };
  });

/** Lists in lists, made of the shape alone. */
function lists({ data, shape }: NdArray, axis = 0, at = 0): unknown {
  if (axis === shape.length) return Number(data[at].toPrecision(9));
  const inner = product(shape.slice(axis + 1));
  return Array.from({ length: shape[axis] }, (_, i) => lists({ data, shape }, axis + 1, at + i * inner));
}

test('arrays written in any form come back', async () => {
  let files = 0;
  const named = fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), arrays, { minKeys: 1, maxKeys: 3 });
  await fc.assert(
    fc.asyncProperty(named, fc.constantFrom('npy', 'npz', 'json'), async (record, form) => {
      const all = new Map(Object.entries(record));
      const path = join(root, `${files++}.${form.toUpperCase()}`);
      expect(arrayForm(path)).toBe(form);
      const names = [...all.keys()].join(', ');
      if (form === 'npy' && all.size > 1) {
        await expect(encodeArrays(all, form)).rejects.toThrow(
          `an .npy holds one array, and the model gives ${all.size} (${names}); write an .npz`,
        );
        return;
      }
      const bytes = await encodeArrays(all, form);
      const [only] = all.values();
      if (form === 'npy') expect(readNpy(bytes as Uint8Array, 'a')).toEqual(only);
      if (form === 'json') {
        const value =
          all.size === 1 ? lists(only) : Object.fromEntries([...all].map(([key, one]) => [key, lists(one)]));
        expect(JSON.parse(String(bytes))).toEqual(value);
      }
      writeFileSync(path, bytes);
      const back = await readArrayFile(path);
      expect(back.kind).toBe(form === 'npz' || (form === 'json' && all.size > 1) ? 'named' : 'one');
      const read =
        back.kind === 'named' ? back.arrays : new Map([[[...all.keys()][0], (back as { array: NdArray }).array]]);
      expect([...read.keys()].sort()).toEqual([...all.keys()].sort());
      for (const [name, { data, shape }] of all) {
        expect(read.get(name)!.shape).toEqual(shape);
        expect([...read.get(name)!.data]).toEqual([...data]);
      }
    }),
    { numRuns: 60 },
  );
});

test('numbers begin at a multiple of 64 bytes, whatever the shape', () => {
  fc.assert(
    fc.property(arrays, (array) => {
      const bytes = writeNpy(array);
      expect((bytes.length - 4 * array.data.length) % 64).toBe(0);
      expect(String.fromCharCode(bytes[bytes.length - 4 * array.data.length - 1])).toBe('\n');
    }),
    { numRuns: 50 },
  );
});

const one = (shape: number[]): NdArray => ({ shape, data: Float32Array.from({ length: product(shape) }, (_, i) => i) });
const named = (entries: Record<string, NdArray>): ArrayFile => ({
  kind: 'named',
  name: 'f.npz',
  arrays: new Map(Object.entries(entries)),
});
const table = (rows: number, columns: string[]): Table =>
  new Table({
    name: 't.csv',
    header: columns,
    cells: columns.map((_, c) => Array.from({ length: rows }, (_, row) => String(100 * row + c))),
    lines: rows,
  });
const end = (name: string, ...sample: (number | null)[]) => ({ name, shape: [null, ...sample] });

/** What memcell says, in one line. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof MemcellError && !error.message.includes('\n')) return error.message;
    throw error;
  }
  return 'nothing';
}

describe('rows of a table as samples', () => {
  const sizes = fc.integer({ min: 1, max: 4 });
  test('are samples, sequences or one sequence, by the numbers in them', () => {
    const drawn = fc.record({
      rows: sizes,
      width: fc.integer({ min: 1, max: 12 }),
      sample: fc.array(fc.option(sizes, { freq: 5 }), { minLength: 1, maxLength: 3 }),
      chosen: fc.boolean(),
    });
    fc.assert(
      fc.property(drawn, ({ rows, width, sample, chosen }) => {
        const [steps, ...rest] = sample;
        if (rest.includes(null)) return;
        const columns = Array.from({ length: width + (chosen ? 1 : 0) }, (_, c) => `c${c}`);
        const features = [...columns].reverse().slice(0, width);
        const file: ArrayFile = { kind: 'table', name: 't.csv', table: table(rows, columns) };
        const told = `t.csv: ${rows} row${rows === 1 ? '' : 's'} of ${width} number${width === 1 ? '' : 's'}`;
        // By hand: one row is a sample; else all rows are one; else a row is a sequence.
        const inner = product(rest as number[]);
        const plain = sample.length === 1 && (steps === null || steps === width);
        const whole = sample.length === 2 && inner === width && (steps === null || steps === rows);
        const fitting = steps ?? width / inner;
        const each = sample.length > 1 && Number.isInteger(fitting) && fitting * inner === width;
        const read = () => inputsFrom(file, [end('x', ...sample)], chosen ? features : undefined);
        if (!plain && !whole && !each) {
          const shape = `(${sample.map((size) => size ?? 'any').join(', ')})`;
          const listed = columns.slice(0, 12).join(', ') + (columns.length > 12 ? ' and 1 more' : '');
          const byArray = sample.length === 2 && inner === width;
          const array = byArray ? `give an array (samples, ${shape.slice(1)} as JSON or .npy, or ` : '';
          expect(refusal(read)).toBe(
            `${told}, but a sample of the model has the shape ${shape}; ${array}choose columns with --features (of ${listed})`,
          );
          return;
        }
        const { arrays, notes } = read();
        const shape = plain ? [rows, width] : whole ? [1, rows, width] : [rows, fitting, ...rest];
        expect(arrays.map((array) => array.shape)).toEqual([shape]);
        const order = chosen ? features.map((name) => columns.indexOf(name)) : columns.map((_, c) => c);
        expect([...arrays[0].data]).toEqual(
          Array.from({ length: rows }, (_, row) => order.map((c) => 100 * row + c)).flat(),
        );
        const samples = `${shape[0]} sample${shape[0] === 1 ? '' : 's'} of (${shape.slice(1).join(', ')})`;
        expect(notes).toEqual(plain ? [] : [`${told}, read as ${samples}`]);
      }),
      { numRuns: 300 },
    );
  });

  test('are one sequence where a sample has as many steps as there are rows; what was said of the table stays', () => {
    const { columns } = table(3, ['a', 'b']);
    const [header, cells] = [columns.map(({ name }) => name), columns.map((column) => column.cells)];
    const noted = new Table({ name: 't.csv', header, cells, lines: 3, notes: ['one', 'two'] });
    const read = (...sample: (number | null)[]) => {
      const { arrays, notes } = inputsFrom({ kind: 'table', name: 't.csv', table: noted }, [end('x', ...sample)]);
      return [arrays[0].shape, ...notes];
    };
    const told = 't.csv: 3 rows of 2 numbers, read as';
    expect(read(3, 2)).toEqual([[1, 3, 2], 'one', 'two', `${told} 1 sample of (3, 2)`]);
    expect(read(null, 2)).toEqual([[1, 3, 2], 'one', 'two', `${told} 1 sample of (3, 2)`]);
    expect(read(2, 1)).toEqual([[3, 2, 1], 'one', 'two', `${told} 3 samples of (2, 1)`]);
    expect(read(2)).toEqual([[3, 2], 'one', 'two']);
  });

  test('as targets they are values, or sequences where a sample has as many', () => {
    const file: ArrayFile = { kind: 'table', name: 't.csv', table: table(3, ['a', 'b', 'c', 'd']) };
    expect(targetsFrom(file, [end('y', 4)])[0].shape).toEqual([3, 4]);
    expect(targetsFrom(file, [end('y', 2, 2)])[0].shape).toEqual([3, 2, 2]);
    expect(targetsFrom(file, [end('y', 3, 2)])[0].shape).toEqual([3, 4]);
    const [{ shape, data }] = targetsFrom(file, [end('y', 2)], ['d', 'a']);
    expect([shape, [...data]]).toEqual([
      [3, 2],
      [3, 0, 103, 100, 203, 200],
    ]);
    expect(hasTargets(file, [end('y', 4)])).toBe(false);
  });
});

describe('arrays for a model', () => {
  const x = one([2, 3]);
  const y = one([2, 1]);
  const z = one([2]);
  const single: ArrayFile = { kind: 'one', name: 'f.npy', array: x };

  test('one array is the only input, and numbers one by one have an axis of their own', () => {
    expect(inputsFrom(single, [end('a', 3)])).toEqual({ arrays: [x], notes: [] });
    expect(inputsFrom({ kind: 'one', name: 'f', array: z }, [end('a', 1)]).arrays[0]).toEqual({ ...z, shape: [2, 1] });
    expect(inputsFrom({ kind: 'one', name: 'f', array: z }, [end('a', 3)]).arrays[0]).toEqual(z);
    expect(inputsFrom({ kind: 'one', name: 'f', array: x }, [end('a', null, 1)]).arrays[0].shape).toEqual([2, 3, 1]);
    expect(targetsFrom(single, [end('b', 3)])).toEqual([x]);
  });

  test('several go by their names, in the model’s order; of one input also x, of one output y, or the only one', () => {
    const both = [end('a', 3), end('b', 1)];
    expect(inputsFrom(named({ b: y, a: x }), both).arrays).toEqual([x, y]);
    expect(targetsFrom(named({ b: y, a: x }), both)).toEqual([x, y]);
    // Each by its own shape.
    expect(inputsFrom(named({ b: z, a: x }), both).arrays).toEqual([x, { ...z, shape: [2, 1] }]);
    expect(inputsFrom(named({ b: z, a: x }), [end('b', 1), end('a', 3)]).arrays).toEqual([{ ...z, shape: [2, 1] }, x]);
    expect(inputsFrom(named({ y, x }), [end('a', 3)]).arrays).toEqual([x]);
    expect(inputsFrom(named({ x: y, a: x }), [end('a', 3)]).arrays).toEqual([x]);
    expect(inputsFrom(named({ other: x }), [end('a', 3)]).arrays).toEqual([x]);
    expect(targetsFrom(named({ x, y }), [end('b', 1)])).toEqual([y]);
    expect(targetsFrom(named({ other: y }), [end('b', 1)])).toEqual([y]);
  });

  test('whether targets are there', () => {
    const [b, c] = [end('b', 1), end('c', 1)];
    expect(hasTargets(named({ x, y }), [b])).toBe(true);
    expect(hasTargets(named({ x, b: y }), [b])).toBe(true);
    expect(hasTargets(named({ x }), [b])).toBe(false);
    expect(hasTargets(named({ x, y }), [b, c])).toBe(false);
    expect(hasTargets(named({ x, b: y }), [b, c])).toBe(false);
    expect(hasTargets(named({ c: x, b: y }), [b, c])).toBe(true);
    expect(hasTargets(single, [b])).toBe(false);
  });

  test('what is not there is named, beside what is', () => {
    const both = [end('a', 3), end('b', 1)];
    const severalOf = (kind: string) =>
      `holds one array, and the model has 2 ${kind} (a, b); give a JSON object or an .npz with an array for each`;
    const rows: ArrayFile = { kind: 'table', name: 't.csv', table: table(2, ['u']) };
    expect(refusal(() => inputsFrom(single, both))).toBe(`f.npy: ${severalOf('inputs')}`);
    expect(refusal(() => targetsFrom(single, both))).toBe(`f.npy: ${severalOf('outputs')}`);
    expect(refusal(() => inputsFrom(rows, both))).toBe(`t.csv: ${severalOf('inputs')}`);
    expect(refusal(() => targetsFrom(rows, both))).toBe(`t.csv: ${severalOf('outputs')}`);
    const two = named({ u: x, v: y });
    expect(refusal(() => inputsFrom(two, [end('a', 3)]))).toBe(
      "f.npz: has no array a or x for the model's inputs; it has u, v",
    );
    expect(refusal(() => targetsFrom(two, [end('b', 1)]))).toBe(
      "f.npz: has no array b or y for the model's outputs; it has u, v",
    );
    expect(refusal(() => inputsFrom(named({ a: x, v: y }), both))).toBe(
      "f.npz: has no array b for the model's inputs; it has a, v",
    );
    expect(refusal(() => inputsFrom(single, [end('a', 3)], ['c']))).toBe(
      'f.npy: --features names columns of a table, and this file holds arrays',
    );
  });
});
