/** Times: the shortest of many runs, and this machine's own limit to compare them with. */
import { instantiateKernels, type Speed } from '../kernels/module.js';

export interface Budget {
  /** Runs go on for so long. Default 1. */
  seconds?: number;
  /** At least so many timed runs, however long they take. Default 3. */
  least?: number;
  /** Seconds of untimed runs before, at least one run; 0 for none. Default 0.2. */
  warmUp?: number;
}

/** Milliseconds of the shortest run: other programs only ever make a run longer. */
export async function shortest(
  run: () => unknown,
  { seconds = 1, least = 3, warmUp = 0.2 }: Budget = {},
): Promise<number> {
  const warm = performance.now() + 1000 * warmUp;
  if (warmUp > 0) {
    do await run();
    while (performance.now() < warm);
  }
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 1000 * seconds;
  for (let runs = 0; runs < least || performance.now() < end; runs++) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Sums that the loop keeps in registers, for each speed: see KernelFunctions.peak. */
const SUMS: Record<Speed, number> = { plain: 10, relaxed: 12, wide: 24 };
const ROUNDS = 10_000;

/** The speed that kernels get now, and one thread's limit at it, in GFLOP/s: a multiply-add loop that stays in registers. */
export async function measurePeak(seconds = 0.3): Promise<{ speed: Speed; gigaflops: number }> {
  const { exports, speed } = instantiateKernels(new WebAssembly.Memory({ initial: 1 }));
  const run = speed === 'wide' ? exports.peakWide : exports.peak;
  const milliseconds = await shortest(() => run(ROUNDS, 1024), { seconds });
  return { speed, gigaflops: (8 * SUMS[speed] * ROUNDS) / milliseconds / 1e6 };
}
