/** Graphs by hand, as files. */
import { type AttributeProto, encodeModel, type NodeProto, type TensorProto } from '../../../src/formats/onnx/proto.js';
import { intTensor } from '../../../src/formats/onnx/tensors.js';

export type Attributes = Record<string, Omit<AttributeProto, 'name'>>;

/** A node that is called as its operator; of several, the last. */
export const node = (
  opType: string,
  input: string[],
  output: string | string[],
  attributes: Attributes = {},
): NodeProto => ({
  opType,
  name: opType,
  input,
  output: [output].flat(),
  attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...value })),
});

/** An input: its sizes, free ones by their names, and its type, float if it is left out. */
export type End = [name: string, dims: (number | string)[], type?: number];

export interface Graph {
  nodes: NodeProto[];
  tensors?: TensorProto[];
  /** x [batch, steps, 3] if they are left out. */
  inputs?: End[];
  outputs?: string[];
  opset?: number;
}

/** A file of a graph, in which the lists 'zero', 'one' and 'two' are numbers too. */
export function fileOf({
  nodes,
  tensors = [],
  inputs = [['x', ['batch', 'steps', 3]]],
  outputs = ['y'],
  opset = 18,
}: Graph): Uint8Array {
  const named = nodes.map((one, i) => {
    const isLast = nodes.findLastIndex(({ name }) => name === one.name) === i;
    return isLast ? one : { ...one, name: `${one.name} ${i}` };
  });
  const lists = [intTensor('zero', [1], [0]), intTensor('one', [1], [1]), intTensor('two', [1], [2])];
  const used = lists.filter(({ name }) => nodes.some(({ input = [] }) => input.includes(name ?? '')));
  const dim = (size: number | string) => (typeof size === 'number' ? { value: size } : { param: size });
  return encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      name: 'g',
      node: named,
      initializer: [...used, ...tensors],
      input: inputs.map(([name, dims, elemType = 1]) => ({
        name,
        type: { tensorType: { elemType, shape: { dim: dims.map(dim) } } },
      })),
      output: outputs.map((name) => ({ name, type: { tensorType: { elemType: 1 } } })),
    },
  });
}
