import { expect, test } from '@jest/globals';
import { inCodeSpelling } from '../../src/tasks/codeSpelling.js';
import { flags, kinds } from '../../src/tasks/flags.js';

test.each([
  ['several series in one table: --group store', "several series in one table: group: ['store']"],
  ['--group "town, street" (or one of them)', `group: ['town, street'] (or one of them)`],
  ["a --text-column it's", 'a textColumn: "it\'s"'],
  ['leave out --fill none to have it filled in', "leave out fill: 'none' to have it filled in"],
  ['--decimal , for 1070; --decimal . for 1.07', "decimal: ',' for 1070; decimal: '.' for 1.07"],
  ['give --tokens words or --tokens bpe', "give tokens: 'words' or tokens: 'bpe'"],
  ['take --window 39 or less', 'take window 39 or less'],
  ['take another --validation-split', 'take another validationSplit'],
  ['--features takes them in', 'features takes them in'],
  ['--interval: a model trained with --plain has none', 'interval: a model trained with plain has none'],
  ['give --future FILE with the columns', 'give future FILE with the columns'],
  ['for numbers that go on, use --forecast', 'for numbers that go on, use forecast'],
  ["turn the table: --sql 'unpivot data'", "turn the table: --sql 'unpivot data'"],
  ['the cell is --', 'the cell is --'],
])('%s', (message, inCode) => {
  expect(inCodeSpelling(message)).toBe(inCode);
});

test('no flag of a task stays', () => {
  const written = kinds.flatMap((kind) => {
    const { choose, options, predictOptions } = flags[kind];
    return [choose, ...Object.values(options), ...Object.values(predictOptions)].map(({ flags }) => flags);
  });
  expect(written.length).toBeGreaterThan(30);
  expect(written.map(inCodeSpelling).filter((text) => text.includes('--'))).toEqual([]);
});
