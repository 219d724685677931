import type { Column, Table } from '../table.js';

/** A column as the table has it: typed, or texts. */
export interface RawColumn {
  readonly name: string;
  readonly position: number;
  readonly numbers?: Float64Array;
  /** Milliseconds since 1970. */
  readonly times?: Float64Array;
  /** As written; of typed columns made when asked for. */
  cells(): readonly string[];
}

export function rawColumns(table: Table): Map<string, RawColumn> {
  return new Map(table.columns.map((column, position) => [column.name, rawColumn(column, position)]));
}

function rawColumn(column: Column, position: number): RawColumn {
  const numbers = typed(column, 'numbers');
  const times = typed(column, 'times');
  return {
    name: column.name,
    position,
    ...(numbers && { numbers }),
    ...(times && { times }),
    cells: () => column.cells,
  };
}

function typed(column: Column, key: 'numbers' | 'times'): Float64Array | undefined {
  const value: unknown = key in column ? Reflect.get(column, key) : undefined;
  return value instanceof Float64Array ? value : undefined;
}

const plain = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A column's numbers where all of its cells but missing ones are plain numbers; NaN is missing. */
export function plainNumbers(column: RawColumn, isMissing: (cell: string) => boolean): Float64Array | undefined {
  if (column.numbers !== undefined) return column.numbers;
  if (column.times !== undefined) return undefined;
  const cells = column.cells();
  const numbers = new Float64Array(cells.length);
  for (let row = 0; row < cells.length; row++) {
    if (plain.test(cells[row])) numbers[row] = Number(cells[row]);
    else if (isMissing(cells[row]) || isFooter(cells[row])) numbers[row] = Number.NaN;
    else return undefined;
  }
  return numbers;
}

const footers =
  /^(grand[ -]?)?(total|totals|sub-?total|sum|summe|gesamt|gesamtsumme|insgesamt|zwischensumme|average|avg|mean|median|mittelwert|durchschnitt|anzahl|count|totale|totaal|somme|moyenne|suma|media|promedio|soma|итого|合计|合計)\b.{0,20}$/iu;

/** Whether a cell says that its row sums up those above: 'Total', 'Summe', 'Average'. */
export function isFooter(cell: string): boolean {
  return cell.length > 2 && /^\p{L}/u.test(cell) && footers.test(cell);
}
