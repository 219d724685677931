import { modelError } from '../errors.js';
import { isBidirectional, isRecurrent } from '../model/walk.js';
import * as tf from '../tf.js';
import type { LayersModel, Tensor } from '../tfjsTypes.js';
import { runGraph } from '../training/graph.js';

/** What a recurrent layer did at every step of some sequences. All arrays are (B, T, U), row-major, t as in the input. */
export interface LayerGates {
  /** The layer's name; of a Bidirectional with '/forward' or '/backward'. */
  layer: string;
  kind: 'LSTM' | 'GRU' | 'SimpleRNN';
  /** B, T, U */
  shape: [number, number, number];
  /** In the order in which they are told. */
  gates: GateArrays;
  /**
   * Per unit, the steps after which half of what it held is gone: ln ½ / mean ln f over all steps, f the forget gate of an
   * LSTM, the update gate z of a GRU. Infinity for a unit that forgets nothing; none of a SimpleRNN.
   */
  halfLives?: number[];
}

/**
 * LSTM (S. Hochreiter, J. Schmidhuber 1997; F. Gers et al. 2000), with i, f, o in (0, 1) for the usual activations:
 *
 *     C = f∘C′ + i∘C̃      h = o∘tanh(C)
 *
 * input i, forget f, candidate C̃, output o, cell C, state h. GRU (K. Cho et al. 2014): h = z∘h′ + (1 − z)∘h̃: update z, reset r,
 * candidate h̃, state h. SimpleRNN: state h.
 */
export interface GateArrays {
  input?: Float32Array;
  forget?: Float32Array;
  update?: Float32Array;
  reset?: Float32Array;
  candidate?: Float32Array;
  output?: Float32Array;
  cell?: Float32Array;
  state: Float32Array;
}

/**
 * The gates of every call of a recurrent layer, in the order in which they run, for the inputs x.
 * @param x (B, T, features), or (B, T) for an Embedding
 * @throws MemcellError (model) for a model that has no recurrent layer
 */
export function gatesOf(model: LayersModel, x: Tensor): LayerGates[] {
  const found: LayerGates[] = [];
  tf.tidy(() => {
    runGraph(model, [{ value: x }], false, (layer, [{ value, mask }, ...given]) => {
      const states = given.map((state) => state.value as tf.Tensor2D);
      if (isBidirectional(layer)) {
        const half = states.length / 2;
        const { name, forwardLayer, backwardLayer } = layer;
        found.push(layerGates(`${name}/forward`, forwardLayer, value, mask, false, states.slice(0, half)));
        found.push(layerGates(`${name}/backward`, backwardLayer, value, mask, true, states.slice(half)));
      } else if (isRecurrent(layer)) {
        const { goBackwards = false } = layer.getConfig() as { goBackwards?: boolean };
        found.push(layerGates(layer.name, layer, value, mask, goBackwards, states));
      }
      return undefined;
    });
  });
  if (found.length > 0) return found;
  throw modelError('gates: the model has no LSTM, GRU or SimpleRNN layer');
}

interface RecurrentCell {
  activation: { apply(x: tf.Tensor): tf.Tensor };
  recurrentActivation: { apply(x: tf.Tensor): tf.Tensor };
}

/** What one step gives: the new states, h first, and what is told of it, each (B, U). */
type Step = (x: tf.Tensor2D, states: tf.Tensor2D[]) => { states: tf.Tensor2D[]; told: Record<string, tf.Tensor2D> };

function layerGates(
  name: string,
  layer: tf.RNN,
  x: tf.Tensor,
  mask: tf.Tensor | undefined,
  goBackwards: boolean,
  given: readonly tf.Tensor2D[],
): LayerGates {
  const [batch, steps] = x.shape;
  const { units, kind, step, states: count } = cellOf(name, layer);
  const told: Record<string, Float32Array> = {};
  let states = Array.from({ length: count }, (_, i) => given[i] ?? tf.zeros<tf.Rank.R2>([batch, units]));
  const live = mask && tf.cast(mask, 'bool').dataSync();
  for (let s = 0; s < steps; s++) {
    const t = goBackwards ? steps - 1 - s : s;
    const row = tf.reshape(tf.slice(x, [0, t, 0], [batch, 1, x.shape[2] ?? 1]), [batch, -1]) as tf.Tensor2D;
    const { states: next, told: now } = step(row, states);
    if (live) {
      const keep = tf.tensor2d(
        Array.from({ length: batch }, (_, b) => Boolean(live[b * steps + t])),
        [batch, 1],
      );
      states = next.map((state, i) => tf.where(keep, state, states[i]) as tf.Tensor2D);
    } else states = next;
    for (const [gate, values] of Object.entries(now)) {
      told[gate] ??= new Float32Array(batch * steps * units);
      const rows = values.dataSync();
      for (let b = 0; b < batch; b++) {
        if (live && !live[b * steps + t]) continue;
        told[gate].set(rows.subarray(b * units, (b + 1) * units), (b * steps + t) * units);
      }
    }
  }
  const { state, ...gates } = told;
  const kept = gates.forget ?? gates.update;
  return {
    layer: name,
    kind,
    shape: [batch, steps, units],
    gates: { ...gates, state },
    ...(kept && { halfLives: halfLives(kept, units, live) }),
  };
}

function halfLives(kept: Float32Array, units: number, live: ArrayLike<number> | undefined): number[] {
  return Array.from({ length: units }, (_, u) => {
    let [sum, count] = [0, 0];
    for (let row = 0; row * units < kept.length; row++) {
      if (live && !live[row]) continue;
      sum += Math.log(Math.max(kept[row * units + u], 1e-12));
      count++;
    }
    return count === 0 || sum >= 0 ? Number.POSITIVE_INFINITY : (Math.log(0.5) * count) / sum;
  });
}

/** A layer's equations, with its weights. */
function cellOf(name: string, layer: tf.RNN): { kind: LayerGates['kind']; units: number; states: number; step: Step } {
  const [kernel, recurrent, bias] = layer.getWeights() as [tf.Tensor2D, tf.Tensor2D, tf.Tensor | undefined];
  const { activation, recurrentActivation } = layer.cell as tf.RNN['cell'] & RecurrentCell;
  const act = (x: tf.Tensor) => activation.apply(x) as tf.Tensor2D;
  const gate = (x: tf.Tensor) => recurrentActivation.apply(x) as tf.Tensor2D;
  const biased = (x: tf.Tensor2D, row?: number) => {
    if (bias === undefined) return x;
    return tf.add(x, row === undefined || bias.rank === 1 ? bias : tf.slice(bias, [row, 0], [1, -1])) as tf.Tensor2D;
  };
  const sum = (...terms: (tf.Tensor | number)[]) =>
    terms.reduce<tf.Tensor | number>((total, term) => tf.add(total, term), 0) as tf.Tensor2D;
  const product = (a: tf.Tensor, b: tf.Tensor2D) => tf.matMul(a as tf.Tensor2D, b) as tf.Tensor2D;
  const parts = (x: tf.Tensor, count: number) => tf.split(x, count, 1) as tf.Tensor2D[];
  switch (layer.getClassName()) {
    case 'LSTM':
      return {
        kind: 'LSTM',
        units: recurrent.shape[0],
        states: 2,
        step: (x, [h, c]) => {
          const z = biased(sum(product(x, kernel), product(h, recurrent)));
          const [zi, zf, zc, zo] = parts(z, 4);
          const [input, forget, candidate, output] = [gate(zi), gate(zf), act(zc), gate(zo)];
          const cell = sum(tf.mul(forget, c), tf.mul(input, candidate));
          const state = tf.mul(output, act(cell)) as tf.Tensor2D;
          return { states: [state, cell], told: { input, forget, candidate, output, cell, state } };
        },
      };
    case 'GRU':
    case 'GRUResetAfter':
      return {
        kind: 'GRU',
        units: recurrent.shape[0],
        states: 1,
        step: (x, [h]) => {
          const after = Boolean((layer.getConfig() as { resetAfter?: boolean }).resetAfter);
          const [xz, xr, xh] = parts(biased(product(x, kernel), 0), 3);
          const [uz, ur, uh] = parts(recurrent, 3);
          const [bz, br, bh] = after && bias && bias.rank === 2 ? parts(tf.slice(bias, [1, 0], [1, -1]), 3) : [0, 0, 0];
          const update = gate(sum(xz, product(h, uz), bz));
          const reset = gate(sum(xr, product(h, ur), br));
          const fromState = after ? tf.mul(reset, tf.add(product(h, uh), bh)) : product(tf.mul(reset, h), uh);
          const candidate = act(tf.add(xh, fromState));
          const state = sum(tf.mul(update, h), tf.mul(tf.sub(1, update), candidate));
          return { states: [state], told: { update, reset, candidate, state } };
        },
      };
    case 'SimpleRNN':
      return {
        kind: 'SimpleRNN',
        units: recurrent.shape[0],
        states: 1,
        step: (x, [h]) => {
          const state = act(biased(sum(product(x, kernel), product(h, recurrent))));
          return { states: [state], told: { state } };
        },
      };
    default:
      throw modelError(`gates: layer ${name} is of class ${layer.getClassName()}; known are LSTM, GRU and SimpleRNN`);
  }
}
