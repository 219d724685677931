import { tick } from '../axes.js';
import { draw, type Figure, lineColours } from '../draw.js';

/** The margins of the maps below it, so that steps stand over each other. */
export const mapMargins = { width: 900, left: 52, right: 20 };

/** The features of a sample that are drawn as lines. */
export function drawInput(values: readonly (readonly number[])[], features: readonly string[]): Promise<Figure> {
  const shown = features.slice(0, lineColours.length);
  return draw((plot) => ({
    title: `Input: ${shown.join(', ')}${features.length > shown.length ? ` and ${features.length - shown.length} more` : ''}, as the network sees it`,
    width: mapMargins.width,
    height: 150,
    marginLeft: mapMargins.left,
    marginRight: mapMargins.right,
    marginBottom: 30,
    x: { label: 'step', domain: [0.5, values.length + 0.5], tickFormat: (t: number) => (t % 1 === 0 ? String(t) : '') },
    y: { label: null, ticks: 4, tickFormat: tick },
    marks: shown.map((_, c) =>
      plot.lineY(
        values.map((row, t) => ({ x: t + 1, y: row[c] })),
        { x: 'x', y: 'y', stroke: lineColours[c] },
      ),
    ),
  }));
}
