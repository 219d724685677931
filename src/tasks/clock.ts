/** The time that training may take. */
export class Clock {
  private readonly began = performance.now();
  private perEpoch = 0;

  constructor(private readonly budget: number | undefined) {}

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
