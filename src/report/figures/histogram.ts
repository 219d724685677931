import { tick, wholeTicks } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';

/** How many values lie where. */
export function drawHistogram(
  title: string,
  label: string,
  bins: readonly { from: number; to: number; count: number }[],
): Promise<Figure> {
  const most = Math.max(...bins.map(({ count }) => count));
  return draw((plot) => ({
    title,
    x: { label, tickFormat: tick, ticks: 6 },
    y: { label: 'values', grid: true, ticks: [0, ...wholeTicks(most, 6)], tickFormat: tick },
    marks: [
      plot.rectY([...bins], { x1: 'from', x2: 'to', y: 'count', fill: colour.c1, insetLeft: 0.5, insetRight: 0.5 }),
      plot.ruleY([0]),
    ],
    tips: {
      at: bins.map(({ from, to }) => (from + to) / 2),
      text: bins.map(({ from, to, count }) => `${tick(from)} to ${tick(to)}\n${count}`),
    },
  }));
}
