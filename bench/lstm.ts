/**
 * The fused LSTM as a TensorFlow.js kernel against TensorFlow.js's built-in LSTM, on its wasm backend: one layer, forward and
 * backward, without an optimizer. Results are verified before anything is timed, and both are timed in turn in one run.
 *
 *     node scripts/run-ts.mjs bench/lstm.ts [B,T,I,U ...]
 *
 * Times are the shortest of several runs. The built-in layer needs seconds for a step of the larger shape, so few of those run.
 * Exit code 1 when results differ.
 */
import * as tf from '@tensorflow/tfjs';
import { accelerateLayer, recurrentPath } from '../src/engine/accelerate.js';
import { prepareBackend } from '../src/kernels/backend.js';
import { enableWide } from '../src/kernels/wide.js';
import { Random } from '../src/random.js';
import { scaledDifference, tolerance } from '../src/speed/cases.js';
import { shortest } from '../src/speed/measure.js';

const GOALS = new Map([
  ['32,50,16,64', 15],
  ['64,100,64,256', 20],
]);

function bench(shape: string) {
  const [batch, steps, inputs, units] = shape.split(',').map(Number);
  const random = new Random(1);
  const normal = (size: number[], scale: number) =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape(size) }, () => scale * random.normal()),
      size,
    );
  const scale = 1 / Math.sqrt(inputs + units);
  const x = normal([batch, steps, inputs], 1);
  const direction = normal([batch, units], 1);
  const weights = [normal([inputs, 4 * units], scale), normal([units, 4 * units], scale), normal([4 * units], 0.5)];
  const contestant = (fused: boolean) => {
    const layer = tf.layers.lstm({ units, recurrentActivation: 'sigmoid', recurrentInitializer: 'zeros' });
    layer.apply(tf.input({ batchShape: [batch, steps, inputs] })); // builds it
    layer.setWeights(weights);
    if (fused) accelerateLayer(layer);
    const variables = layer.trainableWeights.map((weight) => weight.read());
    const forward = () => layer.apply(x) as tf.Tensor;
    const gradients = () => tf.grads(() => tf.sum(tf.mul(forward(), direction)) as tf.Scalar)([x, ...variables]);
    return { layer, forward, gradients, step: () => tf.tidy(() => void gradients()) };
  };
  return { fused: contestant(true), builtIn: contestant(false) };
}

/** Values of tensors made by `run`, which are disposed. */
function values(run: () => tf.Tensor[]): Float32Array[] {
  const tensors = tf.tidy(run);
  const arrays = tensors.map((tensor) => tensor.dataSync<'float32'>().slice());
  tf.dispose(tensors);
  return arrays;
}

function largest(actual: Float32Array[], expected: Float32Array[]): number {
  return Math.max(...expected.map((array, i) => scaledDifference(actual[i], array)));
}

const wide = await enableWide();
const backend = await prepareBackend();
console.log(
  `Node ${process.versions.node}, tfjs backend ${backend}, wide ${wide.enabled ? 'on' : 'off'}: ${wide.reason}`,
);
const asked = process.argv.slice(2);
const rows: Record<string, string | number>[] = [];
for (const shape of asked.length > 0 ? asked : GOALS.keys()) {
  const { fused, builtIn } = bench(shape);
  const path = recurrentPath(fused.layer);
  if (path.path === 'tfjs') throw new Error(`the kernel does not run: ${path.reason}`);
  const forward = largest(
    values(() => [fused.forward()]),
    values(() => [builtIn.forward()]),
  );
  const gradient = largest(values(fused.gradients), values(builtIn.gradients));
  if (!(forward <= tolerance.forward && gradient <= tolerance.gradient)) {
    console.error(`${shape}: results differ: forward ${forward}, gradients ${gradient}; nothing was timed`);
    process.exit(1);
  }
  console.log(`${shape}: results match (forward ${forward.toExponential(0)}, gradients ${gradient.toExponential(0)})`);
  // In turn, so that a busy moment of the machine meets both.
  let [ours, theirs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < 3; round++) {
    ours = Math.min(ours, await shortest(fused.step, { seconds: 0.7 }));
    theirs = Math.min(theirs, await shortest(builtIn.step, { seconds: 0.7, least: 1, warmUp: 0 }));
  }
  const goal = GOALS.get(shape);
  const ratio = theirs / ours;
  rows.push({
    'B,T,I,U': shape,
    'built-in ms': theirs.toFixed(1),
    'fused ms': ours.toFixed(3),
    'times faster': ratio.toFixed(1),
    ...(goal && { goal, met: ratio >= goal ? 'yes' : 'no' }),
  });
}
console.table(rows);
