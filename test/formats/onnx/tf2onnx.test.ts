/** Graphs as tf2onnx makes them of Keras's models (see the generator beside them), which ONNX Runtime ran when they were made. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, test } from '@jest/globals';
import { decodeModel, encodeModel, type GraphProto, type ModelProto } from '../../../src/formats/onnx/proto.js';
import { loadModel } from '../../../src/sequential.js';

const folder = fileURLToPath(new URL('../../fixtures/tf2onnx', import.meta.url));
const place = (name: string) => join(folder, name);

interface NumbersOf {
  shape: number[];
  data: number[];
}

const layers: Record<string, string> = {
  backwards: 'LSTM, Dense',
  'both-last': 'Bidirectional, Dense',
  'both-sequences': 'Bidirectional, Dense',
  convolved: 'Conv1D, LSTM, Dense',
  embedded: 'Embedding, GRU, Dense',
  'lstm-last': 'LSTM, Dense',
  'lstm-last.opset9': 'LSTM, Dense',
  'lstm-state': 'LSTM, Dense',
  stacked: 'LSTM, GRU, Dense',
  normalized: 'LSTM, LayerNormalization, Dense',
  'normalized.opset18': 'LSTM, LayerNormalization, Dense',
  'normalized-last': 'LSTM, LayerNormalization, Activation, Dense',
  'batch-normalized': 'LSTM, BatchNormalization, BatchNormalization, Dense',
};

it('has a case for every file', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.onnx'));
  expect(files.map((name) => name.replace(/\.onnx$/, '')).sort()).toEqual(Object.keys(layers).sort());
});

test.each(Object.entries(layers))('%s is %s, and gives what Keras gives', async (name, expected) => {
  const model = await loadModel(place(`${name}.onnx`));
  expect(model.lost).toEqual([]);
  expect(model.layers.map((layer) => layer.getClassName()).join(', ')).toBe(expected);
  const { x, y }: { x: NumbersOf; y: NumbersOf } = JSON.parse(readFileSync(place(`${name}.json`), 'utf8'));
  const { data, shape } = await model.predict(x);
  expect(shape).toEqual(y.shape);
  expect(y.data.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i])), 0)).toBeLessThan(1e-6);
  model.dispose();
});

/** A file with one node changed. */
function changed(name: string, opType: string, change: (graph: GraphProto, at: number) => void): Uint8Array {
  const file: ModelProto = decodeModel(readFileSync(place(`${name}.onnx`)));
  const { graph } = file;
  const at = graph?.node?.findIndex((node) => node.opType === opType) ?? -1;
  if (!graph || at < 0) throw new Error(`no ${opType}`);
  change(graph, at);
  return encodeModel(file);
}

it('refuses what turns round a part of the steps, and a window over other axes, naming the node', async () => {
  const part = changed('backwards', 'Expand', (graph) => {
    const [reverse] = (graph.node ?? []).filter(({ opType }) => opType === 'ReverseSequence');
    reverse.input = [reverse.input?.[0] ?? '', 'lengths'];
    graph.initializer?.push({ name: 'lengths', dataType: 7, dims: [1], int64Data: [4] });
  });
  await expect(loadModel(part)).rejects.toThrow(
    /node "ReverseSequence__\d+" \(ReverseSequence\): it turns round a part of \[steps, batch, features\], not all steps of it/,
  );
  const wide = changed('convolved', 'Conv', (graph, at) => {
    const strides = graph.node?.[at].attribute?.find(({ name }) => name === 'strides');
    if (strides) strides.ints = [2, 1];
  });
  await expect(loadModel(wide)).rejects.toThrow(/node "Conv__\d+" \(Conv\): strides \[2,1\]/);
});
