/** Threads, one after the other in this process: every phase for every part before the next phase. */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { Program } from '../../src/engine/program.js';
import { built, engineOf, poison, split } from './compare.js';
import { gatheringSample } from './gatheringModels.js';
import { kindsSample } from './kindModels.js';
import { inputOf, plainSample, type Sample, targetOf, weightsOf } from './models.js';
import { movingSample } from './movingModels.js';
import { recurrentSample } from './recurrentModels.js';
import { windowSample } from './windowModels.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Every number that three steps give. */
function run(sample: Sample, parts: number): Float32Array[] {
  const own = built(sample);
  const engine = engineOf(own);
  engine.seed = sample.seed;
  split(engine, parts);
  const seen: Float32Array[] = [];
  for (let step = 0; step < 3; step++) {
    const batch = step === 1 ? sample.batch + 3 : sample.batch;
    const x = inputOf(sample, batch, step);
    const shape = engine.predictBatch(x).shape;
    const y = targetOf(sample, shape, step);
    const weights = weightsOf(sample, shape, step);
    poison(engine);
    const { loss, predictions } = engine.trainBatch(x, y, weights);
    seen.push(Float32Array.of(loss), Float32Array.from(predictions.data));
    poison(engine);
    seen.push(Float32Array.of(engine.evaluateBatch(x, y, weights).loss));
    poison(engine);
    seen.push(Float32Array.from(engine.predictBatch(x).data));
  }
  const { weights, optimizer } = engine.capture();
  own.model.dispose();
  return [...seen, ...weights, ...(optimizer?.state ?? [])];
}

test('a program that joins a memory in use changes nothing in it and finds everything', () => {
  const [sample] = fc.sample(plainSample, { seed: 4, numRuns: 1 });
  const engine = engineOf(built(sample));
  const x = inputOf(sample, 2, 0);
  const expected = Float32Array.from(engine.predictBatch(x).data);
  const { memory, plan, outputs } = engine.program;
  const before = new Uint8Array(memory.buffer.slice(0));
  const joined = new Program(plan, memory, { owner: false });
  joined.placeLike(2, false);
  expect(new Uint8Array(memory.buffer)).toEqual(before);
  poison(engine);
  engine.program.arena[plan.inputs[0].integers ? 'i32' : 'f32'].set(x.data, engine.program.inputs[0].address >>> 2);
  joined.run('predict', joined.phasesOf('predict')[0], 0, 1);
  expect(new Float32Array(memory.buffer, outputs[0].predicted.address, expected.length)).toEqual(expected);
});

test.each([
  ['plain', plainSample, 25],
  ['recurrent', recurrentSample, 25],
  ['convolutional', windowSample, 25],
  ['batch-normalised', gatheringSample, 25],
  ['moving', movingSample, 8],
  ['rectified and normalised', kindsSample, 16],
])('1, 2, 3 and 8 threads give the same bits: %s models', (_kind, samples, numRuns) => {
  fc.assert(
    fc.property(samples, (sample) => {
      const one = run(sample, 1);
      for (const parts of [2, 3, 8]) expect(run(sample, parts)).toEqual(one);
    }),
    { numRuns },
  );
});
