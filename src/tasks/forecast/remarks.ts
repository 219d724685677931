import { ANCHOR_ROWS, type Anchor } from './anchor.js';
import type { Tracked } from './channels.js';
import type { Corrections } from './corrections.js';
import type { SeriesSet } from './forecaster.js';
import { isWalk } from './shortAnchor.js';
import type { State } from './state.js';

/** A gate below it is told as none. */
const LEAST_SHARE = 0.005;

/** How a forecaster came to be, in words: what it holds on to, what is added, what was left out. */
export function remarksOf(
  set: SeriesSet,
  state: State,
  corrections: Corrections,
  { folded, windows, available }: { folded: boolean; windows: number; available: number },
): string[] {
  const { gates, remarks, usesColumns } = corrections;
  const targets = state.series.flatMap((series) => series.targets);
  const lines =
    state.series.length === 1
      ? [
          anchorsText(
            set.targets,
            targets.map(({ anchor }) => anchor),
          ),
        ]
      : [];
  const longest = Math.max(...set.series.map(({ rows }) => rows));
  if (longest > ANCHOR_ROWS)
    lines.push(`exponential smoothing is fitted on the newest ${ANCHOR_ROWS} of ${longest} rows`);
  if (windows < available) lines.push(`corrections are learnt from ${windows} of ${available} windows, evenly spread`);
  if (!folded) lines.push('too few rows for a network: exponential smoothing alone');
  else if (gates.every(({ network, ridge }) => Math.max(network, ridge) < LEAST_SHARE)) {
    lines.push('network and ridge regression add nothing to it here');
  } else {
    const shares = set.targets.map((target, c) => {
      const own = gates.filter((_, k) => k % set.targets.length === c);
      const share = (of: (one: (typeof own)[number]) => number) =>
        `${Math.round((100 * own.reduce((sum, one) => sum + of(one), 0)) / own.length)} %`;
      const name = set.targets.length > 1 ? `${target}: ` : '';
      return `${name}${share((one) => one.network)} of the network's correction, ${share((one) => one.ridge)} of the linear one`;
    });
    lines.push(`added to it: ${shares.join('; ')}`);
  }
  lines.push(...remarks);
  if (set.past.length + set.known.length > 0) {
    const moved = targets.some(({ effects }) => effects.some((one) => one !== 0));
    const names = [...set.past, ...set.known];
    const shown = names.length > 5 ? `${names.slice(0, 5).join(', ')}, …` : names.join(', ');
    if (!usesColumns && !moved) lines.push(`other columns (${shown}) add nothing to the forecast`);
  }
  if (targets.some(({ floor }) => floor)) lines.push('no value is below 0, so no forecast is');
  return lines;
}

function anchorsText(names: readonly string[], anchors: readonly Anchor[]): string {
  if (anchors.length === 1) return `the forecast starts from ${anchorText(anchors[0])}`;
  return `the forecasts start from ${anchors.map((anchor, c) => `${names[c]}: ${anchorText(anchor)}`).join('; ')}`;
}

function anchorText(anchor: Anchor): string {
  const { kind, trend, period, log } = anchor;
  const of = log ? ' of the logarithm' : '';
  if (isWalk(anchor)) return 'the last value, and a steady change from row to row';
  if (kind === 'naive') return period > 1 ? `the value of ${period} rows before` : 'the last value';
  const parts = [
    ...(trend === 'none' ? [] : [`${trend === 'damped' ? 'damped' : 'additive'} trend`]),
    ...(period > 1 ? [`season of ${period} rows`] : []),
  ];
  return `exponential smoothing${of}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

/** A last value is odd when what the anchor misses of it is more than so many times what it missed of any other row. */
const ODD = 4;

/** First rows whose errors do not count, as the anchor settles, and how many others there must be. */
const USUAL = 12;

/** Last values that are unlike anything before: the forecast goes on from them, right or wrong. */
export function oddEnds({ targets, series }: SeriesSet, tracked: readonly Tracked[]): string[] {
  const odd = tracked.flatMap((one, i) =>
    one.targets.flatMap(({ track: { errors } }, c) => {
      const before = errors.subarray(Math.min(USUAL, errors.length >> 1), -1).map(Math.abs);
      if (before.length < USUAL) return [];
      const most = before.reduce((max, error) => Math.max(max, error), 0);
      if (!(most > 0 && Math.abs(errors[errors.length - 1]) > ODD * most)) return [];
      const { name, rows, targets: values } = series[i];
      return [`${targets[c]}${name && ` of ${name}`}: ${values[(rows - 1) * targets.length + c]}`];
    }),
  );
  if (odd.length === 0) return [];
  const shown = odd.length > 3 ? `${odd.slice(0, 3).join(', ')} and ${odd.length - 3} more` : odd.join(', ');
  return [
    `unlike anything before, and the forecast goes on from it (leave the row out if it is wrong): the last ${shown}`,
  ];
}
