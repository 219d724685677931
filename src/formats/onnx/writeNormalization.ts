/** Layers that bring values to one mean, variance or length. */
import { float, int } from './builder.js';
import { type Flow, featuresOf, type LayerContext, numberOf } from './layerContext.js';

/** The size of the last axis, for a layer whose axis must be that one. */
function lastAxis(layer: LayerContext): number {
  const { axis = -1 } = layer.config;
  const axes = Array.isArray(axis) ? axis : [axis];
  const isLast = axes.length === 1 && (axes[0] === -1 || axes[0] === layer.input.shape.length - 1);
  if (!isLast) throw layer.refuse(`axis ${JSON.stringify(axis)} is not the last`);
  return featuresOf(layer);
}

export function layerNormalization(layer: LayerContext): Flow {
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
export function batchNormalization(layer: LayerContext): Flow {
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

/** γ∘x/√(mean of x² + ε) over the last axis. */
export function rmsNormalization(layer: LayerContext): Flow {
  const { graph, input, name, weight } = layer;
  const size = [lastAxis(layer)];
  const squares = graph.op('Mul', [input.value, input.value], {}, { scope: `${name}/` });
  const mean = graph.op('ReduceMean', [squares, graph.list(-1)], { keepdims: int(1) });
  const root = graph.op('Sqrt', [graph.op('Add', [mean, graph.number(numberOf(layer, 'epsilon'))])]);
  const scale = graph.weight(`${name}/scale`, size, weight('scale', size));
  return { ...input, value: graph.op('Mul', [graph.op('Div', [input.value, root]), scale]), mask: undefined };
}

/** x/√Σx² over the last axis. */
export function unitNormalization(layer: LayerContext): Flow {
  const { graph, input, name } = layer;
  lastAxis(layer);
  const squares = graph.op('Mul', [input.value, input.value], {}, { scope: `${name}/` });
  const sum = graph.op('ReduceSum', [squares, graph.list(-1)], { keepdims: int(1) });
  const length = graph.op('Sqrt', [graph.op('Max', [sum, graph.number(1e-24)])]);
  return { ...input, value: graph.op('Div', [input.value, length]) };
}

/** (x − mean)/√variance, or back, of numbers that are options or weights. */
export function normalization(layer: LayerContext): Flow {
  const { graph, input, config, name, weight } = layer;
  const size = config.axis === null ? [] : [lastAxis(layer)];
  const given = (part: string): Float32Array => {
    const option = config[part];
    if (option === undefined || option === null) return weight(part, size);
    const values = Array.isArray(option) ? option.map(Number) : [Number(option)];
    const count = size[0] ?? 1;
    if (values.length !== 1 && values.length !== count) throw layer.refuse(`${part} has ${values.length} numbers`);
    return Float32Array.from({ length: count }, (_, i) => values[values.length === 1 ? 0 : i]);
  };
  const mean = graph.weight(`${name}/mean`, size, given('mean'));
  const variance = graph.weight(`${name}/variance`, size, given('variance'));
  const deviation = graph.op('Max', [graph.op('Sqrt', [variance], {}, { scope: `${name}/` }), graph.number(1e-7)]);
  // How many values an adapted layer has seen.
  if (config.mean === undefined || config.mean === null) weight('count', []);
  const value =
    config.invert === true
      ? graph.op('Add', [graph.op('Mul', [input.value, deviation]), mean])
      : graph.op('Div', [graph.op('Sub', [input.value, mean]), deviation]);
  return { ...input, value };
}

/** γ∘(x − mean)/√(variance + ε) + β over all steps and the features of a group. */
export function groupNormalization(layer: LayerContext): Flow {
  const { graph, input, config, name, weight } = layer;
  const features = lastAxis(layer);
  const groups = numberOf(layer, 'groups');
  const count = groups === -1 ? features : groups;
  const size = [features];
  const grouped = graph.op(
    'Reshape',
    [input.value, graph.list(0, -1, count, features / count)],
    {},
    { scope: `${name}/` },
  );
  const over = graph.list(1, 3);
  const centered = graph.op('Sub', [grouped, graph.op('ReduceMean', [grouped, over], { keepdims: int(1) })]);
  const squares = graph.op('Mul', [centered, centered]);
  const variance = graph.op('ReduceMean', [squares, over], { keepdims: int(1) });
  const root = graph.op('Sqrt', [graph.op('Add', [variance, graph.number(numberOf(layer, 'epsilon'))])]);
  let value = graph.op('Reshape', [graph.op('Div', [centered, root]), graph.op('Shape', [input.value])]);
  if (config.scale !== false)
    value = graph.op('Mul', [value, graph.weight(`${name}/gamma`, size, weight('gamma', size))]);
  if (config.center !== false)
    value = graph.op('Add', [value, graph.weight(`${name}/beta`, size, weight('beta', size))]);
  return { ...input, value };
}
