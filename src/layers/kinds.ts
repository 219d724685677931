/** Layers that hold others or have a cell, told apart. */
import type * as tf from '../tf.js';
import type { BidirectionalLayer, WrapperLayer } from './wrapped.js';

export function isBidirectional(layer: tf.layers.Layer): layer is BidirectionalLayer {
  return layer.getClassName() === 'Bidirectional';
}

export function isWrapper(layer: tf.layers.Layer): layer is WrapperLayer {
  return 'layer' in layer && !isBidirectional(layer);
}

/** A layer with time steps and a cell: LSTM, GRU, SimpleRNN, RNN. */
export function isRecurrent(layer: tf.layers.Layer): layer is tf.RNN {
  return 'cell' in layer && 'returnSequences' in layer;
}

export function isModel(layer: tf.layers.Layer): layer is tf.LayersModel {
  return 'layers' in layer;
}

/** Whether a layer is a model or around one, which brings its weights. */
export function isOfModel(layer: tf.layers.Layer): boolean {
  return isModel(isWrapper(layer) ? layer.layer : layer);
}

/** The cells of a recurrent layer, the first of which reads its input. */
export function cellsIn({ cell }: tf.RNN): tf.layers.Layer[] {
  return 'cells' in cell && Array.isArray(cell.cells) ? cell.cells : [cell];
}

/** The sizes of a cell's states, of which its output is the first. */
export function statesOfCell(cell: tf.layers.Layer): number[] {
  return [Reflect.get(cell, 'stateSize') as number | number[]].flat();
}
