import { usageError } from '../../errors.js';
import { type AttributeProto, attributeTypes, type NodeProto, type TensorProto } from './proto.js';
import { floatTensor, intTensor } from './tensors.js';

type AttributeValue = Omit<AttributeProto, 'name'>;

export const int = (i: number): AttributeValue => ({ i, type: attributeTypes.int });
export const ints = (values: readonly number[]): AttributeValue => ({ ints: [...values], type: attributeTypes.ints });
export const float = (f: number): AttributeValue => ({ f, type: attributeTypes.float });
export const floats = (values: readonly number[]): AttributeValue => ({
  floats: [...values],
  type: attributeTypes.floats,
});
export const text = (value: string): AttributeValue => ({
  s: new TextEncoder().encode(value),
  type: attributeTypes.string,
});
export const texts = (values: readonly string[]): AttributeValue => ({
  strings: values.map((value) => new TextEncoder().encode(value)),
  type: attributeTypes.strings,
});

/** Nodes and weights of a graph in the making: values have names, each given once, and every node stands after what it reads. */
export class GraphBuilder {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  private readonly taken = new Set<string>();
  private readonly shared = new Map<string, string>();

  /** @param reserved names of the graph's inputs and outputs */
  constructor(reserved: readonly string[]) {
    for (const name of reserved) this.taken.add(name);
  }

  /** One operator; the name of its last output. `wanted`: its outputs, false for those left out that may be left out. */
  op(
    opType: string,
    input: readonly string[],
    attributes: Record<string, AttributeValue> = {},
    { scope = '', wanted = [true] }: { scope?: string; wanted?: readonly boolean[] } = {},
  ): string {
    return this.ops(opType, input, attributes, { scope, wanted }).at(-1) ?? '';
  }

  /** The names of all of an operator's outputs, '' for those left out. */
  ops(
    opType: string,
    input: readonly string[],
    attributes: Record<string, AttributeValue>,
    { scope, wanted }: { scope: string; wanted: readonly boolean[] },
  ): string[] {
    const name = this.fresh(`${scope}${opType}`);
    const output = wanted.map((want, index) => (want ? `${name}:${index}` : ''));
    for (const each of output) if (each) this.taken.add(each);
    const attribute = Object.entries(attributes).map(([key, value]) => ({ name: key, ...value }));
    this.nodes.push({ input: [...input], output, name, opType, attribute });
    return output;
  }

  /** Makes `to`, a name that was reserved, the name of a value. */
  rename(value: string, to: string): void {
    this.nodes.push({ input: [value], output: [to], name: this.fresh('output'), opType: 'Identity', attribute: [] });
  }

  /** Weights by a name; those of a layer that is called again are there already. */
  weight(name: string, shape: readonly number[], data: ArrayLike<number>): string {
    const known = this.initializers.find((tensor) => tensor.name === name);
    const tensor = floatTensor(name, [...shape], data);
    if (known && JSON.stringify(known.dims) === JSON.stringify(tensor.dims) && sameBytes(known, tensor)) return name;
    if (this.taken.has(name)) throw usageError(`two weights are named ${name}; rename a layer`);
    this.taken.add(name);
    this.initializers.push(tensor);
    return name;
  }

  /** A list of whole numbers, as shapes and axes are given. */
  list(...values: number[]): string {
    return this.constant(`ints_${values.join('_')}`, () => intTensor('', [values.length], values));
  }

  wholeNumber(value: number): string {
    return this.constant(`int_${value}`, () => intTensor('', [], [value]));
  }

  number(value: number): string {
    return this.constant(`float_${value}`, () => floatTensor('', [], [value]));
  }

  numbers(...values: number[]): string {
    return this.constant(`floats_${values.join('_')}`, () => floatTensor('', [values.length], values));
  }

  private constant(key: string, make: () => TensorProto): string {
    const known = this.shared.get(key);
    if (known !== undefined) return known;
    const name = this.fresh(key);
    this.initializers.push({ ...make(), name });
    this.shared.set(key, name);
    return name;
  }

  private fresh(base: string): string {
    let name = base;
    for (let index = 1; this.taken.has(name); index++) name = `${base}_${index}`;
    this.taken.add(name);
    return name;
  }
}

function sameBytes({ rawData: one }: TensorProto, { rawData: other }: TensorProto): boolean {
  return one !== undefined && one.length === other?.length && one.every((byte, at) => byte === other[at]);
}
