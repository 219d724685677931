/** Constraints of weights, after each update. */

import type { ConstraintPlan, WeightPlan } from '../plan/layerPlan.js';
import type { WeightStore } from './weightStore.js';

/** What Keras adds to a norm before it divides by it. */
const NEAR_ZERO = 1e-7;

interface Constrained {
  weight: number;
  constraint: ConstraintPlan;
  /** Which of the norms each element is part of; of none where nothing has a norm. */
  groups: Int32Array;
  norms: Float64Array;
  values: Float32Array;
}

/**
 * w ← max(w, 0), or w·d(n)/(1e-7 + n), n the norm of w along some axes and d(n) what it is brought to: 1, at most a limit, or
 * rate·(n kept between two limits) + (1 − rate)·n.
 */
export class Constraints {
  private readonly constrained: readonly Constrained[];

  constructor(
    weights: readonly WeightPlan[],
    private readonly store: WeightStore,
  ) {
    this.constrained = weights.flatMap(({ constraint, shape, trained }, weight) => {
      if (!constraint || !trained) return [];
      const size = shape.reduce((product, one) => product * one, 1);
      const { groups, count } = grouped(shape, constraint.kind === 'notNegative' ? [] : constraint.axes);
      return [{ weight, constraint, groups, norms: new Float64Array(count), values: new Float32Array(size) }];
    });
  }

  get any(): boolean {
    return this.constrained.length > 0;
  }

  /** This thread's share of the weights, each by one. */
  apply(part: number, parts: number): void {
    const { store } = this;
    for (let i = part; i < this.constrained.length; i += parts) {
      const one = this.constrained[i];
      store.read(store.weights, one.weight, one.values);
      constrain(one);
      store.load(store.weights, one.weight, one.values);
    }
  }
}

function constrain({ constraint, values, groups, norms }: Constrained): void {
  if (constraint.kind === 'notNegative') {
    for (let i = 0; i < values.length; i++) values[i] = Math.max(values[i], 0);
    return;
  }
  norms.fill(0);
  for (let i = 0; i < values.length; i++) norms[groups[i]] += values[i] ** 2;
  const { least, most, rate } = constraint;
  for (let i = 0; i < norms.length; i++) {
    const norm = Math.sqrt(norms[i]);
    norms[i] = (rate * Math.min(Math.max(norm, least), most) + (1 - rate) * norm) / (NEAR_ZERO + norm);
  }
  for (let i = 0; i < values.length; i++) values[i] *= norms[groups[i]];
}

/** Elements of an array that differ along the axes alone are one group. */
function grouped(shape: readonly number[], axes: readonly number[]): { groups: Int32Array; count: number } {
  const strides = shape.map(() => 0);
  let count = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (axes.includes(axis)) continue;
    strides[axis] = count;
    count *= shape[axis];
  }
  let groups = Int32Array.of(0);
  shape.forEach((size, axis) => {
    const before = groups;
    groups = new Int32Array(before.length * size);
    for (let i = 0; i < groups.length; i++) groups[i] = before[Math.floor(i / size)] + (i % size) * strides[axis];
  });
  return { groups, count };
}
