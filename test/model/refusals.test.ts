/** Shapes of inputs that do not fit: the whole line, and the code by which a program tells them. */
import { expect, test } from '@jest/globals';
import { Dense, LSTM, Sequential } from '../../src/index.js';

const built = (layers: Parameters<typeof Dense>[1], options: object) => () =>
  new Sequential([Dense(1, layers as object)], options).build();

test.each<[string, () => unknown]>([
  [
    "the model's input shape is not known; give its first layer (LSTM) an inputShape, such as [steps, features]",
    () => new Sequential([LSTM(2)]).build(),
  ],
  [
    'inputShape must be a list of whole numbers above 0 (null where any number of steps will do), such as [30, 4], not [0]',
    built({}, { inputShape: [0] }),
  ],
  [
    'inputShape must be a list of whole numbers above 0 (null where any number of steps will do), such as [30, 4], not []',
    built({}, { inputShape: [] }),
  ],
  [
    'inputShape must be a list of whole numbers above 0 (null where any number of steps will do), such as [30, 4], not "3"',
    built({}, { inputShape: '3' }),
  ],
  [
    "inputShape (4,) does not fit the first layer's (3,); give only one",
    built({ inputShape: [3] }, { inputShape: [4] }),
  ],
  [
    "batchSize 5 does not fit the first layer's batch of 6; give only one",
    built({ batchShape: [6, 3] } as object, { batchSize: 5 }),
  ],
])('%s', (message, run) => {
  expect(run).toThrow(expect.objectContaining({ name: 'MemcellError', message, code: 'model' }));
});

test('options that a model has not are named with the one that is meant', () => {
  expect(() => new Sequential([Dense(1)], { nam: 'x' } as object)).toThrow(
    expect.objectContaining({ message: "Sequential: unknown option 'nam'; did you mean name?", code: 'usage' }),
  );
});
