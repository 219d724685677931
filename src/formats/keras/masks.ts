/**
 * Masks in functional models of Keras 3, which writes what makes a mask as operations of the graph (NotEqual of an Embedding's input and 0)
 * and hands it to the layers that it comes to by itself. Layers here pass masks on as Keras's do, so what only repeats that is left out.
 */
import { isJsonObject, type Json } from '../modelJson.js';
import { className, type JsonObject } from './layerConfig.js';
import { isModelClass } from './layerTree.js';
import { argumentsOf, type TensorOf, tensorsIn } from './nodes.js';
import { endsMask, isOperation } from './operations.js';

/** Layers of Keras 3 that pass on the mask of their first input; recurrent ones do with all their steps as output. */
const PASSING = new Set(
  `Activation ActivityRegularization AdditiveAttention AlphaDropout Attention BatchNormalization Dense Dropout ELU GRU GaussianDropout GaussianNoise
  GroupNormalization Identity LSTM LayerNormalization LeakyReLU MultiHeadAttention Normalization PReLU RNN ReLU Rescaling SimpleRNN Softmax SpatialDropout1D
  TimeDistributed UnitNormalization`.split(/\s+/),
);
const RECURRENT = ['LSTM', 'GRU', 'SimpleRNN', 'RNN'];
/** Layers whose output is masked where all inputs are. */
const MERGES = ['Add', 'Average', 'Maximum', 'Minimum', 'Multiply', 'Subtract'];

/** Operations that join masks or change their shape, and those that make one where a mask is missing. */
const JOINING = ['Any', 'Concatenate', 'ConvertToTensor', 'ExpandDims', 'LogicalOr', 'Squeeze'];
const EMPTY = ['OnesLike', 'ZerosLike'];

/** What masks come from: 'words,0,0 ≠ 0', a tensor and the value that is masked. */
type Sources = ReadonlySet<string>;
const NONE: Sources = new Set();

const sourceOf = (tensor: TensorOf, value: Json): string => `${tensor.join()} ≠ ${JSON.stringify(value)}`;
const joined = (all: readonly Sources[]): Sources => new Set(all.flatMap((one) => [...one]));
const same = (one: Sources, other: Sources): boolean =>
  one.size === other.size && [...one].every((source) => other.has(source));

/** An operation that may be of masks: in `.h5`, which has no modules, a Concatenate is one where what it joins is bool. */
function mayBeOfMasks(layer: Json): layer is JsonObject {
  if (!isJsonObject(layer)) return false;
  if (typeof layer.module === 'string') return isOperation(layer);
  if (layer.class_name === 'Concatenate') return /"dtype":"bool"/.test(JSON.stringify(callsOf(layer)));
  return isMaskOperation(layer);
}

/**
 * The layers of a functional model as Keras 3 writes them, without the masks that come to each by themselves, and with a layer that ends
 * a mask where Keras 3 leaves it aside.
 * @param outputs what the model gives
 * @param inputsHaveMasks it is a model in another, which may give it values with masks
 */
export function withoutMasks(given: Json[], outputs: Json, inputsHaveMasks = false): Json[] {
  const layers = new Graph(given, inputsHaveMasks).withMasksEnded(given);
  const graph = new Graph(layers, inputsHaveMasks);
  if (!layers.some(mayBeOfMasks)) return layers;
  const bare = layers.map((layer) =>
    isJsonObject(layer) && Array.isArray(layer.inbound_nodes)
      ? { ...layer, inbound_nodes: layer.inbound_nodes.map((call) => graph.withoutMask(call)) }
      : layer,
  );
  // An operation goes when none that stays has use for it; the last ones first.
  let left: Json[] = bare;
  for (;;) {
    const read = left.flatMap((layer) => callsOf(layer).flatMap(tensorsIn));
    const used = new Set([...read, ...tensorsIn(outputs)].map(([name]) => name));
    const needed = left.filter(
      (layer) => !mayBeOfMasks(layer) || !isMaskOperation(layer) || used.has(String(layer.name)),
    );
    if (needed.length === left.length) return needed;
    left = needed;
  }
}

/** An operation of numbers, such as a + b. */
function isOfNumbers(layer: Json): boolean {
  if (!isJsonObject(layer) || layer.class_name === 'InputLayer') return false;
  return isOperation(layer) && (layer.class_name === 'Concatenate' || !isMaskOperation(layer));
}

/** Whether a call has initial states and no mask. */
function isGivenStates({ kwargs }: JsonObject): boolean {
  const { initial_state = null, mask = null } = isJsonObject(kwargs) ? kwargs : {};
  return tensorsIn(initial_state).length > 0 && mask === null;
}

const callsOf = (layer: Json): Json[] =>
  isJsonObject(layer) && Array.isArray(layer.inbound_nodes) ? layer.inbound_nodes : [];

function isMaskOperation({ class_name }: JsonObject): boolean {
  return ['NotEqual', ...JOINING, ...EMPTY].includes(String(class_name));
}

/** Whether a description has layers that make masks. */
export function makesMasks(description: JsonObject): boolean {
  return /"class_name":"Masking"|"mask_zero":true/.test(JSON.stringify(description));
}

class Graph {
  private readonly layers = new Map<string, JsonObject>();
  /** Sources by tensor, so that each is looked for once. NONE while it is: a circle has none. */
  private readonly known = new Map<string, Sources>();

  constructor(
    layers: Json[],
    private readonly inputsHaveMasks: boolean,
  ) {
    for (const layer of layers) {
      if (!isJsonObject(layer)) continue;
      const { name = isJsonObject(layer.config) ? layer.config.name : undefined } = layer;
      if (typeof name === 'string') this.layers.set(name, layer);
    }
  }

  /** The call without the masks that its inputs have anyway. */
  withoutMask(call: Json): Json {
    if (!isJsonObject(call) || !isJsonObject(call.kwargs)) return call;
    const { kwargs } = call;
    const [query, value = kwargs.value, key = kwargs.key] = argumentsOf(call);
    const masked: Record<string, Json | undefined> = {
      mask: query,
      query_mask: query,
      value_mask: value,
      key_mask: key,
    };
    const repeats = ([name, mask]: [string, Json]) =>
      Object.hasOwn(masked, name) && tensorsIn(mask).length > 0 && this.repeats(mask, masked[name] ?? null);
    const options = Object.entries(kwargs).map(([name, mask]) => [name, repeats([name, mask]) ? null : mask]);
    return { ...call, kwargs: Object.fromEntries(options) };
  }

  /**
   * The layers with one that ends the mask, a Permute of the axes in their order, before each operation that would have the mask as the
   * layer that it is here, and before each layer that is given initial states and no mask: Keras 3 minds a mask only beside nothing else.
   */
  withMasksEnded(layers: Json[]): Json[] {
    const ended = new Map<string, JsonObject>();
    const left = layers.map((layer): Json => {
      if (!isJsonObject(layer) || !Array.isArray(layer.inbound_nodes)) return layer;
      const isBare = isOfNumbers(layer) && !endsMask(layer);
      const inbound_nodes = layer.inbound_nodes.map((call) => {
        if (!isJsonObject(call) || !(isBare || isGivenStates(call))) return call;
        return { ...call, args: argumentsOf(call).map((one) => this.ended(one, ended)) };
      });
      return { ...layer, inbound_nodes };
    });
    return ended.size > 0 ? [...left, ...ended.values()] : layers;
  }

  /** The same tensors without their masks, as the layers that are noted give them. */
  private ended(value: Json, noted: Map<string, JsonObject>): Json {
    if (Array.isArray(value)) return value.map((one) => this.ended(one, noted));
    if (!isJsonObject(value) || !isJsonObject(value.config)) return value;
    const [tensor] = tensorsIn(value);
    const { shape } = value.config;
    if (!tensor || !Array.isArray(shape) || shape.length < 3 || this.of(tensor).size === 0) return value;
    const name = this.nameWithoutMask(tensor);
    const dims = shape.slice(1).map((_, i) => i + 1);
    const inbound_nodes = [{ args: [value], kwargs: {} }];
    noted.set(name, { module: 'keras.layers', class_name: 'Permute', config: { name, dims }, name, inbound_nodes });
    return { ...value, config: { ...value.config, keras_history: [name, 0, 0] } };
  }

  /** A name of its own for each tensor, and none that a layer has. */
  private nameWithoutMask([layer, call, output]: TensorOf): string {
    const place = call === 0 && output === 0 ? '' : `_call_${call}_output_${output}`;
    let name = `${layer}${place}_without_mask`;
    while (this.layers.has(name)) name += '_';
    return name;
  }

  private repeats(mask: Json, input: Json): boolean {
    const given = tensorsIn(mask).map((tensor) => this.ofMask(tensor));
    if (given.some((sources) => sources === undefined)) return false;
    return same(joined(given as Sources[]), joined(tensorsIn(input).map((tensor) => this.of(tensor))));
  }

  /** What a mask is computed from; undefined for what is no mask of a layer's. */
  private ofMask([name, call]: TensorOf, depth = 0): Sources | undefined {
    const operation = this.layers.get(name);
    if (!operation || !mayBeOfMasks(operation) || depth > this.layers.size) return undefined;
    const given = argumentsOf(callsOf(operation)[call] ?? null);
    const kind = String(operation.class_name);
    if (EMPTY.includes(kind)) return NONE;
    if (kind === 'NotEqual') {
      const [tensor] = tensorsIn(given[0] ?? null);
      return tensor && new Set([sourceOf(tensor, given[1] ?? null)]);
    }
    if (!JOINING.includes(kind)) return undefined;
    const parts = tensorsIn(given).map((tensor) => this.ofMask(tensor, depth + 1));
    return parts.some((part) => part === undefined) ? undefined : joined(parts as Sources[]);
  }

  /** What the mask of a layer's output comes from by itself. */
  private of(tensor: TensorOf): Sources {
    const key = tensor.join();
    const found = this.known.get(key);
    if (found) return found;
    this.known.set(key, NONE);
    const sources = this.find(tensor);
    this.known.set(key, sources);
    return sources;
  }

  private find([name, call, output]: TensorOf): Sources {
    const layer = this.layers.get(name);
    const config = layer && isJsonObject(layer.config) ? layer.config : {};
    const inputs = tensorsIn(argumentsOf(callsOf(layer ?? null)[call] ?? null));
    if (layer?.class_name === 'InputLayer' && this.inputsHaveMasks) return new Set([`that of the input ${name}`]);
    if (!layer || inputs.length === 0 || isOfNumbers(layer)) return NONE;
    const kind = className(String(layer.class_name));
    if (kind === 'Embedding') return config.mask_zero === true ? new Set([sourceOf(inputs[0], 0)]) : NONE;
    if (kind === 'Masking') return new Set([sourceOf(inputs[0], config.mask_value ?? 0)]);
    const all = () => inputs.map((input) => this.of(input));
    // A model may pass masks on, and so no layer repeats what it gives.
    if (isModelClass(kind)) return all().some(({ size }) => size > 0) ? new Set([`that of ${name}`]) : NONE;
    if (kind === 'Concatenate') return joined(all());
    if (MERGES.includes(kind)) return all().some(({ size }) => size === 0) ? NONE : joined(all());
    if (kind === 'Bidirectional') {
      const inner = isJsonObject(config.layer) && isJsonObject(config.layer.config) ? config.layer.config : {};
      const sequences = config.merge_mode === null ? 2 : 1;
      return inner.return_sequences === true && output < sequences ? this.of(inputs[0]) : NONE;
    }
    if (RECURRENT.includes(kind) && (config.return_sequences !== true || output > 0)) return NONE;
    return PASSING.has(kind) ? this.of(inputs[0]) : NONE;
  }
}
