/** The verification that precedes timing, and what a report holds; no times are asserted. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { Sequential } from '../../src/sequential.js';
import { runBench } from '../../src/speed/bench.js';
import {
  documentSamples,
  drawSamples,
  memcellModel,
  memcellResults,
  scaledDifference,
  stockModel,
  stockResults,
  verify,
} from '../../src/speed/cases.js';
import { compareShape } from '../../src/speed/compare.js';
import { measurePeak, shortest } from '../../src/speed/measure.js';
import { memcell } from '../cli/streams.js';
import { useBackend } from '../kernels/twins.js';

const shape = { batch: 3, steps: 4, inputs: 2, units: 5 };

useBackend('wasm');

describe('verification', () => {
  test.each([1, undefined])('memcell with threads %s gives what stock tfjs gives', async (threads) => {
    const model = memcellModel(shape, threads);
    const weights = model.getWeights();
    const stock = stockModel(shape, weights);
    const samples = drawSamples(shape);
    const [actual, expected] = [await memcellResults(model, samples), await stockResults(stock, weights, samples)];
    expect(verify(actual, expected).passed).toBe(true);
    expect(expected.gradients.map(({ length }) => length)).toEqual([40, 100, 20, 50, 10]);
    for (const values of expected.gradients)
      expect(scaledDifference(new Float32Array(values.length), values)).toBeGreaterThan(1e-3);
    expect(model.getWeights()).toEqual(weights);
    model.dispose();
    stock.dispose();
  });

  test('fails for a difference, a NaN on either side, and a missing tensor', () => {
    const good = { output: Float32Array.of(0.5, 0.5), gradients: [Float32Array.of(1, 2)] };
    expect(verify(good, good)).toEqual({ forward: 0, gradient: 0, passed: true });
    expect(verify({ ...good, output: Float32Array.of(0.5, 0.50002) }, good).passed).toBe(false);
    expect(verify({ ...good, gradients: [Float32Array.of(1, 2.001)] }, good).passed).toBe(false);
    expect(verify({ ...good, gradients: [] }, good).passed).toBe(false);
    const bad = { ...good, gradients: [Float32Array.of(1, Number.NaN)] };
    expect(verify(bad, good).passed).toBe(false);
    expect(verify(good, bad).passed).toBe(false);
  });
});

describe('a shape is not timed', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test.each([1, 2])('where the outputs of model %i differ from those of stock tfjs', async (wrong) => {
    const models = new Set<unknown>();
    const { predict } = Sequential.prototype;
    jest.spyOn(Sequential.prototype, 'predict').mockImplementation(async function (this: Sequential, ...given) {
      models.add(this);
      const made = (await predict.apply(this, given)) as unknown as { data: Float32Array };
      if (models.size === wrong) made.data[3] += 0.5;
      return made as never;
    });
    const seen: string[] = [];
    const error = await compareShape(shape, { gigaflops: 1, seconds: 0, onProgress: (text) => seen.push(text) }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ name: 'MemcellError', code: 'numeric' });
    expect(String(error)).toMatch(
      /bench: memcell and TensorFlow\.js differ at 3,4,2,5: outputs by 0\.[45]\d*, gradients by \S+; run memcell check$/,
    );
    expect(seen).toEqual(['verifying']);
  });

  test('where memcell’s engine does not run', async () => {
    jest.spyOn(Sequential.prototype, 'engine', 'get').mockReturnValue({ kind: 'tfjs', why: 'no reason' });
    await expect(compareShape(shape, { gigaflops: 1, seconds: 0 })).rejects.toMatchObject({
      code: 'model',
      message: "bench: memcell's engine does not run: no reason",
    });
  });
});

test('what takes part is said, and the share of a limit goes down as the limit goes up', async () => {
  const run = async (withoutTfjs: boolean) => {
    const seen: string[] = [];
    const row = await compareShape(shape, {
      gigaflops: 2,
      withoutTfjs,
      seconds: 0,
      onProgress: (text) => seen.push(text),
    });
    return { row, seen };
  };
  const [alone, beside] = [await run(true), await run(false)];
  expect(alone.seen).toEqual(['memcell', 'memcell on one thread']);
  expect(Object.keys(alone.row).sort()).toEqual(
    ['batch', 'inputs', 'memcell', 'oneThread', 'shareOfPeak', 'steps', 'units'].sort(),
  );
  expect(beside.seen).toEqual(['verifying', 'TensorFlow.js', ...alone.seen]);
  for (const { row } of [alone, beside]) {
    // 2·B·T·4U·(2(I + U) + U) operations in the milliseconds of a step, of 2·10⁶ in a millisecond.
    const operations = 2 * 3 * 4 * 20 * (2 * 7 + 5);
    expect(row.shareOfPeak).toBeCloseTo(operations / row.oneThread.train / 2e6, 9);
  }
});

describe('what is timed', () => {
  const document = { batch: 1, steps: 1, inputs: 1, units: 50 };
  let calls: Map<string, object[]>;

  /** A clock that goes so many milliseconds further whenever it is read, and models that only note what fit is told. */
  function keepTime(milliseconds: number): void {
    let now = 0;
    calls = new Map();
    jest.spyOn(performance, 'now').mockImplementation(() => {
      now += milliseconds;
      return now;
    });
    const note = (what: string) => async (x: { shape: number[] }, _y: unknown, options: object) => {
      calls.set(what, [...(calls.get(what) ?? []), { samples: x.shape[0], ...options }]);
    };
    jest.spyOn(Sequential.prototype, 'fit').mockImplementation(note('memcell') as never);
    jest.spyOn(tf.LayersModel.prototype, 'fit').mockImplementation(note('stock') as never);
  }

  afterEach(() => {
    jest.restoreAllMocks();
  });

  test('is 100 epochs of the document’s shuffled digits, and an epoch of whole batches as they come, on both sides', async () => {
    keepTime(1000);
    const { predict } = tf.LayersModel.prototype;
    const batches: unknown[] = [];
    jest.spyOn(tf.LayersModel.prototype, 'predict').mockImplementation(function (this: tf.LayersModel, x, options) {
      batches.push(options);
      return predict.call(this, x, options);
    });
    const distinct = (what: string) =>
      [...new Set(calls.get(what)?.map((told) => JSON.stringify(told)))].map((told) => JSON.parse(told));
    await compareShape(document, { gigaflops: 1, seconds: 0 });
    const digits = { samples: 10, batchSize: 1, epochs: 100, shuffle: true, verbose: 0 };
    const epoch = { samples: 5, batchSize: 1, epochs: 1, shuffle: false, verbose: 0 };
    expect(distinct('memcell')).toEqual([epoch, digits]);
    // TensorFlow.js, which takes long, predicts once to be verified and once to be timed.
    expect(calls.get('stock')).toEqual([{ ...epoch, samples: 1 }, digits]);
    expect(batches).toEqual([{ batchSize: 1 }, { batchSize: 1 }]);
    keepTime(1000);
    await compareShape(shape, { gigaflops: 1, seconds: 0 });
    expect(distinct('memcell')).toEqual([{ ...epoch, samples: 15, batchSize: 3 }]);
    expect(calls.get('stock')).toEqual([{ ...epoch, samples: 3, batchSize: 3 }]);
    expect(batches.slice(2)).toEqual([{ batchSize: 3 }, { batchSize: 3 }]);
  });

  test.each([
    [25, 20],
    [26, 5],
  ])('where five batches take %i ms, is a fit of %i', async (milliseconds, batches) => {
    keepTime(milliseconds);
    jest.spyOn(Sequential.prototype, 'predict').mockResolvedValue({} as never);
    const times = { train: milliseconds / batches, predict: milliseconds };
    expect(await compareShape(shape, { gigaflops: 2, withoutTfjs: true, seconds: 0 })).toEqual({
      ...shape,
      memcell: times,
      oneThread: times,
      // 2·B·T·4U·(2(I + U) + U) operations.
      shareOfPeak: (2 * 3 * 4 * 20 * (2 * 7 + 5)) / 1e6 / times.train / 2,
    });
    expect(await compareShape(document, { gigaflops: 2, withoutTfjs: true, seconds: 0 })).toMatchObject({
      memcell: { ...times, document: milliseconds },
      oneThread: { ...times, document: milliseconds },
    });
  });

  test('of TensorFlow.js, is a fit of one batch where that takes longer than one figure may', async () => {
    for (const [seconds, samples] of [
      [0.999, [3]],
      [1, [3, 15, 15, 15, 15, 15]],
    ] as const) {
      keepTime(1000);
      await compareShape(shape, { gigaflops: 1, seconds });
      expect(calls.get('stock')?.map((told) => Reflect.get(told, 'samples'))).toEqual(samples);
    }
  });
});

test('samples are one batch again and again, with one class each', () => {
  const { x, y } = drawSamples(shape, 3);
  expect(x.shape).toEqual([9, 4, 2]);
  expect(x.data.subarray(48)).toEqual(x.data.subarray(0, 24));
  for (let i = 0; i < 9; i++) expect(y.data.slice(10 * i, 10 * i + 10).reduce((a, b) => a + b)).toBe(1);
  for (const n of [1, 2]) {
    expect(x.data.slice(24 * n, 24 * (n + 1))).toEqual(x.data.slice(0, 24));
    expect(y.data.slice(30 * n, 30 * (n + 1))).toEqual(y.data.slice(0, 30));
  }
  expect(drawSamples(shape)).toEqual(drawSamples(shape));
  for (const name of ['batch', 'steps', 'inputs', 'units'] as const)
    expect(drawSamples({ ...shape, [name]: 7 }).x.data[0]).not.toBe(x.data[0]);
});

test('the document’s samples are the digits in tenths, each with the one that follows', () => {
  const { x, y } = documentSamples();
  expect([x.shape, y.shape]).toEqual([
    [10, 1, 1],
    [10, 10],
  ]);
  expect([...x.data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => Math.fround(digit / 10)));
  const next = Array.from({ length: 10 }, (_, i) => y.data.slice(10 * i, 10 * i + 10).indexOf(1));
  expect(next).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
  expect(y.data.reduce((sum, value) => sum + value)).toBe(10);
});

test('a difference is a share of the largest value, of 1 at least', () => {
  expect(scaledDifference(Float32Array.of(1, 0.25), Float32Array.of(1, 0.5))).toBe(0.25);
  expect(scaledDifference(Float32Array.of(8, -2), Float32Array.of(8, -4))).toBe(0.25);
  expect(scaledDifference(Float32Array.of(2, -8), Float32Array.of(2, -4))).toBe(1);
  expect(scaledDifference(undefined, Float32Array.of(1))).toBeNaN();
});

test('shortest runs at least as often as asked and waits for promises', async () => {
  let runs = 0;
  const run = async () => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    runs++;
  };
  expect(await shortest(run, { seconds: 0, least: 4, warmUp: 0 })).toBeGreaterThan(1);
  expect(runs).toBe(4);
});

test('the shortest is that of all runs that fit into the time, without those before', async () => {
  let now = 0;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
  const took = async (times: number[], budget: object) => {
    let runs = 0;
    const best = await shortest(() => {
      now += times[runs % times.length];
      runs++;
    }, budget);
    return [best, runs];
  };
  try {
    expect(await took([5, 2, 7], { seconds: 0, least: 3, warmUp: 0 })).toEqual([2, 3]);
    // Two warm it up, of 1 and 9 ms; five more are 30 ms.
    expect(await took([1, 9, 8, 4, 6, 7, 5], { seconds: 0.03, least: 1, warmUp: 0.01 })).toEqual([4, 7]);
    expect(await took([3], { seconds: 0, warmUp: 0.001 })).toEqual([3, 4]);
  } finally {
    clock.mockRestore();
  }
});

test('the peak is the operations of its loop: eight for each sum of a round', async () => {
  let now = 0;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now++);
  try {
    const { speed, gigaflops } = await measurePeak(0.001);
    // 10,000 rounds in a millisecond; vectors of four, multiplied and added.
    expect(gigaflops).toBeCloseTo((8 * { plain: 10, relaxed: 12, wide: 24 }[speed]) / 100, 9);
  } finally {
    clock.mockRestore();
  }
});

test('the peak is a number of the speed that runs', async () => {
  const { speed, gigaflops } = await measurePeak(0.01);
  expect(['plain', 'relaxed', 'wide']).toContain(speed);
  expect(gigaflops).toBeGreaterThan(0.1);
});

test('a report has every figure, and leaves no tensors', async () => {
  const shapes = [shape, { batch: 1, steps: 1, inputs: 1, units: 50 }];
  const before = tf.memory().numTensors;
  const { rows, ...machine } = await runBench({ shapes, seconds: 0.01 });
  expect(tf.memory().numTensors).toBe(before);
  expect(machine).toMatchObject({ node: process.versions.node, backend: 'wasm', wide: { reason: expect.any(String) } });
  expect(rows.map(({ units }) => units)).toEqual([5, 50]);
  for (const row of rows) {
    expect(row.verified?.passed).toBe(true);
    for (const times of [row.memcell, row.oneThread, row.tfjs]) {
      expect(times?.train).toBeGreaterThan(0);
      expect(times?.predict).toBeGreaterThan(0);
      expect(times?.document !== undefined).toBe(row.units === 50);
    }
    expect(row.shareOfPeak).toBeGreaterThan(0);
    expect(row.shareOfPeak).toBeLessThan(1);
  }
}, 60_000);

describe('memcell bench', () => {
  test('--json is one document on standard output', async () => {
    const { code, out, err } = await memcell('bench', '--shape', '2,3,1,4', '--no-tfjs', '--seconds', '0.05', '--json');
    expect(code).toBe(0);
    const { rows, gigaflops } = JSON.parse(out);
    expect(gigaflops).toBeGreaterThan(0);
    expect(rows).toMatchObject([{ batch: 2, steps: 3, inputs: 1, units: 4, memcell: {}, oneThread: {} }]);
    expect(rows[0]).not.toHaveProperty('tfjs');
    expect(err).toContain('2,3,1,4: memcell');
  }, 60_000);

  test('without it, a table of each figure', async () => {
    const { code, out } = await memcell('bench', '--shape', '1,1,1,50', '--no-tfjs', '--seconds', '0.02');
    expect(code).toBe(0);
    const [machine, kernels, ...lines] = out.replace(/ {2,}/g, ' | ').split('\n');
    expect(machine).toMatch(
      new RegExp(`, Node ${process.versions.node.replaceAll('.', '\\.')}, TensorFlow\\.js on wasm$`),
    );
    expect(kernels).toMatch(/^kernels: .*, up to \d+ threads?$/);
    expect(lines.map((line) => line.replace(/(?<![,\d.])[\d.]+(?= (\||%|GFLOP))/g, 'N'))).toEqual([
      'peak: N GFLOP/s on one thread',
      '',
      'one training step, ms | memcell | 1 thread | of peak | tfjs | tfjs / memcell',
      '1,1,1,50 | N | N | N % | – | –',
      '',
      'predicting a batch, ms | memcell | 1 thread | tfjs | tfjs / memcell',
      '1,1,1,50 | N | N | – | –',
      '',
      "the document's 1000 steps, ms | memcell | 1 thread | tfjs | tfjs / memcell",
      '1,1,1,50 | N | N | – | –',
      '',
    ]);
  }, 60_000);

  test('a wrong shape is wrong usage', async () => {
    const { code, err } = await memcell('bench', '--shape', '2,3,0,4');
    expect(code).toBe(2);
    expect(err).toMatch(/--shape.*whole numbers above 0/);
  });
});
