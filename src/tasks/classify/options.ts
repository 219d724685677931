import type { TaskFlags } from '../definition.js';
import { column, columns, count, type OptionTable, oneOf } from '../options.js';
import { anyOf, between } from '../ranges.js';
import { type TableOptions, tableOptions } from '../tableOptions.js';

export interface ClassifyOptions extends TableOptions {
  /** The column that holds the class. */
  label: string;
  /** Each row is a sequence of this many steps, its columns step after step. */
  steps?: number;
  /** Instead: the rows that are equal in these columns are one sequence. */
  group?: string[];
  /** Instead: a text of this column is the sequence, of words or characters. */
  textColumn?: string;
  /** What a text is cut into: words, or characters where few words come twice. */
  tokens?: 'words' | 'characters';
  /** Balanced: classes count alike in the loss, however many samples they have. */
  classWeights?: 'balanced';
}

/** Classifying takes no options of its own. */
export type ClassifyPredictOptions = Record<never, never>;

const classifyOptions: OptionTable<ClassifyOptions> = {
  label: {
    flags: '--classify <COL>',
    help: "tell a column's class from the rest of the row, from a group of rows or from a text",
    kind: column,
  },
  steps: { flags: '--steps <T>', help: 'each row is a sequence of T steps', kind: count },
  group: { flags: '--group <COL,...>', help: 'rows equal in these columns are one sequence', kind: columns },
  textColumn: { flags: '--text-column <COL>', help: 'tell the class from the text in this column', kind: column },
  tokens: {
    flags: '--tokens <KIND>',
    help: 'cut texts into words or characters (words, where they come more than once)',
    kind: oneOf('words', 'characters'),
  },
  classWeights: {
    flags: '--class-weights <HOW>',
    help: 'balanced: rare classes count as much as frequent ones',
    kind: oneOf('balanced'),
  },
  ...tableOptions,
};

const classifyPredictOptions: OptionTable<ClassifyPredictOptions> = {};

export const classifyFlags = {
  kind: 'classify',
  choose: { flags: classifyOptions.label.flags, help: classifyOptions.label.help, option: 'label' },
  options: classifyOptions,
  predictOptions: classifyPredictOptions,
  ranges: {
    learningRate: between(0.001, 0.03),
    batchSize: anyOf(16, 32, 64, 128),
    layers: {
      units: anyOf(16, 32, 64, 128),
      depth: anyOf(1, 2),
      dropout: anyOf(0, 0.1, 0.2, 0.4),
      cell: anyOf('LSTM', 'GRU'),
    },
  },
} as const satisfies TaskFlags<ClassifyOptions, ClassifyPredictOptions>;
