import type { Column, Table } from '../table.js';

/** A column as the table has it: typed, or texts. */
export interface RawColumn {
  readonly name: string;
  readonly position: number;
  readonly numbers?: Float64Array;
  /** Milliseconds since 1970, and whether they are moments or what a clock showed. */
  readonly times?: Float64Array;
  readonly utc?: boolean;
  /** As written; of typed columns made when asked for. */
  cells(): readonly string[];
}

export function rawColumns(table: Table): Map<string, RawColumn> {
  return new Map(table.columns.map((column, position) => [column.name, rawColumn(column, position)]));
}

function rawColumn(column: Column, position: number): RawColumn {
  const { name, numbers, times, utc } = column;
  return {
    name,
    position,
    ...(numbers && { numbers }),
    ...(times && { times }),
    ...(utc !== undefined && { utc }),
    cells: () => column.cells,
  };
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
  /^(grand[ -]?)?(total|totals|sub-?total|sum|summe|gesamt|gesamtsumme|insgesamt|zwischensumme|average|avg|mean|median|max|min|maximum|minimum|std|stdev|mittel|mittelwert|durchschnitt|anzahl|count|totale|totaal|somme|moyenne|suma|media|promedio|soma|итого|合计|合計)\b.{0,20}$/iu;

/** Whether a cell says that its row sums up those above: 'Total', 'Summe', 'Average'. */
export function isFooter(cell: string): boolean {
  return cell.length > 2 && /^\p{L}/u.test(cell) && footers.test(cell);
}
