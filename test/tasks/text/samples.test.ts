import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  coveringWindows,
  movingWindows,
  stoppingStreams,
  stoppingWindows,
  streamWindows,
} from '../../../src/tasks/text/samples.js';

describe('windows over a text', () => {
  test('every token of a part is predicted once, from what is before it, with enough context where there is some', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(40), fc.nat(60), fc.nat(8), (window, from, more, least) => {
        const to = from + 2 + more;
        const length = Math.max(to, window + 1) + 3;
        const ids = Int32Array.from({ length }, (_, i) => i);
        const context = Math.min(least, window - 1);
        const { x, y, counts } = coveringWindows(ids, window, from, to, context);
        const predicted: number[] = [];
        for (let i = 0; i < counts.length; i++) {
          expect(y.data[i]).toBe(x.data[i] + 1);
          if (counts[i] === 0) continue;
          predicted.push(y.data[i]);
          expect(i % window).toBeGreaterThanOrEqual(Math.min(context, y.data[i] - 1));
        }
        const first = Math.max(from, 1);
        expect(predicted).toEqual(Array.from({ length: to - first }, (_, i) => first + i));
      }),
    );
  });

  test('weights of the stopping part: each token once, their mean is 1', () => {
    const { x, sampleWeight } = stoppingWindows(
      Int32Array.from({ length: 30 }, (_, i) => i),
      8,
      18,
      30,
    );
    expect(x.shape).toEqual([2, 8]);
    expect(sampleWeight?.shape).toEqual([2, 8]);
    expect([...(sampleWeight?.data ?? [])].filter((weight) => weight > 0)).toHaveLength(12);
    expect([...(sampleWeight?.data ?? [])].reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(16, 5);
  });

  test('windows end to end move with the epoch, the same for the same seed', () => {
    const ids = Int32Array.from({ length: 50 }, (_, i) => i);
    const starts = (seed: number) => {
      const { samples, callback } = movingWindows(ids, 8, seed);
      return [0, 1, 2, 3, 4].map((epoch) => {
        callback.onEpochBegin?.(epoch, expect.anything() as never);
        expect([...samples.y.data]).toEqual(Array.from(samples.x.data, (id) => id + 1));
        expect(samples.x.shape).toEqual([5, 8]);
        return samples.x.data[0];
      });
    };
    expect(starts(1)).toEqual(starts(1));
    expect(new Set([...starts(1), ...starts(2)]).size).toBeGreaterThan(2);
    expect(Math.max(...starts(3))).toBeLessThan(8);
  });

  const shape = fc.record({
    window: fc.integer({ min: 1, max: 9 }),
    rows: fc.integer({ min: 1, max: 5 }),
    length: fc.integer({ min: 45, max: 200 }),
    seed: fc.nat(99),
  });

  test('streams: each row goes on where it ended in the batch before, round the text, beginning elsewhere each epoch', () => {
    fc.assert(
      fc.property(shape, ({ window, rows, length, seed }) => {
        // No token is 0, which is what lies in arrays that nobody wrote to.
        const ids = Int32Array.from({ length }, (_, i) => i + 1);
        const after = (id: number) => (id % length) + 1;
        const { samples, callback } = streamWindows(ids, window, rows, seed);
        const { data: x } = samples.x;
        const batches = Math.floor(length / (rows * window));
        expect(samples.x.shape).toEqual([batches * rows, window]);
        const begins = [0, 1, 2].map((epoch) => {
          callback.onEpochBegin?.(epoch, expect.anything() as never);
          expect([...samples.y.data]).toEqual(Array.from(x, after));
          for (let at = 0; at < x.length; at++) {
            const last = at % window === window - 1;
            const next = last ? at + (rows - 1) * window + 1 : at + 1;
            if (next < x.length) expect(x[next]).toBe(after(x[at]));
          }
          // No token twice.
          expect(new Set(x).size).toBe(x.length);
          expect(Math.min(...x)).toBeGreaterThan(0);
          return x[0];
        });
        if (length > 150) expect(new Set(begins).size).toBeGreaterThan(1);
      }),
    );
  });

  test('streams to stop by: each token once, after a window that does not count, and their mean weight is 1', () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 40 }), ({ window, rows, length }, size) => {
        const [from, to] = [length - size, length];
        const ids = Int32Array.from({ length }, (_, i) => i);
        const { x, y, sampleWeight } = stoppingStreams(ids, window, rows, from, to);
        const weights = sampleWeight?.data ?? [];
        const counted: number[] = [];
        let sum = 0;
        for (let at = 0; at < weights.length; at++) {
          sum += weights[at];
          if (weights[at] === 0) continue;
          counted.push(y.data[at]);
          expect(x.data[at]).toBe(y.data[at] - 1);
          expect(at).toBeGreaterThanOrEqual(rows * window);
          const before = at % window === 0 ? at - (rows - 1) * window - 1 : at - 1;
          if (y.data[at] > 1) expect(y.data[before]).toBe(y.data[at] - 1);
        }
        expect(counted.sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => from + i));
        expect(sum / weights.length).toBeCloseTo(1, 4);
        expect(x.shape[0] % rows).toBe(0);
      }),
    );
  });
});
