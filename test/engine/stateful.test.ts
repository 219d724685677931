/** Stateful layers: against Keras, against tfjs's own, over threads, and what sets their states. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { prepareBackend } from '../../src/kernels/backend.js';
import { Dense, GRU, LSTM } from '../../src/model/layers.js';
import { statefulLayers } from '../../src/model/walk.js';
import { Sequential, sequential } from '../../src/sequential.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';
import { built, engineOf, expectNear, poison, split } from './compare.js';
import { inputOf, type Sample, targetOf, tensorCount, weightsOf } from './models.js';
import { statefulSample } from './recurrentModels.js';

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
