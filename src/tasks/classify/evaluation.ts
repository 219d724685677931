import { argMax } from '../../data/labels.js';
import { accuracy, confusionMatrix } from '../accuracy.js';

export interface ClassScores {
  name: string;
  /** Samples of this class. */
  samples: number;
  /** Of the answers that were this class, the share that was right; null when it was never answered. */
  precision: number | null;
  /** Of this class's samples, the share that was told; null when there are none. */
  recall: number | null;
  /** 2·precision·recall / (precision + recall): 0 when it was never told, null when it neither occurs nor was answered. */
  f1: number | null;
}

/** How good a model tells classes. Shares are in [0, 1]. */
export interface ClassifyEvaluation {
  kind: 'classify';
  samples: number;
  accuracy: number;
  /** The accuracy of always answering the training part's most frequent class. */
  majorityAccuracy: number;
  /** confusion[actual][answered] */
  confusion: number[][];
  classes: ClassScores[];
  /** The mean recall of the classes that occur. */
  balancedAccuracy: number;
  /** The mean F1 of the classes that occur or were answered. */
  macroF1: number;
  /**
   * The probability that a sample of a class gets a higher probability of it than a sample of another, ties counting half:
   * the area under the ROC curve of each class against the rest, as the mean over classes. Null with one class only.
   */
  auc: number | null;
  /** −mean ln p(the class that it was), in nats. */
  logLoss: number;
  /** One line: better than always answering the most frequent class of the training part, or not. */
  verdict: string;
  /** Whether it is. */
  better: boolean;
  /** What else is to be known about these figures: one line each. */
  notes: string[];
}

/** float32's probabilities are not known better than this. */
const leastProbability = 1e-7;

/**
 * @param actual class indices
 * @param probabilities (samples, classes)
 */
export function scoreClasses(
  actual: Int32Array,
  probabilities: ArrayLike<number>,
  model: { classes: readonly string[]; majority: number; balanced: boolean },
  notes: readonly string[] = [],
): ClassifyEvaluation {
  const { classes: names, majority } = model;
  const k = names.length;
  const answered = actual.map((_, row) => argMax(probabilities, row, k));
  const confusion = confusionMatrix(actual, answered, k);
  const classes = names.map((name, c) => classScores(name, c, confusion));
  const scores = {
    accuracy: accuracy(actual, answered),
    majorityAccuracy: accuracy(actual, new Int32Array(actual.length).fill(majority)),
    balancedAccuracy: mean(classes.map(({ recall }) => recall)) ?? 0,
  };
  let loss = 0;
  for (const [row, c] of actual.entries()) loss -= Math.log(Math.max(probabilities[row * k + c], leastProbability));
  return {
    kind: 'classify',
    samples: actual.length,
    ...scores,
    macroF1: mean(classes.map(({ f1 }) => f1)) ?? 0,
    auc: mean(names.map((_, c) => areaUnderCurve(actual, probabilities, c, k))),
    logLoss: loss / actual.length,
    classes,
    confusion,
    ...verdict(scores, { actual, answered, names, majority, balanced: model.balanced }),
    notes: [...notes],
  };
}

function classScores(name: string, c: number, confusion: readonly number[][]): ClassScores {
  const right = confusion[c][c];
  const samples = confusion[c].reduce((sum, count) => sum + count, 0);
  const answers = confusion.reduce((sum, row) => sum + row[c], 0);
  return {
    name,
    samples,
    precision: answers === 0 ? null : right / answers,
    recall: samples === 0 ? null : right / samples,
    f1: samples + answers === 0 ? null : (2 * right) / (samples + answers),
  };
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/**
 * The area under the ROC curve of one class against the rest, from the ranks of its probability (Hanley and McNeil, 1982):
 * (R − p(p+1)/2) / (p·q), R the sum of its p samples' ranks among all p + q, equal ones having their mean rank. Null when
 * all samples, or none, are of this class.
 */
export function areaUnderCurve(
  actual: Int32Array,
  probabilities: ArrayLike<number>,
  c: number,
  k: number,
): number | null {
  const n = actual.length;
  const scores = Float64Array.from({ length: n }, (_, row) => probabilities[row * k + c]);
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

interface Judged {
  actual: Int32Array;
  answered: Int32Array;
  majority: number;
  names: readonly string[];
  balanced: boolean;
}

/**
 * Better than always answering the majority is what is right more often, and by more than chance: of the samples that only
 * one of the two gets right, so many are the model's that a fair coin would give them in less than one of twenty cases
 * (McNemar, 1947, exact and one-sided). With balanced weights, accuracy is not what was asked for: the mean recall is, and
 * 1/k what guessing gets.
 */
function verdict(
  scores: Pick<ClassifyEvaluation, 'accuracy' | 'majorityAccuracy' | 'balancedAccuracy'>,
  { actual, answered, majority, names, balanced }: Judged,
): { verdict: string; better: boolean } {
  const present = new Set(actual).size;
  if (balanced) {
    const better = scores.balancedAccuracy > 1 / present + 1e-9;
    const guess = `${percent(scores.balancedAccuracy)} of each class right on average, ${percent(1 / present)} by guessing`;
    return { better, verdict: `${better ? 'better' : 'no better'} than guessing: ${guess}` };
  }
  let own = 0;
  let others = 0;
  for (const [row, c] of actual.entries()) {
    if (answered[row] === majority) continue;
    if (answered[row] === c) own++;
    else if (c === majority) others++;
  }
  const always = `always answering ${names[majority]} (${percent(scores.majorityAccuracy)})`;
  if (own > others && coinTail(own, own + others) < 0.05) {
    const fewer = (scores.accuracy - scores.majorityAccuracy) / (1 - scores.majorityAccuracy);
    return { better: true, verdict: `${percent(fewer, 0)} fewer mistakes than ${always}` };
  }
  const uneven = scores.majorityAccuracy > 1.5 / present;
  const remedy = uneven ? '; --class-weights balanced makes rare classes count as much' : '';
  const chance = `not clearly better than ${always}: ${own - others} more right of ${actual.length} may be chance`;
  return { better: false, verdict: `${own > others ? chance : `no better than ${always}`}${remedy}` };
}

/** The probability of at least `heads` heads in so many throws of a fair coin. */
function coinTail(heads: number, throws: number): number {
  let tail = 0;
  // ln C(n, i) − n ln 2, from one i to the next by its factor.
  let term = -throws * Math.LN2;
  for (let i = 0; i <= throws; i++) {
    if (i >= heads) tail += Math.exp(term);
    term += Math.log(throws - i) - Math.log(i + 1);
  }
  return tail;
}

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}
