// Stock TensorFlow.js in its own process, without memcell.
//   node stock.mjs save FOLDER   makes a model, saves it as tfjs's file handler does, prints { input, shape, output }
//   node stock.mjs load FOLDER   reads { input, shape } from standard input, prints { output, metadata }
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

const [, , job, folder] = process.argv;
tf.env().set('PROD', true);
await tf.setBackend('cpu');

const load = async () => {
  const json = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  const weightSpecs = json.weightsManifest.flatMap((group) => group.weights);
  const files = json.weightsManifest.flatMap((group) => group.paths.map((path) => readFileSync(join(folder, path))));
  const { modelTopology, format, generatedBy, convertedBy, userDefinedMetadata } = json;
  const weightData = new Uint8Array(Buffer.concat(files)).buffer;
  return { modelTopology, format, generatedBy, convertedBy, userDefinedMetadata, weightSpecs, weightData };
};

if (job === 'load') {
  const { input, shape } = JSON.parse(readFileSync(0, 'utf8'));
  const model = await tf.loadLayersModel({ load });
  const output = Array.from(model.predict(tf.tensor(input, shape)).dataSync());
  console.log(JSON.stringify({ output, metadata: model.getUserDefinedMetadata() }));
} else {
  const model = tf.sequential({
    layers: [
      tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 3, returnSequences: true }), inputShape: [4, 2] }),
      tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 4, activation: 'relu' }) }),
      tf.layers.gru({ units: 5 }),
      tf.layers.dropout({ rate: 0.5 }),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
  await model.fit(tf.randomUniform([8, 4, 2], 0, 1, 'float32', 1), tf.ones([8, 2]), { epochs: 1, verbose: 0 });
  model.setUserDefinedMetadata({ author: 'stock' });
  const input = Array.from(tf.randomUniform([3, 4, 2], -1, 1, 'float32', 7).dataSync());
  const output = Array.from(model.predict(tf.tensor(input, [3, 4, 2])).dataSync());
  const save = async ({ weightData, weightSpecs, trainingConfig, userDefinedMetadata, ...artifacts }) => {
    mkdirSync(folder, { recursive: true });
    const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
    const json = { ...artifacts, weightsManifest, trainingConfig, userDefinedMetadata };
    writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
    writeFileSync(join(folder, 'weights.bin'), Buffer.from(weightData));
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON({ ...artifacts, weightSpecs, weightData }) };
  };
  await model.save({ save }, { includeOptimizer: true });
  console.log(JSON.stringify({ input, shape: [3, 4, 2], output }));
}
