/** Whether something is of the class of tfjs that its name says, since anyone may register a class of their own under such a name. */
import * as tf from '../../tf.js';

/** What tfjs had registered when this module was loaded. */
const known = { ...tf.serialization.SerializationMap.getMap().classNameMap };

/** Layers, activations and regularizers by their class. */
export function isBuiltIn(object: { getClassName(): string }): boolean {
  const name = object.getClassName();
  return Object.hasOwn(known, name) && known[name][0] === object.constructor;
}

/** Whether tfjs itself has a class of that name. */
export function isBuiltInClass(name: string): boolean {
  return Object.hasOwn(known, name);
}
