import { MemcellError, modelError } from '../errors.js';
import { fuseLSTMs } from '../kernels/accelerate.js';
import { ensureBackend } from '../kernels/backend.js';
import type { Layer } from '../layers/define.js';
import { canDraw } from '../layers/initializers.js';
import { isOfModel } from '../layers/kinds.js';
import { isNamedAutomatically } from '../layers/make.js';
import { layerNameOf } from '../layers/names.js';
import * as tf from '../tf.js';
import { initialise, weightsOf } from './initialise.js';
import { checkLayers, inputShapeOf, type Shape } from './stack.js';
import { isModel } from './walk.js';

export interface BuildOptions {
  /** One sample's shape; the first layer's own inputShape if left out. */
  inputShape?: Shape | undefined;
  /** Of all batches; the first layer's own if left out. */
  batchSize?: number | undefined;
  name?: string;
  /** Initial weights are a function of it and of each weight's place in the model. */
  seed: number;
}

/**
 * Makes the tfjs model of a stack of layers, LSTM layers on the fused kernel, initial weights drawn from the seed but for those of models
 * among the layers, which have theirs.
 * Nothing is allocated before all layers are known to fit each other and the memory.
 * @throws MemcellError 'model' when a layer does not fit the one before it, is used twice, or the model is too large
 */
export function buildModel(layers: readonly Layer[], options: BuildOptions): tf.Sequential {
  const [first] = layers;
  if (!first) throw modelError('the model has no layers; add one first');
  const batchShape = inputShapeOf(first, options.inputShape, options.batchSize);
  checkLayers(layers, batchShape);
  ensureBackend();
  if ((options.inputShape || options.batchSize) && !isModel(first)) {
    first.batchInputShape = [...batchShape];
    first.dtype ??= 'float32';
  }
  const model = tf.sequential({ name: options.name ?? 'sequential' });
  // tfjs would take the layers of a model that begins another into that, where no two may have one name.
  if (isModel(first))
    model.add(tf.layers.inputLayer({ batchInputShape: [...batchShape], name: `${first.name}_input` }));
  for (const layer of layers) addTo(model, layer);
  model.build();
  initialise(model, options.seed, (layer) => !isOfModel(layer));
  return model;
}

/** Adds a layer to a built model: the weights before it stay, its own are drawn as buildModel would have drawn them. */
export function addLayer(model: tf.Sequential, layer: Layer, seed: number): void {
  const shape = model.outputs[0].shape;
  checkLayers(
    [layer],
    shape,
    model.layers.filter((one) => one.getClassName() !== 'InputLayer'),
  );
  addTo(model, layer);
  model.build();
  initialise(model, seed, (one) => one === layer && !isOfModel(one));
}

function addTo(model: tf.Sequential, layer: Layer): void {
  layer.name = freeName(new Set(model.layers.map(({ name }) => name)), layer);
  layer.setFastWeightInitDuringBuild([...weightsOf(layer, '')].every(({ initializer }) => canDraw(initializer)));
  try {
    model.add(layer);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new MemcellError(`layer ${layer.name}: ${reason}`, { code: 'model', cause });
  }
  fuseLSTMs(model);
}

/** Keras's names: lstm, lstm_1, lstm_2. @throws MemcellError 'model' for a given name that is taken */
export function freeName(taken: ReadonlySet<string>, layer: Layer): string {
  if (!isNamedAutomatically(layer)) {
    if (!taken.has(layer.name)) return layer.name;
    throw modelError(`two layers are called ${layer.name}; give one of them another name`);
  }
  const base = layerNameOf(layer.getClassName());
  let name = base;
  for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
  return name;
}
