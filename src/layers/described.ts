/** What a layer gives in JSON and as a string, where TensorFlow.js's would give its insides, which are circular. */
import type { Layer } from './define.js';

/** A layer in JSON: its options as they are saved, without its weights. */
export interface LayerDescription {
  class: string;
  name: string;
  config: Record<string, unknown>;
}

export function describeLayer(layer: Layer): LayerDescription {
  return { class: layer.getClassName(), name: layer.name, config: layer.getConfig() };
}

/** Lets JSON.stringify() and String() describe a layer; a model as a layer, and a class of a user's, that do so keep theirs. */
export function described<L extends Layer>(layer: L): L {
  if ('toJSON' in layer) return layer;
  const own = {
    toJSON: () => describeLayer(layer),
    toString: () => `${layer.getClassName()} ${layer.name}`,
  };
  for (const [name, value] of Object.entries(own))
    Object.defineProperty(layer, name, { value, configurable: true, writable: true });
  return layer;
}
