import type { ScaleOptions } from '@observablehq/plot';
import { formatNumber } from '../../format.js';
import { shortened, tick, wholeTicks } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';
import { mapMargins, mapMarginsOf } from './input.js';

/** What stands at each step where there is room for it, else the steps' numbers. */
function stepTicks(steps: number, tokens: readonly string[] | undefined, width: number): ScaleOptions {
  if (tokens === undefined || width / steps < 22)
    return { ticks: wholeTicks(steps, width < 500 ? 8 : 20), tickFormat: String };
  const letters = Math.floor(width / steps / 8);
  return {
    ticks: Array.from(tokens, (_, t) => t + 1),
    tickFormat: (t: number) => shortened(tokens[t - 1].replace('\n', '↵'), Math.max(2, letters)),
  };
}

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
    x: {
      label: 'step',
      domain: [0.5, sums.length + 0.5],
      ...stepTicks(sums.length, tokens, width),
    },
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
