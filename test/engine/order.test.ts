/** Models whose rows lie batch-major, and go through all layers a chunk of the batch after the other. */
import { beforeAll, expect, test } from '@jest/globals';
import { Input, Model } from '../../src/functional.js';
import { prepareBackend, startBackend } from '../../src/kernels/backend.js';
import * as l from '../../src/layers/index.js';
import { compileTraining } from '../../src/training/compile.js';
import { type AttentionSample, followAttention } from './attentionModels.js';
import { engineOf } from './compare.js';

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
  batch: 13,
  seed: 3,
};

test.each<[string, Partial<AttentionSample>]>([
  ['causal heads over one input', {}],
  ['an input masked, whose loss waits for all', { masked: 'before', causal: false, positions: 'waves' }],
  ['keys of fewer steps than queries', { inputs: 2, keys: 17, masked: 'after', causal: false }],
  ['keys of more steps', { kind: 'dot', inputs: 3, queries: 40, keys: 130, batch: 17, dropout: 0 }],
  ['one entry a chunk', { queries: 530, keys: 530, batch: 2, dropout: 0 }],
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
