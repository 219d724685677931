/** Threads as they run: workers on shared memory. */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { EngineRunner } from '../../src/engine/engineRunner.js';
import * as l from '../../src/layers/index.js';
import { Sequential } from '../../src/sequential.js';
import { adam } from '../../src/training/optimizers.js';
import { built, engineOf, poison } from './compare.js';
import { unwatchArenas } from './guards.js';
import { inputOf, plainSample, type Sample, targetOf, weightsOf } from './models.js';
import { recurrentSample } from './recurrentModels.js';

unwatchArenas();

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Enough rows for 8 threads, and not as many for each. */
const BATCH = 19;

/** Predicts until so many threads take part. */
async function untilReady(engine: EngineRunner, sample: Sample, threads: number): Promise<void> {
  const x = inputOf(sample, BATCH, 0);
  while (engine.threads < threads) {
    engine.predictBatch(x);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Every number that some steps give. */
async function run(sample: Sample, threads: number): Promise<Float32Array[]> {
  const own = built(sample);
  const engine = engineOf(own, { threads, leastMicroseconds: 0 });
  engine.seed = sample.seed;
  await untilReady(engine, sample, threads);
  const seen: Float32Array[] = [];
  for (let step = 0; step < 6; step++) {
    const batch = step % 3 === 1 ? BATCH + 4 : BATCH;
    const x = inputOf(sample, batch, step);
    const shape = engine.predictBatch(x).shape;
    const y = targetOf(sample, shape, step);
    const weights = weightsOf(sample, shape, step);
    poison(engine);
    const { loss, predictions } = engine.trainBatch(x, y, weights);
    expect(engine.threads).toBe(threads);
    seen.push(Float32Array.of(loss), Float32Array.from(predictions.data));
    poison(engine);
    seen.push(Float32Array.of(engine.evaluateBatch(x, y, weights).loss));
    poison(engine);
    seen.push(Float32Array.from(engine.predictBatch(x).data));
  }
  const { weights, optimizer } = engine.capture();
  engine.dispose();
  own.model.dispose();
  return [...seen, ...weights, ...(optimizer?.state ?? [])];
}

test.each([
  ['plain', plainSample],
  ['recurrent', recurrentSample],
])(
  'workers: 1, 2, 3 and 8 threads give the same bits: %s models',
  async (_kind, samples) => {
    await fc.assert(
      fc.asyncProperty(samples, async (sample) => {
        const one = await run(sample, 1);
        for (const threads of [2, 3, 8]) expect(await run(sample, threads)).toEqual(one);
      }),
      { numRuns: 6 },
    );
  },
  300_000,
);

test('4,000 tiny steps, 20,000 hand-overs, over poisoned memory: the bits of one thread', async () => {
  const sample: Sample = {
    layers: () => [l.LSTM(9, { dropout: 0.2 }), l.Dense(4, 'softmax')],
    inputShape: [2, 3],
    loss: 'categoricalCrossentropy',
    optimizer: () => adam({ globalClipnorm: 1 }),
    batch: BATCH,
    vocabulary: 0,
    zeroSteps: false,
    weighted: 'no',
    seed: 5,
  };
  const x = inputOf(sample, BATCH, 1);
  const y = targetOf(sample, [BATCH, 4], 1);
  const results: Float32Array[][] = [];
  for (const threads of [1, 2]) {
    const engine = engineOf(built(sample), { threads, leastMicroseconds: 0 });
    await untilReady(engine, sample, threads);
    engine.trainBatch(x, y);
    expect(engine.program.phasesOf('train')).toHaveLength(5);
    for (let step = 0; step < 4000; step++) {
      poison(engine);
      engine.trainBatch(x, y);
      // Sleeping workers are another way through the hand-over.
      if (step % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(engine.threads).toBe(threads);
    const { weights, optimizer } = engine.capture();
    results.push([...weights, ...(optimizer?.state ?? [])]);
    engine.dispose();
  }
  expect(results[1]).toEqual(results[0]);
}, 300_000);

/** A program of its own, which prints JSON. */
async function child(scenario: string): Promise<Record<string, unknown>> {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'threadsProgram.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, scenario], { timeout: 100_000 });
  return JSON.parse(stdout);
}

test('a process with sleeping workers ends by itself', async () => {
  expect(await child('exit')).toEqual({ threads: 2 });
}, 120_000);

test('dispose ends the workers', async () => {
  expect(await child('dispose')).toEqual({ ended: true });
}, 120_000);

test.each(['busy', 'idle'])(
  'a worker killed when %s: an error that says so, and the model goes on from the same weights',
  async (when) => {
    const { message, code, threads, same } = await child(when);
    // By its end, not by 5 s of silence.
    expect(message).toMatch(
      /^a worker thread was lost \(it ended with exit code 1\); the weights are as before the step; this model goes on/,
    );
    expect({ code, threads, same }).toEqual({ code: 'interrupted', threads: 1, same: true });
  },
  120_000,
);

test('long steps, on one and two threads: other work runs meanwhile, other calls wait, the bits are the same', async () => {
  const same = { paused: true, order: 'other work, step', sameTraining: true, samePrediction: true, sameLoss: true };
  expect(await child('long')).toEqual({
    results: [
      { ...same, threads: 1 },
      { ...same, threads: 2 },
    ],
  });
}, 120_000);

test('a worker killed in a long step: noticed in the step, and the model goes on', async () => {
  const { whileBusy, message, code, threads, loss } = await child('longKilled');
  expect(message).toMatch(/^a worker thread was lost \(it ended with exit code 1\); /);
  expect({ whileBusy, code, threads }).toEqual({ whileBusy: true, code: 'interrupted', threads: 1 });
  expect(Number.isFinite(loss)).toBe(true);
}, 120_000);

test('a worker that fails: its own message in the error', async () => {
  const { message } = await child('failing');
  expect(message).toMatch(/^a worker thread was lost \(.*GiB of memory.*\); the weights are as before the step;/);
}, 120_000);

test.each([0, -1, 1.5, 65, Number.NaN])('threads: %p is an error', (threads) => {
  const model = new Sequential([l.LSTM(2)], { inputShape: [1, 1] });
  expect(() => model.compile({ loss: 'meanSquaredError', threads })).toThrow(
    `threads must be a whole number from 1 to 64, not ${threads}`,
  );
  expect(model.threads).toBe(undefined);
});

test('a new model has threads again after a worker was killed', async () => {
  expect(await child('again')).toEqual({ threads: 2 });
}, 120_000);

test('a small step stays on one thread, a large one does not, and gives the event loop its turns', async () => {
  const { small, large, ticks } = await child('fit');
  expect({ small, large }).toEqual({ small: 1, large: 2 });
  // 100 ms are the promise; the rest is for a machine that does other things too.
  expect(ticks).toBeGreaterThan(2);
}, 120_000);
