import { formatNumber, shortPercent } from '../../format.js';
import { tick, wholeTicks } from '../axes.js';
import { draw, type Figure, lineColours } from '../draw.js';

/** A number per step of the horizon, for the model and for simple guesses. */
export function drawSteps(
  title: string,
  label: string,
  lines: readonly { name: string; values: readonly number[] }[],
  wanted: readonly number[] = [],
): Promise<Figure> {
  const at = Array.from({ length: Math.max(...lines.map(({ values }) => values.length)) }, (_, h) => h + 1);
  return draw((plot) => ({
    title,
    x: {
      label: 'step ahead',
      ticks: wholeTicks(at.length, 12),
      tickFormat: String,
    },
    y: {
      label,
      grid: true,
      ...(wanted.length === 0 ? { tickFormat: tick, zero: true } : { tickFormat: shortPercent }),
    },
    marks: [
      plot.ruleY(wanted, { stroke: 'currentColor', strokeOpacity: 0.4, strokeDasharray: '4,3' }),
      // The first one, the model, over the others.
      ...lines
        .map(({ values }, i) => {
          const points = values.map((y, h) => ({ x: h + 1, y })).filter(({ y }) => Number.isFinite(y));
          const stroke = lineColours[i % lineColours.length];
          return [
            plot.lineY(points, { x: 'x', y: 'y', stroke, strokeWidth: i === 0 ? 2.5 : 1.4 }),
            ...(points.length < 25 ? [plot.dot(points, { x: 'x', y: 'y', fill: stroke, r: i === 0 ? 3 : 2 })] : []),
          ];
        })
        .reverse(),
    ],
    tips: {
      at,
      text: at.map((h) =>
        [`step ${h}`, ...lines.map(({ name, values }) => `${name} ${formatNumber(values[h - 1])}`)].join('\n'),
      ),
    },
  }));
}
