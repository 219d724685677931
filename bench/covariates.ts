/**
 * What bench/forecasts.ts does not measure: tables of several targets, several series, columns known ahead, columns known up to
 * now, missing values, short yearly series, and days with a week and a year. Fitted on the first 80 %, forecast from every row of
 * the rest with nothing refitted; beside naive, seasonal naive, drift, exponential smoothing alone, and each target or series (or
 * the target without its columns, or without gaps) fitted by itself.
 *
 *     node scripts/run-ts.mjs bench/covariates.ts [--sets chosen|kept|all] [--seed N] [name or kind ...]
 *
 * Choices were made on the sets 'chosen' alone; 'kept' ones are what is reported.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Source } from '../src/data/source.js';
import { openSource } from '../src/data/source.js';
import { prepareBackend } from '../src/kernels/backend.js';
import { Random } from '../src/random.js';
import type { Run } from '../src/tasks/definition.js';
import type { ForecastEvaluation } from '../src/tasks/forecast/evaluation.js';
import type { ForecastOptions } from '../src/tasks/forecast/options.js';
import { forecastTask } from '../src/tasks/forecast/task.js';
import { type Case, cases } from './covariateSets.js';

const { values: given, positionals } = parseArgs({
  options: { seed: { type: 'string' }, sets: { type: 'string' } },
  allowPositionals: true,
});
const folders = ['forecasting/tables', 'tables', 'data'].map((name) => `test/fixtures/${name}`);
const sets = given.sets ?? 'all';
const run: Run = {
  seed: Number(given.seed ?? 1),
  plain: false,
  settings: {},
  callbacks: [],
  stage: () => {},
  trained: async () => {},
};

interface Table {
  head: string[];
  rows: string[][];
}

function read(file: string): Table {
  const path = folders.map((folder) => `${folder}/${file}.csv`).find(existsSync);
  if (path === undefined) throw new Error(`no ${file}.csv`);
  const [head, ...rows] = readFileSync(path, 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  return { head, rows };
}

function asSource({ head, rows }: Table): Source {
  return openSource(rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]]))));
}

async function score(table: Table, options: ForecastOptions): Promise<ForecastEvaluation> {
  if (forecastTask.backtest === undefined) throw new Error('no backtest');
  return forecastTask.backtest(asSource(table), options, run, { folds: 1, refit: false });
}

/** What was compared, each a list of the same length: MASE (with missing values, whose scale is another, the mean absolute error) of every target (of every series). */
type Compared = Map<string, number[]>;

async function measure(one: Case): Promise<{ compared: Compared; coverage: number[] }> {
  const table = read(one.file);
  const of = one.missing ? 'mae' : 'mase';
  const options: ForecastOptions = { targets: one.targets, ...one.options };
  const used = one.missing ? withoutCells(table, one) : table;
  const whole = await score(used, options);
  const compared: Compared = new Map();
  const put = (name: string, values: (number | null | undefined)[]) =>
    compared.set(
      name,
      values.map((value) => value ?? Number.NaN),
    );
  if (whole.series)
    put(
      'model',
      whole.series.flatMap(({ targets }) => targets.map(({ mase }) => mase)),
    );
  else
    put(
      'model',
      whole.targets.map((errors) => errors[of]),
    );
  const alone: ForecastEvaluation[] = [];
  if (whole.series) {
    for (const { name } of whole.series) alone.push(await score(ofSeries(table, one, name), withoutGroup(options)));
  } else if (one.missing) alone.push(await score(table, options));
  else if (one.targets.length > 1) {
    const others = (target: string) => one.targets.filter((name) => name !== target);
    for (const target of one.targets) {
      alone.push(
        await score(table, { ...options, targets: [target], drop: [...(options.drop ?? []), ...others(target)] }),
      );
    }
  } else if (one.columns) {
    const { known: _, ...rest } = options;
    alone.push(await score(table, { ...rest, drop: [...(options.drop ?? []), ...one.columns] }));
  }
  const guesses = whole.series ? alone.flatMap(({ targets }) => targets) : whole.targets;
  if (alone.length > 0)
    put(
      'alone',
      alone.flatMap(({ targets }) => targets.map((errors) => errors[of])),
    );
  put(
    'ETS',
    guesses.map(({ smoothing }) => smoothing?.[of]),
  );
  put(
    'naive',
    guesses.map(({ naive }) => naive[of]),
  );
  put(
    'seasonal',
    guesses.map(({ seasonalNaive, naive }) => (seasonalNaive ?? naive)[of]),
  );
  put(
    'drift',
    guesses.map(({ drift }) => drift[of]),
  );
  const shares = whole.targets.map(({ coverage = [] }) => coverage.map(({ share }) => share));
  return { compared, coverage: [0, 1].map((p) => mean(shares.map((own) => own[p]))) };
}

function withoutGroup({ group: _, ...options }: ForecastOptions): ForecastOptions {
  return options;
}

function ofSeries({ head, rows }: Table, { options = {} }: Case, name: string): Table {
  const at = (options.group ?? []).map((column) => head.indexOf(column));
  const kept = head.map((_, i) => i).filter((i) => !at.includes(i));
  const own = rows.filter((row) => at.map((i) => row[i]).join(' / ') === name);
  return { head: kept.map((i) => head[i]), rows: own.map((row) => kept.map((i) => row[i])) };
}

/** Cells of the target knocked out in the first 80 % of the rows: one by one, or in blocks of up to 8. */
function withoutCells({ head, rows }: Table, { missing, targets }: Case): Table {
  const random = new Random(7);
  const at = head.indexOf(targets[0]);
  const n = Math.floor(0.8 * rows.length);
  const gone = new Set<number>();
  while (missing && gone.size < missing.share * n) {
    const first = 1 + Math.floor(random.uniform() * (n - 2));
    const length = missing.blocks ? 3 + Math.floor(6 * random.uniform()) : 1;
    for (let row = first; row < Math.min(n - 1, first + length); row++) gone.add(row);
  }
  return { head, rows: rows.map((row, i) => (gone.has(i) ? row.map((cell, c) => (c === at ? '' : cell)) : row)) };
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** Of ratios a / b, the geometric mean; pairs without a scale are left out. */
function ratio(a: number[], b: number[]): number {
  const logs = a.map((value, i) => Math.log(value / b[i])).filter(Number.isFinite);
  return Math.exp(mean(logs));
}

await prepareBackend();
const chosen = cases.filter(
  ({ name, kind, set }) =>
    (positionals.length === 0 || positionals.includes(name) || positionals.includes(kind)) &&
    (sets === 'all' || sets === set),
);
const columns = ['alone', 'ETS', 'naive', 'seasonal', 'drift'];
console.log(
  `MASE over all steps, the mean; then the model's relative to the others' (geometric mean, below 1 is better)`,
);
console.log(
  ['', '', 'MASE', ...columns, '80 %', '95 %', 's']
    .map((text, i) => (i === 0 ? text.padEnd(34) : text.padStart(9)))
    .join(''),
);
const byKind = new Map<string, { name: string; ratios: number[] }[]>();
for (const one of chosen) {
  const started = performance.now();
  const { compared, coverage } = await measure(one);
  const model = compared.get('model') ?? [];
  const ratios = columns.map((name) => {
    const other = compared.get(name);
    return other ? ratio(model, other) : Number.NaN;
  });
  const kind = `${one.set}: ${one.kind}`;
  byKind.set(kind, [...(byKind.get(kind) ?? []), { name: one.name, ratios }]);
  const cells = [
    mean(model.filter(Number.isFinite)).toFixed(3),
    ...ratios.map((value) => (Number.isNaN(value) ? '' : value.toFixed(3))),
    ...coverage.map((share) => `${(100 * share).toFixed(1)}`),
    ((performance.now() - started) / 1000).toFixed(1),
  ];
  console.log(
    `${`${one.kind} ${one.name}`.padEnd(34)}${one.set.padStart(9)}${cells.map((cell) => cell.padStart(9)).join('')}`,
  );
}
console.log('\nby kind, the geometric mean; in brackets on how many of them not worse by more than 1 %');
for (const [kind, list] of byKind) {
  const cells = columns.map((_, i) => {
    const own = list.map(({ ratios }) => ratios[i]).filter((value) => !Number.isNaN(value));
    if (own.length === 0) return '';
    return `${ratio(
      own,
      own.map(() => 1),
    ).toFixed(3)} (${own.filter((value) => value <= 1.01).length}/${own.length})`;
  });
  console.log(`${kind.padEnd(34)}${cells.map((cell) => cell.padStart(14)).join('')}`);
}
