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
