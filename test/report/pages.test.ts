import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { memcell } from '../cli/streams.js';
import { launch, openPage } from './browser.js';

const folder = mkdtempSync(join(tmpdir(), 'memcell-report-'));
const at = (name: string) => join(folder, name);
let browser: Browser;

/** A column whose name would run, were it not escaped. */
const evil = '<script>window.ran=1</script>';

beforeAll(async () => {
  browser = await launch();
  const rows = [`month,shop,${evil}`];
  for (const shop of ['A & B', '"C"', 'D']) {
    for (let m = 0; m < 48; m++) {
      const value = 100 + m + 20 * Math.sin((m / 6) * Math.PI) + ((m * 7919) % 11);
      rows.push(
        `${2018 + Math.floor(m / 12)}-${String((m % 12) + 1).padStart(2, '0')},${shop.replaceAll('"', "'")},${value.toFixed(1)}`,
      );
    }
  }
  writeFileSync(at('panel.csv'), rows.join('\n'));
  const points = ['kind,t,x,id'];
  for (let id = 0; id < 60; id++) {
    // Groups of different lengths, which are filled up.
    for (let t = 0; t < 8 - ((id + 1) % 3); t++)
      points.push(`${id % 2 ? 'up' : 'down'},${t},${(id % 2 ? t : -t) + (id % 5 ? 0 : 12 * (id % 2 ? -1 : 1))},${id}`);
  }
  writeFileSync(at('groups.csv'), points.join('\n'));
  writeFileSync(at('text.txt'), theText);
  writeFileSync(at('symbols.txt'), Array.from({ length: 200 }, (_, i) => i % 5).join(' '));
}, 60_000);

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Fails for whatever the page asks of a network, or writes to its console. */
async function opened(file: string, width = 1000, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  const { page, problems } = await openPage(browser, pathToFileURL(file).href, { width, colorScheme });
  expect(problems).toEqual([]);
  return page;
}

const theText = 'the cat sat on the mat. '.repeat(60);

test('a report of a forecast shows every part, holds the figures of --json, and runs nothing of the data', async () => {
  const { code, out } = await memcell(
    ...['train', at('panel.csv'), '--forecast', evil, '--group', 'shop', '--horizon', '6', '--out', at('panel')],
    ...['--report', at('panel.html'), '--json'],
  );
  expect(code).toBe(0);
  const { evaluation, report } = JSON.parse(out);
  expect(report).toBe(at('panel.html'));
  for (const [width, scheme] of [
    [1000, 'light'],
    [400, 'dark'],
  ] as const) {
    const page = await opened(at('panel.html'), width, scheme);
    const ids = await page.$$eval('section', (sections) => sections.map(({ id }) => id));
    expect(ids).toEqual(
      expect.arrayContaining(['forecasts', 'errors', 'steps', 'residuals', 'series', 'data', 'model']),
    );
    expect(await page.title()).toContain(evil);
    expect(await page.evaluate(() => 'ran' in window)).toBe(false);
    expect(JSON.parse((await page.textContent('#evaluation')) ?? '')).toEqual(evaluation);
    const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(dark === 'rgb(255, 255, 255)').toBe(scheme === 'light');
    await page.close();
  }
  const page = await opened(at('panel.html'));
  const { mae, naive } = evaluation.targets[0];
  const cells = await page.$$eval('#errors td', (all) => all.map(({ textContent }) => textContent));
  expect(cells).toEqual(expect.arrayContaining(['model', 'last value', String(Number(mae.toPrecision(4))), 'drift']));
  expect(cells.map(Number).some((cell) => Math.abs(cell - naive.mae) < 1e-3 * naive.mae)).toBe(true);
  // The line by step says what the document says.
  const tips = JSON.parse((await page.getAttribute('#steps figure', 'data-tips')) ?? '{}');
  expect(tips.text[2]).toContain('step 3');
  expect(Number(/model ([\d.]+)/.exec(tips.text[2])?.[1])).toBeCloseTo(evaluation.targets[0].steps[2].mae, 2);
  // One series is seen, the other ones when they are picked.
  const seen = () => page.$$eval('[data-series]', (all) => all.filter((one) => !(one as HTMLElement).hidden).length);
  expect(await seen()).toBe(1);
  await page.selectOption('[data-picker]', '2');
  expect(await seen()).toBe(1);
  await page.waitForSelector('[data-series="2"] figure.wide');
  // The numbers under the pointer.
  await page.hover('[data-series="2"] figure.wide svg');
  expect(await page.textContent('.tip')).toMatch(/^20\d\d-\d\d-01\n/);
  await page.close();
  expect(statSync(at('panel.html')).size).toBeLessThan(1_000_000);
}, 120_000);

test('a look at a table shows what --json says of it, and runs nothing of the data', async () => {
  const { code, out } = await memcell('plot', at('panel.csv'), '--group', 'shop', '--out', at('look.html'), '--json');
  expect(code).toBe(0);
  const { data: _, out: file, ...look } = JSON.parse(out);
  for (const [width, scheme] of [
    [1000, 'light'],
    [400, 'dark'],
  ] as const) {
    const page = await opened(file, width, scheme);
    const ids = await page.$$eval('section', (sections) => sections.map(({ id }) => id));
    expect(ids).toEqual(['columns', 'missing', 'numbers', 'series', 'data']);
    expect(await page.textContent('h3')).toContain(evil);
    expect(await page.evaluate(() => 'ran' in window)).toBe(false);
    expect(JSON.parse((await page.textContent('#look')) ?? '')).toEqual(look);
    await page.selectOption('[data-picker]', '1');
    await page.waitForSelector('[data-series="1"] svg >> visible=true');
    await page.close();
  }
  const page = await opened(file);
  const [{ columns }] = look.series;
  // What the pointer says of the months is what the document says.
  const tips = await page.$$eval('[data-series="0"] figure[data-tips]', (all) =>
    all.map((figure) => JSON.parse(figure.getAttribute('data-tips') ?? '').text as string[]),
  );
  const months = tips
    .find(([first]) => first.startsWith('Jan\n'))
    ?.map((text) => Number(/mean ([\d.]+)/.exec(text)?.[1]));
  const means = columns[0].cycles[0].places.map(({ mean }: { mean: number }) => Number(mean.toFixed(1)));
  expect(months).toEqual(means);
  const cells = await page.$$eval('#numbers tbody tr:first-child td', (all) =>
    all.map(({ textContent }) => textContent),
  );
  expect(cells.slice(0, 5)).toEqual([look.series[0].name, evil, '48', '0', columns[0].least.toFixed(2)]);
  await page.close();
  expect(statSync(file).size).toBeLessThan(1_000_000);
}, 120_000);

test('a report of classes shows confusion, classes, reliability and the mistakes drawn', async () => {
  const { code, out, err } = await memcell(
    ...['train', at('groups.csv'), '--classify', 'kind', '--group', 'id', '--out', at('groups'), '--budget', '15'],
    ...['--report', at('groups.html'), '--json'],
  );
  expect([code, err.includes('report is in')]).toEqual([0, true]);
  const { evaluation } = JSON.parse(out);
  const page = await opened(at('groups.html'), 400);
  const ids = await page.$$eval('section', (sections) => sections.map(({ id }) => id));
  expect(ids).toEqual(
    expect.arrayContaining(['confusion', 'classes', 'reliability', 'mistakes', 'gates', 'training', 'model']),
  );
  // What fills up a group is none of it.
  const { input, layers } = JSON.parse((await page.textContent('#gates-data')) ?? '');
  expect([input.values.length, ...layers.map(({ steps }: { steps: number }) => steps)]).toEqual([7, 7, 7]);
  expect(Math.min(...input.values.flat())).toBeGreaterThan(-100);
  const drawn = await page.$$eval('#confusion svg title', (titles) => titles.map(({ textContent }) => textContent));
  const counts = evaluation.classes.flatMap(({ name: was }: { name: string }, i: number) =>
    evaluation.classes.map(
      ({ name }: { name: string }, j: number) => `${was} answered as ${name}: ${evaluation.confusion[i][j]}`,
    ),
  );
  expect(drawn.sort()).toEqual(counts.sort());
  await page.close();
}, 120_000);

test('a report of a text colours it by surprise, and shows what the model writes and what its gates do', async () => {
  const trained = [
    'train',
    at('text.txt'),
    '--text',
    '--layers',
    'Embedding(11, 8), LSTM(12, return_sequences=true), Dense(11, softmax)',
  ];
  const { code, err } = await memcell(...trained, '--budget', '10', '--out', at('text'), '--report', at('text.html'));
  expect([code, err]).toEqual([0, expect.stringContaining('report is in')]);
  const page = await opened(at('text.html'), 1000, 'dark');
  const spans = await page.$$eval('.surprise span', (all) => all.map(({ textContent }) => textContent).join(''));
  expect(theText).toContain(spans.slice(0, 40));
  expect(await page.locator('#samples pre').count()).toBe(3);
  await page.hover('#gates canvas');
  expect(await page.textContent('[data-told="0"]')).toMatch(
    /^unit \d+, half-life .* steps; step \d+ \(".*"\): input [\d.]+ +forget [\d.]+/,
  );
  // The middle of the picture is the middle of the steps.
  const told = await page.textContent('[data-told="0"]');
  expect(Number(told?.match(/; step (\d+)/)?.[1])).toBeGreaterThan(3);
  const painted = await page.$eval('#gates canvas', (canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    return (canvas as HTMLCanvasElement)
      .getContext('2d')
      ?.getImageData(0, 0, width, height)
      .data.some((value) => value > 0);
  });
  expect(painted).toBe(true);
  await page.close();
  const gates = await memcell('gates', at('text'), at('text.txt'), '--sample', '2', '--json');
  const { layers, attribution, tokens } = JSON.parse(gates.out);
  const [batch, steps, units] = layers[0].shape;
  expect([batch, units, tokens.length]).toEqual([1, 12, steps]);
  const sum = attribution.values.reduce((total: number, value: number) => total + value, 0);
  expect(Math.abs(sum - (attribution.output[0] - attribution.baseline[0]))).toBeLessThan(attribution.gap + 1e-5);
  const windows = Math.floor(theText.length / steps);
  const missing = await memcell('gates', at('text'), at('text.txt'), '--sample', `${windows + 1}`);
  expect([missing.code, missing.err]).toEqual([
    2,
    expect.stringContaining(`text.txt: has ${windows} windows of ${steps} characters, not ${windows + 1}`),
  ]);
}, 120_000);

test('a report of a search shows its trials as --json has them', async () => {
  const { code, out } = await memcell(
    ...[
      'tune',
      at('symbols.txt'),
      '--symbols',
      '--window',
      '1',
      '--layers',
      'LSTM(4), Dense(5, softmax)',
      '--epochs',
      '2',
    ],
    ...['--trials', '4', '--out', at('tuned'), '--report', at('tuned.html'), '--json'],
  );
  expect(code).toBe(0);
  const { trials, best, metric, model } = JSON.parse(out);
  expect([trials.length, model]).toEqual([4, at('tuned')]);
  const page = await opened(at('tuned.html'), 400, 'dark');
  const tips = JSON.parse((await page.getAttribute('#tuning figure', 'data-tips')) ?? '{}').text as string[];
  const errors = tips.map((text) => Number(new RegExp(`${metric} ([\\d.]+)`).exec(text)?.[1]));
  expect(errors).toEqual(trials.map(({ error }: { error: number }) => expect.closeTo(error, 3)));
  const cells = await page.$$eval('#tuning tbody tr:first-child td', (all) =>
    all.map(({ textContent }) => textContent),
  );
  expect(cells[0]).toBe(String(best));
  const inPage = JSON.parse((await page.textContent('#tuning-data')) ?? '').trials;
  expect(inPage.map((one: { error: number }) => one.error)).toEqual(trials.map((one: { error: number }) => one.error));
  await page.close();
  const predicted = await memcell('predict', at('tuned'), '--start', '3', '--steps', '2');
  expect(predicted.code).toBe(0);
}, 120_000);

test('a saved model is reported on data, without data, and of symbols; a page that cannot be written is an error', async () => {
  expect((await memcell('train', at('symbols.txt'), '--symbols', '--out', at('symbols'), '--budget', '10')).code).toBe(
    0,
  );
  for (const [model, data] of [
    ['symbols', 'symbols.txt'],
    ['panel', undefined],
    ['panel', 'panel.csv'],
    ['groups', 'groups.csv'],
  ]) {
    const given = data === undefined ? [] : [at(data)];
    const { code, err } = await memcell('report', at(model ?? ''), ...given, '--out', at('again.html'));
    expect([code, err]).toEqual([0, expect.stringContaining('the report is in')]);
    const page = await opened(at('again.html'));
    expect(await page.locator('section').count()).toBeGreaterThan(1);
    await page.close();
  }
  const { code, err } = await memcell('report', at('panel'), '--out', join(folder, 'nowhere', 'x.html'));
  expect([code, err]).toEqual([1, expect.stringContaining('x.html: cannot be written (ENOENT)')]);
  expect(readFileSync(at('again.html'), 'utf8')).toContain('<!doctype html>');
}, 120_000);
