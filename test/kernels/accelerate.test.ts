import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { accelerate, recurrentPath } from '../../src/engine/accelerate.js';
import { drawDropout, lstmPath } from '../../src/kernels/accelerate.js';
import { startBackend } from '../../src/kernels/backend.js';
import { Random } from '../../src/random.js';
import {
  backends,
  expectClose,
  expectSame,
  expectTwins,
  FORWARD,
  kernelNames,
  kernelsOf,
  normal,
  type Results,
  results,
  sigmoid,
  twins,
  useBackend,
} from './twins.js';

describe.each(backends)('on the backend %s', (backend) => {
  useBackend(backend);

  test('any LSTM layer: outputs within 1e-5, gradients of inputs, weights and states within 1e-4', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          batch: fc.integer({ min: 1, max: 7 }),
          steps: fc.integer({ min: 1, max: 5 }),
          inputs: fc.integer({ min: 1, max: 18 }),
          units: fc.integer({ min: 1, max: 20 }),
          returnSequences: fc.boolean(),
          returnState: fc.boolean(),
          goBackwards: fc.boolean(),
          useBias: fc.boolean(),
          initialState: fc.boolean(),
        }),
        async ({ batch, steps, inputs, initialState, ...settings }) => {
          const build = () => {
            const symbols = [tf.input({ shape: [steps, inputs] })];
            if (initialState) for (let k = 0; k < 2; k++) symbols.push(tf.input({ shape: [settings.units] }));
            const outputs = [tf.layers.lstm({ ...settings, ...sigmoid }).apply(symbols)].flat() as tf.SymbolicTensor[];
            // tfjs calls the layer for each output of the model, and a second time with initial states fails there.
            return tf.model({ inputs: symbols, outputs: initialState ? outputs[0] : outputs });
          };
          const makeInputs = (random: Random) => {
            const states = [batch, settings.units];
            return [
              normal(random, [batch, steps, inputs]),
              ...(initialState ? [normal(random, states), normal(random, states)] : []),
            ];
          };
          await expectTwins(build, makeInputs, { kernels: 1 });
        },
      ),
      { numRuns: backend === 'cpu' ? 15 : 40 },
    );
  });

  test('masks with an initial state: until the first unmasked step the output is the initial h, as in tfjs', () => {
    for (const goBackwards of [false, true])
      for (const returnSequences of [false, true]) {
        const build = () => {
          const inputs = [tf.input({ shape: [4, 3] }), tf.input({ shape: [5] }), tf.input({ shape: [5] })];
          const layer = tf.layers.lstm({ units: 5, returnSequences, goBackwards, returnState: true, ...sigmoid });
          return tf.model({ inputs, outputs: layer.apply(inputs) as tf.SymbolicTensor[] });
        };
        const { plain, fast } = twins(build);
        tf.tidy(() => {
          const random = new Random(8);
          const [x, h, c] = [normal(random, [4, 4, 3]), normal(random, [4, 5]), normal(random, [4, 5])];
          const directions = [
            normal(random, returnSequences ? [4, 4, 5] : [4, 5]),
            normal(random, [4, 5]),
            normal(random, [4, 5]),
          ];
          for (const dtype of ['bool', 'float32'] as const) {
            const mask = tf.tensor(
              [0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0],
              dtype === 'bool' ? [4, 4] : [4, 4, 1],
              dtype,
            );
            const run = ({ layers }: tf.LayersModel): Results => {
              const layer = layers[3];
              const apply = (...[xs, ...initialState]: tf.Tensor[]) =>
                layer.call(xs, { mask, initialState }) as tf.Tensor[];
              const loss = (...xs: tf.Tensor[]) =>
                tf.addN(apply(...xs).map((y, k) => tf.sum(tf.mul(y, directions[k]))));
              return {
                outputs: apply(x, h, c).map((y) => y.dataSync<'float32'>()),
                gradients: tf
                  .grads(loss)([x, h, c])
                  .map((g) => g.dataSync<'float32'>()),
              };
            };
            expectSame(run(fast), run(plain));
          }
        });
        plain.dispose();
        fast.dispose();
      }
  });

  test('dropout and recurrentDropout: the masks of a dropoutFunc, the same at every step; none when predicting', async () => {
    const ratesSeen: number[] = [];
    const dropoutFunc = (ones: tf.Tensor, rate: number) =>
      tf.tidy(() => {
        ratesSeen.push(rate);
        const values = Float32Array.from({ length: ones.size }, (_, k) =>
          (k * 7) % 10 < 10 * rate ? 0 : 1 / (1 - rate),
        );
        return tf.tensor(values, ones.shape);
      });
    for (const [dropout, recurrentDropout] of [
      [0.3, 0],
      [0, 0.4],
      [0.2, 0.5],
      [1, 1],
    ]) {
      const build = () => {
        const layer = tf.layers.lstm({ units: 6, inputShape: [4, 5], dropout, recurrentDropout, ...sigmoid });
        (layer.cell as unknown as { dropoutFunc: typeof dropoutFunc }).dropoutFunc = dropoutFunc;
        return tf.sequential({ layers: [layer] });
      };
      const { plain, fast } = twins(build);
      tf.tidy(() => {
        const x = normal(new Random(2), [3, 4, 5]);
        expectSame(results(fast, [x]), results(plain, [x]));
        ratesSeen.length = 0;
        const trained = results(fast, [x], { training: true });
        expect(new Set(ratesSeen)).toEqual(new Set([dropout, recurrentDropout].filter((rate) => rate > 0 && rate < 1)));
        expectSame(trained, results(plain, [x], { training: true }));
      });
      for (const model of [plain, fast]) {
        // tfjs keeps the masks of the last call.
        const { cell } = model.layers[0] as unknown as { cell: Record<string, tf.Tensor[] | null> };
        tf.dispose([cell.dropoutMask ?? [], cell.recurrentDropoutMask ?? []]);
        model.dispose();
      }
    }
  });

  test("dropout without a dropoutFunc drops about its rate and keeps the input's mean", () => {
    const layer = tf.layers.lstm({ units: 1, inputShape: [1, 2000], dropout: 0.25, useBias: false, ...sigmoid });
    const fast = accelerate(tf.sequential({ layers: [layer] }));
    tf.tidy(() => {
      // With this kernel C is half of tanh(0.001·Σ kept x / 0.75), near 0.96.
      const kernel = tf.tensor([0, 0, 0.001, 0], [1, 4]).tile([2000, 1]);
      fast.setWeights([kernel, tf.zeros([1, 4])]);
      const output = (fast.apply(tf.ones([1, 1, 2000]), { training: true }) as tf.Tensor).dataSync<'float32'>()[0];
      const state = 2 * Math.atanh(2 * output);
      expect(Math.atanh(state) / 0.001 / 2000).toBeCloseTo(1, 1);
      expect(Math.atanh(state) / 0.001 / 2000).not.toBe(1);
    });
    fast.dispose();
  });

  test('stateful: the state goes on from call to call, in training too, without leaving tensors behind', () => {
    const build = () =>
      tf.sequential({ layers: [tf.layers.lstm({ units: 5, stateful: true, batchInputShape: [2, 3, 4], ...sigmoid })] });
    const { plain, fast } = twins(build);
    tf.tidy(() => {
      const x = normal(new Random(6), [2, 3, 4]);
      const outputs = (model: tf.LayersModel) =>
        [1, 2, 3].map(() => tf.tidy(() => (model.apply(x) as tf.Tensor).dataSync<'float32'>()));
      const expected = outputs(plain);
      for (const [k, values] of outputs(fast).entries()) expectClose(values, expected[k], FORWARD);
      expect(expected[1]).not.toEqual(expected[0]);
      plain.resetStates();
      fast.resetStates();
      for (let step = 0; step < 4; step++) {
        const before = tf.memory().numTensors;
        const actual = results(fast, [x], { training: true });
        expect(tf.memory().numTensors).toBe(before);
        expectSame(actual, results(plain, [x], { training: true }));
      }
    });
    for (const model of [plain, fast]) {
      model.resetStates();
      tf.dispose((model.layers[0] as unknown as { states: tf.Tensor[] }).states);
      model.dispose();
    }
  });

  test('a stateful layer goes on from states that it is given, and then from those after them', () => {
    const made = () => tf.layers.lstm({ units: 5, stateful: true, batchInputShape: [2, 3, 4], ...sigmoid });
    const { plain, fast } = twins(() => tf.sequential({ layers: [made()] }));
    tf.tidy(() => {
      const random = new Random(6);
      const x = normal(random, [2, 3, 4]);
      const initialState = [normal(random, [2, 5]), normal(random, [2, 5])];
      const outputs = ({ layers: [layer] }: tf.LayersModel) =>
        [{}, { initialState }, {}].map((given) => (layer.call(x, given) as tf.Tensor).dataSync<'float32'>());
      const expected = outputs(plain);
      for (const [k, values] of outputs(fast).entries()) expectClose(values, expected[k], FORWARD);
      expect(expected[1]).not.toEqual(expected[0]);
      expect(expected[2]).not.toEqual(expected[1]);
    });
    for (const model of [plain, fast]) {
      model.resetStates();
      tf.dispose((model.layers[0] as unknown as { states: tf.Tensor[] }).states);
      model.dispose();
    }
  });

  test('what the kernel does not know runs on tfjs, and recurrentPath says why', async () => {
    const cases: [tf.layers.Layer, RegExp][] = [
      [
        tf.layers.rnn({
          cell: tf.layers.lstmCell({ units: 3 }) as unknown as ReturnType<typeof tf.layers.stackedRNNCells>,
        }),
        /^RNN has no fused kernel/,
      ],
    ];
    for (const [layer, reason] of cases) {
      const input = tf.input({ shape: [4, 3] });
      const model = accelerate(tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor }));
      expect(recurrentPath(layer)).toEqual({ path: 'tfjs', reason: expect.stringMatching(reason) });
      const x = tf.ones([2, 4, 3]);
      expect(await kernelNames(() => model.apply(x))).not.toContain('MemcellLSTM');
      x.dispose();
      model.dispose();
    }
  });

  test('recurrentPath: fused after accelerate(), inside wrappers too', () => {
    const layer = tf.layers.bidirectional({
      layer: tf.layers.lstm({ units: 3, ...sigmoid }),
      mergeMode: 'sum',
      inputShape: [4, 3],
    });
    const model = tf.sequential({ layers: [layer] });
    expect(recurrentPath(layer)).toEqual({ path: 'tfjs', reason: 'accelerate() has not been called on its model' });
    expect(accelerate(model)).toBe(model);
    expect(recurrentPath(layer)).toEqual({ path: 'fused' });
    const dropping = tf.layers.gru({ units: 3, recurrentDropout: 0.2, inputShape: [4, 3] });
    accelerate(tf.sequential({ layers: [dropping] })).dispose();
    expect(recurrentPath(dropping)).toEqual({
      path: 'tfjs',
      reason: 'recurrentDropout; the kernels have it for an LSTM of tanh and sigmoid only',
    });
    expect(recurrentPath(layer, 'webgl')).toEqual({ path: 'tfjs', reason: "tfjs's backend webgl has no fused kernel" });
    model.dispose();
  });

  test('without a gradient no workspace is made', async () => {
    const fast = accelerate(tf.sequential({ layers: [tf.layers.lstm({ units: 8, inputShape: [50, 4], ...sigmoid })] }));
    const x = tf.ones([2, 50, 4]);
    const operands = [[2, 50, 4], [4, 32], [8, 32], [32]];
    const shapesOf = async (call: () => unknown) =>
      (await kernelsOf(call)).filter(({ name }) => name === 'MemcellLSTM').map(({ inputShapes }) => inputShapes);
    expect(await shapesOf(() => fast.apply(x))).toEqual([operands]);
    const shapes = await shapesOf(() => tf.variableGrads(() => tf.sum(fast.apply(x) as tf.Tensor)));
    // TensorFlow's operation keeps what backward needs in outputs of its own.
    expect(shapes).toEqual([[...operands, ...(backend === 'tensorflow' ? [] : [[expect.any(Number)]])]]);
    tf.dispose(x);
    fast.dispose();
  });
});

test('as long as tfjs has no backend, an LSTM is said to take the kernel by its activations alone', () => {
  const layers = [
    tf.layers.lstm({ units: 3, inputShape: [4, 3], returnSequences: true, ...sigmoid }),
    tf.layers.lstm({ units: 2 }),
  ];
  const model = accelerate(tf.sequential({ layers }));
  expect(layers.map((layer) => lstmPath(layer, ''))).toEqual([
    { path: 'fused' },
    { path: 'tfjs', reason: 'recurrentActivation hardSigmoid; the kernel has sigmoid only' },
  ]);
  model.dispose();
});

test('masks of dropout that a call before has left are freed; none are drawn at the rates 0 and 1', () => {
  tf.tidy(() => {
    for (const recurrentDropout of [0, 1]) {
      const { cell } = tf.layers.lstm({ units: 3, dropout: 0.5, recurrentDropout }) as unknown as {
        cell: Parameters<typeof drawDropout>[0];
      };
      const left = [tf.ones([2, 4]), tf.ones([2, 3])];
      [cell.dropoutMask, cell.recurrentDropoutMask] = left;
      const drawn = drawDropout(cell, 2, 4);
      expect(left.map(({ isDisposed }) => isDisposed)).toEqual([true, true]);
      expect([cell.dropoutMask, cell.recurrentDropoutMask]).toEqual([null, null]);
      expect([drawn.input?.shape, drawn.recurrent]).toEqual([[2, 4], undefined]);
    }
  });
});

// Apart from the count of tensors: tfjs forgets the ones it saved for a gradient that throws.
test('a second-order gradient is refused', async () => {
  await startBackend('wasm');
  const fast = accelerate(tf.sequential({ layers: [tf.layers.lstm({ units: 3, inputShape: [4, 3], ...sigmoid })] }));
  tf.tidy(() => {
    const once = (x: tf.Tensor) => tf.sum(tf.grad((v) => tf.sum(fast.apply(v) as tf.Tensor))(x));
    expect(() => tf.grad(once)(tf.ones([1, 4, 3]))).toThrow(/^LSTM: the fused kernel has no second-order gradient; /);
  });
  fast.dispose();
});

test('what is no model and no layer is refused, and gradients of gradients', () => {
  const refused = (code: string, message: string) => expect.objectContaining({ name: 'MemcellError', code, message });
  for (const [given, shown] of [
    [undefined, 'undefined'],
    [{ layers: 3 }, '{"layers":3}'],
    ['model', '"model"'],
  ] as const) {
    expect(() => accelerate(given as never)).toThrow(
      refused('usage', `accelerate takes a LayersModel of TensorFlow.js, not ${shown}`),
    );
    expect(() => recurrentPath(given as never)).toThrow(refused('usage', `recurrentPath takes a layer, not ${shown}`));
  }
  const model = accelerate(tf.sequential({ layers: [tf.layers.gru({ units: 2, inputShape: [3, 2] })] }));
  const loss = (x: tf.Tensor) => tf.sum(model.apply(x) as tf.Tensor);
  const slope = tf.grad((x: tf.Tensor) => tf.sum(tf.square(tf.grad(loss)(x))));
  expect(() => slope(tf.ones([1, 3, 2]))).toThrow(
    refused(
      'model',
      'the kernels of recurrent layers have no second-order gradient; take it of a model that is not accelerated',
    ),
  );
  model.dispose();
});
