import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend, startBackend } from '../../src/kernels/backend.js';
import { definitionOf, type LayerDefinition } from '../../src/layers/define.js';
import { Concatenate, Dense, Flatten, type Layer, Masking } from '../../src/layers/index.js';
import { makeLayer } from '../../src/layers/make.js';
import { setWeight, weightsInOrder } from '../../src/model/initialise.js';
import { Sequential } from '../../src/sequential.js';
import { sgd } from '../../src/training/optimizers.js';

interface Case {
  name: string;
  layer: string;
  options: Record<string, unknown>;
  /** Whether the steps at the end of its inputs are masked, of all of them or of each. */
  masked: boolean | boolean[];
  /** Flatten behind the layer, which ends its mask. */
  flat?: true;
  /** Its outputs side by side. */
  joined?: true;
  /** The input is of indices, without a Dense. */
  indices?: true;
  /** What wraps the layer, with its options. */
  around?: [wrapper: string, options: Record<string, unknown>];
  inputs: { shape: number[]; value: number[] }[];
  output: { shape: number[]; value: number[] };
  target: number[];
  weights: { shape: number[]; value: number[] }[];
  losses: number[];
  after: { shape: number[]; value: number[] }[];
}

const folder = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/layers');
const cases: Case[] = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'));

function apply(layer: Layer, inputs: tf.SymbolicTensor | tf.SymbolicTensor[]): tf.SymbolicTensor {
  return layer.apply(inputs) as tf.SymbolicTensor;
}

function defined(className: string): LayerDefinition {
  const definition = definitionOf(className);
  if (!definition) throw new Error(`no layer ${className}`);
  return definition;
}

/** The case's layer behind a Dense of each input, as the generator makes it, with the case's weights. */
function modelOf({ layer, options, masked, flat, joined, indices, around, inputs, weights }: Case): Sequential {
  const ends = inputs.map(({ shape }) => tf.input({ shape: shape.slice(1) }));
  const flowing = ends.map((end, i) => {
    if (indices) return end;
    const counted = (Array.isArray(masked) ? masked[i] : masked) ? apply(Masking({ name: `masking_${i}` }), end) : end;
    return apply(Dense(inputs[i].shape.at(-1) ?? 0, { name: `before_${i}` }), counted);
  });
  const inner = makeLayer(defined(layer), [], { ...options, name: 'layer' });
  const whole = around ? makeLayer(defined(around[0]), [inner], around[1]) : inner;
  const given = apply(whole, flowing.length > 1 ? flowing : flowing[0]);
  const made = joined ? apply(Concatenate(), given) : given;
  const model = Sequential.fromTf(tf.model({ inputs: ends, outputs: flat ? apply(Flatten(), made) : made }));
  const own = weightsInOrder(model.tf);
  expect(own.map(({ shape }) => shape)).toEqual(weights.map(({ shape }) => shape));
  for (const [i, weight] of own.entries()) {
    const value = tf.tensor(weights[i].value, weights[i].shape);
    setWeight(weight, value);
    value.dispose();
  }
  return model;
}

function difference(found: ArrayLike<number>, wanted: readonly number[]): number {
  expect(found.length).toBe(wanted.length);
  return wanted.reduce((most, value, i) => {
    const distance = Math.abs(found[i] - value) / Math.max(1, Math.abs(value));
    return distance <= most ? most : distance;
  }, 0);
}

test('every layer of the generator is known here', () => {
  expect(cases.filter(({ layer }) => !definitionOf(layer))).toEqual([]);
  expect(cases.length).toBeGreaterThan(55);
});

/** Runs a case: predictions, and three steps of training from its weights. */
async function follow(model: Sequential, one: Case, engine: { engine?: 'tfjs' }): Promise<void> {
  const x = one.inputs.map(({ shape, value }) => ({ data: Float32Array.from(value), shape }));
  const given = x.length > 1 ? x : x[0];
  const predicted = (await model.predict(given)) as { data: Float32Array; shape: number[] };
  expect(predicted.shape).toEqual(one.output.shape);
  expect(difference(predicted.data, one.output.value)).toBeLessThanOrEqual(1e-5);
  model.compile({ optimizer: sgd({ learningRate: 0.05 }), loss: 'meanSquaredError', ...engine });
  const target = { data: Float32Array.from(one.target), shape: one.output.shape };
  for (const loss of one.losses) {
    expect(Math.abs((await model.trainOnBatch(given, target)) - loss)).toBeLessThanOrEqual(1e-4);
  }
  const after = weightsInOrder(model.tf).map((weight) => weight.read().dataSync());
  after.forEach((values, i) => {
    expect(difference(values, one.after[i].value)).toBeLessThanOrEqual(1e-4);
  });
}

describe.each(['cpu', 'wasm'])(
  'on tfjs backend %s, outputs to 1e-5, losses and weights of three steps to 1e-4',
  (backend) => {
    beforeAll(async () => {
      await prepareBackend();
      await startBackend(backend);
    });

    test.each(cases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
      const model = modelOf(one);
      await follow(model, one, { engine: 'tfjs' });
      model.dispose();
    });
  },
);

describe('on the engine, outputs to 1e-5, losses and weights of three steps to 1e-4', () => {
  test.each(cases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    const model = modelOf(one);
    model.compile({ optimizer: sgd({ learningRate: 0.05 }), loss: 'meanSquaredError' });
    expect(model.engine.kind).toBe('memcell');
    await follow(model, one, {});
    model.dispose();
  });
});
