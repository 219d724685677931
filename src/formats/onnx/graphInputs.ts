/** The inputs of a graph: what their axes are, and which of them hold states or lengths. */
import { invalid } from '../modelJson.js';
import { dataTypes, type GraphProto, type ValueInfoProto } from './proto.js';
import { isRecurrentOperator } from './readRecurrent.js';
import { type Axis, type Direction, freeBatch, freeSteps, put, type Rows, type Signal, type Stack } from './signals.js';

/** More features than this are taken for a mistake. */
const mostFeatures = 2 ** 16;

/** Layers and directions of a model whose states are its inputs. */
const MOST_STATES = 64;

/**
 * What the input's axes are: [batch, steps, features], [steps, batch, features], [batch, features, steps] as convolutions read it, or [steps]
 * of one row, which has no axis.
 */
export type Order = 'batch first' | 'steps first' | 'steps last' | 'one row';

export interface ReadEnd {
  name: string;
  stack: Stack;
}

export function inputSignal(info: ValueInfoProto, order: Order, steps: number | undefined, file: string): Signal {
  const name = JSON.stringify(info.name?.slice(0, 80) ?? '');
  const { elemType = 0, shape } = info.type?.tensorType ?? {};
  const known: number[] = [dataTypes.float, dataTypes.int32, dataTypes.int64, dataTypes.double, dataTypes.float16];
  if (!known.includes(elemType))
    throw invalid(
      file,
      `input ${name} is of type ${elemType}; memcell reads numbers; export the model behind what turns it into numbers`,
    );
  const dims = (shape?.dim ?? []).map(({ value }) => (value !== undefined && value > 0 ? value : undefined));
  const integer = elemType === dataTypes.int32 || elemType === dataTypes.int64;
  if (order === 'one row' && dims.length === 1 && integer) {
    return { kind: 'signal', axes: [[{ role: 'time', size: steps ?? dims[0] ?? freeSteps }]], stack: undefined };
  }
  if (order === 'one row' || (dims.length !== 2 && dims.length !== 3)) {
    throw invalid(
      file,
      `input ${name} has ${dims.length} axes; memcell reads sequences: [batch, steps, features] or [batch, steps]`,
    );
  }
  if (order === 'steps last' && dims.length !== 3) throw invalid(file, `input ${name} has no axis behind its features`);
  const [batch, time] = { 'batch first': [0, 1], 'steps first': [1, 0], 'steps last': [0, 2] }[order];
  const axes = dims.map((size, axis): Axis => {
    if (axis === batch) return [{ role: 'batch', size: size ?? freeBatch }];
    // Two axes of float32 are features, unless an Embedding reads them.
    if (axis === time && (dims.length === 3 || integer || size === undefined)) {
      return [{ role: 'time', size: steps ?? size ?? freeSteps }];
    }
    if (size === undefined || size > mostFeatures) {
      throw invalid(
        file,
        `input ${name}: the number of its features is ${size ?? 'not fixed: leave that axis out of the free ones (PyTorch: dynamic_axes, dynamic_shapes)'}`,
      );
    }
    return [{ role: 'feature', size }];
  });
  return { kind: 'signal', axes, stack: undefined };
}

/** An input beside the first. */
export function otherInput(
  graph: GraphProto,
  info: ValueInfoProto,
  order: Order,
  steps: number | undefined,
  file: string,
) {
  const name = info.name ?? '';
  if (holdsStates(graph, name)) return stateInput(info, order, file);
  const { elemType, shape } = info.type?.tensorType ?? {};
  const one = shape?.dim?.length === 1;
  if (one && order !== 'one row' && (elemType === dataTypes.int32 || elemType === dataTypes.int64)) {
    const lengths: Rows = { kind: 'rows', is: 'lengths', sorted: false };
    return { value: lengths, made: [] };
  }
  const two = shape?.dim?.length === 2;
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
function stateInput(info: ValueInfoProto, order: Order, file: string) {
  const name = info.name ?? '';
  const dims = (info.type?.tensorType?.shape?.dim ?? []).map(({ value }) => value ?? 0);
  const [count, , size] = dims;
  if (dims.length !== 3 || !(count >= 1 && count <= MOST_STATES) || !(size >= 1 && size <= mostFeatures)) {
    const what = `holds states of sizes [${dims.slice(0, 8)}], not [layers, batch, features] with layers and features fixed; leave those two axes out of the free ones`;
    throw invalid(file, `input ${JSON.stringify(name.slice(0, 80))} ${what}`);
  }
  const axes: Axis[] = [
    [{ role: 'direction', size: count }],
    order === 'one row' ? [] : [{ role: 'batch', size: freeBatch }],
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

export function inputEnd(name: string, { axes }: Signal, stack: Stack): ReadEnd & { shape: (number | null)[] } {
  const given = axes.map(([atom]) => atom);
  const atoms = ['time', 'feature'].flatMap((role) => given.filter((atom) => atom.role === role));
  const shape = atoms.map(({ role, size }) => (role === 'time' && size === freeSteps ? null : size));
  return { name, stack, shape };
}
