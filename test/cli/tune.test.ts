/** memcell tune: what is said of each trial, in the words of memcell train. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseHTML } from 'linkedom';
import { counted } from '../../src/format.js';
import type { Trial } from '../../src/tasks/search.js';
import { file, memcell, temporaryFolder, watched } from './streams.js';

const folder = temporaryFolder('in memory');
const counting = file(folder, 'count.txt', `${Array.from({ length: 80 }, (_, i) => (i * 3) % 8).join(' ')}\n`);

/** The settings as they are given to memcell train. */
function words({ options, settings, layers }: Trial): string {
  const { learningRate, batchSize } = settings;
  return [
    ...(options.window === undefined ? [] : [`--window ${options.window}`]),
    ...(learningRate === undefined ? [] : [`--learning-rate ${learningRate}`]),
    ...(batchSize === undefined ? [] : [`--batch-size ${batchSize}`]),
    ...(layers === undefined ? [] : [`--layers "${layers}"`]),
  ].join(' ');
}

/** What was said of the trials as they ended, in order. */
const toldOf = (err: string) =>
  Array.from(err.matchAll(/^trial (\d+) of \d+: nats per symbol [\d.]+ \([\d.]+ s\): (.*)$/gm), ([, number, given]) => [
    Number(number),
    given,
  ]);

test('each trial is told as it ends, and the best stand first in the table and on the page', async () => {
  const page = join(folder, 'tuned.html');
  const own = ['--symbols', '--layers', 'LSTM(3), Dense(8, softmax)', '--epochs', '1', '--seed', '2'];
  const { code, out, err } = await memcell('tune', counting, ...own, '--trials', '13', '--report', page);
  expect(code).toBe(0);
  const { document } = parseHTML(readFileSync(page, 'utf8'));
  const { trials, best }: { trials: Trial[]; best: number } = JSON.parse(
    document.querySelector('#tuning-data')?.textContent ?? '',
  );
  const drawn = trials.map((trial) => words(trial) || 'the defaults');
  expect(drawn[0]).toBe('the defaults');
  for (const flag of ['--window ', '--learning-rate ', '--batch-size ']) {
    expect(drawn.filter((text) => text.includes(flag)).length).toBeGreaterThan(1);
  }
  expect(toldOf(err)).toEqual(drawn.map((text, i) => [i + 1, text]));
  const order = trials.toSorted((a, b) => (a.error ?? Infinity) - (b.error ?? Infinity));
  expect(order[0].trial).toBe(best);
  const listed = (all: Trial[]) => all.map(({ trial }) => [String(trial), drawn[trial - 1]]);
  const shown = Array.from(document.querySelectorAll('#tuning tbody tr'), ({ children }) => [
    children[0].textContent,
    children[children.length - 1].textContent,
  ]);
  expect(shown).toEqual(listed(order));
  const rows = out.split('\n').map((line) => line.trim().split(/ {2,}/));
  const table = rows.slice(rows.findIndex(([first]) => first === 'trial') + 1);
  const kept = order.filter(({ trial }, i) => i < 10 || trial === 1);
  expect(table.slice(0, kept.length).map(([trial, , , given]) => [trial, given])).toEqual(listed(kept));
  expect(out).toContain(`\n… and ${counted(13 - kept.length, 'trial')} more\n`);
}, 60_000);

test('layers that were drawn stand in quotes, as a shell takes them', async () => {
  const argv = [
    'tune',
    counting,
    '--symbols',
    '--epochs',
    '1',
    '--seed',
    '2',
    '--trials',
    '5',
    '--budget',
    '1min',
    '--json',
  ];
  const { code, out, err } = await memcell(...argv);
  expect([code, err.includes('nats')]).toEqual([0, true]);
  const { trials }: { trials: Trial[] } = JSON.parse(out);
  expect(trials.filter(({ layers }) => layers !== undefined).length).toBe(1);
  expect(toldOf(err)).toEqual(trials.map((trial, i) => [i + 1, words(trial) || 'the defaults']));
}, 60_000);

describe('a signal', () => {
  const kinds = file(folder, 'kinds.csv', `size,kind\n${'1,small\n8,big\n2,small\n9,big\n'.repeat(15)}`);
  const given = ['tune', kinds, '--classify', 'kind', '--layers', 'Dense(2, softmax)', '--epochs', '2', '--seed', '2'];
  /** Sends one when this is said. */
  const at = (when: string, name: 'SIGINT' | 'SIGTERM') => (said: string) => {
    if (said.startsWith(when)) setImmediate(() => process.emit(name, name));
  };
  const stopping = 'stopping the search; the best settings so far are trained. Ctrl-C again quits without\n';

  test('before the first trial is done ends the search with nothing', async () => {
    const out = join(folder, 'none');
    const argv = [...given, '--out', out, '--trials', '9', '--json'];
    const outcome = await watched(at('trial 1 has the defaults', 'SIGTERM'), ...argv);
    expect(outcome.code).toBe(143);
    expect(JSON.parse(outcome.out)).toEqual({ task: 'classify', data: kinds, trials: [], ended: 'interrupted' });
    const end = `\n${stopping}memcell: interrupted before the first trial was done; nothing is saved\n`;
    expect(outcome.err.slice(-end.length)).toBe(end);
    expect([existsSync(out), existsSync(`${out}.resume`)]).toEqual([false, false]);
  });

  test('later has the best so far trained and saved, and its trials kept, which --resume goes on with', async () => {
    const out = join(folder, 'some');
    const { code, err } = await watched(at('trial 2 of', 'SIGINT'), ...given, '--out', out, '--trials', '9');
    expect(code).toBe(130);
    const said = err.replace(/^warning: .*\n/gm, '');
    expect(said.slice(said.indexOf(stopping))).toBe(
      [
        stopping,
        'interrupted after 2 of 9 trials\ntraining with the best settings\n',
        `the trials are kept in ${out}.resume; --resume goes on with them\n`,
      ].join(''),
    );
    expect(existsSync(join(out, 'model.json'))).toBe(true);
    // One that goes on listens from its beginning, and says of the data what the first trial did not say again.
    const resumed = [...given, '--out', out, '--resume', '--trials', '3'];
    const again = await watched(at('trial 1 of', 'SIGTERM'), ...resumed);
    expect([again.code, again.err]).toEqual([
      143,
      expect.stringContaining(`\n${stopping}interrupted after 2 of 3 trials\n`),
    ]);
    expect(again.err).toContain(`\ntraining with the best settings\ndata     ${kinds}: 60 rows\nlabel    kind: text\n`);
    for (const told of [err, again.err]) expect(told.split('60 rows')).toHaveLength(2);
    const last = await memcell(...resumed);
    expect(last.code).toBe(0);
    expect(last.out.trimEnd().split('\n').at(-1)).toBe(`saved in ${out}; next: memcell predict ${out} ${kinds}`);
    const trials = Array.from(last.err.matchAll(/^trial (\d) of 3: /gm), ([, number]) => number);
    expect(trials).toEqual(['1', '2', '3']);
    expect(existsSync(`${out}.resume`)).toBe(false);
  });
});
