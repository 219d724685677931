/** Weights of tfjs layers, to plan data. */
import { isBuiltIn, isBuiltInClass } from '../kernels/tfjs/builtIn.js';
import { isComputed } from '../layers/computed.js';
import { fromFirst } from '../layers/define.js';
import { isRecurrent } from '../model/walk.js';
import type { ConstraintPlan } from '../plan/layerPlan.js';
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
  return layer.weights.map((variable, i) => {
    const number = model.weights.indexOf(variable);
    if (number < 0) throw unsupported(layer, 'has a weight that is not the model’s');
    if (weights[number] && owners.get(number) !== layer) throw unsupported(layer, 'shares its weights');
    owners.set(number, layer);
    const trained = model.trainableWeights.includes(variable);
    const shape = variable.shape.map(Number);
    const constraint = constraintOf(layer, `${names[i]}Constraint`, config, shape.length);
    weights[number] = {
      name: variable.originalName,
      shape,
      // As in Keras, a frozen weight's penalty is no part of the loss.
      ...(trained ? penalty(layer, `${names[i]}Regularizer`, config) : { l1: 0, l2: 0 }),
      ...(constraint && { constraint }),
      trained,
    };
    return number;
  });
}

/** The factors of a layer's L1L2 of that name. */
export function penalty(layer: tf.layers.Layer, name: string, config: Config): { l1: number; l2: number } {
  const own = ownOf(layer, name, config, 'regularizer');
  if (!own) return { l1: 0, l2: 0 };
  if (own.className !== 'L1L2') throw unsupported(layer, 'has a regularizer of its own');
  return { l1: Number(own.config.l1 ?? 0), l2: Number(own.config.l2 ?? 0) };
}

/** What a layer's weights are kept to, by the constraint of that name. */
function constraintOf(layer: tf.layers.Layer, name: string, config: Config, rank: number): ConstraintPlan | undefined {
  const own = ownOf(layer, name, config, 'constraint');
  if (!own) return undefined;
  // What tfjs takes for settings that are left out.
  const { axis = 0, maxValue = own.className === 'MaxNorm' ? 2 : 1, minValue = 0, rate = 1 } = own.config;
  const axes = fromFirst([axis].flat().map(Number), rank);
  switch (own.className) {
    case 'NonNeg':
      return { kind: 'notNegative' };
    case 'UnitNorm':
      return { kind: 'norm', axes, least: 1, most: 1, rate: 1 };
    case 'MaxNorm':
      return { kind: 'norm', axes, least: 0, most: Number(maxValue), rate: 1 };
    case 'MinMaxNorm':
      return { kind: 'norm', axes, least: Number(minValue), most: Number(maxValue), rate: Number(rate) };
    default:
      throw unsupported(layer, 'has a constraint of its own');
  }
}

/** A regularizer or constraint of tfjs's own that a layer has under that name. @throws Unsupported for a user's */
function ownOf(
  layer: tf.layers.Layer,
  name: string,
  config: Config,
  kind: 'regularizer' | 'constraint',
): { className: unknown; config: Config } | undefined {
  const told = config[name];
  if (told === null || told === undefined) return undefined;
  if (typeof told === 'object' && 'className' in told && 'config' in told) {
    const { className, config: options } = told;
    if (typeof options === 'object' && options !== null && isTfjsOwn(layer, name, kind, className))
      return { className, config: options as Config };
  }
  throw unsupported(layer, `has a ${kind} of its own`);
}

/** Whether what a layer has under that name is of the class of tfjs's that it says, and not a user's of that name. */
function isTfjsOwn(
  layer: tf.layers.Layer,
  name: string,
  kind: 'regularizer' | 'constraint',
  className: unknown,
): boolean {
  const holder = isRecurrent(layer) ? layer.cell : layer;
  if (name === 'activityRegularizer') {
    const given: unknown = Reflect.get(layer, 'outputRegularizer');
    return isNamed(given) ? isBuiltIn(given) : isBuiltInClass(String(className));
  }
  const own: unknown = isComputed(layer)
    ? layer.specs.find((spec) => name === `${spec.name}${kind === 'constraint' ? 'Constraint' : 'Regularizer'}`)?.[kind]
    : Reflect.get(holder, name);
  return isNamed(own) ? isBuiltIn(own) : isComputed(layer) && isBuiltInClass(String(className));
}

export function isNamed(value: unknown): value is { getClassName(): string } {
  return typeof value === 'object' && value !== null && 'getClassName' in value;
}
