import { MemcellError } from '../errors.js';
import { parseSpec } from '../model/spec.js';
import { Sequential } from '../sequential.js';
import { type Callback, EarlyStopping } from '../training/callbacks.js';
import type { Stopped } from '../training/history.js';
import { getOptimizer } from '../training/optimizers.js';
import type { Run } from './definition.js';
import type { Samples } from './prepared.js';
import { checkSettings, type TrainingSettings } from './settings.js';

/** The settings of a run, completed by the task's own and checked. */
export function completeSettings(run: Run, own: Omit<TrainingSettings, 'optimizer' | 'seed'>): TrainingSettings {
  const given = Object.entries(run.settings).filter(([, value]) => value !== undefined);
  const settings = { optimizer: 'adam', ...own, ...Object.fromEntries(given), seed: run.seed };
  checkSettings(settings);
  return settings;
}

/** A network as Keras would build it: the layers on the samples' shape. */
export function plainNetwork(layers: string, inputShape: number[], run: Run): Sequential {
  const model = new Sequential(parseSpec(layers), { inputShape, seed: run.seed });
  model.threads = run.threads;
  return model;
}

export interface PlainFit {
  history: Record<string, number[]>;
  stopped?: Stopped;
  diverged?: MemcellError;
}

/**
 * One fit, as Keras's: with patience it stops early and keeps the best epoch, with a budget it stops when that is spent.
 * @throws MemcellError (numeric) when the loss is not finite in the first epoch
 */
export async function plainFit(
  model: Sequential,
  { loss, metrics }: { loss: string; metrics: string[] },
  { train, validation }: { train: Samples; validation?: Samples },
  settings: TrainingSettings,
  run: Run,
): Promise<PlainFit> {
  const { epochs, batchSize, seed, patience, optimizer, learningRate } = settings;
  model.compile({ optimizer: getOptimizer({ name: optimizer, config: { learningRate } }), loss, metrics });
  const history: Record<string, number[]> = {};
  const record: Callback = {
    onEpochEnd: (_, logs) => {
      for (const [key, value] of Object.entries(logs)) history[key] = [...(history[key] ?? []), value];
    },
  };
  const monitor = validation ? 'val_loss' : 'loss';
  const early = patience === undefined ? [] : [new EarlyStopping({ monitor, patience, restoreBestWeights: true })];
  const limit = run.budget === undefined ? [] : [stopAfter(run.budget)];
  try {
    const { stopped } = await model.fit(train.x, train.y, {
      epochs,
      batchSize,
      seed,
      verbose: 0,
      callbacks: [record, ...early, ...limit, ...run.callbacks],
      ...(validation && { validationData: validation }),
      ...(run.signal && { signal: run.signal }),
    });
    return { history, ...(stopped && { stopped }) };
  } catch (error) {
    if (!(error instanceof MemcellError) || error.code !== 'numeric' || history.loss === undefined) throw error;
    return { history, diverged: error };
  }
}

function stopAfter(seconds: number): Callback {
  const end = performance.now() + 1000 * seconds;
  return {
    onBatchEnd: (_batch, _logs, context) => {
      if (performance.now() > end) context.stopTraining = true;
    },
  };
}
