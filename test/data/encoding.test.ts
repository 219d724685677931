import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
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
    const vocabulary = Vocabulary.of('a 😀b\n');
    for (const [text, place] of [
      ['😀a\na😀é', 'line 2, column 3'],
      ['é', 'line 1, column 1'],
      ['😀😀\n\n😀😀é\n', 'line 3, column 3'],
    ]) {
      const message = `prompt, ${place}: the character 'é' (U+00E9) is not among the 5 that the model knows; replace it`;
      expect(() => vocabulary.encode(text, 'prompt')).toThrow(message);
      expect(() => vocabulary.check(text, 'prompt')).toThrow(message);
    }
    expect(vocabulary.check('a😀b\n', 'prompt')).toBeUndefined();
  });
});
