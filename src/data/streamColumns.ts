import { MemcellError } from '../errors.js';
import { nanNote, parseJsonLine } from './json.js';
import { elementsAt } from './jsonElements.js';
import { type ColumnsPlace, placeNote } from './jsonPlaces.js';
import type { JsonRow } from './streamJson.js';
import { Table } from './table.js';
import { textOrNumbers } from './typed.js';

/**
 * The rows of JSON whose columns are arrays side by side. Each column asked for is read by itself, from the beginning of the text to
 * its end, all of them at once: nothing is held but a block of each.
 */
export class JsonColumns {
  private mended = false;
  private firstNested: string | undefined;

  /**
   * @param open the text from its beginning, in blocks
   * @param encoded what is not plain about how it is written
   */
  constructor(
    private readonly name: string,
    private readonly open: () => AsyncIterable<string>,
    private readonly place: ColumnsPlace,
    private readonly encoded: readonly string[],
  ) {}

  /** @throws MemcellError for columns of unlike lengths, and for a cell that is no JSON */
  async *rows(columns: readonly string[]): AsyncIterable<JsonRow> {
    const places = columns.map((column) => this.place.columns.find(({ name }) => name.replace(/\s+/g, ' ') === column));
    const readers = places.map((place) => elementsAt(this.open(), place?.at ?? 0, this.name)[Symbol.asyncIterator]());
    try {
      for (let line = 1; ; line++) {
        const cells = await Promise.all(readers.map((reader) => reader.next()));
        if (cells.every(({ done }) => done === true)) return;
        const ended = cells.findIndex(({ done }) => done === true);
        if (ended >= 0) {
          throw new MemcellError(`${this.name}: column ${columns[ended]} ends before row ${line}, where others go on`);
        }
        yield { values: cells.map(({ value }, i) => this.cell(value.text, columns[i], line)), line };
      }
    } finally {
      for (const reader of readers) await reader.return?.(undefined);
    }
  }

  async head(rows: number): Promise<Table> {
    const names = this.place.columns.map(({ name }) => name.replace(/\s+/g, ' '));
    const columns: unknown[][] = names.map(() => []);
    let count = 0;
    for await (const { values } of this.rows(names)) {
      for (const [i, value] of values.entries()) columns[i].push(value);
      if (++count >= rows) break;
    }
    const cells = columns.map((values) => textOrNumbers(values));
    return new Table({ name: this.name, header: names, cells, lines: count, unit: 'row', notes: this.notes() });
  }

  /** What was not plain; complete once all rows have come. */
  notes(): string[] {
    const { path, others } = this.place;
    return [
      ...this.encoded,
      ...(this.mended ? [nanNote] : []),
      ...(path.length > 0 ? [placeNote(path, others)] : []),
      ...(this.firstNested === undefined
        ? []
        : [`lists and objects count as missing (the first is in ${this.firstNested})`]),
    ];
  }

  private cell(text: string, column: string, line: number): unknown {
    const { row, mended } = parseJsonLine(text, this.name, line, 'row');
    this.mended ||= mended;
    if (typeof row !== 'object' || row === null) return row;
    this.firstNested ??= `column ${column}, row ${line}`;
    return undefined;
  }
}
