import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseIntegers } from '../../src/data/integers.js';
import { argMax, classIndices, classNames } from '../../src/data/labels.js';
import { groupRows, padGroups, rowsToSteps } from '../../src/data/sequences.js';
import { Vocabulary } from '../../src/data/vocabulary.js';

describe('classes', () => {
  test('numbers in numeric order, names in alphabetical order', () => {
    expect(classNames(['10', '9', '10', '-1'])).toEqual(['-1', '9', '10']);
    expect(classNames(['10', 'b', 'a', 'b'])).toEqual(['10', 'a', 'b']);
  });
  test('indices; −1 for an unknown one', () => {
    expect(classIndices(['b', 'a', 'c'], ['a', 'b'])).toEqual(Int32Array.of(1, 0, -1));
  });
  test('argMax: the first of the largest, row by row', () => {
    expect([0, 1].map((row) => argMax([1, 3, 3, 0, -1, -2], row, 3))).toEqual([1, 0]);
  });
});

describe('sequences', () => {
  test('rows to steps', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect(rowsToSteps(values, 6, 3).shape).toEqual([1, 3, 2]);
    expect(rowsToSteps(values, 3, 1).shape).toEqual([2, 1, 3]);
    expect(() => rowsToSteps(values, 6, 4)).toThrow(
      'steps: 6 columns cannot be 4 steps of equal size; take one of 1, 2, 3, 6',
    );
  });
  test('groups in order of appearance, padded at the end', () => {
    const groups = groupRows(['b', 'a', 'b']);
    expect(groups).toEqual([
      { key: 'b', rows: [0, 2] },
      { key: 'a', rows: [1] },
    ]);
    expect(padGroups(Float32Array.of(1, 2, 3, 4, 5, 6), 2, groups, 3, -9)).toEqual({
      data: Float32Array.of(1, 2, 5, 6, -9, -9, 3, 4, -9, -9, -9, -9),
      shape: [2, 3, 2],
    });
  });
});

describe('Vocabulary', () => {
  test('code points in order', () => {
    expect(Vocabulary.of('ba😀b\né').characters).toEqual(['\n', 'a', 'b', 'é', '😀']);
  });
  test('decode undoes encode', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const vocabulary = Vocabulary.of(text);
        expect(vocabulary.decode(vocabulary.encode(text, 'text'))).toBe(text);
      }),
    );
  });
  test('an unknown character: which, where, and what is known', () => {
    expect(() => Vocabulary.of('a 😀b\n').encode('😀a\na😀é', 'prompt')).toThrow(
      "prompt, line 2, column 3: the character 'é' (U+00E9) is not among the 5 that the model knows; replace it",
    );
  });
});

describe('parseIntegers', () => {
  test.each([
    ['1 2 3', [1, 2, 3]],
    ['1,2\n-3\r\n+4; 5', [1, 2, -3, 4, 5]],
    ['n\n1\n2\n', [1, 2]],
    ['date,n\n2020-01-01,7\n2020-01-02,8\n', [7, 8]],
    ['[4, 5]', [4, 5]],
  ])('%j', (text, expected) => {
    const name = text.startsWith('[') ? 's.json' : 's.txt';
    expect([...parseIntegers(text, name)]).toEqual(expected);
  });
  test.each([
    ['1 2\n3 x4', "s.txt, line 2, column 3: 'x4' is not an integer"],
    ['[1, 2]', "s.txt, line 1, column 1: '[1' is not an integer"],
    ['1 2.5', "s.txt, line 1, column 3: '2.5' is not an integer"],
    ['1 20000000', 's.txt, line 1, column 3: 20000000 is beyond ±16777216'],
    ['n\n1\n2.5\n', "s.txt, line 3, column n: '2.5' is not an integer"],
    ['a,b\n1,2\n3,4\n', 'number columns: a, b'],
    ['a,b\nx,y\n', 'number columns: none'],
  ])('%j is refused', (text, message) => {
    expect(() => parseIntegers(text, 's.txt')).toThrow(message);
  });
});
