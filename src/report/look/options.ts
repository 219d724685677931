import { forecastFlags } from '../../tasks/forecast/options.js';
import { names, type OptionTable } from '../../tasks/options.js';
import { tableOptions } from '../../tasks/tableOptions.js';

/** What is looked at of a table, and how it is to be understood. */
export interface PlotOptions {
  /** The columns that are looked at: all that can be. */
  columns?: string[];
  /** Columns that are left out. */
  drop?: string[];
  /** The column that orders the rows, or the date and the hour. */
  time?: string[];
  /** The columns that tell the series of a row. */
  group?: string[];
  /** The step that rows are brought to: '1d'. */
  every?: string;
  /** Further marks of a missing value. */
  missing?: string[];
  /** The decimal sign, where a column leaves it open. */
  decimal?: '.' | ',';
  /** Whether day or month comes first, where the column leaves it open. */
  dates?: 'day' | 'month';
  /** Rows that are held of a table that has more: the newest of 500,000. */
  mostRows?: number;
}

const { drop, time, missing, decimal, dates, mostRows } = tableOptions;
const { group, every } = forecastFlags.options;

/** On the command line columns are arguments. */
export const plotOptions: OptionTable<PlotOptions> = {
  columns: { flags: '--columns <COL,...>', help: 'columns to look at', kind: names },
  drop,
  time,
  group,
  every,
  missing,
  decimal,
  dates,
  mostRows,
};
