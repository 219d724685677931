/** What compile() was told, looked up and as JSON, so that a saved model comes back compiled. */
import { type CompileOptions, isByOutput, isLoss, noLoss, type UncheckedCompileOptions } from './compile.js';
import { getLoss, type Loss } from './losses.js';
import { getMetric, getMetrics, type Metric, type MetricIdentifier } from './metrics.js';
import { getOptimizer, type Optimizer } from './optimizers.js';

/** compile()'s options with the names looked up: the same optimizer, its state included, for every use. */
export interface ResolvedTraining extends CompileOptions {
  optimizer: Optimizer;
  loss: Losses;
  metrics?: MetricsByOutput;
  /** Both kinds of metrics, as far as they can be made again, and the names of the others. */
  made: { metrics: MetricsDescription; weightedMetrics: MetricsDescription; own: string[] };
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
  metrics: MetricsDescription;
  weightedMetrics?: MetricsDescription;
}

type MetricsDescription = MetricDescription[] | { [output: string]: MetricDescription[] };

/** A name, or a kind with its options. */
type MetricDescription = string | { name: string; config: Record<string, unknown> };

/**
 * Looks up compile()'s names.
 * @throws MemcellError ('usage') for unknown names or options, or no loss
 */
export function resolveTraining(options: UncheckedCompileOptions): ResolvedTraining {
  if (options?.loss === undefined) throw noLoss();
  const { metrics, weightedMetrics, lossWeights } = options;
  const own: string[] = [];
  const made = (given: typeof metrics): MetricsDescription =>
    isByOutput(given) ? mapValues(given, (some) => madeOf(some, own)) : madeOf(given ?? [], own);
  return {
    optimizer: getOptimizer(options.optimizer ?? 'rmsprop'),
    loss: resolvedLosses(options.loss),
    ...(lossWeights !== undefined && { lossWeights }),
    metrics: resolvedMetrics('metrics', options),
    weightedMetrics: resolvedMetrics('weightedMetrics', options),
    made: { metrics: made(metrics), weightedMetrics: made(weightedMetrics), own },
  };
}

function resolvedMetrics(
  option: 'metrics' | 'weightedMetrics',
  { [option]: given }: UncheckedCompileOptions,
): MetricsByOutput {
  return isByOutput(given) ? mapValues(given, (own) => getMetrics(option, own)) : getMetrics(option, given);
}

function madeOf(metrics: readonly (MetricIdentifier | string)[], own: string[]): MetricDescription[] {
  return metrics.flatMap((metric): MetricDescription[] => {
    if (typeof metric === 'string') return [metric];
    const { name, made } = getMetric(metric);
    if (!made) own.push(name);
    return made ? [{ name: made.name, config: { ...made.config } }] : [];
  });
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

/**
 * The options that compile() makes the same of again, with the learning rate as it is now; none for a loss of the user's own. What it has not
 * is noted in `lost`.
 */
export function describeTraining(
  { optimizer, loss, lossWeights, made: { metrics, weightedMetrics, own } }: ResolvedTraining,
  lost: string[] = [],
): TrainingDescription | undefined {
  const all = isResolved(loss) ? [loss] : isListOf(loss) ? loss : Object.values(loss);
  if (all.some(({ name: one }) => one === 'custom')) {
    lost.push('a loss of your own is not kept, and the model comes back uncompiled: compile it anew');
    return undefined;
  }
  if (own.length > 0) lost.push(`metrics of your own are not kept: ${own.join(', ')}`);
  const { name, config } = optimizer;
  const described = ({ name: one, config: options }: Loss) => ({ name: one, config: { ...options } });
  return {
    optimizer: { name, config },
    loss: isResolved(loss) ? described(loss) : isListOf(loss) ? loss.map(described) : mapValues(loss, described),
    ...(lossWeights !== undefined && { lossWeights }),
    metrics,
    ...(Object.keys(weightedMetrics).length > 0 && { weightedMetrics }),
  };
}

function isResolved(loss: Losses): loss is Loss {
  return 'positions' in loss;
}
