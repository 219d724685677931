import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { Bidirectional, Dense, figures, forecast, gateFigures, LSTM, report, Sequential, textModel } from 'memcell';
import { shortened, tick } from '../../src/report/axes.js';
import { draw, standalone } from '../../src/report/draw.js';
import { drawForecasts } from '../../src/report/figures/forecasts.js';
import { drawGates } from '../../src/report/figures/gates.js';
import { showLayer } from '../../src/report/gates.js';
import { html } from '../../src/report/html.js';
import { liveCurves } from '../../src/report/live.js';
import type { ForecastArtefact } from '../../src/tasks/forecast/artefact.js';
import { showForecasts, showNext } from '../../src/tasks/forecast/shown.js';
import { histogramOf, mostPoints, Pictures, reducePoints, type ShownForecasts } from '../../src/tasks/shown.js';

test('a reduced line keeps the extremes, the order and the ends of what it shows', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 }), (y) => {
      const x = y.map((_, i) => i);
      const reduced = reducePoints(x, y, 40);
      expect(reduced.y.length).toBeLessThanOrEqual(40);
      expect(Math.max(...reduced.y)).toBe(Math.max(...y));
      expect(Math.min(...reduced.y)).toBe(Math.min(...y));
      expect(reduced.x).toEqual([...reduced.x].sort((a, b) => a - b));
      for (const [i, at] of reduced.x.entries()) expect(reduced.y[i]).toBe(y[at]);
    }),
    { numRuns: 50 },
  );
  expect(reducePoints([1, 2, 3], [Number.NaN, 5, Number.POSITIVE_INFINITY])).toEqual({ x: [2], y: [5] });
});

test('a hundred thousand points are drawn as a line of a few thousand', async () => {
  const y = Float64Array.from({ length: 100_000 }, (_, i) => Math.sin(i / 500) + (i === 54_321 ? 9 : 0));
  const actual = reducePoints(
    y.map((_, i) => i),
    y,
  );
  const column = { name: 'y', actual, forecasts: [], residuals: { x: [], y: [] }, histogram: [], mae: 0 };
  const { svg, tips } = await drawForecasts({ axis: 'row', column }, { title: 'long' });
  expect(actual.x.length).toBeLessThanOrEqual(mostPoints);
  expect(actual.y).toContain(y[54_321]);
  expect(tips?.text[actual.x.indexOf(54_321)]).toContain('y 9.');
  expect(svg.length).toBeLessThan(100_000);
});

test('a histogram counts every value once, in bins of round numbers', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 }),
      (values) => {
        const bins = histogramOf(values);
        expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
        for (let i = 1; i < bins.length; i++) expect(bins[i].from).toBe(bins[i - 1].to);
      },
    ),
    { numRuns: 50 },
  );
  expect(histogramOf([0, 1, 2, 3, 30]).map(({ from, to }) => to - from)).toEqual(new Array(31).fill(1));
  expect(histogramOf([5, 5])).toEqual([expect.objectContaining({ count: 2 })]);
  expect(histogramOf([Number.NaN, 5, Number.POSITIVE_INFINITY, 5])).toEqual(histogramOf([5, 5]));
  expect(histogramOf([0, 0])).toEqual([{ from: 0, to: 1, count: 2 }]);
  expect([histogramOf([]), histogramOf([Number.NaN])]).toEqual([[], []]);
});

test('of many series the worst and the best are kept, the worst first', () => {
  const pictures = new Pictures();
  const left: number[] = [];
  for (let i = 0; i < 300; i++) {
    const relative = ((i * 7919) % 300) / 100;
    pictures.add({ kind: 'forecast', series: `s${i}`, relative } as ShownForecasts);
    left.push(pictures.left);
  }
  // No more than twice as many are held meanwhile.
  expect(Math.max(...left.map((count, i) => i + 1 - count))).toBe(48);
  expect(left.slice(47, 49)).toEqual([0, 25]);
  const kept = pictures.parts.map((part) => (part as ShownForecasts).relative);
  expect(kept.length).toBe(24);
  expect(kept.slice(0, 3)).toEqual([2.99, 2.98, 2.97]);
  expect(kept.slice(-2)).toEqual([0.01, 0]);
  expect(pictures.left).toBe(276);
});

test('what comes of one series in parts, as from folds, is one picture with all of its residuals', () => {
  const pictures = new Pictures();
  const part = (from: number, errors: number[], relative: number): ShownForecasts => ({
    ...{ kind: 'forecast', series: '', axis: 'row', relative, scored: errors.length, shown: errors.length },
    columns: [
      {
        name: 'y',
        actual: { x: [1, 2, 3], y: [1, 2, 3] },
        forecasts: [{ x: [from], y: [0], intervals: [] }],
        residuals: { x: errors.map((_, i) => from + i), y: errors },
        histogram: histogramOf(errors),
        mae: relative,
      },
    ],
  });
  pictures.add(part(1, [3], 3));
  pictures.add(part(2, [-1, 0], 0.5));
  const [joined, ...others] = pictures.parts as ShownForecasts[];
  expect(others).toEqual([]);
  expect([joined.scored, joined.shown, joined.relative]).toEqual([3, 3, expect.closeTo(4 / 3, 9)]);
  const [{ forecasts, residuals, histogram, mae }] = joined.columns;
  expect(forecasts.map(({ x }) => x)).toEqual([[1], [2]]);
  expect(residuals).toEqual({ x: [1, 2, 3], y: [3, -1, 0] });
  expect(histogram.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  expect(mae).toBeCloseTo(4 / 3, 9);
  // Of residuals of which only the extremes are left, the others lie in the middles of their bins.
  const many = { ...part(4, [0.5, 2.5], 1), scored: 4 };
  many.columns[0].histogram = [
    { from: 0, to: 1, count: 3 },
    { from: 1, to: 2, count: 0 },
    { from: 2, to: 3, count: 1 },
  ];
  pictures.add(many);
  const [all] = pictures.parts as ShownForecasts[];
  expect(all.columns[0].histogram).toEqual(histogramOf([3, -1, 0, 0.5, 0.5, 0.5, 2.5]));
  expect([all.scored, all.shown, all.relative]).toEqual([7, 5, expect.closeTo(8 / 7, 9)]);
});

test('numbers of one axis are in one unit with as many decimals, and long names keep their ends', () => {
  const axis = (values: number[]) => values.map((value, i) => tick(value, i, values));
  expect(axis([0, 5000, 9500, 10_000])).toEqual(['0', '5.0 k', '9.5 k', '10.0 k']);
  expect(axis([-2.5, 0, 2.5])).toEqual(['−2.5', '0', '2.5']);
  expect(axis([0, 1e6, 2e6])).toEqual(['0', '1 M', '2 M']);
  expect(axis([1e-6, 2e-6])).toEqual(['1e−6', '2e−6']);
  expect([tick(25_000), tick(1234.5), tick(0.1 + 0.2)]).toEqual(['25 k', '1234.5', '0.3']);
  expect(shortened('Oslo, first floor / milk', 12)).toBe('Oslo, f…milk');
  expect(shortened('brief', 12)).toBe('brief');
});

test('what is put into a page is escaped, in text and in figures, and an SVG stands alone', async () => {
  expect(html`<p title="${'"<&'}">${['<b>', html`<i>${1}</i>`]}${undefined}${false}</p>`.text).toBe(
    '<p title="&quot;&lt;&amp;">&lt;b&gt;<i>1</i></p>',
  );
  const figure = await draw((plot) => ({ title: 'a <b> & "c"', marks: [plot.dot([1], { title: () => '<x>' })] }));
  const alone = standalone(figure.svg);
  expect(alone).not.toMatch(/="[^"]*<[^"]*"/);
  const svg = parseHTML(alone).document.querySelector('svg');
  expect(svg?.getAttribute('aria-label')).toBe('a <b> & "c"');
  expect(alone).toContain('prefers-color-scheme:dark');
});

test('in code, a report is a page and its figures are SVGs, of a model just trained and of one loaded', async () => {
  const y = Array.from({ length: 60 }, (_, i) => 10 + i + 5 * Math.sin((i * Math.PI) / 6));
  const model = await forecast(y, { horizon: 6 });
  const page = await report(model);
  expect(page).toContain('id="forecasts"');
  expect(page).toContain(model.evaluation?.verdict.text.replace(/[&<>"]/g, '') ?? '');
  const drawn = await figures(model);
  expect(drawn.map(({ title }) => title)).toEqual(expect.arrayContaining([expect.stringContaining('value')]));
  for (const { svg } of drawn) expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg".*<\/svg>$/s);
  // It says what it was scored on, what was understood and what to mind; of other data nothing is held out.
  const told = (text: string) => {
    const { document } = parseHTML(text);
    const texts = (query: string) => Array.from(document.querySelectorAll(query), ({ textContent }) => textContent);
    return { lead: texts('.lead'), warnings: texts('.warning'), data: texts('#data tbody td:first-child') };
  };
  const { samples = 0, verdict } = model.evaluation ?? {};
  expect(told(page)).toEqual({
    lead: [`${samples} forecasts of 6 steps, held out`, verdict?.text],
    warnings: model.warnings.filter((line) => line !== verdict?.text),
    data: ['value'],
  });
  const again = told(await report(model, y));
  expect(again.lead[0]).toMatch(/^\d+ forecasts of 6 steps$/);
  expect(again.data).toEqual(['value']);
  model.dispose();
});

test('the curves of a training show its learning rate where that changes', async () => {
  const told = async (rates: number[]) => (await liveCurves({ loss: [2, 1], learning_rate: rates }, 'forecast')) ?? '';
  expect(await told([0.1, 0.1])).not.toMatch(/learning.rate/);
  expect(await told([0.1, 0.05])).toMatch(/learning.rate/);
});

test.each([
  ['one step', 1, 1, 60, 30, 0],
  ['three steps, the last beyond the end', 3, 1, 60, 20, 0],
  ['two columns', 2, 2, 40, 10, 0],
  ['more origins than are shown', 4, 1, 1400, 1200, 200],
] as const)('rolling forecasts as pictures: %s', (_, horizon, count, rows, scored, hidden) => {
  const value = (i: number) => ((i * 7919) % 101) / 10;
  const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));
  const targets = Float64Array.from(list(rows * count, value));
  const origins = list(scored, (i) => rows - scored + i);
  const values = Float64Array.from(list(scored * horizon * count, (i) => value(i + 37)));
  const [lower, upper] = [-1, 2].map((by) => values.map((v) => v + by));
  const columns = count === 1 ? ['y'] : ['y', 'z'];
  for (const times of [undefined, Float64Array.from(list(rows, (i) => 1000 * i))]) {
    const series = { name: 's', rows, targets, past: new Float64Array(), known: new Float64Array() };
    const time = { columns: ['t'], notation: 'yyyy-MM-dd' };
    const shown = showForecasts(
      { series: { ...series, ...(times && { times }) }, origins, columns, horizon, time },
      { values, intervals: [{ probability: 0.8, lower, upper }] },
    );
    const x = (row: number) => times?.[row] ?? row + 1;
    const actual = (row: number, c: number) => targets[row * count + c];
    const made = (i: number, h: number, c: number, all = values) => all[(i * horizon + h) * count + c];
    const steps = (i: number) => list(Math.min(horizon, rows - origins[i]), (h) => h);
    const mean = (all: number[]) => all.reduce((a, b) => a + b, 0) / all.length;
    const maes = columns.map((_, c) =>
      mean(origins.flatMap((t, i) => steps(i).map((h) => Math.abs(actual(t + h, c) - made(i, h, c))))),
    );
    const changes = columns.map((_, c) => mean(list(rows - 1, (row) => Math.abs(actual(row + 1, c) - actual(row, c)))));
    expect(shown).toEqual({
      kind: 'forecast',
      series: 's',
      axis: times ? 'date' : 'row',
      relative: expect.closeTo(mean(maes.map((mae, c) => mae / changes[c])), 9),
      scored,
      shown: scored - hidden,
      columns: columns.map((name, c) => {
        const missed = origins.map((t, i) => actual(t, c) - made(i, 0, c));
        return {
          name,
          actual: reducePoints(
            list(rows, x),
            list(rows, (row) => actual(row, c)),
          ),
          forecasts: origins.flatMap((t, i) => {
            if (i < hidden || (i - hidden) % horizon !== 0) return [];
            const of = (all: typeof values) => steps(i).map((h) => made(i, h, c, all));
            return [
              {
                x: steps(i).map((h) => x(t + h)),
                y: of(values),
                intervals: [{ probability: 0.8, lower: of(lower), upper: of(upper) }],
              },
            ];
          }),
          residuals: reducePoints(origins.map(x), missed),
          histogram: histogramOf(missed),
          mae: expect.closeTo(maes[c], 9),
        };
      }),
    });
  }
});

test('of a series that never changes, and of none forecast, the error is not divided', () => {
  const series = { name: '', rows: 3, past: new Float64Array(), known: new Float64Array() };
  const flat = { ...series, targets: Float64Array.of(2, 2, 2) };
  const given = { columns: ['y'], horizon: 1, series: flat };
  const made = { values: Float64Array.of(5), intervals: [] };
  expect(showForecasts({ ...given, origins: [2] }, made)).toMatchObject({ relative: 3, columns: [{ mae: 3 }] });
  const none = { values: new Float64Array(), intervals: [] };
  expect(showForecasts({ ...given, origins: [] }, none)).toMatchObject({
    relative: 0,
    columns: [{ mae: 0, forecasts: [], residuals: { x: [], y: [] }, histogram: [] }],
  });
});

const day = 86_400_000;

test.each<[string, object, object, number[], Record<string, string>, number[], string, number[]]>([
  ['rows of training data are numbered from its first', {}, { rows: 10 }, [1, 2, 3], {}, [11, 13], 'row', [8, 9, 10]],
  ['as those of a model that does not know how many it had', {}, {}, [1, 2, 3], {}, [4, 6], 'row', [1, 2, 3]],
  ['as those of a single row', {}, { rows: 5 }, [1], {}, [6, 8], 'row', [5]],
  [
    'times that are numbers go on as they did on the whole, however they are spaced',
    { time: { columns: ['t'], notation: 'number' } },
    { times: [100, 110, 140] },
    [1, 2, 3],
    {},
    [160, 200],
    'time',
    [100, 110, 140],
  ],
  [
    'rows ahead that have dates stand at them',
    { time: { columns: ['t'], notation: 'yyyy-MM-dd' } },
    { times: [0, day, 2 * day] },
    [1, 2, 3],
    { 1: '1970-01-06', 3: '1970-01-11' },
    [5 * day, 10 * day],
    'date',
    [0, day, 2 * day],
  ],
])('what comes next as a picture: %s', async (_, reading, own, targets, labels, ahead, axis, x) => {
  const kept = { name: 's', targets, past: [], known: [], ...own };
  const artefact = {
    kind: 'forecast',
    method: 'plain',
    targets: ['y'],
    features: [],
    channels: [],
    horizon: 3,
    reading,
    series: [kept],
  } as unknown as ForecastArtefact;
  const rows = [1, 3].map((step) => ({
    step,
    ...(labels[step] && { time: labels[step] }),
    values: [step + 0.5],
    intervals: [{ probability: 0.8, lower: [-step], upper: [10 * step] }],
  }));
  const made = await showNext({ artefact, name: 'm' } as unknown as Parameters<typeof showNext>[0], undefined, {
    columns: ['y'],
    rows,
  });
  expect(made).toEqual({
    shown: [
      expect.objectContaining({ series: 's', axis, columns: [expect.objectContaining({ actual: { x, y: targets } })] }),
    ],
    next: [
      {
        series: 's',
        columns: [{ x: ahead, y: [1.5, 3.5], intervals: [{ probability: 0.8, lower: [-1, -3], upper: [10, 30] }] }],
      },
    ],
  });
});

test('gates of a network are a figure for each direction of each layer, of the first sample', async () => {
  const model = new Sequential([Bidirectional(LSTM(3, { returnSequences: true })), LSTM(2), Dense(1)], {
    inputShape: [4, 2],
    seed: 5,
  });
  const x = [0, 1].map((b) => [0, 1, 2, 3].map((t) => [Math.sin(3 * b + t), Math.cos(5 * b - t)]));
  const drawn = await gateFigures(model, x);
  const wanted = (await model.gates([x[0]])).map((layer) => drawGates(showLayer(layer)));
  expect(drawn).toEqual(wanted.map(({ title, svg }) => ({ title, svg: standalone(svg) })));
  const name = model.layers[0].name;
  expect(drawn.map(({ title }) => title.replace(/ \(.*/, ''))).toEqual([
    `Gates of ${name}/forward`,
    `Gates of ${name}/backward`,
    `Gates of ${model.layers[1].name}`,
  ]);
  model.dispose();
});

test('the figures of a report are those of its page, and its gates with their tokens last', async () => {
  const options = { epochs: 1, seed: 3, window: 8, pure: true };
  const model = await textModel('tick tock. '.repeat(20), {
    ...options,
    layers: 'Embedding(7, 2), LSTM(2, return_sequences=true), Dense(7, softmax)',
  });
  const { document } = parseHTML(await report(model));
  const captions = Array.from(document.querySelectorAll('figcaption'), ({ textContent }) => textContent ?? '');
  const gates = JSON.parse(document.querySelector('#gates-data')?.textContent ?? '');
  const drawn = await figures(model);
  const inPage = captions.filter((caption) => document.querySelector(`svg[aria-label="${caption}"]`));
  expect(drawn.map(({ title }) => title)).toEqual([
    ...new Set(inPage),
    expect.stringMatching(/^Gates of lstm \(LSTM\): /),
  ]);
  const { svg } = drawn[drawn.length - 1];
  const labels = Array.from(
    parseHTML(svg).document.querySelectorAll('text[text-anchor="middle"]'),
    (one) => one.textContent,
  );
  expect(labels).toEqual(gates.tokens);
  expect(labels).toHaveLength(8);
  model.dispose();
});
