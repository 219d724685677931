/** Saved models that only predict: on memcell's engine, without TensorFlow.js. */
import { allFinite } from './data/array.js';
import { EngineRunner, type OwnedStates, type OwnedWeights } from './engine/engineRunner.js';
import { planSaved, type SavedPlan } from './engine/planSaved.js';
import type { StateStore } from './engine/stateStore.js';
import { Stepper, Stream, streamObstacle } from './engine/stream.js';
import { MemcellError, modelError, usageError } from './errors.js';
import { LOAD_OPTIONS, type LoadOptions } from './formats/http.js';
import type { ModelSource } from './formats/location.js';
import { invalid, reasonOf } from './formats/modelJson.js';
import { readSaved, type SavedModel } from './formats/savedModel.js';
import { wasmObstacle } from './kernels/module.js';
import { prepareKernels } from './kernels/prepare.js';
import type { Ends, ModelEnd } from './model/ends.js';
import { Predicting } from './predicting.js';
import type { EitherSpelling } from './spelling.js';
import { sgd } from './training/optimizers.js';
import { complete } from './training/options.js';

/**
 * A saved model on memcell's engine, as `loadPredictor` opens it. It takes and gives what `Sequential.predict` does, of a model
 * that the engine also trains the same numbers to the last bit, and cannot be trained.
 */
export class Predictor extends Predicting {
  /** Plain JSON that was saved with the model. */
  override readonly metadata: Record<string, unknown>;
  /** What the file had and this has not, a line each. */
  readonly lost: readonly string[];
  readonly inputs: readonly ModelEnd[];
  readonly outputs: readonly ModelEnd[];
  private readonly runner: EngineRunner;
  private readonly ends: Ends;
  private stepper: Stepper | undefined;

  /** @internal */
  constructor({ weights, metadata, lost }: SavedModel, { plan, inputs, outputs }: SavedPlan) {
    super();
    this.metadata = metadata;
    this.lost = lost;
    this.inputs = inputs.map(({ name, shape }) => ({ name, shape }));
    this.outputs = outputs;
    const expected = inputs.map(({ below, name, shape: [, ...sample] }) => {
      const end = { name, shape: [null, ...sample] };
      return below === undefined ? end : { ...end, dtype: 'int32' as const, below };
    });
    this.ends = { inputs: expected, outputNames: outputs.map(({ name }) => name) };
    const owned = new SavedWeights(weights.map(({ data }) => data));
    const states = (program: () => EngineRunner['program']) => new OwnStates(() => program().states);
    const owner = { weights: owned, ...(plan.batch !== undefined && { states }) };
    this.runner = new EngineRunner(owner, { optimizer: sgd() }, plan, {});
  }

  /**
   * A sequence to be fed step by step, as `Sequential.stream` gives it.
   * @throws MemcellError 'model' for a model that needs the whole sequence
   */
  stream(): Stream {
    const { plan, program } = this.runner;
    const obstacle = streamObstacle(plan);
    if (obstacle !== undefined) throw modelError(`this model cannot stream: ${obstacle}`);
    this.stepper ??= new Stepper(plan, () => this.runner, program.speed);
    return new Stream(this.stepper);
  }

  /** Sets the states of all stateful layers to zero: predict goes on from what its last batch left. */
  resetStates(): void {
    this.runner.program.states.values.fill(0);
  }

  /** Lets go of the threads. */
  dispose(): void {
    this.runner.dispose();
  }

  /** @internal */
  protected override endsFor(): Ends {
    return this.ends;
  }

  /** @internal */
  protected override ready(): EngineRunner {
    return this.runner;
  }
}

/** States that nobody else holds. */
class OwnStates implements OwnedStates {
  constructor(private readonly store: () => StateStore) {}

  take(): void {}

  give(): void {}

  advance(): void {
    this.store().advance();
  }

  advanceIfFinite(): void {
    if (allFinite(this.store().newest)) this.advance();
  }

  copy(): Float32Array {
    return this.store().values.slice();
  }

  put(values: Float32Array): void {
    this.store().values.set(values);
  }
}

class SavedWeights implements OwnedWeights {
  constructor(private readonly arrays: readonly Float32Array[]) {}

  identity(weight: number): object {
    return this.arrays[weight];
  }

  read(weight: number): Float32Array {
    return this.arrays[weight];
  }

  /** Nothing trains them. */
  write(): void {}
}

/**
 * A model that predicts on the engine; or why this model needs TensorFlow.js.
 * @throws MemcellError 'model' or 'io' that names the file and what is wrong with it
 */
export async function openPredictor(from: ModelSource, options?: LoadOptions): Promise<Predictor | { reason: string }> {
  const obstacle = wasmObstacle();
  if (obstacle !== undefined) return { reason: obstacle };
  const saved = await readSaved(from, options);
  if ('reason' in saved) return saved;
  const planned = planOf(saved);
  if ('reason' in planned) return planned;
  await prepareKernels();
  return new Predictor(saved, planned);
}

/** @throws MemcellError 'model' that names the file */
function planOf({ topology, weights, where }: SavedModel): ReturnType<typeof planSaved> {
  try {
    return planSaved(topology, weights);
  } catch (cause) {
    throw cause instanceof MemcellError ? invalid(where, reasonOf(cause), cause) : cause;
  }
}

/**
 * Loads a model to predict with, without TensorFlow.js: whatever memcell's engine runs of what memcell, tfjs, Keras 1 to 3 or
 * PyTorch (ONNX) saved. From a path, an address or bytes.
 * @param options bound what comes over HTTP
 * @throws MemcellError 'model' or 'io' that names the file and what is wrong with it, and 'usage' for a model that needs
 *   TensorFlow.js, which `loadModel` loads
 */
export async function loadPredictor(from: ModelSource, options?: EitherSpelling<LoadOptions>): Promise<Predictor> {
  const given = complete<object, LoadOptions>('loadPredictor', {}, options ?? {}, LOAD_OPTIONS);
  const opened = await openPredictor(from, given);
  if (opened instanceof Predictor) return opened;
  const where = typeof from === 'string' ? from : 'the model';
  throw usageError(`${where}: only TensorFlow.js runs this model (${opened.reason}); load it with loadModel`);
}
