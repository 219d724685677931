import type { Markish } from '@observablehq/plot';
import { formatNumber, shortPercent } from '../../format.js';
import type { Axis, ShownBlock, ShownColumn } from '../../tasks/shown.js';
import { axisScale, placeOn, placeText, pointsOn, spanText, tick } from '../axes.js';
import { colour, draw, type Figure, type Plot } from '../draw.js';

/** What is known of one column of one series: what happened, rolling forecasts of it, and what comes next. */
export interface ForecastPicture {
  axis: Axis;
  column: ShownColumn;
  next?: ShownBlock;
}

/**
 * History, the forecasts of what was held out with their intervals, and what comes next.
 * @param from the least x that is shown
 */
export function drawForecasts(
  { axis, column, next }: ForecastPicture,
  { title, from = Number.NEGATIVE_INFINITY, width = 900 }: { title: string; from?: number; width?: number },
): Promise<Figure> {
  const seen = partFrom(column.actual, from);
  const rolling = joined(column.forecasts.filter(({ x }) => x.length > 0 && x[x.length - 1] >= from));
  const told = new Map<number, string[]>(seen.x.map((x, i) => [x, [`${column.name} ${formatNumber(seen.y[i])}`]]));
  for (const block of [...rolling, ...(next ? [next] : [])]) {
    for (const [i, x] of block.x.entries()) told.set(x, [...(told.get(x) ?? []), ...blockText(block, i)]);
  }
  const at = [...told.keys()].sort((a, b) => a - b);
  return draw((plot) => ({
    title: `${title}${spanText(axis, at)}`,
    width,
    height: width < 500 ? 260 : 340,
    x: axisScale(axis),
    y: { label: column.name, grid: true, tickFormat: tick, nice: true },
    marks: [
      rolling.map((block) => bands(plot, axis, block, colour.c2)),
      next ? bands(plot, axis, next, colour.c1) : [],
      plot.lineY(pointsOn(axis, seen), { x: 'x', y: 'y', stroke: colour.ink, strokeWidth: 1.2 }),
      rolling.map((block) => line(plot, axis, block, colour.c2)),
      next ? line(plot, axis, next, colour.c1) : [],
    ],
    tips: { at, text: at.map((x) => [placeText(axis, x), ...(told.get(x) ?? [])].join('\n')) },
  }));
}

/** Forecasts of one step each are one line. */
function joined(blocks: readonly ShownBlock[]): ShownBlock[] {
  if (blocks.length < 2 || blocks.some(({ x }) => x.length > 1)) return [...blocks];
  const [{ intervals }] = blocks;
  return [
    {
      x: blocks.flatMap(({ x }) => x),
      y: blocks.flatMap(({ y }) => y),
      intervals: intervals.map(({ probability }, i) => ({
        probability,
        lower: blocks.flatMap((block) => block.intervals[i].lower),
        upper: blocks.flatMap((block) => block.intervals[i].upper),
      })),
    },
  ];
}

function bands(plot: Plot, axis: Axis, { x, intervals }: ShownBlock, fill: string): Markish[] {
  return [...intervals]
    .sort((a, b) => b.probability - a.probability)
    .map(({ lower, upper }) => {
      const rows = x.map((at, i) => ({ x: placeOn(axis, at), lower: lower[i], upper: upper[i] }));
      const ends = { x: 'x', y1: 'lower', y2: 'upper' };
      return rows.length === 1
        ? plot.ruleX(rows, { ...ends, stroke: fill, strokeOpacity: 0.3, strokeWidth: 4 })
        : plot.areaY(rows, { ...ends, fill, fillOpacity: 0.16 });
    });
}

function line(plot: Plot, axis: Axis, block: ShownBlock, stroke: string): Markish {
  const points = pointsOn(axis, block);
  return points.length === 1
    ? plot.dot(points, { x: 'x', y: 'y', r: 2.5, fill: stroke })
    : plot.lineY(points, { x: 'x', y: 'y', stroke, strokeWidth: 1.8 });
}

function blockText({ y, intervals }: ShownBlock, i: number): string[] {
  return [
    `forecast ${formatNumber(y[i])}`,
    ...intervals.map(
      ({ probability, lower, upper }) =>
        `${shortPercent(probability)}: ${formatNumber(lower[i])} to ${formatNumber(upper[i])}`,
    ),
  ];
}

function partFrom({ x, y }: { x: number[]; y: number[] }, from: number): { x: number[]; y: number[] } {
  const first = x.findIndex((at) => at >= from);
  return first < 0 ? { x: [], y: [] } : { x: x.slice(first), y: y.slice(first) };
}
