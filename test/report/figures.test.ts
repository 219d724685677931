/** What figures draw of numbers that are known: their marks, what stands at the axes, what a pointer shows. */
import { expect, test } from '@jest/globals';
import { parseHTML } from 'linkedom';
import { colour, type Figure, lineColours } from '../../src/report/draw.js';
import { drawAttribution } from '../../src/report/figures/attribution.js';
import { drawAutocorrelation } from '../../src/report/figures/autocorrelation.js';
import { drawConfusion } from '../../src/report/figures/confusion.js';
import { drawCorrelations } from '../../src/report/figures/correlations.js';
import { drawCounts } from '../../src/report/figures/counts.js';
import { drawCurve } from '../../src/report/figures/curves.js';
import { drawCycle } from '../../src/report/figures/cycle.js';
import { drawForecasts } from '../../src/report/figures/forecasts.js';
import { drawGates } from '../../src/report/figures/gates.js';
import { drawHistogram } from '../../src/report/figures/histogram.js';
import { drawInput } from '../../src/report/figures/input.js';
import { drawMissing } from '../../src/report/figures/missing.js';
import { drawReliability } from '../../src/report/figures/reliability.js';
import { drawResiduals } from '../../src/report/figures/residuals.js';
import { drawSequence } from '../../src/report/figures/sequence.js';
import { drawSeries } from '../../src/report/figures/series.js';
import { drawSteps } from '../../src/report/figures/steps.js';
import { drawTrials } from '../../src/report/figures/trials.js';
import type { ShownTrial } from '../../src/report/input.js';
import type { LookedAutocorrelation, LookedCycle, LookedMissing, LookedNames } from '../../src/report/look/shown.js';
import { figure as inPage } from '../../src/report/sections/figure.js';
import type { Axis, ShownBlock } from '../../src/tasks/shown.js';

function drawn({ svg }: Figure) {
  const { document } = parseHTML(`<html><body>${svg}</body></html>`);
  const all = (query: string): Element[] => Array.from(document.querySelectorAll(query));
  return {
    all,
    /** The marks of a kind, each with its own attributes or those of its group. */
    marks: (kind: string, shape: string) => all(`g[aria-label="${kind}"] ${shape}`),
    texts: (query: string) => all(`${query} text`).map(({ textContent }) => textContent),
  };
}
const of = (element: Element, name: string): string | null =>
  element.getAttribute(name) ?? (element.parentElement && of(element.parentElement, name));
const numbers = (elements: Element[], name: string) => elements.map((element) => Number(of(element, name)));
const ticks = (axis: 'x' | 'y') => `g[aria-label^="${axis}-axis tick label"]`;

test('a confusion has a cell for each pair, right ones in another colour, shaded by the share of their row', async () => {
  const { marks, texts } = drawn(
    await drawConfusion(
      ['cat', 'dog'],
      [
        [3, 1],
        [0, 0],
      ],
    ),
  );
  const cells = marks('cell', 'rect');
  expect(cells.map((cell) => of(cell, 'fill'))).toEqual([colour.c1, colour.c2, colour.c2, colour.c1]);
  expect(numbers(cells, 'fill-opacity')).toEqual([0.6, 0.3, 0.04, 0.04].map((share) => expect.closeTo(share, 6)));
  expect(cells.map((cell) => cell.querySelector('title')?.textContent)).toEqual([
    'cat answered as cat: 3',
    'cat answered as dog: 1',
    'dog answered as cat: 0',
    'dog answered as dog: 0',
  ]);
  expect(texts('g[aria-label="text"]')).toEqual(['3', '1']);
  expect([texts(ticks('x')), texts(ticks('y'))]).toEqual([
    ['cat', 'dog'],
    ['cat', 'dog'],
  ]);
  // Rows are what it was: the second cell stands right of the first.
  const [x, y] = ['x', 'y'].map((name) => numbers(cells, name));
  expect([x[1] > x[0], y[1] === y[0], y[2] > y[0], x[2] === x[0]]).toEqual([true, true, true, true]);
});

test('lines by step have the model over the others, a tick at 0 or per cent beside what is wanted', async () => {
  const lines = [
    { name: 'model', values: [2, 4, Number.NaN] },
    { name: 'guess', values: [3, 5, 6] },
  ];
  const figure = await drawSteps('t', 'MAE', lines);
  const { marks, texts } = drawn(figure);
  expect(numbers(marks('line', 'path'), 'stroke-width')).toEqual([1.4, 2.5]);
  expect(marks('dot', 'circle').map((dot) => [of(dot, 'fill'), of(dot, 'r')])).toEqual([
    ...Array(3).fill([colour.c2, '2']),
    ...Array(2).fill([colour.c1, '3']),
  ]);
  expect(texts(ticks('y'))[0]).toBe('0');
  expect(texts(ticks('x'))).toEqual(['1', '2', '3']);
  expect(marks('rule', 'line')).toHaveLength(0);
  expect(figure.tips?.text.slice(0, 2)).toEqual(['step 1\nmodel 2\nguess 3', 'step 2\nmodel 4\nguess 5']);
  const shares = drawn(await drawSteps('t', 'held', [{ name: 'model', values: [0.7, 0.9] }], [0.8]));
  expect(shares.marks('rule', 'line')).toHaveLength(1);
  expect(shares.texts(ticks('y')).every((text) => text?.endsWith('%'))).toBe(true);
});

test('reliability has a diagonal, and dots that grow with the answers', async () => {
  const figure = await drawReliability([
    { from: 0, to: 0.5, count: 4, probability: 0.25, right: 0.5 },
    { from: 0.5, to: 1, count: 1, probability: 0.75, right: 1 },
  ]);
  const { marks, texts } = drawn(figure);
  expect(numbers(marks('dot', 'circle'), 'r')).toEqual([9, 6]);
  expect(marks('line', 'path').map((line) => of(line, 'stroke'))).toEqual([colour.faint, colour.c1]);
  expect([texts(ticks('x')).at(-1), texts(ticks('y'))[0]]).toEqual(
    ['100%', '0%'].map((text) => expect.stringMatching(text.replace('%', '\\s?%'))),
  );
  expect(figure.tips?.text).toEqual([
    '4 answers\nprobability 25.0 %\nright 50.0 %',
    '1 answer\nprobability 75.0 %\nright 100.0 %',
  ]);
});

test('a histogram has a bar for each bin, from 0 on', async () => {
  const figure = await drawHistogram('t', 'sold', [
    { from: 0, to: 2, count: 4 },
    { from: 2, to: 4, count: 1 },
  ]);
  const { marks, texts } = drawn(figure);
  const bars = marks('rect', 'rect');
  const [first, second] = numbers(bars, 'height');
  expect(first / second).toBeCloseTo(4, 1);
  expect(texts(ticks('y'))[0]).toBe('0');
  expect(figure.tips?.text).toEqual(['0 to 2\n4', '2 to 4\n1']);
});

test('counts have a bar and a number for each name, and one for all others', async () => {
  const names = {
    kind: 'names',
    name: 'shop',
    counts: [
      { value: 'north', count: 6 },
      { value: 'south', count: 3 },
    ],
    others: 2,
  };
  const { marks, texts } = drawn(await drawCounts(names as unknown as LookedNames));
  const bars = marks('bar', 'rect');
  const widths = numbers(bars, 'width');
  expect([widths[0] / widths[1], widths[0] / widths[2]]).toEqual([expect.closeTo(2, 1), expect.closeTo(3, 1)]);
  expect(texts('g[aria-label="text"]')).toEqual(['6', '3', '2']);
  expect(texts(ticks('y'))).toEqual(['north', 'south', 'all others']);
  expect(bars.map((bar) => bar.querySelector('title')?.textContent)).toEqual(['north: 6', 'south: 3', 'all others: 2']);
  const { texts: without } = drawn(await drawCounts({ ...names, others: 0 } as unknown as LookedNames));
  expect(without(ticks('y'))).toEqual(['north', 'south']);
});

test('a curve is logarithmic where it falls by a factor of more than 30, and its best epoch is marked', async () => {
  const curve = (values: number[]) => [{ name: 'training', values, stroke: colour.c1 }];
  const best = { epoch: 3, text: 'is the best' };
  const figure = await drawCurve('loss', curve([31, 3, 1]), best);
  const { marks } = drawn(figure);
  expect(figure.title).toBe('loss; epoch 3 is the best');
  expect(marks('rule', 'line')).toHaveLength(1);
  expect(figure.tips?.text).toEqual(['epoch 1\ntraining 31', 'epoch 2\ntraining 3', 'epoch 3\ntraining 1']);
  // On a logarithmic axis 3 lies about a third of the way from 1 to 31, on a linear one next to the bottom.
  const height = async (values: number[]) => {
    const [path] = drawn(await drawCurve('loss', curve(values))).marks('line', 'path');
    const y = [...(of(path, 'd') ?? '').matchAll(/[ML,L](-?[\d.]+),(-?[\d.]+)/g)].map((match) => Number(match[2]));
    return (y[2] - y[1]) / (y[2] - y[0]);
  };
  expect(await height([31, 3, 1])).toBeCloseTo(Math.log(3) / Math.log(31), 2);
  expect(await height([30, 3, 1])).toBeCloseTo(2 / 29, 2);
  expect(await height([31, 3, 0])).toBeCloseTo(3 / 31, 2);
  const single = drawn(await drawCurve('loss', curve([2])));
  expect([
    single.marks('dot', 'circle').length,
    single.marks('line', 'path').length,
    single.marks('rule', 'line').length,
  ]).toEqual([1, 0, 0]);
});

const rows: Axis = 'row';

test('residuals are a dot each, about a line at 0', async () => {
  const figure = await drawResiduals(rows, 'sold', { x: [5, 6, 7], y: [1, -1, 0.5] });
  const { marks } = drawn(figure);
  expect(marks('dot', 'circle')).toHaveLength(3);
  const [line] = numbers(marks('rule', 'line'), 'y1');
  expect(numbers(marks('dot', 'circle'), 'cy').map((y) => Math.sign(line - y))).toEqual([1, -1, 1]);
  expect(figure.tips?.text.map((text) => text.split('\n')[1])).toEqual(['1', '-1', '0.5000']);
});

test('missing values are drawn by stretches of one share', async () => {
  const missing: LookedMissing = {
    of: 'column',
    names: ['sold', 'wind'],
    edges: [1, 2, 3, 4, 5],
    shares: [
      [0, 0.5, 0.5, 1],
      [null, 0, 1, 1],
    ],
  } as unknown as LookedMissing;
  const { marks, texts } = drawn(await drawMissing(rows, missing));
  const cells = marks('rect', 'rect');
  expect(numbers(cells, 'fill-opacity')).toEqual([expect.closeTo(0.6, 9), 1, 1]);
  const widths = numbers(cells, 'width');
  expect([widths[0] / widths[1], widths[2] / widths[1]]).toEqual([expect.closeTo(2, 1), expect.closeTo(2, 1)]);
  expect(texts(ticks('y'))).toEqual(['sold', 'wind']);
  expect(cells.map((cell) => cell.querySelector('title')?.textContent)).toEqual([
    'sold, row 2 to row 4: 50.0 % missing',
    'sold, row 4 to row 5: 100.0 % missing',
    'wind, row 3 to row 5: 100.0 % missing',
  ]);
});

test('correlations name their columns on both sides, and are blue below 0', async () => {
  const { marks, texts } = drawn(
    await drawCorrelations({
      columns: ['sold', 'wind'],
      r: [
        [1, -0.5],
        [-0.5, 1],
      ],
      rows: [
        [9, 8],
        [8, 9],
      ],
    }),
  );
  expect([texts(ticks('x')), texts(ticks('y'))]).toEqual([
    ['sold', 'wind'],
    ['sold', 'wind'],
  ]);
  const cells = marks('cell', 'rect');
  expect(cells.map((cell) => of(cell, 'fill'))).toEqual([colour.c2, colour.c1, colour.c1, colour.c2]);
  expect(numbers(cells, 'fill-opacity')).toEqual([0.74, 0.39, 0.39, 0.74].map((share) => expect.closeTo(share, 6)));
  expect(texts('g[aria-label="text"]')).toEqual(['1.00', '−0.50', '−0.50', '1.00']);
});

test('forecasts of one step each are one line with its bands; a single one is a dot with strokes', async () => {
  const block = (x: number[], y: number[]): ShownBlock => ({
    x,
    y,
    intervals: [0.8, 0.95].map((probability) => ({
      probability,
      lower: y.map((value) => value - 10 * probability),
      upper: y.map((value) => value + 10 * probability),
    })),
  });
  const picture = (forecasts: ShownBlock[], next?: ShownBlock) =>
    drawForecasts(
      {
        axis: 'row',
        column: {
          name: 'sold',
          actual: { x: [1, 2, 3, 4, 5, 6], y: [10, 30, 20, 40, 30, 50] },
          forecasts,
          residuals: { x: [], y: [] },
          histogram: [],
          mae: 1,
        },
        ...(next && { next }),
      },
      { title: 'sold', from: 3 },
    );
  const shapes = (figure: Figure) => {
    const { marks } = drawn(figure);
    return [
      marks('line', 'path').length,
      marks('area', 'path').length,
      marks('dot', 'circle').length,
      marks('rule', 'line').length,
    ];
  };
  const ones = await picture([block([2], [1]), block([3], [21]), block([4], [41]), block([5], [31])]);
  expect(shapes(ones)).toEqual([2, 2, 0, 0]);
  expect(ones.tips?.text).toEqual([
    'row 3\nsold 20\nforecast 21\n80 %: 13 to 29\n95 %: 11.50 to 30.50',
    'row 4\nsold 40\nforecast 41\n80 %: 33 to 49\n95 %: 31.50 to 50.50',
    'row 5\nsold 30\nforecast 31\n80 %: 23 to 39\n95 %: 21.50 to 40.50',
    'row 6\nsold 50',
  ]);
  expect(shapes(await picture([block([4], [41])]))).toEqual([1, 0, 1, 2]);
  const several = await picture(
    [block([1, 2], [1, 2]), block([3, 4], [21, 41]), block([5, 6], [31, 51])],
    block([7], [60]),
  );
  // What lies before the first row that is shown is not drawn.
  expect(shapes(several)).toEqual([3, 4, 1, 2]);
  expect(several.tips?.text.at(-1)).toBe('row 7\nforecast 60\n80 %: 52 to 68\n95 %: 50.50 to 69.50');
});

const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));
/** The points of a path. */
const pointsIn = (path: Element) =>
  [...(of(path, 'd') ?? '').matchAll(/[ML]?(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
const own = of;
const strokes = (elements: Element[]) => elements.map((element) => of(element, 'stroke'));

test('the left margin of counts has room for the longest name, that of all others too', async () => {
  const at = async (names: string[], others: number) => {
    const counts = names.map((value, i) => ({ value, count: 9 - i }));
    const figure = await drawCounts({ kind: 'names', name: 'code', counts, others } as unknown as LookedNames);
    return numbers(drawn(figure).marks('bar', 'rect'), 'x');
  };
  // 14 pixels, and seven for each letter.
  expect(await at(['AT', 'DE'], 5)).toEqual(Array(3).fill(14 + 7 * 'all others'.length));
  expect(await at(['AT', 'DE'], 0)).toEqual(Array(2).fill(14 + 7 * 2));
  expect(await at(['AT', 'somewhere else'], 5)).toEqual(Array(3).fill(14 + 7 * 'somewhere else'.length));
  expect(await at(['a'.repeat(40)], 5)).toEqual(Array(2).fill(14 + 7 * 22));
});

test.each([
  [
    [9, 3, 2],
    [8, 4],
  ],
  [
    [9, 3],
    [8, 4, 5],
  ],
  [[9], [8, 4, 5]],
])('curves of different lengths are drawn each to its end: %j and %j', async (training, held) => {
  const figure = await drawCurve('loss', [
    { name: 'training', values: training, stroke: colour.c1 },
    { name: 'held out', values: held, stroke: colour.c2 },
  ]);
  const { marks, texts } = drawn(figure);
  expect(texts(ticks('x'))).toEqual(['1', '2', '3']);
  expect(marks('line', 'path').map((path) => [of(path, 'stroke'), pointsIn(path).length])).toEqual(
    [
      [colour.c1, training.length],
      [colour.c2, held.length],
    ].filter(([, length]) => length !== 1),
  );
  expect(marks('dot', 'circle')).toHaveLength(training.length === 1 ? 1 : 0);
  const told = (name: string, values: number[], i: number) => (i < values.length ? [`${name} ${values[i]}`] : []);
  expect(figure.tips?.text).toEqual(
    list(3, (i) => [`epoch ${i + 1}`, ...told('training', training, i), ...told('held out', held, i)].join('\n')),
  );
});

test('of many epochs the extremes are drawn and told', async () => {
  const values = list(3000, (i) => (i === 1234 ? 9 : i === 2000 ? 0.5 : 1 + (i % 7) / 10));
  const { tips } = await drawCurve('loss', [{ name: 'training', values, stroke: colour.c1 }]);
  expect(tips?.x.length).toBeLessThanOrEqual(600);
  for (const told of ['epoch 1235\ntraining 9', 'epoch 2001\ntraining 0.5000']) expect(tips?.text).toContain(told);
});

test('a confusion of many classes has smaller cells, with their numbers', async () => {
  const sizes = async (count: number) => {
    const figure = await drawConfusion(
      list(count, (i) => `k${i}`),
      list(count, (i) => list(count, (j) => (i === j ? 3 : 0))),
    );
    const { marks, texts, all } = drawn(figure);
    expect(texts('g[aria-label="text"]')).toEqual(Array(count).fill('3'));
    expect(marks('cell', 'rect')).toHaveLength(count ** 2);
    return ['width', 'height'].map((name) => Number(all('svg')[0].getAttribute(name)));
  };
  // Names of three letters: 40 and seven for each letter at the left and above, 20 at the right, 26 below.
  for (const [count, size, letters] of [
    [6, 56, 2],
    [9, 40, 2],
    [40, 22, 3],
  ]) {
    const margin = 40 + 7 * letters;
    expect(await sizes(count)).toEqual([margin + size * count + 20, size * count + margin + 26]);
  }
  expect((await sizes(1))[0]).toBe(260);
});

test('lines by step have dots up to 24 steps, a colour each, and as many steps as the longest', async () => {
  const dots = async (steps: number) =>
    drawn(await drawSteps('t', 'MAE', [{ name: 'model', values: list(steps, (i) => i) }])).marks('dot', 'circle')
      .length;
  expect([await dots(24), await dots(25)]).toEqual([24, 0]);
  const lines = list(6, (i) => ({ name: `l${i}`, values: [i, i + 1] }));
  const { marks } = drawn(await drawSteps('t', 'MAE', lines));
  expect(strokes(marks('line', 'path'))).toEqual([0, 4, 3, 2, 1, 0].map((i) => lineColours[i]));
});

test('a cycle has dots up to 31 places, every so many named, and of one place a stroke', async () => {
  const of = async (count: number, name: LookedCycle['name'] = 'hour') => {
    const places = list(count, (i) => ({ place: `p${i}`, mean: i, low: i - 1, high: i + 2, count: 3 }));
    const figure = await drawCycle('shop: sold', 'sold', { name, places });
    const { marks, texts } = drawn(figure);
    const shapes = [marks('dot', 'circle'), marks('area', 'path'), marks('rule', 'line')].map(({ length }) => length);
    return { figure, shapes, named: texts(ticks('x')) };
  };
  expect((await of(31)).shapes).toEqual([31, 1, 0]);
  expect((await of(32)).shapes).toEqual([0, 1, 0]);
  expect((await of(1)).shapes).toEqual([1, 0, 1]);
  expect((await of(12)).named).toEqual(list(12, (i) => `p${i}`));
  expect((await of(24)).named).toEqual(list(12, (i) => `p${2 * i}`));
  expect((await of(25)).named).toEqual(list(9, (i) => `p${3 * i}`));
  const { figure } = await of(3);
  expect(figure.tips?.text[2]).toBe('p2\nmean 2\n80 % from 1 to 4\n3 values');
  const titles = [];
  for (const name of ['hour', 'weekday', 'month', 'row'] as const) titles.push((await of(3, name)).figure.title);
  expect(titles).toEqual(
    ['hour of the day', 'day of the week', 'month of the year', 'row of the season'].map(
      (what) => `shop: sold by ${what}: the mean, and where 80 % of the values lie`,
    ),
  );
});

test('inputs are drawn as five lines at most, each of its own feature', async () => {
  const steps = list(4, (t) => list(7, (c) => c + (t === c ? 0.5 : 0)));
  const names = list(7, (c) => `f${c}`);
  const shape = ({ svg }: Figure) => {
    const { marks, texts } = drawn({ svg, title: '' });
    const paths = marks('line', 'path');
    // Lines lie under one another as their features' numbers do.
    const heights = paths.map((path) => Math.max(...pointsIn(path).map(([, y]) => y)));
    expect(heights).toEqual([...heights].sort((a, b) => b - a));
    return { strokes: strokes(paths), steps: texts(ticks('x')), label: texts('g[aria-label="y-axis label"]') };
  };
  const wanted = { strokes: lineColours, steps: ['1', '2', '3', '4'] };
  expect(shape(await drawSequence('t', steps, names))).toEqual({ ...wanted, label: [] });
  expect(shape(await drawInput(steps, names))).toEqual({ ...wanted, label: ['↑ scaled value'] });
  const one = steps.map(([first]) => [first]);
  expect(shape(await drawSequence('t', one, ['height']))).toEqual({
    ...wanted,
    strokes: [colour.c1],
    label: ['↑ height'],
  });
  // On a phone there is room for fewer numbers.
  const long = list(20, (t) => [t]);
  expect(drawn(await drawInput(long, ['f0'])).texts(ticks('x'))).toEqual(list(20, (t) => String(t + 1)));
  expect(drawn(await drawInput(long, ['f0'], 380)).texts(ticks('x'))).toEqual(['5', '10', '15', '20']);
});

test('what an output hangs on: a bar for each step, its tokens where they have room, its features where they are few', async () => {
  const of = async (steps: number, features: number, tokens?: string[], width?: number) => {
    const values = list(steps, (t) => list(features, (c) => (t === 1 ? -1 : 1) * (c + 1)));
    const names = list(features, (c) => `f${c}`);
    const figure = await drawAttribution(values, names, tokens, width);
    const { marks, texts } = drawn(figure);
    return { bars: marks('rect', 'rect'), named: texts(ticks('x')), tips: figure.tips?.text ?? [] };
  };
  const { bars, tips, named } = await of(3, 2);
  expect(bars.map((bar) => own(bar, 'fill'))).toEqual([colour.c2, colour.c1, colour.c2]);
  expect(named).toEqual(['1', '2', '3']);
  expect(tips[1]).toBe('step 2: -3\nf0 -1\nf1 -2');
  expect((await of(3, 12)).tips[0].split('\n')).toHaveLength(13);
  for (const features of [1, 13])
    expect((await of(3, features)).tips[0]).toBe(`step 1: ${(features * (features + 1)) / 2}`);
  const words = ['the', '\n', 'internationalization'];
  const told = await of(3, 1, words, 150);
  // Fifty pixels are six letters.
  expect([told.named, told.tips[1]]).toEqual([['the', '↵', 'int…on'], 'step 2 "\\n": -1']);
  expect(
    (
      await of(
        40,
        1,
        list(40, (t) => String(t % 10)),
        880,
      )
    ).named[39],
  ).toBe('9');
  expect(
    (
      await of(
        40,
        1,
        list(40, (t) => String(t % 10)),
        879,
      )
    ).named,
  ).toEqual(list(20, (t) => String(2 * t + 2)));
  expect(
    (
      await of(
        40,
        1,
        list(40, (t) => String(t % 10)),
        380,
      )
    ).named,
  ).toEqual(list(8, (t) => String(5 * t + 5)));
});

test('an autocorrelation says its season and whose it is, and marks it where it is drawn', async () => {
  const of = async (season: number, by: LookedAutocorrelation['by'], low = -0.2) => {
    const values = [0.5, low, 0.25];
    const figure = await drawAutocorrelation('sold', {
      values,
      changes: [0, 0.1, -0.1],
      bound: 0.2,
      rows: 9,
      season,
      by,
    });
    const { marks, texts } = drawn(figure);
    return [
      figure.title.slice('sold: autocorrelation of values (bars) and changes (line)'.length),
      marks('rule', 'line').length,
      texts(ticks('y'))[0],
    ];
  };
  // A rule for each value, two for the bounds, one at 0, and one at the season.
  expect(await of(1, 'changes')).toEqual(['', 6, '−0.2']);
  expect(await of(3, 'calendar')).toEqual(['; by the calendar a season has 3 rows', 7, '−0.2']);
  expect(await of(4, 'calendar')).toEqual(['; by the calendar a season has 4 rows', 6, '−0.2']);
  expect(await of(2, 'changes', -0.75)).toEqual(['; it has a season of 2 rows', 7, '−0.8']);
});

test('correlations that are none are left out; of many columns they have one decimal', async () => {
  const of = async (count: number) => {
    const r = list(count, (i) => list(count, (j) => (i === 0 && j === 1 ? null : i === j ? 1 : -0.256)));
    const rows = list(count, (i) => list(count, (j) => 10 * i + j));
    const { marks, texts } = drawn(await drawCorrelations({ columns: list(count, (i) => `c${i}`), r, rows }));
    return {
      cells: marks('cell', 'rect').map((cell) => cell.querySelector('title')?.textContent),
      told: texts('g[aria-label="text"]'),
    };
  };
  expect(await of(2)).toEqual({
    cells: ['c0, c0: r 1.000 of 0 rows', 'c1, c0: r -0.256 of 10 rows', 'c1, c1: r 1.000 of 11 rows'],
    told: ['1.00', '−0.26', '1.00'],
  });
  // 480 pixels are 34 for each of 14.
  expect((await of(14)).told.at(-2)).toBe('−0.26');
  expect((await of(15)).told.at(-2)).toBe('−0.3');
});

test('a column over time is broken and shaded at its gaps, a point alone is a dot, and a phone has fewer points', async () => {
  const day = 86_400_000;
  const line = { x: [0, 1, 4, 5].map((at) => at * day), y: [3, 1, 2, 5] };
  const figure = await drawSeries(
    'date',
    { name: 'sold', line, gaps: [{ from: day, to: 4 * day, rows: 2 }] },
    { title: 't' },
  );
  const { marks } = drawn(figure);
  const [shade] = marks('rect', 'rect');
  const [path] = marks('line', 'path');
  expect((of(path, 'd') ?? '').match(/M/g)).toHaveLength(2);
  const xs = pointsIn(path).map(([x]) => x);
  expect([Number(of(shade, 'x')), Number(of(shade, 'x')) + Number(of(shade, 'width'))]).toEqual(
    [xs[1], xs[2]].map((x) => expect.closeTo(x, 0)),
  );
  expect(figure.tips?.text).toEqual(['1970-01-01\n3', '1970-01-02\n1', '1970-01-05\n2', '1970-01-06\n5']);
  const alone = drawn(await drawSeries('row', { name: 'sold', line: { x: [3], y: [2] }, gaps: [] }, { title: 't' }));
  expect([alone.marks('dot', 'circle').length, alone.marks('line', 'path').length]).toEqual([1, 0]);
  const many = { x: list(900, (i) => i), y: list(900, (i) => (i * 7) % 13) };
  const points = async (width?: number) =>
    (await drawSeries('row', { name: 'sold', line: many, gaps: [] }, { title: 't', ...(width && { width }) })).tips?.x
      .length;
  expect(await points()).toBe(900);
  expect(await points(380)).toBeLessThanOrEqual(400);
});

test('where values are missing is told by date, and many residuals are small dots', async () => {
  const day = 86_400_000;
  const missing = { of: 'series', names: ['a'], edges: [0, day, 3 * day], shares: [[0.25, 1]] } as LookedMissing;
  const figure = await drawMissing('date', missing);
  expect(figure.title).toBe('Missing values by series: full colour where all are');
  const titles = drawn(figure)
    .marks('rect', 'rect')
    .map((cell) => cell.querySelector('title')?.textContent);
  expect(titles).toEqual([
    'a, 1970-01-01 to 1970-01-02: 25.0 % missing',
    'a, 1970-01-02 to 1970-01-04: 100.0 % missing',
  ]);
  const radius = async (count: number) => {
    const points = { x: list(count, (i) => i * day), y: list(count, (i) => i % 5) };
    const { svg, title, tips } = await drawResiduals('date', 'sold', points);
    expect([title, tips?.text[1]]).toEqual([
      expect.stringMatching(/^sold: residuals, one step ahead, 1970-01-01 to 1970-/),
      '1970-01-02\n1',
    ]);
    return of(drawn({ svg, title }).marks('dot', 'circle')[0], 'r');
  };
  expect([await radius(200), await radius(201)]).toEqual(['3', '1.8']);
});

test('trials: the best stands out, the least so far is a line, those that failed are told', async () => {
  const trials = [
    { trial: 1, given: '', error: 4, seconds: 1 },
    { trial: 2, given: '--window 3', failed: 'no memory', seconds: 1 },
    { trial: 3, given: '--seed 9', error: 5, seconds: 1 },
    { trial: 4, given: '--seed 8', error: 0.41, seconds: 1 },
  ];
  const shape = async (best: number, all: readonly ShownTrial[]) => {
    const figure = await drawTrials({ metric: 'MAE', best, trials: all });
    const { marks, texts } = drawn(figure);
    const inOrder = marks('dot', 'circle').sort((a, b) => Number(of(a, 'cx')) - Number(of(b, 'cx')));
    const dots = inOrder.map((dot) => [of(dot, 'fill'), of(dot, 'r')]);
    const heights = new Set(pointsIn(marks('line', 'path')[0]).map(([, y]) => y));
    return { figure, dots, heights: heights.size, rules: marks('rule', 'line').length, ticks: texts(ticks('y')) };
  };
  const { figure, dots, heights, rules, ticks: at } = await shape(4, trials);
  expect(figure.title).toBe('the error of each trial; the dashed line is that of the defaults, trial 4 has the least');
  expect(figure.tips?.text).toEqual([
    'trial 1\nMAE 4\nthe defaults',
    'trial 2\nfailed: no memory\n--window 3',
    'trial 3\nMAE 5\n--seed 9',
    'trial 4\nMAE 0.4100\n--seed 8',
  ]);
  expect(dots).toEqual([
    [colour.c1, '3.5'],
    [colour.c1, '3.5'],
    [colour.c2, '6'],
  ]);
  // Of 4, 5 and 0.41 the least are 4, 4 and 0.41.
  expect([heights, rules]).toEqual([2, 1]);
  // More than ten times as much is drawn by logarithms.
  expect(at).toEqual(['0.5', '1', '2', '5']);
  const even = trials.map((one) => ({ ...one, ...(one.trial === 4 && { error: 0.5 }) }));
  expect((await shape(4, even)).ticks[0]).not.toBe('0.5');
});

test('maps of gates name steps by the last tokens where there is room, else about 25 by number', () => {
  const layer = (steps: number) => ({
    layer: 'lstm',
    kind: 'LSTM' as const,
    steps,
    of: { units: 1, steps: steps + 2 },
    units: [0],
    maps: [{ name: 'cell', low: -1, high: 1, bytes: btoa('\xff'.repeat(steps)) }],
  });
  const named = (steps: number, tokens?: string[]) =>
    drawn(drawGates(layer(steps), tokens))
      .all('text[text-anchor="middle"]')
      .map(({ textContent }) => textContent);
  expect(named(3, ['a', 'b', '<c>', '\n', 'e'])).toEqual(['<c>', '↵', 'e']);
  expect(
    named(
      130,
      list(132, (t) => `w${t}`),
    ),
  ).toEqual(list(130, (t) => `w${t + 2}`));
  expect(
    named(
      131,
      list(133, (t) => `w${t}`),
    ),
  ).toEqual(list(22, (t) => String(6 * t + 1)));
  expect(named(25)).toEqual(list(25, (t) => String(t + 1)));
  expect(named(26)).toEqual(list(13, (t) => String(2 * t + 1)));
});

test('a long name at an axis is shortened, at either', async () => {
  const [name, short] = ['a'.repeat(45), `${'a'.repeat(26)}…${'a'.repeat(13)}`];
  const labels = (figure: Figure) => [
    ...drawn(figure).texts('g[aria-label="x-axis label"]'),
    ...drawn(figure).texts('g[aria-label="y-axis label"]'),
  ];
  const line = { x: [1, 2], y: [3, 4] };
  expect(labels(await drawSeries('row', { name, line, gaps: [] }, { title: 't' }))).toEqual(['row →', `↑ ${short}`]);
  expect(labels(await drawHistogram('t', name, [{ from: 0, to: 1, count: 2 }]))).toEqual([`${short} →`, '↑ values']);
});

test('names beside missing values are shown up to 22 letters, and what a pointer shows survives its quotes', async () => {
  const names = ['a'.repeat(22), 'b'.repeat(23)];
  const shares = names.map(() => [1]);
  const figure = await drawMissing('row', { of: 'column', names, edges: [1, 2], shares });
  const { marks, texts } = drawn(figure);
  expect(texts(ticks('y'))).toEqual([names[0], `${'b'.repeat(14)}…${'b'.repeat(7)}`]);
  // 20 pixels, and seven for each letter.
  expect(Math.min(...numbers(marks('rect', 'rect'), 'x'))).toBe(20 + 7 * 22);
  const tips = { x: [1], text: [`it's "so" & <b>&#39;\n`] };
  const { document } = parseHTML(`<html><body>${inPage({ svg: '<svg></svg>', title: 't', tips })}</body></html>`);
  expect(JSON.parse(document.querySelector('figure')?.getAttribute('data-tips') ?? '')).toEqual(tips);
});
