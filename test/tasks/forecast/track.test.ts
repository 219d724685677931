import { expect, test } from '@jest/globals';
import { day } from '../../../src/data/days.js';
import { type Anchor, startOf } from '../../../src/tasks/forecast/anchor.js';
import type { Layout } from '../../../src/tasks/forecast/channels.js';
import { trackStretches } from '../../../src/tasks/forecast/olderRows.js';
import { isWalk } from '../../../src/tasks/forecast/shortAnchor.js';
import type { TargetState } from '../../../src/tasks/forecast/state.js';
import { trackSeries } from '../../../src/tasks/forecast/track.js';
import { noise, seriesOf, setOf } from './series.js';

const start = { level: 3, slope: 0.1, seasons: [1, -1] };
const smoothing: Anchor = {
  kind: 'smoothing',
  log: false,
  least: 0,
  trend: 'damped',
  period: 2,
  alpha: 0.3,
  beta: 0.1,
  gamma: 0.2,
  phi: 0.9,
  start,
};
const naive: Anchor = { ...smoothing, kind: 'naive', trend: 'none', period: 1, start: { ...start, seasons: [] } };
const targetOf = (anchor: Anchor, own: Partial<TargetState> = {}): TargetState => ({
  anchor,
  scale: 2,
  mean: 1,
  std: 3,
  widening: 1,
  floor: false,
  effects: [0, 0],
  ...own,
});
const targets = [
  targetOf(smoothing, { normal: [5, 1, -2, 0.5, 0.25], effects: [0.5, -0.75] }),
  targetOf(smoothing, { normal: [-20, 3, 0, 0, 1] }),
  targetOf(naive, { normal: [100, 0, 0, 0, 0] }),
];
const column = (name: string, index: number) => ({ column: name, index, mean: 0.5, std: 2, change: false });
const layout: Layout = {
  window: 3,
  horizon: 2,
  targets: 3,
  levels: [true, true, true],
  year: true,
  past: [column('p', 0)],
  known: [column('k', 0)],
};
const widths = { past: 1, known: 1 };
const rows = 40;
const columns = (from: number) => ({
  targets: [1, 2, 3].map((key) => noise(rows, key).slice(from)),
  past: [noise(rows, 4).slice(from)],
  known: [noise(rows + 2, 5).slice(from)],
  times: Array.from({ length: rows }, (_, t) => 9 * t * day).slice(from),
});

test('how things stand before the first row: each target’s own distance from what is normal, 0 where nobody says it', () => {
  const series = seriesOf(columns(0));
  const first = (away?: number[]) =>
    trackSeries(series, targets, layout, widths, away && { away }).targets.map(({ normal }) => normal?.mean[0]);
  expect(first([3, -5, 70])).toEqual([3, -5, 70]);
  expect(first()).toEqual([0, 0, 0]);
  // The mean goes a fiftieth of the way to each row's distance from 100.
  const { normal } = trackSeries(series, targets, layout, widths, { away: [3, -5, 70] }).targets[2];
  const [row] = noise(rows, 3);
  expect([normal?.rows[0], normal?.mean[1]]).toEqual([
    expect.closeTo(row - 100, 9),
    expect.closeTo(70 + (row - 100 - 70) / 50, 9),
  ]);
});

test.each([1, 2, 17, 39])(
  'from row %d on, a series is tracked as in the whole, where it is told how things stood',
  (from) => {
    const whole = trackSeries(seriesOf(columns(0)), targets, layout, widths);
    const beginning = {
      starts: whole.targets.map(({ track }) => track.startAt(from)),
      away: whole.targets.map(({ normal }) => normal?.mean[from] ?? Number.NaN),
      before: columns(0).known.map((values) => values[from - 1]),
    };
    const part = trackSeries(seriesOf(columns(from)), targets, layout, widths, beginning);
    const near = (values: ArrayLike<number> = []) => Array.from(values, (value) => expect.closeTo(value, 9));
    expect(part.rows).toBe(rows - from);
    for (const [c, { track, normal, effects }] of whole.targets.entries()) {
      const own = part.targets[c];
      expect([...own.track.values]).toEqual(near(track.values.slice(from)));
      // A naive forecast of the first row has no row before it to go by.
      const known = c === 2 ? 1 : 0;
      expect([...own.track.errors.slice(known)]).toEqual(near(track.errors.slice(from + known)));
      expect([0, 1, 2].map((step) => own.track.ahead(rows - from, step))).toEqual(
        near([0, 1, 2].map((step) => track.ahead(rows, step))),
      );
      expect([...(own.normal?.rows ?? [])]).toEqual(near(normal?.rows.slice(from)));
      expect([...(own.normal?.mean ?? [])]).toEqual(near(normal?.mean.slice(from)));
      expect(own.effects && [...own.effects]).toEqual(effects && near(effects.slice(from)));
    }
    for (const key of ['past', 'known', 'year'] as const)
      expect([...(part[key] ?? [])]).toEqual(near(whole[key]?.slice(from)));
  },
);

test('stretches of a series that is there, and of as many rows as a start, a window and a horizon take, are tracked', () => {
  const [period, window, horizon] = [3, layout.window, layout.horizon];
  const own = [targetOf({ ...smoothing, period, start: { ...start, seasons: [1, -1, 0] } }), ...targets.slice(1)];
  const least = 2 * period + window + horizon;
  const stretch = (name: string, count: number) => {
    const { known, times: _, ...cut } = columns(rows - count);
    return seriesOf({ ...cut, known }, name);
  };
  const older = [stretch('b', least), stretch('b', least - 1), stretch('c', rows), stretch('a', least + 3)];
  const set = { ...setOf(columns(0), 1), series: [stretch('a', 20), stretch('b', 20)], older };
  const tracked = trackStretches(set, [targets, own], layout, widths);
  // Of a, whose longest season is 2, 9 rows would do.
  expect(tracked.map(({ series, of }) => [series, of])).toEqual([
    [older[0], 1],
    [older[3], 0],
  ]);
  expect(
    trackStretches({ ...set, older: [stretch('a', 8), stretch('a', 9)] }, [targets, own], layout, widths),
  ).toHaveLength(1);
  // Each starts from its own rows: the naive one at the first of them.
  const [{ tracked: first }] = tracked;
  expect(first.targets[2].track.startAt(0).level).toBe(older[0].targets[2]);
  expect(first.targets[1].track.startAt(0)).toEqual(startOf(first.targets[1].track.values, smoothing));
});

test('where an anchor starts on other rows: naive and walks at the first of them, or where they stood', () => {
  const values = Float64Array.of(7, 9, 8);
  const none = new Float64Array(0);
  const walk: Anchor = { ...smoothing, trend: 'additive', period: 1, alpha: 1, beta: 0, phi: 1 };
  expect(startOf(values, naive)).toEqual({ level: 7, slope: 0, seasons: [] });
  expect(startOf(none, naive)).toEqual({ level: 3, slope: 0, seasons: [] });
  expect(isWalk(walk)).toBe(true);
  // The first forecast of a walk is the first value.
  expect(startOf(values, walk)).toEqual({ ...start, level: 7 - 0.1 });
  expect(startOf(none, walk)).toEqual({ ...start, level: 3 - 0.1 });
});
