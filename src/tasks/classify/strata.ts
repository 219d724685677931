import { deriveKey, Random } from '../../random.js';

/**
 * Samples in an order in which every stretch has each class in about its share: class by class, each class's samples
 * shuffled. Taking every n-th of them takes of each class its n-th part, to within one sample.
 */
function byClass(classes: Int32Array, samples: Int32Array, key: number): Int32Array {
  const shuffled = new Random(key).shuffle(samples.slice());
  const rank = new Int32Array(classes.length);
  for (const [at, sample] of shuffled.entries()) rank[sample] = at;
  return shuffled.sort((a, b) => classes[a] - classes[b] || rank[a] - rank[b]);
}

export interface Parts {
  train: Int32Array;
  held: Int32Array;
}

/**
 * A random part of the samples, of every class its share to within one sample. The last sample of a class that would be left
 * for training stays there: what is held out and not trained on can only be wrong.
 * @param samples those to divide; both parts come back in their order
 */
export function holdOut(classes: Int32Array, samples: Int32Array, share: number, seed: number): Parts {
  const order = byClass(classes, samples, deriveKey(seed, 'hold out'));
  const taken = new Uint8Array(classes.length);
  const left = new Map<number, number>();
  for (const sample of order) left.set(classes[sample], (left.get(classes[sample]) ?? 0) + 1);
  for (const [at, sample] of order.entries()) {
    const due = Math.floor((at + 1) * share + 1e-9) > Math.floor(at * share + 1e-9);
    const rest = left.get(classes[sample]) ?? 0;
    if (!due || rest < 2) continue;
    taken[sample] = 1;
    left.set(classes[sample], rest - 1);
  }
  return { train: samples.filter((one) => taken[one] === 0), held: samples.filter((one) => taken[one] === 1) };
}

/** The samples in `count` parts, each with every class's share of it to within one sample. */
export function strata(classes: Int32Array, samples: Int32Array, count: number, seed: number): Int32Array[] {
  const order = byClass(classes, samples, deriveKey(seed, 'folds', count));
  const part = new Int32Array(classes.length);
  for (const [at, sample] of order.entries()) part[sample] = at % count;
  return Array.from({ length: count }, (_, fold) => samples.filter((one) => part[one] === fold));
}
