import type { NdArray } from '../../data/array.js';
import type { MemcellError } from '../../errors.js';
import { counted } from '../../format.js';
import { deriveKey } from '../../random.js';
import type { Sequential } from '../../sequential.js';
import { startOf } from '../clock.js';
import type { Run } from '../definition.js';
import { LATE, type StoppedFit } from '../fitNetwork.js';
import { fitNetwork, type Labelled, type Recipe, withInputs } from './network.js';
import { linearRecipe, type Problem, rowRecipe, sequenceRecipe } from './recipes.js';
import { take } from './samples.js';
import { holdOut, strata } from './strata.js';
import { type HiddenLayer, hiddenLayerOf, joinedModel, type LinearLayer, linearLayerOf } from './wide.js';

/** Of the samples that are trained on, the part that training is stopped by. */
const stopShare = 0.15;
/** Several networks are trained up to so many rows; with more, one is as good. */
const mostForFolds = 5000;
const foldCount = 5;

/** A trained model, and how it came to be. */
export interface Learnt {
  model: Sequential;
  layers: string;
  recipe: Recipe;
  history: Record<string, number[]>;
  /** Of one network: the steps that it was trained for in the end, and about how long a step takes. */
  steps?: number;
  secondsPerStep?: number;
  stopped?: StoppedFit;
  diverged?: MemcellError;
  /** Of what one network was joined, where its layers are not those that were trained. */
  joined?: string;
  /** What must not be silent: one line each. */
  remarks: string[];
}

/** Time that is left of a budget. */
export class Clock {
  private readonly start: number;
  private readonly seconds: number | undefined;

  constructor(run: Run) {
    this.start = startOf(run);
    this.seconds = run.budget;
  }

  /** Seconds for a share of what is left; undefined without a budget. */
  share(part: number): number | undefined {
    return this.seconds === undefined ? undefined : Math.max(0, this.left * part);
  }

  get left(): number {
    return this.seconds === undefined
      ? Number.POSITIVE_INFINITY
      : this.seconds - (performance.now() - this.start) / 1000;
  }
}

/** Whether rows are few enough for several networks, and nobody asked for another. */
function usesFolds({ encoding, samples }: Problem, run: Run): boolean {
  return encoding.steps === undefined && run.layers === undefined && samples >= foldCount && samples <= mostForFolds;
}

export function recipeFor(problem: Problem, run: Run): Recipe {
  const own = problem.encoding.steps === undefined ? rowRecipe(problem, run) : sequenceRecipe(problem, run);
  const layers = run.from?.layersFor([[problem.classes]], 'softmax') ?? run.layers ?? own.layers;
  return { ...own, layers: withInputs(layers, problem.encoding) };
}

/**
 * Trains on samples. Rows: five networks, each stopped by its fifth of them, and five linear ones, joined to one. Sequences,
 * many rows, and layers of the user's own: one network, stopped by 15 % of the samples, and trained again on all of them
 * for its best number of steps.
 * @param time the share of the time left that may be used
 */
export async function learn(
  samples: Labelled,
  problem: Problem,
  run: Run,
  { clock, time, name }: { clock: Clock; time: number; name: string },
): Promise<Learnt> {
  const inside = { ...run, stage: (text: string) => run.stage(`${name}: ${text}`) };
  if (usesFolds(problem, run)) return learnFolds(samples, problem, inside, clock.share(time));
  return learnOne(samples, problem, inside, clock.share(time));
}

async function learnOne(samples: Labelled, problem: Problem, run: Run, seconds: number | undefined): Promise<Learnt> {
  const recipe = recipeFor(problem, run);
  const { layers } = recipe;
  const all = indices(samples.y.length);
  const { train, held } = holdOut(samples.y, all, stopShare, deriveKey(run.seed, 'stop'));
  if (held.length === 0) {
    run.stage('training');
    const fixed = { ...recipe, patience: undefined };
    const { model, best: _, ...fitted } = await fitNetwork(fixed, samples, undefined, { seed: run.seed, run, seconds });
    return { model, layers, recipe, ...fitted, remarks: isLate(fitted) ? [LATE] : [] };
  }
  const began = performance.now();
  const limit = seconds === undefined ? undefined : seconds * 0.55;
  run.stage('training');
  const found = await fitNetwork(recipe, part(samples, train), part(samples, held), {
    seed: run.seed,
    run,
    seconds: limit,
  });
  const { model, history, best, ...ended } = found;
  const steps = best * Math.ceil(train.length / recipe.batchSize);
  const used = (performance.now() - began) / 1000;
  const secondsPerStep = used / (Math.max(1, history.loss?.length ?? 0) * Math.ceil(train.length / recipe.batchSize));
  const remarks = isLate(ended) ? [LATE] : [];
  const learnt: Learnt = { model, layers, recipe, history, steps, secondsPerStep, ...ended, remarks };
  if (ended.diverged || ended.stopped?.reason === 'interrupted') return learnt;
  if (seconds !== undefined && used + steps * secondsPerStep > seconds) {
    return {
      ...learnt,
      remarks: [...remarks, `no time was left to train on the ${held.length} samples that training was stopped by`],
    };
  }
  let again: Awaited<ReturnType<typeof refit>>;
  try {
    run.stage('training on all of its samples');
    again = await refit(samples, recipe, steps, run);
  } catch (error) {
    model.dispose();
    throw error;
  }
  if (again.model === undefined) return { ...learnt, ...(again.stopped && { stopped: again.stopped }) };
  model.dispose();
  return { ...learnt, model: again.model };
}

function isLate({ stopped }: { stopped?: StoppedFit }): boolean {
  return stopped?.by === 'time';
}

/**
 * Trains anew on samples for so many steps.
 * @returns without a model when it was interrupted or diverged
 */
export async function refit(
  samples: Labelled,
  recipe: Recipe,
  steps: number,
  run: Run,
): Promise<{ model?: Sequential; stopped?: StoppedFit }> {
  const perEpoch = Math.ceil(samples.y.length / recipe.batchSize);
  const epochs = Math.max(1, Math.round(steps / perEpoch));
  const once = { ...recipe, epochs, patience: undefined };
  const { model, stopped, diverged } = await fitNetwork(once, samples, undefined, { seed: run.seed, run });
  if (stopped === undefined && diverged === undefined) return { model };
  model.dispose();
  return stopped ? { stopped } : {};
}

async function learnFolds(samples: Labelled, problem: Problem, run: Run, seconds: number | undefined): Promise<Learnt> {
  const recipe = recipeFor(problem, run);
  const linear = linearRecipe(problem, run);
  const folds = strata(samples.y, indices(samples.y.length), foldCount, run.seed);
  const networks: HiddenLayer[] = [];
  const lines: LinearLayer[] = [];
  const histories: Record<string, number[]>[] = [];
  const answers: FoldAnswers[] = [];
  let ended: Pick<Learnt, 'stopped' | 'diverged'> = {};
  let late = false;
  for (const [fold, held] of folds.entries()) {
    run.stage(`network ${fold + 1} of ${foldCount}`);
    const outside = new Set(held);
    const train = part(
      samples,
      indices(samples.y.length).filter((sample) => !outside.has(sample)),
    );
    const stop = part(samples, held);
    const seed = deriveKey(run.seed, 'fold', fold);
    const each = seconds === undefined ? undefined : seconds / foldCount;
    const network = await fitNetwork(recipe, train, stop, { seed, run, seconds: each && each * 0.75 });
    networks.push(hiddenLayerOf(network.model));
    histories.push(network.history);
    const ofNetwork = await network.model.predict(stop.x, { batchSize: 512 });
    network.model.dispose();
    const { stopped, diverged } = network;
    ended = { ...(stopped && { stopped }), ...(diverged && { diverged }) };
    late ||= isLate(network);
    if (stopped?.reason === 'interrupted' || diverged) break;
    const quiet = { ...run, callbacks: [] };
    const line = await fitNetwork(linear, train, stop, { seed, run: quiet, seconds: each && each * 0.25 });
    lines.push(linearLayerOf(line.model));
    answers.push({
      actual: stop.y,
      network: ofNetwork.data,
      linear: (await line.model.predict(stop.x, { batchSize: 512 })).data,
    });
    line.model.dispose();
    if (line.stopped?.reason === 'interrupted') {
      ended = { stopped: line.stopped };
      break;
    }
  }
  const share = answers.length === 0 ? 1 : blendShare(answers, problem.classes, recipe.weights);
  const { model, layers } = joinedModel(networks, lines, share, recipe);
  const of = [
    ...(share > 0 ? [`${counted(networks.length, 'network')} of ${recipe.layers}`] : []),
    ...(share < 1 ? [`${counted(lines.length, 'linear model')}`] : []),
  ];
  const joined = `${layers} is ${of.join(' and ')}, side by side: each was stopped by another fifth of the samples`;
  return {
    model,
    layers,
    recipe,
    history: meanHistory(histories),
    ...ended,
    joined,
    remarks: late ? [LATE] : [],
  };
}

interface FoldAnswers {
  actual: Int32Array;
  /** Probabilities (samples, classes) of samples that were not trained on. */
  network: ArrayLike<number>;
  linear: ArrayLike<number>;
}

/**
 * The share w of the networks' logits, of 0, 0.2, … 1, whose blend with the linear ones has the least log loss on samples
 * outside of each fold.
 */
export function blendShare(
  answers: readonly FoldAnswers[],
  classes: number,
  weights: Float64Array | undefined,
): number {
  let [best, least] = [1, Number.POSITIVE_INFINITY];
  for (const w of [1, 0.8, 0.6, 0.4, 0.2, 0]) {
    let loss = 0;
    for (const { actual, network, linear } of answers) {
      for (const [row, c] of actual.entries()) {
        let sum = 0;
        let own = 0;
        for (let i = 0; i < classes; i++) {
          const at = row * classes + i;
          const p = Math.max(network[at], 1e-12) ** w * Math.max(linear[at], 1e-12) ** (1 - w);
          sum += p;
          if (i === c) own = p;
        }
        loss -= (weights?.[c] ?? 1) * Math.log(own / sum);
      }
    }
    if (loss < least) [best, least] = [w, loss];
  }
  return best;
}

/** Per epoch, the mean over the networks that were still training. */
function meanHistory(histories: readonly Record<string, number[]>[]): Record<string, number[]> {
  const keys = Object.keys(histories[0] ?? {});
  const longest = Math.max(0, ...histories.map(({ loss = [] }) => loss.length));
  return Object.fromEntries(
    keys.map((key) => [
      key,
      Array.from({ length: longest }, (_, epoch) => {
        const values = histories.map((one) => one[key]?.[epoch]).filter((value) => value !== undefined);
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      }),
    ]),
  );
}

function indices(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}

function part({ x, y }: { x: NdArray; y: Int32Array }, samples: Int32Array): Labelled {
  return { x: take(x, samples), y: Int32Array.from(samples, (sample) => y[sample]) };
}
