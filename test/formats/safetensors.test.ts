import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from '@jest/globals';
import { floatOfBfloat16, floatOfHalf } from '../../src/formats/halves.js';
import { isSafetensors, readSafetensors } from '../../src/formats/torch/safetensors.js';
import { safetensorsFile } from '../../src/formats/torch/safetensorsFile.js';
import { assignStored } from '../../src/formats/weights.js';
import { Input, Model } from '../../src/index.js';
import * as l from '../../src/layers/index.js';
import {
  BatchNormalization,
  Bidirectional,
  Concatenate,
  Conv1D,
  Dense,
  Dropout,
  Embedding,
  Flatten,
  GlobalMaxPooling1D,
  GRU,
  type Layer,
  LayerNormalization,
  LSTM,
  SimpleRNN,
} from '../../src/layers/index.js';
import { Sequential } from '../../src/sequential.js';
import * as tf from '../../src/tf.js';
import { contentsOf } from './onnx/runtime.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/torch');
const read = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
const json = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));

async function load(model: Sequential, bytes: Uint8Array): Promise<Sequential> {
  model.build();
  const { topology } = await contentsOf(model);
  assignStored(model.tf, (await safetensorsFile.readWeights?.(bytes, topology, 'file')) ?? [], 'file');
  return model;
}

/** A file of arrays of float32, their numbers 1, 2, 3 … on. */
function file(arrays: Record<string, number[]>): Uint8Array {
  const header: Record<string, object> = {};
  let at = 0;
  for (const [name, shape] of Object.entries(arrays)) {
    const size = 4 * shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + size] };
    at += size;
  }
  return withHeader(
    JSON.stringify(header),
    Float32Array.from({ length: at / 4 }, (_, i) => i + 1),
  );
}

function withHeader(header: string, data = new Float32Array(8)): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.byteLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(new Uint8Array(data.buffer), 8 + text.length);
  return bytes;
}

const forecast = () => [LSTM(5, { inputShape: [7, 3], returnSequences: true }), LSTM(5), Dense(2)];
const models: Record<string, () => Layer[]> = {
  'lstm2-linear': forecast,
  'lstm2-linear-f16': forecast,
  'lstm2-linear-bf16': forecast,
  'embedding-gru-text': () => [Embedding(11, 4, { inputShape: [7] }), GRU(6, { returnSequences: true }), Dense(11)],
};

describe('safetensors', () => {
  it('has a model for every file of PyTorch, or says why there is none', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
    expect(files.map((name) => name.replace('.safetensors', '')).sort()).toEqual(
      ['bilstm-proj', ...Object.keys(models)].sort(),
    );
  });

  for (const [name, layers] of Object.entries(models)) {
    it(`computes what PyTorch does with ${name}`, async () => {
      const model = await load(new Sequential(layers(), { seed: 1 }), read(`${name}.safetensors`));
      const { x, y } = json(name);
      const got = await model.predict({ data: x.data, shape: x.shape });
      expect(got.shape).toEqual(y.shape);
      // PyTorch computed in float32, with the weights as the file has them.
      const largest = got.data.reduce((most, value, i) => Math.max(most, Math.abs(value - y.data[i])), 0);
      expect(largest).toBeLessThan(1e-5);
    });
  }

  it('refuses projections by name', async () => {
    const model = new Sequential([Bidirectional(LSTM(5, { returnSequences: true }), { inputShape: [7, 3] }), Dense(2)]);
    await expect(load(model, read('bilstm-proj.safetensors'))).rejects.toMatchObject({
      code: 'model',
      message: 'file: lstm.weight_hr_l0 is a projection of the state (proj_size), which no layer of Keras has',
    });
  });

  it("takes both directions, a GRU's gates, plain recurrence, convolutions and norms to their places", async () => {
    const layers = [
      tf.layers.conv1d({ filters: 3, kernelSize: 2, inputShape: [9, 2] }),
      LayerNormalization(),
      Bidirectional(SimpleRNN(1, { returnSequences: true })),
      GRU(1, { useBias: false }),
    ];
    const model = new Sequential(layers, { seed: 1 });
    const bytes = file({
      'conv.weight': [3, 2, 2],
      'conv.bias': [3],
      'norm.weight': [3],
      'norm.bias': [3],
      'rnn.weight_ih_l0': [1, 3],
      'rnn.weight_hh_l0': [1, 1],
      'rnn.bias_ih_l0': [1],
      'rnn.bias_hh_l0': [1],
      'rnn.weight_ih_l0_reverse': [1, 3],
      'rnn.weight_hh_l0_reverse': [1, 1],
      'rnn.bias_ih_l0_reverse': [1],
      'rnn.bias_hh_l0_reverse': [1],
      'gru.weight_ih_l0': [3, 2],
      'gru.weight_hh_l0': [3, 1],
    });
    await load(model, bytes);
    expect(model.getWeights().map(({ data, shape }) => ({ shape, data: [...data] }))).toEqual([
      // (3,2,2): o, i, k → k, i, o
      { shape: [2, 2, 3], data: [1, 5, 9, 3, 7, 11, 2, 6, 10, 4, 8, 12] },
      { shape: [3], data: [13, 14, 15] },
      { shape: [3], data: [16, 17, 18] },
      { shape: [3], data: [19, 20, 21] },
      { shape: [3, 1], data: [22, 23, 24] },
      { shape: [1, 1], data: [25] },
      { shape: [1], data: [26 + 27] },
      { shape: [3, 1], data: [28, 29, 30] },
      { shape: [1, 1], data: [31] },
      { shape: [1], data: [32 + 33] },
      // Rows r z n (34 35) (36 37) (38 39) → columns z r h
      { shape: [2, 3], data: [36, 34, 38, 37, 35, 39] },
      { shape: [1, 3], data: [41, 40, 42] },
    ]);
  });

  it('tells numbered modules of the same shape apart by their numbers, others by the names of layers', async () => {
    const model = new Sequential([Dense(1, { inputShape: [1] }), Dense(1), Dense(1)], { seed: 1 });
    await load(
      model,
      file({
        'net.10.weight': [1, 1],
        'net.10.bias': [1],
        'net.2.weight': [1, 1],
        'net.2.bias': [1],
        'net.0.weight': [1, 1],
        'net.0.bias': [1],
      }),
    );
    expect(model.getWeights().map(({ data }) => data[0])).toEqual([5, 6, 3, 4, 1, 2]);
    const named = { 'up.weight': [1, 1], 'up.bias': [1], 'down.weight': [1, 1], 'down.bias': [1] };
    const two = new Sequential([Dense(1, { inputShape: [1], name: 'a' }), Dense(1, { name: 'b' })], { seed: 1 });
    await expect(load(two, file(named))).rejects.toMatchObject({
      message: 'file: up, down may each be the weights of a, b: give the layers the names of the modules',
    });
    const fitting = new Sequential([Dense(1, { inputShape: [1], name: 'down' }), Dense(1, { name: 'up' })], {
      seed: 1,
    });
    await load(fitting, file(named));
    expect(fitting.getWeights().map(({ data }) => data[0])).toEqual([3, 4, 1, 2]);
  });

  it('names all that found no partner', async () => {
    const model = new Sequential([LSTM(4, { inputShape: [null, 3] }), Dense(2)], { seed: 1 });
    await expect(load(model, file({ 'fc.weight': [2, 5], 'fc.bias': [2], 'scale.alpha': [1] }))).rejects.toMatchObject({
      code: 'model',
      message:
        'file: nothing in the file fits layer lstm (LSTM 3 → 4), layer dense (Dense 4 → 2); ' +
        'no layer of the model takes fc.weight [2,5], fc.bias [2]; memcell does not know what scale.alpha belong to',
    });
    const gru = file({ 'g.weight_ih_l0': [3, 1], 'g.weight_hh_l0': [3, 1], 'g.bias_ih_l0': [3], 'g.bias_hh_l0': [3] });
    for (const layer of [GRU(1, { resetAfter: false }), tf.layers.gru({ units: 1 })]) {
      layer.name = 'gru';
      await expect(load(new Sequential([layer], { inputShape: [null, 1], seed: 1 }), gru)).rejects.toMatchObject({
        message:
          'layer gru: PyTorch applies the reset gate after the recurrent product; build it with resetAfter: true',
      });
    }
  });

  const broken: Record<string, [string, string]> = {
    'a shape that its bytes do not fill': [
      '{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,8]}}',
      'file: "a": shape [1000000000000] of F32 is 4000000000000 bytes, but 8 are there',
    ],
    'bytes beyond the end': [
      '{"a":{"dtype":"F32","shape":[100],"data_offsets":[0,400]}}',
      'file: "a": it ends at byte 400 of 32',
    ],
    'arrays over one another': [
      '{"a":{"dtype":"F32","shape":[8],"data_offsets":[0,32]},"b":{"dtype":"F32","shape":[8],"data_offsets":[0,32]}}',
      'file: its arrays lie over one another',
    ],
    'an unknown type': [
      '{"a":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[0,1]}}',
      'file: "a": dtype "F8_E5M2"; memcell reads F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL',
    ],
    'no type': [
      '{"a":{"shape":[1],"data_offsets":[0,4]}}',
      'file: "a": dtype missing; memcell reads F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL',
    ],
    'no shape': ['{"a":{"dtype":"F32","data_offsets":[0,4]}}', 'file: "a": shape missing is none'],
    'a shape of nine axes': [
      '{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}',
      'file: "a": shape [1,1,1,1,1,1,1,1,1] is none',
    ],
    'no offsets': ['{"a":{"dtype":"F32","shape":[1]}}', 'file: "a": data_offsets missing'],
    'three offsets': ['{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', 'file: "a": data_offsets [0,4,8]'],
    'an array that is none': ['{"a":[1]}', 'file: "a": its entry in the header is not an object'],
    'a list in place of arrays': ['{"a":{"b":{"c":{"d":{"e":{}}}}}}', 'file: its header does not list arrays'],
    'a negative size': ['{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}', 'file: "a": shape [-2] is none'],
  };
  for (const [what, [header, message]] of Object.entries(broken)) {
    it(`refuses ${what}`, () => {
      expect(() => readSafetensors(withHeader(header), 'file')).toThrow(
        expect.objectContaining({ code: 'model', message }),
      );
    });
  }
});

test('numbers of every type are read, and halves of every kind', () => {
  const bytes = (array: ArrayBufferView) => [...new Uint8Array(array.buffer)];
  const kinds: [dtype: string, bytes: number[], values: number[]][] = [
    ['F64', bytes(Float64Array.of(0.1, -3)), [Math.fround(0.1), -3]],
    ['F32', bytes(Float32Array.of(0.1, -3)), [Math.fround(0.1), -3]],
    ['F16', bytes(Uint16Array.of(0x3e00, 0xc000)), [1.5, -2]],
    ['BF16', bytes(Uint16Array.of(0x3fc0, 0xc000)), [1.5, -2]],
    ['I64', bytes(BigInt64Array.of(-2n, 70_000n)), [-2, 70_000]],
    ['I32', bytes(Int32Array.of(-2, 70_000)), [-2, 70_000]],
    ['I16', bytes(Int16Array.of(-2, 300)), [-2, 300]],
    ['I8', [254, 7], [-2, 7]],
    ['U8', [254, 7], [254, 7]],
    ['BOOL', [1, 0], [1, 0]],
  ];
  const header = Object.fromEntries(
    kinds.map(([dtype, own], i) => {
      const from = kinds.slice(0, i).reduce((sum, [, { length }]) => sum + length, 0);
      return [dtype, { dtype, shape: [2, 1], data_offsets: [from, from + own.length] }];
    }),
  );
  const all = Uint8Array.from(kinds.flatMap(([, own]) => own));
  const text = new TextEncoder().encode(JSON.stringify({ __metadata__: { format: 'pt' }, ...header }));
  const made = new Uint8Array(8 + text.length + all.length);
  new DataView(made.buffer).setBigUint64(0, BigInt(text.length), true);
  made.set(text, 8);
  made.set(all, 8 + text.length);
  // Alone, and as a part of something larger.
  for (const before of [0, 3]) {
    const whole = new Uint8Array(before + made.length + 5);
    whole.set(made, before);
    const read = readSafetensors(whole.subarray(before, before + made.length), 'file');
    expect(read.map(({ name, shape, data }) => [name, shape, [...data]])).toEqual(
      kinds.map(([dtype, , values]) => [dtype, [2, 1], values]),
    );
  }
  const halves = [0, 0x8000, 1, 0x8001, 0x3ff, 0x400, 0x3c00, 0x7bff, 0x7c00, 0xfc00, 0x7e00];
  expect(halves.map(floatOfHalf)).toEqual([
    0,
    -0,
    2 ** -24,
    -(2 ** -24),
    1023 * 2 ** -24,
    2 ** -14,
    1,
    65504,
    Infinity,
    -Infinity,
    Number.NaN,
  ]);
  expect([0x3f80, 0xff80, 0x8000, 0x7fc0].map(floatOfBfloat16)).toEqual([1, -Infinity, -0, Number.NaN]);
});

test('a header is known by its length and its first letter, and must be JSON', () => {
  const good = withHeader('{}');
  expect([good, good.subarray(0, 10)].map(isSafetensors)).toEqual([true, true]);
  const longer = withHeader('{}', new Float32Array(0));
  longer[0] = 3;
  const shorter = good.slice();
  shorter[0] = 1;
  for (const bytes of [good.subarray(0, 9), longer, shorter, withHeader('[]'), new Uint8Array()]) {
    expect(isSafetensors(bytes)).toBe(false);
    expect(() => readSafetensors(bytes, 'file')).toThrow('file: not a safetensors file, or cut short');
  }
  expect(() => readSafetensors(withHeader('{a}'), 'file')).toThrow(/^file: its header is not JSON: \S/);
  expect(() => readSafetensors(withHeader('{a}'), 'file')).toThrow(
    expect.objectContaining({ code: 'model', cause: expect.objectContaining({ name: 'SyntaxError' }) }),
  );
  const latin = withHeader('{"a":1}');
  latin[10] = 0xe4;
  expect(() => readSafetensors(latin, 'file')).toThrow(/^file: its header is not JSON: \S/);
});

test('a BatchNorm gives its scale, shift, mean and variance; how many batches it has seen is no weight', async () => {
  const norm = { 'n.weight': [2], 'n.bias': [2], 'n.running_mean': [2], 'n.running_var': [2] };
  const model = () => new Sequential([BatchNormalization({ inputShape: [4, 2], name: 'other' })], { seed: 1 });
  const read = await load(model(), file({ ...norm, 'n.num_batches_tracked': [] }));
  expect(read.getWeights().map(({ data }) => [...data])).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
  ]);
  const refusal = (bytes: Uint8Array, made = model()) =>
    load(made, bytes).then(
      () => 'nothing',
      ({ message }: Error) => message,
    );
  expect(await refusal(file({ ...norm, 'n.running_var': [3] }))).toBe(
    'file: nothing in the file fits layer other (BatchNormalization 2 → 2); memcell does not know what n.weight, n.bias, n.running_mean, n.running_var belong to',
  );
  const plain = { 'n.weight': [2], 'n.bias': [2] };
  for (const options of [{ scale: false }, { center: false }, { scale: false, center: false }]) {
    const layers = [LayerNormalization({ inputShape: [4, 2], name: 'own', ...options })];
    expect(await refusal(file(plain), new Sequential(layers))).toBe(
      `file: nothing in the file fits layer own (LayerNormalization 2 → 2${options.center === false ? ' without bias' : ''}); no layer of the model takes n.weight [2], n.bias [2]`,
    );
  }
  const scaled = await load(
    new Sequential([LayerNormalization({ inputShape: [4, 2], center: false })]),
    file({ 'n.weight': [2] }),
  );
  expect(scaled.getWeights().map(({ data }) => [...data])).toEqual([[1, 2]]);
});

test('layers that find no module are told with the features that come to them, where these are known', async () => {
  const end = (useBias = true) => Dense(2, { name: 'out', useBias });
  const first = { inputShape: [null, 3] as (number | null)[], returnSequences: true, name: 'in' };
  const cases: [layers: () => Layer[], told: string][] = [
    [() => [LSTM(4, first), end()], 'layer in (LSTM 3 → 4), layer out (Dense 4 → 2)'],
    [
      () => [LSTM(4, first), Dropout(0.1), GlobalMaxPooling1D(), end(false)],
      'layer in (LSTM 3 → 4), layer out (Dense 4 → 2 without bias)',
    ],
    [
      () => [Bidirectional(GRU(4), { inputShape: [null, 3], name: 'in' }), end()],
      'layer in (Bidirectional GRU 3 → 4), layer out (Dense 8 → 2)',
    ],
    [
      () => [Bidirectional(GRU(4), { inputShape: [null, 3], name: 'in', mergeMode: 'sum' }), end()],
      'layer in (Bidirectional GRU 3 → 4), layer out (Dense 4 → 2)',
    ],
    [
      () => [Conv1D(4, 2, { inputShape: [5, 3], name: 'in' }), LayerNormalization({ name: 'n' }), Flatten(), end()],
      'layer in (Conv1D 3 → 4), layer n (LayerNormalization 4 → 4), layer out (Dense 2)',
    ],
    [
      () => [Flatten({ inputShape: [5, 3] }), LayerNormalization({ name: 'n' }), end()],
      'layer n (LayerNormalization), layer out (Dense 2)',
    ],
    [
      () => [Embedding(7, 4, { inputShape: [5], name: 'in' }), end()],
      'layer in (Embedding 7 → 4 without bias), layer out (Dense 4 → 2)',
    ],
  ];
  for (const [layers, told] of cases)
    await expect(load(new Sequential(layers()), file({}))).rejects.toMatchObject({
      code: 'model',
      message: `file: nothing in the file fits ${told}`,
    });
});

test('features come through layers that give as many as they take', async () => {
  const sequence = { inputShape: [null, 3] as (number | null)[], returnSequences: true, name: 'in' };
  const between: Record<string, () => Layer> = {
    SpatialDropout1D: () => l.SpatialDropout1D(0.1),
    GaussianDropout: () => l.GaussianDropout(0.1),
    GaussianNoise: () => l.GaussianNoise(0.1),
    Activation: () => l.Activation('tanh'),
    Masking: () => l.Masking(),
    ReLU: () => l.ReLU(),
    ELU: () => l.ELU(),
    LeakyReLU: () => l.LeakyReLU(),
    Softmax: () => l.Softmax(),
    GlobalAveragePooling1D: () => l.GlobalAveragePooling1D(),
    MaxPooling1D: () => l.MaxPooling1D(),
    AveragePooling1D: () => l.AveragePooling1D(),
  };
  for (const [name, layer] of Object.entries(between)) {
    const model = new Sequential([LSTM(4, sequence), layer(), Dense(2, { name: 'out' })]);
    const said = await load(model, file({})).catch(({ message }: Error) => message);
    expect([name, said]).toEqual([
      name,
      'file: nothing in the file fits layer in (LSTM 3 → 4), layer out (Dense 4 → 2)',
    ]);
  }
});

test('modules of arrays that do not fit each other are none', async () => {
  const said = async (arrays: Record<string, number[]>, layers: Layer[] = [Dense(2, { inputShape: [3], name: 'd' })]) =>
    load(new Sequential(layers), file(arrays)).then(
      () => 'nothing',
      ({ message }: Error) => message.replace(/^file: nothing in the file fits [^;]*; /, ''),
    );
  const unknown = (...names: string[]) => `memcell does not know what ${names.join(', ')} belong to`;
  expect(await said({ 'm.weight': [2, 3], 'm.bias': [2] })).toBe('nothing');
  expect(await said({ weight: [2, 3], bias: [2] })).toBe('nothing');
  expect(await said({ 'm.weight': [2, 3], 'm.bias': [3] })).toBe(unknown('m.weight', 'm.bias'));
  expect(await said({ 'm.weight': [2, 3], 'm.bias': [2, 1] })).toBe(unknown('m.weight', 'm.bias'));
  expect(await said({ 'm.weight': [2, 3], 'm.other': [2] })).toBe(unknown('m.weight', 'm.other'));
  expect(await said({ 'm.weight': [2, 3, 1, 1], 'm.bias': [2] })).toBe(unknown('m.weight', 'm.bias'));
  expect(await said({ 'm.weight': [] })).toBe(unknown('m.weight'));
  expect(await said({ 'm.bias': [2] })).toBe(unknown('m.bias'));
  const lstm = { 'r.weight_ih_l0': [8, 3], 'r.weight_hh_l0': [8, 2], 'r.bias_ih_l0': [8], 'r.bias_hh_l0': [8] };
  const layer = () => [LSTM(2, { inputShape: [null, 3] })];
  expect(await said(lstm, layer())).toBe('nothing');
  const changed: [string, Record<string, number[]>][] = [
    ['another input', { 'r.weight_ih_l0': [7, 3] }],
    ['other states', { 'r.weight_hh_l0': [8, 3] }],
    ['two gates', { 'r.weight_ih_l0': [4, 3], 'r.weight_hh_l0': [4, 2], 'r.bias_ih_l0': [4], 'r.bias_hh_l0': [4] }],
    ['another bias', { 'r.bias_ih_l0': [4] }],
    ['another bias of states', { 'r.bias_hh_l0': [4] }],
    ['one more', { 'r.more_l0': [8] }],
    ['half of the other direction', { 'r.weight_ih_l0_reverse': [8, 3] }],
  ];
  for (const [, more] of changed) {
    const arrays = { ...lstm, ...more };
    expect(await said(arrays, layer())).toBe(unknown(...Object.keys(arrays)));
  }
  const { 'r.bias_hh_l0': _, ...less } = lstm;
  expect(await said(less, layer())).toBe(unknown(...Object.keys(less)));
});

test('in a graph no layer reads what the one before it in the list gives', async () => {
  const x = Input({ shape: [3] });
  const [one, other] = [Dense(5, { name: 'a' }), Dense(2, { name: 'b' })].map((layer) => layer.apply(x));
  const model = new Model({ inputs: x, outputs: Concatenate().apply([one, other]) });
  await load(model as never, file({ 'a.weight': [5, 3], 'a.bias': [5], 'b.weight': [2, 3], 'b.bias': [2] }));
  // Arrays of 15, 5, 6 and 2 numbers, one after the other.
  expect(model.getWeights().map(({ shape, data }) => [shape, data[0]])).toEqual([
    [[3, 5], 1],
    [[5], 16],
    [[3, 2], 21],
    [[2], 27],
  ]);
  model.dispose();
});

test('a module goes to the layer of its name, levels of one to layers in their order, and others to what they fit alone', async () => {
  const stack = () =>
    new Sequential([
      LSTM(2, { inputShape: [null, 2], returnSequences: true, useBias: false, name: 'a' }),
      LSTM(2, { returnSequences: true, useBias: false, name: 'b' }),
      LSTM(2, { useBias: false, name: 'c' }),
    ]);
  const level = (name: string) => ({
    [`${name.replace('#', 'weight_ih')}`]: [8, 2],
    [`${name.replace('#', 'weight_hh')}`]: [8, 2],
  });
  const firsts = async (arrays: Record<string, number[]>) =>
    (await load(stack(), file(arrays))).getWeights().flatMap(({ data }, at) => (at % 2 === 0 ? [data[0]] : []));
  // Each array has 16 numbers, so that the third module's begin at 65.
  expect(await firsts({ ...level('r.#_l2'), ...level('r.#_l0'), ...level('r.#_l10') })).toEqual([33, 1, 65]);
  expect(await firsts({ ...level('b.#_l0'), ...level('c.#_l0'), ...level('a.#_l0') })).toEqual([65, 1, 33]);
  expect(await firsts({ ...level('x1.r.#_l0'), ...level('x0.r.#_l0'), ...level('x2.r.#_l0') })).toEqual([33, 1, 65]);
  // A name may be that of one level.
  const named = new Sequential([
    LSTM(2, { inputShape: [null, 2], returnSequences: true, useBias: false, name: 'r_l1' }),
    LSTM(2, { useBias: false, name: 'r' }),
  ]);
  await load(named, file({ ...level('r.#_l0'), ...level('r.#_l1') }));
  expect(named.getWeights().map(({ data }) => data[0])).toEqual([33, 49, 1, 17]);
  const said = (arrays: Record<string, number[]>) => firsts(arrays).catch(({ message }: Error) => message);
  const alike = (...names: string[]) =>
    `file: ${names.join(', ')} may each be the weights of a, b, c: give the layers the names of the modules`;
  expect(await said({ ...level('r.#_l0'), ...level('s.#_l1'), ...level('r.#_l2') })).toBe(alike('r', 's_l1', 'r_l2'));
  expect(await said({ ...level('r1.#_l0'), ...level('r2.#_l1'), ...level('r3.#_l2') })).toBe(
    alike('r1', 'r2_l1', 'r3_l2'),
  );
  expect(await said({ ...level('r.#_l0'), ...level('r.#_l1') })).toBe(alike('r', 'r_l1'));
  expect(await said({ ...level('r.#_l0'), ...level('r.1.#_l0'), ...level('r.2.#_l0') })).toBe(alike('r', 'r.1', 'r.2'));
});
