/** From a table to a forecast with no option given: what is understood is said, how good it is, and what comes next. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { openSource } from '../../src/data/source.js';
import { file, memcell, temporaryFolder } from './streams.js';

const folder = temporaryFolder();
const model = join(folder, 'model');
const day = (i: number) => new Date(Date.UTC(2021, 0, 1 + i)).toISOString().slice(0, 10);
/** A weekly season, a rise, and 40 more on days with a promotion. */
const promoted = (i: number) => (i * 7) % 9 === 0;
const sales = (i: number) => 100 + 0.5 * i + 10 * Math.sin((2 * Math.PI * i) / 7) + (promoted(i) ? 40 : 0);
const csv = (from: number, to: number, line: (i: number) => string) =>
  Array.from({ length: to - from }, (_, i) => `${line(from + i)}\n`).join('');
const row = (i: number) => `${day(i)},${i === 50 ? '' : sales(i).toFixed(2)},${promoted(i) ? 'yes' : 'no'},shop`;
const head = 'day,sales,promo,place\n';
const data = file(folder, 'sales.csv', head + csv(0, 140, row));
const longer = file(folder, 'longer.csv', head + csv(0, 160, row));
const ahead = file(
  folder,
  'ahead.csv',
  `day,promo\n${csv(140, 180, (i) => `${day(i)},${promoted(i) ? 'yes' : 'no'}`)}`,
);
const forecast = ['--forecast', 'sales', '--known', 'promo', '--epochs', '3', '--seed', '1'];
const train = ['train', data, ...forecast];

const understood = [
  'data      F/sales.csv: 140 rows',
  'time      day (yyyy-MM-dd), 2021-01-01 to 2021-05-20, step 1 day, season 7',
];

/** What a command prints with --json, which must be all that it prints on standard output. */
async function json(...argv: string[]) {
  const { code, out, err } = await memcell(...argv, '--json');
  expect([code, err.match(/^memcell:.*/m)]).toEqual([0, null]);
  expect(out.trimEnd()).not.toContain('\n');
  return JSON.parse(out);
}

let trained: Awaited<ReturnType<typeof memcell>>;
beforeAll(async () => {
  trained = await memcell(...train, '--out', model);
});

describe('train', () => {
  it('says on standard error what it understood, then how good the model is, the verdict and the next command', () => {
    const { code, out, err } = trained;
    expect(code).toBe(0);
    const [first, ...lines] = out.replaceAll(folder, 'F').trimEnd().split('\n');
    expect(first).toMatch(
      /^trained exponential smoothing and ridge regression on F\/sales\.csv: 112 samples, .*; it does without LSTM\(16\), Dense\(7\) \(\d+ parameters\)$/,
    );
    expect(lines[0]).toMatch(/^28 forecasts of 7 steps, held out +MAE +RMSE +sMAPE +MASE +in 80 % +in 95 %$/);
    expect(lines.slice(1, 6).map((line) => /^ *(.*?) {2}/.exec(line)?.[1])).toEqual([
      'sales',
      'exponential smoothing alone',
      'naive (the last value)',
      'seasonal naive (7 rows before)',
      'drift (from first to last value)',
    ]);
    expect(lines[6]).toMatch(/^\d\d % better than the best simple guess \(/);
    expect(lines.join('\n')).toContain('fitted on the first 112 rows; the one saved is fitted on all 140');
    expect(lines.at(-1)).toMatch(/^saved in F\/model; next: memcell predict F\/model --future /);
    const said = err.replaceAll(folder, 'F').split('\n');
    expect(said.slice(0, 2)).toEqual(understood);
    expect(err).toMatch(/^target +sales: .*1 missing \(filled/m);
    expect(err).toMatch(/^known +promo: 0\/1/m);
    expect(err).toMatch(/^left out +place: /m);
    expect(err).toMatch(/^training LSTM\(16\), Dense\(7\) on 112 samples, 28 more held out$/m);
    expect(err).not.toContain('warning');
  });

  it('--dry-run says what was understood and what would be trained, and writes nothing', async () => {
    const out = join(folder, 'dry');
    const { code, out: said, err } = await memcell(...train, '--dry-run', '--out', out);
    expect([code, err]).toEqual([0, '']);
    const lines = said.replaceAll(folder, 'F').trimEnd().split('\n');
    expect(lines.slice(0, 2)).toEqual(understood);
    expect(lines.at(-1)).toBe('training LSTM(16), Dense(7) on 112 samples, 28 more held out');
    const result = await json(...train, '--dry-run', '--out', out);
    expect(result).toMatchObject({
      task: 'forecast',
      data,
      understood: {
        rows: 140,
        time: { columns: ['day'], first: '2021-01-01', last: '2021-05-20', season: 7, gaps: 0, sorted: false },
      },
      layers: 'LSTM(16), Dense(7)',
      samples: 112,
      heldOut: 28,
      warnings: [],
    });
    expect(
      Object.fromEntries(result.understood.columns.map((one: { name: string; use: string }) => [one.name, one.use])),
    ).toEqual({
      day: 'time',
      sales: 'target',
      promo: 'known',
      place: 'out',
    });
    expect(existsSync(out)).toBe(false);
  });

  it('--json has what was understood, the verdict, coverage and every step of the horizon', async () => {
    const { understood: account, evaluation, warnings, ended } = await json(...train, '--out', join(folder, 'json'));
    expect(account.columns.find(({ name }: { name: string }) => name === 'sales')).toMatchObject({ missing: 1 });
    expect(evaluation).toMatchObject({
      kind: 'forecast',
      horizon: 7,
      season: 7,
      samples: 28,
      verdict: { better: true },
    });
    const [target] = evaluation.targets;
    expect(target).toMatchObject({ column: 'sales', mae: expect.any(Number), naive: { mae: expect.any(Number) } });
    expect(target.steps).toHaveLength(7);
    expect(target.coverage.map(({ probability }: { probability: number }) => probability)).toEqual([0.8, 0.95]);
    expect([warnings, ended]).toEqual([[], 'finished']);
  });

  it('a model that is no better than a simple guess is a warning, which --json has too', async () => {
    // A walk that no row tells the next step of.
    let level = 100;
    let state = 1;
    const lines = Array.from({ length: 150 }, (_, i) => {
      state = (state * 48271) % 2147483647;
      level += state / 2147483647 - 0.5;
      return `${day(i)},${level.toFixed(3)}\n`;
    });
    const walk = file(folder, 'walk.csv', `day,price\n${lines.join('')}`);
    const argv = [
      'train',
      walk,
      '--forecast',
      'price',
      '--plain',
      '--window',
      '5',
      '--epochs',
      '1',
      '--out',
      join(folder, 'walk'),
    ];
    const { code, out } = await memcell(...argv);
    const verdict = 'no better than the best simple guess (naive, the last value); use that';
    expect([code, out.split('\n').includes(verdict)]).toEqual([0, true]);
    const { code: same, out: printed, err } = await memcell(...argv, '--json');
    expect(same).toBe(0);
    expect(err).toContain(`warning: ${verdict}\n`);
    const { warnings, evaluation } = JSON.parse(printed);
    expect(warnings).toContain(verdict);
    expect(evaluation.verdict).toMatchObject({ better: false, than: 'naive', text: verdict });
  });

  it('--sql chooses what is read', async () => {
    const query = `select * from data where day < '2021-03-01'`;
    const result = await json(...train, '--dry-run', '--sql', query);
    expect(result.understood).toMatchObject({ rows: 59, time: { last: '2021-02-28' } });
    expect(result.understood.notes).toContainEqual(expect.stringContaining('--sql'));
    const { code, err } = await memcell(...train, '--dry-run', '--sql', 'select nothing of it');
    expect(code).not.toBe(0);
    expect(err).toMatch(/^memcell: .*\n$/);
  });

  it('--sql is what a report draws gates of, too', async () => {
    const rows = file(
      folder,
      'flowers.csv',
      `a,b,kind\n${Array.from({ length: 40 }, (_, i) => `${i % 7},${(i * 5) % 11},${i % 7 > 3 ? 'up' : 'down'}`).join('\n')}\n`,
    );
    const page = join(folder, 'flowers.html');
    const argv = [
      '--classify',
      'kind',
      '--layers',
      'LSTM(3), Dense(2, softmax)',
      '--plain',
      '--epochs',
      '1',
      '--report',
      page,
    ];
    const query = 'select a + 1 as other, b, kind from data where b < 8';
    const { report } = await json('train', rows, ...argv, '--sql', query, '--out', join(folder, 'flowers'));
    expect(report).toBe(page);
    expect(readFileSync(page, 'utf8')).toMatch(/id="gates/);
  });

  it('--budget ends training about then, with a model', async () => {
    const out = join(folder, 'hurried');
    const long = ['--plain', '--window', '7', '--epochs', '1000000'];
    const result = await json('train', data, '--forecast', 'sales', ...long, '--budget', '0.2s', '--out', out);
    expect(result.epochs).toBeLessThan(1000000);
    expect((await memcell('predict', out)).code).toBe(0);
    // That it ended so is printed, and warned of only where nothing is printed.
    const rows = csv(0, 60, (i) => `${i % 7},${(i * 5) % 11},${i % 7 > 3 ? 'up' : 'down'}`);
    const classes = [file(folder, 'late.csv', `a,b,kind\n${rows}`), '--classify', 'kind', '--epochs', '1000000'];
    const hurried = [...classes, '--layers', 'Dense(2, softmax)', '--budget', '0.2s', '--out', join(folder, 'late')];
    const [printed, document] = [await memcell('train', ...hurried), await memcell('train', ...hurried, '--json')];
    const said = ({ out, err }: typeof printed) =>
      [out, err].map((text) => text.split('\n').filter((line) => line.includes('at the end of its time')));
    expect(said(printed)).toEqual([['stopped at the end of its time'], []]);
    expect(said(document)[1]).toEqual(['warning: stopped at the end of its time']);
    expect(JSON.parse(document.out).warnings).toContain('stopped at the end of its time');
    for (const budget of ['0', 'soon', '-1s']) {
      const { code, err } = await memcell(...train, '--budget', budget, '--out', out);
      expect([code, err]).toEqual([
        2,
        expect.stringMatching(/^memcell: option '--budget <SECONDS>' argument .* is invalid/),
      ]);
    }
  });
});

describe('predict', () => {
  const predict = ['predict', model, '--future', ahead];

  it('prints dates in the notation of the file, forecasts and the 80 % interval', async () => {
    const { code, out } = await memcell(...predict);
    expect(code).toBe(0);
    const [first, ...lines] = out.trimEnd().split('\n');
    expect(first).toMatch(/^day +sales +80 % low +80 % high$/);
    expect(lines.map((line) => line.split(/\s+/)[0])).toEqual(Array.from({ length: 7 }, (_, i) => day(140 + i)));
    for (const line of lines) {
      const [, value, low, high] = line.split(/\s+/).map(Number);
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
    }
  });

  it('--steps beyond the horizon and several intervals, the wider around the narrower', async () => {
    const { columns, rows } = await json(...predict, '--steps', '20', '--interval', '95,80');
    expect(columns).toEqual(['sales']);
    expect(rows).toHaveLength(20);
    for (const { values, intervals } of rows) {
      const [narrow, wide] = intervals;
      expect([narrow.probability, wide.probability]).toEqual([0.8, 0.95]);
      const inOrder = [wide.lower[0], narrow.lower[0], values[0], narrow.upper[0], wide.upper[0]];
      expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
    }
  });

  it('a known promotion moves the forecast', async () => {
    const { rows } = await json(...predict);
    const error = (i: number) => Math.abs(rows[i].values[0] - sales(140 + i));
    const promotions = Array.from({ length: 7 }, (_, i) => i).filter((i) => promoted(140 + i));
    expect(promotions.length).toBeGreaterThan(0);
    for (const i of promotions) expect(error(i)).toBeLessThan(20);
  });

  it('--out writes CSV, JSON, JSON lines and Parquet by the name, - is standard output', async () => {
    const { rows } = await json(...predict);
    const wanted = rows.map(
      ({
        time,
        values,
        intervals: [{ lower, upper }],
      }: {
        time: string;
        values: number[];
        intervals: { lower: number[]; upper: number[] }[];
      }) => [time, ...[values[0], lower[0], upper[0]].map((value) => Number(value.toPrecision(7)))],
    );
    const names = ['day', 'sales', '80 % low', '80 % high'];
    const piped = await memcell(...predict, '--out', '-');
    expect(piped.out).toBe(`${[names, ...wanted].map((cells) => cells.join(',')).join('\n')}\n`);
    const target = (ending: string) => join(folder, `next.${ending}`);
    for (const ending of ['csv', 'tsv', 'json', 'jsonl', 'parquet']) {
      const { code, out, err } = await memcell(...predict, '--out', target(ending));
      expect([code, out]).toEqual([0, '']);
      expect(err).toContain(`7 rows written to ${target(ending)}\n`);
      const table = await openSource(target(ending)).table();
      expect(table.columns.map(({ name }) => name)).toEqual(names);
      expect(table.rows).toBe(7);
    }
    const objects = wanted.map((cells: unknown[]) => Object.fromEntries(names.map((name, i) => [name, cells[i]])));
    expect(JSON.parse(readFileSync(target('json'), 'utf8'))).toEqual(objects);
    expect(
      readFileSync(target('jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(objects);
    expect(readFileSync(target('csv'), 'utf8')).toBe(piped.out);
    expect(readFileSync(target('tsv'), 'utf8')).toBe(piped.out.replaceAll(',', '\t'));
    expect(readFileSync(target('parquet')).subarray(0, 4).toString()).toBe('PAR1');
  });

  it.each<[string, string[], RegExp]>([
    [
      'no future',
      ['predict', model],
      /needs promo of the rows to come: give --future FILE with the columns day, promo/,
    ],
    [
      'a future too short',
      [...predict, '--steps', '60'],
      /ahead\.csv: has 40 rows after the end of the data, and 60 steps/,
    ],
    [
      'an interval of 100 %',
      [...predict, '--interval', '100'],
      /'--interval <PERCENT,\.\.\.>' argument '100' is invalid/,
    ],
    [
      'intervals of which one is no number',
      [...predict, '--interval', '80,abc'],
      /'--interval <PERCENT,\.\.\.>' argument '80,abc' is invalid/,
    ],
    [
      'intervals of which one is too wide',
      [...predict, '--interval', '80,120'],
      /'--interval <PERCENT,\.\.\.>' argument '80,120' is invalid/,
    ],
  ])('refuses %s', async (_, argv, message) => {
    const { code, out, err } = await memcell(...argv);
    expect(code).toBeGreaterThan(0);
    expect(out).toBe('');
    expect(err).toMatch(/^memcell: .*\n$/);
    expect(err).toMatch(message);
  });
});

describe('evaluate', () => {
  it('scores what came after the training data; --from chooses by row or time, and says when it was trained on', async () => {
    const { code, out } = await memcell('evaluate', model, longer);
    expect(code).toBe(0);
    expect(out).toMatch(/^20 forecasts of 7 steps +MAE/);
    expect(out).toContain('scored on the 20 rows after those that the model was trained on');
    const byTime = await json('evaluate', model, longer, '--from', day(150));
    const byRow = await json('evaluate', model, longer, '--from', '151');
    expect(byTime.evaluation).toMatchObject({ samples: 10, trainedOn: false });
    expect(byRow.evaluation).toEqual(byTime.evaluation);
    const seen = await json('evaluate', model, data, '--from', day(100));
    expect(seen.evaluation).toMatchObject({ samples: 40, trainedOn: true });
    expect(seen.evaluation.notes[0]).toContain('the model was trained on rows that it is scored on here');
  });

  it('refuses a place that the data does not have', async () => {
    const { code, err } = await memcell('evaluate', model, longer, '--from', 'yesterday');
    expect(code).toBeGreaterThan(0);
    expect(err).toMatch(/^memcell: .*yesterday.*\n$/);
  });
});

describe('backtest', () => {
  it('scores folds, each named by its first time, and saves nothing', async () => {
    const argv = ['backtest', data, ...forecast, '--horizon', '2', '--folds', '3'];
    const { code, out, err } = await memcell(...argv);
    expect(code).toBe(0);
    expect(out).toMatch(/^28 forecasts of 2 steps, 3 folds +MAE/);
    for (const fold of [1, 2, 3]) expect(out).toMatch(new RegExp(`^fold ${fold}, from 2021-`, 'm'));
    expect(out).toContain('fitted once, before the first fold');
    expect(err).not.toMatch(/^fold/m);
    const anew = await json(...argv, '--refit');
    expect(anew).toMatchObject({ data, task: 'forecast', folds: 3, refit: true, evaluation: { samples: 28 } });
    expect(anew.evaluation.folds).toHaveLength(3);
    expect(anew.evaluation.notes).toContain('fitted anew before each fold');
  });

  it('of classes: every row is told once, by a model that was not fitted on it', async () => {
    const rows = file(
      folder,
      'kinds.csv',
      `a,b,kind\n${csv(0, 60, (i) => `${i % 7},${(i * 5) % 11},${i % 7 > 3 ? 'up' : 'down'}`)}`,
    );
    const { evaluation } = await json('backtest', rows, '--classify', 'kind', '--epochs', '20', '--folds', '3');
    expect(evaluation.samples).toBe(60);
    expect(evaluation.accuracy).toBeGreaterThan(evaluation.majorityAccuracy);
  });

  it('refuses a text, and more folds than there are rows for', async () => {
    const text = await memcell('backtest', data, '--text');
    expect([text.code, text.err]).toEqual([2, expect.stringMatching(/^memcell: .*--text.*\n$/)]);
    const many = await memcell('backtest', data, ...forecast, '--folds', '100');
    expect([many.code, many.err]).toEqual([2, expect.stringMatching(/memcell: folds: .* make no 100 folds/)]);
  });
});
