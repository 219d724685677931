/** Checks named options, so that a misspelt or impossible one is an error and not silently nothing. */
import { usageError } from '../errors.js';
import { camelCase, type EitherSpelling, namedOptions } from '../spelling.js';
import * as kinds from '../valueKinds.js';
import { mustBe, oneOf, orNull, unknownOption, type ValueKind } from '../valueKinds.js';

/** JSON values under names. */
export type Options = Record<string, unknown>;

const KINDS = {
  number: kinds.number,
  notNegative: kinds.notNegative,
  positive: kinds.positive,
  fraction: kinds.fraction,
  aboveZero: kinds.aboveZero,
  belowOne: kinds.belowOne,
  integer: kinds.integer,
  count: kinds.count,
  positiveCount: kinds.positiveCount,
  boolean: kinds.flag,
  string: kinds.text,
  strings: kinds.strings,
  numbers: kinds.listOf('a non-empty array of finite numbers', kinds.number),
  verbosity: oneOf(0, 1, 2),
  function: kinds.callable,
  signal: kinds.abortSignal,
  record: kinds.record,
  /** Checked by its owner. */
  other: kinds.anything,
} satisfies Record<string, ValueKind<unknown>>;

type Kind = keyof typeof KINDS;

/** The rule that a value must keep, with a question mark one that may also be null, or not be there; or the names of which it must be one. */
export type OptionRule = Kind | `${Kind}?` | readonly string[];

const RULES: Readonly<Record<string, ValueKind<unknown>>> = {
  ...KINDS,
  ...Object.fromEntries(Object.entries<ValueKind<unknown>>(KINDS).map(([name, rule]) => [`${name}?`, orNull(rule)])),
};

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
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(kinds, name));
  if (unknown !== undefined) throw usageError(unknownOption(owner, unknown, known));
  for (const [name, kind] of Object.entries(kinds)) {
    const value: unknown = Reflect.get(options, name);
    const { what, check } = typeof kind === 'string' ? RULES[kind] : oneOf(...kind);
    if (!check(value)) throw usageError(mustBe(`${owner}: ${name}`, what, value));
  }
}

/** A name in memcell's spelling, from Keras's function or class: 'mean_squared_error', 'MeanSquaredError' → 'meanSquaredError'. */
export function functionName(written: string): string {
  const joined = camelCase(written);
  return joined.charAt(0).toLowerCase() + joined.slice(1);
}
