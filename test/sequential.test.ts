import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '../src/kernels/backend.js';
import { Bidirectional, Dense, Dropout, Embedding, GRU, LSTM } from '../src/layers/index.js';
import type { SequentialCompileOptions } from '../src/sequential/options.js';
import { loadModel, Sequential, sequential } from '../src/sequential.js';
import { adam } from '../src/training/optimizers.js';

const folder = mkdtempSync(join(tmpdir(), 'memcell-sequential-'));
const here = dirname(fileURLToPath(import.meta.url));
const readCase = (name: string) => JSON.parse(readFileSync(join(here, 'fixtures/keras', name, 'case.json'), 'utf8'));

beforeAll(async () => {
  await prepareBackend();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Sums of four numbers, and whether they are positive. */
const x = Array.from({ length: 40 }, (_, i) => Array.from({ length: 4 }, (_, t) => [Math.sin(i * 4 + t)]));
const y = x.map((sample) => [sample.reduce((sum, [value]) => sum + value, 0)]);

function regression(options: { seed?: number; inputShape?: number[] } = {}): Sequential {
  const model = new Sequential([LSTM(6), Dense(1)], { inputShape: [4, 1], ...options });
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'mse', metrics: ['mae'] });
  return model;
}

const quiet = { epochs: 2, batchSize: 8, verbose: 0 } as const;

describe("the names of Keras's API", () => {
  test("the document's program", async () => {
    const model = new Sequential([LSTM(50, { inputShape: [1, 1] }), Dense(10, 'softmax')]);
    const same = sequential('LSTM(50), Dense(10, softmax)', { inputShape: [1, 1] });
    const added = new Sequential();
    added.add(LSTM(50, { inputShape: [1, 1] }));
    added.add(Dense(10, 'softmax'));
    for (const one of [model, same, added]) {
      one.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
      expect([one.inputShape, one.outputShape, one.countParams()]).toEqual([[null, 1, 1], [null, 10], 10_910]);
      const digits = Array.from({ length: 10 }, (_, i) => [[i / 9]]);
      const next = digits.map((_, i) => Array.from({ length: 10 }, (_, k) => Number(k === (i + 1) % 10)));
      const history = await one.fit(digits, next, { epochs: 3, batchSize: 1, seed: 7, verbose: 0 });
      expect(Object.keys(history.history)).toEqual(['loss', 'accuracy']);
      expect(history.history.loss).toHaveLength(3);
      const probabilities = await one.predict(digits);
      expect(probabilities).toHaveLength(10);
      expect(probabilities[0].reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
      expect(one.layers.map(({ name }) => name)).toEqual(['lstm', 'dense']);
    }
    expect(same.getWeights()).toEqual(model.getWeights());
    expect(added.getWeights()).toEqual(model.getWeights());
    for (const one of [model, same, added]) one.dispose();
  });

  test('summary prints, and needs neither a backend nor compile', () => {
    const printed: string[] = [];
    const model = sequential('LSTM(50), Dense(10, softmax)', { inputShape: [1, 1] });
    model.summary((text) => printed.push(text));
    expect(printed.join('\n')).toBe(model.summaryText());
    expect(printed[0]).toContain('Total params: 10,910 (42.62 KB)');
    model.dispose();
  });

  test('validationSplit, validationData, callbacks, evaluate', async () => {
    const model = regression({ seed: 1 });
    const epochs: number[] = [];
    const split = await model.fit(x, y, {
      ...quiet,
      validationSplit: 0.25,
      callbacks: [(epoch) => void epochs.push(epoch)],
    });
    expect(Object.keys(split.history)).toEqual(['loss', 'mae', 'val_loss', 'val_mae']);
    expect(epochs).toEqual([0, 1]);
    const held = { x: x.slice(30), y: y.slice(30) };
    for (const validationData of [held, [held.x, held.y] as const]) {
      const { history } = await model.fit(x, y, { ...quiet, epochs: 1, validationData });
      const evaluated = await model.evaluate(held.x, held.y);
      expect(evaluated.loss).toBeCloseTo(history.val_loss[0], 6);
      expect(evaluated.mae).toBeCloseTo(history.val_mae[0], 6);
    }
    model.dispose();
  });

  test('sampleWeight as any form; a weight of 0 takes a sample out', async () => {
    const model = regression({ seed: 1 });
    const ones = x.map((_, i) => (i < 20 ? 2 : 0));
    const half = await model.evaluate(x.slice(0, 20), y.slice(0, 20));
    for (const sampleWeight of [ones, Float32Array.from(ones), { data: ones, shape: [40] }]) {
      const { loss } = await model.evaluate(x, y, { sampleWeight });
      expect(loss).toBeCloseTo(half.loss, 5);
    }
    model.dispose();
  });
});

test("trainOnBatch gives Keras's loss of every step of the document's training, to 1e-4", async () => {
  const { training, weights } = readCase('document');
  const model = sequential('LSTM(50), Dense(10, softmax)', { inputShape: [1, 1] });
  model.compile({ optimizer: 'adam', loss: 'categorical_crossentropy' });
  model.setWeights(weights.map(({ value }: { value: number[] }) => value));
  for (const [step, expected] of training.step_losses.entries()) {
    const loss = await model.trainOnBatch([training.x[step]], [training.y[step]]);
    expect(Math.abs(loss / expected - 1)).toBeLessThan(1e-4);
  }
  for (const [i, { data }] of model.getWeights().entries()) {
    const after = training.weights_after[i].flat(3);
    for (const [j, value] of data.entries()) expect(Math.abs(value - after[j])).toBeLessThan(1e-4);
  }
  model.dispose();
});

describe('what goes in comes out', () => {
  test('a tensor, nested arrays, { data, shape }', async () => {
    const model = regression({ seed: 1 });
    const nested = await model.predict(x);
    expect(nested).toHaveLength(40);
    const tensor = tf.tensor3d(x);
    const before = tf.memory().numTensors;
    const out = await model.predict(tensor);
    expect(out.arraySync()).toEqual(nested);
    out.dispose();
    expect(tf.memory().numTensors).toBe(before);
    const array = await model.predict({ data: Float32Array.from(x.flat(2)), shape: [40, 4, 1] });
    expect(array).toEqual({ data: Float32Array.from(nested.flat()), shape: [40, 1] });
    const sequences = sequential('LSTM(2, return_sequences=true)', { inputShape: [4, 1] });
    const steps = await sequences.predict<number[][][]>(x);
    expect([steps.length, steps[0].length, steps[0][0].length]).toEqual([40, 4, 2]);
    tensor.dispose();
    model.dispose();
    sequences.dispose();
  });

  test('the same whatever the size of batches', async () => {
    const model = regression({ seed: 1 });
    const whole = await model.predict(x, { batchSize: 40 });
    for (const batchSize of [1, 7, 32]) {
      const parts = await model.predict(x, { batchSize });
      for (const [i, [value]] of parts.entries()) expect(value).toBeCloseTo(whole[i][0], 6);
    }
    model.dispose();
  });
});

describe('seeds', () => {
  const spec = 'LSTM(5, dropout=0.2, return_sequences=true), Dropout(0.3), GRU(4, recurrent_dropout=0.2), Dense(1)';
  async function trained(seed: number | undefined, fitSeed: number | undefined): Promise<unknown> {
    const model = sequential(spec, { inputShape: [4, 1], seed });
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const history = await model.fit(x, y, { ...quiet, seed: fitSeed });
    const weights = model.getWeights();
    model.dispose();
    return [history.history, weights];
  }

  test('the same seed, the same bits: weights, shuffling, dropout', async () => {
    expect(await trained(undefined, 7)).toEqual(await trained(undefined, 7));
    expect(await trained(7, undefined)).toEqual(await trained(7, undefined));
    expect(await trained(undefined, 7)).toEqual(await trained(7, undefined));
    expect(await trained(undefined, 7)).not.toEqual(await trained(undefined, 8));
    expect(await trained(3, 7)).toEqual(await trained(3, 7));
    expect(await trained(3, 7)).not.toEqual(await trained(4, 7));
  });

  test('a run without a seed can be repeated with the seed in its history', async () => {
    const model = regression();
    const { params, history } = await model.fit(x, y, quiet);
    const again = regression();
    expect((await again.fit(x, y, { ...quiet, seed: params.seed })).history).toEqual(history);
    expect((await again.fit(x, y, quiet)).params.seed).not.toBe(params.seed);
    // Of one model every fit has another, which follows from the model's.
    const seeds = async (own: Sequential) => [
      (await own.fit(x, y, quiet)).params.seed,
      (await own.fit(x, y, quiet)).params.seed,
    ];
    const [one, other] = [await seeds(regression({ seed: 9 })), await seeds(regression({ seed: 9 }))];
    expect(one).toEqual(other);
    expect(new Set([9, ...one]).size).toBe(2);
    model.dispose();
    again.dispose();
  });

  test('fit({ seed }) leaves weights alone that somebody gave, trained, read or used', async () => {
    const uses: ((model: Sequential) => unknown)[] = [
      (model) => model.getWeights(),
      (model) => model.setWeights(model.getWeights()),
      (model) => model.predict(x),
      (model) => model.evaluate(x, y),
      (model) => model.trainOnBatch(x, y),
      (model) => model.fit(x, y, quiet),
      (model) => model.tf,
      (model) => model.save(join(folder, 'used')),
      (model) => model.stream().push([1]),
      (model) => model.gates(x.slice(0, 1)),
      (model) => model.attribute(x.slice(0, 1)),
      async (model) => {
        const other = regression({ seed: 8 });
        await other.save(join(folder, 'others.keras'));
        await model.loadWeights(join(folder, 'others.keras'));
        expect(model.getWeights()).toEqual(other.getWeights());
        other.dispose();
      },
    ];
    for (const use of uses) {
      const model = regression();
      await use(model);
      const kernel = () => weightsOf(model)[0];
      const before = kernel();
      await model.fit(x, y, { ...quiet, seed: 5, epochs: 0 });
      expect(kernel()).toEqual(before);
      model.dispose();
    }
    const fresh = regression();
    fresh.summaryText();
    await fresh.fit(x, y, { ...quiet, seed: 5, epochs: 0 });
    const other = regression({ seed: 5 });
    expect(fresh.getWeights()).toEqual(other.getWeights());
    fresh.dispose();
    other.dispose();
  });

  function weightsOf(model: Sequential): number[][] {
    return model.getWeights().map(({ data }) => Array.from(data));
  }

  test('threads stay as they were where compile does not name them', () => {
    const model = regression();
    model.compile({ loss: 'mse', optimizer: 'sgd', threads: 3 });
    model.compile({ loss: 'mse', optimizer: 'adam' });
    expect(model.threads).toBe(3);
    model.dispose();
  });

  test('while fit runs nothing of the model can be changed, and all is as before', async () => {
    const model = regression({ seed: 1 });
    const twin = regression({ seed: 1 });
    model.threads = 3;
    const changes: (() => unknown)[] = [
      () => {
        model.threads = 2;
      },
      () => model.compile({ loss: 'mae', threads: 2 }),
      () => model.setWeights(regression({ seed: 2 }).getWeights()),
      () => model.loadWeights(join(folder, 'none.weights.h5')),
      () => model.add(Dense(2)),
      () => model.dispose(),
    ];
    const said: string[] = [];
    const tries = async () => {
      for (const change of changes)
        said.push(
          await Promise.resolve()
            .then(change)
            .then(String, ({ message }) => message),
        );
    };
    const { history } = await model.fit(x, y, { ...quiet, epochs: 1, callbacks: [{ onBatchEnd: tries }] });
    expect(new Set(said)).toEqual(new Set(['this cannot be done while fit runs on the same model; await it first']));
    expect([said.length, model.threads, model.layers.length]).toEqual([5 * changes.length, 3, 2]);
    expect(history).toEqual((await twin.fit(x, y, { ...quiet, epochs: 1 })).history);
    model.threads = 2;
    expect(model.threads).toBe(2);
    expect(await model.evaluate(x, y)).toEqual(await twin.evaluate(x, y));
    for (const one of [model, twin]) one.dispose();
  });

  test('a layer more: its output has its name, it is compiled anew, and one that does not fit changes nothing', async () => {
    const model = regression({ seed: 1 });
    await model.fit(x, y, quiet);
    const before = await model.evaluate(x, y);
    expect(() => model.add(LSTM(2))).toThrow('layer 3 (LSTM) needs (samples, steps, features)');
    expect(await model.evaluate(x, y)).toEqual(before);
    expect(model.outputs).toEqual([{ name: 'dense', shape: [null, 1] }]);
    model.add(Dense(3, { name: 'last' }));
    expect(model.outputs).toEqual([{ name: 'last', shape: [null, 3] }]);
    expect(model.isCompiled).toBe(false);
    await expect(model.evaluate(x, y)).rejects.toThrow('compile the model first');
    model.dispose();
  });

  test.each([undefined, 'tfjs'] as const)('a step on one batch drops by the seed of the model (%s)', async (engine) => {
    const weights = regression({ seed: 1 }).getWeights();
    const losses = await Promise.all(
      [1, 1, 2].map(async (seed) => {
        const model = new Sequential([LSTM(6), Dropout(0.5), Dense(1)], { inputShape: [4, 1], seed });
        model.compile({ loss: 'mse', ...(engine && { engine }) });
        model.setWeights(weights);
        const loss = await model.trainOnBatch(x, y);
        model.dispose();
        return loss;
      }),
    );
    expect(losses[1]).toBe(losses[0]);
    expect(losses[2]).not.toBe(losses[0]);
  });

  test('seeds are whole numbers', () => {
    expect(() => new Sequential([], { seed: 1.5 })).toThrow('seed must be a whole number, or null, not 1.5');
  });

  test('names are texts', () => {
    const named = (name: unknown) => () => new Sequential([], { name: name as string });
    expect(named(5)).toThrow('Sequential: name must be text, not 5');
    expect(named('five')().name).toBe('five');
  });
});

describe('weights', () => {
  test('are taken as tensors, nested arrays, { data, shape } and typed arrays', () => {
    const model = sequential('LSTM(2), Dense(1)', { inputShape: [3, 2], seed: 1 });
    const other = sequential('LSTM(2), Dense(1)', { inputShape: [3, 2], seed: 2 });
    const weights = other.getWeights();
    expect(weights.map(({ shape }) => shape)).toEqual([[2, 8], [2, 8], [8], [2, 1], [1]]);
    const bias = tf.tensor(weights[2].data, weights[2].shape);
    const kernel = [Array.from(weights[0].data.slice(0, 8)), Array.from(weights[0].data.slice(8))];
    model.setWeights([kernel, weights[1].data, bias, weights[3], Array.from(weights[4].data)]);
    expect(model.getWeights()).toEqual(weights);
    bias.dispose();
    model.dispose();
    other.dispose();
  });

  test('are as they were drawn or set until a step of training, which applies constraints', async () => {
    const model = new Sequential([Dense(3, { inputShape: [4], kernelConstraint: 'nonNeg' })], { seed: 1 });
    expect(Math.min(...model.getWeights()[0].data)).toBeLessThan(0);
    const set = [-1, 2, -3, 4, -5, 6, -7, 8, -9, 10, -11, 12];
    model.setWeights([Float32Array.from(set), [0, 0, 0]]);
    expect(Array.from(model.getWeights()[0].data)).toEqual(set);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.trainOnBatch([[0, 0, 0, 0]], [[0, 0, 0]]);
    expect(Array.from(model.getWeights()[0].data)).toEqual(set.map((value) => Math.max(0, value)));
    model.dispose();
  });

  test('that do not fit are named, and none is set', () => {
    const model = sequential('LSTM(2), Dense(1)', { inputShape: [3, 2], seed: 1 });
    const before = model.getWeights();
    const wrong = model.getWeights();
    wrong[3] = { data: new Float32Array(3), shape: [3, 1] };
    expect(() => model.setWeights(wrong)).toThrow('weight 3 (dense/kernel) has the shape [3, 1]; it must be [2, 1]');
    wrong[3] = { data: Float32Array.of(1, Number.NaN), shape: [2, 1] };
    expect(() => model.setWeights(wrong)).toThrow('weight 3 (dense/kernel)[1][0] is NaN; it must be a finite number');
    expect(() => model.setWeights(before.slice(1))).toThrow(
      'setWeights got 4 arrays; the model has 5: lstm/kernel [2,8], lstm/recurrent_kernel [2,8], lstm/bias [8], dense/kernel [2,1], dense/bias [1]',
    );
    expect(model.getWeights()).toEqual(before);
    model.dispose();
  });

  test('model.tf has them, before and after training', async () => {
    const model = regression({ seed: 1 });
    const ours = await model.predict(x);
    const predicted = () => tf.tidy(() => (model.tf.predict(tf.tensor3d(x)) as tf.Tensor2D).arraySync());
    for (const [i, [value]] of predicted().entries()) expect(value).toBeCloseTo(ours[i][0], 6);
    await model.fit(x, y, quiet);
    const after = await model.predict(x);
    expect(after).not.toEqual(ours);
    for (const [i, [value]] of predicted().entries()) expect(value).toBeCloseTo(after[i][0], 6);
    model.dispose();
  });
});

describe('saving and loading', () => {
  test('weights, metadata and training settings come back; every kind of layer', async () => {
    const spec =
      'Embedding(9, 4, mask_zero=True), Bidirectional(GRU(3, return_sequences=True)), LSTM(4, recurrent_activation=hard_sigmoid), ' +
      'RepeatVector(3), GRU(4, reset_after=False, return_sequences=True), TimeDistributed(Dense(3, relu)), Dropout(0.2), ' +
      'LayerNormalization(), GlobalAveragePooling1D, Dense(1, kernel_regularizer=l2(0.1))';
    const model = sequential(spec, { inputShape: [5], seed: 3, name: 'all' });
    model.compile({ optimizer: adam({ learningRate: 0.02, clipnorm: 1 }), loss: 'mse', metrics: ['mae'] });
    model.metadata = { kind: 'test', window: 5 };
    const tokens = Array.from({ length: 12 }, (_, i) => Array.from({ length: 5 }, (_, t) => (i * t) % 9));
    const targets = tokens.map((_, i) => [Math.sin(i)]);
    await model.fit(tokens, targets, { ...quiet, epochs: 1 });
    await model.save(join(folder, 'all'));
    const again = await loadModel(join(folder, 'all'));
    expect(again.metadata).toEqual({ kind: 'test', window: 5 });
    expect(again.name).toBe('all');
    expect(again.getWeights()).toEqual(model.getWeights());
    expect(await again.predict(tokens)).toEqual(await model.predict(tokens));
    expect(await again.evaluate(tokens, targets)).toEqual(await model.evaluate(tokens, targets));
    expect(again.summaryText()).toBe(model.summaryText());
    await again.fit(tokens, targets, { ...quiet, epochs: 1 });
    expect(again.getWeights()).not.toEqual(model.getWeights());
    model.dispose();
    again.dispose();
  });

  test('a model with a loss of its own comes back uncompiled', async () => {
    const model = regression({ seed: 1 });
    model.compile({ optimizer: 'sgd', loss: (yTrue, yPred) => tf.mean(tf.abs(tf.sub(yTrue, yPred)), -1) });
    await model.fit(x, y, quiet);
    await model.save(join(folder, 'own'));
    const again = await loadModel(join(folder, 'own'));
    await expect(again.evaluate(x, y)).rejects.toThrow('compile the model first');
    expect(again.getWeights()).toEqual(model.getWeights());
    model.dispose();
    again.dispose();
  });

  test('settings that were tampered with are an error that names the model', async () => {
    const model = regression({ seed: 1 });
    const path = join(folder, 'bad');
    await model.save(path);
    const json = JSON.parse(readFileSync(join(path, 'model.json'), 'utf8'));
    for (const training of [5, { loss: 7 }, { loss: 'mse', optimizer: { name: 'warp', config: {} } }]) {
      json.userDefinedMetadata.memcell.training = training;
      writeFileSync(join(path, 'model.json'), JSON.stringify(json));
      const before = tf.memory().numTensors;
      await expect(loadModel(path)).rejects.toThrow('the training settings saved with the model are not valid');
      expect(tf.memory().numTensors).toBe(before);
    }
    model.dispose();
  });
});

test('nothing is left behind: fit, evaluate, predict, trainOnBatch, save, load, dispose', async () => {
  const before = tf.memory().numTensors;
  const model = sequential(
    'Masking, Bidirectional(LSTM(3, dropout=0.2, recurrent_dropout=0.2, return_sequences=True)), ' +
      'SimpleRNN(3, dropout=0.2, return_sequences=True), GRU(3, dropout=0.2), Dense(1)',
    { inputShape: [4, 1] },
  );
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  const built = tf.memory().numTensors;
  await model.fit(x, y, { ...quiet, validationSplit: 0.2 });
  await model.evaluate(x, y);
  await model.predict(x);
  await model.trainOnBatch(x, y);
  await model.gates(x.slice(0, 2));
  await model.attribute(x.slice(0, 2));
  model.setWeights(model.getWeights());
  await model.save(join(folder, 'left'));
  (await loadModel(join(folder, 'left'))).dispose();
  expect(tf.memory().numTensors).toBe(built);
  model.dispose();
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

describe('models are built when their input shape is known', () => {
  test('from the first data, as in Keras', async () => {
    const model = new Sequential([LSTM(3), Dense(1)]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    expect(() => model.summaryText()).toThrow(
      "the model's input shape is not known; give its first layer (LSTM) an inputShape, such as [steps, features]",
    );
    await model.fit(x, y, quiet);
    expect(model.inputShape).toEqual([null, 4, 1]);
    model.dispose();
    const predicting = sequential('Bidirectional(LSTM(2)), Dense(3)');
    expect((await predicting.predict(x))[0]).toHaveLength(3);
    predicting.dispose();
  });

  test('layers can be added to a built model', async () => {
    const model = new Sequential([Dense(3, { inputShape: [2] })], { seed: 1 });
    model.compile({ loss: 'mse' });
    const [kernel] = model.getWeights();
    expect(model.outputs).toEqual([{ name: 'dense', shape: [null, 3] }]);
    model.add(Dropout(0.1)).add(Dense(1));
    expect(model.outputs).toEqual([{ name: 'dense_1', shape: [null, 1] }]);
    expect(model.getWeights()[0]).toEqual(kernel);
    await expect(model.fit([[1, 2]], [[1]], quiet)).rejects.toThrow('compile the model first');
    model.compile({ loss: 'mse' });
    await model.fit([[1, 2]], [[1]], quiet);
    expect(model.layers.map(({ name }) => name)).toEqual(['dense', 'dropout', 'dense_1']);
    model.dispose();
  });

  test('around a model of tfjs, with branches too', async () => {
    const input = tf.input({ shape: [4, 1] });
    const branches = ['a', 'b'].map((name) => tf.layers.lstm({ units: 2, name }).apply(input) as tf.SymbolicTensor);
    const output = tf.layers.dense({ units: 1 }).apply(tf.layers.concatenate().apply(branches)) as tf.SymbolicTensor;
    const model = Sequential.fromTf(tf.model({ inputs: input, outputs: output }));
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const { history } = await model.fit(x, y, { ...quiet, epochs: 5 });
    expect(history.loss[4]).toBeLessThan(history.loss[0]);
    expect(() => model.add(Dense(1))).toThrow('a model with branches takes no more layers');
    model.dispose();
  });
});

describe('during fit', () => {
  test('callbacks may predict, evaluate, save and read weights', async () => {
    const model = regression({ seed: 1 });
    const losses: number[] = [];
    const { history } = await model.fit(x, y, {
      ...quiet,
      callbacks: [
        async () => {
          expect((await model.predict(x.slice(0, 1)))[0]).toHaveLength(1);
          expect(model.getWeights()).toHaveLength(5);
          await model.save(join(folder, 'during'));
          losses.push((await model.evaluate(x, y)).loss);
        },
      ],
    });
    const plain = regression({ seed: 1 });
    expect((await plain.fit(x, y, quiet)).history).toEqual(history);
    expect(losses).toHaveLength(2);
    model.dispose();
    plain.dispose();
  });

  test('stopTraining stops, and another training is refused', async () => {
    const model = regression({ seed: 1 });
    const running = model.fit(x, y, {
      ...quiet,
      epochs: 100,
      callbacks: [
        (epoch) => {
          model.stopTraining = epoch === 1;
        },
      ],
    });
    await expect(model.fit(x, y, quiet)).rejects.toThrow(
      'fit was called while fit runs on the same model; await it first',
    );
    await expect(model.trainOnBatch(x, y)).rejects.toThrow('trainOnBatch was called while fit runs');
    expect(() => model.dispose()).toThrow('this cannot be done while fit runs on the same model; await it first');
    const history = await running;
    expect(history.epoch).toEqual([0, 1]);
    expect(history.stopped).toEqual({ reason: 'callback', epoch: 1, batch: 5 });
    expect((await model.fit(x, y, quiet)).epoch).toHaveLength(2);
    model.dispose();
  });
});

describe('errors come before anything changes', () => {
  const cases: [string, (model: Sequential) => Promise<unknown>, string][] = [
    [
      'x of another shape',
      (model) => model.fit([[[1, 2]]], [[1]]),
      'x has the shape [1, 1, 2]; it must be [samples, 4, 1]',
    ],
    [
      'NaN in x',
      (model) => model.predict([[[1], [2], [Number.NaN], [4]]]),
      'x[0][2][0] is NaN; it must be a finite number',
    ],
    ['ragged x', (model) => model.predict([[[1], [2]], [[1]]]), 'x[1] has 1 value, but x[0] has 2; all must be alike'],
    ['too few targets', (model) => model.fit(x, y.slice(1)), 'x has 40 samples and y has 39'],
    [
      'a misspelt option',
      (model) => model.fit(x, y, { epoch: 3 } as object),
      "fit: unknown option 'epoch'; did you mean epochs?",
    ],
    [
      'a misspelt option of evaluate',
      (model) => model.evaluate(x, y, { batchsize: 3 } as object),
      "evaluate: unknown option 'batchsize'; did you mean batchSize?",
    ],
    [
      'a misspelt option of predict',
      (model) => model.predict(x, { batchsize: 3 } as object),
      "predict: unknown option 'batchsize'; did you mean batchSize?",
    ],
    [
      'a misspelt option of trainOnBatch',
      (model) => model.trainOnBatch(x, y, { sampleWeigth: [] } as object),
      "trainOnBatch: unknown option 'sampleWeigth'; did you mean sampleWeight?",
    ],
    [
      'a misspelt option of attribute',
      (model) => model.attribute(x, { outputs: 0 } as object),
      "attribute: unknown option 'outputs'; did you mean output?",
    ],
    [
      'a misspelt option of save',
      (model) => model.save('nowhere/model.keras', { includeOptimiser: false } as object),
      "save: unknown option 'includeOptimiser'; did you mean includeOptimizer?",
    ],
    [
      'whether to save the optimizer, in a word',
      (model) => model.save('nowhere/model.keras', { includeOptimizer: 'no' } as object),
      'save: includeOptimizer must be true or false, not "no"',
    ],
    [
      'a batch size of 0',
      (model) => model.predict(x, { batchSize: 0 }),
      'predict: batchSize must be a whole number of at least 1, or null, not 0',
    ],
    [
      'bad validation data',
      (model) => model.fit(x, y, { validationData: [[[1]], y] }),
      'validationData: x has the shape [1, 1]; it must be [samples, 4, 1]',
    ],
  ];
  test.each(cases)('%s', async (_, run, message) => {
    const model = regression({ seed: 1 });
    const before = model.getWeights();
    await expect(run(model)).rejects.toThrow(message);
    expect(model.getWeights()).toEqual(before);
    model.dispose();
  });

  test('tokens outside the vocabulary', async () => {
    const model = new Sequential([Embedding(10, 3), LSTM(2), Dense(1)], { inputShape: [3] });
    await expect(model.predict([[1, 2, 10]])).rejects.toThrow('x[0][2] is 10; it must be from 0 to 9');
    await expect(model.predict([[1, 2.5, 3]])).rejects.toThrow('x[0][1] is 2.5; it must be a whole number');
    model.dispose();
  });

  test('compile with names that do not exist', () => {
    const model = new Sequential([LSTM(3), Dense(1)]);
    // @ts-expect-error no such optimizer
    expect(() => model.compile({ optimizer: 'adm', loss: 'mse' })).toThrow(
      "unknown optimizer 'adm'; did you mean adam?",
    );
    // @ts-expect-error no such loss
    expect(() => model.compile({ loss: 'msee' })).toThrow("unknown loss 'msee'; did you mean mse?");
    // @ts-expect-error no such metric
    expect(() => model.compile({ loss: 'mse', metrics: ['accurcy'] })).toThrow(
      "unknown metric 'accurcy'; did you mean accuracy?",
    );
    // @ts-expect-error no loss
    expect(() => model.compile({})).toThrow('compile needs a loss');
  });

  test('before compile, after dispose, without layers', async () => {
    const model = new Sequential([Bidirectional(GRU(3)), Dense(1)], { inputShape: [4, 1] });
    await expect(model.fit(x, y)).rejects.toThrow(
      "compile the model first: model.compile({ optimizer: 'adam', loss: … })",
    );
    model.dispose();
    await expect(model.predict(x)).rejects.toThrow('this model was disposed');
    expect(() => model.getWeights()).toThrow('this model was disposed');
    expect(() => new Sequential().summary()).toThrow('the model has no layers; add one first');
    expect(() => new Sequential().add('LSTM' as unknown as ReturnType<typeof LSTM>)).toThrow(
      'add takes a layer, such as LSTM(50), not "LSTM"',
    );
  });
});

test('compile that is refused leaves the model as it was', async () => {
  const model = regression({ seed: 1 });
  model.threads = 2;
  const before = await model.evaluate(x, y, { verbose: 0 });
  const loss = 'mse';
  for (const wrong of [
    { loss: 'nonsense', threads: 1 },
    { loss, threads: 1, optimizer: 'adm' },
    { loss, threads: 1, metrics: ['mae', 'mae'] },
    { loss, threads: 0 },
  ])
    expect(() => model.compile(wrong as SequentialCompileOptions)).toThrow();
  expect(model.threads).toBe(2);
  expect(await model.evaluate(x, y, { verbose: 0 })).toEqual(before);
  model.compile({ loss, threads: 1 });
  expect(model.threads).toBe(1);
});
