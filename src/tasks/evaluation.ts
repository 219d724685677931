import { argMax } from '../data/labels.js';

/** How far forecasts are from what happened, in the data's units. */
export interface Errors {
  /** Mean absolute error. */
  mae: number;
  /** Root of the mean squared error. */
  rmse: number;
}

export interface ForecastEvaluation {
  kind: 'forecast';
  /** Windows that were forecast. */
  samples: number;
  /** Per target, over all steps of the horizon; naive: every step is the last known value. */
  targets: (Errors & { column: string; naive: Errors })[];
}

export interface ClassifyEvaluation {
  kind: 'classify';
  samples: number;
  accuracy: number;
  /** The accuracy of always answering the training part's most frequent class. */
  majorityAccuracy: number;
  /** Per class; precision is null when it was never answered, recall when it never occurs. */
  classes: { name: string; samples: number; precision: number | null; recall: number | null }[];
  /** confusion[actual][answered] */
  confusion: number[][];
}

export interface TextEvaluation {
  kind: 'text';
  /** Characters that were predicted. */
  samples: number;
  /** Nats per character. */
  crossEntropy: number;
  bitsPerCharacter: number;
  perplexity: number;
  /** Nats per character when only the characters' frequencies in the training part are known. */
  unigramCrossEntropy: number;
}

export interface SymbolsEvaluation {
  kind: 'symbols';
  samples: number;
  accuracy: number;
  /** The accuracy of always answering the most frequent symbol. */
  majorityAccuracy: number;
}

export type Evaluation = ForecastEvaluation | ClassifyEvaluation | TextEvaluation | SymbolsEvaluation;

/** Counts of (actual, answered) pairs of class indices. */
export function confusionMatrix(actual: Int32Array, answered: Int32Array, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < actual.length; i++) counts[actual[i]][answered[i]]++;
  return counts;
}

/** The share of equal pairs. */
export function accuracy(actual: Int32Array, answered: Int32Array): number {
  let right = 0;
  for (let i = 0; i < actual.length; i++) if (actual[i] === answered[i]) right++;
  return right / actual.length;
}

/** The most frequent of class indices below `classes`; the first one of equals. */
export function majority(indices: Int32Array, classes: number): number {
  const counts = new Int32Array(classes);
  for (const index of indices) counts[index]++;
  return argMax(counts, 0, classes);
}
