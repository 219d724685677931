import type { Frame, FrameColumn } from '../../data/frame.js';
import { encode } from '../../data/understanding/understand.js';
import { MemcellError } from '../../errors.js';
import { trainingCount } from '../settings.js';
import type { Series, SeriesSet } from './forecaster.js';

/** The columns of a frame that a forecast works on. */
export interface SeriesColumns {
  targets: string[];
  past: string[];
  known: string[];
}

/** The columns that a frame was understood to have for a forecast. */
export function columnsOf(frame: Frame, targets: readonly string[]): SeriesColumns {
  const named = (use: FrameColumn['use']) =>
    frame.columns.filter((column) => column.use === use).map(({ name }) => name);
  return { targets: [...targets], past: named('feature'), known: named('known') };
}

/** The series of a frame, and their season where the calendar has one. */
type FrameSeries = Omit<SeriesSet, 'season'> & { season?: number };

/**
 * The series of a frame, encoded: numbers as they are, flags as 0 and 1, categories one-hot.
 * @throws MemcellError at the first missing value.
 */
export function seriesSet(frame: Frame, columns: SeriesColumns): FrameSeries {
  const [targets, past, known] = [columns.targets, columns.past, columns.known].map((names) => encode(frame, names));
  for (const names of [columns.targets, columns.past, columns.known]) {
    for (const name of names) checkComplete(frame, name);
  }
  const { time } = frame;
  return {
    targets: targets.names,
    past: past.names,
    known: known.names,
    series: frame.series.map(({ name, from, to }) => ({
      name,
      rows: to - from,
      targets: rowsOf(targets, from, to),
      ...filledOf(
        columns.targets.map((target) => frame.column(target).filled),
        from,
        to,
      ),
      past: rowsOf(past, from, to),
      known: rowsOf(known, from, to),
      ...(time && { times: time.times.slice(from, to) }),
    })),
    ...(time?.step && { step: time.step }),
    ...(time?.season !== undefined && { season: time.season }),
  };
}

function rowsOf({ names, data }: { names: readonly string[]; data: Float64Array }, from: number, to: number) {
  return data.slice(from * names.length, to * names.length);
}

/** Which targets of rows [from, to) are filled in, where any is. */
function filledOf(columns: readonly (Uint8Array | undefined)[], from: number, to: number): Pick<Series, 'filled'> {
  if (!columns.some((own) => own?.subarray(from, to).includes(1))) return {};
  const filled = new Uint8Array((to - from) * columns.length);
  for (const [c, own] of columns.entries()) {
    for (let row = from; own && row < to; row++) filled[(row - from) * columns.length + c] = own[row];
  }
  return { filled };
}

function checkComplete(frame: Frame, name: string): void {
  const { values } = frame.column(name);
  const row = values.findIndex(Number.isNaN);
  if (row < 0) return;
  throw new MemcellError(`${frame.where(row, name)}: the cell is empty; --fill linear fills it, or remove the row`);
}

/** How many columns there are of each sort. */
export interface Widths {
  targets: number;
  past: number;
  known: number;
}

export function widthsOf(set: {
  targets: readonly string[];
  past: readonly string[];
  known: readonly string[];
}): Widths {
  return { targets: set.targets.length, past: set.past.length, known: set.known.length };
}

/** Rows [from, to) of a series; what is known of rows ahead is left out. */
export function sliceSeries(series: Series, widths: Widths, from: number, to: number): Series {
  return {
    name: series.name,
    rows: to - from,
    targets: series.targets.slice(from * widths.targets, to * widths.targets),
    ...(series.filled && { filled: series.filled.slice(from * widths.targets, to * widths.targets) }),
    past: series.past.slice(from * widths.past, to * widths.past),
    known: series.known.slice(from * widths.known, to * widths.known),
    ...(series.times && { times: series.times.slice(from, to) }),
  };
}

/**
 * How many rows of each series are trained on when the newest `split` of all is held out: up to one time for all series where
 * rows have times, so that nothing of the time forecast is known from another series.
 */
export function trainingRows(series: readonly Series[], split: number): number[] {
  const times = series.map((one) => one.times);
  if (series.length === 1 || times.includes(undefined)) return series.map(({ rows }) => trainingCount(rows, split));
  const all = Float64Array.from(times.flatMap((own) => Array.from(own ?? []))).sort();
  const edge = trainingCount(all.length, split);
  if (edge >= all.length) return series.map(({ rows }) => rows);
  return times.map((own) => (own ?? new Float64Array(0)).filter((time) => time < all[edge]).length);
}
