import { parseTable } from '../../src/data/read.js';
import type { Source } from '../../src/data/source.js';
import type { StreamColumn } from '../../src/data/stream.js';

/** A source that is read in pieces of 7 rows. */
export function streamed(text: string): Source {
  const whole = parseTable(text, 'long.csv');
  return {
    name: 'long.csv',
    table: async () => whole,
    text: async () => text,
    head: async (rows) => ({
      table: parseTable(
        text
          .split('\n')
          .slice(0, rows + 1)
          .join('\n'),
        'long.csv',
      ),
      rows: whole.rows,
      bytes: text.length,
    }),
    stream: async function* (columns: readonly StreamColumn[]) {
      for (let from = 0; from < whole.rows; from += 7) {
        const rows = Math.min(7, whole.rows - from);
        yield {
          from,
          rows,
          columns: columns.map(({ name, read }) =>
            Float64Array.from({ length: rows }, (_, k) => {
              const cell = whole.column(name).cells[from + k];
              return read ? read(cell, () => 'somewhere') : Number(cell);
            }),
          ),
        };
      }
    },
  };
}
