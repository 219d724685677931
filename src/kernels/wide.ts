/**
 * The wide speed: V8's revectorizer, an experimental flag of Node 24 and later on x64, turns pairs of 128-bit operations into
 * 256-bit ones. The flag acts on the whole process, so a program asks for it; it is kept on only where a small job gives the
 * same bits as without and runs faster.
 */
import { lstmBackward, lstmForward, lstmSizes } from './fused.js';
import {
  instantiateKernels,
  type KernelExports,
  setDefaultSpeed,
  supportsRelaxedSimd,
  wasmObstacle,
} from './module.js';

export interface WideStatus {
  enabled: boolean;
  /** Why, or why not. */
  reason: string;
}

const FLAG = '--experimental-wasm-revectorize';

/** Node's majors whose revectorizer was tried; others need MEMCELL_WIDE=1. */
const TRIED = { from: 24, to: 26 };

/** Runs timed together, and how long narrow and wide take turns: long enough for V8 to optimize both. */
const RUNS = 10;
const CHECK_MILLISECONDS = 40;
/** At most, where wide has not won: on a busy machine the compiler may not have come to it, or no run was left undisturbed. */
const LONGEST_CHECK_MILLISECONDS = 200;

const SHAPE = { batch: 12, steps: 2, inputs: 7, units: 32 };

let status: Promise<WideStatus> | undefined;

/** Whether this program may try the wide speed, and the reason if not. */
function canTry(): WideStatus {
  const off = (reason: string) => ({ enabled: false, reason });
  if (typeof process === 'undefined' || !process.versions?.node) return off('not Node');
  const wish = process.env.MEMCELL_WIDE;
  if (wish === '0') return off('MEMCELL_WIDE=0');
  if (process.arch !== 'x64') return off(`processor ${process.arch}, not x64`);
  const major = Number.parseInt(process.versions.node, 10);
  if (major < TRIED.from) return off(`Node ${major}, not ${TRIED.from} or later`);
  if (major > TRIED.to && wish !== '1') return off(`Node ${major} has not been tried; MEMCELL_WIDE=1 tries it`);
  const obstacle = wasmObstacle();
  if (obstacle !== undefined) return off(obstacle);
  if (!supportsRelaxedSimd()) return off('no relaxed SIMD');
  return { enabled: true, reason: '' };
}

/** A small layer in its own memory: `run` does forward and backward, `result` covers everything they wrote. */
function layer(speed: 'relaxed' | 'wide') {
  const { batch, steps, inputs, units } = SHAPE;
  const sizes = lstmSizes(SHAPE, { training: true });
  let end = 1024;
  const take = (bytes: number) => {
    const address = end;
    end += Math.ceil(bytes / 64) * 64;
    return address;
  };
  const weights = (inputs + units + 1) * 16 * units;
  const operands = {
    x: take(4 * batch * steps * inputs),
    kernel: take(16 * inputs * units),
    recurrentKernel: take(16 * units * units),
    bias: take(16 * units),
    dSequences: take(4 * batch * steps * units),
  };
  const drawn = end;
  const outputs = {
    sequences: take(4 * batch * steps * units),
    dx: take(4 * batch * steps * inputs),
    dKernel: take(weights),
    dRecurrentKernel: take(weights),
    dBias: take(weights),
  };
  const written = end;
  const saved = take(sizes.saved);
  const scratch = take(Math.max(sizes.forwardScratch, sizes.backwardScratch));
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65536) });
  const values = new Float32Array(memory.buffer, 0, drawn / 4);
  for (let i = 0; i < values.length; i++) values[i] = Math.fround(Math.sin(i * i) / 2);
  const kernels: KernelExports = instantiateKernels(memory, { speed });
  const call = { shape: SHAPE, training: true, ...operands, ...outputs, saved, scratch };
  return {
    run(): void {
      lstmForward(kernels, memory, call);
      lstmBackward(kernels, memory, call);
    },
    result: () => new Uint32Array(memory.buffer, drawn, (written - drawn) / 4),
  };
}

/** The shortest time of RUNS runs of each, in milliseconds; longer where the last has not won. */
function race(contestants: (() => void)[]): number[] {
  const best = contestants.map(() => Number.POSITIVE_INFINITY);
  const begun = performance.now();
  for (;;) {
    const passed = performance.now() - begun;
    const won = best.every((time, index) => index === best.length - 1 || time > best[best.length - 1]);
    if (passed > LONGEST_CHECK_MILLISECONDS || (passed > CHECK_MILLISECONDS && won)) return best;
    contestants.forEach((run, index) => {
      const start = performance.now();
      for (let i = 0; i < RUNS; i++) run();
      best[index] = Math.min(best[index], performance.now() - start);
    });
  }
}

async function tryWide(): Promise<WideStatus> {
  const possible = canTry();
  if (!possible.enabled) return possible;
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString(FLAG);
  const narrow = layer('relaxed');
  const wide = layer('wide');
  const [before, after] = race([narrow.run, wide.run]);
  const [expected, actual] = [narrow.result(), wide.result()];
  const factor = (before / after).toFixed(2);
  if (!expected.every((bits, index) => bits === actual[index])) {
    setFlagsFromString(FLAG.replace('--', '--no-'));
    return { enabled: false, reason: 'the self-check gave different bits' };
  }
  if (after >= before) {
    setFlagsFromString(FLAG.replace('--', '--no-'));
    return { enabled: false, reason: `the self-check ran at ${factor} times the narrow speed` };
  }
  setDefaultSpeed('wide');
  return { enabled: true, reason: `the self-check gave equal bits at ${factor} times the narrow speed` };
}

/**
 * Makes the wide speed the default of this program, if it can and gains: on x64 and Node 24 to 26, after a self-check of some
 * tens of milliseconds, up to 200 where wide has not yet won. It sets a V8 flag for the whole process; MEMCELL_WIDE=0 forbids it.
 * Kernels instantiated before stay as they were.
 */
export function enableWide(): Promise<WideStatus> {
  status ??= tryWide();
  return status;
}
