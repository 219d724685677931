/** Several operators that are one: gelu and layer normalization as exporters write them before the versions 20 and 17 of the operators, which have them. */
import { attributeTypes, dataTypes, type GraphProto, type NodeProto } from './proto.js';
import { readTensor } from './tensors.js';

type Nodes = readonly NodeProto[];

/** The graph's nodes, with those joined that are one operator in newer versions. What only they read is left without a reader. */
export function withPatterns(graph: GraphProto): NodeProto[] {
  const gelus = withGelus(graph);
  return withLayerNormalizations({ ...graph, node: gelus });
}

/** One LayerNormalization for each γ·(x − mean)/√(variance + ε) + β over the last axis (Ba et al. 2016, arXiv:1607.06450). */
function withLayerNormalizations(graph: GraphProto): NodeProto[] {
  const nodes = graph.node ?? [];
  const roots = nodes.filter(({ opType }) => opType === 'Sqrt');
  if (roots.length === 0) return [...nodes];
  const search = new Search(graph, nodes);
  const found = new Map<NodeProto, NodeProto>();
  for (const root of roots) {
    const one = search.layerNormalization(root);
    if (!one) continue;
    const attribute = [{ name: 'epsilon', f: one.epsilon, type: attributeTypes.float }];
    const made = { opType: 'LayerNormalization', domain: '', input: [one.x, one.gamma, one.beta], attribute };
    found.set(one.last, { ...one.last, ...made });
  }
  return nodes.map((node) => found.get(node) ?? node);
}

/**
 * The graph's nodes, with one Gelu for each x·½·(1 + erf(x/√2)) in any order of its factors (Hendrycks and Gimpel 2016, arXiv:1606.08415). What
 * only that computed is left without a reader.
 */
function withGelus(graph: GraphProto): NodeProto[] {
  const nodes = graph.node ?? [];
  const erfs = nodes.filter(({ opType }) => opType === 'Erf');
  if (erfs.length === 0) return [...nodes];
  const search = new Search(graph, nodes);
  const gelus = new Map<NodeProto, NodeProto>();
  for (const erf of erfs) {
    const found = search.gelu(erf);
    if (found) gelus.set(found.last, { ...found.last, opType: 'Gelu', domain: '', input: [found.x], attribute: [] });
  }
  return nodes.map((node) => gelus.get(node) ?? node);
}

class Search {
  private readonly makers = new Map<string, NodeProto>();
  private readonly readers = new Map<string, NodeProto[]>();

  constructor(
    private readonly graph: GraphProto,
    nodes: Nodes,
  ) {
    for (const node of nodes) {
      for (const name of node.output ?? []) this.makers.set(name, node);
      for (const name of node.input ?? []) this.readers.set(name, [...(this.readers.get(name) ?? []), node]);
    }
  }

  /** The last node of the gelu that an Erf is in, and what it reads. */
  gelu(erf: NodeProto): { last: NodeProto; x: string } | undefined {
    const x = this.scaled(erf.input?.[0], Math.SQRT1_2);
    const sum = this.reader(erf);
    if (x === undefined || sum?.opType !== 'Add' || this.other(sum, erf) === undefined) return undefined;
    if (this.number(this.other(sum, erf)) !== 1) return undefined;
    const first = this.reader(sum);
    if (first?.opType !== 'Mul') return undefined;
    const factor = this.other(first, sum);
    if (factor !== undefined && this.scaled(factor, 0.5) === x) return { last: first, x };
    const second = this.reader(first);
    if (second?.opType !== 'Mul') return undefined;
    const left = this.other(second, first);
    const halves = (factor === x && this.number(left) === 0.5) || (left === x && this.number(factor) === 0.5);
    return halves ? { last: second, x } : undefined;
  }

  /** What a square root is the deviation in, if it is one of a layer normalization. */
  layerNormalization(root: NodeProto) {
    const sum = this.makers.get(root.input?.[0] ?? '');
    const [variance, small] = sum?.opType === 'Add' ? (sum.input ?? []) : [];
    const epsilon = this.number(small);
    const squares = this.meanOf(variance);
    const square = this.makers.get(squares ?? '');
    const [centred, exponent] = square?.input ?? [];
    const squared =
      (square?.opType === 'Pow' && this.number(exponent) === 2) || (square?.opType === 'Mul' && exponent === centred);
    const difference = this.makers.get(centred ?? '');
    const [x, mean] = difference?.opType === 'Sub' ? (difference.input ?? []) : [];
    const quotient = this.reader(root);
    const divided = quotient?.opType === 'Div' && quotient.input?.[0] === centred;
    if (epsilon === undefined || !squared || x === undefined || this.meanOf(mean) !== x || !divided) return undefined;
    const product = this.reader(quotient);
    const last = product?.opType === 'Mul' ? this.reader(product) : undefined;
    if (!product || last?.opType !== 'Add') return undefined;
    const [gamma, beta] = [this.other(product, quotient), this.other(last, product)];
    return gamma !== undefined && beta !== undefined ? { last, x, gamma, beta, epsilon } : undefined;
  }

  /** What a value is the mean of along the last axis, with that axis kept. */
  private meanOf(name: string | undefined): string | undefined {
    const node = this.makers.get(name ?? '');
    const setting = (which: string) => node?.attribute?.find((attribute) => attribute.name === which);
    const axes = setting('axes')?.ints ?? [this.number(node?.input?.[1])];
    const last = axes.length === 1 && axes[0] === -1;
    return node?.opType === 'ReduceMean' && last && (setting('keepdims')?.i ?? 1) === 1 ? node.input?.[0] : undefined;
  }

  /** What a value is `by` times of. */
  private scaled(name: string | undefined, by: number): string | undefined {
    const node = this.makers.get(name ?? '');
    const [a, b] = node?.input ?? [];
    const near = (value: number | undefined) => value !== undefined && Math.abs(value / by - 1) < 1e-5;
    if (node?.opType === 'Mul') {
      if (near(this.number(b))) return a;
      return near(this.number(a)) ? b : undefined;
    }
    const divisor = node?.opType === 'Div' ? this.number(b) : undefined;
    return divisor !== undefined && near(1 / divisor) ? a : undefined;
  }

  private reader({ output = [] }: NodeProto): NodeProto | undefined {
    const readers = this.readers.get(output[0] ?? '') ?? [];
    return readers.length === 1 ? readers[0] : undefined;
  }

  private other({ input = [] }: NodeProto, { output = [] }: NodeProto): string | undefined {
    return input.find((name) => name !== output[0]);
  }

  /** A single number of the file. */
  private number(name: string | undefined): number | undefined {
    const tensor =
      this.graph.initializer?.find((one) => one.name === name) ??
      this.makers.get(name ?? '')?.attribute?.find((attribute) => attribute.name === 'value')?.t;
    const known = tensor?.dataType === dataTypes.float || tensor?.dataType === dataTypes.int64;
    if (!tensor || !known || (tensor.dims ?? []).some((size) => size !== 1)) return undefined;
    const { data, fill } = readTensor(tensor, 'a number');
    return data?.[0] ?? fill;
  }
}
