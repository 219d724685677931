import type { TaskFlags } from '../definition.js';
import { count, type OptionTable, text } from '../options.js';
import { anyOf, between } from '../ranges.js';

export interface SymbolsOptions {
  /** Symbols that go in; chosen by the error on held-out symbols when not given. */
  window?: number;
}

export interface SymbolsPredictOptions {
  /** Symbols to predict: 10. */
  steps?: number;
  /** The symbols to go on from, such as '1 2 3'; the end of the data when not given. */
  start?: string;
}

const symbolsOptions: OptionTable<SymbolsOptions> = {
  window: {
    flags: '--window <N>',
    help: 'symbols that go in (chosen by held-out error)',
    kind: count,
    range: anyOf(1, 2, 3, 4, 6, 8, 12, 16),
  },
};

const symbolsPredictOptions: OptionTable<SymbolsPredictOptions> = {
  steps: { flags: '--steps <N>', help: 'symbols to predict (10)', kind: count },
  start: { flags: '--start <SYMBOLS>', help: 'the symbols to go on from, such as "1 2 3"', kind: text },
};

export const symbolsFlags = {
  kind: 'symbols',
  choose: { flags: '--symbols', help: 'learn the next symbol of a sequence of whole numbers, words or letters' },
  options: symbolsOptions,
  predictOptions: symbolsPredictOptions,
  ranges: {
    learningRate: between(0.001, 0.02),
    batchSize: anyOf(4, 8, 16, 32),
    layers: {
      units: anyOf(16, 32, 50, 64, 128),
      depth: anyOf(1, 2),
      dropout: anyOf(0, 0.1, 0.2, 0.4),
      cell: anyOf('LSTM', 'GRU'),
    },
  },
} as const satisfies TaskFlags<SymbolsOptions, SymbolsPredictOptions>;
