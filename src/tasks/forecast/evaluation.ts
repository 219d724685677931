import type { TimeReading } from '../../data/frame.js';
import { EventLoop } from '../../eventLoop.js';
import { counted } from '../../format.js';
import type { Shown } from '../shown.js';
import { type Baselines, baselines } from './baselines.js';
import { ErrorSums, type Errors, type MethodErrors } from './errors.js';
import type { Forecasts, Series } from './forecaster.js';
import { showForecasts } from './shown.js';
import { type Verdict, verdictOf } from './verdict.js';

/** How far a model's rolling forecasts are from what happened, beside the simple guesses. */
export interface ForecastEvaluation {
  kind: 'forecast';
  /** Rows, of all series, that forecasts were made before. */
  samples: number;
  /** Steps forecast from each; the last rows have fewer to compare with. */
  horizon: number;
  /** Rows to a season; 1: none. */
  season: number;
  targets: TargetErrors[];
  verdict: Verdict;
  /** Per series, when there are several. */
  series?: SeriesErrors[];
  /** Per fold of a backtest, the oldest first. */
  folds?: FoldErrors[];
  /** Whether the model was trained on the rows that it was scored on. */
  trainedOn: boolean;
  /** How the model came to be, and what bears on the figures: one line each. */
  notes: string[];
}

export interface SimpleGuesses {
  /** The last known value. */
  naive: MethodErrors;
  /** The value one season before, when there is a season. */
  seasonalNaive?: MethodErrors;
  /** The line through the first and the last known value. */
  drift: MethodErrors;
}

/** The model's errors of one column, and those of the other ways. */
export interface TargetErrors extends MethodErrors, SimpleGuesses {
  column: string;
  /** Exponential smoothing without the network: what the model starts from. Not of plain networks. */
  smoothing?: MethodErrors;
}

export interface SeriesErrors {
  name: string;
  samples: number;
  targets: (Errors & { column: string })[];
  verdict: Verdict;
}

export interface FoldErrors {
  samples: number;
  /** The first row forecast, as the data has it, when all series have one time. */
  from?: string;
  targets: (Errors & { column: string })[];
  verdict: Verdict;
}

/** Forecasts of one series to be compared with what happened. */
export interface Scored {
  series: Series;
  /** Forecasts are made before these rows: origin t knows rows 0 … t−1. */
  origins: readonly number[];
  /** Per target: what errors are divided by; see `seasonalScale`. */
  scales: readonly number[];
}

type Method = 'model' | 'smoothing' | keyof Baselines;
type Sums = Map<Method, ErrorSums>[];

/** Collects errors over series and folds. */
export class Scores {
  private readonly pooled: Sums;
  /** With which of its values were filled in, so that nothing is compared with them. */
  private readonly bySeries = new Map<string, { sums: Sums; samples: number; unscored: Set<number> }>();
  private readonly byFold: { sums: Sums; samples: number; from?: string }[] = [];
  private samples = 0;
  /** Columns that hold nothing else in some rows to be scored, so that these are. */
  private readonly onlyFilled = new Set<string>();

  constructor(
    private readonly targets: readonly string[],
    private readonly horizon: number,
    private readonly season: number,
    /** Is given what pictures show of each series; with how the data's times are read. */
    private readonly pictures?: { shown: (part: Shown) => void; time?: TimeReading },
  ) {
    this.pooled = this.sums();
  }

  /** Begins a fold: what is added from here on counts for it too. */
  fold(from?: string): void {
    this.byFold.push({ sums: this.sums(), samples: 0, ...(from !== undefined && { from }) });
  }

  /** @param forecasts from the origins, `horizon` steps each; `anchor` may be missing */
  async add(
    { series: given, origins, scales }: Scored,
    forecasts: Omit<Forecasts, 'anchor'> & { anchor?: Float64Array },
  ): Promise<void> {
    let own = this.bySeries.get(given.name);
    if (own === undefined) {
      own = { sums: this.sums(), samples: 0, unscored: new Set() };
      this.bySeries.set(given.name, own);
    }
    const fold = this.byFold.at(-1);
    const all = [this.pooled, own.sums, ...(fold ? [fold.sums] : [])];
    this.samples += origins.length;
    own.samples += origins.length;
    if (fold) fold.samples += origins.length;
    const count = this.targets.length;
    const series = this.toCompare(given, origins, own.unscored);
    const { targets, filled } = series;
    if (this.pictures) {
      const { shown, time } = this.pictures;
      const { targets: columns, horizon } = this;
      shown(showForecasts({ series, origins, columns, horizon, ...(time && { time }) }, forecasts));
    }
    const loop = new EventLoop();
    for (const [i, origin] of origins.entries()) {
      if (i % 64 === 0 && loop.waits) await loop.turn();
      const steps = Math.min(this.horizon, series.rows - origin);
      for (let h = 0; h < steps; h++) {
        for (let c = 0; c < count; c++) {
          const at = (i * this.horizon + h) * count + c;
          if (filled?.[(origin + h) * count + c] === 1) continue;
          const actual = targets[(origin + h) * count + c];
          const guesses = baselines(targets, count, c, origin, h, this.season);
          for (const sums of all) {
            const methods = sums[c];
            const add = (method: Method, value: number) => methods.get(method)?.add(h, value, actual, scales[c]);
            add('model', forecasts.values[at]);
            if (forecasts.anchor !== undefined) this.smoothing(methods).add(h, forecasts.anchor[at], actual, scales[c]);
            add('naive', guesses.naive);
            add('seasonalNaive', guesses.seasonalNaive ?? guesses.naive);
            add('drift', guesses.drift);
            for (const { probability, lower, upper } of forecasts.intervals) {
              methods.get('model')?.addInterval(h, probability, lower[at], upper[at], actual);
            }
          }
        }
      }
    }
  }

  evaluation(trainedOn: boolean, notes: string[]): ForecastEvaluation {
    const targets = this.targetErrors(this.pooled);
    const several = this.bySeries.size > 1;
    return {
      kind: 'forecast',
      samples: this.samples,
      horizon: this.horizon,
      season: this.season,
      targets,
      verdict: verdictOf(targets, this.season),
      ...(several && {
        series: [...this.bySeries].map(([name, { sums, samples }]) => ({ name, samples, ...this.short(sums) })),
      }),
      ...(this.byFold.length > 0 && {
        folds: this.byFold.map(({ sums, ...rest }) => ({ ...rest, ...this.short(sums) })),
      }),
      trainedOn,
      notes: [...notes, ...this.filledNotes()],
    };
  }

  /** A series whose filled values are not compared with, but for columns that have no others in these rows. */
  private toCompare(series: Series, origins: readonly number[], unscored: Set<number>): Series {
    if (series.filled === undefined) return series;
    const count = this.targets.length;
    const [from, to] = [origins[0] * count, Math.min(series.rows, origins[origins.length - 1] + this.horizon) * count];
    const filled = series.filled.slice();
    for (const [c, column] of this.targets.entries()) {
      let real = 0;
      for (let at = from + c; at < to; at += count) real += 1 - filled[at];
      if (real === 0) this.onlyFilled.add(column);
      for (let at = from + c; at < to; at += count) {
        if (real === 0) filled[at] = 0;
        else if (filled[at] === 1) unscored.add(at);
      }
    }
    return { ...series, filled };
  }

  private filledNotes(): string[] {
    const count = [...this.bySeries.values()].reduce((sum, { unscored }) => sum + unscored.size, 0);
    return [
      ...(count > 0
        ? [`${counted(count, 'value')} of these rows ${count === 1 ? 'is' : 'are'} filled in and not scored`]
        : []),
      ...[...this.onlyFilled].map(
        (column) => `${column}: scored against values that were filled in, as there are no others`,
      ),
    ];
  }

  private short(sums: Sums): Pick<SeriesErrors, 'targets' | 'verdict'> {
    const targets = this.targetErrors(sums);
    return {
      targets: targets.map(({ column, mae, rmse, smape, mase }) => ({ column, mae, rmse, smape, mase })),
      verdict: verdictOf(targets, this.season),
    };
  }

  private targetErrors(sums: Sums): TargetErrors[] {
    return this.targets.map((column, c) => {
      const of = (method: Method) => sums[c].get(method)?.result();
      const [model, naive, drift] = [of('model'), of('naive'), of('drift')];
      if (!model || !naive || !drift) throw new Error('sums are missing');
      const [smoothing, seasonalNaive] = [of('smoothing'), of('seasonalNaive')];
      return {
        column,
        ...model,
        naive,
        ...(seasonalNaive && { seasonalNaive }),
        drift,
        ...(smoothing && { smoothing }),
      };
    });
  }

  private sums(): Sums {
    const methods: Method[] = ['model', 'naive', ...(this.season > 1 ? (['seasonalNaive'] as const) : []), 'drift'];
    return this.targets.map(() => new Map(methods.map((method) => [method, new ErrorSums(this.horizon)])));
  }

  private smoothing(methods: Map<Method, ErrorSums>): ErrorSums {
    let sums = methods.get('smoothing');
    if (sums === undefined) {
      sums = new ErrorSums(this.horizon);
      methods.set('smoothing', sums);
    }
    return sums;
  }
}
