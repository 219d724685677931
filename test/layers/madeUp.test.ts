import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { computedLayer } from '../../src/layers/computed.js';
import { anyRank, common, features } from '../../src/layers/define.js';
import { Dense } from '../../src/layers/index.js';
import { initializerConfig } from '../../src/layers/initializers.js';
import { makeLayer } from '../../src/layers/make.js';
import * as kind from '../../src/layers/schema.js';
import { parseSpec } from '../../src/model/spec.js';
import { summaryText } from '../../src/model/summary.js';
import { loadModel, Sequential } from '../../src/sequential.js';

/** All that a layer needs: y = factor·(x∘γ)². */
const squared = computedLayer({
  class: 'MadeUpSquare',
  positional: ['factor'],
  schema: { ...common, factor: kind.defaulted(kind.positive, 1), learnt: kind.required(kind.flag) },
  rank: anyRank,
  perStep: true,
  weights: ({ learnt }, [input]) =>
    learnt ? [{ name: 'gamma', shape: [features(input)], initializer: initializerConfig('heNormal', 'gamma') }] : [],
  call: ({ x, weight, settings: { factor, learnt } }) =>
    tf.mul(tf.square(learnt ? tf.mul(x, weight('gamma')) : x), factor),
});

test('a layer of one definition runs, trains, shows in the summary, saves and loads, and is known to the notation', async () => {
  const model = new Sequential(
    [makeLayer(squared, [0.5], { learnt: true, inputShape: [3] }), Dense(2, { name: 'out' })],
    { seed: 4 },
  );
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  expect(model.engine.kind).toBe('tfjs');
  expect(model.engine).toHaveProperty('why', expect.stringContaining('made_up_square (MadeUpSquare)'));
  expect(summaryText(model.tf as tf.LayersModel)).toMatch(/made_up_square \(MadeUpSquare\).*\(None, 3\).* 3 /);
  const x = [
    [1, 2, 3],
    [0, -1, 2],
  ];
  const [gamma] = model.tf.getWeights();
  const before = Array.from(gamma.dataSync());
  const again = new Sequential([makeLayer(squared, [0.5], { learnt: true, inputShape: [3] })], { seed: 4 });
  expect(Array.from(again.tf.getWeights()[0].dataSync())).toEqual(before);
  const [squares] = await again.predict<number[][]>(x);
  for (const [i, value] of squares.entries()) expect(value).toBeCloseTo(0.5 * (before[i] * x[0][i]) ** 2, 5);
  await model.fit(
    x,
    [
      [1, 0],
      [0, 1],
    ],
    { epochs: 3, verbose: 0 },
  );
  expect(Array.from(model.tf.getWeights()[0].dataSync())).not.toEqual(before);

  const folder = mkdtempSync(join(tmpdir(), 'memcell-made-up-'));
  try {
    const path = join(folder, 'model');
    await model.save(path);
    const loaded = await loadModel(path);
    expect(loaded.tf.layers.map((layer) => layer.getClassName())).toEqual(['MadeUpSquare', 'Dense']);
    expect(await loaded.predict(x)).toEqual(await model.predict(x));
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(parseSpec('MadeUpSquare(2, learnt=false), Dense(1)')[0].getConfig()).toMatchObject({
    factor: 2,
    learnt: false,
  });
  expect(() => parseSpec('MadeUpSquare(2, learned=false)')).toThrow('did you mean learnt?');
  expect(() => parseSpec('MadeUpSquare(0, learnt=false)')).toThrow('factor must be a number above 0');
});
