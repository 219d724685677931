/**
 * What pictures show of a task's scores, as plain data of bounded size. A task hands it over while it evaluates, to
 * `Run.shown` or `EvaluateOptions.shown`; nobody asks for it, nothing is made.
 */
export type Shown = ShownForecasts | ShownClasses | ShownText;

/** x of a picture: milliseconds since 1970 where times are dates, else plain numbers, or rows counted from 1. */
export type Axis = 'date' | 'time' | 'row';

/** @param time how times are read, where rows have any */
export function axisOf(time: { notation: string } | undefined): Axis {
  if (time === undefined) return 'row';
  return time.notation === 'number' ? 'time' : 'date';
}

export interface Points {
  x: number[];
  y: number[];
}

/** One series' rolling forecasts, in the data's units. */
export interface ShownForecasts {
  kind: 'forecast';
  /** '' where there is one series only. */
  series: string;
  axis: Axis;
  columns: ShownColumn[];
  /** The mean absolute error over that of the last value one row ahead, of all columns: what series are compared by. */
  relative: number;
  /** Rows of the part that was forecast, and how many of them, the newest, `forecasts` shows. */
  scored: number;
  shown: number;
}

export interface ShownColumn {
  name: string;
  /** What happened: every value, or the extremes of stretches of them. */
  actual: Points;
  /** Forecasts of steps 1 to H from every H-th row of the newest scored part. */
  forecasts: ShownBlock[];
  /** One step ahead, actual less forecast: over time (extremes of stretches), and how many fall where. */
  residuals: Points;
  histogram: { from: number; to: number; count: number }[];
  /** The mean absolute error over all steps. */
  mae: number;
}

export interface ShownBlock extends Points {
  intervals: { probability: number; lower: number[]; upper: number[] }[];
}

/** How a classifier's probabilities fit what was, and its most confident mistakes. */
export interface ShownClasses {
  kind: 'classify';
  classes: string[];
  /** Answers by the probability that the model gave them: how many, its mean, and the share that was right. */
  reliability: { from: number; to: number; count: number; probability: number; right: number }[];
  mistakes: ShownMistake[];
  /** Names of the inputs' columns, where inputs are numbers. */
  inputs: string[];
}

export interface ShownMistake {
  /** The group, or the row. */
  name: string;
  actual: string;
  answered: string;
  probability: number;
  /** Per step, one number per input; one step for a row. What is filled up is left out. */
  steps?: number[][];
  /** Or the text. */
  text?: string;
}

/** The beginning of a scored text, token by token. */
export interface ShownText {
  kind: 'text';
  /** Each token with the surprise −log₂ p it was to the model, in bits. */
  tokens: { text: string; bits: number }[];
  /** Which tokens were expected in place of which, most often first. */
  confusions: { actual: string; expected: string; count: number }[];
}

/** Series of one evaluation that pictures show: the worst and the best. */
export const mostSeries = 24;

/**
 * Collects what is shown of an evaluation. What comes of one series again, as from each fold of a backtest, goes into one picture. Of many
 * series the worst and the best half of `mostSeries` stay.
 */
export class Pictures {
  private readonly others: Exclude<Shown, ShownForecasts>[] = [];
  private forecasts: ShownForecasts[] = [];
  private readonly dropped = new Set<string>();

  /** Series that were given, and no longer kept. */
  get left(): number {
    return this.dropped.size;
  }

  readonly add = (part: Shown): void => {
    if (part.kind !== 'forecast') this.others.push(part);
    else if (!this.dropped.has(part.series)) this.addForecasts(part);
  };

  private addForecasts(part: ShownForecasts): void {
    const known = this.forecasts.findIndex(({ series }) => series === part.series);
    if (known < 0) this.forecasts.push(part);
    else this.forecasts[known] = joinForecasts(this.forecasts[known], part);
    if (this.forecasts.length > 2 * mostSeries) this.forecasts = this.kept();
  }

  /** Series with the largest relative error first. */
  get parts(): Shown[] {
    return [...this.others, ...this.kept()];
  }

  private kept(): ShownForecasts[] {
    const sorted = this.forecasts.sort((a, b) => b.relative - a.relative);
    if (sorted.length <= mostSeries) return sorted;
    const half = mostSeries / 2;
    for (const { series } of sorted.slice(half, -half)) this.dropped.add(series);
    return [...sorted.slice(0, half), ...sorted.slice(-half)];
  }
}

/** Forecasts of a series, and those of its later rows. */
function joinForecasts(first: ShownForecasts, later: ShownForecasts): ShownForecasts {
  const scored = first.scored + later.scored;
  const mean = (a: number, b: number) => (a * first.scored + b * later.scored) / Math.max(1, scored);
  return {
    ...first,
    scored,
    shown: first.shown + later.shown,
    relative: mean(first.relative, later.relative),
    columns: first.columns.map((column, c) => {
      const other = later.columns[c];
      const both = [residualsOf(first, column), residualsOf(later, other)].flat();
      const { x, y } = column.residuals;
      return {
        ...column,
        forecasts: [...column.forecasts, ...other.forecasts],
        residuals: reducePoints([...x, ...other.residuals.x], [...y, ...other.residuals.y]),
        histogram: histogramOf(both),
        mae: mean(column.mae, other.mae),
      };
    }),
  };
}

/** All residuals; of so many that only extremes are kept, the middles of the histogram's bins. */
function residualsOf({ scored }: ShownForecasts, { residuals, histogram }: ShownColumn): number[] {
  if (residuals.y.length === scored) return residuals.y;
  return histogram.flatMap(({ from, to, count }) => new Array<number>(count).fill((from + to) / 2));
}

/** Points that a line of a picture has at most. */
export const mostPoints = 2000;

/**
 * A line for a picture: of each of `most`/2 stretches of equal length its least and its largest value, in their order, so
 * that no extreme is lost; all points where there are not more than `most`. Values that are not finite are left out.
 */
export function reducePoints(x: ArrayLike<number>, y: ArrayLike<number>, most = mostPoints): Points {
  const reduced: Points = { x: [], y: [] };
  const add = (i: number) => {
    reduced.x.push(x[i]);
    reduced.y.push(y[i]);
  };
  const stretch = y.length <= most ? 1 : Math.ceil((2 * y.length) / most);
  for (let from = 0; from < y.length; from += stretch) {
    let [low, high] = [-1, -1];
    for (let i = from; i < Math.min(from + stretch, y.length); i++) {
      if (!Number.isFinite(y[i])) continue;
      if (low < 0 || y[i] < y[low]) low = i;
      if (high < 0 || y[i] > y[high]) high = i;
    }
    if (low < 0) continue;
    add(Math.min(low, high));
    if (low !== high) add(Math.max(low, high));
  }
  return reduced;
}

/** So many bins of equal width, of round numbers, over the values; those that are not finite are left out. */
export function histogramOf(values: ArrayLike<number>, bins = 30): { from: number; to: number; count: number }[] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    least = Math.min(least, values[i]);
    most = Math.max(most, values[i]);
  }
  if (!(least <= most)) return [];
  const width = roundWidth((most - least) / bins || Math.abs(most) / bins || 1);
  const first = Math.floor(least / width);
  const counts = new Array<number>(Math.floor(most / width) - first + 1).fill(0);
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) counts[Math.min(counts.length - 1, Math.floor(values[i] / width) - first)]++;
  }
  return counts.map((count, i) => ({ from: (first + i) * width, to: (first + i + 1) * width, count }));
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function roundWidth(width: number): number {
  const power = 10 ** Math.floor(Math.log10(width));
  return power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= width * (1 - 1e-9)) ?? 10);
}
