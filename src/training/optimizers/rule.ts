/** What all optimizers have in common: one step is clip the gradients, decay the weights, update, count. */

import { modelError, usageError } from '../../errors.js';
import { counted } from '../../format.js';
import { type EitherSpelling, namedOptions, shown } from '../../spelling.js';
import { mustBe, notNegative } from '../../valueKinds.js';
import { clip, scale } from '../clipping.js';
import type { OptimizerName } from '../optimizers.js';
import { complete, functionName, type OptionRule } from '../options.js';
import { getSchedule, type LearningRateSchedule, type SerializedSchedule } from '../schedules.js';
import type {
  LearningRate,
  OptimizedVariable,
  Optimizer,
  OptimizerConfig,
  OptimizerFunction,
  OptimizerOptions,
} from './optimizer.js';

/** What an optimizer's function takes first: its options, or the learning rate, and then the options. */
type Given<Options> = LearningRate | EitherSpelling<Options>;

/** An option's default and what it must be. */
type Option = readonly [value: unknown, kind: OptionRule];

/** What every optimizer has beside the learning rate. */
const COMMON = {
  weightDecay: [null, 'notNegative?'],
  excludeFromWeightDecay: [[], 'strings'],
  clipnorm: [null, 'positive?'],
  clipvalue: [null, 'positive?'],
  globalClipnorm: [null, 'positive?'],
  useEma: [false, 'boolean'],
  emaMomentum: [0.99, 'fraction'],
  emaOverwriteFrequency: [null, 'positiveCount?'],
  gradientAccumulationSteps: [null, 'positiveCount?'],
} satisfies Record<Exclude<keyof OptimizerOptions, 'learningRate'>, Option>;

/** The slots that come after a rule's own. */
export const AVERAGE = 'average';
const ACCUMULATOR = 'gradientAccumulator';

/** What a batch is to an optimizer that takes several for an update. */
interface Turn {
  /** Updates before it. */
  step: number;
  updates: boolean;
  /** Of the average, before this batch's weights are added. */
  momentum: number;
  /** Whether the weights become their averages after it. */
  overwrites: boolean;
}

/** @param batch counted from 0 */
function turnOf(
  batch: number,
  { gradientAccumulationSteps, emaMomentum, emaOverwriteFrequency }: Pick<OptimizerConfig, EmaOption>,
): Turn {
  const batches = gradientAccumulationSteps ?? 1;
  const step = Math.floor(batch / batches);
  return {
    step,
    updates: (batch + 1) % batches === 0,
    momentum: step === 0 ? 0 : emaMomentum,
    overwrites: emaOverwriteFrequency !== null && (step + 1) % emaOverwriteFrequency === 0,
  };
}

type EmaOption = 'gradientAccumulationSteps' | 'emaMomentum' | 'emaOverwriteFrequency';

/**
 * What stands for an epsilon of 0: too small to change a root that is not 0, it makes the step of a weight that has never had
 * a gradient 0, where Keras's is 0/0 and spoils the model.
 */
export const LEAST_EPSILON = 2 ** -126;

function withLeastEpsilon<Config extends object>(config: Config): Config {
  return 'epsilon' in config ? { ...config, epsilon: Math.max(Number(config.epsilon), LEAST_EPSILON) } : config;
}

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
  slotNames: readonly string[];
  /** What slots are filled with at first. Default 0. */
  initial?: number;
  update: Update;
}

/** The options that only this optimizer has. */
type Own<Options> = Omit<Options, keyof OptimizerOptions>;

/**
 * An optimizer's function from its defaults and its rule.
 * @param learningRate its default
 * @param options its own, and those common ones whose default is another
 */
export function defineOptimizer<Options extends OptimizerOptions>(
  name: OptimizerName,
  learningRate: number,
  options: { readonly [Name in keyof Own<Options>]-?: Option } & { weightDecay?: Option },
  rule: (config: Required<Own<Options>>) => Rule,
): OptimizerFunction<Options> {
  const table: Record<string, Option> = { learningRate: [learningRate, 'other'], ...COMMON, ...options };
  const column = <I extends 0 | 1>(i: I) =>
    Object.fromEntries(Object.entries(table).map(([option, entry]) => [option, entry[i]])) as Record<string, Option[I]>;
  const kinds = column(1);
  const make = (first?: Given<Options>, rest?: EitherSpelling<Options>): Optimizer => {
    const config = complete(name, column(0), rateFirst(name, first, rest), kinds) as Required<Options> &
      Required<OptimizerOptions>;
    return new RuleOptimizer(name, rule(withLeastEpsilon(config)), config);
  };
  return Object.defineProperty(make, 'name', { value: name });
}

class RuleOptimizer implements Optimizer {
  readonly slotNames: readonly string[];
  iterations = 0;
  private readonly ruleSlots: number;
  private readonly update: Update;
  private readonly initial: number;
  private readonly settings: Required<OptimizerOptions>;
  private rate: number | LearningRateSchedule;
  private variables: OptimizedVariable[] = [];
  private slots: Float32Array[] = [];

  constructor(
    readonly name: OptimizerName,
    rule: Rule,
    settings: Required<OptimizerOptions>,
  ) {
    this.ruleSlots = rule.slotNames.length;
    this.slotNames = [
      ...rule.slotNames,
      ...(settings.useEma ? [AVERAGE] : []),
      ...(settings.gradientAccumulationSteps ? [ACCUMULATOR] : []),
    ];
    this.update = rule.update;
    this.initial = rule.initial ?? 0;
    this.settings = settings;
    this.rate = checkedRate(name, settings.learningRate);
    const clips = (['clipnorm', 'clipvalue', 'globalClipnorm'] as const).filter((name) => settings[name] !== null);
    if (clips.length > 1)
      throw usageError(`${name}: ${clips.join(' and ')} are both given; only one kind of clipping can be`);
    if (settings.gradientAccumulationSteps === 1)
      throw usageError(
        `${name}: gradientAccumulationSteps must be at least 2, or null for an update at every batch, not 1`,
      );
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
      throw usageError(
        `${this.name}: the learning rate follows ${this.rate.name}, so it cannot be set; compile with a number`,
      );
    this.rate = checkedRate(this.name, value);
  }

  build(variables: readonly OptimizedVariable[]): void {
    const same =
      this.variables.length === variables.length && variables.every(({ size }, i) => this.variables[i].size === size);
    if (this.variables.length > 0 && !same)
      throw usageError(
        `${this.name}: this optimizer belongs to another model (${sizes(this.variables)}, now ${sizes(variables)}); make a new one`,
      );
    this.variables = variables.map(({ name, size }) => ({ name, size }));
    if (!same)
      this.slots = variables.flatMap(({ size }) =>
        this.slotNames.map((_, i) => new Float32Array(size).fill(i < this.ruleSlots ? this.initial : 0)),
      );
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
    const { settings, variables } = this;
    if (weights.length !== variables.length || gradients.length !== variables.length)
      throw usageError(
        `${this.name}: ${counted(weights.length, 'weight')} and ${counted(gradients.length, 'gradient')} for ${sizes(variables)}`,
      );
    weights.forEach((weight, i) => {
      if (weight.length !== variables[i].size || gradients[i].length !== variables[i].size)
        throw usageError(
          `${this.name}: weight ${i} has ${counted(weight.length, 'element')}; expected ${variables[i].size}`,
        );
    });
    const turn = turnOf(this.iterations, settings);
    const batches = settings.gradientAccumulationSteps;
    if (batches !== null) this.accumulate(gradients, turn.updates ? batches : undefined);
    // Rows that a batch uses one by one are no longer apart in the mean over batches.
    if (turn.updates) this.updateAll(weights, gradients, batches === null ? squares : [], turn.step);
    if (settings.useEma) {
      weights.forEach((weight, i) => {
        follow(this.slotOf(i, AVERAGE), weight, turn.momentum);
      });
      if (turn.overwrites) this.average(weights);
    }
    this.iterations++;
  }

  private updateAll(
    weights: readonly Float32Array[],
    gradients: readonly Float32Array[],
    squares: readonly (Float32Array | undefined)[],
    step: number,
  ): void {
    const { settings, slotNames, variables } = this;
    const rate = this.learningRate;
    clip(gradients, squares, settings);
    const byUse = settings.globalClipnorm === null;
    weights.forEach((weight, i) => {
      if (this.decays(variables[i])) scale(weight, 1 - rate * (settings.weightDecay ?? 0));
      const first = i * slotNames.length;
      const own = this.slots.slice(first, first + this.ruleSlots);
      this.update(weight, gradients[i], byUse ? squares[i] : undefined, own, rate, step);
    });
  }

  /** Adds gradients to those of the batches before; for an update they become the mean of all, and there are none before the next. */
  private accumulate(gradients: readonly Float32Array[], batches: number | undefined): void {
    gradients.forEach((gradient, i) => {
      const sums = this.slotOf(i, ACCUMULATOR);
      for (let k = 0; k < gradient.length; k++) {
        const sum = gradient[k] + sums[k];
        if (batches !== undefined) gradient[k] = sum / batches;
        sums[k] = batches === undefined ? sum : 0;
      }
    });
  }

  private slotOf(variable: number, name: string): Float32Array {
    return this.slots[variable * this.slotNames.length + this.slotNames.indexOf(name)];
  }

  average(weights: readonly Float32Array[]): void {
    if (!this.settings.useEma || this.slots.length === 0) return;
    weights.forEach((weight, i) => {
      weight.set(this.slotOf(i, AVERAGE));
    });
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
    if (!fits) throw modelError(`${this.name}: the saved optimizer state is of another model`);
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

/** average ← momentum·average + (1 − momentum)·weight */
function follow(average: Float32Array, weights: Float32Array, momentum: number): void {
  for (let i = 0; i < weights.length; i++) average[i] = momentum * average[i] + (1 - momentum) * weights[i];
}

/** The options, with the learning rate that stands before them. */
function rateFirst<O extends OptimizerOptions>(
  owner: string,
  first: Given<O> | undefined,
  rest: EitherSpelling<O> | undefined,
): EitherSpelling<O> {
  if (typeof first !== 'number' && !isSchedule(first)) {
    if (rest === undefined) return (first ?? {}) as EitherSpelling<O>;
    throw usageError(`${owner} takes its options, or the learning rate and then its options; not ${shown(first)}`);
  }
  const named = namedOptions(owner, rest);
  if ('learningRate' in named) throw usageError(`${owner}: learningRate is given twice; leave one out`);
  // Checked, as all options are, by who takes them.
  return { ...named, learningRate: first } as EitherSpelling<O>;
}

/** A number of at least 0, or a schedule; a serialised schedule becomes one. */
function checkedRate(owner: string, rate: unknown): number | LearningRateSchedule {
  if (notNegative.check(rate)) return rate;
  if (isSchedule(rate)) return rate;
  const serialized = serializedSchedule(rate);
  if (serialized) return getSchedule(serialized);
  throw usageError(mustBe(`${owner}: learningRate`, `${notNegative.what} or a schedule`, rate));
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
  const elements = variables.reduce((sum, { size }) => sum + size, 0);
  return `${counted(variables.length, 'variable')} with ${counted(elements, 'element')}`;
}
