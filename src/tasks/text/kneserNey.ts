import { EventLoop } from '../../eventLoop.js';
import { NGrams, NONE, ROOT } from './ngrams.js';

/** Tokens of the longest sequences that are counted: one that comes, and five before it. */
const kneserNeyOrder = 6;

/** Tokens that are counted at a time. */
const piece = 5000;

/**
 * Interpolated Kneser–Ney smoothing with modified discounts (S. F. Chen, J. Goodman, "An empirical study of smoothing
 * techniques for language modeling", Computer Speech and Language 13, 1999, section 3):
 *
 *     p(w | h) = (a(hw) − D(a(hw))) / Σ_v a(hv) + γ(h) · p(w | h′)
 *     γ(h) = (D₁ N₁(h·) + D₂ N₂(h·) + D₃₊ N₃₊(h·)) / Σ_v a(hv)
 *
 * h′ is h without its first token; below the empty one stands 1/V. a is the count of sequences of the full order, and for
 * shorter ones N₁₊(·hw), the number of different tokens that stand before them. N_k(h·) counts the tokens that follow h
 * with a = k. Each order has its own discounts, from the numbers n_k of its sequences with a = k:
 *
 *     Y = n₁ / (n₁ + 2n₂)   D₁ = 1 − 2Y n₂/n₁   D₂ = 2 − 3Y n₃/n₂   D₃₊ = 3 − 4Y n₄/n₃
 *
 * k/2 stands for one whose n are 0, as in very short and in wholly regular texts.
 */
export class KneserNey {
  readonly order: number;
  private readonly ngrams: NGrams;
  /** (order + 1, 4): discounts of a = 0, 1, 2 and from 3 on. */
  private readonly discounts: Float64Array;
  /** Per node: Σ_v a(hv), and Σ_v D(a(hv)). */
  private readonly totals: Float64Array;
  private readonly discounted: Float64Array;

  /**
   * Counts a text; timers, input and other work run in between.
   * @param ids the text
   * @param size V, the number of different tokens
   * @returns undefined when it was interrupted
   */
  static async count(
    ids: ArrayLike<number>,
    size: number,
    order: number,
    signal?: AbortSignal,
  ): Promise<KneserNey | undefined> {
    const ngrams = new NGrams([], order);
    const loop = new EventLoop();
    for (let from = 0; from < ids.length; from += piece) {
      ngrams.count(ids, from, Math.min(ids.length, from + piece));
      if (loop.waits) await loop.turn();
      if (signal?.aborted) return undefined;
    }
    return new KneserNey(ngrams, size);
  }

  /**
   * @param counted a text, or what was counted of it
   * @param size V, the number of different tokens
   */
  constructor(
    counted: ArrayLike<number> | NGrams,
    readonly size: number,
    order = kneserNeyOrder,
  ) {
    this.ngrams = counted instanceof NGrams ? counted : new NGrams(counted, order);
    this.order = this.ngrams.order;
    const { nodes, lengths, parents } = this.ngrams;
    this.discounts = this.findDiscounts();
    this.totals = new Float64Array(nodes);
    this.discounted = new Float64Array(nodes);
    for (let node = 1; node < nodes; node++) {
      const amount = this.amount(node);
      this.totals[parents[node]] += amount;
      this.discounted[parents[node]] += this.discount(lengths[node], amount);
    }
  }

  /** What is known of a text's end; `KneserNeyState.push` goes on from there. */
  start(): KneserNeyState {
    return new KneserNeyState(this, this.ngrams);
  }

  /** p(w | h) of every token w: (V). `ending` holds the nodes of the last 0, 1, … tokens. */
  probabilities(ending: Int32Array, into: Float64Array): void {
    const { children, siblings, tokens } = this.ngrams;
    into.fill(1 / this.size);
    for (let n = 0; n < this.order; n++) {
      const context = ending[n];
      if (context === NONE || this.totals[context] === 0) return;
      const total = this.totals[context];
      const rest = this.discounted[context] / total;
      for (let w = 0; w < into.length; w++) into[w] *= rest;
      for (let node = children[context]; node !== NONE; node = siblings[node]) {
        const amount = this.amount(node);
        into[tokens[node]] += (amount - this.discount(n + 1, amount)) / total;
      }
    }
  }

  /** p(w | h) of one token. */
  probability(ending: Int32Array, token: number): number {
    let p = 1 / this.size;
    for (let n = 0; n < this.order; n++) {
      const context = ending[n];
      if (context === NONE || this.totals[context] === 0) return p;
      const total = this.totals[context];
      p *= this.discounted[context] / total;
      const node = this.ngrams.child(context, token);
      if (node === NONE) continue;
      const amount = this.amount(node);
      p += (amount - this.discount(n + 1, amount)) / total;
    }
    return p;
  }

  /** a(s) of the docstring above. */
  private amount(node: number): number {
    const { counts, before, lengths } = this.ngrams;
    return lengths[node] === this.order ? counts[node] : before[node];
  }

  private discount(length: number, amount: number): number {
    return this.discounts[4 * length + Math.min(amount, 3)];
  }

  private findDiscounts(): Float64Array {
    const { nodes, lengths } = this.ngrams;
    const numbers = Array.from({ length: this.order + 1 }, () => [0, 0, 0, 0, 0]);
    for (let node = 1; node < nodes; node++) {
      const amount = this.amount(node);
      if (amount <= 4) numbers[lengths[node]][amount]++;
    }
    const discounts = new Float64Array(4 * numbers.length);
    for (const [length, n] of numbers.entries()) {
      const y = n[1] / (n[1] + 2 * n[2]);
      for (const k of [1, 2, 3]) {
        const found = k - ((k + 1) * y * n[k + 1]) / n[k];
        const known = n[1] > 0 && n[k] > 0 && n[k + 1] > 0;
        discounts[4 * length + k] = known ? Math.min(k, Math.max(0, found)) : k / 2;
      }
    }
    return discounts;
  }
}

/** The last tokens of a text that arrives token by token. */
export class KneserNeyState {
  /** The nodes of the last 0, 1, … order − 1 tokens. */
  private readonly ending: Int32Array;

  constructor(
    private readonly model: KneserNey,
    private readonly ngrams: NGrams,
  ) {
    this.ending = new Int32Array(model.order).fill(NONE);
    this.ending[0] = ROOT;
  }

  push(token: number): void {
    this.ngrams.advance(this.ending, token);
  }

  /** p of a token that may come next. */
  probability(token: number): number {
    return this.model.probability(this.ending, token);
  }

  /** p of all tokens that may come next, into an array of V. */
  probabilities(into: Float64Array): void {
    this.model.probabilities(this.ending, into);
  }
}
