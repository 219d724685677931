import { registerActivations } from '../activations.js';
import { definitionOf, layerClasses } from '../layers/byName.js';
import * as tf from '../tf.js';
import type { ConfigDict } from '../tfjsTypes.js';

type Config = ConfigDict;

/** Makers of what is not tfjs's own, by class name, from settings as tfjs gives them: in camelCase. */
function makers(): Record<string, (config: Config) => tf.layers.Layer> {
  const models = {
    Sequential: makeSequential,
    Model: (config: Config) => makeGraph('Model', config),
    Functional: (config: Config) => makeGraph('Functional', config),
  };
  const own = layerClasses().filter((name) => isMadeHere(name));
  return { ...models, ...Object.fromEntries(own.map((name) => [name, (config: Config) => ownLayer(name, config)])) };
}

/** A class of memcell's own, or one whose layers are of one where their outputs are part of the loss. */
function isMadeHere(name: string): boolean {
  const definition = definitionOf(name);
  return definition?.own !== undefined || definition?.schema.activityRegularizer !== undefined;
}

function ownLayer(name: string, config: Config): tf.layers.Layer {
  const definition = definitionOf(name);
  if (!definition) throw new Error(`unknown class ${JSON.stringify(name)}`);
  const { own, load, make } = definition;
  if (!own) return (config.activityRegularizer ? make(config, tf) : fromRegistered(name, config)) as tf.layers.Layer;
  if (load) return load(config, (description) => layerFromConfig(description as Config), tf);
  return new (own(tf) as new (config: Config) => tf.layers.Layer)(config);
}

/**
 * A layer from a saved description `{ className, config }` in tfjs's camelCase.
 * @throws Error when the class is unknown or its settings do not fit
 */
function layerFromConfig({ className, config }: Config): tf.layers.Layer {
  const name = String(className);
  const settings = { ...(config as Config) };
  const known = makers();
  return Object.hasOwn(known, name) ? known[name](settings) : fromRegistered(name, settings);
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

/** tfjs looks for the classes of a graph's layers by a wrong key where a model is around it, but for those that its config has. */
function makeGraph(name: string, config: Config): tf.layers.Layer {
  return fromRegistered(name, { ...config, customObjects: knownObjects() });
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

/** What customObjects is, for the layers that there are now. */
export function knownObjects(): ConfigDict {
  return Object.fromEntries(
    Object.entries(makers()).map(([name, make]) => [name, [Object, asFromConfig(make)]]),
  ) as unknown as ConfigDict;
}

/**
 * For `tf.models.modelFromJSON(topology, customObjects)`: layers whose behaviour in tfjs is not Keras's come back as
 * memcell's own. It takes models that memcell, tfjs or tfjs's converter wrote.
 */
export const customObjects: ConfigDict = knownObjects();
