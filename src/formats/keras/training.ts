/** What Keras's compile was told, between Keras's words for it in a file and what compile() takes here. */
import { layerNameOf } from '../../layers/names.js';
import { camelCase, snakeCase } from '../../spelling.js';
import type { TrainingDescription } from '../../training/description.js';
import type { ModelContents } from '../modelFile.js';
import { isJsonObject, type Json } from '../modelJson.js';
import type { JsonObject } from './layerConfig.js';

type Training = NonNullable<ModelContents['training']>;

const OPTIMIZERS: Record<string, string> = {
  adam: 'Adam',
  adamw: 'AdamW',
  sgd: 'SGD',
  rmsprop: 'RMSprop',
  adagrad: 'Adagrad',
  adamax: 'Adamax',
  nadam: 'Nadam',
  lion: 'Lion',
  // tfjs's.
  momentum: 'SGD',
};

/** Options that optimizers have here, by Keras's names. */
const OPTIONS: Record<string, string[]> = {
  Adam: ['beta_1', 'beta_2', 'epsilon', 'amsgrad'],
  AdamW: ['beta_1', 'beta_2', 'epsilon', 'amsgrad'],
  SGD: ['momentum', 'nesterov'],
  RMSprop: ['rho', 'momentum', 'epsilon', 'centered'],
  Adagrad: ['initial_accumulator_value', 'epsilon'],
  Adamax: ['beta_1', 'beta_2', 'epsilon'],
  Nadam: ['beta_1', 'beta_2', 'epsilon'],
  Lion: ['beta_1', 'beta_2'],
};
const COMMON = [
  'learning_rate',
  'weight_decay',
  'clipnorm',
  'clipvalue',
  'global_clipnorm',
  'use_ema',
  'ema_momentum',
  'ema_overwrite_frequency',
  'gradient_accumulation_steps',
];

/** Options that change no step. */
const WITHOUT_EFFECT = /^(name|jit_compile|is_legacy_optimizer|exclude_from_weight_decay|dtype|schedule_decay)$/;

/**
 * What a file's compile_config (`.keras`) or training_config (`.h5`, tfjs) says; what cannot be had here is noted in `lost`.
 */
export function trainingFrom(given: Json | undefined, lost: string[]): Training | undefined {
  if (!isJsonObject(given)) return undefined;
  const written = given.optimizer_config ?? given.optimizer;
  if (written === undefined || written === null) return undefined;
  const optimizer = optimizerFrom(written, lost);
  const loss = lossFrom(given.loss ?? null, lost);
  if (!optimizer || loss === undefined) {
    lost.push('the model comes uncompiled');
    return undefined;
  }
  const lossWeights = given.loss_weights ?? null;
  const metrics = metricsFrom(given.metrics ?? null, lost);
  const weightedMetrics = metricsFrom(given.weighted_metrics ?? null, lost);
  return {
    optimizer,
    loss,
    ...(lossWeights !== null && { lossWeights }),
    metrics,
    ...(isSome(weightedMetrics) && { weightedMetrics }),
  };
}

function optimizerFrom(written: Json, lost: string[]): Training['optimizer'] {
  const name = isJsonObject(written) ? written.class_name : written;
  const given = isJsonObject(written) && isJsonObject(written.config) ? written.config : {};
  const key = String(name).replace(/^.*>/, '').toLowerCase();
  if (!Object.hasOwn(OPTIMIZERS, key)) {
    lost.push(`optimizer ${JSON.stringify(name)} is not known here`);
    return undefined;
  }
  const class_name = OPTIMIZERS[key];
  const config: JsonObject = {};
  const names: Record<string, string> = { lr: 'learning_rate', beta1: 'beta_1', beta2: 'beta_2' };
  if (key === 'momentum') names.useNesterov = 'nesterov';
  // tfjs's word; in Keras's older files, which have both, it is how the learning rate falls.
  if (class_name === 'RMSprop' && given.rho === undefined) names.decay = 'rho';
  for (const [option, value] of Object.entries(given)) {
    const known = names[option] ?? snakeCase(option);
    if (COMMON.includes(known) || OPTIONS[class_name].includes(known)) {
      const off = value === null || (known === 'weight_decay' && (value === false || value === 0));
      if (!off) config[known] = known === 'learning_rate' ? scheduleFrom(value) : value;
    } else if (value !== null && value !== false && value !== 0 && !WITHOUT_EFFECT.test(known)) {
      lost.push(`optimizer option ${known} = ${JSON.stringify(value)} is not applied`);
    }
  }
  if (class_name === 'AdamW') config.weight_decay ??= null;
  return { class_name, config };
}

/** A number, or a schedule without Keras's module. */
function scheduleFrom(value: Json): Json {
  if (!isJsonObject(value)) return value;
  const { class_name = null, config = null } = value;
  if (!isJsonObject(config)) return value;
  const { name: _, ...options } = config;
  return { class_name: camelCase(lowerFirst(String(class_name))), config: options };
}

const lowerFirst = (name: string) => name.slice(0, 1).toLowerCase() + name.slice(1);

/** A name, { name, config }, or a list or an object of them for several outputs. */
function lossFrom(written: Json, lost: string[]): Json | undefined {
  if (typeof written === 'string') return written;
  if (Array.isArray(written)) {
    const losses = written.map((one) => lossFrom(one, lost));
    const known = losses.filter((one) => one !== undefined);
    return known.length === losses.length ? known : undefined;
  }
  if (!isJsonObject(written)) {
    if (written !== null) lost.push(`loss ${JSON.stringify(written)} is not known here`);
    return undefined;
  }
  const { class_name, config } = written;
  if (class_name === undefined) {
    const losses = Object.entries(written).map(([output, one]): [string, Json | undefined] => [
      output,
      lossFrom(one, lost),
    ]);
    if (losses.some(([, loss]) => loss === undefined)) return undefined;
    return Object.fromEntries(losses.flatMap(([output, loss]) => (loss === undefined ? [] : [[output, loss]])));
  }
  if (class_name === 'function' && typeof config === 'string') return config;
  const {
    name: _,
    reduction = null,
    dtype: _dtype,
    axis: _axis,
    fn: _fn,
    ...options
  } = isJsonObject(config) ? config : {};
  if (
    reduction !== null &&
    !['auto', 'sum_over_batch_size', 'mean', 'mean_with_sample_weight'].includes(String(reduction))
  ) {
    lost.push(`a loss with reduction ${JSON.stringify(reduction)} is not known here`);
    return undefined;
  }
  return { name: layerNameOf(String(class_name)), config: options };
}

/** Options that metrics have here, by Keras's names of metric and option, with Keras's defaults. */
const METRIC_OPTIONS: Record<string, JsonObject> = {
  BinaryAccuracy: { threshold: 0.5 },
  TopKCategoricalAccuracy: { k: 5 },
  SparseTopKCategoricalAccuracy: { k: 5 },
  Precision: { thresholds: 0.5, class_id: null },
  Recall: { thresholds: 0.5, class_id: null },
  AUC: { num_thresholds: 200, curve: 'ROC' },
  F1Score: { average: null, threshold: null },
  R2Score: { class_aggregation: 'uniform_average', num_regressors: 0 },
};

/** What Keras has for options that change nothing. */
const USUAL_IN_METRICS: Record<string, Json> = { summation_method: 'interpolation', axis: -1 };

const isSome = (metrics: Json) => typeof metrics === 'object' && metrics !== null && Object.keys(metrics).length > 0;

/** Metrics for all outputs, or by output: names, or kinds with their options. */
function metricsFrom(written: Json, lost: string[]): Json {
  if (isJsonObject(written) && written.class_name === undefined) {
    return Object.fromEntries(Object.entries(written).map(([output, own]) => [output, metricsIn(own, lost)]));
  }
  const metrics = metricsIn(written, lost);
  if (Array.isArray(written) && written.some(Array.isArray) && metrics.length > 0) {
    lost.push('metrics of single outputs are computed for all outputs');
  }
  const texts = metrics.map((metric) => JSON.stringify(metric));
  return metrics.filter((_, i) => texts.indexOf(texts[i]) === i);
}

function metricsIn(written: Json, lost: string[]): Json[] {
  if (typeof written === 'string') return [written];
  if (Array.isArray(written)) return written.flatMap((one) => metricsIn(one, lost));
  if (!isJsonObject(written)) return [];
  const { class_name, config } = written;
  if (class_name === undefined) return Object.values(written).flatMap((one) => metricsIn(one, lost));
  if (class_name === 'function' && typeof config === 'string') return [config];
  const { name: given, dtype: _dtype, ...options } = isJsonObject(config) ? config : {};
  if (class_name === 'MeanMetricWrapper') return typeof given === 'string' ? [given] : [];
  const kind = String(class_name);
  const name = layerNameOf(kind);
  const own = METRIC_OPTIONS[kind];
  if (!own) return [name];
  const said = Object.entries(options).filter(
    ([option, value]) => value !== null && value !== (Object.hasOwn(own, option) ? own[option] : usual(option)),
  );
  const foreign = said.find(([option, value]) => !Object.hasOwn(own, option) || Array.isArray(value));
  if (foreign) {
    lost.push(`metric ${name} with ${foreign[0]} ${JSON.stringify(foreign[1])} is not known here`);
    return [];
  }
  if (said.length === 0) return [name];
  return [{ name: kind, config: { ...Object.fromEntries(said), name: typeof given === 'string' ? given : name } }];
}

/** What an option that metrics here have not is where it changes nothing. */
function usual(option: string): Json {
  return USUAL_IN_METRICS[option] ?? false;
}

/** One of the optimizer's variables, as a file has it. */
export interface OptimizerVariable {
  /** What tells its slot; in `.keras` there is none. */
  name?: string;
  shape: readonly number[];
  data: ArrayLike<number>;
  isCount: boolean;
}

/** Keras's own names of slots, in the order in which it makes them: 'a b' side by side for each weight, 'a' then 'c' one after the other. */
function slotGroups(optimizer: NonNullable<Training['optimizer']>): string[][] {
  const { use_ema, gradient_accumulation_steps } = optimizer.config;
  return [
    ...(use_ema === true ? [['average']] : []),
    ...(gradient_accumulation_steps ? [['gradientAccumulator']] : []),
    ...ruleGroups(optimizer),
  ];
}

function ruleGroups({ class_name, config }: NonNullable<Training['optimizer']>): string[][] {
  switch (class_name) {
    case 'SGD':
      return Number(config.momentum ?? 0) === 0 ? [] : [['momentum']];
    case 'RMSprop':
      return [
        ['velocity'],
        ...(Number(config.momentum ?? 0) > 0 ? [['momentum']] : []),
        ...(config.centered === true ? [['averageGradient']] : []),
      ];
    case 'Adagrad':
      return [['accumulator']];
    case 'Adamax':
      return [['momentum', 'norm']];
    case 'Lion':
      return [['momentum']];
    default:
      return [['momentum', 'velocity'], ...(config.amsgrad === true ? [['velocityHat']] : [])];
  }
}

/** How Keras 3, Keras 2.11 and older ones and tfjs name a slot's variables. */
const SLOT_NAMES: Record<string, RegExp> = {
  average: /[_/]average(:\d+)?$/i,
  gradientAccumulator: /gradient_accumulator/i,
  accumulator: /accumulator/i,
  norm: /norm(:\d+)?$|\/norm\/|(^|\/)u\//i,
  velocityHat: /vhat|velocity_hat/i,
  averageGradient: /\/mg(:\d+)?$|average_gradient|\/mean_grad/i,
  velocity: /(^|\/)v\/|\/v(:\d+)?$|velocity|\/rms(:\d+)?$/i,
  momentum: /(^|\/)m\/|\/m(:\d+)?$|momentum/i,
};

/**
 * @param scalars whether the model has weights of no axis, which have slots of none
 * @throws nothing: state in no known order is noted in `lost`, and the optimizer starts anew
 */
export function optimizerStateFrom(
  optimizer: NonNullable<Training['optimizer']>,
  variables: readonly OptimizerVariable[],
  lost: string[],
  scalars = false,
): ModelContents['optimizerState'] {
  if (variables.length === 0) return undefined;
  const count =
    variables.find(({ isCount, shape }) => isCount && shape.length === 0) ?? variables.find(({ isCount }) => isCount);
  const others = variables.filter((variable) => variable !== count);
  // In `.keras` the learning rate comes before the slots, unless a schedule gives it.
  const rate = isJsonObject(optimizer.config.learning_rate ?? null)
    ? undefined
    : others.find(({ shape, name }) => shape.length === 0 && name === undefined);
  const isSlot = (variable: OptimizerVariable) =>
    scalars && variable !== rate && (variable.name === undefined || slotOf(variable.name) !== undefined);
  const arrays = others.filter((variable) => variable.shape.length > 0 || isSlot(variable));
  const groups = slotGroups(optimizer);
  const names = groups.flat();
  const iterations = count ? Number(count.data[0]) : Number.NaN;
  const size = names.length === 0 ? 0 : arrays.length / names.length;
  const found = byName(names, arrays) ?? (arrays.some(({ name }) => name) ? undefined : inOrder(groups, arrays, size));
  if (!Number.isSafeInteger(iterations) || iterations < 0 || !found) {
    lost.push("the optimizer's state is in an order not known here; it starts anew");
    return undefined;
  }
  return { iterations, slots: found };
}

type Slots = { [slot: string]: Float32Array[] };

function byName(names: string[], arrays: readonly OptimizerVariable[]): Slots | undefined {
  const slots: Slots = Object.fromEntries(names.map((name) => [name, []]));
  for (const { name, data } of arrays) {
    const slot = slotOf(name);
    // tfjs's RMSprop has one whether it is used or not.
    if (slot === 'momentum' && !Object.hasOwn(slots, slot)) continue;
    if (slot === undefined || !Object.hasOwn(slots, slot)) return undefined;
    slots[slot].push(Float32Array.from(data));
  }
  return names.every((name) => slots[name].length === slots[names[0]].length) ? slots : undefined;
}

/** By the end of the name, where that tells it: a layer may be called 'velocity', too. */
function slotOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const slots = Object.keys(SLOT_NAMES);
  const found = (text: string) => slots.find((slot) => SLOT_NAMES[slot].test(text));
  const whole = slots.find((slot) => ['_', '/'].some((before) => name.endsWith(before + snakeCase(slot))));
  return whole ?? found(name.slice(name.lastIndexOf('/'))) ?? found(name);
}

function inOrder(groups: string[][], arrays: readonly OptimizerVariable[], size: number): Slots | undefined {
  if (!Number.isInteger(size)) return undefined;
  const slots: Slots = {};
  let at = 0;
  for (const names of groups) {
    names.forEach((name, i) => {
      slots[name] = Array.from({ length: size }, (_, k) => Float32Array.from(arrays[at + k * names.length + i].data));
    });
    at += names.length * size;
  }
  return slots;
}

/** The slots' arrays in Keras's order, each with the slot's name in Keras and the number of its weight. */
export function slotsInOrder(
  optimizer: NonNullable<Training['optimizer']>,
  { slots }: NonNullable<ModelContents['optimizerState']>,
): { slot: string; weight: number; data: Float32Array }[] {
  return slotGroups(optimizer).flatMap((names) => {
    const count = slots[names[0]]?.length ?? 0;
    return Array.from({ length: count }, (_, weight) =>
      names.map((slot) => ({ slot: snakeCase(slot), weight, data: slots[slot][weight] })),
    ).flat();
  });
}

/** compile()'s words, as Keras has them. */
export function kerasOptimizer({ class_name, config }: NonNullable<Training['optimizer']>): JsonObject {
  const options: JsonObject = { name: class_name.toLowerCase() };
  for (const name of [...COMMON, ...(OPTIONS[class_name] ?? [])]) {
    if (config[name] !== undefined) options[name] = config[name];
  }
  if (options.learning_rate !== undefined) options.learning_rate = kerasSchedule(options.learning_rate);
  // Keras's AdamW refuses none.
  if (class_name === 'AdamW') options.weight_decay ??= 0;
  return { module: 'keras.optimizers', class_name, config: options, registered_name: null };
}

function kerasSchedule(value: Json): Json {
  if (!isJsonObject(value) || !isJsonObject(value.config)) return value;
  const name = camelCase(String(value.class_name ?? value.name));
  const config = Object.fromEntries(Object.entries(value.config).map(([key, one]) => [snakeCase(key), one]));
  const class_name = name.slice(0, 1).toUpperCase() + name.slice(1);
  return { module: 'keras.optimizers.schedules', class_name, config, registered_name: null };
}

/**
 * Keras 3 builds the optimizer of an .h5 for no variables where it finds `optimizer_weights`, and then trains nothing: neither
 * its own files nor others'.
 */
export const OPTIMIZER_IN_H5 = 'memcell_optimizer_weights';

/** What of compile() a file has for memcell alone, since Keras has not the same. */
export const OWN_COMPILE = 'memcell_compile';

/** The optimizer in what describeTraining() has written, as far as its slots go; undefined for what it has not. */
export function optimizerOfDescription(training: unknown): Training['optimizer'] {
  if (!isJsonObject(training) || !isJsonObject(training.optimizer)) return undefined;
  const { name, config } = training.optimizer;
  if (typeof name !== 'string' || !Object.hasOwn(OPTIMIZERS, name) || !isJsonObject(config)) return undefined;
  const options = Object.fromEntries(Object.entries(config).map(([option, value]) => [snakeCase(option), value]));
  return { class_name: OPTIMIZERS[name], config: options };
}

/** compile()'s options as it describes them here, in Keras's words. */
export function trainingOfDescription(described: TrainingDescription, lost: string[]): Training {
  const { name, config } = described.optimizer;
  const class_name = OPTIMIZERS[name];
  const options: JsonObject = {};
  for (const [key, value] of Object.entries(config)) {
    const option = snakeCase(key).replace(/(beta)(\d)/, '$1_$2');
    if (COMMON.includes(option) || OPTIONS[class_name].includes(option)) options[option] = jsonOf(value);
    else if (Array.isArray(value) && value.length > 0) lost.push(`optimizer option ${option} is not kept`);
  }
  const { loss, lossWeights, metrics, weightedMetrics } = described;
  return {
    optimizer: { class_name, config: options },
    loss: jsonOf(loss),
    ...(lossWeights !== undefined && { lossWeights: jsonOf(lossWeights) }),
    metrics: jsonOf(metrics),
    ...(weightedMetrics && { weightedMetrics: jsonOf(weightedMetrics) }),
  };
}

function jsonOf(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null));
}
