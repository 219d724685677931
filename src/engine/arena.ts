/**
 * One WebAssembly.Memory, laid out from its start: the same calls in the same order give the same addresses on every
 * thread. A region that is laid out anew (activations) begins at a mark; what was there is forgotten.
 */
import { MemcellError } from '../errors.js';

const ALIGNMENT = 64;
const PAGE = 65536;
/** 4 GiB, what 32-bit addresses reach. */
const MOST_PAGES = 65536;

export class Arena {
  private end = ALIGNMENT;
  private regions: { address: number; floats: number }[] = [];
  private buffer: ArrayBufferLike | undefined;
  private floatView = new Float32Array(0);
  private integerView = new Int32Array(0);
  private doubleView = new Float64Array(0);

  /** @param owner whether contents are set up from here; false on a thread that joins a memory in use */
  constructor(
    readonly memory: WebAssembly.Memory,
    private readonly owner = true,
  ) {}

  /** Address of `count` floats, aligned to 64 bytes, whose contents are undefined at the start of every step. */
  floats(count: number): number {
    const address = this.reserve(4 * count);
    this.regions.push({ address, floats: count });
    return address;
  }

  /**
   * Address of `count` words, zeros now, that keep what is written to them. Every thread that places a layer writes the
   * same there.
   */
  fixed(count: number): number {
    const address = this.reserve(4 * count);
    if (this.owner) this.f32.fill(0, address >>> 2, (address >>> 2) + count);
    return address;
  }

  /** Where the next region would begin. */
  mark(): number {
    return this.end;
  }

  /** Forgets all regions from a mark on. */
  rewind(mark: number): void {
    this.end = mark;
    this.regions = this.regions.filter(({ address }) => address < mark);
  }

  /** The regions from floats(), for tests that poison them. */
  get undefinedRegions(): readonly { address: number; floats: number }[] {
    return this.regions;
  }

  /** The whole memory; element i is at byte 4·i. A new view after the memory has grown, so do not keep it. */
  get f32(): Float32Array {
    if (this.buffer !== this.memory.buffer) this.view();
    return this.floatView;
  }

  get i32(): Int32Array {
    if (this.buffer !== this.memory.buffer) this.view();
    return this.integerView;
  }

  get f64(): Float64Array {
    if (this.buffer !== this.memory.buffer) this.view();
    return this.doubleView;
  }

  private view(): void {
    this.buffer = this.memory.buffer;
    this.floatView = new Float32Array(this.buffer);
    this.integerView = new Int32Array(this.buffer);
    this.doubleView = new Float64Array(this.buffer);
  }

  private reserve(bytes: number): number {
    const address = Math.ceil(this.end / ALIGNMENT) * ALIGNMENT;
    // Kernels may read a vector's length past the end of a row.
    const end = address + bytes + ALIGNMENT;
    const held = this.memory.buffer.byteLength;
    if (end > held) this.grow(Math.ceil((end - held) / PAGE), end);
    this.end = address + bytes;
    return address;
  }

  private grow(pages: number, bytes: number): void {
    const held = this.memory.buffer.byteLength / PAGE;
    // In steps of an eighth, so that growing is rare.
    const wanted = Math.max(pages, Math.min(held >> 3, MOST_PAGES - held));
    try {
      this.memory.grow(wanted);
    } catch (cause) {
      const size = (bytes / 2 ** 30).toFixed(1);
      throw new MemcellError(
        `the model needs ${size} GiB of memory for this batch, more than there is; use a smaller batchSize or fewer units`,
        { code: 'model', cause },
      );
    }
  }
}

/** A memory for an arena: with a maximum, so that it can be shared with threads. */
export function newMemory(shared = false): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared });
  } catch (cause) {
    throw new MemcellError(
      'no memory for one more model; dispose of those that are not needed, or raise the limit of address space (ulimit -v)',
      { code: 'model', cause },
    );
  }
}
