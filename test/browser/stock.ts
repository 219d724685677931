// The page of stock TensorFlow.js, without memcell: loads a shipped model over HTTP and predicts.
import * as tf from '@tensorflow/tfjs';

async function run(): Promise<{ backend: string; probabilities: number[] }> {
  await tf.setBackend('cpu');
  const model = await tf.loadLayersModel('/models/digits/model.json');
  const x = tf.tensor3d(
    Array.from({ length: 10 }, (_, digit) => digit / 9),
    [10, 1, 1],
  );
  const probabilities = Array.from(await (model.predict(x) as tf.Tensor).data());
  return { backend: tf.getBackend(), probabilities };
}

Object.assign(globalThis, { run });
