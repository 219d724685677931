/**
 * HDF5 files as groups, attributes and arrays. What Keras writes is read here; other forms (chunks, compression, newer groups) and all
 * writing are a library's, on Node in a worker with a time limit, in browsers where it is called.
 */
import type { Worker } from 'node:worker_threads';
import { MemcellError } from '../../errors.js';
import { invalid, reasonOf } from '../modelJson.js';
import type { Hdf5Contents } from './contents.js';
import type { Hdf5Answer, Hdf5Job } from './memcellHdf5Worker.js';
import { Hdf5Problem, readPlain } from './plain.js';

/** A small file is read in milliseconds; this leaves room for a machine that has much else to do. */
const LONGEST_MILLISECONDS = 4000;
/** Thousands of small arrays in a MiB take a second or two. */
const MILLISECONDS_PER_MIB = 4000;
const LONGEST_START_MILLISECONDS = 60_000;

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** HDF5's signature stands at the beginning, or at 512, 1024, 2048, … behind a user's own block. */
export function isHdf5(bytes: Uint8Array): boolean {
  for (let at = 0; at + SIGNATURE.length <= bytes.length; at = at === 0 ? 512 : 2 * at) {
    if (SIGNATURE.every((byte, i) => bytes[at + i] === byte)) return true;
  }
  return false;
}

/** @throws MemcellError 'model': not HDF5, damaged, or what it claims cannot be */
export async function readHdf5File(bytes: Uint8Array, where: string): Promise<Hdf5Contents> {
  const plain = plainContents(bytes, where);
  if (plain) return plain;
  const limit = LONGEST_MILLISECONDS + (MILLISECONDS_PER_MIB * bytes.length) / 2 ** 20;
  const answer = await run({ kind: 'read', bytes }, limit, where);
  if (answer.kind === 'read') return answer.contents;
  throw invalid(where, 'cannot be read as HDF5');
}

function plainContents(bytes: Uint8Array, where: string): Hdf5Contents | undefined {
  try {
    return readPlain(bytes);
  } catch (error) {
    if (error instanceof Hdf5Problem) throw invalid(where, error.message);
    throw error;
  }
}

export async function writeHdf5File(contents: Hdf5Contents): Promise<Uint8Array> {
  const answer = await run({ kind: 'write', contents }, 10 * LONGEST_START_MILLISECONDS, 'the HDF5 file');
  if (answer.kind === 'written') return answer.bytes;
  throw new MemcellError('the HDF5 file cannot be written', { code: 'io' });
}

/** The worker that is ready for the next job, one job after the other. */
let worker: Worker | undefined;
let queue: Promise<unknown> = Promise.resolve();

function run(job: Hdf5Job, limitMs: number, where: string): Promise<Hdf5Answer> {
  const next = queue.then(() => runNow(job, limitMs, where));
  queue = next.catch(() => undefined);
  return next;
}

async function runNow(job: Hdf5Job, limitMs: number, where: string): Promise<Hdf5Answer> {
  const threads: Partial<typeof import('node:worker_threads')> = await import('node:worker_threads').catch(() => ({}));
  const answer = (threads.Worker && (await inWorker(threads.Worker, job, limitMs))) ?? (await here(job));
  // What a damaged file did to the library would come out in the next one.
  if (job.kind === 'read') end();
  if (answer.kind !== 'failed') return answer;
  if (job.kind === 'write')
    throw new MemcellError(`the HDF5 file cannot be written: ${answer.message}`, { code: 'io' });
  throw invalid(where, answer.problem ? answer.message : `a damaged HDF5 file: ${answer.message.replace(/\s+/g, ' ')}`);
}

async function here(job: Hdf5Job): Promise<Hdf5Answer> {
  const { readHdf5, writeHdf5 } = await import('./job.js');
  try {
    if (job.kind === 'write') return { kind: 'written', bytes: await writeHdf5(job.contents) };
    return { kind: 'read', contents: await readHdf5(job.bytes) };
  } catch (error) {
    return { kind: 'failed', message: reasonOf(error), problem: error instanceof Hdf5Problem };
  }
}

/** The answer of a worker; undefined where none starts, as in a bundle that has left its file out. */
async function inWorker(Thread: typeof Worker, job: Hdf5Job, limitMs: number): Promise<Hdf5Answer | undefined> {
  if (!worker) {
    const started = new Thread(new URL('./memcellHdf5Worker.js', import.meta.url), {
      execArgv: [],
      name: 'memcell-hdf5',
      stdout: true,
      stderr: true,
    });
    worker = started;
    const first = await answerOf(started, LONGEST_START_MILLISECONDS);
    if (first?.kind !== 'ready') {
      end();
      return undefined;
    }
  }
  const asked = worker;
  const waiting = answerOf(asked, limitMs);
  asked.postMessage(job);
  const answer = await waiting;
  if (answer) return answer;
  end();
  const seconds = Math.round(limitMs / 1000);
  return { kind: 'failed', message: `it is not read after ${seconds} s, so it must lead in a circle`, problem: false };
}

/** The worker's next message; undefined when none comes in time. The process waits for it, and not for an idle worker. */
function answerOf(asked: Worker, limitMs: number): Promise<Hdf5Answer | undefined> {
  return new Promise((resolve) => {
    const done = (answer: Hdf5Answer | undefined) => {
      clearTimeout(timer);
      asked.off('message', done);
      asked.off('error', failed);
      asked.off('exit', exited);
      asked.unref();
      resolve(answer);
    };
    const failed = (error: unknown) => {
      end();
      done({ kind: 'failed', message: reasonOf(error), problem: false });
    };
    const exited = () => failed('its thread ended');
    const timer = setTimeout(() => done(undefined), limitMs);
    asked.ref();
    asked.on('message', done);
    asked.on('error', failed);
    asked.on('exit', exited);
  });
}

function end(): void {
  void worker?.terminate();
  worker = undefined;
}
