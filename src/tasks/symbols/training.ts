import { otherWork } from '../../eventLoop.js';
import type { Sequential } from '../../sequential.js';
import { majority } from '../accuracy.js';
import { Clock } from '../clock.js';
import type { Run, Trained } from '../definition.js';
import { type FitOutcome, type FitPlan, fitNetwork, fitOrDispose } from '../fitNetwork.js';
import type { TrainingSettings } from '../settings.js';
import { buildNetwork } from '../text/network.js';
import type { SymbolsArtefact } from './artefact.js';
import { type SymbolsEvaluation, verdict } from './evaluation.js';
import { type Coding, scoreSymbols, symbolSamples } from './network.js';
import { countsGuess } from './repetition.js';

/** A sequence made ready for training. */
export interface SymbolCorpus extends Coding {
  /** As Keras would: one fit, what is held out beside it. */
  plain?: boolean;
  name: string;
  /** Indices of the symbols. */
  ids: Int32Array;
  /** Those from here on are held out. */
  edge: number;
  /** Where the part begins that training stops by; `edge` where there is none. */
  stopAt: number;
  /** Windows to try, the smallest first. */
  windows: number[];
  layers: string;
  settings: TrainingSettings;
}

/** A loss in nats at which the network is certain, as in sequences that follow a rule: e to the −.01 is 99 %. */
const certain = 0.01;

interface Candidate {
  window: number;
  model: Sequential;
  fit: FitOutcome;
  accuracy: number;
  loss: number;
}

/**
 * Tries the windows, each network stopped by the end of the training part, and takes the smallest one whose accuracy there
 * is within one standard error of the best (the rule of Breiman et al., "Classification and Regression Trees", 1984). The
 * network is then fitted for as many epochs on the whole training part, and evaluated; and on all, to be saved.
 */
export async function trainSymbols(
  corpus: SymbolCorpus,
  run: Run,
): Promise<Trained<SymbolsArtefact, SymbolsEvaluation>> {
  const { ids, edge, stopAt, settings, name } = corpus;
  const clock = new Clock(run);
  const warnings: string[] = [];
  const heldOut = edge < ids.length;
  const chosen = await chooseWindow(corpus, run, clock);
  let model = chosen.model;
  try {
    const { window, fit } = chosen;
    const artefact = artefactOf(corpus, window);
    clock.ended(fit.history.loss?.length ?? 0);
    let ended = fit.stopped;
    let whole = ended?.reason !== 'interrupted' && fit.diverged === undefined;
    const again = async (to: number, what: string): Promise<void> => {
      if (!whole) return;
      const epochs = clock.epochs(fit.best);
      whole = epochs > 0;
      if (whole) {
        run.stage(`on ${what}`);
        const next = buildSymbolsNetwork(corpus, window, run);
        const second = await fitOrDispose(next, planOf(corpus, run, { window, to, epochs }));
        whole = second.whole;
        ended = second.stopped ?? ended;
        if (whole) {
          model.dispose();
          model = next;
        }
      }
      if (!whole) warnings.push(`${name}: training on ${what} was not finished; the network from before it is kept`);
    };
    if (stopAt < edge) await again(edge, 'the whole training part');
    const { history, diverged } = fit;
    const made = { artefact, layers: corpus.layers, settings, history };
    await run.trained(model, made);
    const part = heldOut ? { from: edge, to: ids.length } : { from: 0, to: edge };
    const evaluation = await evaluateNetwork(model, corpus, window, artefact.majority, part, run.signal);
    const evaluated = model;
    if (heldOut && !corpus.plain && run.purpose === undefined) await again(ids.length, 'all symbols');
    if (!heldOut) warnings.push(`${name}: nothing was held out; the evaluation is on the training data`);
    const { better, text } = verdict(evaluation);
    if (model !== evaluated) await run.trained(model, made);
    if (heldOut && !better) warnings.push(`${name}: the model is ${text}`);
    return {
      model,
      ...made,
      evaluation,
      warnings,
      ...(ended && { stopped: ended }),
      ...(diverged && { diverged }),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

async function chooseWindow(corpus: SymbolCorpus, run: Run, clock: Clock): Promise<Candidate> {
  const { ids, edge, stopAt, windows } = corpus;
  const stopping = stopAt < edge ? { from: stopAt, to: edge } : { from: 0, to: edge };
  const candidates: Candidate[] = [];
  const models: Sequential[] = [];
  try {
    for (const [i, window] of windows.entries()) {
      run.stage(windows.length === 1 ? 'the network' : `window ${window}`);
      const model = buildSymbolsNetwork(corpus, window, run);
      models.push(model);
      await otherWork();
      const deadline = clock.deadline((0.5 * (i + 1)) / windows.length);
      const part = {
        window,
        to: stopAt,
        epochs: corpus.settings.epochs,
        ...(stopAt < edge && { stopping }),
        ...(corpus.plain && edge < ids.length && { stopping: { from: edge, to: ids.length } }),
        ...deadline,
      };
      const plan = planOf(corpus, run, part);
      await otherWork();
      const fit = await fitNetwork(model, plan);
      const { accuracy, loss } = await scoreSymbols(model, ids, window, stopping, corpus, run.signal);
      candidates.push({ window, model, fit, accuracy, loss });
      if (accuracy === 1 || fit.stopped?.reason === 'interrupted') break;
    }
    const best = Math.max(...candidates.map(({ accuracy }) => accuracy));
    const error = Math.sqrt((best * (1 - best)) / (stopping.to - stopping.from));
    const chosen = candidates.find(({ accuracy }) => accuracy >= best - error) ?? candidates[0];
    for (const model of models) if (model !== chosen.model) model.dispose();
    return chosen;
  } catch (error) {
    for (const model of models) model.dispose();
    throw error;
  }
}

/** The network on a part of the sequence, beside the most frequent symbol, the last one again, and counting. */
async function evaluateNetwork(
  model: Sequential,
  corpus: SymbolCorpus,
  window: number,
  most: number,
  part: { from: number; to: number },
  signal: AbortSignal | undefined,
): Promise<SymbolsEvaluation> {
  const { ids, edge, stopAt } = corpus;
  const { samples, accuracy, loss } = await scoreSymbols(model, ids, window, part, corpus, signal);
  const from = Math.max(part.from, window);
  const to = from + samples;
  let majorities = 0;
  let repeats = 0;
  for (let i = from; i < to; i++) {
    if (ids[i] === most) majorities++;
    if (ids[i] === ids[i - 1]) repeats++;
  }
  const chosen = stopAt < edge ? { from: stopAt, to: edge } : undefined;
  const counts = chosen && (await countsGuess(ids, edge, { from, to }, chosen, signal));
  return {
    kind: 'symbols',
    samples,
    accuracy,
    majorityAccuracy: majorities / samples,
    window,
    crossEntropy: loss,
    repeatAccuracy: repeats / samples,
    ...(counts && { counts }),
  };
}

function artefactOf({ ids, edge, symbols, input, scale }: SymbolCorpus, window: number): SymbolsArtefact {
  return {
    kind: 'symbols',
    window,
    symbols,
    input,
    scale,
    majority: majority(ids.subarray(window, edge), symbols.length),
    end: Array.from(ids.subarray(ids.length - window), (id) => symbols[id]),
  };
}

export function buildSymbolsNetwork(
  { layers, input, symbols, settings }: SymbolCorpus,
  window: number,
  { threads, from }: Run,
): Sequential {
  return buildNetwork({
    layers,
    inputShape: input === 'index' ? [window] : [window, 1],
    outputs: [[symbols.length]],
    settings,
    ...(threads !== undefined && { threads }),
    ...(from && { from }),
  });
}

interface Part {
  window: number;
  /** The network is fitted on the symbols before this. */
  to: number;
  epochs: number;
  stopping?: { from: number; to: number };
  deadline?: number;
}

/** Stops by the stopping part, or without one by the loss itself; later rounds run all their epochs. */
function planOf(corpus: SymbolCorpus, run: Run, part: Part): FitPlan {
  const { ids, settings, stopAt } = corpus;
  const { batchSize, patience, seed } = settings;
  return {
    train: symbolSamples(ids, part.window, { from: 0, to: part.to }, corpus),
    ...(part.stopping && { validation: symbolSamples(ids, part.window, part.stopping, corpus) }),
    epochs: part.epochs,
    batchSize,
    ...(part.to === stopAt && patience !== undefined && { patience, ...(corpus.plain ? {} : { enough: certain }) }),
    seed,
    callbacks: run.callbacks,
    ...(run.signal && { signal: run.signal }),
    ...(run.fits && { fits: run.fits }),
    ...(part.deadline !== undefined && { deadline: part.deadline }),
  };
}
