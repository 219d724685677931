import * as tf from '../tf.js';
import type { ConfigDict } from '../tfjsTypes.js';
import { registerActivations } from './activations.js';
import { BatchNormalization } from './batchNormalization.js';
import { Conv1D } from './convolution.js';
import { ResetAfterGRU } from './gru.js';
import { LayerNormalization, Masking } from './stepLayers.js';
import {
  Bidirectional,
  GlobalAveragePooling1D,
  GlobalMaxPooling1D,
  RepeatVector,
  TimeDistributed,
} from './wrappers.js';

type Config = ConfigDict;

/** Makers of the layers that are not tfjs's own, by class name, from settings as tfjs gives them: in camelCase. */
const makers: Record<string, (config: Config) => tf.layers.Layer> = {
  Sequential: makeSequential,
  Model: (config) => fromRegistered('Model', config),
  Functional: (config) => fromRegistered('Functional', config),
  GRU: (config) =>
    config.resetAfter === true
      ? new ResetAfterGRU(config as unknown as tf.GRULayerArgs)
      : tf.layers.gru(config as unknown as tf.GRULayerArgs),
  Bidirectional: (config) => {
    const layer = layerFromConfig(config.layer as Config) as tf.RNN;
    return new Bidirectional({ ...config, layer });
  },
  TimeDistributed: (config) => new TimeDistributed({ ...config, layer: layerFromConfig(config.layer as Config) }),
  RepeatVector: (config) => new RepeatVector(config),
  GlobalAveragePooling1D: (config) => new GlobalAveragePooling1D(config),
  GlobalMaxPooling1D: (config) => new GlobalMaxPooling1D(config),
  LayerNormalization: (config) => new LayerNormalization(config),
  Masking: (config) => new Masking(config),
  BatchNormalization: (config) => new BatchNormalization(config),
  Conv1D: (config) => new Conv1D(config),
};

/**
 * A layer from a saved description `{ className, config }` in tfjs's camelCase.
 * @throws Error when the class is unknown or its settings do not fit
 */
function layerFromConfig({ className, config }: Config): tf.layers.Layer {
  const name = String(className);
  const settings = { ...(config as Config) };
  if (Object.hasOwn(makers, name)) return makers[name](settings);
  return fromRegistered(name, settings);
}

function fromRegistered(name: string, config: Config): tf.layers.Layer {
  registerActivations();
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  if (!Object.hasOwn(known, name)) throw new Error(`unknown class ${JSON.stringify(name)}`);
  const [cls, fromConfig] = known[name];
  return fromConfig(cls, config) as tf.layers.Layer;
}

/** tfjs's Sequential does not pass custom objects on to its layers, so it is made here. Weights are zeros until set. */
function makeSequential(config: Config): tf.Sequential {
  const model = tf.sequential(typeof config.name === 'string' ? { name: config.name } : undefined);
  const layers = (Array.isArray(config) ? config : config.layers) as Config[];
  for (const description of layers) {
    const layer = layerFromConfig(description);
    layer.setFastWeightInitDuringBuild(true);
    model.add(layer);
  }
  return model;
}

/** How many makers are at work, one inside the other. */
let depth = 0;

/**
 * A maker as tfjs calls it. While a class's fromConfig runs, tfjs keeps custom objects in a global variable, and an error
 * thrown through it would leave them there for every later load in the process. So an error of the outermost maker
 * becomes a rejected promise in the model's place, with which modelFromJSON, being async, rejects.
 */
function asFromConfig(make: (config: Config) => tf.layers.Layer) {
  return (_: unknown, config: Config): tf.layers.Layer | Promise<never> => {
    depth++;
    try {
      return make(config);
    } catch (error) {
      if (depth > 1) throw error;
      return Promise.reject(error);
    } finally {
      depth--;
    }
  };
}

/**
 * For `tf.models.modelFromJSON(topology, customObjects)`: layers whose behaviour in tfjs is not Keras's come back as
 * memcell's own. It takes models that memcell, tfjs or tfjs's converter wrote.
 */
export const customObjects = Object.fromEntries(
  Object.entries(makers).map(([name, make]) => [name, [Object, asFromConfig(make)]]),
) as unknown as ConfigDict;
