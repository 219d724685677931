/** A plan made into memory and calls: what the main thread and every worker run, each its part, phase by phase. */
import type { Speed } from '../kernels/module.js';
import { Arena } from './arena.js';
import { NO_LIMIT } from './blocks.js';
import { Constraints } from './constraints.js';
import { engineKernels, type Kernels } from './kernels.js';
import { type EngineLayer, type Gathering, type LayerContext, type Space, share } from './layers/layer.js';
import { makeLayer } from './layers/table.js';
import { Output } from './output.js';
import type { Plan } from './planData.js';
import type { Range, Rows, Signal } from './rows.js';
import { StateStore } from './stateStore.js';
import { UpdateStep } from './update.js';
import { WeightStore } from './weightStore.js';
import { Fork, readBy, Wiring } from './wiring.js';

export type Task = 'train' | 'evaluate' | 'predict';

/** Parts of a task, in order; all threads finish one before any begins the next. */
export interface Phase {
  readonly kind:
    | 'prepare'
    | 'forward'
    | 'gatherForward'
    | 'loss'
    | 'gatherBackward'
    | 'backward'
    | 'gradients'
    | 'shared'
    | 'partials'
    | 'update'
    | 'average'
    | 'constrain';
  /** Which of the stretches that layers which gather cut the others into, or which of those layers, counted from the first. */
  readonly stage: number;
}

/** Numbers of the header that a step reads, as float64; after them each input's steps. */
const HEADER = { seed: 0, step: 1, rate: 2, rowWeights: 3 };
const HEADER_DOUBLES = 8;

/** What a program is placed for. */
export interface Placement {
  batch: number;
  /** Of each input; 1 where it has none. */
  steps: readonly number[];
  training: boolean;
}

export interface ProgramOptions {
  speed?: Speed;
  /** false on a worker thread: the memory has its contents already. */
  owner?: boolean;
}

export class Program {
  readonly arena: Arena;
  readonly kernels: Kernels;
  readonly speed: Speed;
  readonly store: WeightStore;
  readonly states: StateStore;
  readonly update: UpdateStep;
  private readonly constraints: Constraints;
  placement: Placement | undefined;
  /** Multiplications and additions of forward, about, as placed. */
  flops = 0;
  /** The caller's arrays: (B, T, F) as they come. */
  inputs: readonly Rows[] = [];
  readonly outputs: readonly Output[];
  private readonly wiring: Wiring;
  /** The forks among the signals of each node, where it has any. */
  private forks: (readonly Fork[] | undefined)[] = [];
  private readonly all: readonly number[];
  /** Layers that gather over all rows in training, in order. */
  private readonly gatherers: readonly number[];
  private readonly layers: readonly EngineLayer[];
  private readonly preparing: readonly EngineLayer[];
  private readonly following: readonly EngineLayer[];
  private readonly penalising: readonly EngineLayer[];
  private readonly context: LayerContext;
  private readonly header: number;
  private readonly mark: number;
  private readonly phases: Record<Task, Phase[]> = { train: [], evaluate: [], predict: [] };
  private rows: Range = { from: 0, to: 0 };
  private outdated = false;
  /** The weight of a row under a mask depends on all rows' masks. */
  private waitsForMasks = false;

  constructor(
    readonly plan: Plan,
    readonly memory: WebAssembly.Memory,
    { speed, owner = true }: ProgramOptions = {},
  ) {
    const { kernels, wide, speed: actual } = engineKernels(memory, speed);
    const { rule, slots, clip, batches } = plan.optimizer;
    this.kernels = kernels;
    this.speed = actual;
    this.arena = new Arena(memory, owner);
    this.context = { kernels, wide: Number(wide), draw: { seed: 0, step: 0 } };
    this.layers = plan.nodes.map(({ layer }) => makeLayer(layer, this.context));
    this.wiring = new Wiring(plan);
    this.all = plan.nodes.map((_, i) => i);
    this.gatherers = this.wiring.beforeLoss.filter((i) => this.layers[i].gathering !== undefined);
    this.preparing = this.layers.filter((layer) => layer.prepare !== undefined);
    this.following = this.layers.filter((layer) => layer.follow !== undefined);
    this.penalising = this.layers.filter((layer) => layer.penalty !== undefined);
    this.header = this.arena.fixed(2 * (HEADER_DOUBLES + plan.inputs.length));
    const blocks = this.layers.flatMap((layer) => layer.blocks);
    const isTrained = (weight: number) => plan.weights[weight].trained;
    const sizes = plan.weights.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
    const byNorm = clip?.kind === 'norm' || clip?.kind === 'globalNorm';
    const squaring = ['adam', 'adamAmsgrad', 'rmsprop', 'adagrad', 'nadam'].includes(rule);
    // In the mean over batches the uses of a table's rows are no longer apart.
    const byUse = batches === 1;
    const useLimit = byUse && clip?.kind === 'value' ? clip.limit : NO_LIMIT;
    this.store = new WeightStore(this.arena, blocks, sizes, {
      slots,
      squares: byUse && (byNorm || squaring),
      useLimit,
      isTrained,
    });
    const carried = this.layers.flatMap((layer) => layer.carried ?? []);
    this.states = new StateStore(this.arena, carried, plan.batch ?? 0);
    this.update = new UpdateStep(plan, this.store, this.context, this.arena);
    this.constraints = new Constraints(plan.weights, this.store);
    this.outputs = plan.outputs.map((output) => new Output(output, this.context));
    this.mark = this.arena.mark();
  }

  /** Lays out the activations for a batch, unless they are already. */
  place(batch: number, steps: readonly number[], training: boolean): void {
    const placed = this.placement;
    if (placed?.batch === batch && (placed.training || !training) && !this.outdated) {
      let alike = true;
      for (let i = 0; i < steps.length; i++) alike &&= placed.steps[i] === steps[i];
      if (alike) return;
    }
    this.placement = undefined;
    this.outdated = false;
    const { arena, mark } = this;
    arena.rewind(mark);
    this.placeAll({ arena, batch, training }, steps);
    if (training) this.update.place();
    this.planPhases(training);
    this.placement = { batch, steps: [...steps], training };
    for (const [i, count] of steps.entries()) arena.f64[this.stepsAt + i] = count;
  }

  /** The same on another thread than the one that has chosen the numbers of steps. */
  placeLike(batch: number, training: boolean): void {
    this.placement = undefined;
    const { f64 } = this.arena;
    this.place(
      batch,
      this.plan.inputs.map((_, i) => f64[this.stepsAt + i]),
      training,
    );
  }

  private get stepsAt(): number {
    return (this.header >>> 3) + HEADER_DOUBLES;
  }

  private placeAll(space: Space, steps: readonly number[]): void {
    const { plan, layers, wiring, outputs } = this;
    const { arena, batch } = space;
    this.inputs = plan.inputs.map(({ sequence, width }, i) => {
      const length = steps[i] * width;
      const address = arena.floats(batch * length);
      return {
        address,
        stepStride: sequence ? width : batch * width,
        rowStride: length,
        steps: steps[i],
        width,
      };
    });
    const signals: Signal[] = this.inputs.map((values, i) => ({
      values,
      sequence: plan.inputs[i].sequence,
      mask: 0,
      wantsGradient: false,
    }));
    const forks = new Map<number, Fork>();
    /** A signal as one of its readers gets it. */
    const port = (number: number, hasGradient: boolean): Signal => {
      const signal = signals[number];
      if (!hasGradient) return signal.wantsGradient ? { ...signal, wantsGradient: false } : signal;
      return forks.get(number)?.reader() ?? signal;
    };
    this.flops = 0;
    layers.forEach((layer, i) => {
      const { inputs } = plan.nodes[i];
      const [input, ...others] = inputs.map((number) => port(number, wiring.isReached[i]));
      this.flops += batch * input.values.steps * flopsOfRow(layer, input.values.width);
      const made = [layer.place(input, space, others), ...(layer.further ?? [])];
      this.flops += batch * input.values.steps * (layer.flops ?? 0);
      for (const signal of made) {
        if (wiring.forks(signals.length) && signal.wantsGradient)
          forks.set(signals.length, new Fork(signal, this.kernels));
        signals.push(signal);
      }
    });
    for (const output of outputs) {
      const { signal, evaluationLoss } = output.plan;
      const read = port(readBy(output.plan), true);
      output.place(signals[signal], read, signals[evaluationLoss?.reads ?? signal], space);
    }
    for (const fork of forks.values()) fork.place();
    this.forks = layers.map((_, i) => {
      const first = wiring.firstOf[i];
      const own = [...forks].filter(([number]) => number >= first && number < first + plan.nodes[i].outputs);
      return own.length > 0 ? own.map(([, fork]) => fork) : undefined;
    });
  }

  /** Has the next place() lay out anew, since it depends on what the optimizer's slots hold. */
  slotsChanged(): void {
    this.outdated = true;
  }

  /** The same program in a memory of its own, with the same weights and slots; not placed. */
  moved(memory: WebAssembly.Memory): Program {
    const { plan, speed, arena, mark } = this;
    const program = new Program(plan, memory, { speed });
    program.arena.f32.set(arena.f32.subarray(0, mark >>> 2));
    return program;
  }

  private planPhases(training: boolean): void {
    const { plan } = this;
    this.waitsForMasks = this.outputs.some(({ result }) => result.mask !== 0);
    const only = (kind: Phase['kind'], wanted = true): Phase[] => (wanted ? [{ kind, stage: 0 }] : []);
    const loss = only('loss', this.waitsForMasks);
    const { hasPartials, hasPenalties } = this.update;
    const stages = this.gatherers.map((_, stage) => stage);
    this.phases.train = training
      ? [
          ...only('prepare', this.preparing.length > 0),
          ...stages.flatMap((stage): Phase[] => [
            { kind: 'forward', stage },
            { kind: 'gatherForward', stage },
          ]),
          { kind: 'forward', stage: stages.length },
          ...loss,
          ...stages.reverse().flatMap((stage): Phase[] => [
            { kind: 'gatherBackward', stage },
            { kind: 'backward', stage },
          ]),
          ...only('gradients'),
          ...only('shared', this.store.shared.length > 0),
          ...only('partials', hasPartials),
          ...only('update'),
          ...only('average', plan.optimizer.average !== undefined),
          ...only('constrain', this.constraints.any),
        ]
      : [];
    this.phases.evaluate = [...only('forward'), ...loss, ...only('partials', hasPenalties)];
    this.phases.predict = only('forward');
  }

  phasesOf(task: Task): readonly Phase[] {
    return this.phases[task];
  }

  /** What governs the next step; written by the main thread, read by all. */
  setHeader(seed: number, step: number, rate: number, hasRowWeights: boolean): void {
    const at = this.header >>> 3;
    const { f64 } = this.arena;
    f64[at + HEADER.seed] = seed;
    f64[at + HEADER.step] = step;
    f64[at + HEADER.rate] = rate;
    f64[at + HEADER.rowWeights] = Number(hasRowWeights);
  }

  /** One thread's part of one phase. */
  run(task: Task, phase: Phase, part: number, parts: number): void {
    const { kind, stage } = phase;
    switch (kind) {
      case 'prepare':
        for (const layer of this.preparing) layer.prepare?.(part, parts);
        return;
      case 'forward':
        this.takeRows(part, parts);
        if (this.rows.from === this.rows.to) return;
        this.forward(task, stage);
        if (task === 'train' && stage < this.gatherers.length) return;
        if (task === 'predict') for (const output of this.outputs) output.predict(this.rows);
        else if (!this.waitsForMasks) this.runLoss(task);
        return;
      case 'loss':
        this.takeRows(part, parts);
        if (this.rows.from !== this.rows.to) this.runLoss(task);
        return;
      case 'gatherForward':
        this.gathererAt(stage)?.forward(part, parts);
        return;
      case 'gatherBackward':
        if (this.wiring.isReached[this.gatherers[stage]]) this.gathererAt(stage)?.backward(part, parts);
        return;
      case 'backward':
        this.takeRows(part, parts);
        if (this.rows.from !== this.rows.to) this.backward(stage);
        return;
      case 'gradients':
        for (let i = 0; i < this.layers.length; i++)
          if (this.wiring.isReached[i]) this.layers[i].gradients(part, parts);
        return;
      case 'shared':
        this.store.addShared(this.kernels, part, parts);
        return;
      case 'partials':
        this.update.partials(part, parts, task === 'train', this.arena.f64[(this.header >>> 3) + HEADER.step]);
        return;
      case 'update': {
        const at = this.header >>> 3;
        const { f64 } = this.arena;
        if (!Number.isFinite(this.lossValue())) return;
        this.update.apply(part, parts, f64[at + HEADER.rate], f64[at + HEADER.step]);
        for (let i = 0; i < this.following.length; i++) this.following[i].follow?.(part, parts);
        return;
      }
      case 'average': {
        if (!Number.isFinite(this.lossValue())) return;
        this.update.average(part, parts, this.arena.f64[(this.header >>> 3) + HEADER.step]);
        return;
      }
      case 'constrain':
        if (Number.isFinite(this.lossValue())) this.constraints.apply(part, parts);
    }
  }

  /** The loss of the last train or evaluate, penalties included: the same on every thread. */
  lossValue(): number {
    const { outputs } = this;
    let sum = 0;
    for (let i = 0; i < outputs.length; i++) sum += outputs[i].plan.weight * outputs[i].loss.total();
    for (let i = 0; i < this.penalising.length; i++) sum += this.penalising[i].penalty?.() ?? 0;
    return sum + this.update.penalty();
  }

  private takeRows(part: number, parts: number): void {
    const { batch } = this.placed();
    if (parts === 1) {
      this.rows.from = 0;
      this.rows.to = batch;
    } else {
      this.rows = share(batch, part, parts);
    }
  }

  private placed(): Placement {
    if (this.placement) return this.placement;
    throw new Error('the program was not placed');
  }

  private gathererAt(stage: number): Gathering | undefined {
    return this.layers[this.gatherers[stage]].gathering;
  }

  /** All layers, or in training those of one stretch: from one that gathers to before the next. */
  private forward(task: Task, stage: number): void {
    const { context, layers, gatherers } = this;
    const at = this.header >>> 3;
    const { f64 } = this.arena;
    context.draw.seed = f64[at + HEADER.seed];
    context.draw.step = f64[at + HEADER.step];
    const training = task === 'train';
    const from = training && stage > 0 ? gatherers[stage - 1] : 0;
    const to = training && stage < gatherers.length ? gatherers[stage] : layers.length;
    const order = task === 'predict' ? this.all : this.wiring.beforeLoss;
    for (let k = 0; k < order.length; k++) {
      const i = order[k];
      if (i >= from && i < to) layers[i].forward(this.rows, training);
    }
  }

  private runLoss(task: Task): void {
    const { outputs, rows } = this;
    const training = task === 'train';
    const hasRowWeights = this.arena.f64[(this.header >>> 3) + HEADER.rowWeights] !== 0;
    for (let i = 0; i < outputs.length; i++) outputs[i].run(rows, training, hasRowWeights);
    if (training) this.backward(this.gatherers.length);
  }

  /** The layers of one stretch: from before the next one that gathers back to the one that begins it, whose output's gradient it completes. */
  private backward(stage: number): void {
    const { layers, rows, wiring, forks, gatherers } = this;
    const last = stage < gatherers.length ? gatherers[stage] : layers.length - 1;
    const first = stage > 0 ? gatherers[stage - 1] : -1;
    for (let i = last; i >= 0 && i >= first; i--) {
      if (!wiring.isReached[i]) continue;
      const own = forks[i];
      const isDone = stage < gatherers.length && i === last;
      if (own && !isDone) for (const fork of own) fork.add(rows);
      if (i !== first) layers[i].backward(rows);
    }
  }
}

/** A layer's work on one row: its weights once each, and some for what is done to each element. */
function flopsOfRow({ blocks }: EngineLayer, width: number): number {
  const weights = blocks.reduce(
    (sum, block) => sum + (block.layout === 'rows' ? 0 : 16 * block.panels * block.rows),
    0,
  );
  return 2 * weights + 16 * width;
}
