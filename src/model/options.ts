/** The kinds of values a layer's options take: each checks what was given and returns what tfjs is told. */
import { list } from '../data/suggest.js';
import { MemcellError } from '../errors.js';
import { camelCase, shown } from '../spelling.js';
import type * as tf from '../tf.js';
import { tfjsActivation } from './activations.js';
import { initializerConfig, initializerNames } from './initializers.js';

/** Checks a value; `what` names it in the error: 'LSTM: units'. */
export type OptionKind = (value: unknown, what: string) => unknown;

/** The most units or sizes of one layer. Far more than any recurrent network has; a slip of the hand is beyond it. */
const mostUnits = 65_536;

/** A value as an error shows it, on one line and short. */
export function show(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (isSerializable(value)) return `a ${value.getClassName()}${'computeOutputShape' in value ? ' layer' : ''}`;
  return shown(value);
}

function refuse(what: string, needed: string, value: unknown): never {
  throw new MemcellError(`${what} must be ${needed}, not ${show(value)}`, { code: 'model' });
}

function wholeNumber(least: number, most: number): OptionKind {
  const needed = `a whole number from ${least} to ${most}`;
  return (value, what) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? value
      : refuse(what, needed, value);
}

/** A layer's number of units or steps. */
export const units: OptionKind = wholeNumber(1, mostUnits);

/** A vocabulary's size. */
export const vocabulary: OptionKind = wholeNumber(1, 2 ** 24);

export const flag: OptionKind = (value, what) =>
  typeof value === 'boolean' ? value : refuse(what, 'true or false', value);

/** A share of units to drop: 0 ≤ rate < 1. */
export const rate: OptionKind = (value, what) =>
  typeof value === 'number' && value >= 0 && value < 1 ? value : refuse(what, 'a number from 0 to below 1', value);

export const finite: OptionKind = (value, what) => (Number.isFinite(value) ? value : refuse(what, 'a number', value));

export const positive: OptionKind = (value, what) =>
  Number.isFinite(value) && Number(value) > 0 ? value : refuse(what, 'a number above 0', value);

/** A layer's name, which becomes part of its weights' names. */
export const layerName: OptionKind = (value, what) =>
  typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(value)
    ? value
    : refuse(what, 'a name of letters, digits, "_", "-" and "."', value);

/** One sample's shape: sizes, or null for a size that may vary. */
export const shape: OptionKind = (value, what) => {
  const isSize = (size: unknown) => size === null || (typeof size === 'number' && Number.isInteger(size) && size > 0);
  const sizes = typeof value === 'number' ? [value] : value;
  if (!Array.isArray(sizes) || sizes.length === 0 || !sizes.every(isSize)) {
    refuse(what, 'a list of whole numbers above 0 (null where any number of steps will do), such as [30, 4]', value);
  }
  return [...sizes];
};

/** The most samples of a fixed batch. */
export const mostBatch = 65_536;

/** Samples of a fixed batch, for which stateful layers hold states. */
export const batchSize: OptionKind = wholeNumber(1, mostBatch);

/** A batch's shape: its size, then one sample's shape. */
export const batchShape: OptionKind = (value, what) => {
  if (!Array.isArray(value) || value.length < 2)
    refuse(what, 'the batch size followed by the shape of one sample, such as [32, 30, 4]', value);
  const [batch, ...sample] = value;
  return [batch === null ? null : batchSize(batch, `${what}[0]`), ...(shape(sample, what) as unknown[])];
};

export function oneOf(...known: string[]): OptionKind {
  return (value, what) => {
    const name = typeof value === 'string' ? camelCase(value) : value;
    return known.includes(name as string) ? name : refuse(what, `one of ${list(known)}`, value);
  };
}

/** Keras's None (null here) is no activation. */
export const activation: OptionKind = (value, what) => {
  if (value === null) return 'linear';
  return typeof value === 'string' ? tfjsActivation(value, what) : refuse(what, `an activation's name`, value);
};

export const initializer: OptionKind = (value, what) => {
  if (typeof value === 'string') return initializerConfig(value, what);
  if (isSerialised(value)) return { ...initializerConfig(value.className, what), config: value.config };
  if (isSerializable(value)) return value;
  return refuse(what, `an initializer such as ${list(initializerNames, 3)}`, value);
};

const regularizers = { l1: { l1: 0.01, l2: 0 }, l2: { l1: 0, l2: 0.01 }, l1l2: { l1: 0.01, l2: 0.01 } };

export type RegularizerName = keyof typeof regularizers;

/** Keras's L1, L2 and L1L2: l1·Σ|w| + l2·Σw². A name alone means a factor of 0.01. */
export const regularizer: OptionKind = (value, what) => {
  if (value === null) return undefined;
  if (typeof value === 'string') {
    const name = camelCase(value).toLowerCase();
    if (Object.hasOwn(regularizers, name)) return { className: 'L1L2', config: regularizers[name as RegularizerName] };
  } else if (isSerializable(value)) {
    return value;
  } else if (typeof value === 'object' && !Array.isArray(value)) {
    const given = isSerialised(value) ? value.config : (value as Record<string, unknown>);
    const isFactor = ([name, factor]: [string, unknown]) =>
      (name === 'l1' || name === 'l2') && Number.isFinite(factor) && Number(factor) >= 0;
    const factors = Object.entries(given);
    if (factors.length > 0 && factors.every(isFactor)) return { className: 'L1L2', config: { l1: 0, l2: 0, ...given } };
  }
  return refuse(what, `'l1', 'l2', 'l1l2' or { l1, l2 } with factors of 0 or more`, value);
};

const constraintNames = ['maxNorm', 'minMaxNorm', 'nonNeg', 'unitNorm'] as const;

export type ConstraintName = (typeof constraintNames)[number];

export const constraint: OptionKind = (value, what) => {
  if (value === null) return undefined;
  const lower = (name: string) => camelCase(name).replace(/^./, (letter) => letter.toLowerCase());
  const isName = (name: string) => constraintNames.some((known) => known === lower(name));
  const className = (name: string) => camelCase(name).replace(/^./, (letter) => letter.toUpperCase());
  if (typeof value === 'string' && isName(value)) return { className: className(value), config: {} };
  if (isSerialised(value) && isName(value.className)) return value;
  if (isSerializable(value)) return value;
  return refuse(what, `one of ${list(constraintNames)}`, value);
};

/** A layer to wrap. */
export const layer: OptionKind = (value, what) =>
  isSerializable(value) && 'computeOutputShape' in value ? value : refuse(what, 'a layer', value);

/** A layer with a direction: LSTM, GRU or SimpleRNN. */
export const recurrentLayer: OptionKind = (value, what) =>
  isSerializable(value) && 'goBackwards' in value
    ? value
    : refuse(what, 'a recurrent layer (LSTM, GRU, SimpleRNN)', value);

function isSerialised(value: unknown): value is { className: string; config: tf.serialization.ConfigDict } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'className' in value &&
    typeof value.className === 'string' &&
    'config' in value &&
    typeof value.config === 'object' &&
    value.config !== null
  );
}

function isSerializable(value: unknown): value is tf.serialization.Serializable {
  return (
    typeof value === 'object' &&
    value !== null &&
    'getClassName' in value &&
    typeof value.getClassName === 'function' &&
    'getConfig' in value
  );
}
