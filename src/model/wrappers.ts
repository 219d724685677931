/** tfjs layers whose behaviour differs from Keras's where masks are concerned, put right. Same settings, same weights. */
import * as tf from '../tf.js';
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
 * steps are zero when sequences are returned; tfjs repeats the last output before them. Takes memcell's GRU too.
 */
export class Bidirectional extends registeredLayer<BidirectionalLayer>('Bidirectional') {
  static className = 'Bidirectional';

  constructor(config: BidirectionalConfig) {
    const { layer } = config;
    // tfjs would copy the layer by its class's name, and knows another GRU by that name.
    super({ ...config, layer: standIn(layer) });
    this.layer = layer;
    this.forwardLayer = copy(layer, { name: this.forwardLayer.name });
    this.backwardLayer = copy(layer, { name: this.backwardLayer.name, goBackwards: !layer.goBackwards });
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

/** A layer that tfjs can copy, with all that its constructor reads of the wrapped layer. */
function standIn({ returnSequences, returnState, goBackwards, stateful, name }: tf.RNN): tf.RNN {
  return tf.layers.simpleRNN({ units: 1, returnSequences, returnState, goBackwards, stateful, name });
}

function copy(layer: tf.RNN, changes: tf.serialization.ConfigDict): tf.RNN {
  const cls = layer.constructor as tf.serialization.SerializableConstructor<tf.RNN>;
  return cls.fromConfig(cls, { ...layer.getConfig(), ...changes });
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

/** x (B,T,F) → (B,F), the mean over the steps that are not masked; 0 where all are, which are NaN in Keras. */
export class GlobalAveragePooling1D extends registeredLayer<tf.layers.Layer>('GlobalAveragePooling1D') {
  static className = 'GlobalAveragePooling1D';

  override call(inputs: Tensors, kwargs: Kwargs): Tensors {
    const mask: tf.Tensor | undefined = kwargs.mask;
    if (!mask) return super.call(inputs, kwargs);
    return tf.tidy(() => {
      const x = one(inputs);
      const steps = tf.expandDims(tf.cast(mask, 'bool'), -1);
      const counted = tf.maximum(tf.sum(tf.cast(steps, 'float32'), 1), 1);
      return tf.div(tf.sum(tf.where(steps, x, tf.zerosLike(x)), 1), counted);
    });
  }
}

/** x (B,T,F) → (B,F), the largest of all steps. Steps that share it share its gradient; tfjs would give each the whole of it. */
export class GlobalMaxPooling1D extends registeredLayer<tf.layers.Layer>('GlobalMaxPooling1D') {
  static className = 'GlobalMaxPooling1D';

  override call(inputs: Tensors): Tensors {
    return tf.tidy(() => {
      const largest = tf.customGrad((...args) => {
        const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
        // tfjs's own maximum passes over NaN.
        const value = tf.where(tf.any(tf.isNaN(x), 1), Number.NaN, tf.max(x, 1));
        save([x, value]);
        const gradFunc = (dy: tf.Tensor, [from, to]: tf.Tensor[]) => {
          const hits = tf.cast(tf.equal(from, tf.expandDims(to, 1)), 'float32');
          return tf.mul(hits, tf.expandDims(tf.div(dy, tf.sum(hits, 1)), 1));
        };
        return { value, gradFunc };
      });
      return largest(one(inputs));
    });
  }
}
