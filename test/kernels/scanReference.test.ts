import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { minimalReference, type ScanReference, slstmReference } from '../../src/kernels/scanReference.js';
import { Random } from '../../src/random.js';

const normal = (random: Random, length: number) => Float64Array.from({ length }, () => random.normal());

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0);

/** Compares gradients with difference quotients of Σ states∘weights, each to 1e-6. */
function check(value: () => number, operand: Float64Array, gradient: Float64Array, what: string): void {
  expect(gradient).toHaveLength(operand.length);
  for (let i = 0; i < operand.length; i++) {
    const kept = operand[i];
    const at = (x: number) => {
      operand[i] = x;
      const result = value();
      operand[i] = kept;
      return result;
    };
    const slope = (at(kept + 1e-5) - at(kept - 1e-5)) / 2e-5;
    if (!(Math.abs(slope - gradient[i]) <= 1e-6 * Math.max(1, Math.abs(slope))))
      throw new Error(`${what}[${i}]: ${gradient[i]}, by differences ${slope}`);
  }
}

test('MinGRU and MinLSTM: gradients by finite differences within 1e-6', () => {
  fc.assert(
    fc.property(fc.constantFrom('minGRU' as const, 'minLSTM' as const), fc.nat(1e6), (kind, seed) => {
      const random = new Random(seed);
      const [steps, units] = [3, 2];
      const gates = normal(random, steps * (kind === 'minGRU' ? 2 : 3) * units);
      const initial = normal(random, units);
      const run = (): ScanReference => minimalReference(kind, gates, initial);
      const weights = normal(random, (steps + 1) * units);
      const value = () => dot(run().states, weights);
      const gradients = run().backward(weights);
      check(value, gates, gradients.gates, 'gates');
      check(value, initial, gradients.initial, 'initial');
    }),
    { numRuns: 20 },
  );
});

test('sLSTM: gradients of every operand, through all four states, by finite differences within 1e-6', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 4),
      fc.boolean(),
      fc.boolean(),
      fc.nat(1e6),
      (heads, exponential, begins, seed) => {
        const random = new Random(seed);
        const [steps, units] = [3, 4];
        const gates = normal(random, steps * 4 * units);
        const recurrentKernel = normal(random, (units / heads) * 4 * units);
        const initial = normal(random, 4 * units);
        for (let u = 0; u < units; u++) initial[2 * units + u] = begins ? 1 + Math.abs(initial[2 * units + u]) : 0;
        const operands = { gates, recurrentKernel, heads, exponential, initial };
        const weights = normal(random, (steps + 1) * 4 * units);
        // The states before the first step are operands, which no output is.
        weights.fill(0, 0, 4 * units);
        const run = () => slstmReference(operands);
        const value = () => dot(run().states, weights);
        const gradients = run().backward(weights);
        check(value, gates, gradients.gates, 'gates');
        check(value, recurrentKernel, run().recurrent(gradients.gates), 'recurrentKernel');
        // Where n begins at 0, the smallest change of it would make c and m count.
        if (begins) check(value, initial, gradients.initial, 'initial');
      },
    ),
    { numRuns: 20 },
  );
});

test('h as the papers write it out: without the stabiliser, and as the sum of all candidates', () => {
  const random = new Random(4);
  const [steps, units, heads] = [6, 4, 2];
  const gates = normal(random, steps * 4 * units);
  const recurrentKernel = normal(random, 2 * 4 * units);
  for (const exponential of [false, true]) {
    const { states } = slstmReference({ gates, recurrentKernel, heads, exponential, initial: new Float64Array(16) });
    let [h, c, n] = [0, 1, 2].map(() => new Float64Array(units));
    for (let t = 0; t < steps; t++) {
      const sum = (gate: number, u: number) => {
        const head = 2 * Math.floor(u / 2);
        const k = gate * units + u;
        return gates[16 * t + k] + h[head] * recurrentKernel[k] + h[head + 1] * recurrentKernel[16 + k];
      };
      const logistic = (x: number) => 1 / (1 + Math.exp(-x));
      const at = (make: (u: number) => number) => Float64Array.from({ length: units }, (_, u) => make(u));
      const i = at((u) => Math.exp(sum(0, u)));
      const f = at((u) => (exponential ? Math.exp(sum(1, u)) : logistic(sum(1, u))));
      const z = at((u) => Math.tanh(sum(2, u)));
      const o = at((u) => logistic(sum(3, u)));
      [c, n] = [at((u) => f[u] * c[u] + i[u] * z[u]), at((u) => f[u] * n[u] + i[u])];
      h = at((u) => (o[u] * c[u]) / n[u]);
      for (let u = 0; u < units; u++) expect(states[16 * (t + 1) + u]).toBeCloseTo(h[u], 12);
    }
  }
  const one = normal(random, 5 * 3);
  const { states } = minimalReference('minLSTM', one, Float64Array.of(0.5));
  const gate = (k: number) => (1 / (1 + Math.exp(-one[k]))) as number;
  let [expected, rest] = [0, 1];
  for (let t = 4; t >= 0; t--) {
    const [f, i] = [gate(3 * t), gate(3 * t + 1)];
    expected += rest * (i / (f + i)) * one[3 * t + 2];
    rest *= f / (f + i);
  }
  expect(states[5]).toBeCloseTo(expected + rest * 0.5, 12);
});

test('sums of ±500 stay finite', () => {
  const gates = Float64Array.from({ length: 4 * 16 }, (_, i) => (i % 3 === 0 ? 500 : -500));
  const operands = { gates, recurrentKernel: new Float64Array(64), heads: 1, initial: new Float64Array(16) };
  for (const exponential of [false, true])
    expect(slstmReference({ ...operands, exponential }).states.every(Number.isFinite)).toBe(true);
});
