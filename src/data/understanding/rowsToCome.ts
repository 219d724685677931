import type { ColumnUse, Note, SeriesRange } from '../frame.js';
import type { MissingMarks } from './marks.js';
import type { RawColumn } from './rawColumns.js';
import type { Ordered } from './series.js';
import { times } from './wording.js';

/**
 * Where columns are known ahead, the rows at the end of a series that have no target are those to come, and no data: values
 * filled into them would be the newest that a model learns from.
 */
export function withoutRowsToCome(
  columns: ReadonlyMap<string, RawColumn>,
  ordered: Ordered,
  uses: ReadonlyMap<string, ColumnUse>,
  marks: MissingMarks,
  notes: Note[],
): Ordered {
  const named = (use: ColumnUse) => [...uses].flatMap(([name, one]) => (one === use ? [name] : []));
  const [targets, known] = [named('target'), named('known')];
  const raw = targets.flatMap((name) => columns.get(name) ?? []);
  if (known.length === 0 || raw.length === 0) return ordered;
  const lists = raw.map((column) => column.numbers ?? column.cells());
  const isEmpty = (row: number) =>
    lists.every((list) => {
      const value = list[row];
      return typeof value === 'number' ? Number.isNaN(value) || marks.numbers.has(value) : marks.isMissingNumber(value);
    });
  const rows: number[] = [];
  const series: SeriesRange[] = [];
  for (const { name, from, to } of ordered.series) {
    let end = to;
    while (end > from && isEmpty(ordered.rows[end - 1])) end--;
    // A series without any value is another matter.
    if (end === from) end = to;
    series.push({ name, from: rows.length, to: rows.length + end - from });
    for (let i = from; i < end; i++) rows.push(ordered.rows[i]);
  }
  const gone = ordered.rows.length - rows.length;
  if (gone === 0) return ordered;
  const what = gone === 1 ? 'has' : 'have';
  notes.push(
    `${times(gone, 'row')} at the end ${what} no ${targets.join(' or ')}: taken as rows to come, whose ${known.join(', ')} predict reads`,
  );
  return { ...ordered, rows: Int32Array.from(rows), series };
}
