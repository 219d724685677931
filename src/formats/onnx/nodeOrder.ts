/** A graph's nodes, each behind those that give what it reads; converters write them in another order too, and runtimes take that. */
import type { NodeProto } from './proto.js';

/** In the file's order where that is one; else as Kahn (1962) sorts, in time linear in nodes and edges. Nodes in a circle stay at the end. */
export function nodesInOrder(nodes: readonly NodeProto[]): readonly NodeProto[] {
  const makers = new Map<string, number>();
  for (const [at, { output = [] }] of nodes.entries()) {
    for (const name of output) if (name !== '' && !makers.has(name)) makers.set(name, at);
  }
  const makersOf = ({ input = [] }: NodeProto) =>
    new Set(input.flatMap((name) => (name === '' ? [] : (makers.get(name) ?? []))));
  if (nodes.every((node, at) => [...makersOf(node)].every((maker) => maker < at))) return nodes;
  const waitsFor: number[] = [];
  const readers: number[][] = nodes.map(() => []);
  for (const [at, node] of nodes.entries()) {
    const own = makersOf(node);
    waitsFor.push(own.size);
    for (const maker of own) readers[maker].push(at);
  }
  const order = [...nodes.keys()].filter((at) => waitsFor[at] === 0);
  for (const at of order) for (const reader of readers[at]) if (--waitsFor[reader] === 0) order.push(reader);
  const circle = [...nodes.keys()].filter((at) => waitsFor[at] > 0);
  return [...order, ...circle].map((at) => nodes[at]);
}
