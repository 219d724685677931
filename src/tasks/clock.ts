import type { Run } from './definition.js';

/** performance.now() at which a run began: what it took before it was killed and resumed counts. */
export function startOf({ fits }: Run): number {
  return performance.now() - 1000 * (fits?.spent ?? 0);
}

/** The time that training may take. */
export class Clock {
  private readonly began: number;
  private readonly budget: number | undefined;
  private perEpoch = 0;

  constructor(run: Run) {
    this.began = startOf(run);
    this.budget = run.budget;
  }

  /** When a share of the time is used up. */
  deadline(share: number): { deadline?: number } {
    return this.budget === undefined ? {} : { deadline: this.began + 1000 * share * this.budget };
  }

  /** Takes the time of an epoch from those that are done. */
  ended(epochs: number): void {
    this.perEpoch = (performance.now() - this.began) / Math.max(1, epochs);
  }

  /** How many of the wanted epochs half of the time that is left is enough for. */
  epochs(wanted: number): number {
    if (this.budget === undefined) return wanted;
    const left = this.began + 1000 * this.budget - performance.now();
    return Math.max(0, Math.min(wanted, Math.floor(left / 2 / this.perEpoch)));
  }
}
