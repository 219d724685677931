import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Fields } from '../../../src/fields.js';
import { Random } from '../../../src/random.js';
import type { Run } from '../../../src/tasks/definition.js';
import { checkParts } from '../../../src/tasks/prepared.js';
import { predictSymbols } from '../../../src/tasks/symbols/predict.js';
import { countsGuess } from '../../../src/tasks/symbols/repetition.js';
import { readSequence } from '../../../src/tasks/symbols/sequence.js';
import { symbolsTask } from '../../../src/tasks/symbols/task.js';
import { runOf, sourceOf } from '../runs.js';

const train = async (text: string, options = {}, own: Partial<Run> = {}) => {
  const prepared = await symbolsTask.prepare(sourceOf(text), options, runOf(own));
  return { prepared, trained: await prepared.train() };
};
const rounds = (of: readonly (number | string)[], n: number) => Array.from({ length: n }, (_, i) => of[i % of.length]);

describe('what is a symbol', () => {
  const read = async (text: string, name = 's.txt') => (await readSequence(sourceOf(text, name))).values;

  test.each([
    ['1 2 3', [1, 2, 3]],
    ['1,2\n-3\n+4; 5.0', [1, 2, -3, 4, 5]],
    ['n\n1\n2\n', [1, 2]],
    ['1\n2\n3\n', [1, 2, 3]],
    ['A B C A', ['A', 'B', 'C', 'A']],
    ['red\ngreen\nred\n', ['red', 'green', 'red']],
    ['1 2 x4', ['1', '2', 'x4']],
    ['0x1 0b1 7', ['0x1', '0b1', '7']],
    ['9007199254740993 7', ['9007199254740993', '7']],
    ['abca', ['a', 'b', 'c', 'a']],
    ['date,n\n2020-01-01,7\n2020-01-02,8\n', [7, 8]],
    ['caf\u00e9 cafe\u0301', ['café', 'café']],
  ])('%j', async (text, expected) => {
    expect(await read(text)).toEqual(expected);
  });

  test('a table of JSON', async () => {
    expect(await read('[4, 5]', 's.json')).toEqual([4, 5]);
    expect(await read('[{"a":"x"},{"a":"y"}]', 's.json')).toEqual(['x', 'y']);
  });

  test('what is not plain is said', async () => {
    expect((await readSequence(sourceOf('n\n1\n2'))).notes).toEqual(["data.txt: 'n' is taken for the column's name"]);
    expect((await readSequence(sourceOf('abc'))).notes).toEqual([
      'data.txt: nothing separates the symbols; each character is one',
    ]);
  });

  test.each([
    ['1 2.5', "s.txt, line 1, column 3: '2.5' is neither a whole number nor a word"],
    ['a,b\n1,2\n3,4\n', 's.txt: has several columns of whole numbers: a, b; leave one'],
  ])('%j is refused', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});

describe('symbols without an option', () => {
  test('squares modulo 11 need more than one symbol, and get them', async () => {
    const squares = Array.from({ length: 220 }, (_, i) => (i * i) % 11);
    const { trained } = await train(squares.join(' '));
    expect(trained.artefact.window).toBeGreaterThan(1);
    expect(trained.evaluation).toMatchObject({ samples: 44, accuracy: 1, counts: { accuracy: 1 } });
    expect(trained.evaluation.majorityAccuracy).toBeLessThan(0.3);
    const { model, artefact } = trained;
    const next = await predictSymbols(model, artefact, undefined, 22);
    expect(next).toEqual(Array.from({ length: 22 }, (_, i) => (220 + i) ** 2 % 11));
    model.dispose();
  });

  test("the document's job, plain and not: after 0 … 9 ten times comes 0 … 9", async () => {
    const counting = readFileSync('examples/data/counting.txt', 'utf8');
    for (const plain of [true, false]) {
      const { prepared, trained } = await train(counting, {}, { plain });
      const { model, artefact, evaluation } = trained;
      if (plain) expect(prepared.layers).toBe('LSTM(50), Dense(10, softmax)');
      expect(artefact.window).toBe(1);
      expect(evaluation.accuracy).toBe(1);
      expect(await predictSymbols(model, artefact, [4], 12)).toEqual([5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6]);
      model.dispose();
    }
  });

  test('words, and negative numbers: saved and read, the same answers; the same seed, the same bits', async () => {
    for (const [of, start] of [
      [['red', 'green', 'blue'], 'blue red'],
      [[-3, 5, 0], '0, -3'],
    ] as const) {
      const text = rounds(of, 60).join('\n');
      const [{ trained }, again] = [await train(text), await train(text)];
      const { model, artefact, evaluation } = trained;
      expect(evaluation.accuracy).toBe(1);
      expect(again.trained.model.getWeights()).toEqual(model.getWeights());
      const parsed = symbolsTask.parse(new Fields(JSON.parse(JSON.stringify(artefact)), 'task'));
      expect(parsed).toEqual(artefact);
      const { result, text: shown } = await symbolsTask.predict({ model, artefact: parsed, name: 'm' }, undefined, {
        start,
        steps: 3,
      });
      expect(result).toEqual({ symbols: [of[1], of[2], of[0]] });
      expect(shown).toBe([of[1], of[2], of[0]].join(' '));
      const { accuracy } = await symbolsTask.evaluate({ model, artefact, name: 'm' }, sourceOf(text), {});
      expect(accuracy).toBe(1);
      model.dispose();
      again.trained.model.dispose();
    }
  });

  test('what cannot be known is said to be no better than the simplest guess', async () => {
    const random = new Random(1);
    const coins = Array.from({ length: 120 }, () => random.integer(2));
    const { trained } = await train(coins.join(' '), { window: 1 });
    const { accuracy, majorityAccuracy } = trained.evaluation;
    expect(Math.abs(accuracy - majorityAccuracy)).toBeLessThan(0.4);
    const lines = symbolsTask.tell(trained.evaluation, ', held out').headline;
    expect(lines[0]).toMatch(/^24 symbols, held out: accuracy /);
    expect(lines[1]).toMatch(/^(Better than|No better than) /);
    trained.model.dispose();
  });

  test('numbers that only go on are said to be unknown', async () => {
    const { warnings } = await symbolsTask.prepare(
      sourceOf(Array.from({ length: 100 }, (_, i) => i).join(' ')),
      {},
      runOf(),
    );
    expect(warnings).toEqual([
      'data.txt: 20 of the 20 symbols held out are not among those to train on; for numbers that go on, use --forecast',
    ]);
  });

  test('layers of the user, without and with an Embedding', async () => {
    const text = rounds([0, 1, 2], 60).join(' ');
    const settings = { epochs: 2 };
    const a = await train(text, { window: 2 }, { layers: 'LSTM(4), Dense(3, softmax)', settings });
    expect(a.trained.artefact).toMatchObject({ input: 'scaled', scale: 2, window: 2 });
    expect(a.trained.model.inputShape).toEqual([null, 2, 1]);
    const b = await train(text, {}, { layers: 'Embedding(3, 2), GRU(4), Dense(3, softmax)', settings });
    expect(b.trained.artefact.input).toBe('index');
    a.trained.model.dispose();
    b.trained.model.dispose();
    await expect(train(text, {}, { layers: 'LSTM(4), Dense(4, softmax)' })).rejects.toThrow(
      'layers: the output has shape (4), this task needs (3); end the layers with Dense(3, softmax)',
    );
  });

  test('an interruption keeps what was trained', async () => {
    const stop = new AbortController();
    let saved = 0;
    const { trained } = await train(
      rounds([0, 1, 2], 90).join(' '),
      {},
      {
        signal: stop.signal,
        callbacks: [{ onEpochEnd: (epoch) => (epoch === 1 ? stop.abort() : undefined) }],
        trained: async () => {
          saved++;
        },
      },
    );
    expect(trained.stopped?.reason).toBe('interrupted');
    expect(saved).toBe(1);
    expect(trained.evaluation.samples).toBe(18);
    trained.model.dispose();
  });
});

describe('of 60 symbols', () => {
  // At first 0 is the most frequent, at the end 2.
  const symbols = Array.from({ length: 60 }, (_, i) => (i < 52 ? [0, 0, 1, 2][i % 4] : i === 58 ? 1 : 2));
  const layers = 'LSTM(3), Dense(3, softmax)';
  test.each<[string, { window?: number }, Partial<Run>, number, number, number | undefined]>([
    ['windows to try, the smallest of 1', {}, {}, 47, 12, undefined],
    ['a window of 5', { window: 5 }, {}, 43, 12, 5],
    ['half held out', { window: 2 }, { settings: { validationSplit: 0.5 } }, 28, 30, 2],
    ['nothing held out', { window: 2 }, { settings: { validationSplit: 0 } }, 58, 0, 2],
    ['plain', {}, { plain: true }, 59, 0, 1],
    ['plain, a third held out', { window: 3 }, { plain: true, settings: { validationSplit: 1 / 3 } }, 37, 20, 3],
  ])(
    '%s: trained on are those after a window, and the model goes on from the end',
    async (_, options, own, samples, heldOut, window) => {
      const settings = { epochs: 1, batchSize: 32, ...own.settings };
      const { prepared, trained } = await train(symbols.join(' '), options, { layers, ...own, settings });
      expect([prepared.samples, prepared.heldOut]).toEqual([samples, heldOut]);
      const { model, artefact, evaluation } = trained;
      const end = symbols.slice(-artefact.window);
      expect(artefact).toEqual({
        kind: 'symbols',
        window: window ?? expect.any(Number),
        symbols: [0, 1, 2],
        input: 'scaled',
        scale: 2,
        majority: 0,
        end,
      });
      expect(evaluation.samples).toBe(heldOut || samples);
      const following = async (start?: string) =>
        symbolsTask.predict({ model, artefact, name: 'm' }, undefined, { steps: 4, ...(start && { start }) });
      expect(await following()).toEqual(await following(end.join(' ')));
      model.dispose();
    },
  );
});

test.each([
  ['4 4 4', {}, 'data.txt: every symbol is 4; there is nothing to learn from a constant'],
  ['4', {}, 'data.txt: has 1 symbol; training needs at least two'],
  ['1 2 3', { window: 3 }, 'data.txt: its 3 symbols are too few for window 3; take --window 2 or less'],
])('%s, %j is refused in one line', async (text, options, message) => {
  await expect(symbolsTask.prepare(sourceOf(text), options, runOf())).rejects.toThrow(message);
});

test.each([
  [4, ' held out are too few for window 1; take more data'],
  [1, ' to train on are too few for window 1; take more data'],
  [5, ' are too few for window 5; take --window 4 or less', 5],
])('of five symbols %d to train on', (edge, message, window = 1) => {
  expect(() => checkParts('data.txt', 'symbols', 5, edge, window)).toThrow(message);
});

describe('predicting', () => {
  const artefact = symbolsTask.parse(
    new Fields({ kind: 'symbols', window: 1, symbols: [0, 1, 2], scale: 2, majority: 0, end: [2] }, 'task'),
  );
  const predict = async () => ({ data: Float32Array.of(0, 1, 0), shape: [1, 3] });

  test('what an earlier version saved takes scaled numbers', async () => {
    expect(artefact.input).toBe('scaled');
    expect(symbolsTask.shapes(artefact)).toEqual({ input: [1, 1], outputs: [[3]] });
    expect(await predictSymbols({ predict }, artefact, [0], 2)).toEqual([1, 1]);
  });

  test.each([
    [[3], 1, 'start: 3 (number 1) is not among the 3 symbols of the training data: 0, 1, 2'],
    [[], 1, 'start: 0 symbols; this model predicts from the last 1, give as many'],
    [[1], 0, 'steps: 0 is not a whole number of at least 1'],
    [[1], 1e9, 'steps: 1000000000 is more than 100000'],
  ])('%j, %d steps', async (start, steps, message) => {
    await expect(predictSymbols({ predict }, artefact, start, steps)).rejects.toThrow(message);
  });

  test.each([
    [{ symbols: [1, 1] }, 'task.symbols is damaged'],
    [{ symbols: [1, 'a'] }, 'task.symbols is damaged'],
    [{ end: [7] }, 'task.end is damaged'],
    [{ majority: 3 }, 'task.majority is damaged'],
    [{ scale: 0 }, 'task.scale is damaged'],
  ])('damaged: %j', (own, message) => {
    const saved = { kind: 'symbols', window: 1, symbols: [0, 1, 2], scale: 2, majority: 0, end: [2], ...own };
    expect(() => symbolsTask.parse(new Fields(saved, 'task'))).toThrow(message);
  });
});

describe('counting alone', () => {
  const turns = Array.from({ length: 60 }, (_, i) => [0, 0, 1, 1][i % 4]);
  const of = (symbols: string) => [...symbols].map(Number);
  test.each<[string, number[], [number, number, number], object]>([
    ['two back where one is not enough', turns, [30, 48, 60], { accuracy: 1, back: 2 }],
    ['none where nothing is better than the most frequent one', turns, [32, 33, 60], { accuracy: 13 / 27, back: 0 }],
    // Before 0120 nothing but 0 was counted, so that no way is right more often than another; 0 are 3 of 8.
    [
      'what is only in the part that chooses is not counted there',
      of('0000001201201201201'),
      [6, 11, 19],
      { accuracy: 0.375, back: 0 },
    ],
    // Of 010101 0 follows 1; to 2 that leads only once the second part is counted too: four times, and 0 three times.
    ['but is in the score', of('010101012012012012012012'), [6, 18, 24], { accuracy: 1, back: 1 }],
    ['the shortest of those that are right as often', of('0101010101010101'), [8, 12, 16], { accuracy: 1, back: 1 }],
    ['what was never seen is the most frequent one', of('0101010120'), [4, 8, 10], { accuracy: 0.5, back: 1 }],
  ])('%s', async (_, symbols, [from, counted, to], found) => {
    const ids = Int32Array.from(symbols);
    expect(await countsGuess(ids, counted, { from: counted, to }, { from, to: counted })).toEqual(found);
  });

  test('is told to stop', async () => {
    const part = { from: 48, to: 60 };
    const stopped = AbortSignal.abort();
    expect(await countsGuess(Int32Array.from(turns), 48, part, { from: 30, to: 48 }, stopped)).toBeUndefined();
  });
});
