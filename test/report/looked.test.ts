/** The numbers of a look at a table and of the maps of gates, against a second computation of what their names say. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { plot } from 'memcell';
import { openSource } from '../../src/data/source.js';
import { Dense, LSTM, Sequential } from '../../src/index.js';
import { showGates, showLayer } from '../../src/report/gates.js';
import { cyclesOf } from '../../src/report/look/cycles.js';
import { lookAt } from '../../src/report/look/look.js';
import { missingOf } from '../../src/report/look/missing.js';
import { lookAtNumbers } from '../../src/report/look/numbers.js';

const day = 86_400_000;
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const near = (value: number) => expect.closeTo(value, 8);

/** The value below which a share of them lies: between two neighbours, by the distance from each. */
function atShare(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (at % 1) * (high - low);
}

/** Σ(yₜ − ȳ)(yₜ₋ₖ − ȳ) / Σ(yₜ − ȳ)², of k rows before. */
function correlated(values: readonly number[], k: number): number {
  const of = mean(values);
  const part = values.slice(k).reduce((sum, value, t) => sum + (value - of) * (values[t] - of), 0);
  return part / values.reduce((sum, value) => sum + (value - of) ** 2, 0);
}

const filled = (values: readonly number[]) => {
  const of = mean(values.filter((value) => !Number.isNaN(value)));
  return values.map((value) => (Number.isNaN(value) ? of : value));
};

const cell = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: -50, max: 50 }) }, fc.constant(Number.NaN));

test('a column is told by its quartiles, spread, gaps and autocorrelation', () => {
  const column = fc
    .array(cell, { minLength: 1, maxLength: 130 })
    .filter((y) => y.some((value) => !Number.isNaN(value)));
  fc.assert(
    fc.property(column, fc.option(fc.integer({ min: 2, max: 30 }), { nil: undefined }), (y, season) => {
      const x = Float64Array.from(y, (_, i) => 10 * i + (i % 3));
      const clock = { axis: 'time' as const, x, ...(season !== undefined && { season }) };
      const told = lookAtNumbers('y', Float64Array.from(y), clock, 40);
      const there = y.filter((value) => !Number.isNaN(value));
      const squares = there.reduce((sum, value) => sum + (value - mean(there)) ** 2, 0);
      const gaps: { from: number; to: number; rows: number }[] = [];
      y.forEach((value, row) => {
        if (!Number.isNaN(value)) return;
        const open = gaps.at(-1);
        const begins = row === 0 || !Number.isNaN(y[row - 1]);
        const to = x[Math.min(row + 1, y.length - 1)];
        if (begins) gaps.push({ from: x[Math.max(row - 1, 0)], to, rows: 1 });
        else if (open) Object.assign(open, { to, rows: open.rows + 1 });
      });
      expect(told).toMatchObject({
        kind: 'numbers',
        name: 'y',
        values: there.length,
        missing: y.length - there.length,
        least: Math.min(...there),
        most: Math.max(...there),
        quartiles: [0.25, 0.5, 0.75].map((share) => near(atShare(there, share))),
        mean: near(mean(there)),
        deviation: near(there.length === 1 ? 0 : Math.sqrt(squares / (there.length - 1))),
        gaps: gaps.sort((a, b) => b.rows - a.rows),
      });
      const auto = told.autocorrelation;
      if (there.length < 8 || there.every((value) => value === there[0])) return expect(auto).toBeUndefined();
      const lags = Math.min(Math.floor(y.length / 2), Math.max(40, Math.ceil(2.5 * (auto?.season ?? 0))));
      const changes = filled(y.slice(1).map((value, i) => value - y[i]));
      const all = Array.from({ length: lags }, (_, i) => i + 1);
      expect(auto).toEqual({
        values: all.map((k) => near(correlated(filled(y), k))),
        changes: all.map((k) => near(changes.some((value) => value !== changes[0]) ? correlated(changes, k) : 0)),
        rows: y.length,
        bound: near(1.96 / Math.sqrt(y.length)),
        season: season ?? expect.any(Number),
        by: season === undefined ? 'changes' : 'calendar',
      });
      return undefined;
    }),
  );
});

test('of many gaps the fifty longest are told, and autocorrelation looks at the newest rows', () => {
  const y = Float64Array.from({ length: 60_000 }, (_, i) => (i % 100 === 3 ? Number.NaN : i < 10_000 ? 1e6 : i % 5));
  y.fill(Number.NaN, 30_000, 30_010);
  const { gaps, autocorrelation } = lookAtNumbers('y', y, { axis: 'row', x: y.map((_, i) => i + 1) }, 300);
  expect(gaps).toHaveLength(50);
  expect(gaps.slice(0, 2)).toEqual([
    { from: 30_000, to: 30_011, rows: 10 },
    { from: 3, to: 5, rows: 1 },
  ]);
  expect(autocorrelation).toMatchObject({ rows: 50_000, season: 5, by: 'changes' });
  expect(autocorrelation?.values).toHaveLength(40);
  // Without the rows before, whose level is another, a season of 5 explains nearly all.
  expect(autocorrelation?.values[4]).toBeGreaterThan(0.9);
  const long = lookAtNumbers('y', y, { axis: 'row', x: y, season: 365 }, 300).autocorrelation;
  expect(long?.values).toHaveLength(400);
});

test('seasons of the calendar are averaged by what a clock in UTC shows', () => {
  const hour = 3_600_000;
  const names = {
    hour: (date: Date) => String(date.getUTCHours()),
    weekday: (date: Date) => ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getUTCDay()],
    month: (date: Date) =>
      ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][date.getUTCMonth()],
    row: () => '',
  };
  const order = {
    hour: 'by number',
    weekday: 'Mon Tue Wed Thu Fri Sat Sun',
    month: 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec',
  };
  fc.assert(
    fc.property(
      fc.constantFrom(5 * hour, 13 * hour, day, 2 * day, 31 * day),
      fc.integer({ min: -9000, max: 20_000 }),
      fc.array(cell, { minLength: 3, maxLength: 90 }),
      (step, start, y) => {
        const x = Float64Array.from(y, (_, i) => start * day + 7 * hour + i * step);
        const span = (y.length - 1) * step;
        const cycles = cyclesOf(Float64Array.from(y), { axis: 'date', x }, 7);
        expect(cycles.map(({ name }) => name)).toEqual([
          ...(step <= 13 * hour && span >= 2 * day ? ['hour'] : []),
          ...(step <= 2 * day && span >= 14 * day ? ['weekday'] : []),
          ...(span >= 730 * day ? ['month'] : []),
        ]);
        for (const { name, places } of cycles) {
          const groups = new Map<string, number[]>();
          y.forEach((value, i) => {
            const place = names[name](new Date(x[i]));
            if (!Number.isNaN(value)) groups.set(place, [...(groups.get(place) ?? []), value]);
          });
          const sorted = [...groups].sort(([a], [b]) =>
            name === 'hour'
              ? Number(a) - Number(b)
              : order[name as 'month'].indexOf(a) - order[name as 'month'].indexOf(b),
          );
          expect(places).toEqual(
            sorted.map(([place, values]) => ({
              place,
              mean: near(mean(values)),
              low: near(atShare(values, 0.1)),
              high: near(atShare(values, 0.9)),
              count: values.length,
            })),
          );
        }
      },
    ),
  );
  // Rows without dates: the season that was found, twice at least, up to 400 rows.
  const rows = (length: number, season: number) =>
    cyclesOf(
      Float64Array.from({ length }, (_, i) => i),
      { axis: 'row', x: new Float64Array(length) },
      season,
    ).map(({ places }) => places.map(({ place }) => place));
  expect(rows(4, 2)).toEqual([['1', '2']]);
  expect([rows(3, 2), rows(9, 1), rows(802, 401)]).toEqual([[], [], []]);
  expect(rows(800, 400)[0]).toHaveLength(400);
  expect(cyclesOf(Float64Array.of(1, 2), { axis: 'date', x: Float64Array.of(0, 1e12) }, 1)).toEqual([]);
});

test('shares of missing values are counted by column and stretch, or by series and stretch', () => {
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 70 }), { minLength: 1, maxLength: 3 }), (series) => {
      const [a] = [series.flat()];
      const b = a.map((value, i) => (i % 4 === 0 ? Number.NaN : value));
      let from = 0;
      const ranges = series.map((values, i) => {
        from += values.length;
        return { name: `s${i}`, from: from - values.length, to: from };
      });
      const x = Float64Array.from(series.flatMap((values) => values.map((_, i) => 3 * i)));
      const columns = [
        { name: 'a', values: Float64Array.from(a) },
        { name: 'b', values: Float64Array.from(b) },
      ];
      const shown = ranges.slice(0, 2);
      const told = missingOf(columns, shown, { series: ranges }, x);
      const longest = Math.max(...series.map((values) => values.length));
      const count = Math.max(1, Math.floor(longest / 2));
      const width = (3 * (longest - 1)) / count;
      const share = (rows: number[], values: number[][], stretch: number) => {
        const within = rows.filter((row) => Math.min(count - 1, Math.floor(x[row] / width)) === stretch);
        const lacking = values.flatMap((column) => within.filter((row) => Number.isNaN(column[row]))).length;
        return within.length === 0 ? null : lacking / (within.length * values.length);
      };
      const rowsOf = (range: { from: number; to: number }) =>
        Array.from({ length: range.to - range.from }, (_, i) => range.from + i);
      const stretches = Array.from({ length: count }, (_, i) => i);
      const several = series.length > 1;
      expect(told).toEqual({
        of: several ? 'series' : 'column',
        names: several ? ['s0', 's1'] : ['a', 'b'],
        edges: Array.from({ length: count + 1 }, (_, i) => near(i * width)),
        shares: several
          ? shown.map((range) => stretches.map((stretch) => share(rowsOf(range), [a, b], stretch)))
          : [a, b].map((values) => stretches.map((stretch) => share(rowsOf(ranges[0]), [values], stretch))),
      });
    }),
  );
  const whole = { name: 'a', values: Float64Array.of(1, 2) };
  const series = [{ name: '', from: 0, to: 2 }];
  expect(missingOf([whole], series, { series }, Float64Array.of(0, 1))).toBeUndefined();
});

test('a look draws the longest series in their order, says what it leaves out, and counts names', async () => {
  const lengths = [12, 3, 30, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15];
  const rows = lengths.flatMap((length, s) =>
    Array.from({ length }, (_, i) => ({ s: `s${s}`, y: i === 1 ? '' : (i * 7) % 5, kind: `k${(i * i + s) % 23}` })),
  );
  const { look } = await plot(rows, { group: ['s'], columns: ['kind', 'y'] });
  const kept = lengths.map((length, s) => ({ s, length })).filter(({ length }) => length > 4);
  expect(look.series.map(({ name, rows: count }) => [name, count])).toEqual(
    kept.map(({ s, length }) => [`s${s}`, length]),
  );
  expect(look.left).toEqual(['of 14 series the 12 longest are drawn']);
  expect(look.lengths).toEqual(lengths.map((length, s) => ({ name: `s${s}`, rows: length, missing: 1 })));
  for (const [i, { columns }] of look.series.entries()) {
    expect(columns.map(({ name }) => name)).toEqual(['kind', 'y']);
    const { s, length } = kept[i];
    const counts = new Map<string, number>();
    for (let row = 0; row < length; row++) {
      const name = `k${(row * row + s) % 23}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const told = columns[0];
    if (told.kind !== 'names') throw new Error('no names');
    expect(new Map(told.counts.map(({ value, count }) => [value, count]))).toEqual(counts);
    expect(told.counts.map(({ count }) => count)).toEqual([...counts.values()].sort((a, b) => b - a));
    expect([told.values, told.missing, told.others]).toEqual([length, 0, 0]);
  }
});

test('names beyond the twentieth are counted together, an empty cell of two is told so', async () => {
  const rows = Array.from({ length: 240 }, (_, i) => ({
    kind: `k${i % 24}`,
    open: i % 3 === 0 ? 'x' : '',
    y: i % 7,
  }));
  const { look } = await plot(rows);
  expect(look.series[0].columns[0]).toMatchObject({ kind: 'names', values: 240, missing: 0, others: 40 });
  expect(look.series[0].columns[1]).toMatchObject({
    counts: [
      { value: 'empty', count: 160 },
      { value: 'x', count: 80 },
    ],
  });
});

test('maps of gates hold the most active units and the last steps, byte by byte', () => {
  fc.assert(
    fc.property(
      fc.constantFrom([100, 7], [3, 520], [2, 6], [1, 1]),
      fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      fc.boolean(),
      ([units, length], counting, lives) => {
        const size = units * length;
        const ramp = (scale: number, offset: number) =>
          Float32Array.from({ length: size }, (_, i) => offset + scale * Math.sin(1 + ((i * 31) % 97)));
        const gates = { input: ramp(0.5, 0.5), forget: ramp(1, 0.8), candidate: ramp(3, 0), state: ramp(0.7, 0.1) };
        const halfLives = Float32Array.from({ length: units }, (_, u) =>
          u % 3 === 1 ? Number.POSITIVE_INFINITY : u + 1,
        );
        const told = showLayer(
          { layer: 'l', kind: 'LSTM', shape: [1, length, units], gates, ...(lives && { halfLives }) } as Parameters<
            typeof showLayer
          >[0],
          counting,
        );
        const steps = Math.min(length, counting ?? length);
        const active = Array.from({ length: units }, (_, u) => {
          const sizes = Array.from({ length: steps }, (_, t) => Math.abs(gates.state[t * units + u]));
          const sum = sizes.reduce((a, b) => a + b, 0);
          return { u, sum, centre: sum === 0 ? 0 : sizes.reduce((all, one, t) => all + t * one, 0) / sum };
        });
        const kept = active
          .sort((a, b) => b.sum - a.sum)
          .slice(0, 96)
          .sort((a, b) => a.centre - b.centre)
          .map(({ u }) => u);
        const last = Math.min(500, steps);
        expect(told).toMatchObject({ layer: 'l', kind: 'LSTM', steps: last, of: { units, steps }, units: kept });
        expect(told.halfLives).toEqual(lives ? kept.map((u) => (u % 3 === 1 ? null : u + 1)) : undefined);
        expect(told.maps.map(({ name }) => name)).toEqual(['input', 'forget', 'candidate', 'state']);
        for (const { name, low, high, bytes } of told.maps) {
          const values = gates[name as keyof typeof gates];
          const largest = Math.max(...values.subarray(0, steps * units).map(Math.abs));
          const gate = name === 'input' || name === 'forget';
          expect([low, high]).toEqual(gate ? [0, Math.max(1, largest)] : [-largest, largest]);
          const painted = kept.flatMap((u) =>
            Array.from({ length: last }, (_, i) => {
              const share = (values[(steps - last + i) * units + u] - low) / (high - low);
              return Math.round(255 * Math.max(0, Math.min(1, share)));
            }),
          );
          expect(Array.from(Buffer.from(bytes, 'base64'))).toEqual(painted);
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('all lines together have some 5,000 points, each 250 at least and 2,000 at most', async () => {
  const of = async (series: number, columns: number, rows: number) => {
    const names = Array.from({ length: columns }, (_, c) => `c${c}`);
    const table = Array.from({ length: series * rows }, (_, i) => ({
      s: `s${i % series}`,
      ...Object.fromEntries(names.map((name, c) => [name, ((i + c) * 7919) % 1009])),
    }));
    const look = await lookAt(openSource(table), { ...(series > 1 && { group: ['s'] }), columns: names });
    const lines = look.series.flatMap((one) =>
      one.columns.flatMap((column) => (column.kind === 'numbers' ? [column.line.x.length] : [])),
    );
    expect(lines).toHaveLength(series * columns);
    return [Math.min(...lines), Math.max(...lines)];
  };
  for (const [series, columns, rows, most] of [
    [1, 1, 5000, 2000],
    [1, 4, 3000, 1250],
    [4, 1, 3000, 1250],
    [3, 2, 1500, 833],
    [4, 6, 300, 250],
  ]) {
    const [least, largest] = await of(series, columns, rows);
    expect(largest).toBeLessThanOrEqual(most);
    expect(least).toBeGreaterThan(0.75 * most);
  }
});

test('of a sample that is filled up, what counts is shown: of the input, of its maps and of what the output hangs on', async () => {
  const model = new Sequential([LSTM(2, { returnSequences: true }), Dense(3, 'softmax')], {
    inputShape: [6, 2],
    seed: 4,
  });
  const x = { data: Float32Array.from({ length: 12 }, (_, i) => Math.sin(i + 1)), shape: [1, 6, 2] };
  const shown = await showGates(model, {
    x,
    name: 'row 1',
    steps: 4,
    outputs: ['a', 'b', 'c'],
    tokens: [...'stuvwx'],
    features: ['f'],
  });
  const [layer] = await model.gates(x);
  const { place, values, output, baseline, gap } = await model.attribute(x);
  const rows = (data: ArrayLike<number>) =>
    Array.from({ length: 4 }, (_, t) => [0, 1].map((c) => Number(data[2 * t + c].toPrecision(4))));
  expect(shown).toEqual({
    name: 'row 1',
    tokens: ['s', 't', 'u', 'v'],
    // Whatever has no name has its number.
    input: { values: rows(x.data), features: ['f', 'input 2'] },
    layers: [showLayer(layer, 4)],
    // Of the last of six steps with three outputs each.
    attribution: {
      what: 'abc'[place[0] - 15],
      values: rows(values.data),
      output: output[0],
      baseline: baseline[0],
      gap,
    },
  });
  const whole = await showGates(model, { x, name: 'row 1' });
  expect([whole.input?.values.length, whole.attribution?.values.length, whole.layers[0].steps]).toEqual([6, 6, 6]);
  expect(['tokens' in whole, 'what' in (whole.attribution ?? {})]).toEqual([false, false]);
  model.dispose();
});
