import { tick, wholeTicks } from '../axes.js';
import { draw, type Figure, lineColours } from '../draw.js';

/** Lines that are drawn of one sequence: more could not be told apart. */
export const mostLines = 5;

/** The inputs of one sample, step by step. */
export function drawSequence(
  title: string,
  steps: readonly (readonly number[])[],
  inputs: readonly string[],
): Promise<Figure> {
  const width = Math.min(mostLines, steps[0]?.length ?? 0);
  return draw((plot) => ({
    title,
    height: 156,
    width: 300,
    marginBottom: 36,
    marginLeft: 44,
    x: { label: 'step', ticks: wholeTicks(steps.length, 5), tickFormat: String },
    y: { label: inputs.length === 1 ? inputs[0] : null, ticks: 4, tickFormat: tick },
    marks: Array.from({ length: width }, (_, c) =>
      plot.lineY(
        steps.map((values, t) => ({ x: t + 1, y: values[c] })),
        { x: 'x', y: 'y', stroke: lineColours[c] },
      ),
    ),
  }));
}
