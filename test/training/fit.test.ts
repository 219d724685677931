import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import type { NdArray } from '../../src/data/array.js';
import { MemcellError } from '../../src/errors.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { buildModel } from '../../src/model/build.js';
import { parseSpec } from '../../src/model/spec.js';
import { Random } from '../../src/random.js';
import { Batches } from '../../src/training/batches.js';
import { type Callback, EarlyStopping } from '../../src/training/callbacks.js';
import { compileTraining, type UncheckedCompileOptions } from '../../src/training/compile.js';
import { evaluate, predict, trainOnBatch } from '../../src/training/evaluate.js';
import { fit as train } from '../../src/training/fit.js';
import type { FitOptions } from '../../src/training/fitSettings.js';
import { adam, sgd } from '../../src/training/optimizers.js';
import type { Runner } from '../../src/training/runner.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';

beforeAll(async () => {
  await prepareBackend();
  await tf.setBackend('cpu');
});

function normal(key: number, shape: number[]): NdArray {
  const random = new Random(key);
  const size = shape.reduce((product, n) => product * n, 1);
  return { data: Float32Array.from({ length: size }, () => random.normal()), shape };
}

function setUp(spec = 'Input((3,)), Dense(4, tanh), Dense(2)', options: Partial<UncheckedCompileOptions> = {}) {
  const model = buildModel(parseSpec(spec), { seed: 5 });
  const compiled = compileTraining(model, { loss: 'mse', optimizer: adam({ learningRate: 0.01 }), ...options });
  const runner = createTfjsRunner(model, compiled);
  const run = (x: NdArray, y: NdArray, more: FitOptions = {}) =>
    train(runner, compiled, x, y, { verbose: 0, seed: 1, ...more });
  return { compiled, runner, run };
}

const weightsOf = (runner: Runner) => runner.capture().weights;
const x = normal(1, [10, 3]);
const y = normal(2, [10, 2]);
const rows = ({ data, shape }: NdArray, from: number, to: number): NdArray => ({
  data: data.slice((from * data.length) / shape[0], (to * data.length) / shape[0]),
  shape: [to - from, ...shape.slice(1)],
});

describe('the loop', () => {
  test('batches in order with a smaller last one; the loss is the mean over samples', async () => {
    const { run, runner } = setUp();
    const manual = setUp();
    const losses = [0, 4, 8].map((from) => {
      const to = Math.min(from + 4, 10);
      return manual.runner.trainBatch(rows(x, from, to), rows(y, from, to)).loss * (to - from);
    });
    const history = await run(x, y, { batchSize: 4, shuffle: false });
    expect(history.history.loss).toEqual([losses.reduce((a, b) => a + b) / 10]);
    expect(weightsOf(runner)).toEqual(weightsOf(manual.runner));
    expect(history.params).toEqual({
      epochs: 1,
      initialEpoch: 0,
      batchSize: 4,
      steps: 3,
      samples: 10,
      validationSamples: 0,
      seed: 1,
    });
  });

  test('same seed, same bits; another seed, others; an epoch does not depend on those before it in time', async () => {
    const spec = 'Input((3,)), Dense(4, tanh), Dropout(0.5), Dense(2)';
    const whole = setUp(spec);
    const history = await whole.run(x, y, { epochs: 3, batchSize: 4 });
    const parts = setUp(spec);
    await parts.run(x, y, { epochs: 1, batchSize: 4 });
    const rest = await parts.run(x, y, { epochs: 3, initialEpoch: 1, batchSize: 4 });
    expect(rest.epoch).toEqual([1, 2]);
    expect(rest.history.loss).toEqual(history.history.loss.slice(1));
    expect(weightsOf(parts.runner)).toEqual(weightsOf(whole.runner));
    const other = setUp(spec);
    await other.run(x, y, { epochs: 3, batchSize: 4, seed: 2 });
    expect(weightsOf(other.runner)).not.toEqual(weightsOf(whole.runner));
  });

  test('shuffling gives every sample once in each epoch, in a new order', async () => {
    const numbers = { data: Float32Array.from({ length: 7 }, (_, i) => i), shape: [7, 1] };
    const { compiled, runner } = setUp('Input((1,)), Dense(1)');
    const seen: number[][] = [];
    const trainBatch = runner.trainBatch.bind(runner);
    runner.trainBatch = (bx, by, w) => {
      expect([...bx.data]).toEqual([...by.data]);
      seen.push([...bx.data]);
      return trainBatch(bx, by, w);
    };
    await train(runner, compiled, numbers, numbers, { epochs: 2, batchSize: 3, seed: 4, verbose: 0 });
    const epochs = [seen.slice(0, 3).flat(), seen.slice(3).flat()];
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(seen.map((batch) => batch.length)).toEqual([3, 3, 1, 3, 3, 1]);
  });

  test.each([1, 63, 64, 65])('rows of %i numbers are gathered in any order, whole and with their weights', (size) => {
    const rowsOf = (at: number[], width: number) =>
      Float32Array.from(at.flatMap((row) => Array.from({ length: width }, (_, i) => row + i / 128)));
    const all = [0, 1, 2, 3, 4];
    const parts = [[2], [3, 1]];
    const batches = new Batches(
      {
        x: { data: rowsOf(all, size), shape: [5, size] },
        y: { data: Int32Array.from(rowsOf(all, 5)), shape: [5, 5], parts },
        weights: rowsOf(all, 3),
      },
      2,
    );
    const order = Int32Array.of(3, 0, 4, 2, 1);
    const found = [0, 1, 2].map((index) => structuredClone(batches.batch(index, order)));
    const expected = [[3, 0], [4, 2], [1]].map((at) => ({
      x: { data: rowsOf(at, size), shape: [at.length, size] },
      y: { data: Int32Array.from(rowsOf(at, 5)), shape: [at.length, 5], parts },
      weights: rowsOf(at, 3),
    }));
    const plain = (samples: object[]) => JSON.parse(JSON.stringify(samples));
    expect(plain(found)).toEqual(plain(expected));
  });

  test('callbacks are waited for, each before the next and before the batch', async () => {
    const seen: string[] = [];
    const slow =
      (what: string) =>
      async (...given: unknown[]) => {
        const title = typeof given[0] === 'number' ? `${what} ${given[0]}` : what;
        seen.push(title);
        await new Promise(setImmediate);
        seen.push(`${title} is done`);
      };
    const hooks = ['onTrainBegin', 'onEpochBegin', 'onBatchBegin', 'onBatchEnd', 'onEpochEnd', 'onTrainEnd'] as const;
    const callbacks = ['a', 'b'].map(
      (name): Callback => Object.fromEntries(hooks.map((hook) => [hook, slow(`${name}.${hook}`)])),
    );
    const { run, runner } = setUp();
    const trainBatch = runner.trainBatch.bind(runner);
    runner.trainBatch = (...given) => {
      seen.push('a batch');
      return trainBatch(...given);
    };
    await run(x, y, { batchSize: 5, callbacks });
    const both = (what: string) => ['a', 'b'].flatMap((name) => [`${name}.${what}`, `${name}.${what} is done`]);
    const batch = (i: number) => [...both(`onBatchBegin ${i}`), 'a batch', ...both(`onBatchEnd ${i}`)];
    expect(seen).toEqual([
      ...both('onTrainBegin'),
      ...both('onEpochBegin 0'),
      ...batch(0),
      ...batch(1),
      ...both('onEpochEnd 0'),
      ...both('onTrainEnd'),
    ]);
  });

  test('validationSplit holds back the last samples; validationData goes before it', async () => {
    const a = setUp(undefined, { metrics: ['mae'] });
    const first = await a.run(x, y, { validationSplit: 0.3, epochs: 2, validationFreq: 2 });
    const after = await evaluate(a.runner, a.compiled, rows(x, 7, 10), rows(y, 7, 10));
    expect(first.params).toMatchObject({ samples: 7, validationSamples: 3 });
    expect(first.history.val_loss).toEqual([after.loss]);
    expect(first.history.val_mae).toEqual([after.mae]);
    expect(Object.keys(first.history)).toEqual(['loss', 'mae', 'val_loss', 'val_mae']);
    const b = setUp(undefined, { metrics: ['mae'] });
    const second = await b.run(rows(x, 0, 7), rows(y, 0, 7), {
      validationData: { x: rows(x, 7, 10), y: rows(y, 7, 10) },
      epochs: 2,
      validationFreq: 2,
    });
    expect(second.history).toEqual(first.history);
  });

  test('class weights are the sample weights of their classes, for labels and one-hot rows', async () => {
    const spec = 'Input((3,)), Dense(3, softmax)';
    const labels = { data: Float32Array.from([0, 1, 2, 0, 1, 2, 0, 1, 2, 1]), shape: [10] };
    const oneHot = { data: new Float32Array(30), shape: [10, 3] };
    labels.data.forEach((label, i) => {
      oneHot.data[i * 3 + label] = 1;
    });
    const classWeight = { 0: 2, 2: 0.25 };
    const sampleWeight = labels.data.map((label) => [2, 1, 0.25][label]);
    const trained = async (loss: string, targets: NdArray, options: FitOptions) => {
      const { run, runner } = setUp(spec, { loss });
      const { history } = await run(x, targets, { epochs: 2, ...options });
      return { loss: history.loss, weights: weightsOf(runner) };
    };
    const sparse = await trained('sparseCategoricalCrossentropy', labels, { classWeight });
    expect(await trained('sparseCategoricalCrossentropy', labels, { sampleWeight })).toEqual(sparse);
    expect(await trained('categoricalCrossentropy', oneHot, { classWeight })).toEqual(sparse);
    expect(await trained('sparseCategoricalCrossentropy', labels, {})).not.toEqual(sparse);
  });

  test('nothing leaks: as many tensors after fit, evaluate and predict as before', async () => {
    const spec =
      'Input((4,)), Embedding(5, 3, mask_zero=true), LSTM(3, return_sequences=true, dropout=0.2), Dense(5, softmax)';
    const { run, compiled, runner } = setUp(spec, { loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    const ids = { data: Float32Array.from({ length: 24 }, (_, i) => (i * 7) % 5), shape: [6, 4] };
    await run(ids, ids, { batchSize: 4 });
    runner.dispose();
    const before = tf.memory();
    await run(ids, ids, { batchSize: 4, epochs: 3, validationSplit: 0.3 });
    await evaluate(runner, compiled, ids, ids);
    await predict(runner, ids);
    runner.dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
  });

  test('timers run during a long fit', async () => {
    const { run } = setUp();
    const controller = new AbortController();
    let ticks = 0;
    // Without a turn of the event loop now and then, the tenth tick would come after the last of a million epochs.
    const timer = setInterval(() => {
      if (++ticks === 10) controller.abort();
    }, 20);
    const history = await run(x, y, { epochs: 1e6, batchSize: 1, signal: controller.signal });
    clearInterval(timer);
    expect(history.stopped?.reason).toBe('interrupted');
    expect(history.epoch.length).toBeLessThan(1e6);
    expect(ticks).toBeGreaterThanOrEqual(10);
  });
});

describe('stopping', () => {
  test('an aborted signal stops after the batch; weights stay, the history has the finished epochs', async () => {
    const { run, runner } = setUp();
    const controller = new AbortController();
    let batches = 0;
    const callback: Callback = {
      onBatchEnd: () => {
        if (++batches === 5) controller.abort();
      },
    };
    const history = await run(x, y, { epochs: 4, batchSize: 4, callbacks: [callback], signal: controller.signal });
    expect(history.stopped).toEqual({ reason: 'interrupted', epoch: 1, batch: 2 });
    expect([history.epoch, history.history.loss.length, batches]).toEqual([[0], 1, 5]);
    const manual = setUp();
    const stop: Callback = {
      onBatchEnd: (_batch, _logs, { optimizer }) => {
        if (optimizer.iterations === 5) throw new Error('a callback ends it');
      },
    };
    await expect(manual.run(x, y, { epochs: 4, batchSize: 4, callbacks: [stop] })).rejects.toThrow(
      'a callback ends it',
    );
    expect(weightsOf(runner)).toEqual(weightsOf(manual.runner));
  });

  test('aborted in the last batch: the epoch is not finished', async () => {
    const { run } = setUp();
    const controller = new AbortController();
    const seen: number[] = [];
    const callback: Callback = {
      onBatchEnd: (batch) => {
        if (batch === 2) controller.abort();
      },
      onEpochEnd: (epoch) => void seen.push(epoch),
    };
    const history = await run(x, y, { epochs: 2, batchSize: 4, callbacks: [callback], signal: controller.signal });
    expect(history).toMatchObject({ epoch: [], history: {}, stopped: { reason: 'interrupted', epoch: 0, batch: 3 } });
    expect(seen).toEqual([]);
  });

  test('weights that are averaged at the end are not where it is interrupted', async () => {
    const { run, runner } = setUp(undefined, {
      optimizer: adam({ learningRate: 0.1, useEma: true, emaMomentum: 0.5 }),
    });
    const controller = new AbortController();
    let left: Float32Array[] = [];
    const abort: Callback = {
      onBatchEnd: (_batch, _logs, { capture, optimizer }) => {
        if (optimizer.iterations !== 4) return;
        left = capture().weights;
        controller.abort();
      },
    };
    await run(x, y, { epochs: 4, batchSize: 4, callbacks: [abort], signal: controller.signal });
    expect(weightsOf(runner)).toEqual(left);
    await run(x, y, { epochs: 2, initialEpoch: 1, batchSize: 4 });
    expect(weightsOf(runner)[0]).toEqual(runner.capture().optimizer?.state[2]);
  });

  test.each([
    ['an epoch', { onEpochEnd: true }, { reason: 'interrupted', epoch: 1, batch: 3 }],
    ['a batch', { onBatchEnd: true }, { reason: 'interrupted', epoch: 1, batch: 1 }],
  ])('aborted and stopped at once, at the end of %s: interrupted', async (_, at, stopped) => {
    const { run } = setUp();
    const controller = new AbortController();
    let epoch = 0;
    const both = (context: { stopTraining: boolean }) => {
      if (epoch !== 1) return;
      context.stopTraining = true;
      controller.abort();
    };
    const callback: Callback = {
      onEpochBegin: (begun) => {
        epoch = begun;
      },
      ...('onEpochEnd' in at && { onEpochEnd: (_epoch, _logs, context) => both(context) }),
      ...('onBatchEnd' in at && { onBatchEnd: (_batch, _logs, context) => both(context) }),
    };
    const options = { epochs: 3, batchSize: 4, callbacks: [callback], signal: controller.signal };
    expect((await run(x, y, options)).stopped).toEqual(stopped);
  });

  test('aborted at the end of the last epoch: all was done', async () => {
    const { run } = setUp();
    const controller = new AbortController();
    const abort: Callback = { onEpochEnd: (epoch) => (epoch === 1 ? controller.abort() : undefined) };
    const history = await run(x, y, { epochs: 2, callbacks: [abort], signal: controller.signal });
    expect([history.epoch, history.stopped]).toEqual([[0, 1], undefined]);
  });

  test.each<[string, FitOptions, number[]]>([
    ['all epochs', {}, [0, 1, 2]],
    ['no epoch', { epochs: 0 }, []],
    ['an interruption in the third epoch', { signal: undefined }, [0, 1]],
  ])('onTrainEnd is given what the last finished epoch logged: %s', async (name, options, epochs) => {
    const { run } = setUp(undefined, { metrics: ['mae'] });
    const controller = new AbortController();
    let seen: unknown;
    const callback: Callback = {
      onEpochBegin: (epoch) => (name.startsWith('an') && epoch === 2 ? controller.abort() : undefined),
      onTrainEnd: (logs) => {
        seen = logs;
      },
    };
    const { epoch, history } = await run(x, y, {
      epochs: 3,
      validationSplit: 0.2,
      callbacks: [callback],
      ...options,
      signal: controller.signal,
    });
    expect(epoch).toEqual(epochs);
    const last = Object.entries(history).map(([key, values]) => [key, values.at(-1)]);
    expect(last).toHaveLength(epochs.length > 0 ? 4 : 0);
    expect(seen).toEqual(Object.fromEntries(last));
  });

  test('a model that nobody can save is not saved', async () => {
    const { run } = setUp();
    const saving: Callback = { onEpochEnd: (_epoch, _logs, { save }) => save('somewhere') };
    await expect(run(x, y, { callbacks: [saving] })).rejects.toMatchObject({
      code: 'usage',
      message: 'this model cannot be saved during training',
    });
  });

  test('aborted before it begins: no batch', async () => {
    const { run, runner } = setUp();
    const before = weightsOf(runner);
    const history = await run(x, y, { signal: AbortSignal.abort() });
    expect(history).toMatchObject({ epoch: [], history: {}, stopped: { reason: 'interrupted', epoch: 0, batch: 0 } });
    expect(weightsOf(runner)).toEqual(before);
  });

  test('stopTraining in a batch ends the epoch there, validated and logged, as in Keras', async () => {
    const { run } = setUp();
    const history = await run(x, y, {
      epochs: 3,
      batchSize: 2,
      validationSplit: 0.2,
      callbacks: [
        {
          onBatchEnd: (batch, _logs, context) => {
            context.stopTraining = batch === 1;
          },
        },
      ],
    });
    expect(history.stopped).toEqual({ reason: 'callback', epoch: 0, batch: 2 });
    expect(Object.keys(history.history)).toEqual(['loss', 'val_loss']);
  });

  test.each([
    [0, { reason: 'callback', epoch: 1, batch: 1 }],
    [2, { reason: 'callback', epoch: 1, batch: 3 }],
    [4, undefined],
  ])('stopTraining in batch %i of 5 of the last epoch', async (at, stopped) => {
    const { run } = setUp();
    let last = false;
    const stop: Callback = {
      onEpochBegin: (epoch) => {
        last = epoch === 1;
      },
      onBatchEnd: (batch, _logs, context) => {
        context.stopTraining = last && batch === at;
      },
    };
    expect((await run(x, y, { epochs: 2, batchSize: 2, callbacks: [stop] })).stopped).toEqual(stopped);
  });

  test('a loss that is not finite: an error that says where, and all as after the last good epoch', async () => {
    const { run, runner } = setUp('Input((3,)), Dense(2)', { optimizer: sgd({ learningRate: 0.01, momentum: 0.9 }) });
    const good = setUp('Input((3,)), Dense(2)', { optimizer: sgd({ learningRate: 0.01, momentum: 0.9 }) });
    await good.run(x, y, { epochs: 2, batchSize: 4 });
    const blowUp: Callback = {
      onEpochBegin: (epoch, { optimizer }) => {
        if (epoch === 2) optimizer.learningRate = 1e30;
      },
    };
    const error = await run(x, y, { epochs: 9, batchSize: 4, callbacks: [blowUp] }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MemcellError);
    expect(error).toMatchObject({ code: 'numeric' });
    expect(String(error)).toMatch(
      /the loss is (NaN|Infinity) in epoch 3, batch 2 of 3; .*last good epoch; try a lower learning rate \(now 1e\+30\), clipnorm/,
    );
    expect(runner.capture()).toEqual(good.runner.capture());
  });

  test('in the first epoch: the optimizer is as new', async () => {
    const { run, runner } = setUp('Input((3,)), Dense(2)', { optimizer: adam({ learningRate: 1e38 }) });
    const before = runner.capture();
    await expect(run(x, y, { batchSize: 4, epochs: 2 })).rejects.toThrow(/the loss is .* in epoch 1, batch [23] of 3/);
    expect(runner.capture()).toEqual(before);
  });

  test('a weight that overflows in the last batch is found as well', async () => {
    const { run, runner } = setUp('Input((3,)), Dense(2)', { optimizer: sgd({ learningRate: 1e39 }) });
    const before = runner.capture();
    await expect(run(x, y, { batchSize: 10 })).rejects.toThrow('a weight is no longer finite after epoch 1');
    expect(runner.capture()).toEqual(before);
  });

  test('early stopping goes back to the best weights', async () => {
    const best: Float32Array[][] = [];
    const stopping = new EarlyStopping({ monitor: 'val_loss', patience: 2, restoreBestWeights: true });
    const { run, runner, compiled } = setUp(undefined, { optimizer: adam({ learningRate: 0.3 }) });
    const history = await run(x, y, {
      epochs: 50,
      validationSplit: 0.3,
      callbacks: [stopping, (_epoch, _logs, context) => void best.push(context.capture().weights)],
    });
    const losses = history.history.val_loss;
    const bestEpoch = losses.indexOf(Math.min(...losses));
    expect(stopping.bestEpoch).toBe(bestEpoch);
    expect(stopping.stoppedEpoch).toBe(bestEpoch + 2);
    expect(history.epoch.length).toBe(bestEpoch + 3);
    expect(history.stopped).toEqual({ reason: 'callback', epoch: bestEpoch + 2, batch: 1 });
    expect(weightsOf(runner)).toEqual(best[bestEpoch]);
    // The optimizer goes on from where it was, as in Keras.
    expect(runner.optimizer.iterations).toBe(history.epoch.length);
    const final = await evaluate(runner, compiled, rows(x, 7, 10), rows(y, 7, 10));
    expect(final.loss).toBe(losses[bestEpoch]);
  });
});

describe('masks', () => {
  test('padding changes neither loss nor metrics nor gradients', async () => {
    const spec = (steps: number) =>
      `Input((${steps}, 2)), Masking(0), LSTM(3, return_sequences=true), Dense(4, softmax)`;
    const options = {
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
      optimizer: sgd({ learningRate: 0.5 }),
    };
    const short = setUp(spec(3), options);
    const padded = setUp(spec(5), { ...options, optimizer: sgd({ learningRate: 0.5 }) });
    const inputs = normal(8, [4, 3, 2]);
    const labels = { data: Float32Array.from({ length: 12 }, (_, i) => (i * 5) % 4), shape: [4, 3] };
    const pad = ({ data }: NdArray, size: number, rest: number[]): NdArray => {
      const out = new Float32Array(4 * 5 * size);
      for (let i = 0; i < 4; i++) out.set(data.slice(i * 3 * size, (i + 1) * 3 * size), i * 5 * size);
      return { data: out, shape: [4, 5, ...rest] };
    };
    const a = await trainOnBatch(short.runner, short.compiled, inputs, labels);
    const b = await trainOnBatch(padded.runner, padded.compiled, pad(inputs, 2, [2]), pad(labels, 1, []));
    expect(b.loss).toBeCloseTo(a.loss, 5);
    expect(b.accuracy).toBe(a.accuracy);
    weightsOf(short.runner).forEach((weight, i) => {
      weightsOf(padded.runner)[i].forEach((value, j) => {
        expect(value).toBeCloseTo(weight[j], 5);
      });
    });
  });
});

describe('evaluate, predict and single batches', () => {
  test('predict gives all rows in order, whatever the batch size', async () => {
    const { runner } = setUp();
    const whole = await predict(runner, x);
    expect(whole.shape).toEqual([10, 2]);
    expect(await predict(runner, x, { batchSize: 3 })).toEqual(whole);
  });

  test('predict refuses no samples', async () => {
    const { runner } = setUp();
    await expect(predict(runner, { data: new Float32Array(0), shape: [0, 3] })).rejects.toMatchObject({
      code: 'data',
      message: 'x has no samples',
    });
  });

  test('steps that end later are waited for, however short they are', async () => {
    const late =
      <Given, Taken, Result>(now: (given: Given, take: (taken: Taken) => Result) => Result | Promise<Result>) =>
      async (given: Given, take: (taken: Taken) => Result) => {
        await new Promise(setImmediate);
        return now(given, take);
      };
    const [own, other] = [setUp(), setUp()];
    const slow: Runner = Object.create(own.runner, {
      trainInTurns: { value: late(own.runner.trainInTurns.bind(own.runner)) },
      evaluateInTurns: { value: late(own.runner.evaluateInTurns.bind(own.runner)) },
      predictInTurns: { value: late(own.runner.predictInTurns.bind(own.runner)) },
    });
    const [later, atOnce] = [{ ...own, runner: slow }, other].map(async ({ runner, compiled }) => [
      await train(runner, compiled, x, y, { verbose: 0, seed: 1, batchSize: 4, validationSplit: 0.3 }).then(
        ({ history }) => history,
      ),
      await evaluate(runner, compiled, x, y, { batchSize: 4 }),
      await predict(runner, x, { batchSize: 4 }),
    ]);
    expect(await later).toEqual(await atOnce);
  });

  test('evaluate means over samples, the same in one batch', async () => {
    const { runner, compiled } = setUp(undefined, { metrics: ['mae', 'rmse'] });
    const logs = await evaluate(runner, compiled, x, y, { batchSize: 4 });
    const once = await evaluate(runner, compiled, x, y);
    for (const key of ['loss', 'mae', 'rmse']) expect(logs[key]).toBeCloseTo(once[key], 6);
    expect(logs.rmse).toBeCloseTo(Math.sqrt(logs.loss), 6);
  });

  test("a user's own loss and metric", async () => {
    const cube = (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.mean(tf.pow(tf.abs(tf.sub(yTrue, yPred)), 3), -1);
    const { run } = setUp(undefined, { loss: cube, metrics: [cube] });
    const { history } = await run(x, y, { epochs: 30, shuffle: false });
    expect(history.cube[0]).toBeCloseTo(history.loss[0], 5);
    expect(history.loss[29]).toBeLessThan(history.loss[0]);
  });

  test('trainOnBatch: a loss that is not finite changes nothing', async () => {
    const { runner, compiled } = setUp('Input((3,)), Dense(2)');
    const before = weightsOf(runner);
    const huge = { data: x.data.map((v) => v * 1e30), shape: x.shape };
    await expect(trainOnBatch(runner, compiled, huge, y)).rejects.toThrow('the loss of this batch is Infinity');
    expect(weightsOf(runner)).toEqual(before);
    expect(runner.optimizer.iterations).toBe(0);
  });
});

test('verbose 2 and 1 print a line for each epoch, 0 prints nothing', async () => {
  const printed = async (verbose: 0 | 1 | 2, epochs = 2) => {
    let text = '';
    const { run } = setUp(undefined, { metrics: ['mae'] });
    const write = (part: string) => {
      text += part;
    };
    await run(x, y, { verbose, epochs, batchSize: 4, validationSplit: 0.2, write });
    return text;
  };
  const line =
    / - 2\/2 - 0s - \d+(us|ms)\/step - loss: \d\.\d{4} - mae: \d\.\d{4} - val_loss: \d\.\d{4} - val_mae: \d\.\d{4}\n/;
  expect(await printed(2)).toMatch(new RegExp(`^Epoch 1/2${line.source}Epoch 2/2${line.source}$`));
  expect(await printed(1)).toMatch(new RegExp(`^Epoch 1/2${line.source}Epoch 2/2${line.source}$`));
  expect(await printed(2, 1)).toMatch(/^2\/2 - 0s/);
  expect(await printed(0)).toBe('');
});

test('evaluate and predict give their line to who asks for it', async () => {
  const { compiled, runner } = setUp(undefined, { metrics: ['mae'] });
  const written: string[] = [];
  const options = { batchSize: 4, write: (text: string) => void written.push(text) };
  for (const verbose of [0, 1, 2] as const) {
    await evaluate(runner, compiled, x, y, { ...options, verbose });
    await predict(runner, x, { ...options, verbose });
  }
  const lines = ['3/3 - 0s - /step - loss:  - mae: \n', '3/3 - 0s - /step\n'];
  expect(written.join('').replace(/\d+(us|ms)|\d\.\d{4}/g, '')).toBe([...lines, ...lines].join(''));
});

test('fit, evaluate and predict draw their batches on a terminal', async () => {
  const { compiled, runner, run } = setUp(undefined, { metrics: ['mae'] });
  const { isTTY } = process.stdout;
  let written: string[] = [];
  let now = 5000;
  // Time for the bar at every batch.
  jest.spyOn(performance, 'now').mockImplementation(() => {
    now += 200;
    return now;
  });
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  const drawn = async (work: () => Promise<unknown>) => {
    written = [];
    await work();
    return written.map((line) => line.replace(/^\r|\d+s( - \d+m?s\/step)?|\d\.\d{4}/g, '').trimEnd());
  };
  const bars = [6, 13, 20].map((width, i) => `${i + 1}/3 ${'━'.repeat(width)}`);
  try {
    process.stdout.isTTY = true;
    const logs = ' - loss:  - mae:';
    const withLogs = (title: string) => [
      ...bars.map((bar) => `${title}${bar.padEnd(25)}${logs}`),
      `${title}3/3 - ${logs}`,
      '',
    ];
    const options = { batchSize: 4, verbose: 1 } as const;
    expect(await drawn(() => run(x, y, { ...options, epochs: 2 }))).toEqual([
      ...withLogs('Epoch 1/2 - '),
      ...withLogs('Epoch 2/2 - '),
    ]);
    expect(await drawn(() => evaluate(runner, compiled, x, y, options))).toEqual(withLogs(''));
    expect(await drawn(() => predict(runner, x, options))).toEqual([...bars, '3/3 -', '']);
  } finally {
    process.stdout.isTTY = isTTY;
    jest.restoreAllMocks();
  }
});
