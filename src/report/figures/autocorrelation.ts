import { formatNumber } from '../../format.js';
import { tick, wholeTicks } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';
import type { LookedAutocorrelation } from '../look/shown.js';

/** r by lag: of the values as bars, of their changes from row to row as a line; between the dashes nothing is certain. */
export function drawAutocorrelation(
  name: string,
  { values, changes, bound, season, by }: LookedAutocorrelation,
): Promise<Figure> {
  const bars = values.map((r, i) => ({ lag: i + 1, r }));
  const line = changes.map((r, i) => ({ lag: i + 1, r }));
  const found =
    by === 'calendar' ? `; by the calendar a season has ${season} rows` : `; it has a season of ${season} rows`;
  const lowest = Math.min(-0.3, ...values, ...changes);
  return draw((plot) => ({
    title: `${name}: autocorrelation of values (bars) and changes (line)${season > 1 ? found : ''}`,
    x: { label: 'rows before', ticks: wholeTicks(values.length, 8), tickFormat: String },
    y: { label: 'r', grid: true, domain: [Math.floor(10 * lowest) / 10, 1], ticks: 6, tickFormat: tick },
    marks: [
      ...(season > 1 && season <= values.length
        ? [plot.ruleX([season], { stroke: colour.faint, strokeDasharray: '3,3' })]
        : []),
      plot.ruleY([-bound, bound], { stroke: 'currentColor', strokeOpacity: 0.4, strokeDasharray: '4,3' }),
      plot.ruleX(bars, {
        x: 'lag',
        y1: 0,
        y2: 'r',
        stroke: colour.c1,
        strokeWidth: Math.max(1, Math.min(6, Math.floor(240 / bars.length))),
      }),
      plot.lineY(line, { x: 'lag', y: 'r', stroke: colour.c2, strokeWidth: 1.5 }),
      plot.ruleY([0]),
    ],
    tips: {
      at: bars.map(({ lag }) => lag),
      text: bars.map(
        ({ lag, r }, i) =>
          `${lag} ${lag === 1 ? 'row' : 'rows'} before\nvalues ${formatNumber(r)}\nchanges ${formatNumber(changes[i])}`,
      ),
    },
  }));
}
