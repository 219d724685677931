/** Saved models that predict without TensorFlow.js, against the same models in it. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { elements, type NdArray } from '../src/data/array.js';
import { EngineRunner } from '../src/engine/engineRunner.js';
import { planSaved } from '../src/engine/planSaved.js';
import { MemcellError } from '../src/errors.js';
import { contentsOf } from '../src/formats/contents.js';
import type { StoredWeight } from '../src/formats/modelFile.js';
import { Concatenate, Dense, Embedding, Input, LSTM, Model } from '../src/index.js';
import { loadPredictor, openPredictor, Predictor } from '../src/predictor.js';
import { loadModel, type Sequential, sequential } from '../src/sequential.js';
import { sgd } from '../src/training/optimizers.js';
import { engineOf } from './engine/compare.js';
import { builtGraph, graphSample, inputsOf } from './engine/graphModels.js';
import { temporaryFolder } from './formats/models.js';
import { refusal } from './refusal.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const fixtures = join(root, 'test/fixtures');
const folder = temporaryFolder('in memory');

/** Numbers for an input of such a shape, whole ones below `below`. */
function input(shape: readonly (number | null)[], below?: number): NdArray {
  const sizes = shape.map((size, axis) => size ?? (axis === 0 ? 3 : 7));
  const value = (i: number) => Math.sin(1.7 * i);
  const data = Float32Array.from({ length: elements(sizes) }, (_, i) =>
    below === undefined ? value(i) : Math.floor(Math.abs(value(i)) * below) % below,
  );
  return { data, shape: sizes };
}

/** The rows of an Embedding's table that reads an input, where one does. */
function vocabulary(model: Sequential, name: string): number | undefined {
  const { layers } = model.tf;
  const first = layers.filter((layer) => layer.getClassName() === 'Embedding');
  const reads = first.find((layer) =>
    [layer.inboundNodes[0].inputTensors[0].name, `${layer.name}_input`].includes(name),
  );
  const found = reads ?? (first.length === 1 && model.inputs.length === 1 ? first[0] : undefined);
  return found && Number(found.getConfig().inputDim);
}

/** The outputs, or the error's message. */
async function outputs(model: Pick<Sequential, 'predict'> | Predictor, x: NdArray[]): Promise<NdArray[] | string> {
  try {
    return [await model.predict<NdArray | NdArray[]>(x.length === 1 ? x[0] : x)].flat();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Weights by their order alone, as most files have them. */
const unnamed = (weights: readonly StoredWeight[]) => weights.map(({ layer, shape }) => ({ layer, shape }));

/** Why no engine alone predicts it; undefined where the two give the same. */
async function compared(model: Sequential, file: string): Promise<string | undefined> {
  const predictor = await openPredictor(file);
  try {
    if (!(predictor instanceof Predictor)) return predictor.reason;
    expect(predictor.inputs).toEqual(model.inputs);
    expect(predictor.outputs).toEqual(model.outputs);
    expect(predictor.metadata).toEqual(model.metadata);
    const x = model.inputs.map(({ name, shape }) => input(shape, vocabulary(model, name)));
    const [own, expected] = [await outputs(predictor, x), await outputs(model, x)];
    if (model.engine.kind === 'memcell') expect(own).toEqual(expected);
    else if (typeof own !== 'string' && typeof expected !== 'string')
      own.forEach(({ data, shape }, i) => {
        expect(shape).toEqual(expected[i].shape);
        data.forEach((value, j) => {
          expect(Math.abs(value - expected[i].data[j])).toBeLessThanOrEqual(1e-5);
        });
      });
    else expect(own).toBe(expected);
    return undefined;
  } finally {
    if (predictor instanceof Predictor) predictor.dispose();
    model.dispose();
  }
}

test('every saved model that its engine runs predicts the same to the last bit; the others say what needs TensorFlow.js', async () => {
  const files = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(keras|h5|onnx)$|(^|\/)model\.json$/.test(name))
    .sort();
  const needed: Record<string, string> = {};
  let same = 0;
  for (const name of files) {
    const model = await loadModel(join(fixtures, name)).catch(() => undefined);
    if (!model) continue;
    const reason = await compared(model, join(fixtures, name));
    if (reason === undefined) same++;
    else needed[name] = reason;
  }
  expect(same).toBeGreaterThan(90);
  expect(needed).toMatchSnapshot();
});

test('random graphs predict from their description as from TensorFlow.js, to the last bit', () => {
  let planned = 0;
  fc.assert(
    fc.property(graphSample, (sample) => {
      const built = builtGraph(sample);
      const { model } = built;
      // TensorFlow.js warns that it cannot write them; they are among the inputs, too.
      for (const node of model.layers.flatMap(({ inboundNodes }) => inboundNodes)) node.callArgs = {};
      const { topology, weights } = contentsOf(model, { metadata: {} });
      const saved = planSaved(topology, unnamed(weights));
      if ('reason' in saved) throw new Error(saved.reason);
      expect(saved.outputs.map(({ shape }) => shape.slice(1))).toEqual(
        model.outputs.map(({ shape }) => shape.slice(1)),
      );
      const values = { identity: (i: number) => weights[i], read: (i: number) => Float32Array.from(weights[i].data) };
      const own = new EngineRunner({ weights: { ...values, write: () => {} } }, { optimizer: sgd() }, saved.plan, {
        threads: 1,
      });
      const engine = engineOf(built, { threads: 1 });
      const x = inputsOf(model, sample, sample.batch, 0);
      expect(own.predictBatch(x)).toEqual(engine.predictBatch(x));
      engine.dispose();
      model.dispose();
      planned++;
    }),
    { numRuns: 30 },
  );
  expect(planned).toBeGreaterThanOrEqual(30);
});

/** A model of words and numbers, of two outputs. */
function wordsAndNumbers(): Model {
  const words = Input({ shape: [null], name: 'words' });
  const numbers = Input({ shape: [2], name: 'numbers' });
  const read = LSTM(3).apply(Embedding(7, 2).apply(words));
  const both = Concatenate().apply([read, numbers]);
  const outputs = [Dense(3, 'softmax', { name: 'kind' }), Dense(1, { name: 'value' })].map((layer) =>
    layer.apply(both),
  );
  return new Model({ inputs: [words, numbers], outputs, seed: 4 });
}

test('whatever predict is given, a model that is loaded to predict alone gives and refuses what the whole one does', async () => {
  const model = wordsAndNumbers();
  model.metadata = { unit: 'km' };
  const file = join(folder, 'ways.keras');
  await model.save(file);
  const predictor = await loadPredictor(new Uint8Array(readFileSync(file)));
  expect([predictor.metadata, predictor.lost]).toEqual([model.metadata, []]);
  const words = [
    [1, 2, 0],
    [3, 4, 5],
    [6, 6, 6],
  ];
  const numbers = [
    [1, -1],
    [0.5, 2],
    [-3, 0],
  ];
  const shaped = { data: Int32Array.from(words.flat()), shape: [3, 3] };
  const lines: string[] = [];
  const write = (text: string) => void lines.push(text.replace(/\d+(us|ms)/, ''));
  type Ways = Pick<Predictor, 'predict'>;
  const ways: ((one: Ways) => unknown)[] = [
    (one) => one.predict([words, numbers]),
    (one) => one.predict({ numbers, words }),
    (one) => one.predict([shaped, numbers]),
    (one) => one.predict([words, numbers], { batchSize: 2, verbose: 2, write }),
    (one) => one.predict([words, numbers], { batch_size: 1 }),
    (one) => one.predict([words, numbers], { batchSize: 0 }),
    (one) => one.predict([words, numbers], { batchsize: 2 } as object),
    (one) => one.predict([words]),
    (one) => one.predict(words),
    (one) => one.predict({ words, number: numbers }),
    (one) => one.predict({ words }),
    (one) => one.predict([[[1, 7, 0]], [numbers[0]]]),
    (one) => one.predict([[[1, 1.5, 0]], [numbers[0]]]),
    (one) => one.predict([[[1, -1, 0]], [numbers[0]]]),
    (one) => one.predict([words, [[1, 2]]]),
    (one) => one.predict([words, [[1], [2], [3]]]),
    (one) =>
      one.predict([
        words,
        [
          [1, 2],
          [3, Number.NaN],
          [1, 1],
        ],
      ]),
    (one) => one.predict([[], []]),
    (one) =>
      one.predict([
        words,
        [
          [1, 2],
          [3e38, 3e38],
          [1, 1],
        ],
      ]),
  ];
  for (const way of ways) {
    const [own, expected] = await Promise.all(
      [predictor, model].map(async (one) => {
        let given: unknown;
        const refused = await refusal(async () => {
          given = await way(one as Ways);
        });
        return { refused, given };
      }),
    );
    expect(own).toEqual(expected);
  }
  expect(lines).toEqual(Array(2).fill(['2/2 - 0s - /step', '\n']).flat());
  predictor.dispose();
  model.dispose();
});

test('streams of one model that is loaded to predict alone go each their own way', async () => {
  const model = sequential('GRU(3, return_sequences=true), LSTM(2)', { inputShape: [null, 2], seed: 4 });
  const predictor = predictorOf(model);
  const alone = [0, 1].map((n) => {
    const stream = model.stream();
    return Array.from({ length: 4 }, (_, t) => [...stream.push([Math.sin(t + 5 * n), n])]);
  });
  const streams = [predictor.stream(), predictor.stream()];
  const together = streams.map((): number[][] => []);
  for (let t = 0; t < 4; t++)
    for (const [n, stream] of streams.entries()) {
      together[n].push([...stream.push([Math.sin(t + 5 * n), n])]);
      await predictor.predict({ data: Float32Array.of(9, 9), shape: [1, 1, 2] });
    }
  expect(together).toEqual(alone);
  predictor.dispose();
  model.dispose();
});

/** What a file of a model would give, without the file. */
function predictorOf(model: Sequential): Predictor {
  const { topology, weights } = contentsOf(model.tf, { metadata: {} });
  const saved = planSaved(topology, unnamed(weights));
  if ('reason' in saved) throw new Error(saved.reason);
  const floats = weights.map((weight) => ({ ...weight, data: Float32Array.from(weight.data) }));
  return new Predictor({ where: 'no file', topology, weights: floats, metadata: {}, lost: [] }, saved);
}

test('stateful layers go on from batch to batch as those of the model, and from zero after resetStates', async () => {
  const model = sequential('LSTM(5, stateful=true, return_sequences=true), GRU(3, stateful=true)', {
    inputShape: [4, 2],
    batchSize: 3,
    seed: 4,
  });
  const predictor = predictorOf(model);
  const x = input([3, 4, 2]);
  const predictBoth = async () => {
    const own = await predictor.predict(x);
    expect(own).toEqual(await model.predict(x));
    return own;
  };
  const first = await predictBoth();
  expect(await predictBoth()).not.toEqual(first);
  predictor.resetStates();
  model.resetStates();
  expect(await predictBoth()).toEqual(first);
  predictor.dispose();
  model.dispose();
});

test('states that are not finite are not taken on', async () => {
  const model = sequential('SimpleRNN(5, relu, kernel_initializer=ones, stateful=true)', {
    inputShape: [4, 2],
    batchSize: 3,
    seed: 4,
  });
  const predictor = predictorOf(model);
  const x = input([3, 4, 2]);
  const far = { ...x, data: x.data.map((value) => Math.abs(value) * 3e38) };
  const runs = await Promise.all(
    [predictor, model].map(async (one) => {
      const first = await one.predict(x);
      await expect(one.predict(far)).rejects.toMatchObject({ code: 'numeric' });
      const second = await one.predict(x);
      one.resetStates();
      await one.predict(x);
      expect(await one.predict(x)).toEqual(second);
      return [first, second];
    }),
  );
  expect(runs[0]).toEqual(runs[1]);
  expect(runs[0][1]).not.toEqual(runs[0][0]);
  predictor.dispose();
  model.dispose();
});

test('a stream goes as that of the model', async () => {
  const model = sequential('LSTM(5, return_sequences=true), Dense(3)', { inputShape: [null, 2], seed: 4 });
  const predictor = predictorOf(model);
  const [own, other] = [predictor.stream(), model.stream()];
  for (let step = 0; step < 4; step++) {
    const x = [Math.sin(step), Math.cos(step)];
    expect([...own.push(x)]).toEqual([...other.push(x)]);
  }
  predictor.dispose();
  model.dispose();
});

test('a model that needs the whole sequence is no stream, and one that is loaded says so', async () => {
  const model = sequential('Bidirectional(LSTM(2))', { inputShape: [null, 2] });
  const file = join(folder, 'both.keras');
  await model.save(file);
  const predictor = await loadPredictor(file);
  expect(predictor).toBeInstanceOf(Predictor);
  expect(() => predictor.stream()).toThrow(
    new MemcellError(
      'this model cannot stream: Bidirectional also reads the sequence from its end, which a stream does not have yet',
      { code: 'model' },
    ),
  );
  const x = input([3, 4, 2]);
  expect(await predictor.predict(x)).toEqual(await model.predict(x));
  predictor.dispose();
  model.dispose();
});

test('models in models in a model, each with layers of the same names', async () => {
  const nested = (depth: number): Model => {
    const x = Input({ shape: [3] });
    const inner = depth > 0 ? nested(depth - 1).apply(x) : x;
    return new Model({ inputs: x, outputs: Dense(3, { name: 'out' }).apply(inner), name: 'inner', seed: depth });
  };
  const x = Input({ shape: [3] });
  const model = new Model({ inputs: x, outputs: nested(2).apply(x), seed: 5 });
  const reasons: (string | undefined)[] = [];
  for (const ending of ['', '.keras', '.h5']) {
    const file = join(folder, `nested${ending}`);
    await model.save(file);
    reasons.push(await compared(await loadModel(file), file));
  }
  // A folder has tfjs's names of weights, to which of two layers of a name they belong is not in them.
  expect(reasons).toEqual(['its weights are not named after its layers', undefined, undefined]);
  model.dispose();
});

test('a model that needs TensorFlow.js is named, with what to do; what is no model is an error as everywhere', async () => {
  const model = sequential('Dense(2), Flatten()', { inputShape: [4, 3, 2] });
  const file = join(folder, 'axes.keras');
  await model.save(file);
  await expect(loadPredictor(file)).rejects.toThrow(
    'only TensorFlow.js runs this model (its input has 4 axes; the engine takes (samples, features) and (samples, steps, features)); load it with loadModel',
  );
  model.dispose();
  await expect(loadPredictor(join(fixtures, 'nowhere'))).rejects.toThrow('no such model folder');
  await expect(loadPredictor(Uint8Array.of(1, 2, 3))).rejects.toThrow('not a model');
});

test.each<[spec: string, option: object, said: string]>([
  ['GetItem([0, 3], axis=-1)', { item: [4, 4] }, 'layer last (GetItem) does not build: of 4 none is left'],
  ['Reshape([2, 8])', { target_shape: [3, 3] }, '(Reshape) does not build: 16 values do not fill the shape [3, 3]'],
  ['Cropping1D(1)', { cropping: [4, 4] }, 'layer last (Cropping1D) does not build: of 4 steps none is left'],
  ['Permute([2, 1])', { dims: [1, 7] }, 'dims must be the axes 1 to 2 in another order, not [1, 7]'],
])(
  'a damaged folder, whose %s does not fit, is an error that names the file and the layer',
  async (spec, option, said) => {
    const model = sequential(spec.replace(')', ', name=last)'), { inputShape: [4, 4] });
    const damaged = join(folder, 'damaged');
    await model.save(damaged);
    model.dispose();
    const file = join(damaged, 'model.json');
    const json = JSON.parse(readFileSync(file, 'utf8'));
    Object.assign(json.modelTopology.config.layers[0].config, option);
    writeFileSync(file, JSON.stringify(json));
    for (const load of [loadPredictor, loadModel])
      await expect(load(damaged)).rejects.toMatchObject({
        name: 'MemcellError',
        code: 'model',
        message: expect.stringMatching(/^[^\n]*damaged\/model\.json: [^\n]* does not build: [^\n]*$/),
      });
    await expect(loadPredictor(damaged)).rejects.toThrow(said);
  },
);

test('a call that reads nothing is an error of the model, not of the code that meets it', async () => {
  const input = { class_name: 'InputLayer', config: { name: 'x', batch_input_shape: [null, 4] }, inbound_nodes: [] };
  const dense = { class_name: 'Dense', config: { name: 'y', units: 2 }, inbound_nodes: [[]] };
  const config = { layers: [input, dense], input_layers: [['x', 0, 0]], output_layers: [['y', 0, 0]] };
  expect(await refusal(() => planSaved({ class_name: 'Functional', config }, []))).toBe(
    'model: layer y (Dense) does not build: an option, or what it reads, is not as Keras and tfjs write it',
  );
});

test('memcell predict and memcell generate never load TensorFlow.js', () => {
  const program = `
    const { run } = await import('./dist/cli/main.js');
    const written = [];
    const streams = { stdout: { write: (text) => { written.push(text); } }, stderr: { write: () => {} } };
    const codes = [];
    for (const argv of [['predict', 'models/weather', '--json'], ['generate', 'models/psalms', '--length', '5', '--seed', '1', '--json']])
      codes.push(await run(argv, streams));
    console.log(JSON.stringify({ codes, loaded: '_tfengine' in globalThis, written: written.length > 0 }));
  `;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: root, encoding: 'utf8' });
  expect(JSON.parse(said.trim().split('\n').at(-1) ?? '')).toEqual({ codes: [0, 0], loaded: false, written: true });
});
