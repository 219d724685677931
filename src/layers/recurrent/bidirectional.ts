import { MergeId } from '../../kernels/mergeIds.js';
import {
  type BidirectionalPlan,
  type DirectedPlan,
  isDirected,
  type LayerPlan,
  type SignalShape,
} from '../../plan/layerPlan.js';
import type { Planning } from '../../plan/planning.js';
import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import {
  type Config,
  common,
  defineLayer,
  definitionOf,
  type Layer,
  type LayerOptions,
  ownClass,
  sequence,
} from '../define.js';
import { makeLayer } from '../make.js';
import { isPenalised } from '../penalised.js';
import { registeredLayer } from '../registered.js';
import * as kind from '../schema.js';
import type { GraphLayer, SymbolicTensor } from '../symbolic.js';
import type { BidirectionalLayer } from '../wrapped.js';

type Kwargs = Parameters<tf.layers.Layer['call']>[1];
type Tensors = tf.Tensor | tf.Tensor[];

interface BidirectionalConfig {
  layer: tf.RNN;
  mergeMode?: BidirectionalLayer['mergeMode'];
  name?: string;
  trainable?: boolean;
}

/**
 * Runs a recurrent layer over the sequence in both directions and merges the outputs. As in Keras, the outputs of masked
 * steps are zero when sequences are returned; tfjs repeats the last output before them. Takes memcell's GRU too.
 */
const ownBidirectional = ownClass(
  (tf) =>
    class OwnBidirectional extends registeredLayer<BidirectionalLayer>('Bidirectional') {
      static className = 'Bidirectional';

      constructor(config: BidirectionalConfig) {
        const { layer } = config;
        // tfjs would copy the layer by its class's name, and knows another GRU by that name.
        super({ ...config, layer: standIn(tf, layer) });
        this.layer = layer;
        this.forwardLayer = copy(layer, { name: this.forwardLayer.name });
        this.backwardLayer = copy(layer, { name: this.backwardLayer.name, goBackwards: !layer.goBackwards });
        // tfjs reads it of no wrapper, so that a frozen one in a file would be trained.
        if (config.trainable === false) this.trainable = false;
        for (const one of [this.forwardLayer, this.backwardLayer]) if (isPenalised(one)) one.leavesOutMasked = true;
      }

      override call(inputs: Tensors, kwargs: Kwargs): Tensors {
        return tf.tidy(() => {
          const outputs = super.call(inputs, kwargs);
          const mask: tf.Tensor | undefined = kwargs.mask;
          if (!mask || !this.returnSequences) return outputs;
          const counts = tf.expandDims(tf.cast(mask, 'float32'), -1);
          // Outputs are in the order in which the layer reads.
          const steps = this.layer.goBackwards ? tf.reverse(counts, 1) : counts;
          if (!Array.isArray(outputs)) return tf.mul(outputs, steps);
          const sequences = this.mergeMode === null ? 2 : 1;
          return outputs.map((output, i) => (i < sequences ? tf.mul(output, steps) : output));
        });
      }
    },
);

/** Under a name that tfjs finds also while memcell's layers load, when it looks for all those that memcell makes in the wrong place. */
const standInClass = ownClass((tf) => {
  class StandIn extends registeredLayer<tf.RNN>('SimpleRNN') {
    static className = 'BidirectionalStandIn';
  }
  tf.serialization.registerClass(StandIn);
  return StandIn;
});

/** A layer that tfjs can copy, with all that its constructor reads of the wrapped layer. */
function standIn(tf: TensorFlow, { returnSequences, returnState, goBackwards, stateful, name }: tf.RNN): tf.RNN {
  return new (standInClass(tf))({ units: 1, returnSequences, returnState, goBackwards, stateful, name });
}

function copy(layer: tf.RNN, changes: tf.serialization.ConfigDict): tf.RNN {
  const cls = layer.constructor as tf.serialization.SerializableConstructor<tf.RNN>;
  return cls.fromConfig(cls, { ...layer.getConfig(), ...changes });
}

const own = {
  /** How the outputs of the two directions are joined; null: they stay two outputs, in a Model. Default 'concat'. */
  mergeMode: kind.defaulted(kind.nullable(kind.oneOf('concat', 'sum', 'ave', 'mul')), 'concat'),
};

export interface BidirectionalOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

interface Direction {
  plan: DirectedPlan;
  states: readonly SignalShape[];
  penalty: { l1: number; l2: number };
}

/** One of the two directions on the engine. */
function planned(planning: Planning, direction: 'forward' | 'backward'): Direction {
  const inner = planning.inner(direction);
  const [plan] = inner.plan();
  if (!isDirected(plan)) throw unsupported(planning, `wraps ${inner.getClassName()}`);
  return { plan, states: inner.further, penalty: inner.penalty('activity') };
}

/** What is done to the outputs of the two directions. Side by side they count as they do apart; otherwise they count before they are merged. */
function penalised(
  planning: Planning,
  mergeMode: BidirectionalPlan['mergeMode'],
  { plan: forward, states, penalty }: Direction,
  { plan: backward }: Direction,
): LayerPlan[] {
  const joined: BidirectionalPlan = { kind: 'bidirectional', forward, backward, mergeMode };
  if (penalty.l1 === 0 && penalty.l2 === 0) return [joined];
  const signals = 2 * states.length;
  if (mergeMode === 'concat' || mergeMode === 'none')
    return [joined, { kind: 'activity', ...penalty, signals: signals + (mergeMode === 'none' ? 2 : 1) }];
  if (signals > 0) throw unsupported(planning, `has an activityRegularizer, mergeMode ${mergeMode} and returnState`);
  return [
    { ...joined, mergeMode: 'none' },
    { kind: 'activity', ...penalty, signals: 2 },
    { kind: 'merge', mode: MergeId[mergeMode], repeatsSteps: false },
  ];
}

const bidirectional = defineLayer({
  class: 'Bidirectional',
  positional: ['layer', 'mergeMode'],
  schema: { ...common, layer: kind.required(kind.recurrentLayer), ...own },
  rank: sequence,
  engine: (planning) => {
    const { flow, further, settings } = planning;
    const mergeMode = settings.mergeMode ?? 'none';
    const [forward, backward] = [planned(planning, 'forward'), planned(planning, 'backward')];
    flow.sequence = forward.plan.returnSequences;
    flow.width = mergeMode === 'concat' ? 2 * forward.plan.units : forward.plan.units;
    if (mergeMode === 'none') further.push({ ...flow });
    further.push(...forward.states, ...backward.states);
    return penalised(planning, mergeMode, forward, backward);
  },
  make: (settings, tf) => new (ownBidirectional(tf))({ ...settings, layer: settings.layer as tf.RNN }),
  own: ownBidirectional,
  load: (config, held, tf) => new (ownBidirectional(tf))({ ...config, layer: held(config.layer as Config) as tf.RNN }),
  weights: ({ layer }, input) => {
    const own = definitionOf(layer.getClassName())?.weights?.(layer.getConfig(), input) ?? [];
    return ['forward', 'backward'].flatMap((direction) =>
      own.map(({ name, shape }) => ({ name: `${direction}/${name}`, shape })),
    );
  },
});

/** Makes Bidirectional: of a layer that gives a list, one that gives a list. */
export interface BidirectionalFunction {
  (layer: Layer, options: EitherSpelling<BidirectionalOptions> & { mergeMode: null }): GraphLayer<SymbolicTensor[]>;
  <Out>(layer: GraphLayer<Out>, options?: EitherSpelling<BidirectionalOptions>): GraphLayer<Out>;
  (layer: Layer, options?: EitherSpelling<BidirectionalOptions>): GraphLayer;
}

/**
 * A recurrent layer over the sequence in both directions, each with its own weights: (B,T,I) → (B,2U), joined by mergeMode. With
 * returnState of the layer the last states follow, those of the forward direction first.
 */
export const Bidirectional: BidirectionalFunction = (layer: Layer, options: object = {}) =>
  makeLayer(bidirectional, [layer], options);
