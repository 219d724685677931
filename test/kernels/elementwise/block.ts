/** Rows in a kernel's memory for tests: n floats used of every ld, poisoned or given; the padding must stay as it was. */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { KernelFunctions } from '../../../src/kernels/generated/functions.js';
import { instantiateKernels, type Speed } from '../../../src/kernels/module.js';
import { deriveKey, Random } from '../../../src/random.js';
import { Arena } from '../arena.js';

const PADDING = 12345.678;

export type Functions = KernelFunctions;

export class Block {
  readonly address: number;

  constructor(
    private readonly arena: Arena,
    readonly rows: number,
    readonly n: number,
    readonly ld: number,
    values?: ArrayLike<number>,
  ) {
    this.address = arena.reserve(4 * Math.max(1, rows * ld));
    const all = new Float32Array(arena.memory.buffer, this.address, rows * ld);
    for (let row = 0; row < rows; row++)
      for (let j = 0; j < ld; j++) {
        all[row * ld + j] = j >= n ? PADDING : values ? values[row * n + j] : Number.NaN;
      }
  }

  /** The used part, row-major, once the padding is found whole. */
  read(): Float32Array {
    const all = this.arena.read(this.address, this.rows * this.ld);
    const used = new Float32Array(this.rows * this.n);
    for (let row = 0; row < this.rows; row++)
      for (let j = 0; j < this.ld; j++) {
        if (j < this.n) used[row * this.n + j] = all[row * this.ld + j];
        else if (all[row * this.ld + j] !== Math.fround(PADDING)) throw new Error(`padding of row ${row} written`);
      }
    return used;
  }
}

/** How far apart steps and batch entries are in rows `ld` apart, all rows of a step or all of an entry lying together. */
export function strides(batchMajor: boolean, batch: number, steps: number, ld = 1): [step: number, entry: number] {
  return batchMajor ? [ld, steps * ld] : [batch * ld, ld];
}

export class Bench {
  readonly arena: Arena;
  readonly kernels: Functions;

  constructor(bytes = 1 << 20, speed: Speed = 'plain') {
    this.arena = new Arena(bytes);
    this.kernels = instantiateKernels(this.arena.memory, { speed }).exports;
  }

  rows(rows: number, n: number, ld: number, values?: ArrayLike<number>): Block {
    return new Block(this.arena, rows, n, ld, values);
  }

  vector(values: ArrayLike<number>): Block {
    return new Block(this.arena, 1, values.length, values.length, values);
  }

  empty(n: number): Block {
    return new Block(this.arena, 1, n, n);
  }

  integers(values: ArrayLike<number>): number {
    const address = this.arena.reserve(4 * values.length);
    new Int32Array(this.arena.memory.buffer, address, values.length).set(Int32Array.from(values));
    return address;
  }

  doubles(n: number): { address: number; read(): Float64Array } {
    const address = this.arena.reserve(8 * n + 8);
    const aligned = Math.ceil(address / 8) * 8;
    return { address: aligned, read: () => new Float64Array(this.arena.memory.buffer, aligned, n).slice() };
  }

  done(): void {
    this.arena.expectGuardsWhole();
  }
}

/** Standard normal numbers times `scale`, as float32. */
export function normals(seed: number, n: number, scale = 1): Float32Array {
  const random = new Random(deriveKey(seed, 'kernels'));
  return Float32Array.from({ length: n }, () => random.normal() * scale);
}

export function uniforms(seed: number, n: number): Float32Array {
  const random = new Random(deriveKey(seed, 'uniform'));
  return Float32Array.from({ length: n }, () => random.uniform());
}

/** Within absolute + relative·|expected| of it, with NaN only where expected. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  absolute = 1e-6,
  relative = 0,
  what = '',
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const same = Object.is(actual[i], expected[i]) || actual[i] === expected[i];
    const near = Math.abs(actual[i] - expected[i]) <= absolute + relative * Math.abs(expected[i]);
    if (!same && !near) throw new Error(`${what} element ${i}: ${actual[i]}, expected ${expected[i]}`);
  }
}

/** Sizes below, at and above the vector width and its multiples. */
export const size = fc.oneof(fc.integer({ min: 1, max: 19 }), fc.constantFrom(31, 32, 33, 50, 64, 67));

export interface Shape {
  rows: number;
  n: number;
  pad: number;
  split: number;
  seed: number;
}

/** Rows, their length and padding, a row to split at, and a seed for the values. */
const shape: fc.Arbitrary<Shape> = fc
  .record({
    rows: fc.integer({ min: 1, max: 7 }),
    n: size,
    pad: fc.integer({ min: 0, max: 5 }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.nat(1e6),
  })
  .map(({ part, ...rest }) => ({ ...rest, split: Math.round(part * rest.rows) }));

export function forShapes(run: (shape: Shape) => void, runs = 60): void {
  fc.assert(fc.property(shape, run), { numRuns: runs });
}
