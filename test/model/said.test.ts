/** What layers, notations and models are refused with beyond their shapes: whole lines. */

import { describe, expect, test } from '@jest/globals';
import { Concatenate, Dense, Input, Model, parseSpec, Sequential, SLSTM, sequential } from '../../src/index.js';
import { layerClasses } from '../../src/layers/define.js';
import { shown } from '../../src/spelling.js';
import { unknownOption } from '../../src/valueKinds.js';
import { refusal as refusalOf } from '../refusal.js';

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

const refusal = (run: () => unknown) => refusalOf(run, (message) => message.split('\n')[0]);

const dense = () => sequential('Dense(2)', { inputShape: [3], seed: 1 });

describe('calls', () => {
  test.each<[string, () => unknown]>([
    ['usage: Sequential takes a list of layers, not {"a":1}', () => new Sequential({ a: 1 } as Any)],
    ["usage: layers are a text such as 'LSTM(50), Dense(10, softmax)', not 7", () => parseSpec(7 as Any)],
    ['usage: summary prints with a function, not "no"', () => dense().summary('no' as Any)],
    ['usage: setWeights takes a list as getWeights() gives it, not {"a":1}', () => dense().setWeights({ a: 1 } as Any)],
    ['usage: loadWeights takes a path, an address or the bytes of a file, not 3', () => dense().loadWeights(3 as Any)],
    ['usage: predict: the options must be an object, not 3', () => dense().predict([[1, 2, 3]], 3 as Any)],
    [
      'usage: fit: batchSize is given twice, as batch_size and as batchSize; leave one out',
      () => {
        const model = dense();
        model.compile({ loss: 'mse' });
        return model.fit([[1, 2, 3]], [[1, 2]], { batch_size: 1, batchSize: 2 } as Any);
      },
    ],
    [
      'model: Input: batchSize must be a whole number from 1 to 65536, not 0',
      () => Input({ shape: [2], batchSize: 0 }),
    ],
    [
      'model: Input: name must be a name of letters, digits, "_", "-" and ".", not 3',
      () => Input({ shape: [2], name: 3 as Any }),
    ],
    ["model: Input: unknown option 'shap'; did you mean shape?", () => Input({ shap: [2] } as Any)],
    ['model: Model: inputs is an empty list', () => new Model({ inputs: [], outputs: [] })],
    [
      'model: Model: outputs must be what Input() and layers give, such as Dense(3).apply(x), not a Dense layer',
      () => new Model({ inputs: Input({ shape: [2] }), outputs: Dense(2) as Any }),
    ],
    [
      'model: layer dense (Dense) is applied to 3; give it what Input() or another layer gives',
      () => Dense(2).apply(3 as Any),
    ],
    [
      'model: layer concatenate (Concatenate) is applied to []; give it what Input() or another layer gives',
      () => Concatenate().apply([]),
    ],
    ['model: Dense: the options must be an object, not 3', () => Dense(2, 3 as Any, 3 as Any)],
    ['model: SLSTM: heads must divide the 6 units, not be 4', () => SLSTM(6, { heads: 4 })],
    [
      "model: this model cannot stream: it runs on TensorFlow.js (compile was given engine: 'tfjs')",
      () => {
        const model = sequential('LSTM(2)', { inputShape: [3, 1], seed: 1 });
        model.compile({ loss: 'mse', engine: 'tfjs' });
        return model.stream();
      },
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });
});

describe('notations', () => {
  test.each<[string, string]>([
    ['', 'layers: no layers at character 1; write for example LSTM(50), Dense(10, softmax)'],
    ['Input((3, 4))', 'layers: no layers at character 14; write for example LSTM(50), Dense(10, softmax)'],
    ['Input(), LSTM(3)', 'layers: Input: shape is missing at character 1; write for example Input((30, 4))'],
    ['Dense(units=3, 4)', 'layers: a value without a name after named ones at character 16; write name=value'],
    ['Dense(3', 'layers: "(" is not closed at character 6'],
    ['Dense(3,', 'layers: "(" is not closed at character 6'],
    ['Dense(', 'layers: "(" is not closed at character 6'],
    ['Dense(3 4)', 'layers: expected "," or ")", found \'4\' at character 9'],
    ['Dense(units=', 'layers: expected a value, found the end at character 13'],
    ['Dens(3)', "layers: unknown layer 'Dens' at character 1; did you mean Dense?"],
    ['Bidirectional(LSTN(3))', "layers: unknown layer 'LSTN' at character 15; did you mean LSTM?"],
    ['Qqqqqqq(3)', `layers: unknown layer 'Qqqqqqq' at character 1; known are ${layerClasses().join(', ')}`],
    [
      'Bidirectional(Qqqqqqq(3))',
      `layers: unknown layer 'Qqqqqqq' at character 15; layers are ${layerClasses().join(', ')}`,
    ],
    ['Dense(3, kernel_regularizer=l2(1, 2))', 'layers: l2: takes at most l2 at character 29'],
  ])('%j', async (text, message) => {
    expect(await refusal(() => parseSpec(text))).toBe(`model: ${message}`);
  });
});

test.each<[unknown, string]>([
  [() => 1, 'a function'],
  [new Float32Array(2), 'a Float32Array'],
  ['a "b"', '"a \\"b\\""'],
  [null, 'null'],
  [undefined, 'undefined'],
  [12n, '12'],
  [[1n], 'a list'],
  [{ a: 1n }, 'an object'],
  [{ toJSON: () => undefined }, 'an object'],
  [Dense(3), 'a Dense layer'],
  [{ getClassName: () => 'Sequential' }, 'a Sequential'],
  ['x'.repeat(58), `"${'x'.repeat(58)}"`],
  ['x'.repeat(59), `"${'x'.repeat(56)}...`],
  [{ a: [1, 'b'] }, '{"a":[1,"b"]}'],
])('what is given is shown on a line: %#', (value, text) => {
  expect(shown(value)).toBe(text);
});

test('an option that is none is told the one that is meant, all, or that there are none', () => {
  expect(unknownOption('fit', 'epoch', ['epochs', 'verbose'])).toBe(
    "fit: unknown option 'epoch'; did you mean epochs?",
  );
  expect(unknownOption('fit', 'zzz', ['epochs', 'verbose'])).toBe(
    "fit: unknown option 'zzz'; it takes epochs, verbose",
  );
  expect(unknownOption('fit', 'zzz', [])).toBe("fit: unknown option 'zzz'; it takes none");
});

test('why a model runs on TensorFlow.js is said before its shape is known', () => {
  expect(new Sequential([Dense(2)]).engine).toEqual({ kind: 'tfjs', why: 'its input shape is not known yet' });
});
