/** What memcell wrote beside a graph, taken as long as the graph is the one that it wrote it for. */

import { elements } from '../../data/array.js';
import { isRecord } from '../../fields.js';
import type { ModelContents, StoredWeight } from '../modelFile.js';
import { invalid, isJsonObject, isNestedDeeper, mostNesting } from '../modelJson.js';
import { type Call, type Config, callsOf } from './calls.js';
import { fromOnnxGates, gatesOf } from './gates.js';
import type { GraphProto, ModelProto } from './proto.js';
import { readTensor } from './tensors.js';
import { type Kept, keptKey, structureOf } from './write.js';
import { isRecurrentClass } from './writeRecurrent.js';

/** More weights in one model are taken for a mistake. */
const mostWeights = 2 ** 16;

/**
 * The contents of a file that memcell wrote; undefined for one that it did not write, or whose graph was changed since, which is
 * read from its graph. The weights are those of the graph.
 * @throws MemcellError 'model'
 */
export async function readKept(
  { metadataProps = [] }: ModelProto,
  graph: GraphProto,
  where: string,
): Promise<ModelContents | undefined> {
  const kept = parse(metadataProps.find(({ key }) => key === keptKey)?.value);
  if (!kept || kept.structure === undefined || kept.structure !== (await structureOf(graph))) return undefined;
  const tensors = new Map((graph.initializer ?? []).map((tensor) => [tensor.name ?? '', tensor]));
  const take = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (!tensor) throw invalid(where, `its weight ${JSON.stringify(name.slice(0, 80))} is missing`);
    const { data, shape, fill } = readTensor(tensor, where);
    return Float32Array.from(data ?? new Float32Array(elements(shape)).fill(fill));
  };
  const weights: StoredWeight[] = [];
  const seen = new Set<string>();
  for (const call of callsOf(kept.topology).calls) {
    if (seen.has(call.name)) continue;
    seen.add(call.name);
    const own = kept.weights.filter(({ layer }) => layer === call.name);
    if (own.length === 0) continue;
    const data = weightsOf(call, own, take);
    for (const [at, { layer, name, shape }] of own.entries()) {
      if (data[at]?.length !== elements(shape)) {
        throw invalid(
          where,
          `the weight ${JSON.stringify(name.slice(0, 80))} has ${data[at]?.length ?? 0} numbers, not [${shape}]`,
        );
      }
      weights.push({ layer, name, shape, data: data[at] });
    }
  }
  const { topology, training, metadata } = kept;
  return { topology, weights, ...(training && { training }), metadata, lost: [] };
}

function parse(text: string | undefined): Kept | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || isNestedDeeper(value, mostNesting) || value.version !== 1) return undefined;
  const { topology, training, metadata, weights, structure } = value;
  if (!isJsonObject(topology) || !isRecord(metadata) || typeof structure !== 'string') return undefined;
  if (!Array.isArray(weights) || weights.length > mostWeights) return undefined;
  const listed = weights.flatMap((weight) => {
    if (!isJsonObject(weight)) return [];
    const { layer, name, shape } = weight;
    const sizes = Array.isArray(shape) ? shape.map(Number) : [];
    if (!sizes.every((size) => Number.isSafeInteger(size) && size > 0)) return [];
    return [{ layer: String(layer), name: String(name), shape: sizes }];
  });
  const kept = { version: 1 as const, topology, metadata, weights: listed, structure };
  return isJsonObject(training) ? { ...kept, training } : kept;
}

/** A layer's weights in Keras's form, in Keras's order. */
function weightsOf(call: Call, own: { shape: number[] }[], take: (name: string) => Float32Array): Float32Array[] {
  const { name, config } = call;
  if (call.className === 'RNN') return weightsOfCells(call, own, take);
  const inner = wrapped(call);
  if (isRecurrentClass(inner.className)) {
    const { className } = inner;
    const units = Number(inner.config.units);
    const useBias = inner.config.use_bias !== false;
    const directions = call.className === 'Bidirectional' ? 2 : 1;
    const parts = { W: take(`${name}/W`), R: take(`${name}/R`), B: useBias ? take(`${name}/B`) : undefined };
    const part = (all: Float32Array, at: number) =>
      all.subarray((at * all.length) / directions, ((at + 1) * all.length) / directions);
    if (gatesOf(className) * units * units * directions !== parts.R.length) return [];
    return Array.from({ length: directions }, (_, at) => {
      const onnx = { W: part(parts.W, at), R: part(parts.R, at), B: parts.B && part(parts.B, at) };
      const { kernel, recurrent, bias } = fromOnnxGates(className, units, onnx, inner.config.reset_after === true);
      return bias ? [kernel, recurrent, bias] : [kernel, recurrent];
    }).flat();
  }
  if (inner.className === 'Conv1D') {
    const bias = config.use_bias === false ? [] : [take(`${name}/bias`)];
    return [turned(take(`${name}/W`), own[0].shape), ...bias];
  }
  if (inner.className === 'DepthwiseConv1D' || inner.className === 'SeparableConv1D') {
    const [size, features, multiplier] = own[0].shape;
    const kernel = turned(take(`${name}/W`), [size, 1, features * multiplier]);
    const mixing = inner.className === 'SeparableConv1D' ? [take(`${name}/pointwise`)] : [];
    return [kernel, ...mixing, ...(config.use_bias === false ? [] : [take(`${name}/bias`)])];
  }
  const named = namesOf(inner).map((each) => take(`${name}/${each}`));
  // Of a Normalization: how many values it has seen, which nothing here asks for.
  return inner.className === 'Normalization' ? [...named, new Float32Array(1)] : named;
}

/** Those of an RNN's cells, one after the other. */
function weightsOfCells({ name, config }: Call, own: { shape: number[] }[], take: (name: string) => Float32Array) {
  const held = isJsonObject(config.cell) ? config.cell : {};
  const stack = isJsonObject(held.config) && Array.isArray(held.config.cells) ? held.config.cells : [held];
  return stack.filter(isJsonObject).flatMap((cell, at) => {
    const settings = isJsonObject(cell.config) ? cell.config : {};
    const className = String(cell.class_name).replace(/Cell$/, '');
    return weightsOf({ className, name: `${name}/${at}`, config: settings, inputs: [] }, own, take);
  });
}

function wrapped({ className, config }: Call): { className: string; config: Config } {
  if (!isJsonObject(config.layer)) return { className, config };
  return {
    className: String(config.layer.class_name),
    config: isJsonObject(config.layer.config) ? config.layer.config : {},
  };
}

function namesOf({ className, config }: { className: string; config: Config }): string[] {
  if (className === 'Embedding') return ['embeddings'];
  if (className === 'RMSNormalization') return ['scale'];
  if (className === 'PositionEmbedding') return ['position_embeddings'];
  if (className === 'AdditiveAttention') return config.use_scale === false ? [] : ['scale'];
  if (className === 'Attention') {
    return [
      ...(config.use_scale === true ? ['scale'] : []),
      ...(config.score_mode === 'concat' ? ['concat_score_weight'] : []),
    ];
  }
  if (className === 'MultiHeadAttention') {
    const parts = config.use_bias === false ? ['kernel'] : ['kernel', 'bias'];
    return ['query', 'key', 'value', 'output'].flatMap((of) => parts.map((part) => `${of}_${part}`));
  }
  if (className === 'PReLU') return ['alpha'];
  if (className === 'Normalization') return ['mean', 'variance'];
  if (className === 'Dense') return config.use_bias === false ? ['kernel'] : ['kernel', 'bias'];
  const names = [...(config.scale === false ? [] : ['gamma']), ...(config.center === false ? [] : ['beta'])];
  return className === 'BatchNormalization' ? [...names, 'moving_mean', 'moving_variance'] : names;
}

/** ONNX's (O,I,k) → Keras's (k,I,O). */
function turned(kernel: Float32Array, [size, inputs, outputs]: number[]): Float32Array {
  const made = new Float32Array(kernel.length);
  for (let k = 0; k < size; k++)
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++) made[(k * inputs + i) * outputs + o] = kernel[(o * inputs + i) * size + k];
  return made;
}
