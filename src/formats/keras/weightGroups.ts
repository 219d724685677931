/**
 * Where `.keras` and `.weights.h5` keep a layer's weights: in groups by the class's name in snake_case, numbered in the order of
 * layers, never by the layers' own names: layers/lstm/cell/vars/0, layers/bidirectional/forward_layer/cell/vars/2.
 */

import { isRecord } from '../../fields.js';
import { definitionOf, layerClasses } from '../../layers/byName.js';
import { layerNameOf } from '../../layers/names.js';
import type { Hdf5Dataset } from '../hdf5/contents.js';
import type { StoredWeight } from '../modelFile.js';
import { invalid, unknownClass } from '../modelJson.js';
import type { JsonObject } from './layerConfig.js';
import { cellsOfLayer, innerLayersOf, isModelClass, type LayerPlace, weightsOfCell } from './layerTree.js';

/** Roots that hold layers; the second is Keras 2.12's. */
const ROOTS = ['layers', '_layer_checkpoint_dependencies'];

/** Groups within a layer's, in Keras's order of weights. */
const PARTS = ['vars', 'cell', 'cells', 'forward_layer', 'backward_layer', 'layer', 'layers'];

/** Datasets by the parts of their paths. */
interface Group {
  groups: Map<string, Group>;
  datasets: Map<string, Hdf5Dataset>;
}

function tree(datasets: ReadonlyMap<string, Hdf5Dataset>): Group {
  const root: Group = { groups: new Map(), datasets: new Map() };
  for (const [path, dataset] of datasets) {
    // Keras 2.15 on Windows writes backslashes.
    const parts = path.split(/[\\/]/);
    const own = parts.pop() ?? '';
    let group = root;
    for (const part of parts) {
      let next = group.groups.get(part);
      if (!next) {
        next = { groups: new Map(), datasets: new Map() };
        group.groups.set(part, next);
      }
      group = next;
    }
    group.datasets.set(own, dataset);
  }
  return root;
}

/**
 * The weights of all layers, in their order.
 * @throws MemcellError 'model' for weights that belong to no layer, or to one of a class that is not known
 */
export function weightsInGroups(
  datasets: ReadonlyMap<string, Hdf5Dataset>,
  layers: readonly LayerPlace[],
  where: string,
): StoredWeight[] {
  const weights: StoredWeight[] = [];
  collect(tree(datasets), layers, '', weights, where);
  return weights;
}

/** The weights of the layers of a model, whose group is `model`, called `place`, a slash at its end. */
function collect(
  model: Group | undefined,
  layers: readonly LayerPlace[],
  place: string,
  weights: StoredWeight[],
  where: string,
): void {
  const root = ROOTS.find((name) => model?.groups.has(name));
  const group = root && model?.groups.get(root);
  if (!group) return;
  const at = `${place}${root}`;
  const groupOf = root === ROOTS[0] ? byNumber() : byRank(group);
  const used = new Set<string>();
  // Weights that are left over may be of a class of Keras whose groups are not called as it is.
  let stranger: LayerPlace | undefined;
  for (const layer of layers) {
    const name = groupOf(layer);
    const own = name === undefined ? undefined : group.groups.get(name);
    if (name === undefined || !own) {
      const { className } = layer;
      if (className !== 'InputLayer' && !isModelClass(className) && !definitionOf(className)) stranger ??= layer;
      continue;
    }
    used.add(name);
    const path = `${at}/${name}`;
    const layers = innerLayersOf(layer);
    if (layers) {
      if (isModelClass(layer.className)) collect(own, layers, `${path}/`, weights, where);
      else collect(own.groups.get('layer'), layers, `${path}/layer/`, weights, where);
      continue;
    }
    const found = variables(own);
    const places = placesOfWeights(layer.className, layer.config, found.length);
    // Cells of a stack are told apart by what the layer says of them, others by the order of the groups.
    const known = found.every(([place]) => places.includes(place));
    if (known) found.sort(([a], [b]) => places.indexOf(a) - places.indexOf(b));
    for (const [place, { shape, data }] of found) {
      weights.push({
        layer: layer.path,
        name: `${path}/${place}`,
        shape,
        data: data instanceof Float32Array ? data : Float32Array.from(data),
      });
    }
  }
  const left = [...group.groups].filter(([name, inner]) => !used.has(name) && variables(inner).length > 0);
  if (left.length > 0) {
    if (stranger) throw unknownClass(where, stranger.className, stranger.name);
    throw invalid(
      where,
      `the weights in ${left.map(([name]) => `${at}/${name}`).join(', ')} belong to no layer of the model`,
    );
  }
}

/** A layer's variables in Keras's order, by their places in its group; the state of its random numbers is none. */
function variables(group: Group, at = ''): [place: string, dataset: Hdf5Dataset][] {
  const own = [...group.datasets].sort(([a], [b]) => Number(a) - Number(b));
  const parts = [...new Set([...PARTS, ...layerClasses().flatMap((name) => definitionOf(name)?.groups ?? [])])];
  const named = parts.filter((part) => group.groups.has(part));
  const others = [...group.groups.keys()]
    .filter((name) => !parts.includes(name) && name !== 'seed_generator')
    .sort(byNumberAtEnd);
  const inner = [...named, ...others].flatMap((name) => {
    const next = group.groups.get(name);
    return next ? variables(next, `${at}${name}/`) : [];
  });
  return [...own.map(([name, dataset]): [string, Hdf5Dataset] => [`${at}${name}`, dataset]), ...inner];
}

function byNumberAtEnd(a: string, b: string): number {
  const number = (name: string) => Number(name.match(/_(\d+)$/)?.[1] ?? 0);
  return number(a) - number(b) || (a < b ? -1 : 1);
}

/** lstm, lstm_1, lstm_2: the layers of a class in order, those without weights counted. */
export function byNumber(): (layer: LayerPlace) => string {
  const counts = new Map<string, number>();
  return ({ className }) => {
    const base = groupName(className);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    return count === 0 ? base : `${base}_${count}`;
  };
}

/** The same where layers were counted more than once: the groups of a class that there are, in order. */
function byRank({ groups }: Group): (layer: LayerPlace) => string | undefined {
  const counts = new Map<string, number>();
  return ({ className }) => {
    const base = groupName(className);
    const ofClass = [...groups.keys()].filter((name) => name.replace(/_\d+$/, '') === base).sort(byNumberAtEnd);
    const count = counts.get(base) ?? 0;
    if (ofClass.length > count) counts.set(base, count + 1);
    return ofClass[count];
  };
}

function groupName(className: string): string {
  return layerNameOf(className === 'Model' ? 'Functional' : className);
}

/** What a layer's n-th weight is called in its group: 'cell/vars/0', 'forward_layer/cell/vars/2', 'layer/vars/1'. */
export function placesOfWeights(className: string, config: JsonObject, count: number): string[] {
  const numbered = (prefix: string, size: number) => Array.from({ length: size }, (_, i) => `${prefix}vars/${i}`);
  const inner = () => {
    const value = config.layer;
    const held = isRecord(value) ? value : {};
    const options = held.config;
    return {
      className: String(held.class_name),
      config: isRecord(options) ? options : {},
    };
  };
  if (className === 'Bidirectional') {
    const { className: name, config: options } = inner();
    return ['forward_layer', 'backward_layer'].flatMap((part) =>
      placesOfWeights(name, options, count / 2).map((place) => `${part}/${place}`),
    );
  }
  if (className === 'TimeDistributed') {
    const { className: name, config: options } = inner();
    return placesOfWeights(name, options, count).map((place) => `layer/${place}`);
  }
  if (className === 'RNN') {
    const cells = cellsOfLayer({ className, config });
    return cells.length === 0 ? numbered('cell/', count) : stackedPlaces(cells).map((place) => `cell/cells/${place}`);
  }
  const groups = definitionOf(className)?.groups;
  if (groups) return groups.flatMap((group) => numbered(`${group}/`, count / groups.length));
  return numbered('', count);
}

/** Cells of a stack are numbered like layers. */
function stackedPlaces(cells: readonly JsonObject[]): string[] {
  const nameOf = byNumber();
  return cells.flatMap((cell) => {
    const group = nameOf({ path: '', name: '', className: String(cell.class_name), config: {} });
    return Array.from({ length: weightsOfCell(cell) }, (_, i) => `${group}/vars/${i}`);
  });
}
