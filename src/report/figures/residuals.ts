import { formatNumber } from '../../format.js';
import type { Axis, Points } from '../../tasks/shown.js';
import { axisScale, placeText, pointsOn, spanText, tick } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';

/** What happened less what was forecast one step ahead. */
export function drawResiduals(axis: Axis, name: string, residuals: Points): Promise<Figure> {
  return draw((plot) => ({
    title: `${name}: residuals, one step ahead${spanText(axis, residuals.x)}`,
    x: { ...axisScale(axis), ticks: 5 },
    y: { label: 'actual − forecast', grid: true, tickFormat: tick, inset: 6 },
    marks: [
      plot.ruleY([0]),
      plot.dot(pointsOn(axis, residuals), {
        x: 'x',
        y: 'y',
        r: residuals.x.length > 200 ? 1.8 : 3,
        fill: colour.c2,
        fillOpacity: 0.7,
      }),
    ],
    tips: {
      at: residuals.x,
      text: residuals.x.map((x, i) => `${placeText(axis, x)}\n${formatNumber(residuals.y[i])}`),
    },
  }));
}
