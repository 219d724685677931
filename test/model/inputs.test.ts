import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { prepareBackend } from '../../src/kernels/backend.js';
import { fromBatch, type ModelInput, toBatch } from '../../src/model/inputs.js';

beforeAll(async () => {
  await prepareBackend();
});

const sequences = { shape: [null, 2, 3] };
const tokens = { shape: [null, 3], dtype: 'int32', below: 10 } as const;

const nested = [
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
];

describe('the forms', () => {
  test.each<[string, ModelInput, string]>([
    ['nested arrays', nested, 'nested'],
    ['nested arrays of typed arrays', [[Float32Array.of(1, 2, 3), Int32Array.of(4, 5, 6)]], 'nested'],
    ['{ data, shape }', { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [1, 2, 3] }, 'array'],
    ['{ data, shape } with other numbers', { data: [1, 2, 3, 4, 5, 6], shape: [1, 2, 3] }, 'array'],
  ])('%s', (_, input, form) => {
    const { array, like } = toBatch(input, sequences, 'x');
    expect(like).toBe(form);
    expect(array).toEqual({ data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [1, 2, 3] });
  });

  test('tensors, which are left alone', () => {
    const tensor = tf.tensor3d(nested);
    const before = tf.memory().numTensors;
    const { array, like } = toBatch(tensor, sequences, 'x');
    expect([like, array.shape]).toEqual(['tensor', [1, 2, 3]]);
    const back = fromBatch(array, 'tensor');
    expect(back.arraySync()).toEqual(nested);
    back.dispose();
    expect(tf.memory().numTensors).toBe(before);
    tensor.dispose();
    const disposed = () => toBatch(tensor, sequences, 'x');
    expect(disposed).toThrow('x is a tensor that was disposed');
    expect(disposed).toThrow(expect.objectContaining({ code: 'usage' }));
    const words = tf.tensor1d(['a']);
    expect(() => toBatch(words, { shape: [null] }, 'x')).toThrow('x is a tensor of string; it must have numbers');
    words.dispose();
  });

  test('a float32 array with its shape is not copied', () => {
    const data = new Float32Array(6);
    expect(toBatch({ data, shape: [1, 2, 3] }, sequences, 'x').array.data).toBe(data);
  });

  test('whole numbers become int32', () => {
    expect(toBatch([[1, 2, 9]], tokens, 'x').array.data).toEqual(Int32Array.of(1, 2, 9));
  });

  test('nested arrays come back as they went in', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shapes, (shape) => {
        const size = shape.reduce((product, n) => product * n, 1);
        const array = { data: Float32Array.from({ length: size }, (_, i) => i), shape };
        const lists = fromBatch(array, 'nested');
        expect(toBatch(lists as ModelInput, { shape }, 'x').array).toEqual(array);
      }),
    );
  });
});

test('one number without an axis comes back as itself', () => {
  expect(fromBatch({ data: Float32Array.of(2.5), shape: [] }, 'nested')).toBe(2.5);
});

describe('errors', () => {
  test.each<[string, ModelInput, string]>([
    ['too few axes', [[1, 2]], 'x has the shape [1, 2]; it must be [samples, 2, 3]'],
    ['another size', [[[1, 2]]], 'x has the shape [1, 1, 2]; it must be [samples, 2, 3]'],
    ['no samples', { data: new Float32Array(0), shape: [0, 2, 3] }, 'x has no samples'],
    [
      'ragged',
      [
        [
          [1, 2, 3],
          [4, 5],
        ],
      ],
      'x[0][1] has 2 values, but x[0][0] has 3; all must be alike',
    ],
    [
      'deeper in places',
      [
        [
          [1, 2, [3]],
          [4, 5, 6],
        ],
      ] as unknown as ModelInput,
      'x[0][0][2] is a list; it must be a number',
    ],
    [
      'shallower in places',
      [[[1, 2, 3], 4]] as unknown as ModelInput,
      'x[0][1] has 4, but x[0][0] has 3; all must be alike',
    ],
    ['text', [[['1', 2, 3]]] as unknown as ModelInput, 'x[0][0][0] is "1"; it must be a number'],
    [
      'nothing',
      [
        [
          [1, null, 3],
          [4, 5, 6],
        ],
      ] as unknown as ModelInput,
      'x[0][0][1] is null; it must be a number',
    ],
    ['undefined', undefined as unknown as ModelInput, 'x is undefined; it must be a number'],
    [
      'NaN',
      [
        [
          [1, 2, 3],
          [4, Number.NaN, 6],
        ],
      ],
      'x[0][1][1] is NaN; it must be a finite number',
    ],
    [
      'infinity',
      [
        [
          [1, 2, 3],
          [4, 1e39, 6],
        ],
      ],
      'x[0][1][1] is Infinity; it must be a finite number',
    ],
    [
      'a shape that lies',
      { data: new Float32Array(5), shape: [1, 2, 3] },
      'x has 5 values, but its shape [1,2,3] has 6',
    ],
    ['a shape that is none', { data: [1], shape: [-1] }, 'x has the shape [-1], which is not a list of whole numbers'],
  ])('%s', (_, input, message) => {
    expect(() => toBatch(input, sequences, 'x')).toThrow(message);
  });

  test.each<[ModelInput, string]>([
    [[[1, 2, 2.5]], 'x[0][2] is 2.5; it must be a whole number'],
    [[[1, 10, 2]], 'x[0][1] is 10; it must be from 0 to 9'],
    [{ data: Int32Array.of(1, 2, -1), shape: [1, 3] }, 'x[0][2] is -1; it must be from 0 to 9'],
    [[[1, 2, Number.NaN]], 'x[0][2] is NaN; it must be a whole number'],
  ])('tokens: %j', (input, message) => {
    expect(() => toBatch(input, tokens, 'x')).toThrow(message);
  });
});
