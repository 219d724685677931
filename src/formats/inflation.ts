/**
 * The most bytes that compressed weights of a file of `size` bytes may come to: trained ones hardly shrink, and so a small file does not
 * ask for all memory.
 */
export function mostInflated(size: number): number {
  return 2 ** 25 + 16 * size;
}
