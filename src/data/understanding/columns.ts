import { MemcellError } from '../../errors.js';
import type { ColumnReading } from '../frame.js';
import type { Table } from '../table.js';
import type { MissingMarks } from './marks.js';
import {
  certainDecimal,
  describeNumber,
  isMagnitudes,
  type NumberReading,
  numberNotation,
  numberParser,
} from './numbers.js';
import type { RawColumn } from './rawColumns.js';
import { naturally } from './series.js';
import { quoted, shorten, times } from './wording.js';

/** More different texts than this are not made into channels. */
const mostCategories = 50;

/** A column's values in the order of some rows, and how they were read. */
export interface ReadColumn {
  reading: ColumnReading;
  values: Float64Array;
  /** Things to be told: infinite values, values that the model has not seen. */
  notes: string[];
}

/** Why a column is not made into numbers. */
export interface Unread {
  why: string;
  /** Whether it holds texts, more different ones than are made into channels. */
  texts?: true;
}

/** Words for 0 and for 1 that stand the other way round in the order of the alphabet, which holds for all others. */
const pairs = [
  ['nein', 'ja'],
  ['nee', 'ja'],
  ['nej', 'ja'],
  ['нет', 'да'],
  ['inactive', 'active'],
  ['inaktiv', 'aktiv'],
  ['n', 'j'],
  ['ne', 'ano'],
  ['nie', 'áno'],
  ['hayır', 'evet'],
  ['aus', 'an'],
  ['✗', '✓'],
  ['low', 'high'],
];

/** Reads the columns of one table in the order of its rows that are kept. */
export class ColumnReader {
  private fileDecimal: '.' | ',' | undefined | 'unknown' = 'unknown';

  constructor(
    private readonly table: Table,
    private readonly columns: ReadonlyMap<string, RawColumn>,
    private readonly rows: Int32Array,
    private readonly marks: MissingMarks,
    private readonly decimal: '.' | ',' | undefined,
    /** Columns that hold times: they say nothing about decimals. */
    private readonly times: readonly string[],
  ) {}

  /**
   * A column of numbers; undefined when half of its cells or more are none.
   * @throws MemcellError at the first cell that is no number among numbers, and when nothing tells a decimal point from
   *   one of thousands
   */
  numbers(column: RawColumn, remedy: string): ReadColumn | undefined {
    if (column.times !== undefined) return undefined;
    if (column.numbers !== undefined) return this.typed(column, column.numbers);
    const cells = column.cells();
    const options = {
      semicolons: this.table.decimalComma,
      isMissing: this.marks.isMissingNumber,
      ...(this.decimal && { decimal: this.decimal }),
    };
    let found = numberNotation(cells, this.rows, options);
    if (found !== undefined && 'ambiguous' in found) {
      const fileDecimal = this.decimalOfFile();
      if (fileDecimal !== undefined) found = numberNotation(cells, this.rows, { ...options, fileDecimal });
    }
    if (found === undefined) return undefined;
    if ('ambiguous' in found) {
      const [one, other] = found.ambiguous;
      const both = one === other ? `'${one}'` : `'${one}' and '${other}'`;
      const comma =
        found.separator === '.'
          ? `--decimal , for ${one.replaceAll('.', '')}`
          : `--decimal . for ${one.replaceAll(',', '')}`;
      const point = found.separator === '.' ? `--decimal . for ${plainly(one)}` : `--decimal , for ${plainly(one)}`;
      throw new MemcellError(
        `${this.table.where(cells.indexOf(one), column.name)}: ${both} may have a decimal ${found.separator === '.' ? 'point' : 'comma'} or thousands; say which: ${comma}, ${point}`,
      );
    }
    return withMarks(this.asNumbers(column, found.reading, remedy), column, found.marks);
  }

  /**
   * A column of another table than the one whose notation this is: read as it is written here where that leaves no doubt.
   * @throws MemcellError also for numbers in another unit
   */
  numbersLike(column: RawColumn, saved: NumberReading, remedy: string): ReadColumn {
    if (column.numbers !== undefined || column.times !== undefined) return this.asNumbers(column, saved, remedy);
    const found = numberNotation(column.cells(), this.rows, {
      semicolons: this.table.decimalComma,
      isMissing: this.marks.isMissingNumber,
      fileDecimal: this.decimal ?? this.decimalOfFile() ?? saved.decimal,
      ...(this.decimal && { decimal: this.decimal }),
    });
    if (found === undefined || 'ambiguous' in found) return this.asNumbers(column, saved, remedy);
    const { unit } = found.reading;
    const multiplied = isMagnitudes(saved.unit) || isMagnitudes(unit);
    if (unit !== undefined && saved.unit !== undefined && unit !== saved.unit && !multiplied) {
      throw new MemcellError(
        `${this.table.name}: column ${column.name} is in ${unit}, the model's data in ${saved.unit}; bring it to ${saved.unit}`,
      );
    }
    const here = { ...found.reading, ...(isMagnitudes(saved.unit) && { unit: saved.unit }) };
    return { ...withMarks(this.asNumbers(column, here, remedy), column, found.marks), reading: saved };
  }

  /** A column in a known notation. */
  asNumbers(column: RawColumn, reading: NumberReading, remedy: string): ReadColumn {
    if (column.numbers !== undefined) return { ...this.typed(column, column.numbers), reading };
    const cells = column.cells();
    const parse = numberParser(reading);
    const values = new Float64Array(this.rows.length);
    let odd = -1;
    let infinite = 0;
    for (let i = 0; i < values.length; i++) {
      const cell = cells[this.rows[i]];
      const value = parse(cell);
      values[i] = this.marks.numbers.has(value) ? Number.NaN : value;
      if (Number.isFinite(value)) continue;
      values[i] = Number.NaN;
      if (!this.marks.isMissingNumber(cell) || Math.abs(value) === Number.POSITIVE_INFINITY) {
        if (odd < 0 || this.rows[i] < odd) odd = this.rows[i];
      } else if (/inf|∞/i.test(cell)) infinite++;
    }
    if (odd >= 0) {
      const what = Number.isNaN(parse(cells[odd])) ? 'is not a number' : 'is beyond all numbers';
      const mark = `--missing ${quoted(shorten(cells[odd]))} if it means that there is no value`;
      throw new MemcellError(
        `${this.table.where(odd, column.name)}: '${shorten(cells[odd])}' ${what}; correct it, or ${mark}${remedy}`,
      );
    }
    return { reading, values, notes: infiniteNote(column.name, infinite) };
  }

  /** 0 and 1 for two texts, two numbers 0 and 1, or an empty cell and a text. */
  asFlag(column: RawColumn, reading: Extract<ColumnReading, { kind: 'flag' }>): ReadColumn {
    const [zero, one] = [sameness(reading.zero), sameness(reading.one)];
    const counted = zero === '0' && one === '1';
    let numbers = 0;
    const values = this.mapped(column, (cell, row) => {
      const written = sameness(cell);
      if (written === one) return 1;
      if (written === zero) return 0;
      // A count that was never above 1 where the model was trained.
      if (counted && Number.isFinite(Number(written))) {
        numbers++;
        return Number(written);
      }
      throw new MemcellError(
        `${this.table.where(row, column.name)}: '${shorten(cell)}' is neither ${reading.zero || 'empty'} nor ${reading.one}, which the column holds elsewhere; correct it, or leave the column out with --drop`,
      );
    });
    if (zero === '') for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) values[i] = 0;
    const notes =
      numbers === 0
        ? []
        : [`${column.name}: ${times(numbers, 'value')} beside 0 and 1, which is all that the model has seen`];
    return { reading, values, notes };
  }

  /** The index of each text among the known ones; those that are not are missing, and told. */
  asCategory(column: RawColumn, reading: Extract<ColumnReading, { kind: 'category' }>): ReadColumn {
    const index = new Map(reading.values.map((value, i) => [value, i]));
    const folded = new Map(reading.values.map((value, i) => [sameText(value), i]));
    let [unknown, first] = [0, -1];
    const values = this.mapped(column, (cell, row) => {
      const found = index.get(cell) ?? folded.get(sameText(cell));
      if (found !== undefined) return found;
      unknown++;
      if (first < 0 || row < first) first = row;
      return Number.NaN;
    });
    if (unknown === 0) return { reading, values, notes: [] };
    const place = this.table.where(first, column.name);
    const written = shorten(this.cells(column)[first]);
    return {
      reading,
      values,
      notes: [
        `${place}: '${written}' is none of the ${reading.values.length} values known; ${times(unknown, 'cell')} like it count as none of them`,
      ],
    };
  }

  /** Two texts as 0 and 1, up to 50 as categories; else why not. */
  texts(column: RawColumn): ReadColumn | Unread {
    if (column.times !== undefined) return { why: 'a time' };
    const { different, held, spelled } = this.different(column);
    const [only] = different;
    if (different.length === 0) return { why: 'every cell is missing' };
    if (different.length === 1 && !(held > 1 && held <= this.rows.length / 2))
      return { why: `every cell ${held < this.rows.length ? 'that is not empty ' : ''}is ${shorten(only)}` };
    if (different.length > mostCategories)
      return { why: `text with ${different.length} different values`, texts: true };
    if (different.length > 2 && different.length > held / 2)
      return { why: 'text that differs in nearly every row', texts: true };
    const read =
      different.length > 2
        ? this.asCategory(column, { kind: 'category', values: different.sort(naturally) })
        : this.asFlag(column, different.length === 2 ? flagOf(different) : { kind: 'flag', zero: '', one: only });
    if (spelled === undefined) return read;
    return { ...read, notes: [...read.notes, `${column.name}: count as the same: ${spelled}`] };
  }

  /** The texts of a column, of those that differ in upper and lower case and blanks only the most frequent. */
  private different(column: RawColumn): { different: string[]; held: number; spelled?: string } {
    const cells = this.cells(column);
    const counts = new Map<string, number>();
    let held = 0;
    for (const row of this.rows) {
      if (this.marks.isMissing(cells[row])) continue;
      held++;
      counts.set(cells[row], (counts.get(cells[row]) ?? 0) + 1);
    }
    const groups = new Map<string, string[]>();
    for (const cell of counts.keys()) {
      const key = sameText(cell);
      groups.set(key, [...(groups.get(key) ?? []), cell]);
    }
    const spellings = [...groups.values()].map((group) =>
      group.sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || naturally(a, b)),
    );
    const several = spellings.filter(({ length }) => length > 1).map((group) => group.join(', '));
    const spelled = several.length > 5 ? [...several.slice(0, 5), '…'] : several;
    const different = spellings.map(([first]) => first);
    return { different, held, ...(spelled.length > 0 && { spelled: spelled.join('; ') }) };
  }

  /** Whether every cell says that there is no value. */
  isEmpty(column: RawColumn): boolean {
    const cells = this.cells(column);
    return this.rows.every((row) => this.marks.isMissingNumber(cells[row]));
  }

  private cells(column: RawColumn): readonly string[] {
    return column.cells();
  }

  private mapped(column: RawColumn, read: (cell: string, row: number) => number): Float64Array {
    const cells = column.numbers === undefined ? this.cells(column) : undefined;
    const values = new Float64Array(this.rows.length);
    for (let i = 0; i < values.length; i++) {
      const row = this.rows[i];
      const cell = cells?.[row] ?? String(column.numbers?.[row]);
      values[i] = this.marks.isMissing(cell) ? Number.NaN : read(cell, row);
    }
    return values;
  }

  private typed(column: RawColumn, numbers: Float64Array): ReadColumn {
    const values = new Float64Array(this.rows.length);
    const marks = this.marks.numbers;
    let infinite = 0;
    for (let i = 0; i < values.length; i++) {
      const value = numbers[this.rows[i]];
      const finite = Number.isFinite(value);
      if (!finite && !Number.isNaN(value)) infinite++;
      values[i] = !finite || (marks.size > 0 && marks.has(value)) ? Number.NaN : value;
    }
    return { reading: { kind: 'number', decimal: '.' }, values, notes: infiniteNote(column.name, infinite) };
  }

  private decimalOfFile(): '.' | ',' | undefined {
    if (this.fileDecimal !== 'unknown') return this.fileDecimal;
    const found = new Set<'.' | ','>();
    for (const column of this.columns.values()) {
      if (column.numbers !== undefined || column.times !== undefined) continue;
      if (this.times.includes(column.name)) continue;
      const decimal = certainDecimal(this.cells(column), this.rows);
      if (decimal !== undefined) found.add(decimal);
    }
    this.fileDecimal = found.size === 1 ? [...found][0] : undefined;
    return this.fileDecimal;
  }
}

/** 'number, decimal comma', '0/1 (no, yes)', 'one-hot of 4'. */
export function describeReading(reading: ColumnReading): string {
  if (reading.kind === 'number') return describeNumber(reading);
  if (reading.kind === 'flag') return `0/1 (${reading.zero || 'empty'}, ${reading.one})`;
  return reading.kind === 'category' ? `one-hot of ${reading.values.length}` : reading.kind;
}

/** Whether every value that is there is 0 or 1, and both are. */
export function isZeroOne(values: Float64Array): boolean {
  let [zeros, ones] = [0, 0];
  for (const value of values) {
    if (value === 0) zeros++;
    else if (value === 1) ones++;
    else if (!Number.isNaN(value)) return false;
  }
  return zeros > 0 && ones > 0;
}

/** Whether a half of the values or less is there, all of them 1: marks of what holds in some rows. */
export function isOneOrMissing(values: Float64Array): boolean {
  let ones = 0;
  for (const value of values) {
    if (value === 1) ones++;
    else if (!Number.isNaN(value)) return false;
  }
  return ones > 1 && ones <= values.length / 2;
}

function flagOf(values: string[]): Extract<ColumnReading, { kind: 'flag' }> {
  const [a, b] = values.sort(naturally);
  const lower = [a.toLowerCase(), b.toLowerCase()];
  const turned = pairs.some(([zero, one]) => lower[0] === one && lower[1] === zero);
  return turned ? { kind: 'flag', zero: b, one: a } : { kind: 'flag', zero: a, one: b };
}

/** What texts that differ in case and blanks only have in common. */
function sameText(cell: string): string {
  return cell.trim().toLowerCase();
}

/** Texts that mean the same in a flag: without regard to case, numbers by their value. */
function sameness(cell: string): string {
  const number = cell === '' ? Number.NaN : Number(cell);
  return Number.isNaN(number) ? sameText(cell) : String(number);
}

function plainly(cell: string): string {
  const digits = cell.replace(/[^\d.,-]/g, '').replace(',', '.');
  return String(Number(digits));
}

function withMarks(read: ReadColumn, { name }: RawColumn, marks: readonly string[] | undefined): ReadColumn {
  if (marks === undefined) return read;
  return { ...read, notes: [...read.notes, `${name}: what stands behind numbers (${marks.join(', ')}) is not read`] };
}

function infiniteNote(name: string, count: number): string[] {
  return count === 0 ? [] : [`${name}: ${times(count, 'infinite value')} taken as missing`];
}
