import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { channelCounts, channelNames, type Layout } from '../../../src/tasks/forecast/channels.js';

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
