/** What becomes of a text before it is trained on: which part words and byte pairs are learnt from, and what is refused. */
import { expect, test } from '@jest/globals';
import { MemcellError } from '../../../src/errors.js';
import type { Run } from '../../../src/tasks/definition.js';
import type { TextOptions } from '../../../src/tasks/text/options.js';
import { prepareCorpus } from '../../../src/tasks/text/prepare.js';
import { runOf } from '../runs.js';

/** 100 characters to train on, the last ten of them two words, and 25 held out. */
const smiling = `${'😀\n'.repeat(45)} late late${' held'.repeat(5)}`;

test('words and byte pairs are those of the training part, by characters, not by halves of them', () => {
  const texts = (tokens: 'words' | 'bpe') => prepareCorpus(smiling, 'a.txt', { tokens }, runOf()).tokens.texts;
  const characters = ['\n', ' ', 'a', 'd', 'e', 'h', 'l', 't', '😀'];
  expect([...texts('words')].sort()).toEqual([...characters, ' late'].sort());
  expect(texts('bpe')).toContain(' late');
  expect(texts('bpe').filter((one) => one.includes('h'))).toEqual(['h']);
});

test('what is chosen by is cut off the end, and as large a share of the rest is held out', () => {
  const part = (own: Partial<Run>) => {
    const { ids, edge } = prepareCorpus(`${'ab'.repeat(60)}cd`.padEnd(200, 'dc'), 'a.txt', {}, runOf(own));
    return [ids.length, edge];
  };
  expect(part({})).toEqual([200, 160]);
  expect(part({ purpose: 'compare' })).toEqual([200, 160]);
  expect(part({ purpose: 'choose' })).toEqual([160, 128]);
  expect(part({ purpose: 'choose', settings: { validationSplit: 0.5 } })).toEqual([100, 50]);
});

test.each<[string, TextOptions, Partial<Run>, string]>([
  [
    'ab cd '.repeat(60),
    { tokens: 'bpe', window: 30 },
    { plain: true },
    'a.txt: its 25 tokens held out are too few for window 30; take --window 24 or less',
  ],
  ['ab'.repeat(60), {}, { settings: { validationSplit: 1 } }, 'validation split: 1 is not in [0, 1)'],
  ['ab'.repeat(60), {}, { settings: { validationSplit: -0.01 } }, 'validation split: -0.01 is not in [0, 1)'],
  ['a'.repeat(200), {}, {}, 'a.txt: holds one character only; there is nothing to learn'],
  [
    'abc'.repeat(17),
    {},
    { settings: { validationSplit: 0.01 } },
    'a.txt: only 1 of its characters is held out; take another --validation-split',
  ],
  [
    'x ab'.repeat(20),
    { tokens: 'bpe' },
    {},
    'a.txt: 16 tokens to train on are too few, a text needs at least 50; --symbols is for a sequence of symbols',
  ],
  [
    'x ab'.repeat(20),
    { tokens: 'words' },
    {},
    'a.txt: 18 words to train on are too few, a text needs at least 50; --symbols is for a sequence of symbols',
  ],
  [
    'ab cd '.repeat(40),
    { tokens: 'words', window: 30 },
    {},
    'a.txt: its 58 words are too few for window 30; take --window 29 or less',
  ],
  [
    'ab cd '.repeat(60),
    { tokens: 'bpe', window: 60 },
    {},
    'a.txt: its 86 tokens are too few for window 60; take --window 43 or less',
  ],
  [
    'ab'.repeat(60),
    { vocabulary: 4, tokens: 'characters' },
    {},
    'vocabulary: characters have no size; give --tokens words or --tokens bpe',
  ],
])('%#: of %j with %j', (text, options, own, message) => {
  let found: unknown;
  try {
    prepareCorpus(text, 'a.txt', options, runOf(own));
  } catch (error) {
    found = error;
  }
  expect(found).toBeInstanceOf(MemcellError);
  expect((found as Error).message).toBe(message);
});
