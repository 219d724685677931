/**
 * Damages files of every format at random and opens them: each must be refused in one line, or open and predict, within a second and
 * 1 GiB. Each kind runs in a process of its own, which is ended where it comes back no more.
 *
 *   node scripts/run-ts.mjs bench/mutations.ts [KIND,…|all] [COUNT] [SEED] [FIRST]     10,000 of each kind, unless said otherwise
 *
 * What fails is kept in build/mutations. Linux alone says a process's peak memory and how long it works.
 */
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemcellError } from '../src/errors.js';
import { Random } from '../src/random.js';
import { type Files, type Kind, kinds } from './mutationKinds.js';

const LONGEST_SECONDS = 1;
const MOST_MIB = 1024;
/** Of its processor's time with one file, after which the process is ended. */
const HOPELESS_SECONDS = 10;

/** What one file came to. */
interface Outcome {
  index: number;
  loaded: boolean;
  /** What is wrong with what memcell did. */
  fault?: string;
  cpuSeconds: number;
  peakMib: number;
}

const [which = 'all', counted = '10000', seeded = '1', from = '0'] = process.argv.slice(2);
const seed = Number(seeded);

function madeFrom(kind: Kind, index: number): Files {
  return kind.damaged(new Random(seed * 1_000_003 + index), index);
}

async function outcomeOf(kind: Kind, folder: string, index: number): Promise<Outcome> {
  const files = madeFrom(kind, index);
  forgetPeak();
  const before = process.cpuUsage();
  let loaded = false;
  let fault: string | undefined;
  try {
    await kind.open(files, folder);
    loaded = true;
  } catch (error) {
    fault = faultOf(error);
  }
  const { user, system } = process.cpuUsage(before);
  return { index, loaded, ...(fault && { fault }), cpuSeconds: (user + system) / 1e6, peakMib: peak() };
}

function faultOf(error: unknown): string | undefined {
  if (!(error instanceof MemcellError)) return error instanceof Error ? String(error.stack) : String(error);
  if (/\n|\[object|undefined is not|Cannot read prop|is not a function|is not iterable/.test(error.message))
    return `an error of code: ${error.message.slice(0, 300)}`;
  return error.message.length > 3000
    ? `an error of ${error.message.length} characters: ${error.message.slice(0, 200)}`
    : undefined;
}

function forgetPeak(): void {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
}

function peak(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  const kib = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kib) / 1024;
}

/** What a process has had of the processor; Linux alone says it. */
function cpuSecondsOf(pid: number | undefined): number {
  if (process.platform !== 'linux' || !existsSync(`/proc/${pid}/stat`)) return 0;
  const [, user, system] = /\) (?:\S+ ){11}(\d+) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
  return (Number(user) + Number(system)) / 100;
}

async function child(kind: Kind, first: number, end: number): Promise<void> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'memcell-mutations-'));
  try {
    await kind.prepare?.();
    for (let index = first; index < end; index++) {
      const outcome = await outcomeOf(kind, folder, index);
      await new Promise((sent) => process.send?.(outcome, sent));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The outcomes from `first` on, as far as the process comes. */
function run(name: string, first: number, end: number, take: (outcome: Outcome) => void): Promise<string | undefined> {
  const started = fork(process.argv[1], [name, String(end), seeded, String(first)], {
    execArgv: [`--max-old-space-size=${MOST_MIB}`],
    env: { ...process.env, MEMCELL_MUTATIONS: 'child' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  started.stderr?.on('data', (chunk) => {
    said = (said + chunk).slice(-2000);
  });
  return new Promise((resolve) => {
    let hopeless = false;
    let before = 0;
    const watch = setInterval(() => {
      if (before > 0 && cpuSecondsOf(started.pid) - before > HOPELESS_SECONDS) {
        hopeless = true;
        started.kill('SIGKILL');
      }
    }, 1000);
    started.on('message', (outcome: Outcome) => {
      before = cpuSecondsOf(started.pid);
      take(outcome);
    });
    started.on('exit', (code) => {
      clearInterval(watch);
      resolve(
        code === 0
          ? undefined
          : hopeless
            ? `not back after ${HOPELESS_SECONDS} s of work`
            : `ended with ${code}: ${said}`,
      );
    });
  });
}

async function measure(name: string, kind: Kind): Promise<boolean> {
  const end = Number(from) + Number(counted);
  const faults = new Map<string, number[]>();
  let next = Number(from);
  let loaded = 0;
  let slowest = { index: 0, cpuSeconds: 0 };
  let largest = { index: 0, peakMib: 0 };
  const add = (fault: string, index: number) => {
    // Where in the code, not with which numbers.
    const same = fault.replace(/\d+/g, 'N').slice(0, 400);
    const before = faults.get(same);
    if (before) before.push(index);
    else {
      faults.set(same, [index]);
      console.log(`${name} ${index}: ${fault}`);
    }
    const kept = join('build/mutations', `${name}-${index}`);
    for (const [file, bytes] of Object.entries(madeFrom(kind, index))) {
      mkdirSync(kept, { recursive: true });
      writeFileSync(join(kept, file), bytes);
    }
  };
  while (next < end) {
    const ended = await run(name, next, end, (outcome) => {
      const { index, fault, cpuSeconds, peakMib } = outcome;
      next = index + 1;
      if (outcome.loaded) loaded++;
      if (cpuSeconds > slowest.cpuSeconds) slowest = outcome;
      if (peakMib > largest.peakMib) largest = outcome;
      if (fault) add(fault, index);
      if (cpuSeconds > LONGEST_SECONDS) add(`longer than a second`, index);
      if (peakMib > MOST_MIB) add(`more than 1 GiB`, index);
    });
    if (ended) add(ended, next++);
  }
  const count = [...faults.values()].reduce((sum, { length }) => sum + length, 0);
  console.log(
    `${name}: ${counted} files, ${loaded} opened, ${count} faults of ${faults.size} kinds; ` +
      `the slowest ${slowest.cpuSeconds.toFixed(2)} s (${slowest.index}), the largest ${largest.peakMib.toFixed(0)} MiB (${largest.index})`,
  );
  return count === 0;
}

const chosen = which === 'all' ? Object.keys(kinds) : which.split(',');
const unknown = chosen.filter((name) => !Object.hasOwn(kinds, name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; known are ${Object.keys(kinds).join(', ')}`);
  process.exitCode = 2;
} else if (process.env.MEMCELL_MUTATIONS === 'child') {
  await child(kinds[which], Number(from), Number(counted));
} else {
  for (const name of chosen) {
    if (!(await measure(name, kinds[name]))) process.exitCode = 1;
  }
}
