/** What users give to fit, evaluate and trainOnBatch beside x and y, in any form, brought to arrays. */
import type { NdArray } from '../data/array.js';
import { MemcellError } from '../errors.js';
import type { ModelInputs } from '../model/ends.js';
import { type ModelInput, readArray } from '../model/inputs.js';
import { shown } from '../spelling.js';
import type { EvaluateOptions as EvaluateArrays } from './evaluate.js';
import type { FitOptions as FitArrays, ValidationData } from './fitSettings.js';

/** [x, y], [x, y, sampleWeight], or the same by name. */
export type ValidationInput =
  | readonly [x: ModelInputs, y: ModelInputs, sampleWeight?: ModelInput]
  | { x: ModelInputs; y: ModelInputs; sampleWeight?: ModelInput };

/** fit's options as users give them. */
export interface FitOptions extends FitArrays<ValidationInput, ModelInput> {}

/** evaluate's options as users give them. */
export interface EvaluateOptions extends Omit<EvaluateArrays, 'sampleWeight'> {
  /** One weight for each sample, or for each sample and step. */
  sampleWeight?: ModelInput;
}

export interface TrainOnBatchOptions {
  sampleWeight?: ModelInput;
  /** Weights by class number. */
  classWeight?: Readonly<Record<number, number>>;
}

/** The option of that name, where it is given. */
export function weightsOption(
  weights: ModelInput | null | undefined,
  what = 'sampleWeight',
): { sampleWeight?: NdArray } {
  if (weights == null) return {};
  const [first] = Array.isArray(weights) ? weights : [];
  if (ArrayBuffer.isView(first) || (typeof first === 'object' && first !== null && 'data' in first))
    throw new MemcellError(`${what}: give one array, which weighs the samples of all outputs, not one for each`, {
      code: 'usage',
    });
  return { sampleWeight: readArray(weights, what).array };
}

/** The option of that name, where it is given; `toInput` checks an x against the model, `toTarget` reads a y. */
export function validationOption(
  given: ValidationInput | null | undefined,
  toInput: (x: ModelInputs, what: string) => NdArray,
  toTarget: (y: ModelInputs, what: string) => NdArray,
): { validationData?: ValidationData } {
  if (given == null) return {};
  if (typeof given !== 'object' || !('x' in given || Array.isArray(given)))
    throw new MemcellError(`validationData must be [x, y] or { x, y }, not ${shown(given)}`, { code: 'usage' });
  const { x, y, sampleWeight } = 'x' in given ? given : { x: given[0], y: given[1], sampleWeight: given[2] };
  const validationData = {
    x: toInput(x, 'validationData: x'),
    y: toTarget(y, 'validationData: y'),
    ...weightsOption(sampleWeight, 'validationData: sampleWeight'),
  };
  return { validationData };
}
