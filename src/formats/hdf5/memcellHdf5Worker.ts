/** A worker thread that reads and writes HDF5: a damaged file may keep the library busy for ever, and then the thread is ended. */
import { parentPort } from 'node:worker_threads';
import type { Hdf5Contents } from './contents.js';
import { prepare, readHdf5, writeHdf5 } from './job.js';
import { Hdf5Problem } from './plain.js';

export type Hdf5Job = { kind: 'read'; bytes: Uint8Array } | { kind: 'write'; contents: Hdf5Contents };

export type Hdf5Answer =
  | { kind: 'ready' }
  | { kind: 'read'; contents: Hdf5Contents }
  | { kind: 'written'; bytes: Uint8Array }
  | { kind: 'failed'; message: string; problem: boolean };

const port = parentPort;
if (port) {
  // What the library prints about a damaged file is in the error.
  console.log = console.error = console.warn = () => {};
  const answer = (message: Hdf5Answer) => port.postMessage(message);
  port.on('message', (job: Hdf5Job) => {
    const work = async (): Promise<Hdf5Answer> => {
      if (job.kind === 'write') return { kind: 'written', bytes: await writeHdf5(job.contents) };
      return { kind: 'read', contents: await readHdf5(job.bytes) };
    };
    work().then(answer, (error: unknown) => {
      const message = String(error instanceof Error ? error.message : error);
      answer({ kind: 'failed', message, problem: error instanceof Hdf5Problem });
    });
  });
  prepare().then(
    () => answer({ kind: 'ready' }),
    (error: unknown) => answer({ kind: 'failed', message: String(error), problem: false }),
  );
}
