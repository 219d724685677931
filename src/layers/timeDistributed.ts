import { unsupported } from '../plan/unsupported.js';
import type { EitherSpelling } from '../spelling.js';
import type * as tf from '../tf.js';
import {
  type Config,
  common,
  defineLayer,
  definitionOf,
  type Layer,
  type LayerOptions,
  layerFunction,
} from './define.js';
import { registeredLayer } from './registered.js';
import * as kind from './schema.js';
import type { WrapperLayer } from './wrapped.js';

type Kwargs = Parameters<tf.layers.Layer['call']>[1];
type Tensors = tf.Tensor | tf.Tensor[];

/** Applies a layer to every step. What acts on the last axis anyway runs on all steps at once. */
class OwnTimeDistributed extends registeredLayer<WrapperLayer>('TimeDistributed') {
  static className = 'TimeDistributed';

  override call(inputs: Tensors, kwargs: Kwargs): Tensors {
    const { rank } = Array.isArray(inputs) ? inputs[0] : inputs;
    if (definitionOf(this.layer.getClassName())?.perStep && rank === 3) return this.layer.call(inputs, kwargs);
    return super.call(inputs, kwargs);
  }
}

const timeDistributed = defineLayer({
  class: 'TimeDistributed',
  positional: ['layer'],
  schema: { ...common, layer: kind.required(kind.layer) },
  rank: { atLeast: 3 },
  engine: (planning) => {
    const inner = planning.inner('layer');
    const className = inner.getClassName();
    if (!definitionOf(className)?.perStep) throw unsupported(planning, `wraps ${className}`);
    const layers = inner.plan();
    Object.assign(planning.flow, inner.flow);
    return layers;
  },
  make: (settings) => new OwnTimeDistributed(settings),
  own: OwnTimeDistributed,
  load: (config, held) => new OwnTimeDistributed({ ...config, layer: held(config.layer as Config) }),
  weights: ({ layer }, [batch, , ...sample]) =>
    definitionOf(layer.getClassName())?.weights?.(layer.getConfig(), [batch, ...sample]) ?? [],
});

/** The same layer at every step: (B,T,…) → (B,T,…). */
export const TimeDistributed: (layer: Layer, options?: EitherSpelling<LayerOptions>) => Layer = layerFunction(
  timeDistributed,
  (layer: Layer, options?: EitherSpelling<LayerOptions>) => [[layer], options],
);
