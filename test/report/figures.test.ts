/** What figures draw of numbers that are known: their marks, what stands at the axes, what a pointer shows. */
import { expect, test } from '@jest/globals';
import { parseHTML } from 'linkedom';
import { colour, type Figure } from '../../src/report/draw.js';
import { drawConfusion } from '../../src/report/figures/confusion.js';
import { drawCorrelations } from '../../src/report/figures/correlations.js';
import { drawCounts } from '../../src/report/figures/counts.js';
import { drawCurve } from '../../src/report/figures/curves.js';
import { drawForecasts } from '../../src/report/figures/forecasts.js';
import { drawHistogram } from '../../src/report/figures/histogram.js';
import { drawMissing } from '../../src/report/figures/missing.js';
import { drawReliability } from '../../src/report/figures/reliability.js';
import { drawResiduals } from '../../src/report/figures/residuals.js';
import { drawSteps } from '../../src/report/figures/steps.js';
import type { LookedMissing, LookedNames } from '../../src/report/look/shown.js';
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
  expect(cells.map((cell) => cell.querySelector('title')?.textContent?.replace(/.*: /, ''))).toEqual([
    '50.0 % missing',
    '100.0 % missing',
    '100.0 % missing',
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
