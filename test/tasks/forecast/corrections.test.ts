import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import '../../propertySeed.js';
import type { Anchor } from '../../../src/tasks/forecast/anchor.js';
import { effectsOf, fitEffects } from '../../../src/tasks/forecast/effects.js';
import { makeFolds } from '../../../src/tasks/forecast/folds.js';
import { gate, weigh } from '../../../src/tasks/forecast/gate.js';
import { halfWidths, measureSpreads } from '../../../src/tasks/forecast/intervals.js';
import { fitRidge, moments, predictRidge, ridge, without } from '../../../src/tasks/forecast/ridge.js';
import { noise } from './series.js';

describe('ridge', () => {
  const rows = 40;
  const x = Float32Array.from(noise(rows * 3, 3));
  const y = Float32Array.from({ length: rows * 2 }, (_, i) => {
    const row = Math.floor(i / 2) * 3;
    return i % 2 === 0 ? 2 * x[row] - x[row + 2] + 0.5 : x[row + 1];
  });
  const data = { x, y, rows, regressors: 3, answers: 2 };
  const all = Array.from({ length: rows }, (_, i) => i);
  const even = Float64Array.of(1, 1, 1);

  test('solves the penalised normal equations (XᵀX + λnC) B = Xᵀy, the constant not penalised', async () => {
    const c = Float64Array.of(1, 4, 1);
    const weights = ridge(await moments(data, all), 2, 0.1, c, 3);
    for (let k = 0; k < 2; k++) {
      for (let a = 0; a < 4; a++) {
        let gradient = a < 3 ? 0.1 * rows * c[a] * weights[a * 2 + k] : 0;
        for (const i of all) {
          const out = new Float64Array(2);
          predictRidge(weights, x, i * 3, 3, out);
          gradient += (a < 3 ? x[i * 3 + a] : 1) * (out[k] - y[i * 2 + k]);
        }
        expect(gradient).toBeCloseTo(0, 5);
      }
    }
  });

  test('with next to no penalty it finds the coefficients; unused regressors get 0', async () => {
    const weights = ridge(await moments(data, all), 2, 1e-9, even, 3);
    const expected = [2, 0, 0, 1, -1, 0, 0.5, 0];
    expect(Array.from(weights)).toEqual(expected.map((value) => expect.closeTo(value, 4)));
    const part = ridge(await moments(data, all), 2, 1e-9, even, 2);
    expect([part[4], part[5]]).toEqual([0, 0]);
  });

  test('moments of a part and of the rest are those of all', async () => {
    const rest = without(await moments(data, all), await moments(data, all.slice(10, 25)));
    const direct = await moments(data, [...all.slice(0, 10), ...all.slice(25)]);
    expect(rest.rows).toBe(direct.rows);
    expect(Array.from(rest.xx)).toEqual(Array.from(direct.xx, (value) => expect.closeTo(value, 9)));
    expect(Array.from(rest.xy)).toEqual(Array.from(direct.xy, (value) => expect.closeTo(value, 9)));
  });

  test('each answer has its own penalty and regressors, chosen out of fold', async () => {
    const wide = { ...data, y: Float32Array.from(y, (value, i) => (i % 2 === 0 ? value : noise(rows, 9)[i >> 1])) };
    const folds = makeFolds(Int32Array.from(all), 5, 0);
    const { chosen, outOfFold } = await fitRidge(wide, folds, [1, 3], even);
    expect(chosen[0]).toEqual({ penalty: 0.001, used: 3 });
    expect(chosen[1].penalty).toBe(10);
    expect(outOfFold[0]).toBeCloseTo(y[0], 1);
  });
});

describe('the ridge that is taken', () => {
  /** Bᵀx fitted on some rows by the normal equations, solved by elimination. */
  function solved(x: number[][], y: number[], penalties: number[]): number[] {
    const rows = x.map((row) => [...row, 1]);
    const size = penalties.length + 1;
    const a = Array.from({ length: size }, (_, i) => [
      ...Array.from({ length: size }, (_, j) => {
        const penalty = i === j ? (penalties[i] ?? 0) * rows.length : 0;
        return rows.reduce((sum, row) => sum + row[i] * row[j], penalty);
      }),
      rows.reduce((sum, row, r) => sum + row[i] * y[r], 0),
    ]);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        if (j === i) continue;
        const share = a[j][i] / a[i][i];
        a[j] = a[j].map((v, c) => v - share * a[i][c]);
      }
    }
    return a.map((row, i) => row[size] / row[i]);
  }

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'of all shapes and penalties the one of least error out of fold, a larger shape where it is lower by more than .2 %%: %d',
    async (key) => {
      const [n, d, answers, targets] = [40, 4, 4, 2];
      const ends = [2, 3, 4];
      const x = Array.from({ length: n }, (_, i) => noise(n * d, key).slice(i * d, (i + 1) * d));
      const drawn = noise(n * answers, key + 100);
      const y = Array.from({ length: n }, (_, i) =>
        Array.from({ length: answers }, (_, k) => {
          const own = (key % 4 === 0 ? 0 : 1) * x[i][k % 2] + (k >= 2 ? 0.6 * x[i][2 + (key % 2)] : 0);
          return own + 0.4 * (key % 3) * drawn[i * answers + k];
        }),
      );
      const weights = Float64Array.of(1, 1, 1, 4);
      const owners = [0, 1, undefined, undefined];
      const folds = makeFolds(
        Int32Array.from({ length: n }, (_, i) => i),
        4,
        1,
      );
      const shapes = [
        ...Array.from({ length: targets }, (_, target) => ({ used: 2, other: 1, target, size: 0 })),
        ...[2, 3, 4].flatMap((used) => (used === 2 ? [1] : [1, 10]).map((other) => ({ used, other, size: used }))),
      ];
      const ridgeOn = (rows: number[], k: number, shape: (typeof shapes)[number], penalty: number) => {
        const target = 'target' in shape ? shape.target : undefined;
        const kept = Array.from({ length: shape.used }, (_, i) => i).filter(
          (i) => target === undefined || owners[i] === undefined || owners[i] === target,
        );
        const own = solved(
          rows.map((i) => kept.map((c) => x[i][c])),
          rows.map((i) => y[i][k]),
          kept.map((c) => penalty * (c < 2 ? weights[c] : weights[c] * shape.other)),
        );
        const all = new Array<number>(d + 1).fill(0);
        for (const [i, c] of kept.entries()) all[c] = own[i];
        all[d] = own[kept.length];
        return all;
      };
      const out = (b: number[], i: number) => x[i].reduce((sum, v, c) => sum + v * b[c], b[d]);
      const expected = Array.from({ length: answers }, (_, k) => {
        const trials = shapes
          .filter((shape) => !('target' in shape) || shape.target === k % targets)
          .flatMap((shape) =>
            [0.001, 0.01, 0.1, 1, 10].map((penalty) => {
              const predicted = new Array<number>(n).fill(0);
              for (const { held, trained } of folds) {
                const b = ridgeOn([...trained], k, shape, penalty);
                for (const i of held) predicted[i] = out(b, i);
              }
              const error = predicted.reduce((sum, p, i) => sum + (p - y[i][k]) ** 2, 0);
              return { ...shape, penalty, predicted, error };
            }),
          );
        const best = trials.reduce((a, b) => (b.error < a.error * (b.size > a.size ? 0.998 : 1) ? b : a));
        const all = Array.from({ length: n }, (_, i) => i);
        return { ...best, weights: ridgeOn(all, k, best, best.penalty) };
      });
      const data = {
        x: Float32Array.from(x.flat()),
        y: Float32Array.from(y.flat()),
        rows: n,
        regressors: d,
        answers,
      };
      const found = await fitRidge(data, folds, ends, weights, { owners, targets });
      expect(found.chosen).toEqual(expected.map(({ penalty, used }) => ({ penalty, used })));
      for (const [k, { predicted, weights: own }] of expected.entries()) {
        for (let i = 0; i < n; i++) expect(found.outOfFold[i * answers + k]).toBeCloseTo(predicted[i], 4);
        for (let c = 0; c <= d; c++) expect(found.weights[c * answers + k]).toBeCloseTo(own[c], 4);
      }
    },
  );
});

describe('folds', () => {
  test('every window is held out once; those trained on are further away than the gap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 200 }), fc.integer({ min: 0, max: 8 }), (n, gap) => {
        const clocks = Int32Array.from({ length: n }, (_, i) => i + 7);
        const folds = makeFolds(clocks, 5, gap);
        const held = folds.flatMap((fold) => Array.from(fold.held));
        expect(held.sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
        for (const fold of folds) {
          const [first, last] = [fold.held[0], fold.held[fold.held.length - 1]];
          expect(fold.trained.every((i) => i < first - gap || i > last + gap)).toBe(true);
        }
      }),
    );
  });

  test('windows of the same time are in the same fold, whatever their series', () => {
    // 129 / 5 is no multiple of three: where the parts would be cut, a time is cut in two.
    const clocks = Int32Array.from({ length: 129 }, (_, i) => i % 43);
    for (const { held } of makeFolds(clocks, 5, 2)) {
      const times = new Set(Array.from(held, (i) => clocks[i]));
      expect(held.length).toBe(3 * times.size);
    }
  });

  test('fewer times than folds make as many folds as there are times', () => {
    const clocks = Int32Array.from({ length: 40 }, (_, i) => (i < 20 ? 3 : 90));
    const folds = makeFolds(clocks, 5, 10);
    const [early, late] = [0, 20].map((from) => Int32Array.from({ length: 20 }, (_, i) => from + i));
    expect(folds).toEqual([
      { held: early, trained: late },
      { held: late, trained: early },
    ]);
    // 8 are enough to train on.
    const few = (count: number) =>
      makeFolds(
        Int32Array.from({ length: 8 + count }, (_, i) => Number(i < 8)),
        2,
        0,
      );
    expect([few(8).length, few(7).length]).toEqual([2, 1]);
  });

  test('blocks of as many windows as others, beginning where a time begins, and all others beyond the gap in their order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 20, maxLength: 90 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 5 }),
        (times, count, gap) => {
          const order = times.map((_, i) => i).sort((a, b) => times[a] - times[b] || a - b);
          const edges = Array.from({ length: count + 1 }, (_, k) => {
            const edge = Math.floor((k * times.length) / count);
            return edge === times.length ? edge : order.findIndex((i) => times[i] === times[order[edge]]);
          });
          const expected = edges.slice(1).flatMap((to, k) => {
            const held = order.slice(edges[k], to);
            if (held.length === 0) return [];
            const [first, last] = [times[held[0]], times[held[held.length - 1]]];
            const trained = order.filter((i) => times[i] < first - gap || times[i] > last + gap);
            return trained.length < 8 ? [] : [{ held: Int32Array.from(held), trained: Int32Array.from(trained) }];
          });
          expect(makeFolds(Int32Array.from(times), count, gap)).toEqual(expected);
        },
      ),
    );
  });

  test('no fold where too little is left to train on', () => {
    expect(
      makeFolds(
        Int32Array.from({ length: 12 }, (_, i) => i),
        5,
        11,
      ),
    ).toEqual([]);
  });
});

describe('gate', () => {
  test('what one target misses does not weigh on another', () => {
    const n = 40;
    const clocks = Int32Array.from({ length: n }, (_, i) => i);
    const folds = makeFolds(clocks, 4, 0);
    /** Answers of two targets and two steps, of which the second target's are foreseen by a share. */
    const weights = (share: number) => {
      const values = (of: (i: number, k: number) => number) =>
        Float32Array.from({ length: 4 * n }, (_, at) => of(at >> 2, at & 3));
      const corrections = values((i, k) => Math.sin(i * (k + 1)));
      const missed = values((i, k) => (k % 2 === 0 ? 0.5 : share) * Math.sin(i * (k + 1)) + 0.1 * Math.cos(3 * i));
      return gate(missed, [corrections], folds, 4, 2);
    };
    const [one, other] = [weights(0.9), weights(-1)];
    expect([one[0], one[2]]).toEqual([other[0], other[2]]);
    expect(one[1][0]).toBeGreaterThan(0.7);
    expect([other[1], other[3]]).toEqual([[0], [0]]);
  });

  test('no weights with w ≥ 0 and Σw ≤ 1 on a grid are better', () => {
    const positive = fc.double({ min: 0.1, max: 3, noNaN: true });
    fc.assert(
      fc.property(
        positive,
        positive,
        fc.double({ min: -0.9, max: 0.9, noNaN: true }),
        fc.double({ min: -2, max: 2, noNaN: true }),
        fc.double({ min: -2, max: 2, noNaN: true }),
        (a, c, correlation, g, h) => {
          const b = correlation * Math.sqrt(a * c);
          const loss = ([u, v]: number[]) => u * u * a + 2 * u * v * b + v * v * c - 2 * u * g - 2 * v * h;
          const weights = weigh({
            products: [
              [a, b],
              [b, c],
            ],
            against: [g, h],
          });
          expect(weights.every((weight) => weight >= 0)).toBe(true);
          expect(weights[0] + weights[1]).toBeLessThanOrEqual(1 + 1e-12);
          const unbounded = (g * c - h * b) / (a * c - b * b) + (a * h - b * g) / (a * c - b * b) <= 1;
          if (!unbounded) return;
          for (let u = 0; u <= 1; u += 0.1) {
            for (let v = 0; u + v <= 1; v += 0.1)
              expect(loss(weights)).toBeLessThanOrEqual(loss([u, v]) + 0.01 * (a + c));
          }
        },
      ),
    );
  });

  test('each step by its own sums and the mean of its target’s, and none where what is missed is not less', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(1, 2),
        fc.double({ min: -1, max: 2, noNaN: true }),
        (key, steps, targets, count, share) => {
          const answers = steps * targets;
          const n = 24;
          const drawn = (own: number) => Float32Array.from(noise(n * answers, key + own));
          const missed = drawn(0);
          const corrections = Array.from({ length: count }, (_, c) =>
            drawn(c + 1).map((v, at) => v * 0.7 + (c === 0 ? share * missed[at] : 0.4 * missed[at])),
          );
          // Two folds, and windows that are in none.
          const folds = [0, 10].map((from) => ({
            held: Int32Array.from({ length: 8 }, (_, i) => from + i),
            trained: new Int32Array(0),
          }));
          const rows = folds.flatMap(({ held }) => [...held]);
          const sum = (of: (at: number) => number, k: number) => rows.reduce((all, i) => all + of(i * answers + k), 0);
          const ofTarget = (k: number) => Array.from({ length: steps }, (_, h) => (k % targets) + h * targets);
          const blended = (of: (at: number) => number, k: number) =>
            sum(of, k) + ofTarget(k).reduce((all, other) => all + sum(of, other), 0) / steps;
          const weights = Array.from({ length: answers }, (_, k) =>
            weigh({
              products: corrections.map((p) => corrections.map((q) => blended((at) => p[at] * q[at], k))),
              against: corrections.map((p) => blended((at) => p[at] * missed[at], k)),
            }),
          );
          const left = (k: number) =>
            sum((at) => Math.abs(missed[at] - corrections.reduce((all, p, c) => all + weights[k][c] * p[at], 0)), k);
          const expected = weights.map((own, k) => {
            const change = ofTarget(k).reduce(
              (all, one) => all + left(one) - sum((at) => Math.abs(missed[at]), one),
              0,
            );
            return change < 0 ? own.map((v) => expect.closeTo(v, 6)) : own.map(() => 0);
          });
          expect(gate(missed, corrections, folds, answers, targets)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of one correction its share between 0 and 1', () => {
    for (const [p, r] of [
      [4, 2],
      [4, 6],
      [4, -1],
      [0, 1],
    ]) {
      const share = p > 0 ? Math.min(1, Math.max(0, r / p)) : 0;
      expect(weigh({ products: [[p]], against: [r] })).toEqual([share]);
    }
  });

  const folds = [{ held: Int32Array.from({ length: 200 }, (_, i) => i), trained: new Int32Array(0) }];

  test('a step that is foreseen is trusted beside one that is not', () => {
    const [r, p] = [noise(400, 1), noise(400, 2)];
    const missed = Float32Array.from(r);
    const correction = Float32Array.from(r, (value, i) => (i % 2 === 0 ? value : 0.1 * p[i]));
    const [first, second] = gate(missed, [correction], folds, 2, 1);
    expect(first[0]).toBeGreaterThan(0.95);
    expect(second[0]).toBeGreaterThanOrEqual(0);
  });

  test('0 for a correction that has nothing to do with what is missed, or makes it worse', () => {
    const missed = Float32Array.from(noise(400, 1));
    expect(gate(missed, [missed.map((value) => -value)], folds, 2, 1)).toEqual([[0], [0]]);
    const [[weight]] = gate(missed, [Float32Array.from(noise(400, 5))], folds, 2, 1);
    expect(weight).toBeLessThan(0.15);
  });
});

describe('intervals', () => {
  test('the (1 + 1/n)p quantile of |error|, widened by √(1 + 2H/n), never narrower by more than 2 % a step', () => {
    const errors = Float32Array.from(
      { length: 38 },
      (_, i) => (i % 2 === 0 ? 1 : 0.5) * (Math.floor(i / 2) + 1) * (i % 4 < 2 ? 1 : -1),
    );
    const spreads = measureSpreads(errors, 2, 1, 19, 60);
    const widening = Math.sqrt(1 + 2 / Math.max(3, 19 / 2));
    expect(spreads.widening).toBeCloseTo(widening, 12);
    // n = 19: 0.8 · 20 = the 16th, 0.95 · 20 = the 19th
    expect(halfWidths(spreads, 0, 1, 0.8)).toEqual(
      [16 * widening, 0.98 * 16 * widening].map((v) => expect.closeTo(v, 10)),
    );
    expect(halfWidths(spreads, 0, 1, 0.95)[0]).toBeCloseTo(19 * widening, 10);
    // .83 of 20 is above 16; of 19 it would not be.
    expect(halfWidths(spreads, 0, 1, 0.83)[0]).toBeCloseTo(17 * widening, 10);
  });

  test('of short series they are wider by the quantile of t over the normal one', () => {
    const errors = Float32Array.from(noise(40, 4));
    const [long, short] = [60, 24].map((rows) => measureSpreads(errors, 1, 1, 40, rows));
    expect(long.freedom).toBeUndefined();
    const of4 = { ...short, freedom: 4 };
    // t with 4 degrees of freedom: 1.533 and 2.776; normal: 1.282 and 1.960
    for (const [p, ratio] of [
      [0.8, 1.196],
      [0.95, 1.416],
    ]) {
      expect(halfWidths(of4, 0, 1, p)[0] / halfWidths(long, 0, 1, p)[0]).toBeCloseTo(ratio, 1);
    }
    expect(short.freedom).toBe(24);
  });

  test('many errors are kept as 200 quantiles that give nearly the same', () => {
    const errors = Float32Array.from(noise(5000, 4));
    const spreads = measureSpreads(errors, 1, 1, 1e9, 1e9);
    expect(spreads.quantiles[0]).toHaveLength(200);
    expect(halfWidths(spreads, 0, 1, 0.8)[0]).toBeCloseTo(1.2816, 1);
    expect(halfWidths(spreads, 0, 1, 0.95)[0]).toBeCloseTo(1.96, 1);
  });

  test('of two targets each has its own errors at every step', () => {
    // Rows of step 1 of the targets, then step 2.
    const errors = Float32Array.of(1, 10, 2, 20, -1, -10, -2, -20);
    const spreads = measureSpreads(errors, 2, 2, 1e9, 1e9);
    expect(halfWidths(spreads, 0, 2, 0.5).map((width) => Number(width.toFixed(3)))).toEqual([1, 2]);
    expect(halfWidths(spreads, 1, 2, 0.5).map((width) => Number(width.toFixed(3)))).toEqual([10, 20]);
  });
});

describe('effects of known columns', () => {
  const flat: Anchor = {
    kind: 'smoothing',
    log: false,
    least: 0,
    trend: 'none',
    period: 1,
    alpha: 0.3,
    beta: 0,
    gamma: 0,
    phi: 1,
    start: { level: 10, slope: 0, seasons: [] },
  };
  const n = 150;
  const known = Float64Array.from(noise(n * 3, 8));

  test('those of the same row and of the row before are found, others stay 0', () => {
    const effect = effectsOf(known, [2, 0, 0, 0, -1.5, 0], n) ?? new Float64Array(n);
    const values = Float64Array.from(noise(n, 6), (e, t) => 10 + 0.3 * e + effect[t]);
    const effects = fitEffects(values, known, 3, flat);
    expect(effects).toEqual([2, 0, 0, 0, -1.5, 0].map((value) => (value === 0 ? 0 : expect.closeTo(value, 0.8))));
  });

  test('of a column of zeros, of series of fewer than 8 rows and without columns none are fitted', () => {
    const one = Float64Array.from({ length: n * 2 }, (_, i) => (i % 2 === 0 ? 0 : known[i]));
    const values = Float64Array.from(noise(n, 6), (e, t) => 10 + 0.1 * e + 3 * one[2 * t + 1]);
    expect(fitEffects(values, one, 2, flat)).toEqual([0, expect.closeTo(3, 1), 0, 0]);
    expect(fitEffects(values, new Float64Array(n), 1, flat)).toEqual([0, 0]);
    expect(fitEffects(values.subarray(0, 7), one, 2, flat)).toEqual([0, 0, 0, 0]);
    expect(fitEffects(values.subarray(0, 8), one, 2, flat)).not.toEqual([0, 0, 0, 0]);
    expect(fitEffects(values, new Float64Array(0), 0, flat)).toEqual([]);
  });

  test('beside the value of a season before, they are of what changed since', () => {
    const naive: Anchor = { ...flat, kind: 'naive', period: 7 };
    const values = Float64Array.from(
      noise(n, 6),
      (e, t) => 5 * (t % 7) + 0.1 * e + 2 * known[3 * t] - known[3 * t + 2],
    );
    expect(fitEffects(values, known, 3, naive)).toEqual([expect.closeTo(2, 1), 0, expect.closeTo(-1, 1), 0, 0, 0]);
  });

  test('useless columns get none', () => {
    let found = 0;
    for (let key = 20; key < 40; key++) {
      const values = Float64Array.from(noise(n, key), (e) => 10 + e);
      found += fitEffects(values, Float64Array.from(noise(n * 5, 100 + key)), 5, flat).filter((e) => e !== 0).length;
    }
    expect(found).toBeLessThanOrEqual(1);
  });

  test('rows beyond those known count as the mean; the row before the first is used when given', () => {
    const two = Float64Array.of(1, 2);
    expect(Array.from(effectsOf(two, [3, 10], 4) ?? [])).toEqual([3, 16, 20, 0]);
    expect(Array.from(effectsOf(two, [3, 10], 2, Float64Array.of(5)) ?? [])).toEqual([53, 16]);
  });
});
