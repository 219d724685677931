/**
 * How threads hand a step to each other: words of a shared Int32Array, written and read with atomics. The main thread writes
 * a command and rings the bell of each worker that takes part; all run the same phases, and pass a barrier after each. Who
 * waits spins for a short time, since a phase may take only microseconds and waking a thread some 65, and then sleeps.
 */
import type { Phase, Task } from '../phases.js';
import type { Program } from '../program.js';

/** Words of what all share, each written one on a cache line of its own (16 words). */
export const WORD = {
  /** The command: number of the program. */
  program: 0,
  /** Index into TASKS. */
  task: 1,
  /** Threads that take part. */
  parts: 2,
  /** Which placement of the program; a thread that has another lays out anew. */
  placement: 3,
  batch: 4,
  training: 5,
  /** Arrivals at barriers before this step. */
  base: 6,
  /** Pieces that each thread's part of a phase is cut into. */
  pieces: 7,
  /** Arrivals at barriers ever, modulo 2³². */
  arrived: 16,
  /** Threads asleep at a barrier. */
  sleepers: 32,
  /** 1 when a worker has given up; what it says is in its port. */
  failed: 48,
} as const;

const FIRST_WORKER = 64;
const WORKER_WORDS = 16;

/** Words of worker 1, 2, …: its bell, whether it sleeps, and how many steps and messages it has been given. */
export function workerWords(worker: number) {
  const at = FIRST_WORKER + WORKER_WORDS * (worker - 1);
  return { bell: at, asleep: at + 1, steps: at + 2, messages: at + 3 };
}

export function controlBytes(workers: number): number {
  return 4 * (FIRST_WORKER + WORKER_WORDS * workers);
}

export const TASKS: readonly Task[] = ['train', 'evaluate', 'predict'];

const SPIN_MILLISECONDS = 0.05;
const LOADS_BETWEEN_CLOCKS = 50;
const SLICE_MILLISECONDS = 100;

/** Spins while a word has a value. Gives whether it still has it. */
export function spinWhile(words: Int32Array, index: number, value: number): boolean {
  const end = performance.now() + SPIN_MILLISECONDS;
  do {
    for (let i = 0; i < LOADS_BETWEEN_CLOCKS; i++) if (Atomics.load(words, index) !== value) return false;
  } while (performance.now() < end);
  return true;
}

/** Someone else could not go on with the step, or was not heard of for too long. */
export class Abandoned extends Error {
  constructor(readonly reason: 'failed' | 'silent') {
    super(reason);
  }
}

/** Arrives at a barrier; whoever is last wakes the others. `target`: arrivals that open it. */
function arrive(words: Int32Array, target: number): void {
  const count = (Atomics.add(words, WORD.arrived, 1) + 1) | 0;
  if (count === target && Atomics.load(words, WORD.sleepers) > 0) Atomics.notify(words, WORD.arrived);
}

/**
 * A step on its way: yields where it may pause, undefined after a piece of work, or the arrivals seen at a barrier that is not
 * open yet. It is told how many milliseconds it has slept in vain.
 */
export type Pieces = Generator<number | undefined, void, number>;

/** Sleeps for so long at most, unless somebody arrives. Gives the milliseconds that nobody did. */
export function sleep(words: Int32Array, count: number, longestMs = SLICE_MILLISECONDS): number {
  Atomics.add(words, WORD.sleepers, 1);
  const woken = Atomics.wait(words, WORD.arrived, count, longestMs);
  Atomics.sub(words, WORD.sleepers, 1);
  return woken === 'timed-out' ? longestMs : 0;
}

/** Runs a step without pauses. */
export function runNow(pieces: Pieces, words?: Int32Array): void {
  let slept = 0;
  for (;;) {
    const { done, value } = pieces.next(slept);
    if (done) return;
    slept = value !== undefined && words ? sleep(words, value) : 0;
  }
}

/** What a worker does with its thread when it cannot go on. */
export function giveUp(words: Int32Array): void {
  Atomics.store(words, WORD.failed, 1);
  Atomics.notify(words, WORD.arrived);
}

/** Phases that may be cut further than into one part a thread: their cost grows with batch and steps. */
const CUT_PHASES: ReadonlySet<Phase['kind']> = new Set<Phase['kind']>([
  'forward',
  'gatherForward',
  'loss',
  'gatherBackward',
  'backward',
  'gradients',
]);

/**
 * Pieces of a thread's part of a phase, where one of forward and backward is cut into `cut`. Gradients take half as long as those, and each of
 * their pieces reads all inputs of the layers again.
 */
export function piecesOf({ kind }: Phase, cut: number): number {
  if (!CUT_PHASES.has(kind)) return 1;
  return kind === 'gradients' ? Math.ceil(cut / 2) : cut;
}

/**
 * One thread's part of all phases of a task.
 * @param cut pieces that the part of a long phase is cut into
 * @param base arrivals before the step
 * @param patience how long to wait for the others, given the milliseconds that this thread's own part of the phase took. Time
 *   asleep is counted by those who sleep, so that a machine put to sleep does not use it up.
 * @param entering called before each phase
 * @throws Abandoned
 */
export function* partOf(
  program: Program,
  task: Task,
  { part, parts, cut }: { part: number; parts: number; cut: number },
  words: Int32Array,
  base: number,
  patience: (ownMs: number) => number,
  entering?: (phase: number) => void,
): Pieces {
  const phases = program.phasesOf(task);
  let target = base;
  for (let i = 0; i < phases.length; i++) {
    entering?.(i);
    const start = performance.now();
    const pieces = piecesOf(phases[i], cut);
    for (let piece = 0; piece < pieces; piece++) {
      if (piece > 0) yield;
      program.run(task, phases[i], piece * parts + part, pieces * parts);
    }
    target = (target + parts) | 0;
    arrive(words, target);
    // The main thread takes the result; the others need not wait for each other at the end.
    if (part > 0 && i === phases.length - 1) return;
    let left = patience(performance.now() - start);
    for (;;) {
      const count = Atomics.load(words, WORD.arrived);
      // Counts run round, so only their difference tells which is ahead.
      if (((count - target) | 0) >= 0) break;
      if (Atomics.load(words, WORD.failed) !== 0) throw new Abandoned('failed');
      if (!spinWhile(words, WORD.arrived, count)) continue;
      left -= yield count;
      if (left < 0) throw new Abandoned('silent');
    }
  }
}
