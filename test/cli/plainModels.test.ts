/** predict and evaluate of models without a task: arrays from every kind of file, every form of output. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, test } from '@jest/globals';
import { encodeArrays, readArrayFile } from '../../src/arrays/arrayFile.js';
import type { NdArray } from '../../src/data/array.js';
import { loadModel, sequential } from '../../src/sequential.js';
import { file, memcell, temporaryFolder } from './streams.js';

const folder = temporaryFolder();
const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const place = (name: string) => join(folder, name);
const model = place('model.keras');
const dense = place('dense.h5');
const two = join(fixtures, 'savedModels/two-inputs');

const wave = (shape: number[], from = 0): NdArray => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(from + 1.3 * i)),
});
const x = wave([5, 4, 2]);
let y: NdArray;
let loss = 0;

const lines = ({ data, shape }: NdArray, width: number) =>
  Array.from({ length: (shape[0] * data.length) / shape[0] / width }, (_, row) =>
    data.subarray(row * width, (row + 1) * width).join(','),
  );

async function json(...argv: string[]) {
  const { code, out, err } = await memcell(...argv, '--json');
  expect([code, err.match(/^memcell:.*/m)]).toEqual([0, null]);
  return JSON.parse(out);
}

const write = async (name: string, arrays: Record<string, NdArray>, form: 'npy' | 'npz' | 'json') =>
  writeFileSync(place(name), await encodeArrays(new Map(Object.entries(arrays)), form));

/** The one line of an error, and its exit code. */
async function refusal(...argv: string[]) {
  const { code, err } = await memcell(...argv);
  return [code, err.trim().split('\n').at(-1)?.replaceAll(folder, 'F').replaceAll(fixtures, 'X')];
}

beforeAll(async () => {
  const made = sequential('LSTM(3), Dense(2, softmax)', { inputShape: [4, 2], seed: 1 });
  made.compile({ loss: 'sparseCategoricalCrossentropy', optimizer: 'adam', metrics: ['accuracy'] });
  y = await made.predict(x);
  loss = (await made.evaluate(x, [0, 1, 1, 0, 1])).loss;
  await made.save(model);
  const straight = sequential('Dense(1)', { inputShape: [2], seed: 2 });
  await straight.save(dense);
  const labels = { data: Int32Array.of(0, 1, 1, 0, 1), shape: [5] };
  await write('x.npy', { x }, 'npy');
  await write('labels.npy', { labels }, 'npy');
  await write('xy.npz', { x, y: labels }, 'npz');
  await write('x.json', { x }, 'json');
  await write('named.json', { x, other: labels }, 'json');
  await write('two.npz', { input4: wave([3, 2]), input3: wave([3, 4, 2]) }, 'npz');
  await write('deep.npy', { x: wave([5, 4]) }, 'npy');
  file(folder, 'rows.csv', `${lines(x, 8).join('\n')}\n`);
  file(folder, 'steps.csv', `a,b\n${lines(wave([4, 2]), 2).join('\n')}\n`);
  file(folder, 'houses.csv', 'id,size,rooms,price\n1,0.5,2,3\n2,1.5,1,4\n3,0.25,3,1\n');
});

describe('predict', () => {
  test.each(['x.npy', 'xy.npz', 'x.json', 'named.json', 'rows.csv'])('takes %s', async (name) => {
    const { samples, outputs } = await json('predict', model, place(name));
    expect(samples).toBe(5);
    expect(outputs).toHaveLength(1);
    expect(outputs[0]).toMatchObject({ name: 'dense', shape: [5, 2] });
    // Cells of a table have what JavaScript prints, so the same float32.
    expect(outputs[0].values.flat().map(Math.fround)).toEqual([...y.data]);
  });

  it('says how rows of a table are read', async () => {
    const { err } = await memcell('predict', model, place('rows.csv'));
    expect(err).toContain('rows.csv: 5 rows of 8 numbers, read as 5 samples of (4, 2)\n');
    const { notes, outputs } = await json('predict', model, place('steps.csv'));
    expect(notes[0].replaceAll(folder, 'F')).toBe('F/steps.csv: 4 rows of 2 numbers, read as 1 sample of (4, 2)');
    const again = await loadModel(model);
    const { data } = await again.predict(wave([1, 4, 2]));
    expect(outputs[0].values.flat().map(Math.fround)).toEqual([...data]);
  });

  it('takes and gives several inputs and outputs by name', async () => {
    const { outputs } = await json('predict', two, place('two.npz'));
    const direct = await (await loadModel(two)).predict<NdArray>([wave([3, 4, 2]), wave([3, 2])]);
    expect(outputs[0].values.flat().map(Math.fround)).toEqual([...direct.data]);
    const states = join(fixtures, 'savedModels/two-outputs');
    const out = place('states.npz');
    expect((await memcell('predict', states, place('x.npy'), '--out', out)).err).toContain(
      'lstm_LSTM5 (5, 3), lstm_LSTM5_1 (5, 3) written to ',
    );
    const [h, c] = await (await loadModel(states)).predict<NdArray[]>({ ...x });
    const read = await readArrayFile(out);
    expect(read.kind === 'named' && Object.fromEntries(read.arrays)).toEqual({ lstm_LSTM5: h, lstm_LSTM5_1: c });
    await memcell('predict', states, place('x.npy'), '--out', place('states.json'));
    const written = JSON.parse(readFileSync(place('states.json'), 'utf8'));
    expect([Object.keys(written), written.lstm_LSTM5_1.flat().map(Math.fround)]).toEqual([
      ['lstm_LSTM5', 'lstm_LSTM5_1'],
      [...c.data],
    ]);
    await memcell('predict', states, place('x.npy'), '--out', place('states.csv'));
    expect(readFileSync(place('states.csv'), 'utf8').split('\n')[0]).toBe(
      [0, 1, 2, 3, 4, 5].map((i) => (i < 3 ? `lstm_LSTM5[${i}]` : `lstm_LSTM5_1[${i - 3}]`)).join(','),
    );
    expect(await refusal('predict', states, place('x.npy'), '--out', place('states.npy'))).toEqual([
      2,
      'memcell: an .npy holds one array, and the model gives 2 (lstm_LSTM5, lstm_LSTM5_1); write an .npz',
    ]);
  });

  it('writes to standard output as CSV, and nothing else there', async () => {
    const { code, out, err } = await memcell('predict', model, place('x.npy'), '--out', '-');
    expect([code, err]).toEqual([0, '']);
    const [head, ...rows] = out.trimEnd().split('\n');
    expect(head).toBe('dense[0],dense[1]');
    const written = rows.flatMap((row) => row.split(','));
    expect(written).toEqual(Array.from(y.data, (value) => String(Number(value.toPrecision(7)))));
    expect(JSON.parse((await memcell('predict', model, place('x.npy'), '--out', '-', '--json')).out).samples).toBe(5);
  });

  it('says of a model what no one here knows, once', async () => {
    const metrics = join(fixtures, 'training/metrics.keras');
    const { lost } = await loadModel(metrics);
    expect(lost.length).toBeGreaterThan(0);
    const width = (await loadModel(metrics)).inputShape[1] ?? 0;
    const row = file(folder, 'row.csv', `${'1,'.repeat(width).slice(0, -1)}\n`);
    const told = [
      await memcell('predict', metrics, row),
      await memcell('summary', metrics),
      await memcell('evaluate', metrics, row),
    ];
    for (const { err } of told) expect(err.split('\n').slice(0, lost.length)).toEqual(lost);
    expect(told.map(({ code }) => code)).toEqual([0, 0, 2]);
    // Of a file that is written from it, too.
    for (const name of ['told', 'told.onnx']) {
      const { out } = await memcell('convert', metrics, place(name));
      expect(out).toContain(`; lost: ${lost.join('; ')}\n`);
      const { out: json } = await memcell('convert', metrics, place(`json-${name}`), '--json');
      expect(JSON.parse(json).lost).toEqual(lost);
    }
  });

  it('gives each number of a sample its own column, and its place in the sample as a name', async () => {
    const steps = sequential('LSTM(3, return_sequences=true)', { inputShape: [4, 2], seed: 3 });
    await steps.save(place('steps.keras'));
    const { data } = await steps.predict(x);
    const rows = Array.from({ length: 5 }, (_, n) => [...data.subarray(12 * n, 12 * n + 12)]);
    const { out } = await memcell('predict', place('steps.keras'), place('x.npy'), '--out', '-');
    const names = [0, 1, 2, 3].flatMap((t) => [0, 1, 2].map((u) => `"lstm[${t},${u}]"`));
    expect(out).toBe(
      [names, ...rows.map((row) => row.map((value) => String(Number(value.toPrecision(7)))))]
        .map((row) => `${row.join(',')}\n`)
        .join(''),
    );
    const { outputs } = await json('predict', place('steps.keras'), place('x.npy'));
    expect(outputs.map(({ name, shape }: { name: string; shape: number[] }) => [name, shape])).toEqual([
      ['lstm', [5, 4, 3]],
    ]);
    expect(outputs[0].values.map((sample: number[][]) => sample.flat().map(Math.fround))).toEqual(rows);
    expect(outputs[0].values[1]).toHaveLength(4);
    steps.dispose();
  });

  test.each(['y.npy', 'y.json', 'Y.NPZ'])('writes %s, which it reads again', async (name) => {
    expect((await memcell('predict', model, place('x.npy'), '--out', place(name))).code).toBe(0);
    const read = await readArrayFile(place(name));
    const array = read.kind === 'one' ? read.array : read.kind === 'named' ? read.arrays.get('dense') : undefined;
    expect(array).toEqual(y);
    // One array is written as the list itself.
    if (name.endsWith('.json')) {
      const written: number[][] = JSON.parse(readFileSync(place(name), 'utf8'));
      expect(written.map((row) => row.map(Math.fround))).toEqual(
        Array.from({ length: 5 }, (_, i) => [...y.data.subarray(2 * i, 2 * i + 2)]),
      );
    }
  });

  it('takes columns of which one is text for a table, whichever comes first', async () => {
    for (const text of ['{"x":[1,2],"kind":["a","b"]}', '{"kind":["a","b"],"x":[1,2]}'])
      expect((await readArrayFile(file(folder, 'columns.json', text))).kind).toBe('table');
  });

  it('shows the first samples, and takes the columns that are named', async () => {
    const { out } = await memcell('predict', dense, place('houses.csv'), '--features', 'size,rooms');
    expect(out.split('\n')[0]).toMatch(/^sample +dense$/);
    expect(out.trim().split('\n')).toHaveLength(4);
  });

  it('says how a table was read, whether a row or all of them are a sample', async () => {
    const rows = file(folder, 'piped.csv', 'size|rooms\n0.5|2\n1.5|1\n0.25|3\n1|4\n');
    const { notes } = await json('predict', dense, rows);
    expect(notes).toEqual(['separator |']);
    const steps = await json('predict', model, rows);
    expect(steps.notes).toEqual([...notes, expect.stringContaining('4 rows of 2 numbers, read as 1 sample')]);
  });

  it('says in one line what does not fit', async () => {
    const cases: [string[], string][] = [
      [[model], 'F/model.keras: is a model without a task; give the samples: memcell predict F/model.keras DATA'],
      [
        [model, place('x.npy'), '--steps', '3'],
        'F/model.keras: --steps is for models of memcell train; this one has no task',
      ],
      [
        [model, place('x.npy'), '--report'],
        'F/model.keras: --report is for models of memcell train; this one has no task',
      ],
      [
        [model, place('x.npy'), '--features', 'a'],
        'F/x.npy: --features names columns of a table, and this file holds arrays',
      ],
    ];
    for (const [argv, message] of cases) expect(await refusal('predict', ...argv)).toEqual([2, `memcell: ${message}`]);
    const data: [string[], string][] = [
      [[model, place('deep.npy')], 'x has the shape [5, 4]; it must be [samples, 4, 2]'],
      [
        [two, place('x.npy')],
        'F/x.npy: holds one array, and the model has 2 inputs (input3, input4); give a JSON object or an .npz with an array for each',
      ],
      [[two, place('xy.npz')], "F/xy.npz: has no array input3 for the model's inputs; it has x, y"],
      [
        [dense, place('houses.csv')],
        'F/houses.csv: 3 rows of 4 numbers, but a sample of the model has the shape (2); choose columns with --features (of id, size, rooms, price)',
      ],
      [
        [dense, place('houses.csv'), '--features', 'size,kind'],
        'F/houses.csv: no column kind; did you mean id? Its columns: id, size, rooms, price',
      ],
      [
        [model, file(folder, 'ragged.json', '[[[1,2],[3,4],[5,6],[7]]]')],
        'F/ragged.json[0][3] has 1 value, but F/ragged.json[0][0] has 2; all must be alike',
      ],
    ];
    for (const [argv, message] of data) expect((await refusal('predict', ...argv))[1]).toBe(`memcell: ${message}`);
  });
});

describe('evaluate', () => {
  test.each([['x.npy', '--targets', 'labels.npy'], ['xy.npz']])('%s %s %s', async (data, ...targets) => {
    const [flag, name] = targets;
    const { samples, evaluation } = await json('evaluate', model, place(data), ...(flag ? [flag, place(name)] : []));
    expect(samples).toBe(5);
    expect(Object.keys(evaluation)).toEqual(['loss', 'accuracy']);
    expect(evaluation.loss).toBeCloseTo(loss, 6);
  });

  it('takes targets from columns, and a loss for a model without one', async () => {
    const argv = ['evaluate', dense, place('houses.csv'), '--targets', 'price', '--features', 'size,rooms'];
    const { evaluation } = await json(...argv, '--loss', 'mse', '--metrics', 'mae');
    const straight = await loadModel(dense);
    const outputs = await straight.predict([
      [0.5, 2],
      [1.5, 1],
      [0.25, 3],
    ]);
    const errors = outputs.map(([value], i) => value - [3, 4, 1][i]);
    expect(evaluation.loss).toBeCloseTo(
      errors.reduce((sum, error) => sum + error ** 2 / 3, 0),
      5,
    );
    expect(evaluation.mae).toBeCloseTo(
      errors.reduce((sum, error) => sum + Math.abs(error) / 3, 0),
      5,
    );
    const others = file(folder, 'others.csv', 'size,rooms,price\n0.5,2,3\n1.5,1,4\n0.25,3,1\n');
    const all = await json('evaluate', dense, others, '--targets', 'price', '--loss', 'mean_squared_error');
    expect(all.evaluation.loss).toBe(evaluation.loss);
    expect((await memcell(...argv, '--loss', 'mse')).out).toMatch(/^3 samples\nloss +\d/);
  });

  it('says how a table was read, and takes several inputs and outputs by name', async () => {
    const rows = file(folder, 'bars.csv', 'size|rooms|price\n0.5|2|3\n1.5|1|4\n');
    const argv = ['evaluate', dense, rows, '--targets', 'price', '--loss', 'mse'];
    expect((await memcell(...argv)).err).toBe('separator |\n');
    expect((await json(...argv)).notes).toEqual(['separator |']);
    const inputs = { input3: wave([3, 4, 2]), input4: wave([3, 2]) };
    const wide = await loadModel(two);
    const target = wave([3, ...wide.outputShape.slice(1).map(Number)], 1);
    wide.compile({ loss: 'mse' });
    const direct = await wide.evaluate(inputs, target, { verbose: 0 });
    await write('all.npz', { ...inputs, y: target }, 'npz');
    const { samples, evaluation } = await json('evaluate', two, place('all.npz'), '--loss', 'mse');
    expect([samples, evaluation]).toEqual([3, direct]);
  });

  it('takes a target for each output by its name', async () => {
    const states = join(fixtures, 'savedModels/two-outputs');
    const loaded = await loadModel(states);
    loaded.compile({ loss: 'mse', metrics: ['mae'] });
    const targets = { lstm_LSTM5: wave([5, 3], 7), lstm_LSTM5_1: wave([5, 3], 9) };
    const direct = await loaded.evaluate(x, targets, { verbose: 0 });
    expect(new Set(Object.values(direct)).size).toBe(Object.keys(direct).length);
    // In a file of their own or beside the inputs, in whichever order.
    const { lstm_LSTM5: h, lstm_LSTM5_1: c } = targets;
    await write('states-of.npz', { lstm_LSTM5_1: c, lstm_LSTM5: h }, 'npz');
    await write('states-beside.npz', { lstm_LSTM5_1: c, x, lstm_LSTM5: h }, 'npz');
    const how = ['--loss', 'mse', '--metrics', 'mae'];
    for (const given of [[place('x.npy'), '--targets', place('states-of.npz')], [place('states-beside.npz')]]) {
      const { samples, evaluation } = await json('evaluate', states, ...given, ...how);
      expect([samples, evaluation]).toEqual([5, direct]);
    }
    loaded.dispose();
  });

  it('says in one line what does not fit', async () => {
    const table = place('houses.csv');
    const cases: [string[], number, string][] = [
      [
        [model, place('x.npy')],
        2,
        'F/x.npy: has no targets; give them with --targets FILE, as columns of a table (--targets COLS), or beside the inputs (y)',
      ],
      [
        [join(fixtures, 'savedModels/two-outputs'), place('x.npy'), '--loss', 'mse'],
        2,
        'F/x.npy: has no targets; give them with --targets FILE, as columns of a table (--targets COLS), or beside the inputs (lstm_LSTM5, lstm_LSTM5_1)',
      ],
      [[dense, table, '--targets', 'price'], 2, 'F/dense.h5: comes without a loss; name one, such as --loss mse'],
      [
        [dense, table, '--targets', 'prise', '--loss', 'mse'],
        2,
        'F/houses.csv: no column prise; did you mean price? Its columns: id, size, rooms, price',
      ],
      [
        [dense, table, '--targets', './no.npy', '--loss', 'mse', '--features', 'size,rooms'],
        1,
        './no.npy: no such file; check the path',
      ],
      [[model, place('xy.npz'), '--metrics', 'mae'], 2, '--metrics goes with --loss: name the loss too'],
      [
        [model, place('xy.npz'), '--from', '3'],
        2,
        'F/model.keras: --from is for models of memcell train; this one has no task',
      ],
      [
        [model, place('x.npy'), '--targets', place('x.npy')],
        1,
        "y: shape (5, 4, 2) does not fit the model's output (n, 2); sparseCategoricalCrossentropy takes (n,)",
      ],
      [
        [join(fixtures, '../../models/weather'), table, '--targets', 'price'],
        2,
        'X/../../models/weather: --targets is for models without a task; this one knows its own',
      ],
    ];
    for (const [argv, code, message] of cases) {
      const [found, line] = await refusal('evaluate', ...argv);
      expect([found, String(line).replace(/^memcell: .*models\/weather/, 'memcell: X/../../models/weather')]).toEqual([
        code,
        `memcell: ${message}`,
      ]);
    }
  });
});
