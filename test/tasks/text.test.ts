import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { NdArray } from '../../src/data/array.js';
import { Random } from '../../src/random.js';
import { sample } from '../../src/tasks/sampling.js';
import { evaluateText, generate, prepareText } from '../../src/tasks/text.js';

const text = 'abcabcabcabcabcabcabcabcabcabc';
/** After each character, the next of the alphabet with probability 0.9, the others alike; at every position or the last. */
const cycle = (size: number, everyPosition: boolean) => ({
  predict: async ({ data, shape: [n, window] }: NdArray): Promise<NdArray> => {
    const rows = (id: number) =>
      Array.from({ length: size }, (_, i) => (i === (id + 1) % size ? 0.9 : 0.1 / (size - 1)));
    const ids = everyPosition ? [...data] : Array.from({ length: n }, (_, i) => data[i * window + window - 1]);
    const shape = everyPosition ? [n, window, size] : [n, size];
    return { data: Float32Array.from(ids.flatMap(rows)), shape };
  },
});
const collect = async (characters: AsyncIterable<string>) => {
  let made = '';
  for await (const character of characters) made += character;
  return made;
};

describe('prepareText', () => {
  test('by hand: 30 characters, the last 6 held out, window 4', () => {
    const { artefact, inputShape, layers, samples } = prepareText(text, 't.txt', { window: 4 }, 0.2);
    expect(inputShape).toEqual([4]);
    expect(layers).toBe('Embedding(3, 32), LSTM(128, return_sequences=true), Dense(3, softmax)');
    expect(artefact.frequencies).toEqual([1 / 3, 1 / 3, 1 / 3]);
    const every = samples([null, 4, 3]);
    expect(every.train.x.shape).toEqual([10, 4]);
    expect([...every.train.x.data.slice(0, 8)]).toEqual([0, 1, 2, 0, 2, 0, 1, 2]);
    expect([...every.train.y.data.slice(0, 8)]).toEqual([1, 2, 0, 1, 0, 1, 2, 0]);
    expect(every.validation?.x.shape).toEqual([1, 4]);
    const last = samples([null, 3]);
    expect(last.train.x.shape).toEqual([20, 4]);
    expect(last.train.y.shape).toEqual([20]);
    expect(last.validation?.x.shape).toEqual([2, 4]);
  });

  test('held-out characters are in no training sample', () => {
    const other = `${text.slice(0, 24)}cccaaa`;
    const [a, b] = [text, other].map((one) => prepareText(one, 't.txt', { window: 4 }, 0.2));
    expect(b.samples([null, 3]).train).toEqual(a.samples([null, 3]).train);
    expect(b.artefact.frequencies).toEqual(a.artefact.frequencies);
  });

  test.each([
    ['one character only', 'aaaa', 2, 't.txt: holds one character only; there is nothing to learn'],
    [
      'a window longer than the text',
      'abcabcabca',
      20,
      't.txt: its 2 characters held out are too few for window 20; take --window 1 or less',
    ],
    ['a window of −1', text, -1, 'window: -1 is not a whole number of at least 1'],
  ])('%s', (_, content, window, message) => {
    expect(() => prepareText(content, 't.txt', { window }, 0.2)).toThrow(message);
  });

  test('another output', () => {
    expect(() => prepareText(text, 't.txt', { window: 4 }, 0.2).samples([null, 4])).toThrow(
      'layers: the output has shape (4), this task needs (4, 3) or (3); end the layers with Dense(3, softmax)',
    );
  });
});

describe('evaluateText', () => {
  test.each([true, false])('by hand: −ln 0.9 nats (at every position: %s)', async (everyPosition) => {
    const { artefact } = prepareText(text, 't.txt', { window: 4 }, 0);
    const evaluation = await evaluateText(cycle(3, everyPosition), artefact, text, 't.txt');
    expect(evaluation.samples).toBe(everyPosition ? 28 : 26);
    expect(evaluation.crossEntropy).toBeCloseTo(-Math.log(0.9), 5);
    expect(evaluation.bitsPerCharacter).toBeCloseTo(-Math.log2(0.9), 5);
    expect(evaluation.perplexity).toBeCloseTo(1 / 0.9, 5);
    expect(evaluation.unigramCrossEntropy).toBeCloseTo(Math.log(3), 5);
  });
  test('an unknown character', async () => {
    const { artefact } = prepareText(text, 't.txt', { window: 4 }, 0);
    await expect(evaluateText(cycle(3, true), artefact, 'abc\nabd', 'u.txt')).rejects.toThrow(
      'u.txt, line 1, column 4: the character U+000A is not among the 3 that the model knows',
    );
  });
});

describe('generate', () => {
  const { artefact } = prepareText(text, 't.txt', { window: 4 }, 0);

  test.each([true, false])(
    'goes on from the prompt, shorter or longer than the window (every position: %s)',
    async (every) => {
      const model = cycle(3, every);
      for (const prompt of ['a', 'bca', 'abcabca']) {
        expect(await collect(generate(model, artefact, { prompt, length: 5, temperature: 0 }))).toBe('bcabc');
      }
      expect(await collect(generate(model, artefact, { length: 3, topK: 1 }))).toBe('bca');
    },
  );

  test('the same seed makes the same text', async () => {
    const draw = (seed: number) => collect(generate(cycle(3, true), artefact, { seed, length: 60, temperature: 2 }));
    expect(await draw(1)).toBe(await draw(1));
    expect(await draw(1)).not.toBe(await draw(2));
  });

  test.each([
    [{ prompt: 'x' }, "prompt, line 1, column 1: the character 'x' (U+0078) is not among the 3"],
    [{ length: 0 }, 'length: 0 is not a whole number'],
    [{ temperature: -1 }, 'temperature: -1 is not a number of at least 0'],
    [{ topK: 0 }, 'top-k: 0 is not a whole number of at least 1'],
    [{ topP: 1.5 }, 'top-p: 1.5 is not in (0, 1]'],
  ])('%j', async (options, message) => {
    await expect(collect(generate(cycle(3, true), artefact, options))).rejects.toThrow(message);
  });
});

describe('sample', () => {
  const p = [0.1, 0.4, 0.2, 0.3];
  const shares = (options: Parameters<typeof sample>[1]) => {
    const random = new Random(1);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 40_000; i++) counts[sample(p, options, random)]++;
    return counts.map((count) => count / 40_000);
  };
  const near = (found: number[], expected: number[]) => {
    for (const [i, share] of expected.entries()) expect(Math.abs(found[i] - share)).toBeLessThan(0.01);
  };

  test('draws with the probabilities, sharpened or flattened by the temperature (± 0.01)', () => {
    near(shares({}), p);
    near(shares({ temperature: 0.5 }), [1 / 30, 16 / 30, 4 / 30, 9 / 30]);
    expect(shares({ temperature: 0 })).toEqual([0, 1, 0, 0]);
  });
  test('top k and top p keep the most probable (± 0.01)', () => {
    near(shares({ topK: 2 }), [0, 4 / 7, 0, 3 / 7]);
    near(shares({ topP: 0.65 }), [0, 4 / 7, 0, 3 / 7]);
    expect(shares({ topP: 0.1 })).toEqual([0, 1, 0, 0]);
    near(shares({ topK: 3, topP: 0.9 }), [0, 4 / 9, 2 / 9, 3 / 9]);
  });
  test('never draws what has no probability', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { minLength: 1, maxLength: 9 }).filter((w) => w.some((v) => v > 0)),
        fc.nat(),
        (weights, key) => {
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const drawn = sample(
            weights.map((weight) => weight / total),
            {},
            new Random(key),
          );
          expect(weights[drawn]).toBeGreaterThan(0);
        },
      ),
    );
  });
});
