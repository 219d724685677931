import type { CountsGuess } from './repetition.js';

export interface SymbolsEvaluation {
  kind: 'symbols';
  samples: number;
  accuracy: number;
  /** The accuracy of always answering the most frequent symbol. */
  majorityAccuracy: number;
  /** Symbols that the network sees. */
  window?: number;
  /** −mean ln p of the symbol that came, in nats. */
  crossEntropy?: number;
  /** The accuracy of answering the last symbol again. */
  repeatAccuracy?: number;
  /** The accuracy of answering what most often followed the last symbols. */
  counts?: CountsGuess;
}

/** Whether the network is more often right than the best of the simple guesses, in words. */
export function verdict({ accuracy, majorityAccuracy, repeatAccuracy = 0, counts }: SymbolsEvaluation): {
  better: boolean;
  text: string;
} {
  const guesses = [
    { name: 'the most frequent symbol', accuracy: majorityAccuracy },
    { name: 'the last symbol again', accuracy: repeatAccuracy },
    ...(counts && counts.back > 0 ? [{ name: `counting what followed the last ${counts.back}`, ...counts }] : []),
  ];
  const best = guesses.reduce((one, other) => (other.accuracy > one.accuracy ? other : one));
  const shown = `${best.name} (${(100 * best.accuracy).toFixed(1)} %)`;
  if (accuracy > best.accuracy) return { better: true, text: `better than ${shown}` };
  if (accuracy === 1) return { better: true, text: `always right, as is ${shown}` };
  return { better: false, text: `no better than ${shown}` };
}
