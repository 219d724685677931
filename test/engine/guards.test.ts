import { expect, jest, test } from '@jest/globals';
import { Arena, newMemory } from '../../src/engine/arena.js';
import { checkWatched, unwatchArenas, watchArenas } from './guards.js';

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

test('more than the memory may grow to is an error with its size, and what was laid out before stays', () => {
  const arena = new Arena(new WebAssembly.Memory({ initial: 1, maximum: 2 }));
  const first = arena.floats(20);
  const mark = arena.mark();
  for (const [floats, size] of [
    [2 ** 28, '1.0'],
    [3 * 2 ** 27, '1.5'],
    [40_000, '0.0'],
  ] as const)
    expect(() => arena.floats(floats)).toThrow(
      expect.objectContaining({
        name: 'MemcellError',
        code: 'model',
        message: `the model needs ${size} GiB of memory for this batch, more than there is; use a smaller batchSize or fewer units`,
        cause: expect.any(RangeError),
      }),
    );
  expect(arena.mark()).toBe(mark);
  expect(arena.undefinedRegions).toEqual([{ address: first, floats: 20 }]);
  expect(arena.floats(20)).toBeGreaterThan(first);
});

test('views are of the memory as it has grown, regions begin at whole lines, and the fixed ones hold zeros', () => {
  unwatchArenas();
  const memory = newMemory();
  const arena = new Arena(memory);
  const views = () => [arena.f32, arena.i32, arena.f64];
  const before = views();
  expect(before.map(({ byteLength }) => byteLength)).toEqual(Array(3).fill(65536));
  const mark = arena.mark();
  const large = arena.floats(100_000);
  expect(views().map(({ byteLength }) => byteLength)).toEqual(Array(3).fill(memory.buffer.byteLength));
  expect(memory.buffer.byteLength).toBeGreaterThanOrEqual(large + 400_000 + 64);
  for (const [i, view] of views().entries()) expect(view).not.toBe(before[i]);
  // A region that ends where the memory does leaves no room for the vector that a kernel may read behind it.
  const exact = new Arena(newMemory());
  exact.floats(65536 / 4 - 16);
  expect(exact.mark()).toBe(65536);
  expect(exact.memory.buffer.byteLength).toBe(2 * 65536);
  // As long as it does not grow they are the same ones.
  expect(views().every((view, i) => view === views()[i])).toBe(true);
  arena.f32.fill(7);
  arena.rewind(mark);
  expect(arena.undefinedRegions).toEqual([]);
  const [one, two] = [arena.fixed(5), arena.fixed(5)];
  expect([one % 64, two % 64, two - one]).toEqual([0, 0, 64]);
  const words = (from: number) => Array.from(arena.f32.subarray(from >>> 2, (from >>> 2) + 6));
  for (const from of [one, two]) expect(words(from)).toEqual([0, 0, 0, 0, 0, 7]);
  // A thread that joins finds what is there.
  const joined = new Arena(memory, false);
  expect([joined.fixed(5), joined.fixed(5)]).toEqual([one, two]);
  arena.f32.fill(3, one >>> 2, (one >>> 2) + 5);
  expect(words(one)).toEqual([3, 3, 3, 3, 3, 7]);
  new Arena(memory, false).fixed(5);
  expect(words(one)).toEqual([3, 3, 3, 3, 3, 7]);
});
