import { describe, expect, test } from '@jest/globals';
import { encodeTexts, learnTokens, tokenText, unknown } from '../../../src/tasks/classify/texts.js';

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
