/** Steps of times, as they are found, compared, said and written. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addSteps, type TimeStep } from '../../../src/data/calendar.js';
import {
  describeStep,
  findSpacing,
  fitsStep,
  parseEvery,
  seasonOf,
  stepsBetween,
  writeEvery,
} from '../../../src/data/understanding/steps.js';

const minute = 60_000;
const day = 86_400_000;

/** How steps are said, written for --every, and how many make a season. */
const steps: [TimeStep, string, string | undefined, number | undefined][] = [
  [{ unit: 'millisecond', count: 250 }, '250 milliseconds', undefined, undefined],
  [{ unit: 'millisecond', count: 1000 }, '1 second', '1s', undefined],
  [{ unit: 'millisecond', count: 30_000 }, '30 seconds', '30s', undefined],
  [{ unit: 'millisecond', count: 4 * minute }, '4 minutes', '4min', undefined],
  [{ unit: 'millisecond', count: 5 * minute }, '5 minutes', '5min', 288],
  [{ unit: 'millisecond', count: 15 * minute }, '15 minutes', '15min', 96],
  [{ unit: 'millisecond', count: 60 * minute }, '1 hour', '1h', 24],
  [{ unit: 'millisecond', count: 300 * minute }, '5 hours', '5h', undefined],
  [{ unit: 'millisecond', count: 720 * minute }, '12 hours', '12h', 2],
  [{ unit: 'millisecond', count: day }, '1 day', '1d', 7],
  [{ unit: 'millisecond', count: 3 * day }, '3 days', '3d', undefined],
  [{ unit: 'millisecond', count: 7 * day }, '1 week', '1w', 52],
  [{ unit: 'millisecond', count: 14 * day }, '2 weeks', '2w', undefined],
  [{ unit: 'month', count: 1 }, '1 month', '1mo', 12],
  [{ unit: 'month', count: 2 }, '2 months', '2mo', 6],
  [{ unit: 'month', count: 3 }, '1 quarter', '1q', 4],
  [{ unit: 'month', count: 5 }, '5 months', '5mo', undefined],
  [{ unit: 'month', count: 6 }, '2 quarters', '2q', 2],
  [{ unit: 'month', count: 12 }, '1 year', '1y', 1],
  [{ unit: 'month', count: 24 }, '2 years', '2y', 1],
  [{ unit: 'business day', count: 1 }, '1 business day', undefined, 5],
  [{ unit: 'working day', count: 1 }, '1 day without Sundays', undefined, 6],
  [{ unit: 'working day', count: 2 }, '2 days without Sundays', undefined, undefined],
  [{ unit: 'number', count: 0.5 }, '0.5', undefined, undefined],
];

test.each(steps)('%j is %s', (step, said, every, season) => {
  expect(describeStep(step)).toBe(said);
  expect(seasonOf(step)).toBe(season);
  if (step.unit !== 'millisecond' || step.count >= 1000) expect(writeEvery(step)).toBe(every);
  if (every !== undefined) expect(parseEvery(every)).toEqual(step);
});

test('steps as people write them', () => {
  const said = ['15 minutes', '15t', '1 hour', '2 Weeks', 'month', '3 quarters', '2years', '30secs'];
  expect(said.map((text) => writeEvery(parseEvery(text)))).toEqual([
    '15min',
    '15min',
    '1h',
    '2w',
    '1mo',
    '3q',
    '2y',
    '30s',
  ]);
  for (const text of ['0d', '1 fortnight', '-1d', '1.5h', '']) {
    expect(() => parseEvery(text)).toThrow(
      `every: '${text}' is not a step; write it as 15min, 1h, 1d, 1w, 1mo, 1q or 1y`,
    );
  }
});

const kept = steps
  .map(([step]) => step)
  .filter(({ count, unit }) => count === 1 || unit === 'millisecond' || unit === 'month');
const start = Date.UTC(2021, 2, 1);
/** Times of a step, beginning on a Monday that is the first of a month; some are left out. */
const drawn = fc.record({
  step: fc.constantFrom(...kept.filter(({ unit }) => unit !== 'number')),
  gone: fc.uniqueArray(fc.integer({ min: 2, max: 57 }), { maxLength: 40 }),
});

test('half of the steps between times, or more, are the step that they fit', () => {
  fc.assert(
    fc.property(drawn, ({ step, gone }) => {
      const places = Array.from({ length: 60 }, (_, i) => i).filter((i) => !gone.includes(i));
      const times = Float64Array.from(places, (place) => addSteps(start, step, place));
      const single = places.filter((place, i) => place - places[i - 1] === 1).length;
      expect(fitsStep([times], step)).toBe(single >= (places.length - 1) / 2);
      expect(fitsStep([times, times], step)).toBe(single >= (places.length - 1) / 2);
      for (let i = 1; i < places.length; i++) {
        expect(stepsBetween(times[i - 1], times[i], step)).toBeCloseTo(places[i] - places[i - 1], 9);
      }
      // As it is found: where nine of ten are alike, or half are and the gaps are no longer than what is there.
      const total = places.length - 1;
      const missing = 59 - total;
      const off = total - single;
      const alike = 1 - off / total >= 0.9 || (off <= total / 2 && missing <= total);
      const found = findSpacing([times], false);
      if (alike && off <= 0.3 * total) expect(found).toMatchObject({ step, total, missing, off });
      if (found !== undefined && found.step.count === step.count) expect(alike || off > total / 2).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('times of another kind do not fit', () => {
  const days = Float64Array.from({ length: 30 }, (_, i) => start + i * day);
  expect(fitsStep([days], { unit: 'month', count: 1 })).toBe(false);
  expect(fitsStep([days], { unit: 'business day', count: 1 })).toBe(false);
  expect(fitsStep([days.subarray(0, 5)], { unit: 'business day', count: 1 })).toBe(true);
  expect(fitsStep([days.subarray(0, 6)], { unit: 'working day', count: 1 })).toBe(true);
  expect(fitsStep([days.subarray(0, 7)], { unit: 'working day', count: 1 })).toBe(false);
});
