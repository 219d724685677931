/** Targets, sample weights and class weights, checked against the loss and the model's output before anything runs. */

import { elements, type NdArray } from '../data/array.js';
import { sideBySide } from '../data/sideBySide.js';
import { MemcellError, modelError, usageError } from '../errors.js';
import { counted } from '../format.js';
import { shown } from '../spelling.js';
import type { Loss } from './losses.js';

/**
 * The targets in the shape that the loss takes: the output's own (n, …, C), or (n, …) for labels. A last axis of 1 may
 * be left out or, for labels, be there.
 *
 * @param outputShape the model's output, (null, …, C); null stands for any size
 * @throws MemcellError ('data') for a wrong shape, NaN, or a value that the loss cannot take, with its position
 */
export function prepareTargets(loss: Loss, y: NdArray, outputShape: readonly (number | null)[], what = 'y'): NdArray {
  checkFinite(y, what);
  if (loss.targets === 'any') return y;
  const positions = outputShape.slice(1, -1);
  const size = outputShape[outputShape.length - 1];
  const rest = y.shape.slice(1);
  const full = [...positions, size];
  if (loss.targets === 'labels') {
    const shape = fits(rest, positions) ? y.shape : fits(rest, [...positions, 1]) ? y.shape.slice(0, -1) : undefined;
    if (!shape) throw wrongShape(loss, y, [null, ...positions], outputShape, what);
    checkLabels(y, size ?? Number.POSITIVE_INFINITY, what);
    return { data: y.data, shape };
  }
  const short = size === 1 && fits(rest, positions);
  if (!short && !fits(rest, full)) throw wrongShape(loss, y, [null, ...full], outputShape, what);
  if (loss.name === 'categoricalCrossentropy' && size === 1)
    throw modelError(
      "categoricalCrossentropy needs an output for each class, but the model's output has size 1; use binaryCrossentropy, or a last layer with one unit per class",
    );
  if (loss.targets === 'probabilities') checkProbabilities(y, loss.name, what);
  return short ? { data: y.data, shape: [...y.shape, 1] } : y;
}

function fits(shape: readonly number[], expected: readonly (number | null)[]): boolean {
  return shape.length === expected.length && expected.every((size, i) => size === null || size === shape[i]);
}

function wrongShape(
  loss: Loss,
  y: NdArray,
  expected: readonly (number | null)[],
  outputShape: readonly (number | null)[],
  what: string,
): MemcellError {
  const looksLikeLabels = loss.targets === 'probabilities' && y.shape.length === outputShape.length - 1;
  const looksOneHot = loss.targets === 'labels' && fits(y.shape.slice(1), outputShape.slice(1));
  let remedy = '';
  if (looksLikeLabels && loss.name === 'categoricalCrossentropy')
    remedy = '; for class numbers use sparseCategoricalCrossentropy, or make them one-hot';
  if (looksOneHot) remedy = '; for one-hot targets use categoricalCrossentropy';
  return new MemcellError(
    `${what}: shape ${arrayShape(y.shape)} does not fit the model's output ${arrayShape(outputShape)}; ${loss.name} takes ${arrayShape(expected)}${remedy}`,
  );
}

/** The position of an element as indices: '[3, 0]'. */
function positionText(index: number, shape: readonly number[]): string {
  const indices: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    indices.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return `[${indices.join(', ')}]`;
}

/** '(n, 10)'; the first size is n where it is open. */
export function arrayShape(shape: readonly (number | null)[]): string {
  const sizes = shape.map((size, axis) => size ?? (axis === 0 ? 'n' : 'any'));
  return sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(', ')})`;
}

function reject(y: NdArray, what: string, wrong: (value: number) => boolean, says: string): void {
  const { data } = y;
  for (let i = 0; i < data.length; i++)
    if (wrong(data[i]))
      throw new MemcellError(`${what}${positionText(i, y.shape)} is ${Number(data[i].toPrecision(7))}; ${says}`);
}

function checkFinite(y: NdArray, what: string): void {
  if (y.data.length !== elements(y.shape))
    throw new MemcellError(
      `${what}: ${counted(y.data.length, 'number does', 'numbers do')} not make the shape ${arrayShape(y.shape)}`,
    );
  if (y.data instanceof Int32Array) return;
  reject(y, what, (value) => !Number.isFinite(value), 'clean the data first');
}

function checkLabels(y: NdArray, classes: number, what: string): void {
  reject(
    y,
    what,
    (value) => !(Number.isInteger(value) && value >= 0 && value < classes),
    `labels must be whole numbers from 0 to ${classes - 1}, one per unit of the model's last layer`,
  );
}

function checkProbabilities(y: NdArray, loss: string, what: string): void {
  reject(y, what, (value) => value < 0 || value > 1, `${loss} takes targets from 0 to 1`);
}

/** The positions of one sample that the loss has a value for: T for (n, T, C), 1 for (n, C). */
export function positionsOf(loss: Loss, y: NdArray): number {
  if (loss.targets === 'labels') return elements(y.shape.slice(1));
  return elements(y.shape.slice(1, -1));
}

/**
 * A weight for each sample (n) or for each position of the loss (n·T), as a typed array.
 *
 * @throws MemcellError ('data') for another length or shape, a negative weight or NaN
 */
function prepareSampleWeight(
  loss: Loss,
  weight: NdArray | Float32Array,
  y: NdArray,
  what = 'sampleWeight',
): Float32Array {
  const array = weight instanceof Float32Array ? { data: weight, shape: [weight.length] } : weight;
  const samples = y.shape[0];
  const steps = positionsOf(loss, y);
  const size = elements(array.shape);
  const whole = array.shape.length === 1 || array.shape[0] === samples;
  if (!whole || (size !== samples && size !== samples * steps)) {
    const perStep = steps > 1 ? `, or one for each sample and step, (${samples}, ${steps})` : '';
    throw new MemcellError(
      `${what}: shape ${arrayShape(array.shape)}; expected one weight for each sample, (${samples},)${perStep}`,
    );
  }
  reject(array, what, (value) => !(value >= 0 && value < Number.POSITIVE_INFINITY), 'weights must be at least 0');
  return array.data instanceof Float32Array ? array.data : Float32Array.from(array.data);
}

/**
 * The weight of each sample's class; classes that are not named weigh 1. Targets are class numbers (n) or (n, 1), or
 * one-hot rows (n, C).
 *
 * @throws MemcellError ('usage') for targets with more axes, or a weight that is no number of at least 0
 */
function classWeightsOf(loss: Loss, classWeight: Readonly<Record<number, number>>, y: NdArray): Float32Array {
  for (const [name, weight] of Object.entries(classWeight))
    if (!(Number.isInteger(Number(name)) && Number.isFinite(weight) && weight >= 0))
      throw usageError(`classWeight: { ${name}: ${shown(weight)} }; expected class numbers with weights of at least 0`);
  const [samples, size = 1] = y.shape;
  if (y.shape.length > 2 || (loss.targets === 'labels' && size > 1))
    throw usageError(
      `classWeight needs one class for each sample; y has shape ${arrayShape(y.shape)}, so use sampleWeight`,
    );
  const weights = new Float32Array(samples);
  for (let i = 0; i < samples; i++)
    weights[i] = classWeight[size === 1 ? Math.round(y.data[i]) : largest(y.data, i * size, size)] ?? 1;
  return weights;
}

/** The index of the first largest of `size` values from `offset`. */
export function largest(values: Float32Array | Int32Array, offset: number, size: number): number {
  let best = 0;
  for (let i = 1; i < size; i++) if (values[offset + i] > values[offset + best]) best = i;
  return best;
}

/**
 * One weight array from fit's two options.
 *
 * @throws MemcellError ('usage') when both are given, as in Keras
 */
export function combinedWeight(
  loss: Loss,
  y: NdArray,
  { sampleWeight, classWeight }: WeightOptions,
  what = 'sampleWeight',
): Float32Array | undefined {
  if (isOfOutputs(sampleWeight))
    throw usageError(`${what}: a list of arrays is for a model with several outputs; this one has one`);
  if (sampleWeight && classWeight)
    throw usageError(
      'sampleWeight and classWeight are both given; multiply the class weights into sampleWeight yourself',
    );
  if (sampleWeight) return prepareSampleWeight(loss, sampleWeight, y, what);
  return classWeight ? classWeightsOf(loss, classWeight, y) : undefined;
}

/** Weights of a model's outputs in their order; undefined: 1. */
export type WeightsOfOutputs = readonly (NdArray | undefined)[];

function isOfOutputs(weights: SampleWeightArrays | undefined): weights is WeightsOfOutputs {
  return Array.isArray(weights);
}

/**
 * The weights of all positions of all outputs, side by side for each sample.
 *
 * @param weight of all outputs alike, or a list of those of each
 * @throws MemcellError ('data') for another length or shape, a negative weight or NaN
 */
export function sideBySideWeights(
  outputs: readonly { loss: Loss; name: string }[],
  targets: readonly NdArray[],
  weight: SampleWeightArrays,
  what: string,
): Float32Array {
  const rows = outputs.map(({ loss, name }, i): NdArray => {
    const y = targets[i];
    const samples = y.shape[0];
    const positions = positionsOf(loss, y);
    const own = isOfOutputs(weight) ? weight[i] : weight;
    const shape = [samples, positions];
    if (own === undefined) return { data: new Float32Array(samples * positions).fill(1), shape };
    const given = prepareSampleWeight(loss, own, y, isOfOutputs(weight) ? `${what} (${name})` : what);
    if (given.length === samples * positions) return { data: given, shape };
    return {
      data: Float32Array.from({ length: samples * positions }, (_, at) => given[Math.floor(at / positions)]),
      shape,
    };
  });
  return Float32Array.from(sideBySide(rows).data);
}

/** One weight for each sample, or for each sample and step; of several outputs for all of them, or a list of those of each. */
export type SampleWeightArrays = NdArray | Float32Array | readonly (NdArray | undefined)[];

export interface WeightOptions {
  sampleWeight?: SampleWeightArrays;
  /** Weights by class number. */
  classWeight?: Readonly<Record<number, number>>;
}
