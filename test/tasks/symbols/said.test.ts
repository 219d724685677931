/** What is said of sequences, of starting from a model and of parts that were not finished: whole lines. */

import { expect, test } from '@jest/globals';
import { Fields } from '../../../src/fields.js';
import { novelty, prepareSequence } from '../../../src/tasks/symbols/prepare.js';
import { symbolsTask } from '../../../src/tasks/symbols/task.js';
import { refusal } from '../../refusal.js';
import { runOf, sourceOf } from '../runs.js';

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));
const artefact = symbolsTask.parse(
  new Fields({ kind: 'symbols', window: 1, symbols: [0, 1, 2], scale: 2, majority: 0, end: [2] }, 'task'),
);
const predict = async () => ({ data: Float32Array.of(0, 1, 0), shape: [1, 3] });
const loaded = { model: { predict }, artefact, name: 'm' } as Any;
const from = { name: 'm', read: () => artefact, say: () => {}, layersFor: () => undefined };
const startedFrom = (values: number[]) => () =>
  prepareSequence({ values, notes: [] }, 's.txt', {}, runOf({ from } as Any));
const rising = (n: number) => list(n, (i) => i % 3);

test.each<[string, () => unknown]>([
  [
    'usage: --from is for tables; give a file with the symbols to evaluate',
    () => symbolsTask.evaluate(loaded, sourceOf('0 1 2'), { from: '2' }),
  ],
  [
    'usage: DATA and --start both say what to go on from; give one',
    () => symbolsTask.predict(loaded, sourceOf('0 1 2'), { start: '1' }),
  ],
  [
    'data: s.txt: has symbols that m does not know: 7, 9; remove them, or train without --from',
    startedFrom([...rising(20), 9, 7]),
  ],
  [
    'data: s.txt: has symbols that m does not know: 3, 4, 5, 6, 7, 8, 9, 10, 11, 12; remove them, or train without --from',
    startedFrom(list(13, (i) => i)),
  ],
  [
    'data: s.txt: has symbols that m does not know: 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 5 more; remove them, or train without --from',
    startedFrom(list(18, (i) => i)),
  ],
])('%s', async (message, run) => {
  expect(await refusal(run)).toBe(message);
});

test.each<[number[], (number | string)[], string[]]>([
  [
    [0, 1, 0, 2],
    [0, 1, 2],
    ['s.txt: 1 of the 1 symbol held out is not among those to train on; for numbers that go on, use --forecast'],
  ],
  [
    [0, 1, 0, 2, 3, 1],
    [0, 1, 2, 3],
    ['s.txt: 2 of the 3 symbols held out are not among those to train on; for numbers that go on, use --forecast'],
  ],
  [[0, 1, 0, 2, 1, 1], ['a', 'b', 'c'], ['s.txt: 1 of the 3 symbols held out is not among those to train on']],
  [[0, 1, 0, 2, 1, 1, 0, 0], ['a', 'b', 'c'], []],
])('of %j, three trained on, what is new is counted', (ids, symbols, lines) => {
  expect(novelty({ name: 's.txt', ids: Int32Array.from(ids), edge: 3, symbols } as Any)).toEqual(lines);
});

test.each<[string, string[]]>([
  [
    'on the whole training part',
    ['s.txt: training on the whole training part was not finished; the network from before it is kept'],
  ],
  ['on all symbols', ['s.txt: training on all symbols was not finished; the network from before it is kept']],
])('interrupted %s, the training says so', async (stage, lines) => {
  const stop = new AbortController();
  const run = runOf({
    signal: stop.signal,
    settings: { epochs: 2 },
    layers: 'Embedding(2, 2), LSTM(2), Dense(2, softmax)',
    stage: (text) => void (text === stage && stop.abort()),
  });
  const prepared = await symbolsTask.prepare(sourceOf('0 1 '.repeat(30), 's.txt'), { window: 1 }, run);
  const { warnings, model } = await prepared.train();
  expect(warnings.filter((line) => line.includes('finished'))).toEqual(lines);
  model.dispose();
});

test('what ended the training that chooses the epochs is told, though it is trained again to the end', async () => {
  const settings = { epochs: 5, patience: 1, learningRate: 1e-30, optimizer: 'sgd' };
  const stages: string[] = [];
  const run = runOf({
    settings,
    layers: 'Embedding(2, 2), LSTM(2), Dense(2, softmax)',
    stage: (text) => stages.push(text),
  });
  const prepared = await symbolsTask.prepare(sourceOf('0 1 '.repeat(30), 's.txt'), { window: 1 }, run);
  const { model, stopped, history, warnings } = await prepared.train();
  model.dispose();
  expect(stages).toEqual(['the network', 'on the whole training part', 'on all symbols']);
  expect(warnings.join()).not.toContain('not finished');
  expect(history.loss.length).toBeLessThan(5);
  expect(stopped).toMatchObject({ reason: 'callback', by: 'patience' });
});

test.each([
  [{ validationSplit: 0 }, 2],
  [{ validationSplit: 0 }, 5],
  [{ validationSplit: 0.25 }, 5],
])('with %j and a window of %d it is scored as the same symbols are afterwards', async (own, window) => {
  // Another symbol is the most frequent one at the beginning than later.
  const values = list(60, (i) => (i < 8 ? 2 : (i * i) % 3));
  const run = runOf({
    plain: true,
    settings: { epochs: 1, batchSize: 8, ...own },
    layers: 'LSTM(2), Dense(3, softmax)',
  });
  const prepared = await symbolsTask.prepare(sourceOf(values.join(' '), 's.txt'), { window }, run);
  const { model, artefact: made, evaluation } = await prepared.train();
  const from = own.validationSplit === 0 ? 0 : 45 - window;
  const scored = sourceOf(values.slice(from).join(' '), 's.txt');
  expect(await symbolsTask.evaluate({ model, artefact: made, name: 'm' }, scored, {})).toEqual({
    ...evaluation,
    crossEntropy: expect.closeTo(evaluation.crossEntropy ?? 0, 5),
  });
  expect(evaluation.samples).toBe(own.validationSplit === 0 ? 60 - window : 15);
  model.dispose();
});
