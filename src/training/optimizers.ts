/** Optimizers in plain TypeScript over typed arrays: Keras 3's formulas, defaults and order of operations (https://keras.io/api/optimizers/). */
import { didYouMean } from '../data/suggest.js';
import { usageError } from '../errors.js';
import { namedOptions, type Spelling, short, shown } from '../spelling.js';
import { adagrad } from './optimizers/adagrad.js';
import { adam, adamw } from './optimizers/adam.js';
import { adamax } from './optimizers/adamax.js';
import { lion } from './optimizers/lion.js';
import { nadam } from './optimizers/nadam.js';
import type { Optimizer } from './optimizers/optimizer.js';
import { rmsprop } from './optimizers/rmsprop.js';
import { sgd } from './optimizers/sgd.js';
import type { Options } from './options.js';

export type { AdagradOptions } from './optimizers/adagrad.js';
export type { AdamOptions } from './optimizers/adam.js';
export type { AdamaxOptions } from './optimizers/adamax.js';
export type { LionOptions } from './optimizers/lion.js';
export type { NadamOptions } from './optimizers/nadam.js';
export type * from './optimizers/optimizer.js';
export type { RmspropOptions } from './optimizers/rmsprop.js';
export { AVERAGE, LEAST_EPSILON } from './optimizers/rule.js';
export type { SgdOptions } from './optimizers/sgd.js';
export { adagrad, adam, adamax, adamw, lion, nadam, rmsprop, sgd };

export type OptimizerName = keyof typeof OPTIMIZERS;

const OPTIMIZERS = { sgd, rmsprop, adam, adamw, adagrad, adamax, nadam, lion };

/** The names of all optimizers. */
export const optimizerNames = Object.keys(OPTIMIZERS) as OptimizerName[];

/** A name, in any of Keras's spellings; what adam({ … }) and its kin make; one of these functions; or what Keras serialises. */
export type OptimizerIdentifier =
  | Spelling<OptimizerName>
  | 'SGD'
  | 'RMSprop'
  | 'AdamW'
  | (() => Optimizer)
  | Optimizer
  | { name: string; config: Record<string, unknown> }
  | { class_name: string; config: Record<string, unknown> };

/**
 * An optimizer from its name, from { name, config } or from what Keras's serialize() gives; an optimizer is itself.
 *
 * @throws MemcellError ('usage') for an unknown name or option.
 */
export function getOptimizer(identifier: OptimizerIdentifier | string): Optimizer {
  if (typeof identifier === 'string') return makeOptimizer(identifier, {});
  const made: unknown = typeof identifier === 'function' ? identifier() : identifier;
  if (isOptimizer(made)) return made;
  if (typeof identifier === 'object' && identifier !== null) {
    const name = 'class_name' in identifier ? identifier.class_name : identifier.name;
    if (typeof name === 'string') {
      if (typeof identifier.config !== 'object' || identifier.config === null)
        throw usageError(`optimizer: give options as ${name}({ … }) or { name: '${name}', config: { … } }`);
      return makeOptimizer(name, 'class_name' in identifier ? fromKeras(name, identifier.config) : identifier.config);
    }
  }
  throw usageError(
    `an optimizer is a name, such as 'adam', or what adam({ … }) and its kin make; not ${shown(identifier)}`,
  );
}

function isOptimizer(value: unknown): value is Optimizer {
  return typeof value === 'object' && value !== null && 'apply' in value && typeof value.apply === 'function';
}

function makeOptimizer(written: string, config: Options): Optimizer {
  const name = optimizerNames.find((candidate) => candidate === written.replaceAll('_', '').toLowerCase());
  if (!name)
    throw usageError(
      `unknown optimizer '${short(written)}'${didYouMean(written, optimizerNames) || `; use ${optimizerNames.join(', ')}`}`,
    );
  return (OPTIMIZERS[name] as (options: Options) => Optimizer)(config);
}

/** Keras's config in ours: what memcell does not have must be off. */
function fromKeras(optimizer: string, config: Options): Options {
  const { name: _, lossScaleFactor, ...options } = namedOptions(optimizer, config);
  if (lossScaleFactor)
    throw usageError('optimizer option lossScaleFactor of Keras is not supported; save the model without it');
  return options;
}
