/** What users give to fit, evaluate and trainOnBatch beside x and y, in any form, brought to arrays. */
import type { NdArray } from '../data/array.js';
import { type ModelInput, readArray } from '../model/inputs.js';
import type { EvaluateOptions as EvaluateArrays } from './evaluate.js';
import type { FitOptions as FitArrays, ValidationData } from './fit.js';

/** [x, y], [x, y, sampleWeight], or the same by name. */
export type ValidationInput =
  | readonly [x: ModelInput, y: ModelInput, sampleWeight?: ModelInput]
  | { x: ModelInput; y: ModelInput; sampleWeight?: ModelInput };

/** fit's options as users give them. */
export type FitOptions = FitArrays<ValidationInput, ModelInput>;

export type EvaluateOptions = Omit<EvaluateArrays, 'sampleWeight'> & { sampleWeight?: ModelInput };

export interface TrainOnBatchOptions {
  sampleWeight?: ModelInput;
  /** Weights by class number. */
  classWeight?: Readonly<Record<number, number>>;
}

/** The option of that name, where it is given. */
export function weightsOption(weights: ModelInput | undefined, what = 'sampleWeight'): { sampleWeight?: NdArray } {
  return weights === undefined ? {} : { sampleWeight: readArray(weights, what).array };
}

/** The option of that name, where it is given; `toInput` checks an x against the model. */
export function validationOption(
  given: ValidationInput | undefined,
  toInput: (x: ModelInput, what: string) => NdArray,
): { validationData?: ValidationData } {
  if (given === undefined) return {};
  const [x, y, sampleWeight] = 'x' in given ? [given.x, given.y, given.sampleWeight] : given;
  const validationData = {
    x: toInput(x, 'validationData: x'),
    y: readArray(y, 'validationData: y').array,
    ...weightsOption(sampleWeight, 'validationData: sampleWeight'),
  };
  return { validationData };
}
