import { elements, type NdArray } from '../../data/array.js';
import type { Frame } from '../../data/frame.js';
import { StandardScaler } from '../../data/scaler.js';
import { windows } from '../../data/windows.js';
import { MemcellError, usageError } from '../../errors.js';
import { counted } from '../../format.js';
import { checkOutputShape, type Predictor, type Samples } from '../prepared.js';
import type { PlainArtefact } from './artefact.js';
import type { Series } from './forecaster.js';
import type { SomeForecasts } from './forecasts.js';

/** As Keras would: one fit of one network. */
export const plainDefaults = { epochs: 30, batchSize: 32, learningRate: 0.001, validationSplit: 0.2 };
export const plainWindow = 30;

/**
 * Windows of scaled rows to the scaled rows that follow, of each series by itself: x (N, window, channels), y (N, horizon ·
 * targets) or whatever shape the model gives. The last rows of a series are held out: their targets are no training targets.
 * @param trained rows of each series that are trained on
 */
export function plainSamples(
  artefact: PlainArtefact,
  series: readonly Series[],
  trained: readonly number[],
  outputShape: readonly (number | null)[],
): { train: Samples; validation?: Samples } {
  const { targets, horizon } = artefact;
  const outputs = horizon * targets.length;
  checkOutputShape(outputShape, [[outputs], [horizon, targets.length]], `end the layers with Dense(${outputs})`);
  const shape = outputShape.slice(1).map(Number);
  const part = (bounds: readonly (readonly [number, number])[]): Samples => {
    const all = series.map((one, i) => windowed(artefact, one, ...bounds[i]));
    const y = stacked(all.map((own) => own.y));
    return { x: stacked(all.map((own) => own.x)), y: { data: y.data, shape: [y.shape[0], ...shape] } };
  };
  const train = part(trained.map((edge) => [0, edge] as const));
  if (series.every(({ rows }, i) => trained[i] === rows)) return { train };
  return { train, validation: part(series.map(({ rows }, i) => [trained[i], rows] as const)) };
}

function windowed(artefact: PlainArtefact, series: Series, from: number, to: number): { x: NdArray; y: NdArray } {
  const { channels, targets, window, horizon } = artefact;
  const scaled = {
    inputs: scalerOf(artefact.featureScaling).transform(series.past),
    features: channels.length,
    targets: scalerOf(artefact.targetScaling).transform(series.targets),
    outputs: targets.length,
  };
  return windows(scaled, window, horizon, from, to);
}

function stacked(arrays: readonly NdArray[]): NdArray {
  if (arrays.length === 1) return arrays[0];
  const shape = [arrays.reduce((sum, one) => sum + one.shape[0], 0), ...arrays[0].shape.slice(1)];
  const data = new Float32Array(elements(shape));
  let at = 0;
  for (const one of arrays) {
    data.set(one.data, at);
    at += one.data.length;
  }
  return { data, shape };
}

/**
 * Forecasts of a plain network. More steps than its horizon are made by feeding forecasts back as rows, which needs every
 * channel to be a target.
 * @throws MemcellError (usage) for more steps than can be made
 */
export async function plainForecasts(
  model: Predictor,
  artefact: PlainArtefact,
  series: Series,
  origins: readonly number[],
  steps: number,
): Promise<SomeForecasts> {
  const { channels, targets, window, horizon } = artefact;
  const missing = channels.filter((name) => !targets.includes(name));
  if (steps > horizon && missing.length > 0) {
    throw usageError(
      `steps: this model forecasts ${horizon} at once, and going on needs ${missing.join(', ')}, which it does not forecast; train with --horizon ${steps}, or with --features ${targets.join(',')}`,
    );
  }
  const scaler = scalerOf(artefact.featureScaling);
  const targetScaler = scalerOf(artefact.targetScaling);
  const count = targets.length;
  const width = channels.length;
  const values = new Float64Array(origins.length * steps * count);
  const inputs = origins.map((origin) => Array.from(series.past.subarray((origin - window) * width, origin * width)));
  for (let done = 0; done < steps; done += horizon) {
    const x = new Float32Array(origins.length * window * width);
    for (const [i, rows] of inputs.entries()) x.set(scaler.transform(Float64Array.from(rows)), i * window * width);
    const { data } = await model.predict({ data: x, shape: [origins.length, window, width] });
    for (const [i, rows] of inputs.entries()) {
      for (let h = 0; h < horizon; h++) {
        const row = targets.map((_, c) => targetScaler.inverse(data[(i * horizon + h) * count + c], c));
        if (done + h < steps) values.set(row, (i * steps + done + h) * count);
        if (done + horizon < steps) rows.push(...channels.map((name) => row[targets.indexOf(name)]));
      }
      rows.splice(0, Math.max(0, rows.length - window * width));
    }
  }
  return { values, intervals: [] };
}

function scalerOf({ mean, std }: { mean: number[]; std: number[] }): StandardScaler {
  return new StandardScaler(mean, std);
}

/** z-scores over the training part of all series. */
export function fitScaling(
  series: readonly Series[],
  trained: readonly number[],
  valuesOf: (series: Series) => Float64Array,
  columns: number,
) {
  const parts = series.map((one, i) => valuesOf(one).subarray(0, trained[i] * columns));
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return StandardScaler.fit(all, columns, all.length / columns).toJSON();
}

/** @throws MemcellError when no series has enough rows for a window, or none held out for the horizon. */
export function checkLengths(
  name: string,
  series: readonly Series[],
  trained: readonly number[],
  window: number,
  horizon: number,
): void {
  const edge = Math.max(...trained);
  const heldOut = Math.max(...series.map(({ rows }, i) => rows - trained[i]));
  const most = edge - horizon;
  if (most < window) {
    const rest = heldOut > 0 ? ` without the ${heldOut} held out` : '';
    const remedy = most >= 1 ? `take --window ${most} or less` : 'take a smaller horizon or more data';
    throw new MemcellError(
      `${name}: its ${counted(edge, 'row')}${rest} ${edge === 1 ? 'is' : 'are'} too few for window ${window} and horizon ${horizon}; ${remedy}`,
    );
  }
  if (heldOut > 0 && heldOut < horizon) {
    throw new MemcellError(
      `${name}: the ${counted(heldOut, 'row held out is', 'rows held out are')} fewer than horizon ${horizon}; take a larger --validation-split, or 0`,
    );
  }
}

/** @throws MemcellError for a target that is constant in all that is trained on. */
export function checkVaries(
  frame: Frame,
  series: readonly Series[],
  trained: readonly number[],
  targets: readonly string[],
): void {
  for (const [c, name] of targets.entries()) {
    const first = series[0].targets[c];
    const varies = series.some((one, i) => {
      for (let row = 0; row < trained[i]; row++) if (one.targets[row * targets.length + c] !== first) return true;
      return false;
    });
    if (varies) continue;
    throw new MemcellError(
      `${frame.where(trained[0] - 1, name)}: every value up to here is ${first}; there is nothing to learn from a constant`,
    );
  }
}

/** A column most of whose held-out values are beyond all values trained on: a trend, which scaled levels do not show. */
export function trendWarnings(
  series: readonly Series[],
  trained: readonly number[],
  targets: readonly string[],
): string[] {
  const count = targets.length;
  return targets.flatMap((name, c) => {
    let beyond = 0;
    let heldOut = 0;
    for (const [i, one] of series.entries()) {
      let least = Number.POSITIVE_INFINITY;
      let most = Number.NEGATIVE_INFINITY;
      for (let row = 0; row < one.rows; row++) {
        const value = one.targets[row * count + c];
        if (row < trained[i]) {
          least = Math.min(least, value);
          most = Math.max(most, value);
        } else {
          heldOut++;
          if (value < least || value > most) beyond++;
        }
      }
    }
    if (beyond <= heldOut / 2) return [];
    return [
      `${name}: ${beyond} of the ${heldOut} values held out are beyond all that are trained on; a plain network cannot follow a trend: leave --plain out`,
    ];
  });
}
