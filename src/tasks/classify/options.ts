import { count, names, type OptionTable, oneOf, text } from '../options.js';

export interface ClassifyOptions {
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
  /** The columns that go in: all but the time and texts of too many values (plain: all columns of numbers). */
  features?: string[];
  /** Columns that are left out. */
  drop?: string[];
  /** The column that orders the rows, or the date and the hour. */
  time?: string[];
  /** Missing values: linear fills them, in groups along the time, in single rows with the median. */
  fill?: 'linear' | 'none';
  /** Further marks of a missing value. */
  missing?: string[];
  /** The decimal sign, where the columns leave it open. */
  decimal?: '.' | ',';
  /** Which comes first in dates such as 01/02/2020, where the column leaves it open. */
  dates?: 'day' | 'month';
}

/** Classifying takes no options of its own. */
export type ClassifyPredictOptions = Record<never, never>;

export const classifyOptions: OptionTable<ClassifyOptions> = {
  label: {
    flags: '--classify <COL>',
    help: "tell a column's class from the rest of the row, from a group of rows or from a text",
    kind: text,
  },
  steps: { flags: '--steps <T>', help: 'each row is a sequence of T steps', kind: count },
  group: { flags: '--group <COL,...>', help: 'rows equal in these columns are one sequence', kind: names },
  textColumn: { flags: '--text-column <COL>', help: 'tell the class from the text in this column', kind: text },
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
  features: { flags: '--features <COL,...>', help: 'columns that go in (all that can)', kind: names },
  drop: { flags: '--drop <COL,...>', help: 'columns to leave out', kind: names },
  time: {
    flags: '--time <COL[,COL]>',
    help: 'the column that orders the rows, or a date and an hour (found)',
    kind: names,
  },
  fill: {
    flags: '--fill <HOW>',
    help: 'missing values: linear (default; single rows: the median) or none, which refuses them',
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

export const classifyPredictOptions: OptionTable<ClassifyPredictOptions> = {};
