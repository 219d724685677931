import { tokenWindows } from '../../data/windows.js';
import type { Samples } from '../prepared.js';
import type { KneserNey } from './kneserNey.js';
import { fitWeight, mixed, type Network, nats, predictWindows, scoreCounts, scoreNetwork } from './score.js';
import { type TokenKind, type Tokens, unitOf } from './tokens.js';

/** Per character, so that it can be compared whatever the tokens are; perplexity per token. */
export interface Likelihood {
  /** Nats per character. */
  crossEntropy: number;
  bitsPerCharacter: number;
  /** e to the nats per token. */
  perplexity: number;
}

export interface TextEvaluation extends Likelihood {
  kind: 'text';
  /** Characters that were predicted. */
  samples: number;
  /** Tokens that were predicted: as many, when they are characters. */
  tokens?: number;
  tokenKind?: TokenKind;
  /** Nats per character when only the tokens' frequencies in the training part are known. */
  unigramCrossEntropy: number;
  /** The network alone, knowing all that comes before; and from windows without what comes before them. */
  network?: Likelihood & { cold?: Likelihood };
  /** Counting alone, and how many tokens back. */
  counts?: Likelihood & { back: number };
  /** The network's share of the mixture with the counts; 1 when it stands alone. */
  weight?: number;
  /** Tokens at the end that were not scored, for the time it would have taken. */
  unscored?: number;
  /** The text is part of what the model was trained on. */
  seen?: boolean;
  /** What is said where only pieces of the text were scored. */
  drawn?: string;
}

/** Windows that follow one another, or begin at every token where the network answers after the last one only. */
export function plainWindows(ids: Int32Array, window: number, everyPosition: boolean): Samples {
  return tokenWindows(ids, window, everyPosition ? window : 1, everyPosition);
}

/** How well a network alone predicts a text by windows that follow one another, knowing nothing of what is before them. */
export async function evaluateWindows(
  { network, tokens, window, frequencies }: Pick<TextModel, 'network' | 'tokens' | 'window' | 'frequencies'>,
  ids: Int32Array,
): Promise<TextEvaluation> {
  const size = tokens.size;
  const probe = await network.predict({ data: ids.slice(0, window), shape: [1, window] });
  const { x, y } = plainWindows(ids, window, probe.shape.length === 3);
  const p = new Float64Array(y.data.length);
  const positions = y.data.length / x.shape[0];
  await predictWindows(network, x.data, window, (row, output) => {
    for (let t = 0; t < positions; t++) {
      const i = row * positions + t;
      p[i] = output[t * size + y.data[i]];
    }
  });
  const sums = sumsOf(tokens, y.data, frequencies);
  const alone = likelihood(nats(p), sums);
  return { kind: 'text', ...sums.counts, ...alone, unigramCrossEntropy: sums.unigram };
}

/** A network with the counts beside it. */
export interface TextModel {
  network: Network;
  tokens: Tokens;
  window: number;
  context: 'stream' | 'window';
  frequencies: readonly number[];
  counts?: KneserNey;
  /** The network's share of the mixture. */
  weight: number;
}

/**
 * How well the tokens [from, to) of a text are predicted, each from what comes before it.
 * @param ids at least a window and one more
 * @param baseline what to compare with when the model has no counts of its own
 * @param cold whether to look at windows without context too
 * @param signal once it is aborted, few tokens are scored, and not without context
 */
export async function evaluateTokens(
  model: TextModel,
  ids: Int32Array,
  part: { from: number; to: number },
  { baseline, cold, signal }: { baseline?: KneserNey; cold?: boolean; signal?: AbortSignal } = {},
): Promise<TextEvaluation> {
  const { network, tokens, weight, context, window, frequencies } = model;
  const { first, to, p } = await scoreNetwork(network, tokens.size, ids, part, { context, window }, signal);
  const counts = model.counts ?? baseline;
  const q = counts && (await scoreCounts(counts, ids, first, to));
  const sums = sumsOf(tokens, ids.subarray(first, to), frequencies);
  const alone = likelihood(nats(p), sums);
  let coldAlone: Likelihood | undefined;
  if (cold && context === 'stream' && !signal?.aborted) {
    const same = { from: part.from, to };
    const windows = await scoreNetwork(network, tokens.size, ids, same, { context: 'window', window, least: 0 });
    coldAlone = likelihood(nats(windows.p), sums);
  }
  return {
    kind: 'text',
    ...sums.counts,
    ...(model.counts && q ? likelihood(nats(mixed(p, q, weight)), sums) : alone),
    unigramCrossEntropy: sums.unigram,
    network: { ...alone, ...(coldAlone && { cold: coldAlone }) },
    ...(q && counts && { counts: { ...likelihood(nats(q), sums), back: counts.order - 1 } }),
    weight: model.counts ? weight : 1,
    ...(to < part.to && { unscored: part.to - to }),
  };
}

/** The characters of predicted tokens, and the nats per character of their frequencies. */
function sumsOf(tokens: Tokens, predicted: ArrayLike<number>, frequencies: readonly number[]) {
  const lengths = tokens.texts.map((text) => [...text].length);
  let samples = 0;
  for (let i = 0; i < predicted.length; i++) samples += lengths[predicted[i]];
  const unigram = nats(Array.from(predicted, (id) => frequencies[id])) / samples;
  return { counts: { samples, tokens: predicted.length, tokenKind: tokens.kind }, unigram };
}

function likelihood(sum: number, { counts: { samples, tokens } }: ReturnType<typeof sumsOf>): Likelihood {
  return {
    crossEntropy: sum / samples,
    bitsPerCharacter: sum / samples / Math.LN2,
    perplexity: Math.exp(sum / tokens),
  };
}

/** The share of each token in a text. */
export function frequenciesOf(ids: Int32Array, size: number): number[] {
  const counts = new Array<number>(size).fill(0);
  for (const id of ids) counts[id]++;
  return counts.map((amount) => amount / ids.length);
}

/** Whether the mixture is better on the tokens of a part, by how much, and the network's share in it. */
export async function compareMixture(
  model: Omit<TextModel, 'counts' | 'weight'>,
  counts: KneserNey,
  ids: Int32Array,
  part: { from: number; to: number },
  signal?: AbortSignal,
): Promise<{ weight: number; better: boolean }> {
  const { first, to, p } = await scoreNetwork(model.network, model.tokens.size, ids, part, model, signal);
  const q = await scoreCounts(counts, ids, first, to);
  const weight = fitWeight(p, q);
  return { weight, better: nats(mixed(p, q, weight)) < 0.999 * nats(p) };
}

/** The one line that says whether the network was worth it. */
export function verdict({ perplexity, counts, network, tokenKind = 'characters' }: TextEvaluation): {
  better: boolean;
  text: string;
} {
  if (counts === undefined || network === undefined) return { better: true, text: '' };
  const unit = unitOf(tokenKind);
  const counting = `counting ${counts.back} ${unit}${counts.back === 1 ? '' : 's'} back`;
  const gain = 1 - perplexity / counts.perplexity;
  if (gain < 0.005) return { better: false, text: `no better than ${counting} (Kneser–Ney)` };
  const share = gain < 0.1 ? (100 * gain).toFixed(1) : (100 * gain).toFixed(0);
  return { better: true, text: `a perplexity ${share} % below that of ${counting} (Kneser–Ney)` };
}
