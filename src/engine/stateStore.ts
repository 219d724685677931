/**
 * The states that stateful layers hand from one batch to the next, two regions of the same layout: those before a batch, and those
 * after it, which take their place once the batch has come to a good end.
 */
import type { Arena } from './arena.js';

/** What one stateful cell keeps: LSTM h and c (2,B,U), the others h (1,B,U). */
export interface CarriedState {
  readonly states: number;
  readonly units: number;
  /** Addresses, set once before the first place(); 0 in an engine that carries none. */
  before: number;
  after: number;
}

export class StateStore {
  /** Floats of one region. */
  private readonly size: number;
  private readonly before: number;
  private readonly after: number;

  constructor(
    private readonly arena: Arena,
    cells: readonly CarriedState[],
    batch: number,
  ) {
    this.size = cells.reduce((sum, { states, units }) => sum + states * batch * units, 0);
    this.before = this.size > 0 ? arena.fixed(this.size) : 0;
    this.after = this.size > 0 ? arena.fixed(this.size) : 0;
    let offset = 0;
    for (const cell of cells) {
      cell.before = this.before + offset;
      cell.after = this.after + offset;
      offset += 4 * cell.states * batch * cell.units;
    }
  }

  /** After a batch. */
  advance(): void {
    this.values.set(this.newest);
  }

  /** The states before the next batch, cell after cell: a view, valid until the memory grows. */
  get values(): Float32Array {
    return this.view(this.before);
  }

  /** Those after the last batch, whether it came to a good end or not. */
  get newest(): Float32Array {
    return this.view(this.after);
  }

  private view(address: number): Float32Array {
    return this.arena.f32.subarray(address >>> 2, (address >>> 2) + this.size);
  }
}
