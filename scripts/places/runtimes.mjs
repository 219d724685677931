// memcell on other runtimes than Node, in other forms than a module imported by Node, and its types.
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { app, run, tool } from './project.mjs';

const arch = process.arch;
const { platform } = process;

/** What the same program prints on Node: trained by the command line, predicted in code. */
let expected;
function onNode() {
  expected ??= table(process.execPath, []);
  return expected;
}

/** Trains from a CSV by the command line and by code; gives what both predict. */
function table(command, flags, cli = 'node_modules/memcell/bin/memcell.js') {
  const out = `models/${readdirSync(app).length}-${Date.now()}`;
  const train = ['train', 'wave.csv', '--forecast', 'value', '--out', out, '--epochs', '2', '--seed', '1'];
  const said = run(command, [...flags, cli, ...train]);
  if (!said.includes(`saved in ${out}`)) throw new Error(`train says: ${said}`);
  const predicted = run(command, [...flags, cli, 'predict', out, 'wave.csv', '--json']);
  const inCode = run(command, [...flags, 'table.js']);
  return numbers(predicted).concat(numbers(inCode));
}

const numbers = (text) => (text.match(/-?\d+\.\d+(e-?\d+)?/g) ?? []).map(Number);

/** Fused multiply-adds differ in the last bits. */
function compare(answer, reference, what) {
  if (reference.length < 12) throw new Error(`${what}: Node gives only ${reference}`);
  const close = (value, i) => Math.abs(value - reference[i]) <= 1e-3 * Math.max(1, Math.abs(reference[i]));
  if (answer.length !== reference.length || !answer.every(close)) {
    throw new Error(`${what} gives ${answer}; Node ${reference}`);
  }
}

async function worker() {
  const { build } = createRequire(join(app, 'x.js'))('esbuild');
  const options = { bundle: true, format: 'esm', platform: 'browser', conditions: ['workerd', 'worker', 'browser'] };
  const entryPoints = [join(app, 'worker.js')];
  const { warnings } = await build({
    ...options,
    entryPoints,
    outfile: join(app, 'out-worker.js'),
    logLevel: 'silent',
  });
  if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join('\n'));
  const port = await freePort();
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker", esModule = embed "out-worker.js")], compatibilityDate = "2026-01-01"))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
`;
  writeFileSync(join(app, 'workerd.capnp'), config);
  const binary = tool(`@cloudflare/workerd-${platform}-${arch === 'x64' ? '64' : arch}/bin/workerd`);
  const server = spawn(binary, ['serve', 'workerd.capnp'], { cwd: app });
  let said = '';
  server.stderr.on('data', (data) => {
    said += data;
  });
  try {
    const { losses, ...answer } = await answerOf(`http://127.0.0.1:${port}/`);
    if (answer.error) throw new Error(answer.error);
    if (said !== '') throw new Error(`workerd says: ${said}`);
    if (answer.engine.kind !== 'tfjs' || !/Cloudflare/.test(answer.engine.why)) {
      throw new Error(`the engine is ${JSON.stringify(answer.engine)}`);
    }
    if (!(losses.at(-1) < losses[0])) throw new Error(`the losses are ${losses}`);
    return 'trains and predicts, on tfjs';
  } finally {
    server.kill();
  }
}

async function answerOf(url) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await (await fetch(url)).json();
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The command line as one folder, with no package beside it. */
async function bundledCli() {
  const { build } = createRequire(join(app, 'x.js'))('esbuild');
  const outdir = join(app, '../bundled-cli');
  const { warnings } = await build({
    entryPoints: [join(app, 'node_modules/memcell/bin/memcell.js')],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    outExtension: { '.js': '.mjs' },
    // Packages in CommonJS require Node's modules.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    external: ['@duckdb/node-api'],
    logLevel: 'silent',
  });
  if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join('\n'));
  compare(table(process.execPath, [], join(outdir, 'memcell.mjs')), onNode(), 'the bundled command line');
  return 'trains and predicts';
}

function types(compiler) {
  const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--skipLibCheck', 'types.ts'];
  run(process.execPath, [tool(compiler), ...flags]);
  return 'checks a program';
}

export const runtimes = {
  require() {
    const program = "const { LSTM, MemcellError } = require('memcell'); console.log(typeof LSTM, MemcellError.name)";
    const said = run(process.execPath, ['--no-warnings', '-e', program]);
    if (said !== 'function MemcellError\n') throw new Error(`it says ${said}`);
    return 'gives the module';
  },
  deno() {
    const binary = tool(`@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}/deno`);
    compare(table(binary, ['run', '-A', '--no-lock']), onNode(), 'Deno');
    return 'trains and predicts';
  },
  bun() {
    const name = arch === 'arm64' ? 'aarch64' : arch;
    compare(table(tool(`@oven/bun-${platform}-${name}/bin/bun`), []), onNode(), 'Bun');
    return 'trains and predicts';
  },
  workerd: worker,
  'bundled command line': bundledCli,
  'TypeScript 5.4': () => types('typescript-5.4/bin/tsc'),
  'newest TypeScript': () => types('typescript-newest/bin/tsc'),
};
