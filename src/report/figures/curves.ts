import { formatNumber } from '../../format.js';
import { reducePoints } from '../../tasks/shown.js';
import { powers, tick, wholeTicks } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';

/** Points of a line: of more epochs the extremes are drawn. */
const mostDrawn = 600;

/**
 * A number per epoch, of the training and of the part that stopped it.
 * @param best the epoch, from 1, that stands out, and what is said of it
 */
export function drawCurve(
  name: string,
  curves: { name: string; values: readonly number[]; stroke: string }[],
  best?: { epoch: number; text: string },
): Promise<Figure> {
  const longest = Math.max(...curves.map(({ values }) => values.length));
  const epochs = Array.from({ length: longest }, (_, i) => i + 1);
  const lines = curves.map(({ values, stroke }) => {
    const { x, y } = reducePoints(epochs, values, mostDrawn);
    return { stroke, points: x.map((at, i) => ({ x: at, y: y[i] })) };
  });
  const ys = lines.flatMap(({ points }) => points.map(({ y }) => y));
  // A loss that falls by a factor of 30 is a straight line at 0 on a linear axis.
  const log = ys.length > 0 && Math.min(...ys) > 0 && Math.max(...ys) > 30 * Math.min(...ys);
  const drawn = new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)));
  const at = epochs.filter((epoch) => drawn.has(epoch));
  return draw((Plot) => ({
    title: best === undefined ? name : `${name}; epoch ${best.epoch} ${best.text}`,
    x: {
      label: 'epoch',
      ticks: wholeTicks(longest, 10),
      tickFormat: String,
    },
    y: { label: name, grid: true, tickFormat: tick, ...(log && { type: 'log' as const, ticks: powers(ys) }) },
    color: { legend: false },
    marks: [
      ...(best === undefined ? [] : [Plot.ruleX([best.epoch], { stroke: colour.faint, strokeDasharray: '3,3' })]),
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
          `epoch ${epoch}`,
          // One may have fewer epochs than another.
          ...curves.flatMap(({ name: what, values }) =>
            epoch > values.length ? [] : [`${what} ${formatNumber(values[epoch - 1])}`],
          ),
        ].join('\n'),
      ),
    },
  }));
}
