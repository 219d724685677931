import type { DataInput } from '../../data/source.js';
import type { TaskFlags } from '../definition.js';
import { atLeast0, columns, count, data, numbers, type OptionKind, type OptionTable, text } from '../options.js';
import { anyOf, between, wholeBetween } from '../ranges.js';
import { type TableOptions, tableOptions } from '../tableOptions.js';

export interface ForecastOptions extends TableOptions {
  /** The columns to forecast. */
  targets: string[];
  /** Rows that go into the network: what suits the season (plain: 30). */
  window?: number;
  /** Rows that come out: one season, 6 where there is none (plain: 1). */
  horizon?: number;
  /** Columns whose values are known ahead of time. */
  known?: string[];
  /** The columns that tell the series of a row. */
  group?: string[];
  /** The step that rows are brought to: '1d'. */
  every?: string;
}

export interface ForecastPredictOptions {
  /** How many steps to forecast: the horizon. */
  steps?: number;
  /** Per cent of the values that are to lie inside: 80. */
  interval?: number[];
  /** The columns known ahead, for the rows to come: a file, or rows or columns in code. */
  future?: DataInput;
}

const forecastOptions: OptionTable<ForecastOptions> = {
  targets: { flags: '--forecast <COL,...>', help: 'forecast columns of a table, row by row', kind: columns },
  window: {
    flags: '--window <N>',
    help: 'rows that go into the network (what suits the season; plain 30)',
    kind: count,
    range: wholeBetween(4, 96),
  },
  horizon: { flags: '--horizon <H>', help: 'rows to forecast at once (one season, else 6; plain 1)', kind: count },
  ...tableOptions,
  known: { flags: '--known <COL,...>', help: 'columns known ahead, such as promotions and holidays', kind: columns },
  group: {
    flags: '--group <COL,...>',
    help: 'the columns that tell the series of a row, such as store,item',
    kind: columns,
  },
  every: {
    flags: '--every <STEP>',
    help: 'bring rows to a step: 15min, 1h, 1d, 1w, 1mo, 1q, 1y (as they are)',
    kind: text,
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

const forecastPredictOptions: OptionTable<ForecastPredictOptions> = {
  steps: { flags: '--steps <N>', help: 'how many rows to forecast (the horizon)', kind: count },
  interval: {
    flags: '--interval <PERCENT,...>',
    help: 'intervals that hold so many of the values (80)',
    kind: numbers(percentage),
  },
  future: { flags: '--future <FILE>', help: 'the columns known ahead, for the rows to come', kind: data },
};

export const forecastFlags = {
  kind: 'forecast',
  choose: { flags: forecastOptions.targets.flags, help: forecastOptions.targets.help, option: 'targets' },
  options: forecastOptions,
  predictOptions: forecastPredictOptions,
  ranges: {
    learningRate: between(0.001, 0.02),
    batchSize: anyOf(16, 32, 64, 128),
    layers: {
      units: anyOf(8, 16, 32, 64),
      depth: anyOf(1, 2),
      dropout: anyOf(0, 0.1, 0.2, 0.4),
      cell: anyOf('LSTM', 'GRU'),
    },
  },
} as const satisfies TaskFlags<ForecastOptions, ForecastPredictOptions>;
