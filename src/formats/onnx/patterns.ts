/** Several operators that are one: gelu, softplus and layer normalization as exporters write them before the versions 20 and 17 of the operators, which have them. */
import { attributeTypes, dataTypes, type GraphProto, type NodeProto } from './proto.js';
import { readTensor } from './tensors.js';

type Nodes = readonly NodeProto[];

/** The graph's nodes, with those joined that are one operator in newer versions. What only they read is left without a reader. */
export function withPatterns(graph: GraphProto): NodeProto[] {
  const gelus = withGelus(graph);
  return withSoftpluses(withLayerNormalizations({ ...graph, node: gelus }), graph);
}

/** From here on, log(1 + eˣ) is x to seven digits. */
const LINEAR = 16;

/** One Softplus for each that is x itself above a bound, as PyTorch's newer exporter writes it. */
function withSoftpluses(nodes: NodeProto[], graph: GraphProto): NodeProto[] {
  if (nodes.every(({ opType }) => opType !== 'Where')) return nodes;
  const search = new Search(graph, nodes);
  return nodes.map((node) => {
    const x = node.opType === 'Where' ? search.softplus(node) : undefined;
    return x === undefined ? node : { ...node, opType: 'Softplus', domain: '', input: [x], attribute: [] };
  });
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
    const { last, x, gamma = '', beta, epsilon, axis } = one;
    const attribute = [
      { name: 'epsilon', f: epsilon, type: attributeTypes.float },
      { name: 'axis', i: axis, type: attributeTypes.int },
    ];
    const input = beta === undefined ? [x, gamma] : [x, gamma, beta];
    found.set(last, { ...last, opType: 'LayerNormalization', domain: '', input, attribute });
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

/** Names that one constant has after another. */
const MOST_NAMES = 8;

/** The last of the nodes that scale and shift a value, and the constants that they do it by. */
interface Scaled {
  last: NodeProto;
  gamma?: string | undefined;
  beta?: string | undefined;
}

interface LayerNormalization extends Scaled {
  x: string;
  epsilon: number;
  axis: number;
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
      for (const name of node.input ?? []) {
        const known = this.readers.get(name);
        if (known) known.push(node);
        else this.readers.set(name, [node]);
      }
    }
  }

  /** The last node of the gelu that an Erf is in, and what it reads. */
  gelu(erf: NodeProto): { last: NodeProto; x: string } | undefined {
    const within = this.scaled(erf.input?.[0], Math.SQRT1_2);
    const sum = this.reader(erf);
    // 1 − erf(−x/√2), as TensorFlow has it.
    const negated = sum?.opType === 'Sub' && sum.input?.[1] === erf.output?.[0];
    const x = negated ? this.negativeOf(within) : within;
    if (x === undefined || !(negated || sum?.opType === 'Add')) return undefined;
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

  /** What a choice between a value and its softplus is the softplus of. */
  softplus({ input = [] }: NodeProto): string | undefined {
    const [condition, x, soft] = input;
    const [above, curve] = [this.makers.get(condition ?? ''), this.makers.get(soft ?? '')];
    const isAbove = above?.opType === 'Greater' && above.input?.[0] === x;
    const bound = isAbove ? this.number(above.input?.[1]) : undefined;
    const isSoft = curve?.opType === 'Softplus' && curve.input?.[0] === x;
    return isSoft && bound !== undefined && bound >= LINEAR ? x : undefined;
  }

  /** What a square root is the deviation in, if it is one of a layer normalization. */
  layerNormalization(root: NodeProto): LayerNormalization | undefined {
    const sum = this.makers.get(root.input?.[0] ?? '');
    const sides = sum?.opType === 'Add' ? (sum.input ?? []) : [];
    const small = sides.find((name) => this.number(name) !== undefined);
    const variance = sides.find((name) => name !== small);
    const epsilon = this.number(small);
    const squares = this.meanOf(variance);
    const square = this.makers.get(squares?.of ?? '');
    const [centred, exponent] = square?.input ?? [];
    const squared =
      (square?.opType === 'Pow' && this.number(exponent) === 2) || (square?.opType === 'Mul' && exponent === centred);
    const difference = this.makers.get(centred ?? '');
    const [x, mean] = difference?.opType === 'Sub' ? (difference.input ?? []) : [];
    const means = this.meanOf(mean);
    const isOne = means !== undefined && means.of === x && means.axis === squares?.axis;
    if (epsilon === undefined || !squared || !isOne || x === undefined || mean === undefined) return undefined;
    const found = this.divided(root, { x, mean, centred });
    return found && { ...found, x, epsilon, axis: means.axis };
  }

  /** What divides by a root: (x − mean)/root, or x/root − mean/root as Keras computes it on TensorFlow, with γ and β in any place. */
  private divided(root: NodeProto, given: { x: string; mean: string; centred: string }): Scaled | undefined {
    const first = this.reader(root);
    if (first?.opType === 'Div' && first.input?.[1] === root.output?.[0] && this.number(first.input?.[0]) !== 1) {
      const [above] = first.input ?? [];
      if (above === given.centred) return this.scaledAndShifted(first);
      const product = this.makers.get(above ?? '');
      const gamma = product?.opType === 'Mul' ? this.besides(product, given.centred) : undefined;
      return gamma === undefined ? undefined : this.scaledAndShifted(first, gamma);
    }
    const inverse = first?.opType === 'Reciprocal' || first?.opType === 'Div' ? first : undefined;
    if (!inverse) return undefined;
    const next = this.reader(inverse);
    const gamma = next?.opType === 'Mul' ? this.besides(next, inverse.output?.[0]) : undefined;
    const factor = gamma !== undefined && next ? next : inverse;
    const products = this.readers.get(factor.output?.[0] ?? '') ?? [];
    if (products.some(({ opType }) => opType !== 'Mul')) return undefined;
    const [product, shift] = products;
    if (products.length === 1) {
      return this.other(product, factor) === given.centred ? this.scaledAndShifted(product, gamma) : undefined;
    }
    if (products.length !== 2) return undefined;
    return this.other(product, factor) === given.x
      ? this.shifted(product, shift, factor, given.mean, gamma)
      : this.shifted(shift, product, factor, given.mean, gamma);
  }

  /** What ends x·f + (β − mean·f), where mean·f may have its sign from either. */
  private shifted(
    product: NodeProto,
    shift: NodeProto,
    factor: NodeProto,
    mean: string,
    gamma?: string,
  ): Scaled | undefined {
    const last = this.reader(product);
    const rest = last?.opType === 'Add' ? this.makers.get(this.other(last, product) ?? '') : undefined;
    if (!last || !rest) return undefined;
    const by = this.other(shift, factor);
    const negated = this.makers.get(by ?? '');
    const isNegative = negated?.opType === 'Neg' && negated.input?.[0] === mean;
    if (isNegative && rest === shift) return { last, gamma };
    const [first, second] = rest.input ?? [];
    if (isNegative && rest.opType === 'Add') {
      const beta = this.besides(rest, shift.output?.[0]);
      return beta === undefined ? undefined : { last, gamma, beta };
    }
    const isLess = by === mean && rest.opType === 'Sub' && second === shift.output?.[0] && this.isPerFeature(first);
    return isLess ? { last, gamma, beta: first } : undefined;
  }

  /** A node with the product and the sum of constants behind it. */
  private scaledAndShifted(start: NodeProto, before?: string): Scaled {
    let last = start;
    let gamma = before;
    const product = this.reader(last);
    const factor = product?.opType === 'Mul' ? this.besides(product, last.output?.[0]) : undefined;
    if (gamma === undefined && product && factor !== undefined) {
      gamma = factor;
      last = product;
    }
    const sum = this.reader(last);
    const beta = sum?.opType === 'Add' ? this.besides(sum, last.output?.[0]) : undefined;
    return sum && beta !== undefined ? { last: sum, gamma, beta } : { last, gamma };
  }

  /** The constant, of one number for each feature, that a node has beside a value. */
  private besides({ input = [] }: NodeProto, value: string | undefined): string | undefined {
    const other = input.find((name) => name !== value);
    return input.includes(value ?? '') && this.isPerFeature(other) ? other : undefined;
  }

  private isPerFeature(name: string | undefined): boolean {
    const sizes = this.constant(name)?.dims?.map(Number);
    return sizes?.slice(0, -1).every((size) => size === 1) ?? false;
  }

  /** What a value is the mean of along one axis, with that axis kept. */
  private meanOf(name: string | undefined): { of: string | undefined; axis: number } | undefined {
    const node = this.makers.get(name ?? '');
    if (node?.opType !== 'ReduceMean') return undefined;
    const setting = (which: string) => node.attribute?.find((attribute) => attribute.name === which);
    const [axis, ...others] = setting('axes')?.ints ?? [this.number(node.input?.[1])];
    const keepdims = setting('keepdims');
    if (axis === undefined || others.length > 0 || (keepdims && keepdims.i !== 1)) return undefined;
    return { of: node.input?.[0], axis: Number(axis) };
  }

  private negativeOf(name: string | undefined): string | undefined {
    const node = this.makers.get(name ?? '');
    return node?.opType === 'Neg' ? node.input?.[0] : undefined;
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

  /** A constant, which the older exporter of PyTorch may give by another name. */
  private constant(name: string | undefined) {
    let at = name;
    let maker = this.makers.get(at ?? '');
    for (let i = 0; maker?.opType === 'Identity' && i < MOST_NAMES; i++) {
      at = maker.input?.[0];
      maker = this.makers.get(at ?? '');
    }
    return (
      this.graph.initializer?.find((one) => one.name === at) ??
      maker?.attribute?.find((attribute) => attribute.name === 'value')?.t
    );
  }

  /** A single number of the file. */
  private number(name: string | undefined): number | undefined {
    const tensor = this.constant(name);
    const known = tensor?.dataType === dataTypes.float || tensor?.dataType === dataTypes.int64;
    if (!tensor || !known || (tensor.dims ?? []).some((size) => size !== 1)) return undefined;
    const { data, fill } = readTensor(tensor, 'a number');
    return data?.[0] ?? fill;
  }
}
