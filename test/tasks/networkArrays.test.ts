/** A model of a task that is saved says what x and y are: what it says makes the task's own predictions. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { decodeModel } from '../../src/formats/onnx/proto.js';
import { loadModel } from '../../src/sequential.js';
import { classify, forecast, symbols, textModel } from '../../src/tasks/functions.js';
import { memcell } from '../cli/streams.js';

const folder = mkdtempSync(join(tmpdir(), 'memcell-arrays-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  x: string;
  y: string;
  [key: string]: string | string[] | number[];
}

/** What a program that knows nothing of memcell finds in an ONNX file. */
function toldIn(path: string): Told {
  const { metadataProps = [] } = decodeModel(readFileSync(path));
  const own = metadataProps.filter(({ key = '' }) => !key.startsWith('memcell'));
  const entries = own.map(({ key = '', value = '' }) => [key, /^\[/.test(value) ? JSON.parse(value) : value]);
  return Object.fromEntries(entries);
}

const numbers = (value: Told[string]) => (value as number[]).map(Number);

it('a forecast', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({ a: 20 + 5 * Math.sin(i), b: i % 7 }));
  const model = await forecast(rows, {
    target: 'a',
    plain: true,
    window: 4,
    horizon: 2,
    epochs: 2,
    layers: 'LSTM(3), Dense(2)',
  });
  await model.network.save(join(folder, 'f.onnx'));
  const told = toldIn(join(folder, 'f.onnx'));
  expect(told.x).toBe(
    'float32 [batch, 4, 2]: the last 4 rows, oldest first, of x_columns, each (value - x_mean) / x_std',
  );
  expect(told.y).toBe('float32 [batch, 2]: the next 2 rows of y_columns, row by row; the value is y * y_std + y_mean');
  expect([told.x_columns, told.y_columns]).toEqual([['a', 'b'], ['a']]);
  const [mean, std] = [numbers(told.x_mean), numbers(told.x_std)];
  const x = rows.slice(-4).map(({ a, b }) => [(a - mean[0]) / std[0], (b - mean[1]) / std[1]]);
  const [y] = await (await loadModel(join(folder, 'f.onnx'))).predict([x]);
  const steps = await model.predict(rows);
  steps.forEach(({ values }, i) => {
    expect(values.a).toBeCloseTo(y[i] * numbers(told.y_std)[0] + numbers(told.y_mean)[0], 4);
  });
});

it('classes', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({ a: i % 7, b: (i * 5) % 11, kind: i % 7 > 3 ? 'up' : 'down' }));
  const model = await classify(rows, { label: 'kind', epochs: 3, layers: 'Dense(4, tanh), Dense(2, softmax)' });
  await model.network.save(join(folder, 'c.keras'));
  const { arrays } = (await loadModel(join(folder, 'c.keras'))).metadata as { arrays: Told };
  expect(arrays.y).toBe('float32 [batch, 2]: the probability of each of y_classes, the values of kind');
  const [mean, std] = [numbers(arrays.x_mean), numbers(arrays.x_std)];
  const x = rows.map(({ a, b }) => [(a - mean[0]) / std[0], (b - mean[1]) / std[1]]);
  const y = await model.network.predict(x);
  for (const [i, { label }] of (await model.predict(rows)).entries()) {
    const most = y[i].indexOf(Math.max(...y[i]));
    expect((arrays.y_classes as string[])[most]).toBe(label);
  }
});

it('symbols, and a text', async () => {
  const model = await symbols('0 1 2 3 4 '.repeat(12), { plain: true, epochs: 3, window: 2 });
  await model.network.save(join(folder, 's.onnx'));
  const told = toldIn(join(folder, 's.onnx'));
  expect(told.x).toBe(
    'float32 [batch, 2, 1]: the last 2 symbols, oldest first, each number (of words their place in symbols) divided by 4',
  );
  const [y] = await model.network.predict([[[2 / 4], [3 / 4]]]);
  expect([numbers(told.symbols)[y.indexOf(Math.max(...y))]]).toEqual(await model.predict([2, 3], { steps: 1 }));

  const poem = await textModel('tick tock '.repeat(40), { plain: true, window: 5, epochs: 1 });
  const { arrays } = poem.network.metadata as { arrays: Told };
  expect(arrays.x).toBe('int32 [batch, 5]: numbers of characters, oldest first, by their place in tokens');
  expect(arrays.tokens).toEqual([...poem.loaded.artefact.tokens.texts]);
});

it('a model of an earlier version, once it is converted', async () => {
  const { code } = await memcell('convert', 'models/weather', join(folder, 'w.onnx'));
  expect(code).toBe(0);
  expect(toldIn(join(folder, 'w.onnx')).y_columns).toEqual(['temp_max']);
});
