/** Cells that say that there is no value, in any column. */
const anywhere = new Set([
  '',
  'na',
  'n/a',
  '#n/a',
  '#na',
  '<na>',
  'nan',
  '-nan',
  'null',
  'nil',
  'nat',
  '#value!',
  '#ref!',
  '#div/0!',
  '-',
  '--',
  '—',
  '–',
  '.',
  '?',
]);

/** The same in a column of numbers: elsewhere they are values, such as a promotion 'none'. */
const amongNumbers = new Set([
  'none',
  'm',
  '..',
  '...',
  '---',
  ':',
  'inf',
  '+inf',
  '-inf',
  'infinity',
  '-infinity',
  '∞',
  '-∞',
]);

/** Which cells are missing: the usual marks, and further ones as given. */
export class MissingMarks {
  private readonly given: ReadonlySet<string>;

  /** Marks that are numbers, such as -999. */
  readonly numbers: ReadonlySet<number>;

  constructor(given: readonly string[] = []) {
    this.given = new Set(given.map((mark) => mark.trim()));
    this.numbers = new Set([...this.given].map((mark) => (mark === '' ? Number.NaN : Number(mark))));
  }

  readonly isMissing = (cell: string): boolean => {
    if (this.given.size > 0 && this.given.has(cell)) return true;
    return cell.length <= 7 && anywhere.has(cell.toLowerCase());
  };

  readonly isMissingNumber = (cell: string): boolean =>
    this.isMissing(cell) || (cell.length <= 9 && amongNumbers.has(cell.toLowerCase()));
}
