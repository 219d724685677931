import type { FrameReading } from '../../data/frame.js';
import { understand } from '../../data/understanding/understand.js';
import { MemcellError } from '../../errors.js';
import { counted } from '../../format.js';
import { inDomain, startOf } from './anchor.js';
import type { Layout, Tracked } from './channels.js';
import { effectsOf } from './effects.js';
import type { Series, SeriesSet } from './forecaster.js';
import type { KeptRows } from './newest.js';
import { type SeriesColumns, seriesSet } from './seriesSet.js';
import type { TargetState } from './state.js';
import { standardised, targetColumn, trackSeries } from './track.js';

/**
 * Stretches of older rows as series, each under the name of the series that it is a part of, read as the newest rows are.
 * @returns with what must not be silent about them
 */
export function readStretches(
  older: NonNullable<KeptRows['older']>,
  reading: FrameReading,
  columns: SeriesColumns,
): { series: Series[]; notes: string[] } {
  const { column } = older;
  const like: FrameReading = {
    ...reading,
    columns: [...reading.columns, { name: column, use: 'group', reading: { kind: 'text' } }],
    group: [...(reading.group ?? []), column],
  };
  try {
    const frame = understand(older.table, { like });
    const series = seriesSet(frame, columns).series.map((one) => ({
      ...one,
      name: one.name.split(separator).slice(0, -1).join(separator),
    }));
    return { series, notes: frame.account.notes.map((note) => `older rows: ${note}`) };
  } catch (error) {
    if (!(error instanceof MemcellError)) throw error;
    return { series: [], notes: [`older rows are left out: ${error.message}`] };
  }
}

/** What stands between the values of group columns. */
const separator = ' / ';

export interface Stretch {
  series: Series;
  /** Which series of the set it is a part of. */
  of: number;
  tracked: Tracked;
}

/**
 * The stretches of a set with the anchors of their series run over them, each started from its own rows. Those of a series that
 * is not in the set are left out, and those of fewer rows than a start and a window take.
 */
export function trackStretches(
  { series: all, older = [] }: SeriesSet,
  targets: readonly TargetState[][],
  layout: Layout,
  widths: { past: number; known: number },
): Stretch[] {
  const places = new Map(all.map(({ name }, i) => [name, i]));
  return older.flatMap((series) => {
    const of = places.get(series.name);
    if (of === undefined) return [];
    const own = targets[of];
    const longest = Math.max(...own.map(({ anchor }) => anchor.period));
    if (series.rows < Math.max(4, 2 * longest) + layout.window + layout.horizon) return [];
    const known = standardised(series.known, layout.known, widths.known);
    const starts = own.map(({ anchor, effects }, c) => {
      const y = targetColumn(series, c, layout.targets);
      return startOf(inDomain(y, anchor, effectsOf(known, effects, series.rows)), anchor);
    });
    return [{ series, of, tracked: trackSeries(series, own, layout, widths, { starts }) }];
  });
}

/** What is told of the windows that come from stretches. */
export function stretchRemarks({ older = [] }: SeriesSet, windows: number, stretches: number): string[] {
  if (older.length === 0) return [];
  if (windows === 0) return ['the stretches of older rows are too short for windows: nothing is learnt from them'];
  return [
    `${counted(windows, 'window')} of these ${windows === 1 ? 'is' : 'are'} of older rows, from ${counted(stretches, 'stretch', 'stretches')} drawn from all`,
  ];
}
