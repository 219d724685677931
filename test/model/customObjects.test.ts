import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '../../src/kernels/backend.js';
import { buildModel } from '../../src/model/build.js';
import { customObjects } from '../../src/model/customObjects.js';
import { parseSpec } from '../../src/model/spec.js';

type Json = Parameters<typeof tf.models.modelFromJSON>[0];

beforeAll(async () => {
  await prepareBackend();
});

const topology = (model: tf.LayersModel): Json => JSON.parse(model.toJSON(null, true) as string);

/** The largest difference between the predictions of a model and those of its copy with its weights. */
function difference(model: tf.LayersModel, copy: tf.LayersModel): number {
  const shape = model.inputs[0].shape.map((size) => size ?? 2);
  return tf.tidy(() => {
    copy.setWeights(model.getWeights());
    const x = tf.reshape(tf.floor(tf.range(0, tf.util.sizeFromShape(shape)).mod(5)), shape);
    return tf.max(tf.abs(tf.sub(model.predict(x) as tf.Tensor, copy.predict(x) as tf.Tensor))).dataSync()[0];
  });
}

const stock: Record<string, () => tf.LayersModel> = {
  'a stack': () =>
    tf.sequential({
      layers: [
        tf.layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 4 }),
        tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 3, returnSequences: true }), mergeMode: 'sum' }),
        tf.layers.dropout({ rate: 0.3 }),
        tf.layers.bidirectional({ layer: tf.layers.gru({ units: 2, returnSequences: true }), mergeMode: 'ave' }),
        tf.layers.gru({ units: 3, recurrentActivation: 'hardSigmoid' }),
        tf.layers.repeatVector({ n: 2 }),
        tf.layers.simpleRNN({ units: 3, returnSequences: true }),
        tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 2, activation: 'hardSigmoid' }) }),
        tf.layers.globalAveragePooling1d({}),
      ],
    }),
  'a stack in a stack': () => {
    const inner = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
    return tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [4] }), inner] });
  },
  branches: () => {
    const input = tf.input({ shape: [4, 2] });
    const layers = [
      tf.layers.bidirectional({ layer: tf.layers.gru({ units: 2 }), mergeMode: 'concat' }),
      tf.layers.lstm({ units: 2 }),
    ];
    const branches = layers.map((layer) => layer.apply(input) as tf.SymbolicTensor);
    return tf.model({ inputs: input, outputs: tf.layers.concatenate().apply(branches) as tf.SymbolicTensor });
  },
};

test.each(Object.keys(stock))("tfjs's own models predict the same: %s", async (name) => {
  const model = stock[name]();
  const copy = await tf.models.modelFromJSON(topology(model), customObjects);
  expect(difference(model, copy)).toBeLessThan(1e-6);
  expect(copy.layers.map((layer) => layer.getClassName())).toEqual(model.layers.map((layer) => layer.getClassName()));
  expect(topology(copy)).toMatchObject({ class_name: model.getClassName() });
  copy.dispose();
  model.dispose();
});

const spec =
  'LSTM(3, return_sequences=true), Bidirectional(GRU(3, return_sequences=true)), Dropout(0.2), GRU(3), ' +
  'RepeatVector(2), TimeDistributed(Dense(2, hard_sigmoid)), GlobalAveragePooling1D';

test.each(['Model', 'Functional'])('a graph is called %s', async (class_name) => {
  const model = stock.branches();
  const copy = await tf.models.modelFromJSON({ ...(topology(model) as object), class_name } as never, customObjects);
  expect(difference(model, copy)).toBeLessThan(1e-6);
  copy.dispose();
  model.dispose();
});

test("memcell's models come back as they were", async () => {
  const model = buildModel(parseSpec(spec), { inputShape: [4, 2], seed: 1 });
  const copy = await tf.models.modelFromJSON(topology(model), customObjects);
  expect(difference(model, copy)).toBeLessThan(1e-6);
  expect(topology(copy)).toEqual(topology(model));
  model.dispose();
  copy.dispose();
});

test('tfjs without memcell loads what it can compute, and refuses the rest', async () => {
  const load = async (text: string) => {
    const model = buildModel(parseSpec(text), { inputShape: [4, 2], seed: 1 });
    const copy = await tf.models.modelFromJSON(topology(model));
    expect(difference(model, copy)).toBeLessThan(1e-6);
    copy.dispose();
    model.dispose();
  };
  await load(
    'Bidirectional(LSTM(3, return_sequences=true)), Dropout(0.2), LSTM(3), RepeatVector(2), TimeDistributed(Dense(1))',
  );
  await load('GRU(3, reset_after=false), LayerNormalization(), Dense(2, gelu)');
  await expect(load('GRU(3)')).rejects.toThrow('reset_after');
});

test('a class that nobody knows; what comes after is not disturbed', async () => {
  const json = { class_name: 'Sequential', config: { name: 'x', layers: [{ class_name: 'Warp', config: {} }] } };
  await expect(tf.models.modelFromJSON(json as unknown as Json, customObjects)).rejects.toThrow('unknown class "Warp"');
  const branches = JSON.parse(JSON.stringify(topology(stock.branches())));
  branches.config.layers[1].config.layer.class_name = 'Warp';
  await expect(tf.models.modelFromJSON(branches, customObjects)).rejects.toThrow('unknown class "Warp"');
  for (const make of Object.values(stock)) {
    const model = make();
    const copy = await tf.models.modelFromJSON(topology(model));
    expect(difference(model, copy)).toBeLessThan(1e-6);
  }
  tf.disposeVariables();
});
