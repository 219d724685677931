import type { NdArray } from '../data/array.js';
import { MemcellError } from '../errors.js';
import { counted } from '../format.js';
import type { Sequential } from '../sequential.js';
import { type Callback, EarlyStopping } from '../training/callbacks.js';
import type { Stopped } from '../training/history.js';
import type { FitRecords } from './definition.js';
import type { Samples } from './prepared.js';

export interface FitPlan {
  train: Samples;
  /** Stops by it, when given, and keeps the best epoch's weights. */
  validation?: Samples & { sampleWeight?: NdArray };
  epochs: number;
  batchSize: number;
  /** Epochs without a better loss before it stops; undefined: all epochs are run. */
  patience?: number;
  /** What is less than this is no better loss. */
  minDelta?: number;
  /** A loss below this is good enough to stop. */
  enough?: number;
  /** Weights of classes in the loss. */
  classWeight?: Record<number, number>;
  /** Default true. */
  shuffle?: boolean;
  seed: number;
  callbacks: readonly Callback[];
  signal?: AbortSignal;
  /** Where its backups are, and what is found of it in a resumed run. */
  fits?: FitRecords;
  /** performance.now() at which it is to stop. */
  deadline?: number;
}

/** Where a fit ended before its last epoch; where no callback of the user's did it, by what. */
export interface StoppedFit extends Stopped {
  /** As many epochs without a better one as the patience is; a loss that is good enough; the time that was up. */
  by?: 'patience' | 'enough' | 'time';
}

/** Said of a fit whose time was up. */
export const LATE = 'stopped at the end of its time';

/** Why a fit ended before its last epoch, where it was not interrupted. */
export function whyEarly({ by }: StoppedFit, patience: number | undefined): string | undefined {
  if (by === 'time') return LATE;
  if (by === 'enough') return 'stopped early: there is next to nothing left to learn';
  if (by !== 'patience' || patience === undefined) return undefined;
  return `stopped early: ${counted(patience, 'epoch')} without a better one; the best one is kept`;
}

export interface FitOutcome {
  history: Record<string, number[]>;
  /** Epochs up to the best one, from 1. */
  best: number;
  stopped?: StoppedFit;
  diverged?: MemcellError;
}

/**
 * Fits a network that is to take another one's place, and disposes of it when it was stopped before its last epoch, or its
 * loss did not stay finite.
 */
export async function fitOrDispose(
  model: Sequential,
  plan: FitPlan,
): Promise<{ whole: boolean; stopped?: StoppedFit }> {
  try {
    const { stopped, diverged } = await fitNetwork(model, plan);
    const whole = stopped === undefined && diverged === undefined;
    if (!whole) model.dispose();
    return { whole, ...(stopped && { stopped }) };
  } catch (error) {
    model.dispose();
    if (error instanceof MemcellError && error.code === 'numeric') return { whole: false };
    throw error;
  }
}

/**
 * Fits, and ends with the weights of the best epoch where there is a patience.
 * @throws MemcellError (numeric) when the loss is not finite in the first epoch
 */
export async function fitNetwork(model: Sequential, plan: FitPlan): Promise<FitOutcome> {
  const {
    train,
    validation,
    epochs,
    batchSize,
    patience,
    minDelta = 0,
    enough,
    classWeight,
    shuffle = true,
    seed,
    callbacks,
    signal,
    fits,
    deadline,
  } = plan;
  let history: Record<string, number[]> = {};
  const record: Callback = {
    onEpochEnd: (_, logs) => {
      for (const [key, value] of Object.entries(logs)) {
        history[key] ??= [];
        history[key].push(value);
      }
    },
    saveState: () => ({ values: { history: structuredClone(history) } }),
    loadState: ({ values }) => {
      history = { ...(values.history as typeof history) };
    },
  };
  let late = false;
  const clock: Callback = {
    onBatchEnd: (_batch, _logs, context) => {
      if (performance.now() < (deadline ?? 0)) return;
      late = true;
      context.stopTraining = true;
    },
    saveState: () => ({ values: { late } }),
    loadState: ({ values }) => {
      late = values.late === true;
    },
  };
  const monitor = validation ? 'val_loss' : 'loss';
  let isEnough = false;
  const satisfied: Callback = {
    onEpochEnd: (_, logs, context) => {
      isEnough ||= logs[monitor] < (enough ?? 0);
      if (isEnough) context.stopTraining = true;
    },
    saveState: () => ({ values: { isEnough } }),
    loadState: ({ values }) => {
      isEnough = values.isEnough === true;
    },
  };
  const early =
    patience === undefined ? undefined : new EarlyStopping({ monitor, patience, minDelta, restoreBestWeights: true });
  const outcome = () => {
    const best = early?.bestEpoch === undefined ? (history.loss?.length ?? 0) : early.bestEpoch + 1;
    return { history, best };
  };
  const cause = (): Pick<StoppedFit, 'by'> => {
    if (late) return { by: 'time' };
    if (isEnough) return { by: 'enough' };
    return early?.stoppedEpoch === undefined ? {} : { by: 'patience' };
  };
  try {
    const { stopped } = await model.fit(train.x, train.y, {
      epochs,
      batchSize,
      shuffle,
      seed,
      verbose: 0,
      callbacks: [
        record,
        ...(early ? [early] : []),
        ...(enough === undefined ? [] : [satisfied]),
        ...(deadline === undefined ? [] : [clock]),
        ...callbacks,
      ],
      ...(validation && { validationData: validation }),
      ...(classWeight && { classWeight }),
      ...(signal && { signal }),
      ...(fits && { backup: fits.next() }),
    });
    return { ...outcome(), ...(stopped && { stopped: { ...stopped, ...(stopped.reason === 'callback' && cause()) } }) };
  } catch (error) {
    if (!(error instanceof MemcellError) || error.code !== 'numeric' || history.loss === undefined) throw error;
    return { ...outcome(), diverged: error };
  }
}
