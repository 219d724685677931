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
  ownClass,
} from './define.js';
import { registeredLayer } from './registered.js';
import * as kind from './schema.js';
import type { WrapperLayer } from './wrapped.js';

type Kwargs = Parameters<tf.layers.Layer['call']>[1];
type Tensors = tf.Tensor | tf.Tensor[];

/** Applies a layer to every step. What acts on the last axis anyway runs on all steps at once. */
const ownTimeDistributed = ownClass(
  (tf) =>
    class OwnTimeDistributed extends registeredLayer<WrapperLayer>('TimeDistributed') {
      static className = 'TimeDistributed';

      override build(inputShape: tf.Shape | tf.Shape[]): void {
        super.build(inputShape);
        // tfjs holds the batch to the size that it was built with; what is stateful does that by itself.
        for (const spec of this.inputSpec) if (spec.shape) spec.shape = [null, ...spec.shape.slice(1)];
      }

      override call(inputs: Tensors, kwargs: Kwargs): Tensors {
        const [x] = [inputs].flat();
        const className = this.layer.getClassName();
        if (className === 'BatchNormalization' && kwargs?.mask) {
          // Each step has moments of its own, over the rows whose step counts.
          const masks = tf.unstack(kwargs.mask, 1);
          const rows = tf.unstack(x, 1).map((step, t) => this.layer.call(step, { ...kwargs, mask: masks[t] }));
          return tf.stack(rows.flat(), 1);
        }
        if (!definitionOf(className)?.perStep || x.rank !== 3) return super.call(inputs, kwargs);
        if (className !== 'LayerNormalization') return this.layer.call(inputs, kwargs);
        // tfjs counts its axis from the front of one step's (B,I), so it gets steps as samples.
        const samples = tf.reshape(x, [-1, x.shape[2] ?? 0]);
        return [this.layer.call(samples, kwargs)].flat().map((y) => tf.reshape(y, x.shape));
      }
    },
);

const timeDistributed = defineLayer({
  class: 'TimeDistributed',
  positional: ['layer'],
  schema: { ...common, layer: kind.required(kind.layer) },
  rank: { atLeast: 3 },
  engine: (planning) => {
    const inner = planning.inner('layer');
    const className = inner.getClassName();
    if (!definitionOf(className)?.perStep) throw unsupported(planning, `wraps ${className}`);
    const { sequence } = planning.flow;
    // What it wraps sees one step, whose axes it counts.
    inner.flow.sequence = false;
    const layers = inner.plan();
    Object.assign(planning.flow, inner.flow, { sequence });
    return layers;
  },
  make: (settings, tf) => new (ownTimeDistributed(tf))(settings),
  own: ownTimeDistributed,
  load: (config, held, tf) => new (ownTimeDistributed(tf))({ ...config, layer: held(config.layer as Config) }),
  weights: ({ layer }, [batch, , ...sample]) =>
    definitionOf(layer.getClassName())?.weights?.(layer.getConfig(), [batch, ...sample]) ?? [],
});

/** The same layer at every step: (B,T,…) → (B,T,…). */
export const TimeDistributed: (layer: Layer, options?: EitherSpelling<LayerOptions>) => Layer = layerFunction(
  timeDistributed,
  (layer: Layer, options?: EitherSpelling<LayerOptions>) => [[layer], options],
);
