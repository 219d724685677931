/** Checks named options, so that a misspelt or impossible one is an error and not silently nothing. */
import { didYouMean } from '../data/suggest.js';
import { MemcellError } from '../errors.js';

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
  belowOne: { says: 'a number of at least 0 and below 1', holds: (v: unknown) => isNumber(v) && v >= 0 && v < 1 },
  count: { says: 'a whole number of at least 0', holds: (v: unknown) => isNumber(v) && Number.isInteger(v) && v >= 0 },
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
  /** Checked by its owner. */
  other: { says: '', holds: () => true },
};

export type OptionKind = keyof typeof KINDS;

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/**
 * The options with the defaults where they say nothing, checked: every option must be listed in `kinds`, and every kind
 * must have a value that is one.
 *
 * @throws MemcellError ('usage') that names the owner, the option, the value and what it must be.
 */
export function complete<Defaults extends object, Given extends object>(
  owner: string,
  defaults: Defaults,
  given: Given,
  kinds: Readonly<Record<string, OptionKind>>,
): Defaults & Given {
  if (typeof given !== 'object' || given === null)
    throw new MemcellError(`${owner}: the options must be an object; got ${shown(given)}`, { code: 'usage' });
  const config: Defaults & Given = { ...defaults, ...given };
  for (const [name, value] of Object.entries(given))
    if (value === undefined) {
      if (name in defaults) Reflect.set(config, name, Reflect.get(defaults, name));
      else Reflect.deleteProperty(config, name);
    }
  checkOptions(owner, config, kinds);
  return config;
}

function checkOptions(owner: string, options: object, kinds: Readonly<Record<string, OptionKind>>): void {
  const known = Object.keys(kinds);
  for (const name of Object.keys(options))
    if (!(name in kinds))
      throw new MemcellError(
        `${owner}: unknown option '${name}'${didYouMean(name, known) || `; the options are ${known.join(', ')}`}`,
        { code: 'usage' },
      );
  for (const [name, kind] of Object.entries(kinds)) {
    const value: unknown = Reflect.get(options, name);
    if (!KINDS[kind].holds(value))
      throw new MemcellError(`${owner}: ${name} must be ${KINDS[kind].says}; got ${shown(value)}`, { code: 'usage' });
  }
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value);
}

/** Keras's spellings in memcell's: 'beta_1' → 'beta1', 'CosineDecay' → 'cosineDecay', 'mean_squared_error' → 'meanSquaredError'. */
export function camelCase(name: string): string {
  const joined = name.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase());
  return joined.charAt(0).toLowerCase() + joined.slice(1);
}

/** The same with every key of a config. */
export function camelCaseKeys(config: Options): Options {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [camelCase(key), value]));
}
