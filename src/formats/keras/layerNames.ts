/** Layers' names as those take them that are to have the layers. */
import type { ModelContents } from '../modelFile.js';
import { isJsonObject, type Json } from '../modelJson.js';
import type { JsonObject } from './layerConfig.js';
import { innerLayersOf, isModelClass, type LayerPlace, layersOf } from './layerTree.js';
import { makesMasks } from './masks.js';

/** Which names fit, and what the others become. */
interface Rule {
  fits(name: string): boolean;
  fitting(name: string): string;
  /** Where a layer has another name, for what is told. */
  where: string;
}

const FITTING = /^[A-Za-z0-9][-A-Za-z0-9._/]*$/;
const fits = (name: string): boolean => FITTING.test(name) && !(name in Object.prototype);

function fitting(name: string): string {
  const plain = name.replace(/[^-A-Za-z0-9._/]/g, '_');
  const begun = /^[A-Za-z0-9]/.test(plain) ? plain : `layer${plain}`;
  return fits(begun) ? begun : `${begun}_`;
}

/** tfjs's: Keras 3 allows every character but a slash, tfjs letters, digits and - . _ /. */
const OF_TFJS: Rule = { fits, fitting, where: 'here' };

/** Operations that Keras computes masks with, which it names as it names layers, without a look at the names that there are. */
const OF_MASKS =
  /^(any|concatenate|convert_to_tensor|expand_dims|logical_or|not_equal|ones_like|squeeze|zeros_like)(_\d+)?$/;

const OF_KERAS: Rule = {
  fits: (name) => !OF_MASKS.test(name),
  fitting: (name) => name.replace(OF_MASKS, '$1_layer$2'),
  where: 'in the file, where Keras gives that name to what makes a mask',
};

/** A normal model for Keras, whose layers have no names that it gives to what makes a mask, where it has masks. */
export function withNamesForKeras(contents: ModelContents): ModelContents {
  return makesMasks(contents.topology) ? withFittingNames(contents, OF_KERAS) : contents;
}

/** A normal model whose layers have names that fit; each that got another is in `lost`. */
export function withFittingNames(contents: ModelContents, rule = OF_TFJS): ModelContents {
  const lost: string[] = [];
  const topology = renamed(contents.topology, lost, rule);
  if (lost.length === 0) return contents;
  const given = pathsOf(layersOf(contents.topology));
  const called = pathsOf(layersOf(topology));
  const paths = new Map(given.map((path, i) => [path, called[i]]));
  const weights = contents.weights.map((weight) => ({ ...weight, layer: paths.get(weight.layer) ?? weight.layer }));
  const { training } = contents;
  const byOutput = (told: Json): Json =>
    isJsonObject(told)
      ? Object.fromEntries(Object.entries(told).map(([name, one]) => [paths.get(name) ?? name, one]))
      : told;
  const told = training && {
    ...training,
    ...(training.loss !== undefined && { loss: byOutput(training.loss) }),
    ...(training.lossWeights !== undefined && { lossWeights: byOutput(training.lossWeights) }),
    ...(training.metrics !== undefined && { metrics: byOutput(training.metrics) }),
    ...(training.weightedMetrics !== undefined && { weightedMetrics: byOutput(training.weightedMetrics) }),
  };
  return { ...contents, topology, weights, ...(told && { training: told }), lost: [...contents.lost, ...lost] };
}

/** Of all layers, in models too, in one order. */
function pathsOf(places: readonly LayerPlace[]): string[] {
  return places.flatMap((place) => [place.path, ...pathsOf(innerLayersOf(place) ?? [])]);
}

/** A model, or a layer with those that it holds, under a name that fits. */
function renamed(
  given: JsonObject,
  lost: string[],
  rule: Rule,
  name = otherName(given, new Set(), lost, rule),
): JsonObject {
  const { config } = given;
  if (!isJsonObject(config)) return given;
  const inner = (value: Json): Json => (isJsonObject(value) ? renamed(value, lost, rule) : value);
  const { layer, cell, cells } = config;
  const made: JsonObject = {
    ...config,
    ...(name !== undefined && { name }),
    ...(layer !== undefined && { layer: inner(layer) }),
    ...(cell !== undefined && { cell: inner(cell) }),
    ...(Array.isArray(cells) && { cells: cells.map(inner) }),
  };
  return { ...given, config: isModelClass(String(given.class_name)) ? withLayersRenamed(made, lost, rule) : made };
}

/** The name that a layer gets; undefined for one that has none. */
function otherName(layer: JsonObject, taken: Set<string>, lost: string[], rule: Rule): string | undefined {
  const name = isJsonObject(layer.config) ? layer.config.name : undefined;
  if (typeof name !== 'string') return undefined;
  if (rule.fits(name)) return name;
  let other = rule.fitting(name);
  for (let count = 1; taken.has(other); count++) other = `${rule.fitting(name)}_${count}`;
  taken.add(other);
  lost.push(`layer ${JSON.stringify(name)} is called ${JSON.stringify(other)} ${rule.where}`);
  return other;
}

function withLayersRenamed(config: JsonObject, lost: string[], rule: Rule): JsonObject {
  const layers = Array.isArray(config.layers) ? config.layers.filter(isJsonObject) : [];
  const nameOf = (layer: JsonObject) => String(isJsonObject(layer.config) ? layer.config.name : '');
  const taken = new Set(layers.map(nameOf));
  const names = new Map(layers.map((layer) => [nameOf(layer), otherName(layer, taken, lost, rule)]));
  const called = (name: Json): Json => (typeof name === 'string' ? (names.get(name) ?? name) : name);
  /** ['lstm', 0, 0, {}] at any depth. */
  const joined = (nodes: Json): Json => {
    if (!Array.isArray(nodes)) return nodes;
    return typeof nodes[0] === 'string' ? [called(nodes[0]), ...nodes.slice(1)] : nodes.map(joined);
  };
  const made: JsonObject = {
    ...config,
    layers: layers.map((layer) => {
      const { name, inbound_nodes, ...rest } = renamed(layer, lost, rule, names.get(nameOf(layer)));
      return {
        ...rest,
        ...(name !== undefined && { name: called(name) }),
        ...(inbound_nodes !== undefined && { inbound_nodes: joined(inbound_nodes) }),
      };
    }),
  };
  for (const ends of ['input_layers', 'output_layers'])
    if (config[ends] !== undefined) made[ends] = joined(config[ends]);
  return made;
}
