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
  type Atom,
  type Axis,
  axisOf,
  describe,
  freeSteps,
  isOnly,
  layersOf,
  type ReadLayer,
  type Signal,
  sizeOf,
  type Value,
} from './signals.js';
import { readTensor } from './tensors.js';

/** Stands for the free number of rows: a prime, too. */
const freeBatch = 1009;

/** More features than this are taken for a mistake. */
const mostFeatures = 2 ** 16;

/** What the input's axes are: [batch, steps, features], [steps, batch, features], or [batch, features, steps] as convolutions read it. */
export type Order = 'batch first' | 'steps first' | 'steps last';

export interface ReadGraph {
  /** One sample's shape, null for steps that may vary. */
  inputShape: (number | null)[];
  layers: ReadLayer[];
  input: string;
  output: string;
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
 * Follows the graph from its input to its first output.
 * @param budget of numbers that may be made on the way, known from the file's size
 * @throws MemcellError 'model' that names the node that no chain of layers has
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
  for (const other of inputs.slice(1)) {
    const what = `input ${JSON.stringify(other.name?.slice(0, 80) ?? '')} is a second one beside ${JSON.stringify(input.name?.slice(0, 80))}`;
    values.set(other.name ?? '', failure(invalid(file, `${what}; memcell reads a chain of layers from one input`)));
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
  return finish(graph, values, root, file);
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

function finish(graph: GraphProto, values: Map<string, Value>, root: Signal, file: string): ReadGraph {
  const [output, ...others] = graph.output ?? [];
  const value = values.get(output?.name ?? '');
  if (value === undefined) throw invalid(file, 'the graph has no output that a node gives');
  if (value.kind === 'failure') throw value.error;
  const name = JSON.stringify(output.name?.slice(0, 80) ?? '');
  if (value.kind === 'constant') throw invalid(file, `output ${name} does not depend on the input`);
  const lost: string[] = [];
  const end = { error: (what: string) => invalid(file, `output ${name}: ${what}`) };
  const last = value.axes.length - 1;
  const settled = value.axes[last]?.length > 1 ? withFeatures(value, last, end) : settle(value, end);
  const ended = inOrder(settled, `output ${name}`, lost, file);
  const layers = layersOf(ended.stack);
  if (layers.length === 0) throw invalid(file, 'the graph has no layer');
  for (const other of others) dropState(other, values, lost, file);
  const input = graph.input?.find(({ name: each = '' }) => values.get(each) === root)?.name ?? '';
  const given = root.axes.map(([atom]) => atom);
  const time = given.filter(({ role }) => role === 'time');
  const atoms: Atom[] = [...time, ...given.filter(({ role }) => role === 'feature')];
  const here = [...root.axes.filter((axis) => isOnly(axis, 'batch')), ...atoms.map((atom): Axis => [atom])];
  if (describe(here) !== describe(root.axes)) {
    const [from, to] = [describe(root.axes), describe(here)];
    lost.push(`the order of axes of input ${JSON.stringify(input)}: ${from} in the file, ${to} here`);
  }
  const inputShape = atoms.map(({ role, size }) => (role === 'time' && size === freeSteps ? null : size));
  return { inputShape, layers, input, output: output.name ?? '', lost };
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

/** An output beside the first may be a final state, which is left out; any other is refused. */
function dropState(info: ValueInfoProto, values: Map<string, Value>, lost: string[], file: string): void {
  const name = JSON.stringify(info.name?.slice(0, 80) ?? '');
  const value = values.get(info.name ?? '');
  const state = value?.kind === 'signal' && value.pending && value.pending.output !== 'sequence';
  if (!state)
    throw invalid(file, `output ${name} is a second one, and no final state; memcell reads models of one output`);
  lost.push(`output ${name}, a final state of ${value.pending?.where.replace(`${file}: `, '')}`);
}
