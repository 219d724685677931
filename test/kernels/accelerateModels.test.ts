import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { accelerate } from '../../src/engine/accelerate.js';
import { Random } from '../../src/random.js';
import { backends, expectClose, expectTwins, FORWARD, normal, sigmoid, twins, useBackend } from './twins.js';

describe.each(backends)('on the backend %s', (backend) => {
  useBackend(backend);
  // TensorFlow's operation has no masks.
  const masked = backend === 'tensorflow' ? 0 : 1;

  test('stacked layers, with one step too', async () => {
    for (const steps of [1, 6]) {
      const build = () =>
        tf.sequential({
          layers: [
            tf.layers.lstm({ units: 9, returnSequences: true, inputShape: [steps, 4], ...sigmoid }),
            tf.layers.lstm({ units: 5, ...sigmoid }),
            tf.layers.dense({ units: 3, activation: 'softmax' }),
          ],
        });
      await expectTwins(build, (random) => [normal(random, [4, steps, 4])], { kernels: 2 });
    }
  });

  test.each(['concat', 'sum', 'ave', 'mul', null] as const)('Bidirectional, merged by %s', async (mergeMode) => {
    for (const returnSequences of [false, true]) {
      const build = () => {
        const input = tf.input({ shape: [4, 3] });
        const layer = tf.layers.lstm({ units: 6, returnSequences, ...sigmoid });
        const outputs = tf.layers
          .bidirectional({ layer, mergeMode: mergeMode as 'concat' })
          .apply(input) as tf.SymbolicTensor;
        return tf.model({ inputs: input, outputs });
      };
      await expectTwins(build, (random) => [normal(random, [3, 4, 3])], { kernels: 2 });
    }
  });

  test('TimeDistributed, and a model inside a model', async () => {
    const build = () => {
      const inner = tf.sequential({ layers: [tf.layers.lstm({ units: 5, inputShape: [4, 3], ...sigmoid })] });
      return tf.sequential({
        layers: [
          tf.layers.timeDistributed({ layer: inner, inputShape: [2, 4, 3] }),
          tf.layers.timeDistributed({ layer: tf.layers.reshape({ targetShape: [5, 1] }) }),
          tf.layers.timeDistributed({ layer: tf.layers.lstm({ units: 2, ...sigmoid }) }),
        ],
      });
    };
    await expectTwins(build, (random) => [normal(random, [3, 2, 4, 3])], { kernels: 4 });
  });

  test('encoder and decoder: states handed over', async () => {
    const build = () => {
      const source = tf.input({ shape: [5, 3] });
      const target = tf.input({ shape: [4, 2] });
      const encoder = tf.layers.lstm({ units: 7, returnState: true, ...sigmoid });
      const [, h, c] = encoder.apply(source) as tf.SymbolicTensor[];
      const decoder = tf.layers.lstm({ units: 7, returnSequences: true, ...sigmoid });
      const decoded = decoder.apply(target, { initialState: [h, c] }) as tf.SymbolicTensor;
      const outputs = tf.layers.dense({ units: 2 }).apply(decoded) as tf.SymbolicTensor;
      return tf.model({ inputs: [source, target], outputs });
    };
    await expectTwins(build, (random) => [normal(random, [3, 5, 3]), normal(random, [3, 4, 2])], { kernels: 2 });
  });

  test('masks from Masking, through layers and in both directions', async () => {
    const build = () =>
      tf.sequential({
        layers: [
          tf.layers.masking({ maskValue: 0, inputShape: [6, 3] }),
          tf.layers.lstm({ units: 9, returnSequences: true, ...sigmoid }),
          tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 4, ...sigmoid }), mergeMode: 'concat' }),
          tf.layers.dense({ units: 2 }),
        ],
      });
    const makeInputs = (random: Random) => {
      const x = Float32Array.from({ length: 4 * 6 * 3 }, () => random.normal());
      // Masked at the end, at the start, in the middle, and throughout.
      for (const [row, from, to] of [
        [0, 4, 6],
        [1, 0, 3],
        [2, 2, 4],
        [3, 0, 6],
      ])
        x.fill(0, (row * 6 + from) * 3, (row * 6 + to) * 3);
      return [tf.tensor(x, [4, 6, 3])];
    };
    await expectTwins(build, makeInputs, { kernels: masked * 3, inputGradients: false });
  });

  test('Embedding with maskZero', async () => {
    const build = () =>
      tf.sequential({
        layers: [
          tf.layers.embedding({ inputDim: 9, outputDim: 4, maskZero: true, inputLength: 5 }),
          tf.layers.lstm({ units: 6, ...sigmoid }),
        ],
      });
    const indices = () => [tf.tensor([1, 2, 3, 0, 0, 4, 5, 6, 7, 8, 0, 1, 0, 8, 0], [3, 5], 'int32')];
    await expectTwins(build, indices, { kernels: masked, inputGradients: false });
  });

  test('whole models train to the same weights, within 1e-4 after 10 steps', async () => {
    const build = () => {
      const model = tf.sequential({
        layers: [
          tf.layers.bidirectional({
            layer: tf.layers.lstm({ units: 8, returnSequences: true, ...sigmoid }),
            mergeMode: 'concat',
            inputShape: [6, 3],
          }),
          tf.layers.lstm({ units: 5, kernelRegularizer: 'l1l2', recurrentConstraint: 'maxNorm', ...sigmoid }),
          tf.layers.dense({ units: 3, activation: 'softmax' }),
        ],
      });
      model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: 'categoricalCrossentropy' });
      return model;
    };
    const { plain, fast } = twins(build);
    const x = normal(new Random(4), [20, 6, 3]);
    const y = tf.tidy(() =>
      tf
        .oneHot(
          tf.tensor1d(
            Array.from({ length: 20 }, (_, i) => i % 3),
            'int32',
          ),
          3,
        )
        .toFloat(),
    );
    const fit = { epochs: 5, batchSize: 10, shuffle: false, verbose: 0 } as const;
    const losses = (await fast.fit(x, y, fit)).history.loss as number[];
    const expected = (await plain.fit(x, y, fit)).history.loss as number[];
    expectClose(Float32Array.from(losses), Float32Array.from(expected), 1e-5);
    for (const [k, weight] of plain.getWeights().entries()) {
      expectClose(fast.getWeights()[k].dataSync<'float32'>(), weight.dataSync<'float32'>(), 1e-4);
    }
    expect(losses[4]).toBeLessThan(losses[0]);
    tf.dispose([x, y]);
    for (const model of [plain, fast]) {
      model.optimizer.dispose();
      tf.dispose((model.optimizer as unknown as { c: tf.Tensor }).c); // its learning rate, which tfjs forgets
      model.dispose();
    }
  });

  test('accelerating twice, saving and loading: the same topology and weights, and stock tfjs reads them', async () => {
    const build = () =>
      tf.sequential({ name: 'm', layers: [tf.layers.lstm({ name: 'l', units: 3, inputShape: [4, 3], ...sigmoid })] });
    const { plain, fast } = twins(build);
    const { call } = accelerate(fast).layers[0];
    expect(accelerate(fast).layers[0].call).toBe(call);
    expect(fast.toJSON(null, false)).toEqual(plain.toJSON(null, false));
    let saved: tf.io.ModelArtifacts | undefined;
    await fast.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
      }),
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved!));
    tf.tidy(() => {
      const x = normal(new Random(1), [2, 4, 3]);
      expectClose(
        (fast.predict(x) as tf.Tensor).dataSync<'float32'>(),
        (loaded.predict(x) as tf.Tensor).dataSync<'float32'>(),
        FORWARD,
      );
    });
    for (const model of [plain, fast, loaded]) model.dispose();
  });
});
