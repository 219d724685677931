import type { Task } from '../definition.js';
import type { ClassifyArtefact } from './artefact.js';
import { classifyArrays, classifyShapes, parseClassifyArtefact } from './artefact.js';
import { evaluateClasses } from './evaluate.js';
import type { ClassifyEvaluation } from './evaluation.js';
import { type ClassifyOptions, type ClassifyPredictOptions, classifyFlags } from './options.js';
import { type Classification, predictClasses } from './predict.js';
import { tellClasses } from './tell.js';

export type { ClassifyArtefact } from './artefact.js';
export type { ClassifyEvaluation } from './evaluation.js';
export type { Classification } from './predict.js';

/** Tells a column's class: of single rows, of rows as steps, of groups of rows, or of texts. */
export const classifyTask: Task<
  ClassifyOptions,
  ClassifyArtefact,
  ClassifyEvaluation,
  ClassifyPredictOptions,
  Classification
> = {
  ...classifyFlags,
  // What trains loads TensorFlow.js, and what predicts does not.
  prepare: async (source, options, run) =>
    run.plain
      ? (await import('./plainTask.js')).preparePlain(source, options, run)
      : (await import('./prepare.js')).prepareClasses(source, options, run),
  parse: parseClassifyArtefact,
  shapes: classifyShapes,
  arrays: classifyArrays,
  evaluate: evaluateClasses,
  predict: predictClasses,
  backtest: async (source, options, run, how) =>
    (await import('./crossValidation.js')).crossValidate(source, options, run, how),
  score: ({ logLoss, balancedAccuracy }, { classWeights }) =>
    classWeights === undefined
      ? { value: logLoss, name: 'log loss' }
      : { value: 1 - balancedAccuracy, name: 'share of mistakes, mean over classes' },
  tell: tellClasses,
  next: (_, folder, data) => `memcell predict ${folder} ${data}`,
};
