/** What stands in the sections and figures of a report, of numbers that are known. */
import { expect, test } from '@jest/globals';
import { parseHTML } from 'linkedom';
import { drawAutocorrelation } from '../../src/report/figures/autocorrelation.js';
import { drawCorrelations } from '../../src/report/figures/correlations.js';
import { type ShownLayer, showLayer } from '../../src/report/gates.js';
import { foldedTable, type Html } from '../../src/report/html.js';
import { report as reportOf } from '../../src/report/index.js';
import type { ReportInput } from '../../src/report/input.js';
import { cyclesOf } from '../../src/report/look/cycles.js';
import { missingOf } from '../../src/report/look/missing.js';
import { renderReport } from '../../src/report/page.js';
import { classifySections } from '../../src/report/sections/classify.js';
import { predictedSection, trainingSection } from '../../src/report/sections/common.js';
import { forecastSections } from '../../src/report/sections/forecast.js';
import { gatesSections } from '../../src/report/sections/gates.js';
import { textSections } from '../../src/report/sections/text.js';
import type { ClassifyEvaluation } from '../../src/tasks/classify/evaluation.js';
import type { ForecastEvaluation } from '../../src/tasks/forecast/evaluation.js';
import { symbols } from '../../src/tasks/functions.js';
import type { ShownBlock, ShownClasses, ShownForecasts } from '../../src/tasks/shown.js';
import { version } from '../../src/version.js';

const report = { title: 'm', headline: [], warnings: [], shown: [], left: 0, network: [], made: [] };
const read = (sections: (Html | undefined)[]) => parseHTML(`<html><body>${sections.join('')}</body></html>`).document;
const cells = (document: Document, section: string) =>
  Array.from(document.querySelectorAll(`#${section} tbody tr`), ({ children }) =>
    Array.from(children, ({ textContent }) => textContent),
  );

test('an autocorrelation begins at one row before', async () => {
  const { tips } = await drawAutocorrelation('sold', {
    values: [0.5, 0.25],
    changes: [-0.5, 0.1],
    bound: 0.2,
    season: 1,
  } as Parameters<typeof drawAutocorrelation>[1]);
  expect(tips?.text).toEqual([
    '1 row before\nvalues 0.5000\nchanges -0.5000',
    '2 rows before\nvalues 0.2500\nchanges 0.1000',
  ]);
});

test('correlations are as wide as they have columns', async () => {
  const of = (columns: string[]) => {
    const r = columns.map((_, i) => columns.map((__, j) => (i === j ? 1 : 0.5)));
    return drawCorrelations({ columns, r, rows: r.map((line) => line.map(() => 9)) });
  };
  const width = ({ svg }: { svg: string }) => Number(/ width="([\d.]+)"/.exec(svg)?.[1]);
  // Cells of 56, names of one letter, 20 at the right.
  expect(width(await of(['a', 'b']))).toBe(24 + 7 + 2 * 56 + 20);
  expect(width(await of(['a', 'b', 'c']))).toBe(24 + 7 + 3 * 56 + 20);
});

test('maps of gates say what is left out of them, and nothing where all is drawn', async () => {
  const layer: ShownLayer = {
    layer: 'lstm',
    kind: 'LSTM',
    steps: 4,
    of: { units: 2, steps: 4 },
    units: [0, 1],
    maps: [{ name: 'input', low: 0, high: 1, bytes: btoa('\0'.repeat(8)) }],
  };
  const heading = async (of: ShownLayer['of']) =>
    read(await gatesSections({ name: 'row 1', layers: [{ ...layer, of }] })).querySelector('h3')?.textContent;
  expect(await heading({ units: 2, steps: 4 })).toBe('lstm (LSTM): 2 units over 4 steps');
  expect(await heading({ units: 3, steps: 4 })).toBe('lstm (LSTM): the 2 most active of 3 units over 4 steps');
  expect(await heading({ units: 2, steps: 9 })).toBe('lstm (LSTM): 2 units over the last 4 of 9 steps');
});

test('mistakes on rows name their inputs', async () => {
  const mistake = { name: 'row 3', actual: 'a', answered: 'b', probability: 0.9, steps: [[1.5, 2, 3]] };
  const shown: ShownClasses = {
    kind: 'classify',
    classes: ['a', 'b'],
    reliability: [],
    mistakes: [mistake],
    inputs: ['x', 'y'],
  };
  const document = read(await classifySections({ ...report, kind: 'classify', shown: [shown] }));
  expect(document.querySelector('#mistakes .card p')?.textContent).toBe('row 3: was a, answered b (90.0 %)');
  expect(cells(document, 'mistakes')).toEqual([
    ['x', '1.5'],
    ['y', '2'],
    ['3', '3'],
  ]);
});

test('tokens are coloured by their surprise, at most in full', async () => {
  const tokens = [0, 5, 10, 25].map((bits) => ({ text: `t${bits}`, bits }));
  const shown = [{ kind: 'text' as const, tokens, confusions: [] }];
  const document = read(await textSections({ ...report, kind: 'text', shown }));
  const shares = Array.from(document.querySelectorAll('.surprise span'), (span) => span.getAttribute('style'));
  expect(shares).toEqual(['--s:0.00', '--s:0.50', '--s:1.00', '--s:1.00']);
});

test('probabilities of classes are told as shares, other numbers of a prediction as they are', () => {
  const predicted = { head: ['row', 'class', 'p(a)', 'age'], rows: [[1, 'a', 0.123456, 0.123456]], count: 3 };
  const told = (kind: ReportInput['kind']) => {
    const document = read([predictedSection({ ...report, kind, predicted })]);
    expect(document.querySelector('#predicted .note')?.textContent).toBe('2 more rows; --out FILE writes all.');
    return cells(document, 'predicted')[0];
  };
  expect(told('classify')).toEqual(['1', 'a', '12.3 %', '0.1235']);
  expect(told('forecast')).toEqual(['1', 'a', '0.1235', '0.1235']);
});

test('cycles are those that the rows fill twice: from the first row to the last', () => {
  const hour = 3_600_000;
  const names = (rows: number, step: number) =>
    cyclesOf(
      new Float64Array(rows).fill(1),
      { axis: 'date', x: Float64Array.from({ length: rows }, (_, i) => i * step) },
      1,
    ).map(({ name }) => name);
  expect(names(49, hour)).toEqual(['hour']);
  expect(names(48, hour)).toEqual([]);
  expect(names(15, 24 * hour)).toEqual(['weekday']);
  expect(names(14, 24 * hour)).toEqual([]);
  expect(names(2, 24 * hour)).toEqual([]);
});

test('what is missing is told by stretches of at least two rows', () => {
  const values = Float64Array.of(1, Number.NaN, 3, 4, 5, 6);
  const series = [{ name: '', from: 0, to: 6 }];
  const found = missingOf([{ name: 'y', values }], series, { series }, Float64Array.of(0, 1, 2, 3, 4, 5));
  expect(found).toEqual({
    of: 'column',
    names: ['y'],
    edges: [0, 5 / 3, 10 / 3, 5],
    shares: [[0.5, 0, 0]],
  });
});

test('units of a layer stand in the order in which they are active, whatever their sign', () => {
  const state = Float32Array.of(0, -1, 0, 0, 0, 1, 0, 0, 0, -1, 0, 0);
  const { units } = showLayer({ layer: 'rnn', kind: 'SimpleRNN', shape: [1, 4, 3], gates: { state } });
  expect(units).toEqual([1, 2, 0]);
});

test('errors stand beside those of simple guesses, by column where there are several', async () => {
  const errors = (mae: number) => ({
    mae,
    rmse: 2 * mae,
    smape: 10 * mae,
    mase: mae / 4,
    steps: [{ mae, rmse: 2 * mae }],
  });
  const target = (column: string) => ({
    column,
    ...errors(1),
    naive: errors(2),
    seasonalNaive: errors(3),
    drift: { ...errors(4), mase: null },
  });
  const evaluation = (columns: string[], season: number) =>
    ({
      kind: 'forecast',
      samples: 5,
      horizon: 1,
      season,
      targets: columns.map(target),
      notes: [],
    }) as unknown as ForecastEvaluation;
  const document = async (columns: string[], season: number) =>
    read(await forecastSections({ ...report, kind: 'forecast', evaluation: evaluation(columns, season) }));
  const one = await document(['sold'], 7);
  const heads = (page: Document) =>
    Array.from(page.querySelectorAll('#errors thead th'), ({ textContent }) => textContent);
  expect(heads(one)).toEqual(['forecast', 'MAE', 'RMSE', 'sMAPE', 'MASE']);
  expect(cells(one, 'errors').map((row) => row.slice(1))).toEqual([
    ['1', '2', '10.0 %', '0.2500'],
    ['2', '4', '20.0 %', '0.5000'],
    ['3', '6', '30.0 %', '0.7500'],
    ['4', '8', '40.0 %', '–'],
  ]);
  expect(cells(one, 'errors')[0][0]).toBe('model');
  expect(one.querySelector('#errors .note')?.textContent).toContain('over that of the value 7 rows before on the rows');
  const two = await document(['sold', 'wind'], 1);
  expect(heads(two)).toEqual(['column', 'forecast', 'MAE', 'RMSE', 'sMAPE', 'MASE']);
  expect(cells(two, 'errors').map(([column]) => column)).toEqual([...Array(4).fill('sold'), ...Array(4).fill('wind')]);
  expect(two.querySelector('#errors .note')?.textContent).toContain('over that of the last value on the rows');
  // Of one step there is nothing to draw by step; how many values came to lie in the intervals is told all the same.
  expect(one.querySelector('#steps')).toBeNull();
  const inside = [{ ...target('sold'), coverage: [{ probability: 0.8, share: 0.75 }] }];
  const covered = read(
    await forecastSections({
      ...report,
      kind: 'forecast',
      evaluation: { ...evaluation(['sold'], 7), targets: inside } as ForecastEvaluation,
    }),
  );
  expect(cells(covered, 'steps')).toEqual([['sold', '80 %', '75.0 %']]);
  expect(covered.querySelectorAll('#steps figure')).toHaveLength(0);
});

test('confusions of up to 40 classes are drawn, of more the commonest are listed', async () => {
  const scores = (size: number) => {
    const classes = Array.from({ length: size }, (_, i) => ({
      name: `k${i}`,
      samples: 9,
      precision: 1,
      recall: null,
      f1: 0.5,
    }));
    // Class 1 is answered as 2 five times, as 0 once.
    const confusion = classes.map((_, i) =>
      classes.map((__, j) => (i === j ? 3 : i === 1 && j === 2 ? 5 : i === 1 && j === 0 ? 1 : 0)),
    );
    const all = { accuracy: 0.9, majorityAccuracy: 0.3, balancedAccuracy: 0.8, macroF1: 0.7, auc: null, logLoss: 0.25 };
    return { kind: 'classify', classes, confusion, ...all } as unknown as ClassifyEvaluation;
  };
  const of = async (size: number) =>
    read(await classifySections({ ...report, kind: 'classify', evaluation: scores(size) })).querySelector('#confusion');
  // Nor are so many numbers in the page.
  const inPage = async (size: number) => {
    const page = await renderReport({ ...report, kind: 'classify', evaluation: scores(size) });
    return JSON.parse(parseHTML(page).document.querySelector('#evaluation')?.textContent ?? '');
  };
  expect(await inPage(40)).toEqual(scores(40));
  const { confusion: _, ...others } = scores(41);
  expect(await inPage(41)).toEqual(others);
  const drawn = await of(40);
  expect([drawn?.querySelectorAll('svg').length, drawn?.querySelectorAll('table').length]).toEqual([1, 0]);
  const listed = await of(41);
  expect([listed?.querySelectorAll('svg').length, listed?.querySelector('p')?.textContent]).toEqual([
    0,
    '41 classes are too many to draw; the commonest confusions:',
  ]);
  const rows = Array.from(listed?.querySelectorAll('tbody tr') ?? [], ({ children }) =>
    Array.from(children, ({ textContent }) => textContent),
  );
  expect(rows).toEqual([
    ['k1', 'k2', '5'],
    ['k1', 'k0', '1'],
  ]);
});

test('one epoch is a table, with or without a part that was held out; more are curves', async () => {
  const of = async (history: Record<string, number[]>) => read([await trainingSection({ history, kind: 'forecast' })]);
  expect(cells(await of({ loss: [0.5], val_loss: [0.25] }), 'training')).toEqual([['loss', '0.5000', '0.2500']]);
  expect(cells(await of({ loss: [0.5] }), 'training')).toEqual([['loss', '0.5000', '–']]);
  expect((await of({ loss: [0.5] })).querySelectorAll('svg')).toHaveLength(0);
  expect((await of({ loss: [0.5, 0.4] })).querySelectorAll('svg')).toHaveLength(1);
  expect((await of({ loss: [0.5], val_loss: [0.4, 0.3] })).querySelectorAll('svg')).toHaveLength(1);
  expect(await trainingSection({ history: {}, kind: 'forecast' })).toBeUndefined();
});

test('a model says how it was made', async () => {
  const sequence = Array.from({ length: 40 }, (_, i) => i % 4);
  const options = { epochs: 2, seed: 3, window: 1, layers: 'LSTM(3), Dense(4, softmax)' };
  const model = await symbols(sequence, options);
  const { document } = parseHTML(await reportOf(model));
  const texts = (tag: string) => Array.from(document.querySelectorAll(`#model ${tag}`), (one) => one.textContent);
  const values = texts('dd');
  expect(Object.fromEntries(texts('dt').map((name, i) => [name, values[i]]))).toEqual({
    layers: options.layers,
    optimizer: 'adam',
    epochs: '2',
    'batch size': '8',
    'learning rate': '0.005',
    'validation split': '0',
    patience: '75',
    seed: '3',
    'trained by': `memcell ${version}`,
    data: 'sequence.json',
    environment: `Node ${process.versions.node}, ${process.platform} ${process.arch}`,
  });
  expect(cells(document, 'model')).toEqual([
    ['lstm (LSTM)', '(None, 3)', '60', 'engine'],
    ['dense (Dense)', '(None, 4)', '16', 'engine'],
    ['all', '', '76', ''],
  ]);
  model.dispose();
});

test('of many series the newest forecasts of each are drawn, whole blocks that fit into 2,400 rows in all', async () => {
  const block = (first: number): ShownBlock => ({ x: [0, 1, 2].map((i) => first + i), y: [1, 2, 3], intervals: [] });
  const series = (count: number, blocks: number) =>
    Array.from({ length: count }, (_, i): ShownForecasts => {
      const x = Array.from({ length: 3 * blocks }, (__, t) => t);
      const forecasts = Array.from({ length: blocks }, (__, b) => block(3 * b));
      const column = { name: 'y', actual: { x, y: x.map((t) => t % 5) }, forecasts, histogram: [], mae: 1 };
      return {
        kind: 'forecast',
        series: `s${i}`,
        axis: 'row',
        columns: [{ ...column, residuals: { x: [], y: [] } }],
        relative: 50 - i,
        scored: 400,
        shown: 3 * blocks,
      };
    });
  const drawn = async (count: number, blocks: number, left = 0) => {
    const sections = await forecastSections({ ...report, kind: 'forecast', shown: series(count, blocks), left });
    const document = read(sections);
    const tips = JSON.parse(document.querySelector('figure[data-tips]')?.getAttribute('data-tips') ?? '{}');
    const told = (tips.text as string[]).filter((text) => text.includes('forecast')).map((text) => text.split('\n')[0]);
    return { document, text: document.querySelector('#forecasts')?.textContent ?? '', told };
  };
  // 2,400 rows are 100 to each of 24 series: 33 blocks.
  const many = await drawn(24, 40, 7);
  expect(many.text).toContain('Of 400 rows that were forecast the newest 99 are drawn.');
  expect([many.told.length, many.told[0], many.told.at(-1)]).toEqual([99, 'row 21', 'row 119']);
  expect(many.text).toContain('Series, the worst first:');
  expect(many.text).toContain('7 between the worst and the best are left out.');
  const options = Array.from(many.document.querySelectorAll('option'), ({ textContent }) => textContent);
  expect([options.length, options[0], options[23]]).toEqual([24, 's0, error 50', 's23, error 27']);
  // 600 to each of four, which have less.
  const few = await drawn(4, 40);
  expect(few.text).toContain('Of 400 rows that were forecast the newest 120 are drawn.');
  expect(few.text).not.toContain('left out');
  expect([few.told.length, few.told[0]]).toEqual([120, 'row 0']);
  expect((await drawn(1, 40)).document.querySelector('select')).toBeNull();
});

test('rows of a table are folded away behind the first 15, where there are more than five', () => {
  const rows = (count: number) => {
    const document = read([
      foldedTable(
        ['a', 'b'],
        Array.from({ length: count }, (_, i) => [`r${i}`, i]),
      ),
    ]);
    const folded = document.querySelectorAll('details tbody tr').length;
    return [document.querySelectorAll('tbody tr').length - folded, folded];
  };
  // Where five are more, folding them away is not worth it.
  expect([3, 15, 20, 21, 40].map(rows)).toEqual([
    [3, 0],
    [15, 0],
    [20, 0],
    [15, 6],
    [15, 25],
  ]);
});

test('a probability that one decimal would round to none is told as less than that, and none as none', () => {
  const rows = [0, 0.000_499, 0.0005, 0.0016, 1].map((p, row) => [row + 1, 'a', p]);
  const predicted = { head: ['row', 'class', 'p(a)'], rows, count: 5 };
  const document = read([predictedSection({ ...report, kind: 'classify', predicted })]);
  const cells = [...document.querySelectorAll('td:last-child')].map((cell) => cell.textContent);
  expect(cells).toEqual(['0.0 %', '< 0.1 %', '0.1 %', '0.2 %', '100.0 %']);
});
