/** Long steps in pieces, between which timers, input and other work run. */
import { EventLoop } from '../../eventLoop.js';
import type { Task } from '../phases.js';
import type { Program } from '../program.js';
import { type Pieces, piecesOf, sleep, WORD } from './control.js';

/** What one thread does in a microsecond, narrow and wide. */
const FLOPS = { narrow: 45_000, wide: 100_000 };

/**
 * A step estimated to take longer than this is cut into pieces of this size, since timers should not wait for 100 ms and machines are slower
 * than the estimate, too. Smaller pieces have fewer rows, at which kernels are slower.
 */
const PIECE_MICROSECONDS = 25_000;
/** Rows from which kernels run at full speed; fewer only where these take longer than several pieces. */
const FULL_ROWS = 6;
const MOST_PIECES_OF_FULL_ROWS = 4;

/** A step may hold the event loop for so long. */
const LONGEST_HOLD_MILLISECONDS = 25;

/** What a step of a placed program would take on one thread. */
export function microsecondsOf({ flops, speed }: Program, training: boolean): number {
  // Backward does twice the products of forward.
  return ((training ? 3 : 1) * flops) / (speed === 'wide' ? FLOPS.wide : FLOPS.narrow);
}

/** What gradients of weights take of a training step; they are cut by themselves. */
const GRADIENTS_SHARE = 1 / 3;

/** Pieces that each of `parts` threads should cut its part of forward and backward into. A row of the batch is not cut. */
export function cutOf(program: Program, task: Task, parts: number): number {
  const batch = program.placement?.batch ?? 0;
  const rows = batch / parts;
  const training = task === 'train';
  const micros = ((training ? 1 - GRADIENTS_SHARE : 1) * microsecondsOf(program, training)) / parts;
  if (micros <= PIECE_MICROSECONDS) return 1;
  const perRow = micros / rows;
  const full = Math.min(FULL_ROWS, (MOST_PIECES_OF_FULL_ROWS * PIECE_MICROSECONDS) / perRow);
  return Math.max(1, Math.round(rows / Math.max(1, full, PIECE_MICROSECONDS / perRow)));
}

/** All phases of a task on this thread. */
export function runAlone(program: Program, task: Task): void {
  const phases = program.phasesOf(task);
  for (let i = 0; i < phases.length; i++) program.run(task, phases[i], 0, 1);
}

/** The same, in pieces. */
export function* piecesAlone(program: Program, task: Task): Pieces {
  const cut = cutOf(program, task, 1);
  for (const phase of program.phasesOf(task)) {
    const pieces = piecesOf(phase, cut);
    for (let piece = 0; piece < pieces; piece++) {
      if (piece > 0) yield;
      program.run(task, phase, piece, pieces);
    }
  }
}

/**
 * Runs a step: at once where it is short, otherwise with pauses from the moment on at which it has become long; a promise
 * then.
 */
export function runInTurns(pieces: Pieces, words?: Int32Array): undefined | Promise<void> {
  const end = performance.now() + LONGEST_HOLD_MILLISECONDS;
  let slept = 0;
  for (;;) {
    const { done, value } = pieces.next(slept);
    if (done) return undefined;
    const left = end - performance.now();
    if (left <= 0) return goOn(pieces, value, words);
    slept = value !== undefined && words ? sleep(words, value, left) : 0;
  }
}

async function goOn(pieces: Pieces, pause: number | undefined, words: Int32Array | undefined): Promise<void> {
  // A promise alone does not keep Node running.
  const alive = setInterval(() => {}, 1000);
  const loop = new EventLoop(LONGEST_HOLD_MILLISECONDS);
  try {
    let slept = 0;
    for (let at = pause; ; ) {
      if (at !== undefined && words) slept = await asleep(words, at);
      else if (loop.waits) await loop.turn();
      const { done, value } = pieces.next(slept);
      if (done) return;
      slept = 0;
      at = value;
    }
  } finally {
    clearInterval(alive);
  }
}

const LONGEST_SLEEP_MILLISECONDS = 100;

/** sleep() without holding the event loop. */
async function asleep(words: Int32Array, count: number): Promise<number> {
  Atomics.add(words, WORD.sleepers, 1);
  const woken = Atomics.waitAsync(words, WORD.arrived, count, LONGEST_SLEEP_MILLISECONDS);
  const how = await woken.value;
  Atomics.sub(words, WORD.sleepers, 1);
  return how === 'timed-out' ? LONGEST_SLEEP_MILLISECONDS : 0;
}
