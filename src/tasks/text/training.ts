import { deriveKey } from '../../random.js';
import type { Sequential } from '../../sequential.js';
import type { Run, Trained } from '../definition.js';
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
import { buildNetwork, type FitOutcome, fitNetwork } from './network.js';
import { lastTokenWindows, movingWindows, type StoppingSamples, stoppingWindows } from './samples.js';
import { nats, openStream, scoreCounts } from './score.js';
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

/** The tokens that are counted at most, from the end of a text: some 300 MB of counts where all are words. */
const mostCounted = 2_000_000;

/** Orders of the counts that are tried. */
const orders = [4, 5, 6, 7, 8];

/**
 * Trains in two rounds. The first fits the network on the first nine tenths of the training part, stops by the last tenth
 * and finds there how many epochs are best, how long the counted sequences should be, and the share of the network in the
 * mixture with the counts. The second fits on the whole training part, for as many epochs. What is held out is seen by
 * neither; after the evaluation, the counts that are saved are those of the whole text.
 */
export async function trainText(corpus: Corpus, run: Run): Promise<Trained<TextArtefact, TextEvaluation>> {
  const { ids, edge, tokens, settings, window, name } = corpus;
  const began = performance.now();
  const until = run.budget === undefined ? undefined : began + 1000 * run.budget;
  const stopAt = stoppingEdge(edge);
  const warnings: string[] = [];
  run.stage(`the network, stopped by the last ${100 * stoppingShare} % of the training part`);
  let network = buildTextNetwork(corpus, run);
  try {
    const plan = { from: stopAt, to: edge };
    const first = await fitRound(network, corpus, run, {
      ids: ids.subarray(0, stopAt),
      stopping: plan,
      epochs: settings.epochs,
      patience: settings.patience,
      deadline: until === undefined ? undefined : began + 500 * run.budget!,
    });
    const context = 'push' in openStream(network) ? 'stream' : 'window';
    const base = {
      network,
      tokens,
      window,
      context,
      frequencies: frequenciesOf(ids.subarray(0, edge), tokens.size),
    } as const;
    const order = bestOrder(ids, stopAt, edge, tokens.size);
    const mixture = corpus.pure
      ? { weight: 1, better: false }
      : await compareMixture(base, count(ids.subarray(0, stopAt), tokens.size, order), ids, plan);
    if (!corpus.pure && !mixture.better) warnings.push('counting adds nothing to the network here; it is left out');
    const each = (performance.now() - began) / Math.max(1, first.history.loss?.length ?? 1);
    const ended = first.stopped?.reason === 'interrupted' || first.diverged !== undefined;
    const fits = until === undefined || performance.now() + 1.2 * each * first.best < until;
    if (!ended && fits) {
      run.stage(`the network on the whole training part, ${first.best} ${first.best === 1 ? 'epoch' : 'epochs'}`);
      const again = buildTextNetwork(corpus, run);
      const second = await fitRound(again, corpus, run, { ids: ids.subarray(0, edge), epochs: first.best });
      if (second.stopped === undefined && second.diverged === undefined) {
        network.dispose();
        network = again;
      } else {
        again.dispose();
        warnings.push('the second round was not finished; the network of the first one is kept');
      }
    } else if (!ended) warnings.push('no time was left to fit the network on the whole training part');
    const counts = count(ids.subarray(0, edge), tokens.size, order);
    const artefact: TextArtefact = {
      kind: 'text',
      window,
      tokens,
      frequencies: base.frequencies,
      context,
      ...(mixture.better && { counted: await saved(corpus, order, mixture.weight) }),
    };
    const { history, stopped, diverged } = first;
    await run.trained(network, { artefact, layers: corpus.layers, settings, history });
    run.stage('the evaluation');
    const model: TextModel = { ...base, network, weight: mixture.weight, ...(mixture.better && { counts }) };
    const held = edge < ids.length ? { from: edge, to: ids.length } : { from: 0, to: edge };
    const evaluation = await evaluateTokens(model, ids, held, { baseline: counts, cold: true });
    const { better, text } = verdict(evaluation);
    if (edge === ids.length) warnings.push(`${name}: nothing was held out; the evaluation is on the training part`);
    else if (!better) warnings.push(`${name}: the model is ${text}`);
    return {
      model: network,
      artefact,
      layers: corpus.layers,
      settings,
      history,
      evaluation,
      warnings,
      ...(stopped && { stopped }),
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
  patience?: number;
  deadline?: number;
}

async function fitRound(network: Sequential, corpus: Corpus, run: Run, round: Round): Promise<FitOutcome> {
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
  const { batchSize, seed } = settings;
  return fitNetwork(network, {
    train,
    ...(validation && { validation }),
    epochs: round.epochs,
    batchSize,
    ...(round.patience !== undefined && { patience: round.patience }),
    seed: deriveKey(seed, 'text') & 0x7fffffff,
    callbacks: [...(moving ? [moving.callback] : []), ...run.callbacks],
    ...(run.signal && { signal: run.signal }),
    ...(round.deadline !== undefined && { deadline: round.deadline }),
  });
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
