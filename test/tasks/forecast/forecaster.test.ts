import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import '../../propertySeed.js';
import { MemcellError } from '../../../src/errors.js';
import type { Run } from '../../../src/tasks/definition.js';
import { fit as fitForecaster } from '../../../src/tasks/forecast/fit.js';
import type { Series, SeriesSet } from '../../../src/tasks/forecast/forecaster.js';
import { endOf, forecastFrom } from '../../../src/tasks/forecast/forecastFrom.js';
import { parseState } from '../../../src/tasks/forecast/state.js';
import { fitted, noise, quick, quiet, seasonal, seriesOf, setOf, values } from './series.js';

const H = 4;
const columns = (n: number) => ({ targets: [seasonal(n)], past: [noise(n, 11)], known: [noise(n + 6, 12)] });

/** The first rows of a series. */
function head(series: Series, rows: number, change: (value: number) => number): Series {
  const per = (values: Float64Array) => values.length / series.rows;
  const changed = (array: Float64Array) => array.map((value, i) => (i < rows * per(array) ? value : change(value)));
  return { ...series, targets: changed(series.targets), past: changed(series.past) };
}

describe('what must hold of every forecast', () => {
  test('a future change never changes a forecast made before it', async () => {
    const set = setOf(columns(100), 4);
    const forecaster = await fitted(set, H);
    const [series] = set.series;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 100 }),
        fc.double({ min: -50, max: 50, noNaN: true }),
        async (origin, by) => {
          const other = head(series, origin, (value) => value + by);
          const before = await values(forecaster, series, [origin], H + 3);
          if (origin >= 4) expect(await values(forecaster, other, [origin], H + 3)).toEqual(before);
          else expect((await values(forecaster, other, [origin], H + 3)).every(Number.isFinite)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('what is kept of the end begins behind the row of known columns that is kept beside it', async () => {
    const known = [noise(104, 21), noise(104, 22), noise(104, 23)];
    const { state } = await fitted(setOf({ targets: [seasonal(100)], known }, 4), H);
    const [{ tail }] = parseState(state, 'state').series;
    expect(tail.rows).toBeLessThan(100);
    expect(tail.before).toEqual(known.map((column) => column[99 - tail.rows]));
    expect(tail.known.slice(0, 3)).toEqual(known.map((column) => column[100 - tail.rows]));
  });

  const step = { unit: 'millisecond', count: 86_400_000 } as const;
  const wave = noise(90, 4).map((e, t) => 40 * Math.sin(t / 3) ** 3 + 4 * e);
  const timed = (y: number[]) => setOf({ targets: [y], times: y.map((_, t) => t * step.count) }, 1, { step });
  /** The default recipe with nothing left out, from the last rows. */
  const whole = async (y: number[]) => {
    const set = timed(y);
    const { model, state } = await fitted(set, H, quiet);
    const { values: made, intervals } = await forecastFrom(model, state, set.series[0], [88, 90], H, [0.8]);
    return [made, intervals[0].lower, intervals[0].upper].flatMap((list) => Array.from(list));
  };

  test('a column scaled by 1000 is forecast scaled by 1000', async () => {
    for (const y of [wave, wave.map((value) => value + 100)]) {
      const [small, large] = [await whole(y), await whole(y.map((value) => 1000 * value))];
      for (const [i, value] of small.entries()) expect(large[i] / 1000).toBeCloseTo(value, 1);
    }
  });

  test('a constant added to values that are not smoothed as logarithm is added to the forecast', async () => {
    const [near, far] = [await whole(wave), await whole(wave.map((value) => value - 1000))];
    for (const [i, value] of near.entries()) expect(far[i] + 1000).toBeCloseTo(value, 1);
  });

  test('the same seed gives the same bits, another one does not', async () => {
    const y = noise(120, 3).map((e, t) => 10 * Math.sin(t / 3) ** 3 + e);
    const set = setOf({ targets: [y] }, 1);
    const made = async (seed: number) => values(await fitted(set, H, { ...quiet, seed }), set.series[0], [120], H);
    const first = await made(5);
    expect(await made(5)).toEqual(first);
    expect(await made(6)).not.toEqual(first);
  });

  test('values that were never below 0 are not forecast below 0, nor are intervals', async () => {
    const set = setOf({ targets: [noise(120, 5).map((e) => Math.max(0, e))] }, 1);
    const forecaster = await fitted(set, H);
    const made = await forecastFrom(forecaster.model, forecaster.state, set.series[0], [60, 90, 120], 8, [0.5, 0.99]);
    for (const list of [made.values, made.anchor, ...made.intervals.flatMap(({ lower, upper }) => [lower, upper])]) {
      expect(list.every((value) => value >= 0)).toBe(true);
    }
    expect(forecaster.remarks.join()).toContain('below 0');
  });

  test('intervals hold the forecast and grow with their probability', async () => {
    const set = setOf({ targets: [seasonal(120)] }, 4);
    const { model, state } = await fitted(set, H);
    const made = await forecastFrom(model, state, set.series[0], [100, 120], H + 4, [0.5, 0.8, 0.95]);
    const [half, most, all] = made.intervals;
    made.values.forEach((value, i) => {
      expect(half.lower[i]).toBeLessThanOrEqual(value);
      expect(most.lower[i]).toBeLessThanOrEqual(half.lower[i]);
      expect(all.lower[i]).toBeLessThanOrEqual(most.lower[i]);
      expect(all.upper[i]).toBeGreaterThanOrEqual(most.upper[i]);
    });
  });
});

describe('columns beside the target', () => {
  const n = 160;
  const flags = noise(n + 10, 7).map((e) => (e > 0.8 ? 1 : 0));
  const sales = noise(n, 8).map((e, t) => 20 + 30 * flags[t] + e);

  test('a known promotion moves the forecast by its effect', async () => {
    const set = setOf({ targets: [sales], known: [flags] }, 1);
    const { model, state } = await fitted(set, H);
    const with1 = {
      ...set.series[0],
      known: Float64Array.from(flags, (flag, t) => (t === n + 1 ? 1 : t >= n ? 0 : flag)),
    };
    const made = Array.from((await forecastFrom(model, state, with1, [n], H, [])).values);
    expect(made[1] - made[0]).toBeGreaterThan(25);
    expect(Math.abs(made[2] - made[0])).toBeLessThan(5);
  });

  test('a past column that leads the target by a row is used one step ahead', async () => {
    const led = noise(n, 8).map((e, t) => 20 + 30 * (t > 0 ? flags[t - 1] : 0) + e);
    const set = setOf({ targets: [led], past: [flags.slice(0, n)] }, 1);
    const forecaster = await fitted(set, 2);
    const series = set.series[0];
    const origins = Array.from({ length: 40 }, (_, i) => n - 41 + i);
    const made = await values(forecaster, series, origins, 1);
    const error = origins.reduce(
      (sum, origin, i) => sum + Math.abs(made[i] - series.targets[origin]) / origins.length,
      0,
    );
    expect(error).toBeLessThan(2);
  });

  test('useless columns leave the forecast as it is without them', async () => {
    const y = seasonal(140);
    const alone = setOf({ targets: [y] }, 4);
    const beside = setOf({ targets: [y], past: [noise(140, 31), noise(140, 32)], known: [noise(150, 33)] }, 4);
    const without = await values(await fitted(alone, H), alone.series[0], [140], H);
    const forecaster = await fitted(beside, H);
    const withThem = await values(forecaster, beside.series[0], [140], H);
    for (let h = 0; h < H; h++) expect(withThem[h]).toBeCloseTo(without[h], 0);
  });
});

test('each step of each target has its own correction, in its own unit', async () => {
  const n = 160;
  const cause = noise(n, 41);
  // Both hang on the column beside them: the first one row later, the other, of a thousandfold scale, two rows later.
  const near = noise(n, 42).map((e, t) => 5 * (cause[t - 1] ?? 0) + 0.1 * e);
  const far = noise(n, 43).map((e, t) => 1000 * (5 * (cause[t - 2] ?? 0) + 0.1 * e));
  const set = setOf({ targets: [near, far], past: [cause] }, 1);
  const { model, state, history } = await fitted(set, 3, { ...quick, settings: { epochs: 40 } });
  const [series] = set.series;
  const origins = Array.from({ length: 60 }, (_, i) => n - 62 + i);
  const made = await forecastFrom(model, state, series, origins, 3, [0.8]);
  const units = [1, 1000];
  const means = (part: (at: number, row: number, c: number) => number) =>
    Array.from({ length: 6 }, (_, k) => {
      const [h, c] = [Math.floor(k / 2), k % 2];
      const of = origins.flatMap((origin, i) => (origin + h < n ? [part(6 * i + k, origin + h, c) / units[c]] : []));
      return of.reduce((sum, value) => sum + value, 0) / of.length;
    });
  const errors = means((at, row, c) => Math.abs(made.values[at] - series.targets[2 * row + c]));
  const [{ lower, upper }] = made.intervals;
  const widths = means((at) => upper[at] - lower[at]);
  // Known one step ahead: both; two steps: the other alone; three: none.
  for (const k of [0, 1, 3]) {
    expect(errors[k]).toBeLessThan(0.7);
    expect(widths[k]).toBeLessThan(3);
  }
  for (const k of [2, 4, 5]) {
    expect(errors[k]).toBeGreaterThan(2);
    expect(widths[k]).toBeGreaterThan(7);
  }
  // The mean over all steps and targets: hardly more than a sixth of the larger target's error at the last step.
  expect(Math.min(...history.val_mae) / 1000).toBeLessThan(1.4);
});

test('several targets and several series: each in its own units, by name', async () => {
  const times = Array.from({ length: 90 }, (_, i) => i);
  const series = ['a', 'b', 'c'].map((name, s) =>
    seriesOf({ targets: [seasonal(90, s + 1), seasonal(90, s + 9).map((value) => 1000 * value)], times }, name),
  );
  const { model, state } = await fitted({ targets: ['y', 'z'], past: [], known: [], series, season: 4 }, H);
  const { values: made } = await forecastFrom(model, state, series[1], [90], H, []);
  for (let h = 0; h < H; h++) {
    expect(made[2 * h]).toBeGreaterThan(50);
    expect(made[2 * h]).toBeLessThan(70);
    expect(made[2 * h + 1] / 1000).toBeGreaterThan(50);
    expect(made[2 * h + 1] / 1000).toBeLessThan(70);
  }
  await expect(forecastFrom(model, state, { ...series[0], name: 'd' }, [90], H, [])).rejects.toThrow(
    /series d .*a, b, c/,
  );
});

describe('the state', () => {
  const year = 86_400_000;
  const daily = (n: number) => ({
    ...columns(n),
    times: Array.from({ length: n }, (_, i) => i * year),
  });

  test('goes through JSON and forecasts the same; the end alone does too, to the bit', async () => {
    const n = 900;
    const set = setOf(daily(n), 7, { step: { unit: 'millisecond', count: year } });
    const { model, state } = await fitted(set, 7);
    const [series] = set.series;
    const expected = await values({ model, state, history: {}, remarks: [] }, series, [n], 10);
    const read = JSON.parse(JSON.stringify(state));
    expect(parseState(read, 'model.json')).toEqual(parseState(state, 'model.json'));
    const [end] = endOf(read);
    expect(end.rows).toBeLessThan(20);
    const made = await forecastFrom(model, read, end, [end.rows], 10, [0.8]);
    expect(Array.from(made.values)).toEqual(expected);
  });

  test('the end that is kept is the window and a row, or the period of an anchor that repeats it', async () => {
    const ups = noise(130, 6);
    // A season that is smoothed, and one whose every row is that of a season before and a step.
    const repeated = ups.map((e) => 20 * e);
    for (let t = 12; t < repeated.length; t++) repeated[t] = repeated[t - 12] + ups[t];
    const smoothed = ups.map((e, t) => 10 * Math.sin((Math.PI * t) / 6) + 3 * e);
    for (const [y, kind, rows] of [
      [smoothed, 'smoothing', 7],
      [repeated, 'naive', 13],
    ] as const) {
      const { state } = await fitForecaster(setOf({ targets: [[...y]] }, 12), { horizon: 2, window: 6, run: quick });
      const [{ targets, tail }] = parseState(state, 'state').series;
      expect([targets[0].anchor.kind, targets[0].anchor.period, tail.rows]).toEqual([kind, 12, rows]);
      expect(tail.targets).toEqual(y.slice(-rows));
    }
  });

  test('rows that follow the training by their times go on from its end', async () => {
    const all = daily(200);
    const part = { targets: [all.targets[0].slice(0, 150)], times: all.times.slice(0, 150) };
    const { model, state } = await fitted(setOf(part, 7), 7);
    const rest = seriesOf({ targets: [all.targets[0].slice(150)], times: all.times.slice(150) });
    const whole = seriesOf({ targets: all.targets, times: all.times });
    const made = await forecastFrom(model, state, rest, [30], 7, []);
    const expected = await forecastFrom(model, state, whole, [180], 7, []);
    expect(Array.from(made.values)).toEqual(Array.from(expected.values));
    // So do rows of which some are those of its end, and rows whose first comes about a step after it.
    const { length } = endOf(state)[0].times ?? [];
    for (const common of [1, 3, length - 1]) {
      const from = 150 - common;
      const shared = seriesOf({ targets: [all.targets[0].slice(from)], times: all.times.slice(from) });
      const again = await forecastFrom(model, state, shared, [180 - from], 7, []);
      expect([common, ...again.values]).toEqual([common, ...expected.values]);
    }
    const gapOf = async (steps: number) => {
      const times = rest.times?.map((time) => time + (steps - 1) * year);
      const apart = await forecastFrom(model, state, { ...rest, ...(times && { times }) }, [30], 7, []);
      return apart.values.every((value, i) => value === expected.values[i]);
    };
    expect(await gapOf(0.81)).toBe(true);
    expect(await gapOf(1.24)).toBe(true);
    expect(await gapOf(0.79)).toBe(false);
    expect(await gapOf(1.26)).toBe(false);
  });

  test('rows from elsewhere are forecast from themselves', async () => {
    const set = setOf({ targets: [seasonal(120)] }, 4);
    const forecaster = await fitted(set, H);
    const far = seriesOf({ targets: [seasonal(60, 5).map((value) => value + 500)] });
    for (const value of await values(forecaster, far, [60], H)) expect(Math.abs(value - 555)).toBeLessThan(12);
  });

  test('rows from elsewhere, fewer than two seasons, have the season of the training as if they followed it', async () => {
    const { model, state } = await fitted(setOf({ targets: [seasonal(121)] }, 4), H);
    const [{ targets, tail }] = parseState(state, 'state').series;
    const { seasons } = tail.starts[0];
    expect([targets[0].anchor.kind, targets[0].anchor.log, seasons.length]).toEqual(['smoothing', false, 4]);
    expect(tail.rows % 4).not.toBe(0);
    const season = (row: number) => seasons[(tail.rows + row) % 4];
    // About a level of 700 with that season; what comes later says nothing of it.
    const far = seriesOf({ targets: [[700 + season(0), 700 + season(1), 700 + season(2), 300]] });
    const { anchor } = await forecastFrom(model, state, far, [3], 6, []);
    const ahead = Array.from({ length: 6 }, (_, h) => expect.closeTo(700 + season(3 + h), 6));
    expect([...anchor]).toEqual(ahead);
  });

  test('every damaged field is named', async () => {
    const { state } = await fitted(setOf(columns(100), 4), H);
    const damage = (change: (copy: Record<string, never>) => void) => {
      const copy = JSON.parse(JSON.stringify(state));
      change(copy);
      return () => parseState(copy, 'model.json');
    };
    for (const key of Object.keys(state).filter((name) => name !== 'ridge')) {
      expect(damage((copy) => delete copy[key])).toThrow(MemcellError);
      expect(damage((copy) => Object.assign(copy, { [key]: 'x' }))).toThrow(new RegExp(`model.json.*${key}.*damaged`));
    }
    const series = (change: object, at: string) =>
      damage((copy: Record<string, never>) => {
        const [first] = copy.series as { targets: { anchor: object }[] }[];
        Object.assign(at === 'target' ? first.targets[0] : first.targets[0].anchor, change);
      });
    expect(series({ scale: 0 }, 'target')).toThrow(/targets\[0\].scale is damaged: must be above 0/);
    expect(series({ alpha: 2 }, 'anchor')).toThrow(/anchor.alpha/);
    expect(series({ period: 9 }, 'anchor')).toThrow(/anchor.start/);
    expect(series({ kind: 'oracle' }, 'anchor')).toThrow(/one of smoothing, naive/);
    expect(() => parseState(null, 'model.json')).toThrow(/not an object/);
  });
});

describe('odd series', () => {
  const cases: Record<string, number[]> = {
    'one row': [5],
    'two rows': [5, 6],
    'three rows': [5, 6, 8],
    'eight rows': [1, 2, 3, 4, 5, 6, 7, 9],
    zeros: new Array(60).fill(0),
    constant: new Array(60).fill(7.1),
    'a straight line': Array.from({ length: 60 }, (_, t) => t),
    'an exponential': Array.from({ length: 60 }, (_, t) => Math.exp(t)),
    'one outlier': noise(80).map((e, t) => (t === 40 ? 1e9 : e)),
    'an outlier at the end': noise(80).map((e, t) => (t === 79 ? 1e9 : e)),
    'mostly zeros': noise(80).map((e) => (e > 1.2 ? 3 : 0)),
    'two values in turn': Array.from({ length: 80 }, (_, t) => t % 2),
    tiny: noise(80).map((e) => 1e-12 * e),
    huge: noise(80).map((e) => 1e90 * e),
  };

  test.each(Object.entries(cases))('%s: finite forecasts and intervals', async (_, y) => {
    const set = setOf({ targets: [y] });
    const { model, state } = await fitted(set, 6);
    const origins = [0, Math.min(3, y.length), y.length];
    const made = await forecastFrom(model, state, set.series[0], origins, 9, [0.8]);
    const [{ lower, upper }] = made.intervals;
    for (const list of [made.values, made.anchor, lower, upper]) expect(list.every(Number.isFinite)).toBe(true);
  });

  test('a last value unlike all before is told', async () => {
    const told = async (y: number[]) => (await fitted(setOf({ targets: [y] }), 3)).remarks.join('\n');
    const y = noise(80).map((e) => 20 + e);
    expect(await told(y)).not.toContain('unlike');
    expect(await told([...y, 60])).toMatch(/^unlike anything before, .* the last y0: 60$/m);
  });

  test('a short series without a season: the last value with half of the mean change of its newest half, unless a trend leaves no doubt', async () => {
    const y = [3, 5, 4, 7, 6, 9, 8, 11, 9, 12];
    const short = setOf({ targets: [y] });
    const forecaster = await fitted(short, 3);
    expect(await values(forecaster, short.series[0], [10], 3)).toEqual(
      [12.6, 13.2, 13.8].map((v) => expect.closeTo(v, 9)),
    );
    expect(forecaster.remarks[0]).toBe('the forecast starts from the last value, and a steady change from row to row');
    const line = setOf({ targets: [y.map((_, t) => 2 * t)] });
    expect(await values(await fitted(line, 2), line.series[0], [10], 2)).toEqual(
      [20, 22].map((v) => expect.closeTo(v, 2)),
    );
    const level = setOf({ targets: [noise(40).map((e) => 20 + e)] });
    const [far] = (await values(await fitted(level, 30), level.series[0], [40], 30)).slice(-1);
    expect(Math.abs(far - 20)).toBeLessThan(1.5);
  });

  test('intervals of a series too short for folds are of what its anchor misses from its second row on', async () => {
    const y = [3, 5, 4, 7, 6, 9, 8, 11, 9, 12];
    const { state } = await fitted(setOf({ targets: [y] }), 3);
    const { spreads, series } = parseState(state, 'state');
    const [{ scale }] = series[0].targets;
    // The last value with 0.6 more for each row.
    const missed = [0, 1, 2].map((h) =>
      y
        .flatMap((value, at) => (at > h ? [Math.abs(value - y[at - h - 1] - 0.6 * (h + 1)) / scale] : []))
        .sort((a, b) => a - b),
    );
    expect(spreads).toEqual({
      quantiles: missed.map((list) => list.map((error) => expect.closeTo(error, 5))),
      widening: Math.sqrt(1 + 2 / 3),
      freedom: 10 / 3,
    });
  });

  test('constant values are forecast as they are, a line goes on', async () => {
    const constant = setOf({ targets: [cases.constant] });
    expect(await values(await fitted(constant, 3), constant.series[0], [60], 3)).toEqual([7.1, 7.1, 7.1]);
    const line = setOf({ targets: [cases['a straight line']] });
    const made = await values(await fitted(line, 3), line.series[0], [60], 3);
    expect(made).toEqual([60, 61, 62].map((value) => expect.closeTo(value, 3)));
  });

  test('one clear error for no rows, for what is no number, and for a wrong horizon', async () => {
    const of = (...targets: number[][]) => setOf({ targets });
    const panel = (...last: number[]) => ({
      ...of([1]),
      series: [seriesOf({ targets: [[1]] }), seriesOf({ targets: [last] }, 'b')],
    });
    const cases: [SeriesSet, number, string, number?][] = [
      [{ ...of([1]), series: [] }, 3, 'there is no series to forecast'],
      [{ ...of([1]), targets: [] }, 3, 'there is no series to forecast'],
      [of([]), 3, 'the series has no rows; a forecast needs at least one'],
      [panel(), 3, 'series b has no rows; a forecast needs at least one'],
      [of([Number.NaN, 1]), 3, 'the series, row 1, column y0: NaN is no finite number'],
      [of([1, 2], [3, -Infinity]), 3, 'the series, row 2, column y1: -Infinity is no finite number'],
      [panel(1, Infinity), 3, 'series b, row 2, column y0: Infinity is no finite number'],
      [of([-1e200, 1]), 3, 'the series: -1e+200 is too large to be squared and summed; divide the column'],
      [of([1, 2]), 0, 'horizon: 0 is not a whole number of at least 1'],
      [of([1, 2]), 1.5, 'horizon: 1.5 is not a whole number of at least 1'],
      [of([1, 2]), 1, 'window: 0 is not a whole number of at least 1', 0],
    ];
    for (const [set, horizon, message, window] of cases) {
      const options = { horizon, run: quick, ...(window !== undefined && { window }) };
      const error: unknown = await fitForecaster(set, options).catch((reason) => reason);
      expect(error).toBeInstanceOf(MemcellError);
      expect(error).toMatchObject({ message, code: /^(horizon|window)/.test(message) ? 'usage' : 'data' });
    }
  });
});

describe('how it is trained', () => {
  const y = noise(140, 3).map((e, t) => 10 * Math.sin(t / 3) ** 3 + e);
  const set = setOf({ targets: [y] });

  test('layers of the user take the place of the network, a head is added where there is none', async () => {
    const { model } = await fitted(set, H, { ...quick, layers: 'GRU(8), Dense(5, tanh)' });
    expect(model.layers.map((layer) => layer.getClassName())).toEqual(['GRU', 'Dense', 'Dense']);
    expect(model.outputShape).toEqual([null, H]);
    const own = await fitted(set, H, { ...quick, layers: `GRU(8), Dense(${H})` });
    expect(own.model.layers).toHaveLength(2);
    await expect(fitted(set, H, { ...quick, layers: 'GRU(8, return_sequences=true)' })).rejects.toThrow(/last step/);
  });

  test('the network that is saved is a plain LSTM and Dense, its gate folded in', async () => {
    const { model, state } = await fitted(set, H, quiet);
    expect(model.layers.map((layer) => layer.getClassName())).toEqual(['LSTM', 'Dense']);
    expect(parseState(state, 'state').network).toBe(true);
    const short = setOf({ targets: [y.slice(0, 20)] });
    const idle = await fitted(short, 12);
    expect(parseState(idle.state, 'state').network).toBe(false);
    expect(
      idle.model
        .getWeights()
        .at(-2)
        ?.data.every((weight) => weight === 0),
    ).toBe(true);
    expect(idle.remarks.join()).toContain('too few rows');
  });

  test('an aborted run, one without time and one that diverges still give forecasts', async () => {
    const aborted = new AbortController();
    aborted.abort();
    const sgd = { learningRate: 1e30, optimizer: 'sgd' };
    const runs = [
      { ...quiet, signal: aborted.signal },
      { ...quiet, budget: 1e-6 },
      { ...quiet, settings: sgd },
    ];
    const told: string[] = [];
    for (const run of runs) {
      const forecaster = await fitted(set, H, run);
      told.push(forecaster.remarks.join());
      expect((await values(forecaster, set.series[0], [140], H)).every(Number.isFinite)).toBe(true);
    }
    expect(told.map((text) => text.includes('time of the budget was over'))).toEqual([false, true, false]);
    expect(told[2]).toMatch(/network is left out.*lower learning rate/);
  });

  test('where only the last fit of the network diverges, it is left out, the rest stays', async () => {
    const settings: Run['settings'] = {};
    const stage = (text: string) => {
      if (text === 'the network on all rows') Object.assign(settings, { learningRate: 1e30, optimizer: 'sgd' });
    };
    const { model, state, remarks, history } = await fitted(set, H, { ...quiet, settings, stage });
    expect(settings.optimizer).toBe('sgd');
    expect(remarks.filter((remark) => remark.startsWith('the network is left out: '))).toHaveLength(1);
    expect(history.loss.length).toBeGreaterThan(1);
    const parsed = parseState(state, 'state');
    expect([parsed.network, parsed.ridge !== undefined]).toEqual([false, true]);
    expect(
      model
        .getWeights()
        .at(-2)
        ?.data.every((weight) => weight === 0),
    ).toBe(true);
  });

  test('callbacks see the epochs of the network on all rows, stages are told, and the history has every checkpoint', async () => {
    const stages: string[] = [];
    let epochs = 0;
    const run = {
      ...quiet,
      stage: (text: string) => stages.push(text),
      callbacks: [{ onEpochEnd: () => void epochs++ }],
    };
    const { history } = await fitted(set, H, run);
    expect(stages[0]).toContain('exponential smoothing');
    expect(stages.at(-1)).toBe('the network on all rows');
    expect(epochs).toBeGreaterThan(0);
    expect(history.val_mae.length).toBe(history.loss.length);
    expect(Math.min(...history.val_mae)).toBeLessThan(5);
  });
});
