import { expect, test } from '@jest/globals';
import * as memcell from 'memcell';

test('what the package exports', () => {
  expect(Object.keys(memcell).sort().join(' ')).toMatchInlineSnapshot(
    `"Activation Bidirectional Dense Dropout EarlyStopping Embedding Flatten GRU GlobalAveragePooling1D GlobalMaxPooling1D LSTM LayerNormalization LearningRateScheduler Masking MemcellError ModelCheckpoint ReduceLROnPlateau RepeatVector Sequential SimpleRNN TimeDistributed accelerate accuracy adam adamw binaryAccuracy binaryCrossentropy categoricalCrossentropy cosineDecay customObjects enableWide exponentialDecay huber inverseTimeDecay loadModel lstmPath meanAbsoluteError meanSquaredError parseSpec piecewiseConstantDecay polynomialDecay prepareBackend rmsprop sequential sgd sparseCategoricalCrossentropy topKCategoricalAccuracy"`,
  );
});
