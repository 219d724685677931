/**
 * Byte-pair encoding (Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units", 2016), on
 * characters: the most frequent pair of neighbours inside words becomes a token of its own, again and again.
 */

/** Pairs of token ids, each made into the next id. */
export type Merges = readonly (readonly [number, number])[];

/** Ids stay below this, so that a pair is one number. */
const base = 2 ** 20;

const pairOf = (left: number, right: number) => left * base + right;

interface Word {
  ids: number[];
  count: number;
}

/**
 * Learns merges; of equally frequent pairs the one with the smaller ids goes first.
 * @param words the ids of each different word's characters, with how often it occurs
 * @param characters ids from here on are new tokens
 * @param most no more merges than this; a pair that occurs once is none
 */
export function learnMerges(words: readonly Word[], characters: number, most: number): [number, number][] {
  const work = words.map(({ ids, count }) => ({ ids: ids.slice(), count }));
  const counts = new Map<number, number>();
  const places = new Map<number, Set<number>>();
  const change = (word: number, sign: 1 | -1) => {
    const { ids, count } = work[word];
    for (let i = 0; i + 1 < ids.length; i++) {
      const pair = pairOf(ids[i], ids[i + 1]);
      counts.set(pair, (counts.get(pair) ?? 0) + sign * count);
      if (sign < 0) continue;
      const found = places.get(pair);
      if (found === undefined) places.set(pair, new Set([word]));
      else found.add(word);
    }
  };
  for (let word = 0; word < work.length; word++) change(word, 1);
  const merges: [number, number][] = [];
  while (merges.length < most) {
    let best = -1;
    let bestCount = 1;
    for (const [pair, count] of counts) {
      if (count > bestCount || (count === bestCount && count > 1 && pair < best)) {
        best = pair;
        bestCount = count;
      }
    }
    if (best < 0) break;
    const merge: [number, number] = [Math.floor(best / base), best % base];
    const id = characters + merges.length;
    for (const word of places.get(best) ?? []) {
      change(word, -1);
      work[word].ids = mergeAll(work[word].ids, merge, id);
      change(word, 1);
    }
    counts.delete(best);
    places.delete(best);
    merges.push(merge);
  }
  return merges;
}

/** Every pair (left, right), from the first on, becomes `id`. */
function mergeAll(ids: readonly number[], [left, right]: readonly [number, number], id: number): number[] {
  const merged: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      merged.push(id);
      i++;
    } else merged.push(ids[i]);
  }
  return merged;
}

/** The ids of a word after all merges, in the order in which they were learnt. */
export class MergeTable {
  private readonly ids: Map<number, number>;

  constructor(
    private readonly merges: Merges,
    private readonly characters: number,
  ) {
    this.ids = new Map(merges.map(([left, right], i) => [pairOf(left, right), characters + i]));
  }

  apply(word: readonly number[]): number[] {
    let ids = word.slice();
    while (ids.length > 1) {
      let first = Number.POSITIVE_INFINITY;
      for (let i = 0; i + 1 < ids.length; i++) {
        const id = this.ids.get(pairOf(ids[i], ids[i + 1]));
        if (id !== undefined && id < first) first = id;
      }
      if (first === Number.POSITIVE_INFINITY) break;
      ids = mergeAll(ids, this.merges[first - this.characters], first);
    }
    return ids;
  }
}
