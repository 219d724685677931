import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { loadModel } from 'memcell';
import { type Browser, chromium } from 'playwright-core';
import { findChromium } from './browser/chromium.js';
import type { MemcellPage } from './browser/memcell.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const digits = Array.from({ length: 10 }, (_, digit) => [[digit / 9]]);
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

const scripts: Record<string, string> = {};
let browser: Browser | undefined;
let server: Server | undefined;
let address: string;
let expected: number[];

beforeAll(async () => {
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error(
      'no Chromium on this machine; install it (Debian, Ubuntu: apt-get install chromium), then run again',
    );
  }
  for (const page of ['memcell', 'stock']) scripts[`/${page}.js`] = await bundle(page);
  server = createServer(async ({ url = '' }, response) => {
    try {
      const body = await content(new URL(url, 'http://localhost').pathname);
      if (url === '/strict.html') response.setHeader('content-security-policy', "script-src 'self'");
      response.setHeader('content-type', types[url.slice(url.lastIndexOf('.'))] ?? 'application/octet-stream');
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
  const model = await loadModel(join(root, 'models/digits'));
  expected = (await model.predict(digits)).flat();
  model.dispose();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

/** A page's script with all it imports, as a bundler makes it for browsers: without one warning. */
async function bundle(page: string): Promise<string> {
  const { outputFiles, warnings } = await build({
    entryPoints: [join(root, `test/browser/${page}.ts`)],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
  return outputFiles[0].text;
}

async function content(path: string): Promise<string | Buffer> {
  if (scripts[path]) return scripts[path];
  if (/^\/\w+\.html$/.test(path)) {
    const script = basename(path, '.html').replace('strict', 'memcell');
    return `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/${script}.js"></script>`;
  }
  if (path.startsWith('/models/')) return readFile(join(root, normalize(path)));
  throw new Error(`${path}: nothing here`);
}

/** Opens a page, calls its run(), and gives what that answers and all errors that the page reported. */
async function visit<Answer>(name: string): Promise<{ answer: Answer; errors: string[] }> {
  const page = await browser!.newPage();
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.location().url.includes('/models/missing')) errors.push(message.text());
  });
  await page.goto(`${address}/${name}.html`);
  await page.waitForFunction('typeof run === "function"');
  const answer = await page.evaluate<Answer>('run()');
  await page.close();
  return { answer, errors };
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - b[i])));
}

test("memcell's engine trains in a browser; models come over HTTP and IndexedDB", async () => {
  const { answer, errors } = await visit<MemcellPage>('memcell');
  expect(errors).toEqual([]);
  // Nothing runs on tfjs, so none of its backends' files is asked for.
  expect(answer.backend).toBe('cpu');
  expect(answer.engine).toEqual({ kind: 'memcell' });
  expect(answer.losses).toHaveLength(20);
  expect(answer.losses[19]).toBeLessThan(answer.losses[0] / 2);
  expect(answer.predicted.flat().every(Number.isFinite)).toBe(true);
  expect(answer.counted).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(largestDifference(answer.probabilities.flat(), expected)).toBeLessThanOrEqual(1e-5);
  expect(answer.stored).toEqual(answer.predicted);
  expect(answer.metadata).toEqual({ window: 4 });
  expect(answer.refusals).toEqual([
    { memcell: true, message: 'folder: nothing here can save to this kind of address' },
    { memcell: true, message: expect.stringMatching(/missing\/model\.json: cannot be fetched: HTTP status 404$/) },
    { memcell: true, message: expect.stringMatching(/^x\b.*NaN/) },
  ]);
}, 120_000);

test('a page that may not compile WebAssembly: tfjs runs the model, and the reason says what to set', async () => {
  const { answer, errors } = await visit<MemcellPage>('strict');
  // The browser's own report of what it refused.
  for (const error of errors) expect(error).toMatch(/WebAssembly.*Content Security Policy/);
  expect(answer.backend).toBe('cpu');
  expect(answer.engine.kind).toBe('tfjs');
  expect(answer.engine.why).toMatch(
    /^WebAssembly may not be compiled here: a page needs 'wasm-unsafe-eval' in its Content-Security-Policy's script-src, and/,
  );
  expect(answer.losses[19]).toBeLessThan(answer.losses[0] / 2);
  expect(largestDifference(answer.probabilities.flat(), expected)).toBeLessThanOrEqual(1e-5);
}, 120_000);

test('stock tfjs in a browser loads a shipped model and predicts the same (≤ 1e-5)', async () => {
  expect(scripts['/stock.js']).not.toMatch(/memcell/i);
  const { answer, errors } = await visit<{ backend: string; probabilities: number[] }>('stock');
  expect(errors).toEqual([]);
  expect(answer.backend).toBe('cpu');
  expect(largestDifference(answer.probabilities, expected)).toBeLessThanOrEqual(1e-5);
}, 120_000);
