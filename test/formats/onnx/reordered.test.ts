/** The order of nodes in a file, and of the two sides of a sum or product, says nothing: any that could be computed reads the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { decodeModel, encodeModel, type GraphProto, type NodeProto } from '../../../src/formats/onnx/proto.js';
import { Random } from '../../../src/random.js';
import { loadModel } from '../../../src/sequential.js';

const files = ['tf2onnx', 'onnx'].flatMap((name) => {
  const folder = fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
  return readdirSync(folder)
    .filter((file) => file.endsWith('.onnx'))
    .map((file) => join(folder, file));
});

/** The nodes in another order in which each stands behind what it reads. */
function inAnotherOrder(nodes: readonly NodeProto[], random: Random): NodeProto[] {
  const made = new Set(nodes.flatMap(({ output = [] }) => output));
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

function reordered(bytes: Uint8Array, seed: number): Uint8Array {
  const random = new Random(seed);
  const file = decodeModel(bytes);
  const graph: GraphProto = file.graph ?? {};
  const turned = (graph.node ?? []).map((node) =>
    commutes.has(node.opType ?? '') && random.uniform() < 0.5 ? { ...node, input: node.input?.toReversed() } : node,
  );
  return encodeModel({ ...file, graph: { ...graph, node: inAnotherOrder(turned, random) } });
}

test.each(files.map((file) => [file.split('/').slice(-2).join('/'), file]))('%s', async (_, file) => {
  const bytes = readFileSync(file);
  const model = await loadModel(bytes);
  const kinds = (one: typeof model) => one.layers.map((layer) => layer.getClassName());
  const x = model.inputs.map(({ shape }) => {
    const sizes = shape.map((size, axis) => size ?? (axis === 0 ? 2 : 5));
    const data = Float32Array.from({ length: sizes.reduce((a, b) => a * b) }, (__, i) =>
      Math.floor(3 * Math.abs(Math.sin(i))),
    );
    return { shape: sizes, data };
  });
  const expected = await model.predict(x.length === 1 ? x[0] : x);
  for (const seed of [1, 2, 3]) {
    const other = await loadModel(reordered(bytes, seed));
    expect(kinds(other)).toEqual(kinds(model));
    expect(await other.predict(x.length === 1 ? x[0] : x)).toEqual(expected);
    other.dispose();
  }
  model.dispose();
});
