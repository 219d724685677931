import { describe, expect, test } from '@jest/globals';
import type { NdArray } from '../../src/data/array.js';
import { evaluateSymbols, predictSymbols, prepareSymbols } from '../../src/tasks/symbols.js';

const rounds = Int32Array.from({ length: 40 }, (_, i) => i % 10);
/** Counts on from the last input: x·9 + 1, modulo 10. */
const counting = {
  predict: async ({ data, shape: [n, window] }: NdArray): Promise<NdArray> => {
    const out = new Float32Array(n * 10);
    for (let i = 0; i < n; i++) out[i * 10 + ((Math.round(data[(i + 1) * window - 1] * 9) + 1) % 10)] = 1;
    return { data: out, shape: [n, 10] };
  },
};

describe('prepareSymbols', () => {
  test('the document: x/9 in, the next digit out', () => {
    const { artefact, inputShape, layers, samples } = prepareSymbols(rounds, 's.txt', {}, 0);
    expect(inputShape).toEqual([1, 1]);
    expect(layers).toBe('LSTM(50), Dense(10, softmax)');
    expect(artefact).toMatchObject({ window: 1, symbols: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], scale: 9, end: [9] });
    const { train, validation } = samples([null, 10]);
    expect(train.x.shape).toEqual([39, 1, 1]);
    expect([...train.x.data.slice(0, 3)]).toEqual([0, Math.fround(1 / 9), Math.fround(2 / 9)]);
    expect([...train.y.data.slice(7, 11)]).toEqual([8, 9, 0, 1]);
    expect(validation).toBeUndefined();
  });

  test('negative numbers, gaps, windows, a part held out', () => {
    const { artefact, inputShape, samples } = prepareSymbols(
      Int32Array.of(-5, 20, 7, -5, 20, 7, -5, 20, 7, -5),
      's.txt',
      { window: 2 },
      0.4,
    );
    expect(artefact).toMatchObject({ symbols: [-5, 7, 20], scale: 20, end: [7, -5] });
    expect(inputShape).toEqual([2, 1]);
    const { train, validation } = samples([null, 3]);
    expect([...train.x.data.slice(0, 2)]).toEqual([-0.25, 1]);
    expect([...train.y.data]).toEqual([1, 0, 2, 1]);
    expect([...(validation?.y.data ?? [])]).toEqual([1, 0]);
  });

  test.each([
    ['a constant', [4, 4, 4], {}, 0, 's.txt: every integer is 4; there is nothing to learn from a constant'],
    ['one integer', [4], {}, 0, 's.txt: has 1 integer; training needs at least two'],
    ['nothing', [], {}, 0, 's.txt: has 0 integers; training needs at least two'],
    [
      'a window longer than the data',
      [1, 2, 3],
      { window: 3 },
      0,
      's.txt: its 3 integers are too few for window 3; take --window 2 or less',
    ],
    [
      'too little held out',
      [1, 2, 3, 4, 5],
      { window: 1 },
      0.2,
      's.txt: its 1 integers held out are too few for window 1',
    ],
  ])('%s', (_, sequence, options, split, message) => {
    expect(() => prepareSymbols(Int32Array.from(sequence), 's.txt', options, split)).toThrow(message);
  });
});

describe('predicting symbols', () => {
  const { artefact } = prepareSymbols(rounds, 's.txt', {}, 0);

  test('feeds each answer back', async () => {
    expect(await predictSymbols(counting, artefact, [7], 5)).toEqual([8, 9, 0, 1, 2]);
    expect(await predictSymbols(counting, artefact, [1, 2, 3], 2)).toEqual([4, 5]);
    expect(await predictSymbols(counting, artefact, undefined, 3)).toEqual([0, 1, 2]);
    expect(artefact.end).toEqual([9]);
  });

  test('how often it is right', async () => {
    expect(await evaluateSymbols(counting, artefact, rounds, 's.txt')).toEqual({
      kind: 'symbols',
      samples: 39,
      accuracy: 1,
      majorityAccuracy: 4 / 39,
    });
    expect((await evaluateSymbols(counting, artefact, Int32Array.of(1, 2, 4), 's.txt')).accuracy).toBe(0.5);
  });

  test('unknown integers; too few; no steps', async () => {
    await expect(predictSymbols(counting, artefact, [3, 10], 1)).rejects.toThrow(
      'start: 10 (number 2) is not among the integers of the training data: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9',
    );
    await expect(predictSymbols(counting, { ...artefact, window: 3 }, [1], 1)).rejects.toThrow(
      'start: 1 integers; this model predicts from the last 3',
    );
    await expect(predictSymbols(counting, artefact, [1], 0)).rejects.toThrow('steps: 0 is not a whole number');
    await expect(evaluateSymbols(counting, artefact, Int32Array.of(1, 11), 't.txt')).rejects.toThrow(
      't.txt: 11 (number 2)',
    );
  });
});
