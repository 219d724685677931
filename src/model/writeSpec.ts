/** Layers as text in the spec notation: what parseSpec reads back as the same layers. */
import { MemcellError } from '../errors.js';
import type { Layer } from '../layers/define.js';
import { isBidirectional, isWrapper } from '../layers/kinds.js';
import { definitionOf } from '../layers/table.js';
import { snakeCase } from '../spelling.js';
import { parseSpec } from './spec.js';

/** Options that say how weights begin, how batches come or what a layer is called, and not what the layer computes. */
const leftOut = /Initializer$|^(name|trainable|inputShape|batchSize|batchShape|inputLength|stateful)$/;

/** Settings in a saved configuration that do not change what a layer computes in memcell. */
const immaterial =
  /Initializer$|^(name|trainable|batchInputShape|dtype|inputLength|stateful|implementation|unroll|seed|numConstraints?|layer|returnState)$/;

/**
 * The layer in the notation: its options that are not the defaults, the first ones by position; how its weights begin is
 * left out, and so is `stateful`.
 * @throws MemcellError 'model' that names the layer, for one that the notation cannot say
 */
export function writeLayer(layer: Layer): string {
  const text = written(layer);
  const [read] = readBack(text, layer);
  const [was, is] = [settingsOf(layer), settingsOf(read)];
  const other = [...new Set([...Object.keys(was), ...Object.keys(is)])].find(
    (name) => JSON.stringify(was[name] ?? null) !== JSON.stringify(is[name] ?? null),
  );
  if (other !== undefined) throw unwritable(layer, `${other} ${JSON.stringify(was[other] ?? null)}`);
  return text;
}

function readBack(text: string, layer: Layer): Layer[] {
  try {
    return parseSpec(text);
  } catch (cause) {
    throw unwritable(layer, text, cause);
  }
}

function unwritable(layer: Layer, what: string, cause?: unknown): MemcellError {
  return new MemcellError(`layer ${layer.name} (${layer.getClassName()}): training cannot start from one with ${what}`, {
    code: 'model',
    cause,
  });
}

/** What a layer computes, of its own configuration and that of the layer in it. */
function settingsOf(layer: Layer): Record<string, unknown> {
  const config: Record<string, unknown> = layer.getConfig();
  const own = Object.entries(config).filter(([name]) => !immaterial.test(name));
  const inner = innerOf(layer);
  return { ...Object.fromEntries(own), ...(inner && { layer: settingsOf(inner) }) };
}

function innerOf(layer: Layer): Layer | undefined {
  if (isBidirectional(layer)) return layer.forwardLayer;
  return isWrapper(layer) ? layer.layer : undefined;
}

function written(layer: Layer): string {
  const className = layer.getClassName();
  const definition = definitionOf(className);
  if (!definition || definition.joins) throw unwritable(layer, 'no place in a stack of memcell’s layers');
  const config: Record<string, unknown> = { ...layer.getConfig() };
  const inner = innerOf(layer);
  const values = new Map<string, string>();
  for (const [name, { kind, otherwise }] of Object.entries(definition.schema)) {
    if (leftOut.test(name)) continue;
    if (name === 'layer' && inner) {
      values.set(name, written(inner));
      continue;
    }
    const value = config[name];
    if (value === undefined || value === null) continue;
    const usual = otherwise === undefined ? undefined : kind(otherwise, name);
    if (JSON.stringify(value) !== JSON.stringify(usual)) values.set(name, valueText(value));
  }
  const positional: string[] = [];
  for (const name of definition.positional) {
    const value = values.get(name);
    if (value === undefined) break;
    positional.push(value);
    values.delete(name);
  }
  if (!layer.trainable) values.set('trainable', 'false');
  const named = Array.from(values, ([name, value]) => `${snakeCase(name)}=${value}`);
  const all = [...positional, ...named];
  return all.length === 0 ? className : `${className}(${all.join(', ')})`;
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (typeof value === 'string') return /^[A-Za-z]\w*$/.test(value) ? value : JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const { className, config } = value as { className?: unknown; config?: Record<string, unknown> };
  if (typeof className !== 'string') return JSON.stringify(value);
  const settings = Object.entries(config ?? {}).filter(([, one]) => one !== null && one !== undefined);
  const name = className[0].toLowerCase() + className.slice(1);
  if (settings.length === 0) return name;
  return `${name}(${settings.map(([option, one]) => `${snakeCase(option)}=${valueText(one)}`).join(', ')})`;
}
