import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  Bidirectional,
  Concatenate,
  Dense,
  Embedding,
  GlobalMaxPooling1D,
  GRU,
  Input,
  LSTM,
  loadModel,
  Masking,
  MemcellError,
  Model,
  Sequential,
  SimpleRNN,
} from 'memcell';
import * as tf from '../../src/tf.js';

const ramp = (shape: number[], scale = 1) => {
  const size = shape.reduce((product, one) => product * one, 1);
  return { data: Float32Array.from({ length: size }, (_, i) => scale * Math.sin(i + 1)), shape };
};

test('the gates of an LSTM whose gates are known come out as known', async () => {
  const model = new Sequential([LSTM(2)], { inputShape: [3, 1] });
  const [, forget] = [Math.log(3), Math.log(9)]; // σ: 0.75, 0.9
  // Input closed in unit 1, open in unit 0; forget 0.9; candidate tanh(x); output ½.
  model.setWeights([
    [[0, 0, 0, 0, 1, 1, 0, 0]],
    [new Array(8).fill(0), new Array(8).fill(0)],
    [100, -100, forget, forget, 0, 0, 0, 0],
  ]);
  const [layer] = await model.gates([[[0.5], [0], [0]]]);
  expect(layer.shape).toEqual([1, 3, 2]);
  const candidate = Math.tanh(0.5);
  const near = (values: Float32Array | undefined, wanted: number[]) => {
    expect(values).toBeDefined();
    for (const [i, value] of wanted.entries()) expect(values?.[i]).toBeCloseTo(value, 6);
  };
  near(layer.gates.input, [1, 0, 1, 0, 1, 0]);
  near(layer.gates.forget, new Array(6).fill(0.9));
  near(layer.gates.candidate, [candidate, candidate, 0, 0, 0, 0]);
  near(layer.gates.output, new Array(6).fill(0.5));
  near(layer.gates.cell, [candidate, 0, 0.9 * candidate, 0, 0.81 * candidate, 0]);
  near(layer.gates.state, [0.5 * Math.tanh(candidate), 0, 0.5 * Math.tanh(0.9 * candidate), 0]);
  expect(layer.halfLives?.[0]).toBeCloseTo(Math.log(0.5) / Math.log(0.9), 4);
  model.dispose();
});

const layers = {
  LSTM: (units: number, goBackwards: boolean) => LSTM(units, { returnSequences: true, goBackwards }),
  GRU: (units: number, goBackwards: boolean) => GRU(units, { returnSequences: true, goBackwards }),
  resetBefore: (units: number, goBackwards: boolean) =>
    GRU(units, { returnSequences: true, goBackwards, resetAfter: false }),
  SimpleRNN: (units: number, goBackwards: boolean) => SimpleRNN(units, { returnSequences: true, goBackwards }),
};

test('states are what the layer itself gives, whatever its kind, direction and mask', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...(Object.keys(layers) as (keyof typeof layers)[])),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      fc.boolean(),
      async (kind, units, steps, goBackwards, masked) => {
        const stack = [...(masked ? [Masking({ maskValue: 0 })] : []), layers[kind](units, goBackwards)];
        const model = new Sequential(stack, { inputShape: [steps, 2], seed: units });
        const x = ramp([2, steps, 2]);
        // A step in the middle, which the states go past.
        const hidden = steps >> 1;
        if (masked) x.data.fill(0, 2 * hidden, 2 * hidden + 2);
        const { data } = await model.predict(x);
        const [{ gates }] = await model.gates(x);
        for (let b = 0; b < 2; b++) {
          for (let t = 0; t < steps; t++) {
            if (masked && b === 0 && t === hidden) continue;
            const at = goBackwards ? steps - 1 - t : t;
            for (let u = 0; u < units; u++) {
              expect(gates.state[(b * steps + t) * units + u]).toBeCloseTo(data[(b * steps + at) * units + u], 5);
            }
          }
        }
        model.dispose();
      },
    ),
    { numRuns: 12 },
  );
});

test.each([
  ['LSTM', LSTM(3, { returnSequences: true, useBias: false })],
  ['GRU', GRU(3, { returnSequences: true, useBias: false })],
  ['GRU that resets before', GRU(3, { returnSequences: true, useBias: false, resetAfter: false })],
  ['SimpleRNN', SimpleRNN(3, { returnSequences: true, useBias: false })],
])('states without biases: %s', async (_, layer) => {
  const model = new Sequential([layer], { inputShape: [4, 2], seed: 3 });
  expect(model.getWeights()).toHaveLength(2);
  const x = ramp([2, 4, 2]);
  const { data } = await model.predict(x);
  const [{ gates }] = await model.gates(x);
  expect([...gates.state]).toEqual(Array.from(data, (value) => expect.closeTo(value, 5)));
  model.dispose();
});

test('both directions of a Bidirectional and a layer after an Embedding are told', async () => {
  const model = new Sequential(
    [Embedding(7, 3), Bidirectional(LSTM(4, { returnSequences: true })), GRU(2), Dense(3, 'softmax')],
    { inputShape: [5], seed: 1 },
  );
  const told = await model.gates([[1, 2, 3, 4, 5]]);
  expect(told.map(({ layer, kind, shape }) => [layer.replace(/^.*\//, ''), kind, shape])).toEqual([
    ['forward', 'LSTM', [1, 5, 4]],
    ['backward', 'LSTM', [1, 5, 4]],
    [expect.stringMatching(/^gru/), 'GRU', [1, 5, 2]],
  ]);
  model.dispose();
});

test('of branches after an Embedding, each layer is told on what it reads, and what tokens add is of the whole model', async () => {
  const words = Input({ shape: [4] });
  const read = Embedding(9, 3).apply(words);
  const [last, h, c] = LSTM(3, { returnState: true }).apply(read);
  const again = LSTM(3, { returnSequences: true }).apply(read, { initialState: [h, c] });
  const outputs = Dense(2).apply(Concatenate().apply([last, GlobalMaxPooling1D().apply(again)]));
  const model = new Model({ inputs: words, outputs: [outputs, again], seed: 4 });
  const x = [[1, 5, 2, 8]];
  const [first, states] = (await model.predict(x)) as [number[][], number[][][]];
  const told = await model.gates(x);
  expect(told).toHaveLength(2);
  for (const [i, value] of states.flat(2).entries()) expect(told[1].gates.state[i]).toBeCloseTo(value, 5);
  const { values, output, baseline } = await model.attribute(x, { output: 1 });
  expect(output[0]).toBeCloseTo(first[0][1], 5);
  expect(values.data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(output[0] - baseline[0], 3);
  const later = await model.attribute(x, { output: 2 + 3 * 3 + 1 });
  expect(later.output[0]).toBeCloseTo(states[0][3][1], 5);
  expect(later.values.data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(later.output[0] - later.baseline[0], 3);
  await expect(model.attribute(x)).rejects.toThrow('the model has the outputs');
  const twice = new Model({ inputs: words, outputs: Concatenate().apply([read, Embedding(9, 2).apply(words)]) });
  await expect(twice.attribute(x)).rejects.toThrow('is explained where nothing else reads it');
  model.dispose();
  twice.dispose();
});

test('layers inside a model in the model are told, however deep', async () => {
  const between = Input({ shape: [4, 3] });
  const gru = GRU(2, { returnSequences: true, name: 'deep' }).apply(between);
  const deep = new Model({ inputs: between, outputs: gru });
  const read = Input({ shape: [4, 2] });
  const first = LSTM(3, { returnSequences: true, name: 'first' }).apply(read);
  const inner = new Model({ inputs: read, outputs: deep.apply(first) });
  const words = Input({ shape: [4, 2] });
  const outputs = Dense(1).apply(SimpleRNN(2, { name: 'last' }).apply(inner.apply(words)));
  const model = new Model({ inputs: words, outputs, seed: 4 });
  const told = await model.gates([
    [
      [0.5, 1],
      [1, -1],
      [0.2, 0.3],
      [-0.4, 0.9],
    ],
  ]);
  expect(told.map(({ layer, gates }) => [layer, gates.state.length])).toEqual([
    ['first', 12],
    ['deep', 8],
    ['last', 8],
  ]);
  model.dispose();
});

test('a model without a recurrent layer has no gates', async () => {
  const model = new Sequential([Dense(2)], { inputShape: [3] });
  await expect(model.gates([[1, 2, 3]])).rejects.toThrow(MemcellError);
  model.dispose();
});

test('a model with two inputs is refused, not read by its first one', async () => {
  const model = await loadModel(fileURLToPath(new URL('../fixtures/savedModels/two-inputs', import.meta.url)));
  for (const look of [model.gates([[1]]), model.attribute([[1]])]) {
    await expect(look).rejects.toThrow('gates and attribute look into models with one input; this one has several');
  }
  model.dispose();
});

test('attributions sum to the difference of the outputs', async () => {
  const models = [
    new Sequential([LSTM(6), Dense(3, 'softmax')], { inputShape: [5, 2], seed: 3 }),
    new Sequential([GRU(4, { returnSequences: true }), LSTM(3), Dense(1)], { inputShape: [5, 2], seed: 4 }),
  ];
  for (const model of models) {
    const x = ramp([2, 5, 2], 2);
    const { values, output, baseline, gap, place } = await model.attribute(x);
    expect(values.shape).toEqual([2, 5, 2]);
    const predicted = await model.predict(x);
    for (const b of [0, 1]) {
      const sum = values.data.subarray(10 * b, 10 * b + 10).reduce((total, value) => total + value, 0);
      expect(Math.abs(sum - (output[b] - baseline[b]))).toBeLessThan(1e-3);
    }
    const width = predicted.data.length / 2;
    expect(place.map((at, b) => predicted.data[b * width + at])).toEqual(
      output.map((value) => expect.closeTo(value, 5)),
    );
    expect(gap).toBeLessThan(1e-3);
    model.dispose();
  }
});

test('of padded groups, masked steps add nothing, and the rest sums to the difference of the outputs', async () => {
  const pad = -1000;
  const model = new Sequential(
    [
      Masking({ maskValue: pad }),
      Bidirectional(LSTM(2, { returnSequences: true })),
      Dense(3, 'relu', { useBias: false }),
      GlobalMaxPooling1D(),
      Dense(3, 'softmax'),
    ],
    { inputShape: [4, 2], seed: 7 },
  );
  const x = ramp([2, 4, 2]);
  x.data.fill(pad, 4, 8); // The last two steps of the first sample.
  expect((await model.gates(x)).map(({ shape }) => shape)).toEqual([
    [2, 4, 2],
    [2, 4, 2],
  ]);
  const before = tf.memory().numTensors;
  const { values, output, baseline, gap } = await model.attribute(x);
  expect(tf.memory().numTensors).toBe(before);
  for (const b of [0, 1]) {
    const sum = values.data.subarray(8 * b, 8 * b + 8).reduce((total, value) => total + value, 0);
    expect(Math.abs(sum - (output[b] - baseline[b]))).toBeLessThan(1e-3);
  }
  expect(gap).toBeLessThan(1e-3);
  expect(Array.from(values.data.subarray(4, 8))).toEqual([0, 0, 0, 0]);
  const { data } = await model.predict(x);
  expect(output[0]).toBeCloseTo(Math.max(...data.subarray(0, 3)), 5);
  model.dispose();
});

test('of a linear model, an attribution is the weight times the change of the input', async () => {
  const model = new Sequential([Dense(2)], { inputShape: [3] });
  model.setWeights([
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    [10, 20],
  ]);
  const { values, output, baseline } = await model.attribute([[1, 2, 3]], { output: 0, baseline: [1, 1, 1] });
  expect(Array.from(values.data)).toEqual([0, expect.closeTo(3, 4), expect.closeTo(10, 4)]);
  expect([output, baseline]).toEqual([[32], [19]]);
  await expect(model.attribute([[1, 2, 3]], { output: 2 })).rejects.toThrow('output 2 is none of the 2');
  const before = tf.memory().numTensors;
  for (const baseline of [[1], null, 5, 'abc', [1, 2, Number.NaN], ['1', '2', '3']])
    await expect(model.attribute([[1, 2, 3]], { baseline } as object)).rejects.toThrow(
      'attribute: the baseline must be 3 finite numbers, as one sample is',
    );
  await expect(model.attribute([[1, 2, 3]], { output: 7 })).rejects.toThrow('output 7 is none of the 2');
  await model.attribute([[1, 2, 3]]);
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});

test.each([
  ['Masking', [Masking({ maskValue: -9 }), LSTM(3), Dense(2)], [4, 2], [0.5, -1, 2, 0.3, 1, 1.5, -0.2, 0.8], -9],
  ['Embedding', [Embedding(7, 3, { maskZero: true }), GRU(3), Dense(2)], [4], [1, 5, 2, 6], 0],
] as const)(
  'behind %s, what is explained is the output that predict gives, of samples of any length',
  async (_, layers, shape, sample, pad) => {
    const model = new Sequential([...layers], { inputShape: [...shape], seed: 8 });
    const size = sample.length;
    // The second sample ends with steps that do not count, as many as a layer that saw them would notice.
    const data = Float32Array.from([...sample, ...sample.slice(0, size / 2), ...new Array(size / 2).fill(pad)]);
    const { data: predicted } = await model.predict({ data, shape: [2, ...shape] });
    const before = tf.memory().numTensors;
    for (const output of [undefined, 0, 1]) {
      const told = await model.attribute(
        { data, shape: [2, ...shape] },
        // Of an Embedding nothing else than zeros is compared with.
        { ...(output !== undefined && { output }), ...(shape.length === 1 && { baseline: [1, 1, 1, 1] }) },
      );
      const largest = [0, 1].map((b) => (predicted[2 * b + 1] > predicted[2 * b] ? 1 : 0));
      expect(told.place).toEqual(output === undefined ? largest : [output, output]);
      expect(told.output).toEqual(told.place.map((place, b) => expect.closeTo(predicted[2 * b + place], 5)));
      expect(told.values.shape).toEqual([2, ...shape]);
      for (const b of [0, 1]) {
        const sum = told.values.data.subarray(b * size, (b + 1) * size).reduce((total, value) => total + value, 0);
        expect(Math.abs(sum - (told.output[b] - told.baseline[b]))).toBeLessThan(told.gap + 1e-5);
      }
      expect([...told.values.data.subarray(1.5 * size)]).toEqual(new Array(size / 2).fill(0));
    }
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  },
);

test('an Embedding inside a model in the model is explained as one that stands in it', async () => {
  const parts = [() => Embedding(9, 3), () => LSTM(4), () => Dense(3)];
  const flat = new Sequential(
    parts.map((make) => make()),
    { inputShape: [4], seed: 3 },
  );
  const inner = new Sequential(
    parts.slice(0, 2).map((make) => make()),
    { inputShape: [4] },
  );
  const nested = new Sequential([inner, parts[2]()], { inputShape: [4] });
  nested.setWeights(flat.getWeights());
  const x = [
    [1, 5, 2, 8],
    [3, 3, 0, 7],
  ];
  const [one, other] = [await flat.attribute(x), await nested.attribute(x)];
  expect(one.values.shape).toEqual([2, 4]);
  expect({ ...other, values: [...other.values.data] }).toEqual({ ...one, values: [...one.values.data] });
  flat.dispose();
  nested.dispose();
});

test.each([
  ['LSTM', false, 2],
  ['LSTM', true, 2],
  ['GRU', false, 1],
  ['GRU', true, 1],
] as const)(
  'each direction of a Bidirectional %s has its own states, from its own initial ones: masked %s',
  async (kind, masked, count) => {
    const x = Input({ shape: [5, 2] });
    const initial = Array.from({ length: 2 * count }, (_, i) =>
      Dense(3, { useBias: true, biasInitializer: 'randomUniform', name: `state${i}` }),
    );
    const read = masked ? Masking({ maskValue: 0 }).apply(x) : x;
    const last = LSTM(2, { name: 'first' }).apply(read);
    const both = Bidirectional(layers[kind](3, false), { name: 'both' });
    const outputs = both.apply(read, { initialState: initial.map((dense) => dense.apply(last)) });
    const model = new Model({ inputs: x, outputs, seed: 6 });
    const values = ramp([2, 5, 2]);
    if (masked) values.data.fill(0, 6, 8);
    const { data } = await model.predict(values);
    const [, forward, backward] = await model.gates(values);
    expect([forward.layer, backward.layer, forward.kind]).toEqual(['both/forward', 'both/backward', kind]);
    for (let row = 0; row < 10; row++) {
      if (masked && row === 3) continue;
      for (const [part, { gates }] of [forward, backward].entries()) {
        const own = data.subarray(6 * row + 3 * part, 6 * row + 3 * part + 3);
        expect([...gates.state.subarray(3 * row, 3 * row + 3)]).toEqual(
          [...own].map((value) => expect.closeTo(value, 5)),
        );
      }
    }
    model.dispose();
  },
);

test.each([true, false])(
  'the gates of a GRU are those of its equations, with its own activations: reset after %s',
  async (resetAfter) => {
    const units = 2;
    const model = new Sequential(
      [GRU(units, { resetAfter, activation: 'softsign', recurrentActivation: 'hardSigmoid' })],
      {
        inputShape: [4, 3],
        seed: 9,
      },
    );
    const weights = model
      .getWeights()
      .map(({ data, shape }) => ({ data: Float32Array.from(data, (_, i) => Math.sin(3 * i + data.length)), shape }));
    model.setWeights(weights);
    const [kernel, recurrent, bias] = weights.map(({ data }) => data);
    const x = ramp([2, 4, 3]);
    const [{ gates, halfLives = [] }] = await model.gates(x);
    expect(Object.keys(gates)).toEqual(['update', 'reset', 'candidate', 'state']);
    const sigmoid = (value: number) => Math.max(0, Math.min(1, value / 6 + 0.5));
    const softsign = (value: number) => value / (1 + Math.abs(value));
    const logs = [0, 0];
    for (let b = 0; b < 2; b++) {
      let h = [0, 0];
      for (let t = 0; t < 4; t++) {
        const row = b * 4 + t;
        /** The sums of a gate's unit: of the inputs, and of the states given. */
        const ofInputs = (gate: number, u: number) =>
          [0, 1, 2].reduce(
            (sum, i) => sum + x.data[3 * row + i] * kernel[i * 3 * units + gate * units + u],
            bias[gate * units + u],
          );
        const ofStates = (gate: number, u: number, states: number[]) =>
          states.reduce(
            (sum, state, i) => sum + state * recurrent[i * 3 * units + gate * units + u],
            resetAfter ? bias[3 * units + gate * units + u] : 0,
          );
        const [update, reset] = [0, 1].map((gate) =>
          [0, 1].map((u) => sigmoid(ofInputs(gate, u) + ofStates(gate, u, h))),
        );
        const before = h;
        const candidate = [0, 1].map((u) =>
          softsign(
            ofInputs(2, u) +
              (resetAfter
                ? reset[u] * ofStates(2, u, before)
                : ofStates(
                    2,
                    u,
                    before.map((state, i) => state * reset[i]),
                  )),
          ),
        );
        h = before.map((state, u) => update[u] * state + (1 - update[u]) * candidate[u]);
        const told = Object.entries({ update, reset, candidate, state: h });
        for (const [name, wanted] of told) {
          const found = gates[name as keyof typeof gates]?.subarray(units * row, units * (row + 1)) ?? [];
          expect([name, ...found]).toEqual([name, ...wanted.map((value) => expect.closeTo(value, 5))]);
        }
        for (const u of [0, 1]) logs[u] += Math.log(Math.max(update[u], 1e-12));
      }
    }
    // Over the steps of both samples.
    expect(halfLives).toEqual(logs.map((sum) => (sum < 0 ? expect.closeTo((8 * Math.log(0.5)) / sum, 3) : Infinity)));
    model.dispose();
  },
);

test('an LSTM has its own activations in its gates', async () => {
  const layer = LSTM(3, { returnSequences: true, activation: 'softsign', recurrentActivation: 'hardSigmoid' });
  const model = new Sequential([layer], { inputShape: [4, 2], seed: 3 });
  const x = ramp([2, 4, 2], 2);
  const { data } = await model.predict(x);
  const [{ gates }] = await model.gates(x);
  expect([...gates.state]).toEqual(Array.from(data, (value) => expect.closeTo(value, 5)));
  for (const [i, state] of gates.state.entries()) {
    const cell = gates.cell?.[i] ?? Number.NaN;
    expect(state).toBeCloseTo((gates.output?.[i] ?? Number.NaN) * (cell / (1 + Math.abs(cell))), 5);
    // The first step has nothing to keep.
    if (i % 12 < 3)
      expect(cell).toBeCloseTo((gates.input?.[i] ?? Number.NaN) * (gates.candidate?.[i] ?? Number.NaN), 5);
    else {
      const kept = (gates.forget?.[i] ?? Number.NaN) * (gates.cell?.[i - 3] ?? Number.NaN);
      expect(cell).toBeCloseTo(kept + (gates.input?.[i] ?? Number.NaN) * (gates.candidate?.[i] ?? Number.NaN), 5);
    }
  }
  model.dispose();
});

test('an output that changes at one place on the way is followed there', async () => {
  const model = new Sequential([Dense(1, 'tanh')], { inputShape: [2] });
  for (const place of [0.11, 0.34, 0.78]) {
    model.setWeights([[[3000], [1000]], [-4000 * place]]);
    const { values, output, baseline, gap } = await model.attribute([[1, 1]]);
    expect([output[0], baseline[0]]).toEqual([expect.closeTo(1, 5), expect.closeTo(-1, 5)]);
    expect(gap).toBeLessThan(2e-3);
    expect(Array.from(values.data)).toEqual([expect.closeTo(1.5, 2), expect.closeTo(0.5, 2)]);
  }
  model.dispose();
});

test('of an Embedding, what each token adds', async () => {
  const model = new Sequential([Embedding(9, 4), LSTM(5), Dense(2)], { inputShape: [4], seed: 2 });
  const { values, output, baseline } = await model.attribute([[1, 5, 2, 8]], { output: 1 });
  expect(values.shape).toEqual([1, 4]);
  expect(values.data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(output[0] - baseline[0], 3);
  expect(tf.memory().numTensors).toBeLessThan(200);
  model.dispose();
});

test('what is explained when nobody says: the largest output of the last step, the first of equal ones', async () => {
  const steps = new Sequential([Dense(2)], { inputShape: [2, 1], seed: 1 });
  steps.setWeights([[[1, 2]], [0, 0]]);
  expect((await steps.attribute([[[9], [1]]])).place).toEqual([3]);
  steps.setWeights([[[1, 1]], [0, 0]]);
  expect((await steps.attribute([[[9], [1]]])).place).toEqual([2]);
  steps.dispose();
});

test('masked steps add nothing to half-lives', async () => {
  const model = new Sequential([Masking(), LSTM(2)], { inputShape: [4, 1], seed: 5 });
  const [[whole], [masked]] = [
    await model.gates([[[1], [2]]].map((x) => [...x, [0], [0]])),
    await model.gates([[[1], [2], [3], [0]]]),
  ];
  const mean = (gate: Float32Array | undefined, steps: number, u: number) => {
    let sum = 0;
    for (let t = 0; t < steps; t++) sum += Math.log(gate?.[2 * t + u] ?? 0) / steps;
    return Math.log(0.5) / sum;
  };
  for (const u of [0, 1]) {
    expect(whole.halfLives?.[u]).toBeCloseTo(mean(whole.gates.forget, 2, u), 4);
    expect(masked.halfLives?.[u]).toBeCloseTo(mean(masked.gates.forget, 3, u), 4);
  }
  model.dispose();
});

test.each([
  [undefined, undefined],
  [1, undefined],
  [0, [0.5, -1, 0.25, 2, 0, 1]],
] as const)(
  'an attribution is the change times the mean gradient on the way: output %j, from %j',
  async (output, baseline) => {
    const model = new Sequential([LSTM(3), Dense(2)], { inputShape: [3, 2], seed: 5 });
    const x = [
      [1, -2, 0.5, 1.5, -1, 0.3],
      [0.2, 0.7, -1.1, 0.4, 2, -0.6],
    ];
    const from = baseline ?? [0, 0, 0, 0, 0, 0];
    const outputsOf = async (rows: number[][]) => {
      const { data } = await model.predict({ data: Float32Array.from(rows.flat()), shape: [rows.length, 3, 2] });
      return rows.map((_, i) => [data[2 * i], data[2 * i + 1]]);
    };
    const [ends, [begin]] = [await outputsOf(x), await outputsOf([[...from]])];
    const {
      values,
      place,
      output: told,
      baseline: before,
      gap,
    } = await model.attribute(
      { data: Float32Array.from(x.flat()), shape: [2, 3, 2] },
      { ...(output !== undefined && { output }), ...(baseline && { baseline }) },
    );
    const expected = output === undefined ? ends.map(([a, b]) => (b > a ? 1 : 0)) : [output, output];
    expect(place).toEqual(expected);
    expect(told).toEqual(ends.map((one, n) => expect.closeTo(one[expected[n]], 5)));
    expect(before).toEqual(expected.map((p) => expect.closeTo(begin[p], 5)));
    expect(values.shape).toEqual([2, 3, 2]);
    // The integral by the midpoints of 40 stretches, the gradient by differences.
    for (const [n, sample] of x.entries()) {
      const asked = Array.from({ length: 40 }, (_, k) => (k + 0.5) / 40).flatMap((alpha) =>
        sample.flatMap((_, i) =>
          [1e-2, -1e-2].map((by) => sample.map((v, j) => from[j] + alpha * (v - from[j]) + (i === j ? by : 0))),
        ),
      );
      const found = (await outputsOf(asked)).map((one) => one[expected[n]]);
      const sums = sample.map((v, i) => {
        let mean = 0;
        for (let k = 0; k < 40; k++) mean += (found[(k * 6 + i) * 2] - found[(k * 6 + i) * 2 + 1]) / 2e-2 / 40;
        return mean * (v - from[i]);
      });
      for (const [i, one] of sums.entries()) expect(values.data[n * 6 + i]).toBeCloseTo(one, 3);
      const change = told[n] - before[n];
      const all = Array.from(values.data.subarray(n * 6, n * 6 + 6)).reduce((a, b) => a + b, 0);
      expect(Math.abs(all - change)).toBeLessThan(gap + 1e-5);
    }
    model.dispose();
  },
);
