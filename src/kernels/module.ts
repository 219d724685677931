/** The kernel module: compiled once, instantiated on any memory, at the fastest speed that this engine runs. */
import { MemcellError, usageError } from '../errors.js';
import { type BinaryName, binary, loadBinary } from './binaries.js';
import type { KernelFunctions } from './generated/functions.js';

/**
 * plain: 128-bit SIMD, multiply and add, any engine with WebAssembly SIMD. relaxed: fused multiply-add. wide: the relaxed
 * module's 256-bit tiles, worth it only where V8's revectorizer is on (see wide.ts).
 */
export type Speed = 'plain' | 'relaxed' | 'wide';

export interface KernelExports {
  readonly speed: Speed;
  /** Whether the 16-column tiles run. */
  readonly wide: boolean;
  readonly exports: KernelFunctions;
}

let defaultSpeed: Speed | undefined;

/** What instantiateKernels gives when no speed is asked for; at first the fastest of plain and relaxed that this engine runs. */
export function usualSpeed(): Speed {
  return defaultSpeed ?? (supportsRelaxedSimd() ? 'relaxed' : 'plain');
}

export function setDefaultSpeed(speed: Speed): void {
  defaultSpeed = speed;
}

const compiled = new Map<string, WebAssembly.Module>();

/** A function of one relaxed fused multiply-add: valid only where relaxed SIMD is on. */
const RELAXED_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 8, 1, 96, 3, 123, 123, 123, 1, 123],
  ...[3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11],
);

/** Whether this engine runs WebAssembly's relaxed SIMD (Node 22 and later; browsers differ). */
export function supportsRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_PROBE);
}

let mayRun = false;

/**
 * Why no kernel can run here, with what to do about it, or undefined: no WebAssembly, a page whose Content-Security-Policy
 * forbids compiling it, a platform that forbids it, no address space for its memory.
 */
export function wasmObstacle(): string | undefined {
  if (mayRun) return undefined;
  if (typeof WebAssembly === 'undefined') return 'this platform has no WebAssembly';
  try {
    new WebAssembly.Module(EMPTY_MODULE);
  } catch (error) {
    return `WebAssembly may not be compiled here: a page needs 'wasm-unsafe-eval' in its Content-Security-Policy's script-src, and Cloudflare Workers forbid it (${oneLine(error)})`;
  }
  try {
    new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  } catch (error) {
    return `no address space for WebAssembly's memory; raise the limit (ulimit -v) (${oneLine(error)})`;
  }
  mayRun = true;
  return undefined;
}

const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

function oneLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).replace(/\s+/g, ' ');
}

/** Kernels, or the reason why there are none. */
function orObstacle<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    const obstacle = wasmObstacle();
    if (obstacle === undefined || error instanceof MemcellError) throw error;
    throw new MemcellError(`kernels: ${obstacle}`, { code: 'usage', cause: error });
  }
}

function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
}

/**
 * The relaxed module with an empty custom section more. V8 shares machine code between equal binaries; so what it compiled
 * before the revectorizer was on is not taken for the wide module.
 */
function asWide(narrow: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const section = [0, 5, 4, ...new TextEncoder().encode('wide')];
  const bytes = new Uint8Array(narrow.length + section.length);
  bytes.set(narrow);
  bytes.set(section, narrow.length);
  return bytes;
}

const bytesOf = (text: string) => [...new TextEncoder().encode(text)];
const MEMORY = [1, 3, ...bytesOf('env'), 6, ...bytesOf('memory'), 2];
/** The import section of the binaries, and the one that takes memory for threads: with the flag and a maximum of 65536 pages. */
const IMPORTS = [2, MEMORY.length + 2, ...MEMORY, 0, 0];
const SHARED_IMPORTS = [2, MEMORY.length + 5, ...MEMORY, 3, 0, 0x80, 0x80, 4];

/** The same module for memory that threads share. */
function asShared(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = module.findIndex((_, start) => IMPORTS.every((byte, i) => module[start + i] === byte));
  const bytes = new Uint8Array(module.length + SHARED_IMPORTS.length - IMPORTS.length);
  bytes.set(module.subarray(0, at));
  bytes.set(SHARED_IMPORTS, at);
  bytes.set(module.subarray(at + IMPORTS.length), at + SHARED_IMPORTS.length);
  return bytes;
}

/** The speed for this memory, the module's key in the cache, the binary and how it is decoded. */
function choose(memory: WebAssembly.Memory, requested?: Speed) {
  const speed = requested ?? usualSpeed();
  if (speed !== 'plain' && !supportsRelaxedSimd()) {
    throw usageError(`kernels: speed '${speed}' needs relaxed SIMD, which this engine lacks; use speed 'plain'`);
  }
  const shared = isShared(memory);
  const name: BinaryName = speed === 'plain' ? 'plain' : 'relaxed';
  const decode = (base64: string) => {
    const narrow = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bytes = speed === 'wide' ? asWide(narrow) : narrow;
    return shared ? asShared(bytes) : bytes;
  };
  return { speed, key: `${speed} ${shared}`, name, decode };
}

function link(module: WebAssembly.Module, memory: WebAssembly.Memory, speed: Speed): KernelExports {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { speed, wide: speed === 'wide', exports: instance.exports as unknown as KernelFunctions };
}

/**
 * The kernels on this memory, at once: for Node and workers (a browser's main thread compiles only 4 kB this way). The
 * memory may be shared or not; the module writes only where its arguments say.
 * @throws MemcellError when the asked speed needs instructions that this engine lacks
 */
export function instantiateKernels(memory: WebAssembly.Memory, options: { speed?: Speed } = {}): KernelExports {
  return orObstacle(() => {
    const { speed, key, name, decode } = choose(memory, options.speed);
    let module = compiled.get(key);
    if (!module) {
      module = new WebAssembly.Module(decode(binary(name)));
      compiled.set(key, module);
    }
    return link(module, memory, speed);
  });
}

/** The same, compiling off the main thread. */
export async function instantiateKernelsAsync(
  memory: WebAssembly.Memory,
  options: { speed?: Speed } = {},
): Promise<KernelExports> {
  const { speed, key, name, decode } = choose(memory, options.speed);
  let module = compiled.get(key);
  if (!module) {
    module = await WebAssembly.compile(decode(await loadBinary(name)));
    compiled.set(key, module);
  }
  return link(module, memory, speed);
}

/** Compiles the kernels that instantiateKernels() takes on memory that is not shared, off the main thread. */
export async function compileKernels(): Promise<void> {
  if (wasmObstacle() !== undefined) return;
  const memory = new WebAssembly.Memory({ initial: 1 });
  await instantiateKernelsAsync(memory);
}
