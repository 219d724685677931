/** What every model does that predicts, be it to be trained too or not. */
import type { Stream } from './engine/stream.js';
import { type Ends, type ModelEnd, type ModelInputs, type ModelOutput, outputsLike, readInputs } from './model/ends.js';
import type { ModelInput, NestedArray, ShapedArray } from './model/inputs.js';
import type { EitherSpelling } from './spelling.js';
import type { Tensor } from './tfjsTypes.js';
import { type PredictOptions, predict } from './training/evaluate.js';
import type { Runner } from './training/runner.js';

/** A model that predicts, whatever else it can. */
export abstract class Predicting {
  /** Plain JSON that is saved with the model and comes back with it. */
  abstract readonly metadata: Record<string, unknown>;
  /** In order. */
  abstract readonly inputs: readonly ModelEnd[];
  /** In order. */
  abstract readonly outputs: readonly ModelEnd[];

  /**
   * The model's output for every sample, in the form that x has: a tensor (the caller's to dispose), nested arrays, or
   * { data, shape }. A model with several inputs takes a list of them, or an object by their names; one with several outputs
   * gives a list in their order (`outputs`), or, for inputs by name, an object by name.
   * @throws MemcellError 'data' for what does not fit, 'numeric' for an output that is not finite
   */
  async predict(x: Tensor, options?: EitherSpelling<PredictOptions>): Promise<Tensor>;
  async predict(
    x: ShapedArray,
    options?: EitherSpelling<PredictOptions>,
  ): Promise<{ data: Float32Array; shape: number[] }>;
  async predict<Output extends NestedArray = number[][]>(
    x: NestedArray,
    options?: EitherSpelling<PredictOptions>,
  ): Promise<Output>;
  async predict(x: ModelInput, options?: EitherSpelling<PredictOptions>): Promise<ModelOutput>;
  async predict<Output = ModelOutput | ModelOutput[] | { [name: string]: ModelOutput }>(
    x: ModelInputs,
    options?: EitherSpelling<PredictOptions>,
  ): Promise<Output>;
  async predict(
    x: ModelInputs,
    options: EitherSpelling<PredictOptions> = {},
  ): Promise<ModelOutput | ModelOutput[] | { [name: string]: ModelOutput }> {
    const { inputs, outputNames } = this.endsFor(x);
    const { array, given } = readInputs(x, inputs, 'x');
    const output = await predict(await this.ready(), array, options);
    return outputsLike(output, outputNames, given);
  }

  /**
   * A sequence to be fed step by step: stream.push(x) gives the output after each new step at the cost of that step alone.
   * @throws MemcellError 'model' for a model that needs the whole sequence
   */
  abstract stream(): Stream;

  /** Frees what the model holds. It cannot be used after that. */
  abstract dispose(): void;

  /**
   * What x must be, and the outputs' names.
   * @internal
   */
  protected abstract endsFor(x: ModelInputs): Ends;

  /**
   * What runs the model as it is.
   * @internal
   */
  protected abstract ready(): Runner | Promise<Runner>;
}
