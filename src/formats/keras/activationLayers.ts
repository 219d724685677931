/** Activations that are layers: Keras keeps `Dense(8, activation=LeakyReLU(0.1))` as a layer in the layer's options. */
import { layerNameOf } from '../../layers/names.js';
import { isJsonObject, type Json } from '../modelJson.js';
import type { JsonObject } from './layerConfig.js';

const CLASSES = ['ReLU', 'LeakyReLU', 'ELU', 'Softmax', 'ThresholdedReLU'];

/**
 * A model's layers with each such activation as a layer of its own behind the one that has it. Activations of cells stay, as they
 * are computed in every step.
 */
export function activationsApart(layers: Json[]): { layers: Json[]; renamed: (ends: Json) => Json } {
  const names = new Map<string, string>();
  const apart = layers.flatMap((layer): Json[] => {
    const found = activationOf(layer);
    if (!found || !isJsonObject(layer) || !isJsonObject(layer.config)) return [layer];
    const { name, activation } = found;
    const own = `${name}_${layerNameOf(String(activation.class_name))}`;
    names.set(name, own);
    const calls = Array.isArray(layer.inbound_nodes) ? layer.inbound_nodes.map((_, call) => [[name, call, 0, {}]]) : [];
    const config = { ...(isJsonObject(activation.config) ? activation.config : {}), name: own };
    return [
      { ...layer, config: { ...layer.config, activation: 'linear' } },
      { class_name: String(activation.class_name), config, name: own, inbound_nodes: calls },
    ];
  });
  const renamed = (value: Json): Json => {
    if (isJsonObject(value))
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renamed(item)]));
    if (!Array.isArray(value)) return value;
    const [name, call] = value;
    const other = typeof name === 'string' && typeof call === 'number' ? names.get(name) : undefined;
    return other === undefined ? value.map((item) => renamed(item)) : [other, ...value.slice(1)];
  };
  if (names.size === 0) return { layers, renamed: (ends) => ends };
  const own = new Set(names.values());
  const joined = apart.map((layer) =>
    isJsonObject(layer) && layer.inbound_nodes !== undefined && !own.has(String(layer.name))
      ? { ...layer, inbound_nodes: renamed(layer.inbound_nodes) }
      : layer,
  );
  return { layers: joined, renamed };
}

function activationOf(layer: Json): { name: string; activation: JsonObject } | undefined {
  if (!isJsonObject(layer) || !isJsonObject(layer.config)) return undefined;
  const { activation, recurrent_activation } = layer.config;
  const name = layer.config.name ?? layer.name;
  if (!isJsonObject(activation) || recurrent_activation !== undefined || typeof name !== 'string') return undefined;
  const cell = /RNN/.test(String(layer.class_name));
  return cell || !CLASSES.includes(String(activation.class_name)) ? undefined : { name, activation };
}
