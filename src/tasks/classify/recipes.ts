import type { Run } from '../definition.js';
import type { Recipe } from './network.js';
import type { Encoding } from './samples.js';
import { vocabularySize } from './texts.js';

/** What a network is made for. */
export interface Problem {
  /** Samples that it will be trained on. */
  samples: number;
  inputShape: number[];
  classes: number;
  encoding: Encoding;
  weights?: Float64Array;
}

/** Steps that are worth it at least, and times through the data; whichever is more. */
interface Length {
  steps: number;
  epochs: number;
  /** The share of it without a better held-out loss after which training stops. */
  patience: number;
}

/**
 * One row as a sample: 64 rectified units, as wide as is of use (16, 64 and 128 units: log loss .301, .267, .261 over nine
 * sets). The number of steps matters most: 300, 1000, 3000 steps: .294, .267, .258.
 */
export function rowRecipe(problem: Problem, run: Run): Recipe {
  const layers = `Dense(64, relu), Dense(${problem.classes}, softmax)`;
  return recipe(
    problem,
    run,
    layers,
    { steps: 3000, epochs: 10, patience: 0.25 },
    { learningRate: 0.005, falling: false },
  );
}

/** Multinomial logistic regression. */
export function linearRecipe(problem: Problem, run: Run): Recipe {
  const { layers: _, settings, ...rest } = run;
  const own = { ...rest, settings: { optimizer: settings.optimizer, batchSize: settings.batchSize } };
  const length = { steps: 1000, epochs: 3, patience: 0.25 };
  return recipe(problem, own, `Dense(${problem.classes}, softmax)`, length, { learningRate: 0.03, falling: false });
}

/**
 * Sequences: what was found at any step, in either direction, by the largest value over all steps. The units of a step are
 * mixed before that, which a network with the largest values of the LSTM's own units is worse without (parity of varying
 * length: 90 % of the answers right without, 99 % with). Without a bias there, steps that are masked are 0 and no step's
 * value is below, so that they change nothing.
 */
export function sequenceRecipe(problem: Problem, run: Run): Recipe {
  const { encoding, classes } = problem;
  const first = encoding.text ? `Embedding(${vocabularySize(encoding.text)}, 32, mask_zero=true), ` : '';
  const layers = `${first}Bidirectional(LSTM(32, return_sequences=true)), Dense(64, relu, use_bias=false), GlobalMaxPooling1D, Dense(${classes}, softmax)`;
  const length = { steps: 900, epochs: encoding.text ? 10 : 15, patience: 0.5 };
  return recipe(problem, run, layers, length, { learningRate: 0.01, falling: true });
}

function recipe(
  { samples, inputShape, classes, weights }: Problem,
  run: Run,
  layers: string,
  { steps, epochs: times, patience }: Length,
  { learningRate, falling }: { learningRate: number; falling: boolean },
): Recipe {
  const { settings } = run;
  const batchSize = settings.batchSize ?? batchFor(samples);
  const perEpoch = Math.ceil(samples / batchSize);
  const epochs = settings.epochs ?? Math.max(times, Math.ceil(steps / perEpoch));
  return {
    layers,
    inputShape,
    classes,
    optimizer: settings.optimizer ?? 'adam',
    learningRate: settings.learningRate ?? learningRate,
    ...(falling && { decaySteps: epochs * perEpoch }),
    batchSize,
    epochs,
    patience: settings.patience ?? (settings.epochs === undefined ? Math.ceil(epochs * patience) : epochs),
    // Of classes that are told apart without a mistake, the loss falls for ever.
    ...(settings.epochs === undefined && { least: 5e-4 }),
    clipnorm: 1,
    ...(weights && { weights }),
  };
}

/** 32, and for large tables as much as keeps an epoch below about 600 steps, up to 512. */
function batchFor(samples: number): number {
  let size = 32;
  while (size < 512 && samples / size > 600) size *= 2;
  return size;
}
