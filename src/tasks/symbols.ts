import type { NdArray } from '../data/array.js';
import { argMax } from '../data/labels.js';
import { list } from '../data/suggest.js';
import { tokenWindows } from '../data/windows.js';
import { MemcellError } from '../errors.js';
import type { SymbolsArtefact } from './artefact.js';
import { accuracy, majority, type SymbolsEvaluation } from './evaluation.js';
import { checkOutputShape, checkParts, type Predictor, type Prepared } from './prepared.js';
import { checkCount, trainingCount } from './settings.js';

export interface SymbolsOptions {
  /** Integers that go in: 1. */
  window?: number;
}

/** Batches of one, as the document trains, up to 1000 samples; beyond, 32. */
export function symbolsDefaults(samples: number) {
  return { epochs: 100, batchSize: samples <= 1000 ? 1 : 32, learningRate: 0.001, validationSplit: 0 };
}

/** More different integers than this are numbers to forecast, not symbols. */
const mostSymbols = 10_000;

/**
 * Windows of a sequence of integers to the next integer: x/max|x| goes in, one class per different integer comes out.
 * Model: (B, window, 1) → (B, symbols), probabilities.
 * @throws MemcellError when the sequence is shorter than the window, constant, or has too many different integers.
 */
export function prepareSymbols(
  sequence: Int32Array,
  name: string,
  options: SymbolsOptions,
  validationSplit: number,
): Prepared<SymbolsArtefact> {
  const window = checkCount(options.window ?? 1, 'window');
  const symbols = [...new Set(sequence)].sort((a, b) => a - b);
  if (sequence.length < 2)
    throw new MemcellError(
      `${name}: has ${sequence.length} integer${sequence.length === 1 ? '' : 's'}; training needs at least two`,
    );
  if (symbols.length < 2) {
    throw new MemcellError(`${name}: every integer is ${symbols[0]}; there is nothing to learn from a constant`);
  }
  if (symbols.length > mostSymbols) {
    throw new MemcellError(
      `${name}: ${symbols.length} different integers; symbols are at most ${mostSymbols}; use --forecast`,
    );
  }
  const edge = trainingCount(sequence.length, validationSplit);
  checkParts(name, 'integers', sequence.length, edge, window);
  const scale = Math.max(...symbols.map(Math.abs));
  const training = sequence.subarray(0, edge);
  const artefact: SymbolsArtefact = {
    kind: 'symbols',
    window,
    symbols,
    scale,
    majority: majority(samplesOf(training, symbols, window, scale).classes, symbols.length),
    end: Array.from(sequence.subarray(sequence.length - window)),
  };
  const heldOut = edge < sequence.length ? sequence.subarray(edge) : undefined;
  const samples = (part: Int32Array) => {
    const { x, classes } = samplesOf(part, symbols, window, scale);
    return { x, y: { data: classes, shape: [classes.length] } };
  };
  return {
    artefact,
    inputShape: [window, 1],
    layers: `LSTM(50), Dense(${symbols.length}, softmax)`,
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    warnings: [],
    samples: (outputShape) => {
      checkOutputShape(outputShape, [[symbols.length]], `end the layers with Dense(${symbols.length}, softmax)`);
      const train = samples(training);
      return heldOut ? { train, validation: samples(heldOut) } : { train };
    },
    evaluate: (model) => evaluateSequence(model, artefact, heldOut ?? training),
  };
}

/**
 * How often the model's most probable integer is the next one.
 * @throws MemcellError when the sequence is shorter than the window or holds an unknown integer.
 */
export async function evaluateSymbols(
  model: Predictor,
  artefact: SymbolsArtefact,
  sequence: Int32Array,
  name: string,
): Promise<SymbolsEvaluation> {
  checkKnown(artefact, sequence, name);
  checkParts(name, 'integers', sequence.length, sequence.length, artefact.window);
  return evaluateSequence(model, artefact, sequence);
}

/**
 * The `steps` integers that follow a sequence (the end of the training data when none is given), each the most probable
 * one, fed back in as the next input.
 * @throws MemcellError when the sequence is shorter than the window or holds an unknown integer.
 */
export async function predictSymbols(
  model: Predictor,
  artefact: SymbolsArtefact,
  start: ArrayLike<number> | undefined,
  steps: number,
): Promise<number[]> {
  checkCount(steps, 'steps');
  const { symbols, window, scale } = artefact;
  const sequence = Array.from(start ?? artefact.end);
  checkKnown(artefact, sequence, 'start');
  if (sequence.length < window) {
    throw new MemcellError(`start: ${sequence.length} integers; this model predicts from the last ${window}`);
  }
  const made: number[] = [];
  while (made.length < steps) {
    const data = Float32Array.from(sequence.slice(-window), (value) => value / scale);
    const probabilities = await model.predict({ data, shape: [1, window, 1] });
    const next = symbols[argMax(probabilities.data, 0, symbols.length)];
    made.push(next);
    sequence.push(next);
  }
  return made;
}

async function evaluateSequence(
  model: Predictor,
  artefact: SymbolsArtefact,
  sequence: Int32Array,
): Promise<SymbolsEvaluation> {
  const { symbols, window, scale } = artefact;
  const { x, classes } = samplesOf(sequence, symbols, window, scale);
  const { data } = await model.predict(x);
  const answered = classes.map((_, row) => argMax(data, row, symbols.length));
  return {
    kind: 'symbols',
    samples: classes.length,
    accuracy: accuracy(classes, answered),
    majorityAccuracy: accuracy(classes, new Int32Array(classes.length).fill(artefact.majority)),
  };
}

/** x (N, window, 1) scaled, and the class index of the integer after each window. */
function samplesOf(sequence: Int32Array, symbols: readonly number[], window: number, scale: number) {
  const index = new Map(symbols.map((symbol, i) => [symbol, i]));
  const { x, y } = tokenWindows(sequence, window, 1, false);
  const scaled: NdArray = { data: Float32Array.from(x.data, (value) => value / scale), shape: [...x.shape, 1] };
  return { x: scaled, classes: Int32Array.from(y.data, (symbol) => index.get(symbol)!) };
}

function checkKnown({ symbols }: SymbolsArtefact, sequence: ArrayLike<number>, name: string): void {
  const known = new Set(symbols);
  const values = Array.from(sequence);
  const unknown = values.findIndex((value) => !known.has(value));
  if (unknown < 0) return;
  throw new MemcellError(
    `${name}: ${values[unknown]} (number ${unknown + 1}) is not among the integers of the training data: ${list(symbols.map(String))}`,
  );
}
