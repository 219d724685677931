/** The ends of training as Keras has them: cross-entropy of what a model ends in, and updates of embeddings. Cases: test/fixtures/training/ends.py */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import type { NdArray } from '../../src/data/array.js';
import { buildModel } from '../../src/model/build.js';
import { weightsInOrder } from '../../src/model/initialise.js';
import { parseSpec } from '../../src/model/spec.js';
import { compileTraining } from '../../src/training/compile.js';
import type { LossIdentifier } from '../../src/training/losses.js';
import type { OptimizerIdentifier } from '../../src/training/optimizers.js';
import type { Runner } from '../../src/training/runner.js';
import { prepareTargets } from '../../src/training/targets.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';
import { type Built, engineOf, expectNear, split } from './compare.js';

type Nested = number | Nested[];

interface Case {
  layers: string;
  shape: number[];
  loss: Extract<LossIdentifier, { name: string; config: Record<string, unknown> }>;
  optimizer: OptimizerIdentifier & { class_name: string; config: Record<string, unknown> };
  x: Nested;
  y: Nested;
  start: Nested[];
  losses: number[];
  evaluate: number;
  after: Nested[];
}

const cases: Case[] = JSON.parse(readFileSync(new URL('../fixtures/training/ends.json', import.meta.url), 'utf8'));

function flat(nested: Nested): number[] {
  return Array.isArray(nested) ? nested.flatMap(flat) : [nested];
}

function shapeOf(nested: Nested): number[] {
  return Array.isArray(nested) ? [nested.length, ...shapeOf(nested[0])] : [];
}

const arrayOf = (nested: Nested): NdArray => ({ data: Float32Array.from(flat(nested)), shape: shapeOf(nested) });

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const runners: Record<string, (built: Built) => Runner> = {
  'the engine': (built) => engineOf(built, { threads: 1 }),
  'the engine in three shares': (built) => {
    const engine = engineOf(built, { threads: 1 });
    split(engine, 3);
    return engine;
  },
  tfjs: ({ model, compiled }) => createTfjsRunner(model, compiled),
};

function run(entry: Case, make: (built: Built) => Runner) {
  const model = buildModel(parseSpec(entry.layers), { inputShape: entry.shape, seed: 1 });
  const compiled = compileTraining(model, { loss: entry.loss, optimizer: entry.optimizer });
  const weights = weightsInOrder(model);
  for (const [i, weight] of weights.entries())
    tf.tidy(() => {
      weight.write(tf.tensor(flat(entry.start[i]), weight.shape.map(Number)));
    });
  const runner = make({ model, compiled });
  const x = arrayOf(entry.x);
  if (entry.layers.startsWith('Embedding')) x.data = Int32Array.from(x.data);
  const y = prepareTargets(compiled.loss, arrayOf(entry.y), compiled.outputShape);
  const losses = entry.losses.map(() => runner.trainBatch(x, y).loss);
  const evaluated = runner.evaluateBatch(x, y).loss;
  const predictions = Float32Array.from(runner.predictBatch(x).data);
  runner.sync();
  const after = weights.map((weight) => Float32Array.from(weight.read().dataSync()));
  runner.dispose();
  model.dispose();
  return { losses, evaluated, predictions, after };
}

const titled = cases.map((entry) => {
  const settings = Object.entries(entry.optimizer.config).map(([name, value]) => `${name}=${value}`);
  const logits = entry.loss.config.from_logits ? ' from logits' : '';
  return [`${entry.layers}; ${entry.loss.name}${logits}; ${entry.optimizer.class_name}(${settings})`, entry] as const;
});

describe.each(Object.entries(runners))('%s', (_, make) => {
  test.each(titled)('%s: losses ≤ 2e-5 and weights ≤ 1e-4 from Keras', (_title, entry) => {
    const got = run(entry, make);
    expectNear([...got.losses, got.evaluated], [...entry.losses, entry.evaluate], 2e-5, 'losses', 2e-5);
    for (const [i, values] of got.after.entries()) expectNear(values, flat(entry.after[i]), 1e-4, `weight ${i}`);
  });
});

test.each(titled)('%s: the same bits in three shares', (_title, entry) => {
  const [one, three] = [run(entry, runners['the engine']), run(entry, runners['the engine in three shares'])];
  expect(three).toEqual(one);
});

test('a penalty on embeddings does not let Adam take steps beyond its rate', () => {
  const entry = cases.find(({ layers, optimizer }) => layers.includes('L2') && optimizer.class_name === 'Adam');
  if (!entry) throw new Error('no such case');
  for (const make of Object.values(runners)) {
    const { losses } = run(entry, make);
    expect(losses[losses.length - 1]).toBeLessThan(losses[0]);
  }
});
