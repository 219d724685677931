/** Layers whose outputs are part of the loss: activityRegularizer, which TensorFlow.js's layers take and then refuse to run with. */
import { isBuiltIn } from '../kernels/tfjs/builtIn.js';
import type { TensorFlow } from '../tensorflow.js';
import type * as tf from '../tf.js';
import type { Config, Layer } from './define.js';
import { ofRegistered } from './registered.js';
import { savedForm, type Told } from './schema.js';

type Tensors = tf.Tensor | tf.Tensor[];
type Kwargs = Parameters<tf.layers.Layer['call']>[1];

/** A layer that adds to the loss. */
export interface AddingLayer extends tf.layers.Layer {
  /** Where calls put what they add, from tf.keep(); nothing is added where it is not there. */
  addedLosses: tf.Scalar[] | undefined;
  readonly outputRegularizer: Told | undefined;
}

export function addsToLoss(layer: tf.layers.Layer): layer is AddingLayer {
  return 'addedLosses' in layer;
}

interface Regularizer extends tf.serialization.Serializable {
  apply(x: tf.Tensor): tf.Scalar;
}

/** What a regularizer says of a batch of outputs, divided by the number of samples as in Keras 3. */
export function penaltyOf(tf: TensorFlow, regularizer: Told, outputs: tf.Tensor): tf.Scalar {
  const object = ofRegistered(tf, regularizer) as Regularizer;
  const penalty = isBuiltIn(object) ? l1l2(tf, object.getConfig(), outputs) : object.apply(outputs);
  return tf.div(penalty, outputs.shape[0] || 1);
}

/** l1·Σ|x| + l2·Σx². The gradient of |x| at 0 is 0, as in Keras, where that of tf.abs is -1. */
function l1l2(tf: TensorFlow, { l1, l2 }: tf.serialization.ConfigDict, x: tf.Tensor): tf.Scalar {
  const absolute = tf.mul(x, tf.sign(x));
  return tf.add(tf.mul(tf.sum(absolute), Number(l1)), tf.mul(tf.sum(tf.square(x)), Number(l2)));
}

/** Makes tfjs's L1L2 take 0 for the gradient of |w| at 0; what is saved of it stays as it is. */
export function withoutSlopeAtZero<Kind extends tf.serialization.Serializable>(
  tf: TensorFlow,
  regularizer: Kind,
): Kind {
  if (isBuiltIn(regularizer))
    Object.assign(regularizer, { apply: (x: tf.Tensor) => l1l2(tf, regularizer.getConfig(), x) });
  return regularizer;
}

/** The same of all regularizers that a layer, or a cell, holds. */
export function withoutSlopesAtZero(tf: TensorFlow, holder: tf.layers.Layer): void {
  for (const held of Object.values(holder) as unknown[])
    if (held instanceof tf.serialization.Serializable && held.getClassName() === 'L1L2') withoutSlopeAtZero(tf, held);
}

/** One of TensorFlow.js's layers with a penalty on its outputs. */
export interface PenalisedLayer extends AddingLayer {
  readonly outputRegularizer: Told;
  /** Both directions of a Bidirectional: the outputs of masked steps are zeros there, and no part of the penalty. */
  leavesOutMasked: boolean;
  /** Its output alone. */
  unpenalised: tf.layers.Layer['call'];
}

export function isPenalised(layer: tf.layers.Layer): layer is PenalisedLayer {
  return 'unpenalised' in layer;
}

type LayerClass = abstract new (...args: never[]) => Layer;

const bases = new WeakMap<object, LayerClass>();

/** The class that a layer is of, whether or not with a penalty on its outputs. */
export function classOf(layer: Layer): unknown {
  return bases.get(layer.constructor) ?? layer.constructor;
}

const made = new WeakMap<LayerClass, new (config: Config) => PenalisedLayer>();

/** The same class with a penalty on the outputs of its layers. */
function penalisedClass(
  tf: TensorFlow,
  base: new (config: never) => tf.layers.Layer,
): new (
  config: Config,
) => PenalisedLayer {
  const known = made.get(base);
  if (known) return known;
  class Penalised extends (base as new (config: object) => tf.layers.Layer) implements PenalisedLayer {
    addedLosses: tf.Scalar[] | undefined;
    leavesOutMasked = false;
    readonly outputRegularizer: Told;

    constructor({ activityRegularizer, ...config }: Config) {
      super(config);
      this.outputRegularizer = activityRegularizer as Told;
    }

    override call(inputs: Tensors, kwargs: Kwargs): Tensors {
      const outputs = this.unpenalised(inputs, kwargs);
      const { addedLosses } = this;
      if (!addedLosses) return outputs;
      tf.tidy(() => {
        const counted = this.leavesOutMasked ? this.withoutMasked(outputs, kwargs?.mask) : [outputs].flat();
        for (const output of counted) addedLosses.push(tf.keep(penaltyOf(tf, this.outputRegularizer, output)));
      });
      return outputs;
    }

    unpenalised(inputs: Tensors, kwargs: Kwargs): Tensors {
      return super.call(inputs, kwargs);
    }

    override getConfig(): tf.serialization.ConfigDict {
      const activityRegularizer = savedForm(this.outputRegularizer) as tf.serialization.ConfigDict;
      return { ...super.getConfig(), activityRegularizer };
    }

    private withoutMasked(outputs: Tensors, mask: tf.Tensor | undefined): tf.Tensor[] {
      const all = [outputs].flat();
      if (!mask || all[0].rank !== 3) return all;
      const counts = tf.expandDims(tf.cast(mask, 'float32'), -1);
      const inOrder = Reflect.get(this, 'goBackwards') === true ? tf.reverse(counts, 1) : counts;
      return [tf.mul(all[0], inOrder), ...all.slice(1)];
    }
  }
  bases.set(Penalised, base);
  made.set(base, Penalised);
  return Penalised;
}

/** Makes layers of a class: with a penalty on their outputs where their options ask for it. */
export function penalisable<Settings extends object>(
  base: (tf: TensorFlow) => new (config: never) => tf.layers.Layer,
  plain: (settings: Settings, tf: TensorFlow) => Layer,
): (settings: Settings, tf: TensorFlow) => Layer {
  return (settings, tf) =>
    Reflect.get(settings, 'activityRegularizer')
      ? new (penalisedClass(tf, base(tf)))(settings as Config)
      : plain(settings, tf);
}
