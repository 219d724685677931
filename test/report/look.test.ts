import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { plot, type TableLook } from 'memcell';
import { drawHistogram } from '../../src/report/figures/histogram.js';
import { correlationsOf } from '../../src/report/look/correlations.js';
import { quantile } from '../../src/report/look/quantile.js';
import type { LookedColumn, LookedNumbers } from '../../src/report/look/shown.js';
import { figuresOf, sheetOf } from '../../src/report/plot.js';
import { lookSections } from '../../src/report/sections/look.js';

const day = (i: number) => new Date(Date.UTC(2019, 0, 1 + i)).toISOString().slice(0, 10);

const numbersOf = (column: LookedColumn | undefined): LookedNumbers => {
  if (column?.kind !== 'numbers') throw new Error('no column of numbers');
  return column;
};

test('how many values there are is told in whole numbers', async () => {
  const bins = [1, 2, 0, 1].map((count, i) => ({ from: 10 * i, to: 10 * i + 10, count }));
  const { svg } = await drawHistogram('residuals', 'error', bins);
  const written = Array.from(parseHTML(svg).document.querySelectorAll('text'), ({ textContent }) => textContent);
  expect(written).toEqual(expect.arrayContaining(['0', '1', '2', '↑ values']));
  expect(written).not.toContain('0.5');
});

test('quantiles lie between two values, as R and NumPy have them', () => {
  const sorted = Float64Array.of(1, 2, 4, 8, 16);
  expect([0, 0.1, 0.25, 0.5, 0.9, 1].map((share) => quantile(sorted, share))).toEqual([1, 1.4, 2, 4, 12.8, 16]);
});

test('correlations are those of a line, of its reverse, and of nothing; rows without both values do not count', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 50 }),
      fc.integer({ min: -9, max: 9 }),
      (x, slope) => {
        const values = Float64Array.from(x);
        const other = values.map((value, i) => (i % 5 === 4 ? Number.NaN : slope * value + 3));
        const { r, rows } = correlationsOf([
          { name: 'x', values },
          { name: 'y', values: other },
        ]);
        const both = x.filter((_, i) => i % 5 !== 4);
        expect(rows[0][1]).toBe(both.length);
        if (slope === 0 || new Set(both).size === 1 || both.length < 3) expect(r[1][0]).toBeNull();
        else expect(r[1][0]).toBeCloseTo(Math.sign(slope), 9);
      },
    ),
    { numRuns: 60 },
  );
  // Σ(x − 3)(y − 3.4) = 12, Σ(x − 3)² = 10, Σ(y − 3.4)² = 21.2
  const [x, y] = [Float64Array.of(1, 2, 3, 4, 5), Float64Array.of(2, 1, 4, 3, 7)];
  const told = correlationsOf([
    { name: 'x', values: x },
    { name: 'y', values: y },
  ]);
  const r = expect.closeTo(12 / Math.sqrt(212), 12);
  const own = expect.closeTo(1, 12);
  expect(told).toEqual({
    columns: ['x', 'y'],
    r: [
      [own, r],
      [r, own],
    ],
    rows: [
      [5, 5],
      [5, 5],
    ],
  });
});

describe('a table of three years of days', () => {
  let look: TableLook;
  let html: string;
  const rows = Array.from({ length: 1096 }, (_, i) => {
    const weekday = new Date(Date.UTC(2019, 0, 1 + i)).getUTCDay();
    return {
      when: day(i),
      sold: i >= 500 && i < 520 ? '' : 100 + (weekday === 6 ? 50 : 0) + (i % 10),
      weather: ['sun', 'rain', 'sun', 'fog'][i % 4],
      promo: i % 7 === 0 ? 'yes' : 'no',
      falling: -1 - i,
    };
  }).filter((_, i) => i !== 700);

  beforeAll(async () => {
    ({ look, html } = await plot(rows));
  });

  test('nothing is filled in, and a row that is not there is one without values', () => {
    const [{ rows: count, columns }] = look.series;
    expect(count).toBe(1096);
    const sold = numbersOf(columns[0]);
    expect([sold.values, sold.missing]).toEqual([1075, 21]);
    expect(sold.gaps[0]).toEqual({ from: Date.UTC(2019, 0, 500), to: Date.UTC(2019, 0, 521), rows: 20 });
    expect(sold.gaps[1].rows).toBe(1);
    expect(look.understood.columns[1].missing).toBe(21);
    expect(look.understood.columns[1]).not.toHaveProperty('filled');
    expect(look.missing?.names).toEqual(['sold', 'weather', 'promo', 'falling']);
    expect(look.missing?.shares[0].some((share) => (share ?? 0) > 0.9)).toBe(true);
  });

  test('averages stand by weekday and month, and the season in the autocorrelation', () => {
    const sold = numbersOf(look.series[0].columns[0]);
    expect(sold.cycles.map(({ name }) => name)).toEqual(['weekday', 'month']);
    const [week, year] = sold.cycles;
    expect(week.places.map(({ place }) => place)).toEqual(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']);
    for (const { place, mean } of week.places) expect(mean > 140).toBe(place === 'Sat');
    expect(year.places).toHaveLength(12);
    expect(year.places.reduce((sum, { count }) => sum + count, 0)).toBe(1075);
    const { season, by, values, changes } = sold.autocorrelation ?? { values: [], changes: [] };
    expect([season, by]).toEqual([7, 'calendar']);
    expect(values[6]).toBeGreaterThan(0.8);
    expect(values[2]).toBeLessThan(0);
    expect(changes[6]).toBeGreaterThan(0.8);
  });

  test('names are counted, and numbers told as they are', () => {
    const [, weather, promo] = look.series[0].columns;
    expect(weather).toMatchObject({
      kind: 'names',
      missing: 1,
      counts: [
        { value: 'sun', count: 547 },
        { value: 'fog', count: 274 },
        { value: 'rain', count: 274 },
      ],
    });
    expect(promo).toMatchObject({ kind: 'names', counts: [{ value: 'no' }, { value: 'yes', count: 156 }] });
    const falling = numbersOf(look.series[0].columns[3]);
    expect([falling.least, falling.most]).toEqual([-1096, -1]);
    // Of −1 … −1096 without the 701st, the squares divided by one less than there are.
    const [n, gap] = [1096, 701];
    const mean = (n * (n + 1)) / 2 - gap;
    const squares = (n * (n + 1) * (2 * n + 1)) / 6 - gap ** 2 - mean ** 2 / (n - 1);
    expect(falling.deviation).toBeCloseTo(Math.sqrt(squares / (n - 2)), 6);
    expect(look.correlations?.columns).toEqual(['sold', 'promo', 'falling']);
  });

  test('the page holds the numbers of its figures', () => {
    const { document } = parseHTML(html);
    expect(JSON.parse(document.querySelector('#look')?.textContent ?? '')).toEqual(look);
    const tips = [...document.querySelectorAll('figure[data-tips]')].map(
      (figure) => JSON.parse(figure.getAttribute('data-tips') ?? '').text as string[],
    );
    const { mean, count } = numbersOf(look.series[0].columns[0]).cycles[0].places[5];
    const told = tips.find((text) => text[5]?.startsWith('Sat'));
    expect(told?.[5]).toContain(`mean ${mean.toFixed(1)}`);
    expect(told?.[5]).toContain(`${count} values`);
  });
});

test('rows without a time have a season that is found, and series are drawn one by one', async () => {
  const shop = (name: string, rows: number) =>
    Array.from({ length: rows }, (_, i) => ({ name, y: [3, 9, 4, 20, 1][i % 5] + (i % 2) / 10 }));
  const { look } = await plot([...shop('a', 60), ...shop('b & <c>', 40)], { group: ['name'] });
  expect(look.axis).toBe('row');
  expect(look.series.map(({ name, rows }) => [name, rows])).toEqual([
    ['a', 60],
    ['b & <c>', 40],
  ]);
  const y = numbersOf(look.series[1].columns[0]);
  expect(y.autocorrelation).toMatchObject({ season: 5, by: 'changes' });
  expect(y.cycles[0].places.map(({ mean }) => Math.round(mean))).toEqual([3, 9, 4, 20, 1]);
  expect(y.line.x[0]).toBe(1);
  expect(look.lengths).toHaveLength(2);
  expect((await lookSections(look)).join('')).toContain('<h2>Series</h2>');
});

test('a hundred thousand rows are drawn with their extremes by a few thousand points', async () => {
  const y = Float64Array.from({ length: 100_000 }, (_, i) => Math.sin(i / 500) + (i === 54_321 ? 9 : 0));
  const { look, figures } = await plot(y);
  const { line, most } = numbersOf(look.series[0].columns[0]);
  expect(line.x.length).toBeLessThanOrEqual(2000);
  expect(line.y).toContain(most);
  expect(figures[0].svg.length).toBeLessThan(100_000);
});

test('figures are XML of their own, one by one and on one sheet, whatever the data is called', async () => {
  const evil = '<script>window.ran=1</script> & "b" \'c\'';
  const rows = Array.from({ length: 40 }, (_, i) => ({
    when: day(i),
    [evil]: (i * 7) % 11,
    kind: i % 3 ? '<i>&' : 'b',
  }));
  const { look, figures } = await plot(rows);
  const sheet = sheetOf(figuresOf(await lookSections(look)));
  for (const svg of [sheet, ...figures.map((figure) => figure.svg)]) {
    // Every & begins an entity of XML, and no attribute holds a bare angle bracket.
    expect(svg.replace(/&(amp|lt|gt|quot|#\d+);/g, '')).not.toContain('&');
    expect(svg).not.toContain('<script');
    const { documentElement } = parseHTML(svg).document;
    expect(documentElement.tagName.toLowerCase()).toBe('svg');
    expect(svg.match(/<g[\s>]/g)?.length).toBe(svg.match(/<\/g>/g)?.length);
  }
  expect(figures[0].title).toContain(evil);
  const [, height] = /^<svg [^>]*viewBox="0 0 960 (\d+)"/.exec(sheet) ?? [];
  expect(Number(height)).toBeGreaterThan(500);
});

test('many columns and series are drawn in part, and it is said which are not', async () => {
  const wide = Array.from({ length: 30 }, (_, i) =>
    Object.fromEntries(Array.from({ length: 15 }, (_, c) => [`c${c}`, (i * (c + 2)) % 17])),
  );
  const { look } = await plot(wide);
  expect(look.series[0].columns).toHaveLength(12);
  expect(look.left).toEqual(['3 of 15 columns are not drawn: c12, c13, c14; name those to look at']);
  // Eight of those left out are named, of more the first eight.
  for (const [columns, told] of [
    [20, 'c12, c13, c14, c15, c16, c17, c18, c19'],
    [21, 'c12, c13, c14, c15, c16, c17, c18, c19, …'],
  ] as const) {
    const rows = Array.from({ length: 30 }, (_, i) =>
      Object.fromEntries(Array.from({ length: columns }, (_, c) => [`c${c}`, (i * (c + 2)) % 29])),
    );
    expect((await plot(rows)).look.left).toEqual([
      `${columns - 12} of ${columns} columns are not drawn: ${told}; name those to look at`,
    ]);
  }
  const named = await plot(
    wide.map((row, i) => ({ ...row, id: `no. ${i}` })),
    { columns: ['c1', 'id'] },
  );
  expect(named.look.left).toEqual(['id: text that differs in nearly every row']);
  const out = await plot(
    wide.map((row, i) => ({ id: `no. ${i}`, other: `so ${i}`, ...row })),
    { columns: ['other', 'c1', 'id'] },
  );
  expect(out.look.left).toEqual(['other', 'id'].map((name) => `${name}: text that differs in nearly every row`));
  // 24 columns are correlated, and 24 lines are drawn in all: four series of five columns.
  const wider = Array.from({ length: 60 }, (_, i) =>
    Object.fromEntries(Array.from({ length: 25 }, (_, c) => [`c${c}`, (i * (c + 2)) % 59])),
  );
  expect((await plot(wider)).look.correlations?.columns).toEqual(Array.from({ length: 24 }, (_, c) => `c${c}`));
  const five = Array.from({ length: 60 }, (_, i) => ({ s: `s${i % 6}`, a: i, b: -i, c: i % 7, d: i % 9, e: i % 11 }));
  expect((await plot(five, { group: ['s'] })).look.left).toEqual(['of 6 series the 4 longest are drawn']);
  const panel = Array.from({ length: 400 }, (_, i) => ({ s: `s${i % 40}`, y: i % 7, z: i % 11 }));
  const several = await plot(panel, { group: ['s'] });
  expect(several.look.series).toHaveLength(12);
  expect(several.look.left).toEqual(['of 40 series the 12 longest are drawn']);
  expect(several.html.length).toBeLessThan(1_000_000);
});

test('a column without a value in one series is drawn in the others', async () => {
  const rows = ['a', 'b'].flatMap((s) =>
    Array.from({ length: 20 }, (_, i) => ({ s, x: (i * 3) % 7, y: s === 'a' ? (i * 5) % 11 : '' })),
  );
  const { look } = await plot(rows, { group: ['s'] });
  expect(
    look.series.map(({ name, rows: count, columns }) => [name, count, columns.map((column) => column.name)]),
  ).toEqual([
    ['a', 20, ['x', 'y']],
    ['b', 20, ['x']],
  ]);
});

test('what cannot be drawn is an error that says why', async () => {
  await expect(plot([{ a: 1 }, { a: 1 }])).rejects.toThrow(
    'data: no column has numbers or names to draw (a: every value is 1)',
  );
  // Of four columns each is told why, of five the first four.
  const why = [...'abcd'].map((name) => `${name}: every value is 1`).join('; ');
  const alike = { a: 1, b: 1, c: 1, d: 1 };
  for (const [row, told] of [
    [alike, why],
    [{ ...alike, e: 1 }, `${why}; …`],
  ] as const) {
    await expect(plot([row, row])).rejects.toThrow(
      new Error(`data: no column has numbers or names to draw (${told}); name one that has`),
    );
  }
  await expect(plot([{ a: 1 }, { a: 2 }], { columns: ['b'] })).rejects.toThrow('no column b');
  await expect(plot([{ a: 1 }, { a: 2 }], { colums: ['a'] } as object)).rejects.toThrow(
    "plot: unknown option 'colums'",
  );
});
