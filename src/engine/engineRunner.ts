/** Runs a planned model on the kernels, batch by batch: training's Runner without tfjs in the step. */
import type { NdArray } from '../data/array.js';
import type { Speed } from '../kernels/module.js';
import type { Samples } from '../training/batches.js';
import type { Compiled } from '../training/compile.js';
import type { BatchResult, Checkpoint, Runner, TrainingState } from '../training/runner.js';
import { newMemory } from './arena.js';
import { batchMajorMask, Predictions, setInputs, setRowWeights, setTargets, stepsOf } from './exchange.js';
import type { Task } from './phases.js';
import type { Plan } from './planData.js';
import { Program } from './program.js';
import { canThread } from './threads/pool.js';
import { Team, type TeamOptions } from './threads/team.js';
import { cutOf, piecesAlone, runAlone, runInTurns } from './threads/turns.js';

export interface EngineOptions extends TeamOptions {
  speed?: Speed;
}

/** Weights that others may read and write between batches, by their numbers in the plan. */
export interface OwnedWeights {
  /** What is another object whenever somebody has written the weight. */
  identity(weight: number): object;
  read(weight: number): Float32Array;
  write(weight: number, values: Float32Array): void;
}

/** The states of stateful layers, which others may read and write too. */
export interface OwnedStates {
  /** Takes what somebody has set or reset since the two were in step. */
  take(): void;
  /** Brings the owner in step. */
  give(): void;
  /** The engine's states for the next batch go on to those after the last one. */
  advance(): void;
  /** The same, unless those after the last batch are not finite. */
  advanceIfFinite(): void;
  copy(): Float32Array;
  put(values: Float32Array): void;
}

/** What a runner runs for: whose weights, and states where the plan has stateful layers, of a program that may move. */
export interface Owner {
  weights: OwnedWeights;
  states?(program: () => Program): OwnedStates;
}

export class EngineRunner implements Runner {
  readonly kind = 'memcell';
  readonly optimizer: Compiled['optimizer'];
  readonly batch: number | undefined;
  program: Program;
  seed = 0;
  private team: Team | undefined;
  /** Of a model with stateful layers. */
  private readonly states: OwnedStates | undefined;
  private readonly owned: OwnedWeights;
  /** The numbers of those that are trained, which the optimizer's slots belong to. */
  private readonly trained: readonly number[];
  /** The identity of each weight when the two were last in step: another one means that somebody wrote to it. */
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
    { weights, states }: Owner,
    compiled: Pick<Compiled, 'optimizer'>,
    readonly plan: Plan,
    { speed, ...team }: EngineOptions,
  ) {
    this.optimizer = compiled.optimizer;
    this.batch = plan.batch;
    this.owned = weights;
    this.trained = plan.weights.flatMap(({ trained }, i) => (trained ? [i] : []));
    const mayThread = team.threads !== 1 && canThread();
    this.program = new Program(plan, newMemory(mayThread), speed === undefined ? {} : { speed });
    this.states = states?.(() => this.program);
    if (mayThread) this.team = new Team(this.program, team);
    this.known = plan.weights.map(() => ({}));
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

  trainInTurns<R>(samples: Samples, take: (result: BatchResult) => R): R | Promise<R> {
    return this.inTurns(
      'train',
      () => this.beginTraining(samples.x, samples.y, samples.weights),
      () => take(this.finishTraining()),
    );
  }

  evaluateInTurns<R>(samples: Samples, take: (result: BatchResult) => R): R | Promise<R> {
    return this.inTurns(
      'evaluate',
      () => this.begin(samples.x, samples.y, samples.weights, false),
      () => take(this.finish()),
    );
  }

  predictInTurns<R>(x: NdArray, take: (predictions: NdArray) => R): R | Promise<R> {
    return this.inTurns(
      'predict',
      () => this.place(x, false),
      () => take(this.finishPredicting()),
    );
  }

  /**
   * A step with pauses where it takes long, after the one that pauses now. Weights are whole at every pause but one: waiting for
   * other threads to finish an update.
   */
  private inTurns<R>(task: Task, begin: () => void, finish: () => R): R | Promise<R> {
    if (this.pausing) return this.pausing.then(() => this.inTurns(task, begin, finish));
    begin();
    const rest = this.guarded(() => this.team?.runInTurns(task) ?? (this.team ? undefined : this.aloneInTurns(task)));
    if (!rest) return finish();
    const done = rest.catch((error) => this.lost(error)).then(finish);
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
    const weights = this.plan.weights.map((_, i) => store.read(store.weights, i));
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
    this.takeWeights();
    this.states?.give();
    if (!this.ahead) return;
    const { store } = this.program;
    for (let i = 0; i < this.known.length; i++) {
      this.owned.write(i, store.read(store.weights, i));
      this.known[i] = this.owned.identity(i);
    }
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

  /** A number that is another one whenever the weights are others, what their owner wrote included. */
  weightsVersion(): number {
    this.takeWeights();
    return this.changes;
  }

  /** All weights in the engine's layout, block after block: a view, valid until the memory grows. */
  packedWeights(): Float32Array {
    const { store } = this.program;
    return store.whole(store.weights);
  }

  /** The engine's weights are not their owner's any more. */
  private changed(): void {
    this.ahead = true;
    this.changes++;
  }

  /** Takes the owner's weights where somebody has written one since the two were in step. */
  private takeWeights(): void {
    const { store } = this.program;
    for (let i = 0; i < this.known.length; i++) {
      const now = this.owned.identity(i);
      if (now === this.known[i]) continue;
      store.load(store.weights, i, this.owned.read(i));
      this.known[i] = now;
      this.changes++;
    }
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
    this.takeWeights();
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
    const masks = outputs.map((output) => (output.result.mask ? batchMajorMask(program, output) : undefined));
    if (outputs.length === 1) return { loss, predictions, masks };
    return { loss, losses: outputs.map((output) => output.loss.total()), predictions, masks };
  }
}
