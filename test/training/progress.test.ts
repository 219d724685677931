/** The lines and the bar of fit, against a clock that the test sets. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Progress, type Verbosity } from '../../src/training/progress.js';

let now = 0;
let written: string[] = [];
const { isTTY } = process.stdout;

beforeEach(() => {
  now = 5000;
  written = [];
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});
afterEach(() => {
  jest.restoreAllMocks();
  process.stdout.isTTY = isTTY;
});

function progress(verbose: Verbosity, terminal: boolean): Progress {
  process.stdout.isTTY = terminal;
  const made = new Progress(verbose, undefined);
  made.begin();
  return made;
}

test('on a terminal a bar, drawn ten times a second at most, becomes the line', () => {
  const bar = progress(1, true);
  expect(bar.wantsBatches).toBe(false);
  now += 99;
  bar.batch('1/2 ', 1, 8, { loss: 2 });
  expect(written).toEqual([]);
  now += 1901;
  expect(bar.wantsBatches).toBe(true);
  bar.batch('1/2 ', 1, 8, { loss: 2 });
  expect(bar.wantsBatches).toBe(false);
  bar.batch('1/2 ', 2, 8, { loss: 2 });
  now += 4000;
  bar.batch('1/2 ', 3, 8, { loss: 1.5, mae: 0.0001 });
  now += 2000;
  bar.end('1/2 ', 8, { loss: 1.25 });
  bar.line('said');
  const first = `1/2 1/8 ━━${' '.repeat(18)} 14s - loss: 2.0000`;
  const second = `1/2 3/8 ━━━━━━━${' '.repeat(13)} 10s - loss: 1.5000 - mae: 1.0000e-4`;
  const last = '1/2 8/8 - 8s - 1s/step - loss: 1.2500';
  expect(written).toEqual([first, `\r${second}`, `\r${last.padEnd(second.length)}`, '\n', 'said\n']);
});

test('a line of its own clears the bar, which is drawn anew below', () => {
  const bar = progress(1, true);
  now += 100;
  bar.batch('', 1, 2, {});
  bar.line('said');
  now += 100;
  bar.batch('', 1, 2, {});
  const drawn = `1/2 ${'━'.repeat(10)}${' '.repeat(10)} 0s`;
  expect(written).toEqual([drawn, `\r${' '.repeat(drawn.length)}\r`, 'said\n', drawn]);
});

test.each([
  [0, true],
  [2, true],
  [1, false],
] as const)('with verbose %d, on a terminal: %p, no bar', (verbose, terminal) => {
  const bar = progress(verbose, terminal);
  now += 1000;
  expect(bar.wantsBatches).toBe(false);
  bar.batch('', 1, 2, {});
  bar.end('3/3 ', 2, {});
  expect(written).toEqual(verbose === 0 ? [] : ['3/3 2/2 - 1s - 500ms/step', '\n']);
});

test.each([
  [0.5, 1, '0s - 500us/step'],
  [1, 1, '0s - 1ms/step'],
  [499, 1, '0s - 499ms/step'],
  [59_400, 10, '59s - 6s/step'],
  [60_000, 60, '01:00 - 1s/step'],
  [3_599_000, 1000, '59:59 - 4s/step'],
  [3_725_000, 1000, '1:02:05 - 4s/step'],
])('%d ms for %d steps are %s', (ms, steps, said) => {
  const bar = progress(2, false);
  now += ms;
  bar.end('', steps, { up: -0.001, down: -0.0011 });
  expect(written[0]).toBe(`${steps}/${steps} - ${said} - up: -1.0000e-3 - down: -0.0011`);
});

test('without a standard output the console takes whole lines', () => {
  const lines: string[] = [];
  jest.spyOn(console, 'log').mockImplementation((text: string) => void lines.push(text));
  const { stdout } = process;
  Object.defineProperty(process, 'stdout', { value: undefined, configurable: true });
  try {
    const made = new Progress(1, undefined);
    made.begin();
    now += 2000;
    expect(made.wantsBatches).toBe(false);
    made.end('1/1 ', 2, {});
    made.line('said');
  } finally {
    Object.defineProperty(process, 'stdout', { value: stdout, configurable: true });
  }
  expect([lines, written]).toEqual([['1/1 2/2 - 2s - 1s/step', 'said'], []]);
});

test('what is written goes to whoever asks for it, and is never a bar', () => {
  process.stdout.isTTY = true;
  const own: string[] = [];
  const bar = new Progress(1, (text) => own.push(text));
  bar.begin();
  now += 1000;
  expect(bar.wantsBatches).toBe(false);
  bar.end('', 1, {});
  expect([own, written]).toEqual([['1/1 - 1s - 1s/step', '\n'], []]);
});
