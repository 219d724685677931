/**
 * Forecasts of 23 public series beside what other methods get: fitted on the first 80 %, forecast from every row of the rest with
 * nothing refitted. Exit 1 when a goal is missed.
 *
 *     node scripts/run-ts.mjs bench/forecasts.ts [series ...] [--seed N]
 *
 * MASE is the mean absolute error over that of seasonal naive on the training part; methods are compared by the geometric mean
 * over the series of their MASE relative to seasonal naive's. The others' figures are those of test/fixtures/forecasting/README.md.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { prepareBackend } from '../src/kernels/backend.js';
import { fit as fitForecaster } from '../src/tasks/forecast/fit.js';
import type { SeriesSet } from '../src/tasks/forecast/forecaster.js';
import { forecastFrom } from '../src/tasks/forecast/forecastFrom.js';

interface Sample {
  name: string;
  m: number;
  H: number;
  y: number[];
}

type Figures = Record<string, Record<string, number | null>>;

interface Result {
  one: number;
  season: number;
  anchor: { one: number; season: number };
  coverage: number[];
  cpu: number;
  remarks: string[];
}

const GOALS = {
  one: 0.395,
  season: 0.52,
  notWorse: 22,
  cpu: 0.3,
  coverage: [
    [0.78, 0.83],
    [0.92, 0.97],
  ],
};
const PROBABILITIES = [0.8, 0.95];
const DAY = 86_400_000;

const { values: options, positionals } = parseArgs({ options: { seed: { type: 'string' } }, allowPositionals: true });
const seed = Number(options.seed ?? 1);
const samples: Sample[] = JSON.parse(readFileSync('test/fixtures/forecasting/series.json', 'utf8'));
const [seasonFigures, oneFigures]: Figures[] = Object.values(
  JSON.parse(readFileSync('test/fixtures/forecasting/mase.json', 'utf8')),
);

/** Daily series get dates, so that the day of the year is known. */
function asSet({ name, m, y }: Sample, rows: number): SeriesSet {
  const targets = Float64Array.from(y.slice(0, rows));
  const empty = new Float64Array(0);
  const times = m === 7 ? { times: Float64Array.from(targets, (_, t) => t * DAY) } : {};
  return {
    targets: ['y'],
    past: [],
    known: [],
    series: [{ name, rows, targets, past: empty, known: empty, ...times }],
    season: m,
    ...(m === 7 && { step: { unit: 'millisecond', count: DAY } }),
  };
}

async function measure(sample: Sample): Promise<Result> {
  const { y, m, H: horizon } = sample;
  const n = y.length;
  const trained = n - Math.max(horizon + 1, Math.floor(0.2 * n));
  const before = process.cpuUsage();
  const run = { seed, plain: false, settings: {}, callbacks: [], stage: () => {}, trained: async () => {} };
  const { model, state, remarks } = await fitForecaster(asSet(sample, trained), { horizon, run });
  const { user, system } = process.cpuUsage(before);
  const origins = Array.from({ length: n - trained }, (_, i) => trained + i);
  const { series } = asSet(sample, n);
  const made = await forecastFrom(model, state, series[0], origins, horizon, PROBABILITIES);
  model.dispose();
  let scale = 0;
  for (let t = m; t < trained; t++) scale += Math.abs(y[t] - y[t - m]) / (trained - m);
  const error = (values: Float64Array, steps: number, whole: boolean) => {
    let sum = 0;
    let count = 0;
    for (const [i, origin] of origins.entries()) {
      if (whole && origin + horizon > n) break;
      for (let h = 0; h < steps; h++, count++) sum += Math.abs(values[i * horizon + h] - y[origin + h]);
    }
    return sum / count / scale;
  };
  const coverage = made.intervals.map(({ lower, upper }) => {
    let inside = 0;
    let count = 0;
    for (const [i, origin] of origins.entries()) {
      for (let h = 0; h < horizon && origin + h < n; h++, count++) {
        const k = i * horizon + h;
        if (y[origin + h] >= lower[k] && y[origin + h] <= upper[k]) inside++;
      }
    }
    return inside / count;
  });
  const both = (values: Float64Array) => ({ one: error(values, 1, false), season: error(values, horizon, true) });
  return { ...both(made.values), anchor: both(made.anchor), coverage, cpu: (user + system) / 1e6, remarks };
}

const geometric = (values: number[]) => Math.exp(mean(values.map(Math.log)));
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

await prepareBackend();
const chosen = positionals.length > 0 ? samples.filter(({ name }) => positionals.includes(name)) : samples;
const results = new Map<string, Result>();
console.log('MASE at one step / over one season; in brackets the better naive; coverage of 80 and 95 % intervals');
for (const sample of chosen) {
  const result = await measure(sample);
  results.set(sample.name, result);
  const naive = (figures: Figures) => Math.min(figures[sample.name].naive ?? 9, figures[sample.name].snaive ?? 9);
  console.log(
    [
      sample.name.padEnd(10),
      `${result.one.toFixed(3)} (${naive(oneFigures).toFixed(2)}) / ${result.season.toFixed(3)} (${naive(seasonFigures).toFixed(2)})`,
      `anchor ${result.anchor.one.toFixed(3)} / ${result.anchor.season.toFixed(3)}`,
      result.coverage.map(percent).join(' '),
      `${result.cpu.toFixed(2)} s`,
      result.remarks.join('; '),
    ].join('  '),
  );
}

const names = chosen.map(({ name }) => name);
const relative = (figures: Figures, of: (name: string) => number | null) => {
  const ratios = names.map((name) => (of(name) ?? Number.NaN) / (figures[name].snaive ?? Number.NaN));
  return geometric(ratios.filter((ratio) => !Number.isNaN(ratio)));
};
const own = {
  one: relative(oneFigures, (name) => results.get(name)?.one ?? null),
  season: relative(seasonFigures, (name) => results.get(name)?.season ?? null),
};
console.log('\nMASE relative to seasonal naive, geometric mean over the series: one step / season');
console.log(`memcell     ${own.one.toFixed(4)} / ${own.season.toFixed(4)}`);
const anchors = {
  one: relative(oneFigures, (name) => results.get(name)?.anchor.one ?? null),
  season: relative(seasonFigures, (name) => results.get(name)?.anchor.season ?? null),
};
console.log(`its anchor  ${anchors.one.toFixed(4)} / ${anchors.season.toFixed(4)}`);
const missed: string[] = [];
for (const method of Object.keys(oneFigures[names[0]])) {
  if (method === 'n' || method === 'm') continue;
  const figures = {
    one: relative(oneFigures, (name) => oneFigures[name][method]),
    season: relative(seasonFigures, (name) => seasonFigures[name][method]),
  };
  console.log(`${method.padEnd(11)} ${figures.one.toFixed(4)} / ${figures.season.toFixed(4)}`);
  if (!(own.one < figures.one && own.season < figures.season)) missed.push(`better than ${method}`);
}
const notWorse = names.filter((name) => {
  const result = results.get(name);
  const bound = (figures: Figures) => Math.min(figures[name].naive ?? 9, figures[name].snaive ?? 9) + 0.005;
  return result !== undefined && result.one <= bound(oneFigures) && result.season <= bound(seasonFigures);
});
const all = [...results.values()];
const coverage = PROBABILITIES.map((_, p) => mean(all.map((result) => result.coverage[p])));
const cpu = mean(all.map((result) => result.cpu));
console.log(`not worse than the better naive: ${notWorse.length} of ${names.length}`);
console.log(`coverage ${coverage.map(percent).join(' and ')}; ${cpu.toFixed(2)} CPU seconds a series`);
if (own.one > GOALS.one || own.season > GOALS.season) missed.push(`${GOALS.one} / ${GOALS.season}`);
if (notWorse.length < Math.min(GOALS.notWorse, names.length)) missed.push(`${GOALS.notWorse} not worse than naive`);
if (cpu > GOALS.cpu) missed.push(`${GOALS.cpu} CPU seconds`);
for (const [p, [low, high]] of GOALS.coverage.entries()) {
  if (coverage[p] < low || coverage[p] > high) missed.push(`coverage of ${percent(PROBABILITIES[p])} intervals`);
}
console.log(missed.length > 0 ? `missed: ${missed.join(', ')}` : 'all goals met');
process.exit(missed.length > 0 ? 1 : 0);
