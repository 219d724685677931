/** A normal topology → what Keras 3 makes the model of again: its config, in `.keras` and, without modules, in `.h5`. */
import { type MemcellError, usageError } from '../../errors.js';
import { definitionOf } from '../../layers/byName.js';
import { isJsonObject, type Json } from '../modelJson.js';
import { type JsonObject, ownOptions } from './layerConfig.js';
import { isModelClass } from './layerTree.js';
import { moved, type TensorOf, tensorsIn } from './nodes.js';

const words = (text: string) => text.split(/\s+/);
const ACTIVATED = words(`activation use_bias kernel_initializer bias_initializer kernel_regularizer bias_regularizer
  kernel_constraint bias_constraint`);
const PENALTY = 'activity_regularizer';
const CELL = [
  ...ACTIVATED,
  ...words(`units recurrent_initializer recurrent_regularizer recurrent_constraint dropout recurrent_dropout`),
];
const RECURRENT = words('return_sequences return_state go_backwards stateful');
const RECURRENT_LAYER = [...RECURRENT, ...CELL, PENALTY];

/** The options of Keras 3's layers, by class: those that can be written. */
const OPTIONS: Record<string, string[]> = {
  InputLayer: [],
  Dense: ['units', ...ACTIVATED, PENALTY],
  LSTM: [...RECURRENT_LAYER, 'recurrent_activation', 'unit_forget_bias'],
  GRU: [...RECURRENT_LAYER, 'recurrent_activation', 'reset_after'],
  SimpleRNN: RECURRENT_LAYER,
  Bidirectional: ['merge_mode', 'layer'],
  TimeDistributed: ['layer'],
  Embedding: [
    ...words('input_dim output_dim mask_zero embeddings_initializer embeddings_regularizer embeddings_constraint'),
    PENALTY,
  ],
  Activation: ['activation'],
  Dropout: ['rate', 'noise_shape'],
  LayerNormalization: words(
    'axis epsilon center scale beta_initializer gamma_initializer beta_regularizer gamma_regularizer',
  ),
  BatchNormalization:
    words(`axis momentum epsilon center scale beta_initializer gamma_initializer moving_mean_initializer
    moving_variance_initializer beta_regularizer gamma_regularizer beta_constraint gamma_constraint`),
  Masking: ['mask_value'],
  Flatten: [],
  GlobalAveragePooling1D: [],
  GlobalMaxPooling1D: [],
  LeakyReLU: ['alpha'],
};

/** Options of calls in Keras that are a layer's here. */
const OF_CALLS = ['use_causal_mask'];

function optionsOf(kind: string): string[] | undefined {
  if (Object.hasOwn(OPTIONS, kind)) return OPTIONS[kind];
  const definition = definitionOf(kind);
  if (!definition || definition.keras === false) return undefined;
  return ownOptions(kind).filter((option) => !OF_CALLS.includes(option));
}

/** Options that mean something when they are null. */
const MAY_BE_NULL = /_(regularizer|constraint)$|^(axis|max_value|noise_shape|merge_mode|strides)$/;

/** Names that Keras 3 has for what has another name here. */
const RENAMED: Record<string, string> = { 'LeakyReLU alpha': 'negative_slope' };

/** Layers whose makers in Keras 3 do not take "trainable". */
const WITHOUT_TRAINABLE = new Set(['SpatialDropout1D']);

const STATES_OF = new Set(['LSTM', 'GRU', 'SimpleRNN', 'RNN', 'Bidirectional']);

/**
 * Keras 3's config of a model.
 * @param legacy as `.h5` has it: without modules
 * @throws MemcellError 'usage' that names the layer, or its function, that Keras 3 has not
 */
export function keras3Topology(topology: JsonObject, legacy: boolean): JsonObject {
  const { class_name, config } = topology;
  if (!isJsonObject(config)) throw cannotBeWritten(String(class_name), 'the model', 'has no config');
  if (class_name === 'Sequential') {
    const layers = listOf(config.layers);
    const input = isInput(layers[0] ?? null) ? undefined : inputOf(layers);
    const written = layers.map((layer) => writtenLayer(layer, legacy));
    return described(
      'keras',
      'Sequential',
      {
        name: config.name ?? 'sequential',
        trainable: true,
        dtype: 'float32',
        layers: input ? [described('keras.layers', 'InputLayer', input, legacy), ...written] : written,
      },
      legacy,
    );
  }
  const models = new Map(
    listOf(config.layers).flatMap((layer) =>
      isJsonObject(layer) && isModelClass(String(layer.class_name)) ? [[nameOf(layer), layer.class_name]] : [],
    ),
  );
  const fromZero = (nodes: Json) => moved(nodes, (name) => (models.has(name) ? -1 : 0));
  // Of what a model gives Keras counts the calls of functional models in it from 1, as tfjs does.
  const endsAsKeras = (nodes: Json) => moved(nodes, (name) => (models.get(name) === 'Sequential' ? -1 : 0));
  const layers = listOf(config.layers).map((layer) => {
    const nodes = isJsonObject(layer) ? listOf(layer.inbound_nodes) : [];
    const kind = isJsonObject(layer) ? String(layer.class_name) : '';
    const config = isJsonObject(layer) && isJsonObject(layer.config) ? layer.config : {};
    const shape = isJsonObject(layer) && isJsonObject(layer.build_config) ? layer.build_config.input_shape : undefined;
    const inbound_nodes = nodes.map((node) => callOf(tensorsIn(fromZero(node)), kind, config, shape));
    return { ...writtenLayer(layer, legacy), name: nameOf(layer), inbound_nodes };
  });
  const ends = (tensors: Json | undefined): Json => {
    const found = tensorsIn(endsAsKeras(tensors ?? null));
    return found.length === 1 ? found[0] : found;
  };
  const functional = {
    name: config.name ?? 'functional',
    trainable: true,
    layers,
    input_layers: ends(config.input_layers),
    output_layers: ends(config.output_layers),
  };
  const written = described('keras.src.models.functional', 'Functional', functional, legacy);
  return legacy ? written : { ...written, registered_name: 'Functional' };
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function nameOf(layer: Json): string {
  return isJsonObject(layer) && isJsonObject(layer.config) ? String(layer.config.name) : '';
}

function described(module: string, class_name: string, config: JsonObject, legacy: boolean): JsonObject {
  return legacy ? { class_name, config } : { module, class_name, config, registered_name: null };
}

const isInput = (layer: Json): boolean => isJsonObject(layer) && layer.class_name === 'InputLayer';

/** A Sequential's input, which Keras 3 writes as a layer of its own. */
function inputOf([first]: Json[]): JsonObject | undefined {
  const { config } = isJsonObject(first) ? first : {};
  if (!isJsonObject(config) || !Array.isArray(config.batch_input_shape)) return undefined;
  const name = isInput(first) ? config.name : `${String(config.name)}_input`;
  return { batch_shape: config.batch_input_shape, dtype: config.dtype ?? 'float32', name };
}

/** Whether a layer is called with more than one input, or an option, in Keras, or is no layer there: none of a Sequential can be. */
function needsCall(layer: Json): boolean {
  if (!isJsonObject(layer) || !isJsonObject(layer.config)) return false;
  return ['MultiHeadAttention', 'GetItem'].includes(String(layer.class_name)) || layer.config.use_causal_mask === true;
}

/** A topology in which each Sequential that Keras cannot have is a functional model of the same layers. */
export function withChainsAsGraphs(topology: JsonObject): JsonObject {
  const { config } = topology;
  if (!isJsonObject(config)) return topology;
  const inner = (value: Json): Json => (isJsonObject(value) ? withChainsAsGraphs(value) : value);
  const { layer } = config;
  if (!Array.isArray(config.layers))
    return layer === undefined ? topology : { ...topology, config: { ...config, layer: inner(layer) } };
  const layers = config.layers.map(inner);
  if (topology.class_name === 'Sequential' && layers.some(needsCall))
    return { ...topology, ...asGraph(layers, String(config.name ?? 'sequential')) };
  return { ...topology, config: { ...config, layers } };
}

/** A chain of layers as a functional model. */
function asGraph(layers: Json[], name: string): JsonObject {
  const input = inputOf(layers);
  if (!input)
    throw cannotBeWritten('Sequential', name, 'has no input of its own, which attention and GetItem need in Keras');
  const start: JsonObject = {
    class_name: 'InputLayer',
    config: { name: input.name, batch_input_shape: input.batch_shape, dtype: input.dtype },
    inbound_nodes: [],
  };
  let before: Json[] = [String(input.name), 0, 0];
  const joined = layers.slice(isInput(layers[0]) ? 1 : 0).map((layer): Json => {
    const inbound_nodes = [[[...before, {}]]];
    // The first call of a model in the model is its own making.
    const isModel = isJsonObject(layer) && isModelClass(String(layer.class_name));
    before = [nameOf(layer), isModel ? 1 : 0, 0];
    return isJsonObject(layer) ? { ...layer, inbound_nodes } : layer;
  });
  const ends = { input_layers: [[String(input.name), 0, 0]], output_layers: [before] };
  return { class_name: 'Model', config: { name, layers: [start, ...joined], ...ends } };
}

/** @param shape of what is read, where it is known: Keras takes any that is written */
function callOf(tensors: TensorOf[], kind: string, config: JsonObject, shape: Json = [null]): JsonObject {
  const written = tensors.map((history) => ({
    class_name: '__keras_tensor__',
    config: { shape, dtype: 'float32', keras_history: history },
  }));
  if (kind === 'GetItem') return { args: [...written, keyOf(config)], kwargs: {} };
  const kwargs: JsonObject = config.use_causal_mask === true ? { use_causal_mask: true } : {};
  // Query and value are two arguments, also where they are the same.
  if (kind === 'MultiHeadAttention') return { args: written.length === 1 ? [written[0], written[0]] : written, kwargs };
  if (written.length === 1) return { args: written, kwargs };
  if (!STATES_OF.has(kind)) return { args: [written], kwargs };
  return { args: [written[0]], kwargs: { initial_state: byCell(written.slice(1), config) } };
}

/** What Keras picks by: `x[:, item]`, the axis counted from the end where it is below 0. */
function keyOf({ item = null, axis = 1 }: JsonObject): Json[] {
  const slice = (start: Json, stop: Json, step: Json) => ({ class_name: '__slice__', config: { start, stop, step } });
  const [start = null, stop = null, step = null] = Array.isArray(item) ? item : [];
  const own = Array.isArray(item) ? slice(start, stop, step) : item;
  const others = (count: number) => Array.from({ length: count }, () => slice(null, null, null));
  const along = Number(axis);
  if (along >= 0) return [...others(along), own];
  return [{ class_name: '__ellipsis__', config: {} }, own, ...others(-1 - along)];
}

/** Initial states as Keras takes them: of several cells one after the other, LSTM's two in a list. */
function byCell(states: JsonObject[], { cell }: JsonObject): Json[] {
  const { cells } = isJsonObject(cell) && isJsonObject(cell.config) ? cell.config : {};
  if (!Array.isArray(cells)) return states;
  let at = 0;
  return cells.map((one) => {
    const from = at;
    at += isJsonObject(one) && one.class_name === 'LSTMCell' ? 2 : 1;
    return at - from === 1 ? states[from] : states.slice(from, at);
  });
}

function writtenLayer(layer: Json, legacy: boolean): JsonObject {
  if (!isJsonObject(layer)) throw cannotBeWritten('', 'a layer', 'is no object');
  const { class_name } = layer;
  const kind = String(class_name);
  if (isModelClass(kind)) return keras3Topology(layer, legacy);
  const given = isJsonObject(layer.config) ? layer.config : {};
  const name = String(given.name);
  if (kind === 'GetItem') {
    return { ...described('keras.src.ops.numpy', kind, { name }, false), registered_name: kind };
  }
  const known = optionsOf(kind);
  if (!known) throw cannotBeWritten(kind, name, 'is of a kind that cannot be written as Keras 3 has it');
  const config: JsonObject = { name, dtype: 'float32' };
  if (!WITHOUT_TRAINABLE.has(kind)) config.trainable = given.trainable !== false;
  if (kind === 'InputLayer') {
    const { batch_input_shape = null, dtype = 'float32' } = given;
    return described('keras.layers', kind, { batch_shape: batch_input_shape, dtype, name }, legacy);
  }
  for (const option of known) {
    const value = given[option];
    if (value === undefined || (value === null && !MAY_BE_NULL.test(option))) continue;
    // Keras 3 takes the word for its function of that name when it reads `.h5`; it is the default.
    if (legacy && option === 'score_mode' && value === 'dot') continue;
    const key = `${kind} ${option}`;
    config[Object.hasOwn(RENAMED, key) ? RENAMED[key] : option] = writtenValue(option, value, kind, name);
  }
  return described('keras.layers', kind, config, legacy);
}

function writtenValue(option: string, value: Json, kind: string, name: string): Json {
  if (option === 'layer' && isJsonObject(value) && value.class_name === 'GetItem')
    throw cannotBeWritten(
      kind,
      name,
      'is around a GetItem, which Keras has as an operation of functional models alone',
    );
  // Within a layer Keras 3's legacy format is its own.
  if (option === 'layer' || option === 'cell') return writtenLayer(value, false);
  if (option === 'cells') return listOf(value).map((cell) => writtenLayer(cell, false));
  if (option.endsWith('activation')) {
    if (value === 'hard_sigmoid_keras3') return 'hard_sigmoid';
    if (value === 'hard_sigmoid' || value === 'gelu_new') {
      throw cannotBeWritten(kind, name, `has ${option} ${value}, which is another function in Keras 3`);
    }
    return value;
  }
  const [, part] = option.match(/_(initializer|regularizer|constraint)$/) ?? [];
  if (part === undefined || !isJsonObject(value)) return value;
  const config = isJsonObject(value.config) ? { ...value.config } : {};
  // tfjs's 'normal' is cut off at two standard deviations.
  if (config.distribution === 'normal') config.distribution = 'truncated_normal';
  const class_name = String(value.class_name).replace(/^LeCun/, 'Lecun');
  return { module: `keras.${part}s`, class_name, config, registered_name: null };
}

/** An error that names a layer which Keras has not. */
export function cannotBeWritten(kind: string, name: string, why: string, instead = 'to a folder'): MemcellError {
  return usageError(`layer ${JSON.stringify(name)} (${kind}) ${why}; save the model ${instead} instead`);
}
