/** Shapes of inputs that do not fit: the whole line, and the code by which a program tells them. */
import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { Add, Dense, Input, LSTM, Model, parseSpec, Sequential } from '../../src/index.js';
import { applySymbolically } from '../../src/layers/symbolic.js';
import { buildModel } from '../../src/model/build.js';
import { checkLayers } from '../../src/model/stack.js';

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

test('a layer more that makes the model too large is refused, by all that the model has then', () => {
  const before = [2 ** 27, 2 ** 27 - 3].map((count) => Object.assign(Dense(1), { countParams: () => count }));
  expect(() => checkLayers([Dense(1)], [null, 2], before)).not.toThrow();
  expect(() => checkLayers([Dense(1)], [null, 3], before)).toThrow(
    expect.objectContaining({
      code: 'model',
      message:
        "layer 3 (Dense) brings the model to 268435457 weights; the most is 268435456, since training needs 16 bytes for each and WebAssembly's memory ends at 4 GiB; use fewer units",
    }),
  );
});

test('options that a model has not are named with the one that is meant', () => {
  expect(() => new Sequential([Dense(1)], { nam: 'x' } as object)).toThrow(
    expect.objectContaining({ message: "Sequential: unknown option 'nam'; did you mean name?", code: 'usage' }),
  );
});

test.each<[line: string, at: number, spec: string]>([
  ['no layers at character 13; write for example LSTM(50), Dense(10, softmax)', 12, 'Input((3,)) '],
  ['Input: shape is missing at character 1; write for example Input((30, 4))', 0, 'Input(), LSTM(3)'],
  ['"[" is not closed at character 1', 0, '[Dense(3)'],
  ['expected "," or ")", found \'4\' at character 9', 8, 'Dense(3 4)'],
  ["expected a value, found ')' at character 13", 12, 'Dense(units=)'],
  ["expected a layer, found '3' at character 1", 0, '3'],
  ['expected "," or the end, found \')\' at character 9', 8, 'Dense(3))'],
  ['L2: takes at most l2 at character 29', 28, 'Dense(3, kernel_regularizer=L2(0.1, 0.2))'],
  ["L2: unknown option 'rate' at character 32; it takes l2", 31, 'Dense(3, kernel_regularizer=L2(rate=0.1))'],
])('%s', (line, at, spec) => {
  expect(() => parseSpec(spec)).toThrow(
    expect.objectContaining({ code: 'model', message: `layers: ${line}\n  ${spec}\n  ${' '.repeat(at)}^` }),
  );
});

test('what is no text is no layers', () => {
  expect(() => parseSpec(['LSTM(3)'] as never)).toThrow(
    expect.objectContaining({
      code: 'usage',
      message: `layers are a text such as 'LSTM(50), Dense(10, softmax)', not ["LSTM(3)"]`,
    }),
  );
});

type Tensor = ReturnType<typeof Input>;

test('what a layer of another’s throws is told by its first line, with the layer', () => {
  class Odd extends tf.layers.Layer {
    static readonly className: string = 'Odd';
    override computeOutputShape(): tf.Shape {
      throw new Error('a line\nanother');
    }
  }
  class Late extends Odd {
    static override readonly className = 'Late';
    override build(): void {
      throw new Error('a late line\nanother');
    }
    override computeOutputShape(): tf.Shape {
      return [null, 1];
    }
  }
  const refused = (message: string) =>
    expect.objectContaining({ name: 'MemcellError', code: 'model', message, cause: expect.any(Error) });
  const x = Input({ shape: [2] });
  expect(() => applySymbolically(new Odd({ name: 'odd' }), x)).toThrow(
    refused('layer odd (Odd) cannot take inputs of shape (None, 2): a line'),
  );
  const late = applySymbolically(new Late({ name: 'late' }), x) as Tensor;
  expect(() => new Model({ inputs: x, outputs: late }).build()).toThrow(refused('layer late (Late): a late line'));
  expect(() => buildModel([new Late({ name: 'late' })], { inputShape: [2], seed: 1 })).toThrow(
    refused('layer late: a late line'),
  );
});

test.each<[message: string, code: string, make: () => unknown]>([
  [
    'an input is called x, as another input or a layer is',
    'model',
    () => {
      const [a, b] = [Input({ shape: [2], name: 'x' }), Input({ shape: [2], name: 'x' })];
      return new Model({ inputs: [a, b], outputs: Add().apply([a, b]) as Tensor });
    },
  ],
  [
    'an input is called d, as another input or a layer is',
    'model',
    () => {
      const a = Input({ shape: [2], name: 'd' });
      return new Model({ inputs: a, outputs: Dense(1, { name: 'd' }).apply(a) as Tensor });
    },
  ],
  [
    "the outputs hang on the input 'b' that is not among the model's inputs",
    'model',
    () => {
      const [a, b] = [Input({ shape: [2], name: 'a' }), Input({ shape: [2], name: 'b' })];
      return new Model({ inputs: a, outputs: Add().apply([a, b]) as Tensor });
    },
  ],
  [
    "the outputs hang on an Input that is not among the model's inputs",
    'model',
    () => {
      const [a, b] = [Input({ shape: [2] }), Input({ shape: [2] })];
      return new Model({ inputs: a, outputs: Add().apply([a, b]) as Tensor });
    },
  ],
  [
    'no output hangs on input b of the model; leave it out',
    'model',
    () => {
      const [a, b] = [Input({ shape: [2] }), Input({ shape: [2], name: 'b' })];
      return new Model({ inputs: [a, b], outputs: Dense(1).apply(a) as Tensor });
    },
  ],
  [
    'no output hangs on input 1 of the model; leave it out',
    'model',
    () => {
      const [a, b] = [Input({ shape: [2] }), Input({ shape: [2] })];
      return new Model({ inputs: [a, b], outputs: Dense(1).apply(a) as Tensor });
    },
  ],
  [
    'an input of the model is what d gives; a model begins with Input()',
    'model',
    () => {
      const given = Dense(2, { name: 'd' }).apply(Input({ shape: [2] })) as Tensor;
      return new Model({ inputs: given, outputs: Dense(1).apply(given) as Tensor });
    },
  ],
  [
    'two layers are called d; give one of them another name',
    'model',
    () => {
      const a = Input({ shape: [2] });
      const b = Dense(2, { name: 'd' }).apply(a) as Tensor;
      return new Model({ inputs: a, outputs: Dense(1, { name: 'd' }).apply(b) as Tensor });
    },
  ],
])('%s', (message, code, make) => {
  expect(make).toThrow(expect.objectContaining({ name: 'MemcellError', code, message }));
});

test('inputs and targets by names that a model has not, or of other numbers of samples', async () => {
  const [a, b] = ['a', 'b'].map((name) => Input({ shape: [1], name }));
  const sum = Add({ name: 'sum' }).apply([a, b]) as Tensor;
  const model = new Model({ inputs: [a, b], outputs: [sum, Dense(1, { name: 'd' }).apply(sum) as Tensor] });
  model.compile({ loss: 'mse' });
  const one = [[1]];
  const refused = (made: Promise<unknown>, code: string, message: string) =>
    expect(made).rejects.toMatchObject({ name: 'MemcellError', code, message });
  await refused(model.predict({ a: one, c: one }), 'usage', "x has 'c', but the model's inputs are a, b");
  await refused(model.predict({ a: one }), 'usage', "x has nothing for the model's input b");
  await refused(
    model.evaluate([one, one], { sum: one, e: one }),
    'usage',
    "y has 'e', but the model's outputs are sum, d",
  );
  await refused(model.evaluate([one, one], { sum: one }), 'usage', "y has nothing for the model's output d");
  await refused(
    model.evaluate([one, one], one),
    'usage',
    'y is a list of 1, but the model has 2 outputs (sum, d): give a list of 2 arrays in this order, or an object by their names',
  );
  await refused(
    model.predict(7),
    'usage',
    'x is one array, but the model has 2 inputs (a, b): give a list of 2 arrays in this order, or an object by their names',
  );
  await refused(
    model.predict([one, [[1], [2]]]),
    'data',
    'x (b) has 2 samples and x (a) has 1; they must have as many as each other',
  );
  await refused(
    model.evaluate([one, one], [one, 7]),
    'data',
    'y (d) has no samples and y (sum) has 1; they must have as many as each other',
  );
  model.dispose();
});
