/** Saved models as plans without TensorFlow.js: whole ends of those that the engine runs, and whole reasons for the others. */
import { expect, test } from '@jest/globals';
import { planSaved, type SavedWeight } from '../../src/engine/planSaved.js';
import { prepareBackend } from '../../src/kernels/backend.js';

await prepareBackend();

type Layer = Record<string, unknown>;
type Config = Record<string, unknown>;

const layer = (class_name: string, name: string, config: Config = {}, ...calls: unknown[][]): Layer => ({
  class_name,
  name,
  config: { name, ...config },
  inbound_nodes: calls,
});
const dense = (name: string, config: Config = {}, ...calls: unknown[][]) =>
  layer('Dense', name, { units: 2, use_bias: false, activation: 'linear', ...config }, ...calls);
const of = (layerName: string, ...shapes: number[][]): SavedWeight[] =>
  shapes.map((shape) => ({ layer: layerName, shape }));
const stack = (...layers: Layer[]) => ({ class_name: 'Sequential', config: { name: 's', layers } });
const graph = (layers: Layer[], inputs: string[], outputs: unknown[][]) => ({
  class_name: 'Model',
  config: { name: 'm', layers, input_layers: inputs.map((name) => [name, 0, 0]), output_layers: outputs },
});
const input = (name: string, ...shape: (number | null)[]) => layer('InputLayer', name, { batch_input_shape: shape });
const first = (...shape: (number | null)[]) => ({ batch_input_shape: shape });
const cell = { units: 2, use_bias: false, activation: 'tanh' };
const rnn = (name: string, config: Config = {}, ...calls: unknown[][]) =>
  layer('SimpleRNN', name, { ...cell, ...config }, ...calls);

const reason = (topology: Config, weights: SavedWeight[] = []) => {
  const planned = planSaved(topology, weights);
  return 'reason' in planned ? planned.reason : planned;
};

test('ends have their names and shapes, the batch free unless states are kept', () => {
  const { plan, ...ends } = reason(stack(dense('a', first(null, 3)), dense('b', { units: 4 })), [
    ...of('a', [3, 2]),
    ...of('b', [2, 4]),
  ]) as Exclude<ReturnType<typeof planSaved>, { reason: string }>;
  expect(ends).toEqual({
    inputs: [{ name: 'a_input', shape: [null, 3] }],
    outputs: [{ name: 'b', shape: [null, 4] }],
  });
  expect(plan.batch).toBeUndefined();
  expect(plan.weights).toEqual([
    { name: 'a', shape: [3, 2], l1: 0, l2: 0, trained: false },
    { name: 'b', shape: [2, 4], l1: 0, l2: 0, trained: false },
  ]);
  expect(plan.inputs).toEqual([{ sequence: false, width: 3, integers: false }]);
  expect(plan.nodes.map(({ inputs, layer: { kind } }) => [inputs, kind])).toEqual([
    [[0], 'dense'],
    [[1], 'dense'],
  ]);

  const kept = rnn('r', { ...first(5, null, 3), stateful: true, return_sequences: true });
  expect(reason(stack(kept), of('r', [3, 2], [2, 2]))).toMatchObject({
    plan: { batch: 5 },
    inputs: [{ name: 'r_input', shape: [5, null, 3] }],
    outputs: [{ name: 'r', shape: [5, null, 2] }],
  });
  const words = layer('Embedding', 'e', { input_dim: 9, output_dim: 2, ...first(null, 4) });
  expect(reason(stack(words), of('e', [9, 2]))).toMatchObject({
    inputs: [{ name: 'e_input', shape: [null, 4], below: 9 }],
    outputs: [{ name: 'e', shape: [null, 4, 2] }],
  });
  const table = (name: string, input_dim: number) =>
    layer('Embedding', name, { input_dim, output_dim: 2 }, [['x', 0, 0]]);
  const several = graph(
    [input('x', null, 4), table('e', 9), table('f', 5), table('g', 7)],
    ['x'],
    ['e', 'f', 'g'].map((name) => [name, 0, 0]),
  );
  expect(reason(several, [...of('e', [9, 2]), ...of('f', [5, 2]), ...of('g', [7, 2])])).toMatchObject({
    inputs: [{ name: 'x', shape: [null, 4], below: 5 }],
  });
  const twice = graph(
    [input('x', null, 3), dense('a', {}, [['x', 0, 0]], [['a', 0, 0]])],
    ['x'],
    [
      ['a', 0, 0],
      ['a', 0, 0],
    ],
  );
  expect(
    reason(
      graph(
        [input('x', null, 3), dense('a', { units: 3 }, [['x', 0, 0]], [['a', 0, 0]])],
        ['x'],
        [
          ['a', 1, 0],
          ['a', 0, 0],
        ],
      ),
      of('a', [3, 3]),
    ),
  ).toMatchObject({
    inputs: [{ name: 'x', shape: [null, 3] }],
    outputs: [
      { name: 'a', shape: [null, 3] },
      { name: 'a_1', shape: [null, 3] },
    ],
  });
  expect(reason(twice, of('a', [3, 2]))).toBe('layer a (Dense) has weights of other names or shapes');
});

const x = input('x', null, 3);
const sequence = input('x', null, 4, 3);

const reasons: [why: string, topology: Config, weights?: SavedWeight[]][] = [
  ['it has no layers', stack()],
  ['it has a layer of no class', stack({ config: {} })],
  ['it has no layer z', graph([x], ['z'], [['x', 0, 0]])],
  ['it has no layer y', graph([x, dense('a', {}, [['y', 0, 0]])], ['x'], [['a', 0, 0]])],
  [
    'its layers read each other in a circle',
    graph([x, dense('a', {}, [['b', 0, 0]]), dense('b', {}, [['a', 0, 0]])], ['x'], [['b', 0, 0]]),
  ],
  ['x is read with options', graph([x, dense('a', {}, [['x', 0, 0, { training: true }]])], ['x'], [['a', 0, 0]])],
  ['layer a (Thick) is of a kind that the engine does not have', stack(layer('Thick', 'a', first(null, 3)))],
  ...[[], [[3, 3]], [[3, 2], [2]]].map((shapes): [string, Config, SavedWeight[]] => [
    'layer a (Dense) has weights of other names or shapes',
    stack(dense('a', first(null, 3))),
    of('a', ...shapes),
  ]),
  [
    'layer a (Dense) has weights of other names or shapes',
    stack(dense('a', first(null, 3))),
    [{ layer: 'a', name: 'bias', shape: [3, 2] }],
  ],
  ['no layer takes the weights of b', stack(dense('a', first(null, 3))), [...of('a', [3, 2]), ...of('b', [2])]],
  [
    'layer b (Bidirectional) has not as many weights for either direction',
    stack(layer('Bidirectional', 'b', { ...first(null, 4, 3), merge_mode: 'concat', layer: rnn('r') })),
    of('b', [3, 2], [2, 2], [3, 2]),
  ],
  ['the shape of a_input is not known', stack(dense('a'))],
  ['the shape of a_input is not known', stack(dense('a', first(null)))],
  ['the shape of a_input is not known', stack(dense('a', { batch_input_shape: [null, 'x'] }))],
  ['its number of features is open', stack(dense('a', first(null, null)))],
  [
    'its input has 4 axes; the engine takes (samples, features) and (samples, steps, features)',
    stack(dense('a', first(null, 2, 3, 4))),
  ],
  [
    'an Embedding and other layers read the same input',
    graph(
      [
        input('x', null, 3),
        layer('Embedding', 'e', { input_dim: 9, output_dim: 2 }, [['x', 0, 0]]),
        dense('a', {}, [['x', 0, 0]]),
      ],
      ['x'],
      [['a', 0, 0]],
    ),
  ],
  [
    'layer a (Dense) has several inputs',
    graph(
      [
        x,
        dense('a', {}, [
          ['x', 0, 0],
          ['x', 0, 0],
        ]),
      ],
      ['x'],
      [['a', 0, 0]],
    ),
    of('a', [3, 2]),
  ],
  [
    "output 1 of layer a is not made of the model's inputs",
    graph([x, dense('a', {}, [['x', 0, 0]])], ['x'], [['a', 0, 1]]),
    of('a', [3, 2]),
  ],
  [
    'it is stateful for batches of no fixed size',
    stack(rnn('r', { ...first(null, 4, 3), stateful: true })),
    of('r', [3, 2], [2, 2]),
  ],
  [
    'layer r (SimpleRNN) is stateful and called twice',
    graph(
      [input('x', 5, 4, 3), rnn('r', { stateful: true }, [['x', 0, 0]], [['x', 0, 0]])],
      ['x'],
      [
        ['r', 0, 0],
        ['r', 1, 0],
      ],
    ),
    of('r', [3, 2], [2, 2]),
  ],
  [
    'layer a (Dense) has the activation tang',
    stack(dense('a', { ...first(null, 3), activation: 'tang' })),
    of('a', [3, 2]),
  ],
  [
    'layer m (MaxPooling1D) has an option of its own: MaxPooling1D: poolSize must be a whole number from 1 to 65536, not 0',
    graph([sequence, layer('MaxPooling1D', 'm', { pool_size: 0 }, [['x', 0, 0]])], ['x'], [['m', 0, 0]]),
  ],
  ...(
    [
      ['Concatenate', 'joins inputs with steps and without', {}, ['n', 's']],
      ['Concatenate', 'joins inputs with steps and without', { axis: 1 }, ['s', 'n']],
      ['Concatenate', 'joins inputs of unlike numbers of features', { axis: 1 }, ['s', 'narrow']],
      ['Concatenate', 'joins inputs of unlike numbers of steps', {}, ['open', 's', 'long']],
      ...[0, 3, -3].map((axis) => ['Concatenate', `concatenates along axis ${axis}`, { axis }, ['s', 's']] as const),
      ['Concatenate', 'concatenates along axis 2', { axis: 2 }, ['n', 'n']],
      ['SimpleRNN', 'has an input without steps', cell, ['n']],
      ['SimpleRNN', 'is stateful and is given its initial state', { ...cell, stateful: true }, ['fixed', 'state']],
      ['Attention', 'has an input without steps', {}, ['s', 'n']],
      ['Conv1D', 'has an input without steps', { filters: 1, kernel_size: 1 }, ['n']],
      ['Masking', 'has an input without steps', {}, ['n']],
      ['UnitNormalization', 'takes axis 0', { axis: 0 }, ['s']],
      ['UnitNormalization', 'takes axis 2', { axis: 2 }, ['n']],
      ['UnitNormalization', 'takes axis 2,3', { axis: [-1, 3] }, ['s']],
      ['Normalization', 'has no mean and variance of each of its 3 features', { mean: [1, 2], variance: 1 }, ['n']],
      ['Normalization', 'has no mean and variance of each of its 3 features', { mean: 1, variance: [1, 2] }, ['n']],
      ['Rescaling', 'has no scale and offset of each of its 3 features', { scale: [1, 2] }, ['n']],
      ['Rescaling', 'has no scale and offset of each of its 3 features', { scale: 1, offset: [1, 2] }, ['s']],
      ['Rescaling', 'has an option of its own: Rescaling: scale is missing', {}, ['n']],
      ['Bidirectional', 'wraps Dense', { layer: dense('d') }, ['s']],
      ['TimeDistributed', 'wraps Flatten', { layer: layer('Flatten', 'f') }, ['s']],
    ] as const
  ).map(([kind, why, config, names]): [string, Config, SavedWeight[]] => {
    const inputs = [...new Set(names)];
    const shapes: Record<string, (number | null)[]> = {
      n: [null, 3],
      s: [null, 4, 3],
      narrow: [null, 4, 2],
      long: [null, 5, 3],
      open: [null, null, 3],
      fixed: [5, 4, 3],
      state: [5, 2],
    };
    const read = names.map((name) => [name, 0, 0]);
    const layers = [...inputs.map((name) => input(name, ...shapes[name])), layer(kind, 'own', config, read)];
    const weights: Record<string, number[][]> = {
      SimpleRNN: [
        [3, 2],
        [2, 2],
      ],
      Conv1D: [[1, 3, 1], [1]],
      Bidirectional: [
        [3, 2],
        [3, 2],
      ],
    };
    const topology = graph(layers, inputs, [['own', 0, 0]]);
    return [`layer own (${kind}) ${why}`, topology, of('own', ...(weights[kind] ?? []))];
  }),
];

test.each(reasons.map(([why, topology, weights = []]) => ({ why, topology, weights })))(
  '$why',
  ({ why, topology, weights }) => {
    expect(reason(topology, weights)).toBe(why);
  },
);

test.each([false, true, undefined])('a saved Bidirectional around a layer with go_backwards %s', (go_backwards) => {
  const inner = rnn('r', { return_sequences: true, ...(go_backwards !== undefined && { go_backwards }) });
  const both = layer('Bidirectional', 'b', { ...first(null, 4, 3), merge_mode: 'sum', layer: inner });
  const planned = reason(stack(both), of('b', [3, 2], [2, 2], [3, 2], [2, 2]));
  const direction = { kind: 'simpleRNN', units: 2, inputs: 3, bias: -1, returnSequences: true, stateful: false };
  expect(planned).toMatchObject({
    plan: {
      nodes: [
        {
          layer: {
            kind: 'bidirectional',
            mergeMode: 'sum',
            forward: { ...direction, goBackwards: go_backwards === true, kernel: 0, recurrentKernel: 1 },
            backward: { ...direction, goBackwards: go_backwards !== true, kernel: 2, recurrentKernel: 3 },
          },
        },
      ],
    },
    outputs: [{ name: 'b', shape: [null, 4, 2] }],
  });
});

test('both outputs of a saved Bidirectional that stay two have all its steps, its states none', () => {
  const inner = rnn('r', { return_sequences: true, return_state: true });
  const both = layer('Bidirectional', 'b', { merge_mode: null, layer: inner }, [['x', 0, 0]]);
  const ends = [0, 1, 2, 3].map((number) => ['b', 0, number]);
  const weights = of('b', [3, 2], [2, 2], [3, 2], [2, 2]);
  expect(reason(graph([sequence, both], ['x'], ends), weights)).toMatchObject({
    outputs: [
      { name: 'b', shape: [null, 4, 2] },
      { name: 'b_1', shape: [null, 4, 2] },
      { name: 'b_2', shape: [null, 2] },
      { name: 'b_3', shape: [null, 2] },
    ],
  });
  const flat = layer('Flatten', 'f', {}, [['b', 0, 1]]);
  expect(reason(graph([sequence, both, flat], ['x'], [['f', 0, 0]]), weights)).toMatchObject({
    outputs: [{ name: 'f', shape: [null, 8] }],
  });
});

test('a saved Flatten of values without steps is none, and a Concatenate of one input neither', () => {
  const kinds = (...layers: Layer[]) => {
    const made = reason(stack(dense('a', first(null, 3)), ...layers), of('a', [3, 2]));
    return typeof made === 'string' ? made : made.plan.nodes.map(({ layer: { kind } }) => kind);
  };
  expect(kinds(layer('Flatten', 'f'))).toEqual(['dense']);
  expect(kinds(layer('Concatenate', 'c'))).toEqual(['dense']);
});
