import type { NdArray } from '../data/array.js';
import { nextDates, nextNumbers } from '../data/calendar.js';
import { StandardScaler } from '../data/scaler.js';
import type { Table } from '../data/table.js';
import { windows } from '../data/windows.js';
import { MemcellError } from '../errors.js';
import type { ForecastArtefact } from './artefact.js';
import type { ForecastEvaluation } from './evaluation.js';
import { checkOutputShape, type Predictor, type Prepared } from './prepared.js';
import { checkRows, distinctColumns, featureColumns, matrix, type TimeColumn, timeColumn } from './series.js';
import { checkCount, trainingCount } from './settings.js';

export interface ForecastOptions {
  /** The columns to forecast. */
  targets: string[];
  /** Rows that go in: 30. */
  window?: number;
  /** Rows that come out: 1. */
  horizon?: number;
  /** The columns that go in: all columns of numbers, but for the time. */
  features?: string[];
  /** The column that orders the rows: the first column of dates. */
  time?: string;
}

export const forecastDefaults = { epochs: 30, batchSize: 32, learningRate: 0.001, validationSplit: 0.2 };

/** A table's columns as the series a forecast works on, z-scored by the given scaling. */
interface ScaledSeries {
  inputs: Float32Array;
  targets: Float32Array;
  /** Row-major (rows, targets), in the data's units. */
  actual: Float64Array;
}

/**
 * Windows of rows to the rows that follow. The last rows are held out in the order of time: their targets are no training
 * targets, and the scaling is fitted on the rows before them. Model: (B, window, features) → (B, horizon · targets), or
 * (B, horizon, targets).
 * @throws MemcellError for columns that are unknown, not numeric or constant, and for data shorter than the window.
 */
export function prepareForecast(
  table: Table,
  options: ForecastOptions,
  validationSplit: number,
): Prepared<ForecastArtefact> {
  checkRows(table);
  const window = checkCount(options.window ?? 30, 'window');
  const horizon = checkCount(options.horizon ?? 1, 'horizon');
  distinctColumns(table, options.targets, 'forecast');
  if (options.targets.length === 0) throw new MemcellError('forecast: name a column to forecast', { code: 'usage' });
  const time = timeColumn(table, options.time);
  const features = featureColumns(table, options.features, time ? [time.column] : []);
  const { targets } = options;
  const inputs = matrix(table, features);
  const actual = matrix(table, targets);

  const edge = trainingCount(table.rows, validationSplit);
  checkLength(table, edge, window, horizon);
  for (const [i, name] of targets.entries()) checkVaries(table, name, actual, i, targets.length, edge);
  const featureScaler = StandardScaler.fit(inputs, features.length, edge);
  const targetScaler = StandardScaler.fit(actual, targets.length, edge);

  const artefact: ForecastArtefact = {
    kind: 'forecast',
    features,
    targets: [...targets],
    window,
    horizon,
    featureScaling: featureScaler.toJSON(),
    targetScaling: targetScaler.toJSON(),
    ...(time && { time: { column: time.column, ...(time.step && { step: time.step }) } }),
    end: {
      rows: Array.from(inputs.subarray((table.rows - window) * features.length)),
      ...(time && { time: endTime(time) }),
    },
  };
  const series = { inputs: featureScaler.transform(inputs), targets: targetScaler.transform(actual), actual };
  const outputs = horizon * targets.length;
  return {
    artefact,
    inputShape: [window, features.length],
    layers: `LSTM(32), Dense(${outputs})`,
    loss: 'meanSquaredError',
    metrics: ['mae'],
    warnings: [...(time ? gapWarnings(table, time) : []), ...trendWarnings(targets, actual, edge)],
    samples: (outputShape) => {
      checkOutputShape(outputShape, [[outputs], [horizon, targets.length]], `end the layers with Dense(${outputs})`);
      const shaped = (from: number, to: number) => {
        const { x, y } = windowed(series, artefact, from, to);
        return { x, y: { data: y.data, shape: [y.shape[0], ...outputShape.slice(1).map(Number)] } };
      };
      const train = shaped(0, edge);
      return edge < table.rows ? { train, validation: shaped(edge, table.rows) } : { train };
    },
    evaluate: (model) => evaluateSeries(model, artefact, series, edge < table.rows ? edge : 0),
  };
}

/**
 * The error of the model's forecasts of a table's rows, and of the naive forecast: every step is the last known value.
 * @throws MemcellError when the table lacks a column, or is not longer than the window.
 */
export async function evaluateForecast(
  model: Predictor,
  artefact: ForecastArtefact,
  table: Table,
): Promise<ForecastEvaluation> {
  timeColumn(table, artefact.time?.column);
  const { window, horizon, features, targets, featureScaling, targetScaling } = artefact;
  if (table.rows < window + horizon) {
    throw new MemcellError(
      `${table.name}: has ${table.rows} rows; this model needs ${window} to forecast from and ${horizon} to compare with`,
    );
  }
  const actual = matrix(table, targets);
  const scaler = new StandardScaler(featureScaling.mean, featureScaling.std);
  const targetScaler = new StandardScaler(targetScaling.mean, targetScaling.std);
  const inputs = scaler.transform(matrix(table, features));
  return evaluateSeries(model, artefact, { inputs, targets: targetScaler.transform(actual), actual }, 0);
}

export interface Forecast {
  columns: string[];
  /** One per step after the end of the data; `time` when the data's times are regular. */
  rows: { step: number; time?: string; values: number[] }[];
}

/**
 * The steps after a table's last row, or after the end of the training data when no table is given. More steps than the
 * horizon are made by feeding forecasts back as rows, which needs every feature to be a target.
 * @throws MemcellError (usage) for more steps than can be made, (data) for a table shorter than the window.
 */
export async function predictForecast(
  model: Predictor,
  artefact: ForecastArtefact,
  table?: Table,
  steps: number = artefact.horizon,
): Promise<Forecast> {
  checkCount(steps, 'steps');
  const { features, targets, window, horizon } = artefact;
  const missing = features.filter((name) => !targets.includes(name));
  if (steps > horizon && missing.length > 0) {
    throw new MemcellError(
      `steps: this model forecasts ${horizon} at once, and going on needs ${missing.join(', ')}, which it does not forecast; train with --horizon ${steps}, or with --features ${targets.join(',')}`,
      { code: 'usage' },
    );
  }
  const scaler = new StandardScaler(artefact.featureScaling.mean, artefact.featureScaling.std);
  const targetScaler = new StandardScaler(artefact.targetScaling.mean, artefact.targetScaling.std);
  const end = table === undefined ? artefact.end : lastRows(table, artefact);
  const rows = [...end.rows];
  const values: number[][] = [];
  while (values.length < steps) {
    const z = scaler.transform(Float64Array.from(rows.slice(-window * features.length)));
    const forecast = await model.predict({ data: z, shape: [1, window, features.length] });
    for (let h = 0; h < horizon; h++) {
      const row = targets.map((_, i) => targetScaler.inverse(forecast.data[h * targets.length + i], i));
      values.push(row);
      rows.push(...features.map((name) => row[targets.indexOf(name)]));
    }
  }
  const labels = timeLabels(artefact, end.time, steps);
  return {
    columns: [...targets],
    rows: values.slice(0, steps).map((row, i) => ({ step: i + 1, ...(labels && { time: labels[i] }), values: row })),
  };
}

function windowed(series: ScaledSeries, artefact: ForecastArtefact, from: number, to: number) {
  const { features, targets, window, horizon } = artefact;
  const { inputs } = series;
  const both = { inputs, features: features.length, targets: series.targets, outputs: targets.length };
  return windows(both, window, horizon, from, to);
}

async function evaluateSeries(
  model: Predictor,
  artefact: ForecastArtefact,
  series: ScaledSeries,
  from: number,
): Promise<ForecastEvaluation> {
  const { targets, horizon } = artefact;
  const count = targets.length;
  const { x, first } = windowed(series, artefact, from, series.actual.length / count);
  const samples = x.shape[0];
  const forecast: NdArray = await model.predict(x);
  const scaler = new StandardScaler(artefact.targetScaling.mean, artefact.targetScaling.std);
  const errors = targets.map((column, c) => {
    const sums = { absolute: 0, squared: 0, naiveAbsolute: 0, naiveSquared: 0 };
    for (let i = 0; i < samples; i++) {
      const lastKnown = series.actual[(first + i - 1) * count + c];
      for (let h = 0; h < horizon; h++) {
        const actual = series.actual[(first + i + h) * count + c];
        const error = scaler.inverse(forecast.data[(i * horizon + h) * count + c], c) - actual;
        sums.absolute += Math.abs(error);
        sums.squared += error ** 2;
        sums.naiveAbsolute += Math.abs(lastKnown - actual);
        sums.naiveSquared += (lastKnown - actual) ** 2;
      }
    }
    const n = samples * horizon;
    return {
      column,
      mae: sums.absolute / n,
      rmse: Math.sqrt(sums.squared / n),
      naive: { mae: sums.naiveAbsolute / n, rmse: Math.sqrt(sums.naiveSquared / n) },
    };
  });
  return { kind: 'forecast', samples, targets: errors };
}

/** The last `window` rows of a table, and its last time when it has the model's time column. */
function lastRows(table: Table, artefact: ForecastArtefact): ForecastArtefact['end'] {
  const { features, window } = artefact;
  if (table.rows < window) {
    throw new MemcellError(`${table.name}: has ${table.rows} rows; this model forecasts from the last ${window}`);
  }
  const values = matrix(table, features);
  const rows = Array.from(values.subarray(values.length - window * features.length));
  const known = table.columns.some(({ name }) => name === artefact.time?.column);
  const time = known ? timeColumn(table, artefact.time?.column) : undefined;
  return { rows, ...(time && { time: endTime(time) }) };
}

function endTime({ times, style }: TimeColumn): NonNullable<ForecastArtefact['end']['time']> {
  return { value: times[times.length - 1], ...(style && { style }) };
}

function timeLabels(
  artefact: ForecastArtefact,
  end: ForecastArtefact['end']['time'],
  steps: number,
): string[] | undefined {
  const step = artefact.time?.step;
  if (step === undefined || end === undefined) return undefined;
  if (step.unit === 'number') return nextNumbers(end.value, step, steps);
  return end.style && nextDates(end.value, step, steps, end.style);
}

function checkLength(table: Table, edge: number, window: number, horizon: number): void {
  const heldOut = table.rows - edge;
  const most = edge - horizon;
  if (most < window) {
    const rest = heldOut > 0 ? ` without the ${heldOut} held out` : '';
    const remedy = most >= 1 ? `take --window ${most} or less` : 'take a smaller horizon or more data';
    throw new MemcellError(
      `${table.name}: its ${edge} rows${rest} are too few for window ${window} and horizon ${horizon}; ${remedy}`,
    );
  }
  if (heldOut > 0 && heldOut < horizon) {
    throw new MemcellError(
      `${table.name}: the ${heldOut} rows held out are fewer than horizon ${horizon}; take a larger --validation-split, or 0`,
    );
  }
}

function checkVaries(table: Table, name: string, values: Float64Array, i: number, count: number, rows: number): void {
  for (let row = 1; row < rows; row++) if (values[row * count + i] !== values[i]) return;
  throw new MemcellError(
    `${table.where(rows - 1, name)}: every value up to here is ${values[i]}; there is nothing to learn from a constant`,
  );
}

/** A column most of whose held-out values are beyond all values trained on: a trend, which scaled levels do not show. */
function trendWarnings(targets: readonly string[], values: Float64Array, edge: number): string[] {
  const count = targets.length;
  return targets.flatMap((name, c) => {
    const column = values.filter((_, i) => i % count === c);
    const [trained, heldOut] = [column.subarray(0, edge), column.subarray(edge)];
    const least = trained.reduce((a, b) => Math.min(a, b));
    const most = trained.reduce((a, b) => Math.max(a, b));
    const beyond = heldOut.filter((value) => value < least || value > most).length;
    if (beyond <= heldOut.length / 2) return [];
    return [
      `${name}: ${beyond} of the ${heldOut.length} values held out are beyond all that are trained on; the model cannot follow a trend: forecast the change from row to row instead`,
    ];
  });
}

function gapWarnings(table: Table, { column, gaps }: TimeColumn): string[] {
  if (gaps.length === 0) return [];
  const times = gaps.length === 1 ? 'one gap' : `${gaps.length} gaps`;
  return [
    `${table.where(gaps[0], column)}: ${times} in the times, the first before this row; rows count as consecutive`,
  ];
}
