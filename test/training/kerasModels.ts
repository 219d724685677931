/** The models of test/fixtures/keras, as generate.py defines them, in tfjs layers. */
import * as tf from '@tensorflow/tfjs';

const l = tf.layers;
const lstm = (units: number, more: object = {}) =>
  l.lstm({ units, recurrentActivation: 'sigmoid', ...more }) as tf.layers.Layer;

export const kerasModels: Record<string, () => tf.layers.Layer[]> = {
  document: () => [lstm(50, { inputShape: [1, 1] }), l.dense({ units: 10, activation: 'softmax' })],
  lstm_last: () => [lstm(4, { inputShape: [5, 3] }), l.dense({ units: 2 })],
  lstm_stacked: () => [
    lstm(5, { inputShape: [6, 3], returnSequences: true }),
    lstm(4),
    l.dense({ units: 3, activation: 'softmax' }),
  ],
  lstm_sequences: () => [
    lstm(5, { inputShape: [6, 3], returnSequences: true }),
    l.timeDistributed({ layer: l.dense({ units: 2 }) }),
  ],
  lstm_no_bias_backwards: () => [
    lstm(4, { inputShape: [5, 3], useBias: false, goBackwards: true }),
    l.dense({ units: 1, activation: 'sigmoid' }),
  ],
  gru_reset_before: () => [
    l.gru({ units: 4, recurrentActivation: 'sigmoid', inputShape: [5, 3] }),
    l.dense({ units: 2 }),
  ],
  simple_rnn: () => [l.simpleRNN({ units: 4, inputShape: [5, 3] }), l.dense({ units: 2 })],
  bidirectional_lstm: () => [
    l.bidirectional({ layer: lstm(4, { returnSequences: true }) as tf.RNN, mergeMode: 'concat', inputShape: [5, 3] }),
    l.bidirectional({ layer: lstm(3) as tf.RNN, mergeMode: 'sum' }),
    l.dense({ units: 2 }),
  ],
  masked_lstm: () => [
    l.masking({ maskValue: 0, inputShape: [6, 3] }),
    lstm(4, { returnSequences: true }),
    lstm(3),
    l.dense({ units: 2 }),
  ],
  embedding_lstm: () => [
    l.embedding({ inputDim: 11, outputDim: 5, maskZero: true, inputLength: 6 }),
    lstm(4),
    l.dense({ units: 3, activation: 'softmax' }),
  ],
  regularised_lstm: () => [
    lstm(4, {
      inputShape: [5, 3],
      kernelRegularizer: tf.regularizers.l2({ l2: 0.02 }),
      recurrentRegularizer: tf.regularizers.l1({ l1: 0.01 }),
    }),
    l.dense({ units: 2 }),
  ],
};

export function kerasModel(name: string): tf.Sequential {
  return tf.sequential({ layers: kerasModels[name]() });
}
