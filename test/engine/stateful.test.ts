/** Stateful layers: against Keras, against tfjs's own, over threads, and what sets their states. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { Bidirectional, Dense, GRU, Input, LSTM, Model, SimpleRNN, SLSTM } from '../../src/index.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { statefulLayers } from '../../src/model/walk.js';
import { loadModel, Sequential, sequential } from '../../src/sequential.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';
import { stock, temporaryFolder } from '../formats/models.js';
import { built, engineOf, expectNear, poison, split } from './compare.js';
import { inputOf, type Sample, targetOf, tensorCount, weightsOf } from './models.js';
import { statefulSample } from './recurrentModels.js';

const root = temporaryFolder();

type Nested = number | Nested[];

interface Case {
  spec: string;
  batch: number;
  tokens: boolean;
  weights: Nested[];
  first: Nested[];
  train: [Nested[], Nested[]];
  validation: [Nested[], Nested[]];
  more: [Nested[], Nested[]];
  predicted: Nested[];
  states_predicted: Nested[];
  loss: number[];
  val_loss: number[];
  states_trained: Nested[];
  evaluated: number;
  again: Nested[];
  weights_after: Nested[];
}

const { cases }: { cases: Case[] } = JSON.parse(
  readFileSync(new URL('../fixtures/keras/stateful/case.json', import.meta.url), 'utf8'),
);

const flat = (nested: Nested): number[] => (Array.isArray(nested) ? nested.flatMap(flat) : [nested]);

const statesOf = (model: Sequential) =>
  statefulLayers(model.tf).flatMap(({ states }) => states.flatMap((state) => [...state.dataSync()]));

beforeAll(async () => {
  await prepareBackend();
  await tf.setBackend('cpu');
});

/** tfjs takes the state before for the output of steps before the first one that counts, Keras zeros. */
const onTfjs = cases.filter(({ spec }) => !spec.includes('Masking'));

describe.each([
  ['memcell', cases],
  ['tfjs', onTfjs],
] as const)('%s as Keras', (engine, given) => {
  test.each(given.map((one): [string, Case] => [one.spec, one]))('%s', async (spec, given) => {
    const model = sequential(spec, { seed: 1 });
    model.compile({
      optimizer: { name: 'adam', config: { learningRate: 0.01 } },
      loss: given.tokens ? 'sparseCategoricalCrossentropy' : 'meanSquaredError',
      ...(engine === 'tfjs' && { engine }),
    });
    expect(model.engine.kind).toBe(engine);
    model.setWeights(given.weights);
    expectNear(flat(await model.predict(given.first)), flat(given.predicted), 1e-5, 'predictions');
    expectNear(statesOf(model), flat(given.states_predicted), 1e-5, 'states after predict');
    const [x, y] = given.train;
    const [vx, vy] = given.validation;
    const { history, params } = await model.fit(x, y, {
      epochs: 2,
      shuffle: false,
      verbose: 0,
      validationData: { x: vx, y: vy },
    });
    expect(params.batchSize).toBe(given.batch);
    expectNear(history.loss, given.loss, 1e-6, 'loss', 1e-4);
    expectNear(history.val_loss, given.val_loss, 1e-6, 'val_loss', 1e-4);
    expectNear(statesOf(model), flat(given.states_trained), 1e-4, 'states after fit');
    const { loss } = await model.evaluate(given.more[0], given.more[1]);
    expectNear([loss], [given.evaluated], 1e-6, 'evaluated loss', 1e-4);
    model.resetStates();
    expect(statesOf(model).every((state) => state === 0)).toBe(true);
    expectNear(flat(await model.predict(given.first)), flat(given.again), 1e-4, 'predictions after training');
    const after = model.getWeights().flatMap(({ data }) => [...data]);
    expectNear(after, flat(given.weights_after), 1e-4, 'weights');
    model.dispose();
  });
});

test('random models: predictions, losses, states and weights, as tfjs', () => {
  const tensors = tensorCount();
  fc.assert(
    fc.property(statefulSample(['plain', 'embedding', 'repeat']), (sample) => {
      compareStates(sample);
    }),
    { numRuns: 20 },
  );
  expect(tensorCount()).toBe(tensors);
});

function compareStates(sample: Sample): void {
  const [other, own] = [built(sample), built(sample)];
  const tfjs = createTfjsRunner(other.model, other.compiled);
  const engine = engineOf(own);
  tfjs.seed = sample.seed;
  engine.seed = sample.seed;
  const states = ({ model }: typeof own) =>
    statefulLayers(model).flatMap((layer) => layer.states.flatMap((state) => [...state.dataSync()]));
  const same = (what: string) => {
    engine.sync();
    expectNear(states(own), states(other), 1e-4, `states after ${what}`, 1e-4);
  };
  for (let step = 0; step < 5; step++) {
    const x = inputOf(sample, sample.batch, step);
    const expected = tfjs.predictBatch(x);
    poison(engine);
    expectNear(engine.predictBatch(x).data, expected.data, 1e-4, `predictions of step ${step}`, 1e-4);
    const y = targetOf(sample, expected.shape, step);
    const weights = weightsOf(sample, expected.shape, step);
    const trained = tfjs.trainBatch(x, y, weights);
    poison(engine);
    const got = engine.trainBatch(x, y, weights);
    expectNear([got.loss], [trained.loss], 1e-6, `loss of step ${step}`, 1e-4);
    if (step === 1) {
      same('training');
      if (states(own).every((state) => state === 0)) throw new Error('no state is carried');
    }
    const seen = tfjs.evaluateBatch(x, y, weights);
    poison(engine);
    expectNear([engine.evaluateBatch(x, y, weights).loss], [seen.loss], 1e-6, `evaluated loss of step ${step}`, 1e-4);
    if (step === 3) {
      // One layer of each, the way anybody may.
      for (const model of [own.model, other.model]) statefulLayers(model)[0].resetStates();
      const [kept, expected] = [engine, tfjs].map((runner) => runner.checkpoint().states.flatMap((part) => [...part]));
      expectNear(kept, expected, 1e-4, 'states of a checkpoint', 1e-4);
    }
  }
  same('all');
  own.model.weights.forEach((weight, i) => {
    const expected = other.model.weights[i].read().dataSync();
    expectNear(weight.read().dataSync(), expected, 1e-4, `weight ${weight.originalName}`, 1e-4);
  });
  tfjs.dispose();
  engine.dispose();
  for (const { model } of [own, other]) {
    for (const layer of statefulLayers(model)) tf.dispose(layer.states);
    model.dispose();
  }
}

test('1, 2, 3 and 8 threads give the same bits, states included', () => {
  const run = (sample: Sample, parts: number) => {
    const own = built(sample);
    const engine = engineOf(own);
    engine.seed = sample.seed;
    split(engine, parts);
    const seen: number[] = [];
    for (let step = 0; step < 3; step++) {
      const x = inputOf(sample, sample.batch, step);
      poison(engine);
      const { data, shape } = engine.predictBatch(x);
      seen.push(...data);
      const y = targetOf(sample, shape, step);
      poison(engine);
      seen.push(engine.trainBatch(x, y, weightsOf(sample, shape, step)).loss);
    }
    for (const values of [...engine.checkpoint().states, ...engine.capture().weights]) seen.push(...values);
    own.model.dispose();
    return seen;
  };
  const all = statefulSample(['plain', 'masking', 'embedding', 'masked embedding', 'repeat']);
  fc.assert(
    fc.property(all, (sample) => {
      const one = run(sample, 1);
      for (const parts of [2, 3, 8]) expect(run(sample, parts)).toEqual(one);
    }),
    { numRuns: 25 },
  );
});

const x = [
  [[0.3], [-0.8]],
  [[1.1], [0.2]],
  [[0.5], [-0.4]],
  [[0.9], [0.7]],
];
const y = [[0.2], [-0.1], [0.4], [0.3]];

function small(engine?: 'tfjs'): Sequential {
  const layers = [
    LSTM(5, { batchShape: [2, 2, 1], stateful: true, returnSequences: true }),
    GRU(3, { stateful: true }),
    Dense(1),
  ];
  const model = new Sequential(layers, { seed: 3 });
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError', ...(engine && { engine }) });
  return model;
}

describe.each([undefined, 'tfjs'] as const)('engine: %s', (engine) => {
  test('a batch whose loss or states are not finite leaves the states as they were', async () => {
    const model = small(engine);
    await model.predict(x);
    const before = statesOf(model);
    expect(before.some((state) => state !== 0)).toBe(true);
    await expect(model.trainOnBatch(x.slice(0, 2), [[3e38], [3e38]])).rejects.toThrow('the loss of this batch is');
    expect(statesOf(model)).toEqual(before);
    await expect(model.evaluate(x.slice(0, 2), [[3e38], [3e38]])).rejects.toThrow('the loss is');
    expect(statesOf(model)).toEqual(before);
    model.dispose();
  });

  test('a fit that fails goes back to the states of its last good epoch', async () => {
    const model = small(engine);
    await model.fit(x, y, { shuffle: false, verbose: 0 });
    const good = statesOf(model);
    const bad = [[0.2], [-0.1], [3e38], [3e38]];
    await expect(model.fit(x, bad, { shuffle: false, verbose: 0 })).rejects.toThrow('the loss is');
    expect(statesOf(model)).toEqual(good);
    model.dispose();
  });

  test('states go on through fit, evaluate and predict until they are reset, of the model or of one layer', async () => {
    const model = small(engine);
    const first = await model.predict(x);
    const second = await model.predict(x);
    expect(second).not.toEqual(first);
    model.resetStates();
    expect(await model.predict(x)).toEqual(first);
    const [lstm] = model.layers as tf.RNN[];
    lstm.resetStates();
    const states = statesOf(model);
    expect(states.slice(0, 20)).toEqual(new Array(20).fill(0));
    expect(states.slice(20).every((state) => state !== 0)).toBe(true);
    const mixed = await model.predict(x);
    expect(mixed).not.toEqual(first);
    expect(mixed).not.toEqual(second);
    // Compiling anew, or another engine, goes on from the same states.
    const [left, before] = [statesOf(model), await model.predict(x)];
    lstm.resetStates([tf.tensor(left.slice(0, 10), [2, 5]), tf.tensor(left.slice(10, 20), [2, 5])]);
    (model.layers[1] as tf.RNN).resetStates(tf.tensor(left.slice(20), [2, 3]));
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', engine: 'tfjs' });
    expectNear(flat(await model.predict(x)), flat(before), 1e-6, 'predictions by tfjs');
    model.dispose();
  });

  test('batches are of one size', async () => {
    const model = small(engine);
    await expect(model.predict(x, { batchSize: 4 })).rejects.toThrow(
      'batchSize is 4; this model has stateful layers for batches of 2; leave batchSize out',
    );
    await expect(model.predict(x.slice(1))).rejects.toThrow(
      'x has 3 samples; this model has stateful layers for batches of 2, so give it a multiple of that',
    );
    await expect(model.fit(x, y, { validationSplit: 0.25, verbose: 0 })).rejects.toThrow('x has 3 samples');
    await expect(model.fit(x, y, { validationData: { x: x.slice(1), y: y.slice(1) } })).rejects.toThrow(
      'validation: x has 3 samples',
    );
    await expect(model.evaluate(x.slice(1), y.slice(1))).rejects.toThrow('x has 3 samples');
    await expect(model.trainOnBatch(x, y)).rejects.toThrow('x has 4 samples');
    expect(statesOf(model).every((state) => state === 0)).toBe(true);
    model.dispose();
  });

  test('without a fixed batch size there is no model', () => {
    const why = 'layer 2 (GRU) is stateful and needs a fixed batch size; give the first layer a batchShape';
    const layers = [LSTM(5, { inputShape: [2, 1], returnSequences: true }), GRU(3, { stateful: true })];
    expect(() => new Sequential(layers).build()).toThrow(why);
  });
});

const givingStates = { stateful: true, returnState: true };

test.each([
  ['LSTM', () => LSTM(3, givingStates)],
  ['GRU', () => GRU(3, givingStates)],
  ['SLSTM', () => SLSTM(3, givingStates)],
])('states that %s gives out are those that it carries on', async (_, layer) => {
  const input = Input({ shape: [2, 1], batchSize: 2 });
  const outputs = layer().apply(input);
  const model = new Model({ inputs: [input], outputs: [outputs].flat() });
  const predicted = async (engine?: 'tfjs') => {
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', ...(engine && { engine }) });
    model.resetStates();
    return flat([await model.predict(x), await model.predict(x)] as Nested);
  };
  const ours = await predicted();
  expectNear(ours, await predicted('tfjs'), 1e-6, 'outputs and states');
  expect(statesOf(model).every((state) => state !== 0)).toBe(true);
  model.dispose();
});

test.each([undefined, 'tfjs'] as const)(
  'states that are no numbers are not carried on, with the engine %s',
  async (engine) => {
    const layer = SimpleRNN(1, { batchShape: [1, 1, 1], stateful: true, activation: 'linear' });
    const model = new Sequential([layer, Dense(1)], { seed: 1 });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', ...(engine && { engine }) });
    const one = (value: number) => ({ data: Float32Array.of(value), shape: [1, 1] });
    const bias = () => ({ data: new Float32Array(1), shape: [1] });
    model.setWeights([one(1e30), one(1), bias(), one(1), bias()]);
    await model.predict([[[2e-30]]]);
    expectNear(statesOf(model), [2], 1e-6, 'the state');
    for (const run of [() => model.predict([[[1e20]]]), () => model.evaluate([[[1e20]]], [[0]])]) {
      await Promise.resolve(run()).catch(({ code }) => expect(code).toBe('numeric'));
      expectNear(statesOf(model), [2], 1e-6, 'the state after infinity');
    }
    model.dispose();
  },
);

test('a stream of a stateful model has states of its own', async () => {
  const model = small();
  const once = await model.predict(x);
  const before = statesOf(model);
  const stream = model.stream();
  stream.push([0.3]);
  expectNear(stream.push([-0.8]), flat(once).slice(0, 1), 1e-6, 'the stream');
  expect(statesOf(model)).toEqual(before);
  model.dispose();
});

test('saved and loaded, by memcell and by stock tfjs: stateful, and from zero states', async () => {
  const folder = join(root, 'stateful');
  const layers = [
    LSTM(5, { batchShape: [2, 2, 1], returnSequences: true, stateful: true }),
    Bidirectional(LSTM(3, { stateful: true })),
  ];
  const model = new Sequential(layers, { seed: 3 });
  const first = flat(await model.predict(x.slice(0, 2)));
  await model.save(folder);
  const { output } = stock('load', folder, { input: flat(x.slice(0, 2)), shape: [2, 2, 1] });
  expectNear(output, first, 1e-5, 'stock tfjs');
  const loaded = await loadModel(folder);
  expect(loaded.engine.kind).toBe('memcell');
  expect(flat(await loaded.predict(x.slice(0, 2)))).toEqual(first);
  expect(flat(await loaded.predict(x))).toEqual(flat(await model.predict(x)));
});

test('a model that stock tfjs saved for batches of one predicts what stock does sample by sample', async () => {
  const model = await loadModel(fileURLToPath(new URL('../fixtures/tfjs/stateful', import.meta.url)));
  expect(model.engine.kind).toBe('memcell');
  const ones = [[[1, 1]], [[1, 1]], [[1, 1]]];
  expectNear(flat(await model.predict(ones)), [0.0263701193, -0.0039766356, -0.0238851011], 1e-6, 'predictions');
  expect(await model.predict(ones)).not.toEqual(ones);
  model.resetStates();
  expectNear(flat(await model.predict([[[0.1, 0.2]]])), [0.0519627817], 1e-6, 'after the reset');
});

test('a fixed batch size without stateful layers binds nobody', async () => {
  const model = sequential('Input(batch_shape=(2, 2, 1)), LSTM(5), Dense(1)', { seed: 3 });
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  const folder = join(root, 'fixed');
  await model.save(folder);
  const loaded = await loadModel(folder);
  for (const n of [1, 3]) expect(await loaded.predict(x.slice(0, n))).toEqual(await model.predict(x.slice(0, n)));
  const { params } = await loaded.fit(x.slice(1), y.slice(1), { verbose: 0 });
  expect(params.batchSize).toBe(32);
});
