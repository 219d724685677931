/** Files that say the same in another way. */
import { expect } from '@jest/globals';
import {
  type AttributeProto,
  decodeModel,
  encodeModel,
  type GraphProto,
  type NodeProto,
} from '../../../src/formats/onnx/proto.js';
import { Random } from '../../../src/random.js';
import { loadModel } from '../../../src/sequential.js';
import { largest, type Numbers } from './runtime.js';

/** The nodes in another order in which each stands behind what it reads. */
function inAnotherOrder(nodes: readonly NodeProto[], random: Random): NodeProto[] {
  const made = new Set(nodes.flatMap(({ output = [] }) => output).filter((name) => name !== ''));
  const left = [...nodes];
  const ordered: NodeProto[] = [];
  while (left.length > 0) {
    const ready = left.filter(({ input = [] }) => input.every((name) => !made.has(name)));
    const next = ready[Math.floor(random.uniform() * ready.length)];
    left.splice(left.indexOf(next), 1);
    for (const name of next.output ?? []) made.delete(name);
    ordered.push(next);
  }
  return ordered;
}

const commutes = new Set(['Add', 'Mul']);

/** A setting without its number where that is 0, as some write it. */
function withoutZeros({ i, f, ...attribute }: AttributeProto): AttributeProto {
  return { ...attribute, ...(i !== 0 && { i }), ...(f !== 0 && { f }) };
}

function reordered(bytes: Uint8Array, seed: number): Uint8Array {
  const random = new Random(seed);
  const file = decodeModel(bytes);
  const graph: GraphProto = file.graph ?? {};
  const turned = (graph.node ?? []).map((node) =>
    commutes.has(node.opType ?? '') && random.uniform() < 0.5 ? { ...node, input: node.input?.toReversed() } : node,
  );
  // Nodes and tensors that say nothing change nothing.
  const node = [...inAnotherOrder(turned, random), {}].map(({ attribute = [], ...each }) => ({
    ...each,
    attribute: attribute.map(withoutZeros),
  }));
  return encodeModel({ ...file, graph: { ...graph, node, initializer: [{}, ...(graph.initializer ?? [])] } });
}

/** That the file reads, and gives `expected` of x, whatever the order of its nodes and of the sides of its sums and products, and where zeros are left out. */
export async function expectInAnyOrder(
  bytes: Uint8Array,
  x: Numbers | Numbers[],
  expected: Numbers | Numbers[],
): Promise<void> {
  for (const seed of [1, 2, 3]) {
    const model = await loadModel(reordered(bytes, seed));
    const made = [await model.predict<Numbers | Numbers[]>(x)].flat();
    model.dispose();
    [expected].flat().forEach((one, i) => {
      expect(made[i].shape).toEqual(one.shape);
      expect(largest(made[i], one)).toBeLessThan(1e-5);
    });
  }
}
