/** The description of a saved model as a graph: its layers, what each call of them reads, and the order of the calls. */

import { isRecord } from '../fields.js';
import type { Config } from '../plan/planning.js';
import { Unsupported } from '../plan/unsupported.js';
import { camelCase } from '../spelling.js';

/** What a call of a layer gave. */
export type Source = [layer: string, call: number, output: number];

export interface SavedLayer {
  className: string;
  name: string;
  /** Its options under memcell's names. */
  config: Config;
  /** For each call, what it reads. */
  calls: Source[][];
  /** Of a model in the model. */
  model?: SavedGraph;
}

export interface SavedGraph {
  layers: SavedLayer[];
  inputs: SavedLayer[];
  outputs: Source[];
}

/** @param topology of Keras 2's form. @throws Unsupported */
export function savedGraph({ class_name: className, config: written }: Config): SavedGraph {
  const config = recordOf(written);
  const layers = listOf(config.layers).map((layer) => savedLayer(recordOf(layer)));
  if (className === 'Sequential') return chained(layers);
  const named = (name: string) => {
    const layer = layers.find((one) => one.name === name);
    if (!layer) throw new Unsupported(`it has no layer ${name}`);
    return layer;
  };
  // The first call of a model, in this form, is the one that made it.
  const counted = ([name, call, output]: Source): Source => [name, named(name).model ? call - 1 : call, output];
  for (const layer of layers) layer.calls = layer.calls.map((sources) => sources.map(counted));
  return {
    layers,
    inputs: sourcesOf(config.input_layers).map(([name]) => named(name)),
    outputs: sourcesOf(config.output_layers).map(counted),
  };
}

/** A stack as a graph, its input a layer of its own. */
function chained(layers: readonly SavedLayer[]): SavedGraph {
  const [first] = layers;
  if (!first) throw new Unsupported('it has no layers');
  const isInput = first.className === 'InputLayer';
  const { batchInputShape } = first.model?.inputs[0].config ?? first.config;
  const made = { className: 'InputLayer', name: `${first.name}_input`, config: { batchInputShape }, calls: [] };
  const input = isInput ? first : made;
  let before = input.name;
  const rest = layers.slice(isInput ? 1 : 0).map((layer): SavedLayer => {
    const calls: Source[][] = [[[before, 0, 0]]];
    before = layer.name;
    return { ...layer, calls };
  });
  return { layers: [input, ...rest], inputs: [input], outputs: [[before, 0, 0]] };
}

/** The calls of a graph's layers, each after those whose outputs it reads. @throws Unsupported */
export function inOrder({ layers, inputs }: SavedGraph): { layer: SavedLayer; call: number }[] {
  const done = new Set(inputs.map(({ name }) => `${name}#0`));
  let waiting = layers.flatMap((layer) =>
    layer.className === 'InputLayer' ? [] : layer.calls.map((sources, call) => ({ layer, call, sources })),
  );
  const order: { layer: SavedLayer; call: number }[] = [];
  while (waiting.length > 0) {
    const ready = waiting.filter(({ sources }) => sources.every(([name, call]) => done.has(`${name}#${call}`)));
    if (ready.length === 0) throw new Unsupported('its layers read each other in a circle');
    for (const { layer, call } of ready) {
      done.add(`${layer.name}#${call}`);
      order.push({ layer, call });
    }
    waiting = waiting.filter((one) => !ready.includes(one));
  }
  return order;
}

/** The layers that read an input of a graph, those of models in it too. */
export function readersOf({ layers }: SavedGraph, input: string): SavedLayer[] {
  return layers.flatMap((layer) =>
    layer.calls.flatMap((sources) =>
      sources.flatMap(([name], i) => {
        if (name !== input) return [];
        return layer.model ? readersOf(layer.model, layer.model.inputs[i].name) : [layer];
      }),
    ),
  );
}

/** @param otherwise its name, if it has none */
export function savedLayer(written: Config, otherwise = ''): SavedLayer {
  const { class_name: className, inbound_nodes: nodes = [], name } = written;
  const config = recordOf(written.config);
  if (typeof className !== 'string') throw new Unsupported('it has a layer of no class');
  return {
    className,
    name: String(name ?? config.name ?? otherwise),
    config: camelCased(config),
    calls: listOf(nodes).map((node) => sourcesOf(node)),
    ...(Array.isArray(config.layers) && { model: savedGraph(written) }),
  };
}
/** Options under memcell's names; the description of a layer in it stays as it is. */
function camelCased({ layers: _, ...config }: Config): Config {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      const isFunction = name.endsWith('activation') && typeof value === 'string';
      return [camelCase(name), isFunction ? camelCase(value) : name === 'layer' ? value : described(value)];
    }),
  );
}

/** An initializer, regularizer or constraint with its settings, under memcell's names. */
function described(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => described(one));
  const { class_name: className, config } = recordOf(value);
  return className === undefined ? value : { className, config: camelCased(recordOf(config)) };
}

function sourcesOf(sources: unknown): Source[] {
  return listOf(sources).map((source) => {
    const [name, call = 0, output = 0, options = {}] = listOf(source);
    if (Object.keys(recordOf(options)).length > 0) throw new Unsupported(`${name} is read with options`);
    return [String(name), Number(call), Number(output)];
  });
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function recordOf(value: unknown): Config {
  return isRecord(value) ? value : {};
}
