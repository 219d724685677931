import { shortened } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';
import type { LookedNames } from '../look/shown.js';

/** How often each name comes. */
export function drawCounts({ name, counts, others }: LookedNames): Promise<Figure> {
  const bars = [...counts, ...(others > 0 ? [{ value: 'all others', count: others }] : [])];
  const short = (text: string) => shortened(text, 22);
  // Shortened names may be alike: places, not names, are the scale.
  const rows = bars.map(({ value, count }, i) => ({ value, count, i }));
  const longest = Math.max(...bars.map(({ value }) => short(value).length));
  return draw((plot) => ({
    title: `${name}: how often each comes`,
    height: 56 + 20 * bars.length,
    marginLeft: 14 + 7 * longest,
    marginRight: 48,
    x: { label: 'values', ticks: 4, grid: true },
    y: { label: null, type: 'band', domain: rows.map(({ i }) => i), tickFormat: (i: number) => short(bars[i].value) },
    marks: [
      plot.barX(rows, {
        x: 'count',
        y: 'i',
        fill: colour.c1,
        insetTop: 2,
        insetBottom: 2,
        title: ({ value, count }: { value: string; count: number }) => `${value}: ${count}`,
      }),
      plot.text(rows, {
        x: 'count',
        y: 'i',
        text: ({ count }: { count: number }) => String(count),
        textAnchor: 'start',
        dx: 4,
        fill: colour.ink,
      }),
    ],
  }));
}
