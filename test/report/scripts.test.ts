/** What the programs of pages do in a browser, step by step, on pages whose numbers are known. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { Html, html } from '../../src/report/html.js';
import { gatesPage } from '../../src/report/index.js';
import { type LiveState, livePage } from '../../src/report/live.js';
import { picked } from '../../src/report/packed.js';
import { pageOf } from '../../src/report/page.js';
import { pageScript } from '../../src/report/script.js';
import { figure } from '../../src/report/sections/figure.js';
import { launch } from './browser.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
}, 60_000);
afterAll(() => browser?.close());

/** A page of 1000 × 800 pixels; `first` runs in it before all else. */
async function shown(text: string, first = ''): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 }, colorScheme: 'light' });
  page.on('pageerror', (error) => {
    throw error;
  });
  await page.route('http://page.test/', (route) => route.fulfill({ contentType: 'text/html', body: text }));
  await page.addInitScript(first);
  await page.goto('http://page.test/');
  return page;
}

const svg = (id: string, left: number) =>
  `<svg id="${id}" viewBox="0 0 200 50" style="position:fixed;left:${left}px;top:300px;width:400px;height:100px;max-width:none"></svg>`;
const tips = { x: [10, 100, 150], text: ['first', 'second\nline', 'a last one that is longer'] };
/** The line that marks a place, and what stands at the pointer. */
const seen = (page: Page, id: string) =>
  page.evaluate((name) => {
    const mark = document.querySelector(`#${name} .mark`) as SVGElement | null;
    const tip = document.querySelector<HTMLElement>('.tip');
    return {
      mark: mark && [...['x1', 'x2', 'y1', 'y2'].map((one) => mark.getAttribute(one)), mark.style.display],
      tip: tip?.hidden ? undefined : tip?.textContent,
      at: tip?.hidden ? undefined : [tip?.style.left, tip?.style.top, tip?.offsetWidth, tip?.offsetHeight],
    };
  }, id);

test('a page shows what is nearest to the pointer, until it leaves, also of figures that come later', async () => {
  const body = html`${figure({ svg: svg('a', 20), title: 'a', tips })}${figure({ svg: svg('b', 580), title: 'b', tips })}${figure({ svg: svg('none', 2000), title: 'none' })}`;
  const page = await shown(pageOf('t', body, [pageScript]));
  expect(await seen(page, 'a')).toEqual({ mark: [null, null, '0', '50', 'none'], tip: undefined, at: undefined });
  expect(await seen(page, 'none')).toMatchObject({ mark: null });
  // 2 pixels to a unit: 55 and 125 lie in the middle between two places.
  for (const [x, i] of [
    [0, 0],
    [54, 0],
    [56, 1],
    [124, 1],
    [126, 2],
    [199, 2],
  ]) {
    await page.mouse.move(20 + 2 * x, 350);
    const { mark, tip, at } = await seen(page, 'a');
    expect([mark, tip]).toEqual([[`${tips.x[i]}`, `${tips.x[i]}`, '0', '50', ''], tips.text[i]]);
    expect(at?.slice(0, 2)).toEqual([`${20 + 2 * x + 14}px`, `${350 - Number(at?.[3]) - 10}px`]);
  }
  // Not over the right edge, nor over the upper one.
  await page.mouse.move(970, 350);
  const { at } = await seen(page, 'b');
  expect(at?.[0]).toBe(`${1000 - Number(at?.[2]) - 8}px`);
  expect(await seen(page, 'a')).toMatchObject({ mark: ['150', '150', '0', '50', 'none'] });
  await page.evaluate(() => {
    (document.querySelector('#b') as SVGElement).style.top = '0px';
  });
  await page.mouse.move(600, 3);
  expect((await seen(page, 'b')).at?.[1]).toBe('4px');
  await page.mouse.move(600, 700);
  expect(await seen(page, 'b')).toMatchObject({ mark: ['10', '10', '0', '50', 'none'], tip: undefined });
  await page.mouse.move(600, 3);
  await page.evaluate(
    (text) => {
      document.body.insertAdjacentHTML('beforeend', text);
      document.dispatchEvent(new Event('figures'));
    },
    figure({ svg: svg('later', 100), title: 'later', tips }).text,
  );
  expect(await seen(page, 'later')).toMatchObject({ mark: [null, null, '0', '50', 'none'], tip: undefined });
  expect(await page.locator('.mark').count()).toBe(3);
  await page.close();
});

test('columns of numbers stand on the right, their headings too; a token is coloured as much as it surprises', async () => {
  const tokens = [0, 0.5, 1].map((s) => html`<span style="--s:${s}">x</span>`);
  const body = html`<table><tr><th>a</th><th class="n">b</th></tr><tr><td>x</td><td class="n">1</td></tr></table><pre class="surprise">${tokens}</pre>`;
  const page = await shown(pageOf('t', body, []));
  const aligned = await page.$$eval('th,td', (all) => all.map((one) => getComputedStyle(one).textAlign));
  expect(aligned).toEqual(['left', 'right', 'left', 'right']);
  const colours = await page.$$eval('.surprise span', (all) => all.map((one) => getComputedStyle(one).backgroundColor));
  expect(colours.map((colour) => Number(/\/ ([\d.]+)\)$/.exec(colour)?.[1]))).toEqual([0, 0.425, 0.85]);
  await page.close();
});

test('a page without figures shows nothing at the pointer', async () => {
  const page = await shown(pageOf('t', html`<p>text</p>`, [pageScript]));
  expect(await page.$$eval('.tip', (all) => all.map((one) => (one as HTMLElement).hidden))).toEqual([true]);
  await page.close();
});

test('the series that is picked is unpacked, and shown alone', async () => {
  const blocks = ['a', 'b', 'c'].map(
    (id) => new Html(`<p>${id}</p>${figure({ svg: svg(id, 20), title: id, tips }).text}`),
  );
  const body = html`<select data-picker><option value="0">a</option><option value="1">b</option><option value="2">c</option></select>${picked(blocks)}`;
  const page = await shown(pageOf('t', body, [pageScript]));
  const state = () =>
    page.$$eval('[data-series]', (all) =>
      all.map((one) => [
        (one as HTMLElement).hidden,
        (one as HTMLElement).dataset.packed !== undefined,
        one.querySelector('p')?.textContent,
        one.querySelectorAll('.mark').length,
      ]),
    );
  const packed = [true, true, undefined, 0];
  expect(await state()).toEqual([[false, false, 'a', 1], packed, packed]);
  await page.selectOption('[data-picker]', '2');
  await page.waitForSelector('[data-series="2"] .mark', { state: 'attached' });
  expect(await state()).toEqual([[true, false, 'a', 1], packed, [false, false, 'c', 1]]);
  await page.selectOption('[data-picker]', '0');
  expect(await state()).toEqual([[false, false, 'a', 1], packed, [true, false, 'c', 1]]);
  await page.close();
});

const bytes = (...all: number[]) => btoa(String.fromCharCode(...all));
const gates = {
  name: 'row 1',
  tokens: ['x', 'the', 'cat', 'sat'],
  layers: [
    {
      layer: 'lstm',
      kind: 'LSTM' as const,
      steps: 3,
      of: { units: 2, steps: 3 },
      units: [4, 1],
      halfLives: [12.345, null],
      maps: [
        { name: 'input', low: 0, high: 1, bytes: bytes(0, 51, 255, 102, 153, 204) },
        { name: 'cell', low: -2, high: 2, bytes: bytes(0, 255, 51, 153, 204, 102) },
      ],
    },
    {
      layer: 'rnn',
      kind: 'SimpleRNN' as const,
      steps: 3,
      of: { units: 1, steps: 3 },
      units: [0],
      maps: [{ name: 'state', low: -1, high: 1, bytes: bytes(0, 51, 255) }],
    },
  ],
};

test('maps of gates are painted byte by byte, and one unit is followed', async () => {
  const page = await shown(await gatesPage('g', gates));
  const painted = (index: number) =>
    page.evaluate((i) => {
      const canvas = document.querySelectorAll('canvas')[i];
      const { width, height } = canvas;
      const { data = [] } = canvas.getContext('2d')?.getImageData(0, 0, width, height) ?? {};
      return {
        width,
        height,
        pixels: Array.from({ length: data.length / 4 }, (_, p) => Array.from(data.slice(4 * p, 4 * p + 4))),
      };
    }, index);
  // Colours that are hardly there are not kept exactly.
  const like = (colour: number[], alpha: number) => [
    ...colour.map((part) => (alpha === 0 ? 0 : expect.closeTo(part, alpha < 60 ? -1 : -0.5))),
    alpha,
  ];
  const [ink, cold, warm] = [
    [31, 41, 51],
    [0, 114, 178],
    [213, 94, 0],
  ];
  const input = [0, 51, 255, 102, 153, 204];
  expect(await painted(0)).toEqual({ width: 3, height: 2, pixels: input.map((alpha) => like(ink, alpha)) });
  const cell = [0, 255, 51, 153, 204, 102].map(
    (byte) => [byte < 128 ? cold : warm, Math.round(Math.abs(2 * byte - 255))] as const,
  );
  expect(await painted(1)).toEqual({
    width: 3,
    height: 2,
    pixels: cell.map(([colour, alpha]) => like([...colour], alpha)),
  });
  // Until the pointer is there, the unit that changes most is shown in the text.
  const grounds = () =>
    page.$$eval('[data-text="0"] span', (all) =>
      all.map((span) => (span as HTMLElement).style.background.replace(/, /g, ',')),
    );
  const mix = (name: string, share: number) => `color-mix(in srgb,var(--${name}) ${share}%,transparent)`;
  expect(await grounds()).toEqual([mix('c1', 85), mix('c2', 85), mix('c1', 51)]);
  const told = () => page.textContent('[data-told="0"]');
  expect(await told()).toBe('Point at a map.');

  const box = (await page.locator('canvas').nth(1).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(box.x + 0.9 * box.width, box.y + 0.9 * box.height);
  expect(await told()).toBe('unit 1, half-life endless; step 3 ("sat"): input 0.80   cell -0.40');
  const dim = (alpha: number) => Math.round((150 * alpha) / 255);
  expect((await painted(0)).pixels.map(([, , , alpha]) => alpha)).toEqual([0, 51, 255].map(dim).concat(102, 153, 204));
  expect(await grounds()).toEqual([mix('c2', 28), mix('c2', 85), mix('c1', 28)]);
  await page.mouse.move(box.x + 1, box.y + 1);
  expect(await told()).toBe('unit 4, half-life 12.3 steps; step 1 ("the"): input 0.00   cell -2.00');
  await page.mouse.move(box.x + box.width / 2, box.y - 300);
  expect((await painted(0)).pixels.map(([, , , alpha]) => alpha)).toEqual(input);
  // A layer without a cell is told by its first map, and without half-lives.
  await page.locator('canvas').nth(2).hover();
  expect(await page.textContent('[data-told="1"]')).toBe('unit 0; step 2 ("cat"): state -0.60');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.mouse.move(0, 0);
  await page.waitForFunction(
    () => (document.querySelector('canvas')?.getContext('2d')?.getImageData(2, 0, 1, 1).data[0] ?? 0) > 200,
  );
  await page.close();
});

/** A stream of events that the test sends itself, and a server that answers as it says. */
const stub = `
  window.sent = [];
  window.EventSource = class extends EventTarget {
    constructor(url) { super(); this.url = url; window.source = this; }
    close() { this.closed = true; }
  };
  window.send = (name, data) => window.source.dispatchEvent(new MessageEvent(name, { data }));
  window.fetch = async (url, { method, headers }) => {
    window.sent.push([url, method, headers, document.querySelector('[data-stop]').disabled]);
    return window.answer ?? new Response('');
  };`;

test('the page of a training shows what it is sent, and stops it', async () => {
  const page = await shown(livePage('training', 'secret'), stub);
  const send = (name: string, data: unknown) =>
    page.evaluate(
      ([event, text]) => (window as unknown as { send(a: string, b: string): void }).send(event, text),
      [name, typeof data === 'string' ? data : JSON.stringify(data)],
    );
  const state = () =>
    page.evaluate(() => {
      const text = (name: string) => document.querySelector(`[data-${name}]`)?.textContent;
      const bar = document.querySelector<HTMLElement>('.bar');
      return {
        stage: text('stage'),
        numbers: text('numbers'),
        said: text('said'),
        bar: [bar?.style.visibility, bar?.getAttribute('aria-valuenow'), bar?.querySelector('i')?.style.width],
        stages: document.querySelector('details')?.hidden
          ? undefined
          : Array.from(document.querySelectorAll('[data-stages] li'), (item) => item.textContent),
        stop: !document.querySelector<HTMLButtonElement>('[data-stop]')?.disabled,
      };
    });
  const open = 'Does what Ctrl-C does: training ends after the batch, and what was trained by then is saved.';
  const at = Date.UTC(2024, 0, 1, 12);
  const clock = await page.evaluate((time) => new Date(time).toLocaleTimeString(), at);
  const first: LiveState = { stages: [] };
  expect(await page.evaluate(() => (window as unknown as { source: { url: string } }).source.url)).toBe('events');
  await send('open', '');
  await send('state', first);
  expect(await state()).toEqual({
    stage: 'reading the data',
    numbers: '',
    said: open,
    bar: ['hidden', '0', '0%'],
    stages: undefined,
    stop: true,
  });
  await send('state', { ...first, epoch: 2, epochs: 9 });
  expect((await state()).stage).toBe('training: epoch 2 of 9');
  const second = {
    stages: [{ text: 'one', at }],
    epoch: 3,
    epochs: 9,
    share: 0.256,
    numbers: 'loss 0.5',
    learningRate: '0.001',
    left: '3 min',
  };
  await send('state', second);
  await send('state', { ...second, stages: [...second.stages, { text: 'two', at }] });
  expect(await state()).toEqual({
    stage: 'two: epoch 3 of 9, 3 min left at most',
    numbers: 'loss 0.5  learning rate 0.001',
    said: open,
    bar: ['visible', '26', '26%'],
    stages: [`${clock}  one`, `${clock}  two`],
    stop: true,
  });
  await send('error', '');
  expect((await state()).said).toBe('The training cannot be reached: it was ended, or the connection is lost.');
  await send('open', '');
  expect((await state()).said).toBe(open);
  await send(
    'curves',
    JSON.stringify('<figure data-tips=\'{"x":[1],"text":["e"]}\'><svg viewBox="0 0 9 9"></svg></figure>'),
  );
  expect(await page.locator('[data-curves] .mark').count()).toBe(1);

  // What a server refuses may be tried again.
  await page.evaluate(() => Object.assign(window, { answer: new Response('not you', { status: 403 }) }));
  await page.click('[data-stop]');
  await page.waitForFunction(() => document.querySelector('[data-said]')?.textContent?.startsWith('It could'));
  expect(await state()).toMatchObject({ said: 'It could not be stopped: not you', stop: true });
  await page.evaluate(() => Object.assign(window, { answer: undefined }));
  await page.click('[data-stop]');
  await page.waitForFunction(() => document.querySelector('[data-said]')?.textContent?.startsWith('Stopping'));
  const said = 'Stopping after this batch; then what was trained is scored and saved.';
  const asked = ['stop', 'POST', { 'x-memcell-token': 'secret' }, true];
  expect(await page.evaluate(() => (window as unknown as { sent: unknown[] }).sent)).toEqual([asked, asked]);
  await send('open', '');
  expect(await state()).toMatchObject({ said, stop: false });
  await send('failed', JSON.stringify('no memory'));
  expect(await state()).toMatchObject({ stage: 'training has failed', said: 'no memory', stop: false });
  expect(await page.evaluate(() => (window as unknown as { source: { closed?: boolean } }).source.closed)).toBe(true);
  await page.close();
});

test('the page of a training is stopped by others, loaded anew for another training, and becomes the report', async () => {
  const page = await shown(livePage('training', 'secret'), stub);
  const send = (name: string, data: string) =>
    page.evaluate(
      ([event, text]) => (window as unknown as { send(a: string, b: string): void }).send(event, text),
      [name, data],
    );
  await send('run', 'first');
  await send('run', 'first');
  await send('state', JSON.stringify({ stages: [], stopping: true }));
  expect([await page.isDisabled('[data-stop]'), await page.textContent('[data-said]')]).toEqual([
    true,
    'Stopping after this batch; then what was trained is scored and saved.',
  ]);
  const [loaded] = await Promise.all([page.waitForNavigation(), send('run', 'second')]);
  expect(loaded?.url()).toBe('http://page.test/');
  expect(await page.isEnabled('[data-stop]')).toBe(true);
  await send(
    'ended',
    JSON.stringify('<!doctype html><title>r</title><body style="height:3000px"><p>the report</p></body>'),
  );
  expect(
    await page.evaluate(() =>
      Array.from(document.body.children, ({ className, textContent }) => [className, textContent]),
    ),
  ).toEqual([
    [
      'warning ended',
      'The training has ended, and its server with it: this report is here until the page is closed or loaded anew; save it to keep it.',
    ],
    ['', 'the report'],
  ]);
  expect(await page.getAttribute('.ended a', 'download')).toBe('report.html');
  await page.close();
});
