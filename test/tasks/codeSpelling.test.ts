import { expect, test } from '@jest/globals';
import type { Account } from '../../src/data/frame.js';
import { MemcellError } from '../../src/errors.js';
import { scoreClasses } from '../../src/tasks/classify/evaluation.js';
import { accountInCode, evaluationInCode, inCodeSpelling, spelledInCode } from '../../src/tasks/codeSpelling.js';
import { flags, kinds } from '../../src/tasks/flags.js';
import { ClassifyModel } from '../../src/tasks/models.js';
import { Pictures } from '../../src/tasks/shown.js';

test.each([
  ['several series in one table: --group store', "several series in one table: group: ['store']"],
  ['--group "town, street" (or one of them)', `group: ['town, street'] (or one of them)`],
  ["a --text-column it's", 'a textColumn: "it\'s"'],
  ['leave out --fill none to have it filled in', "leave out fill: 'none' to have it filled in"],
  ['--decimal , for 1070; --decimal . for 1.07', "decimal: ',' for 1070; decimal: '.' for 1.07"],
  ['give --tokens words or --tokens bpe', "give tokens: 'words' or tokens: 'bpe'"],
  ['take --window 39 or less', 'take window 39 or less'],
  ['take another --validation-split', 'take another validationSplit'],
  ['--features takes them in', 'features takes them in'],
  ['--interval: a model trained with --plain has none', 'interval: a model trained with plain has none'],
  ['give --future FILE with the columns', 'give future FILE with the columns'],
  ['for numbers that go on, use --forecast', 'for numbers that go on, use forecast'],
  ["turn the table: --sql 'unpivot data'", "turn the table: --sql 'unpivot data'"],
  ['the cell is --', 'the cell is --'],
])('%s', (message, inCode) => {
  expect(inCodeSpelling(message)).toBe(inCode);
});

test('no flag of a task stays', () => {
  const written = kinds.flatMap((kind) => {
    const { choose, options, predictOptions } = flags[kind];
    return [choose, ...Object.values(options), ...Object.values(predictOptions)].map(({ flags }) => flags);
  });
  expect(written.length).toBeGreaterThan(30);
  expect(written.map(inCodeSpelling).filter((text) => text.includes('--'))).toEqual([]);
});

test('what was understood of a table: why a column is out, and the notes; all else as it was', () => {
  const account: Account = {
    source: '--window 3',
    read: 5,
    rows: 4,
    columns: [
      { name: '--window', use: 'out', how: '--layers', why: 'take it with --features x' },
      { name: 'y', use: 'target', how: 'number' },
    ],
    notes: ['rows to come, see --future', 'plain', 'take --window 39 or less'],
  };
  const kept = structuredClone(account);
  expect(accountInCode(account)).toEqual({
    ...kept,
    columns: [{ ...kept.columns[0], why: "take it with features: ['x']" }, kept.columns[1]],
    notes: ['rows to come, see future', 'plain', 'take window 39 or less'],
  });
  expect(account).toEqual(kept);
});

test.each<[object, object]>([
  [
    { kind: 'x', samples: 3 },
    { kind: 'x', samples: 3 },
  ],
  [
    { verdict: 'leave out --layers', notes: ['use --forecast', 'b'] },
    { verdict: 'leave out layers', notes: ['use forecast', 'b'] },
  ],
  [
    { verdict: { text: '--layers' }, notes: 3 },
    { verdict: { text: '--layers' }, notes: 3 },
  ],
])('how good a model is: %j', (evaluation, inCode) => {
  const kept = structuredClone(evaluation);
  expect(evaluationInCode(evaluation)).toEqual(inCode);
  expect(evaluation).toEqual(kept);
});

test('what work throws: an error of its own in code spelling with code and cause, any other as it is', async () => {
  const thrown = (error: unknown) =>
    spelledInCode(async () => {
      throw error;
    }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
  const cause = new Error('why');
  const spelled = await thrown(new MemcellError('take --window 39 or less', { code: 'usage', cause }));
  const { message, code, cause: because } = spelled as MemcellError;
  expect([spelled instanceof MemcellError, message, code, because]).toEqual([
    true,
    'take window 39 or less',
    'usage',
    cause,
  ]);
  for (const error of [new MemcellError('nothing', { code: 'io' }), new Error('--future'), '--future']) {
    expect(await thrown(error)).toBe(error);
  }
  expect(await spelledInCode(async () => '--future')).toBe('--future');
});

test('a model in code says all of it in code spelling, in its report too', () => {
  const account: Account = {
    source: 'data',
    read: 5,
    rows: 5,
    columns: [
      { name: 'a', use: 'feature', how: 'number' },
      { name: 'b', use: 'out', how: 'text', why: 'take it with --features b' },
    ],
    notes: ['leave out --fill none to have it filled in'],
  };
  const scores = scoreClasses(
    Int32Array.of(0, 1),
    [0.75, 0.25, 0.75, 0.25],
    { classes: ['u', 'v'], majority: 0, balanced: false },
    ['use --window 39 or less'],
  );
  const evaluation = { ...scores, verdict: 'see --class-weights balanced' };
  const history = { loss: [2, 1] };
  const warnings = ['take another --validation-split', 'plain'];
  const made = { evaluation, on: ', held out', understood: account, warnings, history, pictures: new Pictures() };
  const summary = { summaryText: () => 'the layers', toJSON: () => 'its network' };
  const loaded = { model: summary, artefact: { classes: ['u', 'v'] }, name: 'm' };
  const model = new ClassifyModel(loaded as never, made);
  expect(model.understood).toEqual({
    ...account,
    columns: [account.columns[0], { ...account.columns[1], why: "take it with features: ['b']" }],
    notes: ["leave out fill: 'none' to have it filled in"],
  });
  const inCode = { ...evaluation, verdict: "see classWeights: 'balanced'", notes: ['use window 39 or less'] };
  expect(model.evaluation).toEqual(inCode);
  expect([model.kind, model.warnings, model.history, model.classes]).toEqual([
    'classify',
    ['take another validationSplit', 'plain'],
    history,
    ['u', 'v'],
  ]);
  const report = model.report();
  expect(report).not.toContain('--');
  expect(report.split('\n').slice(-2)).toEqual(['warning: take another validationSplit', 'warning: plain']);
  expect(report).toContain('2 samples, held out: accuracy 50.0 %');
  for (const line of ["features: ['b']", "fill: 'none'", "classWeights: 'balanced'", 'window 39'])
    expect(report).toContain(line);
  expect(model.toJSON()).toEqual({
    task: 'classify',
    network: 'its network',
    evaluation: inCode,
    warnings: ['take another validationSplit', 'plain'],
  });
  const bare = new ClassifyModel(loaded as never);
  expect([bare.report(), bare.toJSON(), bare.understood]).toEqual([
    'the layers',
    { task: 'classify', network: 'its network', warnings: [] },
    undefined,
  ]);
});
