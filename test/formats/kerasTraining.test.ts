/** How models of several outputs were compiled: as Keras's files say it, and what evaluate gives by it, against Keras's own. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { compileOptionsOf } from '../../src/formats/keras/compileOptions.js';
import { loadModel } from '../../src/index.js';

const place = (name: string) => fileURLToPath(new URL(`../fixtures/kerasTraining/${name}`, import.meta.url));

interface Evaluated {
  x: number[];
  a: number[];
  b: number[];
  weights: number[];
  scores: Record<string, Record<string, number>>;
}
const { x, a, b, weights, scores }: Evaluated = JSON.parse(readFileSync(place('evaluated.json'), 'utf8'));

test.each(Object.entries(scores))('%s evaluates as in Keras, to 1e-5', async (name, expected) => {
  const model = await loadModel(place(name));
  expect(model.lost).toEqual([]);
  const array = (data: number[], ...sample: number[]) => ({ data: Float32Array.from(data), shape: [6, ...sample] });
  const logs = await model.evaluate(array(x, 3, 2), [array(a, 2), array(b, 1)], {
    sampleWeight: { a: weights, b: weights },
  });
  expect(logs).toEqual(
    Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, expect.closeTo(value, 5)])),
  );
  model.dispose();
});

type Training = Parameters<typeof compileOptionsOf>[0];

/** compile()'s options with losses, metrics and the optimizer as they describe themselves. */
function told(training: Training, state?: Parameters<typeof compileOptionsOf>[1]) {
  const lost: string[] = [];
  const options = compileOptionsOf(training, state, lost);
  const described = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(described);
    if (typeof value !== 'object' || value === null) return value;
    if ('positions' in value && 'name' in value && 'config' in value) return [value.name, value.config];
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, described(one)]));
  };
  const { optimizer, ...rest } = options ?? {};
  const { name, iterations } = (optimizer ?? {}) as { name?: string; iterations?: number };
  return { ...(options && { optimizer: [name, iterations], ...(described(rest) as object) }), lost };
}

const huber = { name: 'huber', config: { delta: 0.3 } };
const topK = { name: 'TopKCategoricalAccuracy', config: { k: 2, name: 'top2' } };

test('losses, their weights and metrics for all outputs, in order or by name; the optimizer and its state', () => {
  expect(
    told({ optimizer: { class_name: 'SGD', config: {} }, loss: 'mse', metrics: ['mae', topK] } as Training),
  ).toEqual({
    optimizer: ['sgd', 0],
    loss: ['meanSquaredError', {}],
    metrics: ['mae', topK],
    weightedMetrics: [],
    lost: [],
  });
  expect(told({ loss: [huber, 'mae'], lossWeights: [0.5, '2'], weightedMetrics: ['mae'] } as Training)).toEqual({
    optimizer: ['rmsprop', 0],
    loss: [
      ['huber', { delta: 0.3 }],
      ['meanAbsoluteError', {}],
    ],
    lossWeights: [0.5, 2],
    metrics: [],
    weightedMetrics: ['mae'],
    lost: [],
  });
  const named = {
    loss: { a: huber, b: 'mae' },
    lossWeights: { a: 0.5, b: 2 },
    metrics: { a: ['mae', 'nothing'], b: 'none' },
    weightedMetrics: { b: [topK] },
  };
  expect(told(named as unknown as Training)).toEqual({
    optimizer: ['rmsprop', 0],
    loss: { a: ['huber', { delta: 0.3 }], b: ['meanAbsoluteError', {}] },
    lossWeights: { a: 0.5, b: 2 },
    metrics: { a: ['mae'], b: [] },
    weightedMetrics: { b: [topK] },
    lost: ['metric "nothing" is not known here'],
  });
  // A loss without options.
  expect(told({ loss: { name: 'huber' } } as Training)).toMatchObject({ loss: ['huber', { delta: 1 }] });

  const state = { iterations: 7, slots: { momentum: [Float32Array.of(1, 2)], velocity: [Float32Array.of(3, 4)] } };
  const training = { optimizer: { class_name: 'Adam', config: { learning_rate: 0.5 } }, loss: 'mse' } as Training;
  const made = compileOptionsOf(training, state, [])?.optimizer;
  expect(made).toMatchObject({ name: 'adam', iterations: 7, learningRate: 0.5 });
  expect((made as { state(): Float32Array[] }).state()).toEqual([Float32Array.of(1, 2), Float32Array.of(3, 4)]);
});

test('what is not to be had here leaves a model uncompiled, and says so', () => {
  expect(told({ loss: 'nothing' } as Training)).toEqual({
    lost: [expect.stringMatching(/^the model comes uncompiled: [^;]*'nothing'[^;]*$/)],
  });
  expect(told({ loss: ['mse', { name: 'huber', config: { deltas: 1 } }] } as Training).lost).toEqual([
    expect.stringMatching(/^the model comes uncompiled: .*deltas/),
  ]);
  expect(
    told({ optimizer: { class_name: 'Adam', config: { beta_1: 2 } }, loss: 'mse' } as unknown as Training).lost,
  ).toEqual([expect.stringMatching(/^the model comes uncompiled: .*beta/i)]);
});
