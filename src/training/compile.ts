/** compile(): from names and options to one checked training configuration. */

import { type MemcellError, usageError } from '../errors.js';
import { isRecord } from '../fields.js';
import { counted } from '../format.js';
import { distinctNames } from '../model/ends.js';
import { shown } from '../spelling.js';
import type { LayersModel } from '../tfjsTypes.js';
import { getLoss, type Loss, type LossIdentifier } from './losses.js';
import { getMetrics, type Metric, type MetricIdentifier } from './metrics.js';
import { getOptimizer, type Optimizer, type OptimizerIdentifier } from './optimizers.js';

export interface CompileOptions<Optimizer = OptimizerIdentifier, Loss = LossIdentifier, Metric = MetricIdentifier> {
  /** A name, adam({ … }), or what Keras serialises. Default: 'rmsprop', as in Keras. */
  optimizer?: Optimizer;
  /** Of a model with several outputs: one for all, a list, or by the outputs' names. */
  loss: Loss | readonly Loss[] | { readonly [output: string]: Loss };
  /** What each output's loss is multiplied by in their sum, by the outputs' order or names. Default 1. */
  lossWeights?: readonly number[] | { readonly [output: string]: number };
  /** Computed on every sample alike; masked steps do not count. Of several outputs: for all of them, or by their names. */
  metrics?: readonly Metric[] | { readonly [output: string]: readonly Metric[] };
  /** Computed with fit's sample or class weights; given as `metrics` are. */
  weightedMetrics?: readonly Metric[] | { readonly [output: string]: readonly Metric[] };
}

/** The same with names that come from a file, or from a program that has not been type-checked. */
export type UncheckedCompileOptions = CompileOptions<
  OptimizerIdentifier | string,
  LossIdentifier | string,
  MetricIdentifier | string
>;

/** What compile() fixed. */
export interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly metrics: readonly Metric[];
  readonly weightedMetrics: readonly Metric[];
  /** (null, …, C) */
  readonly outputShape: readonly (number | null)[];
  /** Of a model with several outputs. `loss` stands for their sum then, and no more; `metrics` are those of all. */
  readonly outputs?: readonly CompiledOutput[];
}

export interface CompiledOutput {
  readonly name: string;
  readonly loss: Loss;
  readonly weight: number;
  readonly shape: readonly (number | null)[];
}

/**
 * Checks and resolves compile()'s options for a model.
 *
 * @throws MemcellError ('usage') for unknown names or options
 */
export function compileTraining(model: LayersModel, options: UncheckedCompileOptions): Compiled {
  if (options.loss === undefined) throw noLoss();
  const optimizer = getOptimizer(options.optimizer ?? 'rmsprop');
  const names = outputNamesOf(model);
  const shapes = model.outputs.map(({ shape }) => shape);
  const metrics = metricsOf('metrics', options, names);
  const weightedMetrics = metricsOf('weightedMetrics', options, names);
  distinct([...metrics, ...weightedMetrics]);
  if (names.length === 1) {
    const [loss] = eachOutput(options.loss, names, isLoss, 'loss').map(getLoss);
    const [weight] = lossWeightsOf(options, names);
    if (weight !== 1) throw usageError('compile: lossWeights are for a model with several outputs');
    return { optimizer, loss, metrics, weightedMetrics, outputShape: shapes[0] };
  }
  const weights = lossWeightsOf(options, names);
  const losses = eachOutput(options.loss, names, isLoss, 'loss').map(getLoss);
  const outputs = names.map((name, i) => ({ name, loss: losses[i], weight: weights[i], shape: shapes[i] }));
  return { optimizer, loss: SUM, metrics, weightedMetrics, outputShape: [null, null], outputs };
}

/** The names of a model's outputs: their layers', numbered where one layer gives several. */
export function outputNamesOf(model: LayersModel): string[] {
  return distinctNames(model.outputs.map(({ sourceLayer: { name } }) => name));
}

/** Stands for the sum of several losses, which the runner makes. */
const SUM: Loss = {
  name: 'sum',
  config: {},
  targets: 'any',
  positions: () => {
    throw usageError('this loss is a sum of several outputs');
  },
};

export function isLoss(value: unknown): value is LossIdentifier | string {
  if (typeof value === 'string' || typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  if ('positions' in value) return true;
  const kind = 'class_name' in value ? value.class_name : 'name' in value ? value.name : undefined;
  return typeof kind === 'string' && 'config' in value;
}

/** One of something for each output, from one for all, a list, or an object by names. */
function eachOutput<T>(
  given: unknown,
  names: readonly string[],
  is: (value: unknown) => value is T,
  what: string,
): T[] {
  if (is(given)) return names.map(() => given);
  const example = `for the outputs ${names.join(', ')}`;
  if (Array.isArray(given)) {
    if (given.length !== names.length) {
      throw usageError(
        `compile: ${counted(given.length, 'value')} in ${what} ${example}; give one for each, in this order or by name`,
      );
    }
    return given.map((one, i) => {
      if (is(one)) return one;
      throw usageError(`compile: ${what} for output ${names[i]} is ${shown(one)}`);
    });
  }
  if (typeof given !== 'object' || given === null) throw usageError(`compile: ${what} is ${shown(given)} ${example}`);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw usageError(`compile: ${what} has '${unknown}', but the outputs are ${names.join(', ')}`);
  return names.map((name) => {
    const one: unknown = Reflect.get(given, name);
    if (Object.hasOwn(given, name) && is(one)) return one;
    throw usageError(`compile: ${what} has nothing for output ${name}; give one for each of ${names.join(', ')}`);
  });
}

function lossWeightsOf({ lossWeights }: UncheckedCompileOptions, names: readonly string[]): number[] {
  const isWeight = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
  if (lossWeights === undefined) return names.map(() => 1);
  if (isWeight(lossWeights)) throw usageError('compile: lossWeights are a list, or an object by the names of outputs');
  return eachOutput(lossWeights, names, isWeight, 'lossWeights');
}

/** The metrics of all outputs; those of several have the output's name before their own. */
function metricsOf(
  option: 'metrics' | 'weightedMetrics',
  { [option]: given }: UncheckedCompileOptions,
  names: readonly string[],
): Metric[] {
  const of = (name: string) => {
    if (!isByOutput(given)) return getMetrics(option, given);
    return getMetrics(option, Object.hasOwn(given, name) ? given[name] : []);
  };
  const unknown = isByOutput(given) ? Object.keys(given).find((name) => !names.includes(name)) : undefined;
  if (unknown !== undefined)
    throw usageError(`compile: ${option} has '${unknown}', but the outputs are ${names.join(', ')}`);
  if (names.length === 1) return of(names[0]);
  return names.flatMap((name, output) =>
    of(name).map((metric) => ({
      name: `${name}_${metric.name}`,
      direction: metric.direction,
      output,
      start: () => metric.start(),
    })),
  );
}

/** Metrics by the outputs' names, not a list for all; what is neither is refused by getMetrics. */
export function isByOutput(
  metrics: UncheckedCompileOptions['metrics'] | null,
): metrics is { readonly [output: string]: readonly (MetricIdentifier | string)[] } {
  return isRecord(metrics);
}

export function noLoss(): MemcellError {
  return usageError("compile needs a loss, such as 'meanSquaredError' or 'categoricalCrossentropy'");
}

function distinct(metrics: readonly Metric[]): void {
  const names = ['loss', ...metrics.map(({ name }) => name)];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw usageError(`two metrics are called '${twice}'; give one of them another name`);
}
