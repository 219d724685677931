/** What is said of texts, of starting from a model and of what was left out of a training: whole lines. */

import { describe, expect, test } from '@jest/globals';
import type { Run } from '../../../src/tasks/definition.js';
import { loadCounts, packText } from '../../../src/tasks/text/artefact.js';
import type { TextOptions } from '../../../src/tasks/text/options.js';
import { prepareCorpus } from '../../../src/tasks/text/prepare.js';
import { openStream } from '../../../src/tasks/text/score.js';
import { textTask } from '../../../src/tasks/text/task.js';
import { learnTokens } from '../../../src/tasks/text/tokens.js';
import { refusal } from '../../refusal.js';
import { runOf, sourceOf } from '../runs.js';

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

const artefactOf = (kind: 'characters' | 'words' | 'bpe', texts: string[]) => ({
  kind: 'text',
  window: 3,
  context: 'stream',
  tokens: learnTokens(texts, kind),
  frequencies: [],
});
const loaded = (kind: 'characters' | 'words' | 'bpe', texts: string[]): Any => ({
  model: {},
  artefact: artefactOf(kind, texts),
  name: 'm',
});
const startedFrom = (text: string, own: ReturnType<typeof artefactOf>) => {
  const said: string[] = [];
  const from = { name: 'm', read: () => own, say: (line: string) => said.push(line), layersFor: () => undefined };
  return { said, prepare: () => prepareCorpus(text, 'a.txt', {}, runOf({ from } as Any)) };
};
const counted = async (text: string) =>
  ({ ...artefactOf('characters', ['ab']), counted: { order: 2, weight: 0.5, text } }) as Any;

describe('refused', () => {
  test.each<[string, () => unknown]>([
    [
      'usage: --from is for tables; give a file with the part of the text to evaluate',
      () => textTask.evaluate(loaded('characters', ['ab']), sourceOf('abab'), { from: '2' }),
    ],
    [
      'data: data.txt: one character has none after it to predict',
      () => textTask.evaluate(loaded('characters', ['ab']), sourceOf('a'), {}),
    ],
    [
      'data: data.txt: one token has none after it to predict',
      () => textTask.evaluate(loaded('words', ['so so so']), sourceOf(' so'), {}),
    ],
    [
      'data: data.txt: one token has none after it to predict',
      () => textTask.evaluate(loaded('bpe', ['so so so so so']), sourceOf('so'), {}),
    ],
    [
      'data: a.txt: has characters that m does not know: "c", "d"; replace them, or train without --from',
      startedFrom('abcd'.repeat(40), artefactOf('characters', ['ab'])).prepare,
    ],
    [
      'data: a.txt: has characters that m does not know: "c", "d", "e", "f", "g", "h", "i", "j", "k", "l" and 2 more; replace them, or train without --from',
      startedFrom('abcdefghijklmn'.repeat(10), artefactOf('characters', ['ab'])).prepare,
    ],
    [
      'usage: layers: this task needs probabilities; end the layers with Dense(2, softmax)',
      async () => {
        const layers = 'Embedding(2, 2), LSTM(2, return_sequences=true), Dense(2)';
        await (await textTask.prepare(sourceOf('ab'.repeat(60)), {}, runOf({ layers }))).train();
      },
    ],
    ['model: m: the saved text is damaged; train the model again', async () => loadCounts(await counted('AAAA'), 'm')],
    [
      "data: m: the saved text, line 1, column 3: the character 'c' (U+0063) is not among the 2 that the model knows; replace it",
      async () => loadCounts(await counted(await packText('abc')), 'm'),
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });
});

test.each<['characters' | 'words' | 'bpe', string]>([
  ['characters', 'the 5 characters are those of m'],
  ['words', 'the 7 tokens are those of m'],
  ['bpe', 'the 9 tokens are those of m'],
])('%s of the model that training starts from are counted', (kind, line) => {
  const { said, prepare } = startedFrom('ab cd '.repeat(60), artefactOf(kind, ['ab cd '.repeat(9)]));
  prepare();
  expect(said[0]).toBe(line);
});

test('why a network is no stream is said', () => {
  expect(openStream({} as Any)).toEqual({ why: 'it only predicts' });
  expect(openStream({ stream: () => {}, outputs: [{ shape: [null, 2] }] } as Any)).toEqual({
    why: 'it was trained to answer after the last token of a window only',
  });
});

test('what ended the first round is told, though later ones go on to their end', async () => {
  const layers = 'Embedding(2, 2), LSTM(2, return_sequences=true), Dense(2, softmax)';
  const settings = { epochs: 5, patience: 1, learningRate: 1e-30, optimizer: 'sgd' };
  const stages: string[] = [];
  const run = runOf({ layers, settings, stage: (text) => stages.push(text) });
  const prepared = await textTask.prepare(sourceOf('ab'.repeat(60)), { window: 4, pure: true }, run);
  const { model, stopped, history, warnings } = await prepared.train();
  model.dispose();
  expect(stages.at(-1)).toBe('on the whole text, what was held out included, with a falling learning rate');
  expect(warnings.join()).not.toContain('not finished');
  expect(history.loss.length).toBeLessThan(5);
  expect(stopped).toMatchObject({ reason: 'callback', by: 'patience' });
});

describe('warnings of a training', () => {
  const warned = async (text: string, options: TextOptions, own: Partial<Run>) => {
    const layers = `Embedding(${new Set(text).size}, 2), LSTM(2, return_sequences=true), Dense(${new Set(text).size}, softmax)`;
    const run = runOf({ layers, settings: { epochs: 1 }, ...own });
    const { warnings, model } = await (await textTask.prepare(sourceOf(text, 'a.txt'), options, run)).train();
    model.dispose();
    return warnings;
  };
  const chance = [...Array(300)].map((_, i) => 'ab'[Number(Math.sin(i * i * 12.9898) > 0)]).join('');

  test.each<[string, TextOptions, Partial<Run>, string[]]>([
    [
      'nothing held out',
      {},
      { settings: { epochs: 1, validationSplit: 0 } },
      ['a.txt: nothing was held out; the evaluation is on the training part'],
    ],
    [
      'a network alone',
      { pure: true } as TextOptions,
      {},
      ['a.txt: the model is no better than counting 5 characters back (Kneser–Ney)'],
    ],
  ])('%s', async (_, options, own, lines) => {
    expect(await warned(chance, options, own)).toEqual(lines);
  });

  test.each<[string, string[]]>([
    [
      'on the whole training part, with a falling learning rate',
      [
        'a.txt: training on the whole training part was not finished; the network from before it is kept',
        'a.txt: interrupted before it was compared with counting; few tokens are scored',
      ],
    ],
    [
      'the evaluation',
      [
        'a.txt: interrupted before it was compared with counting; few tokens are scored',
        'a.txt: training on the whole text, what was held out included was not finished; the network from before it is kept',
      ],
    ],
    [
      'on the whole text, what was held out included, with a falling learning rate',
      [
        'a.txt: the model is no better than counting 5 characters back (Kneser–Ney)',
        'a.txt: training on the whole text, what was held out included was not finished; the network from before it is kept',
      ],
    ],
  ])('interrupted %s', async (stage, lines) => {
    const stop = new AbortController();
    const run = { signal: stop.signal, stage: (text: string) => void (text === stage && stop.abort()) };
    expect(await warned(chance, {}, run)).toEqual(lines);
  });
});
