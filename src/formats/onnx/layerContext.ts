/** What a layer is written from, and what all kinds of them read of it. */
import { writeActivation } from './activations.js';
import { type GraphBuilder, int } from './builder.js';
import type { Config } from './calls.js';
import type { Mask } from './masks.js';
import { dataTypes } from './proto.js';

/** A value in the graph: its shape with the batch axis, null for a size that may vary. */
export interface Flow {
  value: string;
  shape: (number | null)[];
  mask?: Mask;
  /** Whole numbers (int64), which an Embedding alone reads. */
  whole?: true;
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

/** From what a layer reads to what it gives: one value, or those of a layer with several. */
export type Write = (layer: LayerContext) => Flow | Flow[];

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
export function sizeOf(layer: LayerContext, option: string, otherwise?: number): number {
  const value = layer.config[option] ?? otherwise;
  const one = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof one !== 'number') throw layer.refuse(`${option} is ${JSON.stringify(value) ?? 'missing'}`);
  return one;
}

/** The values as floats. */
export function asFloats(graph: GraphBuilder, { whole, ...flow }: Flow): Flow {
  return whole ? { ...flow, value: graph.op('Cast', [flow.value], { to: int(dataTypes.float) }) } : flow;
}

export function activate(layer: LayerContext, flow: Flow, activation: unknown): Flow {
  if (activation === undefined || activation === null) return flow;
  const written = typeof activation === 'string' ? writeActivation(layer.graph, activation, flow.value) : undefined;
  if (written === undefined) throw layer.refuse(`ONNX has no activation ${JSON.stringify(activation)}`);
  return { ...flow, value: written };
}
