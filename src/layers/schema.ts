/**
 * What a layer's options are: each is declared once, and from that declaration come the check of what is given, the default, and
 * the types of both what is given and what the layer is told.
 */
import { type Activation, tfjsActivation } from '../activations.js';
import { list } from '../data/suggest.js';
import { modelError } from '../errors.js';
import type { PickedRange } from '../plan/picked.js';
import { camelCase, type Spelling, shown } from '../spelling.js';
import type { ConfigDict, Layer, SerializableObject } from '../tfjsTypes.js';
import * as kinds from '../valueKinds.js';
import { type Initializer, initializerConfig, initializerNames } from './initializers.js';

/** Checks a value and gives what the layer is told; `what` names the value in the error: 'LSTM: units'. */
export interface Kind<Given, Told = Given> {
  (value: unknown, what: string): Told;
  /** For the type of what is given alone. */
  readonly given?: Given;
  /** null is a value, and does not stand for what is not given. */
  readonly takesNull?: true;
}

type Need = 'required' | 'optional' | 'defaulted';

/** An option of a layer. */
export interface Option<Given = unknown, Told = unknown, Needed extends Need = Need> {
  readonly need: Needed;
  readonly kind: Kind<Given, Told>;
  /** What stands for an option that is not given, checked like any other. */
  readonly otherwise?: Given;
}

/** An option that has to be given. */
export function required<Given, Told>(kind: Kind<Given, Told>): Option<Given, Told, 'required'> {
  return { need: 'required', kind };
}

/** An option that may be left out. */
export function optional<Given, Told>(kind: Kind<Given, Told>): Option<Given, Told, 'optional'> {
  return { need: 'optional', kind };
}

/** An option with a default. */
export function defaulted<Given, Told>(kind: Kind<Given, Told>, otherwise: Given): Option<Given, Told, 'defaulted'> {
  return { need: 'defaulted', kind, otherwise };
}

/** Options by name, in camelCase; Keras's snake_case spelling is made from these names. */
export type Schema = Readonly<Record<string, Option>>;

/** What a saved configuration has for an option, or its default. */
export function savedOption({ kind, otherwise }: Option, saved: unknown): unknown {
  return saved === undefined || (saved === null && !kind.takesNull) ? otherwise : saved;
}

/** The names of options that may be left out. */
type Optional<S extends Schema> = { [Name in keyof S]: S[Name]['need'] extends 'required' ? never : Name }[keyof S];

type GivenValues<S extends Schema> = { -readonly [Name in keyof S]?: Exclude<S[Name]['kind']['given'], undefined> };

/** The options that a user may give by name, beside those that a layer function takes by position since it needs them. */
export type OptionsOf<S extends Schema> = Pick<GivenValues<S>, Optional<S>>;

/** What a layer is told: checked values, defaults filled in. */
export type SettingsOf<S extends Schema> = {
  readonly [Name in keyof S]: S[Name]['need'] extends 'optional'
    ? ReturnType<S[Name]['kind']> | undefined
    : ReturnType<S[Name]['kind']>;
};

function refuse(what: string, needed: string, value: unknown): never {
  throw modelError(kinds.mustBe(what, needed, value));
}

/** A kind whose values a layer is told as they are. */
function plain<T>({ what: needed, check }: kinds.ValueKind<T>): Kind<T> {
  return (value, what) => (check(value) ? value : refuse(what, needed, value));
}

/** The most units or sizes of one layer. Far more than any recurrent network has; a slip of the hand is beyond it. */
const mostUnits = 65_536;

/** Beyond what any axis has. */
const mostPlaces = 2 ** 31;

const wholeNumber = (least: number, most: number) => plain(kinds.wholeNumber(least, most));

/** A layer's number of units or steps. */
export const units = wholeNumber(1, mostUnits);

/** A number of steps that may be none. */
export const count = wholeNumber(0, mostUnits);

/** A number of groups; -1 for as many as there can be. */
export const groups = wholeNumber(-1, mostUnits);

/** A vocabulary's size. */
export const vocabulary = wholeNumber(1, 2 ** 24);

/** An axis, from the last where it is below 0. */
const axis = wholeNumber(-8, 8);

/** A place of an axis, from its end where it is below 0. */
const place = wholeNumber(-mostPlaces, mostPlaces);

/** An axis, or several. */
export const axes: Kind<number | readonly number[], number | number[]> = (value, what) =>
  Array.isArray(value) ? listOf(axis)(value, what) : axis(value, what);

/** The axis of a sample that counts as one, or a list of it. */
export const oneAxis: Kind<number | readonly [number], number> = (value, what) => single(axis)(value, what);

export const flag = plain(kinds.flag);

/** A share of units to drop: 0 ≤ rate < 1. */
export const rate = plain(kinds.belowOne);

export const finite = plain(kinds.number);

/** A number, or several. */
export const numbers: Kind<number | readonly number[], number | number[]> = (value, what) =>
  Array.isArray(value) ? listOf(finite)(value, what) : finite(value, what);

export const positive = plain(kinds.positive);

export const notNegative = plain(kinds.notNegative);

/** A layer's name, which becomes part of its weights' names. */
export const layerName: Kind<string> = (value, what) =>
  typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(value)
    ? value
    : refuse(what, 'a name of letters, digits, "_", "-" and "."', value);

/** One sample's shape: sizes, or null for a size that may vary. */
export const shape: Kind<readonly (number | null)[], (number | null)[]> = (value, what) => {
  const isSize = (size: unknown): size is number | null =>
    size === null || (typeof size === 'number' && Number.isInteger(size) && size > 0);
  const sizes: unknown = typeof value === 'number' ? [value] : value;
  if (Array.isArray(sizes) && sizes.length > 0 && sizes.every(isSize)) return [...sizes];
  return refuse(
    what,
    'a list of whole numbers above 0 (null where any number of steps will do), such as [30, 4]',
    value,
  );
};

/** The most samples of a fixed batch. */
export const mostBatch = 65_536;

/** Samples of a fixed batch, for which stateful layers hold states. */
export const batchSize = wholeNumber(1, mostBatch);

/** A batch's shape: its size, then one sample's shape. */
export const batchShape: Kind<readonly (number | null)[], (number | null)[]> = (value, what) => {
  if (!Array.isArray(value) || value.length < 2)
    return refuse(what, 'the batch size followed by the shape of one sample, such as [32, 30, 4]', value);
  const [batch, ...sample] = value;
  return [batch === null ? null : batchSize(batch, `${what}[0]`), ...shape(sample, what)];
};

/** One of some names, in either spelling. */
export function oneOf<Name extends string>(...known: Name[]): Kind<Spelling<Name>, Name> {
  return (value, what) => {
    const name = typeof value === 'string' ? camelCase(value) : value;
    return known.find((one) => one === name) ?? refuse(what, `one of ${list(known)}`, value);
  };
}

/** Where features stand: (B,T,I), or (B,I,T) for 'channelsFirst'. */
export const dataFormat = oneOf('channelsLast', 'channelsFirst');

/** A list of so many values of a kind. */
export function listOf<Given, Told>(
  kind: Kind<Given, Told>,
  least = 1,
  most = Infinity,
): Kind<readonly Given[], Told[]> {
  const needed = least === most ? `a list of ${least}` : `a list of ${least} or more`;
  return (value, what) =>
    Array.isArray(value) && value.length >= least && value.length <= most
      ? value.map((item, i) => kind(item, `${what}[${i}]`))
      : refuse(what, needed, value);
}

/** One value of a kind, or a list of one, as Keras writes the sizes of layers over one axis. */
export function single<Given, Told>(kind: Kind<Given, Told>): Kind<Given | readonly [Given], Told> {
  return (value, what) => kind(Array.isArray(value) && value.length === 1 ? value[0] : value, what);
}

/** Two numbers of steps; one number stands for both. */
export const pair: Kind<number | readonly [number, number], [number, number]> = (value, what) => {
  const [first, second] = listOf(count, 2, 2)(typeof value === 'number' ? [value, value] : value, what);
  return [first, second];
};

/** A place of an axis, from the end where it is below 0, or the range [start, stop] or [start, stop, step] of places. */
export const item: Kind<number | PickedRange, number | PickedRange> = (value, what) => {
  if (!Array.isArray(value)) return place(value, what);
  if (value.length !== 2 && value.length !== 3)
    return refuse(what, 'a whole number, or a list [start, stop] or [start, stop, step]', value);
  const [start, stop] = value.slice(0, 2).map((one, i) => (one === null ? null : place(one, `${what}[${i}]`)));
  const step = value[2] ?? 1;
  if (step === 0) return refuse(`${what}[2]`, 'another number than 0', step);
  return step === 1 ? [start, stop] : [start, stop, place(step, `${what}[2]`)];
};

/** Keras's None (null here) for a kind of which there may be none. */
export function nullable<Given, Told>(kind: Kind<Given, Told>): Kind<Given | null, Told | null> {
  const orNull: Kind<Given | null, Told | null> = (value, what) => (value === null ? null : kind(value, what));
  return Object.assign(orNull, { takesNull: true as const });
}

/** Keras's None (null here) is no activation. */
export const activation: Kind<Activation | null, string> = (value, what) => {
  if (value === null) return 'linear';
  return typeof value === 'string' ? tfjsActivation(value, what) : refuse(what, `an activation's name`, value);
};

type Settings = Readonly<Record<string, Kind<number | string | readonly number[], number | string | number[]>>>;

/** What tfjs is told of an initializer, regularizer or constraint: a class with its settings, or an object of one. */
export type Told = { className: string; config: ConfigDict } | SerializableObject;

const shareOfAll = plain(kinds.fraction);

const seeded = { seed: wholeNumber(0, 2 ** 31 - 1) };

/** Settings of the initializers that take others than a seed alone, by their names. */
const initializerSettings: Readonly<Record<string, Settings>> = {
  zeros: {},
  ones: {},
  constant: { value: finite },
  identity: { gain: finite },
  orthogonal: { gain: finite, ...seeded },
  randomUniform: { minval: finite, maxval: finite, ...seeded },
  randomNormal: { mean: finite, stddev: notNegative, ...seeded },
  truncatedNormal: { mean: finite, stddev: notNegative, ...seeded },
  varianceScaling: {
    scale: positive,
    mode: oneOf('fanIn', 'fanOut', 'fanAvg'),
    distribution: oneOf('normal', 'uniform', 'truncatedNormal', 'untruncatedNormal'),
    ...seeded,
  },
};

export const initializer: Kind<Initializer, Told> = (value, what) => {
  if (typeof value === 'string') return initializerConfig(value, what);
  const given = serialised(value);
  if (given) {
    const { className } = initializerConfig(given.className, what);
    return { className, config: settingsOf(given, initializerSettings[camelOf(className)] ?? seeded, what) };
  }
  if (isSerializable(value)) return value;
  return refuse(what, `an initializer such as ${list(initializerNames, 3)}`, value);
};

const regularizers = { l1: { l1: 0.01, l2: 0 }, l2: { l1: 0, l2: 0.01 }, l1l2: { l1: 0.01, l2: 0.01 } };

export type RegularizerName = keyof typeof regularizers;

/** l1·Σ|w| + l2·Σw², added to the loss; a name alone means a factor of 0.01. */
export type Regularizer =
  | RegularizerName
  | Capitalize<RegularizerName>
  | 'l1_l2'
  | 'L1L2'
  | { l1?: number; l2?: number }
  | SerializableObject
  | null;

/** Keras's L1, L2 and L1L2: l1·Σ|w| + l2·Σw². A name alone means a factor of 0.01. */
export const regularizer: Kind<Regularizer, Told | undefined> = (value, what) => {
  if (value === null) return undefined;
  if (typeof value === 'string') {
    const name = camelCase(value).toLowerCase();
    // A copy for each: tfjs writes into what it makes objects of.
    if (Object.hasOwn(regularizers, name))
      return { className: 'L1L2', config: { ...regularizers[name as RegularizerName] } };
  } else if (isSerializable(value)) {
    return value;
  } else if (typeof value === 'object' && !Array.isArray(value)) {
    const given = serialised(value)?.config ?? (value as Record<string, unknown>);
    const isFactor = ([name, factor]: [string, unknown]) =>
      (name === 'l1' || name === 'l2') && Number.isFinite(factor) && Number(factor) >= 0;
    const factors = Object.entries(given);
    if (factors.length > 0 && factors.every(isFactor)) return { className: 'L1L2', config: { l1: 0, l2: 0, ...given } };
  }
  return refuse(what, `'l1', 'l2', 'l1l2' or { l1, l2 } with factors of 0 or more`, value);
};

/** Settings of the constraints, by their names. */
const constraintSettings = {
  maxNorm: { maxValue: notNegative, axis: axes },
  minMaxNorm: { minValue: notNegative, maxValue: notNegative, rate: shareOfAll, axis: axes },
  nonNeg: {},
  unitNorm: { axis: axes },
} as const satisfies Readonly<Record<string, Settings>>;

export type ConstraintName = keyof typeof constraintSettings;

/** What a weight is brought back to after every update: a name, or a class with its settings as tfjs or as Keras writes it. */
export type Constraint =
  | Spelling<ConstraintName>
  | { className: string; config: ConfigDict }
  | { class_name: string; config: ConfigDict }
  | SerializableObject
  | null;

export const constraint: Kind<Constraint, Told | undefined> = (value, what) => {
  if (value === null) return undefined;
  const { className, config } = serialised(value) ?? { className: value, config: {} };
  const name = typeof className === 'string' ? camelOf(className) : '';
  if (Object.hasOwn(constraintSettings, name)) {
    const known = constraintSettings[name as ConstraintName];
    return { className: classOf(name), config: settingsOf({ className: classOf(name), config }, known, what) };
  }
  if (isSerializable(value)) return value;
  return refuse(what, `one of ${list(Object.keys(constraintSettings))}`, value);
};

/** A layer to wrap. */
export const layer: Kind<Layer> = (value, what) => (isLayer(value) ? value : refuse(what, 'a layer', value));

/** A layer with a direction, such as LSTM. */
export const recurrentLayer: Kind<Layer> = (value, what) =>
  isLayer(value) && 'goBackwards' in value ? value : refuse(what, 'a recurrent layer such as LSTM or GRU', value);

/** 'MaxNorm' and 'max_norm' → 'maxNorm' */
function camelOf(name: string): string {
  return camelCase(name).replace(/^./, (letter) => letter.toLowerCase());
}

function classOf(name: string): string {
  return name.replace(/^./, (letter) => letter.toUpperCase());
}

/** A class with its settings as tfjs or as Keras writes it; undefined for anything else. */
function serialised(value: unknown): { className: string; config: Record<string, unknown> } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { className, class_name, config } = value as Record<string, unknown>;
  const name = className ?? class_name;
  if (typeof name !== 'string' || typeof config !== 'object' || config === null) return undefined;
  return { className: name, config: { ...config } };
}

/** The settings of a class under tfjs's names, checked. Keras writes null for one that is not given. */
function settingsOf(
  { className, config }: { className: string; config: Record<string, unknown> },
  known: Settings,
  what: string,
): ConfigDict {
  const settings: ConfigDict = {};
  for (const [given, value] of Object.entries(config)) {
    const name = camelCase(given);
    if (value === null || value === undefined) continue;
    if (!Object.hasOwn(known, name))
      throw modelError(
        `${what}: ${className} has no setting ${shown(given)}; it has ${Object.keys(known).join(', ') || 'none'}`,
      );
    settings[name] = known[name](value, `${what}: ${given}`);
  }
  return settings;
}

export function isSerializable(value: unknown): value is SerializableObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    'getClassName' in value &&
    typeof value.getClassName === 'function' &&
    'getConfig' in value
  );
}

/** An option's value as a saved configuration has it. */
export function savedForm(value: unknown): unknown {
  return isSerializable(value) ? { className: value.getClassName(), config: value.getConfig() } : value;
}

export function isLayer(value: unknown): value is Layer {
  return isSerializable(value) && 'computeOutputShape' in value;
}
