/** Runs a planned model on the kernels, batch by batch: training's Runner without tfjs in the step. */
import type { NdArray } from '../data/array.js';
import type { Speed } from '../kernels/module.js';
import { statefulLayers } from '../model/walk.js';
import * as tf from '../tf.js';
import type { LayersModel } from '../tfjsTypes.js';
import type { Compiled } from '../training/compile.js';
import type { BatchResult, Checkpoint, Runner, TrainingState } from '../training/runner.js';
import { newMemory } from './arena.js';
import { batchMajorMask, Predictions, setInputs, setRowWeights, setTargets, stepsOf } from './exchange.js';
import type { Plan } from './planData.js';
import { Program, type Task } from './program.js';
import { TfjsStates } from './tfjsStates.js';
import { canThread } from './threads/pool.js';
import { Team, type TeamOptions } from './threads/team.js';
import { cutOf, piecesAlone, runAlone, runInTurns } from './threads/turns.js';

export interface EngineOptions extends TeamOptions {
  speed?: Speed;
}

/** The runner of a model that planModel() has planned. */
export function createEngineRunner(
  model: LayersModel,
  compiled: Pick<Compiled, 'loss' | 'optimizer'>,
  plan: Plan,
  options: EngineOptions = {},
): EngineRunner {
  return new EngineRunner(model, compiled, plan, options);
}

type Weight = tf.LayersModel['weights'][number];

export class EngineRunner implements Runner {
  readonly kind = 'memcell';
  readonly optimizer: Compiled['optimizer'];
  readonly batch: number | undefined;
  program: Program;
  seed = 0;
  private team: Team | undefined;
  /** Of a model with stateful layers. */
  private readonly states: TfjsStates | undefined;
  private readonly variables: readonly Weight[];
  /** The numbers of those that are trained, which the optimizer's slots belong to. */
  private readonly trained: readonly number[];
  /** The identity of each tfjs variable's value when the two were last in step: another one means that somebody wrote to it. */
  private readonly known: object[];
  /** The engine has trained since. */
  private ahead = false;
  /** The optimizer's slots are in the engine's memory. */
  private hasSlots = false;
  /** Counts changes of the weights. */
  private changes = 0;
  /** Done when the step that pauses is. */
  private pausing: Promise<void> | undefined;
  private readonly predictions = new Predictions();

  constructor(
    model: LayersModel,
    compiled: Pick<Compiled, 'loss' | 'optimizer'>,
    readonly plan: Plan,
    { speed, ...team }: EngineOptions,
  ) {
    this.optimizer = compiled.optimizer;
    this.batch = plan.batch;
    this.variables = model.weights;
    this.trained = plan.weights.flatMap(({ trained }, i) => (trained ? [i] : []));
    const mayThread = team.threads !== 1 && canThread();
    this.program = new Program(plan, newMemory(mayThread), speed === undefined ? {} : { speed });
    if (plan.batch !== undefined) this.states = new TfjsStates(statefulLayers(model), () => this.program.states);
    if (mayThread) this.team = new Team(this.program, team);
    this.known = this.variables.map(() => ({}));
    this.takeWeights();
  }

  trainBatch(x: NdArray, y: NdArray, sampleWeight?: Float32Array): BatchResult {
    this.beginTraining(x, y, sampleWeight);
    this.runPhases('train');
    return this.finishTraining();
  }

  evaluateBatch(x: NdArray, y: NdArray, sampleWeight?: Float32Array): BatchResult {
    this.begin(x, y, sampleWeight, false);
    this.runPhases('evaluate');
    return this.finish();
  }

  predictBatch(x: NdArray): NdArray {
    this.place(x, false);
    this.runPhases('predict');
    return this.finishPredicting();
  }

  trainInTurns(x: NdArray, y: NdArray, sampleWeight?: Float32Array): BatchResult | Promise<BatchResult> {
    return this.inTurns(
      'train',
      () => this.beginTraining(x, y, sampleWeight),
      () => this.finishTraining(),
      copied,
    );
  }

  evaluateInTurns(x: NdArray, y: NdArray, sampleWeight?: Float32Array): BatchResult | Promise<BatchResult> {
    return this.inTurns(
      'evaluate',
      () => this.begin(x, y, sampleWeight, false),
      () => this.finish(),
      copied,
    );
  }

  predictInTurns(x: NdArray): NdArray | Promise<NdArray> {
    return this.inTurns(
      'predict',
      () => this.place(x, false),
      () => this.finishPredicting(),
      copiedArray,
    );
  }

  /**
   * A step with pauses where it takes long, after the one that pauses now. Weights are whole at every pause but one: waiting for
   * other threads to finish an update.
   * @param copy of a result: another step may overwrite what it shows before the caller's turn comes
   */
  private inTurns<T>(task: Task, begin: () => void, finish: () => T, copy: (result: T) => T): T | Promise<T> {
    if (this.pausing) return this.pausing.then(() => this.inTurns(task, begin, finish, copy));
    begin();
    const rest = this.guarded(() => this.team?.runInTurns(task) ?? (this.team ? undefined : this.aloneInTurns(task)));
    if (!rest) return finish();
    const done = rest.catch((error) => this.lost(error)).then(() => copy(finish()));
    const over = () => {
      this.pausing = undefined;
    };
    this.pausing = done.then(over, over);
    return done;
  }

  private aloneInTurns(task: Task): undefined | Promise<void> {
    if (cutOf(this.program, task, 1) > 1) return runInTurns(piecesAlone(this.program, task));
    runAlone(this.program, task);
    return undefined;
  }

  weightsAreFinite(): boolean {
    this.takeWeights();
    const { kernels, store } = this.program;
    return kernels.areFinite(store.weights, store.size) === 1;
  }

  capture(): TrainingState {
    this.takeWeights();
    const { store } = this.program;
    const weights = this.variables.map((_, i) => store.read(store.weights, i));
    const { iterations } = this.optimizer;
    const state = this.hasSlots
      ? this.trained.flatMap((i) => store.slots.map((slot) => store.read(slot, i)))
      : this.optimizer.state().map((slot) => slot.slice());
    return { weights, optimizer: { iterations, state } };
  }

  restore({ weights, optimizer: saved }: TrainingState): void {
    const { store } = this.program;
    this.takeWeights();
    weights.forEach((values, i) => {
      store.load(store.weights, i, values);
    });
    this.changed();
    if (saved === undefined) return;
    if (saved.state.length === 0) this.optimizer.reset();
    this.optimizer.restore(saved.state, saved.iterations);
    this.hasSlots = false;
  }

  checkpoint(into?: Checkpoint): Checkpoint {
    this.takeWeights();
    if (!this.hasSlots) this.takeSlots();
    const { store } = this.program;
    const weights = [store.copy(store.weights, into?.weights[0])];
    const state = store.slots.map((slot, i) => store.copy(slot, into?.optimizer.state[i]));
    return {
      weights,
      optimizer: { iterations: this.optimizer.iterations, state },
      states: this.states ? [this.states.copy()] : [],
    };
  }

  goBack({ weights, optimizer: { iterations, state }, states }: Checkpoint): void {
    this.takeWeights();
    if (!this.hasSlots) this.takeSlots();
    const { store } = this.program;
    store.put(store.weights, weights[0]);
    store.slots.forEach((slot, i) => {
      store.put(slot, state[i]);
    });
    this.program.slotsChanged();
    this.optimizer.iterations = iterations;
    this.changed();
    this.states?.put(states[0]);
  }

  average(): void {
    const { average } = this.plan.optimizer;
    if (!average || this.optimizer.iterations === 0) return;
    this.takeWeights();
    if (!this.hasSlots) this.takeSlots();
    const { store } = this.program;
    store.whole(store.weights).set(store.whole(store.slots[average.slot]));
    this.changed();
  }

  sync(): void {
    if (this.changedOutside()) this.takeWeights();
    this.states?.give();
    if (!this.ahead) return;
    const { store } = this.program;
    this.variables.forEach((variable, i) => {
      write(variable, store.read(store.weights, i));
      this.known[i] = identity(variable);
    });
    if (this.hasSlots) {
      const count = store.slots.length;
      this.optimizer.state().forEach((slot, i) => {
        store.read(store.slots[i % count], this.trained[Math.floor(i / count)], slot);
      });
    }
    this.ahead = false;
  }

  /** Threads that the last batch ran on. */
  get threads(): number {
    return this.team?.used ?? 1;
  }

  dispose(): void {
    // Memory is garbage-collected with the runner.
    const { team } = this;
    this.team = undefined;
    if (this.pausing) void this.pausing.then(() => team?.close());
    else team?.close();
  }

  /** A number that is another one whenever the weights are others, those of the tfjs variables included. */
  weightsVersion(): number {
    if (this.changedOutside()) this.takeWeights();
    return this.changes;
  }

  /** All weights in the engine's layout, block after block: a view, valid until the memory grows. */
  packedWeights(): Float32Array {
    const { store } = this.program;
    return store.whole(store.weights);
  }

  /** The engine's weights are not the tfjs variables' any more. */
  private changed(): void {
    this.ahead = true;
    this.changes++;
  }

  /** Takes tfjs's weights where somebody has written to a variable since the two were in step. */
  private takeWeights(): void {
    const { store } = this.program;
    for (let i = 0; i < this.variables.length; i++) {
      const variable = this.variables[i];
      const now = identity(variable);
      if (now === this.known[i]) continue;
      store.load(store.weights, i, Float32Array.from(variable.read().dataSync()));
      this.known[i] = now;
      this.changes++;
    }
  }

  private changedOutside(): boolean {
    for (let i = 0; i < this.variables.length; i++) if (identity(this.variables[i]) !== this.known[i]) return true;
    return false;
  }

  /** The optimizer's slots into the engine's memory, zeros if it has none yet. */
  private takeSlots(): void {
    const { optimizer, plan } = this;
    const { store } = this.program;
    optimizer.build(
      plan.weights
        .filter(({ trained }) => trained)
        .map(({ name, shape }) => ({ name, size: shape.reduce((product, size) => product * size, 1) })),
    );
    const count = store.slots.length;
    for (const slot of store.slots) store.clear(slot);
    optimizer.state().forEach((slot, i) => {
      store.load(store.slots[i % count], this.trained[Math.floor(i / count)], slot);
    });
    this.program.slotsChanged();
    this.hasSlots = true;
  }

  private beginTraining(x: NdArray, y: NdArray, sampleWeight?: Float32Array): void {
    if (!this.hasSlots) this.takeSlots();
    this.begin(x, y, sampleWeight, true);
  }

  private finishTraining(): BatchResult {
    const result = this.finish();
    if (Number.isFinite(result.loss)) {
      this.optimizer.iterations++;
      this.changed();
    }
    return result;
  }

  private finishPredicting(): NdArray {
    this.states?.advanceIfFinite();
    return this.predictions.of(this.program);
  }

  private begin(x: NdArray, y: NdArray, sampleWeight: Float32Array | undefined, training: boolean): void {
    this.place(x, training);
    const { optimizer, program } = this;
    setTargets(program, y);
    if (sampleWeight) setRowWeights(program, sampleWeight);
    program.setHeader(
      this.seed,
      optimizer.iterations,
      training ? optimizer.learningRate : 0,
      sampleWeight !== undefined,
    );
  }

  private place(x: NdArray, training: boolean): void {
    const { program } = this;
    if (this.pausing) throw new Error('a step of this runner pauses; use the methods that wait for it');
    if (this.changedOutside()) this.takeWeights();
    this.states?.take();
    program.place(x.shape[0], stepsOf(program, x), training);
    setInputs(program, x);
  }

  private runPhases(task: Task): void {
    const { program, team } = this;
    if (team) this.guarded(() => team.run(task));
    else runAlone(program, task);
  }

  private guarded<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      return this.lost(error);
    }
  }

  /** A thread that was given up may still be writing to the memory. */
  private lost(error: unknown): never {
    if (this.team) this.program = this.program.moved(newMemory());
    this.team = undefined;
    throw error;
  }

  private finish(): BatchResult {
    const { program } = this;
    const predictions = this.predictions.of(program);
    const loss = program.lossValue();
    if (Number.isFinite(loss)) this.states?.advance();
    const { outputs } = program;
    if (outputs.length > 1) return { loss, losses: outputs.map((output) => output.loss.total()), predictions };
    const [output] = outputs;
    return output.result.mask ? { loss, predictions, mask: batchMajorMask(program, output) } : { loss, predictions };
  }
}

function copied({ predictions, ...rest }: BatchResult): BatchResult {
  return { ...rest, predictions: copiedArray(predictions) };
}

function copiedArray(array: NdArray): NdArray {
  return { ...array, data: array.data.slice() };
}

/** What changes when a variable is assigned. */
function identity(variable: Weight): object {
  return variable.read().dataId;
}

function write(variable: Weight, values: Float32Array): void {
  tf.tidy(() => {
    variable.write(tf.tensor(values, variable.shape.map(Number)));
  });
}
