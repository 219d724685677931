/** GRU, SimpleRNN, and LSTM of any activation, of stock tfjs models beside their accelerated twins. */
import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { accelerate, recurrentPath } from '../../src/engine/accelerate.js';
import { startBackend } from '../../src/kernels/backend.js';
import { resetAfterGRU } from '../../src/layers/recurrent/resetAfterGru.js';
import { Random } from '../../src/random.js';
import { tensorFlow } from '../../src/tensorflow.js';
import {
  backends,
  expectClose,
  expectSame,
  expectTwins,
  FORWARD,
  normal,
  results,
  twins,
  useBackend,
} from './twins.js';

const ACTIVATIONS = [
  'tanh',
  'sigmoid',
  'hardSigmoid',
  'relu',
  'elu',
  'selu',
  'softplus',
  'softsign',
  'linear',
  'swish',
  'mish',
  'gelu',
  'softmax',
] as const;

type Settings = Parameters<typeof tf.layers.gru>[0];

const CELLS = {
  LSTM: (settings: Settings) => tf.layers.lstm(settings),
  GRU: (settings: Settings) => tf.layers.gru(settings),
  'GRU, reset after': (settings: Settings): tf.layers.Layer => new (resetAfterGRU(tensorFlow()))(settings),
  SimpleRNN: ({ recurrentActivation: _, ...settings }: Settings) => tf.layers.simpleRNN(settings),
};
const cells = Object.keys(CELLS) as (keyof typeof CELLS)[];
const statesOf = (cell: keyof typeof CELLS) => (cell === 'LSTM' ? 2 : 1);

describe.each(backends)('on the backend %s', (backend) => {
  useBackend(backend);

  test('any cell with any activations: outputs within 1e-5, gradients of inputs, weights and states within 1e-4', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          cell: fc.constantFrom(...cells),
          batch: fc.integer({ min: 1, max: 7 }),
          steps: fc.integer({ min: 1, max: 5 }),
          inputs: fc.integer({ min: 1, max: 18 }),
          units: fc.integer({ min: 1, max: 20 }),
          activation: fc.constantFrom(...ACTIVATIONS),
          // tanh and sigmoid in an LSTM are the other kernel's.
          recurrentActivation: fc.constantFrom('hardSigmoid' as const, 'softsign' as const, 'softmax' as const),
          returnSequences: fc.boolean(),
          returnState: fc.boolean(),
          goBackwards: fc.boolean(),
          useBias: fc.boolean(),
          initialState: fc.boolean(),
          masked: fc.boolean(),
        }),
        async ({ cell, batch, steps, inputs, initialState, masked, ...settings }) => {
          const hasMask = masked && !initialState;
          const build = () => {
            const symbols = [tf.input({ shape: [steps, inputs] })];
            if (initialState)
              for (let k = 0; k < statesOf(cell); k++) symbols.push(tf.input({ shape: [settings.units] }));
            const [x, ...states] = symbols;
            const counted = hasMask ? (tf.layers.masking({ maskValue: 0 }).apply(x) as tf.SymbolicTensor) : x;
            const outputs = [CELLS[cell](settings).apply([counted, ...states])].flat() as tf.SymbolicTensor[];
            // tfjs calls the layer for each output of the model, and a second time with initial states fails there.
            return tf.model({ inputs: symbols, outputs: initialState ? outputs[0] : outputs });
          };
          const makeInputs = (random: Random) => {
            const x = Float32Array.from({ length: batch * steps * inputs }, () => 0.5 * random.normal());
            if (hasMask) for (let i = 0; i < x.length; i += 2 * inputs) x.fill(0, i, i + inputs);
            const states = Array.from({ length: initialState ? statesOf(cell) : 0 }, () =>
              normal(random, [batch, settings.units], 0.5),
            );
            return [tf.tensor(x, [batch, steps, inputs]), ...states];
          };
          await expectTwins(build, makeInputs, { kernels: 0, cells: true, inputGradients: !hasMask });
        },
      ),
      { numRuns: backend === 'cpu' ? 20 : 8 },
    );
  });

  test('stacked, in both directions, in a model that is called twice before its gradients', async () => {
    const build = () => {
      const inner = tf.sequential({
        layers: [
          tf.layers.bidirectional({
            layer: tf.layers.gru({ units: 4, returnSequences: true, inputShape: [5, 3] }),
            mergeMode: 'concat',
            inputShape: [5, 3],
          }),
          tf.layers.lstm({ units: 3 }),
        ],
      });
      const inputs = [tf.input({ shape: [5, 3] }), tf.input({ shape: [5, 3] })];
      const outputs = tf.layers.add().apply(inputs.map((input) => inner.apply(input) as tf.SymbolicTensor));
      return tf.model({ inputs, outputs: outputs as tf.SymbolicTensor });
    };
    await expectTwins(build, (random) => [normal(random, [3, 5, 3]), normal(random, [3, 5, 3])], {
      kernels: 0,
      cells: true,
    });
  });

  test('what the cells do not run goes tfjs’s way: no samples, recurrent dropout, a mask beside initial states', () => {
    const makers = {
      ...CELLS,
      'LSTM of sigmoid': ({ recurrentActivation: _, ...settings }: Settings) =>
        tf.layers.lstm({ ...settings, recurrentActivation: 'sigmoid' }),
    };
    for (const [cell, make] of Object.entries(makers)) {
      const of = (more: object) => () =>
        tf.sequential({ layers: [make({ units: 5, inputShape: [3, 4], returnSequences: true, ...more })] });
      tf.tidy(() => {
        const same = (more: object, ...given: tf.Tensor[]) => {
          const { plain, fast } = twins(of(more));
          const [x, mask, ...states] = given;
          const call = ({ layers: [layer] }: tf.LayersModel) =>
            layer.call(x, { ...(mask && { mask }), ...(states.length > 0 && { initialState: states }) }) as tf.Tensor;
          const [expected, actual] = [call(plain), call(fast)];
          expect([cell, actual.shape]).toEqual([cell, expected.shape]);
          expectClose(actual.dataSync<'float32'>(), expected.dataSync<'float32'>(), FORWARD);
          for (const model of [plain, fast]) {
            const { cell } = model.layers[0] as unknown as { cell: Record<string, tf.Tensor[] | null> };
            // tfjs keeps them until the layer's next call.
            tf.dispose([cell.dropoutMask ?? [], cell.recurrentDropoutMask ?? []]);
            model.dispose();
          }
        };
        const random = new Random(7);
        const x = normal(random, [2, 3, 4]);
        same({}, tf.zeros([0, 3, 4]));
        same({ recurrentDropout: 0.5 }, x);
        const mask = tf.tensor2d([1, 0, 1, 0, 1, 1], [2, 3], 'bool');
        const states = Array.from({ length: cell.startsWith('LSTM') ? 2 : 1 }, () => normal(random, [2, 5]));
        same({}, x, mask, ...states);
      });
    }
  });

  test.each(cells)('%s, one layer called in all ways in turn: each time as without', (cell) => {
    const settings = { units: 5, inputShape: [null, 4], returnSequences: true, recurrentActivation: 'hardSigmoid' };
    const { plain, fast } = twins(() => tf.sequential({ layers: [CELLS[cell](settings as Settings)] }));
    tf.tidy(() => {
      const random = new Random(9);
      const x = normal(random, [2, 3, 4]);
      const mask = tf.tensor2d([1, 1, 0, 1, 0, 1], [2, 3], 'bool');
      const otherMask = tf.tensor2d([1, 0, 0, 1, 1, 1], [2, 3], 'bool');
      const initialState = Array.from({ length: statesOf(cell) }, () => normal(random, [2, 5]));
      const ways: [tf.Tensor, object][] = [
        [x, {}],
        [x, { mask }],
        [x, {}],
        [x, { initialState }],
        [x, { mask: otherMask }],
        [x, { initialState }],
        [x, {}],
        [normal(random, [3, 2, 4]), {}],
        [normal(random, [2, 3, 4]), {}],
        [normal(random, [1, 6, 4]), {}],
      ];
      const direction = normal(random, [18, 5]);
      for (const recorded of [false, true, false])
        for (const [given, how] of ways) {
          const run = ({ layers: [layer] }: tf.LayersModel) => {
            const output = layer.call(given, how) as tf.Tensor;
            const loss = () => {
              const [rows] = [given.size / 4];
              const flat = tf.reshape(layer.call(given, how) as tf.Tensor, [rows, 5]);
              return tf.sum(tf.mul(flat, tf.slice(direction, [0, 0], [rows, 5]))) as tf.Scalar;
            };
            const weights = layer.trainableWeights.map((weight) => weight.read());
            const slopes = recorded ? tf.grads(loss)(weights) : [];
            return {
              outputs: [output.dataSync<'float32'>()],
              gradients: slopes.map((slope) => slope.dataSync<'float32'>()),
            };
          };
          expectSame(run(fast), run(plain));
        }
    });
    for (const model of [plain, fast]) model.dispose();
  });

  test('stateful, and dropout by a dropoutFunc: as without', () => {
    const dropoutFunc = (ones: tf.Tensor, rate: number) =>
      tf.tidy(() =>
        tf.tensor(
          Float32Array.from({ length: ones.size }, (_, k) => ((k * 7) % 10 < 10 * rate ? 0 : 1 / (1 - rate))),
          ones.shape,
        ),
      );
    for (const cell of ['GRU', 'SimpleRNN'] as const) {
      const build = () => {
        const layer = CELLS[cell]({ units: 5, stateful: true, batchInputShape: [2, 3, 4], dropout: 0.3 });
        Object.assign((layer as unknown as { cell: object }).cell, { dropoutFunc });
        return tf.sequential({ layers: [layer] });
      };
      const { plain, fast } = twins(build);
      tf.tidy(() => {
        const x = normal(new Random(6), [2, 3, 4]);
        const outputs = (model: tf.LayersModel) =>
          [1, 2].map(() => tf.tidy(() => (model.apply(x) as tf.Tensor).dataSync<'float32'>()));
        const expected = outputs(plain);
        for (const [k, values] of outputs(fast).entries()) expectClose(values, expected[k], FORWARD);
        plain.resetStates();
        fast.resetStates();
        expectSame(results(fast, [x], { training: true }), results(plain, [x], { training: true }));
      });
      for (const model of [plain, fast]) {
        model.resetStates();
        const layer = model.layers[0] as unknown as { states: tf.Tensor[]; cell: { dropoutMask: tf.Tensor | null } };
        tf.dispose([layer.states, layer.cell.dropoutMask ?? []]);
        model.dispose();
      }
    }
  });
});

test('a model of tfjs trains to the same weights; a second-order gradient is refused', async () => {
  await startBackend('cpu');
  const build = () => {
    const model = tf.sequential({
      layers: [
        tf.layers.gru({ units: 6, returnSequences: true, inputShape: [5, 3] }),
        tf.layers.simpleRNN({ units: 5, activation: 'relu' }),
        tf.layers.dense({ units: 2 }),
      ],
    });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    return model;
  };
  const { plain, fast } = twins(build);
  for (const layer of fast.layers.slice(0, 2)) expect(recurrentPath(layer)).toEqual({ path: 'fused' });
  expect(accelerate(fast)).toBe(fast);
  const random = new Random(4);
  const [x, y] = [normal(random, [12, 5, 3]), normal(random, [12, 2])];
  const fit = { epochs: 4, batchSize: 5, shuffle: false, verbose: 0 } as const;
  const losses = (await fast.fit(x, y, fit)).history.loss as number[];
  const expected = (await plain.fit(x, y, fit)).history.loss as number[];
  expectClose(Float32Array.from(losses), Float32Array.from(expected), 1e-5);
  for (const [k, weight] of plain.getWeights().entries())
    expectClose(fast.getWeights()[k].dataSync<'float32'>(), weight.dataSync<'float32'>(), 1e-4);
  tf.tidy(() => {
    const once = (v: tf.Tensor) => tf.sum(tf.grad((u) => tf.sum(fast.apply(u) as tf.Tensor))(v));
    expect(() => tf.grad(once)(x)).toThrow(/have no second-order gradient; /);
  });
  plain.dispose();
  fast.dispose();
  tf.dispose([x, y]);
});
