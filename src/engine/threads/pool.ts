/**
 * The worker threads of this process, shared by all models: started when a program first joins, asleep between steps,
 * never what keeps the process alive, and ended a while after the last program has left.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Task } from '../phases.js';
import type { Program } from '../program.js';
import { controlBytes, giveUp, type Pieces, partOf, TASKS, WORD, workerWords } from './control.js';
import type { WorkerMessage, WorkerStart } from './memcellWorker.js';

export const MOST_THREADS = 64;

const LINGER_MILLISECONDS = 1000;

/** A worker that is not heard of for this long, and 20 times what the main thread took for its own part, counts as dead. */
const SILENCE_MILLISECONDS = 5000;
const SILENCE_FACTOR = 20;

type WorkerThreads = typeof import('node:worker_threads');

/** Node's modules once they are there. */
export interface Node {
  workerThreads: WorkerThreads;
  /** Threads that run at the same time on this machine. */
  cores: number;
}

let node: Node | undefined;
let asked = false;
let current: Pool | undefined;

/** Whether this program can have threads: Node, on a thread that may wait. */
export function canThread(): boolean {
  if (typeof process === 'undefined' || !process.versions?.node || typeof SharedArrayBuffer === 'undefined')
    return false;
  try {
    return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0) === 'not-equal';
  } catch {
    return false;
  }
}

async function load(): Promise<void> {
  const [workerThreads, { availableParallelism }] = await Promise.all([
    import('node:worker_threads'),
    import('node:os'),
  ]);
  node = { workerThreads, cores: availableParallelism() };
}

/** Node's modules; asks for them and gives undefined while they are not there. */
export function nodeModules(): Node | undefined {
  if (!asked) {
    asked = true;
    load().catch(() => undefined);
  }
  return node;
}

/** The pool that takes new programs. */
export function poolOf(modules: Node): Pool {
  if (!current || current.ended) current = new Pool(modules.workerThreads);
  return current;
}

/** A program's place in a pool. */
export interface Membership {
  readonly pool: Pool;
  readonly program: number;
  /** Workers that were asked to join, the first ones of the pool. */
  asked: number;
  /** How many of them have. */
  readonly ready: Int32Array;
}

export class Pool {
  ended = false;
  /** Why a worker is no longer there; taken by who tells of it. */
  obituary: string | undefined;
  /** A step is on its way, or pauses: the workers are not free for another program's. */
  busy = false;
  readonly words = new Int32Array(new SharedArrayBuffer(controlBytes(MOST_THREADS - 1)));
  private readonly workers: { worker: InstanceType<WorkerThreads['Worker']>; port: MessagePort }[] = [];
  private readonly members = new Set<number>();
  private programs = 0;
  private linger: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly modules: WorkerThreads) {}

  join(): Membership {
    const program = ++this.programs;
    this.members.add(program);
    clearTimeout(this.linger);
    return { pool: this, program, asked: 0, ready: new Int32Array(new SharedArrayBuffer(4)) };
  }

  /** Asks workers up to this number to join a program, starting those that are not there. */
  ask(member: Membership, workers: number, { plan, memory, speed }: Program): void {
    while (this.workers.length < workers) this.start();
    const ready = member.ready.buffer as SharedArrayBuffer;
    while (member.asked < workers)
      this.post(++member.asked, { kind: 'join', program: member.program, plan, memory, speed, ready });
  }

  /** Gives up a place, and with the last one the workers after a while. */
  leave({ program, asked }: Membership): void {
    if (this.ended || !this.members.delete(program)) return;
    for (let worker = 1; worker <= asked; worker++) this.post(worker, { kind: 'leave', program });
    if (this.members.size > 0) return;
    this.linger = setTimeout(() => this.end(), LINGER_MILLISECONDS);
    this.linger.unref?.();
  }

  /**
   * A task of a placed program on this thread and parts - 1 workers that have joined.
   * @param placement changes whenever the program is placed anew, or for other parts
   * @param cut pieces that each part is cut into
   * @throws Abandoned, or what this thread's own part throws; the pool is then to be ended
   */
  *run(
    { program: number }: Membership,
    program: Program,
    task: Task,
    { parts, cut, placement }: { parts: number; cut: number; placement: number },
    entering: (phase: number) => void,
  ): Pieces {
    const { words } = this;
    const { batch = 0, training = false } = program.placement ?? {};
    const base = Atomics.load(words, WORD.arrived);
    words[WORD.program] = number;
    words[WORD.task] = TASKS.indexOf(task);
    words[WORD.parts] = parts;
    words[WORD.placement] = placement;
    words[WORD.batch] = batch;
    words[WORD.training] = Number(training);
    words[WORD.base] = base;
    words[WORD.pieces] = cut;
    this.busy = true;
    for (let worker = 1; worker < parts; worker++) this.ring(worker, 'steps');
    yield* partOf(program, task, { part: 0, parts, cut }, words, base, patience, entering);
    this.busy = false;
  }

  /** What workers that have given up say. */
  lastWords(): string | undefined {
    for (const { port } of this.workers) {
      const received: { message: unknown } | undefined = this.modules.receiveMessageOnPort(port);
      if (received) return String(received.message);
    }
    return undefined;
  }

  /** Ends all workers, whatever they do. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.linger);
    for (const { worker, port } of this.workers) {
      void worker.terminate();
      port.close();
    }
  }

  private start(): void {
    const { Worker, MessageChannel } = this.modules;
    const { port1, port2 } = new MessageChannel();
    const number = this.workers.length + 1;
    const workerData: WorkerStart = { control: this.words.buffer as SharedArrayBuffer, port: port2, worker: number };
    // A name of its own: bundled, this is looked for among the files of someone else.
    const worker = new Worker(new URL('./memcellWorker.js', import.meta.url), {
      workerData,
      transferList: [port2],
      execArgv: [],
      name: 'memcell',
    });
    worker.unref();
    port1.unref();
    worker.on('error', (error) => {
      this.lost(String(error instanceof Error ? error.message : error));
    });
    worker.on('exit', (code) => this.lost(`it ended with exit code ${code}`));
    this.workers.push({ worker, port: port1 });
  }

  private lost(why: string): void {
    if (this.ended) return;
    this.obituary ??= this.lastWords() ?? why;
    this.end();
    // Whoever waits for that worker waits no longer.
    giveUp(this.words);
  }

  private post(worker: number, message: WorkerMessage): void {
    this.workers[worker - 1].port.postMessage(message);
    this.ring(worker, 'messages');
  }

  private ring(worker: number, what: 'steps' | 'messages'): void {
    const { words } = this;
    const own = workerWords(worker);
    Atomics.add(words, own[what], 1);
    Atomics.add(words, own.bell, 1);
    if (Atomics.load(words, own.asleep) === 1) Atomics.notify(words, own.bell);
  }
}

function patience(ownMs: number): number {
  return SILENCE_MILLISECONDS + SILENCE_FACTOR * ownMs;
}
