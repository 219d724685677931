/** Models that have layers in common: what one has trained, another is to see. */
import type * as tf from '../tf.js';
import { everyLayer } from './walk.js';

/** Somebody who may hold weights that are newer than the tfjs variables'. */
export interface Holder {
  /** Brings the variables in step. */
  bringHome(): void;
}

const holders = new WeakMap<tf.layers.Layer, Set<WeakRef<Holder>>>();

/** Notes that a holder runs a model's layers. */
export function holdLayers(model: tf.LayersModel, holder: Holder): void {
  const own = new WeakRef(holder);
  for (const [layer] of everyLayer(model)) {
    const known = holders.get(layer);
    if (known) known.add(own);
    else holders.set(layer, new Set([own]));
  }
}

/** Has all others that run layers of this model bring their weights home. */
export function bringOthersHome(model: tf.LayersModel, holder: Holder): void {
  const others = new Set<Holder>();
  for (const [layer] of everyLayer(model))
    for (const other of holders.get(layer) ?? []) {
      const alive = other.deref();
      if (alive && alive !== holder) others.add(alive);
    }
  for (const other of others) other.bringHome();
}
