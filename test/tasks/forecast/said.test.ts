/** What forecasts say of data, options and models that do not fit them: whole lines, each number of its own. */

import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseTable } from '../../../src/data/read.js';
import { understand } from '../../../src/data/understanding/understand.js';
import type { Loaded, Run } from '../../../src/tasks/definition.js';
import type { ForecastArtefact } from '../../../src/tasks/forecast/artefact.js';
import { channelNames } from '../../../src/tasks/forecast/channels.js';
import { forecastFrom } from '../../../src/tasks/forecast/forecastFrom.js';
import { readStretches, stretchRemarks } from '../../../src/tasks/forecast/olderRows.js';
import type { ForecastOptions } from '../../../src/tasks/forecast/options.js';
import { checkLengths } from '../../../src/tasks/forecast/plain.js';
import { checkRows } from '../../../src/tasks/forecast/reading.js';
import { optionsFrom } from '../../../src/tasks/forecast/startFrom.js';
import { forecastTask } from '../../../src/tasks/forecast/task.js';
import { refusal } from '../../refusal.js';
import { fitted, noise as noiseOf, seriesOf, setOf } from './series.js';
import { runOf, source, train, weekly } from './support.js';

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

const prepare = (text: string, options: ForecastOptions, given: Partial<Run> = {}) =>
  forecastTask.prepare(source(text), options, runOf(given));
const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));
const numbers = (rows: number) => `y\n${list(rows, weekly).join('\n')}\n`;
const quick = { layers: 'LSTM(2)', settings: { epochs: 1 } };

describe('before anything is trained', () => {
  test.each<[string, () => unknown]>([
    ['data: data.csv: has 1 row; a forecast needs at least two', () => prepare('y\n4\n', { targets: ['y'] })],
    [
      'data: data.csv: has 1 row a series; a forecast needs at least two',
      () => prepare('g,y\na,4\nb,5\n', { targets: ['y'], group: ['g'] } as ForecastOptions),
    ],
    [
      'usage: data.csv: window 31 is longer than the 30 rows there are; take a smaller --window',
      () => prepare(numbers(30), { targets: ['y'], window: 31 }),
    ],
    [
      'usage: horizon: 65537 is too far; at most 65536, and predict with --steps goes further',
      () => prepare(numbers(30), { targets: ['y'], horizon: 65_537 }),
    ],
    [
      'usage: horizon: 40000 is too far; at most 32768, and predict with --steps goes further',
      () =>
        prepare(`y,z\n${list(30, (i) => `${weekly(i)},${i * i}`).join('\n')}\n`, {
          targets: ['y', 'z'],
          horizon: 40_000,
        }),
    ],
    [
      'data: a.csv: its 9 rows without the 4 held out are too few for window 7 and horizon 3; take --window 6 or less',
      () => checkLengths('a.csv', [{ rows: 13 } as Any], [9], 7, 3),
    ],
    [
      'data: a.csv: its 2 rows are too few for window 5 and horizon 3; take a smaller horizon or more data',
      () => checkLengths('a.csv', [{ rows: 2 } as Any], [2], 5, 3),
    ],
    [
      'data: a.csv: its 1 row without the 3 held out is too few for window 5 and horizon 1; take a smaller horizon or more data',
      () => checkLengths('a.csv', [{ rows: 4 } as Any], [1], 5, 1),
    ],
    [
      'data: a.csv: the 4 rows held out are fewer than horizon 5; take a larger --validation-split, or 0',
      () => checkLengths('a.csv', [{ rows: 24 }, { rows: 13 }] as Any, [20, 10], 2, 5),
    ],
    [
      'data: a.csv: the 1 row held out is fewer than horizon 2; take a larger --validation-split, or 0',
      () => checkLengths('a.csv', [{ rows: 21 } as Any], [20], 2, 2),
    ],
    [
      'usage: validation split: 0 leaves no rows to forecast; leave it out, or give a share such as 0.2',
      () =>
        forecastTask.backtest?.(source(numbers(30)), { targets: ['y'] }, runOf({ settings: { validationSplit: 0 } }), {
          folds: 2,
          refit: false,
        }),
    ],
    [
      'usage: folds: the 3 rows held out make no 4 folds; take fewer, or a larger --validation-split',
      () =>
        forecastTask.backtest?.(
          source(numbers(30)),
          { targets: ['y'], horizon: 1 },
          runOf({ settings: { validationSplit: 0.1, epochs: 1 } }),
          { folds: 4, refit: false },
        ),
    ],
    [
      'usage: folds: the 1 row held out makes no 2 folds; take fewer, or a larger --validation-split',
      () =>
        forecastTask.backtest?.(
          source(numbers(20)),
          { targets: ['y'], horizon: 1 },
          runOf({ settings: { validationSplit: 0.05, epochs: 1 } }),
          { folds: 2, refit: true },
        ),
    ],
    [
      'usage: m: was trained with --plain; give it',
      () => optionsFrom({ method: 'plain' } as Any, {} as Any, runOf(), { name: 'm' } as Any),
    ],
    [
      'usage: m: was not trained with --plain; leave it out',
      () => optionsFrom({ method: 'recipe' } as Any, {} as Any, runOf({ plain: true }), { name: 'm' } as Any),
    ],
    [
      'usage: layers: the output has shape (7, 3), a forecast needs (3); let the last recurrent layer give its last step only, or add Flatten()',
      () =>
        prepare(numbers(40), { targets: ['y'], horizon: 3, window: 7 }, { layers: 'LSTM(6, return_sequences=true)' }),
    ],
    [
      'data: a.csv, series b: has 3 rows; this model needs 7 to forecast from and 2 to compare with',
      () => checkRows('a.csv', { name: 'b', rows: 3 } as Any, { method: 'plain', window: 7 } as Any, 2),
    ],
    [
      'data: a.csv: has 1 row; this model needs 7 to forecast from',
      () => checkRows('a.csv', { name: '', rows: 1 } as Any, { method: 'plain', window: 7 } as Any),
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });
});

test.each<[ForecastOptions, object]>([
  [{ targets: ['y'] }, { window: 5, horizon: 3 }],
  [
    { targets: ['y'], window: 7 },
    { window: 7, horizon: 3 },
  ],
  [
    { targets: ['y'], horizon: 1 },
    { window: 5, horizon: 1 },
  ],
  [{ targets: ['y', 'z'], known: ['k'], window: 2, horizon: 9 }, {}],
])('of a model that is started from, window and horizon are those of %j, or its own', (given, own) => {
  for (const [method, plain] of [
    ['plain', true],
    ['recipe', false],
  ] as const) {
    const before = { method, window: 5, horizon: 3, targets: ['x'], known: ['l'] };
    expect(optionsFrom(before as Any, given, runOf({ plain }), { name: 'm' } as Any)).toEqual({ ...given, ...own });
  }
});

describe('of a model over several series', () => {
  let loaded: { model: Any; artefact: ForecastArtefact; name: string };
  const panel = (names: string[], rows: number, from = 0) =>
    `g,date,y,k\n${names.flatMap((name, s) => list(rows, (i) => `${name},${day(from + i)},${weekly(i + 3 * s)},${i % 3}`)).join('\n')}\n`;
  const day = (i: number) => new Date(Date.UTC(2021, 0, 1 + i)).toISOString().slice(0, 10);
  beforeAll(async () => {
    const options = { targets: ['y'], group: ['g'], known: ['k'], horizon: 2, window: 4 } as ForecastOptions;
    ({ loaded } = await train(source(panel(['a', 'b', 'c', 'd', 'e'], 30)), options, {
      ...quick,
      settings: { epochs: 1, validationSplit: 0 },
    }));
  });
  const predict = (data: string | undefined, options: object) =>
    forecastTask.predict(loaded, data === undefined ? undefined : source(data, 'new.csv'), options as Any);
  const future = (text: string) => ({ name: 'ahead.csv', text });
  const ahead = (names: string[], rows: number) =>
    `g,date,k\n${names.flatMap((name) => list(rows, (i) => `${name},${day(30 + i)},1`)).join('\n')}\n`;

  test.each<[string, () => unknown]>([
    [
      'data: new.csv: has none of the 5 series that the model was trained on (a, b, c and 2 more), but x, z; train on them',
      () => forecastTask.evaluate(loaded, source(panel(['x', 'z'], 20), 'new.csv'), {}),
    ],
    [
      'usage: model: needs k of the rows to come: give --future FILE with the columns date, g, k',
      () => predict(undefined, {}),
    ],
    [
      'data: ahead.csv: has no rows of series b, but of a, c, d and 2 more',
      () => predict(undefined, { future: future(ahead(['a', 'c', 'd', 'e', 'f'], 2)) }),
    ],
    [
      'data: ahead.csv: has 1 row after the end of the data of a, and 3 steps are to be forecast; give more rows, or --steps 1',
      () => predict(undefined, { steps: 3, future: future(ahead(['a', 'b', 'c', 'd', 'e'], 1)) }),
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });

  test.each<[string, string[], number, string[]]>([
    [
      'rows after the training, and series that are not known',
      ['a', 'x', 'z'],
      41,
      [
        'scored on the 11 rows after those that the model was trained on; --from chooses others',
        '2 series left out, which the model was not trained on: x, z',
      ],
    ],
    [
      'one row, one series',
      ['a', 'w'],
      31,
      [
        'scored on the 1 row after those that the model was trained on; --from chooses others',
        '1 series left out, which the model was not trained on: w',
      ],
    ],
  ])('notes of an evaluation: %s', async (_, names, rows, notes) => {
    const evaluation = await forecastTask.evaluate(loaded, source(panel(names, rows), 'new.csv'), {});
    expect(evaluation.notes).toEqual(notes);
  });
});

describe('of a forecaster', () => {
  const state = async (names: string[]) =>
    fitted(
      setOf({ targets: [noiseOf(40)] }, 1, {
        series: names.map((name, i) => seriesOf({ targets: [noiseOf(40, i + 1)] }, name)),
      }),
      2,
    );
  test('origins and series that it has not are refused by name', async () => {
    const { model, state: own } = await state(list(9, (i) => `s${i}`));
    const at = (name: string, origin: number) =>
      refusal(() => forecastFrom(model, own, seriesOf({ targets: [noiseOf(20)] }, name), [3, origin], 2, [0.8]));
    expect(await at('s3', 21)).toBe('usage: origin 21 is no row of the 20 rows given');
    expect(await at('s3', -1)).toBe('usage: origin -1 is no row of the 20 rows given');
    expect(await at('t', 5)).toBe(
      'data: series t is none that the model was trained on (s0, s1, s2, s3, s4, s5, s6, s7, …); train again with its rows',
    );
    const few = await state(list(8, (i) => `s${i}`));
    const [one] = [seriesOf({ targets: [noiseOf(20)] }, 't')];
    expect(await refusal(() => forecastFrom(few.model, few.state, one, [3], 2, [0.8]))).toBe(
      'data: series t is none that the model was trained on (s0, s1, s2, s3, s4, s5, s6, s7); train again with its rows',
    );
  });
});

test('what the network is given is named in its order', () => {
  const column = (name: string, change = false) => ({ column: name, change, index: 0, mean: 0, std: 1 });
  const layout = {
    levels: [true, false],
    year: true,
    past: [column('rain'), column('wind', true)],
    known: [column('open')],
  };
  expect(channelNames(layout as Any, ['y', 'z'])).toEqual([
    'one-step error of y',
    'distance of y from its level and season',
    'level of y',
    'one-step error of z',
    'distance of z from its level and season',
    'sine of the year',
    'cosine of the year',
    'sine of the half-year',
    'cosine of the half-year',
    'mean distance of y from normal',
    'mean distance of z from normal',
    'rain',
    'change of wind',
    'open ahead',
  ]);
});

describe('stages and remarks of a training', () => {
  const stagesOf = async (text: string, options: ForecastOptions, given: Partial<Run> = {}) => {
    const stages: string[] = [];
    const { evaluation } = await train(source(text), options, {
      settings: { epochs: 1 },
      stage: (one) => stages.push(one),
      ...given,
    });
    return { stages, notes: evaluation.notes };
  };

  const settled = 'the forecast starts from exponential smoothing of the logarithm: additive trend, season of 7 rows';
  const errorsOf =
    'the errors are of a model fitted on the first 32 rows; the one saved is fitted on all 40, and of it:';

  test('what is fitted, on how many rows', async () => {
    const { stages, notes } = await stagesOf(numbers(40), { targets: ['y'], horizon: 2, window: 5 });
    expect(stages.slice(0, 6)).toEqual([
      'fitting on the first 32 rows, to forecast the other 8',
      'exponential smoothing of the series',
      'ridge regression, out of fold',
      'networks of 5 folds',
      'the network on all rows',
      'fitting on all 40 rows',
    ]);
    expect(notes).toEqual([errorsOf, settled, 'network and ridge regression add nothing to it here']);
  });

  test('steps beyond the part held out, and too few rows for a network, are told', async () => {
    expect(await stagesOf(numbers(40), { targets: ['y'], horizon: 9, window: 5 })).toEqual({
      stages: [
        'fitting on the first 32 rows, to forecast the other 8',
        'exponential smoothing of the series',
        'fitting on all 40 rows',
        'exponential smoothing of the series',
      ],
      notes: [
        'only the first 8 of 9 steps could be compared with what came',
        errorsOf,
        settled,
        'too few rows for a network: exponential smoothing alone',
      ],
    });
  });

  test('of several series, how many are smoothed; a network that fails is left out and told', async () => {
    const panel = `g,y\n${['a', 'b', 'c'].flatMap((name, s) => list(40, (i) => `${name},${weekly(i) + s}`)).join('\n')}\n`;
    const { stages, notes } = await stagesOf(
      panel,
      { targets: ['y'], group: ['g'], horizon: 2, window: 5 } as ForecastOptions,
      { settings: { epochs: 3, learningRate: 1e38, validationSplit: 0 } },
    );
    expect(stages).toEqual([
      'fitting on all 120 rows',
      'exponential smoothing of 3 series',
      'ridge regression, out of fold',
      'networks of 5 folds',
    ]);
    expect(notes).toEqual([
      'network and ridge regression add nothing to it here',
      'the network is left out: the loss is Infinity in epoch 1, batch 2 of 3; stopped with the weights after the last good epoch; try a lower learning rate (now 1e+38), clipnorm, or scaled data',
      'nothing was held out: these rows were trained on, errors on new rows are larger',
    ]);
  });
});

test('stretches of older rows are counted; those that cannot be read are left out and told', () => {
  const older = (count: number) => ({ older: list(count, () => ({})) }) as Any;
  expect(stretchRemarks(older(0), 5, 6)).toEqual([]);
  expect(stretchRemarks(older(3), 0, 0)).toEqual([
    'the stretches of older rows are too short for windows: nothing is learnt from them',
  ]);
  expect(stretchRemarks(older(3), 1, 1)).toEqual(['1 window of these is of older rows, from 1 stretch drawn from all']);
  expect(stretchRemarks(older(3), 12, 4)).toEqual([
    '12 windows of these are of older rows, from 4 stretches drawn from all',
  ]);
  const { reading } = understand(parseTable(numbers(20), 'new.csv'), { targets: ['y'] } as Any);
  const read = (text: string) =>
    readStretches({ table: parseTable(text, 'old.csv'), column: 'part' } as Any, reading, {
      targets: ['y'],
      past: [],
      known: [],
    } as Any);
  expect(read('part,y\na,1\na,2\na,x\n')).toEqual({
    series: [],
    notes: [
      "older rows are left out: old.csv, line 4, column y: 'x' is not a number; correct it, or --missing x if it means that there is no value",
    ],
  });
});

describe('of a plain model without times', () => {
  let loaded: Loaded<ForecastArtefact>;
  beforeAll(async () => {
    const options = { targets: ['y'], window: 5, horizon: 2 };
    ({ loaded } = await train(source(numbers(40)), options, { plain: true, settings: { epochs: 1 } }));
  });
  test.each<[string, () => unknown]>([
    [
      'usage: model: --interval: a model trained with --plain has no intervals; train it without --plain',
      () => forecastTask.predict(loaded, undefined, { interval: [80] }),
    ],
    [
      'usage: model: --future: the model has no columns known ahead; train it with --known COL',
      () => forecastTask.predict(loaded, undefined, { future: { name: 'f.csv', text: 'k\n1\n' } }),
    ],
    [
      "usage: from: 'June' is not a row, counted from 1",
      () => forecastTask.evaluate(loaded, source(numbers(50)), { from: 'June' }),
    ],
    [
      "usage: from: '0' is not a row, counted from 1",
      () => forecastTask.evaluate(loaded, source(numbers(50)), { from: '0' }),
    ],
    [
      'data: new.csv: has 4 rows; this model needs 5 to forecast from and 2 to compare with',
      () => forecastTask.evaluate(loaded, source(`y\n${[9, 8, 7, 1].join('\n')}\n`, 'new.csv'), {}),
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });
});

test('series too short to be scored are refused together', async () => {
  const panel = (rows: number, more = 0) =>
    `g,y\n${['a', 'b'].flatMap((name, s) => list(rows, (i) => `${name},${weekly(i + more) + s}`)).join('\n')}\n`;
  const options = { targets: ['y'], group: ['g'], window: 5, horizon: 3 } as ForecastOptions;
  const { loaded } = await train(source(panel(30)), options, { plain: true, settings: { epochs: 1 } });
  expect(await refusal(() => forecastTask.evaluate(loaded, source(panel(4, 100), 'new.csv'), {}))).toBe(
    'data: new.csv: no row is left to score: the model needs 5 rows to forecast from and 3 to compare with',
  );
});

test('a score is the mean of MASE, or of absolute errors where one has no scale', () => {
  const target = (mae: number, mase: number | null) => ({ mae, mase }) as Any;
  const score = (...targets: Any[]) => forecastTask.score({ targets } as Any, {} as Any);
  expect(score(target(2, 0.5), target(4, 1.5))).toEqual({ value: 1, name: 'MASE' });
  expect(score(target(2, 0.5), target(4, null))).toEqual({ value: 3, name: 'mean absolute error' });
});

test('a backtest says which fold is fitted, on how many rows', async () => {
  const stages: string[] = [];
  const run = runOf({ ...quick, plain: true, stage: (text) => stages.push(text) });
  const options = { targets: ['y'], window: 3, horizon: 2 };
  await forecastTask.backtest?.(source(numbers(40)), options, run, { folds: 2, refit: true });
  expect(stages.filter((text) => text.includes('row'))).toEqual([
    'fold 1 of 2: fitting on 32 rows',
    'fold 2 of 2: fitting on 36 rows',
  ]);
});
