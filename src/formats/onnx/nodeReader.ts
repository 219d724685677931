import { elements } from '../../data/array.js';
import { shownName } from '../../format.js';
import { invalid } from '../modelJson.js';
import { numbersOf } from './fold.js';
import type { AttributeProto, NodeProto } from './proto.js';
import type { Signal, Value } from './signals.js';
import { type Constant, readTensor } from './tensors.js';

/** No array of more axes is read. */
const mostAxes = 8;

/** No list of axes or sizes is longer. */
const mostListed = 64;

/** What to do about an operator that is not read. */
const withoutIt = 'export the model without it, or build its layers and read their weights with loadWeights';

/** What to do about scores, which an attention gives beside what it attends to. */
export const withoutScores = 'export the model without them (PyTorch: need_weights=False)';

/** A part of an axis: `count` elements from `start` on, `step` apart. */
export interface Cut {
  axis: number;
  start: number;
  step: number;
  count: number;
}

/** One node: its inputs and attributes, each checked when it is asked for. */
export class NodeReader {
  readonly opType: string;
  readonly outputs: string[];
  readonly where: string;
  private readonly attributes: Map<string, AttributeProto>;

  constructor(
    { opType = '', output = [], name = '', attribute = [] }: NodeProto,
    readonly inputs: (Value | undefined)[],
    file: string,
    readonly opset: number,
    /** Counts the numbers that are made: there may not be more than the file's size warrants. */
    readonly spend: (count: number) => void,
  ) {
    this.opType = opType;
    this.outputs = output;
    const title = name || output.find((each) => each !== '') || '?';
    this.where = `${file}: node ${JSON.stringify(title.slice(0, 80))} (${shownName(opType)})`;
    this.attributes = new Map(attribute.map((each) => [each.name ?? '', each]));
  }

  /** What no layer of memcell does, and what to do about it. */
  error(what: string, remedy = withoutIt): Error {
    return invalid(this.where, `${what}; ${remedy}`);
  }

  /** What no exporter writes. */
  damaged(what: string): Error {
    return this.error(
      what,
      'the file is damaged, or its graph is none: check it with onnx.checker, or export it again',
    );
  }

  signal(index: number): Signal {
    const value = this.inputs[index];
    if (value?.kind === 'signal') return value;
    if (value?.kind === 'scores')
      throw this.error('it reads the scores of an attention, which no layer gives', withoutScores);
    if (value?.kind === 'largest')
      throw this.error(`it reads what ${value.where} gives: places, which are no outputs of a layer`);
    if (value?.kind === 'rows')
      throw this.error('it reads the lengths of the sequences, which memcell knows of packed sequences alone');
    if (value?.kind === 'weighted') throw this.error('it reads steps times their weights, which are not summed');
    throw this.error(`its input ${index} does not come from the model's input`);
  }

  constant(): Constant;
  constant(index: number, what: string): Constant;
  constant(index?: number, what?: string): Constant {
    if (index === undefined) return this.given();
    const value = this.inputs[index];
    if (value?.kind === 'constant' && value.triangle) throw this.error(`its ${what} is a mask`);
    if (value?.kind === 'constant') return value;
    throw this.error(`its ${what} ${value ? "is computed from the model's input" : 'is missing'}`);
  }

  optional(index: number, what: string): Constant | undefined {
    return this.inputs[index] === undefined ? undefined : this.constant(index, what);
  }

  /** The value of a Constant node. */
  private given(): Constant {
    const tensor = this.tensor('value');
    if (tensor) return tensor;
    for (const [name, integer] of [
      ['value_int', true],
      ['value_float', false],
      ['value_ints', true],
      ['value_floats', false],
    ] as const) {
      const attribute = this.attributes.get(name);
      if (!attribute) continue;
      const list = integer ? attribute.ints : attribute.floats;
      const values = name.endsWith('s') ? (list ?? []) : [(integer ? attribute.i : attribute.f) ?? 0];
      const data = integer ? Float64Array.from(values) : Float32Array.from(values);
      return { kind: 'constant', shape: name.endsWith('s') ? [values.length] : [], integer, data, fill: 0 };
    }
    throw this.damaged('it has no numbers');
  }

  has(name: string): boolean {
    return this.attributes.has(name);
  }

  int(name: string, otherwise: number): number {
    return this.attributes.has(name) ? (this.attributes.get(name)?.i ?? 0) : otherwise;
  }

  optionalInt(name: string): number | undefined {
    return this.attributes.has(name) ? (this.attributes.get(name)?.i ?? 0) : undefined;
  }

  float(name: string, otherwise: number): number {
    return this.attributes.has(name) ? (this.attributes.get(name)?.f ?? 0) : otherwise;
  }

  text(name: string, otherwise: string): string {
    const bytes = this.attributes.get(name)?.s;
    return bytes ? new TextDecoder().decode(bytes) : otherwise;
  }

  ints(name: string): number[] | undefined {
    if (!this.attributes.has(name)) return undefined;
    const values = this.attributes.get(name)?.ints ?? [];
    if (values.length > mostListed) throw this.damaged(`its ${name} are ${values.length} numbers`);
    return values;
  }

  floats(name: string): number[] {
    return this.attributes.get(name)?.floats ?? [];
  }

  texts(name: string): string[] | undefined {
    return this.attributes.get(name)?.strings?.map((bytes) => new TextDecoder().decode(bytes));
  }

  tensor(name: string): Constant | undefined {
    const tensor = this.attributes.get(name)?.t;
    return tensor && readTensor(tensor, this.where);
  }

  /** An axis as an attribute names it, from either end. */
  axis(name: string, rank: number, otherwise: number | undefined): number {
    const given = this.optionalInt(name) ?? otherwise;
    if (given === undefined) throw this.damaged(`${name} is missing`);
    return this.onAxis(given, rank);
  }

  private onAxis(given: number, rank: number): number {
    const axis = given < 0 ? given + rank : given;
    if (Number.isInteger(axis) && axis >= 0 && axis < rank) return axis;
    throw this.damaged(`axis ${given} is none of ${rank}`);
  }

  /** Axes from the attribute of older versions, or from an input; undefined where neither is there. */
  axes(input: number, rank: number): number[] | undefined {
    const given = this.ints('axes') ?? this.list(input, 'list of axes');
    return given?.map((axis) => this.onAxis(axis, rank));
  }

  /** An input that is a list of whole numbers; undefined if it is not there. */
  list(input: number, what: string): number[] | undefined {
    const constant = this.optional(input, what);
    if (!constant) return undefined;
    if (elements(constant.shape) > mostListed) throw this.error(`its ${what} is too long`);
    return [...numbersOf(constant, this)];
  }

  perm(rank: number): number[] {
    const perm = this.ints('perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
    const valid =
      perm.length === rank && perm.every((axis, at) => axis >= 0 && axis < rank && perm.indexOf(axis) === at);
    if (!valid) throw this.damaged(`perm [${perm.slice(0, mostAxes)}] is no order of ${rank} axes`);
    return perm;
  }

  /** The shape that Reshape asks for, 0 and -1 resolved. */
  reshaped(shape: readonly number[]): number[] {
    const target = this.ints('shape') ?? this.list(1, 'shape') ?? [];
    if (target.length > mostAxes) throw this.error('its shape has too many axes');
    const copied = target.map((size, axis) =>
      size === 0 && this.int('allowzero', 0) === 0 ? (shape[axis] ?? 0) : size,
    );
    const rest = elements(copied.filter((size) => size !== -1));
    const total = elements(shape);
    const made = copied.map((size) => (size === -1 ? total / rest : size));
    if (elements(made) === total && made.every((size) => Number.isSafeInteger(size) && size >= 0)) return made;
    throw this.damaged(`an array of shape [${shape}] does not reshape to [${target}]`);
  }

  flattened(shape: readonly number[]): number[] {
    const given = this.int('axis', 1);
    const axis = given < 0 ? given + shape.length : given;
    return [elements(shape.slice(0, axis)), elements(shape.slice(axis))];
  }

  /** `items` with `one` where new axes stand. */
  unsqueezed<Item>(items: readonly Item[], one: Item): Item[] {
    const count = (this.ints('axes') ?? this.list(1, 'list of axes') ?? []).length;
    const rank = items.length + count;
    if (rank > mostAxes) throw this.error('its result has too many axes');
    const axes = this.axes(1, rank) ?? [];
    if (new Set(axes).size < axes.length) throw this.damaged(`axes [${axes}] name one twice`);
    const rest = items[Symbol.iterator]();
    return Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? one : (rest.next().value as Item)));
  }

  /** What Slice takes of each axis, those left out that it takes whole. */
  slices(shape: readonly number[]): Cut[] {
    const starts = this.ints('starts') ?? this.list(1, 'starts') ?? [];
    const ends = this.ints('ends') ?? this.list(2, 'ends') ?? [];
    const axes = this.axes(3, shape.length) ?? starts.map((_, axis) => axis);
    const steps = this.list(4, 'steps') ?? starts.map(() => 1);
    const cuts = axes.map((axis, at) => {
      const size = shape[axis];
      const step = steps[at];
      if (size === undefined || !step || starts[at] === undefined || ends[at] === undefined) {
        throw this.damaged('starts, ends and axes do not fit each other');
      }
      const inside = (value: number) => {
        const place = value < 0 ? value + size : value;
        return step > 0 ? Math.min(Math.max(place, 0), size) : Math.min(Math.max(place, -1), size - 1);
      };
      const start = inside(starts[at]);
      const count = Math.max(0, Math.ceil((inside(ends[at]) - start) / step));
      return { axis, start, step, count };
    });
    return cuts.filter(({ axis, start, step, count }) => !(start === 0 && step === 1 && count === shape[axis]));
  }

  /** Sizes of what Split gives. */
  splits(size: number): number[] {
    const given = this.ints('split') ?? this.list(1, 'split');
    const parts = this.outputs.length;
    const chunk = Math.ceil(size / parts);
    const sizes = given ?? Array.from({ length: parts }, (_, at) => Math.min(chunk, size - at * chunk));
    const fits =
      sizes.length === parts && sizes.every((each) => each >= 0) && sizes.reduce((a, b) => a + b, 0) === size;
    if (!fits) throw this.damaged(`parts of [${sizes}] do not make ${size}`);
    return sizes;
  }
}
