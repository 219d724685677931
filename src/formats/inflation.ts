/**
 * What compressed content of a file of `size` bytes may come to, so that a small file does not ask for all memory. What an archive only
 * stores comes to the file's size, and so may be of any.
 */
export interface Inflation {
  most: number;
  /** What to do about a file that comes to more. */
  remedy: string;
}

const LEAST = 2 ** 25;

/** Trained weights hardly shrink. */
export function weightsInflation(size: number): Inflation {
  return { most: LEAST + 16 * size, remedy: 'trained weights do not shrink so far' };
}

/** Data shrink further: rows of one-hot numbers to a hundredth. */
export function arraysInflation(size: number): Inflation {
  return { most: LEAST + 100 * size, remedy: 'save it without compression (numpy.savez)' };
}

/** Why a file of `size` bytes that comes to `total` at least is not read. */
export function tooLarge(total: number, size: number, { most, remedy }: Inflation): string {
  return `${size} bytes that come to ${total} or more, above the ${most} that are read of such a file; ${remedy}`;
}
