/** The records by which the kernels of a cell know where all is: one for each share of the batch, and one for the whole of it. */
import { FIELD, RECURRENCE_CONSTANTS, RECURRENCE_WORDS, roundUp } from '../../kernels/recurrence.js';
import type { Arena } from '../arena.js';
import type { Range, Rows } from '../rows.js';

export type RecordFields = Partial<Record<keyof typeof FIELD, number>>;

/** Fields whose address moves on by their row for each batch entry. */
const PER_ROW = ['x', 'mask', 'z', 'gates', 'reset', 'kept', 'sequences', 'last', 'dz', 'dGates', 'dx'] as const;

/** Fields whose rows lie side by side, U floats each. */
export const STATES = ['h0', 'c0', 'hT', 'cT', 'dh0', 'dc0'] as const;

export function rowsFields(name: 'sequences' | 'dx', rows: Rows | undefined): RecordFields {
  if (!rows) return {};
  return {
    [name]: rows.address,
    [`${name}Row`]: 4 * rows.rowStride,
    [`${name}Step`]: 4 * rows.stepStride,
  };
}

const WORDS = RECURRENCE_WORDS + RECURRENCE_CONSTANTS;

export class CellRecords {
  /** Floats of what one row of the batch carries from step to step. */
  readonly carryRow: number;
  private readonly address: number;
  /** The numbers of the records that are written. */
  private readonly written = new Set<number>();

  constructor(
    private readonly arena: Arena,
    private readonly batch: number,
    private readonly units: number,
  ) {
    this.carryRow = 2 * roundUp(units, 16);
    this.address = arena.fixed((batch + 1) * WORDS);
  }

  addressAt(number: number): number {
    return this.address + 4 * number * WORDS;
  }

  /** The address of the record for a share of the batch; shares do not overlap, so `from` tells them apart. */
  of(rows: Range, fields: RecordFields): number {
    return this.write(rows.from, rows, fields);
  }

  /** That of a record of its own, the same for all threads: no share's, which another thread may be writing. */
  ofAll(fields: RecordFields): number {
    return this.write(this.batch, { from: 0, to: this.batch }, fields);
  }

  /** The address of the record with this number, written once. */
  private write(number: number, { from, to }: Range, fields: RecordFields): number {
    const address = this.addressAt(number);
    const words = this.arena.i32;
    const at = address >>> 2;
    // Another number of threads cuts other shares, some of which begin where one of these does.
    if (this.written.has(number) && words[at + FIELD.batch] === to - from) return address;
    for (const name of Object.keys(fields) as (keyof typeof FIELD)[]) words[at + FIELD[name]] = fields[name] ?? 0;
    for (const name of PER_ROW) {
      const start = fields[name] ?? 0;
      if (start) words[at + FIELD[name]] = start + from * (fields[`${name}Row`] ?? 0);
    }
    for (const name of STATES) {
      const start = fields[name] ?? 0;
      if (start) words[at + FIELD[name]] = start + 4 * from * this.units;
    }
    const { carry = 0, dc = 0, dPanels = 0, first = 0 } = fields;
    if (first) words[at + FIELD.first] = first + 4 * from;
    words[at + FIELD.batch] = to - from;
    words[at + FIELD.carry] = carry + 4 * from * this.carryRow;
    words[at + FIELD.dc] = dc + 2 * from * this.carryRow;
    words[at + FIELD.dPanels] = dPanels + 64 * from;
    words[at + FIELD.constants] = address + 4 * RECURRENCE_WORDS;
    this.written.add(number);
    return address;
  }
}
