/** tfjs layers whose behaviour differs from Keras's where masks are concerned, put right. Same settings, same weights. */
import * as tf from '@tensorflow/tfjs';
import { ResetAfterGRU } from './gru.js';
import { registeredLayer } from './registered.js';
import type { BidirectionalLayer, WrapperLayer } from './walk.js';

type Kwargs = Parameters<tf.layers.Layer['call']>[1];
type Tensors = tf.Tensor | tf.Tensor[];

const one = (inputs: Tensors) => (Array.isArray(inputs) ? inputs[0] : inputs);

export interface BidirectionalConfig {
  layer: tf.RNN;
  mergeMode?: BidirectionalLayer['mergeMode'];
  name?: string;
}

/**
 * Runs a recurrent layer over the sequence in both directions and merges the outputs. As in Keras, the outputs of masked
 * steps are zero when sequences are returned; tfjs repeats the last output before them. Takes ResetAfterGRU too.
 */
export class Bidirectional extends registeredLayer<BidirectionalLayer>('Bidirectional') {
  static className = 'Bidirectional';

  constructor(config: BidirectionalConfig) {
    const { layer } = config;
    // tfjs copies the layer by its class name; for a class it does not have, a stand-in takes that part.
    super(layer instanceof ResetAfterGRU ? { ...config, layer: standIn(layer) } : config);
    if (!(layer instanceof ResetAfterGRU)) return;
    const { name: forwardName } = this.forwardLayer;
    const { name: backwardName } = this.backwardLayer;
    this.layer = layer;
    this.forwardLayer = copy(layer, { name: forwardName });
    this.backwardLayer = copy(layer, { name: backwardName, goBackwards: !layer.goBackwards });
  }

  override call(inputs: Tensors, kwargs: Kwargs): Tensors {
    return tf.tidy(() => {
      const outputs = super.call(inputs, kwargs);
      const mask: tf.Tensor | undefined = kwargs.mask;
      if (!mask || !this.returnSequences) return outputs;
      const steps = tf.expandDims(tf.cast(mask, 'float32'), -1);
      if (!Array.isArray(outputs)) return tf.mul(outputs, steps);
      const sequences = this.mergeMode === null ? 2 : 1;
      return outputs.map((output, i) => (i < sequences ? tf.mul(output, steps) : output));
    });
  }
}

function standIn(layer: ResetAfterGRU): tf.RNN {
  const { returnSequences, returnState, goBackwards, name } = layer;
  return tf.layers.simpleRNN({ units: 1, returnSequences, returnState, goBackwards, name });
}

function copy(layer: ResetAfterGRU, changes: object): ResetAfterGRU {
  return new ResetAfterGRU({ ...layer.getConfig(), ...changes } as unknown as tf.GRULayerArgs);
}

/** Layers that act on each step alone and take a whole sequence as they are. */
const perStep = new Set(['Dense', 'Dropout', 'Activation', 'LayerNormalization']);

/** Applies a layer to every step. What acts on the last axis anyway runs on all steps at once. */
export class TimeDistributed extends registeredLayer<WrapperLayer>('TimeDistributed') {
  static className = 'TimeDistributed';

  override call(inputs: Tensors, kwargs: Kwargs): Tensors {
    if (perStep.has(this.layer.getClassName()) && one(inputs).rank === 3) return this.layer.call(inputs, kwargs);
    return super.call(inputs, kwargs);
  }
}

/** x (B,F) → (B,n,F). Its output has no mask: tfjs would go on handing the layers after it the mask from before. */
export class RepeatVector extends registeredLayer<tf.layers.Layer>('RepeatVector') {
  static className = 'RepeatVector';

  override call(inputs: Tensors, kwargs: Kwargs): Tensors {
    kwargs.mask = undefined;
    return super.call(inputs, kwargs);
  }
}

/** x (B,T,F) → (B,F), the mean over the steps that are not masked. */
export class GlobalAveragePooling1D extends registeredLayer<tf.layers.Layer>('GlobalAveragePooling1D') {
  static className = 'GlobalAveragePooling1D';

  override call(inputs: Tensors, kwargs: Kwargs): Tensors {
    const mask: tf.Tensor | undefined = kwargs.mask;
    if (!mask) return super.call(inputs, kwargs);
    return tf.tidy(() => {
      const steps = tf.expandDims(tf.cast(mask, 'float32'), -1);
      return tf.div(tf.sum(tf.mul(one(inputs), steps), 1), tf.sum(steps, 1));
    });
  }
}
