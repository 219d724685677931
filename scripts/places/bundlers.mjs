// memcell in pages: bundled by webpack, Vite, esbuild and Next, opened in Chromium. No warning, no error in the console, no
// worker that nobody loads, the kernels of one speed, and the losses of Node.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { findChromium } from '../../test/browser/chromium.js';
import { app, run } from './project.mjs';

const require = createRequire(join(app, 'package.json'));

/** Fails for what a bundler says beside its own account. */
function refuse(text, pattern) {
  const lines = text.split('\n').filter((line) => pattern.test(line));
  if (lines.length > 0) throw new Error(lines.slice(0, 5).join('\n'));
}

/** Each builds the page and gives the folder to serve. */
const sites = {
  async webpack() {
    const webpack = require('webpack');
    const output = { path: join(app, 'out-webpack'), filename: 'main.js' };
    const config = { mode: 'production', context: app, entry: './main.js', output, performance: false };
    const stats = await new Promise((resolve, reject) => {
      webpack(config, (error, result) => (error ? reject(error) : resolve(result)));
    });
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString('errors-warnings'));
    writeFileSync(join(output.path, 'index.html'), page('./main.js'));
    return output.path;
  },
  async vite() {
    writeFileSync(join(app, 'index.html'), page('/main.js'));
    const { build } = await import(pathToFileURL(require.resolve('vite')).href);
    const warnings = [];
    const logger = { info() {}, warn: (text) => warnings.push(text), warnOnce: (text) => warnings.push(text) };
    const customLogger = {
      ...logger,
      error: (text) => warnings.push(text),
      clearScreen() {},
      hasErrorLogged: () => false,
    };
    const outDir = join(app, 'out-vite');
    await build({ root: app, configFile: false, customLogger, build: { outDir, chunkSizeWarningLimit: 5000 } });
    if (warnings.length > 0) throw new Error(warnings.join('\n'));
    return outDir;
  },
  async esbuild() {
    const outdir = join(app, 'out-esbuild');
    const options = { bundle: true, minify: true, format: 'esm', platform: 'browser', splitting: true, outdir };
    const { warnings } = await require('esbuild').build({
      ...options,
      entryPoints: [join(app, 'main.js')],
      logLevel: 'silent',
    });
    if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join('\n'));
    writeFileSync(join(outdir, 'index.html'), page('./main.js'));
    return outdir;
  },
  'next-webpack': () => next('--webpack'),
  'next-turbopack': () => next('--turbopack'),
};

function next(flag) {
  const root = JSON.stringify(join(app, '..'));
  // Not minified, which takes a fifth of the time; the pages of webpack, Vite and esbuild are.
  const plain = 'experimental: { turbopackMinify: false, serverMinification: false }';
  const webpack = 'webpack: (config) => ({ ...config, optimization: { ...config.optimization, minimize: false } })';
  const config = `{ output: 'export', turbopack: { root: ${root} }, outputFileTracingRoot: ${root}, ${plain}, ${webpack} }`;
  writeFileSync(join(app, 'next.config.js'), `export default ${config};\n`);
  for (const old of ['.next', 'out', 'index.html']) rmSync(join(app, old), { recursive: true, force: true });
  const env = { NEXT_TELEMETRY_DISABLED: '1' };
  const said = run(process.execPath, [require.resolve('next/dist/bin/next'), 'build', flag], { env });
  refuse(said, /already registered|can't resolve|⚠.*memcell|running TensorFlow.js in Node/i);
  return join(app, 'out');
}

function page(script) {
  return `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;
}

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json' };

/** Opens a built page; gives what its run() answers, and the scripts that it loaded. */
async function open(browser, site) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    const file = join(site, path === '/' ? 'index.html' : path);
    if (!existsSync(file)) return response.writeHead(404).end();
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    return response.end(readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const tab = await browser.newPage();
  const said = [];
  const scripts = [];
  tab.on('pageerror', ({ message }) => said.push(message));
  tab.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) said.push(message.text());
  });
  tab.on('response', (response) => {
    if (response.request().resourceType() === 'script') scripts.push(response.text());
  });
  try {
    await tab.goto(`http://127.0.0.1:${server.address().port}/`);
    await tab.waitForFunction('typeof run === "function"');
    const answer = await tab.evaluate('run()');
    if (said.length > 0) throw new Error(`the console says: ${said.slice(0, 5).join('\n')}`);
    return { answer, loaded: await Promise.all(scripts) };
  } finally {
    await tab.close();
    server.closeAllConnections();
    server.close();
  }
}

/** A page that only predicts: no TensorFlow.js is in it, and it gives the numbers of Node. */
async function predicts() {
  const outdir = join(app, 'out-predict');
  const { metafile } = await require('esbuild').build({
    entryPoints: [join(app, 'predict.js')],
    outdir,
    bundle: true,
    minify: true,
    format: 'esm',
    splitting: true,
    metafile: true,
    logLevel: 'silent',
  });
  const foreign = Object.keys(metafile.inputs).filter((input) => input.includes('@tensorflow'));
  if (foreign.length > 0) throw new Error(`TensorFlow.js is in it: ${foreign.slice(0, 3)}`);
  const model = join(app, 'node_modules/memcell/models/weather');
  cpSync(model, join(outdir, 'model'), { recursive: true });
  writeFileSync(join(outdir, 'index.html'), page('./predict.js'));
  const { run: onNode } = await import(pathToFileURL(join(app, 'predict.js')).href);
  const [value] = await onNode(model);
  return inChromium(async (browser) => {
    const { answer, loaded } = await open(browser, outdir);
    if (!(Math.abs(answer[0] - value) <= 1e-6)) throw new Error(`it predicts ${answer}; on Node it is ${value}`);
    const bytes = loaded.reduce((sum, text) => sum + gzipSync(text).length, 0);
    return `the page predicts, ${Math.round(bytes / 1024)} kB of JavaScript gzipped`;
  });
}

/** Runs something in a Chromium of its own. */
async function inChromium(use) {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('no Chromium on this machine; install it, then run again');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}

let expected;

async function check(name) {
  const { run: onNode } = await import(pathToFileURL(join(app, 'main.js')).href);
  expected ??= await onNode();
  const site = await sites[name]();
  // Turbopack copies the file that Node's build, which it renders on the server, names; as it is, without what it imports.
  const files = readdirSync(site, { recursive: true }).filter((file) => /memcellWorker/.test(file));
  const workers = files.filter((file) => readFileSync(join(site, file)).length > 10_000);
  if (workers.length > 0) throw new Error(`a worker is there that nobody loads: ${workers}`);
  return inChromium(async (browser) => {
    const { answer, loaded } = await open(browser, site);
    for (const [what, values] of Object.entries(expected)) {
      const far = values.some((value, i) => !(Math.abs(value - answer[what]?.[i]) <= 1e-5));
      if (far) throw new Error(`${what} is ${answer[what]}; on Node it is ${values}`);
    }
    const kernels = loaded.filter((text) => text.includes(KERNEL)).length;
    if (kernels !== 1) throw new Error(`the page loads ${kernels} scripts with kernels, not 1`);
    const bytes = loaded.reduce((sum, text) => sum + gzipSync(text).length, 0);
    return `the page trains and predicts, ${Math.round(bytes / 1024)} kB of JavaScript gzipped`;
  });
}

/** How a WebAssembly module's magic number, version and section of types begin in base64. */
const KERNEL = 'AGFzbQEAAAAB';

export const bundlers = {
  ...Object.fromEntries(Object.keys(sites).map((name) => [name, () => check(name)])),
  predict: predicts,
};
