import { expect, test } from '@jest/globals';
import { ActivationId } from '../../../src/kernels/activationIds.js';
import { instantiateKernels, type Speed, supportsRelaxedSimd } from '../../../src/kernels/module.js';
import { type Functions, normals } from './block.js';

const FLOATS = 2048;
const [ROWS, N, LD] = [5, 37, 41];

/** One call of every kernel whose arithmetic rounds, on the same numbers; the bits of all that is left in memory. */
function bitsOf(speed: Speed, shared: boolean): Uint32Array {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared });
  const exports: object = instantiateKernels(memory, { speed }).exports;
  const k = exports as Functions;
  const floats = new Float32Array(memory.buffer);
  const seen: number[] = [];
  const at = (i: number) => 4096 + i * 4 * FLOATS;
  const [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5].map(at);
  const step = (run: () => void) => {
    for (let i = 0; i < 6; i++) floats.set(normals(i, FLOATS, i === 3 ? 1 : 3), at(i) / 4);
    // b: probabilities and squares must be positive
    for (let i = 0; i < FLOATS; i++) floats[b / 4 + i] = 0.05 + Math.abs(floats[b / 4 + i]) / 20;
    run();
    seen.push(...new Uint32Array(memory.buffer.slice(4096, at(6))));
  };
  for (let id = 0; id <= ActivationId.logSoftmax; id++) {
    step(() => {
      k.activationForward(id, a, LD, c, LD, N, 0, ROWS);
      k.activationBackward(id, a, LD, d, LD, e, LD, N, 0, ROWS);
    });
  }
  step(() => {
    k.softmaxCategoricalLoss(a, LD, b, LD, 0.1, d, 0.3, f, c, LD, e, LD, N, 0, ROWS);
    k.sigmoidBinaryLoss(a, LD, b, LD, 0.1, d, 0.3, f + 64, c + 4096, LD, e + 4096, LD, N, 0, ROWS);
  });
  step(() => {
    k.categoricalLoss(b, LD, b, LD, 0.1, d, 0.3, f, c, LD, N, 0, ROWS);
    k.binaryLoss(b, LD, a, LD, 0.1, d, 0.3, f + 64, e, LD, N, 0, ROWS);
  });
  step(() => {
    k.squaredErrorLoss(a, LD, b, LD, d, 0.3, f, c, LD, N, 0, ROWS);
    k.huberLoss(a, LD, b, LD, 0.7, d, 0.3, f + 64, e, LD, N, 0, ROWS);
  });
  step(() => k.sgdMomentum(a, c, d, 0, 999, 0.9, 2, 0.01, 0.1, 0.9, 1));
  step(() => k.rmsprop(a, c, 0, b, d, e, 0, 999, 0.9, 2, 0.01, 0.1, 0.9, 0.1, 0.5, 5));
  step(() => k.adam(a, c, 0, d, b, 0, 999, 0.9, 2, 0.01, 0.1, 0.1, 0.001, 1e-7));
  step(() => k.adamAmsgrad(a, c, b, d, b, f, 0, 999, 0.9, 2, 0.01, 0.1, 0.1, 0.001, 1e-7));
  step(() => {
    k.layerNormForward(a, LD, c, LD, d, e, f, f + 64, 1e-3, N, 0, ROWS);
    k.layerNormBackward(a, LD, d, LD, e, LD, c, f, f + 64, N, 0, ROWS);
    k.layerNormGradients(a, LD, d, LD, f, f + 64, b, b + 256, 0, ROWS, 0, N);
  });
  step(() => {
    k.regularize(a, c, 9, 1, 7, 0.1, 0.2, e, 0, 3);
    k.sumSquares(a, 9, 1, 7, f, 0, 3);
    k.columnSums(a, LD, 0, ROWS, d, 1, 0, N);
  });
  step(() => {
    k.averagePoolForward(a, LD, LD, 0, 0, 0, c, LD, N, ROWS, 0, 1);
    k.mergeForward(1, a, LD, 0, b, LD, 0, d, LD, 0, N, ROWS, 0, 1);
    k.dropout(a, LD, LD, e, LD, LD, 12345, 4000000, 1.3, N, 0, N, ROWS, 0, 1);
  });
  return Uint32Array.from(seen);
}

test('every variant of the module that runs here gives the same bits, on shared memory too', () => {
  const expected = bitsOf('plain', false);
  expect(new Set(expected).size).toBeGreaterThan(10_000);
  const speeds: Speed[] = supportsRelaxedSimd() ? ['plain', 'relaxed'] : ['plain'];
  for (const speed of speeds)
    for (const shared of speed === 'plain' ? [true] : [false, true])
      expect(Buffer.compare(Buffer.from(bitsOf(speed, shared).buffer), Buffer.from(expected.buffer))).toBe(0);
});
