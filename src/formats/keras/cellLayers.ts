/** Keras's RNN layer around one cell is the layer of that cell, which the engine runs, and files of other formats hold. */
import { isJsonObject, type Json } from '../modelJson.js';
import type { JsonObject } from './layerConfig.js';

const LAYERS: Record<string, string> = { LSTMCell: 'LSTM', GRUCell: 'GRU', SimpleRNNCell: 'SimpleRNN' };

/** A normal topology with LSTM for RNN(LSTMCell), and so on, in wrappers and models too: the same weights in the same order. */
export function withoutCells<T extends Json>(value: T): T;
export function withoutCells(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => withoutCells(item));
  if (!isJsonObject(value)) return value;
  const made: JsonObject = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutCells(item)]));
  const { class_name, config } = made;
  if (class_name !== 'RNN' || !isJsonObject(config) || !isJsonObject(config.cell)) return made;
  const { cell, ...sequence } = config;
  const className = String(cell.class_name);
  if (!Object.hasOwn(LAYERS, className) || !isJsonObject(cell.config)) return made;
  const { name: _name, trainable: _trainable, dtype: _dtype, ...units } = cell.config;
  return { ...made, class_name: LAYERS[className], config: { ...units, ...sequence } };
}
