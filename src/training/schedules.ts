/**
 * Learning-rate schedules: the rate as a function of the optimizer's iterations, with Keras 3's formulas and defaults
 * (https://keras.io/api/optimizers/learning_rate_schedules/).
 */

import { usageError } from '../errors.js';
import { counted } from '../format.js';
import { type EitherSpelling, namedOptions } from '../spelling.js';
import { complete, functionName, type Options } from './options.js';

export interface LearningRateSchedule {
  readonly name: ScheduleName;
  /** Every argument, in camelCase; getSchedule({ name, config }) makes the same schedule again. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The learning rate of the step with this number, counted from 0. */
  at(iteration: number): number;
}

export interface SerializedSchedule {
  name: string;
  config: Record<string, unknown>;
}

export type DecayOptions = {
  initialLearningRate: number;
  decaySteps: number;
};

/** rate = initial · decayRate^(step / decaySteps); with staircase the exponent is rounded down. */
export function exponentialDecay(
  options: EitherSpelling<DecayOptions & { decayRate: number; staircase?: boolean }>,
): LearningRateSchedule {
  const config = complete('exponentialDecay', { staircase: false }, options, {
    ...DECAY,
    decayRate: 'number',
    staircase: 'boolean',
  });
  const { initialLearningRate, decaySteps, decayRate, staircase } = config;
  return {
    name: 'exponentialDecay',
    config,
    at: (step) => initialLearningRate * decayRate ** periods(step, decaySteps, staircase),
  };
}

/** rate = initial / (1 + decayRate · step / decaySteps); with staircase the fraction is rounded down. */
export function inverseTimeDecay(
  options: EitherSpelling<DecayOptions & { decayRate: number; staircase?: boolean }>,
): LearningRateSchedule {
  const config = complete('inverseTimeDecay', { staircase: false }, options, {
    ...DECAY,
    decayRate: 'number',
    staircase: 'boolean',
  });
  const { initialLearningRate, decaySteps, decayRate, staircase } = config;
  return {
    name: 'inverseTimeDecay',
    config,
    at: (step) => initialLearningRate / (1 + decayRate * periods(step, decaySteps, staircase)),
  };
}

/**
 * rate = (initial - end) · (1 - step / decaySteps)^power + end, and end after decaySteps; with cycle, decaySteps is
 * stretched to its next multiple instead, so the rate saws up and down.
 */
export function polynomialDecay(
  options: EitherSpelling<DecayOptions & { endLearningRate?: number; power?: number; cycle?: boolean }>,
): LearningRateSchedule {
  const config = complete('polynomialDecay', { endLearningRate: 0.0001, power: 1, cycle: false }, options, {
    ...DECAY,
    endLearningRate: 'number',
    power: 'number',
    cycle: 'boolean',
  });
  const { initialLearningRate, decaySteps, endLearningRate, power, cycle } = config;
  return {
    name: 'polynomialDecay',
    config,
    at: (step) => {
      const length = cycle && step > 0 ? decaySteps * Math.ceil(step / decaySteps) : decaySteps;
      const left = 1 - Math.min(step, length) / length;
      return (initialLearningRate - endLearningRate) * left ** power + endLearningRate;
    },
  };
}

/**
 * rate = top · ((1 - alpha) · (1 + cos(π · step / decaySteps)) / 2 + alpha), and top · alpha after decaySteps
 * (Loshchilov and Hutter, 2017, without restarts). With a warmupTarget, the rate first rises linearly from initial to
 * the target in warmupSteps, and top is the target; without one, top is initial.
 */
export function cosineDecay(
  options: EitherSpelling<DecayOptions & { alpha?: number; warmupTarget?: number | null; warmupSteps?: number }>,
): LearningRateSchedule {
  const config = complete('cosineDecay', { alpha: 0, warmupTarget: null as number | null, warmupSteps: 0 }, options, {
    ...DECAY,
    alpha: 'number',
    warmupTarget: 'number?',
    warmupSteps: 'count',
  });
  const { initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps } = config;
  const decayed = (top: number, step: number) =>
    top * ((1 - alpha) * 0.5 * (1 + Math.cos((Math.PI * Math.min(step, decaySteps)) / decaySteps)) + alpha);
  return {
    name: 'cosineDecay',
    config,
    at: (step) => {
      if (warmupTarget === null) return decayed(initialLearningRate, step);
      if (step >= warmupSteps) return decayed(warmupTarget, step - warmupSteps);
      return initialLearningRate + (warmupTarget - initialLearningRate) * (step / warmupSteps);
    },
  };
}

/**
 * cosineDecay that begins anew: the first period has firstDecaySteps steps, each further one tMul times as many and mMul times the
 * rate (Loshchilov and Hutter, 2017): rate = initial · ((1 - alpha) · mMulⁿ · (1 + cos(π · f)) / 2 + alpha), n periods done and f of this one.
 */
export function cosineDecayRestarts(options: {
  initialLearningRate: number;
  firstDecaySteps: number;
  tMul?: number;
  mMul?: number;
  alpha?: number;
}): LearningRateSchedule {
  const config = complete('cosineDecayRestarts', { tMul: 2, mMul: 1, alpha: 0 }, options, {
    initialLearningRate: 'number',
    firstDecaySteps: 'positive',
    tMul: 'positive',
    mMul: 'notNegative',
    alpha: 'number',
  });
  const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha } = config;
  if (tMul < 1)
    throw usageError(`cosineDecayRestarts: tMul must be at least 1, since periods must not end, not ${tMul}`);
  return {
    name: 'cosineDecayRestarts',
    config,
    at: (step) => {
      const { done, fraction } = period(step / firstDecaySteps, tMul);
      const cosine = 0.5 * mMul ** done * (1 + Math.cos(Math.PI * fraction));
      return initialLearningRate * ((1 - alpha) * cosine + alpha);
    },
  };
}

/** Periods of lengths 1, tMul, tMul², …: how many are over at a time, and what share of the next. */
function period(time: number, tMul: number): { done: number; fraction: number } {
  if (tMul === 1) return { done: Math.floor(time), fraction: time - Math.floor(time) };
  const beginning = (n: number) => (1 - tMul ** n) / (1 - tMul);
  let done = Math.floor(Math.log(1 - time * (1 - tMul)) / Math.log(tMul));
  // Logarithms of whole periods may come out a little short.
  if (beginning(done + 1) <= time) done++;
  return { done, fraction: (time - beginning(done)) / tMul ** done };
}

/** rate = values[i] while step ≤ boundaries[i], and the last value after the last boundary. */
export function piecewiseConstantDecay(options: { boundaries: number[]; values: number[] }): LearningRateSchedule {
  const config = complete('piecewiseConstantDecay', {}, options, { boundaries: 'numbers', values: 'numbers' });
  const { boundaries, values } = config;
  if (values.length !== boundaries.length + 1)
    throw usageError(
      `piecewiseConstantDecay: ${counted(boundaries.length, 'boundary needs', 'boundaries need')} ${boundaries.length + 1} values, not ${values.length}`,
    );
  if (boundaries.some((boundary, i) => i > 0 && boundary <= boundaries[i - 1]))
    throw usageError(`piecewiseConstantDecay: boundaries must rise, not be ${boundaries.join(', ')}`);
  return {
    name: 'piecewiseConstantDecay',
    config,
    at: (step) => {
      const i = boundaries.findIndex((boundary) => step <= boundary);
      return values[i < 0 ? boundaries.length : i];
    },
  };
}

const SCHEDULES = {
  exponentialDecay,
  inverseTimeDecay,
  polynomialDecay,
  cosineDecay,
  cosineDecayRestarts,
  piecewiseConstantDecay,
};
export type ScheduleName = keyof typeof SCHEDULES;

const DECAY = { initialLearningRate: 'number', decaySteps: 'positive' } as const;

function periods(step: number, decaySteps: number, staircase: boolean): number {
  return staircase ? Math.floor(step / decaySteps) : step / decaySteps;
}

/**
 * A schedule from what its name and config say, in memcell's or Keras's spelling ({ class_name: 'CosineDecay', … }).
 *
 * @throws MemcellError ('usage') for an unknown name or argument.
 */
export function getSchedule(serialized: SerializedSchedule): LearningRateSchedule {
  const known = Object.keys(SCHEDULES);
  const name = functionName(serialized.name);
  const make = Object.entries(SCHEDULES).find(([key]) => key === name)?.[1] as
    | ((options: Options) => LearningRateSchedule)
    | undefined;
  if (!make)
    throw usageError(`unknown learning-rate schedule '${serialized.name}'; the known ones are ${known.join(', ')}`);
  const { name: _, ...config } = namedOptions(name, serialized.config);
  return make(config);
}
