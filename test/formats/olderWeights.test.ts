/** Weights as cuDNN's layers and Keras 1 had them, number by number, and the names that optimizers had for their slots. */
import { expect, test } from '@jest/globals';
import { modernWeights } from '../../src/formats/keras/olderWeights.js';
import { optimizerStateFrom } from '../../src/formats/keras/training.js';

const weight = (layer: string, name: string, shape: number[], data: number[]) => ({
  layer,
  name,
  shape,
  data: Float32Array.from(data),
});
const range = (count: number, of: (index: number) => number) => Array.from({ length: count }, (_, i) => of(i));
const plain = (weights: ReturnType<typeof modernWeights>) =>
  weights.map(({ layer, name, shape, data }) => [layer, name, shape, [...data]]);

test.each([
  ['LSTM', 4],
  ['GRU', 3],
])('cuDNN’s %s: a gate’s (I,U) is read row by row as (U,I), its biases stand one behind the other', (kind, gates) => {
  const [I, U] = [3, 2];
  const width = gates * U;
  // Of gate g the numbers 10·g + 0, 1, 2 … in the file's order, and as they are to come out.
  const inFile = (rows: number) =>
    range(rows * width, (at) => 10 * Math.floor((at % width) / U) + Math.floor(at / width) * U + (at % U));
  const turned = (rows: number) =>
    range(rows * width, (at) => 10 * Math.floor((at % width) / U) + (at % U) * rows + Math.floor(at / width));
  const own = (layer: string) => [
    weight(layer, 'kernel', [I, width], inFile(I)),
    weight(layer, 'recurrent', [U, width], inFile(U)),
    weight(
      layer,
      'bias',
      [2 * width],
      range(2 * width, (at) => at),
    ),
  ];
  const made = (layer: string) => [
    [layer, 'kernel', [I, width], turned(I)],
    [layer, 'recurrent', [U, width], turned(U)],
    kind === 'GRU'
      ? [layer, 'bias', [2, width], range(2 * width, (at) => at)]
      : [layer, 'bias', [width], range(width, (at) => 2 * at + width)],
  ];
  expect(plain(modernWeights(own('a')))).toEqual(made('a'));
  // Both directions of one layer.
  expect(plain(modernWeights([...own('a'), ...own('a')]))).toEqual([...made('a'), ...made('a')]);
  // What else stands behind them is no bias of theirs: in two rows, of an odd size, or behind both directions.
  for (const shape of [[2, width], [2 * width + 1]]) {
    const bias = weight(
      'a',
      'bias',
      shape,
      range(
        shape.reduce((a, b) => a * b),
        (at) => at,
      ),
    );
    expect(plain(modernWeights([...own('a'), ...own('a').slice(0, 2), bias]))).toEqual([
      ...made('a'),
      ...made('a').slice(0, 2),
      ...plain([bias]),
    ]);
  }
  // One bias, or biases in two rows, are of other layers.
  for (const shape of [[width], [2, width]]) {
    const other = [
      ...own('a').slice(0, 2),
      weight(
        'a',
        'bias',
        shape,
        range(width, (at) => at),
      ),
    ];
    expect(modernWeights(other)).toEqual(other);
  }
});

test('Keras 1’s gates, an array each, come side by side in today’s order; its convolution loses an axis', () => {
  const gate = (letter: string, from: number) => [
    weight('l', `lstm_1_W_${letter}:0`, [2, 1], [from, from + 1]),
    weight('l', `lstm_1_U_${letter}:0`, [1, 1], [from + 2]),
    weight('l', `lstm_1_b_${letter}:0`, [1], [from + 3]),
  ];
  const all = (letters: string) => [...letters].flatMap((letter, i) => gate(letter, 10 * i));
  expect(plain(modernWeights([...all('icfo'), weight('d', 'kernel', [1, 1], [7])]))).toEqual([
    ['l', 'l/kernel', [2, 4], [0, 20, 10, 30, 1, 21, 11, 31]],
    ['l', 'l/recurrent_kernel', [1, 4], [2, 22, 12, 32]],
    ['l', 'l/bias', [4], [3, 23, 13, 33]],
    ['d', 'kernel', [1, 1], [7]],
  ]);
  expect(plain(modernWeights(all('zrh')))).toEqual([
    ['l', 'l/kernel', [2, 3], [0, 10, 20, 1, 11, 21]],
    ['l', 'l/recurrent_kernel', [1, 3], [2, 12, 22]],
    ['l', 'l/bias', [3], [3, 13, 23]],
  ]);
  const conv = [
    weight(
      'c',
      'conv_1_W:0',
      [2, 1, 3, 1],
      range(6, (at) => at),
    ),
    weight('c', 'conv_1_b:0', [1], [9]),
  ];
  expect(plain(modernWeights(conv))).toEqual([
    ['c', 'conv_1_W:0', [2, 3, 1], range(6, (at) => at)],
    ['c', 'conv_1_b:0', [1], [9]],
  ]);
  for (const others of [
    all('ab'),
    [
      weight(
        'c',
        'kernel',
        [2, 1, 3, 1],
        range(6, (at) => at),
      ),
    ],
    all('zrh').map((one) => ({ ...one, name: 'x' })),
  ])
    expect(modernWeights(others)).toEqual(others);
});

type Optimizer = Parameters<typeof optimizerStateFrom>[0];

test.each<[class_name: string, config: object, names: Record<string, string[]>]>([
  [
    'Adam',
    {},
    {
      momentum: ['Adam/m/d/kernel:0', 'Adam/d/kernel/m:0', 'adam/d_kernel_momentum', 'd/kernel/m'],
      velocity: ['Adam/v/d/kernel:0', 'Adam/d/kernel/v:0', 'adam/d_kernel_velocity', 'd/kernel/v'],
    },
  ],
  ['Adam', { amsgrad: true }, { momentum: ['x/m:0'], velocity: ['x/v:0'], velocityHat: ['x/vhat:0'] }],
  [
    'Adam',
    { amsgrad: true },
    { momentum: ['a/x_momentum'], velocity: ['a/x_velocity'], velocityHat: ['a/x_velocity_hat'] },
  ],
  ['SGD', { momentum: 0.9 }, { momentum: ['SGD/m/d/kernel:0', 'SGD/d/kernel/momentum:0', 'velocity/kernel/momentum'] }],
  [
    'RMSprop',
    { momentum: 0.1, centered: true },
    {
      velocity: ['x/rms:0', 'r/x_velocity'],
      momentum: ['x/momentum:0', 'r/x_momentum'],
      averageGradient: ['x/mg:0', 'r/x_average_gradient'],
    },
  ],
  ['Adagrad', {}, { accumulator: ['x/accumulator:0', 'adagrad/x_accumulator'] }],
  ['Adamax', {}, { momentum: ['Adamax/m/x:0', 'adamax/x_momentum'], norm: ['Adamax/u/x:0', 'adamax/x_norm'] }],
  ['Adam', { use_ema: true }, { average: ['Adam/x/average:0'], momentum: ['x/m:0'], velocity: ['x/v:0'] }],
  [
    'Adam',
    { gradient_accumulation_steps: 2 },
    { gradientAccumulator: ['a/x_gradient_accumulator'], momentum: ['x/m'], velocity: ['x/v'] },
  ],
])('slots of %s %j are known by their names', (class_name, config, names) => {
  let value = 0;
  const variables = Object.values(names)
    .flat()
    .map((name) => ({ name, shape: [1], data: [++value], isCount: false }));
  const count = { name: 'iteration', shape: [], data: [7], isCount: true };
  const slots = Object.entries(names);
  const from = (at: number) => slots.slice(0, at).reduce((sum, [, { length }]) => sum + length, 1);
  const expected = Object.fromEntries(
    slots.map(([slot, { length }], at) => [
      slot,
      range(length, (i) => from(at) + i).map((one) => Float32Array.of(one)),
    ]),
  );
  const lost: string[] = [];
  const read = (...more: (typeof variables)[number][]) =>
    optimizerStateFrom({ class_name, config } as Optimizer, [...variables, ...more], lost);
  expect(read(count)).toEqual({ iterations: 7, slots: expected });
  expect(lost).toEqual([]);
  // Without a count, with one that is none, with a slot that is not its own, or one array too many.
  const [first] = variables;
  const told = "the optimizer's state is in an order not known here; it starts anew";
  for (const more of [
    [],
    [{ ...count, data: [-1] }],
    [{ ...count, data: [0.5] }],
    [count, { ...first, name: 'x/unknown' }],
  ]) {
    lost.length = 0;
    expect(read(...more)).toBeUndefined();
    expect(lost).toEqual([told]);
  }
  if (slots.length > 1) expect(read(count, first)).toBeUndefined();
  expect(optimizerStateFrom({ class_name, config } as Optimizer, [], lost)).toBeUndefined();
});
