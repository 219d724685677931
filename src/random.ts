/**
 * Random numbers that are a pure function of (key, index): any element can be drawn alone, in any order, on any thread,
 * so one seed gives the same bits however the work is split. Every step is 32-bit integer arithmetic, which SIMD code
 * can repeat exactly.
 */

/** A bijective mix of 32 bits: two rounds of xor-shift and multiply (constants: C. Wellons, "lowbias32", public domain). */
function mix(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** 32 random bits: bits = mix(mix(index ⊕ key) + key·0x9e3779b9), as an unsigned integer. */
export function bitsAt(key: number, index: number): number {
  return mix((mix(index ^ key) + Math.imul(key, 0x9e3779b9)) | 0);
}

/** Uniform in [0, 1) with 24 bits, exact in float32. */
export function uniformAt(key: number, index: number): number {
  return (bitsAt(key, index) >>> 8) * 2 ** -24;
}

/** A key for one purpose, from the seed and what names the purpose: deriveKey(seed, 'dropout', layer, step). */
export function deriveKey(seed: number, ...parts: (number | string)[]): number {
  let key = mix((seed ^ 0x6d656d63) | 0);
  for (const part of parts) {
    if (typeof part === 'number') key = mix((key + mix((part ^ 0x63656c6c) | 0)) | 0);
    else for (let i = 0; i < part.length; i++) key = mix((Math.imul(key, 31) + part.charCodeAt(i)) | 0);
  }
  return key;
}

/** A stream over one key: the i-th draw is a function of (key, i). */
export class Random {
  private index = 0;

  constructor(private readonly key: number) {}

  /** Uniform in [0, 1). */
  uniform(): number {
    return uniformAt(this.key, this.index++);
  }

  /** Standard normal, by the Box–Muller transform. */
  normal(): number {
    return boxMuller(this.uniform(), this.uniform());
  }

  /** A whole number in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle(items: Int32Array): Int32Array {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const kept = items[i];
      items[i] = items[j];
      items[j] = kept;
    }
    return items;
  }
}

/** What governs the masks of a step of training: the run's seed, and which step it is, from 0. */
export interface Draw {
  seed: number;
  step: number;
}

/** The key of what a layer at `path` drops or adds: of its input, a recurrent layer's states, attention's scores, or a part that it names itself. */
export function dropoutKey({ seed, step }: Draw, path: string, part: string): number {
  return deriveKey(seed, 'dropout', path, part, step);
}

/** A rate as kernels take it: what is dropped are the 24 bits of uniformAt that are below. */
export function dropoutThreshold(rate: number): number {
  return Math.ceil(rate * 2 ** 24);
}

/** Inverted dropout: element i of a mask (row-major) is 0 where uniformAt(key, i) < rate, else 1/(1 − rate). */
export function dropoutMask(key: number, size: number, rate: number): Float32Array {
  const mask = new Float32Array(size);
  const kept = 1 / (1 - rate);
  for (let i = 0; i < size; i++) if (uniformAt(key, i) >= rate) mask[i] = kept;
  return mask;
}

function boxMuller(u: number, v: number): number {
  return Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v);
}

/** Standard normal number i of those of a key. */
export function normalAt(key: number, i: number): number {
  return boxMuller(uniformAt(key, 2 * i), uniformAt(key, 2 * i + 1));
}

/** Standard normal numbers, a function of the key. */
export function normals(key: number, size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => normalAt(key, i));
}
