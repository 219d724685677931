import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend, startBackend } from '../../src/kernels/backend.js';
import { buildModel } from '../../src/model/build.js';
import { releaseDropout, seedDropout } from '../../src/model/dropout.js';
import { parseSpec } from '../../src/model/spec.js';
import { dropoutKey, dropoutMask } from '../../src/random.js';
import { forward } from '../../src/training/forward.js';

describe('a mask', () => {
  test('drops its share and keeps the mean', () => {
    const mask = dropoutMask(1, 100_000, 0.3);
    const dropped = mask.filter((factor) => factor === 0).length;
    expect(Math.abs(dropped / mask.length - 0.3)).toBeLessThan(0.01);
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
  });

  test('is a function of seed, layer, part and step', () => {
    const keys = [
      dropoutKey({ seed: 1, step: 0 }, '0', 'input'),
      dropoutKey({ seed: 2, step: 0 }, '0', 'input'),
      dropoutKey({ seed: 1, step: 0 }, '1', 'input'),
      dropoutKey({ seed: 1, step: 0 }, '0/forward', 'input'),
      dropoutKey({ seed: 1, step: 0 }, '0', 'recurrent'),
      dropoutKey({ seed: 1, step: 1 }, '0', 'input'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(dropoutMask(keys[0], 64, 0.5)).toEqual(dropoutMask(keys[0], 64, 0.5));
    expect(dropoutMask(keys[0], 64, 0.5)).not.toEqual(dropoutMask(keys[5], 64, 0.5));
  });
});

describe.each(['cpu', 'wasm'])('models on %s', (backend) => {
  beforeAll(async () => {
    await prepareBackend();
    await startBackend(backend);
  });

  test.each([
    'Dropout(0.5), LSTM(4)',
    'LSTM(4, dropout=0.5)',
    'LSTM(4, recurrent_dropout=0.5)',
    'LSTM(4, dropout=0.5, recurrent_dropout=0.5)',
    'LSTM(4, dropout=0.5, recurrent_dropout=0.5, recurrent_activation=hard_sigmoid)',
    'GRU(4, dropout=0.5, recurrent_dropout=0.5)',
    'GRU(4, dropout=0.5, recurrent_dropout=0.5, reset_after=false)',
    'SimpleRNN(4, dropout=0.5, recurrent_dropout=0.5)',
    'Bidirectional(GRU(4, dropout=0.5))',
    'Bidirectional(LSTM(4, recurrent_dropout=0.5))',
    'TimeDistributed(Dropout(0.5)), LSTM(4)',
  ])('%s: repeatable by seed and step, off outside training, nothing left', (spec) => {
    const model = buildModel(parseSpec(spec), { inputShape: [3, 5], seed: 1 });
    const x = tf.tidy(() => tf.reshape(tf.sin(tf.range(0, 60)), [4, 3, 5]));
    const before = tf.memory().numTensors;
    const run = (seed: number, step: number, training = true) => {
      seedDropout(model, seed, step);
      return tf.tidy(() => Array.from(forward(model, [x], training).outputs[0].value.dataSync()));
    };
    const first = run(1, 0);
    expect(run(1, 0)).toEqual(first);
    expect(run(1, 1)).not.toEqual(first);
    expect(run(2, 0)).not.toEqual(first);
    const plain = run(1, 0, false);
    expect(run(2, 3, false)).toEqual(plain);
    expect(first).not.toEqual(plain);
    releaseDropout(model);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
    x.dispose();
  });

  test('a Dropout layer multiplies by its mask', () => {
    const model = buildModel(parseSpec('Dropout(0.4)'), { inputShape: [6], seed: 1 });
    seedDropout(model, 9, 5);
    const output = tf.tidy(() => forward(model, [tf.ones([3, 6])], true).outputs[0].value.dataSync());
    expect(Float32Array.from(output)).toEqual(dropoutMask(dropoutKey({ seed: 9, step: 5 }, '0', 'input'), 18, 0.4));
    model.dispose();
  });

  test("recurrent dropout: a single unit's state counts double or not at all", () => {
    const model = buildModel(parseSpec('SimpleRNN(1, linear, recurrent_dropout=0.5, use_bias=false)'), {
      inputShape: [2, 1],
      seed: 1,
    });
    tf.tidy(() => {
      for (const weight of model.weights) weight.write(tf.ones([1, 1]));
    });
    seedDropout(model, 4, 2);
    const batch = 16;
    const output = tf.tidy(() =>
      Array.from(forward(model, [tf.ones([batch, 2, 1])], true).outputs[0].value.dataSync()),
    );
    const mask = dropoutMask(dropoutKey({ seed: 4, step: 2 }, '0', 'recurrent'), batch, 0.5);
    // h₁ = 1, h₂ = 1 + mask·h₁
    expect(output).toEqual(Array.from(mask, (factor) => 1 + factor));
    releaseDropout(model);
    model.dispose();
  });
});
