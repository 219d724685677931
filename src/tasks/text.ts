import { argMax } from '../data/labels.js';
import { Vocabulary } from '../data/vocabulary.js';
import { tokenWindows } from '../data/windows.js';
import { MemcellError } from '../errors.js';
import { deriveKey, Random } from '../random.js';
import type { TextArtefact } from './artefact.js';
import type { TextEvaluation } from './evaluation.js';
import { checkOutputShape, checkParts, type Predictor, type Prepared, type Samples } from './prepared.js';
import { checkSampling, type SamplingOptions, sample } from './sampling.js';
import { checkCount, trainingCount } from './settings.js';

export interface TextOptions {
  /** Characters that go in: 50. */
  window?: number;
}

export const textDefaults = { epochs: 10, batchSize: 32, learningRate: 0.004, validationSplit: 0.2 };

/**
 * Windows of characters to the next character. A model whose output keeps the steps (B, window, characters) learns the
 * character after every position, from windows that start every half window, so that every character is predicted once
 * from at least half a window; one that gives (B, characters) learns the one after the window, from windows at every
 * character. The end of the text is held out. The vocabulary is that of the whole text.
 * @throws MemcellError when the text is shorter than the window, or has one character only.
 */
export function prepareText(
  text: string,
  name: string,
  options: TextOptions,
  validationSplit: number,
): Prepared<TextArtefact> {
  const window = checkCount(options.window ?? 50, 'window');
  const vocabulary = Vocabulary.of(text);
  if (vocabulary.size < 2) throw new MemcellError(`${name}: holds one character only; there is nothing to learn`);
  const ids = vocabulary.encode(text, name);
  const edge = trainingCount(ids.length, validationSplit);
  checkParts(name, 'characters', ids.length, edge, window);
  const training = ids.subarray(0, edge);
  const heldOut = edge < ids.length ? ids.subarray(edge) : undefined;
  const artefact: TextArtefact = {
    kind: 'text',
    window,
    characters: [...vocabulary.characters],
    frequencies: frequencies(training, vocabulary.size),
  };
  const size = vocabulary.size;
  return {
    artefact,
    inputShape: [window],
    layers: `Embedding(${size}, 32), LSTM(128, return_sequences=true), Dense(${size}, softmax)`,
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    warnings: [],
    samples: (outputShape) => {
      checkOutputShape(outputShape, [[window, size], [size]], `end the layers with Dense(${size}, softmax)`);
      const everyPosition = outputShape.length === 3;
      const train = tokenWindows(training, window, everyPosition ? Math.ceil(window / 2) : 1, everyPosition);
      return heldOut ? { train, validation: evaluationWindows(heldOut, window, everyPosition) } : { train };
    },
    evaluate: (model) => evaluateIds(model, artefact, heldOut ?? training),
  };
}

/**
 * How well the model predicts a text's characters.
 * @throws MemcellError when the text is shorter than the window or holds an unknown character (with line and column).
 */
export async function evaluateText(
  model: Predictor,
  artefact: TextArtefact,
  text: string,
  name: string,
): Promise<TextEvaluation> {
  const ids = new Vocabulary(artefact.characters).encode(text, name);
  checkParts(name, 'characters', ids.length, ids.length, artefact.window);
  return evaluateIds(model, artefact, ids);
}

export interface GenerateOptions extends SamplingOptions {
  /** The text to go on from; a line end when not given. */
  prompt?: string;
  /** Characters to make: 400. */
  length?: number;
  seed?: number;
}

/**
 * Characters that go on from the prompt, one at a time, each drawn from the model's probabilities after the last
 * `window` characters. The same seed gives the same text.
 * @throws MemcellError (usage) for options out of range, (data) for a character in the prompt that the model does not know.
 */
export async function* generate(
  model: Predictor,
  artefact: TextArtefact,
  options: GenerateOptions = {},
): AsyncGenerator<string, void, void> {
  checkSampling(options);
  const length = checkCount(options.length ?? 400, 'length');
  const { window, characters } = artefact;
  const vocabulary = new Vocabulary(characters);
  const opening = characters.includes('\n') ? '\n' : characters[argMax(artefact.frequencies, 0, characters.length)];
  const ids = Array.from(vocabulary.encode(options.prompt || opening, 'prompt'));
  const random = new Random(deriveKey(options.seed ?? 0, 'generate'));
  for (let made = 0; made < length; made++) {
    const id = sample(await nextProbabilities(model, ids.slice(-window), window, characters.length), options, random);
    ids.push(id);
    yield characters[id];
  }
}

/**
 * The probabilities of the character after `ids` (at most a window of them). Shorter than the window, they go first when
 * the model answers at every position (what follows cannot reach back), last after repeats of the first one otherwise.
 */
async function nextProbabilities(model: Predictor, ids: number[], window: number, size: number): Promise<Float32Array> {
  const first = new Int32Array(window).fill(ids[0]);
  first.set(ids);
  let { data, shape } = await model.predict({ data: first, shape: [1, window] });
  let position = ids.length - 1;
  if (shape.length === 2) {
    position = 0;
    if (ids.length < window) {
      const last = new Int32Array(window).fill(ids[0]);
      last.set(ids, window - ids.length);
      data = (await model.predict({ data: last, shape: [1, window] })).data;
    }
  }
  return Float32Array.from(data.subarray(position * size, (position + 1) * size));
}

/** Every character is predicted once: windows follow one another, or start at every character. */
function evaluationWindows(ids: Int32Array, window: number, everyPosition: boolean): Samples {
  return tokenWindows(ids, window, everyPosition ? window : 1, everyPosition);
}

/** Cross-entropy −mean(ln p(next character)) over windows that follow one another, or one per character. */
async function evaluateIds(model: Predictor, artefact: TextArtefact, ids: Int32Array): Promise<TextEvaluation> {
  const { window, frequencies: shares } = artefact;
  const size = artefact.characters.length;
  const probe = await model.predict({ data: ids.slice(0, window), shape: [1, window] });
  const { x, y } = evaluationWindows(ids, window, probe.shape.length === 3);
  const batch = 256;
  let nats = 0;
  let unigram = 0;
  for (let start = 0; start < x.shape[0]; start += batch) {
    const rows = Math.min(batch, x.shape[0] - start);
    const part = x.data.subarray(start * window, (start + rows) * window);
    const { data } = await model.predict({ data: part, shape: [rows, window] }, { batchSize: batch });
    const answers = (rows * y.data.length) / x.shape[0];
    const offset = (start * y.data.length) / x.shape[0];
    for (let i = 0; i < answers; i++) {
      const id = y.data[offset + i];
      nats -= Math.log(Math.max(data[i * size + id], 1e-7));
      unigram -= Math.log(Math.max(shares[id], 1e-7));
    }
  }
  const samples = y.data.length;
  const crossEntropy = nats / samples;
  return {
    kind: 'text',
    samples,
    crossEntropy,
    bitsPerCharacter: crossEntropy / Math.LN2,
    perplexity: Math.exp(crossEntropy),
    unigramCrossEntropy: unigram / samples,
  };
}

function frequencies(ids: Int32Array, size: number): number[] {
  const counts = new Array<number>(size).fill(0);
  for (const id of ids) counts[id]++;
  return counts.map((count) => count / ids.length);
}
