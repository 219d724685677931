/** Weights of tfjs layers, to plan data. */
import { isBuiltIn, isBuiltInClass } from '../kernels/tfjs/builtIn.js';
import { isComputed } from '../layers/computed.js';
import { isRecurrent } from '../model/walk.js';
import type { Config } from '../plan/planning.js';
import { unsupported } from '../plan/unsupported.js';
import type * as tf from '../tf.js';
import type { CallContext } from './planCall.js';

/** Numbers of a layer's weights, which come in the order of `names`; the last of them may be missing. */
export function claim(
  layer: tf.layers.Layer,
  names: readonly string[],
  config: Config,
  { model, weights, owners }: CallContext,
): number[] {
  if (config.activityRegularizer) throw unsupported(layer, 'has an activityRegularizer');
  return layer.weights.map((variable, i) => {
    const number = model.weights.indexOf(variable);
    if (number < 0) throw unsupported(layer, 'has a weight that is not the model’s');
    if (weights[number] && owners.get(number) !== layer) throw unsupported(layer, 'shares its weights');
    owners.set(number, layer);
    const trained = model.trainableWeights.includes(variable);
    if (config[`${names[i]}Constraint`]) throw unsupported(layer, `has a ${names[i]}Constraint`);
    weights[number] = {
      name: variable.originalName,
      shape: variable.shape.map(Number),
      // As in Keras, a frozen weight's penalty is no part of the loss.
      ...(trained ? penalty(layer, `${names[i]}Regularizer`, config) : { l1: 0, l2: 0 }),
      trained,
    };
    return number;
  });
}

/** The factors of a layer's L1L2 of that name. */
export function penalty(layer: tf.layers.Layer, name: string, config: Config): { l1: number; l2: number } {
  const regularizer = config[name];
  if (regularizer === null || regularizer === undefined) return { l1: 0, l2: 0 };
  const known =
    typeof regularizer === 'object' &&
    'className' in regularizer &&
    regularizer.className === 'L1L2' &&
    isTfjsOwn(layer, name) &&
    'config' in regularizer &&
    typeof regularizer.config === 'object' &&
    regularizer.config !== null;
  if (!known) throw unsupported(layer, 'has a regularizer of its own');
  const { l1 = 0, l2 = 0 } = regularizer.config as { l1?: unknown; l2?: unknown };
  return { l1: Number(l1), l2: Number(l2) };
}

/** Whether the L1L2 that a layer has under that name is tfjs's, and not a user's class of that name. */
function isTfjsOwn(layer: tf.layers.Layer, name: string): boolean {
  const holder = isRecurrent(layer) ? layer.cell : layer;
  const own: unknown = isComputed(layer)
    ? layer.specs.find((spec) => `${spec.name}Regularizer` === name)?.regularizer
    : Reflect.get(holder, name);
  return isNamed(own) ? isBuiltIn(own) : isComputed(layer) && isBuiltInClass('L1L2');
}

export function isNamed(value: unknown): value is { getClassName(): string } {
  return typeof value === 'object' && value !== null && 'getClassName' in value;
}
