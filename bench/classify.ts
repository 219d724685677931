/**
 * Classes with no option given, beside logistic regression and the most frequent class: accuracy and log loss on the part of
 * 20 % that is held out, the mean of three seeds, each with a division of its own (and, of sets that are made, with samples
 * of its own). Sets with * are of the kinds that the recipes were chosen on, drawn anew.
 *
 *     node scripts/run-ts.mjs bench/classify.ts [name...]
 */
import { parseTable } from '../src/data/read.js';
import { formatTable } from '../src/format.js';
import type { ClassifyEvaluation } from '../src/tasks/classify/evaluation.js';
import { classifyTask } from '../src/tasks/classify/task.js';
import type { Run } from '../src/tasks/definition.js';
import { type ClassifySet, classifySets } from './classifySets.js';

const seeds = [1, 2, 3];
const wanted = process.argv.slice(2);

async function score({ name, options, text }: ClassifySet, seed: number, layers?: string): Promise<ClassifyEvaluation> {
  const source = { name, table: async () => parseTable(text, `${name}.csv`), text: async () => text };
  const run: Run = {
    seed,
    plain: false,
    settings: {},
    callbacks: [],
    ...(layers !== undefined && { layers }),
    stage: () => undefined,
    trained: async () => undefined,
  };
  const prepared = await classifyTask.prepare(source, options, run);
  const { model, evaluation } = await prepared.train();
  model.dispose();
  return evaluation;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const rows: string[][] = [];
for (const { name, options, seen } of classifySets(0)) {
  if (wanted.length > 0 && !wanted.some((one) => name.startsWith(one))) continue;
  const sets = seeds.flatMap((seed) => classifySets(seed).find((set) => set.name === name) ?? []);
  const own: ClassifyEvaluation[] = [];
  const linear: ClassifyEvaluation[] = [];
  const start = performance.now();
  for (const [i, set] of sets.entries()) own.push(await score(set, seeds[i]));
  const seconds = (performance.now() - start) / 1000 / seeds.length;
  // Groups of different lengths are no rows of one width.
  const layers = (classes: number) => `${options.steps === undefined ? '' : 'Flatten, '}Dense(${classes}, softmax)`;
  for (const [i, set] of sets.entries()) {
    if (options.group === undefined) linear.push(await score(set, seeds[i], layers(own[i].classes.length)));
  }
  const cell = (scores: ClassifyEvaluation[]) =>
    scores.length === 0
      ? '–'
      : `${(100 * mean(scores.map(({ accuracy }) => accuracy))).toFixed(1)} / ${mean(scores.map(({ logLoss }) => logLoss)).toFixed(3)}`;
  rows.push([
    seen ? `${name} *` : name,
    (100 * mean(own.map(({ majorityAccuracy }) => majorityAccuracy))).toFixed(1),
    cell(linear),
    cell(own),
    seconds.toFixed(1),
  ]);
  console.log(rows.at(-1)?.join('  '));
}
console.log(`\n${formatTable(['set', 'majority', 'logistic', 'memcell', 's'], rows)}`);
