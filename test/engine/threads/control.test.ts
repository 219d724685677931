import { expect, test } from '@jest/globals';
import type { Phase } from '../../../src/engine/phases.js';
import type { Program } from '../../../src/engine/program.js';
import { controlBytes, partOf, WORD } from '../../../src/engine/threads/control.js';

/** A program of two phases that notes which part of which phase is run. */
function noted() {
  const ran: string[] = [];
  const phases = ['forward', 'backward'].map((kind) => ({ kind }) as Phase);
  const run = (_: unknown, { kind }: Phase, part: number) => ran.push(`${kind} ${part}`);
  return { ran, program: { phasesOf: () => phases, run } as unknown as Program };
}

test.each([0, 7, 2 ** 31 - 1, -1])(
  'no phase begins before all have ended the one before: %d arrivals so far',
  (base) => {
    const { ran, program } = noted();
    const words = new Int32Array(new SharedArrayBuffer(controlBytes(1)));
    words[WORD.arrived] = base;
    const start = (part: number) => partOf(program, 'train', { part, parts: 2, cut: 1 }, words, base | 0, () => 1000);
    const [main, worker] = [start(0), start(1)];
    expect(main.next(0).value).toBe((base + 1) | 0);
    expect(main.next(0).done).toBe(false);
    expect(ran).toEqual(['forward 0']);
    // The worker finds all arrived, goes on, and ends without waiting; the main thread then need not wait either.
    expect(worker.next(0).done).toBe(true);
    expect(ran).toEqual(['forward 0', 'forward 1', 'backward 1']);
    expect(main.next(0).done).toBe(true);
    expect(ran).toEqual(['forward 0', 'forward 1', 'backward 1', 'backward 0']);
  },
);
