import { expect, test } from '@jest/globals';
import * as memcell from 'memcell';

test('what the package exports', () => {
  expect(Object.keys(memcell).sort().join(' ')).toMatchInlineSnapshot(
    `"Activation ActivityRegularization Add AdditiveAttention Attention Average AveragePooling1D BackupAndRestore BatchNormalization Bidirectional CSVLogger Concatenate Conv1D Cropping1D Dense DepthwiseConv1D Dot Dropout ELU EarlyStopping Embedding Flatten GRU GRUCell GaussianDropout GaussianNoise GetItem GlobalAveragePooling1D GlobalMaxPooling1D GroupNormalization Input LSTM LSTMCell LambdaCallback LayerNormalization LeakyReLU LearningRateScheduler Masking MaxPooling1D Maximum MemcellError MinGRU MinLSTM Minimum Model ModelCheckpoint MultiHeadAttention Multiply Normalization PReLU Permute PositionEmbedding RMSNormalization RNN ReLU ReduceLROnPlateau RepeatVector Rescaling Reshape SLSTM SeparableConv1D Sequential SimpleRNN SimpleRNNCell SinePositionEncoding Softmax SpatialDropout1D StackedRNNCells Subtract TensorBoard TerminateOnNaN TimeDistributed UnitNormalization UpSampling1D ZeroPadding1D accelerate accuracy adagrad adam adamax adamw auc binaryAccuracy binaryCrossentropy binaryFocalCrossentropy categoricalCrossentropy categoricalFocalCrossentropy categoricalHinge classify cosineDecay cosineDecayRestarts cosineSimilarity customObjects enableWide exponentialDecay f1Score figures forecast gateFigures gaussianLikelihood hinge huber inverseTimeDecay kullbackLeiblerDivergence lion loadModel loadTask logCosh meanAbsoluteError meanAbsolutePercentageError meanSquaredError meanSquaredLogarithmicError nadam parseSpec piecewiseConstantDecay plot poisson polynomialDecay precision prepareBackend quantile r2Score recall recurrentPath report rmsprop sequential sgd sparseCategoricalCrossentropy symbols textModel topKCategoricalAccuracy tune"`,
  );
});

test('compile takes an optimizer function as it is, and refuses what it does not know', () => {
  const model = new memcell.Sequential([memcell.Dense(1, { inputShape: [2] })]);
  model.compile({ optimizer: memcell.adam, loss: 'mse' });
  expect(model.engine).toEqual({ kind: 'memcell' });
  const misspelt = { optimiser: 'sgd', loss: 'mse' } as const;
  expect(() => model.compile(misspelt)).toThrow("compile: unknown option 'optimiser'");
  const flat = { name: 'adam', learningRate: 5 } as unknown as 'adam';
  expect(() => model.compile({ optimizer: flat, loss: 'mse' })).toThrow('give options as adam({ … })');
  model.dispose();
});
