/** compile(): from names and options to one checked training configuration. */
import { MemcellError } from '../errors.js';
import type { LayersModel } from '../tfjsTypes.js';
import { getLoss, type Loss, type LossIdentifier } from './losses.js';
import { getMetrics, type Metric, type MetricIdentifier } from './metrics.js';
import { getOptimizer, type Optimizer, type OptimizerIdentifier } from './optimizers.js';

export interface CompileOptions {
  /** A name, adam({ … }), or what Keras serialises. Default: 'rmsprop', as in Keras. */
  optimizer?: OptimizerIdentifier;
  loss: LossIdentifier;
  /** Computed on every sample alike; masked steps do not count. */
  metrics?: readonly MetricIdentifier[];
  /** Computed with fit's sample or class weights. */
  weightedMetrics?: readonly MetricIdentifier[];
}

/** The same with names that come from a file, or from a program that has not been type-checked. */
export interface UncheckedCompileOptions {
  optimizer?: OptimizerIdentifier | string;
  loss: LossIdentifier | string;
  metrics?: readonly (MetricIdentifier | string)[];
  weightedMetrics?: readonly (MetricIdentifier | string)[];
}

/** What compile() fixed. */
export interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly metrics: readonly Metric[];
  readonly weightedMetrics: readonly Metric[];
  /** (null, …, C) */
  readonly outputShape: readonly (number | null)[];
}

/**
 * Checks and resolves compile()'s options for a model with one output.
 *
 * @throws MemcellError ('usage') for unknown names or options
 */
export function compileTraining(model: LayersModel, options: UncheckedCompileOptions): Compiled {
  if (options.loss === undefined)
    throw new MemcellError("compile needs a loss, such as 'meanSquaredError' or 'categoricalCrossentropy'", {
      code: 'usage',
    });
  const { outputShape } = model;
  if (model.inputs.length !== 1 || model.outputs.length !== 1 || !isShape(outputShape))
    throw new MemcellError(
      `the model has ${model.inputs.length} inputs and ${model.outputs.length} outputs; training needs one of each`,
      { code: 'model' },
    );
  const metrics = getMetrics('metrics', options.metrics);
  const weightedMetrics = getMetrics('weightedMetrics', options.weightedMetrics);
  distinct([...metrics, ...weightedMetrics]);
  return {
    optimizer: getOptimizer(options.optimizer ?? 'rmsprop'),
    loss: getLoss(options.loss),
    metrics,
    weightedMetrics,
    outputShape,
  };
}

function isShape(shape: LayersModel['outputShape']): shape is (number | null)[] {
  return !shape.some((size) => Array.isArray(size));
}

function distinct(metrics: readonly Metric[]): void {
  const names = ['loss', ...metrics.map(({ name }) => name)];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new MemcellError(`two metrics are called '${twice}'; give one of them another name`, { code: 'usage' });
}
