/** One sample as a network sees it, by task: which numbers, what they are called, and what is said where there is no such sample. */
import { expect, test } from '@jest/globals';
import { parseTable } from '../../src/data/read.js';
import { openSource } from '../../src/data/source.js';
import { understand } from '../../src/data/understanding/understand.js';
import { classify, Sequential } from '../../src/index.js';
import { maskValue } from '../../src/tasks/classify/scaling.js';
import type { SavedTask } from '../../src/tasks/definition.js';
import { networkInput } from '../../src/tasks/networkInput.js';
import { learnTokens, type TokenKind } from '../../src/tasks/text/tokens.js';
import { source, train } from './forecast/support.js';
import { sourceOf } from './runs.js';

/** A network that answers with the first of three. */
const model: Sequential = Object.create(Sequential.prototype, {
  predict: {
    value: async ({ shape }: { shape: number[] }) => ({
      data: Float32Array.from({ length: shape[0] * 3 }, (_, i) => Number(i % 3 === 0)),
      shape: [shape[0], 3],
    }),
  },
});
const inputOf = (artefact: object, text: string | undefined, sample?: number) =>
  networkInput(
    { model, artefact: artefact as SavedTask, name: 'm' },
    text === undefined ? undefined : sourceOf(text, 't.txt'),
    sample,
  );

test('of a text its windows, end to end', async () => {
  const of = (kind: TokenKind, window = 4) => ({ kind: 'text', window, tokens: learnTokens(['abc abc'], kind) });
  const outputs = [' ', 'a', 'b', 'c'];
  expect(await inputOf(of('characters'), 'abcabcabca')).toEqual({
    x: { data: Int32Array.of(1, 2, 3, 1), shape: [1, 4] },
    name: 'window 1 of t.txt',
    tokens: ['a', 'b', 'c', 'a'],
    outputs,
  });
  expect(await inputOf(of('characters'), 'abcabcab', 2)).toEqual({
    x: { data: Int32Array.of(2, 3, 1, 2), shape: [1, 4] },
    name: 'window 2 of t.txt',
    tokens: ['b', 'c', 'a', 'b'],
    outputs,
  });
  const refused = (...given: Parameters<typeof inputOf>) => expect(inputOf(...given)).rejects;
  await refused(of('characters'), 'abcabcabca', 3).toThrow('t.txt: has 2 windows of 4 characters, not 3');
  await refused(of('characters'), 'abc', 1).toThrow('t.txt: has 0 windows of 4 characters, not 1');
  await refused(of('bpe', 1), 'a', 2).toThrow('t.txt: has 1 window of 1 token, not 2');
  await refused(of('characters'), undefined).toThrow('m: give the text that the network is to read');
  await refused({ kind: 'classify' }, undefined).toThrow('m: give the DATA that the sample is of');
});

test('of symbols what comes before the next one, by name where the network takes their places', async () => {
  const artefact = { kind: 'symbols', window: 2, symbols: [5, 6, 8], scale: 2, majority: 0, end: [6, 8] };
  const told = { name: 'what comes before the next symbol', outputs: ['5', '6', '8'] };
  const index = await inputOf({ ...artefact, input: 'index' }, undefined);
  expect({ ...index, x: [...index.x.data] }).toEqual({ ...told, tokens: ['6', '8'], x: [1, 2] });
  expect(index.x.shape).toEqual([1, 2]);
  const scaled = await inputOf({ ...artefact, input: 'scaled' }, '8 5 8 6');
  expect({ ...scaled, x: [...scaled.x.data] }).toEqual({ ...told, x: [4, 3] });
  expect(scaled.x.shape).toEqual([1, 2, 1]);
  await expect(inputOf({ ...artefact, input: 'index' }, undefined, 2)).rejects.toThrow(
    'sample: there is 1 sample, not 2',
  );
});

test('of a forecast what each series ends with', async () => {
  const rows = ['a', 'b'].flatMap((name, s) =>
    Array.from({ length: 30 }, (_, i) => `${name},2020-01-${String(i + 1).padStart(2, '0')},${s + (i % 4)},${i}`),
  );
  const options = { targets: ['v'], group: ['s'], features: ['w', 'v'], window: 3 };
  const given = { plain: true, settings: { epochs: 1, validationSplit: 0 } };
  const { loaded } = await train(source(['s,date,v,w', ...rows].join('\n')), options, given);
  const [a, b] = [await networkInput(loaded, undefined), await networkInput(loaded, undefined, 2)];
  expect([a.name, b.name]).toEqual([
    'the window before the forecast of a of v',
    'the window before the forecast of b of v',
  ]);
  expect([a.features, a.x.shape]).toEqual([
    ['w', 'v'],
    [1, 3, 2],
  ]);
  // Of both series w is alike, and v of the second is larger by one.
  const column = (x: number[], c: number) => x.filter((_, i) => i % 2 === c);
  const [first, second] = [a, b].map(({ x }) => Array.from(x.data));
  expect(column(second, 0)).toEqual(column(first, 0));
  const more = column(second, 1).map((v, t) => v - column(first, 1)[t]);
  expect(more[0]).toBeGreaterThan(0.1);
  for (const one of more) expect(one).toBeCloseTo(more[0], 5);
  await expect(networkInput(loaded, undefined, 3)).rejects.toThrow('sample: there are 2 samples, not 3');
});

test('of a text that is classified its words, and how many there are before it is filled up', async () => {
  const rows = Array.from({ length: 24 }, (_, i) => ({
    said: i % 2 ? 'up and up again' : 'down',
    kind: i % 2 ? 'high' : 'low',
  }));
  const made = await classify(rows, {
    label: 'kind',
    textColumn: 'said',
    tokens: 'words',
    epochs: 1,
    seed: 1,
  });
  const { loaded } = made as unknown as { loaded: Parameters<typeof networkInput>[0] };
  const input = async (sample: number) => {
    const { x, ...told } = await networkInput(loaded, openSource(rows.slice(0, 2)), sample);
    return { ...told, shape: x.shape, filled: x.data.filter((id) => id === 0).length };
  };
  const outputs = ['high', 'low'];
  const shape = [1, 4];
  expect(await input(1)).toEqual({ name: 'row 1', shape, steps: 1, tokens: ['down', '', '', ''], outputs, filled: 3 });
  const tokens = ['up', 'and', 'up', 'again'];
  expect(await input(2)).toEqual({ name: 'row 2', shape, steps: 4, tokens, outputs, filled: 0 });
  made.dispose();
});

test('of groups of rows their steps, and how many there are before they are filled up', async () => {
  const text = 'g,at,v,w,kind\na,1,2,1,u\na,2,4,0,u\nb,3,9,7,x\nb,1,3,5,x\nb,2,6,6,x\n';
  const { reading } = understand(parseTable(text, 'g.csv'), { label: 'kind', group: ['g'], time: ['at'] });
  const artefact = {
    kind: 'classify',
    label: 'kind',
    features: ['v', 'w'],
    classes: ['u', 'x'],
    majority: 0,
    steps: 4,
    groups: ['g'],
    scaling: { mean: [1, 0], std: [2, 1] },
    padded: 'end',
    reading,
  };
  const of = async (own: object, sample?: number) => {
    const { x, ...told } = await inputOf(own, text, sample);
    return { ...told, shape: x.shape, x: [...x.data] };
  };
  const told = { features: ['v', 'w'], outputs: ['u', 'x'] };
  const fill = (count: number) => new Array<number>(2 * count).fill(maskValue);
  const a = [0.5, 1, 1.5, 0];
  const b = [1, 5, 2.5, 6, 4, 7];
  expect(await of(artefact)).toEqual({ ...told, name: 'g a', shape: [1, 4, 2], x: [...a, ...fill(2)], steps: 2 });
  expect(await of(artefact, 2)).toEqual({ ...told, name: 'g b', shape: [1, 4, 2], x: [...b, ...fill(1)], steps: 3 });
  const exact = { ...artefact, steps: 3 };
  expect(await of(exact, 2)).toEqual({ ...told, name: 'g b', shape: [1, 3, 2], x: b, steps: 3 });
  // Where none is filled up all count, and nothing is said.
  const { padded: _, ...even } = exact;
  expect(await of(even, 2)).toEqual({ ...told, name: 'g b', shape: [1, 3, 2], x: b });
  await expect(of(artefact, 3)).rejects.toThrow('sample: there are 2 samples, not 3');
});
