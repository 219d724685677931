import { elements } from '../../data/array.js';
import { invalid } from '../modelJson.js';
import { compute } from './compute.js';
import { fold, whole } from './fold.js';
import { move } from './moves.js';
import { NodeReader } from './nodeReader.js';
import { withGelus } from './patterns.js';
import { dataTypes, type GraphProto, type ValueInfoProto } from './proto.js';
import { isRecurrentOperator, readRecurrent } from './readRecurrent.js';
import { carry, type Settled, settle, withFeatures } from './settle.js';
import {
  type Axis,
  axisOf,
  type Direction,
  describe,
  freeSteps,
  isOnly,
  put,
  type Signal,
  type Stack,
  sizeOf,
  type Value,
} from './signals.js';
import { readTensor } from './tensors.js';

/** Stands for the free number of rows: a prime, as `freeSteps` is. */
const freeBatch = 1009;

/** More features than this are taken for a mistake. */
const mostFeatures = 2 ** 16;

/** Layers and directions of a model whose states are its inputs. */
const MOST_STATES = 64;

/** What the input's axes are: [batch, steps, features], [steps, batch, features], or [batch, features, steps] as convolutions read it. */
export type Order = 'batch first' | 'steps first' | 'steps last';

export interface ReadEnd {
  name: string;
  stack: Stack;
}

export interface ReadGraph {
  /** The first input, of an empty stack, and others; one sample's shape of each, null for steps that may vary. */
  inputs: (ReadEnd & { shape: (number | null)[] })[];
  outputs: ReadEnd[];
  lost: string[];
}

/** Thrown where a graph only holds for a number of steps that its exporter froze in it. */
export class FrozenSteps extends Error {
  constructor(
    readonly steps: number,
    readonly reason: unknown,
  ) {
    super('steps are frozen');
  }
}

/**
 * Follows the graph from its inputs to its outputs.
 * @param budget of numbers that may be made on the way, known from the file's size
 * @throws MemcellError 'model' that names the node that is no layer's
 */
export function readGraph(
  graph: GraphProto,
  opset: number,
  order: Order,
  budget: number,
  file: string,
  steps?: number,
): ReadGraph {
  let left = budget;
  const spend = (count: number) => {
    left -= count;
    if (!(left >= 0)) throw invalid(file, 'it asks for more numbers than a file of its size can hold');
  };
  const values = new Map<string, Value>();
  for (const tensor of graph.initializer ?? []) {
    try {
      values.set(tensor.name ?? '', readTensor(tensor, file));
    } catch (error) {
      values.set(tensor.name ?? '', failure(error));
    }
  }
  const inputs = (graph.input ?? []).filter(({ name = '' }) => !values.has(name));
  const [input] = inputs;
  if (!input) throw invalid(file, 'the graph has no input');
  const root = inputSignal(input, order, steps, file);
  values.set(input.name ?? '', root);
  const ends = new Map<string, ReadGraph['inputs']>([
    [input.name ?? '', [inputEnd(input.name ?? '', root, undefined)]],
  ]);
  for (const other of inputs.slice(1)) {
    const name = other.name ?? '';
    try {
      const { value, made } = otherInput(graph, other, order, steps, file);
      values.set(name, value);
      ends.set(name, made);
    } catch (error) {
      values.set(name, failure(error));
    }
  }
  for (const proto of withGelus(graph)) {
    const { domain = '' } = proto;
    const read = (proto.input ?? []).map((name) =>
      name === ''
        ? undefined
        : (values.get(name) ?? failure(invalid(file, `no node gives ${JSON.stringify(name.slice(0, 80))}`))),
    );
    const node = new NodeReader(proto, read, file, opset, spend);
    let made: Value[];
    try {
      if (domain !== '' && domain !== 'ai.onnx')
        throw node.error(`it is of the domain ${JSON.stringify(domain.slice(0, 80))}`);
      made = evaluate(node);
    } catch (error) {
      made = node.outputs.map(() => failure(error));
    }
    for (const [at, name] of node.outputs.entries()) {
      if (name !== '') values.set(name, made[at] ?? failure(node.error(`its output ${at} is not known`)));
    }
  }
  return finish(graph, values, ends, file);
}

function failure(error: unknown): Value {
  return { kind: 'failure', error: error instanceof Error ? error : new Error(String(error)) };
}

function evaluate(node: NodeReader): Value[] {
  const { inputs, opType } = node;
  for (const value of inputs) if (value?.kind === 'failure') return node.outputs.map(() => value);
  const constants = inputs.flatMap((value) => (value?.kind === 'constant' ? [value] : []));
  const signals = inputs.some((value) => value?.kind === 'signal');
  if (!signals) return fold(node, constants);
  const [first] = inputs;
  if (first?.kind === 'signal' && (opType === 'Shape' || opType === 'Size')) {
    const sizes = first.axes.map(sizeOf);
    if (opType === 'Size') return [whole([], [elements(sizes)])];
    const wanted = sizes.slice(node.int('start', 0), node.optionalInt('end'));
    return [whole([wanted.length], wanted)];
  }
  if (isRecurrentOperator(opType)) return readRecurrent(node);
  return moveUnfrozen(node) ?? [compute(node)];
}

/** A Reshape to a number of steps that the exporter froze tells that number. */
function moveUnfrozen(node: NodeReader): Value[] | undefined {
  try {
    return move(node);
  } catch (error) {
    const [signal] = node.inputs;
    const shape = node.opType === 'Reshape' ? (node.list(1, 'shape') ?? []) : [];
    if (signal?.kind !== 'signal') throw error;
    const at = axisOf(signal.axes, 'time');
    const free = at >= 0 && signal.axes[at][0].size === freeSteps;
    // The steps stand first or second, as they do in the signal.
    if (free && shape[at] > 1 && shape.length >= 3) throw new FrozenSteps(shape[at], error);
    throw error;
  }
}

function inputSignal(info: ValueInfoProto, order: Order, steps: number | undefined, file: string): Signal {
  const name = JSON.stringify(info.name?.slice(0, 80) ?? '');
  const { elemType = 0, shape } = info.type?.tensorType ?? {};
  const known: number[] = [dataTypes.float, dataTypes.int32, dataTypes.int64, dataTypes.double, dataTypes.float16];
  if (!known.includes(elemType)) throw invalid(file, `input ${name} is of type ${elemType}; memcell reads numbers`);
  const dims = (shape?.dim ?? []).map(({ value }) => (value !== undefined && value > 0 ? value : undefined));
  if (dims.length !== 2 && dims.length !== 3) {
    throw invalid(
      file,
      `input ${name} has ${dims.length} axes; memcell reads sequences: [batch, steps, features] or [batch, steps]`,
    );
  }
  if (order === 'steps last' && dims.length !== 3) throw invalid(file, `input ${name} has no axis behind its features`);
  const [batch, time] = { 'batch first': [0, 1], 'steps first': [1, 0], 'steps last': [0, 2] }[order];
  const integer = elemType === dataTypes.int32 || elemType === dataTypes.int64;
  const axes = dims.map((size, axis): Axis => {
    if (axis === batch) return [{ role: 'batch', size: size ?? freeBatch }];
    // Two axes of float32 are features, unless an Embedding reads them.
    if (axis === time && (dims.length === 3 || integer || size === undefined)) {
      return [{ role: 'time', size: steps ?? size ?? freeSteps }];
    }
    if (size === undefined || size > mostFeatures) {
      throw invalid(file, `input ${name}: the number of its features is ${size ?? 'not fixed'}`);
    }
    return [{ role: 'feature', size }];
  });
  return { kind: 'signal', axes, stack: undefined };
}

/** An input beside the first. */
function otherInput(graph: GraphProto, info: ValueInfoProto, order: Order, steps: number | undefined, file: string) {
  const name = info.name ?? '';
  if (holdsStates(graph, name)) return stateInput(info, file);
  const two = info.type?.tensorType?.shape?.dim?.length === 2;
  const signal = inputSignal(info, two ? 'batch first' : order, steps, file);
  const stack = put(undefined, 'InputLayer', {});
  return { value: { ...signal, stack }, made: [inputEnd(name, signal, stack)] };
}

/** Operators that only choose or move what an input holds. */
const CHOOSING = ['Slice', 'Split', 'Gather', 'Squeeze', 'Unsqueeze', 'Identity', 'Cast'];

/** Whether recurrent operators start from what an input holds. */
function holdsStates(graph: GraphProto, name: string): boolean {
  const carried = new Set([name]);
  for (const { opType = '', input = [], output = [] } of graph.node ?? []) {
    if (isRecurrentOperator(opType) && input.slice(5, 7).some((each) => carried.has(each))) return true;
    if (CHOOSING.includes(opType) && carried.has(input[0])) for (const each of output) carried.add(each);
  }
  return false;
}

/** States as PyTorch has them, [layers and directions, batch, features]: an input of the model for each of the first. */
function stateInput(info: ValueInfoProto, file: string) {
  const name = info.name ?? '';
  const dims = (info.type?.tensorType?.shape?.dim ?? []).map(({ value }) => value ?? 0);
  const [count, , size] = dims;
  if (dims.length !== 3 || !(count >= 1 && count <= MOST_STATES) || !(size >= 1 && size <= mostFeatures)) {
    const what = `holds states of sizes [${dims.slice(0, 8)}], not [layers, batch, features] with layers and features fixed`;
    throw invalid(file, `input ${JSON.stringify(name.slice(0, 80))} ${what}`);
  }
  const axes: Axis[] = [
    [{ role: 'direction', size: count }],
    [{ role: 'batch', size: freeBatch }],
    [{ role: 'feature', size }],
  ];
  const made = Array.from({ length: count }, (_, at) => {
    const stack = put(undefined, 'InputLayer', {});
    return { name: count === 1 ? name : `${name}_${at}`, stack, shape: [size] };
  });
  const directions = made.map(
    ({ stack }): Direction => ({
      below: stack,
      className: 'SimpleRNN',
      config: {},
      weights: [],
      backwards: false,
      states: [],
      given: true,
    }),
  );
  const pending = { output: 'last' as const, directions, merge: 'concat' as const, where: `input ${name}` };
  return { value: { kind: 'signal' as const, axes, stack: undefined, pending }, made };
}

function inputEnd(name: string, { axes }: Signal, stack: Stack): ReadGraph['inputs'][number] {
  const given = axes.map(([atom]) => atom);
  const atoms = ['time', 'feature'].flatMap((role) => given.filter((atom) => atom.role === role));
  const shape = atoms.map(({ role, size }) => (role === 'time' && size === freeSteps ? null : size));
  return { name, stack, shape };
}

function finish(
  graph: GraphProto,
  values: Map<string, Value>,
  ends: ReadonlyMap<string, ReadGraph['inputs']>,
  file: string,
): ReadGraph {
  const lost: string[] = [];
  const [first, ...others] = graph.output ?? [];
  const outputs = [outputEnd(first, values, lost, file)];
  const plain = ends.size === 1;
  for (const other of others) {
    if (plain && isState(values.get(other.name ?? ''))) dropState(other, values, lost, file);
    else outputs.push(...statesApart(other, values, lost).map((one) => outputEnd(one, values, lost, file)));
  }
  const read = stacksBelow(outputs);
  const inputs = [...ends].flatMap(([name, made]) => {
    const used = made.filter(({ stack }) => read.has(stack));
    if (used.length === 0) lost.push(`input ${JSON.stringify(name)}, which the outputs do not depend on`);
    else if (made.length > 1) {
      const names = used.map((one) => one.name).join(', ');
      lost.push(`input ${JSON.stringify(name)} as one of [${made.length}, batch, features]: here it is ${names}`);
    } else noteOrder(name, values.get(name), lost);
    return used;
  });
  if (!inputs.some(({ stack }) => stack === undefined)) {
    throw invalid(file, 'the outputs do not depend on its first input');
  }
  if (outputs.every(({ stack }) => stack === undefined)) throw invalid(file, 'the graph has no layer');
  return { inputs, outputs, lost };
}

/** Says where the axes of an input are in another order in the file. */
function noteOrder(name: string, value: Value | undefined, lost: string[]): void {
  if (value?.kind !== 'signal' || value.pending) return;
  const roles = ['batch', 'time', 'feature'] as const;
  const here = roles.flatMap((role) => value.axes.filter((axis) => isOnly(axis, role)));
  const [from, to] = [describe(value.axes), describe(here)];
  if (from !== to) lost.push(`the order of axes of input ${JSON.stringify(name)}: ${from} in the file, ${to} here`);
}

function outputEnd(
  info: ValueInfoProto | undefined,
  values: Map<string, Value>,
  lost: string[],
  file: string,
): ReadEnd {
  const value = values.get(info?.name ?? '');
  if (value === undefined) throw invalid(file, 'the graph has no output that a node gives');
  if (value.kind === 'failure') throw value.error;
  const name = JSON.stringify(info?.name?.slice(0, 80) ?? '');
  if (value.kind === 'constant') throw invalid(file, `output ${name} does not depend on the input`);
  const end = { error: (what: string) => invalid(file, `output ${name}: ${what}`) };
  const last = value.axes.length - 1;
  const settled = value.axes[last]?.length > 1 ? withFeatures(value, last, end) : settle(value, end);
  return { name: info?.name ?? '', stack: inOrder(settled, `output ${name}`, lost, file).stack };
}

/** All that outputs are made of, the empty stack of the first input included. */
function stacksBelow(outputs: readonly ReadEnd[]): Set<Stack> {
  const found = new Set<Stack>();
  const waiting = outputs.map(({ stack }) => stack);
  while (waiting.length > 0) {
    const stack = waiting.pop();
    if (found.has(stack)) continue;
    found.add(stack);
    if (stack && stack.layer.className !== 'InputLayer') waiting.push(stack.below, ...(stack.beside ?? []));
  }
  return found;
}

/** The output as the last layer gives it. */
function inOrder({ axes, stack }: Settled, what: string, lost: string[], file: string): Settled {
  const [batch, time] = [axisOf(axes, 'batch'), axisOf(axes, 'time')];
  const features = axes.findIndex((axis) => axis.length > 0 && axis.every(({ role }) => role === 'feature'));
  const expected = time < 0 ? [batch, features] : [batch, time, features];
  const places = expected.filter((place) => place >= 0);
  const others = axes.filter((axis, at) => !places.includes(at) && sizeOf(axis) !== 1);
  if (batch < 0 || others.length > 0)
    throw invalid(file, `${what} is ${describe(axes)}, which no layer of Keras gives`);
  const ordered = places.every((place, at) => place === at) && places.length === axes.length && features >= 0;
  if (!ordered) {
    const here = time < 0 ? '[batch, features]' : '[batch, steps, features]';
    lost.push(`the order of axes of ${what}: ${describe(axes)} in the file, ${here} here`);
  }
  if (time < 0 || !axes[time][0].reversed) return { kind: 'signal', axes, stack };
  if (features < 0) throw invalid(file, `${what} runs from the end`);
  return { kind: 'signal', axes, stack: carry(stack, sizeOf(axes[features]), true, true) };
}

/** The final states of several layers or directions as outputs of their own. */
function statesApart(info: ValueInfoProto, values: Map<string, Value>, lost: string[]): ValueInfoProto[] {
  const value = values.get(info.name ?? '');
  if (value?.kind !== 'signal' || !value.pending || !isState(value)) return [info];
  const { axes, pending } = value;
  const { directions } = pending;
  const at = axes.findIndex((axis) => isOnly(axis, 'direction'));
  if (at < 0 || directions.length < 2) return [info];
  const names = directions.map((_, place) => `${info.name}_${place}`);
  directions.forEach((direction, place) => {
    const alone = { ...pending, directions: [direction] };
    values.set(names[place], { ...value, axes: axes.filter((_, axis) => axis !== at), pending: alone });
  });
  lost.push(
    `output ${JSON.stringify(info.name?.slice(0, 80))} as one of ${describe(axes)}: here it is ${names.join(', ')}`,
  );
  return names.map((name) => ({ ...info, name }));
}

function isState(value: Value | undefined): boolean {
  return value?.kind === 'signal' && value.pending !== undefined && value.pending.output !== 'sequence';
}

/** A final state beside the output of a model that takes none is left out. */
function dropState(info: ValueInfoProto, values: Map<string, Value>, lost: string[], file: string): void {
  const value = values.get(info.name ?? '');
  const where = value?.kind === 'signal' ? (value.pending?.where ?? '') : '';
  lost.push(
    `output ${JSON.stringify(info.name?.slice(0, 80) ?? '')}, a final state of ${where.replace(`${file}: `, '')}`,
  );
}
