import { percent, shortPercent } from '../../format.js';
import type { ShownClasses } from '../../tasks/shown.js';
import { colour, draw, type Figure } from '../draw.js';

/** How often answers of each probability were right: on the diagonal where probabilities are what they say. */
export function drawReliability(bins: ShownClasses['reliability']): Promise<Figure> {
  const most = Math.max(...bins.map(({ count }) => count));
  return draw((plot) => ({
    title: 'Reliability: answers of some probability, and how many of them were right',
    x: { label: 'probability of the answer', domain: [0, 1], tickFormat: shortPercent, ticks: 5 },
    y: { label: 'right', domain: [0, 1], tickFormat: shortPercent, grid: true, ticks: 5 },
    r: { type: 'identity' },
    marks: [
      plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: colour.faint, strokeDasharray: '4,3' },
      ),
      plot.line(bins, { x: 'probability', y: 'right', stroke: colour.c1 }),
      plot.dot(bins, {
        x: 'probability',
        y: 'right',
        r: ({ count }: { count: number }) => 3 + 6 * Math.sqrt(count / most),
        fill: colour.c1,
      }),
    ],
    tips: {
      at: bins.map(({ probability }) => probability),
      text: bins.map(
        ({ count, probability, right }) =>
          `${count} ${count === 1 ? 'answer' : 'answers'}\nprobability ${percent(probability)}\nright ${percent(right)}`,
      ),
    },
  }));
}
