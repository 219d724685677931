/**
 * Any activation in a recurrent cell, on one row of gates: `groups` groups of n floats that begin `group` bytes apart, n being `lanes`
 * units of each of some gates, of `units` in all. tanh and sigmoid together have code of their own in each cell.
 */
import { ActivationId, slopeTakesInput } from '../activationIds';
import { activationBackward } from './elementwise/activationGradients';
import { activationForward } from './elementwise/activations';
import { exp4, log1 } from './elementwise/exp';

/** to = f(from); both may be the same. */
export function activateGroups(
  id: i32, from: usize, to: usize, group: usize, n: i32, groups: i32, lanes: i32, units: i32,
): void {
  if (isOfAllUnits(id)) {
    for (let gate = 0; gate < n; gate += lanes) {
      const at = (<usize>gate) << 2;
      softmaxGate(id, from + at, to + at, group, groups, lanes, units);
    }
    return;
  }
  const ld = <i32>(group >> 2);
  activationForward(id, from, ld, to, ld, n, 0, groups);
}

/** d *= f′, from the activations' inputs or outputs, whichever f′ takes. */
export function slopeGroups(
  id: i32, inputs: usize, outputs: usize, group: usize, d: usize, dGroup: usize, n: i32, groups: i32, lanes: i32, units: i32,
): void {
  if (isOfAllUnits(id)) {
    for (let gate = 0; gate < n; gate += lanes) {
      const at = (<usize>gate) << 2;
      softmaxGateSlope(id, outputs + at, group, d + at, dGroup, lanes, units);
    }
    return;
  }
  const saved = slopeTakesInput(<ActivationId>id) ? inputs : outputs;
  const ld = <i32>(dGroup >> 2);
  activationBackward(id, saved, <i32>(group >> 2), d, ld, d, ld, n, 0, groups);
}

@inline
function isOfAllUnits(id: i32): bool {
  return id == ActivationId.softmax || id == ActivationId.logSoftmax;
}

/** Where a gate's value of a unit lies. */
@inline
function unitAt(base: usize, unit: i32, group: usize, lanes: i32): usize {
  return base + <usize>(unit / lanes) * group + ((<usize>(unit % lanes)) << 2);
}

/** softmax or its logarithm of a gate; zeros in the lanes beyond its units. */
function softmaxGate(id: i32, from: usize, to: usize, group: usize, groups: i32, lanes: i32, units: i32): void {
  let most: f32 = -Infinity;
  for (let u = 0; u < units; ++u) most = max<f32>(most, load<f32>(unitAt(from, u, group, lanes)));
  let sum: f32 = 0;
  for (let u = 0; u < units; ++u) {
    const x = load<f32>(unitAt(from, u, group, lanes)) - most;
    const e = f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
    store<f32>(unitAt(to, u, group, lanes), id == ActivationId.softmax ? e : x);
    sum += e;
  }
  const factor: f32 = 1 / sum, log = log1(sum);
  for (let u = 0; u < lanes * groups; ++u) {
    const p = unitAt(to, u, group, lanes);
    const y = load<f32>(p);
    store<f32>(p, u >= units ? 0 : id == ActivationId.softmax ? y * factor : y - log);
  }
}

/** d ← y∘(d − Σ d∘y) for y = softmax(x); d ← d − e^y·Σ d for its logarithm. */
function softmaxGateSlope(id: i32, y: usize, group: usize, d: usize, dGroup: usize, lanes: i32, units: i32): void {
  const isPlain = id == ActivationId.softmax;
  let sum: f32 = 0;
  for (let u = 0; u < units; ++u) {
    const slope = load<f32>(unitAt(d, u, dGroup, lanes));
    sum += isPlain ? slope * load<f32>(unitAt(y, u, group, lanes)) : slope;
  }
  for (let u = 0; u < units; ++u) {
    const p = unitAt(d, u, dGroup, lanes);
    const value = load<f32>(unitAt(y, u, group, lanes));
    const slope = load<f32>(p);
    const e = f32x4.extract_lane(exp4(f32x4.splat(value)), 0);
    store<f32>(p, isPlain ? value * (slope - sum) : slope - e * sum);
  }
}
