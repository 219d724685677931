/** Layers as text in the spec notation: what parseSpec reads back as the same layers. */
import { MemcellError } from '../errors.js';
import { definitionOf } from '../layers/byName.js';
import type { Layer } from '../layers/define.js';
import { cellsIn, isBidirectional, isRecurrent, isWrapper } from '../layers/kinds.js';
import { shown, snakeCase } from '../spelling.js';
import { parseSpec } from './spec.js';

/** Options that say how weights begin, how batches come or what a layer is called, and not what the layer computes. */
const leftOut = /Initializer$|^(name|trainable|inputShape|batchSize|batchShape|inputLength|stateful|unitForgetBias)$/;

/** Settings in a saved configuration that do not change what a layer computes in memcell. */
const immaterial =
  /Initializer$|^(name|trainable|batchInputShape|dtype|inputLength|stateful|implementation|unroll|seed|numConstraints?|layer|cells?|returnState|unitForgetBias)$/;

/** Activations whose names in a layer's configuration are not those of the notation. */
const activations: Record<string, string> = { hardSigmoid: 'hard_sigmoid_keras2', hardSigmoidKeras3: 'hard_sigmoid' };

/**
 * The layer in the notation: its options that are not the defaults, the first ones by position; how its weights begin is
 * left out, and so is `stateful`.
 * @throws MemcellError 'model' that names the layer, for one that the notation cannot say
 */
export function writeLayer(layer: Layer): string {
  const text = written(layer);
  const [read] = readBack(text, layer);
  const [was, is] = [settingsOf(layer), settingsOf(read)];
  const other = [...new Set([...Object.keys(was), ...Object.keys(is)])].find((name) => !isSame(was[name], is[name]));
  if (other !== undefined) throw unwritable(layer, `${other} ${shown(was[other])}`);
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
  return new MemcellError(
    `layer ${layer.name} (${layer.getClassName()}): training cannot start from one with ${what}`,
    {
      code: 'model',
      cause,
    },
  );
}

/** A layer's configuration. One that is built counts its axis from the first, a new one from the last: here from the last. */
function configOf(layer: Layer): Record<string, unknown> {
  const config: Record<string, unknown> = { ...layer.getConfig() };
  const { axis } = config;
  const one = Array.isArray(axis) && axis.length === 1 ? axis[0] : axis;
  const shape = layer.inboundNodes[0]?.inputShapes[0];
  const rank = Array.isArray(shape) ? shape.length : undefined;
  return one === -1 || (rank !== undefined && one === rank - 1) ? { ...config, axis: -1 } : config;
}

/** What a layer computes, of its own configuration and that of the layer in it. */
function settingsOf(layer: Layer): Record<string, unknown> {
  const own = Object.entries(configOf(layer)).filter(([name]) => !immaterial.test(name));
  const inner = innerOf(layer);
  const cells = cellsOf(layer).map(settingsOf);
  return {
    ...Object.fromEntries(own),
    ...(inner && { layer: settingsOf(inner) }),
    ...(cells.length > 0 && { cell: cells }),
  };
}

/** What is left out of a configuration is none, or features last. */
function isSame(was: unknown, is: unknown): boolean {
  const [a, b] = [was, is].map((one) => JSON.stringify(one ?? null));
  return a === b || [a, b].every((one) => one === 'null' || one === '"channelsLast"');
}

function innerOf(layer: Layer): Layer | undefined {
  if (isBidirectional(layer)) return layer.forwardLayer;
  return isWrapper(layer) ? layer.layer : undefined;
}

/** The cells of an RNN. */
function cellsOf(layer: Layer): Layer[] {
  return layer.getClassName() === 'RNN' && isRecurrent(layer) ? cellsIn(layer) : [];
}

function writtenCells(layer: Layer, inFrozen: boolean): string {
  const cells = cellsOf(layer).map((cell) => written(cell, inFrozen));
  return cells.length === 1 ? cells[0] : `[${cells.join(', ')}]`;
}

function written(layer: Layer, inFrozen = false): string {
  const className = layer.getClassName();
  const definition = definitionOf(className);
  if (!definition || definition.joins) throw unwritable(layer, 'no notation: it is no layer of a stack');
  const config = configOf(layer);
  const inner = innerOf(layer);
  const names = Object.keys(definition.schema).filter((name) => !leftOut.test(name));
  const needed = names.filter((name) => definition.schema[name].need === 'required');
  const textOf = (name: string) => {
    if (name === 'cell') return writtenCells(layer, inFrozen || !layer.trainable);
    return name === 'layer' && inner ? written(inner, inFrozen || !layer.trainable) : valueText(config[name]);
  };
  const least = needed.map((name) => `${snakeCase(name)}=${textOf(name)}`).join(', ');
  const usual = configOf(readBack(`${className}(${least})`, layer)[0]);
  const values = new Map<string, string>();
  for (const name of names) {
    const value = config[name];
    const isUsual = value === undefined || value === null || JSON.stringify(value) === JSON.stringify(usual[name]);
    if (needed.includes(name) || (name !== 'layer' && name !== 'cell' && !isUsual)) values.set(name, textOf(name));
  }
  const positional: string[] = [];
  for (const name of definition.positional) {
    const value = values.get(name);
    if (value === undefined) break;
    positional.push(value);
    values.delete(name);
  }
  if (!layer.trainable && !inFrozen) values.set('trainable', 'false');
  const named = Array.from(values, ([name, value]) => `${snakeCase(name)}=${value}`);
  const all = [...positional, ...named];
  return all.length === 0 ? className : `${className}(${all.join(', ')})`;
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (typeof value === 'string')
    return activations[value] ?? (/^[A-Za-z]\w*$/.test(value) ? value : JSON.stringify(value));
  if (typeof value !== 'object' || value === null) return String(value);
  const { className, config } = value as { className?: unknown; config?: Record<string, unknown> };
  if (typeof className !== 'string') return JSON.stringify(value);
  const settings = Object.entries(config ?? {}).filter(([, one]) => one !== null && one !== undefined);
  const name = className[0].toLowerCase() + className.slice(1);
  if (settings.length === 0) return name;
  return `${name}(${settings.map(([option, one]) => `${snakeCase(option)}=${valueText(one)}`).join(', ')})`;
}
