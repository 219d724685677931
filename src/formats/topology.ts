import { elements } from '../data/array.js';
import { MemcellError } from '../errors.js';
import { isRecord } from '../fields.js';
import { definitionOf } from '../layers/byName.js';
import { isModel, isWrapper } from '../layers/kinds.js';
import { mostBatch } from '../layers/schema.js';
import { knownObjects } from '../model/customObjects.js';
import * as tf from '../tf.js';
import { invalid, type Json, reasonOf, unknownClass } from './modelJson.js';

const modelClasses = ['Sequential', 'Functional', 'Model'];

/** More values than this for one sample, in any layer's output, is taken for a mistake (1 GiB of float32). */
const mostOutputs = 2 ** 28;

/**
 * Builds the model that a normal topology (see keras/topology.ts) describes, its weights all zero. Nothing is allocated for a layer whose
 * weights would take the model past `mostWeights` elements, which the caller knows from the size of the weights file.
 * @throws MemcellError 'model': unknown classes, a configuration that does not build, or sizes beyond `mostWeights`
 */
export async function buildTopology(
  topology: { [key: string]: Json },
  mostWeights: number,
  where: string,
): Promise<tf.LayersModel> {
  checkClass(topology, modelClasses, `${where}: modelTopology`);
  checkNested(topology, `${where}: modelTopology`);
  const { build, release } = withinBudget(mostWeights, where);
  let model: tf.LayersModel;
  try {
    model = await build(() => tf.models.modelFromJSON(topology, knownObjects()));
    // A chain knows the names of its ends once it is built.
    if (model instanceof tf.Sequential && !model.built) model.build();
    forgetStates(model);
    checkOutputs(model, where);
  } catch (cause) {
    release();
    if (cause instanceof MemcellError) throw cause;
    throw invalid(where, `modelTopology does not build: ${reasonFor(cause)}`, cause);
  }
  return model;
}

/** What tfjs says, where it is of the model and not of its own code. */
function reasonFor(cause: unknown): string {
  const reason = reasonOf(cause);
  if (!(cause instanceof TypeError) && !reason.includes('[object Object]')) return reason;
  return 'an option of a layer, or what joins two of them, is not as Keras and tfjs write it';
}

/** Every object with a `class_name`, however deep, is of a class that tfjs or memcell can make; every fixed size is sane. */
function checkNested(value: unknown, where: string): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkNested(item, `${where}[${index}]`);
  } else if (isRecord(value)) {
    if ('class_name' in value) checkClass(value, undefined, where);
    if ('batch_input_shape' in value) checkInputShape(value.batch_input_shape, where);
    for (const [key, item] of Object.entries(value)) checkNested(item, `${where}.${key}`);
  }
}

function checkClass(value: Record<string, unknown>, allowed: string[] | undefined, where: string): void {
  const { class_name: name, config } = value;
  if (typeof name !== 'string') throw invalid(where, 'class_name is missing');
  if (allowed && !allowed.includes(name)) {
    throw invalid(where, `class ${JSON.stringify(name)} is not a model; known are ${allowed.join(', ')}`);
  }
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  if (!Object.hasOwn(known, name) && !definitionOf(name)?.own) {
    throw unknownClass(where, name, isRecord(config) && typeof config.name === 'string' ? config.name : undefined);
  }
  if (typeof config !== 'object' || config === null) throw invalid(where, `${name} has no config`);
}

function checkInputShape(shape: unknown, where: string): void {
  if (shape === null) return;
  const isSize = (size: unknown) => size === null || (typeof size === 'number' && Number.isInteger(size) && size > 0);
  if (!Array.isArray(shape) || shape.length === 0 || !shape.every(isSize)) {
    throw invalid(where, `batch_input_shape ${JSON.stringify(shape)} is not a list of positive whole numbers or null`);
  }
  // Stateful layers allocate states for a fixed batch.
  if (shape[0] > mostBatch || outputsPerSample(shape) > mostOutputs) {
    throw invalid(where, `batch_input_shape ${JSON.stringify(shape)} is too large`);
  }
}

function checkOutputs(model: tf.LayersModel, where: string): void {
  if (!model.inputs?.length) {
    throw invalid(where, 'modelTopology gives no input shape, so the model cannot be built');
  }
  for (const layer of model.layers) {
    // A layer with several calls may give another shape in each.
    const shapes = layer.inboundNodes.flatMap(({ outputShapes }) =>
      Array.isArray(outputShapes[0]) ? (outputShapes as tf.Shape[]) : [outputShapes as tf.Shape],
    );
    for (const shape of shapes) {
      if (outputsPerSample(shape) <= mostOutputs) continue;
      throw invalid(
        where,
        `layer ${layer.name} gives [${shape.slice(1).join(', ')}] values a sample, which is too large`,
      );
    }
  }
}

/**
 * States that a call gets are among its inputs; as tfjs keeps them beside, too, they cannot be saved, and it says so on the
 * console at every save.
 */
function forgetStates(model: tf.LayersModel): void {
  for (const layer of model.layers) {
    for (const { callArgs } of layer.inboundNodes) delete callArgs?.initialState;
    const inner = isWrapper(layer) ? layer.layer : layer;
    if (isModel(inner)) forgetStates(inner);
  }
}

function outputsPerSample(shape: readonly (number | null)[]): number {
  return elements(shape.slice(1).map((size) => size ?? 1));
}

type AddWeight = (
  name: string,
  shape: tf.Shape,
  dtype?: tf.DataType,
  initializer?: object,
  ...rest: unknown[]
) => tf.LayerVariable;

/**
 * tfjs allocates and draws a layer's weights in Layer.addWeight, for every class. While `build` runs the synchronous part of
 * its task, that method counts the elements first, refuses what is over the budget, and fills with zeros.
 * `release` disposes of what was allocated, for a model that was not finished.
 */
function withinBudget(mostWeights: number, where: string) {
  const prototype = tf.layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const addWeight = prototype.addWeight;
  const zeros = tf.initializers.zeros();
  const made: tf.LayerVariable[] = [];
  let used = 0;
  function addCounted(this: tf.layers.Layer, ...[name, shape, dtype, , ...rest]: Parameters<AddWeight>) {
    used += elements(shape.map(Number));
    if (!(used <= mostWeights)) {
      throw invalid(
        where,
        `layer ${this.name} needs ${name} of shape [${shape.join(', ')}], more than the ${mostWeights} weights in the file`,
      );
    }
    const variable = addWeight.call(this, name, shape, dtype, zeros, ...rest);
    made.push(variable);
    return variable;
  }
  return {
    build<T>(task: () => Promise<T>): Promise<T> {
      prototype.addWeight = addCounted;
      try {
        return task();
      } finally {
        prototype.addWeight = addWeight;
      }
    },
    release() {
      for (const variable of made) variable.dispose();
    },
  };
}
