/** Threads of a program by workers that only note what they are told: when they are started, how many, and what becomes of their ends. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Phase, Task } from '../../../src/engine/phases.js';
import type { Program } from '../../../src/engine/program.js';
import { controlBytes, giveUp, WORD, workerWords } from '../../../src/engine/threads/control.js';

interface Message {
  kind: 'join' | 'leave';
  program: number;
  ready: SharedArrayBuffer;
}

/** What all workers of a test are like. */
const machine = { startable: true, joins: true, says: undefined as string | undefined };
let workers: FakeWorker[] = [];
let channels: FakeChannel[] = [];

class FakePort {
  readonly messages: Message[] = [];
  closed = false;
  unref(): void {}
  close(): void {
    this.closed = true;
  }
  postMessage(message: Message): void {
    this.messages.push(message);
    if (message.kind === 'join' && machine.joins) Atomics.add(new Int32Array(message.ready), 0, 1);
  }
}

class FakeChannel {
  readonly port1 = new FakePort();
  readonly port2 = new FakePort();
  constructor() {
    channels.push(this);
  }
}

class FakeWorker {
  readonly heard: Record<string, (what: unknown) => void> = {};
  terminated = false;
  held = true;
  constructor(
    readonly file: URL,
    readonly options: { workerData: { control: SharedArrayBuffer; port: FakePort; worker: number }; name: string },
  ) {
    if (!machine.startable) throw new Error('not permitted');
    workers.push(this);
  }
  on(event: string, hear: (what: unknown) => void): void {
    this.heard[event] = hear;
  }
  unref(): void {
    this.held = false;
  }
  async terminate(): Promise<void> {
    this.terminated = true;
  }
}

jest.unstable_mockModule('node:worker_threads', () => ({
  Worker: FakeWorker,
  MessageChannel: FakeChannel,
  receiveMessageOnPort: () => (machine.says === undefined ? undefined : { message: machine.says }),
}));
jest.unstable_mockModule('node:os', () => ({ availableParallelism: () => 6 }));
const { Team } = await import('../../../src/engine/threads/team.js');
const { canThread, nodeModules, poolOf } = await import('../../../src/engine/threads/pool.js');
nodeModules();
for (let tries = 0; tries < 100 && !nodeModules(); tries++) await new Promise((done) => setImmediate(done));
const modules = nodeModules();
if (!modules) throw new Error('no modules');

const wordsOf = (worker: FakeWorker) => new Int32Array(worker.options.workerData.control);
/** What the main thread has told worker 1, 2, … */
const told = (worker: number) => channels[worker - 1].port1.messages.map(({ kind, program }) => `${kind} ${program}`);

/** One thread's work in a microsecond. */
const FLOPS = 45_000;

/** A program of so many microseconds on one thread; other threads have done their parts when this one has. */
function programOf(micros: number, batch = 64, training = false) {
  const ran: string[] = [];
  let meanwhile = (words: Int32Array, parts: number, _phase: string): void => {
    Atomics.add(words, WORD.arrived, parts - 1);
  };
  const phases = ['forward', 'update'].map((kind) => ({ kind }) as Phase);
  const made = {
    flops: micros * FLOPS,
    speed: 'plain',
    plan: 'the plan',
    memory: 'the memory',
    placement: { batch, training },
    phasesOf: () => phases,
    run: (task: Task, { kind }: Phase, part: number, parts: number) => {
      ran.push(`${task} ${kind} ${part}/${parts}`);
      if (parts > 1) meanwhile(wordsOf(workers[workers.length - 1]), parts, kind);
    },
  };
  /** What the others do in each phase; they have done their parts if nothing else is said. */
  const others = (instead: typeof meanwhile) => {
    meanwhile = instead;
  };
  return { ran, made, others, program: made as unknown as Program };
}

beforeEach(() => {
  poolOf(modules).end();
  workers = [];
  channels = [];
  Object.assign(machine, { startable: true, joins: true, says: undefined });
});

/** Runs a task so often, and gives on how many threads each time. */
function times(team: InstanceType<typeof Team>, count: number, task: Task = 'predict'): number[] {
  return Array.from({ length: count }, () => {
    team.run(task);
    return team.used;
  });
}

describe('a team', () => {
  test('leaves small steps to one thread, and takes others for large ones once there were enough of them', () => {
    const small = programOf(299);
    expect(times(new Team(small.program, { threads: 2 }), 40)).toEqual(Array(40).fill(1));
    expect(small.ran.slice(0, 2)).toEqual(['predict forward 0/1', 'predict update 0/1']);
    expect(workers).toEqual([]);
    // Large steps of 9,000 µs in all come first.
    const large = programOf(1000);
    const team = new Team(large.program, { threads: 2 });
    expect(times(team, 11)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2]);
    expect(large.ran.slice(-4)).toEqual(Array(2).fill(['predict forward 0/2', 'predict update 0/2']).flat());
    expect(workers).toHaveLength(1);
    // Training takes three times as long.
    expect(times(new Team(programOf(333).program, { threads: 2 }), 11, 'train')).toEqual([...Array(9).fill(1), 2, 2]);
  });

  test.each([
    [1000, 64, 4, false, 4],
    [1000, 64, 5, false, 5],
    // Half of the least work for each thread.
    [1000, 64, 9, false, 6],
    [500, 64, 9, false, 3],
    [500, 64, 64, true, 10],
    // Two rows for each.
    [1000, 11, 9, false, 5],
    [1000, 4, 9, false, 2],
    [1000, 3, 9, false, 1],
    // Where nobody says, as many as the machine has, and no more than eight.
    [10_000, 64, undefined, false, 6],
  ])(
    'of %d µs and %d rows, of at most %p threads, training: %p, has %d',
    (micros, batch, threads, training, wanted) => {
      const team = new Team(programOf(micros, batch, training).program, { threads });
      expect(Math.max(...times(team, 20))).toBe(wanted);
      expect(workers).toHaveLength(wanted - 1);
    },
  );

  test('without a least time all steps are large, at once', () => {
    expect(times(new Team(programOf(1).program, { threads: 3, leastMicroseconds: 0 }), 2)).toEqual([3, 3]);
  });

  test('tells workers the program once, and each step by its words', () => {
    const { made, program, others } = programOf(10_000, 20);
    const team = new Team(program, { threads: 3, leastMicroseconds: 1 });
    const seen: number[][] = [];
    others((words, parts) => {
      const { program: number, task, parts: all, placement, batch, training, base, pieces } = WORD;
      seen.push([number, task, all, placement, batch, training, base, pieces].map((at) => words[at]));
      Atomics.add(words, WORD.arrived, parts - 1);
    });
    team.run('train');
    made.placement = { batch: 12, training: true };
    team.run('predict');
    team.runInTurns('evaluate');
    const [number] = seen[0];
    expect(seen).toEqual([
      ...Array(2).fill([number, 0, 3, 1, 20, 0, 0, 1]),
      ...Array(2).fill([number, 2, 3, 2, 12, 1, 6, 1]),
      ...Array(2).fill([number, 1, 3, 2, 12, 1, 12, 1]),
    ]);
    for (const worker of [1, 2]) {
      expect(told(worker)).toEqual([`join ${number}`]);
      expect(channels[worker - 1].port1.messages[0]).toMatchObject({
        plan: 'the plan',
        memory: 'the memory',
        speed: 'plain',
      });
      const { bell, steps, messages } = workerWords(worker);
      expect([steps, messages, bell].map((at) => wordsOf(workers[0])[at])).toEqual([3, 1, 4]);
    }
    expect(
      workers.map(({ file, held, options }) => [
        file.pathname.split('/').at(-1),
        held,
        options.name,
        options.workerData.worker,
      ]),
    ).toEqual([
      ['memcellWorker.js', false, 'memcell', 1],
      ['memcellWorker.js', false, 'memcell', 2],
    ]);
    expect(workers.map(({ options }) => options.workerData.port)).toEqual(channels.map(({ port2 }) => port2));
    expect(wordsOf(workers[0]).byteLength).toBe(controlBytes(63));
  });

  test('wakes the workers that are asleep, and no others', () => {
    const { program } = programOf(1000);
    const team = new Team(program, { threads: 3, leastMicroseconds: 1 });
    team.run('predict');
    const words = wordsOf(workers[0]);
    const [first, second] = [1, 2].map(workerWords);
    words[second.asleep] = 1;
    const notify = jest.spyOn(Atomics, 'notify');
    team.run('predict');
    const woken = notify.mock.calls.map(([, at]) => at);
    notify.mockRestore();
    expect(woken).toContain(second.bell);
    expect(woken).not.toContain(first.bell);
  });

  test('waits for workers that have not joined yet with one thread', () => {
    machine.joins = false;
    const team = new Team(programOf(10_000).program, { threads: 3, leastMicroseconds: 1 });
    expect(times(team, 3)).toEqual([1, 1, 1]);
    Atomics.add(new Int32Array(channels[0].port1.messages[0].ready), 0, 1);
    expect(times(team, 1)).toEqual([1]);
    Atomics.add(new Int32Array(channels[1].port1.messages[0].ready), 0, 1);
    expect(times(team, 1)).toEqual([3]);
    expect(workers).toHaveLength(2);
  });

  test('goes on with one thread where none may be started, and does not try again', () => {
    machine.startable = false;
    const { program, ran } = programOf(10_000);
    const team = new Team(program, { threads: 2, leastMicroseconds: 1 });
    expect(times(team, 2)).toEqual([1, 1]);
    expect(ran).toEqual(Array(2).fill(['predict forward 0/1', 'predict update 0/1']).flat());
    machine.startable = true;
    expect(times(team, 2)).toEqual([1, 1]);
    expect(workers).toEqual([]);
  });

  test('has one thread for itself where another program’s step pauses', () => {
    const team = new Team(programOf(10_000).program, { threads: 2, leastMicroseconds: 1 });
    expect(times(team, 1)).toEqual([2]);
    poolOf(modules).busy = true;
    expect(times(team, 1)).toEqual([1]);
    poolOf(modules).busy = false;
    expect(times(team, 1)).toEqual([2]);
  });

  test('goes by the clock where nobody asked for a number: slow threads rest', () => {
    let now = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
    try {
      const { made, program, others } = programOf(10_000);
      const { run } = made;
      made.run = (task, phase, part, parts) => {
        now += parts > 1 ? 30 : 10;
        run(task, phase, part, parts);
      };
      others((words, parts) => Atomics.add(words, WORD.arrived, parts - 1));
      machine.joins = false;
      const team = new Team(program, { leastMicroseconds: 1 });
      times(team, 10);
      for (const { port1 } of channels) Atomics.add(new Int32Array(port1.messages[0].ready), 0, 1);
      // A first window of eight steps is slower than one thread was, and then one thread does a window.
      const used = times(team, 24);
      expect(used.slice(0, 16)).toEqual([...Array(8).fill(6), ...Array(8).fill(1)]);
      // Of each task by itself.
      expect(times(team, 1, 'evaluate')).toEqual([6]);
      machine.joins = true;
      const asked = new Team(program, { threads: 6, leastMicroseconds: 1 });
      expect(times(asked, 30)).toEqual(Array(30).fill(6));
    } finally {
      clock.mockRestore();
    }
  });
});

describe('a lost worker', () => {
  const before = 'the weights are as before the step';
  const between = 'some weights have had the last update and others not: go back to a saved state';
  const lost = (why: string, weights = before) =>
    expect.objectContaining({
      name: 'MemcellError',
      code: 'interrupted',
      message: `a worker thread was lost (${why}); ${weights}; this model goes on with one thread`,
    });
  function started() {
    const made = programOf(10_000);
    const team = new Team(made.program, { threads: 3, leastMicroseconds: 1 });
    expect(times(team, 1)).toEqual([3]);
    return { ...made, team };
  }

  test.each<[Task, string, string]>([
    ['train', 'forward', before],
    ['train', 'update', between],
    ['predict', 'update', before],
  ])('in %s, phase %s: what it says, and how the weights are', (task, phase, weights) => {
    const { others, team } = started();
    others((words, parts, kind) => {
      if (kind === phase) giveUp(words);
      else Atomics.add(words, WORD.arrived, parts - 1);
    });
    machine.says = 'no memory';
    expect(() => team.run(task)).toThrow(lost('no memory', weights));
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, true]);
    expect(channels.map(({ port1 }) => port1.closed)).toEqual([true, true]);
    expect(times(team, 2)).toEqual([1, 1]);
  });

  test('in a step, by its end: why it ended, or that nobody said', () => {
    for (const [heard, why] of [
      [['exit', 3], 'it ended with exit code 3'],
      [['error', new Error('out of cake')], 'out of cake'],
      [['error', 'thrown text'], 'thrown text'],
      [undefined, 'no reason given'],
    ] as const) {
      workers = [];
      const { others, team } = started();
      others((words) => {
        if (heard) workers[1].heard[heard[0]](heard[1]);
        else giveUp(words);
      });
      expect(() => team.run('predict')).toThrow(lost(why));
    }
  });

  test('that does not answer is waited for: five seconds, and 20 times what this thread took for its own part', () => {
    const { others, team } = started();
    let now = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => {
      now += 0.001;
      return now;
    });
    const wait = jest.spyOn(Atomics, 'wait').mockReturnValue('timed-out');
    others(() => {
      now += 100;
    });
    try {
      expect(() => team.run('predict')).toThrow(lost('it does not answer'));
      // Of a tenth of a second each, until they are more than seven seconds.
      expect(wait.mock.calls.map(([, , , longest]) => longest)).toEqual(Array(71).fill(100));
    } finally {
      clock.mockRestore();
      wait.mockRestore();
    }
  });

  test('between two steps: the next one says so, and those after it run on one thread', () => {
    const { team } = started();
    workers[0].heard.exit(1);
    expect(() => team.run('train')).toThrow(lost('it ended with exit code 1'));
    expect(times(team, 2)).toEqual([1, 1]);
  });

  test('before it had joined is only not there', () => {
    machine.joins = false;
    const team = new Team(programOf(10_000).program, { threads: 2, leastMicroseconds: 1 });
    expect(times(team, 1)).toEqual([1]);
    workers[0].heard.error(new Error('no such file'));
    machine.joins = true;
    expect(times(team, 2)).toEqual([1, 1]);
    expect(workers).toHaveLength(1);
  });

  test('of another program: that one says so, this one begins anew', () => {
    const [first, second] = [started(), started()];
    expect(workers).toHaveLength(2);
    workers[0].heard.exit(1);
    expect(() => first.team.run('predict')).toThrow(lost('it ended with exit code 1'));
    workers = [];
    expect(times(second.team, 1)).toEqual([3]);
    expect(workers).toHaveLength(2);
  });

  test('what a step throws itself comes through, and ends the workers', () => {
    const { others, team } = started();
    others(() => {
      throw new RangeError('mine');
    });
    expect(() => team.run('predict')).toThrow(new RangeError('mine'));
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, true]);
    expect(times(team, 1)).toEqual([1]);
  });
});

test('workers are ended a second after the last program has left, unless another comes', () => {
  jest.useFakeTimers({ doNotFake: ['performance'] });
  try {
    const teams = [1, 2].map(() => {
      const team = new Team(programOf(10_000).program, { threads: 2, leastMicroseconds: 1 });
      team.run('predict');
      return team;
    });
    const numbers = told(1).map((message) => message.split(' ')[1]);
    teams[0].close();
    expect(told(1).slice(2)).toEqual([`leave ${numbers[0]}`]);
    jest.advanceTimersByTime(10_000);
    expect(workers[0].terminated).toBe(false);
    expect(times(teams[0], 1)).toEqual([1]);
    teams[1].close();
    teams[1].close();
    expect(told(1).slice(3)).toEqual([`leave ${numbers[1]}`]);
    jest.advanceTimersByTime(999);
    const third = new Team(programOf(10_000).program, { threads: 2, leastMicroseconds: 1 });
    expect(times(third, 1)).toEqual([2]);
    jest.advanceTimersByTime(10_000);
    expect([workers.length, workers[0].terminated]).toEqual([1, false]);
    third.close();
    jest.advanceTimersByTime(999);
    expect(workers[0].terminated).toBe(false);
    jest.advanceTimersByTime(1);
    expect(workers[0].terminated).toBe(true);
    // The next one has workers of its own.
    expect(times(new Team(programOf(10_000).program, { threads: 2, leastMicroseconds: 1 }), 1)).toEqual([2]);
    expect(workers).toHaveLength(2);
  } finally {
    jest.useRealTimers();
  }
});

describe('a program can have threads', () => {
  const { process: node, SharedArrayBuffer: shared } = globalThis;
  afterEach(() => {
    Object.assign(globalThis, { process: node, SharedArrayBuffer: shared });
    jest.restoreAllMocks();
  });
  const without = (name: 'process' | 'SharedArrayBuffer', value?: unknown) => {
    Reflect.set(globalThis, name, value);
    return canThread();
  };

  test('in Node, with memory that threads share, on a thread that may wait', () => {
    expect(canThread()).toBe(true);
    expect(without('SharedArrayBuffer')).toBe(false);
    Reflect.set(globalThis, 'SharedArrayBuffer', shared);
    for (const browser of [undefined, {}, { versions: {} }]) expect(without('process', browser)).toBe(false);
    Reflect.set(globalThis, 'process', node);
    const wait = jest.spyOn(Atomics, 'wait').mockReturnValue('timed-out');
    expect(canThread()).toBe(false);
    wait.mockImplementation(() => {
      throw new TypeError('a page may not wait');
    });
    expect(canThread()).toBe(false);
  });
});
