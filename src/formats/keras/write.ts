/** Models as Keras 3 loads them and goes on training: `.keras` and its legacy `.h5`. */
import { NadamFactors } from '../../training/optimizers/nadamFactors.js';
import type { Hdf5Attribute, Hdf5Contents, Hdf5Dataset } from '../hdf5/contents.js';
import { writeHdf5File } from '../hdf5/hdf5.js';
import type { ModelContents, StoredWeight } from '../modelFile.js';
import { isJsonObject, metadataVersion } from '../modelJson.js';
import { writeZip } from '../zip.js';
import { keras3Topology, withChainsAsGraphs } from './keras3Topology.js';
import type { JsonObject } from './layerConfig.js';
import { withNamesForKeras } from './layerNames.js';
import { cellsOfLayer, innerLayersOf, isModelClass, type LayerPlace, layersOf, weightsOfCell } from './layerTree.js';
import { picksAsLayers } from './picksAsLayers.js';
import { kerasOptimizer, OPTIMIZER_IN_H5, OWN_COMPILE, slotsInOrder } from './training.js';
import { byNumber, placesOfWeights } from './weightGroups.js';
import { kerasCompile } from './writtenTraining.js';

/** The release whose files these are like. */
const KERAS_VERSION = '3.10.0';

/** Options that Keras refuses as whole numbers. */
const FLOATS = new Set(
  'learning_rate initial_learning_rate initial_accumulator_value momentum rho beta_1 beta_2 epsilon weight_decay clipnorm clipvalue global_clipnorm ema_momentum'.split(
    ' ',
  ),
);

/** JSON with 0.0 where Python is to see a float. */
function kerasJson(value: object): string {
  const mark = (key: string, one: unknown) => (FLOATS.has(key) && Number.isInteger(one) ? `\u0001${one}.0` : one);
  return JSON.stringify(value, mark).replace(/"\\u0001(-?\d+\.0)"/g, '$1');
}

export interface Written {
  bytes: Uint8Array;
  lost: string[];
}

/** @throws MemcellError 'usage' that names the layer which Keras 3 has not */
export async function writeKeras(given: ModelContents): Promise<Written> {
  const contents = withNamesForKeras({ ...given, topology: withChainsAsGraphs(given.topology) });
  const { topology, metadata } = contents;
  const lost = [...contents.lost];
  const { compile, own } = compileConfigs(contents, lost);
  const config = { ...keras3Topology(topology, false), compile_config: compile };
  const datasets = new Map<string, Hdf5Dataset>();
  const attributes = new Map<string, Map<string, Hdf5Attribute>>([['vars', new Map([['name', nameOf(topology)]])]]);
  placeWeights(layersOf(topology), byLayer(contents.weights), 'layers', datasets);
  optimizerVariables(contents).forEach(({ dataset }, i) => {
    datasets.set(`optimizer/vars/${i}`, dataset);
  });
  const date = new Date().toISOString().slice(0, 19).replace('T', '@');
  const described = {
    keras_version: KERAS_VERSION,
    date_saved: date,
    ...memcellEntry(metadata),
    ...(own && { [OWN_COMPILE]: own }),
  };
  const text = (value: object) => new TextEncoder().encode(kerasJson(value));
  const weights = await writeHdf5File({ attributes, datasets });
  const files = { 'metadata.json': text(described), 'config.json': text(config), 'model.weights.h5': weights };
  return { bytes: await writeZip(files), lost };
}

/** @throws MemcellError 'usage' that names the layer which Keras 3 has not */
export async function writeH5(given: ModelContents): Promise<Written> {
  const contents = withNamesForKeras({ ...given, topology: withChainsAsGraphs(picksAsLayers(given.topology)) });
  const { topology, metadata, training } = contents;
  const top = new Map<string, Hdf5Attribute>([
    ['keras_version', KERAS_VERSION],
    ['backend', 'tensorflow'],
    ['model_config', JSON.stringify(keras3Topology(topology, true))],
  ]);
  const lost = [...contents.lost];
  if (training?.optimizer) {
    const { compile, own } = compileConfigs(contents, lost);
    const { class_name, config } = kerasOptimizer(training.optimizer);
    const inH5 = ({ optimizer: _, ...rest }: JsonObject) =>
      kerasJson({ ...rest, optimizer_config: { class_name, config } });
    top.set('training_config', inH5(compile));
    if (own) top.set(OWN_COMPILE, inH5(own));
  }
  const { memcell } = memcellEntry(metadata);
  if (memcell) top.set('memcell', JSON.stringify(memcell));
  const file: Hdf5Contents = { attributes: new Map([['', top]]), datasets: new Map() };
  const layers = layersOf(topology);
  const names = layers.map(({ name }) => name);
  file.attributes.set(
    'model_weights',
    new Map<string, Hdf5Attribute>([
      ['layer_names', names],
      ['backend', 'tensorflow'],
      ['keras_version', KERAS_VERSION],
    ]),
  );
  const stored = byLayer(contents.weights);
  for (const layer of layers) {
    const own = trainableFirst(layer, stored).map(({ layer: path, name, ...weight }) => ({
      name: `${path}/${name}`,
      ...weight,
    }));
    const group = `model_weights/${layer.name}`;
    file.attributes.set(group, new Map(own.length === 0 ? [] : [['weight_names', own.map(({ name }) => name)]]));
    for (const { name, shape, data } of own) file.datasets.set(`${group}/${name}`, datasetOf(shape, data));
  }
  const variables = optimizerVariables(contents);
  if (variables.length > 0) {
    file.attributes.set(OPTIMIZER_IN_H5, new Map([['weight_names', variables.map(({ name }) => name)]]));
    for (const { name, dataset } of variables) file.datasets.set(`${OPTIMIZER_IN_H5}/${name}`, dataset);
    lost.push("Keras takes no optimizer's state from .h5 (memcell does): to go on training there, save .keras");
  }
  return { bytes: await writeHdf5File(file), lost };
}

function nameOf({ config }: JsonObject): string {
  return isJsonObject(config) ? String(config.name) : 'model';
}

function memcellEntry(metadata: ModelContents['metadata']): { memcell?: object } {
  if (Object.keys(metadata).length === 0) return {};
  return { memcell: { ...metadata, version: metadataVersion } };
}

/** What Keras is to compile the model with, and all of it for memcell where Keras has not the same. */
function compileConfigs({ training }: ModelContents, lost: string[]): { compile: JsonObject; own?: JsonObject } {
  if (!training?.optimizer) return { compile: {} };
  const optimizer = kerasOptimizer(training.optimizer);
  const [compile, own] = [lost, undefined].map((left) => ({
    optimizer,
    ...kerasCompile(training, left),
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: false,
  }));
  return { compile, ...(JSON.stringify(compile) !== JSON.stringify(own) && { own }) };
}

function byLayer(weights: readonly StoredWeight[]): Map<string, StoredWeight[]> {
  const layers = new Map<string, StoredWeight[]>();
  for (const weight of weights) layers.set(weight.layer, [...(layers.get(weight.layer) ?? []), weight]);
  return layers;
}

function datasetOf(shape: number[], data: StoredWeight['data']): Hdf5Dataset {
  return data instanceof Int32Array ? { shape, type: 'int32', data } : { shape, type: 'float32', data };
}

function placeWeights(
  layers: readonly LayerPlace[],
  stored: ReadonlyMap<string, StoredWeight[]>,
  at: string,
  datasets: Map<string, Hdf5Dataset>,
): void {
  const groupOf = byNumber();
  for (const layer of layers) {
    const group = `${at}/${groupOf(layer)}`;
    const inner = innerLayersOf(layer);
    if (inner) {
      const model = isModelClass(layer.className) ? group : `${group}/layer`;
      placeWeights(inner, stored, `${model}/layers`, datasets);
      continue;
    }
    const weights = stored.get(layer.path) ?? [];
    const places = placesOfWeights(layer.className, layer.config, weights.length);
    weights.forEach(({ shape, data }, i) => {
      datasets.set(`${group}/${places[i]}`, datasetOf(shape, data));
    });
  }
}

/** How many of a layer's weights, the last ones, no gradient changes: means and variances. */
function fixedWeights(className: string): number {
  if (className === 'Normalization') return 3;
  return className === 'BatchNormalization' ? 2 : 0;
}

/** A layer's weights, those of a model in the model trainable ones first, as Keras's legacy format has them. */
function trainableFirst(layer: LayerPlace, stored: ReadonlyMap<string, StoredWeight[]>): StoredWeight[] {
  const collect = (place: LayerPlace, frozen: boolean): { weight: StoredWeight; trainable: boolean }[] => {
    const still = frozen || place.config.trainable === false;
    const inner = innerLayersOf(place);
    if (inner) return inner.flatMap((one) => collect(one, still));
    const own = stored.get(place.path) ?? [];
    const cells = cellsOfLayer(place);
    if (cells.length > 0) return weightsOfCells(cells, own, still);
    // A batch normalisation's means and variances are the last two.
    const learnt = own.length - fixedWeights(place.className);
    return own.map((weight, i) => ({ weight, trainable: !still && i < learnt }));
  };
  const all = collect(layer, false);
  return [...all.filter(({ trainable }) => trainable), ...all.filter(({ trainable }) => !trainable)].map(
    ({ weight }) => weight,
  );
}

/** The weights of several cells, each named by its cell. */
function weightsOfCells(
  cells: readonly JsonObject[],
  own: readonly StoredWeight[],
  frozen: boolean,
): { weight: StoredWeight; trainable: boolean }[] {
  const configs = configOfEach(cells);
  return own.map((weight, i) => {
    const { name, trainable } = configs[i];
    const named = { ...weight, name: `${String(name)}/${weight.name.slice(weight.name.lastIndexOf('/') + 1)}` };
    return { weight: named, trainable: !frozen && trainable !== false };
  });
}

/** Of each weight of several cells what its cell's config says. */
function configOfEach(cells: readonly JsonObject[]): JsonObject[] {
  return cells.flatMap((cell) =>
    Array<JsonObject>(weightsOfCell(cell)).fill(isJsonObject(cell.config) ? cell.config : {}),
  );
}

/** The optimizer's variables in Keras's order: steps, learning rate where it is a number, slots. */
function optimizerVariables({ training, optimizerState, weights, topology }: ModelContents) {
  const optimizer = training?.optimizer;
  if (!optimizer || !optimizerState) return [];
  const scope = optimizer.class_name.toLowerCase();
  const trainable = trainableWeights(weights, topology);
  const { learning_rate: rate } = optimizer.config;
  const scalar = (type: 'float32' | 'int64', value: number): Hdf5Dataset => ({
    shape: [],
    type,
    data: type === 'float32' ? Float32Array.of(value) : Float64Array.of(value),
  });
  return [
    { name: `${scope}/iteration`, dataset: scalar('int64', optimizerState.iterations) },
    ...(typeof rate === 'number' ? [{ name: `${scope}/learning_rate`, dataset: scalar('float32', rate) }] : []),
    ...slotsInOrder(optimizer, optimizerState).map(({ slot, weight, data }) => {
      const { layer, name, shape } = trainable[weight];
      const variable = `${layer}_${name}_${slot}`.replaceAll('/', '_');
      return {
        name: `${scope}/${variable}`,
        dataset: datasetOf(shape, data),
      };
    }),
    // Keras's Nadam has one number more, the product of its momenta so far.
    ...(optimizer.class_name === 'Nadam'
      ? [{ name: `${scope}/variable`, dataset: scalar('float32', momentumProduct(optimizer.config, optimizerState)) }]
      : []),
  ];
}

function momentumProduct(
  { beta_1 = 0.9, gradient_accumulation_steps }: JsonObject,
  { iterations }: { iterations: number },
): number {
  return new NadamFactors(Number(beta_1)).productAfter(
    Math.floor(iterations / Number(gradient_accumulation_steps ?? 1)),
  );
}

/** The weights that are trained, in their order: what the optimizer's slots are for. */
function trainableWeights(weights: readonly StoredWeight[], topology: JsonObject): StoredWeight[] {
  const frozen = new Set<string>();
  const normalisations = new Map<string, number>();
  const ofCells = new Map<string, JsonObject[]>();
  const visit = (places: readonly LayerPlace[], above: boolean): void => {
    for (const place of places) {
      const still = above || place.config.trainable === false;
      const inner = innerLayersOf(place);
      if (inner) visit(inner, still);
      else if (still) frozen.add(place.path);
      ofCells.set(place.path, configOfEach(cellsOfLayer(place)));
      if (fixedWeights(place.className) > 0) normalisations.set(place.path, fixedWeights(place.className));
    }
  };
  visit(layersOf(topology), false);
  const counts = byLayer(weights);
  return weights.filter((weight) => {
    if (frozen.has(weight.layer)) return false;
    const own = counts.get(weight.layer) ?? [];
    if (ofCells.get(weight.layer)?.[own.indexOf(weight)]?.trainable === false) return false;
    return own.indexOf(weight) < own.length - (normalisations.get(weight.layer) ?? 0);
  });
}
