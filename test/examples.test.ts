import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const counting = 'loaded again, fed its own answers: 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0';

/** Runs an example as a user does, in a process of its own; what it prints. */
function run(example: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/run-ts.mjs', `examples/${example}`], {
    cwd: root,
    encoding: 'utf8',
    timeout: 150_000,
  });
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

test("the document's program, saved and loaded again, counts 0…9 twice", () => {
  expect(run('document.ts').trimEnd().split('\n').at(-1)).toMatch(new RegExp(`${counting}$`));
}, 180_000);

test('the encoder and decoder add numbers that they have not seen, on the engine', () => {
  const output = run('addition.ts');
  expect(output).toContain('all on the engine: true');
  expect(Number(output.match(/^(\d+) of 500 sums/m)?.[1])).toBeGreaterThan(380);
}, 180_000);

test('a convolution and an LSTM tell waves apart that they have not seen, on the engine', () => {
  const output = run('waves.ts');
  expect(output).toContain('on the engine: true');
  expect(Number(output.match(/^(\d+) of 300 waves/m)?.[1])).toBeGreaterThan(270);
}, 180_000);

test('the demo counts, beats the naive forecast, and predicts from the saved folder', () => {
  const output = run('demo.ts');
  expect(output).toContain(counting);
  const [, training, prediction] = output.split('$ memcell ');
  expect(training).toMatch(/^train /);
  const mae = Number(training.match(/^temp_max +(\d+\.\d+)/m)?.[1]);
  const naive = Number(training.match(/^ *naive \(the last value\) +(\d+\.\d+)/m)?.[1]);
  expect(mae).toBeGreaterThan(0.5);
  expect(mae).toBeLessThan(0.9 * naive);
  const rows = prediction.split('\n').filter((line) => /^2016-01-0[123] /.test(line));
  expect(prediction).toMatch(/^predict .*\n *date +temp_max +80 % low +80 % high\n/);
  expect(rows).toHaveLength(3);
  for (const row of rows) {
    const [value, low, high] = row.split(/\s+/).slice(1).map(Number);
    expect([low < value, value < high]).toEqual([true, true]);
  }
}, 180_000);
