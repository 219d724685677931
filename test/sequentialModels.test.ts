/** Models as layers of a Sequential, as in Keras. */
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '../src/data/array.js';
import { Input, Model } from '../src/functional.js';
import { Add, Dense, GetItem, GRU, LSTM, RepeatVector, TimeDistributed } from '../src/layers/index.js';
import { loadModel, Sequential } from '../src/sequential.js';
import { temporaryFolder } from './formats/models.js';

const folder = temporaryFolder('in memory');
const waves = (shape: number[]): NdArray => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
});
const x = waves([4, 5, 3]);
const y = waves([4, 2]);

const encoder = () => new Sequential([GRU(4), Dense(3)], { name: 'encoder', seed: 3 });
function head(): Model {
  const input = Input({ shape: [4, 3] });
  return new Model({ inputs: input, outputs: Dense(2).apply(GetItem(-1).apply(input)), name: 'head', seed: 4 });
}

/** A model between layers, at the beginning with the shape of the whole, and with a shape of its own. */
const stacks: Record<string, () => Sequential> = {
  between: () =>
    new Sequential([LSTM(3, { inputShape: [5, 3], returnSequences: true }), encoder(), RepeatVector(4), head()], {
      seed: 1,
    }),
  first: () => new Sequential([encoder(), RepeatVector(4), head()], { seed: 1, inputShape: [5, 3] }),
  'first, with its shape': () => {
    const begins = encoder();
    begins.build([5, 3]);
    return new Sequential([begins], { seed: 1 }).add(RepeatVector(4)).add(head());
  },
};

test.each(Object.entries(stacks))(
  '%s: trained on the engine as on tfjs, saved and read back in every format',
  async (name, make) => {
    const trained = async (engine?: 'tfjs') => {
      const model = make();
      model.compile({ optimizer: 'adam', loss: 'mse', ...(engine && { engine }) });
      expect(model.engine.kind).toBe(engine ?? 'memcell');
      const { history } = await model.fit(x, y, { epochs: 3, batchSize: 2, seed: 7, verbose: 0 });
      return { model, loss: history.loss as number[], made: await model.predict(x) };
    };
    const { model, loss, made } = await trained();
    const other = await trained('tfjs');
    loss.forEach((one, epoch) => {
      expect(Math.abs(one - other.loss[epoch])).toBeLessThan(1e-5);
    });
    expect(Array.from(made.data).every((one, i) => Math.abs(one - other.made.data[i]) < 1e-5)).toBe(true);
    const lines: string[] = [];
    model.summary((line) => lines.push(line));
    expect(lines.join('\n')).toMatch(/encoder \(Sequential\)[\s\S]*head \(Model\)/);
    for (const ending of ['', '.keras', '.h5']) {
      const to = join(folder, `${name}${ending}`);
      expect(await model.save(to)).toEqual(ending === '.h5' ? [expect.stringContaining("optimizer's state")] : []);
      const again = await loadModel(to);
      expect([again.engine.kind, again.lost]).toEqual(['memcell', []]);
      expect(await again.predict(x)).toEqual(made);
      again.dispose();
    }
    model.dispose();
    other.model.dispose();
  },
);

test.each([true, false])('weights are the same in both, whichever is trained (first: %p)', async (isFirst) => {
  const before = tf.memory().numTensors;
  const inner = encoder();
  const outer = new Sequential(isFirst ? [] : [Dense(3)], { inputShape: [5, 3], seed: 1 }).add(inner).add(Dense(2));
  const initial = await inner.predict(x);
  outer.compile({ optimizer: 'sgd', loss: 'mse' });
  await outer.fit(x, y, { epochs: 1, verbose: 0 });
  const later = await inner.predict(x);
  expect(later).not.toEqual(initial);
  const given = await outer.predict(x);
  inner.compile({ optimizer: 'sgd', loss: 'mse' });
  await inner.fit(x, waves([4, 3]), { epochs: 1, verbose: 0 });
  expect(await outer.predict(x)).not.toEqual(given);
  outer.dispose();
  expect(await inner.predict(x)).not.toEqual(later);
  inner.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('what one of three models that share a layer has trained, the others see, after single batches too', async () => {
  const inner = encoder();
  const [one, other] = [1, 2].map((seed) => {
    const outer = new Sequential([], { inputShape: [5, 3], seed }).add(inner).add(Dense(2));
    outer.compile({ optimizer: 'sgd', loss: 'mse' });
    return outer;
  });
  inner.compile({ optimizer: 'sgd', loss: 'mse' });
  const all = [inner, one, other];
  const predictions = async () =>
    (await Promise.all(all.map((model) => model.predict(x)))).map(({ data }) => [...data]);
  for (const trained of [one, other, inner]) {
    const before = await predictions();
    await trained.trainOnBatch(x, trained === inner ? waves([4, 3]) : y);
    const after = await predictions();
    for (const [i, values] of after.entries()) expect(values).not.toEqual(before[i]);
    const weights = inner.getWeights();
    for (const outer of [one, other]) expect(outer.getWeights().slice(0, weights.length)).toEqual(weights);
  }
  for (const model of all) model.dispose();
});

test('a seed of the whole leaves the weights of a model in it as they are, be it there from the first or added later', () => {
  const inner = encoder();
  inner.build([5, 3]);
  const weights = inner.getWeights();
  new Sequential([inner, Dense(2)], { seed: 99 }).build();
  expect(inner.getWeights()).toEqual(weights);
  const whole = new Sequential([Dense(3, { inputShape: [5, 3] })], { seed: 99 });
  whole.build();
  whole.add(inner);
  expect(inner.getWeights()).toEqual(weights);
  expect(whole.getWeights().slice(2)).toEqual(weights);
});

test.each<[why: string, make: () => unknown]>([
  ["the model's input shape is not known; give its first layer (GRU)", () => new Sequential([encoder(), Dense(1)])],
  [
    'layer 2 (Model) takes (None, 4, 3) as input 0, not (None, 5, 4)',
    () => new Sequential([Dense(4), head()], { inputShape: [5, 3] }),
  ],
  [
    'layer 2 (Model) takes (None, 4, 3) as input 0, not (None, 3)',
    () => new Sequential([encoder(), head()], { inputShape: [5, 3] }),
  ],
  [
    'two layers are called encoder; give one of them another name',
    () => new Sequential([Dense(3), encoder(), RepeatVector(2), encoder()], { inputShape: [5, 3] }),
  ],
  [
    'sequential cannot be a layer of itself',
    () => {
      const own = new Sequential([Dense(3)]);
      own.add(own);
    },
  ],
  [
    'layer 2 (Model) has 2 outputs, but a Sequential passes on one',
    () => {
      const input = Input({ shape: [3] });
      const ends = new Model({ inputs: input, outputs: [Dense(1).apply(input), Dense(2).apply(input)] });
      return new Sequential([Dense(3, { inputShape: [3] }), ends]);
    },
  ],
  [
    'layer 2 (Model) takes 2 inputs, not 1',
    () => {
      const inputs = [Input({ shape: [3] }), Input({ shape: [3] })];
      const ends = new Model({ inputs, outputs: inputs.map((input, i) => Dense(i + 1).apply(input)) });
      return new Sequential([Dense(3, { inputShape: [3] }), ends]);
    },
  ],
  [
    "the model's first layer is the model encoder; give that the batchSize",
    () => new Sequential([encoder()], { inputShape: [5, 3], batchSize: 2 }),
  ],
  ['add takes a model of TensorFlow.js as Sequential.fromTf(model)', () => new Sequential([head().tf as never])],
])('refused in one line: %s', (why, make) => {
  expect(make).toThrow(why);
});

test('a layer around a model leaves the model its weights', async () => {
  const inner = new Sequential([Dense(2, { inputShape: [3] })], { seed: 5 });
  const before = await inner.predict(waves([2, 3]));
  const input = Input({ shape: [4, 3] });
  const around = TimeDistributed(inner.tf) as unknown as ReturnType<typeof Dense>;
  const graph = new Model({ inputs: input, outputs: around.apply(input), seed: 9 });
  const chain = new Sequential([TimeDistributed(inner.tf, { inputShape: [4, 3] }), Dense(1)], { seed: 9 });
  chain.build();
  expect((await inner.predict(waves([2, 3]))).data).toEqual(before.data);
  graph.dispose();
});

test('a stream takes the weights that another model around the same layers has trained', async () => {
  const inner = encoder();
  const outer = new Sequential([], { inputShape: [5, 3], seed: 1 }).add(inner).add(Dense(2));
  outer.compile({ optimizer: 'sgd', loss: 'mse' });
  const streamed = () => {
    const stream = inner.stream();
    return Array.from({ length: 5 }, (_, t) => [...stream.push(x.data.slice(3 * t, 3 * t + 3))]).at(-1) ?? [];
  };
  const before = streamed();
  await outer.trainOnBatch(x, y);
  const after = streamed();
  expect(after).not.toEqual(before);
  const { data } = await inner.predict(x);
  after.forEach((value, i) => {
    expect(value).toBeCloseTo(data[i], 6);
  });
  for (const model of [outer, inner]) model.dispose();
});

test('models cannot be in each other', () => {
  const inner = new Sequential([Dense(2, { inputShape: [2] })], { name: 'inner' });
  const outer = new Sequential([inner], { name: 'outer' });
  const outermost = new Sequential([outer], { name: 'outermost' });
  for (const model of [outer, outermost])
    expect(() => inner.add(model)).toThrow(`${model.name} cannot be a layer of a model that is one of its own`);
  expect(() => inner.add(inner)).toThrow('inner cannot be a layer of itself');
  const around = new Sequential([TimeDistributed(inner.tf, { inputShape: [4, 2] })], { name: 'around' });
  expect(() => inner.add(around)).toThrow('around cannot be a layer of a model that is one of its own');
});

test('a Sequential that begins with a model and picks a step is written to .keras', async () => {
  const inner = new Sequential([GRU(3, { returnSequences: true, inputShape: [5, 3] })], { name: 'inner' });
  const model = new Sequential([inner, GetItem(-1)], { seed: 2 });
  const made = await model.predict(x);
  const to = join(folder, 'picks.keras');
  await model.save(to);
  expect((await (await loadModel(to)).predict(x)).data).toEqual(made.data);
});

test('one GetItem of values of unlike lengths is written to .keras; one inside another layer is refused by name', async () => {
  const inputs = [Input({ shape: [4, 5] }), Input({ shape: [4, 3] })];
  const pick = GetItem([0, 2], { axis: -1 });
  const model = new Model({ inputs, outputs: Add().apply(inputs.map((one) => pick.apply(one))), seed: 1 });
  const given = [waves([2, 4, 5]), waves([2, 4, 3])];
  const to = join(folder, 'unlike.keras');
  await model.save(to);
  expect(await (await loadModel(to)).predict(given)).toEqual(await model.predict(given));
  const within = new Sequential([TimeDistributed(GetItem([0, 2], { axis: -1 }), { inputShape: [4, 3] })]);
  for (const ending of ['.keras', '.h5'])
    await expect(within.save(join(folder, `within${ending}`))).rejects.toThrow('is around a GetItem');
});
