import type { NdArray } from './data/array.js';
import type { Stream } from './engine/stream.js';
import { modelError, usageError } from './errors.js';
import { type AttributeOptions, type Attribution, attributionOf } from './explain/attribute.js';
import { gatesOf, type LayerGates } from './explain/gates.js';
import { openBackups } from './formats/backups.js';
import type { LoadOptions } from './formats/http.js';
import type { ModelLocation, ModelSource } from './formats/location.js';
import { openWeights, saveModel } from './formats/open.js';
import { fuseLSTMs } from './kernels/accelerate.js';
import { prepareEngine } from './kernels/backend.js';
import { described, describeLayer } from './layers/described.js';
import { isLayer } from './layers/schema.js';
import { applySymbolically, type SymbolicTensor } from './layers/symbolic.js';
import type { BuiltGraph } from './model/buildGraph.js';
import { type Ends, type ModelEnd, type ModelInputs, readInputs, readTargets } from './model/ends.js';
import type { ModelInput } from './model/inputs.js';
import { parseSpec } from './model/spec.js';
import type { Shape } from './model/stack.js';
import { summaryText } from './model/summary.js';
import { Predicting } from './predicting.js';
import { deriveKey } from './random.js';
import { Building } from './sequential/building.js';
import { explained } from './sequential/explaining.js';
import { opened } from './sequential/opened.js';
import type { EngineChoice, SaveOptions, SequentialCompileOptions, SequentialOptions } from './sequential/options.js';
import { Running } from './sequential/running.js';
import { countWeights, readWeights, writeWeights } from './sequential/weightValues.js';
import { type EitherSpelling, namedOptions, shown } from './spelling.js';
import type { Layer, LayersModel } from './tfjsTypes.js';
import { backupWanted } from './training/backup.js';
import { getCallbacks } from './training/callbacks.js';
import { describeTraining } from './training/description.js';
import { evaluate, trainOnBatch } from './training/evaluate.js';
import { fit as train } from './training/fit.js';
import {
  type EvaluateOptions,
  type FitOptions,
  fitArrays,
  type TrainOnBatchOptions,
  weightsOption,
} from './training/given.js';
import type { History, Logs } from './training/history.js';
import { complete } from './training/options.js';
import type { Runner } from './training/runner.js';
import { structureOf } from './training/structure.js';

const WEIGHTING = { sampleWeight: 'other', classWeight: 'record?' } as const;
const ATTRIBUTE_OPTIONS = { output: 'count?', baseline: 'other' } as const;

/**
 * A stack of layers, with Keras's methods. Its weights and topology are a tfjs model's (`model.tf`), made when first needed:
 * when the input shape is known, from the layers or from the first data.
 *
 * Initial weights are a function of a seed: the constructor's, or if that has none, the seed of the first fit, as long as
 * nobody has given, trained, read or used the weights before it.
 */
export class Sequential extends Predicting {
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
  private readonly building: Building;
  private readonly running: Running;
  private fits = 0;

  /** @throws MemcellError 'usage' for a seed that is not a whole number */
  constructor(layers: readonly (Layer | Sequential)[] = [], options: EitherSpelling<SequentialOptions> = {}) {
    super();
    const { inputShape, batchSize, seed, name } = complete('Sequential', { name: 'sequential' }, options, {
      inputShape: 'other',
      batchSize: 'positiveCount?',
      seed: 'integer?',
      name: 'string',
    });
    if (!Array.isArray(layers)) {
      throw usageError(`Sequential takes a list of layers, not ${shown(layers)}`);
    }
    this.name = name;
    this.seed = seed ?? Math.floor(Math.random() * 2 ** 31);
    this.seedGiven = seed != null;
    this.building = new Building({ inputShape, batchSize, name, seed: this.seed });
    this.running = new Running(() => this.building.built(), this.seed);
    for (const layer of layers) this.add(layer);
  }

  /** A model around one of tfjs, with any number of inputs and outputs; its LSTM layers get the fused kernel. */
  static fromTf(model: LayersModel, metadata: Record<string, unknown> = {}): Sequential {
    if (!isLayer(model) || !('layers' in model)) {
      throw usageError(`fromTf takes a LayersModel of TensorFlow.js, not ${shown(model)}`);
    }
    const own = new Sequential([], { name: model.name });
    own.building.take({ model: fuseLSTMs(model) });
    own.running.untouched = false;
    own.metadata = metadata;
    return own;
  }

  /**
   * Takes a graph of layers in the place of a stack; what is made with the model's seed.
   * @internal
   */
  protected takeGraph(make: (seed: number) => BuiltGraph): void {
    this.building.take(make(this.seed));
    this.running.shareLayers();
  }

  /**
   * The model as a layer of another: what it gives for what Input() or other layers give. Its weights are the same in both.
   * @throws MemcellError 'model' for inputs that do not fit
   */
  apply(inputs: SymbolicTensor): SymbolicTensor;
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor | SymbolicTensor[];
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor | SymbolicTensor[] {
    const model = this.building.built();
    this.running.shareLayers();
    return applySymbolically(model, inputs);
  }

  /**
   * Adds a layer on top, or a model of one input and one output as a layer, whose weights are the same in both. A model that was built keeps
   * its weights and is to be compiled again.
   * @throws MemcellError 'model' for what is no layer, or does not fit where that is known
   */
  add(layer: Layer | Sequential): this {
    const model = layer instanceof Sequential ? this.shared(layer) : undefined;
    if (!model && !isLayer(layer)) throw modelError(`add takes a layer, such as LSTM(50), not ${shown(layer)}`);
    if (!model && 'layers' in layer)
      throw modelError('add takes a model of TensorFlow.js as Sequential.fromTf(model), which shares its layers');
    this.building.add(model ?? (layer as Layer), (change) => this.running.changeLayers(change));
    if (model) this.running.shareLayers();
    return this;
  }

  /** The tfjs model of one that becomes a layer of this; without a shape of its own it takes what the layers so far give. */
  private shared(model: Sequential): LayersModel {
    if (model === this || model.building.holds(this.building))
      throw modelError(
        `${model.name} cannot be a layer of ${model === this ? 'itself' : 'a model that is one of its own'}`,
      );
    if (!model.building.knowsShape) model.building.sayShape(this.building.sampleBehind());
    const built = model.building.built();
    model.running.shareLayers();
    return built;
  }

  /**
   * Makes the tfjs model now, and so reports what does not fit. `inputShape` is one sample's shape.
   * @throws MemcellError 'model' for layers that do not fit each other, an unknown input shape, a model too large
   */
  build(inputShape?: Shape): void {
    this.building.sayShape(inputShape);
    this.building.built();
  }

  /**
   * Sets optimizer, loss and metrics, by name or made by a function such as adam({ learningRate: 0.003 }). Starts a new
   * optimizer.
   * @throws MemcellError 'usage' for unknown names or options; the model is then as before
   */
  compile(options: EitherSpelling<SequentialCompileOptions>): void {
    this.running.compile(options, this.building.knowsShape);
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
      const { backup: wanted, ...rest } = namedOptions<FitOptions>('fit', options);
      const backup = backupWanted(wanted, getCallbacks(rest.callbacks ?? []));
      const samples = this.samplesOf(x, y);
      const seed = rest.seed ?? (this.fits === 0 ? this.seed : deriveKey(this.seed, 'fit', this.fits));
      const arrays = { ...fitArrays(rest, this.building.ends()), seed };
      if (this.running.untouched && !this.seedGiven && Number.isSafeInteger(seed)) this.building.draw(seed);
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
            model: structureOf(this.building.built()),
            seedIsDrawn: rest.seed == null && !this.seedGiven,
          },
        }),
      });
    });
  }

  /** Loss and metrics on samples: { loss, accuracy, … }. */
  async evaluate(x: ModelInputs, y: ModelInputs, options: EitherSpelling<EvaluateOptions> = {}): Promise<Logs> {
    const { sampleWeight, ...rest } = namedOptions<EvaluateOptions>('evaluate', options);
    const samples = this.samplesOf(x, y);
    const arrays = { ...rest, ...weightsOption(sampleWeight, this.building.ends().outputNames) };
    return evaluate(await this.running.ready(), this.running.compiledNow(), samples.x, samples.y, arrays);
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
    return explained(x, this.endsFor(x), () => this.tf, gatesOf);
  }

  /**
   * What an output hangs on: integrated gradients of one output by every input, which sum to its difference from the
   * baseline's output. Runs on TensorFlow.js, some milliseconds a step.
   * @param options output (the largest), baseline (zeros)
   */
  async attribute(x: ModelInput, options: EitherSpelling<AttributeOptions> = {}): Promise<Attribution> {
    const given = complete<object, AttributeOptions>('attribute', {}, options, ATTRIBUTE_OPTIONS);
    return explained(
      x,
      this.endsFor(x),
      () => this.tf,
      (model, input) => attributionOf(model, input, given),
    );
  }

  /** One training step on one batch; its loss before the step. */
  async trainOnBatch(
    x: ModelInputs,
    y: ModelInputs,
    options: EitherSpelling<TrainOnBatchOptions> = {},
  ): Promise<number> {
    return this.running.exclusively('trainOnBatch', async () => {
      const { sampleWeight, classWeight } = complete<object, TrainOnBatchOptions>(
        'trainOnBatch',
        {},
        options,
        WEIGHTING,
      );
      const samples = this.samplesOf(x, y);
      const weighting = { classWeight, ...weightsOption(sampleWeight, this.building.ends().outputNames) };
      const runner = await this.running.ready();
      return (await trainOnBatch(runner, this.running.compiledNow(), samples.x, samples.y, weighting)).loss;
    });
  }

  /**
   * Sets the states of all stateful layers to zero; a layer's own resetStates() does so for it alone. Nothing else resets them:
   * fit goes on from one epoch to the next and through its validation, evaluate and predict go on from there, as in Keras.
   */
  resetStates(): void {
    this.building.built().resetStates();
  }

  /** Prints the table of summaryText(), by default to the console. */
  summary(print: (text: string) => void = console.log): void {
    if (typeof print !== 'function') throw usageError(`summary prints with a function, not ${shown(print)}`);
    print(this.summaryText());
  }

  /** Keras's summary table, with a column for the code that runs each layer. */
  summaryText(): string {
    const model = this.building.built();
    return summaryText(model, { engine: this.engine.kind === 'memcell' });
  }

  /**
   * What JSON.stringify gives: a description, not the weights. Layers with their options as Keras serialises them, once the input's
   * shape is known with shapes and counts of weights; where the model runs; what compile() set.
   */
  toJSON(): Record<string, unknown> {
    const known = this.building.layers.length > 0 && this.building.knowsShape;
    const model = known ? this.building.built() : undefined;
    return {
      class: this.className,
      ...(model && { name: model.name, inputs: this.inputs, outputs: this.outputs, parameters: this.countParams() }),
      layers: (model?.layers ?? this.building.layers).map((layer) => ({
        ...describeLayer(layer),
        ...(model && { outputShape: layer.outputShape, parameters: layer.countParams() }),
      })),
      engine: this.engine,
      ...(this.running.settings && { training: describeTraining(this.running.settings) }),
    };
  }

  /** What String(model) gives: what it is, and its layers. */
  override toString(): string {
    return `${this.className} ${this.name}: ${this.layers.join(', ')}`;
  }

  /** The number of weights. */
  countParams(): number {
    return countWeights(this.building.built());
  }

  /** Copies of all weights, in Keras's order and shapes. */
  getWeights(): { data: Float32Array; shape: number[] }[] {
    return readWeights(this.tf);
  }

  /**
   * Sets all weights, in the order of getWeights(): each a tensor, nested arrays, { data, shape }, or a typed array of
   * as many numbers. All are checked before one is set.
   * @throws MemcellError 'data' that names the weight that does not fit
   */
  setWeights(weights: readonly ModelInput[]): void {
    if (!Array.isArray(weights)) {
      throw usageError(`setWeights takes a list as getWeights() gives it, not ${shown(weights)}`);
    }
    this.running.free();
    writeWeights(this.tf, weights);
  }

  /**
   * Saves the model with its metadata, what compile() set and the optimizer's state: `m.keras` and `m.h5` as Keras 3 loads them and goes on training,
   * `m.onnx` for ONNX Runtime, any other path as a folder of model.json and weights.bin, which stock tfjs loads. A crash at any moment leaves the old
   * model or the new one, whole. In a browser: an address of a tfjs scheme, or an IOHandler.
   * @returns what the format does not hold, a line each
   * @throws MemcellError 'usage' that names the layer which the format has not
   */
  async save(to: ModelLocation, options: SaveOptions = {}): Promise<string[]> {
    const rules = { includeOptimizer: 'boolean' } as const;
    const { includeOptimizer } = complete('save', { includeOptimizer: true }, options, rules);
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
      throw usageError(`loadWeights takes a path, an address or the bytes of a file, not ${shown(from)}`);
    }
    this.running.free();
    await prepareEngine();
    await openWeights(this.tf, from);
  }

  /** Frees all memory of the model. It cannot be used after that. */
  dispose(): void {
    this.building.dispose(() => this.running.free());
  }

  get layers(): Layer[] {
    return this.building.layers.map(described);
  }

  /** @internal Steps behind the optimizer's state; 0 where it has none. */
  get stepsTrained(): number {
    return this.running.settings?.optimizer.iterations ?? 0;
  }

  /** Whether compile() was called, here or before the model was saved. */
  get isCompiled(): boolean {
    return this.running.settings !== undefined;
  }

  /** The model's inputs in order. */
  get inputs(): ModelEnd[] {
    const model = this.building.built();
    return model.inputNames.map((name, i) => ({ name, shape: model.inputs[i].shape }));
  }

  /** The model's outputs in order. */
  get outputs(): ModelEnd[] {
    const model = this.building.built();
    return this.building.ends().outputNames.map((name, i) => ({ name, shape: model.outputs[i].shape }));
  }

  /** Of the first input, with the batch axis: [null, steps, features]. */
  get inputShape(): Shape {
    return this.building.firstInputShape();
  }

  /** Of the first output, with the batch axis. */
  get outputShape(): Shape {
    return this.building.built().outputs[0].shape;
  }

  /** The tfjs LayersModel behind this one, in step with the weights. */
  get tf(): LayersModel {
    const model = this.building.built();
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
    if (!this.building.knowsShape) return { kind: 'tfjs', why: 'its input shape is not known yet' };
    const planned = this.running.plannedNow();
    return 'plan' in planned ? { kind: 'memcell' } : { kind: 'tfjs', why: planned.reason };
  }

  /** @internal */
  protected override endsFor(x: ModelInputs): Ends {
    this.building.inferShape(x);
    return this.building.ends();
  }

  /** @internal */
  protected override ready(): Promise<Runner> {
    return this.running.ready();
  }

  /** Samples for training: x checked against the model; y is checked against the loss by who trains. */
  private samplesOf(x: ModelInputs, y: ModelInputs): { x: NdArray; y: NdArray } {
    this.building.inferShape(x);
    this.running.compiledNow();
    const { inputs, outputNames } = this.building.ends();
    return {
      x: readInputs(x, inputs, 'x').array,
      y: readTargets(y, outputNames, 'y'),
    };
  }

  private async write(to: ModelLocation, includeOptimizer = true): Promise<string[]> {
    const { settings } = this.running;
    const lost: string[] = [];
    const training = settings && describeTraining(settings, lost);
    const { tf: model, metadata } = this;
    const compiled = training && { training, ...(includeOptimizer && { optimizer: settings.optimizer }) };
    return [...lost, ...(await saveModel(model, to, { metadata, ...compiled }))];
  }
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
