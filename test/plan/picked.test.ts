/** What numbers and ranges pick of an axis, beside what lists of JavaScript have in those places. */
import { expect, test } from '@jest/globals';
import { type PickedRange, picked } from '../../src/plan/picked.js';

/** The places of an axis that are picked, one after the other. */
const places = (item: number | PickedRange, size: number) => {
  const { first, count, step } = picked(item, size) ?? { first: 0, count: 0, step: 1 };
  return Array.from({ length: count }, (_, i) => first + i * step);
};
const ends = [null, -9, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 9];

test.each([0, 1, 2, 4, 5])('of %i places', (size) => {
  const axis = Array.from({ length: size }, (_, i) => i);
  for (const place of ends)
    if (place !== null) expect(places(place, size)).toEqual([axis.at(place)].filter((one) => one !== undefined));
  /** As Python's list[start:stop:step], which counts from the end as slice does; backwards in the list the other way round. */
  const of = (start: number | null, stop: number | null, step: number) => {
    const other = (end: number | null) => (end === null ? undefined : -1 - end);
    const range =
      step > 0
        ? axis.slice(start ?? undefined, stop ?? undefined)
        : [...axis].reverse().slice(other(start), other(stop));
    return range.filter((_, i) => i % Math.abs(step) === 0);
  };
  const steps = [null, 1, 2, 3, 7, -1, -2, -3, -7];
  for (const start of ends) {
    const ranges = ends.flatMap((stop) => steps.map((step): PickedRange => [start, stop, step]));
    expect(ranges.map((range) => [range, places(range, size)])).toEqual(
      ranges.map((range) => [range, of(start, range[1], range[2] ?? 1)]),
    );
    expect(ends.map((stop) => places([start, stop], size))).toEqual(ends.map((stop) => of(start, stop, 1)));
  }
});

test('where nothing is picked there is none, and one place is one step', () => {
  expect(picked([2, 2], 4)).toBeUndefined();
  expect(picked(4, 4)).toBeUndefined();
  expect(picked(-5, 4)).toBeUndefined();
  expect(picked(-4, 4)).toEqual({ first: 0, count: 1, step: 1 });
});
