/** A model fed step by step: every push costs one step, however long the sequence has become. */

import { allFinite } from '../data/array.js';
import { MemcellError, usageError } from '../errors.js';
import { counted } from '../format.js';
import type { Speed } from '../kernels/module.js';
import { isDirected, type LayerPlan } from '../plan/layerPlan.js';
import { shown } from '../spelling.js';
import { Arena, newMemory } from './arena.js';
import { blockSize } from './blocks.js';
import type { EngineRunner } from './engineRunner.js';
import { engineKernels } from './kernels.js';
import { makeEngineLayer } from './layers/byKind.js';
import type { PlacedLayer, Range } from './layers/layer.js';
import type { Plan } from './planData.js';
import { batchMajor, type Signal } from './rows.js';
import { sharedBlocks } from './weightStore.js';

/** The states of one recurrent layer, rows of U: h and c of an LSTM, h, c, n and m of an sLSTM, h of the others. Plain numbers, so that JSON keeps them. */
export interface LayerState {
  data: ArrayLike<number>;
  shape: readonly number[];
}

/** Of each recurrent layer, in the model's order. */
export type StreamState = readonly LayerState[];

/**
 * Why a model cannot take its input step by step, or undefined if it can.
 * @internal
 */
export function streamObstacle({ inputs, nodes, outputs }: Plan): string | undefined {
  if (inputs.length > 1) return 'it has several inputs, and a push gives the step of one';
  if (outputs.length > 1) return 'it has several outputs, and a push answers with one';
  if (!inputs[0].sequence) return 'its input has no steps';
  for (const { layer, inputs: read } of nodes) {
    const givenStates = isDirected(layer) && read.length > 1;
    const why = givenStates ? 'a layer is given its initial states by others' : obstacleOf(layer);
    if (why !== undefined) return why;
  }
  return undefined;
}

function obstacleOf(layer: LayerPlan): string | undefined {
  switch (layer.kind) {
    case 'bidirectional':
      return 'Bidirectional also reads the sequence from its end, which a stream does not have yet';
    case 'lstm':
    case 'gru':
    case 'simpleRNN':
    case 'minGRU':
    case 'minLSTM':
    case 'sLSTM':
    case 'stacked':
      return layer.goBackwards ? 'a layer with goBackwards reads the sequence from its end' : undefined;
    case 'flatten':
      return 'Flatten needs all steps at once';
    case 'reshape':
      return 'Reshape needs all steps at once';
    case 'transpose':
      return 'Permute needs all steps at once';
    case 'padding':
      return 'a layer adds steps that no step came for, or leaves out steps at the end, which a stream has not';
    case 'pick':
      // The last step of a stream is the one that came.
      return layer.overSteps && layer.item !== -1
        ? 'GetItem picks steps by their places, which a stream does not count'
        : undefined;
    case 'upSampling':
      return 'UpSampling1D makes several steps out of one';
    case 'averagePooling':
    case 'maxPooling':
      return 'global pooling needs all steps at once';
    case 'convolution':
      return 'Conv1D reads several steps at once';
    case 'averageWindows':
    case 'maxWindows':
      return 'pooling reads several steps at once';
    case 'concatenate':
      return layer.overSteps ? 'Concatenate over steps needs all of them at once' : undefined;
    case 'merge':
      return layer.repeatsSteps ? 'a layer puts what all steps have come to beside each of them' : undefined;
    case 'multiHeadAttention':
    case 'attention':
      return 'attention reads all steps at once';
    case 'positions':
      return 'a layer adds to each step what its place says, and a stream does not count places';
    case 'repeat':
      return 'RepeatVector makes several steps out of one';
    case 'dot':
      return 'Dot takes all steps together';
    case 'activation':
    case 'activity':
    case 'arrange':
    case 'batchNormalization':
    case 'dense':
    case 'dropout':
    case 'embedding':
    case 'layerNormalization':
    case 'masking':
    case 'noise':
    case 'rmsNormalization':
    case 'scale':
    case 'standardization':
      return undefined;
    case 'rectifier':
      return layer.rows > 1 ? 'PReLU without sharedAxes [1] has a factor for each step' : undefined;
    case 'overSteps':
      return 'a layer takes all steps together';
  }
}

/**
 * One step of a model, in a memory of its own beside the runner's, for all streams of that model.
 * @internal
 */
export class Stepper {
  /** What a push writes to: F numbers, or one whole number for an Embedding. */
  readonly input: Float32Array | Int32Array;
  readonly output: Float32Array;
  /** The layers' states in the memory, and their shapes. */
  readonly states: readonly { values: Float32Array; shape: readonly [number, number] }[];
  /** Whole numbers must be below this; 0 for other numbers. */
  readonly vocabulary: number;
  private readonly layers: readonly PlacedLayer[];
  private readonly weights: Float32Array;
  private readonly rows: Range = { from: 0, to: 1 };
  private readonly layout: string;
  private source: EngineRunner | undefined;
  private version = -1;
  /** The stream whose states are in the memory. */
  private holder: Stream | undefined;

  /** @param runner gives the model's runner as it is now, or throws if the model no longer has one */
  constructor(
    plan: Plan,
    private readonly runner: () => EngineRunner,
    speed: Speed,
  ) {
    const memory = newMemory();
    const arena = new Arena(memory);
    const { kernels, wide } = engineKernels(memory, speed);
    const context = { kernels, wide: Number(wide), draw: { seed: 0, step: 0 } };
    this.layout = layoutOf(plan);
    const layers = plan.nodes.map(({ layer }) => makeEngineLayer(layer, context));
    const groups = sharedBlocks(
      layers.flatMap((layer) => layer.blocks),
      (weight) => plan.weights[weight].trained,
    );
    const blocks = groups.map(({ block }) => block);
    const size = blocks.reduce((sum, block) => sum + blockSize(block), 0);
    const weights = arena.fixed(size);
    let address = weights;
    for (const { block, uses } of groups) {
      for (const use of uses) use.weights = address;
      address += 4 * blockSize(block);
    }
    const [{ width, integers }] = plan.inputs;
    const input = arena.fixed(width);
    const values = batchMajor(input, 1, width);
    const signals: Signal[] = [{ values, sequence: true, mask: 0, wantsGradient: false }];
    const space = { arena, batch: 1, batchMajor: false, training: false, stream: true };
    this.layers = layers.map((layer, i) => {
      const [input, ...others] = plan.nodes[i].inputs.map((number) => signals[number]);
      const placed = layer.place(input, space, others);
      signals.push(placed.output, ...(placed.further ?? []));
      return placed;
    });
    const signal = signals[plan.outputs[0].signal];
    const sizes = plan.nodes.flatMap(({ layer }) => (layer.kind === 'embedding' ? [layer.vocabulary] : []));
    this.vocabulary = sizes.length > 0 ? Math.min(...sizes) : 0;
    // The memory is laid out and does not grow again.
    const view = (at: number, length: number) => arena.f32.subarray(at >>> 2, (at >>> 2) + length);
    this.weights = view(weights, size);
    this.input = integers ? arena.i32.subarray(input >>> 2, (input >>> 2) + width) : view(input, width);
    this.output = view(signal.values.address, signal.values.width);
    this.states = this.layers.flatMap(({ kept = [] }) =>
      kept.map(({ address, shape }) => ({ values: view(address, shape[0] * shape[1]), shape })),
    );
  }

  /** Whether this is the step of a model with such a plan. */
  fits(plan: Plan): boolean {
    return layoutOf(plan) === this.layout;
  }

  /** One step of a stream, from `input` to `output`. */
  run(stream: Stream): void {
    this.takeWeights();
    this.hold(stream);
    for (let i = 0; i < this.layers.length; i++) this.layers[i].forward(this.rows, false);
  }

  /** Puts the states of a stream into the memory, if they are not, and those that are there back to their stream. */
  hold(stream: Stream): void {
    if (this.holder === stream) return;
    for (let i = 0; i < this.states.length; i++) {
      this.holder?.put[i].set(this.states[i].values);
      this.states[i].values.set(stream.put[i]);
    }
    this.holder = stream;
  }

  private takeWeights(): void {
    const runner = this.runner();
    if (runner !== this.source) {
      if (!this.fits(runner.plan)) {
        throw usageError('the model has other layers than when this stream was made; make a new stream');
      }
      this.source = runner;
      this.version = -1;
    }
    const version = runner.weightsVersion();
    if (version === this.version) return;
    this.weights.set(runner.packedWeights());
    this.version = version;
  }
}

/** What may change of a model: its inputs stay as they are. */
function layoutOf({ nodes, weights, outputs }: Plan): string {
  return JSON.stringify([nodes, weights.map(({ trained }) => trained), outputs.map(({ signal }) => signal)]);
}

/**
 * A sequence that arrives step by step. Each push gives what predict() gives for the last step of all steps so far, from
 * the weights that the model has then. Streams of one model do not disturb each other, its training or its predictions.
 */
export class Stream {
  /** The states while another stream's are in the stepper's memory. */
  readonly put: readonly Float32Array[];
  private readonly own: Float32Array;

  /** @internal */
  constructor(private readonly stepper: Stepper) {
    this.put = stepper.states.map(({ values }) => new Float32Array(values.length));
    this.own = new Float32Array(stepper.output.length);
  }

  /**
   * The output after one more step. x is the step's F numbers; a number alone where F is 1 or the model begins with an
   * Embedding. The answer to plain numbers is a new list. The answer to a typed array is the stream's own array, which
   * the next push overwrites, or `into`; neither allocates anything.
   *
   * @throws MemcellError 'data' for numbers that do not fit the model, 'usage' for an `into` that does not and for a model that has
   *   changed its layers or was disposed; the stream is then as before; 'numeric' for an output that is not finite
   */
  push(x: number | ArrayLike<number>, into: Float32Array): Float32Array;
  push(x: Float32Array | Float64Array | Int32Array): Float32Array;
  push(x: number | readonly number[]): number[];
  push(x: number | ArrayLike<number>, into?: Float32Array): Float32Array | number[] {
    const { stepper, own } = this;
    const { output } = stepper;
    if (into !== undefined && !(into instanceof Float32Array && into.length === output.length)) {
      const found = ArrayBuffer.isView(into) ? `${into.constructor.name} of ${into.length}` : shown(into);
      throw usageError(`push: into must be a Float32Array of ${output.length}, as the model's output, not ${found}`);
    }
    this.fill(x);
    stepper.run(this);
    if (!allFinite(output)) {
      throw new MemcellError(
        "push: the output is not finite: the model's weights or the input are too large for 32-bit numbers; reset() begins anew",
        { code: 'numeric' },
      );
    }
    if (into === undefined && !ArrayBuffer.isView(x)) return Array.from(output);
    const to = into ?? own;
    to.set(output);
    return to;
  }

  /** Begins a new sequence. */
  reset(): void {
    this.stepper.hold(this);
    for (const { values } of this.stepper.states) values.fill(0);
  }

  /** A copy of all that the stream remembers of its steps; set to one, it goes on from there. */
  get state(): { data: number[]; shape: number[] }[] {
    this.stepper.hold(this);
    return this.stepper.states.map(({ values, shape }) => ({ data: Array.from(values), shape: [...shape] }));
  }

  /** @throws MemcellError 'data' for states that are not of this model's layers; the stream is then as before */
  set state(state: StreamState) {
    const { states } = this.stepper;
    if (!Array.isArray(state) || state.length !== states.length) {
      throw new MemcellError(
        `state must be a list of the states of ${counted(states.length, 'recurrent layer or cell', 'recurrent layers or cells')}`,
      );
    }
    states.forEach(({ shape }, i) => {
      checkState(state[i], shape, `state[${i}]`);
    });
    this.stepper.hold(this);
    states.forEach(({ values }, i) => {
      values.set(state[i].data);
    });
  }

  private fill(x: number | ArrayLike<number>): void {
    const { input } = this.stepper;
    if (typeof x === 'number') {
      if (input.length !== 1) throw wrongLength('1 number', input.length);
      this.fillOne(x, 0);
      return;
    }
    if (typeof x !== 'object' || x?.length !== input.length)
      throw wrongLength(typeof x === 'object' && x !== null ? `${shown(x.length)} numbers` : shown(x), input.length);
    for (let i = 0; i < input.length; i++) this.fillOne(x[i], i);
  }

  private fillOne(value: number, i: number): void {
    const { input, vocabulary } = this.stepper;
    if (typeof value !== 'number')
      throw new MemcellError(`push: x[${i}] is ${shown(value)}; it must be a finite number`);
    input[i] = value;
    if (vocabulary > 0) {
      if (!(Number.isInteger(value) && value >= 0 && value < vocabulary))
        throw new MemcellError(`push: x is ${value}; it must be a whole number from 0 to ${vocabulary - 1}`);
    } else if (!Number.isFinite(input[i])) {
      throw new MemcellError(`push: x[${i}] is ${value}; it must be a finite number`);
    }
  }
}

function wrongLength(got: string, wanted: number): MemcellError {
  return new MemcellError(`push got ${got}; a step of this model has ${wanted}`);
}

function checkState(given: LayerState, [rows, units]: readonly [number, number], what: string): void {
  const { data, shape } = given ?? {};
  const fits = shape?.length === 2 && shape[0] === rows && shape[1] === units && data?.length === rows * units;
  if (!fits) throw new MemcellError(`${what} must have the shape [${rows}, ${units}] and as many numbers`);
  for (let i = 0; i < data.length; i++) {
    if (typeof data[i] !== 'number' || !Number.isFinite(Math.fround(data[i])))
      throw new MemcellError(`${what}.data[${i}] is ${shown(data[i])}; it must be a finite number`);
  }
}
