/** Several series, columns and intervals: together they are what each of them is alone. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Loaded } from '../../../src/tasks/definition.js';
import type { ForecastArtefact } from '../../../src/tasks/forecast/artefact.js';
import { type ForecastEvaluation, Scores } from '../../../src/tasks/forecast/evaluation.js';
import { checkLengths, checkVaries, trendWarnings } from '../../../src/tasks/forecast/plain.js';
import { forecastTask } from '../../../src/tasks/forecast/task.js';
import type { Shown } from '../../../src/tasks/shown.js';
import { refusal } from '../../refusal.js';
import { seriesOf } from './series.js';
import { noise, runOf, source, train, weekly } from './support.js';

const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));
const date = (i: number) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
/** Rows [from, to) of a shop. */
const rows = (shop: 'a' | 'b', from: number, to: number) =>
  list(to - from, (k) => from + k).map((i) => {
    const s = shop === 'a' ? 0 : 1;
    return `${date(i)},${shop},${(weekly(i) * (1 + 3 * s)).toFixed(2)},${(5 + 40 * s + 9 * noise(i, 4 + s)).toFixed(2)}`;
  });
const table = (...parts: string[][]) => source(`date,shop,v,w\n${parts.flat().join('\n')}\n`, 'new.csv');

describe('new rows of two series', () => {
  let loaded: Loaded<ForecastArtefact>;
  beforeAll(async () => {
    const data = table(rows('a', 0, 30), rows('b', 4, 30));
    const options = { targets: ['v', 'w'], group: ['shop'], window: 3, horizon: 2 };
    ({ loaded } = await train(data, options, { plain: true, settings: { epochs: 1, validationSplit: 0 } }));
  });

  const errorsOf = ({ samples, targets, verdict }: ForecastEvaluation, name: string) => ({
    name,
    samples,
    targets: targets.map(({ column, mae, rmse, smape, mase }) => ({ column, mae, rmse, smape, mase })),
    verdict,
  });
  const trainedOn = 'the model was trained on rows that it is scored on here: errors on new rows are larger';
  const after = (count: number) =>
    `scored on the ${count} rows after those that the model was trained on; --from chooses others`;

  // The new rows of a follow those trained on; those of b follow too, or begin among them.
  test.each<[string, number, { from?: string }, [number, number], string[]]>([
    ['all', 30, {}, [11, 7], []],
    ['all but those trained on', 25, {}, [11, 7], [after(18)]],
    ['from the first row on', 30, { from: '1' }, [11, 7], []],
    ['from the first row on, which was trained on', 25, { from: '1' }, [11, 9], [trainedOn]],
    ['from the fourth row of each', 30, { from: '4' }, [8, 4], []],
    ['from the fourth row of each, one of which was trained on', 25, { from: '4' }, [8, 9], [trainedOn]],
    ['from a time on', 30, { from: '2020-02-05' }, [6, 2], []],
    ['from a time on that is before them', 30, { from: '2020-01-20' }, [11, 7], []],
    ['from a time on that is after one of them', 30, { from: '2020-02-08' }, [3, 0], []],
  ])('are scored as each alone: %s', async (_, first, options, samples, notes) => {
    const own = [rows('a', 30, 42), rows('b', first, 38)];
    const both = await forecastTask.evaluate(loaded, table(...own), options);
    const scored = own.filter((_, s) => samples[s] > 0);
    const alone = await Promise.all(scored.map((one) => forecastTask.evaluate(loaded, table(one), options)));
    expect(alone.map((one) => one.samples)).toEqual(samples.filter((count) => count > 0));
    expect(both.series ?? [errorsOf(both, 'a')]).toEqual(alone.map((one, s) => errorsOf(one, 'ab'[s])));
    expect(both.samples).toBe(samples[0] + samples[1]);
    expect(both.trainedOn).toBe(notes[0] === trainedOn);
    expect(both.notes).toEqual(notes);
  });

  test('have errors in units of what the rows trained on change by, of each series and column', async () => {
    const values = (lines: string[], column: number) => lines.map((line) => Number(line.split(',')[column]));
    const own = { a: rows('a', 30, 42), b: rows('b', 30, 38) };
    for (const [name, lines] of Object.entries(own)) {
      const { targets, season } = await forecastTask.evaluate(loaded, table(lines), {});
      const trained = name === 'a' ? rows('a', 0, 30) : rows('b', 4, 30);
      for (const [c, { mae, mase }] of targets.entries()) {
        const y = values(trained, 2 + c);
        const changes = y.slice(season).map((value, t) => Math.abs(value - y[t]));
        const unit = changes.reduce((sum, change) => sum + change, 0) / changes.length;
        expect(mase).toBeCloseTo(mae / unit, 9);
      }
    }
  });

  test('are forecast as each alone, in one table of both', async () => {
    const own = [rows('a', 30, 42), rows('b', 27, 38)];
    const both = await forecastTask.predict(loaded, table(...own), { steps: 5 });
    const [a, b] = await Promise.all(own.map((one) => forecastTask.predict(loaded, table(one), { steps: 5 })));
    expect(both).toEqual({
      ...a,
      rows: [...a.rows, ...b.rows],
      result: { columns: ['v', 'w'], rows: [...a.result.rows, ...b.result.rows] },
    });
    expect(both.head).toEqual(['shop', 'date', 'v', 'w']);
    expect(both.rows.map((row) => row.slice(0, 2))).toEqual([
      ...list(5, (h) => ['a', date(42 + h)]),
      ...list(5, (h) => ['b', date(38 + h)]),
    ]);
  });
});

test('intervals of two columns stand by the column, each probability once, the narrowest first', async () => {
  const data = source(`y,z\n${list(30, (i) => `${weekly(i)},${100 + 50 * noise(i, 6)}`).join('\n')}\n`);
  const { loaded } = await train(data, { targets: ['y', 'z'], horizon: 4, window: 4 }, { settings: { epochs: 1 } });
  const interval = [80, 9, 97.5, 80, 100 / 3];
  const { head, rows: told, result } = await forecastTask.predict(loaded, undefined, { interval, steps: 5 });
  const ends = ['9 %', '33.3333 %', '80 %', '97.5 %'].flatMap((p) => [`${p} low`, `${p} high`]);
  expect(head).toEqual(['step', 'y', ...ends.map((end) => `y ${end}`), 'z', ...ends.map((end) => `z ${end}`)]);
  expect(told).toHaveLength(5);
  for (const [h, { step, values, intervals = [] }] of result.rows.entries()) {
    expect(step).toBe(h + 1);
    expect(intervals.map(({ probability }) => probability)).toEqual([0.09, 100 / 3 / 100, 0.8, 0.975]);
    const cells = [0, 1].flatMap((c) => [values[c], ...intervals.flatMap(({ lower, upper }) => [lower[c], upper[c]])]);
    expect(told[h]).toEqual([String(step), ...cells]);
    for (const c of [0, 1]) {
      const order = [
        ...intervals.map(({ lower }) => lower[c]).reverse(),
        values[c],
        ...intervals.map(({ upper }) => upper[c]),
      ];
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
    // By the percentage alone: each of them is what it is alone.
    for (const [i, share] of [9, 100 / 3, 80, 97.5].entries()) {
      const one = await forecastTask.predict(loaded, undefined, { interval: [share], steps: 5 });
      expect(one.result.rows[h].intervals).toEqual([intervals[i]]);
    }
  }
  loaded.model.dispose();
});

describe('series of which one ends before the other', () => {
  const ending = (a: [number, number], b: [number, number]) => table(rows('a', ...a), rows('b', ...b));
  const options = { targets: ['v'], features: [], group: ['shop'] };
  const quick = { settings: { epochs: 1 } };

  test.each([
    // Of 74 rows the last fifth begins at the 30th day: 5 rows of a and 11 of b.
    [8, []],
    [11, []],
    [12, ['only the first 11 of 12 steps could be compared with what came']],
  ])('as many as %d steps are compared as the one that goes on longest has held out', async (horizon, notes) => {
    for (const data of [ending([0, 34], [0, 40]), ending([0, 40], [0, 34])]) {
      const { evaluation, model } = await train(data, { ...options, horizon }, quick);
      model.dispose();
      expect(evaluation.samples).toBe(16);
      expect(evaluation.series?.map(({ samples }) => samples).sort()).toEqual([11, 5]);
      expect(evaluation.notes.filter((note) => note.startsWith('only'))).toEqual(notes);
    }
  });

  test.each([true, false])(
    'one that begins when the training part is over is not scored, and saved all the same: plain %j',
    async (plain) => {
      const settings = { epochs: 1, validationSplit: 0.25 };
      const own = { ...options, features: plain ? ['v'] : [], window: 2, horizon: 3 };
      const { evaluation, artefact, model } = await train(ending([0, 40], [34, 40]), own, { plain, settings });
      model.dispose();
      // Of 46 rows the last 12 are of 6 days.
      expect(artefact.series.map(({ name, rows: all }) => [name, all])).toEqual([
        ['a', 40],
        ['b', 6],
      ]);
      expect([evaluation.samples, evaluation.series]).toEqual([plain ? 4 : 6, undefined]);
    },
  );

  test.each([true, false])('folds have rows where one of them has, fitted anew %j', async (refit) => {
    for (const [data, first] of [
      [ending([0, 28], [0, 40]), 12],
      [ending([0, 40], [0, 28]), 12],
    ] as const) {
      const run = runOf({ settings: { epochs: 1, validationSplit: 0.4 } });
      const { folds, samples, series } =
        (await forecastTask.backtest?.(data, { ...options, horizon: 12 }, run, { folds: 3, refit })) ?? {};
      const held = series?.map((one) => one.samples) ?? [];
      expect(held.reduce((sum, count) => sum + count, 0)).toBe(samples);
      expect(folds?.reduce((sum, fold) => sum + fold.samples, 0)).toBe(samples);
      expect(folds).toHaveLength(3);
      expect(folds?.at(-1)?.samples).toBeLessThan(first);
    }
  });
});

describe('scores', () => {
  /** Two columns of 8 rows, of which b's row 5 and in the second series a's row 6 were filled in. */
  const seriesNamed = (name: string, key: number) => {
    const one = seriesOf(
      { targets: [list(8, (i) => 10 * noise(i, key)), list(8, (i) => 20 + 5 * noise(i, key + 1))] },
      name,
    );
    const filled = new Uint8Array(16);
    filled[name === 'q' ? 2 * 6 : 2 * 5 + 1] = 1;
    return { ...one, filled };
  };
  const all = [seriesNamed('p', 1), seriesNamed('q', 5)];
  const forecastsOf = (origins: readonly number[], key: number) => {
    const values = Float64Array.from({ length: origins.length * 3 * 2 }, (_, i) => 10 * noise(i, 20 + key));
    const intervals = [0.5, 0.9].map((probability) => ({
      probability,
      lower: values.map((value) => value - 12 * probability),
      upper: values.map((value) => value + 12 * probability),
    }));
    return { values, anchor: values.map((value) => value + 1), intervals };
  };
  const scored = async (which: readonly number[], parts: readonly (readonly number[])[], folds: boolean) => {
    const pictures: Shown[] = [];
    const scores = new Scores(['a', 'b'], 3, 2, { shown: (part) => pictures.push(part) });
    for (const [k, origins] of parts.entries()) {
      if (folds) scores.fold(`part ${k + 1}`);
      for (const s of which) {
        const scales = s === 0 ? [2, 0.5] : [4, 1];
        await scores.add({ series: all[s], origins, scales }, forecastsOf(origins, 10 * s + k));
      }
    }
    return { pictures, evaluation: scores.evaluation(false, []) };
  };
  const errorsOf = ({ samples, targets, verdict }: ForecastEvaluation) => ({
    samples,
    targets: targets.map(({ column, mae, rmse, smape, mase }) => ({ column, mae, rmse, smape, mase })),
    verdict,
  });
  const parts = [
    [2, 3],
    [4, 5, 6],
  ];

  test('of each series, and of each fold over all series, are what they are alone', async () => {
    const { evaluation, pictures } = await scored([0, 1], parts, true);
    const alone = await Promise.all([0, 1].map((s) => scored([s], parts, false)));
    expect(evaluation.series).toEqual(alone.map((one, s) => ({ name: 'pq'[s], ...errorsOf(one.evaluation) })));
    const first = await scored([0, 1], parts.slice(0, 1), false);
    expect(evaluation.folds?.[0]).toEqual({ from: 'part 1', ...errorsOf(first.evaluation) });
    expect(evaluation.folds?.map(({ samples, from }) => [samples, from])).toEqual([
      [4, 'part 1'],
      [6, 'part 2'],
    ]);
    expect(evaluation.samples).toBe(10);
    expect(pictures.map((one) => one.kind === 'forecast' && one.series)).toEqual(['p', 'q', 'p', 'q']);
  });

  test('over all series, and over all folds, are means by the forecasts that were compared', async () => {
    const { evaluation } = await scored([0, 1], parts, true);
    const { targets, series = [], folds = [] } = evaluation;
    // Of each series 14 forecasts are of its rows, and each value that was filled in is forecast at three steps.
    const compared = [
      {
        parts: series,
        counts: [
          [14, 11],
          [11, 14],
        ],
      },
      {
        parts: folds,
        counts: [
          [12, 13],
          [11, 14],
        ],
      },
    ];
    for (const { parts: own, counts } of compared) {
      for (const [c, target] of targets.entries()) {
        const mean = (of: (errors: { mae: number; rmse: number; smape: number; mase: number | null }) => number) =>
          expect.closeTo(own.reduce((sum, one, i) => sum + counts[c][i] * of(one.targets[c]), 0) / 25, 9);
        expect(target.mae).toEqual(mean(({ mae }) => mae));
        expect(target.rmse ** 2).toEqual(mean(({ rmse }) => rmse ** 2));
        expect(target.smape).toEqual(mean(({ smape }) => smape));
        expect(target.mase).toEqual(mean(({ mase }) => mase ?? 0));
      }
    }
    for (const { steps, coverage, smoothing } of targets) {
      expect(steps.map(({ step }) => step)).toEqual([1, 2, 3]);
      expect(coverage?.map(({ probability }) => probability)).toEqual([0.5, 0.9]);
      expect(smoothing?.steps).toHaveLength(3);
    }
  });

  test('tell a value that was filled in once, in however many parts it is forecast, of each series', async () => {
    expect((await scored([0, 1], parts, true)).evaluation.notes).toEqual([
      '2 values of these rows are filled in and not scored',
    ]);
    expect((await scored([0], parts, false)).evaluation.notes).toEqual([
      '1 value of these rows is filled in and not scored',
    ]);
  });
});

describe('before a plain network is trained', () => {
  const set = (...columns: number[][]) => columns.map((values, s) => seriesOf({ targets: [values] }, `s${s}`));

  test('the longest series tells whether a window fits, and whether a horizon is held out', async () => {
    const [short, long] = [list(4, weekly), list(20, weekly)];
    for (const series of [set(short, long), set(long, short)]) {
      const trained = series.map(({ rows: n }) => n * 0.75);
      expect(() => checkLengths('a.csv', series, trained, 10, 5)).not.toThrow();
      expect(await refusal(() => checkLengths('a.csv', series, trained, 11, 5))).toBe(
        'data: a.csv: its 15 rows without the 5 held out are too few for window 11 and horizon 5; take --window 10 or less',
      );
      expect(await refusal(() => checkLengths('a.csv', series, trained, 2, 6))).toBe(
        'data: a.csv: the 5 rows held out are fewer than horizon 6; take a larger --validation-split, or 0',
      );
    }
  });

  test('a target varies where it does in one series, or from one to the other', async () => {
    const where = (row: number, column: string) => `row ${row + 1}, ${column}`;
    const check = (...columns: number[][]) =>
      refusal(() =>
        checkVaries(
          { where } as never,
          set(...columns),
          columns.map(({ length }) => length - 1),
          ['y'],
        ),
      );
    expect(await check([3, 3, 3, 9], [3, 3, 9])).toBe(
      'data: row 3, y: every value up to here is 3; there is nothing to learn from a constant',
    );
    for (const columns of [
      [
        [3, 3, 4, 9],
        [3, 3, 9],
      ],
      [
        [3, 3, 3, 9],
        [3, 4, 9],
      ],
      [
        [3, 3, 3, 9],
        [4, 4, 9],
      ],
    ]) {
      expect(await check(...columns)).toBe('nothing');
    }
  });

  test('a trend is one within its series, counted over all of them', () => {
    const of = (series: number[][], names = ['y']) =>
      trendWarnings(
        set(...series),
        series.map(({ length }) => length - 2),
        names,
      );
    const told = (beyond: number, all: number) => [
      `y: ${beyond} of the ${all} values held out are beyond all that are trained on; a plain network cannot follow a trend: leave --plain out`,
    ];
    // Beyond all of its own series, and within those of the other.
    expect(
      of([
        [1, 2, 3, 4],
        [0, 9, 5, 5],
      ]),
    ).toEqual([]);
    expect(
      of([
        [1, 2, 3, 4],
        [6, 5, 4, 5],
      ]),
    ).toEqual(told(3, 4));
    expect(
      of([
        [1, 2, 0, -1],
        [6, 5, 4, 3],
        [0, 9, 1, 1],
      ]),
    ).toEqual(told(4, 6));
    const two = seriesOf({
      targets: [
        [1, 2, 1, 2],
        [1, 2, 3, 0],
      ],
    });
    expect(trendWarnings([two], [2], ['x', 'y'])).toEqual(told(2, 2));
  });
});
