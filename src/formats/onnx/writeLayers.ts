/** How each layer is written: a total function from the values that it reads to the one that it gives. */
import { isJsonObject } from '../modelJson.js';
import { writeActivation } from './activations.js';
import { float, type GraphBuilder, int, ints, text } from './builder.js';
import type { Config } from './calls.js';
import { type Mask, maskFactor, writeMask, writeMasking } from './masks.js';
import { refused } from './refused.js';
import { writeBidirectional, writeRecurrent } from './writeRecurrent.js';

/** A value in the graph: its shape with the batch axis, null for a size that may vary. */
export interface Flow {
  value: string;
  shape: (number | null)[];
  mask?: Mask;
}

export interface LayerContext {
  graph: GraphBuilder;
  className: string;
  /** Of the layer in the model; its weights' names begin with it. */
  name: string;
  config: Config;
  input: Flow;
  inputs: Flow[];
  /** The next of the layer's weights, by Keras's name for it, checked against its shape. */
  weight(name: string, shape: number[]): Float32Array;
  /** An error that names the layer. */
  refuse(why: string): Error;
}

type Write = (layer: LayerContext) => Flow;

export function numberOf({ config, refuse }: LayerContext, option: string): number {
  const value = config[option];
  if (typeof value !== 'number') throw refuse(`${option} is ${JSON.stringify(value) ?? 'missing'}`);
  return value;
}

/** The size of the last axis. */
export function featuresOf({ input, refuse }: LayerContext): number {
  const size = input.shape.at(-1);
  if (typeof size !== 'number') throw refuse('the number of its input features is not fixed');
  return size;
}

/** An option that is a number or a list of one, as of layers over steps. */
function sizeOf(layer: LayerContext, option: string, otherwise?: number): number {
  const value = layer.config[option] ?? otherwise;
  const one = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof one !== 'number') throw layer.refuse(`${option} is ${JSON.stringify(value) ?? 'missing'}`);
  return one;
}

function activate(layer: LayerContext, flow: Flow, activation: unknown): Flow {
  if (activation === undefined || activation === null) return flow;
  const written = typeof activation === 'string' ? writeActivation(layer.graph, activation, flow.value) : undefined;
  if (written === undefined) throw layer.refuse(`ONNX has no activation ${JSON.stringify(activation)}`);
  return { ...flow, value: written };
}

const unchanged: Write = ({ input }) => input;

const activation =
  (name: string): Write =>
  (layer) =>
    activate(layer, layer.input, name);

function dense(layer: LayerContext): Flow {
  const { graph, input, config, name, weight } = layer;
  const units = numberOf(layer, 'units');
  const features = featuresOf(layer);
  if (input.shape.length < 2) throw layer.refuse('its input has no features');
  const kernel = graph.weight(`${name}/kernel`, [features, units], weight('kernel', [features, units]));
  const bias = config.use_bias === false ? undefined : graph.weight(`${name}/bias`, [units], weight('bias', [units]));
  let value: string;
  if (bias !== undefined && input.shape.length === 2)
    value = graph.op('Gemm', [input.value, kernel, bias], {}, { scope: `${name}/` });
  else {
    value = graph.op('MatMul', [input.value, kernel], {}, { scope: `${name}/` });
    if (bias !== undefined) value = graph.op('Add', [value, bias]);
  }
  return activate(layer, { ...input, value, shape: [...input.shape.slice(0, -1), units] }, config.activation);
}

function embedding(layer: LayerContext): Flow {
  const { graph, input, config, name, weight } = layer;
  const shape = [numberOf(layer, 'input_dim'), numberOf(layer, 'output_dim')];
  const table = graph.weight(`${name}/embeddings`, shape, weight('embeddings', shape));
  const value = graph.op('Gather', [table, input.value], { axis: int(0) }, { scope: `${name}/` });
  let mask: Mask | undefined;
  if (config.mask_zero === true) {
    if (input.shape.length !== 2) throw layer.refuse('mask_zero of an input that is no sequence');
    mask = writeMask(graph, graph.op('Not', [graph.op('Equal', [input.value, graph.wholeNumber(0)])]));
  }
  return { value, shape: [...input.shape, shape[1]], mask };
}

function layerNormalization(layer: LayerContext): Flow {
  const { graph, input, config, name, weight } = layer;
  const features = featuresOf(layer);
  const { axis = -1 } = config;
  const [only] = Array.isArray(axis) ? axis : [axis];
  const isLast = only === -1 || only === input.shape.length - 1;
  if (!isLast || (Array.isArray(axis) && axis.length > 1))
    throw layer.refuse(`axis ${JSON.stringify(axis)} is not the last`);
  const size = [features];
  const scale =
    config.scale === false
      ? graph.weight(`${name}/ones`, size, new Float32Array(features).fill(1))
      : graph.weight(`${name}/gamma`, size, weight('gamma', size));
  const center = config.center === false ? [] : [graph.weight(`${name}/beta`, size, weight('beta', size))];
  const attributes = { axis: int(-1), epsilon: float(numberOf(layer, 'epsilon')) };
  return { ...input, value: graph.op('LayerNormalization', [input.value, scale, ...center], attributes) };
}

/** With the statistics of training: γ∘(x − mean)/√(variance + ε) + β over the last axis. */
function batchNormalization(layer: LayerContext): Flow {
  const { graph, input, config, name, weight } = layer;
  const features = featuresOf(layer);
  const { axis = -1 } = config;
  const [only] = Array.isArray(axis) ? axis : [axis];
  if (only !== -1 && only !== input.shape.length - 1)
    throw layer.refuse(`axis ${JSON.stringify(axis)} is not the last`);
  const size = [features];
  const take = (part: string) => graph.weight(`${name}/${part}`, size, weight(part, size));
  const gamma = config.scale === false ? undefined : take('gamma');
  const beta = config.center === false ? undefined : take('beta');
  const [mean, variance] = [take('moving_mean'), take('moving_variance')];
  const deviation = graph.op('Sqrt', [graph.op('Add', [variance, graph.number(numberOf(layer, 'epsilon'))])]);
  let value = graph.op('Div', [graph.op('Sub', [input.value, mean]), deviation], {}, { scope: `${name}/` });
  if (gamma !== undefined) value = graph.op('Mul', [value, gamma]);
  if (beta !== undefined) value = graph.op('Add', [value, beta]);
  return { ...input, value };
}

function masking({ graph, input, config }: LayerContext): Flow {
  const { x, mask } = writeMasking(graph, input.value, Number(config.mask_value ?? 0));
  return { ...input, value: x, mask };
}

function repeatVector(layer: LayerContext): Flow {
  const { graph, input } = layer;
  const n = numberOf(layer, 'n');
  const value = graph.op('Expand', [graph.op('Unsqueeze', [input.value, graph.list(1)]), graph.list(1, n, 1)]);
  return { value, shape: [null, n, input.shape[1]] };
}

function flatten({ graph, input }: LayerContext): Flow {
  const inner = input.shape.slice(1);
  const size = inner.includes(null) ? null : inner.reduce<number>((product, each) => product * Number(each), 1);
  return { value: graph.op('Flatten', [input.value], { axis: int(1) }), shape: [null, size] };
}

function reshape(layer: LayerContext): Flow {
  const { graph, input, config } = layer;
  const target = Array.isArray(config.target_shape) ? config.target_shape.map(Number) : [];
  const fixed = target.filter((size) => size > 0).reduce((product, size) => product * size, 1);
  const inner = input.shape.slice(1);
  const total = inner.includes(null) ? undefined : inner.reduce<number>((product, each) => product * Number(each), 1);
  const shape = target.map((size) => (size > 0 ? size : total === undefined ? null : total / fixed));
  return { value: graph.op('Reshape', [input.value, graph.list(0, ...target)]), shape: [null, ...shape] };
}

function permute(layer: LayerContext): Flow {
  const { graph, input, config } = layer;
  const perm = [0, ...(Array.isArray(config.dims) ? config.dims.map(Number) : [])];
  return {
    value: graph.op('Transpose', [input.value], { perm: ints(perm) }),
    shape: perm.map((axis) => input.shape[axis]),
  };
}

function globalAverage({ graph, input }: LayerContext): Flow {
  const shape = [null, input.shape[2]];
  const keep = { keepdims: int(0) };
  if (!input.mask) return { value: graph.op('ReduceMean', [input.value, graph.list(1)], keep), shape };
  const kept = graph.op('Mul', [input.value, maskFactor(graph, input.mask)]);
  const total = graph.op('Cast', [input.mask.total], { to: int(1) });
  const counted = graph.op('Max', [total, graph.number(1)]);
  return { value: graph.op('Div', [graph.op('ReduceSum', [kept, graph.list(1)], keep), counted]), shape };
}

function globalMax({ graph, input }: LayerContext): Flow {
  const value = graph.op('ReduceMax', [input.value, graph.list(1)], { keepdims: int(0) });
  return { value, shape: [null, input.shape[2]] };
}

/** Steps to the last axis and back, around an operator of ONNX over it. */
function overSteps(
  layer: LayerContext,
  type: string,
  inputs: string[],
  attributes: Parameters<GraphBuilder['op']>[2],
): string {
  const { graph, input, name } = layer;
  const turned = graph.op('Transpose', [input.value], { perm: ints([0, 2, 1]) });
  const made = graph.op(type, [turned, ...inputs], attributes, { scope: `${name}/` });
  return graph.op('Transpose', [made], { perm: ints([0, 2, 1]) });
}

function stepsAfter(steps: number | null, size: number, stride: number, padded: boolean): number | null {
  if (steps === null) return null;
  return padded ? Math.ceil(steps / stride) : Math.floor((steps - size) / stride) + 1;
}

/** Keras's padding at the two ends, for a window over `size` steps. */
function pads(layer: LayerContext, size: number, stride: number): Parameters<GraphBuilder['op']>[2] {
  const padding = layer.config.padding ?? 'valid';
  if (padding === 'valid') return {};
  if (padding === 'causal') return { pads: ints([size - 1, 0]) };
  if (padding !== 'same') throw layer.refuse(`padding is ${JSON.stringify(padding)}`);
  if (stride > 1) return { auto_pad: text('SAME_UPPER') };
  return { pads: ints([Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)]) };
}

function conv1d(layer: LayerContext): Flow {
  const { graph, input, config, name, weight } = layer;
  const [filters, features] = [numberOf(layer, 'filters'), featuresOf(layer)];
  const [size, stride, dilation] = [
    sizeOf(layer, 'kernel_size'),
    sizeOf(layer, 'strides', 1),
    sizeOf(layer, 'dilation_rate', 1),
  ];
  if ((config.groups ?? 1) !== 1) throw layer.refuse(`groups is ${config.groups}`);
  const kernel = weight('kernel', [size, features, filters]);
  const turned = turnKernel(kernel, size, features, filters);
  const inputs = [graph.weight(`${name}/W`, [filters, features, size], turned)];
  if (config.use_bias !== false) inputs.push(graph.weight(`${name}/bias`, [filters], weight('bias', [filters])));
  const reach = dilation * (size - 1) + 1;
  const value = overSteps(layer, 'Conv', inputs, {
    kernel_shape: ints([size]),
    strides: ints([stride]),
    dilations: ints([dilation]),
    ...pads(layer, reach, stride),
  });
  const steps = stepsAfter(input.shape[1], reach, stride, (config.padding ?? 'valid') !== 'valid');
  return activate(layer, { value, shape: [null, steps, filters] }, config.activation);
}

/** Keras's (k,I,O) → ONNX's (O,I,k). */
function turnKernel(kernel: Float32Array, size: number, inputs: number, outputs: number): Float32Array {
  const turned = new Float32Array(kernel.length);
  for (let k = 0; k < size; k++)
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++) turned[(o * inputs + i) * size + k] = kernel[(k * inputs + i) * outputs + o];
  return turned;
}

const pooling =
  (type: string): Write =>
  (layer) => {
    const size = sizeOf(layer, 'pool_size');
    const stride = sizeOf(layer, 'strides', size);
    const value = overSteps(layer, type, [], {
      kernel_shape: ints([size]),
      strides: ints([stride]),
      ...pads(layer, size, stride),
    });
    const steps = stepsAfter(layer.input.shape[1], size, stride, layer.config.padding === 'same');
    return { value, shape: [null, steps, layer.input.shape[2]] };
  };

/** Layers that TimeDistributed may hold: they act on the last axis alone. */
const perStep = new Set([
  'Dense',
  'Dropout',
  'Activation',
  'LayerNormalization',
  'ReLU',
  'LeakyReLU',
  'ELU',
  'Softmax',
]);

function timeDistributed(layer: LayerContext): Flow {
  const inner = isJsonObject(layer.config.layer) ? layer.config.layer : {};
  const className = String(inner.class_name);
  if (!perStep.has(className)) throw layer.refuse(`ONNX has no operator for ${className} at every step`);
  const config = isJsonObject(inner.config) ? inner.config : {};
  return writers[className]({ ...layer, className, config });
}

const merge =
  (type: string): Write =>
  ({ graph, inputs }) => {
    const value = graph.op(
      type,
      inputs.map((each) => each.value),
    );
    const longest = inputs.reduce((a, b) => (b.shape.length > a.shape.length ? b : a));
    return { value, shape: longest.shape };
  };

function concatenate(layer: LayerContext): Flow {
  const { graph, inputs, config } = layer;
  const [{ shape }] = inputs;
  const given = Number(config.axis ?? -1);
  const axis = given < 0 ? given + shape.length : given;
  const sizes = inputs.map((each) => each.shape[axis]);
  const size = sizes.includes(null) ? null : sizes.reduce<number>((sum, each) => sum + Number(each), 0);
  const value = graph.op(
    'Concat',
    inputs.map((each) => each.value),
    { axis: int(axis) },
  );
  return { value, shape: shape.map((each, index) => (index === axis ? size : each)) };
}

const pairwise =
  (type: string): Write =>
  ({ graph, inputs: [first, ...others] }) => {
    let { value } = first;
    for (const each of others) value = graph.op(type, [value, each.value]);
    return { value, shape: first.shape };
  };

const writers: Record<string, Write> = {
  LSTM: writeRecurrent,
  GRU: writeRecurrent,
  SimpleRNN: writeRecurrent,
  Bidirectional: writeBidirectional,
  TimeDistributed: timeDistributed,
  Dense: dense,
  Embedding: embedding,
  Dropout: unchanged,
  SpatialDropout1D: unchanged,
  GaussianDropout: unchanged,
  GaussianNoise: unchanged,
  AlphaDropout: unchanged,
  Activation: (layer) => activate(layer, layer.input, layer.config.activation),
  ReLU: (layer) => {
    const limit = layer.config.max_value;
    if (limit === undefined || limit === null) return activate(layer, layer.input, 'relu');
    const { graph, input } = layer;
    return { ...input, value: graph.op('Clip', [input.value, graph.number(0), graph.number(Number(limit))]) };
  },
  LeakyReLU: (layer) => {
    const alpha = float(Number(layer.config.alpha ?? layer.config.negative_slope ?? 0.3));
    return { ...layer.input, value: layer.graph.op('LeakyRelu', [layer.input.value], { alpha }) };
  },
  ELU: (layer) => {
    const alpha = float(Number(layer.config.alpha ?? 1));
    return { ...layer.input, value: layer.graph.op('Elu', [layer.input.value], { alpha }) };
  },
  Softmax: activation('softmax'),
  LayerNormalization: layerNormalization,
  BatchNormalization: batchNormalization,
  Masking: masking,
  RepeatVector: repeatVector,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  GlobalAveragePooling1D: globalAverage,
  GlobalMaxPooling1D: globalMax,
  Conv1D: conv1d,
  MaxPooling1D: pooling('MaxPool'),
  AveragePooling1D: pooling('AveragePool'),
  Add: merge('Sum'),
  Average: merge('Mean'),
  Maximum: merge('Max'),
  Minimum: merge('Min'),
  Multiply: pairwise('Mul'),
  Subtract: pairwise('Sub'),
  Concatenate: concatenate,
};

/** Layers whose output is masked where their input is. */
const keepMask = new Set([
  'LSTM', 'GRU', 'SimpleRNN', 'Bidirectional', 'TimeDistributed', 'Dense', 'Embedding', 'Masking', 'Activation',
  'Dropout', 'SpatialDropout1D', 'GaussianDropout', 'GaussianNoise', 'AlphaDropout', 'LayerNormalization', 'BatchNormalization',
  'ReLU', 'LeakyReLU', 'ELU', 'Softmax',
]); // biome-ignore format: a list
/** Layers that may read a masked sequence and give none, or no mask. */
const dropMask = new Set(['RepeatVector', 'Flatten', 'GlobalAveragePooling1D', 'GlobalMaxPooling1D']);

/** @throws MemcellError 'usage' that names the layer and what ONNX cannot hold of it */
export function writeLayer(layer: LayerContext): Flow {
  const { className, config, inputs } = layer;
  if (!Object.hasOwn(writers, className)) throw layer.refuse('memcell knows no operator of ONNX for it');
  const masked = inputs.some(({ mask }) => mask !== undefined);
  if (masked && !keepMask.has(className) && !dropMask.has(className)) {
    throw layer.refuse('it would read a masked sequence');
  }
  if (inputs.length === 0) throw layer.refuse('it has no input');
  if (config.stateful === true) throw layer.refuse('stateful: an ONNX model keeps nothing from one call to the next');
  return writers[className](layer);
}

/** An error that names a layer. */
export function refusal(className: string, name: string): (why: string) => Error {
  return (why) => refused(`layer ${name} (${className})`, why);
}
