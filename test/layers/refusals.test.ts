/** What layers refuse of their inputs, and what of them is left to tfjs: whole lines. */
import { expect, test } from '@jest/globals';
import * as l from '../../src/index.js';

type Tensor = ReturnType<typeof l.Input>;

const refused = (message: string) => expect.objectContaining({ name: 'MemcellError', code: 'model', message });

test('what inputs joined of known and open sizes give is open where the first is, or a size that is summed', () => {
  const shapes = (axis: number, ...inputs: (number | null)[][]) =>
    l.Concatenate({ axis }).apply(inputs.map((shape) => l.Input({ shape }))).shape;
  expect(shapes(-1, [null, 3], [7, 2])).toEqual([null, null, 5]);
  expect(shapes(-1, [7, 3], [null, 2])).toEqual([null, 7, 5]);
  expect(shapes(1, [7, 3], [null, 3])).toEqual([null, null, 3]);
  expect(shapes(1, [7, 3], [4, null])).toEqual([null, 11, 3]);
  expect(shapes(-1, [7, 3])).toEqual([null, 7, 3]);
});

test('only inputs of one rank are joined', () => {
  const join = (...inputs: (number | null)[][]) => l.Concatenate().apply(inputs.map((shape) => l.Input({ shape })));
  for (const [one, other] of [
    [[4, 3], [4]],
    [[4], [4, 3]],
    [
      [4, 3],
      [4, 3, 2],
    ],
  ])
    expect(() => join(one, other)).toThrow('fit only along another axis than -1');
});

test.each<[spec: string, inputShape: (number | null)[], reason: string]>([
  ['Cropping1D(2)', [4, 3], 'of 4 steps none is left'],
  ['GetItem(4)', [4, 3], 'there is no place 4 of 4'],
  ['GetItem(-5)', [4, 3], 'there is no place -5 of 4'],
  ['GetItem([2, 2])', [4, 3], 'of 4 none is left'],
  ['GetItem([3, None], axis=-1)', [4, 3], 'of 3 none is left'],
  ['GetItem(1, axis=3)', [4, 3], "axis 3 is none of a sample's"],
  ['GetItem(1, axis=0)', [4, 3], "axis 0 is none of a sample's"],
  ['GetItem(1)', [3], 'one number leaves no axis but the samples; take a range, such as [1, 2]'],
  ['GetItem(-1)', [3], 'one number leaves no axis but the samples; take a range, such as [-1, null]'],
  ['Rescaling([1, 2])', [4, 3], 'scale has 2 numbers for 3 features'],
  ['Permute([1, 3])', [4, 3], 'dims must be the axes 1 to 2 in another order, not [1, 3]'],
  ['Permute([1, 1])', [4, 3], 'dims must be the axes 1 to 2 in another order, not [1, 1]'],
  ['Permute([1, 2, 3])', [4, 3], 'dims must be the axes 1 to 2 in another order, not [1, 2, 3]'],
  ['Reshape([-1, -1])', [4, 3], 'targetShape has -1 more than once'],
  ['Reshape([5])', [4, 3], '12 values do not fill the shape [5]'],
  ['Reshape([5, -1])', [4, 3], '12 values do not fill the shape [5, -1]'],
  ['GroupNormalization(3)', [5, 4], '4 features do not make 3 groups of one size'],
  ['GroupNormalization(8)', [5, 4], '4 features do not make 8 groups of one size'],
  ['GroupNormalization(2, 1)', [5, 4], 'axis 1 is not the last'],
  ['Conv1D(3, 2, groups=2)', [5, 4], '3 filters do not make 2 groups of one size'],
  ['Conv1D(4, 2, groups=2)', [5, 3], '3 features do not make 2 groups of one size'],
  ['PositionEmbedding(3)', [4, 2], 'sequenceLength 3 is below its 4 steps'],
  ['Normalization(mean=2)', [4, 2], 'mean and variance go together; one of them is missing'],
  ['Normalization(variance=2)', [4, 2], 'mean and variance go together; one of them is missing'],
  ...[
    'PReLU() alpha',
    'PReLU(shared_axes=[2]) alpha',
    'RMSNormalization(axis=1) scale',
    'RMSNormalization(axis=[-1, -2]) scale',
    'Normalization(axis=[1, 2]) mean',
  ].map((both): [string, (number | null)[], string] => {
    const [spec, weight] = [both.slice(0, both.lastIndexOf(' ')), both.slice(both.lastIndexOf(' ') + 1)];
    return [spec, [null, 3], `its weight ${weight} has the size of an axis that is open; give that a fixed size`];
  }),
])('%s cannot take %j', (spec, inputShape, reason) => {
  const sizes = [null, ...inputShape].map((size) => size ?? 'None').join(', ');
  const className = spec.slice(0, spec.indexOf('('));
  expect(() => l.sequential(spec, { inputShape }).build()).toThrow(
    refused(`layer 1 (${className}) cannot take an input of shape (${sizes}): ${reason}`),
  );
});

test('at their limits they do', () => {
  for (const [spec, inputShape] of [
    ['Cropping1D(2)', [5, 3]],
    ['GroupNormalization(4)', [5, 4]],
    ['PositionEmbedding(4)', [4, 2]],
    ['Reshape([6, -1])', [4, 3]],
    ['PReLU(shared_axes=[1])', [null, 3]],
    ['TimeDistributed(PReLU())', [null, 3]],
    ['RMSNormalization()', [null, 3]],
    ['RMSNormalization(axis=1)', [1, 2]],
    ['Normalization()', [null, 3]],
  ] as const)
    expect(() => l.sequential(spec, { inputShape: [...inputShape] }).build()).not.toThrow();
});

/** (None, 4, 3), (None, 5, 3), (None, 4, 2), (None, 3) */
const ends = (): Tensor[] => [[4, 3], [5, 3], [4, 2], [3]].map((shape) => l.Input({ shape }));

test.each<[make: () => l.Layer, inputs: number[], message: string]>([
  [() => l.Dot(0), [0, 0], 'cannot take inputs of shape (None, 4, 3), (None, 4, 3): axes may not be 0, the samples'],
  [
    () => l.Dot([1, 0]),
    [0, 0],
    'cannot take inputs of shape (None, 4, 3), (None, 4, 3): axes may not be 0, the samples',
  ],
  [
    () => l.Dot(1),
    [0, 1],
    'cannot take inputs of shape (None, 4, 3), (None, 5, 3): the sizes 4 and 5 along its axes differ',
  ],
  [
    () => l.Concatenate(),
    [0, 1],
    'cannot take inputs of shape (None, 4, 3), (None, 5, 3): inputs of the shapes [[null,4,3],[null,5,3]] fit only along another axis than -1',
  ],
  [
    () => l.Concatenate({ axis: 1 }),
    [0, 2],
    'cannot take inputs of shape (None, 4, 3), (None, 4, 2): inputs of the shapes [[null,4,3],[null,4,2]] fit only along another axis than 1',
  ],
  [
    () => l.Add(),
    [0, 1],
    'cannot take inputs of shape (None, 4, 3), (None, 5, 3): inputs of the shapes [null,4,3] and [null,5,3] do not fit each other',
  ],
  ...[() => l.Subtract(), () => l.Dot(2)].flatMap((make): [() => l.Layer, number[], string][] => [
    [make, [0], 'cannot take inputs of shape (None, 4, 3): it takes two inputs, not 1'],
    [
      make,
      [0, 0, 0],
      'cannot take inputs of shape (None, 4, 3), (None, 4, 3), (None, 4, 3): it takes two inputs, not 3',
    ],
  ]),
  [
    () => l.Attention(),
    [0],
    'cannot take inputs of shape (None, 4, 3): it takes two inputs or three: query, value, key',
  ],
  [
    () => l.AdditiveAttention(),
    [0, 0, 0, 0],
    'cannot take inputs of shape (None, 4, 3), (None, 4, 3), (None, 4, 3), (None, 4, 3): it takes two inputs or three: query, value, key',
  ],
  [
    () => l.Attention(),
    [0, 0, 1],
    'cannot take inputs of shape (None, 4, 3), (None, 4, 3), (None, 5, 3): value has 4 steps and key 5',
  ],
  [
    () => l.MultiHeadAttention(2, 3),
    [0, 0, 0, 0],
    'cannot take inputs of shape (None, 4, 3), (None, 4, 3), (None, 4, 3), (None, 4, 3): it takes one to three inputs: query, value, key',
  ],
  [
    () => l.MultiHeadAttention(2, 3),
    [0, 0, 1],
    'cannot take inputs of shape (None, 4, 3), (None, 4, 3), (None, 5, 3): value has 4 steps and key 5',
  ],
  [() => l.Dense(2), [0, 0], 'takes one input, not 2; join them first, as Concatenate() does'],
  [() => l.LSTM(3), [0, 3], 'has 2 states, but 1 is given as the initial one'],
  [() => l.GRU(2), [0, 3], 'initial state 0 has the shape (None, 3); it must be (None, 2)'],
  [() => l.Bidirectional(l.GRU(3)), [0, 3], 'has 2 states, but 1 is given as the initial one'],
  [() => l.Dense(2), [], 'is applied to []; give it what Input() or another layer gives'],
])('%# of tensors', (make, inputs, message) => {
  const all = ends();
  const layer = make() as l.Layer & { apply(inputs: unknown, options?: object): unknown };
  const given = inputs.map((at) => all[at]);
  const isState = message.includes('state');
  const apply = () =>
    isState
      ? layer.apply(given[0], { initialState: given.slice(1) })
      : layer.apply(given.length === 1 ? given[0] : given);
  const colon = message.startsWith('initial') ? ':' : '';
  expect(apply).toThrow(refused(`layer ${layer.name} (${layer.getClassName()})${colon} ${message}`));
});

test('a model in a model takes what it was made of', () => {
  const [a, b, c, d] = ends();
  const inner = new l.Model({
    inputs: [a, d],
    outputs: l.Dense(1).apply(l.LSTM(3).apply(a, { initialState: [d, d] })),
    name: 'inner',
  });
  const apply =
    (...given: Tensor[]) =>
    () =>
      inner.apply(given.length === 1 ? given[0] : given);
  expect(apply(a)).toThrow(refused('layer inner (Model) takes 2 inputs, not 1'));
  expect(apply(b, d)).toThrow(refused('layer inner (Model) takes (None, 4, 3) as input 0, not (None, 5, 3)'));
  expect(apply(a, c)).toThrow(refused('layer inner (Model) takes (None, 3) as input 1, not (None, 4, 2)'));
  expect(apply(l.Input({ shape: [null, 3] }), d)).not.toThrow();
});

const model = (
  build: (ends: Tensor[]) => Tensor | Tensor[],
  shapes: (number | null)[][] = [[4, 3], [5, 3], [4, 2], [3]],
) => {
  const inputs = shapes.map((shape) => l.Input({ shape }));
  const outputs = [build(inputs)].flat();
  const used = new Set<Tensor>();
  const visit = (tensor: Tensor & { call?: { inputs: Tensor[] } | undefined }) => {
    used.add(tensor);
    for (const one of tensor.call?.inputs ?? []) visit(one as never);
  };
  for (const output of outputs) visit(output as never);
  return new l.Model({ inputs: inputs.filter((one) => used.has(one)), outputs });
};
const stack = (spec: string, inputShape: (number | null)[]) => l.sequential(spec, { inputShape });

test.each<[why: string, make: () => l.Sequential | l.Model]>([
  ['layer p_re_lu (PReLU) shares its factors between features', () => stack('PReLU(shared_axes=[2])', [4, 3])],
  ['layer conv1d (Conv1D) reads channelsFirst', () => stack("Conv1D(2, 2, data_format='channels_first')", [3, 4])],
  [
    'layer zero_padding1d (ZeroPadding1D) reads channelsFirst',
    () => stack("ZeroPadding1D(1, data_format='channels_first')", [3, 4]),
  ],
  [
    'layer batch_normalization (BatchNormalization) normalises axis 1, not the last',
    () => stack('BatchNormalization(1)', [3, 4]),
  ],
  [
    'layer normalization (Normalization) normalises axis 1, not the last',
    () => stack('Normalization(1, mean=[1, 2, 3], variance=[1, 2, 3])', [3, 4]),
  ],
  [
    'layer normalization (Normalization) has one mean of all values as a weight',
    () => stack('Normalization(null)', [3, 4]),
  ],
  ['layer reshape (Reshape) gives samples of more than two axes', () => stack('Reshape([2, 2, 3])', [4, 3])],
  ['layer reshape (Reshape) makes features of an open number of steps', () => stack('Reshape([-1])', [null, 3])],
  ['layer get_item (GetItem) makes features of an open number of steps', () => stack('GetItem(1, axis=2)', [null, 3])],
  ['layer permute (Permute) makes features of an open number of steps', () => stack('Permute([2, 1])', [null, 3])],
  ['its number of features is open', () => stack('Activation(tanh)', [4, null])],
  [
    'its input has 4 axes; the engine takes (samples, features) and (samples, steps, features)',
    () => stack('Dense(2)', [4, 3, 2]),
  ],
  ['layer embedding (Embedding) is not the first layer', () => stack('Dense(1), Embedding(4, 2)', [1])],
  [
    'layer bidirectional (Bidirectional) has an activityRegularizer, mergeMode sum and returnState',
    () =>
      model(
        ([a]) =>
          (
            l
              .Bidirectional(l.LSTM(2, { activityRegularizer: 'l1', returnState: true }), { mergeMode: 'sum' })
              .apply(a) as unknown as Tensor[]
          )[0],
      ),
  ],
  [
    'an Embedding and other layers read the same input',
    () => model(([x]) => [l.Embedding(9, 2).apply(x) as Tensor, l.Dense(2).apply(x) as Tensor], [[4]]),
  ],
  [
    'layer dot (Dot) gives as many features as a sequence has steps, which is open',
    () =>
      model(
        ([a, b]) => l.Dot(2).apply([a, b]) as Tensor,
        [
          [4, 3],
          [null, 3],
        ],
      ),
  ],
])('left to tfjs: %s', (why, make) => {
  const made = make();
  made.compile({ loss: 'mse' });
  expect(made.engine).toEqual({ kind: 'tfjs', why });
  made.dispose();
});

test.each<[message: string, make: () => unknown]>([
  ['ZeroPadding1D: padding must be a list of 2, not [1]', () => l.ZeroPadding1D({ padding: [1] as never })],
  ['Cropping1D: cropping must be a list of 2, not [1,2,3]', () => l.Cropping1D({ cropping: [1, 2, 3] as never })],
  [
    'GetItem: item must be a whole number, or a list [start, stop] or [start, stop, step], not [1]',
    () => l.GetItem([1]),
  ],
  ['GetItem: item[2] must be another number than 0, not 0', () => l.GetItem([1, 2, 0])],
  ['GetItem: item[1] must be a whole number', () => l.GetItem([1, 2.5])],
  ['Permute: dims must be a list of 1 or more, not []', () => l.Permute([])],
  ['Reshape: targetShape must be a list of 1 or more, not []', () => l.Reshape([])],
  ['StackedRNNCells: cells must be a list of 1 or more, not []', () => l.StackedRNNCells([])],
  ['PReLU: sharedAxes must be a list of 0 or more, not 3', () => l.PReLU({ sharedAxes: 3 as never })],
])('%s', (message, make) => {
  expect(make).toThrow(message);
});
