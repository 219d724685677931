/**
 * The accuracy of three tasks on the data held out (the last 20 %), for three seeds, beside what Keras 3 gets with the same
 * settings. Exit 1 when the mean over the seeds is worse than Keras's range.
 *
 *     node scripts/run-ts.mjs bench/accuracy.ts [digits] [weather] [psalms]
 */
import type { TaskTraining } from '../src/tasks/functionOptions.js';
import { classify, forecast, textModel } from '../src/tasks/functions.js';

interface Case {
  name: string;
  /** Trains as Keras would and gives the figure that is compared, with that of the task's baseline. */
  run(seed: number): Promise<{ value: number; baseline: number }>;
  unit: string;
  /** What Keras gets; `worst` is its bad end. */
  keras: string;
  worst: number;
  better: 'higher' | 'lower';
}

const data = 'test/fixtures/data';
const seeds = [1, 2, 3];
const plain: TaskTraining = { plain: true, batchSize: 32 };

const cases: Case[] = [
  {
    name: 'digits',
    run: async (seed) => {
      const layers = 'LSTM(64), Dense(10, softmax)';
      const settings = { ...plain, layers, epochs: 30, learningRate: 0.001, seed };
      const model = await classify(`${data}/digits.csv`, { label: 'digit', steps: 8, ...settings });
      model.dispose();
      const { accuracy: value, majorityAccuracy: baseline } = model.evaluation!;
      return { value, baseline };
    },
    unit: 'accuracy',
    keras: '0.886–0.911',
    worst: 0.886,
    better: 'higher',
  },
  {
    name: 'weather',
    run: async (seed) => {
      const features = ['precipitation', 'temp_max', 'temp_min', 'wind'];
      const settings = { ...plain, layers: 'LSTM(32), Dense(1)', epochs: 30, learningRate: 0.001, seed };
      const columns = { target: 'temp_max', features, window: 30 };
      const model = await forecast(`${data}/seattle-weather.csv`, { ...columns, ...settings });
      model.dispose();
      const { mae: value, naive } = model.evaluation!.targets[0];
      return { value, baseline: naive.mae };
    },
    unit: '°C mean absolute error',
    keras: '2.18–2.23',
    worst: 2.23,
    better: 'lower',
  },
  {
    name: 'psalms',
    run: async (seed) => {
      const settings = { ...plain, window: 50, epochs: 10, learningRate: 0.004, seed };
      const model = await textModel({ files: [`${data}/psalms.txt`] }, settings);
      model.dispose();
      const { crossEntropy: value, unigramCrossEntropy: baseline } = model.evaluation!;
      return { value, baseline };
    },
    unit: 'nats per character',
    keras: '1.46',
    worst: 1.46,
    better: 'lower',
  },
];

const wanted = process.argv.slice(2);
for (const { name, run, unit, keras, worst, better } of cases) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const values: number[] = [];
  let baseline = Number.NaN;
  const start = performance.now();
  for (const seed of seeds) {
    const figure = await run(seed);
    values.push(figure.value);
    baseline = figure.baseline;
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
