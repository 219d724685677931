/** Checks named options, so that a misspelt or impossible one is an error and not silently nothing. */
import { didYouMean } from '../data/suggest.js';
import { MemcellError } from '../errors.js';
import { isNumber } from '../fields.js';
import { camelCase, type EitherSpelling, namedOptions, short, shown } from '../spelling.js';

/** JSON values under names. */
export type Options = Record<string, unknown>;

/** Those with a question mark may also be null, or not be there. */
const KINDS = {
  number: { says: 'a finite number', holds: isNumber },
  'number?': { says: 'a finite number or null', holds: (v: unknown) => v == null || isNumber(v) },
  notNegative: { says: 'a number of at least 0', holds: (v: unknown) => isNumber(v) && v >= 0 },
  positive: { says: 'a number above 0', holds: (v: unknown) => isNumber(v) && v > 0 },
  'positive?': { says: 'a number above 0, or null', holds: (v: unknown) => v == null || (isNumber(v) && v > 0) },
  'notNegative?': {
    says: 'a number of at least 0, or null',
    holds: (v: unknown) => v == null || (isNumber(v) && v >= 0),
  },
  fraction: { says: 'a number from 0 to 1', holds: (v: unknown) => isNumber(v) && v >= 0 && v <= 1 },
  positiveFraction: {
    says: 'a number above 0, and at most 1',
    holds: (v: unknown) => isNumber(v) && v > 0 && v <= 1,
  },
  share: { says: 'a number from 0 to 1', holds: (v: unknown) => isNumber(v) && v >= 0 && v <= 1 },
  belowOne: { says: 'a number of at least 0 and below 1', holds: (v: unknown) => isNumber(v) && v >= 0 && v < 1 },
  count: { says: 'a whole number of at least 0', holds: (v: unknown) => isNumber(v) && Number.isInteger(v) && v >= 0 },
  'count?': {
    says: 'a whole number of at least 0',
    holds: (v: unknown) => v == null || (isNumber(v) && Number.isInteger(v) && v >= 0),
  },
  positiveCount: {
    says: 'a whole number above 0',
    holds: (v: unknown) => isNumber(v) && Number.isInteger(v) && v > 0,
  },
  'integer?': { says: 'a whole number', holds: (v: unknown) => v == null || (isNumber(v) && Number.isInteger(v)) },
  'positiveCount?': {
    says: 'a whole number above 0, or null',
    holds: (v: unknown) => v == null || (isNumber(v) && Number.isInteger(v) && v > 0),
  },
  boolean: { says: 'true or false', holds: (v: unknown) => typeof v === 'boolean' },
  string: { says: 'a string', holds: (v: unknown) => typeof v === 'string' && v !== '' },
  strings: {
    says: 'an array of strings',
    holds: (v: unknown) => Array.isArray(v) && v.every((e) => typeof e === 'string'),
  },
  numbers: {
    says: 'a non-empty array of finite numbers',
    holds: (v: unknown) => Array.isArray(v) && v.length > 0 && v.every(isNumber),
  },
  verbosity: { says: '0, 1 or 2', holds: (v: unknown) => v === 0 || v === 1 || v === 2 },
  'function?': { says: 'a function', holds: (v: unknown) => v == null || typeof v === 'function' },
  'signal?': {
    says: "an AbortSignal, such as a new AbortController()'s",
    holds: (v: unknown) => v == null || (typeof v === 'object' && 'aborted' in v),
  },
  'record?': { says: 'an object', holds: (v: unknown) => v == null || (typeof v === 'object' && !Array.isArray(v)) },
  /** Checked by its owner. */
  other: { says: '', holds: () => true },
};

/** The rule that a value must keep; or the names of which it must be one. */
export type OptionRule = keyof typeof KINDS | readonly string[];

/**
 * The options, in either spelling, with the defaults where they say nothing, checked: every option must be listed in `kinds`,
 * and every kind must have a value that is one.
 *
 * @throws MemcellError ('usage') that names the owner, the option, the value and what it must be.
 */
export function complete<Defaults extends object, Given extends object>(
  owner: string,
  defaults: Defaults,
  given: EitherSpelling<Given>,
  kinds: Readonly<Record<string, OptionRule>>,
): Defaults & Given {
  const config = { ...defaults, ...namedOptions(owner, given) };
  checkOptions(owner, config, kinds);
  // Every option is one of the kinds, and its value fits.
  return config as Defaults & Given;
}

function checkOptions(owner: string, options: object, kinds: Readonly<Record<string, OptionRule>>): void {
  const known = Object.keys(kinds);
  for (const name of Object.keys(options))
    if (!(name in kinds))
      throw new MemcellError(
        `${owner}: unknown option '${short(name)}'${didYouMean(name, known) || `; the options are ${known.join(', ')}`}`,
        { code: 'usage' },
      );
  for (const [name, kind] of Object.entries(kinds)) {
    const value: unknown = Reflect.get(options, name);
    const { says, holds } = typeof kind === 'string' ? KINDS[kind] : oneOf(kind);
    if (!holds(value))
      throw new MemcellError(`${owner}: ${name} must be ${says}; got ${shown(value)}`, { code: 'usage' });
  }
}

function oneOf(names: readonly string[]) {
  const says = `${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`;
  return { says, holds: (value: unknown) => names.some((name) => name === value) };
}

/** A name in memcell's spelling, from Keras's function or class: 'mean_squared_error', 'MeanSquaredError' → 'meanSquaredError'. */
export function functionName(written: string): string {
  const joined = camelCase(written);
  return joined.charAt(0).toLowerCase() + joined.slice(1);
}
