/** tfjs layers that attend, and those that say where steps stand, to plan data. */
import type { LayerPath } from '../model/walk.js';
import type * as tf from '../tf.js';
import { type DensePlan, type LayerPlan, NONE } from './layerPlan.js';
import type { Config, Planner, Planning } from './planLayers.js';
import { claim } from './planWeights.js';
import { unsupported } from './unsupported.js';

export const ATTENTION: Record<string, Planner> = {
  MultiHeadAttention: planMultiHeadAttention,
  Attention: (layer, config, path, planning) => {
    const additive = config.scoreMode === 'concat';
    const [first, second] = claim(layer, layer.weights, [], config, planning);
    const scaled = config.useScale === true;
    return planScored(layer, config, path, planning, {
      additive,
      factor: scaled ? first : NONE,
      coefficients: additive ? (scaled ? second : first) : NONE,
      oneCoefficient: true,
    });
  },
  AdditiveAttention: (layer, config, path, planning) => {
    const [coefficients = NONE] = claim(layer, layer.weights, [], config, planning);
    return planScored(layer, config, path, planning, {
      additive: true,
      factor: NONE,
      coefficients,
      oneCoefficient: false,
    });
  },
  PositionEmbedding: (layer, config, _path, planning) => {
    const { width } = withSteps(layer, planning);
    const [weight] = claim(layer, layer.weights, [], config, planning);
    const of = { kind: 'table', weight, length: Number(config.sequenceLength) } as const;
    return [{ kind: 'positions', width, of, name: layer.name }];
  },
  SinePositionEncoding: (layer, config, _path, planning) => {
    const { width } = withSteps(layer, planning);
    const of = { kind: 'waves', longest: Number(config.maxWavelength) } as const;
    return [{ kind: 'positions', width, of, name: layer.name }];
  },
};

const JOINING: ReadonlySet<string> = new Set(['MultiHeadAttention', 'Attention', 'AdditiveAttention']);

/** Whether a layer looks from one of its inputs at the others. */
export function isAttention(layer: tf.layers.Layer): boolean {
  return JOINING.has(layer.getClassName());
}

function withSteps(layer: tf.layers.Layer, { inputs, state }: Planning): Planning['state'] {
  if (inputs.some(({ sequence }) => !sequence)) throw unsupported(layer, 'has an input without steps');
  return state;
}

function planMultiHeadAttention(
  layer: tf.layers.Layer,
  config: Config,
  path: LayerPath,
  planning: Planning,
): LayerPlan[] {
  const state = withSteps(layer, planning);
  const heads = Number(config.numHeads);
  const keyWidth = Number(config.keyDim);
  const valueWidth = Number(config.valueDim ?? keyWidth);
  const output = Number(config.outputShape ?? state.width);
  const bias = config.useBias !== false;
  const names = ['kernel', ...(bias ? ['bias'] : [])];
  const weights = claim(layer, layer.weights, Array.from({ length: 4 }, () => names).flat(), config, planning);
  const [query, value = query, key = value] = planning.inputs;
  const dense = (part: number, inputs: number, units: number): DensePlan => {
    const [kernel, own = NONE] = weights.slice(names.length * part, names.length * (part + 1));
    return { kind: 'dense', inputs, units, kernel, bias: own };
  };
  state.width = output;
  return [
    {
      kind: 'multiHeadAttention',
      heads,
      keyWidth,
      causal: config.useCausalMask === true,
      dropout: Number(config.dropout),
      path,
      query: dense(0, query.width, heads * keyWidth),
      key: dense(1, key.width, heads * keyWidth),
      value: dense(2, value.width, heads * valueWidth),
      output: dense(3, heads * valueWidth, output),
    },
  ];
}

function planScored(
  layer: tf.layers.Layer,
  config: Config,
  path: LayerPath,
  planning: Planning,
  scores: { additive: boolean; factor: number; coefficients: number; oneCoefficient: boolean },
): LayerPlan[] {
  const state = withSteps(layer, planning);
  const [query, value] = planning.inputs;
  state.width = value.width;
  const causal = config.useCausalMask === true;
  const common = { heads: 1, keyWidth: query.width, causal, dropout: Number(config.dropout), path } as const;
  return [{ kind: 'attention', ...common, ...scores }];
}
