import { percent } from '../../format.js';
import type { Axis } from '../../tasks/shown.js';
import { axisScale, placeOn, placeText, shortened } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';
import type { LookedMissing } from '../look/shown.js';

/** Where values are missing: the darker, the more of a stretch. */
export function drawMissing(axis: Axis, { of, names, edges, shares }: LookedMissing): Promise<Figure> {
  const short = (text: string) => shortened(text, 22);
  const cells = shares.flatMap((line, i) =>
    stretchesOf(line).map(({ from, to, share }) => ({
      i,
      share,
      x1: placeOn(axis, edges[from]),
      x2: placeOn(axis, edges[to]),
      told: `${names[i]}, ${placeText(axis, edges[from])} to ${placeText(axis, edges[to])}: ${percent(share)} missing`,
    })),
  );
  return draw((plot) => ({
    title: `Missing values by ${of}: full colour where all are`,
    width: 900,
    height: 56 + 20 * names.length,
    marginLeft: 20 + 7 * Math.max(...names.map((name) => short(name).length)),
    x: { ...axisScale(axis), domain: [placeOn(axis, edges[0]), placeOn(axis, edges[edges.length - 1])] },
    y: { label: null, type: 'band', domain: names.map((_, i) => i), tickFormat: (i: number) => short(names[i]) },
    opacity: { type: 'identity' },
    marks: [
      plot.frame({ stroke: colour.faint, strokeOpacity: 0.4 }),
      plot.rect(cells, {
        x1: 'x1',
        x2: 'x2',
        y: 'i',
        fill: colour.c2,
        fillOpacity: ({ share }: { share: number }) => 0.2 + 0.8 * share,
        insetTop: 2,
        insetBottom: 2,
        title: 'told',
      }),
    ],
  }));
}

/** Neighbours of one share together; those that lack nothing are left out. */
function stretchesOf(line: readonly (number | null)[]): { from: number; to: number; share: number }[] {
  const found: { from: number; to: number; share: number }[] = [];
  for (const [i, share] of line.entries()) {
    if (share === null || share === 0) continue;
    const last = found.at(-1);
    if (last?.to === i && last.share === share) last.to = i + 1;
    else found.push({ from: i, to: i + 1, share });
  }
  return found;
}
