import { describe, expect, test } from '@jest/globals';
import { modelError, usageError } from '../../../src/errors.js';
import { Dense, Embedding, LSTM, Sequential } from '../../../src/index.js';
import { KneserNey } from '../../../src/tasks/text/kneserNey.js';
import { type Network, openStream, predictWindows, scoreCounts, scoreNetwork } from '../../../src/tasks/text/score.js';
import { showText } from '../../../src/tasks/text/shown.js';
import { learnTokens } from '../../../src/tasks/text/tokens.js';

test('every window is predicted once, in order, however many there are', async () => {
  /** Doubles what it is given. */
  const network: Network = {
    predict: async ({ data, shape }) => ({ data: Float32Array.from(data, (value) => 2 * value), shape: [...shape] }),
  };
  for (const rows of [1, 63, 64, 65, 300]) {
    const x = Int32Array.from({ length: 3 * rows }, (_, i) => i);
    const seen: number[] = [];
    await predictWindows(network, x, 3, (row, output) => {
      expect(row).toBe(seen.length / 3);
      seen.push(...output);
    });
    expect(seen).toEqual(Array.from(x, (value) => 2 * value));
  }
});

test.each(['stream', 'window'] as const)(
  'by %s, each token has the probability that the network gives it',
  async (context) => {
    const layers = [Embedding(4, 3), LSTM(5, { returnSequences: true }), Dense(4, 'softmax')];
    const network = new Sequential(layers, { inputShape: [null], seed: 2 });
    network.setWeights(network.getWeights().map(({ data, shape }) => ({ data: data.map((w) => 3 * w), shape })));
    const ids = Int32Array.of(0, 3, 1, 2, 2, 0, 1, 3, 3, 0, 2, 1);
    const whole = await network.predict<number[][][]>([Array.from(ids)]);
    const by = { context, window: ids.length - 1, least: 1 };
    const { first, to, p } = await scoreNetwork(network, 4, ids, { from: 3, to: 10 }, by);
    expect([first, to]).toEqual([3, 10]);
    for (let i = 0; i < p.length; i++) expect(p[i]).toBeCloseTo(whole[0][first + i - 1][ids[first + i]], 6);
    network.dispose();
  },
);

const size = 5;
/** Tokens that look like chance. */
const tokensOf = (n: number) => Int32Array.from({ length: n }, (_, i) => ((i * i + 3 * i) >> 2) % size);
/** The probability of a token after so many others, of which the last one is known. */
const probability = (token: number, last: number, before: number) =>
  ((token * 7 + last * 3 + before) % 11) / 20 + 0.01 * token;
const row = (last: number, before: number) => Array.from({ length: size }, (_, v) => probability(v, last, before));
/** A network as a stream that counts what it was given. */
const streaming = (): Network => ({
  predict: () => Promise.reject(new Error('not by windows')),
  outputs: [{ name: 'p', shape: [null, null, size] }],
  stream: () => {
    let before = 0;
    return { push: ([token]: Int32Array) => Float32Array.from(row(token, ++before)) } as never;
  },
});
/** A network of windows whose answers hang on the place in the window: at every place, or after the last one. */
const windowed = (everyPosition: boolean): Network => ({
  predict: async ({ data, shape: [n, window] }) => {
    const places = Array.from({ length: n * window }, (_, at) => at).filter(
      (at) => everyPosition || at % window === window - 1,
    );
    const answers = places.flatMap((at) => row(data[at], (at % window) + 1));
    return { data: Float32Array.from(answers), shape: everyPosition ? [n, window, size] : [n, size] };
  },
});
const near = (values: number[]) => values.map((value) => expect.closeTo(value, 6));
const list = <T>(from: number, to: number, of: (i: number) => T): T[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, k) => of(from + k));

describe('probabilities of the tokens of a part', () => {
  const ids = tokensOf(2600);
  const aborted = AbortSignal.abort();

  test.each([
    [0, 40, undefined, 40],
    [1, 2, undefined, 2],
    [700, 705, undefined, 705],
    [1500, 2600, undefined, 2600],
    // Interrupted, a thousand are enough.
    [100, 2600, aborted, 1100],
    [1001, 1500, aborted, 1500],
  ])('by stream from %d to %d: after a thousand tokens that it is given first', async (from, to, signal, end) => {
    const by = { context: 'stream' as const, window: 4 };
    const found = await scoreNetwork(streaming(), size, ids, { from, to }, by, signal);
    const first = Math.max(1, from);
    const begin = Math.max(0, first - 1001);
    expect({ ...found, p: [...found.p] }).toEqual({
      first,
      to: end,
      p: near(list(first, end, (i) => probability(ids[i], ids[i - 1], i - begin))),
    });
  });

  test.each([
    [0, 40, undefined, 40],
    [8, 9, undefined, 9],
    [30, 2600, undefined, 2600],
    [500, 2600, aborted, 1500],
  ])('after the last token of windows, from %d to %d', async (from, to, signal, end) => {
    const window = 8;
    const by = { context: 'window' as const, window };
    const found = await scoreNetwork(windowed(false), size, ids, { from, to }, by, signal);
    const first = Math.max(window, from);
    expect({ ...found, p: [...found.p] }).toEqual({
      first,
      to: end,
      p: near(list(first, end, (i) => probability(ids[i], ids[i - 1], window))),
    });
  });

  test.each([
    [0, 40, undefined, undefined],
    [30, 35, undefined, undefined],
    [30, 2600, undefined, undefined],
    [30, 200, 0, undefined],
    [500, 2600, undefined, aborted],
  ])(
    'of windows, from %d to %d, each with half a window before it, or as many as are asked for',
    async (from, to, least, signal) => {
      const window = 8;
      const by = { context: 'window' as const, window, ...(least !== undefined && { least }) };
      const found = await scoreNetwork(windowed(true), size, ids, { from, to }, by, signal);
      const first = Math.max(1, from);
      expect(found.first).toBe(first);
      if (signal) expect(found.to).toBe(first + 1000);
      else expect(found.to).toBe(to);
      expect(found.p).toHaveLength(found.to - first);
      for (const [k, p] of found.p.entries()) {
        const i = first + k;
        // Which window it was of is free, but for the context that it has.
        const contexts = list(Math.min(i, (least ?? window >> 1) + 1), window + 1, (before) =>
          probability(ids[i], ids[i - 1], before),
        );
        expect(contexts.some((one) => Math.abs(one - p) < 1e-6)).toBe(true);
      }
    },
  );

  test('by counts, what the whole text before tells', async () => {
    const counts = new KneserNey(ids.subarray(0, 800), size, 4);
    for (const [first, to] of [
      [0, 60],
      [2, 9],
      [900, 960],
    ]) {
      const state = counts.start();
      for (const id of ids.subarray(0, first)) state.push(id);
      const expected = list(first, to, (i) => {
        const p = state.probability(ids[i]);
        state.push(ids[i]);
        return p;
      });
      expect(Array.from(await scoreCounts(counts, ids, first, to))).toEqual(expected);
    }
  });
});

test.each<[string, Partial<Network>, object]>([
  ['without a stream', { stream: undefined }, { why: 'it only predicts' }],
  [
    'that answers once for a window',
    { outputs: [{ name: 'p', shape: [null, size] }] },
    { why: 'it was trained to answer after the last token of a window only' },
  ],
  [
    'that needs the whole sequence',
    {
      stream: () => {
        throw modelError('it reads from both ends');
      },
    },
    { why: 'it reads from both ends' },
  ],
])('a network %s is none, and nothing of it is shown', (_, own, why) => {
  const network = { ...streaming(), ...own } as Network;
  expect(openStream(network)).toEqual(why);
  const tokens = learnTokens(['abcde'], 'characters');
  expect(showText({ network, tokens, weight: 1 }, tokensOf(30), 4)).toBeUndefined();
});

test.each([usageError('threads: 0'), new TypeError('wrong')])(
  'what else a stream throws is not hidden: %s',
  (error) => {
    const stream = () => {
      throw error;
    };
    expect(() => openStream({ ...streaming(), stream })).toThrow(error);
  },
);

describe('the beginning of a text, token by token', () => {
  const tokens = learnTokens(['abcde'], 'characters');

  test.each([
    [0, 30, false],
    [1, 30, true],
    [620, 900, false],
    [40, 1800, true],
  ])('from token %d of %d, with counts beside the network: %j', (first, n, counted) => {
    const ids = tokensOf(n);
    const counts = counted ? new KneserNey(ids, size, 3) : undefined;
    const weight = counted ? 0.3 : 1;
    const begin = Math.max(0, first - 500);
    const state = counts?.start();
    for (const id of ids.subarray(begin, Math.max(1, first) - 1)) state?.push(id);
    const end = Math.min(n, Math.max(1, first) + 1500);
    const answers = list(Math.max(1, first), end, (i) => {
      state?.push(ids[i - 1]);
      const p = row(ids[i - 1], i - begin).map(
        (one, v) => weight * Math.fround(one) + (1 - weight) * (state?.probability(v) ?? 0),
      );
      return { actual: ids[i], expected: p.indexOf(Math.max(...p)), p: p[ids[i]] };
    });
    const confusions = new Map<string, number>();
    for (const { actual, expected } of answers) {
      const key = `${tokens.texts[actual]} ${tokens.texts[expected]}`;
      if (actual !== expected) confusions.set(key, (confusions.get(key) ?? 0) + 1);
    }
    const network = streaming();
    const shown = showText({ network, tokens, weight, ...(counts && { counts }) }, ids, first);
    expect(shown).toEqual({
      kind: 'text',
      tokens: answers.map(({ actual, p }) => ({
        text: tokens.texts[actual],
        bits: expect.closeTo(-Math.log2(Math.max(p, 1e-7)), 6),
      })),
      confusions: [...confusions]
        .sort((a, b) => b[1] - a[1])
        .slice(0, 20)
        .map(([pair, count]) => ({ actual: pair[0], expected: pair[2], count })),
    });
  });

  test('of a network that is no stream nothing is shown', () => {
    expect(showText({ network: windowed(true), tokens, weight: 1 }, tokensOf(9), 0)).toBeUndefined();
  });
});
