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
  // Errors of spreadsheets in several languages.
  '#value!',
  '#ref!',
  '#div/0!',
  '#name?',
  '#null!',
  '#num!',
  '#nv',
  '#n/d',
  '#wert!',
  '#bezug!',
  '#zahl!',
  '#valeur!',
  '#nom?',
  '#nombre!',
  '#valor!',
  '#¡valor!',
  '#valore!',
  // Databases and dashboards.
  '\\n',
  '(null)',
  '<null>',
  'undefined',
  'n.a.',
  'k.a.',
  'k. a.',
  'n.v.',
  'not available',
  'keine angabe',
  'nicht verfügbar',
  '…',
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
  'nd',
  'n.d.',
  'n/d',
  's.d.',
  'unknown',
  'unavailable',
  'no data',
  'nodata',
  '/',
  '..',
  '...',
  '---',
  ':',
  '-.-',
  '─',
  '-nan(ind)',
  '1.#ind',
  '-1.#ind',
  '1.#qnan',
  'inf',
  '+inf',
  '-inf',
  'infinity',
  '-infinity',
  '∞',
  '-∞',
]);

/** Stars where a number is not told, and hashes where a column was too narrow for it. */
const filled = /^(\*+|#+)$/;

const longest = Math.max(...[...anywhere, ...amongNumbers].map(({ length }) => length));

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
    return cell.length <= longest && anywhere.has(cell.toLowerCase());
  };

  readonly isMissingNumber = (cell: string): boolean =>
    this.isMissing(cell) || (cell.length <= longest && amongNumbers.has(cell.toLowerCase())) || filled.test(cell);
}
