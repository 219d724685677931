/** Beyond them: bins of all classes together, and the logits between which they lie; float32's softmax knows no more. */
const mostBins = 2 ** 22;
const [most, least] = [2 ** 14, 2 ** 8];
const widest = 20;

/**
 * The area under the ROC curve of each class against the rest, of samples that come part by part: the probability that a
 * sample of the class gets a higher probability of it than another one, ties counting half. Exact up to `mostExact`
 * probabilities, and of one part always; more count in bins of equal width of ln(p / (1 − p)), in memory that does not grow, and those of one bin as ties.
 */
export class AreaUnderCurve {
  private parts: { actual: Int32Array; probabilities: ArrayLike<number> }[] = [];
  private held = 0;
  /** Per class and bin: samples of the class, and of the others. */
  private bins: { count: number; own: Float64Array; others: Float64Array } | undefined;

  constructor(
    private readonly classes: number,
    private readonly mostExact = 2 ** 22,
  ) {}

  /** @param probabilities (samples, classes) */
  add(actual: Int32Array, probabilities: ArrayLike<number>): void {
    this.held += probabilities.length;
    if (this.bins !== undefined) this.count(actual, probabilities);
    else {
      this.parts.push({ actual, probabilities });
      if (this.parts.length > 1 && this.held > this.mostExact) this.toBins();
    }
  }

  /** Of each class: null when all samples, or none, are of it. */
  areas(): (number | null)[] {
    const { bins, classes } = this;
    if (bins === undefined) {
      const actual = Int32Array.from(this.parts.flatMap((part) => Array.from(part.actual)));
      return Array.from({ length: classes }, (_, c) => {
        const scores = this.parts.flatMap(({ probabilities }) =>
          Array.from({ length: probabilities.length / classes }, (_, row) => probabilities[row * classes + c]),
        );
        return areaUnderCurve(actual, scores, c);
      });
    }
    return Array.from({ length: classes }, (_, c) => {
      const part = (counts: Float64Array) => counts.subarray(c * bins.count, (c + 1) * bins.count);
      return areaOfBins(part(bins.own), part(bins.others));
    });
  }

  private toBins(): void {
    const count = Math.max(least, Math.min(most, Math.floor(mostBins / this.classes)));
    this.bins = {
      count,
      own: new Float64Array(count * this.classes),
      others: new Float64Array(count * this.classes),
    };
    for (const { actual, probabilities } of this.parts) this.count(actual, probabilities);
    this.parts = [];
  }

  private count(actual: Int32Array, probabilities: ArrayLike<number>): void {
    const { bins, classes } = this;
    if (bins === undefined) return;
    const scale = bins.count / (2 * widest);
    for (const [row, own] of actual.entries()) {
      for (let c = 0; c < classes; c++) {
        const p = probabilities[row * classes + c];
        const place = Math.floor((Math.log(p / (1 - p)) + widest) * scale);
        const bin = c * bins.count + Math.max(0, Math.min(bins.count - 1, place));
        if (own === c) bins.own[bin]++;
        else bins.others[bin]++;
      }
    }
  }
}

/**
 * From the ranks of one class's probability (Hanley and McNeil, 1982): (R − p(p+1)/2) / (p·q), R the sum of its p samples' ranks
 * among all p + q, equal ones having their mean rank.
 */
function areaUnderCurve(actual: Int32Array, scores: ArrayLike<number>, c: number): number | null {
  const n = actual.length;
  const order = Int32Array.from({ length: n }, (_, row) => row).sort((a, b) => scores[a] - scores[b]);
  let positives = 0;
  let ranks = 0;
  for (let from = 0, to = 0; from < n; from = to) {
    while (to < n && scores[order[to]] === scores[order[from]]) to++;
    for (let at = from; at < to; at++) {
      if (actual[order[at]] !== c) continue;
      positives++;
      ranks += (from + 1 + to) / 2;
    }
  }
  const negatives = n - positives;
  return positives === 0 || negatives === 0
    ? null
    : (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Σ own_b (others below b + others_b / 2) / (Σ own · Σ others). */
function areaOfBins(own: Float64Array, others: Float64Array): number | null {
  let [sum, below, positives] = [0, 0, 0];
  for (let bin = 0; bin < own.length; bin++) {
    sum += own[bin] * (below + others[bin] / 2);
    below += others[bin];
    positives += own[bin];
  }
  return positives === 0 || below === 0 ? null : sum / (positives * below);
}
