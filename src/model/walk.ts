import { cellsIn, isBidirectional, isModel, isRecurrent, isWrapper } from '../layers/kinds.js';
import type * as tf from '../tf.js';

export { isBidirectional, isModel, isRecurrent, isWrapper };

/** The batch size that a model's stateful layers keep states for; undefined for a model without such layers. */
export function statefulBatch(model: tf.LayersModel): number | undefined {
  return model.stateful ? Number(model.inputs[0].shape[0]) : undefined;
}

/** The stateful layers, those inside of others included. */
export function statefulLayers(model: tf.LayersModel): tf.RNN[] {
  return [...everyLayer(model)]
    .map(([layer]) => layer)
    .filter((layer) => isRecurrent(layer) && layer.stateful) as tf.RNN[];
}

/** A call of a layer in a graph. */
export type Call = tf.LayersModel['nodesByDepth'][string][number];

/** The calls of a graph's layers, its inputs' left out, in the order in which they run. */
export function callsOf(model: tf.LayersModel): Call[] {
  const depths = Object.keys(model.nodesByDepth).sort((a, b) => Number(b) - Number(a));
  return depths.flatMap((depth) => model.nodesByDepth[depth]).filter(({ inboundLayers }) => inboundLayers.length > 0);
}

/**
 * Frees a model's weights, and those of the models in it. tfjs counts each call of a layer and takes off one for each layer: of one
 * that is called twice they would stay.
 */
export function disposeModel(model: tf.LayersModel): void {
  const isFreed = (layer: tf.layers.Layer) => Reflect.get(layer, '_refCount') === 0;
  if (isFreed(model)) return;
  const more = new Map<tf.layers.Layer, number>();
  for (const { outboundLayer } of callsOf(model)) more.set(outboundLayer, (more.get(outboundLayer) ?? -1) + 1);
  model.dispose();
  for (const [layer, calls] of more) for (let call = 0; call < calls && !isFreed(layer); call++) layer.dispose();
}

/** Where a layer is in its model: '2', '0/forward', '0/backward', '1/layer', '3/0'. It names the layer's random numbers. */
export type LayerPath = string;

/** Of one of a layer's cells: the layer's own where it is the only one, as if the layer were of no others. */
export function cellPath(path: LayerPath, { length }: readonly unknown[], index: number): LayerPath {
  return length === 1 ? path : `${path}/${index}`;
}

/** The cells of a recurrent layer. */
export function cellsWithPaths(layer: tf.RNN, path: LayerPath): [tf.layers.Layer, LayerPath][] {
  const cells = cellsIn(layer);
  return cells.map((cell, i) => [cell, cellPath(path, cells, i)]);
}

/** The layers that do the work, wrappers and nested models opened up, in Keras's order of weights. */
export function* everyLayer(model: tf.LayersModel): Generator<[tf.layers.Layer, LayerPath]> {
  for (const [position, layer] of model.layers.entries()) yield* innerLayers(layer, String(position));
}

export function* innerLayers(layer: tf.layers.Layer, path: LayerPath): Generator<[tf.layers.Layer, LayerPath]> {
  if (isBidirectional(layer)) {
    yield* innerLayers(layer.forwardLayer, `${path}/forward`);
    yield* innerLayers(layer.backwardLayer, `${path}/backward`);
  } else if (isModel(layer)) {
    for (const [position, inner] of layer.layers.entries()) yield* innerLayers(inner, `${path}/${position}`);
  } else if (isWrapper(layer)) {
    yield* innerLayers(layer.layer, `${path}/layer`);
  } else {
    yield [layer, path];
  }
}
