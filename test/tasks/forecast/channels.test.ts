import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Anchor, Track } from '../../../src/tasks/forecast/anchor.js';
import { channelCounts, channelNames, type Layout, writeTargets } from '../../../src/tasks/forecast/channels.js';
import { standardised } from '../../../src/tasks/forecast/track.js';

function layoutOf(levels: boolean[], year: boolean, past: number, known: number): Layout {
  const column = (index: number, change: boolean) => ({ column: `column ${index}`, index, mean: 0, std: 1, change });
  return {
    window: 4,
    horizon: 2,
    targets: levels.length,
    levels,
    year,
    past: Array.from({ length: past }, (_, i) => column(i, i === 0)),
    known: Array.from({ length: known }, (_, i) => column(past + i, false)),
  };
}

test('every channel of a window has a name of its own', () => {
  const count = fc.integer({ min: 0, max: 4 });
  const levels = fc.array(fc.boolean(), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(levels, fc.boolean(), count, count, (levels, year, past, known) => {
      const layout = layoutOf(levels, year, past, known);
      const names = channelNames(
        layout,
        levels.map((_, c) => `target ${c}`),
      );
      expect(names).toHaveLength(channelCounts(layout).all);
      expect(new Set(names).size).toBe(names.length);
    }),
  );
});

test('the columns beside the targets come last, under their own names', () => {
  const names = channelNames(layoutOf([true], false, 2, 1), ['sold']);
  expect(names).toEqual([
    'one-step error of sold',
    'distance of sold from its level and season',
    'level of sold',
    'change of column 0',
    'column 1',
    'column 2 ahead',
  ]);
});

test('what is learned lies by steps, then targets, each in its own unit, and is NaN beyond the series', () => {
  const start = { level: 0, slope: 0, seasons: [] };
  const smoothing = { trend: 'none', period: 1, alpha: 1, beta: 0, gamma: 0, phi: 1, start } as const;
  const naive: Anchor = { ...smoothing, kind: 'naive', log: false, least: 0 };
  const target = (values: number[], scale: number) => ({
    track: new Track(naive, Float64Array.from(values)),
    scale,
    mean: 0,
    std: 1,
  });
  const series = {
    rows: 4,
    targets: [target([1, 2, 4, 8], 2), target([10, 20, 10, 50], 10)],
    past: new Float64Array(0),
    known: new Float64Array(0),
  };
  const out = new Float32Array(9);
  writeTargets(series, layoutOf([false, false], false, 0, 0), 2, out, 1);
  expect([...out.subarray(1, 5)]).toEqual([1, -1, 3, 3]);
  writeTargets(series, layoutOf([false, false], false, 0, 0), 3, out, 5);
  expect([...out]).toEqual([0, 1, -1, 3, 3, 2, 4, Number.NaN, Number.NaN]);
});

describe('columns beside the targets are z-scored, in the layout’s order, those that enter as their change as that', () => {
  const rows = [
    [1, 10, 100],
    [2, 30, 104],
    [4, 20, 90],
    [8, 50, 91],
  ];
  const scaled = {
    first: { index: 0, mean: 2, std: 4, change: false },
    second: { index: 1, mean: 30, std: 10, change: false },
    // The first row has none before it that it could have changed from.
    change: { index: 1, mean: 0, std: 10, change: true },
    last: { index: 2, mean: 1, std: 2, change: true },
  };
  const [first, second, change, last] = [
    [-0.25, 0, 0.5, 1.5],
    [-2, 0, -1, 2],
    [0, 2, -1, 3],
    [-0.5, 1.5, -7.5, 0],
  ];
  test.each<[(keyof typeof scaled)[], number[][]]>([
    [[], []],
    [['first'], [first]],
    [['last'], [last]],
    [
      ['change', 'first'],
      [change, first],
    ],
    [
      ['last', 'second'],
      [last, second],
    ],
    [
      ['first', 'change', 'last'],
      [first, change, last],
    ],
    [
      ['second', 'change', 'first', 'last'],
      [second, change, first, last],
    ],
  ])('of three columns %j', (names, columns) => {
    const kept = names.map((name) => ({ column: name, ...scaled[name] }));
    const made = standardised(Float64Array.from(rows.flat()), kept, 3);
    expect([...made]).toEqual(columns.length === 0 ? [] : rows.flatMap((_, row) => columns.map((one) => one[row])));
  });
});
