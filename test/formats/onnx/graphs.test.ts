/** Graphs with branches, several inputs and outputs, and states, as PyTorch writes them (see the generator beside them). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, test } from '@jest/globals';
import { loadModel } from '../../../src/index.js';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const folder = join(fixtures, 'onnxGraphs');

interface NumbersOf {
  shape: number[];
  data: number[];
}
type Named = { [name: string]: NumbersOf };

/** States [layers, batch, features] as memcell has them, an array for each layer: 'h_0', 'h_1', or 'h' where there is one. */
function apart(name: string, { shape, data }: NumbersOf): Named {
  const [layers, rows, features] = shape;
  const size = rows * features;
  const parts = Array.from({ length: layers }, (_, at): [string, NumbersOf] => [
    layers === 1 ? name : `${name}_${at}`,
    { shape: [rows, features], data: data.slice(at * size, (at + 1) * size) },
  ]);
  return Object.fromEntries(parts);
}

/** Files of which not all axes, or not the numbers themselves, are here what they are there. */
const asHere: Record<string, (inputs: Named, outputs: Named) => [Named, Named]> = {
  'features-first': ({ x }, outputs) => [{ x: turned(x) }, outputs],
  states: (inputs, outputs) => [
    { x: inputs.x, ...apart('h', inputs.h), ...apart('c', inputs.c) },
    { y: outputs.y, ...apart('hn', outputs.hn), ...apart('cn', outputs.cn) },
  ],
  packed: ({ x }, outputs) => [{ x }, outputs],
  tags: ({ x }, { y }) => [{ x: { ...x, shape: [1, ...x.shape] } }, { y: { ...y, shape: [1, ...y.shape] } }],
};

/** [batch, features, steps] → [batch, steps, features] */
function turned({ shape: [B, F, T], data }: NumbersOf): NumbersOf {
  const at = (index: number) => {
    const [b, t, f] = [Math.floor(index / (T * F)), Math.floor(index / F) % T, index % F];
    return data[(b * F + f) * T + t];
  };
  return { shape: [B, T, F], data: data.map((_, index) => at(index)) };
}

async function check(path: string, inputs: Named, outputs: Named, classes: string): Promise<readonly string[]> {
  const labels = path.endsWith('label.onnx');
  const model = await loadModel(path);
  expect(model.layers.map((layer) => layer.getClassName()).join(', ')).toBe(classes);
  const [only, ...others] = Object.values(inputs);
  if (others.length > 0) expect(model.inputs.map(({ name }) => name)).toEqual(Object.keys(inputs));
  const predicted = await model.predict<NumbersOf | NumbersOf[]>(others.length > 0 ? [only, ...others] : only);
  const list = Array.isArray(predicted) ? predicted : [predicted];
  expect(list).toHaveLength(Object.keys(outputs).length);
  for (const [place, { data, shape }] of Object.values(outputs).entries()) {
    if (labels) {
      const { data: given, shape: sizes } = list[place];
      expect(sizes).toEqual([...shape, 3]);
      const rows = data.map((_, row) => Array.from(given.slice(3 * row, 3 * row + 3)));
      expect(rows.map((row) => row.indexOf(Math.max(...row)))).toEqual(data);
      continue;
    }
    expect(list[place].shape).toEqual(shape);
    const largest = data.reduce((most, value, i) => Math.max(most, Math.abs(value - list[place].data[i])), 0);
    expect(largest).toBeLessThan(1e-5);
  }
  const { lost } = model;
  model.dispose();
  return lost;
}

const transformer = 'MultiHeadAttention, Add, LayerNormalization, Dense, Activation, Dense, Add, LayerNormalization';
const layers: Record<string, string> = {
  asking: 'InputLayer, LSTM, Reshape, Attention, Flatten, Dense',
  attending: 'InputLayer, LSTM, MultiHeadAttention, Add, LayerNormalization, SimpleRNN, Dense',
  'attention-heads': 'MultiHeadAttention',
  encoder: `InputLayer, Dense, PositionEmbedding, ${transformer}, GlobalAveragePooling1D, Dense`,
  'encoder-newer': `InputLayer, Dense, ${transformer}, GlobalAveragePooling1D, Dense`,
  label: 'LSTM, Dense',
  packed: 'Embedding, Bidirectional, LSTM, Dense',
  tags: 'Embedding, LSTM, Dense',
  weighing: 'InputLayer, LSTM, Dense, Activation, Dense, Softmax, Dot, Flatten, Dense',
  'written-out': 'Bidirectional, SimpleRNN, Dense',
  beside: 'InputLayer, LSTM, InputLayer, Concatenate, Dense',
  both: 'Bidirectional, SimpleRNN, Dense',
  decoder: 'InputLayer, InputLayer, LSTM, LSTM, Dense',
  'features-first': 'Conv1D, LSTM, Dense',
  gelu: 'LSTM, Dense, Dense',
  heads: 'InputLayer, LSTM, Dense, Dense, Activation',
  onehot: 'Embedding, LSTM, Dense',
  pooled: 'InputLayer, LSTM, GlobalAveragePooling1D, GlobalMaxPooling1D, Concatenate, Dense',
  residual: 'InputLayer, LSTM, LSTM, Add, SimpleRNN, Dense',
  rows: 'Reshape, LSTM, Dense',
  states: 'InputLayer, InputLayer, InputLayer, LSTM, InputLayer, InputLayer, LSTM, Dense',
};

it('has a case for every file', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.onnx'));
  expect(files.map((name) => name.replace(/\.onnx$/, '')).sort()).toEqual(Object.keys(layers).sort());
});

const frozen = 'the number of steps is 6, which the exporter froze in the file';
const lost: Record<string, string[]> = {
  attending: [frozen],
  encoder: [frozen],
  packed: ['input "n", how long each sequence is: here index 0 is padding'],
  label: ['output "y", the place of the largest value: here it is all values (node "/ArgMax" (ArgMax))'],
  tags: [
    'output "y" is [steps, features] of one row in the file, with an axis of rows before it here',
    'input "x" is [steps] of one row in the file, with an axis of rows before it here',
  ],
  'features-first': [
    'the order of axes of input "x": [batch, features, steps] in the file, [batch, steps, features] here',
  ],
  states: ['hn', 'cn', 'h', 'c'].map((name) =>
    name.endsWith('n')
      ? `output "${name}" as one of [directions, batch, features]: here it is ${name}_0, ${name}_1`
      : `input "${name}" as one of [2, batch, features]: here it is ${name}_0, ${name}_1`,
  ),
};

test.each(Object.entries(layers))('%s gives what ONNX Runtime gives', async (name, classes) => {
  const { inputs, outputs }: { inputs: Named; outputs: Named } = JSON.parse(
    readFileSync(join(folder, `${name}.json`), 'utf8'),
  );
  const [xs, ys] = asHere[name]?.(inputs, outputs) ?? [inputs, outputs];
  expect(await check(join(folder, `${name}.onnx`), xs, ys, classes)).toEqual(lost[name] ?? []);
});

test.each(['legacy', 'dynamo'])("an LSTM from states to states by PyTorch's %s exporter", async (exporter) => {
  const { cases } = JSON.parse(readFileSync(join(fixtures, 'onnx/lstm1-states.json'), 'utf8'));
  for (const { inputs, outputs } of cases as { inputs: Named; outputs: Named }[]) {
    const xs = { x: inputs.x, ...apart('h0', inputs.h0), ...apart('c0', inputs.c0) };
    const ys = { y: outputs.y, ...apart('hn', outputs.hn), ...apart('cn', outputs.cn) };
    const path = join(fixtures, `onnx/lstm1-states.${exporter}.onnx`);
    expect(await check(path, xs, ys, 'InputLayer, InputLayer, InputLayer, LSTM')).toEqual(
      ['output "hn": [1', 'output "cn": [1', 'input "h0": [directions', 'input "c0": [directions'].map(
        (end) => `the order of axes of ${end}, batch, features] in the file, [batch, features] here`,
      ),
    );
  }
});
