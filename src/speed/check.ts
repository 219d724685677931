/** Checks accelerated layers against TensorFlow.js's built-in ones and automatic differentiation, on this machine. */
import { accelerateLayer, recurrentPath } from '../engine/accelerate.js';
import { usageError } from '../errors.js';
import { lstmPath } from '../kernels/accelerate.js';
import { prepareBackend, startBackend } from '../kernels/backend.js';
import { type Speed, usualSpeed } from '../kernels/module.js';
import type { LSTMSizes } from '../kernels/reference.js';
import { resetAfterGRU } from '../layers/recurrent/resetAfterGru.js';
import { deriveKey, Random } from '../random.js';
import { tensorFlow } from '../tensorflow.js';
import * as tf from '../tf.js';

/** Largest differences allowed; see Difference for what they are measured in. */
export interface CheckTolerance {
  /** Of outputs and final states, which lie in (−1, 1) except for C. */
  forward: number;
  /** Of gradients. */
  gradient: number;
  /** Of weights after training. */
  training: number;
}

/** Of one or several tensors, against TensorFlow.js's. NaN if a value on either side is not finite. */
export interface Difference {
  /** max |a − b| */
  absolute: number;
  /**
   * max |a − b| / max(1, max |b|), the largest b being that of its tensor: what the tolerance is compared with. A
   * gradient is a sum over batch and steps, and the rounding error of a sum grows with its largest terms; where they cancel,
   * the difference relative to a single small element says nothing.
   */
  scaled: number;
}

export type CheckPart = 'forward' | 'x' | 'kernel' | 'recurrentKernel' | 'bias' | 'initialH' | 'initialC' | 'training';

/** What is compared: the LSTM of tanh and sigmoid has a kernel of its own, the others have the activations in turn. */
export type CheckedCell = keyof typeof CELLS;

const CELLS = {
  LSTM: { gates: 4, states: 2, biases: 1, others: false },
  'LSTM, other activations': { gates: 4, states: 2, biases: 1, others: true },
  GRU: { gates: 3, states: 1, biases: 1, others: true },
  'GRU, reset after': { gates: 3, states: 1, biases: 2, others: true },
  SimpleRNN: { gates: 1, states: 1, biases: 1, others: true },
} as const;

/** One cell of one shape on one backend: the largest difference of each part over all variants of the layer. */
export interface CheckRow extends LSTMSizes {
  cell: CheckedCell;
  backend: string;
  differences: Record<CheckPart, Difference>;
  passed: boolean;
  /** If the kernel did not run at all, the reason. */
  reason?: string;
}

export interface CheckReport {
  /** What the kernel runs at on wasm. */
  speed: Speed;
  rows: CheckRow[];
  tolerance: CheckTolerance;
  passed: boolean;
}

export interface CheckOptions {
  /** B, T, I and U of each job; by default sizes below, at and above the kernel's vector and tile widths, B = 1 included, a few of them for cells other than the LSTM. */
  shapes?: LSTMSizes[];
  /** By default all. */
  cells?: CheckedCell[];
  /** tfjs backends; by default the one that memcell uses here, and cpu. */
  backends?: string[];
  tolerance?: Partial<CheckTolerance>;
  /** Called with each row as soon as it is there. */
  onRow?: (row: CheckRow) => void;
}

export const defaultTolerance: CheckTolerance = { forward: 1e-5, gradient: 1e-4, training: 1e-4 };

/** Vectors have 4 floats, units go in blocks of 8, column panels are 16 wide, tiles have up to 6 rows. */
export const defaultShapes: LSTMSizes[] = [
  [1, 1, 1, 1],
  [1, 1, 1, 50],
  [1, 30, 4, 32],
  [2, 3, 3, 7],
  [3, 5, 1, 8],
  [4, 4, 8, 9],
  [5, 6, 4, 15],
  [6, 3, 16, 16],
  [7, 4, 5, 17],
  [8, 8, 8, 64],
  [12, 2, 17, 33],
  [13, 3, 31, 24],
  [32, 5, 16, 64],
].map(([batch, steps, inputs, units]) => ({ batch, steps, inputs, units }));

/** Those of the cells that differ in activations alone, and do not differ by backend. */
const fewShapes = defaultShapes.filter((_, i) => [0, 4, 8, 11].includes(i));

/** Activations of tfjs of one number at a time; gates have those that stay between 0 and 1. */
const ACTIVATIONS = [
  'tanh',
  'relu',
  'hardSigmoid',
  'softsign',
  'elu',
  'linear',
  'selu',
  'sigmoid',
  'relu6',
  'softplus',
  'swish',
  'mish',
  'gelu',
  'gelu_new',
] as const;
const GATE_ACTIVATIONS = ['hardSigmoid', 'sigmoid'] as const;

/** What the layer can do, in a few variants that between them have every feature on and off. */
interface Variant {
  returnSequences: boolean;
  goBackwards: boolean;
  masked: boolean;
  useBias: boolean;
  initialState: boolean;
  /** tanh and sigmoid if left out. */
  activation?: (typeof ACTIVATIONS)[number];
  recurrentActivation?: (typeof GATE_ACTIVATIONS)[number];
}

function activationsOf(number: number): Pick<Variant, 'activation' | 'recurrentActivation'> {
  return {
    activation: ACTIVATIONS[number % ACTIVATIONS.length],
    recurrentActivation: GATE_ACTIVATIONS[number % GATE_ACTIVATIONS.length],
  };
}

const VARIANTS: Variant[] = [
  { returnSequences: false, goBackwards: false, masked: false, useBias: true, initialState: false },
  { returnSequences: true, goBackwards: false, masked: false, useBias: true, initialState: true },
  { returnSequences: true, goBackwards: true, masked: true, useBias: true, initialState: true },
  { returnSequences: false, goBackwards: true, masked: true, useBias: false, initialState: false },
];

const PARTS: CheckPart[] = ['forward', 'x', 'kernel', 'recurrentKernel', 'bias', 'initialH', 'initialC', 'training'];
const TRAINING_STEPS = 5;

/**
 * Compares, on random weights and inputs, outputs, every gradient, and the weights after a few steps of gradient
 * descent. tfjs's current backend is the same before and after.
 *
 * @throws MemcellError for a backend that does not start, and for sizes that are not whole numbers from 1 up.
 */
export async function checkKernels(options: CheckOptions = {}): Promise<CheckReport> {
  const tolerance = { ...defaultTolerance, ...options.tolerance };
  for (const shape of options.shapes ?? []) checkSizes(shape);
  const current = await prepareBackend();
  const backends = options.backends ?? [...new Set([current, 'cpu'])];
  const rows: CheckRow[] = [];
  try {
    for (const backend of backends) {
      await useBackend(backend);
      for (const cell of options.cells ?? (Object.keys(CELLS) as CheckedCell[])) {
        // Beside the LSTM's kernel, tfjs's backend makes no difference to what runs.
        if (CELLS[cell].others && backend !== backends[0]) continue;
        for (const shape of options.shapes ?? (CELLS[cell].others ? fewShapes : defaultShapes)) {
          const row = await checkShape(cell, backend, shape, tolerance);
          rows.push(row);
          options.onRow?.(row);
        }
      }
    }
  } finally {
    await tf.setBackend(current);
  }
  return { speed: usualSpeed(), rows, tolerance, passed: rows.length > 0 && rows.every((row) => row.passed) };
}

function checkSizes(shape: LSTMSizes): void {
  for (const name of ['batch', 'steps', 'inputs', 'units'] as const) {
    if (Number.isInteger(shape[name]) && shape[name] > 0) continue;
    throw usageError(`check: ${name} is ${shape[name]}; it needs to be a whole number from 1 up`);
  }
}

async function useBackend(name: string): Promise<void> {
  if (tf.getBackend() === name) return;
  const reason = await startBackend(name);
  if (reason !== undefined) {
    throw usageError(`check: the backend ${name} does not start: ${reason}; leave it out`);
  }
}

async function checkShape(
  cell: CheckedCell,
  backend: string,
  shape: LSTMSizes,
  tolerance: CheckTolerance,
): Promise<CheckRow> {
  const differences = Object.fromEntries(
    PARTS.map((part) => [part, { absolute: 0, scaled: 0 }]),
  ) as CheckRow['differences'];
  let reason: string | undefined;
  for (const [number, variant] of VARIANTS.entries()) {
    if (variant.masked && backend === 'tensorflow') continue;
    const random = new Random(deriveKey(1, 'check', ...Object.values(shape), number));
    // The other cells leave a mask where there are initial states to tfjs.
    const initialState = variant.initialState && !(variant.masked && CELLS[cell].others);
    const drawn = CELLS[cell].others ? activationsOf(shape.units + number) : undefined;
    reason ??= await compare(cell, shape, { ...variant, initialState, ...drawn }, random, differences);
  }
  const passed = PARTS.every((part) => {
    const limit = part === 'forward' || part === 'training' ? tolerance[part] : tolerance.gradient;
    return differences[part].scaled <= limit; // false for NaN
  });
  return { cell, backend, ...shape, differences, passed: passed && reason === undefined, reason };
}

function builtLayer(cell: CheckedCell, sizes: LSTMSizes, variant: Variant): tf.layers.Layer {
  const { batch, steps, inputs, units } = sizes;
  const { returnSequences, goBackwards, useBias, activation = 'tanh', recurrentActivation = 'sigmoid' } = variant;
  const common = { units, returnSequences, goBackwards, useBias, activation, returnState: true };
  const settings = { ...common, recurrentInitializer: 'zeros', recurrentActivation } as const;
  const make: Record<CheckedCell, () => tf.layers.Layer> = {
    LSTM: () => tf.layers.lstm(settings),
    'LSTM, other activations': () => tf.layers.lstm(settings),
    GRU: () => tf.layers.gru(settings),
    'GRU, reset after': () => new (resetAfterGRU(tensorFlow()))(settings),
    SimpleRNN: () => tf.layers.simpleRNN({ ...common, recurrentInitializer: 'zeros' }),
  };
  const layer = make[cell]();
  layer.apply(tf.input({ batchShape: [batch, steps, inputs] })); // builds it
  return layer;
}

/** Compares one variant and widens the differences. Returns why the kernel did not run, if it did not. */
async function compare(
  cell: CheckedCell,
  sizes: LSTMSizes,
  variant: Variant,
  random: Random,
  differences: CheckRow['differences'],
): Promise<string | undefined> {
  const builtIn = builtLayer(cell, sizes, variant);
  const fused = builtLayer(cell, sizes, variant);
  accelerateLayer(fused);
  // Without its own kernel an LSTM would run on the others' way.
  const path = cell === 'LSTM' ? lstmPath(fused) : recurrentPath(fused);
  const job = makeJob(cell, sizes, variant, random);
  const rate = CELLS[cell].others ? 0.05 : 0.5;
  try {
    if (path.path === 'tfjs') return path.reason;
    builtIn.setWeights(job.weights);
    fused.setWeights(job.weights);
    const [expected, actual] = [run(builtIn, job), run(fused, job)];
    for (const part of PARTS.slice(0, -1)) widen(differences[part], actual[part] ?? [], expected[part] ?? []);
    train(builtIn, job, rate);
    const { kernelNames } = await tf.profile(() => train(fused, job, rate));
    // tfjs's own layers multiply matrices at every step.
    if (kernelNames.some((name) => name.includes('MatMul'))) return 'the kernel did not run';
    widen(differences.training, valuesOf(fused.getWeights()), valuesOf(builtIn.getWeights()));
    return undefined;
  } finally {
    tf.dispose([job.x, job.initialState ?? [], job.mask ?? [], job.weights, job.directions]);
    builtIn.dispose();
    fused.dispose();
  }
}

interface Job {
  x: tf.Tensor;
  initialState?: tf.Tensor[];
  mask?: tf.Tensor;
  weights: tf.Tensor[];
  /** One for each output; the loss is Σ output ∘ direction, so every output's gradient counts, differently. */
  directions: tf.Tensor[];
}

function makeJob(cell: CheckedCell, sizes: LSTMSizes, variant: Variant, random: Random): Job {
  const { batch, steps, inputs, units } = sizes;
  const { gates, states, biases } = CELLS[cell];
  const width = gates * units;
  const normal = (shape: number[], scale = 1) =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * random.normal()),
      shape,
    );
  return {
    x: normal([batch, steps, inputs]),
    initialState: variant.initialState
      ? Array.from({ length: states }, (_, i) => normal([batch, units], i === 0 ? 0.5 : 1))
      : undefined,
    mask: variant.masked
      ? tf.tensor(
          Uint8Array.from({ length: batch * steps }, () => random.integer(2)),
          [batch, steps],
          'bool',
        )
      : undefined,
    weights: [
      normal([inputs, width], 1 / Math.sqrt(inputs)),
      normal([units, width], 1 / Math.sqrt(units)),
      ...(variant.useBias ? [normal(biases === 1 ? [width] : [biases, width], 0.5)] : []),
    ],
    directions: [
      normal(variant.returnSequences ? [batch, steps, units] : [batch, units]),
      ...Array.from({ length: states }, () => normal([batch, units])),
    ],
  };
}

function outputsOf(layer: tf.layers.Layer, job: Job): tf.Tensor[] {
  const { x, initialState, mask } = job;
  return layer.apply(x, { ...(initialState && { initialState }), ...(mask && { mask }) }) as tf.Tensor[];
}

type Values = Float32Array[];

function valuesOf(tensors: tf.Tensor[]): Values {
  return tensors.map((tensor) => tensor.dataSync<'float32'>());
}

/** Outputs and gradients by part. */
function run(layer: tf.layers.Layer, job: Job): Partial<Record<CheckPart, Values>> {
  let result: Partial<Record<CheckPart, Values>> = {};
  tf.tidy(() => {
    const weights = layer.trainableWeights.map((weight) => weight.read());
    const { x, initialState = [] } = job;
    const loss = () =>
      tf.addN(outputsOf(layer, job).map((output, k) => tf.sum(tf.mul(output, job.directions[k])))) as tf.Scalar;
    const gradients = tf.grads(loss)([x, ...weights, ...initialState]);
    const [dx, dKernel, dRecurrentKernel, ...rest] = valuesOf(gradients);
    const dBias = weights.length > 2 ? [rest.shift()!] : [];
    result = {
      forward: valuesOf(outputsOf(layer, job)),
      x: [dx],
      kernel: [dKernel],
      recurrentKernel: [dRecurrentKernel],
      bias: dBias,
      initialH: rest.slice(0, 1),
      initialC: rest.slice(1),
    };
  }); // not returned from tidy(), which would look for tensors among the numbers
  return result;
}

/** A few steps of gradient descent towards outputs equal to the directions. */
function train(layer: tf.layers.Layer, job: Job, rate: number): void {
  const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const loss = () => {
    const losses = outputsOf(layer, job).map((output, k) => tf.losses.meanSquaredError(job.directions[k], output));
    return tf.addN(losses) as tf.Scalar;
  };
  for (let step = 0; step < TRAINING_STEPS; step++) {
    tf.tidy(() => {
      const { grads } = tf.variableGrads(loss, variables);
      for (const variable of variables) variable.assign(tf.sub(variable, tf.mul(grads[variable.name], rate)));
    });
  }
}

function widen(difference: Difference, actual: Values, expected: Values): void {
  let { absolute, scaled } =
    actual.length === expected.length ? difference : { absolute: Number.NaN, scaled: Number.NaN };
  expected.forEach((values, k) => {
    let largest = 0;
    let error = actual[k]?.length === values.length ? 0 : Number.NaN;
    for (let i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
      error = Math.max(error, Math.abs(actual[k][i] - values[i])); // Math.max keeps NaN
    }
    absolute = Math.max(absolute, error);
    scaled = Math.max(scaled, error / Math.max(1, largest));
  });
  difference.absolute = absolute;
  difference.scaled = scaled;
}
