import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import { type Config, definitionOf } from '../define.js';
import { LayerError } from '../make.js';
import { layerNameOf } from '../names.js';
import { ofRegistered } from '../registered.js';
import type { Told } from '../schema.js';
import { type Cell, type CellDescription, isDescription } from './cells.js';

const placed = new WeakSet<Cell>();

/** The object of a cell, made where it is but described. @throws LayerError for one that is in a layer already */
export function cellObject(tf: TensorFlow, cell: Cell | CellDescription): tf.layers.Layer {
  if (!isDescription(cell)) {
    if (placed.has(cell))
      throw new LayerError(`${cell.getClassName()} ${cell.name} is in a layer already; make a cell for every place`);
    placed.add(cell);
    return cell as unknown as tf.layers.Layer;
  }
  const { className } = cell;
  const config: Config = { name: layerNameOf(className), ...cell.config };
  const definition = definitionOf(className);
  const isOwn = definition?.cellOf !== undefined;
  const made = isOwn ? definition.make(config as never, tf) : ofRegistered(tf, { className, config } as Told);
  const object = made as tf.layers.Layer;
  if (config.trainable === false) object.trainable = false;
  return object;
}
