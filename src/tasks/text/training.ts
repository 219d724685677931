import { deriveKey } from '../../random.js';
import type { Sequential } from '../../sequential.js';
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
import { lastTokenWindows, movingWindows, type StoppingSamples, stoppingWindows } from './samples.js';
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
 * Epochs of the later rounds, as a share of those of the first one. On 28 kB of the Psalms, perplexities of the network on
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
  const clock = new Clock(run.budget);
  const stopAt = stoppingEdge(edge);
  const warnings: string[] = [];
  run.stage(`the network, stopped by the last ${100 * stoppingShare} % of the training part`);
  let network = buildTextNetwork(corpus, run);
  try {
    const stopping = { from: stopAt, to: edge };
    const { history, best, stopped, diverged } = await fitNetwork(
      network,
      planOf(network, corpus, run, {
        ids: ids.subarray(0, stopAt),
        stopping,
        epochs: settings.epochs,
        ...clock.deadline(0.6),
      }),
    );
    clock.ended(history.loss?.length ?? 0);
    const context = 'push' in openStream(network) ? 'stream' : 'window';
    const training = ids.subarray(0, edge);
    const base = { tokens, window, context, frequencies: frequenciesOf(training, tokens.size) } as const;
    const order = bestOrder(ids, stopAt, edge, tokens.size);
    const counted = count(ids.subarray(0, stopAt), tokens.size, order);
    const mixture = corpus.pure ? undefined : await compareMixture({ ...base, network }, counted, ids, stopping);
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
    const later = async (part: Int32Array, what: string): Promise<void> => {
      const epochs = whole ? clock.epochs(Math.max(2, Math.round(laterEpochs * best))) : 0;
      if (whole && epochs === 0) warnings.push(`${name}: no time was left to train on ${what}`);
      whole &&= epochs > 0;
      if (!whole) return;
      run.stage(`on ${what}, with a falling learning rate`);
      const next = buildTextNetwork(corpus, run);
      next.setWeights(from);
      const fit = await fitOrDispose(next, planOf(next, corpus, run, { ids: part, epochs, falling: true }));
      whole = fit.whole;
      ended = fit.stopped ?? ended;
      if (!whole) {
        warnings.push(`${name}: training on ${what} was not finished; the network from before it is kept`);
        return;
      }
      network.dispose();
      network = next;
    };
    const made = { artefact, layers: corpus.layers, settings, history };
    await later(training, 'the whole training part');
    await run.trained(network, made);
    run.stage('the evaluation');
    const counts = count(training, tokens.size, order);
    const model: TextModel = { ...base, network, weight: share ?? 1, ...(share !== undefined && { counts }) };
    const held = edge < ids.length ? { from: edge, to: ids.length } : { from: 0, to: edge };
    const evaluation = await evaluateTokens(model, ids, held, { baseline: counts, cold: true });
    const picture = run.shown && model.context === 'stream' ? showText(model, ids, held.from) : undefined;
    if (picture) run.shown?.(picture);
    const { better, text } = verdict(evaluation);
    if (edge === ids.length) warnings.push(`${name}: nothing was held out; the evaluation is on the training part`);
    else if (!better) warnings.push(`${name}: the model is ${text}`);
    if (edge < ids.length) {
      const evaluated = network;
      await later(ids, 'the whole text, what was held out included');
      if (network !== evaluated) await run.trained(network, made);
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

export function buildTextNetwork({ layers, window, tokens, settings }: Corpus, { threads }: Run): Sequential {
  const outputs = [[window, tokens.size], [tokens.size]];
  return buildNetwork({ layers, inputShape: [window], outputs, settings, ...(threads !== undefined && { threads }) });
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
  const { window, settings, ids } = corpus;
  const everyPosition = network.outputShape.length === 3;
  const moving = everyPosition ? movingWindows(round.ids, window, settings.seed) : undefined;
  const train: Samples = moving?.samples ?? lastTokenWindows(round.ids, window);
  let validation: StoppingSamples | undefined;
  if (round.stopping) {
    const { from, to } = round.stopping;
    validation = everyPosition
      ? stoppingWindows(ids, window, from, to)
      : lastTokenWindows(ids.subarray(from - window, to), window);
  }
  const { batchSize, seed, learningRate } = settings;
  const callbacks = [moving?.callback, round.falling ? fallingRate(learningRate, round.epochs) : undefined];
  return {
    train,
    ...(validation && { validation }),
    epochs: round.epochs,
    batchSize,
    ...(round.stopping && settings.patience !== undefined && { patience: settings.patience }),
    seed: deriveKey(seed, 'text') & 0x7fffffff,
    callbacks: [...callbacks.filter((one) => one !== undefined), ...run.callbacks],
    ...(run.signal && { signal: run.signal }),
    ...(round.deadline !== undefined && { deadline: round.deadline }),
  };
}

/** η(t) = η₀ (.02 + .98 (1 + cos πt/n) / 2) after t of n steps (Loshchilov, Hutter, "SGDR", 2017). */
function fallingRate(top: number, epochs: number): Callback {
  let done = 0;
  return {
    onBatchBegin: (_, { optimizer, params }) => {
      const part = Math.min(1, done++ / (epochs * params.steps));
      optimizer.learningRate = top * (0.02 + 0.49 * (1 + Math.cos(Math.PI * part)));
    },
  };
}

/** The order whose counts of the text before `from` predict the tokens [from, to) best. */
function bestOrder(ids: Int32Array, from: number, to: number, size: number): number {
  const losses = orders.map((order) => nats(scoreCounts(count(ids.subarray(0, from), size, order), ids, from, to)));
  return orders[losses.indexOf(Math.min(...losses))];
}

function count(ids: Int32Array, size: number, order: number): KneserNey {
  return new KneserNey(ids.subarray(Math.max(0, ids.length - mostCounted)), size, order);
}

/** The counts of the whole text, what was held out included: they are made of it, and need no choice. */
async function saved({ ids, tokens }: Corpus, order: number, weight: number) {
  const text = tokens.decode(ids.subarray(Math.max(0, ids.length - mostCounted)));
  return { order, weight, text: await packText(text) };
}
