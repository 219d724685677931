/** How each layer is written: a total function from the values that it reads to the one that it gives. */
import { broadcastShape } from '../../layers/merge/merging.js';
import { type PickedRange, picked } from '../../plan/picked.js';
import { isJsonObject } from '../modelJson.js';
import { float, type GraphBuilder, int, ints } from './builder.js';
import { activate, type Flow, featuresOf, type LayerContext, numberOf, type Write } from './layerContext.js';
import { type Mask, maskFactor, writeMask, writeMasking } from './masks.js';
import { dataTypes } from './proto.js';
import { refused } from './refused.js';
import {
  additiveAttention,
  attention,
  dot,
  multiHeadAttention,
  positionEmbedding,
  sinePositionEncoding,
} from './writeAttention.js';
import {
  batchNormalization,
  groupNormalization,
  layerNormalization,
  normalization,
  rmsNormalization,
  unitNormalization,
} from './writeNormalization.js';
import { writeBidirectional, writeCells, writeRecurrent } from './writeRecurrent.js';
import { conv1d, depthwiseConv1d, pooling, separableConv1d } from './writeWindows.js';

const unchanged: Write = ({ input }) => input;

/** x from the threshold to max_value, slope·(x − threshold) below. */
function relu(layer: LayerContext): Flow {
  const { graph, input, config } = layer;
  const [limit, slope, threshold] = [config.max_value, config.negative_slope ?? 0, config.threshold ?? 0].map((one) =>
    one === undefined || one === null ? undefined : Number(one),
  );
  if (!slope && !threshold) {
    if (limit === undefined) return activate(layer, input, 'relu');
    return { ...input, value: graph.op('Clip', [input.value, graph.number(0), graph.number(limit)]) };
  }
  const from = graph.number(threshold ?? 0);
  const kept = limit === undefined ? input.value : graph.op('Min', [input.value, graph.number(limit)]);
  const below = graph.op('Mul', [graph.op('Sub', [input.value, from]), graph.number(slope ?? 0)]);
  return { ...input, value: graph.op('Where', [graph.op('GreaterOrEqual', [input.value, from]), kept, below]) };
}

function softmax(layer: LayerContext): Flow {
  const { graph, input, config } = layer;
  const { axis = -1 } = config;
  const [only, ...others] = Array.isArray(axis) ? axis : [axis];
  if (typeof only !== 'number' || others.length > 0) throw layer.refuse(`axis ${JSON.stringify(axis)} is not one`);
  return { ...input, value: graph.op('Softmax', [input.value], { axis: int(only) }) };
}

/** x, or α∘x below 0. */
function prelu({ graph, input, config, name, weight }: LayerContext): Flow {
  const shared = Array.isArray(config.shared_axes) ? config.shared_axes.map(Number) : [];
  const shape = input.shape.slice(1).map((size, i) => (shared.includes(i + 1) ? 1 : Number(size)));
  return {
    ...input,
    value: graph.op('PRelu', [input.value, graph.weight(`${name}/alpha`, shape, weight('alpha', shape))]),
  };
}

/** An option that is a pair, or one number for both. */
function pairOf({ config, refuse }: LayerContext, option: string): [number, number] {
  const value = config[option];
  if (typeof value === 'number') return [value, value];
  if (!Array.isArray(value) || value.length !== 2) throw refuse(`${option} is ${JSON.stringify(value) ?? 'missing'}`);
  return [Number(value[0]), Number(value[1])];
}

function cropping(layer: LayerContext): Flow {
  const { graph, input } = layer;
  const [before, after] = pairOf(layer, 'cropping');
  const end = after === 0 ? Number.MAX_SAFE_INTEGER : -after;
  const [batch, steps, features] = input.shape;
  const value = graph.op('Slice', [input.value, graph.list(before), graph.list(end), graph.list(1)]);
  return { value, shape: [batch, steps === null ? null : steps - before - after, features] };
}

function getItem(layer: LayerContext): Flow {
  const { graph, input, config } = layer;
  const { item, axis = 1 } = config;
  const along = Number(axis) < 0 ? Number(axis) + input.shape.length : Number(axis);
  const [start, stop, step = 1] = Array.isArray(item) ? item : [item, Number(item) + 1 || null];
  const [first, end] = Number(step) > 0 ? [0, Number.MAX_SAFE_INTEGER] : [-1, -Number.MAX_SAFE_INTEGER];
  const bounds = [start ?? first, stop ?? end, along, step].map((one) => graph.list(Number(one)));
  const taken = graph.op('Slice', [input.value, ...bounds]);
  const size = input.shape[along];
  const count = size === null ? null : (picked(item as number | PickedRange, size)?.count ?? 0);
  if (Array.isArray(item)) return { value: taken, shape: input.shape.map((one, i) => (i === along ? count : one)) };
  const value = graph.op('Squeeze', [taken, graph.list(along)]);
  return { value, shape: input.shape.filter((_, i) => i !== along) };
}

function rescaling({ graph, input, config }: LayerContext): Flow {
  const constant = (value: unknown) =>
    Array.isArray(value) ? graph.numbers(...value.map(Number)) : graph.number(Number(value));
  const scaled = graph.op('Mul', [input.value, constant(config.scale)]);
  return { ...input, value: graph.op('Add', [scaled, constant(config.offset ?? 0)]) };
}

function zeroPadding(layer: LayerContext): Flow {
  const { graph, input } = layer;
  const [before, after] = pairOf(layer, 'padding');
  const [batch, steps, features] = input.shape;
  const value = graph.op('Pad', [input.value, graph.list(0, before, 0, 0, after, 0)]);
  return { value, shape: [batch, steps === null ? null : steps + before + after, features] };
}

/** (B,T,I) → (B,T,1,I) → (B,T,size,I) → (B,T·size,I) */
function upSampling(layer: LayerContext): Flow {
  const { graph, input } = layer;
  const size = numberOf(layer, 'size');
  const features = featuresOf(layer);
  const [batch, steps] = input.shape;
  const apart = graph.op('Unsqueeze', [input.value, graph.list(2)]);
  const repeated = graph.op('Expand', [apart, graph.list(1, 1, size, 1)]);
  const value = graph.op('Reshape', [repeated, graph.list(0, -1, features)]);
  return { value, shape: [batch, steps === null ? null : steps * size, features] };
}

function dense(layer: LayerContext): Flow {
  const { graph, input, config, name, weight } = layer;
  const units = numberOf(layer, 'units');
  const features = featuresOf(layer);
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
  const indices = input.whole ? input.value : graph.op('Cast', [input.value], { to: int(dataTypes.int64) });
  const value = graph.op('Gather', [table, indices], { axis: int(0) }, { scope: `${name}/` });
  let mask: Mask | undefined;
  if (config.mask_zero === true) {
    if (input.shape.length !== 2) throw layer.refuse('mask_zero of an input that is no sequence');
    mask = writeMask(graph, graph.op('Not', [graph.op('Equal', [indices, graph.wholeNumber(0)])]));
  }
  return { value, shape: [...input.shape, shape[1]], mask };
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

/** Layers that TimeDistributed may hold without more: they act on the last axis alone. */
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

function timeDistributed(layer: LayerContext): Flow | Flow[] {
  const inner = isJsonObject(layer.config.layer) ? layer.config.layer : {};
  const className = String(inner.class_name);
  if (!Object.hasOwn(writers, className)) throw layer.refuse(`memcell knows no operator of ONNX for ${className}`);
  const config = isJsonObject(inner.config) ? inner.config : {};
  if (perStep.has(className)) return writers[className]({ ...layer, className, config });
  // (B,T,…) → (B·T,…), the layer on each, and back.
  const { graph, input, refuse } = layer;
  const fixed = (shape: (number | null)[]) =>
    shape.map((size) => {
      if (size === null) throw refuse(`it holds ${className}, whose sizes are not all fixed`);
      return size;
    });
  if (input.mask) throw refuse(`it holds ${className} and reads a masked sequence`);
  const inside = fixed(input.shape.slice(2));
  const rows = { value: graph.op('Reshape', [input.value, graph.list(-1, ...inside)]), shape: [null, ...inside] };
  const [made] = writeLayer({ ...layer, className, config, input: rows, inputs: [rows] });
  const rest = fixed(made.shape.slice(1));
  const steps = graph.op('Shape', [input.value], { start: int(0), end: int(2) });
  const back = graph.op('Concat', [steps, graph.list(...rest)], { axis: int(0) });
  return { value: graph.op('Reshape', [made.value, back]), shape: [null, input.shape[1], ...rest] };
}

/** A step counts that counts in any of the inputs, if all have masks. */
function anyMask(graph: GraphBuilder, inputs: readonly Flow[]): Mask | undefined {
  const masks = inputs.flatMap(({ mask }) => (mask ? [mask] : []));
  if (masks.length < inputs.length || masks.every((mask) => mask === masks[0])) {
    return masks.length < inputs.length ? undefined : masks[0];
  }
  const kept = masks.map(({ steps }) => graph.op('Cast', [steps], { to: int(dataTypes.bool) }));
  return writeMask(
    graph,
    kept.reduce((any, one) => graph.op('Or', [any, one])),
  );
}

/** Values of as many axes, those that are missing put behind the samples, as Keras has it and ONNX has not; and the shape that they make. */
function aligned(graph: GraphBuilder, inputs: readonly Flow[]): { values: string[]; shape: Flow['shape'] } {
  const shapes = inputs.map((each) => each.shape);
  const rank = Math.max(...shapes.map(({ length }) => length));
  const values = inputs.map(({ value, shape: { length } }) => {
    if (length === rank) return value;
    return graph.op('Unsqueeze', [value, graph.list(...Array.from({ length: rank - length }, (_, i) => i + 1))]);
  });
  return { values, shape: [...broadcastShape(shapes)] };
}

const merge =
  (type: string): Write =>
  ({ graph, inputs }) => {
    const { values, shape } = aligned(graph, inputs);
    return { value: graph.op(type, values), shape, mask: anyMask(graph, inputs) };
  };

function concatenate(layer: LayerContext): Flow {
  const { graph, inputs, config } = layer;
  const [{ shape }] = inputs;
  const given = Number(config.axis ?? -1);
  const axis = given < 0 ? given + shape.length : given;
  const sizes = inputs.map((each) => each.shape[axis]);
  const size = sizes.includes(null) ? null : sizes.reduce<number>((sum, each) => sum + Number(each), 0);
  if (axis === 1 && inputs.some(({ mask }) => mask))
    throw layer.refuse('it joins masked sequences one behind the other');
  const value = graph.op(
    'Concat',
    inputs.map((each) => each.value),
    { axis: int(axis) },
  );
  return { value, shape: shape.map((each, index) => (index === axis ? size : each)), mask: anyMask(graph, inputs) };
}

const pairwise =
  (type: string): Write =>
  ({ graph, inputs }) => {
    const { values, shape } = aligned(graph, inputs);
    const value = values.reduce((all, each) => graph.op(type, [all, each]));
    return { value, shape, mask: anyMask(graph, inputs) };
  };

const writers: Record<string, Write> = {
  LSTM: writeRecurrent,
  GRU: writeRecurrent,
  SimpleRNN: writeRecurrent,
  RNN: writeCells,
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
  ReLU: relu,
  PReLU: prelu,
  LeakyReLU: (layer) => {
    const alpha = float(Number(layer.config.alpha ?? layer.config.negative_slope ?? 0.3));
    return { ...layer.input, value: layer.graph.op('LeakyRelu', [layer.input.value], { alpha }) };
  },
  ELU: (layer) => {
    const alpha = float(Number(layer.config.alpha ?? 1));
    return { ...layer.input, value: layer.graph.op('Elu', [layer.input.value], { alpha }) };
  },
  Softmax: softmax,
  ActivityRegularization: unchanged,
  LayerNormalization: layerNormalization,
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  Normalization: normalization,
  Rescaling: rescaling,
  RMSNormalization: rmsNormalization,
  UnitNormalization: unitNormalization,
  Masking: masking,
  RepeatVector: repeatVector,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  GlobalAveragePooling1D: globalAverage,
  GlobalMaxPooling1D: globalMax,
  Cropping1D: cropping,
  GetItem: getItem,
  UpSampling1D: upSampling,
  ZeroPadding1D: zeroPadding,
  Conv1D: conv1d,
  DepthwiseConv1D: depthwiseConv1d,
  SeparableConv1D: separableConv1d,
  MaxPooling1D: pooling('MaxPool'),
  AveragePooling1D: pooling('AveragePool'),
  Add: merge('Sum'),
  Average: merge('Mean'),
  Maximum: merge('Max'),
  Minimum: merge('Min'),
  Multiply: pairwise('Mul'),
  Subtract: pairwise('Sub'),
  Concatenate: concatenate,
  Attention: attention,
  AdditiveAttention: additiveAttention,
  MultiHeadAttention: multiHeadAttention,
  Dot: dot,
  PositionEmbedding: positionEmbedding,
  SinePositionEncoding: sinePositionEncoding,
};

/** Layers whose output is masked where their input is. */
const keepMask = new Set([
  'LSTM', 'GRU', 'SimpleRNN', 'RNN', 'Bidirectional', 'TimeDistributed', 'Dense', 'Embedding', 'Masking', 'Activation',
  'Dropout', 'SpatialDropout1D', 'GaussianDropout', 'GaussianNoise', 'AlphaDropout', 'LayerNormalization', 'BatchNormalization',
  'ReLU', 'PReLU', 'LeakyReLU', 'ELU', 'Softmax', 'ActivityRegularization', 'GroupNormalization', 'Normalization', 'UnitNormalization', 'Attention', 'AdditiveAttention', 'MultiHeadAttention', 'PositionEmbedding', 'Rescaling', 'SinePositionEncoding',
  'Add', 'Average', 'Subtract', 'Concatenate',
]); // biome-ignore format: a list
/** Layers that may read a masked sequence and give none, or no mask. */
const dropMask = new Set([
  'RepeatVector', 'Flatten', 'GlobalAveragePooling1D', 'GlobalMaxPooling1D', 'RMSNormalization', 'Cropping1D', 'GetItem', 'UpSampling1D',
  'ZeroPadding1D', 'DepthwiseConv1D', 'SeparableConv1D',
]); // biome-ignore format: a list

/** @throws MemcellError 'usage' that names the layer and what ONNX cannot hold of it */
export function writeLayer(layer: LayerContext): Flow[] {
  const { className, config, inputs } = layer;
  if (!Object.hasOwn(writers, className)) throw layer.refuse('memcell knows no operator of ONNX for it');
  const masked = inputs.some(({ mask }) => mask !== undefined);
  if (masked && !keepMask.has(className) && !dropMask.has(className)) {
    throw layer.refuse('it would read a masked sequence');
  }
  if (inputs.length === 0) throw layer.refuse('it has no input');
  if (/^channels_?first$/i.test(String(config.data_format))) throw layer.refuse('data_format is channels_first');
  if (config.stateful === true) throw layer.refuse('stateful: an ONNX model keeps nothing from one call to the next');
  return [writers[className](layer)].flat();
}

/** An error that names a layer. */
export function refusal(className: string, name: string): (why: string) => Error {
  return (why) => refused(`layer ${name} (${className})`, why);
}
