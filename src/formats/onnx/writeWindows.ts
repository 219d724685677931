/** Layers that go over the steps in windows: convolutions and pooling. Keras has the features last, ONNX the steps. */
import { type GraphBuilder, int, ints, text } from './builder.js';
import { activate, type Flow, featuresOf, type LayerContext, numberOf, sizeOf, type Write } from './layerContext.js';

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

export function conv1d(layer: LayerContext): Flow {
  const { graph, input, config, name, weight } = layer;
  const [filters, features] = [numberOf(layer, 'filters'), featuresOf(layer)];
  const [size, stride, dilation] = [
    sizeOf(layer, 'kernel_size'),
    sizeOf(layer, 'strides', 1),
    sizeOf(layer, 'dilation_rate', 1),
  ];
  const groups = Number(config.groups ?? 1);
  const kernel = weight('kernel', [size, features / groups, filters]);
  const turned = turnKernel(kernel, size, features / groups, filters);
  const inputs = [graph.weight(`${name}/W`, [filters, features / groups, size], turned)];
  if (config.use_bias !== false) inputs.push(graph.weight(`${name}/bias`, [filters], weight('bias', [filters])));
  const reach = dilation * (size - 1) + 1;
  const value = overSteps(layer, 'Conv', inputs, {
    kernel_shape: ints([size]),
    strides: ints([stride]),
    dilations: ints([dilation]),
    group: int(groups),
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

export const pooling =
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

/** Each feature by itself, Keras's kernel (k,I,M): output i·M + m is the m-th of feature i. */
function convolveEach(layer: LayerContext, kernelName: string, biased: boolean): Flow & { features: number } {
  const { graph, input, config, name, weight } = layer;
  const features = featuresOf(layer);
  const [size, stride, dilation] = [
    sizeOf(layer, 'kernel_size'),
    sizeOf(layer, 'strides', 1),
    sizeOf(layer, 'dilation_rate', 1),
  ];
  const multiplier = Number(config.depth_multiplier ?? 1);
  const made = features * multiplier;
  const turned = turnKernel(weight(kernelName, [size, features, multiplier]), size, 1, made);
  const inputs = [graph.weight(`${name}/W`, [made, 1, size], turned)];
  if (biased) inputs.push(graph.weight(`${name}/bias`, [made], weight('bias', [made])));
  const reach = dilation * (size - 1) + 1;
  const value = overSteps(layer, 'Conv', inputs, {
    kernel_shape: ints([size]),
    strides: ints([stride]),
    dilations: ints([dilation]),
    group: int(features),
    ...pads(layer, reach, stride),
  });
  const steps = stepsAfter(input.shape[1], reach, stride, (config.padding ?? 'valid') !== 'valid');
  return { value, shape: [null, steps, made], features: made };
}

export function depthwiseConv1d(layer: LayerContext): Flow {
  const { value, shape } = convolveEach(layer, 'kernel', layer.config.use_bias !== false);
  return activate(layer, { value, shape }, layer.config.activation);
}

export function separableConv1d(layer: LayerContext): Flow {
  const { graph, config, name, weight } = layer;
  const filters = numberOf(layer, 'filters');
  const each = convolveEach(layer, 'depthwise_kernel', false);
  const mixing = weight('pointwise_kernel', [1, each.features, filters]);
  let value = graph.op('MatMul', [each.value, graph.weight(`${name}/pointwise`, [each.features, filters], mixing)]);
  if (config.use_bias !== false)
    value = graph.op('Add', [value, graph.weight(`${name}/bias`, [filters], weight('bias', [filters]))]);
  return activate(layer, { value, shape: [...each.shape.slice(0, -1), filters] }, config.activation);
}
