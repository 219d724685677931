/** Graphs of layers with several outputs, several calls and attention, run by ONNX Runtime and read back. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import * as ort from 'onnxruntime-web';
import { dataTypes, decodeModel } from '../../../src/formats/onnx/proto.js';
import {
  Add,
  AdditiveAttention,
  Attention,
  Average,
  Bidirectional,
  Concatenate,
  Conv1D,
  Dense,
  Dot,
  Embedding,
  GlobalAveragePooling1D,
  GlobalMaxPooling1D,
  GRU,
  Input,
  LSTM,
  loadModel,
  Masking,
  Maximum,
  Minimum,
  Model,
  MultiHeadAttention,
  Multiply,
  PositionEmbedding,
  Reshape,
  Sequential,
  SimpleRNN,
  SinePositionEncoding,
  Subtract,
  TimeDistributed,
} from '../../../src/index.js';
import { temporaryFolder } from '../models.js';
import { draws, foreign, largest } from './runtime.js';

const root = temporaryFolder('in memory');
const sequence = { returnSequences: true };

type Built = Model | Sequential;
type Tensor = ReturnType<typeof Input>;

const model = (build: (a: Tensor, b: Tensor) => Tensor | Tensor[]) => {
  const [a, b] = ['a', 'b'].map((name) => Input({ shape: [null, 3], name }));
  return new Model({ inputs: [a, b], outputs: build(a, b), seed: 4 });
};
const over = (a: Tensor, b: Tensor) => [LSTM(4, sequence).apply(a), GRU(4, sequence).apply(b)] as Tensor[];

const cases: Record<string, () => Built> = {
  attention: () => model((a, b) => Attention({ useScale: true }).apply(over(a, b))),
  'attention by sums, causal': () =>
    model((a, b) => Attention({ scoreMode: 'concat', useCausalMask: true }).apply(over(a, b))),
  'additive attention': () => model((a, b) => AdditiveAttention().apply(over(a, b))),
  heads: () => model((a, b) => MultiHeadAttention(2, 3, { valueDim: 2 }).apply(over(a, b))),
  'attention whose queries, values and keys are of three layers': () =>
    model((a, b) => {
      const of = [...over(a, b), SimpleRNN(4, sequence).apply(b)] as Tensor[];
      return [MultiHeadAttention(2, 3), Attention()].map((layer) => layer.apply(of) as Tensor);
    }),
  'heads over themselves, causal': () =>
    new Sequential(
      [
        PositionEmbedding(9, { inputShape: [null, 4] }),
        SinePositionEncoding(),
        MultiHeadAttention(2, 3, { useCausalMask: true, outputShape: 5 }),
      ],
      { seed: 4 },
    ),
  'products of steps': () => model((a, b) => Dot(2).apply(over(a, b))),
  cosines: () => model((a, b) => Dot(1, { normalize: true }).apply([LSTM(4).apply(a), GRU(4).apply(b)] as Tensor[])),
  'a layer called twice': () => {
    const shared = LSTM(4);
    return model((a, b) => Dense(2).apply(Concatenate().apply([shared.apply(a), shared.apply(b)] as Tensor[])));
  },
  'states from an encoder to a decoder': () =>
    model((a, b) => {
      const [, ...states] = LSTM(4, { returnState: true }).apply(a) as Tensor[];
      return Dense(2).apply(LSTM(4, sequence).apply(b, { initialState: states }));
    }),
  'states of both directions, and as outputs': () =>
    model((a, b) => {
      const [y, ...states] = Bidirectional(GRU(4, { returnState: true, ...sequence })).apply(a) as Tensor[];
      const last = Bidirectional(GRU(4)).apply(b, { initialState: states }) as Tensor;
      return [Dense(1).apply(y) as Tensor, last, states[1]];
    }),
  'both states of an LSTM in both directions, given to another': () =>
    model((a, b) => {
      const [, ...states] = Bidirectional(LSTM(4, { returnState: true })).apply(a) as Tensor[];
      return Bidirectional(LSTM(4)).apply(b, { initialState: states });
    }),
  'models in a model, one of them called twice': () =>
    model((a, b) => {
      const steps = new Sequential([LSTM(4, { ...sequence, inputShape: [null, 3] }), Dense(2)], { name: 'steps' });
      const inside = Input({ shape: [null, 2] });
      const joined = [GRU(3).apply(inside), GlobalAveragePooling1D().apply(inside)] as Tensor[];
      const ending = new Model({ inputs: inside, outputs: Concatenate().apply(joined), name: 'ending' });
      return Add().apply([a, b].map((x) => ending.apply(steps.apply(x) as Tensor)) as Tensor[]);
    }),
  'attention over masked steps': () =>
    model((a, b) => {
      const [query, value] = [a, b].map((x) => GRU(4, sequence).apply(Masking().apply(x)) as Tensor);
      const heads = MultiHeadAttention(2, 3, { dropout: 0.1 }).apply([query, value]) as Tensor;
      const causal = MultiHeadAttention(1, 3, { useCausalMask: true }).apply(query) as Tensor;
      const sum = Add().apply([query, heads, causal]) as Tensor;
      const one = Attention().apply([sum, value]) as Tensor;
      const other = AdditiveAttention().apply([query, value]) as Tensor;
      return LSTM(2).apply(Concatenate().apply([one, other]));
    }),
  'heads of which the keys alone are masked': () =>
    model((a, b) => {
      const [query, value] = over(a, b);
      const key = GRU(4, sequence).apply(Masking().apply(b)) as Tensor;
      return [MultiHeadAttention(2, 3), Attention()].map((layer) => layer.apply([query, value, key]) as Tensor);
    }),
  'sequences with two masks, masked': () => {
    const [a, b] = ['a', 'b'].map((name) => Input({ shape: [4, 3], name }));
    const sides = [a, b].map((x) => GRU(4, sequence).apply(Masking().apply(x)) as Tensor);
    const merged = [Add(), Subtract(), Average(), Concatenate()].map((layer) => layer.apply(sides) as Tensor);
    const outputs = merged.map((sum) => LSTM(2).apply(sum) as Tensor);
    // Where one of them has no mask, the sum has none.
    const open = GRU(3).apply(Add().apply([sides[0], LSTM(4, sequence).apply(b) as Tensor])) as Tensor;
    const twice = GRU(3).apply(Add().apply([sides[0], sides[0]])) as Tensor;
    return new Model({ inputs: [a, b], outputs: [...outputs, open, twice], seed: 4 });
  },
  'merges of three, and of features and steps': () => {
    const [a, b] = ['a', 'b'].map((name) => Input({ shape: [4, 3], name }));
    const all = [a, b, LSTM(3, sequence).apply(a) as Tensor];
    const merges = [Add(), Average(), Maximum(), Minimum(), Multiply(), Concatenate(), Concatenate({ axis: 1 })];
    const outputs = [...merges.map((layer) => layer.apply(all)), Subtract().apply([a, b])] as Tensor[];
    return new Model({ inputs: [a, b], outputs, seed: 4 });
  },
  'merges of unlike shapes': () => {
    const shapes: Record<string, number[]> = { a: [2, 3], b: [3], c: [2, 1], d: [1, 3] };
    const inputs = Object.entries(shapes).map(([name, shape]) => Input({ shape, name }));
    const [a, b, c, d] = inputs;
    const merges = [Add(), Average(), Maximum(), Minimum(), Multiply()];
    const outputs = [
      ...merges.map((layer) => layer.apply([b, a])),
      Multiply().apply([c, b, d]),
      Add().apply([d, a, c]),
      Subtract().apply([a, b]),
      Subtract().apply([c, d]),
    ] as Tensor[];
    return new Model({ inputs, outputs, seed: 4 });
  },
  'a model in a model, read in another order than it is called': () =>
    model((a, b) => {
      const within = new Sequential([GRU(3, { inputShape: [null, 3] }), Dense(2)], { name: 'within' });
      const [first, second] = [a, b].map((x) => within.apply(x) as Tensor);
      return [Subtract().apply([second, first]), Subtract().apply([first, second])] as Tensor[];
    }),
  'products along other axes': () => {
    const [a, b] = ['a', 'b'].map((name) => Input({ shape: [3, 3], name }));
    const outputs = ([1, [1, 2], [2, 1], -1] as (number | [number, number])[]).map(
      (axes) => Dot(axes).apply([a, b]) as Tensor,
    );
    const one = [a, b].map((x) => GlobalMaxPooling1D().apply(x) as Tensor);
    return new Model({
      inputs: [a, b],
      outputs: [
        ...outputs,
        Dot(1, { normalize: false }).apply(one) as Tensor,
        Dot([1, 2], { normalize: true }).apply([a, b]) as Tensor,
      ],
      seed: 4,
    });
  },
  'a model that begins with a model': () =>
    new Sequential([new Sequential([LSTM(4, { inputShape: [null, 3] })], { name: 'within' }), Dense(2)], { seed: 4 }),
  'a recurrent layer of each kind, with all that it gives': () =>
    model((a, b) => {
      const options = { returnState: true, ...sequence };
      const own = [LSTM(2, options), GRU(3, { ...options, resetAfter: false, useBias: false }), SimpleRNN(2, options)];
      const both = [LSTM(2, options), SimpleRNN(2, { returnState: true })].map((layer) =>
        Bidirectional(layer, { mergeMode: 'sum' }),
      );
      return [
        ...own.flatMap((layer) => [layer.apply(a)].flat() as Tensor[]),
        ...both.flatMap((layer) => [layer.apply(b)].flat() as Tensor[]),
      ];
    }),
  'heads without biases, of their own sizes': () =>
    model((a, b) => MultiHeadAttention(3, 2, { valueDim: 4, outputShape: 5, useBias: false }).apply(over(a, b))),
  'attention without a scale, and of sums with one': () =>
    model((a, b) => [
      Attention({ useCausalMask: true }).apply(over(a, b)) as Tensor,
      Attention({ useScale: true, scoreMode: 'concat' }).apply(over(a, b)) as Tensor,
      AdditiveAttention({ useScale: false }).apply(over(a, b)) as Tensor,
    ]),
  'layers of steps at every step': () =>
    new Sequential(
      [TimeDistributed(Conv1D(4, 2), { inputShape: [null, 6, 3] }), TimeDistributed(GlobalMaxPooling1D()), LSTM(3)],
      { seed: 4 },
    ),
};

/** What memcell knows in its own files alone: of another program's the error names the node. */
const refused: Record<string, string> = {
  'attention by sums, causal': 'node "ReduceSum" (ReduceSum): it reduces [features] of [batch, steps, 1, features]',
  'additive attention': 'node "ReduceSum" (ReduceSum): it reduces [features] of [batch, steps, 1, features]',
  'heads over themselves, causal': 'node "Sin" (Sin): memcell does not compute this operator of numbers in the file',
  'products of steps': 'output "dot" is the scores of an attention, which no layer gives',
  cosines: 'node "ReduceSum" (ReduceSum): it joins outputs of recurrent operators',
  'attention over masked steps': 'node "Equal" (Equal): memcell reads no such operator',
  'sequences with two masks, masked': 'node "Equal" (Equal): memcell reads no such operator',
  'heads of which the keys alone are masked': 'node "Equal" (Equal): memcell reads no such operator',
  'merges of three, and of features and steps': 'node "Max" (Max): memcell reads no such operator',
  'merges of unlike shapes': 'node "Sum" (Sum): it joins [batch, 1, features] and [batch, steps, features]',
  'a model in a model, read in another order than it is called':
    'node "Sub" (Sub): it subtracts what comes from the input',
  'products along other axes':
    'node "MatMul" (MatMul): it multiplies [batch, features, steps] and [batch, steps, features]',
  'attention without a scale, and of sums with one':
    'node "Shape" (Shape): it computes with scores of an attention what none of',
  'layers of steps at every step': 'input "x" has 4 axes; memcell reads sequences',
};

test.each(Object.entries(cases))(
  "%s: as ONNX Runtime, read back to the bit, and read as anybody's file",
  async (name, make) => {
    const built = make();
    const draw = draws(name.length);
    const values = built.getWeights().map(({ data, shape }) => ({ shape, data: data.map(() => draw(-0.6, 0.7)) }));
    built.setWeights(values);
    const xs = built.inputs.map(({ shape }, place) => {
      const sizes = shape.map((size, axis) => (axis === 0 ? 2 : (size ?? 4 + place)));
      const size = sizes.reduce((product, one) => product * one, 1);
      return { data: Float32Array.from({ length: size }, () => draw(-1, 1)), shape: sizes };
    });
    // Padding at the end of one row and the beginning of the next, from another step on in each input.
    if (name.includes('masked'))
      for (const [at, x] of xs.entries()) x.data.fill(0, 6 + 3 * at, 12 + 3 * (x.shape[1] - 3));
    const outputs = async (from: Built) => {
      const made = await from.predict<{ data: Float32Array; shape: number[] }[]>(
        xs.length > 1 ? xs : [xs[0]].flat()[0],
      );
      return Array.isArray(made) ? made : [made];
    };
    const expected = await outputs(built);
    const path = join(root, `${name}.onnx`);
    await built.save(path);

    const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(path)));
    const feeds = session.inputNames.map((input, at) => [input, new ort.Tensor('float32', xs[at].data, xs[at].shape)]);
    const made = await session.run(Object.fromEntries(feeds));
    const declared = decodeModel(new Uint8Array(readFileSync(path))).graph?.output ?? [];
    for (const [at, output] of session.outputNames.entries()) {
      const { data, dims } = made[output];
      const sizes = declared[at].type?.tensorType?.shape?.dim ?? [];
      expect(sizes.map(({ value, param }) => value ?? param)).toEqual(
        built.tf.outputs[at].shape.map((size, axis) => size ?? ['batch', `${output}_steps`, `${output}_axis2`][axis]),
      );
      expect([...dims]).toEqual(expected[at].shape);
      expect(largest({ data: Float32Array.from(data as Float32Array), shape: [] }, expected[at])).toBeLessThan(1e-5);
    }
    await session.release();

    const again = await loadModel(path);
    expect(await outputs(again)).toEqual(expected);
    writeFileSync(path, foreign(readFileSync(path)));
    if (name in refused) await expect(loadModel(path)).rejects.toThrow(refused[name]);
    else {
      const read = await loadModel(path);
      for (const [at, output] of (await outputs(read)).entries()) {
        expect(output.shape).toEqual(expected[at].shape);
        expect(largest(output, expected[at])).toBeLessThan(1e-6);
      }
      read.dispose();
    }
    built.dispose();
    again.dispose();
  },
);

const indices: Record<string, [isWhole: boolean, shape: number[], (x: Tensor) => Tensor | Tensor[]]> = {
  'of an Embedding, with a mask': [
    true,
    [4],
    (x) => LSTM(2).apply(Embedding(5, 3, { maskZero: true }).apply(x)) as Tensor,
  ],
  'of two Embeddings': [true, [4], (x) => [2, 3].map((units) => Embedding(5, units).apply(x) as Tensor)],
  'of an Embedding beside other layers': [
    true,
    [4],
    (x) => [Embedding(5, 2).apply(x), Dense(2).apply(x), Reshape([2, 2]).apply(x), x] as Tensor[],
  ],
  'of a model in the model': [
    true,
    [4],
    (x) => new Sequential([Embedding(5, 2, { inputShape: [4] }), GRU(2)]).apply(x) as Tensor,
  ],
  'of an Embedding at every step': [
    false,
    [2, 3],
    (x) => TimeDistributed(Embedding(5, 2)).apply(x as never) as never as Tensor,
  ],
  'in another shape': [false, [6], (x) => Embedding(5, 2).apply(Reshape([2, 3]).apply(x)) as Tensor],
};

test.each(Object.entries(indices))('indices %s: as ONNX Runtime', async (name, [isWhole, shape, build]) => {
  const input = Input({ shape });
  const built = new Model({ inputs: input, outputs: build(input), seed: 4 });
  const data = Float32Array.from({ length: 2 * shape.reduce((product, size) => product * size, 1) }, (_, i) => i % 5);
  const expected = [
    await built.predict<{ data: Float32Array; shape: number[] }>({ data, shape: [2, ...shape] }),
  ].flat();
  const path = join(root, `indices ${name}.onnx`);
  await built.save(path);
  const bytes = new Uint8Array(readFileSync(path));
  const [first] = decodeModel(bytes).graph?.input ?? [];
  expect(first.type?.tensorType?.elemType).toBe(isWhole ? dataTypes.int64 : dataTypes.float);
  const session = await ort.InferenceSession.create(bytes);
  const x = isWhole
    ? new ort.Tensor('int64', BigInt64Array.from(data, BigInt), [2, ...shape])
    : new ort.Tensor('float32', data, [2, ...shape]);
  const made = await session.run({ [session.inputNames[0]]: x });
  await session.release();
  for (const [at, output] of session.outputNames.entries()) {
    expect([...made[output].dims]).toEqual(expected[at].shape);
    expect(largest({ data: made[output].data as Float32Array, shape: [] }, expected[at])).toBeLessThan(1e-6);
  }
  const again = await loadModel(path);
  expect([await again.predict({ data, shape: [2, ...shape] })].flat()).toEqual(expected);
  built.dispose();
  again.dispose();
});

test('a model that ends in a model, as files of Keras number its calls', async () => {
  const built = model((a, b) => {
    const ending = new Sequential([Dense(3, 'tanh', { inputShape: [8] }), Dense(2)], { name: 'ending' });
    return ending.apply(Concatenate().apply(over(a, b).map((x) => GlobalMaxPooling1D().apply(x) as Tensor)) as Tensor);
  });
  await built.save(join(root, 'ending.keras'));
  const read = await loadModel(join(root, 'ending.keras'));
  await read.save(join(root, 'ending.onnx'));
  const again = await loadModel(join(root, 'ending.onnx'));
  const draw = draws(3);
  const xs = [4, 5].map((steps) => ({
    data: Float32Array.from({ length: 6 * steps }, () => draw(-1, 1)),
    shape: [2, steps, 3],
  }));
  expect(await again.predict(xs)).toEqual(await built.predict(xs));
  for (const one of [built, read, again]) one.dispose();
});

test.each(['bi', 'stack', 'mixed'])("Keras's RNN of cells: %s", async (name) => {
  const folder = fileURLToPath(new URL('../../fixtures/cells', import.meta.url));
  const { x, y } = JSON.parse(readFileSync(join(folder, 'cells.json'), 'utf8'));
  const built = await loadModel(join(folder, `${name}.keras`));
  const data = Float32Array.from(x);
  const away = (made: ArrayLike<number>) =>
    Array.from(made).reduce((most, value, i) => Math.max(most, Math.abs(value - y[name].y[i])), 0);
  const expected = await built.predict({ data, shape: [2, 5, 3] });
  expect(away(expected.data)).toBeLessThan(1e-5);
  expect(built.engine.kind).toBe('memcell');
  const path = join(root, `cells ${name}.onnx`);
  await built.save(path);
  const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(path)));
  const made = await session.run({ [session.inputNames[0]]: new ort.Tensor('float32', data, [2, 5, 3]) });
  expect(away(made[session.outputNames[0]].data as Float32Array)).toBeLessThan(1e-5);
  await session.release();
  const again = await loadModel(path);
  expect(await again.predict({ data, shape: [2, 5, 3] })).toEqual(expected);
  const keras = join(root, `cells ${name}.keras`);
  await built.save(keras);
  const back = await loadModel(keras);
  expect(await back.predict({ data, shape: [2, 5, 3] })).toEqual(expected);
  built.dispose();
  again.dispose();
  back.dispose();
});
