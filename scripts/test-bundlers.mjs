// Bundles a page that uses the packed memcell with the bundlers that people have, and opens it: no warning, no error in the
// console, no worker that nobody loads, and the losses of Node.
//     node scripts/test-bundlers.mjs [webpack|vite|esbuild|next-webpack|next-turbopack ...]
// The bundlers come from the npm registry. Ends with 1 when a page fails.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { findChromium } from '../test/browser/chromium.js';

const root = join(fileURLToPath(import.meta.url), '../..');
const executablePath = findChromium();
if (!executablePath) throw new Error('no Chromium on this machine; install it, then run again');
const folder = mkdtempSync(join(tmpdir(), 'memcell-bundlers-'));
const require = createRequire(join(folder, 'package.json'));

function run(command, args, cwd = folder) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout + stderr;
}

/** Fails for what a bundler says beside its own account. */
function refuse(text, pattern) {
  const lines = text.split('\n').filter((line) => pattern.test(line));
  if (lines.length > 0) throw new Error(lines.slice(0, 5).join('\n'));
}

/** Each builds the page and gives the folder to serve. */
const bundlers = {
  async webpack() {
    const webpack = require('webpack');
    const output = { path: join(folder, 'out-webpack'), filename: 'main.js' };
    const config = { mode: 'production', context: folder, entry: './main.js', output, performance: false };
    const stats = await new Promise((resolve, reject) => {
      webpack(config, (error, result) => (error ? reject(error) : resolve(result)));
    });
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString('errors-warnings'));
    writeFileSync(join(output.path, 'index.html'), page('./main.js'));
    return output.path;
  },
  async vite() {
    writeFileSync(join(folder, 'index.html'), page('/main.js'));
    const { build } = await import(pathToFileURL(require.resolve('vite')).href);
    const warnings = [];
    const logger = { info() {}, warn: (text) => warnings.push(text), warnOnce: (text) => warnings.push(text) };
    const customLogger = {
      ...logger,
      error: (text) => warnings.push(text),
      clearScreen() {},
      hasErrorLogged: () => false,
    };
    const outDir = join(folder, 'out-vite');
    await build({ root: folder, configFile: false, customLogger, build: { outDir, chunkSizeWarningLimit: 5000 } });
    if (warnings.length > 0) throw new Error(warnings.join('\n'));
    return outDir;
  },
  async esbuild() {
    const outdir = join(folder, 'out-esbuild');
    const options = { bundle: true, minify: true, format: 'esm', platform: 'browser', splitting: true, outdir };
    const { warnings } = await require('esbuild').build({
      ...options,
      entryPoints: [join(folder, 'main.js')],
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
  writeFileSync(join(folder, 'next.config.js'), "export default { output: 'export' };\n");
  for (const old of ['.next', 'out', 'index.html']) rmSync(join(folder, old), { recursive: true, force: true });
  const said = run(process.execPath, [require.resolve('next/dist/bin/next'), 'build', flag]);
  refuse(said, /already registered|can't resolve|⚠.*memcell|running TensorFlow.js in Node/i);
  return join(folder, 'out');
}

function page(script) {
  return `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;
}

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json' };

/** Opens a built page; gives what its run() answers. */
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
  tab.on('pageerror', ({ message }) => said.push(message));
  tab.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) said.push(message.text());
  });
  try {
    await tab.goto(`http://127.0.0.1:${server.address().port}/`);
    await tab.waitForFunction('typeof run === "function"');
    const answer = await tab.evaluate('run()');
    if (said.length > 0) throw new Error(`the console says: ${said.slice(0, 5).join('\n')}`);
    return answer;
  } finally {
    await tab.close();
    server.closeAllConnections();
    server.close();
  }
}

const bytesIn = (site) =>
  readdirSync(site, { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .reduce((sum, name) => sum + readFileSync(join(site, name)).length, 0);

cpSync(join(root, 'test/bundlers'), folder, { recursive: true });
const packed = run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], root)
  .trim()
  .split('\n')
  .at(-1);
run('npm', ['install', '--no-audit', '--no-fund', '--omit=optional', '--ignore-scripts', join(folder, packed)]);
run('npm', ['install', '--no-audit', '--no-fund', '--include=optional', '--prefer-offline']);
const { run: onNode } = await import(pathToFileURL(join(folder, 'main.js')).href);
const expected = await onNode();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
let failed = false;
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(bundlers);
for (const name of wanted) {
  try {
    const site = await bundlers[name]();
    // Turbopack copies the file that Node's build, which it renders on the server, names; as it is, without what it imports.
    const files = readdirSync(site, { recursive: true }).filter((file) => /memcellWorker/.test(file));
    const workers = files.filter((file) => readFileSync(join(site, file)).length > 10_000);
    if (workers.length > 0) throw new Error(`a worker is there that nobody loads: ${workers}`);
    const answer = await open(browser, site);
    for (const [what, values] of Object.entries(expected)) {
      const far = values.some((value, i) => !(Math.abs(value - answer[what]?.[i]) <= 1e-5));
      if (far) throw new Error(`${what} is ${answer[what]}; on Node it is ${values}`);
    }
    console.log(`${name}: works, ${Math.round(bytesIn(site) / 1024)} kB of JavaScript`);
  } catch (error) {
    failed = true;
    console.error(`${name}: ${error.message}`);
  }
}
await browser.close();
rmSync(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
