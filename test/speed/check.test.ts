import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { prepareBackend } from '../../src/kernels/backend.js';
import type { ForwardInputs, LSTMAttributes, LSTMBackend } from '../../src/kernels/tfjs/contract.js';
import { lstmBackends } from '../../src/kernels/tfjs/register.js';
import {
  type CheckedCell,
  type CheckRow,
  checkKernels,
  defaultShapes,
  defaultTolerance,
} from '../../src/speed/check.js';

const shape = { batch: 2, steps: 3, inputs: 3, units: 5 };

const OTHERS: CheckedCell[] = ['LSTM, other activations', 'GRU', 'GRU, reset after', 'SimpleRNN'];

/** Runs the check with the wasm backend's forward pass changed. */
async function checkWith(
  change: (outputs: tf.TensorInfo[], attributes: LSTMAttributes) => tf.TensorInfo[] | undefined,
) {
  const wasm = lstmBackends.wasm as LSTMBackend;
  const { forward } = wasm;
  wasm.forward = (inputs: ForwardInputs, attributes, backend) => {
    const outputs = forward(inputs, attributes, backend);
    return change(outputs, attributes) ?? outputs;
  };
  try {
    return await checkKernels({ shapes: [shape], backends: ['wasm'], cells: ['LSTM'] });
  } finally {
    wasm.forward = forward;
  }
}

/** The first value of a tensor in the wasm backend's memory. */
function firstValue(tensor: tf.TensorInfo): Float32Array {
  const backend = tf.backend() as unknown as { typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array };
  return backend.typedArrayFromHeap(tensor).subarray(0, 1);
}

describe('checkKernels', () => {
  test('passes on sizes around every vector and tile width, B = 1 included, on both backends, leaving no tensor', async () => {
    const current = await prepareBackend();
    const before = tf.memory().numTensors;
    const seen: CheckRow[] = [];
    const onRow = (row: CheckRow) => seen.push(row);
    const report = await checkKernels({ backends: ['wasm'], onRow });
    const count = (wanted: CheckedCell) => report.rows.filter(({ cell }) => cell === wanted).length;
    expect(count('LSTM')).toBe(defaultShapes.length);
    for (const cell of OTHERS) expect([cell, count(cell)]).toEqual([cell, 4]);
    expect(report.rows.filter(({ passed }) => !passed)).toEqual([]);
    expect(report.passed).toBe(true);
    expect(seen).toEqual(report.rows);
    // tfjs's built-in layer takes seconds for the large ones on cpu.
    const small = defaultShapes.filter(({ batch, steps, units }) => batch * steps * units < 900);
    expect((await checkKernels({ backends: ['cpu'], shapes: small, cells: ['LSTM'], onRow })).passed).toBe(true);
    expect(seen.at(-1)?.backend).toBe('cpu');
    for (const { cell, batch, units, differences, reason } of seen) {
      expect(reason).toBeUndefined();
      expect(differences.forward.scaled).toBeLessThanOrEqual(1e-5);
      // A share of the largest value, of 1 at least.
      for (const { scaled, absolute } of Object.values(differences)) expect(scaled).toBeLessThanOrEqual(absolute);
      if (units === 64) expect(differences.kernel.scaled).toBeLessThan(differences.kernel.absolute);
      // Nothing was skipped: many float32 results of two programs are never all equal.
      if (batch * units < 20) continue;
      const { initialC, ...parts } = differences;
      for (const part of cell.includes('LSTM') ? [initialC, ...Object.values(parts)] : Object.values(parts))
        expect(part.scaled).toBeGreaterThan(0);
    }
    expect(tf.memory().numTensors).toBe(before);
    expect(tf.getBackend()).toBe(current);
  }, 120_000);

  test('passes on random shapes on wasm', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          cell: fc.constantFrom<CheckedCell[]>('LSTM', ...OTHERS),
          batch: fc.integer({ min: 1, max: 20 }),
          steps: fc.integer({ min: 1, max: 6 }),
          inputs: fc.integer({ min: 1, max: 40 }),
          units: fc.integer({ min: 1, max: 40 }),
        }),
        async ({ cell, ...random }) => {
          expect((await checkKernels({ shapes: [random], cells: [cell], backends: ['wasm'] })).rows).toEqual([
            expect.objectContaining({ cell, ...random, passed: true }),
          ]);
        },
      ),
      { numRuns: 10 },
    );
  }, 120_000);

  test.each(['forward', 'gradient', 'training'] as const)('what has no tolerance fails, alone: %s', async (part) => {
    const options = { shapes: [shape], backends: ['wasm'], cells: ['LSTM'] } as const;
    const of = async (tolerance: object) => (await checkKernels({ ...options, tolerance } as object)).passed;
    const loose = { forward: 1, gradient: 1, training: 1 };
    expect([await of(loose), await of({ ...loose, [part]: 0 })]).toEqual([true, false]);
  });

  test('fails on an output that is off by more than the tolerance, and reports by how much', async () => {
    const report = await checkWith((outputs) => {
      firstValue(outputs[0])[0] += 1e-3;
      return undefined;
    });
    expect(report.passed).toBe(false);
    expect(report.rows[0].differences.forward.absolute).toBeCloseTo(1e-3, 5);
    const tolerance = { forward: 1, gradient: 1, training: 1 };
    expect(report.tolerance).toEqual(defaultTolerance);
    expect((await checkKernels({ shapes: [shape], backends: ['wasm'], cells: ['LSTM'], tolerance })).passed).toBe(true);
  });

  test('fails on a NaN', async () => {
    const report = await checkWith((outputs) => {
      firstValue(outputs[0])[0] = Number.NaN;
      return undefined;
    });
    expect(report.passed).toBe(false);
    expect(report.rows[0].differences.forward.scaled).toBeNaN();
  });

  test('fails, with the reason, when the kernel does not run', async () => {
    const wasm = lstmBackends.wasm as LSTMBackend;
    const { obstacle } = wasm;
    wasm.obstacle = () => 'out of order';
    const report = await checkKernels({ shapes: [shape], backends: ['wasm'], cells: ['LSTM'] });
    wasm.obstacle = obstacle;
    expect(report.passed).toBe(false);
    expect(report.rows).toEqual([expect.objectContaining({ passed: false, reason: 'out of order' })]);
  });

  test('fails where a call takes another way than the layer was said to', async () => {
    const wasm = lstmBackends.wasm as LSTMBackend;
    const { obstacle } = wasm;
    wasm.obstacle = ({ mask }) => (mask ? 'no masks' : undefined);
    const report = await checkKernels({ shapes: [shape], backends: ['wasm'], cells: ['LSTM'] });
    wasm.obstacle = obstacle;
    expect(report.passed).toBe(false);
    expect(report.rows).toEqual([expect.objectContaining({ passed: false, reason: 'the kernel did not run' })]);
  });

  test('refuses what it cannot check', async () => {
    await expect(checkKernels({ shapes: [{ ...shape, units: 0 }] })).rejects.toThrow(
      'check: units is 0; it needs to be a whole number from 1 up',
    );
    await expect(checkKernels({ backends: ['abacus'] })).rejects.toThrow(/^check: the backend abacus does not start: /);
    // A backend that was begun with is left, too.
    const current = tf.getBackend();
    const before = tf.memory().numTensors;
    const options = { shapes: [shape], cells: ['LSTM' as const], backends: ['cpu', 'abacus'] };
    await expect(checkKernels(options)).rejects.toThrow(/^check: the backend abacus does not start: /);
    expect([tf.getBackend(), tf.memory().numTensors]).toEqual([current, before]);
    expect((await checkKernels({ shapes: [] })).passed).toBe(false);
  });
});
