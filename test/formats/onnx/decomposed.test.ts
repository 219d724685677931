/** Layers that PyTorch's exporters write as several operators (see the generator beside the files). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, test } from '@jest/globals';
import { loadModel } from '../../../src/index.js';

const folder = fileURLToPath(new URL('../../fixtures/onnxDecomposed', import.meta.url));

const between: Record<string, string> = {
  plain: 'LayerNormalization',
  scaled: 'LayerNormalization',
  newer: 'LayerNormalization',
  inverse: 'LayerNormalization',
  apart: 'LayerNormalization',
  first: 'LayerNormalization',
  prelu: 'PReLU',
  celu: 'Activation',
  softplus: 'Activation',
};

it('has a case for every file', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.onnx'));
  expect(files.map((name) => name.replace(/\.onnx$/, '')).sort()).toEqual(Object.keys(between).sort());
});

test.each(Object.entries(between))(
  '%s is one %s on the engine, and gives what ONNX Runtime gives',
  async (name, layer) => {
    const model = await loadModel(join(folder, `${name}.onnx`));
    expect(model.layers.map((one) => one.getClassName())).toEqual(['LSTM', layer, 'Dense']);
    expect(model.lost).toEqual([]);
    expect(model.engine).toEqual({ kind: 'memcell' });
    const { x, y } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    const { data, shape } = await model.predict<{ data: Float32Array; shape: number[] }>(x);
    expect(shape).toEqual(y.shape);
    for (const [i, value] of data.entries()) expect(value).toBeCloseTo(y.data[i], 5);
    model.dispose();
  },
);
