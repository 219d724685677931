import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Fields } from '../../../src/fields.js';
import { learnMerges, MergeTable } from '../../../src/tasks/text/bytePairs.js';
import { learnTokens, parseTokens, type Tokens, tokenKinds } from '../../../src/tasks/text/tokens.js';

const saved = (tokens: Tokens) =>
  parseTokens(new Fields(JSON.parse(JSON.stringify(tokens)), 'model.json: task.tokens'));
const texts = fc.string({
  unit: fc.oneof(fc.constantFrom('a', 'b', ' ', '\n'), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })),
  minLength: 1,
});

describe.each(tokenKinds)('%s', (kind) => {
  test('decode undoes encode, up to NFC, also from what was saved', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const tokens = learnTokens([text], kind, 20);
        const ids = tokens.encode(text, 'text');
        expect(tokens.decode(ids)).toBe(text.normalize('NFC'));
        expect(saved(tokens).encode(text, 'text')).toEqual(ids);
        expect(ids.every((id) => id < tokens.size)).toBe(true);
      }),
    );
  });

  test('composed and decomposed accents are one', () => {
    const tokens = learnTokens(['café au lait, café au lait'.normalize('NFD')], kind);
    const ids = ['NFC', 'NFD'].map((form) => tokens.encode('au café'.normalize(form), 'prompt'));
    expect(ids[0]).toEqual(ids[1]);
  });

  test('an unknown character: which one, where, and how many are known', () => {
    const tokens = learnTokens(['ab ab\nb'], kind);
    expect(() => tokens.encode('a\nbß', 'prompt')).toThrow(
      "prompt, line 2, column 2: the character 'ß' (U+00DF) is not among the 4 that the model knows; replace it",
    );
    const { ids, unknown } = tokens.encodeKnown('aßb ß');
    expect(tokens.decode(ids)).toBe('ab ');
    expect(unknown).toEqual(['ß']);
  });
});

test('words that occur twice are tokens, the rest is characters', () => {
  const tokens = learnTokens(['the cat, the dog; the end'], 'words');
  expect(tokens.texts.slice(tokens.characters.length)).toEqual([' the']);
  expect(Array.from(tokens.encode('cat the', 'text'), (id) => tokens.texts[id])).toEqual(['c', 'a', 't', ' the']);
  expect(learnTokens(['aa bb aa bb aa bb'], 'words', 1).size).toBe(4);
});

test('words are no tokens beside the characters where they are one character, however it is encoded', () => {
  const text = '😀\n😀\na b a 😀 😀 ab ab';
  const tokens = learnTokens([text], 'words');
  expect(tokens.texts).toEqual([...tokens.characters, ' ab', ' 😀']);
  expect(tokens.characters).toEqual(['\n', ' ', 'a', 'b', '😀']);
  expect(Array.from(tokens.encode('😀 😀ab', 'text'), (id) => tokens.texts[id])).toEqual(['😀', ' 😀', 'a', 'b']);
  expect(tokens.decode(tokens.encode(text, 'text'))).toBe(text);
});

test('words and pairs are learnt from the part to learn from, characters from all; of equals the first in order', () => {
  const part = 'cc dd cc dd ab';
  const whole = `${part} ab ab xy`;
  const own = (kind: 'words' | 'bpe', size?: number) => {
    const tokens = learnTokens([whole], kind, size, [part]);
    expect(tokens.characters).toEqual([' ', 'a', 'b', 'c', 'd', 'x', 'y']);
    return tokens.texts.slice(tokens.characters.length);
  };
  expect(own('words')).toEqual([' dd']);
  expect(learnTokens([whole], 'words').texts.slice(7)).toEqual([' ab', ' dd']);
  expect(learnTokens(['b b c c a a'], 'words', 2).texts.slice(4)).toEqual([' a', ' c']);
  expect(own('bpe', 2)).toEqual([' d', 'cc']);
});

test('byte pairs by hand: aaabdaaabac (Gage 1994) becomes ids of aa, aaa, aaab', () => {
  const word = [0, 0, 0, 1, 3, 0, 0, 0, 1, 0, 2];
  const merges = learnMerges([{ ids: word, count: 1 }], 4, 3);
  expect(merges).toEqual([
    [0, 0],
    [0, 1],
    [4, 5],
  ]);
  expect(new MergeTable(merges, 4).apply(word)).toEqual([6, 3, 6, 0, 2]);
});

test('merges stop where no pair occurs twice, and do not cross words', () => {
  expect(learnTokens(['ab cd'], 'bpe').size).toBe(5);
  const { texts } = learnTokens(['ab ab ab'], 'bpe', 10);
  expect(texts).toEqual([' ', 'a', 'b', 'ab', ' ab']);
});

test.each([
  [{ kind: 'bytes' }, 'task.tokens.kind is damaged'],
  [{ kind: 'characters', characters: ['ab'] }, 'task.tokens.characters is damaged'],
  [{ kind: 'words', characters: ['a'], words: [1] }, 'task.tokens.words is damaged'],
  [{ kind: 'bpe', characters: ['a', 'b'], merges: [0, 2] }, 'task.tokens.merges is damaged'],
  [{ kind: 'bpe', characters: ['a', 'b'], merges: [0] }, 'task.tokens.merges is damaged'],
])('damaged: %j', (value, message) => {
  expect(() => parseTokens(new Fields(value, 'model.json: task.tokens'))).toThrow(message);
});

test('pairs are merged as by counting them anew each time, the most frequent first, of equal ones that of the smaller ids', () => {
  const word = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 9 });
  const words = fc.array(fc.record({ ids: word, count: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 8,
  });
  const merge = (ids: number[], [left, right]: readonly [number, number], id: number): number[] => {
    const at = ids.findIndex((one, i) => one === left && ids[i + 1] === right);
    return at < 0 ? ids : [...ids.slice(0, at), id, ...merge(ids.slice(at + 2), [left, right], id)];
  };
  fc.assert(
    fc.property(words, fc.integer({ min: 0, max: 8 }), (given, most) => {
      let work = given.map(({ ids, count }) => ({ ids, count }));
      const expected: [number, number][] = [];
      while (expected.length < most) {
        const counts = new Map<string, { pair: [number, number]; count: number }>();
        for (const { ids, count } of work)
          for (let i = 0; i + 1 < ids.length; i++) {
            const key = `${ids[i]} ${ids[i + 1]}`;
            const known = counts.get(key) ?? { pair: [ids[i], ids[i + 1]], count: 0 };
            counts.set(key, { ...known, count: known.count + count });
          }
        const [best] = [...counts.values()]
          .filter(({ count }) => count > 1)
          .sort((a, b) => b.count - a.count || a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1]);
        if (best === undefined) break;
        const id = 4 + expected.length;
        work = work.map(({ ids, count }) => ({ ids: merge(ids, best.pair, id), count }));
        expected.push(best.pair);
      }
      expect(learnMerges(given, 4, most)).toEqual(expected);
      const table = new MergeTable(expected, 4);
      expect(given.map(({ ids }) => table.apply(ids))).toEqual(work.map(({ ids }) => ids));
    }),
  );
});
