/** What stands in the sections and figures of a report, of numbers that are known. */
import { expect, jest, test } from '@jest/globals';
import { parseHTML } from 'linkedom';
import { drawAutocorrelation } from '../../src/report/figures/autocorrelation.js';
import { drawCorrelations } from '../../src/report/figures/correlations.js';
import { type ShownLayer, showLayer } from '../../src/report/gates.js';
import { foldedTable, type Html, html, table } from '../../src/report/html.js';
import { report as reportOf } from '../../src/report/index.js';
import type { ReportInput } from '../../src/report/input.js';
import { cyclesOf } from '../../src/report/look/cycles.js';
import { missingOf } from '../../src/report/look/missing.js';
import { renderReport } from '../../src/report/page.js';
import { figuresOf, sheetOf } from '../../src/report/plot.js';
import { classifySections } from '../../src/report/sections/classify.js';
import { dataSection, modelSection, predictedSection, trainingSection } from '../../src/report/sections/common.js';
import { forecastSections } from '../../src/report/sections/forecast.js';
import { gatesSections } from '../../src/report/sections/gates.js';
import { textSections } from '../../src/report/sections/text.js';
import { Sequential } from '../../src/sequential.js';
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
    // Without an error at all.
    smoothing: errors(0),
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
    ['0', '0', '0.0 %', '0'],
  ]);
  expect(cells(one, 'errors')[0][0]).toBe('model');
  expect(one.querySelector('#errors .note')?.textContent).toContain('over that of the value 7 rows before on the rows');
  const two = await document(['sold', 'wind'], 1);
  expect(heads(two)).toEqual(['column', 'forecast', 'MAE', 'RMSE', 'sMAPE', 'MASE']);
  expect(cells(two, 'errors').map(([column]) => column)).toEqual([...Array(5).fill('sold'), ...Array(5).fill('wind')]);
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
  const engine = jest.spyOn(Sequential.prototype, 'engine', 'get').mockReturnValue({ kind: 'tfjs', why: 'no reason' });
  const other = parseHTML(await reportOf(model)).document;
  engine.mockRestore();
  expect(cells(other, 'model').map((row) => row[3])).toEqual([...Array(2).fill('TensorFlow.js: no reason'), '']);
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

const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));
const texts = (document: Document | Element | null, query: string) =>
  Array.from(document?.querySelectorAll(query) ?? [], ({ textContent }) => textContent);

test('of more than 40 classes those with the least F1 are listed, and the commonest thirty confusions', async () => {
  const of = async (count: number) => {
    // Class 7 was not there; the others are the worse the later they come, 0 in full.
    const classes = list(count, (i) => ({
      name: `k${i}`,
      samples: i === 7 ? 0 : i + 1,
      precision: i === 3 ? null : 0.5,
      recall: i === 7 ? null : 0.25,
      f1: i === 7 ? null : 1 - i / 100,
    }));
    const confusion = list(count, (i) => list(count, (j) => (i === j ? 99 : j === i + 1 ? 2 * i + 1 : 0)));
    const scores = {
      accuracy: 0.9,
      majorityAccuracy: 0.3,
      balancedAccuracy: 0.8,
      macroF1: 0.7,
      auc: null,
      logLoss: 0.25,
    };
    const evaluation = { kind: 'classify', classes, confusion, ...scores } as unknown as ClassifyEvaluation;
    return read(await classifySections({ ...report, kind: 'classify', evaluation }));
  };
  const rows = (document: Document) => cells(document, 'classes').filter(({ length }) => length === 5);
  const all = await of(40);
  expect(all.querySelector('#classes .note')).toBeNull();
  expect(rows(all)).toEqual(
    list(40, (i) =>
      i === 7
        ? ['k7', '0', '50.0 %', '–', '–']
        : [`k${i}`, `${i + 1}`, i === 3 ? '–' : '50.0 %', '25.0 %', `${100 - i}.0 %`],
    ),
  );
  const some = await of(42);
  expect(some.querySelector('#classes .note')?.textContent).toBe('The 40 of 42 classes with the least F1.');
  expect(rows(some).map(([name]) => name)).toEqual(list(41, (i) => `k${41 - i}`).filter((name) => name !== 'k7'));
  // Forty-one pairs of neighbours were confused.
  expect(cells(some, 'confusion')).toEqual(list(30, (i) => [`k${40 - i}`, `k${41 - i}`, `${2 * (40 - i) + 1}`]));
});

test('of mistakes five inputs are drawn and the others counted; of a row twelve are listed', async () => {
  const mistake = { name: 'row 3', actual: 'a', answered: 'b', probability: 0.9 };
  const of = async (mistakes: object[], inputs: string[]) => {
    const shown = {
      kind: 'classify',
      classes: ['a', 'b'],
      reliability: [],
      mistakes,
      inputs,
    } as unknown as ShownClasses;
    return read(await classifySections({ ...report, kind: 'classify', shown: [shown] })).querySelector('#mistakes');
  };
  const names = (count: number) => list(count, (i) => `in${i}`);
  const steps = (length: number, width: number) => list(length, (t) => list(width, (c) => t + c));
  const drawn = async (width: number) => {
    const section = await of(
      [
        { ...mistake, steps: steps(1, width) },
        { ...mistake, steps: steps(2, width) },
      ],
      names(width),
    );
    return [texts(section, '.legend span'), texts(section, '.note')];
  };
  expect(await drawn(1)).toEqual([[], []]);
  expect(await drawn(5)).toEqual([names(5), []]);
  expect(await drawn(7)).toEqual([names(5), ['2 more inputs are not drawn.']]);
  const row = await of([{ ...mistake, steps: steps(1, 14) }], names(14));
  expect([texts(row, '.legend span'), texts(row, 'tbody td')]).toEqual([
    [],
    list(12, (c) => [`in${c}`, String(c)]).flat(),
  ]);
  const plain = await of([{ ...mistake, text: 'so <b>' }, mistake], []);
  expect(
    Array.from(plain?.querySelectorAll('.card') ?? [], (card) => [texts(card, 'p'), texts(card, 'blockquote')]),
  ).toEqual([
    [['row 3: was a, answered b (90.0 %)'], ['so <b>']],
    [['row 3: was a, answered b (90.0 %)'], []],
  ]);
  expect(texts(await of([], ['x']), 'p')).toEqual(['None.']);
});

test('the best epoch is the first of the least held-out loss, and says whether it was kept', async () => {
  const titles = async (history: Record<string, number[]>, more: object = {}) =>
    texts(read([await trainingSection({ history, kind: 'forecast', ...more })]), 'figcaption');
  const loss = [3, 2, 1];
  expect(await titles({ loss, val_loss: [4, 2, 2] })).toEqual(['loss; epoch 2 has the least held-out loss']);
  const settings = { patience: 0 };
  expect(await titles({ loss, val_loss: [4, 2, 3], mae: loss }, { settings })).toEqual([
    'loss; epoch 2 was kept',
    'mae; epoch 2 was kept',
  ]);
  expect(await titles({ loss })).toEqual(['loss']);
  // What is known of the part held out alone is drawn too.
  expect(await titles({ val_mae: [2, 1], val_loss: [1, 2], loss, accuracy: [] })).toEqual([
    'loss; epoch 1 has the least held-out loss',
    'mae; epoch 1 has the least held-out loss',
  ]);
  // A text's loss is told in bits, on both parts; other numbers are as they are.
  const history = { loss: [2 * Math.LN2, Math.LN2], val_loss: [4 * Math.LN2, 8 * Math.LN2], accuracy: [0.5, 0.25] };
  const section = read([await trainingSection({ history, kind: 'text' })]);
  const tips = Array.from(
    section.querySelectorAll('figure'),
    (one) => JSON.parse(one.getAttribute('data-tips') ?? '').text,
  );
  expect(tips).toEqual([
    ['epoch 1\ntraining 2\nheld out 4', 'epoch 2\ntraining 1\nheld out 8'],
    ['epoch 1\ntraining 0.5000', 'epoch 2\ntraining 0.2500'],
  ]);
});

test('columns of a table are told with why, and what is missing; more than twenty are folded away', () => {
  const of = (columns: object[]) =>
    read([
      dataSection({
        account: { source: 't', read: 3, rows: 3, columns, notes: [] } as unknown as NonNullable<
          ReportInput['account']
        >,
      }),
    ]);
  const column = { name: 'a', use: 'feature', how: 'number' };
  expect(
    cells(
      of([
        column,
        { ...column, use: 'out', how: 'text', why: 'all alike' },
        { ...column, missing: 2 },
        { ...column, why: 'asked for', missing: 2, filled: 'linear' },
        { ...column, missing: 0, filled: 'linear' },
      ]),
      'data',
    ),
  ).toEqual([
    ['a', 'feature', 'number', ''],
    ['a', 'left out', 'text', 'all alike'],
    ['a', 'feature', 'number', '2 missing'],
    ['a', 'feature', 'number', 'asked for; 2 missing, filled: linear'],
    ['a', 'feature', 'number', ''],
  ]);
  const folded = (count: number) => texts(of(list(count, () => column)), 'details summary');
  expect([folded(20), folded(21)]).toEqual([[], ['21 columns']]);
});

test('a hundred rows of a prediction are shown; a model of no layers has no table of them', () => {
  const of = (rows: number, count: number) => {
    const predicted = { head: ['row', 'y'], rows: list(rows, (i) => [i, 'a']), count };
    const document = read([predictedSection({ ...report, kind: 'forecast', predicted })]);
    return [cells(document, 'predicted').length, texts(document, '.note')];
  };
  expect(of(100, 100)).toEqual([100, []]);
  expect(of(101, 101)).toEqual([100, ['1 more row; --out FILE writes all.']]);
  expect(of(103, 240)).toEqual([100, ['140 more rows; --out FILE writes all.']]);
  expect(of(0, 0)).toEqual([0, []]);
  const model = read([modelSection({ ...report, kind: 'forecast', made: [['data', 'x.csv']] })]);
  expect([model.querySelector('table'), texts(model, 'dt'), texts(model, 'dd')]).toEqual([null, ['data'], ['x.csv']]);
});

test('of many series the worst thirty and the best thirty are listed, by their errors beside the last value', async () => {
  const verdict = (i: number) => ({ than: `g${i}`, ratio: i === 5 ? null : i / 100, better: true, text: '' });
  const target = (column: string, mae: number, mase: number | null) => ({ column, mae, rmse: 1, smape: 1, mase });
  const of = async (count: number, columns: string[]) => {
    const series = list(count, (i) => ({
      name: `s${i}`,
      samples: 3 + i,
      targets: columns.map((column, c) => target(column, 10 * i + c, i === 5 ? null : i / 4 + c / 8)),
      verdict: verdict(i),
    }));
    const steps = [{ step: 1, ...target('', 1, 1) }];
    const method = { ...target('', 1, 1), steps };
    const targets = columns.map((column) => ({ ...method, column, naive: method, drift: method }));
    const evaluation = { kind: 'forecast', horizon: 1, season: 1, samples: 9, notes: [], series, targets };
    return cells(
      read(
        await forecastSections({
          ...report,
          kind: 'forecast',
          evaluation: evaluation as unknown as ForecastEvaluation,
        }),
      ),
      'series',
    );
  };
  // The sixth has no such error, and comes after the others.
  const order = [...list(61, (i) => 60 - i).filter((i) => i !== 5 && i !== 0), 0, 5];
  expect((await of(61, ['y'])).map(([name]) => name)).toEqual(
    [...order.slice(0, 30), ...order.slice(-30)].map((i) => `s${i}`),
  );
  expect(await of(6, ['y', 'z'])).toEqual(
    [
      [4, 1],
      [4, 0],
      [3, 1],
      [3, 0],
      [2, 1],
      [2, 0],
      [1, 1],
      [1, 0],
      [0, 1],
      [0, 0],
      [5, 0],
      [5, 1],
    ].map(([i, c]) => [
      `s${i}`,
      ['y', 'z'][c],
      `${3 + i}`,
      `${10 * i + c}`,
      i === 5
        ? '–'
        : i + c === 0
          ? '0'
          : i % 4 === 0 && c === 0
            ? `${i / 4}`
            : (i / 4 + c / 8).toFixed(i >= 4 || i / 4 + c / 8 >= 1 ? 3 : 4),
      i === 5 ? '–' : `${i} %`,
      `g${i}`,
    ]),
  );
});

test('folds that have no time are numbered, and each column has its row', async () => {
  const errors = (mae: number) => ({ mae, rmse: 2 * mae, smape: 1, mase: 1, steps: [{ step: 1, mae, rmse: 1 }] });
  const fold = (mae: number, from?: string) => ({
    ...(from && { from }),
    samples: mae,
    targets: ['y', 'z'].map((column, c) => ({ column, ...errors(mae + c) })),
    verdict: { text: `v${mae}` },
  });
  const targets = [{ column: 'y', ...errors(1), naive: errors(2), drift: errors(3) }];
  const evaluation = {
    kind: 'forecast',
    horizon: 1,
    season: 1,
    targets,
    notes: [],
    folds: [fold(3), fold(5, '2020-02')],
  };
  const document = read(
    await forecastSections({ ...report, kind: 'forecast', evaluation: evaluation as unknown as ForecastEvaluation }),
  );
  expect(cells(document, 'folds')).toEqual([
    ['1', 'y', '3', '3', '6', 'v3'],
    ['1', 'z', '3', '4', '8', 'v3'],
    ['2020-02', 'y', '5', '5', '10', 'v5'],
    ['2020-02', 'z', '5', '6', '12', 'v5'],
  ]);
});

test('each series has what comes next of it, whatever its place, and the rows before as far as they tell something', async () => {
  const x = list(100, (i) => i + 1);
  const column = { name: 'y', actual: { x, y: x }, residuals: { x: [], y: [] }, histogram: [], mae: 1 };
  const block = (from: number, y: number[]): ShownBlock => ({ x: y.map((_, i) => from + i), y, intervals: [] });
  const series = (name: string, forecasts: ShownBlock[]): ShownForecasts => ({
    kind: 'forecast',
    series: name,
    axis: 'row',
    relative: 1,
    scored: 2,
    shown: 2,
    columns: [{ ...column, forecasts }],
  });
  const next = ['b', 'a'].map((name, i) => ({ series: name, columns: [block(101, [7000 + i, 7000 + i])] }));
  const sections = await forecastSections({
    ...report,
    kind: 'forecast',
    shown: [series('a', [block(91, [5, 6])]), series('b', []), series('c', [])],
    next,
  });
  const tips = sections.flatMap(({ figures }) =>
    figures.map(({ title, tips: told }) => [title, told?.text[0], told?.text.at(-1)]),
  );
  // From row 91 to row 102 and a third as much before; else the last 120 rows, which are all.
  expect(tips).toEqual([
    ['a: y, the part that was forecast and what comes next', 'row 88\ny 88', 'row 102\nforecast 7001'],
    ['a: y, the newest rows', 'row 88\ny 88', 'row 102\nforecast 7001'],
    ['a: y, everything', undefined, undefined],
    ['b: y, the newest rows', 'row 1\ny 1', 'row 102\nforecast 7000'],
    // On a phone sixty.
    ['b: y, the newest rows', 'row 41\ny 41', 'row 102\nforecast 7000'],
    ['c: y, the newest rows', 'row 1\ny 1', 'row 100\ny 100'],
    ['c: y, the newest rows', 'row 41\ny 41', 'row 100\ny 100'],
  ]);
  // Values of what is forecast that were filled in are told, of nothing else.
  const columns = [
    { name: 'y', use: 'target', how: 'number', missing: 1, filled: 'last value' },
    { name: 'z', use: 'feature', how: 'number', missing: 2, filled: 'last value' },
    { name: 'v', use: 'target', how: 'number', missing: 3 },
    { name: 'w', use: 'target', how: 'number', missing: 4, filled: 'linear' },
  ];
  const account = { source: 't', read: 3, rows: 3, columns, notes: [] } as unknown as NonNullable<
    ReportInput['account']
  >;
  const filled = await forecastSections({ ...report, kind: 'forecast', shown: [series('', [])], account });
  expect(texts(read(filled), '#forecasts .note')).toEqual([
    '1 value of y is missing, and drawn as if they were there: last value.',
    '4 values of w are missing, and drawn as if they were there: linear.',
  ]);
  // Nothing was scored: no residuals.
  expect(read(sections).querySelector('#residuals')).toBeNull();
  const alone = await forecastSections({ ...report, kind: 'forecast', shown: [series('', [block(91, [5, 6])])] });
  expect(alone.flatMap(({ figures }) => figures.map(({ title }) => title))).toEqual([
    'y, the part that was forecast',
    'y, the newest rows',
    'y, everything',
  ]);
  expect(texts(read(alone), '.legend span')).toEqual(['what happened', 'forecast before it happened']);
});

test('residuals are of the first series, each column of it', async () => {
  const part = (series: string, by: number): ShownForecasts => ({
    kind: 'forecast',
    series,
    axis: 'row',
    relative: 1,
    scored: 1,
    shown: 1,
    columns: ['y', 'z'].map((name, c) => ({
      name,
      actual: { x: [1, 2], y: [1, 2] },
      forecasts: [],
      residuals: { x: [2], y: [by + c] },
      histogram: [{ from: by + c, to: by + c + 1, count: 1 }],
      mae: 1,
    })),
  });
  const document = read(await forecastSections({ ...report, kind: 'forecast', shown: [part('a', 3), part('b', 7)] }));
  expect(texts(document, '#residuals .note')).toEqual(['Of a.']);
  const tips = Array.from(
    document.querySelectorAll('#residuals figure'),
    (one) => JSON.parse(one.getAttribute('data-tips') ?? '').text,
  );
  expect(tips).toEqual([['row 2\n3'], ['3 to 4\n1'], ['row 2\n4'], ['4 to 5\n1']]);
  const single = read(await forecastSections({ ...report, kind: 'forecast', shown: [part('', 3)] }));
  expect(texts(single, '#residuals .note')).toEqual([]);
});

test('memories are told of the eight longest, and inputs by how much they add, the twenty that add most', async () => {
  const layer = (lives: (number | null)[]): ShownLayer => ({
    layer: 'lstm',
    kind: 'LSTM',
    steps: 1,
    of: { units: lives.length, steps: 1 },
    units: lives.map((_, i) => 100 + i),
    halfLives: lives,
    maps: [{ name: 'input', low: 0, high: 1, bytes: btoa('\0'.repeat(lives.length)) }],
  });
  const lives = [1, 2.345, null, 4, 5, 6, 7, 8, 9, 10];
  const values = [list(22, (c) => (c % 2 ? -c : c)), list(22, (c) => (c === 3 ? 100 : 0))];
  const shown = {
    name: 'row 1',
    input: { values: [list(22, () => 0), list(22, () => 0)], features: list(22, (c) => `f${c}`) },
    layers: [layer(lives), layer([3])],
    attribution: { values, output: 2, baseline: 1, gap: 0 },
  };
  const document = read(await gatesSections(shown));
  const folded = Array.from(document.querySelectorAll('#gates details'), (one) => [
    texts(one, 'summary'),
    texts(one, 'td'),
  ]);
  expect(folded).toEqual([
    [
      ['Memory: half of the units keep half of what they hold for 6 steps or longer'],
      ['unit 102', 'endless', ...[10, 9, 8, 7, 6, 5, 4].flatMap((life) => [`unit ${99 + life}`, String(life)])],
    ],
    [['Memory: half of the units keep half of what they hold for 3 steps or longer'], ['unit 100', '3']],
  ]);
  // Over both steps the fourth adds 97.
  const sums = [[3, '97'], ...list(20, (i) => [21 - i, `${(21 - i) % 2 ? '−' : ''}${21 - i}`])].filter(
    ([c, sum]) => c !== 3 || sum === '97',
  );
  expect(cells(document, 'attribution')).toEqual(sums.slice(0, 20).map(([c, sum]) => [`f${c}`, sum]));
  expect(texts(document, '#gates .legend span')).toEqual(list(5, (c) => `f${c}`));
  const one = read(
    await gatesSections({
      ...shown,
      input: { values: [[1], [2]], features: ['f'] },
      attribution: { ...shown.attribution, values: [[1], [2]] },
    }),
  );
  expect([one.querySelector('#attribution table'), one.querySelector('#gates .legend')]).toEqual([null, null]);
});

test('a text under maps is that of the steps that are drawn; words stand apart, letters do not', async () => {
  const layer = (steps: number): ShownLayer => ({
    layer: 'gru',
    kind: 'GRU',
    steps,
    of: { units: 1, steps },
    units: [0],
    maps: [{ name: 'state', low: -1, high: 1, bytes: btoa('\0'.repeat(steps)) }],
  });
  const of = async (tokens: string[], steps: number) => {
    const document = read(await gatesSections({ name: 't', tokens, layers: [layer(steps)] }));
    return [document.querySelector('pre.text')?.textContent, texts(document, '.steps span')];
  };
  expect(await of(['x', 'a', '\n', 'b'], 3)).toEqual(['a↵\nb', ['a', '↵', 'b']]);
  expect(await of(['one', 'and', 'two'], 3)).toEqual(['one and two ', ['one', 'and', 'two']]);
  // Parts of words bring their spaces with them.
  expect(await of(['one', ' and', ' two'], 3)).toEqual(['one and two', ['one', ' and', ' two']]);
  expect(
    (
      await of(
        list(140, () => 'a'),
        130,
      )
    )[1],
  ).toHaveLength(130);
  expect(
    await of(
      list(140, () => 'a'),
      131,
    ),
  ).toEqual(['a'.repeat(131), []]);
});

test('on a sheet wide figures have a line of their own, two narrow ones share one, the next stands under the taller', () => {
  const figure = (title: string, width: number, height: number) => ({
    title,
    svg: `<svg viewBox="0 0 ${width} ${height}"><g></g></svg>`,
  });
  const long = 'word '.repeat(40).trim();
  const sheet = sheetOf([
    figure('a', 440, 100),
    figure('b', 480, 160),
    figure('c', 300, 50),
    figure('wide', 900, 200),
    figure('d', 440, 80),
    figure(long, 481, 10),
  ]);
  const places = Array.from(
    sheet.matchAll(/<g transform="translate\((\d+) (\d+)\)"><text[^>]*><tspan[^>]*>(\w+)/g),
    ([, x, y, title]) => [title, Number(x), Number(y)],
  );
  // 38 above each figure, and 22 under it.
  expect(places).toEqual([
    ['a', 0, 0],
    ['b', 480, 0],
    ['c', 0, 220],
    ['wide', 0, 330],
    ['d', 0, 590],
    ['word', 0, 730],
  ]);
  expect(sheet).toMatch(/^<svg [^>]*width="960" height="800" viewBox="0 0 960 800"/);
  // A title has two lines, of 136 letters over a wide figure, and is cut after them.
  const lines = (title: string, width: number) =>
    Array.from(sheetOf([figure(title, width, 10)]).matchAll(/<tspan x="4" y="(\d+)">([^<]*)/g), ([, y, line]) => [
      y,
      line,
    ]);
  expect(lines(long, 900)).toEqual([
    ['14', 'word '.repeat(27).trim()],
    ['29', 'word '.repeat(13).trim()],
  ]);
  expect(lines('x'.repeat(68), 400)).toEqual([['14', 'x'.repeat(68)]]);
  expect(lines(`${'x'.repeat(68)}${'y'.repeat(69)}`, 400)).toEqual([
    ['14', 'x'.repeat(68)],
    ['29', `${'y'.repeat(67)}…`],
  ]);
  const [first, other] = [figure('a', 440, 100), figure('a', 380, 90)];
  const section = { figures: [first, other, figure('b', 440, 90)] } as unknown as Html;
  expect(figuresOf([section, section]).map(({ title, svg }) => [title, svg === first.svg])).toEqual([
    ['a', true],
    ['b', false],
  ]);
});

test('columns of a table are of numbers, long, short or neither', () => {
  const classes = (head: string[], ...rows: (string | number | Html)[][]) => {
    const document = read([table(head, rows)]);
    return Array.from(document.querySelectorAll('tr'), (row) => Array.from(row.children, (cell) => cell.className));
  };
  const word = 'x'.repeat(39);
  // Whatever is in the first column is a name.
  expect(classes(['a', 'twelve chars', 'thirteen char'], [1, 2, 'b'], [2, '3', 'c'])).toEqual([
    ['short', 'n', ''],
    ['', 'n', ''],
    ['', 'n', ''],
  ]);
  expect(classes([`${word}x`, `${word} x`], [`${word}x`, `${word} x`], [html`<b>${word}</b>`, word])).toEqual([
    ['long', ''],
    ['long', ''],
    ['long', ''],
  ]);
  const numeric = ['1', '−2.5', '-3', '1,234.5', '1e-9', '12.5 %', '< 0.1 %', '–'];
  expect(numeric.map((text) => classes(['', ''], ['a', text])[1][1])).toEqual(numeric.map(() => 'n'));
  const none = ['1 row', 'a1', '2 to 3', '%', '5 % or so', ''];
  expect(none.map((text) => classes(['', ''], ['a', text])[1][1])).toEqual(none.map(() => ''));
  // One text among them, and it is no column of numbers.
  expect(classes(['', ''], ['a', 1], ['b', 'c'])[1][1]).toBe('');
});
