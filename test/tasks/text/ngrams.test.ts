import { expect, test } from '@jest/globals';
import { Random } from '../../../src/random.js';
import { NGrams, NONE, ROOT } from '../../../src/tasks/text/ngrams.js';

/** All sequences of up to `order` tokens by a walk through the tree: how often each occurs, and after how many different tokens. */
function sequencesOf(grams: NGrams): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const walk = (node: number, tokens: number[]) => {
    if (node !== ROOT) {
      expect([grams.parents[node], grams.lengths[node]]).toEqual([expect.any(Number), tokens.length]);
      found.set(tokens.join(' '), [grams.counts[node], grams.before[node]]);
    }
    for (let child = grams.children[node]; child !== NONE; child = grams.siblings[child]) {
      const token = grams.tokens[child];
      expect([grams.parents[child], grams.child(node, token)]).toEqual([node, child]);
      walk(child, [...tokens, token]);
    }
  };
  walk(ROOT, []);
  expect(found.size).toBe(grams.nodes - 1);
  return found;
}

/** The same by the definition. */
function counted(ids: readonly number[], order: number): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const before = new Map<string, Set<number>>();
  for (let n = 1; n <= order; n++) {
    for (let i = 0; i + n <= ids.length; i++) {
      const key = ids.slice(i, i + n).join(' ');
      found.set(key, [(found.get(key)?.[0] ?? 0) + 1, 0]);
      if (i > 0 && n < order) before.set(key, (before.get(key) ?? new Set()).add(ids[i - 1]));
    }
  }
  for (const [key, tokens] of before) found.get(key)?.splice(1, 1, tokens.size);
  return found;
}

test.each([
  // Room is made at first for 1024 sequences, then for twice as many.
  [100, 5, 3],
  [1022, 1022, 1],
  [1023, 1023, 1],
  [1024, 1024, 1],
  [700, 20, 3],
  [1500, 30, 4],
])('every sequence in a text of %d tokens, %d different ones, is counted up to a length of %d', (n, size, order) => {
  const random = new Random(n);
  const ids =
    size === n ? Array.from({ length: n }, (_, i) => i) : Array.from({ length: n }, () => random.integer(size));
  expect(sequencesOf(new NGrams(ids, order))).toEqual(counted(ids, order));
});
