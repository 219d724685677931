/** uₜ₊₁/(1 - Uₜ₊₁) and (1 - uₜ)/(1 - Uₜ) of a step that counts from 0. */
export class NadamFactors {
  /** Uₜ after `steps` steps. */
  private steps = 0;
  private product = 1;

  constructor(private readonly beta1: number) {}

  at(step: number): { ofMomentum: number; ofGradient: number } {
    const product = this.productAfter(step + 1);
    const next = this.u(step + 2);
    return { ofMomentum: next / (1 - product * next), ofGradient: (1 - this.u(step + 1)) / (1 - product) };
  }

  /** Uₜ after t steps. */
  productAfter(t: number): number {
    if (this.steps > t) {
      this.steps = 0;
      this.product = 1;
    }
    // Each factor is below 1, so the product reaches 0 and stays there.
    while (this.steps < t && this.product > 0) this.product *= this.u(++this.steps);
    return this.product;
  }

  private u(t: number): number {
    return this.beta1 * (1 - 0.5 * 0.96 ** t);
  }
}
