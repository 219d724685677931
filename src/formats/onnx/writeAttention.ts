/** Attention and what tells steps their places, as products of matrices. */
import { type GraphBuilder, int, ints } from './builder.js';
import { type Flow, featuresOf, type LayerContext, numberOf } from './layerContext.js';
import { type Mask, maskFactor } from './masks.js';
import { dataTypes } from './proto.js';

/** In place of scores that do not count. */
const LOWEST = -3e38;

/** What scores that do not count are lowered by, in layers of one head. */
const LOWERED = 1e9;

/** Which of the scores (…,T,S) a causal layer counts, s ≤ t: (T,S) of true and false. */
function causal({ graph, config }: LayerContext, scores: string): string | undefined {
  if (config.use_causal_mask !== true) return undefined;
  const places = (axis: number) => {
    const size = graph.op('Shape', [scores], { start: int(axis), ...(axis < -1 && { end: int(axis + 1) }) });
    return graph.op('Range', [graph.wholeNumber(0), graph.op('Squeeze', [size, graph.list(0)]), graph.wholeNumber(1)]);
  };
  return graph.op('GreaterOrEqual', [
    graph.op('Unsqueeze', [places(-2), graph.list(1)]),
    graph.op('Unsqueeze', [places(-1), graph.list(0)]),
  ]);
}

/** Both of two masks, or the one that is there. */
function both(graph: GraphBuilder, one: string | undefined, other: string | undefined): string | undefined {
  return one !== undefined && other !== undefined ? graph.op('And', [one, other]) : (one ?? other);
}

/** Steps that count, as true and false with axes of 1 at `axes`: of (B,T) as (B,1,T), (B,1,1,T) or (B,1,T,1). */
function counting(graph: GraphBuilder, mask: Mask | undefined, ...axes: number[]): string | undefined {
  if (!mask) return undefined;
  const kept = graph.op('Cast', [mask.steps], { to: int(dataTypes.bool) });
  return graph.op('Unsqueeze', [kept, graph.list(...axes)]);
}

function toFloat(graph: GraphBuilder, value: string): string {
  return graph.op('Cast', [value], { to: int(dataTypes.float) });
}

/** softmax over the last axis of scores (B,T,S), those that do not count lowered. */
function shares(layer: LayerContext, scores: string): string {
  const { graph, inputs } = layer;
  const mask = both(graph, counting(graph, inputs[1].mask, 1), causal(layer, scores));
  if (mask === undefined) return graph.op('Softmax', [scores], { axis: int(-1) });
  const lowered = graph.op('Mul', [graph.op('Sub', [graph.number(1), toFloat(graph, mask)]), graph.number(LOWERED)]);
  return graph.op('Softmax', [graph.op('Sub', [scores, lowered])], { axis: int(-1) });
}

/** softmax of scores (B,N,T,S) over those that count in query, value and key. */
function headsShares(layer: LayerContext, scores: string): string {
  const { graph, inputs, config } = layer;
  const [query, value = query] = inputs;
  const keys = inputs.length === 3 ? inputs[2].mask : undefined;
  let mask = both(graph, counting(graph, value.mask, 1, 2), counting(graph, keys, 1, 2));
  mask = both(graph, mask, causal(layer, scores));
  mask = both(graph, mask, counting(graph, query.mask, 1, 3));
  if (mask === undefined) return graph.op('Softmax', [scores], { axis: int(-1) });
  const made = graph.op('Softmax', [graph.op('Where', [mask, scores, graph.number(LOWEST)])], { axis: int(-1) });
  // Where no key counts, Keras gives zeros if it has dropout to apply, in evaluation too, and else the mean of all values.
  return Number(config.dropout ?? 0) > 0 ? graph.op('Mul', [made, toFloat(graph, mask)]) : made;
}

function turned({ graph }: LayerContext, key: string): string {
  return graph.op('Transpose', [key], { perm: ints([0, 2, 1]) });
}

/** Σ over features of f(query + key), for every query and key: (B,T,1,I) + (B,1,S,I) → (B,T,S). */
function ofPairs({ graph }: LayerContext, query: string, key: string, f: (sum: string) => string): string {
  const sum = graph.op('Add', [
    graph.op('Unsqueeze', [query, graph.list(2)]),
    graph.op('Unsqueeze', [key, graph.list(1)]),
  ]);
  return graph.op('ReduceSum', [f(sum), graph.list(-1)], { keepdims: int(0) });
}

function ended(layer: LayerContext, scores: string): Flow {
  const { graph, inputs } = layer;
  const [query, value] = inputs;
  const made = graph.op('MatMul', [shares(layer, scores), value.value], {}, { scope: `${layer.name}/` });
  const { mask } = query;
  const counted = mask ? graph.op('Mul', [made, maskFactor(graph, mask)]) : made;
  return { value: counted, shape: [null, query.shape[1], value.shape[2]], mask };
}

/** Attention: scores query·keyᵀ, or Σ tanh(query + key) with a learnt factor. */
export function attention(layer: LayerContext): Flow {
  const { graph, config, inputs, name, weight } = layer;
  const [query, value, key = value] = inputs;
  const scale = config.use_scale === true ? graph.weight(`${name}/scale`, [], weight('scale', [])) : undefined;
  const scaled = (scores: string) => (scale === undefined ? scores : graph.op('Mul', [scores, scale]));
  if (config.score_mode !== 'concat') {
    return ended(layer, scaled(graph.op('MatMul', [query.value, turned(layer, key.value)])));
  }
  const factor = graph.weight(`${name}/concat_score_weight`, [], weight('concat_score_weight', []));
  const sums = ofPairs(layer, query.value, key.value, (sum) => graph.op('Tanh', [scaled(sum)]));
  return ended(layer, graph.op('Mul', [sums, factor]));
}

/** AdditiveAttention: scores Σ v∘tanh(query + key). */
export function additiveAttention(layer: LayerContext): Flow {
  const { graph, config, inputs, name, weight } = layer;
  const [query, value, key = value] = inputs;
  const size = [featuresOf(layer)];
  const scale = config.use_scale === false ? undefined : graph.weight(`${name}/scale`, size, weight('scale', size));
  const scores = ofPairs(layer, query.value, key.value, (sum) => {
    const bent = graph.op('Tanh', [sum]);
    return scale === undefined ? bent : graph.op('Mul', [bent, scale]);
  });
  return ended(layer, scores);
}

/** MultiHeadAttention: each head's projections (B,N,T,K), their scores over √K, and all heads' means side by side. */
export function multiHeadAttention(layer: LayerContext): Flow {
  const { graph, config, name, inputs, weight, refuse } = layer;
  const [query, value = query, key = value] = inputs;
  const [heads, keyDim] = [numberOf(layer, 'num_heads'), numberOf(layer, 'key_dim')];
  const valueDim = typeof config.value_dim === 'number' ? config.value_dim : keyDim;
  const bias = config.use_bias !== false;
  const project = (part: string, x: Flow, size: number, perm: number[]) => {
    const features = x.shape[2];
    if (typeof features !== 'number') throw refuse(`the features of its ${part} are not fixed`);
    const own = (what: string, shape: number[], flat: number[]) =>
      graph.weight(`${name}/${part}_${what}`, flat, weight(`${part}_${what}`, shape));
    const W = own('kernel', [features, heads, size], [features, heads * size]);
    const b = bias ? own('bias', [heads, size], [heads * size]) : undefined;
    let made = graph.op('MatMul', [x.value, W], {}, { scope: `${name}/` });
    if (b !== undefined) made = graph.op('Add', [made, b]);
    return graph.op('Transpose', [graph.op('Reshape', [made, graph.list(0, 0, heads, size)])], { perm: ints(perm) });
  };
  const q = project('query', query, keyDim, [0, 2, 1, 3]);
  const k = project('key', key, keyDim, [0, 2, 3, 1]);
  const v = project('value', value, valueDim, [0, 2, 1, 3]);
  const scores = graph.op('MatMul', [graph.op('Mul', [q, graph.number(1 / Math.sqrt(keyDim))]), k]);
  const means = graph.op('Transpose', [graph.op('MatMul', [headsShares(layer, scores), v])], {
    perm: ints([0, 2, 1, 3]),
  });
  const beside = graph.op('Reshape', [means, graph.list(0, 0, heads * valueDim)]);
  const given = Array.isArray(config.output_shape) ? config.output_shape[0] : config.output_shape;
  const output = typeof given === 'number' ? given : featuresOf(layer);
  const W = graph.weight(
    `${name}/output_kernel`,
    [heads * valueDim, output],
    weight('output_kernel', [heads, valueDim, output]),
  );
  let made = graph.op('MatMul', [beside, W]);
  if (bias)
    made = graph.op('Add', [made, graph.weight(`${name}/output_bias`, [output], weight('output_bias', [output]))]);
  return { value: made, shape: [null, query.shape[1], output], mask: query.mask };
}

/** Steps of a sequence, T, as a list of one number. */
function stepsOf({ graph, input }: LayerContext): string {
  return graph.op('Shape', [input.value], { start: int(1), end: int(2) });
}

/** x + the first T rows of a table. */
export function positionEmbedding(layer: LayerContext): Flow {
  const { graph, input, name, weight } = layer;
  const shape = [numberOf(layer, 'sequence_length'), featuresOf(layer)];
  const table = graph.weight(`${name}/position_embeddings`, shape, weight('position_embeddings', shape));
  const rows = graph.op('Slice', [table, graph.list(0), stepsOf(layer), graph.list(0)]);
  return { ...input, value: graph.op('Add', [input.value, rows]) };
}

/** x + sin(t/w_i) for even features i and cos(t/w_i) for odd ones, w_i = maxWavelength^(⌊i/2⌋·2/I). */
export function sinePositionEncoding(layer: LayerContext): Flow {
  const { graph, input, name } = layer;
  const size = featuresOf(layer);
  const longest = numberOf(layer, 'max_wavelength');
  const row = (what: string, of: (i: number) => number) =>
    graph.weight(
      `${name}/${what}`,
      [1, size],
      Float32Array.from({ length: size }, (_, i) => of(i)),
    );
  const end = graph.op('Squeeze', [stepsOf(layer), graph.list(0)]);
  const t = graph.op('Range', [graph.wholeNumber(0), end, graph.wholeNumber(1)]);
  const column = graph.op('Unsqueeze', [graph.op('Cast', [t], { to: int(dataTypes.float) }), graph.list(1)]);
  const angle = graph.op('Div', [column, row('lengths', (i) => longest ** ((i - (i % 2)) / size))]);
  const sines = graph.op('Mul', [graph.op('Sin', [angle]), row('even', (i) => 1 - (i % 2))]);
  const cosines = graph.op('Mul', [graph.op('Cos', [angle]), row('odd', (i) => i % 2)]);
  return { ...input, value: graph.op('Add', [input.value, graph.op('Add', [sines, cosines])]) };
}

/** Dot: products of two inputs along an axis of each, (B,I)·(B,I) → (B,1), (B,T,I)·(B,S,I) → (B,T,S). */
export function dot(layer: LayerContext): Flow {
  const { graph, config, inputs, refuse } = layer;
  const [a, b] = inputs;
  const given = Array.isArray(config.axes) ? config.axes.map(Number) : [Number(config.axes), Number(config.axes)];
  const rank = a.shape.length;
  if (b.shape.length !== rank || (rank !== 2 && rank !== 3)) throw refuse('its inputs have not two or three axes each');
  const [i, j] = given.map((axis) => (axis < 0 ? axis + rank : axis));
  const unit = ({ value }: Flow, axis: number) => {
    if (config.normalize !== true) return value;
    const squares = graph.op('ReduceSum', [graph.op('Mul', [value, value]), graph.list(axis)], { keepdims: int(1) });
    return graph.op('Div', [value, graph.op('Sqrt', [graph.op('Max', [squares, graph.number(1e-14)])])]);
  };
  const [x, y] = [unit(a, i), unit(b, j)];
  if (rank === 2) {
    const made = graph.op('ReduceSum', [graph.op('Mul', [x, y]), graph.list(1)], { keepdims: int(1) });
    return { value: made, shape: [null, 1] };
  }
  const left = i === 2 ? x : graph.op('Transpose', [x], { perm: ints([0, 2, 1]) });
  const right = j === 1 ? y : graph.op('Transpose', [y], { perm: ints([0, 2, 1]) });
  return { value: graph.op('MatMul', [left, right]), shape: [null, a.shape[3 - i], b.shape[3 - j]] };
}
