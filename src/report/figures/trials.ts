import { formatNumber } from '../../format.js';
import { powers, tick, wholeTicks } from '../axes.js';
import { colour, draw, type Figure } from '../draw.js';
import type { ShownTuning } from '../input.js';

/** The error of each trial in the order they were run, the least so far as a line, that of the defaults as a dashed one. */
export function drawTrials({ metric, trials, best }: Omit<ShownTuning, 'verdict'>): Promise<Figure> {
  const done = trials.flatMap(({ trial, error }) => (error === undefined ? [] : [{ trial, error }]));
  const least = done.map(({ trial }, i) => ({
    trial,
    error: Math.min(...done.slice(0, i + 1).map((one) => one.error)),
  }));
  const defaults = done.filter(({ trial }) => trial === 1);
  const errors = done.map(({ error }) => error);
  // One trial that went wrong would press all others onto a line.
  const log = Math.min(...errors) > 0 && Math.max(...errors) > 10 * Math.min(...errors);
  const count = Math.max(...trials.map(({ trial }) => trial));
  return draw((plot) => ({
    title: `the error of each trial; the dashed line is that of the defaults, trial ${best} has the least`,
    x: {
      label: 'trial',
      domain: [0.5, count + 0.5],
      ticks: wholeTicks(count, 10),
      tickFormat: String,
    },
    y: { label: metric, grid: true, tickFormat: tick, ...(log && { type: 'log' as const, ticks: powers(errors) }) },
    marks: [
      plot.ruleY(defaults, { y: 'error', stroke: colour.faint, strokeDasharray: '4,3' }),
      plot.lineY(least, { x: 'trial', y: 'error', curve: 'step-after', stroke: colour.c1, strokeOpacity: 0.5 }),
      plot.dot(done, {
        x: 'trial',
        y: 'error',
        fill: ({ trial }: { trial: number }) => (trial === best ? colour.c2 : colour.c1),
        r: ({ trial }: { trial: number }) => (trial === best ? 6 : 3.5),
      }),
    ],
    r: { type: 'identity' },
    color: { type: 'identity' },
    tips: {
      at: trials.map(({ trial }) => trial),
      text: trials.map(({ trial, error, failed, given }) =>
        [
          `trial ${trial}`,
          error === undefined ? `failed: ${failed}` : `${metric} ${formatNumber(error)}`,
          given === '' ? 'the defaults' : given,
        ].join('\n'),
      ),
    },
  }));
}
