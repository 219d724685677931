import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AreaUnderCurve } from '../../../src/tasks/classify/auc.js';
import { ClassScoring, scoreClasses } from '../../../src/tasks/classify/evaluation.js';
import { tellClasses } from '../../../src/tasks/classify/tell.js';

const model = { classes: ['a', 'b', 'c'], majority: 0, balanced: false };

describe('scoreClasses', () => {
  test('by hand', () => {
    const actual = Int32Array.of(0, 0, 0, 1, 1);
    const probabilities = [0.8, 0.1, 0.1, 0.3, 0.6, 0.1, 0.5, 0.4, 0.1, 0.2, 0.7, 0.1, 0.6, 0.2, 0.2];
    const scores = scoreClasses(actual, probabilities, model);
    expect(scores).toMatchObject({
      kind: 'classify',
      samples: 5,
      accuracy: 0.6,
      majorityAccuracy: 0.6,
      confusion: [
        [2, 1, 0],
        [1, 1, 0],
        [0, 0, 0],
      ],
      classes: [
        { name: 'a', samples: 3, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 },
        { name: 'b', samples: 2, precision: 0.5, recall: 0.5, f1: 0.5 },
        { name: 'c', samples: 0, precision: null, recall: null, f1: null },
      ],
    });
    expect(scores.balancedAccuracy).toBeCloseTo((2 / 3 + 1 / 2) / 2, 12);
    expect(scores.macroF1).toBeCloseTo((2 / 3 + 1 / 2) / 2, 12);
    // a: of 3 · 2 pairs, (.8 > .2, .8 > .6, .3 > .2, .5 > .2) are right; b: (.7 > .1, .6, .4) and (.2 > .1).
    expect(scores.auc).toBeCloseTo((4 / 6 + 4 / 6) / 2, 12);
    expect(scores.logLoss).toBeCloseTo(
      -(Math.log(0.8) + Math.log(0.3) + Math.log(0.5) + Math.log(0.7) + Math.log(0.2)) / 5,
      12,
    );
    expect(scores.better).toBe(false);
    expect(scores.verdict).toBe('no better than always answering a (60.0 %)');
  });

  test('a class that is never answered: no precision, and an F1 of 0; the majority may be any class', () => {
    const actual = Int32Array.of(0, 1, 1, 2);
    const answered = [0, 1, 1, 1].flatMap((c) => [0, 1, 2].map((i) => (i === c ? 0.8 : 0.1)));
    const scores = scoreClasses(actual, answered, { ...model, majority: 1 });
    expect(scores.majorityAccuracy).toBe(0.5);
    expect(scores.classes[2]).toEqual({ name: 'c', samples: 1, precision: null, recall: 0, f1: 0 });
    expect(scores.macroF1).toBeCloseTo((1 + 0.8 + 0) / 3, 12);
  });

  /** Answers of two classes, sure of each. */
  const told = (pairs: [actual: number, answered: number, times: number][], balanced = false) => {
    const rows = pairs.flatMap(([actual, answered, times]) =>
      new Array<[number, number]>(times).fill([actual, answered]),
    );
    const probabilities = rows.flatMap(([, answered]) => (answered === 0 ? [0.9, 0.1] : [0.1, 0.9]));
    return scoreClasses(
      Int32Array.from(rows, ([actual]) => actual),
      probabilities,
      { classes: ['no', 'yes'], majority: 0, balanced },
    );
  };

  test('20 of 30 answers that differ from the majority right: as rarely by chance as 4.94 times of 100', () => {
    const [clear, not] = [20, 19].map((right) =>
      told([
        [0, 0, 90],
        [0, 1, 10],
        [1, 1, right],
      ]),
    );
    // Σ C(30, i) / 2³⁰ over i ≥ 20 is .0494; of 29 over i ≥ 19 .0680.
    expect([clear.better, not.better]).toEqual([true, false]);
  });

  test('one more right than the majority may be chance; class weights are on offer where classes are uneven', () => {
    const one = told([
      [0, 0, 95],
      [1, 1, 1],
      [1, 0, 4],
    ]);
    expect(one.accuracy).toBeGreaterThan(one.majorityAccuracy);
    expect(one.better).toBe(false);
    expect(one.verdict).toBe(
      'not clearly better than always answering no (95.0 %): 1 more right of 100 may be chance; --class-weights balanced makes rare classes count as much',
    );
    expect(
      told([
        [0, 0, 90],
        [0, 1, 5],
        [1, 1, 4],
        [1, 0, 1],
      ]).verdict,
    ).toContain('no better than always answering no (95.0 %);');
  });

  test('clearly better: five of five, p = 1/32', () => {
    const five = told([
      [0, 0, 95],
      [1, 1, 5],
    ]);
    expect(five.better).toBe(true);
    expect(five.verdict).toBe('100 % fewer mistakes than always answering no (95.0 %)');
    expect(
      told([
        [0, 0, 95],
        [1, 1, 4],
        [1, 0, 1],
      ]).better,
    ).toBe(false);
  });

  test('with balanced weights, the mean recall counts', () => {
    const weighted = told(
      [
        [0, 0, 80],
        [0, 1, 15],
        [1, 1, 4],
        [1, 0, 1],
      ],
      true,
    );
    expect(weighted.accuracy).toBeLessThan(weighted.majorityAccuracy);
    expect(weighted.better).toBe(true);
    expect(weighted.verdict).toBe('better than guessing: 82.1 % of each class right on average, 50.0 % by guessing');
  });

  /** Answers of three classes, sure of each. */
  const ofThree = (pairs: [actual: number, answered: number, times: number][], own: Partial<typeof model>) => {
    const all = pairs.flatMap(([actual, answered, times]) =>
      new Array<[number, number]>(times).fill([actual, answered]),
    );
    const probabilities = all.flatMap(([, answered]) => [0, 1, 2].map((c) => (c === answered ? 0.8 : 0.1)));
    return scoreClasses(
      Int32Array.from(all, ([actual]) => actual),
      probabilities,
      { ...model, ...own },
    );
  };

  test.each<[string, [number, number, number][], Partial<typeof model>, boolean, string]>([
    // What only the model gets right: 6 of 7, as a coin does in 8 of 128 cases; 7 of 8 in 9 of 256.
    [
      'the most frequent class of training is another one',
      [
        [0, 0, 6],
        [0, 2, 1],
        [1, 1, 20],
        [1, 0, 1],
        [2, 1, 2],
      ],
      { majority: 1 },
      false,
      'not clearly better than always answering b (70.0 %): 5 more right of 30 may be chance; --class-weights balanced makes rare classes count as much',
    ],
    [
      'it is clearly better than that one',
      [
        [0, 0, 4],
        [2, 2, 3],
        [0, 2, 1],
        [1, 1, 20],
        [1, 0, 1],
        [2, 1, 2],
      ],
      { majority: 1 },
      true,
      '60 % fewer mistakes than always answering b (67.7 %)',
    ],
    [
      'of three classes half of the samples are not uneven',
      [
        [0, 0, 5],
        [1, 0, 3],
        [2, 0, 2],
      ],
      {},
      false,
      'no better than always answering a (50.0 %)',
    ],
    [
      'of two classes that occur three quarters are',
      [
        [0, 0, 8],
        [2, 0, 2],
      ],
      {},
      false,
      'no better than always answering a (80.0 %); --class-weights balanced makes rare classes count as much',
    ],
    [
      'with balanced weights, of two classes that occur',
      [
        [0, 0, 8],
        [2, 0, 1],
        [2, 2, 1],
      ],
      { balanced: true },
      true,
      'better than guessing: 75.0 % of each class right on average, 50.0 % by guessing',
    ],
    [
      'with balanced weights, of three classes that occur',
      [
        [0, 0, 4],
        [1, 0, 1],
        [2, 0, 1],
      ],
      { balanced: true },
      false,
      'no better than guessing: 33.3 % of each class right on average, 33.3 % by guessing',
    ],
  ])('%s', (_, pairs, own, better, verdict) => {
    const scores = ofThree(pairs, own);
    expect([scores.better, scores.verdict]).toEqual([better, verdict]);
  });

  test('samples that come part by part are scored as all at once', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })),
          {
            minLength: 1,
            maxLength: 30,
          },
        ),
        fc.integer({ min: 0, max: 30 }),
        fc.constantFrom(0, 1, 2),
        (samples, cut, majority) => {
          const actual = Int32Array.from(samples, ([c]) => c);
          const p = samples.flatMap(([, a, b]) => [a + 1, b + 1, 3].map((one) => one / (a + b + 5)));
          const parts = new ClassScoring({ ...model, majority });
          const at = Math.min(cut, samples.length);
          parts.add(actual.subarray(0, at), p.slice(0, 3 * at));
          parts.add(actual.subarray(at), p.slice(3 * at));
          const whole = scoreClasses(actual, p, { ...model, majority }, ['a note']);
          const near = (value: number | null) => (value === null ? null : expect.closeTo(value, 12));
          expect(parts.samples).toBe(samples.length);
          expect(parts.evaluation(['a note'])).toEqual({
            ...whole,
            logLoss: near(whole.logLoss),
            auc: near(whole.auc),
          });
        },
      ),
    );
  });

  test('for people: headline, verdict, a table of classes, notes', () => {
    const { headline, details } = tellClasses(
      {
        ...told([
          [0, 0, 3],
          [1, 1, 2],
        ]),
        notes: ['a note'],
      },
      ', held out',
    );
    expect(headline[0]).toBe('5 samples, held out: accuracy 100.0 %; always the most frequent class: 60.0 %');
    expect(headline).toHaveLength(2);
    expect(details.join('\n')).toMatch(/^no +3 +100.0 % +100.0 % +100.0 % +3 +0$/m);
    expect(details.at(-1)).toBe('a note');
  });
});

test('the area is the share of pairs in the right order, ties counting half', () => {
  const sample = fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 4 }));
  fc.assert(
    fc.property(fc.array(sample, { minLength: 2, maxLength: 40 }), (samples) => {
      const actual = Int32Array.from(samples, ([c]) => c);
      const probabilities = samples.flatMap(([, p]) => [1 - p / 4, p / 4]);
      let [right, pairs] = [0, 0];
      for (const [c, p] of samples) {
        for (const [d, q] of samples) {
          if (c !== 1 || d !== 0) continue;
          pairs++;
          right += p > q ? 1 : p === q ? 0.5 : 0;
        }
      }
      const curve = new AreaUnderCurve(2);
      curve.add(actual, probabilities);
      const [, area] = curve.areas();
      if (pairs === 0) expect(area).toBeNull();
      else expect(area).toBeCloseTo(right / pairs, 12);
    }),
  );
});

test('in bins areas are those of pairs, of each class, at the ends of probabilities too; of a class that does not occur none', () => {
  const levels = [0, 1e-12, 0.01, 0.2, 0.5, 0.7, 0.97, 1];
  const n = 400;
  const actual = Int32Array.from({ length: n }, (_, i) => [0, 1, 3, 3, 0][i % 5]);
  const probabilities = Float64Array.from(
    { length: 4 * n },
    (_, i) => levels[(i * 7 + (i >> 3) + 2 * actual[i >> 2]) % 8],
  );
  const [exact, binned] = [new AreaUnderCurve(4), new AreaUnderCurve(4, 100)];
  for (let from = 0; from < n; from += 50) {
    for (const curve of [exact, binned]) {
      curve.add(actual.subarray(from, from + 50), probabilities.subarray(4 * from, 4 * (from + 50)));
    }
  }
  const expected = [0, 1, 2, 3].map((c) => {
    let [right, pairs] = [0, 0];
    for (const [i, own] of actual.entries()) {
      for (const [j, other] of actual.entries()) {
        if (own !== c || other === c) continue;
        // 0 and what float32 cannot tell from it are ties.
        const [p, q] = [i, j].map((row) => Math.max(1e-9, probabilities[4 * row + c]));
        pairs++;
        right += p > q ? 1 : p === q ? 0.5 : 0;
      }
    }
    return pairs === 0 ? null : right / pairs;
  });
  expect(expected[2]).toBeNull();
  const near = expected.map((area) => (area === null ? null : expect.closeTo(area, 9)));
  expect(binned.areas()).toEqual(near);
  expect(exact.areas().map((area) => area === null)).toEqual([false, false, true, false]);
});
