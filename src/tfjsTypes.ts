/**
 * TensorFlow.js's types in memcell's signatures. TensorFlow.js's own declarations do not compile everywhere, so memcell's do not
 * import them: without more, these are the members that memcell's users need. `import 'memcell/tfjs'` puts TensorFlow.js's own
 * types in their place.
 */

/** What 'memcell/tfjs' fills in. */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be merged with.
export interface Tfjs {}

/** JSON under names, as TensorFlow.js and Keras serialise objects. */
export interface ConfigDict {
  [key: string]: ConfigValue;
}

export type ConfigValue = boolean | number | string | null | ConfigValue[] | ConfigDict;

/** An object that can be saved by the name of its class, such as an initializer of TensorFlow.js. */
export interface SerializableObject {
  getClassName(): string;
  getConfig(): ConfigDict;
}

/** What every tensor of TensorFlow.js has. */
export interface TensorLike {
  readonly shape: number[];
  readonly dtype: string;
  readonly rank: number;
  readonly size: number;
  readonly isDisposed: boolean;
  dataSync(): Float32Array | Int32Array | Uint8Array;
  data(): Promise<Float32Array | Int32Array | Uint8Array>;
  arraySync(): unknown;
  array(): Promise<unknown>;
  dispose(): void;
}

/** What every layer of TensorFlow.js has. */
export interface LayerLike extends SerializableObject {
  name: string;
  trainable: boolean;
  readonly outputShape: (number | null)[] | (number | null)[][];
  countParams(): number;
  computeOutputShape(inputShape: (number | null)[] | (number | null)[][]): (number | null)[] | (number | null)[][];
}

/** What every LayersModel of TensorFlow.js has. */
export interface LayersModelLike {
  readonly name: string;
  layers: LayerLike[];
  getWeights(): TensorLike[];
  countParams(): number;
  summary(): void;
  predict(x: TensorLike): TensorLike | TensorLike[];
  save(to: string): Promise<object>;
  dispose(): object;
}

/** Where a browser keeps models, as tf.io makes it. */
export interface IOHandlerLike {
  save?(artifacts: object): Promise<object>;
  load?(): Promise<object>;
}

export type Tensor = Tfjs extends { Tensor: infer Type } ? Type : TensorLike;
export type Layer = Tfjs extends { Layer: infer Type } ? Type : LayerLike;
export type LayersModel = Tfjs extends { LayersModel: infer Type } ? Type : LayersModelLike;
export type IOHandler = Tfjs extends { IOHandler: infer Type } ? Type : IOHandlerLike;

/** TensorFlow.js as a whole. */
export type TensorFlow = Tfjs extends { TensorFlow: infer Type } ? Type : object;

/** Of targets and predictions; written as a method, since what takes TensorFlow.js's own tensors is one too. */
export type TensorFunction = { compute(yTrue: Tensor, yPred: Tensor): Tensor }['compute'];
