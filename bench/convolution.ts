/**
 * Conv1D(64, 5) → LSTM(64) → Dense(1), a batch of (32,100,16): a full training step on memcell's engine beside PyTorch, Keras and
 * TensorFlow.js, with the same weights. Predictions are compared before anything is timed; each takes the better of one thread and
 * two, and memcell is measured before and after the peers.
 *
 *     node scripts/run-ts.mjs bench/convolution.ts [PYTHON]
 *
 * PYTHON is an interpreter with torch, tensorflow and keras; left out, tfjs alone is the peer. Exit code 1 when predictions differ
 * or a goal is missed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { planModel } from '../src/engine/plan.js';
import { createEngineRunner } from '../src/engine/tfjsModel.js';
import { prepareBackend } from '../src/kernels/backend.js';
import { enableWide } from '../src/kernels/wide.js';
import { Conv1D, Dense, LSTM } from '../src/layers/index.js';
import { buildModel } from '../src/model/build.js';
import { Random } from '../src/random.js';
import { compileTraining } from '../src/training/compile.js';
import type { Runner } from '../src/training/runner.js';
import { createTfjsRunner } from '../src/training/tfjsRunner.js';
import { shortest } from './shortest.js';

const [batch, steps, inputs, filters, size, units] = [32, 100, 16, 64, 5, 64];
/** How many times faster than each peer a step is to be, with wide kernels. */
const GOALS = { torch: 1, keras: 4, tfjs: 30 };
const TOLERANCE = 1e-5;

const random = new Random(1);
const x = {
  data: Float32Array.from({ length: batch * steps * inputs }, () => random.normal()),
  shape: [batch, steps, inputs],
};
const y = { data: new Float32Array(batch), shape: [batch, 1] };

function built() {
  const model = buildModel([Conv1D(filters, size, { activation: 'relu' }), LSTM(units), Dense(1)], {
    inputShape: [steps, inputs],
    seed: 1,
  });
  return { model, compiled: compileTraining(model, { loss: 'meanSquaredError', optimizer: 'adam' }) };
}

function engine(threads: number): Runner {
  const { model, compiled } = built();
  const planned = planModel(model, compiled);
  if ('reason' in planned) throw new Error(planned.reason);
  return createEngineRunner(model, compiled, planned.plan, { threads });
}

function difference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Math.max(...Array.from(expected, (value, i) => Math.abs(got[i] - value)));
}

function verify(name: string, got: ArrayLike<number>): void {
  const largest = difference(got, predicted);
  console.log(`${name}: predictions within ${largest.toExponential(1)} of memcell's`);
  if (!(got.length === predicted.length && largest <= TOLERANCE)) {
    console.error(`${name} computes something else`);
    process.exit(1);
  }
}

const wide = await enableWide();
await prepareBackend();
const runners = [1, 2].map(engine);
const predicted = Float32Array.from(runners[0].predictBatch(x).data);
const own = async () => {
  const times: number[] = [];
  for (const runner of runners) times.push(await shortest(() => runner.trainInTurns({ x, y }, () => undefined), 2, 20));
  return Math.min(...times);
};

const { model } = built();
/** TensorFlow.js's own LSTM; its Conv1D has no gradient on the wasm backend, so memcell's, made of its matrix products. */
const stock = tf.sequential({
  layers: [
    Conv1D(filters, size, { activation: 'relu', inputShape: [steps, inputs] }),
    tf.layers.lstm({ units, recurrentActivation: 'sigmoid' }),
    tf.layers.dense({ units: 1 }),
  ],
});
stock.setWeights(model.getWeights());
const tfjs = createTfjsRunner(stock, compileTraining(stock, { loss: 'meanSquaredError', optimizer: 'adam' }));
const weights = model.weights.map((weight) => [...weight.read().dataSync()]);
verify('tfjs', tfjs.predictBatch(x).data);
let best = await own();
const times: Partial<Record<keyof typeof GOALS, number>> = { tfjs: await shortest(() => tfjs.trainBatch(x, y), 1, 3) };

const python = process.argv[2];
if (python) {
  const folder = mkdtempSync(join(tmpdir(), 'memcell-bench-'));
  const file = join(folder, 'model.json');
  writeFileSync(file, JSON.stringify({ batch, steps, inputs, filters, size, units, x: [...x.data], weights }));
  for (const peer of ['torch', 'keras'] as const)
    for (const threads of [1, 2]) {
      const { stdout, stderr } = spawnSync(python, ['bench/convolution.py', peer, String(threads), file], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      const line = stdout.split('\n').find((text) => text.startsWith('{'));
      if (line === undefined) throw new Error(`${peer}: ${stderr.trim().split('\n').pop()}`);
      const told: { predicted: number[]; train_ms: number } = JSON.parse(line);
      verify(peer, told.predicted);
      times[peer] = Math.min(times[peer] ?? Number.POSITIVE_INFINITY, told.train_ms);
      best = Math.min(best, await own());
    }
  rmSync(folder, { recursive: true });
}
best = Math.min(best, await own());
console.log(`\nmemcell ${best.toFixed(2)} ms a step (${wide ? 'wide' : 'narrow'} kernels)`);
let missed = 0;
for (const [peer, time] of Object.entries(times)) {
  const goal = GOALS[peer as keyof typeof GOALS];
  const ratio = time / best;
  if (ratio < goal) missed++;
  console.log(`${peer.padEnd(6)} ${time.toFixed(2).padStart(8)} ms  × ${ratio.toFixed(2)}  goal ${goal}`);
}
for (const runner of runners) runner.dispose();
tfjs.dispose();
process.exitCode = missed > 0 ? 1 : 0;
