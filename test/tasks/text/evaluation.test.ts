/** Likelihoods of texts by hand, from networks whose answers are known; and what is said of them. */
import { expect, test } from '@jest/globals';
import {
  evaluateTokens,
  evaluateWindows,
  frequenciesOf,
  type TextEvaluation,
  verdict,
} from '../../../src/tasks/text/evaluation.js';
import { KneserNey } from '../../../src/tasks/text/kneserNey.js';
import { fitWeight, mixed, type Network, nats, scoreCounts } from '../../../src/tasks/text/score.js';
import { textTask } from '../../../src/tasks/text/task.js';
import { learnTokens } from '../../../src/tasks/text/tokens.js';
import { sourceOf } from '../runs.js';

/** Gives each token the same probability everywhere: at every position of a window, or after it. */
function steady(p: readonly number[], everyPosition: boolean): Network {
  return {
    predict: async ({ shape: [n, steps] }) => {
      const answers = Array.from({ length: everyPosition ? n * steps : n }, () => [...p]);
      return { data: Float32Array.from(answers.flat()), shape: everyPosition ? [n, steps, p.length] : [n, p.length] };
    },
  };
}

const characters = learnTokens(['ab'], 'characters');
const ids = characters.encode('abbab', 'text');
const near = (value: number) => expect.closeTo(value, 6);
const [a, b] = [-Math.log(0.25), -Math.log(0.75)];

test.each([
  // Windows that follow one another: ab and ba, after which come b, b and a, b.
  [true, a + 3 * b, 4, -Math.log(0.4) - 3 * Math.log(0.6)],
  // A window at every token: b, a and b.
  [false, a + 2 * b, 3, -Math.log(0.4) - 2 * Math.log(0.6)],
])('windows without context, answered at every position: %j', async (everyPosition, sum, samples, unigram) => {
  const network = steady([0.25, 0.75], everyPosition);
  const frequencies = frequenciesOf(ids, 2);
  expect(frequencies).toEqual([0.4, 0.6]);
  expect(await evaluateWindows({ network, tokens: characters, window: 2, frequencies }, ids)).toEqual({
    kind: 'text',
    samples,
    tokens: samples,
    tokenKind: 'characters',
    crossEntropy: near(sum / samples),
    bitsPerCharacter: near(sum / samples / Math.LN2),
    perplexity: near(Math.exp(sum / samples)),
    unigramCrossEntropy: near(unigram / samples),
  });
});

test('tokens of several characters: nats by the character, perplexity by the token', async () => {
  const tokens = learnTokens(['ab ab ab'], 'words');
  const word = tokens.texts.indexOf(' ab');
  const p = tokens.texts.map((_, id) => (id === word ? 0.5 : 0.5 / (tokens.size - 1)));
  const text = tokens.encode('ab ab ab ab', 'text');
  const model = { network: steady(p, true), tokens, window: 2, context: 'window' as const, frequencies: p, weight: 1 };
  const found = await evaluateTokens(model, text, { from: text.length - 2, to: text.length });
  const alone = {
    crossEntropy: near((2 * Math.LN2) / 6),
    bitsPerCharacter: near(2 / 6),
    perplexity: near(2),
  };
  expect(found).toEqual({
    kind: 'text',
    samples: 6,
    tokens: 2,
    tokenKind: 'words',
    ...alone,
    unigramCrossEntropy: near((2 * Math.LN2) / 6),
    network: alone,
    weight: 1,
  });
});

test('beside counts: each alone, and mixed where the model has them', async () => {
  const counts = new KneserNey(ids, 2, 3);
  const frequencies = [0.4, 0.6];
  const model = {
    network: steady([0.25, 0.75], true),
    tokens: characters,
    window: 2,
    context: 'window' as const,
    frequencies,
    weight: 0.25,
  };
  const part = { from: 1, to: 5 };
  const p = Float64Array.of(0.75, 0.75, 0.25, 0.75);
  const q = await scoreCounts(counts, ids, 1, 5);
  const mix = Array.from(p, (value, i) => 0.25 * value + 0.75 * q[i]);
  expect(Array.from(mixed(p, q, 0.25))).toEqual(mix.map(near));
  const entropy = (values: ArrayLike<number>) => near(nats(values) / 4);
  const whole = await evaluateTokens({ ...model, counts }, ids, part);
  expect(whole).toMatchObject({
    crossEntropy: entropy(mix),
    network: { crossEntropy: entropy(p) },
    counts: { crossEntropy: entropy(q), back: 2 },
    weight: 0.25,
  });
  const beside = await evaluateTokens(model, ids, part, { baseline: counts });
  expect(beside).toMatchObject({ crossEntropy: entropy(p), counts: { crossEntropy: entropy(q), back: 2 }, weight: 1 });
  // Counted tokens know those before them: one after the other from the first.
  const state = counts.start();
  const by: number[] = [];
  for (const id of ids) {
    by.push(state.probability(id));
    state.push(id);
  }
  expect(Array.from(await scoreCounts(counts, ids, 0, 5))).toEqual(by);
  expect(Array.from(await scoreCounts(counts, ids, 3, 5))).toEqual(by.slice(3));
});

test.each([
  [{}, false],
  [{ cold: true }, true],
  [{ cold: true, signal: new AbortController().signal }, true],
  // Once it is to end, no more is scored than what it takes.
  [{ cold: true, signal: AbortSignal.abort() }, false],
])('by stream, with %j windows without context are scored too: %j', async (how, cold) => {
  const stream = () => ({ push: () => Float32Array.of(0.25, 0.75) });
  const outputs = [{ name: 'p', shape: [null, null, 2] }];
  const network = { ...steady([0.4, 0.6], true), outputs, stream } as unknown as Network;
  const model = { network, tokens: characters, window: 2, frequencies: [0.5, 0.5], weight: 1 };
  const of = (p: readonly number[]) => {
    const sum = [...ids.subarray(1)].reduce((all, id) => all - Math.log(p[id]), 0);
    return {
      crossEntropy: near(sum / 4),
      bitsPerCharacter: near(sum / 4 / Math.LN2),
      perplexity: near(Math.exp(sum / 4)),
    };
  };
  const part = { from: 1, to: 5 };
  const found = await evaluateTokens({ ...model, context: 'stream' }, ids, part, how);
  expect(found.network).toEqual({ ...of([0.25, 0.75]), ...(cold && { cold: of([0.4, 0.6]) }) });
  // By windows they are what is scored in the first place.
  const { network: windows } = await evaluateTokens({ ...model, context: 'window' }, ids, part, how);
  expect(windows).toEqual(of([0.4, 0.6]));
});

test('the share of the mixture is that of the least nats', () => {
  const [p, q] = [Float64Array.of(0.9, 0.2, 0.6), Float64Array.of(0.3, 0.7, 0.5)];
  const best = fitWeight(p, q);
  const of = (weight: number) => nats(mixed(p, q, weight));
  for (const other of [0, 0.25, 0.75, 1, best - 0.02, best + 0.02]) expect(of(best)).toBeLessThan(of(other));
});

test.each(['ab', 'ba', 'bb', 'abb'])('a text as short as %j is scored from its second character on', async (text) => {
  const model = { ...steady([0.25, 0.75], false), outputs: [{ name: 'p', shape: [null, null, 2] }] };
  const stream = () => ({ push: () => Float32Array.of(0.25, 0.75) });
  const artefact = {
    kind: 'text',
    window: 5,
    tokens: characters,
    frequencies: [0.4, 0.6],
    context: 'stream',
  } as const;
  const loaded = { model: { ...model, stream }, artefact, name: 'm' } as unknown as Parameters<
    typeof textTask.evaluate
  >[0];
  const of = (p: readonly [number, number]) =>
    [...text].slice(1).reduce((sum, one) => sum - Math.log(p[one === 'a' ? 0 : 1]), 0) / (text.length - 1);
  const alone = {
    crossEntropy: near(of([0.25, 0.75])),
    bitsPerCharacter: near(of([0.25, 0.75]) / Math.LN2),
    perplexity: near(Math.exp(of([0.25, 0.75]))),
  };
  expect(await textTask.evaluate(loaded, sourceOf(text), {})).toEqual({
    kind: 'text',
    samples: text.length - 1,
    tokens: text.length - 1,
    tokenKind: 'characters',
    ...alone,
    unigramCrossEntropy: near(of([0.4, 0.6])),
    network: alone,
    weight: 1,
  });
});

const of = (more: Partial<TextEvaluation>): TextEvaluation => {
  const one = { crossEntropy: 1, bitsPerCharacter: 1.5, perplexity: 3 };
  return { kind: 'text', samples: 100, ...one, unigramCrossEntropy: 2, ...more };
};
const beside = (perplexity: number, back = 3, more: Partial<TextEvaluation> = {}) => {
  const one = { crossEntropy: 1.25, bitsPerCharacter: 2, perplexity };
  return of({ network: { ...one, perplexity: 4 }, counts: { ...one, back }, ...more });
};

test.each<[TextEvaluation, boolean, string]>([
  [of({}), true, ''],
  [beside(3), false, 'no better than counting 3 characters back (Kneser–Ney)'],
  [beside(3.01), false, 'no better than counting 3 characters back (Kneser–Ney)'],
  [beside(3.016, 1), true, 'a perplexity 0.5 % below that of counting 1 character back (Kneser–Ney)'],
  [beside(3.3, 2, { tokenKind: 'words' }), true, 'a perplexity 9.1 % below that of counting 2 words back (Kneser–Ney)'],
  [beside(4, 1, { tokenKind: 'bpe' }), true, 'a perplexity 25 % below that of counting 1 token back (Kneser–Ney)'],
])('%j: %j, %s', (evaluation, better, text) => {
  expect(verdict(evaluation)).toEqual({ better, text });
});

test('for people', () => {
  expect(textTask.tell(of({ samples: 1 }), '')).toEqual({
    headline: [
      '1 character: cross-entropy 1 nats (1.500 bits) a character, perplexity 3; by frequencies alone: 2 nats',
    ],
    details: [],
  });
  const all = beside(3, 3, { weight: 0.256, unscored: 2, drawn: 'pieces', seen: true, tokenKind: 'words' });
  const { headline, details } = textTask.tell(
    { ...all, network: { ...all.network!, cold: all.counts! } },
    ', held out',
  );
  expect(headline).toEqual([
    '100 characters, held out: cross-entropy 1 nats (1.500 bits) a character, perplexity 3 a word; by frequencies alone: 2 nats',
    'No better than counting 3 words back (Kneser–Ney)',
    'Not scored: the last 2 tokens',
    'pieces',
    'This text is part of what the model was trained on: expect worse on others',
  ]);
  expect(
    details
      .join('\n')
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    [''],
    ['', 'nats', 'bits a character', 'perplexity'],
    ["mixed, the network's share 0.26", '1', '1.500', '3'],
    ['the network alone', '1.250', '2', '4'],
    ['the network, windows without context', '1.250', '2', '3'],
    ['counting 3 back alone (Kneser–Ney)', '1.250', '2', '3'],
  ]);
  expect(textTask.tell(of({ tokenKind: 'bpe' }), '').headline[0]).toContain('perplexity 3 a token;');
  expect(textTask.score(of({}), {})).toEqual({ value: 1.5, name: 'bits per character' });
});
