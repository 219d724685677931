/**
 * memcell's LSTM as a tfjs kernel against tfjs's built-in LSTM, both on tfjs's wasm backend and in this one run: a training step
 * is the layer forward and backward (the gradients of its weights), without an optimizer. Results are compared before they
 * are timed. node scripts/run-ts.mjs bench/lstm.ts [B,T,I,U …]
 */
import * as tf from '@tensorflow/tfjs';
import { accelerate, lstmPath } from '../src/kernels/accelerate.js';
import { prepareBackend } from '../src/kernels/backend.js';
import { deriveKey, Random } from '../src/random.js';

const FORWARD = 1e-5;
const GRADIENT = 1e-4;

const shapes = process.argv.slice(2).map((text) => text.split(',').map(Number));
if (shapes.length === 0) shapes.push([32, 50, 16, 64], [64, 100, 64, 256]);

const backend = await prepareBackend();
console.log(`Node ${process.versions.node}, tfjs ${tf.version_core} on ${backend}`);
console.log('B,T,I,U          forward  gradients   built-in ms   memcell ms   ratio');
let wrong = false;
for (const [batch, steps, inputs, units] of shapes) {
  const random = new Random(deriveKey(1, batch, steps, inputs, units));
  const build = () => {
    const input = tf.input({ shape: [steps, inputs] });
    const layer = tf.layers.lstm({ units, recurrentActivation: 'sigmoid', recurrentInitializer: 'glorotNormal' });
    return tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
  };
  const plain = build();
  const fast = accelerate(build());
  fast.setWeights(plain.getWeights());
  const { path } = lstmPath(fast.layers[1]);
  if (path !== 'fused') throw new Error('the accelerated layer does not run on the kernel');
  const normal = (shape: number[]) =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
      shape,
    );
  const x = normal([batch, steps, inputs]);
  const dy = normal([batch, units]);
  const forward = (model: tf.LayersModel) => tf.tidy(() => (model.apply(x) as tf.Tensor).dataSync().slice());
  const step = (model: tf.LayersModel): Float32Array[] => {
    const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const scalar = () => tf.sum(tf.mul(model.apply(x, { training: true }) as tf.Tensor, dy)).asScalar();
    const { grads } = tf.variableGrads(scalar, variables);
    const found = variables.map(({ name }) => grads[name]);
    const values = found.map((tensor) => tensor.dataSync().slice() as Float32Array);
    tf.dispose(found);
    return values;
  };
  const difference = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    let largest = 1;
    let error = 0;
    for (let i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i]));
      error = Math.max(error, Math.abs(a[i] - b[i]));
      if (!Number.isFinite(b[i])) return Number.NaN;
    }
    return error / largest;
  };
  const outputs = difference(forward(plain), forward(fast));
  const [expected, got] = [step(plain), step(fast)];
  const gradients = Math.max(...expected.map((values, i) => difference(values, got[i])));
  if (!(outputs <= FORWARD && gradients <= GRADIENT)) wrong = true;
  const best = (model: tf.LayersModel, seconds: number, least: number) => {
    let fastest = Number.POSITIVE_INFINITY;
    const start = performance.now();
    for (let run = 0; run < least || performance.now() - start < 1000 * seconds; run++) {
      const from = performance.now();
      step(model);
      fastest = Math.min(fastest, performance.now() - from);
    }
    return fastest;
  };
  const own = best(fast, 3, 3);
  const builtIn = best(plain, 3, 3);
  const cells = [builtIn.toFixed(1).padStart(13), own.toFixed(2).padStart(12), (builtIn / own).toFixed(1).padStart(7)];
  console.log(
    `${[batch, steps, inputs, units].join(',').padEnd(15)} ${outputs.toExponential(0).padStart(8)} ${gradients.toExponential(0).padStart(10)} ${cells.join(' ')}`,
  );
  tf.dispose([x, dy]);
  plain.dispose();
  fast.dispose();
}
if (wrong) {
  console.error(`results differ by more than ${FORWARD} forward or ${GRADIENT} in a gradient`);
  process.exit(1);
}
