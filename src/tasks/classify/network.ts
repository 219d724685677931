import type { NdArray } from '../../data/array.js';
import { usageError } from '../../errors.js';
import type { Layer } from '../../layers/index.js';
import { parseSpec } from '../../model/spec.js';
import { Sequential } from '../../sequential.js';
import { finalActivation } from '../../training/forward.js';
import { getOptimizer } from '../../training/optimizers.js';
import type { Run } from '../definition.js';
import { type FitOutcome, fitNetwork as fitPlanned } from '../fitNetwork.js';
import { checkOutputShape } from '../prepared.js';
import type { Start } from '../start.js';
import type { Encoding } from './samples.js';
import { maskValue } from './scaling.js';
import { vocabularySize } from './texts.js';

/** Inputs with the index of the class of each. */
export interface Labelled {
  x: NdArray;
  y: Int32Array;
}

/** How a network is trained. All is counted in steps, since epochs of small tables are short and those of large ones long. */
export interface Recipe {
  /** In the spec notation. */
  layers: string;
  /** Without the batch. */
  inputShape: number[];
  classes: number;
  optimizer: string;
  learningRate: number;
  /** The rate falls to 2 % of itself along a cosine of so many steps; else it stays. */
  decaySteps?: number;
  batchSize: number;
  epochs: number;
  /** Epochs without a better held-out loss before it stops, to keep the best; undefined: it goes on and keeps the last. */
  patience?: number;
  /** What is less than this is no better held-out loss. */
  least?: number;
  /** The largest norm of a weight's gradient. */
  clipnorm?: number;
  /** By class, in the loss. */
  weights?: Float64Array;
}

/** A network and how its training went; `best` is at least 1. */
export interface Fitted extends FitOutcome {
  model: Sequential;
}

/** Layers that take single rows of features; all others want steps. */
const rowLayers = new Set([
  'Dense',
  'Activation',
  'Dropout',
  'LayerNormalization',
  'BatchNormalization',
  'GaussianNoise',
]);

/** Whether layers take rows of features, without an axis of steps. */
export function takeRows(layers: string): boolean {
  return parseSpec(layers).every((layer) => rowLayers.has(layer.getClassName()));
}

/** The user's layers with what the inputs need before them: a Masking layer for padded steps, an Embedding for ids. */
export function withInputs(layers: string, { padded, text }: Encoding): string {
  const stack = parseSpec(layers).map((layer) => layer.getClassName());
  if (text && stack[0] !== 'Embedding') return `Embedding(${vocabularySize(text)}, 32, mask_zero=true), ${layers}`;
  return padded && !stack.includes('Masking') ? `Masking(${maskValue}), ${layers}` : layers;
}

/**
 * @param from whose weights it starts with
 * @throws MemcellError (usage) for layers that do not end in a probability for each class
 */
export function buildNetwork({ layers, inputShape, classes }: Recipe, seed: number, from?: Start): Sequential {
  const stack: Layer[] = parseSpec(layers);
  const model = new Sequential(stack, { inputShape, seed });
  try {
    const remedy = `end the layers with Dense(${classes}, softmax)`;
    checkOutputShape(model.outputShape, [[classes]], remedy);
    if (finalActivation(model.tf) !== 'softmax') {
      throw usageError(`layers: this task needs probabilities; ${remedy}`);
    }
    from?.assign(model);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/**
 * Trains a network; with `stop`, samples that it is not trained on, it ends with the weights of the epoch that is best on
 * them.
 * @param seconds after these it stops with the batch
 * @throws MemcellError (numeric) when the loss is not finite in the first epoch
 */
export async function fitNetwork(
  recipe: Recipe,
  train: Labelled,
  stop: Labelled | undefined,
  { seed, run, seconds }: { seed: number; run: Run; seconds?: number },
): Promise<Fitted> {
  const { batchSize, epochs, weights, patience, least } = recipe;
  const model = buildNetwork(recipe, seed, run.from);
  try {
    compileNetwork(model, recipe);
    model.threads = run.threads;
    const outcome = await fitPlanned(model, {
      train: { x: train.x, y: labels(train.y) },
      epochs,
      batchSize,
      seed,
      callbacks: run.callbacks,
      ...(stop && { validation: { x: stop.x, y: labels(stop.y), ...weighted(stop.y, weights) } }),
      ...(patience !== undefined && { patience }),
      ...(least !== undefined && { minDelta: least }),
      ...(weights && { classWeight: Object.fromEntries(weights.entries()) }),
      ...(seconds !== undefined && { deadline: performance.now() + 1000 * seconds }),
      ...(run.signal && { signal: run.signal }),
      ...(run.fits && { fits: run.fits }),
    });
    return { model, ...outcome, best: Math.max(1, outcome.best) };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

export function compileNetwork(model: Sequential, { optimizer, learningRate, decaySteps, clipnorm }: Recipe): void {
  const config = { initialLearningRate: learningRate, decaySteps, alpha: 0.02 };
  const rate = decaySteps === undefined ? learningRate : { name: 'cosineDecay', config };
  model.compile({
    optimizer: getOptimizer({
      name: optimizer,
      config: { learningRate: rate, ...(clipnorm !== undefined && { clipnorm }) },
    }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
}

function labels(y: Int32Array): NdArray {
  return { data: y, shape: [y.length] };
}

/** The weight of each sample, where classes have weights: the loss that training goes by is also the one it stops by. */
function weighted(y: Int32Array, weights: Float64Array | undefined): { sampleWeight?: NdArray } {
  if (weights === undefined) return {};
  return { sampleWeight: { data: Float32Array.from(y, (c) => weights[c]), shape: [y.length] } };
}

/** w_c = n / (k · n_c): every class adds the same to the loss, and all together n (King and Zeng, 2001). */
export function balancedWeights(y: Int32Array, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (const c of y) counts[c]++;
  const present = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  return counts.map((count) => (count > 0 ? y.length / (present * count) : 0));
}
