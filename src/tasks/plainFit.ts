import { parseSpec } from '../model/spec.js';
import { Sequential } from '../sequential.js';
import type { LossName } from '../training/losses.js';
import type { MetricName } from '../training/metrics.js';
import { getOptimizer } from '../training/optimizers.js';
import { startOf } from './clock.js';
import type { Run } from './definition.js';
import { type FitOutcome, fitNetwork } from './fitNetwork.js';
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
  run.from?.assign(model);
  model.threads = run.threads;
  return model;
}

/**
 * One fit, as Keras's: with patience it stops early and keeps the best epoch, with a budget it stops when that is spent.
 * @throws MemcellError (numeric) when the loss is not finite in the first epoch
 */
export async function plainFit(
  model: Sequential,
  { loss, metrics }: { loss: LossName; metrics: MetricName[] },
  { train, validation }: { train: Samples; validation?: Samples },
  settings: TrainingSettings,
  run: Run,
): Promise<FitOutcome> {
  const { epochs, batchSize, seed, patience, optimizer, learningRate } = settings;
  model.compile({ optimizer: getOptimizer({ name: optimizer, config: { learningRate } }), loss, metrics });
  return fitNetwork(model, {
    train,
    epochs,
    batchSize,
    seed,
    callbacks: run.callbacks,
    ...(validation && { validation }),
    ...(patience !== undefined && { patience }),
    ...(run.budget !== undefined && { deadline: startOf(run) + 1000 * run.budget }),
    ...(run.signal && { signal: run.signal }),
    ...(run.fits && { fits: run.fits }),
  });
}
