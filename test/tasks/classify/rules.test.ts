/** Small rules of telling classes, by hand: columns that are the class, what is shown of mistakes, the columns of plain models. */
import { describe, expect, test } from '@jest/globals';
import type { Frame } from '../../../src/data/frame.js';
import { parseTable } from '../../../src/data/read.js';
import { MemcellError } from '../../../src/errors.js';
import { copyWarnings } from '../../../src/tasks/classify/copies.js';
import type { ClassifyEvaluation } from '../../../src/tasks/classify/evaluation.js';
import { checkRows, featureColumns, matrix } from '../../../src/tasks/classify/plainColumns.js';
import { maskValue } from '../../../src/tasks/classify/scaling.js';
import { joinShown, showClasses, shownSamples } from '../../../src/tasks/classify/shown.js';
import { tellClasses } from '../../../src/tasks/classify/tell.js';

describe('columns that are the class under another name', () => {
  const warned = (label: string[], columns: Record<string, number[]>) => {
    const frame = {
      rows: label.length,
      column: (name: string) => ({ cells: label, values: Float64Array.from(columns[name] ?? []) }),
    } as unknown as Frame;
    return copyWarnings(frame, 'k', Object.keys(columns));
  };
  const label = Array.from({ length: 10 }, (_, i) => 'ab'[i % 2]);
  const number = label.map((_, i) => i % 2);

  test('are told with what to do', () => {
    expect(warned(label, { id: number, x: label.map((_, i) => i), 'a b': number.map((n) => 7 - n) })).toEqual([
      `id, a b: each value stands with one k alone, and each k with one value; where that is not known beforehand, leave it out (--drop id,"a b")`,
    ]);
  });

  test.each<[string, number[]]>([
    ['a value with two classes', number.map((n, i) => (i === 9 ? 0 : n))],
    ['two values with a class', number.map((n, i) => (i === 9 ? 2 : n))],
    ['the same for all', number.map(() => 1)],
    ['a value that is missing', number.map((n, i) => (i === 9 ? Number.NaN : n))],
  ])('%s is none', (_, values) => {
    expect(warned(label, { id: values })).toEqual([]);
  });

  test('five rows a class are needed', () => {
    expect(warned(label.slice(1), { id: number.slice(1) })).toEqual([]);
  });
});

describe('what is shown', () => {
  const name = (sample: number) => `s${sample}`;

  test('answers by their probability, and the mistakes, the surest first', () => {
    const actual = Int32Array.of(0, 1, 0, 1);
    const probabilities = [0.95, 0.05, 0.25, 0.75, 0.28, 0.72, 1, 0];
    const shown = showClasses(['x', 'y'], actual, probabilities, {
      name,
      inputs: ['a', 'b'],
      x: { data: Float32Array.of(0, 0, 0, 0, 1, -0.5, maskValue, maskValue), shape: [4, 2] },
      scaling: { mean: [10, 0.001], std: [3, 0.00002] },
    });
    const bin = (from: number, count: number, probability: number, right: number) => ({
      from: from / 10,
      to: (from + 1) / 10,
      count,
      probability: expect.closeTo(probability, 12),
      right,
    });
    expect(shown).toEqual({
      kind: 'classify',
      classes: ['x', 'y'],
      reliability: [bin(7, 2, 0.735, 0.5), bin(9, 2, 0.975, 0.5)],
      inputs: ['a', 'b'],
      mistakes: [
        { name: 's3', actual: 'y', answered: 'x', probability: 1, steps: [] },
        { name: 's2', actual: 'x', answered: 'y', probability: 0.72, steps: [[13, 0.00099]] },
      ],
    });
  });

  test('steps without those that fill up, 400 of them at most; texts to 500 letters', () => {
    const steps = 900;
    const data = Float32Array.from({ length: steps }, (_, t) => (t < 850 ? t : maskValue));
    const long = showClasses(['x', 'y'], Int32Array.of(1), [1, 0], {
      name,
      inputs: ['v'],
      x: { data, shape: [1, steps, 1] },
    });
    const [{ steps: kept = [] }] = long.mistakes;
    expect(kept.length).toBeLessThanOrEqual(400);
    expect([kept[0], kept.at(-1)]).toEqual([[0], [849]]);
    const short = showClasses(['x', 'y'], Int32Array.of(1), [1, 0], {
      name,
      inputs: ['v', 'w'],
      x: { data: Float32Array.of(1, 2, 3, 4, maskValue, maskValue), shape: [1, 3, 2] },
      scaling: { mean: [0, 10], std: [1, 1] },
    });
    expect(short.mistakes[0].steps).toEqual([
      [1, 12],
      [3, 14],
    ]);
    const text = showClasses(['x', 'y'], Int32Array.of(1), [1, 0], { name, inputs: [], text: () => 'ab'.repeat(400) });
    expect(text.mistakes[0].text).toBe('ab'.repeat(250));
    expect(showClasses(['x', 'y'], Int32Array.of(1), [1, 0], { name, inputs: [] }).mistakes[0]).toEqual({
      name: 's0',
      actual: 'y',
      answered: 'x',
      probability: 1,
    });
  });

  test('parts are shown as the whole, twelve mistakes of it', () => {
    const p = Array.from({ length: 30 }, (_, i) => 0.5 + ((i * 7) % 30) / 60);
    const actual = Int32Array.from(p, (_, i) => (i % 3 === 0 ? 0 : 1));
    const show = (from: number, to: number) =>
      showClasses(
        ['x', 'y'],
        actual.subarray(from, to),
        p.slice(from, to).flatMap((one) => [one + 1e-9, 1 - one]),
        {
          name: (sample) => `s${from + sample}`,
          inputs: ['a'],
        },
      );
    const whole = show(0, 30);
    expect(whole.mistakes).toHaveLength(12);
    const joined = joinShown(show(0, 11), show(11, 30));
    expect(joined).toEqual({
      ...whole,
      reliability: whole.reliability.map((bin) => ({
        ...bin,
        probability: expect.closeTo(bin.probability, 12),
        right: expect.closeTo(bin.right, 12),
      })),
    });
  });
});

test('classes one by one up to thirty; what is not known is a dash', () => {
  const told = (count: number, auc: number | null) => {
    const classes = Array.from({ length: count }, (_, i) => ({
      name: `c${i}`,
      samples: i,
      precision: null,
      recall: 0.5,
      f1: null,
    }));
    const confusion = classes.map((_, i) => classes.map((__, j) => 10 * i + j));
    return tellClasses(
      {
        samples: 1,
        accuracy: 0.5,
        majorityAccuracy: 0.25,
        verdict: 'so',
        notes: ['a note'],
        balancedAccuracy: 0.625,
        macroF1: 0.125,
        auc,
        logLoss: 0.5,
        classes,
        confusion,
      } as unknown as ClassifyEvaluation,
      ', held out',
    );
  };
  const { headline, details } = told(2, 0.75);
  expect(headline).toEqual(['1 sample, held out: accuracy 50.0 %; always the most frequent class: 25.0 %', 'so']);
  expect(details[0]).toBe('balanced accuracy 62.5 %, macro F1 12.5 %, AUC 0.7500, log loss 0.5000');
  expect(details[2].split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['class', 'samples', 'precision', 'recall', 'F1', '→ c0', '→ c1'],
    ['c0', '0', '–', '50.0 %', '–', '0', '1'],
    ['c1', '1', '–', '50.0 %', '–', '10', '11'],
  ]);
  expect(details[3]).toBe('a note');
  expect(told(30, null).details).toHaveLength(4);
  expect(told(31, null).details).toEqual(['balanced accuracy 62.5 %, macro F1 12.5 %, log loss 0.5000', 'a note']);
});

describe('columns of a plain model', () => {
  const table = parseTable('a,k,b,day\n1,x,2,2020-01-01\n3,y,4,2020-01-02\n', 't.csv');

  test('are those of numbers that are not left out, or those asked for, in that order', () => {
    expect(featureColumns(table, undefined, ['b'])).toEqual(['a']);
    expect(featureColumns(table, undefined, [])).toEqual(['a', 'b']);
    expect(featureColumns(table, ['b', 'a'], ['b'])).toEqual(['b', 'a']);
    expect(matrix(table, ['b', 'a'])).toEqual(Float64Array.of(2, 1, 4, 3));
  });

  test.each<[string[] | undefined, string[], string, string]>([
    [['a', 'b', 'a'], [], 'usage', 'features: column a is named twice'],
    [['rain'], [], 'usage', 't.csv: no column rain. Its columns: a, k, b, day'],
    [undefined, ['a', 'b'], 'data', 't.csv: has no column of numbers to learn from'],
    [[], [], 'data', 't.csv: has no column of numbers to learn from'],
  ])('%j without %j: %s, %s', (asked, without, code, message) => {
    expect(() => featureColumns(table, asked, without)).toThrow(expect.objectContaining({ code, message }));
  });

  test('have two rows at least', () => {
    expect(() => checkRows(table)).not.toThrow();
    expect(() => checkRows(parseTable('a,b\n1,2\n', 't.csv'))).toThrow(
      new MemcellError('t.csv: has 1 row; training needs at least two'),
    );
  });
});

test('what is shown of samples is called by the rows of the file, those that were left out counted', () => {
  const given = {
    frame: { origins: Int32Array.of(0, 2, 5, 9), columns: [] },
    samples: {
      rows: Int32Array.of(1, 3),
      inputs: ['a'],
      encode: () => ({ data: Float32Array.of(1, 2), shape: [2, 1] }),
    },
    encoding: { scaling: { mean: [0], std: [1] } },
  };
  const { name } = shownSamples(given as never, Int32Array.of(1, 0));
  expect([name(0), name(1)]).toEqual(['row 10', 'row 3']);
  const rowOf = (sample: number) => 100 * sample;
  const told = shownSamples({ ...given, rowOf } as never, Int32Array.of(1, 0));
  expect([told.name(0), told.name(1)]).toEqual(['row 101', 'row 1']);
  const named = { ...given, samples: { ...given.samples, names: ['u', 'v'] } };
  expect(shownSamples(named as never, Int32Array.of(1)).name(0)).toBe('v');
});
