import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { Fields } from '../../../src/fields.js';
import { loadModel } from '../../../src/sequential.js';
import { parseForecast } from '../../../src/tasks/forecast/artefact.js';
import { forecastTask } from '../../../src/tasks/forecast/task.js';
import { days, failure, fixture, rowsOf, saved, source, train, weekly } from './support.js';

const parse = (value: object) => parseForecast(new Fields(value, 'model.json: task'));

describe('models of version 0.1', () => {
  test('load, forecast and are scored as they were', async () => {
    const model = await loadModel('models/weather');
    const task = JSON.parse(await readFile('models/weather/model.json', 'utf8')).userDefinedMetadata.memcell.task;
    const artefact = parse(task);
    expect(artefact).toMatchObject({ method: 'plain', targets: ['temp_max'], window: 30, horizon: 1 });
    expect(artefact.reading.time).toMatchObject({ columns: ['date'], notation: 'yyyy-MM-dd' });
    const loaded = { model, artefact, name: 'models/weather' };
    const weather = await fixture('data/seattle-weather.csv');
    const [row] = await rowsOf(loaded, undefined, {});
    expect(row.time).toBe('2016-01-01');
    expect(await rowsOf(loaded, weather, {})).toEqual([row]);
    const evaluation = await forecastTask.evaluate(loaded, weather, {});
    expect(evaluation.samples).toBe(1431);
    expect(evaluation.targets[0].mae).toBeLessThan(evaluation.targets[0].naive.mae);
    expect(forecastTask.shapes(artefact).input).toEqual([30, 4]);
    expect(() => parse({ ...task, window: 31 })).toThrow(
      'model.json: task.end.rows is damaged: must be 124 finite numbers',
    );
  }, 30_000);

  test.each([
    [{ separator: '-', precision: 'month', joint: 'T', zone: '' }, 'yyyy-MM', '2020-01'],
    [{ separator: '/', precision: 'minute', joint: ' ', zone: '' }, 'yyyy/MM/dd HH:mm', '2020/01/01 00:00'],
    [{ separator: '-', precision: 'second', joint: 'T', zone: 'Z' }, "yyyy-MM-dd'T'HH:mm:ssZ", '2020-01-01T00:00:00Z'],
  ])('with times written as %j', async (style, notation, next) => {
    const month = style.precision === 'month';
    const old = {
      kind: 'forecast',
      features: ['v'],
      targets: ['v'],
      window: 2,
      horizon: 1,
      featureScaling: { mean: [0], std: [1] },
      targetScaling: { mean: [0], std: [1] },
      time: { column: 't', step: month ? { unit: 'month', count: 1 } : { unit: 'millisecond', count: 60_000 } },
      end: { rows: [1, 2], time: { value: month ? Date.UTC(2019, 11, 1) : Date.UTC(2019, 11, 31, 23, 59), style } },
    };
    const artefact = parse(old);
    expect(artefact.reading.time?.notation).toBe(notation);
    const model = { predict: async () => ({ data: Float32Array.of(3), shape: [1, 1] }) };
    const { plainForecasts } = await import('../../../src/tasks/forecast/plain.js');
    if (artefact.method !== 'plain') throw new Error('not plain');
    const { keptSeries } = await import('../../../src/tasks/forecast/kept.js');
    const series = keptSeries(artefact.series[0], { targets: 1, past: 1, known: 0 });
    expect((await plainForecasts(model, artefact, series, [2], 1)).values).toEqual(Float64Array.of(3));
    const { labelsAfter } = await import('../../../src/data/understanding/timeText.js');
    if (!artefact.reading.time || !series.times) throw new Error('no times');
    expect(labelsAfter(artefact.reading.time, series.times[1], 1)).toEqual([next]);
  });
});

test.each([
  ['day', '', { unit: 'millisecond', count: 86_400_000 }, 'yyyy.MM.dd', 0],
  ['minute', '-01:30', { unit: 'millisecond', count: 60_000 }, "yyyy.MM.dd'T'HH:mmXXX", 90 * 60_000],
  ['minute', '+0200', { unit: 'millisecond', count: 60_000 }, "yyyy.MM.dd'T'HH:mmXXX", -120 * 60_000],
  ['millisecond', 'Z', { unit: 'millisecond', count: 1 }, "yyyy.MM.dd'T'HH:mm:ss.SSSZ", 0],
] as const)(
  'a model of version 0.1 is read whole: times to the %s, zone %j',
  (precision, zone, step, notation, later) => {
    const end = Date.UTC(2020, 5, 1, 12);
    const scaling = { mean: [1, 2], std: [3, 4] };
    const older = {
      features: ['v', 'w'],
      targets: ['w', 'z'],
      window: 2,
      horizon: 3,
      featureScaling: scaling,
      targetScaling: scaling,
      time: { column: 't', step },
      end: { rows: [1, 2, 3, 4], time: { value: end, style: { separator: '.', precision, joint: 'T', zone } } },
    };
    const number = { kind: 'number', decimal: '.' };
    const whole = {
      kind: 'forecast',
      method: 'plain',
      targets: ['w', 'z'],
      window: 2,
      horizon: 3,
      season: 1,
      reading: {
        columns: [
          { name: 't', use: 'time', reading: { kind: 'time' } },
          { name: 'v', use: 'feature', reading: number },
          { name: 'w', use: 'target', reading: number },
          { name: 'z', use: 'target', reading: number },
        ],
        time: { columns: ['t'], notation, step },
        fill: 'none',
      },
      series: [
        {
          name: '',
          // Of z nothing was kept.
          targets: [2, Number.NaN, 4, Number.NaN],
          past: [1, 2, 3, 4],
          known: [],
          times: [end + later - step.count, end + later],
        },
      ],
      features: ['v', 'w'],
      channels: ['v', 'w'],
      featureScaling: scaling,
      targetScaling: scaling,
    };
    expect(parse(older)).toEqual(whole);
    const numbered = {
      ...older,
      end: { rows: [1, 2, 3, 4], time: { value: 9 } },
      time: { column: 't', step: { unit: 'number', count: 0.5 } },
    };
    expect(parse(numbered)).toEqual({
      ...whole,
      reading: { ...whole.reading, time: { columns: ['t'], notation: 'number', step: { unit: 'number', count: 0.5 } } },
      series: [{ ...whole.series[0], times: [8.5, 9] }],
    });
    const { times: _, ...timeless } = whole.series[0];
    for (const less of [
      { time: undefined, end: older.end },
      { time: { column: 't' }, end: older.end },
      { time: older.time, end: { rows: [1, 2, 3, 4] } },
    ]) {
      const given = JSON.parse(JSON.stringify({ ...older, ...less }));
      expect(parse(given)).toEqual({
        ...whole,
        reading: { columns: whole.reading.columns.slice(1), fill: 'none' },
        series: [timeless],
      });
    }
  },
);

test('a damaged field is named', async () => {
  const { artefact } = await train(source(days(60, { sales: weekly })), { targets: ['sales'], horizon: 2 });
  expect(saved(artefact)).toEqual(artefact);
  const json = JSON.parse(JSON.stringify(artefact));
  for (const [change, message] of [
    [{ method: 'magic' }, 'method is damaged: must be one of recipe, plain'],
    [{ horizon: 0 }, 'horizon is damaged'],
    [{ targets: [] }, 'targets is damaged'],
    [{ series: [{ ...json.series[0], past: [1] }] }, 'series[0].past is damaged: must be 0 finite numbers'],
    [{ state: { ...json.state, season: 'x' } }, 'season is damaged'],
    [{ reading: { ...json.reading, columns: 3 } }, 'reading.columns is damaged'],
  ] as const) {
    expect(() => parse({ ...json, ...change })).toThrow(message);
  }
  expect(await failure(Promise.resolve().then(() => parse({ ...json, horizon: null })))).toMatch(
    /train the model again$/,
  );
}, 30_000);
