/** Activations by the names that saved layers have for them. */
import { ActivationId } from '../kernels/activationIds.js';
import type { ActivationPlan, ActivityPlan, LayerPlan } from './layerPlan.js';
import type { Planning } from './planning.js';
import { unsupported } from './unsupported.js';

/** tfjs's names, and memcell's own. */
const ACTIVATIONS: Readonly<Record<string, ActivationId>> = {
  linear: ActivationId.linear,
  relu: ActivationId.relu,
  relu6: ActivationId.relu6,
  leakyRelu: ActivationId.leakyRelu,
  elu: ActivationId.elu,
  selu: ActivationId.selu,
  sigmoid: ActivationId.sigmoid,
  hardSigmoid: ActivationId.hardSigmoid2,
  hardSigmoidKeras3: ActivationId.hardSigmoid,
  sparseSigmoid: ActivationId.sparseSigmoid,
  tanh: ActivationId.tanh,
  hardTanh: ActivationId.hardTanh,
  softplus: ActivationId.softplus,
  squareplus: ActivationId.squareplus,
  sparsePlus: ActivationId.sparsePlus,
  logSigmoid: ActivationId.logSigmoid,
  softsign: ActivationId.softsign,
  exponential: ActivationId.exponential,
  hardShrink: ActivationId.hardShrink,
  softShrink: ActivationId.softShrink,
  swish: ActivationId.silu,
  hardSilu: ActivationId.hardSilu,
  gelu: ActivationId.gelu,
  gelu_new: ActivationId.geluTanh,
  mish: ActivationId.mish,
  tanhShrink: ActivationId.tanhShrink,
  softmax: ActivationId.softmax,
  logSoftmax: ActivationId.logSoftmax,
};

type Layer = Parameters<typeof unsupported>[0];

/** @param saved its name, or the description of an object of that class. @throws Unsupported */
export function activationId(layer: Layer, saved: unknown): ActivationId {
  const named = typeof saved === 'object' && saved !== null && 'className' in saved ? saved.className : saved;
  if (typeof named === 'string' && Object.hasOwn(ACTIVATIONS, named)) return ACTIVATIONS[named];
  throw unsupported(layer, `has the activation ${String(named)}`);
}

/** An activation after what a layer computes; none where it is linear. */
export function activation(layer: Layer, saved: unknown, inPlace: boolean): LayerPlan[] {
  const id = activationId(layer, saved);
  return id === ActivationId.linear ? [] : [{ kind: 'activation', activation: id, inPlace }];
}

/** What the outputs of a layer add to the loss: none without an activityRegularizer. */
export function activity(planning: Planning, signals = 1): ActivityPlan[] {
  const { l1, l2 } = planning.penalty('activity');
  return l1 === 0 && l2 === 0 ? [] : [{ kind: 'activity', l1, l2, signals }];
}

/** An activation that is a layer of its own. */
export function plainActivation(id: ActivationId): ActivationPlan {
  return { kind: 'activation', activation: id, inPlace: false };
}
