import { otherWork } from '../../eventLoop.js';
import type { Run, Trained } from '../definition.js';
import type { StoppedFit } from '../fitNetwork.js';
import type { TrainingSettings } from '../settings.js';
import type { ClassifyArtefact } from './artefact.js';
import { artefactOf, type ClassifyData, type Division, majorityOf, problemOf } from './classifyData.js';
import { type ClassifyEvaluation, nothingHeldOut, scoreClasses } from './evaluation.js';
import type { Labelled, Recipe } from './network.js';
import { type Encoding, predictBatch, take } from './samples.js';
import { showClasses, shownSamples } from './shown.js';
import { Clock, type Learnt, learn, recipeFor, refit } from './train.js';

/**
 * Trains without the part held out, scores it, and trains on all samples what is saved.
 */
export async function trainClasses(
  data: ClassifyData,
  { train, held }: Division,
  run: Run,
): Promise<Trained<ClassifyArtefact, ClassifyEvaluation>> {
  const clock = new Clock(run);
  await otherWork();
  const encoding = data.samples.learn(train);
  await otherWork();
  const scored = held.length > 0 ? held : train;
  const how =
    held.length > 0 ? { time: 0.5, name: 'the model that is scored' } : { time: 1, name: 'the model that is saved' };
  const first = await learnOn(data, train, encoding, run, clock, how);
  let { model } = first;
  try {
    await otherWork();
    const probabilities = await answers(data, scored, encoding, first);
    const last = held.length === 0 || run.purpose ? {} : await learnOnAll(data, first, run, clock);
    const learnt = last.learnt ?? first;
    if (last.learnt) first.model.dispose();
    model = learnt.model;
    const stopped = last.stopped ?? learnt.stopped;
    const artefact = artefactOf(data, last.learnt ? data.order : train, last.encoding ?? encoding);
    const made = { artefact, layers: learnt.layers, settings: settingsOf(learnt.recipe, run), history: first.history };
    await run.trained(model, made);
    const told = Int32Array.from(scored, (sample) => data.actual[sample]);
    run.shown?.(showClasses(data.classes, told, probabilities, shownSamples({ ...data, encoding }, scored)));
    await otherWork();
    const evaluation = scoreClasses(
      told,
      probabilities,
      { classes: data.classes, majority: majorityOf(data, train), balanced: data.options.classWeights === 'balanced' },
      [...noteOf(held.length, last.learnt !== undefined), ...(learnt.joined ? [learnt.joined] : [])],
    );
    const warnings = [...first.remarks, ...(last.learnt?.remarks ?? [])];
    return {
      model,
      ...made,
      evaluation,
      warnings: [...new Set(evaluation.better ? warnings : [...warnings, evaluation.verdict])],
      ...(stopped && { stopped }),
      ...(learnt.diverged && { diverged: learnt.diverged }),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function noteOf(held: number, again: boolean): string[] {
  if (held === 0) return [nothingHeldOut];
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
  how: { time: number; name: string },
): Promise<Learnt> {
  const problem = problemOf(data, train, encoding, data.options);
  await otherWork();
  const samples = labelled(data, train, encoding);
  await otherWork();
  return learn(samples, problem, run, { clock, ...how });
}

/** The same on all samples; without a model when there is no time for it, or it was interrupted. */
async function learnOnAll(
  data: ClassifyData,
  first: Learnt,
  run: Run,
  clock: Clock,
): Promise<{ learnt?: Learnt; encoding?: Encoding; stopped?: StoppedFit }> {
  if (first.stopped?.reason === 'interrupted' || first.diverged) return {};
  const encoding = data.samples.learn(data.order);
  await otherWork();
  const noTime = 'no time was left to train on the samples held out';
  if (clock.left < (first.steps ?? 0) * (first.secondsPerStep ?? 0)) {
    first.remarks.push(noTime);
    return {};
  }
  if (first.steps === undefined) {
    const learnt = await learnOn(data, data.order, encoding, run, clock, { time: 1, name: 'to save' });
    if (learnt.stopped?.reason !== 'interrupted' && !learnt.diverged) return { learnt, encoding };
    learnt.model.dispose();
    return { stopped: learnt.stopped };
  }
  run.stage('the model that is saved: training on all samples');
  const problem = problemOf(data, data.order, encoding, data.options);
  const { layers, inputShape, weights } = recipeFor(problem, run);
  const recipe: Recipe = { ...first.recipe, layers, inputShape, weights };
  await otherWork();
  const samples = labelled(data, data.order, encoding);
  await otherWork();
  const { model, stopped } = await refit(samples, recipe, first.steps, run);
  return model ? { learnt: { ...first, model, layers }, encoding } : { stopped };
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
  await otherWork();
  return (await model.predict(x, { batchSize: predictBatch })).data;
}

export function settingsOf(recipe: Recipe, run: Run): TrainingSettings {
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
