import { elements } from '../../data/array.js';
import { invalid } from '../modelJson.js';
import { einsum, meet, onScores, onWeighted } from './attend.js';
import { compute } from './compute.js';
import { fold, whole } from './fold.js';
import { inputEnd, inputSignal, type Order, otherInput } from './graphInputs.js';
import { finish, type ReadGraph } from './graphOutputs.js';
import { move } from './moves.js';
import { NodeReader } from './nodeReader.js';
import { onRows } from './packed.js';
import { withPatterns } from './patterns.js';
import type { GraphProto } from './proto.js';
import { isRecurrentOperator, readRecurrent } from './readRecurrent.js';
import { rolledUp } from './rolled.js';
import { axisOf, describe, freeSteps, sizeOf, type Value } from './signals.js';
import { readTensor } from './tensors.js';

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
  given: GraphProto,
  opset: number,
  order: Order,
  budget: number,
  file: string,
  steps?: number,
): ReadGraph {
  const graph = rolledUp(given);
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
  for (const proto of withPatterns(graph)) {
    const { domain = '' } = proto;
    const read = (proto.input ?? []).map((name) =>
      name === ''
        ? undefined
        : (values.get(name) ??
          failure(
            invalid(file, `no node gives ${JSON.stringify(name.slice(0, 80))}, or nodes read each other in a circle`),
          )),
    );
    const node = new NodeReader(proto, read, file, opset, spend);
    let made: Value[];
    try {
      if (domain !== '' && domain !== 'ai.onnx')
        throw node.error(`it is of the domain ${JSON.stringify(domain.slice(0, 80))}, which memcell does not read`);
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

const WITH_GRAPHS = ['If', 'Loop', 'Scan'];

function evaluate(node: NodeReader): Value[] {
  const { inputs, opType } = node;
  for (const value of inputs) if (value?.kind === 'failure') return node.outputs.map(() => value);
  const constants = inputs.flatMap((value) => (value?.kind === 'constant' ? [value] : []));
  if (WITH_GRAPHS.includes(opType))
    throw node.error(
      'it runs a graph of its own, step by step',
      'export the model so that its layers are operators (LSTM, GRU, RNN)',
    );
  const [given] = inputs;
  if (opType === 'ArgMax') return [largest(node)];
  if (given?.kind === 'largest' && ['Identity', 'Cast', 'Squeeze'].includes(opType)) return [given];
  // All others want a signal there, and say what it is instead.
  const places = inputs.findIndex((value) => value?.kind === 'largest');
  if (places >= 0) node.signal(places);
  const rows = onRows(node);
  if (rows) return rows;
  const scores = inputs.find((value) => value?.kind === 'scores');
  const sums = inputs.find((value) => value?.kind === 'weighted');
  const signals = inputs.filter((value) => value?.kind === 'signal');
  if (opType === 'Einsum' && !sums) return [einsum(node)];
  if (opType === 'MatMul' && !sums && signals.length + (scores ? 1 : 0) === 2)
    return [meet(node, inputs[0], inputs[1])];
  if (scores) return [onScores(node, scores)];
  if (sums) return [onWeighted(node, sums)];
  if (signals.length === 0) return fold(node, constants);
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

/** The place of the largest of the features, as a classifier's last operator. */
function largest(node: NodeReader): Value {
  const signal = node.signal(0);
  const axis = node.axis('axis', signal.axes.length, 0);
  const { length } = signal.axes[axis].filter(({ role }) => role !== 'feature' && role !== 'direction');
  if (length > 0 || signal.axes[axis].length === 0)
    throw node.error(`it looks for the largest of ${describe([signal.axes[axis]])}`);
  return { kind: 'largest', of: signal, where: node.where };
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
