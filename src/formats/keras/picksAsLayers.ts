/** `x[:, item]` by layers of Keras's, for `.h5`, from which Keras opens layers alone. */
import { type PickedRange, picked } from '../../plan/picked.js';
import { isJsonObject, type Json } from '../modelJson.js';
import { cannotBeWritten } from './keras3Topology.js';
import type { JsonObject } from './layerConfig.js';
import { isModelClass } from './layerTree.js';
import { type TensorOf, tensorsIn } from './nodes.js';

type Part = [className: string, options: JsonObject];

/**
 * A topology with layers of Keras's in the place of each GetItem.
 * @throws MemcellError 'usage' that names one which they cannot do
 */
export function picksAsLayers(topology: JsonObject): JsonObject {
  const { config } = topology;
  if (!isJsonObject(config)) return topology;
  const inner = (value: Json): Json => (isJsonObject(value) ? picksAsLayers(value) : value);
  if (isJsonObject(config.layer)) return { ...topology, config: { ...config, layer: inner(config.layer) } };
  if (!Array.isArray(config.layers)) return topology;
  const layers = config.layers.flatMap((layer) =>
    isJsonObject(layer) && layer.class_name === 'GetItem' ? asLayers(layer) : [inner(layer)],
  );
  const ordered =
    topology.class_name === 'Sequential'
      ? layers
      : inDepthOrder(layers.filter(isJsonObject), config.output_layers ?? null);
  return { ...topology, config: { ...config, layers: ordered } };
}

/** One after the other, the last under the layer's name, called as often as it. */
function asLayers(layer: JsonObject): JsonObject[] {
  const { inbound_nodes } = layer;
  const config = isJsonObject(layer.config) ? layer.config : {};
  const name = String(config.name);
  const parts = partsOf(layer, name);
  return parts.map(([class_name, options], i) => {
    const nameOf = (index: number) => (index === parts.length - 1 ? name : `${name}_layer_${index + 1}`);
    const read = (_: Json, call: number) => [[nameOf(i - 1), call, 0, {}]];
    return {
      class_name,
      config: {
        ...options,
        name: nameOf(i),
        ...(i === 0 &&
          config.batch_input_shape !== undefined && {
            batch_input_shape: config.batch_input_shape,
            dtype: config.dtype,
          }),
      },
      ...(Array.isArray(inbound_nodes) && {
        name: nameOf(i),
        inbound_nodes: i === 0 ? inbound_nodes : inbound_nodes.map(read),
      }),
    };
  });
}

function partsOf({ config, build_config }: JsonObject, name: string): Part[] {
  const { item, axis } = isJsonObject(config) ? config : {};
  const given = isJsonObject(build_config) ? build_config.input_shape : undefined;
  const refused = (why: string) =>
    cannotBeWritten('GetItem', name, `${why}, and Keras opens no operation from .h5`, 'as .keras');
  if (!Array.isArray(given)) throw refused('reads values of several shapes');
  const along = Number(axis) < 0 ? Number(axis) + given.length : Number(axis);
  const isOne = typeof item === 'number';
  const cropping = croppingOf(item as number | PickedRange, given[along] as number | null);
  if (!cropping) throw refused('picks by places that no Cropping1D says');
  const crop: Part = ['Cropping1D', { cropping }];
  const [flat, turned]: Part[] = [
    ['Flatten', {}],
    ['Permute', { dims: [2, 1] }],
  ];
  if (given.length === 2) return [['Reshape', { target_shape: [-1, 1] }], crop, flat];
  if (given.length !== 3) throw refused('reads samples of more than two axes');
  if (along === 1) return isOne ? [crop, flat] : [crop];
  return isOne ? [turned, crop, flat] : [turned, crop, turned];
}

/** How many places to leave out before and after those that are picked; undefined where that hangs on an open size, or on a step. */
function croppingOf(item: number | PickedRange, size: number | null): [number, number] | undefined {
  if (size !== null) {
    const found = picked(item, size);
    return found?.step === 1 ? [found.first, size - found.first - found.count] : undefined;
  }
  if (typeof item === 'number') return undefined;
  const [start, stop] = [item[0] ?? 0, item[1] ?? 0];
  return (item[2] ?? 1) === 1 && start >= 0 && (item[1] === null || stop < 0) ? [start, -stop || 0] : undefined;
}

/**
 * Layers in the order that Keras gives them, in which it takes the weights of `.h5`: those that are furthest from the outputs first, and
 * of as many the one that comes first on the way from the outputs.
 */
function inDepthOrder(layers: JsonObject[], outputs: Json): JsonObject[] {
  const named = new Map(layers.map((layer) => [nameOf(layer), layer]));
  const places = new Map<string, number>();
  const calls: [name: string, read: TensorOf[]][] = [];
  const done = new Map<string, number>();
  const visit = ([name, call]: TensorOf): void => {
    const key = `${call} ${name}`;
    const layer = named.get(name);
    if (done.has(key) || !layer) return;
    done.set(key, 0);
    if (!places.has(name)) places.set(name, places.size);
    // The first call of a model in the model is its own making.
    const node = listOf(layer.inbound_nodes)[call - (isModelClass(String(layer.class_name)) ? 1 : 0)];
    const read = tensorsIn(node ?? null);
    for (const tensor of read) visit(tensor);
    calls.push([name, read]);
    done.set(key, calls.length - 1);
  };
  for (const tensor of tensorsIn(outputs)) visit(tensor);
  const ofCalls = calls.map(() => 0);
  const ofLayers = new Map<string, number>();
  for (let i = calls.length - 1; i >= 0; i--) {
    const [name, read] = calls[i];
    const depth = Math.max(ofCalls[i], ofLayers.get(name) ?? 0);
    ofLayers.set(name, depth);
    for (const [other, call] of read) {
      const at = done.get(`${call} ${other}`) ?? 0;
      ofCalls[at] = Math.max(ofCalls[at], depth + 1);
    }
  }
  const depthOf = (layer: JsonObject) => ofLayers.get(nameOf(layer)) ?? 0;
  const placeOf = (layer: JsonObject) => places.get(nameOf(layer)) ?? 0;
  return [...layers].sort((a, b) => depthOf(b) - depthOf(a) || placeOf(a) - placeOf(b));
}

const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
const nameOf = ({ config }: JsonObject): string => (isJsonObject(config) ? String(config.name) : '');
