/** The engine behind Sequential: weights in step with tfjs, the same numbers as on tfjs. */
import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import * as l from '../../src/layers/index.js';
import { deriveKey, Random } from '../../src/random.js';
import { Sequential } from '../../src/sequential.js';
import type { CompileOptions } from '../../src/training/compile.js';
import { adam } from '../../src/training/optimizers.js';
import { expectNear } from './compare.js';

const compile = (): CompileOptions => ({
  optimizer: adam({ learningRate: 0.01 }),
  loss: 'categoricalCrossentropy',
  metrics: ['accuracy'],
});

function model(engine?: 'tfjs'): Sequential {
  const made = new Sequential(
    [l.Flatten({ inputShape: [4, 3] }), l.Dense(9, 'relu'), l.Dropout(0.2), l.Dense(3, 'softmax')],
    {
      seed: 5,
    },
  );
  made.compile({ ...compile(), ...(engine ? { engine } : {}) });
  return made;
}

const random = new Random(deriveKey(1, 'data'));
const samples = 37;
const x = { data: Float32Array.from({ length: samples * 12 }, () => random.normal()), shape: [samples, 4, 3] };
const y = { data: new Float32Array(samples * 3), shape: [samples, 3] };
for (let i = 0; i < samples; i++) y.data[3 * i + random.integer(3)] = 1;

function weightsOf(made: Sequential): Float32Array {
  return Float32Array.from(made.getWeights().flatMap(({ data }) => [...data]));
}

describe('a Sequential on the engine', () => {
  test('says what runs it, and why tfjs does', () => {
    expect(model().engine).toEqual({ kind: 'memcell' });
    expect(model('tfjs').engine).toEqual({ kind: 'tfjs', why: "compile was given engine: 'tfjs'" });
    const thresholded = new Sequential([tf.layers.thresholdedReLU({ inputShape: [4, 3] })]);
    expect(thresholded.engine).toEqual({
      kind: 'tfjs',
      why: expect.stringMatching(/^layer thresholded_re.* is of a kind that the engine does not have$/),
    });
    expect(new Sequential([l.Dense(3)]).engine).toEqual({ kind: 'tfjs', why: 'its input shape is not known yet' });
  });

  test('fit, evaluate, predict and the weights are those of tfjs to 1e-4', async () => {
    const own = model();
    const other = model('tfjs');
    const options = { epochs: 4, batchSize: 8, seed: 3, validationSplit: 0.2, verbose: 0 as const };
    const history = await own.fit(x, y, options);
    const expected = await other.fit(x, y, options);
    expect(Object.keys(history.history)).toEqual(Object.keys(expected.history));
    for (const [name, values] of Object.entries(expected.history))
      expectNear(history.history[name], values, 1e-5, name, 1e-4);
    expectNear(weightsOf(own), weightsOf(other), 1e-4, 'weights');
    const got = await own.predict(x);
    expectNear(got.data, (await other.predict(x)).data, 1e-4, 'predictions');
    const logs = await own.evaluate(x, y, { verbose: 0 });
    expectNear([logs.loss], [(await other.evaluate(x, y, { verbose: 0 })).loss], 1e-4, 'loss');
    own.dispose();
    other.dispose();
  });

  test('tf, getWeights and setWeights are in step, also where somebody writes to the tfjs model', async () => {
    const own = model();
    const before = weightsOf(own);
    const loss = await own.trainOnBatch(x, y);
    expect(weightsOf(own)).not.toEqual(before);
    const direct = own.tf.predict(tf.tensor(x.data, [samples, 4, 3])) as tf.Tensor;
    expectNear((await own.predict(x)).data, direct.dataSync(), 1e-5, 'predictions');
    own.tf.setWeights(own.tf.getWeights().map((weight) => tf.zerosLike(weight)));
    expectNear((await own.predict(x)).data, new Float32Array(samples * 3).fill(1 / 3), 1e-6, 'after writing to tf');
    own.setWeights(splitLike(own, before));
    expect(weightsOf(own)).toEqual(before);
    const again = model();
    expect(await again.trainOnBatch(x, y)).toBe(loss);
    own.dispose();
  });

  test('the optimizer keeps its state over compile’s own calls: train, read, train again is one run', async () => {
    const own = model();
    const other = model();
    for (let i = 0; i < 3; i++) {
      await own.trainOnBatch(x, y);
      await other.trainOnBatch(x, y);
      own.getWeights();
      own.setWeights(own.getWeights());
    }
    expect(weightsOf(own)).toEqual(weightsOf(other));
  });

  test('a loss that is not finite changes nothing', async () => {
    const own = model();
    const before = weightsOf(own);
    const huge = { data: x.data.map((value) => value * 3e38), shape: x.shape };
    await expect(
      own.trainOnBatch({ ...huge, data: Float32Array.from(huge.data, (v) => Math.max(-3e38, Math.min(3e38, v))) }, y),
    ).rejects.toThrow(/loss/);
    expect(weightsOf(own)).toEqual(before);
  });
});

function splitLike(made: Sequential, values: Float32Array): { data: Float32Array; shape: number[] }[] {
  let at = 0;
  return made.getWeights().map(({ data, shape }) => {
    at += data.length;
    return { data: values.slice(at - data.length, at), shape };
  });
}

describe('weights of one batch are not those of the next', () => {
  const rows = (array: { data: Float32Array; shape: number[] }, from: number, to: number) => {
    const size = array.data.length / array.shape[0];
    return { data: array.data.slice(from * size, to * size), shape: [to - from, ...array.shape.slice(1)] };
  };

  test('weighted batches with others in between, trained and evaluated: as tfjs', async () => {
    const losses = async (made: Sequential) => {
      const seen = [];
      for (const weight of [0.1, undefined, 3, undefined]) {
        const options = weight === undefined ? {} : { sampleWeight: Array<number>(8).fill(weight) };
        seen.push(await made.trainOnBatch(rows(x, 0, 8), rows(y, 0, 8), options));
        seen.push((await made.evaluate(rows(x, 8, 16), rows(y, 8, 16), { verbose: 0 })).loss);
      }
      return seen;
    };
    expectNear(await losses(model()), await losses(model('tfjs')), 1e-5, 'losses', 1e-4);
  });

  test('fit with classWeight and validationSplit: val_loss is that of tfjs, without weights', async () => {
    const options = {
      epochs: 2,
      batchSize: 8,
      seed: 3,
      verbose: 0 as const,
      validationSplit: 0.3,
      classWeight: { 0: 5, 1: 3, 2: 0.5 },
    };
    const own = model();
    const { history } = await own.fit(x, y, options);
    const expected = (await model('tfjs').fit(x, y, options)).history;
    expectNear(history.val_loss, expected.val_loss, 1e-5, 'val_loss', 1e-4);
    expectNear(history.loss, expected.loss, 1e-5, 'loss', 1e-4);
    const at = Math.floor(samples * 0.7);
    const { loss } = await own.evaluate(rows(x, at, samples), rows(y, at, samples), { verbose: 0, batchSize: 8 });
    expect(history.val_loss[1]).toBeCloseTo(loss, 5);
  });
});

describe('a loss that is not finite, on the engine', () => {
  const poisoned = { data: x.data.slice(), shape: x.shape };
  poisoned.data.fill(3e38, 20 * 12, 21 * 12);

  test.each(['sgd', 'adam'] as const)(
    '%s: fit gives back the weights and the optimizer of the last good epoch',
    async (optimizer) => {
      const data = { data: x.data.slice(), shape: x.shape };
      const made = model();
      made.compile({ optimizer, loss: 'meanSquaredError' });
      const good: Float32Array[] = [];
      const callbacks = [
        {
          onEpochEnd: (epoch: number) => {
            good.push(weightsOf(made));
            // Seen by the next epoch: fit reads x as it goes.
            if (epoch === 1) data.data.set(poisoned.data);
          },
        },
      ];
      const error = await made
        .fit(data, y, { epochs: 5, batchSize: 8, seed: 1, shuffle: false, verbose: 0, callbacks })
        .catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'numeric', message: expect.stringContaining('in epoch 3, batch 3 of 5') });
      expect(made.engine.kind).toBe('memcell');
      expect(good).toHaveLength(2);
      expect(weightsOf(made)).toEqual(good[1]);
      expect(weightsOf(made)).not.toEqual(good[0]);
      expect(await made.trainOnBatch(x, y)).toBeGreaterThan(0);
    },
  );

  test('a refused trainOnBatch counts no step and changes nothing', async () => {
    const optimizer = adam({ learningRate: 0.01 });
    const made = model();
    made.compile({ optimizer, loss: 'meanSquaredError' });
    await made.trainOnBatch(x, y);
    const before = weightsOf(made);
    await expect(made.trainOnBatch(poisoned, y)).rejects.toMatchObject({ code: 'numeric' });
    expect(optimizer.iterations).toBe(1);
    expect(weightsOf(made)).toEqual(before);
    await made.trainOnBatch(x, y);
    expect(optimizer.iterations).toBe(2);
  });
});
