/** Every activation against Keras's own values and slopes, on the engine's kernels and on tfjs. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { type Activation, activationNames } from '../../src/activations.js';
import { planModel } from '../../src/engine/plan.js';
import { ActivationId, slopeTakesInput } from '../../src/kernels/activationIds.js';
import * as l from '../../src/layers/index.js';
import { buildModel } from '../../src/model/build.js';
import { Sequential } from '../../src/sequential.js';
import { camelCase } from '../../src/spelling.js';
import { compileTraining } from '../../src/training/compile.js';
import { Bench } from '../kernels/elementwise/block.js';
import { expectNear } from './compare.js';

interface Fixture {
  x: number[][];
  /** What each output's gradient is. */
  weight: number[][];
  curves: { name: string; y: number[][]; dx: number[][] }[];
}

const { x, weight, curves }: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/activations/keras.json', import.meta.url), 'utf8'),
);
const [rows, n] = [x.length, x[0].length];

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('the fixture has every activation that memcell knows', () => {
  expect(curves.map(({ name }) => camelCase(name)).sort()).toEqual([...activationNames].sort());
});

describe.each(curves)('$name, as in Keras: values to 1e-6, slopes to 3e-6', ({ name, y, dx }) => {
  const model = () => buildModel([l.Activation(name as Activation)], { inputShape: [n], seed: 1 });

  test('on the engine', () => {
    const made = model();
    const planned = planModel(made, compileTraining(made, { loss: 'mse' }));
    made.dispose();
    if ('reason' in planned) throw new Error(planned.reason);
    const layer = planned.plan.nodes[0]?.layer;
    const id = layer?.kind === 'activation' ? layer.activation : ActivationId.linear;
    expect(layer === undefined).toBe(name === 'linear');
    const bench = new Bench();
    const from = bench.rows(rows, n, n, x.flat());
    const to = bench.rows(rows, n, n);
    const slopes = bench.rows(rows, n, n, weight.flat());
    bench.kernels.activationForward(id, from.address, n, to.address, n, n, 0, rows);
    expectNear(to.read(), y.flat(), 1e-6, 'values', 1e-6);
    const saved = slopeTakesInput(id) ? from : to;
    const { address } = slopes;
    bench.kernels.activationBackward(id, saved.address, n, address, n, address, n, n, 0, rows);
    expectNear(slopes.read(), dx.flat(), 3e-6, 'slopes', 1e-6);
  });

  test('on tfjs', () => {
    const made = model();
    tf.tidy(() => {
      const apply = (input: tf.Tensor) => made.apply(input) as tf.Tensor;
      expectNear(apply(tf.tensor(x)).dataSync(), y.flat(), 1e-6, 'values', 1e-6);
      expectNear(tf.grad(apply)(tf.tensor(x), tf.tensor(weight)).dataSync(), dx.flat(), 3e-6, 'slopes', 1e-6);
    });
    made.dispose();
  });
});

test('hardShrink of ±½ itself is 0, and so is its slope there', () => {
  const values = [-0.75, -0.5, -0.25, 0.25, 0.5, 0.75];
  const [wanted, slopes] = [
    [-0.75, 0, 0, 0, 0, 0.75],
    [1, 0, 0, 0, 0, 1],
  ];
  const bench = new Bench();
  const from = bench.rows(1, 6, 6, values);
  const to = bench.rows(1, 6, 6);
  const back = bench.rows(1, 6, 6, new Array(6).fill(1));
  bench.kernels.activationForward(ActivationId.hardShrink, from.address, 6, to.address, 6, 6, 0, 1);
  expectNear(to.read(), wanted, 0, 'values');
  const { address } = back;
  bench.kernels.activationBackward(ActivationId.hardShrink, to.address, 6, address, 6, address, 6, 6, 0, 1);
  expectNear(back.read(), slopes, 0, 'slopes');
  const made = buildModel([l.Activation('hardShrink')], { inputShape: [6], seed: 1 });
  tf.tidy(() => {
    const apply = (input: tf.Tensor) => made.apply(input) as tf.Tensor;
    const x = tf.tensor([values]);
    expectNear(apply(x).dataSync(), wanted, 0, 'values on tfjs');
    expectNear(tf.grad(apply)(x).dataSync(), slopes, 0, 'slopes on tfjs');
  });
  made.dispose();
});

test('activations that are 1 at 0 keep an LSTM of few units finite over many steps, as its formula does', async () => {
  const [units, steps] = [3, 150];
  const options = { activation: 'exponential', recurrentActivation: 'exponential', inputShape: [steps, 1] } as const;
  const model = new Sequential([l.LSTM(units, options)], { seed: 2 });
  const bias = Float32Array.from({ length: 4 * units }, (_, i) => -1 - (i % 5) / 10);
  const { data: kernel } = model.getWeights()[0];
  model.setWeights([
    { data: kernel, shape: [1, 4 * units] },
    { data: new Float32Array(4 * units * units), shape: [units, 4 * units] },
    { data: bias, shape: [4 * units] },
  ]);
  model.compile({ loss: 'mse', optimizer: 'sgd' });
  expect(model.engine.kind).toBe('memcell');
  const x = Float32Array.from({ length: steps }, (_, t) => Math.sin(t) / 4);
  const wanted = Array.from({ length: units }, (_, u) => {
    let [c, h] = [0, 0];
    for (const value of x) {
      const [i, f, g, o] = [0, 1, 2, 3].map((gate) =>
        Math.exp(value * kernel[gate * units + u] + bias[gate * units + u]),
      );
      c = f * c + i * g;
      h = o * Math.exp(c);
    }
    return h;
  });
  const given = { data: x, shape: [1, steps, 1] };
  expectNear((await model.predict(given)).data, wanted, 1e-5, 'h');
  expect(Number.isFinite(await model.trainOnBatch(given, { data: new Float32Array(units), shape: [1, units] }))).toBe(
    true,
  );
  expect(model.getWeights().every(({ data }) => data.every(Number.isFinite))).toBe(true);
  model.dispose();
});
