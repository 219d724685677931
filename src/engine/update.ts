/** From gradients to new weights: penalties, clipping, weight decay, the optimizer. Keras 3's order, formulas in the kernels. */

import { NadamFactors } from '../training/optimizers/nadamFactors.js';
import type { Arena } from './arena.js';
import { blockSize, NO_LIMIT, type WeightBlock } from './blocks.js';
import { type LayerContext, share } from './layers/layer.js';
import type { OptimizerPlan, Plan } from './planData.js';
import type { WeightStore } from './weightStore.js';

/** Rows of a block that are one variable's, with places for a partial sum of each panel. */
interface VariableRows {
  block: WeightBlock;
  from: number;
  to: number;
  weight: number;
  /** (P) float64 of penalties; 0 if the variable has none. */
  penalties: number;
  /** (P) float64 of squared gradients; 0 if nothing is clipped by norm. */
  squares: number;
}

/** Neighbouring weights that one optimizer call takes; bytes from the start of the weights, and floats. */
interface Segment {
  offset: number;
  size: number;
  squares: number;
  /** Of each gradient, where not each use of a row is limited. */
  limit: number;
}

/** As many segments of one size, `stride` floats apart. */
interface Runs extends Segment {
  runs: number;
  stride: number;
}

export class UpdateStep {
  /** Whether penalties() has anything to do in training, and in evaluation. */
  readonly hasPenalties: boolean;
  readonly hasPartials: boolean;
  private readonly variables: readonly VariableRows[];
  private readonly segments: readonly Segment[];
  /** Blocks are updated one by one, since their variables differ in clipping or decay. */
  private readonly perBlock: boolean;
  private readonly mixedDecay: boolean;
  /** All trained weights decay, where they are alike. */
  private readonly decays: boolean;
  private readonly optimizer: OptimizerPlan;
  private readonly factors: NadamFactors;
  /** Of the step. */
  private nadam = { ofMomentum: 0, ofGradient: 0, unbiased: 1 };
  /** clipvalue. */
  private readonly limit: number;
  /** The segments without rows that stay as they are; undefined where there are no such rows. */
  private moving: readonly Runs[] | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly store: WeightStore,
    private readonly context: LayerContext,
    arena: Arena,
  ) {
    this.optimizer = plan.optimizer;
    this.factors = new NadamFactors(plan.optimizer.beta1);
    const { clip, decays, weightDecay } = this.optimizer;
    const byNorm = clip?.kind === 'norm' || clip?.kind === 'globalNorm';
    const doubles = (block: WeightBlock) => arena.fixed(2 * block.panels);
    this.variables = store.parts.flatMap((parts, weight) =>
      (plan.weights[weight].trained ? parts : []).map(({ block, part }) => ({
        block,
        from: part.row,
        to: part.row + part.rows,
        weight,
        penalties: plan.weights[weight].l1 || plan.weights[weight].l2 ? doubles(block) : 0,
        squares: byNorm ? doubles(block) : 0,
      })),
    );
    this.hasPenalties = this.variables.some(({ penalties }) => penalties !== 0);
    this.hasPartials = this.hasPenalties || byNorm || this.optimizer.batches > 1;
    const trained = decays.filter((_, weight) => plan.weights[weight].trained);
    this.mixedDecay = weightDecay !== 0 && trained.includes(false) && trained.includes(true);
    this.decays = trained[0] ?? false;
    this.perBlock = clip?.kind === 'norm' || this.mixedDecay;
    this.limit = clip?.kind === 'value' ? clip.limit : NO_LIMIT;
    this.segments = segments(store, this.perBlock, this.limit);
  }

  /**
   * After the layers have been placed, or the slots have changed: finds the rows that no optimizer moves, since they have
   * neither gradients nor state.
   */
  place(): void {
    const { store } = this;
    const quiet = store.blocks.some(({ quietRows }) => quietRows > 0);
    const alone = !this.perBlock && !this.hasPenalties && this.optimizer.weightDecay === 0;
    this.moving = quiet && alone && store.isQuietStateZero() ? movingRuns(store, this.limit) : undefined;
  }

  /**
   * This thread's share of the penalties, of the sums over batches and of the squared norms, after all gradients. In training adds the
   * penalties' gradients.
   * @param batch counted from 0
   */
  partials(part: number, parts: number, training: boolean, batch: number): void {
    const { kernels } = this.context;
    const { batches } = this.optimizer;
    for (const { block, from, to, weight, penalties } of this.variables) {
      const mine = share(block.panels, part, parts);
      const { l1, l2 } = this.plan.weights[weight];
      if (training && from < block.quietRows && (penalties || batches > 1)) this.clearQuiet(block, mine.from, mine.to);
      if (!penalties) continue;
      const gradients = training ? block.gradients : 0;
      kernels.regularize(block.weights, gradients, block.rows, from, to, l1, l2, penalties, mine.from, mine.to);
    }
    if (!training) return;
    if (batches > 1) this.accumulate(part, parts, (batch + 1) % batches === 0);
    for (const { block, from, to, squares } of this.variables) {
      const mine = share(block.panels, part, parts);
      if (!squares) continue;
      if (block.squares) {
        // What stands for g² is summed as it is: its panels, as rows, are no different.
        kernels.sumPanels(block.squares, block.rows, from, to, squares, mine.from, mine.to);
      } else {
        kernels.sumSquares(block.gradients, block.rows, from, to, squares, mine.from, mine.to);
      }
    }
  }

  /** Adds the gradients to those of the batches before; for an update they become the mean of all. */
  private accumulate(part: number, parts: number, updates: boolean): void {
    const { store, optimizer } = this;
    const sums = store.slots[store.slots.length - 1];
    for (const { gradients, weights, rows, panels } of store.blocks) {
      const mine = share(panels, part, parts);
      const [first, count] = [16 * rows * mine.from, 16 * rows * (mine.to - mine.from)];
      const at = sums + (weights - store.weights) + 4 * first;
      this.context.kernels.accumulate(gradients + 4 * first, at, count, updates ? 1 / optimizer.batches : 0);
    }
  }

  /** This thread's share of the weights' moving averages, after all updates; `batch` counts from 0. */
  average(part: number, parts: number, batch: number): void {
    const { store, optimizer } = this;
    if (!optimizer.average) return;
    const { kernels } = this.context;
    const { slot, momentum, frequency } = optimizer.average;
    const step = Math.floor(batch / optimizer.batches);
    const { from, to } = share(store.trainedSize / 16, part, parts);
    const average = store.slots[slot];
    kernels.followAverage(average, store.weights, step === 0 ? 0 : momentum, 16 * from, 16 * to);
    if (frequency > 0 && (step + 1) % frequency === 0)
      kernels.copySequence(average + 64 * from, 0, 0, store.weights + 64 * from, 0, 0, 16 * (to - from), 1, 0, 1);
  }

  /** Σ of the penalties, after partials(). */
  penalty(): number {
    if (!this.hasPenalties) return 0;
    let sum = 0;
    for (const { penalties, block } of this.variables)
      if (penalties) sum += this.context.kernels.sumDoubles(penalties, block.panels);
    return sum;
  }

  /** This thread's share of the update; `rate` is the learning rate and `batch` counts from 0. */
  apply(part: number, parts: number, rate: number, batch: number): void {
    const { clip, weightDecay, batches } = this.optimizer;
    if ((batch + 1) % batches !== 0) return;
    const step = Math.floor(batch / batches);
    const scale = clip?.kind === 'globalNorm' ? shrink(this.squaredNorm(undefined), clip.limit) : 1;
    const decay = !this.mixedDecay && this.decays ? rate * weightDecay : 0;
    const factor = this.stepFactor(rate, step);
    if (this.moving && parts === 1) {
      for (const runs of this.moving) this.runAll(runs, scale, factor);
      return;
    }
    if (!this.perBlock) {
      for (const segment of this.segments) {
        const { from, to } = share(segment.size / 16, part, parts);
        this.run(segment, 16 * from, 16 * to, scale, decay, factor);
      }
      return;
    }
    this.store.blocks.forEach((block, i) => {
      const mine = share(block.panels, part, parts);
      const own = this.adjust(block, mine.from, mine.to, rate);
      const panel = 16 * block.rows;
      this.run(this.segments[i], panel * mine.from, panel * mine.to, scale * own, decay, factor);
    });
  }

  /** Takes penalties' gradients back out of rows that the layers do not write. */
  private clearQuiet({ gradients, rows, quietRows }: WeightBlock, panel0: number, panel1: number): void {
    const panel = 16 * rows;
    this.context.kernels.zeroRows(gradients + 4 * panel * panel0, panel, panel1 - panel0, 0, 16 * quietRows);
  }

  /** Clips each variable of a block by its norm and decays those that do: in place, or for a table by the factor given back. */
  private adjust(block: WeightBlock, panel0: number, panel1: number, rate: number): number {
    const { kernels } = this.context;
    const { clip, decays, weightDecay } = this.optimizer;
    let factor = 1;
    for (const { from, to, weight, block: own } of this.variables) {
      if (own !== block) continue;
      if (this.mixedDecay && decays[weight])
        kernels.scalePanels(block.weights, block.rows, from, to, 1 - rate * weightDecay, panel0, panel1);
      if (clip?.kind !== 'norm') continue;
      const scale = shrink(this.squaredNorm(weight), clip.limit);
      if (block.squares) factor = scale;
      else if (scale !== 1) kernels.scalePanels(block.gradients, block.rows, from, to, scale, panel0, panel1);
    }
    return factor;
  }

  /** Σ g² of one variable, or of all. */
  private squaredNorm(weight: number | undefined): number {
    let sum = 0;
    for (const { squares, block, weight: own } of this.variables)
      if (weight === undefined || own === weight) sum += this.context.kernels.sumDoubles(squares, block.panels);
    return sum;
  }

  /** The learning rate; for adamax lr/(1 − beta1ᵗ), for adam lr·√(1 − beta2ᵗ)/(1 − beta1ᵗ), t = step + 1. */
  private stepFactor(rate: number, step: number): number {
    const { rule, beta1, beta2 } = this.optimizer;
    if (rule === 'adamax') return rate / (1 - beta1 ** (step + 1));
    if (rule === 'nadam') this.nadam = { ...this.factors.at(step), unbiased: 1 - beta2 ** (step + 1) };
    if (rule !== 'adam' && rule !== 'adamAmsgrad') return rate;
    return (rate * Math.sqrt(1 - beta2 ** (step + 1))) / (1 - beta1 ** (step + 1));
  }

  private runAll(all: Runs, scale: number, factor: number): void {
    const { runs, stride, size, offset, limit } = all;
    const { rule, beta1, beta2, epsilon } = this.optimizer;
    if (rule !== 'adam' || runs === 1) {
      for (let i = 0; i < runs; i++) this.run(all, stride * i, stride * i + size, scale, 0, factor);
      return;
    }
    const { weights, gradients, slots } = this.store;
    const [m, v] = slots;
    this.context.kernels.adamRuns(
      runs,
      stride,
      size,
      weights + offset,
      gradients + offset,
      m + offset,
      v + offset,
      scale,
      limit,
      factor,
      1 - beta1,
      1 - beta2,
      epsilon,
    );
  }

  private run(
    { offset, squares: ofUses, limit }: Segment,
    from: number,
    to: number,
    scale: number,
    decay: number,
    factor: number,
  ): void {
    if (from >= to) return;
    const { kernels } = this.context;
    const { store } = this;
    const { rule, momentum, nesterov, rho, centered, beta1, beta2, epsilon } = this.optimizer;
    const b1 = 1 - beta1;
    const b2 = 1 - beta2;
    // With globalClipnorm the uses of a row count one by one in the norm, and together in g².
    const squares = this.optimizer.clip?.kind === 'globalNorm' ? 0 : ofUses;
    const w = store.weights + offset;
    const g = store.gradients + offset;
    const slot = (i: number) => store.slots[i] + offset;
    switch (rule) {
      case 'adam':
        kernels.adam(w, g, squares, slot(0), slot(1), from, to, scale, limit, decay, factor, b1, b2, epsilon);
        return;
      case 'adamAmsgrad': {
        const [m, v, largest] = [slot(0), slot(1), slot(2)];
        kernels.adamAmsgrad(w, g, squares, m, v, largest, from, to, scale, limit, decay, factor, b1, b2, epsilon);
        return;
      }
      case 'adamax':
        kernels.adamax(w, g, slot(0), slot(1), from, to, scale, limit, decay, factor, b1, beta2, epsilon);
        return;
      case 'nadam': {
        const { ofMomentum, ofGradient, unbiased } = this.nadam;
        kernels.nadam(
          w,
          g,
          squares,
          slot(0),
          slot(1),
          from,
          to,
          scale,
          limit,
          decay,
          factor,
          ofMomentum,
          ofGradient,
          unbiased,
          b1,
          b2,
          epsilon,
        );
        return;
      }
      case 'adagrad':
        kernels.adagrad(w, g, squares, slot(0), from, to, scale, limit, decay, factor, epsilon);
        return;
      case 'lion':
        kernels.lion(w, g, slot(0), from, to, scale, limit, decay, factor, beta1, b1, beta2, b2);
        return;
      case 'rmsprop': {
        const accumulated = momentum > 0 ? slot(1) : 0;
        const average = centered ? slot(momentum > 0 ? 2 : 1) : 0;
        kernels.rmsprop(
          w,
          g,
          squares,
          slot(0),
          accumulated,
          average,
          from,
          to,
          scale,
          limit,
          decay,
          factor,
          rho,
          1 - rho,
          momentum,
          epsilon,
        );
        return;
      }
      case 'sgdMomentum':
        kernels.sgdMomentum(w, g, slot(0), from, to, scale, limit, decay, factor, momentum, Number(nesterov));
        return;
      case 'sgd':
        kernels.sgd(w, g, from, to, scale, limit, decay, factor);
        return;
    }
  }
}

/** The factor that brings a norm down to the limit. */
function shrink(squaredNorm: number, limit: number): number {
  const norm = Math.sqrt(squaredNorm);
  return norm > limit ? limit / norm : 1;
}

/** One segment for each block, or as few as there are without mixing tables of single rows with other weights. */
function segments({ blocks, weights }: WeightStore, perBlock: boolean, limit: number): Segment[] {
  const out: Segment[] = [];
  for (const block of blocks) {
    const last = out[out.length - 1];
    const size = blockSize(block);
    const own = limitOf(block, limit);
    if (!perBlock && last && last.squares === 0 && block.squares === 0 && last.limit === own) last.size += size;
    else out.push({ offset: block.weights - weights, size, squares: block.squares, limit: own });
  }
  return out;
}

/** The limit of a block's gradients, which is none where each use has had it. */
function limitOf({ useLimit }: WeightBlock, limit: number): number {
  return useLimit === NO_LIMIT ? limit : NO_LIMIT;
}

/** The weights but for the quiet rows of each panel. */
function movingRuns({ blocks, weights }: WeightStore, limit: number): Runs[] {
  return blocks.map((block) => {
    const [panel, quiet] = [16 * block.rows, 16 * block.quietRows];
    const offset = block.weights - weights + 4 * quiet;
    const own = { offset, squares: block.squares, limit: limitOf(block, limit) };
    return quiet > 0
      ? { ...own, size: panel - quiet, runs: block.panels, stride: panel }
      : { ...own, size: blockSize(block), runs: 1, stride: 0 };
  });
}
