/** Graphs of operators drawn one after the other, as an exporter might write them: read, they give what ONNX Runtime gives. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemcellError } from '../../../src/errors.js';
import { float, GraphBuilder, int, ints, text } from '../../../src/formats/onnx/builder.js';
import { nodesInOrder } from '../../../src/formats/onnx/nodeOrder.js';
import { dataTypes, encodeModel, type TensorProto } from '../../../src/formats/onnx/proto.js';
import { type Atom, type Axis, regroup, sizeOf } from '../../../src/formats/onnx/signals.js';
import { loadModel } from '../../../src/index.js';
import { draws, largest, type Numbers, run } from './runtime.js';

const B = 2;
const T = 6;
const F = 3;

/** A value in the making: [batch, steps, features], [batch, features, steps] or [batch, features]. */
interface Value {
  name: string;
  order: 'steps' | 'channels' | 'row';
  steps: number;
  features: number;
}

/** One graph of a seed. */
class Drawn {
  readonly graph = new GraphBuilder(['x', 'y']);
  private readonly draw: (low: number, high: number) => number;
  /** Values that a later one may be joined with. */
  private readonly before: Value[] = [];

  constructor(
    seed: number,
    private readonly opset: number,
  ) {
    this.draw = draws(seed);
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.draw(0, items.length))];
  }

  private numbers(shape: readonly number[], low = -0.8, high = 1): Float32Array {
    return new Float32Array(shape.reduce((product, size) => product * size, 1)).map(() => this.draw(low, high));
  }

  private tensor(shape: readonly number[], data: Float32Array): string {
    return this.graph.weight(`w${this.graph.initializers.length}`, shape, data);
  }

  /** Numbers as exporters leave them: as they are, in other notations, or to be computed from others. */
  private constant(shape: readonly number[], low?: number, high?: number): string {
    const { graph } = this;
    const data = this.numbers(shape, low, high);
    const name = `c${graph.initializers.length}`;
    const kept = (tensor: Partial<TensorProto>) => {
      graph.initializers.push({ name, dims: [...shape], ...tensor });
      return name;
    };
    const last = shape.length - 1;
    const reversed = [...shape].reverse();
    const ways: (() => string)[] = [
      () => this.tensor(shape, data),
      () => kept({ dataType: dataTypes.float, floatData: [...data] }),
      () => graph.op('Cast', [kept({ dataType: dataTypes.double, doubleData: [...data] })], { to: int(1) }),
      () => {
        const sixteenths = [...data].map((value) => Math.round(value * 16));
        const whole = kept({ dataType: dataTypes.int32, int32Data: sixteenths });
        return graph.op('Div', [graph.op('Cast', [whole], { to: int(1) }), graph.number(16)]);
      },
      () => graph.op('Transpose', [this.tensor(reversed, data)]),
      () => graph.op('Reshape', [this.tensor([data.length], data), graph.list(...shape)]),
      () => {
        const [first, second] = [2, 1].map((size) => shape.map((each, axis) => (axis === last ? size : each)));
        const joined = [this.constantOf(first, low, high), this.constantOf(second, low, high)];
        const more = graph.op('Concat', [...joined, this.tensor(shape, data)], { axis: int(last) });
        return graph.op('Slice', [more, graph.list(3), graph.list(3 + shape[last]), graph.list(last)]);
      },
      () => {
        const more = this.tensor([...shape.slice(0, last), 2 * shape[last]], this.numbers([2, ...shape], low, high));
        const [start, end] = [2 * shape[last] - 1, -1 - 2 * shape[last]];
        return graph.op('Slice', [more, graph.list(start), graph.list(end), graph.list(last), graph.list(-2)]);
      },
      () => {
        const sizes = { split: graph.list(1, shape[last]), of: 1 + shape[last] };
        const more = this.tensor(
          [...shape.slice(0, last), sizes.of],
          this.numbers([...shape.slice(0, last), sizes.of], low, high),
        );
        return graph.op('Split', [more, sizes.split], { axis: int(last) }, { wanted: [true, true] });
      },
      () => {
        const indices = Array.from({ length: shape[0] }, (_, at) => (at % 2 === 0 ? at - shape[0] : at));
        return graph.op('Gather', [this.tensor(shape, data), graph.list(...indices)], { axis: int(0) });
      },
      () => {
        const wide = graph.op('Expand', [this.tensor([1], this.numbers([1], low, high)), graph.list(...shape)]);
        return graph.op('Max', [wide, graph.op('Min', [this.tensor(shape, data), wide])]);
      },
      () => {
        const [a, b] = [data, this.numbers(shape, low, high)].map((each) => this.tensor(shape, each));
        return graph.op('Where', [graph.op(this.pick(['Less', 'Greater']), [a, b]), a, b]);
      },
      () => {
        const size = graph.op('Shape', [this.tensor(shape, data)]);
        const flat = graph.op('ReduceProd', [size], { keepdims: int(1) });
        const row = graph.op('Reshape', [this.tensor(shape, data), flat]);
        return graph.op('Reshape', [graph.op('Unsqueeze', [row, graph.list(0)]), size]);
      },
      () => {
        const square = graph.op('Mul', [this.tensor(shape, data), this.tensor([1], Float32Array.of(1.5))]);
        return graph.op('Sub', [graph.op('Add', [square, graph.number(0.25)]), graph.number(0.25)]);
      },
    ];
    return this.pick(ways)();
  }

  private constantOf(shape: readonly number[], low?: number, high?: number): string {
    return this.tensor(shape, this.numbers(shape, low, high));
  }

  private activation(x: Value): Value {
    const { graph } = this;
    const of = (type: string, attributes = {}, more: string[] = []) => ({
      ...x,
      name: graph.op(type, [x.name, ...more], attributes),
    });
    const number = (value: number) => graph.number(value);
    const ways: (() => Value)[] = [
      ...['Tanh', 'Sigmoid', 'Relu', 'Selu', 'Softplus', 'Softsign', 'HardSwish'].map((type) => () => of(type)),
      () => of('Elu', { alpha: float(this.pick([1, 0.5])) }),
      () => of('LeakyRelu', { alpha: float(this.pick([0.01, 0.3])) }),
      () => of('LeakyRelu'),
      () => of('HardSigmoid', { alpha: float(this.pick([0.2, 0.5, 1 / 6])), beta: float(0.5) }),
      () => of('Clip', {}, [number(0), number(6)]),
      () => of('Clip', {}, [number(-1), number(1)]),
      () => of('Shrink', { lambd: float(0.5), bias: float(this.pick([0, 0.5])) }),
      () => ({ ...x, name: graph.op('Mul', [x.name, graph.op('Sigmoid', [x.name])]) }),
    ];
    if (x.order !== 'channels') {
      ways.push(() =>
        of(this.pick(['Softmax', 'LogSoftmax']), { axis: int(this.pick([-1, x.order === 'row' ? 1 : 2])) }),
      );
    }
    return this.pick(ways)();
  }

  /** Numbers for each feature, or one for all; the constant may come first where that is the same. */
  private affine(x: Value): Value {
    const type = this.pick(['Add', 'Sub', 'Mul', 'Div']);
    const constant =
      this.draw(0, 1) < 0.3 ? this.graph.number(this.pick([0.5, 2])) : this.constant([x.features], 0.4, 1.6);
    const turned = (type === 'Add' || type === 'Mul') && this.draw(0, 1) < 0.4;
    return { ...x, name: this.graph.op(type, turned ? [constant, x.name] : [x.name, constant]) };
  }

  private dense(x: Value): Value {
    const { graph } = this;
    const units = this.pick([2, 3, 4]);
    if (x.order === 'row' && this.draw(0, 1) < 0.6) {
      const transB = this.pick([0, 1]);
      const kernel = this.constant(transB ? [units, x.features] : [x.features, units]);
      const bias = this.draw(0, 1) < 0.7 ? [this.constant([units])] : [];
      const settings = { alpha: float(this.pick([1, 0.5])), beta: float(this.pick([1, 2])), transB: int(transB) };
      return { ...x, features: units, name: graph.op('Gemm', [x.name, kernel, ...bias], settings) };
    }
    return { ...x, features: units, name: graph.op('MatMul', [x.name, this.constant([x.features, units])]) };
  }

  private normalized(x: Value): Value {
    const weights = [
      this.constant([x.features], 0.5, 1.5),
      ...(this.draw(0, 1) < 0.7 ? [this.constant([x.features])] : []),
    ];
    const settings = { axis: int(this.pick([-1, x.order === 'row' ? 1 : 2])), epsilon: float(this.pick([1e-5, 0.1])) };
    return { ...x, name: this.graph.op('LayerNormalization', [x.name, ...weights], settings) };
  }

  private batchNormalized(x: Value): Value {
    const size = [x.features];
    const weights = [
      this.constant(size, 0.5, 1.5),
      this.constant(size),
      this.constant(size),
      this.constant(size, 0.5, 2),
    ];
    return {
      ...x,
      name: this.graph.op('BatchNormalization', [x.name, ...weights], { epsilon: float(this.pick([1e-5, 0.1])) }),
    };
  }

  private turned(x: Value): Value {
    const name = this.graph.op('Transpose', [x.name], { perm: ints([0, 2, 1]) });
    return { ...x, name, order: x.order === 'steps' ? 'channels' : 'steps' };
  }

  /** All steps become one. */
  private overSteps(x: Value): Value {
    const { graph } = this;
    const axis = this.pick([1, -2]);
    const row = { ...x, order: 'row', steps: 1 } as const;
    const kept = (name: string) => ({ ...row, name: graph.op('Squeeze', [name, graph.list(1)]) });
    const reduce = (type: string): Value => {
      const keep = this.pick([0, 1]);
      const asInput = this.opset >= 18;
      const settings = { keepdims: int(keep), ...(asInput ? {} : { axes: ints([axis]) }) };
      const name = graph.op(type, asInput ? [x.name, graph.list(axis)] : [x.name], settings);
      return keep ? kept(name) : { ...row, name };
    };
    const ways: (() => Value)[] = [
      () => reduce('ReduceMean'),
      () => reduce('ReduceMax'),
      () => ({
        ...row,
        name: graph.op('Gather', [x.name, graph.wholeNumber(this.pick([-1, x.steps - 1, 0]))], { axis: int(1) }),
      }),
      () => kept(graph.op('Slice', [x.name, graph.list(-1), graph.list(2 ** 31 - 1), graph.list(axis)])),
      () => ({ ...row, features: x.steps * x.features, name: graph.op('Flatten', [x.name], { axis: int(1) }) }),
      () => {
        const name = graph.op('Reshape', [x.name, graph.list(-1, x.steps * x.features)]);
        return { ...row, features: x.steps * x.features, name };
      },
    ];
    return this.pick(ways)();
  }

  private window(x: Value): Value {
    const { graph } = this;
    const size = this.pick([1, 2, 3]);
    const convolves = this.draw(0, 1) < 0.5;
    const [stride, dilation] = [this.pick([1, 1, 2]), convolves ? this.pick([1, 1, 2]) : 1];
    const reach = dilation * (size - 1) + 1;
    if (reach > x.steps) return x;
    const paddings: number[][] = [[0, 0]];
    if (stride === 1 && reach % 2 === 1) paddings.push([(reach - 1) / 2, (reach - 1) / 2]);
    if (stride === 1 && convolves) paddings.push([reach - 1, 0]);
    const auto = this.draw(0, 1) < 0.25 && dilation === 1;
    const pads = this.pick(paddings);
    const settings = {
      kernel_shape: ints([size]),
      strides: ints([stride]),
      ...(convolves && { dilations: ints([dilation]) }),
      ...(auto ? { auto_pad: text('SAME_UPPER') } : { pads: ints(pads) }),
    };
    const steps = auto ? Math.ceil(x.steps / stride) : Math.floor((x.steps + pads[0] + pads[1] - reach) / stride) + 1;
    if (!convolves) {
      const type = this.pick(['MaxPool', 'AveragePool']);
      return { ...x, steps, name: graph.op(type, [x.name], settings) };
    }
    const filters = this.pick([2, 3]);
    const bias = this.draw(0, 1) < 0.7 ? [this.constant([filters])] : [];
    const kernel = this.constant([filters, x.features, size]);
    return { ...x, steps, features: filters, name: graph.op('Conv', [x.name, kernel, ...bias], settings) };
  }

  private pooled(x: Value): Value {
    const name = this.graph.op(this.pick(['GlobalMaxPool', 'GlobalAveragePool']), [x.name]);
    const row = { ...x, order: 'row', steps: 1 } as const;
    return { ...row, name: this.graph.op(this.pick(['Flatten', 'Squeeze']), [name]) };
  }

  /** One value beside another, added, multiplied or side by side. */
  private joined(x: Value): Value {
    const { graph } = this;
    const others = this.before.filter(({ order, steps }) => order === x.order && steps === x.steps);
    const other = this.pick([...others, this.activation(x)]);
    const type = other.features === x.features ? this.pick(['Add', 'Mul', 'Sum', 'Mean', 'Concat']) : 'Concat';
    if (type !== 'Concat') return { ...x, name: graph.op(type, [x.name, other.name]) };
    const name = graph.op('Concat', [other.name, x.name], { axis: int(-1) });
    return { ...x, name, features: x.features + other.features };
  }

  private recurrent(x: Value): Value {
    const { graph } = this;
    const [type, gates] = this.pick([
      ['LSTM', 4],
      ['GRU', 3],
      ['RNN', 1],
    ] as const);
    const units = this.pick([2, 3]);
    const directions = this.pick([1, 1, 2]);
    const direction = directions === 2 ? 'bidirectional' : this.pick(['forward', 'reverse']);
    const weights = [
      this.constant([directions, gates * units, x.features]),
      this.constant([directions, gates * units, units]),
      ...(this.draw(0, 1) < 0.7 ? [this.constant([directions, 2 * gates * units])] : []),
    ];
    const settings = {
      hidden_size: int(units),
      direction: text(direction),
      ...(type === 'GRU' && { linear_before_reset: int(this.pick([0, 1])) }),
    };
    const turned = graph.op('Transpose', [x.name], { perm: ints([1, 0, 2]) });
    if (this.draw(0, 1) < 0.5) {
      // All steps: (steps, directions, batch, units)
      const [y] = graph.ops(type, [turned, ...weights], settings, { scope: '', wanted: [true] });
      const features = directions * units;
      if (directions === 1) {
        const name = graph.op('Transpose', [graph.op('Squeeze', [y, graph.list(1)])], { perm: ints([1, 0, 2]) });
        return { ...x, name, features };
      }
      const apart = graph.op('Transpose', [y], { perm: ints([2, 0, 1, 3]) });
      return { ...x, features, name: graph.op('Reshape', [apart, graph.list(0, 0, -1)]) };
    }
    const last = graph.op(type, [turned, ...weights], settings, { wanted: [false, true] });
    const row = { ...x, order: 'row', steps: 1 } as const;
    if (directions === 1) return { ...row, features: units, name: graph.op('Squeeze', [last, graph.list(0)]) };
    const apart = graph.op('Transpose', [last], { perm: ints([1, 0, 2]) });
    return { ...row, features: 2 * units, name: graph.op('Reshape', [apart, graph.list(0, -1)]) };
  }

  next(x: Value): Value {
    this.before.push(x);
    const common = [() => this.activation(x)];
    const ways: Record<Value['order'], (() => Value)[]> = {
      steps: [
        ...[this.affine, this.dense, this.dense, this.normalized, this.turned, this.turned].map(
          (way) => () => way.call(this, x),
        ),
        ...[this.overSteps, this.joined, this.recurrent, this.recurrent].map((way) => () => way.call(this, x)),
      ],
      channels: [this.window, this.window, this.batchNormalized, this.turned, this.pooled].map(
        (way) => () => way.call(this, x),
      ),
      row: [this.affine, this.dense, this.normalized, this.joined].map((way) => () => way.call(this, x)),
    };
    return this.pick([...common, ...ways[x.order]])();
  }

  /** The file, and its output. */
  file(length: number): { bytes: Uint8Array; y: Value } {
    let y: Value = { name: 'x', order: 'steps', steps: T, features: F };
    for (let at = 0; at < length; at++) y = this.next(y);
    if (y.order === 'channels') y = this.turned(y);
    this.graph.rename(y.name, 'y');
    const { nodes, initializers } = this.graph;
    const tensor = (sizes: (string | number)[]) => ({
      tensorType: {
        elemType: dataTypes.float,
        shape: { dim: sizes.map((size) => (typeof size === 'string' ? { param: size } : { value: size })) },
      },
    });
    const steps = y.order === 'row' ? [] : [y.steps];
    const bytes = encodeModel({
      irVersion: 8,
      graph: {
        name: 'drawn',
        node: nodes,
        initializer: initializers,
        input: [{ name: 'x', type: tensor(['batch', T, F]) }],
        output: [{ name: 'y', type: tensor(['batch', ...steps, y.features]) }],
      },
      opsetImport: [{ domain: '', version: this.opset }],
    });
    return { bytes, y };
  }
}

const shapeOf = ({ order, steps, features }: Value) => (order === 'row' ? [B, features] : [B, steps, features]);

test('graphs of drawn operators are refused in one line, or give what ONNX Runtime gives (1e-4)', async () => {
  let [read, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.integer({ min: 1, max: 2 ** 30 }),
        length: fc.integer({ min: 1, max: 6 }),
        opset: fc.constantFrom(17, 18),
      }),
      async ({ seed, length, opset }) => {
        const { bytes, y } = new Drawn(seed, opset).file(length);
        const draw = draws(seed + 1);
        const x: Numbers = { shape: [B, T, F], data: new Float32Array(B * T * F).map(() => draw(-1.5, 1.5)) };
        const theirs = await run(bytes, x);
        expect(theirs.shape).toEqual(shapeOf(y));
        let model: Awaited<ReturnType<typeof loadModel>>;
        try {
          model = await loadModel(bytes);
        } catch (error) {
          if (!(error instanceof MemcellError) || error.message.includes('\n')) throw error;
          refused++;
          return;
        }
        const ours = await model.predict<Numbers>(x);
        model.dispose();
        read++;
        expect(ours.shape).toEqual(theirs.shape);
        expect(largest(ours, theirs)).toBeLessThan(1e-4);
      },
    ),
    { numRuns: 45 },
  );
  // Steps that stand the other way round beside others, and graphs that only move axes.
  expect(refused).toBeLessThan(0.5 * read);
});

/** An axis of roles by their letters: t4 f6 b1, h2/3 for heads that stand 3 features apart. */
const axisOfText = (axis: string): Axis =>
  axis === ''
    ? []
    : axis.split(' ').map((atom): Atom => {
        const [, letter, size, stride] = /^(.)(\d+)(?:\/(\d+))?$/.exec(atom) ?? [];
        const role = ({ b: 'batch', t: 'time', f: 'feature', h: 'head', d: 'direction' } as const)[letter] ?? 'query';
        return { role, size: Number(size), ...(stride && { stride: Number(stride) }) };
      });

test.each<[from: string[], shape: number[], to: string[] | undefined, heads?: boolean]>([
  [
    ['b1', 't4', 'f6'],
    [1, 4, 6],
    ['b1', 't4', 'f6'],
  ],
  [
    ['b1', 't4', 'f6'],
    [4, 6],
    ['b1 t4', 'f6'],
  ],
  [['b1', 't4', 'f6'], [24], ['b1 t4 f6']],
  [
    ['b1', 't4', 'f6'],
    [4, 1, 6],
    ['b1 t4', '', 'f6'],
  ],
  [
    ['b1', 't4', 'f6'],
    [1, 1, 4, 6],
    ['b1', '', 't4', 'f6'],
  ],
  [
    ['t4', 'b1', 'f6'],
    [4, 6],
    ['t4 b1', 'f6'],
  ],
  [
    ['t4', 'b1', 'f6'],
    [4, 1, 6],
    ['t4', 'b1', 'f6'],
  ],
  [
    ['t4', 'f6', 'b1'],
    [4, 6],
    ['t4', 'f6 b1'],
  ],
  [
    ['t4', 'f6', 'b1'],
    [4, 6, 1],
    ['t4', 'f6', 'b1'],
  ],
  [
    ['t4', 'f6'],
    [1, 4, 6, 1],
    ['', 't4', 'f6', ''],
  ],
  [['t4', 'f6'], [4, 5], undefined],
  [['t4', 'f6'], [4], undefined],
  [['t4', 'f6'], [4, 6, 2], undefined],
  [['t4', 'f6'], [2, 12], undefined],
  [['t4', 'f6'], [4, 2, 3], undefined],
  [['t4', 'f6'], [4, 2, 3], ['t4', 'h2/3', 'f3'], true],
  [['t4', 'f6'], [4, 3, 2], ['t4', 'h3/2', 'f2'], true],
  [['t4', 'f6'], [4, 4, 1], undefined, true],
  [['t4', 'f6'], [2, 2, 6], undefined, true],
  [['t4', 'f8'], [4, 2, 2, 2], ['t4', 'h2/4', 'h2/2', 'f2'], true],
  [['t4', 'f6'], [8, 3], ['t4 h2/3', 'f3'], true],
  [['t4', 'f6'], [16, 1], undefined, true],
  [
    ['t4', 'h2/3', 'f3'],
    [4, 6],
    ['t4', 'f6'],
  ],
  [
    ['t4', 'h2/4', 'f3'],
    [4, 6],
    ['t4', 'h2/4 f3'],
  ],
  [
    ['h2/3', 't4', 'f3'],
    [8, 3],
    ['h2/3 t4', 'f3'],
  ],
  [
    ['t4', 'd2', 'f3'],
    [4, 6],
    ['t4', 'd2 f3'],
  ],
  [
    ['t4', 'h2/4', 'h2/2', 'f2'],
    [4, 8],
    ['t4', 'f8'],
  ],
])('axes %j to shape %j are %j', (from, shape, to, heads = false) => {
  expect(regroup(from.map(axisOfText), shape, heads)).toEqual(to?.map(axisOfText));
});

test('axes in any grouping of what they are made of have its sizes, in its order', () => {
  const roles = ['batch', 'time', 'feature', 'direction'] as const;
  const grouped = fc.array(
    fc.array(fc.tuple(fc.constantFrom(...roles), fc.constantFrom(2, 3, 5, 7)), { maxLength: 2 }),
    {
      minLength: 1,
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(grouped, fc.nat(), (drawn, place) => {
      const axes = drawn.map((axis) => axis.map(([role, size]): Atom => ({ role, size })));
      const flat: Axis[] = axes.flat().map((atom) => [atom]);
      const shape = axes.map(sizeOf);
      expect(regroup(flat, shape)).toEqual(axes);
      const at = place % shape.length;
      expect(regroup(flat, shape.with(at, shape[at] * 2))).toBeUndefined();
    }),
  );
});

test('nodes in any order come once each, behind what they read; those in a circle at the end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat({ max: 20 }), { maxLength: 3 }), { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      (reads, circle, draw) => {
        const nodes = reads.map((from, i) => ({
          name: `${i}`,
          opType: 'Add',
          // Only of what is made before it; else of the graph's own inputs.
          input: ['', ...from.map((at) => (at < i ? `v${at}` : `x${at}`))],
          output: [`v${i}`, ''],
        }));
        const tied = [
          { name: 'p', opType: 'Add', input: ['vq'], output: ['vp'] },
          { name: 'q', opType: 'Add', input: ['vp', 'v0'], output: ['vq'] },
        ];
        const all = [...nodes, ...(circle ? tied : [])];
        const shuffled = all.map((node) => ({ node, at: draw.next().value })).sort((a, b) => a.at - b.at);
        const ordered = nodesInOrder(shuffled.map(({ node }) => node)) as typeof nodes;
        expect(ordered.map(({ name }) => name).sort()).toEqual(all.map(({ name }) => name).sort());
        const made = new Set<string>();
        for (const { name, input, output } of ordered) {
          if (name !== 'p' && name !== 'q')
            for (const one of input)
              if (one.startsWith('v') && !made.has(one)) throw new Error(`${name} before ${one}`);
          for (const one of output) made.add(one);
        }
        if (circle)
          expect(
            ordered
              .slice(-2)
              .map(({ name }) => name)
              .sort(),
          ).toEqual(['p', 'q']);
      },
    ),
  );
  const inOrder = [
    { opType: 'Add', input: ['x'], output: ['a'] },
    { opType: 'Add', input: ['a'], output: ['b'] },
  ];
  expect(nodesInOrder(inOrder)).toBe(inOrder);
});
