/** RNN over cells: as Keras has it, on the engine and on tfjs, from code, from the notation and from files. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as l from '../../src/index.js';
import { prepareBackend, startBackend } from '../../src/kernels/backend.js';
import { writeLayer } from '../../src/model/writeSpec.js';
import { expectNear } from '../engine/compare.js';

interface Part {
  shape: number[];
  value: number[];
}

interface Case {
  outputs: Part[];
  targets: Part[];
  before: Part[];
  losses: number[];
  after: Part[];
}

const folder = fileURLToPath(new URL('../fixtures/cells', import.meta.url));
const { inputs, cases }: { inputs: Part[]; cases: Record<string, Case> } = JSON.parse(
  readFileSync(join(folder, 'training.json'), 'utf8'),
);

const arrayOf = ({ shape, value }: Part) => ({ data: Float32Array.from(value), shape });

beforeAll(async () => {
  await prepareBackend();
  await startBackend('cpu');
});

type Numbers = { data: Float32Array; shape: number[] };

async function follow(model: l.Sequential, one: Case, training: { engine?: 'tfjs' } = {}): Promise<void> {
  model.compile({ optimizer: l.sgd(0.05), loss: 'mse', ...training });
  expect(model.engine.kind).toBe(training.engine ?? 'memcell');
  for (const [i, output] of one.outputs.entries()) {
    const { data, shape } = (await model.predict(arrayOf(inputs[i]))) as Numbers;
    expect(shape).toEqual(output.shape);
    expectNear(data, output.value, 1e-5, `output ${i}`);
  }
  model.resetStates();
  for (const [i, loss] of one.losses.entries()) {
    const found = await model.trainOnBatch(arrayOf(inputs[i]), arrayOf(one.targets[i]));
    expectNear([found], [loss], 1e-4, `loss of step ${i}`);
  }
  const after = model.getWeights();
  expect(after.map(({ shape }) => shape)).toEqual(one.after.map(({ shape }) => shape));
  after.forEach(({ data }, i) => {
    expectNear(data, one.after[i].value, 1e-4, `weight ${i}`);
  });
  model.dispose();
}

const two = () => [l.LSTMCell(4), l.GRUCell(3)];
const inputShape = [6, 3];
const chain = (...layers: l.Layer[]) => new l.Sequential(layers, { inputShape });

/** The generator's models, in code. */
const inCode: Record<string, () => l.Sequential> = {
  three: () =>
    chain(
      l.RNN([l.LSTMCell(4), l.GRUCell(3), l.SimpleRNNCell(2)], { returnSequences: true }),
      l.TimeDistributed(l.Dense(2)),
    ),
  backwards: () => chain(l.RNN(two(), { goBackwards: true, returnSequences: true }), l.Dense(2)),
  masked: () => chain(l.Masking(), l.RNN(l.StackedRNNCells(two()), { return_sequences: true }), l.Dense(2)),
  masked_last: () => chain(l.Masking(), l.RNN(two()), l.Dense(2)),
  masked_backwards: () => chain(l.Masking(), l.RNN(two(), { goBackwards: true }), l.Dense(2)),
  both_ways: () => chain(l.Bidirectional(l.RNN(two(), { returnSequences: true }), { mergeMode: 'sum' }), l.Dense(2)),
  penalised: () => {
    const kinds = {
      kernelRegularizer: { l1: 0.01, l2: 0.02 },
      recurrentRegularizer: 'l2',
      biasRegularizer: 'l1',
      kernelConstraint: { className: 'MaxNorm', config: { maxValue: 0.8 } },
    } as const;
    const lower = { activation: 'relu', recurrentActivation: 'hardSigmoid', unitForgetBias: false } as const;
    const cells = [
      l.LSTMCell(4, { ...lower, ...kinds }),
      l.SimpleRNNCell(3, { useBias: false, recurrentConstraint: 'unitNorm' }),
      l.GRUCell(3, { resetAfter: false }),
    ];
    return chain(l.RNN(cells), l.Dense(2));
  },
  frozen: () => {
    const cells = [l.LSTMCell(4, { trainable: false, kernelRegularizer: 'l2' }), l.GRUCell(3)];
    return chain(l.RNN(cells), l.Dense(2));
  },
  states: () => {
    const given = l.Input({ shape: inputShape });
    const [, h, c, upper] = l.RNN(two(), { returnState: true }).apply(given);
    const read = l.RNN(two(), { returnSequences: true }).apply(given, { initialState: [h, c, upper] });
    const parts = [l.Dense(2).apply(read), l.RepeatVector(6).apply(c), l.RepeatVector(6).apply(upper)];
    return new l.Model({ inputs: given, outputs: l.Concatenate().apply(parts) });
  },
  one: () => chain(l.RNN(l.GRUCell(4)), l.Dense(2)),
  stateful: () => new l.Sequential([l.RNN(two(), { stateful: true, batchShape: [4, 6, 3] }), l.Dense(2)]),
};

test('the models in code are those of the generator', () => {
  expect(Object.keys(inCode).sort()).toEqual(Object.keys(cases).sort());
});

describe.each(Object.entries(cases))(
  '%s: outputs as in Keras to 1e-5, losses and weights of training to 1e-4',
  (name, one) => {
    test.each(['keras', 'h5'])('of its .%s file', async (ending) => {
      await follow((await l.loadModel(join(folder, `training_${name}.${ending}`))) as l.Sequential, one);
    });

    test.each([{}, { engine: 'tfjs' as const }])('in code, compiled with %j', async (training) => {
      const model = inCode[name]();
      model.setWeights(one.before.map(arrayOf));
      await follow(model, one, training);
    });

    test.each(['folder', 'model.keras', 'model.h5'])('saved as %s and loaded', async (to) => {
      const model = inCode[name]();
      model.setWeights(one.before.map(arrayOf));
      const at = await mkdtemp(join(tmpdir(), 'memcell-cells-'));
      await model.save(join(at, to));
      model.dispose();
      await follow((await l.loadModel(join(at, to))) as l.Sequential, one);
      await rm(at, { recursive: true });
    });
  },
);

const refused: [message: string, make: () => unknown][] = [
  ['RNN: several cells are a list: RNN([LSTMCell(32), GRUCell(16)])', () => l.RNN(l.LSTMCell(3), l.GRUCell(2))],
  [
    'RNN: cell[0] must be a cell such as LSTMCell(32), not the layer LSTM',
    // @ts-expect-error a layer
    () => l.RNN([l.LSTM(3)]),
  ],
  // @ts-expect-error no cell
  ['RNN: cell must be a cell such as LSTMCell(32), not 5', () => l.RNN(5)],
  ['RNN: cell must be a list of 1 or more, not []', () => l.RNN([])],
  [
    "RNN: unknown option 'returnSequence'; did you mean returnSequences?",
    // @ts-expect-error an option's name
    () => l.RNN(l.LSTMCell(3), { returnSequence: true }),
  ],
  // @ts-expect-error an option of layers
  ["LSTMCell: unknown option 'returnSequences';", () => l.LSTMCell(3, { returnSequences: true })],
  // @ts-expect-error units are missing
  ['GRUCell: units is missing', () => l.GRUCell()],
  ['SimpleRNNCell: units must be a whole number from 1 to 65536, not 0', () => l.SimpleRNNCell(0)],
  [
    'LSTMCell lstm_cell is in a layer already; make a cell for every place',
    () => {
      const cell = l.LSTMCell(3);
      return [l.RNN(cell), l.RNN(cell)];
    },
  ],
  [
    'layer 1 (GRUCell) is a cell and no layer; RNN runs it: RNN(GRUCell(…))',
    () => l.sequential('GRUCell(3)', { inputShape }).summary(),
  ],
  [
    'layer 1 (TimeDistributed of LSTMCell) is a cell and no layer',
    () => l.sequential('TimeDistributed(LSTMCell(3))', { inputShape }).summary(),
  ],
  [
    'layer 1 (RNN) is stateful and needs a fixed batch size',
    () => l.sequential('RNN([LSTMCell(3)], stateful=true)', { inputShape }).summary(),
  ],
  [
    'layers: RNN: takes at most cell by position, not 2 values at character 1; several cells are a list: RNN([LSTMCell(32), GRUCell(16)])',
    () => l.sequential('RNN(LSTMCell(3), GRUCell(2))', { inputShape }),
  ],
  [
    "layers: LSTMCell: unknown option 'unit' at character 15; did you mean units?",
    () => l.parseSpec('RNN([LSTMCell(unit=3)])'),
  ],
  [
    'layer rnn (RNN) has 3 states, but 1 is given as the initial one',
    () => {
      const x = l.Input({ shape: inputShape });
      return l.RNN(two(), { name: 'rnn' }).apply(x, { initialState: l.Flatten().apply(x) });
    },
  ],
];
test.each(refused)('%s', (message, make) => {
  expect(make).toThrow(message);
});

test('in the notation a list of cells is what it is in code, and is written back', () => {
  const text =
    'RNN([LSTMCell(4, use_bias=false), GRUCell(3, dropout=0.2)], return_sequences=true), RNN(SimpleRNNCell(2))';
  const layers = l.parseSpec(text);
  expect(layers.map(writeLayer).join(', ')).toBe(text);
  const cells = [l.LSTMCell(4, { useBias: false }), l.GRUCell(3, { dropout: 0.2 })];
  const inCode = l.RNN(cells, { returnSequences: true });
  expect(layers[0].getConfig()).toEqual({ ...inCode.getConfig(), name: layers[0].name });
});

test('cells of a class are numbered where they have no name of their own', () => {
  const cells = () => [l.LSTMCell(2), l.GRUCell(2), l.LSTMCell(2), l.LSTMCell(2, { name: 'own' }), l.LSTMCell(2)];
  const names = ['lstm_cell', 'gru_cell', 'lstm_cell_1', 'own', 'lstm_cell_2'];
  for (const cell of [cells(), l.StackedRNNCells(cells())]) {
    const config = l.RNN(cell).getConfig().cell as unknown as { config: { cells: { config: { name: string } }[] } };
    expect(config.config.cells.map((one) => one.config.name)).toEqual(names);
  }
});

test('one cell is the layer of that cell, bit for bit, dropout and the weights that a seed draws included', async () => {
  const options = { dropout: 0.3, recurrentDropout: 0.2, unitForgetBias: true };
  const runs = [l.RNN(l.LSTMCell(4, options)), l.LSTM(4, options)].map(async (layer) => {
    const model = chain(layer, l.Dense(2));
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const x = arrayOf(inputs[0]);
    await model.fit(x, arrayOf(cases.one.targets[0]), { epochs: 3, batchSize: 3, seed: 5, verbose: 0 });
    return model.getWeights();
  });
  const [one, other] = await Promise.all(runs);
  expect(one).toEqual(other);
});

test('several cells are layers one after the other; dropout is seeded and the same on tfjs', async () => {
  const dropping = () => [
    l.LSTMCell(4, { dropout: 0.3, recurrentDropout: 0.2 }),
    l.GRUCell(3, { dropout: 0.4, recurrentDropout: 0.3 }),
  ];
  const trained = [{}, {}, { engine: 'tfjs' as const }].map(async (training) => {
    const model = chain(l.RNN(dropping(), { goBackwards: true }), l.Dense(2));
    model.compile({ optimizer: l.sgd(0.1), loss: 'mse', ...training });
    const { history } = await model.fit(arrayOf(inputs[1]), arrayOf(cases.one.targets[0]), {
      epochs: 3,
      batchSize: 3,
      seed: 5,
      verbose: 0,
    });
    return { losses: history.loss, weights: model.getWeights() };
  });
  const [one, again, tfjs] = await Promise.all(trained);
  expect(again).toEqual(one);
  expectNear(tfjs.losses, one.losses, 1e-5, 'losses');
  tfjs.weights.forEach(({ data }, i) => {
    expectNear(data, one.weights[i].data, 1e-4, `weight ${i}`);
  });
});

test('a stream of cells one upon the other gives step by step what predict() gives', async () => {
  const model = l.sequential('RNN([LSTMCell(4), GRUCell(3)]), Dense(2)', { inputShape: [null, 3] });
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const [x] = [[0.3, -0.2, 0.5, 0.1, 0.9, -0.4]];
  const steps = [x.slice(0, 3), x.slice(3)];
  const stream = model.stream();
  const pushed = steps.map((step) => stream.push(step));
  expect(stream.state.map(({ shape }) => shape)).toEqual([
    [2, 4],
    [1, 3],
  ]);
  const [whole] = (await model.predict([steps])) as number[][];
  expectNear(pushed[1], whole, 1e-6, 'outputs');
});

test('a cell with softmax runs on the engine, as on tfjs', async () => {
  const spec = 'RNN([LSTMCell(9, softmax, recurrent_activation=softmax), GRUCell(17, log_softmax)]), Dense(2)';
  const [model, plain] = [{}, { engine: 'tfjs' } as const].map((how) => {
    const made = l.sequential(spec, { inputShape, seed: 3 });
    made.compile({ optimizer: 'sgd', loss: 'mse', ...how });
    return made;
  });
  expect(model.engine).toEqual({ kind: 'memcell' });
  const x = [Array.from({ length: 6 }, (_, t) => [0.3 * t, -0.2, 0.5 - t])];
  const [[own], [other]] = (await Promise.all([model.predict(x), plain.predict(x)])) as number[][][];
  expectNear(own, other, 1e-6, 'outputs');
});

test.each(['memcell', 'tfjs'] as const)(
  'an l1 penalty on weights that are 0 leaves them 0 on %s, as in Keras',
  async (kind) => {
    const none = { kernelInitializer: 'zeros', kernelRegularizer: { l1: 0.1 } } as const;
    const model = new l.Sequential(
      [
        l.Conv1D(2, 1, none),
        l.RNN([l.LSTMCell(2, none), l.GRUCell(2, none)], { returnSequences: true }),
        l.LSTM(2, none),
        l.Dense(1, none),
      ],
      { inputShape },
    );
    model.compile({ optimizer: l.sgd(0.1), loss: 'mse', ...(kind === 'tfjs' && { engine: kind }) });
    expect(model.engine.kind).toBe(kind);
    await model.trainOnBatch({ data: new Float32Array(18), shape: [1, 6, 3] }, [[0]]);
    const kernels = model.getWeights().filter((_, i) => [0, 2, 5, 8, 11].includes(i));
    for (const { data } of kernels) expect(data.every((value) => value === 0)).toBe(true);
  },
);
