import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withoutMasks } from '../../src/formats/keras/masks.js';
import { tensorsIn } from '../../src/formats/keras/nodes.js';
import { isJsonObject, type Json } from '../../src/formats/modelJson.js';
import '../propertySeed.js';

const tensor = (name: string, output = 0): Json => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 5, 4], keras_history: [name, 0, output] },
});

const layer = (class_name: string, name: string, args: Json[], config: Json = {}, kwargs: Json = {}): Json => ({
  class_name,
  module: 'keras.layers',
  name,
  config,
  inbound_nodes: args.length > 0 ? [{ args, kwargs }] : [],
});

const operation = (class_name: string, name: string, args: Json[]): Json => {
  const one = layer(class_name, name, args);
  return isJsonObject(one) ? { ...one, module: 'keras.src.ops.numpy' } : one;
};

const embedding = (name: string, of: string) => layer('Embedding', name, [tensor(of)], { mask_zero: true });
const reader = (of: Json, mask: Json) => layer('GRU', 'reads', [of], {}, { mask, training: false });

const bidirectional = (return_sequences: boolean): Json => ({
  layer: { class_name: 'LSTM', config: { return_sequences, return_state: true } },
  merge_mode: 'concat',
});

const namesOf = (layers: Json[]) => layers.map((one) => isJsonObject(one) && one.name);
const maskOf = (layers: Json[]) => JSON.stringify(layers).includes('"mask":null');

test.each<[string, Json[]]>([
  ['of an Embedding', [reader(tensor('e'), tensor('ne'))]],
  [
    'through layers that keep it',
    [
      layer('Dense', 'd', [tensor('e')]),
      layer('LSTM', 'l', [tensor('d')], { return_sequences: true }),
      layer('RNN', 'n', [tensor('l')], { return_sequences: true }),
      layer('Bidirectional', 'b', [tensor('n')], bidirectional(true)),
      reader(tensor('b'), tensor('ne')),
    ],
  ],
])('a mask %s that comes by itself is left out, with what computes it', (_, layers) => {
  const given = [
    layer('InputLayer', 'words', []),
    embedding('e', 'words'),
    operation('NotEqual', 'ne', [tensor('words'), 0]),
    ...layers,
  ];
  const left = withoutMasks(given, null);
  expect(namesOf(left)).toEqual(namesOf(given).filter((name) => name !== 'ne'));
  expect(maskOf(left)).toBe(true);
});

test('a layer whose name stands in its settings alone is known by it', () => {
  const { name, config, ...rest } = embedding('e', 'words') as { name: string; config: object };
  const given = (settings: object): Json[] => [
    layer('InputLayer', 'words', []),
    { ...rest, config: { ...config, ...settings } } as Json,
    operation('NotEqual', 'ne', [tensor('words'), 0]),
    reader(tensor('e'), tensor('ne')),
  ];
  expect(maskOf(withoutMasks(given({ name }), null))).toBe(true);
  expect(maskOf(withoutMasks(given({ name: 5 }), null))).toBe(false);
});

test.each<[string, Json[]]>([
  ['of another input', [reader(tensor('e'), tensor('other'))]],
  ['of another value', [reader(tensor('e'), tensor('one'))]],
  ['behind a layer that ends it', [layer('Conv1D', 'c', [tensor('e')]), reader(tensor('c'), tensor('ne'))]],
  [
    'behind the last state of a layer',
    [layer('LSTM', 'l', [tensor('e')], { return_state: true }), reader(tensor('l'), tensor('ne'))],
  ],
  [
    'behind the last steps of two directions',
    [layer('Bidirectional', 'b', [tensor('e')], bidirectional(false)), reader(tensor('b'), tensor('ne'))],
  ],
  [
    'behind the states of two directions',
    [layer('Bidirectional', 'b', [tensor('e')], bidirectional(true)), reader(tensor('b', 1), tensor('ne'))],
  ],
  ['that nothing computes', [reader(tensor('e'), tensor('numbers'))]],
  [
    'that is the larger of two',
    [operation('Maximum', 'm', [tensor('ne'), tensor('ne')]), reader(tensor('e'), tensor('m'))],
  ],
  [
    'joined with one that nothing computes',
    [operation('LogicalOr', 'm', [tensor('ne'), tensor('numbers')]), reader(tensor('e'), tensor('m'))],
  ],
])('a mask %s stays, and reading the file refuses it by name', (_, layers) => {
  const given = [
    layer('InputLayer', 'words', []),
    layer('InputLayer', 'numbers', []),
    embedding('e', 'words'),
    operation('NotEqual', 'ne', [tensor('words'), 0]),
    operation('NotEqual', 'one', [tensor('words'), 1]),
    operation('NotEqual', 'other', [tensor('numbers'), 0]),
    ...layers,
  ];
  expect(maskOf(withoutMasks(given, null))).toBe(false);
});

/** Whether the mask of the words is what comes anyway to what reads 'x' or another output of it. */
const comesToIt = (layers: Json[], of = tensor('x'), inputsHaveMasks = false) => {
  const given = [
    layer('InputLayer', 'words', []),
    layer('InputLayer', 'numbers', []),
    embedding('e', 'words'),
    embedding('f', 'numbers'),
    operation('NotEqual', 'ne', [tensor('words'), 0]),
    ...layers,
    reader(of, tensor('ne')),
  ];
  return maskOf(withoutMasks(given, null, inputsHaveMasks));
};

test.each<[what: string, makes: boolean, layers: Json[]]>([
  ...['Add', 'Average', 'Maximum', 'Minimum', 'Multiply', 'Subtract'].flatMap((kind): [string, boolean, Json[]][] => [
    [`${kind} of masked values`, true, [layer(kind, 'x', [[tensor('e'), tensor('e')]])]],
    [`${kind} of which one has no mask`, false, [layer(kind, 'x', [[tensor('e'), tensor('numbers')]])]],
    [`${kind} with another mask, too`, false, [layer(kind, 'x', [[tensor('e'), tensor('f')]])]],
  ]),
  ['Concatenate, of which one has no mask', true, [layer('Concatenate', 'x', [[tensor('e'), tensor('numbers')]])]],
  ['Concatenate with another mask', false, [layer('Concatenate', 'x', [[tensor('e'), tensor('f')]])]],
  ['Masking of the words', true, [layer('Masking', 'x', [tensor('words')], { mask_value: 0 })]],
  ['Masking by its default', true, [layer('Masking', 'x', [tensor('words')])]],
  ['Masking of another value', false, [layer('Masking', 'x', [tensor('words')], { mask_value: 1 })]],
  ['an Embedding that masks nothing', false, [layer('Embedding', 'x', [tensor('words')], { mask_zero: false })]],
  ['a Dense', true, [layer('Dense', 'x', [tensor('e')])]],
  ['a Dense of what has no mask', false, [layer('Dense', 'x', [tensor('numbers')])]],
  ['an attention, by its query', true, [layer('Attention', 'x', [[tensor('e'), tensor('numbers')]])]],
  ['an attention of another query', false, [layer('Attention', 'x', [[tensor('numbers'), tensor('e')]])]],
  ['an attention with a mask of its own', true, [layer('MultiHeadAttention', 'x', [tensor('e'), tensor('f')])]],
  ['a Flatten', false, [layer('Flatten', 'x', [tensor('e')])]],
  ...['LSTM', 'GRU', 'SimpleRNN', 'RNN'].flatMap((kind): [string, boolean, Json[]][] => [
    [`${kind} of all steps`, true, [layer(kind, 'x', [tensor('e')], { return_sequences: true })]],
    [`${kind} of the last step`, false, [layer(kind, 'x', [tensor('e')], { return_sequences: false })]],
    [`${kind} without a word`, false, [layer(kind, 'x', [tensor('e')])]],
  ]),
  ['a model', false, [layer('Functional', 'x', [tensor('e')])]],
  ['an operation of numbers', false, [operation('Negative', 'x', [tensor('e')])]],
  ['a layer that is not there', false, []],
  ['a circle', false, [layer('Dense', 'x', [tensor('y')]), layer('Dense', 'y', [tensor('x')])]],
])('what has the mask of the words by itself: %s, %s', (_, makes, layers) => {
  expect(comesToIt(layers)).toBe(makes);
});

test('outputs of two directions that are apart have their mask both, and states none', () => {
  const inner = { class_name: 'LSTM', config: { return_sequences: true, return_state: true } };
  const of = (merge_mode: Json, output: number) =>
    comesToIt([layer('Bidirectional', 'x', [tensor('e')], { layer: inner, merge_mode })], tensor('x', output));
  expect([0, 1, 2].map((output) => of(null, output))).toEqual([true, true, false]);
  expect([0, 1].map((output) => of('sum', output))).toEqual([true, false]);
  const states = (output: number) =>
    comesToIt([layer('LSTM', 'x', [tensor('e')], { return_sequences: true, return_state: true })], tensor('x', output));
  expect([0, 1].map(states)).toEqual([true, false]);
});

test('in a model in a model an input may have a mask, which what reads it does not repeat', () => {
  const masked = [layer('Add', 'x', [[tensor('e'), tensor('numbers')]])];
  expect([false, true].map((inputsHaveMasks) => comesToIt(masked, tensor('x'), inputsHaveMasks))).toEqual([
    false,
    false,
  ]);
  const bare = [layer('Concatenate', 'x', [[tensor('e'), tensor('numbers')]])];
  expect([false, true].map((inputsHaveMasks) => comesToIt(bare, tensor('x'), inputsHaveMasks))).toEqual([true, false]);
});

test('masks are computed by operations, joined or of none; each argument of an attention has its own', () => {
  const of = (mask: Json, ...operations: Json[]) => {
    const given = [
      layer('InputLayer', 'words', []),
      layer('InputLayer', 'numbers', []),
      embedding('e', 'words'),
      embedding('f', 'numbers'),
      layer('Concatenate', 'both', [[tensor('e'), tensor('f')]]),
      operation('NotEqual', 'ne', [tensor('words'), 0]),
      operation('NotEqual', 'nf', [tensor('numbers'), 0]),
      ...operations,
      reader(tensor('both'), mask),
    ];
    const left = withoutMasks(given, null);
    return [maskOf(left), ...namesOf(left).filter((name) => !namesOf(given.slice(0, 5)).includes(name))];
  };
  expect(of(tensor('or'), operation('LogicalOr', 'or', [tensor('ne'), tensor('nf')]))).toEqual([true, 'reads']);
  const joined = operation('Concatenate', 'all', [[tensor('wide'), tensor('nf'), tensor('ones')], -1]);
  const parts = [
    operation('ExpandDims', 'wide', [tensor('ne'), -1]),
    operation('OnesLike', 'ones', [tensor('numbers')]),
    operation('ZerosLike', 'zeros', [tensor('numbers')]),
  ];
  const rest = [operation('Any', 'any', [tensor('all'), -1]), operation('Squeeze', 'flat', [tensor('any')])];
  const last = operation('ConvertToTensor', 'last', [tensor('flat')]);
  expect(of(tensor('last'), ...parts, joined, ...rest, last)).toEqual([true, 'reads']);
  // Of one of the two alone; what it needs stays, and the rest goes.
  expect(of(tensor('ne'))).toEqual([false, 'ne', 'reads']);
  expect(of(tensor('wide'), ...parts)).toEqual([false, 'ne', 'wide', 'reads']);

  const attention = (kwargs: Json, args = [tensor('e'), tensor('f'), tensor('numbers')]) => {
    const given = [
      layer('InputLayer', 'words', []),
      embedding('e', 'words'),
      embedding('f', 'numbers'),
      operation('NotEqual', 'ne', [tensor('words'), 0]),
      operation('NotEqual', 'nf', [tensor('numbers'), 0]),
      layer('MultiHeadAttention', 'm', args, {}, kwargs),
    ];
    const made = withoutMasks(given, null).at(-1) as { inbound_nodes: { kwargs: { [key: string]: Json } }[] };
    return Object.entries(made.inbound_nodes[0].kwargs).flatMap(([name, one]) =>
      /mask/.test(name) && one === null ? [name] : [],
    );
  };
  const all = {
    query_mask: tensor('ne'),
    value_mask: tensor('nf'),
    key_mask: tensor('nf'),
    attention_mask: tensor('ne'),
  };
  expect(attention(all)).toEqual(['query_mask', 'value_mask']);
  expect(attention(all, [tensor('f'), tensor('e'), tensor('f')])).toEqual(['key_mask']);
  expect(attention({ ...all, key: tensor('f'), value: tensor('f') }, [tensor('e')])).toEqual([
    'query_mask',
    'value_mask',
    'key_mask',
  ]);
  expect(attention({ mask: tensor('ne'), other: tensor('ne') })).toEqual(['mask']);
});

/** The layers that end a mask, and what reads them. */
const ended = (layers: Json[]) => {
  const left = withoutMasks([layer('InputLayer', 'words', []), ...layers], null) as { name: string }[];
  return left.filter(({ name }) => name.endsWith('_without_mask')).map(({ name }) => name);
};

test('beside initial states Keras 3 leaves masks aside, and so a layer ends them', () => {
  const decoder = (kwargs: Json) => layer('LSTM', 'writes', [tensor('e')], { return_sequences: true }, kwargs);
  const of = (kwargs: Json, maker = embedding('e', 'words')) => ended([maker, decoder(kwargs)]);
  const states = { initial_state: [tensor('reads', 1), tensor('reads', 2)] };
  expect(of(states)).toEqual(['e_without_mask']);
  expect(of({})).toEqual([]);
  expect(of({ ...states, mask: tensor('other') })).toEqual([]);
  expect(of(states, layer('Embedding', 'e', [tensor('words')], { mask_zero: false }))).toEqual([]);
});

test('each value that is read without its mask has a layer of its own for that, and operations behind it none', () => {
  const at = (name: string, call: number): Json => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, 5, 4], keras_history: [name, call, 0] },
  });
  const twice = layer('Dense', 'dense', []) as { [key: string]: Json };
  const layers = [
    embedding('e', 'words'),
    { ...twice, inbound_nodes: [0, 1].map(() => ({ args: [tensor('e')], kwargs: {} })) },
    layer('Dense', 'dense_1', [tensor('e')]),
    layer('Dense', 'dense_without_mask', [tensor('words')]),
    operation('Negative', 'a', [at('dense', 0)]),
    operation('Negative', 'b', [at('dense', 1)]),
    operation('Negative', 'c', [at('dense_1', 0)]),
    operation('Tanh', 'd', [at('c', 0)]),
  ];
  expect(ended(layers)).toEqual(['dense_without_mask', 'dense_call_1_output_0_without_mask', 'dense_1_without_mask']);
  const left = withoutMasks([layer('InputLayer', 'words', []), ...layers], null);
  const read = (name: string) => {
    const found = left.find((one) => isJsonObject(one) && one.name === name);
    return isJsonObject(found) ? tensorsIn(found.inbound_nodes)[0][0] : undefined;
  };
  expect(['a', 'b', 'c', 'd'].map(read)).toEqual([
    'dense_without_mask_',
    'dense_call_1_output_0_without_mask',
    'dense_1_without_mask',
    'c',
  ]);
});

test.each<[what: string, joined: Json, ends: boolean]>([
  ['an operation', operation('Add', 'sum', [tensor('e'), tensor('e')]), true],
  [
    'an operation in .h5',
    {
      class_name: 'Add',
      name: 'sum',
      config: { name: 'sum' },
      inbound_nodes: [{ args: [tensor('e'), tensor('e')], kwargs: {} }],
    },
    true,
  ],
  ['one of which a side has no mask', operation('Add', 'sum', [tensor('e'), tensor('numbers')]), true],
  ['one of values without masks', operation('Add', 'sum', [tensor('numbers'), tensor('numbers')]), false],
  ['one whose layers end masks', operation('GetItem', 'sum', [tensor('e'), [0]]), false],
  ['a layer', layer('Add', 'sum', [tensor('e'), tensor('e')], { dtype: 'float32', trainable: true }), false],
])('%s that leaves masks aside in Keras 3: %#', (_, joined, ends) => {
  expect(ended([embedding('e', 'words'), joined])).toEqual(ends ? ['e_without_mask'] : []);
});

test('whatever else stands among the layers stays as it is', () => {
  const operations = [layer('InputLayer', 'words', []), operation('NotEqual', 'ne', [tensor('words'), 0])];
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1, maxLength: 5 }), (others) => {
      expect(withoutMasks([...operations, ...(others as Json[])], null)).toEqual([operations[0], ...others]);
    }),
    { numRuns: 60 },
  );
});

test('calls as older files have them, and layers that are none, are left as they are', () => {
  const old = { ...(layer('Dense', 'd', []) as object), inbound_nodes: [[['e', 0, 0, {}]], { args: [] }] } as Json;
  const given = [layer('InputLayer', 'words', []), operation('NotEqual', 'ne', [tensor('words'), 0]), old, 7];
  expect(withoutMasks(given, null)).toEqual([given[0], old, 7]);
});
