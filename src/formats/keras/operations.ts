/** Operations of Keras 3's graphs (`keras.ops.relu(x)`, `2 * x`) that are layers here. */
import { isJsonObject, type Json } from '../modelJson.js';
import type { JsonObject } from './layerConfig.js';
import { argumentsOf } from './nodes.js';

/** Functions of one number, by the names that Activation has for them. */
const ACTIVATIONS: Record<string, string> = {
  Exp: 'exponential',
  HardSigmoid: 'hard_sigmoid',
  HardSilu: 'hard_silu',
  LogSigmoid: 'log_sigmoid',
  Relu: 'relu',
  Relu6: 'relu6',
  Selu: 'selu',
  Sigmoid: 'sigmoid',
  Silu: 'silu',
  Softplus: 'softplus',
  Softsign: 'softsign',
  Tanh: 'tanh',
};

/** What a number beside a value makes of it, scale·x + offset; where the number stands first, by another name. */
const RESCALINGS: Record<string, (number: number, isFirst: boolean) => [scale: number, offset: number] | undefined> = {
  Add: (number) => [1, number],
  Multiply: (number) => [number, 0],
  Subtract: (number, isFirst) => (isFirst ? [-1, number] : [1, -number]),
  Divide: (number, isFirst) => (isFirst || number === 0 ? undefined : [1 / number, 0]),
  TrueDivide: (number, isFirst) => (isFirst || number === 0 ? undefined : [1 / number, 0]),
};

const REDUCTIONS: Record<string, string> = { Mean: 'GlobalAveragePooling1D', Max: 'GlobalMaxPooling1D' };

/** Whether it is an operation; in `.h5`, which has no modules, one has neither the dtype nor the trainable that layers have. */
export function isOperation({ module, config }: JsonObject): boolean {
  if (typeof module === 'string') return module.startsWith('keras.src.ops.');
  return isJsonObject(config) && config.dtype === undefined && config.trainable === undefined;
}

/** The layers of a functional model with those of its operations that are layers as such; others stay what they are. */
export function withoutOperations(layers: Json[]): Json[] {
  // Keras's operations leave masks aside where the layers for them do not.
  const masks = layers.some((layer) => isJsonObject(layer) && makesMask(layer));
  return layers.map((layer) => (isJsonObject(layer) ? (asLayer(layer, masks) ?? layer) : layer));
}

function makesMask({ class_name, config }: JsonObject): boolean {
  return class_name === 'Masking' || (isJsonObject(config) && config.mask_zero === true);
}

function asLayer(layer: JsonObject, masks: boolean): JsonObject | undefined {
  const { class_name, config, inbound_nodes } = layer;
  if (!isOperation(layer) || !isJsonObject(config) || !Array.isArray(inbound_nodes)) return undefined;
  const kind = String(class_name);
  const { name = layer.name } = config;
  const made = (of: string, options: JsonObject): JsonObject => ({
    ...layer,
    module: 'keras.layers',
    class_name: of,
    config: { ...options, name },
  });
  if (Object.hasOwn(ACTIVATIONS, kind)) return made('Activation', { activation: ACTIVATIONS[kind] });
  if (kind === 'LeakyRelu') return made('LeakyReLU', { negative_slope: config.negative_slope ?? 0.2 });
  if (kind === 'Softmax') return made('Softmax', { axis: config.axis ?? -1 });
  if (kind === 'Negative') return made('Rescaling', { scale: -1, offset: 0 });
  if (Object.hasOwn(REDUCTIONS, kind)) return masks ? undefined : reduction(made, kind, config, inbound_nodes);
  if (Object.hasOwn(RESCALINGS, kind)) return rescaling(made, kind, inbound_nodes);
  return undefined;
}

type Made = (of: string, options: JsonObject) => JsonObject;

/** A mean or the largest over the steps of a sequence. */
function reduction(made: Made, kind: string, { axis, keepdims }: JsonObject, calls: Json[]): JsonObject | undefined {
  const over = Array.isArray(axis) && axis.length === 1 ? axis[0] : axis;
  const isSequence = calls.every((call) => shapeIn(argumentsOf(call)[0] ?? null)?.length === 3);
  if ((over !== 1 && over !== -2) || keepdims === true || !isSequence) return undefined;
  return made(REDUCTIONS[kind], {});
}

/** A value and one number. */
function rescaling(made: Made, kind: string, calls: Json[]): JsonObject | undefined {
  const [call, ...others] = calls;
  const given = argumentsOf(call ?? null);
  const place = given.findIndex((one) => typeof one === 'number');
  if (others.length > 0 || given.length !== 2 || place < 0 || !isJsonObject(call)) return undefined;
  const value = given[1 - place];
  const [scale, offset] = RESCALINGS[kind](Number(given[place]), place === 0) ?? [];
  if (scale === undefined || offset === undefined || !isJsonObject(value)) return undefined;
  return { ...made('Rescaling', { scale, offset }), inbound_nodes: [{ ...call, args: [value] }] };
}

function shapeIn(tensor: Json): Json[] | undefined {
  const { shape } = isJsonObject(tensor) && isJsonObject(tensor.config) ? tensor.config : {};
  return Array.isArray(shape) ? shape : undefined;
}
