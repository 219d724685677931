/** What users give to fit, evaluate and trainOnBatch beside x and y, in any form, brought to arrays. */

import type { NdArray } from '../data/array.js';
import { type MemcellError, usageError } from '../errors.js';
import { counted } from '../format.js';
import { type Ends, isByName, type ModelInputs, readInputs, readTargets } from '../model/ends.js';
import { type ModelInput, readArray } from '../model/inputs.js';
import { shown } from '../spelling.js';
import type { EvaluateOptions as EvaluateArrays } from './evaluate.js';
import type { FitOptions as FitArrays, ValidationData } from './fitSettings.js';
import type { WeightsOfOutputs } from './targets.js';

/** [x, y], [x, y, sampleWeight], or the same by name. */
export type ValidationInput =
  | readonly [x: ModelInputs, y: ModelInputs, sampleWeight?: SampleWeights]
  | { x: ModelInputs; y: ModelInputs; sampleWeight?: SampleWeights };

/** One array; for a model with several outputs also a list of those of each, or an object by their names: null or left out, all weigh 1. */
export type SampleWeights =
  | ModelInput
  | readonly (ModelInput | null)[]
  | { readonly [output: string]: ModelInput | null | undefined };

/** fit's options as users give them. */
export interface FitOptions extends FitArrays<ValidationInput, SampleWeights> {}

/** evaluate's options as users give them. */
export interface EvaluateOptions extends Omit<EvaluateArrays, 'sampleWeight'> {
  /** One weight for each sample, or for each sample and step. */
  sampleWeight?: SampleWeights;
}

export interface TrainOnBatchOptions {
  sampleWeight?: SampleWeights;
  /** Weights by class number. */
  classWeight?: Readonly<Record<number, number>>;
}

/** The option of that name, where it is given, for a model of such outputs. */
export function weightsOption(
  weights: SampleWeights | null | undefined,
  outputs: readonly string[],
  what = 'sampleWeight',
): { sampleWeight?: NdArray | WeightsOfOutputs } {
  if (weights == null) return {};
  const own = ofOutputs(weights, outputs, what);
  if (!own) return { sampleWeight: readArray(weights as ModelInput, what).array };
  const read = (one: ModelInput | null | undefined, i: number) =>
    one == null ? undefined : readArray(one, `${what} (${outputs[i]})`).array;
  return { sampleWeight: own.map(read) };
}

/** What is given for each output; undefined where it is one array. */
function ofOutputs(
  weights: SampleWeights,
  outputs: readonly string[],
  what: string,
): (ModelInput | null | undefined)[] | undefined {
  if (Array.isArray(weights)) {
    if (weights.length !== outputs.length || outputs.length === 1) {
      const holdsArrays = weights.some((one) => one === null || (typeof one === 'object' && !Array.isArray(one)));
      if (!holdsArrays) return undefined;
      throw wrongWeights(`${what}: a list of ${counted(weights.length, 'array')}`, outputs);
    }
    return weights.every((one) => typeof one === 'object') ? weights : undefined;
  }
  if (!isByName(weights)) return undefined;
  const unknown = Object.keys(weights).find((name) => !outputs.includes(name));
  if (unknown !== undefined) throw wrongWeights(`${what}: '${unknown}' is no output`, outputs);
  return outputs.map((name) => (Object.hasOwn(weights, name) ? weights[name] : undefined));
}

function wrongWeights(found: string, outputs: readonly string[]): MemcellError {
  const remedy = outputs.length > 1 ? ', or one for each of them, in this order or by name' : '';
  return usageError(`${found}; the model's outputs: ${outputs.join(', ')}; give one array${remedy}`);
}

/** fit's options with arrays in the place of what users give, for a model of such inputs and outputs. */
export function fitArrays({ validationData, sampleWeight, ...rest }: FitOptions, ends: Ends): FitArrays {
  return {
    ...rest,
    ...weightsOption(sampleWeight, ends.outputNames),
    ...(validationData != null && { validationData: validationArrays(validationData, ends) }),
  };
}

function validationArrays(given: ValidationInput, { inputs, outputNames }: Ends): ValidationData {
  if (typeof given !== 'object' || !('x' in given || Array.isArray(given)))
    throw usageError(`validationData must be [x, y] or { x, y }, not ${shown(given)}`);
  const { x, y, sampleWeight } = 'x' in given ? given : { x: given[0], y: given[1], sampleWeight: given[2] };
  return {
    x: readInputs(x, inputs, 'validationData: x').array,
    y: readTargets(y, outputNames, 'validationData: y'),
    ...weightsOption(sampleWeight, outputNames, 'validationData: sampleWeight'),
  };
}
