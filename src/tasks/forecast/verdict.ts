import type { Errors } from './errors.js';

/** Whether a model earns its keep: its error beside that of the best simple guess. */
export interface Verdict {
  /** The simple guess with the smallest error. */
  than: 'naive' | 'seasonal naive' | 'drift';
  /** The model's error over that guess's, the geometric mean over the columns; null when that guess has no error. */
  ratio: number | null;
  better: boolean;
  /** One line for people. */
  text: string;
}

interface Compared extends Errors {
  column: string;
  naive: Errors;
  seasonalNaive?: Errors;
  drift: Errors;
}

/** Below this share of a guess's error a model counts as better: half a per cent is within what seeds change. */
const betterBelow = 0.995;

/**
 * Errors are compared by MASE, so that every series and column counts alike, or by MAE where there is no scale.
 * @param season rows to a season, for the words
 */
export function verdictOf(targets: readonly Compared[], season: number): Verdict {
  const guesses = (
    [
      ['naive', (target: Compared) => target.naive],
      ['seasonal naive', (target: Compared) => target.seasonalNaive],
      ['drift', (target: Compared) => target.drift],
    ] as const
  ).flatMap(([than, errorsOf]) => {
    const logs = targets.map((target) => {
      const errors = errorsOf(target);
      if (errors === undefined) return Number.NaN;
      const key = target.mase !== null && errors.mase !== null ? 'mase' : 'mae';
      const [own, guess] = [target[key] ?? 0, errors[key] ?? 0];
      return own === guess ? 0 : Math.log(own / guess);
    });
    const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
    return Number.isNaN(mean) ? [] : [{ than, ratio: Math.exp(mean) }];
  });
  // Columns at which both err by nothing at all, and at which only the model does, have no mean: the last value then stands.
  const best = guesses.reduce((a, b) => (b.ratio > a.ratio ? b : a), guesses[0] ?? { than: 'naive', ratio: 1 });
  const better = best.ratio < betterBelow;
  const name = best.than === 'seasonal naive' ? `seasonal naive, ${season} rows before` : nameOf[best.than];
  const share = Math.max(1, Math.round(100 * (1 - best.ratio)));
  const exact = targets.every((target) => target.mae === 0) && best.ratio === 1;
  return {
    than: best.than,
    ratio: Number.isFinite(best.ratio) ? best.ratio : null,
    better,
    text: better
      ? `${share} % better than the best simple guess (${name})`
      : exact
        ? `every forecast is exact, and so is the best simple guess (${name}): nothing here needs a model`
        : `no better than the best simple guess (${name}); use that`,
  };
}

const nameOf = { naive: 'naive, the last value', drift: 'drift, the line from first to last value' };
