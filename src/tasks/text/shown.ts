import { argMax } from '../../data/labels.js';
import type { ShownText } from '../shown.js';
import type { TextModel } from './evaluation.js';
import { openStream } from './score.js';

/** Tokens that are shown, confusions, and tokens before the first that the network is given first. */
const most = { tokens: 1500, confusions: 20, before: 500 };

/**
 * The surprise of the tokens from `first` on, each known all tokens before it, and what was expected instead. Undefined
 * where the network does not stream.
 */
export function showText(
  { network, tokens, counts, weight }: Pick<TextModel, 'network' | 'tokens' | 'counts' | 'weight'>,
  ids: Int32Array,
  first: number,
): ShownText | undefined {
  const opened = openStream(network);
  if (!('push' in opened)) return undefined;
  const state = counts?.start();
  const mixed = new Float64Array(tokens.size);
  const shown: ShownText['tokens'] = [];
  const confused = new Map<string, { actual: string; expected: string; count: number }>();
  const from = Math.max(0, first - most.before);
  const to = Math.min(ids.length, Math.max(first, 1) + most.tokens);
  for (let i = from; i + 1 < to; i++) {
    const p = opened.push(ids[i]);
    state?.push(ids[i]);
    if (i + 1 < first) continue;
    if (state) state.probabilities(mixed);
    for (let v = 0; v < tokens.size; v++) mixed[v] = state ? weight * p[v] + (1 - weight) * mixed[v] : p[v];
    const actual = tokens.texts[ids[i + 1]];
    const expected = tokens.texts[argMax(mixed, 0, tokens.size)];
    shown.push({ text: actual, bits: -Math.log2(Math.max(mixed[ids[i + 1]], 1e-7)) });
    if (actual === expected) continue;
    const key = JSON.stringify([actual, expected]);
    const known = confused.get(key);
    if (known) known.count++;
    else confused.set(key, { actual, expected, count: 1 });
  }
  return {
    kind: 'text',
    tokens: shown,
    confusions: [...confused.values()].sort((a, b) => b.count - a.count).slice(0, most.confusions),
  };
}
