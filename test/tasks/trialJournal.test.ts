/** The trials of a search on disk: what is kept, taken up again, told and refused. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { writeState } from '../../src/formats/stateFile.js';
import { sequenceInput } from '../../src/tasks/models.js';
import { TrialJournal } from '../../src/tasks/trialJournal.js';

const above = mkdtempSync(join(tmpdir(), 'memcell-trials-'));
afterAll(() => rmSync(above, { recursive: true }));
let folder: string;
let n = 0;
let said: string[] = [];
beforeEach(() => {
  folder = join(above, String(n++));
  said = [];
});

const settings = { data: 'a.csv', seed: 3, trials: 4 };
const open = (resume: boolean, own: object = settings) =>
  TrialJournal.open({ folder, resume, settings: own as never, say: (line) => said.push(line) });
const outcome = (seconds: number, more: object) =>
  ({ metric: 'nats', samples: 9, layers: 'LSTM(2)', seconds, ...more }) as never;

test('trials that are done are found by their number, and taken up only where that is asked for', async () => {
  const first = await open(true);
  expect([first.folder, first.isKept, first.spent, first.find(1)]).toEqual([folder, false, 0, undefined]);
  const done = [outcome(1.5, { error: 0.25 }), outcome(2, { failed: 'too few rows' })];
  await first.add(1, done[0]);
  const again = await open(true);
  expect([again.isKept, again.spent, again.find(1), again.find(2)]).toEqual([true, 1.5, done[0], undefined]);
  await again.add(2, done[1]);
  const third = await open(true);
  expect([third.spent, third.find(1), third.find(2)]).toEqual([3.5, ...done]);
  const anew = await open(false);
  expect([anew.isKept, anew.spent, anew.find(1)]).toEqual([false, 0, undefined]);
  expect(said).toEqual([
    `there is nothing to resume in ${folder}; starting anew`,
    `resuming from ${folder}: 1 trial is done`,
    `resuming from ${folder}: 2 trials are done`,
    `${folder} has trials of a search that was not finished; starting anew (--resume goes on with them)`,
  ]);
  await third.clear();
  expect(existsSync(folder)).toBe(false);
});

test('a folder with other files stays, without the trials and what a killed write left of them', async () => {
  const journal = await open(false);
  expect(said).toEqual([]);
  await journal.add(1, outcome(1, { error: 1 }));
  for (const name of ['mine.txt', 'mine.txt.1', 'trials.state.123']) writeFileSync(join(folder, name), 'x');
  await journal.clear();
  expect(readdirSync(folder).sort()).toEqual(['mine.txt', 'mine.txt.1']);
});

test('a folder that cannot be written is told once, and the search goes on in memory', async () => {
  writeFileSync(folder, 'a file');
  const journal = await open(false);
  for (const trial of [1, 2]) await journal.add(trial, outcome(trial, { error: 1 }));
  expect(said).toEqual([expect.stringMatching(/cannot be written \(.+\); this search cannot be resumed later$/)]);
  expect([journal.isKept, journal.spent]).toEqual([false, 3]);
});

test('another search and a file of something else are refused', async () => {
  await (await open(false)).add(1, outcome(1, { error: 1 }));
  await expect(open(true, { ...settings, data: 'b.csv', seed: 4 })).rejects.toThrow(
    `${folder} is of another search: data was a.csv and is b.csv; seed was 3 and is 4; go on with what it was, or leave out --resume to start anew`,
  );
  const good = { metric: 'nats', samples: 9, layers: 'x', seconds: 1, error: 1 };
  const wrong = [
    {},
    { search: settings },
    { search: settings, outcomes: {} },
    ...[
      null,
      { ...good, error: undefined },
      { ...good, metric: 1 },
      { ...good, layers: 1 },
      { ...good, samples: 'x' },
      { ...good, seconds: null },
    ].map((one) => ({ search: settings, outcomes: [good, one] })),
  ];
  for (const values of wrong) {
    await writeState(folder, 'trials.state', { values, arrays: [] });
    await expect(open(true)).rejects.toThrow(`${join(folder, 'trials.state')}: not the trials of a search; remove it`);
  }
  await writeState(folder, 'trials.state', { values: { search: settings, outcomes: [good] }, arrays: [] });
  expect((await open(true)).find(1)).toEqual(good);
});

test.each<[unknown, unknown]>([
  ['1 2', { name: 'sequence', text: '1 2' }],
  [[1, 'a b'], { name: 'sequence.json', text: '[1,"a b"]' }],
  [{ files: ['x.txt'] }, { files: ['x.txt'] }],
  [null, 'a sequence is a list of whole numbers or words, or a text of them, not null'],
  [7, 'a sequence is a list of whole numbers or words, or a text of them, not 7'],
  [[1, true], 'a sequence holds whole numbers or words, not true'],
])('a sequence %j', (given, expected) => {
  let found: unknown;
  try {
    found = sequenceInput(given as never);
  } catch (error) {
    found = (error as Error).message;
  }
  expect(found).toEqual(expected);
});
