import { counted, formatNumber, formatTable, percent, shortPercent } from '../../format.js';
import type { MethodErrors } from './errors.js';
import type { ForecastEvaluation, TargetErrors } from './evaluation.js';
import type { Verdict } from './verdict.js';

/** Steps of the horizon, folds and series that are listed one by one, at most. */
const mostLines = 12;

/** An evaluation for people: each way to forecast beside the others, the verdict, then steps, folds and series. */
export function tellForecast(evaluation: ForecastEvaluation, on: string): { headline: string[]; details: string[] } {
  const { notes, samples, horizon } = evaluation;
  const steps = horizon === 1 ? '' : ` of ${horizon} steps`;
  const what = `${counted(samples, 'forecast')}${steps}${on}`;
  const headline = [methodTable(evaluation, what), ...tellVerdict(evaluation), ...notes];
  return { headline, details: details(evaluation) };
}

/** How good it is, and what must be said with that, a line each. */
export function tellVerdict(evaluation: ForecastEvaluation): string[] {
  return [
    verdictLine(evaluation),
    ...earned(evaluation.targets),
    ...tooNarrow(evaluation),
    ...withoutScale(evaluation),
  ];
}

function verdictLine({ verdict, targets, trainedOn }: ForecastEvaluation): string {
  const on = targets.length > 1 ? ', over all columns' : '';
  const seen = trainedOn ? ' (on rows it was trained on)' : '';
  return `${verdict.text}${on}${seen}`;
}

function methodTable({ targets, season }: ForecastEvaluation, what: string): string {
  const probabilities = targets[0].coverage?.map(({ probability }) => probability) ?? [];
  const head = [what, 'MAE', 'RMSE', 'sMAPE', 'MASE', ...probabilities.map((p) => `in ${shortPercent(p)}`)];
  const line = (name: string, errors: MethodErrors | undefined) =>
    errors === undefined
      ? []
      : [
          [
            name,
            formatNumber(errors.mae),
            formatNumber(errors.rmse),
            percent(errors.smape / 100),
            errors.mase === null ? '–' : formatNumber(errors.mase),
            ...probabilities.map((_, i) => (errors.coverage ? percent(errors.coverage[i].share) : '')),
          ],
        ];
  const rows = targets.flatMap((target) => [
    ...line(target.column, target),
    ...line('  exponential smoothing alone', target.smoothing),
    ...line('  naive (the last value)', target.naive),
    ...line(`  seasonal naive (${season} rows before)`, target.seasonalNaive),
    ...line('  drift (from first to last value)', target.drift),
  ]);
  return formatTable(head, rows);
}

/** What network and ridge regression add to exponential smoothing, by the mean absolute error. */
function earned(targets: readonly TargetErrors[]): string[] {
  const ratios = targets.map(({ mae, smoothing }) =>
    smoothing === undefined || smoothing.mae === 0 ? 1 : mae / smoothing.mae,
  );
  const ratio = Math.exp(ratios.reduce((sum, one) => sum + Math.log(one), 0) / ratios.length);
  if (!Number.isFinite(ratio) || Math.abs(1 - ratio) < 0.005) return [];
  const share = Math.round(100 * Math.abs(1 - ratio));
  return [
    `network and ridge regression: ${share} % ${ratio < 1 ? 'better' : 'worse'} than exponential smoothing alone`,
  ];
}

/** Below this share an 80 % interval that was scored on several forecasts is said to be too narrow. */
const narrowBelow = 0.6;

/** Intervals that held far fewer of the values to come than they should. */
function tooNarrow({ targets, samples }: ForecastEvaluation): string[] {
  if (samples < 8) return [];
  return targets.flatMap(({ column, coverage = [] }) => {
    const narrow = coverage.find(({ probability }) => probability === 0.8);
    if (narrow === undefined || narrow.share >= narrowBelow) return [];
    const of = targets.length > 1 ? ` of ${column}` : '';
    return [`the 80 % intervals${of} held only ${percent(narrow.share)} of the values here: they are too narrow`];
  });
}

/** Why there is no MASE. */
function withoutScale({ targets, season }: ForecastEvaluation): string[] {
  const names = targets.filter(({ mase }) => mase === null).map(({ column }) => column);
  if (names.length === 0) return [];
  const same = season > 1 ? `repeats its last ${season} rows exactly` : 'never changes';
  return [`no MASE of ${names.join(', ')}: on the rows trained on it ${same}, so that there is no error to divide by`];
}

function details({ targets, folds, series }: ForecastEvaluation): string[] {
  const lines: string[] = [];
  const steps = Math.max(...targets.map((target) => target.steps.length));
  if (steps > 1) {
    const shown = spread(steps, mostLines);
    const rows = targets.flatMap((target) => [
      ...shown.flatMap((i) => {
        const own = target.steps[i];
        if (own === undefined) return [];
        const guesses = [target.naive, target.seasonalNaive].map((guess) =>
          guess ? formatNumber(guess.steps[i].mae) : '',
        );
        const name = targets.length > 1 ? `${target.column}, step ${own.step}` : `step ${own.step}`;
        return [[name, formatNumber(own.mae), ...guesses]];
      }),
    ]);
    lines.push('', formatTable(['mean absolute error', 'model', 'naive', 'seasonal'], rows));
  }
  if (folds !== undefined) {
    const rows = folds.map(({ from, samples, targets: own, verdict }, k) => [
      `fold ${k + 1}${from === undefined ? '' : `, from ${from}`}`,
      String(samples),
      ...own.map(({ mae }) => formatNumber(mae)),
      shortVerdict(verdict),
    ]);
    lines.push(
      '',
      formatTable(['fold', 'forecasts', ...targets.map(({ column }) => `MAE ${column}`), 'verdict'], rows),
    );
  }
  if (series !== undefined) {
    const better = series.filter(({ verdict }) => verdict.better).length;
    const sorted = [...series].sort((a, b) => (b.verdict.ratio ?? 1) - (a.verdict.ratio ?? 1));
    const rows = spread(sorted.length, mostLines, 'ends').map((i) => [
      sorted[i].name,
      String(sorted[i].samples),
      ...sorted[i].targets.map(({ mae }) => formatNumber(mae)),
      shortVerdict(sorted[i].verdict),
    ]);
    lines.push(
      '',
      `better than the best simple guess on ${better} of ${counted(series.length, 'series', 'series')}${rows.length < series.length ? `; the ${mostLines / 2} worst and best:` : ':'}`,
      formatTable(['series', 'forecasts', ...targets.map(({ column }) => `MAE ${column}`), 'verdict'], rows),
    );
  }
  return lines;
}

function shortVerdict({ better, ratio, than }: Verdict): string {
  return better
    ? `${Math.max(1, Math.round(100 * (1 - (ratio ?? 1))))} % better than ${than}`
    : `no better than ${than}`;
}

/** Up to `most` of n indices: evenly spread with the last one, or from both ends. */
function spread(n: number, most: number, how: 'evenly' | 'ends' = 'evenly'): number[] {
  if (n <= most) return Array.from({ length: n }, (_, i) => i);
  if (how === 'ends') return Array.from({ length: most }, (_, i) => (i < most / 2 ? i : n - most + i));
  return Array.from({ length: most }, (_, i) => Math.round((i * (n - 1)) / (most - 1)));
}
