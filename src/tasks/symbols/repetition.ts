import { EventLoop } from '../../eventLoop.js';
import { NGrams, NONE, ROOT } from '../text/ngrams.js';

/** Contexts that are tried. */
const longest = 8;

/** What counting alone would have answered. */
export interface CountsGuess {
  /** The share of right answers. */
  accuracy: number;
  /** How many symbols back it looks. */
  back: number;
}

/**
 * The best guess without a network: what most often followed the last `back` symbols, or fewer of them where they were
 * never seen; 0 back is the most frequent symbol. `back` is the one that is right most often on [chosen.from, chosen.to)
 * with the counts of what is before it; it is then scored on [from, to) with the counts of `ids` up to `counted`. Timers, input and
 * other work run in between.
 * @returns undefined when it was interrupted
 */
export async function countsGuess(
  ids: Int32Array,
  counted: number,
  part: { from: number; to: number },
  chosen: { from: number; to: number },
  signal?: AbortSignal,
): Promise<CountsGuess | undefined> {
  let best = { accuracy: -1, back: 0 };
  for (let back = 0; back <= longest; back++) {
    const accuracy = await followers(ids, chosen.from, chosen, back, signal);
    if (signal?.aborted) return undefined;
    if (accuracy > best.accuracy) best = { accuracy, back };
  }
  const accuracy = await followers(ids, counted, part, best.back, signal);
  return signal?.aborted ? undefined : { accuracy, back: best.back };
}

/** Symbols that are counted, or guessed, at a time. */
const piece = 5000;

/** The share of [from, to) that is right; of no use when it was interrupted. */
async function followers(
  ids: Int32Array,
  counted: number,
  { from, to }: { from: number; to: number },
  back: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const loop = new EventLoop();
  const ngrams = new NGrams([], back + 1);
  for (let at = 0; at < counted && !signal?.aborted; at += piece) {
    ngrams.count(ids, at, Math.min(counted, at + piece));
    if (loop.waits) await loop.turn();
  }
  const ending = new Int32Array(back + 1).fill(NONE);
  ending[0] = ROOT;
  for (let i = Math.max(0, from - back); i < from; i++) ngrams.advance(ending, ids[i]);
  let right = 0;
  for (let i = from; i < to; i++) {
    if (mostFrequent(ngrams, ending) === ids[i]) right++;
    ngrams.advance(ending, ids[i]);
    if (i % piece === 0 && loop.waits) await loop.turn();
    if (signal?.aborted) break;
  }
  return right / Math.max(1, to - from);
}

/** The token that most often followed the longest context that was followed by any; of equals the smallest one. */
function mostFrequent({ children, siblings, counts, tokens }: NGrams, ending: Int32Array): number {
  for (let n = ending.length - 1; n >= 0; n--) {
    if (ending[n] === NONE || children[ending[n]] === NONE) continue;
    let best = children[ending[n]];
    for (let node = best; node !== NONE; node = siblings[node]) {
      if (counts[node] > counts[best] || (counts[node] === counts[best] && tokens[node] < tokens[best])) best = node;
    }
    return tokens[best];
  }
  return NONE;
}
