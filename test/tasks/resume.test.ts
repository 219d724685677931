/** Runs of memcell train that end in the middle, in this process, and go on. SIGKILLs: bench/kills.ts and test/training/backup. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type DataInput, openSource } from '../../src/data/source.js';
import { readState, writeState } from '../../src/formats/stateFile.js';
import { symbols as symbolsInCode } from '../../src/index.js';
import { openBackup } from '../../src/tasks/backup.js';
import { FitJournal } from '../../src/tasks/fitJournal.js';
import type { TaskKind } from '../../src/tasks/settings.js';
import { trainTask } from '../../src/tasks/train.js';
import type { BackupStore } from '../../src/training/backup.js';
import { file, memcell, memcellProcess, temporaryFolder } from '../cli/streams.js';

const folder = temporaryFolder('in memory');
const wave = (i: number) => (50 + 10 * Math.sin(i / 3) + ((i * 7) % 5)).toFixed(2);
const table = (name: string, head: string, n: number, row: (i: number) => (string | number)[]) =>
  file(folder, name, `${head}\n${Array.from({ length: n }, (_, i) => row(i).join(',')).join('\n')}\n`);

const series = table('series.csv', 'value,other', 90, (i) => [wave(i), (i * 5) % 11]);
const rows = table('rows.csv', 'a,b,kind', 80, (i) => [i % 7, (i * 5) % 11, i % 7 > 3 ? 'up' : 'down']);
const text = file(folder, 'text.txt', 'tick tock goes the clock, and the mouse ran up the clock.\n'.repeat(12));
const symbols = file(folder, 'symbols.txt', Array.from({ length: 100 }, (_, i) => (i * i) % 10).join(' '));

interface Case {
  kind: TaskKind;
  data: string;
  options: object;
  settings: object;
  layers?: string;
  /** Writes of a journal after which the run ends. */
  ends: number[];
}

const cases: { [name: string]: Case } = {
  forecast: {
    kind: 'forecast',
    data: series,
    options: { targets: ['value'], horizon: 3 },
    settings: { epochs: 2 },
    ends: [3, 11],
  },
  classify: {
    kind: 'classify',
    data: rows,
    options: { label: 'kind' },
    settings: { epochs: 4 },
    layers: 'Dense(8, relu), Dense(2, softmax)',
    ends: [2, 3],
  },
  text: { kind: 'text', data: text, options: { window: 16 }, settings: { epochs: 2 }, ends: [1, 2] },
  symbols: { kind: 'symbols', data: symbols, options: {}, settings: { epochs: 6 }, ends: [4, 7] },
};

/** A journal whose process ends after so many of its writes; without any, each fit's writes are counted all the same. */
function ending(journal: FitJournal | undefined, end = Number.POSITIVE_INFINITY) {
  let writes = 0;
  const next = (): BackupStore => {
    const store = journal?.next() ?? nowhere;
    return {
      ...store,
      write: async (backup, kind) => {
        await store.write(backup, kind);
        if (++writes === end) throw new Error('killed');
      },
    };
  };
  return { fits: { next, spent: 0 }, writes: () => writes };
}

const nowhere: BackupStore = {
  name: 'nowhere',
  every: { epochs: 1 },
  keepsEnd: true,
  newest: async () => undefined,
  write: async () => {},
  clear: async () => {},
};

async function run({ kind, data, options, settings, layers }: Case, journal?: FitJournal, end?: number) {
  const { fits, writes } = ending(journal, end);
  const trained = await trainTask(kind, openSource(data), options, {
    settings,
    seed: 3,
    fits,
    ...(layers && { layers }),
  });
  if (!trained) throw new Error('nothing was trained');
  const { model, artefact, history, evaluation, warnings } = trained;
  const weights = model.getWeights().map((one) => one.data);
  model.dispose();
  return { made: { weights, artefact, history, evaluation, warnings }, writes: writes() };
}

/** The same run, never stopped; once for all tests. */
const whole = new Map<Case, ReturnType<typeof run>>();
function never(one: Case): ReturnType<typeof run> {
  const made = whole.get(one) ?? run(one);
  whole.set(one, made);
  return made;
}

const open = (place: string, resume: boolean, settings = 'the same', said: string[] = []) =>
  FitJournal.open({
    folder: place,
    every: { epochs: 1 },
    resume,
    settings: async () => ({ settings }),
    anew: 'leave out --resume',
    say: (line) => void said.push(line),
  });

describe('a task whose run ended in the middle goes on to the same model', () => {
  test.each(Object.entries(cases))('%s', async (name, one) => {
    const whole = await never(one);
    const place = join(folder, `${name}.resume`);
    for (const [i, end] of one.ends.entries()) {
      await expect(run(one, await open(place, i > 0), end)).rejects.toThrow('killed');
    }
    const said: string[] = [];
    const journal = await open(place, true, undefined, said);
    const states = readdirSync(place).map((name) => readState(join(place, name)));
    const spent = (await Promise.all(states)).map(({ values }) => Number(Reflect.get(Object(values), 'seconds')));
    expect(journal.spent).toBe(Math.max(...spent));
    expect(journal.found.ended + Number(journal.found.running)).toBeGreaterThan(0);
    const resumed = await run(one, journal);
    expect(resumed.made).toEqual(whole.made);
    expect(resumed.writes).toBeLessThan(whole.writes);
    expect(said).toEqual([]);
    await journal.clear();
    expect(existsSync(place)).toBe(false);
  });
});

describe('a journal', () => {
  const one = cases.symbols;

  test('refuses another run, starts anew where it is told to, and says both', async () => {
    const place = join(folder, 'other.resume');
    await expect(run(one, await open(place, false), 8)).rejects.toThrow('killed');
    await expect(open(place, true, 'others')).rejects.toThrow(
      `${place} is of another run: settings was the same and is others; go on with what it was, or leave out --resume to start anew`,
    );
    const said: string[] = [];
    const anew = await open(place, false, 'others', said);
    expect(said).toEqual([
      `${place} has the state of a run that was not finished; starting anew (--resume goes on with it)`,
    ]);
    expect((await run(one, anew)).made).toEqual((await never(one)).made);
    expect((await open(place, true, 'others')).found).toMatchObject({ running: false });
  });

  test('that is over takes its own files away, unfinished ones too, and leaves what else is there', async () => {
    const place = join(folder, 'shared');
    const journal = await open(place, false);
    await journal.next().write({ values: {}, arrays: [Float32Array.of(1)] }, 'end');
    const others = ['notes.txt', 'ended-1.state', 'ended-0000001.state', 'my-running.state', 'running.state.txt'];
    for (const name of others) writeFileSync(join(place, name), name);
    await journal.clear();
    expect(readdirSync(place).sort()).toEqual(others.sort());
    const said: string[] = [];
    expect((await open(place, true, undefined, said)).found).toEqual({ ended: 0, running: false });
    expect(said).toEqual([]);
  });

  test('a network that was given other data is fitted anew, and so are those after it', async () => {
    const place = join(folder, 'changed.resume');
    await run(one, await open(place, false));
    const changed = { ...one, settings: { epochs: 5 } };
    const said: string[] = [];
    const resumed = await run(changed, await open(place, true, undefined, said));
    expect(resumed.made).toEqual((await run(changed)).made);
    expect(said).toEqual(['network 1 of the resumed run is fitted anew: epochs was 6 and is 5']);
  });

  /** Of fits that are over, and of one that runs: what a journal finds in its folder. */
  const keptIn = async (place: string, fits: number) => {
    const journal = await open(place, true);
    const kept: unknown[] = [];
    for (let i = 0; i < fits; i++) kept.push((await journal.next().newest())?.values);
    return { ...journal.found, kept, files: readdirSync(place).sort() };
  };
  test.each<[string, boolean, number, number, number[]]>([
    ['resumed, nothing is other', true, 3, 1, [0, 1, 2, 103, 104]],
    ['resumed, the last is other', true, 2, 1, [0, 1, 102, 103, 104]],
    ['resumed, the second is other', true, 1, 1, [0, 101, 102, 103, 104]],
    ['resumed, the first is other, and ended after one', true, 0, 1, [100, 101, 102, 103, 104]],
    ['resumed, the first is other, and ended after two', true, 0, 2, [100, 101, 102, 103, 104]],
    ['not resumed', false, 0, 1, [100, 101, 102, 103, 104]],
  ])('has every fit in its place, whatever was there before: %s', async (title, resume, same, more, all) => {
    const place = join(folder, `${title}.resume`);
    const backup = (n: number) => ({ values: { n }, arrays: [Float32Array.of(n, n)] });
    // A run of three fits that was killed in the fourth; then as many of others as end before it is killed again, and all.
    const first = await open(place, false);
    for (let i = 0; i < 3; i++) await first.next().write(backup(i), 'end');
    await first.next().write(backup(3), 'running');
    const files = (ended: number) => Array.from({ length: ended }, (_, i) => `ended-00000${i + 1}.state`);
    const before = { ended: 3, running: true, kept: [0, 1, 2, 3].map((n) => ({ n })) };
    expect(await keptIn(place, 4)).toEqual({ ...before, files: [...files(3), 'running.state'] });
    for (const [from, to] of [
      [same, same + more],
      [same + more, 5],
    ]) {
      const journal = await open(place, resume || from > same);
      for (let i = 0; i < to; i++) {
        const store = journal.next();
        if (i >= from) await store.write(backup(100 + i), 'end');
        else expect((await store.newest())?.values).toEqual({ n: all[i] });
      }
      const kept = all.slice(0, to).map((n) => ({ n }));
      const found = await keptIn(place, to);
      expect(found).toMatchObject({ ended: to, kept });
    }
  });

  const backup = (n: number) => ({ values: { n }, arrays: [Float32Array.of(n)] });

  test('that has a fit as running and as over takes it for over; the next one begins anew', async () => {
    const place = join(folder, 'over.resume');
    const journal = await open(place, false);
    await journal.next().write(backup(0), 'end');
    const second = journal.next();
    await second.write(backup(1), 'running');
    expect(await keptIn(place, 2)).toMatchObject({ ended: 1, running: true, kept: [{ n: 0 }, { n: 1 }] });
    await second.write(backup(2), 'end');
    expect(await keptIn(place, 3)).toEqual({
      ended: 2,
      running: false,
      kept: [{ n: 0 }, { n: 2 }, undefined],
      files: ['ended-000001.state', 'ended-000002.state', 'running.state'],
    });
  });

  test('writes fits that are over together where time tells, before one that runs, and nothing after an interruption', async () => {
    const place = join(folder, 'timed.resume');
    const settings = async () => ({ settings: 'the same' });
    const given = { folder: place, every: { seconds: 1e6 }, resume: true, settings, anew: '', say: () => {} };
    const journal = await FitJournal.open(given);
    const stores = [0, 1, 2, 3, 4].map(() => journal.next());
    expect(stores[0].every).toEqual({ epochs: undefined, minutes: 1e6 / 60 });
    for (const n of [0, 1]) await stores[n].write(backup(n), 'end');
    expect([existsSync(place), journal.isKept]).toEqual([false, false]);
    await stores[2].write(backup(2), 'running');
    expect(journal.isKept).toBe(true);
    expect(await keptIn(place, 3)).toEqual({
      ended: 2,
      running: true,
      kept: [{ n: 0 }, { n: 1 }, { n: 2 }],
      files: ['ended-000001.state', 'running.state'],
    });
    await stores[2].write(backup(3), 'end');
    await stores[3].write(backup(4), 'interrupted');
    const stopped = await keptIn(place, 4);
    expect(stopped).toEqual({
      ended: 3,
      running: true,
      kept: [{ n: 0 }, { n: 1 }, { n: 3 }, { n: 4 }],
      files: ['ended-000001.state', 'ended-000002.state', 'running.state'],
    });
    await stores[3].write(backup(5), 'end');
    await stores[4].write(backup(6), 'running');
    expect(await keptIn(place, 4)).toEqual(stopped);
  });

  test('that cannot be written says so, and the run goes on', async () => {
    const said: string[] = [];
    const journal = await open(join(symbols, 'below'), false, undefined, said);
    expect((await run(one, journal)).made).toEqual((await never(one)).made);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/cannot be written \(.*\); this run cannot be resumed later$/);
  });
});

describe('the backup of a task in code', () => {
  const values = [1, 2, 3, 1, 2, 3];
  const opened = (given: Parameters<typeof openBackup>[0], data: DataInput = values, settings: object = { seed: 1 }) =>
    openBackup(given, settings, openSource(data), data, () => {});

  test.each<[object, object]>([
    [{}, { epochs: undefined, minutes: 1 }],
    [{ minutes: 0.25 }, { epochs: undefined, minutes: 0.25 }],
    [{ epochs: 3 }, { epochs: 3, minutes: undefined }],
    [
      { minutes: 2, epochs: 3 },
      { epochs: 3, minutes: 2 },
    ],
  ])('is made as often as %j says', async (given, every) => {
    expect((await opened({ folder: join(folder, 'often.backup'), ...given })).next().every).toEqual(every);
  });

  test('is of the data by their values, whatever holds them, and of the settings', async () => {
    const place = join(folder, 'values.backup');
    expect((await opened(place)).next().every).toEqual({ epochs: undefined, minutes: 1 });
    await (await opened(place)).next().write({ values: {}, arrays: [] }, 'running');
    for (const same of [values, Float64Array.from(values), Float32Array.from(values)]) {
      expect((await opened(place, same)).found).toEqual({ ended: 0, running: true });
    }
    for (const other of [[1, 2, 3, 1, 2, 4], Float64Array.of(1, 2, 3, 1, 2), { v: values }]) {
      await expect(opened(place, other)).rejects.toThrow(`${place} is of another run: data was 13 letters of JSON, `);
    }
    await expect(opened(place, values, { seed: 2 })).rejects.toThrow(
      `${place} is of another run: seed was 1 and is 2; go on with what it was, or remove the folder to start anew`,
    );
  });
});

test.each<[string, object]>([
  ['nothing', {}],
  ['no seconds', { run: {}, entries: [] }],
  ['seconds that are no number', { run: {}, entries: [], seconds: '1' }],
  ['entries that are no list', { run: {}, entries: {}, seconds: 1 }],
  ['an entry that is null', { run: {}, entries: [null], seconds: 1 }],
  ['an entry that is a number', { run: {}, entries: [3], seconds: 1 }],
  ['an entry without arrays', { run: {}, entries: [{ fit: 0, values: {} }], seconds: 1 }],
  ['a fit below 0', { run: {}, entries: [{ fit: -1, values: {}, arrays: 0 }], seconds: 1 }],
  ['half an array', { run: {}, entries: [{ fit: 0, values: {}, arrays: 0.5 }], seconds: 1 }],
  ['values that are null', { run: {}, entries: [{ fit: 0, values: null, arrays: 0 }], seconds: 1 }],
  ['values that are a text', { run: {}, entries: [{ fit: 0, values: 'a', arrays: 0 }], seconds: 1 }],
])('a file with %s is not gone on from', async (title, values) => {
  const place = join(folder, `${title} kept`);
  await writeState(place, 'running.state', { values, arrays: [] });
  await expect(open(place, true)).rejects.toMatchObject({
    code: 'model',
    message: `${join(place, 'running.state')}: not the state of a run; remove it`,
  });
});

test('of a task in code that is stopped it is said how to go on, of a backup that cannot be written that it was not', async () => {
  const values = readFileSync(symbols, 'utf8').split(' ').map(Number);
  const run = async (backup: string, end: number) => {
    const controller = new AbortController();
    const told: number[] = [];
    const onEpochEnd = (epoch: number) => {
      told.push(epoch);
      if (epoch === end) controller.abort();
    };
    const given = { window: 2, epochs: 6, backup, signal: controller.signal, callbacks: { onEpochEnd } };
    const model = await symbolsInCode(values, given);
    model.dispose();
    return { warnings: model.warnings, told };
  };
  const place = join(folder, 'stopped.backup');
  const stopped = await run(place, 2);
  expect(stopped.warnings.at(-1)).toBe(`stopped; the same call goes on from ${place}`);
  expect(readdirSync(place)).toEqual(['running.state']);
  const resumed = await run(place, Number.NaN);
  expect(resumed.told[0]).toBe(3);
  expect(resumed.warnings.join()).not.toContain('stopped');
  expect(existsSync(place)).toBe(false);
  const { warnings } = await run(join(symbols, 'below'), 2);
  expect(warnings.filter((line) => line.includes('below'))).toEqual([
    expect.stringMatching(/below: cannot be written \(.*\); this run cannot be resumed later$/),
  ]);
});

describe('memcell train --resume', () => {
  const args = (out: string, ...more: string[]) => [
    'train',
    symbols,
    '--symbols',
    '--epochs',
    '6',
    '--out',
    out,
    ...more,
  ];
  const often = ['--checkpoint', '0.01s'];
  const bytes = (out: string) => ['model.json', 'weights.bin'].map((name) => readFileSync(join(out, name)));

  test('killed by SIGKILL, it refuses other data and settings, and goes on to the same bytes', async () => {
    const [whole, out] = [join(folder, 'whole'), join(folder, 'killed')];
    expect((await memcellProcess(args(whole))).code).toBe(0);
    const killed = await memcellProcess(args(out, ...often), (told, kill) => {
      if (told.includes('epoch 5/6')) kill('SIGKILL');
    });
    expect(killed.code).toBe(-1);
    const kept = readdirSync(`${out}.resume`);
    expect(kept).toContain('running.state');
    const other = await memcell(...args(out, '--resume', '--seed', '4'));
    expect([other.code, other.err]).toEqual([
      2,
      `memcell: ${out}.resume is of another run: training.seed was 0 and is 4; go on with what it was, or leave out --resume to start anew\n`,
    ]);
    const before = readFileSync(symbols);
    writeFileSync(symbols, `${before} 1`);
    const changed = await memcell(...args(out, '--resume'));
    expect(changed.err).toContain(`is of another run: data.${symbols} was ${before.length} bytes, SHA-256 `);
    expect(changed.err).toContain(` and is ${before.length + 2} bytes, SHA-256 `);
    writeFileSync(symbols, before);
    expect(readdirSync(`${out}.resume`)).toEqual(kept);
    const resumed = await memcellProcess(args(out, '--resume'));
    expect(resumed.err).toMatch(/^resuming from .*killed\.resume: \d networks? w(as|ere) trained(, one in part)?\n/);
    expect(bytes(out)).toEqual(bytes(whole));
    expect(existsSync(`${out}.resume`)).toBe(false);
  });

  test('so does a task in code, with its backup', async () => {
    const place = join(folder, 'code.backup');
    const dist = new URL('../../dist/index.js', import.meta.url).href;
    const values = readFileSync(symbols, 'utf8').split(' ').map(Number);
    const given = `{ epochs: 6, backup: { folder: ${JSON.stringify(place)}, minutes: 0.0001 }, callbacks: told }`;
    const script = `import { symbols } from ${JSON.stringify(dist)};
      const told = { onEpochEnd: (epoch) => { process.stdout.write('epoch ' + epoch + ' '); } };
      await symbols(${JSON.stringify(values)}, ${given});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const signal = await new Promise((resolve) => {
      let told = '';
      child.stdout.on('data', (text) => {
        told += String(text);
        if (told.includes('epoch 4')) child.kill('SIGKILL');
      });
      child.on('exit', (_, by) => resolve(by));
    });
    expect(signal).toBe('SIGKILL');
    expect(readdirSync(place)).toContain('running.state');
    const other = symbolsInCode(values, { epochs: 6, seed: 4, backup: place });
    await expect(other).rejects.toThrow(
      `${place} is of another run: training.seed was not given and is 4; go on with what it was, or remove the folder to start anew`,
    );
    await expect(symbolsInCode(values.slice(1), { epochs: 6, backup: place })).rejects.toThrow(
      /data was \d+ letters of JSON, int32/,
    );
    const epochs: number[] = [];
    const onEpochEnd = (epoch: number) => void epochs.push(epoch);
    const resumed = await symbolsInCode(values, { epochs: 6, backup: place, callbacks: { onEpochEnd } });
    expect(epochs[0]).toBeGreaterThan(0);
    await resumed.save(join(folder, 'code'));
    const weights = (out: string) => readFileSync(join(folder, out, 'weights.bin'));
    expect(weights('code')).toEqual(weights('whole'));
    expect(existsSync(place)).toBe(false);
  });

  test('stopped by Ctrl-C, it says how to go on; with nothing to go on from, that it starts anew', async () => {
    const out = join(folder, 'stopped');
    const stopped = await memcellProcess(args(out), (told, kill) => {
      if (told.includes('epoch 2/6')) kill('SIGINT');
    });
    expect(stopped.code).toBe(130);
    expect(stopped.err).toContain(`is saved in ${out}; --resume goes on from there\n`);
    const resumed = await memcell(...args(out, '--resume'));
    expect(resumed.err).toContain('resuming from ');
    expect([resumed.code, existsSync(`${out}.resume`)]).toEqual([0, false]);
    const again = await memcell(...args(`${out}/`, '--resume'));
    expect(again.err).toContain(`there is nothing to resume in ${out}.resume; starting anew\n`);
    const wrong = await memcell(...args(out, '--checkpoint', '0 epochs'));
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("'--checkpoint <TIME>' argument '0 epochs'")]);
  });
});
