/** Quantised weights, against TensorFlow.js's own reader. */
import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { decodeEntries } from '../../src/formats/decode.js';

const stored = {
  uint8: new Uint8Array([0, 1, 2, 100, 254, 255]),
  uint16: new Uint16Array([0, 1, 2, 1000, 65534, 65535]),
};

test.each([
  ['uint8', 'int32', 0.7, -3],
  ['uint16', 'int32', 1.3, 5],
  ['uint8', 'int32', 0.3, -3.6],
  ['uint8', 'float32', 0.7, -3.25],
  ['uint16', 'float32', 0.013, 5],
] as const)('%s to %s, of a scale of %d from %d', (kind, dtype, scale, min) => {
  const bytes = stored[kind].buffer as ArrayBuffer;
  const quantization = { dtype: kind, scale, min };
  const weights = [{ name: 'w', shape: [6], dtype, quantization, bytes: bytes.byteLength }];
  const group = { paths: [], bytes: bytes.byteLength, weights };
  const [own] = decodeEntries([{ group, data: bytes }] as never, 'model');
  const { w } = tf.io.decodeWeights(bytes, [{ name: 'w', shape: [6], dtype, quantization }]);
  expect(Array.from(own.data)).toEqual(Array.from(w.dataSync()));
  expect(own).toMatchObject({ name: 'w', shape: [6], dtype });
  w.dispose();
});
