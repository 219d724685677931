/** Random models that attend, and what they give on the engine and on tfjs. */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { NdArray } from '../../src/data/array.js';
import { sideBySide } from '../../src/data/sideBySide.js';
import * as l from '../../src/layers/index.js';
import { initialise } from '../../src/model/initialise.js';
import { deriveKey, Random } from '../../src/random.js';
import { compileTraining } from '../../src/training/compile.js';
import { sgd } from '../../src/training/optimizers.js';
import { createTfjsRunner } from '../../src/training/tfjsRunner.js';
import { type Built, engineOf, expectNear, poison, split } from './compare.js';

export interface AttentionSample {
  kind: 'heads' | 'dot' | 'concat' | 'additive';
  /** Of query, value and key: 1 for all three the same, 2 for the key being the value. */
  inputs: 1 | 2 | 3;
  /** T and S. */
  queries: number;
  keys: number;
  heads: number;
  /** Features of query, value and key. */
  widths: [number, number, number];
  keyDim: number;
  valueDim: number | null;
  outputShape: number | null;
  causal: boolean;
  /** useBias, or useScale. */
  option: boolean;
  dropout: number;
  masked: 'no' | 'after' | 'before';
  positions: 'none' | 'learnt' | 'waves';
  /** Calls the layer again on what it gave, where that fits. */
  twice: boolean;
  batch: number;
  seed: number;
}

/** Below, at and above what a vector, a panel and the tiles of queries and keys hold. */
const steps = fc.constantFrom(1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 48, 49, 65, 100);
const width = fc.constantFrom(1, 2, 3, 4, 5, 8, 16, 17, 20);

export const attentionSample: fc.Arbitrary<AttentionSample> = fc
  .record({
    kind: fc.constantFrom<AttentionSample['kind'][]>('heads', 'heads', 'heads', 'dot', 'concat', 'additive'),
    inputs: fc.constantFrom<AttentionSample['inputs'][]>(1, 2, 3),
    queries: steps,
    keys: steps,
    heads: fc.constantFrom(1, 2, 3),
    widths: fc.tuple(width, width, width),
    keyDim: width,
    valueDim: fc.option(width),
    outputShape: fc.option(width),
    causal: fc.boolean(),
    option: fc.boolean(),
    dropout: fc.constantFrom(0, 0, 0.3),
    masked: fc.constantFrom<AttentionSample['masked'][]>('no', 'after', 'before'),
    positions: fc.constantFrom<AttentionSample['positions'][]>('none', 'learnt', 'waves'),
    twice: fc.boolean(),
    batch: fc.constantFrom(1, 2, 3, 5),
    seed: fc.nat(1e6),
  })
  .map((sample) => {
    const { kind, inputs, queries, keys, widths } = sample;
    const [query, value, key] = widths;
    // Scores of query and key take as many features of both; those of Attention take no single input.
    const alike = kind !== 'heads';
    const most = kind === 'concat' || kind === 'additive' ? 17 : 100;
    const own: AttentionSample = {
      ...sample,
      queries: Math.min(queries, most),
      inputs: alike && inputs === 1 ? 2 : inputs,
      keys: Math.min(inputs === 1 ? queries : keys, most),
      widths: alike ? [query, inputs === 3 ? value : query, query] : [query, value, key],
    };
    return Object.assign(own, { [fc.toStringMethod]: () => JSON.stringify(own) });
  });

function on(layer: tf.layers.Layer, inputs: tf.SymbolicTensor | tf.SymbolicTensor[]): tf.SymbolicTensor {
  return layer.apply(inputs) as tf.SymbolicTensor;
}

function layerOf(sample: AttentionSample): tf.layers.Layer {
  const { kind, heads, keyDim, valueDim, outputShape, causal, option, dropout } = sample;
  const common = { useCausalMask: causal, dropout, name: 'attending' };
  if (kind === 'heads')
    return l.MultiHeadAttention(heads, keyDim, {
      ...common,
      valueDim,
      outputShape,
      useBias: option,
      kernelRegularizer: { l2: 0.01 },
    });
  if (kind === 'additive') return l.AdditiveAttention({ ...common, useScale: option });
  return l.Attention({ ...common, useScale: option, scoreMode: kind });
}

/** The model of a sample, the same each time: a Dense before each input, so that all have gradients. */
export function builtAttention(sample: AttentionSample): Built {
  const { inputs: count, queries, keys, widths, masked, positions, twice, seed } = sample;
  const inputs = [queries, keys, keys]
    .slice(0, count)
    .map((length, i) => tf.input({ shape: [length, widths[i]], name: `input_${i}` }));
  const flowing = inputs.map((input, i) => {
    const start = masked === 'no' ? input : on(l.Masking({ name: `masking_${i}` }), input);
    return on(l.Dense(widths[i], { name: `before_${i}` }), start);
  });
  if (positions === 'learnt')
    flowing[0] = on(l.PositionEmbedding(queries + 3, { name: 'positions', initializer: 'randomNormal' }), flowing[0]);
  if (positions === 'waves') flowing[0] = on(l.SinePositionEncoding({ name: 'positions' }), flowing[0]);
  const layer = layerOf(sample);
  let output = on(layer, count > 1 ? flowing : flowing[0]);
  const again = twice && output.shape[2] === flowing[0].shape[2];
  if (again) output = on(layer, count > 1 ? [output, ...flowing.slice(1)] : output);
  const model = tf.model({ inputs, outputs: on(l.Dense(2, { name: 'last' }), output) });
  initialise(model, seed);
  return { model, compiled: compileTraining(model, { loss: 'mse', optimizer: sgd({ learningRate: 0.05 }) }) };
}

function numbers(key: number, size: number): Float32Array {
  const random = new Random(key);
  return Float32Array.from({ length: size }, () => random.normal());
}

/** x and y of a batch; where it is masked each sample's steps begin or end with some of zeros, all of them at times. */
export function attentionBatch(sample: AttentionSample, batch: number, step: number): { x: NdArray; y: NdArray } {
  const { inputs, queries, keys, widths, masked, seed } = sample;
  const x = [queries, keys, keys].slice(0, inputs).map((length, i): NdArray => {
    const row = widths[i];
    const data = numbers(deriveKey(seed, 'x', i, step), batch * length * row).map((value) => value / 2);
    if (masked !== 'no')
      for (let b = 0; b < batch; b++) {
        const zeros = (b + i + step) % (length + 1);
        const from = b * length + (masked === 'after' ? length - zeros : 0);
        data.fill(0, from * row, (from + zeros) * row);
      }
    return { data, shape: [batch, length, row] };
  });
  const y = { data: numbers(deriveKey(seed, 'y', step), batch * queries * 2), shape: [batch, queries, 2] };
  return { x: sideBySide(x), y };
}

/** Everything that a few steps give in `parts` shares. */
function runIn(sample: AttentionSample, parts: number): unknown[] {
  const own = builtAttention(sample);
  const engine = engineOf(own, { threads: 1 });
  engine.seed = sample.seed;
  split(engine, parts);
  const seen: unknown[] = [];
  for (let step = 0; step < 2; step++) {
    const { x, y } = attentionBatch(sample, sample.batch, step);
    poison(engine);
    seen.push(engine.predictBatch(x).data.slice());
    poison(engine);
    seen.push(engine.trainBatch(x, y).loss);
  }
  seen.push(engine.capture());
  engine.dispose();
  own.model.dispose();
  return seen;
}

/** Compares engine and tfjs, and the engine's bits in 1, 2 and 3 shares. */
export function followAttention(sample: AttentionSample): void {
  const [own, other] = [builtAttention(sample), builtAttention(sample)];
  const tfjs = createTfjsRunner(other.model, other.compiled);
  const engine = engineOf(own, { threads: 1 });
  tfjs.seed = sample.seed;
  engine.seed = sample.seed;
  for (let step = 0; step < 3; step++) {
    const { x, y } = attentionBatch(sample, sample.batch + (step === 1 ? 1 : 0), step);
    const expected = tfjs.predictBatch(x);
    engine.predictBatch(x);
    poison(engine);
    expectNear(engine.predictBatch(x).data, expected.data, 1e-5, 'predictions', 1e-5);
    const seen = tfjs.evaluateBatch(x, y);
    expectNear([engine.evaluateBatch(x, y).loss], [seen.loss], 1e-6, 'evaluated loss', 1e-4);
    const before = tfjs.trainBatch(x, y);
    poison(engine);
    const trained = engine.trainBatch(x, y);
    expectNear([trained.loss], [before.loss], 1e-6, `loss of step ${step}`, 1e-4);
    trained.masks.forEach((mask, i) => {
      expectNear(mask ?? [], before.masks[i] ?? [], 0, 'mask');
    });
  }
  engine.sync();
  own.model.weights.forEach((weight, i) => {
    const expected = other.model.weights[i].read().dataSync();
    expectNear(weight.read().dataSync(), expected, 1e-4, `weight ${weight.originalName}`, 1e-4);
  });
  for (const runner of [tfjs, engine]) runner.dispose();
  for (const { model } of [own, other]) model.dispose();
  const one = runIn(sample, 1);
  for (const parts of [2, 3])
    if (JSON.stringify(runIn(sample, parts)) !== JSON.stringify(one)) throw new Error(`other bits in ${parts} shares`);
}

/**
 * For each weight, in a random direction, the slope of the loss as training takes it (by a step of plain descent) beside the one by
 * differences of evaluated losses.
 */
export function slopes(sample: AttentionSample): { name: string; taken: number; measured: number; size: number }[] {
  const distance = 0.02;
  const own = builtAttention(sample);
  const { x, y } = attentionBatch(sample, sample.batch, 0);
  const start = own.model.weights.map((weight) => Float32Array.from(weight.read().dataSync()));
  const write = (i: number, values: Float32Array) => {
    const weight = own.model.weights[i];
    const tensor = tf.tensor(values, weight.shape as number[]);
    weight.write(tensor);
    tensor.dispose();
  };
  const lossNow = () => {
    const engine = engineOf(own, { threads: 1 });
    const { loss } = engine.evaluateBatch(x, y);
    engine.dispose();
    return loss;
  };
  const engine = engineOf(own, { threads: 1 });
  engine.trainBatch(x, y);
  engine.sync();
  engine.dispose();
  const gradients = own.model.weights.map((weight, i) =>
    Float32Array.from(weight.read().dataSync(), (value, at) => (start[i][at] - value) / 0.05),
  );
  for (const [i, values] of start.entries()) write(i, values);
  const found = own.model.weights.map((weight, i) => {
    const direction = numbers(deriveKey(sample.seed, 'direction', i), start[i].length);
    const length = Math.hypot(...direction);
    const at = (by: number) => {
      write(
        i,
        start[i].map((value, j) => value + (by * direction[j]) / length),
      );
      return lossNow();
    };
    const measured = (at(distance) - at(-distance)) / (2 * distance);
    write(i, start[i]);
    const taken = gradients[i].reduce((sum, value, j) => sum + (value * direction[j]) / length, 0);
    return { name: weight.originalName, taken, measured, size: Math.hypot(...gradients[i]) };
  });
  own.model.dispose();
  return found;
}
