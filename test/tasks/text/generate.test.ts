/** What is written by a network that is known: which token is the likeliest, and where it ends. */
import { expect, test } from '@jest/globals';
import { packText, type TextArtefact } from '../../../src/tasks/text/artefact.js';
import { generate } from '../../../src/tasks/text/generate.js';
import { KneserNey } from '../../../src/tasks/text/kneserNey.js';
import type { GenerateOptions } from '../../../src/tasks/text/options.js';
import type { Network } from '../../../src/tasks/text/score.js';
import { learnTokens } from '../../../src/tasks/text/tokens.js';

const tokens = learnTokens(['ab banana banana banana\n'], 'words');
const artefact: TextArtefact = {
  kind: 'text',
  window: 4,
  tokens,
  frequencies: Array.from({ length: tokens.size }, (_, id) => (tokens.texts[id] === 'a' ? 1 : 0)),
  context: 'window',
};

/** The probabilities of one token, for sure. */
function sure(text: string): number[] {
  return tokens.texts.map((one) => (one === text ? 1 : 0));
}

/** Answers at every position, with one token after the other. */
function saying(answers: readonly string[]): Network {
  let next = 0;
  return {
    predict: async () => {
      const one = sure(answers[next++ % answers.length]);
      return { data: Float32Array.from([one, one, one, one].flat()), shape: [1, 4, tokens.size] };
    },
  };
}

async function write(network: Network, options: GenerateOptions): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of generate(network, artefact, options)) pieces.push(piece);
  return pieces;
}

test.each<[string[], GenerateOptions, string[]]>([
  [[' banana'], { length: 2 }, [' banana', ' banana']],
  // The first of several places within a token.
  [[' banana'], { length: 2, stop: 'an' }, [' b']],
  [[' banana'], { length: 2, stop: ' ' }, []],
  // What may be the beginning of it waits, and is written where it is not.
  [[' banana', 'b', 'a'], { length: 3, stop: 'na!' }, [' bana', 'nab', 'a']],
  [[' banana', 'b', 'a'], { length: 1, stop: 'na!' }, [' bana', 'na']],
  [[' banana', 'b', 'a'], { length: 3, stop: 'aba' }, [' banan']],
  [['a', 'b'], { length: 4, stop: '' }, ['a', 'b', 'a', 'b']],
])('%j with %j: %j', async (answers, options, pieces) => {
  expect(await write(saying(answers), { prompt: 'b', temperature: 0, ...options })).toEqual(pieces);
});

/** Predicts by what `answer` gives, and keeps the windows that it was given. */
function watched(answer: number[], shape: number[]) {
  const windows: string[] = [];
  const predict: Network['predict'] = async ({ data }) => {
    windows.push(Array.from(data, (id) => tokens.texts[id]).join('|'));
    return { data: Float32Array.from(answer), shape };
  };
  return { network: { predict }, windows };
}

test('a network that answers at every position is asked at the last of what there is, the newest window', async () => {
  const { network, windows } = watched(['a', 'b', ' banana', '\n'].flatMap(sure), [1, 4, tokens.size]);
  expect(await write(network, { prompt: 'ab', length: 4, temperature: 0 })).toEqual(['b', ' banana', '\n', '\n']);
  expect(windows).toEqual(['a|b|a|a', 'a|b|b|a', 'a|b|b| banana', 'b|b| banana|\n']);
});

test('a network that answers after a window is given what is shorter last, after repeats of its first token', async () => {
  const { network, windows } = watched(sure('\n'), [1, tokens.size]);
  expect(await write(network, { prompt: 'ab', length: 4, temperature: 0 })).toEqual(['\n', '\n', '\n', '\n']);
  const asked = ['a|a|a|b', 'a|a|b|\n', 'a|b|\n|\n', 'b|\n|\n|\n'];
  expect(windows).toEqual(['a|b|a|a', asked[0], 'a|b|\n|a', ...asked.slice(1)]);
});

test.each(['b', 'ab', 'ab banana'])(
  'counts know the prompt %j and all that was made, and are mixed with the network',
  async (prompt) => {
    const text = 'banana ab ab banana banana\nab banana ab';
    const counted = { order: 3, weight: 0.25, text: await packText(text) };
    const state = new KneserNey(tokens.encode(text, 'text'), tokens.size, 3).start();
    for (const id of tokens.encode(prompt, 'prompt')) state.push(id);
    // Of no order, so that counts decide now and then.
    const answers = Array.from({ length: 12 }, (_, i) => tokens.texts.map((_text, id) => ((i * 7 + id * 5) % 11) / 40));
    const expected = answers.map((answer) => {
      const mixed = answer.map((p, id) => 0.25 * Math.fround(p) + 0.75 * state.probability(id));
      const best = mixed.indexOf(Math.max(...mixed));
      state.push(best);
      return tokens.texts[best];
    });
    expect(new Set(expected).size).toBeGreaterThan(2);
    let next = 0;
    const predict: Network['predict'] = async () => {
      const answer = answers[next++];
      return { data: Float32Array.from([answer, answer, answer, answer].flat()), shape: [1, 4, tokens.size] };
    };
    const made: string[] = [];
    const how = { prompt, length: answers.length, temperature: 0 };
    for await (const piece of generate({ predict }, { ...artefact, counted }, how)) made.push(piece);
    expect(made).toEqual(expected);
  },
);

test('without a prompt it begins with a new line, or with the most frequent token where there are none', async () => {
  const { network, windows } = watched(sure('b'), [1, tokens.size]);
  await write(network, { length: 1 });
  expect(windows[1]).toBe('\n|\n|\n|\n');
  const flat = learnTokens(['ab banana'], 'characters');
  const frequencies = flat.texts.map((text) => (text === 'n' ? 1 : 0));
  const seen: number[][] = [];
  const predict: Network['predict'] = async ({ data }) => {
    seen.push(Array.from(data));
    return { data: Float32Array.from(flat.texts, () => 1 / flat.size), shape: [1, flat.size] };
  };
  for await (const _ of generate({ predict }, { ...artefact, tokens: flat, frequencies }, { length: 1 }));
  expect(flat.decode(seen[0])).toBe('nnnn');
});
