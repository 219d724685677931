/** What is read as a sequence of symbols: values, notes and refusals, whole. */
import { expect, test } from '@jest/globals';
import { parseTable } from '../../../src/data/read.js';
import { predictSymbols } from '../../../src/tasks/symbols/predict.js';
import { parseSymbols, readSequence, type SymbolValue } from '../../../src/tasks/symbols/sequence.js';
import { sourceOf } from '../runs.js';

const failure = async (work: () => unknown): Promise<unknown> => {
  try {
    return await work();
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
};

const words = 'the symbols are those of column';
test.each<[string, string, SymbolValue[], string[]]>([
  ['s.txt', '-0 1', [0, 1], []],
  ['s.txt', 'x y\na 1\nb 2 3', ['x', 'y', 'a', '1', 'b', '2', '3'], []],
  ['s.txt', 'n\n\n1;2\n', [1, 2], ["s.txt: 'n' is taken for the column's name"]],
  ['s.csv', 'day,n\nmon,7\ntue,-8\n', [7, -8], [`s.csv: ${words} n`]],
  ['s.jsonl', '{"a":4}\n{"a":5}\n', [4, 5], []],
  ['s.ndjson', '{"a":4,"b":"x"}\n{"a":5,"b":"y"}\n', [4, 5], [`s.ndjson: ${words} a`]],
  ['S.JSON', '["New York","Rome"]', ['New York', 'Rome'], []],
])('%s: %j', async (name, text, values, notes) => {
  expect(await readSequence(sourceOf(text, name))).toMatchObject({ values, notes });
});

test.each(['a.json.gz', 'a.JSONL.gz', 'a.ndjson.gz', 'a.parquet.gz', 'a.parquet'])(
  '%s is a table, not words',
  async (name) => {
    const text = { name, text: async () => '{"n":1}', table: async () => parseTable('n\n7\n8\n', 'unpacked.csv') };
    expect((await readSequence(text)).values).toEqual([7, 8]);
  },
);

const must = 'must hold symbols, or a table with one column of them; number columns:';
test.each([
  ['s.txt', '', 's.txt: is empty; it must hold symbols'],
  ['s.txt', ' ,;\n', 's.txt: is empty; it must hold symbols'],
  [
    's.txt',
    `7\n8 0.${'3'.repeat(50)}`,
    `s.txt, line 2, column 3: '0.${'3'.repeat(38)}' is neither a whole number nor a word; numbers with a fraction are for --forecast`,
  ],
  ['s.json', '[{"a":"x","b":"y"},{"a":"y","b":"x"}]', `s.json: ${must} none`],
  ['s.json', '[{"a":1,"b":2},{"a":2,"b":3}]', `s.json: ${must} a, b`],
  [
    's.json',
    '[{"a":1},{"a":2.5}]',
    "s.json, row 2, column a: '2.5' is not a whole number; numbers with a fraction are for --forecast",
  ],
])('%s: %j is refused', async (name, text, message) => {
  expect(await failure(() => readSequence(sourceOf(text, name)))).toBe(message);
});

test.each<[string, SymbolValue[], SymbolValue[] | string]>([
  ['121', [1, 2], [1, 2, 1]],
  ['12', [1, 12], [12]],
  ['12 1', [1, 2], [12, 1]],
  ['+2;1.0', [1, 2, 10], [2, 1]],
  ['1 2x', [1, 2], [1, '2x']],
  ['1 2', ['1', 'a'], ['1', '2']],
  ['b😀', ['😀', 'b'], ['b', '😀']],
  ['cafe\u0301', ['café', 'tea'], ['café']],
  [' ,', [1], '--start: holds no symbol'],
])('of a start %j where %j are known: %j', async (text, known, expected) => {
  expect(await failure(() => parseSymbols(text, known, '--start'))).toEqual(expected);
});

test('a prediction has 100,000 symbols at most, begins with numbers for words, and needs a window', async () => {
  const artefact = {
    kind: 'symbols',
    window: 2,
    symbols: ['1', 'a'],
    input: 'index',
    scale: 1,
    majority: 0,
    end: ['a', '1'],
  } as const;
  const asked: number[][] = [];
  const predict = async ({ data }: { data: ArrayLike<number> }) => {
    if (asked.length < 2) asked.push([...Array.from(data)]);
    return { data: Float32Array.of(data[1], 1 - data[1]), shape: [1, 2] };
  };
  const run = (start: SymbolValue[] | undefined, steps: number) =>
    failure(() => predictSymbols({ predict }, { ...artefact, symbols: ['1', 'a'], end: ['a', '1'] }, start, steps));
  expect(await run(['a', 'a', 1], 3)).toEqual(['a', '1', 'a']);
  expect(asked).toEqual([
    [1, 0],
    [0, 1],
  ]);
  expect(await run(undefined, 1)).toEqual(['a']);
  expect(await run([1], 1)).toBe('start: 1 symbol; this model predicts from the last 2, give as many');
  expect(await run(['a', 'b'], 1)).toBe('start: b (number 2) is not among the 2 symbols of the training data: 1, a');
  expect(await run(undefined, 100_000)).toHaveLength(100_000);
  expect(await run(undefined, 100_001)).toBe('steps: 100001 is more than 100000');
});
