import { describe, expect, test } from '@jest/globals';
import { fillSeasonal } from '../../../src/data/understanding/fillSeasonal.js';
import { Random } from '../../../src/random.js';

const random = new Random(3);
const noise = Array.from({ length: 120 }, () => random.normal());
const gaps = [5, 6, 7, 20, 41, 42, 43, 44, 45, 77, 100];

function without(y: Float64Array): Float64Array {
  const out = y.slice();
  for (const row of gaps) out[row] = Number.NaN;
  return out;
}

describe('missing values of a series with a season', () => {
  test('are filled with it, also where it grows; nothing else changes, nothing leaves the range', () => {
    const y = Float64Array.from(noise, (e, t) => (20 + t) * (1 + 0.5 * Math.sin((2 * Math.PI * t) / 12)) + 0.2 * e);
    const filled = without(y);
    expect(fillSeasonal(filled, 12)).toBe(true);
    for (let t = 0; t < y.length; t++) {
      if (gaps.includes(t)) expect(Math.abs(filled[t] - y[t])).toBeLessThan(7);
      else expect(filled[t]).toBe(y[t]);
    }
    const mean = gaps.reduce((sum, t) => sum + Math.abs(filled[t] - y[t]), 0) / gaps.length;
    expect(mean).toBeLessThan(2);
    const there = without(y).filter((value) => !Number.isNaN(value));
    for (const t of gaps) {
      expect(filled[t]).toBeLessThanOrEqual(Math.max(...there));
      expect(filled[t]).toBeGreaterThanOrEqual(Math.min(...there));
    }
  });

  test('are left to straight lines where there is no season, too little of it, or a place of it that is never there', () => {
    const wave = (n: number) => Float64Array.from({ length: n }, (_, t) => Math.sin((2 * Math.PI * t) / 4));
    const sparse = wave(120).map((value, t) => (t % 4 === 1 ? Number.NaN : value));
    const short = wave(11);
    short[5] = Number.NaN;
    for (const [y, season] of [
      [without(Float64Array.from(noise)), 12],
      [short, 4],
      [sparse, 4],
      [new Float64Array(40).fill(Number.NaN), 4],
    ] as const) {
      const before = y.slice();
      expect(fillSeasonal(y, season)).toBe(false);
      expect(y).toEqual(before);
    }
    expect(fillSeasonal(wave(40), 4)).toBe(false);
  });
});
