import { describe, expect, test } from '@jest/globals';
import {
  bitsAt,
  deriveKey,
  dropoutKey,
  dropoutMask,
  dropoutThreshold,
  normalAt,
  normals,
  Random,
  uniformAt,
} from '../src/random.js';

/** The same in whole numbers without end, cut to 32 bits where the formula says so. */
const cut = (x: bigint) => BigInt.asUintN(32, x);
function mixed(x: bigint): bigint {
  let y = cut(x);
  y ^= y >> 16n;
  y = cut(y * 0x7feb352dn);
  y ^= y >> 15n;
  y = cut(y * 0x846ca68bn);
  return y ^ (y >> 16n);
}

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

  test('bits are those of the formula: mix(mix(index ⊕ key) + key·0x9e3779b9)', () => {
    for (const [key, index] of [
      [0, 0],
      [1, 2],
      [0x12345678, 77],
      [0xfedcba98, 2 ** 31 - 1],
      [0xffffffff, 123456],
    ]) {
      const [k, i] = [BigInt(key), BigInt(index)];
      const bits = mixed(mixed(i ^ k) + k * 0x9e3779b9n);
      expect(bitsAt(key, index)).toBe(Number(bits));
      expect(uniformAt(key, index)).toBe(Number(bits >> 8n) / 2 ** 24);
    }
  });

  test('keys mix the seed and each part, number or letters, in order', () => {
    let key = mixed(7n ^ 0x6d656d63n);
    for (const letter of 'ab') key = mixed(key * 31n + BigInt(letter.charCodeAt(0)));
    key = mixed(key + mixed(5n ^ 0x63656c6cn));
    expect(deriveKey(7, 'ab', 5)).toBe(Number(key));
    expect(deriveKey(2 ** 32 + 7, 'ab', 5)).toBe(Number(key));
    expect(dropoutKey({ seed: 7, step: 5 }, '0/cell', 'input')).toBe(deriveKey(7, 'dropout', '0/cell', 'input', 5));
  });

  test('a stream draws element after element of its key', () => {
    const [random, key] = [new Random(9), 9];
    const [u, v] = [uniformAt(key, 1), uniformAt(key, 2)];
    expect(random.uniform()).toBe(uniformAt(key, 0));
    expect(random.normal()).toBeCloseTo(Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v), 12);
    expect(random.integer(1000)).toBe(Math.floor(1000 * uniformAt(key, 3)));
    expect(random.uniform()).toBe(uniformAt(key, 4));
    const whole = new Random(3);
    const drawn = new Set(Array.from({ length: 200 }, () => whole.integer(4)));
    expect([...drawn].sort()).toEqual([0, 1, 2, 3]);
  });

  test('normal numbers of a key are those of a stream of it', () => {
    const stream = new Random(11);
    const wanted = Array.from({ length: 5 }, () => stream.normal());
    expect(wanted.map((_, i) => normalAt(11, i))).toEqual(wanted);
    expect([...normals(11, 5)]).toEqual(wanted.map(Math.fround));
  });

  test('a mask drops what is below the rate, and scales what stays', () => {
    // A number that is the rate itself is not below it.
    for (const rate of [0.25, 0.3, 0.5, uniformAt(13, 7), uniformAt(13, 8)]) {
      const mask = dropoutMask(13, 400, rate);
      const threshold = dropoutThreshold(rate);
      mask.forEach((value, i) => {
        const isKept = uniformAt(13, i) >= rate;
        expect(value).toBe(isKept ? Math.fround(1 / (1 - rate)) : 0);
        expect(bitsAt(13, i) >>> 8 >= threshold).toBe(isKept);
      });
    }
    expect([dropoutThreshold(0), dropoutThreshold(0.5), dropoutThreshold(2 ** -25)]).toEqual([0, 2 ** 23, 1]);
  });
});
