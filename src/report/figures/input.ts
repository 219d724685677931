import { tick, wholeTicks } from '../axes.js';
import { draw, type Figure, lineColours } from '../draw.js';

/** The margins of the maps below it, so that steps stand over each other. */
export const mapMargins = { width: 900, left: 52, right: 20 };

/** The same shares of another width; the axis' numbers need 36 pixels, which on a phone moves the steps by so much. */
export function mapMarginsOf(width: number): { marginLeft: number; marginRight: number } {
  const share = width / mapMargins.width;
  return { marginLeft: Math.max(36, share * mapMargins.left), marginRight: share * mapMargins.right };
}

/** The features of a sample that are drawn as lines. */
export function drawInput(
  values: readonly (readonly number[])[],
  features: readonly string[],
  width = mapMargins.width,
): Promise<Figure> {
  const shown = features.slice(0, lineColours.length);
  return draw((plot) => ({
    title: `Input: ${shown.join(', ')}${features.length > shown.length ? ` and ${features.length - shown.length} more` : ''}, as the network sees it`,
    width,
    height: 156,
    ...mapMarginsOf(width),
    marginBottom: 36,
    x: {
      label: 'step',
      domain: [0.5, values.length + 0.5],
      ticks: wholeTicks(values.length, width < 500 ? 8 : 20),
      tickFormat: String,
    },
    y: { label: 'scaled value', ticks: 4, tickFormat: tick },
    marks: shown.map((_, c) =>
      plot.lineY(
        values.map((row, t) => ({ x: t + 1, y: row[c] })),
        { x: 'x', y: 'y', stroke: lineColours[c] },
      ),
    ),
  }));
}
