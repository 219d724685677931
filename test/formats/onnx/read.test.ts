import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { dataTypes, decodeModel, encodeModel } from '../../../src/formats/onnx/proto.js';
import { readOnnx } from '../../../src/formats/onnx/read.js';
import { readTensor } from '../../../src/formats/onnx/tensors.js';
import { loadModel } from '../../../src/sequential.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../fixtures/onnx');
const files = readdirSync(folder).filter((name) => name.endsWith('.onnx'));

interface NumbersOf {
  shape: number[];
  data: number[];
}
interface Case {
  inputs: { x: NumbersOf };
  outputs: { y: NumbersOf };
}

/** What the files have and a model here has not. */
const turned = 'the order of axes of input "x": [steps, batch, features] in the file, [batch, steps, features] here';
const lost: Record<string, string[]> = {
  'lstm1-seqfirst.legacy.onnx': [turned],
  'lstm1-seqfirst.dynamo.onnx': [turned, 'the number of steps is 7, which the exporter froze in the file'],
};

/** Layers that the files become. */
const layers: Record<string, string> = {
  'bigru1-every-step': 'Bidirectional, Dense',
  'bilstm1-linear': 'Bidirectional, SimpleRNN, Dense',
  'bilstm2-every-step': 'Bidirectional, Bidirectional, Dense',
  'conv-bn-gru': 'Conv1D, GRU, Dense',
  'embedding-lstm-text': 'Embedding, LSTM, Dense',
  'gru1-linear': 'GRU, Dense',
  'gru2-linear': 'GRU, GRU, Dense',
  'lstm1-every-step': 'LSTM, Dense',
  'lstm1-linear': 'LSTM, Dense',
  'lstm1-nobias': 'LSTM, Dense',
  'lstm1-seqfirst': 'LSTM, Dense',
  'lstm2-dropout-norm': 'LSTM, LSTM, LayerNormalization, Activation, Dense',
  'lstm2-linear': 'LSTM, LSTM, Dense',
  'rnn-relu-softmax': 'SimpleRNN, Dense',
  'rnn-tanh-linear': 'SimpleRNN, Dense',
};

/** [steps, batch, features] → [batch, steps, features] */
function batchFirst({ shape: [T, B, F], data }: NumbersOf): NumbersOf {
  const at = (index: number) =>
    data[(Math.floor(index / F) % T) * B * F + Math.floor(index / (T * F)) * F + (index % F)];
  return { shape: [B, T, F], data: data.map((_, index) => at(index)) };
}

describe("files of PyTorch's two exporters", () => {
  it('are all here', () => {
    expect(files).toHaveLength(32);
  });

  for (const file of files.filter((name) => !name.startsWith('lstm1-states'))) {
    const name = file.split('.')[0];
    it(`reads ${file} and computes what PyTorch does`, async () => {
      const contents = await readOnnx(readFileSync(join(folder, file)), file);
      expect(contents.lost).toEqual(lost[file] ?? []);
      expect(contents.metadata).toEqual({ inputs: ['x'], outputs: ['y'] });
      const model = await loadModel(join(folder, file));
      expect(model.layers.map((layer) => layer.getClassName()).join(', ')).toBe(layers[name]);
      const cases: Case[] = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')).cases;
      const fixed = file === 'lstm1-seqfirst.dynamo.onnx' || /^rnn-.*\.dynamo\./.test(file);
      const seen = fixed ? cases.slice(0, 1) : cases;
      for (const { inputs, outputs } of seen) {
        const x = name === 'lstm1-seqfirst' ? batchFirst(inputs.x) : inputs.x;
        const y = await model.predict(x);
        expect(y.shape).toEqual(outputs.y.shape);
        const largest = outputs.y.data.reduce((most, value, i) => Math.max(most, Math.abs(value - y.data[i])), 0);
        expect(largest).toBeLessThan(1e-5);
      }
      model.dispose();
    });
  }
});

it('nodes in another order are the same model, and the rounding of half precision is said', async () => {
  const whole = readFileSync(join(folder, 'lstm2-dropout-norm.legacy.onnx'));
  const { lost: none, ...before } = await readOnnx(whole, 'whole');
  const file = decodeModel(whole);
  file.graph?.node?.reverse();
  const turnedAround = await readOnnx(encodeModel(file), 'whole');
  expect(turnedAround).toEqual({ ...before, lost: [] });
  expect(none).toEqual([]);
  const tensor = file.graph?.input?.[0].type?.tensorType;
  if (tensor) tensor.elemType = dataTypes.float16;
  const halves = await readOnnx(encodeModel(file), 'whole');
  const said = 'the rounding to float16 of what operators give: here all is computed in float32';
  expect(halves).toEqual({ ...before, lost: [said] });
});

it.each([
  ['float16', dataTypes.float16, [0x3c00, 0xc100, 0x0001]],
  ['bfloat16', dataTypes.bfloat16, [0x3f80, 0xc020, 0x3380]],
])('%s is read where its bits stand in int32_data', (_, dataType, int32Data) => {
  const { data } = readTensor({ name: 'w', dims: [3], dataType, int32Data }, 'm.onnx');
  expect([...(data ?? [])]).toEqual([1, -2.5, 2 ** -24]);
});
