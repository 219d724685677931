import { expect, jest, test } from '@jest/globals';
import { Arena, newMemory } from '../../src/engine/arena.js';
import { checkWatched, watchArenas } from './guards.js';

test.each([0, 1, 15])('a word written %i words behind a region is found, one written into it is not', (behind) => {
  watchArenas();
  const arena = new Arena(newMemory());
  arena.floats(20);
  const address = arena.fixed(7);
  arena.f32.fill(1, address / 4, address / 4 + 7);
  expect(() => checkWatched(arena)).not.toThrow();
  arena.f32[address / 4 + 7 + behind] = 1;
  expect(() => checkWatched(arena)).toThrow(`written ${behind} words behind region 2, 7 words`);
  arena.rewind(address);
  expect(() => checkWatched(arena)).not.toThrow();
  arena.f32[behind] = 1;
  expect(() => checkWatched(arena)).toThrow(`written ${behind} words behind address 0`);
});

test('so is what was read behind a region and written behind another, at the same place', () => {
  watchArenas();
  const arena = new Arena(newMemory());
  const [from, to] = [arena.floats(8), arena.floats(8)].map((address) => address >>> 2);
  for (let i = 0; i < 8; i++) arena.f32[to + i] = 3 * arena.f32[from + i];
  expect(() => checkWatched(arena)).not.toThrow();
  arena.i32[to + 8] = arena.i32[from + 8];
  expect(() => checkWatched(arena)).toThrow('written 0 words behind region 2, 8 words');
});

test('memory that the platform does not give is an error that says what frees some', () => {
  const { Memory } = WebAssembly;
  const asked: unknown[] = [];
  const cause = new RangeError('could not allocate memory');
  jest.spyOn(WebAssembly, 'Memory').mockImplementation((wanted) => {
    asked.push(wanted);
    throw cause;
  });
  try {
    expect(() => newMemory(true)).toThrow(
      expect.objectContaining({
        name: 'MemcellError',
        code: 'model',
        message:
          'no memory for one more model; dispose of those that are not needed, or raise the limit of address space (ulimit -v)',
        cause,
      }),
    );
    expect(() => newMemory()).toThrow('no memory for one more model');
  } finally {
    jest.restoreAllMocks();
  }
  // All that 32 bits reach, for threads to share or not.
  expect(asked).toEqual([true, false].map((shared) => ({ initial: 1, maximum: 65536, shared })));
  expect(WebAssembly.Memory).toBe(Memory);
});
