import { shownName } from '../../format.js';
import { snakeCase } from '../../spelling.js';
import { kerasActivations } from './activations.js';
import type { Config } from './calls.js';
import { numbersOf } from './fold.js';
import { fromOnnxGates, gatesOf, type RecurrentClass } from './gates.js';
import type { NodeReader } from './nodeReader.js';
import { withMask } from './packed.js';
import { UNROLLED } from './rolled.js';
import { type Settled, settle } from './settle.js';
import {
  type Axis,
  axisOf,
  type Direction,
  describe,
  freeSteps,
  isOnly,
  type Pending,
  put,
  type Signal,
  type Stack,
  sizeOf,
  type Value,
} from './signals.js';
import { type Constant, isAll } from './tensors.js';

const classes: Record<string, RecurrentClass> = { LSTM: 'LSTM', GRU: 'GRU', RNN: 'SimpleRNN' };
const defaultActivations: Record<RecurrentClass, string[]> = {
  LSTM: ['Sigmoid', 'Tanh', 'Tanh'],
  GRU: ['Sigmoid', 'Tanh'],
  SimpleRNN: ['Tanh'],
};

export function isRecurrentOperator(opType: string): boolean {
  return Object.hasOwn(classes, opType);
}

/**
 * LSTM, GRU or RNN: its outputs Y (T,D,B,U), Y_h (D,B,U) and Y_c, of which those that are read decide which layer it is. With
 * layout 1 the batch comes first.
 */
export function readRecurrent(node: NodeReader): Value[] {
  const className = classes[node.opType];
  const batchFirst = node.int('layout', 0) === 1;
  const given = asSequence(settle(node.signal(0), node), batchFirst);
  const padded = node.inputs[4]?.kind === 'rows';
  const x = padded ? { ...given, stack: withMask(node, given.stack) } : given;
  const roles = batchFirst ? (['batch', 'time', 'feature'] as const) : (['time', 'batch', 'feature'] as const);
  if (x.axes.length !== 3 || !roles.every((role, axis) => isOnly(x.axes[axis], role) || isOneRow(x.axes, role, axis))) {
    throw node.error(
      `it reads ${describe(x.axes)}, where ${batchFirst ? '[batch, steps' : '[steps, batch'}, features] should be`,
    );
  }
  checkInputs(node, x);
  const steps = node.optionalInt(UNROLLED);
  const read = x.axes.flat().find(({ role }) => role === 'time')?.size;
  if (steps !== undefined && steps !== read) throw node.error(`it is written out for ${steps} steps of ${read}`);
  const states = statesOf(node, batchFirst);
  const [T, B] = batchFirst ? [x.axes[1], x.axes[0]] : [x.axes[0], x.axes[1]];
  const [time] = T;
  const directions = directionsOf(node, className, sizeOf(x.axes[2])).map(
    ({ reverse, ...direction }, at): Direction => ({
      ...direction,
      states: states.map((all) => all[at]),
      below: x.stack,
      className,
      backwards: reverse !== (time.reversed === true),
      ...(padded && { padded }),
    }),
  );
  const D: Axis = directions.length === 1 ? [] : [{ role: 'direction', size: directions.length }];
  const units: Axis = [{ role: 'feature', size: Number(directions[0].config.units) }];
  const give = (output: Pending['output'], axes: Axis[]): Signal => {
    const pending = { output, directions, merge: 'concat' as const, where: node.where };
    return { kind: 'signal', axes, stack: x.stack, pending };
  };
  const state = batchFirst ? [B, D, units] : [D, B, units];
  return [give('sequence', batchFirst ? [B, T, D, units] : [T, D, B, units]), give('last', state), give('cell', state)];
}

/** Whether this is the batch's place in a graph of one row. */
function isOneRow(axes: readonly Axis[], role: string, axis: number): boolean {
  return role === 'batch' && axes[axis].length === 0 && axisOf(axes, 'batch') < 0;
}

/** Numbers in a row as steps of one feature, and features alone as one step of them. */
function asSequence(x: Settled, batchFirst: boolean): Settled {
  const [b, t] = batchFirst ? [0, 1] : [1, 0];
  const [time, features] = [x.axes[t], x.axes[2]];
  if (x.axes.length !== 3 || !isOnly(x.axes[b], 'batch')) return x;
  const made = (n: number, size: number, stack: Stack): Settled => {
    const axes: Axis[] = [];
    axes[b] = x.axes[b];
    axes[t] = [{ role: 'time', size: n }];
    axes[2] = [{ role: 'feature', size }];
    return { kind: 'signal', axes, stack };
  };
  if (features.length === 0 && (isOnly(time, 'time') || isOnly(time, 'feature')) && !time[0].reversed) {
    const n = time[0].size;
    return made(n, 1, put(x.stack, 'Reshape', { target_shape: [n === freeSteps ? -1 : n, 1] }));
  }
  if (time.length === 0 && isOnly(features, 'feature'))
    return made(1, features[0].size, put(x.stack, 'RepeatVector', { n: 1 }));
  return x;
}

function checkInputs(node: NodeReader, x: Signal): void {
  const lengths = node.inputs[4];
  const [row] = x.axes.find((axis) => isOnly(axis, 'batch')) ?? [];
  if (lengths?.kind === 'rows' && lengths.is === 'lengths' && lengths.sorted === (row?.sorted === true)) {
    checkSettings(node);
    return;
  }
  const steps = x.axes.flat().find(({ role }) => role === 'time')?.size;
  if (lengths && !(lengths.kind === 'constant' && steps !== undefined && isAll(lengths, steps))) {
    throw node.error(
      'sequence_lens: it reads only a part of each sequence, by lengths that come from elsewhere than a packed sequence',
      'export it with the lengths as an input (PyTorch: pack_padded_sequence), or without lengths',
    );
  }
  checkSettings(node);
}

function checkSettings(node: NodeReader): void {
  if (node.opType === 'LSTM' && node.inputs[7]) {
    if (!isAll(node.constant(7, 'peepholes'), 0)) throw node.error('P: peepholes, which no layer of Keras has');
  }
  if (node.has('clip'))
    throw node.error('clip: it bounds what goes into its activations, which no layer of Keras does');
  if (node.int('input_forget', 0) !== 0)
    throw node.error('input_forget: its gates are coupled, which no layer of Keras has');
}

/** What each direction starts from: h, and c of an LSTM; none where they start from zeros. */
function statesOf(node: NodeReader, batchFirst: boolean): Stack[][] {
  const names = node.opType === 'LSTM' ? ['initial_h', 'initial_c'] : ['initial_h'];
  const found = names.flatMap((name, at) => {
    const state = node.inputs[5 + at];
    if (state?.kind === 'constant') {
      if (!isAll(state, 0))
        throw node.error(
          `${name}: its first state is a number in the file and not zero`,
          'export the model with its first states as inputs',
        );
      return [];
    }
    return state ? [eachDirection(node, node.signal(5 + at), name, batchFirst)] : [];
  });
  if (found.length > 0 && found.length < names.length) {
    throw node.error(
      `${names.join(', ')}: one of its first states is zero and the other one is not`,
      'export the model with both as inputs',
    );
  }
  return found;
}

function eachDirection(node: NodeReader, state: Signal, name: string, batchFirst: boolean): Stack[] {
  const [b, d] = batchFirst ? [0, 1] : [1, 0];
  const D = node.text('direction', 'forward') === 'bidirectional' ? 2 : 1;
  const held = state.pending?.directions.length ?? 1;
  const rows = isOnly(state.axes[b], 'batch') || (state.axes.length === 3 && isOneRow(state.axes, 'batch', b));
  if (state.axes.length !== 3 || !rows || sizeOf(state.axes[d]) !== D || held !== D) {
    throw node.error(`${name}: it starts from ${describe(state.axes)}, where [directions, batch, features] should be`);
  }
  const { pending } = state;
  if (!pending) return [settle(state, node).stack];
  return pending.directions.map((direction) => {
    const alone = { ...pending, directions: [direction] };
    return settle({ ...state, pending: alone }, node).stack;
  });
}

interface OneDirection {
  reverse: boolean;
  config: Config;
  weights: Direction['weights'];
}

function directionsOf(node: NodeReader, className: RecurrentClass, features: number): OneDirection[] {
  const direction = node.text('direction', 'forward');
  const known = ['forward', 'reverse', 'bidirectional'];
  if (!known.includes(direction)) throw node.damaged(`direction ${shownName(direction)} is none of ${known}`);
  const D = direction === 'bidirectional' ? 2 : 1;
  const [W, R] = [node.constant(1, 'W'), node.constant(2, 'R')];
  const B = node.optional(3, 'B');
  const units = R.shape[2] ?? 0;
  const columns = gatesOf(className) * units;
  const fits = (part: Constant, shape: number[], name: string) => {
    const same = part.shape.length === shape.length && shape.every((size, axis) => size === part.shape[axis]);
    if (!same || units < 1) throw node.damaged(`${name} has shape [${part.shape}], not [${shape}]`);
    return numbersOf(part, node);
  };
  const [w, r] = [fits(W, [D, columns, features], 'W'), fits(R, [D, columns, units], 'R')];
  const b = B && fits(B, [D, 2 * columns], 'B');
  const resetAfter = className === 'GRU' && node.int('linear_before_reset', 0) !== 0;
  const activations = activationsOf(node, className, D);
  return Array.from({ length: D }, (_, at) => {
    const part = (all: Float32Array | Float64Array, size: number) =>
      Float32Array.from(all.subarray(at * size, (at + 1) * size));
    node.spend(columns * (features + units + 2));
    const parts = { W: part(w, columns * features), R: part(r, columns * units), B: b && part(b, 2 * columns) };
    const { kernel, recurrent, bias } = fromOnnxGates(className, units, parts, resetAfter);
    const weights = [
      { name: 'kernel', shape: [features, columns], data: kernel },
      { name: 'recurrent_kernel', shape: [units, columns], data: recurrent },
      ...(bias ? [{ name: 'bias', shape: resetAfter ? [2, columns] : [columns], data: bias }] : []),
    ];
    const config: Config = {
      units,
      use_bias: bias !== undefined,
      ...activations[at],
      ...(className === 'GRU' && { reset_after: resetAfter }),
    };
    return { reverse: direction === 'reverse' || at === 1, config, weights };
  });
}

/** Keras's settings for the activations of each direction. */
function activationsOf(node: NodeReader, className: RecurrentClass, directions: number): Config[] {
  const usual = defaultActivations[className];
  const names = node.texts('activations') ?? Array.from({ length: directions }, () => usual).flat();
  if (names.length !== directions * usual.length) {
    throw node.damaged(`activations: ${names.length} are given, not ${directions * usual.length}`);
  }
  const keras = kerasActivations(names, node.floats('activation_alpha'), node.floats('activation_beta'));
  return Array.from({ length: directions }, (_, at): Config => {
    const own = keras.slice(at * usual.length, (at + 1) * usual.length);
    const unknown = own.indexOf(undefined);
    if (unknown >= 0) {
      throw node.error(
        `activations: memcell has no ${shownName(names[at * usual.length + unknown])} with these settings`,
      );
    }
    const [f, g, h] = own.map((name) => snakeCase(String(name)));
    if (className === 'SimpleRNN') return { activation: f };
    if (className === 'LSTM' && g !== h)
      throw node.error(`activations: ${g} and ${h}; Keras's LSTM takes one for both`);
    return { activation: g, recurrent_activation: f };
  });
}
