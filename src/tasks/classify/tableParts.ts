import { HeldRows, streamRows } from '../../data/heldRows.js';
import { longTable } from '../../data/longTable.js';
import type { Source } from '../../data/source.js';
import type { Table } from '../../data/table.js';
import { deriveKey } from '../../random.js';

/** A table, or consecutive parts of one that is too long to be held, of which each can be told by itself. */
export interface TableParts {
  /** Whether it is too long to be held. */
  long: boolean;
  parts: AsyncIterable<TablePart>;
  /** What was not plain in reading a long one; complete after the last part. */
  notes: string[];
}

export interface TablePart {
  table: Table;
  /** Whether rows come after these. */
  goesOn: boolean;
  /** The row of the whole, from 0, that a row of the part is. */
  placeOf(row: number): number;
}

export interface PartOptions {
  /** The columns that tell groups. */
  group?: readonly string[];
  /** Rows of a group above which it is handed over as it is, for the receiver to refuse. */
  longest?: number;
  /** Rows above which the table is read in parts: 500,000. */
  most?: number;
  /** Rows of a part, about: 65,536. */
  part?: number;
}

/** Rows of a part, about. */
const partRows = 2 ** 16;

/**
 * Reads a table whole, or in parts of about `part` rows in constant memory. Rows of one group come in one part: where they
 * stand together in the file it is read once, otherwise as often as it takes, each time for some of the groups.
 */
export async function tableParts(
  source: Source,
  { group = [], longest = 1, most, part = partRows }: PartOptions = {},
): Promise<TableParts> {
  const long = await longTable(source, most);
  const notes: string[] = [];
  if (long === undefined) {
    const whole = async function* () {
      yield { table: await source.table(), goesOn: false, placeOf: (row: number) => row };
    };
    return { long: false, parts: whole(), notes };
  }
  const { head } = long;
  for (const name of group) head.column(name);
  if (group.length === 0) return { long: true, parts: inOrder(source, head, notes, { group, part, longest }), notes };
  const { rows, together } = await groupsOf(source, head, group);
  if (together) return { long: true, parts: inOrder(source, head, notes, { group, part, longest }), notes };
  const times = Math.ceil(rows / (4 * part));
  notes.push(`rows of one ${group.join(' / ')} stand apart: the table is read ${times + 1} times`);
  return { long: true, parts: byGroup(source, head, notes, group, times), notes };
}

/** Parts one after the other, each ending with the end of a group. */
async function* inOrder(
  source: Source,
  head: Table,
  notes: string[],
  { group, longest, part: most }: Required<Pick<PartOptions, 'group' | 'longest' | 'part'>>,
): AsyncIterable<TablePart> {
  const places = placesOf(head, group);
  let held = new HeldRows(head);
  let before: string | undefined;
  const part = (goesOn: boolean) => {
    const full = held;
    held = new HeldRows(head);
    return partOf(full, source.name, goesOn);
  };
  for await (const chunk of streamRows(source, head)) {
    for (let row = 0; row < chunk.rows; row++) {
      if (held.count >= most) {
        const name = nameOf(places, chunk.columns, row);
        if (group.length === 0 || name !== before || held.count >= most + longest) yield part(true);
      }
      if (group.length > 0) before = nameOf(places, chunk.columns, row);
      held.add(chunk.columns, row, chunk.from + row);
    }
    notes.push(...(chunk.notes ?? []));
  }
  if (held.count > 0) yield part(false);
}

/** Reads so many times, each time the groups of some hashes. */
async function* byGroup(
  source: Source,
  head: Table,
  notes: string[],
  group: readonly string[],
  times: number,
): AsyncIterable<TablePart> {
  const places = placesOf(head, group);
  for (let time = 0; time < times; time++) {
    const held = new HeldRows(head);
    for await (const chunk of streamRows(source, head)) {
      for (let row = 0; row < chunk.rows; row++) {
        const hash = deriveKey(0, nameOf(places, chunk.columns, row)) >>> 0;
        if (hash % times === time) held.add(chunk.columns, row, chunk.from + row);
      }
      if (time === 0) notes.push(...(chunk.notes ?? []));
    }
    if (held.count > 0) yield partOf(held, source.name, true);
  }
}

function partOf(held: HeldRows, name: string, goesOn: boolean): TablePart {
  const table = held.table(name, []);
  return { table, goesOn, placeOf: (row) => (table.lines?.[row] ?? row + 1) - 1 };
}

/** How many rows there are, and whether each group's rows follow each other. */
async function groupsOf(
  source: Source,
  head: Table,
  group: readonly string[],
): Promise<{ rows: number; together: boolean }> {
  const columns = head.columns.filter(({ name }) => group.includes(name));
  const places = columns.map((_, i) => i);
  // 53 bits of each name. Two groups of one hash count as one that stands apart, which costs time only.
  const ended = new Set<number>();
  let [rows, before, together] = [0, '', true];
  for await (const chunk of streamRows(source, { columns })) {
    for (let row = 0; row < chunk.rows && together; row++) {
      const name = nameOf(places, chunk.columns, row);
      if (name === before && rows + row > 0) continue;
      const hash = (deriveKey(0, name) >>> 0) * 2 ** 21 + (deriveKey(1, name) >>> 11);
      if (ended.has(hash)) together = false;
      ended.add(hash);
      before = name;
    }
    rows = chunk.from + chunk.rows;
  }
  return { rows, together };
}

function placesOf(head: Table, names: readonly string[]): number[] {
  return names.map((name) => head.columns.findIndex((column) => column.name === name));
}

function nameOf(places: readonly number[], columns: readonly ArrayLike<number | string>[], row: number): string {
  return places.map((i) => columns[i][row]).join('\n');
}
