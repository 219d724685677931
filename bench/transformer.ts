/**
 * A causal Transformer block, x + attention(norm(x)) and x + feedForward(norm(x)), (B,T,D,H) = (32,128,128,4), the middle of the feed-forward
 * part 4·D wide: a full training step on memcell's engine beside PyTorch, Keras and TensorFlow.js; and an encoder and a decoder
 * LSTM(128) with attention between them, (64,30,32). The same weights everywhere. Predictions are compared before anything is timed; each
 * takes the better of one thread and two, and memcell is measured before and after the peers.
 *
 *     node scripts/run-ts.mjs bench/transformer.ts [PYTHON]
 *
 * PYTHON is an interpreter with torch, tensorflow and keras; left out, tfjs alone is the peer. Exit code 1 when predictions differ
 * or a goal is missed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NdArray } from '../src/data/array.js';
import { sideBySide } from '../src/data/sideBySide.js';
import { planModel } from '../src/engine/plan.js';
import { createEngineRunner } from '../src/engine/tfjsModel.js';
import { Input, Model } from '../src/functional.js';
import { prepareBackend } from '../src/kernels/backend.js';
import { enableWide } from '../src/kernels/wide.js';
import {
  Add,
  Attention,
  Concatenate,
  Dense,
  LayerNormalization,
  LSTM,
  MultiHeadAttention,
} from '../src/layers/index.js';
import { Random } from '../src/random.js';
import { measurePeak } from '../src/speed/measure.js';
import { compileTraining } from '../src/training/compile.js';
import type { Runner } from '../src/training/runner.js';
import { createTfjsRunner } from '../src/training/tfjsRunner.js';
import { shortest } from './shortest.js';

type Peer = 'torch' | 'keras' | 'tfjs';

interface Row {
  name: 'block' | 'translation';
  inputs: number[][];
  model: () => Model;
  /** Multiplications and additions of the products in forward; backward has twice as many. */
  flops: number;
  /** How many times faster than each peer a step is to be, with wide kernels. */
  goals: Partial<Record<Peer, number>>;
}

const [B, T, D, H] = [32, 128, 128, 4];
const [batch, steps, features, units] = [64, 30, 32, 128];
const TOLERANCE = 2e-5;

const ROWS: Row[] = [
  {
    name: 'block',
    inputs: [[B, T, D]],
    model: () => {
      const input = Input({ shape: [T, D] });
      const attended = MultiHeadAttention(H, D / H, { useCausalMask: true, name: 'attention' }).apply(
        LayerNormalization({ name: 'norm1' }).apply(input),
      );
      const middle = Add().apply([input, attended]);
      const hidden = Dense(4 * D, 'gelu', { name: 'up' }).apply(LayerNormalization({ name: 'norm2' }).apply(middle));
      const output = Add().apply([middle, Dense(D, { name: 'down' }).apply(hidden)]);
      return new Model({ inputs: input, outputs: output, seed: 1 });
    },
    // Query, key, value and output, the feed-forward part, and scores and weighted values of half of all pairs.
    flops: 2 * B * T * (4 * D * D + 8 * D * D + T * D),
    goals: { torch: 0.9, keras: 1.5, tfjs: 20 },
  },
  {
    name: 'translation',
    inputs: [
      [batch, steps, features],
      [batch, steps, features],
    ],
    model: () => {
      const source = Input({ shape: [steps, features] });
      const target = Input({ shape: [steps, features] });
      const [encoded, ...states] = LSTM(units, { returnSequences: true, returnState: true, name: 'encoder' }).apply(
        source,
      );
      const decoded = LSTM(units, { returnSequences: true, name: 'decoder' }).apply(target, { initialState: states });
      const context = Attention().apply([decoded, encoded]);
      const output = Dense(features, { name: 'last' }).apply(Concatenate().apply([decoded, context]));
      return new Model({ inputs: [source, target], outputs: output, seed: 1 });
    },
    flops: 2 * batch * steps * (2 * (features + units) * 4 * units + 2 * steps * units + 2 * units * features),
    goals: { torch: 1, keras: 3 },
  },
];

function random(shape: readonly number[], seed: number): NdArray {
  const draws = new Random(seed);
  return {
    data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => draws.normal()),
    shape: [...shape],
  };
}

const loss = { loss: 'meanSquaredError', optimizer: 'adam' } as const;

function engine({ model }: Row, threads: number): Runner {
  const { tf } = model();
  const compiled = compileTraining(tf, loss);
  const planned = planModel(tf, compiled);
  if ('reason' in planned) throw new Error(planned.reason);
  return createEngineRunner(tf, compiled, planned.plan, { threads });
}

function verify(name: string, got: ArrayLike<number>, expected: ArrayLike<number>): void {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(got[i] - expected[i]);
    if (!(distance <= largest)) largest = distance;
  }
  console.log(`  ${name}: predictions within ${largest.toExponential(1)} of memcell's`);
  if (got.length === expected.length && largest <= TOLERANCE) return;
  console.error(`${name} computes something else`);
  process.exit(1);
}

/** What a peer's program says: its prediction, and milliseconds of a step. */
function runPeer(peer: Peer, threads: number, file: string): { predicted: number[]; train_ms: number } {
  const { stdout, stderr } = spawnSync(python, ['bench/transformer.py', peer, String(threads), file], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  if (line === undefined) throw new Error(`${peer}: ${stderr.trim().split('\n').pop()}`);
  return JSON.parse(line);
}

/** Measures a row; gives how many goals it missed. */
async function measure(row: Row, folder: string): Promise<number> {
  console.log(`${row.name} ${row.inputs.map((shape) => shape.join('×')).join(' and ')}`);
  const x = sideBySide(row.inputs.map((shape, i) => random(shape, i + 1)));
  const runners = [1, 2].map((threads) => engine(row, threads));
  const { data, shape } = runners[0].predictBatch(x);
  const predicted = Float32Array.from(data);
  const y = random(shape, 9);
  let best = Number.POSITIVE_INFINITY;
  const own = async () => {
    for (const runner of runners)
      best = Math.min(best, await shortest(() => runner.trainInTurns({ x, y }, () => undefined), 2, 20));
  };
  const times: Partial<Record<Peer, number>> = {};
  const { tf } = row.model();
  const tfjs = createTfjsRunner(tf, compileTraining(tf, loss));
  verify('tfjs', tfjs.predictBatch(x).data, predicted);
  // Before training moves the weights.
  const file = join(folder, 'model.json');
  const weights = Object.fromEntries(
    tf.layers.map((layer) => [
      layer.name,
      layer.weights.map((weight) => ({ shape: weight.shape, value: [...weight.read().dataSync()] })),
    ]),
  );
  const inputs = row.inputs.map((size, i) => ({ shape: size, value: [...random(size, i + 1).data] }));
  writeFileSync(file, JSON.stringify({ name: row.name, heads: H, inputs, y: { shape, value: [...y.data] }, weights }));
  await own();
  times.tfjs = await shortest(() => tfjs.trainBatch(x, y), 1, 2);
  if (python !== '') {
    for (const peer of ['torch', 'keras'] as const)
      for (const threads of [1, 2]) {
        const told = runPeer(peer, threads, file);
        verify(peer, told.predicted, predicted);
        times[peer] = Math.min(times[peer] ?? Number.POSITIVE_INFINITY, told.train_ms);
        await own();
      }
  }
  await own();
  for (const runner of runners) runner.dispose();
  tfjs.dispose();
  const gigaflops = (3 * row.flops) / best / 1e6;
  console.log(
    `  memcell ${best.toFixed(2)} ms a step: ${gigaflops.toFixed(0)} GFLOP/s, where multiply-adds in registers come to ${(2 * peak).toFixed(0)} on two threads`,
  );
  let missed = 0;
  for (const [peer, time] of Object.entries(times) as [Peer, number][]) {
    const goal = row.goals[peer];
    const ratio = time / best;
    const bound = (time * 1e6 * 2 * peak) / (3 * row.flops);
    if (goal !== undefined && ratio < goal) missed++;
    console.log(
      `  ${peer.padEnd(6)} ${time.toFixed(2).padStart(8)} ms  × ${ratio.toFixed(2)}${goal === undefined ? '' : `  goal ${goal}`}, at the peak × ${bound.toFixed(2)}`,
    );
  }
  return missed;
}

const python = process.argv[2] ?? '';
const wide = await enableWide();
console.log(wide.enabled ? 'wide kernels' : `narrow kernels: ${wide.reason}`);
await prepareBackend();
const { gigaflops: peak } = await measurePeak();
const folder = mkdtempSync(join(tmpdir(), 'memcell-bench-'));
let missed = 0;
for (const row of ROWS) missed += await measure(row, folder);
rmSync(folder, { recursive: true });
process.exitCode = missed > 0 ? 1 : 0;
