import { isComputed } from '../layers/computed.js';
import type { Layer } from '../layers/define.js';
import { canDraw, drawInitial, type InitializerConfig } from '../layers/initializers.js';
import { savedForm } from '../layers/schema.js';
import { deriveKey } from '../random.js';
import { camelCase } from '../spelling.js';
import * as tf from '../tf.js';
import { cellsWithPaths, everyLayer, innerLayers, isModel, isRecurrent, isWrapper } from './walk.js';

/** One weight of a layer that does the work: which of its places in the model it has, and how it starts. */
interface WeightPlace {
  weight?: tf.LayerVariable;
  path: string;
  initializer: InitializerConfig;
  unitForgetBias: boolean;
}

/** The weights of a layer, or before it is built its initializers alone; none of a layer that was made with its weights. */
export function* weightsOf(layer: Layer, position: string): Generator<WeightPlace> {
  for (const [outer, outerPath] of innerLayers(layer, position)) {
    if (outer.initialWeights) continue;
    for (const [inner, path] of weightHolders(outer, outerPath)) yield* ownWeightsOf(inner, path);
  }
}

/** What has weights and says how they begin: of RNN its cells. */
function weightHolders(layer: Layer, path: string): [Layer, string][] {
  return isRecurrent(layer) && layer.getClassName() === 'RNN' ? cellsWithPaths(layer, path) : [[layer, path]];
}

function* ownWeightsOf(inner: Layer, path: string): Generator<WeightPlace> {
  const config: Record<string, unknown> = inner.getConfig();
  const forget = /^LSTM(Cell)?$/.test(inner.getClassName()) && config.unitForgetBias === true;
  if (!inner.built) {
    for (const [option, initializer] of Object.entries(config)) {
      if (option.endsWith('Initializer')) yield place(path, option, initializer, forget);
    }
  }
  for (const weight of inner.weights) {
    const name = weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1);
    const own = isComputed(inner) ? inner.specs.find((spec) => spec.name === name) : undefined;
    if (own) {
      yield { ...place(`${path}/${name}`, '', savedForm(own.initializer), false), weight };
      continue;
    }
    const option = `${name === 'recurrent_kernel' ? 'recurrent' : camelCase(name)}Initializer`;
    yield { ...place(`${path}/${name}`, option, config[option], forget), weight };
  }
}

function place(path: string, option: string, initializer: unknown, forget: boolean): WeightPlace {
  const known = typeof initializer === 'object' && initializer !== null && 'className' in initializer;
  return {
    path,
    initializer: known ? (initializer as InitializerConfig) : { className: '', config: {} },
    unitForgetBias: forget && option === 'biasInitializer',
  };
}

/**
 * Draws all initial weights anew, of the layers that `isNew` names: a function of the seed and of the weight's place in
 * the model, so that the same seed gives the same bits. Weights of an initializer that is not Keras's stay as they are.
 */
export function initialise(model: tf.LayersModel, seed: number, isNew: (layer: Layer) => boolean = () => true): void {
  for (const [position, layer] of model.layers.entries()) {
    if (!isNew(layer)) continue;
    for (const { weight, path, initializer, unitForgetBias } of weightsOf(layer, String(position))) {
      if (!weight || !canDraw(initializer)) continue;
      const shape = weight.shape.map(Number);
      const values = drawInitial(initializer, shape, deriveKey(seed, 'weights', path));
      // Keras's unit_forget_bias: the forget gate's is the second of four.
      if (unitForgetBias) values.fill(1, values.length / 4, values.length / 2);
      const tensor = tf.tensor(values, shape);
      setWeight(weight, tensor);
      tensor.dispose();
    }
  }
}

/** Sets a weight as it is given: tfjs would apply its constraint, which Keras does after a step of training alone. */
export function setWeight(weight: tf.LayerVariable, value: tf.Tensor): void {
  const { constraint } = weight;
  Object.assign(weight, { constraint: null });
  try {
    weight.write(value);
  } finally {
    Object.assign(weight, { constraint });
  }
}

/** Every weight in Keras's order: layer by layer, Bidirectional's forward layer first, and within one as Keras makes them. */
export function weightsInOrder(model: tf.LayersModel): tf.LayerVariable[] {
  return [...everyLayer(model)].flatMap(([layer]) => layer.weights);
}

/** The same by layers, those of a model in the model by 'inner/lstm'. Layers without weights are left out. */
export function* weightsByLayer(model: tf.LayersModel, prefix = ''): Generator<[path: string, tf.LayerVariable[]]> {
  for (const layer of model.layers) {
    const model = isWrapper(layer) ? layer.layer : layer;
    if (isModel(model)) {
      yield* weightsByLayer(model, `${prefix}${layer.name}/`);
      continue;
    }
    const weights = [...innerLayers(layer, '')].flatMap(([inner]) => inner.weights);
    if (weights.length > 0) yield [prefix + layer.name, weights];
  }
}
