import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { StandardScaler } from '../../src/data/scaler.js';
import { MemcellError } from '../../src/errors.js';

describe('StandardScaler', () => {
  test('by hand: mean, population standard deviation, only the rows asked for', () => {
    const values = Float64Array.of(1, 10, 3, 30, 1000, 1000);
    const scaler = StandardScaler.fit(values, 2, 2);
    expect(scaler.toJSON()).toEqual({ mean: [2, 20], std: [1, 10] });
    expect([...scaler.transform(values)]).toEqual([-1, -1, 1, 1, 998, 98]);
    expect(scaler.inverse(-1, 1)).toBe(10);
  });

  test('a constant column becomes 0 and comes back exactly', () => {
    const values = new Float64Array(7).fill(0.1);
    const scaler = StandardScaler.fit(values, 1, 7);
    expect(scaler.toJSON()).toEqual({ mean: [0.1], std: [1] });
    expect([...scaler.transform(values)]).toEqual(new Array(7).fill(0));
  });

  test('inverse undoes transform, to float32; mean 0 and deviation 1', () => {
    const column = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(column, (column) => {
        const values = Float64Array.from(column);
        const scaler = StandardScaler.fit(values, 1, values.length);
        const z = scaler.transform(values);
        for (let i = 0; i < z.length; i++) {
          expect(Math.abs(scaler.inverse(z[i], 0) - values[i])).toBeLessThanOrEqual(
            1e-6 * Math.max(1e-6, scaler.std[0]) * Math.max(1, Math.abs(z[i])) + 1e-9,
          );
        }
      }),
    );
  });

  test('values too large for a variance', () => {
    const message = 'values up to 2e+300 are too large to scale; divide them first';
    for (const [columns, values] of [
      [1, [2e300, -1e300]],
      [2, [1, -1e300, 2, 2e300, 3, 1e300]],
      [1, [1e299, 2e300, 1.5e300]],
    ] as const) {
      const fit = () => StandardScaler.fit(Float64Array.from(values), columns, values.length / columns);
      expect(fit).toThrow(new MemcellError(message, { code: 'numeric' }));
    }
  });
});
