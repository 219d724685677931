import { expect, test } from '@jest/globals';
import { Pace } from '../../../src/engine/threads/pace.js';

/** Steps of a machine on which one thread takes `alone` ms and several take `together`. Gives how many were of several. */
function run(pace: Pace, steps: number, alone: number, together: number): number {
  let threaded = 0;
  for (let i = 0; i < steps; i++) {
    const wants = pace.wantsThreads;
    pace.add(wants, wants ? together : alone, 1);
    threaded += Number(wants);
  }
  return threaded;
}

/** One thread while the others start. */
function started(alone: number): Pace {
  const pace = new Pace();
  for (let i = 0; i < 20; i++) pace.add(false, alone, 1);
  return pace;
}

test('where several threads are faster, all steps are theirs', () => {
  expect(run(started(20), 1000, 20, 11)).toBe(1000);
});

test('where several threads are slower, they are tried ever more seldom', () => {
  const pace = started(20);
  expect(run(pace, 1000, 20, 60)).toBeLessThan(60);
  expect(run(pace, 2000, 20, 60)).toBeLessThan(60);
});

test('several threads come back when they are faster again', () => {
  const pace = started(20);
  run(pace, 300, 20, 60);
  run(pace, 600, 20, 11);
  expect(run(pace, 100, 20, 11)).toBe(100);
});

test('estimates make steps of different sizes comparable', () => {
  const pace = started(20);
  for (let i = 0; i < 100; i++) pace.add(pace.wantsThreads, 60, 5);
  expect(pace.wantsThreads).toBe(true);
});

/** So many equal steps. */
function add(pace: Pace, count: number, threaded: boolean, ms: number, estimate = 1): Pace {
  for (let i = 0; i < count; i++) pace.add(threaded, ms, estimate);
  return pace;
}

test('a comparison takes eight steps and 100 ms', () => {
  const first = () => add(new Pace(), 8, false, 20);
  expect(add(first(), 7, true, 30).wantsThreads).toBe(true);
  expect(add(first(), 8, true, 30).wantsThreads).toBe(false);
  // Of shorter steps, as many as make 100 ms.
  const short = () => add(new Pace(), 50, false, 2);
  expect(add(short(), 24, true, 4).wantsThreads).toBe(true);
  expect(add(short(), 25, true, 4).wantsThreads).toBe(false);
  // As fast is fast enough, and without a time of one thread there is nothing to compare with.
  expect(add(first(), 80, true, 20).wantsThreads).toBe(true);
  expect(add(new Pace(), 80, true, 30).wantsThreads).toBe(true);
});

test('what was begun on one thread ends with the first step of several, and counts if it had eight steps', () => {
  const after = (steps: number) => add(add(add(new Pace(), 16, false, 20), steps, false, 5), 10, true, 10).wantsThreads;
  expect([after(7), after(8)]).toEqual([true, false]);
});

test('each rest is twice as long as the one before, up to 64 comparisons, and short again once threads were faster', () => {
  const pace = add(new Pace(), 8, false, 20);
  const rest = () => {
    let windows = 0;
    for (; !pace.wantsThreads; windows++) add(pace, 8, false, 20);
    return windows;
  };
  const rests = Array.from({ length: 9 }, () => {
    add(pace, 8, true, 30);
    return rest();
  });
  expect(rests).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64]);
  add(pace, 10, true, 10);
  add(pace, 8, true, 30);
  expect(rest()).toBe(1);
});

test('times are taken by their estimates', () => {
  const pace = add(new Pace(), 8, false, 20, 2);
  expect(add(pace, 8, true, 29, 3).wantsThreads).toBe(true);
  expect(add(pace, 8, true, 31, 3).wantsThreads).toBe(false);
});
