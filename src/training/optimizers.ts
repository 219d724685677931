/** Optimizers in plain TypeScript over typed arrays: Keras 3's formulas, defaults and order of operations (https://keras.io/api/optimizers/). */
import { didYouMean } from '../data/suggest.js';
import { adagrad } from './optimizers/adagrad.js';
import { adam, adamw } from './optimizers/adam.js';
import { adamax } from './optimizers/adamax.js';
import { lion } from './optimizers/lion.js';
import { nadam } from './optimizers/nadam.js';
import { rmsprop } from './optimizers/rmsprop.js';
import { type Optimizer, usage } from './optimizers/rule.js';
import { sgd } from './optimizers/sgd.js';
import { camelCaseKeys, type Options } from './options.js';

export {
  LEAST_EPSILON,
  type OptimizedVariable,
  type Optimizer,
  type OptimizerConfig,
  type OptimizerOptions,
} from './optimizers/rule.js';
export { adagrad, adam, adamax, adamw, lion, nadam, rmsprop, sgd };

const OPTIMIZERS = { sgd, rmsprop, adam, adamw, adagrad, adamax, nadam, lion } satisfies Record<
  string,
  (options: Options) => Optimizer
>;

export type OptimizerName = keyof typeof OPTIMIZERS;

export type OptimizerIdentifier =
  | OptimizerName
  | (string & {})
  | (() => Optimizer)
  | Optimizer
  | { name: string; config: Options }
  | { class_name: string; config: Options };

/**
 * An optimizer from its name, from { name, config } or from what Keras's serialize() gives; an optimizer is itself.
 *
 * @throws MemcellError ('usage') for an unknown name or option.
 */
export function getOptimizer(identifier: OptimizerIdentifier): Optimizer {
  if (typeof identifier === 'function') return identifier();
  if (typeof identifier === 'string') return makeOptimizer(identifier, {});
  if ('class_name' in identifier) return makeOptimizer(identifier.class_name, fromKeras(identifier.config));
  if ('apply' in identifier) return identifier;
  if (typeof identifier.config !== 'object' || identifier.config === null)
    throw usage(
      `optimizer: give options as ${identifier.name}({ … }) or { name: '${identifier.name}', config: { … } }`,
    );
  return makeOptimizer(identifier.name, identifier.config);
}

function makeOptimizer(written: string, config: Options): Optimizer {
  const known = Object.keys(OPTIMIZERS) as OptimizerName[];
  const name = known.find((candidate) => candidate === written.replaceAll('_', '').toLowerCase());
  if (!name) throw usage(`unknown optimizer '${written}'${didYouMean(written, known) || `; use ${known.join(', ')}`}`);
  return OPTIMIZERS[name](config);
}

/** Keras's config in ours: what memcell does not have must be off. */
function fromKeras(config: Options): Options {
  const { name: _, useEma, emaMomentum, emaOverwriteFrequency, ...rest } = camelCaseKeys(config);
  const { lossScaleFactor, gradientAccumulationSteps, ...options } = rest;
  const set = Object.entries({ useEma, lossScaleFactor, gradientAccumulationSteps }).filter(([, value]) => value);
  if (set.length > 0) throw usage(`optimizer option ${set[0][0]} of Keras is not supported; save the model without it`);
  return options;
}
