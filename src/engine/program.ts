/** A plan made into memory and calls: what the main thread and every worker run, each its part, phase by phase. */
import type { Speed } from '../kernels/module.js';
import { Arena } from './arena.js';
import { NO_LIMIT } from './blocks.js';
import { Constraints } from './constraints.js';
import { engineKernels, type Kernels } from './kernels.js';
import { makeEngineLayer } from './layers/byKind.js';
import { type LayerContext, share } from './layers/layer.js';
import { Layout, type LayoutParts } from './layout.js';
import type { Output } from './output.js';
import { type Phase, phasesOf, type Task } from './phases.js';
import type { Plan } from './planData.js';
import type { Range, RowOrder, Rows } from './rows.js';
import { StateStore } from './stateStore.js';
import { UpdateStep } from './update.js';
import { WeightStore } from './weightStore.js';
import { Wiring } from './wiring.js';

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
  private layout: Layout | undefined;
  private phases: Readonly<Record<Task, readonly Phase[]>> = { train: [], evaluate: [], predict: [] };
  private readonly parts: LayoutParts;
  private readonly all: readonly number[];
  private readonly context: LayerContext;
  private readonly header: number;
  private readonly mark: number;
  private rows: Range = { from: 0, to: 0 };
  private outdated = false;

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
    const { context } = this;
    const layers = plan.nodes.map(({ layer }) => makeEngineLayer(layer, context));
    this.parts = { plan, layers, wiring: new Wiring(plan), context };
    this.all = plan.nodes.map((_, i) => i);
    this.header = this.arena.fixed(2 * (HEADER_DOUBLES + plan.inputs.length));
    const blocks = layers.flatMap((layer) => layer.blocks);
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
    const carried = layers.flatMap((layer) => layer.carried ?? []);
    this.states = new StateStore(this.arena, carried, plan.batch ?? 0);
    this.update = new UpdateStep(plan, this.store, this.context, this.arena);
    this.constraints = new Constraints(plan.weights, this.store);
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
    this.layout = undefined;
    this.outdated = false;
    const { arena, mark } = this;
    arena.rewind(mark);
    const batchMajor = this.parts.layers.every(({ anyOrder = false }) => anyOrder);
    const layout = new Layout(this.parts, { arena, batch, batchMajor, training }, steps);
    if (training) this.update.place();
    const { hasPartials, hasPenalties } = this.update;
    this.phases = phasesOf(layout, training, {
      shared: this.store.shared.length > 0,
      partials: hasPartials,
      penalties: hasPenalties,
      average: this.plan.optimizer.average !== undefined,
      constraints: this.constraints.any,
    });
    this.layout = layout;
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

  /** The caller's arrays: (B, T, F) as they come. */
  get inputs(): readonly Rows[] {
    return this.laidOut.inputs;
  }

  get outputs(): readonly Output[] {
    return this.laidOut.outputs;
  }

  /** Of the rows of all outputs. */
  get order(): RowOrder {
    return this.laidOut.order;
  }

  /** Multiplications and additions of forward, about, as placed. */
  get flops(): number {
    return this.layout?.flops ?? 0;
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
    const layout = this.laidOut;
    const { layers, gatherers, goesBack } = layout;
    switch (kind) {
      case 'prepare':
        for (const layer of layout.preparing) layer.prepare?.(part, parts);
        return;
      case 'forward': {
        const isLast = task !== 'train' || stage === gatherers.length;
        const hasLoss = isLast && task !== 'predict' && !layout.waitsForMasks;
        this.takeRows(layout, part, parts);
        if (hasLoss) this.beginLoss(layout, task);
        this.inChunks(layout, () => {
          this.forward(layout, task, stage);
          if (hasLoss) this.runLoss(layout, task);
          if (task === 'predict') for (const output of layout.outputs) output.predict(this.rows);
        });
        return;
      }
      case 'loss':
        this.takeRows(layout, part, parts);
        this.beginLoss(layout, task);
        this.inChunks(layout, () => this.runLoss(layout, task));
        return;
      case 'gatherForward':
        layers[gatherers[stage]].gathering?.forward(part, parts);
        return;
      case 'gatherBackward':
        if (goesBack[gatherers[stage]]) layers[gatherers[stage]].gathering?.backward(part, parts);
        return;
      case 'backward':
        this.takeRows(layout, part, parts);
        this.inChunks(layout, () => this.backward(layout, stage));
        return;
      case 'gradients':
        for (let i = 0; i < layers.length; i++) if (goesBack[i]) layers[i].gradients(part, parts);
        return;
      case 'shared':
        this.store.addShared(this.kernels, part, parts);
        return;
      case 'partials': {
        // A batch that is refused is in no sum over batches either.
        const counts = task === 'train' && Number.isFinite(this.lossOfOutputs());
        this.update.partials(part, parts, counts, this.arena.f64[(this.header >>> 3) + HEADER.step]);
        return;
      }
      case 'update': {
        const at = this.header >>> 3;
        const { f64 } = this.arena;
        if (!Number.isFinite(this.lossValue())) return;
        this.update.apply(part, parts, f64[at + HEADER.rate], f64[at + HEADER.step]);
        for (const layer of layout.following) layer.follow?.(part, parts);
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
    return this.lossOfOutputs() + this.update.penalty();
  }

  /** Without the penalties of weights, which are summed later. */
  private lossOfOutputs(): number {
    const { outputs, penalising } = this.laidOut;
    let sum = 0;
    for (let i = 0; i < outputs.length; i++) sum += outputs[i].plan.weight * outputs[i].loss.total();
    for (let i = 0; i < penalising.length; i++) sum += penalising[i].penalty?.() ?? 0;
    return sum;
  }

  private takeRows({ order: { batch } }: Layout, part: number, parts: number): void {
    if (parts === 1) {
      this.rows.from = 0;
      this.rows.to = batch;
    } else {
      this.rows = share(batch, part, parts);
    }
  }

  /** Does work on the rows taken, a chunk after the other; not at all where there are none. */
  private inChunks({ chunk }: Layout, work: () => void): void {
    const { rows } = this;
    const { from, to } = rows;
    for (rows.to = from; rows.to < to; ) {
      rows.from = rows.to;
      rows.to = Math.min(rows.from + chunk, to);
      work();
    }
    rows.from = from;
  }

  private get laidOut(): Layout {
    if (this.layout) return this.layout;
    throw new Error('bug: the program was not placed');
  }

  /** All layers, or in training those of one stretch: from one that gathers to before the next. */
  private forward({ layers, gatherers }: Layout, task: Task, stage: number): void {
    const { context } = this;
    const at = this.header >>> 3;
    const { f64 } = this.arena;
    context.draw.seed = f64[at + HEADER.seed];
    context.draw.step = f64[at + HEADER.step];
    const training = task === 'train';
    const from = training && stage > 0 ? gatherers[stage - 1] : 0;
    const to = training && stage < gatherers.length ? gatherers[stage] : layers.length;
    const order = task === 'predict' ? this.all : this.parts.wiring.beforeLoss;
    for (let k = 0; k < order.length; k++) {
      const i = order[k];
      if (i >= from && i < to) layers[i].forward(this.rows, training);
    }
  }

  private beginLoss({ outputs }: Layout, task: Task): void {
    const hasRowWeights = this.arena.f64[(this.header >>> 3) + HEADER.rowWeights] !== 0;
    for (let i = 0; i < outputs.length; i++) outputs[i].begin(task === 'train', hasRowWeights);
  }

  private runLoss(layout: Layout, task: Task): void {
    const { rows } = this;
    const { outputs, gatherers } = layout;
    const training = task === 'train';
    for (let i = 0; i < outputs.length; i++) outputs[i].run(rows, training);
    if (training) this.backward(layout, gatherers.length);
  }

  /** The layers of one stretch: from before the next one that gathers back to the one that begins it, whose output's gradient it completes. */
  private backward({ layers, goesBack, forks, gatherers }: Layout, stage: number): void {
    const { rows } = this;
    const last = stage < gatherers.length ? gatherers[stage] : layers.length - 1;
    const first = stage > 0 ? gatherers[stage - 1] : -1;
    for (let i = last; i >= 0 && i >= first; i--) {
      if (!goesBack[i]) continue;
      const own = forks[i];
      const isDone = stage < gatherers.length && i === last;
      if (own && !isDone) for (const fork of own) fork.add(rows);
      if (i !== first) layers[i].backward(rows);
    }
  }
}
