import type * as tf from '../tf.js';
import type { Settings } from './fingerprint.js';

/**
 * A model's layers with their options, as plain JSON that is the same for every model that is built alike: names that tfjs counts up
 * in a process are numbered by their order here, and how weights begin is left out.
 */
export function structureOf(model: tf.LayersModel): Settings {
  const text = JSON.stringify(model.toJSON(undefined, false));
  const numbers = new Map<string, string>();
  JSON.parse(text, (key, value: unknown) => {
    if (key === 'name' && typeof value === 'string') numbers.set(value, `#${numbers.size}`);
    return value;
  });
  const all = JSON.parse(text, (key, value: unknown) => {
    if (/initializer$/.test(key)) return undefined;
    return typeof value === 'string' ? (numbers.get(value) ?? value) : value;
  });
  return all.config;
}
