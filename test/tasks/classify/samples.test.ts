/** Rows, groups of rows and texts as samples, number by number. */
import { describe, expect, test } from '@jest/globals';
import { parseTable } from '../../../src/data/read.js';
import { type UnderstandOptions, understand } from '../../../src/data/understanding/understand.js';
import {
  canonicalOrder,
  checksum,
  classNamesOf,
  sampleClasses,
  tableSamples,
  take,
  textSamples,
} from '../../../src/tasks/classify/samples.js';
import { maskValue } from '../../../src/tasks/classify/scaling.js';

const frameOf = (text: string, options: UnderstandOptions) => understand(parseTable(text, 't.csv'), options);
const rowsOf = (lines: string[], head = 'a,sky,b,on,kind') =>
  frameOf(`${head}\n${lines.join('\n')}\n`, { label: 'kind', timeless: true, fill: 'linear' });
const near = (values: number[]) => values.map((value) => expect.closeTo(value, 5));
const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const stdOf = (values: number[]) => Math.sqrt(meanOf(values.map((value) => (value - meanOf(values)) ** 2)));

describe('rows', () => {
  const lines = [
    '2,sun,10,yes,u',
    '5,rain,30,no,v',
    '3,fog,20,no,u',
    '9,sun,70,yes,v',
    '4,rain,15,no,u',
    '8,fog,25,yes,v',
    '2,sun,45,no,u',
    '7,rain,60,yes,v',
    '6,fog,5,no,u',
  ];
  const cells = lines.map((line) => line.split(','));
  const features = ['b', 'sky', 'on', 'a'];
  const skies = ['fog', 'rain', 'sun'];
  const numbersOf = (row: string[]) => [
    Number(row[2]),
    ...skies.map((sky) => Number(row[1] === sky)),
    Number(row[3] === 'yes'),
    Number(row[0]),
  ];

  test('are scaled by those trained on, column by column; what is 0 or 1 stays', () => {
    const samples = tableSamples(rowsOf(lines), { features, grouped: false });
    expect(samples.count).toBe(9);
    expect(samples.names).toBeUndefined();
    expect([...samples.rows]).toEqual(cells.map((_, row) => row));
    expect(samples.inputs).toHaveLength(6);
    const train = [0, 2, 3, 7];
    const { scaling, ...rest } = samples.learn(Int32Array.from(train));
    expect(rest).toEqual({});
    const [b, a] = [2, 0].map((c) => train.map((row) => Number(cells[row][c])));
    expect(scaling).toEqual({
      mean: near([meanOf(b), 0, 0, 0, 0, meanOf(a)]),
      std: near([stdOf(b), 1, 1, 1, 1, stdOf(a)]),
    });
    const { data, shape } = samples.encode({ scaling });
    expect(shape).toEqual([9, 6]);
    expect([...data]).toEqual(
      near(cells.flatMap((row) => numbersOf(row).map((value, c) => (value - scaling.mean[c]) / scaling.std[c]))),
    );
  });

  test('a scaling that is known is taken as it is; what is missing becomes the mean', () => {
    const known = { scaling: { mean: [1, 0, 0, 0, 0, 2], std: [2, 1, 1, 1, 1, 4] } };
    const holes = rowsOf(lines);
    holes.column('b').values[3] = Number.NaN;
    const samples = tableSamples(holes, { features, grouped: false });
    expect(samples.learn(Int32Array.of(0, 1), known)).toEqual(known);
    const { data } = samples.encode(known);
    expect([data[3 * 6], data[2 * 6], data[3 * 6 + 5]]).toEqual([0, 9.5, 1.75]);
  });

  test('are steps where they are asked for, which share what all steps of a channel are', () => {
    // The first channel is of numbers, the second of 0 and 1, the third of these and then of numbers.
    const head = 'p1,q1,r1,p2,q2,r2,kind';
    const wide = Array.from({ length: 8 }, (_, i) =>
      [(i * 3) % 7, i % 2, Number(i > 2), 3 + ((i * 5) % 6), 1 - (i % 2), (i * i) % 5, 'uv'[(i >> 1) % 2]].join(','),
    );
    const samples = tableSamples(rowsOf(wide, head), {
      features: head.split(',').slice(0, 6),
      steps: 2,
      grouped: false,
    });
    expect(samples.inputs).toEqual([]);
    const train = [1, 2, 5];
    const learnt = samples.learn(Int32Array.from(train));
    const all = wide.map((line) => line.split(',').slice(0, 6).map(Number));
    const channel = (c: number) => train.flatMap((row) => [all[row][c], all[row][3 + c]]);
    const ranges = [0, 1, 2].map((c) => Math.max(...channel(c)) - Math.min(...channel(c)));
    expect(Math.max(...ranges)).toBeLessThan(10 * Math.min(...ranges));
    // Of like ranges all steps and channels share one.
    const values = [0, 1, 2].flatMap(channel);
    expect(learnt).toEqual({
      steps: 2,
      scaling: {
        mean: near([0, 1, 2].map(() => meanOf(values))),
        std: near([0, 1, 2].map(() => stdOf(values))),
      },
    });
    const [mean, std] = [meanOf(values), stdOf(values)];
    const { data, shape } = samples.encode(learnt);
    expect(shape).toEqual([8, 2, 3]);
    expect([...data]).toEqual(near(all.flatMap((row) => row.map((value) => (value - mean) / std))));

    const apart = wide.map((line) =>
      line
        .split(',')
        .map((cell, c) => (c % 3 === 0 && c < 6 ? 100 * Number(cell) : cell))
        .join(','),
    );
    const unlike = tableSamples(rowsOf(apart, head), {
      features: head.split(',').slice(0, 6),
      steps: 2,
      grouped: false,
    });
    const numbers = [0, 2].map((c) => channel(c).map((value) => (c === 0 ? 100 : 1) * value));
    expect(unlike.learn(Int32Array.from(train)).scaling).toEqual({
      mean: near([meanOf(numbers[0]), 0, meanOf(numbers[1])]),
      std: near([stdOf(numbers[0]), 1, stdOf(numbers[1])]),
    });
    expect(() => tableSamples(rowsOf(wide, head), { features: ['p1', 'q1'], steps: 3, grouped: false })).toThrow(
      'steps: 2 columns cannot be 3 steps of equal size',
    );
  });

  test('have an order that follows from what is in them, then their class; and a sum that hangs on no order', () => {
    const of = (order: number[], own = lines) => {
      const frame = rowsOf(order.map((i) => own[i]));
      const samples = tableSamples(frame, { features, grouped: false });
      const actual = sampleClasses(frame, 'kind', samples, ['u', 'v']);
      return {
        sorted: Array.from(canonicalOrder(samples, actual), (sample) => own[order[sample]]),
        sum: checksum(samples, actual),
      };
    };
    const usual = of([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(of([4, 8, 0, 3, 7, 2, 6, 5, 1])).toEqual(usual);
    expect([...usual.sorted].sort()).toEqual([...lines].sort());
    const twice = [...lines, lines[3].replace(',v', ',u')];
    const [one, other] = [of([0, 3, 9, 5, 1, 2, 4, 6, 7, 8], twice), of([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], twice)];
    expect(other).toEqual(one);
    const place = one.sorted.indexOf(twice[9]);
    expect(one.sorted[place + 1]).toBe(twice[3]);
    const sums = [
      usual.sum,
      of([0, 1, 2, 3, 4, 5, 6, 7]).sum,
      of([0, 1, 2, 3, 4, 5, 6, 7, 7]).sum,
      of(
        [0, 1, 2, 3, 4, 5, 6, 7, 8],
        lines.map((line, i) => (i === 4 ? line.replace('15', '16') : line)),
      ).sum,
      of(
        [0, 1, 2, 3, 4, 5, 6, 7, 8],
        lines.map((line, i) => (i === 4 ? line.replace(',u', ',v') : line)),
      ).sum,
    ];
    expect(new Set(sums).size).toBe(sums.length);
    expect(usual.sum).toMatch(/^9-[0-9a-f]{16}$/);
  });
});

describe('groups of rows', () => {
  const text = 'g,at,v,kind\nb,3,7,w\na,2,5,u\na,1,3,u\nc,1,1,w\nb,1,2,w\nb,2,4,w\nc,2,9,w\n';
  const frame = frameOf(text, { label: 'kind', group: ['g'], time: ['at'] });
  const samples = tableSamples(frame, { features: ['v'], grouped: true });

  test('in the order of their time, filled up to the longest of all; scaled by the steps of those trained on', () => {
    expect([samples.count, samples.names, [...samples.rows]]).toEqual([3, ['a', 'b', 'c'], [0, 2, 5]]);
    const learnt = samples.learn(Int32Array.of(0, 2));
    const [mean, std] = [meanOf, stdOf].map((of) => of([3, 5, 1, 9]));
    expect(learnt).toEqual({ scaling: { mean: [mean], std: [expect.closeTo(std, 9)] }, steps: 3, padded: 'end' });
    const z = (value: number) => (value - mean) / std;
    const { data, shape } = samples.encode(learnt);
    expect(shape).toEqual([3, 3, 1]);
    expect([...data]).toEqual(near([z(3), z(5), maskValue, z(2), z(4), z(7), z(1), z(9), maskValue]));
    expect([...samples.encode({ ...learnt, steps: 4 }).data.slice(4, 8)]).toEqual(near([z(2), z(4), z(7), maskValue]));
  });

  test('of one length are not filled up', () => {
    const even = frameOf('g,v,kind\na,1,u\na,2,u\nb,3,w\nb,5,w\n', { label: 'kind', group: ['g'] });
    const { steps, padded } = tableSamples(even, { features: ['v'], grouped: true }).learn(Int32Array.of(0));
    expect([steps, padded]).toEqual([2, undefined]);
  });

  test('have one class, whichever of their rows say it; several are refused at the row that differs', () => {
    expect(classNamesOf(frame, 'kind')).toEqual(['u', 'w']);
    expect([...sampleClasses(frame, 'kind', samples, ['w', 'u'])]).toEqual([1, 0, 0]);
    const other = frameOf(text.replace('b,2,4,w', 'b,2,4,u'), { label: 'kind', group: ['g'], time: ['at'] });
    expect(() =>
      sampleClasses(other, 'kind', tableSamples(other, { features: ['v'], grouped: true }), ['u', 'w']),
    ).toThrow("t.csv, line 7, column kind: group b is 'w' before and 'u' here; a group has one class");
    expect(() => sampleClasses(frame, 'kind', samples, ['u', 'x'])).toThrow(
      "t.csv, line 6, column kind: 'w' is no class of this model; its classes: u, x; remove these rows",
    );
  });

  test('that hold the same are in the order of their names', () => {
    const same = frameOf('g,v,kind\nz,1,u\nz,2,u\ny,1,u\ny,2,u\nx,1,u\nx,2,u\nw,4,v\nw,4,v\n', {
      label: 'kind',
      group: ['g'],
    });
    const own = tableSamples(same, { features: ['v'], grouped: true });
    const order = canonicalOrder(own, sampleClasses(same, 'kind', own, ['u', 'v']));
    expect(Array.from(order, (sample) => own.names?.[sample]).filter((name) => name !== 'w')).toEqual(['x', 'y', 'z']);
  });
});

describe('texts', () => {
  const said = ['so it is', 'it is', 'so it goes on', '', 'is it'];
  const frame = frameOf(`said,kind\n${said.map((text, i) => `"${text}",${'uv'[i % 2]}`).join('\n')}\n`, {
    label: 'kind',
    features: ['said'],
    timeless: true,
  });
  const samples = textSamples(frame, 'said', 'words');

  test('words are those of the texts trained on, steps those of the longest of all', () => {
    const learnt = samples.learn(Int32Array.of(0, 1));
    expect(learnt).toEqual({ scaling: { mean: [], std: [] }, steps: 4, text: { kind: 'words', known: ['is', 'it'] } });
    const { data, shape } = samples.encode(learnt);
    expect(shape).toEqual([5, 4]);
    // 0 fills up, 1 is unknown, and an empty text is one that is unknown.
    expect(Array.from({ length: 5 }, (_, i) => [...data.slice(4 * i, 4 * i + 4)])).toEqual([
      [1, 3, 2, 0],
      [3, 2, 0, 0],
      [1, 3, 1, 1],
      [1, 0, 0, 0],
      [2, 3, 0, 0],
    ]);
    expect(samples.read?.(learnt)).toEqual({ texts: 5, cut: 0, tokens: 11, unknown: 4 });
  });

  test('of a model that is known are read with its words, and cut to its steps', () => {
    const known = { kind: 'words' as const, known: ['goes', 'so', 'on'] };
    expect(samples.learn(Int32Array.of(1), { scaling: { mean: [], std: [] }, text: known })).toEqual({
      scaling: { mean: [], std: [] },
      steps: 4,
      text: known,
    });
    const { data, shape } = samples.encode({ scaling: { mean: [], std: [] }, text: known, steps: 2 });
    expect(shape).toEqual([5, 2]);
    expect([...data]).toEqual([3, 1, 1, 1, 3, 1, 1, 0, 1, 1]);
  });
});

test.each([Float32Array, Int32Array])('some samples are taken in the order asked for, of %p', (Kind) => {
  const data = new Kind(24).map((_, i) => i);
  const taken = take({ data, shape: [4, 3, 2] }, Int32Array.of(3, 0, 3));
  expect(taken).toEqual({
    data: Kind.from([18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 18, 19, 20, 21, 22, 23]),
    shape: [3, 3, 2],
  });
  expect(take({ data, shape: [4, 3, 2] }, new Int32Array(0))).toEqual({ data: new Kind(0), shape: [0, 3, 2] });
});
