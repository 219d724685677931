import { elements, type NdArray } from './data/array.js';
import type { Stream } from './engine/stream.js';
import { MemcellError } from './errors.js';
import { type AttributeOptions, type Attribution, attributionOf } from './explain/attribute.js';
import { gatesOf, type LayerGates } from './explain/gates.js';
import { openBackups } from './formats/backups.js';
import type { LoadOptions } from './formats/http.js';
import type { ModelLocation, ModelSource } from './formats/location.js';
import { openWeights, saveModel } from './formats/open.js';
import { fuseLSTMs } from './kernels/accelerate.js';
import { prepareBackend, prepareEngine } from './kernels/backend.js';
import { described, describeLayer } from './layers/described.js';
import { isLayer } from './layers/schema.js';
import { applySymbolically, type SymbolicTensor } from './layers/symbolic.js';
import { addLayer, buildModel } from './model/build.js';
import type { BuiltGraph } from './model/buildGraph.js';
import {
  expectedInputs,
  type ModelEnd,
  type ModelInputs,
  type ModelOutput,
  outputsLike,
  readInputs,
  readTargets,
} from './model/ends.js';
import { initialise, setWeight, weightsInOrder } from './model/initialise.js';
import { fromBatch, type ModelInput, type NestedArray, readArray, type ShapedArray, toBatch } from './model/inputs.js';
import { parseSpec } from './model/spec.js';
import { inputShapeOf, type Shape } from './model/stack.js';
import { summaryText } from './model/summary.js';
import { disposeModel } from './model/walk.js';
import { deriveKey } from './random.js';
import { opened } from './sequential/opened.js';
import { checkThreads, Running } from './sequential/running.js';
import { type EitherSpelling, namedOptions, shown } from './spelling.js';
import type * as tf from './tf.js';
import type { Layer, LayersModel, Tensor } from './tfjsTypes.js';
import { backupWanted } from './training/backup.js';
import { getCallbacks } from './training/callbacks.js';
import { type CompileOptions, compileTraining, outputNamesOf } from './training/compile.js';
import { describeTraining, resolveTraining } from './training/description.js';
import { evaluate, type PredictOptions, predict, trainOnBatch } from './training/evaluate.js';
import { fit as train } from './training/fit.js';
import {
  type EvaluateOptions,
  type FitOptions,
  type TrainOnBatchOptions,
  validationOption,
  weightsOption,
} from './training/given.js';
import type { History, Logs } from './training/history.js';
import { complete } from './training/options.js';
import { structureOf } from './training/structure.js';

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

/** A built model's inputs, and its outputs' names. */
interface Ends {
  inputs: ReturnType<typeof expectedInputs>;
  outputNames: string[];
}

export interface SaveOptions {
  /** Saves the optimizer's state, too, so that the loaded model trains on as this one would. Default true. */
  includeOptimizer?: boolean;
}

/** Each is checked by who takes it. */
const COMPILE_OPTIONS = {
  optimizer: 'other',
  loss: 'other',
  lossWeights: 'other',
  metrics: 'other',
  weightedMetrics: 'other',
  engine: 'other',
  threads: 'other',
} as const;

const ATTRIBUTE_OPTIONS = { output: 'count?', baseline: 'other' } as const;

/** What runs a model: memcell's engine, or tfjs, and why not the engine. */
export interface EngineChoice {
  kind: 'memcell' | 'tfjs';
  why?: string;
}

/**
 * A stack of layers, with Keras's methods. Its weights and topology are a tfjs model's (`model.tf`), made when first needed:
 * when the input shape is known, from the layers or from the first data.
 *
 * Initial weights are a function of a seed: the constructor's, or if that has none, the seed of the first fit, as long as
 * nobody has given, trained, read or used the weights before it.
 */
export class Sequential {
  /** Plain JSON that is saved with the model and comes back with it. */
  metadata: Record<string, unknown> = {};
  /** Of a loaded model: what its file had and it has not, a line each. */
  lost: readonly string[] = [];
  /** Set to true during fit to stop it after the batch. */
  stopTraining = false;
  readonly name: string;
  protected readonly className: string = 'Sequential';
  private readonly seed: number;
  private readonly seedGiven: boolean;
  private inputSize: Shape | undefined;
  private readonly batchSize: number | undefined;
  private knownEnds: Ends | undefined;
  private stack: Layer[] = [];
  private model: LayersModel | undefined;
  private readonly running: Running;
  /** Of a graph, the layers whose initial weights are its own to draw; undefined: all. */
  private fresh: ReadonlySet<Layer> | undefined;
  private fits = 0;
  private disposed = false;

  /** @throws MemcellError 'usage' for a seed that is not a whole number */
  constructor(layers: readonly Layer[] = [], options: EitherSpelling<SequentialOptions> = {}) {
    const { inputShape, batchSize, seed, name } = complete('Sequential', { name: 'sequential' }, options, {
      inputShape: 'other',
      batchSize: 'positiveCount?',
      seed: 'other',
      name: 'string',
    });
    if (!Array.isArray(layers)) {
      throw new MemcellError(`Sequential takes a list of layers, not ${shown(layers)}`, { code: 'usage' });
    }
    if (seed !== undefined && !Number.isSafeInteger(seed)) {
      throw new MemcellError(`seed must be a whole number, not ${shown(seed)}`, { code: 'usage' });
    }
    this.name = name;
    this.inputSize = inputShape;
    this.batchSize = batchSize;
    this.seed = seed ?? Math.floor(Math.random() * 2 ** 31);
    this.seedGiven = seed !== undefined;
    this.running = new Running(() => this.built(), this.seed);
    for (const layer of layers) this.add(layer);
  }

  /** A model around one of tfjs, with any number of inputs and outputs; its LSTM layers get the fused kernel. */
  static fromTf(model: LayersModel, metadata: Record<string, unknown> = {}): Sequential {
    if (!isLayer(model) || !('layers' in model)) {
      throw new MemcellError(`fromTf takes a LayersModel of TensorFlow.js, not ${shown(model)}`, { code: 'usage' });
    }
    const own = new Sequential([], { name: model.name });
    own.model = fuseLSTMs(model);
    own.stack = model.layers.slice();
    own.running.untouched = false;
    own.metadata = metadata;
    return own;
  }

  /**
   * Takes a graph of layers in the place of a stack; what is made with the model's seed.
   * @internal
   */
  protected takeGraph(make: (seed: number) => BuiltGraph): void {
    const { model, fresh } = make(this.seed);
    this.model = model;
    this.stack = model.layers.slice();
    this.fresh = fresh;
    this.running.shareLayers();
  }

  /**
   * The model as a layer of another: what it gives for what Input() or other layers give. Its weights are the same in both.
   * @throws MemcellError 'model' for inputs that do not fit
   */
  apply(inputs: SymbolicTensor): SymbolicTensor;
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor | SymbolicTensor[];
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor | SymbolicTensor[] {
    const model = this.built();
    this.running.shareLayers();
    return applySymbolically(model, inputs);
  }

  /** Adds a layer on top. A model that was built keeps its weights and is to be compiled again. */
  add(layer: Layer): this {
    if (!isLayer(layer)) {
      throw new MemcellError(`add takes a layer, such as LSTM(50), not ${shown(layer)}`, { code: 'model' });
    }
    if (this.model) {
      if (!('add' in this.model))
        throw new MemcellError('a model with branches takes no more layers', { code: 'model' });
      const model = this.model as tf.Sequential;
      this.running.changeLayers(() => addLayer(model, layer, this.seed));
    }
    this.stack.push(layer);
    return this;
  }

  /**
   * Makes the tfjs model now, and so reports what does not fit. `inputShape` is one sample's shape.
   * @throws MemcellError 'model' for layers that do not fit each other, an unknown input shape, a model too large
   */
  build(inputShape?: Shape): void {
    this.inputSize ??= inputShape;
    this.built();
  }

  /**
   * Sets optimizer, loss and metrics, by name or made by a function such as adam({ learningRate: 0.003 }). Starts a new
   * optimizer.
   * @throws MemcellError 'usage' for unknown names or options; the model is then as before
   */
  compile(options: EitherSpelling<SequentialCompileOptions>): void {
    const given = complete<object, SequentialCompileOptions>('compile', {}, options, COMPILE_OPTIONS);
    const { engine, threads } = given;
    if (engine !== undefined && engine !== 'tfjs') {
      throw new MemcellError(`engine: ${shown(engine)}; it can be 'tfjs' or left out`, { code: 'usage' });
    }
    if (threads !== undefined) checkThreads(threads);
    const settings = resolveTraining(given);
    const compiled = this.knowsShape() ? compileTraining(this.built(), settings) : undefined;
    this.running.compile({ settings, compiled, engine }, threads);
  }

  /**
   * Trains, as Keras's fit. x and y are tensors, nested arrays or { data, shape }, checked before anything runs; for a model with
   * several inputs or outputs lists of them, or objects by name. `seed`
   * governs shuffling and dropout, and the initial weights too where the constructor had no seed and nobody has given,
   * trained, read or used the weights yet; the history tells it.
   * @throws MemcellError 'data' and 'usage' before anything changes; 'numeric' when the loss is no longer finite, with the
   *   weights of the last good epoch
   */
  async fit(x: ModelInputs, y: ModelInputs, options: EitherSpelling<FitOptions> = {}): Promise<History> {
    return this.running.exclusively('fit', async () => {
      const { validationData, sampleWeight, backup: wanted, ...rest } = namedOptions<FitOptions>('fit', options);
      const backup = backupWanted(wanted, getCallbacks(rest.callbacks ?? []));
      const samples = this.samplesOf(x, y);
      const seed = rest.seed ?? (this.fits === 0 ? this.seed : deriveKey(this.seed, 'fit', this.fits));
      const arrays = {
        ...rest,
        seed,
        ...weightsOption(sampleWeight, this.ends().outputNames),
        ...validationOption(
          validationData,
          this.ends().outputNames,
          (input, what) => readInputs(input, this.ends().inputs, what).array,
          (target, what) => readTargets(target, this.ends().outputNames, what),
        ),
      };
      if (this.running.untouched && !this.seedGiven && Number.isSafeInteger(seed)) this.draw(seed);
      const runner = await this.running.ready();
      this.stopTraining = false;
      this.fits++;
      const save = async (path: string) => {
        await this.write(path);
      };
      return train(runner, this.running.compiledNow(), samples.x, samples.y, arrays, {
        save,
        stopRequested: () => this.stopTraining,
        ...(backup && {
          backup: {
            store: await openBackups(backup, save),
            model: structureOf(this.built()),
            seedIsDrawn: options.seed === undefined && !this.seedGiven,
          },
        }),
      });
    });
  }

  /** Loss and metrics on samples: { loss, accuracy, … }. */
  async evaluate(x: ModelInputs, y: ModelInputs, options: EitherSpelling<EvaluateOptions> = {}): Promise<Logs> {
    const { sampleWeight, ...rest } = namedOptions<EvaluateOptions>('evaluate', options);
    const samples = this.samplesOf(x, y);
    const arrays = { ...rest, ...weightsOption(sampleWeight, this.ends().outputNames) };
    return evaluate(await this.running.ready(), this.running.compiledNow(), samples.x, samples.y, arrays);
  }

  /**
   * The model's output for every sample, in the form that x has: a tensor (the caller's to dispose), nested arrays, or
   * { data, shape }. A model with several inputs takes a list of them, or an object by their names; one with several outputs
   * gives a list in their order (`outputs`), or, for inputs by name, an object by name.
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
    this.inferShape(x);
    const { inputs, outputNames } = this.ends();
    const { array, given } = readInputs(x, inputs, 'x');
    const output = await predict(await this.running.ready(), array, options);
    return outputsLike(output, outputNames, given);
  }

  /**
   * A sequence to be fed step by step: stream.push(x) gives the output after each new step at the cost of that step alone.
   * Any number of streams may run on a model, also while it trains; each push takes the weights as they are then.
   * @throws MemcellError 'model' for a model that needs the whole sequence (Bidirectional, goBackwards, Flatten or pooling over
   *   steps, RepeatVector), or that tfjs runs
   */
  stream(): Stream {
    return this.running.stream();
  }

  /**
   * What every recurrent layer did at every step of some sequences: input, forget and output gates, candidates, cells and states
   * of an LSTM, update and reset gates of a GRU, each (B, T, U), and half-lives of the units' memory.
   * @throws MemcellError 'model' for a model without recurrent layers, or with several inputs
   */
  async gates(x: ModelInput): Promise<LayerGates[]> {
    return this.explained(x, gatesOf);
  }

  /**
   * What an output hangs on: integrated gradients of one output by every input, which sum to its difference from the
   * baseline's output. Runs on TensorFlow.js, some milliseconds a step.
   * @param options output (the largest), baseline (zeros)
   */
  async attribute(x: ModelInput, options: EitherSpelling<AttributeOptions> = {}): Promise<Attribution> {
    const given = complete<object, AttributeOptions>('attribute', {}, options, ATTRIBUTE_OPTIONS);
    return this.explained(x, (model, input) => attributionOf(model, input, given));
  }

  /** Runs what looks into the tfjs model, on its weights as they are now. */
  private async explained<T>(
    x: ModelInput,
    explain: (model: tf.LayersModel, x: tf.Tensor) => T | Promise<T>,
  ): Promise<T> {
    this.inferShape(x);
    const { inputs } = this.ends();
    if (inputs.length > 1) {
      throw new MemcellError('gates and attribute look into models with one input; this one has several', {
        code: 'model',
      });
    }
    const { array } = toBatch(x, inputs[0], 'x');
    await prepareBackend();
    const input = fromBatch(array, 'tensor');
    try {
      return await explain(this.tf, input);
    } finally {
      input.dispose();
    }
  }

  /** One training step on one batch; its loss before the step. */
  async trainOnBatch(
    x: ModelInputs,
    y: ModelInputs,
    options: EitherSpelling<TrainOnBatchOptions> = {},
  ): Promise<number> {
    return this.running.exclusively('trainOnBatch', async () => {
      const { sampleWeight, ...rest } = namedOptions<TrainOnBatchOptions>('trainOnBatch', options);
      const samples = this.samplesOf(x, y);
      const arrays = { ...rest, ...weightsOption(sampleWeight, this.ends().outputNames) };
      return (await trainOnBatch(await this.running.ready(), this.running.compiledNow(), samples.x, samples.y, arrays))
        .loss;
    });
  }

  /**
   * Sets the states of all stateful layers to zero; a layer's own resetStates() does so for it alone. Nothing else resets them:
   * fit goes on from one epoch to the next and through its validation, evaluate and predict go on from there, as in Keras.
   */
  resetStates(): void {
    this.built().resetStates();
  }

  /** Prints the table of summaryText(), by default to the console. */
  summary(print: (text: string) => void = console.log): void {
    if (typeof print !== 'function')
      throw new MemcellError(`summary prints with a function, not ${shown(print)}`, { code: 'usage' });
    print(this.summaryText());
  }

  /** Keras's summary table, with a column for the code that runs each layer. */
  summaryText(): string {
    const model = this.built();
    return summaryText(model, { engine: this.engine.kind === 'memcell' });
  }

  /**
   * What JSON.stringify gives: a description, not the weights. Layers with their options as Keras serialises them, once the input's
   * shape is known with shapes and counts of weights; where the model runs; what compile() set.
   */
  toJSON(): Record<string, unknown> {
    const known = this.stack.length > 0 && this.knowsShape();
    const model = known ? this.built() : undefined;
    return {
      class: this.className,
      ...(model && { name: model.name, inputs: this.inputs, outputs: this.outputs, parameters: this.countParams() }),
      layers: (model?.layers ?? this.stack).map((layer) => ({
        ...describeLayer(layer),
        ...(model && { outputShape: layer.outputShape, parameters: layer.countParams() }),
      })),
      engine: this.engine,
      ...(this.running.settings && { training: describeTraining(this.running.settings) }),
    };
  }

  /** What String(model) gives: what it is, and its layers. */
  toString(): string {
    return `${this.className} ${this.name}: ${this.layers.join(', ')}`;
  }

  /** The number of weights. */
  countParams(): number {
    return weightsInOrder(this.built()).reduce((sum, { shape }) => sum + elements(shape.map(Number)), 0);
  }

  /** Copies of all weights, in Keras's order and shapes. */
  getWeights(): { data: Float32Array; shape: number[] }[] {
    return weightsInOrder(this.tf).map((weight) => ({
      data: Float32Array.from(weight.read().dataSync()),
      shape: weight.shape.map(Number),
    }));
  }

  /**
   * Sets all weights, in the order of getWeights(): each a tensor, nested arrays, { data, shape }, or a typed array of
   * as many numbers. All are checked before one is set.
   * @throws MemcellError 'data' that names the weight that does not fit
   */
  setWeights(weights: readonly ModelInput[]): void {
    if (!Array.isArray(weights)) {
      throw new MemcellError(`setWeights takes a list as getWeights() gives it, not ${shown(weights)}`, {
        code: 'usage',
      });
    }
    this.running.free();
    const own = weightsInOrder(this.tf);
    if (weights.length !== own.length) {
      const names = own.map(({ originalName, shape }) => `${originalName} [${shape}]`).join(', ');
      throw new MemcellError(`setWeights got ${weights.length} arrays; the model has ${own.length}: ${names}`);
    }
    const arrays = own.map(({ originalName, shape }, i) => {
      const given = weights[i];
      const flat: ModelInput = isTyped(given) ? { data: given, shape: shape.map(Number) } : given;
      return toBatch(flat, { shape }, `weight ${i} (${originalName})`).array;
    });
    for (const [i, { data, shape }] of arrays.entries()) {
      const tensor = fromBatch({ data: Float32Array.from(data), shape }, 'tensor');
      setWeight(own[i], tensor);
      tensor.dispose();
    }
  }

  /**
   * Saves the model with its metadata, what compile() set and the optimizer's state: `m.keras` and `m.h5` as Keras 3 loads them and goes on training,
   * `m.onnx` for ONNX Runtime, any other path as a folder of model.json and weights.bin, which stock tfjs loads. A crash at any moment leaves the old
   * model or the new one, whole. In a browser: an address of a tfjs scheme, or an IOHandler.
   * @returns what the format does not hold, a line each
   * @throws MemcellError 'usage' that names the layer which the format has not
   */
  async save(to: ModelLocation, options: SaveOptions = {}): Promise<string[]> {
    const { includeOptimizer = true } = namedOptions<SaveOptions>('save', options);
    await prepareEngine();
    return this.write(to, includeOptimizer);
  }

  /**
   * Sets all weights from a file: Keras's `.weights.h5` and older `.h5` of weights, or a whole model's. The layers must be those
   * of the file, by the order of their classes or by name, and the shapes too.
   * @throws MemcellError 'model' with everything that does not fit; the model is then as before
   */
  async loadWeights(from: string | Uint8Array): Promise<void> {
    if ((typeof from !== 'string' && !(from instanceof Uint8Array)) || from.length === 0) {
      throw new MemcellError(`loadWeights takes a path, an address or the bytes of a file, not ${shown(from)}`, {
        code: 'usage',
      });
    }
    this.running.free();
    await prepareEngine();
    await openWeights(this.tf, from);
  }

  /** Frees all memory of the model. It cannot be used after that. */
  dispose(): void {
    if (this.disposed) return;
    this.running.free();
    if (this.model) disposeModel(this.model);
    this.model = undefined;
    this.knownEnds = undefined;
    this.disposed = true;
  }

  get layers(): Layer[] {
    return this.stack.map(described);
  }

  /** Whether compile() was called, here or before the model was saved. */
  get isCompiled(): boolean {
    return this.running.settings !== undefined;
  }

  /** The model's inputs in order. */
  get inputs(): ModelEnd[] {
    const model = this.built();
    return model.inputNames.map((name, i) => ({ name, shape: model.inputs[i].shape }));
  }

  /** The model's outputs in order. */
  get outputs(): ModelEnd[] {
    const model = this.built();
    return this.ends().outputNames.map((name, i) => ({ name, shape: model.outputs[i].shape }));
  }

  /** Of the first input, with the batch axis: [null, steps, features]. */
  get inputShape(): Shape {
    return this.model ? this.model.inputs[0].shape : inputShapeOf(this.first(), this.inputSize, this.batchSize);
  }

  /** Of the first output, with the batch axis. */
  get outputShape(): Shape {
    return this.built().outputs[0].shape;
  }

  /** The tfjs LayersModel behind this one, in step with the weights. */
  get tf(): LayersModel {
    const model = this.built();
    this.running.bringHome();
    return model;
  }

  /**
   * Threads that a step may run on, at most; 1 turns threads off. Left undefined, as many as the machine runs at once, up to
   * 8, where a step is large enough to gain. The numbers do not depend on it.
   * @throws MemcellError 'usage' for what is not a whole number from 1 to 64
   */
  get threads(): number | undefined {
    return this.running.threads;
  }

  set threads(threads: number | undefined) {
    this.running.threads = threads;
  }

  get engine(): EngineChoice {
    if (!this.knowsShape()) return { kind: 'tfjs', why: 'its input shape is not known yet' };
    const planned = this.running.plannedNow();
    return 'plan' in planned ? { kind: 'memcell' } : { kind: 'tfjs', why: planned.reason };
  }

  private first(): Layer {
    const [first] = this.stack;
    if (first) return first;
    throw new MemcellError('the model has no layers; add one first', { code: 'model' });
  }

  private knowsShape(): boolean {
    return (
      this.model !== undefined || (this.stack.length > 0 && Boolean(this.inputSize ?? this.stack[0].batchInputShape))
    );
  }

  private built(): LayersModel {
    if (this.disposed) throw new MemcellError('this model was disposed', { code: 'usage' });
    this.first();
    const { inputSize: inputShape, batchSize, name, seed } = this;
    this.model ??= buildModel(this.stack, { inputShape, batchSize, name, seed });
    return this.model;
  }

  /** A model without an input shape takes that of its first data, as in Keras. */
  private inferShape(x: ModelInputs): void {
    if (this.disposed || this.knowsShape()) return;
    const { shape } = readArray(x as ModelInput, 'x').array;
    if (shape.length > 1) this.inputSize = shape.slice(1);
  }

  /** What goes in and comes out, worked out once: a small model's prediction takes no longer than that. */
  private ends(): Ends {
    this.knownEnds ??= { inputs: expectedInputs(this.built()), outputNames: outputNamesOf(this.built()) };
    return this.knownEnds;
  }

  /** Samples for training: x checked against the model; y is checked against the loss by who trains. */
  private samplesOf(x: ModelInputs, y: ModelInputs): { x: NdArray; y: NdArray } {
    this.inferShape(x);
    this.running.compiledNow();
    const { inputs, outputNames } = this.ends();
    return {
      x: readInputs(x, inputs, 'x').array,
      y: readTargets(y, outputNames, 'y'),
    };
  }

  /** Draws the initial weights anew. */
  private draw(seed: number): void {
    const { fresh } = this;
    if (fresh) initialise(this.built(), seed, (layer) => fresh.has(layer));
    else initialise(this.built(), seed);
  }

  private async write(to: ModelLocation, includeOptimizer = true): Promise<string[]> {
    const training = this.running.settings && describeTraining(this.running.settings);
    const model = this.tf;
    const { metadata } = this;
    if (!training || !this.running.settings) return saveModel(model, to, { metadata });
    return saveModel(model, to, {
      metadata,
      training,
      ...(includeOptimizer && { optimizer: this.running.settings.optimizer }),
    });
  }
}

function isTyped(given: ModelInput): given is Float32Array {
  return ArrayBuffer.isView(given);
}

/**
 * A model from Keras's notation: sequential('LSTM(50), Dense(10, softmax)', { inputShape: [1, 1] }).
 * @throws MemcellError 'model' that points at the character
 */
export function sequential(spec: string, options?: EitherSpelling<SequentialOptions>): Sequential {
  return new Sequential(parseSpec(spec), options);
}

/**
 * Loads a model that memcell, Keras 1 to 3, PyTorch (ONNX) or tfjs saved: a folder with model.json, `.keras`, `.h5`, `.onnx`, by its content; from a path,
 * an address or bytes. It comes with its metadata, and compiled, the optimizer with its state, where the file says so;
 * `lost` tells what the file had and the model has not. `options` bound what comes over HTTP.
 * @throws MemcellError 'model' or 'io' that names the file and what is wrong with it
 */
export async function loadModel(from: ModelSource, options?: EitherSpelling<LoadOptions>): Promise<Sequential> {
  const { model, metadata, lost, compile } = await opened(from, options);
  const own = Sequential.fromTf(model, metadata);
  own.lost = lost;
  compile(own);
  return own;
}
