import type { Account } from '../../data/frame.js';
import type { Axis, Points } from '../../tasks/shown.js';

/** A table before anything is trained on it, as plain data of bounded size: what the figures draw, and `--json` gives. */
export interface TableLook {
  understood: Account;
  /** What x is in all figures. */
  axis: Axis;
  /** The series that are drawn: '' where there is one only. */
  series: LookedSeries[];
  /** All series, how long they are and what is missing, where there are several. */
  lengths?: { name: string; rows: number; missing: number }[];
  missing?: LookedMissing;
  correlations?: LookedCorrelations;
  /** What is not drawn, one line each. */
  left: string[];
}

export interface LookedSeries {
  name: string;
  rows: number;
  columns: LookedColumn[];
}

export type LookedColumn = LookedNumbers | LookedNames;

/** A column of numbers in one series. */
export interface LookedNumbers {
  kind: 'numbers';
  name: string;
  /** Rows with a value, and without. */
  values: number;
  missing: number;
  least: number;
  /** The values that a quarter, a half and three quarters of all lie below, interpolated between two values. */
  quartiles: [number, number, number];
  most: number;
  mean: number;
  /** The sample's, Σ(x − x̄)² over n − 1. */
  deviation: number;
  /** Every value, or the extremes of stretches of them. */
  line: Points;
  /** Stretches of rows without a value, the longest first: the x of the last value before and of the first one after. */
  gaps: { from: number; to: number; rows: number }[];
  histogram: { from: number; to: number; count: number }[];
  autocorrelation?: LookedAutocorrelation;
  cycles: LookedCycle[];
}

/** How values hang on the ones some rows before. */
export interface LookedAutocorrelation {
  /** Of lags 1, 2, …: of the values, and of their changes from row to row. */
  values: number[];
  changes: number[];
  /** The newest rows, which it is of. */
  rows: number;
  /** What 95 % of the numbers lie within, 1.96/√n, where nothing hangs on anything. */
  bound: number;
  /** Rows to a season; 1: none. */
  season: number;
  /** Whether the season is the calendar's, or found in the changes. */
  by: 'calendar' | 'changes';
}

/** The average over a season: a day of hours, a week of days, a year of months, or rows of a season that was found. */
export interface LookedCycle {
  name: 'hour' | 'weekday' | 'month' | 'row';
  places: { place: string; mean: number; low: number; high: number; count: number }[];
}

/** A column of names, or of two values such as 0 and 1, in one series. */
export interface LookedNames {
  kind: 'names';
  name: string;
  values: number;
  missing: number;
  /** The most frequent first; the rest together as `others`. */
  counts: { value: string; count: number }[];
  others: number;
}

/** Which share of values is missing, by column (or by series) and by stretches of rows. */
export interface LookedMissing {
  /** 'column' or 'series': what a line of `shares` is of. */
  of: 'column' | 'series';
  names: string[];
  /** The x at which stretches begin, and the end of the last one. */
  edges: number[];
  /** shares[name][stretch], from 0 to 1; null where a series has no rows. */
  shares: (number | null)[][];
}

/** Pearson's r of each two columns of numbers, over the rows that have both. */
export interface LookedCorrelations {
  columns: string[];
  /** null where one of both is constant, or rows with both are fewer than three. */
  r: (number | null)[][];
  rows: number[][];
}
