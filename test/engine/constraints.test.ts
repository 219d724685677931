/** Norms along any axes, brought to their limits as Keras's formula says. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Constraints } from '../../src/engine/constraints.js';
import type { WeightStore } from '../../src/engine/weightStore.js';
import type { ConstraintPlan } from '../../src/plan/layerPlan.js';

/** Weights in plain arrays, each read and written whole. */
function constrained(plans: { shape: number[]; constraint: ConstraintPlan }[], values: Float32Array[], parts: number) {
  const arrays = values.map((one) => one.slice());
  const store = {
    weights: 0,
    read: (_: unknown, weight: number, into: Float32Array) => into.set(arrays[weight]),
    load: (_: unknown, weight: number, from: Float32Array) => arrays[weight].set(from),
  };
  const weights = plans.map((plan, i) => ({ ...plan, name: `w${i}`, l1: 0, l2: 0, trained: true }));
  const constraints = new Constraints(weights as never, store as unknown as WeightStore);
  expect(constraints.any).toBe(plans.length > 0);
  for (let part = 0; part < parts; part++) constraints.apply(part, parts);
  return arrays;
}

const norm = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  axes: fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { maxLength: 3 }),
  limits: fc.constantFrom([0, 1, 1], [1, 1, 1], [0.5, 1, 1], [0.5, 0.8, 0.3]),
  seed: fc.nat(999),
});

test('norms of the elements that differ along the axes alone: to 1e-6', () => {
  fc.assert(
    fc.property(fc.array(norm, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 3 }), (drawn, parts) => {
      const plans = drawn.map(({ shape, axes, limits: [least, most, rate] }) => ({
        shape,
        constraint: { kind: 'norm', axes: axes.filter((axis) => axis < shape.length), least, most, rate } as const,
      }));
      const values = drawn.map(({ shape, seed }) =>
        Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(seed + 1.7 * i)),
      );
      const made = constrained(plans, values, parts);
      for (const [w, { shape, constraint }] of plans.entries()) {
        // Element by element: its norm is over all whose places are the same on the other axes.
        const places = (i: number) =>
          shape.map((_, axis) => Math.floor(i / shape.slice(axis + 1).reduce((a, b) => a * b, 1)) % shape[axis]);
        const key = (i: number) =>
          places(i)
            .filter((_, axis) => !constraint.axes.includes(axis))
            .join();
        for (let i = 0; i < values[w].length; i++) {
          const squares = values[w].reduce((sum, value, j) => sum + (key(j) === key(i) ? value ** 2 : 0), 0);
          const n = Math.sqrt(squares);
          const { least, most, rate } = constraint;
          const wanted = rate * Math.min(Math.max(n, least), most) + (1 - rate) * n;
          expect(made[w][i]).toBeCloseTo((values[w][i] * wanted) / (1e-7 + n), 6);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('what may not be negative is 0 there; weights without a constraint are not touched', () => {
  const values = [Float32Array.of(-1, 0, 2)];
  expect(constrained([{ shape: [3], constraint: { kind: 'notNegative' } }], values, 1)).toEqual([
    Float32Array.of(0, 0, 2),
  ]);
  expect(constrained([], [], 1)).toEqual([]);
});
