import { usageError } from '../../errors.js';
import type { ColumnUse, FrameReading } from '../frame.js';
import type { Table } from '../table.js';

/** What is asked of a table, and said about it. */
export interface UnderstandOptions {
  /** Columns of numbers to forecast. */
  targets?: string[];
  /** The column of classes. */
  label?: string;
  /** The columns that make the time; found when not given. */
  time?: string[];
  /** The columns whose values tell series apart. */
  group?: string[];
  /** The only other columns that are used. */
  features?: string[];
  /** Columns that are not used. */
  drop?: string[];
  /** Columns whose values are known in advance. */
  known?: string[];
  /** Further marks of a missing value. */
  missing?: string[];
  decimal?: '.' | ',';
  /** Which comes first in dates such as 01/02/2020. */
  dates?: 'day' | 'month';
  /** Whether missing values and times are filled in (the default), refused, or left as NaN in rows of their own. */
  fill?: 'linear' | 'none' | 'leave';
  /** The step to bring rows to: '1d', '15min', '1h', '1w', '1mo'. */
  every?: string;
  /** Rows that have nothing to do with each other: nothing is filled from one to the next, and no series is looked for. */
  timeless?: boolean;
  /** Keeps columns of one value only: the steps of rows that are sequences, which count by their places. */
  whole?: boolean;
  /** Reads the table as a model's was. */
  like?: FrameReading;
  /** With `like`: the only uses whose columns must be there, such as 'known' in a table of the future. */
  only?: ColumnUse[];
  /** The table goes on after its last row, where it so has no footer. */
  goesOn?: boolean;
}

/** What each column is asked to be. Columns that are not in `uses` are features when `features` is not given. */
export interface Request {
  uses: Map<string, ColumnUse>;
  time?: string[];
  group: string[];
  /** Whether features were named: all others are left out. */
  named: boolean;
  missing: string[];
  fill: 'linear' | 'none' | 'leave';
  every?: string;
}

/** @throws MemcellError (usage) for names that are not there, that are given twice, or that contradict each other */
export function readRequest(table: Table, options: UnderstandOptions): Request {
  const { like } = options;
  if (like !== undefined) return likeRequest(table, options, like);
  const uses = new Map<string, ColumnUse>();
  const assign = (names: readonly string[] | undefined, use: ColumnUse, option: string) => {
    for (const [i, given] of (names ?? []).entries()) {
      const { name } = table.column(given);
      if (names?.indexOf(given) !== i) throw usageError(`${option}: column ${name} is named twice`);
      const before = uses.get(name);
      if (before !== undefined && !(use === 'feature' && before !== 'out' && before !== 'time')) {
        throw usageError(
          `${option}: column ${name} is ${before === 'out' ? 'dropped' : `the ${before}`} as well; name it once`,
        );
      }
      if (before === undefined) uses.set(name, use);
    }
  };
  assign(options.drop, 'out', 'drop');
  assign(options.targets, 'target', 'targets');
  assign(options.label === undefined ? [] : [options.label], 'label', 'label');
  assign(options.time, 'time', 'time');
  assign(options.group, 'group', 'group');
  assign(options.known, 'known', 'known');
  assign(options.features, 'feature', 'features');
  return {
    uses,
    group: options.group ?? [],
    named: options.features !== undefined,
    missing: [...new Set(options.missing)],
    fill: options.fill ?? 'linear',
    ...(options.time && { time: options.time }),
    ...(options.every !== undefined && { every: options.every }),
  };
}

function likeRequest(table: Table, options: UnderstandOptions, like: FrameReading): Request {
  const there = new Set(table.columns.map(({ name }) => name));
  const uses = new Map<string, ColumnUse>();
  for (const { name, use } of like.columns) {
    if (use === 'out' || use === 'time') continue;
    const needed = use !== 'label' && (options.only === undefined || use === 'group' || options.only.includes(use));
    if (!there.has(name)) {
      if (needed) table.column(name);
      continue;
    }
    uses.set(name, options.only === undefined || needed ? use : 'out');
  }
  const time = options.time ?? like.time?.columns;
  const hasTime = options.time !== undefined || time?.every((name) => there.has(name));
  for (const name of (hasTime && time) || []) uses.set(table.column(name).name, 'time');
  const every = options.every ?? like.every;
  return {
    uses,
    group: like.group ?? [],
    named: true,
    missing: [...new Set([...(like.missing ?? []), ...(options.missing ?? [])])],
    fill: options.fill ?? like.fill,
    ...(hasTime && { time }),
    ...(every !== undefined && { every }),
  };
}
