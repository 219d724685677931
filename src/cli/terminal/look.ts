import { counted } from '../../format.js';
import { placeText } from '../../report/axes.js';
import type { LookedNumbers, LookedSeries, TableLook } from '../../report/look/shown.js';
import { barsText } from './bars.js';
import { chartText } from './chart.js';
import type { Paper } from './paper.js';

/** Columns and series that are drawn in a terminal: more are named. */
const most = { columns: 4, series: 3, names: 8 };

/** The columns of a table over time and by season, in characters. */
export function lookText({ axis, series }: TableLook, paper: Paper): string {
  const parts = series.slice(0, most.series).flatMap((one) => seriesParts(one, axis, paper));
  const left = [
    ...(series.length > most.series ? [`${series.length - most.series} more series`] : []),
    ...(series[0].columns.length > most.columns
      ? [counted(series[0].columns.length - most.columns, 'more column')]
      : []),
  ];
  if (left.length > 0) parts.push(`${left.join(' and ')}; --out FILE draws them, and distributions and correlations`);
  return `\n${parts.join('\n\n')}\n`;
}

function seriesParts({ name: series, columns }: LookedSeries, axis: TableLook['axis'], paper: Paper): string[] {
  return columns.slice(0, most.columns).flatMap((column) => {
    const name = series === '' ? column.name : `${series}: ${column.name}`;
    if (column.kind === 'names') {
      const shown = column.counts.slice(0, most.names);
      const others = column.counts.slice(most.names).reduce((sum, { count }) => sum + count, column.others);
      const all = [...shown, ...(others > 0 ? [{ value: 'all others', count: others }] : [])];
      const bars = all.map(({ value, count }) => ({ name: value, value: count, told: String(count) }));
      return [barsText(name, bars, paper)];
    }
    return [numbersChart(name, column, axis, paper), ...cycleBars(name, column, paper)];
  });
}

function numbersChart(name: string, { line, gaps }: LookedNumbers, axis: TableLook['axis'], paper: Paper): string {
  // A stretch without values is a break.
  const points = line.x.map((x, i) => ({ x, y: line.y[i] }));
  for (const { from, to } of gaps) points.push({ x: (from + to) / 2, y: Number.NaN });
  points.sort((a, b) => a.x - b.x);
  const missing = gaps.length > 0 ? `, ${counted(gaps.length, 'gap')}` : '';
  return chartText(
    {
      title: `${name}${missing}`,
      lines: [{ name, x: points.map(({ x }) => x), y: points.map(({ y }) => y), colour: 'blue' }],
      place: (x) => placeText(axis, x),
      height: 10,
    },
    paper,
  );
}

/** The mean by month, weekday, hour or row of the season: as a chart, for means may be below 0. */
function cycleBars(name: string, { cycles }: LookedNumbers, paper: Paper): string[] {
  return cycles
    .filter(({ places }) => places.length > 2)
    .map(({ name: cycle, places }) =>
      chartText(
        {
          title: `${name}: mean by ${cycle === 'row' ? 'row of the season' : cycle}`,
          lines: [{ name, x: places.map((_, i) => i), y: places.map(({ mean }) => mean), colour: 'orange' }],
          place: (i) => places[i]?.place ?? '',
          height: 5,
        },
        paper,
      ),
    );
}
