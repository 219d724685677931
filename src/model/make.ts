import { didYouMean } from '../data/suggest.js';
import { MemcellError } from '../errors.js';
import { camelCase } from '../spelling.js';
import type { Layer } from './layers.js';
import { layerNameOf } from './names.js';
import { type OptionKind, show } from './options.js';
import { entryOf, layerClasses, type Settings } from './table.js';

/** What is wrong with a layer, and with which of its options. */
export class LayerError extends MemcellError {
  constructor(
    message: string,
    readonly option?: string,
  ) {
    super(message, { code: 'model' });
  }
}

const automatic = new WeakSet<Layer>();

/** True for a layer whose maker gave it no name, so that a model may number it. */
export function isNamedAutomatically(layer: Layer): boolean {
  return automatic.has(layer);
}

/**
 * Makes a layer from its class's name and the values of its options, checking all of them: what every layer function
 * and the spec notation come down to.
 * @throws MemcellError 'model' that names the layer, the option, the value and what it must be
 */
export function makeLayer(className: string, positional: readonly unknown[], named: object): Layer {
  const entry = entryOf(className);
  if (!entry) {
    const remedy = didYouMean(className, layerClasses) || `; known are ${layerClasses.join(', ')}`;
    throw new LayerError(`unknown layer '${className}'${remedy}`);
  }
  const given = byName(className, entry.positional, positional, named);
  const known = Object.keys(entry.options);
  const settings: Settings = {};
  for (const [name, value] of Object.entries({ ...entry.defaults, ...given })) {
    if (!Object.hasOwn(entry.options, name)) {
      const remedy = didYouMean(camelCase(name), known) || `; it takes ${known.join(', ')}`;
      throw new LayerError(`${className}: unknown option ${name}${remedy}`, name);
    }
    const checked = check(entry.options[name], value, className, name);
    if (checked !== undefined) settings[name] = checked;
  }
  for (const name of entry.required) {
    if (!(name in settings)) throw new LayerError(`${className}: ${name} is missing`);
  }
  settings.name ??= layerNameOf(className);
  fixBatch(className, settings);
  const layer = entry.make(settings);
  // tfjs's wrappers do not read the setting.
  if (settings.trainable === false) layer.trainable = false;
  if (!('name' in given)) automatic.add(layer);
  return layer;
}

/** tfjs's name for a batch's shape. */
function fixBatch(className: string, settings: Settings): void {
  const { batchShape, batchSize, inputShape, inputLength } = settings;
  if (batchShape !== undefined) {
    const other = ['inputShape', 'batchSize', 'inputLength'].find((name) => settings[name] !== undefined);
    if (other !== undefined) {
      throw new LayerError(`${className}: batchShape already says what ${other} does; leave that out`, other);
    }
    settings.batchInputShape = batchShape;
    delete settings.batchShape;
  } else if (batchSize !== undefined && inputShape === undefined && inputLength === undefined) {
    throw new LayerError(
      `${className}: batchSize goes with inputShape; or give batchShape, such as [32, 30, 4]`,
      'batchSize',
    );
  }
}

function check(kind: OptionKind, value: unknown, className: string, name: string): unknown {
  try {
    return kind(value, `${className}: ${name}`);
  } catch (error) {
    throw error instanceof MemcellError ? new LayerError(error.message, name) : error;
  }
}

/** All given options under their names; undefined ones are taken as not given. */
function byName(className: string, order: string[], positional: readonly unknown[], named: object): Settings {
  if (typeof named !== 'object' || named === null || Array.isArray(named)) {
    throw new LayerError(`${className}: the options must be an object, not ${show(named)}`);
  }
  if (positional.length > order.length) {
    const takes = order.length === 0 ? 'no values' : `at most ${order.join(', ')}`;
    throw new LayerError(`${className}: takes ${takes} by position, not ${positional.length} values`);
  }
  const given: Settings = {};
  for (const [i, value] of positional.entries()) if (value !== undefined) given[order[i]] = value;
  for (const [written, value] of Object.entries(named)) {
    if (value === undefined) continue;
    const name = camelCase(written);
    if (Object.hasOwn(given, name)) throw new LayerError(`${className}: ${name} is given twice`, name);
    given[name] = value;
  }
  return given;
}
