import { argMax } from '../../data/labels.js';
import { usageError } from '../../errors.js';
import { deriveKey, Random } from '../../random.js';
import { checkSampling, sample } from '../sampling.js';
import { checkCount } from '../settings.js';
import { loadCounts, type TextArtefact } from './artefact.js';
import type { KneserNeyState } from './kneserNey.js';
import type { GenerateOptions } from './options.js';
import { type Network, openStream } from './score.js';

const defaultLength = 400;
/** More is a mistake: at 20,000 characters a second this is an hour. */
const mostLength = 100_000_000;

/** How a text is made: token by token through a stream, or by a whole window for each token, and then why. */
export type GenerationPath = { path: 'stream' } | { path: 'window'; why: string };

/** Whether the cost of a token does not depend on the window; the context is then the whole prompt and all that was made. */
export function generationPath(network: Network): GenerationPath {
  const opened = openStream(network);
  return 'push' in opened ? { path: 'stream' } : { path: 'window', why: opened.why };
}

/**
 * Text that goes on from the prompt, token by token, each drawn from the probabilities of the network, mixed with those of
 * the counts where the model has them. The same seed gives the same text.
 * @param name the model's, for errors
 * @throws MemcellError (usage) for options out of range, (data) for a character in the prompt that the model does not know.
 */
export async function* generate(
  network: Network,
  artefact: TextArtefact,
  options: GenerateOptions = {},
  name = 'the model',
): AsyncGenerator<string, void, void> {
  checkSampling(options);
  const length = checkCount(options.length ?? defaultLength, 'length');
  if (length > mostLength) {
    throw usageError(`length: ${length} is more than ${mostLength}`);
  }
  const { tokens, counted } = artefact;
  const prompt = tokens.encode(options.prompt || openingOf(artefact), 'prompt');
  const next = nextProbabilities(network, artefact, prompt);
  const counts = (await loadCounts(artefact, name))?.model.start();
  for (const token of prompt) counts?.push(token);
  const mix = counts && new Mixture(counts, tokens.size, counted?.weight ?? 1);
  const random = new Random(deriveKey(options.seed ?? 0, 'generate'));
  const ending = new Ending(options.stop);
  let probabilities = await next();
  for (let made = 0; made < length; made++) {
    const token = sample(mix ? mix.of(probabilities) : probabilities, options, random);
    const ready = ending.add(tokens.texts[token]);
    if (ready !== '') yield ready;
    if (ending.found) return;
    if (made + 1 === length) break;
    counts?.push(token);
    probabilities = await next(token);
  }
  if (ending.rest !== '') yield ending.rest;
}

/** What stands for a prompt that was not given. */
function openingOf({ tokens, frequencies }: TextArtefact): string {
  return tokens.characters.includes('\n') ? '\n' : tokens.texts[argMax(frequencies, 0, tokens.size)];
}

/** Holds text back as long as it may be the beginning of what ends it. */
class Ending {
  found = false;
  rest = '';

  constructor(private readonly stop: string | undefined) {}

  /** The text that can be given out after one more piece. */
  add(piece: string): string {
    const { stop } = this;
    if (stop === undefined || stop === '') return piece;
    const text = this.rest + piece;
    const at = text.indexOf(stop);
    this.found = at >= 0;
    if (this.found) return text.slice(0, at);
    let held = Math.min(text.length, stop.length - 1);
    while (held > 0 && !stop.startsWith(text.slice(-held))) held--;
    this.rest = held === 0 ? '' : text.slice(-held);
    return text.slice(0, text.length - held);
  }
}

/** w·network + (1 − w)·counts. */
class Mixture {
  private readonly mixed: Float64Array;

  constructor(
    private readonly counts: KneserNeyState,
    size: number,
    private readonly weight: number,
  ) {
    this.mixed = new Float64Array(size);
  }

  of(probabilities: ArrayLike<number>): Float64Array {
    const { counts, mixed, weight } = this;
    counts.probabilities(mixed);
    for (let i = 0; i < mixed.length; i++) mixed[i] = weight * probabilities[i] + (1 - weight) * mixed[i];
    return mixed;
  }
}

/** A function that gives the network's probabilities after the prompt, then after each token that it is told. */
function nextProbabilities(network: Network, { window, tokens }: TextArtefact, prompt: Int32Array) {
  const opened = openStream(network);
  if ('push' in opened) {
    const { push } = opened;
    return async (token?: number): Promise<ArrayLike<number>> => {
      if (token !== undefined) return push(token);
      let last: ArrayLike<number> = [];
      for (const one of prompt) last = push(one);
      return last;
    };
  }
  const ids = Array.from(prompt.subarray(Math.max(0, prompt.length - window)));
  return async (token?: number): Promise<ArrayLike<number>> => {
    if (token !== undefined) ids.push(token);
    if (ids.length > window) ids.shift();
    return probabilitiesAfter(network, ids, window, tokens.size);
  };
}

/**
 * The probabilities of the token after `ids` (at most a window of them). Shorter than the window, they go first when the
 * network answers at every position (what follows cannot reach back), last after repeats of the first one otherwise.
 */
async function probabilitiesAfter(
  network: Network,
  ids: number[],
  window: number,
  size: number,
): Promise<Float32Array> {
  const first = new Int32Array(window).fill(ids[0]);
  first.set(ids);
  let { data, shape } = await network.predict({ data: first, shape: [1, window] });
  let position = ids.length - 1;
  if (shape.length === 2) {
    position = 0;
    if (ids.length < window) {
      const last = new Int32Array(window).fill(ids[0]);
      last.set(ids, window - ids.length);
      data = (await network.predict({ data: last, shape: [1, window] })).data;
    }
  }
  return Float32Array.from(data.subarray(position * size, (position + 1) * size));
}
