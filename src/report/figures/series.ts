import { formatNumber } from '../../format.js';
import { type Axis, reducePoints } from '../../tasks/shown.js';
import { axisScale, placeOn, placeText, pointsOn, tick } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';
import type { LookedNumbers } from '../look/shown.js';

/** Points of a line on a phone. */
const mostNarrow = 400;

/** A column over time, broken and shaded where values are missing. */
export function drawSeries(
  axis: Axis,
  { name, line, gaps }: Pick<LookedNumbers, 'name' | 'line' | 'gaps'>,
  { title, width = 900 }: { title: string; width?: number },
): Promise<Figure> {
  const { x, y } = width < 500 ? reducePoints(line.x, line.y, mostNarrow) : line;
  const breaks = gaps.map(({ from, to }) => ({ x: placeOn(axis, (from + to) / 2), y: Number.NaN }));
  const points = [...pointsOn(axis, { x, y }), ...breaks].sort((a, b) => Number(a.x) - Number(b.x));
  return draw((plot) => ({
    title,
    width,
    height: 246,
    marginTop: 26,
    x: axisScale(axis),
    y: { label: name, grid: true, tickFormat: tick, nice: true },
    marks: [
      plot.rectX(
        gaps.map(({ from, to }) => ({ x1: placeOn(axis, from), x2: placeOn(axis, to) })),
        { x1: 'x1', x2: 'x2', fill: colour.c2, fillOpacity: 0.15 },
      ),
      points.length === 1
        ? plot.dot(points, { x: 'x', y: 'y', r: 2.5, fill: colour.ink })
        : plot.lineY(points, { x: 'x', y: 'y', stroke: colour.ink, strokeWidth: 1.2 }),
    ],
    tips: { at: x, text: x.map((at, i) => `${placeText(axis, at)}\n${formatNumber(y[i])}`) },
  }));
}
