import { describe, expect, test } from '@jest/globals';
import { deriveKey, Random, uniformAt } from '../src/random.js';

describe('random numbers', () => {
  test('are a pure function of key and index, uniform to within sampling error', () => {
    const key = deriveKey(7, 'dropout', 3);
    const n = 200_000;
    const bins = new Float64Array(16);
    let serial = 0;
    let outside = 0;
    for (let i = 0; i < n; i++) {
      const u = uniformAt(key, i);
      if (!(u >= 0 && u < 1)) outside++;
      bins[Math.floor(u * 16)]++;
      serial += (u - 0.5) * (uniformAt(key, i + 1) - 0.5);
    }
    expect(outside).toBe(0);
    const chiSquare = bins.reduce((sum, count) => sum + (count - n / 16) ** 2 / (n / 16), 0);
    expect(chiSquare).toBeLessThan(45); // 15 degrees of freedom, p ≈ 1e-4
    expect(Math.abs((serial / n) * 12)).toBeLessThan(0.01);
    expect(uniformAt(key, 5)).toBe(uniformAt(key, 5));
  });

  test('keys of different purposes are independent', () => {
    const n = 100_000;
    for (const [a, b] of [
      [deriveKey(1, 'x'), deriveKey(2, 'x')],
      [deriveKey(1, 'x', 0), deriveKey(1, 'x', 1)],
    ]) {
      let product = 0;
      for (let i = 0; i < n; i++) product += (uniformAt(a, i) - 0.5) * (uniformAt(b, i) - 0.5);
      expect(Math.abs((product / n) * 12)).toBeLessThan(0.015);
    }
  });

  test('normal has mean 0 and variance 1; shuffle is a permutation', () => {
    const random = new Random(deriveKey(3));
    const draws = Float64Array.from({ length: 100_000 }, () => random.normal());
    const mean = draws.reduce((a, b) => a + b) / draws.length;
    const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / draws.length;
    expect(Math.abs(mean)).toBeLessThan(0.015);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
    const order = random.shuffle(Int32Array.from({ length: 50 }, (_, i) => i));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect([...order]).not.toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  test('shuffle gives every order as often', () => {
    const random = new Random(deriveKey(4));
    const counts = new Map<string, number>();
    const n = 6000;
    for (let i = 0; i < n; i++) {
      const order = random.shuffle(Int32Array.of(0, 1, 2)).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count / n - 1 / 6)).toBeLessThan(0.03);
  });
});
