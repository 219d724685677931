import { usageError } from '../errors.js';

export type TaskKind = 'forecast' | 'classify' | 'text' | 'symbols';

/** How a model is trained, whatever its task. */
export interface TrainingSettings {
  epochs: number;
  batchSize: number;
  /** A name: adam, sgd, rmsprop, adamw, … */
  optimizer: string;
  learningRate: number;
  /** The last part that is held out, in [0, 1); 0 holds nothing out. */
  validationSplit: number;
  /** Epochs without a better held-out loss (training loss when nothing is held out) before training stops early. */
  patience?: number;
  seed: number;
}

/** What every saved task remembers of its training. */
export interface TrainingRecord {
  /** The program that trained it, with its version. */
  createdWith: string;
  /** The data's name. */
  source: string;
  /** The layers in the spec notation. */
  layers: string;
  settings: TrainingSettings;
  /** One number per epoch and key: loss, val_loss, … */
  history: Record<string, number[]>;
}

/** @throws MemcellError (usage) unless the value is a whole number of at least 1. */
export function checkCount(value: number, option: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw usageError(`${option}: ${value} is not a whole number of at least 1`);
}

/** @throws MemcellError (usage) for the first setting out of its range. */
export function checkSettings(settings: Partial<TrainingSettings>): void {
  if (settings.epochs !== undefined) checkCount(settings.epochs, 'epochs');
  if (settings.batchSize !== undefined) checkCount(settings.batchSize, 'batch size');
  if (settings.patience !== undefined) checkCount(settings.patience, 'patience');
  const { learningRate = 1, validationSplit = 0, seed = 0 } = settings;
  if (!(learningRate > 0 && Number.isFinite(learningRate))) {
    throw usageError(`learning rate: ${learningRate} is not a number above 0`);
  }
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw usageError(`validation split: ${validationSplit} is not in [0, 1)`);
  }
  if (!Number.isSafeInteger(seed)) {
    throw usageError(`seed: ${seed} is not a whole number`);
  }
}

/** How many of n, from the first, are trained on: all but the last `validationSplit` of them, as Keras counts. */
export function trainingCount(n: number, validationSplit: number): number {
  return Math.floor(n * (1 - validationSplit) + 1e-9);
}
