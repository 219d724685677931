import { describe, expect, test } from '@jest/globals';
import { Random } from '../../../src/random.js';
import { balancedWeights, buildNetwork, takeRows, withInputs } from '../../../src/tasks/classify/network.js';
import { sequenceRecipe } from '../../../src/tasks/classify/recipes.js';
import { maskValue } from '../../../src/tasks/classify/scaling.js';
import { blendShare } from '../../../src/tasks/classify/train.js';
import type { Run } from '../../../src/tasks/definition.js';

const run: Run = {
  seed: 3,
  plain: false,
  settings: {},
  callbacks: [],
  stage: () => undefined,
  trained: async () => undefined,
};
const problem = (steps: number) => ({
  samples: 40,
  inputShape: [steps, 2],
  classes: 3,
  encoding: { scaling: { mean: [0, 0], std: [1, 1] }, steps, padded: 'end' as const },
});

describe('the network for sequences', () => {
  test.each([1, 4, 9])(
    '%s padded steps change nothing: the masked steps are no part of the largest value',
    async (more) => {
      const random = new Random(7);
      const values = Array.from({ length: 5 * 2 }, () => random.normal() * 2);
      const answer = async (steps: number) => {
        const recipe = sequenceRecipe(problem(steps), run);
        const model = buildNetwork({ ...recipe, layers: withInputs(recipe.layers, problem(steps).encoding) }, 3);
        expect(model.engine.kind).toBe('memcell');
        const data = new Float32Array(steps * 2).fill(maskValue);
        data.set(values);
        const { data: out } = await model.predict({ data, shape: [1, steps, 2] });
        model.dispose();
        return [...out];
      };
      expect(await answer(5 + more)).toEqual(await answer(5));
    },
  );

  test('900 steps, or 15 times through the data; whatever is given goes before', () => {
    const length = (samples: number, settings: Run['settings'] = {}) => {
      const { epochs, batchSize } = sequenceRecipe({ ...problem(5), samples }, { ...run, settings });
      return { epochs, batchSize };
    };
    expect(length(64)).toEqual({ epochs: 450, batchSize: 32 });
    expect(length(9600)).toEqual({ epochs: 15, batchSize: 32 });
    expect(length(100_000)).toEqual({ epochs: 15, batchSize: 256 });
    expect(length(64, { epochs: 7, batchSize: 8 })).toEqual({ epochs: 7, batchSize: 8 });
  });
});

test('layers on rows, and what inputs need in front of them', () => {
  expect(takeRows('Dense(8, relu), Dropout(0.2), Dense(2, softmax)')).toBe(true);
  expect(takeRows('LSTM(8), Dense(2, softmax)')).toBe(false);
  const scaling = { mean: [0], std: [1] };
  expect(withInputs('LSTM(8), Dense(2, softmax)', { scaling, padded: 'end' })).toBe(
    'Masking(-1000), LSTM(8), Dense(2, softmax)',
  );
  expect(withInputs('Masking(-1000), LSTM(8)', { scaling, padded: 'end' })).toBe('Masking(-1000), LSTM(8)');
  expect(withInputs('LSTM(8)', { scaling: { mean: [], std: [] }, text: { kind: 'words', known: ['a', 'b'] } })).toBe(
    'Embedding(4, 32, mask_zero=true), LSTM(8)',
  );
  expect(() => buildNetwork({ ...sequenceRecipe(problem(5), run), layers: 'LSTM(3)' }, 1)).toThrow(
    'layers: this task needs probabilities; end the layers with Dense(3, softmax)',
  );
});

test('balanced weights: every class adds the same, all together the number of samples', () => {
  const y = Int32Array.of(0, 0, 0, 0, 0, 0, 2, 2);
  const weights = balancedWeights(y, 3);
  expect([...weights]).toEqual([8 / (2 * 6), 0, 8 / (2 * 2)]);
  expect(y.reduce((sum, c) => sum + weights[c], 0)).toBeCloseTo(8, 12);
});

test('the share of the networks in the blend is all where they alone are right, none where the linear model alone is', () => {
  const actual = Int32Array.of(0, 1, 2, 0);
  const says = (right: readonly boolean[]) =>
    Float32Array.from({ length: 12 }, (_, at) => {
      const isActual = at % 3 === actual[Math.floor(at / 3)];
      return isActual === right[Math.floor(at / 3)] ? 0.8 : isActual ? 0.05 : 0.1;
    });
  const [right, wrong] = [says([true, true, true, true]), says([false, false, false, false])];
  const share = (network: Float32Array, linear: Float32Array) =>
    blendShare([{ actual, network, linear }], 3, undefined);
  expect(share(right, wrong)).toBe(1);
  expect(share(wrong, right)).toBe(0);
  // Three of four for the networks.
  const [most, rest] = [says([true, true, true, false]), says([false, false, false, true])];
  expect(share(most, rest)).toBeGreaterThan(0.5);
  expect(share(rest, most)).toBeLessThan(0.5);
});
