/** Random graphs of layers, and data for them. */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { NdArray } from '../../src/data/array.js';
import { sideBySide } from '../../src/data/sideBySide.js';
import * as l from '../../src/layers/index.js';
import { initialise } from '../../src/model/initialise.js';
import { deriveKey, Random } from '../../src/random.js';
import { compileTraining } from '../../src/training/compile.js';
import type { LossIdentifier } from '../../src/training/losses.js';
import { adam, type Optimizer } from '../../src/training/optimizers.js';
import type { Built } from './compare.js';
import { all, FURTHER, on, startNames, WIDTH } from './graphLayers.js';

/** What the next node does, and to which of the tensors so far. */
export interface Step {
  kind: (typeof KINDS)[number];
  from: number;
  also: number;
  again: boolean;
}

export interface GraphSample {
  steps: Step[];
  heads: number[];
  masked: boolean;
  batch: number;
  weighted: boolean;
  seed: number;
}

const KINDS = [
  'dense',
  'activation',
  'lstm',
  'gru',
  'lastState',
  'states',
  'encoded',
  'bothWays',
  'add',
  'subtract',
  'multiply',
  'average',
  'maximum',
  'minimum',
  'beside',
  'after',
  'dropout',
  'normalise',
  'rescale',
  'overRows',
  'pool',
  'repeat',
  'nested',
  'dot',
  'spread',
  'activity',
  'cells',
  'constrained',
  ...(Object.keys(FURTHER) as (keyof typeof FURTHER)[]),
] as const;

export const graphSample: fc.Arbitrary<GraphSample> = fc
  .record({
    steps: fc.array(
      fc.record({
        kind: fc.constantFrom(...KINDS),
        from: fc.nat(50),
        also: fc.nat(50),
        again: fc.boolean(),
      }),
      { minLength: 2, maxLength: 12 },
    ),
    heads: fc.array(fc.nat(50), { minLength: 1, maxLength: 3 }),
    masked: fc.boolean(),
    batch: fc.constantFrom(1, 3, 5, 8),
    weighted: fc.boolean(),
    seed: fc.nat(1000),
  })
  .map((sample) => Object.assign(sample, { [fc.toStringMethod]: () => JSON.stringify(sample) }));

const STEPS = 4;

const isSequence = ({ shape }: tf.SymbolicTensor) => shape.length === 3;

interface Pool {
  tensors: tf.SymbolicTensor[];
  /** Layers by the kind of step that made them, to be called again. */
  made: Map<string, tf.layers.Layer>;
  words: tf.SymbolicTensor;
}

function pick(tensors: readonly tf.SymbolicTensor[], number: number): tf.SymbolicTensor {
  return tensors[number % tensors.length];
}

/** Norms are brought to 0.7 by half of what they lack or are beyond it: applied twice it is another. */
const halfway = { className: 'MinMaxNorm', config: { minValue: 0.7, maxValue: 0.7, rate: 0.5, axis: 0 } } as const;

/** Adds what a step makes to the tensors; nothing where there is none of the kind that it takes. */
function extend({ tensors, made, words }: Pool, { kind, from, also, again }: Step): void {
  const sequences = tensors.filter(isSequence);
  const flats = tensors.filter((tensor) => !isSequence(tensor));
  const x = pick(sequences, from);
  const any = pick(tensors, from);
  const like = tensors.filter(({ shape }) => JSON.stringify(shape) === JSON.stringify(any.shape));
  const other = pick(like, also);
  const layer = (make: () => tf.layers.Layer, name: string = kind) => {
    const known = again ? made.get(name) : undefined;
    const one = known ?? make();
    made.set(name, one);
    return one;
  };
  const merge = (one: tf.layers.Layer) => tensors.push(on(one, any, other, ...(again ? [any] : [])));
  switch (kind) {
    case 'dense':
      tensors.push(
        on(
          layer(() => l.Dense(WIDTH, 'tanh'), `dense ${any.shape.length}`),
          any,
        ),
      );
      return;
    case 'constrained':
      tensors.push(
        on(l.Dense(WIDTH, { kernelConstraint: again ? 'unitNorm' : halfway, biasConstraint: 'nonNeg' }), any),
      );
      return;
    case 'activation':
      tensors.push(on(l.Activation(again ? 'sigmoid' : 'gelu'), any));
      return;
    case 'lstm':
      tensors.push(
        on(
          layer(() => l.LSTM(WIDTH, { returnSequences: true, dropout: 0.2 })),
          x,
        ),
      );
      return;
    case 'gru':
      tensors.push(
        on(
          layer(() => l.GRU(WIDTH, { resetAfter: also % 2 === 0, goBackwards: true })),
          x,
        ),
      );
      return;
    case 'lastState': {
      const [output, h, cell] = all(l.LSTM(WIDTH, { returnState: true }), x);
      tensors.push(...(again ? [output, h, cell] : [cell]));
      return;
    }
    case 'states':
      tensors.push(...all(l.GRU(WIDTH, { returnState: true, returnSequences: true }), x));
      return;
    case 'encoded': {
      const states = again ? [pick(flats, also), pick(flats, from)] : [pick(flats, also)];
      const cell = again
        ? l.LSTM(WIDTH, { returnSequences: true, returnState: true })
        : l.SimpleRNN(WIDTH, { returnSequences: true });
      tensors.push(...all(cell, x, ...states));
      return;
    }
    case 'bothWays':
      tensors.push(on(l.Bidirectional(l.LSTM(WIDTH, { returnSequences: again }), { mergeMode: 'ave' }), x));
      return;
    case 'add':
      merge(l.Add());
      return;
    case 'subtract':
      tensors.push(on(l.Subtract(), any, other));
      return;
    case 'multiply':
      merge(l.Multiply());
      return;
    case 'average':
      merge(l.Average());
      return;
    case 'maximum':
      merge(l.Maximum());
      return;
    case 'minimum':
      merge(l.Minimum());
      return;
    case 'beside':
      tensors.push(on(l.Dense(WIDTH, 'tanh'), on(l.Concatenate(), any, other)));
      return;
    case 'after':
      tensors.push(on(l.Concatenate({ axis: 1 }), x, pick(sequences, also)));
      return;
    case 'dropout':
      tensors.push(on(l.Dropout(0.3), any));
      return;
    case 'cells': {
      const { lstmCell, gruCell, simpleRNNCell, stackedRNNCells } = tf.layers;
      const seeded = (seed: number) => tf.initializers.randomNormal({ mean: 0, stddev: 0.4, seed });
      const drawn = {
        kernelInitializer: seeded(1),
        recurrentInitializer: seeded(2),
        kernelRegularizer: 'l1l2',
      } as const;
      const upper = again ? gruCell({ units: WIDTH, ...drawn }) : simpleRNNCell({ units: WIDTH, ...drawn });
      const lower = lstmCell({ units: 3, ...drawn });
      const cell = stackedRNNCells({ cells: [lower, upper] } as Parameters<typeof stackedRNNCells>[0]);
      tensors.push(on(tf.layers.rnn({ cell, returnSequences: also % 2 === 0 }) as tf.layers.Layer, x));
      return;
    }
    case 'activity': {
      const penalised = { activityRegularizer: { l1: 0.02, l2: 0.01 } };
      if (again) tensors.push(on(l.Dense(WIDTH, { activation: 'tanh', ...penalised }), any));
      else tensors.push(on(l.ActivityRegularization({ l1: 0.02, l2: 0.01 }), any));
      const mergeMode = (['concat', 'sum', 'mul', 'ave'] as const)[also % 4];
      const units = mergeMode === 'concat' ? WIDTH / 2 : WIDTH;
      const cell = l.GRU(units, { returnSequences: again, ...penalised });
      if (from % 3 === 0) tensors.push(on(l.Bidirectional(cell, { mergeMode }), x));
      if (from % 3 === 1) tensors.push(...all(l.LSTM(WIDTH, { returnState: true, ...penalised }), x));
      return;
    }
    case 'dot': {
      const beside = pick(tensors, also);
      const steps = sequences.filter(({ shape }) => shape[1] === x.shape[1]);
      if (from % 3 === 0) {
        // Over the steps: features times features, which are read as a sequence of their own.
        const crossed = on(l.Dot(1, { normalize: again }), on(l.Dense(WIDTH - 1), x), pick(steps, also));
        tensors.push(on(l.GRU(WIDTH), crossed));
        return;
      }
      const product = on(l.Dot(-1, { normalize: again }), any, beside);
      tensors.push(on(l.Dense(WIDTH, 'tanh'), product));
      return;
    }
    case 'spread': {
      const merges = [l.Add, l.Multiply, l.Average, l.Maximum, l.Minimum];
      const one = on(l.Dense(1), pick(tensors, also));
      const row = pick(flats, also);
      const others = again ? [row] : [one, row];
      const fits = others.every(({ shape }) => shape.length === 2 || shape[1] === x.shape[1]);
      if (fits) tensors.push(on(merges[from % merges.length](), x, ...others));
      return;
    }
    case 'normalise':
      tensors.push(
        on(
          layer(() => l.LayerNormalization(), `normalise ${any.shape.length}`),
          any,
        ),
      );
      return;
    case 'rescale':
      tensors.push(on(tf.layers.rescaling({ scale: again ? -0.8 : 1.3, offset: also / 50 }), any));
      return;
    case 'overRows':
      tensors.push(
        on(
          layer(() => l.BatchNormalization({ momentum: 0.8 }), `overRows ${any.shape.length}`),
          any,
        ),
      );
      return;
    case 'pool':
      tensors.push(on(again ? l.GlobalMaxPooling1D() : l.GlobalAveragePooling1D(), x));
      return;
    case 'repeat':
      tensors.push(on(l.RepeatVector(4), pick(flats, from)));
      return;
    case 'nested': {
      if (x.shape[1] !== STEPS) return;
      const inner = layer(() => {
        const input = tf.input({ shape: [STEPS, WIDTH] });
        const hidden = on(l.Dense(WIDTH, 'tanh'), input);
        return tf.model({ inputs: input, outputs: on(l.Add(), hidden, input) });
      });
      tensors.push(on(inner, x));
      return;
    }
    default:
      tensors.push(...FURTHER[kind]({ sequence: x, beside: pick(sequences, also), any, words, choice: also, again }));
  }
}

/** Targets of each head, and the losses that take them. */
const HEADS: { units: number; activation: 'linear' | 'sigmoid' | 'softmax'; loss: LossIdentifier }[] = [
  { units: 2, activation: 'linear', loss: 'mse' },
  { units: 3, activation: 'softmax', loss: 'categoricalCrossentropy' },
  { units: 1, activation: 'sigmoid', loss: 'binaryCrossentropy' },
];

/** The inputs that a tensor hangs on. */
function ancestors(tensor: tf.SymbolicTensor, known = new Set<tf.SymbolicTensor>()): Set<tf.SymbolicTensor> {
  if (known.has(tensor)) return known;
  known.add(tensor);
  const { sourceLayer, nodeIndex } = tensor;
  for (const input of sourceLayer.inboundNodes[nodeIndex].inputTensors) ancestors(input, known);
  return known;
}

/** The model of a sample, the same each time. */
export function builtGraph(
  { steps, heads, masked, seed }: GraphSample,
  optimizer: Optimizer = adam({ learningRate: 0.01, epsilon: 1e-3 }),
): Built {
  startNames();
  const inputs = [[STEPS, 3], [STEPS, WIDTH], [WIDTH], [STEPS]].map((shape) => tf.input({ shape }));
  const [first, second, flat, words] = inputs;
  const start = masked ? on(l.Masking(), first) : first;
  const pool: Pool = {
    tensors: [on(l.LSTM(WIDTH, { returnSequences: true }), start), second, flat],
    made: new Map(),
    words,
  };
  for (const step of steps) extend(pool, step);
  const { tensors } = pool;
  const outputs = heads.map((number, i) => {
    const from = i === 0 ? tensors[tensors.length - 1] : pick(tensors, number);
    const { units, activation } = HEADS[i];
    return on(l.Dense(units, activation), from);
  });
  const reached = new Set(outputs.flatMap((output) => [...ancestors(output)]));
  const used = inputs.filter((input) => reached.has(input));
  const model = tf.model({ inputs: used, outputs });
  initialise(model, seed);
  const losses = outputs.map((_, i) => HEADS[i].loss);
  const weights = outputs.map((_, i) => [1, 0.5, 2][i]);
  const options = outputs.length > 1 ? { loss: losses, lossWeights: weights } : { loss: losses };
  return {
    model,
    compiled: compileTraining(model, { ...options, optimizer }),
  };
}

function numbers(seed: number, size: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: size }, () => random.normal());
}

/** The inputs of a batch, side by side. */
export function inputsOf(model: tf.LayersModel, { seed, masked }: GraphSample, batch: number, step: number): NdArray {
  const inputs = model.inputs.map(({ shape }, i): NdArray => {
    const own = [batch, ...shape.slice(1).map((size) => size ?? STEPS)];
    const data = numbers(
      deriveKey(seed, 'x', i, step),
      own.reduce((product, size) => product * size, 1),
    );
    // Words, of which 0 is none; the first is one, as tfjs has states and not zeros before it.
    if (shape.length === 2 && shape[1] === STEPS)
      data.set(data.map((value, at) => (Math.floor(3 * Math.abs(value)) % 6) + Number(at % STEPS === 0)));
    // Padding at the end, of a sample's own length.
    if (masked && shape[2] === 3)
      for (let b = 0; b < batch; b++) data.fill(0, (b * STEPS + 1 + ((b + step) % STEPS)) * 3, (b + 1) * STEPS * 3);
    return { data, shape: own };
  });
  return sideBySide(inputs);
}

/** Weights of every second batch: of each sample's steps, of several outputs of all of theirs. */
export function weightsOf({ seed, weighted }: GraphSample, shapes: readonly (readonly number[])[], step: number) {
  if (!weighted || step % 2 === 0) return undefined;
  const positions = shapes.map((shape) => shape.slice(1, -1).reduce((product, size) => product * size, 1));
  const perSample = positions.reduce((sum, size) => sum + size, 0);
  return numbers(deriveKey(seed, 'w', step), shapes[0][0] * perSample).map(Math.abs);
}

/** Targets for predictions of these shapes. */
export function targetsOf(shapes: readonly (readonly number[])[], seed: number, step: number): NdArray {
  return sideBySide(
    shapes.map((shape, head) => {
      const size = shape.reduce((product, one) => product * one, 1);
      const { units, activation } = HEADS[head];
      const random = numbers(deriveKey(seed, 'y', head, step), size);
      if (activation === 'linear') return { data: random, shape: [...shape] };
      const data = new Float32Array(size);
      for (let at = 0; at < size; at += units) {
        const hit = Math.floor(Math.abs(random[at]) * 7) % (units === 1 ? 2 : units);
        if (units > 1) data[at + hit] = 1;
        else data[at] = hit;
      }
      return { data, shape: [...shape] };
    }),
  );
}
