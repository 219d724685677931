import { describe, expect, test } from '@jest/globals';
import type { NdArray } from '../../../src/data/array.js';
import { parseTable } from '../../../src/data/read.js';
import { openSource, type Source } from '../../../src/data/source.js';
import type { ClassifyArtefact } from '../../../src/tasks/classify/artefact.js';
import { ClassScoring } from '../../../src/tasks/classify/evaluation.js';
import {
  type PlainArtefact,
  plainSample,
  predictPlain,
  prepareClassify,
  scorePlain,
} from '../../../src/tasks/classify/plain.js';
import { classifyInput } from '../../../src/tasks/classify/predict.js';
import { maskValue } from '../../../src/tasks/classify/scaling.js';
import { classifyTask } from '../../../src/tasks/classify/task.js';
import type { Loaded } from '../../../src/tasks/definition.js';
import type { Shown, ShownClasses } from '../../../src/tasks/shown.js';
import { streamed } from '../streamed.js';

/** Answers class 1 when the first feature is above its mean, else class 0. */
const sign = {
  predict: async ({ data, shape: [n, steps, features] }: NdArray): Promise<NdArray> => {
    const out = new Float32Array(n * 2);
    for (let i = 0; i < n; i++) out.set(data[i * steps * features] > 0 ? [0.25, 0.75] : [0.875, 0.125], i * 2);
    return { data: out, shape: [n, 2] };
  },
};
const parse = (text: string) => parseTable(text, 'c.csv');
const rows = 'x,y,kind\n1,5,low\n9,5,high\n2,6,low\n8,6,high\n7,7,low\n';

describe('prepareClassify', () => {
  test('by hand: rows to steps; the last one held out; scaled on the others', () => {
    const { artefact, inputShape, layers, samples } = prepareClassify(parse(rows), { label: 'kind', steps: 2 }, 0.2);
    expect(inputShape).toEqual([2, 1]);
    expect(layers).toBe('LSTM(64), Dense(2, softmax)');
    expect(artefact).toEqual({
      kind: 'classify',
      label: 'kind',
      features: ['x', 'y'],
      classes: ['high', 'low'],
      majority: 0,
      steps: 2,
      scaling: { mean: [5.25], std: [Math.sqrt(51.5 / 8)] },
    });
    const { train, validation } = samples([null, 2]);
    expect(train.x.shape).toEqual([4, 2, 1]);
    expect(train.y).toEqual({ data: Int32Array.of(1, 0, 1, 0), shape: [4] });
    expect(validation?.x.data[1]).toBeCloseTo(1.75 / Math.sqrt(51.5 / 8), 6);
    expect(() => samples([null, 3])).toThrow('this task needs (2); end the layers with Dense(2, softmax)');
  });

  test('digits: 8 steps of 8, ten classes in numeric order', async () => {
    const digits = await openSource('test/fixtures/data/digits.csv').table();
    const { artefact, inputShape, samples } = prepareClassify(digits, { label: 'digit', steps: 8 }, 0.2);
    expect(inputShape).toEqual([8, 8]);
    expect(artefact.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    const { train, validation } = samples([null, 10]);
    expect(train.x.shape).toEqual([1437, 8, 8]);
    expect(validation?.x.shape).toEqual([360, 8, 8]);
    expect([...train.y.data.slice(0, 11)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
  });

  test('steps of like features share one scale; features of other ranges have their own', () => {
    const scaling = (text: string) => prepareClassify(parse(text), { label: 'kind', steps: 2 }, 0).artefact.scaling;
    const pixels = scaling('a1,b1,a2,b2,kind\n0,1,2,1,x\n4,1,2,5,y\n');
    expect(pixels).toEqual({ mean: [2, 2], std: [Math.sqrt(2.5), Math.sqrt(2.5)] });
    const units = scaling('a1,b1,a2,b2,kind\n0,100,2,100,x\n4,100,2,500,y\n');
    expect(units).toEqual({ mean: [2, 200], std: [Math.sqrt(2), Math.sqrt(30000)] });
  });

  test('without steps, a row is one step, each column scaled alone', () => {
    const { artefact, inputShape } = prepareClassify(parse(rows), { label: 'kind' }, 0.2);
    expect(inputShape).toEqual([1, 2]);
    expect(artefact.scaling).toEqual({ mean: [5, 5.5], std: [Math.sqrt(12.5), 0.5] });
  });

  test('groups: one sequence each, padded for a Masking layer; held out whole', () => {
    const text = 'who,v,kind\na,1,u\na,3,u\nb,5,w\na,5,u\nb,7,w\nc,4,u\n';
    const prepared = prepareClassify(parse(text), { label: 'kind', group: 'who' }, 0.3);
    expect(prepared.inputShape).toEqual([3, 1]);
    expect(prepared.padded).toBe(true);
    const { train, validation } = prepared.samples([null, 2]);
    const { mean, std } = prepared.artefact.scaling;
    expect(mean[0]).toBeCloseTo((1 + 3 + 5 + 5 + 7) / 5, 10);
    const z = (v: number) => Math.fround((v - mean[0]) / std[0]);
    expect([...train.x.data]).toEqual([z(1), z(3), z(5), z(5), z(7), maskValue]);
    expect([...(validation?.x.data ?? [])]).toEqual([z(4), maskValue, maskValue]);
  });

  test('held-out rows change neither the scaling nor any training sample', () => {
    const [one, other] = [rows, rows.replace('7,7,low', '7000,-7000,high')].map((text) => {
      const prepared = prepareClassify(parse(text), { label: 'kind', steps: 1 }, 0.2);
      return { ...prepared.artefact, train: prepared.samples([null, 2]).train };
    });
    expect(other).toEqual(one);
  });

  test.each([
    [
      'one class',
      'x,kind\n1,a\n2,a\n3,a\n',
      {},
      "c.csv, column kind: every row is 'a'; there must be at least two classes",
    ],
    [
      'one class to train on',
      'x,kind\n1,a\n2,a\n3,a\n4,a\n5,b\n',
      {},
      "c.csv, column kind: only 'a' is left to train on without the part held out; shuffle the rows or hold out less",
    ],
    [
      'numbers that are no classes',
      'x,kind\n1,1.5\n2,2.5\n3,3.5\n4,4.5\n5,5.5\n',
      {},
      'c.csv, column kind: 5 different values in 5 rows are no classes; choose another column, or forecast this one',
    ],
    [
      'an empty class',
      'x,kind\n1,a\n2,\n3,b\n',
      {},
      'c.csv, line 3, column kind: the cell is empty; fill it or remove the row',
    ],
    [
      'an unknown class column',
      'x,kind\n1,a\n2,b\n',
      { label: 'kin' },
      'c.csv: no column kin; did you mean kind? Its columns: x, kind',
    ],
    ['an unknown group', 'x,kind\n1,a\n2,b\n', { group: 'who' }, 'c.csv: no column who. Its columns: x, kind'],
    ['no numbers', 'x,kind\na,a\nb,b\n', {}, 'c.csv: has no column of numbers to learn from'],
    [
      'the class as feature',
      'x,kind\n1,1\n2,2\n3,1\n4,2\n',
      { features: ['x', 'kind'] },
      '--features: kind is the class itself',
    ],
    [
      'steps that do not divide',
      rows,
      { steps: 3 },
      'steps: 2 columns cannot be 3 steps of equal size; take one of 1, 2',
    ],
    [
      'steps and group',
      rows,
      { steps: 2, group: 'x' },
      '--steps and --group exclude each other: a sequence is one row, or one group of rows',
    ],
    [
      'two classes in a group',
      'who,v,kind\na,1,u\nb,2,w\na,3,w\na,4,v\nb,5,w\nb,6,u\n',
      { group: 'who' },
      "c.csv, line 4, column kind: group a is 'u' before and 'w' here; a group has one class",
    ],
    ['one row', 'x,kind\n1,a\n', {}, 'c.csv: has 1 row; training needs at least two'],
  ])('%s', (_, text, options, message) => {
    expect(() => prepareClassify(parse(text), { label: 'kind', ...options }, 0.2)).toThrow(new Error(message));
  });

  test.each([
    ['aab', 2],
    ['aabbc', 0],
    ['abcabc', 3],
    ['abcdabc', 0],
    ['abcdabcd', 4],
  ])('classes are up to half as many as rows, or two: of %s', (kinds, count) => {
    const table = parse(`x,kind\n${[...kinds].map((kind, i) => `${i},${kind}`).join('\n')}\n`);
    const made = () => prepareClassify(table, { label: 'kind' }, 0).artefact.classes.length;
    if (count > 0) expect(made()).toBe(count);
    else expect(made).toThrow(/^c\.csv, column kind: [34] different values in [57] rows are no classes;/);
  });

  test('warnings: a class only in the part held out; rows sorted by class', () => {
    const many = (kinds: string) => parse(`x,kind\n${[...kinds].map((kind, i) => `${i},${kind}`).join('\n')}\n`);
    const warnings = (kinds: string) => prepareClassify(many(kinds), { label: 'kind' }, 0.2).warnings;
    const unseen = (names: string) =>
      `kind: ${names} occurs only in the part held out; the model cannot learn it; shuffle the rows`;
    const sorted = 'the rows are sorted by kind, so the part held out is not like the rest; shuffle the rows';
    expect(warnings('abababababababac')).toEqual([unseen('c')]);
    expect(warnings('abababababababcd')).toEqual([unseen('c, d')]);
    expect(warnings('aaaaaaaabbbbbbbb')).toEqual([sorted]);
    expect(warnings('aaabb')).toEqual([sorted]);
    expect(warnings('aaaaaaabbbbbbbba')).toEqual([]);
    expect(warnings('abababababababab')).toEqual([]);
    const four = prepareClassify(many('aabb'), { label: 'kind' }, 0.2).warnings;
    expect(four).toEqual([]);
    // Where nothing is held out there is nothing that the rest is unlike.
    expect(prepareClassify(many('aaaaaaaabbbbbbbb'), { label: 'kind' }, 0).warnings).toEqual([]);
  });
});

const placeOf = (row: number) => row;

async function score(artefact: PlainArtefact, table: ReturnType<typeof parse>) {
  const scoring = new ClassScoring({ ...artefact, balanced: false });
  await scorePlain(sign, artefact, table, { scoring, placeOf });
  return scoring.evaluation();
}

describe('scorePlain and predictPlain', () => {
  const { artefact } = prepareClassify(parse(rows), { label: 'kind', steps: 2 }, 0);
  const swapped = { ...artefact, classes: ['low', 'high'], majority: 0 };

  test('by hand: accuracy, precision, recall, confusion, majority', async () => {
    const evaluation = await score(swapped, parse(rows));
    expect(evaluation).toMatchObject({
      kind: 'classify',
      samples: 5,
      accuracy: 0.8,
      majorityAccuracy: 0.6,
      classes: [
        { name: 'low', samples: 3, precision: 1, recall: 2 / 3 },
        { name: 'high', samples: 2, precision: 2 / 3, recall: 1 },
      ],
      confusion: [
        [2, 1],
        [0, 2],
      ],
    });
  });

  test('a class that is never answered or never occurs has no precision or recall', async () => {
    const { classes } = await score(swapped, parse('x,y,kind\n9,5,low\n8,5,low\n'));
    expect(classes).toMatchObject([
      { name: 'low', samples: 2, precision: null, recall: 0 },
      { name: 'high', samples: 0, precision: 0, recall: null },
    ]);
  });

  test('the answers, without the class column', async () => {
    expect(await predictPlain(sign, swapped, parse('y,x\n5,9\n5,1\n'), placeOf)).toEqual([
      { row: 1, label: 'high', probabilities: [0.25, 0.75] },
      { row: 2, label: 'low', probabilities: [0.875, 0.125] },
    ]);
  });

  test('groups by name; too long a group; an unknown class', async () => {
    const text = 'who,v,kind\na,1,u\na,3,u\nb,5,w\nb,7,w\n';
    const grouped = prepareClassify(parse(text), { label: 'kind', group: 'who' }, 0).artefact;
    expect(await predictPlain(sign, grouped, parse('who,v\nz,9\ny,1\nz,2\n'), placeOf)).toMatchObject([
      { row: 1, group: 'z', label: 'w' },
      { row: 2, group: 'y', label: 'u' },
    ]);
    await expect(predictPlain(sign, grouped, parse('who,v\nz,9\nz,1\nz,2\n'), placeOf)).rejects.toThrow(
      'c.csv, line 4, column who: z has 3 rows; this model takes up to 2',
    );
    await expect(score(swapped, parse('x,y,kind\n1,2,mid\n3,4,low\n'))).rejects.toThrow(
      "c.csv, line 2, column kind: 'mid' is no class of this model; its classes: low, high",
    );
  });
});

describe('a long table in parts is told as the whole', () => {
  /** The table as one that is too long to be held. */
  const long = (source: Source): Source => ({
    ...source,
    head: async (n) => ({ ...(await source.head!(n)), rows: undefined, bytes: 1e9 }),
  });
  const loadedOf = (artefact: object) => ({ model: sign, artefact, name: 'm' }) as never as Loaded<ClassifyArtefact>;
  const count = 17_000;
  const places = Array.from({ length: count }, (_, i) => i);
  const numberOf = (i: number) => (i * 37) % 101;
  const { artefact: ofRows } = prepareClassify(parse('x,kind\n10,b\n90,a\n20,b\n80,a\n'), { label: 'kind' }, 0);
  const table = streamed(
    `x,kind\n${places.map((i) => `${numberOf(i)},${numberOf(i) > 50 === i % 7 > 0 ? 'b' : 'a'}`).join('\n')}\n`,
  );

  test('rows: answers by their number in the file, scores, mistakes and one sample', async () => {
    const taken: (string | number)[][] = [];
    const pieces: number[] = [];
    const told = await classifyTask.predict(loadedOf(ofRows), long(table), {}, async (_, part) => {
      pieces.push(part.length);
      taken.push(...part);
    });
    expect(pieces).toEqual([16_384, 616]);
    expect(told.count).toBe(count);
    const answer = (i: number) => (numberOf(i) > 50 ? ['b', 0.25, 0.75] : ['a', 0.875, 0.125]);
    expect(taken.every(([row, ...rest], i) => row === String(i + 1) && rest.join() === answer(i).join())).toBe(true);

    const shown: ShownClasses[] = [];
    const how = { shown: (part: Shown) => part.kind === 'classify' && shown.push(part) };
    const parts = await classifyTask.evaluate(loadedOf(ofRows), long(table), how);
    const { head: _, stream: __, ...held } = table;
    const whole = await classifyTask.evaluate(loadedOf(ofRows), held, how);
    expect(parts).toEqual({
      ...whole,
      logLoss: expect.closeTo(whole.logLoss, 9),
      auc: expect.closeTo(whole.auc ?? 0, 9),
    });
    expect(shown).toHaveLength(2);
    expect(shown[0].mistakes).toEqual(shown[1].mistakes);
    expect(shown[0].reliability).toEqual(
      shown[1].reliability.map((bin) => ({
        ...bin,
        probability: expect.closeTo(bin.probability, 9),
        right: expect.closeTo(bin.right, 9),
      })),
    );
    const late = await classifyInput({ artefact: ofRows as ClassifyArtefact }, long(table), 16_999);
    expect(late.name).toBe('row 16999');
    expect(late).toEqual(await classifyInput({ artefact: ofRows as ClassifyArtefact }, held, 16_999));
  });

  test('a part by itself: rows are called by their places in the whole', async () => {
    const shown: Shown[] = [];
    const part = parse('x,kind\n90,a\n10,a\n20,b\n');
    const scoring = new ClassScoring({ ...ofRows, balanced: false });
    const to = { scoring, shown: (one: Shown) => void shown.push(one), placeOf: (row: number) => 100 + 2 * row };
    await scorePlain(sign, ofRows, part, to);
    const [{ mistakes }] = shown as ShownClasses[];
    expect(mistakes.map(({ name, answered, steps }) => [name, answered, steps])).toEqual([
      ['row 105', 'a', [[20]]],
      ['row 101', 'b', [[90]]],
    ]);
    expect((await predictPlain(sign, ofRows, part, to.placeOf)).map(({ row }) => row)).toEqual([101, 103, 105]);
    expect(plainSample(ofRows, part, to.placeOf).input(2).name).toBe('row 105');
  });

  test('groups that stand apart: each once, by its first row in the file', async () => {
    const text = 'who,x,kind\na,10,b\na,10,b\nb,90,a\nb,80,a\n';
    const { artefact } = prepareClassify(parse(text), { label: 'kind', group: 'who' }, 0);
    const groups = 300;
    const source = streamed(
      `who,x\n${Array.from({ length: 2 * groups }, (_, i) => `g${i % groups},${numberOf(i % groups)}`).join('\n')}\n`,
    );
    const { rows: answers, notes } = await classifyTask.predict(loadedOf(artefact), long(source), {});
    expect(notes).toEqual(['rows of one who stand apart: the table is read 2 times']);
    const { result } = await classifyTask.predict(loadedOf(artefact), long(source), {});
    expect(result.rows.map(({ row, group, label }) => [row, group, label])).toEqual(
      places.slice(0, groups).map((i) => [i + 1, `g${i}`, numberOf(i) > 47.5 ? 'b' : 'a']),
    );
    expect(answers.map(([name]) => name)).toEqual(places.slice(0, groups).map((i) => `g${i}`));
  });
});
