import { expect, jest, test } from '@jest/globals';
import type { Phase } from '../../../src/engine/phases.js';
import type { Program } from '../../../src/engine/program.js';
import {
  Abandoned,
  controlBytes,
  giveUp,
  partOf,
  piecesOf,
  runNow,
  sleep,
  spinWhile,
  WORD,
} from '../../../src/engine/threads/control.js';

/** A program of two phases that notes which part of which phase is run. */
function noted() {
  const ran: string[] = [];
  const phases = ['forward', 'backward'].map((kind) => ({ kind }) as Phase);
  const run = (_: unknown, { kind }: Phase, part: number) => ran.push(`${kind} ${part}`);
  return { ran, program: { phasesOf: () => phases, run } as unknown as Program };
}

test.each([0, 7, 2 ** 31 - 1, -1])(
  'no phase begins before all have ended the one before: %d arrivals so far',
  (base) => {
    const { ran, program } = noted();
    const words = new Int32Array(new SharedArrayBuffer(controlBytes(1)));
    words[WORD.arrived] = base;
    const start = (part: number) => partOf(program, 'train', { part, parts: 2, cut: 1 }, words, base | 0, () => 1000);
    const [main, worker] = [start(0), start(1)];
    expect(main.next(0).value).toBe((base + 1) | 0);
    expect(main.next(0).done).toBe(false);
    expect(ran).toEqual(['forward 0']);
    // The worker finds all arrived, goes on, and ends without waiting; the main thread then need not wait either.
    expect(worker.next(0).done).toBe(true);
    expect(ran).toEqual(['forward 0', 'forward 1', 'backward 1']);
    expect(main.next(0).done).toBe(true);
    expect(ran).toEqual(['forward 0', 'forward 1', 'backward 1', 'backward 0']);
  },
);

const newWords = () => new Int32Array(new SharedArrayBuffer(controlBytes(1)));

test('a sleep is as long as it lasted: nothing where somebody had come', () => {
  const words = newWords();
  words[WORD.arrived] = 3;
  const wait = jest.spyOn(Atomics, 'wait');
  expect([sleep(words, 2), sleep(words, 3, 1)]).toEqual([0, 1]);
  expect(wait.mock.calls.map(([, at, count, longest]) => [at, count, longest])).toEqual([
    [WORD.arrived, 2, 100],
    [WORD.arrived, 3, 1],
  ]);
  wait.mockRestore();
  expect(words[WORD.sleepers]).toBe(0);
});

test('spinning ends at once where the word is another, and else after its time', () => {
  const words = newWords();
  let now = 0;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
  const load = jest.spyOn(Atomics, 'load').mockImplementation((array, at) => {
    now += 0.001;
    return array[at];
  });
  try {
    expect([spinWhile(words, 5, 1), now]).toEqual([false, 0.001]);
    expect(spinWhile(words, 5, 0)).toBe(true);
    expect(now).toBeGreaterThanOrEqual(0.05);
    expect(now).toBeLessThan(0.2);
  } finally {
    clock.mockRestore();
    load.mockRestore();
  }
});

test('who gives up says so and wakes who waits', () => {
  const words = newWords();
  const notify = jest.spyOn(Atomics, 'notify');
  giveUp(words);
  expect([words[WORD.failed], notify.mock.calls]).toEqual([1, [[words, WORD.arrived]]]);
  notify.mockRestore();
});

test('the last one at a barrier wakes who sleeps there', () => {
  for (const [sleepers, arrived, woken] of [
    [1, 1, 1],
    [1, 0, 0],
    [0, 1, 0],
  ]) {
    const words = newWords();
    words[WORD.sleepers] = sleepers;
    words[WORD.arrived] = arrived;
    const notify = jest.spyOn(Atomics, 'notify');
    partOf(noted().program, 'train', { part: 0, parts: 2, cut: 1 }, words, 0, () => 1000).next(0);
    expect(notify).toHaveBeenCalledTimes(woken);
    notify.mockRestore();
  }
});

test('a part in pieces: every thread has its own of each, and may pause between them', () => {
  const ran: string[] = [];
  const phases = ['forward', 'gradients', 'update'].map((kind) => ({ kind }) as Phase);
  const run = (_: unknown, { kind }: Phase, part: number, parts: number) => ran.push(`${kind} ${part}/${parts}`);
  const program = { phasesOf: () => phases, run } as unknown as Program;
  const entered: number[] = [];
  const entering = (phase: number) => void entered.push(phase);
  const words = newWords();
  const pauses: unknown[] = [];
  const pieces = partOf(program, 'train', { part: 0, parts: 1, cut: 3 }, words, 0, () => 0, entering);
  for (let step = pieces.next(0); !step.done; step = pieces.next(0)) pauses.push(step.value);
  expect(ran).toEqual(['forward 0/3', 'forward 1/3', 'forward 2/3', 'gradients 0/2', 'gradients 1/2', 'update 0/1']);
  expect(pauses).toEqual([undefined, undefined, undefined]);
  expect([entered, words[WORD.arrived]]).toEqual([[0, 1, 2], 3]);
  ran.length = 0;
  const worker = partOf(program, 'train', { part: 1, parts: 2, cut: 2 }, words, 3, () => 0);
  worker.next(0);
  worker.next(0);
  expect(ran).toEqual(['forward 1/4', 'forward 3/4']);
});

test.each<[Phase['kind'], number, number]>([
  ['forward', 5, 5],
  ['gatherForward', 5, 5],
  ['loss', 5, 5],
  ['gatherBackward', 5, 5],
  ['backward', 5, 5],
  ['gradients', 5, 3],
  ['gradients', 4, 2],
  ['gradients', 1, 1],
  ['prepare', 5, 1],
  ['update', 5, 1],
])('%s of a step in %d pieces has %d', (kind, cut, pieces) => {
  expect(piecesOf({ kind } as Phase, cut)).toBe(pieces);
});

test('who waits too long, or for one that has failed, waits no longer', () => {
  const waiting = () => {
    const words = newWords();
    const own: number[] = [];
    const patience = (ms: number) => {
      own.push(ms);
      return 100;
    };
    return { words, own, pieces: partOf(noted().program, 'train', { part: 0, parts: 2, cut: 1 }, words, 0, patience) };
  };
  const silent = waiting();
  expect([silent.pieces.next(0).value, silent.pieces.next(60).value, silent.pieces.next(40).value]).toEqual([1, 1, 1]);
  expect(() => silent.pieces.next(1)).toThrow(new Abandoned('silent'));
  expect(silent.own).toEqual([expect.any(Number)]);
  expect(silent.own[0]).toBeGreaterThanOrEqual(0);
  const failed = waiting();
  failed.pieces.next(0);
  failed.words[WORD.failed] = 1;
  expect(() => failed.pieces.next(0)).toThrow(new Abandoned('failed'));
});

test('a step without pauses sleeps at barriers alone, and where there are others', () => {
  const told: unknown[] = [];
  function* pieces(): Generator<number | undefined, void, number> {
    told.push(yield undefined);
    told.push(yield 7);
    told.push(yield 0);
  }
  const words = newWords();
  runNow(pieces());
  const wait = jest
    .spyOn(Atomics, 'wait')
    .mockImplementation((_, __, count) => (Number(count) === 0 ? 'timed-out' : 'ok'));
  runNow(pieces(), words);
  wait.mockRestore();
  expect(told).toEqual([0, 0, 0, 0, 0, 100]);
});
