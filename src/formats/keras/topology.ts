/**
 * Any Keras's or tfjs's description of a model → the one form that everything here reads: Keras 2's, as tfjs's modelFromJSON
 * takes it.
 */
import { snakeCase } from '../../spelling.js';
import { invalid, isJsonObject, type Json, mostNesting } from '../modelJson.js';
import { activationsApart } from './activationLayers.js';
import { className, type JsonObject, layerOptions, type Reading } from './layerConfig.js';
import { makesMasks, withoutMasks } from './masks.js';
import {
  CallsOfModels,
  checkOrder,
  inboundNodes,
  type JoinedLayer,
  moved,
  movesInMaking,
  type TensorOf,
  tensorsIn,
} from './nodes.js';
import { withoutOperations } from './operations.js';

export interface NormalTopology {
  topology: JsonObject;
  /** What is left out, a line each. */
  lost: string[];
}

const MODELS = ['Sequential', 'Functional', 'Model'];

/** @throws MemcellError 'model' that names the layer which nothing here runs, or what cannot be a model */
export function normalTopology(given: JsonObject, where: string, version?: string): NormalTopology {
  const inner = isJsonObject(given.model_config) ? given.model_config : given;
  const written = version ?? (typeof given.keras_version === 'string' ? given.keras_version : '');
  const lost: string[] = [];
  // Keras 2.13 and later write modules too.
  const keras3 = /^\d+\./.test(written) ? !/^[0-2]\./.test(written) : 'module' in inner || 'registered_name' in inner;
  const plain = withPlainLists(inner);
  const topology = new Reader({ where, keras3, lost }, makesMasks(plain)).model(plain, '', `${where}: modelTopology`);
  if (!hasStates(topology)) freeBatch(topology);
  return { topology, lost: [...new Set(lost)] };
}

/** Kinds of lists that tf.keras writes as `{ class_name, items }`. */
const LISTS: Json[] = ['TensorShape', '__tuple__', 'ListWrapper'];

/** The same with every such list as a list. */
function withPlainLists<T extends Json>(value: T): T;
function withPlainLists(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => withPlainLists(item));
  if (!isJsonObject(value)) return value;
  if (Array.isArray(value.items) && LISTS.includes(value.class_name)) return withPlainLists(value.items);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withPlainLists(item)]));
}

/** What cuDNN's layers are without saying so. */
const CUDNN: Record<string, JsonObject> = {
  CuDNNLSTM: { activation: 'tanh', recurrent_activation: 'sigmoid' },
  CuDNNGRU: { activation: 'tanh', recurrent_activation: 'sigmoid', reset_after: true },
};

/** Layers of tfjs's for pictures and categories, whose options in Keras's files are not read. */
const PREPARING = new Set(['CategoryEncoding', 'CenterCrop', 'RandomWidth', 'Resizing']);

class Reader {
  /** @param hasMasks some layer makes one */
  constructor(
    private readonly reading: Reading,
    private readonly hasMasks: boolean,
  ) {}

  /** @param path of the layers above, each with a slash */
  model(given: JsonObject, path: string, place: string, depth = 0): JsonObject {
    if (depth > mostNesting / 4) throw invalid(place, 'nested too deeply');
    const { class_name: written, config } = given;
    if (typeof written !== 'string') throw invalid(place, 'class_name is missing');
    if (!MODELS.includes(written)) {
      throw invalid(place, `class ${JSON.stringify(written)} is not a model; known are ${MODELS.join(', ')}`);
    }
    if (Array.isArray(config)) {
      return this.sequential({ layers: config, name: 'sequential' }, path, place, depth);
    }
    if (!isJsonObject(config)) throw invalid(place, `${written} has no config`);
    if (written === 'Sequential') return this.sequential(config, path, place, depth);
    return this.functional(config, path, place, depth);
  }

  private sequential(config: JsonObject, path: string, place: string, depth: number): JsonObject {
    const apart = activationsApart(listOf(config.layers, `${place}.config.layers`));
    const layers = this.layers(apart.layers, path, place, depth);
    const [first, second] = layers;
    // As Keras has it, an input is no layer of a Sequential's.
    if (
      first?.class_name === 'InputLayer' &&
      isJsonObject(second?.config) &&
      !MODELS.includes(String(second.class_name))
    ) {
      const { batch_input_shape } = isJsonObject(first.config) ? first.config : {};
      layers.shift();
      second.config.batch_input_shape = batch_input_shape ?? null;
      // The layer's own, which its weights have: an Embedding of int32 has float32 rows.
      second.config.dtype = 'float32';
    }
    const shape = config.build_input_shape;
    const start = layers[0]?.config;
    if (isJsonObject(start) && !('batch_input_shape' in start) && Array.isArray(shape) && !('layers' in start)) {
      start.batch_input_shape = shape;
    }
    const name = typeof config.name === 'string' ? config.name : 'sequential';
    return { class_name: 'Sequential', config: { name, layers } };
  }

  private functional(config: JsonObject, path: string, place: string, depth: number): JsonObject {
    const apart = activationsApart(listOf(config.layers, `${place}.config.layers`));
    const listed = withoutOperations(
      withoutMasks(apart.layers, config.output_layers ?? null, depth > 0 && this.hasMasks),
      place,
    );
    const all = this.layers(listed, path, place, depth).map((layer, index): JoinedLayer => {
      const written = listed[index];
      const at = `${place}: layer ${JSON.stringify(nameOf(layer))}`;
      const nodes = isJsonObject(written) ? written.inbound_nodes : undefined;
      const inbound = inboundNodes(nodes ?? [], layer, at, this.reading);
      return { name: nameOf(layer), ...layer, inbound_nodes: inbound };
    });
    const [begins, outputs] = [config.input_layers, config.output_layers].map((ends) =>
      tensorsIn(apart.renamed(ends ?? null)),
    );
    if (begins.length === 0 || outputs.length === 0) {
      throw invalid(place, 'input_layers or output_layers is missing or empty');
    }
    const models = all.filter((layer) => MODELS.includes(String(layer.class_name)));
    const counted = new CallsOfModels(models, {
      used: [...all.map((layer) => layer.inbound_nodes), ...begins, ...outputs],
      outputs,
      keras3: this.reading.keras3,
    });
    for (const layer of all) layer.inbound_nodes = counted.fromZero(layer.inbound_nodes);
    const given = counted.endsFromZero(outputs);
    const inputs = checkOrder(all, { inputs: begins, outputs: given }, place);
    const idle = begins.filter((input) => !inputs.includes(input)).map(([name]) => name);
    for (const name of idle) {
      const what = `input ${JSON.stringify(name)} leads to no output`;
      if (depth > 0)
        throw invalid(place, `${what}; nothing here runs such a model in a model: make it without the input`);
      this.reading.lost.push(`${what}: the model takes the others alone`);
    }
    const layers = all.filter(({ name }) => !idle.includes(name));
    const ends = inOrderOfMaking(layers, given);
    for (const layer of layers) layer.inbound_nodes = counted.forTfjs(layer.inbound_nodes);
    const name = typeof config.name === 'string' ? config.name : 'model';
    const [input_layers, output_layers] = [inputs, ends].map((tensors) => counted.forTfjs(tensors));
    return { class_name: 'Model', config: { name, layers, input_layers, output_layers } };
  }

  private layers(listed: Json[], path: string, place: string, depth: number): JsonObject[] {
    const names = new Set<string>();
    return allNamed(listed).map((given, index) => {
      const layer = this.layer(given, path, `${place}.config.layers[${index}]`, depth);
      const name = nameOf(layer);
      if (names.has(name)) throw invalid(place, `two layers are called ${JSON.stringify(name)}`);
      names.add(name);
      return layer;
    });
  }

  /** A layer, those that it holds included. */
  private layer(given: Json, path: string, place: string, depth: number, inside?: string): JsonObject {
    if (depth > mostNesting / 4) throw invalid(place, 'nested too deeply');
    if (!isJsonObject(given)) throw invalid(place, 'not an object');
    const { class_name: written } = given;
    if (typeof written !== 'string') throw invalid(place, 'class_name is missing');
    if (MODELS.includes(written)) {
      const name = nameIn(given) ?? written.toLowerCase();
      const model = this.model(given, `${path}${name}/`, place, depth + 1);
      if (isJsonObject(model.config)) model.config.name = name;
      return model;
    }
    const { config = {} } = given;
    if (!isJsonObject(config)) throw invalid(place, `${written} has no config`);
    const name = nameIn(given) ?? written.toLowerCase();
    this.refuseCode(given, written, name, place);
    const known = className(written);
    const at = inside ?? path + name;
    const { layer, cell, cells, backward_layer, ...plain } = config;
    // Bidirectional zeroes the outputs of masked steps itself.
    if (inside && /\/(forward|backward)$/.test(inside)) delete plain.zero_output_for_mask;
    this.refuseUnread(known, name, place);
    this.notePolicy(config.dtype ?? null, name, place);
    const options = layerOptions(known, { ...(CUDNN[written] ?? {}), ...plain, name }, name, this.reading);
    if (known === 'InputLayer') Object.assign(options, inputOf(config));
    else if (Array.isArray(config.batch_shape)) options.batch_input_shape = config.batch_shape;
    if ('batch_input_shape' in options) options.dtype = dtypeOf(config.dtype) ?? 'float32';
    if (known === 'Embedding' && options.batch_input_shape === undefined && options.input_length == null) {
      delete options.input_length;
    }
    const held = (value: Json, part: string) =>
      this.layer(value, path, `${place}.config.${part}`, depth + 1, `${at}/${part}`);
    if (known === 'Bidirectional') {
      if (layer === undefined) throw invalid(place, `layer ${JSON.stringify(name)} (Bidirectional) has no layer`);
      const forward = held(layer, 'forward');
      options.layer = forward;
      const inner = isJsonObject(forward.config) ? forward.config : {};
      // Keras 3 calls it as it is called inside; that name is made again.
      inner.name = String(inner.name).replace(/^forward_/, '');
      if (backward_layer !== undefined && backward_layer !== null) {
        this.checkBackward(forward, held(backward_layer, 'backward'), name, place);
      }
    } else if (layer !== undefined) options.layer = held(layer, 'layer');
    if (cell !== undefined) options.cell = held(cell, 'cell');
    if (Array.isArray(cells)) options.cells = cells.map((one, index) => held(one, `cells[${index}]`));
    return { class_name: known, config: options };
  }

  /** A layer backwards is a copy of the one forwards; another one of its own runs nowhere. */
  private checkBackward(forward: JsonObject, backward: JsonObject, name: string, place: string): void {
    const plain = ({ config, class_name }: JsonObject) => {
      const { name: _, go_backwards, ...rest } = isJsonObject(config) ? config : {};
      return { rest: JSON.stringify([class_name, rest]), backwards: go_backwards === true };
    };
    const [one, other] = [plain(forward), plain(backward)];
    if (one.rest === other.rest && one.backwards !== other.backwards) return;
    throw invalid(
      place,
      `layer ${JSON.stringify(name)} (Bidirectional) has a backward_layer that is not its layer read backwards; nothing here runs it`,
    );
  }

  private refuseUnread(kind: string, name: string, place: string): void {
    if (!PREPARING.has(kind)) return;
    throw invalid(
      place,
      `layer ${JSON.stringify(name)} (${kind}) prepares inputs, which nothing here does; prepare them before, and save the model without it`,
    );
  }

  /** What a layer's policy says of how it computes. */
  private notePolicy(dtype: Json, name: string, place: string): void {
    const kind = isJsonObject(dtype) ? String(dtype.class_name) : '';
    const own = isJsonObject(dtype) && isJsonObject(dtype.config) ? (dtype.config.name ?? dtype.config.mode) : dtype;
    const policy = typeof own === 'string' ? own : '';
    if (/^Quantized/.test(kind) || /_from_/.test(policy)) {
      throw invalid(
        place,
        `layer ${JSON.stringify(name)} is quantized (${policy}), which nothing here runs; save the model as it was before model.quantize()`,
      );
    }
    if (/float16|float64/.test(policy)) this.reading.lost.push(`dtype ${policy}: here all is computed in float32`);
  }

  private refuseCode(given: JsonObject, written: string, name: string, place: string): void {
    if (written === 'Lambda' || JSON.stringify(given.config ?? null).includes('"__lambda__"')) {
      throw invalid(
        place,
        `layer ${JSON.stringify(name)} is a Lambda: it holds Python code, which is not run; replace it by layers and save the model again`,
      );
    }
    const { module, registered_name: registered } = given;
    const own =
      typeof registered === 'string' && registered.includes('>') && !/^(Custom|Keras|keras)>/.test(registered);
    const foreign = typeof module === 'string' && !/^(tf_)?keras(\.|$)|^tensorflow\.|^builtins$/.test(module);
    if (own || foreign || written.includes('>')) {
      const what = typeof registered === 'string' ? registered : written;
      throw invalid(
        place,
        `layer ${JSON.stringify(name)} is of ${what}, a class of its own: Python code, which is not run`,
      );
    }
  }
}

/** Puts the calls of each layer into the order in which tfjs makes them; gives the model's outputs of them. */
function inOrderOfMaking(layers: JoinedLayer[], outputs: TensorOf[]): TensorOf[] {
  let ends: Json = outputs;
  // Another order may change when others are made.
  for (let tries = 0; tries < layers.length; tries++) {
    const by = movesInMaking(layers);
    if (layers.every(({ name, inbound_nodes }) => inbound_nodes.every((_, call) => by(name, call) === 0))) break;
    for (const layer of layers) {
      const nodes = moved(layer.inbound_nodes, by) as Json[];
      layer.inbound_nodes = [...nodes];
      for (const [call, node] of nodes.entries()) layer.inbound_nodes[call + by(layer.name, call)] = node;
    }
    ends = moved(ends, by);
  }
  return ends as TensorOf[];
}

function listOf(value: Json | undefined, place: string): Json[] {
  if (!Array.isArray(value)) throw invalid(place, 'missing or not a list');
  return value;
}

/** Names those that have none (a Sequential in a Sequential of Keras before 2.2.3), as Keras does when it reads them. */
function allNamed(layers: Json[]): Json[] {
  const taken = new Set(layers.map((layer) => (isJsonObject(layer) ? nameIn(layer) : undefined)));
  return layers.map((layer) => {
    if (!isJsonObject(layer) || typeof layer.class_name !== 'string' || nameIn(layer) !== undefined) return layer;
    const plain = snakeCase(layer.class_name);
    let name = plain;
    for (let count = 1; taken.has(name); count++) name = `${plain}_${count}`;
    taken.add(name);
    return { ...layer, name };
  });
}

function nameOf(layer: JsonObject): string {
  return isJsonObject(layer.config) ? String(layer.config.name) : '';
}

/** The name of a written layer, in its config or beside it. */
function nameIn({ name, config }: JsonObject): string | undefined {
  const own = isJsonObject(config) ? config.name : undefined;
  const found = own ?? name;
  return typeof found === 'string' && found !== '' ? found : undefined;
}

function inputOf(config: JsonObject): JsonObject {
  const shape = config.batch_input_shape ?? config.batch_shape ?? null;
  return { batch_input_shape: shape, dtype: dtypeOf(config.dtype) ?? 'float32', sparse: false };
}

/** float32, int32 or bool for any of Keras's types; undefined for none. */
function dtypeOf(dtype: Json | undefined): string | undefined {
  const name = isJsonObject(dtype) && isJsonObject(dtype.config) ? dtype.config.name : dtype;
  if (typeof name !== 'string') return undefined;
  if (/int/.test(name)) return 'int32';
  return name === 'bool' ? 'bool' : 'float32';
}

function hasStates(value: Json): boolean {
  if (Array.isArray(value)) return value.some(hasStates);
  if (!isJsonObject(value)) return false;
  return value.stateful === true || Object.values(value).some(hasStates);
}

/** Makes the number of samples free: only layers that keep their states are bound to it. */
function freeBatch(value: Json): void {
  if (Array.isArray(value)) for (const item of value) freeBatch(item);
  else if (isJsonObject(value)) {
    const { batch_input_shape: shape } = value;
    if (Array.isArray(shape) && shape.length > 0) value.batch_input_shape = [null, ...shape.slice(1)];
    for (const [key, item] of Object.entries(value)) if (key !== 'batch_input_shape') freeBatch(item);
  }
}
