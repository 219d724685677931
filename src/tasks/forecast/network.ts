import { usageError } from '../../errors.js';
import { EventLoop } from '../../eventLoop.js';
import { Dense, type Layer, LSTM } from '../../layers/index.js';
import { parseSpec } from '../../model/spec.js';
import { deriveKey, Random } from '../../random.js';
import { Sequential } from '../../sequential.js';
import { getOptimizer } from '../../training/optimizers.js';
import type { Run } from '../definition.js';
import type { Fold } from './folds.js';
import { predictWindows, type Windows } from './networkWindows.js';

export interface NetworkOptions {
  units: number;
  run: Run;
  /** performance.now() at which training should end. */
  deadline: number;
  /** Mean absolute error, in the data's units, of the anchor with these corrections (n, H · C). */
  absoluteError(corrections: Float32Array): number;
}

export const networkDefaults = { batchSize: 32, optimizer: 'adam', learningRate: 0.005 };

/** Gradient steps after which folds are compared. */
const CHECKPOINTS = [20, 40, 70, 100, 150, 200, 300, 400, 550, 700, 1000];

/** Checkpoints without a better one after which training ends. */
const MISSES = 3;

/** Batches in an epoch above which training goes by parts of an epoch. */
const LONG_EPOCH = 20;

/** What out-of-fold training found. */
export interface Trial {
  /** Gradient steps, as a mean over the folds, of the best checkpoint. */
  steps: number;
  /** The same in passes over a fold's windows. */
  epochs: number;
  /** Out-of-fold answers (n, K) at that checkpoint. */
  outOfFold: Float32Array;
  /** Σ|error| of them. */
  error: number;
}

/** Per checkpoint: loss and val_loss in units of the scale, val_mae in the data's. */
export type TrialHistory = { loss: number[]; val_loss: number[]; val_mae: number[] };

/** LSTM(units), Dense(H · C) with a zero kernel: it starts at the anchor. Or the user's layers, with such an end if they have none. */
export function makeNetwork(
  { steps, channels, answers }: Pick<Windows, 'steps' | 'channels' | 'answers'>,
  { units, run }: Pick<NetworkOptions, 'units' | 'run'>,
  seed: number,
): Sequential {
  const written = run.from?.layersFor([[answers]], 'linear', 'kernel_initializer=zeros') ?? run.layers;
  const layers: Layer[] = written === undefined ? [LSTM(units)] : parseSpec(written);
  const last = layers[layers.length - 1];
  if (!isHead(last, answers)) layers.push(Dense(answers, { kernelInitializer: 'zeros' }));
  const model = new Sequential(layers, { inputShape: [steps, channels], seed });
  const shape = model.outputShape.slice(1);
  if (shape.length !== 1 || shape[0] !== answers) {
    model.dispose();
    throw usageError(
      `layers: the output has shape (${shape.join(', ')}), a forecast needs (${answers}); let the last recurrent layer give its last step only, or add Flatten()`,
    );
  }
  try {
    run.from?.assign(model);
  } catch (error) {
    model.dispose();
    throw error;
  }
  const { optimizer, learningRate } = { ...networkDefaults, ...run.settings };
  model.compile({
    optimizer: getOptimizer({ name: optimizer, config: { learningRate } }),
    loss: 'meanAbsoluteError',
    ...(run.layers === undefined ? { threads: 1 } : run.threads !== undefined && { threads: run.threads }),
  });
  return model;
}

/** Whether a layer is a linear Dense of that size: one that a gate can be folded into. */
function isHead(layer: Layer | undefined, answers: number): boolean {
  if (layer?.getClassName() !== 'Dense') return false;
  const { units, activation } = layer.getConfig();
  return units === answers && (activation === undefined || activation === 'linear');
}

/** Trains a network on some of the windows, by gradient steps. */
class Trainer {
  epochs = 0;
  steps = 0;
  private calls = 0;
  private owed = 0;
  private cursor = 0;
  private readonly x: Float32Array;
  private readonly y: Float32Array;
  private readonly rows: number;
  private readonly perEpoch: number;
  private readonly batchSize: number;
  readonly model: Sequential;

  constructor(
    private readonly windows: Windows,
    chosen: Int32Array,
    private readonly options: NetworkOptions,
    private readonly seed: number,
  ) {
    // Shuffled once, so that any stretch of the windows is a sample of them.
    const order = new Random(deriveKey(seed, 'order')).shuffle(chosen.slice());
    this.x = gather(windows.x, order, windows.steps * windows.channels);
    this.y = gather(windows.y, order, windows.answers);
    this.rows = order.length;
    this.batchSize = options.run.settings.batchSize ?? networkDefaults.batchSize;
    this.perEpoch = Math.ceil(this.rows / this.batchSize);
    this.model = makeNetwork(windows, options, seed);
  }

  /** About as many more steps, in whole epochs where those are short. @returns the last loss, if any step was taken */
  async train(steps: number): Promise<number | undefined> {
    const wanted = steps + this.owed;
    const { perEpoch, rows } = this;
    if (perEpoch <= LONG_EPOCH) {
      const epochs = Math.round(wanted / perEpoch);
      this.owed = wanted - epochs * perEpoch;
      return epochs === 0 ? undefined : this.fit(0, rows, epochs);
    }
    let loss: number | undefined;
    for (let left = wanted * this.batchSize; left > 0; ) {
      const to = Math.min(rows, this.cursor + left);
      loss = await this.fit(this.cursor, to, 1);
      left -= to - this.cursor;
      this.cursor = to === rows ? 0 : to;
    }
    return loss;
  }

  /** As many epochs as given, a part of the windows where that is below one. */
  async trainEpochs(epochs: number): Promise<void> {
    const whole = Math.max(1, Math.round(epochs));
    const to = epochs < 1 ? Math.max(1, Math.round(epochs * this.rows)) : this.rows;
    await this.fit(0, to, whole, this.options.run.callbacks);
  }

  private async fit(
    from: number,
    to: number,
    epochs: number,
    callbacks: Run['callbacks'] = [],
  ): Promise<number | undefined> {
    const { windows, model, options } = this;
    const { steps, channels, answers } = windows;
    const size = steps * channels;
    const { history: logs } = await model.fit(
      { data: this.x.subarray(from * size, to * size), shape: [to - from, steps, channels] },
      { data: this.y.subarray(from * answers, to * answers), shape: [to - from, answers] },
      {
        epochs,
        batchSize: this.batchSize,
        seed: deriveKey(this.seed, 'fit', this.calls++),
        verbose: 0,
        ...(options.run.signal && { signal: options.run.signal }),
        ...(options.run.fits && { backup: options.run.fits.next() }),
        callbacks,
      },
    );
    this.epochs += (epochs * (to - from)) / this.rows;
    this.steps += epochs * Math.ceil((to - from) / this.batchSize);
    return logs.loss?.at(-1);
  }
}

/** The rows of `values`, `size` numbers each, in that order. */
function gather(values: Float32Array, rows: Int32Array, size: number): Float32Array {
  const out = new Float32Array(rows.length * size);
  for (let i = 0; i < rows.length; i++) out.set(values.subarray(rows[i] * size, (rows[i] + 1) * size), i * size);
  return out;
}

/**
 * Networks of all folds go forward together; the checkpoint with the least pooled out-of-fold mean absolute error is the one for
 * all. (Stopping each fold by itself is optimistic: what it held out then chooses, and the gate believes it.)
 * @returns no best one where no checkpoint is better than the anchor alone; `late` where the time was over before the last one
 */
export async function tryNetwork(
  windows: Windows,
  folds: readonly Fold[],
  options: NetworkOptions,
): Promise<{ best?: Trial; history: TrialHistory; late: boolean }> {
  const { run, deadline } = options;
  const trainers: Trainer[] = [];
  const held: Float32Array[] = [];
  const loop = new EventLoop();
  const nothing = errorOfNothing(windows, folds);
  const history: TrialHistory = { loss: [], val_loss: [], val_mae: [] };
  let best: Trial | undefined;
  let misses = 0;
  let done = 0;
  let late = false;
  const ends = checkpoints(run, windows.rows);
  try {
    for (const [k, fold] of folds.entries()) {
      if (loop.waits) await loop.turn();
      trainers.push(new Trainer(windows, fold.trained, options, deriveKey(run.seed, 'fold', k)));
      held.push(gather(windows.x, fold.held, windows.steps * windows.channels));
    }
    for (const checkpoint of ends) {
      const losses: number[] = [];
      for (const trainer of trainers) {
        const loss = await trainer.train(checkpoint - done);
        if (loss !== undefined) losses.push(loss);
      }
      done = checkpoint;
      if (run.signal?.aborted) break;
      if (losses.length === 0) continue;
      const { outOfFold, error, count } = await score(windows, folds, held, trainers);
      await loop.turn();
      history.loss.push(mean(losses));
      history.val_loss.push(error / count);
      history.val_mae.push(options.absoluteError(outOfFold));
      if (!((best?.error ?? nothing) <= error)) {
        const steps = mean(trainers.map((trainer) => trainer.steps));
        best = { steps, epochs: mean(trainers.map((trainer) => trainer.epochs)), outOfFold, error };
        misses = 0;
      } else if (outOfPatience(++misses, mean(trainers.map((one) => one.epochs)) - (best?.epochs ?? 0), run)) break;
      late = performance.now() > deadline && checkpoint !== ends.at(-1);
      if (late) break;
    }
  } finally {
    for (const { model } of trainers) model.dispose();
  }
  return { history, ...(best && { best }), late };
}

function outOfPatience(misses: number, epochs: number, { settings: { patience } }: Run): boolean {
  return patience === undefined ? misses >= MISSES : epochs >= patience;
}

function checkpoints({ settings }: Run, rows: number): number[] {
  const { epochs, batchSize = networkDefaults.batchSize } = settings;
  if (epochs === undefined) return CHECKPOINTS;
  const most = Math.max(1, Math.round((epochs * rows * 0.8) / batchSize));
  return [...CHECKPOINTS.filter((steps) => steps < most), most];
}

/** Σ|error| of the anchor alone: what a checkpoint must beat. */
function errorOfNothing({ y, answers }: Windows, folds: readonly Fold[]): number {
  let error = 0;
  for (const { held } of folds) {
    for (const i of held) for (let k = 0; k < answers; k++) error += Math.abs(y[i * answers + k]);
  }
  return error;
}

async function score(
  windows: Windows,
  folds: readonly Fold[],
  held: readonly Float32Array[],
  trainers: readonly Trainer[],
): Promise<{ outOfFold: Float32Array; error: number; count: number }> {
  const { answers } = windows;
  const outOfFold = new Float32Array(windows.rows * answers);
  let error = 0;
  let count = 0;
  for (const [f, fold] of folds.entries()) {
    const predicted = await predictWindows(trainers[f].model, held[f], windows);
    for (let i = 0; i < fold.held.length; i++) {
      const at = fold.held[i] * answers;
      for (let k = 0; k < answers; k++) {
        outOfFold[at + k] = predicted[i * answers + k];
        error += Math.abs(predicted[i * answers + k] - windows.y[at + k]);
        count++;
      }
    }
  }
  return { outOfFold, error, count };
}

/** One network on all windows, for as many passes over them as the best checkpoint had. */
export async function trainNetwork(windows: Windows, epochs: number, options: NetworkOptions): Promise<Sequential> {
  const all = Int32Array.from({ length: windows.rows }, (_, i) => i);
  const trainer = new Trainer(windows, all, options, deriveKey(options.run.seed, 'all'));
  try {
    await trainer.trainEpochs(epochs);
  } catch (error) {
    trainer.model.dispose();
    throw error;
  }
  return trainer.model;
}

/** Multiplies each answer by its weight. */
export function foldGate(model: Sequential, weights: readonly number[]): void {
  const layers = model.getWeights();
  const head = model.layers.at(-1)?.weights.length ?? 0;
  for (const { data, shape } of layers.slice(layers.length - head)) {
    const answers = shape[shape.length - 1];
    for (let i = 0; i < data.length; i++) data[i] *= weights[i % answers];
  }
  model.setWeights(layers);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
