/** What a model's constructor, compile and save take, and what it says of where it runs. */
import type { Shape } from '../model/stack.js';
import type { CompileOptions } from '../training/compile.js';

export interface SequentialOptions {
  /** One sample's shape, if the first layer does not have it: [steps, features], null for steps that may vary. */
  inputShape?: Shape;
  /** The only number of samples that a batch may have, if the first layer does not say; stateful layers need one. */
  batchSize?: number;
  /** A whole number that governs initial weights, and shuffling and dropout where fit has no seed of its own. Default: random. */
  seed?: number;
  /** Default 'sequential'. */
  name?: string;
}

export interface SequentialCompileOptions extends CompileOptions {
  /** 'tfjs': run on TensorFlow.js even where memcell's engine could, for comparison. */
  engine?: 'tfjs';
  /** The same as setting `model.threads`. */
  threads?: number;
}

export interface SaveOptions {
  /** Saves the optimizer's state, too, so that the loaded model trains on as this one would. Default true. */
  includeOptimizer?: boolean;
}

/** What runs a model: memcell's engine, or tfjs, and why not the engine. */
export type EngineChoice = { kind: 'memcell' } | { kind: 'tfjs'; why: string };
