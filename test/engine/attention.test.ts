/** Layers that attend, and those that say where steps stand, on the engine: against tfjs and differences, and what memory they take. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Input, Model } from '../../src/functional.js';
import { prepareBackend, startBackend } from '../../src/kernels/backend.js';
import { MultiHeadAttention, PositionEmbedding } from '../../src/layers/index.js';
import {
  type AttentionSample,
  attentionBatch,
  attentionSample,
  builtAttention,
  followAttention,
  slopes,
} from './attentionModels.js';
import { engineOf } from './compare.js';

beforeAll(async () => {
  await prepareBackend();
  await startBackend('wasm');
});

test('random sizes, masks and options: predictions 1e-5, losses and weights 1e-4, as tfjs; the same bits in 1, 2 and 3 shares', () => {
  fc.assert(fc.property(attentionSample, followAttention), { numRuns: 20 });
});

const sample: AttentionSample = {
  kind: 'heads',
  inputs: 1,
  queries: 9,
  keys: 9,
  heads: 2,
  widths: [4, 4, 4],
  keyDim: 3,
  valueDim: 5,
  outputShape: null,
  causal: true,
  option: true,
  dropout: 0,
  masked: 'no',
  positions: 'learnt',
  twice: true,
  batch: 2,
  seed: 5,
};

test.each<[string, Partial<AttentionSample>]>([
  ['heads', { heads: 1, causal: false }],
  ['masked heads with dropout', { causal: false, masked: 'before', dropout: 0.3 }],
  ['causal heads', { causal: true, queries: 140 }],
  ['additive scores', { kind: 'additive', masked: 'after', causal: false }],
])('more keys than a tile has, %s: as on tfjs, and the same bits in shares', (_, options) => {
  followAttention({
    ...sample,
    inputs: 2,
    queries: 3,
    keys: 290,
    twice: false,
    batch: 1,
    positions: 'none',
    ...options,
  });
});

describe('gradients, beside differences of losses, to 1e-3 of their size', () => {
  test.each<[string, Partial<AttentionSample>]>([
    ['causal heads over the same input', {}],
    ['heads of three inputs, masked', { inputs: 3, keys: 20, causal: false, masked: 'before' }],
    ['scaled scores', { kind: 'dot', inputs: 2, keys: 7, masked: 'after' }],
    ['concatenated scores', { kind: 'concat', inputs: 3, keys: 7, causal: false }],
    ['additive scores of many features', { kind: 'additive', inputs: 2, keys: 18, widths: [20, 20, 20] }],
    ['concatenated scores of many features', { kind: 'concat', inputs: 2, keys: 18, widths: [20, 20, 20] }],
    ['additive scores', { kind: 'additive', inputs: 2, keys: 18, positions: 'waves' }],
  ])('%s', (_, options) => {
    const found = slopes({ ...sample, ...options });
    expect(found.length).toBeGreaterThan(5);
    for (const { name, taken, measured, size } of found)
      expect({ name, near: Math.abs(taken - measured) <= 1e-3 * (size + 1e-2), taken, measured }).toMatchObject({
        near: true,
      });
  });
});

test('memory grows with the steps, not their square: training on 4,096 steps takes at most 9 times what 512 do', () => {
  const bytes = [512, 4096].map((steps) => {
    const long = { ...sample, queries: steps, keys: steps, twice: false, batch: 1 };
    const own = builtAttention(long);
    const engine = engineOf(own, { threads: 1 });
    const { x, y } = attentionBatch(long, 1, 0);
    expect(engine.trainBatch(x, y).loss).toBeGreaterThan(0);
    const held = engine.program.arena.mark();
    engine.dispose();
    own.model.dispose();
    return held;
  });
  expect(bytes[1] / bytes[0]).toBeLessThan(9);
  // One (T,T) matrix of floats alone would take 64 MB.
  expect(bytes[1]).toBeLessThan(16e6);
});

describe('models in code', () => {
  test('heads look from one sequence at another, on the engine', async () => {
    const [query, other] = [Input({ shape: [3, 4] }), Input({ shape: [null, 2] })];
    const model = new Model({
      inputs: [query, other],
      outputs: MultiHeadAttention(2, 3).apply([query, other]),
      seed: 1,
    });
    model.compile({ loss: 'mse', optimizer: 'sgd' });
    expect(model.engine.kind).toBe('memcell');
    const predicted = await model.predict<number[][][]>([[[0, 1, 2].map((t) => [t, 1, 0, -t])], [[[1, 2]]]]);
    // Of a single key each query gives its value.
    expect(predicted[0][2]).toEqual(predicted[0][0]);
    model.dispose();
  });

  test('places that a batch has not are not trained by what the batch before had there', async () => {
    const train = async (engine?: 'tfjs') => {
      const input = Input({ shape: [null, 2] });
      const outputs = PositionEmbedding(5, { initializer: 'ones' }).apply(input);
      const model = new Model({ inputs: input, outputs, seed: 1 });
      model.compile({ loss: 'mse', optimizer: 'sgd', ...(engine && { engine }) });
      for (const steps of [5, 2, 4, 1]) {
        const values = Array.from({ length: steps }, (_, t) => [t, -t]);
        await model.trainOnBatch([values, values], [values, values]);
      }
      const [{ data }] = model.getWeights();
      model.dispose();
      return Array.from(data);
    };
    expect(await train()).toEqual((await train('tfjs')).map((value) => expect.closeTo(value, 5)));
  });

  test('a sequence longer than the places there are is refused with what to do', async () => {
    const input = Input({ shape: [null, 2] });
    const model = new Model({ inputs: input, outputs: PositionEmbedding(3, { name: 'places' }).apply(input), seed: 1 });
    model.compile({ loss: 'mse', optimizer: 'sgd' });
    await expect(model.predict([[1, 2, 3, 4].map((value) => [value, value])])).rejects.toThrow(
      'layer places has 3 places and got 4 steps; give shorter sequences, or the layer a larger sequenceLength',
    );
    model.dispose();
  });
});
