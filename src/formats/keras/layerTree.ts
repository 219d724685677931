/** The layers of a normal topology that hold weights, with the paths that name them here: 'lstm', 'inner/lstm'. */
import { isJsonObject, type Json } from '../modelJson.js';
import type { JsonObject } from './layerConfig.js';

export interface LayerPlace {
  /** 'inner/lstm' for a layer of the model `inner` in the model, or of the one that TimeDistributed `inner` runs on every step. */
  path: string;
  name: string;
  className: string;
  config: JsonObject;
}

/** The layers of a model, those that are models themselves included. */
export function layersOf(topology: JsonObject): LayerPlace[] {
  const config = isJsonObject(topology.config) ? topology.config : {};
  return placesIn(Array.isArray(config.layers) ? config.layers : [], '');
}

/** The layers of a layer that is a model, or a TimeDistributed around one; undefined for other layers. */
export function innerLayersOf({ path, className, config }: LayerPlace): LayerPlace[] | undefined {
  if (isModelClass(className)) return placesIn(Array.isArray(config.layers) ? config.layers : [], `${path}/`);
  const { layer } = config;
  if (!isJsonObject(layer) || !isModelClass(String(layer.class_name)) || !isJsonObject(layer.config)) return undefined;
  return innerLayersOf({ path, name: path, className: String(layer.class_name), config: layer.config });
}

export function isModelClass(className: string): boolean {
  return className === 'Sequential' || className === 'Model' || className === 'Functional';
}

function placesIn(layers: Json[], prefix: string): LayerPlace[] {
  return layers.flatMap((layer) => {
    if (!isJsonObject(layer) || !isJsonObject(layer.config)) return [];
    const name = String(layer.config.name);
    return [{ path: prefix + name, name, className: String(layer.class_name), config: layer.config }];
  });
}

/** The cells of an RNN layer that runs several, as they are described; none of other layers. */
export function cellsOfLayer({ className, config }: Pick<LayerPlace, 'className' | 'config'>): JsonObject[] {
  const cell = className === 'RNN' && isJsonObject(config.cell) ? config.cell : {};
  const cells = isJsonObject(cell.config) ? cell.config.cells : undefined;
  return Array.isArray(cells) ? cells.filter(isJsonObject) : [];
}

/** How many weights a cell has: a kernel, a recurrent kernel and, unless it says no, a bias. */
export function weightsOfCell({ config }: JsonObject): number {
  const options = isJsonObject(config) ? config : {};
  return (options.use_bias ?? options.useBias) === false ? 2 : 3;
}
