/** The counts that stand beside a network: how many tokens back they look, and what is saved of them. */
import { packText, type TextArtefact } from './artefact.js';
import { KneserNey } from './kneserNey.js';
import { nats, scoreCounts } from './score.js';
import type { Tokens } from './tokens.js';

/** The tokens that are counted at most, from the end of a text: two seconds on loading, 140 MB where all are words. */
export const mostCounted = 1_000_000;

/** Orders of the counts that are tried. */
const orders = [4, 5, 6, 7, 8];

export interface Counting {
  /** Different tokens. */
  size: number;
  signal: AbortSignal | undefined;
}

/** The order whose counts of the text before `from` predict the tokens [from, to) best; when it is interrupted, of those tried. */
export async function bestOrder(ids: Int32Array, from: number, to: number, counting: Counting): Promise<number> {
  let best = { order: orders[0], loss: Number.POSITIVE_INFINITY };
  for (const order of orders) {
    const counts = await count(ids.subarray(0, from), order, counting);
    if (!counts) break;
    const loss = nats(await scoreCounts(counts, ids, from, to));
    if (loss < best.loss) best = { order, loss };
  }
  return best.order;
}

/** @returns undefined when it was interrupted */
export function count(ids: Int32Array, order: number, { size, signal }: Counting): Promise<KneserNey | undefined> {
  return KneserNey.count(ids.subarray(Math.max(0, ids.length - mostCounted)), size, order, signal);
}

/** The counts of the whole text, what was held out included: they are made of it, and need no choice. */
export async function savedCounts(
  { ids, tokens }: { ids: Int32Array; tokens: Tokens },
  order: number,
  weight: number,
): Promise<TextArtefact['counted']> {
  const text = tokens.decode(ids.subarray(Math.max(0, ids.length - mostCounted)));
  return { order, weight, text: await packText(text) };
}
