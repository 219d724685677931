import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { planModel } from '../../src/engine/plan.js';
import * as l from '../../src/layers/index.js';
import { buildModel } from '../../src/model/build.js';
import { compileTraining } from '../../src/training/compile.js';
import type { LossIdentifier } from '../../src/training/losses.js';
import { adam } from '../../src/training/optimizers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Of another class than the one it is named after. */
function ownNonNeg(): ReturnType<typeof tf.constraints.nonNeg> {
  const known = tf.constraints.nonNeg();
  return Object.create(known, { constructor: { value: Object }, getClassName: { value: () => 'NonNeg' } });
}

function plan(layers: l.Layer[], inputShape: (number | null)[], loss: LossIdentifier = 'mse') {
  const model = buildModel(layers, { inputShape, seed: 1 });
  const planned = planModel(model, compileTraining(model, { loss, optimizer: adam() }));
  model.dispose();
  return planned;
}

test.each<[string, () => l.Layer[], number[], RegExp]>([
  ['another layer', () => [tf.layers.thresholdedReLU()], [4, 3], /thresholded.* is of a kind/],
  [
    'a constraint of the user’s own',
    () => [tf.layers.dense({ units: 2, kernelConstraint: ownNonNeg() })],
    [3],
    /has a constraint of its own/,
  ],
  ['an axis that is not the last', () => [tf.layers.layerNormalization({ axis: 1 })], [4, 3], /axis 1/],
  ['four axes', () => [l.Dense(2)], [4, 3, 2], /4 axes/],
  ['an Embedding inside', () => [l.Dense(2), l.Flatten(), l.Embedding(4, 3)], [4, 1], /not the first layer/],
])('what the engine does not run, it names: %s', (_what, layers, inputShape, reason) => {
  const planned = plan(layers(), inputShape);
  expect('reason' in planned && planned.reason).toMatch(reason);
});

test('a loss function of the user’s own runs on tfjs', () => {
  const planned = plan([l.Dense(2)], [3], (yTrue, yPred) => tf.losses.meanSquaredError(yTrue, yPred));
  expect(planned).toEqual({ reason: 'its loss is a function of its own' });
});

test('a plan is plain data, as structured cloning to a thread needs', () => {
  const planned = plan([l.Dense(2, 'tanh'), l.Dropout(0.2), l.Dense(3, 'softmax')], [4], 'categoricalCrossentropy');
  if ('reason' in planned) throw new Error(planned.reason);
  expect(structuredClone(planned.plan)).toEqual(planned.plan);
  expect(planned.plan.nodes.map(({ layer }) => layer.kind)).toEqual([
    'dense',
    'activation',
    'dropout',
    'dense',
    'activation',
  ]);
  expect(planned.plan.outputs[0].loss).toEqual({
    kind: 'softmaxCategorical',
    option: 0,
    reads: 4,
    takesActivation: true,
    labels: false,
  });
});

test('a step of the engine needs no tfjs: what a thread loads does not import it', () => {
  const seen = new Set<string>();
  const visit = (file: URL): void => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type ).*from '([^']+)'/gm)) {
      expect([file.pathname, path]).toEqual([file.pathname, expect.stringMatching(/^\./)]);
      visit(new URL(path.replace(/\.js$/, '.ts'), file));
    }
  };
  visit(new URL('../../src/engine/program.ts', import.meta.url));
  expect(seen.size).toBeGreaterThan(15);
});
