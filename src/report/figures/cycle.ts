import { formatNumber } from '../../format.js';
import { tick } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';
import type { LookedCycle } from '../look/shown.js';

const named: Record<LookedCycle['name'], string> = {
  hour: 'hour of the day',
  weekday: 'day of the week',
  month: 'month of the year',
  row: 'row of the season',
};

/** The average over a season, and between which values 80 % lie. */
export function drawCycle(what: string, column: string, { name, places }: LookedCycle): Promise<Figure> {
  const steps = places.map((place, i) => ({ ...place, i }));
  const every = Math.ceil(places.length / 12);
  return draw((plot) => ({
    title: `${what} by ${named[name]}: the mean, and where 80 % of the values lie`,
    x: {
      label: named[name],
      domain: [-0.3, places.length - 0.7],
      ticks: steps.filter(({ i }) => i % every === 0).map(({ i }) => i),
      tickFormat: (i: number) => places[i]?.place ?? '',
    },
    y: { label: column, grid: true, tickFormat: tick, nice: true },
    marks: [
      steps.length === 1
        ? plot.ruleX(steps, { x: 'i', y1: 'low', y2: 'high', stroke: colour.c1, strokeOpacity: 0.3, strokeWidth: 6 })
        : plot.areaY(steps, { x: 'i', y1: 'low', y2: 'high', fill: colour.c1, fillOpacity: 0.18 }),
      plot.lineY(steps, { x: 'i', y: 'mean', stroke: colour.c1, strokeWidth: 2 }),
      ...(steps.length <= 31 ? [plot.dot(steps, { x: 'i', y: 'mean', fill: colour.c1, r: 3 })] : []),
    ],
    tips: {
      at: steps.map(({ i }) => i),
      text: steps.map(
        ({ place, mean, low, high, count }) =>
          `${place}\nmean ${formatNumber(mean)}\n80 % from ${formatNumber(low)} to ${formatNumber(high)}\n${count} values`,
      ),
    },
  }));
}
