/** One file format that holds a whole model: a new format is one file that exports one of these, and one line in `formats/index.ts`. */
import type { Json } from './modelJson.js';

/** What to do with weights that have no model. */
export const WEIGHTS_ALONE =
  'it holds weights without a model; build the model, call model.loadWeights on it, and save it, or name its layers in memcell train --from FILE --layers SPEC';

export interface ModelFile {
  /** As `memcell convert` and errors name it: 'keras', 'h5', 'onnx'. */
  name: string;
  /** Ending of the files that it writes, with the dot. */
  endings: readonly string[];
  /** Whether these are such a file's bytes: what counts is the content, never the name. */
  recognises(bytes: Uint8Array): boolean;
  /** @throws MemcellError 'model' that names the place in the file and what is wrong there */
  read(bytes: Uint8Array, where: string): Promise<ModelContents>;
  /**
   * The weights of a file of weights alone, for the layers of a normal topology. Left out: those of `read`.
   * @throws MemcellError 'model' that names what does not fit
   */
  readWeights?(bytes: Uint8Array, topology: { [key: string]: Json }, where: string): Promise<StoredWeight[]>;
  /** Whether bytes that it recognises hold weights and no model. Left out: never. */
  hasWeightsAlone?(bytes: Uint8Array, where: string): Promise<boolean>;
  /** @throws MemcellError 'usage' that names the layer which the format cannot hold */
  write?(contents: ModelContents): Promise<{ bytes: Uint8Array; lost: string[] }>;
}

/** A model between its file and what runs it. */
export interface ModelContents {
  /** `{ class_name, config }` as Keras 2 and tfjs write it, with Keras's own spelling of options, whatever the file had. */
  topology: { [key: string]: Json };
  /** Layer by layer, each layer's in the order of its `weights` in Keras, inner layers' one after the other. */
  weights: StoredWeight[];
  /** What compile was given, in Keras's words. */
  training?: {
    /** Of several outputs a list, or an object by their names. */
    loss?: Json;
    lossWeights?: Json;
    metrics?: Json;
    weightedMetrics?: Json;
    optimizer?: { class_name: string; config: { [key: string]: Json } };
  };
  /** The optimizer's variables beside `training.optimizer`: its steps so far, and its slots in the order of the trainable weights. */
  optimizerState?: { iterations: number; slots: { [slot: string]: Float32Array[] } };
  /** What memcell keeps beside the model (task, scaling, names of x and y). */
  metadata: Record<string, unknown>;
  /** What the file had and this does not keep, a line each. */
  lost: string[];
}

export interface StoredWeight {
  /** The layer's name in the topology; of a layer in a model in the model 'inner/lstm'. */
  layer: string;
  /** For errors. */
  name: string;
  shape: number[];
  data: Float32Array | Int32Array;
}
