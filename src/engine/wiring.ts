/**
 * Who reads what in a plan. A signal of several readers is read by each through a signal of its own, since each has its own
 * gradient; the gradients are then added in the readers' order, nodes before losses, so that their sum is the same bits in every
 * run.
 */
import { gradientOf } from './gradients.js';
import type { Kernels } from './kernels.js';
import { addRows } from './moveRows.js';
import { firstSignals, type OutputPlan, type Plan } from './planData.js';
import { type Range, type Rows, type Signal, signalFrom } from './rows.js';

export class Wiring {
  /** The number of each node's first signal. */
  private readonly firstOf: readonly number[];
  /** Whether a loss hangs on what a node gives, so that it has a gradient. */
  readonly isReached: readonly boolean[];
  /** The nodes that no loss computes itself, in order: what runs before a loss. */
  readonly beforeLoss: readonly number[];
  /** Readers with a gradient, by signal. */
  private readonly readers: readonly number[];

  constructor({ nodes, inputs, outputs }: Pick<Plan, 'nodes' | 'inputs' | 'outputs'>) {
    this.firstOf = firstSignals({ nodes, inputs });
    const signals = nodes.reduce((sum, { outputs: count }) => sum + count, inputs.length);
    const readers = Array.from({ length: signals }, () => 0);
    for (const output of outputs) readers[readBy(output)]++;
    const isReached = nodes.map(() => false);
    for (let i = nodes.length - 1; i >= 0; i--) {
      const own = readers.slice(this.firstOf[i], this.firstOf[i] + nodes[i].outputs);
      isReached[i] = own.some((count) => count > 0);
      if (isReached[i]) for (const input of nodes[i].inputs) readers[input]++;
    }
    this.isReached = isReached;
    this.readers = readers;
    const taken = new Set(outputs.filter(({ loss }) => loss.takesActivation).map(({ signal }) => signal));
    this.beforeLoss = nodes.map((_, i) => i).filter((i) => !taken.has(this.firstOf[i]));
  }

  /** The node that gives a signal; −1 for the model's inputs. */
  nodeOf(signal: number): number {
    return this.firstOf.findLastIndex((first) => first <= signal);
  }

  /** Whether a signal has several readers with a gradient. */
  forks(signal: number): boolean {
    return this.readers[signal] > 1;
  }
}

/** The signal that an output's loss reads in training. */
export function readBy({ signal, loss }: OutputPlan): number {
  return loss.reads ?? signal;
}

/** A signal with several readers, each of which has a signal of its own. */
export class Fork {
  private readonly readers: Signal[] = [];
  private gradients: readonly Rows[] = [];

  constructor(
    private readonly signal: Signal,
    private readonly kernels: Kernels,
  ) {}

  /** A signal for one more reader. The first one's gradient, in whose place the sum is made, goes where the signal's is to be. */
  reader(): Signal {
    const { values, gradient } = this.signal;
    const own = signalFrom(this.signal, values);
    if (gradient && this.readers.length === 0) own.gradient = gradient;
    this.readers.push(own);
    return own;
  }

  /** Once all readers are placed. */
  place(): void {
    if (!this.signal.wantsGradient) return;
    this.gradients = this.readers.map(gradientOf);
    [this.signal.gradient] = this.gradients;
  }

  /** After all readers' backward. */
  add(rows: Range): void {
    const [sum, ...others] = this.gradients;
    for (const other of others) addRows(this.kernels, other, sum, rows);
  }
}
