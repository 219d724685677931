import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { MemcellError } from '../../src/errors.js';
import { attributeOf } from '../../src/formats/hdf5/contents.js';
import { readHdf5File } from '../../src/formats/hdf5/hdf5.js';
import { keras3Topology } from '../../src/formats/keras/keras3Topology.js';
import { trainingFrom } from '../../src/formats/keras/training.js';
import { readZip } from '../../src/formats/zip.js';
import { Input, Model } from '../../src/functional.js';
import { Dense } from '../../src/layers/index.js';
import { loadModel, Sequential, sequential } from '../../src/sequential.js';
import { type LossName, quantile } from '../../src/training/losses.js';
import { precision } from '../../src/training/metrics.js';
import type { OptimizerIdentifier } from '../../src/training/optimizers.js';
import { temporaryFolder } from './models.js';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const root = temporaryFolder();

interface Stored {
  dtype: string;
  shape: number[];
  data: number[];
}

interface Written {
  inputs: Stored[];
  outputs: Stored[];
  secondCall?: Stored[];
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8'));

const arrayOf = ({ dtype, shape, data }: Stored) => ({
  shape,
  data: dtype.startsWith('int') ? Int32Array.from(data) : Float32Array.from(data),
});

/** The outputs for a file's inputs. */
async function outputsOf(model: Sequential, inputs: Stored[]): Promise<{ data: Float32Array; shape: number[] }[]> {
  const xs = inputs.map(arrayOf);
  const output = await model.predict<{ data: Float32Array; shape: number[] }[]>(xs.length > 1 ? xs : [xs[0]].flat()[0]);
  return Array.isArray(output) ? output : [output];
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

/** Among them an encoder with its decoder, a model in a model, and two inputs that meet. */
const ON_THE_ENGINE = new Set(['encdec', 'functional', 'nested', 'seq', 'text']);

/** Names that TensorFlow.js does not take, and a type that nothing here computes in. */
const LOST: Record<string, string[]> = {
  half: ['dtype bfloat16: here all is computed in float32'],
  names: [
    'layer "in put" is called "in_put" here',
    'layer "层 \\"x\\"" is called "layer___x_" here',
    'layer "a:b;c[0]" is called "a_b_c_0_" here',
    'layer "constructor" is called "constructor_" here',
  ],
};

const files = ['keras3', 'keras2'].flatMap((folder) =>
  readdirSync(join(fixtures, folder))
    .filter((name) => /\.(keras|h5)$/.test(name) && !name.includes('weights-only'))
    .map((name) => join(folder, name)),
);

test.each(files)('%s predicts what its Keras predicted', async (file) => {
  const path = join(fixtures, file);
  const name = file.replace(/^.*[\\/]|\.\w+$/g, '');
  const written = readJson<Written>(path.replace(/\.\w+$/, '.json'));
  const model = await loadModel(path);
  expect(model.lost).toEqual(LOST[name] ?? []);
  if (ON_THE_ENGINE.has(name)) expect(model.engine).toEqual({ kind: 'memcell' });
  for (const outputs of [written.outputs, ...(written.secondCall ? [written.secondCall] : [])]) {
    (await outputsOf(model, written.inputs)).forEach(({ data, shape }, i) => {
      expect(shape).toEqual(outputs[i].shape);
      expect(difference(data, outputs[i].data)).toBeLessThan(1e-5);
    });
  }
  model.dispose();
});

interface Case {
  input: number[][][];
  output: number[][];
  training?: {
    optimizer: OptimizerIdentifier;
    loss: LossName;
    batch_size: number;
    x: number[][][];
    y: number[][];
    step_losses: number[];
  };
}

const cases = readdirSync(join(fixtures, 'keras')).filter((name) =>
  existsSync(join(fixtures, 'keras', name, 'model.keras')),
);

test.each(cases)('%s trains on as in Keras, from .keras and .h5', async (name) => {
  const folder = join(fixtures, 'keras', name);
  const { input, output, training } = readJson<Case>(join(folder, 'case.json'));
  for (const file of ['model.keras', 'model.h5']) {
    const model = await loadModel(new Uint8Array(readFileSync(join(folder, file))));
    expect(difference((await model.predict(input)).flat(9), output.flat(9))).toBeLessThan(1e-5);
    if (training) {
      const { optimizer, loss, batch_size: size, x, y, step_losses: losses } = training;
      model.compile({ optimizer, loss });
      for (const [step, expected] of losses.entries()) {
        const rows: [number, number] = [step * size, (step + 1) * size];
        const found = await model.trainOnBatch(x.slice(...rows), y.slice(...rows));
        expect(Math.abs(found - expected)).toBeLessThan(1e-4);
      }
    }
    model.dispose();
  }
});

describe('models of tfjs and of converters', () => {
  const saved = (name: string) => join(fixtures, 'savedModels', name);
  const predict = (model: Sequential) => {
    const [, ...shape] = model.inputShape.map((size) => size ?? 3);
    const size = shape.reduce((product, one) => product * one, 1);
    return model.predict({ data: Float32Array.from({ length: size }, (_, i) => Math.sin(i)), shape: [1, ...shape] });
  };

  // keras2-h5 has the time_major that Keras 3 refuses; what it gives is Keras's for its weights in the same layers.
  test.each(['keras3-sequential', 'keras3-functional', 'keras3-gru', 'keras2-h5/model.h5'])(
    '%s gives what Keras gave',
    async (path) => {
      const name = path.replace(/\/.*/, '');
      const { x, y } = readJson<{ x: number[]; y: number[] }>(join(saved(name), 'expected.json'));
      const model = await loadModel(saved(path));
      expect(model.engine).toEqual({ kind: 'memcell' });
      const shape = [x.length / 8, 4, 2];
      expect(difference((await model.predict({ data: Float32Array.from(x), shape })).data, y)).toBeLessThan(1e-6);
    },
  );

  test.each(['no-format', 'l2-regularizer', 'functional-chain', 'hard-sigmoid-functional'])(
    '%s runs on the engine, for any number of samples',
    async (name) => {
      const model = await loadModel(saved(name));
      expect(model.engine).toEqual({ kind: 'memcell' });
      const { data, shape } = await predict(model);
      expect(shape).toEqual([1, 1]);
      expect(data.every(Number.isFinite)).toBe(true);
      const stream = model.stream();
      let last: ArrayLike<number> = [];
      for (let t = 0; t < 4; t++) last = stream.push([Math.sin(2 * t), Math.sin(2 * t + 1)]);
      expect(difference(last, data)).toBeLessThan(1e-6);
    },
  );

  it('takes and gives several inputs and outputs as lists and by name', async () => {
    const states = await loadModel(saved('two-outputs'));
    expect(states.engine).toEqual({ kind: 'memcell' });
    expect(states.outputs.map(({ name }) => name)).toEqual(['lstm_LSTM5', 'lstm_LSTM5_1']);
    const x = [
      [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ],
    ];
    const [h, c] = await states.predict<number[][][]>(x);
    expect([h.length, h[0].length, c.length, c[0].length]).toEqual([1, 3, 1, 3]);
    expect(await states.predict({ input2: x })).toEqual({ lstm_LSTM5: h, lstm_LSTM5_1: c });
    states.compile({
      loss: { lstm_LSTM5: 'mse', lstm_LSTM5_1: 'mae' },
      lossWeights: [1, 0.5],
      optimizer: 'adam',
      metrics: ['mae'],
    });
    const logs = await states.evaluate(x, [h, c]);
    expect(Object.keys(logs)).toEqual([
      'loss',
      'lstm_LSTM5_loss',
      'lstm_LSTM5_1_loss',
      'lstm_LSTM5_mae',
      'lstm_LSTM5_1_mae',
    ]);
    expect(Math.max(...Object.values(logs))).toBeLessThan(1e-6);
    const y = { lstm_LSTM5: [[0, 0, 0]], lstm_LSTM5_1: [[1, 1, 1]] };
    const { history } = await states.fit(x, y, { epochs: 5, verbose: 0, validationData: [x, y] });
    expect(history.loss[4]).toBeLessThan(history.loss[0]);
    expect(history.loss[0]).toBeCloseTo(history.lstm_LSTM5_loss[0] + 0.5 * history.lstm_LSTM5_1_loss[0], 5);
    expect(history.val_lstm_LSTM5_1_mae).toHaveLength(5);

    const joined = await loadModel(saved('two-inputs'));
    expect(joined.engine).toEqual({ kind: 'memcell' });
    const one = await joined.predict([x, [[0.5, 1]]]);
    expect(await joined.predict({ input4: [[0.5, 1]], input3: x })).toEqual(one);
    await expect(joined.predict(x)).rejects.toThrow(
      'x is a list of 1, but the model has 2 inputs (input3, input4): give a list of 2 arrays in this order, or an object by their names',
    );
    await expect(joined.predict({ input3: x })).rejects.toThrow("x has nothing for the model's input input4");
    await expect(
      joined.predict([
        x,
        [
          [1, 2],
          [3, 4],
        ],
      ]),
    ).rejects.toThrow('x (input4) has 2 samples and x (input3) has 1');
  });

  it('trains convolutions, keeps states until they are reset, and says when an output is not finite', async () => {
    const convolution = await loadModel(saved('conv1d-lstm'));
    convolution.compile({ loss: 'mse', optimizer: 'adam' });
    const shape = [2, ...convolution.inputShape.slice(1).map(Number)];
    const x = { data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)), shape };
    const { history } = await convolution.fit(x, [[0], [1]], { epochs: 3, verbose: 0 });
    expect(history.loss[2]).toBeLessThan(history.loss[0]);

    const stateful = await loadModel(saved('stateful'));
    const step = [[[0.5, -1]]];
    const first = await stateful.predict(step);
    expect(await stateful.predict(step)).not.toEqual(first);
    stateful.resetStates();
    expect(await stateful.predict(step)).toEqual(first);

    // The variance in this file is negative.
    await expect(predict(await loadModel(saved('batchnorm')))).rejects.toThrow('the prediction of sample 1 is NaN');
  });
});

describe('writing', () => {
  it('gives a layer no option that its maker in Keras 3 does not take', () => {
    const config = { name: 's', trainable: true, rate: 0.3 };
    const layers = [{ class_name: 'SpatialDropout1D', config }];
    const written = keras3Topology({ class_name: 'Sequential', config: { name: 'm', layers } }, false);
    expect(JSON.stringify(written.config)).toContain('"config":{"name":"s","dtype":"float32","rate":0.3}');
  });

  it('leaves out of .h5 the score mode of attention that Keras 3 reads back as a function', () => {
    const written = (score_mode: string, legacy: boolean) => {
      const layers = [{ class_name: 'Attention', config: { name: 'a', score_mode } }];
      return JSON.stringify(keras3Topology({ class_name: 'Sequential', config: { name: 'm', layers } }, legacy));
    };
    expect(written('dot', true)).not.toContain('score_mode');
    expect(written('concat', true)).toContain('"score_mode":"concat"');
    expect(written('dot', false)).toContain('"score_mode":"dot"');
  });

  const specs = [
    'LSTM(5, return_sequences=True, activity_regularizer=l2), GRU(4, activity_regularizer=l1(0.2)), Dense(2, activity_regularizer=l1_l2(0.1, 0.2))',
    'Masking(), Bidirectional(LSTM(3, return_sequences=True, activity_regularizer=l1)), TimeDistributed(Dense(2)), Flatten(), Dense(2, softmax)',
    'SimpleRNN(4, recurrent_dropout=0.2, go_backwards=True), RepeatVector(6), GRU(3, reset_after=False), Dense(2)',
  ];
  const x = { shape: [4, 6, 3], data: Float32Array.from({ length: 72 }, (_, i) => Math.sin(1.7 * i)) };
  const y = { shape: [4, 2], data: Float32Array.from({ length: 8 }, (_, i) => Math.cos(i) ** 2) };

  test.each(specs)('%s goes through folder, .keras, .h5 and back with the same bits', async (spec) => {
    const model = sequential(spec, { inputShape: [6, 3], seed: 3 });
    model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    model.metadata = { task: { kind: 'ä', list: [1, 2] } };
    const before = await model.predict(x);
    const places = ['a', 'b.keras', 'c.h5', 'd', 'e.hdf5', 'f.keras'].map((name) => join(root, name));
    let now = model;
    for (const place of places) {
      await now.save(place);
      now = await loadModel(place);
      expect(now.lost).toEqual([]);
      expect(now.metadata).toEqual(model.metadata);
      expect(await now.predict(x)).toEqual(before);
      expect(await now.evaluate(x, y)).toEqual(await model.evaluate(x, y));
    }
    expect(now.getWeights()).toEqual(model.getWeights());
  });

  const optimizers = [
    { class_name: 'Adam', config: { learning_rate: 0.01, amsgrad: true } },
    // Nothing but the number of steps and the rate.
    { class_name: 'SGD', config: { learning_rate: 0.02 } },
    { class_name: 'SGD', config: { learning_rate: 0.02, momentum: 0.9 } },
    { class_name: 'RMSprop', config: { learning_rate: 0.01, centered: true } },
  ];
  test.each(['.keras', '.h5', '/'].flatMap((ending) => optimizers.map((optimizer) => ({ ending, optimizer }))))(
    '$ending keeps $optimizer.class_name $optimizer.config: a loaded model trains on as the one that was saved',
    async ({ ending, optimizer }) => {
      const model = sequential('LSTM(4), Dense(2)', { inputShape: [6, 3], seed: 5 });
      model.compile({ optimizer, loss: 'mse' });
      await model.fit(x, y, { epochs: 3, verbose: 0 });
      const path = join(root, `training${ending}`);
      const lost = await model.save(path);
      expect(lost).toHaveLength(ending === '.h5' ? 1 : 0);
      const again = await loadModel(path);
      expect(again.stepsTrained).toBe(3);
      for (let step = 0; step < 3; step++) expect(await again.trainOnBatch(x, y)).toBe(await model.trainOnBatch(x, y));
      expect(again.getWeights()).toEqual(model.getWeights());
    },
  );

  test.each([
    'keras3/encdec.keras',
    'keras3/nested.h5',
    'keras3/cells.keras',
    'keras3/batchnorm.h5',
    'keras2/functional.h5',
  ])('%s is written as it was read', async (file) => {
    const { inputs } = readJson<Written>(join(fixtures, file).replace(/\.\w+$/, '.json'));
    const model = await loadModel(join(fixtures, file));
    const before = await outputsOf(model, inputs);
    for (const name of ['again.keras', 'again.h5', 'again']) {
      await model.save(join(root, name));
      expect(await outputsOf(await loadModel(join(root, name)), inputs)).toEqual(before);
    }
  });

  it('names the layer that Keras 3 has otherwise, and leaves the old file', async () => {
    const path = join(root, 'kept.keras');
    const model = sequential('Dense(2)', { inputShape: [3] });
    await model.save(path);
    const before = readFileSync(path);
    const old = await loadModel(join(fixtures, 'keras2/lstm_hard.h5'));
    await expect(old.save(path)).rejects.toThrow(
      'layer "lstm" (LSTM) has recurrent_activation hard_sigmoid, which is another function in Keras 3; save the model to a folder instead',
    );
    expect(readFileSync(path)).toEqual(before);
    await expect(old.save(join(root, 'no/such/folder.keras'))).rejects.toThrow(MemcellError);
  });
});

describe('loadWeights', () => {
  const build = (units: number) => sequential(`LSTM(${units}), Dense(2)`, { inputShape: [7, 3] });
  const file = join(fixtures, 'keras2/lstm.weights-only.h5');

  it('sets the weights of a built model, by order where the names are others', async () => {
    const model = build(5);
    await model.loadWeights(file);
    const whole = await loadModel(join(fixtures, 'keras2/lstm.h5'));
    expect(model.getWeights()).toEqual(whole.getWeights());
    const other = build(5);
    await other.loadWeights(join(fixtures, 'keras2/lstm.h5'));
    expect(other.getWeights()).toEqual(whole.getWeights());
  });

  it('tells everything that does not fit, and changes nothing', async () => {
    const model = build(4);
    const before = model.getWeights();
    await expect(model.loadWeights(file)).rejects.toThrow(
      /kernel:0 has shape \[3,20\], but layer lstm takes \[3,16\].*recurrent_kernel:0 has shape.*bias:0 has shape.*out\/kernel:0 has shape \[5,2\]/,
    );
    expect(model.getWeights()).toEqual(before);
    await expect(loadModel(file)).rejects.toThrow(
      'it holds weights without a model; build the model, call model.loadWeights on it, and save it, or name its layers in memcell train --from FILE --layers SPEC',
    );
  });
});

test('what a file says of losses and optimizers that is not known here is lost, and said', () => {
  const lost: string[] = [];
  const loss = (config: { reduction?: string }) => ({
    module: 'keras.losses',
    class_name: 'MeanSquaredError',
    config: { name: 'mean_squared_error', ...config },
  });
  const made = (config: { reduction?: string }) => trainingFrom({ optimizer: 'sgd', loss: loss(config) }, lost);
  expect(made({ reduction: 'sum_over_batch_size' })?.loss).toEqual({ name: 'mean_squared_error', config: {} });
  expect(lost).toEqual([]);
  expect(made({ reduction: 'sum' })).toBeUndefined();
  expect(lost).toEqual(['a loss with reduction "sum" is not known here', 'the model comes uncompiled']);

  // decay is rho in files of tfjs, and how the rate falls in older ones of Keras.
  const rms = (config: object) =>
    trainingFrom({ optimizer: { class_name: 'RMSprop', config: { lr: 0.01, ...config } }, loss: 'mse' }, lost)
      ?.optimizer;
  expect(rms({ decay: 0.8 })).toEqual({ class_name: 'RMSprop', config: { learning_rate: 0.01, rho: 0.8 } });
  lost.length = 0;
  expect(rms({ rho: 0.7, decay: 0.1 })).toEqual({ class_name: 'RMSprop', config: { learning_rate: 0.01, rho: 0.7 } });
  expect(lost).toEqual(['optimizer option decay = 0.1 is not applied']);
});

// Keras refuses a whole file for one name in it that it has not.
test.each(['.keras', '.h5'])(
  '%s: losses and metrics that Keras has not are left out for it, and kept here',
  async (ending) => {
    const model = new Sequential([Dense(2, { inputShape: [3] })], { seed: 1 });
    const metrics = ['rmse', 'perplexity', 'r2', 'mae', precision({ thresholds: 0.3 })] as const;
    model.compile({ optimizer: 'adam', loss: quantile(), metrics, weightedMetrics: ['mse'] });
    const path = join(root, `own${ending}`);
    expect((await model.save(path)).slice(0, 2)).toEqual([
      'Keras has no loss quantile (memcell keeps it): compile there with another before you train',
      'Keras has no metric perplexity (memcell keeps it)',
    ]);
    const bytes = new Uint8Array(readFileSync(path));
    const text =
      ending === '.h5'
        ? attributeOf(await readHdf5File(bytes, path), '', 'training_config')
        : new TextDecoder().decode((await readZip(bytes, { most: 1e6, remedy: '' }, path)).get('config.json'));
    const config = JSON.parse(String(text));
    const { loss, metrics: written, weighted_metrics: weighted } = config.compile_config ?? config;
    expect(weighted).toEqual(['mse']);
    expect([loss, ...written.slice(0, 3)]).toEqual([null, 'root_mean_squared_error', 'r2_score', 'mae']);
    expect(written[3]).toMatchObject({ class_name: 'Precision', config: { thresholds: 0.3 } });
    const again = await loadModel(path);
    expect(again.lost).toEqual([]);
    const x = { data: Float32Array.from([1, 2, 3, 3, 2, 1]), shape: [2, 3] };
    const y = { data: Float32Array.from([0, 1, 1, 0]), shape: [2, 2] };
    expect(await again.evaluate(x, y)).toEqual(await model.evaluate(x, y));
    model.dispose();
    again.dispose();
  },
);

test.each([{ author: 'stock' }, { author: 'stock', year: 2026 }, {}])(
  'metadata %j that a model of tfjs has is not kept, which is said',
  async (metadata) => {
    const theirs = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
    theirs.setUserDefinedMetadata(metadata);
    const names = Object.keys(metadata).join(', ');
    const lost = await Sequential.fromTf(theirs).save(join(root, 'theirs.keras'));
    expect(lost).toEqual(names === '' ? [] : [`metadata ${names} is not kept`]);
  },
);

test.each(['own', 'own.keras', 'own.h5', 'own.onnx'])(
  '%s: that a loss or metric of your own is not kept, is said',
  async (name) => {
    const model = new Sequential([Dense(2, { inputShape: [3] })], { seed: 1 });
    const path = join(root, 'said', name);
    function mine(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
      return tf.mean(tf.squaredDifference(yTrue, yPred));
    }
    model.compile({ optimizer: 'sgd', loss: mine });
    const uncompiled = 'a loss of your own is not kept, and the model comes back uncompiled: compile it anew';
    expect(await model.save(path)).toContain(uncompiled);
    // One of several is as good as all.
    const x1 = Input({ shape: [3] });
    const two = new Model({ inputs: x1, outputs: [Dense(1).apply(x1), Dense(2).apply(x1)] });
    two.compile({ optimizer: 'sgd', loss: ['meanSquaredError', mine] });
    expect(await two.save(join(root, 'said', `two-${name}`))).toContain(uncompiled);
    expect((await loadModel(join(root, 'said', `two-${name}`))).isCompiled).toBe(false);
    two.dispose();
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: ['mae', mine] });
    expect(await model.save(path)).toContain('metrics of your own are not kept: mine');
    const again = await loadModel(path);
    const x = { data: Float32Array.from([1, 2, 3]), shape: [1, 3] };
    expect(Object.keys(await again.evaluate(x, { data: Float32Array.from([0, 1]), shape: [1, 2] }))).toEqual([
      'loss',
      'mae',
    ]);
    model.dispose();
    again.dispose();
  },
);
