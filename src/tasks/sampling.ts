import { usageError } from '../errors.js';
import type { Random } from '../random.js';

export interface SamplingOptions {
  /** p^(1/temperature): below 1 likelier, above 1 more varied; 0 always takes the most probable. 1 when not given. */
  temperature?: number;
  /** Only the k most probable. */
  topK?: number;
  /** Only the most probable that together reach this probability, in (0, 1]. */
  topP?: number;
}

/** @throws MemcellError (usage) for the first option out of its range. */
export function checkSampling({ temperature = 1, topK = 1, topP = 1 }: SamplingOptions): void {
  if (!(temperature >= 0 && Number.isFinite(temperature))) {
    throw usageError(`temperature: ${temperature} is not a number of at least 0`);
  }
  if (!(Number.isInteger(topK) && topK >= 1)) {
    throw usageError(`top-k: ${topK} is not a whole number of at least 1`);
  }
  if (!(topP > 0 && topP <= 1)) throw usageError(`top-p: ${topP} is not in (0, 1]`);
}

/**
 * Draws an index from probabilities: q ∝ p^(1/temperature), then the top k of q, then the smallest set of the most
 * probable whose q sums to at least topP (Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020).
 */
export function sample(probabilities: ArrayLike<number>, options: SamplingOptions, random: Random): number {
  const { temperature = 1, topK = probabilities.length, topP = 1 } = options;
  const order = Array.from(probabilities, (_, i) => i).sort((a, b) => probabilities[b] - probabilities[a] || a - b);
  if (temperature === 0) return order[0];
  const largest = probabilities[order[0]];
  const weights = order.slice(0, topK).map((i) => (probabilities[i] / largest) ** (1 / temperature));
  const mass = topP * weights.reduce((sum, weight) => sum + weight, 0);
  let kept = 0;
  let total = 0;
  while (kept < weights.length && (kept === 0 || total < mass)) total += weights[kept++];
  let rest = random.uniform() * total;
  for (let i = 0; i < kept - 1; i++) {
    rest -= weights[i];
    if (rest < 0) return order[i];
  }
  return order[kept - 1];
}
