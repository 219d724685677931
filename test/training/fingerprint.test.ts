/** What tells the arrays and settings of a run from others, and says where they differ. */
import { expect, test } from '@jest/globals';
import { differences, fingerprintOf } from '../../src/training/fingerprint.js';

test('any change of the bytes, the type or the shape is another name; the same bytes elsewhere are the same', () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6);
  const name = fingerprintOf({ data, shape: [2, 3] });
  expect(name).toMatch(/^float32 \(2, 3\) [0-9a-f]{16}$/);
  const hash = name.slice(-16);
  const later = new Float32Array([9, ...data]).subarray(1);
  expect(fingerprintOf(later)).toBe(`float32 (6) ${hash}`);
  const bits = new Int32Array(data.buffer);
  expect(fingerprintOf({ data: bits, shape: [6] })).toBe(`int32 (6) ${hash}`);
  const seen = new Set([hash]);
  for (let word = 0; word < 6; word++) {
    for (let bit = 0; bit < 32; bit++) {
      const changed = bits.slice();
      changed[word] ^= 1 << bit;
      seen.add(fingerprintOf({ data: changed, shape: [6] }).slice(-16));
    }
  }
  for (const other of [[2, 1, 3, 4, 5, 6], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6, 0], []])
    seen.add(fingerprintOf(Float32Array.from(other)).slice(-16));
  // Each half tells all of them apart by itself.
  expect(seen.size).toBe(1 + 6 * 32 + 4);
  for (const half of [0, 8]) expect(new Set([...seen].map((one) => one.slice(half, half + 8))).size).toBe(seen.size);
});

test('differences are told with their place, what was and what is', () => {
  const was = { epochs: 3, fit: { seed: 1, same: [1, 2] }, list: [1, 2], name: 'a', gone: null, kind: { a: 1 } };
  const is = { epochs: 3, fit: { seed: 2, same: [1, 2] }, list: [1, 3, 4], name: 'b', more: true, kind: [1] };
  expect(differences(was, is)).toEqual([
    'fit.seed was 1 and is 2',
    'list.1 was 2 and is 3',
    'list.2 was not given and is 4',
    'name was a and is b',
    'gone was null and is not given',
    'kind was {"a":1} and is [1]',
    'more was not given and is true',
  ]);
  expect(differences(was, { ...was })).toEqual([]);
  expect(differences('x'.repeat(80), 'y'.repeat(81))).toEqual([` was ${'x'.repeat(80)} and is ${'y'.repeat(77)}…`]);
});
