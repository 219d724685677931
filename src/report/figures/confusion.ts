import { shortened } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';

/** Letters of a class that are shown. */
const mostLetters = 24;

/** Rows: the class that it was; columns: the answer. Shades are shares of the row. */
export function drawConfusion(classes: readonly string[], confusion: readonly (readonly number[])[]): Promise<Figure> {
  const cells = confusion.flatMap((row, actual) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, answered) => ({
      actual,
      answered,
      count,
      share: all === 0 ? 0 : count / all,
      right: actual === answered,
    }));
  });
  // Shortened names may be alike: places, not names, are the scale.
  const places = classes.map((_, i) => i);
  const named = (i: number) => shortened(classes[i], mostLetters);
  const longest = Math.max(...places.map((i) => named(i).length));
  const size = Math.max(22, Math.min(56, 360 / classes.length));
  const margin = 40 + 7 * longest;
  // Names stand at 50 degrees.
  const above = longest > 4 ? 44 + 6 * longest : margin;
  return draw((plot) => ({
    title: 'Confusion: what it was (rows), what the model answered (columns)',
    width: Math.max(260, margin + size * classes.length + 20),
    height: size * classes.length + above + 26,
    marginLeft: margin,
    marginTop: above,
    marginBottom: 26,
    padding: 0.04,
    x: {
      axis: 'top',
      label: 'answered',
      domain: places,
      tickFormat: named,
      tickRotate: longest > 4 ? -50 : 0,
      type: 'band',
    },
    y: { label: 'was', domain: places, tickFormat: named, type: 'band' },
    color: { type: 'identity' },
    opacity: { type: 'identity' },
    marks: [
      plot.cell(cells, {
        x: 'answered',
        y: 'actual',
        fill: ({ right }: { right: boolean }) => (right ? colour.c1 : colour.c2),
        fillOpacity: ({ share }: { share: number }) => (share === 0 ? 0.04 : 0.15 + 0.6 * share),
        title: ({ actual, answered, count }: { actual: number; answered: number; count: number }) =>
          `${classes[actual]} answered as ${classes[answered]}: ${count}`,
      }),
      plot.text(
        cells.filter(({ count }) => count > 0),
        { x: 'answered', y: 'actual', text: ({ count }: { count: number }) => String(count), fill: colour.ink },
      ),
    ],
  }));
}
