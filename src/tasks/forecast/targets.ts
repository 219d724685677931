import { type Anchor, type AnchorOptions, chooseAnchor, inDomain, Track } from './anchor.js';
import { effectsOf, fitEffects } from './effects.js';
import type { TargetState } from './state.js';
import { fitNormal } from './track.js';

export interface TargetOptions extends Pick<AnchorOptions, 'season' | 'horizon' | 'iterations' | 'loop'> {
  /** The part of the year as an angle, per row; where the year is looked at. */
  year?: Float64Array;
}

/**
 * The anchor of one target of one series, with the effects of known columns on it: both in turn, twice at most.
 * @param known (rows or more, width), standardised
 */
export async function fitTarget(
  y: Float64Array,
  known: Float64Array,
  width: number,
  options: TargetOptions,
): Promise<TargetState> {
  const n = y.length;
  let anchor = await chooseAnchor(y, options);
  let effects = new Array<number>(2 * width).fill(0);
  for (let round = 0; round < 2 && width > 0; round++) {
    effects = fitEffects(inDomain(y, anchor, undefined), known, width, anchor);
    const added = effectsOf(known, effects, n);
    if (added === undefined) break;
    anchor = await chooseAnchor(y, { ...options, log: anchor.log, effects: added });
  }
  return targetState(y, anchor, effectsOf(known, effects, n), effects, options);
}

/** Rows from which a season has so many states that in-sample errors are too small by more than a little. */
const LONG_SEASON = 100;

function targetState(
  y: Float64Array,
  anchor: Anchor,
  added: Float64Array | undefined,
  effects: number[],
  { horizon, year }: TargetOptions,
): TargetState {
  const values = inDomain(y, anchor, added);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) || 1;
  const states = anchor.period >= LONG_SEASON ? anchor.period + 3 : 0;
  const widening = Math.sqrt((y.length + states) / (y.length - states));
  const floor = !anchor.log && y.every((value) => value >= 0);
  return {
    anchor,
    scale: missedScale(new Track(anchor, values), horizon),
    mean,
    std,
    widening,
    floor,
    effects,
    ...(year && { normal: fitNormal(values, year) }),
  };
}

/** The root mean square of what the anchor misses over all steps; 1 when it misses nothing. */
function missedScale(track: Track, horizon: number): number {
  const { values, anchor } = track;
  const n = values.length;
  const from = Math.min(Math.floor(n / 2), 4 + anchor.period);
  const stride = Math.max(1, Math.floor((n - from) / 2000));
  let squares = 0;
  let count = 0;
  for (let t = n - 1; t >= from; t -= stride) {
    for (let h = 0; h < horizon && t + h < n; h++, count++) squares += (values[t + h] - track.ahead(t, h)) ** 2;
  }
  const scale = Math.sqrt(squares / count);
  return scale > 0 && Number.isFinite(scale) ? scale : 1;
}
