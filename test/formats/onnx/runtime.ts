/** ONNX Runtime, which runs what memcell writes, and the models of the tests. */

import * as ort from 'onnxruntime-web';
import type { ModelContents, StoredWeight } from '../../../src/formats/modelFile.js';
import { isJsonObject, type Json } from '../../../src/formats/modelJson.js';
import { decodeModel, encodeModel } from '../../../src/formats/onnx/proto.js';
import { weightsByLayer } from '../../../src/model/initialise.js';
import type { Sequential } from '../../../src/sequential.js';
import * as tf from '../../../src/tf.js';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

export interface Numbers {
  data: Float32Array;
  shape: number[];
}

/** The same file without what memcell keeps beside the graph: it is read as anybody's. */
export function foreign(bytes: Uint8Array): Uint8Array {
  const model = decodeModel(bytes);
  return encodeModel({ ...model, metadataProps: [] });
}

/** What ONNX Runtime makes of x, by the output's name. `indices`: x is whole numbers. */
export async function run(
  bytes: Uint8Array,
  x: Numbers,
  { indices = false, input = 'x', output = 'y' } = {},
): Promise<Numbers> {
  const session = await ort.InferenceSession.create(bytes);
  const tensor = indices
    ? new ort.Tensor('int64', BigInt64Array.from(x.data, BigInt), x.shape)
    : new ort.Tensor('float32', x.data, x.shape);
  const { [output]: y } = await session.run({ [input]: tensor });
  await session.release();
  return { data: Float32Array.from(y.data as Float32Array), shape: [...y.dims] };
}

/** A model as the file formats take it. */
export async function contentsOf(model: Sequential): Promise<ModelContents> {
  let topology: Json | undefined;
  const keep = tf.io.withSaveHandler(async (made) => {
    topology = made.modelTopology as { [key: string]: Json };
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(made) };
  });
  await model.tf.save(keep);
  const weights: StoredWeight[] = [...weightsByLayer(model.tf)].flatMap(([layer, variables]) =>
    variables.map((variable) => ({
      layer,
      name: variable.originalName,
      shape: variable.shape.map(Number),
      data: Float32Array.from(variable.read().dataSync()),
    })),
  );
  if (!isJsonObject(topology)) throw new Error('no topology');
  return { topology, weights, metadata: model.metadata, lost: [] };
}

/** Numbers of a fixed sequence, between `low` and `high`. */
export function draws(seed: number): (low: number, high: number) => number {
  let state = seed % 2147483648;
  return (low, high) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return low + ((high - low) * state) / 2147483648;
  };
}

/** The largest difference, of numbers beyond ±1 as a share of them; infinite where one is not a number. */
export function largest(a: Numbers, b: Numbers): number {
  const differences = a.data.map((value, i) => Math.abs(value - b.data[i]) / Math.max(1, Math.abs(b.data[i])));
  return differences.reduce((most, each) => (Number.isNaN(each) ? Number.POSITIVE_INFINITY : Math.max(most, each)), 0);
}
