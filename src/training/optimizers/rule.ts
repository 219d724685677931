/** What all optimizers have in common: one step is clip the gradients, decay the weights, update, count. */
import { MemcellError } from '../../errors.js';
import { type EitherSpelling, namedOptions, shown } from '../../spelling.js';
import { type ClippingOptions, clip, scale } from '../clipping.js';
import type { OptimizerName } from '../optimizers.js';
import { functionName, type OptionKind } from '../options.js';
import { getSchedule, type LearningRateSchedule, type SerializedSchedule } from '../schedules.js';

/** A trainable variable as far as an optimizer is concerned. */
export interface OptimizedVariable {
  name: string;
  /** The number of its elements. */
  size: number;
}

export interface Optimizer {
  readonly name: OptimizerName;
  /** Every option in camelCase with its value, as JSON; getOptimizer({ name, config }) makes an equal optimizer. */
  readonly config: Readonly<OptimizerConfig>;
  /** The slots of each variable, in the order of state(). */
  readonly slotNames: readonly string[];
  /** The rate of the next step. It can be set, unless a schedule governs it. */
  learningRate: number;
  /** The number of steps done. */
  iterations: number;
  /** Allocates the slots, as they are at first, for these variables in this order. Does nothing when they are there already. */
  build(variables: readonly OptimizedVariable[]): void;
  /**
   * One step: changes the weights in place. Clipping overwrites the gradients and the squares.
   *
   * @param squares for a variable that a batch uses row by row (an Embedding's), the sum of the squares of what each use
   *   adds to the gradient. Adam, RMSprop and the norms of clipping take it where they square a gradient, as Keras does
   *   on TensorFlow; with globalClipnorm only the norm does. With clipvalue the caller has limited each use.
   */
  apply(
    weights: readonly Float32Array[],
    gradients: readonly Float32Array[],
    squares?: readonly (Float32Array | undefined)[],
  ): void;
  /** Whether weight decay applies to the variable. */
  decays(variable: OptimizedVariable): boolean;
  /** The slots themselves, not copies: for each variable one array for each of slotNames. Empty before build(). */
  state(): Float32Array[];
  /** Copies saved slots and the step count back in. */
  restore(state: readonly Float32Array[], iterations: number): void;
  /** Forgets slots and steps, as new. */
  reset(): void;
}

/** A number, or a schedule by iteration. */
export type LearningRate = number | LearningRateSchedule;

export interface OptimizerOptions extends ClippingOptions {
  learningRate?: LearningRate;
  /** Each step multiplies the weights by 1 - learningRate · weightDecay (decoupled decay). */
  weightDecay?: number | null;
  /** Names (or parts of names) of variables that do not decay, such as 'bias'. */
  excludeFromWeightDecay?: string[];
}

export interface SgdOptions extends OptimizerOptions {
  /** Default 0. */
  momentum?: number;
  nesterov?: boolean;
}

export interface RmspropOptions extends OptimizerOptions {
  /** Default 0.9. */
  rho?: number;
  momentum?: number;
  epsilon?: number;
  centered?: boolean;
}

export interface AdamOptions extends OptimizerOptions {
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Default 1e-7. */
  epsilon?: number;
  amsgrad?: boolean;
}

/** What an optimizer's function takes first: its options, or the learning rate, and then the options. */
export type Given<Options> = LearningRate | EitherSpelling<Options>;

export type OptimizerConfig = Omit<Required<OptimizerOptions>, 'learningRate'> & {
  learningRate: number | SerializedSchedule;
} & Record<string, unknown>;

export const COMMON: Record<string, OptionKind> = {
  learningRate: 'other',
  weightDecay: 'notNegative?',
  excludeFromWeightDecay: 'strings',
  clipnorm: 'positive?',
  clipvalue: 'positive?',
  globalClipnorm: 'positive?',
};

export const NO_CHANGE: Required<Omit<OptimizerOptions, 'learningRate'>> = {
  weightDecay: null,
  excludeFromWeightDecay: [],
  clipnorm: null,
  clipvalue: null,
  globalClipnorm: null,
};

/**
 * What stands for an epsilon of 0: too small to change a root that is not 0, it makes the step of a weight that has never had
 * a gradient 0, where Keras's is 0/0 and spoils the model.
 */
export const LEAST_EPSILON = 2 ** -126;

/** Updates one variable in place; slots are its arrays of state, `step` counts from 0. Without squares, gradient². */
export type Update = (
  weights: Float32Array,
  gradient: Float32Array,
  squares: Float32Array | undefined,
  slots: readonly Float32Array[],
  rate: number,
  step: number,
) => void;

interface Rule {
  name: OptimizerName;
  slotNames: readonly string[];
  /** What slots are filled with at first. Default 0. */
  initial?: number;
  update: Update;
}

export class RuleOptimizer implements Optimizer {
  readonly name: OptimizerName;
  readonly slotNames: readonly string[];
  iterations = 0;
  private readonly update: Update;
  private readonly initial: number;
  private readonly settings: Required<OptimizerOptions>;
  private rate: number | LearningRateSchedule;
  private variables: OptimizedVariable[] = [];
  private slots: Float32Array[] = [];

  constructor(rule: Rule, settings: Required<OptimizerOptions>) {
    this.name = rule.name;
    this.slotNames = rule.slotNames;
    this.update = rule.update;
    this.initial = rule.initial ?? 0;
    this.settings = settings;
    this.rate = checkedRate(rule.name, settings.learningRate);
    const clips = (['clipnorm', 'clipvalue', 'globalClipnorm'] as const).filter((name) => settings[name] !== null);
    if (clips.length > 1)
      throw usage(`${rule.name}: ${clips.join(' and ')} are both given; only one kind of clipping can be`);
  }

  get config(): OptimizerConfig {
    const { rate } = this;
    const learningRate = typeof rate === 'number' ? rate : { name: rate.name, config: { ...rate.config } };
    return { ...this.settings, learningRate };
  }

  get learningRate(): number {
    return typeof this.rate === 'number' ? this.rate : this.rate.at(this.iterations);
  }

  set learningRate(value: number) {
    if (typeof this.rate !== 'number')
      throw usage(
        `${this.name}: the learning rate follows ${this.rate.name}, so it cannot be set; compile with a number`,
      );
    this.rate = checkedRate(this.name, value);
  }

  build(variables: readonly OptimizedVariable[]): void {
    const same =
      this.variables.length === variables.length && variables.every(({ size }, i) => this.variables[i].size === size);
    if (this.variables.length > 0 && !same)
      throw usage(
        `${this.name}: this optimizer belongs to another model (${sizes(this.variables)}, now ${sizes(variables)}); make a new one`,
      );
    this.variables = variables.map(({ name, size }) => ({ name, size }));
    if (!same)
      this.slots = variables.flatMap(({ size }) => this.slotNames.map(() => new Float32Array(size).fill(this.initial)));
  }

  decays({ name }: OptimizedVariable): boolean {
    return (
      this.settings.weightDecay !== null && !this.settings.excludeFromWeightDecay.some((part) => name.includes(part))
    );
  }

  apply(
    weights: readonly Float32Array[],
    gradients: readonly Float32Array[],
    squares: readonly (Float32Array | undefined)[] = [],
  ): void {
    if (this.variables.length === 0) this.build(weights.map(({ length }) => ({ name: '', size: length })));
    const { settings, slotNames, variables } = this;
    if (weights.length !== variables.length || gradients.length !== variables.length)
      throw usage(`${this.name}: ${weights.length} weights and ${gradients.length} gradients for ${sizes(variables)}`);
    const rate = this.learningRate;
    clip(gradients, squares, settings);
    const byUse = settings.globalClipnorm === null;
    weights.forEach((weight, i) => {
      if (weight.length !== variables[i].size || gradients[i].length !== variables[i].size)
        throw usage(`${this.name}: weight ${i} has ${weight.length} elements; expected ${variables[i].size}`);
      if (this.decays(variables[i])) scale(weight, 1 - rate * (settings.weightDecay ?? 0));
      const first = i * slotNames.length;
      this.update(
        weight,
        gradients[i],
        byUse ? squares[i] : undefined,
        this.slots.slice(first, first + slotNames.length),
        rate,
        this.iterations,
      );
    });
    this.iterations++;
  }

  state(): Float32Array[] {
    return this.slots;
  }

  restore(state: readonly Float32Array[], iterations: number): void {
    if (this.slots.length === 0 && state.length > 0)
      this.build(
        state.filter((_, i) => i % this.slotNames.length === 0).map((slot) => ({ name: '', size: slot.length })),
      );
    const fits = state.length === this.slots.length && state.every((slot, i) => slot.length === this.slots[i].length);
    if (!fits) throw new MemcellError(`${this.name}: the saved optimizer state is of another model`, { code: 'model' });
    this.slots.forEach((slot, i) => {
      slot.set(state[i]);
    });
    this.iterations = iterations;
  }

  reset(): void {
    this.variables = [];
    this.slots = [];
    this.iterations = 0;
  }
}

/** The options, with the learning rate that stands before them. */
export function rateFirst<O extends OptimizerOptions>(
  owner: string,
  first: Given<O> | undefined,
  rest: EitherSpelling<O> | undefined,
): EitherSpelling<O> {
  if (typeof first !== 'number' && !isSchedule(first)) {
    if (rest === undefined) return (first ?? {}) as EitherSpelling<O>;
    throw usage(`${owner} takes its options, or the learning rate and then its options; not ${shown(first)}`);
  }
  const named = namedOptions(owner, rest);
  if ('learningRate' in named) throw usage(`${owner}: learningRate is given twice; leave one out`);
  // Checked, as all options are, by who takes them.
  return { ...named, learningRate: first } as EitherSpelling<O>;
}

/** A number of at least 0, or a schedule; a serialised schedule becomes one. */
function checkedRate(owner: string, rate: unknown): number | LearningRateSchedule {
  if (typeof rate === 'number' && Number.isFinite(rate) && rate >= 0) return rate;
  if (isSchedule(rate)) return rate;
  const serialized = serializedSchedule(rate);
  if (serialized) return getSchedule(serialized);
  throw usage(`${owner}: learningRate must be a number of at least 0 or a schedule; got ${shown(rate)}`);
}

function isSchedule(value: unknown): value is LearningRateSchedule {
  return typeof value === 'object' && value !== null && 'at' in value && typeof value.at === 'function';
}

function serializedSchedule(value: unknown): SerializedSchedule | undefined {
  if (typeof value !== 'object' || value === null || !('config' in value)) return undefined;
  const { config } = value;
  const name = 'class_name' in value ? value.class_name : 'name' in value ? value.name : undefined;
  if (typeof name !== 'string' || typeof config !== 'object' || config === null) return undefined;
  return { name: functionName(name), config: { ...config } };
}

function sizes(variables: readonly OptimizedVariable[]): string {
  return `${variables.length} variables with ${variables.reduce((sum, { size }) => sum + size, 0)} elements`;
}

export function usage(message: string): MemcellError {
  return new MemcellError(message, { code: 'usage' });
}
