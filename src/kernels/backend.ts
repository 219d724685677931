/** Which TensorFlow.js backend memcell runs on, and getting it ready. */
import { usageError } from '../errors.js';
import * as tf from '../tf.js';
import { wasmObstacle } from './module.js';
import { prepareKernels } from './prepare.js';
import { registerKernels } from './tfjs/register.js';
import { prepareWasm } from './tfjs/wasm.js';
import { enableWide } from './wide.js';

const BACKENDS = ['wasm', 'cpu', 'tensorflow'] as const;
type BackendName = (typeof BACKENDS)[number];

let ready: Promise<void> | undefined;
/** True while tfjs sits on the cpu backend only because weights had to be made before prepareBackend could run. */
let interim = false;

/**
 * Puts tfjs on a backend at once, for code that makes tensors and cannot wait (building layers). If nobody has chosen a
 * backend yet that is the cpu one, and prepareBackend() replaces it later; tensors made meanwhile move when first used.
 */
export function ensureBackend(): void {
  if (tf.engine().backendName) return;
  quietCpuBackend();
  void tf.setBackend('cpu');
  interim = true;
}

/**
 * Readies what memcell's own engine needs. tfjs then only keeps weights; its backend, whose files a page would have to serve,
 * is started by prepareBackend() when something runs on it, or here if MEMCELL_BACKEND names one.
 */
export async function prepareEngine(): Promise<void> {
  if (requestedBackend() !== undefined) await prepareBackend();
  else ensureBackend();
  await prepareKernels();
}

/**
 * Readies the tfjs backend, once, and registers memcell's kernels; resolves to the backend's name.
 *
 * A backend that the caller has set with tf.setBackend() stays. Otherwise the environment variable MEMCELL_BACKEND
 * (cpu, wasm or tensorflow) decides, and without it: wasm, or cpu where wasm does not start. In browsers the wasm
 * backend's files are found as setWasmPaths() of @tensorflow/tfjs-backend-wasm says.
 *
 * @throws MemcellError when MEMCELL_BACKEND names an unknown backend or one that does not start.
 */
export async function prepareBackend(): Promise<string> {
  ready ??= prepare();
  try {
    await ready;
  } catch (error) {
    ready = undefined;
    throw error;
  }
  return tf.getBackend();
}

async function prepare(): Promise<void> {
  if (typeof process !== 'undefined' && process.env?.MEMCELL_WIDE === '1') await enableWide();
  const wanted = requestedBackend();
  if (wanted === undefined && tf.engine().backendName && !(interim && tf.getBackend() === 'cpu')) {
    await tf.ready();
    registerKernels();
    await prepareWasm();
    return;
  }
  if (wanted !== undefined) {
    const reason = await startBackend(wanted);
    if (reason === undefined) return;
    const remedy = wanted === 'tensorflow' ? 'install @tensorflow/tfjs-node, or unset it' : 'unset it';
    throw usageError(`MEMCELL_BACKEND=${wanted}: the backend does not start (${reason}); ${remedy}`);
  }
  // tfjs's wasm backend prints errors of its own where it cannot start.
  if (wasmObstacle() !== undefined || (await startBackend('wasm')) !== undefined) await startBackend('cpu');
}

function requestedBackend(): BackendName | undefined {
  const value = typeof process === 'undefined' ? undefined : process.env?.MEMCELL_BACKEND;
  if (!value) return undefined;
  const name = BACKENDS.find((backend) => backend === value);
  if (name) return name;
  throw usageError(`MEMCELL_BACKEND=${value}: no such backend; use one of ${BACKENDS.join(', ')}`);
}

/** Starts a backend and makes it tfjs's current one. Resolves to nothing, or to the reason why it does not start. */
export async function startBackend(name: string): Promise<string | undefined> {
  try {
    if (name === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
    if (name === 'tensorflow') await importTfjsNode();
    if (name === 'cpu') quietCpuBackend();
    registerKernels();
    if (!(await withoutRethrowing(() => tf.setBackend(name)))) return 'its initialisation failed';
    await prepareWasm();
    interim = false;
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n')[0];
  }
}

/**
 * Imports tfjs-node, which registers the 'tensorflow' backend. A half-installed tfjs-node throws a plain Error.
 * The name is put together at run time so that bundlers for browsers do not look for the package.
 */
async function importTfjsNode(): Promise<void> {
  // tfjs-node 4.22 calls two functions of node:util that newer Nodes warn of or lack.
  const util: { isNullOrUndefined?: unknown; isArray?: unknown } | undefined = process.getBuiltinModule?.('node:util');
  if (util) {
    util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
    util.isArray = Array.isArray;
  }
  // Parcel refuses to write to process.env itself.
  const { env } = process;
  env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  await import(/* webpackIgnore: true */ /* @vite-ignore */ ['@tensorflow', 'tfjs-node'].join('/'));
}

/**
 * Starts something without the two listeners that the wasm backend adds to Node's process: they throw every uncaught error
 * again from a line of their own, which hides where it came from and makes Node's exit code 7.
 */
async function withoutRethrowing<Result>(start: () => Promise<Result>): Promise<Result> {
  if (typeof process === 'undefined' || !process.listeners) return start();
  const emitter: NodeJS.EventEmitter = process;
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = new Set(events.flatMap((event) => emitter.listeners(event)));
  const result = await start();
  for (const event of events) {
    for (const listener of emitter.listeners(event)) {
      const rethrows = /\{\s*throw \w+;\s*\}/.test(String(listener));
      if (rethrows && !before.has(listener)) emitter.removeListener(event, listener as () => void);
    }
  }
  return result;
}

/**
 * Keeps tfjs's cpu backend from printing its advice to install tfjs-node, which it does on the first write in Node. Its class
 * is named because bundlers leave out what is imported for its side effects alone.
 */
function quietCpuBackend(): void {
  const cpu = tf.findBackend('cpu');
  if (cpu instanceof tf.MathBackendCPU) Object.assign(cpu, { firstUse: false });
}
