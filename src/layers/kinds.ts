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
