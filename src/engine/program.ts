/** A plan made into memory and calls: what the main thread and every worker run, each its part, phase by phase. */
import type { Speed } from '../kernels/module.js';
import { Arena } from './arena.js';
import { NO_LIMIT } from './blocks.js';
import { engineKernels, type Kernels } from './kernels.js';
import { type EngineLayer, type LayerContext, share } from './layers/layer.js';
import { makeLayer } from './layers/table.js';
import { LossStep } from './loss.js';
import type { LossPlan, Plan } from './planData.js';
import { type Range, type Rows, rowLength, type Signal, timeMajor } from './rows.js';
import { StateStore } from './stateStore.js';
import { UpdateStep } from './update.js';
import { WeightStore } from './weightStore.js';

export type Task = 'train' | 'evaluate' | 'predict';

/** Parts of a task, in order; all threads finish one before any begins the next. */
export type Phase = 'prepare' | 'forward' | 'loss' | 'gradients' | 'partials' | 'update';

/** Numbers of the header that a step reads, as float64. */
const HEADER = { seed: 0, step: 1, rate: 2, rowWeights: 3 };
const HEADER_DOUBLES = 8;

/** What a program is placed for. */
export interface Placement {
  batch: number;
  steps: number;
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
  /** What trains, and evaluates unless another does. */
  readonly loss: LossStep;
  readonly update: UpdateStep;
  placement: Placement | undefined;
  /** Multiplications and additions of forward, about, as placed. */
  flops = 0;
  /** The caller's x: (B, T, F) as it comes. */
  input!: Rows;
  /** The predictions as they go out: (B, T, C) or (B, C), without gaps. */
  output = 0;
  /** The time-major predictions' signal. */
  result!: Signal;
  private readonly evaluationLoss: LossStep | undefined;
  private readonly layers: readonly EngineLayer[];
  private readonly preparing: readonly EngineLayer[];
  private readonly context: LayerContext;
  private readonly header: number;
  private readonly mark: number;
  private readonly phases: Record<Task, Phase[]> = { train: [], evaluate: [], predict: [] };
  private rows: Range = { from: 0, to: 0 };
  private outdated = false;
  /** The predictions in time-major rows, where they are not written out at once. */
  private scattered: Rows | undefined;
  private predicted!: Rows;

  constructor(
    readonly plan: Plan,
    readonly memory: WebAssembly.Memory,
    { speed, owner = true }: ProgramOptions = {},
  ) {
    const { kernels, wide, speed: actual } = engineKernels(memory, speed);
    const { rule, slots, clip } = plan.optimizer;
    this.kernels = kernels;
    this.speed = actual;
    this.arena = new Arena(memory, owner);
    this.context = { kernels, wide: Number(wide), draw: { seed: 0, step: 0 } };
    this.layers = plan.layers.map((layer) => makeLayer(layer, this.context));
    this.preparing = this.layers.filter((layer) => layer.prepare !== undefined);
    this.header = this.arena.fixed(2 * HEADER_DOUBLES);
    const blocks = this.layers.flatMap((layer) => layer.blocks);
    const sizes = plan.weights.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
    const byNorm = clip?.kind === 'norm' || clip?.kind === 'globalNorm';
    const squaring = rule === 'adam' || rule === 'adamAmsgrad' || rule === 'rmsprop';
    const useLimit = clip?.kind === 'value' ? clip.limit : NO_LIMIT;
    this.store = new WeightStore(this.arena, blocks, sizes, { slots, squares: byNorm || squaring, useLimit });
    const carried = this.layers.flatMap((layer) => layer.carried ?? []);
    this.states = new StateStore(this.arena, carried, plan.batch ?? 0);
    this.update = new UpdateStep(plan, this.store, this.context, this.arena);
    this.loss = new LossStep(plan.loss, this.context);
    if (plan.evaluationLoss) this.evaluationLoss = new LossStep(plan.evaluationLoss, this.context);
    this.mark = this.arena.mark();
  }

  /** Lays out the activations for a batch, unless they are already. */
  place(batch: number, steps: number, training: boolean): void {
    const placed = this.placement;
    const fits = placed?.batch === batch && placed.steps === steps && (placed.training || !training);
    if (fits && !this.outdated) return;
    this.placement = undefined;
    this.outdated = false;
    const { arena, plan } = this;
    arena.rewind(this.mark);
    const space = { arena, batch, training };
    const { sequence, width } = plan.input;
    const length = steps * width;
    const address = arena.floats(batch * length);
    this.input = { address, stepStride: sequence ? width : batch * width, rowStride: length, steps, width };
    let signal: Signal = { values: this.input, sequence, mask: 0, wantsGradient: false };
    const inputs: Signal[] = [];
    this.flops = 0;
    this.layers.forEach((layer, i) => {
      inputs.push(signal);
      this.flops += batch * signal.values.steps * flopsOfRow(layer, signal.values.width);
      // From where the loss reads on, layers get no gradient: the loss is the reader of the logits.
      signal = layer.place(i === plan.loss.reads ? { ...signal, wantsGradient: false } : signal, space);
    });
    this.result = signal;
    const { steps: outputSteps, width: outputWidth } = signal.values;
    const outputLength = outputSteps * outputWidth;
    this.output = arena.floats(batch * outputLength);
    this.predicted = {
      address: this.output,
      stepStride: outputSteps === 1 ? batch * outputWidth : outputWidth,
      rowStride: outputLength,
      steps: outputSteps,
      width: outputWidth,
    };
    this.placeLosses(inputs, space);
    if (training) this.update.place();
    this.planPhases(training);
    this.placement = { batch, steps, training };
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

  /** @param inputs of the layers */
  private placeLosses(inputs: readonly Signal[], space: { arena: Arena; batch: number; training: boolean }): void {
    const { arena, batch } = space;
    const { steps, width } = this.predicted;
    const { loss, evaluationLoss } = this.plan;
    const read = ({ reads }: LossPlan) => (reads === undefined ? this.result : inputs[reads]);
    this.scattered = undefined;
    if (!loss.takesActivation) {
      this.loss.place(read(loss), space, undefined);
      if (evaluationLoss)
        this.evaluationLoss?.place(read(evaluationLoss), { ...space, training: false }, undefined, this.loss);
      return;
    }
    const inOrder = steps === 1 || batch === 1;
    const ld = rowLength(width);
    const probabilities = inOrder
      ? timeMajor(this.output, batch, steps, width, width)
      : timeMajor(arena.floats(batch * steps * ld), batch, steps, width, ld);
    if (!inOrder) this.scattered = probabilities;
    this.loss.place(read(loss), space, probabilities);
  }

  private planPhases(training: boolean): void {
    // The weight of a row under a mask depends on all rows' masks.
    const loss: Phase[] = this.result.mask ? ['loss'] : [];
    const { hasPartials, hasPenalties } = this.update;
    const prepare: Phase[] = this.preparing.length > 0 ? ['prepare'] : [];
    this.phases.train = training
      ? [...prepare, 'forward', ...loss, 'gradients', ...(hasPartials ? (['partials'] as const) : []), 'update']
      : [];
    this.phases.evaluate = ['forward', ...loss, ...(hasPenalties ? (['partials'] as const) : [])];
    this.phases.predict = ['forward'];
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
    switch (phase) {
      case 'prepare':
        for (const layer of this.preparing) layer.prepare?.(part, parts);
        return;
      case 'forward':
        this.takeRows(part, parts);
        if (this.rows.from === this.rows.to) return;
        this.forward(task);
        if (task === 'predict') this.collect(this.result.values);
        else if (!this.result.mask) this.runLoss(task);
        return;
      case 'loss':
        this.takeRows(part, parts);
        if (this.rows.from !== this.rows.to) this.runLoss(task);
        return;
      case 'gradients':
        for (const layer of this.layers) layer.gradients(part, parts);
        return;
      case 'partials':
        this.update.partials(part, parts, task === 'train');
        return;
      case 'update': {
        const at = this.header >>> 3;
        const { f64 } = this.arena;
        if (Number.isFinite(this.lossValue()))
          this.update.apply(part, parts, f64[at + HEADER.rate], f64[at + HEADER.step]);
      }
    }
  }

  /** The loss of the last train or evaluate, penalties included: the same on every thread. */
  lossValue(): number {
    return this.loss.total() + this.update.penalty();
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

  private forward(task: Task): void {
    const { context, layers, plan } = this;
    const at = this.header >>> 3;
    const { f64 } = this.arena;
    context.draw.seed = f64[at + HEADER.seed];
    context.draw.step = f64[at + HEADER.step];
    const count = layers.length - Number(task !== 'predict' && plan.loss.takesActivation);
    const training = task === 'train';
    for (let i = 0; i < count; i++) layers[i].forward(this.rows, training);
  }

  private runLoss(task: Task): void {
    const { plan, layers, rows } = this;
    const training = task === 'train';
    const hasRowWeights = this.arena.f64[(this.header >>> 3) + HEADER.rowWeights] !== 0;
    if (!plan.loss.takesActivation) this.collect(this.result.values);
    const loss = training ? this.loss : (this.evaluationLoss ?? this.loss);
    loss.run(rows, training, hasRowWeights);
    if (this.scattered) this.collect(this.scattered);
    if (!training) return;
    for (let i = (plan.loss.reads ?? layers.length) - 1; i >= 0; i--) layers[i].backward(rows);
  }

  /** This thread's rows of the predictions to where they go out. */
  private collect(from: Rows): void {
    const { predicted: to, rows } = this;
    this.kernels.copySequence(
      from.address,
      from.stepStride,
      from.rowStride,
      to.address,
      to.stepStride,
      to.rowStride,
      to.width,
      to.steps,
      rows.from,
      rows.to,
    );
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
