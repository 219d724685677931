/** Whether something is of the class of tfjs that its name says, since anyone may register a class of their own under such a name. */
import { builtInClasses } from '../../tensorflow.js';

/** Layers, activations and regularizers by their class. */
export function isBuiltIn(object: { getClassName(): string }): boolean {
  const name = object.getClassName();
  return Object.hasOwn(builtInClasses, name) && builtInClasses[name][0] === object.constructor;
}

/** Whether tfjs itself has a class of that name. */
export function isBuiltInClass(name: string): boolean {
  return Object.hasOwn(builtInClasses, name);
}
