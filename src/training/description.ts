/** What compile() was told, looked up and as JSON, so that a saved model comes back compiled. */
import { MemcellError } from '../errors.js';
import type { CompileOptions, UncheckedCompileOptions } from './compile.js';
import { getLoss, type Loss } from './losses.js';
import { getMetrics, type Metric } from './metrics.js';
import { getOptimizer, type Optimizer } from './optimizers.js';

/** compile()'s options with the names looked up: the same optimizer, its state included, for every use. */
export interface ResolvedTraining extends CompileOptions {
  optimizer: Optimizer;
  loss: Loss;
  metrics: Metric[];
  weightedMetrics: Metric[];
  /** The metrics that were given by name. */
  metricNames: string[];
}

/** compile()'s options as JSON. */
export interface TrainingDescription {
  optimizer: { name: string; config: Record<string, unknown> };
  loss: { name: string; config: Record<string, unknown> };
  metrics: string[];
}

/**
 * Looks up compile()'s names.
 * @throws MemcellError ('usage') for unknown names or options, or no loss
 */
export function resolveTraining(options: UncheckedCompileOptions): ResolvedTraining {
  if (options?.loss === undefined) {
    throw new MemcellError("compile needs a loss, such as 'meanSquaredError' or 'categoricalCrossentropy'", {
      code: 'usage',
    });
  }
  return {
    optimizer: getOptimizer(options.optimizer ?? 'rmsprop'),
    loss: getLoss(options.loss),
    metrics: getMetrics('metrics', options.metrics),
    weightedMetrics: getMetrics('weightedMetrics', options.weightedMetrics),
    metricNames: (options.metrics ?? []).filter((metric) => typeof metric === 'string'),
  };
}

/** The options that compile() makes the same of again, with the learning rate as it is now; none for a loss of the user's own. */
export function describeTraining({ optimizer, loss, metricNames }: ResolvedTraining): TrainingDescription | undefined {
  if (loss.name === 'custom') return undefined;
  const { name, config } = optimizer;
  const rate = typeof config.learningRate === 'number' ? { learningRate: optimizer.learningRate } : {};
  return {
    optimizer: { name, config: { ...config, ...rate } },
    loss: { name: loss.name, config: { ...loss.config } },
    metrics: metricNames,
  };
}
