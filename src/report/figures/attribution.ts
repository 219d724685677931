import { formatNumber } from '../../format.js';
import { tick } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';
import { mapMargins, mapMarginsOf } from './input.js';

/** What each step adds to an output: positive or negative parts, which sum to its difference from the baseline's. */
export function drawAttribution(
  values: readonly (readonly number[])[],
  features: readonly string[],
  tokens?: readonly string[],
  width = mapMargins.width,
): Promise<Figure> {
  const sums = values.map((row) => row.reduce((sum, value) => sum + value, 0));
  return draw((plot) => ({
    title: 'What the largest output hangs on: integrated gradients by step',
    width,
    height: 176,
    ...mapMarginsOf(width),
    marginBottom: 36,
    x: { label: 'step', domain: [0.5, sums.length + 0.5], tickFormat: (t: number) => (t % 1 === 0 ? String(t) : '') },
    y: { label: 'adds', ticks: 4, tickFormat: tick, grid: true },
    marks: [
      plot.rectY(
        sums.map((y, t) => ({ x1: t + 0.55, x2: t + 1.45, y })),
        { x1: 'x1', x2: 'x2', y: 'y', fill: ({ y }: { y: number }) => (y < 0 ? colour.c1 : colour.c2) },
      ),
      plot.ruleY([0]),
    ],
    tips: {
      at: sums.map((_, t) => t + 1),
      text: sums.map((sum, t) =>
        [
          `step ${t + 1}${tokens ? ` ${JSON.stringify(tokens[t])}` : ''}: ${formatNumber(sum)}`,
          ...(features.length > 1 && features.length < 13
            ? features.map((name, c) => `${name} ${formatNumber(values[t][c])}`)
            : []),
        ].join('\n'),
      ),
    },
  }));
}
