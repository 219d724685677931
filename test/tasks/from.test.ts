/** Training that starts from a trained model. */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { openSource } from '../../src/data/source.js';
import { WEIGHTS_ALONE } from '../../src/formats/modelFile.js';
import {
  Add,
  Bidirectional,
  classify,
  Dense,
  Dropout,
  GRU,
  Input,
  LSTM,
  loadModel,
  Model,
  Sequential,
} from '../../src/index.js';
import { parseSpec } from '../../src/model/spec.js';
import { writeLayer } from '../../src/model/writeSpec.js';
import type { ForecastArtefact } from '../../src/tasks/forecast/artefact.js';
import type { ForecastData } from '../../src/tasks/forecast/data.js';
import { compareColumns } from '../../src/tasks/forecast/startFrom.js';
import type { TaskKind } from '../../src/tasks/settings.js';
import { openStart, Start } from '../../src/tasks/start.js';
import { trainTask } from '../../src/tasks/train.js';
import { file, memcell, memcellProcess, temporaryFolder } from '../cli/streams.js';

const folder = temporaryFolder('in memory');
const table = (name: string, head: string, n: number, row: (i: number) => (string | number)[]) =>
  file(folder, name, `${head}\n${Array.from({ length: n }, (_, i) => row(i).join(',')).join('\n')}\n`);
const wave = (i: number) => (50 + 10 * Math.sin(i / 3) + ((i * 7) % 5)).toFixed(2);

const line = 'tick tock goes the clock, and the mouse ran up the clock.\n';
const data = {
  series: table('series.csv', 'value,other', 70, (i) => [wave(i), (i * 5) % 11]),
  rows: table('rows.csv', 'a,b,kind', 60, (i) => [i % 7, (i * 5) % 11, i % 7 > 3 ? 'up' : 'down']),
  // The columns turned round, on another scale of values.
  others: table('others.csv', 'b,a,kind', 50, (i) => [(i * 3) % 5, (i % 9) / 2, i % 9 > 5 ? 'up' : 'down']),
  three: table('three.csv', 'a,b,kind', 60, (i) => [i % 7, (i * 5) % 11, ['x', 'y', 'z'][Math.floor((i % 7) / 3)]]),
  text: file(folder, 'text.txt', line.repeat(8)),
  turned: file(folder, 'turned.txt', 'the mouse goes up and the clock ran.\n'.repeat(12)),
  strange: file(folder, 'strange.txt', 'the mouse goes up; Quick!\n'.repeat(12)),
  symbols: file(folder, 'symbols.txt', '0 1 2 3 4 '.repeat(15)),
  backwards: file(folder, 'backwards.txt', '4 3 2 1 0 '.repeat(15)),
  unknown: file(folder, 'unknown.txt', '4 3 9 1 0 '.repeat(15)),
};

const cases: { [Kind in TaskKind]: { first: string; next: string; options: object; layers: string } } = {
  forecast: {
    first: data.series,
    next: data.series,
    options: { targets: ['value'], horizon: 2 },
    layers: 'GRU(3), Dense(2)',
  },
  classify: {
    first: data.rows,
    next: data.others,
    options: { label: 'kind' },
    layers: 'GRU(4), Dense(2, softmax)',
  },
  text: {
    first: data.text,
    next: data.turned,
    options: { window: 10 },
    layers: `Embedding(${new Set(line).size}, 4), GRU(6, return_sequences=true), Dense(${new Set(line).size}, softmax)`,
  },
  symbols: {
    first: data.symbols,
    next: data.backwards,
    options: { window: 2 },
    layers: 'Embedding(5, 3), LSTM(4), Dense(5, softmax)',
  },
};

const all = Object.keys(cases) as TaskKind[];
const base = (kind: TaskKind) => join(folder, `base-${kind}`);

/** Steps that leave the weights where they are, so that what comes out is what went in. */
const still = { epochs: 1, learningRate: 1e-30, optimizer: 'sgd' };

async function train(
  kind: TaskKind,
  path: string,
  more: Parameters<typeof trainTask>[3],
  options = cases[kind].options,
) {
  const trained = await trainTask(kind, openSource(path), options, { seed: 2, ...more });
  if (!trained) throw new Error('nothing was trained');
  return trained;
}

beforeAll(async () => {
  for (const kind of all) {
    const { first, layers } = cases[kind];
    const { model } = await train(kind, first, { plain: true, layers, settings: { epochs: 2 } });
    await model.save(base(kind));
    model.dispose();
  }
});

describe.each(all)('%s', (kind) => {
  test('begins with the weights of the model and its layers, and says so', async () => {
    const from = await openStart(base(kind), kind);
    const { model, layers } = await train(kind, cases[kind].next, { plain: true, from, settings: still });
    const before = await loadModel(base(kind));
    expect(layers).toBe(cases[kind].layers);
    expect(model.getWeights()).toEqual(before.getWeights());
    expect(from.notes[0]).toBe(
      `starts from the weights of ${base(kind)}; figures are too good where it has seen what is held out here`,
    );
    for (const one of [model, before]) one.dispose();
  });

  test('learns on from there: other weights than those of the model and of one that begins anew', async () => {
    const settings = { epochs: 1 };
    const from = await openStart(base(kind), kind);
    const { model } = await train(kind, cases[kind].first, { plain: true, from, settings });
    const { layers } = cases[kind];
    const anew = await train(kind, cases[kind].first, { plain: true, layers, settings });
    const before = await loadModel(base(kind));
    expect(model.getWeights()).not.toEqual(before.getWeights());
    expect(model.getWeights()).not.toEqual(anew.model.getWeights());
    for (const one of [model, anew.model, before]) one.dispose();
  });
});

describe('what the model knows is kept', () => {
  test('the scaling and the columns of a classifier, whatever their order in the table', async () => {
    const from = await openStart(base('classify'), 'classify');
    const { model, artefact } = await train('classify', data.others, { plain: true, from, settings: still });
    const { metadata } = await loadModel(base('classify'));
    const before = metadata.task as { scaling: object; features: object };
    expect(artefact).toMatchObject({ scaling: before.scaling, features: before.features, classes: ['down', 'up'] });
    model.dispose();
  });

  test('also where the table is understood: the full recipe on its own model', async () => {
    const path = join(folder, 'full');
    const layers = 'Dense(6, relu), Dense(2, softmax)';
    const first = await train('classify', data.rows, { layers, settings: { epochs: 1 } });
    await first.model.save(path);
    const from = await openStart(path, 'classify');
    const { model, artefact } = await train('classify', data.others, { from, settings: still });
    expect(model.getWeights()).toEqual(first.model.getWeights());
    const { scaling, features } = first.artefact as unknown as { scaling: object; features: object };
    expect(artefact).toMatchObject({ scaling, features });
    expect(from.notes).toContain(`columns, scaling and values are those of ${path}, not learnt from this data`);
    await expect(
      train('classify', data.others, { from, settings: still }, { label: 'kind', drop: ['b'] }),
    ).rejects.toThrow(`drop: is that of ${path}, which training starts from; leave it out`);
    for (const one of [model, first.model]) one.dispose();
  });

  test('the body, below a new last layer, where the classes are others', async () => {
    const path = base('classify');
    const from = await openStart(path, 'classify');
    const { model, layers } = await train('classify', data.three, { plain: true, from, settings: still });
    expect(layers).toBe('GRU(4), Dense(3, softmax)');
    const before = await loadModel(path);
    expect(model.getWeights().slice(0, 3)).toEqual(before.getWeights().slice(0, 3));
    expect(from.notes).toContain(
      `${path}: the last layer is new, the others begin with its weights: the classes were down, up, here x, y, z`,
    );
    for (const one of [model, before]) one.dispose();
  });

  test('all layers, below a last one that the model has not', async () => {
    const path = join(folder, 'headless.keras');
    const made = new Sequential([GRU(3)], { inputShape: [1, 2], seed: 4 });
    await made.save(path);
    const from = await openStart(path, 'classify');
    const { model, layers } = await train('classify', data.rows, { plain: true, from, settings: still });
    expect(layers).toBe('GRU(3), Dense(2, softmax)');
    // The bias begins at 0, which even the smallest step moves.
    expect(model.getWeights().slice(0, 2)).toEqual(made.getWeights().slice(0, 2));
    for (const one of [model, made]) one.dispose();
  });

  test('tokens and symbols; others are refused with the difference', async () => {
    const text = await openStart(base('text'), 'text');
    await expect(train('text', data.strange, { plain: true, from: text })).rejects.toThrow(
      `${data.strange}: has characters that ${base('text')} does not know: ";", "Q", "!"; replace them, or train without --from`,
    );
    const symbols = await openStart(base('symbols'), 'symbols');
    await expect(train('symbols', data.unknown, { plain: true, from: symbols })).rejects.toThrow(
      `${data.unknown}: has symbols that ${base('symbols')} does not know: 9; remove them, or train without --from`,
    );
  });

  test('a forecast of more steps has a new last layer, its recipe too, and says so', async () => {
    const path = join(folder, 'recipe');
    const first = await train('forecast', data.series, { settings: { epochs: 1 } }, { targets: ['value'], horizon: 2 });
    await first.model.save(path);
    first.model.dispose();
    const from = await openStart(path, 'forecast');
    const { model, layers } = await train(
      'forecast',
      data.series,
      { from, settings: { epochs: 1 } },
      { targets: ['value'], horizon: 3 },
    );
    expect(layers).toBe('LSTM(16), Dense(3)');
    expect(model.outputShape).toEqual([null, 3]);
    expect(from.notes).toContain(
      `${path}: the last layer is new, the others begin with its weights: it gives 2 numbers, here 3`,
    );
    const same = await openStart(path, 'forecast');
    const again = await train('forecast', data.series, { from: same, settings: { epochs: 1 } }, { targets: ['value'] });
    expect(again.artefact).toMatchObject({ horizon: 2 });
    for (const one of [model, again.model]) one.dispose();
  });
});

test.each(['.keras', '.h5', '.onnx'])(
  'starts from a %s file; what is frozen stays as it is, on the engine',
  async (ending) => {
    const frozen = ending !== '.onnx';
    const made = new Sequential([LSTM(4, frozen ? { trainable: false } : {}), Dropout(0), Dense(2, 'softmax')], {
      inputShape: [1, 2],
      seed: 1,
    });
    const path = join(folder, `foreign${ending}`);
    made.compile({ loss: 'sparseCategoricalCrossentropy' });
    await made.save(path);
    const model = await classify({ files: [data.rows] }, { label: 'kind', plain: true, epochs: 2, from: path });
    const [before, after] = [made, model.network].map((one) => one.getWeights());
    expect(model.network.engine.kind).toBe('memcell');
    // At the first step the state is 0, and the recurrent kernel (1) has no gradient.
    for (const place of [0, 2]) {
      if (frozen) expect(after[place]).toEqual(before[place]);
      else expect(after[place]).not.toEqual(before[place]);
    }
    expect(after[3]).not.toEqual(before[3]);
    expect(model.warnings).toContain(
      `${path} says nothing of columns, scaling or vocabulary: inputs are scaled and numbered by this data, in its order`,
    );
    if (frozen)
      expect(model.warnings.filter((line) => /frozen/.test(line))).toEqual([`${path}: frozen and left as it is: lstm`]);
    for (const one of [made, model]) one.dispose();
  },
);

describe('weights alone, of the layers that are named beside them', () => {
  const torch = fileURLToPath(new URL('../fixtures/torch/lstm2-linear.safetensors', import.meta.url));
  const stack = 'LSTM(5, return_sequences=true), LSTM(5), Dense(2, softmax)';
  const steps = table('steps.csv', 'a,b,c,kind', 60, (i) => [i % 7, (i * 5) % 11, i % 3, i % 7 > 3 ? 'up' : 'down']);
  const withWeights = async (from: string | Uint8Array) => {
    const model = new Sequential(parseSpec(stack), { inputShape: [null, 3], seed: 3 });
    await model.loadWeights(from);
    const weights = model.getWeights();
    model.dispose();
    return weights;
  };

  test('PyTorch’s are what training begins with', async () => {
    const from = await openStart(torch, 'classify', stack);
    expect([from.layers, from.features]).toEqual([stack, 3]);
    const options = { label: 'kind', steps: 1 };
    const { model } = await train('classify', steps, { plain: true, from, settings: still }, options);
    expect(model.getWeights()).toEqual(await withWeights(torch));
    model.dispose();
  });

  test('Keras’s too, and where a layer says its input', async () => {
    const keras = fileURLToPath(new URL('../fixtures/keras2/lstm.weights-only.h5', import.meta.url));
    const made = await loadModel(keras.replace('.weights-only', ''));
    const layers = made.layers.map(writeLayer).join(', ');
    const from = await openStart(keras, 'classify', layers);
    expect([from.layers, from.features]).toEqual([layers, made.inputShape.at(-1)]);
    made.dispose();
    const said = await openStart(torch, 'classify', stack.replace('return', 'input_shape=[2, 3], return'));
    expect(said.layers).toBe(stack);
  });

  test('on the command line as in code', async () => {
    const out = join(folder, 'from-weights');
    const args = ['--classify', 'kind', '--steps', '1', '--plain', '--epochs', '1', '--from', torch, '--layers', stack];
    expect((await memcell('train', steps, ...args, '--out', out)).code).toBe(0);
    const options = { label: 'kind', steps: 1, plain: true, epochs: 1, from: torch, layers: stack } as const;
    const model = await classify({ files: [steps] }, options);
    const again = await loadModel(out);
    expect(model.network.getWeights()).toEqual(again.getWeights());
    expect(again.getWeights()).not.toEqual(await withWeights(torch));
    for (const one of [model, again]) one.dispose();
  });

  test.each([
    ['no layers', undefined, `${torch}: ${WEIGHTS_ALONE}`],
    ['a layer that is no layer', 'LSTN(5)', "layers: unknown layer 'LSTN'"],
    [
      'other sizes',
      'LSTM(6), Dense(2, softmax)',
      'nothing in the file fits layer lstm (LSTM 6), layer dense (Dense 6 → 2); no layer of the model takes head.bias',
    ],
    [
      'an input that cannot be told',
      'Flatten(), Dense(2)',
      /^layers: .*; a first layer may say its input, as LSTM\(32, input_shape=\[24, 3\]\)$/,
    ],
  ])('%s', async (_, layers, message) => {
    await expect(openStart(torch, 'classify', layers)).rejects.toThrow(message);
  });

  test('a size that is not that of the features is tried and freed, as is a model that the file does not fit', async () => {
    const shapes = { 'conv.weight': [4, 3, 2], 'conv.bias': [4], 'head.weight': [2, 4], 'head.bias': [2] };
    let end = 0;
    const head = Object.entries(shapes).map(([name, shape]) => {
      const from = end;
      end += 4 * shape.reduce((product, size) => product * size);
      return [name, { dtype: 'F32', shape, data_offsets: [from, end] }];
    });
    const json = Buffer.from(JSON.stringify(Object.fromEntries(head)));
    const length = Buffer.alloc(8);
    length.writeUInt32LE(json.length);
    const path = join(folder, 'convolution.safetensors');
    writeFileSync(path, Buffer.concat([length, json, Buffer.alloc(end)]));
    const freed = jest.spyOn(Sequential.prototype, 'dispose');
    const stack = 'Conv1D(4, 2), GlobalMaxPooling1D(), Dense(2, softmax)';
    const from = await openStart(path, 'classify', stack);
    // One for any features, one for the kernel's 2 steps, and the one that has 3.
    expect([from.features, freed.mock.calls.length]).toEqual([3, 3]);
    freed.mockClear();
    await expect(openStart(torch, 'classify', 'LSTM(6, input_shape=[2, 3]), Dense(2, softmax)')).rejects.toThrow(
      'nothing in the file fits layer',
    );
    expect(freed).toHaveBeenCalledTimes(1);
    freed.mockRestore();
  });

  test('every name that fits none is in the error', async () => {
    await expect(openStart(torch, 'classify', 'LSTM(5), Dense(2, softmax)')).rejects.toThrow(
      /takes lstm.bias_hh_l1 .*lstm.weight_ih_l1/,
    );
  });
});

describe('refuses in one line', () => {
  const run = async (...argv: string[]) => {
    const { code, err } = await memcell('train', ...argv, '--out', join(folder, 'never'));
    expect(existsSync(join(folder, 'never'))).toBe(false);
    return { code, last: err.trimEnd().split('\n').at(-1) };
  };

  test('layers beside it, the folder it starts from as --out, and a model of another task', async () => {
    const path = base('symbols');
    expect(await run(data.symbols, '--symbols', '--from', path, '--layers', 'LSTM(3)')).toEqual({
      code: 2,
      last: 'memcell: --layers and --from exclude each other: the layers are those of the model; leave one out',
    });
    const { code, err } = await memcell('train', data.symbols, '--symbols', '--from', path, '--out', path);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/^memcell: --from and --out are both .* give another --out\n$/),
    ]);
    expect(await run(data.text, '--text', '--from', path)).toEqual({
      code: 2,
      last: `memcell: ${path}: is a model of --symbols; --text starts from one of its own kind, or from one without a task`,
    });
    await expect(classify({ files: [data.rows] }, { label: 'kind', from: path, layers: 'Dense(2)' })).rejects.toThrow(
      /model of symbols; classify starts/,
    );
  });

  test('shapes that do not fit, by layer, with both', async () => {
    const path = join(folder, 'wide.keras');
    const made = new Sequential([LSTM(4, { name: 'memory' }), Dense(2, 'softmax')], { inputShape: [1, 3], seed: 1 });
    await made.save(path);
    made.dispose();
    expect(await run(data.rows, '--classify', 'kind', '--plain', '--from', path)).toEqual({
      code: 2,
      last: `memcell: ${path}: layer memory has weights [3, 16] [4, 16] [16]; this data needs [2, 16] [4, 16] [16]; start from a model of such data`,
    });
  });

  test('branches', async () => {
    const path = join(folder, 'branches.keras');
    const input = Input({ shape: [1, 2] });
    const sum = LSTM(3).apply(input);
    const other = GRU(3).apply(input);
    const made = new Model({ inputs: input, outputs: [Dense(2).apply(sum), Dense(2).apply(other)] });
    const [inner, skipped] = [Dense(2).apply(sum), Dense(2)];
    const beside = new Model({ inputs: input, outputs: Add().apply([skipped.apply(inner), inner]) });
    for (const one of [made, beside]) {
      await one.save(path);
      one.dispose();
      expect(await run(data.rows, '--classify', 'kind', '--from', path)).toEqual({
        code: 2,
        last: `memcell: ${path}: has branches; training starts from a model whose layers follow one another`,
      });
    }
  });
});

test('a run that is resumed started from the same model', async () => {
  const out = join(folder, 'killed');
  const args = ['train', data.backwards, '--symbols', '--epochs', '6', '--out', out];
  const killed = await memcellProcess([...args, '--from', base('symbols'), '--checkpoint', '0.01s'], (told, kill) => {
    if (told.includes('epoch 4/6')) kill('SIGKILL');
  });
  expect(killed.code).toBe(-1);
  const without = await memcell(...args, '--resume');
  expect([without.code, without.err]).toEqual([2, expect.stringContaining('is of another run: from was ')]);
  const other = join(folder, 'other-base');
  const model = await loadModel(base('symbols'));
  model.setWeights(
    model.getWeights().map(({ data: values, shape }) => ({ data: values.map((value) => value + 1), shape })),
  );
  await model.save(other);
  model.dispose();
  const changed = await memcell(...args, '--resume', '--from', other);
  expect([changed.code, changed.err]).toEqual([2, expect.stringContaining('is of another run: from.content was ')]);
  const resumed = await memcell(...args, '--resume', '--from', base('symbols'));
  expect(resumed.err).toMatch(/resuming from .*1 network|0 networks|one in part/);
  const whole = join(folder, 'whole');
  expect((await memcell(...args.slice(0, -1), whole, '--from', base('symbols'))).code).toBe(0);
  const [a, b] = [await loadModel(out), await loadModel(whole)];
  expect(a.getWeights()).toEqual(b.getWeights());
  for (const one of [a, b]) one.dispose();
});

test('columns that are not those of the forecast that is started from are told, what was and what is', () => {
  const many = Array.from({ length: 11 }, (_, i) => `c${i}`);
  const told = (before: object, targets: string[], past: string[], known: string[] = []) => {
    const said: string[] = [];
    const from = { name: 'm', say: (line: string) => said.push(line) };
    compareColumns(
      before as ForecastArtefact,
      { columns: { targets }, set: { past, known } } as unknown as ForecastData,
      from as unknown as Start,
    );
    expect(said.pop()).toBe('scaled by this data; window and horizon, where not given, are those of m');
    return said;
  };
  expect(told({ method: 'plain', targets: ['y'], channels: ['y', 'a'] }, ['y'], ['y', 'a'], ['k'])).toEqual([]);
  expect(told({ method: 'plain', targets: ['y'], channels: ['y', 'a'] }, ['z'], ['y'])).toEqual([
    'm: its targets were y, here z: taken in this order',
    'm: its columns were y, a, here y: taken in this order',
  ]);
  const whole = { targets: ['y', 'z'], channels: { past: many, known: ['k'] } };
  expect(told(whole, ['z', 'y'], [], ['k'])).toEqual([
    'm: its targets were y, z, here z, y: taken in this order',
    'm: its columns were c0, c1, c2, c3, c4, c5, c6, c7 and 3 more, here none: taken in this order',
  ]);
  expect(told(whole, ['y', 'z'], many, ['l'])).toEqual(['m: its known columns were k, here l: taken in this order']);
});

describe('layers as text', () => {
  test.each([
    'LSTM(5, return_sequences=true), GRU(4, reset_after=false), Dense(2, softmax)',
    'Bidirectional(LSTM(4, recurrent_dropout=0.1), sum), Dropout(0.3), Dense(2, trainable=false)',
    'Embedding(11, 4, mask_zero=true), SimpleRNN(3, relu), LayerNormalization, Dense(3)',
    'Conv1D(4, 3, padding=causal), MaxPooling1D, LSTM(3, use_bias=false, recurrent_activation=hard_sigmoid_keras2), Dense(1)',
    'TimeDistributed(Dense(3)), LSTM(2, kernel_regularizer=l1L2(l1=0.5, l2=0.25), bias_constraint=maxNorm(max_value=2, axis=0)), Dense(1)',
    'RNN([LSTMCell(3), GRUCell(2, relu)], return_sequences=true, trainable=false), Bidirectional(RNN(GRUCell(2)), trainable=false), Dense(1)',
    'RNN([LSTMCell(3, trainable=false), GRUCell(2)], return_sequences=true), TimeDistributed(Dense(2), trainable=false)',
    'Masking(-1), LSTM(2, kernel_constraint=nonNeg, go_backwards=true), BatchNormalization(momentum=0.5)',
  ])('%s', (text) => {
    const inputShape = text.startsWith('Embedding') ? [6] : [6, 2];
    const model = new Sequential(parseSpec(text), { inputShape, seed: 1 });
    model.build();
    expect(model.layers.map(writeLayer).join(', ')).toBe(text);
    model.dispose();
  });

  test.each([
    'Bidirectional(LSTM(2), trainable=false), Dense(2)',
    'RNN([LSTMCell(2), GRUCell(2)], trainable=false), Dense(2)',
  ])('what is frozen in a file stays frozen: %s', async (text) => {
    const model = new Sequential(parseSpec(text), { inputShape: [3, 2] });
    model.build();
    model.layers[0].trainable = false;
    expect(model.layers.map(writeLayer).join(', ')).toBe(text);
    for (const name of ['frozen', 'frozen.keras', 'frozen.h5']) {
      await model.save(join(folder, name));
      const read = await loadModel(join(folder, name));
      expect(read.layers.map(writeLayer).join(', ')).toBe(text);
      expect(read.layers[0].trainableWeights).toEqual([]);
      read.dispose();
    }
    model.dispose();
  });

  // As Keras writes it: everything inside what is frozen is.
  test.each([
    [
      'RNN([LSTMCell(2, trainable=false), GRUCell(2)], trainable=false)',
      'RNN([LSTMCell(2), GRUCell(2)], trainable=false)',
    ],
    ['Bidirectional(LSTM(2, trainable=false), trainable=false)', 'Bidirectional(LSTM(2), trainable=false)'],
    ['TimeDistributed(Dense(2, trainable=false), trainable=false)', 'TimeDistributed(Dense(2), trainable=false)'],
  ])('%s', (text, written) => {
    const model = new Sequential(parseSpec(text), { inputShape: [3, 2] });
    model.build();
    expect(model.layers.map(writeLayer)).toEqual([written]);
    model.dispose();
  });

  test('what the file had and the model has not is noted, and a layer that text cannot say is refused, both under its name', () => {
    const model = new Sequential([LSTM(3, { name: 'memory' }), Dense(2)], { inputShape: [4, 2], seed: 1 });
    model.build();
    const lost = ['the state of the optimizer is not read', 'layer memory: its dtype is float32'];
    Object.defineProperty(model, 'lost', { value: lost });
    const { notes, layers } = new Start('there.keras', model, 'classify');
    expect(layers).toBe('LSTM(3), Dense(2)');
    expect(notes.slice(-2)).toEqual(lost.map((line) => `there.keras: ${line}`));
    const [memory] = model.layers;
    memory.getConfig = () => ({ units: 3, secret: 7 });
    let refused: unknown;
    try {
      new Start('there.keras', model, 'classify');
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({
      code: 'usage',
      message: 'there.keras: layer memory (LSTM): training cannot start from one with secret 7',
    });
    model.dispose();
  });

  test('a layer that text cannot say is refused by name', () => {
    const odd = Bidirectional(LSTM(3), { mergeMode: 'concat' });
    expect(writeLayer(odd)).toBe('Bidirectional(LSTM(3))');
    const [lstm] = parseSpec('LSTM(3, name=memory)');
    lstm.getConfig = () => ({ units: 3, secret: 7 });
    expect(() => writeLayer(lstm)).toThrow('layer memory (LSTM): training cannot start from one with secret 7');
  });
});
