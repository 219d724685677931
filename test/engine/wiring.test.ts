/** Faults in how gradients are wired are errors, at the latest in the first step back: none becomes a gradient of zero. */
import { afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { DenseLayer } from '../../src/engine/layers/dense.js';
import type { PlacedLayer, Signal } from '../../src/engine/layers/layer.js';
import { RecurrentLayer } from '../../src/engine/layers/recurrent.js';
import { LossStep } from '../../src/engine/loss.js';
import { Input, Model } from '../../src/functional.js';
import * as l from '../../src/layers/index.js';
import { buildModel } from '../../src/model/build.js';
import { compileTraining } from '../../src/training/compile.js';
import { sgd } from '../../src/training/optimizers.js';
import { built, engineOf } from './compare.js';
import { inputOf, type Sample, targetOf } from './models.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

afterEach(() => {
  jest.restoreAllMocks();
});

const sample = (layers: () => l.Layer[]): Sample => ({
  layers,
  inputShape: [3, 2],
  loss: 'meanSquaredError',
  optimizer: () => sgd(),
  batch: 4,
  vocabulary: 0,
  zeroSteps: false,
  weighted: 'no',
  seed: 2,
});

const stack = sample(() => [l.LSTM(4, { returnSequences: true }), l.Dense(3)]);

function step(of: Sample): void {
  const engine = engineOf(built(of), { threads: 1 });
  const x = inputOf(of, of.batch, 0);
  engine.trainBatch(x, targetOf(of, engine.predictBatch(x).shape, 0));
}

/** Has a kind of layer see an input that wants no gradient, whatever it wants. */
function deafen(layer: { place: (input: Signal, ...rest: never[]) => unknown }): void {
  const { place } = layer;
  jest.spyOn(layer, 'place').mockImplementation(function (this: unknown, input, ...rest) {
    return place.call(this, { ...input, wantsGradient: false }, ...rest);
  });
}

test('a layer that places no gradient of an input that wants one is named when it is laid out', () => {
  deafen(DenseLayer.prototype);
  expect(() => step(stack)).toThrow('bug: a layer of the kind dense has placed no gradient of its input 0');
});

test('so it is beside another reader, whose gradient alone would be too little', () => {
  const x = Input({ shape: [3, 2] });
  const hidden = l.Dense(4).apply(x);
  const states = l.LSTM(4).apply(hidden);
  const model = new Model({
    inputs: x,
    outputs: l.Dense(3).apply(l.Add().apply([states, l.GlobalAveragePooling1D().apply(hidden)])),
  });
  deafen(RecurrentLayer.prototype);
  const compiled = compileTraining(model.tf, { loss: 'meanSquaredError', optimizer: sgd() });
  const engine = engineOf({ model: model.tf as tf.LayersModel, compiled }, { threads: 1 });
  const given = { data: new Float32Array(24).fill(0.5), shape: [4, 3, 2] };
  expect(() => engine.trainBatch(given, { data: new Float32Array(12), shape: [4, 3] })).toThrow(
    'bug: a layer of the kind lstm has placed no gradient of its input 0',
  );
});

test('a reader within a layer that places none is an error, too', () => {
  const heads = sample(() => [l.Dense(4), l.MultiHeadAttention(2, 4), l.Dense(3)]);
  const { place } = DenseLayer.prototype;
  let placed = 0;
  jest.spyOn(DenseLayer.prototype, 'place').mockImplementation(function (this: DenseLayer, input, space) {
    // The model's first layer, then query, value and key.
    const isKey = space.training && ++placed === 4;
    return place.call(this, isKey ? { ...input, wantsGradient: false } : input, space);
  });
  expect(() => step(heads)).toThrow('bug: a signal whose gradient is asked for has none');
});

test('a gradient that goes missing after all is laid out is an error in the first step back', () => {
  const outputs: Signal[] = [];
  const { place } = DenseLayer.prototype;
  jest.spyOn(DenseLayer.prototype, 'place').mockImplementation(function (this: DenseLayer, input, space) {
    const made = place.call(this, input, space);
    outputs.push(made.output);
    return made;
  });
  const { run } = LossStep.prototype;
  jest.spyOn(LossStep.prototype, 'run').mockImplementation(function (this: LossStep, ...given) {
    run.apply(this, given);
    for (const output of outputs) output.gradient = undefined;
  });
  expect(() => step(stack)).toThrow('bug: a signal whose gradient is asked for has none');
});

test('a layer none of whose outputs has a gradient is not asked for backward or gradients', () => {
  const frozen = sample(() => [l.Dense(4, { trainable: false }), l.Dense(3)]);
  const { place } = DenseLayer.prototype;
  const asked: string[] = [];
  jest.spyOn(DenseLayer.prototype, 'place').mockImplementation(function (this: DenseLayer, input, space) {
    const made = place.call(this, input, space);
    const note = (name: 'backward' | 'gradients') => {
      const original = made[name].bind(made) as PlacedLayer['gradients'];
      Object.assign(made, {
        [name]: (...given: [number, number]) => {
          asked.push(`${this.plan.units} ${name}`);
          original(...given);
        },
      });
    };
    note('backward');
    note('gradients');
    return made;
  });
  step(frozen);
  expect(asked).toEqual(['3 backward', '3 gradients']);
});

test('after a placement that failed nothing of the one before is left to run', () => {
  const own = buildModel([l.Dense(4)], { inputShape: [3, 2], seed: 1 });
  const compiled = compileTraining(own, { loss: 'meanSquaredError', optimizer: sgd() });
  const engine = engineOf({ model: own, compiled }, { threads: 1 });
  engine.predictBatch({ data: new Float32Array(24), shape: [4, 3, 2] });
  jest.spyOn(DenseLayer.prototype, 'place').mockImplementation(() => {
    throw new Error('does not fit');
  });
  const { program } = engine;
  expect(() => program.place(5, [3], false)).toThrow('does not fit');
  expect(() => program.run('predict', { kind: 'forward', stage: 0 }, 0, 1)).toThrow('bug: the program was not placed');
});
