import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Activation,
  elu,
  hardSigmoid,
  linear,
  relu,
  sigmoid,
  softplus,
  softsign,
  swish,
  tanh,
} from '../../src/kernels/activations.js';
import {
  type LSTMOperands,
  type LSTMOptions,
  type LSTMSizes,
  layOutWorkspace,
  lstmBackward,
  lstmForward,
  workspaceLength,
} from '../../src/kernels/reference.js';
import { Random } from '../../src/random.js';

function normal(random: Random, length: number, scale = 1): Float64Array {
  return Float64Array.from({ length }, () => scale * random.normal());
}

/** Σ outputs ∘ weights: a scalar whose gradient reaches every output with a different weight. */
function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Smooth ones: at a bend the difference quotient of two points on either side is neither slope. */
const activations = { tanh, sigmoid, linear, softplus, swish } satisfies Record<string, Activation>;
const recurrentActivations = { sigmoid, tanh } satisfies Record<string, Activation>;

test('derivatives of the activations by finite differences, within 1e-8, off the bends', () => {
  const all = { linear, tanh, sigmoid, hardSigmoid, relu, elu, softplus, softsign, swish };
  for (const [name, { apply, derivative }] of Object.entries(all)) {
    for (const z of [-40, -3.1, -2.9, -1, -0.01, 0.01, 0.7, 2.9, 3.1, 40]) {
      const slope = (apply(z + 1e-5) - apply(z - 1e-5)) / 2e-5;
      expect({ name, z, equal: Math.abs(slope - derivative(z, apply(z))) <= 1e-8 }).toEqual({ name, z, equal: true });
    }
    for (const z of [-1e3, 1e3]) expect(apply(z)).not.toBeNaN();
  }
});

describe('gradients by finite differences, all within 1e-6', () => {
  test('of every operand, over random shapes, masks, directions and smooth activations', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer(),
          batch: fc.integer({ min: 1, max: 3 }),
          steps: fc.integer({ min: 1, max: 4 }),
          inputs: fc.integer({ min: 1, max: 3 }),
          units: fc.integer({ min: 1, max: 3 }),
          goBackwards: fc.boolean(),
          masked: fc.boolean(),
          useBias: fc.boolean(),
          initialState: fc.boolean(),
          recurrentDropout: fc.boolean(),
          outputs: fc.subarray(['y', 'last', 'h', 'c'] as const, { minLength: 1 }),
          activation: fc.constantFrom(...(Object.keys(activations) as (keyof typeof activations)[])),
          recurrent: fc.constantFrom(...(Object.keys(recurrentActivations) as (keyof typeof recurrentActivations)[])),
        }),
        ({
          seed,
          goBackwards,
          masked,
          useBias,
          initialState,
          recurrentDropout,
          outputs,
          activation,
          recurrent,
          ...sizes
        }) => {
          const { batch, steps, inputs, units } = sizes;
          const random = new Random(seed);
          const operands = {
            x: normal(random, batch * steps * inputs),
            kernel: normal(random, inputs * 4 * units, 0.5),
            recurrentKernel: normal(random, units * 4 * units, 0.5),
            bias: useBias ? normal(random, 4 * units, 0.5) : undefined,
            initialH: initialState ? normal(random, batch * units) : undefined,
            initialC: initialState ? normal(random, batch * units) : undefined,
            recurrentDropout: recurrentDropout
              ? Float64Array.from({ length: batch * units }, () => 2 * random.integer(2))
              : undefined,
            mask: masked ? Array.from({ length: batch * steps }, () => random.integer(2)) : undefined,
          } satisfies LSTMOperands;
          const options: LSTMOptions = {
            goBackwards,
            activation: activations[activation],
            recurrentActivation: recurrentActivations[recurrent],
          };
          const state = batch * units;
          const lengths = { y: steps * state, last: state, h: state, c: state };
          const upstream: Partial<Record<(typeof outputs)[number], Float64Array>> = {};
          for (const name of outputs) upstream[name] = normal(random, lengths[name]);
          const loss = (): number => {
            const result = lstmForward(operands, sizes, options);
            return outputs.reduce((sum, name) => sum + dot(result[name], upstream[name]!), 0);
          };

          const workspace = layOutWorkspace(new Float64Array(workspaceLength(sizes)), sizes);
          lstmForward(operands, sizes, options, workspace);
          const gradients = lstmBackward(upstream, operands, sizes, options, workspace);
          const step = 1e-4;
          for (const name of ['x', 'kernel', 'recurrentKernel', 'bias', 'initialH', 'initialC'] as const) {
            const values = operands[name];
            if (!values) continue;
            expect(gradients[name]).toHaveLength(values.length);
            const largest = Math.max(1, ...gradients[name].map(Math.abs));
            for (let i = 0; i < values.length; i++) {
              const kept = values[i];
              const lossAt = (shift: number) => {
                values[i] = kept + shift;
                return loss();
              };
              // Five points: the error is of the order of step⁴.
              const near = lossAt(step) - lossAt(-step);
              const far = lossAt(2 * step) - lossAt(-2 * step);
              values[i] = kept;
              const error = Math.abs((8 * near - far) / (12 * step) - gradients[name][i]);
              expect(error).toBeLessThan(1e-6 * largest);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('masks and directions', () => {
  const sizes: LSTMSizes = { batch: 2, steps: 5, inputs: 3, units: 4 };
  const random = new Random(11);
  const operands: LSTMOperands = {
    x: normal(random, 30),
    kernel: normal(random, 48),
    recurrentKernel: normal(random, 64),
    bias: normal(random, 16),
  };

  test('a masked step repeats the state before it', () => {
    const { y, last, h } = lstmForward({ ...operands, mask: [1, 1, 0, 0, 1, 0, 1, 1, 1, 0] }, sizes);
    const row = (b: number, s: number) => [...y.slice((b * 5 + s) * 4, (b * 5 + s + 1) * 4)];
    expect(row(0, 2)).toEqual(row(0, 1));
    expect(row(0, 3)).toEqual(row(0, 1));
    expect(row(1, 0)).toEqual([0, 0, 0, 0]);
    expect(row(1, 4)).toEqual(row(1, 3));
    expect([...last]).toEqual([...row(0, 4), ...row(1, 4)]);
    expect(h).toEqual(last);
  });

  test('masked from the first step: the state stays the initial one, the output is zero', () => {
    const initialH = normal(random, 8);
    const { y, last, h } = lstmForward({ ...operands, initialH, mask: [0, 0, 0, 0, 0, 0, 1, 1, 1, 1] }, sizes);
    expect([...y.slice(0, 24)]).toEqual(new Array(24).fill(0));
    expect([...last.slice(0, 4)]).toEqual([0, 0, 0, 0]);
    expect(h.slice(0, 4)).toEqual(initialH.slice(0, 4));
    expect(last.slice(4)).toEqual(h.slice(4));
  });

  test('goBackwards equals running over x reversed in time, mask included', () => {
    const mask = [1, 1, 0, 0, 1, 0, 1, 1, 1, 0];
    const reversed = Float64Array.from(operands.x, (_, k) => {
      const [b, t, i] = [Math.floor(k / 15), Math.floor(k / 3) % 5, k % 3];
      return operands.x[(b * 5 + 4 - t) * 3 + i];
    });
    const reversedMask = mask.map((_, k) => mask[Math.floor(k / 5) * 5 + 4 - (k % 5)]);
    const backwards = lstmForward({ ...operands, mask }, sizes, { goBackwards: true });
    expect(backwards).toEqual(lstmForward({ ...operands, x: reversed, mask: reversedMask }, sizes));
  });

  test('float32 operands give float32 results', () => {
    const single: LSTMOperands = {
      x: Float32Array.from(operands.x),
      kernel: Float32Array.from(operands.kernel),
      recurrentKernel: Float32Array.from(operands.recurrentKernel),
    };
    const workspace = layOutWorkspace(new Float32Array(workspaceLength(sizes)), sizes);
    const { y, h, c } = lstmForward(single, sizes, {}, workspace);
    const gradients = lstmBackward({ y }, single, sizes, {}, workspace);
    for (const values of [y, h, c, ...Object.values(gradients)]) expect(values).toBeInstanceOf(Float32Array);
  });
});

/** A batch of sequences (B,T,F), or of rows (B,1,F). */
interface Batch {
  data: number[];
  batch: number;
  steps: number;
  features: number;
}

interface Case {
  input: number[][][] | number[][];
  output: number[][][] | number[][];
  weights: { path: string; shape: number[]; value: number[][] | number[] }[];
}

/** The layers of the Keras fixtures, on the reference. Each call of `next` takes the following weight of the file. */
function kerasCase(name: string) {
  const file: Case = JSON.parse(readFileSync(new URL(`../fixtures/keras/${name}/case.json`, import.meta.url), 'utf8'));
  let taken = 0;
  const next = (suffix: string): { value: Float32Array; shape: number[] } => {
    const weight = file.weights[taken++];
    expect(weight.path.split('/').pop()).toBe(suffix);
    return { value: Float32Array.from(weight.value.flat()), shape: weight.shape };
  };
  const lstm = (
    { data, batch, steps, features }: Batch,
    {
      sequences = false,
      useBias = true,
      mask,
      ...options
    }: LSTMOptions & { sequences?: boolean; useBias?: boolean; mask?: number[] } = {},
  ): Batch => {
    const kernel = next('kernel').value;
    const recurrentKernel = next('recurrent_kernel');
    const bias = useBias ? next('bias').value : undefined;
    const units = recurrentKernel.shape[0];
    const { y, last } = lstmForward(
      { x: Float32Array.from(data), kernel, recurrentKernel: recurrentKernel.value, bias, mask },
      { batch, steps, inputs: features, units },
      options,
    );
    return { data: [...(sequences ? y : last)], batch, steps: sequences ? steps : 1, features: units };
  };
  const dense = (
    { data, batch, steps, features }: Batch,
    activation: 'linear' | 'softmax' | 'sigmoid' = 'linear',
  ): Batch => {
    const { value: kernel, shape } = next('kernel');
    const bias = next('bias').value;
    const out: number[] = [];
    for (let row = 0; row < batch * steps; row++) {
      const logits = [...bias].map((b, n) => {
        let sum = b;
        for (let k = 0; k < features; k++) sum += data[row * features + k] * kernel[k * shape[1] + n];
        return sum;
      });
      const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
      if (activation === 'softmax') out.push(...logits.map((z) => Math.exp(z) / total));
      else out.push(...logits.map((z) => (activation === 'sigmoid' ? sigmoid.apply(z) : z)));
    }
    return { data: out, batch, steps, features: shape[1] };
  };
  const embedding = (): Batch => {
    const { value, shape } = next('embeddings');
    const data = file.input.flat(2).flatMap((index) => [...value.slice(index * shape[1], (index + 1) * shape[1])]);
    return { data, batch: file.input.length, steps: file.input[0].length, features: shape[1] };
  };
  const input = (): Batch => ({
    data: file.input.flat(2),
    batch: file.input.length,
    steps: file.input[0].length,
    features:
      file.input.flat().length === file.input.flat(2).length ? 1 : file.input.flat(2).length / file.input.flat().length,
  });
  const difference = (result: Batch): number => {
    expect(taken).toBe(file.weights.length);
    const expected = file.output.flat(2);
    expect(result.data).toHaveLength(expected.length);
    return Math.max(...result.data.map((value, i) => Math.abs(value - expected[i])));
  };
  return { file, lstm, dense, embedding, input, difference };
}

describe('Keras 3 outputs, within 1e-6', () => {
  test.each(['lstm_last', 'regularised_lstm'])('%s', (name) => {
    const k = kerasCase(name);
    expect(k.difference(k.dense(k.lstm(k.input())))).toBeLessThan(1e-6);
  });

  test('document', () => {
    const k = kerasCase('document');
    expect(k.difference(k.dense(k.lstm(k.input()), 'softmax'))).toBeLessThan(1e-6);
  });

  test('lstm_stacked', () => {
    const k = kerasCase('lstm_stacked');
    expect(k.difference(k.dense(k.lstm(k.lstm(k.input(), { sequences: true })), 'softmax'))).toBeLessThan(1e-6);
  });

  test('lstm_sequences', () => {
    const k = kerasCase('lstm_sequences');
    expect(k.difference(k.dense(k.lstm(k.input(), { sequences: true })))).toBeLessThan(1e-6);
  });

  test('lstm_no_bias_backwards', () => {
    const k = kerasCase('lstm_no_bias_backwards');
    expect(k.difference(k.dense(k.lstm(k.input(), { useBias: false, goBackwards: true }), 'sigmoid'))).toBeLessThan(
      1e-6,
    );
  });

  test('lstm_hard_sigmoid', () => {
    const k = kerasCase('lstm_hard_sigmoid');
    expect(k.difference(k.dense(k.lstm(k.input(), { recurrentActivation: hardSigmoid })))).toBeLessThan(1e-6);
  });

  test('masked_lstm', () => {
    const k = kerasCase('masked_lstm');
    const mask = (k.file.input as number[][][]).flatMap((rows) =>
      rows.map((row) => (row.some((v) => v !== 0) ? 1 : 0)),
    );
    expect(mask).toContain(0);
    expect(k.difference(k.dense(k.lstm(k.lstm(k.input(), { sequences: true, mask }), { mask })))).toBeLessThan(1e-6);
  });

  test('embedding_lstm', () => {
    const k = kerasCase('embedding_lstm');
    const mask = k.file.input.flat(2).map((index) => (index === 0 ? 0 : 1));
    expect(mask).toContain(0);
    expect(k.difference(k.dense(k.lstm(k.embedding(), { mask }), 'softmax'))).toBeLessThan(1e-6);
  });

  test('bidirectional_lstm', () => {
    const k = kerasCase('bidirectional_lstm');
    const x = k.input();
    const forward = k.lstm(x, { sequences: true });
    const backward = k.lstm(x, { sequences: true, goBackwards: true });
    const { batch, steps, features } = forward;
    const concatenated: Batch = { data: [], batch, steps, features: 2 * features };
    for (let b = 0; b < batch; b++)
      for (let t = 0; t < steps; t++) {
        const row = (b * steps + t) * features;
        const reversed = (b * steps + steps - 1 - t) * features;
        concatenated.data.push(...forward.data.slice(row, row + features));
        concatenated.data.push(...backward.data.slice(reversed, reversed + features));
      }
    const first = k.lstm(concatenated);
    const second = k.lstm(concatenated, { goBackwards: true });
    const sum = { ...first, data: first.data.map((value, i) => value + second.data[i]) };
    expect(k.difference(k.dense(sum))).toBeLessThan(1e-6);
  });
});

test('a workspace with the numbers of another call gives what a new one gives', () => {
  const sizes: LSTMSizes = { batch: 2, steps: 3, inputs: 2, units: 3 };
  const random = new Random(4);
  const operands = {
    x: normal(random, 12),
    kernel: normal(random, 24),
    recurrentKernel: normal(random, 36),
    bias: normal(random, 12),
  };
  const used = layOutWorkspace(normal(random, workspaceLength(sizes)), sizes);
  const fresh = layOutWorkspace(new Float64Array(workspaceLength(sizes)), sizes);
  expect(lstmForward(operands, sizes, {}, used)).toEqual(lstmForward(operands, sizes, {}, fresh));
  expect(used).toEqual(fresh);
});
