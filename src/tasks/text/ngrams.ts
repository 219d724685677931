/** A node that is not there. */
export const NONE = -1;

/** The sequence of no tokens. */
export const ROOT = 0;

/**
 * All sequences of up to `order` tokens in a text, as a tree: the children of a node are the sequences that are one token
 * longer. Nodes are numbers; what is known of them stands in arrays.
 */
export class NGrams {
  nodes = 1;
  parents: Int32Array = new Int32Array(1024);
  tokens: Int32Array = new Int32Array(1024);
  lengths: Uint8Array = new Uint8Array(1024);
  /** How often each sequence occurs. */
  counts: Int32Array = new Int32Array(1024);
  /** N₁₊(·s): how many different tokens stand before it. */
  before: Int32Array = new Int32Array(1024);
  /** A node's newest child, and the one that came before a node under the same parent. */
  children: Int32Array = new Int32Array(1024).fill(NONE);
  siblings: Int32Array = new Int32Array(1024).fill(NONE);
  /** node + 1 by (parent, token), open addressing; 0 is free. */
  private table = new Int32Array(4096);
  /** ending[n]: the sequence of n tokens that ends where the counted text ends. */
  private readonly ending: Int32Array;

  constructor(
    ids: ArrayLike<number>,
    readonly order: number,
  ) {
    this.ending = new Int32Array(order + 1).fill(NONE);
    this.ending[0] = ROOT;
    this.count(ids);
  }

  /** Counts tokens [from, to) of a text whose tokens before them are counted. */
  count(ids: ArrayLike<number>, from = 0, to = ids.length): void {
    const { ending, order } = this;
    for (let i = from; i < to; i++) {
      for (let n = order; n >= 1; n--) ending[n] = ending[n - 1] === NONE ? NONE : this.reach(ending[n - 1], ids[i]);
      for (let n = order; n >= 1; n--) {
        const node = ending[n];
        if (node === NONE) continue;
        if (this.counts[node]++ === 0) this.before[ending[n - 1]]++;
      }
    }
  }

  /** The child of a node for a token, or NONE. */
  child(parent: number, token: number): number {
    return this.table[this.slot(parent, token)] - 1;
  }

  /**
   * One token on, from the sequences that end at a place to those that end at the next.
   * @param ending the node of the last n tokens, for n from 0 to at most `order` − 1; NONE where it does not occur
   */
  advance(ending: Int32Array, token: number): void {
    for (let n = ending.length - 1; n >= 1; n--) {
      ending[n] = ending[n - 1] === NONE ? NONE : this.child(ending[n - 1], token);
    }
  }

  private reach(parent: number, token: number): number {
    const slot = this.slot(parent, token);
    if (this.table[slot] > 0) return this.table[slot] - 1;
    const node = this.nodes++;
    if (node === this.parents.length) this.grow();
    this.parents[node] = parent;
    this.tokens[node] = token;
    this.lengths[node] = this.lengths[parent] + 1;
    this.siblings[node] = this.children[parent];
    this.children[parent] = node;
    this.table[slot] = node + 1;
    if (2 * this.nodes > this.table.length) this.rehash();
    return node;
  }

  private slot(parent: number, token: number): number {
    const mask = this.table.length - 1;
    let hash = Math.imul(parent, 0x9e3779b1) ^ Math.imul(token, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & mask;
    for (;;) {
      const node = this.table[slot] - 1;
      if (node < 0 || (this.parents[node] === parent && this.tokens[node] === token)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private grow(): void {
    const twice = (old: Int32Array) => {
      const larger = new Int32Array(2 * old.length).fill(NONE, old.length);
      larger.set(old);
      return larger;
    };
    this.parents = twice(this.parents);
    this.tokens = twice(this.tokens);
    this.children = twice(this.children);
    this.siblings = twice(this.siblings);
    this.counts = twice(this.counts).fill(0, this.nodes - 1);
    this.before = twice(this.before).fill(0, this.nodes - 1);
    const lengths = new Uint8Array(2 * this.lengths.length);
    lengths.set(this.lengths);
    this.lengths = lengths;
  }

  private rehash(): void {
    this.table = new Int32Array(2 * this.table.length);
    for (let node = 1; node < this.nodes; node++) {
      this.table[this.slot(this.parents[node], this.tokens[node])] = node + 1;
    }
  }
}
