import { describe, expect, test } from '@jest/globals';
import { ANCHOR_ROWS, chooseAnchor, spread, Track } from '../../../src/tasks/forecast/anchor.js';
import { solvePositive } from '../../../src/tasks/forecast/cholesky.js';
import { readData } from '../../../src/tasks/forecast/data.js';
import { nelderMead } from '../../../src/tasks/forecast/nelderMead.js';
import { autocorrelation, findSeason } from '../../../src/tasks/forecast/season.js';
import { fitSmoothing, run, type Smoothing } from '../../../src/tasks/forecast/smoothing.js';
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
    Array.from({ length: 200 }, (_, i) => `shop ${s},${value(i < 80 ? season : 5, i)}`),
  );
  const data = source(`shop,v\n${lines.join('\n')}\n`);
  const options = { targets: ['v'], group: ['shop'] };
  const { horizon, set } = await readData(data, options, runOf(), 0.6);
  expect([set.season, horizon]).toEqual([most, most > 1 ? most : 6]);
  expect((await readData(data, options, runOf(), 0)).set.season).toBe(5);
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
