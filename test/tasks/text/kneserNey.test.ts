import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KneserNey } from '../../../src/tasks/text/kneserNey.js';

/** The same by the definition, from lists of sequences: slow and plain. */
function byDefinition(
  ids: readonly number[],
  size: number,
  order: number,
  history: readonly number[],
  w: number,
): number {
  const key = (tokens: readonly number[]) => tokens.join(' ');
  const counts = new Map<string, number>();
  for (let n = 1; n <= order; n++) {
    for (let i = 0; i + n <= ids.length; i++) {
      const one = key(ids.slice(i, i + n));
      counts.set(one, (counts.get(one) ?? 0) + 1);
    }
  }
  const amounts = Array.from({ length: order + 1 }, () => new Map<string, number>());
  for (const [one, count] of counts) {
    const tokens = one.split(' ').map(Number);
    if (tokens.length === order) amounts[order].set(one, count);
    const rest = key(tokens.slice(1));
    if (tokens.length > 1) amounts[tokens.length - 1].set(rest, (amounts[tokens.length - 1].get(rest) ?? 0) + 1);
  }
  for (const map of amounts.slice(0, order)) for (const [one] of map) if (!counts.has(one)) map.delete(one);
  const discount = (n: number, a: number) => {
    if (a === 0) return 0;
    const of = (k: number) => [...amounts[n].values()].filter((value) => value === k).length;
    const k = Math.min(a, 3);
    const y = of(1) / (of(1) + 2 * of(2));
    if (of(1) === 0 || of(k) === 0 || of(k + 1) === 0) return k / 2;
    return Math.min(k, Math.max(0, k - ((k + 1) * y * of(k + 1)) / of(k)));
  };
  let p = 1 / size;
  for (let n = 1; n <= order; n++) {
    if (history.length < n - 1) break;
    const context = history.slice(history.length - n + 1);
    if (n > 1 && !counts.has(key(context))) break;
    const following = Array.from({ length: size }, (_, v) => amounts[n].get(key([...context, v])) ?? 0);
    const total = following.reduce((sum, a) => sum + a, 0);
    if (total === 0) break;
    const kept = following.reduce((sum, a) => sum + discount(n, a), 0);
    p = (following[w] - discount(n, following[w])) / total + (kept / total) * p;
  }
  return p;
}

describe('Kneser–Ney', () => {
  const size = 4;
  const text = fc.array(fc.nat(size - 1), { minLength: 1, maxLength: 60 });
  const after = fc.array(fc.nat(size - 1), { maxLength: 8 });

  test('is the definition (≤ 1e-12), sums to 1, and tells one token as it tells all', () => {
    fc.assert(
      fc.property(text, after, fc.integer({ min: 1, max: 5 }), (ids, history, order) => {
        const state = new KneserNey(ids, size, order).start();
        for (const token of history) state.push(token);
        const p = new Float64Array(size);
        state.probabilities(p);
        expect(p.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
        for (let w = 0; w < size; w++) {
          expect(p[w]).toBeGreaterThanOrEqual(0);
          expect(state.probability(w)).toBeCloseTo(p[w], 12);
          expect(p[w]).toBeCloseTo(byDefinition(ids, size, order, history, w), 12);
        }
      }),
    );
  });

  test('knows what comes in a regular text, and leaves something for what never came', () => {
    const state = new KneserNey(
      Array.from({ length: 300 }, (_, i) => i % 3),
      5,
    ).start();
    for (const token of [0, 1, 2, 0, 1]) state.push(token);
    expect(state.probability(2)).toBeGreaterThan(0.95);
    expect(state.probability(4)).toBeGreaterThan(0);
  });

  test('tables grow with the text', () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => (i * i + (i >> 3)) % 97);
    const p = new Float64Array(97);
    new KneserNey(ids, 97).start().probabilities(p);
    expect(p.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 10);
  });
});

test('counting in pieces is the same, and ends where it is interrupted', async () => {
  const ids = Int32Array.from({ length: 12_000 }, (_, i) => (i * i + (i >> 4)) % 23);
  const [whole, pieces] = [new KneserNey(ids, 23, 5), await KneserNey.count(ids, 23, 5)].map((counts) => {
    const p = new Float64Array(23);
    const state = counts?.start();
    for (const id of ids.subarray(0, 9)) state?.push(id);
    state?.probabilities(p);
    return p;
  });
  expect(pieces).toEqual(whole);
  expect(Math.max(...whole)).toBeGreaterThan(0);
  expect(await KneserNey.count(ids, 23, 5, AbortSignal.abort())).toBeUndefined();
});
