import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { holdOut, strata } from '../../../src/tasks/classify/strata.js';

const classesOf = fc
  .array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 200 })
  .map((c) => Int32Array.from(c));
const all = (classes: Int32Array) => Int32Array.from(classes, (_, i) => i);
const count = (classes: Int32Array, samples: Int32Array, c: number) =>
  samples.reduce((sum, sample) => sum + (classes[sample] === c ? 1 : 0), 0);

describe('holdOut', () => {
  test('parts every sample; of each class its share to within one; never the last of a class', () => {
    fc.assert(
      fc.property(classesOf, fc.double({ min: 0, max: 0.9, noNaN: true }), fc.integer(), (classes, share, seed) => {
        const { train, held } = holdOut(classes, all(classes), share, seed);
        expect([...train, ...held].sort((a, b) => a - b)).toEqual([...all(classes)]);
        for (const c of new Set(classes)) {
          const own = count(classes, all(classes), c);
          const taken = count(classes, held, c);
          expect(taken).toBeLessThan(own);
          expect(Math.abs(taken - own * share)).toBeLessThan(1 + share + 1e-6);
        }
      }),
    );
  });

  test('a seed is a division; another seed another', () => {
    const classes = Int32Array.from({ length: 100 }, (_, i) => i % 3);
    const held = (seed: number) => [...holdOut(classes, all(classes), 0.2, seed).held];
    expect(held(1)).toHaveLength(20);
    expect(held(1)).toEqual(held(1));
    expect(held(1)).not.toEqual(held(2));
  });
});

test('strata: every sample once, every class alike in all parts', () => {
  fc.assert(
    fc.property(classesOf, fc.integer({ min: 2, max: 6 }), fc.integer(), (classes, parts, seed) => {
      const folds = strata(classes, all(classes), parts, seed);
      expect(folds.flatMap((fold) => [...fold]).sort((a, b) => a - b)).toEqual([...all(classes)]);
      for (const c of new Set(classes)) {
        const counts = folds.map((fold) => count(classes, fold, c));
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
    }),
  );
});
