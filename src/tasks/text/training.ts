import { prepareEngine } from '../../kernels/backend.js';
import { deriveKey } from '../../random.js';
import type { Sequential } from '../../sequential.js';
import { otherWork } from '../../training/batches.js';
import type { Callback } from '../../training/callbacks.js';
import { Clock } from '../clock.js';
import type { Run, Trained } from '../definition.js';
import { type FitPlan, fitNetwork, fitOrDispose } from '../fitNetwork.js';
import type { Samples } from '../prepared.js';
import type { TrainingSettings } from '../settings.js';
import { packText, type TextArtefact } from './artefact.js';
import {
  compareMixture,
  evaluateTokens,
  frequenciesOf,
  type TextEvaluation,
  type TextModel,
  verdict,
} from './evaluation.js';
import { KneserNey } from './kneserNey.js';
import { buildNetwork } from './network.js';
import {
  lastTokenWindows,
  movingWindows,
  type StoppingSamples,
  stoppingStreams,
  stoppingWindows,
  streamWindows,
} from './samples.js';
import { nats, openStream, scoreCounts } from './score.js';
import { showText } from './shown.js';
import type { Tokens } from './tokens.js';

/** A text made ready for training. */
export interface Corpus {
  name: string;
  tokens: Tokens;
  /** The whole text; the tokens from `edge` on are held out. */
  ids: Int32Array;
  edge: number;
  window: number;
  layers: string;
  settings: TrainingSettings;
  /** The network alone. */
  pure: boolean;
}

/** The part of the training part, its end, by which training stops and the mixture is weighed. */
const stoppingShare = 0.1;

/** Where the stopping part begins. */
export function stoppingEdge(edge: number): number {
  return Math.max(1, Math.floor(edge * (1 - stoppingShare)));
}

/** The tokens that are counted at most, from the end of a text: two seconds on loading, 140 MB where all are words. */
const mostCounted = 1_000_000;

/** Orders of the counts that are tried. */
const orders = [4, 5, 6, 7, 8];

/**
 * Epochs of the later rounds, as a share of those of the first one. On 28 kB of the Psalms, by windows, perplexities of the network on
 * the last fifth: 4.80 after the first round; 4.72, 4.68, 4.64 after .15, .3, .5; 4.78 when all is fitted anew.
 */
const laterEpochs = 0.4;

/**
 * Trains in three rounds. The first fits the network on the first nine tenths of the training part, stops by the last tenth,
 * and finds there how long the counted sequences should be and the network's share in the mixture with the counts. The
 * second goes on from there over the whole training part, with a learning rate that falls to nearly nothing; the model is
 * evaluated then, on a part that nothing has seen. The third does the same as the second over the whole text, for the
 * model that is saved.
 */
export async function trainText(corpus: Corpus, run: Run): Promise<Trained<TextArtefact, TextEvaluation>> {
  const { ids, edge, tokens, settings, window, name } = corpus;
  const clock = new Clock(run);
  const stopAt = stoppingEdge(edge);
  const warnings: string[] = [];
  run.stage(`the network, stopped by the last ${100 * stoppingShare} % of the training part`);
  await otherWork();
  let network = buildTextNetwork(corpus, run);
  try {
    await prepareEngine();
    const context = 'push' in openStream(network) ? 'stream' : 'window';
    // A network that takes its tokens one by one learns the text as streams, from one end to the other.
    const rows =
      context === 'stream' ? Math.min(settings.batchSize, Math.max(1, Math.floor(stopAt / window))) : undefined;
    const stopping = { from: stopAt, to: edge };
    const first = { ids: ids.subarray(0, stopAt), stopping, epochs: settings.epochs, ...clock.deadline(0.6) };
    const learner = rows === undefined ? network : buildTextNetwork(corpus, run, rows);
    await otherWork();
    const plan = planOf(learner, corpus, run, first);
    await otherWork();
    const { history, best, stopped, diverged } = await fitNetwork(learner, plan);
    network = handOver(learner, network);
    clock.ended(history.loss?.length ?? 0);
    const training = ids.subarray(0, edge);
    const base = { tokens, window, context, frequencies: frequenciesOf(training, tokens.size) } as const;
    const counting = { size: tokens.size, signal: run.signal };
    const order = await bestOrder(ids, stopAt, edge, counting);
    const counted = await count(ids.subarray(0, stopAt), order, counting);
    const mixture =
      corpus.pure || !counted
        ? undefined
        : await compareMixture({ ...base, network }, counted, ids, stopping, run.signal);
    if (mixture?.better === false) warnings.push(`${name}: counting adds nothing to the network; it is left out`);
    if (mixture?.better && ids.length > mostCounted) {
      warnings.push(`${name}: only the last ${mostCounted} tokens are counted beside the network`);
    }
    const share = mixture?.better ? mixture.weight : undefined;
    const artefact: TextArtefact = {
      kind: 'text',
      ...base,
      ...(share !== undefined && { counted: await saved(corpus, order, share) }),
    };
    const from = network.getWeights();
    let ended = stopped;
    let whole = stopped?.reason !== 'interrupted' && diverged === undefined;
    const later = async (part: Int32Array, what: string): Promise<boolean> => {
      const epochs = whole ? clock.epochs(Math.max(2, Math.round(laterEpochs * best))) : 0;
      if (whole && epochs === 0) warnings.push(`${name}: no time was left to train on ${what}`);
      whole &&= epochs > 0;
      if (!whole) return false;
      run.stage(`on ${what}, with a falling learning rate`);
      const next = buildTextNetwork(corpus, run, rows);
      next.setWeights(from);
      const fit = await fitOrDispose(next, planOf(next, corpus, run, { ids: part, epochs, falling: true }));
      whole = fit.whole;
      ended = fit.stopped ?? ended;
      if (!whole) {
        warnings.push(`${name}: training on ${what} was not finished; the network from before it is kept`);
        return false;
      }
      network = handOver(next, network);
      return true;
    };
    const made = { artefact, layers: corpus.layers, settings, history };
    await later(training, 'the whole training part');
    await run.trained(network, made);
    run.stage('the evaluation');
    const counts = await count(training, order, counting);
    if (!counts) warnings.push(`${name}: interrupted before it was compared with counting; few tokens are scored`);
    const model: TextModel = { ...base, network, weight: share ?? 1, ...(share !== undefined && counts && { counts }) };
    const held = edge < ids.length ? { from: edge, to: ids.length } : { from: 0, to: edge };
    const evaluation = await evaluateTokens(model, ids, held, {
      ...(counts && { baseline: counts }),
      cold: true,
      ...(run.signal && { signal: run.signal }),
    });
    const picture = run.shown && model.context === 'stream' ? showText(model, ids, held.from) : undefined;
    if (picture) run.shown?.(picture);
    const { better, text } = verdict(evaluation);
    if (edge === ids.length) warnings.push(`${name}: nothing was held out; the evaluation is on the training part`);
    else if (!better) warnings.push(`${name}: the model is ${text}`);
    if (edge < ids.length && run.purpose === undefined) {
      const again = await later(ids, 'the whole text, what was held out included');
      if (again) await run.trained(network, made);
    }
    return {
      model: network,
      ...made,
      evaluation,
      warnings,
      ...(ended && { stopped: ended }),
      ...(diverged && { diverged }),
    };
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** @param rows of every batch, between which recurrent layers carry their states; left out, they begin each anew */
export function buildTextNetwork(
  { layers, window, tokens, settings }: Corpus,
  { threads, from }: Run,
  rows?: number,
): Sequential {
  const outputs = [[window, tokens.size], [tokens.size]];
  return buildNetwork({
    layers,
    inputShape: [window],
    outputs,
    settings,
    ...(threads !== undefined && { threads }),
    ...(from && { from }),
    ...(rows !== undefined && { carriedBy: rows }),
  });
}

/** What was learnt, in a network without states that are carried: the given one where the learner's are, else the learner. */
function handOver(learner: Sequential, network: Sequential): Sequential {
  if (learner === network) return network;
  if (learner.inputShape[0] === null) {
    network.dispose();
    return learner;
  }
  network.setWeights(learner.getWeights());
  learner.dispose();
  return network;
}

interface Round {
  /** What is trained on. */
  ids: Int32Array;
  /** The tokens of the text that stop it. */
  stopping?: { from: number; to: number };
  epochs: number;
  /** The learning rate falls to a fiftieth, as half a cosine. */
  falling?: boolean;
  deadline?: number;
}

function planOf(network: Sequential, corpus: Corpus, run: Run, round: Round): FitPlan {
  const { settings } = corpus;
  const { batchSize, seed, learningRate } = settings;
  const { train, moving, validation } = samplesOf(network, corpus, round);
  const rows = network.inputShape[0];
  const callbacks = [
    moving,
    rows === null ? undefined : { onEpochBegin: () => network.resetStates() },
    round.falling ? fallingRate(learningRate, round.epochs) : undefined,
  ];
  return {
    train,
    ...(validation && { validation }),
    epochs: round.epochs,
    batchSize: rows ?? batchSize,
    shuffle: rows === null,
    ...(round.stopping && settings.patience !== undefined && { patience: settings.patience }),
    seed: deriveKey(seed, 'text') & 0x7fffffff,
    callbacks: [...callbacks.filter((one) => one !== undefined), ...run.callbacks],
    ...(run.signal && { signal: run.signal }),
    ...(run.fits && { fits: run.fits }),
    ...(round.deadline !== undefined && { deadline: round.deadline }),
  };
}

/** What a network learns from, and stops by: streams that carry its states, windows, or windows at every token. */
function samplesOf(
  network: Sequential,
  { window, ids, settings }: Corpus,
  round: Round,
): { train: Samples; moving?: Callback; validation?: StoppingSamples } {
  const { stopping } = round;
  const rows = network.inputShape[0];
  if (rows !== null) {
    const { samples, callback } = streamWindows(round.ids, window, rows, settings.seed);
    const validation = stopping && stoppingStreams(ids, window, rows, stopping.from, stopping.to);
    return { train: samples, moving: callback, ...(validation && { validation }) };
  }
  if (network.outputShape.length === 3) {
    const { samples, callback } = movingWindows(round.ids, window, settings.seed);
    const validation = stopping && stoppingWindows(ids, window, stopping.from, stopping.to);
    return { train: samples, moving: callback, ...(validation && { validation }) };
  }
  const validation = stopping && lastTokenWindows(ids.subarray(stopping.from - window, stopping.to), window);
  return { train: lastTokenWindows(round.ids, window), ...(validation && { validation }) };
}

/** η(t) = η₀ (.02 + .98 (1 + cos πt/n) / 2) after t of n steps (Loshchilov, Hutter, "SGDR", 2017). */
function fallingRate(top: number, epochs: number): Callback {
  let done = 0;
  return {
    onBatchBegin: (_, { optimizer, params }) => {
      const part = Math.min(1, done++ / (epochs * params.steps));
      optimizer.learningRate = top * (0.02 + 0.49 * (1 + Math.cos(Math.PI * part)));
    },
    saveState: () => ({ values: { done } }),
    loadState: ({ values }) => {
      done = Number(values.done);
    },
  };
}

interface Counting {
  /** Different tokens. */
  size: number;
  signal: AbortSignal | undefined;
}

/** The order whose counts of the text before `from` predict the tokens [from, to) best; when it is interrupted, of those tried. */
async function bestOrder(ids: Int32Array, from: number, to: number, counting: Counting): Promise<number> {
  let best = { order: orders[0], loss: Number.POSITIVE_INFINITY };
  for (const order of orders) {
    const counts = await count(ids.subarray(0, from), order, counting);
    if (!counts) break;
    const loss = nats(await scoreCounts(counts, ids, from, to));
    if (loss < best.loss) best = { order, loss };
  }
  return best.order;
}

/** @returns undefined when it was interrupted */
function count(ids: Int32Array, order: number, { size, signal }: Counting): Promise<KneserNey | undefined> {
  return KneserNey.count(ids.subarray(Math.max(0, ids.length - mostCounted)), size, order, signal);
}

/** The counts of the whole text, what was held out included: they are made of it, and need no choice. */
async function saved({ ids, tokens }: Corpus, order: number, weight: number) {
  const text = tokens.decode(ids.subarray(Math.max(0, ids.length - mostCounted)));
  return { order, weight, text: await packText(text) };
}
