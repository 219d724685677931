import { MemcellError } from '../errors.js';
import { isRecord } from '../fields.js';
import { camelCase, shown } from '../spelling.js';
import { tensorFlow } from '../tensorflow.js';
import { unknownOption } from '../valueKinds.js';
import type { Layer, LayerDefinition } from './define.js';
import { layerNameOf } from './names.js';
import type { Option } from './schema.js';
import { applicable, type GraphLayer } from './symbolic.js';

/** What is wrong with a layer, and with which of its options. */
export class LayerError extends MemcellError {
  constructor(
    message: string,
    readonly option?: string,
  ) {
    super(message, { code: 'model' });
  }
}

type Settings = Record<string, unknown>;

const automatic = new WeakSet<Layer>();

/** True for a layer whose maker gave it no name, so that a model may number it. */
export function isNamedAutomatically(layer: Layer): boolean {
  return automatic.has(layer);
}

/**
 * Makes a layer from the values of its options, checking all of them: what every layer function and the spec notation come down to.
 * @throws MemcellError 'model' that names the layer, the option, the value and what it must be
 */
export function makeLayer(
  definition: LayerDefinition,
  positional: readonly unknown[],
  named: object,
): GraphLayer<never> {
  const { class: className, schema } = definition;
  const given = byName(definition, positional, named);
  const known = Object.keys(schema);
  const settings: Settings = {};
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(schema, name)) continue;
    throw new LayerError(unknownOption(className, name, known), name);
  }
  for (const [name, option] of Object.entries(schema)) {
    const value = Object.hasOwn(given, name) ? given[name] : option.otherwise;
    const checked = value === undefined ? undefined : check(option, value, className, name);
    if (checked !== undefined) settings[name] = checked;
    else if (option.need === 'required') throw new LayerError(`${className}: ${name} is missing`);
  }
  settings.name ??= layerNameOf(className);
  fixBatch(className, settings);
  const layer = definition.make(settings, tensorFlow());
  // tfjs's wrappers do not read the setting.
  if (settings.trainable === false) layer.trainable = false;
  if (!('name' in given)) automatic.add(layer);
  return applicable(layer);
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

function check({ kind }: Option, value: unknown, className: string, name: string): unknown {
  try {
    return kind(value, `${className}: ${name}`);
  } catch (error) {
    throw error instanceof MemcellError ? new LayerError(error.message, name) : error;
  }
}

/** All given options under their names in camelCase; undefined ones are taken as not given. */
function byName(
  { class: className, positional: order, remedy }: LayerDefinition,
  positional: readonly unknown[],
  named: object,
): Settings {
  if (!isRecord(named)) {
    throw new LayerError(`${className}: the options must be an object, not ${shown(named)}`);
  }
  if (positional.length > order.length) {
    const takes = order.length === 0 ? 'no values' : `at most ${order.join(', ')}`;
    throw new LayerError(
      `${className}: takes ${takes} by position, not ${positional.length} values${remedy ? `; ${remedy}` : ''}`,
    );
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
