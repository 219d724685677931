/**
 * Kills `memcell train`, and a program that fits with a backup, by SIGKILL at random moments, resumes until it is done, and compares
 * what was saved with what a run saved that was never stopped, byte by byte; after every kill the model's folder, where there is one,
 * must open.
 *
 *   node scripts/run-ts.mjs bench/kills.ts [KILLS] [SEED]     50 kills over all tasks, unless said otherwise
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve as absolute, join } from 'node:path';
import { Dense, Dropout, LSTM, loadModel, Sequential } from '../src/index.js';
import { Random } from '../src/random.js';

/** What a run of this program with these arguments does instead: it fits with a backup beside the folder that it saves to. */
if (process.argv[2] === 'fit') {
  await fitWithBackup(process.argv[3], process.argv[4] === 'backup');
  process.exit(0);
}

const wanted = Number(process.argv[2] ?? 50);
const random = new Random(Number(process.argv[3] ?? Date.now() % 1e9));
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'memcell-kills-'));
const memcell = absolute('bin/memcell.js');

function table(name: string, head: string, rows: number, row: (i: number) => (string | number)[]): string {
  const path = join(root, name);
  writeFileSync(path, `${head}\n${Array.from({ length: rows }, (_, i) => row(i).join(',')).join('\n')}\n`);
  return path;
}

const wave = (i: number) => (50 + 10 * Math.sin(i / 4) + ((i * 7) % 5)).toFixed(2);
const series = table('series.csv', 'value,other', 400, (i) => [wave(i), (i * 5) % 11]);
const rows = table('rows.csv', 'a,b,c,kind', 600, (i) => [
  i % 7,
  (i * 5) % 11,
  (i * 3) % 8,
  (i * i) % 7 > 3 ? 'up' : 'down',
]);
const text = join(root, 'text.txt');
writeFileSync(text, 'tick tock goes the clock, and the mouse ran up the clock.\n'.repeat(120));
const symbols = join(root, 'symbols.txt');
writeFileSync(symbols, Array.from({ length: 600 }, (_, i) => (i * i) % 10).join(' '));

const runs: { [task: string]: string[] } = {
  forecast: [series, '--forecast', 'value', '--horizon', '4'],
  'forecast, plain': [series, '--forecast', 'value', '--plain', '--epochs', '30'],
  rows: [rows, '--classify', 'kind'],
  steps: [rows, '--classify', 'kind', '--steps', '3', '--epochs', '40'],
  text: [text, '--text', '--epochs', '6'],
  symbols: [symbols, '--symbols', '--epochs', '60'],
};
const FIT = 'fit with a backup';

async function fitWithBackup(out: string, backup: boolean): Promise<void> {
  const x = { data: Float32Array.from({ length: 300 * 12 }, (_, i) => Math.sin(i * 0.37)), shape: [300, 12, 1] };
  const y = { data: Float32Array.from({ length: 300 }, (_, i) => Math.cos(i * 4.44)), shape: [300, 1] };
  const layers = [LSTM(16, { inputShape: [12, 1], recurrentDropout: 0.1 }), Dropout(0.2), Dense(1)];
  const model = new Sequential(layers, { seed: 7 });
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  await model.fit(x, y, {
    epochs: 40,
    batchSize: 16,
    validationSplit: 0.2,
    verbose: 0,
    ...(backup && { backup: { folder: `${out}.resume`, steps: 3 } }),
  });
  await model.save(out);
}

/** @returns whether it was killed, and how long it took */
function train(task: string, args: string[], killAfter?: number): Promise<{ killed: boolean; ms: number }> {
  const began = performance.now();
  const program = task === FIT ? [process.argv[1], 'fit'] : [memcell, 'train'];
  const child = spawn(process.execPath, [...program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let told = '';
  child.stderr.on('data', (chunk) => {
    told += chunk;
  });
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
  return new Promise((resolve, reject) => {
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (signal === null && code !== 0) reject(new Error(told));
      else resolve({ killed: signal === 'SIGKILL', ms: performance.now() - began });
    });
  });
}

const bytes = (folder: string) => ['model.json', 'weights.bin'].map((file) => readFileSync(join(folder, file)));
let kills = 0;
let wrong = 0;
try {
  const entries = [...Object.entries(runs), [FIT, []] as const];
  for (const [i, [task, args]] of entries.entries()) {
    const whole = join(root, `whole-${i}`);
    const to = (out: string) => (task === FIT ? [out] : [...args, '--out', out]);
    const { ms } = await train(task, to(whole));
    const share = Math.ceil(((i + 1) * wanted) / entries.length);
    let rounds = 0;
    while (kills < share) {
      const out = join(root, `killed-${i}-${rounds++}`);
      const resumed = [...to(out), ...(task === FIT ? ['backup'] : ['--resume', '--checkpoint', '0.02s'])];
      for (let done = false; !done; ) {
        // A run that is killed too soon again and again comes nowhere, as it should.
        const { killed } = await train(task, resumed, kills < share ? 300 + random.uniform() * 1.2 * ms : undefined);
        if (killed) kills++;
        done = !killed;
        for (const folder of [out, `${out}.resume`])
          if (existsSync(join(folder, 'model.json'))) (await loadModel(folder)).dispose();
      }
      const same = bytes(out).every((one, k) => one.equals(bytes(whole)[k]));
      if (!same || existsSync(`${out}.resume`)) wrong++;
      console.log(`${task}: ${kills} kills so far, ${same ? 'the same bytes' : 'OTHER BYTES'}`);
    }
  }
} finally {
  if (wrong === 0) rmSync(root, { recursive: true, force: true });
}
console.log(`${kills} kills, ${wrong} runs ended in other bytes${wrong > 0 ? `; see ${root}` : ''}`);
process.exitCode = wrong > 0 ? 1 : 0;
