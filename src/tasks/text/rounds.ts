import { otherWork } from '../../eventLoop.js';
import { deriveKey } from '../../random.js';
import type { Sequential } from '../../sequential.js';
import type { Callback } from '../../training/callbacks.js';
import { Clock } from '../clock.js';
import type { Run } from '../definition.js';
import { type FitOutcome, type FitPlan, fitNetwork, fitOrDispose, type StoppedFit } from '../fitNetwork.js';
import type { Samples } from '../prepared.js';
import { type Corpus, stoppingEdge } from './corpus.js';
import { buildNetwork } from './network.js';
import {
  lastTokenWindows,
  movingWindows,
  type StoppingSamples,
  stoppingStreams,
  stoppingWindows,
  streamWindows,
} from './samples.js';
import { openStream } from './score.js';

/**
 * Epochs of the later rounds, as a share of those of the first one. On 28 kB of the Psalms, by windows, perplexities of the network on
 * the last fifth: 4.80 after the first round; 4.72, 4.68, 4.64 after .15, .3, .5; 4.78 when all is fitted anew.
 */
const laterEpochs = 0.4;

/** A text's network in the rounds that fit it: the first, and later ones, each of which goes on from the first one's weights. */
export class TextRounds {
  /** Whether the network takes its tokens one by one, or a window of them. */
  readonly context: 'stream' | 'window';
  /** Why the last round ended before its time. */
  stopped: StoppedFit | undefined;
  private readonly clock: Clock;
  /** Rows of every batch where the text is learnt as streams, from one end to the other. */
  private readonly rows: number | undefined;
  /** What later rounds go on from, and its epochs; undefined where nothing can. */
  private first: { weights: ReturnType<Sequential['getWeights']>; epochs: number } | undefined;

  /**
   * @param current for the tokens of the text; rounds replace it, and dispose of the one before
   * @param warnings takes what was to be done and was not
   */
  constructor(
    private current: Sequential,
    private readonly corpus: Corpus,
    private readonly run: Run,
    private readonly warnings: string[],
  ) {
    const { edge, settings, window } = corpus;
    this.clock = new Clock(run);
    this.context = 'push' in openStream(current) ? 'stream' : 'window';
    if (this.context === 'stream')
      this.rows = Math.min(settings.batchSize, Math.max(1, Math.floor(stoppingEdge(edge) / window)));
  }

  /** As it was fitted last. */
  get network(): Sequential {
    return this.current;
  }

  /** Fits it to the training part but the end, by which it stops. */
  async begin(): Promise<FitOutcome> {
    const { corpus, run, rows, clock } = this;
    const { edge, ids, settings } = corpus;
    const stopping = { from: stoppingEdge(edge), to: edge };
    const learner = rows === undefined ? this.current : buildTextNetwork(corpus, run, rows);
    await otherWork();
    const part = { ids: ids.subarray(0, stopping.from), stopping, epochs: settings.epochs, ...clock.deadline(0.6) };
    const plan = planOf(learner, corpus, run, part);
    await otherWork();
    const outcome = await fitNetwork(learner, plan).catch((error) => {
      if (learner !== this.current) learner.dispose();
      throw error;
    });
    this.take(learner);
    clock.ended(outcome.history.loss?.length ?? 0);
    this.stopped = outcome.stopped;
    const whole = outcome.stopped?.reason !== 'interrupted' && outcome.diverged === undefined;
    this.first = whole ? { weights: this.current.getWeights(), epochs: outcome.best } : undefined;
    return outcome;
  }

  /**
   * Fits it to more of the text, with a learning rate that falls to nearly nothing.
   * @param what the part, in words
   * @returns whether it was; where it was not, the network stays as it is, and so in all rounds to come
   */
  async goOn(ids: Int32Array, what: string): Promise<boolean> {
    const { first, corpus, run, warnings } = this;
    if (first === undefined) return false;
    this.first = undefined;
    const epochs = this.clock.epochs(Math.max(2, Math.round(laterEpochs * first.epochs)));
    if (epochs === 0) {
      warnings.push(`${corpus.name}: no time was left to train on ${what}`);
      return false;
    }
    run.stage(`on ${what}, with a falling learning rate`);
    const next = buildTextNetwork(corpus, run, this.rows);
    next.setWeights(first.weights);
    const { whole, stopped } = await fitOrDispose(next, planOf(next, corpus, run, { ids, epochs, falling: true }));
    this.stopped = stopped ?? this.stopped;
    if (!whole) {
      warnings.push(`${corpus.name}: training on ${what} was not finished; the network from before it is kept`);
      return false;
    }
    this.take(next);
    this.first = first;
    return true;
  }

  /** Takes what was learnt into a network without states that are carried: the one that is there where the learner's are. */
  private take(learner: Sequential): void {
    if (learner === this.current) return;
    if (learner.inputShape[0] === null) {
      this.current.dispose();
      this.current = learner;
      return;
    }
    this.current.setWeights(learner.getWeights());
    learner.dispose();
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

/** What a round is over. */
interface Part {
  /** What is trained on. */
  ids: Int32Array;
  /** The tokens of the text that stop it. */
  stopping?: { from: number; to: number };
  epochs: number;
  /** The learning rate falls to a fiftieth, as half a cosine. */
  falling?: boolean;
  deadline?: number;
}

function planOf(network: Sequential, corpus: Corpus, run: Run, part: Part): FitPlan {
  const { settings } = corpus;
  const { batchSize, seed, learningRate } = settings;
  const { train, moving, validation } = samplesOf(network, corpus, part);
  const rows = network.inputShape[0];
  const callbacks = [
    moving,
    rows === null ? undefined : { onEpochBegin: () => network.resetStates() },
    part.falling ? fallingRate(learningRate, part.epochs) : undefined,
  ];
  return {
    train,
    ...(validation && { validation }),
    epochs: part.epochs,
    batchSize: rows ?? batchSize,
    shuffle: rows === null,
    ...(part.stopping && settings.patience !== undefined && { patience: settings.patience }),
    seed: deriveKey(seed, 'text') & 0x7fffffff,
    callbacks: [...callbacks.filter((one) => one !== undefined), ...run.callbacks],
    ...(run.signal && { signal: run.signal }),
    ...(run.fits && { fits: run.fits }),
    ...(part.deadline !== undefined && { deadline: part.deadline }),
  };
}

/** What a network learns from, and stops by: streams that carry its states, windows, or windows at every token. */
function samplesOf(
  network: Sequential,
  { window, ids, settings }: Corpus,
  part: Part,
): { train: Samples; moving?: Callback; validation?: StoppingSamples } {
  const { stopping } = part;
  const rows = network.inputShape[0];
  if (rows !== null) {
    const { samples, callback } = streamWindows(part.ids, window, rows, settings.seed);
    const validation = stopping && stoppingStreams(ids, window, rows, stopping.from, stopping.to);
    return { train: samples, moving: callback, ...(validation && { validation }) };
  }
  if (network.outputShape.length === 3) {
    const { samples, callback } = movingWindows(part.ids, window, settings.seed);
    const validation = stopping && stoppingWindows(ids, window, stopping.from, stopping.to);
    return { train: samples, moving: callback, ...(validation && { validation }) };
  }
  const validation = stopping && lastTokenWindows(ids.subarray(stopping.from - window, stopping.to), window);
  return { train: lastTokenWindows(part.ids, window), ...(validation && { validation }) };
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
