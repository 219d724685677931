import { describe, expect, test } from '@jest/globals';
import { encodeTexts, learnTokens, textNotes, tokenText, unknown } from '../../../src/tasks/classify/texts.js';

describe('learnTokens', () => {
  test('words that come twice, the most frequent first, in lower case and NFC', () => {
    const tokens = learnTokens(['The café, the end.', 'the cafe\u0301, again'], undefined, 't.csv');
    expect(tokens).toEqual({ kind: 'words', known: ['the', ',', 'café'] });
  });

  test('characters where words do not come twice', () => {
    const { kind, known } = learnTokens(['abc', 'cab', 'bca bcab'], undefined, 't.csv');
    expect(kind).toBe('characters');
    expect(known).toEqual(['b', 'a', 'c']);
    expect(learnTokens(['人之初', '之人', '初人'], undefined, 't.csv').kind).toBe('characters');
  });

  test('nothing twice: one line', () => {
    expect(() => learnTokens(['a', 'b'], 'words', 't.csv, column text')).toThrow(
      't.csv, column text: no word occurs twice; give more texts',
    );
  });
});

test('encodeTexts: ids, unknown words, an empty text, and what is cut', () => {
  const tokens = { kind: 'words' as const, known: ['good', 'bad'] };
  const { ids, counts } = encodeTexts(tokens, ['Good film', '', 'bad '.repeat(300)]);
  expect(ids.map((own) => [...own].slice(0, 3))).toEqual([[2, unknown], [unknown], [3, 3, 3]]);
  expect(ids[2]).toHaveLength(256);
  expect(counts).toEqual({ texts: 3, cut: 1, tokens: 258, unknown: 1 });
});

test.each([
  { kind: 'words' as const, known: ['good', 'bad', '.'], text: 'Bad, good.', shown: ['bad', '?', 'good', '.'] },
  { kind: 'characters' as const, known: ['b', 'a', ' '], text: 'Ab\tc', shown: ['a', 'b', ' ', '?'] },
])('an id stands for the token that it was made of: $text', ({ text, shown, ...tokens }) => {
  const [ids] = encodeTexts(tokens, [text]).ids;
  const filled = [...ids, 0, 0];
  expect(filled.map((id) => tokenText(tokens, id))).toEqual([...shown, '', '']);
});

test.each([
  ['words', 256, 'a '],
  ['characters', 512, 'a'],
] as const)('of %s %d are read', (kind, most, token) => {
  const { ids, counts } = encodeTexts({ kind, known: ['a'] }, [token.repeat(most), token.repeat(most + 1)]);
  expect(ids.map((own) => own.length)).toEqual([most, most]);
  expect(counts).toEqual({ texts: 2, cut: 1, tokens: 2 * most, unknown: 0 });
  const cut = `1 of 2 texts are longer than ${most} ${kind}; the rest of each is cut off`;
  expect(textNotes(counts, kind)).toEqual([cut]);
  expect(textNotes({ ...counts, unknown: 0.75 * counts.tokens }, kind)).toEqual([
    cut,
    `75 % of the ${kind} are not known to the model`,
  ]);
});

test.each([
  [0, 0, []],
  [10, 3, []],
  [100, 31, ['31 % of the words are not known to the model']],
])('of %d words %d are unknown: %j', (tokens, unknown, notes) => {
  expect(textNotes({ texts: 2, cut: 0, tokens, unknown }, 'words')).toEqual(notes);
});
