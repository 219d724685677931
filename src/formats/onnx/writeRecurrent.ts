import { counted } from '../../format.js';
import { isJsonObject } from '../modelJson.js';
import { type RecurrentActivation, recurrentActivation, recurrentNames } from './activations.js';
import { floats, type GraphBuilder, int, ints, text, texts } from './builder.js';
import { gatesOf, type OnnxRecurrent, type RecurrentClass, toOnnxGates } from './gates.js';
import { type Flow, featuresOf, type LayerContext, numberOf } from './layerContext.js';
import { fromFront, maskFactor, toFront } from './masks.js';

const operators: Record<RecurrentClass, string> = { LSTM: 'LSTM', GRU: 'GRU', SimpleRNN: 'RNN' };

export function isRecurrentClass(name: string): name is RecurrentClass {
  return Object.hasOwn(operators, name);
}

/** LSTM, GRU or SimpleRNN: (B,T,I) → (B,T,U) or (B,U). With goBackwards every output stands at the step that it was made in. */
export function writeRecurrent(layer: LayerContext): Flow[] {
  const { graph, config, input } = layer;
  const backwards = config.go_backwards === true;
  const units = numberOf(layer, 'units');
  const sequence = config.return_sequences === true;
  const made = run(layer, [backwards ? 'reverse' : 'forward'], sequence, config.return_state === true);
  const state = (value: string): Flow => ({ value: graph.op('Squeeze', [value, graph.list(0)]), shape: [null, units] });
  const states = config.return_state === true ? made.states.map(state) : [];
  if (!sequence) return [states[0] ?? state(made.states[0]), ...states];
  const Y = graph.op('Squeeze', [made.Y, graph.list(1)]);
  let value = graph.op('Transpose', [Y], { perm: ints([1, 0, 2]) });
  if (input.mask) value = fromFront(graph, input.mask, value, backwards);
  if (backwards) value = reversed(graph, value);
  return [{ value, shape: [null, input.shape[1], units], mask: input.mask }, ...states];
}

/** RNN over a stack of cells: a layer for each. */
export function writeCells(layer: LayerContext): Flow[] {
  const { config, inputs, name, refuse } = layer;
  const held = isJsonObject(config.cell) ? config.cell : {};
  const stack = isJsonObject(held.config) && Array.isArray(held.config.cells) ? held.config.cells : [held];
  if (inputs.length > 1 || config.return_state === true) throw refuse('it starts from states, or gives them');
  let [flow] = inputs;
  for (const [at, cell] of stack.entries()) {
    const className = isJsonObject(cell) ? String(cell.class_name ?? '').replace(/Cell$/, '') : '';
    if (!isJsonObject(cell) || !isJsonObject(cell.config) || !isRecurrentClass(className))
      throw refuse(`its cell is a ${className || 'nothing'}`);
    const last = at === stack.length - 1;
    const settings = {
      ...cell.config,
      return_sequences: last ? config.return_sequences === true : true,
      go_backwards: at === 0 && config.go_backwards === true,
    };
    [flow] = writeRecurrent({
      ...layer,
      className,
      name: `${name}/${at}`,
      config: settings,
      input: flow,
      inputs: [flow],
    });
  }
  return [flow];
}

/** Both directions, merged over ONNX's axis of directions. Outputs of masked steps are 0. */
export function writeBidirectional(layer: LayerContext): Flow[] {
  const { graph, config, input, refuse } = layer;
  const inner = isJsonObject(config.layer) ? config.layer : {};
  const className = String(inner.class_name);
  if (!isRecurrentClass(className)) throw refuse(`it wraps a ${className}`);
  const settings = isJsonObject(inner.config) ? inner.config : {};
  if (settings.go_backwards === true) throw refuse('go_backwards of the layer that it wraps');
  const both = { ...layer, className, config: settings };
  const units = numberOf(both, 'units');
  const sequence = settings.return_sequences === true;
  const { Y, states: ends } = run(both, ['forward', 'reverse'], sequence, settings.return_state === true);
  const states = settings.return_state === true ? statesApart(graph, ends, units) : [];
  const merged = merge(graph, sequence ? Y : ends[0], sequence ? 1 : 0, config.merge_mode, refuse);
  const features = config.merge_mode === 'concat' ? 2 * units : units;
  if (!sequence) return [{ value: merged, shape: [null, features] }, ...states];
  let value = graph.op('Transpose', [merged], { perm: ints([1, 0, 2]) });
  if (input.mask) {
    value = graph.op('Mul', [fromFront(graph, input.mask, value, false), maskFactor(graph, input.mask)]);
  }
  return [{ value, shape: [null, input.shape[1], features], mask: input.mask }, ...states];
}

/** (2,B,U) each → forward h, c, backward h, c of (B,U). */
function statesApart(graph: GraphBuilder, states: string[], units: number): Flow[] {
  return [0, 1].flatMap((direction) =>
    states.map((state) => ({
      value: graph.op('Gather', [state, graph.wholeNumber(direction)], { axis: int(0) }),
      shape: [null, units],
    })),
  );
}

/** (B,U) each, h and c of one direction after the other → (D,B,U), for h and c. */
function initialStates(graph: GraphBuilder, states: Flow[], directions: number): string[] {
  const each = states.map(({ value }) => graph.op('Unsqueeze', [value, graph.list(0)]));
  const kinds = each.length / directions;
  return Array.from({ length: kinds }, (_, kind) => {
    const own = each.filter((_, at) => at % kinds === kind);
    return own.length === 1 ? own[0] : graph.op('Concat', own, { axis: int(0) });
  });
}

const reductions: Record<string, string> = { sum: 'ReduceSum', ave: 'ReduceMean', mul: 'ReduceProd' };

/** Y (T,2,B,U) or Y_h (2,B,U) without its axis of directions. */
function merge(graph: GraphBuilder, Y: string, axis: number, mode: unknown, refuse: (why: string) => Error): string {
  if (mode === 'concat') {
    // (T,2,B,U) → (T,B,2,U) → (T,B,2U)
    const perm = axis === 1 ? [0, 2, 1, 3] : [1, 0, 2];
    const beside = graph.op('Transpose', [Y], { perm: ints(perm) });
    return graph.op('Reshape', [beside, axis === 1 ? graph.list(0, 0, -1) : graph.list(0, -1)]);
  }
  if (typeof mode !== 'string' || !Object.hasOwn(reductions, mode))
    throw refuse(`merge_mode is ${JSON.stringify(mode)}`);
  return graph.op(reductions[mode], [Y, graph.list(axis)], { keepdims: int(0) });
}

function reversed(graph: GraphBuilder, value: string): string {
  const toStart = -(2 ** 31);
  return graph.op('Slice', [value, graph.list(-1), graph.list(toStart), graph.list(1), graph.list(-1)]);
}

/** The operator itself: Y (T,D,B,U), and its last states Y_h (D,B,U) and Y_c where they are wanted. */
function run(
  layer: LayerContext,
  directions: string[],
  sequence: boolean,
  state: boolean,
): { Y: string; states: string[] } {
  const { graph, name, config, input, refuse } = layer;
  const className = layer.className as RecurrentClass;
  if (input.shape.length !== 3) throw refuse(`its input has ${input.shape.length} axes, not 3`);
  const [units, features] = [numberOf(layer, 'units'), featuresOf(layer)];
  const columns = gatesOf(className) * units;
  const resetAfter = className === 'GRU' && config.reset_after === true;
  const weights = directions.map((direction) => {
    const part = directions.length === 1 ? '' : `${direction} `;
    const kernel = layer.weight(`${part}kernel`, [features, columns]);
    const recurrent = layer.weight(`${part}recurrent kernel`, [units, columns]);
    if (config.use_bias === false) return toOnnxGates(className, units, { kernel, recurrent });
    const bias = layer.weight(`${part}bias`, resetAfter ? [2, columns] : [columns]);
    return toOnnxGates(className, units, { kernel, recurrent, bias });
  });
  const D = directions.length;
  const W = graph.weight(`${name}/W`, [D, columns, features], joined(weights.map((each) => each.W)));
  const R = graph.weight(`${name}/R`, [D, columns, units], joined(weights.map((each) => each.R)));
  const biases = weights.flatMap(({ B }: OnnxRecurrent) => (B ? [B] : []));
  const B = biases.length > 0 ? graph.weight(`${name}/B`, [D, 2 * columns], joined(biases)) : '';
  const { mask } = input;
  const x = graph.op('Transpose', [mask ? toFront(graph, mask, input.value) : input.value], { perm: ints([1, 0, 2]) });
  const given = layer.inputs.slice(1);
  if (given.length % D > 0 || ![0, D * (className === 'LSTM' ? 2 : 1)].includes(given.length)) {
    throw refuse(`it starts from ${counted(given.length, 'state')}`);
  }
  const starts = initialStates(graph, given, D);
  const inputs = [x, W, R, B, mask?.lengths ?? '', ...starts];
  while (inputs.at(-1) === '') inputs.pop();
  const attributes = {
    hidden_size: int(units),
    direction: text(D === 2 ? 'bidirectional' : directions[0]),
    ...activationsOf(layer, className, D),
    ...(className === 'GRU' && { linear_before_reset: int(resetAfter ? 1 : 0) }),
  };
  const wanted = [sequence, ...(state || !sequence ? [true] : []), ...(state && className === 'LSTM' ? [true] : [])];
  const [Y, ...states] = graph.ops(operators[className], inputs, attributes, { scope: `${name}/`, wanted });
  return { Y, states };
}

function joined(parts: Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function activationsOf(layer: LayerContext, className: RecurrentClass, directions: number) {
  const { config } = layer;
  const named = (option: string): RecurrentActivation => {
    const name = config[option];
    const found = typeof name === 'string' ? recurrentActivation(name) : undefined;
    if (found) return found;
    throw layer.refuse(
      `${option} ${JSON.stringify(name)} is none that ONNX's recurrent operators have (${recurrentNames.join(', ')})`,
    );
  };
  const f = named('activation');
  let one = [f];
  if (className === 'GRU') one = [named('recurrent_activation'), f];
  if (className === 'LSTM') one = [named('recurrent_activation'), f, f];
  const all = Array.from({ length: directions }, () => one).flat();
  const numbers = (key: 'alpha' | 'beta') => all.flatMap((each) => (each[key] === undefined ? [] : [each[key]]));
  const [alphas, betas] = [numbers('alpha'), numbers('beta')];
  return {
    activations: texts(all.map(({ name }) => name)),
    ...(alphas.length > 0 && { activation_alpha: floats(alphas) }),
    ...(betas.length > 0 && { activation_beta: floats(betas) }),
  };
}
