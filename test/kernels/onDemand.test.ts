/** The kernels of a page, which are fetched when they are needed. */
import { expect, jest, test } from '@jest/globals';

test('kernels are there once they are fetched; those that cannot be are one line', async () => {
  jest.unstable_mockModule('../../src/kernels/generated/plain.js', () => ({ default: 'the kernels' }));
  jest.unstable_mockModule('../../src/kernels/generated/relaxed.js', () => {
    throw new Error('Failed to fetch\n  at somewhere');
  });
  const { binary, loadBinary } = await import('../../src/kernels/binariesOnDemand.js');
  const early = 'kernels: not loaded yet; call await prepareBackend() before';
  expect(() => binary('plain')).toThrow(expect.objectContaining({ code: 'usage', message: early }));
  expect(await loadBinary('plain')).toBe('the kernels');
  expect(binary('plain')).toBe('the kernels');
  expect(() => binary('relaxed')).toThrow(early);
  await expect(loadBinary('relaxed')).rejects.toMatchObject({
    name: 'MemcellError',
    code: 'io',
    message: 'kernels: they could not be loaded (Failed to fetch)',
    cause: expect.objectContaining({ message: expect.stringContaining('Failed to fetch') }),
  });
});
