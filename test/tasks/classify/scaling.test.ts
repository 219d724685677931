import { expect, test } from '@jest/globals';
import { fitScaling } from '../../../src/tasks/classify/scaling.js';

const parts = [Float64Array.of(1, 10, 5, Number.NaN, 0, 7), Float64Array.of(3, 30, 5, Number.NaN, 1, 7)];

test('means and deviations by channel; missing ones do not count; constants keep 1; 0 and 1 stay', () => {
  const { mean, std } = fitScaling(
    [...parts, Float64Array.of(2, Number.NaN, 5, Number.NaN, 1, 7)],
    6,
    false,
    (c) => c === 4,
  );
  expect(mean).toEqual([2, 20, 5, 0, 0, 7]);
  expect(std).toEqual([Math.sqrt(2 / 3), 10, 1, 1, 1, 1]);
});

test('steps of like features share one scale, others do not', () => {
  const pixels = fitScaling([Float64Array.of(0, 1, 4, 5)], 2, true, () => false);
  expect(pixels).toEqual({ mean: [2.5, 2.5], std: [Math.sqrt(4.25), Math.sqrt(4.25)] });
  expect(fitScaling([Float64Array.of(0, 100, 4, 500)], 2, true, () => false).mean).toEqual([2, 300]);
});

test('numbers too large for a variance: one line', () => {
  expect(() => fitScaling([Float64Array.of(1e200, -1e200)], 1, false, () => false)).toThrow('too large to scale');
});
