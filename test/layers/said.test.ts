/** Why layers run on TensorFlow.js: each option and input that the engine has no kernels for, by name. */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { Sequential } from '../../src/index.js';
import * as l from '../../src/layers/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const why = (model: tf.LayersModel): string => {
  const taken = Sequential.fromTf(model);
  const { engine } = taken;
  taken.dispose();
  return engine.kind === 'tfjs' ? engine.why : 'the engine runs it';
};
const stack = (inputShape: (number | null)[], ...layers: tf.layers.Layer[]) => {
  const input = tf.input({ shape: inputShape });
  const output = layers.reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, input);
  return why(tf.model({ inputs: input, outputs: output }));
};
const own = (inputShape: number[], layer: ReturnType<typeof l.Conv1D>) => {
  const { engine } = new Sequential([layer], { inputShape, seed: 1 });
  return engine.kind === 'tfjs' ? engine.why : 'the engine runs it';
};
const t = tf.layers;
const name = 'own';

test.each<[string, () => string]>([
  ['layer own (Dropout) has a noiseShape', () => stack([5, 2], t.dropout({ rate: 0.5, noiseShape: [1, 1, 2], name }))],
  ['layer own (Flatten) flattens channelsFirst', () => stack([5, 2], t.flatten({ dataFormat: 'channelsFirst', name }))],
  [
    'layer own (Conv1D) reads channelsFirst',
    () => stack([5, 4], t.conv1d({ filters: 2, kernelSize: 2, dataFormat: 'channelsFirst', name })),
  ],
  [
    'layer own (Conv1D) has both strides and a dilationRate above 1',
    () => own([5, 2], l.Conv1D(2, 2, { strides: 2, dilationRate: 2, name })),
  ],
  [
    'layer own (DepthwiseConv1D) has both strides and a dilationRate above 1',
    () => own([5, 2], l.DepthwiseConv1D(2, { strides: 2, dilationRate: 2, name })),
  ],
  [
    'layer own (LayerNormalization) normalises axis 1, not the last',
    () => stack([5, 2], t.layerNormalization({ axis: 1, name })),
  ],
  [
    'layer own (BatchNormalization) normalises axis 1, not the last',
    () => stack([5, 2], t.batchNormalization({ axis: 1, name })),
  ],
  ['layer own (TimeDistributed) wraps Flatten', () => stack([5, 2], t.timeDistributed({ layer: t.flatten(), name }))],
  ['layer own (Masking) has an input without steps', () => stack([2], t.masking({ name }))],
  ['layer own (Permute) has an input without steps', () => stack([6], t.permute({ dims: [1], name }))],
  [
    'layer own (StackedRNNCells) is of a kind that the engine does not have',
    () => {
      const cells = t.stackedRNNCells({ cells: [t.gruCell({ units: 2 })], name });
      return stack([5, 2], t.rnn({ cell: [t.lstmCell({ units: 2 }), cells] }));
    },
  ],
  [
    'its input has 4 axes; the engine takes (samples, features) and (samples, steps, features)',
    () => stack([5, 2, 3], t.dense({ units: 2 })),
  ],
])('%s', (message, run) => {
  expect(run()).toBe(message);
});
