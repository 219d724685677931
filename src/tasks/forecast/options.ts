import { atLeast0, count, names, numbers, type OptionKind, type OptionTable, oneOf, text } from '../options.js';

export interface ForecastOptions {
  /** The columns to forecast. */
  targets: string[];
  /** Rows that go into the network: what suits the season (plain: 30). */
  window?: number;
  /** Rows that come out: one season, 6 where there is none (plain: 1). */
  horizon?: number;
  /** The further columns that go in: all but the time and texts of too many values. */
  features?: string[];
  /** Columns that are left out. */
  drop?: string[];
  /** Columns whose values are known ahead of time. */
  known?: string[];
  /** The columns that tell the series of a row. */
  group?: string[];
  /** The column that orders the rows, or the date and the hour. */
  time?: string[];
  /** The step that rows are brought to: '1d'. */
  every?: string;
  /** How missing values are filled: linear. */
  fill?: 'linear' | 'none';
  /** Further marks of a missing value. */
  missing?: string[];
  /** The decimal sign, where the columns leave it open. */
  decimal?: '.' | ',';
  /** Which comes first in dates such as 01/02/2020, where the column leaves it open. */
  dates?: 'day' | 'month';
}

export interface ForecastPredictOptions {
  /** How many steps to forecast: the horizon. */
  steps?: number;
  /** Per cent of the values that are to lie inside: 80. */
  interval?: number[];
  /** The file with the columns known ahead, for the rows to come. */
  future?: string;
}

export const forecastOptions: OptionTable<ForecastOptions> = {
  targets: { flags: '--forecast <COL,...>', help: 'forecast columns of a table, row by row', kind: names },
  window: {
    flags: '--window <N>',
    help: 'rows that go into the network (what suits the season; plain 30)',
    kind: count,
  },
  horizon: { flags: '--horizon <H>', help: 'rows to forecast at once (one season, else 6; plain 1)', kind: count },
  features: { flags: '--features <COL,...>', help: 'further columns that go in (all that can)', kind: names },
  drop: { flags: '--drop <COL,...>', help: 'columns to leave out', kind: names },
  known: { flags: '--known <COL,...>', help: 'columns known ahead, such as promotions and holidays', kind: names },
  group: {
    flags: '--group <COL,...>',
    help: 'the columns that tell the series of a row, such as store,item',
    kind: names,
  },
  time: {
    flags: '--time <COL[,COL]>',
    help: 'the column that orders the rows, or a date and an hour (found)',
    kind: names,
  },
  every: { flags: '--every <STEP>', help: 'bring rows to a step: 15min, 1h, 1d, 1w, 1mo (as they are)', kind: text },
  fill: {
    flags: '--fill <HOW>',
    help: 'missing values: linear (default) or none, which refuses them',
    kind: oneOf('linear', 'none'),
  },
  missing: { flags: '--missing <MARK,...>', help: 'further marks of a missing value', kind: names },
  decimal: {
    flags: '--decimal <SIGN>',
    help: 'the decimal sign, where columns leave it open: . or ,',
    kind: oneOf('.', ','),
  },
  dates: {
    flags: '--dates <FIRST>',
    help: 'which comes first in dates such as 01/02/2020: day or month (found where it can be)',
    kind: oneOf('day', 'month'),
  },
};

const percentage: OptionKind<number> = {
  what: 'a percentage above 0 and below 100',
  check: (value): value is number => atLeast0.check(value) && value > 0 && value < 100,
  parse: (given) => {
    const value = atLeast0.parse(given.trim().replace(/\s*%$/, ''));
    return percentage.check(value) ? value : undefined;
  },
};

export const forecastPredictOptions: OptionTable<ForecastPredictOptions> = {
  steps: { flags: '--steps <N>', help: 'how many rows to forecast (the horizon)', kind: count },
  interval: {
    flags: '--interval <PERCENT,...>',
    help: 'intervals that hold so many of the values (80)',
    kind: numbers(percentage),
  },
  future: { flags: '--future <FILE>', help: 'the columns known ahead, for the rows to come', kind: text },
};
