/**
 * TensorFlow.js for what is also there where it is not. The definitions of layers say what the engine does and what TensorFlow.js does; who
 * only predicts on the engine needs the first half and never loads TensorFlow.js. It is there as soon as `tf.ts` is loaded.
 */
import type { Tensor, TensorFlow } from './tfjsTypes.js';

export type { TensorFlow };

let given: TensorFlow | undefined;

/** The classes that TensorFlow.js itself has, by their names, and what makes their objects; none before it is loaded. */
export let builtInClasses: Readonly<Record<string, readonly [made: unknown, from: unknown]>> = {};

/** Called once, before anyone can have registered a class of their own. */
export function giveTensorFlow(tf: TensorFlow): void {
  given = tf;
  builtInClasses = { ...tf.serialization.SerializationMap.getMap().classNameMap };
}

export function tensorFlow(): TensorFlow {
  if (!given) throw new Error('TensorFlow.js is not loaded');
  return given;
}

/** Whether a value is one of TensorFlow.js's tensors. */
export function isTensor(value: unknown): value is Tensor {
  return given !== undefined && value instanceof given.Tensor;
}
