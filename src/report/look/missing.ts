import type { Frame, SeriesRange } from '../../data/frame.js';
import type { LookedMissing } from './shown.js';

/** Stretches that the time, or the rows, are cut into. */
const stretches = 80;

/**
 * The share of missing values by column and stretch, of several series by series and stretch; undefined where no value is
 * missing.
 * @param x one per row of the frame
 */
export function missingOf(
  columns: readonly { name: string; values: Float64Array }[],
  shown: readonly SeriesRange[],
  { series }: Pick<Frame, 'series'>,
  x: Float64Array,
): LookedMissing | undefined {
  if (!columns.some(({ values }) => values.some(Number.isNaN))) return undefined;
  const several = series.length > 1;
  const ranges = several ? shown : series;
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const at of x) {
    if (at < first) first = at;
    if (at > last) last = at;
  }
  // At least two rows a stretch, so that none is empty between two.
  const rows = Math.max(...series.map(({ from, to }) => to - from));
  const count = Math.min(stretches, Math.max(1, Math.floor(rows / 2)));
  const width = (last - first) / count || 1;
  const placeOf = (at: number) => Math.min(count - 1, Math.floor((at - first) / width));
  const lines = several
    ? ranges.map((range) => ({ name: range.name, columns, ranges: [range] }))
    : columns.map((column) => ({ name: column.name, columns: [column], ranges }));
  return {
    of: several ? 'series' : 'column',
    names: lines.map(({ name }) => name),
    edges: Array.from({ length: count + 1 }, (_, i) => first + i * width),
    shares: lines.map((line) => {
      const [lacking, all] = [new Float64Array(count), new Float64Array(count)];
      for (const { values } of line.columns) {
        for (const { from, to } of line.ranges) {
          for (let row = from; row < to; row++) {
            const place = placeOf(x[row]);
            all[place]++;
            if (Number.isNaN(values[row])) lacking[place]++;
          }
        }
      }
      return Array.from(all, (rows, i) => (rows === 0 ? null : lacking[i] / rows));
    }),
  };
}
