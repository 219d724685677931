import { columns, count, names, type OptionTable, oneOf } from './options.js';

/** How a table is to be understood: the options of every task that reads one. */
export interface TableOptions {
  /** The columns that go in: all that can. */
  features?: string[];
  /** Columns that are left out. */
  drop?: string[];
  /** The column that orders the rows, or the date and the hour. */
  time?: string[];
  /** How missing values are filled: linear, in single rows by the median. */
  fill?: 'linear' | 'none';
  /** Further marks of a missing value. */
  missing?: string[];
  /** The decimal sign, where a column leaves it open. */
  decimal?: '.' | ',';
  /** Whether day or month comes first, where the column leaves it open. */
  dates?: 'day' | 'month';
  /** Rows that are held of a table that has more, which is read as a stream: 500,000. */
  mostRows?: number;
}

export const tableOptions: OptionTable<TableOptions> = {
  features: { flags: '--features <COL,...>', help: 'columns that go in (all that can)', kind: columns },
  drop: { flags: '--drop <COL,...>', help: 'columns to leave out', kind: columns },
  time: {
    flags: '--time <COL[,COL]>',
    help: 'the column that orders the rows, or a date and an hour (found)',
    kind: columns,
  },
  fill: {
    flags: '--fill <HOW>',
    help: 'missing values: linear (default; single rows: the median), or none, which refuses them',
    kind: oneOf('linear', 'none'),
  },
  missing: { flags: '--missing <MARK,...>', help: 'further marks of a missing value', kind: names },
  decimal: {
    flags: '--decimal <SIGN>',
    help: 'the decimal sign, where a column leaves it open: . or ,',
    kind: oneOf('.', ','),
  },
  dates: {
    flags: '--dates <FIRST>',
    help: 'day or month: which comes first, where dates leave it open',
    kind: oneOf('day', 'month'),
  },
  mostRows: {
    flags: '--most-rows <N>',
    help: 'rows held of a longer table, which is streamed (500000)',
    kind: count,
  },
};
