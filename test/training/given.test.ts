/** Weights of samples for several outputs: what is taken, and what is refused by which words, of fit's data and of the validation's. */
import { expect, test } from '@jest/globals';
import type { NdArray } from '../../src/data/array.js';
import { fitArrays, weightsOption } from '../../src/training/given.js';

const two = ['a', 'b'];
const list = (values: NdArray | undefined) => values && [...values.data];
/** undefined stands for an output without weights. */
const taken = (weights: unknown, outputs = two) => {
  const { sampleWeight } = weightsOption(weights as never, outputs);
  return Array.isArray(sampleWeight) ? sampleWeight.map(list) : list(sampleWeight as NdArray | undefined);
};

test.each<[string, unknown, string[], unknown]>([
  ['nothing', undefined, two, undefined],
  ['null', null, two, undefined],
  ['numbers, for all outputs', [1, 2], two, [1, 2]],
  ['as many numbers as outputs, for one output', [1], ['a'], [1]],
  ['an array', { data: Float32Array.of(3, 4, 5), shape: [3] }, two, [3, 4, 5]],
  ['a typed array', Float32Array.of(3, 4), two, [3, 4]],
  [
    'a list for the outputs',
    [[1, 2], Float32Array.of(3, 4)],
    two,
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['a list with none for the first', [null, [3, 4]], two, [undefined, [3, 4]]],
  [
    'names, in any order',
    { b: [3, 4], a: [1, 2] },
    two,
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['a name, and none for the other', { b: [3, 4] }, two, [undefined, [3, 4]]],
  ['null by name', { a: null, b: [3, 4] }, two, [undefined, [3, 4]]],
  ['the name of the only output', { a: [1, 2] }, ['a'], [[1, 2]]],
  [
    'steps of samples, as many as outputs',
    [
      [1, 2],
      [3, 4],
    ],
    ['a'],
    [1, 2, 3, 4],
  ],
])('weights that are %s', (_, weights, outputs, wanted) => {
  expect(taken(weights, outputs)).toEqual(wanted);
});

const ofTwo = "the model's outputs: a, b; give one array, or one for each of them, in this order or by name";
const refused: [unknown, string[], string][] = [
  [[null, null, null], two, `: a list of 3 arrays; ${ofTwo}`],
  [[Float32Array.of(1)], two, `: a list of 1 array; ${ofTwo}`],
  [[3, null, 4], two, `: a list of 3 arrays; ${ofTwo}`],
  [[3, Float32Array.of(1), 4], two, `: a list of 3 arrays; ${ofTwo}`],
  [[Float32Array.of(1)], ['a'], ": a list of 1 array; the model's outputs: a; give one array"],
  [{ c: [1] }, two, `: 'c' is no output; ${ofTwo}`],
  [{ a: [1], c: [1] }, ['a'], ": 'c' is no output; the model's outputs: a; give one array"],
  [[[1], ['x']], two, ' (b)[0] is "x"; it must be a number'],
];

test.each(refused)('weights %j of the outputs %j', (weights, outputNames, why) => {
  const ends = { inputs: [{ name: 'x', shape: [null, 1] }], outputNames };
  const y = outputNames.map(() => [[1], [1]]);
  const given = { x: [[1], [2]], y: y.length === 1 ? y[0] : y };
  const sampleWeight = weights as never;
  expect(() => weightsOption(sampleWeight, outputNames)).toThrow(
    expect.objectContaining({ message: `sampleWeight${why}` }),
  );
  for (const validationData of [{ ...given, sampleWeight }, [given.x, given.y, sampleWeight] as const])
    expect(() => fitArrays({ validationData }, ends)).toThrow(
      expect.objectContaining({ message: `validationData: sampleWeight${why}` }),
    );
  expect(() => fitArrays({ sampleWeight, validationData: { ...given, sampleWeight } }, ends)).toThrow(
    expect.objectContaining({ message: `sampleWeight${why}` }),
  );
});
