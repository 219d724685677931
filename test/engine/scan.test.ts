/** MinGRU, MinLSTM and sLSTM: against float64, with states in and out, in shares, streamed and saved. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { Input, Model } from '../../src/functional.js';
import { minimalReference, slstmReference } from '../../src/kernels/scanReference.js';
import * as l from '../../src/layers/index.js';
import { buildModel } from '../../src/model/build.js';
import { Random } from '../../src/random.js';
import { loadModel, Sequential, sequential } from '../../src/sequential.js';
import { compileTraining } from '../../src/training/compile.js';
import { sgd } from '../../src/training/optimizers.js';
import { engineOf, poison, split } from './compare.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const array = (random: Random, ...shape: number[]) => ({
  data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.normal()),
  shape,
});

type Options = l.RecurrentOptions;

/** Each cell over 20 units, which no vector and no panel of 16 fits. */
const CELLS = {
  MinGRU: { gates: 2, states: 1, make: (options: Options) => l.MinGRU(20, options) },
  MinLSTM: { gates: 3, states: 1, make: (options: Options) => l.MinLSTM(20, options) },
  'SLSTM of one head': { gates: 4, states: 4, make: (options: Options) => l.SLSTM(20, options) },
  'SLSTM of four heads': { gates: 4, states: 4, make: (options: Options) => l.SLSTM(20, { ...options, heads: 4 }) },
  'SLSTM with an exponential forget gate': {
    gates: 4,
    states: 4,
    make: (options: Options) => l.SLSTM(20, { ...options, heads: 2, forgetGate: 'exponential' }),
  },
};

const [BATCH, STEPS, INPUTS, UNITS] = [3, 7, 5, 20];

/** Outputs (B,T,U) in float64, and the gradients of the weights for those of the outputs. */
function reference(name: string, weights: readonly Float64Array[], x: ArrayLike<number>, gradient: Float64Array) {
  const [kernel, ...others] = weights;
  const bias = others[others.length - 1];
  const width = bias.length;
  const slstm = name.startsWith('SLSTM');
  const gradients = weights.map((values) => new Float64Array(values.length));
  const outputs = new Float64Array(BATCH * STEPS * UNITS);
  for (let b = 0; b < BATCH; b++) {
    const row = (t: number) => (b * STEPS + t) * INPUTS;
    const gates = new Float64Array(STEPS * width);
    for (let t = 0; t < STEPS; t++)
      for (let k = 0; k < width; k++) {
        let sum = bias[k];
        for (let i = 0; i < INPUTS; i++) sum += x[row(t) + i] * kernel[i * width + k];
        gates[t * width + k] = sum;
      }
    const heads = name.includes('four') ? 4 : name.includes('exponential') ? 2 : 1;
    const exponential = name.includes('exponential');
    const initial = new Float64Array((slstm ? 4 : 1) * UNITS);
    const recurrentKernel = others[0];
    const own = slstm
      ? slstmReference({ gates, recurrentKernel, heads, exponential, initial })
      : minimalReference(name === 'MinGRU' ? 'minGRU' : 'minLSTM', gates, initial);
    const stride = initial.length;
    const of = new Float64Array((STEPS + 1) * stride);
    for (let t = 0; t < STEPS; t++) {
      const at = (b * STEPS + t) * UNITS;
      outputs.set(own.states.subarray((t + 1) * stride, (t + 1) * stride + UNITS), at);
      of.set(gradient.subarray(at, at + UNITS), (t + 1) * stride);
    }
    const { gates: dGates } = own.backward(of);
    for (let t = 0; t < STEPS; t++)
      for (let k = 0; k < width; k++) {
        for (let i = 0; i < INPUTS; i++) gradients[0][i * width + k] += x[row(t) + i] * dGates[t * width + k];
        gradients[gradients.length - 1][k] += dGates[t * width + k];
      }
    if ('recurrent' in own)
      (own as ReturnType<typeof slstmReference>).recurrent(dGates).forEach((value, i) => {
        gradients[1][i] += value;
      });
  }
  return { outputs, gradients };
}

describe.each(Object.entries(CELLS))('%s', (name, { gates, states, make }) => {
  test('outputs and gradients of every weight as in float64, to 2e-6', async () => {
    const random = new Random(7);
    const model = new Sequential([make({ returnSequences: true, inputShape: [null, INPUTS] as number[] })], {
      seed: 3,
    });
    const x = array(random, BATCH, STEPS, INPUTS);
    const y = array(random, BATCH, STEPS, UNITS);
    model.compile({ optimizer: sgd({ learningRate: 1 }), loss: 'meanSquaredError' });
    expect(model.engine.kind).toBe('memcell');
    const values = () => model.tf.getWeights().map((weight) => Float64Array.from(weight.dataSync()));
    const before = values();
    expect(before[0]).toHaveLength(INPUTS * gates * UNITS);
    const predicted = (await model.predict(x)) as { data: Float32Array };
    const { outputs } = reference(name, before, x.data, new Float64Array(y.data.length));
    const gradient = outputs.map((value, i) => (2 * (value - y.data[i])) / outputs.length);
    const { gradients } = reference(name, before, x.data, gradient);
    outputs.forEach((value, i) => {
      expect(Math.abs(predicted.data[i] - value)).toBeLessThanOrEqual(2e-6);
    });
    await model.trainOnBatch(x, y);
    values().forEach((after, w) => {
      after.forEach((value, i) => {
        expect(Math.abs(before[w][i] - value - gradients[w][i])).toBeLessThanOrEqual(2e-6);
      });
    });
    model.dispose();
  });

  test('states in and out, masks, both directions: as on tfjs to 1e-5, losses and weights too', async () => {
    const random = new Random(11);
    const network = (goBackwards: boolean, returnSequences: boolean) => {
      const x = Input({ shape: [null, INPUTS] as number[], name: 'x' });
      const begin = Array.from({ length: states }, (_, i) => Input({ shape: [4], name: `begin_${i}` }));
      // n and what divides by it is above 0.
      const initial = begin.map((one, i) => l.Dense(UNITS, i === 2 ? 'softplus' : 'tanh').apply(one));
      const counted = l.Masking().apply(x);
      const layer = make({ returnSequences, returnState: true, goBackwards, dropout: 0.2 });
      const [output, ...last] = [layer.apply(counted, { initialState: initial })].flat();
      return new Model({
        inputs: [x, ...begin],
        outputs: [returnSequences ? l.GlobalAveragePooling1D().apply(output) : output, ...last],
        seed: 5,
      });
    };
    const x = array(random, BATCH, STEPS, INPUTS);
    // The first sample's first and last steps, and all of the second's, do not count.
    for (const [b, t] of [[0, 0], [0, 6], ...Array.from({ length: STEPS }, (_, step) => [1, step])])
      x.data.fill(0, (b * STEPS + t) * INPUTS, (b * STEPS + t + 1) * INPUTS);
    const begun = Array.from({ length: states }, () => array(random, BATCH, 4));
    // A last output where no step counts is zeros, as in Keras, and on tfjs the state: here one of them does.
    const some = { data: x.data.slice(), shape: x.shape };
    some.data.fill(0.5, (STEPS + 3) * INPUTS, (STEPS + 4) * INPUTS);
    const targets = Array.from({ length: states + 1 }, () => array(random, BATCH, UNITS));
    for (const [goBackwards, returnSequences] of [
      [false, true],
      [true, true],
      [true, false],
    ]) {
      const [own, other] = [network(goBackwards, returnSequences), network(goBackwards, returnSequences)];
      own.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' });
      other.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError', engine: 'tfjs' });
      expect(own.engine.kind).toBe('memcell');
      const given = [returnSequences ? x : some, ...begun];
      if (!returnSequences) {
        const [{ data }] = (await own.predict([x, ...begun])) as { data: Float32Array }[];
        expect(
          Array.from({ length: BATCH }, (_, b) => data.subarray(b * UNITS, (b + 1) * UNITS).every((h) => h === 0)),
        ).toEqual([false, true, false]);
      }
      const [found, wanted] = [await own.predict(given), await other.predict(given)] as { data: Float32Array }[][];
      found.forEach(({ data }, k) => {
        data.forEach((value, i) => {
          expect(Math.abs(value - wanted[k].data[i])).toBeLessThanOrEqual(1e-5);
        });
      });
      for (let step = 0; step < 3; step++) {
        const expected = await other.trainOnBatch(given, targets);
        expect(Math.abs((await own.trainOnBatch(given, targets)) - expected)).toBeLessThanOrEqual(1e-4 * expected);
      }
      const weights = other.tf.getWeights();
      own.tf.getWeights().forEach((weight, w) => {
        const expected = weights[w].dataSync();
        weight.dataSync().forEach((value, i) => {
          expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(1e-5);
        });
      });
      for (const model of [own, other]) model.dispose();
    }
  });

  test('equal bits in one, two and three shares', () => {
    const run = (parts: number) => {
      const layers = [l.Bidirectional(make({ returnSequences: true })), make({ dropout: 0.3 }), l.Dense(2)];
      const model = buildModel(layers, { inputShape: [STEPS, INPUTS], seed: 2 });
      const built = { model, compiled: compileTraining(model, { loss: 'meanSquaredError', optimizer: 'adam' }) };
      const engine = engineOf(built);
      engine.seed = 9;
      split(engine, parts);
      const random = new Random(1);
      for (let step = 0; step < 3; step++) {
        const [x, y] = [array(random, 5, STEPS, INPUTS), array(random, 5, 2)];
        if (step > 0) poison(engine);
        engine.trainBatch(x, y);
      }
      engine.sync();
      const bits = model.getWeights().map((weight) => Array.from(weight.dataSync()));
      engine.dispose();
      model.dispose();
      return bits;
    };
    const whole = run(1);
    expect(whole.flat().every(Number.isFinite)).toBe(true);
    expect(run(2)).toEqual(whole);
    expect(run(3)).toEqual(whole);
  });

  test('streams, is saved and loaded', async () => {
    const model = new Sequential([make({ returnSequences: true, inputShape: [null, INPUTS] as number[] }), l.Dense(1)]);
    const x = array(new Random(2), 1, STEPS, INPUTS);
    const whole = (await model.predict(x)) as { data: Float32Array };
    const stream = model.stream();
    for (let t = 0; t < STEPS; t++)
      expect(stream.push(Array.from(x.data.subarray(t * INPUTS, (t + 1) * INPUTS)))[0]).toBeCloseTo(whole.data[t], 5);
    expect(stream.state.map(({ shape }) => shape)).toEqual([[states, UNITS]]);
    const folder = mkdtempSync(join(tmpdir(), 'memcell-scan-'));
    try {
      await model.save(join(folder, 'model'));
      const loaded = await loadModel(join(folder, 'model'));
      expect(((await loaded.predict(x)) as { data: Float32Array }).data).toEqual(whole.data);
      loaded.dispose();
      const [layer] = model.tf.layers;
      for (const file of ['model.keras', 'model.onnx', 'model.h5'])
        await expect(model.save(join(folder, file))).rejects.toThrow(layer.name);
    } finally {
      rmSync(folder, { recursive: true });
      model.dispose();
    }
  });
});

test.each(Object.keys(CELLS).filter((name) => name.startsWith('SLSTM')))(
  '%s: input gates that are nearly closed from the first step on, and wide open ones, as in float64',
  async (name) => {
    const { make } = CELLS[name as keyof typeof CELLS];
    const model = new Sequential([make({ returnSequences: true, inputShape: [null, INPUTS] as number[] })], {
      seed: 4,
    });
    const weights = model.tf.getWeights().map((weight) => Float32Array.from(weight.dataSync()));
    const bias = weights[weights.length - 1];
    for (let unit = 0; unit < UNITS; unit++) bias[unit] = [-200, 0, 200][unit % 3];
    model.setWeights(weights.map((data, i) => ({ data, shape: model.tf.getWeights()[i].shape })));
    const x = array(new Random(8), BATCH, STEPS, INPUTS);
    const { data } = (await model.predict(x)) as { data: Float32Array };
    const { outputs } = reference(
      name,
      weights.map((one) => Float64Array.from(one)),
      x.data,
      new Float64Array(data.length),
    );
    outputs.forEach((value, i) => {
      expect(Math.abs(data[i] - value)).toBeLessThanOrEqual(2e-5);
    });
    model.dispose();
  },
);

test('the notation and the summary know them; heads that do not share out the units are refused', () => {
  const model = sequential(
    'Bidirectional(MinLSTM(6, return_sequences=true)), MinGRU(4, tanh, return_sequences=true), SLSTM(6, heads=3), Dense(1)',
    {
      inputShape: [null, 2] as number[],
    },
  );
  expect(model.tf.layers.map((layer) => layer.countParams())).toEqual([2 * (2 + 1) * 18, 13 * 8, 5 * 24 + 2 * 24, 7]);
  expect(model.engine.kind).toBe('memcell');
  model.dispose();
  expect(() => sequential('SLSTM(6, heads=4)', { inputShape: [null, 2] as number[] })).toThrow(
    'SLSTM: heads must divide the 6 units, not be 4',
  );
});
