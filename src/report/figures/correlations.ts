import { shortened } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';
import type { LookedCorrelations } from '../look/shown.js';

/** r of each two columns: blue below 0, red above, as full as it is strong. */
export function drawCorrelations({ columns, r, rows }: LookedCorrelations): Promise<Figure> {
  const short = (text: string) => shortened(text, 18);
  const cells = r.flatMap((line, i) =>
    line.flatMap((value, j) =>
      value === null
        ? []
        : [{ i, j, value, told: `${columns[i]}, ${columns[j]}: r ${value.toFixed(3)} of ${rows[i][j]} rows` }],
    ),
  );
  const longest = Math.max(...columns.map((name) => short(name).length));
  const size = Math.max(26, Math.min(56, 480 / columns.length));
  const margin = Math.min(150, 24 + 7 * longest);
  // Names stand at 50 degrees.
  const above = longest > 4 ? 26 + 6 * longest : margin;
  const places = columns.map((_, i) => i);
  const named = (i: number) => short(columns[i]);
  return draw((plot) => ({
    title: 'Correlation of each two columns (Pearson’s r)',
    width: margin + size * columns.length + 20,
    height: size * columns.length + above + 10,
    marginLeft: margin,
    marginTop: above,
    marginBottom: 10,
    padding: 0.05,
    x: { axis: 'top', label: null, domain: places, type: 'band', tickFormat: named, tickRotate: longest > 4 ? -50 : 0 },
    y: { label: null, domain: places, type: 'band', tickFormat: named },
    color: { type: 'identity' },
    opacity: { type: 'identity' },
    marks: [
      plot.cell(cells, {
        x: 'j',
        y: 'i',
        fill: ({ value }: { value: number }) => (value < 0 ? colour.c1 : colour.c2),
        fillOpacity: ({ value }: { value: number }) => 0.04 + 0.7 * Math.abs(value),
        title: 'told',
      }),
      plot.text(cells, {
        x: 'j',
        y: 'i',
        text: ({ value }: { value: number }) => (size < 34 ? value.toFixed(1) : value.toFixed(2)).replace('-', '−'),
        fontSize: size < 34 ? 9 : 11,
        fill: colour.ink,
      }),
    ],
  }));
}
