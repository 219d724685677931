import { describe, expect, test } from '@jest/globals';
import {
  ANCHOR_ROWS,
  type Anchor,
  type AnchorOptions,
  chooseAnchor,
  spread,
  Track,
} from '../../../src/tasks/forecast/anchor.js';
import { solvePositive } from '../../../src/tasks/forecast/cholesky.js';
import { readData } from '../../../src/tasks/forecast/data.js';
import { nelderMead } from '../../../src/tasks/forecast/nelderMead.js';
import { autocorrelation, findSeason } from '../../../src/tasks/forecast/season.js';
import { shortAnchor } from '../../../src/tasks/forecast/shortAnchor.js';
import {
  type Form,
  fitSmoothing,
  run,
  type Smoothing,
  startBackwards,
  type Trend,
} from '../../../src/tasks/forecast/smoothing.js';
import { startFromMeans } from '../../../src/tasks/forecast/start.js';
import { noise, seasonal } from './series.js';
import { runOf, source } from './support.js';

/** The textbook's recursions (Holt–Winters additive, damped), one array a quantity. */
function reference(y: number[], s: Smoothing) {
  const { alpha, beta, gamma, phi, period } = s;
  const level = [s.start.level];
  const slope = [s.start.slope];
  const seasons = [...s.start.seasons];
  const errors = y.map((value, t) => {
    const season = period > 1 ? seasons[t] : 0;
    const error = value - level[t] - phi * slope[t] - season;
    level.push(level[t] + phi * slope[t] + alpha * error);
    slope.push(phi * slope[t] + beta * error);
    if (period > 1) seasons.push(season + gamma * error);
    return error;
  });
  const ahead = (h: number) => {
    let damped = 0;
    for (let i = 1; i <= h; i++) damped += phi ** i;
    const season = period > 1 ? seasons[y.length + ((h - 1) % period)] : 0;
    return level[y.length] + damped * slope[y.length] + season;
  };
  return { errors, ahead };
}

const damped: Smoothing = {
  trend: 'damped',
  period: 4,
  alpha: 0.4,
  beta: 0.1,
  gamma: 0.2,
  phi: 0.9,
  start: { level: 48, slope: 0.3, seasons: [3, -1, -4, 2] },
};

test('errors and forecasts are those of the textbook recursions', () => {
  const y = seasonal(41);
  const expected = reference(y, damped);
  const track = new Track({ ...damped, kind: 'smoothing', log: false, least: 0 }, Float64Array.from(y));
  expect(Array.from(track.errors)).toEqual(expected.errors.map((error) => expect.closeTo(error, 10)));
  for (const h of [1, 2, 4, 5, 9]) expect(track.ahead(41, h - 1)).toBeCloseTo(expected.ahead(h), 10);
  expect(track.deviation(41, 40)).toBeCloseTo(y[40] - run(Float64Array.from(y), damped).level[41] - seasonAt(40), 10);

  function seasonAt(row: number): number {
    return run(Float64Array.from(y), damped).season[row + 4];
  }
});

test('a run that goes on from startAt(row) is the run over all rows', () => {
  const y = Float64Array.from(seasonal(60));
  const anchor = { ...damped, kind: 'smoothing' as const, log: false, least: 0 };
  const whole = new Track(anchor, y);
  const rest = new Track({ ...anchor, start: whole.startAt(23) }, y.subarray(23));
  expect(Array.from(rest.errors)).toEqual(Array.from(whole.errors.subarray(23)));
  for (let h = 0; h < 9; h++) expect(rest.ahead(20, h)).toBe(whole.ahead(43, h));
});

test('simple smoothing of the Nile: α and sum of squares as published', () => {
  // Nile at Aswan 1871–1970. The local level model's steady state (Durbin and Koopman 2012, chapter 2: variances 15099 and
  // 1469.1) is simple smoothing with α = 0.267; R's ets(Nile, "ANN") gives α = 0.2455.
  const fittedNile = fitSmoothing(scaled(nile).z, { trend: 'none', period: 1 });
  expect(fittedNile.alpha).toBeGreaterThan(0.22);
  expect(fittedNile.alpha).toBeLessThan(0.3);
});

test('the fit is a minimum: no parameter changed alone lowers the sum of squares', () => {
  const { z } = scaled(seasonal(120));
  const fit = fitSmoothing(z, { trend: 'additive', period: 4 });
  const sum = (s: Smoothing) => run(z, s).errors.reduce((total, e) => total + e * e, 0);
  const least = sum(fit);
  for (const key of ['alpha', 'beta', 'gamma'] as const) {
    for (const factor of [0.8, 1.25]) expect(sum({ ...fit, [key]: fit[key] * factor })).toBeGreaterThan(0.9999 * least);
  }
});

test('trend and season are found where they are, and not where they are not', async () => {
  const anchor = await chooseAnchor(Float64Array.from(seasonal(120)), { season: 4, horizon: 4 });
  expect(anchor.period).toBe(4);
  expect(anchor.trend).not.toBe('none');
  const white = await chooseAnchor(
    Float64Array.from(noise(150), (e) => 10 + e),
    { season: 4, horizon: 4, log: false },
  );
  expect(white.period).toBe(1);
  expect(white.alpha).toBeLessThan(0.15);
});

test('a season that grows with the level is smoothed as logarithm', async () => {
  const y = noise(144).map((e, t) => Math.exp(3 + 0.01 * t + 0.3 * Math.sin((Math.PI * t) / 6) + 0.03 * e));
  expect((await chooseAnchor(Float64Array.from(y), { season: 12, horizon: 12 })).log).toBe(true);
});

test('of a long series its newest rows are looked at, each with its own known effect', async () => {
  const rows = ANCHOR_ROWS + 50;
  const effects = Float64Array.from({ length: rows }, (_, i) => (i % 17 === 3 ? 40 : 0));
  const y = Float64Array.from(noise(rows), (e, i) => 10 + e + effects[i]);
  const choose = (from: number) =>
    chooseAnchor(y.subarray(from), {
      season: 1,
      horizon: 1,
      log: false,
      effects: effects.subarray(from),
      iterations: () => 20,
    });
  const { start: _, ...all } = await choose(0);
  expect(await choose(50)).toMatchObject(all);
});

test('a random walk stays naive', async () => {
  let level = 0;
  const walk = Float64Array.from(noise(300), (e) => (level += e));
  expect((await chooseAnchor(walk, { season: 1, horizon: 6 })).kind).toBe('naive');
});

test('spread: √h for naive, by period for seasonal naive, √(1 + hα²) for simple smoothing', () => {
  const simple = { ...damped, trend: 'none' as const, period: 1, beta: 0, gamma: 0, phi: 1, log: false, least: 0 };
  expect(spread({ ...simple, kind: 'naive' }, 8)).toBeCloseTo(3, 12);
  expect(spread({ ...simple, kind: 'naive', period: 4 }, 7)).toBeCloseTo(Math.SQRT2, 12);
  expect(spread({ ...simple, kind: 'smoothing' }, 5)).toBeCloseTo(Math.sqrt(1 + 5 * 0.16), 12);
});

test('spread with trend and season: each error goes on as the forecasts that it changes by 1', () => {
  const form = { ...damped, kind: 'smoothing' as const, log: false, least: 0 };
  for (const own of [form, { ...form, trend: 'additive' as const, phi: 1 }, { ...form, period: 1 }]) {
    const seasons = own.period > 1 ? [0, 0, 0, 0] : [];
    const { ahead } = reference([1], { ...own, start: { level: 0, slope: 0, seasons } });
    let sum = 1;
    for (let step = 0; step < 12; step++) {
      if (step > 0) sum += ahead(step) ** 2;
      expect(spread(own, step)).toBeCloseTo(Math.sqrt(sum), 12);
    }
  }
});

test("Nelder–Mead finds Rosenbrock's minimum", () => {
  const { x, value } = nelderMead(([a, b]) => (1 - a) ** 2 + 100 * (b - a * a) ** 2, [-1.2, 1], 0.4, 1000);
  expect(value).toBeLessThan(1e-6);
  expect(x[0]).toBeCloseTo(1, 2);
  expect(x[1]).toBeCloseTo(1, 2);
});

test('solvePositive solves, and refuses what is not positive definite', () => {
  const a = Float64Array.from([4, 0, 0, 2, 5, 0, 1, 3, 6]);
  const b = Float64Array.from([1, 2, 3]);
  expect(solvePositive(a, b, 3, 1)).toBe(true);
  const full = [
    [4, 2, 1],
    [2, 5, 3],
    [1, 3, 6],
  ];
  full.forEach((row, i) => {
    expect(row.reduce((sum, value, j) => sum + value * b[j], 0)).toBeCloseTo([1, 2, 3][i], 12);
  });
  expect(solvePositive(Float64Array.from([1, 0, 2, 1]), new Float64Array(2), 2, 1)).toBe(false);
});

test('the season is found by autocorrelation, the smallest of its multiples, and 1 where there is none', () => {
  expect(findSeason(seasonal(120))).toBe(4);
  expect(findSeason(noise(200).map((e, t) => 10 * Math.sin((2 * Math.PI * t) / 12) + e))).toBe(12);
  expect(findSeason(noise(200))).toBe(1);
  expect(findSeason([1, 2])).toBe(1);
  expect(findSeason(new Array(50).fill(3))).toBe(1);
});

test.each([
  [[4], 4],
  [[1], 1],
  [[4, 7, 7], 7],
  [[7, 4, 4], 4],
  [[4, 7, 4], 4],
  [[1, 7, 1, 4], 1],
  [[7, 1, 4, 7], 7],
  // Of as many the first.
  [[4, 7], 4],
  [[7, 4], 7],
])('of series with seasons of %j %d is taken, as it was before what is held out', async (seasons, most) => {
  const patterns: Record<number, number[]> = {
    1: [0],
    4: [3, -1, -4, 2],
    7: [0, 5, 1, -3, 2, -6, 4],
    5: [9, 0, 4, -7, 1],
  };
  const value = (season: number, i: number) => i + patterns[season][i % season];
  const lines = seasons.flatMap((season, s) =>
    Array.from({ length: 200 }, (_, i) => `shop ${s},${value(i < 80 ? season : 5, i)},${value(5, i + s)}`),
  );
  const data = source(`shop,v,w\n${lines.join('\n')}\n`);
  const options = { targets: ['v'], group: ['shop'] };
  const { horizon, set } = await readData(data, options, runOf(), 0.6);
  expect([set.season, horizon]).toEqual([most, most > 1 ? most : 6]);
  expect((await readData(data, options, runOf(), 0)).set.season).toBe(5);
  // Of several columns it is the first one's.
  for (const [targets, season] of [
    [['v', 'w'], most],
    [['w', 'v'], 5],
  ] as const) {
    expect((await readData(data, { ...options, targets: [...targets] }, runOf(), 0.6)).set.season).toBe(season);
  }
});

describe('a season is a lag at which changes are alike', () => {
  type Chain = [lag: number, changes: number[]];
  const same = (count: number, height: number) => new Array<number>(count).fill(height);
  /**
   * Values whose changes are those of chains, each change `lag` rows after the one before it, chains far from each other, and
   * no change in all other rows. Where changes add up to 0, their autocorrelation at a lag is the sum of the products of
   * changes at that distance, by the sum of squares; rows without a change alter only how many there are.
   */
  const valuesOf = (chains: readonly Chain[], rows: number, gap: number) => {
    const changes = new Float64Array(rows - 1);
    let at = 0;
    for (const [lag, heights] of chains) {
      for (const [i, height] of heights.entries()) changes[at + i * lag] = height;
      at += (heights.length - 1) * lag + gap;
    }
    let value = 0;
    return [0, ...changes.map((change) => (value += change))];
  };
  const found = (chains: readonly Chain[], rows: number, gap = 60) => findSeason(valuesOf(chains, rows, gap));
  // Squares of 8 + 4, products of 3, 2, 1 at lags 1, 2, 3, and of 4 at lag 4.
  const third: Chain[] = [
    [4, [2, 2]],
    [1, [-1, -1, -1, -1]],
  ];
  // Squares of 8 + 6.
  const less: Chain[] = [
    [4, [2, 2]],
    [1, [-2, -1, -1]],
  ];
  // Autocorrelations of −1/2, 0, −1/3, 2/3, −1/3 at lags 1 to 5.
  const steps: Chain[] = [
    [4, [1, 1, 1]],
    [4, [-1, -1, -1]],
  ];
  const early = valuesOf(third, 30, 8);

  test.each<[string, number, () => number]>([
    ['4/12 are more than 0.3', 4, () => found(third, 200)],
    ['4/14 are not', 1, () => found(less, 200)],
    // Bartlett's bound with autocorrelations of 3/12, 2/12, 1/12 before: 1.645 √(1.194 / n).
    ['4/12 of 30 changes are more than 0.328', 4, () => found(third, 31, 8)],
    ['4/12 of 29 are not more than 0.334', 1, () => found(third, 30, 8)],
    ['4 rows of 15 are less than a third', 4, () => found(steps, 15, -7)],
    ['4 rows of 14 are not, with the row after them', 1, () => found(steps, 14, -7)],
    [
      'another season has 6/14, more than 1.1 times the 5/14 of the smaller one',
      7,
      () =>
        found(
          [
            [4, same(6, 1)],
            [7, same(7, -1)],
            [1, [1]],
          ],
          400,
        ),
    ],
    [
      'another season has 12/26, less than 1.1 times the 11/26 of the smaller one',
      4,
      () =>
        found(
          [
            [4, same(12, 1)],
            [11, same(13, -1)],
            [1, [1]],
          ],
          400,
        ),
    ],
  ])('%s', (_, season, of) => {
    expect(of()).toBe(season);
  });

  /** A season of 4 has 20 products; of 8 and 12 rows it has 19 and 18, to which come those of a chain of its own. */
  test.each([
    [8, 5, 4, '20 of 23 are 0.87'],
    [8, 6, 8, '20 of 24 are 0.83'],
    [12, 6, 4, '20 of 23 are 0.87'],
    [12, 7, 12, '20 of 24 are 0.83'],
  ])('of %d rows with %d changes more it is %d rows: %s', (lag, changes, season) => {
    const chains: Chain[] = [
      [4, same(21, 1)],
      [lag, same(changes, -1)],
      [17, same(21 - changes, -1)],
    ];
    expect(found(chains, 800)).toBe(season);
  });

  test('of at most 799 rows, in the newest 10,000', () => {
    const long = (lag: number): Chain[] => [
      [lag, same(4, 1)],
      [lag, same(4, -1)],
    ];
    expect(found(long(799), 6000, 400)).toBe(799);
    expect(found(long(800), 6000, 400)).toBe(1);
    const followed = (rows: number) => [...early, ...new Array<number>(rows).fill(early[early.length - 1])];
    expect(findSeason(followed(9000))).toBe(4);
    expect(findSeason(followed(10_000))).toBe(1);
  });
});

test('autocorrelation is 1 at lag 0 and as by hand', () => {
  // mean 2, distances −1 0 2 −1: (0·−1 + 2·0 − 1·2) / 6 and (2·−1 − 1·0) / 6
  const r = autocorrelation(Float64Array.from([1, 2, 4, 1]), 2);
  expect(Array.from(r)).toEqual([1, -2 / 6, -2 / 6].map((value) => expect.closeTo(value, 12)));
});

function scaled(y: readonly number[]) {
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const std = Math.sqrt(y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / y.length);
  return { z: Float64Array.from(y, (value) => (value - mean) / std) };
}

const nile = [
  1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140, 1100,
  1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969, 831, 726, 456,
  824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759, 781, 865, 845, 944, 984, 897,
  822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050, 918, 986, 797, 923, 975,
  815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
];

test("what forms are chosen by is Akaike's criterion, corrected for few values", () => {
  const y = Float64Array.from(seasonal(40), (value) => value / 50);
  for (const trend of ['none', 'additive', 'damped'] as const) {
    const { aicc, x, ...fitted } = fitSmoothing(y, { trend, period: 4 });
    const squares = reference(Array.from(y), fitted).errors.reduce((sum, error) => sum + error ** 2, 0);
    // What is searched, three seasonal starts, and the variance.
    const [n, k] = [40, x.length + 3 + 1];
    expect(aicc).toBeCloseTo(n * Math.log(squares / n) + 2 * k + (2 * k * (k + 1)) / (n - k - 1), 6);
  }
});

/** The straight line of least squares over the rows 0 … n − 1. */
function lineOf(y: number[]) {
  const mean = y.reduce((a, b) => a + b, 0) / y.length;
  const middle = (y.length - 1) / 2;
  const slope =
    y.length > 1
      ? y.reduce((sum, v, t) => sum + (t - middle) * (v - mean), 0) /
        y.reduce((sum, _, t) => sum + (t - middle) ** 2, 0)
      : 0;
  return { mean, slope, intercept: mean - slope * middle };
}

describe('where smoothing starts', () => {
  const forms: Form[] = (['none', 'additive', 'damped'] satisfies Trend[]).flatMap((trend) =>
    [1, 2, 3, 4, 7, 12].map((period) => ({ trend, period })),
  );

  test.each(forms)('the means of seasons less the moving average, and a line through the first rows: %j', (form) => {
    const { trend, period } = form;
    for (const rows of [2 * period + 3, 3 * period, 3 * period + 1, 5 * period + 2, 6 * period + 5, 30]) {
      if (rows < 2 * period) continue;
      const y = noise(rows, rows + period).map((e, t) => e + 0.2 * t + 3 * Math.cos((2 * Math.PI * t) / period));
      const cycles = Math.min(5, Math.floor(rows / period));
      const whole = y.slice(0, cycles * period);
      const { slope, intercept } = lineOf(whole);
      // The moving average of an even season gives its two ends half a share each: of two averages, one row apart, the mean.
      const average = (t: number) => {
        const half = Math.floor(period / 2);
        const over = (from: number) => whole.slice(from, from + period).reduce((a, b) => a + b, 0) / period;
        return period % 2 === 1 ? over(t - half) : (over(t - half) + over(t - half + 1)) / 2;
      };
      const distances = Array.from({ length: period }, (_, phase) => {
        const found = whole.flatMap((v, t) => {
          if (t % period !== phase) return [];
          if (cycles <= 2) return [v - intercept - slope * t];
          return t >= period / 2 && t < whole.length - period / 2 ? [v - average(t)] : [];
        });
        return found.reduce((a, b) => a + b, 0) / found.length;
      });
      const centre = distances.reduce((a, b) => a + b, 0) / period;
      const seasons = period > 1 ? distances.map((one) => one - centre) : [];
      const first = y.slice(0, Math.max(10, 2 * period)).map((v, t) => v - (seasons[t % period] ?? 0));
      const line = lineOf(first);
      const start = startFromMeans(Float64Array.from(y), form);
      expect(start.seasons).toEqual(seasons.map((one) => expect.closeTo(one, 9)));
      expect(start.level).toBeCloseTo(trend === 'none' ? line.mean : line.intercept - line.slope, 9);
      expect(start.slope).toBeCloseTo(trend === 'none' ? 0 : line.slope, 9);
    }
  });

  test.each(forms)(
    'backwards from a line with seasons, those are found, and the level of the first row: %j',
    ({ trend, period }) => {
      for (const rows of [3 * period + 2, 12 * period + 23, 12 * period + 24, 12 * period + 60]) {
        const slope = trend === 'none' ? 0 : 0.7;
        const shapes = [0, 5, -2, 1, 3, -4, 2, 2, -1, 0, 6, -3].slice(0, period);
        const centre = shapes.reduce((a, b) => a + b, 0) / period;
        const y = Float64Array.from({ length: rows }, (_, t) => 20 + slope * t + (shapes[t % period] - centre));
        const smoothing = { trend, period, alpha: 0.4, beta: 0.1, gamma: 0.2, phi: 1 };
        const start = startBackwards(y, { ...smoothing, start: { level: 0, slope: 0, seasons: [] } });
        expect(start.slope).toBeCloseTo(slope, 9);
        expect(start.level).toBeCloseTo(20, 9);
        expect(start.seasons).toEqual(period === 1 ? [] : shapes.map((one) => expect.closeTo(one - centre, 9)));
      }
    },
  );

  test('backwards it runs over the first 12 seasons and 24 rows', () => {
    const y = Float64Array.from(seasonal(12 * 4 + 30));
    const far = y.map((v, t) => (t < 12 * 4 + 24 ? v : 1e6));
    const near = y.map((v, t) => (t < 12 * 4 + 23 ? v : 1e6));
    expect(startBackwards(far, damped)).toEqual(startBackwards(y, damped));
    expect(startBackwards(near, damped)).not.toEqual(startBackwards(y, damped));
  });

  test.each([
    ['none', 4],
    ['additive', 4],
    ['additive', 1],
    ['damped', 3],
  ] as const)('of few seasons no other start has a lower sum of squares: %s trend, season of %d', (trend, period) => {
    const y = Float64Array.from(
      noise(6 * period + 1, 4),
      (e, t) => e + 0.3 * t + 4 * Math.sin((2 * Math.PI * t) / period),
    );
    const fitted = fitSmoothing(y, { trend, period });
    const { start } = fitted;
    const squares = (own: Partial<Smoothing['start']>) =>
      run(y, { ...fitted, start: { ...start, ...own } }).errors.reduce((sum, e) => sum + e * e, 0);
    const least = squares({});
    for (const by of [-0.1, 0.1]) {
      expect(squares({ level: start.level + by })).toBeGreaterThan(least - 1e-3 * least);
      if (trend !== 'none') expect(squares({ slope: start.slope + by })).toBeGreaterThan(least);
      for (let i = 1; i < period; i++) {
        const seasons = start.seasons.map((one, j) => one + (j === i ? by : j === 0 ? -by : 0));
        expect(squares({ seasons })).toBeGreaterThan(least);
      }
    }
  });
});

test('Nelder–Mead asks for the points of its paper, in their order', () => {
  /** Reflection, expansion, contraction to either side and shrinking, written as the paper has them. */
  function paper(f: (x: number[]) => number, start: number[], step: number, iterations: number) {
    const n = start.length;
    let points = Array.from({ length: n + 1 }, (_, i) => start.map((v, j) => (j === i - 1 ? v + step : v)));
    let at = points.map((x) => ({ x, y: f(x) }));
    for (let k = 0; k < iterations; k++) {
      at = at
        .map((one, i) => ({ one, i }))
        .sort((a, b) => a.one.y - b.one.y || a.i - b.i)
        .map(({ one }) => one);
      const [low, high] = [at[0], at[n]];
      if (high.y - low.y < 1e-8) break;
      const centre = start.map((_, j) => at.slice(0, n).reduce((sum, { x }) => sum + x[j], 0) / n);
      const point = (factor: number) => {
        const x = centre.map((c, j) => c + factor * (c - high.x[j]));
        return { x, y: f(x) };
      };
      const reflected = point(1);
      if (reflected.y < low.y) {
        const expanded = point(2);
        at[n] = expanded.y < reflected.y ? expanded : reflected;
        continue;
      }
      if (reflected.y < at[n - 1].y) {
        at[n] = reflected;
        continue;
      }
      const contracted = point(reflected.y < high.y ? 0.5 : -0.5);
      if (contracted.y < Math.min(reflected.y, high.y)) at[n] = contracted;
      else {
        points = at.map(({ x }) => x.map((v, j) => (v + low.x[j]) / 2));
        at = at.map((one, i) => (i === 0 ? one : { x: points[i], y: f(points[i]) }));
      }
    }
    return at.reduce((best, one) => (one.y < best.y ? one : best));
  }
  const functions: [(x: ArrayLike<number>) => number, number[]][] = [
    [(x) => (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, [-1.2, 1]],
    [(x) => Math.abs(x[0]) + Math.abs(x[1] - 1) * 3 + Math.cos(5 * x[0]), [2, -2]],
    [(x) => Math.floor(3 * x[0]) ** 2 + (x[1] * x[2]) ** 2 + x[2] ** 2, [2, 1, 3]],
    [(x) => Math.cos(3 * x[0]) + x[0] ** 2 / 9, [4]],
    [(x) => Math.sin(9 * x[0]) * Math.cos(7 * x[1]) + 0.01 * x[0] ** 2, [1, 1]],
  ];
  for (const [f, start] of functions) {
    for (const iterations of [0, 1, 7, 200]) {
      const [asked, expected]: number[][] = [[], []];
      const found = nelderMead(
        (x) => {
          asked.push(...x);
          return f(x);
        },
        start,
        0.4,
        iterations,
      );
      const least = paper(
        (x) => {
          expected.push(...x);
          return f(x);
        },
        start,
        0.4,
        iterations,
      );
      expect(asked.length).toBe(expected.length);
      for (const [i, one] of expected.entries()) expect(asked[i]).toBeCloseTo(one, 9);
      expect(found.value).toBeCloseTo(least.y, 9);
      expect([...found.x]).toEqual(least.x.map((one) => expect.closeTo(one, 9)));
    }
  }
});

describe('what is chosen as the anchor', () => {
  const rms = (values: number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  const meanOf = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const naive = (log: boolean, least: number, period: number, first: number): Anchor => ({
    kind: 'naive',
    log,
    least,
    trend: 'none',
    period,
    alpha: 1,
    beta: 0,
    gamma: 0,
    phi: 1,
    start: { level: first, slope: 0, seasons: new Array<number>(period > 1 ? period : 0).fill(0) },
  });

  /** As the description of `chooseAnchor` has it: every candidate beside its score, then the choice. */
  function chosen(y: number[], { season, horizon, log, effects }: AnchorOptions, iterations: number): Anchor {
    const n = y.length;
    const positive = y.every((v) => v > 0);
    const least = positive ? Math.min(...y) / 2 : 0;
    const from = Math.min(Math.max(2 * season, 4), Math.floor(n / 3));
    const steps = Math.min(horizon, n - from);
    const added = (t: number) => effects?.[t] ?? 0;
    const valuesOf = (logs: boolean) =>
      Float64Array.from(y, (v, t) => (logs ? Math.log(Math.max(v, least)) : v) - added(t));
    const scored = (anchor: Anchor, aicc: number) => {
      const track = new Track(anchor, valuesOf(anchor.log));
      const logErrors = Array.from({ length: steps }, (_, h) => {
        const missed = [];
        for (let t = from; t <= n - steps; t++) {
          const ahead = track.ahead(t, h) + added(t + h);
          missed.push((anchor.log ? Math.exp(ahead) : ahead) - y[t + h]);
        }
        return 2 * Math.log(rms(missed));
      });
      return { anchor, aicc, error: meanOf(logErrors) };
    };
    const periods = [1, season, ...([24, 48, 96].includes(season) ? [7 * season] : [])].filter(
      (period, i) => i === 0 || (period > 1 && n >= 2 * period + 3),
    );
    const logs = log === undefined ? (positive ? [false, true] : [false]) : [log];
    const smooth = logs.flatMap((own) => {
      const values = [...valuesOf(own)];
      const mean = meanOf(values);
      const scale = rms(values.map((v) => v - mean));
      return (['none', 'additive', 'damped'] satisfies Trend[]).flatMap((trend, slopes) =>
        periods.flatMap((period) => {
          // A variance, α and the level; with a slope β and that; φ; γ and the seasons that are free.
          const parameters = 3 + [0, 2, 3][slopes] + (period > 1 ? period : 0);
          if (n <= parameters + 2) return [];
          const {
            x: _,
            aicc,
            start,
            ...rest
          } = fitSmoothing(
            Float64Array.from(values, (v) => (v - mean) / scale),
            { trend, period },
            iterations,
          );
          const jacobian = own ? y.reduce((sum, v) => sum + 2 * Math.log(v), 0) : 0;
          const seasons = start.seasons.map((one) => one * scale);
          const level = { level: mean + scale * start.level, slope: scale * start.slope, seasons };
          const anchor: Anchor = { ...rest, kind: 'smoothing', log: own, least, start: level };
          return [scored(anchor, aicc + 2 * n * Math.log(scale) + jacobian)];
        }),
      );
    });
    const best = Math.min(...smooth.map(({ error }) => error));
    const [first] = smooth.filter(({ error }) => Math.exp(error - best) <= 1.5).sort((a, b) => a.aicc - b.aicc);
    const domain = first?.anchor.log ?? log ?? false;
    const [simple] = periods
      .map((period) => scored(naive(domain, least, period, valuesOf(domain)[0]), 0))
      .sort((a, b) => a.error - b.error);
    return first && !(Math.exp(simple.error) < 1.1 * Math.exp(first.error)) ? first.anchor : simple.anchor;
  }

  const kinds: Record<string, (e: number, t: number, all: number[]) => number> = {
    noise: (e) => 5 * e,
    level: (e) => 40 + e,
    line: (e, t) => 30 + 0.4 * t + e,
    growth: (e, t) => 10 * Math.exp(0.05 * t + 0.1 * e),
    walk: (_, t, all) => 60 + all.slice(0, t + 1).reduce((a, b) => a + b, 0),
    season: (e, t) => 50 + 0.1 * t + [3, -1, -4, 2][t % 4] + 0.8 * e,
    'growing season': (e, t) => (20 + 0.5 * t) * (1 + [0.3, -0.1, -0.4, 0.2][t % 4]) + e,
    'a season that walks': (_, t, all) =>
      20 + all.filter((_, i) => i <= t && i % 4 === t % 4).reduce((a, b) => a + b, 0),
    bend: (e, t) => 80 - 60 * 0.9 ** t + e,
  };
  test.each(Object.entries(kinds))(
    '%s: of all candidates the one by AICc among the near best, or naive',
    async (_, of) => {
      for (let key = 1; key <= 6; key++) {
        const n = 14 + 7 * key;
        const y = noise(n, 50 + key).map(of);
        const effects = key % 4 === 0 ? Float64Array.from(noise(n, 9), (e) => 0.05 * e) : undefined;
        const options: AnchorOptions = {
          season: 4,
          horizon: 1 + (key % 3) * 3,
          iterations: () => 25,
          ...(key % 5 === 0 && { log: y.every((v) => v > 0) }),
          ...(effects && { effects }),
        };
        const found = await chooseAnchor(Float64Array.from(y), options);
        const expected = chosen(y, options, 25);
        const { start, ...rest } = expected;
        const near = (v: number) => expect.closeTo(v, 6);
        expect(found).toEqual({
          ...rest,
          alpha: near(rest.alpha),
          beta: near(rest.beta),
          gamma: near(rest.gamma),
          phi: near(rest.phi),
          least: near(rest.least),
          start: { level: near(start.level), slope: near(start.slope), seasons: start.seasons.map(near) },
        });
      }
    },
  );

  /** Akaike's criterion with its correction, of n errors with k parameters. */
  const criterion = (squares: number, n: number, count: number, k: number) =>
    n * Math.log(squares / count + 1e-12) + 2 * k + (n > k + 1 ? (2 * k * (k + 1)) / (n - k - 1) : 1e6);

  test.each(Object.entries(kinds))('%s: of a short series half of the change, or smoothing', (_, of) => {
    for (let key = 1; key <= 12; key++) {
      const n = 4 + key * (key % 2 ? 1 : 4);
      const y = noise(n, 80 + key).map(of);
      const mean = meanOf(y);
      const scale = rms(y.map((v) => v - mean));
      const z = y.map((v) => (v - mean) / scale);
      const walk = (slope: number, k: number) => {
        const squares = z.slice(1).reduce((sum, v, t) => sum + (v - z[t] - slope) ** 2, 0);
        const start = { level: z[0] - slope, slope, seasons: [] as number[] };
        const rest = { trend: 'additive' as Trend, period: 1, alpha: 1, beta: 0, gamma: 0, phi: 1 };
        return { ...rest, start, aicc: criterion(squares, n, n - 1, k) };
      };
      const half = Math.floor(n / 2);
      const smooth = (trend: Trend) => fitSmoothing(Float64Array.from(z), { trend, period: 1 }, 25);
      const best = <T extends { aicc: number }>(all: T[]) => all.reduce((a, b) => (b.aicc < a.aicc ? b : a));
      const level = best([walk((z[n - 1] - z[half - 1]) / (n - half) / 2, 2), smooth('none')]);
      const sloped = best([walk((z[n - 1] - z[0]) / (n - 1), 3), smooth('additive'), smooth('damped')]);
      const { alpha, beta, phi, trend, start } = level.aicc - sloped.aicc > 15 ? sloped : level;
      const domain = { log: key % 3 === 0, least: 0.5 };
      expect(shortAnchor(Float64Array.from(y), domain, 25)).toEqual({
        kind: 'smoothing',
        ...domain,
        trend,
        period: 1,
        alpha: expect.closeTo(alpha, 8),
        beta: expect.closeTo(beta, 8),
        gamma: 0,
        phi: expect.closeTo(phi, 8),
        start: {
          level: expect.closeTo(mean + scale * start.level, 6),
          slope: expect.closeTo(scale * start.slope, 6),
          seasons: [],
        },
      });
    }
    expect(shortAnchor(Float64Array.from(noise(4, 1).map(of)), { log: false, least: 0 })).toBeUndefined();
    expect(shortAnchor(new Float64Array(9).fill(3), { log: false, least: 0 })).toBeUndefined();
  });
});
