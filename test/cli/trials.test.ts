/** What memcell tune says of a search whose trials are known: some that failed, and more than are shown. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { parseHTML } from 'linkedom';
import { formatNumber } from '../../src/format.js';
import type { Trial } from '../../src/tasks/search.js';
import type { Tuned, TuneOptions } from '../../src/tasks/tune.js';

const real = await import('../../src/tasks/tune.js');
/** Trials in place of those that were run; the best has the least error, the first the defaults. */
let trials: Trial[] = [];
let compared: Tuned['compared'];
jest.unstable_mockModule('../../src/tasks/tune.js', () => ({
  ...real,
  tuneTask: async (
    kind: 'symbols',
    source: Parameters<typeof real.tuneTask>[1],
    given: Record<string, unknown>,
    options: TuneOptions,
  ): Promise<Tuned | undefined> => {
    const { onTrial, ...others } = options;
    const found = await real.tuneTask(kind, source, given, { ...others, trials: 1 });
    for (const trial of trials) onTrial?.(trial, 'nats');
    const [best] = trials.toSorted((a, b) => (a.error ?? 99) - (b.error ?? 99));
    const search = { metric: 'nats', samples: 7, trials, best, defaults: trials[0], ended: 'finished' as const };
    return found && { ...found, search, ...(compared && { compared }) };
  },
}));
const { file, memcell, temporaryFolder } = await import('./streams.js');

const folder = temporaryFolder('in memory');
const counting = file(folder, 'count.txt', `${Array.from({ length: 80 }, (_, i) => (i * 3) % 8).join(' ')}\n`);
const given = ['tune', counting, '--symbols', '--layers', 'LSTM(1), Dense(8, softmax)', '--epochs', '1'];

/** Trial 1 has the defaults and the largest error but of those that failed; 12 is the best. */
const known: Trial[] = Array.from({ length: 14 }, (_, i): Trial => {
  const trial = { trial: i + 1, seconds: 61 + i, options: {}, settings: {} };
  if (i === 0) return { ...trial, error: 9, parameters: 300 };
  if (i === 3) return { ...trial, options: { window: 5 }, failed: 'too few symbols' };
  const settings = { learningRate: 0.001 * i, ...(i % 2 && { batchSize: 8 * i }) };
  return { ...trial, settings, error: i === 11 ? 0.25 : 1 + i / 4, parameters: 100 + i };
});
const words = (i: number) => `--learning-rate ${0.001 * i}${i % 2 ? ` --batch-size ${8 * i}` : ''}`;

test('trials that failed say why, come last, and are not drawn; that of the defaults is shown whatever its place', async () => {
  [trials, compared] = [known, { error: 0.5, defaults: 2, better: true } as Tuned['compared']];
  const [page, out] = [join(folder, 'page.html'), join(folder, 'model')];
  const outcome = await memcell(...given, '--trials', '14', '--report', page, '--out', out);
  expect(outcome.code).toBe(0);
  const told = outcome.err.split('\n').filter((line) => /^trial \d+ of/.test(line));
  expect(told).toEqual(
    known.map(({ trial, error, seconds }, i) => {
      const came = error === undefined ? 'failed, too few symbols' : `nats ${formatNumber(error)}`;
      const took = `1 min ${seconds - 60} s`;
      return `trial ${trial} of 14: ${came} (${took}): ${i === 0 ? 'the defaults' : i === 3 ? '--window 5' : words(i)}`;
    }),
  );
  const lines = outcome.out.split('\n').map((line) => line.trim().split(/ {2,}/));
  // The best, then as they were run, for their errors rise; nine of them, and the defaults in their place.
  const order = [12, 2, 3, 5, 6, 7, 8, 9, 10, 11, 1];
  expect(lines[0]).toEqual(['trial', 'nats', 'parameters', 'settings']);
  expect(lines.slice(1, 12).map(([trial, , parameters, settings]) => [Number(trial), parameters, settings])).toEqual(
    order.map((trial) => [
      trial,
      trial === 1 ? '300' : String(99 + trial),
      trial === 1 ? 'the defaults' : words(trial - 1),
    ]),
  );
  expect(lines.slice(12, 15).flat()).toEqual([
    '… and 3 trials more',
    'the best is trial 12: nats 0.25, with the defaults 9, on what settings are chosen by',
    'on the part held out from all trials: 0.5, with the defaults 2: 75 % better than the defaults',
  ]);
  const { document } = parseHTML(readFileSync(page, 'utf8'));
  const rows = Array.from(document.querySelectorAll('#tuning tr'), ({ children }) =>
    Array.from(children, ({ textContent }) => textContent),
  );
  expect(rows.at(-1)).toEqual(['4', '–', '–', '1 min 4 s', 'too few symbols']);
  expect(rows[1]).toEqual(['12', '0.2500', '111', '1 min 12 s', words(11)]);
  expect(document.querySelectorAll('#tuning circle')).toHaveLength(13);
});

test('a search that found nothing better says so, and has all its trials in the document', async () => {
  trials = known.slice(0, 1).concat(known[3], { ...known[2], error: 9.5 });
  compared = undefined;
  const { out, err } = await memcell(...given, '--trials', '3');
  expect(err).toContain('trial 4 of 3: failed, too few symbols');
  const lines = out.split('\n').map((line) => line.trim().split(/ {2,}/));
  expect(lines.slice(1, 4).map(([trial, , , settings]) => [trial, settings])).toEqual([
    ['1', 'the defaults'],
    ['3', words(2)],
    ['4', 'too few symbols'],
  ]);
  expect(lines[3]).toEqual(['4', '–', '–', 'too few symbols']);
  expect(lines[4]).toEqual(['no better than the defaults (nats 9): 2 other trials, none with a smaller error']);
  expect(lines.at(-2)).toEqual(['nothing is saved without --out; to train it: memcell train, with no settings']);
  const document = JSON.parse((await memcell(...given, '--trials', '3', '--json')).out);
  expect(document).toMatchObject({ trials, best: 1, better: false, metric: 'nats', samples: 7, ended: 'finished' });
  expect(['compared', 'model', 'report'].filter((key) => key in document)).toEqual([]);
});
