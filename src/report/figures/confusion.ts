import { colour, draw, type Figure } from '../draw.js';

/** Rows: the class that it was; columns: the answer. Shades are shares of the row. */
export function drawConfusion(classes: readonly string[], confusion: readonly (readonly number[])[]): Promise<Figure> {
  const cells = confusion.flatMap((row, actual) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, answered) => ({
      actual: classes[actual],
      answered: classes[answered],
      count,
      share: all === 0 ? 0 : count / all,
      right: actual === answered,
    }));
  });
  const longest = Math.max(...classes.map((name) => name.length));
  const size = Math.max(22, Math.min(56, 360 / classes.length));
  const margin = Math.min(160, 40 + 7 * longest);
  const numbers = size >= 22;
  return draw((plot) => ({
    title: 'Confusion: what it was (rows), what the model answered (columns)',
    width: Math.max(260, margin + size * classes.length + 20),
    height: size * classes.length + margin + 26,
    marginLeft: margin,
    marginTop: margin,
    marginBottom: 26,
    padding: 0.04,
    x: { axis: 'top', label: 'answered', domain: [...classes], tickRotate: longest > 4 ? -50 : 0, type: 'band' },
    y: { label: 'was', domain: [...classes], type: 'band' },
    color: { type: 'identity' },
    opacity: { type: 'identity' },
    marks: [
      plot.cell(cells, {
        x: 'answered',
        y: 'actual',
        fill: ({ right }: { right: boolean }) => (right ? colour.c1 : colour.c2),
        fillOpacity: ({ share }: { share: number }) => (share === 0 ? 0.04 : 0.15 + 0.6 * share),
        title: ({ actual, answered, count }: { actual: string; answered: string; count: number }) =>
          `${actual} answered as ${answered}: ${count}`,
      }),
      ...(numbers
        ? [
            plot.text(
              cells.filter(({ count }) => count > 0),
              { x: 'answered', y: 'actual', text: ({ count }: { count: number }) => String(count), fill: colour.ink },
            ),
          ]
        : []),
    ],
  }));
}
