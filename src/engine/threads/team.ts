/** The threads of one program: whether a step pays for them, how many, and what happens when one is lost. */
import { MemcellError } from '../../errors.js';
import type { Task } from '../phases.js';
import type { Placement, Program } from '../program.js';
import { Abandoned, type Pieces, runNow } from './control.js';
import { Pace } from './pace.js';
import { type Membership, type Node, nodeModules, poolOf } from './pool.js';
import { cutOf, microsecondsOf, piecesAlone, runAlone, runInTurns } from './turns.js';

/** Steps that one thread does in less are left to it: waking a thread costs some 65 µs, and each barrier a few. */
const LEAST_MICROSECONDS = 300;

/** Large steps to see before threads are started, in multiples of the least: starting costs this thread some milliseconds. */
const STEPS_BEFORE_START = 30;

/** Threads by default, at most: more seldom help, since memory holds them up. */
const USUAL_THREADS = 8;

export interface TeamOptions {
  /** Threads at most, this one included. Default: as many as the machine runs at once, up to 8. */
  threads?: number | undefined;
  /** The least time of a step on one thread that others help with. Default 300. */
  leastMicroseconds?: number;
}

/** Leaves for programs that nobody has disposed of. */
const forgotten = new FinalizationRegistry<Membership>((member) => member.pool.leave(member));

export class Team {
  /** Threads that did the last task. */
  used = 1;
  private readonly most: number | undefined;
  private readonly least: number;
  private member: Membership | undefined;
  private placement: Placement | undefined;
  /** Counts placements, and so names them to the workers. */
  private placements = 0;
  private parts = 1;
  private seen = 0;
  private closed = false;
  /** By task; none where the number of threads was asked for. */
  private readonly paces: Readonly<Record<Task, Pace>> | undefined;

  constructor(
    private readonly program: Program,
    { threads, leastMicroseconds = LEAST_MICROSECONDS }: TeamOptions = {},
  ) {
    this.most = threads;
    this.least = leastMicroseconds;
    if (threads === undefined) this.paces = { train: new Pace(), evaluate: new Pace(), predict: new Pace() };
    nodeModules();
  }

  /**
   * Runs all phases of a task, on several threads where that is better and they are ready.
   * @throws MemcellError when a worker is lost; the team is then closed, and the memory is not to be used any more
   */
  run(task: Task): void {
    if (this.isSmall(task)) this.runSmall(task);
    else {
      const member = this.helpers(task);
      runNow(this.pieces(task, member), member?.pool.words);
    }
  }

  /** The same with pauses for timers and other work where it takes long: a promise then. A step at a time. */
  runInTurns(task: Task): undefined | Promise<void> {
    if (this.isSmall(task)) {
      this.runSmall(task);
      return undefined;
    }
    const member = this.helpers(task);
    return runInTurns(this.pieces(task, member), member?.pool.words);
  }

  private isSmall(task: Task): boolean {
    return this.closed || microsecondsOf(this.program, task === 'train') < this.least;
  }

  private runSmall(task: Task): void {
    this.used = 1;
    runAlone(this.program, task);
  }

  /** The place in the pool, if the next step is for several threads. */
  private helpers(task: Task): Membership | undefined {
    const member = this.readyFor(microsecondsOf(this.program, task === 'train'));
    return member?.pool.busy || this.paces?.[task].wantsThreads === false ? undefined : member;
  }

  private *pieces(task: Task, member: Membership | undefined): Pieces {
    const estimate = microsecondsOf(this.program, task === 'train');
    const start = performance.now();
    if (member) yield* this.piecesWith(member, task);
    else yield* piecesAlone(this.program, task);
    this.used = member ? this.parts : 1;
    if (this.member) this.paces?.[task].add(this.used > 1, performance.now() - start, estimate);
  }

  private *piecesWith(member: Membership, task: Task): Pieces {
    const { program, parts } = this;
    const { pool } = member;
    let phase = 0;
    try {
      yield* pool.run(
        member,
        program,
        task,
        { parts, cut: cutOf(program, task, parts), placement: this.placements },
        (i) => {
          phase = i;
        },
      );
    } catch (error) {
      const lastWords = pool.lastWords() ?? pool.obituary;
      pool.obituary = undefined;
      pool.end();
      this.closed = true;
      if (!(error instanceof Abandoned)) throw error;
      const why = error.reason === 'failed' ? lastWords : 'it does not answer';
      throw lost(why, task === 'train' && program.phasesOf(task)[phase].kind === 'update');
    }
  }

  /** Lets go of the workers. */
  close(): void {
    this.closed = true;
    this.leave();
  }

  /** The place in the pool, if a step of so many microseconds is for several threads and they are ready. */
  private readyFor(micros: number): Membership | undefined {
    if (this.member?.pool.ended) this.bereaved(this.member);
    if (this.closed) return undefined;
    const { program } = this;
    const node = nodeModules();
    if (!node) return undefined;
    if (program.placement !== this.placement) this.placeAnew(node);
    const { parts } = this;
    if (parts < 2) return undefined;
    if (!this.member) {
      this.seen += micros;
      if (this.seen < STEPS_BEFORE_START * this.least) return undefined;
      this.member = poolOf(node).join();
      forgotten.register(this, this.member, this);
    }
    const { member } = this;
    if (member.asked < parts - 1) {
      try {
        member.pool.ask(member, parts - 1, program);
      } catch {
        // Where no thread may be started, as under Node's permission model, one has to do.
        this.close();
        return undefined;
      }
    }
    return Atomics.load(member.ready, 0) === member.asked ? member : undefined;
  }

  private placeAnew({ cores }: Node): void {
    const { program, least } = this;
    const { placement } = program;
    const most = this.most ?? Math.min(cores, USUAL_THREADS);
    // Two rows for each thread, and half of the least work.
    const byWork = least > 0 ? Math.floor((2 * microsecondsOf(program, placement?.training ?? false)) / least) : most;
    this.placement = placement;
    this.placements++;
    this.parts = Math.min(most, Math.floor((placement?.batch ?? 0) / 2), byWork);
  }

  /** The pool has ended, for another program's sake or because a worker died between two steps. */
  private bereaved({ pool, asked, ready }: Membership): void {
    this.leave();
    const { obituary } = pool;
    pool.obituary = undefined;
    if (obituary === undefined) return;
    this.closed = true;
    // Workers that cannot start, as when the program is bundled without them, are only not there.
    if (Atomics.load(ready, 0) === asked) throw lost(obituary, false);
  }

  private leave(): void {
    if (!this.member) return;
    forgotten.unregister(this);
    this.member.pool.leave(this.member);
    this.member = undefined;
    this.placement = undefined;
    this.seen = 0;
  }
}

function lost(why: string | undefined, updating: boolean): MemcellError {
  const weights = updating
    ? 'some weights have had the last update and others not: go back to a saved state'
    : 'the weights are as before the step';
  return new MemcellError(
    `a worker thread was lost (${why ?? 'no reason given'}); ${weights}; this model goes on with one thread`,
    { code: 'interrupted' },
  );
}
