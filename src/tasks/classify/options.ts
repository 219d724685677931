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
  /** How missing values of groups with a time are filled: linear. */
  fill?: 'linear' | 'none';
  /** Further marks of a missing value. */
  missing?: string[];
  /** The decimal sign, where the columns leave it open. */
  decimal?: '.' | ',';
  /** The order of day, month and year, where the column leaves it open. */
  dates?: 'dmy' | 'mdy' | 'ymd';
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
    help: 'missing values of groups: linear (default) or none, which refuses them',
    kind: oneOf('linear', 'none'),
  },
  missing: { flags: '--missing <MARK,...>', help: 'further marks of a missing value', kind: names },
  decimal: {
    flags: '--decimal <SIGN>',
    help: 'the decimal sign, where columns leave it open: . or ,',
    kind: oneOf('.', ','),
  },
  dates: {
    flags: '--dates <ORDER>',
    help: 'the order of dates that leave it open: dmy, mdy or ymd',
    kind: oneOf('dmy', 'mdy', 'ymd'),
  },
};

export const classifyPredictOptions: OptionTable<ClassifyPredictOptions> = {};
