/** A worker thread: runs its part of the steps it is rung for, and sleeps. It never returns to its event loop, and loads no tfjs. */
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Speed } from '../../kernels/module.js';
import type { Plan } from '../planData.js';
import { Program } from '../program.js';
import { giveUp, partOf, runNow, spinWhile, TASKS, WORD, workerWords } from './control.js';

/** What a worker starts with. */
export interface WorkerStart {
  control: SharedArrayBuffer;
  port: MessagePort;
  /** 1, 2, …: its part in every step. */
  worker: number;
}

/** A program to take part in, or to forget. */
export type WorkerMessage =
  | { kind: 'join'; program: number; plan: Plan; memory: WebAssembly.Memory; speed: Speed; ready: SharedArrayBuffer }
  | { kind: 'leave'; program: number };

interface Joined {
  program: Program;
  memory: WebAssembly.Memory;
  placement: number;
}

const { control, port, worker }: WorkerStart = workerData;
const words = new Int32Array(control);
const mine = workerWords(worker);
const programs = new Map<number, Joined>();

function takeMessages(): void {
  for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port)) {
    const message: WorkerMessage = received.message;
    if (message.kind === 'leave') {
      programs.delete(message.program);
      continue;
    }
    const { plan, memory, speed, ready } = message;
    programs.set(message.program, {
      program: new Program(plan, memory, { speed, owner: false }),
      memory,
      placement: 0,
    });
    Atomics.add(new Int32Array(ready), 0, 1);
  }
}

function step(): void {
  const joined = programs.get(words[WORD.program]);
  if (!joined) throw new Error('a step of a program that this thread has not joined');
  const { program, memory } = joined;
  if (joined.placement !== words[WORD.placement]) {
    // Takes notice of what other threads have made the memory grow by.
    memory.grow(0);
    program.placeLike(words[WORD.batch], words[WORD.training] === 1);
    joined.placement = words[WORD.placement];
  }
  // The main thread may take as long as it likes; while it lives, so does this thread.
  const patience = () => Number.POSITIVE_INFINITY;
  const share = { part: worker, parts: words[WORD.parts], cut: words[WORD.pieces] };
  runNow(partOf(program, TASKS[words[WORD.task]], share, words, words[WORD.base], patience), words);
}

function work(): void {
  let steps = 0;
  let messages = 0;
  for (;;) {
    const bell = Atomics.load(words, mine.bell);
    if (Atomics.load(words, mine.messages) !== messages) {
      messages = Atomics.load(words, mine.messages);
      takeMessages();
    } else if (Atomics.load(words, mine.steps) !== steps) {
      steps = Atomics.load(words, mine.steps);
      step();
    } else if (spinWhile(words, mine.bell, bell)) {
      Atomics.store(words, mine.asleep, 1);
      Atomics.wait(words, mine.bell, bell);
      Atomics.store(words, mine.asleep, 0);
    }
  }
}

try {
  work();
} catch (error) {
  port.postMessage(error instanceof Error ? error.message : String(error));
  giveUp(words);
}
