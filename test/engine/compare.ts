/** Trains one model on the engine and on tfjs, from the same weights, and compares every step. */
import type * as tf from '@tensorflow/tfjs';
import type { EngineOptions, EngineRunner } from '../../src/engine/engineRunner.js';
import { planModel } from '../../src/engine/plan.js';
import { createEngineRunner } from '../../src/engine/tfjsModel.js';
import { buildModel } from '../../src/model/build.js';
import { type Compiled, compileTraining } from '../../src/training/compile.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';
import { checkWatched, watchArenas } from './guards.js';
import { inputOf, type Sample, targetOf, weightsOf } from './models.js';

watchArenas();

export interface Built {
  model: tf.LayersModel;
  compiled: Compiled;
}

export function built(sample: Sample): Built {
  const model = buildModel(sample.layers(), { inputShape: sample.inputShape, seed: sample.seed });
  return { model, compiled: compileTraining(model, { loss: sample.loss, optimizer: sample.optimizer() }) };
}

export function engineOf({ model, compiled }: Built, options: EngineOptions = {}): EngineRunner {
  const planned = planModel(model, compiled);
  if ('reason' in planned) throw new Error(planned.reason);
  return createEngineRunner(model, compiled, planned.plan, options);
}

/** Fills with NaN all memory whose contents must not matter at the start of a call, and sees that nothing was written behind any. */
export function poison({ program }: EngineRunner): void {
  const { arena } = program;
  checkWatched(arena);
  for (const { address, floats } of arena.undefinedRegions)
    arena.f32.fill(Number.NaN, address >>> 2, (address >>> 2) + floats);
}

/** Makes the runner's phases run in `parts` shares, one after the other, as threads would. */
export function split({ program }: EngineRunner, parts: number): void {
  const whole = program.run.bind(program);
  program.run = (task, phase) => {
    for (let part = 0; part < parts; part++) whole(task, phase, part, parts);
  };
}

export function expectNear(
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  absolute: number,
  what: string,
  relative = 0,
): void {
  if (got.length !== expected.length) throw new Error(`${what}: ${got.length} numbers, expected ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    const limit = absolute + relative * Math.abs(expected[i]);
    if (!(Math.abs(got[i] - expected[i]) <= limit))
      throw new Error(`${what}, element ${i}: ${got[i]}, expected ${expected[i]} to ${limit}`);
  }
}

/**
 * Predictions ≤ 1e-5, losses ≤ 1e-4 relative, weights and optimizer state after the steps ≤ 1e-4; numbers above 1 relative
 * to their size.
 */
export function compare(sample: Sample, steps = 10): void {
  const other = built(sample);
  const own = built(sample);
  const tfjs = createTfjsRunner(other.model, other.compiled);
  const engine = engineOf(own);
  tfjs.seed = sample.seed;
  engine.seed = sample.seed;
  for (const batch of [sample.batch, sample.batch + 1]) {
    const x = inputOf(sample, batch, -batch);
    const expected = tfjs.predictBatch(x);
    engine.predictBatch(x);
    poison(engine);
    const got = engine.predictBatch(x);
    if (`${got.shape}` !== `${expected.shape}`) throw new Error(`shape ${got.shape}, expected ${expected.shape}`);
    expectNear(got.data, expected.data, 1e-5, 'predictions', 1e-5);
  }
  for (let step = 0; step < steps; step++) {
    // A smaller last batch, as in an epoch.
    const batch = step % 4 === 3 ? Math.max(1, sample.batch - 1) : sample.batch;
    const x = inputOf(sample, batch, step);
    const shape = tfjs.predictBatch(x).shape;
    const y = targetOf(sample, shape, step);
    const weights = weightsOf(sample, shape, step);
    if (step === 2 || step === 5) {
      const seen = tfjs.evaluateBatch(x, y, weights);
      const got = engine.evaluateBatch(x, y, weights);
      expectNear([got.loss], [seen.loss], 1e-6, 'evaluated loss', 1e-4);
      expectNear(got.predictions.data, seen.predictions.data, 1e-4, 'evaluated predictions', 1e-4);
    }
    const expected = tfjs.trainBatch(x, y, weights);
    poison(engine);
    const got = engine.trainBatch(x, y, weights);
    expectNear([got.loss], [expected.loss], 1e-6, `loss of step ${step}`, 1e-4);
    expectNear(got.predictions.data, expected.predictions.data, 1e-4, `predictions of step ${step}`, 1e-4);
    if (`${got.predictions.shape}` !== `${expected.predictions.shape}`) throw new Error('shape of the predictions');
    got.masks.forEach((mask, i) => {
      expectNear(mask ?? [], expected.masks[i] ?? [], 0, 'mask');
    });
  }
  checkWatched(engine.program.arena);
  engine.sync();
  own.model.weights.forEach((weight, i) => {
    const expected = other.model.weights[i].read().dataSync();
    expectNear(weight.read().dataSync(), expected, 1e-4, `weight ${weight.originalName}`, 1e-4);
  });
  const state = other.compiled.optimizer.state();
  own.compiled.optimizer.state().forEach((slot, i) => {
    expectNear(slot, state[i], 1e-4, `slot ${i}`, 1e-4);
  });
  if (own.compiled.optimizer.iterations !== steps) throw new Error('iterations');
  tfjs.dispose();
  engine.dispose();
  own.model.dispose();
  other.model.dispose();
}
