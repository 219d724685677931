import { argMax } from '../../data/labels.js';
import { AreaUnderCurve } from './auc.js';

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

export const nothingHeldOut = 'nothing was held out: these are the samples that the model was trained on';

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

/** What scores need to know of a model. */
export interface ScoredModel {
  classes: readonly string[];
  /** The class that most training samples have. */
  majority: number;
  /** Whether classes count alike, however many samples they have. */
  balanced: boolean;
}

/** @see ClassScoring */
export function scoreClasses(
  actual: Int32Array,
  probabilities: ArrayLike<number>,
  model: ScoredModel,
  notes: readonly string[] = [],
): ClassifyEvaluation {
  const scoring = new ClassScoring(model);
  scoring.add(actual, probabilities);
  return scoring.evaluation(notes);
}

/** Scores of samples that come part by part, in memory that does not grow with them. */
export class ClassScoring {
  samples = 0;
  /** [actual][answered] */
  private readonly confusion: number[][];
  private readonly curve: AreaUnderCurve;
  private loss = 0;

  constructor(private readonly model: ScoredModel) {
    const k = model.classes.length;
    this.confusion = Array.from({ length: k }, () => new Array<number>(k).fill(0));
    this.curve = new AreaUnderCurve(k);
  }

  /**
   * @param actual class indices
   * @param probabilities (samples, classes)
   */
  add(actual: Int32Array, probabilities: ArrayLike<number>): void {
    const k = this.model.classes.length;
    for (const [row, c] of actual.entries()) {
      this.confusion[c][argMax(probabilities, row, k)]++;
      this.loss -= Math.log(Math.max(probabilities[row * k + c], leastProbability));
    }
    this.curve.add(actual, probabilities);
    this.samples += actual.length;
  }

  /** @param notes what else is to be known about the figures, one line each */
  evaluation(notes: readonly string[] = []): ClassifyEvaluation {
    const { confusion, samples, model } = this;
    const classes = model.classes.map((name, c) => classScores(name, c, confusion));
    const scores = {
      accuracy: confusion.reduce((right, row, c) => right + row[c], 0) / samples,
      majorityAccuracy: classes[model.majority].samples / samples,
      balancedAccuracy: mean(classes.map(({ recall }) => recall)) ?? 0,
    };
    return {
      kind: 'classify',
      samples,
      ...scores,
      macroF1: mean(classes.map(({ f1 }) => f1)) ?? 0,
      auc: mean(this.curve.areas()),
      logLoss: this.loss / samples,
      classes,
      confusion,
      ...verdict(scores, confusion, model, samples),
      notes: [...notes],
    };
  }
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
 * Better than always answering the majority is what is right more often, and by more than chance: of the samples that only
 * one of the two gets right, so many are the model's that a fair coin would give them in less than one of twenty cases
 * (McNemar, 1947, exact and one-sided). With balanced weights, accuracy is not what was asked for: the mean recall is, and
 * 1/k what guessing gets.
 */
function verdict(
  scores: Pick<ClassifyEvaluation, 'accuracy' | 'majorityAccuracy' | 'balancedAccuracy'>,
  confusion: readonly number[][],
  { majority, classes: names, balanced }: ScoredModel,
  samples: number,
): { verdict: string; better: boolean } {
  const present = confusion.filter((row) => row.some((count) => count > 0)).length;
  if (balanced) {
    const better = scores.balancedAccuracy > 1 / present + 1e-9;
    const guess = `${percent(scores.balancedAccuracy)} of each class right on average, ${percent(1 / present)} by guessing`;
    return { better, verdict: `${better ? 'better' : 'no better'} than guessing: ${guess}` };
  }
  const own = confusion.reduce((right, row, c) => right + (c === majority ? 0 : row[c]), 0);
  const others = confusion[majority].reduce((sum, count, c) => sum + (c === majority ? 0 : count), 0);
  const always = `always answering ${names[majority]} (${percent(scores.majorityAccuracy)})`;
  if (own > others && coinTail(own, own + others) < 0.05) {
    const fewer = (scores.accuracy - scores.majorityAccuracy) / (1 - scores.majorityAccuracy);
    return { better: true, verdict: `${percent(fewer, 0)} fewer mistakes than ${always}` };
  }
  const uneven = scores.majorityAccuracy > 1.5 / present;
  const remedy = uneven ? '; --class-weights balanced makes rare classes count as much' : '';
  const chance = `not clearly better than ${always}: ${own - others} more right of ${samples} may be chance`;
  return { better: false, verdict: `${own > others ? chance : `no better than ${always}`}${remedy}` };
}

/**
 * The probability of at least `heads` heads in so many throws of a fair coin: Σ C(n, i) / 2ⁿ over i ≥ heads, the largest term first,
 * until terms add nothing.
 */
function coinTail(heads: number, throws: number): number {
  let logTerm = -throws * Math.LN2;
  for (let i = 0; i < heads; i++) logTerm += Math.log(throws - i) - Math.log(i + 1);
  let term = Math.exp(logTerm);
  let tail = 0;
  for (let i = heads; i <= throws && term > 1e-17 * tail; i++) {
    tail += term;
    term *= (throws - i) / (i + 1);
  }
  return tail;
}

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}
