import { builtInClasses, type TensorFlow } from '../tensorflow.js';
import type * as tf from '../tf.js';
import { isSerializable, type Told } from './schema.js';

/** A tfjs layer class by its registered name; tfjs exports functions that make layers, but not their classes. */
export function registeredLayer<L extends tf.layers.Layer>(className: string): RegisteredClass<L> {
  if (builtInClasses[className] === undefined) throw new Error(`TensorFlow.js has no ${className}`);
  return builtInClasses[className][0] as RegisteredClass<L>;
}

/** A class of layers, with what makes one of a saved configuration. */
type RegisteredClass<L extends tf.layers.Layer> = (new (
  config: object,
) => L) &
  Pick<tf.serialization.SerializableConstructor<L>, 'fromConfig'>;

/** The object of a class that tfjs knows by name, such as an initializer. */
export function ofRegistered(tf: TensorFlow, told: Told): tf.serialization.Serializable {
  if (isSerializable(told)) return told;
  const { className, config } = told;
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  if (!Object.hasOwn(known, className)) throw new Error(`unknown class ${JSON.stringify(className)}`);
  const [cls, fromConfig] = known[className];
  return fromConfig(cls, config);
}
