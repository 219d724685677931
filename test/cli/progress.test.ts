import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { run } from '../../src/cli/main.js';
import { showProgress } from '../../src/cli/progress.js';
import type { TrainingContext } from '../../src/training/callbacks.js';
import { file, seriesCsv, temporaryFolder } from './streams.js';

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';

/** A terminal that keeps all that is written to it. */
function terminal() {
  const written: string[] = [];
  const write = (text: string) => {
    written.push(text);
    return true;
  };
  return { written, stream: { write, isTTY: true, columns: 120, on: () => {}, once: () => {} } };
}

describe('on a terminal', () => {
  const folder = temporaryFolder();
  const data = file(folder, 'series.csv', seriesCsv(400));
  const train = ['train', data, '--forecast', 'value', '--plain', '--window', '20', '--epochs', '30'];

  it('a bar shows epoch, loss, metric and the time left, and is gone at the end', async () => {
    const { written, stream } = terminal();
    expect(await run([...train, '--out', join(folder, 'model')], { stdout: stream, stderr: stream })).toBe(0);
    const text = written.join('');
    expect(text).toMatch(
      /epoch +\d+\/30 {2}█+░* {2}loss [\d.]+ {2}mae [\d.]+ {2}val_loss [\d.]+ {2}val_mae [\d.]+ {2}[\d.]+ s left/,
    );
    expect(text).not.toMatch(/left.{0,10}\n/);
    expect(text.lastIndexOf('█')).toBeLessThan(text.indexOf('trained LSTM(32)'));
    expect(text.split(hideCursor)).toHaveLength(2);
    expect(text.split(showCursor)).toHaveLength(2);
  });

  it('an error takes the bar away and shows the cursor; a misspelt spec shows the place', async () => {
    const { written, stream } = terminal();
    const diverging = ['--layers', 'Dense(8), Flatten(), Dense(1)', '--optimizer', 'sgd', '--learning-rate', '1e20'];
    const streams = { stdout: stream, stderr: stream };
    expect(await run([...train, ...diverging, '--out', join(folder, 'never')], streams)).toBe(1);
    const text = written.join('');
    expect(text.lastIndexOf(showCursor)).toBeGreaterThan(text.lastIndexOf(hideCursor));
    expect(text).toMatch(/memcell: the loss is .*\n$/);
    written.length = 0;
    expect(await run([...train, '--layers', 'LTSM(3)', '--out', join(folder, 'never')], streams)).toBe(2);
    expect(written.join('')).toMatch(/^memcell: layers: unknown layer 'LTSM' .*\n {2}LTSM\(3\)\n {2}\^\n$/);
  });
});

it('the bar fills from epoch to epoch, and stands full until it is told to stop', async () => {
  const { written, stream } = terminal();
  const { callback, stop } = showProgress(stream);
  const context = { params: { epochs: 2, steps: 5 } } as TrainingContext;
  /** It draws by a timer of its own. */
  const drawn = async (line: string) => {
    while (!written.join('').includes(line)) await new Promise((resolve) => setTimeout(resolve, 10));
    return written.splice(0).join('');
  };
  try {
    await callback.onTrainBegin?.(context);
    await drawn(`epoch 1/2  ${'░'.repeat(20)}`);
    await callback.onEpochEnd?.(0, { loss: 0.5, val_loss: 0.25 }, context);
    await drawn(`epoch 1/2  ${'█'.repeat(10)}${'░'.repeat(10)}  loss 0.5000  val_loss 0.2500  `);
    await callback.onEpochBegin?.(1, context);
    await callback.onEpochEnd?.(1, { loss: 0.25, val_loss: 0.125 }, context);
    expect(await drawn(`epoch 2/2  ${'█'.repeat(20)}  loss 0.2500  val_loss 0.1250  `)).not.toContain(showCursor);
  } finally {
    stop();
  }
  expect(written.splice(0).join('')).toContain(showCursor);
  stop();
  expect(written).toEqual([]);
});

it('without a terminal, many epochs are ten lines, the last among them', async () => {
  const epochsOf = async (epochs: number) => {
    const lines: string[] = [];
    const { callback } = showProgress({ write: (text: string) => lines.push(text) > 0 });
    const context = { params: { epochs } } as TrainingContext;
    for (let epoch = 0; epoch < epochs; epoch++) await callback.onEpochEnd?.(epoch, { loss: 1 }, context);
    return lines.map((line) => Number(/^epoch (\d+)\//.exec(line)?.[1]));
  };
  expect(await epochsOf(3)).toEqual([1, 2, 3]);
  expect(await epochsOf(95)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 95]);
});
