import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import '../../propertySeed.js';
import { loadModel } from '../../../src/sequential.js';
import { backtestForecast } from '../../../src/tasks/forecast/backtest.js';
import { forecastTask } from '../../../src/tasks/forecast/task.js';
import { days, failure, fixture, noise, rowsOf, runOf, saved, source, train, weekly } from './support.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memcell-forecast-'));
});
afterAll(() => rm(folder, { recursive: true }));

const sales = source(days(140, { sales: weekly }), 'sales.csv');

describe('training', () => {
  test('one season ahead by default, evaluated on the newest fifth; the saved model has seen every row', async () => {
    const { prepared, evaluation, artefact, warnings, settings } = await train(sales, { targets: ['sales'] });
    expect(prepared).toMatchObject({ layers: 'LSTM(16), Dense(7)', samples: 112, heldOut: 28, warnings: [] });
    expect(prepared.account?.time).toMatchObject({ notation: 'yyyy-MM-dd', step: '1 day', season: 7 });
    expect(evaluation).toMatchObject({ kind: 'forecast', samples: 28, horizon: 7, season: 7, trainedOn: false });
    const [target] = evaluation.targets;
    expect(target).toMatchObject({ column: 'sales', mae: expect.any(Number), rmse: expect.any(Number) });
    for (const method of [target, target.naive, target.seasonalNaive, target.drift, target.smoothing]) {
      expect(method?.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      for (const value of [method?.mae, method?.rmse, method?.smape, method?.mase]) expect(value).toBeGreaterThan(0);
    }
    expect(target.coverage?.map(({ probability }) => probability)).toEqual([0.8, 0.95]);
    expect(target.coverage?.[0].share).toBeGreaterThan(0.55);
    expect(target.coverage?.[1].share).toBeGreaterThanOrEqual(target.coverage?.[0].share ?? 1);
    expect(evaluation.verdict).toMatchObject({ better: true });
    expect(evaluation.verdict.text).toMatch(/^\d+ % better than the best simple guess/);
    expect(warnings).toEqual([]);
    expect(evaluation.notes[0]).toBe(
      'the errors are of a model fitted on the first 112 rows; the one saved is fitted on all 140, and of it:',
    );
    expect(artefact.series[0]).toMatchObject({ rows: 140, trained: 140 });
    expect(settings).toMatchObject({ optimizer: 'adam', validationSplit: 0.2, seed: 1 });
    const { headline, details } = forecastTask.tell(evaluation, ', held out');
    expect(headline[0]).toMatch(/^28 forecasts of 7 steps, held out +MAE +RMSE +sMAPE +MASE +in 80 % +in 95 %\nsales/);
    expect(headline[1]).toBe(evaluation.verdict.text);
    expect(details.join('\n')).toContain('step 7');
  }, 30_000);

  test('a window longer than the data and a horizon that no layer holds are refused before training', async () => {
    expect(await failure(train(sales, { targets: ['sales'], window: 1e9 }))).toBe(
      'sales.csv: window 1000000000 is longer than the 140 rows there are; take a smaller --window',
    );
    expect(await failure(train(sales, { targets: ['sales'], horizon: 1e6 }))).toBe(
      'horizon: 1000000 is too far; at most 65536, and predict with --steps goes further',
    );
  });

  test('the time named as known stays the time', async () => {
    const { artefact, prepared } = await train(sales, { targets: ['sales'], known: ['date'] });
    expect(artefact).toMatchObject({ known: [], season: 7, reading: { time: { columns: ['date'] } } });
    expect(prepared.account?.time).toMatchObject({ step: '1 day' });
  }, 30_000);

  test('intervals that hold far too little are said to be too narrow; corrections of nothing are none', async () => {
    const wild = (i: number) => (i < 100 ? 50 + noise(i, 2) : 50 + 100 * noise(i, 2)).toFixed(3);
    const { evaluation } = await train(source(days(125, { level: wild })), { targets: ['level'], horizon: 1 });
    expect(evaluation.targets[0].coverage?.[0].share).toBeLessThan(0.6);
    const { headline } = forecastTask.tell(evaluation, ', held out');
    expect(headline.join('\n')).toMatch(
      /^the 80 % intervals held only \d+\.\d % of the values here: they are too narrow$/m,
    );
    expect(evaluation.notes.join('\n')).not.toMatch(/added to it: 0 % of the network's correction, 0 %/);
  }, 30_000);

  test('a random walk: no better than the last value, which is a warning', async () => {
    let level = 0;
    const walk = source(
      days(120, {
        level: (i) => {
          level += noise(i, 3);
          return level.toFixed(4);
        },
      }),
    );
    const { evaluation, warnings } = await train(walk, { targets: ['level'], horizon: 1 });
    expect(evaluation.verdict.text).toMatch(/^no better than the best simple guess \(.+\); use that$/);
    expect(warnings).toEqual([evaluation.verdict.text]);
    expect(evaluation.targets[0].mae).toBeLessThan(1.2 * evaluation.targets[0].naive.mae);
  }, 30_000);

  test('a series that follows from its last value by a curve: the network earns most of it, and says how it learnt', async () => {
    const values = [0.3];
    for (let i = 1; i < 240; i++) values.push(3.8 * values[i - 1] * (1 - values[i - 1]));
    const data = source(days(240, { x: (i) => values[i].toFixed(6) }));
    const { evaluation, history } = await train(data, { targets: ['x'], horizon: 1 });
    const [{ mae, smoothing }] = evaluation.targets;
    expect(mae).toBeLessThan(0.5 * (smoothing?.mae ?? 0));
    expect(Object.keys(history)).toEqual(expect.arrayContaining(['loss', 'val_loss', 'val_mae']));
    expect(forecastTask.tell(evaluation, '').headline.join('\n')).toMatch(
      /network and ridge regression: \d\d % better than exponential smoothing alone/,
    );
  }, 30_000);

  test('why there is no MASE is said, and that both are exact', async () => {
    const { evaluation } = await train(source(days(40, { v: (i) => i % 7 })), { targets: ['v'] });
    const { headline } = forecastTask.tell(evaluation, '');
    expect(headline[1]).toMatch(
      /^every forecast is exact, and so is the best simple guess \(seasonal naive, 7 rows before\)/,
    );
    expect(headline.join('\n')).toMatch(/^no MASE of v: on the rows trained on it repeats its last 7 rows exactly/m);
  }, 30_000);

  test('nothing held out is said', async () => {
    const { evaluation, artefact, prepared } = await train(
      sales,
      { targets: ['sales'] },
      { settings: { validationSplit: 0 } },
    );
    expect(prepared).toMatchObject({ samples: 140, heldOut: 0 });
    expect(evaluation.trainedOn).toBe(true);
    expect(evaluation.notes.at(-1)).toMatch(/^nothing was held out/);
    expect(artefact.series[0].trained).toBe(140);
  }, 30_000);

  test('two targets of different size, in another order than the columns, beside a further column', async () => {
    const table = source(
      days(150, {
        small: (i) => (weekly(i) / 1000).toFixed(6),
        cause: (i) => noise(i + 1, 5).toFixed(4),
        large: (i) => (1e6 + 1e4 * noise(i, 5) + 1000 * noise(i, 7)).toFixed(1),
      }),
    );
    const { evaluation, loaded, artefact } = await train(table, { targets: ['large', 'small'], horizon: 2 });
    expect(evaluation.targets.map(({ column }) => column)).toEqual(['large', 'small']);
    expect(evaluation.targets[0].mae).toBeGreaterThan(100);
    expect(evaluation.targets[1].mae).toBeLessThan(0.02);
    if (artefact.method !== 'recipe') throw new Error('not the recipe');
    expect(artefact.past).toEqual(['cause']);
    const rows = await rowsOf(loaded, undefined, {});
    expect(rows.map(({ time }) => time)).toEqual(['2020-05-30', '2020-05-31']);
    for (const { values } of rows) {
      expect(values[0]).toBeGreaterThan(9e5);
      expect(values[1]).toBeLessThan(1);
    }
    const numbers = (await table.text())
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => [Number(line.split(',')[3]), Number(line.split(',')[1])]);
    /** MAE / MASE: the mean change from season to season of the rows before. */
    const scales = ({ season, targets }: typeof evaluation, rows: number) => {
      for (const [c, { mae, mase }] of targets.entries()) {
        const changes = numbers.slice(season, rows).map((row, t) => Math.abs(row[c] - numbers[t][c]));
        const mean = changes.reduce((sum, change) => sum + change, 0) / changes.length;
        expect((mae ?? 0) / (mase ?? 0) / mean).toBeCloseTo(1, 6);
      }
    };
    scales(evaluation, 120);
    for (const one of artefact.series) delete one.scales;
    const later = await forecastTask.evaluate(loaded, table, { from: '121' });
    if (later.kind !== 'forecast') throw new Error('not of a forecast');
    scales(later, 120);
  }, 60_000);

  test('interrupted before the second fit, the first model is kept and said to be', async () => {
    const controller = new AbortController();
    controller.abort();
    let handed = 0;
    const { stopped, evaluation, artefact, loaded } = await train(
      sales,
      { targets: ['sales'] },
      {
        signal: controller.signal,
        trained: async (_, made) => {
          expect(made.artefact).toMatchObject({ kind: 'forecast' });
          handed++;
        },
      },
    );
    expect(handed).toBe(1);
    expect(stopped?.reason).toBe('interrupted');
    expect(artefact.series[0]).toMatchObject({ rows: 140, trained: 112 });
    expect(evaluation.notes.at(-1)).toMatch(/^interrupted: .* first 112 rows/);
    expect((await rowsOf(loaded, undefined, { steps: 1 }))[0].time).toBe('2020-05-20');
  }, 30_000);

  test('of several series, an interrupted run ends soon: what was fitted before, or scored by then, is kept and said', async () => {
    const two = source(
      `day,shop,v\n${['a', 'b']
        .flatMap((shop, s) =>
          Array.from({ length: 40 }, (_, i) => `${i},${shop},${(10 * s + (i % 4) + noise(i, s)).toFixed(3)}`),
        )
        .join('\n')}\n`,
      'two.csv',
    );
    /** Notes of a run that is aborted as a stage begins, from when on a clock goes fast. */
    const interruptedAt = async (stage: RegExp) => {
      const controller = new AbortController();
      let [now, step] = [performance.now(), 0];
      const clock = jest.spyOn(performance, 'now').mockImplementation(() => {
        now += step;
        return now;
      });
      const given = {
        signal: controller.signal,
        stage: (text: string) => {
          if (!stage.test(text)) return;
          controller.abort();
          step = 5000;
        },
      };
      const { stopped, evaluation, artefact } = await train(
        two,
        { targets: ['v'], group: ['shop'], horizon: 1 },
        given,
      );
      clock.mockRestore();
      expect(stopped?.reason).toBe('interrupted');
      expect(artefact.series.map(({ rows, trained }) => [rows, trained])).toEqual([
        [40, 32],
        [40, 32],
      ]);
      return [evaluation.samples, evaluation.notes.filter((note) => note.startsWith('interrupted'))];
    };
    const kept = 'interrupted: the model saved is fitted on the first 64 rows only';
    expect(await interruptedAt(/^fitting on all 80 rows/)).toEqual([16, [kept]]);
    expect(await interruptedAt(/^networks of/)).toEqual([8, ['interrupted: scored on the first 1 of 2 series', kept]]);
  });

  test('settings are honoured or refused', async () => {
    const { settings } = await train(
      sales,
      { targets: ['sales'] },
      { layers: 'GRU(4), Dense(7)', settings: { epochs: 3, batchSize: 8, learningRate: 0.02 } },
    );
    expect(settings).toMatchObject({ epochs: 3, batchSize: 8, learningRate: 0.02 });
    expect(
      await failure(forecastTask.prepare(sales, { targets: ['sales'] }, runOf({ settings: { epochs: 0 } }))),
    ).toMatch(/^epochs: 0/);
  }, 30_000);
});

describe('a saved model', () => {
  test('of five rows, too few for a network, forecasts all the same; steps that could not be compared are told', async () => {
    const few = source('date,v\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n2020-01-04,4\n2020-01-05,5\n', 'few.csv');
    const { loaded, evaluation } = await train(few, { targets: ['v'] });
    const rows = await rowsOf(loaded, undefined, {});
    expect(rows.map(({ time }) => time).slice(0, 2)).toEqual(['2020-01-06', '2020-01-07']);
    for (const { values } of rows) expect(Number.isFinite(values[0])).toBe(true);
    expect(evaluation.notes).toContainEqual(expect.stringMatching(/^only the first 1 of 7 steps/));
  });

  test('forecasts the same when loaded, without data and with the data it was trained on', async () => {
    const { model, artefact, loaded } = await train(sales, { targets: ['sales'] });
    const before = await rowsOf(loaded, undefined, { steps: 10 });
    await model.save(join(folder, 'sales'));
    const again = { model: await loadModel(join(folder, 'sales')), artefact: saved(artefact), name: 'sales' };
    expect(await rowsOf(again, undefined, { steps: 10 })).toEqual(before);
    expect(await rowsOf(again, sales, { steps: 10 })).toEqual(before);
    expect(before.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(before[9].time).toBe('2020-05-29');
    expect(forecastTask.shapes(artefact)).toEqual({
      input: model.inputShape.slice(1),
      outputs: [model.outputShape.slice(1)],
    });
    expect(forecastTask.next(artefact, '"my models/a"', 'x.csv')).toBe('memcell predict "my models/a"');

    const more = source(days(160, { sales: weekly }), 'more.csv');
    const whole = await rowsOf(again, more, { steps: 3 });
    expect(whole[0].time).toBe('2020-06-09');
    expect(await rowsOf(again, source(days(20, { sales: weekly }, 140), 'new.csv'), { steps: 3 })).toEqual(whole);
    expect(await rowsOf(again, source(days(40, { sales: weekly }, 120), 'part.csv'), { steps: 3 })).toEqual(whole);

    const evaluation = await forecastTask.evaluate(again, more, {});
    expect(evaluation).toMatchObject({ samples: 20, trainedOn: false });
    expect(evaluation.notes[0]).toMatch(/^scored on the 20 rows after those that the model was trained on/);
    const fresh = source(days(20, { sales: weekly }, 140), 'new.csv');
    const [of, alone] = [evaluation, await forecastTask.evaluate(again, fresh, {})].map(
      ({ targets: [target] }) => target,
    );
    expect(alone).toMatchObject({ mae: of.mae, coverage: of.coverage, naive: of.naive, smoothing: of.smoothing });
    expect(await forecastTask.evaluate(again, more, { from: '151' })).toMatchObject({ samples: 10, trainedOn: false });
    expect(await forecastTask.evaluate(again, more, { from: '2020-05-30' })).toMatchObject({ samples: 10 });
    const seen = await forecastTask.evaluate(again, sales, {});
    expect(seen.trainedOn).toBe(true);
    expect(seen.notes[0]).toMatch(/^the model was trained on rows/);
    expect(await failure(forecastTask.evaluate(again, more, { from: 'May' }))).toMatch(/'May' is not a time/);
  }, 60_000);

  test('intervals: 80 % unless others are asked for, and around the forecast', async () => {
    const { loaded } = await train(sales, { targets: ['sales'] });
    const { head } = await forecastTask.predict(loaded, undefined, {});
    expect(head).toEqual(['date', 'sales', '80 % low', '80 % high']);
    const [row] = await rowsOf(loaded, undefined, { interval: [95, 50] });
    expect(row.intervals?.map(({ probability }) => probability)).toEqual([0.5, 0.95]);
    const [half, wide] = row.intervals ?? [];
    expect(wide.lower[0]).toBeLessThan(half.lower[0]);
    expect(half.lower[0]).toBeLessThan(row.values[0]);
    expect(row.values[0]).toBeLessThan(half.upper[0]);
    expect(half.upper[0]).toBeLessThan(wide.upper[0]);
  }, 30_000);

  test('of a table of fewer rows than a window has, and of such a series beside others', async () => {
    const five = source('v\n1\n2\n3\n4\n5\n', 'five.csv');
    const { loaded, artefact } = await train(five, { targets: ['v'] });
    expect(artefact.window).toBeGreaterThan(5);
    const rows = await rowsOf(loaded, undefined, { steps: 3 });
    expect(rows.map(({ values }) => values[0])).toEqual([6, 7, 8].map((value) => expect.closeTo(value, 3)));
    expect(await rowsOf(loaded, five, { steps: 3 })).toEqual(rows);
    const lines = Array.from({ length: 30 }, (_, i) => `a,${noise(i, 5)}`);
    const uneven = source(`shop,v\n${lines.join('\n')}\nb,3\nb,4\nb,5\n`);
    const both = await train(uneven, { targets: ['v'], group: ['shop'] });
    const made = await rowsOf(both.loaded, undefined, { steps: 2 });
    expect(made.map(({ series }) => series)).toEqual(['a', 'a', 'b', 'b']);
  }, 30_000);

  test('what it cannot do is one line', async () => {
    const { loaded } = await train(sales, { targets: ['sales'] });
    expect(await failure(forecastTask.predict(loaded, undefined, { steps: 1e9 }))).toBe(
      'steps: 1000000000 are too many; at most 100000',
    );
    expect(await failure(forecastTask.predict(loaded, undefined, { future: 'x.csv' }))).toMatch(
      /--future: the model has no/,
    );
    const short = source(days(3, { sales: weekly }, 700), 'short.csv');
    expect(await failure(forecastTask.predict(loaded, short, {}))).toBe(
      'short.csv: has 3 rows; this model needs 7 to forecast from',
    );
    const hourly = await fixture('tables/hourly.csv');
    const { columns } = await hourly.table();
    const text = (await hourly.text()).replace(columns[1].name, 'sales');
    expect(await failure(forecastTask.predict(loaded, source(text, 'hourly.csv'), {}))).toMatch(/1 day.*1 hour/);
    expect(await failure(forecastTask.predict(loaded, source('date,a\n2020-01-01,1\n'), {}))).toMatch(
      /no column sales/,
    );
  }, 30_000);
});

describe('what must not matter', () => {
  test('the order of rows that have times: the same forecasts and errors to the bit', async () => {
    const [head, ...lines] = days(60, { sales: weekly, cause: (i) => noise(i, 4).toFixed(4) })
      .trim()
      .split('\n');
    const made = async (rows: string[]) => {
      const { loaded, evaluation } = await train(source([head, ...rows].join('\n')), { targets: ['sales'] });
      return { rows: await rowsOf(loaded, undefined, {}), targets: evaluation.targets };
    };
    const expected = await made(lines);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(lines, { minLength: lines.length }), async (rows) => {
        expect(await made(rows)).toEqual(expected);
      }),
      { numRuns: 2 },
    );
  }, 60_000);

  const forecastOf = async (file: string) => {
    const data = await fixture(`tables/${file}`);
    const target = (await data.table()).columns[1].name;
    const { loaded } = await train(data, { targets: [target], window: 14, horizon: 7 });
    const rows = await rowsOf(loaded, undefined, {});
    return {
      values: rows.map(({ values, intervals }) => ({ values, intervals })),
      times: rows.map(({ time }) => time),
    };
  };

  test('the notation of dates and numbers, and the order of rows: the same forecast to the bit', async () => {
    const iso = await forecastOf('saw-iso.csv');
    expect(iso.times.slice(0, 2)).toEqual(['2020-07-19', '2020-07-20']);
    const firsts: Record<string, string | undefined> = {};
    for (const file of ['saw-dmy.csv', 'saw-mdy-desc.csv', 'saw-dmy-desc.csv', 'saw-de.csv', 'saw-ymd.csv']) {
      const other = await forecastOf(file);
      expect(other.values).toEqual(iso.values);
      firsts[file] = other.times[1];
    }
    expect(firsts).toMatchObject({
      'saw-dmy.csv': '20/07/2020',
      'saw-ymd.csv': '20200720',
      'saw-de.csv': '20.07.2020',
    });
  }, 120_000);

  test('rows in any order', async () => {
    const [header, ...rows] = days(120, { sales: weekly }).trim().split('\n');
    const mixed = [...rows].sort(
      (a, b) => noise(a.length + Number(a.slice(8, 10))) - noise(Number(b.slice(5, 7)) + Number(b.slice(8, 10))),
    );
    expect(mixed).not.toEqual(rows);
    const [one, other] = await Promise.all(
      [rows, mixed].map(async (list) => {
        const { loaded, evaluation } = await train(source([header, ...list].join('\n')), { targets: ['sales'] });
        return { rows: await rowsOf(loaded, undefined, {}), targets: evaluation.targets };
      }),
    );
    expect(other).toEqual(one);
  }, 60_000);

  test('what comes later: forecasts made before it stay', async () => {
    const change = (i: number) => (i < 112 ? weekly(i) : 1000 - weekly(i));
    const [one, other] = await Promise.all(
      [weekly, change].map(async (of) => {
        const data = source(days(140, { sales: of }));
        const { loaded } = await train(data, { targets: ['sales'] }, { signal: AbortSignal.abort() });
        const head = source(days(112, { sales: of }));
        return rowsOf(loaded, head, {});
      }),
    );
    expect(other).toEqual(one);
  }, 60_000);
});

describe('columns known ahead', () => {
  const promo = async (file: string) =>
    train(await fixture(`tables/${file}`), { targets: ['sales'], known: ['promo'], window: 7, horizon: 7 });

  test('a promotion that is planned moves the forecast; yes, true and 1 are one', async () => {
    const { evaluation, loaded, artefact } = await promo('promo-01.csv');
    expect(evaluation.targets[0].mae).toBeLessThan(2);
    expect(forecastTask.next(artefact, 'model', 'x.csv')).toBe('memcell predict model --future FILE');
    for (const file of ['promo-yesno.csv', 'promo-true.csv']) {
      expect((await promo(file)).evaluation.targets[0].mae).toBe(evaluation.targets[0].mae);
    }
    const next = (i: number) => new Date(Date.UTC(2020, 0, 401 + i)).toISOString().slice(0, 10);
    const { writeFile } = await import('node:fs/promises');
    const plan = async (name: string, of: (i: number) => number, from = 0) => {
      const file = join(folder, name);
      const rows = Array.from({ length: 7 }, (_, i) => `${next(from + i)},${of(i)}`);
      await writeFile(file, `date,promo\n${rows.join('\n')}\n`);
      return file;
    };
    const none = await rowsOf(loaded, undefined, { future: await plan('none.csv', () => 0) });
    const third = await rowsOf(loaded, undefined, { future: await plan('third.csv', (i) => (i === 2 ? 1 : 0)) });
    // What the file has in it: sales follow the promotion a day later.
    expect(third[3].values[0]).toBeGreaterThan(none[3].values[0] + 60);
    expect(Math.abs(third[2].values[0] - none[2].values[0])).toBeLessThan(2);
    expect(await failure(forecastTask.predict(loaded, undefined, {}))).toBe(
      'model: needs promo of the rows to come: give --future FILE with the columns date, promo',
    );
    const late = await plan('late.csv', () => 0, 3);
    expect(await failure(forecastTask.predict(loaded, undefined, { future: late }))).toMatch(
      /has no row for 2021-02-04/,
    );
    const few = await plan('few.csv', () => 0);
    expect(await failure(forecastTask.predict(loaded, undefined, { future: few, steps: 9 }))).toMatch(
      /has 7 rows after the end of the data, and 9 steps are to be forecast; give more rows, or --steps 7/,
    );
  }, 120_000);
});

describe('several series in one table', () => {
  const panel = (stores: readonly string[], n = 90, from = 0) => {
    const lines = ['date,store,sales'];
    for (let i = from; i < from + n; i++) {
      for (const [s, store] of stores.entries()) {
        const date = new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
        lines.push(`${date},${store},${(10 ** s * weekly(i + s) + s * noise(i, s + 2)).toFixed(3)}`);
      }
    }
    return source(`${lines.join('\n')}\n`, 'panel.csv');
  };

  test('figures of all and of each, forecasts of each', async () => {
    const { evaluation, loaded, artefact } = await train(panel(['north', 'south', 'west']), {
      targets: ['sales'],
      group: ['store'],
    });
    expect(evaluation.samples).toBe(54);
    expect(evaluation.series?.map(({ name, samples }) => [name, samples])).toEqual([
      ['north', 18],
      ['south', 18],
      ['west', 18],
    ]);
    const mases = evaluation.series?.map(({ targets }) => targets[0].mase ?? Number.NaN) ?? [];
    const mean = mases.reduce((sum, value) => sum + value, 0) / 3;
    expect(evaluation.targets[0].mase).toBeCloseTo(mean, 8);
    expect(forecastTask.tell(evaluation, '').details.join('\n')).toContain('of 3 series');
    const { head, rows } = await forecastTask.predict(loaded, undefined, { steps: 2 });
    expect(head.slice(0, 3)).toEqual(['store', 'date', 'sales']);
    expect(rows.map((row) => row.slice(0, 2))).toEqual([
      ['north', '2020-03-31'],
      ['north', '2020-04-01'],
      ['south', '2020-03-31'],
      ['south', '2020-04-01'],
      ['west', '2020-03-31'],
      ['west', '2020-04-01'],
    ]);
    expect(Number(rows[4][2]) / Number(rows[0][2])).toBeGreaterThan(50);
    const again = { ...loaded, artefact: saved(artefact) };
    expect((await forecastTask.predict(again, undefined, { steps: 2 })).rows).toEqual(rows);

    const one = await forecastTask.predict(again, panel(['north', 'east'], 30, 80), { steps: 1 });
    expect(one.rows.map((row) => row[0])).toEqual(['north']);
    expect(one.notes.join('\n')).toMatch(/1 series left out, which the model was not trained on: east/);
    expect(await failure(forecastTask.predict(again, panel(['east'], 30), {}))).toMatch(/has none of the 3 series/);
  }, 90_000);

  test('without --group the column that tells series is proposed', async () => {
    const data = await fixture('tables/panel-inter.csv');
    expect(await failure(forecastTask.prepare(data, { targets: ['y'] }, runOf()))).toMatch(/--group unique_id/);
  });
});

describe('backtest', () => {
  test('folds on the newest part, fitted anew or once', async () => {
    const stages: string[] = [];
    const run = runOf({ stage: (text) => stages.push(text) });
    const backtest = forecastTask.backtest;
    if (!backtest) throw new Error('no backtest');
    const once = await backtest(sales, { targets: ['sales'], horizon: 3 }, run, { folds: 4, refit: false });
    expect(once.folds?.map(({ samples, from }) => [samples, from])).toEqual([
      [7, '2020-04-22'],
      [7, '2020-04-29'],
      [7, '2020-05-06'],
      [7, '2020-05-13'],
    ]);
    expect(once.samples).toBe(28);
    expect(stages.filter((text) => text.startsWith('fitting on'))).toEqual(['fitting on 112 rows']);
    const anew = await backtest(sales, { targets: ['sales'], horizon: 3 }, run, { folds: 2, refit: true });
    expect(stages.filter((text) => text.includes(': fitting on'))).toEqual([
      'fold 1 of 2: fitting on 112 rows',
      'fold 2 of 2: fitting on 126 rows',
    ]);
    expect(anew.folds).toHaveLength(2);
    expect(anew.targets[0].naive).toMatchObject({ mae: once.targets[0].naive.mae });
    expect(forecastTask.tell(anew, ', backtest').details.join('\n')).toContain('fold 2, from 2020-05-06');
    expect(await failure(backtest(sales, { targets: ['sales'] }, run, { folds: 40, refit: false }))).toMatch(
      /^folds: the 28 rows/,
    );
  }, 90_000);

  test.each([
    ['the first fit', false, 1, 1, 'fitted once, before the first fold; --refit fits before each'],
    ['the first of fits', true, 1, 1, 'fitted anew before each fold'],
    ['the second of fits', true, 2, 2, 'fitted anew before each fold'],
    ['the last of fits', true, 3, 3, 'fitted anew before each fold'],
  ])('interrupted in %s, the folds that were scored are told', async (_, refit, at, scored, fitting) => {
    const stop = new AbortController();
    let fits = 0;
    const run = runOf({
      signal: stop.signal,
      stage: (text) => void (/fitting on/.test(text) && ++fits === at && stop.abort()),
    });
    const walk = source(days(100, { y: (i) => 3 * noise(i) }), 'walk.csv');
    const { folds, samples, notes } = await backtestForecast(walk, { targets: ['y'], horizon: 1 }, run, {
      folds: 3,
      refit,
    });
    expect({ folds: folds?.length, notes }).toEqual({
      folds: scored,
      notes: [`interrupted: ${scored} of 3 folds`, fitting],
    });
    expect(samples).toBe(folds?.reduce((sum, fold) => sum + fold.samples, 0));
  });
});
