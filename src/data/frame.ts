import type { TimeStep } from './calendar.js';

/**
 * A table that has been understood: every column with the way its cells are read, rows in the order of series and time,
 * gaps filled or said. It is what tasks work on; `account` says in words what was done to get there.
 */
export interface Frame {
  /** The data's name, for messages. */
  readonly name: string;
  /** Rows that are left: sorted by series and time where there are any, otherwise in the file's order. */
  readonly rows: number;
  /** All of the table's columns, in its order; those with use 'out' are there to be told, not to be used. */
  readonly columns: readonly FrameColumn[];
  readonly time?: FrameTime;
  /** Each series' rows [from, to). One, named '', when nothing groups the rows. */
  readonly series: readonly SeriesRange[];
  /** The table's row, from 0, that each row is; −1 for one that was filled in. */
  readonly origins: Int32Array;
  readonly account: Account;
  /** The account's notes, with what can be counted over parts of a table as numbers. */
  readonly notes: readonly Note[];
  /** What another table needs to be read in the same way: plain JSON, kept with the model. */
  readonly reading: FrameReading;
  /** "weather.csv, line 17, column wind": where a row of the frame stands in the data. */
  where(row: number, column?: string): string;
  /** @throws MemcellError (usage) that lists the known columns. */
  column(name: string): FrameColumn;
}

/** What a column is for. */
export type ColumnUse = 'time' | 'group' | 'target' | 'label' | 'feature' | 'known' | 'out';

export interface FrameColumn {
  readonly name: string;
  readonly use: ColumnUse;
  readonly reading: ColumnReading;
  /**
   * One number per row: the number; 0 or 1 of a flag; the index of a category; for 'text' and 'time' empty. Missing ones
   * that were not filled are NaN.
   */
  readonly values: Float64Array;
  /** Per row 1 where a missing value was filled in; left out where none was. */
  readonly filled?: Uint8Array;
  /** As written, one per row: for labels, groups and texts. */
  readonly cells: readonly string[];
  /** Whether it is left out as it holds too many different texts. */
  readonly texts?: true;
}

/** How a column's cells become numbers. */
export type ColumnReading =
  /** `middle` stands for missing values in tables of single rows: the median, or the more frequent one of a flag. */
  | { kind: 'number'; decimal: '.' | ','; thousands?: string; unit?: string; middle?: number }
  | { kind: 'flag'; zero: string; one: string; middle?: number }
  | { kind: 'category'; values: string[] }
  | { kind: 'time' }
  | { kind: 'text' };

export interface FrameTime {
  /** The columns that make the time: one, or a date and an hour. */
  readonly columns: readonly string[];
  /** Per row: milliseconds since 1970 (UTC where an offset or zone is given, else the wall clock's), or plain numbers. */
  readonly times: Float64Array;
  /** The regular step, when there is one. */
  readonly step?: TimeStep;
  /** Rows to a season by the calendar (month 12, day 7, hour 24, …); undefined when the step says nothing. */
  readonly season?: number;
}

export interface SeriesRange {
  /** The values of the group columns, joined by ' / '. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** What was understood of a table: for people (accountText) and for --json, on every run. */
export interface Account {
  source: string;
  /** Rows that the table had, and that are used. */
  read: number;
  rows: number;
  time?: {
    columns: string[];
    /** How times are written: 'yyyy-MM-dd', 'dd/MM/yyyy HH:mm', 'seconds since 1970', … */
    notation: string;
    first: string;
    last: string;
    /** '1 day', '1 month', '15 minutes'; undefined when irregular. */
    step?: string;
    season?: number;
    /** Missing times inside the series that were filled, or left. */
    gaps: number;
    /** Whether rows had to be sorted. */
    sorted: boolean;
  };
  columns: {
    name: string;
    use: ColumnUse;
    /** 'number', '0/1 (no, yes)', 'one-hot of 4', 'number, thousands 1.070', … */
    how: string;
    /** For 'out', and whatever else is not plain. */
    why?: string;
    missing?: number;
    /** How missing ones were filled: 'linear', 'last value', … */
    filled?: string;
  }[];
  series?: { columns: string[]; count: number; shortest: number; longest: number };
  /** Everything else that was done or noticed, one line each: rows left out, a guessed separator, a footer, … */
  notes: string[];
}

/** What was done or noticed, one line; where it is rows left out, how many and why, so that they can be added up over parts of a table. */
export type Note = string | LeftOut;

export interface LeftOut {
  rows: number;
  why: string;
  /** Where the first one stands: 'line 17'. */
  first: string;
}

/** Saved with a model; see `Frame.reading`. The understanding of tables owns its fields and checks them when read from a file. */
export interface FrameReading {
  columns: { name: string; use: ColumnUse; reading: ColumnReading }[];
  time?: TimeReading;
  group?: string[];
  /** How missing values are filled. */
  fill: 'linear' | 'none';
  /** Further marks of a missing value. */
  missing?: string[];
  /** The step that rows are brought to, as given: '1d'. */
  every?: string;
}

/** How times are read and written. */
export interface TimeReading {
  columns: string[];
  /** A pattern of date fields (understanding/notations.ts), or what the numbers count: 'seconds since 1970', 'number'. */
  notation: string;
  /** The language of month names, and names as the data writes them: from January, from Monday. */
  locale?: string;
  months?: string[];
  weekdays?: string[];
  /** Minutes east of UTC in the last row, and the zone's name, where they are written. */
  offset?: number;
  zone?: string;
  /** Whether times are what the clock shows although offsets are written: days that are 23 or 25 hours long. */
  wall?: boolean;
  step?: TimeStep;
  season?: number;
}
