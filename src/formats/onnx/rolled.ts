/**
 * Recurrent layers that an exporter has written step by step: hₜ = f(xₜ·W + b + hₜ₋₁·R + c) for each step of a fixed number, as PyTorch's newer
 * exporter does for nn.RNN. Each chain of such steps becomes one RNN operator.
 */
import { text } from './builder.js';
import { attributeTypes, type GraphProto, type NodeProto, type TensorProto } from './proto.js';
import { floatTensor, readTensor } from './tensors.js';

/** The attribute that says for how many steps a chain was. */
export const UNROLLED = 'memcell_steps';

/** More steps or units than this are left as they stand. */
const MOST = 4096;

const FUNCTIONS: Record<string, string> = { Tanh: 'Tanh', Relu: 'Relu' };

interface Step {
  node: NodeProto;
  before: string;
  recurrent: string;
  bias: string | undefined;
  sequence: string;
  place: number;
}

export function rolledUp(graph: GraphProto): GraphProto {
  const search = new Steps(graph);
  const chains = search.chains();
  if (chains.length === 0) return graph;
  const replaced = new Map<NodeProto, NodeProto>();
  const initializer = [...(graph.initializer ?? [])];
  for (const [at, chain] of chains.entries()) {
    const made = search.operator(chain, `memcell_rolled_${at}`);
    if (!made) continue;
    initializer.push(...made.tensors);
    for (const [node, by] of made.replaced) replaced.set(node, by);
  }
  return { ...graph, initializer, node: (graph.node ?? []).map((node) => replaced.get(node) ?? node) };
}

class Steps {
  private readonly makers = new Map<string, NodeProto>();
  private readonly tensors = new Map<string, TensorProto>();

  constructor(private readonly graph: GraphProto) {
    for (const tensor of graph.initializer ?? []) this.tensors.set(tensor.name ?? '', tensor);
    for (const node of graph.node ?? []) {
      for (const name of node.output ?? []) this.makers.set(name, node);
      const value = node.opType === 'Constant' ? node.attribute?.find(({ name }) => name === 'value')?.t : undefined;
      if (value) this.tensors.set(node.output?.[0] ?? '', value);
    }
  }

  /** Steps 0, 1, 2 … of a sequence, each of the state that the one before it gives. */
  chains(): Step[][] {
    const byBefore = new Map<string, Step[]>();
    const firsts: Step[] = [];
    for (const node of this.graph.node ?? []) {
      const step = Object.hasOwn(FUNCTIONS, node.opType ?? '') ? this.step(node) : undefined;
      if (!step) continue;
      if (step.place === 0) firsts.push(step);
      else byBefore.set(step.before, [...(byBefore.get(step.before) ?? []), step]);
    }
    return firsts.flatMap((first) => {
      const chain = [first];
      while (chain.length < MOST) {
        const { node, recurrent, bias, sequence, place } = chain[chain.length - 1];
        const next = byBefore.get(outputOf(node)) ?? [];
        const [one] = next;
        const same =
          next.length === 1 &&
          one.node.opType === node.opType &&
          one.recurrent === recurrent &&
          one.bias === bias &&
          one.sequence === sequence &&
          one.place === place + 1;
        if (!same) break;
        chain.push(one);
      }
      return chain.length > 1 ? [chain] : [];
    });
  }

  private step(node: NodeProto): Step | undefined {
    for (const [x, sum] of this.termsOf(node.input?.[0])) {
      const piece = this.piece(x);
      if (!piece) continue;
      for (const [product, bias] of [[sum, undefined] as const, ...this.termsOf(sum)]) {
        const { opType, input: [before, recurrent] = [] } = this.makers.get(product) ?? {};
        const known =
          opType === 'MatMul' && this.tensors.has(recurrent) && (bias === undefined || this.tensors.has(bias));
        if (known) return { node, before, recurrent, bias, ...piece };
      }
    }
    return undefined;
  }

  /** The two terms of a sum, in either order. */
  private termsOf(name: string | undefined): [string, string][] {
    const node = this.makers.get(name ?? '');
    const [a, b] = node?.input ?? [];
    return node?.opType === 'Add' && a !== undefined && b !== undefined
      ? [
          [a, b],
          [b, a],
        ]
      : [];
  }

  /** One element of a first axis, which is dropped. */
  private piece(name: string): { sequence: string; place: number } | undefined {
    const node = this.makers.get(name);
    if (node?.opType === 'Gather' && this.axisOf(node) === 0) return this.at(node.input?.[0], node.input?.[1]);
    if (node?.opType !== 'Squeeze' || this.number(node.input?.[1]) !== 0) return undefined;
    const cut = this.makers.get(node.input?.[0] ?? '');
    const [sequence, start, end, axis, step] = cut?.opType === 'Slice' ? (cut.input ?? []) : [];
    const place = this.number(start);
    const one = place !== undefined && place >= 0 && this.number(end) === place + 1 && this.number(axis) === 0;
    return sequence !== undefined && one && [undefined, 1].includes(step === undefined ? 1 : this.number(step))
      ? { sequence, place }
      : undefined;
  }

  private at(sequence: string | undefined, index: string | undefined) {
    const place = this.number(index);
    return sequence !== undefined && place !== undefined && place >= 0 ? { sequence, place } : undefined;
  }

  private axisOf(node: NodeProto): number {
    return node.attribute?.find(({ name }) => name === 'axis')?.i ?? 0;
  }

  /** One operator in the place of the last step, and the states that are joined as its output. */
  operator(chain: Step[], name: string): { tensors: TensorProto[]; replaced: [NodeProto, NodeProto][] } | undefined {
    const [{ before, recurrent, bias, sequence, node }] = chain;
    const last = chain[chain.length - 1].node;
    const turned = this.makers.get(sequence);
    const [from, start, end, axis, step] = turned?.opType === 'Slice' ? (turned.input ?? []) : [];
    const reverse =
      this.number(step) === -1 &&
      this.number(axis) === 0 &&
      this.number(start) === -1 &&
      (this.number(end) ?? 0) < -MOST;
    const under = this.linear(reverse ? from : sequence);
    const R = this.matrix(recurrent);
    const units = R?.shape[1] ?? 0;
    if (!under || !R || R.shape[0] !== units || under.W.shape[1] !== units || units > MOST) return undefined;
    const c = this.vector(bias, units);
    if (!c || under.b.length !== units) return undefined;
    const tensors = [
      floatTensor(`${name}_W`, [1, units, under.W.shape[0]], transposed(under.W)),
      floatTensor(`${name}_R`, [1, units, units], transposed(R)),
      floatTensor(`${name}_B`, [1, 2 * units], [...under.b, ...c]),
    ];
    const attribute = [
      { name: 'direction', ...text(reverse ? 'reverse' : 'forward') },
      {
        name: 'activations',
        strings: [new TextEncoder().encode(FUNCTIONS[node.opType ?? ''])],
        type: attributeTypes.strings,
      },
      { name: UNROLLED, i: chain.length, type: attributeTypes.int },
    ];
    const input = [under.x, ...tensors.map((tensor) => tensor.name ?? ''), '', before];
    const made = { ...last, opType: 'RNN', input, output: [`${name}_Y`, outputOf(last)], attribute };
    const states = chain.map((each) => outputOf(each.node));
    const wanted = JSON.stringify(reverse ? states.toReversed() : states);
    const joins = (this.graph.node ?? []).filter(
      (each) => each.opType === 'Concat' && this.axisOf(each) === 0 && JSON.stringify(each.input) === wanted,
    );
    const axes = [{ name: 'axes', ints: [1], type: attributeTypes.ints }];
    return {
      tensors,
      replaced: [
        [last, made],
        ...joins.map((join): [NodeProto, NodeProto] => [
          join,
          { ...join, opType: 'Squeeze', input: [`${name}_Y`], attribute: axes },
        ]),
      ],
    };
  }

  /** x·W + b, with W and b in the file. */
  private linear(name: string | undefined) {
    for (const [product, bias] of [[name, undefined] as const, ...this.termsOf(name)]) {
      const { opType, input: [x, kernel] = [] } = this.makers.get(product ?? '') ?? {};
      const W = opType === 'MatMul' ? this.matrix(kernel) : undefined;
      const b = W && this.vector(bias, W.shape[1]);
      if (W && b) return { x, W, b };
    }
    return undefined;
  }

  private matrix(name: string) {
    const tensor = this.tensors.get(name);
    const read = tensor && readTensor(tensor, 'a matrix');
    return read?.data && read.shape.length === 2 ? { shape: read.shape, data: read.data } : undefined;
  }

  private vector(name: string | undefined, size: number): Float32Array | Float64Array | undefined {
    if (name === undefined) return new Float32Array(size);
    const tensor = this.tensors.get(name);
    const read = tensor && readTensor(tensor, 'a vector');
    return read && (read.shape.length !== 1 || read.shape[0] !== size) ? undefined : read?.data;
  }

  /** A single whole number of the file. */
  private number(name: string | undefined): number | undefined {
    const tensor = name ? this.tensors.get(name) : undefined;
    if (!tensor || (tensor.dims ?? []).some((size) => size !== 1)) return undefined;
    const { data, fill } = readTensor(tensor, 'a number');
    return data?.[0] ?? fill;
  }
}

function outputOf({ output = [] }: NodeProto): string {
  return output[0] ?? '';
}

function transposed({ shape: [rows, columns], data }: { shape: number[]; data: ArrayLike<number> }): Float32Array {
  const made = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) made[c * rows + r] = data[r * columns + c];
  return made;
}
