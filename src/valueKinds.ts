/**
 * What options of every sort are checked against: those of layers, losses, optimizers, callbacks, calls and tasks. One vocabulary of
 * kinds, and one sentence for each thing that can be wrong.
 */
import { didYouMean } from './data/suggest.js';
import { isNumber, isRecord } from './fields.js';
import { short, shown } from './spelling.js';

/** What a value must be. */
export interface ValueKind<T> {
  /** 'a whole number of at least 1' */
  readonly what: string;
  check(value: unknown): value is T;
}

function numberOf(what: string, fits: (value: number) => boolean): ValueKind<number> {
  return { what, check: (value): value is number => isNumber(value) && fits(value) };
}

export function wholeNumber(least: number, most = Number.POSITIVE_INFINITY): ValueKind<number> {
  const what = most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`;
  return numberOf(`a whole number ${what}`, (value) => Number.isSafeInteger(value) && value >= least && value <= most);
}

export const number = numberOf('a finite number', () => true);
export const integer = numberOf('a whole number', Number.isSafeInteger);
export const count = wholeNumber(0);
export const positiveCount = wholeNumber(1);
export const positive = numberOf('a number above 0', (value) => value > 0);
export const notNegative = numberOf('a number of at least 0', (value) => value >= 0);
/** [0, 1] */
export const fraction = numberOf('a number from 0 to 1', (value) => value >= 0 && value <= 1);
/** [0, 1) */
export const belowOne = numberOf('a number of at least 0 and below 1', (value) => value >= 0 && value < 1);
/** (0, 1] */
export const aboveZero = numberOf('a number above 0, and at most 1', (value) => value > 0 && value <= 1);

export const flag: ValueKind<boolean> = {
  what: 'true or false',
  check: (value): value is boolean => typeof value === 'boolean',
};

export const text: ValueKind<string> = {
  what: 'text',
  check: (value): value is string => typeof value === 'string' && value !== '',
};

export const record: ValueKind<Record<string, unknown>> = { what: 'an object', check: isRecord };

/** Any function; what it takes and gives is its caller's business. */
export const callable: ValueKind<(...given: never[]) => unknown> = {
  what: 'a function',
  check: (value): value is (...given: never[]) => unknown => typeof value === 'function',
};

export const abortSignal: ValueKind<AbortSignal> = {
  what: "an AbortSignal, such as a new AbortController()'s",
  check: (value): value is AbortSignal => isRecord(value) && 'aborted' in value,
};

export const strings: ValueKind<string[]> = {
  what: 'an array of strings',
  check: (value): value is string[] => Array.isArray(value) && value.every((one) => typeof one === 'string'),
};

export const anything: ValueKind<unknown> = { what: 'anything', check: (_value): _value is unknown => true };

/** At least one such value. */
export function listOf<T>(what: string, kind: ValueKind<T>): ValueKind<T[]> {
  return { what, check: (value): value is T[] => Array.isArray(value) && value.length > 0 && value.every(kind.check) };
}

export function oneOf<const Name>(...choices: readonly Name[]): ValueKind<Name> {
  return {
    what: `one of ${choices.join(', ')}`,
    check: (value): value is Name => choices.some((choice) => choice === value),
  };
}

/** Such a value, or null, or nothing. */
export function orNull<T>({ what, check }: ValueKind<T>): ValueKind<T | null | undefined> {
  return { what: `${what}, or null`, check: (value): value is T | null | undefined => value == null || check(value) };
}

/** 'adam: beta1 must be a number of at least 0 and below 1, not 1' */
export function mustBe(what: string, needed: string, value: unknown): string {
  return `${what} must be ${needed}, not ${shown(value)}`;
}

/** "fit: unknown option 'epoch'; did you mean epochs?" */
export function unknownOption(owner: string, name: string, known: readonly string[]): string {
  const takes = known.length > 0 ? `; it takes ${known.join(', ')}` : '; it takes none';
  return `${owner}: unknown option '${short(name)}'${didYouMean(name, known) || takes}`;
}
