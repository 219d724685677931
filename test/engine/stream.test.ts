/** Streams against predict() on every prefix. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { NdArray } from '../../src/data/array.js';
import { Input, Model } from '../../src/functional.js';
import * as l from '../../src/layers/index.js';
import { Random } from '../../src/random.js';
import { Sequential, sequential } from '../../src/sequential.js';
import { expectNear } from './compare.js';
import { size } from './models.js';

const STEPS = 6;

const recurrent = fc
  .record({
    kind: fc.constantFrom('LSTM', 'GRU', 'GRU before', 'SimpleRNN'),
    units: size,
    useBias: fc.boolean(),
    dropout: fc.constantFrom(0, 0.3),
    recurrentDropout: fc.constantFrom(0, 0.2),
  })
  .map(({ kind, units, ...options }) => (returnSequences: boolean) => {
    const all = { ...options, returnSequences };
    if (kind === 'LSTM') return l.LSTM(units, all);
    if (kind === 'SimpleRNN') return l.SimpleRNN(units, { ...all, activation: 'relu' });
    return l.GRU(units, { ...all, resetAfter: kind === 'GRU' });
  });

const between = fc.constantFrom(
  () => l.Dense(5, 'relu'),
  () => l.TimeDistributed(l.Dense(7, 'gelu')),
  () => l.Dropout(0.4),
  () => l.LayerNormalization({ epsilon: 0.1 }),
  () => l.Activation('softsign'),
);

const sample = fc.record({
  features: size,
  start: fc.constantFrom('plain', 'embedding', 'masked embedding', 'masking'),
  first: fc.option(between),
  stack: fc.array(recurrent, { minLength: 1, maxLength: 3 }),
  middle: fc.option(between),
  sequences: fc.boolean(),
  /** The last step is what a layer gives, or what is picked of all that it gives. */
  picks: fc.boolean(),
  end: fc.constantFrom('linear', 'softmax'),
  seed: fc.nat(1e6),
});
type Sample = typeof sample extends fc.Arbitrary<infer T> ? T : never;

function modelOf({ features, start, first, stack, middle, sequences, picks, end, seed }: Sample): Sequential {
  const embeds = start.endsWith('embedding');
  const layers: l.Layer[] = [];
  if (embeds) layers.push(l.Embedding(7, features, { maskZero: start.startsWith('masked') }));
  if (start === 'masking') layers.push(l.Masking());
  if (first) layers.push(first());
  stack.forEach((make, i) => {
    const last = i === stack.length - 1;
    layers.push(make(!last || sequences || picks));
    if (middle && !last) layers.push(middle());
  });
  if (picks && !sequences) layers.push(l.GetItem(-1));
  layers.push(l.Dense(4, end));
  return new Sequential(layers, { inputShape: embeds ? [null] : [null, features], seed });
}

function stepsOf({ features, start, seed }: Sample): number[][] {
  const random = new Random(seed);
  return Array.from({ length: STEPS }, (_, t) => {
    if (start.endsWith('embedding')) return [random.integer(7)];
    return Array.from({ length: features }, () => (t % 3 === 2 ? 0 : random.normal()));
  });
}

/** The last step of predict() on the first steps. */
async function predicted(model: Sequential, steps: number[][]): Promise<ArrayLike<number>> {
  const data = Float32Array.from(steps.flat());
  const width = model.inputShape.length === 2 ? [] : [steps[0].length];
  const { data: all, shape } = await model.predict({ data, shape: [1, steps.length, ...width] });
  return all.slice(-shape[shape.length - 1]);
}

test('a push gives the last step of predict on all steps so far, to 1e-6: random models', async () => {
  await fc.assert(
    fc.asyncProperty(sample, async (given) => {
      const model = modelOf(given);
      const steps = stepsOf(given);
      const stream = model.stream();
      for (let round = 0; round < 2; round++) {
        for (let t = 0; t < STEPS; t++) {
          const pushed = stream.push(steps[t]);
          expectNear(pushed, await predicted(model, steps.slice(0, t + 1)), 1e-6, `step ${t}`, 1e-6);
        }
        stream.reset();
      }
      model.dispose();
    }),
    { numRuns: 60 },
  );
});

const small = () => sequential('LSTM(5, return_sequences=true), GRU(3), Dense(2)', { inputShape: [4, 3], seed: 3 });
const steps = [
  [1, -2, 0.5],
  [0.25, 3, -1],
  [-0.5, 0.125, 2],
  [1.5, -1, 0],
];

describe('what goes in comes out', () => {
  test('lists give new lists; typed arrays the same array each time; into is filled and given back', () => {
    const stream = small().stream();
    const lists = steps.map((x) => stream.push(x));
    expect(lists.every(Array.isArray)).toBe(true);
    stream.reset();
    const typed = steps.map((x) => stream.push(Float32Array.from(x)));
    expect(typed[0]).toBeInstanceOf(Float32Array);
    expect(new Set(typed).size).toBe(1);
    expect(Array.from(typed[0])).toEqual(lists[3]);
    stream.reset();
    const into = new Float32Array(2);
    steps.forEach((x, t) => {
      expect(stream.push(x, into)).toBe(into);
      expect(Array.from(into)).toEqual(lists[t]);
    });
  });

  test('a number alone is a step of one feature, or a symbol', () => {
    const series = sequential('GRU(3), Dense(1)', { inputShape: [null, 1], seed: 1 }).stream();
    const first = series.push(0.5);
    series.reset();
    expect(series.push([0.5])).toEqual(first);
    const symbols = sequential('Embedding(5, 3), LSTM(4)', { inputShape: [null], seed: 1 }).stream();
    expect(symbols.push(4)).toHaveLength(4);
    expect(() => symbols.push(5)).toThrow('push: x is 5; it must be a whole number from 0 to 4');
    expect(() => symbols.push(1.5)).toThrow('push: x is 1.5');
  });
});

test.each([
  [[5, 3], 3],
  [[3, 5], 3],
  [[4, 7, 2], 2],
])('a number is a row of every table that reads it: tables of %j rows', async (sizes, below) => {
  const words = Input({ shape: [null] });
  const vectors = sizes.map((rows) => l.Embedding(rows, 2).apply(words) as Tensor);
  const outputs = l.LSTM(2).apply(l.Concatenate().apply(vectors) as Tensor) as Tensor;
  const model = new Model({ inputs: words, outputs, seed: 1 });
  const stream = model.stream();
  const last = (await model.predict<number[][]>([[0, below - 1]]))[0];
  stream.push(0);
  expectNear(stream.push(below - 1), last, 1e-6, 'the stream');
  expect(() => stream.push(below)).toThrow(`push: x is ${below}; it must be a whole number from 0 to ${below - 1}`);
  for (const engine of ['memcell', 'tfjs'] as const) {
    model.compile({ optimizer: 'sgd', loss: 'mse', ...(engine === 'tfjs' && { engine }) });
    expect(model.engine.kind).toBe(engine);
    await expect(model.predict([[0, below]])).rejects.toThrow(`from 0 to ${below - 1}`);
  }
  model.dispose();
});

describe('states', () => {
  test('streams of one model do not disturb each other, nor does predict', async () => {
    const model = small();
    const alone = model.stream();
    const expected = steps.map((x) => alone.push(x));
    const [a, b] = [model.stream(), model.stream()];
    for (let t = 0; t < 4; t++) {
      expect(a.push(steps[t])).toEqual(expected[t]);
      b.push(steps[3 - t]);
      await model.predict([steps]);
    }
  });

  test('a state survives JSON and goes on in another stream of the same model', () => {
    const model = small();
    const stream = model.stream();
    stream.push(steps[0]);
    stream.push(steps[1]);
    const text = JSON.stringify(stream.state);
    expect(stream.state.map(({ shape }) => shape)).toEqual([
      [2, 5],
      [1, 3],
    ]);
    const expected = [stream.push(steps[2]), stream.push(steps[3])];
    const other = model.stream();
    other.push(steps[3]);
    other.state = JSON.parse(text);
    expect([other.push(steps[2]), other.push(steps[3])]).toEqual(expected);
    stream.reset();
    expect(stream.state.every(({ data }) => data.every((value) => value === 0))).toBe(true);
  });

  test('a state of another model, or not of numbers, is refused and changes nothing', () => {
    const stream = small().stream();
    stream.push(steps[0]);
    const before = stream.state;
    const set = (state: object) => () => {
      Object.assign(stream, { state });
    };
    expect(set([before[0]])).toThrow('state must be a list of the states of 2 recurrent layers');
    expect(set([before[0], { ...before[1], shape: [2, 3] }])).toThrow('state[1] must have the shape [1, 3]');
    expect(set([before[0], { data: [1, 2], shape: [1, 3] }])).toThrow('state[1] must have');
    expect(set([before[0], { data: [1, Number.NaN, 2], shape: [1, 3] }])).toThrow('state[1].data[1] is NaN');
    expect(stream.state).toEqual(before);
  });

  test('a step that does not fit is refused and changes nothing', () => {
    const stream = small().stream();
    stream.push(steps[0]);
    const before = stream.state;
    expect(() => stream.push([1, 2])).toThrow('push got 2 numbers; a step of this model has 3');
    expect(() => stream.push(1)).toThrow('push got 1 number; a step of this model has 3');
    expect(() => stream.push([1, Number.NaN, 2])).toThrow('push: x[1] is NaN; it must be a finite number');
    expect(() => stream.push([1, 2, '3' as never])).toThrow('push: x[2] is "3"; it must be a finite number');
    expect(() => stream.push(null as never)).toThrow('push got null; a step of this model has 3');
    expect(() => stream.push([1, 1e39, 2])).toThrow('push: x[1] is 1e+39');
    const short = () => stream.push(steps[0], new Float32Array(3));
    expect(short).toThrow('into must be a Float32Array of');
    expect(short).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(stream.state).toEqual(before);
  });
});

describe('the weights', () => {
  const x: NdArray = { data: Float32Array.from(steps.flat()), shape: [1, 4, 3] };
  const y: NdArray = { data: Float32Array.of(1, -1), shape: [1, 2] };

  async function follows(model: Sequential, stream: ReturnType<Sequential['stream']>): Promise<void> {
    stream.reset();
    let last: number[] = [];
    for (const step of steps) last = stream.push(step);
    expectNear(last, (await model.predict(x)).data, 1e-6, 'after the last step');
  }

  test('are those of the moment: after training, setWeights, compile', async () => {
    const model = small();
    const stream = model.stream();
    await follows(model, stream);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const weights = model.getWeights();
    await model.fit(x, y, { epochs: 3, verbose: 0 });
    await follows(model, stream);
    await model.trainOnBatch(x, y);
    await follows(model, stream);
    model.setWeights(weights);
    await follows(model, stream);
    model.tf.weights[0].write(tf.zeros([3, 20]));
    await follows(model, stream);
  });

  test('are those of the moment also where nothing was pushed between setWeights and compile', async () => {
    const model = small();
    const stream = model.stream();
    await follows(model, stream);
    model.setWeights(model.getWeights().map(({ data, shape }) => ({ data: data.map((value) => value / 2), shape })));
    model.compile({ optimizer: 'adam', loss: 'mse' });
    await follows(model, stream);
  });

  test('lie elsewhere once a layer is frozen: a stream of before says so, a new one gives what predict gives', async () => {
    const model = small();
    const stream = model.stream();
    await follows(model, stream);
    model.layers[0].trainable = false;
    model.compile({ optimizer: 'adam', loss: 'mse' });
    expect(() => stream.push(steps[0])).toThrow('the model has other layers than when this stream was made');
    await follows(model, model.stream());
  });

  test('pushes during training change nothing in it', async () => {
    const train = async (push: boolean) => {
      const model = small();
      model.compile({ optimizer: 'adam', loss: 'mse' });
      const stream = model.stream();
      const onBatchEnd = () => {
        if (push) stream.push(steps[0]);
      };
      await model.fit(x, y, { epochs: 5, verbose: 0, seed: 4, callbacks: [{ onBatchEnd }] });
      return model.getWeights();
    };
    expect(await train(true)).toEqual(await train(false));
  });

  test('a model with other layers, on tfjs, or disposed: an error', () => {
    const model = sequential('LSTM(3)', { inputShape: [4, 3] });
    const stream = model.stream();
    stream.push(steps[0]);
    model.compile({ optimizer: 'sgd', loss: 'mse', engine: 'tfjs' });
    expect(() => stream.push(steps[0])).toThrow(
      "this model cannot stream: it runs on TensorFlow.js (compile was given engine: 'tfjs')",
    );
    model.add(l.Dense(2));
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    expect(() => stream.push(steps[0])).toThrow('the model has other layers than when this stream was made');
    expect(model.stream().push(steps[0])).toHaveLength(2);
    model.dispose();
    expect(() => stream.push(steps[0])).toThrow('this model was disposed');
  });
});

type Tensor = ReturnType<typeof Input>;
const sequences = { returnSequences: true };
const graph = (build: (x: Tensor, z: Tensor) => Tensor | Tensor[], several = false) => {
  const [x, z] = [Input({ shape: [4, 3] }), Input({ shape: [4, 3] })];
  return new Model({ inputs: several ? [x, z] : x, outputs: build(x, z) });
};
const stack = (spec: string, inputShape: (number | null)[] = [4, 3]) => sequential(spec, { inputShape });

test.each<[why: string, make: () => Sequential | Model]>([
  [
    'it has several inputs, and a push gives the step of one',
    () => graph((x, z) => l.Add().apply([x, z]) as Tensor, true),
  ],
  [
    'it has several outputs, and a push answers with one',
    () => graph((x) => [l.LSTM(2).apply(x) as Tensor, l.GRU(2).apply(x) as Tensor]),
  ],
  ['its input has no steps', () => stack('Dense(3)', [4])],
  [
    'a layer is given its initial states by others',
    () =>
      graph((x) => {
        const [y, ...states] = l.LSTM(2, { ...sequences, returnState: true }).apply(x) as Tensor[];
        return l.LSTM(2).apply(y, { initialState: states }) as Tensor;
      }),
  ],
  [
    'Bidirectional also reads the sequence from its end, which a stream does not have yet',
    () => stack('Bidirectional(LSTM(3)), Dense(2)'),
  ],
  ...['LSTM(3', 'GRU(3', 'SimpleRNN(3', 'MinGRU(3', 'MinLSTM(3', 'SLSTM(4', 'RNN([GRUCell(3), LSTMCell(2)]'].map(
    (layer): [string, () => Sequential] => [
      'a layer with goBackwards reads the sequence from its end',
      () => stack(`${layer}, go_backwards=true)`),
    ],
  ),
  ['Flatten needs all steps at once', () => stack('LSTM(3, return_sequences=true), Flatten(), Dense(2)')],
  ['Reshape needs all steps at once', () => stack('LSTM(3, return_sequences=true), Reshape([6, 2])')],
  ['Permute needs all steps at once', () => stack('Permute([2, 1]), LSTM(2)')],
  ...['ZeroPadding1D(1)', 'Cropping1D(1)'].map((layer): [string, () => Sequential] => [
    'a layer adds steps that no step came for, or leaves out steps at the end, which a stream has not',
    () => stack(`${layer}, LSTM(2)`),
  ]),
  ...['GetItem(0)', 'GetItem([1, None]), LSTM(2)', 'GetItem([-1, None]), LSTM(2)'].map(
    (layer): [string, () => Sequential] => [
      'GetItem picks steps by their places, which a stream does not count',
      () => stack(layer),
    ],
  ),
  ['UpSampling1D makes several steps out of one', () => stack('UpSampling1D(2), LSTM(2)')],
  ...['Average', 'Max'].map((kind): [string, () => Sequential] => [
    'global pooling needs all steps at once',
    () => stack(`LSTM(3, return_sequences=true), Global${kind}Pooling1D()`),
  ]),
  ['Conv1D reads several steps at once', () => stack('Conv1D(2, 2), LSTM(2)')],
  ...['Average', 'Max'].map((kind): [string, () => Sequential] => [
    'pooling reads several steps at once',
    () => stack(`${kind}Pooling1D(2), LSTM(2)`),
  ]),
  [
    'Concatenate over steps needs all of them at once',
    () => graph((x) => l.LSTM(2).apply(l.Concatenate({ axis: 1 }).apply([x, x]) as Tensor) as Tensor),
  ],
  [
    'a layer puts what all steps have come to beside each of them',
    () => graph((x) => l.LSTM(2).apply(l.Add().apply([x, l.LSTM(3).apply(x) as Tensor]) as Tensor) as Tensor),
  ],
  [
    'attention reads all steps at once',
    () => graph((x) => l.LSTM(2).apply(l.Attention().apply([x, x]) as Tensor) as Tensor),
  ],
  ['attention reads all steps at once', () => stack('MultiHeadAttention(1, 2), LSTM(2)')],
  [
    'a layer adds to each step what its place says, and a stream does not count places',
    () => stack('PositionEmbedding(4), LSTM(2)'),
  ],
  ['RepeatVector makes several steps out of one', () => stack('LSTM(3), RepeatVector(4), LSTM(2)')],
  ['Dot takes all steps together', () => graph((x) => l.Dot(2).apply([x, x]) as Tensor)],
  ['PReLU without sharedAxes [1] has a factor for each step', () => stack('PReLU, LSTM(2)')],
  ['a layer takes all steps together', () => stack('Softmax(1), LSTM(2)')],
])('%s: such a model cannot stream, and says so', (why, make) => {
  const model = make();
  expect(() => model.stream()).toThrow(
    expect.objectContaining({ name: 'MemcellError', message: `this model cannot stream: ${why}` }),
  );
  model.dispose();
});

test('100,000 pushes: no tensors, no growth of the heap', () => {
  const model = small();
  const stream = model.stream();
  const into = new Float32Array(2);
  const push = (count: number) => {
    for (let i = 0; i < count; i++) stream.push(steps[i & 3], into);
  };
  push(1000);
  setFlagsFromString('--expose-gc');
  const gc: () => void = runInNewContext('gc');
  gc();
  const tensors = tf.memory().numTensors;
  const before = process.memoryUsage();
  push(100_000);
  gc();
  const after = process.memoryUsage();
  expect(tf.memory().numTensors).toBe(tensors);
  expect(after.heapUsed - before.heapUsed).toBeLessThan(1e6);
  expect(after.external - before.external).toBeLessThan(1e5);
  expect(into.every(Number.isFinite)).toBe(true);
});
