/** A memory for kernel tests: buffers with guard bytes between them, workspaces poisoned with NaN. */
import { expect } from '@jest/globals';

const GUARD_BYTES = 256;
const GUARD = 0x7f;

export class Arena {
  readonly memory: WebAssembly.Memory;
  private end = 4096;
  private readonly guards: number[] = [];

  constructor(bytes: number, shared = false) {
    const pages = Math.ceil(bytes / 65536) + 1;
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
    this.guard();
  }

  private guard(): void {
    new Uint8Array(this.memory.buffer, this.end, GUARD_BYTES).fill(GUARD);
    this.guards.push(this.end);
    this.end += GUARD_BYTES;
  }

  /** Address of `bytes` bytes at the next multiple of 4, all NaN as floats. */
  reserve(bytes: number): number {
    const address = this.end;
    this.end = address + Math.ceil(bytes / 4) * 4;
    if (this.end + GUARD_BYTES > this.memory.buffer.byteLength) throw new Error(`arena: ${this.end} bytes needed`);
    new Uint8Array(this.memory.buffer, address, this.end - address).fill(0xff);
    this.guard();
    return address;
  }

  floats(values: ArrayLike<number>): number {
    const address = this.reserve(4 * values.length);
    new Float32Array(this.memory.buffer, address, values.length).set(Float32Array.from(values));
    return address;
  }

  bytes(values: ArrayLike<number>): number {
    const address = this.reserve(values.length);
    new Uint8Array(this.memory.buffer, address, values.length).set(values);
    return address;
  }

  poison(address: number, bytes: number): void {
    new Uint8Array(this.memory.buffer, address, bytes).fill(0xff);
  }

  read(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length).slice();
  }

  expectGuardsWhole(): void {
    for (const guard of this.guards) {
      expect(new Uint8Array(this.memory.buffer, guard, GUARD_BYTES).every((byte) => byte === GUARD)).toBe(true);
    }
  }
}
