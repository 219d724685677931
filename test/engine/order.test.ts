/** Models whose rows lie batch-major, and go through all layers a chunk of the batch after the other. */
import { beforeAll, expect, test } from '@jest/globals';
import type { Kernels } from '../../src/engine/kernels.js';
import { Input, Model } from '../../src/functional.js';
import { prepareBackend, startBackend } from '../../src/kernels/backend.js';
import * as l from '../../src/layers/index.js';
import { compileTraining } from '../../src/training/compile.js';
import { type AttentionSample, followAttention } from './attentionModels.js';
import { engineOf, split } from './compare.js';

beforeAll(async () => {
  await prepareBackend();
  await startBackend('wasm');
});

/** A chunk is of some 512 rows. */
const sample: AttentionSample = {
  kind: 'heads',
  inputs: 1,
  queries: 90,
  keys: 90,
  heads: 2,
  widths: [6, 6, 6],
  keyDim: 4,
  valueDim: null,
  outputShape: null,
  causal: true,
  option: true,
  dropout: 0.2,
  masked: 'no',
  positions: 'learnt',
  twice: true,
  batch: 7,
  seed: 3,
};

test.each<[string, Partial<AttentionSample>]>([
  ['causal heads over one input', {}],
  ['an input masked, whose loss waits for all', { masked: 'before', causal: false, positions: 'waves' }],
  ['keys of fewer steps than queries', { inputs: 2, keys: 17, masked: 'after', causal: false }],
  ['keys of more steps', { kind: 'dot', inputs: 3, queries: 40, keys: 60, batch: 14, dropout: 0 }],
  ['one entry a chunk', { queries: 520, keys: 520, heads: 1, twice: false, batch: 2, dropout: 0 }],
])('batches of several chunks are as on tfjs, and the same bits in 1, 2 and 3 shares: %s', (_, options) => {
  followAttention({ ...sample, ...options });
});

/** Whether rows of a model that begins with these layers on (B, 6, 4) lie batch-major. */
function isBatchMajor(...layers: ReturnType<typeof l.Dense>[]): boolean {
  const input = Input({ shape: [6, 4] });
  const last = layers.reduce((tensor, layer) => layer.apply(tensor) as typeof input, input);
  const { tf: model } = new Model({ inputs: input, outputs: l.Dense(2).apply(last), seed: 1 });
  const engine = engineOf({ model, compiled: compileTraining(model, { loss: 'mse' }) }, { threads: 1 });
  engine.predictBatch({ data: new Float32Array(24), shape: [1, 6, 4] });
  const { batchMajor } = engine.program.order;
  engine.dispose();
  model.dispose();
  return batchMajor;
}

test('rows lie batch-major where no layer takes the rows of a step at once', () => {
  expect(
    isBatchMajor(
      l.LayerNormalization(),
      l.PositionEmbedding(6),
      l.MultiHeadAttention(2, 2),
      l.Dropout(0.1),
      l.Dense(8, 'gelu'),
      l.GlobalAveragePooling1D(),
    ),
  ).toBe(true);
  expect(isBatchMajor(l.MultiHeadAttention(2, 2), l.LSTM(3, { returnSequences: true }))).toBe(false);
  expect(isBatchMajor(l.Conv1D(3, 2))).toBe(false);
  expect(isBatchMajor(l.PReLU())).toBe(false);
  expect(isBatchMajor(l.PReLU({ sharedAxes: [1] }))).toBe(true);
});

/** How often one training step and one evaluation of a batch of (B, 64, 4) call kernels that read the whole batch. */
function scansOf(batch: number, loss: 'hinge' | 'mse', parts: number, ...layers: ReturnType<typeof l.Dense>[]) {
  const input = Input({ shape: [64, 4] });
  const last = layers.reduce((tensor, layer) => layer.apply(tensor) as typeof input, input);
  const { tf: model } = new Model({ inputs: input, outputs: last, seed: 1 });
  const engine = engineOf({ model, compiled: compileTraining(model, { loss }) }, { threads: 1 });
  const context: { kernels: Kernels } = Reflect.get(engine.program, 'context');
  const { kernels } = context;
  const calls = { sumFloats: 0, areBinary: 0 };
  const counted = (name: keyof typeof calls) => (address: number, count: number) => {
    calls[name]++;
    return kernels[name](address, count);
  };
  context.kernels = { ...kernels, sumFloats: counted('sumFloats'), areBinary: counted('areBinary') };
  split(engine, parts);
  const x = { data: Float32Array.from({ length: batch * 256 }, (_, i) => i % 7), shape: [batch, 64, 4] };
  const y = { data: Float32Array.from({ length: batch * 64 }, (_, i) => i % 2), shape: [batch, 64, 1] };
  engine.trainBatch(x, y);
  engine.evaluateBatch(x, y);
  expect(engine.program.order).toEqual({ batch, batchMajor: true });
  engine.dispose();
  model.dispose();
  return calls;
}

test.each([1, 2])(
  'what depends on the whole batch is computed once in each of %d shares, not for each chunk',
  (parts) => {
    const masked = () => [l.Masking(), l.BatchNormalization(), l.Dense(1)];
    // A chunk is of 8 entries.
    const few = scansOf(8, 'hinge', parts, ...masked());
    expect(few.areBinary).toBe(2 * parts);
    expect(few.sumFloats).toBeGreaterThanOrEqual(3 * parts);
    expect(scansOf(96, 'hinge', parts, ...masked())).toEqual(few);
    const plain = scansOf(8, 'mse', parts, l.Dense(1));
    expect(scansOf(96, 'mse', parts, l.Dense(1))).toEqual(plain);
  },
);
