import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import {
  Add,
  Attention,
  Bidirectional,
  Concatenate,
  Conv1D,
  Dense,
  Dropout,
  Embedding,
  Flatten,
  GetItem,
  GRU,
  Input,
  LSTM,
  loadModel,
  Masking,
  MemcellError,
  Model,
  Multiply,
  Sequential,
  SLSTM,
  type SymbolicTensor,
} from 'memcell';
import * as tf from '../src/tf.js';
import { temporaryFolder } from './formats/models.js';

const folder = temporaryFolder();

/** Words and numbers in, a class and a number out, through one table and a branch. */
function twoByTwo(seed = 3): Model {
  const words = Input({ shape: [null], name: 'words' });
  const numbers = Input({ shape: [3], name: 'numbers' });
  const read = LSTM(6).apply(Embedding(12, 4).apply(words));
  const both = Concatenate().apply([read, Dense(5, 'relu').apply(numbers)]);
  const kind = Dense(3, 'softmax', { name: 'kind' }).apply(both);
  const value = Dense(1, { name: 'value' }).apply(Dropout(0.1).apply(both));
  return new Model({ inputs: [words, numbers], outputs: [kind, value], seed });
}

const n = 24;
const words = Array.from({ length: n }, (_, i) => Array.from({ length: 5 }, (_, t) => (i * 5 + t * 3) % 12));
const numbers = Array.from({ length: n }, (_, i) => [Math.sin(i), Math.cos(i), i / n]);
const kinds = words.map(([first]) => first % 3);
const values = numbers.map(([a, b]) => [a + b]);
const losses = { kind: 'sparseCategoricalCrossentropy', value: 'mse' } as const;

test('outputs may be called as what describes a loss', async () => {
  const x = Input({ shape: [2] });
  const outputs = ['name', 'class_name'].map((name) => Dense(1, { name }).apply(x));
  const model = new Model({ inputs: x, outputs, seed: 2 });
  const loss = { name: 'mse', class_name: 'mae' } as const;
  model.compile({ loss, optimizer: 'sgd' });
  const zeros = [[0], [0]];
  const [name, className] = await model.predict<[number[][], number[][]]>([
    [1, 2],
    [3, 4],
  ]);
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  const expected = [mean(name.map(([v]) => v * v)), mean(className.map(([v]) => Math.abs(v)))];
  const { loss: total } = await model.evaluate(
    [
      [1, 2],
      [3, 4],
    ],
    { name: zeros, class_name: zeros },
  );
  expect(total).toBeCloseTo(
    expected.reduce((a, b) => a + b),
    4,
  );
  model.dispose();
});

test('metrics of several outputs leave masked steps out; weighted ones go by the weights of their output', async () => {
  const x = Input({ shape: [2, 1] });
  const masked = Masking().apply(x);
  const steps = LSTM(1, { returnSequences: true, name: 'steps' }).apply(masked);
  const whole = LSTM(1, { name: 'whole' }).apply(masked);
  const model = new Model({ inputs: x, outputs: [steps, whole], seed: 2 });
  const data = [
    [[1], [2]],
    [[3], [0]],
  ];
  const [ofSteps, ofWhole] = await model.predict<[number[][][], number[][]]>(data);
  const e = [ofSteps[0][0][0] - 1, ofSteps[0][1][0] - 2, ofSteps[1][0][0] - 3];
  const f = [ofWhole[0][0] - 4, ofWhole[1][0] - 5];
  const targets = {
    steps: [
      [[1], [2]],
      [[3], [9]],
    ],
    whole: [[4], [5]],
  };
  const sampleWeight = {
    steps: [
      [1, 0.5],
      [2, 7],
    ],
    whole: [1, 3],
  };
  for (const engine of [undefined, 'tfjs'] as const) {
    model.compile({
      loss: 'mse',
      metrics: ['mae'],
      weightedMetrics: { steps: ['rootMeanSquaredError'], whole: ['rootMeanSquaredError'] },
      ...(engine && { engine }),
    });
    const logs = await model.evaluate(data, targets, { sampleWeight });
    expect(logs.steps_mae).toBeCloseTo((Math.abs(e[0]) + Math.abs(e[1]) + Math.abs(e[2])) / 3, 5);
    expect(logs.whole_mae).toBeCloseTo((Math.abs(f[0]) + Math.abs(f[1])) / 2, 5);
    const ofWeights = Math.sqrt((e[0] ** 2 + 0.5 * e[1] ** 2 + 2 * e[2] ** 2) / 3.5);
    expect(logs.steps_rootMeanSquaredError).toBeCloseTo(ofWeights, 5);
    expect(logs.whole_rootMeanSquaredError).toBeCloseTo(Math.sqrt((f[0] ** 2 + 3 * f[1] ** 2) / 4), 5);
  }
  expect(() => model.compile({ loss: 'mse', weightedMetrics: { parts: ['mae'] } })).toThrow(
    "weightedMetrics has 'parts', but the outputs are steps, whole",
  );
  model.dispose();
});

test('several inputs and outputs, by order and by name, train on the engine as on tfjs', async () => {
  const logs = [];
  for (const engine of [undefined, 'tfjs'] as const) {
    const model = twoByTwo();
    model.compile({
      loss: losses,
      lossWeights: [1, 0.5],
      metrics: { kind: ['accuracy'], value: ['mae'] },
      optimizer: 'adam',
      ...(engine && { engine }),
    });
    expect(model.engine.kind).toBe(engine ?? 'memcell');
    const { history } = await model.fit({ words, numbers }, [kinds, values], {
      epochs: 3,
      batchSize: 8,
      seed: 5,
      verbose: 0,
      validationSplit: 0.25,
      sampleWeight: Float32Array.from({ length: n }, (_, i) => 1 + (i % 2)),
    });
    logs.push(history);
    const [kind, value] = await model.predict<number[][][]>([words, numbers]);
    expect(await model.predict({ numbers, words })).toEqual({ kind, value });
    const evaluated = await model.evaluate([words, numbers], { value: values, kind: kinds });
    expect(evaluated.loss).toBeCloseTo(evaluated.kind_loss + 0.5 * evaluated.value_loss, 5);
    model.dispose();
  }
  const [own, tfjs] = logs;
  expect(Object.keys(own)).toEqual(Object.keys(tfjs));
  for (const [name, numbersOf] of Object.entries(own))
    numbersOf.forEach((one, epoch) => {
      expect(one).toBeCloseTo(tfjs[name][epoch], 4);
    });
});

test('the same seed gives the same bits, on any number of threads', async () => {
  const seen = [];
  for (const threads of [1, 2, 3]) {
    const model = twoByTwo();
    model.compile({ loss: losses, optimizer: 'sgd', threads });
    await model.fit([words, numbers], [kinds, values], { epochs: 2, seed: 1, verbose: 0 });
    seen.push(model.getWeights());
    model.dispose();
  }
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
});

test('a saved graph comes back with its names, its settings and its predictions', async () => {
  const model = twoByTwo();
  model.compile({ loss: losses, optimizer: 'adam' });
  await model.fit([words, numbers], [kinds, values], { verbose: 0, seed: 1 });
  const expected = await model.predict({ words, numbers });
  for (const name of ['graph', 'graph.keras', 'graph.h5']) {
    await model.save(`${folder}/${name}`);
    const again = await loadModel(`${folder}/${name}`);
    expect(again.engine).toEqual({ kind: 'memcell' });
    expect(again.isCompiled).toBe(true);
    expect(again.inputs).toEqual(model.inputs);
    expect(await again.predict({ words, numbers })).toEqual(expected);
    again.dispose();
  }
  model.dispose();
});

test('models in a model may have layers of one name, or share them with it: saved ones come back', async () => {
  const input = Input({ shape: [4, 2] });
  const shared = Dense(2, { name: 'shared' });
  const inner = new Model({ inputs: input, outputs: shared.apply(Dense(2, { name: 'dense' }).apply(input)), seed: 1 });
  const head = new Sequential([LSTM(3), Dense(1, { name: 'dense' })], { inputShape: [4, 2], name: 'head', seed: 2 });
  for (const joins of [false, true]) {
    const x = Input({ shape: [4, 2], name: 'x' });
    const read = inner.apply(x);
    const output = head.apply(joins ? Add().apply([read, shared.apply(x)]) : read);
    const model = new Model({ inputs: x, outputs: output, name: 'outer', seed: 3 });
    model.compile({ loss: 'mse', optimizer: 'adam' });
    const given = words.slice(0, 4).map((row) => row.slice(0, 4).map((word, t) => [word / 12, t / 4]));
    const wanted = [[1], [0], [-1], [0.5]];
    await model.fit(given, wanted, { epochs: 2, seed: 1, verbose: 0 });
    const expected = await model.predict<number[][]>(given);
    for (const name of ['nested', 'nested.keras', 'nested.h5']) {
      await model.save(`${folder}/${name}`);
      const again = await loadModel(`${folder}/${name}`);
      const found = await again.predict<number[][]>(given);
      found.forEach(([value], i) => {
        expect(value).toBeCloseTo(expected[i][0], 6);
      });
      again.dispose();
    }
  }
});

test('summary says what each layer is connected to', () => {
  const x = Input({ shape: [null, 2], name: 'x' });
  const [output, h] = LSTM(3, { returnState: true, name: 'reads' }).apply(x);
  const shared = Dense(3, { name: 'shared' });
  const joined = Add().apply([shared.apply(output), shared.apply(h)]);
  const model = new Model({ inputs: x, outputs: joined, seed: 1 });
  const rows = model
    .summaryText()
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) => line.split('│').map((cell) => cell.trim()));
  const column = (at: number) => rows.map((row) => row[at]);
  expect(column(4)).toEqual(['-', 'x[0][0]', '', '', 'reads[0][0]', 'reads[0][1]', 'shared[0][0]', 'shared[1][0]']);
  expect(column(2).slice(1, 4)).toEqual(['(None, 3)', '(None, 3)', '(None, 3)']);
  model.dispose();
});

test('models that share layers have what either learns', async () => {
  const x = Input({ shape: [null, 2] });
  const [, h, c] = LSTM(4, { returnState: true }).apply(x);
  const y = Input({ shape: [null, 2] });
  const cell = LSTM(4, { returnSequences: true, returnState: true });
  const head = Dense(1);
  const [decoded] = cell.apply(y, { initialState: [h, c] });
  const both = new Model({ inputs: [x, y], outputs: head.apply(decoded), seed: 2 });
  const encoder = new Model({ inputs: x, outputs: [h, c] });
  const states = [Input({ shape: [4] }), Input({ shape: [4] })];
  const [again] = cell.apply(y, { initialState: states });
  const decoder = new Model({ inputs: [y, ...states], outputs: head.apply(again) });
  const [from, to] = [
    [[[0.5, -1]], [[1, 2]]].map(([row]) => [row, row]),
    [[[1, 0]], [[0, 1]]].map(([row]) => [row, row]),
  ];
  both.compile({ loss: 'mse', optimizer: 'adam' });
  for (let round = 0; round < 2; round++) {
    await both.trainOnBatch(
      [from, to],
      [
        [[1], [2]],
        [[0], [1]],
      ],
    );
    const given = await encoder.predict<number[][][]>(from);
    expect(await decoder.predict([to, ...given])).toEqual(await both.predict([from, to]));
  }
  expect([both, encoder, decoder].map(({ engine }) => engine.kind)).toEqual(['memcell', 'memcell', 'memcell']);
});

test('models are layers of models, with the same weights in each call', async () => {
  const inner = new Sequential([Dense(4, 'tanh', { inputShape: [4] }), Dense(4)], { seed: 1 });
  const x = Input({ shape: [4] });
  const outer = new Model({ inputs: x, outputs: inner.apply(inner.apply(x)), seed: 1 });
  outer.compile({ loss: 'mse', optimizer: 'sgd' });
  const rows = [
    [1, 2, 3, 4],
    [0, 1, 0, -1],
  ];
  const { history } = await outer.fit(rows, rows, { epochs: 5, verbose: 0 });
  expect(history.loss[4]).toBeLessThan(history.loss[0]);
  expect(outer.countParams()).toBe(40);
  expect(outer.engine).toEqual({ kind: 'memcell' });
  expect(await inner.predict(await inner.predict(rows))).toEqual(await outer.predict(rows));
});

test('what each input takes is what reads it, in a model inside the model too', async () => {
  const inside = () => {
    const [numbers, words, others] = [Input({ shape: [3] }), Input({ shape: [2] }), Input({ shape: [2] })];
    const read = [Embedding(7, 3).apply(words), Embedding(9, 3).apply(others)];
    const outputs = Concatenate({ axis: 1 }).apply([
      Dense(3).apply(numbers),
      ...read.map((one) => Flatten().apply(one)),
    ]);
    return new Model({ inputs: [numbers, words, others], outputs });
  };
  const ends = [3, 2, 2].map((size, i) => Input({ shape: [size], name: 'abc'[i] }));
  const [a, b, c] = ends;
  const model = new Model({ inputs: ends, outputs: Dense(1).apply(inside().apply([a, b, c])) });
  const given = (numbers: number[], words: number[], others: number[]) => model.predict([[numbers], [words], [others]]);
  await given([0.5, 7, -2], [6, 0], [8, 7]);
  for (const [words, others, message] of [
    [[7, 0], [8, 7], 'x (b)[0][0] is 7; it must be from 0 to 6'],
    [[0.5, 0], [8, 7], 'x (b)[0][0] is 0.5; it must be a whole number'],
    [[6, 0], [8, 9], 'x (c)[0][1] is 9; it must be from 0 to 8'],
  ] as const)
    await expect(given([0.5, 7, -2], [...words], [...others])).rejects.toThrow(message);
  model.dispose();
});

test('both directions apart, each with its states', async () => {
  const x = Input({ shape: [4, 2] });
  const both = Bidirectional(LSTM(3, { returnSequences: true }), { mergeMode: null });
  const [forward, backward] = both.apply(x);
  const apart = new Model({ inputs: x, outputs: [forward, backward], seed: 1 });
  const joined = new Model({ inputs: x, outputs: Multiply().apply([forward, backward]) });
  const data = [
    [
      [1, 2],
      [3, -1],
      [0, 1],
      [2, 2],
    ],
  ];
  const [a, b] = await apart.predict<number[][][][]>(data);
  expect(apart.engine).toEqual({ kind: 'memcell' });
  const [product] = await joined.predict<number[][][]>(data);
  product.forEach((row, t) => {
    row.forEach((value, u) => {
      expect(value).toBeCloseTo(a[0][t][u] * b[0][t][u], 6);
    });
  });
});

test.each([undefined, 'tfjs'] as const)(
  'both directions apart of a sequence with masked steps: zeros there in both, and elsewhere what they are without these steps (%s)',
  async (engine) => {
    const x = Input({ shape: [null, 2] });
    const both = Bidirectional(LSTM(3, { returnSequences: true, returnState: true }), { mergeMode: null });
    const model = new Model({ inputs: x, outputs: both.apply(Masking().apply(x)) as SymbolicTensor[], seed: 1 });
    model.compile({ loss: 'mse', ...(engine && { engine }) });
    const steps = [
      [1, 2],
      [3, -1],
      [2, 2],
    ];
    const none = [0, 0];
    const [short, long] = [steps, [none, steps[0], steps[1], none, steps[2], none]].map((given) =>
      model.predict<number[][][][]>([given]),
    );
    const [forward, backward, ...states] = await long;
    const [a, b, ...others] = await short;
    for (const [padded, plain] of [
      [forward, a],
      [backward, b],
    ]) {
      for (const t of [0, 3, 5]) expect(padded[0][t].map(Math.abs)).toEqual([0, 0, 0]);
      [1, 2, 4].forEach((t, i) => {
        for (const u of [0, 1, 2]) expect(padded[0][t][u]).toBeCloseTo(plain[0][i][u], 6);
      });
    }
    expect(states.flat(2)).toEqual(others.flat(2).map((value) => expect.closeTo(Number(value), 6)));
    expect(states).toHaveLength(4);
    model.dispose();
  },
);

test.each([undefined, 'tfjs'] as const)(
  'around a layer that goes backwards the directions are exchanged, masked steps too, and trained alike (%s)',
  async (engine) => {
    const made = (goBackwards: boolean, returnSequences: boolean) => {
      const layer = Bidirectional(LSTM(2, { goBackwards, returnSequences }));
      const model = new Sequential([Masking(), layer], { inputShape: [4, 2], seed: 3 });
      model.compile({ loss: 'mse', ...(engine && { engine }) });
      return model;
    };
    // Of the second sample the last step is masked, and of the third the first and the third.
    const rows = [
      [1, 2, 3, -1, 0, 1, 2, 2],
      [1, 2, 3, -1, 0, 1, 0, 0],
      [0, 0, 3, -1, 0, 0, 2, 2],
    ];
    const x = { data: Float32Array.from(rows.flat()), shape: [3, 4, 2] };
    for (const returnSequences of [false, true]) {
      const [one, other] = [made(false, returnSequences), made(true, returnSequences)];
      const weights = one.getWeights();
      other.setWeights([...weights.slice(3), ...weights.slice(0, 3)]);
      const [{ data }, { data: exchanged }] = [await one.predict(x), await other.predict(x)];
      const steps = returnSequences ? 4 : 1;
      // A step's numbers: two of each direction.
      const expected = rows.flatMap((_, row) =>
        Array.from({ length: steps }, (_, t) => {
          const from = 4 * (steps * (row + 1) - 1 - t);
          return data.slice(from, from + 4);
        }),
      );
      expect([...exchanged]).toEqual(
        expected.flatMap(([a, b, c, d]) => [c, d, a, b]).map((value) => expect.closeTo(value, 6)),
      );
      const plain = made(true, returnSequences);
      plain.compile({ loss: 'mse', optimizer: 'rmsprop', engine: 'tfjs' });
      plain.setWeights(other.getWeights());
      const y = {
        data: Float32Array.from({ length: 12 * steps }, (_, i) => Math.sin(i)),
        shape: returnSequences ? [3, 4, 4] : [3, 4],
      };
      const [loss, expectedLoss] = [await other.trainOnBatch(x, y), await plain.trainOnBatch(x, y)];
      expect(loss).toBeCloseTo(expectedLoss, 6);
      const after = plain.getWeights();
      for (const [i, { data: values }] of other.getWeights().entries())
        for (const [j, value] of values.entries()) expect(value).toBeCloseTo(after[i].data[j], 4);
      plain.dispose();
      for (const model of [one, other]) model.dispose();
    }
  },
);

test('a graph with one input and one output streams', async () => {
  const x = Input({ shape: [null, 2] });
  const read = LSTM(3, { returnSequences: true }).apply(x);
  const model = new Model({ inputs: x, outputs: Dense(1).apply(Concatenate().apply([read, x])), seed: 4 });
  const steps = [
    [1, 2],
    [3, 4],
    [-1, 0],
  ];
  const [expected] = await model.predict<number[][][]>([steps]);
  const stream = model.stream();
  for (const [t, step] of steps.entries()) expect(stream.push(step)[0]).toBeCloseTo(expected[t][0], 6);
  expect(() => twoByTwo().stream()).toThrow('this model cannot stream: it has several inputs');
});

test('a frozen layer’s penalty is no part of the loss, as in Keras', async () => {
  const losses: number[] = [];
  for (const engine of [undefined, 'tfjs'] as const)
    for (const kernelRegularizer of ['l2', null] as const) {
      const layers = [Dense(4, { trainable: false, kernelRegularizer }), Dense(1)];
      const model = new Sequential(layers, { inputShape: [3], seed: 1 });
      model.compile({ loss: 'mse', optimizer: 'sgd', ...(engine && { engine }) });
      expect(model.engine.kind).toBe(engine ?? 'memcell');
      losses.push(await model.trainOnBatch(numbers, values));
      model.dispose();
    }
  for (const loss of losses) expect(loss).toBeCloseTo(losses[0], 6);
});

test('what is picked of a sequence is picked from again, and what is not a sequence streams', async () => {
  const x = [
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  ];
  const picked = (options: { axis?: number }, item: number) => {
    const input = Input({ shape: [2, 3] });
    return new Model({ inputs: input, outputs: GetItem([1, 2]).apply(GetItem(item, options).apply(input)) });
  };
  const [step, feature] = [picked({}, 1), picked({ axis: 2 }, 0)];
  for (const [model, expected] of [
    [step, [[5]]],
    [feature, [[4]]],
  ] as const) {
    expect(model.engine.kind).toBe('memcell');
    expect(await model.predict(x)).toEqual(expected);
    model.dispose();
  }
  const input = Input({ shape: [null, 3] });
  const state = LSTM(2).apply(input);
  const model = new Model({ inputs: input, outputs: Add().apply([Dense(3).apply(state), Dense(1).apply(state)]) });
  const [expected] = await model.predict<number[][]>(x);
  const stream = model.stream();
  const [, pushed] = x[0].map((step) => [...stream.push(step)]);
  expect(pushed).toHaveLength(3);
  for (const [i, value] of pushed.entries()) expect(value).toBeCloseTo(expected[i], 5);
  model.dispose();
});

test('numbers of steps that do not fit are an error of one line, on tfjs too', async () => {
  const [x, y] = [Input({ shape: [null, 2], name: 'x' }), Input({ shape: [null, 2], name: 'y' })];
  const sums = new Model({ inputs: [x, y], outputs: Dense(1).apply(Add().apply([x, y])), seed: 1 });
  sums.compile({ loss: 'mse', engine: 'tfjs' });
  const [two, three] = [2, 3].map((count) => [Array.from({ length: count }, () => [1, 2])]);
  const differ = sums.predict([two, three]);
  await expect(differ).rejects.toMatchObject({ name: 'MemcellError', code: 'data' });
  await expect(differ).rejects.toThrow('layer add (Add) cannot take inputs of shape (1, 2, 2), (1, 3, 2): ');
  const wide = new Model({ inputs: x, outputs: Conv1D(2, 3).apply(x), seed: 1 });
  wide.compile({ loss: 'mse', engine: 'tfjs' });
  const short = wide.trainOnBatch(two, [[[1, 2]]]);
  await expect(short).rejects.toMatchObject({ name: 'MemcellError', code: 'data' });
});

test('inputs without names are numbered beside those that have one, and so are several outputs of a layer', async () => {
  const [a, b, c] = [1, 2, 3].map(() => Input({ shape: [2, 1] }));
  const named = Input({ shape: [2, 1], name: 'input_layer_1' });
  const outputs = LSTM(2, { returnState: true }).apply(Add().apply([named, a, b, c]));
  const model = new Model({ inputs: [named, a, b, c], outputs, seed: 1 });
  const names = ['input_layer_1', 'input_layer', 'input_layer_2', 'input_layer_3'];
  expect(model.inputs.map(({ name }) => name)).toEqual(names);
  const all = names.map((_, i) => [[[i], [i + 1]]]);
  const inOrder = await model.predict<number[][][]>(all);
  const byName = await model.predict<Record<string, number[][]>>(
    Object.fromEntries(names.map((name, i): [string, number[][][]] => [name, all[i]]).reverse()),
  );
  expect(byName).toEqual({ lstm: inOrder[0], lstm_1: inOrder[1], lstm_2: inOrder[2] });
  expect(inOrder[0]).toEqual(inOrder[1]);
  expect(inOrder[1]).not.toEqual(inOrder[2]);
  model.dispose();
});

test('what does not fit is an error of one line that names it', () => {
  const flat = Input({ shape: [4], name: 'flat' });
  const steps = Input({ shape: [null, 3], name: 'steps' });
  const output = Dense(2).apply(flat);
  const cell = LSTM(5);
  const own = Dense(4, { name: 'own' }).apply(flat);
  const wrong: [() => unknown, string][] = [
    [() => LSTM(3).apply(flat), 'layer lstm (LSTM) needs (samples, steps, features), but its input is (None, 4)'],
    [
      () => Dense(3).apply([flat, steps]),
      'layer dense (Dense) takes one input, not 2; join them first, as Concatenate() does',
    ],
    [
      () => Add().apply([flat, Input({ shape: [5] })]),
      'layer add (Add) cannot take inputs of shape (None, 4), (None, 5)',
    ],
    [
      () => cell.apply(steps, { initialState: [flat] }),
      'layer lstm (LSTM) has 2 states, but 1 is given as the initial one',
    ],
    [
      () => Bidirectional(GRU(4)).apply(steps, { initialState: [flat] }),
      'layer bidirectional (Bidirectional) has 2 states, but 1 is given as the initial one',
    ],
    [
      () => Bidirectional(LSTM(4)).apply(steps, { initialState: [flat, flat, flat, steps] }),
      'initial state 3 has the shape (None, None, 3); it must be (None, 4)',
    ],
    [
      () => cell.apply(steps, { initialState: [flat, flat] }),
      'initial state 0 has the shape (None, 4); it must be (None, 5)',
    ],
    [() => Dense(3).apply(4 as unknown as SymbolicTensor), 'layer dense (Dense) is applied to 4; give it what Input()'],
    [
      () => new Model({ inputs: steps, outputs: output }),
      "the outputs hang on the input 'flat' that is not among the model's inputs",
    ],
    [
      () => new Model({ inputs: [flat, steps], outputs: output }),
      'no output hangs on input steps of the model; leave it out',
    ],
    [() => new Model({ inputs: flat, outputs: [] }), 'Model: outputs is an empty list'],
    [
      () => new Model({ inputs: own, outputs: Dense(1).apply(own) }),
      'an input of the model is what own gives; a model begins with Input()',
    ],
    [
      () => new Model({ inputs: flat, outputs: Dense(1, { name: 'a' }).apply(Dense(2, { name: 'a' }).apply(flat)) }),
      'two layers are called a; give one of them another name',
    ],
    [() => Input({ shape: [0] }), 'Input: shape must be a list of whole numbers above 0'],
  ];
  for (const [make, message] of wrong) {
    expect(make).toThrow(message);
    expect(make).toThrow(MemcellError);
  }
});

test('a layer that is in another model keeps its weights; two of one name are refused', async () => {
  const x = Input({ shape: [3], batchSize: 2 });
  expect(x.shape).toEqual([2, 3]);
  const shared = Dense(4, { name: 'shared' });
  const model = new Model({ inputs: x, outputs: Dense(1).apply(shared.apply(x)), seed: 1 });
  model.compile({ loss: 'mse', optimizer: 'sgd' });
  await model.fit(
    [
      [1, 2, 3],
      [3, 1, 2],
    ],
    [[1], [0]],
    { epochs: 2, verbose: 0 },
  );
  const [kernel] = model.getWeights();
  const other = new Model({ inputs: x, outputs: Dense(2).apply(shared.apply(x)), seed: 2 });
  expect(other.getWeights()[0]).toEqual(kernel);
  const namesake = Dense(3, { name: 'shared' });
  new Model({ inputs: x, outputs: namesake.apply(x) });
  expect(() => new Model({ inputs: x, outputs: shared.apply(namesake.apply(x)) })).toThrow(
    'two layers are called shared; give one of them another name',
  );
});

test('types: a layer gives a tensor, and a list where it returns states', () => {
  const x = Input({ shape: [null, 2] });
  const one: SymbolicTensor = LSTM(2).apply(x);
  const all: SymbolicTensor[] = LSTM(2, { returnState: true }).apply(x);
  // @ts-expect-error one tensor is no list
  const list: SymbolicTensor[] = LSTM(2).apply(x);
  // @ts-expect-error a list is not one tensor
  const alone: SymbolicTensor = LSTM(2, { returnState: true }).apply(x);
  // @ts-expect-error the name of the option is initialState
  LSTM(2).apply(x, { initialStates: [one, one] });
  expect([one, list].every((tensor) => !Array.isArray(tensor))).toBe(true);
  expect([all, alone].map((tensors) => [tensors].flat().length)).toEqual([3, 3]);
});

test('a model that is disposed leaves nothing, of layers and models that it calls twice neither', async () => {
  const before = tf.memory().numTensors;
  const [x, z] = [Input({ shape: [5, 4] }), Input({ shape: [5, 4] })];
  const [shared, both] = [LSTM(4, { returnSequences: true }), Attention({ useScale: true })];
  const inner = new Sequential([Dense(4)], { inputShape: [5, 4] });
  const joined = both.apply([both.apply([shared.apply(x), shared.apply(z)]), z]);
  const model = new Model({ inputs: [x, z], outputs: inner.apply(inner.apply(joined)) });
  const ones = [Array.from({ length: 5 }, () => [1, 2, 3, 4])];
  await model.predict([ones, ones]);
  expect(tf.memory().numTensors).toBeGreaterThan(before);
  model.dispose();
  inner.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('JSON and strings of models and layers say what they are, whoever made them', async () => {
  const x = Input({ shape: [3] });
  const model = new Model({ inputs: x, outputs: Dense(2).apply(x) });
  expect(JSON.parse(JSON.stringify({ model })).model).toMatchObject({ class: 'Model', parameters: 8 });
  expect(String(model)).toBe(`Model functional: InputLayer ${model.layers[0].name}, Dense ${model.layers[1].name}`);
  const stack = new Sequential([Dense(2, { name: 'last' })], { inputShape: [3] });
  expect(JSON.parse(JSON.stringify(stack)).class).toBe('Sequential');
  expect(`${stack}`).toBe('Sequential sequential: Dense last');
  const twoWays = Bidirectional(LSTM(4, { returnSequences: true }), { name: 'both' });
  expect(String(twoWays)).toBe('Bidirectional both');
  const { class: className, config } = JSON.parse(JSON.stringify(twoWays));
  expect([className, config.mergeMode]).toEqual(['Bidirectional', 'concat']);
  const own = new Sequential([twoWays, SLSTM(3), Dense(1)], { inputShape: [5, 2] });
  const file = join(folder, 'described');
  await own.save(file);
  const { layers } = await loadModel(file);
  expect(JSON.parse(JSON.stringify(layers)).map((one: { class: string }) => one.class)).toEqual([
    'Bidirectional',
    'SLSTM',
    'Dense',
  ]);
});

test('each output has sample weights of its own, by order and by name, for samples and steps, on the engine as on tfjs', async () => {
  const samples = 10;
  const steps = 3;
  const x = Array.from({ length: samples }, (_, i) =>
    Array.from({ length: steps }, (_, t) => [Math.sin(i + t), Math.cos(2 * i - t)]),
  );
  const each = x.map((rows) => rows.map(([a, b]) => [a * b]));
  const one = x.map((rows) => [rows[0][0]]);
  const ofSteps = x.map((rows, i) => rows.map((_, t) => ((i + 2 * t) % 4) / 2));
  const ofSamples = x.map((_, i) => (i % 3 === 0 ? 0 : i / 5));
  const found: unknown[] = [];
  for (const engine of [undefined, 'tfjs'] as const) {
    const input = Input({ shape: [steps, 2] });
    const read = LSTM(4, { returnSequences: true }).apply(input);
    const outputs = [Dense(1, { name: 'each' }).apply(read), Dense(1, { name: 'one' }).apply(LSTM(3).apply(read))];
    const model = new Model({ inputs: input, outputs, seed: 1 });
    model.compile({ loss: 'mse', lossWeights: [0.5, 2], optimizer: 'adam', ...(engine && { engine }) });
    expect(model.engine.kind).toBe(engine ?? 'memcell');
    const [a, b] = await model.predict<number[][][]>(x).then((all) => all as unknown as [number[][][], number[][]]);
    // L = ½ · Σ w (y − ŷ)² / (B·T) + 2 · Σ w (y − ŷ)² / B
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const first = mean(x.flatMap((rows, i) => rows.map((_, t) => ofSteps[i][t] * (each[i][t][0] - a[i][t][0]) ** 2)));
    const second = (weights: number[]) => mean(one.map(([y], i) => weights[i] * (y - b[i][0]) ** 2));
    const logs = await model.evaluate(x, [each, one], { sampleWeight: [ofSteps, ofSamples] });
    expect(logs.each_loss).toBeCloseTo(first, 6);
    expect(logs.one_loss).toBeCloseTo(second(ofSamples), 6);
    expect(logs.loss).toBeCloseTo(0.5 * first + 2 * second(ofSamples), 6);
    expect((await model.evaluate(x, [each, one], { sampleWeight: { each: ofSteps } })).one_loss).toBeCloseTo(
      second(ofSamples.map(() => 1)),
      6,
    );
    const alike = await model.evaluate(x, [each, one], { sampleWeight: ofSamples });
    expect(alike.one_loss).toBeCloseTo(second(ofSamples), 6);
    expect(alike).toEqual(
      await model.evaluate(x, [each, one], {
        sampleWeight: [x.map((_, i) => x[i].map(() => ofSamples[i])), ofSamples],
      }),
    );
    const { history } = await model.fit(x, [each, one], {
      epochs: 3,
      batchSize: 4,
      seed: 2,
      verbose: 0,
      validationSplit: 0.2,
      sampleWeight: { one: Float32Array.from(ofSamples), each: ofSteps },
    });
    found.push(...[history.loss, history.val_loss].flat());
    for (const [wrong, why] of [
      [{ other: ofSamples }, "sampleWeight: 'other' is no output; the model's outputs: each, one"],
      [[ofSteps, ofSteps], /^sampleWeight \(one\): shape \(10, 3\); expected one weight for each sample, \(10,\)/],
      [[ofSteps, ofSamples, null], 'sampleWeight: a list of 3 arrays'],
      [[null, ofSamples.slice(1)], 'sampleWeight (one): shape (9,)'],
    ] as const)
      await expect(model.fit(x, [each, one], { sampleWeight: wrong, verbose: 0 })).rejects.toThrow(why);
    model.dispose();
  }
  expect(found).toHaveLength(12);
  for (let i = 0; i < 6; i++) expect(found[i]).toBeCloseTo(Number(found[6 + i]), 5);
});
