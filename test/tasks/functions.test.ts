import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { classify, forecast, loadTask, type MemcellError, symbols, textModel } from '../../src/index.js';
import { atLeast0, count, positive, probability, share } from '../../src/tasks/options.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memcell-functions-'));
});
afterAll(() => rm(folder, { recursive: true }));

const short = { epochs: 2, seed: 3 };
/** A level of 100, a rise of 2 a month, a season of 12. */
const monthly = Array.from({ length: 72 }, (_, i) => 100 + 2 * i + 20 * Math.sin((Math.PI * i) / 6));
const months = monthly.map((sales, i) => ({
  month: `${2015 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}`,
  sales,
  staff: i % 5,
}));

async function failure(promise: Promise<unknown>): Promise<MemcellError> {
  return promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error) => error,
  );
}

describe('forecast', () => {
  test('numbers: the next ones, with an interval', async () => {
    const stages: string[] = [];
    const model = await forecast(monthly, { horizon: 12, ...short, onStage: (text) => stages.push(text) });
    const steps = await model.predict();
    expect(steps).toHaveLength(12);
    for (const [i, { step, values, intervals }] of steps.entries()) {
      const truth = 100 + 2 * (72 + i) + 20 * Math.sin((Math.PI * i) / 6);
      expect(step).toBe(i + 1);
      expect(Math.abs(values.value - truth)).toBeLessThan(5);
      expect(intervals.map(({ probability }) => probability)).toEqual([0.8]);
      expect(intervals[0].lower.value).toBeLessThanOrEqual(values.value);
      expect(intervals[0].upper.value).toBeGreaterThanOrEqual(values.value);
    }
    expect(stages.length).toBeGreaterThan(1);
    expect(model.evaluation?.verdict.better).toBe(true);
    expect(model.report()).toMatch(/better than the best simple guess/);
    model.dispose();
  });

  test('data that ends within the rows trained on: the steps after its own last row', async () => {
    const model = await forecast(monthly, { horizon: 3, ...short });
    for (const rows of [40, 60, 66, 71]) {
      const steps = await model.predict(monthly.slice(0, rows));
      expect(steps).toHaveLength(3);
      for (const [i, { values }] of steps.entries()) {
        const truth = 100 + 2 * (rows + i) + 20 * Math.sin((Math.PI * (rows + i)) / 6);
        expect(Math.abs(values.value - truth)).toBeLessThan(5);
      }
    }
    model.dispose();
  });

  test('rows, columns and a file give the same forecasts, in names and notations of the data', async () => {
    const file = join(folder, 'months.csv');
    await writeFile(file, `month,sales,staff\n${months.map((row) => Object.values(row).join()).join('\n')}\n`);
    const options = { target: 'sales', horizon: 3, ...short } as const;
    const columns = {
      month: months.map(({ month }) => month),
      sales: Float64Array.from(monthly),
      staff: months.map(({ staff }) => staff),
    };
    const models = [await forecast(months, options), await forecast(columns, options), await forecast(file, options)];
    const [first, ...others] = await Promise.all(models.map((model) => model.predict()));
    expect(first.map(({ time }) => time)).toEqual(['2021-01', '2021-02', '2021-03']);
    expect(Object.keys(first[0].values)).toEqual(['sales']);
    for (const other of others) expect(other).toEqual(first);
    expect(models[0].understood?.columns.map(({ name, use }) => [name, use])).toEqual([
      ['month', 'time'],
      ['sales', 'target'],
      ['staff', 'feature'],
    ]);
    for (const model of models) model.dispose();
  });

  test('saved and loaded: the same forecasts, also from newer rows; the network alone is a Sequential', async () => {
    const model = await forecast(months.slice(0, 60), { target: 'sales', horizon: 6, ...short });
    const to = join(folder, 'sales');
    await model.save(to);
    const again = await loadTask(to);
    if (again.kind !== 'forecast') throw new Error('not a forecast');
    expect(await again.predict()).toEqual(await model.predict());
    expect(await again.predict(months, { steps: 2, interval: [80, 95] })).toEqual(
      await model.predict(months, { steps: 2, interval: [80, 95] }),
    );
    expect((await again.predict(months))[0].time).toBe('2021-01');
    expect(again.network.engine).toEqual({ kind: 'memcell' });
    expect(again.loaded.artefact.training?.settings).toMatchObject({ seed: 3 });
    again.dispose();
    model.dispose();
  });

  test('several series, and a column known ahead, whose future is given as rows', async () => {
    const rows = ['north', 'south'].flatMap((store, s) =>
      Array.from({ length: 120 }, (_, i) => ({
        day: new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10),
        store,
        promo: (i * 7 + s) % 9 === 0 ? 1 : 0,
        sold: 50 + 10 * s + ((i * 7 + s) % 9 === 0 ? 40 : 0) + (i % 7),
      })),
    );
    const model = await forecast(rows, { target: 'sold', group: ['store'], known: ['promo'], horizon: 2, ...short });
    const ahead = (promo: number) =>
      ['north', 'south'].flatMap((store) => ['2024-04-30', '2024-05-01'].map((day) => ({ day, store, promo })));
    const [without, with1] = [
      await model.predict(undefined, { future: ahead(0) }),
      await model.predict(undefined, { future: ahead(1) }),
    ];
    expect(with1.map(({ series, time }) => [series, time])).toEqual([
      ['north', '2024-04-30'],
      ['north', '2024-05-01'],
      ['south', '2024-04-30'],
      ['south', '2024-05-01'],
    ]);
    for (const [i, { values }] of with1.entries()) expect(values.sold - without[i].values.sold).toBeGreaterThan(20);
    expect((await failure(model.predict())).message).toContain('promo');
    model.dispose();
  });

  test('what cannot be is a MemcellError that names it', async () => {
    const bad: [() => Promise<unknown>, RegExp][] = [
      [() => forecast(monthly, { horizon: 0 }), /forecast: horizon must be a whole number of at least 1, not 0/],
      [
        () => forecast(months, { target: 'sales', horizn: 3 } as never),
        /unknown option 'horizn'; did you mean horizon\?/,
      ],
      [() => forecast(months, { target: 'sales', xyz: 3 } as never), /unknown option 'xyz'; it takes target, .*epochs/],
      [() => forecast(monthly, { budget: Number.NaN }), /forecast: budget must be a number above 0, not NaN/],
      [() => forecast(undefined as never), /nothing is no data/],
      [
        () => forecast([...months, ...months.map((row) => ({ ...row, staff: 9 }))], { target: 'sales' }),
        /several series in one table: group: \['staff'\]$/,
      ],
      // @ts-expect-error no such optimizer
      [() => forecast(monthly, { ...short, optimizer: 'adma' }), /unknown optimizer 'adma'/],
      [() => forecast(monthly, { ...short, layers: 'LTSM(3)' }), /did you mean LSTM/],
      [
        () => forecast(monthly, { ...short, layers: 'MaxPooling1D(900), Dense(1)' }),
        /^layers: layer 1 \(MaxPooling1D\) cannot/,
      ],
      // @ts-expect-error no such column
      [() => forecast(months, { target: 'sale' }), /no column sale; did you mean sales/],
    ];
    for (const [run, message] of bad) {
      const error = await failure(run());
      expect([error.name, error.message]).toEqual(['MemcellError', expect.stringMatching(message)]);
    }
  });

  test('an aborted signal keeps what there is', async () => {
    const controller = new AbortController();
    const callbacks = [{ onEpochEnd: () => controller.abort() }];
    const model = await forecast(monthly, {
      plain: true,
      window: 12,
      epochs: 50,
      callbacks,
      signal: controller.signal,
    });
    expect(model.history?.loss.length).toBeLessThan(3);
    expect(await model.predict()).toHaveLength(1);
    model.dispose();
  });
});

test('classify: rows to labels with probabilities; saved and loaded the same', async () => {
  const rows = Array.from({ length: 90 }, (_, i) => ({
    size: i % 9,
    colour: i % 2 ? 'red' : 'blue',
    kind: i % 9 > 4 ? 'big' : 'small',
  }));
  const model = await classify(rows, { label: 'kind', epochs: 60, seed: 1 });
  const answers = await model.predict([
    { size: 0, colour: 'red' },
    { size: 8, colour: 'blue' },
  ]);
  expect(answers.map(({ label }) => label)).toEqual(['small', 'big']);
  expect(model.classes).toEqual(['big', 'small']);
  for (const { probabilities } of answers) expect(probabilities[0] + probabilities[1]).toBeCloseTo(1, 5);
  expect(model.evaluation?.accuracy).toBe(1);
  const to = join(folder, 'kinds');
  await model.save(to);
  const again = await loadTask(to);
  if (again.kind !== 'classify') throw new Error('not a classification');
  expect(await again.predict(rows)).toEqual(await model.predict(rows));
  expect((await failure(again.predict([{ size: 1 }]))).message).toContain('colour');
  again.dispose();
  model.dispose();
});

test('textModel: goes on from a prompt, piece by piece or whole; saved and loaded the same', async () => {
  const text = 'the cat sat on the mat. '.repeat(60);
  const model = await textModel(text, {
    window: 16,
    layers: 'Embedding(11, 8), LSTM(16, return_sequences=true), Dense(11, softmax)',
    epochs: 8,
    seed: 1,
  });
  const options = { length: 20, temperature: 0 };
  const whole = await model.predict('the cat ', options);
  expect(whole).toBe('the cat sat on the mat. the ');
  let made = '';
  for await (const piece of model.generate({ prompt: 'the cat ', ...options })) made += piece;
  expect(`the cat ${made}`).toBe(whole);
  const to = join(folder, 'cat');
  await model.save(to);
  const again = await loadTask(to);
  if (again.kind !== 'text') throw new Error('not a text');
  expect(await again.predict('the cat ', options)).toBe(whole);
  again.dispose();
  model.dispose();
});

test('symbols: numbers and words go on; a start is a list or a text', async () => {
  const model = await symbols(
    Array.from({ length: 120 }, (_, i) => i % 6),
    { epochs: 40, seed: 1 },
  );
  expect(await model.predict([4], { steps: 4 })).toEqual([5, 0, 1, 2]);
  expect(await model.predict('4', { steps: 4 })).toEqual([5, 0, 1, 2]);
  model.dispose();
  const names = Array.from({ length: 120 }, (_, i) => ['New York', 'Rome', 'Oslo, Norway'][i % 3]);
  const words = await symbols(names, { epochs: 40, seed: 1 });
  expect(await words.predict(['Rome'], { steps: 3 })).toEqual(['Oslo, Norway', 'New York', 'Rome']);
  words.dispose();
});

test('the ends of what an option may be', () => {
  const kinds = { count, positive, atLeast0, share, probability };
  const taken = (value: number) => Object.entries(kinds).flatMap(([name, { check }]) => (check(value) ? [name] : []));
  expect(taken(0)).toEqual(['atLeast0', 'share']);
  expect(taken(1)).toEqual(['count', 'positive', 'atLeast0', 'probability']);
  expect(taken(1 - 1e-9)).toEqual(['positive', 'atLeast0', 'share', 'probability']);
  for (const value of [-1e-9, Number.NaN, Number.POSITIVE_INFINITY]) expect(taken(value)).toEqual([]);
});

test('every task says that nothing was held out, exactly where nothing was', async () => {
  const kinds = Array.from({ length: 40 }, (_, i) => ({ size: i % 9, kind: i % 9 > 4 ? 'big' : 'small' }));
  const text = 'the cat sat on the mat. '.repeat(40);
  const tiny = { window: 8, layers: 'Embedding(11, 4), LSTM(4, return_sequences=true), Dense(11, softmax)' };
  for (const plain of [true, false])
    for (const validationSplit of plain ? [0, 0.2] : [0]) {
      const options = { ...short, epochs: 1, budget: 0.2, validationSplit };
      const models = [
        await forecast(monthly, { ...options, plain }),
        await classify(kinds, { ...options, label: 'kind', plain }),
        await symbols('red green blue '.repeat(20).trim().split(' '), { ...options, plain }),
        ...(plain ? [] : [await textModel(text, { ...options, ...tiny })]),
      ];
      for (const model of models) {
        const said = [model.report(), ...model.warnings].join('\n');
        expect([model.kind, plain, /nothing was held out/.test(said)]).toEqual([
          model.kind,
          plain,
          validationSplit === 0,
        ]);
        model.dispose();
      }
    }
});

test.each([
  ['forecast', (options: never) => forecast([1, 2, 3], options)],
  ['classify', (options: never) => classify([{ x: 1, kind: 'a' }], options)],
  ['text', (options: never) => textModel('abc', options)],
  ['symbols', (options: never) => symbols([1, 2], options)],
])('%s is named where its options cannot be', async (task, run) => {
  const twice = { target: 'y', label: 'kind', batchSize: 8, batch_size: 8 };
  if (task !== 'forecast') Reflect.deleteProperty(twice, 'target');
  if (task !== 'classify') Reflect.deleteProperty(twice, 'label');
  expect([await failure(run(twice as never)), await failure(run(12 as never))].map(({ message }) => message)).toEqual([
    `${task}: batchSize is given twice, as batchSize and as batch_size; leave one out`,
    `${task}: the options must be an object, not 12`,
  ]);
});

test.each(['callbacks', 'signal', 'onStage', 'backup', 'target', 'epochs', 'horizon', 'threads'])(
  '%s is what a misspelt one is taken for',
  async (option) => {
    const misspelt = { [`${option}${option.at(-1)}`]: 1 } as never;
    expect((await failure(forecast([1, 2, 3], misspelt))).message).toContain(`did you mean ${option}?`);
  },
);

test('without options it is told which is missing', async () => {
  const unsaid = undefined as unknown as { label: string };
  await expect(classify([{ x: 1, kind: 'a' }], unsaid)).rejects.toThrow('classify: label is missing');
});
