import type { Run, Trained } from '../definition.js';
import type { TrainingSettings } from '../settings.js';
import type { ClassifyArtefact } from './artefact.js';
import { type ClassifyEvaluation, scoreClasses } from './evaluation.js';
import type { Labelled, Recipe } from './network.js';
import { artefactOf, type ClassifyData, type Division, majorityOf, problemOf } from './prepare.js';
import { type Encoding, take } from './samples.js';
import { Clock, type Learnt, learn, recipeFor, refit } from './train.js';

/** Samples that are predicted at once. */
export const predictBatch = 512;

/**
 * Trains without the part held out, scores it, and trains on all samples what is saved.
 */
export async function trainClasses(
  data: ClassifyData,
  { train, held }: Division,
  run: Run,
): Promise<Trained<ClassifyArtefact, ClassifyEvaluation>> {
  const clock = new Clock(run.budget);
  const encoding = data.samples.learn(train);
  const first = await learnOn(
    data,
    train,
    encoding,
    run,
    clock,
    held.length > 0 ? 0.5 : 1,
    held.length > 0 ? 'to score' : 'to save',
  );
  const probabilities = await answers(data, held.length > 0 ? held : train, encoding, first);
  const last = held.length === 0 ? undefined : await learnOnAll(data, first, run, clock);
  const learnt = last?.learnt ?? first;
  if (last) first.model.dispose();
  const used = last ? data.order : train;
  const artefact = artefactOf(data, used, last?.encoding ?? encoding);
  const { model } = learnt;
  try {
    const made = { artefact, layers: learnt.layers, settings: settingsOf(learnt.recipe, run), history: first.history };
    await run.trained(model, made);
    const scored = held.length > 0 ? held : train;
    const evaluation = scoreClasses(
      Int32Array.from(scored, (sample) => data.actual[sample]),
      probabilities,
      { classes: data.classes, majority: majorityOf(data, train), balanced: data.options.classWeights === 'balanced' },
      noteOf(held.length, last !== undefined),
    );
    const warnings = [...first.remarks, ...(last?.learnt.remarks ?? [])];
    return {
      model,
      ...made,
      evaluation,
      warnings: [...new Set(evaluation.better ? warnings : [...warnings, evaluation.verdict])],
      ...((learnt.stopped ?? first.stopped) && { stopped: learnt.stopped ?? first.stopped }),
      ...((learnt.diverged ?? first.diverged) && { diverged: learnt.diverged ?? first.diverged }),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function noteOf(held: number, again: boolean): string[] {
  if (held === 0) return ['nothing was held out: these are the samples that the model was trained on'];
  return again
    ? ['the saved model was trained on all samples, those held out included, after these figures were taken']
    : [];
}

async function learnOn(
  data: ClassifyData,
  train: Int32Array,
  encoding: Encoding,
  run: Run,
  clock: Clock,
  time: number,
  name: string,
): Promise<Learnt> {
  return learn(labelled(data, train, encoding), problemOf(data, train, encoding, data.options), run, {
    clock,
    time,
    name,
  });
}

/** What is saved: the same on all samples; undefined when there is no time for it, or the first one was interrupted. */
async function learnOnAll(
  data: ClassifyData,
  first: Learnt,
  run: Run,
  clock: Clock,
): Promise<{ learnt: Learnt; encoding: Encoding } | undefined> {
  if (first.stopped?.reason === 'interrupted' || first.diverged || run.signal?.aborted) return undefined;
  const encoding = data.samples.learn(data.order);
  if (first.steps === undefined) {
    if (clock.left <= 0) return undefined;
    const learnt = await learnOn(data, data.order, encoding, run, clock, 1, 'to save');
    if (learnt.stopped?.reason !== 'interrupted' && !learnt.diverged) return { learnt, encoding };
    learnt.model.dispose();
    return undefined;
  }
  if (clock.left < first.steps * (first.secondsPerStep ?? 0)) {
    first.remarks.push('no time was left to train on the samples held out');
    return undefined;
  }
  run.stage('to save: training on all samples');
  const problem = problemOf(data, data.order, encoding, data.options);
  const { layers, inputShape, weights } = recipeFor(problem, run);
  const recipe: Recipe = { ...first.recipe, layers, inputShape, weights };
  const model = await refit(labelled(data, data.order, encoding), recipe, first.steps, run, undefined);
  return model && { learnt: { ...first, model, layers, remarks: [] }, encoding };
}

export function labelled(data: ClassifyData, samples: Int32Array, encoding: Encoding): Labelled {
  return {
    x: take(data.samples.encode(encoding), samples),
    y: Int32Array.from(samples, (sample) => data.actual[sample]),
  };
}

export async function answers(
  data: ClassifyData,
  samples: Int32Array,
  encoding: Encoding,
  { model }: Learnt,
): Promise<ArrayLike<number>> {
  const { x } = labelled(data, samples, encoding);
  return (await model.predict(x, { batchSize: predictBatch })).data;
}

function settingsOf(recipe: Recipe, run: Run): TrainingSettings {
  const { epochs, batchSize, optimizer, learningRate, patience } = recipe;
  return {
    epochs,
    batchSize,
    optimizer,
    learningRate,
    validationSplit: run.settings.validationSplit ?? 0.2,
    ...(patience !== undefined && { patience }),
    seed: run.seed,
  };
}
