/** How a functional model's layers are joined, as Keras 2 and tfjs write it: `[[['lstm', 0, 0, {}], …], …]`, a list a call. */
import { invalid, isJsonObject, type Json } from '../modelJson.js';
import type { JsonObject, Reading } from './layerConfig.js';

/** A layer's output: its name, which of its calls, which of the call's outputs. */
export type TensorOf = [layer: string, call: number, output: number];

/** A layer of a functional model. */
export type JoinedLayer = JsonObject & { name: string; inbound_nodes: Json[] };

/** More than this is taken for a mistake; what joins layers looks at each several times. */
const MOST_LAYERS = 5000;

/** Options of calls that change nothing where they have these values. */
const CALL_OPTIONS: Record<string, Json[]> = {
  mask: [null],
  training: [null, false],
  initial_state: [null],
  constants: [null],
  return_attention_scores: [null, false],
  use_causal_mask: [null, false],
  query_mask: [null],
  value_mask: [null],
  key_mask: [null],
  attention_mask: [null],
  value: [null],
  key: [null],
};

/** Every tensor in a value, in order, as Keras 3 (`__keras_tensor__`) and Keras 2 (`['lstm', 0, 0]`) write them. */
export function tensorsIn(value: Json): TensorOf[] {
  const tensor = tensorOf(value);
  if (tensor) return [tensor];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (!isJsonObject(value)) return [];
  return Object.values(value).flatMap(tensorsIn);
}

function tensorOf(value: Json): TensorOf | undefined {
  const written =
    isJsonObject(value) && value.class_name === '__keras_tensor__' && isJsonObject(value.config)
      ? value.config.keras_history
      : value;
  if (!Array.isArray(written) || written.length < 3) return undefined;
  const [layer, call, output] = written;
  const isIndex = (index: Json): index is number => typeof index === 'number' && Number.isInteger(index) && index >= 0;
  return typeof layer === 'string' && isIndex(call) && isIndex(output) ? [layer, call, output] : undefined;
}

/** What a call of Keras 3's is given, in order: tensors, lists of them, or numbers. */
export function argumentsOf(call: Json): Json[] {
  return isJsonObject(call) && Array.isArray(call.args) ? call.args : [];
}

/** The calls of a layer, those of older Kerases as they are but for states among their options, which become further inputs. */
export function inboundNodes(nodes: Json, layer: JsonObject, place: string, reading: Reading): Json[] {
  if (!Array.isArray(nodes)) throw invalid(place, 'inbound_nodes is not a list');
  return nodes.map((node) => {
    const inputs = isJsonObject(node) ? keras3Call(node, layer, place) : keras2Call(node, layer, place, reading);
    if (inputs.length === 0)
      throw invalid(place, 'it is called without the output of another layer; nothing here runs it');
    return inputs.map((input) => [...input, {}]);
  });
}

function keras3Call({ args, kwargs }: JsonObject, layer: JsonObject, place: string): TensorOf[] {
  for (const value of Array.isArray(args) ? args : []) requireTensors(value, 'its arguments', place);
  const inputs = tensorsIn(args ?? null);
  return [...inputs, ...optionsOf(isJsonObject(kwargs) ? kwargs : {}, layer, place)];
}

function keras2Call(node: Json, layer: JsonObject, place: string, { lost }: Reading): TensorOf[] {
  const list = Array.isArray(node) && typeof node[0] === 'string' ? [node] : node;
  if (!Array.isArray(list)) throw invalid(place, 'inbound_nodes holds what is no list');
  return list.flatMap((item) => {
    const tensor = tensorOf(item);
    if (!tensor || !Array.isArray(item)) {
      throw invalid(place, `it is called with ${JSON.stringify(item)?.slice(0, 80)}, which is no layer's output`);
    }
    const options = isJsonObject(item[3]) ? item[3] : {};
    if (options.training === false) lost.push(`${place}: training=False of its call is not applied`);
    return [tensor, ...optionsOf(options, layer, place)];
  });
}

/** The states that a call is given. @throws MemcellError 'model' for an option that nothing here follows */
function optionsOf(options: JsonObject, { class_name, config }: JsonObject, place: string): TensorOf[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (Object.hasOwn(CALL_OPTIONS, name) && CALL_OPTIONS[name].includes(value)) return [];
    // Of several inputs none has a mask.
    if (name === 'mask' && Array.isArray(value) && value.every((one) => one === null)) return [];
    if (name === 'use_causal_mask' && value === true && isJsonObject(config)) {
      // Here an option of the layer.
      config.use_causal_mask = true;
      return [];
    }
    const states = ['initial_state', 'value', 'key'].includes(name) ? tensorsIn(value) : [];
    if (states.length > 0) return states;
    throw invalid(
      place,
      `${String(class_name)} is called with ${name}: nothing here runs that; call it without, and save the model again`,
    );
  });
}

function requireTensors(value: Json, what: string, place: string): void {
  if (tensorOf(value)) return;
  if (Array.isArray(value)) for (const item of value) requireTensors(item, what, place);
  else if (value !== null) {
    throw invalid(
      place,
      `${what} hold ${JSON.stringify(value)?.slice(0, 80)} beside other layers' outputs; nothing here runs that: make it of layers`,
    );
  }
}

/**
 * How the calls of a model in the model are counted: from 0 by Keras 3, and by tfjs when it saves; from 1 by Keras 2, and by
 * tfjs when it loads, for which the first is the model's own making. What a model gives Keras 3 counts as Keras 2 does where it is
 * of a functional model in it, and from 0 where it is of a Sequential.
 */
export class CallsOfModels {
  private readonly models: ReadonlySet<string>;
  private readonly fromOne: ReadonlySet<string>;
  private readonly endsFromOne: ReadonlySet<string>;

  /** @param models the models among the layers */
  constructor(
    models: readonly JoinedLayer[],
    { used, outputs, keras3 }: { used: Json; outputs: Json; keras3: boolean },
  ) {
    const from = (nodes: Json) => {
      const zero = new Set(tensorsIn(nodes).flatMap(([name, call]) => (call === 0 ? [name] : [])));
      return models.filter(({ name }) => !zero.has(name));
    };
    this.models = new Set(models.map(({ name }) => name));
    const functional = from(outputs).filter(({ class_name }) => class_name !== 'Sequential');
    this.fromOne = new Set(keras3 ? [] : from(used).map(({ name }) => name));
    this.endsFromOne = keras3 ? new Set(functional.map(({ name }) => name)) : this.fromOne;
  }

  fromZero<T extends Json>(nodes: T): T {
    return moved(nodes, (name) => (this.fromOne.has(name) ? -1 : 0)) as T;
  }

  /** The same for what the model gives. */
  endsFromZero<T extends Json>(ends: T): T {
    return moved(ends, (name) => (this.endsFromOne.has(name) ? -1 : 0)) as T;
  }

  forTfjs<T extends Json>(nodes: T): T {
    return moved(nodes, (name) => (this.models.has(name) ? 1 : 0)) as T;
  }
}

/** The same calls with their numbers moved by what is told for them. */
export function moved(nodes: Json, by: (layer: string, call: number) => number): Json {
  if (!Array.isArray(nodes)) return nodes;
  const tensor = tensorOf(nodes);
  if (!tensor) return nodes.map((node) => moved(node, by));
  const [name, call] = tensor;
  return [name, call + by(name, call), ...nodes.slice(2)];
}

/**
 * How far each call's number is from the place that tfjs gives it: it goes through the layers in their order, as often as it takes, and
 * numbers a layer's calls as their inputs come to be there.
 */
export function movesInMaking(layers: readonly JoinedLayer[]): (layer: string, call: number) => number {
  const made = new Map<string, number[]>();
  const isThere = ([name, call]: TensorOf) => made.get(name)?.includes(call) ?? false;
  const waiting = new Map(layers.map(({ name, inbound_nodes }) => [name, [...inbound_nodes.keys()]]));
  for (const { name, inbound_nodes } of layers) made.set(name, inbound_nodes.length === 0 ? [0] : []);
  for (let before = -1, left = 0; left !== before; ) {
    before = left;
    left = 0;
    for (const { name, inbound_nodes } of layers) {
      const later: number[] = [];
      for (const call of waiting.get(name) ?? [])
        (tensorsIn(inbound_nodes[call]).every(isThere) ? made.get(name) : later)?.push(call);
      waiting.set(name, later);
      left += later.length;
    }
  }
  return (name, call) => (made.get(name)?.indexOf(call) ?? call) - call;
}

/**
 * Checks that every call's inputs are there before it, that there is no circle, and that the outputs come from the model's inputs
 * alone; tfjs would look for them for ever. Gives the inputs that lead to them.
 */
export function checkOrder(
  layers: readonly JoinedLayer[],
  { inputs, outputs }: { inputs: readonly TensorOf[]; outputs: readonly TensorOf[] },
  place: string,
): TensorOf[] {
  if (layers.length > MOST_LAYERS) throw invalid(place, `${layers.length} layers; the most is ${MOST_LAYERS}`);
  const called = new Map(layers.map((layer) => [layer.name, layer]));
  const known = ([name, call]: TensorOf) => {
    const layer = called.get(name);
    if (!layer) throw invalid(place, `there is no layer ${JSON.stringify(name)}, whose output is used`);
    const calls = layer.inbound_nodes.length;
    if (call >= (layer.class_name === 'InputLayer' ? 1 : calls)) {
      const times = calls === 0 ? 'never called' : `called ${calls} times`;
      throw invalid(place, `layer ${JSON.stringify(name)} is ${times}, but the output of call ${call + 1} is used`);
    }
  };
  for (const end of [...inputs, ...outputs]) known(end);
  const given = new Set(inputs.map(keyOf));
  const done = new Set<string>();
  const needs = new Map<string, string[]>();
  let waiting = layers.flatMap(({ name, inbound_nodes }) => {
    if (inbound_nodes.length === 0) done.add(keyOf([name, 0, 0]));
    return inbound_nodes.map((node, call) => {
      const needed = tensorsIn(node);
      for (const tensor of needed) known(tensor);
      const key = keyOf([name, call, 0]);
      const keys = needed.map(keyOf);
      needs.set(key, keys);
      return { name, key, needed: keys };
    });
  });
  while (waiting.length > 0) {
    const before = waiting.length;
    waiting = waiting.filter(({ key, needed }) => {
      if (!needed.every((other) => done.has(other))) return true;
      done.add(key);
      return false;
    });
    if (waiting.length === before)
      throw invalid(place, `layer ${JSON.stringify(waiting[0].name)} waits for its own output`);
  }
  const used = new Set(outputs.map(keyOf));
  for (const key of used) {
    if (given.has(key)) continue;
    const needed = needs.get(key);
    if (!needed) throw invalid(place, `the outputs need ${JSON.stringify(nameOf(key))}, which is none of input_layers`);
    for (const other of needed) used.add(other);
  }
  return inputs.filter((input) => used.has(keyOf(input)));
}

/** A call of a layer. */
function keyOf([name, call]: TensorOf): string {
  return `${call} ${name}`;
}

function nameOf(key: string): string {
  return key.slice(key.indexOf(' ') + 1);
}
