/** What compile() was told, looked up and as JSON, so that a saved model comes back compiled. */
import { type CompileOptions, isByOutput, isLoss, noLoss, type UncheckedCompileOptions } from './compile.js';
import { getLoss, type Loss } from './losses.js';
import { getMetrics, type Metric } from './metrics.js';
import { getOptimizer, type Optimizer } from './optimizers.js';

/** compile()'s options with the names looked up: the same optimizer, its state included, for every use. */
export interface ResolvedTraining extends CompileOptions {
  optimizer: Optimizer;
  loss: Losses;
  metrics?: MetricsByOutput;
  /** The metrics that were given by name. */
  metricNames: string[] | { [output: string]: string[] };
}

type Losses = Loss | readonly Loss[] | { readonly [output: string]: Loss };
type MetricsByOutput = readonly Metric[] | { readonly [output: string]: readonly Metric[] };

interface LossDescription {
  name: string;
  config: Record<string, unknown>;
}

/** compile()'s options as JSON. */
export interface TrainingDescription {
  optimizer: { name: string; config: Record<string, unknown> };
  loss: LossDescription | LossDescription[] | { [output: string]: LossDescription };
  lossWeights?: CompileOptions['lossWeights'];
  metrics: string[] | { [output: string]: string[] };
}

/**
 * Looks up compile()'s names.
 * @throws MemcellError ('usage') for unknown names or options, or no loss
 */
export function resolveTraining(options: UncheckedCompileOptions): ResolvedTraining {
  if (options?.loss === undefined) throw noLoss();
  const { metrics, lossWeights } = options;
  return {
    optimizer: getOptimizer(options.optimizer ?? 'rmsprop'),
    loss: resolvedLosses(options.loss),
    ...(lossWeights !== undefined && { lossWeights }),
    metrics: resolvedMetrics('metrics', options),
    weightedMetrics: resolvedMetrics('weightedMetrics', options),
    metricNames: isByOutput(metrics) ? mapValues(metrics, namesOf) : namesOf(metrics ?? []),
  };
}

function resolvedMetrics(
  option: 'metrics' | 'weightedMetrics',
  { [option]: given }: UncheckedCompileOptions,
): MetricsByOutput {
  return isByOutput(given) ? mapValues(given, (own) => getMetrics(option, own)) : getMetrics(option, given);
}

function namesOf(metrics: readonly unknown[]): string[] {
  return metrics.filter((metric) => typeof metric === 'string');
}

function resolvedLosses(loss: UncheckedCompileOptions['loss']): Losses {
  if (isLoss(loss)) return getLoss(loss);
  if (isListOf(loss)) return loss.map(getLoss);
  if (typeof loss === 'object' && loss !== null) return mapValues(loss, getLoss);
  return getLoss(loss);
}

function isListOf<T>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}

function mapValues<T, U>(object: { readonly [name: string]: T }, map: (value: T) => U): { [name: string]: U } {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}

/** The options that compile() makes the same of again, with the learning rate as it is now; none for a loss of the user's own. */
export function describeTraining({
  optimizer,
  loss,
  lossWeights,
  metricNames,
}: ResolvedTraining): TrainingDescription | undefined {
  const all = isResolved(loss) ? [loss] : isListOf(loss) ? loss : Object.values(loss);
  if (all.some(({ name: one }) => one === 'custom')) return undefined;
  const { name, config } = optimizer;
  const rate = typeof config.learningRate === 'number' ? { learningRate: optimizer.learningRate } : {};
  const described = ({ name: one, config: options }: Loss) => ({ name: one, config: { ...options } });
  return {
    optimizer: { name, config: { ...config, ...rate } },
    loss: isResolved(loss) ? described(loss) : isListOf(loss) ? loss.map(described) : mapValues(loss, described),
    ...(lossWeights !== undefined && { lossWeights }),
    metrics: metricNames,
  };
}

function isResolved(loss: Losses): loss is Loss {
  return 'positions' in loss;
}
