/** The states of a model's stateful layers, in the engine's memory and in the tfjs layers, whose resetStates() anyone may call. */
import { allFinite } from '../data/array.js';
import * as tf from '../tf.js';
import type { OwnedStates } from './engineRunner.js';
import type { StateStore } from './stateStore.js';

/** A stateful layer, and the tfjs tensors of its states when the two were last in step: others mean that somebody has set them. */
interface Carrier {
  layer: tf.RNN;
  known: readonly tf.Tensor[];
}

export class TfjsStates implements OwnedStates {
  private readonly carriers: readonly Carrier[];
  /** The engine's states have gone on since. */
  private ahead = false;

  /**
   * @param layers in the order of the engine's
   * @param states the engine's as it is now
   */
  constructor(
    layers: readonly tf.RNN[],
    private readonly states: () => StateStore,
  ) {
    this.carriers = layers.map((layer) => ({ layer, known: [] }));
  }

  /** The engine's states for the next batch go on to those after the last one. */
  advance(): void {
    this.states().advance();
    this.ahead = true;
  }

  /** The same, unless those after the last batch are not finite. */
  advanceIfFinite(): void {
    if (allFinite(this.states().newest)) this.advance();
  }

  /** Takes what somebody has set or reset since the two were in step. */
  take(): void {
    let at = 0;
    for (const carrier of this.carriers) {
      const { states } = carrier.layer;
      for (let i = 0; i < states.length; i++) {
        if (states[i] !== carrier.known[i]) this.states().values.set(states[i].dataSync(), at);
        at += states[i].size;
      }
      carrier.known = states.slice();
    }
  }

  /** Brings the tfjs layers in step. */
  give(): void {
    this.take();
    if (!this.ahead) return;
    let at = 0;
    for (const carrier of this.carriers) {
      const { layer } = carrier;
      tf.tidy(() => {
        const states = layer.states.map(({ shape, size }) => {
          const from = at;
          at += size;
          return tf.tensor(this.states().values.slice(from, at), shape);
        });
        layer.resetStates(states);
      });
      carrier.known = layer.states.slice();
    }
    this.ahead = false;
  }

  /** A copy of the states. */
  copy(): Float32Array {
    this.take();
    return this.states().values.slice();
  }

  /** Puts a copy back. */
  put(values: Float32Array): void {
    this.take();
    this.states().values.set(values);
    this.ahead = true;
  }
}
