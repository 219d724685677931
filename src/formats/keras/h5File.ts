/** `.h5`, `.hdf5`: whole models as Keras 1, 2 and 3 (its legacy format) write them, in attributes and groups of HDF5. */
import { definitionOf } from '../../layers/byName.js';
import { attributeOf, type Hdf5Contents } from '../hdf5/contents.js';
import { isHdf5, readHdf5File } from '../hdf5/hdf5.js';
import { type ModelContents, type ModelFile, type StoredWeight, WEIGHTS_ALONE } from '../modelFile.js';
import { invalid, isJsonObject, type Json, parseJsonText } from '../modelJson.js';
import { withoutCells } from './cellLayers.js';
import { hasScalars, memcellOf } from './kerasFile.js';
import { withFittingNames } from './layerNames.js';
import { cellsOfLayer, innerLayersOf, type LayerPlace, layersOf } from './layerTree.js';
import { modernWeights } from './olderWeights.js';
import { normalTopology } from './topology.js';
import { OPTIMIZER_IN_H5, OWN_COMPILE, optimizerStateFrom, trainingFrom } from './training.js';
import { weightsInGroups } from './weightGroups.js';

export const h5File: ModelFile = {
  name: 'h5',
  endings: ['.h5', '.hdf5'],
  recognises: isHdf5,
  read,
  readWeights,
  hasWeightsAlone: async (bytes, where) => isWeightsAlone(await readHdf5File(bytes, where)),
  async write(contents) {
    const { writeH5 } = await import('./write.js');
    return writeH5(contents);
  },
};

async function read(bytes: Uint8Array, where: string): Promise<ModelContents> {
  const contents = await readHdf5File(bytes, where);
  const config = attributeOf(contents, '', 'model_config');
  if (typeof config !== 'string') {
    throw invalid(
      where,
      isWeightsAlone(contents) ? WEIGHTS_ALONE : 'an HDF5 file without model_config, so not a model of Keras',
    );
  }
  const version = versionOf(contents);
  const { topology, lost } = normalTopology(parseJsonText(config, `${where}: model_config`), where, version);
  const weights = modernWeights(legacyWeights(contents, 'model_weights', layersOf(topology), where));
  const compiled = attributeOf(contents, '', OWN_COMPILE) ?? attributeOf(contents, '', 'training_config');
  const training =
    typeof compiled === 'string' ? trainingFrom(parseJsonText(compiled, `${where}: training_config`), lost) : undefined;
  const variables = ['optimizer_weights', OPTIMIZER_IN_H5].flatMap((group) =>
    (namesIn(contents, group, 'weight_names') ?? []).flatMap((name) => {
      const dataset = contents.datasets.get(`${group}/${name}`);
      return dataset ? [{ name, ...dataset, isCount: dataset.type !== 'float32' }] : [];
    }),
  );
  const optimizerState =
    training?.optimizer && optimizerStateFrom(training.optimizer, variables, lost, hasScalars(weights));
  const memcell = attributeOf(contents, '', 'memcell');
  return withFittingNames({
    topology: withoutCells(topology),
    weights,
    ...(training && { training }),
    ...(optimizerState && { optimizerState }),
    metadata: typeof memcell === 'string' ? memcellOf(parseJsonText(memcell, `${where}: memcell`), where) : {},
    lost,
  });
}

function isWeightsAlone(contents: Hdf5Contents): boolean {
  if (typeof attributeOf(contents, '', 'model_config') === 'string') return false;
  return namesIn(contents, '', 'layer_names') !== undefined || contents.datasets.size > 0;
}

function versionOf(contents: Hdf5Contents): string {
  for (const path of ['', 'model_weights']) {
    const version = attributeOf(contents, path, 'keras_version');
    if (typeof version === 'string') return version;
  }
  return '1.0.0';
}

/** A list of names, in as many attributes as HDF5 needs for it: layer_names, or layer_names0, layer_names1, … */
function namesIn(contents: Hdf5Contents, path: string, name: string): string[] | undefined {
  const whole = listOf(contents, path, name);
  if (whole) return whole;
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = listOf(contents, path, `${name}${i}`);
    if (!part) return i === 0 ? undefined : parts;
    parts.push(...part);
  }
}

function listOf(contents: Hdf5Contents, path: string, name: string): string[] | undefined {
  const value = attributeOf(contents, path, name);
  if (Array.isArray(value)) return value;
  return typeof value === 'string' ? [value] : undefined;
}

/**
 * The weights under a group with layer_names, each layer's in the order of its weight_names.
 * @throws MemcellError 'model' for weights of a layer that the model has not, or that are listed and not there
 */
function legacyWeights(
  contents: Hdf5Contents,
  root: string,
  layers: readonly LayerPlace[],
  where: string,
): StoredWeight[] {
  const under = (name: string) => (root === '' ? name : `${root}/${name}`);
  const places = new Map(layers.map((layer) => [layer.name, layer]));
  return (namesIn(contents, root, 'layer_names') ?? []).flatMap((name) => {
    const group = under(name);
    const names = namesIn(contents, group, 'weight_names') ?? [];
    if (names.length === 0) return [];
    const layer = places.get(name);
    if (!layer) throw invalid(where, `the weights of layer ${JSON.stringify(name)} belong to no layer of the model`);
    if (names.some((weight) => /\blora_/.test(weight)))
      throw invalid(
        where,
        `layer ${name} has LoRA weights apart; save the model as .keras, in which Keras adds them to the others`,
      );
    return inCellOrder(layer, names).map((weight) => {
      const dataset = contents.datasets.get(`${group}/${weight}`);
      if (!dataset) throw invalid(where, `weight ${JSON.stringify(weight)} of layer ${name} is listed, but not there`);
      const data = dataset.data instanceof Float32Array ? dataset.data : Float32Array.from(dataset.data);
      return { layer: ownerOf(layer, weight), name: weight, shape: dataset.shape, data };
    });
  });
}

/** Names of a layer's weights cell by cell, where it has several: the file has those of frozen ones last. */
function inCellOrder(layer: LayerPlace, names: readonly string[]): readonly string[] {
  const cells = cellsOfLayer(layer).map(({ config }) => (isJsonObject(config) ? String(config.name) : ''));
  const cellOf = (weight: string) => cells.findLastIndex((name) => weight.split('/').includes(name));
  return [...names].sort((a, b) => cellOf(a) - cellOf(b));
}

/** Which layer in a model in the model a weight is of: its name has the layer's, and at times those of the models that the layer is in. */
function ownerOf(layer: LayerPlace, weight: string): string {
  const parts = weight.split('/');
  const within = parts[0] === layer.name ? ownerIn(layer, parts.slice(1)) : undefined;
  return within ?? ownerIn(layer, parts) ?? layer.path;
}

function ownerIn(layer: LayerPlace, parts: readonly string[]): string | undefined {
  const inner = innerLayersOf(layer);
  if (!inner) return layer.path;
  for (const [i, part] of parts.entries()) {
    const named = inner.find(({ name }) => name === part);
    const owner = named && ownerIn(named, parts.slice(i + 1));
    if (owner !== undefined) return owner;
  }
  for (const model of inner.filter(innerLayersOf)) {
    const owner = ownerIn(model, parts);
    if (owner !== undefined) return owner;
  }
  return undefined;
}

/** Weights of any Keras's file of weights alone, or of a whole model, for layers that are there already. */
async function readWeights(
  bytes: Uint8Array,
  topology: { [key: string]: Json },
  where: string,
): Promise<StoredWeight[]> {
  const contents = await readHdf5File(bytes, where);
  const layers = layersOf(topology);
  const root = namesIn(contents, '', 'layer_names') ? '' : 'model_weights';
  if (!namesIn(contents, root, 'layer_names')) return weightsInGroups(contents.datasets, layers, where);
  return modernWeights(legacyWeights(contents, root, namedAsInFile(contents, root, layers), where));
}

/** As Keras does: where the file has other layers' names, its layers are taken in their order. */
function namedAsInFile(contents: Hdf5Contents, root: string, layers: readonly LayerPlace[]): readonly LayerPlace[] {
  const under = (name: string) => (root === '' ? name : `${root}/${name}`);
  const weighted = (namesIn(contents, root, 'layer_names') ?? []).filter(
    (name) => (namesIn(contents, under(name), 'weight_names') ?? []).length > 0,
  );
  if (weighted.every((name) => layers.some((layer) => layer.name === name))) return layers;
  const holders = layers.filter(mayHoldWeights);
  if (holders.length !== weighted.length) return layers;
  return holders.map((layer, i) => ({ ...layer, name: weighted[i] }));
}

/** Layers of Keras without weights that are none of memcell's. */
const WITHOUT_WEIGHTS = ['InputLayer', 'AlphaDropout', 'ThresholdedReLU'];

function mayHoldWeights({ className }: LayerPlace): boolean {
  const definition = definitionOf(className);
  return definition ? definition.weights !== undefined : !WITHOUT_WEIGHTS.includes(className);
}
