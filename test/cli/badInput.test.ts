/** Whatever is wrong: one line that says what, where and what to do, exit code 1 or 2, and nothing written. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { file, memcell, seriesCsv, temporaryFolder } from './streams.js';

const folder = temporaryFolder();
const out = join(folder, 'out');
const fast = ['--plain', '--window', '5', '--epochs', '1', '--layers', 'LSTM(2), Dense(1)'];

const training: [name: string, data: () => string, options: string[], code: number, message: RegExp][] = [
  ['a missing file', () => join(folder, 'missing.csv'), ['--forecast', 'value'], 1, /missing\.csv: no such file/],
  ['a folder', () => folder, ['--forecast', 'value'], 1, /is a folder/],
  ['an empty file', () => file(folder, 'empty.csv', ''), ['--forecast', 'value'], 1, /empty\.csv: is empty/],
  [
    'a ragged row',
    () =>
      file(
        folder,
        'ragged.csv',
        seriesCsv(40, (row, i) => (i === 6 ? `${row},1` : row)),
      ),
    ['--forecast', 'value'],
    1,
    /ragged\.csv, line 8: .*4.*3/,
  ],
  [
    'text in a number column',
    () =>
      file(
        folder,
        'text.csv',
        seriesCsv(40, (row, i) => (i === 9 ? row.replace(/,.*?,/, ',warm,') : row)),
      ),
    ['--forecast', 'value'],
    1,
    /text\.csv, line 11, column value: .*'warm'/,
  ],
  [
    'an unknown column',
    () => file(folder, 'good.csv', seriesCsv(40)),
    ['--forecast', 'valeu'],
    2,
    /valeu.*(value).*|date, value, other/,
  ],
  [
    'an empty cell',
    () =>
      file(
        folder,
        'hole.csv',
        seriesCsv(40, (row, i) => (i === 3 ? row.replace(/,.*?,/, ',,') : row)),
      ),
    ['--forecast', 'value', '--fill', 'none'],
    1,
    /hole\.csv, line 5, column value: .*(empty|missing)/,
  ],
  [
    'NaN',
    () =>
      file(
        folder,
        'nan.csv',
        seriesCsv(40, (row, i) => (i === 3 ? row.replace(/,.*?,/, ',NaN,') : row)),
      ),
    ['--forecast', 'value', '--fill', 'none'],
    1,
    /nan\.csv, line 5, column value: .*(NaN|missing)/,
  ],
  [
    'a window longer than the data',
    () => file(folder, 'short.csv', seriesCsv(40)),
    ['--forecast', 'value', '--plain', '--window', '50'],
    1,
    /too few for window 50.*--window \d+ or less/,
  ],
  [
    'a constant target',
    () =>
      file(
        folder,
        'constant.csv',
        seriesCsv(40, (row) => row.replace(/,.*?,/, ',3,')),
      ),
    ['--forecast', 'value', '--plain'],
    1,
    /column value: every value up to here is 3/,
  ],
  [
    'one class only',
    () => file(folder, 'class.csv', `a,b,class\n${'1,2,yes\n3,5,yes\n'.repeat(10)}`),
    ['--classify', 'class'],
    1,
    /class\.csv, column class: every row is 'yes'/,
  ],
  [
    'fewer than two rows',
    () => file(folder, 'one.csv', seriesCsv(1)),
    ['--forecast', 'value'],
    1,
    /one\.csv: has 1 row; .*at least/,
  ],
  [
    'a spec with a typo',
    () => join(folder, 'good.csv'),
    ['--forecast', 'value', '--layers', 'LTSM(5), Dense(1)'],
    2,
    /unknown layer 'LTSM' at character 1; did you mean LSTM\?/,
  ],
  [
    'units of 0',
    () => join(folder, 'good.csv'),
    ['--forecast', 'value', '--window', '5', '--layers', 'LSTM(0), Dense(1)'],
    2,
    /units.*0/,
  ],
  [
    'units of 1e9',
    () => join(folder, 'good.csv'),
    ['--forecast', 'value', '--window', '5', '--layers', 'LSTM(1e9), Dense(1)'],
    2,
    /units.*1000000000/,
  ],
  [
    'layers that do not fit each other',
    () => file(folder, 'good.csv', seriesCsv(40)),
    ['--forecast', 'value', '--plain', '--window', '5', '--layers', 'Flatten(), LSTM(3), Dense(1)'],
    2,
    /layers: layer 2 \(LSTM\) needs \(samples, steps, features\)/,
  ],
  [
    'layers of another shape',
    () => join(folder, 'good.csv'),
    ['--forecast', 'value', '--plain', '--window', '5', '--layers', 'LSTM(3), Dense(2)'],
    2,
    /end the layers with Dense\(1\)/,
  ],
  [
    'layers that give no forecast, before anything is fitted',
    () => join(folder, 'good.csv'),
    ['--forecast', 'value', '--dry-run', '--layers', 'Dense(9)'],
    2,
    /the output has shape \(\d+, \d+\), a forecast needs \(\d+\)/,
  ],
  [
    'layers that give no symbols, before anything is fitted',
    () => file(folder, 'symbols.txt', '0,1,2,'.repeat(20)),
    ['--symbols', '--dry-run', '--layers', 'LSTM(3), Dense(9, softmax)'],
    2,
    /the output has shape \(9\), this task needs \(3\)/,
  ],
  [
    'layers that give no text, before anything is fitted',
    () => file(folder, 'text.txt', 'to be or not to be, '.repeat(40)),
    ['--text', '--dry-run', '--layers', 'Dense(9)'],
    2,
    /the output has shape \(9\), this task needs .*end the layers with Dense\(\d+, softmax\)/,
  ],
  ['no task', () => join(folder, 'good.csv'), [], 2, /the task is missing/],
  ['two tasks', () => join(folder, 'good.csv'), ['--text', '--symbols'], 2, /--text and --symbols are two tasks/],
  [
    "another task's option",
    () => join(folder, 'good.csv'),
    ['--text', '--horizon', '2'],
    2,
    /'--horizon' belongs to --forecast/,
  ],
  [
    "another task's value",
    () => join(folder, 'good.csv'),
    ['--classify', 'value', '--text-column', 'date', '--tokens', 'bpe'],
    2,
    /'--tokens <KIND>' argument 'bpe' is invalid\. For --classify it must be one of words, characters/,
  ],
  [
    'a value of no task',
    () => join(folder, 'good.csv'),
    ['--text', '--tokens', 'letters'],
    2,
    /'--tokens <KIND>' argument 'letters' is invalid\. It must be one of words, characters, or one of .*bpe/,
  ],
  ['a count of 0', () => join(folder, 'good.csv'), ['--forecast', 'value', '--epochs', '0'], 2, /--epochs.*at least 1/],
  ['an unknown option', () => join(folder, 'good.csv'), ['--forecst', 'value'], 2, /--forecst.*--forecast/],
  [
    'an unknown optimizer',
    () => join(folder, 'good.csv'),
    ['--forecast', 'value', '--dry-run', '--optimizer', 'adma'],
    2,
    /unknown optimizer 'adma'.*adam/,
  ],
  [
    'binary data',
    () => file(folder, 'binary.txt', 'a\0b'.repeat(50)),
    ['--text', '--window', '5'],
    1,
    /binary\.txt: holds binary data/,
  ],
  ['one symbol', () => file(folder, 'same.txt', '7 7 7 7 7 7 7 7'), ['--symbols'], 1, /same\.txt: .*7/],
];

describe('training', () => {
  test.each(training)('%s', async (_, data, options, code, message) => {
    const path = data();
    const outcome = await memcell('train', path, ...options, '--out', out);
    // What was understood of the data may stand before it.
    const lines = outcome.err.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/^memcell: /);
    expect(lines.at(-1)).toMatch(message);
    expect(lines.filter((line) => line.startsWith('memcell: '))).toHaveLength(1);
    expect(outcome.err).not.toMatch(/\n\s+at /);
    expect(outcome.out).toBe('');
    expect(outcome.code).toBe(code);
    expect(existsSync(out)).toBe(false);
  });

  test('an output that is a file, or in a folder that cannot be written', async () => {
    const data = join(folder, 'good.csv');
    const taken = file(folder, 'taken', 'mine');
    const outcome = await memcell('train', data, '--forecast', 'value', ...fast, '--out', taken);
    expect(outcome.code).toBe(1);
    expect(outcome.err).toMatch(/^memcell: .*taken.*\n$/);
    expect(readFileSync(taken, 'utf8')).toBe('mine');
    const below = await memcell('train', data, '--forecast', 'value', ...fast, '--out', join(taken, 'model'));
    expect(below.code).toBe(1);
    const locked = join(folder, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    // Root may write in any folder.
    const refused = process.getuid?.() === 0 ? '/dev/null/model' : join(locked, 'model');
    const denied = await memcell('train', data, '--forecast', 'value', ...fast, '--out', refused);
    expect(denied.code).toBe(1);
    expect(denied.err).toMatch(/^memcell: .*cannot be/);
    expect(denied.err.trimEnd()).not.toContain('\n');
  });

  test('a learning rate that makes the loss NaN stops, says where, and writes nothing in the first epoch', async () => {
    const rising = file(folder, 'rising.csv', seriesCsv(60));
    const outcome = await memcell(
      ...[
        'train',
        rising,
        '--forecast',
        'value',
        '--plain',
        '--window',
        '5',
        '--layers',
        'Dense(8), Flatten(), Dense(1)',
      ],
      ...['--epochs', '50', '--optimizer', 'sgd', '--learning-rate', '1e20', '--batch-size', '4', '--out', out],
    );
    expect(outcome.code).toBe(1);
    expect(outcome.err).toMatch(
      /memcell: the loss is (NaN|-?Infinity) in epoch 1, batch \d+ of \d+; .*lower learning rate/,
    );
    expect(existsSync(out)).toBe(false);
  });

  test('a loss that becomes NaN later keeps the last good epoch', async () => {
    const rising = join(folder, 'rising.csv');
    const kept = join(folder, 'kept');
    const outcome = await memcell(
      ...[
        'train',
        rising,
        '--forecast',
        'value',
        '--plain',
        '--window',
        '5',
        '--layers',
        'Dense(8), Flatten(), Dense(1)',
      ],
      ...['--epochs', '500', '--optimizer', 'sgd', '--learning-rate', '1.5', '--batch-size', '64', '--out', kept],
    );
    expect(outcome.err).toMatch(
      /(the loss|val_loss) is .* epoch ([2-9]|\d\d+).*the weights before it are saved in .*kept/,
    );
    expect(outcome.code).toBe(1);
    expect((await memcell('predict', kept)).code).toBe(0);
  });
});

describe('a damaged model', () => {
  const model = join(folder, 'model');
  const damaged = (name: string, damage: (path: string) => void): string => {
    const copy = join(folder, name);
    mkdirSync(copy);
    for (const part of readdirSync(model)) writeFileSync(join(copy, part), readFileSync(join(model, part)));
    damage(copy);
    return copy;
  };
  const edited = (name: string, edit: (json: string) => string) =>
    damaged(name, (path) => {
      const at = join(path, 'model.json');
      writeFileSync(at, edit(readFileSync(at, 'utf8')));
    });

  beforeAll(async () => {
    const data = file(folder, 'series.csv', seriesCsv(60));
    const outcome = await memcell('train', data, '--forecast', 'value', ...fast, '--out', model);
    expect(outcome.code).toBe(0);
  });

  test.each<[string, () => string, RegExp]>([
    ['no such folder', () => join(folder, 'nowhere'), /nowhere: no such model folder/],
    [
      'a folder without a model',
      () => damaged('bare', (path) => truncateSync(join(path, 'model.json'), 0)),
      /model\.json/,
    ],
    [
      'a truncated weights.bin',
      () => damaged('short', (path) => truncateSync(join(path, 'weights.bin'), 40)),
      /weights\.bin.*truncated/,
    ],
    ['a model.json that is not JSON', () => edited('broken', (json) => json.slice(0, 200)), /model\.json.*not.*JSON/],
    [
      'a model.json that lies about shapes',
      () => edited('lies', (json) => json.replace(/"shape":\[2,8\]/, '"shape":[2,9]')),
      /model\.json|weights\.bin/,
    ],
    [
      'a task that is damaged',
      () => edited('task', (json) => json.replace('"window":5', '"window":"five"')),
      /model\.json: task\.window is damaged/,
    ],
  ])('%s', async (_, path, message) => {
    const outcome = await memcell('predict', path());
    expect(outcome.err).toMatch(/^memcell: /);
    expect(outcome.err).toMatch(message);
    expect(outcome.err.trimEnd()).not.toContain('\n');
    expect(outcome.out).toBe('');
    expect(outcome.code).toBe(1);
  });

  test.each<[string, string[], RegExp]>([
    ['--start for a forecast', ['--start', '1 2'], /--start is for models trained with --symbols, not --forecast/],
    ['more steps than can be made', ['--steps', '3'], /going on needs other/],
  ])('%s', async (_, options, message) => {
    const outcome = await memcell('predict', model, ...options);
    expect(outcome.err).toMatch(message);
    expect(outcome.code).toBe(2);
  });

  test('generate refuses a forecast, evaluate a file without the columns', async () => {
    const text = await memcell('generate', model);
    expect([text.code, text.out]).toEqual([2, '']);
    const other = file(folder, 'other.csv', 'a,b\n1,2\n3,4\n');
    const evaluation = await memcell('evaluate', model, other);
    expect(evaluation.code).toBe(2);
    expect(evaluation.err).toMatch(/other\.csv: no column .*Its columns: a, b/);
  });

  test('--json tells the error on standard output too', async () => {
    const outcome = await memcell('predict', join(folder, 'nowhere'), '--json');
    expect(JSON.parse(outcome.out)).toEqual({ error: { code: 'model', message: expect.stringContaining('nowhere') } });
  });
});
