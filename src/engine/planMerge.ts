/** tfjs layers that join several inputs, to plan data. */

import { MergeId } from '../kernels/mergeIds.js';
import { isKnownLayer } from '../model/ownClasses.js';
import type * as tf from '../tf.js';
import type { LayerPlan } from './layerPlan.js';
import type { Flow, Planning } from './planLayers.js';
import { unsupported } from './unsupported.js';

const MERGES: Readonly<Record<string, MergeId>> = {
  Add: MergeId.sum,
  Subtract: MergeId.subtract,
  Multiply: MergeId.mul,
  Average: MergeId.ave,
  Maximum: MergeId.maximum,
  Minimum: MergeId.minimum,
};

/** Whether a layer joins its inputs, whatever the engine makes of it. */
export function isMerge(layer: tf.layers.Layer): boolean {
  const name = layer.getClassName();
  return name === 'Concatenate' || Object.hasOwn(MERGES, name);
}

/** @throws Unsupported */
export function planMerge(layer: tf.layers.Layer, planning: Planning): LayerPlan[] {
  if (!isKnownLayer(layer)) throw unsupported(layer, 'is of a class of its own');
  const { inputs, shapes, state } = planning;
  const sequences = inputs.filter(({ sequence }) => sequence).length;
  if (sequences > 0 && sequences < inputs.length) throw unsupported(layer, 'joins inputs with steps and without');
  if (layer.getClassName() === 'Concatenate') {
    const overSteps = isOverSteps(layer, state);
    if (overSteps) sameWidths(layer, inputs);
    else sameSteps(layer, shapes);
    if (!overSteps) state.width = inputs.reduce((sum, { width }) => sum + width, 0);
    return inputs.length === 1 ? [] : [{ kind: 'concatenate', overSteps }];
  }
  sameWidths(layer, inputs);
  sameSteps(layer, shapes);
  return [{ kind: 'merge', mode: MERGES[layer.getClassName()] }];
}

function isOverSteps(layer: tf.layers.Layer, { sequence }: Flow): boolean {
  const axis = Number(layer.getConfig().axis);
  const axes = sequence ? 3 : 2;
  const counted = axis < 0 ? axes + axis : axis;
  if (counted === axes - 1) return false;
  if (sequence && counted === 1) return true;
  throw unsupported(layer, `concatenates along axis ${axis}`);
}

function sameWidths(layer: tf.layers.Layer, inputs: readonly Flow[]): void {
  if (inputs.some(({ width }) => width !== inputs[0].width))
    throw unsupported(layer, 'joins inputs of unlike numbers of features');
}

/** Steps that are known must be as many; those that are open, the batch tells. */
function sameSteps(layer: tf.layers.Layer, shapes: readonly tf.Shape[]): void {
  const known = shapes
    .filter(({ length }) => length === 3)
    .map(([, steps]) => steps)
    .filter((steps) => steps !== null);
  if (known.some((steps) => steps !== known[0])) throw unsupported(layer, 'joins inputs of unlike numbers of steps');
}
