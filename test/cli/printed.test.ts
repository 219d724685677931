/** What commands print, whole lines, for models of which all numbers are known. */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, jest, test } from '@jest/globals';
import { speedText } from '../../src/cli/speedText.js';
import { Dense, Dropout, LSTM, Sequential, sequential } from '../../src/index.js';
import { lstmPath } from '../../src/kernels/accelerate.js';
import { file, memcell, seriesCsv, temporaryFolder } from './streams.js';

const folder = temporaryFolder('in memory');
const place = (name: string) => join(folder, name);

/** LSTM: 4·(2 + 3 + 1)·3 weights; Dense: 3·2 + 2. */
const weights = 72 + 8;

beforeAll(async () => {
  const layers = [LSTM(3, { inputShape: [4, 2] }), Dropout(0.1), Dense(2, 'softmax')];
  const model = new Sequential(layers, { seed: 1 });
  await model.save(place('plain'));
  model.compile({ loss: 'sparseCategoricalCrossentropy', optimizer: 'adam' });
  const x = { data: Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)), shape: [6, 4, 2] };
  await model.fit(x, [0, 1, 0, 1, 1, 0], { epochs: 1, verbose: 0 });
  await model.save(place('trained'));
  model.dispose();
});

const state = 'the state of the optimizer: ONNX files hold models to run, not to train on';
test.each([
  ['plain', 'p', 'a folder as tfjs has it', '', '; nothing is lost'],
  ['plain', 'p.keras', 'keras', '', '; nothing is lost'],
  ['trained', 't.keras', 'keras', ', loss, metrics and the optimizer with its state after 1 step', '; nothing is lost'],
  [
    'trained',
    't.h5',
    'h5',
    ', loss, metrics and the optimizer with its state after 1 step',
    "; lost: Keras takes no optimizer's state from .h5 (memcell does): to go on training there, save .keras",
  ],
  [
    'trained',
    't',
    'a folder as tfjs has it',
    ', loss, metrics and the optimizer with its state after 1 step',
    '; nothing is lost',
  ],
  ['trained', 't.onnx', 'onnx', ", loss, metrics and the optimizer's settings, without a state", `; lost: ${state}`],
])('convert %s to %s', async (from, to, format, more, end) => {
  const { code, out, err } = await memcell('convert', place(from), place(to));
  expect([code, err]).toEqual([0, '']);
  expect(out).toBe(`${place(to)} (${format}): kept 3 layers, ${weights} weights${more}${end}\n`);
});

test('a summary says which way each layer takes, on the engine and beside it', async () => {
  const argv = ['summary', 'LSTM(3), Dense(2)', '--input-shape', '4,2', '--json'];
  const paths = async () => {
    const { engine, layers } = JSON.parse((await memcell(...argv)).out);
    return [
      engine.kind,
      layers.map(
        ({ name: _, class: __, outputShape: ___, parameters: ____, ...path }: object & Record<string, unknown>) => path,
      ),
    ];
  };
  expect(await paths()).toEqual(['memcell', Array(2).fill({ path: 'engine' })]);
  const beside = jest.spyOn(Sequential.prototype, 'engine', 'get').mockReturnValue({ kind: 'tfjs', why: 'no reason' });
  try {
    const model = sequential('LSTM(3), Dense(2)', { inputShape: [4, 2] });
    const wanted = model.tf.layers.map((layer) => lstmPath(layer));
    expect(wanted[0]).not.toEqual(wanted[1]);
    expect(await paths()).toEqual(['tfjs', wanted]);
    model.dispose();
  } finally {
    beside.mockRestore();
  }
});

test('a long answer is cut, and says by how many rows', async () => {
  const data = file(folder, 'series.csv', seriesCsv(80));
  const model = place('series');
  await memcell('train', data, '--forecast', 'value', '--window', '6', '--epochs', '1', '--seed', '1', '--out', model);
  for (const steps of [20, 60]) {
    const { out, err } = await memcell('predict', model, '--steps', String(steps));
    expect(err).toBe('');
    const lines = out.trimEnd().split('\n');
    const cut = lines.at(-1)?.startsWith('…') ?? false;
    const shown = lines.length - 1 - (cut ? 1 : 0);
    expect(lines[0]).toMatch(/^date +value/);
    expect(lines.at(-1)).toBe(cut ? `… ${steps - shown} more rows; --out FILE or --json gives all` : lines.at(-1));
    expect(cut).toBe(shown < steps);
    expect(Math.min(steps, shown)).toBe(shown);
  }
  rmSync(model, { recursive: true });
});

test.each([
  ['wide', true, 'the self-check gave equal bits at 1.90 times the narrow speed', 'on'],
  ['relaxed', false, 'this is Node 22; it needs 24', 'off'],
] as const)('kernels that are %s: wide is %s', (speed, enabled, reason, told) => {
  expect(speedText(speed, { enabled, reason })).toBe(`kernels: ${speed} (wide ${told}: ${reason})`);
});

test('a port that another program has is told', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  const data = file(folder, 'short.csv', seriesCsv(40));
  const { code, err } = await memcell('train', data, '--forecast', 'value', '--live', `127.0.0.1:${port}`);
  server.close();
  expect([code, err.trim().split('\n').at(-1)]).toEqual([
    1,
    `memcell: --live 127.0.0.1:${port}: the port is taken by another program; give another one, or none for one that is free`,
  ]);
});
