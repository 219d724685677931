import type { Source } from '../../data/source.js';
import { writeTime } from '../../data/understanding/timeText.js';
import { usageError } from '../../errors.js';
import { counted } from '../../format.js';
import type { Run } from '../definition.js';
import { type ForecastData, readData } from './data.js';
import { picturesOf } from './evaluate.js';
import { type ForecastEvaluation, Scores } from './evaluation.js';
import { type Fitted, type Fitting, fitModel } from './fitting.js';
import type { ForecastOptions } from './options.js';
import { scoreRows, splitOf } from './prepare.js';
import { trainingRows } from './seriesSet.js';

/**
 * Forecasts the newest part in `folds` blocks of rows, the oldest first: with refit each by a model fitted on all that comes
 * before it, else all by one fitted on what comes before the first.
 */
export async function backtestForecast(
  source: Source,
  options: ForecastOptions,
  run: Run,
  { folds, refit }: { folds: number; refit: boolean },
): Promise<ForecastEvaluation> {
  const split = splitOf(run);
  if (split === 0) {
    throw usageError('validation split: 0 leaves no rows to forecast; leave it out, or give a share such as 0.2');
  }
  const data = await readData(source, options, run, split);
  const { series } = data.set;
  const fitting: Fitting = {
    options,
    run: refit && run.budget !== undefined ? { ...run, budget: run.budget / folds } : run,
  };
  const edges = Array.from({ length: folds + 1 }, (_, k) => trainingRows(series, (split * (folds - k)) / folds));
  const scores = new Scores(data.columns.targets, data.horizon, data.set.season, picturesOf(run.shown, data.frame));
  const rows = sum(series.map((one) => one.rows)) - sum(edges[0]);
  const notes: string[] = [];
  let fitted: Fitted | undefined;
  try {
    for (let k = 0; k < folds; k++) {
      if (sum(edges[k + 1]) === sum(edges[k])) {
        throw usageError(
          `folds: the ${counted(rows, 'row held out makes', 'rows held out make')} no ${folds} folds; take fewer, or a larger --validation-split`,
        );
      }
      if (refit || fitted === undefined) {
        fitted?.model.dispose();
        run.stage(
          refit
            ? `fold ${k + 1} of ${folds}: fitting on ${counted(sum(edges[k]), 'row')}`
            : `fitting on ${counted(sum(edges[k]), 'row')}`,
        );
        fitted = await fitModel(data, edges[k], false, fitting);
      }
      scores.fold(firstTime(data, edges[k]));
      await scoreRows(fitted, data, edges[k], edges[k], edges[k + 1], scores);
      if (run.signal?.aborted) {
        notes.push(`interrupted: ${k + 1} of ${folds} folds`);
        break;
      }
    }
  } finally {
    fitted?.model.dispose();
  }
  notes.push(refit ? 'fitted anew before each fold' : 'fitted once, before the first fold; --refit fits before each');
  return scores.evaluation(false, notes);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The time of the first row of a fold, as the data writes it. */
function firstTime({ frame, set }: ForecastData, edges: readonly number[]): string | undefined {
  const { time } = frame.reading;
  const { times } = set.series[0];
  if (time === undefined || times === undefined || edges[0] >= times.length) return undefined;
  return writeTime(time, times[edges[0]]);
}
