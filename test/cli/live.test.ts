/** memcell train --live: the page of a training, its stop button, and who may press it. */
import { readdirSync } from 'node:fs';
import { type IncomingMessage, request, ServerResponse } from 'node:http';
import { createServer, Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parseHTML } from 'linkedom';
import { loadTask } from 'memcell';
import type { Browser } from 'playwright-core';
import { startLive } from '../../src/cli/live.js';
import { parseLive } from '../../src/cli/liveAddress.js';
import { isLoopback, serveLive } from '../../src/cli/liveServer.js';
import { Dense, Sequential } from '../../src/index.js';
import type { LiveState } from '../../src/report/live.js';
import type { TrainingContext } from '../../src/training/callbacks.js';
import type { Logs } from '../../src/training/history.js';
import { launch, openPage } from '../report/browser.js';
import { file, memcell, memcellProcess, type Outcome, seriesCsv, temporaryFolder } from './streams.js';

const folder = temporaryFolder();
/** A column whose name would run, were it not escaped. */
const evil = '<script>window.ran=1</script>';
const series = file(folder, 'series.csv', seriesCsv(300).replace('value', evil));
const forecast = ['train', series, '--forecast', evil, '--plain', '--window', '6', '--horizon', '3'];
const endless = [...forecast, '--epochs', '1000000'];

/** A training in a process of its own, once its page is served; `done` is how it ended. */
async function training(argv: string[]) {
  let kill: (signal: NodeJS.Signals) => void = () => {};
  let found: (url: string) => void = () => {};
  const served = new Promise<string>((resolve) => {
    found = resolve;
  });
  let err = '';
  const done = memcellProcess(argv, (text, killing) => {
    err += text;
    kill = killing;
    const url = /^live at (\S+)$/m.exec(err)?.[1];
    if (url !== undefined) found(url);
  });
  const end = (signal: NodeJS.Signals) => kill(signal);
  children.add(end);
  void done.finally(() => children.delete(end));
  const url = await Promise.race([served, done.then(({ err: all }) => Promise.reject(new Error(all)))]);
  return { url, done, kill: end };
}

/** Trainings that a failed test left. */
const children = new Set<(signal: NodeJS.Signals) => void>();
afterAll(() => {
  for (const kill of children) kill('SIGKILL');
});

/** The newest of each event that a page gets, until the server ends them or `enough` says so. */
async function eventsOf(url: string, enough?: (event: string) => boolean): Promise<Map<string, string>> {
  const { body, headers } = await fetch(`${url}events`);
  expect(headers.get('content-type')).toContain('text/event-stream');
  return new Map(await readEvents(body, enough));
}

async function readEvents(body: Response['body'], enough: (event: string) => boolean = () => false) {
  const events: [name: string, data: string][] = [];
  let text = '';
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) return events;
    text += value;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (name === undefined) continue;
      events.push([name, data]);
      if (name === 'ended' || name === 'failed' || enough(name)) {
        await reader?.cancel();
        return events;
      }
    }
  }
}

/** A request with headers that fetch would not send. */
function ask(url: string, path: string, method: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  }, 60_000);
  afterAll(() => browser?.close());

  test('the page shows the training, its button stops and saves it, and it becomes the report', async () => {
    const out = join(folder, 'stopped');
    const { url, done } = await training([...endless, '--out', out, '--live', '--json']);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const { page, problems } = await openPage(browser, url, { width: 1000, colorScheme: 'light' });
    const phone = await openPage(browser, url, { width: 400, colorScheme: 'dark' });
    await page.waitForSelector('#training svg');
    expect(await page.textContent('[data-stage]')).toMatch(/^training: epoch \d+ of 1000000, .* left at most$/);
    expect(await page.textContent('[data-numbers]')).toMatch(/^loss \d\S* .*val_loss \d\S* .*learning rate 0\.001$/);
    const first = await page.textContent('[data-numbers]');
    await page.waitForFunction((before) => document.querySelector('[data-numbers]')?.textContent !== before, first);
    await page.hover('#training figure svg');
    expect(await page.textContent('.tip')).toMatch(/^epoch \d+\ntraining \d\S*\nheld out \d\S*$/);
    expect(await phone.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
    expect(await phone.page.evaluate(() => getComputedStyle(document.body).backgroundColor)).not.toBe(
      'rgb(255, 255, 255)',
    );

    // Nobody else may stop it.
    const token = (await page.getAttribute('[data-live]', 'data-token')) ?? '';
    const { host } = new URL(url);
    const refused: [string, string, Record<string, string>, number][] = [
      ['/stop', 'POST', {}, 403],
      ['/stop', 'POST', { 'x-memcell-token': 'x'.repeat(token.length) }, 403],
      ['/stop', 'POST', { 'x-memcell-token': token, origin: 'http://evil.example' }, 403],
      ['/stop', 'POST', { 'x-memcell-token': token, host: `evil.example:${new URL(url).port}` }, 403],
      ['/stop', 'POST', { 'x-memcell-token': token, host: '127.0.0.1:1' }, 403],
      ['/stop', 'GET', { 'x-memcell-token': token }, 405],
      ['/', 'GET', { host: `evil.example:${new URL(url).port}` }, 403],
      ['/events', 'GET', { host: 'evil.example' }, 403],
      ['/events', 'GET', { 'sec-fetch-site': 'cross-site' }, 403],
      ['/events', 'GET', { 'sec-fetch-site': 'same-site' }, 403],
      ['/stopped', 'GET', { host }, 404],
    ];
    for (const [path, method, headers, status] of refused) expect(await ask(url, path, method, headers)).toBe(status);
    expect(await page.isEnabled('[data-stop]')).toBe(true);

    await page.click('[data-stop]');
    for (const one of [page, phone.page]) await one.waitForSelector('#model');
    const { code, out: printed, err }: Outcome = await done;
    expect([code, err]).toEqual([130, expect.stringContaining('stopping after this batch')]);
    const result = JSON.parse(printed);
    expect([result.ended, result.live]).toEqual(['interrupted', url]);
    expect(readdirSync(out).sort()).toEqual(['model.json', 'weights.bin']);

    // The server is gone; the report is all there.
    expect(JSON.parse((await page.textContent('#evaluation')) ?? '')).toEqual(result.evaluation);
    expect(await page.title()).toContain(evil);
    expect(await page.textContent('.ended')).toContain('The training has ended');
    await page.hover('#forecasts figure.wide svg');
    expect(await page.textContent('.tip')).toMatch(/^20\d\d-\d\d-\d\d\n/);
    expect(await page.evaluate(() => 'ran' in window)).toBe(false);
    const [saved] = await Promise.all([page.waitForEvent('download'), page.click('.ended a')]);
    expect(saved.suggestedFilename()).toBe('report.html');
    expect([...problems, ...phone.problems]).toEqual([]);
    const model = await loadTask(out);
    expect(model.kind).toBe('forecast');
    model.dispose();
  }, 120_000);
});

test('SIGTERM stops a live training as any other, and its pages get the report', async () => {
  const out = join(folder, 'ended');
  const { url, done, kill } = await training([...endless, '--out', out, '--live', '0']);
  const watching = eventsOf(url);
  const { document } = parseHTML(await (await fetch(url)).text());
  expect([document.title, document.querySelector('h1')?.textContent]).toEqual(Array(2).fill('Training on series.csv'));
  // A page that is opened later gets what there is.
  await eventsOf(url, (event) => event === 'state');
  kill('SIGTERM');
  const events = await watching;
  expect(JSON.parse(events.get('state') ?? '')).toMatchObject({ stopping: true, epochs: 1_000_000 });
  expect(JSON.parse(events.get('ended') ?? '')).toMatch(/^<!doctype html>.*id="forecasts"/s);
  const { code } = await done;
  expect(code).toBe(143);
  expect(await memcell('predict', out)).toMatchObject({ code: 0, err: '' });
}, 60_000);

test('a training that fails says so on the page, and one that ends by itself leaves the server with it', async () => {
  const diverging = ['--layers', 'Dense(8), Flatten(), Dense(3)', '--optimizer', 'sgd', '--learning-rate', '1e20'];
  const failing = await training([...forecast, ...diverging, '--out', join(folder, 'never'), '--live']);
  const [events, { code, err }] = await Promise.all([eventsOf(failing.url).catch(() => undefined), failing.done]);
  expect(code).toBe(1);
  // The page may have come too late.
  if (events) expect(err).toContain(JSON.parse(events.get('failed') ?? '""'));
  const {
    code: done,
    err: said,
    out,
  } = await memcell(
    ...[...forecast, '--epochs', '2', '--out', join(folder, 'short'), '--live', '127.0.0.1:0', '--json'],
    ...['--report', join(folder, 'short.html')],
  );
  expect([done, said]).toEqual([0, expect.stringMatching(/^live at http:\/\/127\.0\.0\.1:\d+\/$/m)]);
  const { live, report } = JSON.parse(out);
  expect(report).toBe(join(folder, 'short.html'));
  await expect(fetch(live)).rejects.toThrow();
}, 60_000);

describe('addresses', () => {
  test('a port, a host and a port, or neither', () => {
    expect(parseLive('8080')).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(parseLive('0.0.0.0:80')).toEqual({ host: '0.0.0.0', port: 80 });
    expect(parseLive('[::1]:0')).toEqual({ host: '::1', port: 0 });
    for (const wrong of ['x', '65536', ':80', 'host:', '::1', '-1', '80.5', '']) {
      expect(() => parseLive(wrong)).toThrow('a port from 0 to 65535, or HOST:PORT');
    }
  });

  test('a port that is taken, a host that is not there, and no training to show are errors of one line', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const out = join(folder, 'none');
    const cases: [string[], number, string][] = [
      [
        ['--live', String(port)],
        1,
        `memcell: --live 127.0.0.1:${port}: the port is taken by another program; give another one, or none`,
      ],
      [['--live', '192.0.2.1:0'], 1, 'memcell: --live 192.0.2.1:0: this machine does not have the address'],
      [['--live', 'many'], 2, "option '--live [PORT]' argument 'many' is invalid. It must be a port"],
      [['--live', '--dry-run'], 2, '--live shows a training, and --dry-run has none'],
    ];
    for (const [given, code, text] of cases) {
      const outcome = await memcell(...forecast, '--out', out, ...given);
      expect([outcome.code, outcome.err]).toEqual([code, expect.stringContaining(text)]);
      expect(outcome.err.split('\n')).toHaveLength(2);
    }
    await new Promise((resolve) => taken.close(resolve));
  });

  test.each([
    ['EACCES', '127.0.0.1', 'the port may not be used here; give one above 1023, or none for one that is free'],
    ['EADDRINUSE', '::1', 'the port is taken by another program; give another one, or none for one that is free'],
    ['EADDRNOTAVAIL', '1.2.3.4', 'this machine does not have the address; give one of its own'],
    ['ENOTFOUND', 'some.where', 'the host is not known; give an address of this machine'],
    ['EOTHER', 'some.where', 'as it said'],
  ])('what cannot be served says why: %s', async (code, host, reason) => {
    const listen = jest.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server) {
      setImmediate(() => this.emit('error', Object.assign(new Error('as it said'), { code })));
      return this;
    });
    const served = { page: () => 'page', scripts: [], onOpened: () => {}, onStop: () => {} };
    try {
      await expect(serveLive({ host, port: 80 }, served)).rejects.toMatchObject({
        code: 'io',
        message: `--live ${host === '::1' ? '[::1]' : host}:80: ${reason}`,
      });
    } finally {
      listen.mockRestore();
    }
  });

  test('this machine alone reaches 127.x, ::1 and localhost, and no host that only looks so', () => {
    const own = ['127.0.0.1', '127.9.8.7', 'localhost', '::1'];
    expect(
      [...own, '0.0.0.0', '::', '10.127.0.1', '127.0.0.1.example', '1127.0.0.1', 'localhost.example'].filter(
        isLoopback,
      ),
    ).toEqual(own);
  });

  test('others than this machine reach it only when asked, which is said; by number, by no name of theirs', async () => {
    const { code, err } = await memcell(
      ...forecast,
      '--epochs',
      '1',
      '--out',
      join(folder, 'open'),
      '--live',
      '0.0.0.0:0',
    );
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(/^warning: whoever reaches .* sees the training and can stop it$/m),
    ]);
    let stops = 0;
    const served = { page: () => 'page', scripts: [], onOpened: () => {}, onStop: () => stops++ };
    const server = await serveLive({ host: '0.0.0.0', port: 0 }, served);
    const { port } = new URL(server.url);
    const local = `http://127.0.0.1:${port}/`;
    for (const [host, status] of [
      [`192.168.0.7:${port}`, 200],
      [`localhost:${port}`, 200],
      [`[::1]:${port}`, 200],
      [`rebound.example:${port}`, 403],
      ['192.168.0.7', 403],
    ] as const) {
      expect(await ask(local, '/', 'GET', { host })).toBe(status);
    }
    expect(stops).toBe(0);
    // A page that is opened later gets the newest of each event.
    for (const epoch of [1, 2]) server.send('state', { epoch });
    server.send('curves', 'svg');
    const listening = await fetch(`${local}events`);
    const reader = listening.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    expect(first).toContain('event: state\ndata: {"epoch":2}\n\nevent: curves\ndata: "svg"\n\n');
    expect(first).not.toContain('"epoch":1');
    await server.end('ended', 'report');
  });

  test('curves come once a second at most and for a twentieth of the time; what they cannot show ends them, not the training', async () => {
    let now = 50_000;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
    const said: string[] = [];
    const training = {
      title: 't',
      kind: 'symbols',
      onStop: () => {},
      note: (text: string) => said.push(text),
    } as const;
    const live = await startLive({ host: '127.0.0.1', port: 0 }, training);
    const { onTrainBegin, onEpochBegin, onBatchEnd, onEpochEnd } = live.callback;
    const context = { params: { epochs: 9, steps: 4 }, optimizer: { learningRate: 0.012346 } } as TrainingContext;
    const epoch = async (number: number, logs: object, { drawing = 0, fit = context } = {}) => {
      onEpochBegin?.(number - 1, fit);
      const done = onEpochEnd?.(number - 1, logs as Logs, fit);
      now += drawing;
      await done;
    };
    onTrainBegin?.(context);
    await epoch(1, { loss: 1, val_loss: 2 });
    // What nobody has seen comes with the first page.
    let drawn: (curves: boolean) => void = () => {};
    const first = new Promise<boolean>((resolve) => {
      drawn = resolve;
    });
    const { body } = await fetch(`${live.url}events`);
    const all = readEvents(body, (event) => {
      if (event === 'curves') drawn(true);
      return false;
    });
    expect(await first).toBe(true);
    now += 999;
    await epoch(2, { loss: 0.5, val_loss: 1.5 });
    now += 1;
    const lower = { ...context, optimizer: { learningRate: 0.001 } } as TrainingContext;
    await epoch(3, { loss: 0.25, val_loss: 1.75 }, { drawing: 100, fit: lower });
    now += 1899;
    onEpochBegin?.(3, context);
    onBatchEnd?.(1, { loss: 0.22 }, context);
    onBatchEnd?.(2, { loss: 0.21 }, context);
    await epoch(4, { loss: 0.2, val_loss: 1.5 });
    now += 1;
    // Another fit begins anew.
    onTrainBegin?.(context);
    await epoch(1, { loss: 0.125 });
    now += 1000;
    live.stage('more');
    // Another page has them as they are.
    expect([...(await eventsOf(live.url, (event) => event === 'curves')).keys()]).toEqual(['run', 'state', 'curves']);
    await epoch(2, { loss: 1n });
    now += 5000;
    await epoch(3, { loss: 0.0625 });
    await live.ended('report');
    clock.mockRestore();
    const events = await all;
    const of = (name: string) => events.flatMap(([event, data]) => (event === name ? [JSON.parse(data)] : []));
    const states: LiveState[] = of('state');
    const curves = of('curves').map((section) => parseHTML(section).document);
    const text = ({ epoch, share, numbers, learningRate, left }: LiveState) => [
      epoch,
      share,
      numbers,
      learningRate,
      left,
    ];
    expect(states.map(text)).toEqual([
      [1, 0, undefined, '0.01235', undefined],
      [2, 2 / 9, 'loss 0.5000  val_loss 1.500', '0.01235', '3.5 s'],
      [4, 14 / 36, 'loss 0.2200  val_loss 1.750', '0.01235', '4.7 s'],
      [1, 0, undefined, '0.01235', undefined],
      [undefined, undefined, undefined, undefined, undefined],
      [3, 3 / 9, 'loss 0.06250', '0.01235', '12 s'],
    ]);
    const [one, three, last] = curves;
    expect(curves).toHaveLength(3);
    for (const [page, cells] of [
      [one, ['loss', '1', '2']],
      [last, ['loss', '0.1250', '–']],
    ] as const) {
      expect(Array.from(page.querySelectorAll('td'), ({ textContent }) => textContent)).toEqual(cells);
    }
    const titles = Array.from(three.querySelectorAll('figure'), (one) => one.getAttribute('data-tips') ?? '');
    expect(titles.map((tips) => JSON.parse(tips).text.at(-1))).toEqual([
      'epoch 3\ntraining 0.2500\nheld out 1.750',
      'epoch 3\ntraining 0.001000',
    ]);
    expect(said).toEqual([
      'warning: the curves of --live cannot be drawn: Cannot mix BigInt and other types, use explicit conversions',
    ]);
  });

  test('its own stop button stops a training, once, as the page then says', async () => {
    let stops = 0;
    const training = { title: 't', kind: 'classify', onStop: () => stops++, note: () => {} } as const;
    const live = await startLive({ host: '127.0.0.1', port: 0 }, training);
    const page = await (await fetch(live.url)).text();
    const token = parseHTML(page).document.querySelector('[data-live]')?.getAttribute('data-token') ?? '';
    const press = () => ask(live.url, '/stop', 'POST', { 'x-memcell-token': token });
    expect([await press(), stops]).toEqual([202, 1]);
    live.stopping();
    expect([await press(), stops]).toEqual([202, 1]);
    const events = await eventsOf(live.url, (event) => event === 'state');
    expect(JSON.parse(events.get('state') ?? '')).toEqual({ stages: [], stopping: true });
    await live.failed('why');
  });

  test('a page gets a sign of life every 15 s, and is let go where it takes nothing', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
    const served = { page: () => 'page', scripts: [], onOpened: () => {}, onStop: () => {} };
    const server = await serveLive({ host: '127.0.0.1', port: 0 }, served);
    const { port, hostname: host } = new URL(server.url);
    let got = '';
    const opened = new Promise<void>((resolve) => {
      const page = request({ host, port, path: '/events' }, (response) => {
        response.once('data', () => resolve());
        response.on('data', (text) => {
          got += text;
          if (got.endsWith(':\n\n')) response.pause();
        });
        response.on('error', () => {});
      });
      page.end();
    });
    await opened;
    const turns = async () => {
      for (let i = 0; i < 100 && !got.endsWith(':\n\n'); i++) await new Promise((resolve) => setImmediate(resolve));
    };
    jest.advanceTimersByTime(14_999);
    await turns();
    expect(got).not.toContain(':\n\n');
    jest.advanceTimersByTime(1);
    await turns();
    expect(got).toMatch(/^event: run\ndata: \w+\n\n:\n\n$/);
    jest.useRealTimers();
    for (let i = 0; i < 40 && server.watched; i++) {
      server.send('curves', 'x'.repeat(1_000_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.watched).toBe(false);
    await server.end('ended', 'report');
  });

  test('a page is let go once more than 4 MB wait for it', async () => {
    const served = { page: () => 'page', scripts: [], onOpened: () => {}, onStop: () => {} };
    const server = await serveLive({ host: '127.0.0.1', port: 0 }, served);
    const { port, hostname: host } = new URL(server.url);
    let got = '';
    const page = request({ host, port, path: '/events' });
    const response = await new Promise<IncomingMessage>((resolve) => page.on('response', resolve).end());
    response.on('data', (text) => {
      got += text;
    });
    response.on('error', () => {});
    let waiting = 4_000_000;
    Object.defineProperty(ServerResponse.prototype, 'writableLength', { get: () => waiting, configurable: true });
    try {
      server.send('curves', 1);
      for (let i = 0; i < 100 && !got.includes('curves'); i++) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(got).toMatch(/event: curves\ndata: 1\n\n$/);
      expect(server.watched).toBe(true);
      waiting++;
      server.send('curves', 2);
      for (let i = 0; i < 100 && server.watched; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    } finally {
      Reflect.deleteProperty(ServerResponse.prototype, 'writableLength');
    }
    expect(server.watched).toBe(false);
    expect(got).not.toContain('data: 2');
    await server.end('ended', 'report');
  });

  test('after the last epoch the page has seen all of it', async () => {
    const training = { title: 't', kind: 'classify', onStop: () => {}, note: () => {} } as const;
    const live = await startLive({ host: '127.0.0.1', port: 0 }, training);
    const model = new Sequential([Dense(1, { inputShape: [1] })]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const x = [[1], [2], [3], [4], [5]];
    await model.fit(x, x, { epochs: 3, batchSize: 2, callbacks: [live.callback], verbose: 0 });
    const events = await eventsOf(live.url, (event) => event === 'state');
    expect(JSON.parse(events.get('state') ?? '')).toMatchObject({ epoch: 3, epochs: 3, share: 1 });
    await live.ended('report');
    model.dispose();
  });
});
