/** Long steps between which other work runs: how long a wait for another thread has lasted is told to who waits. */
import { expect, jest, test } from '@jest/globals';
import type { Phase } from '../../src/engine/phases.js';
import { planModel } from '../../src/engine/plan.js';
import type { Program } from '../../src/engine/program.js';
import { createEngineRunner } from '../../src/engine/tfjsModel.js';
import { type Pieces, WORD } from '../../src/engine/threads/control.js';
import { cutOf, microsecondsOf, piecesAlone, runInTurns } from '../../src/engine/threads/turns.js';
import { LSTM, sequential } from '../../src/index.js';
import { buildModel } from '../../src/model/build.js';
import { compileTraining } from '../../src/training/compile.js';

/** What threads tell each other, of none but this one. */
const newWords = () => new Int32Array(new SharedArrayBuffer(4 * (Math.max(...Object.values(WORD)) + 1)));

/** A step that waits where others have not come as far as `count`, as often as there are counts. */
function* waiting(counts: readonly number[], slept: number[]): Pieces {
  // Longer than a step may hold the event loop.
  const end = performance.now() + 30;
  while (performance.now() < end) yield;
  for (const count of counts) slept.push((yield count) ?? 0);
}

test('a wait is as long as it lasted: the longest where nobody came, none where somebody had come', async () => {
  const words = newWords();
  words[WORD.arrived] = 3;
  const slept: number[] = [];
  const step = runInTurns(waiting([3, 2, 3], slept), words);
  expect(step).toBeInstanceOf(Promise);
  await step;
  expect(slept).toEqual([100, 0, 100]);
  expect(words[WORD.sleepers]).toBe(0);
});

test('who comes ends the wait', async () => {
  const words = newWords();
  const slept: number[] = [];
  // On a busy machine the wait may end by itself before anybody comes.
  for (let tries = 0; tries < 10 && slept.at(-1) !== 0; tries++) {
    const waits = slept.length + 1;
    const step = runInTurns(waiting([words[WORD.arrived]], slept), words);
    while (Atomics.load(words, WORD.sleepers) === 0 && slept.length < waits)
      await new Promise((done) => setImmediate(done));
    Atomics.add(words, WORD.arrived, 1);
    Atomics.notify(words, WORD.arrived);
    await step;
  }
  expect(slept.at(-1)).toBe(0);
});

test('Node goes on running as long as a step sleeps, and no longer', async () => {
  const words = newWords();
  jest.useFakeTimers({ doNotFake: ['performance', 'setImmediate', 'nextTick', 'queueMicrotask', 'Date'] });
  try {
    const step = runInTurns(waiting([0], []), words);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(10_000);
    expect(jest.getTimerCount()).toBe(1);
    await step;
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

test('a loss that is not finite in a long step: the error says where, and the weights are those of the last good epoch', async () => {
  const model = sequential('LSTM(128, return_sequences=true), LSTM(128), Dense(3)', { inputShape: [60, 32], seed: 1 });
  model.compile({ optimizer: { name: 'sgd', config: { learningRate: 1e30 } }, loss: 'meanSquaredError', threads: 1 });
  const samples = 128;
  const x = { data: Float32Array.from({ length: samples * 60 * 32 }, (_, i) => Math.sin(i)), shape: [samples, 60, 32] };
  const y = { data: new Float32Array(samples * 3).fill(1), shape: [samples, 3] };
  const before = model.getWeights();
  // By a clock on which a pause is due after the first piece.
  let clock = 0;
  const now = jest.spyOn(performance, 'now').mockImplementation(() => (clock += 1000));
  let others = 0;
  const count = () => {
    others++;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  try {
    await expect(model.fit(x, y, { epochs: 2, batchSize: 64, verbose: 0 })).rejects.toMatchObject({
      code: 'numeric',
      message: expect.stringMatching(/^the loss is Infinity in epoch 1, batch 2 of 2; stopped with the weights after/),
    });
  } finally {
    now.mockRestore();
    clearImmediate(next);
  }
  expect(others).toBeGreaterThan(2);
  expect(model.getWeights()).toEqual(before);
  const { data } = await model.predict(x);
  expect(data.every(Number.isFinite)).toBe(true);
  model.dispose();
});

/** A program of so many microseconds, as one thread predicts. */
const placed = (micros: number, batch = 60, speed = 'plain') =>
  ({ flops: micros * (speed === 'wide' ? 100_000 : 45_000), speed, placement: { batch } }) as Program;

test('what a step takes is estimated from its products, of which training has three times as many', () => {
  for (const speed of ['plain', 'relaxed', 'wide'])
    expect([false, true].map((training) => microsecondsOf(placed(70, 1, speed), training))).toEqual([70, 210]);
});

test.each([
  // Up to 25 ms there is nothing to cut.
  [25_000, 60, 'predict', 1, 1],
  [25_001, 60, 'predict', 1, 1],
  [40_000, 60, 'predict', 1, 2],
  [50_000, 60, 'predict', 1, 2],
  [50_000, 60, 'evaluate', 1, 2],
  // Forward and backward without the gradients are twice forward alone.
  [50_000, 60, 'train', 1, 4],
  [50_000, 60, 'train', 2, 2],
  [50_000, 60, 'predict', 2, 1],
  [250_000, 60, 'predict', 1, 10],
  // Pieces of six rows, as long as they take no more than four pieces' time.
  [900_000, 60, 'predict', 1, 10],
  [2_500_000, 60, 'predict', 1, 25],
  // A row is not cut.
  [25_000_000, 60, 'predict', 1, 60],
  [25_000_000, 7, 'predict', 1, 7],
  [25_000_000, 7, 'predict', 4, 2],
] as const)('a step of %d µs and %d rows is cut to %s, for %d threads: into %d', (micros, batch, task, parts, cut) => {
  expect(cutOf(placed(micros, batch), task, parts)).toBe(cut);
});

test('a program that is nowhere placed is not cut', () => {
  expect(cutOf({ flops: 0, speed: 'plain' } as Program, 'predict', 1)).toBe(1);
});

test('a step of one thread in pieces, with a pause between two of a phase', () => {
  const ran: string[] = [];
  const phases = ['forward', 'update', 'gradients'].map((kind) => ({ kind }) as Phase);
  const program = {
    ...placed(75_000),
    phasesOf: () => phases,
    run: (task: string, { kind }: Phase, part: number, parts: number) => ran.push(`${task} ${kind} ${part}/${parts}`),
  } as unknown as Program;
  const pauses: unknown[] = [];
  const pieces = piecesAlone(program, 'predict');
  for (let step = pieces.next(0); !step.done; step = pieces.next(0)) pauses.push(step.value);
  expect(pauses).toEqual([undefined, undefined, undefined]);
  expect(ran).toEqual([
    ...['predict forward 0/3', 'predict forward 1/3', 'predict forward 2/3', 'predict update 0/1'],
    ...['predict gradients 0/2', 'predict gradients 1/2'],
  ]);
});

test('while a step pauses, another that cannot wait is refused, and dispose waits for it', async () => {
  const model = buildModel([LSTM(128, { returnSequences: true }), LSTM(128)], { inputShape: [60, 32], seed: 1 });
  const compiled = compileTraining(model, { loss: 'mse', optimizer: 'sgd' });
  const planned = planModel(model, compiled);
  if ('reason' in planned) throw new Error(planned.reason);
  const engine = createEngineRunner(model, compiled, planned.plan, { threads: 1 });
  const x = { data: new Float32Array(64 * 60 * 32).fill(0.1), shape: [64, 60, 32] };
  const y = { data: new Float32Array(64 * 128), shape: [64, 128] };
  let clock = 0;
  const now = jest.spyOn(performance, 'now').mockImplementation(() => (clock += 1000));
  try {
    const step = engine.trainInTurns({ x, y }, ({ loss }) => loss);
    expect(step).toBeInstanceOf(Promise);
    for (const early of [() => engine.predictBatch(x), () => engine.trainBatch(x, y), () => engine.evaluateBatch(x, y)])
      expect(early).toThrow('a step of this runner pauses; use the methods that wait for it');
    engine.dispose();
    const loss = await step;
    expect(loss).toBeGreaterThan(0);
    expect(engine.evaluateBatch(x, y).loss).toBeLessThan(loss);
  } finally {
    now.mockRestore();
    model.dispose();
  }
});
