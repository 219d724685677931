/**
 * The accuracy of three tasks on the data held out (the last 20 %), for three seeds, beside what Keras 3 gets with the same
 * settings. Exit 1 when the mean over the seeds is worse than Keras's range.
 *
 *     node scripts/run-ts.mjs bench/accuracy.ts [digits] [weather] [psalms]
 */
import type { Evaluation } from '../src/tasks/evaluation.js';
import { type TrainTaskOptions, trainTask } from '../src/tasks/task.js';

interface Case {
  name: string;
  options: TrainTaskOptions;
  /** The figure that is compared, and that of the task's baseline. */
  figure(evaluation: Evaluation): { value: number; baseline: number } | undefined;
  unit: string;
  /** What Keras gets; `worst` is its bad end. */
  keras: string;
  worst: number;
  better: 'higher' | 'lower';
}

const data = 'test/fixtures/data';
const seeds = [1, 2, 3];

const cases: Case[] = [
  {
    name: 'digits',
    options: {
      data: `${data}/digits.csv`,
      task: { kind: 'classify', options: { label: 'digit', steps: 8 } },
      layers: 'LSTM(64), Dense(10, softmax)',
      settings: { epochs: 30, batchSize: 32, learningRate: 0.001 },
    },
    figure: (e) => (e.kind === 'classify' ? { value: e.accuracy, baseline: e.majorityAccuracy } : undefined),
    unit: 'accuracy',
    keras: '0.886–0.911',
    worst: 0.886,
    better: 'higher',
  },
  {
    name: 'weather',
    options: {
      data: `${data}/seattle-weather.csv`,
      task: {
        kind: 'forecast',
        options: { targets: ['temp_max'], features: ['precipitation', 'temp_max', 'temp_min', 'wind'], window: 30 },
      },
      layers: 'LSTM(32), Dense(1)',
      settings: { epochs: 30, batchSize: 32, learningRate: 0.001 },
    },
    figure: (e) => (e.kind === 'forecast' ? { value: e.targets[0].mae, baseline: e.targets[0].naive.mae } : undefined),
    unit: '°C mean absolute error',
    keras: '2.18–2.23',
    worst: 2.23,
    better: 'lower',
  },
  {
    name: 'psalms',
    options: {
      data: `${data}/psalms.txt`,
      task: { kind: 'text', options: { window: 50 } },
      settings: { epochs: 10, batchSize: 32, learningRate: 0.004 },
    },
    figure: (e) => (e.kind === 'text' ? { value: e.crossEntropy, baseline: e.unigramCrossEntropy } : undefined),
    unit: 'nats per character',
    keras: '1.46',
    worst: 1.46,
    better: 'lower',
  },
];

const wanted = process.argv.slice(2);
for (const { name, options, figure, unit, keras, worst, better } of cases) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const values: number[] = [];
  let baseline = Number.NaN;
  const start = performance.now();
  for (const seed of seeds) {
    const { model, evaluation } = await trainTask({ ...options, settings: { ...options.settings, seed } });
    model.dispose();
    const found = figure(evaluation);
    if (found === undefined) throw new Error(`${name}: evaluated as ${evaluation.kind}`);
    values.push(found.value);
    baseline = found.baseline;
  }
  const seconds = (performance.now() - start) / 1000 / seeds.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const holds = better === 'higher' ? mean >= worst : mean <= worst;
  if (!holds) process.exitCode = 1;
  const shown = values.map((value) => value.toFixed(3)).join(', ');
  console.log(
    `${name}: ${unit} ${shown}, mean ${mean.toFixed(3)}; Keras ${keras}, baseline ${baseline.toFixed(3)}; ${seconds.toFixed(1)} s a training${holds ? '' : '  WORSE THAN KERAS'}`,
  );
}
