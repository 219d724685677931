import type { TimeReading } from '../../data/frame.js';
import { labelsAfter, writeTime } from '../../data/understanding/timeText.js';
import type { Series } from './forecaster.js';
import { sliceSeries, type Widths } from './seriesSet.js';

/** The end of a series that a model was trained on, with all that forecasting without new data goes on from. */
export interface KeptSeries {
  name: string;
  /** Rows that the training data had; undefined in models of before this was kept. */
  rows?: number;
  /** Rows, of these, that the model was fitted on; undefined as above. */
  trained?: number;
  /** What errors of each target are divided by; see `seasonalScale`. */
  scales?: number[];
  /** The newest rows, all arrays as in `Series`. */
  targets: number[];
  past: number[];
  known: number[];
  times?: number[];
}

/**
 * The newest rows of each series.
 * @param rows how many rows before the last one fitted on are kept, at most; with all that follow it
 */
export function keep(
  series: readonly Series[],
  trained: readonly number[],
  scales: readonly number[][],
  widths: Widths,
  rows: readonly number[],
): KeptSeries[] {
  return series.map((one, i) => {
    const from = Math.max(0, trained[i] - rows[i]);
    const { targets, past, known, times } = sliceSeries(one, widths, from, one.rows);
    return {
      name: one.name,
      rows: one.rows,
      trained: trained[i],
      scales: [...scales[i]],
      targets: Array.from(targets),
      past: Array.from(past),
      known: Array.from(known),
      ...(times && { times: Array.from(times) }),
    };
  });
}

/** What was kept, as a series. */
export function keptSeries(kept: KeptSeries, widths: Widths): Series {
  const { name, targets, past, known, times } = kept;
  return {
    name,
    rows: rowsOf(kept, widths),
    targets: Float64Array.from(targets),
    past: Float64Array.from(past),
    known: Float64Array.from(known),
    ...(times && { times: Float64Array.from(times) }),
  };
}

/** A series of new data, after what was kept of the training data where the one goes on from the other. */
export interface Continued {
  series: Series;
  /** Rows of the training data that stand before the new data. */
  before: number;
  /** Rows, of `series`, that the model was fitted on. */
  seen: number;
  /** The row of `series` at which what was kept begins, where it has all of it: a forecaster knows its state there. */
  keptFrom?: number;
}

/**
 * Where new data stands to the training data: rows of one time, or, without times, data that begins as the training data did.
 * Rows that both have must hold the same targets (half of them: data is revised), else it is another series of that name.
 */
export function continued(kept: KeptSeries, data: Series, widths: Widths, time?: TimeReading): Continued {
  const known = keptSeries(kept, widths);
  const fresh = { series: data, before: 0, seen: 0 };
  const offset = offsetOf(kept, known, data, time);
  if (offset === undefined || !agree(known, data, offset, widths.targets)) return fresh;
  const before = Math.max(0, offset);
  const unfitted = (kept.rows ?? 0) - (kept.trained ?? kept.rows ?? 0);
  const series = join(sliceSeries(known, widths, 0, before), data);
  const seen = known.rows - unfitted + Math.max(0, -offset);
  const keptFrom = Math.max(0, -offset);
  return {
    series,
    before,
    seen: Math.max(0, Math.min(series.rows, seen)),
    ...(keptFrom < series.rows && { keptFrom }),
  };
}

/**
 * A series from where what was kept begins: there a forecaster knows its state, and forecasts of later rows do not hang on how
 * much of the past the data has.
 * @returns with the number of rows left out before it
 */
export function fromKept({ series, keptFrom = 0 }: Continued, widths: Widths): { series: Series; skipped: number } {
  if (keptFrom === 0) return { series, skipped: 0 };
  return { series: sliceSeries(series, widths, keptFrom, series.rows), skipped: keptFrom };
}

/** The row of what was kept at which the data begins; below 0 when it begins before. */
function offsetOf(kept: KeptSeries, known: Series, data: Series, time?: TimeReading): number | undefined {
  if (known.rows === 0 || data.rows === 0) return undefined;
  if (known.times === undefined || data.times === undefined) {
    if (known.times !== undefined || data.times !== undefined || kept.rows === undefined) return undefined;
    const earlier = kept.rows - known.rows;
    return data.rows > earlier ? -earlier : undefined;
  }
  const inKept = known.times.indexOf(data.times[0]);
  if (inKept >= 0) return inKept;
  const inData = data.times.indexOf(known.times[0]);
  if (inData >= 0) return -inData;
  const follows = time?.step && labelsAfter(time, known.times[known.rows - 1], 1)[0] === writeTime(time, data.times[0]);
  return follows ? known.rows : undefined;
}

/** Whether at least half of the rows that both have hold the same targets. */
function agree(known: Series, data: Series, offset: number, columns: number): boolean {
  const from = Math.max(0, offset);
  const to = Math.min(known.rows, offset + data.rows);
  let same = 0;
  for (let row = from; row < to; row++) {
    let equal = true;
    for (let c = 0; c < columns; c++) {
      equal &&= known.targets[row * columns + c] === data.targets[(row - offset) * columns + c];
    }
    if (equal) same++;
  }
  return to <= from || same >= (to - from) / 2;
}

function join(first: Series, second: Series): Series {
  if (first.rows === 0) return second;
  const both = (a: Float64Array, b: Float64Array) => {
    const all = new Float64Array(a.length + b.length);
    all.set(a);
    all.set(b, a.length);
    return all;
  };
  const filled = new Uint8Array(first.targets.length + second.targets.length);
  if (second.filled) filled.set(second.filled, first.targets.length);
  return {
    name: second.name,
    rows: first.rows + second.rows,
    targets: both(first.targets, second.targets),
    ...(second.filled && { filled }),
    past: both(first.past, second.past),
    known: both(first.known, second.known),
    ...(first.times && second.times && { times: both(first.times, second.times) }),
  };
}

function rowsOf(kept: KeptSeries, widths: Widths): number {
  return widths.targets > 0 ? kept.targets.length / widths.targets : 0;
}
