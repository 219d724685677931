import { formatNumber } from '../../format.js';
import { tick } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';

/**
 * A number per epoch, of the training and of the part that stopped it.
 * @param kept the epoch, from 1, whose weights were kept
 */
export function drawCurve(
  name: string,
  curves: { name: string; values: readonly number[]; stroke: string }[],
  { kept, unit = 'epoch' }: { kept?: number; unit?: string } = {},
): Promise<Figure> {
  const lines = curves.map(({ values, stroke }) => ({
    stroke,
    points: values.map((y, i) => ({ x: i + 1, y })).filter(({ y }) => Number.isFinite(y)),
  }));
  const longest = Math.max(...curves.map(({ values }) => values.length));
  const ys = lines.flatMap(({ points }) => points.map(({ y }) => y));
  // A loss that falls by a factor of 30 is a straight line at 0 on a linear axis.
  const log = ys.length > 0 && Math.min(...ys) > 0 && Math.max(...ys) > 30 * Math.min(...ys);
  const at = Array.from({ length: longest }, (_, i) => i + 1);
  return draw((Plot) => ({
    title: kept === undefined ? name : `${name}; ${unit} ${kept} was kept`,
    x: {
      label: unit,
      ticks: Math.min(8, longest),
      tickFormat: (value: number) => (value % 1 === 0 ? String(value) : ''),
    },
    y: { label: name, grid: true, tickFormat: tick, ...(log && { type: 'log' as const, ticks: 5 }) },
    color: { legend: false },
    marks: [
      ...(kept === undefined ? [] : [Plot.ruleX([kept], { stroke: colour.faint, strokeDasharray: '3,3' })]),
      ...lines.map(({ points, stroke }) =>
        points.length === 1
          ? Plot.dot(points, { x: 'x', y: 'y', fill: stroke })
          : Plot.lineY(points, { x: 'x', y: 'y', stroke, strokeWidth: 2 }),
      ),
    ],
    tips: {
      at,
      text: at.map((epoch) =>
        [
          `${unit} ${epoch}`,
          ...curves.map(({ name: what, values }) => `${what} ${formatNumber(values[epoch - 1])}`),
        ].join('\n'),
      ),
    },
  }));
}
