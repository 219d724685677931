import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { rectifier } from '../../src/layers/activations/rectifier.js';
import { computedLayer } from '../../src/layers/computed.js';
import { anyRank, common, features, layerFunction } from '../../src/layers/define.js';
import { Dense, LSTM, TimeDistributed } from '../../src/layers/index.js';
import { initializerConfig } from '../../src/layers/initializers.js';
import * as kind from '../../src/layers/schema.js';
import { parseSpec } from '../../src/model/spec.js';
import { summaryText } from '../../src/model/summary.js';
import { NONE } from '../../src/plan/layerPlan.js';
import { loadModel, Sequential } from '../../src/sequential.js';

/** All that a layer needs: y = x∘γ, times slope where that is below 0. */
const gain = computedLayer({
  class: 'MadeUpGain',
  positional: ['slope'],
  schema: { ...common, slope: kind.defaulted(kind.notNegative, 1), learnt: kind.required(kind.flag) },
  rank: anyRank,
  perStep: true,
  engine: (planning) => {
    const { width } = planning.flow;
    const { slope, learnt } = planning.settings;
    const [gamma] = planning.claim('gamma');
    const leaky = rectifier(width, { slope });
    return learnt ? [{ kind: 'scale', width, gamma, beta: NONE }, leaky] : [leaky];
  },
  weights: ({ learnt }, [input]) =>
    learnt ? [{ name: 'gamma', shape: [features(input)], initializer: initializerConfig('heNormal', 'gamma') }] : [],
  call: ({ x, weight, settings: { slope, learnt } }) => {
    const scaled = learnt ? tf.mul(x, weight('gamma')) : x;
    return tf.sub(tf.relu(scaled), tf.mul(tf.relu(tf.neg(scaled)), slope));
  },
});

/** The line that puts it among the others. */
const MadeUpGain = layerFunction(gain, (slope: number, options: { learnt: boolean; inputShape?: number[] }) => [
  [slope],
  options,
]);

const x = [
  [
    [1, 2, 3],
    [0.5, -1, 2],
  ],
  [
    [-1, 1, 0],
    [2, -3, 1],
  ],
];
const y = [
  [
    [1, 0],
    [0, 1],
  ],
  [
    [0, 0],
    [1, 1],
  ],
];

function network(): Sequential {
  return new Sequential(
    [
      MadeUpGain(0.5, { learnt: true, inputShape: [null, 3] as number[] }),
      LSTM(4, { returnSequences: true }),
      TimeDistributed(MadeUpGain(0.25, { learnt: false })),
      Dense(2, { name: 'out' }),
    ],
    { seed: 4 },
  );
}

async function trained(options: { engine?: 'tfjs' }) {
  const model = network();
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError', ...options });
  const { history } = await model.fit(x, y, { epochs: 4, verbose: 0 });
  return { model, losses: history.loss };
}

let onEngine: Awaited<ReturnType<typeof trained>>;
let onTfjs: Awaited<ReturnType<typeof trained>>;

beforeAll(async () => {
  onEngine = await trained({});
  onTfjs = await trained({ engine: 'tfjs' });
});

afterAll(() => {
  for (const { model } of [onEngine, onTfjs]) model.dispose();
});

const numbers = (model: Sequential) => model.tf.getWeights().map((weight) => Array.from(weight.dataSync()));

test('a layer of one definition trains on the engine and on tfjs: losses and weights ≤ 1e-5', () => {
  expect(onEngine.model.engine.kind).toBe('memcell');
  expect(onTfjs.model.engine.kind).toBe('tfjs');
  const [gamma] = numbers(onEngine.model);
  expect(gamma).toHaveLength(3);
  expect(gamma).not.toEqual(numbers(network())[0]);
  onEngine.losses.forEach((loss, i) => {
    expect(Math.abs(loss - onTfjs.losses[i])).toBeLessThanOrEqual(1e-5);
  });
  const other = numbers(onTfjs.model);
  numbers(onEngine.model).forEach((values, w) => {
    values.forEach((value, i) => {
      expect(Math.abs(value - other[w][i])).toBeLessThanOrEqual(1e-5);
    });
  });
});

test('it streams', async () => {
  const { model } = onEngine;
  const whole = await model.predict<number[][][]>(x);
  x.forEach((steps, row) => {
    const stream = model.stream();
    steps.forEach((step, t) => {
      stream.push(step).forEach((value, i) => {
        expect(value).toBeCloseTo(whole[row][t][i], 6);
      });
    });
  });
});

test('it is saved, loaded and shown in the summary', async () => {
  const { model } = onEngine;
  expect(summaryText(model.tf as tf.LayersModel)).toMatch(/made_up_gain \(MadeUpGain\).*\(None, None, 3\).* 3 /);
  const folder = mkdtempSync(join(tmpdir(), 'memcell-made-up-'));
  try {
    const path = join(folder, 'model');
    await model.save(path);
    const loaded = await loadModel(path);
    expect(loaded.tf.layers.map((layer) => layer.getClassName())).toEqual([
      'MadeUpGain',
      'LSTM',
      'TimeDistributed',
      'Dense',
    ]);
    expect(loaded.engine.kind).toBe('memcell');
    expect(await loaded.predict(x)).toEqual(await model.predict(x));
    loaded.dispose();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the notation knows it, its options and what is wrong with them', () => {
  expect(parseSpec('MadeUpGain(2, learnt=false), Dense(1)')[0].getConfig()).toMatchObject({ slope: 2, learnt: false });
  expect(() => parseSpec('MadeUpGains(2, learnt=false)')).toThrow('MadeUpGain');
  expect(() => parseSpec('MadeUpGain(2, learned=false)')).toThrow('did you mean learnt?');
  expect(() => parseSpec('MadeUpGain(-1, learnt=false)')).toThrow('slope must be a number of at least 0');
});

test('what its definition leaves out, or misspells, does not compile', () => {
  const run = { class: 'Half', positional: [], schema: common, rank: anyRank, call: () => tf.scalar(0) } as const;
  // @ts-expect-error: every definition says what the engine does in its place, if only that it is nothing.
  const without = () => computedLayer(run);
  expect(without).toBeInstanceOf(Function);
  // @ts-expect-error: its options are completed from the schema.
  const misspelt = () => MadeUpGain(2, { learned: true });
  expect(misspelt).toThrow('did you mean learnt?');
});
